"""Classic customisations: style and logo of a pool's pages. Source: API reference, *UICustomization operations."""

from __future__ import annotations

import base64

from django.db import transaction

from identity import clock
from identity.access import audit
from identity.access.actor import Actor
from identity.errors import InvalidParameter
from pools import lookup
from pools.config import logo, stylesheet
from pools.models import Client, Pool, UICustomization
from pools.provisioning import pools

MAX_REQUEST_BYTES = 135 * 1024
"""Of style and logo as they travel, the logo in Base64. Source: guide, "Customizing hosted UI (classic) branding"."""
NO_DOMAIN = "There has to be an existing domain associated with this user pool"


def customise(pool: Pool, client: Client | None, *, css: str, image: bytes, by: Actor) -> UICustomization | None:
    """What a client's pages look like, or those of all clients that have no customisation of their own.

    Style and logo are set together: what is empty is gone, and without both the customisation is (*assumed*, as there
    is no other way to remove one).
    Raises: InvalidParameter, ResourceNotFound.
    """
    if len(css.encode()) + len(base64.b64encode(image)) > MAX_REQUEST_BYTES:
        raise InvalidParameter("Request parameters too large")
    stylesheet.rewritten(css)
    image_type = logo.media_type(image) if image else ""
    with transaction.atomic():
        lookup.locked_pool(pool)
        if not pool.domains.exists():
            raise InvalidParameter(NO_DOMAIN)
        made = _put(pool, client, css, image, image_type)
        pools.touch(pool.id)
        audit.record(by, pool.arn, client_id=client.client_id if client else UICustomization.ALL)
    return made


def _put(pool: Pool, client: Client | None, css: str, image: bytes, image_type: str) -> UICustomization | None:
    if not css and not image:
        UICustomization.objects.filter(pool=pool, client=client).delete()
        return None
    now = clock.now()
    values = {
        "css": css,
        "css_version": f"{now:%Y%m%d%H%M%S}",
        "image": image or None,
        "image_type": image_type,
        "modified_at": now,
    }
    made, _ = UICustomization.objects.update_or_create(
        pool=pool, client=client, defaults=values, create_defaults={**values, "created_at": now}
    )
    return made
