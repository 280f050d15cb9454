"""A user of a pool."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models

from identity import clock
from pools.models.pool import Pool


class UserStatus(models.TextChoices):
    """The status machine's states (developer guide, "User account confirmation")."""

    UNCONFIRMED = "UNCONFIRMED"
    CONFIRMED = "CONFIRMED"
    FORCE_CHANGE_PASSWORD = "FORCE_CHANGE_PASSWORD"  # noqa: S105
    RESET_REQUIRED = "RESET_REQUIRED"
    EXTERNAL_PROVIDER = "EXTERNAL_PROVIDER"


class User(AbstractBaseUser):
    """One row is the whole profile: `attributes` maps names to values as AWS transports them, always strings.

    `mfa_factors` are the second factors that are switched on, in AWS names; `preferred_mfa` is one of them or nothing;
    `has_software_token` says that a verified `SoftwareToken` row exists: on this row, sign-in needs no other to decide.
    `sub` and `username` never change. `pools.accounts.attributes` alone writes `attributes`. Django's own `password`
    and `last_login` columns stay unused: passwords are `Credential` rows.
    """

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["sub"]

    pool = models.ForeignKey(Pool, on_delete=models.CASCADE, db_index=False, related_name="users")
    sub = models.CharField(max_length=36)
    username = models.CharField(max_length=384)  # 128 characters, which can grow when they are lower-cased
    attributes: models.JSONField[dict[str, str], dict[str, str]] = models.JSONField(default=dict)
    status = models.CharField(max_length=24, choices=UserStatus)
    enabled = models.BooleanField(default=True)
    mfa_factors: models.JSONField[list[str], list[str]] = models.JSONField(default=list)
    preferred_mfa = models.CharField(max_length=24, blank=True, default="")
    has_software_token = models.BooleanField(default=False)
    may_be_in_groups = models.BooleanField(default=False, help_text="False spares tokens the look into the groups")
    created_at = models.DateTimeField(default=clock.now)
    modified_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pool", "sub"], name="one_user_per_sub"),
        ]
        indexes = [
            models.Index(fields=["pool", "id"], name="users_of_a_pool"),
            models.Index(fields=["pool", "status", "id"], name="users_by_status"),
            models.Index(fields=["pool", "id"], condition=models.Q(enabled=False), name="disabled_users"),
        ]

    def __str__(self) -> str:
        return self.sub

    @property
    def is_decoy(self) -> bool:
        """Whether it stands in for a user who does not exist: never saved."""
        return self.pk is None

    @property
    def key(self) -> int:
        """The primary key; a decoy's is one that no row has, to be looked for all the same."""
        return self.pk or 0

    @property
    def is_active(self) -> bool:  # type: ignore[override]  # a column in AbstractBaseUser's stub, derived here
        return self.enabled

    @property
    def is_staff(self) -> bool:
        """Operators are the users of the built-in pool."""
        return self.pool_id == Pool.OPERATORS
