"""Rows become users, many in a few statements: names that are taken are found first, and what is left is inserted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import IntegrityError, transaction

from identity import clock
from pools.accounts import attributes, search, sign_up
from pools.accounts.imports import insert
from pools.accounts.imports.rows import NewUser
from pools.config.mfa import SMS_MFA
from pools.config.sign_in import SignInSettings
from pools.models import Credential, ImportRow, Pool, SearchValue, SignInName, User

USER_EXISTS = "The user already exists."
"""In the words of AWS's import log."""

_SUB_LENGTH = 36
_KINDS = SignInName.Kind.values
_USERNAME = SignInName.Kind.USERNAME.value
_PREFERRED = SignInName.Kind.PREFERRED_USERNAME.value

Name = tuple[str, bytes]
"""Kind and folded name."""


@dataclass(slots=True)
class Written:
    """How many rows became users, and why the others did not."""

    imported: int = 0
    refused: list[ImportRow] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row that can be a user if nobody has its names."""

    line: int
    user: User
    password_hash: str
    names: tuple[Name, ...]


def candidate(pool: Pool, line: int, new: NewUser) -> Candidate:
    """What the row of a line would become; reads and writes nothing."""
    user = sign_up.new_user(pool, new.username, new.attributes, new.status)
    user.mfa_factors = [SMS_MFA] if new.has_sms_mfa else []
    fold = SignInSettings.of(pool).fold
    names = attributes.sign_in_names(pool, user.username, user.attributes)
    return Candidate(line, user, new.password_hash, tuple((kind, fold(name)) for kind, name in names.items()))


def users(pool: Pool, candidates: Sequence[Candidate]) -> Written:
    """Write new users; call inside a transaction. The refused rows are unsaved and belong to no job yet."""
    written = Written()
    accepted = _with_free_names(pool, candidates, written)
    try:
        with transaction.atomic():
            _insert(pool, accepted)
        written.imported += len(accepted)
    except IntegrityError:  # somebody takes one of the names at this moment
        for alone in accepted:
            _insert_alone(pool, alone, written)
    return written


def _insert_alone(pool: Pool, candidate: Candidate, written: Written) -> None:
    accepted = _with_free_names(pool, [candidate], written)
    try:
        with transaction.atomic():
            _insert(pool, accepted)
        written.imported += len(accepted)
    except IntegrityError:
        written.refused.append(ImportRow(line=candidate.line, outcome=ImportRow.Outcome.SKIPPED, reason=USER_EXISTS))


def _insert(pool: Pool, accepted: Sequence[Candidate]) -> None:
    """Raises: IntegrityError, when a name is taken."""
    now = clock.now()
    insert.users([candidate.user for candidate in accepted])
    # In the order in which everybody takes names (`rivals`): kind by kind, so that nobody waits in a circle.
    names = [
        (_KINDS.index(kind), folded, candidate.user.pk) for candidate in accepted for kind, folded in candidate.names
    ]
    insert.many(
        SignInName,
        ("pool_id", "kind", "folded", "user_id"),
        ((pool.pk, _KINDS[kind], folded, user_id) for kind, folded, user_id in sorted(names)),
    )
    insert.many(
        Credential,
        ("user_id", "password_hash", "changed_at"),
        ((candidate.user.pk, candidate.password_hash, now) for candidate in accepted if candidate.password_hash),
    )
    insert.many(
        SearchValue,
        ("user_id", "pool_id", "attribute", "key"),
        (
            (candidate.user.pk, pool.pk, attribute, key)
            for candidate in accepted
            for attribute, key in search.keys(candidate.user).items()
        ),
    )


def _with_free_names(pool: Pool, candidates: Sequence[Candidate], written: Written) -> list[Candidate]:
    """Those whose names nobody has, in the pool or earlier in the file; the others are refused."""
    taken = _taken(pool, {folded for candidate in candidates for _, folded in candidate.names})
    accepted = []
    for candidate in candidates:
        refused = _refusal(pool, candidate, taken)
        if refused is None:
            taken.update(candidate.names)
            accepted.append(candidate)
        else:
            written.refused.append(refused)
    return accepted


def _taken(pool: Pool, wanted: set[bytes]) -> set[Name]:
    found = SignInName.objects.filter(pool=pool, folded__in=sorted(wanted)).values_list("kind", "folded")
    taken = {(kind, bytes(folded)) for kind, folded in found}
    # A sub is a name as well: whoever took another's as user name would be found in that user's place.
    subs = [folded.decode() for folded in wanted if len(folded) == _SUB_LENGTH and folded.isascii()]
    if subs:
        held = User.objects.filter(pool=pool, sub__in=subs).values_list("sub", flat=True)
        taken.update((_USERNAME, sub.encode()) for sub in held)
    return taken


def _refusal(pool: Pool, candidate: Candidate, taken: set[Name]) -> ImportRow | None:
    """A user name that is taken is a user that exists; another name makes two people of them, which is a failure."""
    for kind, folded in candidate.names:
        pair = {_USERNAME, _PREFERRED} if kind in {_USERNAME, _PREFERRED} else {kind}
        if not any((each, folded) in taken for each in pair):
            continue
        if kind == _USERNAME or kind in SignInSettings.of(pool).username_attributes:
            return ImportRow(line=candidate.line, outcome=ImportRow.Outcome.SKIPPED, reason=USER_EXISTS)
        text = f"An account with the given {kind} already exists."
        return ImportRow(line=candidate.line, outcome=ImportRow.Outcome.FAILED, reason=text)
    return None
