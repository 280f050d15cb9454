"""The names that find a user: user name, sub, alias, address; upper and lower case; who owns a name."""

import secrets
from typing import Any

import pytest

from tests.support import clients, factories
from tests.support.clients import refused
from tests.support.factories import PASSWORD, attributes_of, unique
from tests.support.mailbox import Mailbox

NOT_FOUND = "User does not exist."

Client = dict[str, Any]
Pool = dict[str, Any]


@pytest.fixture(scope="module")
def alias_pool(idp: Any) -> Pool:
    """A verified address and a preferred user name are further names."""
    return factories.make_pool(
        idp,
        AliasAttributes=["email", "phone_number", "preferred_username"],
        AutoVerifiedAttributes=["email", "phone_number"],
    )


@pytest.fixture(scope="module")
def alias_app(idp: Any, alias_pool: Pool) -> Client:
    return factories.make_client(idp, alias_pool)


@pytest.fixture(scope="module")
def folding_pool(idp: Any) -> Pool:
    """As `alias_pool`, but upper and lower case are the same."""
    return factories.make_pool(
        idp,
        AliasAttributes=["email", "preferred_username"],
        AutoVerifiedAttributes=["email"],
        UsernameConfiguration={"CaseSensitive": False},
    )


@pytest.fixture(scope="module")
def folding_app(idp: Any, folding_pool: Pool) -> Client:
    return factories.make_client(idp, folding_pool)


@pytest.fixture(scope="module")
def address_pool(idp: Any) -> Pool:
    """An e-mail address or a phone number is the user name."""
    return factories.make_pool(
        idp,
        UsernameAttributes=["email", "phone_number"],
        AutoVerifiedAttributes=["email", "phone_number"],
        UsernameConfiguration={"CaseSensitive": False},
    )


@pytest.fixture(scope="module")
def address_app(idp: Any, address_pool: Pool) -> Client:
    return factories.make_client(idp, address_pool)


def an_email() -> str:
    return f"{unique()}@example.com"


def a_phone_number() -> str:
    return f"+49151{secrets.randbelow(10**10):010}"


def sign_up(public: Any, client: Client, username: str, **attributes: str) -> str:
    """Returns the sub."""
    answer = public.sign_up(
        ClientId=client["ClientId"], Username=username, Password=PASSWORD, UserAttributes=as_members(attributes)
    )
    return str(answer["UserSub"])


def confirm(public: Any, client: Client, username: str, code: str, **members: Any) -> None:
    public.confirm_sign_up(ClientId=client["ClientId"], Username=username, ConfirmationCode=code, **members)


def create(idp: Any, pool: Pool, username: str, *, force: bool = False, **attributes: str) -> dict[str, Any]:
    """A user who can sign in with `PASSWORD`; returns what AdminCreateUser answered."""
    made: dict[str, Any] = idp.admin_create_user(
        UserPoolId=pool["Id"],
        Username=username,
        MessageAction="SUPPRESS",
        ForceAliasCreation=force,
        UserAttributes=as_members(attributes),
    )["User"]
    idp.admin_set_user_password(UserPoolId=pool["Id"], Username=made["Username"], Password=PASSWORD, Permanent=True)
    return made


def as_members(attributes: dict[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in attributes.items()]


def found(idp: Any, pool: Pool, name: str) -> str:
    """The sub of the user whom a name finds."""
    return attributes_of(idp.admin_get_user(UserPoolId=pool["Id"], Username=name))["sub"]


def attributes(idp: Any, pool: Pool, name: str) -> dict[str, str]:
    return attributes_of(idp.admin_get_user(UserPoolId=pool["Id"], Username=name))


def assert_finds_nobody(idp: Any, public: Any, pool: Pool, client: Client, name: str) -> None:
    with refused("UserNotFoundException", NOT_FOUND):
        idp.admin_get_user(UserPoolId=pool["Id"], Username=name)
    with refused("UserNotFoundException", NOT_FOUND):
        factories.sign_in(public, client, name)


# Plain pools


def test_plain_pool_knows_user_name_and_sub_only(idp: Any, public: Any) -> None:
    pool = factories.make_pool(idp, AutoVerifiedAttributes=["email"])
    client = factories.make_client(idp, pool)
    name, email, nickname = unique(), an_email(), unique()
    made = create(idp, pool, name, email=email, email_verified="true", preferred_username=nickname)
    sub = attributes_of({"UserAttributes": made["Attributes"]})["sub"]
    assert {found(idp, pool, each) for each in (name, sub)} == {sub}
    for each in (email, nickname, sub.upper(), name.upper()):
        assert_finds_nobody(idp, public, pool, client, each)


def test_case_counts_by_default(idp: Any, public: Any) -> None:
    pool = factories.make_pool(idp)
    client = factories.make_client(idp, pool)
    name = unique("Alice")
    subs = {sign_up(public, client, each) for each in (name, name.lower(), name.upper())}
    assert len(subs) == 3
    assert {found(idp, pool, each) for each in (name, name.lower(), name.upper())} == subs


def test_sub_of_another_user_cannot_be_taken_as_a_name(idp: Any, public: Any, alias_pool: Pool, alias_app: Any) -> None:
    """Or else whoever asks for a user by sub would be given another."""
    victim = unique()
    sub = sign_up(public, alias_app, victim)
    with refused("UsernameExistsException"):
        sign_up(public, alias_app, sub)
    with refused("UsernameExistsException"):
        create(idp, alias_pool, sub)
    with refused("AliasExistsException"):
        create(idp, alias_pool, unique(), preferred_username=sub)
    assert idp.admin_get_user(UserPoolId=alias_pool["Id"], Username=sub)["Username"] == victim


# Aliases


@pytest.mark.parametrize("attribute", ["email", "phone_number"])
def test_address_is_a_name_once_it_is_verified(
    idp: Any, public: Any, alias_pool: Pool, alias_app: Client, mailbox: Mailbox, attribute: str
) -> None:
    name = unique()
    address = an_email() if attribute == "email" else a_phone_number()
    sub = sign_up(public, alias_app, name, **{attribute: address})
    assert_finds_nobody(idp, public, alias_pool, alias_app, address)
    confirm(public, alias_app, name, mailbox.code(address))
    assert {found(idp, alias_pool, each) for each in (name, sub, address)} == {sub}
    for each in (name, sub, address):
        assert factories.sign_in(public, alias_app, each)


def test_code_is_given_under_any_name(public: Any, alias_app: Client, mailbox: Mailbox) -> None:
    name, email = unique(), an_email()
    sub = sign_up(public, alias_app, name, email=email)
    public.resend_confirmation_code(ClientId=alias_app["ClientId"], Username=sub)
    confirm(public, alias_app, sub, mailbox.code(email))
    assert factories.sign_in(public, alias_app, email)


def test_confirmation_by_administrator_makes_no_alias(
    idp: Any, public: Any, alias_pool: Pool, alias_app: Client
) -> None:
    name, email = unique(), an_email()
    sign_up(public, alias_app, name, email=email)
    idp.admin_confirm_sign_up(UserPoolId=alias_pool["Id"], Username=name)
    assert factories.sign_in(public, alias_app, name)
    assert_finds_nobody(idp, public, alias_pool, alias_app, email)


@pytest.mark.parametrize("attribute", ["email", "phone_number"])
def test_address_belongs_to_who_verifies_it_first(
    idp: Any, public: Any, alias_pool: Pool, alias_app: Client, mailbox: Mailbox, attribute: str
) -> None:
    first, second = unique(), unique()
    address = an_email() if attribute == "email" else a_phone_number()
    sub = sign_up(public, alias_app, first, **{attribute: address})
    first_code = mailbox.code(first)
    sign_up(public, alias_app, second, **{attribute: address})
    confirm(public, alias_app, first, first_code)
    for force in ({}, {"ForceAliasCreation": False}):
        with refused("AliasExistsException", f"An account with the {attribute} already exists."):
            confirm(public, alias_app, second, mailbox.code(second), **force)
    assert found(idp, alias_pool, address) == sub
    loser = idp.admin_get_user(UserPoolId=alias_pool["Id"], Username=second)
    assert loser["UserStatus"] == "UNCONFIRMED"
    assert attributes_of(loser).get(f"{attribute}_verified", "false") == "false"


def test_forced_confirmation_takes_the_address_with_the_same_code(
    idp: Any, public: Any, alias_pool: Pool, alias_app: Client, mailbox: Mailbox
) -> None:
    first, second, email = unique(), unique(), an_email()
    sign_up(public, alias_app, first, email=email)
    confirm(public, alias_app, first, mailbox.code(first))
    sub = sign_up(public, alias_app, second, email=email)
    code = mailbox.code(second)
    with refused("AliasExistsException"):
        confirm(public, alias_app, second, code)
    confirm(public, alias_app, second, code, ForceAliasCreation=True)
    assert found(idp, alias_pool, email) == sub
    winner, loser = attributes(idp, alias_pool, second), attributes(idp, alias_pool, first)
    assert (winner["email"], winner["email_verified"]) == (email, "true")
    assert (loser["email"], loser["email_verified"]) == (email, "false")
    assert factories.sign_in(public, alias_app, first), "the loser keeps the account, under its user name"


def test_forced_confirmation_takes_nothing_when_nobody_has_it(
    idp: Any, public: Any, alias_pool: Pool, alias_app: Client, mailbox: Mailbox
) -> None:
    name, email = unique(), an_email()
    sub = sign_up(public, alias_app, name, email=email)
    confirm(public, alias_app, name, mailbox.code(name), ForceAliasCreation=True)
    assert found(idp, alias_pool, email) == sub


def test_administrator_cannot_give_away_a_taken_address(idp: Any, alias_pool: Pool) -> None:
    owner, other, email = unique(), unique(), an_email()
    create(idp, alias_pool, owner, email=email, email_verified="true")
    with refused("AliasExistsException", "An account with the given email already exists."):
        create(idp, alias_pool, other, email=email, email_verified="true")
    with refused("UserNotFoundException", NOT_FOUND):
        idp.admin_get_user(UserPoolId=alias_pool["Id"], Username=other)
    create(idp, alias_pool, other, email=email)
    assert found(idp, alias_pool, email) == found(idp, alias_pool, owner), "unverified, it is only an attribute"


def test_administrator_takes_an_address_by_force(idp: Any, public: Any, alias_pool: Pool, alias_app: Client) -> None:
    owner, other, email = unique(), unique(), an_email()
    phone = a_phone_number()
    create(idp, alias_pool, owner, email=email, email_verified="true", phone_number=phone, phone_number_verified="true")
    create(idp, alias_pool, other, force=True, email=email, email_verified="True")
    assert found(idp, alias_pool, email) == found(idp, alias_pool, other)
    loser = attributes(idp, alias_pool, owner)
    assert (loser["email_verified"], loser["phone_number_verified"]) == ("false", "true")
    assert found(idp, alias_pool, phone) == found(idp, alias_pool, owner)


@pytest.mark.parametrize("verified", [{}, {"email_verified": "false"}])
def test_force_means_nothing_without_a_verified_address(idp: Any, alias_pool: Pool, verified: dict[str, str]) -> None:
    owner, other, email = unique(), unique(), an_email()
    create(idp, alias_pool, owner, email=email, email_verified="true")
    create(idp, alias_pool, other, force=True, email=email, **verified)
    assert found(idp, alias_pool, email) == found(idp, alias_pool, owner)
    assert attributes(idp, alias_pool, owner)["email_verified"] == "true"


def test_force_takes_no_user_name(idp: Any, alias_pool: Pool) -> None:
    name = unique()
    create(idp, alias_pool, name)
    with refused("UsernameExistsException", "User account already exists"):
        create(idp, alias_pool, name, force=True, email=an_email(), email_verified="true")


@pytest.mark.parametrize(
    ("alias", "username", "form"),
    [("email", "someone@example.com", "email"), ("phone_number", "+4915112349934", "phone number")],
)
def test_user_name_must_not_look_like_an_alias(idp: Any, public: Any, alias: str, username: str, form: str) -> None:
    pool = factories.make_pool(idp, AliasAttributes=[alias])
    client = factories.make_client(idp, pool)
    text = f"Username cannot be of {form} format, since user pool is configured for {form} alias."
    with refused("InvalidParameterException", text):
        sign_up(public, client, username)
    with refused("InvalidParameterException", text):
        create(idp, pool, username)
    other = {"email": "+4915112349934", "phone_number": "someone@example.com"}[alias]
    assert sign_up(public, client, other) == found(idp, pool, other)


# preferred_username


def test_preferred_name_cannot_be_chosen_at_sign_up(idp: Any, public: Any, alias_pool: Pool, alias_app: Client) -> None:
    name = unique()
    with refused("InvalidParameterException"):
        sign_up(public, alias_app, name, preferred_username=unique())
    with refused("UserNotFoundException", NOT_FOUND):
        idp.admin_get_user(UserPoolId=alias_pool["Id"], Username=name)


def test_preferred_name_is_an_attribute_like_any_where_it_is_no_alias(idp: Any, public: Any) -> None:
    pool = factories.make_pool(idp)
    client = factories.make_client(idp, pool)
    first, second, preferred = unique(), unique(), unique()
    for name in (first, second):
        sign_up(public, client, name, preferred_username=preferred)
        assert attributes(idp, pool, name)["preferred_username"] == preferred


def test_preferred_name_needs_no_verification(idp: Any, public: Any, alias_pool: Pool, alias_app: Client) -> None:
    name, preferred = unique(), unique()
    create(idp, alias_pool, name, preferred_username=preferred)
    assert found(idp, alias_pool, preferred) == found(idp, alias_pool, name)
    assert factories.sign_in(public, alias_app, preferred)


def test_preferred_name_of_one_is_no_name_of_another(
    idp: Any, public: Any, alias_pool: Pool, alias_app: Client
) -> None:
    name, preferred = unique(), unique()
    create(idp, alias_pool, name, preferred_username=preferred)
    for taken in (name, preferred):
        with refused("AliasExistsException", "An account with the given preferred_username already exists."):
            create(idp, alias_pool, unique(), preferred_username=taken)
    with refused("UsernameExistsException", "User already exists"):
        sign_up(public, alias_app, preferred)
    with refused("UsernameExistsException", "User account already exists"):
        create(idp, alias_pool, preferred)


def test_preferred_name_may_repeat_ones_own_user_name(idp: Any, alias_pool: Pool) -> None:
    name = unique()
    create(idp, alias_pool, name, preferred_username=name)
    assert idp.admin_get_user(UserPoolId=alias_pool["Id"], Username=name)["Username"] == name


@pytest.mark.parametrize("address_first", [True, False])
def test_verified_address_wins_over_a_chosen_name(
    idp: Any, public: Any, alias_pool: Pool, alias_app: Client, address_first: bool
) -> None:
    """Nobody signs in, or is looked up, under an address that is verified for somebody else."""
    owner, impostor, email = unique(), unique(), an_email()
    steps = [
        lambda: create(idp, alias_pool, impostor, preferred_username=email),
        lambda: create(idp, alias_pool, owner, email=email, email_verified="true"),
    ]
    for step in reversed(steps) if address_first else steps:
        step()
    assert found(idp, alias_pool, email) == found(idp, alias_pool, owner)


def test_alias_may_be_as_long_as_an_attribute(idp: Any, alias_pool: Pool) -> None:
    """Random, so that no index compresses it to something short."""
    long_name = "".join(chr(0x4E00 + secrets.randbelow(20_000)) for _ in range(2048))
    long_email = "".join(chr(0x4E00 + secrets.randbelow(20_000)) for _ in range(200)) + "@" + "漢" * 200 + ".example"
    create(idp, alias_pool, unique(), preferred_username=long_name, email=long_email, email_verified="true")
    with refused("AliasExistsException"):
        create(idp, alias_pool, unique(), preferred_username=long_name)
    with refused("AliasExistsException"):
        create(idp, alias_pool, unique(), email=long_email, email_verified="true")
    create(idp, alias_pool, unique(), preferred_username=long_name[:-1])


# Upper and lower case


def test_case_is_ignored_where_the_pool_says_so(
    idp: Any, public: Any, folding_pool: Pool, folding_app: Client, mailbox: Mailbox
) -> None:
    name = unique("Alice")
    email = f"{name}@Example.com"
    sub = sign_up(public, folding_app, name, email=email)
    for each in (name, name.lower(), name.upper()):
        with refused("UsernameExistsException", "User already exists"):
            sign_up(public, folding_app, each)
        with refused("UsernameExistsException", "User account already exists"):
            create(idp, folding_pool, each)
    confirm(public, folding_app, name.upper(), mailbox.code(email))
    for each in (name, name.swapcase(), email.upper(), email.lower(), sub):
        assert found(idp, folding_pool, each) == sub
        assert factories.sign_in(public, folding_app, each)
    user = idp.admin_get_user(UserPoolId=folding_pool["Id"], Username=name)
    assert user["Username"] == name.lower()
    assert attributes_of(user)["email"] == email, "the attribute is kept as it was given"


def test_case_of_other_scripts_is_ignored_too(idp: Any, public: Any, folding_pool: Pool, folding_app: Client) -> None:
    suffix = unique()
    sub = sign_up(public, folding_app, f"ÉΩЖ-{suffix}")
    assert found(idp, folding_pool, f"éωж-{suffix}") == sub
    with refused("UsernameExistsException"):
        sign_up(public, folding_app, f"éΩж-{suffix}")


def test_name_that_grows_in_lower_case_is_found(idp: Any, public: Any, folding_pool: Pool, folding_app: Client) -> None:
    sub = sign_up(public, folding_app, "İ" * 128)
    assert found(idp, folding_pool, "İ" * 128) == sub


def test_aliases_ignore_case_with_the_pool(idp: Any, folding_pool: Pool) -> None:
    email, preferred = an_email(), unique("Prefers")
    create(idp, folding_pool, unique(), email=email, email_verified="true", preferred_username=preferred)
    with refused("AliasExistsException"):
        create(idp, folding_pool, unique(), email=email.upper(), email_verified="true")
    with refused("AliasExistsException"):
        create(idp, folding_pool, unique(), preferred_username=preferred.upper())
    assert found(idp, folding_pool, email.upper()) == found(idp, folding_pool, preferred.swapcase())


def test_aliases_mind_case_with_the_pool(idp: Any, alias_pool: Pool) -> None:
    email = an_email()
    owners = [
        create(idp, alias_pool, unique(), email=each, email_verified="true")["Username"]
        for each in (email, email.upper())
    ]
    assert [found(idp, alias_pool, each) for each in (email, email.upper())] == [
        found(idp, alias_pool, owner) for owner in owners
    ]


def test_secret_hash_is_over_the_case_as_typed(idp: Any, public: Any, folding_pool: Pool) -> None:
    client = factories.make_client(idp, folding_pool, GenerateSecret=True)
    name = unique("Alice")
    members = {"ClientId": client["ClientId"], "Password": PASSWORD}
    public.sign_up(Username=name, SecretHash=clients.secret_hash(client, name), **members)
    upper = name.upper()
    with refused("NotAuthorizedException"):
        public.sign_up(Username=upper, SecretHash=clients.secret_hash(client, name), **members)
    with refused("UsernameExistsException"):
        public.sign_up(Username=upper, SecretHash=clients.secret_hash(client, upper), **members)


def test_simulated_delivery_ignores_case_with_the_pool(idp: Any, public: Any, folding_pool: Pool) -> None:
    client = factories.make_client(idp, folding_pool, PreventUserExistenceErrors="ENABLED")
    name = unique("Alice")
    first, second = (
        public.resend_confirmation_code(ClientId=client["ClientId"], Username=each)["CodeDeliveryDetails"]
        for each in (name, name.upper())
    )
    assert first == second


# Addresses as user names


@pytest.mark.parametrize("attribute", ["email", "phone_number"])
def test_address_is_the_name_and_the_sub_is_the_user_name(
    idp: Any, public: Any, address_pool: Pool, address_app: Client, mailbox: Mailbox, attribute: str
) -> None:
    address = an_email() if attribute == "email" else a_phone_number()
    sub = sign_up(public, address_app, address)
    user = idp.admin_get_user(UserPoolId=address_pool["Id"], Username=address)
    assert user["Username"] == sub
    assert (attributes_of(user)["sub"], attributes_of(user)[attribute]) == (sub, address)
    assert found(idp, address_pool, sub) == sub
    confirm(public, address_app, address, mailbox.code(address))
    token = factories.sign_in(public, address_app, address)["AccessToken"]
    me = public.get_user(AccessToken=token)
    assert (me["Username"], attributes_of(me)[f"{attribute}_verified"]) == (sub, "true")


def test_unverified_address_signs_in_once_confirmed(
    idp: Any, public: Any, address_pool: Pool, address_app: Client
) -> None:
    email = an_email()
    sign_up(public, address_app, email)
    idp.admin_confirm_sign_up(UserPoolId=address_pool["Id"], Username=email)
    assert attributes(idp, address_pool, email).get("email_verified", "false") == "false"
    assert factories.sign_in(public, address_app, email)


@pytest.mark.parametrize("attribute", ["email", "phone_number"])
def test_address_is_unique_from_the_start(
    idp: Any, public: Any, address_pool: Pool, address_app: Client, attribute: str
) -> None:
    address = an_email() if attribute == "email" else a_phone_number()
    sub = sign_up(public, address_app, address)
    text = f"An account with the given {attribute} already exists."
    with refused("UsernameExistsException", text):
        sign_up(public, address_app, address.upper())
    for force in (False, True):
        with refused("UsernameExistsException", text):
            create(idp, address_pool, address, force=force, **{f"{attribute}_verified": "true"})
    assert found(idp, address_pool, address) == sub


def test_second_address_is_a_name_as_well(idp: Any, public: Any, address_pool: Pool, address_app: Client) -> None:
    email, phone = an_email(), a_phone_number()
    sub = sign_up(public, address_app, email, phone_number=phone)
    assert found(idp, address_pool, phone) == sub
    with refused("UsernameExistsException", "An account with the given phone_number already exists."):
        sign_up(public, address_app, phone)
    with refused("UsernameExistsException", "An account with the given email already exists."):
        sign_up(public, address_app, a_phone_number(), email=email)


def test_address_may_be_repeated_as_attribute_but_not_contradicted(
    idp: Any, public: Any, address_pool: Pool, address_app: Client
) -> None:
    email = an_email()
    with refused("InvalidParameterException"):
        sign_up(public, address_app, email, email=an_email())
    with refused("UserNotFoundException", NOT_FOUND):
        idp.admin_get_user(UserPoolId=address_pool["Id"], Username=email)
    sub = sign_up(public, address_app, email, email=email.upper())
    assert found(idp, address_pool, email) == sub


@pytest.mark.parametrize(
    ("forms", "message"),
    [
        (["email"], "Username should be an email."),
        (["phone_number"], "Username should be a phone number."),
        (["email", "phone_number"], "Username should be either an email or a phone number."),
    ],
)
def test_user_name_must_be_an_address(idp: Any, public: Any, forms: list[str], message: str) -> None:
    pool = factories.make_pool(idp, UsernameAttributes=forms)
    client = factories.make_client(idp, pool)
    other_form = {"email": "+4915112349934", "phone_number": "someone@example.com"}
    wrong = ["someone", "someone@", "@example.com", "+", "4915112349934", "+49151123499341234"]
    wrong += [other_form[forms[0]]] if len(forms) == 1 else []
    for username in wrong:
        with refused("InvalidParameterException", message):
            sign_up(public, client, username)
        with refused("InvalidParameterException", message):
            create(idp, pool, username)


def test_address_of_a_deleted_user_is_free_again(
    idp: Any, public: Any, address_pool: Pool, address_app: Client
) -> None:
    email = an_email()
    sub = sign_up(public, address_app, email)
    idp.admin_delete_user(UserPoolId=address_pool["Id"], Username=email)
    assert_finds_nobody(idp, public, address_pool, address_app, email)
    assert sign_up(public, address_app, email) != sub
