"""`python tests/benchmark/run.py`: what the hot paths cost, beside what the cryptography in them costs.

Starts an installation as for production (no --dev, PostgreSQL from DATABASE_URL, one web worker a core, the shipped
argon2id parameters), loads one operation after the other, and prints one table; a sign-in of two requests counts once.
CPU time is what the kernel charged to the web workers and to the database backends, so the load's own share of the
machine does not count. Then other requests are timed while passwords are hashed without a pause; the authorization
server is measured beside a stock django-oauth-toolkit; and last sign-ins with and without a trigger, also through Redis
where REDIS_URL names one.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.benchmark import authorization, costs, installation, triggers
from tests.benchmark.fixtures import Dialogues, Fixtures
from tests.benchmark.load import Load, Measured
from tests.benchmark.result import HEADINGS, WARM_UP_SECONDS, Result, measure
from tests.support.server import Server

SIGNING_IN = 8
"""Connections that sign in by password while other requests are timed."""
AIM_SIGN_IN = 90
AIM_SRP = 60
AIM_OTHERS_MS = 30
AIMS_IN_SIGNATURES = {"refresh": 5, "GetUser": 2}
PASSWORD, SRP, TOTP = "password sign-in", "SRP sign-in", "sign-in with TOTP"


def measure_others(
    server: Server, fixtures: Fixtures, *, connections: int, seconds: float
) -> tuple[Measured, Measured]:
    """What passwords' sign-ins, and what other requests beside them, were answered in."""
    passwords = Load(server.port, fixtures.password_sign_ins(), connections=SIGNING_IN)
    others = Load(server.port, fixtures.other_requests(), connections=connections)
    time.sleep(WARM_UP_SECONDS)
    passwords.mark()
    others.mark()
    time.sleep(seconds)
    measured = others.stop()
    return passwords.stop(), measured


@dataclass(frozen=True)
class Floor:
    """CPU seconds of what no implementation could leave out; `srp_exchange` is what ours computes."""

    argon2id: float
    signature: float
    exponentiation: float
    srp_exchange: float

    @classmethod
    def measured(cls) -> Floor:
        """While every core does the same, as under load."""
        cores = os.cpu_count() or 1
        return cls(
            costs.argon2id(installation.MEMORY_KIB, installation.PASSES, at_once=cores),
            costs.rsa_signature(at_once=cores),
            costs.exponentiation(at_once=cores),
            costs.srp_exchange(at_once=cores),
        )

    @classmethod
    def between(cls, before: Floor, after: Floor) -> Floor:
        """A machine is seldom equally fast twice."""
        return cls(
            (before.argon2id + after.argon2id) / 2,
            (before.signature + after.signature) / 2,
            (before.exponentiation + after.exponentiation) / 2,
            (before.srp_exchange + after.srp_exchange) / 2,
        )

    def report(self) -> str:
        cost = f"argon2id, {installation.MEMORY_KIB} KiB, {installation.PASSES} passes"
        return (
            f"{cost}: {self.argon2id * 1000:.1f} ms of one core\n"
            f"two RSA-2048 signatures: {2 * self.signature * 1000:.2f} ms of one core\n"
            "three exponentiations in SRP's group (3072 bits, GMP's powmod_sec, exponents of 256 bits):"
            f" {3 * self.exponentiation * 1000:.2f} ms of one core\n"
            f"what the server computes for an SRP sign-in: {self.srp_exchange * 1000:.2f} ms of one core"
        )


def verdict(result: Result, floor: Floor) -> str | None:
    """A result beside its floor and its aim."""
    if result.name in {PASSWORD, TOTP}:
        aim = f"   (aim: {AIM_SIGN_IN} % or more)" if result.name == PASSWORD else ""
        share = 100 * floor.argon2id / result.each
        return f"{result.name}s per core, of what hashing alone allows: {share:.0f} %{aim}"
    if result.name == SRP:
        computed = floor.srp_exchange + 2 * floor.signature
        return (
            "SRP sign-ins per core, of what three exponentiations alone allow:"
            f" {100 * 3 * floor.exponentiation / result.each:.0f} %   (aim: {AIM_SRP} % or more)\n"
            f"    of what is computed, and two signatures: {100 * computed / result.each:.0f} %;"
            f" the client's CPU, which does not count: {result.client_each * 1000:.2f} ms each"
        )
    if result.name in AIMS_IN_SIGNATURES:
        return (
            f"CPU of one {result.name}, in signatures: {result.each / floor.signature:.1f}, of the web workers alone"
            f" {result.web_each / floor.signature:.1f}   (aim: less than {AIMS_IN_SIGNATURES[result.name]})"
        )
    return None


def loads(server: Server, fixtures: Fixtures) -> list[tuple[str, Dialogues, AbstractContextManager[None]]]:
    """What is measured one after the other, and what has to go on meanwhile."""
    return [
        (PASSWORD, fixtures.password_sign_ins(), nullcontext()),
        (SRP, fixtures.srp_sign_ins(), nullcontext()),
        (TOTP, fixtures.authenticator_sign_ins(), installation.authenticator_codes_work_again(server)),
        ("refresh", fixtures.refreshes(), nullcontext()),
        ("GetUser", fixtures.own_reads(), nullcontext()),
        ("AdminGetUser", fixtures.operator_reads(), nullcontext()),
        ("JWKS", fixtures.key_sets(), nullcontext()),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10, help="measured for each operation (default: 10)")
    parser.add_argument("--connections", type=int, default=16, help="kept-alive connections (default: 16)")
    parser.add_argument("--others", type=int, default=2, help="connections beside those that sign in (default: 2)")
    parser.add_argument("--threads", type=int, help="threads of each web worker (default: as shipped)")
    parser.add_argument(
        "--only", help='one operation, as the table names it, or one of "others", "authorization" and "triggers"'
    )
    options = parser.parse_args()
    if not os.environ.get("DATABASE_URL"):
        sys.exit("Set DATABASE_URL to a PostgreSQL server on this machine; a database is made on it and dropped.")
    results, beside = [], None
    with installation.running(threads=options.threads) as server:
        fixtures = Fixtures(server)
        before = Floor.measured()
        for name, dialogues, meanwhile in loads(server, fixtures):
            if options.only in {None, name}:
                with meanwhile:
                    load = Load(server.port, dialogues, connections=options.connections)
                    results.append(measure(installation.Meter(server), name, load, seconds=options.seconds))
        if options.only in {None, "others"}:
            beside = measure_others(server, fixtures, connections=options.others, seconds=options.seconds)
        floor = Floor.between(before, Floor.measured())
    print("\n".join([HEADINGS, *(result.row() for result in results), "", floor.report(), ""]))
    print("\n".join(filter(None, (verdict(result, floor) for result in results))))
    if beside is not None:
        passwords, others = beside
        print(
            f"while {SIGNING_IN} connections sign in by password, {passwords.rate:.0f} a second: GetUser, refresh and"
            f" AdminGetUser over {options.others} connections, {others.rate:.0f} a second,"
            f" p50 {others.percentile(50) * 1000:.1f} ms, p99 {others.percentile(99) * 1000:.1f} ms"
            f"   (aim: p99 under {AIM_OTHERS_MS} ms)"
        )
    if options.only in {None, "authorization"}:
        print(authorization.report(options.seconds, options.connections, options.threads))
    if options.only in {None, "triggers"}:
        print(triggers.report())


if __name__ == "__main__":
    main()
