"""ForgotPassword, ConfirmForgotPassword and AdminResetUserPassword."""

from typing import Any

import pytest

from tests.support import factories
from tests.support.clients import refused
from tests.support.factories import PASSWORD, unique
from tests.support.mailbox import Mailbox

Client = dict[str, Any]
Pool = dict[str, Any]

NEW = "Another-Horse-2"


@pytest.fixture(scope="module")
def pool(idp: Any) -> Pool:
    return factories.make_pool(idp, AutoVerifiedAttributes=["email"])


@pytest.fixture(scope="module")
def client(idp: Any, pool: Pool) -> Client:
    return factories.make_client(idp, pool)


def make_user(idp: Any, pool: Pool) -> tuple[str, str]:
    name = unique()
    address = f"{name}@example.com"
    return factories.make_user(idp, pool, name, email=address, email_verified="true"), address


def confirm(idp: Any, client: Client, name: str, code: str, password: str = NEW) -> None:
    idp.confirm_forgot_password(ClientId=client["ClientId"], Username=name, ConfirmationCode=code, Password=password)


def test_a_forgotten_password_is_replaced_with_the_code(idp: Any, pool: Pool, client: Client, mailbox: Mailbox) -> None:
    name, address = make_user(idp, pool)
    answer = idp.forgot_password(ClientId=client["ClientId"], Username=name)
    assert answer["CodeDeliveryDetails"] == {
        "Destination": f"{address[0]}***@e***",
        "DeliveryMedium": "EMAIL",
        "AttributeName": "email",
    }
    message = mailbox.messages(address)[0]
    assert message["kind"] == "ForgotPassword"
    assert factories.sign_in(idp, client, name, PASSWORD)  # the old one works until then
    confirm(idp, client, name, message["code"])
    assert factories.sign_in(idp, client, name, NEW)
    with refused("NotAuthorizedException", "Incorrect username or password."):
        factories.sign_in(idp, client, name, PASSWORD)
    with refused("ExpiredCodeException", "Invalid code provided, please request a code again."):
        confirm(idp, client, name, message["code"])


def test_an_administrators_reset_is_completed_with_the_code(
    idp: Any, pool: Pool, client: Client, mailbox: Mailbox
) -> None:
    name, address = make_user(idp, pool)
    idp.admin_reset_user_password(UserPoolId=pool["Id"], Username=name)
    assert idp.admin_get_user(UserPoolId=pool["Id"], Username=name)["UserStatus"] == "RESET_REQUIRED"
    with refused("PasswordResetRequiredException", "Password reset required for the user"):
        factories.sign_in(idp, client, name)
    confirm(idp, client, name, mailbox.code(address))
    assert idp.admin_get_user(UserPoolId=pool["Id"], Username=name)["UserStatus"] == "CONFIRMED"
    assert factories.sign_in(idp, client, name, NEW)
