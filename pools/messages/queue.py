"""Sending for requests.

What they wait for is handed over at once; all else is queued in the transaction of what caused it and sent by a
worker.

The row is the message, and a worker that is called only looks earlier. One worker has a row at a time, under a lease
that it renews while it sends; the row goes when the carrier has accepted. Who goes on after a worker was killed
repeats nothing but what was on its way, under the same Message-ID.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from threading import Event, Thread
from urllib.parse import urlsplit

from django.db import connection, transaction

from identity import clock, ids
from identity.config import config
from identity.errors import (
    CodeDeliveryFailure,
    InvalidLambdaResponse,
    TooManyRequests,
    UnexpectedLambda,
    UserLambdaValidation,
)
from identity.keyring import CannotDecrypt
from pools.config.messages import Template
from pools.messages import deliver, wording
from pools.messages.aside import Aside
from pools.messages.message import ATTRIBUTES, Channel, Kind, Message
from pools.messages.senders import outbox, smtp
from pools.models import Code, QueuedMessage, User
from pools.triggers.origin import Origin

LEASE = timedelta(seconds=15)
DELAYS = tuple(timedelta(seconds=seconds) for seconds in (2, 15, 60, 300, 900))
"""Before each further try; a server that greylists wants some minutes. After the last one the message is given up."""
SENDER_TRIES = 3
"""Of a pool's own sender, as Lambda does for what is invoked without waiting: it may have sent all the same."""

PAUSE = timedelta(milliseconds=200)
"""Nobody begins to send before the request is over: on a busy machine its time would tell who gets a message."""

_SOON = timedelta(seconds=1)
_CODES = {
    Kind.SIGN_UP: Code.Kind.SIGN_UP,
    Kind.RESEND_CODE: Code.Kind.SIGN_UP,
    Kind.FORGOT_PASSWORD: Code.Kind.PASSWORD,
}
_CODES_OF_ATTRIBUTES = {Kind.UPDATE_USER_ATTRIBUTE, Kind.VERIFY_USER_ATTRIBUTE}
_MOST_ASIDE, _MOST_ASIDE_OF_A_POOL = 4, 2
"""Calls of functions at once, beside each that sends: a slow one keeps neither mails nor other pools' waiting."""
_NO_ROOM, _TOO_MANY = timedelta(milliseconds=100), timedelta(seconds=1)
_LOOK_SECONDS = 0.1
_FIRST = 16

log = logging.getLogger(__name__)

_callers: list[Callable[[], None]] = []


def call_when_messages_wait(caller: Callable[[], None]) -> None:
    """Let whoever sends know at once; without, they look by themselves every few seconds. It must not wait."""
    _callers.append(caller)


def _call() -> None:
    for caller in _callers:
        caller()


def send(message: Message, *, expires_at: datetime) -> None:
    """Have a message sent and wait until its carrier has accepted it; call after the commit.

    For a pool's own sender nobody waits, nor learns how it ended: it is called by a worker, until `expires_at`.
    Raises: CodeDeliveryFailure, UserLambdaValidation, UnexpectedLambda, InvalidLambdaResponse, TooManyRequests.
    """
    if deliver.has_sender(message.pool, message.channel):
        put(message, expires_at=expires_at)
    else:
        deliver.send(wording.worded(message))


def put(message: Message, *, expires_at: datetime) -> None:
    """Queue a message inside the transaction of what caused it; it is sent until `expires_at`, by the clock of codes.

    To a decoy it is one itself, which no request can be told apart by, and which nobody gets: make one where a user
    who does not exist must look like one who does. A function that words messages is asked by the worker.
    """
    user, origin, worded = message.user, message.origin, message.worded
    if deliver.is_kept(message.pool, message.channel) and not wording.is_open(message):
        if not user.is_decoy:
            outbox.send(message)
        return
    QueuedMessage.objects.create(
        message_id=f"<{ids.token(24)}@{_domain()}>",
        pool=message.pool,
        holder=None if user.is_decoy else user,
        username=message.username,
        channel=message.channel,
        to=message.to,
        kind=message.kind,
        code=message.code,
        name=message.name,
        attribute=message.attribute,
        subject=worded.subject if worded else "",
        body=worded.body if worded else "",
        client_id=origin.client_id or "",
        user_agent=origin.user_agent,
        client_metadata=None if origin.client_metadata is None else dict(origin.client_metadata),
        expires_at=expires_at,
        next_try_at=clock.wall() + PAUSE,
    )
    transaction.on_commit(_call, robust=True)


def put_ready(message: Message, *, expires_at: datetime) -> None:
    """As `put`, unless a function is to be asked for the wording first; `put_rest` after the commit."""
    if not wording.is_open(message) and deliver.is_carried(message.pool, message.channel):
        put(message, expires_at=expires_at)


def put_rest(message: Message, *, expires_at: datetime) -> None:
    """Queue a message that `put_ready` has left; call after the commit, for any.

    Raises: CodeDeliveryFailure, when nothing could carry it; UserLambdaValidation, UnexpectedLambda,
    InvalidLambdaResponse, TooManyRequests.
    """
    deliver.check(message.pool, message.channel)
    if wording.is_open(message):
        put(wording.worded(message), expires_at=expires_at)


def _domain() -> str:
    return (urlsplit(config.url).hostname or "localhost").encode("idna").decode()


@smtp.one_connection()
def send_waiting(is_ending: Callable[[], bool] = lambda: False) -> None:
    """Send what is due or soon will be, about the longest due first, until nothing is.

    `is_ending` is asked in between.
    """
    with Aside(_MOST_ASIDE, _MOST_ASIDE_OF_A_POOL) as aside:
        while not is_ending():
            now = clock.wall()
            coming = QueuedMessage.objects.filter(next_try_at__lte=now + _SOON).order_by("next_try_at")
            first = list(coming.values_list("pk", "next_try_at")[:_FIRST])
            if not first:
                if aside.wait(_LOOK_SECONDS):
                    continue
                return
            # Those who all wanted the very first one would mostly find it taken.
            row_pk, due_at = secrets.choice([row for row in first if row[1] <= now] or first[:1])
            time.sleep(max((due_at - now).total_seconds(), 0))
            lease = ids.token(16)
            free = QueuedMessage.objects.filter(pk=row_pk, next_try_at=due_at)
            if free.update(lease=lease, next_try_at=clock.wall() + LEASE):
                _try(row_pk, lease, aside)


def _try(row_pk: int, lease: str, aside: Aside) -> None:
    try:
        row = QueuedMessage.objects.select_related("pool", "holder").filter(pk=row_pk).first()
    except CannotDecrypt:
        _put_off(row_pk, lease)
        return
    if row is None:  # it went with its user
        return
    holder = _still_wanted_by(row)
    if holder is None:
        QueuedMessage.objects.filter(pk=row_pk).delete()
        return
    message = _message(row, holder)
    if not (deliver.has_sender(message.pool, message.channel) or wording.is_open(message)):
        _hand_over(message, row_pk, lease)
    elif aside.has_room(row.pool_id):
        aside.start(row.pool_id, partial(_hand_over, message, row_pk, lease))
    else:
        _hold_back(message, row_pk, lease, _NO_ROOM)


def _hand_over(message: Message, row_pk: int, lease: str) -> None:
    try:
        with _renewed(row_pk, lease):
            _send(message, row_pk)
    except (CodeDeliveryFailure, UnexpectedLambda):
        _put_off(row_pk, lease)
    except TooManyRequests:
        _hold_back(message, row_pk, lease, _TOO_MANY)
    else:
        QueuedMessage.objects.filter(pk=row_pk).delete()


def _hold_back(message: Message, row_pk: int, lease: str, delay: timedelta) -> None:
    """Let this and all that waits for the same functions wait a little more, for they have enough to do."""
    later = clock.wall() + delay
    QueuedMessage.objects.filter(pk=row_pk, lease=lease).update(next_try_at=later, lease="")
    waiting = QueuedMessage.objects.filter(pool=message.pool, channel=message.channel, lease="")
    waiting.filter(next_try_at__lt=later).update(next_try_at=later)


def _still_wanted_by(row: QueuedMessage) -> User | None:
    """Whom it would still serve."""
    if row.holder is None or row.pool.deleted_at is not None:
        return None
    if row.expires_at <= clock.now():
        log.warning("%s %s was not sent before its code expired", row.channel, row.kind)
        return None
    return None if _is_overtaken(row) else row.holder


def _is_overtaken(row: QueuedMessage) -> bool:
    """Whether its code has been replaced by a later one, which may have arrived already."""
    why = Kind(row.kind)
    kind = Code.Kind(_attribute(row)) if why in _CODES_OF_ATTRIBUTES else _CODES.get(why)
    return kind is not None and Code.objects.filter(user=row.holder, kind=kind, created_at__gt=row.created_at).exists()


def _message(row: QueuedMessage, user: User) -> Message:
    user.pool = row.pool
    return Message(
        user,
        _attribute(row),
        row.to,
        Kind(row.kind),
        row.code,
        row.name,
        Origin(row.client_id or None, row.user_agent, row.client_metadata),
        Template(row.body, row.subject) if row.body else None,
        row.message_id,
    )


def _send(message: Message, row_pk: int) -> None:
    """What a function says of it is kept: a further try does not ask again. One that it refuses is dropped.

    Raises: CodeDeliveryFailure, UnexpectedLambda, TooManyRequests.
    """
    try:
        said = wording.worded(message)
    except (UserLambdaValidation, InvalidLambdaResponse) as error:
        log.warning("%s %s is not sent: %s", message.channel, message.kind, error.code)
        return
    if said.worded is not None and said is not message:
        QueuedMessage.objects.filter(pk=row_pk).update(subject=said.worded.subject, body=said.worded.body)
    deliver.send(said)


@contextmanager
def _renewed(row_pk: int, lease: str) -> Iterator[None]:
    """Keep the lease while a carrier is slow: how long it may take altogether, nobody knows."""
    done = Event()
    renewing = Thread(target=_renew_until, args=(done, row_pk, lease), name="lease", daemon=True)
    renewing.start()
    try:
        yield
    finally:
        done.set()
        renewing.join()


def _renew_until(done: Event, row_pk: int, lease: str) -> None:
    try:
        while not done.wait(LEASE.total_seconds() / 3):
            mine = QueuedMessage.objects.filter(pk=row_pk, lease=lease)
            mine.update(next_try_at=clock.wall() + LEASE)
    finally:
        connection.close()


def _put_off(row_pk: int, lease: str) -> None:
    """Try again later, or give up. The carrier's complaint is in the log already."""
    mine = QueuedMessage.objects.filter(pk=row_pk, lease=lease)
    row = mine.defer("code").select_related("pool").first()
    if row is None:
        return
    delays = DELAYS[: SENDER_TRIES - 1] if deliver.has_sender(row.pool, Channel(row.channel)) else DELAYS
    if row.failures >= len(delays):
        log.error("%s %s is given up after %s tries", row.channel, row.kind, row.failures + 1)
        mine.delete()
        return
    delay = delays[row.failures]
    mine.update(failures=row.failures + 1, next_try_at=clock.wall() + delay, lease="")


def _attribute(row: QueuedMessage) -> str:
    return row.attribute or ATTRIBUTES[Channel(row.channel)]  # without one it is of an earlier release
