"""pycognito, and boto3 with pycognito's SRP: what servers and scripts in Python do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore import UNSIGNED
from botocore.config import Config
from pycognito import AWSSRP, Cognito
from pycognito.exceptions import (
    ForceChangePasswordException,
    SMSMFAChallengeException,
    SoftwareTokenMFAChallengeException,
    TokenVerificationException,
)

from tests.support import factories, second_factors
from tests.support.authenticator import Authenticator
from tests.support.clients import refused, secret_hash
from tests.support.clock import Clock
from tests.support.factories import PASSWORD, Make, address_of, claims_of, number_of, unique
from tests.support.mailbox import Mailbox
from tests.support.server import ACCESS_KEY_ID, SECRET_ACCESS_KEY, Server

NEW_PASSWORD = "Another-Horse-2"
NOT_AUTHORIZED = "NotAuthorizedException"
INCORRECT = "Incorrect username or password."

Connect = Callable[..., Cognito]


@pytest.fixture(params=["without secret", "with secret"])
def client(request: pytest.FixtureRequest, make_client: Make, pool: dict[str, Any]) -> dict[str, Any]:
    return make_client(pool, GenerateSecret=request.param == "with secret")


@pytest.fixture
def alice(idp: Any, pool: dict[str, Any]) -> str:
    """A confirmed user with a verified address."""
    return factories.make_user(idp, pool, unique("Alice"), email=address_of(pool), email_verified="true")


@pytest.fixture(scope="session")
def connect(server: Server) -> Connect:
    """A `Cognito` of pycognito for a user. The endpoint that boto3 is given is where it finds issuer and keys too."""

    def make(client: dict[str, Any], username: str | None = None) -> Cognito:
        return Cognito(
            client["UserPoolId"],
            client["ClientId"],
            username=username,
            client_secret=client.get("ClientSecret"),
            boto3_client_kwargs={"endpoint_url": server.url, "config": Config(signature_version=UNSIGNED)},
        )

    return make


@pytest.fixture(scope="session")
def administer(server: Server) -> Connect:
    """The same with an operator's access key."""

    def make(client: dict[str, Any], username: str | None = None) -> Cognito:
        return Cognito(
            client["UserPoolId"],
            client["ClientId"],
            username=username,
            client_secret=client.get("ClientSecret"),
            access_key=ACCESS_KEY_ID,
            secret_key=SECRET_ACCESS_KEY,
            boto3_client_kwargs={"endpoint_url": server.url},
        )

    return make


def test_register_confirm_and_authenticate(
    connect: Connect, client: dict[str, Any], pool: dict[str, Any], mailbox: Mailbox
) -> None:
    address = address_of(pool)
    app = connect(client, "alice")
    app.set_base_attributes(email=address, given_name="Alice")
    app.add_custom_attributes(plan="gold")
    sub = app.register("alice", PASSWORD)["UserSub"]
    with refused("UserNotConfirmedException", "User is not confirmed."):
        app.authenticate(PASSWORD)
    app.resend_confirmation_code("alice")
    app.confirm_sign_up(mailbox.code(address), "alice")

    app.authenticate(PASSWORD)
    # It verifies what it gets, against the keys of the pool.
    assert (app.id_claims["sub"], app.id_claims["custom:plan"], app.access_claims["username"]) == (sub, "gold", "alice")
    user = app.get_user(attr_map={"custom:plan": "plan"})
    assert (user.sub, user.email, user.email_verified, user.plan) == (sub, address, True, "gold")


def test_tokens_of_others_do_not_verify(
    connect: Connect, client: dict[str, Any], make_client: Make, pool: dict[str, Any], alice: str
) -> None:
    app, other = connect(client, alice), connect(make_client(pool), alice)
    app.authenticate(PASSWORD)
    other.authenticate(PASSWORD)
    with pytest.raises(TokenVerificationException, match="Audience doesn't match"):
        app.verify_token(other.id_token, "id_token", "id")
    head, claims, signature = app.id_token.split(".")
    forged = f"{head}.{claims}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"
    with pytest.raises(TokenVerificationException, match="Signature verification failed"):
        app.verify_token(forged, "id_token", "id")
    app.verify_tokens()


@pytest.mark.parametrize("name", ["Bob.Builder", "JÜRGEN-Ångström-ß", "🦉owl+1=2"])
def test_any_name_signs_in(connect: Connect, idp: Any, pool: dict[str, Any], client: dict[str, Any], name: str) -> None:
    factories.make_user(idp, pool, name)
    app = connect(client, name)
    app.authenticate(PASSWORD)
    assert app.id_claims["cognito:username"] == name


def test_an_address_as_the_name(
    connect: Connect, idp: Any, make_pool: Make, make_client: Make, mailbox: Mailbox
) -> None:
    pool = make_pool(UsernameAttributes=["email"])
    address = address_of(pool)
    client = make_client(pool, GenerateSecret=True)
    app = connect(client, address)
    app.set_base_attributes(email=address)
    sub = app.register(address, PASSWORD)["UserSub"]
    app.confirm_sign_up(mailbox.code(address))
    app.authenticate(PASSWORD)
    assert (app.id_claims["cognito:username"], app.id_claims["email"]) == (sub, address)
    app.renew_access_token()
    assert app.access_claims["username"] == sub


def test_aliases_sign_in(connect: Connect, idp: Any, make_pool: Make, make_client: Make) -> None:
    pool = make_pool(AliasAttributes=["email"])
    address = address_of(pool)
    name = factories.make_user(idp, pool, email=address, email_verified="true")
    app = connect(make_client(pool, GenerateSecret=True), address)
    app.authenticate(PASSWORD)
    assert app.id_claims["cognito:username"] == name
    app.renew_access_token()


def test_wrong_passwords_and_unknown_names_are_told_the_same(
    connect: Connect, client: dict[str, Any], alice: str
) -> None:
    for name, password in ((alice, NEW_PASSWORD), ("nobody", PASSWORD)):
        with refused(NOT_AUTHORIZED, INCORRECT):
            connect(client, name).authenticate(password)


def test_administrators_authenticate_their_users(administer: Connect, client: dict[str, Any], alice: str) -> None:
    app = administer(client, alice)
    with refused(NOT_AUTHORIZED, INCORRECT):
        app.admin_authenticate(NEW_PASSWORD)
    app.admin_authenticate(PASSWORD)
    assert app.access_claims["username"] == alice
    app.admin_update_profile({"custom:plan": "gold"})
    assert app.admin_get_user(attr_map={"custom:plan": "plan"}).plan == "gold"


def test_invited_users_choose_a_password(
    connect: Connect, administer: Connect, client: dict[str, Any], pool: dict[str, Any]
) -> None:
    administer(client).admin_create_user(
        "alice", PASSWORD, additional_kwargs={"MessageAction": "SUPPRESS"}, email=address_of(pool)
    )
    app = connect(client, "alice")
    with pytest.raises(ForceChangePasswordException):
        app.authenticate(PASSWORD)
    app.new_password_challenge(PASSWORD, NEW_PASSWORD)
    assert app.id_claims["email"] == address_of(pool)
    app.authenticate(NEW_PASSWORD)
    with refused(NOT_AUTHORIZED, INCORRECT):
        app.authenticate(PASSWORD)


def test_tokens_are_renewed(connect: Connect, client: dict[str, Any], alice: str, idp: Any, clock: Clock) -> None:
    app = connect(client, alice)
    app.authenticate(PASSWORD)
    before = app.access_claims
    assert app.check_token() is False
    app.renew_access_token()
    after = app.access_claims
    assert (after["origin_jti"], after["auth_time"]) == (before["origin_jti"], before["auth_time"])
    assert after["jti"] != before["jti"]


def test_the_password_is_changed(connect: Connect, client: dict[str, Any], alice: str) -> None:
    app = connect(client, alice)
    app.authenticate(PASSWORD)
    app.change_password(PASSWORD, NEW_PASSWORD)
    with refused(NOT_AUTHORIZED, INCORRECT):
        app.authenticate(PASSWORD)
    app.authenticate(NEW_PASSWORD)


def test_the_profile_is_updated_and_the_new_address_verified(
    connect: Connect, client: dict[str, Any], pool: dict[str, Any], alice: str, mailbox: Mailbox
) -> None:
    app = connect(client, alice)
    app.authenticate(PASSWORD)
    address = address_of(pool, "alice.liddell")
    app.update_profile({"plan": "gold", "email": address}, attr_map={"custom:plan": "plan"})
    user = app.get_user(attr_map={"custom:plan": "plan"})
    assert (user.plan, user.email, user.email_verified) == ("gold", address, False)
    app.send_verification("email")
    app.validate_verification(mailbox.code(address), "email")
    assert app.get_user().email_verified is True


def test_a_forgotten_password_is_replaced(
    connect: Connect, client: dict[str, Any], pool: dict[str, Any], alice: str, mailbox: Mailbox
) -> None:
    app = connect(client, alice)
    app.initiate_forgot_password()
    app.confirm_forgot_password(mailbox.code(address_of(pool)), NEW_PASSWORD)
    app.authenticate(NEW_PASSWORD)


def test_log_out_ends_every_token(connect: Connect, client: dict[str, Any], alice: str) -> None:
    phone, laptop = connect(client, alice), connect(client, alice)
    for app in (phone, laptop):
        app.authenticate(PASSWORD)
    phone.logout()
    assert phone.access_token is None
    with refused(NOT_AUTHORIZED, "Refresh Token has been revoked"):
        laptop.renew_access_token()
    with refused(NOT_AUTHORIZED, "Access Token has been revoked"):
        laptop.get_user()


def test_an_authenticator_app_is_set_up_and_asked_for(
    connect: Connect, idp: Any, make_client: Make, clock: Clock, with_secret: bool
) -> None:
    pool = second_factors.make_pool(idp, second_factors.TOTP)
    alice = factories.make_user(idp, pool, unique("Alice"))
    app = connect(make_client(pool, GenerateSecret=with_secret), alice)
    app.authenticate(PASSWORD)
    phone = Authenticator(clock, app.associate_software_token())
    with refused("EnableSoftwareTokenMFAException", "Code mismatch"):
        app.verify_software_token(phone.wrong_code())
    assert app.verify_software_token(phone.code(), "phone") is True
    app.set_user_mfa_preference(sms_mfa=False, software_token_mfa=True, preferred="SOFTWARE_TOKEN")

    with pytest.raises(SoftwareTokenMFAChallengeException) as challenge:
        app.authenticate(PASSWORD)
    assert challenge.value.get_tokens()["ChallengeParameters"]["FRIENDLY_DEVICE_NAME"] == "phone"
    with refused("CodeMismatchException"):
        app.respond_to_software_token_mfa_challenge(phone.wrong_code())
    app.respond_to_software_token_mfa_challenge(phone.code())
    assert app.access_claims["username"] == alice

    app.set_user_mfa_preference(sms_mfa=False, software_token_mfa=False)
    app.authenticate(PASSWORD)


@pytest.fixture(params=[False, True], ids=["without secret", "with secret"])
def with_secret(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def test_a_code_by_sms_is_asked_for(
    connect: Connect, idp: Any, make_client: Make, mailbox: Mailbox, with_secret: bool
) -> None:
    pool = second_factors.make_pool(idp, second_factors.SMS, mode="ON")
    number = number_of(pool)
    alice = factories.make_user(idp, pool, unique("Alice"), phone_number=number)
    app = connect(make_client(pool, GenerateSecret=with_secret), alice)
    with pytest.raises(SMSMFAChallengeException) as challenge:
        app.authenticate(PASSWORD)
    parameters = challenge.value.get_tokens()["ChallengeParameters"]
    assert parameters["CODE_DELIVERY_DELIVERY_MEDIUM"] == "SMS"
    assert parameters["CODE_DELIVERY_DESTINATION"] == f"+*******{number[-4:]}"
    app.respond_to_sms_mfa_challenge(mailbox.code(number))
    assert (app.access_claims["username"], app.get_user().phone_number_verified) == (alice, True)


def test_boto3_walks_a_new_password_and_two_factors(
    server: Server,
    public: Any,
    idp: Any,
    make_client: Make,
    clock: Clock,
    with_secret: bool,
) -> None:
    """Everything that a first sign-in can ask for, in the order of the guide, with SECRET_HASH where there is one."""
    pool = second_factors.make_pool(idp, second_factors.TOTP, mode="ON")
    client = make_client(pool, GenerateSecret=with_secret)
    idp.admin_create_user(UserPoolId=pool["Id"], Username="Alice", TemporaryPassword=PASSWORD, MessageAction="SUPPRESS")

    def respond(answer: dict[str, Any], **responses: str) -> dict[str, Any]:
        if with_secret:
            responses["SECRET_HASH"] = secret_hash(client, responses["USERNAME"])
        session = {"Session": answer["Session"]} if "Session" in answer else {}
        after: dict[str, Any] = public.respond_to_auth_challenge(
            ClientId=client["ClientId"],
            ChallengeName=answer["ChallengeName"],
            ChallengeResponses=responses,
            **session,
        )
        return after

    def begin(password: str) -> dict[str, Any]:
        srp = AWSSRP(
            "Alice", password, pool["Id"], client["ClientId"], client=public, client_secret=client.get("ClientSecret")
        )
        parameters = srp.get_auth_params()
        challenge = public.initiate_auth(
            ClientId=client["ClientId"], AuthFlow="USER_SRP_AUTH", AuthParameters=parameters
        )
        assert challenge["ChallengeName"] == "PASSWORD_VERIFIER"
        return respond(challenge, **srp.process_challenge(challenge["ChallengeParameters"], parameters))

    answer = begin(PASSWORD)
    assert answer["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    answer = respond(answer, USERNAME="Alice", NEW_PASSWORD=NEW_PASSWORD)
    assert answer["ChallengeName"] == "MFA_SETUP"
    associated = public.associate_software_token(Session=answer["Session"])
    phone = Authenticator(clock, associated["SecretCode"])
    verified = public.verify_software_token(Session=associated["Session"], UserCode=phone.code())
    assert verified["Status"] == "SUCCESS"
    answer = respond({**answer, "Session": verified["Session"]}, USERNAME="Alice")
    assert claims_of(answer["AuthenticationResult"]["AccessToken"])["username"] == "Alice"

    answer = begin(NEW_PASSWORD)
    assert answer["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    answer = respond(answer, USERNAME="Alice", SOFTWARE_TOKEN_MFA_CODE=phone.code())
    refresh_token = answer["AuthenticationResult"]["RefreshToken"]
    parameters = {"REFRESH_TOKEN": refresh_token}
    if with_secret:
        parameters["SECRET_HASH"] = secret_hash(client, "Alice")
    renewed = public.initiate_auth(
        ClientId=client["ClientId"], AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters=parameters
    )
    assert "RefreshToken" not in renewed["AuthenticationResult"]
