"""`python tests/benchmark/directory.py`: what ListUsers costs in pools of a thousand and of a million users.

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

from tests.benchmark import installation, population
from tests.benchmark.load import read_answer
from tests.support import clients, factories
from tests.support.server import ACCESS_KEY_ID, Server

SIZES = (1_000, 100_000, 1_000_000)
PAGE = 60
BLOCK = 60
"""Requests in a row to one pool: enough for the kernel's clock ticks to tell what they cost."""
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
    cpu: float = 0.0

    @property
    def median_ms(self) -> float:
        return statistics.median(self.latencies) * 1000

    @property
    def cpu_ms(self) -> float:
        return self.cpu * 1000 / len(self.latencies)


Costs = dict[str, dict[int, Cost]]


class Directory:
    """The pools, and questions to them over one kept-alive connection."""

    def __init__(self, server: Server, sizes: list[int]) -> None:
        self._server = server
        self._pools = {size: self._pool(size) for size in sorted(sizes, reverse=True)}
        for pool_id in self._pools.values():
            self._inside(f"check_search_values({pool_id!r})")
        self._tokens: dict[tuple[str, str], str] = {}
        self._connection = socket.create_connection(("127.0.0.1", server.port))
        self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _pool(self, size: int) -> str:
        name = f"directory of {size}"
        with psycopg.connect(self._server.environment["DATABASE_URL"]) as connection:
            row = connection.execute("SELECT id FROM pools_pool WHERE name = %s", [f"{name}, filled"]).fetchone()
            if row is not None:
                return str(row[0])
        pool_id: str = factories.make_pool(clients.idp(self._server), PoolName=name)["Id"]
        password_hash = self._inside(f"print_hash({factories.PASSWORD!r})")
        begun = time.perf_counter()
        population.fill(self._server.environment["DATABASE_URL"], pool_id, size, password_hash=password_hash)
        population.settle(self._server.environment["DATABASE_URL"], pool_id, f"{name}, filled")
        print(f"filled a pool with {size:,} users in {time.perf_counter() - begun:.0f} s", flush=True)
        return pool_id

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

    def ask(self, shape: Shape, size: int, cost: Cost) -> None:
        """A block of requests, added to `cost`."""
        requests = [self._request(shape, size, number) for number in range(BLOCK)]
        web, database = installation.web_cpu(self._server), installation.database_cpu(self._server)
        for request in requests:
            begun = time.perf_counter()
            self._connection.sendall(request)
            answer = read_answer(self._connection)
            cost.latencies.append(time.perf_counter() - begun)
            found = answer.count(b'"Username"')
            if found != shape.found or (shape.is_last_page and b'"PaginationToken"' in answer):
                raise RuntimeError(f"{shape.name} among {size} found {found} users")
        cost.cpu += installation.web_cpu(self._server) - web
        cost.cpu += installation.spent(database, installation.database_cpu(self._server))


def measure(directory: Directory, sizes: list[int], *, rounds: int) -> Costs:
    """The first round warms up: caches, connections, prepared statements."""
    costs: Costs = defaultdict(lambda: defaultdict(Cost))
    for number in range(-1, rounds):
        for shape in SHAPES:
            for position in range(len(sizes)):
                size = sizes[(position + number) % len(sizes)]
                directory.ask(shape, size, costs[shape.name][size] if number >= 0 else Cost())
    return costs


def report(costs: Costs, sizes: list[int]) -> None:
    columns = "".join(f"{size:>11,}" for size in sizes) + f"{'ratio':>8}"
    print(f"\n{'ListUsers, pages of 60':<28}{'median ms':>{len(columns)}}{'CPU ms/req':>{len(columns)}}")
    print(f"{'users in the pool':<28}{columns}{columns}")
    for name, by_size in costs.items():
        medians = [by_size[size].median_ms for size in sizes]
        cpu = [by_size[size].cpu_ms for size in sizes]
        cells = ["".join(f"{value:>11.2f}" for value in row) + f"{row[-1] / row[0]:>8.2f}" for row in (medians, cpu)]
        print(f"{name:<28}{''.join(cells)}")
    print(f"\nratio: {sizes[-1]:,} users to {sizes[0]:,}   (aim: {AIM} or less)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=SIZES[-1], help=f"the largest pool (default: {SIZES[-1]:,})")
    parser.add_argument("--rounds", type=int, default=10, help=f"times {BLOCK} requests each (default: 10)")
    parser.add_argument("--threads", type=int, help="threads of each web worker (default: as shipped)")
    parser.add_argument("--keep", metavar="NAME", help="use the database of this name, and leave it for the next run")
    options = parser.parse_args()
    if not os.environ.get("DATABASE_URL"):
        sys.exit("Set DATABASE_URL to a PostgreSQL server on this machine; a database is made on it and dropped.")
    sizes = sorted({*(size for size in SIZES if size < options.users), options.users})
    with installation.running(threads=options.threads, keep=options.keep) as server:
        costs = measure(Directory(server, sizes), sizes, rounds=options.rounds)
    report(costs, sizes)


if __name__ == "__main__":
    main()
