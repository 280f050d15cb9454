"""GetUserPoolMfaConfig and SetUserPoolMfaConfig, and what CreateUserPool and UpdateUserPool say of MFA."""

import json
from typing import Any

import bcrypt
import pytest

from tests.support import factories, imports
from tests.support.clients import OK, at_once, refused
from tests.support.clock import Clock
from tests.support.mailbox import Mailbox

SMS = {"SnsCallerArn": "arn:aws:iam::000000000000:role/sms", "ExternalId": "external", "SnsRegion": "eu-west-1"}
OTHER_SMS = {"SnsCallerArn": "arn:aws:iam::000000000000:role/other"}
SES = {
    "EmailSendingAccount": "DEVELOPER",
    "SourceArn": "arn:aws:ses:us-east-1:000000000000:identity/no-reply@example.com",
}
SMS_MFA = {"SmsMfaConfiguration": {"SmsConfiguration": SMS}}
TOTP = {"SoftwareTokenMfaConfiguration": {"Enabled": True}}
EMAIL_MFA = {"EmailMfaConfiguration": {"Message": "Your code: {####}", "Subject": "Sign-in"}}
OFF = {"MfaConfiguration": "OFF"}
PHONE = "+4915112349934"
RECOVERY_BY_EMAIL = {"RecoveryMechanisms": [{"Priority": 1, "Name": "verified_email"}]}
RECOVERY_BY_BOTH = {
    "RecoveryMechanisms": [{"Priority": 1, "Name": "verified_email"}, {"Priority": 2, "Name": "verified_phone_number"}]
}

NO_FACTOR = "Invalid MFA Configuration given. SMS MFA, Email MFA, or Software Token MFA must be enabled."
OFF_WITH_FACTOR = "Invalid MFA configuration given, can't turn off MFA and configure an MFA together."
FIRST_FACTORS = "Only PASSWORD and WEB_AUTHN (if configured) can be enabled as an auth factor if MFA is enabled"
DEFAULT_ACCOUNT = (
    "Cannot set EmailMfaConfiguration when user pool EmailConfiguration contains an EmailSendingAccount of "
    "COGNITO_DEFAULT"
)

Pool = dict[str, Any]


def first_factors(*names: str) -> dict[str, Any]:
    return {"Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": list(names)}}}


def described(idp: Any, pool: Pool) -> dict[str, Any]:
    found: dict[str, Any] = idp.describe_user_pool(UserPoolId=pool["Id"])["UserPool"]
    return found


def got(idp: Any, pool: Pool) -> dict[str, Any]:
    answer: dict[str, Any] = idp.get_user_pool_mfa_config(UserPoolId=pool["Id"])
    del answer["ResponseMetadata"]
    return answer


def put(idp: Any, pool: Pool, mode: str, *factors: dict[str, Any]) -> dict[str, Any]:
    """SetUserPoolMfaConfig; what it echoes is what GetUserPoolMfaConfig tells."""
    members = {name: value for factor in factors for name, value in factor.items()}
    answer: dict[str, Any] = idp.set_user_pool_mfa_config(UserPoolId=pool["Id"], MfaConfiguration=mode, **members)
    del answer["ResponseMetadata"]
    assert got(idp, pool) == answer
    return answer


@pytest.fixture
def mailing(idp: Any) -> Pool:
    """A pool that may have e-mail MFA."""
    return factories.make_pool(idp, EmailConfiguration=SES)


# Setting and reading


def test_pool_begins_without_mfa(idp: Any, pool: Pool) -> None:
    assert got(idp, pool) == OFF
    assert described(idp, pool)["MfaConfiguration"] == "OFF"


@pytest.mark.parametrize("mode", ["OPTIONAL", "ON"])
@pytest.mark.parametrize(
    "factors",
    [[TOTP], [SMS_MFA], [EMAIL_MFA], [{"EmailMfaConfiguration": {}}], [SMS_MFA, TOTP], [SMS_MFA, TOTP, EMAIL_MFA]],
    ids=lambda factors: "+".join(name for factor in factors for name in factor),
)
def test_factors_are_echoed_and_kept(idp: Any, mailing: Pool, mode: str, factors: list[dict[str, Any]]) -> None:
    expected = {"MfaConfiguration": mode} | {name: value for factor in factors for name, value in factor.items()}
    assert put(idp, mailing, mode, *factors) == expected
    assert described(idp, mailing)["MfaConfiguration"] == mode


def test_factor_that_is_left_out_is_off(idp: Any, mailing: Pool) -> None:
    put(idp, mailing, "ON", SMS_MFA, TOTP, EMAIL_MFA)
    assert put(idp, mailing, "ON", TOTP) == {"MfaConfiguration": "ON", **TOTP}
    assert put(idp, mailing, "OPTIONAL", EMAIL_MFA) == {"MfaConfiguration": "OPTIONAL", **EMAIL_MFA}
    off = {"SoftwareTokenMfaConfiguration": {"Enabled": False}}
    assert put(idp, mailing, "OPTIONAL", off, SMS_MFA) == {"MfaConfiguration": "OPTIONAL", **SMS_MFA}
    assert put(idp, mailing, "OFF") == OFF


def test_mode_that_is_left_out_is_off(idp: Any, pool: Pool) -> None:
    put(idp, pool, "ON", TOTP)
    idp.set_user_pool_mfa_config(UserPoolId=pool["Id"])
    assert got(idp, pool) == OFF
    with refused("InvalidParameterException", OFF_WITH_FACTOR):
        idp.set_user_pool_mfa_config(UserPoolId=pool["Id"], **TOTP)


def test_only_the_mode_shows_in_the_description_of_the_pool(idp: Any, mailing: Pool) -> None:
    put(idp, mailing, "ON", TOTP, EMAIL_MFA)
    found = described(idp, mailing)
    assert found == mailing | {"MfaConfiguration": "ON", "LastModifiedDate": found["LastModifiedDate"]}


def test_sender_and_text_of_sms_mfa_are_the_pools_own(idp: Any, pool: Pool) -> None:
    text = "Sign in with {####}"
    put(idp, pool, "ON", {"SmsMfaConfiguration": {"SmsAuthenticationMessage": text, "SmsConfiguration": SMS}})
    assert described(idp, pool)["SmsConfiguration"] == SMS
    assert described(idp, pool)["SmsAuthenticationMessage"] == text

    other = "Or with {####}"
    idp.update_user_pool(
        UserPoolId=pool["Id"], MfaConfiguration="ON", SmsConfiguration=OTHER_SMS, SmsAuthenticationMessage=other
    )
    expected = {"SmsAuthenticationMessage": other, "SmsConfiguration": OTHER_SMS}
    assert got(idp, pool)["SmsMfaConfiguration"] == expected

    assert put(idp, pool, "ON", {"SmsMfaConfiguration": {}})["SmsMfaConfiguration"] == {"SmsConfiguration": OTHER_SMS}
    assert "SmsAuthenticationMessage" not in described(idp, pool)
    put(idp, pool, "OFF")
    assert described(idp, pool)["SmsConfiguration"] == OTHER_SMS, "codes that verify a number need it"


def test_mode_may_be_off_when_the_pool_gets_its_sms_sender(idp: Any, pool: Pool) -> None:
    assert put(idp, pool, "OFF", SMS_MFA) == OFF
    assert described(idp, pool)["SmsConfiguration"] == SMS


def test_setting_moves_the_date_of_modification(idp: Any, pool: Pool, clock: Clock) -> None:
    clock.advance(hours=1)
    put(idp, pool, "ON", TOTP)
    assert (described(idp, pool)["LastModifiedDate"] - pool["LastModifiedDate"]).total_seconds() >= 3600


# What is refused


@pytest.mark.parametrize("mode", ["OPTIONAL", "ON"])
@pytest.mark.parametrize("factors", [{}, {"SoftwareTokenMfaConfiguration": {"Enabled": False}}], ids=["none", "off"])
def test_mfa_needs_a_factor(idp: Any, pool: Pool, mode: str, factors: dict[str, Any]) -> None:
    with refused("InvalidParameterException", NO_FACTOR):
        idp.set_user_pool_mfa_config(UserPoolId=pool["Id"], MfaConfiguration=mode, **factors)
    assert described(idp, pool) == pool


@pytest.mark.parametrize("factor", [TOTP, EMAIL_MFA], ids=["totp", "e-mail"])
def test_factors_contradict_a_mode_that_is_off(idp: Any, mailing: Pool, factor: dict[str, Any]) -> None:
    with refused("InvalidParameterException", OFF_WITH_FACTOR):
        idp.set_user_pool_mfa_config(UserPoolId=mailing["Id"], MfaConfiguration="OFF", **factor)


def test_sms_mfa_needs_a_sender(idp: Any, pool: Pool) -> None:
    with refused("InvalidParameterException", "SmsConfiguration is required to turn on SMS MFA."):
        put(idp, pool, "ON", {"SmsMfaConfiguration": {"SmsAuthenticationMessage": "Code {####}"}})
    both = {"SnsCallerArn": SMS["SnsCallerArn"], "EumsSms": {"CallerArn": SMS["SnsCallerArn"]}}
    with refused("InvalidParameterException", "SnsCallerArn and EumsSms can not be used together."):
        put(idp, pool, "ON", {"SmsMfaConfiguration": {"SmsConfiguration": both}})


def test_passkeys_are_not_available_yet(idp: Any, pool: Pool) -> None:
    for configuration in ({}, {"UserVerification": "required"}):
        text = "WebAuthnConfiguration: this value is not available in this version of Gatehouse."
        with refused("InvalidParameterException", text):
            idp.set_user_pool_mfa_config(UserPoolId=pool["Id"], WebAuthnConfiguration=configuration)
    assert got(idp, pool) == OFF


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("Message", "no code"),
        ("Message", "{####}".ljust(20_001, "x")),
        ("Message", "{###}"),
        ("Subject", ""),
        ("Subject", "x" * 141),
    ],
    ids=["no code", "too long", "broken code", "empty subject", "long subject"],
)
def test_template_of_email_mfa_has_a_code_and_a_length(idp: Any, mailing: Pool, member: str, value: str) -> None:
    with refused("InvalidParameterException"):
        put(idp, mailing, "ON", {"EmailMfaConfiguration": {member: value}})
    assert got(idp, mailing) == OFF


def test_longest_template_of_email_mfa_is_taken(idp: Any, mailing: Pool) -> None:
    put(idp, mailing, "ON", {"EmailMfaConfiguration": {"Message": "{####}".ljust(20_000, "x"), "Subject": "x" * 140}})


def test_text_of_sms_mfa_has_a_code(idp: Any, pool: Pool) -> None:
    with refused("InvalidParameterException"):
        put(idp, pool, "ON", {"SmsMfaConfiguration": {"SmsAuthenticationMessage": "no code", "SmsConfiguration": SMS}})


# E-mail as a second factor


def test_email_mfa_needs_an_email_account_of_ones_own(idp: Any, pool: Pool) -> None:
    with refused("InvalidParameterException", DEFAULT_ACCOUNT):
        put(idp, pool, "ON", EMAIL_MFA)


def test_email_mfa_needs_a_higher_tier(idp: Any) -> None:
    lite = factories.make_pool(idp, EmailConfiguration=SES, UserPoolTier="LITE")
    with refused("FeatureUnavailableInTierException"):
        put(idp, lite, "ON", EMAIL_MFA)
    put(idp, lite, "ON", TOTP, SMS_MFA)


def test_email_is_not_both_second_factor_and_only_way_to_recover(idp: Any) -> None:
    pool = factories.make_pool(idp, EmailConfiguration=SES, AccountRecoverySetting=RECOVERY_BY_EMAIL)
    with refused("InvalidParameterException"):
        put(idp, pool, "ON", EMAIL_MFA)
    for others in (RECOVERY_BY_BOTH, {"RecoveryMechanisms": [{"Priority": 1, "Name": "admin_only"}]}):
        idp.update_user_pool(UserPoolId=pool["Id"], EmailConfiguration=SES, AccountRecoverySetting=others)
        put(idp, pool, "ON", EMAIL_MFA)


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"EmailConfiguration": {"EmailSendingAccount": "COGNITO_DEFAULT"}}, "InvalidParameterException"),
        ({"AccountRecoverySetting": RECOVERY_BY_EMAIL}, "InvalidParameterException"),
        ({"UserPoolTier": "LITE"}, "TierChangeNotAllowedException"),
    ],
    ids=["account", "recovery", "tier"],
)
def test_what_email_mfa_needs_is_not_taken_from_under_it(
    idp: Any, mailing: Pool, members: dict[str, Any], code: str
) -> None:
    put(idp, mailing, "OPTIONAL", EMAIL_MFA)
    before = described(idp, mailing)
    changes = {"EmailConfiguration": SES, "MfaConfiguration": "OPTIONAL", **members}
    with refused(code):
        idp.update_user_pool(UserPoolId=mailing["Id"], **changes)
    assert described(idp, mailing) == before

    put(idp, mailing, "OPTIONAL", TOTP)
    idp.update_user_pool(UserPoolId=mailing["Id"], **changes)
    put(idp, mailing, "OFF")
    idp.update_user_pool(UserPoolId=mailing["Id"], **{**changes, "MfaConfiguration": "OFF"})


def test_email_mfa_of_a_pool_that_is_off_is_asked_for_what_it_needs_when_it_comes_back(idp: Any, mailing: Pool) -> None:
    put(idp, mailing, "OPTIONAL", EMAIL_MFA)
    idp.update_user_pool(UserPoolId=mailing["Id"], UserPoolTier="LITE")
    assert got(idp, mailing) == OFF
    with refused("FeatureUnavailableInTierException"):
        idp.update_user_pool(
            UserPoolId=mailing["Id"], UserPoolTier="LITE", EmailConfiguration=SES, MfaConfiguration="ON"
        )
    with refused("InvalidParameterException", DEFAULT_ACCOUNT):
        idp.update_user_pool(UserPoolId=mailing["Id"], MfaConfiguration="ON")
    idp.update_user_pool(UserPoolId=mailing["Id"], MfaConfiguration="ON", EmailConfiguration=SES)
    assert got(idp, mailing) == {"MfaConfiguration": "ON", **EMAIL_MFA}


# Creating and updating pools


@pytest.mark.parametrize("mode", ["OPTIONAL", "ON"])
def test_pool_with_a_sender_of_sms_may_begin_with_mfa(idp: Any, mode: str) -> None:
    made = factories.make_pool(idp, MfaConfiguration=mode, SmsConfiguration=SMS)
    assert (made["MfaConfiguration"], made["SmsConfiguration"]) == (mode, SMS)
    assert got(idp, made) == {"MfaConfiguration": mode, **SMS_MFA}


@pytest.mark.parametrize("mode", ["OPTIONAL", "ON"])
@pytest.mark.parametrize("sender", [{}, {"SmsConfiguration": {}}], ids=["none", "empty"])
def test_pool_without_a_sender_of_sms_cannot_begin_with_mfa(idp: Any, mode: str, sender: dict[str, Any]) -> None:
    with refused("InvalidParameterException", NO_FACTOR):
        factories.make_pool(idp, MfaConfiguration=mode, **sender)


def test_sender_of_sms_alone_turns_no_mfa_on(idp: Any) -> None:
    assert got(idp, factories.make_pool(idp, SmsConfiguration=SMS)) == OFF


def test_update_turns_mfa_on_and_off(idp: Any, pool: Pool) -> None:
    named = {"UserPoolId": pool["Id"]}
    for mode in ("OPTIONAL", "ON"):
        with refused("InvalidParameterException", NO_FACTOR):
            idp.update_user_pool(**named, MfaConfiguration=mode)
        idp.update_user_pool(**named, MfaConfiguration=mode, SmsConfiguration=SMS)
        assert got(idp, pool) == {"MfaConfiguration": mode, **SMS_MFA}
    idp.update_user_pool(**named, SmsConfiguration=SMS)
    assert got(idp, pool) == OFF


def test_update_without_the_sender_turns_sms_mfa_off(idp: Any, pool: Pool) -> None:
    put(idp, pool, "ON", SMS_MFA, TOTP)
    idp.update_user_pool(UserPoolId=pool["Id"], MfaConfiguration="ON")
    assert got(idp, pool) == {"MfaConfiguration": "ON", **TOTP}
    put(idp, pool, "ON", SMS_MFA)
    with refused("InvalidParameterException", NO_FACTOR):
        idp.update_user_pool(UserPoolId=pool["Id"], MfaConfiguration="ON")


def test_update_with_a_sender_for_verification_adds_no_second_factor(idp: Any, pool: Pool) -> None:
    put(idp, pool, "ON", TOTP)
    idp.update_user_pool(UserPoolId=pool["Id"], MfaConfiguration="ON", SmsConfiguration=SMS)
    assert got(idp, pool) == {"MfaConfiguration": "ON", **TOTP}


def test_factors_that_update_cannot_say_outlive_it(idp: Any, mailing: Pool) -> None:
    put(idp, mailing, "ON", TOTP, EMAIL_MFA)
    for mode in ("OPTIONAL", "ON"):
        idp.update_user_pool(UserPoolId=mailing["Id"], MfaConfiguration=mode, EmailConfiguration=SES)
        assert got(idp, mailing) == {"MfaConfiguration": mode, **TOTP, **EMAIL_MFA}
    idp.update_user_pool(UserPoolId=mailing["Id"])
    assert got(idp, mailing) == OFF
    idp.update_user_pool(UserPoolId=mailing["Id"], MfaConfiguration="ON", EmailConfiguration=SES)
    assert got(idp, mailing) == {"MfaConfiguration": "ON", **TOTP, **EMAIL_MFA}


# The sign-in policy


def test_sign_in_policy_is_described_and_goes_back_to_passwords(idp: Any) -> None:
    factors = ["PASSWORD", "EMAIL_OTP", "SMS_OTP"]
    pool = factories.make_pool(idp, **first_factors(*factors))
    assert pool["Policies"]["SignInPolicy"]["AllowedFirstAuthFactors"] == factors
    idp.update_user_pool(UserPoolId=pool["Id"], **first_factors("SMS_OTP", "PASSWORD"))
    policy = described(idp, pool)["Policies"]["SignInPolicy"]
    assert policy["AllowedFirstAuthFactors"] == ["SMS_OTP", "PASSWORD"]
    idp.update_user_pool(UserPoolId=pool["Id"])
    assert described(idp, pool)["Policies"]["SignInPolicy"]["AllowedFirstAuthFactors"] == ["PASSWORD"]


@pytest.mark.parametrize("factors", [["EMAIL_OTP"], ["EMAIL_OTP", "SMS_OTP"]])
def test_sign_in_policy_must_have_passwords(idp: Any, pool: Pool, factors: list[str]) -> None:
    text = "AllowedFirstAuthFactors must contain PASSWORD."
    with refused("InvalidParameterException", text):
        factories.make_pool(idp, **first_factors(*factors))
    with refused("InvalidParameterException", text):
        idp.update_user_pool(UserPoolId=pool["Id"], **first_factors(*factors))


@pytest.mark.parametrize("factor", ["WEB_AUTHN", "SOFTWARE_TOKEN"])
def test_first_factor_that_is_not_built_yet_is_refused_aloud(idp: Any, pool: Pool, factor: str) -> None:
    with refused("InvalidParameterException") as refusal:
        idp.update_user_pool(UserPoolId=pool["Id"], **first_factors("PASSWORD", factor))
    assert refusal.message.endswith(": this value is not available in this version of Gatehouse.")


def test_sign_in_without_passwords_needs_a_higher_tier(idp: Any, pool: Pool) -> None:
    for factor in ("EMAIL_OTP", "SMS_OTP"):
        members = {"UserPoolTier": "LITE", **first_factors("PASSWORD", factor)}
        with refused("FeatureUnavailableInTierException"):
            factories.make_pool(idp, **members)
        with refused("FeatureUnavailableInTierException"):
            idp.update_user_pool(UserPoolId=pool["Id"], **members)
    idp.update_user_pool(UserPoolId=pool["Id"], UserPoolTier="LITE", **first_factors("PASSWORD"))


@pytest.mark.parametrize("factor", ["EMAIL_OTP", "SMS_OTP"])
def test_required_mfa_and_sign_in_by_a_code_alone_exclude_each_other(idp: Any, factor: str) -> None:
    policy = first_factors("PASSWORD", factor)
    with refused("InvalidParameterException", FIRST_FACTORS):
        factories.make_pool(idp, MfaConfiguration="ON", SmsConfiguration=SMS, **policy)

    pool = factories.make_pool(idp, **policy)
    with refused("InvalidParameterException", FIRST_FACTORS):
        put(idp, pool, "ON", TOTP)
    put(idp, pool, "OPTIONAL", TOTP)
    with refused("InvalidParameterException", FIRST_FACTORS):
        idp.update_user_pool(UserPoolId=pool["Id"], MfaConfiguration="ON", **policy)
    idp.update_user_pool(UserPoolId=pool["Id"], MfaConfiguration="ON")
    with refused("InvalidParameterException", FIRST_FACTORS):
        idp.update_user_pool(UserPoolId=pool["Id"], MfaConfiguration="ON", **policy)


def test_policy_and_required_mfa_that_come_at_once_do_not_meet(idp: Any, pool: Pool) -> None:
    named, policy = {"UserPoolId": pool["Id"]}, first_factors("PASSWORD", "EMAIL_OTP")
    for _ in range(5):
        idp.update_user_pool(**named)
        put(idp, pool, "OPTIONAL", TOTP)
        outcomes = at_once(
            lambda: idp.set_user_pool_mfa_config(**named, MfaConfiguration="ON", **TOTP),
            lambda: idp.update_user_pool(**named, MfaConfiguration="OPTIONAL", **policy),
        )
        assert outcomes[0] in {OK, "InvalidParameterException"}
        assert outcomes[1] == OK
        found = described(idp, pool)
        assert found["Policies"]["SignInPolicy"] == policy["Policies"]["SignInPolicy"]
        assert found["MfaConfiguration"] == "OPTIONAL"


# As Terraform does it: CreateUserPool without MFA, then SetUserPoolMfaConfig; later SetUserPoolMfaConfig when anything
# of MFA has changed, then UpdateUserPool with all of the configuration when anything else has. A plan is empty when
# what it reads is what is configured.


class Terraform:
    """An `aws_cognito_user_pool` with the members that have to do with MFA."""

    def __init__(self, idp: Any, mode: str, **configured: Any) -> None:
        self._idp = idp
        created = {name: configured[name] for name in ("SmsConfiguration", "EmailConfiguration") if name in configured}
        self.pool = factories.make_pool(idp, **created)
        if mode != "OFF":
            self._set_mfa(mode, configured)
        self._check(mode, configured)

    def apply(self, mode: str, **configured: Any) -> None:
        self._set_mfa(mode, configured)
        self.apply_the_rest(mode, **configured)

    def apply_the_rest(self, mode: str, **configured: Any) -> None:
        """What is left to do when nothing of MFA has changed."""
        own = {name: configured[name] for name in ("SmsConfiguration", "EmailConfiguration") if name in configured}
        self._idp.update_user_pool(UserPoolId=self.pool["Id"], MfaConfiguration=mode, **own)
        self._check(mode, configured)

    def _set_mfa(self, mode: str, configured: dict[str, Any]) -> None:
        factors = {name: configured[name] for name in (*TOTP, *EMAIL_MFA) if name in configured}
        if "SmsConfiguration" in configured and mode != "OFF":
            factors["SmsMfaConfiguration"] = {"SmsConfiguration": configured["SmsConfiguration"]}
        put(self._idp, self.pool, mode, factors)

    def _check(self, mode: str, configured: dict[str, Any]) -> None:
        found = described(self._idp, self.pool)
        assert found.get("SmsConfiguration") == configured.get("SmsConfiguration")
        mfa = got(self._idp, self.pool)
        assert (mfa["MfaConfiguration"], found["MfaConfiguration"]) == (mode, mode)
        for name in (*TOTP, *EMAIL_MFA):
            assert mfa.get(name) == configured.get(name)
        assert ("SmsMfaConfiguration" in mfa) == ("SmsConfiguration" in configured and mode != "OFF")


def test_terraform_converges_with_an_authenticator_app(idp: Any) -> None:
    terraform = Terraform(idp, "ON", **TOTP)
    terraform.apply_the_rest("ON", **TOTP)
    terraform.apply("OPTIONAL", **TOTP)
    terraform.apply_the_rest("OPTIONAL", **TOTP)
    terraform.apply("OFF")
    terraform.apply_the_rest("OFF")
    terraform.apply("ON", **TOTP)


def test_terraform_converges_with_sms(idp: Any) -> None:
    terraform = Terraform(idp, "OPTIONAL", SmsConfiguration=SMS)
    terraform.apply_the_rest("OPTIONAL", SmsConfiguration=SMS)
    terraform.apply("ON", SmsConfiguration=OTHER_SMS, **TOTP)
    terraform.apply_the_rest("ON", SmsConfiguration=OTHER_SMS, **TOTP)
    terraform.apply("ON", **TOTP)
    terraform.apply("OFF", SmsConfiguration=SMS)
    terraform.apply_the_rest("OFF", SmsConfiguration=SMS)
    terraform.apply("ON", SmsConfiguration=SMS)


def test_terraform_converges_with_email(idp: Any) -> None:
    terraform = Terraform(idp, "OFF", EmailConfiguration=SES)
    terraform.apply("ON", EmailConfiguration=SES, **EMAIL_MFA)
    terraform.apply_the_rest("ON", EmailConfiguration=SES, **EMAIL_MFA)
    terraform.apply("OPTIONAL", EmailConfiguration=SES, SmsConfiguration=SMS, **EMAIL_MFA, **TOTP)
    terraform.apply_the_rest("OPTIONAL", EmailConfiguration=SES, SmsConfiguration=SMS, **EMAIL_MFA, **TOTP)
    terraform.apply("ON", **TOTP)


# What the settings do at sign-in


def begin(idp: Any, public: Any, pool: Pool, name: str, flow: str = "USER_PASSWORD_AUTH") -> dict[str, Any]:
    """What a sign-in with the right password, or by choice, is answered with."""
    client = factories.make_client(idp, pool, ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_AUTH"])
    parameters = {"USERNAME": name} | ({} if flow == "USER_AUTH" else {"PASSWORD": factories.PASSWORD})
    answer: dict[str, Any] = public.initiate_auth(ClientId=client["ClientId"], AuthFlow=flow, AuthParameters=parameters)
    return answer


def asked(idp: Any, public: Any, pool: Pool, name: str) -> str:
    """The challenge after the password; nothing for tokens."""
    answer = begin(idp, public, pool, name)
    assert ("ChallengeName" in answer) != ("AuthenticationResult" in answer)
    return str(answer.get("ChallengeName", ""))


def test_required_mfa_asks_everybody_and_optional_mfa_who_wants_it(idp: Any, public: Any, pool: Pool) -> None:
    without, reachable, wanting = (
        factories.make_user(idp, pool),
        factories.make_user(idp, pool, phone_number=PHONE),
        factories.make_user(idp, pool, phone_number=PHONE),
    )
    put(idp, pool, "OPTIONAL", SMS_MFA)
    idp.admin_set_user_mfa_preference(UserPoolId=pool["Id"], Username=wanting, SMSMfaSettings={"Enabled": True})

    def challenges() -> list[str]:
        return [asked(idp, public, pool, name) for name in (without, reachable, wanting)]

    assert challenges() == ["", "", "SMS_MFA"]
    put(idp, pool, "ON", SMS_MFA)
    assert challenges() == ["MFA_SETUP", "SMS_MFA", "SMS_MFA"]
    put(idp, pool, "ON", TOTP)
    assert challenges() == ["MFA_SETUP"] * 3
    put(idp, pool, "OPTIONAL", TOTP)
    assert challenges() == [""] * 3
    idp.update_user_pool(UserPoolId=pool["Id"], MfaConfiguration="ON", SmsConfiguration=SMS)
    assert challenges() == ["MFA_SETUP"] * 3
    idp.update_user_pool(UserPoolId=pool["Id"])
    assert challenges() == [""] * 3
    idp.update_user_pool(UserPoolId=pool["Id"], MfaConfiguration="ON", SmsConfiguration=SMS)
    assert challenges() == ["MFA_SETUP", "SMS_MFA", "SMS_MFA"]


@pytest.mark.parametrize(
    ("factors", "offered"),
    [([TOTP], ["SOFTWARE_TOKEN_MFA"]), ([TOTP, EMAIL_MFA], ["SOFTWARE_TOKEN_MFA", "EMAIL_OTP"])],
    ids=["totp", "totp+e-mail"],
)
def test_users_without_a_factor_may_set_up_what_the_pool_offers(
    idp: Any, public: Any, mailing: Pool, factors: list[dict[str, Any]], offered: list[str]
) -> None:
    put(idp, mailing, "ON", *factors)
    parameters = begin(idp, public, mailing, factories.make_user(idp, mailing))["ChallengeParameters"]
    assert json.loads(parameters["MFAS_CAN_SETUP"]) == offered


def test_codes_come_in_the_words_of_the_pool(idp: Any, public: Any, mailing: Pool, mailbox: Mailbox) -> None:
    name = factories.unique()
    address = f"{name}@example.com"
    factories.make_user(idp, mailing, name, email=address, phone_number=PHONE)

    def sent(*factors: dict[str, Any]) -> tuple[str, str]:
        put(idp, mailing, "ON", *factors)
        begin(idp, public, mailing, name)
        message = mailbox.messages(name)[0]
        return message["subject"], message["body"].replace(message["code"], "CODE")

    assert sent({"EmailMfaConfiguration": {}}) == ("Your authentication code", "Your authentication code is CODE. ")
    assert sent(EMAIL_MFA) == ("Sign-in", "Your code: CODE")
    assert sent(SMS_MFA) == ("", "Your authentication code is CODE. ")
    text = {"SmsAuthenticationMessage": "Sign in with {####}", "SmsConfiguration": SMS}
    assert sent({"SmsMfaConfiguration": text}) == ("", "Sign in with CODE")


def test_sign_in_policy_says_what_a_choice_based_sign_in_begins_with(idp: Any, public: Any, pool: Pool) -> None:
    name = factories.unique()
    factories.make_user(idp, pool, name, email=f"{name}@example.com", phone_number=PHONE)
    passwords = {"PASSWORD", "PASSWORD_SRP"}
    for codes in ((), ("EMAIL_OTP",), ("SMS_OTP",), ("EMAIL_OTP", "SMS_OTP")):
        idp.update_user_pool(UserPoolId=pool["Id"], **first_factors("PASSWORD", *codes))
        answer = begin(idp, public, pool, name, "USER_AUTH")
        assert set(answer["AvailableChallenges"]) == {*passwords, *codes}


def test_sms_mfa_of_an_imported_user_is_asked_for(idp: Any, public: Any) -> None:
    pool = factories.make_pool(idp, AutoVerifiedAttributes=["email"], MfaConfiguration="OPTIONAL", SmsConfiguration=SMS)
    password_hash = bcrypt.hashpw(factories.PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    more = {"phone_number": PHONE, "password_hash": password_hash}
    people = (
        imports.person("ada", **more, **{"cognito:mfa_enabled": "TRUE"}),
        imports.person("bob", **more),
    )
    content = imports.csv(imports.header(idp, pool, with_hash=True), *people)
    imports.run(idp, pool, content, PasswordHashingAlgorithm="BCRYPT")
    assert [asked(idp, public, pool, name) for name in ("ada", "bob")] == ["SMS_MFA", ""]
