"""Authorization codes made ahead, so that only their redemption is measured: what ours and the peer's have alike."""

from __future__ import annotations

import base64
import hashlib
import uuid

USERS = 16
REDIRECT_URI = "https://app.example/callback"
SCOPE = "openid email"
VERIFIER = "a-verifier-of-the-least-length-that-is-allowed-43"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


def code(number: int) -> str:
    return str(uuid.UUID(int=number))
