"""aws-amplify, unmodified: what its users do with a password, and what it shows them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import factories
from tests.support.factories import PASSWORD, Make, address_of, claims_of, unique
from tests.support.javascript import App, StartApp, rejected
from tests.support.mailbox import Mailbox, wrong

NEW_PASSWORD = "Another-Horse-2"
FLOWS = ["USER_SRP_AUTH", "USER_PASSWORD_AUTH"]
NOT_AUTHORIZED = "NotAuthorizedException"
INCORRECT = "Incorrect username or password."
MISMATCH = "Invalid verification code provided, please try again."
DONE = {"isSignedIn": True, "nextStep": {"signInStep": "DONE"}}
DELIVERED = {"attributeName": "email", "deliveryMedium": "EMAIL", "destination": "a***@e***"}


@pytest.fixture
def app(amplify: StartApp, client: dict[str, Any]) -> App:
    return amplify(client)


@pytest.fixture
def alice(idp: Any, pool: dict[str, Any]) -> str:
    """A confirmed user with a verified address."""
    return factories.make_user(idp, pool, unique("Alice"), email=address_of(pool), email_verified="true")


@pytest.fixture
def signed_in(app: App, alice: str) -> App:
    assert sign_in(app, alice) == DONE
    return app


def sign_in(app: App, username: str, password: str = PASSWORD, **options: Any) -> Any:
    return app("signIn", {"username": username, "password": password, "options": options})


def id_claims(app: App, **options: Any) -> dict[str, Any]:
    return claims_of(app("fetchAuthSession", options)["idToken"])


def sign_up(app: App, username: str, *, password: str = PASSWORD, auto: Any = None, **attributes: str) -> Any:
    options = {"userAttributes": attributes, **({} if auto is None else {"autoSignIn": auto})}
    return app("signUp", {"username": username, "password": password, "options": options})


def test_sign_up_confirmation_and_sign_in_with_a_custom_attribute(
    app: App, pool: dict[str, Any], mailbox: Mailbox
) -> None:
    address = address_of(pool)
    given = {"email": address, "given_name": "Alice", "custom:plan": "gold"}
    signed_up = sign_up(app, "alice", **given)
    assert signed_up["nextStep"] == {"signUpStep": "CONFIRM_SIGN_UP", "codeDeliveryDetails": DELIVERED}
    assert sign_in(app, "alice")["nextStep"] == {"signInStep": "CONFIRM_SIGN_UP"}
    with rejected("CodeMismatchException", MISMATCH):
        app("confirmSignUp", {"username": "alice", "confirmationCode": wrong(mailbox.code(address))})
    confirmed = app("confirmSignUp", {"username": "alice", "confirmationCode": mailbox.code(address)})
    assert confirmed == {"isSignUpComplete": True, "nextStep": {"signUpStep": "DONE"}}

    assert sign_in(app, "alice") == DONE
    current = app("getCurrentUser")
    assert (current["username"], current["userId"]) == ("alice", signed_up["userId"])
    assert current["signInDetails"] == {"loginId": "alice", "authFlowType": "USER_SRP_AUTH"}
    assert app("fetchUserAttributes") == {**given, "sub": signed_up["userId"], "email_verified": "true"}
    claims = id_claims(app)
    assert (claims["custom:plan"], claims["given_name"]) == ("gold", "Alice")


def test_a_code_that_is_asked_for_again_confirms(app: App, pool: dict[str, Any], mailbox: Mailbox) -> None:
    address = address_of(pool)
    sign_up(app, "alice", email=address)
    assert app("resendSignUpCode", {"username": "alice"}) == DELIVERED
    assert len(mailbox.messages(address)) == 2
    confirmed = app("confirmSignUp", {"username": "alice", "confirmationCode": mailbox.code(address)})
    assert confirmed["isSignUpComplete"]


def test_sign_up_signs_in_by_itself(app: App, pool: dict[str, Any], mailbox: Mailbox) -> None:
    address = address_of(pool)
    assert sign_up(app, "alice", auto=True, email=address)["nextStep"]["signUpStep"] == "CONFIRM_SIGN_UP"
    confirmed = app("confirmSignUp", {"username": "alice", "confirmationCode": mailbox.code(address)})
    assert confirmed["nextStep"] == {"signUpStep": "COMPLETE_AUTO_SIGN_IN"}
    assert app("autoSignIn") == DONE
    assert id_claims(app)["email"] == address


def test_refused_sign_ups_say_why(app: App, alice: str, pool: dict[str, Any]) -> None:
    with rejected("UsernameExistsException", "User already exists"):
        sign_up(app, alice, email=address_of(pool))
    with rejected("InvalidPasswordException", "Password did not conform with policy: Password not long enough"):
        sign_up(app, "bob", password="Short-1")
    with rejected("InvalidParameterException", "Invalid email address format."):
        sign_up(app, "bob", email="bob")


@pytest.mark.parametrize("name", ["Bob.Builder", "JÜRGEN-Ångström-ß", "名前", "🦉owl+1=2"])
def test_any_name_signs_in(idp: Any, pool: dict[str, Any], app: App, name: str) -> None:
    factories.make_user(idp, pool, name)
    assert sign_in(app, name) == DONE
    assert app("getCurrentUser")["username"] == name


@pytest.mark.parametrize("password", ["Ääh-Größe-Password-1", "密码-Password-1", "Spaces  and\ttabs-1"])
def test_any_password_signs_in(idp: Any, pool: dict[str, Any], app: App, alice: str, password: str) -> None:
    idp.admin_set_user_password(UserPoolId=pool["Id"], Username=alice, Password=password, Permanent=True)
    assert sign_in(app, alice, password) == DONE


@pytest.mark.parametrize("flow", FLOWS)
def test_a_name_in_other_letters_is_the_same_user_where_case_is_ignored(
    idp: Any, make_pool: Make, make_client: Make, amplify: StartApp, flow: str
) -> None:
    pool = make_pool(UsernameConfiguration={"CaseSensitive": False})
    factories.make_user(idp, pool, "Alice")
    assert sign_in(amplify(make_client(pool)), "aLICE", authFlowType=flow) == DONE


@pytest.mark.parametrize("flow", FLOWS)
def test_wrong_passwords_and_unknown_names_are_told_the_same(app: App, alice: str, flow: str) -> None:
    for name, password in ((alice, NEW_PASSWORD), ("nobody", PASSWORD), (alice.lower(), PASSWORD)):
        with rejected(NOT_AUTHORIZED, INCORRECT):
            sign_in(app, name, password, authFlowType=flow)
    assert sign_in(app, alice, authFlowType=flow) == DONE


@pytest.mark.parametrize("flow", FLOWS)
def test_unknown_names_are_told_where_the_client_wants_it(
    pool: dict[str, Any], make_client: Make, amplify: StartApp, flow: str
) -> None:
    app = amplify(make_client(pool, PreventUserExistenceErrors="LEGACY"))
    with rejected("UserNotFoundException", "User does not exist."):
        sign_in(app, "nobody", authFlowType=flow)


@pytest.mark.parametrize("flow", FLOWS)
def test_an_address_as_the_name(
    make_pool: Make, make_client: Make, amplify: StartApp, mailbox: Mailbox, flow: str
) -> None:
    pool = make_pool(UsernameAttributes=["email"])
    app = amplify(make_client(pool))
    address = address_of(pool, "Alice")
    sub = sign_up(app, address, email=address)["userId"]
    app("confirmSignUp", {"username": address, "confirmationCode": mailbox.code(address)})
    assert sign_in(app, address, authFlowType=flow) == DONE
    claims = id_claims(app, forceRefresh=True)
    assert (claims["cognito:username"], claims["email"], claims["email_verified"]) == (sub, address, True)


@pytest.mark.parametrize("flow", FLOWS)
def test_aliases_sign_in(idp: Any, make_pool: Make, make_client: Make, amplify: StartApp, flow: str) -> None:
    pool = make_pool(AliasAttributes=["email", "preferred_username"])
    address = address_of(pool)
    name = factories.make_user(idp, pool, email=address, email_verified="true", preferred_username="Wonder-Alice")
    app = amplify(make_client(pool))
    for alias in (address, "Wonder-Alice"):
        assert sign_in(app, alias, authFlowType=flow) == DONE
        assert id_claims(app, forceRefresh=True)["cognito:username"] == name
        app("signOut")


@pytest.mark.parametrize("flow", FLOWS)
def test_a_new_password_is_asked_for_with_the_required_attributes(
    idp: Any, make_pool: Make, make_client: Make, amplify: StartApp, flow: str
) -> None:
    pool = make_pool(Schema=[{"Name": "family_name", "Required": True}])
    idp.admin_create_user(UserPoolId=pool["Id"], Username="alice", TemporaryPassword=PASSWORD, MessageAction="SUPPRESS")
    app = amplify(make_client(pool))
    assert sign_in(app, "alice", authFlowType=flow)["nextStep"] == {
        "signInStep": "CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED",
        "missingAttributes": ["family_name"],
    }
    attributes = {"userAttributes": {"family_name": "Liddell"}}
    with rejected("InvalidPasswordException", "Password did not conform with policy: Password not long enough"):
        app("confirmSignIn", {"challengeResponse": "Short-1", "options": attributes})
    with rejected("InvalidParameterException"):
        app("confirmSignIn", {"challengeResponse": NEW_PASSWORD})
    assert app("confirmSignIn", {"challengeResponse": NEW_PASSWORD, "options": attributes}) == DONE
    assert id_claims(app)["family_name"] == "Liddell"
    app("signOut")
    assert sign_in(app, "alice", NEW_PASSWORD) == DONE


def test_a_refreshed_session_goes_on_and_reads_the_user_again(
    idp: Any, pool: dict[str, Any], signed_in: App, alice: str
) -> None:
    old = id_claims(signed_in)
    changed = [{"Name": "custom:plan", "Value": "silver"}]
    idp.admin_update_user_attributes(UserPoolId=pool["Id"], Username=alice, UserAttributes=changed)
    assert "custom:plan" not in id_claims(signed_in)
    new = id_claims(signed_in, forceRefresh=True)
    assert new["custom:plan"] == "silver"
    kept = ("sub", "origin_jti", "auth_time")
    assert [old[name] for name in kept] == [new[name] for name in kept]


def test_refresh_tokens_that_rotate_are_kept_up_with(
    pool: dict[str, Any], make_client: Make, amplify: StartApp, alice: str
) -> None:
    rotating = make_client(
        pool,
        ExplicitAuthFlows=["ALLOW_USER_SRP_AUTH"],
        RefreshTokenRotation={"Feature": "ENABLED", "RetryGracePeriodSeconds": 0},
    )
    app = amplify(rotating)
    assert sign_in(app, alice) == DONE
    tokens = {app("fetchAuthSession", {"forceRefresh": True})["accessToken"] for _ in range(3)}
    assert len(tokens) == 3


def test_a_changed_password_is_the_only_one(signed_in: App, alice: str) -> None:
    with rejected(NOT_AUTHORIZED, INCORRECT):
        signed_in("updatePassword", {"oldPassword": NEW_PASSWORD, "newPassword": NEW_PASSWORD})
    with rejected("InvalidPasswordException", "Password did not conform with policy: Password not long enough"):
        signed_in("updatePassword", {"oldPassword": PASSWORD, "newPassword": "Short-1"})
    signed_in("updatePassword", {"oldPassword": PASSWORD, "newPassword": NEW_PASSWORD})
    assert id_claims(signed_in, forceRefresh=True)["cognito:username"] == alice
    signed_in("signOut")
    with rejected(NOT_AUTHORIZED, INCORRECT):
        sign_in(signed_in, alice)
    assert sign_in(signed_in, alice, NEW_PASSWORD) == DONE


def test_attributes_are_changed_and_deleted(signed_in: App) -> None:
    changed = {"custom:plan": "gold", "nickname": "Al"}
    answer = signed_in("updateUserAttributes", {"userAttributes": changed})
    assert [answer[name]["isUpdated"] for name in changed] == [True, True]
    assert signed_in("fetchUserAttributes").items() >= changed.items()
    signed_in("deleteUserAttributes", {"userAttributeKeys": ["nickname"]})
    assert "nickname" not in signed_in("fetchUserAttributes")
    with rejected("InvalidParameterException", "user.custom:seats: Attribute does not exist in the schema."):
        signed_in("updateUserAttribute", {"userAttribute": {"attributeKey": "custom:seats", "value": "4"}})


def test_a_changed_address_is_verified(signed_in: App, pool: dict[str, Any], mailbox: Mailbox) -> None:
    address = address_of(pool, "alice.liddell")
    changed = signed_in("updateUserAttribute", {"userAttribute": {"attributeKey": "email", "value": address}})
    assert changed["nextStep"] == {
        "updateAttributeStep": "CONFIRM_ATTRIBUTE_WITH_CODE",
        "codeDeliveryDetails": DELIVERED,
    }
    assert signed_in("fetchUserAttributes")["email_verified"] == "false"
    with rejected("CodeMismatchException", MISMATCH):
        signed_in(
            "confirmUserAttribute", {"userAttributeKey": "email", "confirmationCode": wrong(mailbox.code(address))}
        )
    assert signed_in("sendUserAttributeVerificationCode", {"userAttributeKey": "email"}) == DELIVERED
    signed_in("confirmUserAttribute", {"userAttributeKey": "email", "confirmationCode": mailbox.code(address)})
    assert signed_in("fetchUserAttributes")["email_verified"] == "true"


def test_a_forgotten_password_is_replaced(app: App, alice: str, pool: dict[str, Any], mailbox: Mailbox) -> None:
    assert app("resetPassword", {"username": alice}) == {
        "isPasswordReset": False,
        "nextStep": {"resetPasswordStep": "CONFIRM_RESET_PASSWORD_WITH_CODE", "codeDeliveryDetails": DELIVERED},
    }
    code = mailbox.code(address_of(pool))
    chosen = {"username": alice, "newPassword": NEW_PASSWORD}
    with rejected("CodeMismatchException", MISMATCH):
        app("confirmResetPassword", {**chosen, "confirmationCode": wrong(code)})
    app("confirmResetPassword", {**chosen, "confirmationCode": code})
    with rejected(NOT_AUTHORIZED, INCORRECT):
        sign_in(app, alice)
    assert sign_in(app, alice, NEW_PASSWORD) == DONE


def test_sign_out_ends_the_tokens_of_this_device_alone(amplify: StartApp, client: dict[str, Any], alice: str) -> None:
    phone, laptop = amplify(client), amplify(client)
    for app in (phone, laptop):
        assert sign_in(app, alice) == DONE
    phone("signOut")
    with rejected("UserUnAuthenticatedException"):
        phone("getCurrentUser")
    assert id_claims(laptop, forceRefresh=True)["cognito:username"] == alice


def test_global_sign_out_ends_every_device(amplify: StartApp, client: dict[str, Any], alice: str) -> None:
    phone, laptop = amplify(client), amplify(client)
    for app in (phone, laptop):
        assert sign_in(app, alice) == DONE
    phone("signOut", {"global": True})
    with rejected(NOT_AUTHORIZED, "Access Token has been revoked"):
        laptop("fetchUserAttributes")
    assert "accessToken" not in laptop("fetchAuthSession", {"forceRefresh": True})
    with rejected("UserUnAuthenticatedException"):
        laptop("getCurrentUser")


def test_a_deleted_user_is_gone(signed_in: App, alice: str) -> None:
    signed_in("deleteUser")
    with rejected(NOT_AUTHORIZED, INCORRECT):
        sign_in(signed_in, alice)


def test_disabled_users_and_those_who_must_reset_are_told(idp: Any, pool: dict[str, Any], app: App, alice: str) -> None:
    idp.admin_reset_user_password(UserPoolId=pool["Id"], Username=alice)
    assert sign_in(app, alice)["nextStep"] == {"signInStep": "RESET_PASSWORD"}
    idp.admin_disable_user(UserPoolId=pool["Id"], Username=alice)
    with rejected(NOT_AUTHORIZED, "User is disabled."):
        sign_in(app, alice)
