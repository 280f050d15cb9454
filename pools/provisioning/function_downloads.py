"""Where a function's zip can be fetched for a while: the address that GetFunction tells.

Source: Lambda API reference, GetFunction: "a presigned URL that's valid for 10 minutes".
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from identity import clock, keyring
from identity.config import config
from pools.models import Function, FunctionCode

LIFETIME = timedelta(minutes=10)

_PURPOSE = "function code"


def url(function: Function) -> str:
    """Leads to the code that the function has now, and to no other that it may get."""
    expires = int((clock.now() + LIFETIME).timestamp())
    signature = keyring.mac(_PURPOSE, _signed(function.pk, function.code_sha256, expires)).hex()
    query = urlencode({"Sha256": function.code_sha256, "Expires": expires, "Signature": signature})
    return f"{config.url}/code/{function.pk}?{query}"


def _signed(function_id: int, sha256: str, expires: int) -> bytes:
    return f"{function_id}\n{sha256}\n{expires}".encode()


def content(function_id: int, *, sha256: str, expires: str, signature: str) -> bytes | None:
    """The zip that an address of ours leads to, or None: forged, too late, or no longer the function's."""
    try:
        end, given = int(expires[:12]), bytes.fromhex(signature)
    except ValueError:
        return None
    if not keyring.mac_matches(_PURPOSE, _signed(function_id, sha256, end), given):
        return None
    if clock.now() >= datetime.fromtimestamp(end, UTC):
        return None
    code = FunctionCode.objects.filter(function=function_id, function__code_sha256=sha256).first()
    return bytes(code.content) if code else None
