"""Who wins when two want the same at once: one does, the rest get the declared error, nothing is half-written."""

from collections import Counter
from typing import Any

import pytest

from tests.support import clients, factories
from tests.support.clients import OK, Call, at_once, refused
from tests.support.factories import PASSWORD, attributes_of, unique
from tests.support.mailbox import Mailbox
from tests.support.server import Server

ROUNDS = 10

Client = dict[str, Any]
Pool = dict[str, Any]


@pytest.fixture(scope="module")
def idp(busy: Server) -> Any:
    return clients.idp(busy)


@pytest.fixture(scope="module")
def public(busy: Server) -> Any:
    return clients.idp(busy, signed=False)


@pytest.fixture(scope="module")
def mailbox(busy: Server) -> Mailbox:
    return Mailbox(busy)


@pytest.fixture(scope="module")
def pool(idp: Any) -> Pool:
    """Verified addresses are aliases."""
    return factories.make_pool(idp, AliasAttributes=["email"], AutoVerifiedAttributes=["email"])


@pytest.fixture(scope="module")
def client(idp: Any, pool: Pool) -> Client:
    return factories.make_client(idp, pool)


@pytest.fixture(scope="module")
def address_pool(idp: Any) -> Pool:
    """Addresses are the user names."""
    return factories.make_pool(
        idp, UsernameAttributes=["email", "phone_number"], UsernameConfiguration={"CaseSensitive": False}
    )


@pytest.fixture(scope="module")
def address_client(idp: Any, address_pool: Pool) -> Client:
    return factories.make_client(idp, address_pool)


def signing_up(public: Any, client: Client, username: str, **attributes: str) -> Call:
    members = [{"Name": name, "Value": value} for name, value in attributes.items()]
    return lambda: public.sign_up(
        ClientId=client["ClientId"], Username=username, Password=PASSWORD, UserAttributes=members
    )


def creating(idp: Any, pool: Pool, username: str, *, force: bool = False, **attributes: str) -> Call:
    members = [{"Name": name, "Value": value} for name, value in attributes.items()]
    return lambda: idp.admin_create_user(
        UserPoolId=pool["Id"],
        Username=username,
        MessageAction="SUPPRESS",
        ForceAliasCreation=force,
        UserAttributes=members,
    )


def confirming(public: Any, client: Client, username: str, code: str, *, force: bool = False) -> Call:
    return lambda: public.confirm_sign_up(
        ClientId=client["ClientId"], Username=username, ConfirmationCode=code, ForceAliasCreation=force
    )


def found(idp: Any, pool: Pool, name: str) -> dict[str, str]:
    """Status and attributes of the user whom a name finds."""
    user = idp.admin_get_user(UserPoolId=pool["Id"], Username=name)
    return {"status": user["UserStatus"], **attributes_of(user)}


def test_one_of_many_sign_ups_gets_the_name(idp: Any, public: Any, pool: Pool, client: Client) -> None:
    for _ in range(ROUNDS):
        name = unique()
        calls = [signing_up(public, client, name, nickname=str(number)) for number in range(4)]
        outcomes = at_once(*calls)
        assert Counter(outcomes) == {OK: 1, "UsernameExistsException": 3}
        assert found(idp, pool, name)["nickname"] == str(outcomes.index(OK))


def test_one_of_many_sign_ups_gets_the_address(
    idp: Any, public: Any, address_pool: Pool, address_client: Client
) -> None:
    for _ in range(ROUNDS):
        email = f"{unique()}@example.com"
        spellings = [email, email.upper(), email.title(), email]
        outcomes = at_once(*(signing_up(public, address_client, each) for each in spellings))
        assert Counter(outcomes) == {OK: 1, "UsernameExistsException": 3}
        assert found(idp, address_pool, email)["email"] == spellings[outcomes.index(OK)]


def test_two_who_want_the_same_two_addresses_do_not_block_each_other(
    idp: Any, public: Any, address_pool: Pool, address_client: Client
) -> None:
    for number in range(ROUNDS):
        email, phone = f"{unique()}@example.com", f"+4915112{number:06}"
        outcomes = at_once(
            signing_up(public, address_client, email, phone_number=phone),
            signing_up(public, address_client, phone, email=email),
            creating(idp, address_pool, email, phone_number=phone),
            creating(idp, address_pool, phone, email=email),
        )
        assert Counter(outcomes) == {OK: 1, "UsernameExistsException": 3}
        assert found(idp, address_pool, email) == found(idp, address_pool, phone)


def test_one_of_many_administrators_creates_the_user(idp: Any, public: Any, pool: Pool, client: Client) -> None:
    for _ in range(ROUNDS):
        name = unique()
        outcomes = at_once(
            *(creating(idp, pool, name, nickname=str(number)) for number in range(3)),
            signing_up(public, client, name, nickname="3"),
        )
        assert Counter(outcomes) == {OK: 1, "UsernameExistsException": 3}
        user = found(idp, pool, name)
        winner = outcomes.index(OK)
        assert (user["nickname"], user["status"]) == (
            str(winner),
            "UNCONFIRMED" if winner == 3 else "FORCE_CHANGE_PASSWORD",
        )


def test_one_code_confirms_once(public: Any, idp: Any, pool: Pool, client: Client, mailbox: Mailbox) -> None:
    for _ in range(ROUNDS):
        name = unique()
        signing_up(public, client, name, email=f"{name}@example.com")()
        outcomes = at_once(*[confirming(public, client, name, mailbox.code(name))] * 6)
        assert outcomes.count(OK) == 1
        assert set(outcomes) <= {OK, "NotAuthorizedException", "ExpiredCodeException"}
        assert found(idp, pool, name)["status"] == "CONFIRMED"


def test_one_of_two_gets_the_alias_and_the_other_may_still_take_it(
    idp: Any, public: Any, pool: Pool, client: Client, mailbox: Mailbox
) -> None:
    for _ in range(ROUNDS):
        names, email = (unique(), unique()), f"{unique()}@example.com"
        for name in names:
            signing_up(public, client, name, email=email)()
        codes = {name: mailbox.code(name) for name in names}
        outcomes = at_once(*(confirming(public, client, name, codes[name]) for name in names))
        assert sorted(outcomes) == ["AliasExistsException", OK]
        winner, loser = names if outcomes[0] == OK else reversed(names)
        assert found(idp, pool, email) == found(idp, pool, winner)
        assert found(idp, pool, loser)["status"] == "UNCONFIRMED"
        confirming(public, client, loser, codes[loser], force=True)()
        assert found(idp, pool, email) == found(idp, pool, loser)
        assert found(idp, pool, winner)["email_verified"] == "false"


def test_alias_that_many_take_by_force_has_one_owner(
    idp: Any, public: Any, pool: Pool, client: Client, mailbox: Mailbox
) -> None:
    for _ in range(ROUNDS):
        names, email = [unique() for _ in range(4)], f"{unique()}@example.com"
        creating(idp, pool, names[0], email=email, email_verified="true")()
        signing_up(public, client, names[1], email=email)()
        outcomes = at_once(
            confirming(public, client, names[1], mailbox.code(names[1]), force=True),
            *(creating(idp, pool, name, force=True, email=email, email_verified="true") for name in names[2:]),
        )
        assert OK in outcomes
        assert set(outcomes) <= {OK, "AliasExistsException"}
        made = [
            names[0],
            names[1],
            *(name for name, outcome in zip(names[2:], outcomes[1:], strict=True) if outcome == OK),
        ]
        owners = [name for name in made if found(idp, pool, name).get("email_verified") == "true"]
        assert [found(idp, pool, name)["sub"] for name in owners] == [found(idp, pool, email)["sub"]]


def test_one_of_the_codes_sent_at_once_is_the_newest(public: Any, client: Client, mailbox: Mailbox) -> None:
    name = unique()
    signing_up(public, client, name, email=f"{name}@example.com")()
    outcomes = at_once(
        *[lambda: public.resend_confirmation_code(ClientId=client["ClientId"], Username=name)] * 8,
    )
    assert Counter(outcomes) == {OK: 5, "LimitExceededException": 3}
    codes = {message["code"] for message in mailbox.messages(name)}
    answers = Counter(at_once(*(confirming(public, client, name, code) for code in codes)))
    assert answers[OK] == 1
    assert answers.keys() <= {OK, "CodeMismatchException", "ExpiredCodeException", "NotAuthorizedException"}


def test_limit_of_confirmations_is_not_slipped_past(public: Any, client: Client) -> None:
    name = unique()
    signing_up(public, client, name, email=f"{name}@example.com")()
    outcomes = at_once(*[confirming(public, client, name, "x")] * 20)
    assert Counter(outcomes) == {"CodeMismatchException": 15, "LimitExceededException": 5}


def test_limit_of_wrong_passwords_is_not_slipped_past(idp: Any, public: Any, pool: Pool, client: Client) -> None:
    token = factories.sign_in(public, client, factories.make_user(idp, pool))["AccessToken"]
    change = lambda: public.change_password(  # noqa: E731
        AccessToken=token, PreviousPassword="Wrong-Horse-1", ProposedPassword=PASSWORD
    )
    assert Counter(at_once(*[change] * 10)) == {"NotAuthorizedException": 5, "LimitExceededException": 5}


def recovering(public: Any, client: Client, username: str, code: str, password: str) -> Call:
    return lambda: public.confirm_forgot_password(
        ClientId=client["ClientId"], Username=username, ConfirmationCode=code, Password=password
    )


def test_code_of_a_forgotten_password_sets_one_password(
    idp: Any, public: Any, pool: Pool, client: Client, mailbox: Mailbox
) -> None:
    passwords = [f"Parallel-Horse-{number}" for number in range(4)]
    for _ in range(ROUNDS):
        name = unique()
        factories.make_user(idp, pool, name, email=f"{name}@example.com", email_verified="true")
        public.forgot_password(ClientId=client["ClientId"], Username=name)
        code = mailbox.code(name)
        outcomes = at_once(*(recovering(public, client, name, code, password) for password in passwords))
        assert Counter(outcomes) == {OK: 1, "ExpiredCodeException": 3}
        assert factories.sign_in(public, client, name, passwords[outcomes.index(OK)])


def test_user_is_reset_once_and_gets_one_code(
    idp: Any, public: Any, pool: Pool, client: Client, mailbox: Mailbox
) -> None:
    for _ in range(ROUNDS):
        name = unique()
        factories.make_user(idp, pool, name, email=f"{name}@example.com", email_verified="true")
        user = {"UserPoolId": pool["Id"], "Username": name}
        outcomes = at_once(*[lambda user=user: idp.admin_reset_user_password(**user)] * 3)
        assert Counter(outcomes) == {OK: 1, "NotAuthorizedException": 2}
        [message] = mailbox.messages(name)
        recovering(public, client, name, message["code"], PASSWORD)()


def test_reset_against_a_new_password_ends_in_one_of_both(
    idp: Any, public: Any, pool: Pool, client: Client, mailbox: Mailbox
) -> None:
    """Whoever comes last decides the status, and that status and the password fit together."""
    new = "Another-Horse-2"
    for _ in range(ROUNDS):
        name = unique()
        factories.make_user(idp, pool, name, email=f"{name}@example.com", email_verified="true")
        user = {"UserPoolId": pool["Id"], "Username": name}
        outcomes = at_once(
            lambda user=user: idp.admin_reset_user_password(**user),
            lambda user=user: idp.admin_set_user_password(Password=new, Permanent=True, **user),
            lambda user=user: idp.admin_disable_user(**user),
            lambda name=name: public.forgot_password(ClientId=client["ClientId"], Username=name),
        )
        assert outcomes[:3] == [OK] * 3
        assert outcomes[3] in {OK, "NotAuthorizedException"}
        idp.admin_enable_user(**user)
        if found(idp, pool, name)["status"] == "CONFIRMED":
            assert factories.sign_in(public, client, name, new)
        else:
            with refused("PasswordResetRequiredException"):
                factories.sign_in(public, client, name, new)


def test_limit_of_recovery_is_not_slipped_past(public: Any, idp: Any, pool: Pool) -> None:
    hiding = factories.make_client(idp, pool, PreventUserExistenceErrors="ENABLED")
    known, unknown = factories.make_user(idp, pool), unique("nobody")
    for name in (known, unknown):
        outcomes = at_once(*[recovering(public, hiding, name, "x", PASSWORD)] * 15)
        assert Counter(outcomes) == {"CodeMismatchException": 10, "LimitExceededException": 5}


@pytest.mark.parametrize("is_confirmed", [False, True])
def test_deletion_leaves_nothing_whatever_else_goes_on(
    idp: Any, public: Any, pool: Pool, client: Client, mailbox: Mailbox, is_confirmed: bool
) -> None:
    names = [unique() for _ in range(ROUNDS)]
    codes = {}
    for name in names:
        signing_up(public, client, name, email=f"{name}@example.com")()
        codes[name] = mailbox.code(name)
        if is_confirmed:
            idp.admin_confirm_sign_up(UserPoolId=pool["Id"], Username=name)

    def outcomes_for(name: str) -> list[str]:
        user = {"UserPoolId": pool["Id"], "Username": name}
        return at_once(
            lambda: idp.admin_delete_user(**user),
            lambda: idp.admin_delete_user(**user),
            lambda: idp.admin_confirm_sign_up(**user),
            lambda: idp.admin_set_user_password(Password=PASSWORD, Permanent=True, **user),
            lambda: idp.admin_create_user(MessageAction="RESEND", **user),
            lambda: public.resend_confirmation_code(ClientId=client["ClientId"], Username=name),
            lambda: factories.sign_in(public, client, name),
            confirming(public, client, name, codes[name]),
        )

    for name in names:
        deletions, others = (outcomes := outcomes_for(name))[:2], outcomes[2:]
        assert Counter(deletions) == {OK: 1, "UserNotFoundException": 1}
        assert "InternalErrorException" not in others, others
        with refused("UserNotFoundException"):
            idp.admin_get_user(UserPoolId=pool["Id"], Username=name)


def test_name_that_is_freed_and_taken_at_once_has_one_user_or_none(
    idp: Any, public: Any, pool: Pool, client: Client
) -> None:
    name = unique()
    user = {"UserPoolId": pool["Id"], "Username": name}
    for _ in range(ROUNDS):
        outcomes = at_once(
            lambda: idp.admin_delete_user(**user),
            signing_up(public, client, name),
            creating(idp, pool, name),
            lambda: idp.admin_delete_user(**user),
        )
        assert set(outcomes) <= {OK, "UsernameExistsException", "UserNotFoundException"}
    at_once(lambda: idp.admin_delete_user(**user))
    signing_up(public, client, name)()
    assert found(idp, pool, name)["status"] == "UNCONFIRMED"


def test_a_client_that_goes_while_users_sign_in_takes_their_sessions_along(idp: Any, public: Any, pool: Pool) -> None:
    name = factories.make_user(idp, pool, unique())
    for _ in range(ROUNDS):
        client = factories.make_client(idp, pool)
        outcomes = at_once(
            lambda: idp.delete_user_pool_client(UserPoolId=pool["Id"], ClientId=client["ClientId"]),  # noqa: B023
            *[lambda: factories.sign_in(public, client, name)] * 7,  # noqa: B023
        )
        assert outcomes[0] == OK
        assert set(outcomes[1:]) <= {OK, "ResourceNotFoundException", "NotAuthorizedException"}
