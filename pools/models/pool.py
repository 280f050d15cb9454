"""A user pool."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.db import models

from identity import arns, clock
from identity.config import config

if TYPE_CHECKING:
    from pools.models.domain import Domain
    from pools.models.ui_customization import UICustomization


class Pool(models.Model):
    """A directory with its settings.

    `settings` holds AWS's settings groups (`Policies`, `SchemaAttributes`, ...) in AWS shape, after validation; only
    `pools.config` reads it. `revision` grows with every change under the pool: caches are checked against it.
    """

    OPERATORS = "gatehouse_operators"
    """Id of the built-in pool whose users are the operators; no operation of cognito-idp reaches it."""

    id = models.CharField(primary_key=True, max_length=55)
    name = models.CharField(max_length=128)
    region = models.CharField(max_length=32)
    settings: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    revision = models.PositiveBigIntegerField(default=1)
    deleted_at = models.DateTimeField(null=True, db_index=True, help_text="gone for callers; its rows go in batches")
    created_at = models.DateTimeField(default=clock.now)
    modified_at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [models.Index(fields=["region", "id"], name="pools_of_a_region")]

    def __str__(self) -> str:
        return self.id

    @property
    def arn(self) -> str:
        return arns.user_pool(self.region, self.id)

    @property
    def issuer(self) -> str:
        return f"{config.url}/{self.id}"

    @cached_property
    def own_domains(self) -> tuple[Domain, ...]:
        """The custom domain before the prefix. Kept with the row, so read it of one that `pools.lookup` has checked."""
        return tuple(self.domains.order_by("-is_custom"))

    @cached_property
    def ui_customization(self) -> UICustomization | None:
        """What its pages wear for clients that have nothing of their own; kept with the row, without the image."""
        return self.ui_customizations.filter(client=None).defer("image").first()

    @cached_property
    def custom_scopes(self) -> frozenset[str]:
        """`identifier/name` of every scope that its resource servers have; kept with the row, as `own_domains` is."""
        servers = self.resource_servers.values_list("identifier", "scopes")
        return frozenset(f"{identifier}/{name}" for identifier, scopes in servers for name in scopes)

    @property
    def pages_url(self) -> str:
        """The base of its pages and OAuth endpoints: its own domain or, without one, the issuer."""
        domains = self.own_domains
        return domains[0].url if domains else self.issuer
