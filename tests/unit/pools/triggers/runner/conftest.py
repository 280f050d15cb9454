"""A runner for the tests of this folder, and one for each isolation that this machine has."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pools.triggers.runner import isolation
from tests.support.runner import Runner

LEVELS = [isolation.BUBBLEWRAP_AND_UID, isolation.BUBBLEWRAP, isolation.UID]


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    """With the best isolation there is."""
    if isolation.level() is None:
        pytest.skip("nothing isolates here")
    running = Runner()
    yield running
    running.stop()


@pytest.fixture(scope="module", params=LEVELS)
def isolated(request: pytest.FixtureRequest) -> Iterator[Runner]:
    """As root with bubblewrap there are all three; without one of them those that are left."""
    if request.param not in _possible():
        pytest.skip(f"no {request.param} here")
    running = Runner(request.param)
    yield running
    running.stop()


def _possible() -> list[str]:
    best = isolation.level()
    return LEVELS if best == isolation.BUBBLEWRAP_AND_UID else [level for level in LEVELS if level == best]
