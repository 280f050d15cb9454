"""What an authorization request must be beyond RFC 6749, in order.

Source: RFC 7636; RFC 8707; OpenID Connect Core, sections 3.1.2.1 and 6; guide, "The redirect and authorization
endpoint".
"""

from __future__ import annotations

import re

from oauthlib.oauth2.rfc6749 import errors
from oauthlib.openid.connect.core.exceptions import RequestNotSupported, RequestURINotSupported

from identity.errors import InvalidParameter
from pools.config.client import check_redirect
from pools.config.oauth import OAuthSettings
from pools.oauth.request import Request

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_MODES = {"code": "query", "token": "fragment"}
_PROMPTS = frozenset({"none", "login", "select_account", "consent"})
_LONGEST_RESOURCE = 1024
_LONGEST_NONCE = 2048
_DIGITS = re.compile(r"[0-9]{1,9}", re.ASCII)


def before(request: Request) -> dict[str, object]:
    """Once it is known where to send an error. Raises: OAuth2Error."""
    if request.parameters.broken:
        raise errors.InvalidRequestError(description="A parameter is repeated or malformed.")
    if "request" in request.parameters:
        raise RequestNotSupported()
    if "request_uri" in request.parameters:
        raise RequestURINotSupported()
    if request.response_type not in _MODES:
        raise errors.InvalidRequestError(description="response_type must be code or token.")
    if request.response_mode not in {None, _MODES[request.response_type]}:
        raise errors.InvalidRequestError(description="response_mode is not supported.")
    settings = OAuthSettings.of(request.app)
    if not settings.is_enabled:
        raise errors.InvalidRequestError(description="Client is not enabled for OAuth2.0 flows")
    if not settings.providers:
        raise errors.UnauthorizedClientError(description="Client has no identity provider.")
    _check_challenge(request)
    return {}


def after(request: Request) -> dict[str, object]:
    """Once the scope is known. Raises: OAuth2Error."""
    _check_provider(request)
    prompts = prompts_of(request)
    if not prompts <= _PROMPTS or ("none" in prompts and len(prompts) > 1):
        raise errors.InvalidRequestError(description="prompt is not supported.")
    if request.max_age is not None and not _DIGITS.fullmatch(request.max_age):
        raise errors.InvalidRequestError(description="max_age is not a number of seconds.")
    if len(request.nonce or "") > _LONGEST_NONCE:
        raise errors.InvalidRequestError(description="nonce is too long.")
    _check_resource(request.resource)
    return {}


def prompts_of(request: Request) -> frozenset[str]:
    return frozenset((request.prompt or "").split())


def _check_challenge(request: Request) -> None:
    """Raises: InvalidRequestError. Source: RFC 7636, section 4.4.1; the guide knows S256 alone."""
    if (request.code_challenge is None) != (request.code_challenge_method is None):
        raise errors.InvalidRequestError(description="code_challenge and code_challenge_method belong together.")
    if request.code_challenge is None:
        return
    if request.code_challenge_method != "S256":
        raise errors.InvalidRequestError(description="code_challenge_method must be S256.")
    if not _CHALLENGE.fullmatch(request.code_challenge):
        raise errors.InvalidRequestError(description="code_challenge is not one of S256.")


def _check_resource(resource: str | None) -> None:
    """Raises: InvalidRequestError. Source: guide, "Resource binding": the rules of callback URLs."""
    if resource is None:
        return
    try:
        check_redirect(resource, "resource")
    except InvalidParameter:
        raise errors.InvalidRequestError(description="resource is not the URL of an API.") from None
    if len(resource) > _LONGEST_RESOURCE or not resource.isprintable() or " " in resource:
        raise errors.InvalidRequestError(description="resource is not the URL of an API.")


def _check_provider(request: Request) -> None:
    """Of the client's providers, the pool's own users are the only one that there is. Raises: InvalidRequestError."""
    given = request.parameters
    named = given.get("identity_provider")
    if "idp_identifier" in given or (named is not None and named not in OAuthSettings.of(request.app).providers):
        raise errors.InvalidRequestError(description="The identity provider does not exist.")
