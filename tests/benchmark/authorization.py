"""`python tests/benchmark/authorization.py`: the authorization server beside a stock django-oauth-toolkit.

Both run at once, on the same machine and PostgreSQL, and are loaded in turn, so that what disturbs the machine
disturbs them alike. Codes are made ahead: both redeem each of them once, with PKCE and a client secret. What holds no
statement worth the name, and no signature, is told in RSA-2048 signatures. `run.py` runs this too.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.benchmark import costs, installation
from tests.benchmark.fixtures import Dialogues
from tests.benchmark.load import Load
from tests.benchmark.peer import served
from tests.benchmark.result import HEADINGS, Result, measure
from tests.benchmark.sides import Ours, Side, Theirs

TURNS = 2
AIM_PAGE_KB = 60


@dataclass(frozen=True)
class Row:
    """An endpoint; `aim` is how many times the peer's ours is to do per core, or is in signatures."""

    name: str
    dialogues: Callable[[Any, float], Dialogues]
    aim: float | None = None
    in_signatures: float | None = None
    has_peer: bool = True


ROWS = (
    Row("client_credentials", Side.by_credentials, aim=4),
    Row("code exchange", Side.by_code, aim=3),
    Row("authorize, signed in", Side.authorizations),
    Row("userInfo", Side.user_info),
    Row("discovery", Side.documents, in_signatures=0.7),
    Row("JWKS", Side.key_sets, in_signatures=0.7),
    Row("sign-in page", Ours.sign_in_pages, has_peer=False),
)


def report(seconds: float, connections: int, threads: int | None, only: str | None = None) -> str:
    """The table of both, and each aim; `only` is a row's name."""
    cores = os.cpu_count() or 1
    with installation.running(threads=threads) as server, served.running(threads=threads) as peer:
        ours, theirs = Ours(server), Theirs(peer)
        before = costs.rsa_signature(at_once=cores)
        found = [(row, *_of_both(row, ours, theirs, seconds, connections)) for row in ROWS if only in {None, row.name}]
        signature = (before + costs.rsa_signature(at_once=cores)) / 2
        weights = ours.page_bytes()
    lines = [result.row() for _, *results in found for result in results if result]
    verdicts = [_verdict(row, our, their, signature) for row, our, their in found]
    page = ", ".join(f"{name} {size / 1024:.1f} KB" for name, size in weights.items())
    return "\n".join(
        [
            *(HEADINGS, *lines, "", f"one RSA-2048 signature: {signature * 1000:.2f} ms of one core", *verdicts),
            f"the sign-in page: {sum(weights.values()) / 1024:.1f} KB ({page})   (aim: under {AIM_PAGE_KB} KB)",
        ]
    )


def _of_both(row: Row, ours: Ours, theirs: Theirs, seconds: float, connections: int) -> tuple[Result, Result | None]:
    """In turn, and more than once."""
    sides = {"ours": ours, **({"peer": theirs} if row.has_peer else {})}
    results: dict[str, list[Result]] = {name: [] for name in sides}
    for _ in range(TURNS):
        for name, side in sides.items():
            load = Load(side.server.port, row.dialogues(side, seconds / TURNS), connections=connections)
            results[name].append(measure(side.meter(), f"{row.name}, {name}", load, seconds=seconds / TURNS))
    return Result.sum(results["ours"]), Result.sum(results["peer"]) if row.has_peer else None


def _verdict(row: Row, our: Result, their: Result | None, signature: float) -> str:
    said = []
    if their is not None:
        aim = f" (aim: {row.aim:g} or more)" if row.aim else ""
        said.append(f"{their.each / our.each:.1f} times the peer's per core{aim}")
    aim = f" (aim: less than {row.in_signatures})" if row.in_signatures else ""
    said.append(f"{our.each / signature:.2f} signatures each{aim}")
    return f"{row.name}: {', '.join(said)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10, help="measured for each endpoint and side (default: 10)")
    parser.add_argument("--connections", type=int, default=16, help="kept-alive connections (default: 16)")
    parser.add_argument("--threads", type=int, help="threads of each web worker (default: as shipped)")
    parser.add_argument("--only", choices=[row.name for row in ROWS], help="one endpoint")
    options = parser.parse_args()
    if not os.environ.get("DATABASE_URL"):
        sys.exit("Set DATABASE_URL to a PostgreSQL server on this machine; databases are made on it and dropped.")
    print(report(options.seconds, options.connections, options.threads, options.only))


if __name__ == "__main__":
    main()
