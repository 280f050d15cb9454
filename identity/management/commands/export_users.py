"""`export-users`: a pool's users as the CSV that a user import reads, password hashes included."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError, CommandParser

from pools.accounts import hashes
from pools.accounts.imports import export, layout
from pools.accounts.imports.export import Tally
from pools.models import Pool

_PRIVATE = 0o600


class Command(BaseCommand):
    help = "Write a pool's users, with their password hashes, as the CSV file of a user import."
    # It reads: what keeps a server from starting keeps nobody from what is there.
    requires_system_checks: tuple[str, ...] = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("pool_id")
        parser.add_argument("--output", type=Path, help="a new file, for its owner only; without it: standard output")
        parser.add_argument(
            "--algorithm",
            choices=[*hashes.ALGORITHMS, hashes.NONE],
            help="only users whose password hash is of this algorithm; NONE: those whose hash is not exported",
        )
        parser.add_argument("--progress", action="store_true", help="say every second how far it is")

    def handle(self, *args: Any, **options: Any) -> None:
        pool = Pool.objects.filter(id=options["pool_id"], deleted_at=None).exclude(id=Pool.OPERATORS).first()
        if pool is None:
            raise CommandError(f"There is no user pool {options['pool_id']}.")
        tally = Tally()
        begun = time.monotonic()
        with _destination(options["output"]) as out:
            octets = self._write(out, export.lines(pool, options["algorithm"], tally), tally, options["progress"])
        self._tell(f"Wrote {tally.written:,} users in {time.monotonic() - begun:,.1f} seconds.")
        for line in (*_advice(tally, options["algorithm"], octets), *_needs(pool), *_losses(tally)):
            self._tell(line)

    def _write(self, out: BinaryIO, lines: Iterator[str], tally: Tally, progress: bool) -> int:
        """Returns how many bytes there were."""
        begun = told = time.monotonic()
        octets = 0
        for line in lines:
            octets += out.write(line.encode())
            now = time.monotonic()
            if progress and now - told >= 1:
                told = now
                self._tell(f"{tally.written:,} users, {tally.written / (now - begun):,.0f} a second")
        return octets

    def _tell(self, line: str) -> None:
        self.stderr.write(line, style_func=str)  # it is no error


@contextmanager
def _destination(file: Path | None) -> Iterator[BinaryIO]:
    """Where to write to; a file that does not become whole is deleted. Raises: CommandError."""
    try:
        if file is None:
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
        else:
            with _new_file(file) as out:
                yield out
    except FileExistsError:
        raise CommandError(f"{file} exists; choose a new file.") from None
    except OSError as error:
        if file is not None:
            raise CommandError(f"{file}: {error.strerror}") from None
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter fails once more at its end
        if isinstance(error, BrokenPipeError):
            raise CommandError("Whoever read the output has ended; it is not whole.") from None
        raise CommandError(f"standard output: {error.strerror}") from None


@contextmanager
def _new_file(file: Path) -> Iterator[BinaryIO]:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
    try:
        with os.fdopen(descriptor, "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
    except BaseException:
        file.unlink(missing_ok=True)
        raise


def _advice(tally: Tally, algorithm: str | None, octets: int) -> Iterator[str]:
    """How to import what was written."""
    if algorithm is None:
        counts = ", ".join(f"{count:,} {name}" for name, count in tally.algorithms.most_common())
        yield f"By password hash: {counts or 'none'}."
    found = sorted(set(tally.algorithms) - {hashes.NONE})
    if algorithm == hashes.NONE:
        yield "Import it with a job that has no PasswordHashingAlgorithm."
    elif algorithm is not None or len(found) <= 1:
        yield f"Import it with a job whose PasswordHashingAlgorithm is {algorithm or (found or ['ARGON2ID'])[0]}."
    else:
        yield "A job takes hashes of one algorithm. Export each apart:"
        yield from (f"  --algorithm {name}" for name in (*found, *({hashes.NONE} & set(tally.algorithms))))
    if tally.written > layout.MAX_ROWS or octets > layout.MAX_BYTES:
        yield (
            f"A job takes {layout.MAX_ROWS:,} rows and {layout.MAX_BYTES // 1024 // 1024} MB at most: cut the file, "
            "and give each part the header."
        )


def _needs(pool: Pool) -> Iterator[str]:
    """What the importing pool must have."""
    customs = [name for name in layout.header(pool, with_hash=False) if name.startswith("custom:")]
    also = f", the attributes {', '.join(customs)}" if customs else ""
    yield f"The importing pool needs the same sign-in options{also} and an auto-verified attribute."


def _losses(tally: Tally) -> Iterator[str]:
    """What the file does not hold, and which rows will fail."""
    for state, count in sorted(tally.withheld.items()):
        yield f"{count:,} users are {state}: their passwords are left out, and they must reset them after an import."
    if tally.withheld["disabled"]:
        yield "An import enables everybody: disable again whom you want disabled."
    if tally.unverified:
        yield f"{tally.unverified:,} users have no verified address that the pool verifies: their rows will fail."
    if tally.too_long:
        yield f"{tally.too_long:,} rows have more than {layout.MAX_ROW_CHARACTERS:,} characters: they will fail."
    if tally.external:
        yield f"{tally.external:,} users of other identity providers are left out: they come back by signing in."
    yield (
        "The format has no place for groups, authenticator apps, MFA by e-mail, the sub, the enabled state, dates and "
        "developer-only attributes."
    )
