"""Second factors of users: authenticator apps, what is switched on, what is preferred; both twins side by side."""

from __future__ import annotations

from typing import Any

from identity.errors import (
    ACCESS_TOKEN_REVOKED,
    ONLY_SMS_OPTIONS,
    TOKEN_OR_SESSION,
    InvalidParameter,
    NotAuthorized,
    PasswordResetRequired,
    UserNotConfirmed,
    UserNotFound,
)
from identity.wire.call import Answer, Call
from identity.wire.services import cognito_idp
from pools import lookup
from pools.accounts import mfa_preferences, second_factors, software_tokens
from pools.accounts.mfa_preferences import Setting
from pools.config.mfa import EMAIL_OTP, SMS_MFA, SOFTWARE_TOKEN_MFA
from pools.models import User
from pools.operations.users import mfa_settings
from pools.signin import enrolment, first_factors

_LISTED_FIRST = (first_factors.PASSWORD, first_factors.EMAIL_OTP, first_factors.SMS_OTP)
_SMS_OPTION = {"DeliveryMedium": "SMS", "AttributeName": "phone_number"}


@cognito_idp.operation("AssociateSoftwareToken")
def associate_software_token(call: Call, *, access_token: str | None = None, session: str | None = None) -> Answer:
    _check_one_of(access_token, session)
    try:
        if session is not None:
            secret, following = enrolment.associate(session)
            return {"SecretCode": secret, "Session": following}
        signed_in = lookup.signed_in(str(access_token))
        software_tokens.check_offered(signed_in.pool)
        return {"SecretCode": software_tokens.associate(signed_in.user)}
    except (PasswordResetRequired, UserNotConfirmed) as error:  # the model lists neither for this operation
        raise NotAuthorized(error.message) from None
    except UserNotFound:  # nor this; with the user every session has ended
        raise NotAuthorized(ACCESS_TOKEN_REVOKED) from None


@cognito_idp.operation("VerifySoftwareToken")
def verify_software_token(
    call: Call,
    *,
    user_code: str,
    access_token: str | None = None,
    session: str | None = None,
    friendly_device_name: str = "",
) -> Answer:
    _check_one_of(access_token, session)
    if session is not None:
        return {"Status": "SUCCESS", "Session": enrolment.verify(session, user_code, name=friendly_device_name)}
    signed_in = lookup.signed_in(str(access_token))
    software_tokens.check_offered(signed_in.pool)
    software_tokens.verify(signed_in.user, user_code, name=friendly_device_name)
    return {"Status": "SUCCESS"}


@cognito_idp.operation("AdminDeleteSoftwareToken")
def admin_delete_software_token(call: Call, *, user_pool_id: str, username: str) -> None:
    pool = lookup.pool(user_pool_id, call.region)
    mfa_preferences.delete_software_token(pool, lookup.user(pool, username), by=call.actor)


@cognito_idp.operation("SetUserMFAPreference")
def set_user_mfa_preference(
    call: Call,
    *,
    access_token: str,
    sms_mfa_settings: dict[str, bool] | None = None,
    software_token_mfa_settings: dict[str, bool] | None = None,
    email_mfa_settings: dict[str, bool] | None = None,
    web_authn_mfa_settings: dict[str, bool] | None = None,
) -> None:
    signed_in = lookup.signed_in(access_token)
    _check_no_passkeys(web_authn_mfa_settings)
    settings = _settings(sms_mfa_settings, software_token_mfa_settings, email_mfa_settings)
    mfa_preferences.set_preferences(signed_in.pool, signed_in.user, settings, by=call.actor)


@cognito_idp.operation("AdminSetUserMFAPreference")
def admin_set_user_mfa_preference(
    call: Call,
    *,
    user_pool_id: str,
    username: str,
    sms_mfa_settings: dict[str, bool] | None = None,
    software_token_mfa_settings: dict[str, bool] | None = None,
    email_mfa_settings: dict[str, bool] | None = None,
    web_authn_mfa_settings: dict[str, bool] | None = None,
) -> None:
    pool = lookup.pool(user_pool_id, call.region)
    user = lookup.user(pool, username)
    _check_no_passkeys(web_authn_mfa_settings)
    settings = _settings(sms_mfa_settings, software_token_mfa_settings, email_mfa_settings)
    mfa_preferences.set_preferences(pool, user, settings, by=call.actor)


@cognito_idp.operation("SetUserSettings")
def set_user_settings(call: Call, *, access_token: str, mfa_options: list[dict[str, str]]) -> None:
    signed_in = lookup.signed_in(access_token)
    mfa_preferences.set_sms(signed_in.pool, signed_in.user, is_on=_is_sms_on(mfa_options), by=call.actor)


@cognito_idp.operation("AdminSetUserSettings")
def admin_set_user_settings(call: Call, *, user_pool_id: str, username: str, mfa_options: list[dict[str, str]]) -> None:
    pool = lookup.pool(user_pool_id, call.region)
    user = lookup.user(pool, username)
    mfa_preferences.set_sms(pool, user, is_on=_is_sms_on(mfa_options), by=call.actor)


@cognito_idp.operation("GetUserAuthFactors")
def get_user_auth_factors(call: Call, *, access_token: str) -> Answer:
    return _auth_factors(lookup.signed_in(access_token).user)


@cognito_idp.operation("AdminGetUserAuthFactors")
def admin_get_user_auth_factors(call: Call, *, user_pool_id: str, username: str) -> Answer:
    return _auth_factors(lookup.user(lookup.pool(user_pool_id, call.region), username))


def _auth_factors(user: User) -> dict[str, Any]:
    available = first_factors.available(user)
    configured = [factor for factor in _LISTED_FIRST if factor in available]
    if second_factors.is_possible(user, SOFTWARE_TOKEN_MFA):  # no first factor; the API lists it among them
        configured.append("SOFTWARE_TOKEN")
    return {"Username": user.username, **mfa_settings(user), "ConfiguredUserAuthFactors": configured}


def _check_one_of(access_token: str | None, session: str | None) -> None:
    """Raises: InvalidParameter."""
    if (access_token is None) == (session is None):
        raise InvalidParameter(TOKEN_OR_SESSION)


def _check_no_passkeys(settings: dict[str, bool] | None) -> None:
    """Raises: InvalidParameter, when passkeys are to be a second factor, which they cannot be yet."""
    if settings and settings.get("Enabled"):
        raise InvalidParameter("WebAuthnMfaSettings.Enabled: this value is not available in this version of Gatehouse.")


def _settings(
    sms: dict[str, bool] | None, software_token: dict[str, bool] | None, email: dict[str, bool] | None
) -> dict[str, Setting]:
    """What is not said of a factor that is named is false, as everywhere in the API."""
    named = {SMS_MFA: sms, SOFTWARE_TOKEN_MFA: software_token, EMAIL_OTP: email}
    return {
        factor: Setting(given.get("Enabled", False), given.get("PreferredMfa", False))
        for factor, given in named.items()
        if given is not None
    }


def _is_sms_on(options: list[dict[str, str]]) -> bool:
    """Raises: InvalidParameter for anything but text messages to the phone number."""
    if any(option != _SMS_OPTION for option in options):
        raise InvalidParameter(ONLY_SMS_OPTIONS)
    return bool(options)
