"""What messages about attributes say, and what stands when they are not delivered."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support import clients, factories
from tests.support.clients import refused
from tests.support.factories import PASSWORD, attributes_of, unique
from tests.support.mailbox import Mailbox
from tests.support.server import Server, free_port, running

NOT_DELIVERED = "The verification code could not be delivered."
PHONE, OTHER_PHONE = "+4915112349934", "+4915112349935"

Pool = dict[str, Any]


def members(**given: str) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in given.items()]


def test_messages_come_from_the_pools_templates(idp: Any, public: Any, mailbox: Mailbox) -> None:
    """Of the code, also where sign-up sends links."""
    pool = factories.make_pool(
        idp,
        AutoVerifiedAttributes=["email", "phone_number"],
        VerificationMessageTemplate={
            "EmailMessage": "Mail {####}",
            "EmailSubject": "Subject {####}",
            "SmsMessage": "Text {####}",
            "EmailMessageByLink": "Click {##here##}",
            "EmailSubjectByLink": "Link",
        },
    )
    name, phone = unique(), "+4915112340001"
    factories.make_user(idp, pool, name)
    token = factories.sign_in(public, factories.make_client(idp, pool), name)["AccessToken"]
    public.update_user_attributes(
        AccessToken=token, UserAttributes=members(email=f"{name}@example.com", phone_number=phone)
    )
    public.get_user_attribute_verification_code(AccessToken=token, AttributeName="email")
    again, first = mailbox.messages(f"{name}@example.com")
    assert (first["kind"], first["subject"]) == ("UpdateUserAttribute", f"Subject {first['code']}")
    assert (again["kind"], again["body"]) == ("VerifyUserAttribute", f"Mail {again['code']}")
    sms = mailbox.messages(phone)[0]
    assert (sms["channel"], sms["body"]) == ("SMS", f"Text {sms['code']}")


def test_sign_up_code_verifies_no_address_that_an_administrator_has_put_in_its_place(
    idp: Any, public: Any, mailbox: Mailbox
) -> None:
    pool = factories.make_pool(idp, AutoVerifiedAttributes=["email"])
    client = factories.make_client(idp, pool)
    name, new = unique(), f"{unique()}@example.com"
    public.sign_up(
        ClientId=client["ClientId"],
        Username=name,
        Password=PASSWORD,
        UserAttributes=members(email=f"{name}@example.com"),
    )
    code = mailbox.code(f"{name}@example.com")
    idp.admin_update_user_attributes(UserPoolId=pool["Id"], Username=name, UserAttributes=members(email=new))
    confirmation = {"ClientId": client["ClientId"], "Username": name}
    with refused("ExpiredCodeException"):
        public.confirm_sign_up(ConfirmationCode=code, **confirmation)
    public.resend_confirmation_code(**confirmation)
    public.confirm_sign_up(ConfirmationCode=mailbox.code(new), **confirmation)
    user = attributes_of(idp.admin_get_user(UserPoolId=pool["Id"], Username=name))
    assert (user["email"], user["email_verified"]) == (new, "true")


@pytest.fixture(scope="module")
def broken() -> Iterator[Server]:
    """A server whose mail nobody takes; SMS go to its outbox."""
    url = f"smtp+plain://127.0.0.1:{free_port()}"
    with running("--dev", GATEHOUSE_EMAIL_URL=url, GATEHOUSE_EMAIL_TIMEOUT_SECONDS="1") as started:
        yield started


@pytest.mark.parametrize("is_careful", [False, True])
def test_change_stands_when_its_message_is_not_delivered(broken: Server, is_careful: bool) -> None:
    """And a message that can be delivered still is."""
    idp, mailbox = clients.idp(broken), Mailbox(broken)
    both = ["email", "phone_number"]
    pool = factories.make_pool(
        idp,
        AutoVerifiedAttributes=both,
        UserAttributeUpdateSettings={"AttributesRequireVerificationBeforeUpdate": both if is_careful else []},
    )
    name = factories.make_user(idp, pool, unique(), email="old@example.com", phone_number=PHONE)
    token = factories.sign_in(idp, factories.make_client(idp, pool), name)["AccessToken"]
    phone = f"{OTHER_PHONE}{int(is_careful)}"
    given = members(email="new@example.com", phone_number=phone, nickname="Ada")
    with refused("CodeDeliveryFailureException", NOT_DELIVERED):
        idp.update_user_attributes(AccessToken=token, UserAttributes=given)
    user = attributes_of(idp.admin_get_user(UserPoolId=pool["Id"], Username=name))
    assert user["email"] == ("old@example.com" if is_careful else "new@example.com")
    assert user["nickname"] == "Ada"
    idp.verify_user_attribute(AccessToken=token, AttributeName="phone_number", Code=mailbox.code(phone))
    with refused("CodeDeliveryFailureException", NOT_DELIVERED):
        idp.get_user_attribute_verification_code(AccessToken=token, AttributeName="email")


def test_administrators_change_stands_without_a_word(broken: Server) -> None:
    idp, mailbox = clients.idp(broken), Mailbox(broken)
    pool = factories.make_pool(idp, AutoVerifiedAttributes=["email", "phone_number"])
    name = factories.make_user(idp, pool, unique())
    phone = "+4915112340002"
    idp.admin_update_user_attributes(
        UserPoolId=pool["Id"],
        Username=name,
        UserAttributes=members(email="new@example.com", phone_number=phone),
    )
    user = attributes_of(idp.admin_get_user(UserPoolId=pool["Id"], Username=name))
    assert (user["email"], user["phone_number"]) == ("new@example.com", phone)
    assert len(mailbox.messages(phone)) == 1
    assert "new@example.com" not in broken.log
