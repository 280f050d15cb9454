"""InitiateAuth, RespondToAuthChallenge and their administrator twins."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support import factories
from tests.support.clients import burst, refused, secret_hash
from tests.support.clock import Clock
from tests.support.factories import PASSWORD, unique
from tests.support.server import Server

NEW_PASSWORD = "Another-Horse-2"
WRONG = "Wrong-Password-1"
CHALLENGE = "NEW_PASSWORD_REQUIRED"

INCORRECT = "Incorrect username or password."
DISABLED = "User is disabled."
SESSION_INVALID = "Invalid session for the user."
SESSION_USED = "Invalid session for the user, session can only be used once."
SESSION_EXPIRED = "Invalid session for the user, session is expired."

EVERY_FLOW = [
    "ALLOW_USER_PASSWORD_AUTH",
    "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    "ALLOW_REFRESH_TOKEN_AUTH",
    "ALLOW_USER_SRP_AUTH",
    "ALLOW_CUSTOM_AUTH",
    "ALLOW_USER_AUTH",
]


@dataclass(frozen=True)
class Pair:
    """The two operations of a sign-in: the public pair, or the administrators'."""

    caller: Any
    is_admin: bool

    def begin(self, client: dict[str, Any], flow: str | None = None, **parameters: str) -> Any:
        own = "ADMIN_USER_PASSWORD_AUTH" if self.is_admin else "USER_PASSWORD_AUTH"
        members = {"ClientId": client["ClientId"], "AuthFlow": flow or own, "AuthParameters": parameters}
        if self.is_admin:
            return self.caller.admin_initiate_auth(UserPoolId=client["UserPoolId"], **members)
        return self.caller.initiate_auth(**members)

    def sign_in(self, client: dict[str, Any], username: str, password: str = PASSWORD, **parameters: str) -> Any:
        return self.begin(client, USERNAME=username, PASSWORD=password, **parameters)

    def answer(
        self,
        client: dict[str, Any],
        session: str | None,
        responses: Mapping[str, str],
        challenge: str = CHALLENGE,
    ) -> Any:
        members = {"ClientId": client["ClientId"], "ChallengeName": challenge, "ChallengeResponses": responses}
        if session is not None:
            members["Session"] = session
        if self.is_admin:
            return self.caller.admin_respond_to_auth_challenge(UserPoolId=client["UserPoolId"], **members)
        return self.caller.respond_to_auth_challenge(**members)

    def set_password(
        self, client: dict[str, Any], session: str | None, username: str, password: str = NEW_PASSWORD, **others: str
    ) -> Any:
        responses = {"USERNAME": username, "NEW_PASSWORD": password, **others}
        return self.answer(client, session, responses)


@pytest.fixture(scope="module")
def of_apps(public: Any) -> Pair:
    return Pair(public, is_admin=False)


@pytest.fixture(scope="module")
def of_administrators(idp: Any) -> Pair:
    return Pair(idp, is_admin=True)


@pytest.fixture(params=["public", "admin"])
def pair(request: pytest.FixtureRequest, of_apps: Pair, of_administrators: Pair) -> Pair:
    return of_apps if request.param == "public" else of_administrators


# Users are fresh for each test; pools and clients can be shared.


@pytest.fixture(scope="module")
def pool(idp: Any) -> dict[str, Any]:
    return factories.make_pool(idp, AliasAttributes=["email", "phone_number", "preferred_username"])


@pytest.fixture(scope="module")
def client(idp: Any, pool: dict[str, Any]) -> dict[str, Any]:
    return factories.make_client(idp, pool)


@pytest.fixture(scope="module")
def secret_client(idp: Any, pool: dict[str, Any]) -> dict[str, Any]:
    return factories.make_client(idp, pool, GenerateSecret=True)


@pytest.fixture(scope="module")
def hiding_client(idp: Any, pool: dict[str, Any]) -> dict[str, Any]:
    """A client that does not tell whether a user exists."""
    return factories.make_client(idp, pool, PreventUserExistenceErrors="ENABLED")


@pytest.fixture(scope="module")
def other_pool(idp: Any) -> dict[str, Any]:
    return factories.make_pool(idp)


def invite(idp: Any, pool: dict[str, Any], username: str | None = None, **attributes: str) -> str:
    """A user whose temporary password is `PASSWORD`."""
    name = username or unique()
    idp.admin_create_user(
        UserPoolId=pool["Id"],
        Username=name,
        TemporaryPassword=PASSWORD,
        MessageAction="SUPPRESS",
        UserAttributes=[{"Name": key, "Value": value} for key, value in attributes.items()],
    )
    return name


@pytest.fixture
def invited(idp: Any, pool: dict[str, Any]) -> str:
    return invite(idp, pool)


def attributes_of(idp: Any, pool: dict[str, Any], username: str) -> dict[str, str]:
    return factories.attributes_of(idp.admin_get_user(UserPoolId=pool["Id"], Username=username))


def status_of(idp: Any, pool: dict[str, Any], username: str) -> str:
    return str(idp.admin_get_user(UserPoolId=pool["Id"], Username=username)["UserStatus"])


def write_users(server: Server, changes: Mapping[str, Mapping[str, Any]]) -> None:
    """Change columns of users for which there is no operation yet."""
    lines = [f"User.objects.filter(username={name!r}).update(**{dict(columns)!r})" for name, columns in changes.items()]
    server.manage("shell", "-c", "from pools.models import User\n" + "\n".join(lines))


# The answer to a right password


def test_right_password_gives_three_tokens(public: Any, client: dict[str, Any], user: str) -> None:
    result = factories.sign_in(public, client, user)
    assert {"AccessToken", "IdToken", "RefreshToken"} < result.keys()
    assert (result["ExpiresIn"], result["TokenType"]) == (3600, "Bearer")


def test_wrong_password_is_refused(public: Any, client: dict[str, Any], user: str) -> None:
    with refused("NotAuthorizedException", INCORRECT):
        factories.sign_in(public, client, user, WRONG)


def test_a_finished_sign_in_answers_tokens_and_empty_parameters_alone(
    pair: Pair, client: dict[str, Any], user: str
) -> None:
    answer = pair.sign_in(client, user)
    del answer["ResponseMetadata"]
    result = answer.pop("AuthenticationResult")
    assert answer == {"ChallengeParameters": {}}
    assert result.keys() == {"AccessToken", "IdToken", "RefreshToken", "ExpiresIn", "TokenType"}
    assert re.fullmatch(r"[A-Za-z0-9-_=.]+", result["RefreshToken"])


def test_administrators_may_use_the_old_name_of_their_flow(
    of_administrators: Pair, client: dict[str, Any], user: str
) -> None:
    answer = of_administrators.begin(client, "ADMIN_NO_SRP_AUTH", USERNAME=user, PASSWORD=PASSWORD)
    assert "AccessToken" in answer["AuthenticationResult"]


# Names that sign in


def test_a_user_signs_in_by_every_name(idp: Any, of_apps: Pair, pool: dict[str, Any], client: dict[str, Any]) -> None:
    tag = unique("x")
    digits = "".join(str(ord(character) % 10) for character in tag)[-9:]
    email, phone, preferred = f"{tag}@example.com", f"+1{digits}", f"pref-{tag}"
    name = factories.make_user(
        idp,
        pool,
        email=email,
        email_verified="true",
        phone_number=phone,
        phone_number_verified="true",
        preferred_username=preferred,
    )
    sub = attributes_of(idp, pool, name)["sub"]
    for known_as in (name, sub, email, phone, preferred):
        assert "AuthenticationResult" in of_apps.sign_in(client, known_as), known_as


def test_an_unverified_alias_does_not_sign_in(
    idp: Any, of_apps: Pair, pool: dict[str, Any], client: dict[str, Any]
) -> None:
    email = f"{unique()}@example.com"
    factories.make_user(idp, pool, email=email)
    with refused("UserNotFoundException", "User does not exist."):
        of_apps.sign_in(client, email)


def test_an_address_that_is_the_user_name_signs_in_unverified(idp: Any, of_apps: Pair) -> None:
    pool = factories.make_pool(idp, UsernameAttributes=["email"])
    email = f"{unique()}@example.com"
    factories.make_user(idp, pool, email)
    assert "AuthenticationResult" in of_apps.sign_in(factories.make_client(idp, pool), email)


@pytest.mark.parametrize("case_sensitive", [True, False])
def test_case_of_the_name_matters_only_where_the_pool_says_so(idp: Any, of_apps: Pair, case_sensitive: bool) -> None:
    pool = factories.make_pool(idp, UsernameConfiguration={"CaseSensitive": case_sensitive})
    client = factories.make_client(idp, pool)
    factories.make_user(idp, pool, "Alice")
    assert "AuthenticationResult" in of_apps.sign_in(client, "Alice")
    if case_sensitive:
        with refused("UserNotFoundException"):
            of_apps.sign_in(client, "ALICE")
    else:
        assert "AuthenticationResult" in of_apps.sign_in(client, "ALICE")


def test_a_user_of_another_pool_is_unknown(
    idp: Any, of_apps: Pair, client: dict[str, Any], other_pool: dict[str, Any]
) -> None:
    name = factories.make_user(idp, other_pool)
    with refused("UserNotFoundException"):
        of_apps.sign_in(client, name)


# Flows


NOT_ENABLED = "{} flow not enabled for this client"


@pytest.mark.parametrize(
    ("allowed", "flow", "parameters"),
    [
        ("ALLOW_ADMIN_USER_PASSWORD_AUTH", "USER_PASSWORD_AUTH", {"USERNAME": "x", "PASSWORD": PASSWORD}),
        ("ALLOW_USER_PASSWORD_AUTH", "REFRESH_TOKEN_AUTH", {"REFRESH_TOKEN": "x"}),
        ("ALLOW_USER_PASSWORD_AUTH", "REFRESH_TOKEN", {"REFRESH_TOKEN": "x"}),
    ],
)
def test_a_flow_that_is_not_enabled_is_refused(
    idp: Any, of_apps: Pair, pool: dict[str, Any], allowed: str, flow: str, parameters: dict[str, str]
) -> None:
    client = factories.make_client(idp, pool, ExplicitAuthFlows=[allowed])
    with refused("InvalidParameterException", NOT_ENABLED.format(flow)):
        of_apps.begin(client, flow, **parameters)


@pytest.mark.parametrize("flow", ["ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"])
def test_an_administrators_flow_that_is_not_enabled_is_refused(
    idp: Any, of_administrators: Pair, pool: dict[str, Any], flow: str
) -> None:
    client = factories.make_client(idp, pool, ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"])
    with refused("InvalidParameterException", "Auth flow not enabled for this client"):
        of_administrators.begin(client, flow, USERNAME="x", PASSWORD=PASSWORD)


@pytest.mark.parametrize("flow", ["ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"])
def test_an_administrators_flow_is_no_method_of_apps(
    of_apps: Pair, client: dict[str, Any], user: str, flow: str
) -> None:
    with refused("InvalidParameterException", "Initiate Auth method not supported."):
        of_apps.begin(client, flow, USERNAME=user, PASSWORD=PASSWORD)


def test_an_apps_flow_is_no_method_of_administrators(
    of_administrators: Pair, client: dict[str, Any], user: str
) -> None:
    with refused("InvalidParameterException"):
        of_administrators.begin(client, "USER_PASSWORD_AUTH", USERNAME=user, PASSWORD=PASSWORD)


def test_what_comes_in_a_later_release_is_refused_aloud(idp: Any, pair: Pair, pool: dict[str, Any], user: str) -> None:
    client = factories.make_client(idp, pool, ExplicitAuthFlows=EVERY_FLOW)
    with refused("UnsupportedOperationException"):
        pair.begin(client, "USER_AUTH", USERNAME=user, TARGET_ACR_VALUES="urn:cognito:loa:2")


@pytest.mark.parametrize(
    ("legacy", "is_allowed", "is_admin"),
    [
        ("USER_PASSWORD_AUTH", True, False),
        ("USER_PASSWORD_AUTH", False, True),
        ("ADMIN_NO_SRP_AUTH", True, True),
        ("ADMIN_NO_SRP_AUTH", False, False),
        ("CUSTOM_AUTH_FLOW_ONLY", False, False),
        ("CUSTOM_AUTH_FLOW_ONLY", False, True),
    ],
)
def test_legacy_names_of_flows_allow_what_they_name(
    idp: Any, of_apps: Pair, of_administrators: Pair, pool: dict[str, Any], user: str, legacy: str,
    is_allowed: bool, is_admin: bool,
) -> None:  # fmt: skip
    client = factories.make_client(idp, pool, ExplicitAuthFlows=[legacy])
    pair = of_administrators if is_admin else of_apps
    if is_allowed:
        tokens = pair.sign_in(client, user)["AuthenticationResult"]
        refreshed = pair.begin(client, "REFRESH_TOKEN_AUTH", REFRESH_TOKEN=tokens["RefreshToken"])
        assert "AccessToken" in refreshed["AuthenticationResult"]
    else:
        with refused("InvalidParameterException"):
            pair.sign_in(client, user)


def test_an_unknown_flow_violates_the_model(of_apps: Pair, client: dict[str, Any]) -> None:
    with refused("InvalidParameterException") as refusal:
        of_apps.begin(client, "PASSWORD", USERNAME="x", PASSWORD=PASSWORD)
    assert refusal.message.startswith(
        "1 validation error detected: Value 'PASSWORD' at 'authFlow' failed to satisfy constraint: "
    )


@pytest.mark.parametrize(
    ("parameters", "missing"),
    [
        ({}, "USERNAME"),
        ({"PASSWORD": PASSWORD}, "USERNAME"),
        ({"USERNAME": "", "PASSWORD": PASSWORD}, "USERNAME"),
        ({"USERNAME": "nobody"}, "PASSWORD"),
        ({"USERNAME": "nobody", "PASSWORD": ""}, "PASSWORD"),
    ],
)
def test_a_missing_parameter_is_named(
    pair: Pair, client: dict[str, Any], parameters: dict[str, str], missing: str
) -> None:
    with refused("InvalidParameterException", f"Missing required parameter {missing}"):
        pair.begin(client, **parameters)


def test_no_parameters_at_all_miss_the_user_name(public: Any, client: dict[str, Any]) -> None:
    with refused("InvalidParameterException", "Missing required parameter USERNAME"):
        public.initiate_auth(ClientId=client["ClientId"], AuthFlow="USER_PASSWORD_AUTH")


# Pools and clients


def test_an_unknown_client_does_not_exist(pair: Pair, client: dict[str, Any], user: str) -> None:
    unknown = {**client, "ClientId": "0" * 26}
    with refused("ResourceNotFoundException", f"User pool client {'0' * 26} does not exist."):
        pair.sign_in(unknown, user)
    with refused("ResourceNotFoundException", f"User pool client {'0' * 26} does not exist."):
        pair.set_password(unknown, "s" * 40, user)


def test_a_client_of_another_pool_does_not_exist_for_administrators(
    of_administrators: Pair, client: dict[str, Any], other_pool: dict[str, Any], user: str
) -> None:
    foreign = {**client, "UserPoolId": other_pool["Id"]}
    with refused("ResourceNotFoundException", f"User pool client {client['ClientId']} does not exist."):
        of_administrators.sign_in(foreign, user)


def test_an_unknown_pool_does_not_exist(of_administrators: Pair, client: dict[str, Any], user: str) -> None:
    with refused("ResourceNotFoundException", "User pool us-east-1_000000000 does not exist."):
        of_administrators.sign_in({**client, "UserPoolId": "us-east-1_000000000"}, user)


# SECRET_HASH


def no_secret(client: dict[str, Any]) -> str:
    return f"Client {client['ClientId']} is configured with secret but SECRET_HASH was not received"


def wrong_hash(client: dict[str, Any]) -> str:
    return f"SecretHash does not match for the client: {client['ClientId']}"


def test_the_hash_is_the_one_of_the_guide() -> None:
    client = {"ClientId": "1234567890abcdefghijklmnop", "ClientSecret": "secretsecretsecretsecret1"}
    assert secret_hash(client, "alice") == "ZCzwDkYePC0JNojr3AS2pmKrIcmQ5IqR2YYg/VxOTbk="


def test_a_client_with_a_secret_needs_the_hash(pair: Pair, secret_client: dict[str, Any], user: str) -> None:
    with refused("NotAuthorizedException", no_secret(secret_client)):
        pair.sign_in(secret_client, user)
    answer = pair.sign_in(secret_client, user, SECRET_HASH=secret_hash(secret_client, user))
    assert "AccessToken" in answer["AuthenticationResult"]


def test_a_wrong_hash_is_refused_before_the_password_is_looked_at(
    pair: Pair, secret_client: dict[str, Any], user: str
) -> None:
    of_another_name = secret_hash(secret_client, f"{user}x")
    of_another_secret = secret_hash({**secret_client, "ClientSecret": "0" * 52}, user)
    for given in (of_another_name, of_another_secret, "nonsense", "", "ß"):
        with refused("NotAuthorizedException", wrong_hash(secret_client)):
            pair.sign_in(secret_client, user, WRONG, SECRET_HASH=given)


def test_a_hash_for_a_client_without_secret_is_refused(pair: Pair, client: dict[str, Any], user: str) -> None:
    given = secret_hash({**client, "ClientSecret": "0" * 52}, user)
    with refused("NotAuthorizedException", f"Unable to verify secret hash for client {client['ClientId']}"):
        pair.sign_in(client, user, SECRET_HASH=given)


def test_the_hash_is_over_the_name_as_typed(
    idp: Any, of_apps: Pair, pool: dict[str, Any], secret_client: dict[str, Any]
) -> None:
    email = f"{unique()}@example.com"
    name = factories.make_user(idp, pool, email=email, email_verified="true")
    of_apps.sign_in(secret_client, email, SECRET_HASH=secret_hash(secret_client, email))
    with refused("NotAuthorizedException", wrong_hash(secret_client)):
        of_apps.sign_in(secret_client, email, SECRET_HASH=secret_hash(secret_client, name))


def test_a_hash_made_with_either_of_two_secrets_is_accepted(
    idp: Any, of_apps: Pair, pool: dict[str, Any], user: str
) -> None:
    client = factories.make_client(idp, pool, GenerateSecret=True)
    ids = {"UserPoolId": pool["Id"], "ClientId": client["ClientId"]}
    second = idp.add_user_pool_client_secret(**ids)["ClientSecretDescriptor"]
    newer = {**client, "ClientSecret": second["ClientSecretValue"]}
    for either in (client, newer):
        of_apps.sign_in(client, user, SECRET_HASH=secret_hash(either, user))
    idp.delete_user_pool_client_secret(**ids, ClientSecretId=second["ClientSecretId"])
    with refused("NotAuthorizedException", wrong_hash(client)):
        of_apps.sign_in(client, user, SECRET_HASH=secret_hash(newer, user))
    of_apps.sign_in(client, user, SECRET_HASH=secret_hash(client, user))


# Order of checks


def test_faults_are_told_in_the_order_of_the_checks(
    idp: Any, of_apps: Pair, pool: dict[str, Any], secret_client: dict[str, Any]
) -> None:
    """Every fault at once; each round mends the one that was told."""
    closed = factories.make_client(idp, pool, GenerateSecret=True, ExplicitAuthFlows=["ALLOW_REFRESH_TOKEN_AUTH"])
    unconfirmed = unique()
    idp.sign_up(
        ClientId=secret_client["ClientId"],
        Username=unconfirmed,
        Password=PASSWORD,
        SecretHash=secret_hash(secret_client, unconfirmed),
    )
    unknown = {"ClientId": "0" * 26}
    wrong = {"SECRET_HASH": "d3Jvbmc="}
    closed_proof = {"SECRET_HASH": secret_hash(closed, "nobody"), "USERNAME": "nobody"}
    unknown_user = {"SECRET_HASH": secret_hash(secret_client, "nobody"), "USERNAME": "nobody"}
    known_user = {"SECRET_HASH": secret_hash(secret_client, unconfirmed), "USERNAME": unconfirmed}
    rounds: list[tuple[dict[str, Any], str, dict[str, str], str, str]] = [
        (unknown, "NO_SUCH_FLOW", {}, "InvalidParameterException", "validation error"),
        (unknown, "USER_PASSWORD_AUTH", {}, "ResourceNotFoundException", "does not exist"),
        (closed, "USER_PASSWORD_AUTH", {}, "NotAuthorizedException", no_secret(closed)),
        (closed, "USER_PASSWORD_AUTH", {**wrong, "USERNAME": "nobody"}, "NotAuthorizedException", wrong_hash(closed)),
        (closed, "ADMIN_NO_SRP_AUTH", closed_proof, "InvalidParameterException", "method not supported"),
        (closed, "USER_PASSWORD_AUTH", closed_proof, "InvalidParameterException", "flow not enabled"),
        (secret_client, "USER_PASSWORD_AUTH", unknown_user, "InvalidParameterException", "parameter PASSWORD"),
        (
            secret_client,
            "USER_PASSWORD_AUTH",
            {**unknown_user, "PASSWORD": WRONG},
            "UserNotFoundException",
            "User does not exist.",
        ),
        (secret_client, "USER_PASSWORD_AUTH", {**known_user, "PASSWORD": WRONG}, "NotAuthorizedException", INCORRECT),
        (
            secret_client,
            "USER_PASSWORD_AUTH",
            {**known_user, "PASSWORD": PASSWORD},
            "UserNotConfirmedException",
            "User is not confirmed.",
        ),
    ]
    for client, flow, parameters, code, part in rounds:
        with refused(code) as refusal:
            of_apps.begin(client, flow, **parameters)
        assert part in refusal.message


def test_the_printed_sample_is_refused_for_its_missing_hash_first(
    idp: Any, of_apps: Pair, pool: dict[str, Any]
) -> None:
    """`create-user-pool-client --generate-secret`, then `initiate-auth` without hash and with a closed flow."""
    made = idp.create_user_pool_client(UserPoolId=pool["Id"], ClientName="my-web-app", GenerateSecret=True)
    client = made["UserPoolClient"]
    with refused("NotAuthorizedException", no_secret(client)):
        of_apps.sign_in(client, "alice@example.com")
    hashed = secret_hash(client, "alice@example.com")
    with refused("InvalidParameterException", "USER_PASSWORD_AUTH flow not enabled for this client"):
        of_apps.sign_in(client, "alice@example.com", SECRET_HASH=hashed)


# Who may not sign in


def test_an_unknown_user_is_told_by_a_client_that_tells(pair: Pair, client: dict[str, Any]) -> None:
    with refused("UserNotFoundException", "User does not exist."):
        pair.sign_in(client, unique("nobody"))


def test_an_unknown_user_looks_like_a_wrong_password_otherwise(
    pair: Pair, hiding_client: dict[str, Any], user: str
) -> None:
    refusals = []
    for name in (unique("nobody"), user):
        with refused("NotAuthorizedException", INCORRECT) as refusal:
            pair.sign_in(hiding_client, name, WRONG)
        refusals.append(refusal)
    assert refusals[0] == refusals[1]


def test_an_unconfirmed_user_is_told_so_only_with_the_right_password(
    pair: Pair, public: Any, client: dict[str, Any], hiding_client: dict[str, Any]
) -> None:
    name = unique()
    public.sign_up(ClientId=client["ClientId"], Username=name, Password=PASSWORD)
    for either in (client, hiding_client):
        with refused("NotAuthorizedException", INCORRECT):
            pair.sign_in(either, name, WRONG)
        with refused("UserNotConfirmedException", "User is not confirmed."):
            pair.sign_in(either, name)


def test_users_who_were_disabled_or_must_reset_do_not_sign_in(
    server: Server,
    idp: Any,
    of_apps: Pair,
    of_administrators: Pair,
    pool: dict[str, Any],
    client: dict[str, Any],
    hiding_client: dict[str, Any],
) -> None:
    disabled, resetting = factories.make_user(idp, pool), factories.make_user(idp, pool)
    waiting = invite(idp, pool)
    session = of_apps.sign_in(client, waiting)["Session"]
    write_users(
        server,
        {disabled: {"enabled": False}, waiting: {"enabled": False}, resetting: {"status": "RESET_REQUIRED"}},
    )
    for pair in (of_apps, of_administrators):
        for either in (client, hiding_client):
            with refused("NotAuthorizedException", DISABLED):
                pair.sign_in(either, disabled)
            with refused("NotAuthorizedException", INCORRECT):
                pair.sign_in(either, resetting, WRONG)
            with refused("PasswordResetRequiredException", "Password reset required for the user"):
                pair.sign_in(either, resetting)
        with refused("NotAuthorizedException", DISABLED):
            pair.sign_in(client, disabled, WRONG)
        with refused("NotAuthorizedException", INCORRECT):
            pair.sign_in(hiding_client, disabled, WRONG)
    with refused("NotAuthorizedException", DISABLED):
        of_apps.set_password(client, session, waiting)
    assert status_of(idp, pool, waiting) == "FORCE_CHANGE_PASSWORD"


def test_a_temporary_password_expires(
    idp: Any, pair: Pair, pool: dict[str, Any], client: dict[str, Any], invited: str, clock: Clock
) -> None:
    clock.advance(days=7, seconds=-60)
    assert pair.sign_in(client, invited)["ChallengeName"] == CHALLENGE
    clock.advance(seconds=60)
    with refused("NotAuthorizedException", INCORRECT):
        pair.sign_in(client, invited, WRONG)
    with refused("NotAuthorizedException", "Temporary password has expired and must be reset by an administrator."):
        pair.sign_in(client, invited)
    idp.admin_set_user_password(UserPoolId=pool["Id"], Username=invited, Password=PASSWORD, Permanent=False)
    assert pair.sign_in(client, invited)["ChallengeName"] == CHALLENGE


def test_the_pool_says_how_long_a_temporary_password_lasts(idp: Any, of_apps: Pair, clock: Clock) -> None:
    policy = {"MinimumLength": 8, "TemporaryPasswordValidityDays": 1}
    pool = factories.make_pool(idp, Policies={"PasswordPolicy": policy})
    client = factories.make_client(idp, pool)
    name = invite(idp, pool)
    clock.advance(days=1)
    with refused("NotAuthorizedException", "Temporary password has expired and must be reset by an administrator."):
        of_apps.sign_in(client, name)


def test_a_permanent_password_does_not_expire(of_apps: Pair, client: dict[str, Any], user: str, clock: Clock) -> None:
    clock.advance(days=400)
    assert "AuthenticationResult" in of_apps.sign_in(client, user)


# NEW_PASSWORD_REQUIRED


@pytest.fixture(scope="module")
def strict_pool(idp: Any) -> dict[str, Any]:
    """A pool that requires two attributes and has own ones."""
    return factories.make_pool(
        idp,
        Schema=[
            {"Name": "email", "Required": True},
            {"Name": "given_name", "Required": False},
            {"Name": "role", "AttributeDataType": "String"},
            {"Name": "internal", "AttributeDataType": "String", "DeveloperOnlyAttribute": True},
        ],
    )


@pytest.fixture(scope="module")
def strict_client(idp: Any, strict_pool: dict[str, Any]) -> dict[str, Any]:
    return factories.make_client(idp, strict_pool)


def test_a_temporary_password_asks_for_a_new_one(pair: Pair, client: dict[str, Any], invited: str) -> None:
    answer = pair.sign_in(client, invited)
    del answer["ResponseMetadata"]
    session = answer.pop("Session")
    assert answer == {
        "ChallengeName": CHALLENGE,
        "ChallengeParameters": {"USER_ID_FOR_SRP": invited, "requiredAttributes": "[]", "userAttributes": "{}"},
    }
    assert 20 <= len(session) <= 2048


def test_a_new_password_signs_in_and_replaces_the_temporary_one(
    idp: Any, pair: Pair, pool: dict[str, Any], client: dict[str, Any], invited: str
) -> None:
    answer = pair.set_password(client, pair.sign_in(client, invited)["Session"], invited)
    del answer["ResponseMetadata"]
    result = answer.pop("AuthenticationResult")
    assert answer == {"ChallengeParameters": {}}
    assert result.keys() == {"AccessToken", "IdToken", "RefreshToken", "ExpiresIn", "TokenType"}
    assert idp.get_user(AccessToken=result["AccessToken"])["Username"] == invited
    assert status_of(idp, pool, invited) == "CONFIRMED"
    assert "AuthenticationResult" in pair.sign_in(client, invited, NEW_PASSWORD)
    with refused("NotAuthorizedException", INCORRECT):
        pair.sign_in(client, invited)


def test_a_password_set_in_the_challenge_does_not_expire(
    of_apps: Pair, client: dict[str, Any], invited: str, clock: Clock
) -> None:
    of_apps.set_password(client, of_apps.sign_in(client, invited)["Session"], invited)
    clock.advance(days=8)
    assert "AuthenticationResult" in of_apps.sign_in(client, invited, NEW_PASSWORD)


def test_the_challenge_shows_attributes_as_json_text(
    idp: Any, pair: Pair, strict_pool: dict[str, Any], strict_client: dict[str, Any]
) -> None:
    name = invite(
        idp,
        strict_pool,
        email="bob@example.com",
        email_verified="true",
        **{"custom:role": 'a "quoted" rôle', "dev:custom:internal": "not for users"},
    )
    parameters = pair.sign_in(strict_client, name)["ChallengeParameters"]
    assert parameters["requiredAttributes"] == "[]"
    assert json.loads(parameters["userAttributes"]) == {
        "email": "bob@example.com",
        "email_verified": "true",
        "custom:role": 'a "quoted" rôle',
    }


def test_the_challenge_shows_only_what_the_client_may_read(
    idp: Any, of_apps: Pair, strict_pool: dict[str, Any]
) -> None:
    client = factories.make_client(idp, strict_pool, ReadAttributes=["custom:role"])
    name = invite(idp, strict_pool, email="bob@example.com", **{"custom:role": "admin"})
    parameters = of_apps.sign_in(client, name)["ChallengeParameters"]
    assert json.loads(parameters["userAttributes"]) == {"custom:role": "admin"}


@pytest.fixture
def lacking(idp: Any, server: Server, strict_pool: dict[str, Any]) -> str:
    """An invited user without the required e-mail address, as an import or an older schema leaves one."""
    name = invite(idp, strict_pool, email="soon-gone@example.com")
    write_users(server, {name: {"attributes": {}}})
    return name


def test_missing_required_attributes_are_asked_for_and_needed(
    idp: Any, of_apps: Pair, strict_pool: dict[str, Any], strict_client: dict[str, Any], lacking: str
) -> None:
    challenge = of_apps.sign_in(strict_client, lacking)
    assert json.loads(challenge["ChallengeParameters"]["requiredAttributes"]) == ["userAttributes.email"]
    assert json.loads(challenge["ChallengeParameters"]["userAttributes"]) == {}
    session = challenge["Session"]
    for given in ({}, {"userAttributes.email": ""}, {"userAttributes.given_name": "Bob"}):
        with refused("InvalidParameterException") as refusal:
            of_apps.set_password(strict_client, session, lacking, **given)
        assert "email" in refusal.message
    with refused("InvalidParameterException", "Invalid email address format."):
        of_apps.set_password(strict_client, session, lacking, **{"userAttributes.email": "not an address"})
    assert attributes_of(idp, strict_pool, lacking).keys() == {"sub"}
    of_apps.set_password(
        strict_client,
        session,
        lacking,
        **{"userAttributes.email": "bob@example.com", "userAttributes.given_name": "Bob"},
    )
    found = attributes_of(idp, strict_pool, lacking)
    assert {name: found[name] for name in ("email", "given_name")} == {"email": "bob@example.com", "given_name": "Bob"}
    assert found.get("email_verified") != "true"


def test_an_attribute_that_has_a_value_keeps_it(
    idp: Any, pair: Pair, strict_pool: dict[str, Any], strict_client: dict[str, Any]
) -> None:
    name = invite(idp, strict_pool, email="bob@example.com", email_verified="true")
    session = pair.sign_in(strict_client, name)["Session"]
    with refused("NotAuthorizedException", "Cannot modify an already provided email"):
        pair.set_password(strict_client, session, name, **{"userAttributes.email": "eve@example.com"})
    assert attributes_of(idp, strict_pool, name)["email"] == "bob@example.com"
    pair.set_password(strict_client, session, name, **{"userAttributes.email": "bob@example.com"})
    assert attributes_of(idp, strict_pool, name)["email_verified"] == "true"


@pytest.mark.parametrize("name", ["email_verified", "phone_number_verified", "dev:custom:internal"])
def test_flags_and_developer_attributes_are_not_the_users_to_set(
    idp: Any, of_apps: Pair, strict_pool: dict[str, Any], strict_client: dict[str, Any], name: str
) -> None:
    user = invite(idp, strict_pool, email="bob@example.com")
    session = of_apps.sign_in(strict_client, user)["Session"]
    with refused("NotAuthorizedException", "A client attempted to write unauthorized attribute"):
        of_apps.set_password(strict_client, session, user, **{f"userAttributes.{name}": "true"})
    assert status_of(idp, strict_pool, user) == "FORCE_CHANGE_PASSWORD"


def test_the_client_must_be_allowed_to_write_the_attribute(
    idp: Any, of_apps: Pair, strict_pool: dict[str, Any]
) -> None:
    client = factories.make_client(idp, strict_pool, WriteAttributes=["email"])
    name = invite(idp, strict_pool, email="bob@example.com")
    session = of_apps.sign_in(client, name)["Session"]
    with refused("NotAuthorizedException", "A client attempted to write unauthorized attribute"):
        of_apps.set_password(client, session, name, **{"userAttributes.custom:role": "admin"})
    assert "custom:role" not in attributes_of(idp, strict_pool, name)


def test_an_attribute_outside_the_schema_is_refused(
    idp: Any, of_apps: Pair, strict_pool: dict[str, Any], strict_client: dict[str, Any]
) -> None:
    name = invite(idp, strict_pool, email="bob@example.com")
    session = of_apps.sign_in(strict_client, name)["Session"]
    for attribute in ("custom:other", "nonsense", "sub"):
        with refused("InvalidParameterException"):
            of_apps.set_password(strict_client, session, name, **{f"userAttributes.{attribute}": "x"})


def test_an_address_given_in_the_challenge_is_not_verified(
    idp: Any, of_apps: Pair, pool: dict[str, Any], client: dict[str, Any], invited: str
) -> None:
    address = f"{unique()}@example.com"
    session = of_apps.sign_in(client, invited)["Session"]
    of_apps.set_password(client, session, invited, **{"userAttributes.email": address})
    found = attributes_of(idp, pool, invited)
    assert found["email"] == address
    assert found.get("email_verified") != "true"
    with refused("UserNotFoundException"):
        of_apps.sign_in(client, address, NEW_PASSWORD)


def test_a_name_that_belongs_to_another_user_is_refused(idp: Any, of_apps: Pair) -> None:
    pool = factories.make_pool(idp, UsernameAttributes=["email", "phone_number"])
    client = factories.make_client(idp, pool)
    invite(idp, pool, "+15550001111")
    name = invite(idp, pool, "bob@example.com")
    session = of_apps.sign_in(client, name)["Session"]
    with refused("AliasExistsException"):
        of_apps.set_password(client, session, name, **{"userAttributes.phone_number": "+15550001111"})
    assert status_of(idp, pool, name) == "FORCE_CHANGE_PASSWORD"
    of_apps.set_password(client, session, name, **{"userAttributes.phone_number": "+15550002222"})
    assert "AuthenticationResult" in of_apps.sign_in(client, "+15550002222", NEW_PASSWORD)


@pytest.mark.parametrize(
    ("password", "complaint"),
    [
        ("Aa1!", "Password not long enough"),
        ("another-horse-2", "Password must have uppercase characters"),
        ("ANOTHER-HORSE-2", "Password must have lowercase characters"),
        ("Another-Horse-x", "Password must have numeric characters"),
        ("AnotherHorse2", "Password must have symbol characters"),
    ],
)
def test_a_password_against_the_policy_keeps_the_session_usable(
    idp: Any, pair: Pair, pool: dict[str, Any], client: dict[str, Any], invited: str, password: str, complaint: str
) -> None:
    session = pair.sign_in(client, invited)["Session"]
    with refused("InvalidPasswordException", f"Password did not conform with policy: {complaint}"):
        pair.set_password(client, session, invited, password)
    assert status_of(idp, pool, invited) == "FORCE_CHANGE_PASSWORD"
    assert "AuthenticationResult" in pair.set_password(client, session, invited)


@pytest.mark.parametrize("password", ["Aa1!" * 65, " Another-Horse-2", "Another-Horse-2 ", "Another-Horse-2\n"])
def test_a_password_that_no_other_operation_takes_is_refused(
    of_apps: Pair, client: dict[str, Any], invited: str, password: str
) -> None:
    session = of_apps.sign_in(client, invited)["Session"]
    with refused("InvalidPasswordException"):
        of_apps.set_password(client, session, invited, password)


# Sessions


def test_a_session_is_used_once(pair: Pair, client: dict[str, Any], invited: str) -> None:
    session = pair.sign_in(client, invited)["Session"]
    pair.set_password(client, session, invited)
    for password in (NEW_PASSWORD, "Third-Horse-33"):
        with refused("NotAuthorizedException", SESSION_USED):
            pair.set_password(client, session, invited, password)
    assert "AuthenticationResult" in pair.sign_in(client, invited, NEW_PASSWORD)


@pytest.mark.parametrize("minutes", [3, 15])
def test_a_session_lasts_as_long_as_the_client_says(
    idp: Any, of_apps: Pair, pool: dict[str, Any], clock: Clock, minutes: int
) -> None:
    client = factories.make_client(idp, pool, AuthSessionValidity=minutes)
    first, second = invite(idp, pool), invite(idp, pool)
    sessions = {name: of_apps.sign_in(client, name)["Session"] for name in (first, second)}
    clock.advance(minutes=minutes, seconds=-30)
    assert "AuthenticationResult" in of_apps.set_password(client, sessions[first], first)
    clock.advance(seconds=30)
    with refused("NotAuthorizedException", SESSION_EXPIRED):
        of_apps.set_password(client, sessions[second], second)


def test_the_session_of_a_client_lasts_three_minutes_by_default(
    idp: Any, pool: dict[str, Any], of_apps: Pair, invited: str, clock: Clock
) -> None:
    made = idp.create_user_pool_client(
        UserPoolId=pool["Id"], ClientName="defaults", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
    )
    client = made["UserPoolClient"]
    session = of_apps.sign_in(client, invited)["Session"]
    clock.advance(minutes=3)
    with refused("NotAuthorizedException", SESSION_EXPIRED):
        of_apps.set_password(client, session, invited)


def test_a_made_up_session_is_invalid(pair: Pair, client: dict[str, Any], invited: str) -> None:
    session = pair.sign_in(client, invited)["Session"]
    handle = session.partition(".")[0]
    last = "A" if session[-1] != "A" else "B"
    for made_up in ("x" * 40, "." * 40, f"{handle}.{'x' * 64}", session[:-1] + last, f"{session}x", "ä" * 40):
        with refused("NotAuthorizedException", SESSION_INVALID):
            pair.set_password(client, made_up, invited)
    assert "AuthenticationResult" in pair.set_password(client, session, invited)


def test_a_session_belongs_to_its_client(
    idp: Any, pair: Pair, pool: dict[str, Any], other_pool: dict[str, Any], client: dict[str, Any], invited: str
) -> None:
    session = pair.sign_in(client, invited)["Session"]
    for other in (factories.make_client(idp, pool), factories.make_client(idp, other_pool)):
        with refused("NotAuthorizedException", SESSION_INVALID):
            pair.set_password(other, session, invited)
    assert "AuthenticationResult" in pair.set_password(client, session, invited)


def test_a_session_belongs_to_its_pair(
    of_apps: Pair, of_administrators: Pair, client: dict[str, Any], invited: str
) -> None:
    for own, other in ((of_apps, of_administrators), (of_administrators, of_apps)):
        session = own.sign_in(client, invited)["Session"]
        with refused("NotAuthorizedException", SESSION_INVALID):
            other.set_password(client, session, invited)
    assert "AuthenticationResult" in own.set_password(client, session, invited)


def test_a_session_belongs_to_its_user(
    idp: Any, pair: Pair, pool: dict[str, Any], client: dict[str, Any], invited: str, user: str
) -> None:
    session = pair.sign_in(client, invited)["Session"]
    for other in (user, invite(idp, pool), "nobody"):
        with refused("NotAuthorizedException", SESSION_INVALID):
            pair.set_password(client, session, other)
    assert "AuthenticationResult" in pair.set_password(client, session, invited)


def test_a_session_ends_with_its_user(
    idp: Any, of_apps: Pair, pool: dict[str, Any], client: dict[str, Any], invited: str
) -> None:
    session = of_apps.sign_in(client, invited)["Session"]
    idp.admin_delete_user(UserPoolId=pool["Id"], Username=invited)
    invite(idp, pool, invited)
    with refused("NotAuthorizedException", SESSION_INVALID):
        of_apps.set_password(client, session, invited)


def test_an_answer_may_name_the_user_by_any_of_their_names(
    idp: Any, of_apps: Pair, pool: dict[str, Any], client: dict[str, Any]
) -> None:
    for known_as in ("name", "sub", "email"):
        address = f"{unique()}@example.com"
        name = invite(idp, pool, email=address, email_verified="true")
        names = {"name": name, "sub": attributes_of(idp, pool, name)["sub"], "email": address}
        session = of_apps.sign_in(client, address)["Session"]
        assert "AuthenticationResult" in of_apps.set_password(client, session, names[known_as])


def test_an_answer_may_repeat_the_name_as_it_was_typed(idp: Any, of_apps: Pair) -> None:
    """Where case does not count, the name that began the sign-in is good for the answer too."""
    pool = factories.make_pool(idp, UsernameConfiguration={"CaseSensitive": False}, UsernameAttributes=["email"])
    client = factories.make_client(idp, pool)
    invite(idp, pool, "Alice@Example.com")
    session = of_apps.sign_in(client, "ALICE@example.com")["Session"]
    assert "AuthenticationResult" in of_apps.set_password(client, session, "ALICE@example.com")


def test_a_missing_answer_is_named(pair: Pair, client: dict[str, Any], invited: str) -> None:
    session = pair.sign_in(client, invited)["Session"]
    for given, missing in (
        ({}, "USERNAME"),
        ({"NEW_PASSWORD": NEW_PASSWORD}, "USERNAME"),
        ({"USERNAME": invited}, "NEW_PASSWORD"),
        ({"USERNAME": invited, "NEW_PASSWORD": ""}, "NEW_PASSWORD"),
    ):
        with refused("InvalidParameterException", f"Missing required parameter {missing}"):
            pair.answer(client, session, given)
    with refused("InvalidParameterException"):
        pair.set_password(client, None, invited)
    assert "AuthenticationResult" in pair.set_password(client, session, invited)


def test_a_session_waits_for_its_own_challenge(pair: Pair, client: dict[str, Any], invited: str) -> None:
    session = pair.sign_in(client, invited)["Session"]
    responses = {"USERNAME": invited, "SMS_MFA_CODE": "123456", "NEW_PASSWORD": NEW_PASSWORD}
    with pytest.raises(ClientError) as caught:
        pair.answer(client, session, responses, "SMS_MFA")
    assert caught.value.response["Error"]["Code"] in {"InvalidParameterException", "NotAuthorizedException"}
    assert "AuthenticationResult" in pair.set_password(client, session, invited)


def test_the_hash_of_an_answer_is_over_the_name_it_sends(
    idp: Any, pair: Pair, pool: dict[str, Any], secret_client: dict[str, Any]
) -> None:
    address = f"{unique()}@example.com"
    name = invite(idp, pool, email=address, email_verified="true")
    begun = pair.sign_in(secret_client, address, SECRET_HASH=secret_hash(secret_client, address))
    session = begun["Session"]
    with refused("NotAuthorizedException", no_secret(secret_client)):
        pair.set_password(secret_client, session, name)
    with refused("NotAuthorizedException", wrong_hash(secret_client)):
        pair.set_password(secret_client, session, name, SECRET_HASH=secret_hash(secret_client, address))
    answer = pair.set_password(secret_client, session, name, SECRET_HASH=secret_hash(secret_client, name))
    assert "AuthenticationResult" in answer


def answers_at_once(
    server: Server, client: dict[str, Any], username: str, given: list[tuple[str, str]]
) -> tuple[list[str], list[str]]:
    """Sessions answered with new passwords at one moment: messages of the refusals, passwords that were accepted."""
    answers = burst(
        server,
        "RespondToAuthChallenge",
        [
            {
                "ClientId": client["ClientId"],
                "ChallengeName": CHALLENGE,
                "Session": session,
                "ChallengeResponses": {"USERNAME": username, "NEW_PASSWORD": password},
            }
            for session, password in given
        ],
    )
    refusals = [answer["message"] for answer in answers if "message" in answer]
    accepted = [
        password for (_, password), answer in zip(given, answers, strict=True) if "AuthenticationResult" in answer
    ]
    return refusals, accepted


def test_of_parallel_answers_exactly_one_wins(
    idp: Any, server: Server, of_apps: Pair, pool: dict[str, Any], client: dict[str, Any]
) -> None:
    for _ in range(4):
        name = invite(idp, pool)
        session = of_apps.sign_in(client, name)["Session"]
        given = [(session, f"Parallel-Horse-{number}") for number in range(10)]
        refusals, accepted = answers_at_once(server, client, name, given)
        assert len(accepted) == 1
        assert refusals == [SESSION_USED] * 9
        assert "AuthenticationResult" in of_apps.sign_in(client, name, accepted[0])


def test_of_several_sessions_of_one_temporary_password_exactly_one_wins(
    idp: Any, server: Server, of_apps: Pair, pool: dict[str, Any], client: dict[str, Any]
) -> None:
    for _ in range(4):
        name = invite(idp, pool)
        given = [(of_apps.sign_in(client, name)["Session"], f"Parallel-Horse-{number}") for number in range(6)]
        refusals, accepted = answers_at_once(server, client, name, given)
        assert len(accepted) == 1
        assert refusals == [SESSION_INVALID] * 5
        assert "AuthenticationResult" in of_apps.sign_in(client, name, accepted[0])


@pytest.mark.parametrize("permanent", [True, False])
def test_a_password_set_meanwhile_by_an_administrator_ends_the_session(
    idp: Any, of_apps: Pair, pool: dict[str, Any], client: dict[str, Any], invited: str, permanent: bool
) -> None:
    """Who knew only the old temporary password must not overwrite the one that replaced it."""
    session = of_apps.sign_in(client, invited)["Session"]
    idp.admin_set_user_password(UserPoolId=pool["Id"], Username=invited, Password="Third-Horse-33", Permanent=permanent)
    with refused("NotAuthorizedException", SESSION_INVALID):
        of_apps.set_password(client, session, invited)
    with refused("NotAuthorizedException", INCORRECT):
        of_apps.sign_in(client, invited, NEW_PASSWORD)
    of_apps.sign_in(client, invited, "Third-Horse-33")


def test_a_resent_invitation_ends_the_session(
    idp: Any, of_apps: Pair, pool: dict[str, Any], client: dict[str, Any], invited: str
) -> None:
    session = of_apps.sign_in(client, invited)["Session"]
    idp.admin_create_user(
        UserPoolId=pool["Id"], Username=invited, MessageAction="RESEND", TemporaryPassword="Third-Horse-33"
    )
    with refused("NotAuthorizedException", SESSION_INVALID):
        of_apps.set_password(client, session, invited)


# What stays behind


def test_nothing_secret_reaches_the_log(
    server: Server, of_apps: Pair, client: dict[str, Any], secret_client: dict[str, Any], invited: str
) -> None:
    challenge = of_apps.sign_in(client, invited)
    new_password, wrong_guess = f"{unique('New')}-Secret-1!", f"{unique('Wrong')}-Guess-1!"
    tokens = of_apps.set_password(client, challenge["Session"], invited, new_password)["AuthenticationResult"]
    with refused("NotAuthorizedException"):
        of_apps.sign_in(client, invited, wrong_guess)
    hashed = secret_hash(secret_client, invited)
    of_apps.sign_in(secret_client, invited, new_password, SECRET_HASH=hashed)
    log = server.log
    secrets = [challenge["Session"], new_password, wrong_guess, hashed, secret_client["ClientSecret"]]
    secrets += [tokens[name] for name in ("AccessToken", "IdToken", "RefreshToken")]
    assert [secret for secret in secrets if secret in log] == []
