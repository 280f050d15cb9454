"""Sign-in: begin with a flow, answer challenges; the public pair and the administrators' pair."""

from __future__ import annotations

from typing import Any

from identity.access import audit
from identity.errors import (
    REFRESH_TOKEN_REVOKED,
    InvalidParameter,
    NotAuthorized,
    RefreshTokenReuse,
    missing_parameter,
)
from identity.wire.call import Answer, Call
from identity.wire.services import cognito_idp
from pools import lookup
from pools.accounts import client_proof
from pools.models import Client
from pools.operations.origin import origin
from pools.signin import attempt, flows, standing
from pools.signin.attempt import CHALLENGES, Challenged
from pools.signin.finish import SignedIn
from pools.signin.flows import Channel
from pools.tokens import issue, refresh
from pools.tokens.issue import Tokens
from pools.triggers.origin import Origin
from pools.triggers.token_generation import REFRESH

# Threat protection and analytics are what these would reach; none of them exists yet.
_PUBLIC = ("AnalyticsMetadata", "UserContextData")
_ADMIN = ("AnalyticsMetadata", "ContextData")


@cognito_idp.operation("InitiateAuth", ignores=_PUBLIC)
def initiate_auth(
    call: Call,
    *,
    client_id: str,
    auth_flow: str,
    auth_parameters: dict[str, str] | None = None,
    session: str | None = None,
    client_metadata: dict[str, str] | None = None,
) -> Answer:
    client = lookup.client(client_id)
    told = origin(call, client, validation_data=client_metadata)
    return _begin(call, client, auth_flow, auth_parameters or {}, session, Channel.API, told)


@cognito_idp.operation("AdminInitiateAuth", ignores=_ADMIN)
def admin_initiate_auth(
    call: Call,
    *,
    user_pool_id: str,
    client_id: str,
    auth_flow: str,
    auth_parameters: dict[str, str] | None = None,
    session: str | None = None,
    client_metadata: dict[str, str] | None = None,
) -> Answer:
    client = lookup.client(client_id, lookup.pool(user_pool_id, call.region))
    told = origin(call, client, validation_data=client_metadata)
    return _begin(call, client, auth_flow, auth_parameters or {}, session, Channel.ADMIN, told)


@cognito_idp.operation("RespondToAuthChallenge", ignores=_PUBLIC)
def respond_to_auth_challenge(
    call: Call,
    *,
    client_id: str,
    challenge_name: str,
    session: str | None = None,
    challenge_responses: dict[str, str] | None = None,
    client_metadata: dict[str, str] | None = None,
) -> Answer:
    client = lookup.client(client_id)
    told = origin(call, client, client_metadata)
    return _answer(call, client, challenge_name, session, challenge_responses or {}, Channel.API, told)


@cognito_idp.operation("AdminRespondToAuthChallenge", ignores=_ADMIN)
def admin_respond_to_auth_challenge(
    call: Call,
    *,
    user_pool_id: str,
    client_id: str,
    challenge_name: str,
    session: str | None = None,
    challenge_responses: dict[str, str] | None = None,
    client_metadata: dict[str, str] | None = None,
) -> Answer:
    client = lookup.client(client_id, lookup.pool(user_pool_id, call.region))
    told = origin(call, client, client_metadata)
    return _answer(call, client, challenge_name, session, challenge_responses or {}, Channel.ADMIN, told)


def _begin(
    call: Call,
    client: Client,
    flow: str,
    parameters: dict[str, str],
    session: str | None,
    channel: Channel,
    told: Origin,
) -> Answer:
    """What the caller tells functions at the beginning is for those alone that may refuse it, or bring a new user."""
    if flow in flows.REFRESH:
        return _refresh(call, client, flow, parameters, channel)
    _check_secret_hash(client, parameters)
    outcome = attempt.begin(client, flow, parameters, session, channel=channel, by=call.actor, origin=told)
    return _outcome(client, outcome)


def _answer(
    call: Call,
    client: Client,
    challenge_name: str,
    session: str | None,
    answers: dict[str, str],
    channel: Channel,
    told: Origin,
) -> Answer:
    _check_secret_hash(client, answers)
    if challenge_name not in CHALLENGES:
        raise InvalidParameter(f"{challenge_name} is not available in this version of Gatehouse.")
    username = answers.get("USERNAME")
    if not username:
        raise missing_parameter("USERNAME")
    outcome = attempt.answer(
        client, challenge_name, session, username, answers, channel=channel, by=call.actor, origin=told
    )
    return _outcome(client, outcome)


def _check_secret_hash(client: Client, given: dict[str, str]) -> None:
    """The hash is over the USERNAME of the same request."""
    username, secret_hash = given.get("USERNAME"), given.get("SECRET_HASH")
    if secret_hash is not None and not username:
        raise missing_parameter("USERNAME")
    client_proof.check_sign_in_hash(client, [username or ""], secret_hash)


def _refresh(call: Call, client: Client, flow: str, parameters: dict[str, str], channel: Channel) -> Answer:
    """The hash is over any name of the token's user: no USERNAME comes with a refresh. ClientMetadata goes nowhere."""
    secret_hash = parameters.get("SECRET_HASH")
    if secret_hash is None:
        client_proof.check_sign_in_hash(client, [], None)
    flows.check_allowed(client, flow, channel)
    token = parameters.get("REFRESH_TOKEN")
    if not token:
        raise missing_parameter("REFRESH_TOKEN")
    try:
        session, user = refresh.open_session(client, token)
    except RefreshTokenReuse:  # spent while rotation was on; the model does not list it for these operations
        raise NotAuthorized(REFRESH_TOKEN_REVOKED) from None
    client_proof.check_sign_in_hash(client, standing.names(user), secret_hash)
    tokens = issue.for_session(client.pool, client, user, session, origin=origin(call, client), source=REFRESH)
    audit.record(call.actor, client.pool.arn, sub=user.sub, client_id=client.client_id)
    return _signed_in(tokens)


def _outcome(client: Client, outcome: SignedIn | Challenged) -> Answer:
    if isinstance(outcome, Challenged):
        return {
            "ChallengeName": outcome.name,
            "ChallengeParameters": outcome.parameters,
            "Session": outcome.session,
            "AvailableChallenges": outcome.available,
        }
    tokens = issue.start_session(
        client.pool, outcome.client, outcome.user, by=outcome.by, origin=outcome.origin, source=outcome.source
    )
    return _signed_in(tokens)


def _signed_in(tokens: Tokens) -> Answer:
    return {"ChallengeParameters": {}, "AuthenticationResult": authentication_result(tokens)}


def authentication_result(tokens: Tokens) -> dict[str, Any]:
    return {
        "AccessToken": tokens.access_token,
        "IdToken": tokens.id_token,
        "RefreshToken": tokens.refresh_token,
        "ExpiresIn": tokens.expires_in,
        "TokenType": "Bearer",
    }
