"""USER_SRP_AUTH of both pairs and PASSWORD_SRP of USER_AUTH, with an independent client and with pycognito."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Callable
from typing import Any

import bcrypt
import pytest
from pycognito.aws_srp import AWSSRP

from tests.support import factories, imports
from tests.support.clients import refused, secret_hash
from tests.support.clock import Clock
from tests.support.factories import PASSWORD, claims_of, unique
from tests.support.mailbox import Mailbox
from tests.support.server import Server
from tests.support.srp import VERIFIER, Exchange, SignIn

NEW_PASSWORD = "Another-Horse-2"
WRONG = "Wrong-Password-1"
INCORRECT = "Incorrect username or password."
LOCKED = "Password attempts exceeded"
FLOWS = [
    "ALLOW_USER_SRP_AUTH",
    "ALLOW_USER_AUTH",
    "ALLOW_USER_PASSWORD_AUTH",
    "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    "ALLOW_REFRESH_TOKEN_AUTH",
]

Json = dict[str, Any]


# Users are fresh for each test; pools and clients can be shared.


@pytest.fixture(scope="module")
def pool(idp: Any) -> Json:
    return factories.make_pool(idp, AliasAttributes=["email", "preferred_username"], AutoVerifiedAttributes=["email"])


@pytest.fixture(scope="module")
def client(idp: Any, pool: Json) -> Json:
    return factories.make_client(idp, pool, ExplicitAuthFlows=FLOWS)


@pytest.fixture(scope="module")
def secret_client(idp: Any, pool: Json) -> Json:
    return factories.make_client(idp, pool, ExplicitAuthFlows=FLOWS, GenerateSecret=True)


@pytest.fixture(params=["public", "admin"])
def app(request: pytest.FixtureRequest, idp: Any, public: Any, client: Json) -> SignIn:
    return SignIn(idp, client, is_admin=True) if request.param == "admin" else SignIn(public, client)


@pytest.fixture
def public_app(public: Any, client: Json) -> SignIn:
    return SignIn(public, client)


def client_of(idp: Any, public: Any, **members: Any) -> SignIn:
    """At a new pool."""
    return SignIn(public, factories.make_client(idp, factories.make_pool(idp, **members), ExplicitAuthFlows=FLOWS))


def invite(idp: Any, pool: Json, username: str | None = None, password: str = PASSWORD) -> str:
    name = username or unique()
    idp.admin_create_user(UserPoolId=pool["Id"], Username=name, TemporaryPassword=password, MessageAction="SUPPRESS")
    return name


def is_signed_in(answer: Json) -> bool:
    return {"AccessToken", "IdToken", "RefreshToken"} < answer.get("AuthenticationResult", {}).keys()


# The exchange


def test_the_right_password_gives_tokens(app: SignIn, user: str) -> None:
    answer = app.sign_in(user, PASSWORD)
    assert is_signed_in(answer)
    assert answer["ChallengeParameters"] == {}
    assert claims_of(answer["AuthenticationResult"]["IdToken"])["cognito:username"] == user


@pytest.mark.parametrize("is_admin", [False, True], ids=["public", "admin"])
def test_a_client_with_a_secret_signs_in(
    idp: Any, public: Any, secret_client: Json, user: str, *, is_admin: bool
) -> None:
    app = SignIn(idp if is_admin else public, secret_client, is_admin)
    assert is_signed_in(app.sign_in(user, PASSWORD))


def test_a_wrong_password_is_refused(app: SignIn, user: str) -> None:
    with refused("NotAuthorizedException", INCORRECT):
        app.sign_in(user, WRONG)


def test_the_challenge_has_the_form_that_clients_read(app: SignIn, user: str) -> None:
    answer = app.initiate(USERNAME=user, SRP_A=app.exchange(PASSWORD).srp_a)
    del answer["ResponseMetadata"]
    parameters = answer.pop("ChallengeParameters")
    assert answer == {"ChallengeName": VERIFIER}, "SECRET_BLOCK is the handle: there is no Session"
    assert parameters.keys() == {"SALT", "SRP_B", "SECRET_BLOCK", "USERNAME", "USER_ID_FOR_SRP"}
    assert (parameters["USERNAME"], parameters["USER_ID_FOR_SRP"]) == (user, user)
    assert re.fullmatch(r"[0-9a-f]{32}", parameters["SALT"])
    assert re.fullmatch(r"[0-9a-f]{700,770}", parameters["SRP_B"])
    assert b64decode(parameters["SECRET_BLOCK"], validate=True)


def test_salt_stays_and_everything_else_is_new_each_time(public_app: SignIn, user: str) -> None:
    exchange = public_app.exchange(PASSWORD)
    one, other = (public_app.challenged(user, exchange) for _ in range(2))
    assert one["SALT"] == other["SALT"]
    assert one["SRP_B"] != other["SRP_B"]
    assert one["SECRET_BLOCK"] != other["SECRET_BLOCK"]


@pytest.mark.parametrize("spelling", [str.upper, str.lower, lambda srp_a: srp_a.rjust(770, "0"), lambda a: f"0{a}"])
def test_clients_write_their_public_key_in_several_ways(
    public_app: SignIn, user: str, spelling: Callable[[str], str]
) -> None:
    exchange = public_app.exchange(PASSWORD)
    parameters = public_app.initiate(USERNAME=user, SRP_A=spelling(exchange.srp_a))["ChallengeParameters"]
    assert is_signed_in(public_app.respond(exchange.answers(parameters)))


@pytest.mark.parametrize("a", [1, 2, 8, 2**256, 2**3071], ids=["1", "2", "8", "256 bits", "3072 bits"])
def test_a_client_may_draw_whatever_secret_it_likes(public_app: SignIn, user: str, a: int) -> None:
    exchange = Exchange(public_app.client["UserPoolId"], PASSWORD, a)
    assert is_signed_in(public_app.respond(exchange.answers(public_app.challenged(user, exchange))))


def test_many_exchanges_meet_every_length_of_the_numbers(public_app: SignIn, user: str) -> None:
    """One number in 256 is a byte shorter, one in two has its top bit set: padding must agree in all of them."""
    for a in range(2**200, 2**200 + 40):
        exchange = Exchange(public_app.client["UserPoolId"], PASSWORD, a)
        assert is_signed_in(public_app.respond(exchange.answers(public_app.challenged(user, exchange))))


def test_two_exchanges_of_one_user_do_not_disturb_each_other(public_app: SignIn, user: str) -> None:
    exchanges = [public_app.exchange(PASSWORD) for _ in range(3)]
    challenges = [public_app.challenged(user, exchange) for exchange in exchanges]
    for exchange, parameters in reversed(list(zip(exchanges, challenges, strict=True))):
        assert is_signed_in(public_app.respond(exchange.answers(parameters)))


@pytest.mark.parametrize("has_secret", [False, True], ids=["no secret", "secret"])
def test_pycognito_signs_in(public: Any, client: Json, secret_client: Json, user: str, *, has_secret: bool) -> None:
    srp = pycognito(public, secret_client if has_secret else client, user)
    assert is_signed_in(srp.authenticate_user())


@pytest.mark.parametrize("has_secret", [False, True], ids=["no secret", "secret"])
def test_pycognito_sets_a_new_password(
    idp: Any, public: Any, pool: Json, client: Json, secret_client: Json, *, has_secret: bool
) -> None:
    at = secret_client if has_secret else client
    invited = invite(idp, pool)
    assert is_signed_in(pycognito(public, at, invited).set_new_password_challenge(NEW_PASSWORD))
    assert is_signed_in(pycognito(public, at, invited, NEW_PASSWORD).authenticate_user())


def pycognito(public: Any, client: Json, username: str, password: str = PASSWORD) -> Any:
    return AWSSRP(
        username=username,
        password=password,
        pool_id=client["UserPoolId"],
        client_id=client["ClientId"],
        client=public,
        client_secret=client.get("ClientSecret"),
    )


# Names


@pytest.mark.parametrize("name", ["Ada.Lovelace", "ADA", "Jürgen-Ångström", "李小龍", "ß", "user:with:colons", "🐴"])
@pytest.mark.parametrize("case_sensitive", [True, False])
def test_names_of_every_kind_sign_in(idp: Any, public: Any, name: str, *, case_sensitive: bool) -> None:
    app = client_of(idp, public, UsernameConfiguration={"CaseSensitive": case_sensitive})
    factories.make_user(idp, {"Id": app.client["UserPoolId"]}, name)
    assert is_signed_in(app.sign_in(name, PASSWORD))
    assert is_signed_in(pycognito(public, dict(app.client), name).authenticate_user())


def test_where_case_does_not_count_any_spelling_signs_in(idp: Any, public: Any) -> None:
    app = client_of(idp, public, UsernameConfiguration={"CaseSensitive": False})
    factories.make_user(idp, {"Id": app.client["UserPoolId"]}, "Ada.Lovelace")
    for spelling in ("Ada.Lovelace", "ada.lovelace", "ADA.LOVELACE"):
        parameters = app.challenged(spelling, app.exchange(PASSWORD))
        assert parameters["USER_ID_FOR_SRP"] == "ada.lovelace"
        assert is_signed_in(app.sign_in(spelling, PASSWORD))


def test_where_case_counts_another_spelling_is_another_name(idp: Any, public: Any) -> None:
    app = client_of(idp, public, UsernameConfiguration={"CaseSensitive": True})
    factories.make_user(idp, {"Id": app.client["UserPoolId"]}, "Ada")
    with refused("UserNotFoundException"):
        app.sign_in("ada", PASSWORD)


@pytest.mark.parametrize("has_secret", [False, True], ids=["no secret", "secret"])
def test_where_addresses_are_user_names_srp_is_over_the_sub(idp: Any, public: Any, *, has_secret: bool) -> None:
    pool = factories.make_pool(idp, UsernameAttributes=["email"], UsernameConfiguration={"CaseSensitive": False})
    client = factories.make_client(idp, pool, ExplicitAuthFlows=FLOWS, GenerateSecret=has_secret)
    app = SignIn(public, client)
    address = f"{unique('Ada')}@Example.com"
    factories.make_user(idp, pool, address)
    sub = factories.attributes_of(idp.admin_get_user(UserPoolId=pool["Id"], Username=address))["sub"]
    parameters = app.challenged(address, app.exchange(PASSWORD))
    assert (parameters["USERNAME"], parameters["USER_ID_FOR_SRP"]) == (sub, sub)
    assert is_signed_in(app.sign_in(address, PASSWORD))
    assert is_signed_in(app.sign_in(address.lower(), PASSWORD))
    assert is_signed_in(pycognito(public, client, address).authenticate_user())


def test_an_alias_signs_in_and_srp_is_over_the_user_name(idp: Any, pool: Json, app: SignIn) -> None:
    address, preferred = f"{unique()}@example.com", unique("preferred")
    name = factories.make_user(idp, pool, email=address, email_verified="true", preferred_username=preferred)
    sub = factories.attributes_of(idp.admin_get_user(UserPoolId=pool["Id"], Username=name))["sub"]
    for alias in (address, preferred, sub):
        assert app.challenged(alias, app.exchange(PASSWORD))["USER_ID_FOR_SRP"] == name
        assert is_signed_in(app.sign_in(alias, PASSWORD))


def test_the_answer_may_repeat_the_alias_that_began(idp: Any, pool: Json, public: Any, secret_client: Json) -> None:
    """The hash is over the USERNAME of its own request, so a client may keep to the name that was typed."""
    app = SignIn(public, secret_client)
    address = f"{unique()}@example.com"
    factories.make_user(idp, pool, email=address, email_verified="true")
    exchange = app.exchange(PASSWORD)
    answers = exchange.answers(app.challenged(address, exchange), USERNAME=address)
    assert is_signed_in(app.respond(answers))


def test_the_hash_of_the_answer_is_over_its_own_name(idp: Any, pool: Json, public: Any, secret_client: Json) -> None:
    app = SignIn(public, secret_client)
    address = f"{unique()}@example.com"
    factories.make_user(idp, pool, email=address, email_verified="true")
    exchange = app.exchange(PASSWORD)
    answers = exchange.answers(app.challenged(address, exchange))
    wrong = secret_hash(secret_client, address)
    with refused("NotAuthorizedException", f"SecretHash does not match for the client: {secret_client['ClientId']}"):
        app.respond({**answers, "SECRET_HASH": wrong})
    assert is_signed_in(app.respond(answers)), "a refused hash must not have used the block up"


# Passwords, and every way to set one

AWKWARD = [
    "Aa1!" * 64,
    "Pass:word-1",
    "Pässwörd-1€",
    "Aa1-🐴👩‍👩‍👧",
    "Aa1- inner space",
    "Aa1-\"quoted\\back'",
    "Aa1-e\u0301 and \u00e9",
    "Aa1-\u200b\u202e\u00ad\ufeff",
]


@pytest.mark.parametrize("password", AWKWARD, ids=range(len(AWKWARD)))
def test_passwords_of_every_kind_sign_in(idp: Any, public: Any, pool: Json, client: Json, password: str) -> None:
    name = invite(idp, pool)
    idp.admin_set_user_password(UserPoolId=pool["Id"], Username=name, Password=password, Permanent=True)
    assert is_signed_in(SignIn(public, client).sign_in(name, password))
    assert is_signed_in(pycognito(public, client, name, password).authenticate_user())
    with refused("NotAuthorizedException", INCORRECT):
        SignIn(public, client).sign_in(name, password[:-1])


Way = Callable[[Any, Any, Json, Json, Mailbox, str], str]


def by_sign_up(idp: Any, public: Any, pool: Json, client: Json, mailbox: Mailbox, name: str) -> str:
    public.sign_up(ClientId=client["ClientId"], Username=name, Password=NEW_PASSWORD)
    idp.admin_confirm_sign_up(UserPoolId=pool["Id"], Username=name)
    return NEW_PASSWORD


def by_administrator(idp: Any, public: Any, pool: Json, client: Json, mailbox: Mailbox, name: str) -> str:
    factories.make_user(idp, pool, name)
    idp.admin_set_user_password(UserPoolId=pool["Id"], Username=name, Password=NEW_PASSWORD, Permanent=True)
    return NEW_PASSWORD


def by_change(idp: Any, public: Any, pool: Json, client: Json, mailbox: Mailbox, name: str) -> str:
    factories.make_user(idp, pool, name)
    token = factories.sign_in(public, client, name)["AccessToken"]
    public.change_password(AccessToken=token, PreviousPassword=PASSWORD, ProposedPassword=NEW_PASSWORD)
    return NEW_PASSWORD


def by_recovery(idp: Any, public: Any, pool: Json, client: Json, mailbox: Mailbox, name: str) -> str:
    factories.make_user(idp, pool, name, email=f"{name}@example.com", email_verified="true")
    public.forgot_password(ClientId=client["ClientId"], Username=name)
    public.confirm_forgot_password(
        ClientId=client["ClientId"],
        Username=name,
        ConfirmationCode=mailbox.code(f"{name}@example.com"),
        Password=NEW_PASSWORD,
    )
    return NEW_PASSWORD


def by_challenge(idp: Any, public: Any, pool: Json, client: Json, mailbox: Mailbox, name: str) -> str:
    invite(idp, pool, name)
    app = SignIn(public, client)
    challenge = app.sign_in(name, PASSWORD)
    app.respond({"USERNAME": name, "NEW_PASSWORD": NEW_PASSWORD}, challenge["ChallengeName"], challenge["Session"])
    return NEW_PASSWORD


@pytest.mark.parametrize("way", [by_sign_up, by_administrator, by_change, by_recovery, by_challenge])
def test_every_way_to_set_a_password_renews_the_verifier(
    idp: Any, public: Any, pool: Json, client: Json, mailbox: Mailbox, way: Way
) -> None:
    name = unique()
    password = way(idp, public, pool, client, mailbox, name)
    app = SignIn(public, client)
    assert is_signed_in(app.sign_in(name, password))
    with refused("NotAuthorizedException", INCORRECT):
        app.sign_in(name, PASSWORD)


def test_an_invitation_sent_again_replaces_the_temporary_password(
    idp: Any, public: Any, pool: Json, client: Json, mailbox: Mailbox
) -> None:
    name, app = unique(), SignIn(public, client)
    address = f"{name}@example.com"
    invited = {
        "UserPoolId": pool["Id"],
        "Username": name,
        "UserAttributes": [{"Name": "email", "Value": address}],
        "DesiredDeliveryMediums": ["EMAIL"],
    }
    idp.admin_create_user(**invited)
    first = mailbox.code(address)
    assert app.sign_in(name, first)["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    idp.admin_create_user(**invited, MessageAction="RESEND")
    second = mailbox.code(address)
    assert second != first
    with refused("NotAuthorizedException", INCORRECT):
        app.sign_in(name, first)
    assert app.sign_in(name, second)["ChallengeName"] == "NEW_PASSWORD_REQUIRED"


def test_a_password_set_meanwhile_spoils_the_exchange(idp: Any, pool: Json, public_app: SignIn, user: str) -> None:
    exchange = public_app.exchange(PASSWORD)
    answers = exchange.answers(public_app.challenged(user, exchange))
    idp.admin_set_user_password(UserPoolId=pool["Id"], Username=user, Password=NEW_PASSWORD, Permanent=True)
    with refused("NotAuthorizedException", INCORRECT):
        public_app.respond(answers)
    assert is_signed_in(public_app.sign_in(user, NEW_PASSWORD))


def test_an_imported_hash_signs_in_by_srp_after_it_did_in_clear(idp: Any, pool: Json, public_app: SignIn) -> None:
    name = unique("imported")
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    content = imports.csv(
        imports.header(idp, pool, with_hash=True), imports.person(name, password_hash=hashed.replace(",", "\\,"))
    )
    assert imports.run(idp, pool, content, PasswordHashingAlgorithm="BCRYPT")["ImportedUsers"] == 1
    with refused("NotAuthorizedException", INCORRECT):
        public_app.sign_in(name, PASSWORD)
    with refused("NotAuthorizedException", INCORRECT):
        factories.sign_in(public_app.caller, dict(public_app.client), name, WRONG)
    with refused("NotAuthorizedException", INCORRECT):
        public_app.sign_in(name, WRONG)
    assert factories.sign_in(public_app.caller, dict(public_app.client), name)
    assert is_signed_in(public_app.sign_in(name, PASSWORD))


def test_a_user_of_an_older_release_signs_in_by_srp_after_they_did_in_clear(
    server: Server, public_app: SignIn, user: str
) -> None:
    forget_verifier(server, user)
    with refused("NotAuthorizedException", INCORRECT):
        public_app.sign_in(user, PASSWORD)
    assert factories.sign_in(public_app.caller, dict(public_app.client), user)
    assert is_signed_in(public_app.sign_in(user, PASSWORD))


def forget_verifier(server: Server, username: str) -> None:
    written = f"Credential.objects.filter(user__username={username!r}).update(srp_verifier=None)"
    server.manage("shell", "--no-imports", "-v0", "-c", f"from pools.models import Credential\n{written}")


# After the proof


def test_a_temporary_password_asks_for_a_new_one(idp: Any, pool: Json, app: SignIn) -> None:
    invited = invite(idp, pool)
    challenge = app.sign_in(invited, PASSWORD)
    assert challenge["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    assert challenge["ChallengeParameters"]["USER_ID_FOR_SRP"] == invited
    assert json.loads(challenge["ChallengeParameters"]["requiredAttributes"]) == []
    answers = {"USERNAME": invited, "NEW_PASSWORD": NEW_PASSWORD}
    assert is_signed_in(app.respond(answers, challenge["ChallengeName"], challenge["Session"]))
    assert is_signed_in(app.sign_in(invited, NEW_PASSWORD))


def test_a_refresh_follows(public_app: SignIn, user: str) -> None:
    token = public_app.sign_in(user, PASSWORD)["AuthenticationResult"]["RefreshToken"]
    refreshed = public_app.initiate("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=token)["AuthenticationResult"]
    assert claims_of(refreshed["AccessToken"])["username"] == user


def test_a_refresh_of_a_client_with_a_secret_takes_the_hash_over_the_srp_name(idp: Any, public: Any) -> None:
    pool = factories.make_pool(idp, UsernameAttributes=["email"])
    client = factories.make_client(idp, pool, ExplicitAuthFlows=FLOWS, GenerateSecret=True)
    app, address = SignIn(public, client), f"{unique()}@example.com"
    factories.make_user(idp, pool, address)
    exchange = app.exchange(PASSWORD)
    parameters = app.challenged(address, exchange)
    token = app.respond(exchange.answers(parameters))["AuthenticationResult"]["RefreshToken"]
    hashed = secret_hash(client, parameters["USER_ID_FOR_SRP"])
    assert app.initiate("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=token, SECRET_HASH=hashed)["AuthenticationResult"]


def test_a_state_is_told_after_the_right_proof_alone(idp: Any, pool: Json, app: SignIn) -> None:
    name = unique()
    app.caller.sign_up(ClientId=app.client["ClientId"], Username=name, Password=PASSWORD)
    with refused("NotAuthorizedException", INCORRECT):
        app.sign_in(name, WRONG)
    with refused("UserNotConfirmedException", "User is not confirmed."):
        app.sign_in(name, PASSWORD)


def test_a_user_who_must_reset_is_told_after_the_right_proof_alone(
    idp: Any, server: Server, app: SignIn, user: str
) -> None:
    written = f"User.objects.filter(username={user!r}).update(status='RESET_REQUIRED')"
    server.manage("shell", "--no-imports", "-v0", "-c", f"from pools.models import User\n{written}")
    with refused("NotAuthorizedException", INCORRECT):
        app.sign_in(user, WRONG)
    with refused("PasswordResetRequiredException", "Password reset required for the user"):
        app.sign_in(user, PASSWORD)


def test_a_disabled_user_does_not_sign_in(idp: Any, pool: Json, app: SignIn, user: str) -> None:
    exchange = app.exchange(PASSWORD)
    answers = exchange.answers(app.challenged(user, exchange))
    idp.admin_disable_user(UserPoolId=pool["Id"], Username=user)
    with refused("NotAuthorizedException", "User is disabled."):
        app.respond(answers)
    with refused("NotAuthorizedException", "User is disabled."):
        app.sign_in(user, PASSWORD)
    idp.admin_enable_user(UserPoolId=pool["Id"], Username=user)
    assert is_signed_in(app.sign_in(user, PASSWORD))


def test_a_temporary_password_expires(idp: Any, pool: Json, app: SignIn, clock: Clock) -> None:
    invited = invite(idp, pool)
    clock.advance(days=7, seconds=1)
    with refused("NotAuthorizedException", INCORRECT):
        app.sign_in(invited, WRONG)
    with refused("NotAuthorizedException", "Temporary password has expired and must be reset by an administrator."):
        app.sign_in(invited, PASSWORD)


def test_a_user_who_is_deleted_meanwhile_is_gone(idp: Any, pool: Json, app: SignIn, user: str) -> None:
    exchange = app.exchange(PASSWORD)
    answers = exchange.answers(app.challenged(user, exchange))
    idp.admin_delete_user(UserPoolId=pool["Id"], Username=user)
    factories.make_user(idp, pool, user)
    with refused("NotAuthorizedException"):
        app.respond(answers)


# Lock-out

FAILURES = 9
"""The lock after these is long enough for a slow machine: 16 seconds."""


def test_lock_out_is_one_for_srp_and_for_passwords_in_clear(public_app: SignIn, user: str, clock: Clock) -> None:
    client = dict(public_app.client)
    for failure in range(1, FAILURES + 1):
        with refused("NotAuthorizedException", INCORRECT):
            if failure % 2:
                factories.sign_in(public_app.caller, client, user, WRONG)
            else:
                public_app.sign_in(user, WRONG)
        if 5 <= failure < FAILURES:
            clock.advance(seconds=2 ** (failure - 5))
    for password in (PASSWORD, WRONG):
        with refused("NotAuthorizedException", LOCKED):
            public_app.sign_in(user, password)
        with refused("NotAuthorizedException", LOCKED):
            factories.sign_in(public_app.caller, client, user, password)
    clock.advance(seconds=2 ** (FAILURES - 5))
    assert is_signed_in(public_app.sign_in(user, PASSWORD))
    assert [refusal(public_app, user) for _ in range(5)] == [INCORRECT] * 5, "the success has begun a new count"


def test_a_locked_user_is_still_challenged(public_app: SignIn, user: str, clock: Clock) -> None:
    """Whether an account is locked is told with the answer, not before."""
    assert [refusal(public_app, user) for _ in range(5)] == [INCORRECT] * 5
    exchange = public_app.exchange(PASSWORD)
    answers = exchange.answers(public_app.challenged(user, exchange))
    clock.advance(seconds=1)
    assert is_signed_in(public_app.respond(answers))


def refusal(app: SignIn, username: str) -> str:
    with refused("NotAuthorizedException") as told:
        app.sign_in(username, WRONG)
    return told.message


# PASSWORD_SRP of USER_AUTH


def test_choice_preferred_with_its_public_key_is_verified_at_once(app: SignIn, user: str) -> None:
    exchange = app.exchange(PASSWORD)
    asked = app.initiate("USER_AUTH", USERNAME=user, PREFERRED_CHALLENGE="PASSWORD_SRP", SRP_A=exchange.srp_a)
    assert asked["ChallengeName"] == VERIFIER
    assert asked["Session"]
    answers = exchange.answers(asked["ChallengeParameters"])
    assert is_signed_in(app.respond(answers, session=asked["Session"]))


def test_choice_made_with_its_public_key_is_verified_next(app: SignIn, user: str) -> None:
    exchange = app.exchange(PASSWORD)
    asked = app.initiate("USER_AUTH", USERNAME=user)
    assert "PASSWORD_SRP" in asked["AvailableChallenges"]
    chosen = {"USERNAME": user, "ANSWER": "PASSWORD_SRP", "SRP_A": exchange.srp_a}
    verifier = app.respond(chosen, "SELECT_CHALLENGE", asked["Session"])
    assert verifier["ChallengeName"] == VERIFIER
    answers = exchange.answers(verifier["ChallengeParameters"])
    assert is_signed_in(app.respond(answers, session=verifier["Session"]))


def test_choice_may_bring_its_public_key_afterwards(app: SignIn, user: str) -> None:
    exchange = app.exchange(PASSWORD)
    asked = app.initiate("USER_AUTH", USERNAME=user, PREFERRED_CHALLENGE="PASSWORD_SRP")
    assert asked["ChallengeName"] == "PASSWORD_SRP"
    verifier = app.respond({"USERNAME": user, "SRP_A": exchange.srp_a}, "PASSWORD_SRP", asked["Session"])
    assert verifier["ChallengeName"] == VERIFIER
    answers = exchange.answers(verifier["ChallengeParameters"])
    assert is_signed_in(app.respond(answers, session=verifier["Session"]))


def test_choice_with_a_temporary_password_asks_for_a_new_one(idp: Any, pool: Json, app: SignIn) -> None:
    invited, exchange = invite(idp, pool), app.exchange(PASSWORD)
    asked = app.initiate("USER_AUTH", USERNAME=invited, PREFERRED_CHALLENGE="PASSWORD_SRP", SRP_A=exchange.srp_a)
    answers = exchange.answers(asked["ChallengeParameters"])
    challenge = app.respond(answers, session=asked["Session"])
    assert challenge["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    renewed = {"USERNAME": invited, "NEW_PASSWORD": NEW_PASSWORD}
    assert is_signed_in(app.respond(renewed, challenge["ChallengeName"], challenge["Session"]))
