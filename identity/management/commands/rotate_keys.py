"""`rotate_keys`: new signing keys for pools, secrets re-encrypted under the first key of the ring, or the stock."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, models, transaction

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
        """Column by column, a batch a transaction; a value sealed by the first key already is left alone."""
        key_column = model._meta.pk.column
        table, column, key = map(connection.ops.quote_name, (model._meta.db_table, str(field.column), str(key_column)))
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {key}, {column} FROM {table}")  # noqa: S608  # names come from the models
            stale = [(pk, bytes(sealed)) for pk, sealed in cursor.fetchall() if not keyring.is_current(bytes(sealed))]
        for start in range(0, len(stale), _BATCH):
            with transaction.atomic(), connection.cursor() as cursor:
                for pk, sealed in stale[start : start + _BATCH]:
                    plain = keyring.decrypt(sealed, place=field.place())
                    cursor.execute(
                        f"UPDATE {table} SET {column} = %s WHERE {key} = %s AND {column} = %s",  # noqa: S608
                        [keyring.encrypt(plain, place=field.place()), pk, sealed],
                    )
            self.stdout.write(f"{model.__name__}.{field.name}: {min(start + _BATCH, len(stale))} of {len(stale)}")
        return len(stale)
