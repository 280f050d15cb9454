"""Attributes after sign-up: updated, deleted and verified by users and by administrators."""

from typing import Any

import pytest

from tests.support import factories
from tests.support.factories import attributes_of, unique
from tests.support.mailbox import Mailbox

Client = dict[str, Any]
Pool = dict[str, Any]


@pytest.fixture(scope="module")
def pool(idp: Any) -> Pool:
    return factories.make_pool(idp, AutoVerifiedAttributes=["email"])


@pytest.fixture(scope="module")
def client(idp: Any, pool: Pool) -> Client:
    return factories.make_client(idp, pool)


def members(**attributes: str) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in attributes.items()]


def test_a_user_changes_and_verifies_an_address(idp: Any, pool: Pool, client: Client, mailbox: Mailbox) -> None:
    name = factories.make_user(idp, pool, unique(), email="old@example.com", email_verified="true", nickname="Ada")
    token = factories.sign_in(idp, client, name)["AccessToken"]
    address = f"{name}@example.org"
    answer = idp.update_user_attributes(AccessToken=token, UserAttributes=members(email=address, nickname=""))
    assert [found["AttributeName"] for found in answer["CodeDeliveryDetailsList"]] == ["email"]
    user = attributes_of(idp.get_user(AccessToken=token))
    assert (user["email"], user["email_verified"]) == (address, "false")
    assert "nickname" not in user
    idp.verify_user_attribute(AccessToken=token, AttributeName="email", Code=mailbox.code(address))
    assert attributes_of(idp.get_user(AccessToken=token))["email_verified"] == "true"
    idp.get_user_attribute_verification_code(AccessToken=token, AttributeName="email")
    assert mailbox.messages(address)[0]["kind"] == "VerifyUserAttribute"
    idp.delete_user_attributes(AccessToken=token, UserAttributeNames=["email"])
    assert {"email", "email_verified"}.isdisjoint(attributes_of(idp.get_user(AccessToken=token)))


def test_an_administrator_changes_and_deletes_attributes(idp: Any, pool: Pool) -> None:
    name = factories.make_user(idp, pool, unique(), nickname="Ada")
    idp.admin_update_user_attributes(
        UserPoolId=pool["Id"], Username=name, UserAttributes=members(email="a@example.com", email_verified="true")
    )
    idp.admin_delete_user_attributes(UserPoolId=pool["Id"], Username=name, UserAttributeNames=["nickname"])
    user = attributes_of(idp.admin_get_user(UserPoolId=pool["Id"], Username=name))
    assert {name: value for name, value in user.items() if name != "sub"} == {
        "email": "a@example.com",
        "email_verified": "true",
    }
