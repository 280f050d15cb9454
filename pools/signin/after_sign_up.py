"""From sign-up to tokens without a second code: the code that confirmed the user is the first proof of a sign-in.

SignUp gives a Session, ConfirmSignUp takes it and gives another, InitiateAuth takes that in USER_AUTH. On the pages the
password that was set by signing up is the first proof, and one Session lasts until the user is confirmed.
Source: guide, "Authentication flows", choice-based sign-in; API reference, ConfirmSignUp and InitiateAuth.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from django.db import transaction

from identity import clock
from identity.errors import SESSION_INVALID, NotAuthorized
from pools.config.client import ClientSettings
from pools.models import Attempt, Client, User
from pools.signin import first_factors, flows, proofs, session, standing

_SIGNED_UP = "SignUp"
_ON_PAGES = timedelta(hours=1)
"""A browser waits as long as it stays signed in: mail may take its time. (Assumed.)"""
CONFIRMED = "ConfirmSignUp"
_PROOFS = {"email": proofs.EMAIL_CODE, "phone_number": proofs.SMS_CODE}
_FACTORS = {proofs.EMAIL_CODE: first_factors.EMAIL_OTP, proofs.SMS_CODE: first_factors.SMS_OTP}


def begin(client: Client, user: User, username: str) -> str | None:
    """The Session of a new user, where the client lets users begin with a choice."""
    attempt = _attempt(client, user, username)
    return None if attempt is None else session.open(attempt, _SIGNED_UP)


def _attempt(client: Client, user: User, username: str) -> Attempt | None:
    if flows.FLOWS[flows.CHOICE].allowed_by not in ClientSettings.of(client).auth_flows:
        return None
    return _new(client, user, username, flows.Channel.API)


def _new(client: Client, user: User, username: str, channel: flows.Channel) -> Attempt:
    attempt = Attempt(pool=client.pool, client=client, holder=user, name=username, flow=flows.CHOICE)
    attempt.user, attempt.channel = user, channel
    return attempt


def begin_on_page(client: Client, user: User, username: str, *, has_password: bool) -> str:
    """The Session of the browser in which somebody has just signed up, for `find_on_page`."""
    attempt = _new(client, user, username, flows.Channel.HOSTED)
    if has_password:
        attempt.flow = flows.HOSTED
        attempt.proofs, attempt.data = [proofs.PASSWORD], {"password_at": clock.now().isoformat()}
    return session.open(attempt, _SIGNED_UP, lasting=_ON_PAGES)


def find_on_page(client: Client, session_string: str, username: str, attribute: str | None) -> Attempt:
    """The attempt of `begin_on_page` for a user who is confirmed, with its first proof.

    `attribute` is where a code went that this browser has just shown: of who set no password, the only proof.
    Raises: NotAuthorized, also where there is no proof; UserNotConfirmed, PasswordResetRequired.
    """
    attempt = session.find(session_string, _SIGNED_UP)
    _check_is_of(attempt, client, flows.Channel.HOSTED, username)
    standing.check(attempt.user)
    if not attempt.proofs:
        proof = _PROOFS[attribute] if attribute is not None else None
        if proof is None or not first_factors.may_use_code(attempt.user, _FACTORS[proof]):
            raise NotAuthorized()
        attempt.proofs = [proof]
    return attempt


def find(client: Client, session_string: str, username: str) -> Attempt:
    """The attempt that SignUp has begun. Raises: NotAuthorized."""
    attempt = session.find(session_string, _SIGNED_UP)
    _check_is_of(attempt, client, flows.Channel.API, username)
    return attempt


def _check_is_of(attempt: Attempt, client: Client, channel: flows.Channel, username: str) -> None:
    """Raises: NotAuthorized."""
    if attempt.channel != channel or attempt.client_id != client.pk or not standing.is_called(attempt, username):
        raise NotAuthorized(SESSION_INVALID)


def confirmed(attempt: Attempt | None, client: Client, user: User, username: str, attribute: str) -> str | None:
    """The Session of a user whom a code to `email` or `phone_number` has just confirmed.

    Amplify does not send the Session of SignUp, and goes on with the one it finds here: without an attempt, one begins.
    Raises: NotAuthorized.
    """
    if attempt is None:
        attempt = _attempt(client, user, username)
    else:
        with transaction.atomic():
            session.use(attempt)
    if attempt is None:
        return None
    attempt.proofs = [_PROOFS[attribute]]
    return session.open(attempt, CONFIRMED)


def is_first_factor(attempt: Attempt, parameters: Mapping[str, str]) -> bool:
    """Whether the code that confirmed the user is what they may, and want to, begin with."""
    factor = _FACTORS[attempt.proofs[0]]
    return first_factors.may_use_code(attempt.user, factor) and parameters.get("PREFERRED_CHALLENGE", factor) == factor
