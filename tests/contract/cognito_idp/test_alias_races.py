"""Two users want one name, or each other's, at the same moment: they wait in line, and nobody is answered with a 500.

On PostgreSQL, rows that are locked in different orders would end in deadlocks; SQLite has one writer at a time.
"""

import secrets
from collections import Counter
from typing import Any

import pytest

from tests.support import clients, factories
from tests.support.clients import burst
from tests.support.factories import attributes_of, unique
from tests.support.mailbox import Mailbox
from tests.support.server import Server

ROUNDS = 10
OK = "ok"

Client = dict[str, Any]
Pool = dict[str, Any]


@pytest.fixture(scope="module")
def idp(busy: Server) -> Any:
    return clients.idp(busy)


@pytest.fixture(scope="module")
def mailbox(busy: Server) -> Mailbox:
    return Mailbox(busy)


@pytest.fixture(scope="module")
def pool(idp: Any) -> Pool:
    """Verified addresses are aliases, and move to who verifies them."""
    return factories.make_pool(
        idp, AliasAttributes=["email", "phone_number", "preferred_username"], AutoVerifiedAttributes=["email"]
    )


@pytest.fixture(scope="module")
def client(idp: Any, pool: Pool) -> Client:
    return factories.make_client(idp, pool)


@pytest.fixture(scope="module")
def address_pool(idp: Any) -> Pool:
    return factories.make_pool(idp, UsernameAttributes=["email", "phone_number"])


@pytest.fixture(scope="module")
def address_client(idp: Any, address_pool: Pool) -> Client:
    return factories.make_client(idp, address_pool)


def an_address(attribute: str) -> str:
    return f"{unique()}@example.com" if attribute == "email" else f"+49151{secrets.randbelow(10**10):010}"


def members(**given: str) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in given.items()]


def token_of(idp: Any, client: Client, name: str) -> str:
    return str(factories.sign_in(idp, client, name)["AccessToken"])


def held(idp: Any, pool: Pool, name: str) -> dict[str, str]:
    return attributes_of(idp.admin_get_user(UserPoolId=pool["Id"], Username=name))


def outcomes(server: Server, operation: str, requests: list[dict[str, Any]]) -> list[str]:
    """`ok` or the error code of each of the requests, which are under way at one moment."""
    return [str(answer.get("__type", OK)) for answer in burst(server, operation, requests)]


def code_for(idp: Any, mailbox: Mailbox, token: str, attribute: str, address: str) -> dict[str, str]:
    """The members of a VerifyUserAttribute that is right."""
    idp.get_user_attribute_verification_code(AccessToken=token, AttributeName=attribute)
    return {"AccessToken": token, "AttributeName": attribute, "Code": mailbox.code(address)}


def test_one_of_many_who_verify_an_address_at_once_has_it(
    busy: Server, idp: Any, pool: Pool, client: Client, mailbox: Mailbox
) -> None:
    for _ in range(ROUNDS):
        email = an_address("email")
        names = [factories.make_user(idp, pool, unique(), email=email) for _ in range(3)]
        requests = [code_for(idp, mailbox, token_of(idp, client, name), "email", email) for name in names]
        found = outcomes(busy, "VerifyUserAttribute", requests)
        assert OK in found
        assert set(found) <= {OK, "AliasExistsException"}
        verified = [name for name in names if held(idp, pool, name).get("email_verified") == "true"]
        assert [held(idp, pool, name)["sub"] for name in verified] == [held(idp, pool, email)["sub"]]
        assert found[names.index(verified[0])] == OK
        for request, outcome in zip(requests, found, strict=True):
            if outcome != OK:  # the code is not lost
                idp.verify_user_attribute(**request)


@pytest.mark.parametrize("count", [2, 3])
def test_users_who_take_aliases_from_each_other_both_get_them(
    busy: Server, idp: Any, pool: Pool, client: Client, mailbox: Mailbox, count: int
) -> None:
    """The one has the other's e-mail address, and the other the one's phone number; or three of them in a circle."""
    for _ in range(ROUNDS):
        emails, phones = ([an_address(kind) for _ in range(count)] for kind in ("email", "phone_number"))
        names = []
        for number in range(count):  # each has the e-mail address that the next one wants
            given = {"email": emails[number], "email_verified": "true", "phone_number": phones[number]}
            names.append(factories.make_user(idp, pool, unique(), phone_number_verified="true", **given))
        tokens = [token_of(idp, client, name) for name in names]
        requests = []
        for number, (name, token) in enumerate(zip(names, tokens, strict=True)):
            kind = "email" if number % 2 == 0 else "phone_number"
            wanted = (emails if kind == "email" else phones)[number - 1]
            idp.admin_update_user_attributes(
                UserPoolId=pool["Id"], Username=name, UserAttributes=members(**{kind: wanted})
            )
            requests.append(code_for(idp, mailbox, token, kind, wanted))
        assert outcomes(busy, "VerifyUserAttribute", requests) == [OK] * count
        for number, request in enumerate(requests):
            kind = request["AttributeName"]
            wanted = (emails if kind == "email" else phones)[number - 1]
            assert held(idp, pool, wanted)["sub"] == held(idp, pool, names[number])["sub"]
            loser = held(idp, pool, names[number - 1])
            assert (loser.get(kind), loser.get(f"{kind}_verified")) != (wanted, "true")


@pytest.mark.parametrize("count", [2, 3])
def test_users_who_swap_addresses_at_once_get_them_or_are_refused(
    busy: Server, idp: Any, address_pool: Pool, address_client: Client, count: int
) -> None:
    for _ in range(ROUNDS):
        emails = [an_address("email") for _ in range(count)]
        for email in emails:
            factories.make_user(idp, address_pool, email)
        subs = [held(idp, address_pool, email)["sub"] for email in emails]
        requests = [
            {
                "AccessToken": token_of(idp, address_client, email),
                "UserAttributes": members(email=emails[number - 1]),
            }
            for number, email in enumerate(emails)
        ]
        found = outcomes(busy, "UpdateUserAttributes", requests)
        assert set(found) <= {OK, "AliasExistsException"}
        for number, sub in enumerate(subs):
            email = emails[number - 1] if found[number] == OK else emails[number]
            assert held(idp, address_pool, sub)["email"] == email
            assert held(idp, address_pool, email)["sub"] == sub


def test_users_who_swap_two_kinds_of_names_at_once(
    busy: Server, idp: Any, address_pool: Pool, address_client: Client
) -> None:
    for _ in range(ROUNDS):
        people = [{kind: an_address(kind) for kind in ("email", "phone_number")} for _ in range(2)]
        for person in people:
            factories.make_user(idp, address_pool, person["email"], phone_number=person["phone_number"])
        one, other = people
        new_email, new_phone = an_address("email"), an_address("phone_number")
        tokens = [token_of(idp, address_client, person["email"]) for person in people]
        given = [{"email": new_email, "phone_number": new_phone}, {"phone_number": new_phone, "email": new_email}]
        found = outcomes(
            busy,
            "UpdateUserAttributes",
            [
                {"AccessToken": token, "UserAttributes": members(**attributes)}
                for token, attributes in zip(tokens, given, strict=True)
            ],
        )
        assert Counter(found) == {OK: 1, "AliasExistsException": 1}
        loser = other if found[0] == OK else one
        assert held(idp, address_pool, loser["email"])["phone_number"] == loser["phone_number"]
        assert held(idp, address_pool, new_email) == held(idp, address_pool, new_phone)


def test_one_code_verifies_once(busy: Server, idp: Any, pool: Pool, client: Client, mailbox: Mailbox) -> None:
    for _ in range(ROUNDS):
        email = an_address("email")
        name = factories.make_user(idp, pool, unique(), email=email)
        request = code_for(idp, mailbox, token_of(idp, client, name), "email", email)
        found = outcomes(busy, "VerifyUserAttribute", [request] * 4)
        assert Counter(found) == {OK: 1, "ExpiredCodeException": 3}


def test_limit_of_tries_is_not_slipped_past(
    busy: Server, idp: Any, pool: Pool, client: Client, mailbox: Mailbox
) -> None:
    email = an_address("email")
    name = factories.make_user(idp, pool, unique(), email=email)
    request = code_for(idp, mailbox, token_of(idp, client, name), "email", email)
    wrong = {**request, "Code": f"{(int(request['Code']) + 1) % 10**6:06}"}
    found = outcomes(busy, "VerifyUserAttribute", [wrong] * 25)
    assert Counter(found) == {"CodeMismatchException": 15, "LimitExceededException": 10}


def test_parallel_updates_of_one_user_lose_nothing(busy: Server, idp: Any, pool: Pool, client: Client) -> None:
    names = ["name", "given_name", "family_name", "middle_name", "nickname", "profile", "website", "locale"]
    user = factories.make_user(idp, pool, unique())
    token = token_of(idp, client, user)
    for value in ("one", "two"):
        requests = [{"AccessToken": token, "UserAttributes": members(**{name: value})} for name in names]
        assert set(outcomes(busy, "UpdateUserAttributes", requests)) == {OK}
        found = held(idp, pool, user)
        assert {name: found.get(name) for name in names} == dict.fromkeys(names, value)


def test_address_that_changes_while_it_is_verified_is_not_verified_by_the_old_code(
    busy: Server, idp: Any, pool: Pool, client: Client, mailbox: Mailbox
) -> None:
    for _ in range(ROUNDS):
        email, new = an_address("email"), an_address("email")
        name = factories.make_user(idp, pool, unique(), email=email)
        token = token_of(idp, client, name)
        request = code_for(idp, mailbox, token, "email", email)
        update = {"AccessToken": token, "UserAttributes": members(email=new)}
        verified, updated = clients.burst_of(busy, [("VerifyUserAttribute", request), ("UpdateUserAttributes", update)])
        assert "__type" not in updated
        assert verified.get("__type", OK) in {OK, "ExpiredCodeException", "CodeMismatchException"}
        after = held(idp, pool, name)
        assert (after["email"], after["email_verified"]) == (new, "false")
