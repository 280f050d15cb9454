"""Second factors through aws-amplify, unmodified."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import factories, second_factors
from tests.support.authenticator import Authenticator
from tests.support.clock import Clock
from tests.support.factories import PASSWORD, Make, address_of, claims_of, number_of, unique
from tests.support.javascript import App, StartApp, rejected
from tests.support.mailbox import Mailbox, wrong
from tests.support.second_factors import EMAIL, SMS, TOTP

NEW_PASSWORD = "Another-Horse-2"
FLOWS = ["USER_SRP_AUTH", "USER_PASSWORD_AUTH"]
DONE = {"isSignedIn": True, "nextStep": {"signInStep": "DONE"}}
TOTP_CODE = {"signInStep": "CONFIRM_SIGN_IN_WITH_TOTP_CODE"}
INVALID = "Invalid code or auth state for the user."


def sign_in(app: App, username: str, password: str = PASSWORD, flow: str = "USER_SRP_AUTH") -> Any:
    """What is asked for next, or that nothing is. A session that is there is ended first."""
    app("signOut")
    return app("signIn", {"username": username, "password": password, "options": {"authFlowType": flow}})


def answer(app: App, response: str, **options: Any) -> Any:
    return app("confirmSignIn", {"challengeResponse": response, "options": options})


def set_up(app: App, clock: Clock) -> Authenticator:
    """A signed-in user's authenticator app, proven."""
    phone = Authenticator(clock, app("setUpTOTP")["sharedSecret"])
    app("verifyTOTPSetup", {"code": phone.code(), "options": {"friendlyDeviceName": "phone"}})
    return phone


@pytest.mark.parametrize("flow", FLOWS)
def test_an_authenticator_app_is_set_up_and_asked_for(
    idp: Any, make_client: Make, amplify: StartApp, clock: Clock, flow: str
) -> None:
    pool = second_factors.make_pool(idp, TOTP, SMS)
    alice = factories.make_user(idp, pool, unique("Alice"))
    app = amplify(make_client(pool))
    assert sign_in(app, alice, flow=flow) == DONE
    assert app("fetchMFAPreference") == {}
    setup = app("setUpTOTP")
    assert setup["setupUri"] == f"otpauth://totp/Gatehouse:alice?secret={setup['sharedSecret']}&issuer=Gatehouse"
    phone = Authenticator(clock, setup["sharedSecret"])
    with rejected("EnableSoftwareTokenMFAException", "Code mismatch"):
        app("verifyTOTPSetup", {"code": phone.wrong_code()})
    app("verifyTOTPSetup", {"code": phone.code()})
    app("updateMFAPreference", {"totp": "PREFERRED"})
    assert app("fetchMFAPreference") == {"enabled": ["TOTP"], "preferred": "TOTP"}

    assert sign_in(app, alice, flow=flow)["nextStep"] == TOTP_CODE
    with rejected("CodeMismatchException"):
        answer(app, phone.wrong_code())
    assert answer(app, phone.code()) == DONE
    assert claims_of(app("fetchAuthSession", {"forceRefresh": True})["accessToken"])["username"] == alice

    sign_in(app, alice, flow=flow)
    with rejected("ExpiredCodeException", "Your software token has already been used once."):
        answer(app, phone.used_code())

    sign_in(app, alice, flow=flow)
    assert answer(app, phone.code()) == DONE
    app("updateMFAPreference", {"totp": "DISABLED"})
    assert app("fetchMFAPreference") == {}
    assert sign_in(app, alice, flow=flow) == DONE


@pytest.mark.parametrize("flow", FLOWS)
def test_a_pool_that_insists_has_the_authenticator_app_set_up_before_the_first_tokens(
    idp: Any, make_client: Make, amplify: StartApp, clock: Clock, flow: str
) -> None:
    """The user is invited: password first, then the factor."""
    pool = second_factors.make_pool(idp, TOTP, mode="ON")
    idp.admin_create_user(UserPoolId=pool["Id"], Username="alice", TemporaryPassword=PASSWORD, MessageAction="SUPPRESS")
    app = amplify(make_client(pool))
    asked = sign_in(app, "alice", flow=flow)["nextStep"]
    assert asked["signInStep"] == "CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED"
    step = answer(app, NEW_PASSWORD)["nextStep"]
    assert step["signInStep"] == "CONTINUE_SIGN_IN_WITH_TOTP_SETUP"
    phone = Authenticator(clock, step["totpSetupDetails"]["sharedSecret"])
    with rejected("EnableSoftwareTokenMFAException", "Code mismatch"):
        answer(app, phone.wrong_code())

    step = sign_in(app, "alice", NEW_PASSWORD, flow=flow)["nextStep"]
    phone = Authenticator(clock, step["totpSetupDetails"]["sharedSecret"])
    assert answer(app, phone.code(), friendlyDeviceName="phone") == DONE
    assert app("fetchMFAPreference") == {"enabled": ["TOTP"], "preferred": "TOTP"}
    assert sign_in(app, "alice", NEW_PASSWORD, flow=flow)["nextStep"] == TOTP_CODE
    assert answer(app, phone.code()) == DONE


@pytest.mark.parametrize("flow", FLOWS)
def test_a_code_by_sms_is_asked_for(
    idp: Any, make_client: Make, amplify: StartApp, mailbox: Mailbox, flow: str
) -> None:
    pool = second_factors.make_pool(idp, SMS, mode="ON")
    number = number_of(pool)
    alice = factories.make_user(idp, pool, unique("Alice"), phone_number=number)
    app = amplify(make_client(pool))
    assert sign_in(app, alice, flow=flow)["nextStep"] == {
        "signInStep": "CONFIRM_SIGN_IN_WITH_SMS_CODE",
        "codeDeliveryDetails": {"deliveryMedium": "SMS", "destination": f"+*******{number[-4:]}"},
    }
    code = mailbox.code(number)
    with rejected("CodeMismatchException", INVALID):
        answer(app, wrong(code))
    assert answer(app, code) == DONE
    assert app("fetchUserAttributes")["phone_number_verified"] == "true"


@pytest.mark.parametrize("flow", FLOWS)
def test_a_code_by_email_is_asked_for(
    idp: Any, make_client: Make, amplify: StartApp, mailbox: Mailbox, flow: str
) -> None:
    pool = second_factors.make_pool(idp, EMAIL)
    address = address_of(pool)
    alice = factories.make_user(idp, pool, unique("Alice"), email=address, email_verified="true")
    app = amplify(make_client(pool))
    assert sign_in(app, alice, flow=flow) == DONE
    app("updateMFAPreference", {"email": "PREFERRED"})
    assert app("fetchMFAPreference") == {"enabled": ["EMAIL"], "preferred": "EMAIL"}
    assert sign_in(app, alice, flow=flow)["nextStep"] == {
        "signInStep": "CONFIRM_SIGN_IN_WITH_EMAIL_CODE",
        "codeDeliveryDetails": {"deliveryMedium": "EMAIL", "destination": "a***@e***"},
    }
    letter = mailbox.messages(address)[0]
    assert (letter["subject"], letter["body"]) == ("Your code", f"Your code is {letter['code']}")
    with rejected("CodeMismatchException", INVALID):
        answer(app, wrong(letter["code"]))
    assert answer(app, letter["code"]) == DONE


def test_an_address_is_set_up_for_codes_during_the_sign_in(
    idp: Any, make_client: Make, amplify: StartApp, mailbox: Mailbox
) -> None:
    pool = second_factors.make_pool(idp, EMAIL, TOTP, mode="ON")
    alice = factories.make_user(idp, pool, unique("Alice"))
    app = amplify(make_client(pool))
    step = sign_in(app, alice)["nextStep"]
    assert step["signInStep"] == "CONTINUE_SIGN_IN_WITH_MFA_SETUP_SELECTION"
    assert set(step["allowedMFATypes"]) == {"EMAIL", "TOTP"}
    assert answer(app, "EMAIL")["nextStep"] == {"signInStep": "CONTINUE_SIGN_IN_WITH_EMAIL_SETUP"}
    address = address_of(pool)
    assert answer(app, address)["nextStep"] == {
        "signInStep": "CONFIRM_SIGN_IN_WITH_EMAIL_CODE",
        "codeDeliveryDetails": {"deliveryMedium": "EMAIL", "destination": "a***@e***"},
    }
    assert answer(app, mailbox.code(address)) == DONE
    shown = app("fetchUserAttributes")
    assert (shown["email"], shown["email_verified"]) == (address, "true")
    assert sign_in(app, alice)["nextStep"]["signInStep"] == "CONFIRM_SIGN_IN_WITH_EMAIL_CODE"


def test_the_authenticator_app_is_chosen_among_the_factors_to_set_up(
    idp: Any, make_client: Make, amplify: StartApp, clock: Clock
) -> None:
    pool = second_factors.make_pool(idp, EMAIL, TOTP, mode="ON")
    alice = factories.make_user(idp, pool, unique("Alice"))
    app = amplify(make_client(pool))
    sign_in(app, alice)
    step = answer(app, "TOTP")["nextStep"]
    assert step["signInStep"] == "CONTINUE_SIGN_IN_WITH_TOTP_SETUP"
    assert answer(app, Authenticator(clock, step["totpSetupDetails"]["sharedSecret"]).code()) == DONE


@pytest.mark.parametrize("flow", FLOWS)
def test_who_has_several_factors_chooses(
    idp: Any, make_client: Make, amplify: StartApp, clock: Clock, mailbox: Mailbox, flow: str
) -> None:
    pool = second_factors.make_pool(idp, TOTP, SMS, EMAIL)
    number, address = number_of(pool), address_of(pool)
    alice = factories.make_user(
        idp,
        pool,
        unique("Alice"),
        phone_number=number,
        phone_number_verified="true",
        email=address,
        email_verified="true",
    )
    app = amplify(make_client(pool))
    sign_in(app, alice)
    phone = set_up(app, clock)
    app("updateMFAPreference", {"sms": "ENABLED", "totp": "ENABLED", "email": "ENABLED"})
    preference = app("fetchMFAPreference")
    assert (set(preference["enabled"]), preference.get("preferred")) == ({"SMS", "TOTP", "EMAIL"}, None)

    for factor, code in (
        ("TOTP", phone.code),
        ("SMS", lambda: mailbox.code(number)),
        ("EMAIL", lambda: mailbox.code(address)),
    ):
        step = sign_in(app, alice, flow=flow)["nextStep"]
        assert step["signInStep"] == "CONTINUE_SIGN_IN_WITH_MFA_SELECTION"
        assert set(step["allowedMFATypes"]) == {"SMS", "TOTP", "EMAIL"}
        step = answer(app, factor)["nextStep"]
        assert step["signInStep"] == f"CONFIRM_SIGN_IN_WITH_{factor}_CODE"
        assert answer(app, code()) == DONE

    app("updateMFAPreference", {"sms": "PREFERRED"})
    assert app("fetchMFAPreference")["preferred"] == "SMS"
    assert sign_in(app, alice, flow=flow)["nextStep"]["signInStep"] == "CONFIRM_SIGN_IN_WITH_SMS_CODE"
