"""Queries and insertions that the ORM writes once and the database runs many times.

Building a queryset's SQL costs several times what a point look-up costs the database. A `Statement` compiles it at
its first use and then only binds parameters; converters of the fields (encryption, JSON, time zones) still apply.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.db.models import AutoField, Model, QuerySet
from django.db.models.constants import OnConflict
from django.db.models.sql import InsertQuery
from django.db.models.sql.compiler import SQLCompiler

from identity import prepared

_SAMPLES: dict[type, list[Any]] = {
    str: [f"parameter-{position}" for position in range(8)],
    bytes: [f"parameter-{position}".encode() for position in range(8)],
    int: [910_000_000 + position for position in range(8)],
    uuid.UUID: [uuid.UUID(int=position + 1) for position in range(8)],
}


_KEPT = "cursor_of_statements"


def _executed(sql: str, values: Sequence[Any]) -> tuple[list[tuple[Any, ...]], int]:
    """The rows that come back, and how many were found or written. Who watches sees a cursor like any other."""
    database = connections["default"]
    is_watched = database.queries_logged or database.execute_wrappers
    if not is_watched and prepared.can_run(database):
        return prepared.run(database, sql, values)
    cursor = database.cursor() if is_watched else _cursor(database)
    cursor.execute(sql, values)
    return (cursor.fetchall() if cursor.description else []), cursor.rowcount


def _cursor(database: BaseDatabaseWrapper) -> CursorWrapper:
    """One that is kept with its connection: a new one costs as much as a look-up."""
    kept: CursorWrapper | None = getattr(database, _KEPT, None)
    if kept is None or kept.cursor.connection is not database.connection:
        kept = database.cursor()
        setattr(database, _KEPT, kept)
    return kept


class Statement:
    """`build` takes one value per entry of `parameters` and returns a `values_list` queryset.

    Each value must stand in the SQL as it was given: use it for equality on str, bytes, int and UUID.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, Any]], *parameters: type) -> None:
        self._build = build
        self._samples = [_SAMPLES[kind][position] for position, kind in enumerate(parameters)]
        self._compiled: tuple[SQLCompiler, str, list[Any], list[int | None], dict[Any, Any]] | None = None
        self._lock = Lock()

    def rows(self, *values: Any) -> list[tuple[Any, ...]]:
        compiler, sql, fixed, positions, converters = self._compiled or self._compile()
        bound = [
            fixed[place] if position is None else _like(fixed[place], values[position])
            for place, position in enumerate(positions)
        ]
        found, _ = _executed(sql, bound)
        if converters and found:
            return [tuple(row) for row in compiler.apply_converters(found, converters)]
        return found

    def first(self, *values: Any) -> tuple[Any, ...] | None:
        found = self.rows(*values)
        return found[0] if found else None

    def _compile(self) -> tuple[SQLCompiler, str, list[Any], list[int | None], dict[Any, Any]]:
        with self._lock:
            if self._compiled is None:
                compiler = self._build(*self._samples).query.get_compiler(using="default")
                sql, parameters = compiler.as_sql()
                fixed = list(parameters)
                positions = [self._position(value) for value in fixed]
                if set(range(len(self._samples))) - set(positions):
                    raise TypeError(f"a parameter does not appear in {sql}")
                columns = [expression for expression, _, _ in compiler.select]
                self._compiled = (compiler, sql, fixed, positions, compiler.get_converters(columns))
            return self._compiled

    def _position(self, value: Any) -> int | None:
        plain = bytes(value) if isinstance(value, memoryview) else getattr(value, "obj", value)
        for position, sample in enumerate(self._samples):
            if plain == (sample.hex if isinstance(sample, uuid.UUID) and isinstance(plain, str) else sample):
                return position
        return None


def _like(bound_sample: Any, value: Any) -> Any:
    """SQLite keeps UUIDs as hexadecimal text."""
    return value.hex if isinstance(value, uuid.UUID) and isinstance(bound_sample, str) else value


class Insertion:
    """New rows of a model, one at a time, as `save(force_insert=True)` writes them; the row's own key is not read back.

    With `ignores_conflicts` a row that is there already is left as it is. Where it does not wait for the disk, a crash
    of PostgreSQL's machine takes the rows of the last second along; the same goes for the transaction that it is part
    of, so let it be in none.
    """

    def __init__(self, model: type[Model], *, ignores_conflicts: bool = False, waits_for_disk: bool = True) -> None:
        self._model = model
        self._waits_for_disk = waits_for_disk
        self._on_conflict = OnConflict.IGNORE if ignores_conflicts else None
        self._fields = [field for field in model._meta.concrete_fields if not isinstance(field, AutoField)]
        self._sql: str | None = None

    def insert(self, row: Model) -> bool:
        """Whether the row is new. Raises: IntegrityError."""
        database = connections["default"]
        values = [field.get_db_prep_save(field.pre_save(row, add=True), database) for field in self._fields]
        _, written = _executed(self._sql or self._compile(row), values)
        return written == 1

    def _compile(self, row: Model) -> str:
        query = InsertQuery(self._model, on_conflict=self._on_conflict)
        query.insert_values(self._fields, [row])
        sql: str
        ((sql, _),) = query.get_compiler(using="default").as_sql()
        if not self._waits_for_disk and connections["default"].vendor == "postgresql":
            sql += " RETURNING set_config('synchronous_commit', 'off', true)"  # of this transaction alone
        self._sql = sql
        return sql
