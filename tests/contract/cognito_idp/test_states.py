"""The table of the reference: what each operation does to a user in each state, and how states follow one another.

A cell is what comes back: `ok`, what is special about success, or an error by the name that `ANSWERS` gives it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support import database, factories, imports
from tests.support.clients import refused
from tests.support.clock import Clock
from tests.support.factories import PASSWORD, unique
from tests.support.mailbox import Mailbox
from tests.support.server import Server

NEW = "Another-Horse-2"
WRONG_CODE = "no-code"

Client = dict[str, Any]
Pool = dict[str, Any]

ANSWERS = {
    "unconfirmed": "UserNotConfirmedException: User is not confirmed.",
    "reset first": "PasswordResetRequiredException: Password reset required for the user",
    "incorrect": "NotAuthorizedException: Incorrect username or password.",
    "disabled": "NotAuthorizedException: User is disabled.",
    "revoked": "NotAuthorizedException: Access Token has been revoked",
    "refresh revoked": "NotAuthorizedException: Refresh Token has been revoked",
    "is {status}": "NotAuthorizedException: User cannot be confirmed. Current status is {status}",
    "confirmed": "InvalidParameterException: User is already confirmed.",
    "not now": "NotAuthorizedException: User password cannot be reset in the current state.",
    "no resend": "UnsupportedUserStateException: Resend not possible. {name} status is not FORCE_CHANGE_PASSWORD",
    "mismatch": "CodeMismatchException: Invalid verification code provided, please try again.",
    "no code": "ExpiredCodeException: Invalid code provided, please request a code again.",
    "nobody": "UserNotFoundException: User does not exist.",
    "no such pair": "UserNotFoundException: Username/client id combination not found.",
    "bad session": "NotAuthorizedException: Invalid session for the user.",
}

# `disabled` is a user who is disabled in the state in which the operation would work otherwise; `hidden` is asked
# through a client that prevents existence errors, everything else through one that does not.
TABLE = """
operation                        | UNCONFIRMED | FORCE_CHANGE_PASSWORD | RESET_REQUIRED | CONFIRMED   | EXTERNAL_PROVIDER | disabled        | nobody
sign in                          | unconfirmed | NEW_PASSWORD_REQUIRED | reset first    | ok          | incorrect         | disabled        | nobody
sign in, hidden                  | unconfirmed | NEW_PASSWORD_REQUIRED | reset first    | ok          | incorrect         | disabled        | incorrect
sign in by administrator         | unconfirmed | NEW_PASSWORD_REQUIRED | reset first    | ok          | incorrect         | disabled        | nobody
sign in by administrator, hidden | unconfirmed | NEW_PASSWORD_REQUIRED | reset first    | ok          | incorrect         | disabled        | incorrect
wrong password                   | incorrect   | incorrect             | incorrect      | incorrect   | incorrect         | disabled        | nobody
wrong password, hidden           | incorrect   | incorrect             | incorrect      | incorrect   | incorrect         | incorrect       | incorrect
wrong password by administrator  | incorrect   | incorrect             | incorrect      | incorrect   | incorrect         | disabled        | nobody
ConfirmSignUp                    | ok          | is {status}           | is {status}    | is {status} | is {status}       | disabled        | no such pair
ConfirmSignUp, hidden            | ok          | is {status}           | is {status}    | is {status} | is {status}       | disabled        | mismatch
AdminConfirmSignUp               | ok          | is {status}           | is {status}    | is {status} | is {status}       | ok              | nobody
ResendConfirmationCode           | sent        | confirmed             | confirmed      | confirmed   | confirmed         | disabled        | no such pair
ResendConfirmationCode, hidden   | sent        | simulated             | simulated      | simulated   | simulated         | simulated       | simulated
ForgotPassword                   | sent        | not now               | sent           | sent        | not now           | disabled        | no such pair
ForgotPassword, hidden           | sent        | simulated             | sent           | sent        | simulated         | simulated       | simulated
ConfirmForgotPassword            | no code     | not now               | mismatch       | no code     | not now           | disabled        | no such pair
ConfirmForgotPassword, hidden    | mismatch    | mismatch              | mismatch       | mismatch    | mismatch          | mismatch        | mismatch
AdminResetUserPassword           | not now     | not now               | not now        | sent        | not now           | sent            | nobody
AdminCreateUser RESEND           | no resend   | sent                  | no resend      | no resend   | no resend         | sent            | nobody
AdminSetUserPassword             | ok          | ok                    | ok             | ok          | ok                | ok              | nobody
AdminSetUserPassword, permanent  | ok          | ok                    | ok             | ok          | ok                | ok              | nobody
AdminDisableUser                 | ok          | ok                    | ok             | ok          | ok                | ok              | nobody
AdminEnableUser                  | ok          | ok                    | ok             | ok          | ok                | ok              | nobody
AdminUserGlobalSignOut           | ok          | ok                    | ok             | ok          | ok                | ok              | nobody
AdminDeleteUser                  | ok          | ok                    | ok             | ok          | ok                | ok              | nobody
GetUser                          | -           | ok                    | reset first    | ok          | ok                | revoked         | -
GlobalSignOut                    | -           | ok                    | reset first    | ok          | ok                | revoked         | -
DeleteUser                       | -           | ok                    | reset first    | ok          | ok                | revoked         | -
ChangePassword                   | -           | ok                    | reset first    | ok          | incorrect         | revoked         | -
REFRESH_TOKEN_AUTH               | -           | ok                    | reset first    | ok          | ok                | refresh revoked | -
NEW_PASSWORD_REQUIRED            | -           | ok                    | reset first    | bad session | -                 | disabled        | -
"""  # noqa: E501


def rows_of(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]


HEAD, *ROWS = rows_of(TABLE)
CELLS = [
    pytest.param(row[0], state, answer, id=f"{row[0]}-{state}")
    for row in ROWS
    for state, answer in zip(HEAD[1:], row[1:], strict=True)
    if answer != "-"
]


@dataclass
class World:
    """A pool, an open and a discreet client, and all that speaks to them."""

    idp: Any
    public: Any
    mailbox: Mailbox
    pool: Pool
    client: Client
    discreet: Client

    def who(self, name: str) -> dict[str, str]:
        return {"UserPoolId": self.pool["Id"], "Username": name}

    def status(self, name: str) -> str:
        return str(self.idp.admin_get_user(**self.who(name))["UserStatus"])

    def begin(self, name: str, password: str = PASSWORD, *, client: Client | None = None) -> Any:
        return self.public.initiate_auth(
            ClientId=(client or self.client)["ClientId"],
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": password},
        )

    def begin_by_administrator(self, name: str, password: str = PASSWORD, *, client: Client | None = None) -> Any:
        return self.idp.admin_initiate_auth(
            UserPoolId=self.pool["Id"],
            ClientId=(client or self.client)["ClientId"],
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": password},
        )

    def sign_up(self, name: str, **attributes: str) -> None:
        given = {"email": f"{name}@example.com", **attributes}
        self.public.sign_up(
            ClientId=self.client["ClientId"],
            Username=name,
            Password=PASSWORD,
            UserAttributes=[{"Name": key, "Value": value} for key, value in given.items()],
        )

    def invite(self, name: str) -> None:
        email = {"Name": "email", "Value": f"{name}@example.com"}
        self.idp.admin_create_user(
            **self.who(name),
            TemporaryPassword=PASSWORD,
            MessageAction="SUPPRESS",
            UserAttributes=[email, {"Name": "email_verified", "Value": "true"}],
        )

    def confirmed(self, name: str) -> None:
        factories.make_user(self.idp, self.pool, name, email=f"{name}@example.com", email_verified="true")


@pytest.fixture(scope="module")
def world(idp: Any, public: Any, mailbox: Mailbox) -> World:
    pool = factories.make_pool(idp, AutoVerifiedAttributes=["email"])
    discreet = factories.make_client(idp, pool, PreventUserExistenceErrors="ENABLED")
    return World(idp, public, mailbox, pool, factories.make_client(idp, pool), discreet)


@dataclass
class Subject:
    """Whom an operation is tried on; `kept` is what a test needs from before the user came into the state."""

    name: str
    kept: dict[str, Any]


@pytest.fixture(scope="module")
def federated(server: Server, world: World) -> Iterator[Subject]:
    """Federated users with tokens, made together: each run of a command on the database takes a second."""
    subjects = []
    for _ in range(40):
        name = unique("federated")
        world.confirmed(name)
        subjects.append(Subject(name, world.begin(name)["AuthenticationResult"]))
    database.make_external(server, [subject.name for subject in subjects])
    return iter(subjects)


# Operations: each returns what is special about its success.


def without_metadata(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def outcome(answer: dict[str, Any]) -> str:
    return str(answer.get("ChallengeName", "ok"))


def sign_in(world: World, user: Subject) -> str:
    return outcome(world.begin(user.name))


def sign_in_hidden(world: World, user: Subject) -> str:
    return outcome(world.begin(user.name, client=world.discreet))


def sign_in_by_administrator(world: World, user: Subject) -> str:
    return outcome(world.begin_by_administrator(user.name))


def sign_in_by_administrator_hidden(world: World, user: Subject) -> str:
    return outcome(world.begin_by_administrator(user.name, client=world.discreet))


def wrong_password(world: World, user: Subject) -> str:
    return outcome(world.begin(user.name, NEW))


def wrong_password_hidden(world: World, user: Subject) -> str:
    return outcome(world.begin(user.name, NEW, client=world.discreet))


def wrong_password_by_administrator(world: World, user: Subject) -> str:
    return outcome(world.begin_by_administrator(user.name, NEW))


def confirm_sign_up(world: World, user: Subject, client: Client | None = None) -> str:
    messages = world.mailbox.messages(user.name)
    code = messages[0]["code"] if messages else WRONG_CODE
    answer = world.public.confirm_sign_up(
        ClientId=(client or world.client)["ClientId"], Username=user.name, ConfirmationCode=code
    )
    assert without_metadata(answer) == {}
    return "ok"


def confirm_sign_up_hidden(world: World, user: Subject) -> str:
    return confirm_sign_up(world, user, world.discreet)


def admin_confirm_sign_up(world: World, user: Subject) -> str:
    world.idp.admin_confirm_sign_up(**world.who(user.name))
    assert world.status(user.name) == "CONFIRMED"
    return "ok"


def code_asked_for(world: World, user: Subject, ask: Callable[..., Any], client: Client) -> str:
    before = len(world.mailbox.messages(user.name))
    answer = ask(ClientId=client["ClientId"], Username=user.name)
    assert (answer["CodeDeliveryDetails"]["DeliveryMedium"], answer["CodeDeliveryDetails"]["AttributeName"]) == (
        "EMAIL",
        "email",
    )
    return "sent" if len(world.mailbox.messages(user.name)) > before else "simulated"


def resend_code(world: World, user: Subject) -> str:
    return code_asked_for(world, user, world.public.resend_confirmation_code, world.client)


def resend_code_hidden(world: World, user: Subject) -> str:
    return code_asked_for(world, user, world.public.resend_confirmation_code, world.discreet)


def forgot_password(world: World, user: Subject) -> str:
    return code_asked_for(world, user, world.public.forgot_password, world.client)


def forgot_password_hidden(world: World, user: Subject) -> str:
    return code_asked_for(world, user, world.public.forgot_password, world.discreet)


def confirm_forgot(world: World, user: Subject, client: Client | None = None, code: str = WRONG_CODE) -> str:
    world.public.confirm_forgot_password(
        ClientId=(client or world.client)["ClientId"], Username=user.name, ConfirmationCode=code, Password=NEW
    )
    return "ok"


def confirm_forgot_hidden(world: World, user: Subject) -> str:
    return confirm_forgot(world, user, world.discreet)


def message_caused(world: World, user: Subject, call: Callable[[], Any]) -> str:
    before = len(world.mailbox.messages(user.name))
    call()
    return "sent" if len(world.mailbox.messages(user.name)) > before else "ok"


def admin_reset(world: World, user: Subject) -> str:
    return message_caused(world, user, lambda: world.idp.admin_reset_user_password(**world.who(user.name)))


def resend_invitation(world: World, user: Subject) -> str:
    members = {**world.who(user.name), "MessageAction": "RESEND", "DesiredDeliveryMediums": ["EMAIL"]}
    return message_caused(world, user, lambda: world.idp.admin_create_user(**members))


def set_temporary(world: World, user: Subject) -> str:
    world.idp.admin_set_user_password(**world.who(user.name), Password=NEW)
    assert world.status(user.name) == "FORCE_CHANGE_PASSWORD"
    return "ok"


def set_permanent(world: World, user: Subject) -> str:
    world.idp.admin_set_user_password(**world.who(user.name), Password=NEW, Permanent=True)
    assert world.status(user.name) == "CONFIRMED"
    return "ok"


def switched(world: World, user: Subject, call: Callable[..., Any], *, enabled: bool) -> str:
    before = world.status(user.name)
    for _ in range(2):
        assert without_metadata(call(**world.who(user.name))) == {}
    shown = world.idp.admin_get_user(**world.who(user.name))
    assert (shown["UserStatus"], shown["Enabled"]) == (before, enabled)
    return "ok"


def admin_disable(world: World, user: Subject) -> str:
    return switched(world, user, world.idp.admin_disable_user, enabled=False)


def admin_enable(world: World, user: Subject) -> str:
    return switched(world, user, world.idp.admin_enable_user, enabled=True)


def admin_sign_out(world: World, user: Subject) -> str:
    world.idp.admin_user_global_sign_out(**world.who(user.name))
    return "ok"


def admin_delete(world: World, user: Subject) -> str:
    world.idp.admin_delete_user(**world.who(user.name))
    return "ok"


def get_user(world: World, user: Subject) -> str:
    assert world.public.get_user(AccessToken=user.kept["AccessToken"])["Username"] == user.name
    return "ok"


def sign_out(world: World, user: Subject) -> str:
    world.public.global_sign_out(AccessToken=user.kept["AccessToken"])
    return "ok"


def delete_user(world: World, user: Subject) -> str:
    world.public.delete_user(AccessToken=user.kept["AccessToken"])
    return "ok"


def change_password(world: World, user: Subject) -> str:
    world.public.change_password(AccessToken=user.kept["AccessToken"], PreviousPassword=PASSWORD, ProposedPassword=NEW)
    return "ok"


def refresh(world: World, user: Subject) -> str:
    return outcome(
        world.public.initiate_auth(
            ClientId=world.client["ClientId"],
            AuthFlow="REFRESH_TOKEN_AUTH",
            AuthParameters={"REFRESH_TOKEN": user.kept["RefreshToken"]},
        )
    )


def answer_new_password(world: World, user: Subject) -> str:
    return outcome(
        world.public.respond_to_auth_challenge(
            ClientId=world.client["ClientId"],
            ChallengeName="NEW_PASSWORD_REQUIRED",
            Session=user.kept["Session"],
            ChallengeResponses={"USERNAME": user.name, "NEW_PASSWORD": NEW},
        )
    )


# Each operation with the state in which it works, where it does not work in CONFIRMED.
OPERATIONS: dict[str, tuple[Callable[[World, Subject], str], str]] = {
    "sign in": (sign_in, "CONFIRMED"),
    "sign in, hidden": (sign_in_hidden, "CONFIRMED"),
    "sign in by administrator": (sign_in_by_administrator, "CONFIRMED"),
    "sign in by administrator, hidden": (sign_in_by_administrator_hidden, "CONFIRMED"),
    "wrong password": (wrong_password, "CONFIRMED"),
    "wrong password, hidden": (wrong_password_hidden, "CONFIRMED"),
    "wrong password by administrator": (wrong_password_by_administrator, "CONFIRMED"),
    "ConfirmSignUp": (confirm_sign_up, "UNCONFIRMED"),
    "ConfirmSignUp, hidden": (confirm_sign_up_hidden, "UNCONFIRMED"),
    "AdminConfirmSignUp": (admin_confirm_sign_up, "UNCONFIRMED"),
    "ResendConfirmationCode": (resend_code, "UNCONFIRMED"),
    "ResendConfirmationCode, hidden": (resend_code_hidden, "UNCONFIRMED"),
    "ForgotPassword": (forgot_password, "CONFIRMED"),
    "ForgotPassword, hidden": (forgot_password_hidden, "CONFIRMED"),
    "ConfirmForgotPassword": (confirm_forgot, "CONFIRMED"),
    "ConfirmForgotPassword, hidden": (confirm_forgot_hidden, "CONFIRMED"),
    "AdminResetUserPassword": (admin_reset, "CONFIRMED"),
    "AdminCreateUser RESEND": (resend_invitation, "FORCE_CHANGE_PASSWORD"),
    "AdminSetUserPassword": (set_temporary, "CONFIRMED"),
    "AdminSetUserPassword, permanent": (set_permanent, "CONFIRMED"),
    "AdminDisableUser": (admin_disable, "CONFIRMED"),
    "AdminEnableUser": (admin_enable, "CONFIRMED"),
    "AdminUserGlobalSignOut": (admin_sign_out, "CONFIRMED"),
    "AdminDeleteUser": (admin_delete, "CONFIRMED"),
    "GetUser": (get_user, "CONFIRMED"),
    "GlobalSignOut": (sign_out, "CONFIRMED"),
    "DeleteUser": (delete_user, "CONFIRMED"),
    "ChangePassword": (change_password, "CONFIRMED"),
    "REFRESH_TOKEN_AUTH": (refresh, "CONFIRMED"),
    "NEW_PASSWORD_REQUIRED": (answer_new_password, "FORCE_CHANGE_PASSWORD"),
}

# Where what an operation needs was given out before the user came into the state.
NEEDS_TOKENS = {"GetUser", "GlobalSignOut", "DeleteUser", "ChangePassword", "REFRESH_TOKEN_AUTH"}
NEEDS_SESSION = {"NEW_PASSWORD_REQUIRED"}


def subject(world: World, operation: str, state: str) -> Subject:
    """A new user in a state, on the way through the API that an application would take."""
    name, kept = unique(), dict[str, Any]()
    if state == "nobody":
        return Subject(name, kept)
    start = OPERATIONS[operation][1] if state == "disabled" else state
    if operation in NEEDS_TOKENS:
        world.confirmed(name)
        kept = world.begin(name)["AuthenticationResult"]
    elif operation in NEEDS_SESSION:
        world.invite(name)
        kept = world.begin(name)
    elif start == "UNCONFIRMED":
        world.sign_up(name)
        world.idp.admin_update_user_attributes(
            **world.who(name), UserAttributes=[{"Name": "email_verified", "Value": "true"}]
        )
    elif start == "FORCE_CHANGE_PASSWORD":
        world.invite(name)
    else:
        world.confirmed(name)
    if operation in NEEDS_TOKENS | NEEDS_SESSION and start != world.status(name):
        permanent = start != "FORCE_CHANGE_PASSWORD"
        world.idp.admin_set_user_password(**world.who(name), Password=PASSWORD, Permanent=permanent)
    if start == "RESET_REQUIRED":
        world.idp.admin_reset_user_password(**world.who(name))
    if state == "disabled":
        world.idp.admin_disable_user(**world.who(name))
    return Subject(name, kept)


@pytest.mark.parametrize(("operation", "state", "answer"), CELLS)
def test_cell(world: World, federated: Iterator[Subject], operation: str, state: str, answer: str) -> None:
    user = next(federated) if state == "EXTERNAL_PROVIDER" else subject(world, operation, state)
    before = state_of(world, user.name)
    assert before == {
        "nobody": None,
        "disabled": (OPERATIONS[operation][1], False),
    }.get(state, (state, True))
    answered = answer_to(lambda: OPERATIONS[operation][0](world, user))
    if ": " in answered:
        assert state_of(world, user.name) == before, "what is refused changes nothing"
    assert answered == ANSWERS.get(answer, answer).format(status=before and before[0], name=user.name)


def state_of(world: World, name: str) -> tuple[str, bool] | None:
    """Status and whether the user is enabled; None for nobody."""
    try:
        shown = world.idp.admin_get_user(**world.who(name))
    except world.idp.exceptions.UserNotFoundException:
        return None
    return shown["UserStatus"], shown["Enabled"]


def answer_to(call: Callable[[], str]) -> str:
    try:
        return call()
    except ClientError as error:
        return f"{error.response['Error']['Code']}: {error.response['Error']['Message']}"


def test_every_operation_of_the_table_is_tried() -> None:
    assert [row[0] for row in ROWS] == list(OPERATIONS)


# How states follow one another


def signs_up(world: World, name: str) -> str:
    world.sign_up(name)
    return PASSWORD


def is_created(world: World, name: str) -> str:
    world.invite(name)
    return PASSWORD


def is_created_with_a_generated_password(world: World, name: str) -> str:
    email = {"Name": "email", "Value": f"{name}@example.com"}
    world.idp.admin_create_user(**world.who(name), UserAttributes=[email], DesiredDeliveryMediums=["EMAIL"])
    return world.mailbox.code(name)


def confirms(world: World, name: str) -> str:
    assert confirm_sign_up(world, Subject(name, {})) == "ok"
    return PASSWORD


def is_confirmed(world: World, name: str) -> str:
    world.idp.admin_confirm_sign_up(**world.who(name))
    return PASSWORD


def answers_the_challenge(world: World, name: str) -> str:
    assert answer_new_password(world, Subject(name, world.begin(name))) == "ok"
    return NEW


def is_invited_again(world: World, name: str) -> str:
    assert resend_invitation(world, Subject(name, {})) == "sent"
    return world.mailbox.code(name)


def gets_a_permanent_password(world: World, name: str) -> str:
    assert set_permanent(world, Subject(name, {})) == "ok"
    return NEW


def gets_a_temporary_password(world: World, name: str) -> str:
    assert set_temporary(world, Subject(name, {})) == "ok"
    return NEW


def is_reset(world: World, name: str) -> str:
    assert admin_reset(world, Subject(name, {})) == "sent"
    return PASSWORD


def confirms_the_reset(world: World, name: str) -> str:
    assert confirm_forgot(world, Subject(name, {}), code=world.mailbox.code(name)) == "ok"
    return NEW


def forgets(world: World, name: str) -> str:
    assert forgot_password(world, Subject(name, {})) == "sent"
    return PASSWORD


def forgets_and_confirms(world: World, name: str) -> str:
    forgets(world, name)
    return confirms_the_reset(world, name)


def changes_the_password(world: World, name: str) -> str:
    assert change_password(world, Subject(name, world.begin(name)["AuthenticationResult"])) == "ok"
    return NEW


TRANSITIONS = [
    # from, event, to
    ("nobody", signs_up, "UNCONFIRMED"),
    ("nobody", is_created, "FORCE_CHANGE_PASSWORD"),
    ("nobody", is_created_with_a_generated_password, "FORCE_CHANGE_PASSWORD"),
    ("UNCONFIRMED", confirms, "CONFIRMED"),
    ("UNCONFIRMED", is_confirmed, "CONFIRMED"),
    ("UNCONFIRMED", forgets, "UNCONFIRMED"),
    ("UNCONFIRMED", forgets_and_confirms, "CONFIRMED"),
    ("UNCONFIRMED", gets_a_permanent_password, "CONFIRMED"),
    ("UNCONFIRMED", gets_a_temporary_password, "FORCE_CHANGE_PASSWORD"),
    ("FORCE_CHANGE_PASSWORD", answers_the_challenge, "CONFIRMED"),
    ("FORCE_CHANGE_PASSWORD", is_invited_again, "FORCE_CHANGE_PASSWORD"),
    ("FORCE_CHANGE_PASSWORD", gets_a_permanent_password, "CONFIRMED"),
    ("FORCE_CHANGE_PASSWORD", gets_a_temporary_password, "FORCE_CHANGE_PASSWORD"),
    ("CONFIRMED", is_reset, "RESET_REQUIRED"),
    ("CONFIRMED", forgets, "CONFIRMED"),
    ("CONFIRMED", forgets_and_confirms, "CONFIRMED"),
    ("CONFIRMED", changes_the_password, "CONFIRMED"),
    ("CONFIRMED", gets_a_permanent_password, "CONFIRMED"),
    ("CONFIRMED", gets_a_temporary_password, "FORCE_CHANGE_PASSWORD"),
    ("RESET_REQUIRED", confirms_the_reset, "CONFIRMED"),
    ("RESET_REQUIRED", forgets, "RESET_REQUIRED"),
    ("RESET_REQUIRED", forgets_and_confirms, "CONFIRMED"),
    ("RESET_REQUIRED", gets_a_permanent_password, "CONFIRMED"),
    ("RESET_REQUIRED", gets_a_temporary_password, "FORCE_CHANGE_PASSWORD"),
    ("EXTERNAL_PROVIDER", gets_a_permanent_password, "CONFIRMED"),
]
SIGN_IN = dict(zip(HEAD, ROWS[0], strict=True))


@pytest.mark.parametrize(
    ("start", "event", "end"), TRANSITIONS, ids=[f"{row[0]}-{row[1].__name__}" for row in TRANSITIONS]
)
def test_transition(
    world: World, federated: Iterator[Subject], start: str, event: Callable[[World, str], str], end: str
) -> None:
    """The state is what it should be, and the password that the event left behind meets what the table says."""
    user = next(federated) if start == "EXTERNAL_PROVIDER" else subject(world, "sign in", start)
    password = event(world, user.name)
    assert state_of(world, user.name) == (end, True)
    answered = answer_to(lambda: outcome(world.begin(user.name, password)))
    assert answered == ANSWERS.get(SIGN_IN[end], SIGN_IN[end])


# Users imported without a password, whom no password is right for


@pytest.fixture(scope="module")
def imported(world: World) -> Iterator[str]:
    names = [unique("imported") for _ in range(5)]
    rows = (imports.person(name) for name in names)
    job = imports.run(world.idp, world.pool, imports.csv(imports.header(world.idp, world.pool), *rows))
    assert job["ImportedUsers"] == len(names)
    return iter(names)


@pytest.mark.parametrize(
    ("operation", "answer"),
    [
        ("sign in", "reset first"),
        ("sign in by administrator", "reset first"),
        ("sign in, hidden", "incorrect"),
        ("ForgotPassword", "sent"),
    ],
)
def test_imported_user_is_told_to_reset_unless_existence_is_hidden(
    world: World, imported: Iterator[str], operation: str, answer: str
) -> None:
    user = Subject(next(imported), {})
    assert answer_to(lambda: OPERATIONS[operation][0](world, user)) == ANSWERS.get(answer, answer)


def test_imported_user_gets_a_password_by_code(world: World, imported: Iterator[str]) -> None:
    name = next(imported)
    assert forgets_and_confirms(world, name) == NEW
    assert outcome(world.begin(name, NEW)) == "ok"


# What is decided first


def test_end_of_a_temporary_password_is_told_to_who_knows_it(world: World, clock: Clock) -> None:
    name = unique()
    world.invite(name)
    clock.advance(days=7)
    for client in (world.client, world.discreet):
        with refused("NotAuthorizedException", "Incorrect username or password."):
            world.begin(name, NEW, client=client)
        with refused("NotAuthorizedException", "Temporary password has expired and must be reset by an administrator."):
            world.begin(name, client=client)


def test_tokens_are_back_for_an_enabled_user_only_by_signing_in(world: World) -> None:
    name = unique()
    world.confirmed(name)
    tokens = world.begin(name)["AuthenticationResult"]
    world.idp.admin_disable_user(**world.who(name))
    world.idp.admin_enable_user(**world.who(name))
    with refused("NotAuthorizedException", "Access Token has been revoked"):
        world.public.get_user(AccessToken=tokens["AccessToken"])
    with refused("NotAuthorizedException", "Refresh Token has been revoked"):
        refresh(world, Subject(name, tokens))
    assert outcome(world.begin(name)) == "ok"


def test_challenge_that_waited_is_refused_to_who_is_disabled_and_taken_after(world: World) -> None:
    name = unique()
    world.invite(name)
    session = Subject(name, world.begin(name))
    world.idp.admin_disable_user(**world.who(name))
    with refused("NotAuthorizedException", "User is disabled."):
        answer_new_password(world, session)
    world.idp.admin_enable_user(**world.who(name))
    assert answer_new_password(world, session) == "ok"


@pytest.mark.parametrize("event", [is_invited_again, gets_a_temporary_password, answers_the_challenge])
def test_challenge_ends_with_the_password_that_began_it(world: World, event: Callable[[World, str], str]) -> None:
    name = unique()
    world.invite(name)
    session = Subject(name, world.begin(name))
    event(world, name)
    with refused("NotAuthorizedException", "Invalid session for the user."):
        answer_new_password(world, session)
