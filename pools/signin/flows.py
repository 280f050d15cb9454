"""Authentication flows: which the client must allow, on which channel, and how each one's first proof is made.

Source: guide, "Authentication flows"; InitiateAuth and AdminInitiateAuth in the API reference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from identity import clock, keyring
from identity.errors import (
    TEMPORARY_PASSWORD_EXPIRED,
    USER_DISABLED,
    InvalidParameter,
    NotAuthorized,
    PasswordResetRequired,
    UnsupportedOperation,
    UserNotConfirmed,
    UserNotFound,
    missing_parameter,
)
from pools import lookup
from pools.accounts import passwords
from pools.config.client import ClientSettings
from pools.config.sign_in import SignInSettings
from pools.models import Attempt, Client, Credential, User
from pools.models.user import UserStatus

Channel = Attempt.Channel
Prove = Callable[[Client, Mapping[str, str]], tuple[User, str]]


@dataclass(frozen=True, slots=True)
class Flow:
    """`prove` returns the user and the name of the first proof; None marks a flow of a later release."""

    allowed_by: str
    channels: frozenset[Channel]
    prove: Prove | None = None


def password(client: Client, parameters: Mapping[str, str]) -> tuple[User, str]:
    """USERNAME and PASSWORD in clear.

    A wrong password is told before any status, so that a status is shown only to who knows the password.
    Raises: InvalidParameter, NotAuthorized, UserNotFound, UserNotConfirmed, PasswordResetRequired.
    """
    username = parameters.get("USERNAME")
    if not username:
        raise missing_parameter("USERNAME")
    given = parameters.get("PASSWORD")
    if not given:
        raise missing_parameter("PASSWORD")
    hides_existence = ClientSettings.of(client).hides_existence
    user = lookup.find_user(client.pool, username)
    if user is None:
        raise _unknown(client, username, given) if hides_existence else UserNotFound()
    if not user.enabled and not hides_existence:
        raise NotAuthorized(USER_DISABLED)
    guard = passwords.guard(str(user.pk))
    if not passwords.is_correct(user, given):
        guard.failed()
        if user.status == UserStatus.RESET_REQUIRED and not hides_existence and not passwords.is_set(user):
            raise PasswordResetRequired()  # imported without a password: there is no right one to give first
        raise NotAuthorized()
    guard.passed()
    _check_status(user)
    return user, "password"


def _unknown(client: Client, username: str, given: str) -> NotAuthorized:
    """A user that does not exist fails like a wrong password: same text, same time, same lock-out."""
    name = SignInSettings.of(client.pool).fold(username)
    guard = passwords.guard(f"{client.pool.id}:{keyring.mac('unknown name', name).hex()}")
    passwords.waste_time(given)
    guard.failed()
    return NotAuthorized()


def _check_status(user: User) -> None:
    if not user.enabled:
        raise NotAuthorized(USER_DISABLED)
    if user.status == UserStatus.UNCONFIRMED:
        raise UserNotConfirmed()
    if user.status == UserStatus.RESET_REQUIRED:
        raise PasswordResetRequired()
    if user.status == UserStatus.EXTERNAL_PROVIDER:
        raise NotAuthorized()
    if user.status == UserStatus.FORCE_CHANGE_PASSWORD:
        ended = Credential.objects.filter(user=user, expires_at__lte=clock.now())
        if ended.exists():
            raise NotAuthorized(TEMPORARY_PASSWORD_EXPIRED)


_BOTH = frozenset({Channel.API, Channel.ADMIN})
_ADMIN_PASSWORD = Flow("ALLOW_ADMIN_USER_PASSWORD_AUTH", frozenset({Channel.ADMIN}), password)
FLOWS: Mapping[str, Flow] = {
    "USER_PASSWORD_AUTH": Flow("ALLOW_USER_PASSWORD_AUTH", frozenset({Channel.API}), password),
    "ADMIN_USER_PASSWORD_AUTH": _ADMIN_PASSWORD,
    "ADMIN_NO_SRP_AUTH": _ADMIN_PASSWORD,
    "USER_SRP_AUTH": Flow("ALLOW_USER_SRP_AUTH", _BOTH),
    "CUSTOM_AUTH": Flow("ALLOW_CUSTOM_AUTH", _BOTH),
    "USER_AUTH": Flow("ALLOW_USER_AUTH", _BOTH),
    "REFRESH_TOKEN_AUTH": Flow("ALLOW_REFRESH_TOKEN_AUTH", _BOTH),
    "REFRESH_TOKEN": Flow("ALLOW_REFRESH_TOKEN_AUTH", _BOTH),
}
REFRESH = frozenset({"REFRESH_TOKEN_AUTH", "REFRESH_TOKEN"})


def check_allowed(client: Client, name: str, channel: Channel) -> None:
    """Raises: InvalidParameter, when the channel or the client does not allow the flow."""
    flow = FLOWS[name]
    if channel not in flow.channels:
        raise InvalidParameter("Initiate Auth method not supported.")
    if flow.allowed_by not in ClientSettings.of(client).auth_flows:
        if channel is Channel.ADMIN:
            raise InvalidParameter("Auth flow not enabled for this client")
        raise InvalidParameter(f"{name} flow not enabled for this client")


def first_proof(client: Client, name: str, channel: Channel, parameters: Mapping[str, str]) -> tuple[User, str]:
    """The user who starts a sign-in, and what they have proven.

    Raises: InvalidParameter (not allowed, parameter missing), UnsupportedOperation, and what the flow raises.
    """
    check_allowed(client, name, channel)
    prove = FLOWS[name].prove
    if prove is None:
        raise UnsupportedOperation(f"{name} is not available in this version of Gatehouse.")
    return prove(client, parameters)
