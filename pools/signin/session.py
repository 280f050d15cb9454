"""Session strings: the handle of an attempt between two requests.

A Session is random, stored hashed, and used once: an accepted answer swaps the attempt's step, so that of two answers
at once one wins, on every database. A refused answer leaves step and Session as they were.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from identity import clock, ids
from identity.access import audit
from identity.access.actor import Actor
from identity.errors import SESSION_EXPIRED, SESSION_INVALID, SESSION_USED, InvalidParameter, NotAuthorized
from pools.config.lifetimes import Lifetimes
from pools.models import Attempt, Credential
from pools.signin import decoy, proofs

SHORTEST_ON_PAGES = timedelta(minutes=5)
"""A person has to find their telephone, and may be slow at typing. Source: WCAG 2.2, 2.2.1."""


def lifetime(attempt: Attempt) -> timedelta:
    """How long each challenge of an attempt waits for its answer."""
    said = Lifetimes.of(attempt.client).auth_session
    return max(said, SHORTEST_ON_PAGES) if attempt.channel == Attempt.Channel.HOSTED else said


def name(attempt: Attempt) -> None:
    """Give an attempt its public handle."""
    attempt.handle = attempt.handle or ids.token(16)


def open(attempt: Attempt, waits_for: str, by: Actor | None = None, *, lasting: timedelta | None = None) -> str:
    """Keep the attempt with a new Session string: its handle and a secret, the whole stored hashed.

    `by` is who began the sign-in, where that has no audit row yet; `lasting` stands for `lifetime`.
    Raises: NotAuthorized.
    """
    name(attempt)
    session = f"{attempt.handle}.{ids.token(48)}"
    attempt.digest = _digest(session)
    attempt.challenge = waits_for
    attempt.expires_at = clock.now() + (lasting or lifetime(attempt))
    try:
        with transaction.atomic():
            attempt.save()
            if by is not None:
                client, sub = attempt.client, decoy.sub_of(attempt.user)
                audit.record(by, client.pool.arn, sub=sub, client_id=client.client_id, challenge=waits_for)
    except IntegrityError:  # the user has been deleted since the last proof
        raise NotAuthorized() from None
    return session


def find(session: str | None, waits_for: str | None = None) -> Attempt:
    """The attempt of a Session that waits for this challenge, or any; its user is a decoy where nobody has the name.

    Raises: InvalidParameter, NotAuthorized (unknown, used, expired, waiting for something else).
    """
    if session is None:
        raise InvalidParameter("Missing required parameter Session")
    handle = session.partition(".")[0]
    attempt = Attempt.objects.select_related("holder", "client__pool").filter(handle=handle).first()
    if attempt is None:
        raise NotAuthorized(SESSION_INVALID)
    digest = _digest(session)
    if not hmac.compare_digest(bytes(attempt.digest), digest):
        raise NotAuthorized(SESSION_USED if digest.hex() in attempt.spent else SESSION_INVALID)
    if attempt.expires_at <= clock.now():
        raise NotAuthorized(SESSION_EXPIRED)
    if waits_for is not None and attempt.challenge != waits_for:
        raise NotAuthorized(SESSION_INVALID)
    attempt.user = attempt.holder or decoy.of(attempt.client.pool, attempt.name)
    attempt.user.pool = attempt.client.pool
    return attempt


def use(attempt: Attempt) -> None:
    """Swap the step: the Session is used up, whether or not another one follows; call inside a transaction.

    Raises: NotAuthorized, when another answer was faster, or the password that began the sign-in is no longer the
    user's.
    """
    spent = [*attempt.spent, bytes(attempt.digest).hex()]
    changed = Attempt.objects.filter(pk=attempt.pk, step=attempt.step).update(
        step=attempt.step + 1, digest=b"", spent=spent, proofs=attempt.proofs, data=attempt.data
    )
    if not changed:
        raise NotAuthorized(SESSION_USED)
    if _is_outlived(attempt):
        raise NotAuthorized(SESSION_INVALID)
    attempt.step += 1
    attempt.spent = spent


def _is_outlived(attempt: Attempt) -> bool:
    """Whether the user's password was replaced after it was proven."""
    if not {proofs.PASSWORD, proofs.SRP} & set(attempt.proofs):
        return False
    said = attempt.data.get("password_at")  # not by sign-ins that the release before this one has begun
    proven_at = attempt.created_at if said is None else datetime.fromisoformat(said)
    return Credential.objects.filter(user=attempt.holder_id, changed_at__gt=proven_at).exists()


def _digest(session: str) -> bytes:
    return hashlib.sha256(session.encode()).digest()
