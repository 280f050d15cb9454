"""Making keys ahead, giving them to issuers, and replacing them without a gap."""

from __future__ import annotations

import base64
import secrets
from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.db import transaction

from identity import clock
from identity.models import SigningKey

KEY_BITS = 2048
RETIREMENT = timedelta(days=1, minutes=5)
"""How long a replaced key is still published: the longest life of an ID or access token, and a margin."""


def make() -> SigningKey:
    """A new key pair in stock (about 50 ms of one core)."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    kid = base64.b64encode(secrets.token_bytes(32)).decode()
    numbers = key.public_key().public_numbers()
    return SigningKey.objects.create(
        kid=kid,
        private=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        public={
            "alg": "RS256",
            "e": _base64url(numbers.e),
            "kid": kid,
            "kty": "RSA",
            "n": _base64url(numbers.n),
            "use": "sig",
        },
    )


def _base64url(number: int) -> str:
    octets = number.to_bytes((number.bit_length() + 7) // 8)
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def fill_stock(wanted: int) -> int:
    """Make keys until `wanted` pairs are in stock; returns how many were made."""
    missing = max(0, wanted - SigningKey.objects.filter(state=SigningKey.State.STOCK).count())
    for _ in range(missing):
        make()
    return missing


def assign(owner: str) -> None:
    """Give an issuer its first two pairs; call inside the transaction that creates the issuer."""
    for use in SigningKey.Use:
        _claim(owner, use)


def rotate(owner: str) -> None:
    """Replace both active pairs; the old ones verify for `RETIREMENT` more. Bump the owner's revision with it."""
    with transaction.atomic():
        SigningKey.objects.filter(owner=owner, state=SigningKey.State.ACTIVE).update(
            state=SigningKey.State.RETIRING, retires_at=clock.now() + RETIREMENT
        )
        assign(owner)


def remove_retired() -> set[str]:
    """Delete pairs whose last tokens have expired; returns the owners whose key sets changed."""
    due = SigningKey.objects.filter(state=SigningKey.State.RETIRING, retires_at__lte=clock.now())
    owners = set(due.values_list("owner", flat=True))
    due.delete()
    return owners


def _claim(owner: str, use: str) -> None:
    """Take a pair from the stock by compare-and-swap, or make one."""
    while True:
        kid = SigningKey.objects.filter(state=SigningKey.State.STOCK).values_list("kid", flat=True).first()
        if kid is None:
            kid = make().kid
        if SigningKey.objects.filter(kid=kid, state=SigningKey.State.STOCK).update(
            owner=owner, use=use, state=SigningKey.State.ACTIVE
        ):
            return
