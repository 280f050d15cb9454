"""ChangePassword, AdminSetUserPassword, the password policy, and the life of a temporary password."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support import factories
from tests.support.clients import refused
from tests.support.clock import Clock
from tests.support.factories import PASSWORD, unique
from tests.support.mailbox import Mailbox

WRONG = "Incorrect username or password."
LIMIT_EXCEEDED = "Attempt limit exceeded, please try after some time."
EXPIRED = "Temporary password has expired and must be reset by an administrator."
NEW = "Another-Horse-2"
MOST_WRONG = 5
TOO_SHORT = "Password not long enough"

Client = dict[str, Any]
Pool = dict[str, Any]


@pytest.fixture(scope="module")
def pool(idp: Any) -> Pool:
    """Shared by the tests of this module: every user of theirs has a name of its own."""
    return factories.make_pool(idp)


@pytest.fixture(scope="module")
def client(idp: Any, pool: Pool) -> Client:
    return factories.make_client(idp, pool)


def status_of(idp: Any, pool: Pool, name: str) -> str:
    return str(idp.admin_get_user(UserPoolId=pool["Id"], Username=name)["UserStatus"])


def challenge_after(public: Any, client: Client, name: str, password: str) -> str | None:
    """The challenge that a right password meets, or None for tokens at once."""
    answer = public.initiate_auth(
        ClientId=client["ClientId"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": password},
    )
    return str(answer["ChallengeName"]) if "ChallengeName" in answer else None


# The policy


DEFAULT_POLICY = [
    ("Sh0rt-!", TOO_SHORT),
    ("short", TOO_SHORT),
    ("correct-horse-1", "Password must have uppercase characters"),
    ("lowercase", "Password must have uppercase characters"),
    ("CORRECT-HORSE-1", "Password must have lowercase characters"),
    ("UPPERCASE", "Password must have lowercase characters"),
    ("Correct-Horse", "Password must have numeric characters"),
    ("CorrectHorse", "Password must have numeric characters"),
    ("CorrectHorse1", "Password must have symbol characters"),
    ("ÀÈcorrect-1", "Password must have uppercase characters"),
    ("CORRECT-é1", "Password must have lowercase characters"),
    ("Correct-\u0667\u0667", "Password must have numeric characters"),
    ("CorrectHorse1€", "Password must have symbol characters"),
    ("CorrectHorse1ü", "Password must have symbol characters"),
]


@pytest.mark.parametrize(("password", "rule"), DEFAULT_POLICY)
def test_first_rule_that_fails_is_named(idp: Any, public: Any, pool: Pool, user: str, password: str, rule: str) -> None:
    with refused("InvalidPasswordException", f"Password did not conform with policy: {rule}"):
        idp.admin_set_user_password(UserPoolId=pool["Id"], Username=user, Password=password, Permanent=True)


@pytest.mark.parametrize("symbol", "^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+- ")
def test_symbol_satisfies_the_policy(idp: Any, public: Any, pool: Pool, client: Client, symbol: str) -> None:
    name = unique()
    password = f"Correct{symbol}Horse1"
    public.sign_up(ClientId=client["ClientId"], Username=name, Password=password)
    idp.admin_confirm_sign_up(UserPoolId=pool["Id"], Username=name)
    assert challenge_after(public, client, name, password) is None


def _sign_up(idp: Any, public: Any, pool: Pool, client: Client, password: str) -> None:
    public.sign_up(ClientId=client["ClientId"], Username=unique(), Password=password)


def _create(idp: Any, public: Any, pool: Pool, client: Client, password: str) -> None:
    idp.admin_create_user(UserPoolId=pool["Id"], Username=unique(), TemporaryPassword=password)


def _set(idp: Any, public: Any, pool: Pool, client: Client, password: str) -> None:
    name = factories.make_user(idp, pool)
    idp.admin_set_user_password(UserPoolId=pool["Id"], Username=name, Password=password)


def _change(idp: Any, public: Any, pool: Pool, client: Client, password: str) -> None:
    token = factories.sign_in(public, client, factories.make_user(idp, pool))["AccessToken"]
    public.change_password(AccessToken=token, PreviousPassword=PASSWORD, ProposedPassword=password)


EVERY_WAY = pytest.mark.parametrize("give", [_sign_up, _create, _set, _change])


@EVERY_WAY
def test_policy_holds_wherever_a_password_is_given(
    idp: Any, public: Any, pool: Pool, client: Client, give: Callable[..., None]
) -> None:
    for password, rule in DEFAULT_POLICY[::4]:
        with refused("InvalidPasswordException", f"Password did not conform with policy: {rule}"):
            give(idp, public, pool, client, password)


@EVERY_WAY
@pytest.mark.parametrize(
    "password", [" Correct-Horse-1", "Correct-Horse-1 ", "Correct\nHorse-1", "A1-a" + "x" * 253, ""]
)
def test_password_that_breaks_a_constraint_is_not_shown_again(
    idp: Any, public: Any, pool: Pool, client: Client, give: Callable[..., None], password: str
) -> None:
    with refused("InvalidParameterException") as refusal:
        give(idp, public, pool, client, password)
    assert "assword' failed to satisfy constraint" in refusal.message
    assert not password or password not in refusal.message


@EVERY_WAY
@pytest.mark.parametrize(
    "password", ["A1-a" + "x" * 252, "A1-a" + "😀" * 252, "Correct Horse 1", "A1-a\u202e\u200bxxx"]
)
def test_long_and_strange_passwords_are_taken(
    idp: Any, public: Any, pool: Pool, client: Client, give: Callable[..., None], password: str
) -> None:
    give(idp, public, pool, client, password)


def test_policy_of_the_pool_replaces_the_default(idp: Any, public: Any) -> None:
    pool = factories.make_pool(idp, Policies={"PasswordPolicy": {"MinimumLength": 12, "RequireNumbers": True}})
    client = factories.make_client(idp, pool)
    for password, rule in (("elevenchars", TOO_SHORT), ("twelveletters", "Password must have numeric characters")):
        with refused("InvalidPasswordException", f"Password did not conform with policy: {rule}"):
            _sign_up(idp, public, pool, client, password)
    _sign_up(idp, public, pool, client, "12characters")


def test_changed_policy_binds_new_passwords_only(idp: Any, public: Any) -> None:
    pool = factories.make_pool(idp)
    client = factories.make_client(idp, pool)
    name = factories.make_user(idp, pool)
    idp.update_user_pool(UserPoolId=pool["Id"], Policies={"PasswordPolicy": {"MinimumLength": 20}})
    assert challenge_after(public, client, name, PASSWORD) is None
    with refused("InvalidPasswordException", f"Password did not conform with policy: {TOO_SHORT}"):
        _sign_up(idp, public, pool, client, PASSWORD)


# AdminSetUserPassword


def test_permanent_password_confirms(idp: Any, public: Any, pool: Pool, client: Client) -> None:
    name = unique()
    public.sign_up(ClientId=client["ClientId"], Username=name, Password=PASSWORD)
    answer = idp.admin_set_user_password(UserPoolId=pool["Id"], Username=name, Password=NEW, Permanent=True)
    assert answer.keys() == {"ResponseMetadata"}
    assert status_of(idp, pool, name) == "CONFIRMED"
    assert challenge_after(public, client, name, NEW) is None
    with refused("NotAuthorizedException", WRONG):
        challenge_after(public, client, name, PASSWORD)


@pytest.mark.parametrize("members", [{}, {"Permanent": False}])
@pytest.mark.parametrize("status", ["UNCONFIRMED", "FORCE_CHANGE_PASSWORD", "CONFIRMED"])
def test_password_is_temporary_unless_said_otherwise(
    idp: Any, public: Any, pool: Pool, client: Client, status: str, members: dict[str, bool]
) -> None:
    name = unique()
    if status == "UNCONFIRMED":
        public.sign_up(ClientId=client["ClientId"], Username=name, Password=PASSWORD)
    elif status == "CONFIRMED":
        factories.make_user(idp, pool, name)
    else:
        idp.admin_create_user(UserPoolId=pool["Id"], Username=name)
    idp.admin_set_user_password(UserPoolId=pool["Id"], Username=name, Password=NEW, **members)
    assert status_of(idp, pool, name) == "FORCE_CHANGE_PASSWORD"
    assert challenge_after(public, client, name, NEW) == "NEW_PASSWORD_REQUIRED"


def test_tokens_outlive_a_password_that_was_set(idp: Any, public: Any, pool: Pool, client: Client) -> None:
    name = factories.make_user(idp, pool)
    tokens = factories.sign_in(public, client, name)
    idp.admin_set_user_password(UserPoolId=pool["Id"], Username=name, Password=NEW, Permanent=True)
    assert public.get_user(AccessToken=tokens["AccessToken"])["Username"] == name
    answer = public.initiate_auth(
        ClientId=client["ClientId"],
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": tokens["RefreshToken"]},
    )
    assert answer["AuthenticationResult"]["AccessToken"]


def test_setting_a_password_tells_the_user_nothing(idp: Any, pool: Pool, mailbox: Mailbox) -> None:
    name = factories.make_user(idp, pool, email="a@b.example", email_verified="true")
    idp.admin_set_user_password(UserPoolId=pool["Id"], Username=name, Password=NEW)
    assert mailbox.messages(name) == []


def test_password_of_nobody_cannot_be_set(idp: Any, public: Any, pool: Pool) -> None:
    members = {"UserPoolId": pool["Id"], "Password": NEW}
    with refused("UserNotFoundException", "User does not exist."):
        idp.admin_set_user_password(Username=unique(), **members)
    with refused("MissingAuthenticationTokenException"):
        public.admin_set_user_password(Username=unique(), **members)


def test_password_is_set_by_sub_too(idp: Any, public: Any, pool: Pool, client: Client) -> None:
    name = factories.make_user(idp, pool)
    sub = factories.attributes_of(idp.admin_get_user(UserPoolId=pool["Id"], Username=name))["sub"]
    idp.admin_set_user_password(UserPoolId=pool["Id"], Username=sub, Password=NEW, Permanent=True)
    assert challenge_after(public, client, name, NEW) is None


# Temporary passwords


@pytest.mark.parametrize(
    ("members", "days"),
    [
        ({}, 7),
        ({"Policies": {"PasswordPolicy": {"TemporaryPasswordValidityDays": 2}}}, 2),
        ({"Policies": {"PasswordPolicy": {"TemporaryPasswordValidityDays": 0}}}, 7),
        ({"AdminCreateUserConfig": {"UnusedAccountValidityDays": 3}}, 3),
    ],
)
def test_temporary_password_ends_when_the_policy_says(
    idp: Any, public: Any, clock: Clock, members: dict[str, Any], days: int
) -> None:
    pool = factories.make_pool(idp, **members)
    client = factories.make_client(idp, pool)
    name = unique()
    idp.admin_create_user(UserPoolId=pool["Id"], Username=name, TemporaryPassword=PASSWORD)
    clock.advance(days=days, minutes=-1)
    assert challenge_after(public, client, name, PASSWORD) == "NEW_PASSWORD_REQUIRED"
    clock.advance(minutes=1)
    with refused("NotAuthorizedException", EXPIRED):
        challenge_after(public, client, name, PASSWORD)
    with refused("NotAuthorizedException", WRONG):
        challenge_after(public, client, name, NEW)


def test_resent_invitation_starts_the_validity_again(
    idp: Any, public: Any, pool: Pool, client: Client, clock: Clock
) -> None:
    name = unique()
    members = {"UserPoolId": pool["Id"], "Username": name}
    idp.admin_create_user(TemporaryPassword=PASSWORD, **members)
    clock.advance(days=7)
    with refused("NotAuthorizedException", EXPIRED):
        challenge_after(public, client, name, PASSWORD)
    idp.admin_create_user(TemporaryPassword=NEW, MessageAction="RESEND", **members)
    clock.advance(days=7, minutes=-1)
    assert challenge_after(public, client, name, NEW) == "NEW_PASSWORD_REQUIRED"
    clock.advance(minutes=1)
    with refused("NotAuthorizedException", EXPIRED):
        challenge_after(public, client, name, NEW)


@pytest.mark.parametrize("permanent", [True, False])
def test_password_set_by_an_administrator_ends_the_expiry(
    idp: Any, public: Any, pool: Pool, client: Client, clock: Clock, permanent: bool
) -> None:
    name = unique()
    idp.admin_create_user(UserPoolId=pool["Id"], Username=name, TemporaryPassword=PASSWORD)
    clock.advance(days=8)
    idp.admin_set_user_password(UserPoolId=pool["Id"], Username=name, Password=NEW, Permanent=permanent)
    expected = None if permanent else "NEW_PASSWORD_REQUIRED"
    assert challenge_after(public, client, name, NEW) == expected
    clock.advance(days=7)
    if permanent:
        assert challenge_after(public, client, name, NEW) is None
    else:
        with refused("NotAuthorizedException", EXPIRED):
            challenge_after(public, client, name, NEW)


# ChangePassword


@pytest.fixture
def token(idp: Any, public: Any, pool: Pool, client: Client, user: str) -> str:
    """An access token of `user`."""
    return str(factories.sign_in(public, client, user)["AccessToken"])


def test_user_changes_the_password(public: Any, client: Client, user: str, token: str) -> None:
    answer = public.change_password(AccessToken=token, PreviousPassword=PASSWORD, ProposedPassword=NEW)
    assert answer.keys() == {"ResponseMetadata"}
    assert challenge_after(public, client, user, NEW) is None
    with refused("NotAuthorizedException", WRONG):
        challenge_after(public, client, user, PASSWORD)
    assert public.get_user(AccessToken=token)["Username"] == user, "sessions stay"


def test_wrong_previous_password_changes_nothing(public: Any, client: Client, user: str, token: str) -> None:
    with refused("NotAuthorizedException", WRONG):
        public.change_password(AccessToken=token, PreviousPassword=NEW, ProposedPassword=NEW)
    with refused("NotAuthorizedException", WRONG):
        public.change_password(AccessToken=token, ProposedPassword=NEW)
    assert challenge_after(public, client, user, PASSWORD) is None


def test_five_wrong_passwords_an_hour_then_even_the_right_one_waits(
    public: Any, client: Client, user: str, token: str, clock: Clock
) -> None:
    for _ in range(MOST_WRONG):
        with refused("NotAuthorizedException", WRONG):
            public.change_password(AccessToken=token, PreviousPassword=NEW, ProposedPassword=NEW)
    with refused("LimitExceededException", LIMIT_EXCEEDED):
        public.change_password(AccessToken=token, PreviousPassword=PASSWORD, ProposedPassword=NEW)
    clock.advance(hours=1)
    fresh = factories.sign_in(public, client, user)["AccessToken"]
    public.change_password(AccessToken=fresh, PreviousPassword=PASSWORD, ProposedPassword=NEW)


def test_right_previous_passwords_do_not_count(public: Any, user: str, token: str) -> None:
    passwords = (PASSWORD, NEW)
    for number in range(MOST_WRONG * 2):
        previous, proposed = passwords[number % 2], passwords[(number + 1) % 2]
        public.change_password(AccessToken=token, PreviousPassword=previous, ProposedPassword=proposed)


def test_refused_proposals_do_not_count(public: Any, token: str) -> None:
    for _ in range(MOST_WRONG + 1):
        with refused("InvalidPasswordException"):
            public.change_password(AccessToken=token, PreviousPassword=PASSWORD, ProposedPassword="short")
    public.change_password(AccessToken=token, PreviousPassword=PASSWORD, ProposedPassword=NEW)


def test_limit_of_one_user_is_not_that_of_another(
    idp: Any, public: Any, pool: Pool, client: Client, token: str
) -> None:
    for _ in range(MOST_WRONG):
        with refused("NotAuthorizedException"):
            public.change_password(AccessToken=token, PreviousPassword=NEW, ProposedPassword=NEW)
    other = factories.sign_in(public, client, factories.make_user(idp, pool))["AccessToken"]
    public.change_password(AccessToken=other, PreviousPassword=PASSWORD, ProposedPassword=NEW)


def test_change_moves_the_date_of_modification(idp: Any, public: Any, pool: Pool, user: str, token: str) -> None:
    before = idp.admin_get_user(UserPoolId=pool["Id"], Username=user)["UserLastModifiedDate"]
    public.change_password(AccessToken=token, PreviousPassword=PASSWORD, ProposedPassword=NEW)
    assert idp.admin_get_user(UserPoolId=pool["Id"], Username=user)["UserLastModifiedDate"] > before


@pytest.mark.parametrize("wrong", ["nonsense", "e30.e30.e30"])
def test_change_needs_an_access_token(public: Any, wrong: str) -> None:
    with refused("NotAuthorizedException", "Invalid Access Token"):
        public.change_password(AccessToken=wrong, PreviousPassword=PASSWORD, ProposedPassword=NEW)


def test_change_with_an_id_token_is_refused(public: Any, client: Client, user: str) -> None:
    id_token = factories.sign_in(public, client, user)["IdToken"]
    with refused("NotAuthorizedException", "Invalid Access Token"):
        public.change_password(AccessToken=id_token, PreviousPassword=PASSWORD, ProposedPassword=NEW)
