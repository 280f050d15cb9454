"""What the API cannot make or does not show, written and read behind a live server's back."""

from __future__ import annotations

from collections.abc import Sequence

from tests.support.server import Server


def make_external(server: Server, usernames: Sequence[str]) -> None:
    """Turn users into federated ones: without a password, in the status EXTERNAL_PROVIDER."""
    _run(
        server,
        f"chosen = User.objects.filter(username__in={list(usernames)!r})",
        "Credential.objects.filter(user__in=chosen).delete()",
        "chosen.update(status='EXTERNAL_PROVIDER')",
    )


def count(server: Server, model: str, username: str) -> int:
    """How many rows of a model a user has."""
    counted = f"print({model}.objects.filter(user__username={username!r}).count())"
    return int(_run(server, counted))


def _run(server: Server, *statements: str) -> str:
    imported = "from pools.models import Credential, FormerPassword, SoftwareToken, User"
    return server.manage("shell", "--no-imports", "--verbosity", "0", "--command", "\n".join([imported, *statements]))
