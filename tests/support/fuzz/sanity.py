"""Whether an installation's rows still agree with one another, as `python -m tests.support.fuzz.sanity` with its
environment: the names users sign in with and are found by are what their attributes say.
"""

from __future__ import annotations

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "identity.settings")
django.setup()

from pools.accounts import attributes, search  # noqa: E402
from pools.config.mfa import FACTORS, SOFTWARE_TOKEN_MFA  # noqa: E402
from pools.config.sign_in import SignInSettings  # noqa: E402
from pools.models import Pool, SearchValue, SignInName, SoftwareToken, User  # noqa: E402


def faults(user: User) -> list[str]:
    """What is wrong with one user's rows."""
    settings = SignInSettings.of(user.pool)
    wanted = attributes.sign_in_names(user.pool, user.username, user.attributes)
    names = {kind: settings.fold(name) for kind, name in wanted.items()}
    held = {row.kind: bytes(row.folded) for row in SignInName.objects.filter(user=user)}
    keys = {row.attribute: bytes(row.key) for row in search.rows(user)}
    found = {row.attribute: bytes(row.key) for row in SearchValue.objects.filter(user=user)}
    return [
        *([f"{user.sub}: signs in as {held}, should as {names}"] if held != names else []),
        *([f"{user.sub}: is found by {found}, should be by {keys}"] if found != keys else []),
        *_second_factors(user),
        *(f"{user.sub}: {name} is no text" for name, value in user.attributes.items() if not isinstance(value, str)),
    ]


def _second_factors(user: User) -> list[str]:
    """A preferred factor is on, one that is on is there once, and an app that is on exists."""
    on, has_app = user.mfa_factors, SoftwareToken.objects.filter(user=user, confirmed=True).exists()
    return [
        *([f"{user.sub}: {on} are on"] if len(set(on)) < len(on) or not set(on) <= set(FACTORS) else []),
        *([f"{user.sub}: prefers {user.preferred_mfa}"] if user.preferred_mfa not in {"", *on} else []),
        *([f"{user.sub}: says {user.has_software_token} of its app"] if user.has_software_token != has_app else []),
        *([f"{user.sub}: an app is on that it does not have"] if SOFTWARE_TOKEN_MFA in on and not has_app else []),
    ]


def main() -> None:
    # Operators are made by bootstrap and, half, by tests of the wire; no request reaches them. The rows of a deleted
    # pool go in the background, names first.
    living = User.objects.exclude(pool=Pool.OPERATORS).filter(pool__deleted_at=None)
    users = living.select_related("pool").order_by("pk")
    wrong = [fault for user in users.iterator() for fault in faults(user)]
    print(f"{users.count()} users")
    sys.exit("\n".join(wrong[:20]) or None)


if __name__ == "__main__":
    main()
