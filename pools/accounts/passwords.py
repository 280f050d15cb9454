"""Passwords: hashing, checking, setting, changing. Source: RFC 9106 (argon2id); guide, "Passwords"."""

from __future__ import annotations

from dataclasses import dataclass
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError
from django.db import transaction
from django.db.models import BooleanField, ExpressionWrapper, Q, Subquery

from identity import clock, throttle
from identity.access import audit
from identity.access.actor import Actor
from identity.config import config
from identity.errors import PASSWORD_ATTEMPTS_EXCEEDED, NotAuthorized, PasswordHistoryPolicyViolation, UserNotFound
from identity.statement import Statement
from identity.throttle import Guard, Locked
from pools.accounts import hashes
from pools.accounts.srp import Verifier
from pools.config.passwords import PasswordPolicy
from pools.models import Credential, FormerPassword, Pool, User
from pools.models.user import UserStatus

CHANGES_PER_HOUR = 5

_hasher = PasswordHasher(time_cost=config.argon2_time, memory_cost=config.argon2_memory_kib, parallelism=1)
# Hashing takes a core for tens of milliseconds: few at once, so that a burst of sign-ins leaves room for the rest.
_turns = BoundedSemaphore(config.hashing_concurrency)
_decoy = _hasher.hash("a password nobody has")


def hash(password: str) -> str:
    """An argon2id hash in PHC form."""
    with _turns:
        return _hasher.hash(password)


@dataclass(frozen=True, slots=True)
class Derived:
    """What is kept of a password: an argon2id hash in PHC form, and the SRP verifier's text."""

    password_hash: str
    srp_verifier: str


def derive(user: User, password: str) -> Derived:
    """What is kept of a password of this user, who need not be saved yet."""
    return Derived(hash(password), str(Verifier.of(user.pool_id, user.username, password)))


def matches(password_hash: str, password: str) -> bool:
    """Whether a hash, ours or one that was imported, is of this password."""
    with _turns:
        return hashes.matches(password_hash, password)


def waste_time(password: str) -> None:
    """Take as long as a real check, for a user that does not exist."""
    matches(_decoy, password)


_LACKS_VERIFIER = ExpressionWrapper(Q(srp_verifier__isnull=True), output_field=BooleanField())
_hash_of = Statement(
    lambda user_id: Credential.objects.filter(user_id=user_id).values_list("password_hash", _LACKS_VERIFIER), int
)
_verifier_of = Statement(lambda user_id: Credential.objects.filter(user_id=user_id).values_list("srp_verifier"), int)
# From the pool's row, which is there for decoys too: they take the same one statement.
_kept_of = Statement(
    lambda pool_id, user_id, key: Pool.objects.filter(pk=pool_id).values_list(
        *(
            Subquery(Credential.objects.filter(user_id=user_id).values(name))
            for name in ("password_hash", "srp_verifier")
        ),
        *throttle.state_of(key),
    ),
    str,
    int,
    str,
)


class Try:
    """One try of a user's password against the lock-out of `subject`; a decoy has no password.

    Make it before the check (raises NotAuthorized while locked), then say `failed()` or `passed()`. What is kept of
    the password and how often it was tried are read together.
    """

    def __init__(self, user: User, subject: str) -> None:
        key = f"password:{subject}"
        row = _kept_of.first(user.pool_id, user.key, key)
        self._user = user
        self._hash, self._srp_verifier, *state = row or (None,) * 5
        try:
            guard = Guard(key, state=tuple(state))
        except Locked:
            raise NotAuthorized(PASSWORD_ATTEMPTS_EXCEEDED) from None
        self.failed, self.passed = guard.failed, guard.passed

    def is_correct(self, password: str) -> bool:
        """As the function of this name."""
        return _is_correct(self._user, password, self._hash, lacks_verifier=self._srp_verifier is None)

    def verifier(self) -> Verifier:
        """As the function of this name."""
        return _verifier(self._user, self._srp_verifier)


def is_correct(user: User, password: str) -> bool:
    """Whether this is the user's password. A decoy has none.

    A hash of another algorithm or strength is renewed, and a verifier that is still missing is made.
    """
    stored, lacks_verifier = _hash_of.first(user.key) or (None, True)
    return _is_correct(user, password, stored, lacks_verifier=lacks_verifier)


def _is_correct(user: User, password: str, stored: str | None, *, lacks_verifier: bool) -> bool:
    if stored is None:
        waste_time(password)
        return False
    if not matches(stored, password):
        return False
    if lacks_verifier or _is_outdated(stored):
        derived = derive(user, password)
        Credential.objects.filter(user=user, password_hash=stored).update(
            password_hash=derived.password_hash, srp_verifier=derived.srp_verifier
        )
    return True


def verifier(user: User) -> Verifier:
    """The SRP verifier of the user's password; a decoy's where there is none."""
    (stored,) = _verifier_of.first(user.key) or (None,)
    return _verifier(user, stored)


def _verifier(user: User, stored: str | None) -> Verifier:
    return Verifier.decoy(user.pool_id, user.username) if stored is None else Verifier.parse(stored)


def is_set(user: User) -> bool:
    """Whether the user has a password at all."""
    return _hash_of.first(user.key) is not None


def _is_outdated(password_hash: str) -> bool:
    try:
        return _hasher.check_needs_rehash(password_hash)
    except InvalidHashError:  # not argon2
        return True


def store(user: User, derived: Derived, *, temporary: bool) -> None:
    """Write a user's credential; a temporary one ends when the pool's policy says.

    Lock or write the user's row first, as every writer does: in opposite orders two of them would deadlock.
    """
    now = clock.now()
    policy = PasswordPolicy.of(user.pool)
    _remember_current(user, policy.history_size)
    Credential.objects.update_or_create(
        user=user,
        defaults={
            "password_hash": derived.password_hash,
            "srp_verifier": derived.srp_verifier,
            "changed_at": now,
            "expires_at": now + policy.temporary_lifetime if temporary else None,
        },
    )


def _remember_current(user: User, history_size: int) -> None:
    """Keep the password that is about to be replaced, and of those before it as many as the history has places.

    Temporary passwords, which were never the user's own, take no place.
    """
    former = FormerPassword.objects.filter(user=user)
    if history_size:
        current = Credential.objects.filter(user=user, expires_at=None).values_list("password_hash", flat=True).first()
        if current is not None:
            FormerPassword.objects.create(user=user, password_hash=current, replaced_at=clock.now())
    kept = list(former.order_by("-pk").values_list("pk", flat=True)[:history_size])
    former.exclude(pk__in=kept).delete()


def check_new(user: User, password: str) -> None:
    """The policy and the history; a temporary password is no choice either while it is the current one.

    Raises: InvalidPassword, PasswordHistoryPolicyViolation.
    """
    policy = PasswordPolicy.of(user.pool)
    policy.check(password)
    if not policy.history_size:
        return
    current = Credential.objects.filter(user=user).values_list("password_hash", "expires_at").first()
    places = policy.history_size - (current is not None and current[1] is None)
    former = FormerPassword.objects.filter(user=user).order_by("-pk").values_list("password_hash", flat=True)[:places]
    for earlier in [*([current[0]] if current else []), *former]:
        if matches(earlier, password):
            raise PasswordHistoryPolicyViolation()


def set_by_administrator(pool: Pool, user: User, password: str, *, permanent: bool, by: Actor) -> None:
    """AdminSetUserPassword: any state of the user; tokens stay valid.

    Raises: InvalidPassword, PasswordHistoryPolicyViolation, UserNotFound.
    """
    check_new(user, password)
    derived = derive(user, password)
    status = UserStatus.CONFIRMED if permanent else UserStatus.FORCE_CHANGE_PASSWORD
    with transaction.atomic():
        _touch(user, status=status)
        store(user, derived, temporary=not permanent)
        audit.record(by, pool.arn, sub=user.sub, permanent=permanent)


def change(pool: Pool, user: User, *, previous: str | None, proposed: str) -> None:
    """ChangePassword. Wrong previous passwords count toward an hourly limit; right ones do not.

    Raises: InvalidPassword, PasswordHistoryPolicyViolation, LimitExceeded, NotAuthorized (wrong previous password),
    UserNotFound.
    """
    PasswordPolicy.of(pool).check(proposed)
    key = f"change-password:{user.pk}"
    throttle.reserve(key, limit=CHANGES_PER_HOUR)
    current = Credential.objects.filter(user=user).values_list("changed_at", flat=True).first()
    if previous is None or not is_correct(user, previous) or current is None:
        raise NotAuthorized()
    throttle.give_back(key)
    check_new(user, proposed)
    derived = derive(user, proposed)
    with transaction.atomic():
        _touch(user)
        if not Credential.objects.filter(user=user, changed_at=current).exists():
            raise NotAuthorized()  # somebody else has changed it meanwhile: the previous password is not right any more
        store(user, derived, temporary=False)


def forget_failures(user: User) -> None:
    """Lift a lock-out: whoever has just proven to own the account need not wait for others' wrong guesses."""
    throttle.forget_failures(f"password:{user.pk}")


def _touch(user: User, **changes: str) -> None:
    """Write the user's row, which locks it. Raises: UserNotFound, when it has been deleted meanwhile."""
    if not User.objects.filter(pk=user.pk).update(modified_at=clock.now(), **changes):
        raise UserNotFound()
