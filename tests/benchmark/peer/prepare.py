"""`python -m tests.benchmark.peer.prepare all | codes FIRST COUNT`: fills the peer's database, as JSON tells."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from importlib import import_module
from typing import Any

import django
from django.core.management import call_command
from django.utils import timezone

from tests.benchmark import codes

django.setup()
auth = import_module("django.contrib.auth")
models = import_module("oauth2_provider.models")
sessions = import_module("django.contrib.sessions.backends.db")

_KINDS: dict[str, dict[str, Any]] = {
    "machine": {"authorization_grant_type": "client-credentials"},
    "web": {
        "authorization_grant_type": "authorization-code",
        "algorithm": "RS256",
        "redirect_uris": codes.REDIRECT_URI,
        "skip_authorization": True,
    },
}


def fill() -> dict[str, Any]:
    """Applications and users; secrets are not hashed, which costs as much as a password's hash each time."""
    call_command("migrate", verbosity=0)
    make_user = auth.get_user_model().objects.create_user
    users = [
        make_user(f"user{number}", f"user{number}@example.com", "Correct-Horse-1") for number in range(codes.USERS)
    ]
    applications = {
        name: models.Application.objects.create(
            name=name, client_type="confidential", client_secret=f"{name}-secret", hash_client_secret=False, **more
        )
        for name, more in _KINDS.items()
    }
    told = {name: {"ClientId": each.client_id, "ClientSecret": f"{name}-secret"} for name, each in applications.items()}
    return {**told, "sessions": [_session(user) for user in users]}


def _session(user: Any) -> str:
    """The cookie's value of a browser that is signed in."""
    session = sessions.SessionStore()
    session[auth.SESSION_KEY] = str(user.pk)
    session[auth.BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[auth.HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return str(session.session_key)


def add_codes(first: int, count: int) -> dict[str, Any]:
    users = list(auth.get_user_model().objects.order_by("pk"))
    application = models.Application.objects.get(name="web")
    expires = timezone.now() + timedelta(hours=1)
    models.Grant.objects.bulk_create(
        models.Grant(
            user=users[number % len(users)],
            code=codes.code(number),
            application=application,
            expires=expires,
            redirect_uri=codes.REDIRECT_URI,
            scope=codes.SCOPE,
            code_challenge=codes.CHALLENGE,
            code_challenge_method="S256",
        )
        for number in range(first, first + count)
    )
    return {}


if __name__ == "__main__":
    command, *numbers = sys.argv[1:]
    json.dump(fill() if command == "all" else add_codes(*map(int, numbers)), sys.stdout)
