"""Triggers that web processes leave to workers: the call goes by Celery, the answer comes by a list in Redis.

Celery's own results take several round trips and a thread of their own. Call and answer are sealed by the key ring,
as they carry passwords, and each answer belongs to its call. A worker that ends in between answers nothing: the call
is late, and `deliver` tries it again. What times out in the queue is not run.
"""

from __future__ import annotations

import base64
import logging
from functools import cache
from threading import BoundedSemaphore
from typing import Any

import orjson
from kombu.exceptions import OperationalError
from redis import RedisError

from identity import ids, keyring
from identity.celery import TRIGGER_THREADS, TRIGGERS, app
from pools.triggers import slots
from pools.triggers.targets import by_arn
from pools.triggers.targets.base import FAILED, LIMIT_SECONDS, Answer, Busy, Invocation, NotInvoked, TimedOut

_GRACE_SECONDS = 1
"""For the way there and back, beside what the function may take."""
_LEFT_SECONDS = 30
"""After which an answer that nobody fetched is gone."""

log = logging.getLogger(__name__)

_threads = BoundedSemaphore(TRIGGER_THREADS)
"""Of the worker's: the others are left for all else."""


def carry(invocation: Invocation) -> Answer:
    """Have a worker invoke it, and wait. Raises: NotInvoked, TimedOut, Busy."""
    call_id = ids.token(16)
    sealed = base64.b64encode(keyring.encrypt(_packed(invocation), place=_call(call_id))).decode()
    try:
        _redis().ping()  # Celery would look for a Redis that is away for six seconds
        invoke_trigger.apply_async((call_id, sealed), retry=False)
    except (OperationalError, RedisError, OSError) as error:
        raise _broker_is_away(error, is_transient=True) from error
    try:
        found = _redis().brpop([_answer(call_id)], timeout=int(invocation.seconds) + _GRACE_SECONDS)
    except (RedisError, OSError) as error:
        raise _broker_is_away(error) from error
    if found is None:
        raise TimedOut()
    try:
        return _read(orjson.loads(keyring.decrypt(found[1], place=_answer(call_id))))
    except keyring.CannotDecrypt:
        raise NotInvoked(FAILED, log="the worker's answer is sealed by another key") from None


@app.task(queue=TRIGGERS, expires=LIMIT_SECONDS)
def invoke_trigger(call_id: str, sealed: str) -> None:
    """Invoke what a trigger names, for a web process that waits for the answer."""
    try:
        invocation = _unpacked(keyring.decrypt(base64.b64decode(sealed), place=_call(call_id)))
    except keyring.CannotDecrypt:
        log.error("a trigger's call is sealed by no key of GATEHOUSE_SECRET_KEYS")
        return
    said = keyring.encrypt(orjson.dumps(_performed(invocation)), place=_answer(call_id))
    try:
        with _redis().pipeline(transaction=False) as pipeline:
            pipeline.lpush(_answer(call_id), said)
            pipeline.expire(_answer(call_id), _LEFT_SECONDS)
            pipeline.execute()
    except (RedisError, OSError) as error:
        log.warning("a trigger's answer was not delivered: %s", type(error).__name__)


def _performed(invocation: Invocation) -> dict[str, Any]:
    """What came of it, in JSON's terms."""
    if not _threads.acquire(blocking=False):
        return {"as": "busy"}
    try:
        with slots.of_process().taken(invocation.arn, patience_seconds=0):  # the web process waited for one already
            answer = by_arn.invoke(invocation)
    except slots.NoSlot:
        return {"as": "busy"}
    except TimedOut as error:
        return {"as": "timed out", "log": error.log}
    except NotInvoked as error:
        return {"as": "not invoked", "reason": error.reason, "is_transient": error.is_transient, "log": error.log}
    except Exception:  # somebody waits for an answer, whatever went wrong
        log.exception("a trigger could not be invoked")
        return {"as": "not invoked", "reason": FAILED, "is_transient": False, "log": ""}
    finally:
        _threads.release()
    payload = base64.b64encode(answer.payload).decode()
    return {"as": "answer", "payload": payload, "error": answer.error, "log": answer.log}


def _read(said: dict[str, Any]) -> Answer:
    """Raises: NotInvoked, TimedOut, Busy."""
    if said["as"] == "answer":
        return Answer(base64.b64decode(said["payload"]), said["error"], said["log"])
    if said["as"] == "timed out":
        raise TimedOut(said["log"])
    if said["as"] == "busy":
        raise Busy()
    raise NotInvoked(said["reason"], is_transient=said["is_transient"], log=said["log"])


def _packed(invocation: Invocation) -> bytes:
    return orjson.dumps(
        {
            "arn": invocation.arn,
            "pool_id": invocation.pool_id,
            "pool_arn": invocation.pool_arn,
            "event": invocation.event.decode(),
            "secrets": list(invocation.secrets),
            "seconds": invocation.seconds,
            "key_arn": invocation.key_arn,
        }
    )


def _unpacked(packed: bytes) -> Invocation:
    said = orjson.loads(packed)
    return Invocation(**{**said, "event": said["event"].encode()})


def _broker_is_away(error: Exception, *, is_transient: bool = False) -> NotInvoked:
    log.warning("a trigger was not invoked, as the broker is away: %s", type(error).__name__)
    return NotInvoked(FAILED, is_transient=is_transient, log="the broker is away")


def _call(call_id: str) -> str:
    return f"gatehouse:trigger:{call_id}"


def _answer(call_id: str) -> str:
    return f"gatehouse:answer:{call_id}"


@cache
def _redis() -> Any:
    """The client of Celery's result backend, which reads every form of REDIS_URL that Celery does."""
    return app.backend.client
