"""`rotate_keys`: new signing keys for pools, secrets re-encrypted under the first key of the ring, or the stock."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, models, transaction
from django.db.backends.utils import CursorWrapper

from identity import keyring
from identity.config import config
from identity.fields import EncryptedField
from identity.keys import rotation
from identity.management.commands.bootstrap import check_canary
from pools.models import Pool
from pools.provisioning import pools

_BATCH = 500


class Command(BaseCommand):
    help = "Give pools new signing keys; tokens signed before stay valid until they expire."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--pool", help="only this pool")
        parser.add_argument("--secrets", action="store_true", help="re-encrypt secrets with the ring's first key")
        parser.add_argument("--stock", action="store_true", help="only make key pairs ahead")

    def handle(self, *args: Any, **options: Any) -> None:
        check_canary()
        if options["stock"]:
            rotation.fill_stock(config.signing_key_stock)
        elif options["secrets"]:
            self._re_encrypt()
        else:
            self._rotate(options["pool"])

    def _rotate(self, only: str | None) -> None:
        living = Pool.objects.filter(deleted_at=None)
        chosen = living.filter(id=only) if only else living
        pool_ids = list(chosen.order_by("id").values_list("id", flat=True))
        if only and not pool_ids:
            raise CommandError(f"There is no pool {only}.")
        for position, pool_id in enumerate(pool_ids, start=1):
            pools.rotate_keys(pool_id)
            self.stdout.write(f"{position} of {len(pool_ids)}: {pool_id}")
        self.stdout.write(f"Rotated the signing keys of {len(pool_ids)} pools.")

    def _re_encrypt(self) -> None:
        total = 0
        for model in apps.get_models():
            for field in model._meta.concrete_fields:
                if isinstance(field, EncryptedField):
                    total += self._re_encrypt_column(model, field)
        self.stdout.write(f"Re-encrypted {total} secrets.")

    def _re_encrypt_column(self, model: type[models.Model], field: EncryptedField) -> int:
        """A batch of keys a transaction; a value sealed by the first key already is left alone."""
        done, after = 0, None
        while rows := _sealed(model, field, after):
            stale = [(pk, sealed) for pk, sealed in rows if not keyring.is_current(sealed)]
            with transaction.atomic(), connection.cursor() as cursor:
                done += sum(_seal_again(cursor, model, field, pk, sealed) for pk, sealed in stale)
            if stale:
                self.stdout.write(f"{model.__name__}.{field.name}: {done}")
            after = rows[-1][0]
        return done


def _sealed(model: type[models.Model], field: EncryptedField, after: Any) -> list[tuple[Any, bytes]]:
    """The next keys of a table, in their order, with what is stored in the column."""
    table, column, key = _quoted(model, field)
    beyond, values = ("", []) if after is None else (f"AND {key} > %s", [after])
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {key}, {column} FROM {table} WHERE {column} IS NOT NULL {beyond} ORDER BY {key} LIMIT {_BATCH}",  # noqa: S608  # names come from the models
            values,
        )
        return [(pk, bytes(sealed)) for pk, sealed in cursor.fetchall()]


def _seal_again(cursor: CursorWrapper, model: type[models.Model], field: EncryptedField, pk: Any, sealed: bytes) -> int:
    """1, or 0 for a value that has been replaced meanwhile."""
    table, column, key = _quoted(model, field)
    plain = keyring.decrypt(sealed, place=field.place())
    cursor.execute(
        f"UPDATE {table} SET {column} = %s WHERE {key} = %s AND {column} = %s",  # noqa: S608
        [keyring.encrypt(plain, place=field.place()), pk, sealed],
    )
    return int(cursor.rowcount)


def _quoted(model: type[models.Model], field: EncryptedField) -> tuple[str, str, str]:
    key = str(model._meta.pk.column)
    table, column, key = map(connection.ops.quote_name, (model._meta.db_table, str(field.column), key))
    return table, column, key
