"""Sign-in by choice (USER_AUTH) through aws-amplify, unmodified: with and without a password."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import factories
from tests.support.factories import PASSWORD, Make, address_of, claims_of, number_of, unique
from tests.support.javascript import App, StartApp, rejected
from tests.support.mailbox import Mailbox, wrong
from tests.support.second_factors import SMS_SENDER

DONE = {"isSignedIn": True, "nextStep": {"signInStep": "DONE"}}
BY_EMAIL = {
    "signInStep": "CONFIRM_SIGN_IN_WITH_EMAIL_CODE",
    "codeDeliveryDetails": {"deliveryMedium": "EMAIL", "destination": "a***@e***"},
}
EVERY_CHOICE = {"PASSWORD", "PASSWORD_SRP", "EMAIL_OTP", "SMS_OTP"}
CHOOSING = {"authFlowType": "USER_AUTH"}


@pytest.fixture
def pool(make_pool: Make) -> dict[str, Any]:
    return make_pool(
        AutoVerifiedAttributes=["email", "phone_number"],
        SmsConfiguration=SMS_SENDER,
        Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP", "SMS_OTP"]}},
    )


@pytest.fixture
def app(amplify: StartApp, client: dict[str, Any]) -> App:
    return amplify(client)


@pytest.fixture
def alice(idp: Any, pool: dict[str, Any]) -> str:
    """A user with everything to choose from."""
    return factories.make_user(
        idp,
        pool,
        unique("Alice"),
        email=address_of(pool),
        email_verified="true",
        phone_number=number_of(pool),
        phone_number_verified="true",
    )


def choose(app: App, username: str, challenge: str | None = None, password: str | None = None) -> Any:
    given: dict[str, Any] = {"username": username, "options": dict(CHOOSING)}
    if challenge:
        given["options"]["preferredChallenge"] = challenge
    if password:
        given["password"] = password
    return app("signIn", given)


def answer(app: App, response: str) -> Any:
    return app("confirmSignIn", {"challengeResponse": response})


def username_of(app: App) -> str:
    return str(claims_of(app("fetchAuthSession", {"forceRefresh": True})["accessToken"])["username"])


@pytest.mark.parametrize("challenge", ["PASSWORD", "PASSWORD_SRP"])
def test_the_password_is_preferred(app: App, alice: str, challenge: str) -> None:
    with rejected("NotAuthorizedException", "Incorrect username or password."):
        choose(app, alice, challenge, "Wrong-Password-1")
    assert choose(app, alice, challenge, PASSWORD) == DONE
    assert username_of(app) == alice


def test_a_code_by_email_is_preferred(app: App, pool: dict[str, Any], alice: str, mailbox: Mailbox) -> None:
    assert choose(app, alice, "EMAIL_OTP")["nextStep"] == BY_EMAIL
    code = mailbox.code(address_of(pool))
    assert len(code) == 8
    with rejected("CodeMismatchException", "Invalid code or auth state for the user."):
        answer(app, wrong(code))
    assert answer(app, code) == DONE
    assert username_of(app) == alice


def test_a_code_by_sms_is_preferred(app: App, pool: dict[str, Any], alice: str, mailbox: Mailbox) -> None:
    number = number_of(pool)
    assert choose(app, alice, "SMS_OTP")["nextStep"] == {
        "signInStep": "CONFIRM_SIGN_IN_WITH_SMS_CODE",
        "codeDeliveryDetails": {"deliveryMedium": "SMS", "destination": f"+*******{number[-4:]}"},
    }
    assert answer(app, mailbox.code(number)) == DONE
    assert username_of(app) == alice


@pytest.mark.parametrize("challenge", ["PASSWORD", "PASSWORD_SRP"])
def test_the_password_is_chosen(app: App, alice: str, challenge: str) -> None:
    step = choose(app, alice)["nextStep"]
    assert step["signInStep"] == "CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION"
    assert set(step["availableChallenges"]) == EVERY_CHOICE
    assert answer(app, challenge)["nextStep"] == {"signInStep": "CONFIRM_SIGN_IN_WITH_PASSWORD"}
    assert answer(app, PASSWORD) == DONE
    assert username_of(app) == alice


@pytest.mark.parametrize("challenge", ["PASSWORD", "PASSWORD_SRP"])
def test_the_chosen_password_is_wrong(app: App, alice: str, challenge: str) -> None:
    choose(app, alice)
    answer(app, challenge)
    with rejected("NotAuthorizedException", "Incorrect username or password."):
        answer(app, "Wrong-Password-1")


def test_a_code_is_chosen(app: App, pool: dict[str, Any], alice: str, mailbox: Mailbox) -> None:
    choose(app, alice)
    assert answer(app, "EMAIL_OTP")["nextStep"] == BY_EMAIL
    assert answer(app, mailbox.code(address_of(pool))) == DONE
    app("signOut")
    choose(app, alice)
    assert answer(app, "SMS_OTP")["nextStep"]["signInStep"] == "CONFIRM_SIGN_IN_WITH_SMS_CODE"
    assert answer(app, mailbox.code(number_of(pool))) == DONE


def test_what_a_user_lacks_is_not_offered(idp: Any, app: App, pool: dict[str, Any]) -> None:
    bob = factories.make_user(idp, pool, unique("Bob"), email=address_of(pool), email_verified="true")
    step = choose(app, bob, "SMS_OTP")["nextStep"]
    assert step["signInStep"] == "CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION"
    assert set(step["availableChallenges"]) == EVERY_CHOICE - {"SMS_OTP"}


def test_the_address_of_nobody_is_sent_a_code_that_never_comes(
    make_pool: Make, make_client: Make, amplify: StartApp, mailbox: Mailbox
) -> None:
    pool = make_pool(
        UsernameAttributes=["email"],
        Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}},
    )
    app = amplify(make_client(pool))
    assert choose(app, address_of(pool), "EMAIL_OTP")["nextStep"] == BY_EMAIL
    assert mailbox.messages(address_of(pool)) == []
    with rejected("CodeMismatchException", "Invalid code or auth state for the user."):
        answer(app, "12345678")


def test_sign_up_without_a_password_signs_in_by_itself(app: App, pool: dict[str, Any], mailbox: Mailbox) -> None:
    address = address_of(pool)
    options = {"userAttributes": {"email": address, "custom:plan": "gold"}, "autoSignIn": CHOOSING}
    signed_up = app("signUp", {"username": "alice", "options": options})
    assert signed_up["nextStep"]["signUpStep"] == "CONFIRM_SIGN_UP"
    confirmed = app("confirmSignUp", {"username": "alice", "confirmationCode": mailbox.code(address)})
    assert confirmed["nextStep"] == {"signUpStep": "COMPLETE_AUTO_SIGN_IN"}
    assert app("autoSignIn") == DONE
    assert len(mailbox.messages(address)) == 1
    shown = app("fetchUserAttributes")
    assert (shown["custom:plan"], shown["email_verified"]) == ("gold", "true")
    assert username_of(app) == "alice"

    app("signOut")
    step = choose(app, "alice", "PASSWORD", PASSWORD)["nextStep"]
    assert step == {
        "signInStep": "CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION",
        "availableChallenges": ["EMAIL_OTP"],
    }
    assert answer(app, "EMAIL_OTP")["nextStep"] == BY_EMAIL
    assert answer(app, mailbox.code(address)) == DONE


def test_sign_up_with_a_password_signs_in_by_itself(app: App, pool: dict[str, Any], mailbox: Mailbox) -> None:
    address = address_of(pool)
    options = {"userAttributes": {"email": address}, "autoSignIn": CHOOSING}
    app("signUp", {"username": "alice", "password": PASSWORD, "options": options})
    app("confirmSignUp", {"username": "alice", "confirmationCode": mailbox.code(address)})
    assert app("autoSignIn") == DONE
    app("signOut")
    assert choose(app, "alice", "PASSWORD_SRP", PASSWORD) == DONE
