"""CONFIRM_WITH_LINK: e-mail to new users holds a link, which confirms them once."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.support import clients, factories
from tests.support.clients import refused
from tests.support.clock import Clock
from tests.support.events import members
from tests.support.factories import PASSWORD, address_of, number_of, unique
from tests.support.hooks import Hooks
from tests.support.mailbox import Mailbox
from tests.support.postman import opened
from tests.support.server import Server, running

BY_LINK = {
    "AutoVerifiedAttributes": ["email"],
    "VerificationMessageTemplate": {"DefaultEmailOption": "CONFIRM_WITH_LINK"},
}
DEVELOPERS = {
    "EmailSendingAccount": "DEVELOPER",
    "SourceArn": "arn:aws:ses:us-east-1:000000000000:identity/no-reply@example.com",
}
CONFIRMED = "Your registration has been confirmed!"
DOES_NOT_WORK = "This link does not work, or not any more."

Json = dict[str, Any]


@pytest.fixture
def pool(idp: Any) -> Json:
    return factories.make_pool(idp, **BY_LINK)


@pytest.fixture
def client(idp: Any, pool: Json) -> Json:
    return factories.make_client(idp, pool, PreventUserExistenceErrors="ENABLED")


def sign_up(public: Any, client: Json, address: str, name: str = "") -> str:
    name = name or unique()
    attributes = members({"email": address})
    public.sign_up(ClientId=client["ClientId"], Username=name, Password=PASSWORD, UserAttributes=attributes)
    return name


def follow(link: str) -> requests.Response:
    return requests.get(link, timeout=20)


def status_of(idp: Any, pool: Json, name: str) -> str:
    status: str = idp.admin_get_user(UserPoolId=pool["Id"], Username=name)["UserStatus"]
    return status


def test_the_link_confirms_and_verifies_the_address(
    server: Server, idp: Any, public: Any, pool: Json, client: Json, mailbox: Mailbox
) -> None:
    name = sign_up(public, client, address_of(pool))
    letter = mailbox.messages(address_of(pool))[0]
    assert letter["subject"] == "Your verification link"
    assert letter["link"].startswith(f"{server.url}/{pool['Id']}/confirmUser?")
    named = {"client_id": [client["ClientId"]], "user_name": [name], "confirmation_code": [letter["code"]]}
    assert parse_qs(urlsplit(letter["link"]).query) == named
    text = "Please click the link below to verify your email address. "
    assert unescape(letter["body"]) == f'{text}<a href="{letter["link"]}">Verify Email</a> '

    answer = follow(letter["link"])
    assert answer.status_code == 200
    assert CONFIRMED in answer.text
    user = idp.admin_get_user(UserPoolId=pool["Id"], Username=name)
    assert user["UserStatus"] == "CONFIRMED"
    assert factories.attributes_of(user)["email_verified"] == "true"
    assert factories.sign_in(public, client, name)["AccessToken"]


def test_it_works_once(public: Any, pool: Json, client: Json, mailbox: Mailbox) -> None:
    sign_up(public, client, address_of(pool))
    link = mailbox.messages(address_of(pool))[0]["link"]
    assert CONFIRMED in follow(link).text
    again = follow(link)
    assert again.status_code == 400
    assert DOES_NOT_WORK in again.text


def test_only_who_follows_it_is_confirmed(idp: Any, public: Any, pool: Json, client: Json, mailbox: Mailbox) -> None:
    """Programs that look at mail ask for the head of what it links to."""
    name = sign_up(public, client, address_of(pool))
    requests.head(mailbox.messages(address_of(pool))[0]["link"], timeout=20)
    assert status_of(idp, pool, name) == "UNCONFIRMED"


def test_a_link_that_was_tampered_with_tells_nothing(
    idp: Any, public: Any, pool: Json, client: Json, mailbox: Mailbox
) -> None:
    name = sign_up(public, client, address_of(pool))
    known = factories.make_user(idp, pool)
    link = mailbox.messages(address_of(pool))[0]["link"]
    code = parse_qs(urlsplit(link).query)["confirmation_code"][0]
    texts = set()
    for other in (known, "nobody", "%00", ""):
        answer = follow(link.replace(f"user_name={name}", f"user_name={other}"))
        assert answer.status_code == 400
        texts.add(re.sub(r'nonce="[^"]*"|<input type="hidden"[^>]*>', "", answer.text))
    answer = follow(link.replace(code, f"{(int(code) + 1) % 10**6:06}"))
    assert DOES_NOT_WORK in answer.text
    assert len(texts) == 1
    assert DOES_NOT_WORK in texts.pop()
    other_client = link.replace(client["ClientId"], "nobody")
    assert follow(other_client).status_code == 400
    assert status_of(idp, pool, name) == "UNCONFIRMED"


def test_an_expired_link_is_told(public: Any, pool: Json, client: Json, mailbox: Mailbox, clock: Clock) -> None:
    sign_up(public, client, address_of(pool))
    clock.advance(hours=24, seconds=1)
    answer = follow(mailbox.messages(address_of(pool))[0]["link"])
    assert "Invalid code provided, please request a code again." in answer.text


def test_another_one_takes_its_place(public: Any, pool: Json, client: Json, mailbox: Mailbox) -> None:
    name = sign_up(public, client, address_of(pool))
    public.resend_confirmation_code(ClientId=client["ClientId"], Username=name)
    later, first = (letter["link"] for letter in mailbox.messages(address_of(pool)))
    if later != first:
        assert DOES_NOT_WORK in follow(first).text
    assert CONFIRMED in follow(later).text


def test_functions_are_told_of_the_confirmation(idp: Any, public: Any, hooks: Hooks, mailbox: Mailbox) -> None:
    pool = factories.make_pool(idp, **BY_LINK, LambdaConfig={"PostConfirmation": hooks.arn})
    client = factories.make_client(idp, pool)
    calls = hooks.on(pool)
    name = sign_up(public, client, address_of(pool))
    follow(mailbox.messages(address_of(pool))[0]["link"])
    assert [call["triggerSource"] for call in calls] == ["PostConfirmation_ConfirmSignUp"]
    assert calls[0]["userName"] == name
    assert calls[0]["callerContext"]["clientId"] == client["ClientId"]


def test_where_addresses_are_names_the_link_has_none(idp: Any, public: Any, mailbox: Mailbox) -> None:
    pool = factories.make_pool(idp, **BY_LINK, UsernameAttributes=["email"])
    client = factories.make_client(idp, pool)
    address = address_of(pool)
    public.sign_up(ClientId=client["ClientId"], Username=address, Password=PASSWORD)
    link = mailbox.messages(address)[0]["link"]
    assert "example.com" not in link
    assert CONFIRMED in follow(link).text
    assert status_of(idp, pool, address) == "CONFIRMED"


def test_the_pools_own_words(idp: Any, public: Any, mailbox: Mailbox) -> None:
    words = {
        "DefaultEmailOption": "CONFIRM_WITH_LINK",
        "EmailMessageByLink": "<p>Hello, {##click <b>here</b>##} or {##there##}.</p>",
        "EmailSubjectByLink": "Welcome {##you##}",
    }
    pool = factories.make_pool(idp, AutoVerifiedAttributes=["email"], VerificationMessageTemplate=words)
    described = idp.describe_user_pool(UserPoolId=pool["Id"])["UserPool"]
    assert described["VerificationMessageTemplate"] == words
    client = factories.make_client(idp, pool)
    sign_up(public, client, address_of(pool))
    letter = mailbox.messages(address_of(pool))[0]
    link = letter["link"].replace("&", "&amp;")
    assert letter["subject"] == "Welcome {##you##}"
    assert letter["body"] == f'<p>Hello, <a href="{link}">click <b>here</b></a> or <a href="{link}">there</a>.</p>'


def test_all_other_messages_hold_codes(idp: Any, public: Any, mailbox: Mailbox) -> None:
    pool = factories.make_pool(idp, **{**BY_LINK, "AutoVerifiedAttributes": ["email", "phone_number"]})
    client = factories.make_client(idp, pool)
    name = factories.make_user(idp, pool, email=address_of(pool), email_verified="true")
    public.forgot_password(ClientId=client["ClientId"], Username=name)
    token = factories.sign_in(public, client, name)["AccessToken"]
    public.get_user_attribute_verification_code(AccessToken=token, AttributeName="email")
    attributes = members({"phone_number": number_of(pool)})
    public.sign_up(ClientId=client["ClientId"], Username=unique(), Password=PASSWORD, UserAttributes=attributes)
    letters = [*mailbox.messages(address_of(pool)), *mailbox.messages(number_of(pool))]
    assert len(letters) == 3
    for letter in letters:
        assert not letter["link"]
        assert letter["code"] in letter["body"]


@pytest.mark.parametrize(
    ("said", "is_taken"),
    [("Hello {##Click Here##}", True), ("Hello {####}", True), ("Hello", False)],
    ids=["link", "code", "neither"],
)
def test_a_function_words_the_letter_around_the_link(
    idp: Any, public: Any, hooks: Hooks, mailbox: Mailbox, said: str, is_taken: bool
) -> None:
    pool = factories.make_pool(idp, **BY_LINK, EmailConfiguration=DEVELOPERS, LambdaConfig={"CustomMessage": hooks.arn})
    client = factories.make_client(idp, pool)
    calls = hooks.on(pool, lambda event: {**event, "response": {"emailMessage": said, "emailSubject": "Hi"}})
    if not is_taken:
        with refused("InvalidLambdaResponseException"):
            sign_up(public, client, address_of(pool))
        return
    sign_up(public, client, address_of(pool))
    assert calls[0]["request"]["linkParameter"] == "{##Click Here##}"
    letter = mailbox.messages(address_of(pool))[0]
    link = letter["link"].replace("&", "&amp;")
    expected = {
        "Hello {##Click Here##}": f'Hello <a href="{link}">Click Here</a>',
        "Hello {####}": f"Hello {letter['code']}",
    }
    assert letter["body"] == expected[said]
    assert CONFIRMED in follow(letter["link"]).text


def test_the_api_takes_the_code_of_the_link_as_well(public: Any, pool: Json, client: Json, mailbox: Mailbox) -> None:
    name = sign_up(public, client, address_of(pool))
    code = mailbox.code(address_of(pool))
    public.confirm_sign_up(ClientId=client["ClientId"], Username=name, ConfirmationCode=code)
    assert DOES_NOT_WORK in follow(mailbox.messages(address_of(pool))[0]["link"]).text


def test_a_pool_may_go_back_to_codes(idp: Any, public: Any, pool: Json, client: Json, mailbox: Mailbox) -> None:
    idp.update_user_pool(UserPoolId=pool["Id"], AutoVerifiedAttributes=["email"])
    sign_up(public, client, address_of(pool))
    assert not mailbox.messages(address_of(pool))[0]["link"]


def test_a_letter_holds_the_link_as_html_and_as_text_and_no_log_does() -> None:
    with opened() as postman, running("--dev", GATEHOUSE_EMAIL_URL=postman.url) as server:
        idp = clients.idp(server)
        pool = factories.make_pool(idp, **BY_LINK)
        sign_up(clients.idp(server, signed=False), factories.make_client(idp, pool), "ada@example.com")
        mail = postman.wait_for("ada@example.com")
        plain, html = (mail.get_body((kind,)) for kind in ("plain", "html"))
        assert plain is not None
        assert html is not None
        found = re.search(r'<a href="([^"]*)">Verify Email</a>', html.get_content())
        assert found
        link = unescape(found[1])
        assert f"Verify Email: {link} " in f"{plain.get_content()} "
        assert CONFIRMED in follow(link).text
        assert DOES_NOT_WORK in follow(link).text
        assert link.rpartition("=")[2] not in server.log
