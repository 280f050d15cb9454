"""An uploaded file as lines, and whether it can be read at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pools.accounts.imports.layout import MAX_ROW_CHARACTERS, MAX_ROWS, Layout, check_header
from pools.accounts.imports.upload import CHUNK_BYTES
from pools.models import ImportChunk, ImportJob, Pool

_MOST_BYTES = 4 * MAX_ROW_CHARACTERS + len(b"\r\n")
_NOT_UTF_8 = "The CSV file must be in UTF-8"
_LINES_BETWEEN_CALLS = 20_000


class Unreadable(Exception):
    """The file as such is wrong: none of its rows is imported. The text is fit for a job's CompletionMessage."""


def lines(job: ImportJob, offset: int = 0) -> Iterator[tuple[int, bytes]]:
    """The file's lines from `offset` on, each with the offset behind it; their ends stay on.

    Raises: Unreadable for a line that no row can be, before it fills the memory.
    """
    number, skipped = divmod(offset, CHUNK_BYTES)
    rest = b""
    while chunk := _chunk(job, number):
        data = rest + chunk[skipped:]
        begin = 0
        while (end := data.find(b"\n", begin) + 1) > 0:
            offset += end - begin
            yield offset, data[begin:end]
            begin = end
        rest = data[begin:]
        if len(rest) > _MOST_BYTES:
            break
        number, skipped = number + 1, 0
    if rest:
        yield offset + len(rest), rest


def _chunk(job: ImportJob, number: int) -> bytes:
    found = ImportChunk.objects.filter(job=job, number=number).values_list("content", flat=True).first()
    return b"" if found is None else bytes(found)


def layout(job: ImportJob, pool: Pool) -> Layout:
    """What the file's first line says.

    Raises: Unreadable.
    """
    _, first = next(lines(job), (0, b""))
    text = _decoded(first, 1)
    if not text.strip():
        raise Unreadable("The CSV file is empty.")
    if "\0" in text:
        raise Unreadable(f"{_NOT_UTF_8}.")
    try:
        return check_header(pool, text, with_hash=bool(job.algorithm))
    except ValueError as error:
        raise Unreadable(str(error)) from None


def check(job: ImportJob, pool: Pool, every_while: Callable[[], None]) -> Layout:
    """Read the whole file before a row of it is written; calls `every_while` so that the reader can say it lives.

    Raises: Unreadable for a header, an encoding, a length or a number of rows that is wrong.
    """
    found = layout(job, pool)
    rows = 0
    for number, (_, raw) in enumerate(lines(job), 1):
        text = _decoded(raw, number)
        if len(text) > MAX_ROW_CHARACTERS and len(text.rstrip("\r\n")) > MAX_ROW_CHARACTERS:
            raise Unreadable(f"Line {number} of the CSV file is longer than {MAX_ROW_CHARACTERS} characters.")
        rows += number > 1 and not text.isspace()
        if rows > MAX_ROWS:
            raise Unreadable(f"The CSV file has more than {MAX_ROWS} rows.")
        if number % _LINES_BETWEEN_CALLS == 0:
            every_while()
    return found


def _decoded(raw: bytes, number: int) -> str:
    """Raises: Unreadable."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        if len(raw) > _MOST_BYTES:
            return raw.decode(errors="replace")  # it is too long, which is what will be said
        raise Unreadable(f"{_NOT_UTF_8}, and line {number} is not.") from None
