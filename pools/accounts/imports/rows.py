"""One row of a CSV file: read, checked by the rules of sign-up, and told why it cannot be a user.

Source: guide, "Creating the user import .csv file".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import regex

from identity.errors import InvalidParameter
from pools.accounts import attributes as user_attributes
from pools.accounts import hashes
from pools.accounts.imports.layout import MAX_ROW_CHARACTERS, MFA_ENABLED, PASSWORD_HASH, USERNAME, Layout, split
from pools.config.mfa import SMS_MFA, MfaSettings
from pools.config.schema import MAX_LENGTH, VERIFIED_FLAGS
from pools.config.sign_in import SignInSettings
from pools.models import Pool
from pools.models.user import UserStatus

NOTHING_VERIFIED = (
    "The User Record does not set any of the auto verified attributes to true. (Example: email_verified to true)."
)
"""In the words of AWS's import log."""

_LONGEST_USERNAME = 128
_USERNAME = regex.compile(r"[\p{L}\p{M}\p{S}\p{N}\p{P}]+")


class RowFailed(Exception):
    """The row is no user; the text says why, on one line."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class NewUser:
    """What a row says: the name as it was given, and `password_hash` empty where there is none.

    `attributes` are as the user will hold them, with the e-mail address or phone number that is the user name.
    """

    username: str
    attributes: dict[str, str]
    password_hash: str
    status: UserStatus
    has_sms_mfa: bool = False


def read(pool: Pool, layout: Layout, line: str, algorithm: str) -> NewUser:
    """A row as a new user. `algorithm` is the job's, one of `hashes.ALGORITHMS`, or empty.

    The user has no password until it is reset, or the one of the row's hash. Nothing is looked up: whether the user
    exists is for the writer to see. A birthdate is kept as it is given, in ten characters, as elsewhere.
    Raises: RowFailed.
    """
    values = _values(layout, line)
    username = values.pop(USERNAME, "")
    has_mfa = values.pop(MFA_ENABLED, "")
    password_hash = values.pop(PASSWORD_HASH, "")
    _check_username(username)
    try:
        named = user_attributes.name_new_user(pool, username, values)
        user_attributes.check_values(pool, named)
        user_attributes.check_verified_flags(named)
        user_attributes.check_required(pool, named)
    except InvalidParameter as refusal:
        raise RowFailed("; ".join(refusal.message.split("\n")).rstrip("; ")) from None
    has_sms_mfa = _has_sms_mfa(pool, has_mfa, named)
    _check_something_is_verified(pool, named)
    if not password_hash:
        return NewUser(username, named, "", UserStatus.RESET_REQUIRED, has_sms_mfa)
    try:
        hashes.check(algorithm, password_hash)
    except ValueError as error:
        raise RowFailed(str(error)) from None
    return NewUser(username, named, password_hash, UserStatus.CONFIRMED, has_sms_mfa)


def _values(layout: Layout, line: str) -> dict[str, str]:
    """What is filled in, by column. Raises: RowFailed."""
    if len(line) > MAX_ROW_CHARACTERS and len(line.rstrip("\r\n")) > MAX_ROW_CHARACTERS:
        raise RowFailed(f"The row is longer than {MAX_ROW_CHARACTERS} characters.")
    if "\0" in line:
        raise RowFailed("The row holds a NUL character.")
    cells = split(line)
    if len(cells) != len(layout.columns):
        raise RowFailed(f"The row has {len(cells)} columns, the header has {len(layout.columns)}.")
    values = {name: cell for name, cell in zip(layout.columns, cells, strict=True) if cell}
    if len(line) > MAX_LENGTH:
        for name, value in values.items():
            if len(value) > MAX_LENGTH:
                raise RowFailed(f"{name}: String must be less than {MAX_LENGTH} characters long")
    return values


def _check_username(username: str) -> None:
    """What the API takes as a user name. Raises: RowFailed."""
    if not username:
        raise RowFailed(f"{USERNAME}: The value is required.")
    if len(username) > _LONGEST_USERNAME:
        raise RowFailed(f"{USERNAME}: String must be less than {_LONGEST_USERNAME} characters long")
    is_plain = username.isascii() and username.isprintable() and " " not in username
    if not is_plain and not _USERNAME.fullmatch(username):
        raise RowFailed(f"{USERNAME}: There must be no white space or control characters in a user name.")


def _has_sms_mfa(pool: Pool, value: str, attributes: Mapping[str, str]) -> bool:
    """Whether SMS MFA is on for the user. Where it is not, a pool that requires MFA asks at sign-in all the same.

    Raises: RowFailed.
    """
    folded = value.lower()
    if folded == "false":
        return False
    if folded != "true":
        raise RowFailed(f"{MFA_ENABLED}: The value must be TRUE or FALSE.")
    if not attributes.get("phone_number"):
        raise RowFailed(f"{MFA_ENABLED}: A user with MFA needs a phone_number.")
    if SMS_MFA not in MfaSettings.of(pool).offered:
        raise RowFailed(f"{MFA_ENABLED}: The value must be FALSE, since SMS MFA is off in the user pool.")
    return True


def _check_something_is_verified(pool: Pool, attributes: Mapping[str, str]) -> None:
    """Raises: RowFailed."""
    for attribute in SignInSettings.of(pool).auto_verified_attributes:
        if attributes.get(attribute) and attributes.get(VERIFIED_FLAGS[attribute]) == "true":
            return
    raise RowFailed(NOTHING_VERIFIED)
