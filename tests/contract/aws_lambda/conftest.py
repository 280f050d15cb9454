"""Fixtures of the Lambda API's tests."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import lambda_api
from tests.support.server import Server


@pytest.fixture(scope="session")
def api(server: Server) -> Any:
    """The Lambda API, signed by the operator's access key."""
    return lambda_api.client(server)


@pytest.fixture
def function(api: Any) -> dict[str, Any]:
    return lambda_api.make(api)
