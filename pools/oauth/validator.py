"""What oauthlib's grants ask: django-oauth-toolkit's validator over the rows and settings of a pool.

No row is written for a token: a session is, by `pools.tokens`. What is looked up once stays on the request.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from oauth2_provider.oauth2_validators import OAuth2Validator
from oauthlib.oauth2.rfc6749 import errors

from identity.errors import ResourceNotFound
from pools import lookup
from pools.config.oauth import OAuthSettings
from pools.models import Client
from pools.oauth import client_authentication
from pools.oauth.request import Request
from pools.tokens import codes, scopes

_FLOWS = {
    "authorization_code": frozenset({"code"}),
    "refresh_token": frozenset({"code", "implicit"}),
    "client_credentials": frozenset({"client_credentials"}),
}
"""Which of a client's flows allow a grant. API sign-ins of clients without the code flow have refresh tokens too."""
_RESPONSES = {"code": "code", "token": "implicit"}


class Validator(OAuth2Validator):
    """Answers from `request.client`, whose settings are a pool's cached ones."""

    # The client

    def validate_client_id(self, client_id: str, request: Request, *args: object, **kwargs: object) -> bool:
        try:
            request.client = lookup.client(client_id, request.pool)
        except ResourceNotFound:
            return False
        return True

    def client_authentication_required(self, request: Request, *args: object, **kwargs: object) -> bool:
        """Public clients go the same way, where a secret is wrong."""
        return True

    def authenticate_client(self, request: Request, *args: object, **kwargs: object) -> bool:
        """Raises: InvalidClient, InvalidRequestError."""
        request.client = client_authentication.authenticate(request.pool, request.authorization, request.parameters)
        request.client_id = request.client.client_id
        return True

    def validate_grant_type(
        self, client_id: str, grant_type: str, client: Client, request: Request, *args: object, **kwargs: object
    ) -> bool:
        settings = OAuthSettings.of(client)
        return settings.is_enabled and bool(_FLOWS[grant_type] & settings.flows)

    def validate_response_type(
        self, client_id: str, response_type: str, client: Client, request: Request, *args: object, **kwargs: object
    ) -> bool:
        return _RESPONSES[response_type] in OAuthSettings.of(client).flows

    # Redirect URIs

    def validate_redirect_uri(
        self, client_id: str, redirect_uri: str, request: Request, *args: object, **kwargs: object
    ) -> bool:
        return redirect_uri in OAuthSettings.of(request.app).callback_urls

    def get_default_redirect_uri(self, client_id: str, request: Request, *args: object, **kwargs: object) -> str | None:
        """With one provider: the default, or the only one there is. Source: guide, "App clients"."""
        settings = OAuthSettings.of(request.app)
        if len(settings.providers) != 1:
            return None
        only = settings.callback_urls[0] if len(settings.callback_urls) == 1 else None
        return settings.default_redirect_uri or only

    def confirm_redirect_uri(
        self, client_id: str, code: str, redirect_uri: str, client: Client, *args: object, **kwargs: object
    ) -> bool:
        """Raises: UnauthorizedClientError. Source: guide, "The token issuer endpoint": `invalid_redirect`."""
        request = next(argument for argument in args if isinstance(argument, Request))
        if request.code_found is None or request.code_found.grant.redirect_uri != redirect_uri:
            raise errors.UnauthorizedClientError(description="invalid_redirect")
        return True

    # Scopes

    def get_default_scopes(self, client_id: str, request: Request, *args: object, **kwargs: object) -> Sequence[str]:
        """All that the client has."""
        return OAuthSettings.of(request.app).scopes

    def validate_scopes(
        self,
        client_id: str,
        scopes_asked: Sequence[str],
        client: Client,
        request: Request,
        *args: object,
        **kwargs: object,
    ) -> bool:
        """A client without scopes gets nothing; what `openid` brings along is nothing without it.

        A client that is its own principal has custom scopes alone.
        """
        asked = frozenset(scopes_asked)
        if request.grant_type == "client_credentials":
            asked -= {name for name in asked if scopes.is_custom(name) and name in OAuthSettings.of(client).scopes}
            return bool(scopes_asked) and not asked
        needs_openid = bool(asked & scopes.OF_OPENID) and scopes.OPENID not in asked
        return bool(asked) and asked <= set(OAuthSettings.of(client).scopes) and not needs_openid

    def get_original_scopes(self, refresh_token: str, request: Request, *args: object, **kwargs: object) -> str:
        return ""

    def is_within_original_scope(
        self, request_scopes: Sequence[str], refresh_token: str, request: Request, *args: object, **kwargs: object
    ) -> bool:
        """A refresh keeps the scope of its sign-in, whatever is asked for: there is nothing to gain by asking."""
        return True

    # Codes

    def is_pkce_required(self, client_id: str, request: Request) -> bool:
        return False

    def validate_code(
        self, client_id: str, code: str, client: Client, request: Request, *args: object, **kwargs: object
    ) -> bool:
        """Whether the client has such a code; whether it still works is told when everything else is right."""
        request.code_found = codes.find(client, code)
        return request.code_found is not None

    def get_code_challenge(self, code: str, request: Request) -> str | None:
        """Raises: InvalidGrantError, for a verifier of nothing. Source: RFC 9700, section 4.8.2."""
        challenge: str = request.code_found.grant.code_challenge if request.code_found else ""
        if not challenge and request.code_verifier is not None:
            raise errors.InvalidGrantError()
        return challenge or None

    def get_code_challenge_method(self, code: str, request: Request) -> str:
        return codes.S256

    def invalidate_authorization_code(
        self, client_id: str, code: str, request: Request, *args: object, **kwargs: object
    ) -> None:
        """Its session has used it."""

    # Tokens

    def validate_refresh_token(
        self, refresh_token: str, client: Client, request: Request, *args: object, **kwargs: object
    ) -> bool:
        """Told by the exchange, which reads it once."""
        return True

    def save_token(self, token: Mapping[str, object], request: Request, *args: object, **kwargs: object) -> None:
        """The session is there, and tokens are kept nowhere."""
