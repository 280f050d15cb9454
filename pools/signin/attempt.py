"""The sign-in machine: begin with a flow, answer challenges, until nothing is missing.

State between requests is one row. A Session string is used once: an accepted answer swaps the row's step, and of two
answers at once one wins, on every database, without locks. A wrong answer leaves step and Session as they were.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from identity import clock, ids
from identity.access import audit
from identity.access.actor import Actor
from identity.errors import (
    SESSION_EXPIRED,
    SESSION_INVALID,
    SESSION_USED,
    InvalidParameter,
    NotAuthorized,
)
from pools.accounts import attributes as user_attributes
from pools.config.lifetimes import Lifetimes
from pools.config.sign_in import SignInSettings
from pools.models import Attempt, Client
from pools.signin import finish, flows, order
from pools.signin.challenges.base import Challenge
from pools.signin.challenges.new_password import NewPassword
from pools.signin.finish import SignedIn
from pools.signin.flows import Channel

CHALLENGES: Mapping[str, type[Challenge]] = {challenge.name: challenge for challenge in (NewPassword,)}


@dataclass(frozen=True, slots=True)
class Challenged:
    """Something is missing: the challenge, its parameters, and the Session that its answer must bring."""

    name: str
    parameters: Mapping[str, str]
    session: str


def begin(
    client: Client, flow: str, parameters: Mapping[str, str], *, channel: Channel, by: Actor
) -> SignedIn | Challenged:
    """Start a sign-in. One that is finished at once leaves no row.

    Raises: what the flow's first proof raises.
    """
    user, proof = flows.first_proof(client, flow, channel, parameters)
    attempt = Attempt(pool=client.pool, client=client, holder=user, channel=channel, flow=flow, proofs=[proof])
    attempt.name = parameters["USERNAME"]
    attempt.user = user
    return _proceed(attempt, by)


def answer(
    client: Client,
    challenge_name: str,
    session: str | None,
    username: str,
    answers: Mapping[str, str],
    *,
    channel: Channel,
    by: Actor,
) -> SignedIn | Challenged:
    """Answer the challenge that a Session waits for. What it brings and the operator's audit row are one write.

    Raises: NotAuthorized (Session unknown, used, expired, of another client, channel, user or step), InvalidParameter,
    and what the challenge raises.
    """
    attempt = _find(session)
    if attempt.client_id != client.pk or attempt.channel != channel or attempt.challenge != challenge_name:
        raise NotAuthorized(SESSION_INVALID)
    attempt.client = client
    attempt.user.pool = client.pool
    fold = SignInSettings.of(client.pool).fold
    if fold(username) not in map(fold, finish.names(attempt.user)):
        raise NotAuthorized(SESSION_INVALID)
    finish.check_still_allowed(attempt.user)
    proof = CHALLENGES[challenge_name]().check(attempt, answers)
    with transaction.atomic():
        user_attributes.locked(attempt.user)  # before the attempt's row, as whoever deletes the user does
        _accept(attempt, proof.name)
        proof.effect()
        audit.record(by, client.pool.arn, sub=attempt.user.sub, client_id=client.client_id, answered=challenge_name)
    return _proceed(attempt)


def _proceed(attempt: Attempt, by: Actor | None = None) -> SignedIn | Challenged:
    """The next challenge, or the end. `by` is who began the sign-in, where that has no audit row yet."""
    challenge = order.next_challenge(attempt)
    if challenge is None:
        return finish.finish(attempt)
    parameters = challenge().offer(attempt)
    return Challenged(challenge.name, parameters, _open_session(attempt, challenge.name, by))


def _open_session(attempt: Attempt, challenge_name: str, by: Actor | None) -> str:
    """Keep the attempt with a new Session string: a public handle and a secret, the whole stored hashed."""
    now = clock.now()
    attempt.handle = attempt.handle or ids.token(16)
    session = f"{attempt.handle}.{ids.token(48)}"
    attempt.digest = _digest(session)
    attempt.challenge = challenge_name
    attempt.expires_at = now + Lifetimes.of(attempt.client).auth_session
    try:
        with transaction.atomic():
            attempt.save()
            if by is not None:
                _record_challenge(attempt, by)
    except IntegrityError:  # the user has been deleted since the last proof
        raise NotAuthorized() from None
    return session


def _record_challenge(attempt: Attempt, by: Actor) -> None:
    user, client = attempt.user, attempt.client
    audit.record(by, client.pool.arn, sub=user.sub, client_id=client.client_id, challenge=attempt.challenge)


def _find(session: str | None) -> Attempt:
    if session is None:
        raise InvalidParameter("Missing required parameter Session")
    handle = session.partition(".")[0]
    attempt = Attempt.objects.select_related("holder").filter(handle=handle).first()
    if attempt is None:
        raise NotAuthorized(SESSION_INVALID)
    digest = _digest(session)
    if not hmac.compare_digest(bytes(attempt.digest), digest):
        raise NotAuthorized(SESSION_USED if digest.hex() in attempt.spent else SESSION_INVALID)
    if attempt.expires_at <= clock.now() or attempt.holder is None:
        raise NotAuthorized(SESSION_EXPIRED)
    attempt.user = attempt.holder
    return attempt


def _accept(attempt: Attempt, proof: str) -> None:
    """Swap the step: the Session is used up, whether or not another one follows."""
    spent = [*attempt.spent, bytes(attempt.digest).hex()]
    proofs = [*attempt.proofs, proof]
    changed = Attempt.objects.filter(pk=attempt.pk, step=attempt.step).update(
        step=attempt.step + 1, digest=b"", spent=spent, proofs=proofs
    )
    if not changed:
        raise NotAuthorized(SESSION_USED)
    attempt.step += 1
    attempt.spent = spent
    attempt.proofs = proofs


def _digest(session: str) -> bytes:
    return hashlib.sha256(session.encode()).digest()
