"""GET of a pre-signed address. Source: Amazon S3 API reference, GetObject and "Error responses"."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from pools.provisioning import function_downloads

_REFUSED = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>'
)


@require_safe
def get_code(request: HttpRequest, function_id: int) -> HttpResponse:
    """The zip of a function."""
    content = function_downloads.content(
        function_id,
        sha256=request.GET.get("Sha256", ""),
        expires=request.GET.get("Expires", ""),
        signature=request.GET.get("Signature", ""),
    )
    if content is None:
        return HttpResponse(_REFUSED, content_type="application/xml", status=403)
    return HttpResponse(content, content_type="application/zip")
