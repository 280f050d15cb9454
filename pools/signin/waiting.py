"""What a sign-in on pages waits for, shown as often as a page is loaded: looking asks nothing and sends nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction

from identity.access import audit
from identity.access.actor import Actor
from identity.errors import SESSION_INVALID, InvalidParameter, NotAuthorized
from pools.models import Attempt, Client
from pools.signin import decoy, enrolment, proofs, session, standing
from pools.signin.attempt import CHALLENGES, OFFERED, Challenged, offer
from pools.signin.challenges.one_time_code import EmailOtp, SmsMfa, SmsOtp
from pools.signin.flows import Channel
from pools.triggers.origin import NOBODY, Origin

SENT = frozenset({EmailOtp.name, SmsOtp.name, SmsMfa.name})
"""Challenges whose code can be sent once more."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The challenge and its parameters, as they were offered.

    `username` is what the sign-in began with, which answers bring. `available` is what USER_AUTH's user could begin
    with, while nothing is proven. `secret` is that of the authenticator app that is being set up.
    """

    name: str
    parameters: Mapping[str, str]
    username: str
    available: Sequence[str]
    secret: str | None


def find(client: Client, session_string: str | None) -> Waiting:
    """Raises: NotAuthorized (Session unknown, used, expired, of another client or channel; user disabled),
    PasswordResetRequired."""
    attempt = _find(client, session_string)
    return Waiting(
        attempt.challenge,
        attempt.data.get(OFFERED, {}),
        attempt.name,
        () if proofs.FIRST & set(attempt.proofs) else attempt.data.get("available", ()),
        enrolment.secret_of(attempt),
    )


def again(client: Client, session_string: str | None, *, by: Actor, origin: Origin = NOBODY) -> Challenged:
    """Send a new code in place of the one that waits, within the limits of codes; the Session is replaced.

    Where that fails, code and Session stay as they were.
    Raises: as `find`; InvalidParameter (nothing that is sent), TooManyRequests, NotAuthorized (too many wrong codes),
    MFAMethodNotFound, CodeDeliveryFailure.
    """
    attempt = _find(client, session_string)
    if attempt.challenge not in SENT:
        raise InvalidParameter(f"{attempt.challenge} sends no code.")
    attempt.origin = origin
    challenge = CHALLENGES[attempt.challenge]
    parameters = offer(attempt, challenge)
    with transaction.atomic():
        session.use(attempt)
        sub, pool = decoy.sub_of(attempt.user), client.pool
        audit.record(by, pool.arn, sub=sub, client_id=client.client_id, challenge=challenge.name)
    return Challenged(challenge.name, parameters, session.open(attempt, challenge.name))


def _find(client: Client, session_string: str | None) -> Attempt:
    attempt = session.find(session_string or "")
    is_of_pages = attempt.channel == Channel.HOSTED and attempt.challenge in CHALLENGES
    if not is_of_pages or attempt.client_id != client.pk:
        raise NotAuthorized(SESSION_INVALID)
    standing.check_may_go_on(attempt, attempt.user)
    return attempt
