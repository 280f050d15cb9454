"""PostgreSQL's prepared statements, each run by one call of libpq in which Python's lock is given up once.

psycopg's cursors send, wait and read in calls of their own: under load each of them hands the lock to another thread
and waits for it again, which costs more than a look-up.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import count
from typing import Any, cast

from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import Connection, OperationalError, errors, pq
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq.abc import PGresult

_Key = tuple[str, tuple[int, ...]]
_Names = dict[_Key, bytes]
_KEPT = "names_of_prepared_statements"
_NO_SUCH_STATEMENT = b"26000"
_numbers = count()
_PLACEHOLDER = re.compile("%[%s]")
_GOOD = frozenset({pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK})


def can_run(database: BaseDatabaseWrapper) -> bool:
    """Not in transactions, which psycopg begins with a cursor's first statement, nor where a pooler forbids it."""
    connection = database.connection
    if not isinstance(connection, Connection) or connection.prepare_threshold is None:
        return False
    return connection.autocommit and connection.pgconn.status == pq.ConnStatus.OK


def run(database: BaseDatabaseWrapper, sql: str, values: Sequence[Any]) -> tuple[list[tuple[Any, ...]], int]:
    """The rows that a statement gives, as psycopg adapts them, and how many it wrote or found.

    Raises: DatabaseError, as Django's cursors do.
    """
    with database.wrap_database_errors:
        connection: Connection[Any] = database.connection
        transformer = Transformer(connection)
        bound = cast("Sequence[bytes]", transformer.dump_sequence(values, [PyFormat.AUTO] * len(values)))  # or None
        names, key = _names(database), (sql, transformer.types or ())
        for _ in range(2):
            name = names.get(key) or _prepare(connection, names, key)
            result = connection.pgconn.exec_prepared(name, bound, transformer.formats)
            if result.error_field(pq.DiagnosticField.SQLSTATE) != _NO_SUCH_STATEMENT:
                break
            names.pop(key)  # after each rollback psycopg has PostgreSQL forget them all
        transformer.set_pgresult(_checked(connection, result))
        return transformer.load_rows(0, result.ntuples, tuple), result.command_tuples or 0


def _names(database: BaseDatabaseWrapper) -> _Names:
    """Of what has been prepared on this connection, by text and types of parameters."""
    of, names = getattr(database, _KEPT, (None, {}))
    if of is not database.connection:
        names = {}
        setattr(database, _KEPT, (database.connection, names))
    return cast("_Names", names)


def _prepare(connection: Connection[Any], names: _Names, key: _Key) -> bytes:
    sql, types = key
    name = b"gatehouse_%d" % next(_numbers)
    _checked(connection, connection.pgconn.prepare(name, _numbered(sql), types))
    names[key] = name
    return name


def _numbered(sql: str) -> bytes:
    """`%s` as PostgreSQL has it: `$1`, `$2`."""
    numbers = iter(range(1, sql.count("%") + 1))
    return _PLACEHOLDER.sub(lambda found: "%" if found[0] == "%%" else f"${next(numbers)}", sql).encode()


def _checked(connection: Connection[Any], result: PGresult) -> PGresult:
    """Raises: psycopg.Error."""
    if result.status in _GOOD:
        return result
    if connection.pgconn.status == pq.ConnStatus.BAD:
        raise OperationalError(connection.pgconn.get_error_message())
    raise errors.error_from_result(result, connection.info.encoding)
