"""`/logo/{client id or ALL}/{version}`: the logo of a classic customisation, which every change gives a new address."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from pools.models import UICustomization
from pools.web.site import Site, at_site

_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


@require_safe
@at_site
def show(request: HttpRequest, site: Site, of: str, version: str) -> HttpResponse:
    named = {"client": None} if of == UICustomization.ALL else {"client__client_id": of}
    customizations = UICustomization.objects.select_related("client").filter(pool=site.pool).exclude(image=None)
    row = customizations.filter(**named).first() if of.isprintable() else None
    if row is None or not row.logo_path.endswith(f"/{version}"):
        return HttpResponse("Not found\n", content_type="text/plain", status=404)
    return HttpResponse(bytes(row.image or b""), content_type=row.image_type, headers=_HEADERS)
