"""What pages read of a sign-in between two forms: as often as they like, without asking anything anew."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from identity import clock, ids
from identity.access.actor import Actor, Kind
from identity.errors import InvalidParameter, NotAuthorized, TooManyRequests
from pools.accounts import passwords, sign_up
from pools.config import client as client_config
from pools.config import pool as pool_config
from pools.config.schema import Schema
from pools.models import Attempt, Client, Outgoing, Pool, User
from pools.models.user import UserStatus
from pools.signin import attempt, enrolment, flows, waiting
from pools.signin.attempt import Challenged
from pools.signin.challenges.one_time_code import CODES_PER_HOUR
from pools.signin.finish import SignedIn
from pools.signin.flows import Channel
from tests.support import totp

pytestmark = pytest.mark.django_db

BY = Actor(Kind.ANONYMOUS, "Login_POST", clock.now(), "request", "127.0.0.1")
PASSWORD = "Correct-Horse-1"
SOFTWARE_TOKEN = {"SoftwareTokenMfaConfiguration": {"Enabled": True}}


@pytest.fixture(autouse=True)
def real_time() -> Iterator[None]:
    yield
    clock.reset()


def make_client(*auth_flows: str, settings: dict[str, Any] | None = None, **members: Any) -> Client:
    policy = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}
    pool = Pool.objects.create(
        id=ids.pool_id("us-east-1"),
        name="pool",
        region="us-east-1",
        settings={**pool_config.created({} if settings else {"Policies": policy}), **(settings or {})},
    )
    given = {"ExplicitAuthFlows": list(auth_flows), "PreventUserExistenceErrors": "ENABLED", **members}
    stored = client_config.stored(given, pool_id=pool.id, schema=Schema.of(pool), tier="ESSENTIALS", has_secret=False)
    made: Client = Client.objects.create(pool=pool, client_id=ids.client_id(), name="client", settings=stored)
    return made


def make_user(client: Client) -> User:
    user = sign_up.new_user(client.pool, "bob", {"email": "bob@example.com"}, UserStatus.CONFIRMED)
    sign_up.save_new(user, passwords.derive(user, PASSWORD), temporary=False)
    return user


def begin(client: Client, **parameters: str) -> Challenged:
    given = {"USERNAME": "bob", **parameters}
    outcome = attempt.begin(client, flows.of_pages(client), given, channel=Channel.HOSTED, by=BY)
    assert isinstance(outcome, Challenged)
    return outcome


@pytest.fixture
def choosing() -> Client:
    client = make_client("ALLOW_USER_AUTH")
    make_user(client)
    return client


def test_looking_shows_what_was_offered_and_sends_nothing(choosing: Client) -> None:
    outcome = begin(choosing, PREFERRED_CHALLENGE="EMAIL_OTP")
    sent = Outgoing.objects.count()
    for _ in range(3):
        found = waiting.find(choosing, outcome.session)
        assert (found.name, found.parameters, found.username) == ("EMAIL_OTP", outcome.parameters, "bob")
    assert Outgoing.objects.count() == sent


def test_a_choice_is_told_what_it_is_between(choosing: Client) -> None:
    found = waiting.find(choosing, begin(choosing).session)
    assert found.name == "SELECT_CHALLENGE"
    assert set(found.available) == {"PASSWORD", "PASSWORD_SRP", "EMAIL_OTP"}


@pytest.mark.parametrize("session", [None, "", "nonsense", "a.b"])
def test_there_is_nothing_to_see_without_a_session(choosing: Client, session: str | None) -> None:
    with pytest.raises(NotAuthorized):
        waiting.find(choosing, session)


def test_neither_another_client_nor_the_pages_see_what_is_not_theirs(choosing: Client) -> None:
    outcome = begin(choosing)
    with pytest.raises(NotAuthorized):
        waiting.find(make_client("ALLOW_USER_AUTH"), outcome.session)
    of_api = attempt.begin(choosing, "USER_AUTH", {"USERNAME": "bob"}, channel=Channel.API, by=BY)
    assert isinstance(of_api, Challenged)
    with pytest.raises(NotAuthorized):
        waiting.find(choosing, of_api.session)


def test_a_sign_in_on_pages_waits_five_minutes_though_the_client_says_three(choosing: Client) -> None:
    outcome = begin(choosing)
    clock.advance(4 * 60 + 55)
    assert waiting.find(choosing, outcome.session)
    clock.advance(6)
    with pytest.raises(NotAuthorized, match="expired"):
        waiting.find(choosing, outcome.session)


def test_what_the_client_gives_beyond_five_minutes_counts() -> None:
    client = make_client("ALLOW_USER_AUTH", AuthSessionValidity=15)
    outcome = begin(client)
    clock.advance(14 * 60)
    assert waiting.find(client, outcome.session)


def test_a_new_code_takes_the_place_of_the_old_one_and_of_its_session(choosing: Client) -> None:
    outcome = begin(choosing, PREFERRED_CHALLENGE="EMAIL_OTP")
    before = Attempt.objects.get()
    anew = waiting.again(choosing, outcome.session, by=BY)
    after = Attempt.objects.get()
    assert before.data["code"] != after.data["code"]
    assert anew.parameters == outcome.parameters
    assert waiting.find(choosing, anew.session).name == "EMAIL_OTP"
    with pytest.raises(NotAuthorized, match="once"):
        waiting.find(choosing, outcome.session)


def test_new_codes_are_limited_and_the_last_one_stays(choosing: Client) -> None:
    session = begin(choosing, PREFERRED_CHALLENGE="EMAIL_OTP").session
    for _ in range(CODES_PER_HOUR - 1):
        session = waiting.again(choosing, session, by=BY).session
    code = Attempt.objects.get().data["code"]
    with pytest.raises(TooManyRequests):
        waiting.again(choosing, session, by=BY)
    assert waiting.find(choosing, session)
    assert Attempt.objects.get().data["code"] == code


def test_what_is_not_sent_is_not_sent_again(choosing: Client) -> None:
    outcome = begin(choosing, PREFERRED_CHALLENGE="PASSWORD")
    with pytest.raises(InvalidParameter):
        waiting.again(choosing, outcome.session, by=BY)
    assert waiting.find(choosing, outcome.session)


def test_a_user_without_any_factor_is_asked_for_a_password_like_everybody(choosing: Client) -> None:
    sign_up.save_new(sign_up.new_user(choosing.pool, "eve", {}, UserStatus.RESET_REQUIRED), None, temporary=False)
    outcome = begin(choosing, USERNAME="eve")
    assert outcome.available == ["PASSWORD"]
    with pytest.raises(NotAuthorized, match="Incorrect username or password"):
        attempt.begin(
            choosing,
            flows.CHOICE,
            {"USERNAME": "eve", "PREFERRED_CHALLENGE": "PASSWORD", "PASSWORD": PASSWORD},
            channel=Channel.HOSTED,
            by=BY,
        )


@pytest.mark.parametrize(
    ("allowed", "flow"),
    [
        (["ALLOW_USER_AUTH", "ALLOW_CUSTOM_AUTH"], flows.CHOICE),
        (["ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"], flows.CUSTOM),
        (["CUSTOM_AUTH_FLOW_ONLY"], flows.CUSTOM),
        (["ALLOW_CUSTOM_AUTH", "ALLOW_USER_SRP_AUTH"], flows.HOSTED),
        (["ALLOW_CUSTOM_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH"], flows.HOSTED),
        (["ALLOW_REFRESH_TOKEN_AUTH"], flows.HOSTED),
    ],
)
def test_what_a_client_allows_says_how_its_pages_begin(allowed: list[str], flow: str) -> None:
    assert flows.of_pages(make_client(*allowed)) == flow


def test_the_secret_of_an_app_is_shown_again_where_it_was_made_and_nowhere_else() -> None:
    client = make_client("ALLOW_USER_SRP_AUTH", settings={"MfaConfiguration": "ON", **SOFTWARE_TOKEN})
    make_user(client)
    outcome, other = begin(client, PASSWORD=PASSWORD), begin(client, PASSWORD=PASSWORD)
    assert outcome.session is not None
    assert waiting.find(client, outcome.session).secret is None
    secret, session = enrolment.associate(outcome.session)
    assert [waiting.find(client, each).secret for each in (session, session, other.session)] == [secret, secret, None]
    assert secret not in str(Attempt.objects.values_list("data", flat=True))

    session = enrolment.verify(session, totp.code(secret, clock.now().timestamp()))
    assert waiting.find(client, session).secret is None
    done = attempt.answer(client, "MFA_SETUP", session, "bob", {}, channel=Channel.HOSTED, by=BY)
    assert isinstance(done, SignedIn)


def test_a_phone_number_is_set_up_on_pages_alone() -> None:
    sms = {"MfaConfiguration": "ON", "SmsMfaConfiguration": {}, "SmsConfiguration": {"SnsCallerArn": "arn"}}
    client = make_client("ALLOW_USER_PASSWORD_AUTH", settings=sms)
    make_user(client)
    number = {"PHONE_NUMBER": "+14155550100"}
    page = begin(client, PASSWORD=PASSWORD)
    outcome = attempt.answer(client, "MFA_SETUP", page.session, "bob", number, channel=Channel.HOSTED, by=BY)
    assert isinstance(outcome, Challenged)
    assert outcome.name == "SMS_MFA"

    given = {"USERNAME": "bob", "PASSWORD": PASSWORD}
    of_api = attempt.begin(client, "USER_PASSWORD_AUTH", given, channel=Channel.API, by=BY)
    assert isinstance(of_api, Challenged)
    with pytest.raises(NotAuthorized, match="No second factor"):
        attempt.answer(client, "MFA_SETUP", of_api.session, "bob", number, channel=Channel.API, by=BY)
