"""PasswordHistorySize: which earlier passwords a user cannot have again, wherever a new one is set."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support import database, factories
from tests.support.clients import refused
from tests.support.factories import PASSWORD, unique
from tests.support.mailbox import Mailbox
from tests.support.server import Server

USED = "Password has previously been used."
LARGEST = 24

Client = dict[str, Any]
Pool = dict[str, Any]


def policies(size: int | None) -> dict[str, Any]:
    history = {} if size is None else {"PasswordHistorySize": size}
    return {"Policies": {"PasswordPolicy": {"MinimumLength": 8, "RequireNumbers": True, **history}}}


def password(number: int) -> str:
    return f"Numbered-Horse-{number}"


@dataclass
class World:
    """A pool with a history, its client, and all that speaks to them."""

    idp: Any
    public: Any
    mailbox: Mailbox
    pool: Pool
    client: Client

    def who(self, name: str) -> dict[str, str]:
        return {"UserPoolId": self.pool["Id"], "Username": name}

    def user(self) -> str:
        """A user whose only password so far is `password(0)`."""
        name = unique()
        attributes = {"email": f"{name}@example.com", "email_verified": "true"}
        self.idp.admin_create_user(
            **self.who(name),
            MessageAction="SUPPRESS",
            UserAttributes=[{"Name": key, "Value": value} for key, value in attributes.items()],
        )
        self.set(name, password(0))
        return name

    def begin(self, name: str, given: str) -> Any:
        return self.public.initiate_auth(
            ClientId=self.client["ClientId"],
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": given},
        )

    def set(self, name: str, new: str, *, permanent: bool = True) -> None:
        self.idp.admin_set_user_password(**self.who(name), Password=new, Permanent=permanent)

    def resize(self, size: int | None) -> None:
        self.idp.update_user_pool(UserPoolId=self.pool["Id"], AutoVerifiedAttributes=["email"], **policies(size))


@pytest.fixture
def make_world(idp: Any, public: Any, mailbox: Mailbox) -> Callable[[int | None], World]:
    def make(size: int | None) -> World:
        pool = factories.make_pool(idp, AutoVerifiedAttributes=["email"], **policies(size))
        return World(idp, public, mailbox, pool, factories.make_client(idp, pool))

    return make


# Ways to a new password; each is given the one that the user has.


def changed(world: World, name: str, current: str, new: str) -> None:
    token = world.begin(name, current)["AuthenticationResult"]["AccessToken"]
    world.public.change_password(AccessToken=token, PreviousPassword=current, ProposedPassword=new)


def set_by_administrator(world: World, name: str, current: str, new: str) -> None:
    world.set(name, new)


def recovered(world: World, name: str, current: str, new: str) -> None:
    client_id = world.client["ClientId"]
    world.public.forgot_password(ClientId=client_id, Username=name)
    world.public.confirm_forgot_password(
        ClientId=client_id, Username=name, ConfirmationCode=world.mailbox.code(name), Password=new
    )


def chosen_after_a_temporary_one(world: World, name: str, current: str, new: str) -> None:
    if world.idp.admin_get_user(**world.who(name))["UserStatus"] == "CONFIRMED":
        world.set(name, "Temporary-Horse-77", permanent=False)
    answer_challenge(world, name, "Temporary-Horse-77", new)


def answer_challenge(world: World, name: str, temporary: str, new: str) -> None:
    session = world.begin(name, temporary)["Session"]
    world.public.respond_to_auth_challenge(
        ClientId=world.client["ClientId"],
        ChallengeName="NEW_PASSWORD_REQUIRED",
        Session=session,
        ChallengeResponses={"USERNAME": name, "NEW_PASSWORD": new},
    )


EVERY_WAY = pytest.mark.parametrize("way", [changed, set_by_administrator, recovered, chosen_after_a_temporary_one])
Way = Callable[[World, str, str, str], None]


@EVERY_WAY
@pytest.mark.parametrize("size", [1, 2, 3])
def test_the_newest_passwords_cannot_be_had_again(make_world: Callable[..., World], way: Way, size: int) -> None:
    world = make_world(size)
    name = world.user()
    for number in range(1, 6):
        way(world, name, password(number - 1), password(number))
    for number in range(5, 5 - size, -1):
        with refused("PasswordHistoryPolicyViolationException", USED):
            way(world, name, password(5), password(number))
    oldest = password(5 - size)
    way(world, name, password(5), oldest)
    assert world.begin(name, oldest)["AuthenticationResult"]


@EVERY_WAY
@pytest.mark.parametrize("size", [None, 0])
def test_without_a_history_even_the_same_password_will_do(
    make_world: Callable[..., World], way: Way, size: int | None
) -> None:
    world = make_world(size)
    name = world.user()
    for _ in range(2):
        way(world, name, password(0), password(0))
    assert world.begin(name, password(0))["AuthenticationResult"]


def test_the_longest_history(make_world: Callable[..., World]) -> None:
    world = make_world(LARGEST)
    name = world.user()
    for number in range(1, LARGEST + 1):
        world.set(name, password(number))
    for number in (LARGEST, LARGEST - 1, 2, 1):
        with refused("PasswordHistoryPolicyViolationException", USED):
            world.set(name, password(number))
    world.set(name, password(0))


def test_refused_password_leaves_the_code_and_the_challenge_usable(make_world: Callable[..., World]) -> None:
    world = make_world(3)
    name = world.user()
    client_id = world.client["ClientId"]
    world.public.forgot_password(ClientId=client_id, Username=name)
    answer = {"ClientId": client_id, "Username": name, "ConfirmationCode": world.mailbox.code(name)}
    for _ in range(11):  # more than there are tries for those who do not know the code
        with refused("PasswordHistoryPolicyViolationException", USED):
            world.public.confirm_forgot_password(**answer, Password=password(0))
    world.public.confirm_forgot_password(**answer, Password=password(1))

    world.set(name, "Temporary-Horse-77", permanent=False)
    session = world.begin(name, "Temporary-Horse-77")["Session"]
    challenge = {"ClientId": client_id, "ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": session}
    with refused("PasswordHistoryPolicyViolationException", USED):
        world.public.respond_to_auth_challenge(
            **challenge, ChallengeResponses={"USERNAME": name, "NEW_PASSWORD": password(1)}
        )
    world.public.respond_to_auth_challenge(
        **challenge, ChallengeResponses={"USERNAME": name, "NEW_PASSWORD": password(2)}
    )


def test_who_does_not_know_the_password_or_the_code_learns_nothing_of_the_history(
    make_world: Callable[..., World],
) -> None:
    world = make_world(3)
    name = world.user()
    token = world.begin(name, password(0))["AuthenticationResult"]["AccessToken"]
    with refused("NotAuthorizedException", "Incorrect username or password."):
        world.public.change_password(AccessToken=token, PreviousPassword=PASSWORD, ProposedPassword=password(0))
    world.public.forgot_password(ClientId=world.client["ClientId"], Username=name)
    with refused("CodeMismatchException"):
        world.public.confirm_forgot_password(
            ClientId=world.client["ClientId"], Username=name, ConfirmationCode="x", Password=password(0)
        )


# Temporary passwords


@pytest.mark.parametrize("size", [1, 2, 3])
def test_temporary_passwords_take_no_place_in_the_history(make_world: Callable[..., World], size: int) -> None:
    world = make_world(size)
    name = world.user()
    for number in range(1, 4):
        world.set(name, password(number))
    for number in range(5):
        world.set(name, f"Temporary-Horse-{number}", permanent=False)
    for number in range(3, 3 - size, -1):
        with refused("PasswordHistoryPolicyViolationException", USED):
            answer_challenge(world, name, "Temporary-Horse-4", password(number))
    with refused("PasswordHistoryPolicyViolationException", USED):
        answer_challenge(world, name, "Temporary-Horse-4", "Temporary-Horse-4")  # the one they have now
    answer_challenge(world, name, "Temporary-Horse-4", "Temporary-Horse-0")  # was never their own
    for number in range(3, 4 - size, -1):
        with refused("PasswordHistoryPolicyViolationException", USED):
            world.set(name, password(number))
    world.set(name, password(4 - size))


def test_temporary_password_is_held_to_the_history_too(make_world: Callable[..., World]) -> None:
    world = make_world(2)
    name = world.user()
    with refused("PasswordHistoryPolicyViolationException", USED):
        world.set(name, password(0), permanent=False)


def test_an_invitation_may_bring_the_same_temporary_password_again(make_world: Callable[..., World]) -> None:
    """AdminCreateUser has no error for a password of the history."""
    world = make_world(3)
    name = unique()
    world.idp.admin_create_user(**world.who(name), TemporaryPassword=PASSWORD)
    world.idp.admin_create_user(**world.who(name), TemporaryPassword=PASSWORD, MessageAction="RESEND")
    answer_challenge(world, name, PASSWORD, password(1))


# Changes of the policy


def test_a_shorter_history_forgets_and_a_longer_one_remembers_from_there_on(make_world: Callable[..., World]) -> None:
    world = make_world(4)
    name = world.user()
    for number in range(1, 4):
        world.set(name, password(number))
    world.resize(2)
    world.set(name, password(1))  # now 1, 3; of 0 and 2 nothing is left to remember
    world.resize(4)
    for number in (1, 3):
        with refused("PasswordHistoryPolicyViolationException", USED):
            world.set(name, password(number))
    world.set(name, password(0))
    with refused("PasswordHistoryPolicyViolationException", USED):
        world.set(name, password(3))


def test_a_history_that_begins_later_knows_the_current_password(make_world: Callable[..., World]) -> None:
    world = make_world(None)
    name = world.user()
    world.set(name, password(1))
    world.resize(5)
    with refused("PasswordHistoryPolicyViolationException", USED):
        world.set(name, password(1))
    world.set(name, password(0))
    with refused("PasswordHistoryPolicyViolationException", USED):
        world.set(name, password(1))


def test_a_history_that_ends_lets_everything_pass_and_keeps_no_hashes(
    server: Server, make_world: Callable[..., World]
) -> None:
    world = make_world(5)
    name = world.user()
    for number in range(1, 4):
        world.set(name, password(number))
    assert database.count(server, "FormerPassword", name) == 3
    world.resize(0)
    world.set(name, password(3))
    assert database.count(server, "FormerPassword", name) == 0


def test_hashes_go_with_the_user(server: Server, make_world: Callable[..., World]) -> None:
    world = make_world(5)
    name = world.user()
    world.set(name, password(1))
    assert database.count(server, "FormerPassword", name) == 1
    world.idp.admin_delete_user(**world.who(name))
    assert database.count(server, "FormerPassword", name) == 0
    again = unique()
    world.idp.admin_create_user(**world.who(again), MessageAction="SUPPRESS")
    world.set(again, password(1))


def test_the_history_is_one_users(make_world: Callable[..., World]) -> None:
    world = make_world(5)
    for _ in range(2):
        name = world.user()
        world.set(name, password(1))


# The setting


@pytest.mark.parametrize(("given", "described"), [(None, None), (0, None), (1, 1), (LARGEST, LARGEST)])
def test_the_size_is_described_unless_there_is_no_history(
    make_world: Callable[..., World], idp: Any, given: int | None, described: int | None
) -> None:
    world = make_world(given)
    for _ in range(2):
        shown = idp.describe_user_pool(UserPoolId=world.pool["Id"])["UserPool"]
        assert shown["Policies"]["PasswordPolicy"].get("PasswordHistorySize") == described
        world.resize(given)


@pytest.mark.parametrize("size", [-1, LARGEST + 1])
def test_other_sizes_are_refused(idp: Any, size: int) -> None:
    with refused("InvalidParameterException") as refusal:
        factories.make_pool(idp, **policies(size))
    assert "passwordHistorySize' failed to satisfy constraint" in refusal.message


@pytest.fixture
def lite(idp: Any) -> Iterator[Pool]:
    yield factories.make_pool(idp, UserPoolTier="LITE", **policies(0))


def test_the_lite_tier_has_no_history(idp: Any, lite: Pool) -> None:
    text = "Password history is not available in the LITE tier."
    with refused("FeatureUnavailableInTierException", text):
        factories.make_pool(idp, UserPoolTier="LITE", **policies(1))
    with refused("FeatureUnavailableInTierException", text):
        idp.update_user_pool(UserPoolId=lite["Id"], UserPoolTier="LITE", **policies(1))
    for tier in ("ESSENTIALS", "PLUS"):
        idp.update_user_pool(UserPoolId=lite["Id"], UserPoolTier=tier, **policies(1))
        with refused("FeatureUnavailableInTierException", text):
            idp.update_user_pool(UserPoolId=lite["Id"], UserPoolTier="LITE", **policies(1))
        shown = idp.describe_user_pool(UserPoolId=lite["Id"])["UserPool"]
        assert (shown["UserPoolTier"], shown["Policies"]["PasswordPolicy"]["PasswordHistorySize"]) == (tier, 1)


def test_a_change_of_the_tier_alone_takes_the_history_away(idp: Any) -> None:
    """What an update leaves out goes back to its default, and so does the password policy."""
    pool = factories.make_pool(idp, **policies(3))
    idp.update_user_pool(UserPoolId=pool["Id"], UserPoolTier="LITE")
    shown = idp.describe_user_pool(UserPoolId=pool["Id"])["UserPool"]
    assert shown["UserPoolTier"] == "LITE"
    assert "PasswordHistorySize" not in shown["Policies"]["PasswordPolicy"]


def test_an_update_that_leaves_the_tier_out_of_a_lite_pool_may_bring_a_history(idp: Any, lite: Pool) -> None:
    """The tier left out is the default one, which has histories."""
    idp.update_user_pool(UserPoolId=lite["Id"], **policies(3))
    shown = idp.describe_user_pool(UserPoolId=lite["Id"])["UserPool"]
    assert (shown["UserPoolTier"], shown["Policies"]["PasswordPolicy"]["PasswordHistorySize"]) == ("ESSENTIALS", 3)
