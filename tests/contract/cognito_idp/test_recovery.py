"""ForgotPassword, ConfirmForgotPassword and AdminResetUserPassword."""

import re
from collections import Counter
from typing import Any

import pytest

from tests.support import clients, factories
from tests.support.clients import refused, secret_hash
from tests.support.clock import Clock
from tests.support.factories import PASSWORD, attributes_of, unique
from tests.support.mailbox import Mailbox
from tests.support.server import Server

Client = dict[str, Any]
Pool = dict[str, Any]

NEW = "Another-Horse-2"
MOST_TRIES = 10

INCORRECT = "Incorrect username or password."
MISMATCH = "Invalid verification code provided, please try again."
NO_CODE = "Invalid code provided, please request a code again."
EXCEEDED = "Attempt limit exceeded, please try after some time."
NO_ADDRESS = "Cannot reset password for the user as there is no registered/verified email or phone_number"
NO_SUCH_PAIR = "Username/client id combination not found."
BY_ADMINISTRATOR = "Contact administrator to reset password."
NOT_NOW = "User password cannot be reset in the current state."


@pytest.fixture(scope="module")
def pool(idp: Any) -> Pool:
    """Shared by the tests of this module: every user of theirs has a name of its own."""
    return factories.make_pool(idp, AutoVerifiedAttributes=["email"])


@pytest.fixture(scope="module")
def client(idp: Any, pool: Pool) -> Client:
    return factories.make_client(idp, pool)


@pytest.fixture(scope="module")
def discreet(idp: Any, pool: Pool) -> Client:
    """A client of `pool` that hides which users exist."""
    return factories.make_client(idp, pool, PreventUserExistenceErrors="ENABLED")


@pytest.fixture
def name(idp: Any, pool: Pool) -> str:
    """A confirmed user of `pool` with a verified e-mail address."""
    return make_user(idp, pool)[0]


def make_user(idp: Any, pool: Pool) -> tuple[str, str]:
    name = unique()
    address = f"{name}@example.com"
    return factories.make_user(idp, pool, name, email=address, email_verified="true"), address


def forgot(caller: Any, client: Client, name: str) -> dict[str, str]:
    details: dict[str, str] = caller.forgot_password(ClientId=client["ClientId"], Username=name)["CodeDeliveryDetails"]
    return details


def confirm(caller: Any, client: Client, name: str, code: str, password: str = NEW) -> Any:
    return caller.confirm_forgot_password(
        ClientId=client["ClientId"], Username=name, ConfirmationCode=code, Password=password
    )


def reset(idp: Any, pool: Pool, name: str) -> Any:
    return idp.admin_reset_user_password(UserPoolId=pool["Id"], Username=name)


def status_of(idp: Any, pool: Pool, name: str) -> str:
    return str(idp.admin_get_user(UserPoolId=pool["Id"], Username=name)["UserStatus"])


def update(idp: Any, pool: Pool, name: str, **attributes: str) -> None:
    idp.admin_update_user_attributes(
        UserPoolId=pool["Id"],
        Username=name,
        UserAttributes=[{"Name": key, "Value": value} for key, value in attributes.items()],
    )


def other_code(code: str) -> str:
    """A code that is not this one."""
    return f"{(int(code) + 1) % 1_000_000:06}"


# A forgotten password


def test_a_forgotten_password_is_replaced_with_the_code(
    idp: Any, public: Any, pool: Pool, client: Client, mailbox: Mailbox
) -> None:
    name, address = make_user(idp, pool)
    assert forgot(public, client, name) == {
        "Destination": f"{address[0]}***@e***",
        "DeliveryMedium": "EMAIL",
        "AttributeName": "email",
    }
    [message] = mailbox.messages(address)
    assert (message["kind"], message["channel"]) == ("ForgotPassword", "EMAIL")
    assert re.fullmatch("[0-9]{6}", message["code"])
    assert message["body"].strip().rstrip(".") == f"Your verification code is {message['code']}"
    assert factories.sign_in(public, client, name, PASSWORD)  # the old one works until then
    answer = confirm(public, client, name, message["code"])
    assert answer.keys() == {"ResponseMetadata"}
    assert factories.sign_in(public, client, name, NEW)
    with refused("NotAuthorizedException", INCORRECT):
        factories.sign_in(public, client, name, PASSWORD)
    assert len(mailbox.messages(address)) == 1, "nothing is told about the change itself"


def test_a_code_is_used_once(public: Any, client: Client, name: str, mailbox: Mailbox) -> None:
    forgot(public, client, name)
    code = mailbox.code(name)
    confirm(public, client, name, code)
    with refused("ExpiredCodeException", NO_CODE):
        confirm(public, client, name, code, "Third-Horse-3")
    assert factories.sign_in(public, client, name, NEW)


def test_a_code_lasts_an_hour(public: Any, client: Client, name: str, mailbox: Mailbox, clock: Clock) -> None:
    forgot(public, client, name)
    clock.advance(minutes=59)
    confirm(public, client, name, mailbox.code(name))
    clock.advance(hours=1)
    forgot(public, client, name)
    code = mailbox.code(name)
    clock.advance(hours=1)
    with refused("ExpiredCodeException", NO_CODE):
        confirm(public, client, name, code, "Third-Horse-3")
    forgot(public, client, name)
    confirm(public, client, name, mailbox.code(name), "Third-Horse-3")


def test_the_newest_code_counts(public: Any, client: Client, name: str, mailbox: Mailbox) -> None:
    forgot(public, client, name)
    forgot(public, client, name)
    newest, oldest = (message["code"] for message in mailbox.messages(name))
    if newest != oldest:
        with refused("CodeMismatchException", MISMATCH):
            confirm(public, client, name, oldest)
    confirm(public, client, name, newest)


def test_a_wrong_code_changes_nothing_and_spoils_nothing(
    idp: Any, public: Any, pool: Pool, client: Client, name: str, mailbox: Mailbox
) -> None:
    forgot(public, client, name)
    code = mailbox.code(name)
    before = idp.admin_get_user(UserPoolId=pool["Id"], Username=name)["UserLastModifiedDate"]
    for wrong in (other_code(code), code + "0", code[:-1], "x", "\uff10" * 6):
        with refused("CodeMismatchException", MISMATCH):
            confirm(public, client, name, wrong)
    assert idp.admin_get_user(UserPoolId=pool["Id"], Username=name)["UserLastModifiedDate"] == before
    assert factories.sign_in(public, client, name, PASSWORD)
    confirm(public, client, name, code)


def test_without_a_request_there_is_no_code(public: Any, client: Client, name: str) -> None:
    with refused("ExpiredCodeException", NO_CODE):
        confirm(public, client, name, "123456")


def test_the_code_of_another_user_does_not_help(
    idp: Any, public: Any, pool: Pool, client: Client, name: str, mailbox: Mailbox
) -> None:
    other, _ = make_user(idp, pool)
    for each in (name, other):
        forgot(public, client, each)
    if mailbox.code(name) != mailbox.code(other):
        with refused("CodeMismatchException", MISMATCH):
            confirm(public, client, name, mailbox.code(other))


def test_the_code_of_another_kind_does_not_help(
    idp: Any, public: Any, pool: Pool, client: Client, mailbox: Mailbox
) -> None:
    name = unique()
    email = {"Name": "email", "Value": f"{name}@example.com"}
    public.sign_up(ClientId=client["ClientId"], Username=name, Password=PASSWORD, UserAttributes=[email])
    of_sign_up = mailbox.code(name)
    with refused("ExpiredCodeException", NO_CODE):
        confirm(public, client, name, of_sign_up)
    update(idp, pool, name, email_verified="true")
    forgot(public, client, name)
    of_reset = mailbox.code(name)
    if of_sign_up != of_reset:
        with refused("CodeMismatchException", MISMATCH):
            confirm(public, client, name, of_sign_up)
        with refused("CodeMismatchException", MISMATCH):
            public.confirm_sign_up(ClientId=client["ClientId"], Username=name, ConfirmationCode=of_reset)
    confirm(public, client, name, of_reset)


def test_the_code_of_a_changed_attribute_does_not_help(
    idp: Any, public: Any, pool: Pool, client: Client, name: str, mailbox: Mailbox
) -> None:
    token = factories.sign_in(public, client, name)["AccessToken"]
    public.get_user_attribute_verification_code(AccessToken=token, AttributeName="email")
    with refused("ExpiredCodeException", NO_CODE):
        confirm(public, client, name, mailbox.code(name))


def test_a_code_to_an_address_that_is_no_longer_the_users_is_void(
    idp: Any, public: Any, pool: Pool, client: Client, name: str, mailbox: Mailbox
) -> None:
    forgot(public, client, name)
    code = mailbox.code(f"{name}@example.com")
    update(idp, pool, name, email=f"new-{name}@example.com", email_verified="true")
    with refused("ExpiredCodeException", NO_CODE):
        confirm(public, client, name, code)
    forgot(public, client, name)
    confirm(public, client, name, mailbox.code(f"new-{name}@example.com"))


@pytest.mark.parametrize(
    ("password", "text"),
    [("short", "Password not long enough"), ("correct-horse-1", "Password must have uppercase characters")],
)
def test_a_password_against_the_policy_leaves_the_code_usable(
    public: Any, client: Client, name: str, mailbox: Mailbox, password: str, text: str
) -> None:
    forgot(public, client, name)
    for _ in range(MOST_TRIES + 1):
        with refused("InvalidPasswordException", f"Password did not conform with policy: {text}"):
            confirm(public, client, name, mailbox.code(name), password)
    confirm(public, client, name, mailbox.code(name))


def test_tokens_outlive_a_reset(public: Any, client: Client, name: str, mailbox: Mailbox) -> None:
    tokens = factories.sign_in(public, client, name)
    forgot(public, client, name)
    confirm(public, client, name, mailbox.code(name))
    assert public.get_user(AccessToken=tokens["AccessToken"])["Username"] == name
    public.initiate_auth(
        ClientId=client["ClientId"],
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": tokens["RefreshToken"]},
    )


def test_a_reset_lifts_the_lock_out(public: Any, client: Client, name: str, mailbox: Mailbox, clock: Clock) -> None:
    for failures in range(8):
        clock.advance(seconds=2 ** max(failures - 5, 0))
        with refused("NotAuthorizedException", INCORRECT):
            factories.sign_in(public, client, name, "Wrong-Horse-9")
    with refused("NotAuthorizedException", "Password attempts exceeded"):
        factories.sign_in(public, client, name)
    forgot(public, client, name)
    confirm(public, client, name, mailbox.code(name))
    assert factories.sign_in(public, client, name, NEW)


def test_a_reset_moves_the_date_of_modification_and_no_attribute(
    idp: Any, public: Any, pool: Pool, client: Client, name: str, mailbox: Mailbox
) -> None:
    before = idp.admin_get_user(UserPoolId=pool["Id"], Username=name)
    forgot(public, client, name)
    asked = idp.admin_get_user(UserPoolId=pool["Id"], Username=name)
    assert asked["UserLastModifiedDate"] == before["UserLastModifiedDate"]
    confirm(public, client, name, mailbox.code(name))
    after = idp.admin_get_user(UserPoolId=pool["Id"], Username=name)
    assert after["UserLastModifiedDate"] > before["UserLastModifiedDate"]
    assert attributes_of(after) == attributes_of(before)


def test_of_many_confirmations_with_one_code_one_gets_through(
    server: Server, public: Any, client: Client, name: str, mailbox: Mailbox
) -> None:
    forgot(public, client, name)
    passwords = [f"Parallel-Horse-{number}" for number in range(6)]
    members = {"ClientId": client["ClientId"], "Username": name, "ConfirmationCode": mailbox.code(name)}
    answers = clients.burst(
        server, "ConfirmForgotPassword", [{**members, "Password": password} for password in passwords]
    )
    assert Counter(answer.get("message", "ok") for answer in answers) == {"ok": 1, NO_CODE: 5}
    [winner] = [password for password, answer in zip(passwords, answers, strict=True) if "message" not in answer]
    assert factories.sign_in(public, client, name, winner)


# Who asks, and through which client


def test_any_name_of_the_user_will_do(idp: Any, public: Any, mailbox: Mailbox) -> None:
    pool = factories.make_pool(idp, AliasAttributes=["email", "preferred_username"], AutoVerifiedAttributes=["email"])
    client = factories.make_client(idp, pool)
    name, address = make_user(idp, pool)
    update(idp, pool, name, preferred_username=f"the-{name}")
    sub = attributes_of(idp.admin_get_user(UserPoolId=pool["Id"], Username=name))["sub"]
    for number, known_as in enumerate((name, address, f"the-{name}", sub)):
        forgot(public, client, known_as)
        confirm(public, client, known_as, mailbox.code(address), f"Another-Horse-{number}")
        assert factories.sign_in(public, client, name, f"Another-Horse-{number}")


def test_an_address_as_user_name_gets_its_code(idp: Any, public: Any, mailbox: Mailbox) -> None:
    pool = factories.make_pool(idp, UsernameAttributes=["email"], AutoVerifiedAttributes=["email"])
    client = factories.make_client(idp, pool)
    address = f"{unique()}@example.com"
    factories.make_user(idp, pool, address)
    with refused("InvalidParameterException", NO_ADDRESS):
        forgot(public, client, address)
    update(idp, pool, address, email_verified="true")
    forgot(public, client, address)
    confirm(public, client, address, mailbox.code(address))
    assert factories.sign_in(public, client, address, NEW)


def test_client_with_a_secret_must_prove_it(idp: Any, public: Any, pool: Pool, name: str, mailbox: Mailbox) -> None:
    client = factories.make_client(idp, pool, GenerateSecret=True)
    client_id = client["ClientId"]
    asked = {"ClientId": client_id, "Username": name}
    answered = {"ConfirmationCode": "123456", "Password": NEW}
    for call, members in ((public.forgot_password, asked), (public.confirm_forgot_password, asked | answered)):
        with refused(
            "NotAuthorizedException", f"Client {client_id} is configured for secret but secret was not received"
        ):
            call(**members)
        for wrong in ("nonsense", secret_hash(client, "somebody"), secret_hash(client, name.upper())):
            with refused("NotAuthorizedException", f"Unable to verify secret hash for client {client_id}"):
                call(**members, SecretHash=wrong)
    assert mailbox.messages(name) == []
    right = secret_hash(client, name)
    public.forgot_password(**asked, SecretHash=right)
    public.confirm_forgot_password(**asked, **{**answered, "ConfirmationCode": mailbox.code(name)}, SecretHash=right)


def test_client_without_a_secret_refuses_a_proof(public: Any, client: Client, name: str) -> None:
    with refused("NotAuthorizedException", f"Unable to verify secret hash for client {client['ClientId']}"):
        public.forgot_password(ClientId=client["ClientId"], Username=name, SecretHash="nonsense")


def test_client_of_another_pool_does_not_know_the_user(
    idp: Any, public: Any, pool: Pool, client: Client, name: str, mailbox: Mailbox
) -> None:
    stranger = factories.make_client(idp, factories.make_pool(idp, AutoVerifiedAttributes=["email"]))
    with refused("UserNotFoundException", NO_SUCH_PAIR):
        forgot(public, stranger, name)
    forgot(public, client, name)
    with refused("UserNotFoundException", NO_SUCH_PAIR):
        confirm(public, stranger, name, mailbox.code(name))


def test_any_client_of_the_pool_takes_the_code(
    idp: Any, public: Any, pool: Pool, client: Client, discreet: Client, name: str, mailbox: Mailbox
) -> None:
    forgot(public, client, name)
    confirm(public, discreet, name, mailbox.code(name))


def test_missing_client_is_told(public: Any) -> None:
    client = {"ClientId": "nosuchclient0000000000000"}
    for call in (lambda: forgot(public, client, "ada"), lambda: confirm(public, client, "ada", "123456")):
        with refused("ResourceNotFoundException", f"User pool client {client['ClientId']} does not exist."):
            call()


def test_administrators_reset_needs_a_signature_and_a_pool(idp: Any, public: Any, pool: Pool, name: str) -> None:
    with refused("MissingAuthenticationTokenException"):
        reset(public, pool, name)
    with refused("ResourceNotFoundException", "User pool us-east-1_NoSuchOne does not exist."):
        reset(idp, {"Id": "us-east-1_NoSuchOne"}, name)
    with refused("UserNotFoundException", "User does not exist."):
        reset(idp, pool, unique())


# Where codes go


PHONE = "+4915112349934"
BOTH = {"email_verified": "true", "phone_number_verified": "true"}
EMAIL_FIRST = [("verified_email", 1), ("verified_phone_number", 2)]
PHONE_FIRST = [("verified_email", 2), ("verified_phone_number", 1)]
EMAIL_ONLY = [("verified_email", 1)]
PHONE_ONLY = [("verified_phone_number", 1)]


def recovery_setting(mechanisms: list[tuple[str, int]] | None) -> dict[str, Any]:
    if mechanisms is None:
        return {}
    listed = [{"Name": name, "Priority": priority} for name, priority in mechanisms]
    return {"AccountRecoverySetting": {"RecoveryMechanisms": listed}}


@pytest.mark.parametrize(
    ("mechanisms", "verified", "medium"),
    [
        (None, BOTH, "SMS"),
        (None, {"email_verified": "true"}, "EMAIL"),
        (None, {"phone_number_verified": "true"}, "SMS"),
        (None, {}, None),
        (EMAIL_FIRST, BOTH, "EMAIL"),
        (EMAIL_FIRST, {"phone_number_verified": "true"}, "SMS"),
        (EMAIL_FIRST, {"email_verified": "false", "phone_number_verified": "true"}, "SMS"),
        (PHONE_FIRST, BOTH, "SMS"),
        (PHONE_FIRST, {"email_verified": "true"}, "EMAIL"),
        (EMAIL_ONLY, BOTH, "EMAIL"),
        (EMAIL_ONLY, {"phone_number_verified": "true"}, None),
        (PHONE_ONLY, BOTH, "SMS"),
        (PHONE_ONLY, {"email_verified": "true"}, None),
        (PHONE_ONLY, {"email_verified": "true", "phone_number_verified": "false"}, None),
    ],
)
def test_code_goes_to_the_verified_address_that_the_pool_prefers(
    idp: Any,
    public: Any,
    mailbox: Mailbox,
    mechanisms: list[tuple[str, int]] | None,
    verified: dict[str, str],
    medium: str | None,
) -> None:
    pool = factories.make_pool(idp, **recovery_setting(mechanisms))
    client = factories.make_client(idp, pool)
    name = unique()
    factories.make_user(idp, pool, name, email=f"{name}@example.com", phone_number=PHONE, **verified)
    if medium is None:
        with refused("InvalidParameterException", NO_ADDRESS):
            forgot(public, client, name)
        with refused("InvalidParameterException", NO_ADDRESS):
            reset(idp, pool, name)
        assert status_of(idp, pool, name) == "CONFIRMED"
        assert mailbox.messages(name) == []
        return
    email, phone = f"{name[0]}***@e***", "+*********9934"
    assert forgot(public, client, name) == {
        "Destination": email if medium == "EMAIL" else phone,
        "DeliveryMedium": medium,
        "AttributeName": "email" if medium == "EMAIL" else "phone_number",
    }
    reset(idp, pool, name)
    messages = mailbox.messages(name)
    assert {(message["kind"], message["channel"]) for message in messages} == {("ForgotPassword", medium)}
    assert len(messages) == 2
    confirm(public, client, name, messages[0]["code"])
    assert factories.sign_in(public, client, name, NEW)


def test_where_administrators_alone_help_nobody_gets_a_code(idp: Any, public: Any, mailbox: Mailbox) -> None:
    pool = factories.make_pool(idp, AutoVerifiedAttributes=["email"], **recovery_setting([("admin_only", 1)]))
    open_client = factories.make_client(idp, pool)
    discreet = factories.make_client(idp, pool, PreventUserExistenceErrors="ENABLED")
    name, _ = make_user(idp, pool)
    for client in (open_client, discreet):
        with refused("NotAuthorizedException", BY_ADMINISTRATOR):
            forgot(public, client, name)
    with refused("NotAuthorizedException", BY_ADMINISTRATOR):
        forgot(public, discreet, unique())
    with refused("UserNotFoundException", NO_SUCH_PAIR):
        forgot(public, open_client, unique())
    with refused("NotAuthorizedException", BY_ADMINISTRATOR):
        reset(idp, pool, name)
    assert status_of(idp, pool, name) == "CONFIRMED"
    assert mailbox.messages(name) == []


@pytest.mark.parametrize(
    ("mechanisms", "text"),
    [
        ([("admin_only", 1), ("verified_email", 2)], "admin_only can not be combined with other recovery mechanisms."),
        (
            [("verified_email", 1), ("verified_email", 2)],
            "Recovery mechanisms must have different names and priorities.",
        ),
        (
            [("verified_email", 1), ("verified_phone_number", 1)],
            "Recovery mechanisms must have different names and priorities.",
        ),
        ([("verified_pigeon", 1)], None),
        ([("verified_email", 0)], None),
        ([("verified_email", 3)], None),
        ([], None),
        ([("verified_email", 1), ("verified_phone_number", 2), ("admin_only", 2)], None),
    ],
)
def test_contradictory_settings_are_refused(idp: Any, mechanisms: list[tuple[str, int]], text: str | None) -> None:
    with refused("InvalidParameterException", text):
        factories.make_pool(idp, **recovery_setting(mechanisms))
    pool = factories.make_pool(idp, **recovery_setting(EMAIL_ONLY))
    with refused("InvalidParameterException", text):
        idp.update_user_pool(UserPoolId=pool["Id"], **recovery_setting(mechanisms))
    shown = idp.describe_user_pool(UserPoolId=pool["Id"])["UserPool"]
    assert {"AccountRecoverySetting": shown["AccountRecoverySetting"]} == recovery_setting(EMAIL_ONLY)


def test_setting_is_described_as_given_and_follows_an_update(idp: Any, public: Any) -> None:
    pool = factories.make_pool(idp, **recovery_setting(EMAIL_FIRST))
    client = factories.make_client(idp, pool)
    name = unique()
    factories.make_user(idp, pool, name, email="a@b.example", phone_number=PHONE, **BOTH)
    assert {"AccountRecoverySetting": pool["AccountRecoverySetting"]} == recovery_setting(EMAIL_FIRST)
    assert forgot(public, client, name)["DeliveryMedium"] == "EMAIL"
    idp.update_user_pool(UserPoolId=pool["Id"])
    assert "AccountRecoverySetting" not in idp.describe_user_pool(UserPoolId=pool["Id"])["UserPool"]
    assert forgot(public, client, name)["DeliveryMedium"] == "SMS"


# Limits


def test_requests_and_confirmations_share_ten_an_hour(
    public: Any, client: Client, name: str, mailbox: Mailbox, clock: Clock
) -> None:
    forgot(public, client, name)
    code = mailbox.code(name)
    for _ in range(4):
        forgot(public, client, name)
    for _ in range(MOST_TRIES - 5):
        with refused("CodeMismatchException", MISMATCH):
            confirm(public, client, name, "x")
    newest = mailbox.code(name)
    with refused("LimitExceededException", EXCEEDED):
        forgot(public, client, name)
    for each in ("x", code, newest):
        with refused("LimitExceededException", EXCEEDED):
            confirm(public, client, name, each)
    assert len(mailbox.messages(name)) == 5
    clock.advance(minutes=59)
    with refused("LimitExceededException", EXCEEDED):
        forgot(public, client, name)
    clock.advance(minutes=1)
    forgot(public, client, name)
    confirm(public, client, name, mailbox.code(name))


def test_right_confirmations_do_not_count(public: Any, client: Client, name: str, mailbox: Mailbox) -> None:
    for number in range(MOST_TRIES - 1):
        forgot(public, client, name)
        confirm(public, client, name, mailbox.code(name), f"Another-Horse-{number}")


def test_limit_is_one_users_whatever_the_client_and_the_name(
    idp: Any, public: Any, pool: Pool, client: Client, discreet: Client, name: str
) -> None:
    sub = attributes_of(idp.admin_get_user(UserPoolId=pool["Id"], Username=name))["sub"]
    for known_as in [name, sub] * (MOST_TRIES // 2):
        forgot(public, client, known_as)
    for each in (client, discreet):
        with refused("LimitExceededException", EXCEEDED):
            forgot(public, each, name)
    other, _ = make_user(idp, pool)
    forgot(public, client, other)
    reset(idp, pool, name)  # an administrator is not limited by what somebody did to the user


def test_parallel_guesses_stay_within_the_limit(
    server: Server, public: Any, client: Client, name: str, mailbox: Mailbox
) -> None:
    forgot(public, client, name)
    wrong = other_code(mailbox.code(name))
    members = {"ClientId": client["ClientId"], "Username": name, "ConfirmationCode": wrong, "Password": NEW}
    answers = Counter(answer["message"] for answer in clients.burst(server, "ConfirmForgotPassword", [members] * 16))
    assert answers == {MISMATCH: MOST_TRIES - 1, EXCEEDED: 16 - (MOST_TRIES - 1)}


# Addresses that get second factors

SMS = {"SnsCallerArn": "arn:aws:iam::000000000000:role/sms"}
SES = {"EmailSendingAccount": "DEVELOPER", "SourceArn": "arn:aws:ses:us-east-1:000000000000:identity/a@example.com"}
BOTH_FACTORS = {"SmsMfaConfiguration": {"SmsConfiguration": SMS}, "EmailMfaConfiguration": {}}


def make_pool_with_mfa(idp: Any, mechanisms: list[tuple[str, int]] | None = None, mode: str = "OPTIONAL") -> Pool:
    """A pool that offers SMS and e-mail as second factors."""
    pool = factories.make_pool(idp, EmailConfiguration=SES, **recovery_setting(mechanisms))
    idp.set_user_pool_mfa_config(UserPoolId=pool["Id"], MfaConfiguration=mode, **BOTH_FACTORS)
    return pool


def make_user_with_mfa(idp: Any, pool: Pool, *factors: str) -> str:
    """A user with both addresses verified, and second factors switched on."""
    name = unique()
    factories.make_user(idp, pool, name, email=f"{name}@example.com", phone_number=PHONE, **BOTH)
    use_as_second_factors(idp, pool, name, *factors)
    return name


def use_as_second_factors(idp: Any, pool: Pool, name: str, *factors: str) -> None:
    settings = {f"{factor}MfaSettings": {"Enabled": True} for factor in factors}
    idp.admin_set_user_mfa_preference(UserPoolId=pool["Id"], Username=name, **settings)


def is_unable(idp: Any, public: Any, pool: Pool, name: str, mailbox: Mailbox) -> bool:
    """Whether nobody gets a code for the user: they themselves, hidden or not, and administrators."""
    with refused("InvalidParameterException", NO_ADDRESS):
        forgot(public, factories.make_client(idp, pool), name)
    with refused("InvalidParameterException", NO_ADDRESS):
        reset(idp, pool, name)
    forgot(public, factories.make_client(idp, pool, PreventUserExistenceErrors="ENABLED"), name)
    return status_of(idp, pool, name) == "CONFIRMED" and mailbox.messages(name) == []


@pytest.mark.parametrize(
    ("mechanisms", "factors", "medium"),
    [
        (None, [], "SMS"),
        (None, ["SMS"], "EMAIL"),
        (None, ["Email"], "SMS"),
        (EMAIL_FIRST, ["SMS"], "EMAIL"),
        (EMAIL_FIRST, ["Email"], "SMS"),
        (PHONE_FIRST, ["SMS"], "EMAIL"),
    ],
)
def test_code_does_not_go_where_second_factors_go(
    idp: Any,
    public: Any,
    mailbox: Mailbox,
    mechanisms: list[tuple[str, int]] | None,
    factors: list[str],
    medium: str,
) -> None:
    pool = make_pool_with_mfa(idp, mechanisms)
    name = make_user_with_mfa(idp, pool, *factors)
    assert forgot(public, factories.make_client(idp, pool), name)["DeliveryMedium"] == medium
    reset(idp, pool, name)
    assert [message["channel"] for message in mailbox.messages(name)] == [medium, medium]


@pytest.mark.parametrize("mode", ["OPTIONAL", "ON"])
@pytest.mark.parametrize(
    ("mechanisms", "factors"),
    [(None, ["SMS", "Email"]), (EMAIL_FIRST, ["SMS", "Email"]), (PHONE_ONLY, ["SMS"])],
)
def test_where_all_addresses_get_second_factors_administrators_alone_help(
    idp: Any, public: Any, mailbox: Mailbox, mechanisms: list[tuple[str, int]] | None, factors: list[str], mode: str
) -> None:
    pool = make_pool_with_mfa(idp, mechanisms, mode)
    name = make_user_with_mfa(idp, pool, *factors)
    assert is_unable(idp, public, pool, name, mailbox)


@pytest.mark.parametrize("mode", ["OFF", "OPTIONAL"])
def test_second_factor_that_the_pool_does_not_offer_any_more_hinders_nobody(idp: Any, public: Any, mode: str) -> None:
    pool = make_pool_with_mfa(idp, PHONE_ONLY)
    name = make_user_with_mfa(idp, pool, "SMS")
    other = {} if mode == "OFF" else {"SoftwareTokenMfaConfiguration": {"Enabled": True}}
    idp.set_user_pool_mfa_config(UserPoolId=pool["Id"], MfaConfiguration=mode, **other)
    assert forgot(public, factories.make_client(idp, pool), name)["DeliveryMedium"] == "SMS"


@pytest.mark.parametrize(
    ("factors", "medium"),
    [({"SmsMfaConfiguration": {"SmsConfiguration": SMS}}, "EMAIL"), ({"EmailMfaConfiguration": {}}, "SMS")],
    ids=["sms", "e-mail"],
)
def test_required_mfa_goes_where_it_can_and_recovery_elsewhere(
    idp: Any, public: Any, factors: dict[str, Any], medium: str
) -> None:
    pool = factories.make_pool(idp, EmailConfiguration=SES)
    name = make_user_with_mfa(idp, pool)
    idp.set_user_pool_mfa_config(UserPoolId=pool["Id"], MfaConfiguration="ON", **factors)
    assert forgot(public, factories.make_client(idp, pool), name)["DeliveryMedium"] == medium


def test_code_is_void_once_its_address_gets_second_factors(idp: Any, public: Any, mailbox: Mailbox) -> None:
    pool = make_pool_with_mfa(idp, PHONE_FIRST)
    client = factories.make_client(idp, pool)
    name = make_user_with_mfa(idp, pool)
    assert forgot(public, client, name)["DeliveryMedium"] == "SMS"
    code = mailbox.code(name)
    use_as_second_factors(idp, pool, name, "SMS")
    with refused("ExpiredCodeException", NO_CODE):
        confirm(public, client, name, code)
    assert forgot(public, client, name)["DeliveryMedium"] == "EMAIL"
    confirm(public, client, name, mailbox.code(name))


# Where existence is hidden


def unable_users(idp: Any, pool: Pool) -> dict[str, str]:
    """Names that cannot get a code, by the reason why."""
    unverified, disabled, invited = unique("unverified"), unique("disabled"), unique("invited")
    factories.make_user(idp, pool, unverified, email=f"{unverified}@example.com")
    factories.make_user(idp, pool, disabled, email=f"{disabled}@example.com", email_verified="true")
    idp.admin_disable_user(UserPoolId=pool["Id"], Username=disabled)
    attributes = {"email": f"{invited}@example.com", "email_verified": "true"}
    idp.admin_create_user(
        UserPoolId=pool["Id"],
        Username=invited,
        UserAttributes=[{"Name": key, "Value": value} for key, value in attributes.items()],
    )
    return {"unverified": unverified, "disabled": disabled, "invited": invited, "unknown": unique("nobody")}


@pytest.mark.parametrize("why", ["unverified", "disabled", "invited", "unknown"])
def test_who_cannot_get_a_code_looks_like_who_gets_one(
    idp: Any, public: Any, pool: Pool, discreet: Client, name: str, mailbox: Mailbox, why: str
) -> None:
    unable = unable_users(idp, pool)[why]
    able = forgot(public, discreet, name)
    details = forgot(public, discreet, unable)
    assert forgot(public, discreet, unable) == forgot(public, discreet, unable) == details
    assert details.keys() == able.keys()
    assert {**details, "Destination": ""} == {**able, "Destination": ""}
    for each in (details, able):
        assert re.fullmatch(r"[a-z]\*\*\*@[a-z]\*\*\*", each["Destination"])
    assert mailbox.messages(unable) == []
    for asked in (unable, name):
        with refused("CodeMismatchException", MISMATCH):
            confirm(public, discreet, asked, "x")
        with refused("InvalidPasswordException", "Password did not conform with policy: Password not long enough"):
            confirm(public, discreet, asked, "x", "short")


@pytest.mark.parametrize("why", ["able", "unverified", "disabled", "invited", "unknown"])
def test_all_are_limited_alike(
    idp: Any, public: Any, pool: Pool, discreet: Client, name: str, clock: Clock, why: str
) -> None:
    asked = {**unable_users(idp, pool), "able": name}[why]
    for _ in range(MOST_TRIES // 2):
        forgot(public, discreet, asked)
        with refused("CodeMismatchException", MISMATCH):
            confirm(public, discreet, asked, "x")
    with refused("LimitExceededException", EXCEEDED):
        forgot(public, discreet, asked)
    with refused("LimitExceededException", EXCEEDED):
        confirm(public, discreet, asked, "x")
    clock.advance(hours=1)
    forgot(public, discreet, asked)


def test_unknown_names_that_differ_in_case_are_one_where_case_does_not_count(idp: Any, public: Any) -> None:
    pool = factories.make_pool(idp, AutoVerifiedAttributes=["email"], UsernameConfiguration={"CaseSensitive": False})
    client = factories.make_client(idp, pool, PreventUserExistenceErrors="ENABLED")
    name = unique("nobody")
    assert forgot(public, client, name) == forgot(public, client, name.upper())
    for _ in range(MOST_TRIES - 2):
        forgot(public, client, name)
    with refused("LimitExceededException", EXCEEDED):
        forgot(public, client, name.upper())


def test_an_expired_code_is_told_to_who_knows_it(
    public: Any, discreet: Client, name: str, mailbox: Mailbox, clock: Clock
) -> None:
    forgot(public, discreet, name)
    code = mailbox.code(name)
    clock.advance(hours=1)
    with refused("CodeMismatchException", MISMATCH):
        confirm(public, discreet, name, other_code(code))
    with refused("ExpiredCodeException", NO_CODE):
        confirm(public, discreet, name, code)


@pytest.mark.parametrize(
    ("mechanisms", "auto_verified", "name", "medium"),
    [
        (None, ["email"], "nobody", "EMAIL"),
        (None, ["phone_number"], "nobody", "SMS"),
        (None, ["email", "phone_number"], "nobody", "SMS"),
        (None, [], "nobody", "SMS"),
        (None, ["email", "phone_number"], "nobody@example.com", "EMAIL"),
        (EMAIL_FIRST, [], "nobody", "EMAIL"),
        (EMAIL_FIRST, ["phone_number"], "nobody", "SMS"),
        (EMAIL_FIRST, [], PHONE, "SMS"),
        (EMAIL_ONLY, ["email", "phone_number"], PHONE, "EMAIL"),
        (PHONE_ONLY, ["email"], "nobody@example.com", "SMS"),
    ],
)
def test_simulated_answer_takes_the_channel_that_users_of_the_pool_have(
    idp: Any,
    public: Any,
    mechanisms: list[tuple[str, int]] | None,
    auto_verified: list[str],
    name: str,
    medium: str,
) -> None:
    pool = factories.make_pool(idp, AutoVerifiedAttributes=auto_verified, **recovery_setting(mechanisms))
    client = factories.make_client(idp, pool, PreventUserExistenceErrors="ENABLED")
    details = forgot(public, client, name)
    assert details["DeliveryMedium"] == medium
    assert re.fullmatch(r"\+\*+[0-9]{4}" if medium == "SMS" else r"[a-z]\*\*\*@[a-z]\*\*\*", details["Destination"])


# A reset by an administrator


def test_an_administrators_reset_is_completed_with_the_code(
    idp: Any, public: Any, pool: Pool, client: Client, mailbox: Mailbox
) -> None:
    name, address = make_user(idp, pool)
    tokens = factories.sign_in(public, client, name)
    assert reset(idp, pool, name).keys() == {"ResponseMetadata"}
    assert status_of(idp, pool, name) == "RESET_REQUIRED"
    with refused("PasswordResetRequiredException", "Password reset required for the user"):
        factories.sign_in(public, client, name)
    with refused("NotAuthorizedException", INCORRECT):
        factories.sign_in(public, client, name, NEW)
    with refused("PasswordResetRequiredException"):
        public.get_user(AccessToken=tokens["AccessToken"])
    confirm(public, client, name, mailbox.code(address))
    assert status_of(idp, pool, name) == "CONFIRMED"
    assert factories.sign_in(public, client, name, NEW)
    assert public.get_user(AccessToken=tokens["AccessToken"])["Username"] == name


def test_a_lost_code_of_a_reset_is_sent_again_on_request(
    idp: Any, public: Any, pool: Pool, client: Client, name: str, mailbox: Mailbox, clock: Clock
) -> None:
    reset(idp, pool, name)
    lost = mailbox.code(name)
    with refused("NotAuthorizedException", NOT_NOW):
        reset(idp, pool, name)
    clock.advance(hours=1)
    with refused("ExpiredCodeException", NO_CODE):
        confirm(public, client, name, lost)
    forgot(public, client, name)
    assert status_of(idp, pool, name) == "RESET_REQUIRED"
    confirm(public, client, name, mailbox.code(name))
    assert status_of(idp, pool, name) == "CONFIRMED"


def test_a_reset_replaces_the_code_that_the_user_asked_for(
    idp: Any, public: Any, pool: Pool, client: Client, name: str, mailbox: Mailbox
) -> None:
    forgot(public, client, name)
    asked = mailbox.code(name)
    reset(idp, pool, name)
    if asked != mailbox.code(name):
        with refused("CodeMismatchException", MISMATCH):
            confirm(public, client, name, asked)
    confirm(public, client, name, mailbox.code(name))


def test_a_disabled_user_may_be_reset_and_stays_disabled(
    idp: Any, public: Any, pool: Pool, client: Client, name: str, mailbox: Mailbox
) -> None:
    idp.admin_disable_user(UserPoolId=pool["Id"], Username=name)
    reset(idp, pool, name)
    with refused("NotAuthorizedException", "User is disabled."):
        confirm(public, client, name, mailbox.code(name))
    idp.admin_enable_user(UserPoolId=pool["Id"], Username=name)
    confirm(public, client, name, mailbox.code(name))
    assert status_of(idp, pool, name) == "CONFIRMED"
