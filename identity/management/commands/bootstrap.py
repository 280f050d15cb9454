"""`bootstrap`: the canary, the first operator and the first access key. Repeating it changes nothing."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from identity import keyring
from identity.access import keys
from identity.config import config
from identity.errors import InvalidPassword
from identity.keys import rotation
from identity.models import AccessKey, Canary
from pools.accounts import passwords, sign_up
from pools.config import pool as pool_config
from pools.config.passwords import PasswordPolicy
from pools.models import Pool, User
from pools.models.user import UserStatus


@dataclass(frozen=True, slots=True)
class Bootstrapped:
    """`password` and `is_new_key` tell what was made just now and is to be shown once."""

    operator: str
    password: str | None
    access_key: AccessKey
    is_new_key: bool


def check_canary() -> None:
    """Refuse a key ring that is not the one that sealed this database.

    Raises: CommandError.
    """
    try:
        canary = Canary.objects.first()
    except keyring.CannotDecrypt:
        canary = Canary()
        canary.sealed = ""
    if canary is not None and canary.sealed != Canary.TEXT:
        raise CommandError(
            "The key ring does not open this database: set GATEHOUSE_SECRET_KEYS to the keys it was made with."
        )


def bootstrap() -> Bootstrapped:
    """Raises: CommandError."""
    check_canary()
    with transaction.atomic():
        if not Canary.objects.exists():
            Canary.objects.create(sealed=Canary.TEXT)
        pool, is_new = Pool.objects.get_or_create(
            id=Pool.OPERATORS,
            defaults={"name": "Gatehouse operators", "region": "", "settings": pool_config.operators()},
        )
        if is_new:
            rotation.assign(pool.id)
        operator, password = _operator(pool)
        key, is_new_key = _access_key(operator)
    rotation.fill_stock(config.signing_key_stock)
    return Bootstrapped(operator.username, password, key, is_new_key)


def _operator(pool: Pool) -> tuple[User, str | None]:
    existing = User.objects.filter(pool=pool, username=config.operator.lower()).first()
    if existing is not None:
        return existing, None
    policy = PasswordPolicy.of(pool)
    password = config.operator_password or policy.generate()
    try:
        policy.check(password)
    except InvalidPassword as error:
        raise CommandError(f"GATEHOUSE_OPERATOR_PASSWORD is not usable: {error.message}.") from None
    operator = sign_up.new_user(pool, config.operator, {}, UserStatus.CONFIRMED)
    sign_up.save_new(operator, passwords.derive(operator, password))
    return operator, None if config.operator_password else password


def _access_key(operator: User) -> tuple[AccessKey, bool]:
    wanted = AccessKey.objects.filter(operator=operator)
    if config.access_key_id:
        wanted = wanted.filter(access_key_id=config.access_key_id)
    existing = wanted.order_by("created_at").first()
    if existing is None:
        made = keys.create(
            operator.pk, access_key_id=config.access_key_id or None, secret=config.secret_access_key or None
        )
        return made, True
    if config.secret_access_key and not secrets.compare_digest(existing.secret, config.secret_access_key):
        existing.secret = config.secret_access_key
        existing.save(update_fields=["secret"])
    return existing, False


class Command(BaseCommand):
    help = "Prepare a migrated database: key-ring canary, first operator, first access key. Safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        done = bootstrap()
        if done.password is not None:
            self.stdout.write(f"Operator {done.operator} with password {done.password}")
        if done.is_new_key and not config.secret_access_key:
            self.stdout.write(f"Access key {done.access_key.access_key_id} with secret {done.access_key.secret}")
        self.stdout.write("The installation is ready.")
