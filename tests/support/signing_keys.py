"""Signing keys made ahead for a live server: a pool takes two RSA pairs, and making them would be most of its cost."""

from __future__ import annotations

from tests.support.server import Server

# The same few pairs again and again, each time under another `kid`, in the order in which the stock is handed out.
_FILL = """
from identity.keys import rotation
from identity.models import SigningKey

made = [rotation.make() for _ in range(16)]
SigningKey.objects.bulk_create(
    SigningKey(kid=f"{number:043d}=", private=pair.private, public={**pair.public, "kid": f"{number:043d}="})
    for number in range(3000)
    for pair in [made[number % len(made)]]
)
"""


def fill_stock(server: Server) -> None:
    """Give a running server pairs for fifteen hundred pools."""
    server.manage("shell", "-c", _FILL)
