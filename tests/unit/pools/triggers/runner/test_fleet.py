"""Which process takes an event: warm ones, as many as may be, of the same revision and pool."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from pools.triggers.runner import client, isolation
from pools.triggers.runner.client import Ran
from tests.support.runner import Runner, answer, zipped

WHO = (
    "import os, time\nNAME = os.urandom(8).hex()\ndef handler(event, context):\n    time.sleep(event)\n    return NAME"
)


@pytest.fixture(scope="module")
def small() -> Iterator[Runner]:
    """With room for four."""
    if isolation.level() is None:
        pytest.skip("nothing isolates here")
    running = Runner(instances=4)
    yield running
    running.stop()


def together(*calls: Callable[[], Ran]) -> list[Ran]:
    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(lambda call: call(), calls))


def test_a_pool_never_gets_a_process_of_another(runner: Runner) -> None:
    first, again, other = (runner.run(WHO, 0, name="pools", pool=pool) for pool in ("a", "a", "b"))
    assert answer(first) == answer(again) != answer(other)


def test_at_once_there_are_several_and_one_after_another_there_is_one(runner: Runner) -> None:
    answers = together(*[lambda: runner.run(WHO, 0.5, name="several")] * 3)
    assert len({answer(ran) for ran in answers}) == 3
    assert answer(runner.run(WHO, 0, name="several")) in {answer(ran) for ran in answers}


def test_the_runner_asks_once_for_what_it_needs(runner: Runner) -> None:
    asked = runner.asked
    together(*[lambda: runner.run(WHO, 0.1, name="asks-once")] * 4)
    runner.run(WHO, 0, name="asks-once")
    assert runner.asked == asked + 1


def test_after_the_end_of_its_credentials_a_function_begins_anew(runner: Runner) -> None:
    soon = time.time() + 1.5
    first = answer(runner.run(WHO, 0, name="expiring", expires_at=soon))
    assert answer(runner.run(WHO, 0, name="expiring", expires_at=soon)) == first
    time.sleep(1.6)
    assert answer(runner.run(WHO, 0, name="expiring")) != first


def test_new_code_ends_what_ran_of_the_former(runner: Runner) -> None:
    def make(word: str) -> bytes:
        return zipped({"index.py": f"def handler(event, context): return {word!r}"})

    for word in ("one", "two", "one"):
        assert answer(runner.run(make(word), runtime="python3.11", name="changing")) == word


@pytest.mark.parametrize(("concurrency", "status"), [(1, "throttled"), (0, "throttled"), (2, "answered")])
def test_more_at_once_than_a_function_may_have_are_refused(runner: Runner, concurrency: int, status: str) -> None:
    name = f"reserved-{concurrency}"

    def call() -> Ran:
        return runner.run(WHO, 1.6, name=name, seconds=3.0, concurrency=concurrency)

    if concurrency:
        runner.run(WHO, 0, name=name)
    ended = sorted(ran.status for ran in together(call, call))
    assert ended == ([status, status] if concurrency != 1 else ["answered", status])


def test_a_burst_of_quick_calls_waits_its_turn(runner: Runner) -> None:
    ended = together(*[lambda: runner.run(WHO, 0.01, name="burst")] * 12)
    assert {ran.status for ran in ended} == {"answered"}
    assert len({answer(ran) for ran in ended}) <= 4


def test_twenty_that_hang_leave_room_for_another(runner: Runner) -> None:
    def hang() -> Ran:
        return runner.run("import time\ndef handler(event, context): time.sleep(60)", name="hangs", seconds=2.0)

    def other() -> Ran:
        time.sleep(0.5)
        return runner.run(WHO, 0, name="quick")

    *hanging, quick = together(*[hang] * 20, other)
    assert quick.status == "answered"
    assert quick.duration_ms < 1500
    assert {ran.status for ran in hanging} <= {"timed out", "throttled"}


def test_the_longest_idle_makes_room(small: Runner) -> None:
    names = {number: answer(small.run(WHO, 0, name=f"room-{number}")) for number in range(5)}
    assert answer(small.run(WHO, 0, name="room-4")) == names[4]
    assert answer(small.run(WHO, 0, name="room-0")) != names[0]


def test_a_runner_that_begins_again_is_found_again(small: Runner) -> None:
    assert small.run(WHO, 0).status == "answered"
    small.process.kill()
    small.process.wait()
    with pytest.raises(client.RunnerAway):
        small.run(WHO, 0, seconds=0.1)
    small.start()
    assert small.run(WHO, 0).status == "answered"


def test_code_that_cannot_be_unpacked_is_told(runner: Runner) -> None:
    ran = runner.run(b"no zip at all", runtime="python3.11")
    assert (ran.status, ran.text[:22]) == ("not available", "Could not unzip upload")
    link: Any = zipped({"a": "b"}, links={"index.py": "../../../../etc/passwd"})
    assert runner.run(link, runtime="python3.11").status == "not available"


def test_secrets_never_reach_a_log(runner: Runner) -> None:
    code = """
import json, os, threading, time
def later(secret):
    time.sleep(0.2)
    print("later", secret)
def handler(event, context):
    print("it is", event["password"], json.dumps(event), repr(event), event["code"])
    print("and", os.environ["AWS_SESSION_TOKEN"])
    threading.Thread(target=later, args=(event["password"],)).start()
    if event["wait"]: time.sleep(0.5)
    raise ValueError(event["password"])
"""
    secrets = ["pass\"wörd'1", "123456", "7"]
    event = {"password": secrets[0], "code": secrets[1], "short": "7", "wait": False}
    environment = {"AWS_SESSION_TOKEN": "a-token-of-a-session"}
    first = runner.run(code, event, secrets=secrets, environment=environment)
    second = runner.run(code, {**event, "password": "x", "wait": True}, environment=environment)
    for log in (first.log, second.log):
        assert not [text for text in (*secrets[:2], "w\\u00f6rd", "wörd", "a-token-of") if text in log], log
    assert "it is ***" in first.log and "and ***" in first.log and "'short': '***'" in first.log
    assert "later ***" in second.log
