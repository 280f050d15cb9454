"""PreAuthentication, PostAuthentication and UserMigration at sign-in: what they are told, and what they decide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support import factories, second_factors
from tests.support.clients import refused
from tests.support.clock import Clock
from tests.support.factories import PASSWORD, address_of, unique
from tests.support.hooks import Hooks
from tests.support.mailbox import Mailbox, wrong
from tests.support.sign_in import Json, SignIns

NEW_PASSWORD = "Another-Horse-2"
PRE, POST = "PreAuthentication_Authentication", "PostAuthentication_Authentication"
INCORRECT = "Incorrect username or password."
FLOWS = [
    "ALLOW_USER_PASSWORD_AUTH",
    "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    "ALLOW_USER_SRP_AUTH",
    "ALLOW_USER_AUTH",
    "ALLOW_REFRESH_TOKEN_AUTH",
]
Pool = Callable[..., Json]


@pytest.fixture
def make_pool(idp: Any, hooks: Hooks) -> Pool:
    """A pool that calls the test's functions."""

    def make(*triggers: str, **members: Any) -> Json:
        named = triggers or ("PreAuthentication", "PostAuthentication")
        return factories.make_pool(idp, LambdaConfig=dict.fromkeys(named, hooks.arn), **members)

    return make


@pytest.fixture(params=["public", "admin"])
def is_admin(request: pytest.FixtureRequest) -> bool:
    return bool(request.param == "admin")


def walk_of(idp: Any, public: Any, pool: Json, is_admin: bool = False, **members: Any) -> SignIns:
    client = factories.make_client(idp, pool, ExplicitAuthFlows=FLOWS, **members)
    return SignIns(idp if is_admin else public, client, is_admin)


def attributes_of(idp: Any, pool: Json, name: str) -> dict[str, str]:
    """`userAttributes` as events have them."""
    shown = idp.admin_get_user(UserPoolId=pool["Id"], Username=name)
    return {**factories.attributes_of(shown), "cognito:user_status": shown["UserStatus"]}


def event_of(pool: Json, walk: SignIns, source: str, name: str, request: Json, said: Json) -> Json:
    """The whole event; of what the SDK calls itself only the kind."""
    sdk = said["callerContext"]["awsSdkVersion"]
    assert sdk.startswith("Boto3-")
    return {
        "version": "1",
        "triggerSource": source,
        "region": "us-east-1",
        "userPoolId": pool["Id"],
        "userName": name,
        "callerContext": {"awsSdkVersion": sdk, "clientId": walk.client["ClientId"]},
        "request": request,
        "response": {},
    }


def refusing(source: str, text: str = "Not today") -> Callable[[Json], Json]:
    """A function that raises an error at one point."""

    def hook(event: Json) -> Json:
        if event["triggerSource"] == source:
            raise ValueError(text)
        return event

    return hook


# What they are told


def test_the_events_of_a_password_sign_in(idp: Any, public: Any, hooks: Hooks, make_pool: Pool, is_admin: bool) -> None:
    pool = make_pool()
    calls = hooks.on(pool)
    walk = walk_of(idp, public, pool, is_admin)
    name = factories.make_user(idp, pool, email=address_of(pool), given_name="Ada")
    told = attributes_of(idp, pool, name)
    assert "AccessToken" in walk.password(name, metadata={"from": "an app"})["AuthenticationResult"]
    before, after = calls
    request = {"userAttributes": told, "validationData": {"from": "an app"}}
    assert before == event_of(pool, walk, PRE, name, request, before)
    request = {"userAttributes": told, "newDeviceUsed": False}
    assert after == event_of(pool, walk, POST, name, request, after)


def test_without_metadata_there_are_none(idp: Any, public: Any, hooks: Hooks, make_pool: Pool) -> None:
    pool = make_pool()
    calls = hooks.on(pool)
    walk_of(idp, public, pool).password(factories.make_user(idp, pool))
    assert [call["request"].get("validationData", "absent") for call in calls] == [None, "absent"]
    assert all("clientMetadata" not in call["request"] for call in calls)


def test_the_metadata_of_the_last_answer_are_post_authentications(
    idp: Any, public: Any, hooks: Hooks, make_pool: Pool, is_admin: bool
) -> None:
    pool = make_pool()
    calls = hooks.on(pool)
    walk = walk_of(idp, public, pool, is_admin)
    name, exchange = factories.make_user(idp, pool), walk.exchange()
    asked = walk.begin("USER_SRP_AUTH", {"request": "first"}, USERNAME=name, SRP_A=exchange.srp_a)
    assert hooks.sources(pool) == [PRE]
    assert "AuthenticationResult" in walk.prove(asked, exchange, {"request": "last"})
    assert hooks.sources(pool) == [PRE, POST]
    assert calls[0]["request"]["validationData"] == {"request": "first"}
    assert calls[1]["request"]["clientMetadata"] == {"request": "last"}
    assert "validationData" not in calls[1]["request"]


def test_where_existence_is_hidden_functions_are_told_who_does_not_exist(
    idp: Any, public: Any, hooks: Hooks, make_pool: Pool
) -> None:
    pool = make_pool()
    calls = hooks.on(pool)
    walk = walk_of(idp, public, pool, PreventUserExistenceErrors="ENABLED")
    name, nobody = factories.make_user(idp, pool), unique("nobody")
    walk.password(name)
    with refused("NotAuthorizedException", INCORRECT):
        walk.password(nobody)
    known, _, unknown = calls
    assert known["request"]["userNotFound"] is False
    assert unknown["userName"] == nobody
    assert unknown["request"] == {"userAttributes": {}, "userNotFound": True, "validationData": None}


def test_where_existence_is_no_secret_nobody_is_asked_about(
    idp: Any, public: Any, hooks: Hooks, make_pool: Pool
) -> None:
    pool = make_pool()
    calls = hooks.on(pool)
    with refused("UserNotFoundException", "User does not exist."):
        walk_of(idp, public, pool, PreventUserExistenceErrors="LEGACY").password("nobody")
    assert calls == []


# When


def test_a_wrong_password_is_no_sign_in(idp: Any, public: Any, hooks: Hooks, make_pool: Pool) -> None:
    pool = make_pool()
    hooks.on(pool)
    with refused("NotAuthorizedException", INCORRECT):
        walk_of(idp, public, pool).password(factories.make_user(idp, pool), "Wrong-Password-1")
    assert hooks.sources(pool) == [PRE]


def test_a_refresh_asks_neither(idp: Any, public: Any, hooks: Hooks, make_pool: Pool) -> None:
    pool = make_pool()
    hooks.on(pool)
    walk = walk_of(idp, public, pool)
    tokens = walk.password(factories.make_user(idp, pool))["AuthenticationResult"]
    walk.begin("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=tokens["RefreshToken"])
    assert hooks.sources(pool) == [PRE, POST]


def test_a_new_password_comes_before_post_authentication(
    idp: Any, public: Any, hooks: Hooks, make_pool: Pool, is_admin: bool
) -> None:
    pool = make_pool()
    calls = hooks.on(pool)
    walk, name = walk_of(idp, public, pool, is_admin), factories.make_user(idp, pool)
    idp.admin_set_user_password(UserPoolId=pool["Id"], Username=name, Password=PASSWORD, Permanent=False)
    asked = walk.password(name)
    assert (asked["ChallengeName"], hooks.sources(pool)) == ("NEW_PASSWORD_REQUIRED", [PRE])
    assert calls[0]["request"]["userAttributes"]["cognito:user_status"] == "FORCE_CHANGE_PASSWORD"
    ended = walk.answer(asked, {"step": "2"}, NEW_PASSWORD=NEW_PASSWORD)
    assert "AuthenticationResult" in ended
    assert hooks.sources(pool) == [PRE, POST]
    assert calls[1]["request"]["userAttributes"]["cognito:user_status"] == "CONFIRMED"
    assert calls[1]["request"]["clientMetadata"] == {"step": "2"}


def test_a_second_factor_comes_before_post_authentication(
    idp: Any, public: Any, hooks: Hooks, mailbox: Mailbox, make_pool: Pool, is_admin: bool
) -> None:
    pool = make_pool()
    hooks.on(pool)
    second_factors.set_mfa(idp, pool, "SMS_MFA", mode="ON")
    walk, number = walk_of(idp, public, pool, is_admin), factories.number_of(pool)
    asked = walk.password(factories.make_user(idp, pool, phone_number=number))
    assert (asked["ChallengeName"], hooks.sources(pool)) == ("SMS_MFA", [PRE])
    with refused("CodeMismatchException"):
        walk.answer(asked, SMS_MFA_CODE=wrong(mailbox.code(number)))
    assert hooks.sources(pool) == [PRE]
    walk.answer(asked, SMS_MFA_CODE=mailbox.code(number))
    assert hooks.sources(pool) == [PRE, POST]


def test_a_choice_is_one_sign_in(
    idp: Any, public: Any, hooks: Hooks, mailbox: Mailbox, make_pool: Pool, is_admin: bool
) -> None:
    factors = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}
    pool = make_pool(Policies=factors)
    calls = hooks.on(pool)
    walk, address = walk_of(idp, public, pool, is_admin), address_of(pool)
    name = factories.make_user(idp, pool, email=address)
    asked = walk.begin("USER_AUTH", {"request": "first"}, USERNAME=name)
    assert (asked["ChallengeName"], hooks.sources(pool)) == ("SELECT_CHALLENGE", [PRE])
    asked = walk.answer(asked, name=name, ANSWER="EMAIL_OTP")
    assert hooks.sources(pool) == [PRE]
    walk.answer(asked, EMAIL_OTP_CODE=mailbox.code(address))
    assert hooks.sources(pool) == [PRE, POST]
    assert calls[0]["request"]["validationData"] == {"request": "first"}


def test_a_sign_in_that_goes_on_from_sign_up_begins_and_ends_as_others_do(
    idp: Any, public: Any, hooks: Hooks, mailbox: Mailbox, make_pool: Pool
) -> None:
    factors = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}
    pool = make_pool(Policies=factors, AutoVerifiedAttributes=["email"])
    hooks.on(pool, refusing(POST))
    walk, address = walk_of(idp, public, pool), address_of(pool)
    client_id, name = walk.client["ClientId"], unique()
    email = [{"Name": "email", "Value": address}]
    session = public.sign_up(ClientId=client_id, Username=name, Password=PASSWORD, UserAttributes=email)["Session"]
    code = mailbox.code(address)
    confirmed = public.confirm_sign_up(ClientId=client_id, Username=name, ConfirmationCode=code, Session=session)
    with refused("UserLambdaValidationException", "PostAuthentication failed with error Not today."):
        walk.begin("USER_AUTH", session=confirmed["Session"], USERNAME=name)
    assert hooks.sources(pool) == [PRE, POST]


# What they decide


def test_pre_authentication_refuses_before_the_password_is_looked_at(
    idp: Any, public: Any, hooks: Hooks, make_pool: Pool, is_admin: bool
) -> None:
    pool = make_pool()
    hooks.on(pool, refusing(PRE, "You are not welcome"))
    walk, name = walk_of(idp, public, pool, is_admin), factories.make_user(idp, pool)
    for password in (PASSWORD, "Wrong-Password-1"):
        with refused("UserLambdaValidationException", "PreAuthentication failed with error You are not welcome."):
            walk.password(name, password)
    with refused("UserLambdaValidationException"):
        walk.begin("USER_SRP_AUTH", USERNAME=name, SRP_A=walk.exchange().srp_a)
    with refused("UserLambdaValidationException"):
        walk.begin("USER_AUTH", USERNAME=name)
    assert hooks.sources(pool) == [PRE] * 4


def test_post_authentication_refuses_after_everything_is_proven(
    idp: Any, public: Any, hooks: Hooks, make_pool: Pool, is_admin: bool
) -> None:
    pool = make_pool()
    hooks.on(pool, refusing(POST))
    walk, name = walk_of(idp, public, pool, is_admin), factories.make_user(idp, pool)
    with refused("UserLambdaValidationException", "PostAuthentication failed with error Not today."):
        walk.password(name)
    hooks.on(pool)
    assert "AuthenticationResult" in walk.password(name)


def test_a_session_is_used_up_when_post_authentication_refuses_and_the_new_password_stands(
    idp: Any, public: Any, hooks: Hooks, make_pool: Pool, is_admin: bool
) -> None:
    pool = make_pool()
    hooks.on(pool, refusing(POST))
    walk, name = walk_of(idp, public, pool, is_admin), factories.make_user(idp, pool)
    idp.admin_set_user_password(UserPoolId=pool["Id"], Username=name, Password=PASSWORD, Permanent=False)
    asked = walk.password(name)
    with refused("UserLambdaValidationException"):
        walk.answer(asked, NEW_PASSWORD=NEW_PASSWORD)
    with refused("NotAuthorizedException", "Invalid session for the user, session can only be used once."):
        walk.answer(asked, NEW_PASSWORD="Third-Horse-33")
    hooks.on(pool)
    assert "AuthenticationResult" in walk.password(name, NEW_PASSWORD)


@pytest.mark.parametrize("trigger", ["PreAuthentication", "PostAuthentication"])
@pytest.mark.parametrize("answer", [b"no JSON", b"[]", b'{"response": {}}', b'{"version": "1", "response": []}'])
def test_what_is_no_event_is_no_answer(
    idp: Any, public: Any, hooks: Hooks, make_pool: Pool, trigger: str, answer: bytes
) -> None:
    pool = make_pool(trigger)
    hooks.on(pool, lambda event: answer)
    with refused("InvalidLambdaResponseException", "Unrecognizable lambda output"):
        walk_of(idp, public, pool).password(factories.make_user(idp, pool))


def test_a_function_that_is_gone_refuses(idp: Any, public: Any, make_pool: Pool) -> None:
    gone = "arn:aws:lambda:us-east-1:000000000000:function:gone"
    pool = factories.make_pool(idp, LambdaConfig={"PreAuthentication": gone})
    with refused("UnexpectedLambdaException"):
        walk_of(idp, public, pool).password(factories.make_user(idp, pool))


def test_a_user_who_is_disabled_by_a_function_does_not_sign_in(
    idp: Any, public: Any, hooks: Hooks, make_pool: Pool
) -> None:
    """The function calls back: what it changes is seen by the sign-in that it has interrupted."""
    for source in (PRE, POST):
        pool = make_pool()
        walk, name = walk_of(idp, public, pool), factories.make_user(idp, pool)

        def disabling(event: Json, source: str = source) -> Json:
            if event["triggerSource"] == source:
                idp.admin_disable_user(UserPoolId=event["userPoolId"], Username=event["userName"])
            return event

        hooks.on(pool, disabling)
        with refused("NotAuthorizedException", "User is disabled."):
            walk.password(name)


@pytest.mark.parametrize("source", [PRE, POST])
def test_what_a_function_writes_to_the_user_is_in_the_tokens(
    idp: Any, public: Any, hooks: Hooks, make_pool: Pool, source: str
) -> None:
    pool = make_pool()

    def naming(event: Json) -> Json:
        if event["triggerSource"] == source:
            names = {"UserPoolId": event["userPoolId"], "Username": event["userName"]}
            idp.admin_update_user_attributes(**names, UserAttributes=[{"Name": "given_name", "Value": "Ada"}])
        return event

    hooks.on(pool, naming)
    tokens = walk_of(idp, public, pool).password(factories.make_user(idp, pool))["AuthenticationResult"]
    assert factories.claims_of(tokens["IdToken"])["given_name"] == "Ada"


@pytest.mark.parametrize("source", [PRE, POST])
def test_a_user_who_is_deleted_by_a_function_does_not_sign_in(
    idp: Any, public: Any, hooks: Hooks, make_pool: Pool, source: str
) -> None:
    pool = make_pool()

    def deleting(event: Json) -> Json:
        if event["triggerSource"] == source:
            idp.admin_delete_user(UserPoolId=event["userPoolId"], Username=event["userName"])
        return event

    hooks.on(pool, deleting)
    with refused("NotAuthorizedException", INCORRECT):
        walk_of(idp, public, pool).password(factories.make_user(idp, pool))


# UserMigration


def knowing(**response: Any) -> Callable[[Json], Json]:
    """A directory in which everybody has `PASSWORD`."""

    def hook(event: Json) -> Json:
        if event["triggerSource"] != "UserMigration_Authentication":
            return event
        if event["request"]["password"] != PASSWORD:
            raise ValueError("Bad password")
        known = {"userAttributes": {"given_name": "Ada"}, "finalUserStatus": "CONFIRMED", "messageAction": "SUPPRESS"}
        return {**event, "response": {**known, **response}}

    return hook


def test_a_user_whom_a_function_knows_signs_in(
    idp: Any, public: Any, hooks: Hooks, make_pool: Pool, is_admin: bool
) -> None:
    pool = make_pool("UserMigration", "PreAuthentication", "PostAuthentication")
    calls = hooks.on(pool, knowing())
    walk, name = walk_of(idp, public, pool, is_admin), unique()
    tokens = walk.password(name, metadata={"from": "an app"})["AuthenticationResult"]
    assert factories.claims_of(tokens["IdToken"])["given_name"] == "Ada"
    assert hooks.sources(pool) == ["UserMigration_Authentication", PRE, POST]
    migration = calls[0]
    response = migration.pop("response")
    assert migration | {"response": {}} == event_of(
        pool,
        walk,
        "UserMigration_Authentication",
        name,
        {"password": PASSWORD, "validationData": {"from": "an app"}},
        migration,
    )
    assert set(response.values()) == {None}
    assert calls[1]["request"]["userAttributes"]["given_name"] == "Ada"
    walk.password(name)
    assert hooks.sources(pool).count("UserMigration_Authentication") == 1


def test_a_choice_of_the_password_migrates(idp: Any, public: Any, hooks: Hooks, make_pool: Pool) -> None:
    pool = make_pool("UserMigration")
    hooks.on(pool, knowing())
    walk, name = walk_of(idp, public, pool), unique()
    ended = walk.begin("USER_AUTH", USERNAME=name, PREFERRED_CHALLENGE="PASSWORD", PASSWORD=PASSWORD)
    assert "AuthenticationResult" in ended


def test_nobody_migrates_without_a_password_in_clear(idp: Any, public: Any, hooks: Hooks, make_pool: Pool) -> None:
    pool = make_pool("UserMigration")
    calls = hooks.on(pool, knowing())
    walk = walk_of(idp, public, pool, PreventUserExistenceErrors="LEGACY")
    with refused("UserNotFoundException"):
        walk.begin("USER_SRP_AUTH", USERNAME="nobody", SRP_A=walk.exchange().srp_a, PASSWORD=PASSWORD)
    with refused("UserNotFoundException"):
        walk.begin("USER_AUTH", USERNAME="nobody", PASSWORD=PASSWORD)
    assert calls == []


def test_who_must_reset_their_password_is_told(idp: Any, public: Any, hooks: Hooks, make_pool: Pool) -> None:
    pool = make_pool("UserMigration")
    hooks.on(pool, knowing(finalUserStatus="RESET_REQUIRED"))
    walk, name = walk_of(idp, public, pool), unique()
    for _ in range(2):
        with refused("PasswordResetRequiredException", "Password reset required for the user"):
            walk.password(name)


def test_what_a_directory_says_of_a_wrong_password_is_shown_where_existence_is_no_secret(
    idp: Any, public: Any, hooks: Hooks, make_pool: Pool
) -> None:
    pool = make_pool("UserMigration")
    hooks.on(pool, knowing())
    open_walk = walk_of(idp, public, pool, PreventUserExistenceErrors="LEGACY")
    with refused("UserLambdaValidationException", "UserMigration failed with error Bad password."):
        open_walk.password("nobody", "Wrong-Password-1")
    with refused("NotAuthorizedException", INCORRECT):
        walk_of(idp, public, pool, PreventUserExistenceErrors="ENABLED").password("nobody", "Wrong-Password-1")


@pytest.mark.parametrize("hiding", ["LEGACY", "ENABLED"])
def test_another_directory_is_no_place_to_guess_at(
    idp: Any, public: Any, hooks: Hooks, make_pool: Pool, clock: Clock, hiding: str
) -> None:
    pool = make_pool("UserMigration")
    calls = hooks.on(pool, knowing())
    walk, name = walk_of(idp, public, pool, PreventUserExistenceErrors=hiding), unique()
    wrong_answers = {"LEGACY": "UserLambdaValidationException", "ENABLED": "NotAuthorizedException"}
    for _ in range(5):
        with refused(wrong_answers[hiding]):
            walk.password(name, "Wrong-Password-1")
    with refused("NotAuthorizedException", "Password attempts exceeded"):
        walk.password(name)
    assert len(calls) == 5
    clock.advance(seconds=2)
    assert "AuthenticationResult" in walk.password(name)
