"""A signed-in session: the family of tokens born of one sign-in."""

from __future__ import annotations

import uuid

from django.db import models

from pools.models.client import Client
from pools.models.pool import Pool
from pools.models.user import User


class Session(models.Model):
    """One sign-in at one client. Its `origin_jti` is in every token of the family; revoking it ends them all.

    The family's refresh token is known only by its SHA-256, on this row: a sign-in is one insert, a refresh one read.
    Those that rotation makes of it are `RefreshToken` rows. `is_revocable` is whether the client had token revocation
    or rotation at sign-in: without both the tokens carry no `origin_jti`. A row outlives every token of the family, so
    a missing row means a deleted user or client. `is_oauth`: the authorization endpoint granted it, so that scopes say
    what tokens hold; `resource` is the audience that its access tokens are bound to, if any.
    """

    origin_jti = models.UUIDField(unique=True, default=uuid.uuid4)
    pool = models.ForeignKey(Pool, on_delete=models.CASCADE, db_index=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sessions")
    client = models.ForeignKey(Client, on_delete=models.CASCADE)
    refresh_digest = models.BinaryField(max_length=32, unique=True)
    scope = models.TextField()
    is_oauth = models.BooleanField(default=False)
    resource = models.TextField(blank=True, default="")
    is_revocable = models.BooleanField(default=True)
    authenticated_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return str(self.origin_jti)
