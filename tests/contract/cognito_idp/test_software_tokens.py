"""Authenticator apps: AssociateSoftwareToken and VerifySoftwareToken with an access token, AdminDeleteSoftwareToken."""

import re
import time
from typing import Any

import pytest

from tests.support import database, factories, second_factors, totp
from tests.support.clients import refused
from tests.support.clock import Clock
from tests.support.second_factors import SMS, TOTP
from tests.support.server import Server

NOT_OFFERED = "Software Token MFA has not been enabled by the userPool"
ONE_OF_TWO = "Exactly one of AccessToken and Session must be given."
NONE_WAITS = "No software token waits for verification."
USED = "Your software token has already been used once."
TOO_MANY = "Attempt limit exceeded, please try after some time."

ON = {"Enabled": True}


@pytest.fixture(scope="module")
def pool(idp: Any) -> dict[str, Any]:
    return second_factors.make_pool(idp, SMS, TOTP)


@pytest.fixture(scope="module")
def client(idp: Any, pool: dict[str, Any]) -> dict[str, Any]:
    return factories.make_client(idp, pool)


@pytest.fixture
def token(public: Any, client: dict[str, Any], user: str) -> str:
    return str(factories.sign_in(public, client, user)["AccessToken"])


def secret_of(public: Any, token: str) -> str:
    return str(public.associate_software_token(AccessToken=token)["SecretCode"])


def now(secret: str) -> str:
    return totp.code(secret, time.time())


def wrong(secret: str) -> str:
    return totp.wrong(secret, time.time())


def test_an_app_is_set_up_with_its_first_code(public: Any, token: str) -> None:
    answer = public.associate_software_token(AccessToken=token)
    assert answer.keys() == {"SecretCode", "ResponseMetadata"}
    secret = answer["SecretCode"]
    assert re.fullmatch("[A-Z2-7]{52}", secret)
    verified = public.verify_software_token(AccessToken=token, UserCode=now(secret), FriendlyDeviceName="my phone")
    assert verified.keys() == {"Status", "ResponseMetadata"}
    assert verified["Status"] == "SUCCESS"


def test_setting_up_switches_nothing_on(idp: Any, public: Any, pool: dict[str, Any], token: str, user: str) -> None:
    second_factors.register(public, token)
    answer = idp.admin_get_user(UserPoolId=pool["Id"], Username=user)
    assert not {"UserMFASettingList", "PreferredMfaSetting", "MFAOptions"} & answer.keys()
    public.set_user_mfa_preference(AccessToken=token, SoftwareTokenMfaSettings=ON)
    assert public.get_user(AccessToken=token)["UserMFASettingList"] == [TOTP]


def test_every_secret_is_another_and_only_the_newest_waits(public: Any, token: str) -> None:
    first, second = secret_of(public, token), secret_of(public, token)
    assert first != second
    with refused("EnableSoftwareTokenMFAException", "Code mismatch"):
        public.verify_software_token(AccessToken=token, UserCode=now(first))
    public.verify_software_token(AccessToken=token, UserCode=now(second))


def test_a_wrong_code_leaves_the_secret_waiting(public: Any, token: str) -> None:
    secret = secret_of(public, token)
    with refused("EnableSoftwareTokenMFAException", "Code mismatch"):
        public.verify_software_token(AccessToken=token, UserCode=wrong(secret))
    public.verify_software_token(AccessToken=token, UserCode=now(secret))


@pytest.mark.parametrize(("seconds", "is_right"), [(-60, False), (-30, True), (30, True), (60, False)])
def test_an_app_may_be_one_step_off(public: Any, token: str, clock: Clock, seconds: int, is_right: bool) -> None:
    secret = secret_of(public, token)
    clock.advance(seconds=30 - time.time() % 30)  # to the beginning of a step, so that none ends meanwhile
    code = totp.code(secret, time.time() // 30 * 30 + 30 + seconds)
    if is_right:
        public.verify_software_token(AccessToken=token, UserCode=code)
    else:
        with refused("EnableSoftwareTokenMFAException"):
            public.verify_software_token(AccessToken=token, UserCode=code)


def test_there_is_nothing_to_verify_without_a_waiting_secret(public: Any, token: str) -> None:
    with refused("InvalidParameterException", NONE_WAITS):
        public.verify_software_token(AccessToken=token, UserCode="123456")
    secret = second_factors.register(public, token)
    with refused("InvalidParameterException", NONE_WAITS):
        public.verify_software_token(AccessToken=token, UserCode=now(secret))


def test_wrong_codes_in_a_row_are_stopped_whichever_secret_they_are_for(public: Any, token: str, clock: Clock) -> None:
    secret = secret_of(public, token)
    for _ in range(5):
        with refused("EnableSoftwareTokenMFAException"):
            public.verify_software_token(AccessToken=token, UserCode=wrong(secret))
    secret = secret_of(public, token)
    with refused("TooManyRequestsException", TOO_MANY):
        public.verify_software_token(AccessToken=token, UserCode=now(secret))
    clock.advance(seconds=2)
    public.verify_software_token(AccessToken=token, UserCode=totp.code(secret, time.time() + 2))


@pytest.mark.parametrize("code", ["12345", "1234567", "12345a", "", "١٢٣٤٥٦"])
def test_what_is_no_code_is_refused_by_its_form(public: Any, token: str, code: str) -> None:
    secret_of(public, token)
    with refused("InvalidParameterException") as refusal:
        public.verify_software_token(AccessToken=token, UserCode=code)
    assert "at 'userCode' failed to satisfy constraint" in refusal.message
    assert not code or code not in refusal.message


def test_a_token_or_a_session_is_given_and_not_both(public: Any, token: str) -> None:
    session = "s" * 20
    for members in ({}, {"AccessToken": token, "Session": session}):
        with refused("InvalidParameterException", ONE_OF_TWO):
            public.associate_software_token(**members)
        with refused("InvalidParameterException", ONE_OF_TWO):
            public.verify_software_token(**members, UserCode="123456")


def test_an_unknown_session_opens_nothing(public: Any) -> None:
    with refused("NotAuthorizedException", "Invalid session for the user."):
        public.associate_software_token(Session="s" * 20)
    with refused("NotAuthorizedException", "Invalid session for the user."):
        public.verify_software_token(Session="s" * 20, UserCode="123456")


@pytest.mark.parametrize(("factors", "mode"), [((SMS,), "OPTIONAL"), ((), "OFF")])
def test_a_pool_without_software_tokens_hands_out_no_secret(
    idp: Any, public: Any, factors: tuple[str, ...], mode: str
) -> None:
    pool = second_factors.make_pool(idp, *factors, mode=mode)
    client, user = factories.make_client(idp, pool), factories.make_user(idp, pool)
    token = factories.sign_in(public, client, user)["AccessToken"]
    with refused("SoftwareTokenMFANotFoundException", NOT_OFFERED):
        public.associate_software_token(AccessToken=token)
    with refused("SoftwareTokenMFANotFoundException", NOT_OFFERED):
        public.verify_software_token(AccessToken=token, UserCode="123456")


def test_a_secret_is_told_once_and_stands_nowhere_in_clear(server: Server, public: Any, token: str) -> None:
    secret = second_factors.register(public, token)
    assert secret not in server.log
    stored = server.manage(
        "shell",
        "-v0",
        "-c",
        "from django.db import connection; cursor = connection.cursor();"
        "cursor.execute('SELECT secret FROM pools_softwaretoken'); print(cursor.fetchall())",
    )
    assert secret not in stored


def test_a_code_signs_in_once_and_that_of_the_set_up_does_not(
    public: Any, client: dict[str, Any], token: str, user: str
) -> None:
    secret = secret_of(public, token)
    used = now(secret)
    public.verify_software_token(AccessToken=token, UserCode=used, FriendlyDeviceName="my phone")
    public.set_user_mfa_preference(AccessToken=token, SoftwareTokenMfaSettings=ON)
    answers = [begin(public, client, user) for _ in range(2)]
    assert answers[0]["ChallengeParameters"]["FRIENDLY_DEVICE_NAME"] == "my phone"
    with refused("ExpiredCodeException", USED):
        answer(public, client, user, answers[0], used)
    fresh = totp.code(secret, time.time() + 30)
    assert "AuthenticationResult" in answer(public, client, user, answers[0], fresh)
    with refused("ExpiredCodeException", USED):
        answer(public, client, user, answers[1], fresh)


def begin(public: Any, client: dict[str, Any], user: str) -> Any:
    return public.initiate_auth(
        ClientId=client["ClientId"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": user, "PASSWORD": factories.PASSWORD},
    )


def answer(public: Any, client: dict[str, Any], user: str, challenge: Any, code: str) -> Any:
    return public.respond_to_auth_challenge(
        ClientId=client["ClientId"],
        ChallengeName=challenge["ChallengeName"],
        Session=challenge["Session"],
        ChallengeResponses={"USERNAME": user, "SOFTWARE_TOKEN_MFA_CODE": code},
    )


# Access tokens


def test_a_revoked_token_sets_nothing_up(public: Any, token: str) -> None:
    public.global_sign_out(AccessToken=token)
    for refusing in (
        lambda: public.associate_software_token(AccessToken=token),
        lambda: public.verify_software_token(AccessToken=token, UserCode="123456"),
    ):
        with refused("NotAuthorizedException", "Access Token has been revoked"):
            refusing()


def test_a_user_to_be_reset_and_one_who_is_gone_get_no_secret(
    idp: Any, public: Any, pool: dict[str, Any], token: str, user: str
) -> None:
    named = {"UserPoolId": pool["Id"], "Username": user}
    verified = [{"Name": "email", "Value": f"{user}@example.com"}, {"Name": "email_verified", "Value": "true"}]
    idp.admin_update_user_attributes(**named, UserAttributes=verified)
    idp.admin_reset_user_password(**named)
    with refused("NotAuthorizedException", "Password reset required for the user"):
        public.associate_software_token(AccessToken=token)
    idp.admin_delete_user(**named)
    with refused("NotAuthorizedException", "Access Token has been revoked"):
        public.associate_software_token(AccessToken=token)


# AdminDeleteSoftwareToken


def test_an_administrator_takes_app_and_factor_away(
    server: Server, idp: Any, public: Any, pool: dict[str, Any], token: str, user: str
) -> None:
    named = {"UserPoolId": pool["Id"], "Username": user}
    idp.admin_update_user_attributes(**named, UserAttributes=[{"Name": "phone_number", "Value": "+4915112349934"}])
    second_factors.register(public, token)
    public.set_user_mfa_preference(
        AccessToken=token, SMSMfaSettings=ON, SoftwareTokenMfaSettings={**ON, "PreferredMfa": True}
    )
    secret_of(public, token)
    assert database.count(server, "SoftwareToken", user) == 2
    idp.admin_delete_software_token(**named)
    answer = idp.admin_get_user(**named)
    assert answer["UserMFASettingList"] == [SMS]
    assert "PreferredMfaSetting" not in answer
    assert database.count(server, "SoftwareToken", user) == 0
    with refused("InvalidParameterException", "User does not have delivery config set to turn on SOFTWARE_TOKEN_MFA"):
        public.set_user_mfa_preference(AccessToken=token, SoftwareTokenMfaSettings=ON)
    second_factors.register(public, token)


def test_taking_away_what_is_not_there_changes_nothing(idp: Any, pool: dict[str, Any], user: str) -> None:
    idp.admin_delete_software_token(UserPoolId=pool["Id"], Username=user)
    idp.admin_delete_software_token(UserPoolId=pool["Id"], Username=user)
    with refused("UserNotFoundException", "User does not exist."):
        idp.admin_delete_software_token(UserPoolId=pool["Id"], Username="nobody")


def test_apps_go_with_their_user(server: Server, public: Any, token: str, user: str) -> None:
    second_factors.register(public, token)
    secret_of(public, token)
    public.delete_user(AccessToken=token)
    assert database.count(server, "SoftwareToken", user) == 0
