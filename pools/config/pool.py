"""A pool's settings: from the members of CreateUserPool and UpdateUserPool to what is stored, and back.

Stored is AWS's shape with defaults filled in. An update replaces everything that can change: a member left out goes
back to its default. Source: CreateUserPool, UpdateUserPool and DescribeUserPool in the API reference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from identity.errors import FeatureUnavailableInTier, InvalidParameter
from pools.config import mfa, passwords, recovery, schema, sign_in, triggers, unbuilt

Members = Mapping[str, Any]

IMMUTABLE = ("SchemaAttributes", "AliasAttributes", "UsernameAttributes", "UsernameConfiguration")
_KEPT_AS_GIVEN = (
    "AutoVerifiedAttributes",
    "SmsAuthenticationMessage",
    "SmsConfiguration",
    "UserPoolAddOns",
    "AccountRecoverySetting",
    "KeyConfiguration",
    "IssuerConfiguration",
)
# An object that is given fills in the members it leaves out; an update without the object keeps what there was.
_DCR_DEFAULTS = {
    "EnableStatus": "Enabled",
    "OpenDcrEnabled": False,
    "AuthenticatedGrantTypes": ["code", "client_credentials"],
    "OpenDcrGrantTypes": ["code"],
}
_MIRRORED = {
    "SmsVerificationMessage": "SmsMessage",
    "EmailVerificationMessage": "EmailMessage",
    "EmailVerificationSubject": "EmailSubject",
}
_ACR_LEVELS = ("Level1", "Level2", "Level3", "Level4")


def created(members: Members) -> dict[str, Any]:
    """Settings of a new pool.

    Raises: InvalidParameter, FeatureUnavailableInTier.
    """
    if members.get("AliasAttributes") and members.get("UsernameAttributes"):
        raise InvalidParameter(
            "Only one of the aliasAttributes or usernameAttributes can be set in an user pool.",
            field="alias_attributes",
        )
    fixed = {name: members[name] for name in IMMUTABLE if members.get(name)}
    fixed["SchemaAttributes"] = schema.stored_schema(members.get("Schema", ()))
    return fixed | _mutable({}, members)


def replaced(current: Members, members: Members) -> dict[str, Any]:
    """Settings of a pool after UpdateUserPool.

    Raises: InvalidParameter, FeatureUnavailableInTier, TierChangeNotAllowed.
    """
    kept = {name: current[name] for name in (*IMMUTABLE, "DcrConfiguration") if name in current}
    return kept | _mutable(current, members)


def with_mfa(current: Members, members: Members) -> dict[str, Any]:
    """Settings of a pool after SetUserPoolMfaConfig.

    Raises: InvalidParameter, FeatureUnavailableInTier.
    """
    settings = mfa.replaced(current, members)
    _check_sms(settings.get("SmsConfiguration", {}))
    mfa.check(settings)
    return settings


def with_custom_attributes(current: Members, given: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Settings of a pool after AddCustomAttributes.

    Raises: InvalidParameter.
    """
    return {**current, "SchemaAttributes": schema.with_custom(list(current["SchemaAttributes"]), given)}


def operators() -> dict[str, Any]:
    """Settings of the built-in pool of operators: nobody signs up, names ignore case."""
    return created(
        {
            "UsernameConfiguration": {"CaseSensitive": False},
            "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": True},
        }
    )


def described(settings: Members) -> dict[str, Any]:
    """The settings part of DescribeUserPool's answer."""
    return {name: value for name, value in settings.items() if name not in mfa.FACTOR_MEMBERS}


def is_deletion_protected(settings: Members) -> bool:
    return bool(settings["DeletionProtection"] == "ACTIVE")


def tier(settings: Members) -> str:
    """LITE, ESSENTIALS or PLUS."""
    return str(settings["UserPoolTier"])


def encryption_key(settings: Members) -> str:
    """The ARN that custom senders' codes are encrypted under, or nothing."""
    return triggers.TriggerSettings.read(settings).encryption_key


def _mutable(current: Members, members: Members) -> dict[str, Any]:
    unbuilt.refuse_for_pool(members)
    settings = {name: members[name] for name in _KEPT_AS_GIVEN if members.get(name)}
    wanted_tier = members.get("UserPoolTier", "ESSENTIALS")
    settings |= {
        "DeletionProtection": members.get("DeletionProtection", "INACTIVE"),
        "LambdaConfig": triggers.stored(members.get("LambdaConfig", {}), wanted_tier),
        "UserPoolTier": wanted_tier,
        "EmailConfiguration": _email(members.get("EmailConfiguration", {})),
        "AcrConfiguration": _acr(members.get("AcrConfiguration", {})),
        "UserAttributeUpdateSettings": _update_settings(members),
    }
    if "DcrConfiguration" in members:
        settings["DcrConfiguration"] = {**_DCR_DEFAULTS, **members["DcrConfiguration"]}
    if tier(settings) == "LITE" and settings["AcrConfiguration"] != _acr({}):
        raise FeatureUnavailableInTier("AcrConfiguration is not available in the LITE tier.")
    _check_sms(members.get("SmsConfiguration", {}))
    recovery.check(members.get("AccountRecoverySetting", {}))
    settings |= _policies_and_admin_create(members)
    settings |= _messages(members)
    settings |= mfa.updated(current, members)
    sign_in.check(settings)
    mfa.check(settings)
    return settings


def _policies_and_admin_create(members: Members) -> dict[str, Any]:
    policies = members.get("Policies", {})
    policy = policies.get("PasswordPolicy")
    admin = dict(members.get("AdminCreateUserConfig", {}))
    unused_days = admin.pop("UnusedAccountValidityDays", 0)
    policy_days = (policy or {}).get("TemporaryPasswordValidityDays", 0)
    if unused_days and policy_days and unused_days != policy_days:
        raise InvalidParameter(
            "UnusedAccountValidityDays and TemporaryPasswordValidityDays must be the same when both are given.",
            field="policies",
        )
    stored = passwords.stored_policy(policy, unused_days)
    if "PasswordHistorySize" in stored and members.get("UserPoolTier") == "LITE":
        raise FeatureUnavailableInTier("Password history is not available in the LITE tier.")
    sign_in = policies.get("SignInPolicy", {}).get("AllowedFirstAuthFactors", ["PASSWORD"])
    _check_invitation(admin.get("InviteMessageTemplate", {}))
    return {
        "Policies": {"PasswordPolicy": stored, "SignInPolicy": {"AllowedFirstAuthFactors": sign_in}},
        "AdminCreateUserConfig": {
            "AllowAdminCreateUserOnly": False,
            **admin,
            "UnusedAccountValidityDays": stored["TemporaryPasswordValidityDays"],
        },
    }


def _check_invitation(template: Members) -> None:
    for member in ("SMSMessage", "EmailMessage"):
        text = template.get(member)
        if text is not None and not ("{####}" in text and "{username}" in text):
            raise InvalidParameter(
                f"{member} of the invitation must contain {{username}} and {{####}}.", field="admin_create_user_config"
            )


def _email(given: Members) -> dict[str, Any]:
    email = {"EmailSendingAccount": "COGNITO_DEFAULT", **given}
    if email["EmailSendingAccount"] == "DEVELOPER" and not email.get("SourceArn"):
        raise InvalidParameter(
            "SourceArn is required when EmailSendingAccount is DEVELOPER.", field="email_configuration"
        )
    sender = email.get("From", "")
    if "\n" in sender or "\r" in sender or (sender and "@" not in sender):
        raise InvalidParameter("Invalid From address in EmailConfiguration.", field="email_configuration")
    return email


def _check_sms(given: Members) -> None:
    if given.get("SnsCallerArn") and given.get("EumsSms"):
        raise InvalidParameter("SnsCallerArn and EumsSms can not be used together.", field="sms_configuration")


def _acr(given: Members) -> dict[str, Any]:
    levels = {level: {"AcrValue": f"urn:cognito:loa:{level[-1]}"} for level in _ACR_LEVELS} | dict(given)
    values = [level["AcrValue"] for level in levels.values()]
    if len(set(values)) != len(values):
        raise InvalidParameter("AcrValue must be unique across the levels.", field="acr_configuration")
    return levels


def _update_settings(members: Members) -> dict[str, Any]:
    required = members.get("UserAttributeUpdateSettings", {}).get("AttributesRequireVerificationBeforeUpdate", [])
    if not set(required) <= set(members.get("AutoVerifiedAttributes", ())):
        raise InvalidParameter(
            "AttributesRequireVerificationBeforeUpdate can only contain attributes of AutoVerifiedAttributes.",
            field="user_attribute_update_settings",
        )
    return {"AttributesRequireVerificationBeforeUpdate": required}


def _messages(members: Members) -> dict[str, Any]:
    """The template object and the older top-level members, which mirror each other."""
    template = {"DefaultEmailOption": "CONFIRM_WITH_CODE", **members.get("VerificationMessageTemplate", {})}
    settings: dict[str, Any] = {}
    for legacy, current in _MIRRORED.items():
        given = members.get(legacy)
        if given is not None and template.get(current, given) != given:
            raise InvalidParameter(
                f"{legacy} and VerificationMessageTemplate.{current} must be the same when both are given.",
                field="verification_message_template",
            )
        text = given if given is not None else template.get(current)
        if text is not None:
            settings[legacy] = template[current] = text
    return settings | {"VerificationMessageTemplate": template}
