"""From the release before triggers: its users sign in, what waited goes on, its pools call functions once told to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support import clients, former_release
from tests.support.clients import refused
from tests.support.former_release import CLIENT_ID, CODE, MESSAGE_ID, POOL_ID, REFRESH_TOKEN, SESSION
from tests.support.hooks import Hooks
from tests.support.postman import Postman, opened
from tests.support.server import Server, drop_database
from tests.support.walk import Walk

CLIENT = {"ClientId": CLIENT_ID}


@pytest.fixture(scope="module")
def postman() -> Iterator[Postman]:
    with opened() as running:
        yield running


@pytest.fixture(scope="module")
def upgraded(postman: Postman) -> Iterator[Server]:
    server = former_release.installed(former_release.BEFORE_TRIGGERS, GATEHOUSE_EMAIL_URL=postman.url)
    yield server.start()
    server.stop()
    if "DATABASE_URL" in server.environment:
        drop_database(server.environment["DATABASE_URL"])
    assert "Traceback" not in server.log, server.log


@pytest.fixture(scope="module")
def public(upgraded: Server) -> Any:
    return clients.idp(upgraded, signed=False)


@pytest.fixture
def hooks(upgraded: Server) -> Iterator[Hooks]:
    made = Hooks(upgraded)
    yield made
    made.close()


def test_users_sign_in_and_what_waited_goes_on(public: Any) -> None:
    assert Walk(public, CLIENT, "ada").by_password().tokens
    assert Walk(public, CLIENT, "ada").begin("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=REFRESH_TOKEN).tokens
    walk = Walk(public, CLIENT, "bob")
    walk.answer = {"ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": SESSION}
    assert walk.respond(NEW_PASSWORD="Another-Horse-2").tokens


def test_message_that_waited_is_sent_as_it_was(upgraded: Server, postman: Postman) -> None:
    mail = postman.wait_for("ada@example.com")
    assert (mail["Message-ID"], postman.code_to("ada@example.com")) == (MESSAGE_ID, CODE)


def test_pool_calls_no_function_until_it_is_told_to(upgraded: Server, public: Any, hooks: Hooks) -> None:
    idp = clients.idp(upgraded)
    assert idp.describe_user_pool(UserPoolId=POOL_ID)["UserPool"]["LambdaConfig"] == {}

    def refuse(event: dict[str, Any]) -> None:
        raise PermissionError(f"not {event['userName']}")

    hooks.on({"Id": POOL_ID}, refuse)
    assert Walk(public, CLIENT, "ada").by_password().tokens
    idp.update_user_pool(UserPoolId=POOL_ID, LambdaConfig={"PreAuthentication": hooks.arn})
    with refused("UserLambdaValidationException", "PreAuthentication failed with error not ada."):
        Walk(public, CLIENT, "ada").by_password()
