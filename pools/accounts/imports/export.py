"""The way out: a pool's users as the CSV that an import reads, with their password hashes.

What the format cannot say about a user, it must not say wrongly: a password goes along only where it signs its user
in today. Whoever is unconfirmed or disabled, has a temporary password or must reset it has to prove an address again
after an import, by a password reset. Profiles of other identity providers are left out: they come back by signing in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from identity.paging import Slice
from pools.accounts import hashes
from pools.accounts.imports.layout import MAX_ROW_CHARACTERS, MFA_ENABLED, PASSWORD_HASH, USERNAME, header, join
from pools.config.mfa import SMS_MFA, MfaSettings
from pools.config.schema import VERIFIED_FLAGS, Schema
from pools.config.sign_in import SignInSettings
from pools.models import Credential, Pool, User
from pools.models.user import UserStatus

_BATCH = 250
"""Users can be large: each may have 69 attributes of 2,048 characters."""


@dataclass(slots=True)
class Tally:
    """What an export has met so far, in users.

    `algorithms` counts all users by what their hash is in the file, and `external` those who are left out; the rest is
    about what was written. `withheld` counts passwords that were left out, by the state of their user. `unverified`
    and `too_long` rows will fail when they are imported.
    """

    written: int = 0
    algorithms: Counter[str] = field(default_factory=Counter)
    withheld: Counter[str] = field(default_factory=Counter)
    external: int = 0
    unverified: int = 0
    too_long: int = 0


def lines(pool: Pool, algorithm: str | None, tally: Tally) -> Iterator[str]:
    """The file line by line, its header first; `tally` is up to date after each.

    `algorithm` restricts it to users whose hash is of one (a key of `hashes.ALGORITHMS`, or `hashes.NONE`, whose file
    has no column for hashes). Users are read in the order in which they came, a batch at a time: a user who comes or
    changes meanwhile is written as found.
    """
    columns = header(pool, with_hash=algorithm != hashes.NONE)
    yield join(columns) + "\n"
    last = 0
    while batch := _after(pool, last):
        last = batch[-1][0]
        yield from _lines(pool, columns, batch, algorithm, tally)


_Row = tuple[int, str, dict[str, str], str, bool, list[str]]


def _after(pool: Pool, last: int) -> list[_Row]:
    users = Slice(User.objects.all(), {"pool_id": pool.id}).ordered("id", behind=last)
    return list(users.values_list("id", "username", "attributes", "status", "enabled", "mfa_factors")[:_BATCH])


def _hashes(batch: list[_Row]) -> dict[int, str]:
    """By user. A query of its own: in a join, PostgreSQL would read all credentials up to this batch every time."""
    stored = Credential.objects.filter(user_id__in=[row[0] for row in batch])
    return dict(stored.values_list("user_id", "password_hash"))


def _lines(pool: Pool, columns: list[str], batch: list[_Row], algorithm: str | None, tally: Tally) -> Iterator[str]:
    booleans = [name for name, kind in Schema.of(pool).attributes.items() if kind.kind == "Boolean"]
    named_by = [name for name in VERIFIED_FLAGS if name in SignInSettings.of(pool).username_attributes]
    offered = MfaSettings.of(pool).offered
    stored_hashes = _hashes(batch)
    for user_id, username, attributes, status, enabled, factors in batch:
        if status == UserStatus.EXTERNAL_PROVIDER:
            tally.external += 1
            continue
        reason = _reason_to_withhold(status, enabled)
        stored = stored_hashes.get(user_id, "")
        password_hash = "" if reason else stored
        kind = hashes.algorithm_of(password_hash)
        tally.algorithms[kind] += 1
        if algorithm not in {None, kind}:
            continue
        has_sms_mfa = SMS_MFA in factors and SMS_MFA in offered and bool(attributes.get("phone_number"))
        values = {**attributes, PASSWORD_HASH: password_hash, MFA_ENABLED: str(has_sms_mfa).upper()}
        values[USERNAME] = next((attributes[name] for name in named_by if attributes.get(name)), username)
        for name in booleans:
            if name in values:
                values[name] = values[name].upper()
        line = join([values.get(name, "") for name in columns])
        _count(pool, tally, line, attributes, reason if stored else "")
        yield line + "\n"


def _reason_to_withhold(status: str, enabled: bool) -> str:
    if not enabled:
        return "disabled"
    return "" if status == UserStatus.CONFIRMED else status


def _count(pool: Pool, tally: Tally, line: str, attributes: Mapping[str, str], withheld: str) -> None:
    tally.written += 1
    if withheld:
        tally.withheld[withheld] += 1
    if len(line) > MAX_ROW_CHARACTERS:
        tally.too_long += 1
    for name in SignInSettings.of(pool).auto_verified_attributes:
        if attributes.get(name) and attributes.get(VERIFIED_FLAGS[name]) == "true":
            return
    tally.unverified += 1
