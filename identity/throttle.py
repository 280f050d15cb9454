"""Attempt limits and lock-outs, decided by compare-and-swap so that parallel tries cannot slip past them.

Source: guide, "Quotas in Amazon Cognito" (code limits) and "Lockout behavior for failed sign-in attempts".
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Subquery

from identity import clock
from identity.errors import LimitExceeded
from identity.models import AttemptWindow, Backoff
from identity.statement import Statement

HOUR = timedelta(hours=1)
FREE_FAILURES = 5
LONGEST_LOCK = timedelta(minutes=15)
_COLUMNS = ("failures", "failed_at", "locked_until")
State = tuple[int | None, datetime | None, datetime | None]
IDLE_RESET = timedelta(minutes=15)


class Locked(Exception):
    """The subject must wait before another try counts."""


def reserve(key: str, *, limit: int, window: timedelta = HOUR) -> None:
    """Count one try before it is made.

    Raises: LimitExceeded when the window holds `limit` tries already.
    """
    now = clock.now()
    live = AttemptWindow.objects.filter(key=key, expires_at__gt=now)
    if live.filter(count__lt=limit).update(count=F("count") + 1):
        return
    if live.filter(count__gte=limit).exists():  # a window that another try has just opened is not full
        raise LimitExceeded()
    AttemptWindow.objects.filter(key=key, expires_at__lte=now).delete()
    try:
        with transaction.atomic():
            AttemptWindow.objects.create(key=key, opened_at=now, expires_at=now + window, count=1)
    except IntegrityError:  # another try opened the window first
        reserve(key, limit=limit, window=window)


def give_back(key: str) -> None:
    """Take back a reserved try that turned out right."""
    AttemptWindow.objects.filter(key=key, count__gt=0).update(count=F("count") - 1)


def forget_failures(key: str) -> None:
    """End the lock-out of a subject."""
    Backoff.objects.filter(key=key).delete()


_state = Statement(lambda key: Backoff.objects.filter(key=key).values_list(*_COLUMNS), str)


def is_locked(key: str) -> bool:
    """Whether the subject must wait before another try counts."""
    row = _state.first(key)
    return row is not None and row[2] is not None and row[2] > clock.now()


def state_of(key: str) -> list[Subquery]:
    """A lock-out's `State` as columns of somebody else's statement: of a subject that has not failed all are None."""
    return [Subquery(Backoff.objects.filter(key=key).values(column)) for column in _COLUMNS]


class Guard:
    """One password try against a lock-out that doubles: 1 s after the fifth failure in a row, up to 15 minutes.

    Make it before the check (raises Locked), then say `failed()` or `passed()`. Once the next failure would lock, the
    try is counted as failed beforehand, so that many tries at once cost as much as many in a row. For what is short
    enough to be guessed, `is_strict` counts every try beforehand: of several at once only one is made. `state` is the
    lock-out's, where another statement has just read it.
    """

    def __init__(self, key: str, *, is_strict: bool = False, state: State | None = None) -> None:
        self._key = key
        self._reserved = False
        self._has_row = False
        self._counted = 0
        failures, failed_at, locked_until = state or _state.first(key) or (None, None, None)
        if failures is None or failed_at is None:
            if is_strict:
                self._open()
            return
        self._has_row = True
        now = clock.now()
        if locked_until is not None and locked_until > now:
            raise Locked
        if failed_at + IDLE_RESET <= now:
            failures = self._forget(failures)
            if is_strict:
                self._open()
                return
        if is_strict or failures >= FREE_FAILURES - 1:
            self._reserve(failures, now)

    def failed(self) -> None:
        """Count the failure, once."""
        if self._reserved:
            return
        now = clock.now()
        while True:
            row = Backoff.objects.filter(key=self._key).values_list("failures", flat=True).first()
            if row is None:
                try:
                    with transaction.atomic():
                        Backoff.objects.create(key=self._key, failures=1, failed_at=now)
                    return
                except IntegrityError:
                    continue
            if self._swap(row, now):
                return

    def passed(self) -> None:
        """Forget earlier failures."""
        if self._has_row:
            Backoff.objects.filter(key=self._key).delete()

    def take_back(self) -> None:
        """A try that was counted beforehand and was no failure; earlier failures stay, and so does what other tries
        have counted since."""
        if not self._reserved:
            return
        mine = Backoff.objects.filter(key=self._key, failures=self._counted)
        if self._counted > 1:
            mine.update(failures=self._counted - 1, locked_until=None)
        else:
            mine.delete()

    def _forget(self, failures: int) -> int:
        Backoff.objects.filter(key=self._key, failures=failures).delete()
        self._has_row = False
        return 0

    def _open(self) -> None:
        try:
            with transaction.atomic():
                Backoff.objects.create(key=self._key, failures=1, failed_at=clock.now())
        except IntegrityError:
            raise Locked from None
        self._reserved = self._has_row = True
        self._counted = 1

    def _reserve(self, failures: int, now: datetime) -> None:
        if not self._swap(failures, now):
            raise Locked
        self._reserved = True
        self._counted = failures + 1

    def _swap(self, failures: int, now: datetime) -> bool:
        locked_until = None
        if failures + 1 >= FREE_FAILURES:
            locked_until = now + min(timedelta(seconds=2 ** min(failures + 1 - FREE_FAILURES, 10)), LONGEST_LOCK)
        changed = Backoff.objects.filter(key=self._key, failures=failures).update(
            failures=failures + 1, failed_at=now, locked_until=locked_until
        )
        return changed == 1
