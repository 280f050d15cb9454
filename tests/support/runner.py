"""A runner of functions of its own, and functions as text."""

from __future__ import annotations

import hashlib
import io
import json
import os
import stat
import subprocess
import tempfile
import time
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pools.triggers.runner import client
from pools.triggers.runner.client import Ran, Specification, Wanted

ROOT = Path(__file__).parents[2]
RUNTIMES = {".py": "python3.11", ".js": "nodejs20.x", ".mjs": "nodejs20.x"}


def zipped(files: Mapping[str, str | bytes], links: Mapping[str, str] | None = None) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text)  # without the time, so that the same is the same
        for name, target in (links or {}).items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(entry, target)
    return content.getvalue()


class Runner:
    """Started as a worker starts its own; `client` of this process uses it."""

    def __init__(self, isolation: str = "", *, instances: int = 16) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="gh-"))
        self.socket = self.folder / "socket"
        self._isolation = ("--isolation", isolation) if isolation else ()
        self._instances = str(instances)
        self.asked = 0
        self.start()

    def start(self) -> None:
        command = client.command(str(self.socket), os.getpid())
        command[command.index("--instances") + 1] = self._instances
        self.process = subprocess.Popen([*command, *self._isolation], env=client.environment(), cwd=ROOT)
        client.use_own(str(self.socket))
        deadline = time.monotonic() + 30
        while not self.socket.exists():
            assert self.process.poll() is None and time.monotonic() < deadline, "the runner does not start"
            time.sleep(0.01)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)
        client.use_own("")

    def run(
        self,
        code: str | bytes,
        event: Any = None,
        *,
        name: str = "",
        file: str = "",
        handler: str = "index.handler",
        seconds: float = 5.0,
        limit: float = 60.0,
        memory: int = 256,
        environment: Mapping[str, str] | None = None,
        secrets: Sequence[str] = (),
        pool: str = "us-east-1_Pool",
        concurrency: int | None = None,
        request_id: str = "11111111-2222-3333-4444-555555555555",
        expires_at: float | None = None,
        runtime: str = "",
    ) -> Ran:
        """`code` is a zip, or the text of index.py or index.js, whatever `file` says. Times in seconds, as Lambda's."""
        if isinstance(code, str):
            file = file or ("index.js" if "exports." in code else "index.py")
            runtime = RUNTIMES[Path(file).suffix]
            code = zipped({file: code})
        content = code
        revision = hashlib.sha256(content + handler.encode() + repr(environment).encode()).hexdigest()
        arn = f"arn:aws:lambda:us-east-1:123456789012:function:{name or 'f' + revision[:12]}"

        def load() -> Specification:
            self.asked += 1
            sha256 = hashlib.sha256(content).hexdigest()
            end = expires_at or time.time() + 3600
            return Specification(
                *(runtime, handler, limit, memory, environment or {}, sha256, lambda: content, end),
                secrets=[value for key, value in (environment or {}).items() if key.startswith("AWS_S")],
            )

        return client.run(
            Wanted(arn, revision, pool, concurrency),
            json.dumps(event).encode(),
            load=load,
            seconds=seconds,
            request_id=request_id,
            secrets=secrets,
        )


def answer(ran: Ran) -> Any:
    """What it answered; the log tells why there is nothing."""
    assert ran.status == "answered", (ran.payload, ran.text, ran.log)
    return json.loads(ran.payload)
