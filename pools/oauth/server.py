"""oauthlib's grants, configured: which there are, what they ask the validator, and what makes their tokens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from oauthlib.oauth2.rfc6749 import errors
from oauthlib.oauth2.rfc6749.grant_types import (
    AuthorizationCodeGrant,
    ClientCredentialsGrant,
    ImplicitGrant,
    RefreshTokenGrant,
)
from oauthlib.oauth2.rfc6749.grant_types.authorization_code import code_challenge_method_s256
from oauthlib.oauth2.rfc6749.grant_types.base import GrantTypeBase

from pools.oauth import authorization_checks, token_answers
from pools.oauth.request import Request
from pools.oauth.validator import Validator


class _Redirects:
    """Redirect URIs are compared as they are: `myapp://x` and letters of any script are as good as what RFC 3986 has.

    oauthlib's would refuse what the client operations have accepted.
    """

    request_validator: Validator

    def _handle_redirects(self, request: Request) -> None:
        """Raises: MissingRedirectURIError, MismatchingRedirectURIError."""
        if request.redirect_uri is None:
            request.redirect_uri = self.request_validator.get_default_redirect_uri(request.client_id, request)
            if request.redirect_uri is None:
                raise errors.MissingRedirectURIError()
        elif not self.request_validator.validate_redirect_uri(request.client_id, request.redirect_uri, request):
            raise errors.MismatchingRedirectURIError()


class _Code(_Redirects, AuthorizationCodeGrant):
    _code_challenge_methods: Mapping[str, Callable[[str, str], bool]] = {"S256": code_challenge_method_s256}


class _Implicit(_Redirects, ImplicitGrant):
    pass


class Server:
    """The endpoints' common part. Each verb raises oauthlib's errors, whose codes are the RFC's."""

    def __init__(self) -> None:
        validator = Validator()
        checks = {"pre_auth": [authorization_checks.before], "post_auth": [authorization_checks.after]}
        self._code = _Code(validator, **checks)
        self._responses: dict[str, GrantTypeBase] = {"code": self._code, "token": _Implicit(validator, **checks)}
        self._grants: dict[str, tuple[GrantTypeBase, Callable[[Request], dict[str, Any]]]] = {
            "authorization_code": (self._code, token_answers.of_code),
            "refresh_token": (RefreshTokenGrant(validator), token_answers.of_refresh_token),
            "client_credentials": (ClientCredentialsGrant(validator), token_answers.of_client),
        }

    def check_authorization(self, request: Request) -> None:
        """Everything about an authorization request but who is signed in. `scopes` and `redirect_uri` are set.

        Raises: FatalClientError, where there is nobody to send back to; OAuth2Error.
        """
        self._responses.get(request.response_type, self._code).validate_authorization_request(request)

    def token(self, request: Request) -> dict[str, Any]:
        """The members of the token endpoint's answer.

        Raises: OAuth2Error; ServiceError, when the code or refresh token does not work, or a function refuses.
        """
        if request.grant_type is None:
            raise errors.InvalidRequestError(description="Missing grant_type parameter.")
        if request.grant_type not in self._grants:
            raise errors.UnsupportedGrantTypeError()
        grant, answer = self._grants[request.grant_type]
        grant.validate_token_request(request)
        return answer(request)


server = Server()
