"""Names that change hands: aliases and addresses of users who update, verify and delete them."""

import secrets
from collections.abc import Callable
from typing import Any

import pytest

from tests.support import factories
from tests.support.clients import refused
from tests.support.factories import PASSWORD, attributes_of, unique
from tests.support.mailbox import Mailbox

TAKEN = "An account with the given {} already exists."
REQUIRED = "Attributes did not conform to the schema: {}: The attribute is required\n"

Client = dict[str, Any]
Pool = dict[str, Any]
App = tuple[Pool, Client]
Update = Callable[[App, str, dict[str, str]], None]


def _app(idp: Any, **members: Any) -> App:
    pool = factories.make_pool(idp, **members)
    return pool, factories.make_client(idp, pool)


@pytest.fixture(scope="module")
def plain(idp: Any) -> App:
    return _app(idp, AutoVerifiedAttributes=["email"])


@pytest.fixture(scope="module")
def aliases(idp: Any) -> App:
    return _app(
        idp,
        AliasAttributes=["email", "phone_number", "preferred_username"],
        AutoVerifiedAttributes=["email", "phone_number"],
    )


@pytest.fixture(scope="module")
def folding(idp: Any) -> App:
    """Upper and lower case are the same."""
    return _app(
        idp,
        AliasAttributes=["email", "preferred_username"],
        AutoVerifiedAttributes=["email"],
        UsernameConfiguration={"CaseSensitive": False},
    )


@pytest.fixture(scope="module")
def addresses(idp: Any) -> App:
    """An e-mail address or a phone number is the user name."""
    return _app(
        idp,
        UsernameAttributes=["email", "phone_number"],
        AutoVerifiedAttributes=["email", "phone_number"],
        UsernameConfiguration={"CaseSensitive": False},
    )


@pytest.fixture(scope="module")
def careful(idp: Any) -> App:
    """An e-mail address is the user name, and changes only when the new one is verified."""
    return _app(
        idp,
        UsernameAttributes=["email"],
        AutoVerifiedAttributes=["email"],
        UserAttributeUpdateSettings={"AttributesRequireVerificationBeforeUpdate": ["email"]},
    )


def as_members(given: dict[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in given.items()]


@pytest.fixture(params=["user", "administrator"])
def update(request: Any, idp: Any, public: Any) -> Update:
    """Change the attributes of a user, who is known by any name."""

    def by_user(app: App, name: str, given: dict[str, str]) -> None:
        token = factories.sign_in(public, app[1], name)["AccessToken"]
        public.update_user_attributes(AccessToken=token, UserAttributes=as_members(given))

    def by_administrator(app: App, name: str, given: dict[str, str]) -> None:
        administer(idp, app, name, given)

    return by_user if request.param == "user" else by_administrator


def administer(idp: Any, app: App, name: str, given: dict[str, str]) -> None:
    idp.admin_update_user_attributes(UserPoolId=app[0]["Id"], Username=name, UserAttributes=as_members(given))


def an_address(attribute: str) -> str:
    return f"{unique()}@example.com" if attribute == "email" else f"+49151{secrets.randbelow(10**10):010}"


def make(idp: Any, app: App, name: str | None = None, **attributes: str) -> str:
    return factories.make_user(idp, app[0], name or unique(), **attributes)


def owner_of(idp: Any, app: App, attribute: str = "email", address: str = "") -> str:
    return make(idp, app, **{attribute: address, f"{attribute}_verified": "true"})


def held(idp: Any, app: App, name: str) -> dict[str, str]:
    return attributes_of(idp.admin_get_user(UserPoolId=app[0]["Id"], Username=name))


def sub_of(idp: Any, app: App, name: str) -> str:
    return held(idp, app, name)["sub"]


def token_of(public: Any, app: App, name: str) -> str:
    return str(factories.sign_in(public, app[1], name)["AccessToken"])


def verify(public: Any, app: App, name: str, attribute: str, mailbox: Mailbox, address: str) -> None:
    """Ask for a code under a user name and give it back."""
    token = token_of(public, app, name)
    public.get_user_attribute_verification_code(AccessToken=token, AttributeName=attribute)
    code = mailbox.code(address)
    public.verify_user_attribute(AccessToken=token, AttributeName=attribute, Code=code)


def assert_signs_in(idp: Any, public: Any, app: App, name: str, as_who: str) -> None:
    user = public.get_user(AccessToken=token_of(public, app, name))
    assert attributes_of(user)["sub"] == sub_of(idp, app, as_who) == sub_of(idp, app, name)


def assert_signs_nobody_in(idp: Any, public: Any, app: App, name: str) -> None:
    with refused("UserNotFoundException", "User does not exist."):
        factories.sign_in(public, app[1], name)
    with refused("UserNotFoundException", "User does not exist."):
        idp.admin_get_user(UserPoolId=app[0]["Id"], Username=name)


# Verified addresses as aliases


def test_changed_address_signs_nobody_in_where_it_is_no_alias(
    idp: Any, public: Any, plain: App, mailbox: Mailbox, update: Update
) -> None:
    name, email = make(idp, plain), an_address("email")
    update(plain, name, {"email": email, "preferred_username": f"p-{name}"})
    verify(public, plain, name, "email", mailbox, email)
    other = make(idp, plain, email=email, email_verified="true", preferred_username=f"p-{name}")
    for alias in (email, f"p-{name}"):
        assert_signs_nobody_in(idp, public, plain, alias)
    assert held(idp, plain, name)["email_verified"] == held(idp, plain, other)["email_verified"] == "true"


@pytest.mark.parametrize("attribute", ["email", "phone_number"])
def test_alias_moves_to_who_verifies_it_later(
    idp: Any, public: Any, aliases: App, mailbox: Mailbox, update: Update, attribute: str
) -> None:
    address = an_address(attribute)
    first, second = owner_of(idp, aliases, attribute, address), make(idp, aliases)
    update(aliases, second, {attribute: address})
    assert_signs_in(idp, public, aliases, address, first)
    for winner, loser in ((second, first), (first, second), (second, first)):
        verify(public, aliases, winner, attribute, mailbox, address)
        assert_signs_in(idp, public, aliases, address, winner)
        assert_signs_in(idp, public, aliases, loser, loser)
        lost, won = held(idp, aliases, loser), held(idp, aliases, winner)
        assert (lost[attribute], lost[f"{attribute}_verified"]) == (address, "false")
        assert (won[attribute], won[f"{attribute}_verified"]) == (address, "true")


@pytest.mark.parametrize("attribute", ["email", "phone_number"])
def test_administrator_gives_away_no_alias_by_an_update(idp: Any, public: Any, aliases: App, attribute: str) -> None:
    address, flag = an_address(attribute), f"{attribute}_verified"
    owner, other = owner_of(idp, aliases, attribute, address), make(idp, aliases, nickname="before")
    before = held(idp, aliases, other)
    with refused("AliasExistsException", TAKEN.format(attribute)):
        administer(idp, aliases, other, {attribute: address, flag: "true", "nickname": "after"})
    assert held(idp, aliases, other) == before
    administer(idp, aliases, other, {attribute: address, flag: "false"})
    with refused("AliasExistsException", TAKEN.format(attribute)):
        administer(idp, aliases, other, {flag: "True"})
    assert_signs_in(idp, public, aliases, address, owner)
    administer(idp, aliases, owner, {flag: "false"})
    assert_signs_nobody_in(idp, public, aliases, address)
    administer(idp, aliases, other, {flag: "true"})
    assert_signs_in(idp, public, aliases, address, other)
    with refused("AliasExistsException", TAKEN.format(attribute)):
        administer(idp, aliases, owner, {flag: "true"})


def test_forced_creation_takes_both_addresses_from_two_users(idp: Any, public: Any, aliases: App) -> None:
    email, phone = an_address("email"), an_address("phone_number")
    of_email, of_phone = owner_of(idp, aliases, "email", email), owner_of(idp, aliases, "phone_number", phone)
    name = unique()
    given = {"email": email, "email_verified": "true", "phone_number": phone, "phone_number_verified": "true"}
    creation = {
        "UserPoolId": aliases[0]["Id"],
        "Username": name,
        "MessageAction": "SUPPRESS",
        "UserAttributes": as_members(given),
    }
    with refused("AliasExistsException", TAKEN.format("email")):
        idp.admin_create_user(**creation)
    idp.admin_create_user(ForceAliasCreation=True, **creation)
    assert sub_of(idp, aliases, email) == sub_of(idp, aliases, phone) == sub_of(idp, aliases, name)
    assert held(idp, aliases, of_email)["email_verified"] == "false"
    assert held(idp, aliases, of_phone)["phone_number_verified"] == "false"


def test_taken_alias_is_lost_even_while_another_address_waits(idp: Any, public: Any, mailbox: Mailbox) -> None:
    app = _app(
        idp,
        AliasAttributes=["email"],
        AutoVerifiedAttributes=["email"],
        UserAttributeUpdateSettings={"AttributesRequireVerificationBeforeUpdate": ["email"]},
    )
    old, new, name = an_address("email"), an_address("email"), unique()
    make(idp, app, name, email=old, email_verified="true")
    token = token_of(public, app, name)
    public.update_user_attributes(AccessToken=token, UserAttributes=as_members({"email": new}))
    idp.admin_create_user(
        UserPoolId=app[0]["Id"],
        Username=unique(),
        MessageAction="SUPPRESS",
        ForceAliasCreation=True,
        UserAttributes=as_members({"email": old, "email_verified": "true"}),
    )
    lost = held(idp, app, name)
    assert (lost["email"], lost["email_verified"]) == (old, "false")
    public.verify_user_attribute(AccessToken=token, AttributeName="email", Code=mailbox.code(new))
    assert_signs_in(idp, public, app, new, name)
    assert sub_of(idp, app, old) != sub_of(idp, app, name)


def test_kept_address_is_safe_from_who_verifies_it_later(idp: Any, public: Any, mailbox: Mailbox) -> None:
    """Where addresses are verified before they are used, the holder of one keeps it."""
    app = _app(
        idp,
        AliasAttributes=["email"],
        AutoVerifiedAttributes=["email"],
        UserAttributeUpdateSettings={"AttributesRequireVerificationBeforeUpdate": ["email"]},
    )
    email = an_address("email")
    owner = owner_of(idp, app, "email", email)
    for other in (make(idp, app), owner_of(idp, app, "email", an_address("email")), make(idp, app, email=email)):
        token = token_of(public, app, other)
        public.update_user_attributes(AccessToken=token, UserAttributes=as_members({"email": email}))
        public.get_user_attribute_verification_code(AccessToken=token, AttributeName="email")
        with refused("AliasExistsException", TAKEN.format("email")):
            public.verify_user_attribute(AccessToken=token, AttributeName="email", Code=mailbox.code(email))
        assert_signs_in(idp, public, app, email, owner)
        assert held(idp, app, owner)["email_verified"] == "true"


def test_alias_that_is_given_up_is_free(idp: Any, public: Any, aliases: App, mailbox: Mailbox, update: Update) -> None:
    email = an_address("email")
    owner, heir = owner_of(idp, aliases, "email", email), make(idp, aliases)
    update(aliases, owner, {"email": ""})
    assert_signs_nobody_in(idp, public, aliases, email)
    administer(idp, aliases, heir, {"email": email, "email_verified": "true"})
    assert_signs_in(idp, public, aliases, email, heir)


def test_aliases_of_one_value_and_two_kinds(idp: Any, public: Any, aliases: App, update: Update) -> None:
    """An address as a preferred name does not take it from whom it is verified for."""
    email = an_address("email")
    owner, impostor = owner_of(idp, aliases, "email", email), make(idp, aliases)
    update(aliases, impostor, {"preferred_username": email})
    assert_signs_in(idp, public, aliases, email, owner)


# Upper and lower case


@pytest.mark.parametrize("spelling", [str.upper, str.title, str.lower])
def test_case_of_an_alias_is_ignored_with_the_pool(
    idp: Any, public: Any, folding: App, mailbox: Mailbox, update: Update, spelling: Callable[[str], str]
) -> None:
    email = an_address("email")
    owner, other = owner_of(idp, folding, "email", email), make(idp, folding)
    update(folding, other, {"email": spelling(email)})
    with refused("AliasExistsException", TAKEN.format("email")):
        administer(idp, folding, other, {"email_verified": "true"})
    verify(public, folding, other, "email", mailbox, spelling(email))
    assert_signs_in(idp, public, folding, email.swapcase(), other)
    assert held(idp, folding, other)["email"] == spelling(email), "it is shown as it was given"
    assert held(idp, folding, owner)["email_verified"] == "false"


def test_case_of_an_alias_counts_with_the_pool(idp: Any, public: Any, aliases: App, update: Update) -> None:
    email = an_address("email")
    owner, other = owner_of(idp, aliases, "email", email), make(idp, aliases)
    update(aliases, other, {"email": email.upper()})
    administer(idp, aliases, other, {"email_verified": "true"})
    assert_signs_in(idp, public, aliases, email, owner)
    assert_signs_in(idp, public, aliases, email.upper(), other)


# Preferred user names


def test_preferred_name_signs_in_at_once_and_no_longer(idp: Any, public: Any, aliases: App, update: Update) -> None:
    name, first, second = make(idp, aliases), unique("first"), unique("second")
    update(aliases, name, {"preferred_username": first})
    assert_signs_in(idp, public, aliases, first, name)
    update(aliases, first, {"preferred_username": second})
    assert_signs_in(idp, public, aliases, second, name)
    assert_signs_nobody_in(idp, public, aliases, first)
    update(aliases, make(idp, aliases), {"preferred_username": first})
    update(aliases, second, {"preferred_username": ""})
    assert_signs_nobody_in(idp, public, aliases, second)


@pytest.mark.parametrize("is_folding", [False, True])
def test_preferred_name_is_unique_among_preferred_and_user_names(
    idp: Any, public: Any, aliases: App, folding: App, update: Update, is_folding: bool
) -> None:
    app = folding if is_folding else aliases
    taken, preferred = unique(), unique("preferred")
    make(idp, app, taken, preferred_username=preferred)
    other = make(idp, app)
    sub = sub_of(idp, app, taken)
    before = held(idp, app, other)
    for wanted in (taken, preferred, sub):
        with refused("AliasExistsException", TAKEN.format("preferred_username")):
            update(app, other, {"nickname": "x", "preferred_username": wanted.upper() if is_folding else wanted})
    assert held(idp, app, other) == before
    update(app, taken, {"preferred_username": taken})
    assert_signs_nobody_in(idp, public, app, preferred)


def test_two_users_may_prefer_a_name_in_another_case(idp: Any, public: Any, aliases: App, update: Update) -> None:
    preferred = unique("preferred")
    one, other = make(idp, aliases, preferred_username=preferred), make(idp, aliases)
    update(aliases, other, {"preferred_username": preferred.upper()})
    assert_signs_in(idp, public, aliases, preferred, one)
    assert_signs_in(idp, public, aliases, preferred.upper(), other)


# Names that administrators use


def test_administrators_name_a_user_by_user_name_sub_or_alias(idp: Any, aliases: App) -> None:
    email, phone, preferred = an_address("email"), an_address("phone_number"), unique("preferred")
    name = make(
        idp,
        aliases,
        email=email,
        email_verified="true",
        phone_number=phone,
        phone_number_verified="true",
        preferred_username=preferred,
    )
    sub = sub_of(idp, aliases, name)
    for known_as in (name, sub, email, phone, preferred):
        administer(idp, aliases, known_as, {"nickname": known_as})
        assert held(idp, aliases, name)["nickname"] == known_as
        idp.admin_delete_user_attributes(
            UserPoolId=aliases[0]["Id"], Username=known_as, UserAttributeNames=["nickname"]
        )
        assert "nickname" not in held(idp, aliases, name)


def test_administrators_name_a_user_by_sub_or_address(idp: Any, addresses: App) -> None:
    email = an_address("email")
    make(idp, addresses, email)
    sub = sub_of(idp, addresses, email)
    for known_as in (sub, email, email.upper()):
        administer(idp, addresses, known_as, {"nickname": known_as})
        assert held(idp, addresses, sub)["nickname"] == known_as


# Addresses as user names


@pytest.mark.parametrize("attribute", ["email", "phone_number"])
def test_changed_address_signs_in_and_the_old_is_free_at_once(
    idp: Any, public: Any, addresses: App, mailbox: Mailbox, update: Update, attribute: str
) -> None:
    old, new = an_address(attribute), an_address(attribute)
    make(idp, addresses, old)
    sub = sub_of(idp, addresses, old)
    update(addresses, old, {attribute: new})
    assert_signs_in(idp, public, addresses, new, sub)
    assert_signs_nobody_in(idp, public, addresses, old)
    user = idp.admin_get_user(UserPoolId=addresses[0]["Id"], Username=new)
    assert (user["Username"], attributes_of(user)[f"{attribute}_verified"]) == (sub, "false")
    answer = public.sign_up(ClientId=addresses[1]["ClientId"], Username=old, Password=PASSWORD)
    assert sub_of(idp, addresses, old) == answer["UserSub"]
    public.verify_user_attribute(
        AccessToken=token_of(public, addresses, new), AttributeName=attribute, Code=mailbox.code(new)
    )
    assert held(idp, addresses, new)[f"{attribute}_verified"] == "true"
    with refused("AliasExistsException", TAKEN.format(attribute)):
        update(addresses, new, {attribute: old})


@pytest.mark.parametrize("attribute", ["email", "phone_number"])
@pytest.mark.parametrize("is_verified", [False, True])
def test_address_of_another_cannot_be_taken(
    idp: Any, public: Any, addresses: App, mailbox: Mailbox, update: Update, attribute: str, is_verified: bool
) -> None:
    """Whether it is verified or not; it is the user name."""
    taken, own = an_address(attribute), an_address(attribute)
    make(idp, addresses, taken, **{f"{attribute}_verified": str(is_verified).lower()})
    make(idp, addresses, own)
    before = held(idp, addresses, own)
    for spelling in (taken, taken.upper()):
        with refused("AliasExistsException", TAKEN.format(attribute)):
            update(addresses, own, {attribute: spelling, "nickname": "x"})
    with refused("AliasExistsException", TAKEN.format(attribute)):
        administer(idp, addresses, own, {attribute: taken, f"{attribute}_verified": "true"})
    assert held(idp, addresses, own) == before
    assert mailbox.messages(taken) == []


def test_own_address_may_change_its_case(idp: Any, public: Any, addresses: App, update: Update) -> None:
    email = an_address("email")
    make(idp, addresses, email)
    update(addresses, email, {"email": email.upper()})
    assert held(idp, addresses, email)["email"] == email.upper()
    assert_signs_in(idp, public, addresses, email, email.upper())


@pytest.mark.parametrize("attribute", ["email", "phone_number"])
def test_last_address_stays(idp: Any, public: Any, addresses: App, update: Update, attribute: str) -> None:
    address = an_address(attribute)
    make(idp, addresses, address)
    other = "phone_number" if attribute == "email" else "email"
    for given in ({attribute: ""}, {attribute: "", other: an_address(other)}):
        with refused("InvalidParameterException", REQUIRED.format(attribute)):
            update(addresses, address, {"nickname": "x", **given})
    with refused("InvalidParameterException", REQUIRED.format(attribute)):
        idp.admin_delete_user_attributes(
            UserPoolId=addresses[0]["Id"], Username=address, UserAttributeNames=[attribute]
        )
    with refused("InvalidParameterException", REQUIRED.format(attribute)):
        public.delete_user_attributes(AccessToken=token_of(public, addresses, address), UserAttributeNames=[attribute])
    assert "nickname" not in held(idp, addresses, address)
    assert_signs_in(idp, public, addresses, address, address)


def test_second_address_comes_and_goes(idp: Any, public: Any, addresses: App, update: Update) -> None:
    email, phone = an_address("email"), an_address("phone_number")
    make(idp, addresses, email)
    update(addresses, email, {"phone_number": phone})
    assert_signs_in(idp, public, addresses, phone, email)
    taken = an_address("phone_number")
    make(idp, addresses, taken)
    with refused("AliasExistsException", TAKEN.format("phone_number")):
        update(addresses, email, {"phone_number": taken})
    update(addresses, email, {"phone_number": ""})
    assert_signs_nobody_in(idp, public, addresses, phone)
    assert_signs_in(idp, public, addresses, email, email)


def test_waiting_address_is_no_user_name_yet(idp: Any, public: Any, careful: App, mailbox: Mailbox) -> None:
    old, new = an_address("email"), an_address("email")
    make(idp, careful, old)
    token = token_of(public, careful, old)
    public.update_user_attributes(AccessToken=token, UserAttributes=as_members({"email": new}))
    assert_signs_in(idp, public, careful, old, old)
    assert_signs_nobody_in(idp, public, careful, new)
    with refused("UsernameExistsException"):
        make(idp, careful, old)
    public.verify_user_attribute(AccessToken=token, AttributeName="email", Code=mailbox.code(new))
    assert_signs_in(idp, public, careful, new, new)
    assert_signs_nobody_in(idp, public, careful, old)
    make(idp, careful, old)


def test_waiting_address_may_be_gone_when_it_is_verified(idp: Any, public: Any, careful: App, mailbox: Mailbox) -> None:
    old, new = an_address("email"), an_address("email")
    make(idp, careful, old)
    token = token_of(public, careful, old)
    public.update_user_attributes(AccessToken=token, UserAttributes=as_members({"email": new}))
    code = mailbox.code(new)
    make(idp, careful, new)
    with refused("AliasExistsException", TAKEN.format("email")):
        public.verify_user_attribute(AccessToken=token, AttributeName="email", Code=code)
    assert_signs_in(idp, public, careful, old, old)
    assert sub_of(idp, careful, new) != sub_of(idp, careful, old)
