"""An app client's settings: from the members of the client operations to what is stored, and back.

Source: CreateUserPoolClient and UpdateUserPoolClient in the API reference; guide, "App clients".
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self
from urllib.parse import urlsplit

from identity.errors import FeatureUnavailableInTier, InvalidOAuthFlow, InvalidParameter, ScopeDoesNotExist
from pools.config import lifetimes, unbuilt
from pools.config.schema import VERIFIED_FLAGS, Schema
from pools.config.view import View

Members = Mapping[str, Any]

STANDARD_SCOPES = frozenset({"phone", "email", "openid", "profile", "aws.cognito.signin.user.admin"})
_REFRESH = "ALLOW_REFRESH_TOKEN_AUTH"
_DEFAULT_FLOWS = (_REFRESH, "ALLOW_USER_SRP_AUTH", "ALLOW_CUSTOM_AUTH")
_LEGACY_FLOWS = {
    "ADMIN_NO_SRP_AUTH": "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    "CUSTOM_AUTH_FLOW_ONLY": "ALLOW_CUSTOM_AUTH",
    "USER_PASSWORD_AUTH": "ALLOW_USER_PASSWORD_AUTH",
}
_SCHEMES_OF_BROWSERS = frozenset(
    {"about", "blob", "data", "file", "filesystem", "ftp", "javascript", "vbscript", "view-source", "ws", "wss"}
)
"""What a browser runs, reads or shows by itself: no app is there to take a code."""
_KEPT_AS_GIVEN = (
    "AccessTokenValidity",
    "IdTokenValidity",
    "TokenValidityUnits",
    "ReadAttributes",
    "WriteAttributes",
    "ExplicitAuthFlows",
    "SupportedIdentityProviders",
    "CallbackURLs",
    "LogoutURLs",
    "DefaultRedirectURI",
    "AllowedOAuthFlows",
    "AllowedOAuthScopes",
    "PreventUserExistenceErrors",
    "RefreshTokenRotation",
)


def stored(
    members: Members,
    *,
    pool_id: str,
    schema: Schema,
    tier: str,
    has_secret: bool,
    custom_scopes: Collection[str] = frozenset(),
) -> dict[str, Any]:
    """Settings of a client; an update is a full replacement, so creating and updating are the same.

    `custom_scopes` are those that the pool's resource servers have.
    Raises: InvalidParameter, InvalidOAuthFlow, ScopeDoesNotExist, FeatureUnavailableInTier.
    """
    unbuilt.refuse_for_client(members)
    settings = {name: members[name] for name in _KEPT_AS_GIVEN if members.get(name) not in (None, [], {})}
    settings |= {
        "RefreshTokenValidity": members.get("RefreshTokenValidity") or 30,
        "AuthSessionValidity": members.get("AuthSessionValidity", 3),
        "EnableTokenRevocation": members.get("EnableTokenRevocation", True),
        "EnablePropagateAdditionalUserContextData": False,
        "AllowedOAuthFlowsUserPoolClient": members.get("AllowedOAuthFlowsUserPoolClient", False),
    }
    lifetimes.check(settings)
    _check_auth_flows(settings.get("ExplicitAuthFlows", ()), tier)
    _check_rotation(settings)
    _check_attributes(settings, schema)
    _check_providers(settings.get("SupportedIdentityProviders", ()), pool_id)
    _check_oauth(settings, has_secret, custom_scopes)
    return settings


def described(settings: Members) -> dict[str, Any]:
    """The settings part of DescribeUserPoolClient's answer."""
    return dict(settings)


def _check_auth_flows(flows: tuple[str, ...] | list[str], tier: str) -> None:
    legacy = [flow for flow in flows if flow in _LEGACY_FLOWS]
    if legacy and len(legacy) != len(flows):
        raise InvalidParameter(
            "Legacy ExplicitAuthFlows values and values with the ALLOW_ prefix can not be used together.",
            field="explicit_auth_flows",
        )
    if needs_higher_tier({"ExplicitAuthFlows": flows}, tier):
        raise FeatureUnavailableInTier("ALLOW_USER_AUTH is not available in the LITE tier.")


def _check_rotation(settings: Members) -> None:
    """A token that is spent by its exchange, and a flow that exchanges without spending, contradict each other."""
    if _rotates(settings) and _REFRESH in settings.get("ExplicitAuthFlows", ()):
        raise InvalidParameter(
            f"{_REFRESH} can not be used while refresh token rotation is enabled.", field="explicit_auth_flows"
        )


def _rotates(settings: Members) -> bool:
    return bool(settings.get("RefreshTokenRotation", {}).get("Feature") == "ENABLED")


def needs_higher_tier(settings: Members, tier: str) -> bool:
    """Whether a client with these settings uses what the tier does not have."""
    return tier == "LITE" and "ALLOW_USER_AUTH" in settings.get("ExplicitAuthFlows", ())


def _check_attributes(settings: Members, schema: Schema) -> None:
    readable, writable = settings.get("ReadAttributes"), settings.get("WriteAttributes")
    if readable and not all(_is_known(name, schema) for name in readable):
        raise InvalidParameter("Invalid read attributes specified while creating a client", field="read_attributes")
    if writable is None:
        return
    allowed = all(
        _is_known(name, schema) and name not in VERIFIED_FLAGS.values() and name != "sub" for name in writable
    )
    if not allowed or not set(schema.required) <= set(writable):
        raise InvalidParameter("Invalid write attributes specified while creating a client", field="write_attributes")


def _is_known(name: str, schema: Schema) -> bool:
    attribute = schema.attributes.get(name)
    return attribute is not None and not attribute.is_developer_only


def _check_providers(providers: tuple[str, ...] | list[str], pool_id: str) -> None:
    for name in providers:
        if name != "COGNITO":
            raise InvalidParameter(
                f"The provider {name} does not exist for User Pool {pool_id}.", field="supported_identity_providers"
            )


def _check_oauth(settings: Members, has_secret: bool, custom_scopes: Collection[str]) -> None:
    flows = settings.get("AllowedOAuthFlows", ())
    if "client_credentials" in flows:
        if len(set(flows)) > 1:
            raise InvalidOAuthFlow("client_credentials flow can not be selected along with code flow or implicit flow.")
        if not has_secret:
            raise InvalidOAuthFlow(
                "client_credentials flow can not be selected if client does not have a client secret."
            )
    for scope in settings.get("AllowedOAuthScopes", ()):
        if scope not in STANDARD_SCOPES and scope not in custom_scopes:
            raise ScopeDoesNotExist(f"Invalid scope requested: {scope}")
        if scope in STANDARD_SCOPES and "client_credentials" in flows:
            raise InvalidOAuthFlow(f"{scope} is not supported with client_credentials flow")
    for url in settings.get("CallbackURLs", ()):
        check_redirect(url, "callback_urls")
    for url in settings.get("LogoutURLs", ()):
        check_redirect(url, "logout_urls")
    default = settings.get("DefaultRedirectURI")
    if default is not None and default not in settings.get("CallbackURLs", ()):
        raise InvalidParameter("DefaultRedirectURI must be one of the CallbackURLs.", field="default_redirect_uri")


def check_redirect(url: str, field: str) -> None:
    """An absolute URL without a fragment: of https, of a scheme of its own, or of http on the caller's machine.

    Raises: InvalidParameter.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        raise InvalidParameter(f"{url} is not a valid redirect URI.", field=field) from None
    if not parts.scheme or "#" in url or (parts.scheme in {"http", "https"} and not host):
        reason = "cannot contain a fragment" if "#" in url else "is not an absolute URI"
        raise InvalidParameter(f"{url} {reason}.", field=field)
    if (parts.scheme == "http" and not _is_loopback(host or "")) or parts.scheme in _SCHEMES_OF_BROWSERS:
        raise InvalidParameter(f"{url} cannot use the {parts.scheme.upper()} protocol.", field=field)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _allowed_flows(flows: Iterable[str]) -> frozenset[str]:
    """ALLOW_ names. Legacy values came with refresh, and with SRP unless only custom challenges were wanted."""
    given = frozenset(flows)
    if not given <= set(_LEGACY_FLOWS):
        return given
    implied = {_REFRESH}
    if "CUSTOM_AUTH_FLOW_ONLY" not in given:
        implied.add("ALLOW_USER_SRP_AUTH")
    return frozenset(_LEGACY_FLOWS[flow] for flow in given) | implied


@dataclass(frozen=True, slots=True)
class ClientSettings(View):
    """What an app client may do. `readable`, `writable`: None means everything the schema allows.

    `rotates`: a refresh token is spent by its exchange, and works again during `retry_grace`.
    """

    auth_flows: frozenset[str]
    readable: frozenset[str] | None
    writable: frozenset[str] | None
    hides_existence: bool
    revokes_tokens: bool
    rotates: bool
    retry_grace: timedelta

    @classmethod
    def read(cls, settings: Members) -> Self:
        readable, writable = settings.get("ReadAttributes"), settings.get("WriteAttributes")
        rotates = _rotates(settings)
        flows = _allowed_flows(settings.get("ExplicitAuthFlows", _DEFAULT_FLOWS))
        return cls(
            auth_flows=flows - {_REFRESH} if rotates else flows,
            readable=None if readable is None else frozenset(readable) | {"sub"},
            writable=None if writable is None else frozenset(writable),
            hides_existence=settings.get("PreventUserExistenceErrors") == "ENABLED",
            revokes_tokens=settings["EnableTokenRevocation"],
            rotates=rotates,
            retry_grace=timedelta(seconds=settings.get("RefreshTokenRotation", {}).get("RetryGracePeriodSeconds") or 0),
        )

    def may_read(self, name: str) -> bool:
        return self.readable is None or name in self.readable
