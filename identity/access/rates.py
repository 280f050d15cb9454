"""Request rates: how many requests a second each category of operations takes, in windows of one second.

Off unless GATEHOUSE_REQUEST_RATES names categories. With REDIS_URL all processes count together; without it each web
worker takes its share. A signed request counts in its region; what needs no signature, and so names no region, counts
together for all of them. The guide's ten reads and writes a second of each user are not kept.
Source: guide, "Quotas in Amazon Cognito".
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from threading import Lock
from typing import Protocol
from urllib.parse import urlsplit

from redis import ConnectionPool, Redis, RedisError

from identity import clock
from identity.access.rate_categories import CAPPED_PER_POOL, CATEGORY_OF, CHALLENGE_ANSWERS
from identity.config import config
from identity.errors import TooManyRequests

log = logging.getLogger(__name__)

REDIS_TIMEOUT_SECONDS = 0.25
REST_SECONDS = 5.0
"""How long Redis is left alone after it has failed, so that not every request waits for it."""
_CHALLENGE_FACTOR = 3
_WINDOW_LIFETIME_SECONDS = 10


class Counter(Protocol):
    """Counts requests by key in the present second."""

    def take(self, key: str, rate: int) -> bool:
        """Count one request, unless `rate` are counted already: then False."""
        ...


class OwnCounter:
    """In this process alone, which takes its share of every rate: at least one a second."""

    def __init__(self, processes: int) -> None:
        self._processes = processes
        self._lock = Lock()
        self._second = 0
        self._counts: dict[str, int] = {}

    def take(self, key: str, rate: int) -> bool:
        second = int(clock.now().timestamp())
        with self._lock:
            if second != self._second:
                self._second, self._counts = second, {}
            count = self._counts.get(key, 0)
            if count >= max(rate // self._processes, 1):
                return False
            self._counts[key] = count + 1
            return True


class SharedCounter:
    """In Redis, for all processes. While it is away every request passes; the log says so once."""

    def __init__(self, url: str) -> None:
        # Celery writes a socket's URL in a way of its own.
        url = url.replace("redis+socket://", "unix://", 1)
        timeouts = {"socket_timeout": REDIS_TIMEOUT_SECONDS, "socket_connect_timeout": REDIS_TIMEOUT_SECONDS}
        self._redis = Redis(connection_pool=ConnectionPool.from_url(url, **timeouts))
        self._rests_until: float | None = None

    def take(self, key: str, rate: int) -> bool:
        if self._rests_until is not None and time.monotonic() < self._rests_until:
            return True
        window = f"gatehouse:rate:{key}:{int(clock.now().timestamp())}"
        pipeline = self._redis.pipeline()
        pipeline.incr(window)
        pipeline.expire(window, _WINDOW_LIFETIME_SECONDS)
        try:
            count, _ = pipeline.execute()
        except (RedisError, OSError) as error:
            if self._rests_until is None:
                log.warning("Request rates are not kept: Redis cannot be used (%s).", type(error).__name__)
            self._rests_until = time.monotonic() + REST_SECONDS
            return True
        if self._rests_until is not None:
            log.warning("Request rates are kept again.")
            self._rests_until = None
        return int(count) <= rate


class Rates:
    """The rates of an installation: category to requests a second."""

    def __init__(self, rates: Mapping[str, int], counter: Counter) -> None:
        self._rates = rates
        self._counter = counter

    def check(self, operation: str, region: str | None, resource: str, challenge: object = None) -> None:
        """Count a request of an operation on a resource (an ARN), answering a challenge or none.

        Raises: TooManyRequests.
        """
        place = region or "*"
        category = CATEGORY_OF.get(operation)
        cap = self._rates.get("PerUserPool")
        if cap is not None and category in CAPPED_PER_POOL:
            self._require([(f"{place}:{operation}:{resource}", cap)])
        if category is not None:
            self._require(self._windows(operation, category, place, challenge))

    def _windows(self, operation: str, category: str, place: str, challenge: object) -> Iterator[tuple[str, int]]:
        """Where a request may be counted, the first that has room."""
        if operation in CHALLENGE_ANSWERS:
            if challenge == "NEW_PASSWORD_REQUIRED":
                category = "UserAccountRecovery"
            elif category in self._rates:
                yield f"{place}:{category}:challenges", self._rates[category] * _CHALLENGE_FACTOR
        if category in self._rates:
            yield f"{place}:{category}", self._rates[category]

    def _require(self, windows: Iterator[tuple[str, int]] | list[tuple[str, int]]) -> None:
        found = False
        for key, rate in windows:
            if self._counter.take(key, rate):
                return
            found = True
        if found:
            raise TooManyRequests()


def _configured() -> Rates | None:
    if not config.request_rates:
        return None
    # A list of sentinels is Celery's own form, which this client does not read.
    is_shared = bool(config.redis_url) and urlsplit(config.redis_url).scheme != "sentinel"
    counter = SharedCounter(config.redis_url) if is_shared else OwnCounter(config.web_workers)
    return Rates(config.request_rates, counter)


configured = _configured()
"""None when no rate is to be kept."""
