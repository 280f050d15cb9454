"""Many new rows into a table: by COPY on PostgreSQL, which costs a fifth of what the ORM's INSERT does."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, models

from pools.models import User

_USER_FIELDS = User._meta.concrete_fields


def many(model: type[models.Model], columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """`columns` are attribute names; the others get NULL or a key. Values are plain: str, bytes, int, datetime.

    Raises: IntegrityError.
    """
    if connection.vendor == "postgresql":
        _copy(model, columns, rows)
        return
    places = ", ".join(["%s"] * len(columns))
    statement = f"INSERT INTO {_table(model, columns)} VALUES ({places})"  # noqa: S608  # names come from the models
    with connection.cursor() as cursor:
        cursor.executemany(statement, [[_adapted(value) for value in row] for row in rows])


def _adapted(value: Any) -> Any:
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value


def users(made: Sequence[User]) -> None:
    """Users with the primary keys that they get here. Raises: IntegrityError."""
    for user in made:
        user.pk = None  # of a try that was rolled back
        user._state.adding = True
    if connection.vendor != "postgresql":
        User.objects.bulk_create(made)
        return
    for user, pk in zip(made, _primary_keys(len(made)), strict=True):
        user.pk = pk
        user._state.adding = False
    columns = [field.attname for field in _USER_FIELDS]
    _copy(User, columns, ([_plain(field, user) for field in _USER_FIELDS] for user in made))


def _plain(field: models.Field[Any, Any], user: User) -> Any:
    value = getattr(user, field.attname)
    return json.dumps(value) if isinstance(field, models.JSONField) else value


def _primary_keys(count: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [User._meta.db_table, count],
        )
        return [row[0] for row in cursor.fetchall()]


def _copy(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    statement = f"COPY {_table(model, columns)} FROM STDIN"
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def _table(model: type[models.Model], columns: Sequence[str]) -> str:
    """The table with the columns to fill, as SQL names them."""
    quote = connection.ops.quote_name
    column_of = {field.attname: field.column for field in model._meta.concrete_fields}
    return f"{quote(model._meta.db_table)} ({', '.join(quote(str(column_of[name])) for name in columns)})"
