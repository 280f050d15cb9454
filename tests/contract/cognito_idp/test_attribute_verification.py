"""New addresses: at once or after a code, to whom codes go, how long and how often they count."""

import secrets
from dataclasses import dataclass
from typing import Any

import jwt
import pytest

from tests.support import factories
from tests.support.clients import refused
from tests.support.clock import Clock
from tests.support.factories import attributes_of, unique
from tests.support.mailbox import Mailbox

ADDRESSES = ["email", "phone_number"]
MISMATCH = "Invalid verification code provided, please try again."
EXPIRED = "Invalid code provided, please request a code again."
LIMIT = "Attempt limit exceeded, please try after some time."
NO_VALUE = "User does not have a value for {}."

Client = dict[str, Any]
Pool = dict[str, Any]


@dataclass
class Person:
    """A user with a verified e-mail address and phone number, and what is done in their name."""

    idp: Any
    public: Any
    pool: Pool
    client: Client
    name: str
    old: dict[str, str]
    tokens: dict[str, Any]

    @property
    def token(self) -> str:
        return str(self.tokens["AccessToken"])

    def update(self, given: dict[str, str]) -> list[dict[str, str]]:
        answer = self.public.update_user_attributes(AccessToken=self.token, UserAttributes=members(given))
        details: list[dict[str, str]] = answer["CodeDeliveryDetailsList"]
        return details

    def update_by_administrator(self, given: dict[str, str]) -> None:
        self.idp.admin_update_user_attributes(
            UserPoolId=self.pool["Id"], Username=self.name, UserAttributes=members(given)
        )

    def update_by(self, who: str, given: dict[str, str]) -> None:
        self.update(given) if who == "user" else self.update_by_administrator(given)

    def send_code(self, attribute: str) -> dict[str, str]:
        answer = self.public.get_user_attribute_verification_code(AccessToken=self.token, AttributeName=attribute)
        details: dict[str, str] = answer["CodeDeliveryDetails"]
        return details

    def verify(self, attribute: str, code: str) -> None:
        self.public.verify_user_attribute(AccessToken=self.token, AttributeName=attribute, Code=code)

    def held(self) -> dict[str, str]:
        return attributes_of(self.idp.admin_get_user(UserPoolId=self.pool["Id"], Username=self.name))

    def address(self, attribute: str) -> tuple[str | None, str | None]:
        """The address and its flag, as administrators see them."""
        held = self.held()
        return held.get(attribute), held.get(f"{attribute}_verified")


def members(given: dict[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in given.items()]


def an_address(attribute: str) -> str:
    return f"{unique()}@example.com" if attribute == "email" else f"+49151{secrets.randbelow(10**10):010}"


def other_code(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


POOLS = {
    "plain": {},
    "auto-verified": {"AutoVerifiedAttributes": ADDRESSES},
    "verified before": {
        "AutoVerifiedAttributes": ADDRESSES,
        "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": ADDRESSES},
    },
}


@pytest.fixture(scope="module")
def made(idp: Any) -> dict[str, tuple[Pool, Client]]:
    """The three settings, each with aliases, so that it is seen which addresses are active."""
    pools = {what: factories.make_pool(idp, AliasAttributes=ADDRESSES, **given) for what, given in POOLS.items()}
    return {what: (pool, factories.make_client(idp, pool)) for what, pool in pools.items()}


def _person(idp: Any, public: Any, made: dict[str, tuple[Pool, Client]], what: str, **attributes: str) -> Person:
    pool, client = made[what]
    old = {attribute: an_address(attribute) for attribute in ADDRESSES}
    flags = {f"{attribute}_verified": "true" for attribute in ADDRESSES}
    name = factories.make_user(idp, pool, unique(), **{**old, **flags, **attributes})
    return Person(idp, public, pool, client, name, old, factories.sign_in(public, client, name))


@pytest.fixture
def plain(idp: Any, public: Any, made: dict[str, tuple[Pool, Client]]) -> Person:
    return _person(idp, public, made, "plain")


@pytest.fixture
def auto(idp: Any, public: Any, made: dict[str, tuple[Pool, Client]]) -> Person:
    return _person(idp, public, made, "auto-verified")


@pytest.fixture
def careful(idp: Any, public: Any, made: dict[str, tuple[Pool, Client]]) -> Person:
    """The old address stays until the new one is verified."""
    return _person(idp, public, made, "verified before")


def signs_in(person: Person, name: str) -> bool:
    try:
        factories.sign_in(person.public, person.client, name)
    except person.public.exceptions.UserNotFoundException:
        return False
    return True


def finds(person: Person, attribute: str, value: str) -> bool:
    found = person.idp.list_users(UserPoolId=person.pool["Id"], Filter=f'{attribute} = "{value}"')["Users"]
    return [user["Username"] for user in found] == [person.name]


# The table of settings: (new value is active, its flag, a code is sent)

_AT_ONCE = {
    ("plain", "user", None): ("new", "false", False),
    ("plain", "administrator", None): ("new", "false", False),
    ("plain", "administrator", "false"): ("new", "false", False),
    ("plain", "administrator", "true"): ("new", "true", False),
    ("plain", "administrator", ""): ("new", "false", False),
    ("auto-verified", "user", None): ("new", "false", True),
    ("auto-verified", "administrator", None): ("new", "false", True),
    ("auto-verified", "administrator", "false"): ("new", "false", True),
    ("auto-verified", "administrator", "true"): ("new", "true", False),
    ("auto-verified", "administrator", ""): ("new", "false", True),
    ("verified before", "user", None): ("old", "true", True),
    ("verified before", "administrator", None): ("old", "true", True),
    ("verified before", "administrator", "false"): ("old", "true", True),
    ("verified before", "administrator", "true"): ("new", "true", False),
    ("verified before", "administrator", ""): ("old", "true", True),
}


@pytest.mark.parametrize("attribute", ADDRESSES)
@pytest.mark.parametrize(("row", "outcome"), _AT_ONCE.items(), ids=str)
def test_new_address_by_setting_and_writer(
    idp: Any,
    public: Any,
    made: dict[str, tuple[Pool, Client]],
    mailbox: Mailbox,
    attribute: str,
    row: tuple[str, str, str | None],
    outcome: tuple[str, str, bool],
) -> None:
    setting, who, flag = row
    active, verified, is_sent = outcome
    person = _person(idp, public, made, setting)
    new = an_address(attribute)
    person.update_by(who, {attribute: new} | ({} if flag is None else {f"{attribute}_verified": flag}))
    value = new if active == "new" else person.old[attribute]
    assert person.address(attribute) == (value, verified)
    assert [message["kind"] for message in mailbox.messages(new)] == ["UpdateUserAttribute"] * is_sent
    assert mailbox.messages(person.old[attribute]) == []
    assert signs_in(person, person.old[attribute]) == (active == "old")
    assert signs_in(person, new) == (active == "new" and verified == "true")
    assert (finds(person, attribute, value), finds(person, attribute, new)) == (True, active == "new")
    other = ADDRESSES[1 - ADDRESSES.index(attribute)]
    assert person.address(other) == (person.old[other], "true")
    if is_sent:
        person.verify(attribute, mailbox.code(new))
        assert person.address(attribute) == (new, "true")
        assert (signs_in(person, new), signs_in(person, person.old[attribute])) == (True, False)
        assert (finds(person, attribute, new), finds(person, attribute, person.old[attribute])) == (True, False)


@pytest.mark.parametrize("setting", POOLS)
@pytest.mark.parametrize("who", ["user", "administrator"])
@pytest.mark.parametrize("attribute", ADDRESSES)
def test_first_address_is_there_at_once(
    idp: Any,
    public: Any,
    made: dict[str, tuple[Pool, Client]],
    mailbox: Mailbox,
    setting: str,
    who: str,
    attribute: str,
) -> None:
    """There is no old one to keep."""
    person = _person(idp, public, made, setting, **{attribute: "", f"{attribute}_verified": "false"})
    new = an_address(attribute)
    person.update_by(who, {attribute: new})
    assert person.address(attribute) == (new, "false")
    assert len(mailbox.messages(new)) == (setting != "plain")


@pytest.mark.parametrize("setting", POOLS)
@pytest.mark.parametrize("who", ["user", "administrator"])
@pytest.mark.parametrize("attribute", ADDRESSES)
def test_same_address_stays_verified_and_gets_no_code(
    idp: Any,
    public: Any,
    made: dict[str, tuple[Pool, Client]],
    mailbox: Mailbox,
    setting: str,
    who: str,
    attribute: str,
) -> None:
    person = _person(idp, public, made, setting)
    person.update_by(who, {attribute: person.old[attribute], "nickname": "x"})
    assert person.address(attribute) == (person.old[attribute], "true")
    assert mailbox.messages(person.old[attribute]) == []


@pytest.mark.parametrize("who", ["user", "administrator"])
def test_same_unverified_address_keeps_its_code(auto: Person, mailbox: Mailbox, who: str) -> None:
    new = an_address("email")
    auto.update({"email": new})
    auto.update_by(who, {"email": new})
    assert len(mailbox.messages(new)) == 1
    auto.verify("email", mailbox.code(new))
    assert auto.address("email") == (new, "true")


def test_answer_lists_every_code(auto: Person, mailbox: Mailbox) -> None:
    email, phone = an_address("email"), an_address("phone_number")
    details = auto.update({"phone_number": phone, "nickname": "x", "email": email})
    assert sorted(details, key=lambda detail: detail["AttributeName"]) == [
        {"AttributeName": "email", "DeliveryMedium": "EMAIL", "Destination": f"{email[0]}***@e***"},
        {
            "AttributeName": "phone_number",
            "DeliveryMedium": "SMS",
            "Destination": "+" + "*" * (len(phone) - 5) + phone[-4:],
        },
    ]
    auto.verify("phone_number", mailbox.code(phone))
    auto.verify("email", mailbox.code(email))
    assert (auto.address("email"), auto.address("phone_number")) == ((email, "true"), (phone, "true"))


def test_answer_lists_nothing_when_nothing_was_sent(plain: Person, auto: Person, careful: Person) -> None:
    assert plain.update({"email": an_address("email")}) == []
    for person in (auto, careful):
        assert person.update({"nickname": "x"}) == []
        assert person.update({"email": person.old["email"]}) == []
        assert person.update({"email": ""}) == []


def test_message_has_a_code_of_six_digits(auto: Person, mailbox: Mailbox) -> None:
    new = an_address("email")
    auto.update({"email": new})
    message = mailbox.messages(new)[0]
    assert len(message["code"]) == 6
    assert message["code"].isdigit()
    assert message["code"] in message["body"]
    assert (message["username"], message["link"]) == (auto.name, "")


def test_only_the_setting_of_the_attribute_counts(idp: Any, public: Any, mailbox: Mailbox) -> None:
    pool = factories.make_pool(
        idp,
        AutoVerifiedAttributes=["email"],
        UserAttributeUpdateSettings={"AttributesRequireVerificationBeforeUpdate": ["email"]},
    )
    person = _person(idp, public, {"": (pool, factories.make_client(idp, pool))}, "")
    email, phone = an_address("email"), an_address("phone_number")
    details = person.update({"email": email, "phone_number": phone})
    assert [detail["AttributeName"] for detail in details] == ["email"]
    assert person.address("email") == (person.old["email"], "true")
    assert person.address("phone_number") == (phone, "false")
    assert mailbox.messages(phone) == []


# A new address that waits


@pytest.mark.parametrize("attribute", ADDRESSES)
def test_waiting_address_is_nowhere_until_it_is_verified(careful: Person, mailbox: Mailbox, attribute: str) -> None:
    new = an_address(attribute)
    careful.update({attribute: new, "nickname": "x"})
    user = attributes_of(careful.public.get_user(AccessToken=careful.token))
    assert (user[attribute], user[f"{attribute}_verified"], user["nickname"]) == (careful.old[attribute], "true", "x")
    with refused("CodeMismatchException", MISMATCH):
        careful.verify(attribute, other_code(mailbox.code(new)))
    assert careful.address(attribute) == (careful.old[attribute], "true")
    careful.verify(attribute, mailbox.code(new))
    user = attributes_of(careful.public.get_user(AccessToken=careful.token))
    assert (user[attribute], user[f"{attribute}_verified"]) == (new, "true")
    refreshed = careful.public.initiate_auth(
        ClientId=careful.client["ClientId"],
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": careful.tokens["RefreshToken"]},
    )["AuthenticationResult"]["IdToken"]
    claims = jwt.decode(refreshed, options={"verify_signature": False})
    assert (claims[attribute], claims[f"{attribute}_verified"]) == (new, True)


def test_unverified_old_address_stays_unverified_while_a_new_one_waits(
    idp: Any, public: Any, made: dict[str, tuple[Pool, Client]], mailbox: Mailbox
) -> None:
    person = _person(idp, public, made, "verified before", email_verified="false")
    person.update({"email": an_address("email")})
    assert person.address("email") == (person.old["email"], "false")


def test_second_update_replaces_the_first(careful: Person, mailbox: Mailbox) -> None:
    first, second = an_address("email"), an_address("email")
    careful.update({"email": first})
    careful.update({"email": second})
    with refused("CodeMismatchException", MISMATCH):
        careful.verify("email", mailbox.code(first))
    assert careful.address("email") == (careful.old["email"], "true")
    careful.verify("email", mailbox.code(second))
    assert careful.address("email") == (second, "true")


def test_same_new_address_again_sends_another_code(careful: Person, mailbox: Mailbox) -> None:
    new = an_address("email")
    careful.update({"email": new})
    first = mailbox.code(new)
    careful.update({"email": new})
    assert len(mailbox.messages(new)) == 2
    if first != mailbox.code(new):
        with refused("CodeMismatchException", MISMATCH):
            careful.verify("email", first)
    careful.verify("email", mailbox.code(new))
    assert careful.address("email") == (new, "true")


@pytest.mark.parametrize(
    ("who", "given"),
    [
        ("user", {"email": None}),
        ("administrator", {"email": None}),
        ("administrator", {"email": None, "email_verified": "true"}),
        ("administrator", {"email": "direct@example.com", "email_verified": "true"}),
        ("user", {"email": ""}),
        ("administrator", {"email": ""}),
    ],
)
def test_waiting_address_is_cancelled_by_going_back_elsewhere_or_nowhere(
    careful: Person, mailbox: Mailbox, who: str, given: dict[str, str | None]
) -> None:
    """None stands for the old address."""
    new = an_address("email")
    careful.update({"email": new})
    given = {name: careful.old["email"] if value is None else value for name, value in given.items()}
    careful.update_by(who, {name: value or "" for name, value in given.items()})
    expected = (given["email"] or None, "true" if given["email"] else None)
    assert careful.address("email") == expected
    with refused("ExpiredCodeException", EXPIRED):
        careful.verify("email", mailbox.code(new))
    assert careful.address("email") == expected
    if given["email"]:
        careful.update_by_administrator({"email": "", "email_verified": ""})  # leaves the alias to the next case


def test_other_changes_do_not_cancel_it(careful: Person, mailbox: Mailbox) -> None:
    email, phone = an_address("email"), an_address("phone_number")
    careful.update({"email": email})
    careful.update({"nickname": "x", "phone_number": phone})
    careful.update_by_administrator({"email_verified": "false", "website": "https://example.com"})
    assert careful.address("email") == (careful.old["email"], "false")
    careful.verify("email", mailbox.code(email))
    assert (careful.address("email"), careful.address("phone_number")) == (
        (email, "true"),
        (careful.old["phone_number"], "true"),
    )
    careful.verify("phone_number", mailbox.code(phone))
    assert careful.address("phone_number") == (phone, "true")


def test_code_is_sent_again_to_the_waiting_address(careful: Person, mailbox: Mailbox) -> None:
    new = an_address("email")
    careful.update({"email": new})
    first = mailbox.code(new)
    assert careful.send_code("email") == {
        "AttributeName": "email",
        "DeliveryMedium": "EMAIL",
        "Destination": f"{new[0]}***@e***",
    }
    assert [message["kind"] for message in mailbox.messages(new)] == ["VerifyUserAttribute", "UpdateUserAttribute"]
    assert mailbox.messages(careful.old["email"]) == []
    if first != mailbox.code(new):
        with refused("CodeMismatchException", MISMATCH):
            careful.verify("email", first)
    careful.verify("email", mailbox.code(new))
    assert careful.address("email") == (new, "true")


def test_waiting_address_is_forgotten_after_a_day(careful: Person, mailbox: Mailbox, clock: Clock) -> None:
    new = an_address("email")
    careful.update({"email": new})
    clock.advance(hours=24)
    careful.tokens = factories.sign_in(careful.public, careful.client, careful.old["email"])
    with refused("ExpiredCodeException", EXPIRED):
        careful.verify("email", mailbox.code(new))
    careful.send_code("email")
    assert mailbox.messages(careful.old["email"])[0]["kind"] == "VerifyUserAttribute"
    careful.verify("email", mailbox.code(careful.old["email"]))
    assert careful.address("email") == (careful.old["email"], "true")


def test_users_may_wait_for_the_same_address_and_the_first_to_verify_has_it(
    idp: Any, public: Any, made: dict[str, tuple[Pool, Client]], mailbox: Mailbox
) -> None:
    one, other = (_person(idp, public, made, "verified before") for _ in range(2))
    new = an_address("email")
    one.update({"email": new})
    code = mailbox.code(new)
    other.update({"email": new})
    other.verify("email", mailbox.code(new))
    for _ in range(2):
        with refused("AliasExistsException", "An account with the given email already exists."):
            one.verify("email", code)
    assert one.address("email") == (one.old["email"], "true")
    assert other.address("email") == (new, "true")
    idp.admin_delete_user(UserPoolId=other.pool["Id"], Username=other.name)
    one.verify("email", code)
    assert one.address("email") == (new, "true")


# Codes


@pytest.mark.parametrize("setting", POOLS)
@pytest.mark.parametrize("attribute", ADDRESSES)
def test_user_asks_for_a_code_and_verifies(
    idp: Any, public: Any, made: dict[str, tuple[Pool, Client]], mailbox: Mailbox, setting: str, attribute: str
) -> None:
    person = _person(idp, public, made, setting, **{f"{attribute}_verified": "false"})
    address = person.old[attribute]
    details = person.send_code(attribute)
    assert (details["AttributeName"], details["DeliveryMedium"]) == (
        attribute,
        {"email": "EMAIL", "phone_number": "SMS"}[attribute],
    )
    assert [message["kind"] for message in mailbox.messages(address)] == ["VerifyUserAttribute"]
    assert not signs_in(person, address)
    person.verify(attribute, mailbox.code(address))
    assert person.address(attribute) == (address, "true")
    assert signs_in(person, address)


def test_verified_address_may_be_verified_again(plain: Person, mailbox: Mailbox) -> None:
    plain.send_code("email")
    assert plain.address("email") == (plain.old["email"], "true")
    plain.verify("email", mailbox.code(plain.old["email"]))
    assert plain.address("email") == (plain.old["email"], "true")


@pytest.mark.parametrize("attribute", ["nickname", "sub", "email_verified", "custom:none", "Email"])
def test_only_addresses_are_verified(plain: Person, attribute: str) -> None:
    with refused("InvalidParameterException", "Only email and phone_number can be verified."):
        plain.send_code(attribute)
    with refused("InvalidParameterException", "Only email and phone_number can be verified."):
        plain.verify(attribute, "123456")


@pytest.mark.parametrize("attribute", ADDRESSES)
def test_no_code_goes_to_nowhere(auto: Person, attribute: str) -> None:
    auto.update({attribute: ""})
    with refused("InvalidParameterException", NO_VALUE.format(attribute)):
        auto.send_code(attribute)
    with refused("ExpiredCodeException", EXPIRED):
        auto.verify(attribute, "123456")


def test_code_that_nobody_asked_for(auto: Person) -> None:
    with refused("ExpiredCodeException", EXPIRED):
        auto.verify("email", "123456")


def test_wrong_code_leaves_the_right_one(auto: Person, mailbox: Mailbox) -> None:
    new = an_address("email")
    auto.update({"email": new})
    for wrong in (other_code(mailbox.code(new)), "0", "not a code"[:3], mailbox.code(new) + "0"):
        with refused("CodeMismatchException", MISMATCH):
            auto.verify("email", wrong)
    auto.verify("email", mailbox.code(new))


def test_code_is_used_once(auto: Person, mailbox: Mailbox) -> None:
    auto.send_code("email")
    auto.verify("email", mailbox.code(auto.old["email"]))
    auto.update_by_administrator({"email_verified": "false"})
    with refused("ExpiredCodeException", EXPIRED):
        auto.verify("email", mailbox.code(auto.old["email"]))
    assert auto.address("email") == (auto.old["email"], "false")


@pytest.mark.parametrize(("hours", "is_alive"), [(23.99, True), (24, False)])
def test_code_lives_for_a_day(auto: Person, mailbox: Mailbox, clock: Clock, hours: float, is_alive: bool) -> None:
    new = an_address("email")
    auto.update({"email": new})
    clock.advance(hours=hours)
    auto.tokens = factories.sign_in(auto.public, auto.client, auto.name)
    if is_alive:
        auto.verify("email", mailbox.code(new))
    else:
        with refused("ExpiredCodeException", EXPIRED):
            auto.verify("email", mailbox.code(new))
    assert auto.address("email") == (new, "true" if is_alive else "false")


def test_newer_code_ends_the_older(auto: Person, mailbox: Mailbox) -> None:
    auto.send_code("email")
    older = mailbox.code(auto.old["email"])
    auto.send_code("email")
    newer = mailbox.code(auto.old["email"])
    if older != newer:
        with refused("CodeMismatchException", MISMATCH):
            auto.verify("email", older)
    auto.verify("email", newer)


@pytest.mark.parametrize("who", ["user", "administrator"])
def test_code_of_a_former_address_verifies_no_other(plain: Person, mailbox: Mailbox, who: str) -> None:
    """Not even the former one, should it come back."""
    plain.send_code("email")
    code = mailbox.code(plain.old["email"])
    new = an_address("email")
    plain.update_by(who, {"email": new})
    with refused("ExpiredCodeException", EXPIRED):
        plain.verify("email", code)
    plain.update_by(who, {"email": plain.old["email"]})
    with refused("ExpiredCodeException", EXPIRED):
        plain.verify("email", code)
    assert plain.address("email") == (plain.old["email"], "false")


def test_code_of_another_user_or_attribute_is_wrong(
    idp: Any, public: Any, made: dict[str, tuple[Pool, Client]], mailbox: Mailbox
) -> None:
    one, other = (_person(idp, public, made, "auto-verified") for _ in range(2))
    for person in (one, other):
        person.send_code("email")
        person.send_code("phone_number")
    theirs = mailbox.code(other.old["email"]), mailbox.code(one.old["phone_number"])
    for code in theirs:
        if code != mailbox.code(one.old["email"]):
            with refused("CodeMismatchException", MISMATCH):
                one.verify("email", code)


def test_codes_of_sign_up_and_reset_verify_no_attribute(auto: Person, mailbox: Mailbox) -> None:
    auto.public.forgot_password(ClientId=auto.client["ClientId"], Username=auto.name)
    with refused("ExpiredCodeException", EXPIRED):
        auto.verify("phone_number", mailbox.code(auto.old["phone_number"]))


# Limits


def test_codes_on_request_are_limited_by_the_hour(auto: Person, mailbox: Mailbox, clock: Clock) -> None:
    """Of both addresses together."""
    for attribute in ("email", "phone_number", "email", "phone_number", "email"):
        auto.send_code(attribute)
    for attribute in ADDRESSES:
        with refused("LimitExceededException", LIMIT):
            auto.send_code(attribute)
    assert len(mailbox.messages(auto.old["email"])) == 3
    auto.verify("email", mailbox.code(auto.old["email"]))
    clock.advance(minutes=59)
    with refused("LimitExceededException", LIMIT):
        auto.send_code("email")
    clock.advance(minutes=1, seconds=1)
    auto.tokens = factories.sign_in(auto.public, auto.client, auto.name)
    auto.send_code("email")


def test_tries_are_limited_by_the_hour(auto: Person, mailbox: Mailbox, clock: Clock) -> None:
    """The right code as well, once there were too many wrong ones; another code does not help."""
    auto.send_code("email")
    code = mailbox.code(auto.old["email"])
    for _ in range(15):
        with refused("CodeMismatchException", MISMATCH):
            auto.verify("email", other_code(code))
    with refused("LimitExceededException", LIMIT):
        auto.verify("email", code)
    auto.send_code("phone_number")
    with refused("LimitExceededException", LIMIT):
        auto.verify("phone_number", mailbox.code(auto.old["phone_number"]))
    clock.advance(hours=1, seconds=1)
    auto.tokens = factories.sign_in(auto.public, auto.client, auto.name)
    auto.verify("email", code)


def test_right_codes_do_not_count_as_tries(auto: Person, mailbox: Mailbox) -> None:
    for _ in range(16):
        new = an_address("email")
        auto.update({"email": new})
        auto.verify("email", mailbox.code(new))
    with refused("ExpiredCodeException", EXPIRED):
        auto.verify("email", "123456")


def test_limits_of_one_user_are_not_anothers(idp: Any, public: Any, made: dict[str, tuple[Pool, Client]]) -> None:
    one, other = (_person(idp, public, made, "auto-verified") for _ in range(2))
    for _ in range(5):
        one.send_code("email")
    with refused("LimitExceededException", LIMIT):
        one.send_code("email")
    other.send_code("email")


def test_updates_cannot_flood_mailboxes(auto: Person, mailbox: Mailbox, clock: Clock) -> None:
    for _ in range(20):
        auto.update({"email": an_address("email")})
    last = an_address("email")
    with refused("TooManyRequestsException", "Rate exceeded"):
        auto.update({"email": last})
    assert mailbox.messages(last) == []
    assert auto.address("email")[0] != last
    auto.update({"nickname": "x"})
    clock.advance(hours=1, seconds=1)
    auto.tokens = factories.sign_in(auto.public, auto.client, auto.name)
    auto.update({"email": last})
