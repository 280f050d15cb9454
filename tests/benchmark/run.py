"""`python tests/benchmark/run.py`: what the hot paths cost, beside what hashing and signing alone cost.

Starts an installation as for production (no --dev, PostgreSQL from DATABASE_URL, one web worker a core, the shipped
argon2id parameters), loads one operation after the other, and prints one table. CPU time is what the kernel charged
to the web workers and to the database backends, so the load's own share of the machine does not count.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.benchmark import costs, installation
from tests.benchmark.load import Load, Measured
from tests.support import clients, factories
from tests.support.server import Server

USERS = 64
WARM_UP_SECONDS = 2
AIM_SIGN_IN = 90
AIMS_IN_SIGNATURES = {"refresh": 5, "GetUser": 2}


@dataclass(frozen=True)
class Result:
    """One operation under load; CPU in seconds over the whole run."""

    name: str
    measured: Measured
    web: float
    database: float

    @property
    def web_each(self) -> float:
        return self.web / len(self.measured.latencies)

    @property
    def database_each(self) -> float:
        return self.database / len(self.measured.latencies)

    @property
    def each(self) -> float:
        return self.web_each + self.database_each

    def row(self) -> str:
        measured = self.measured
        return (
            f"{self.name:<18}{measured.rate:>9.0f}{self.web_each * 1000:>10.2f}{self.database_each * 1000:>10.2f}"
            f"{1 / self.each:>12.0f}{measured.percentile(50) * 1000:>9.1f}{measured.percentile(99) * 1000:>9.1f}"
        )


HEADINGS = (
    f"{'':<18}{'req/s':>9}{'web CPU':>10}{'db CPU':>10}{'req/s':>12}{'p50':>9}{'p99':>9}\n"
    f"{'':<18}{'':>9}{'ms/req':>10}{'ms/req':>10}{'per core':>12}{'ms':>9}{'ms':>9}"
)


class Fixtures:
    """A pool with users who are signed in, and the requests they send, ready as bytes."""

    def __init__(self, server: Server) -> None:
        self._server = server
        idp = clients.idp(server)
        self._pool = factories.make_pool(idp)
        self._client = factories.make_client(idp, self._pool)
        self._users = [
            factories.make_user(idp, self._pool, email=f"user{number}@example.com", name=f"User {number}")
            for number in range(USERS)
        ]
        self._tokens = [factories.sign_in(idp, self._client, user) for user in self._users]

    def sign_ins(self) -> list[bytes]:
        return [
            installation.call(
                self._server,
                "InitiateAuth",
                ClientId=self._client["ClientId"],
                AuthFlow="USER_PASSWORD_AUTH",
                AuthParameters={"USERNAME": user, "PASSWORD": factories.PASSWORD},
            )
            for user in self._users
        ]

    def refreshes(self) -> list[bytes]:
        return [
            installation.call(
                self._server,
                "InitiateAuth",
                ClientId=self._client["ClientId"],
                AuthFlow="REFRESH_TOKEN_AUTH",
                AuthParameters={"REFRESH_TOKEN": tokens["RefreshToken"]},
            )
            for tokens in self._tokens
        ]

    def own_reads(self) -> list[bytes]:
        return [
            installation.call(self._server, "GetUser", AccessToken=tokens["AccessToken"]) for tokens in self._tokens
        ]

    def operator_reads(self) -> list[bytes]:
        """Signed now, so good for five minutes."""
        return [
            installation.call(self._server, "AdminGetUser", signed=True, UserPoolId=self._pool["Id"], Username=user)
            for user in self._users
        ]

    def key_sets(self) -> list[bytes]:
        path = f"/{self._pool['Id']}/.well-known/jwks.json"
        return [f"GET {path} HTTP/1.1\r\nHost: localhost:{self._server.port}\r\n\r\n".encode()]


def measure(server: Server, name: str, load: Load, *, seconds: float) -> Result:
    time.sleep(WARM_UP_SECONDS)
    meter = installation.Meter(server)
    load.mark()
    time.sleep(seconds)
    web, database = meter.lap()
    return Result(name, load.stop(), web, database)


@dataclass(frozen=True)
class Floor:
    """CPU seconds of what no implementation could leave out."""

    argon2id: float
    signature: float


def floor() -> Floor:
    """Measured while every core does the same, as under load."""
    cores = os.cpu_count() or 1
    return Floor(
        costs.argon2id(installation.MEMORY_KIB, installation.PASSES, at_once=cores), costs.rsa_signature(at_once=cores)
    )


def report(results: list[Result], floors: list[Floor]) -> None:
    """`floors` are of before and after the load, since a machine is seldom equally fast twice."""
    print(HEADINGS)
    for result in results:
        print(result.row())
    argon2id = sum(each.argon2id for each in floors) / len(floors)
    signature = sum(each.signature for each in floors) / len(floors)
    print()
    print(
        f"argon2id, {installation.MEMORY_KIB} KiB, {installation.PASSES} passes: {argon2id * 1000:.1f} ms of one core"
    )
    print(f"two RSA-2048 signatures: {2 * signature * 1000:.2f} ms of one core")
    print()
    for result in results:
        if result.name == "password sign-in":
            share = 100 * argon2id / result.each
            print(f"sign-ins per core, of what hashing alone allows: {share:.0f} %   (aim: {AIM_SIGN_IN} % or more)")
        elif result.name in AIMS_IN_SIGNATURES:
            print(
                f"CPU of one {result.name}, in signatures: {result.each / signature:.1f}, of the web workers alone"
                f" {result.web_each / signature:.1f}   (aim: less than {AIMS_IN_SIGNATURES[result.name]})"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10, help="measured for each operation (default: 10)")
    parser.add_argument("--connections", type=int, default=16, help="kept-alive connections (default: 16)")
    parser.add_argument("--threads", type=int, help="threads of each web worker (default: as shipped)")
    parser.add_argument("--only", help="one operation, as the table names it")
    options = parser.parse_args()
    if not os.environ.get("DATABASE_URL"):
        sys.exit("Set DATABASE_URL to a PostgreSQL server on this machine; a database is made on it and dropped.")
    results = []
    with installation.running(threads=options.threads) as server:
        fixtures = Fixtures(server)
        floors = [floor()]
        for name, requests in (
            ("password sign-in", fixtures.sign_ins),
            ("refresh", fixtures.refreshes),
            ("GetUser", fixtures.own_reads),
            ("AdminGetUser", fixtures.operator_reads),
            ("JWKS", fixtures.key_sets),
        ):
            if options.only in {None, name}:
                load = Load(server.port, requests(), connections=options.connections)
                results.append(measure(server, name, load, seconds=options.seconds))
        floors.append(floor())
    report(results, floors)


if __name__ == "__main__":
    main()
