"""MFA_SETUP: a pool requires a second factor, and a user sets one up on the way in."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.support import factories, second_factors, totp
from tests.support.clients import refused
from tests.support.clock import Clock
from tests.support.factories import unique
from tests.support.holder import STEP, Holder
from tests.support.mailbox import Mailbox
from tests.support.second_factors import EMAIL, SMS
from tests.support.second_factors import TOTP as APP
from tests.support.waiting import enrol
from tests.support.walk import Walk, contacts, make_client

INVALID = "Invalid session for the user."
USED = "Invalid session for the user, session can only be used once."
NOTHING_SET_UP = "No second factor has been set up in this session."

Pool = dict[str, Any]


@pytest.fixture(scope="module")
def pool(idp: Any) -> Pool:
    return second_factors.make_pool(idp, APP, EMAIL, mode="ON", AliasAttributes=["email"])


@pytest.fixture(scope="module")
def client(idp: Any, pool: Pool) -> dict[str, Any]:
    return make_client(idp, pool)


@pytest.fixture
def person(idp: Any, public: Any, pool: Pool, mailbox: Mailbox) -> Holder:
    """With a password and nothing else."""
    return Holder(idp, public, pool, mailbox, nickname="Ada")


@pytest.fixture
def walk(public: Any, client: dict[str, Any], person: Holder) -> Walk:
    walk = Walk(public, client, person.username).by_password()
    assert walk.challenge == "MFA_SETUP"
    return walk


def with_session(walk: Walk, session: str) -> Walk:
    walk.answer = {**walk.answer, "Session": session}
    return walk


def preferences(person: Holder) -> tuple[list[str], str]:
    answer = person.idp.admin_get_user(**person.named)
    return answer.get("UserMFASettingList", []), answer.get("PreferredMfaSetting", "")


def test_the_challenge_says_what_can_be_set_up(walk: Walk) -> None:
    assert json.loads(walk.parameters["MFAS_CAN_SETUP"]) == [APP, EMAIL]
    assert walk.parameters["USER_ID_FOR_SRP"] == walk.username
    assert walk.parameters.keys() == {"MFAS_CAN_SETUP", "USER_ID_FOR_SRP"}
    with refused("NotAuthorizedException", NOTHING_SET_UP):
        walk.respond()


# --- an authenticator app


def test_an_app_is_set_up_on_the_way_in_and_asked_for_the_next_time(
    public: Any, client: dict[str, Any], walk: Walk, person: Holder
) -> None:
    first = walk.session
    associated = public.associate_software_token(Session=first)
    assert associated.keys() == {"SecretCode", "Session", "ResponseMetadata"}
    secret, second = associated["SecretCode"], associated["Session"]
    verified = public.verify_software_token(
        Session=second, UserCode=totp.code(secret, time.time()), FriendlyDeviceName="the phone"
    )
    assert verified["Status"] == "SUCCESS"
    assert len({first, second, verified["Session"]}) == 3
    assert with_session(walk, verified["Session"]).respond().tokens
    assert preferences(person) == ([APP], APP)
    again = Walk(public, client, person.username).by_password()
    assert again.challenge == APP
    assert again.parameters["FRIENDLY_DEVICE_NAME"] == "the phone"
    assert again.respond(SOFTWARE_TOKEN_MFA_CODE=totp.code(secret, time.time() + STEP)).tokens


def test_each_session_of_the_chain_is_used_once(public: Any, walk: Walk) -> None:
    first = walk.session
    associated = public.associate_software_token(Session=first)
    code = totp.code(associated["SecretCode"], time.time())
    for call in (
        lambda: public.associate_software_token(Session=first),
        lambda: public.verify_software_token(Session=first, UserCode=code),
        lambda: walk.respond(session=first),
    ):
        with refused("NotAuthorizedException", USED):
            call()
    verified = public.verify_software_token(Session=associated["Session"], UserCode=code)["Session"]
    with refused("NotAuthorizedException", USED):
        public.verify_software_token(Session=associated["Session"], UserCode=code)
    assert walk.respond(session=verified).tokens
    with refused("NotAuthorizedException", USED):
        walk.respond("MFA_SETUP", verified)


def test_a_wrong_code_keeps_the_session_and_a_secret_that_is_not_proven_lets_nobody_in(public: Any, walk: Walk) -> None:
    associated = public.associate_software_token(Session=walk.session)
    with_session(walk, associated["Session"])
    with refused("NotAuthorizedException", NOTHING_SET_UP):
        walk.respond()
    for _ in range(3):
        with refused("EnableSoftwareTokenMFAException", "Code mismatch"):
            wrong = totp.wrong(associated["SecretCode"], time.time())
            public.verify_software_token(Session=walk.session, UserCode=wrong)
    with refused("NotAuthorizedException", NOTHING_SET_UP):
        walk.respond()
    code = totp.code(associated["SecretCode"], time.time())
    session = public.verify_software_token(Session=walk.session, UserCode=code)["Session"]
    assert walk.respond(session=session).tokens


def test_a_second_secret_takes_the_place_of_the_first(public: Any, walk: Walk) -> None:
    former = public.associate_software_token(Session=walk.session)
    newer = public.associate_software_token(Session=former["Session"])
    assert former["SecretCode"] != newer["SecretCode"]
    with refused("EnableSoftwareTokenMFAException"):
        public.verify_software_token(Session=newer["Session"], UserCode=totp.code(former["SecretCode"], time.time()))
    code = totp.code(newer["SecretCode"], time.time())
    session = public.verify_software_token(Session=newer["Session"], UserCode=code)["Session"]
    assert walk.respond(session=session).tokens


def test_there_is_nothing_to_verify_before_there_is_a_secret(public: Any, walk: Walk) -> None:
    with refused("InvalidParameterException"):
        public.verify_software_token(Session=walk.session, UserCode="123456")


def test_an_app_that_was_set_up_stays_when_the_sign_in_is_left(
    public: Any, client: dict[str, Any], walk: Walk, person: Holder, clock: Clock
) -> None:
    enrol(public, walk.session)
    assert preferences(person) == ([APP], APP)
    assert Walk(public, client, person.username).by_password().challenge == APP


def test_an_app_that_another_sign_in_has_set_up_does_not_answer_this_one(
    public: Any, client: dict[str, Any], walk: Walk, person: Holder
) -> None:
    enrol(public, Walk(public, client, person.username).by_password().session)
    with refused("NotAuthorizedException", NOTHING_SET_UP):
        walk.respond()


def test_of_two_who_know_the_password_the_later_does_not_set_up_over_the_earlier(
    public: Any, client: dict[str, Any], walk: Walk, person: Holder, mailbox: Mailbox
) -> None:
    by_app = public.associate_software_token(Session=Walk(public, client, person.username).by_password().session)
    address = contacts()["email"]
    by_mail = Walk(public, client, person.username).by_password().respond(email=address)
    only_begun = Walk(public, client, person.username).by_password()
    walk.respond(session=enrol(public, walk.session))
    secret_code = totp.code(by_app["SecretCode"], time.time())
    for call in (
        lambda: public.associate_software_token(Session=by_app["Session"]),
        lambda: public.verify_software_token(Session=by_app["Session"], UserCode=secret_code),
        lambda: by_mail.respond(EMAIL_OTP_CODE=mailbox.code(address)),
    ):
        with refused("NotAuthorizedException", INVALID):
            call()
    assert only_begun.respond(email=address).challenge == APP
    assert preferences(person) == ([APP], APP)


def test_a_number_that_comes_meanwhile_is_not_mixed_up_with_the_address_that_was_said(
    idp: Any, public: Any, mailbox: Mailbox
) -> None:
    pool = second_factors.make_pool(idp, SMS, EMAIL, mode="ON")
    person = Holder(idp, public, pool, mailbox, nickname="Ada")
    walk = Walk(public, make_client(idp, pool), person.username).by_password()
    number = contacts()["phone_number"]
    idp.admin_update_user_attributes(**person.named, UserAttributes=[{"Name": "phone_number", "Value": number}])
    assert walk.respond(email=contacts()["email"]).challenge == SMS
    assert walk.parameters["CODE_DELIVERY_DESTINATION"][-4:] == number[-4:]
    assert walk.respond(SMS_MFA_CODE=mailbox.code(number)).tokens
    assert "email" not in person.shown


def test_an_app_that_an_administrator_takes_away_meanwhile_lets_nobody_in(
    idp: Any, public: Any, walk: Walk, person: Holder
) -> None:
    session = enrol(public, walk.session)
    idp.admin_delete_software_token(**person.named)
    with refused("NotAuthorizedException", NOTHING_SET_UP):
        walk.respond(session=session)


def test_an_own_password_comes_first(public: Any, client: dict[str, Any], person: Holder) -> None:
    person.idp.admin_set_user_password(**person.named, Password="Temporary-Horse-1", Permanent=False)
    walk = Walk(public, client, person.username).by_password("Temporary-Horse-1")
    assert walk.challenge == "NEW_PASSWORD_REQUIRED"
    assert walk.respond(NEW_PASSWORD="Another-Horse-2").challenge == "MFA_SETUP"
    assert walk.respond(session=enrol(public, walk.session)).tokens


def test_administrators_go_the_same_way(
    idp: Any, public: Any, pool: Pool, client: dict[str, Any], person: Holder
) -> None:
    walk = Walk(idp, client, person.username, pool=pool).by_password()
    assert walk.challenge == "MFA_SETUP"
    assert walk.respond(session=enrol(public, walk.session)).tokens


@pytest.mark.parametrize("change", ["password", "disabled", "reset", "deleted", "expired"])
def test_what_changes_meanwhile_ends_the_setting_up(
    public: Any, walk: Walk, person: Holder, clock: Clock, change: str
) -> None:
    associated = public.associate_software_token(Session=walk.session)
    idp, code = person.idp, totp.code(associated["SecretCode"], time.time())
    error, text = "NotAuthorizedException", INVALID
    match change:
        case "password":
            idp.admin_set_user_password(**person.named, Password="Another-Horse-2", Permanent=True)
        case "disabled":
            idp.admin_disable_user(**person.named)
            text = "User is disabled."
        case "reset":
            number = {"phone_number": contacts()["phone_number"], "phone_number_verified": "true"}
            listed = [{"Name": key, "Value": value} for key, value in number.items()]
            idp.admin_update_user_attributes(**person.named, UserAttributes=listed)
            idp.admin_reset_user_password(**person.named)
            error, text = "PasswordResetRequiredException", "Password reset required for the user"
        case "deleted":
            idp.admin_delete_user(**person.named)
        case _:
            clock.advance(minutes=3)
            text = "Invalid session for the user, session is expired."
    with refused("NotAuthorizedException", text):
        public.associate_software_token(Session=associated["Session"])
    with refused(error, text):
        public.verify_software_token(Session=associated["Session"], UserCode=code)
    if change != "deleted":
        assert preferences(person) == ([], "")


def test_where_no_app_is_offered_any_more_none_is_set_up(idp: Any, public: Any, mailbox: Mailbox) -> None:
    pool = second_factors.make_pool(idp, APP, EMAIL, mode="ON")
    person = Holder(idp, public, pool, mailbox, nickname="Ada")
    walk = Walk(public, make_client(idp, pool), person.username).by_password()
    second_factors.set_mfa(idp, pool, EMAIL, mode="ON")
    with refused("SoftwareTokenMFANotFoundException"):
        public.associate_software_token(Session=walk.session)
    assert walk.respond(**contacts(email=True)).challenge == EMAIL


# --- an e-mail address


def test_an_address_is_said_proven_and_preferred(
    public: Any, client: dict[str, Any], walk: Walk, person: Holder, mailbox: Mailbox
) -> None:
    address = contacts()["email"]
    assert walk.respond(email=address).challenge == EMAIL
    assert walk.parameters["CODE_DELIVERY_DESTINATION"] == f"{address[0]}***@e***"
    assert "email" not in person.shown
    code = mailbox.code(address)
    with refused("CodeMismatchException"):
        walk.respond(EMAIL_OTP_CODE=f"{(int(code) + 1) % 10**6:06d}")
    assert walk.respond(EMAIL_OTP_CODE=code).tokens
    assert (person.shown["email"], person.shown["email_verified"]) == (address, "true")
    assert preferences(person) == ([EMAIL], EMAIL)
    assert Walk(public, client, address).by_password().challenge == EMAIL


def test_an_address_that_is_not_proven_is_not_the_users(
    public: Any, client: dict[str, Any], walk: Walk, person: Holder
) -> None:
    walk.respond(email=contacts()["email"])
    assert "email" not in person.shown
    assert preferences(person) == ([], "")
    assert Walk(public, client, person.username).by_password().challenge == "MFA_SETUP"


@pytest.mark.parametrize("address", ["nobody", "a@b@c", "@", "a b@example.com", "ada@example.com\nBcc: x@y.z"])
def test_an_address_must_be_one(walk: Walk, address: str) -> None:
    with refused("InvalidParameterException", "Invalid email address format."):
        walk.respond(email=address)


def test_an_address_that_is_somebody_elses_name_is_not_taken(
    idp: Any, pool: Pool, walk: Walk, person: Holder, mailbox: Mailbox
) -> None:
    address = contacts()["email"]
    owner = factories.make_user(idp, pool, unique(), email=address, email_verified="true")
    walk.respond(email=address)
    with refused("AliasExistsException"):
        walk.respond(EMAIL_OTP_CODE=mailbox.code(address))
    assert "email" not in person.shown
    assert idp.admin_get_user(UserPoolId=pool["Id"], Username=address)["Username"] == owner


def test_where_no_mail_is_offered_an_address_is_refused(idp: Any, public: Any, mailbox: Mailbox) -> None:
    pool = second_factors.make_pool(idp, APP, mode="ON")
    person = Holder(idp, public, pool, mailbox)
    walk = Walk(public, make_client(idp, pool), person.username).by_password()
    assert json.loads(walk.parameters["MFAS_CAN_SETUP"]) == [APP]
    with refused("InvalidParameterException"):
        walk.respond(email=contacts()["email"])


def test_mail_that_is_taken_back_while_its_code_waits_is_not_asked_for(idp: Any, public: Any, mailbox: Mailbox) -> None:
    pool = second_factors.make_pool(idp, APP, EMAIL, mode="ON")
    person = Holder(idp, public, pool, mailbox, nickname="Ada")
    address = contacts()["email"]
    walk = Walk(public, make_client(idp, pool), person.username).by_password().respond(email=address)
    second_factors.set_mfa(idp, pool, APP, mode="ON")
    with refused("NotAuthorizedException", INVALID):
        walk.respond(EMAIL_OTP_CODE=mailbox.code(address))
    assert preferences(person) == ([], "")


def test_a_number_is_for_an_administrator(idp: Any, public: Any, mailbox: Mailbox) -> None:
    pool = second_factors.make_pool(idp, SMS, mode="ON")
    person = Holder(idp, public, pool, mailbox, nickname="Ada")
    walk = Walk(public, make_client(idp, pool), person.username).by_password()
    assert json.loads(walk.parameters["MFAS_CAN_SETUP"]) == [SMS]
    with refused("NotAuthorizedException", NOTHING_SET_UP):
        walk.respond(phone_number="+4915100000001")
    number = contacts()["phone_number"]
    idp.admin_update_user_attributes(**person.named, UserAttributes=[{"Name": "phone_number", "Value": number}])
    assert walk.by_password().challenge == SMS
    assert walk.respond(SMS_MFA_CODE=mailbox.code(number)).tokens
