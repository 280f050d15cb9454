"""Messages that a worker has worded by CustomMessage, and mails of sign-ups: tried again under the same Message-ID."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support import clients, factories
from tests.support.clients import refused
from tests.support.events import members, shown
from tests.support.factories import PASSWORD, address_of, unique
from tests.support.hooks import Hooks
from tests.support.postman import Postman
from tests.support.postman import opened as postman_open
from tests.support.server import Server, running
from tests.support.until import until

DEVELOPERS = {
    "EmailSendingAccount": "DEVELOPER",
    "SourceArn": "arn:aws:ses:us-east-1:000000000000:identity/no-reply@example.com",
}
GONE = "arn:aws:lambda:us-east-1:000000000000:function:gone"

Json = dict[str, Any]


@pytest.fixture(scope="module")
def postman() -> Iterator[Postman]:
    with postman_open() as opened:
        yield opened


@pytest.fixture(scope="module")
def mailing(postman: Postman) -> Iterator[Server]:
    with running("--dev", GATEHOUSE_EMAIL_URL=postman.url) as started:
        yield started


@pytest.fixture(scope="module")
def idp(mailing: Server) -> Any:
    return clients.idp(mailing)


@pytest.fixture(scope="module")
def mail_hooks(mailing: Server) -> Iterator[Hooks]:
    made = Hooks(mailing)
    yield made
    made.close()


def make_pool(idp: Any, arn: str) -> Json:
    return factories.make_pool(
        idp,
        AutoVerifiedAttributes=["email"],
        EmailConfiguration=DEVELOPERS,
        LambdaConfig={"CustomMessage": arn},
    )


def sign_up(idp: Any, client: Json, address: str) -> str:
    name = unique()
    idp.sign_up(
        ClientId=client["ClientId"],
        Username=name,
        Password=PASSWORD,
        UserAttributes=members({"email": address}),
    )
    return name


def said_in(postman: Postman, address: str) -> str:
    body = postman.wait_for(address).get_body(("plain",))
    assert body is not None
    return str(body.get_content()).strip()


def test_the_code_of_a_sign_up_is_worded_before_the_answer_and_mailed_after_it(
    idp: Any, mail_hooks: Hooks, postman: Postman
) -> None:
    pool = make_pool(idp, mail_hooks.arn)
    calls = mail_hooks.on(pool, lambda event: {**event, "response": {"emailMessage": "Nur {####}"}})
    client, address = factories.make_client(idp, pool), address_of(pool)
    postman.refuses = "content"
    try:
        before = len(postman.refused)
        name = sign_up(idp, client, address)
        assert len(calls) == 1
        until(lambda: len(postman.refused) > before)
    finally:
        postman.refuses = ""
    said = said_in(postman, address)
    assert len(calls) == 1, "a further try does not ask again"
    assert postman.mail_to(address)["Message-ID"] == postman.refused[before]["Message-ID"]
    idp.confirm_sign_up(ClientId=client["ClientId"], Username=name, ConfirmationCode=said.removeprefix("Nur "))


def test_what_a_worker_was_told_is_not_asked_for_again(idp: Any, mail_hooks: Hooks, postman: Postman) -> None:
    pool = make_pool(idp, mail_hooks.arn)
    calls = mail_hooks.on(pool, lambda event: {**event, "response": {"emailMessage": f"{len(calls)} {{####}}"}})
    client = factories.make_client(idp, pool, PreventUserExistenceErrors="ENABLED")
    address = address_of(pool)
    name = factories.make_user(idp, pool, email=address, email_verified="true")
    postman.refuses = "content"
    try:
        before = len(postman.refused)
        idp.forgot_password(ClientId=client["ClientId"], Username=name)
        until(lambda: len(postman.refused) > before)
    finally:
        postman.refuses = ""
    assert said_in(postman, address).startswith("1 ")
    assert len(calls) == 1


def test_a_worker_waits_for_a_function_that_is_gone(idp: Any, mail_hooks: Hooks, postman: Postman) -> None:
    pool = make_pool(idp, mail_hooks.arn)
    client = factories.make_client(idp, pool, PreventUserExistenceErrors="ENABLED")
    address = address_of(pool)
    name = factories.make_user(idp, pool, email=address, email_verified="true")
    settings = {"AutoVerifiedAttributes": ["email"], "EmailConfiguration": DEVELOPERS}
    idp.update_user_pool(UserPoolId=pool["Id"], LambdaConfig={"CustomMessage": GONE}, **settings)
    idp.forgot_password(ClientId=client["ClientId"], Username=name)
    mail_hooks.on(pool, lambda event: {**event, "response": {"emailMessage": "Back: {####}"}})
    idp.update_user_pool(UserPoolId=pool["Id"], LambdaConfig={"CustomMessage": mail_hooks.arn}, **settings)
    assert said_in(postman, address).startswith("Back: ")


def test_a_request_tells_that_a_function_is_gone(idp: Any, postman: Postman) -> None:
    pool = make_pool(idp, GONE)
    address = address_of(pool)
    with refused(
        "UnexpectedLambdaException", "CustomMessage invocation failed due to error ResourceNotFoundException."
    ):
        sign_up(idp, factories.make_client(idp, pool), address)
    [user] = idp.list_users(UserPoolId=pool["Id"])["Users"]
    assert shown(idp, pool, user["Username"])["cognito:user_status"] == "UNCONFIRMED"
    assert postman.mails_to(address) == []
