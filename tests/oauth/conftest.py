"""Node.js apps with libraries of OpenID Connect."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest

from tests.support import javascript
from tests.support.javascript import App

StartLibrary = Callable[..., App]


@pytest.fixture
def library() -> Iterator[StartLibrary]:
    """Starts a Node.js process with a library: `library("openid-client", issuer=…)`."""
    javascript.install()
    with ExitStack() as started:

        def start(name: str, **configuration: Any) -> App:
            return started.enter_context(closing(App(name, configuration)))

        yield start
