"""Typed readings of settings, remembered on the row they were read from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, Self


class HasSettings(Protocol):
    settings: Any


class View:
    """Base of the views; a subclass says in `read` how it is built from a row's settings."""

    @classmethod
    def of(cls, row: HasSettings) -> Self:
        """The view of a pool's or client's settings; built once for each settings object."""
        memo: dict[type, tuple[object, Any]] = row.__dict__.setdefault("_views", {})
        source, view = memo.get(cls, (None, None))
        if source is not row.settings:
            view = cls.read(row.settings)
            memo[cls] = (row.settings, view)
        found: Self = view
        return found

    @classmethod
    def read(cls, settings: Mapping[str, Any]) -> Self:
        raise NotImplementedError
