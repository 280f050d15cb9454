"""The sign-in machine: begin with a flow, answer challenges, until nothing is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction

from identity.access import audit
from identity.access.actor import Actor
from identity.errors import SESSION_INVALID, NotAuthorized
from pools.accounts import rivals
from pools.models import Attempt, Client
from pools.signin import (
    after_sign_up,
    decision,
    decoy,
    finish,
    flows,
    order,
    permission,
    rounds,
    secret_block,
    session,
    standing,
)
from pools.signin.challenges.base import Challenge, Proof, required
from pools.signin.challenges.custom import Custom
from pools.signin.challenges.mfa_setup import MfaSetup
from pools.signin.challenges.new_password import NewPassword
from pools.signin.challenges.one_time_code import EmailOtp, SmsMfa, SmsOtp
from pools.signin.challenges.password import Password
from pools.signin.challenges.select import SelectChallenge, SelectMfaType
from pools.signin.challenges.software_token import SoftwareTokenMfa
from pools.signin.challenges.srp import PasswordSrp, PasswordVerifier
from pools.signin.finish import SignedIn
from pools.signin.flows import Channel
from pools.triggers.origin import NOBODY, Origin

CHALLENGES: Mapping[str, type[Challenge]] = {
    challenge.name: challenge
    for challenge in (
        SelectChallenge,
        Password,
        PasswordSrp,
        PasswordVerifier,
        Custom,
        EmailOtp,
        SmsOtp,
        NewPassword,
        SelectMfaType,
        SmsMfa,
        SoftwareTokenMfa,
        MfaSetup,
    )
}

OFFERED = "offered"
"""The key of `Attempt.data` under which a sign-in on pages keeps the parameters of what it waits for."""


@dataclass(frozen=True, slots=True)
class Challenged:
    """Something is missing: the challenge, its parameters, and the Session that its answer must bring.

    There is none where SECRET_BLOCK is the handle. `available` is what USER_AUTH's user could begin with.
    """

    name: str
    parameters: Mapping[str, str]
    session: str | None
    available: Sequence[str] | None = None


def begin(
    client: Client,
    flow: str,
    parameters: Mapping[str, str],
    session_string: str | None = None,
    *,
    channel: Channel,
    by: Actor,
    origin: Origin = NOBODY,
) -> SignedIn | Challenged:
    """Start a sign-in. One that is finished at once leaves no row. A Session is ConfirmSignUp's, for USER_AUTH.

    Raises: what the flow's first proof raises; NotAuthorized (Session); what the pool's functions raise.
    """
    if session_string is not None and flow == flows.CHOICE:
        flows.check_allowed(client, flow, channel)
        resumed = session.find(session_string, after_sign_up.CONFIRMED)
        _check_is_of(resumed, client, required(parameters, "USERNAME"))
        if after_sign_up.is_first_factor(resumed, parameters):
            resumed.channel, resumed.origin = channel, origin
            permission.to_begin(resumed)
            accept(resumed, (), by)
            return _proceed(resumed)
    attempt = flows.begun(client, flow, channel, parameters, origin)
    decision.make(attempt)
    first = order.next_challenge(attempt)
    if first is not None and _has_come(first, parameters):
        _prove(attempt, parameters, first)
    return _proceed(attempt, by)


def answer(
    client: Client,
    challenge_name: str,
    session_string: str | None,
    username: str,
    answers: Mapping[str, str],
    *,
    channel: Channel,
    by: Actor,
    origin: Origin = NOBODY,
) -> SignedIn | Challenged:
    """Answer the challenge that a Session waits for. What it brings and the operator's audit row are one write.

    The Session is used up by an answer that is accepted, also when a function of the pool refuses or fails after that.
    Raises: NotAuthorized (Session unknown, used, expired, of another client, channel, user or step), InvalidParameter,
    what the challenge raises, and what the pool's functions raise.
    """
    challenge = CHALLENGES[challenge_name]
    if session_string is None and challenge is PasswordVerifier:
        return _answer_block(client, username, answers, channel=channel, by=by, origin=origin)
    attempt = session.find(session_string, challenge_name)
    if attempt.channel != channel:
        raise NotAuthorized(SESSION_INVALID)
    _check_is_of(attempt, client, username)
    attempt.origin = origin
    accept(attempt, _prove(attempt, answers, challenge), by)
    decision.make(attempt)
    return _proceed(attempt)


def go_on(
    client: Client, session_string: str, username: str, attribute: str | None, *, by: Actor, origin: Origin = NOBODY
) -> SignedIn | Challenged:
    """The sign-in that a sign-up on a page has begun, once its user is confirmed; `attribute`: see `find_on_page`.

    Raises: what `find_on_page` raises, and what the pool's functions raise.
    """
    resumed = after_sign_up.find_on_page(client, session_string, username, attribute)
    resumed.origin = origin
    permission.to_begin(resumed)
    accept(resumed, (), by)
    return _proceed(resumed)


def _answer_block(
    client: Client, username: str, answers: Mapping[str, str], *, channel: Channel, by: Actor, origin: Origin
) -> SignedIn | Challenged:
    """Plain USER_SRP_AUTH, whose first request left nothing behind but SECRET_BLOCK."""
    attempt = secret_block.attempt_of(client, answers, channel)
    if not standing.is_called(attempt, username):
        raise NotAuthorized(SESSION_INVALID)
    attempt.origin = origin
    _prove(attempt, answers, PasswordVerifier)
    return _proceed(attempt, by)


def _check_is_of(attempt: Attempt, client: Client, username: str) -> None:
    """Raises: NotAuthorized."""
    if attempt.client_id != client.pk or not standing.is_called(attempt, username):
        raise NotAuthorized(SESSION_INVALID)
    standing.check_may_go_on(attempt, attempt.user)


def _prove(attempt: Attempt, answers: Mapping[str, str], challenge: type[Challenge]) -> list[Proof]:
    """Check the answers, and those of the challenges after it that have come unasked. Nothing is written yet."""
    proven = []
    following: type[Challenge] | None = challenge
    while following is not None and (following is challenge or _has_come(following, answers)):
        proof = following().check(attempt, answers)
        attempt.proofs, attempt.data = [*attempt.proofs, proof.name], {**attempt.data, **proof.data}
        if rounds.asked(attempt) is not None:
            rounds.add(attempt, following.name, is_passed=proof.is_right)
        proven.append(proof)
        following = order.next_challenge(attempt)
        if following is challenge:
            break
    return proven


def _has_come(challenge: type[Challenge], answers: Mapping[str, str]) -> bool:
    return bool(challenge.unasked) and all(answers.get(name) for name in challenge.unasked)


def accept(attempt: Attempt, proven: Sequence[Proof], by: Actor) -> None:
    """Write what the answers bring, the swap of the step and the operator's audit row: all, or nothing.

    The user's row is locked before the attempt's, as by whoever deletes the user.
    Raises: NotAuthorized (answered, disabled or given another password meanwhile), PasswordResetRequired,
    UserNotFound, and what the effects raise.
    """
    names = {name: value for proof in proven for name, value in proof.names.items()}
    with transaction.atomic():
        user = attempt.user
        if user.is_decoy:
            decoy.look_up(user)
        else:
            user = rivals.locked(user, {**user.attributes, **names} if names else {})
            standing.check_may_go_on(attempt, user)
        answered = attempt.challenge
        session.use(attempt)
        for proof in proven:
            proof.effect(user)
        attempt.user = user
        client = attempt.client
        audit.record(by, client.pool.arn, sub=decoy.sub_of(user), client_id=client.client_id, answered=answered)


def _proceed(attempt: Attempt, by: Actor | None = None) -> SignedIn | Challenged:
    """The next challenge, or the end. `by` is who began the sign-in, where that has no audit row yet."""
    challenge = order.next_challenge(attempt)
    if challenge is None:
        return finish.finish(attempt, by)
    if attempt.flow == flows.SRP and challenge is PasswordVerifier:
        if by is not None:
            audit.record(
                by,
                attempt.client.pool.arn,
                sub=decoy.sub_of(attempt.user),
                client_id=attempt.client.client_id,
                challenge=challenge.name,
            )
        return Challenged(challenge.name, challenge().offer(attempt), None)
    session.name(attempt)
    parameters = offer(attempt, challenge)
    available = _available(attempt, challenge)
    return Challenged(challenge.name, parameters, session.open(attempt, challenge.name, by), available)


def offer(attempt: Attempt, challenge: type[Challenge]) -> Mapping[str, str]:
    """The parameters of a challenge; a sign-in on pages keeps them, to be shown as often as its page is loaded.

    Raises: what the challenge raises.
    """
    parameters = challenge().offer(attempt)
    if attempt.channel == Channel.HOSTED:
        attempt.data = {**attempt.data, OFFERED: parameters}
    return parameters


def _available(attempt: Attempt, challenge: type[Challenge]) -> list[str] | None:
    """AvailableChallenges: all of them before a choice, then the one that was chosen."""
    if attempt.flow != flows.CHOICE or attempt.proofs:
        return None
    return list(attempt.data["available"]) if challenge is SelectChallenge else [challenge.name]
