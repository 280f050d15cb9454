"""Second factors at sign-in: which is asked for, its codes, and what happens while it waits."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.support import factories, second_factors, totp
from tests.support.clients import refused
from tests.support.clock import Clock
from tests.support.factories import PASSWORD, unique
from tests.support.holder import ANSWERS, FACTORS, STEP, Holder
from tests.support.mailbox import Mailbox
from tests.support.second_factors import EMAIL, PREFERRED, SMS
from tests.support.second_factors import TOTP as APP
from tests.support.walk import Walk, contacts, make_client

WRONG_CODE = "Invalid code or auth state for the user."
WRONG_TOKEN = "Invalid code received for user"
INVALID = "Invalid session for the user."
EXCEEDED = "Password attempts exceeded"

Pool = dict[str, Any]
Client = dict[str, Any]


@pytest.fixture(scope="module")
def pool(idp: Any) -> Pool:
    """MFA for who wants it."""
    return second_factors.make_pool(idp, *FACTORS)


@pytest.fixture(scope="module")
def client(idp: Any, pool: Pool) -> Client:
    return make_client(idp, pool)


@pytest.fixture
def person(idp: Any, public: Any, pool: Pool, mailbox: Mailbox) -> Holder:
    return Holder(idp, public, pool, mailbox)


@pytest.fixture
def walk(public: Any, client: Client, person: Holder) -> Walk:
    return Walk(public, client, person.username)


# --- which factor


@pytest.mark.parametrize("factor", FACTORS)
def test_the_factor_that_is_on_is_asked_for(person: Holder, walk: Walk, factor: str) -> None:
    person.switch_on(factor)
    walk.by_password()
    assert walk.challenge == factor
    assert walk.parameters["USER_ID_FOR_SRP"] == person.username
    assert "AuthenticationResult" not in walk.answer
    assert "AvailableChallenges" not in walk.answer
    assert walk.respond(**{ANSWERS[factor]: person.code(factor)}).tokens


def test_challenges_say_where_the_code_is(person: Holder, walk: Walk) -> None:
    person.switch_on(*FACTORS, preferred=SMS)
    told = {"USERNAME": person.username, "USER_ID_FOR_SRP": person.username}
    number, address = person.attributes["phone_number"], person.attributes["email"]
    assert walk.by_password().parameters == told | {
        "CODE_DELIVERY_DELIVERY_MEDIUM": "SMS",
        "CODE_DELIVERY_DESTINATION": f"+********{number[-4:]}",
    }
    person.switch_on(EMAIL, preferred=EMAIL)
    assert walk.by_password().parameters == told | {
        "CODE_DELIVERY_DELIVERY_MEDIUM": "EMAIL",
        "CODE_DELIVERY_DESTINATION": f"{address[0]}***@e***",
    }
    person.idp.admin_set_user_mfa_preference(**person.named, SoftwareTokenMfaSettings=PREFERRED)
    told = {"USER_ID_FOR_SRP": person.username, "FRIENDLY_DEVICE_NAME": "the phone"}
    assert walk.by_password().parameters == told


@pytest.mark.parametrize(
    "way", ["SRP", "choice of SRP", "choice of the password", "administrator", "administrator's SRP"]
)
def test_every_flow_leads_to_the_second_factor(
    idp: Any, public: Any, pool: Pool, client: Client, person: Holder, way: str
) -> None:
    person.switch_on(SMS)
    admin = way.startswith("administrator")
    walk = Walk(idp if admin else public, client, person.username, pool=pool if admin else None)
    match way:
        case "SRP" | "administrator's SRP":
            walk.begin("USER_SRP_AUTH", SRP_A=walk.srp_a(pool)).respond(**walk.srp_answers())
        case "choice of SRP":
            walk.prefer("PASSWORD_SRP", SRP_A=walk.srp_a(pool)).respond(**walk.srp_answers())
        case "choice of the password":
            walk.prefer("PASSWORD", PASSWORD=PASSWORD)
        case _:
            walk.by_password()
    assert walk.challenge == SMS
    assert walk.respond(SMS_MFA_CODE=person.code(SMS)).tokens


def test_who_has_switched_nothing_on_signs_in_by_the_password(walk: Walk) -> None:
    assert walk.by_password().tokens


def test_a_pool_without_mfa_asks_nobody_and_forgets_nothing(idp: Any, public: Any, mailbox: Mailbox) -> None:
    pool = second_factors.make_pool(idp, SMS)
    person = Holder(idp, public, pool, mailbox).switch_on(SMS)
    walk = Walk(public, make_client(idp, pool), person.username)
    second_factors.set_mfa(idp, pool, mode="OFF")
    assert walk.by_password().tokens
    second_factors.set_mfa(idp, pool, SMS)
    assert walk.by_password().challenge == SMS


def test_a_factor_that_the_pool_has_taken_back_is_not_asked_for(idp: Any, public: Any, mailbox: Mailbox) -> None:
    pool = second_factors.make_pool(idp, SMS, EMAIL)
    person = Holder(idp, public, pool, mailbox).switch_on(SMS, EMAIL, preferred=SMS)
    walk = Walk(public, make_client(idp, pool), person.username)
    second_factors.set_mfa(idp, pool, EMAIL)
    assert walk.by_password().challenge == EMAIL
    second_factors.set_mfa(idp, pool, APP)
    assert walk.by_password().tokens


@pytest.mark.parametrize("preferred", FACTORS)
def test_the_preferred_factor_comes_without_a_question(person: Holder, walk: Walk, preferred: str) -> None:
    person.switch_on(*FACTORS, preferred=preferred)
    assert walk.by_password().challenge == preferred
    assert walk.respond(**{ANSWERS[preferred]: person.code(preferred)}).tokens


@pytest.mark.parametrize(("answer", "factor"), [(SMS, SMS), (APP, APP), (EMAIL, EMAIL), ("EMAIL_MFA", EMAIL)])
def test_one_of_several_factors_is_chosen(person: Holder, walk: Walk, answer: str, factor: str) -> None:
    person.switch_on(*FACTORS)
    assert walk.by_password().challenge == "SELECT_MFA_TYPE"
    told = walk.parameters
    assert json.loads(told["MFAS_CAN_CHOOSE"]) == json.loads(told["MFAS_CAN_SELECT"]) == FACTORS
    assert told["USER_ID_FOR_SRP"] == person.username
    assert told["CODE_DELIVERY_DESTINATION"].startswith("+***")
    assert person.mailbox.messages(person.username) == []
    assert walk.respond(ANSWER=answer).challenge == factor
    assert walk.respond(**{ANSWERS[factor]: person.code(factor)}).tokens


def test_a_factor_that_is_not_on_cannot_be_chosen(person: Holder, walk: Walk) -> None:
    person.switch_on(SMS, APP)
    walk.by_password()
    assert json.loads(walk.parameters["MFAS_CAN_CHOOSE"]) == [SMS, APP]
    for answer in (EMAIL, "EMAIL_MFA", "sms_mfa", "SMS_OTP", "MFA_SETUP"):
        with refused("InvalidParameterException", f"{answer} is not one of the MFA types that can be chosen."):
            walk.respond(ANSWER=answer)
    with refused("InvalidParameterException", "Missing required parameter ANSWER"):
        walk.respond()
    assert walk.respond(ANSWER=SMS).challenge == SMS


@pytest.mark.parametrize(("factor", "attribute"), [(SMS, "phone_number"), (EMAIL, "email")])
def test_required_mfa_takes_an_address_that_nobody_has_verified_and_verifies_it(
    idp: Any, public: Any, mailbox: Mailbox, factor: str, attribute: str
) -> None:
    pool = second_factors.make_pool(idp, *FACTORS, mode="ON")
    person = Holder(idp, public, pool, mailbox, **contacts(**{attribute: True}))
    walk = Walk(public, make_client(idp, pool), person.username)
    assert walk.by_password().challenge == factor
    assert person.shown.get(f"{attribute}_verified", "false") == "false"
    with refused("CodeMismatchException", WRONG_CODE):
        walk.respond(**{ANSWERS[factor]: person.wrong(factor)})
    assert person.shown.get(f"{attribute}_verified", "false") == "false"
    assert walk.respond(**{ANSWERS[factor]: person.code(factor)}).tokens
    assert person.shown[f"{attribute}_verified"] == "true"


def test_required_mfa_lets_choose_among_the_addresses(idp: Any, public: Any, mailbox: Mailbox) -> None:
    pool = second_factors.make_pool(idp, *FACTORS, mode="ON")
    person = Holder(idp, public, pool, mailbox)
    walk = Walk(public, make_client(idp, pool), person.username)
    assert walk.by_password().challenge == "SELECT_MFA_TYPE"
    assert json.loads(walk.parameters["MFAS_CAN_CHOOSE"]) == [SMS, EMAIL]
    assert walk.respond(ANSWER=EMAIL).challenge == EMAIL
    assert walk.respond(EMAIL_OTP_CODE=person.code(EMAIL)).tokens


def test_an_own_password_comes_before_the_second_factor(
    idp: Any, public: Any, pool: Pool, client: Client, mailbox: Mailbox
) -> None:
    person = Holder(idp, public, pool, mailbox).switch_on(SMS)
    idp.admin_set_user_password(**person.named, Password="Temporary-Horse-1", Permanent=False)
    walk = Walk(public, client, person.username).by_password("Temporary-Horse-1")
    assert walk.challenge == "NEW_PASSWORD_REQUIRED"
    assert walk.respond(NEW_PASSWORD="Another-Horse-2").challenge == SMS
    assert walk.respond(SMS_MFA_CODE=person.code(SMS)).tokens


# --- codes


@pytest.mark.parametrize("factor", [SMS, EMAIL])
def test_codes_that_are_sent_have_six_digits_and_the_pools_text(
    idp: Any, public: Any, mailbox: Mailbox, factor: str
) -> None:
    pool = second_factors.make_pool(idp, SMS, EMAIL)
    person = Holder(idp, public, pool, mailbox).switch_on(factor)
    Walk(public, make_client(idp, pool), person.username).by_password()
    [message] = mailbox.messages(person.username)
    assert (message["kind"], len(message["code"]), message["code"].isdigit()) == ("Authentication", 6, True)
    if factor == EMAIL:
        assert (message["subject"], message["body"]) == ("Your code", f"Your code is {message['code']}")


@pytest.mark.parametrize("factor", FACTORS)
def test_a_wrong_code_keeps_the_session_and_six_of_them_say_the_same(
    person: Holder, walk: Walk, clock: Clock, factor: str
) -> None:
    person.switch_on(factor)
    walk.by_password()
    for _ in range(6):
        with refused("CodeMismatchException", WRONG_TOKEN if factor == APP else WRONG_CODE):
            walk.respond(**{ANSWERS[factor]: person.wrong(factor)})
    clock.advance(seconds=5)
    assert walk.respond(**{ANSWERS[factor]: person.code(factor)}).tokens


@pytest.mark.parametrize("factor", FACTORS)
def test_a_code_must_be_given_under_its_name(person: Holder, walk: Walk, factor: str) -> None:
    person.switch_on(factor)
    walk.by_password()
    code = person.code(factor)
    for others in ({}, {"ANSWER": code}, {"SMS_OTP_CODE": code}, {ANSWERS[factor]: ""}):
        with refused("InvalidParameterException", f"Missing required parameter {ANSWERS[factor]}"):
            walk.respond(**others)
    for other in FACTORS:
        if other != factor:
            with refused("NotAuthorizedException", INVALID):
                walk.respond(other, **{ANSWERS[other]: code})


@pytest.mark.parametrize(("steps", "is_right"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_an_app_may_be_one_step_off(person: Holder, walk: Walk, clock: Clock, steps: int, is_right: bool) -> None:
    person.switch_on(APP)
    clock.advance(minutes=5)
    now = (time.time() + 300) // STEP * STEP + STEP / 2  # the middle of a step, which the server is brought to
    clock.advance(seconds=now - time.time() - 300)
    walk.by_password()
    code = totp.code(person.secret, now + STEP * steps)
    if is_right:
        assert walk.respond(SOFTWARE_TOKEN_MFA_CODE=code).tokens
    else:
        with refused("CodeMismatchException", WRONG_TOKEN):
            walk.respond(SOFTWARE_TOKEN_MFA_CODE=code)


def test_a_code_of_an_app_works_once(person: Holder, walk: Walk, public: Any, client: Client) -> None:
    person.switch_on(APP)
    code = person.code(APP)
    assert walk.by_password().respond(SOFTWARE_TOKEN_MFA_CODE=code).tokens
    again = Walk(public, client, person.username).by_password()
    with refused("ExpiredCodeException", "Your software token has already been used once."):
        again.respond(SOFTWARE_TOKEN_MFA_CODE=code)


def test_the_code_that_set_an_app_up_signs_nobody_in(person: Holder, walk: Walk) -> None:
    before = time.time()
    person.switch_on(APP)
    walk.by_password()
    with refused("ExpiredCodeException", "Your software token has already been used once."):
        walk.respond(SOFTWARE_TOKEN_MFA_CODE=totp.code(person.secret, before))


def test_codes_are_sent_twenty_times_an_hour(person: Holder, walk: Walk, clock: Clock) -> None:
    person.switch_on(SMS)
    for _ in range(20):
        assert walk.by_password().challenge == SMS
    with refused("TooManyRequestsException"):
        walk.by_password()
    clock.advance(hours=1, seconds=1)
    assert walk.by_password().respond(SMS_MFA_CODE=person.code(SMS)).tokens


# --- while a challenge waits


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("is_permanent", [True, False])
def test_a_password_that_is_replaced_meanwhile_ends_the_sign_in(
    person: Holder, walk: Walk, factor: str, is_permanent: bool
) -> None:
    person.switch_on(factor)
    walk.by_password()
    person.idp.admin_set_user_password(**person.named, Password="Another-Horse-2", Permanent=is_permanent)
    with refused("NotAuthorizedException", INVALID):
        walk.respond(**{ANSWERS[factor]: person.code(factor)})


@pytest.mark.parametrize("way", ["password", "SRP"])
def test_a_password_that_its_user_has_changed_meanwhile_ends_other_sign_ins(
    person: Holder, walk: Walk, public: Any, client: Client, pool: Pool, way: str
) -> None:
    token = walk.by_password().tokens["AccessToken"]
    person.switch_on(SMS)
    if way == "SRP":
        walk.begin("USER_SRP_AUTH", SRP_A=walk.srp_a(pool)).respond(**walk.srp_answers())
    else:
        walk.by_password()
    public.change_password(AccessToken=token, PreviousPassword=PASSWORD, ProposedPassword="Another-Horse-2")
    with refused("NotAuthorizedException", INVALID):
        walk.respond(SMS_MFA_CODE=person.code(SMS))
    walk.by_password("Another-Horse-2")
    assert walk.respond(SMS_MFA_CODE=person.code(SMS)).tokens


def test_another_new_password_after_ones_own_ends_the_sign_in_too(person: Holder, walk: Walk) -> None:
    person.switch_on(SMS)
    person.idp.admin_set_user_password(**person.named, Password="Temporary-Horse-1", Permanent=False)
    walk.by_password("Temporary-Horse-1").respond(NEW_PASSWORD="Another-Horse-2")
    person.idp.admin_set_user_password(**person.named, Password="Third-Horse-33", Permanent=True)
    with refused("NotAuthorizedException", INVALID):
        walk.respond(SMS_MFA_CODE=person.code(SMS))


def test_a_user_who_is_disabled_reset_or_deleted_meanwhile_does_not_get_in(person: Holder, walk: Walk) -> None:
    person.switch_on(SMS)
    listed = [{"Name": "email_verified", "Value": "true"}]
    person.idp.admin_update_user_attributes(**person.named, UserAttributes=listed)
    walk.by_password()
    code = person.code(SMS)
    person.idp.admin_disable_user(**person.named)
    with refused("NotAuthorizedException", "User is disabled."):
        walk.respond(SMS_MFA_CODE=code)
    person.idp.admin_enable_user(**person.named)
    person.idp.admin_reset_user_password(**person.named)
    with refused("PasswordResetRequiredException", "Password reset required for the user"):
        walk.respond(SMS_MFA_CODE=code)
    person.idp.admin_delete_user(**person.named)
    with refused("NotAuthorizedException", INVALID):
        walk.respond(SMS_MFA_CODE=code)


def test_a_number_that_is_replaced_meanwhile_makes_the_code_a_wrong_one(person: Holder, walk: Walk) -> None:
    person.switch_on(SMS)
    walk.by_password()
    code = person.code(SMS)
    listed = [{"Name": "phone_number", "Value": contacts()["phone_number"]}]
    person.idp.admin_update_user_attributes(**person.named, UserAttributes=listed)
    with refused("CodeMismatchException", WRONG_CODE):
        walk.respond(SMS_MFA_CODE=code)


def test_an_app_that_is_taken_away_meanwhile_proves_nothing(person: Holder, walk: Walk) -> None:
    person.switch_on(APP)
    walk.by_password()
    person.idp.admin_delete_software_token(**person.named)
    with refused("CodeMismatchException", WRONG_TOKEN):
        walk.respond(SOFTWARE_TOKEN_MFA_CODE=person.code(APP))


def test_a_factor_that_is_taken_back_between_question_and_choice_is_not_asked_for(
    idp: Any, public: Any, mailbox: Mailbox
) -> None:
    pool = second_factors.make_pool(idp, *FACTORS)
    person = Holder(idp, public, pool, mailbox).switch_on(*FACTORS)
    walk = Walk(public, make_client(idp, pool), person.username).by_password()
    second_factors.set_mfa(idp, pool, APP, EMAIL)
    assert walk.respond(ANSWER=SMS).challenge == "SELECT_MFA_TYPE"
    assert json.loads(walk.parameters["MFAS_CAN_CHOOSE"]) == [APP, EMAIL]


def test_an_address_that_is_deleted_between_question_and_choice_is_told(idp: Any, public: Any) -> None:
    pool = factories.make_pool(idp, Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}})
    name = factories.make_user(idp, pool, **contacts())
    walk = Walk(public, make_client(idp, pool), name).begin()
    idp.admin_delete_user_attributes(UserPoolId=pool["Id"], Username=name, UserAttributeNames=["email"])
    with refused("MFAMethodNotFoundException"):
        walk.respond(ANSWER="EMAIL_OTP")


# --- guessing


@pytest.mark.parametrize("factor", FACTORS)
def test_hundreds_of_guesses_over_many_sign_ins_are_as_few_as_in_one(
    idp: Any, pool: Pool, person: Holder, public: Any, clock: Clock, factor: str
) -> None:
    """Who knows the password opens as many Sessions as they like; the tries of all of them count together."""
    person.switch_on(factor)
    client = make_client(idp, pool, AuthSessionValidity=15)
    answer, text = ANSWERS[factor], WRONG_TOKEN if factor == APP else WRONG_CODE
    walks = [Walk(public, client, person.username).by_password() for _ in range(4)]
    newest = person.code(factor)
    for failures in range(12):
        if failures >= 5:
            clock.advance(seconds=2 ** (failures - 5))
        with refused("CodeMismatchException", text):
            walks[failures % 4].respond(**{answer: person.wrong(factor)})
    # Locked for two minutes now.
    for guess in range(200):
        with refused("CodeMismatchException", text):
            walks[guess % 4].respond(**{answer: f"{guess:06d}"})
        if guess % 50 == 0:
            with refused("CodeMismatchException", text):
                walks[3].respond(**{answer: newest})
            with refused("NotAuthorizedException", EXCEEDED):
                Walk(public, client, person.username).by_password()
    clock.advance(minutes=2, seconds=8)
    assert walks[3].respond(**{answer: totp.code(person.secret, time.time() + 260) if factor == APP else newest}).tokens


@pytest.mark.parametrize("factor", FACTORS)
def test_the_lock_of_guesses_ends_and_is_another_than_that_of_passwords(
    person: Holder, public: Any, client: Client, clock: Clock, factor: str
) -> None:
    person.switch_on(factor)
    answer = ANSWERS[factor]
    walk = Walk(public, client, person.username).by_password()
    for _ in range(5):
        with refused("CodeMismatchException"):
            walk.respond(**{answer: person.wrong(factor)})
    clock.advance(seconds=1)
    with refused("CodeMismatchException"):
        walk.respond(**{answer: person.wrong(factor)})
    # A right password forgets wrong passwords, and no wrong codes.
    with refused("NotAuthorizedException", "Incorrect username or password."):
        Walk(public, client, person.username).by_password("Wrong-Horse-1")
    with refused("NotAuthorizedException", EXCEEDED):
        Walk(public, client, person.username).by_password()
    person.idp.admin_set_user_password(**person.named, Password=PASSWORD, Permanent=True)
    with refused("NotAuthorizedException", EXCEEDED):
        Walk(public, client, person.username).by_password()
    clock.advance(seconds=3)
    walk.by_password()
    assert walk.respond(**{answer: person.code(factor)}).tokens
    walk.by_password()  # a right code forgets the wrong ones
    for _ in range(4):
        with refused("CodeMismatchException"):
            walk.respond(**{answer: person.wrong(factor)})
    clock.advance(seconds=STEP)
    assert walk.respond(**{answer: person.code(factor)}).tokens


def test_names_of_nobody_are_locked_like_users(idp: Any, public: Any, mailbox: Mailbox, clock: Clock) -> None:
    pool = factories.make_pool(idp, Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}})
    client = make_client(idp, pool)
    for name in (factories.make_user(idp, pool, **contacts()), unique("nobody")):
        walk = Walk(public, client, name).prefer("EMAIL_OTP")
        for _ in range(5):
            with refused("CodeMismatchException", WRONG_CODE):
                walk.respond(EMAIL_OTP_CODE="x")
        with refused("NotAuthorizedException", EXCEEDED):
            Walk(public, client, name).prefer("EMAIL_OTP")
        clock.advance(seconds=1)
        assert Walk(public, client, name).prefer("EMAIL_OTP").challenge == "EMAIL_OTP"
