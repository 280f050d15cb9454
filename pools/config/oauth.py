"""What an app client may do at the OAuth endpoints and on the hosted pages.

Source: guide, "App clients" and "Scopes, M2M, and resource servers"; CreateUserPoolClient in the API reference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from pools.config.view import View

COGNITO = "COGNITO"
"""The name under which the pool's own users are a provider."""


@dataclass(frozen=True, slots=True)
class OAuthSettings(View):
    """`is_enabled` is AllowedOAuthFlowsUserPoolClient, without which nothing of the rest has any effect.

    `flows` are `code`, `implicit` and `client_credentials`.
    """

    is_enabled: bool
    flows: frozenset[str]
    scopes: Sequence[str]
    callback_urls: Sequence[str]
    logout_urls: Sequence[str]
    default_redirect_uri: str | None
    providers: Sequence[str]

    @classmethod
    def read(cls, settings: Mapping[str, Any]) -> Self:
        return cls(
            is_enabled=settings.get("AllowedOAuthFlowsUserPoolClient", False),
            flows=frozenset(settings.get("AllowedOAuthFlows", ())),
            scopes=tuple(settings.get("AllowedOAuthScopes", ())),
            callback_urls=tuple(settings.get("CallbackURLs", ())),
            logout_urls=tuple(settings.get("LogoutURLs", ())),
            default_redirect_uri=settings.get("DefaultRedirectURI"),
            providers=tuple(settings.get("SupportedIdentityProviders", ())),
        )

    @property
    def has_own_users(self) -> bool:
        """Whether users of the pool sign in here, and not only those of other providers."""
        return COGNITO in self.providers
