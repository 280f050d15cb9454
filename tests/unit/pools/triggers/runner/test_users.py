"""Runners of one machine never share user ids."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.runner import ROOT

CLAIM = """
import sys
from pools.triggers.runner import users
print(users.claim(int(sys.argv[1]), 4), flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has users to give")
def test_another_runner_gets_other_users_until_the_first_ends() -> None:
    first = 100_000 + os.getpid() * 8
    command = [sys.executable, "-c", CLAIM, str(first)]
    claims, told = [], []
    try:
        for _ in range(2):
            claims.append(subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
            assert claims[-1].stdout is not None
            told.append(int(claims[-1].stdout.readline()))
        assert told == [first, first + 4]
    finally:
        for claim in claims:
            claim.communicate()
        for uid in range(first, first + 8):
            Path(f"/run/gatehouse-functions-{uid}").unlink(missing_ok=True)
