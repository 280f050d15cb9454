"""Which second factors users have on, and which they prefer: set by both twins, shown, and lost with an address."""

from typing import Any

import pytest

from tests.support import database, factories, second_factors
from tests.support.clients import refused
from tests.support.second_factors import EMAIL, OFF, ON, PHONE, PREFERRED, SMS, TOTP, Person, Settings
from tests.support.server import Server

SMS_OPTION = {"DeliveryMedium": "SMS", "AttributeName": "phone_number"}

Pool = dict[str, Any]


def nothing_for(factor: str) -> str:
    return f"User does not have delivery config set to turn on {factor}"


@pytest.fixture(scope="module")
def pool(idp: Any) -> Pool:
    return second_factors.make_pool(idp, SMS, TOTP, EMAIL)


@pytest.fixture(scope="module")
def strict_pool(idp: Any) -> Pool:
    """A pool that requires MFA, when `require` says so: whoever sets a factor up has signed in before."""
    return second_factors.make_pool(idp, SMS, TOTP, EMAIL)


@pytest.fixture
def person(idp: Any, public: Any, pool: Pool) -> Person:
    return Person(idp, public, pool)


@pytest.fixture(params=["set", "set_by_administrator"])
def setting(request: pytest.FixtureRequest, person: Person) -> Any:
    """SetUserMFAPreference and AdminSetUserMFAPreference, which do the same."""
    return getattr(person, request.param)


def test_a_user_starts_without_second_factors(person: Person) -> None:
    assert person.shown == ([], "")
    assert person.options == [None] * 3


def test_factors_are_switched_on_preferred_and_off(person: Person, setting: Any) -> None:
    person.register()
    setting(SMS_MFA=ON, SOFTWARE_TOKEN_MFA=PREFERRED, EMAIL_OTP=ON)
    assert person.shown == ([SMS, TOTP, EMAIL], TOTP)
    setting(EMAIL_OTP=OFF)
    assert person.shown == ([SMS, TOTP], TOTP)
    setting(SOFTWARE_TOKEN_MFA=OFF)
    assert person.shown == ([SMS], "")
    setting(SMS_MFA=OFF)
    assert person.shown == ([], "")


def test_another_preferred_factor_takes_the_place_of_the_former(person: Person, setting: Any) -> None:
    setting(SMS_MFA=PREFERRED)
    setting(EMAIL_OTP=PREFERRED)
    assert person.shown == ([SMS, EMAIL], EMAIL)


@pytest.mark.parametrize("again", [ON, {"Enabled": True, "PreferredMfa": False}])
def test_a_factor_that_is_switched_on_without_preference_is_not_preferred(
    person: Person, setting: Any, again: Settings
) -> None:
    setting(SMS_MFA=PREFERRED)
    setting(SMS_MFA=again)
    assert person.shown == ([SMS], "")


@pytest.mark.parametrize("off", [{}, OFF, {"Enabled": False, "PreferredMfa": True}, {"PreferredMfa": True}])
def test_a_factor_that_is_named_and_not_enabled_is_off(person: Person, setting: Any, off: Settings) -> None:
    setting(SMS_MFA=PREFERRED, EMAIL_OTP=ON)
    setting(SMS_MFA=off)
    assert person.shown == ([EMAIL], "")


def test_factors_that_are_not_named_stay_as_they_are(person: Person, setting: Any) -> None:
    setting(SMS_MFA=PREFERRED)
    setting()
    assert person.shown == ([SMS], SMS)


def test_one_factor_at_most_is_preferred(person: Person, setting: Any) -> None:
    with refused("InvalidParameterException", "Only one MFA method can be preferred."):
        setting(SMS_MFA=PREFERRED, EMAIL_OTP=PREFERRED)
    assert person.shown == ([], "")


def test_a_factor_needs_an_address_or_an_app(idp: Any, public: Any, pool: Pool) -> None:
    person = Person(idp, public, pool, nickname="n")
    for setting in (person.set, person.set_by_administrator):
        for factor in (SMS, TOTP, EMAIL):
            with refused("InvalidParameterException", nothing_for(factor)):
                setting(**{factor: ON})
            setting(**{factor: OFF})
    public.associate_software_token(**person.token)
    with refused("InvalidParameterException", nothing_for(TOTP)):
        person.set(SOFTWARE_TOKEN_MFA=ON)
    assert person.shown == ([], "")


def test_what_is_refused_in_part_changes_nothing(person: Person, setting: Any) -> None:
    with refused("InvalidParameterException", nothing_for(TOTP)):
        setting(SMS_MFA=PREFERRED, SOFTWARE_TOKEN_MFA=ON)
    assert person.shown == ([], "")


def test_an_address_need_not_be_verified(person: Person, setting: Any) -> None:
    attributes = factories.attributes_of(person.idp.admin_get_user(**person.named))
    assert attributes.get("phone_number_verified", "false") == "false"
    setting(SMS_MFA=PREFERRED)
    assert person.shown == ([SMS], SMS)


@pytest.mark.parametrize(("offered", "mode"), [([SMS], "OPTIONAL"), ([], "OFF")])
def test_what_the_pool_does_not_offer_is_not_switched_on_and_what_is_on_stays(
    idp: Any, public: Any, offered: list[str], mode: str
) -> None:
    pool = second_factors.make_pool(idp, SMS, TOTP, EMAIL)
    person = Person(idp, public, pool)
    person.register()
    person.set(EMAIL_OTP=PREFERRED)
    second_factors.set_mfa(idp, pool, *offered, mode=mode)
    for factor in {TOTP, EMAIL} - set(offered):
        with refused("InvalidParameterException", nothing_for(factor)):
            person.set(**{factor: ON})
    assert person.shown == ([EMAIL], EMAIL)
    person.set(EMAIL_OTP=OFF)
    assert person.shown == ([], "")


def test_passkeys_as_a_second_factor_are_refused_aloud(person: Person) -> None:
    text = "WebAuthnMfaSettings.Enabled: this value is not available in this version of Gatehouse."
    with refused("InvalidParameterException", text):
        person.public.set_user_mfa_preference(**person.token, SMSMfaSettings=ON, WebAuthnMfaSettings=ON)
    with refused("InvalidParameterException", text):
        person.idp.admin_set_user_mfa_preference(**person.named, SMSMfaSettings=ON, WebAuthnMfaSettings=ON)
    assert person.shown == ([], "")
    person.public.set_user_mfa_preference(**person.token, SMSMfaSettings=ON, WebAuthnMfaSettings=OFF)
    assert person.shown == ([SMS], "")


def test_a_change_is_a_modification_of_the_user(person: Person, setting: Any) -> None:
    before = person.idp.admin_get_user(**person.named)["UserLastModifiedDate"]
    setting(SMS_MFA=ON)
    assert person.idp.admin_get_user(**person.named)["UserLastModifiedDate"] > before


def test_an_administrator_prepares_users_in_any_state(idp: Any, public: Any, pool: Pool) -> None:
    attributes = [{"Name": "phone_number", "Value": PHONE}]
    client, signed_up, invited = factories.make_client(idp, pool), factories.unique(), factories.unique()
    public.sign_up(
        ClientId=client["ClientId"], Username=signed_up, Password=factories.PASSWORD, UserAttributes=attributes
    )
    idp.admin_create_user(UserPoolId=pool["Id"], Username=invited, MessageAction="SUPPRESS", UserAttributes=attributes)
    for username in (signed_up, invited):
        named = {"UserPoolId": pool["Id"], "Username": username}
        idp.admin_set_user_mfa_preference(**named, SMSMfaSettings=PREFERRED)
        assert idp.admin_get_user(**named)["PreferredMfaSetting"] == SMS


def test_unknown_users_and_tokens_are_refused(idp: Any, public: Any, pool: Pool, person: Person) -> None:
    nobody = {"UserPoolId": pool["Id"], "Username": "nobody"}
    with refused("UserNotFoundException", "User does not exist."):
        idp.admin_set_user_mfa_preference(**nobody)
    with refused("UserNotFoundException", "User does not exist."):
        idp.admin_set_user_settings(**nobody, MFAOptions=[])
    with refused("UserNotFoundException", "User does not exist."):
        idp.admin_get_user_auth_factors(**nobody)
    public.global_sign_out(**person.token)
    for refusing in (
        lambda: public.set_user_mfa_preference(**person.token),
        lambda: public.set_user_settings(**person.token, MFAOptions=[]),
        lambda: public.get_user_auth_factors(**person.token),
    ):
        with refused("NotAuthorizedException", "Access Token has been revoked"):
            refusing()


# Pools that require MFA


def test_where_mfa_is_required_nobody_switches_a_factor_off_and_no_error_says_so(
    idp: Any, public: Any, strict_pool: Pool
) -> None:
    second_factors.set_mfa(idp, strict_pool, SMS, TOTP, EMAIL)
    person = Person(idp, public, strict_pool)
    person.register()
    person.set(SMS_MFA=PREFERRED)
    second_factors.set_mfa(idp, strict_pool, SMS, TOTP, EMAIL, mode="ON")
    person.set(SMS_MFA=OFF, SOFTWARE_TOKEN_MFA=PREFERRED)
    assert person.shown == ([SMS, TOTP], TOTP)
    person.set_by_administrator(SMS_MFA=OFF, SOFTWARE_TOKEN_MFA=OFF, EMAIL_OTP=OFF)
    assert person.shown == ([SMS, TOTP], "")
    person.public.set_user_settings(**person.token, MFAOptions=[])
    assert person.shown == ([SMS, TOTP], "")
    person.set(SMS_MFA=PREFERRED)
    assert person.shown == ([SMS, TOTP], SMS)


def test_where_mfa_is_required_a_factor_that_is_not_offered_any_more_can_go(
    idp: Any, public: Any, strict_pool: Pool
) -> None:
    second_factors.set_mfa(idp, strict_pool, SMS, TOTP, EMAIL)
    person = Person(idp, public, strict_pool)
    person.set(SMS_MFA=ON, EMAIL_OTP=PREFERRED)
    second_factors.set_mfa(idp, strict_pool, SMS, TOTP, mode="ON")
    person.set(SMS_MFA=OFF, EMAIL_OTP=OFF)
    assert person.shown == ([SMS], "")


def test_where_mfa_is_required_users_do_not_delete_the_address_of_their_last_factor(
    idp: Any, public: Any, strict_pool: Pool
) -> None:
    second_factors.set_mfa(idp, strict_pool, SMS, TOTP, EMAIL)
    person = Person(idp, public, strict_pool)
    person.set(SMS_MFA=PREFERRED)
    second_factors.set_mfa(idp, strict_pool, SMS, TOTP, EMAIL, mode="ON")
    text = "phone_number cannot be deleted: MFA is required in the user pool, and the user has no other method."
    with refused("InvalidParameterException", text):
        public.delete_user_attributes(**person.token, UserAttributeNames=["phone_number"])
    with refused("InvalidParameterException", text):
        public.update_user_attributes(**person.token, UserAttributes=[{"Name": "phone_number", "Value": ""}])
    assert person.shown == ([SMS], SMS)
    idp.admin_delete_user_attributes(**person.named, UserAttributeNames=["phone_number"])
    assert person.shown == ([], "")


# Addresses


def test_a_deleted_address_takes_its_factor_along(person: Person) -> None:
    person.set(SMS_MFA=PREFERRED, EMAIL_OTP=ON)
    person.public.delete_user_attributes(**person.token, UserAttributeNames=["phone_number"])
    assert person.shown == ([EMAIL], "")
    person.set_by_administrator(EMAIL_OTP=PREFERRED)
    person.idp.admin_update_user_attributes(**person.named, UserAttributes=[{"Name": "email", "Value": ""}])
    assert person.shown == ([], "")


def test_an_address_that_comes_back_does_not_bring_the_factor(person: Person) -> None:
    person.set(SMS_MFA=ON)
    for value in ("", PHONE):
        person.idp.admin_update_user_attributes(
            **person.named, UserAttributes=[{"Name": "phone_number", "Value": value}]
        )
    assert person.shown == ([], "")


def test_a_changed_address_keeps_the_factor(person: Person) -> None:
    person.set(SMS_MFA=PREFERRED)
    person.public.update_user_attributes(
        **person.token, UserAttributes=[{"Name": "phone_number", "Value": "+4915100000000"}]
    )
    assert person.shown == ([SMS], SMS)


def test_other_attributes_come_and_go_without_the_factors(person: Person) -> None:
    person.set(SMS_MFA=PREFERRED)
    person.public.update_user_attributes(**person.token, UserAttributes=[{"Name": "nickname", "Value": "n"}])
    person.public.delete_user_attributes(**person.token, UserAttributeNames=["nickname", "email"])
    assert person.shown == ([SMS], SMS)


# SetUserSettings, which knows text messages alone


@pytest.mark.parametrize("is_admin", [False, True])
def test_the_old_settings_switch_text_messages_on_and_off_and_leave_the_rest(person: Person, is_admin: bool) -> None:
    def set_options(*options: dict[str, str]) -> None:
        if is_admin:
            person.idp.admin_set_user_settings(**person.named, MFAOptions=[*options])
        else:
            person.public.set_user_settings(**person.token, MFAOptions=[*options])

    person.set(EMAIL_OTP=PREFERRED)
    set_options(SMS_OPTION)
    assert person.shown == ([SMS, EMAIL], EMAIL)
    assert person.options == [[SMS_OPTION]] * 3
    set_options()
    assert person.shown == ([EMAIL], EMAIL)
    assert person.options == [None] * 3
    person.set(SMS_MFA=PREFERRED)
    set_options(SMS_OPTION)
    assert person.shown == ([SMS, EMAIL], SMS)
    set_options()
    assert person.shown == ([EMAIL], "")


@pytest.mark.parametrize(
    "option",
    [
        {},
        {"DeliveryMedium": "SMS"},
        {"AttributeName": "phone_number"},
        {"DeliveryMedium": "EMAIL", "AttributeName": "email"},
        {"DeliveryMedium": "EMAIL", "AttributeName": "phone_number"},
        {"DeliveryMedium": "SMS", "AttributeName": "email"},
    ],
)
def test_the_old_settings_take_nothing_but_text_messages(person: Person, option: dict[str, str]) -> None:
    text = "MFAOptions can hold SMS for phone_number only."
    with refused("InvalidParameterException", text):
        person.public.set_user_settings(**person.token, MFAOptions=[SMS_OPTION, option])
    with refused("InvalidParameterException", text):
        person.idp.admin_set_user_settings(**person.named, MFAOptions=[option])
    assert person.shown == ([], "")


def test_the_old_settings_need_a_phone_number(idp: Any, public: Any, pool: Pool) -> None:
    person = Person(idp, public, pool, email="ada@example.com")
    with refused("InvalidParameterException", nothing_for(SMS)):
        public.set_user_settings(**person.token, MFAOptions=[SMS_OPTION])
    with refused("InvalidParameterException", nothing_for(SMS)):
        idp.admin_set_user_settings(**person.named, MFAOptions=[SMS_OPTION])


# GetUserAuthFactors


def configured(person: Person) -> list[str]:
    mine = person.public.get_user_auth_factors(**person.token)
    theirs = person.idp.admin_get_user_auth_factors(**person.named)
    assert mine["Username"] == theirs["Username"] == person.username
    assert mine["ConfiguredUserAuthFactors"] == theirs["ConfiguredUserAuthFactors"]
    return list(mine["ConfiguredUserAuthFactors"])


def test_a_password_and_a_verified_app_are_configured_factors(person: Person) -> None:
    assert configured(person) == ["PASSWORD"]
    person.public.associate_software_token(**person.token)
    assert configured(person) == ["PASSWORD"]
    person.register()
    assert configured(person) == ["PASSWORD", "SOFTWARE_TOKEN"]


def test_codes_are_configured_where_the_pool_lets_them_in_and_no_second_factor_is_on(idp: Any, public: Any) -> None:
    first = ["PASSWORD", "EMAIL_OTP", "SMS_OTP"]
    pool = second_factors.make_pool(idp, SMS, Policies={"SignInPolicy": {"AllowedFirstAuthFactors": first}})
    person = Person(idp, public, pool)
    assert configured(person) == first
    person.set(SMS_MFA=ON)
    assert configured(person) == ["PASSWORD"]
    person.set(SMS_MFA=OFF)
    public.delete_user_attributes(**person.token, UserAttributeNames=["phone_number"])
    assert configured(person) == ["PASSWORD", "EMAIL_OTP"]


def test_who_signs_in_elsewhere_has_no_password_configured(server: Server, person: Person) -> None:
    database.make_external(server, [person.username])
    assert configured(person) == []
