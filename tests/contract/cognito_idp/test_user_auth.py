"""USER_AUTH: users choose how to begin. What they are offered, every factor, and what nobody may learn by it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import factories, second_factors
from tests.support.clients import refused
from tests.support.clock import Clock
from tests.support.factories import PASSWORD, attributes_of, claims_of, unique
from tests.support.mailbox import Mailbox
from tests.support.second_factors import EMAIL, SMS
from tests.support.second_factors import TOTP as APP
from tests.support.walk import Walk, contacts, make_client

PASSWORDS = ["PASSWORD_SRP", "PASSWORD"]
EVERYTHING = ["EMAIL_OTP", "SMS_OTP", *PASSWORDS]
POLICY = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP", "SMS_OTP"]}}
WRONG_CODE = "Invalid code or auth state for the user."
WRONG_PASSWORD = "Incorrect username or password."
OTPS = [("EMAIL_OTP", "email"), ("SMS_OTP", "phone_number")]

Pool = dict[str, Any]
Client = dict[str, Any]


@pytest.fixture(scope="module")
def pool(idp: Any) -> Pool:
    """All first factors that there are; MFA by whatever a user likes."""
    return second_factors.make_pool(
        idp, SMS, APP, EMAIL, Policies=POLICY, AutoVerifiedAttributes=["email", "phone_number"]
    )


@pytest.fixture(scope="module")
def client(idp: Any, pool: Pool) -> Client:
    return make_client(idp, pool)


@pytest.fixture(scope="module")
def legacy(idp: Any, pool: Pool) -> Client:
    return make_client(idp, pool, PreventUserExistenceErrors="LEGACY")


@pytest.fixture
def user(idp: Any, pool: Pool) -> str:
    """Confirmed, with a password, and with an address and a number that nobody has verified."""
    return factories.make_user(idp, pool, **contacts())


def sign_up(public: Any, client: Client, **attributes: str) -> str:
    name = unique()
    listed = [{"Name": key, "Value": value} for key, value in attributes.items()]
    public.sign_up(ClientId=client["ClientId"], Username=name, Password=PASSWORD, UserAttributes=listed)
    return name


def shown(idp: Any, pool: Pool, name: str) -> dict[str, str]:
    answer = idp.admin_get_user(UserPoolId=pool["Id"], Username=name)
    return {**attributes_of(answer), "status": answer["UserStatus"]}


# --- what is offered


@pytest.mark.parametrize(
    ("wanted", "available"),
    [
        ({"email": True, "phone_number": True}, EVERYTHING),
        ({"email": True}, ["EMAIL_OTP", *PASSWORDS]),
        ({"phone_number": True}, ["SMS_OTP", *PASSWORDS]),
        ({"email": False}, PASSWORDS),
    ],
)
def test_users_choose_among_what_they_have(
    idp: Any, public: Any, pool: Pool, client: Client, wanted: dict[str, bool], available: list[str]
) -> None:
    name = factories.make_user(idp, pool, **contacts(**wanted))
    walk = Walk(public, client, name).begin()
    assert walk.challenge == "SELECT_CHALLENGE"
    assert walk.answer["AvailableChallenges"] == available
    assert walk.parameters == {}
    assert 20 <= len(walk.session) <= 2048
    assert "AuthenticationResult" not in walk.answer


def test_a_temporary_password_is_the_only_way_to_begin(idp: Any, public: Any, pool: Pool, client: Client) -> None:
    name = unique()
    listed = [{"Name": key, "Value": value} for key, value in contacts().items()]
    idp.admin_create_user(
        UserPoolId=pool["Id"],
        Username=name,
        TemporaryPassword=PASSWORD,
        UserAttributes=listed,
        MessageAction="SUPPRESS",
    )
    walk = Walk(public, client, name).prefer("EMAIL_OTP")
    assert (walk.challenge, walk.answer["AvailableChallenges"]) == ("SELECT_CHALLENGE", PASSWORDS)
    assert walk.respond(ANSWER="PASSWORD", PASSWORD=PASSWORD).challenge == "NEW_PASSWORD_REQUIRED"
    assert walk.respond(NEW_PASSWORD="Another-Horse-2").tokens


def test_a_user_to_be_reset_is_not_let_around_it_by_a_code(idp: Any, public: Any, pool: Pool, client: Client) -> None:
    name = factories.make_user(idp, pool, **contacts(email=True), email_verified="true")
    idp.admin_reset_user_password(UserPoolId=pool["Id"], Username=name)
    walk = Walk(public, client, name).begin()
    assert walk.answer["AvailableChallenges"] == PASSWORDS
    with refused("PasswordResetRequiredException", "Password reset required for the user"):
        walk.respond(ANSWER="PASSWORD", PASSWORD=PASSWORD)


def test_an_unconfirmed_user_may_begin_with_a_code(public: Any, client: Client) -> None:
    name = sign_up(public, client, **contacts())
    walk = Walk(public, client, name).begin()
    assert walk.answer["AvailableChallenges"] == EVERYTHING
    with refused("UserNotConfirmedException", "User is not confirmed."):
        walk.respond(ANSWER="PASSWORD", PASSWORD=PASSWORD)


@pytest.mark.parametrize("factor", [SMS, APP, EMAIL])
def test_who_has_a_second_factor_begins_with_the_password(
    idp: Any, public: Any, pool: Pool, client: Client, factor: str
) -> None:
    person = second_factors.Person(idp, public, pool)
    if factor == APP:
        person.register()
    assert Walk(public, client, person.username).begin().answer["AvailableChallenges"] == EVERYTHING
    person.set(**{factor: second_factors.ON})
    assert Walk(public, client, person.username).begin().answer["AvailableChallenges"] == PASSWORDS
    walk = Walk(public, client, person.username).prefer("EMAIL_OTP")
    assert (walk.challenge, walk.answer["AvailableChallenges"]) == ("SELECT_CHALLENGE", PASSWORDS)


def test_where_mfa_is_required_everybody_begins_with_the_password(idp: Any, public: Any) -> None:
    pool = second_factors.make_pool(idp, SMS, mode="ON")
    client = make_client(idp, pool)
    for name in (factories.make_user(idp, pool, **contacts()), unique("nobody")):
        walk = Walk(public, client, name).prefer("SMS_OTP")
        assert (walk.challenge, walk.answer["AvailableChallenges"]) == ("SELECT_CHALLENGE", PASSWORDS)


@pytest.mark.parametrize("extra", ["EMAIL_OTP", "SMS_OTP"])
def test_the_pool_says_what_may_begin(idp: Any, public: Any, extra: str) -> None:
    factors = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", extra]}}
    pool = factories.make_pool(idp)
    client = make_client(idp, pool)
    name = factories.make_user(idp, pool, **contacts())
    waiting = Walk(public, client, name).begin()
    assert waiting.answer["AvailableChallenges"] == PASSWORDS
    idp.update_user_pool(UserPoolId=pool["Id"], Policies=factors)
    assert Walk(public, client, name).begin().answer["AvailableChallenges"] == [extra, *PASSWORDS]
    with refused("InvalidParameterException"):
        waiting.respond(ANSWER=extra)


def test_the_client_must_allow_the_choice(idp: Any, public: Any, pool: Pool, user: str) -> None:
    client = factories.make_client(idp, pool)
    with refused("InvalidParameterException", "USER_AUTH flow not enabled for this client"):
        Walk(public, client, user).begin()
    with refused("InvalidParameterException", "Auth flow not enabled for this client"):
        Walk(idp, client, user, pool=pool).begin()


def test_there_is_no_choice_in_the_lite_tier(idp: Any) -> None:
    pool = factories.make_pool(idp, UserPoolTier="LITE")
    with refused("FeatureUnavailableInTierException"):
        make_client(idp, pool)


# --- choosing


@pytest.mark.parametrize("preferred", ["EMAIL_OTP", "SMS_OTP", "PASSWORD", "PASSWORD_SRP"])
def test_a_preferred_challenge_comes_at_once(public: Any, client: Client, user: str, preferred: str) -> None:
    walk = Walk(public, client, user).prefer(preferred)
    assert walk.challenge == preferred
    assert walk.answer["AvailableChallenges"] == [preferred]


@pytest.mark.parametrize("preferred", ["WEB_AUTHN", "SMS_OTP"])
def test_a_preferred_challenge_that_the_user_has_not_leads_to_the_choice(
    idp: Any, public: Any, pool: Pool, client: Client, preferred: str
) -> None:
    name = factories.make_user(idp, pool, **contacts(email=True))
    walk = Walk(public, client, name).prefer(preferred)
    assert (walk.challenge, walk.answer["AvailableChallenges"]) == ("SELECT_CHALLENGE", ["EMAIL_OTP", *PASSWORDS])


@pytest.mark.parametrize("preferred", ["SMS_MFA", "password", "NEW_PASSWORD_REQUIRED", "x" * 500])
def test_a_preference_must_be_a_first_factor(public: Any, client: Client, user: str, preferred: str) -> None:
    for name in (user, unique("nobody")):
        with refused("InvalidParameterException"):
            Walk(public, client, name).prefer(preferred)


@pytest.mark.parametrize("answer", ["WEB_AUTHN", "SMS_MFA", "email_otp", "SELECT_CHALLENGE", "PASSWORD_VERIFIER"])
def test_only_what_is_offered_can_be_chosen(public: Any, client: Client, user: str, answer: str) -> None:
    for name in (user, unique("nobody")):
        walk = Walk(public, client, name).begin()
        with refused("InvalidParameterException", f"{answer} is not one of the available challenges."):
            walk.respond(ANSWER=answer)
        with refused("InvalidParameterException", "Missing required parameter ANSWER"):
            walk.respond()
        assert walk.respond(ANSWER="PASSWORD").challenge == "PASSWORD"


# --- passwords


def test_a_password_may_come_with_the_first_request(public: Any, client: Client, user: str) -> None:
    walk = Walk(public, client, user).prefer("PASSWORD", PASSWORD=PASSWORD)
    assert walk.answer["ChallengeParameters"] == {}
    assert claims_of(walk.tokens["AccessToken"])["username"] == user
    with refused("NotAuthorizedException", WRONG_PASSWORD):
        Walk(public, client, user).prefer("PASSWORD", PASSWORD="Wrong-Horse-1")


def test_a_password_may_be_a_challenge_of_its_own(public: Any, client: Client, user: str) -> None:
    walk = Walk(public, client, user).prefer("PASSWORD")
    with refused("NotAuthorizedException", WRONG_PASSWORD):
        walk.respond(PASSWORD="Wrong-Horse-1")
    with refused("InvalidParameterException", "Missing required parameter PASSWORD"):
        walk.respond()
    assert walk.respond(PASSWORD=PASSWORD).tokens


def test_a_password_may_come_with_the_choice(public: Any, client: Client, user: str) -> None:
    walk = Walk(public, client, user).begin()
    with refused("NotAuthorizedException", WRONG_PASSWORD):
        walk.respond(ANSWER="PASSWORD", PASSWORD="Wrong-Horse-1")
    assert walk.respond(ANSWER="PASSWORD", PASSWORD=PASSWORD).tokens


def test_a_password_without_a_choice_is_not_looked_at(public: Any, client: Client, user: str) -> None:
    assert Walk(public, client, user).begin(PASSWORD=PASSWORD).challenge == "SELECT_CHALLENGE"


@pytest.mark.parametrize("way", ["first request", "asked", "chosen", "chosen and asked"])
def test_srp_by_every_way(public: Any, pool: Pool, client: Client, user: str, way: str) -> None:
    walk = Walk(public, client, user)
    key = walk.srp_a(pool)
    match way:
        case "first request":
            walk.prefer("PASSWORD_SRP", SRP_A=key)
        case "asked":
            assert walk.prefer("PASSWORD_SRP").challenge == "PASSWORD_SRP"
            walk.respond(SRP_A=key)
        case "chosen":
            walk.begin().respond(ANSWER="PASSWORD_SRP", SRP_A=key)
        case _:
            assert walk.begin().respond(ANSWER="PASSWORD_SRP").challenge == "PASSWORD_SRP"
            walk.respond(SRP_A=key)
    assert walk.challenge == "PASSWORD_VERIFIER"
    answers = walk.srp_answers()
    with refused("NotAuthorizedException"):
        walk.respond(session="", **answers)
    assert walk.respond(**answers).tokens


def test_a_wrong_password_by_srp_needs_another_exchange(public: Any, pool: Pool, client: Client, user: str) -> None:
    walk = Walk(public, client, user)
    walk.prefer("PASSWORD_SRP", SRP_A=walk.srp_a(pool, "Wrong-Horse-1"))
    answers = walk.srp_answers()
    with refused("NotAuthorizedException", WRONG_PASSWORD):
        walk.respond(**answers)
    with refused("NotAuthorizedException", "Invalid session for the user, session can only be used once."):
        walk.respond(**answers)


def test_a_password_that_is_set_while_the_choice_waits_is_the_one_that_counts(
    idp: Any, public: Any, pool: Pool, client: Client, user: str
) -> None:
    walk = Walk(public, client, user).begin()
    named = {"UserPoolId": pool["Id"], "Username": user}
    idp.admin_set_user_password(**named, Password="Another-Horse-2", Permanent=False)
    with refused("NotAuthorizedException", WRONG_PASSWORD):
        walk.respond(ANSWER="PASSWORD", PASSWORD=PASSWORD)
    assert walk.respond(ANSWER="PASSWORD", PASSWORD="Another-Horse-2").challenge == "NEW_PASSWORD_REQUIRED"
    assert walk.respond(NEW_PASSWORD="Third-Horse-33").tokens


# --- one-time codes


@pytest.mark.parametrize(("challenge", "attribute"), OTPS)
def test_a_code_signs_in_and_verifies_where_it_went(
    idp: Any, public: Any, pool: Pool, client: Client, user: str, mailbox: Mailbox, challenge: str, attribute: str
) -> None:
    address = shown(idp, pool, user)[attribute]
    walk = Walk(public, client, user).prefer(challenge)
    mask = f"{address[0]}***@e***" if attribute == "email" else f"+********{address[-4:]}"
    assert walk.parameters == {
        "CODE_DELIVERY_DELIVERY_MEDIUM": "EMAIL" if attribute == "email" else "SMS",
        "CODE_DELIVERY_DESTINATION": mask,
        "USERNAME": user,
        "USER_ID_FOR_SRP": user,
    }
    [message] = mailbox.messages(address)
    assert (message["kind"], len(message["code"]), message["code"].isdigit()) == ("Authentication", 8, True)
    assert message["code"] in message["body"]
    assert shown(idp, pool, user).get(f"{attribute}_verified", "false") == "false"
    assert walk.respond(**{f"{challenge}_CODE": message["code"]}).tokens
    assert shown(idp, pool, user)[f"{attribute}_verified"] == "true"


@pytest.mark.parametrize(("challenge", "attribute"), OTPS)
def test_a_code_confirms_a_user_who_has_signed_up(
    idp: Any, public: Any, pool: Pool, client: Client, mailbox: Mailbox, challenge: str, attribute: str
) -> None:
    name = sign_up(public, client, **contacts())
    walk = Walk(public, client, name).prefer(challenge)
    code = mailbox.code(shown(idp, pool, name)[attribute])
    assert walk.respond(**{f"{challenge}_CODE": code}).tokens
    found = shown(idp, pool, name)
    assert (found["status"], found[f"{attribute}_verified"]) == ("CONFIRMED", "true")
    assert Walk(public, client, name).by_password().tokens


@pytest.mark.parametrize(("challenge", "attribute"), OTPS)
def test_a_wrong_code_keeps_the_session_and_six_of_them_say_the_same(
    public: Any, client: Client, user: str, mailbox: Mailbox, clock: Clock, challenge: str, attribute: str
) -> None:
    walk = Walk(public, client, user).prefer(challenge)
    code = mailbox.code(user)
    wrong = f"{(int(code) + 1) % 10**8:08d}"
    for _ in range(6):
        with refused("CodeMismatchException", WRONG_CODE):
            walk.respond(**{f"{challenge}_CODE": wrong})
    clock.advance(seconds=5)  # the lock of the sixth
    assert walk.respond(**{f"{challenge}_CODE": code}).tokens


@pytest.mark.parametrize("code", ["", "1", "12345678 ", "1234567a", "١٢٣٤٥٦٧٨", "-1234567", "1" * 2000])
def test_what_is_no_code_is_a_wrong_or_a_missing_one(public: Any, client: Client, user: str, code: str) -> None:
    walk = Walk(public, client, user).prefer("EMAIL_OTP")
    with refused("CodeMismatchException" if code else "InvalidParameterException"):
        walk.respond(EMAIL_OTP_CODE=code)


def test_a_code_belongs_to_its_sign_in(public: Any, client: Client, user: str, mailbox: Mailbox) -> None:
    """The one that was sent for another Session is a wrong one, before and after."""
    first = Walk(public, client, user).prefer("EMAIL_OTP")
    first_code = mailbox.code(user)
    second = Walk(public, client, user).prefer("EMAIL_OTP")
    second_code = mailbox.code(user)
    assert first_code != second_code
    with refused("CodeMismatchException", WRONG_CODE):
        second.respond(EMAIL_OTP_CODE=first_code)
    assert second.respond(EMAIL_OTP_CODE=second_code).tokens
    assert first.respond(EMAIL_OTP_CODE=first_code).tokens


def test_a_code_of_the_one_channel_is_none_of_the_other(
    public: Any, client: Client, user: str, mailbox: Mailbox
) -> None:
    walk = Walk(public, client, user).prefer("EMAIL_OTP")
    code = mailbox.code(user)
    for answers in ({"SMS_OTP_CODE": code}, {"ANSWER": code}, {"EMAIL_OTP_CODE": ""}):
        with refused("InvalidParameterException", "Missing required parameter EMAIL_OTP_CODE"):
            walk.respond(**answers)
    with refused("NotAuthorizedException", "Invalid session for the user."):
        walk.respond("SMS_OTP", SMS_OTP_CODE=code)


def test_a_code_ends_with_its_session(
    idp: Any, public: Any, pool: Pool, user: str, mailbox: Mailbox, clock: Clock
) -> None:
    client = make_client(idp, pool, AuthSessionValidity=5)
    late, punctual = Walk(public, client, user).prefer("EMAIL_OTP"), Walk(public, client, user).prefer("SMS_OTP")
    email, sms = (next(m["code"] for m in mailbox.messages(user) if m["channel"] == way) for way in ("EMAIL", "SMS"))
    clock.advance(minutes=5, seconds=-10)
    assert punctual.respond(SMS_OTP_CODE=sms).tokens
    clock.advance(seconds=11)
    with refused("NotAuthorizedException", "Invalid session for the user, session is expired."):
        late.respond(EMAIL_OTP_CODE=email)


def test_a_code_is_no_good_once_the_address_is_another(
    idp: Any, public: Any, pool: Pool, client: Client, user: str, mailbox: Mailbox
) -> None:
    walk = Walk(public, client, user).prefer("EMAIL_OTP")
    code = mailbox.code(user)
    new = [{"Name": "email", "Value": contacts()["email"]}]
    idp.admin_update_user_attributes(UserPoolId=pool["Id"], Username=user, UserAttributes=new)
    with refused("CodeMismatchException", WRONG_CODE):
        walk.respond(EMAIL_OTP_CODE=code)
    assert shown(idp, pool, user).get("email_verified", "false") == "false"


def test_a_code_is_not_enough_any_more_once_there_is_a_second_factor(
    idp: Any, public: Any, pool: Pool, client: Client, mailbox: Mailbox
) -> None:
    person = second_factors.Person(idp, public, pool, **contacts())
    walk = Walk(public, client, person.username).prefer("EMAIL_OTP")
    code = mailbox.code(person.username)
    person.set(SMS_MFA=second_factors.ON)
    with refused("NotAuthorizedException", "Invalid session for the user."):
        walk.respond(EMAIL_OTP_CODE=code)


def test_a_code_does_not_set_a_password_in_place_of_a_temporary_one(
    idp: Any, public: Any, pool: Pool, client: Client, user: str, mailbox: Mailbox
) -> None:
    """The choice was offered before the administrator gave a temporary password."""
    walk = Walk(public, client, user).begin()
    idp.admin_set_user_password(UserPoolId=pool["Id"], Username=user, Password="Another-Horse-2", Permanent=False)
    assert walk.respond(ANSWER="EMAIL_OTP").challenge == "EMAIL_OTP"
    with refused("NotAuthorizedException", "Invalid session for the user."):
        walk.respond(EMAIL_OTP_CODE=mailbox.code(user))
    assert shown(idp, pool, user)["status"] == "FORCE_CHANGE_PASSWORD"


def test_codes_are_sent_twenty_times_an_hour(public: Any, client: Client, user: str, clock: Clock) -> None:
    nobody = unique("nobody")
    for _ in range(20):
        for name in (user, nobody):
            assert Walk(public, client, name).prefer("EMAIL_OTP").challenge == "EMAIL_OTP"
    for name in (user, nobody):
        with refused("TooManyRequestsException"):
            Walk(public, client, name).prefer("EMAIL_OTP")
        assert Walk(public, client, name).prefer("SMS_OTP").challenge == "SMS_OTP"
    clock.advance(hours=1, seconds=1)
    assert Walk(public, client, user).prefer("EMAIL_OTP").challenge == "EMAIL_OTP"


def test_an_address_that_somebody_else_has_verified_is_not_taken(idp: Any, public: Any, mailbox: Mailbox) -> None:
    pool = factories.make_pool(idp, AliasAttributes=["email"], AutoVerifiedAttributes=["email"], Policies=POLICY)
    client = make_client(idp, pool)
    address = contacts()["email"]
    owner = factories.make_user(idp, pool, email=address, email_verified="true")
    other = factories.make_user(idp, pool, email=address)
    walk = Walk(public, client, other).prefer("EMAIL_OTP")
    with refused("AliasExistsException"):
        walk.respond(EMAIL_OTP_CODE=mailbox.code(other))
    assert shown(idp, pool, address)["sub"] == shown(idp, pool, owner)["sub"]


# --- who exists


@pytest.mark.parametrize("name_like", ["nobody{}", "nobody{}@example.com", "+4915199{}"])
@pytest.mark.parametrize(("challenge", "attribute"), OTPS)
def test_who_does_not_exist_is_asked_for_a_code_too(
    public: Any, client: Client, mailbox: Mailbox, name_like: str, challenge: str, attribute: str
) -> None:
    name = name_like.format(unique().encode().hex()[-8:] if "@" in name_like else str(abs(hash(unique())))[:6])
    first, again = Walk(public, client, name).prefer(challenge), Walk(public, client, name).prefer(challenge)
    assert first.challenge == challenge
    assert first.answer["AvailableChallenges"] == [challenge]
    assert first.parameters == again.parameters
    assert first.parameters.keys() == {
        "CODE_DELIVERY_DELIVERY_MEDIUM",
        "CODE_DELIVERY_DESTINATION",
        "USERNAME",
        "USER_ID_FOR_SRP",
    }
    mask = first.parameters["CODE_DELIVERY_DESTINATION"]
    if attribute == "email":
        assert mask[1:6] == "***@" + mask[5] and mask[6:] == "***"
        assert "@" not in name or mask == f"{name[0]}***@e***"
    else:
        assert mask[:8] == "+*******" and mask[-4:].isdigit()
        assert not name.startswith("+") or mask[-4:] == name[-4:]
    assert mailbox.messages(name) == []
    for code in ("12345678", "00000000", "x", "1", "12345678", "7" * 8, "8" * 8):
        with refused("CodeMismatchException", WRONG_CODE):
            first.respond(**{f"{challenge}_CODE": code})


def test_who_does_not_exist_has_a_wrong_password_by_every_way(public: Any, pool: Pool, client: Client) -> None:
    name = unique("nobody")
    assert Walk(public, client, name).begin().answer["AvailableChallenges"] == EVERYTHING
    with refused("NotAuthorizedException", WRONG_PASSWORD):
        Walk(public, client, name).prefer("PASSWORD", PASSWORD=PASSWORD)
    with refused("NotAuthorizedException", WRONG_PASSWORD):
        Walk(public, client, name).begin().respond(ANSWER="PASSWORD", PASSWORD=PASSWORD)
    walk = Walk(public, client, name)
    walk.prefer("PASSWORD_SRP", SRP_A=walk.srp_a(pool))
    with refused("NotAuthorizedException", WRONG_PASSWORD):
        walk.respond(**walk.srp_answers())


def test_a_name_that_comes_to_exist_meanwhile_gets_nobody_in(idp: Any, public: Any, pool: Pool, client: Client) -> None:
    name = unique("late")
    walk = Walk(public, client, name).prefer("PASSWORD")
    factories.make_user(idp, pool, name)
    with refused("NotAuthorizedException", WRONG_PASSWORD):
        walk.respond(PASSWORD=PASSWORD)


def test_that_a_user_is_disabled_is_told_to_who_has_proven_something(
    idp: Any, public: Any, pool: Pool, client: Client, user: str, mailbox: Mailbox
) -> None:
    idp.admin_disable_user(UserPoolId=pool["Id"], Username=user)
    walk = Walk(public, client, user).begin()
    assert walk.answer["AvailableChallenges"] == EVERYTHING
    walk.respond(ANSWER="EMAIL_OTP")
    with refused("CodeMismatchException", WRONG_CODE):
        walk.respond(EMAIL_OTP_CODE="x")
    with refused("NotAuthorizedException", WRONG_PASSWORD):
        Walk(public, client, user).begin().respond(ANSWER="PASSWORD", PASSWORD="Wrong-Horse-1")
    with refused("NotAuthorizedException", "User is disabled."):
        Walk(public, client, user).begin().respond(ANSWER="PASSWORD", PASSWORD=PASSWORD)
    with refused("NotAuthorizedException", "User is disabled."):
        walk.respond(EMAIL_OTP_CODE=mailbox.code(user))


def test_a_client_that_hides_nothing_says_so_at_once(
    idp: Any, public: Any, pool: Pool, legacy: Client, user: str
) -> None:
    for preference in ({}, {"PREFERRED_CHALLENGE": "EMAIL_OTP"}, {"PREFERRED_CHALLENGE": "PASSWORD_SRP", "SRP_A": "0"}):
        with refused("UserNotFoundException", "User does not exist."):
            Walk(public, legacy, unique("nobody")).begin(**preference)
    idp.admin_disable_user(UserPoolId=pool["Id"], Username=user)
    with refused("NotAuthorizedException", "User is disabled."):
        Walk(public, legacy, user).begin()


# --- the administrators' pair, and clients with secrets


def test_administrators_may_go_the_same_ways(idp: Any, pool: Pool, client: Client, user: str, mailbox: Mailbox) -> None:
    walk = Walk(idp, client, user, pool=pool).begin()
    assert walk.answer["AvailableChallenges"] == EVERYTHING
    assert walk.respond(ANSWER="SMS_OTP").challenge == "SMS_OTP"
    assert walk.respond(SMS_OTP_CODE=mailbox.code(user)).tokens
    assert Walk(idp, client, user, pool=pool).prefer("PASSWORD", PASSWORD=PASSWORD).tokens
    walk = Walk(idp, client, user, pool=pool)
    walk.prefer("PASSWORD_SRP", SRP_A=walk.srp_a(pool))
    assert walk.respond(**walk.srp_answers()).tokens


def test_a_client_with_a_secret_proves_itself_at_every_step(
    idp: Any, public: Any, pool: Pool, user: str, mailbox: Mailbox
) -> None:
    client = make_client(idp, pool, GenerateSecret=True)
    bare = Walk(public, {"ClientId": client["ClientId"]}, user)
    missing = f"Client {client['ClientId']} is configured with secret but SECRET_HASH was not received"
    with refused("NotAuthorizedException", missing):
        bare.begin()
    walk = Walk(public, client, user).prefer("EMAIL_OTP")
    bare.answer = walk.answer
    code = mailbox.code(user)
    with refused("NotAuthorizedException", missing):
        bare.respond(EMAIL_OTP_CODE=code)
    with refused("NotAuthorizedException", f"SecretHash does not match for the client: {client['ClientId']}"):
        bare.respond(EMAIL_OTP_CODE=code, SECRET_HASH="x")
    assert walk.respond(EMAIL_OTP_CODE=code).tokens


# --- from sign-up


def signed_up(public: Any, client: Client, **members: Any) -> tuple[str, str]:
    name = unique()
    listed = [{"Name": key, "Value": value} for key, value in contacts(email=True).items()]
    answer = public.sign_up(ClientId=client["ClientId"], Username=name, UserAttributes=listed, **members)
    return name, answer["Session"]


def confirm(public: Any, client: Client, mailbox: Mailbox, name: str, session: str) -> str:
    answer = public.confirm_sign_up(
        ClientId=client["ClientId"], Username=name, ConfirmationCode=mailbox.code(name), Session=session
    )
    return str(answer["Session"])


@pytest.mark.parametrize("preference", [{}, {"PREFERRED_CHALLENGE": "EMAIL_OTP"}])
@pytest.mark.parametrize("members", [{}, {"Password": PASSWORD}])
def test_who_has_just_confirmed_needs_no_second_code(
    public: Any, client: Client, mailbox: Mailbox, members: dict[str, str], preference: dict[str, str]
) -> None:
    name, session = signed_up(public, client, **members)
    following = confirm(public, client, mailbox, name, session)
    walk = Walk(public, client, name).begin(session=following, **preference)
    assert claims_of(walk.tokens["IdToken"])["email_verified"] is True
    with refused("NotAuthorizedException", "Invalid session for the user, session can only be used once."):
        Walk(public, client, name).begin(session=following, **preference)


def test_another_preference_than_the_confirmed_channel_is_asked_for(
    public: Any, client: Client, mailbox: Mailbox
) -> None:
    name, session = signed_up(public, client, Password=PASSWORD)
    following = confirm(public, client, mailbox, name, session)
    assert Walk(public, client, name).begin(session=following, PREFERRED_CHALLENGE="PASSWORD").challenge == "PASSWORD"


def test_who_has_no_password_is_offered_codes_alone(public: Any, client: Client, mailbox: Mailbox) -> None:
    name, session = signed_up(public, client)
    confirm(public, client, mailbox, name, session)
    walk = Walk(public, client, name).begin()
    assert walk.answer["AvailableChallenges"] == ["EMAIL_OTP"]
    with refused("NotAuthorizedException", WRONG_PASSWORD):
        Walk(public, client, name).by_password()
    walk.respond(ANSWER="EMAIL_OTP")
    assert walk.respond(EMAIL_OTP_CODE=mailbox.code(name)).tokens


def test_sessions_of_sign_up_go_from_hand_to_hand_in_their_order(
    idp: Any, public: Any, pool: Pool, client: Client, user: str, mailbox: Mailbox, clock: Clock
) -> None:
    name, session = signed_up(public, client)
    for crossed in (session, Walk(public, client, name).begin().session, "x" * 20):
        with refused("NotAuthorizedException", "Invalid session for the user."):
            Walk(public, client, name).begin(session=crossed)
    following = confirm(public, client, mailbox, name, session)
    for other in (Walk(public, client, user), Walk(public, make_client(idp, pool), name)):
        with refused("NotAuthorizedException", "Invalid session for the user."):
            other.begin(session=following)
    clock.advance(minutes=3, seconds=1)
    with refused("NotAuthorizedException", "Invalid session for the user, session is expired."):
        Walk(public, client, name).begin(session=following)
