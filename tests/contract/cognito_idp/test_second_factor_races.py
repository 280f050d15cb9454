"""Second factors when much is asked of them at once: codes work once, no change is lost, nothing is half-done."""

import time
from collections import Counter
from typing import Any

import pytest

from tests.support import clients, database, second_factors, totp
from tests.support.clients import OK, at_once, burst
from tests.support.second_factors import EMAIL, OFF, ON, PHONE, PREFERRED, SMS, TOTP, Person
from tests.support.server import Server

ROUNDS = 5


@pytest.fixture(scope="module")
def idp(busy: Server) -> Any:
    return clients.idp(busy)


@pytest.fixture(scope="module")
def public(busy: Server) -> Any:
    return clients.idp(busy, signed=False)


@pytest.fixture(scope="module")
def pool(idp: Any) -> dict[str, Any]:
    return second_factors.make_pool(idp, SMS, TOTP, EMAIL)


@pytest.fixture
def person(idp: Any, public: Any, pool: dict[str, Any]) -> Person:
    return Person(idp, public, pool)


def verify_at_once(busy: Server, person: Person, codes: list[str]) -> Counter[str]:
    """What as many requests get that are under way at one moment."""
    answers = burst(busy, "VerifySoftwareToken", [{**person.token, "UserCode": code} for code in codes])
    return Counter(answer.get("__type", answer.get("Status", "")) for answer in answers)


def test_one_code_sent_four_times_at_once_verifies_once(busy: Server, person: Person) -> None:
    for _ in range(ROUNDS):
        secret = person.public.associate_software_token(**person.token)["SecretCode"]
        outcomes = verify_at_once(busy, person, [totp.code(secret, time.time())] * 4)
        assert outcomes == {"SUCCESS": 1, "InvalidParameterException": 3}
    assert database.count(busy, "SoftwareToken", person.username) == 1


def test_wrong_codes_at_once_are_no_more_tries_than_in_a_row(busy: Server, person: Person) -> None:
    secret = person.public.associate_software_token(**person.token)["SecretCode"]
    wrong = totp.wrong(secret, time.time())
    outcomes = [verify_at_once(busy, person, [wrong]) for _ in range(4)]
    assert outcomes == [{"EnableSoftwareTokenMFAException": 1}] * 4
    assert verify_at_once(busy, person, [wrong] * 8) == {
        "EnableSoftwareTokenMFAException": 1,
        "TooManyRequestsException": 7,
    }


def test_secrets_made_at_once_leave_one_that_waits(busy: Server, person: Person) -> None:
    for _ in range(ROUNDS):
        answers = burst(busy, "AssociateSoftwareToken", [person.token] * 4)
        codes = [totp.code(answer["SecretCode"], time.time()) for answer in answers]
        assert database.count(busy, "SoftwareToken", person.username) == 1
        right = [code for code in codes if verify_at_once(busy, person, [code])["SUCCESS"]]
        assert len(right) == 1
        person.idp.admin_delete_software_token(**person.named)


def test_deletion_and_verification_at_once_leave_app_and_user_in_agreement(busy: Server, person: Person) -> None:
    for _ in range(ROUNDS):
        secret = person.public.associate_software_token(**person.token)["SecretCode"]
        code = totp.code(secret, time.time())
        at_once(
            lambda code=code: person.public.verify_software_token(**person.token, UserCode=code),
            lambda: person.idp.admin_delete_software_token(**person.named),
        )
        answer = person.idp.admin_get_user_auth_factors(**person.named)
        has_app = "SOFTWARE_TOKEN" in answer["ConfiguredUserAuthFactors"]
        assert database.count(busy, "SoftwareToken", person.username) == has_app


def test_an_app_that_is_switched_on_and_taken_away_at_once_is_no_factor_without_an_app(person: Person) -> None:
    for _ in range(ROUNDS):
        person.register()
        at_once(
            lambda: person.set(SOFTWARE_TOKEN_MFA=PREFERRED),
            lambda: person.idp.admin_delete_software_token(**person.named),
        )
        assert person.shown == ([], "")


def test_parallel_changes_of_different_factors_lose_nothing(person: Person) -> None:
    person.register()
    for _ in range(ROUNDS):
        outcomes = at_once(
            lambda: person.set(SMS_MFA=ON),
            lambda: person.set(SOFTWARE_TOKEN_MFA=PREFERRED),
            lambda: person.set_by_administrator(EMAIL_OTP=ON),
            lambda: person.public.update_user_attributes(
                **person.token, UserAttributes=[{"Name": "nickname", "Value": "n"}]
            ),
        )
        assert outcomes == [OK] * 4
        assert person.shown == ([SMS, TOTP, EMAIL], TOTP)
        outcomes = at_once(
            *(lambda factor=factor: person.set(**{factor: OFF}) for factor in (SMS, TOTP, EMAIL)),
        )
        assert outcomes == [OK] * 3
        assert person.shown == ([], "")


def test_a_factor_and_the_deletion_of_its_address_at_once_leave_no_factor_without_address(person: Person) -> None:
    for _ in range(ROUNDS):
        at_once(
            lambda: person.set(SMS_MFA=PREFERRED),
            lambda: person.public.delete_user_attributes(**person.token, UserAttributeNames=["phone_number"]),
        )
        assert person.shown == ([], "")
        person.idp.admin_update_user_attributes(
            **person.named, UserAttributes=[{"Name": "phone_number", "Value": PHONE}]
        )


def test_of_many_preferred_at_once_one_is(person: Person) -> None:
    person.register()
    outcomes = at_once(*(lambda factor=factor: person.set(**{factor: PREFERRED}) for factor in (SMS, TOTP, EMAIL)))
    assert outcomes == [OK] * 3
    factors, preferred = person.shown
    assert factors == [SMS, TOTP, EMAIL]
    assert preferred in factors
