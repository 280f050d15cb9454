"""The README's checks of a webhook's signature, run as they are printed."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pools.triggers.targets import webhook

README = (Path(__file__).parents[4] / "README.md").read_text()
SECRET, BODY = "a secret of the webhook", '{"userName":"ünïcode"}'.encode()

Check = Callable[[dict[str, str], bytes], bool]


def example(language: str) -> str:
    section = README.split("### Webhooks\n")[1].split("\n### ")[0]
    found = re.search(rf"```{language}\n(.*?)```", section, re.DOTALL)
    assert found
    return found[1]


def by_python(headers: dict[str, str], body: bytes) -> bool:
    names: dict[str, Callable[..., bool]] = {}
    exec(example("python"), names)
    return names["is_from_gatehouse"](SECRET, headers, body)


def by_node(headers: dict[str, str], body: bytes) -> bool:
    lower = json.dumps({name.lower(): value for name, value in headers.items()})
    call = f"console.log(isFromGatehouse({json.dumps(SECRET)}, {lower}, Buffer.from('{body.hex()}', 'hex')))"
    done = subprocess.run(["node", "-e", example("js") + call], capture_output=True, text=True, check=True)
    return {"true\n": True, "false\n": False}[done.stdout]


def headers_at(timestamp: str) -> dict[str, str]:
    signature = webhook.sign(SECRET, timestamp, BODY)
    return {"X-Gatehouse-Timestamp": timestamp, "X-Gatehouse-Signature": signature}


needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node.js")


@pytest.mark.parametrize("check", [by_python, pytest.param(by_node, marks=needs_node)])
def test_example_tells_true_events_from_others(check: Check) -> None:
    now = int(time.time())
    true = headers_at(str(now))
    assert check(true, BODY)
    assert check(headers_at(str(now - 290)), BODY)
    signature = true["X-Gatehouse-Signature"]
    refused = [
        ({}, BODY),
        (true, BODY + b" "),
        (headers_at(str(now - 310)), BODY),
        (headers_at(str(now + 310)), BODY),
        (headers_at("soon"), BODY),
        ({**true, "X-Gatehouse-Timestamp": str(now - 1)}, BODY),
        ({**true, "X-Gatehouse-Signature": signature[:-1]}, BODY),
        ({**true, "X-Gatehouse-Signature": ""}, BODY),
        ({**true, "X-Gatehouse-Signature": signature.replace("v1", "v2")}, BODY),
        ({**true, "X-Gatehouse-Signature": "é" * len(signature)}, BODY),
    ]
    assert [check(headers, body) for headers, body in refused] == [False] * len(refused)
