"""amazon-cognito-identity-js, unmodified: what its users do, and what it shows them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import factories
from tests.support.clients import refused
from tests.support.factories import PASSWORD, Make, address_of, claims_of, unique
from tests.support.javascript import App, StartApp, rejected
from tests.support.mailbox import Mailbox, wrong

NEW_PASSWORD = "Another-Horse-2"
FLOWS = ["USER_SRP_AUTH", "USER_PASSWORD_AUTH"]
NOT_AUTHORIZED = "NotAuthorizedException"
INCORRECT = "Incorrect username or password."
MISMATCH = "Invalid verification code provided, please try again."
DELIVERED = {"AttributeName": "email", "DeliveryMedium": "EMAIL", "Destination": "a***@e***"}


@pytest.fixture
def app(identity_js: StartApp, client: dict[str, Any]) -> App:
    return identity_js(client)


@pytest.fixture
def alice(idp: Any, pool: dict[str, Any]) -> str:
    """A confirmed user with a verified address."""
    return factories.make_user(idp, pool, unique("Alice"), email=address_of(pool), email_verified="true")


@pytest.fixture
def signed_in(app: App, alice: str) -> App:
    app("authenticateUser", alice, PASSWORD)
    return app


def test_sign_up_confirmation_and_sign_in_with_a_custom_attribute(
    app: App, pool: dict[str, Any], mailbox: Mailbox
) -> None:
    address = address_of(pool)
    given = {"email": address, "given_name": "Alice", "custom:plan": "gold"}
    signed_up = app("signUp", "alice", PASSWORD, given)
    assert (signed_up["userConfirmed"], signed_up["codeDeliveryDetails"]) == (False, DELIVERED)
    with rejected("UserNotConfirmedException", "User is not confirmed."):
        app("authenticateUser", "alice", PASSWORD)
    with rejected("CodeMismatchException", MISMATCH):
        app("confirmRegistration", "alice", wrong(mailbox.code(address)))
    assert app("confirmRegistration", "alice", mailbox.code(address)) == "SUCCESS"

    answer = app("authenticateUser", "alice", PASSWORD)
    assert (answer["callback"], answer["session"]["isValid"]) == ("onSuccess", True)
    claims = claims_of(answer["session"]["idToken"])
    assert (claims["sub"], claims["custom:plan"], claims["given_name"]) == (signed_up["userSub"], "gold", "Alice")
    assert app("getUserAttributes", "alice") == {**given, "sub": signed_up["userSub"], "email_verified": "true"}
    assert app("getCurrentUser") == "alice"


def test_a_code_that_is_asked_for_again_confirms(app: App, pool: dict[str, Any], mailbox: Mailbox) -> None:
    address = address_of(pool)
    app("signUp", "alice", PASSWORD, {"email": address})
    assert app("resendConfirmationCode", "alice")["CodeDeliveryDetails"] == DELIVERED
    assert len(mailbox.messages(address)) == 2
    assert app("confirmRegistration", "alice", mailbox.code(address)) == "SUCCESS"


def test_refused_sign_ups_say_why(app: App, alice: str, pool: dict[str, Any]) -> None:
    with rejected("UsernameExistsException", "User already exists"):
        app("signUp", alice, PASSWORD, {"email": address_of(pool)})
    with rejected("InvalidPasswordException", "Password did not conform with policy: Password not long enough"):
        app("signUp", "bob", "Short-1", {})
    with rejected("InvalidParameterException", "Invalid email address format."):
        app("signUp", "bob", PASSWORD, {"email": "bob"})


@pytest.mark.parametrize("name", ["Bob.Builder", "JÜRGEN-Ångström-ß", "名前", "🦉owl+1=2"])
def test_any_name_signs_in(idp: Any, pool: dict[str, Any], app: App, name: str) -> None:
    factories.make_user(idp, pool, name)
    answer = app("authenticateUser", name, PASSWORD)
    assert claims_of(answer["session"]["idToken"])["cognito:username"] == name
    assert app("getUsername", name) == name


@pytest.mark.parametrize("password", ["Ääh-Größe-Password-1", "密码-Password-1", "Spaces  and\ttabs-1"])
def test_any_password_signs_in(idp: Any, pool: dict[str, Any], app: App, alice: str, password: str) -> None:
    idp.admin_set_user_password(UserPoolId=pool["Id"], Username=alice, Password=password, Permanent=True)
    assert app("authenticateUser", alice, password)["callback"] == "onSuccess"


@pytest.mark.parametrize("flow", FLOWS)
def test_a_name_in_other_letters_is_the_same_user_where_case_is_ignored(
    idp: Any, make_pool: Make, make_client: Make, identity_js: StartApp, flow: str
) -> None:
    pool = make_pool(UsernameConfiguration={"CaseSensitive": False})
    factories.make_user(idp, pool, "Alice")
    app = identity_js(make_client(pool))
    app("setAuthenticationFlowType", "aLICE", flow)
    assert app("authenticateUser", "aLICE", PASSWORD)["callback"] == "onSuccess"


@pytest.mark.parametrize("flow", FLOWS)
def test_wrong_passwords_and_unknown_names_are_told_the_same(app: App, alice: str, flow: str) -> None:
    for name, password in ((alice, NEW_PASSWORD), ("nobody", PASSWORD), (alice.lower(), PASSWORD)):
        app("setAuthenticationFlowType", name, flow)
        with rejected(NOT_AUTHORIZED, INCORRECT):
            app("authenticateUser", name, password)
    assert app("authenticateUser", alice, PASSWORD)["callback"] == "onSuccess"


@pytest.mark.parametrize("flow", FLOWS)
def test_unknown_names_are_told_where_the_client_wants_it(
    pool: dict[str, Any], make_client: Make, identity_js: StartApp, flow: str
) -> None:
    app = identity_js(make_client(pool, PreventUserExistenceErrors="LEGACY"))
    app("setAuthenticationFlowType", "nobody", flow)
    with rejected("UserNotFoundException", "User does not exist."):
        app("authenticateUser", "nobody", PASSWORD)


@pytest.mark.parametrize("flow", FLOWS)
def test_an_address_as_the_name(
    make_pool: Make, make_client: Make, identity_js: StartApp, mailbox: Mailbox, flow: str
) -> None:
    pool = make_pool(UsernameAttributes=["email"])
    app = identity_js(make_client(pool))
    address = address_of(pool, "Alice")
    sub = app("signUp", address, PASSWORD, {})["userSub"]
    app("confirmRegistration", address, mailbox.code(address))
    app("setAuthenticationFlowType", address, flow)
    answer = app("authenticateUser", address, PASSWORD)
    claims = claims_of(answer["session"]["idToken"])
    assert (claims["cognito:username"], claims["email"], claims["email_verified"]) == (sub, address, True)
    assert app("refreshSession", address)["isValid"]


@pytest.mark.parametrize("flow", FLOWS)
def test_aliases_sign_in(idp: Any, make_pool: Make, make_client: Make, identity_js: StartApp, flow: str) -> None:
    pool = make_pool(AliasAttributes=["email", "preferred_username"])
    address = address_of(pool)
    name = factories.make_user(idp, pool, email=address, email_verified="true", preferred_username="Wonder-Alice")
    app = identity_js(make_client(pool))
    for alias in (address, "Wonder-Alice"):
        app("setAuthenticationFlowType", alias, flow)
        answer = app("authenticateUser", alias, PASSWORD)
        assert claims_of(answer["session"]["idToken"])["cognito:username"] == name
        assert app("refreshSession", alias)["isValid"]


@pytest.mark.parametrize("flow", FLOWS)
def test_a_new_password_is_asked_for_with_the_required_attributes(
    idp: Any, make_pool: Make, make_client: Make, identity_js: StartApp, flow: str
) -> None:
    pool = make_pool(
        Schema=[
            {"Name": "family_name", "Required": True},
            {"Name": "plan", "AttributeDataType": "String", "Mutable": True},
        ]
    )
    attributes = [{"Name": "email", "Value": address_of(pool)}, {"Name": "custom:plan", "Value": "gold"}]
    idp.admin_create_user(
        UserPoolId=pool["Id"],
        Username="alice",
        TemporaryPassword=PASSWORD,
        MessageAction="SUPPRESS",
        UserAttributes=attributes,
    )
    app = identity_js(make_client(pool))
    app("setAuthenticationFlowType", "alice", flow)
    challenge = app("authenticateUser", "alice", PASSWORD)
    assert challenge["callback"] == "newPasswordRequired"
    known, required = challenge["values"]
    assert (known["custom:plan"], required) == ("gold", ["family_name"])

    with rejected("InvalidPasswordException", "Password did not conform with policy: Password not long enough"):
        app("completeNewPasswordChallenge", "alice", "Short-1", {"family_name": "Liddell"})
    with rejected("InvalidParameterException"):
        app("completeNewPasswordChallenge", "alice", NEW_PASSWORD, {})
    answer = app("completeNewPasswordChallenge", "alice", NEW_PASSWORD, {"family_name": "Liddell"})
    assert claims_of(answer["session"]["idToken"])["family_name"] == "Liddell"
    with rejected(NOT_AUTHORIZED, INCORRECT):
        app("authenticateUser", "alice", PASSWORD)
    assert app("authenticateUser", "alice", NEW_PASSWORD)["callback"] == "onSuccess"


def test_a_refreshed_session_goes_on_and_reads_the_user_again(
    idp: Any, pool: dict[str, Any], signed_in: App, alice: str
) -> None:
    before = signed_in("getSession", alice)
    changed = [{"Name": "custom:plan", "Value": "silver"}]
    idp.admin_update_user_attributes(UserPoolId=pool["Id"], Username=alice, UserAttributes=changed)
    after = signed_in("refreshSession", alice)
    assert (after["refreshToken"], after["isValid"]) == (before["refreshToken"], True)
    old, new = claims_of(before["idToken"]), claims_of(after["idToken"])
    assert "custom:plan" not in old
    assert new["custom:plan"] == "silver"
    assert [old[name] for name in ("sub", "origin_jti", "auth_time")] == [
        new[name] for name in ("sub", "origin_jti", "auth_time")
    ]


def test_a_changed_password_is_the_only_one(signed_in: App, alice: str) -> None:
    with rejected(NOT_AUTHORIZED, INCORRECT):
        signed_in("changePassword", alice, NEW_PASSWORD, NEW_PASSWORD)
    with rejected("InvalidPasswordException", "Password did not conform with policy: Password not long enough"):
        signed_in("changePassword", alice, PASSWORD, "Short-1")
    assert signed_in("changePassword", alice, PASSWORD, NEW_PASSWORD) == "SUCCESS"
    assert signed_in("refreshSession", alice)["isValid"]
    with rejected(NOT_AUTHORIZED, INCORRECT):
        signed_in("authenticateUser", alice, PASSWORD)
    assert signed_in("authenticateUser", alice, NEW_PASSWORD)["callback"] == "onSuccess"


def test_attributes_are_changed_and_deleted(signed_in: App, alice: str) -> None:
    assert signed_in("updateAttributes", alice, {"custom:plan": "gold", "nickname": "Al"}) == "SUCCESS"
    assert signed_in("getUserAttributes", alice).items() >= {"custom:plan": "gold", "nickname": "Al"}.items()
    assert signed_in("deleteAttributes", alice, ["nickname"]) == "SUCCESS"
    assert "nickname" not in signed_in("getUserAttributes", alice)
    with rejected("InvalidParameterException", "user.custom:seats: Attribute does not exist in the schema."):
        signed_in("updateAttributes", alice, {"custom:seats": "4"})


def test_a_changed_address_is_verified(signed_in: App, alice: str, pool: dict[str, Any], mailbox: Mailbox) -> None:
    address = address_of(pool, "alice.liddell")
    signed_in("updateAttributes", alice, {"email": address})
    assert signed_in("getUserAttributes", alice)["email_verified"] == "false"
    with rejected("CodeMismatchException", MISMATCH):
        signed_in("verifyAttribute", alice, "email", wrong(mailbox.code(address)))
    asked = signed_in("getAttributeVerificationCode", alice, "email")
    assert asked == {"callback": "inputVerificationCode", "values": [{"CodeDeliveryDetails": DELIVERED}]}
    assert signed_in("verifyAttribute", alice, "email", mailbox.code(address))["callback"] == "onSuccess"
    assert signed_in("getUserAttributes", alice)["email_verified"] == "true"


def test_a_forgotten_password_is_replaced(app: App, alice: str, pool: dict[str, Any], mailbox: Mailbox) -> None:
    asked = app("forgotPassword", alice)
    assert asked == {"callback": "inputVerificationCode", "values": [{"CodeDeliveryDetails": DELIVERED}]}
    code = mailbox.code(address_of(pool))
    with rejected("CodeMismatchException", MISMATCH):
        app("confirmPassword", alice, wrong(code), NEW_PASSWORD)
    assert app("confirmPassword", alice, code, NEW_PASSWORD)["callback"] == "onSuccess"
    with rejected(NOT_AUTHORIZED, INCORRECT):
        app("authenticateUser", alice, PASSWORD)
    assert app("authenticateUser", alice, NEW_PASSWORD)["callback"] == "onSuccess"


def test_a_forgotten_password_of_nobody_is_answered_alike(app: App) -> None:
    assert app("forgotPassword", "nobody")["callback"] == "inputVerificationCode"
    with rejected("CodeMismatchException", MISMATCH):
        app("confirmPassword", "nobody", "123456", NEW_PASSWORD)


def test_sign_out_ends_the_tokens_of_this_device_alone(
    identity_js: StartApp, client: dict[str, Any], public: Any, alice: str
) -> None:
    phone, laptop = identity_js(client), identity_js(client)
    tokens = phone("authenticateUser", alice, PASSWORD)["session"]
    laptop("authenticateUser", alice, PASSWORD)
    phone("signOut", alice)
    assert phone("getCurrentUser") is None
    with rejected("Error", "User is not authenticated"):
        phone("getUserAttributes", alice)
    with refused(NOT_AUTHORIZED, "Refresh Token has been revoked"):
        public.initiate_auth(
            ClientId=client["ClientId"],
            AuthFlow="REFRESH_TOKEN_AUTH",
            AuthParameters={"REFRESH_TOKEN": tokens["refreshToken"]},
        )
    assert laptop("refreshSession", alice)["isValid"]


def test_global_sign_out_ends_every_device(identity_js: StartApp, client: dict[str, Any], alice: str) -> None:
    phone, laptop = identity_js(client), identity_js(client)
    for app in (phone, laptop):
        app("authenticateUser", alice, PASSWORD)
    assert phone("globalSignOut", alice)["callback"] == "onSuccess"
    with rejected(NOT_AUTHORIZED, "Access Token has been revoked"):
        laptop("getUserAttributes", alice)
    with rejected(NOT_AUTHORIZED, "Refresh Token has been revoked"):
        laptop("refreshSession", alice)
    assert laptop("getCurrentUser") is None


def test_a_deleted_user_is_gone(signed_in: App, alice: str) -> None:
    assert signed_in("deleteUser", alice) == "SUCCESS"
    with rejected(NOT_AUTHORIZED, INCORRECT):
        signed_in("authenticateUser", alice, PASSWORD)


def test_disabled_users_and_those_who_must_reset_are_told(idp: Any, pool: dict[str, Any], app: App, alice: str) -> None:
    idp.admin_reset_user_password(UserPoolId=pool["Id"], Username=alice)
    with rejected("PasswordResetRequiredException", "Password reset required for the user"):
        app("authenticateUser", alice, PASSWORD)
    idp.admin_disable_user(UserPoolId=pool["Id"], Username=alice)
    with rejected(NOT_AUTHORIZED, "User is disabled."):
        app("authenticateUser", alice, PASSWORD)
