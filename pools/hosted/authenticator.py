"""How an authenticator app gets its secret: as a picture for its camera, or in groups of letters for typing.

Source: the key URI format that authenticator apps read, as the guide's "TOTP software token MFA" has it.
"""

from __future__ import annotations

from urllib.parse import quote, urlencode

import segno
from django.utils.safestring import SafeString, mark_safe

from pools.models import Pool

_GROUP = 4


def address(pool: Pool, username: str, secret: str) -> str:
    """The pool is the issuer, as the app serves all its clients."""
    issuer = pool.name
    label = f"{quote(issuer, safe='')}:{quote(username, safe='')}"
    return f"otpauth://totp/{label}?{urlencode({'secret': secret, 'issuer': issuer}, quote_via=quote)}"


def picture(address: str) -> SafeString:
    """An SVG element without any text of anybody's in it, dark on light in every colour scheme."""
    drawn = segno.make(address, error="m", micro=False).svg_inline(
        omitsize=True, dark="#000", light="#fff", svgclass=None, lineclass=None
    )
    return mark_safe(drawn)  # noqa: S308  # paths alone


def groups(secret: str) -> list[str]:
    return [secret[start : start + _GROUP] for start in range(0, len(secret), _GROUP)]
