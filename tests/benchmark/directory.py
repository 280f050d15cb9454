"""`python tests/benchmark/directory.py`: ListUsers in pools of a thousand and of a million users; users in bulk.

Starts an installation as for production (no --dev, PostgreSQL from DATABASE_URL), fills three pools in one database,
and asks for one page after the other over HTTP, each question in all pools in turn, so that what disturbs the machine
disturbs them alike. CPU time is what the kernel charged to the web workers and to the database backends.
"""

from __future__ import annotations

import argparse
import os
import socket
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import psycopg

from tests.benchmark import installation, population, transfer
from tests.benchmark.load import read_answer
from tests.support import clients, factories
from tests.support.server import ACCESS_KEY_ID, Server

SIZES = (1_000, 100_000, 1_000_000)
PAGE = 60
BLOCK = 10
"""Requests in a row to one pool: so few that another program's burst of work meets all pools."""
WARM_UP_ROUNDS = 12
VARIETY = 6
"""So many blocks ask for different prefixes, then the same ones are asked for again."""
AIM = 1.25


@dataclass(frozen=True)
class Shape:
    """A question: `condition` makes the filter of a pool's n-th request."""

    name: str
    condition: Callable[[int, int], str]
    found: int = PAGE
    is_last_page: bool = False


SHAPES = (
    Shape("e-mail prefix", lambda size, number: f'email ^= "user{number % (size // 100):05}"'),
    Shape("e-mail prefix, deepest page", lambda size, number: 'email ^= "user"', is_last_page=True),
    Shape("status UNCONFIRMED", lambda size, number: 'cognito:user_status = "UNCONFIRMED"'),
    Shape("status CONFIRMED", lambda size, number: 'cognito:user_status = "CONFIRMED"'),
    Shape("disabled", lambda size, number: 'status = "Disabled"'),
    Shape("no filter", lambda size, number: ""),
    Shape("no filter, deepest page", lambda size, number: "", is_last_page=True),
    Shape("prefix without a match", lambda size, number: f'email ^= "nobody{number:03}"', found=0),
)


@dataclass
class Cost:
    """Of one question in one pool: seconds each answer took, and CPU seconds of all."""

    latencies: list[float] = field(default_factory=list)
    web: float = 0.0
    database: float = 0.0

    @property
    def median_ms(self) -> float:
        return statistics.median(self.latencies) * 1000

    @property
    def cpu_ms(self) -> float:
        return (self.web + self.database) * 1000 / len(self.latencies)

    @property
    def database_ms(self) -> float:
        return self.database * 1000 / len(self.latencies)


Costs = dict[str, dict[int, Cost]]


class Directory:
    """The pools, and questions to them over one kept-alive connection."""

    def __init__(self, server: Server, sizes: list[int]) -> None:
        self._server = server
        self._pools = {size: self._pool(size) for size in sorted(sizes, reverse=True)}
        for pool_id in self._pools.values():
            self._inside(f"check_search_values({pool_id!r})")
        self._tokens: dict[tuple[str, str], str] = {}
        self._meter = installation.Meter(server)
        self._connection = socket.create_connection(("127.0.0.1", server.port))
        self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _pool(self, size: int) -> str:
        name = f"directory of {size}"
        with psycopg.connect(self._server.environment["DATABASE_URL"]) as connection:
            row = connection.execute("SELECT id FROM pools_pool WHERE name = %s", [f"{name}, filled"]).fetchone()
            if row is not None:
                return str(row[0])
        pool_id: str = factories.make_pool(clients.idp(self._server), PoolName=name)["Id"]
        password_hash = self._password_hash()
        begun = time.perf_counter()
        population.fill(self._server.environment["DATABASE_URL"], pool_id, size, password_hash=password_hash)
        population.settle(self._server.environment["DATABASE_URL"], pool_id, f"{name}, filled")
        print(f"filled a pool with {size:,} users in {time.perf_counter() - begun:.0f} s", flush=True)
        return pool_id

    def export(self, size: int) -> transfer.Export:
        return transfer.export(self._server, self._pools[size])

    def import_users(self, count: int) -> transfer.Import:
        return transfer.import_users(self._server, count, self._password_hash())

    def _password_hash(self) -> str:
        return self._inside(f"print_hash({factories.PASSWORD!r})")

    def _inside(self, call: str) -> str:
        program = f"from tests.benchmark import inside; inside.{call}"
        return self._server.manage("shell", "--verbosity", "0", "-c", program).strip()

    def _request(self, shape: Shape, size: int, number: int) -> bytes:
        pool_id, condition = self._pools[size], shape.condition(size, number)
        members = {"UserPoolId": pool_id, "Limit": PAGE, "Filter": condition}
        if shape.is_last_page:
            members["PaginationToken"] = self._last_page(pool_id, condition)
        return installation.call(self._server, "ListUsers", signed=True, **members)

    def _last_page(self, pool_id: str, condition: str) -> str:
        if (pool_id, condition) not in self._tokens:
            self._tokens[pool_id, condition] = self._inside(
                f"print_token_of_last_page({pool_id!r}, {condition!r}, {ACCESS_KEY_ID!r}, {PAGE})"
            )
        return self._tokens[pool_id, condition]

    def ask(self, shape: Shape, size: int, cost: Cost, *, first: int) -> None:
        """A block of requests, from the `first` one on, added to `cost`."""
        requests = [self._request(shape, size, first + number) for number in range(BLOCK)]
        self._meter.lap()
        for request in requests:
            begun = time.perf_counter()
            self._connection.sendall(request)
            answer = read_answer(self._connection)
            cost.latencies.append(time.perf_counter() - begun)
            found = answer.count(b'"Username"')
            if found != shape.found or (shape.is_last_page and b'"PaginationToken"' in answer):
                raise RuntimeError(f"{shape.name} among {size} found {found} users")
        web, database = self._meter.lap()
        cost.web += web
        cost.database += database


def measure(directory: Directory, sizes: list[int], *, rounds: int) -> Costs:
    """The first rounds warm up: connections, prepared statements, caches."""
    costs: Costs = defaultdict(lambda: defaultdict(Cost))
    for number in range(-WARM_UP_ROUNDS, rounds):
        for shape in SHAPES:
            for position in range(len(sizes)):
                size = sizes[(position + number) % len(sizes)]
                cost = costs[shape.name][size] if number >= 0 else Cost()
                directory.ask(shape, size, cost, first=number % VARIETY * BLOCK)
    return costs


def report(costs: Costs, sizes: list[int]) -> None:
    columns = "".join(f"{size:>11,}" for size in sizes)
    headings = [f"{columns}{'ratio':>7}", f"{columns}{'ratio':>7}", columns]
    titles = ("median, ms", "CPU, ms a request", "of it database")
    print(
        f"\n{'ListUsers, pages of 60':<28}", *(f"{t:>{len(h)}}" for t, h in zip(titles, headings, strict=True)), sep=""
    )
    print(f"{'users in the pool':<28}", *headings, sep="")
    for name, by_size in costs.items():
        found = [by_size[size] for size in sizes]
        medians, cpu = [cost.median_ms for cost in found], [cost.cpu_ms for cost in found]
        cells = [_row(medians), f"{medians[-1] / medians[0]:>7.2f}", _row(cpu), f"{cpu[-1] / cpu[0]:>7.2f}"]
        print(f"{name:<28}", *cells, _row([cost.database_ms for cost in found]), sep="")
    print(f"\nratio: {sizes[-1]:,} users to {sizes[0]:,}   (aim: {AIM} or less)")


def _row(values: list[float]) -> str:
    return "".join(f"{value:>11.2f}" for value in values)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=SIZES[-1], help=f"the largest pool (default: {SIZES[-1]:,})")
    parser.add_argument("--rounds", type=int, default=60, help=f"times {BLOCK} requests each, or 0 (default: 60)")
    parser.add_argument("--imported", type=int, default=100_000, help="users of the import, or 0 (default: 100,000)")
    parser.add_argument("--threads", type=int, help="threads of each web worker (default: as shipped)")
    parser.add_argument("--keep", metavar="NAME", help="use the database of this name, and leave it for the next run")
    options = parser.parse_args()
    if not os.environ.get("DATABASE_URL"):
        sys.exit("Set DATABASE_URL to a PostgreSQL server on this machine; a database is made on it and dropped.")
    sizes = sorted({*(size for size in SIZES if size < options.users), options.users})
    with installation.running(threads=options.threads, keep=options.keep) as server:
        directory = Directory(server, sizes)
        if options.rounds:
            report(measure(directory, sizes, rounds=options.rounds), sizes)
        print(f"\n{directory.export(sizes[-1]).row()}", flush=True)
        if options.imported:
            print(directory.import_users(options.imported).row())


if __name__ == "__main__":
    main()
