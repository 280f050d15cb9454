"""What one worker has written, every worker sees at its next request: settings, keys, sessions, counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import jwt
import pytest
import requests
from botocore.exceptions import ClientError

from identity.keys.rotation import RETIREMENT
from tests.support import clients, factories
from tests.support.clients import secret_hash
from tests.support.clock import Clock
from tests.support.factories import PASSWORD
from tests.support.server import Server, running

# Each caller keeps a connection, and a connection stays with the worker that accepted it: of eight, some are with
# each of two workers in all but one run of a hundred.
CALLERS = 8
INCORRECT = "Incorrect username or password."
NEW_PASSWORD = "Another-Horse-2"


@pytest.fixture(scope="module")
def workers() -> Iterator[Server]:
    """A server with two web workers."""
    with running("--dev", GATEHOUSE_WEB_WORKERS="2") as started:
        yield started


@pytest.fixture(scope="module")
def operator(workers: Server) -> Any:
    return clients.idp(workers)


@pytest.fixture(scope="module")
def callers(workers: Server) -> list[Any]:
    return [clients.idp(workers, signed=False) for _ in range(CALLERS)]


@pytest.fixture(scope="module")
def browsers(workers: Server) -> list[requests.Session]:
    return [requests.Session() for _ in range(CALLERS)]


@pytest.fixture(scope="module")
def shared_pool(operator: Any) -> dict[str, Any]:
    return factories.make_pool(operator)


@pytest.fixture
def app(operator: Any, shared_pool: dict[str, Any], callers: list[Any], member: str) -> dict[str, Any]:
    """A client that every worker has met."""
    made = factories.make_client(operator, shared_pool)
    assert every(callers, sign_in(made, member)) == ["ok"]
    return made


@pytest.fixture
def member(operator: Any, shared_pool: dict[str, Any]) -> str:
    return factories.make_user(operator, shared_pool, given_name="Bob", nickname="B")


@pytest.fixture
def moved(workers: Server) -> Iterator[Clock]:
    """The clock of these workers."""
    clock = Clock(workers)
    yield clock
    clock.reset()


def every(callers: list[Any], call: Callable[[Any], Any]) -> list[Any]:
    """The different answers that callers get, refusals as their messages: one answer if all workers agree."""

    def answer(caller: Any) -> Any:
        try:
            return call(caller)
        except ClientError as error:
            return error.response["Error"]["Message"]

    answers: list[Any] = []
    for caller in callers:
        if (given := answer(caller)) not in answers:
            answers.append(given)
    return answers


def sign_in(client: dict[str, Any], username: str, password: str = PASSWORD, **others: str) -> Callable[[Any], str]:
    def call(caller: Any) -> str:
        caller.initiate_auth(
            ClientId=client["ClientId"],
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": username, "PASSWORD": password, **others},
        )
        return "ok"

    return call


def own_name(access_token: str) -> Callable[[Any], str]:
    return lambda caller: str(caller.get_user(AccessToken=access_token)["Username"])


def update(operator: Any, client: dict[str, Any], **members: Any) -> None:
    kept = {"ExplicitAuthFlows": client["ExplicitAuthFlows"], "ClientName": client["ClientName"]}
    ids = {"UserPoolId": client["UserPoolId"], "ClientId": client["ClientId"]}
    operator.update_user_pool_client(**ids, **{**kept, **members})


def in_shell(server: Server, *lines: str) -> str:
    """Run lines on the installation; returns the last line they print."""
    return server.manage("shell", "-c", "\n".join(lines)).strip().rpartition("\n")[2]


def kids(tokens: dict[str, Any]) -> set[str]:
    return {jwt.get_unverified_header(tokens[kind])["kid"] for kind in ("IdToken", "AccessToken")}


def test_a_flow_is_closed_and_opened_everywhere(
    operator: Any, callers: list[Any], app: dict[str, Any], member: str
) -> None:
    for _ in range(3):
        update(operator, app, ExplicitAuthFlows=["ALLOW_REFRESH_TOKEN_AUTH"])
        refusal = "USER_PASSWORD_AUTH flow not enabled for this client"
        assert every(callers, sign_in(app, member)) == [refusal]
        update(operator, app)
        assert every(callers, sign_in(app, member)) == ["ok"]


def test_existence_is_told_and_hidden_everywhere(operator: Any, callers: list[Any], app: dict[str, Any]) -> None:
    def with_a_new_name(caller: Any) -> str:  # one name would be locked by so many failures
        return sign_in(app, factories.unique("nobody"))(caller)

    for setting, told in (("ENABLED", INCORRECT), ("LEGACY", "User does not exist."), ("ENABLED", INCORRECT)):
        update(operator, app, PreventUserExistenceErrors=setting)
        assert every(callers, with_a_new_name) == [told]


def test_lifetimes_change_everywhere(operator: Any, callers: list[Any], app: dict[str, Any], member: str) -> None:
    for hours in (2, 3):
        update(operator, app, AccessTokenValidity=hours)
        lives = every(callers, lambda caller: factories.sign_in(caller, app, member)["ExpiresIn"])
        assert lives == [hours * 3600]


def test_readable_attributes_change_everywhere(
    operator: Any, callers: list[Any], app: dict[str, Any], member: str
) -> None:
    token = factories.sign_in(callers[0], app, member)["AccessToken"]
    for readable in (["given_name"], ["nickname"]):
        update(operator, app, ReadAttributes=readable)
        shown = every(callers, lambda caller: list(factories.attributes_of(caller.get_user(AccessToken=token))))
        assert shown == [["sub", *readable]]


def test_a_secret_is_added_and_deleted_everywhere(
    operator: Any, callers: list[Any], shared_pool: dict[str, Any], member: str
) -> None:
    client = factories.make_client(operator, shared_pool, GenerateSecret=True)
    ids = {"UserPoolId": shared_pool["Id"], "ClientId": client["ClientId"]}
    assert every(callers, sign_in(client, member, SECRET_HASH=secret_hash(client, member))) == ["ok"]
    second = operator.add_user_pool_client_secret(**ids)["ClientSecretDescriptor"]
    newer = secret_hash({**client, "ClientSecret": second["ClientSecretValue"]}, member)
    assert every(callers, sign_in(client, member, SECRET_HASH=newer)) == ["ok"]
    operator.delete_user_pool_client_secret(**ids, ClientSecretId=second["ClientSecretId"])
    refusal = f"SecretHash does not match for the client: {client['ClientId']}"
    assert every(callers, sign_in(client, member, SECRET_HASH=newer)) == [refusal]


def test_a_client_is_there_and_gone_everywhere(
    operator: Any, callers: list[Any], shared_pool: dict[str, Any], member: str
) -> None:
    client = factories.make_client(operator, shared_pool)
    assert every(callers, sign_in(client, member)) == ["ok"]
    token = factories.sign_in(callers[0], client, member)["AccessToken"]
    assert every(callers, own_name(token)) == [member]
    operator.delete_user_pool_client(UserPoolId=shared_pool["Id"], ClientId=client["ClientId"])
    gone = [f"User pool client {client['ClientId']} does not exist."]
    assert every(callers, sign_in(client, member)) == gone
    assert every(callers, own_name(token)) == gone


def test_a_pool_is_there_and_gone_everywhere(
    workers: Server, operator: Any, callers: list[Any], browsers: list[requests.Session]
) -> None:
    pool = factories.make_pool(operator)
    client, name = factories.make_client(operator, pool), factories.make_user(operator, pool)
    jwks = f"{workers.url}/{pool['Id']}/.well-known/jwks.json"
    token = factories.sign_in(callers[0], client, name)["AccessToken"]
    assert every(callers, own_name(token)) == [name]
    assert every(browsers, lambda browser: browser.get(jwks, timeout=10).status_code) == [200]
    operator.delete_user_pool(UserPoolId=pool["Id"])
    assert every(browsers, lambda browser: browser.get(jwks, timeout=10).status_code) == [404]
    for refusal in every(callers, own_name(token)) + every(callers, sign_in(client, name)):
        assert "does not exist" in refusal


def test_a_password_policy_holds_everywhere(operator: Any, callers: list[Any]) -> None:
    pool = factories.make_pool(operator)
    client, name = factories.make_client(operator, pool), factories.unique()
    operator.admin_create_user(
        UserPoolId=pool["Id"], Username=name, TemporaryPassword=PASSWORD, MessageAction="SUPPRESS"
    )

    def begin(caller: Any) -> str:
        parameters = {"USERNAME": name, "PASSWORD": PASSWORD}
        answer = caller.initiate_auth(
            ClientId=client["ClientId"], AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters
        )
        return str(answer["Session"])

    sessions = {caller: begin(caller) for caller in callers}
    operator.update_user_pool(UserPoolId=pool["Id"], Policies={"PasswordPolicy": {"MinimumLength": 40}})

    def answer(caller: Any, session: str) -> Any:
        return caller.respond_to_auth_challenge(
            ClientId=client["ClientId"],
            ChallengeName="NEW_PASSWORD_REQUIRED",
            Session=session,
            ChallengeResponses={"USERNAME": name, "NEW_PASSWORD": NEW_PASSWORD},
        )

    short = ["Password did not conform with policy: Password not long enough"]
    assert every(callers, lambda caller: answer(caller, sessions[caller])) == short
    operator.update_user_pool(UserPoolId=pool["Id"])
    one_for_all = sessions[callers[0]]
    assert "AuthenticationResult" in answer(callers[-1], one_for_all)
    used = ["Invalid session for the user, session can only be used once."]
    assert every(callers, lambda caller: answer(caller, one_for_all)) == used


def test_second_factors_of_a_pool_are_asked_for_everywhere(operator: Any, callers: list[Any]) -> None:
    pool = factories.make_pool(operator)
    client, name = factories.make_client(operator, pool), factories.make_user(operator, pool)

    def begin(caller: Any) -> str:
        parameters = {"USERNAME": name, "PASSWORD": PASSWORD}
        answer = caller.initiate_auth(
            ClientId=client["ClientId"], AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters
        )
        return str(answer.get("ChallengeName", "tokens"))

    assert [begin(caller) for caller in callers] == ["tokens"] * len(callers)
    operator.set_user_pool_mfa_config(
        UserPoolId=pool["Id"], MfaConfiguration="ON", SoftwareTokenMfaConfiguration={"Enabled": True}
    )
    assert [begin(caller) for caller in callers] == ["MFA_SETUP"] * len(callers)


def test_rotated_keys_sign_and_verify_everywhere_and_retire_everywhere(
    workers: Server, operator: Any, callers: list[Any], browsers: list[requests.Session], moved: Clock
) -> None:
    pool = factories.make_pool(operator)
    client = factories.make_client(operator, pool)
    name = factories.make_user(operator, pool)
    jwks = f"{workers.url}/{pool['Id']}/.well-known/jwks.json"

    def published(browser: requests.Session) -> set[str]:
        return {key["kid"] for key in browser.get(jwks, timeout=10).json()["keys"]}

    def signed_by(caller: Any) -> set[str]:
        return kids(factories.sign_in(caller, client, name))

    before = factories.sign_in(callers[0], client, name)
    old = kids(before)
    assert every(callers, signed_by) == every(browsers, published) == [old]
    claims = jwt.decode(before["AccessToken"], options={"verify_signature": False})
    by_thief = in_shell(
        workers,
        "from identity.keys import signing",
        f"print(signing.keys_of({pool['Id']!r}).signers['access'].sign({claims | {'exp': 1 << 40}!r}))",
    )
    for token in (before["AccessToken"], by_thief):
        assert every(callers, own_name(token)) == [name]

    workers.manage("rotate_keys", "--pool", pool["Id"])
    after = factories.sign_in(callers[0], client, name)
    new = kids(after)
    for token in (after["AccessToken"], before["AccessToken"]):  # one that workers have not signed with yet, first
        assert every(callers, own_name(token)) == [name]
    assert every(callers, signed_by) == [new]
    assert every(browsers, published) == [old | new]

    moved.advance(seconds=RETIREMENT.total_seconds() + 1)
    workers.manage("purge_expired")
    assert every(callers, own_name(by_thief)) == ["Invalid Access Token"]
    assert every(browsers, published) == [new]


def test_sign_out_and_revocation_are_seen_everywhere(
    operator: Any, callers: list[Any], shared_pool: dict[str, Any], app: dict[str, Any], member: str
) -> None:
    revoked, signed_out = (factories.sign_in(callers[0], app, member) for _ in range(2))
    for tokens in (revoked, signed_out):
        assert every(callers, own_name(tokens["AccessToken"])) == [member]
    callers[0].revoke_token(Token=revoked["RefreshToken"], ClientId=app["ClientId"])
    assert every(callers, own_name(revoked["AccessToken"])) == ["Access Token has been revoked"]
    assert every(callers, own_name(signed_out["AccessToken"])) == [member]
    operator.admin_user_global_sign_out(UserPoolId=shared_pool["Id"], Username=member)
    assert every(callers, own_name(signed_out["AccessToken"])) == ["Access Token has been revoked"]


def test_failures_count_together_wherever_they_happen(
    callers: list[Any], app: dict[str, Any], member: str, moved: Clock
) -> None:
    for failure in range(9):
        assert every([callers[failure % CALLERS]], sign_in(app, member, "Wrong-Password-1")) == [INCORRECT]
        if 4 <= failure < 8:
            moved.advance(seconds=2 ** (failure - 4))
    assert every(callers, sign_in(app, member)) == ["Password attempts exceeded"]
