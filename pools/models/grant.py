"""An authorization code on its way to the token endpoint."""

from __future__ import annotations

from django.db import models
from oauth2_provider.models import AbstractGrant

from identity import clock


class Grant(AbstractGrant):
    """`code` is the SHA-256 of the authorization code, in hexadecimal.

    The session that the code is redeemed for takes the grant's `origin_jti`, which is unique among sessions: of several
    redemptions at once one gets through, and a later one finds the tokens that it has to revoke.
    """

    nonce = models.TextField(blank=True, default="")
    origin_jti = models.UUIDField(unique=True)
    authenticated_at = models.DateTimeField(help_text="when the user last proved who they are")
    created = models.DateTimeField(default=clock.now)
    updated = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [models.Index(fields=["expires"], name="grants_by_expiry")]
