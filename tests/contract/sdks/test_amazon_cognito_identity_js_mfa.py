"""Second factors through amazon-cognito-identity-js, unmodified. It knows no codes by e-mail."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support import factories, second_factors
from tests.support.authenticator import Authenticator
from tests.support.clock import Clock
from tests.support.factories import PASSWORD, Make, claims_of, number_of, unique
from tests.support.javascript import App, StartApp, rejected
from tests.support.mailbox import Mailbox, wrong
from tests.support.second_factors import OFF, ON, PREFERRED, SMS, TOTP

NEW_PASSWORD = "Another-Horse-2"
FLOWS = ["USER_SRP_AUTH", "USER_PASSWORD_AUTH"]


def associate(app: App, name: str, clock: Clock) -> Authenticator:
    """The user's authenticator app, once it has read the secret."""
    answer = app("associateSoftwareToken", name)
    assert answer["callback"] == "associateSecretCode"
    return Authenticator(clock, answer["values"][0])


def set_up(app: App, name: str, clock: Clock) -> Authenticator:
    """A signed-in user's authenticator app, proven."""
    phone = associate(app, name, clock)
    verified = app("verifySoftwareToken", name, phone.code(), "phone")
    assert (verified["callback"], verified["values"][0]["Status"]) == ("onSuccess", "SUCCESS")
    return phone


def factors_of(app: App, name: str) -> tuple[set[str], str | None]:
    """Those that are switched on, and the preferred one."""
    data = app("getUserData", name)
    return set(data.get("UserMFASettingList", [])), data.get("PreferredMfaSetting")


@pytest.mark.parametrize("flow", FLOWS)
def test_an_authenticator_app_is_set_up_and_asked_for(
    idp: Any, make_client: Make, identity_js: StartApp, clock: Clock, flow: str
) -> None:
    pool = second_factors.make_pool(idp, TOTP, SMS)
    alice = factories.make_user(idp, pool, unique("Alice"))
    app = identity_js(make_client(pool))
    app("setAuthenticationFlowType", alice, flow)
    assert app("authenticateUser", alice, PASSWORD)["callback"] == "onSuccess"
    assert factors_of(app, alice) == (set(), None)
    phone = associate(app, alice, clock)
    with rejected("EnableSoftwareTokenMFAException", "Code mismatch"):
        app("verifySoftwareToken", alice, phone.wrong_code(), "phone")
    assert app("verifySoftwareToken", alice, phone.code(), "phone")["values"][0]["Status"] == "SUCCESS"
    assert app("setUserMfaPreference", alice, None, PREFERRED) == "SUCCESS"
    assert factors_of(app, alice) == ({TOTP}, TOTP)
    app("signOut", alice)

    app("setAuthenticationFlowType", alice, flow)
    challenge = app("authenticateUser", alice, PASSWORD)
    assert (challenge["callback"], challenge["values"][0]) == ("totpRequired", TOTP)
    assert challenge["values"][1]["FRIENDLY_DEVICE_NAME"] == "phone"
    with rejected("CodeMismatchException"):
        app("sendMFACode", alice, phone.wrong_code(), TOTP)
    answer = app("sendMFACode", alice, phone.code(), TOTP)
    assert claims_of(answer["session"]["accessToken"])["username"] == alice
    assert app("refreshSession", alice)["isValid"]

    app("authenticateUser", alice, PASSWORD)
    with rejected("ExpiredCodeException", "Your software token has already been used once."):
        app("sendMFACode", alice, phone.used_code(), TOTP)

    app("authenticateUser", alice, PASSWORD)
    assert app("sendMFACode", alice, phone.code(), TOTP)["callback"] == "onSuccess"
    assert app("setUserMfaPreference", alice, None, OFF) == "SUCCESS"
    assert factors_of(app, alice) == (set(), None)
    assert app("authenticateUser", alice, PASSWORD)["callback"] == "onSuccess"


@pytest.mark.parametrize("flow", FLOWS)
def test_a_pool_that_insists_has_the_authenticator_app_set_up_before_the_first_tokens(
    idp: Any, make_client: Make, identity_js: StartApp, clock: Clock, flow: str
) -> None:
    """The user is invited: password first, then the factor."""
    pool = second_factors.make_pool(idp, TOTP, mode="ON")
    idp.admin_create_user(UserPoolId=pool["Id"], Username="alice", TemporaryPassword=PASSWORD, MessageAction="SUPPRESS")
    app = identity_js(make_client(pool))
    app("setAuthenticationFlowType", "alice", flow)
    assert app("authenticateUser", "alice", PASSWORD)["callback"] == "newPasswordRequired"
    challenge = app("completeNewPasswordChallenge", "alice", NEW_PASSWORD, {})
    assert (challenge["callback"], challenge["values"][0]) == ("mfaSetup", "MFA_SETUP")
    assert json.loads(challenge["values"][1]["MFAS_CAN_SETUP"]) == [TOTP]
    phone = associate(app, "alice", clock)
    with rejected("EnableSoftwareTokenMFAException", "Code mismatch"):
        app("verifySoftwareToken", "alice", phone.wrong_code(), "phone")

    assert app("authenticateUser", "alice", NEW_PASSWORD)["callback"] == "mfaSetup"
    phone = associate(app, "alice", clock)
    answer = app("verifySoftwareToken", "alice", phone.code(), "phone")
    assert claims_of(answer["session"]["accessToken"])["username"] == "alice"
    assert factors_of(app, "alice") == ({TOTP}, TOTP)
    assert app("authenticateUser", "alice", NEW_PASSWORD)["callback"] == "totpRequired"
    assert app("sendMFACode", "alice", phone.code(), TOTP)["callback"] == "onSuccess"


@pytest.mark.parametrize("flow", FLOWS)
def test_a_code_by_sms_is_asked_for(
    idp: Any, make_client: Make, identity_js: StartApp, mailbox: Mailbox, flow: str
) -> None:
    pool = second_factors.make_pool(idp, SMS, mode="ON")
    number = number_of(pool)
    alice = factories.make_user(idp, pool, unique("Alice"), phone_number=number)
    app = identity_js(make_client(pool))
    app("setAuthenticationFlowType", alice, flow)
    challenge = app("authenticateUser", alice, PASSWORD)
    assert (challenge["callback"], challenge["values"][0]) == ("mfaRequired", SMS)
    assert challenge["values"][1]["CODE_DELIVERY_DELIVERY_MEDIUM"] == "SMS"
    assert challenge["values"][1]["CODE_DELIVERY_DESTINATION"] == f"+*******{number[-4:]}"
    code = mailbox.code(number)
    with rejected("CodeMismatchException", "Invalid code or auth state for the user."):
        app("sendMFACode", alice, wrong(code))
    assert app("sendMFACode", alice, code)["callback"] == "onSuccess"
    assert app("getUserAttributes", alice)["phone_number_verified"] == "true"


@pytest.mark.parametrize("flow", FLOWS)
def test_who_has_two_factors_chooses(
    idp: Any,
    make_client: Make,
    identity_js: StartApp,
    clock: Clock,
    mailbox: Mailbox,
    flow: str,
) -> None:
    pool = second_factors.make_pool(idp, TOTP, SMS)
    number = number_of(pool)
    alice = factories.make_user(idp, pool, unique("Alice"), phone_number=number, phone_number_verified="true")
    app = identity_js(make_client(pool))
    app("setAuthenticationFlowType", alice, flow)
    app("authenticateUser", alice, PASSWORD)
    phone = set_up(app, alice, clock)
    assert app("setUserMfaPreference", alice, ON, ON) == "SUCCESS"
    assert factors_of(app, alice) == ({SMS, TOTP}, None)

    challenge = app("authenticateUser", alice, PASSWORD)
    assert (challenge["callback"], challenge["values"][0]) == ("selectMFAType", "SELECT_MFA_TYPE")
    assert set(json.loads(challenge["values"][1]["MFAS_CAN_CHOOSE"])) == {SMS, TOTP}
    assert app("sendMFASelectionAnswer", alice, TOTP)["callback"] == "totpRequired"
    assert app("sendMFACode", alice, phone.code(), TOTP)["callback"] == "onSuccess"

    app("authenticateUser", alice, PASSWORD)
    chosen = app("sendMFASelectionAnswer", alice, SMS)
    assert (chosen["callback"], chosen["values"][1]["CODE_DELIVERY_DELIVERY_MEDIUM"]) == ("mfaRequired", "SMS")
    assert app("sendMFACode", alice, mailbox.code(number), SMS)["callback"] == "onSuccess"

    assert app("setUserMfaPreference", alice, PREFERRED, ON) == "SUCCESS"
    assert app("authenticateUser", alice, PASSWORD)["callback"] == "mfaRequired"


def test_the_old_switch_is_that_of_sms(idp: Any, make_client: Make, identity_js: StartApp, mailbox: Mailbox) -> None:
    pool = second_factors.make_pool(idp, SMS)
    number = number_of(pool)
    alice = factories.make_user(idp, pool, unique("Alice"), phone_number=number, phone_number_verified="true")
    app = identity_js(make_client(pool))
    assert app("authenticateUser", alice, PASSWORD)["callback"] == "onSuccess"
    assert app("enableMFA", alice) == "SUCCESS"
    assert app("authenticateUser", alice, PASSWORD)["callback"] == "mfaRequired"
    assert app("sendMFACode", alice, mailbox.code(number))["callback"] == "onSuccess"
    assert app("disableMFA", alice) == "SUCCESS"
    assert app("authenticateUser", alice, PASSWORD)["callback"] == "onSuccess"
