"""Model fields of the kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models

from identity import keyring

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    _Base = models.BinaryField[str, str]
else:
    _Base = models.BinaryField


class EncryptedField(_Base):
    """Text that the database only sees encrypted, bound to its table and column (`identity.keyring`)."""

    def place(self) -> str:
        return f"{self.model._meta.db_table}.{self.column}"

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        if value is not None:
            value = keyring.encrypt(str(value).encode(), place=self.place())
        return super().get_db_prep_value(value, connection, prepared)

    def from_db_value(self, value: Any, expression: object, connection: object) -> str | None:
        return None if value is None else keyring.decrypt(bytes(value), place=self.place()).decode()

    def to_python(self, value: Any) -> Any:
        return value

    def value_to_string(self, obj: models.Model) -> str:
        raise TypeError(f"{self.place()} is secret and is not serialised")
