"""Text messages by an HTTP gateway: what it is sent, and what stands when it does not take a message."""

import itertools
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support import clients, factories
from tests.support.clients import refused
from tests.support.factories import PASSWORD, unique
from tests.support.mailbox import Mailbox
from tests.support.server import Server, free_port, running
from tests.support.texts import Answer, Gateway

NOT_DELIVERED = "CodeDeliveryFailureException"
_numbers = itertools.count(4915112350000)

Members = dict[str, Any]


def new_number() -> str:
    return f"+{next(_numbers)}"


def attributes(**given: str) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in given.items()]


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with Gateway() as listening:
        yield listening


@pytest.fixture(scope="module")
def texting(gateway: Gateway) -> Iterator[Server]:
    """A server that sends text messages by `gateway`, and logs all it has to say."""
    with running(
        "--dev",
        GATEHOUSE_SMS_URL=f"{gateway.url}/v1/messages?account=7",
        GATEHOUSE_SMS_TOKEN=Gateway.TOKEN,
        GATEHOUSE_SMS_TIMEOUT_SECONDS="3",
        GATEHOUSE_LOG_LEVEL="DEBUG",
    ) as started:
        yield started


@pytest.fixture(scope="module")
def idp(texting: Server) -> Any:
    return clients.idp(texting)


@pytest.fixture(scope="module")
def pool(idp: Any) -> Members:
    """Without SmsConfiguration: the gateway needs none."""
    return factories.make_pool(idp, AutoVerifiedAttributes=["phone_number"])


@pytest.fixture(scope="module")
def client(idp: Any, pool: Members) -> Members:
    return factories.make_client(idp, pool)


def sign_up(idp: Any, client: Members, name: str, number: str) -> None:
    idp.sign_up(
        ClientId=client["ClientId"],
        Username=name,
        Password=PASSWORD,
        UserAttributes=attributes(phone_number=number),
    )


def ask_for_code(idp: Any, client: Members, number: str) -> str:
    """A code that the request waits for; returns the user's name."""
    name = known_at(idp, client, number)
    idp.forgot_password(ClientId=client["ClientId"], Username=name)
    return name


def known_at(idp: Any, client: Members, number: str) -> str:
    """A user with a verified number."""
    return factories.make_user(idp, {"Id": client["UserPoolId"]}, phone_number=number, phone_number_verified="true")


def code_in(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def test_message_is_one_post_of_json_with_the_token(idp: Any, gateway: Gateway, pool: Members, client: Members) -> None:
    name, number = unique(), new_number()
    sign_up(idp, client, name, number)
    [post] = gateway.wait_for(number)
    assert post.path == "/v1/messages?account=7"
    assert post.headers["authorization"] == f"Bearer {Gateway.TOKEN}"
    assert post.headers["content-type"] == "application/json"
    sent = post.json
    code = code_in(sent["body"])
    assert sent == {
        "to": number,
        "body": f"Your verification code is {code}. ",
        "pool_id": pool["Id"],
        "kind": "SignUp",
    }
    idp.confirm_sign_up(ClientId=client["ClientId"], Username=name, ConfirmationCode=code)


def test_invitation_says_name_and_password(idp: Any, gateway: Gateway, pool: Members) -> None:
    name, number = unique("Zoë"), new_number()
    idp.admin_create_user(
        UserPoolId=pool["Id"],
        Username=name,
        TemporaryPassword='Quote"d-Pass-1',
        UserAttributes=attributes(phone_number=number),
    )
    [post] = gateway.wait_for(number)
    assert post.json["kind"] == "AdminCreateUser"
    assert post.json["body"].strip() == f'Your username is {name} and temporary password is Quote"d-Pass-1.'


def test_sender_is_the_pools_origination_identity(idp: Any, gateway: Gateway) -> None:
    role = "arn:aws:iam::000000000000:role/any"
    pool = factories.make_pool(
        idp,
        AutoVerifiedAttributes=["phone_number"],
        SmsConfiguration={"EumsSms": {"CallerArn": role, "OriginationIdentity": "ACME"}},
    )
    number = new_number()
    ask_for_code(idp, factories.make_client(idp, pool), number)
    assert gateway.messages(number)[0].json["from"] == "ACME"


@pytest.mark.parametrize(
    "answer",
    [Answer(400, b'{"error": "no"}'), Answer(401), Answer(404), Answer(500), Answer(304), Answer(None)],
    ids=lambda answer: str(answer.status),
)
def test_code_that_is_refused_is_not_delivered(
    idp: Any, gateway: Gateway, pool: Members, client: Members, answer: Answer
) -> None:
    number = new_number()
    asked = {"ClientId": client["ClientId"], "Username": known_at(idp, client, number)}
    gateway.answers[number] = answer
    with refused(NOT_DELIVERED, "The verification code could not be delivered."):
        idp.forgot_password(**asked)
    del gateway.answers[number]
    idp.forgot_password(**asked)
    code = code_in(gateway.messages(number)[-1].json["body"])
    idp.confirm_forgot_password(**asked, ConfirmationCode=code, Password="Another-Horse-2")


def test_sign_up_code_that_is_refused_is_tried_again(idp: Any, gateway: Gateway, client: Members) -> None:
    name, number = unique(), new_number()
    gateway.answers[number] = Answer(500)
    sign_up(idp, client, name, number)
    gateway.wait_for(number)
    del gateway.answers[number]
    code = code_in(gateway.wait_for(number, 2)[-1].json["body"])
    idp.confirm_sign_up(ClientId=client["ClientId"], Username=name, ConfirmationCode=code)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_is_a_refusal(idp: Any, gateway: Gateway, client: Members, status: int) -> None:
    """Else code, number and token would go wherever the answer says."""
    number = new_number()
    gateway.answers[number] = Answer(status, headers={"Location": f"{gateway.url}/elsewhere"})
    with refused(NOT_DELIVERED):
        ask_for_code(idp, client, number)
    assert len(gateway.messages(number)) == 1
    assert "/elsewhere" not in [post.path for post in gateway.received]


def test_silence_is_a_refusal(idp: Any, gateway: Gateway, client: Members) -> None:
    number = new_number()
    gateway.silent.add(number)
    with refused(NOT_DELIVERED):
        ask_for_code(idp, client, number)
    assert len(gateway.messages(number)) == 1


def test_what_is_no_http_is_a_refusal(idp: Any, gateway: Gateway, client: Members) -> None:
    number = new_number()
    gateway.answers[number] = Answer(200, headers={f"X-{index}": "x" for index in range(200)})
    with refused(NOT_DELIVERED):
        ask_for_code(idp, client, number)


def test_long_answer_is_not_read(idp: Any, gateway: Gateway, client: Members) -> None:
    number = new_number()
    gateway.answers[number] = Answer(200, b"x" * 50_000_000)
    ask_for_code(idp, client, number)
    assert len(gateway.messages(number)) == 1


def test_invitation_by_mail_is_enough(idp: Any, gateway: Gateway, texting: Server, pool: Members) -> None:
    name, number = unique(), new_number()
    gateway.answers[number] = Answer(500)
    idp.admin_create_user(
        UserPoolId=pool["Id"],
        Username=name,
        DesiredDeliveryMediums=["SMS", "EMAIL"],
        UserAttributes=attributes(phone_number=number, email=f"{name}@example.com"),
    )
    assert Mailbox(texting).messages(f"{name}@example.com")
    gateway.wait_for(number)


def test_texts_do_not_go_to_the_outbox(idp: Any, texting: Server, client: Members) -> None:
    number = new_number()
    ask_for_code(idp, client, number)
    assert Mailbox(texting).messages(number) == []


def test_the_log_has_no_code_number_or_token(idp: Any, gateway: Gateway, texting: Server, client: Members) -> None:
    """At its most talkative."""
    accepted, declined = new_number(), new_number()
    ask_for_code(idp, client, accepted)
    gateway.answers[declined] = Answer(500, json.dumps({"error": f"{declined} is unknown"}).encode())
    with refused(NOT_DELIVERED):
        ask_for_code(idp, client, declined)
    assert "SMS ForgotPassword was not sent: the gateway answered 500" in texting.log
    for number in (accepted, declined):
        code = code_in(gateway.messages(number)[0].json["body"])
        assert not re.search(rf"\b{code}\b", texting.log)
        assert number[1:] not in texting.log
    assert Gateway.TOKEN not in texting.log


def test_nobody_listens() -> None:
    with running("--dev", GATEHOUSE_SMS_URL=f"http://127.0.0.1:{free_port()}") as server:
        idp = clients.idp(server)
        pool = factories.make_pool(idp, AutoVerifiedAttributes=["phone_number"])
        with refused(NOT_DELIVERED):
            ask_for_code(idp, factories.make_client(idp, pool), new_number())
