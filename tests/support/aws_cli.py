"""The real AWS CLI. It pins botocore, so it lives in an environment of its own: AWS_CLI."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.clients import REGION
from tests.support.server import ACCESS_KEY_ID, SECRET_ACCESS_KEY, Server

CLI = os.environ.get("AWS_CLI") or shutil.which("aws")

is_needed = pytest.mark.skipif(CLI is None, reason="there is no AWS CLI: set AWS_CLI to its path")


class Aws:
    """Runs `aws ...` against a server, in a folder; returns its JSON, or the error text when it fails."""

    def __init__(self, server: Server, folder: Path) -> None:
        self._server = server
        self.folder = folder

    def __call__(self, *arguments: str) -> Any:
        done = subprocess.run(
            [str(CLI), *arguments, "--output", "json"],
            cwd=self.folder,
            env={
                **os.environ,
                "AWS_ENDPOINT_URL": self._server.url,
                "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
                "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
                "AWS_DEFAULT_REGION": REGION,
                "AWS_PAGER": "",
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if done.returncode:
            return done.stderr.strip()
        return json.loads(done.stdout) if done.stdout.strip() else None
