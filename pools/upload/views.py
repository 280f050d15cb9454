"""PUT to a pre-signed address. Source: Amazon S3 API reference, PutObject and "Error responses"."""

from __future__ import annotations

from xml.sax.saxutils import escape

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from pools.accounts.imports import upload
from pools.accounts.imports.upload import Refusal, Refused

_ANSWERS = {
    Refusal.SIGNATURE: (403, "SignatureDoesNotMatch"),
    Refusal.EXPIRED: (403, "AccessDenied"),
    Refusal.NOT_CREATED: (409, "InvalidObjectState"),
    Refusal.TOO_LARGE: (413, "EntityTooLarge"),
    Refusal.CUT_OFF: (400, "IncompleteBody"),
    Refusal.REPLACED: (409, "OperationAborted"),
}


@require_http_methods(["PUT"])
def put_file(request: HttpRequest, pool_id: str, job_id: str) -> HttpResponse:
    """Take a job's file; headers of Amazon S3 such as `x-amz-server-side-encryption` change nothing.

    The length must be told, as Amazon S3 wants it: a chunked body that is cut off looks like one that has ended.
    """
    try:
        job = upload.addressed(
            pool_id, job_id, expires=request.GET.get("Expires", ""), signature=request.GET.get("Signature", "")
        )
        length = request.META.get("CONTENT_LENGTH", "")
        if not length.isascii() or not length.isdigit():
            return _refuse(411, "MissingContentLength", "You must provide the Content-Length HTTP header.")
        upload.receive(job, request.META["wsgi.input"].read, int(length))
    except Refused as refused:
        return _refuse(*_ANSWERS[refused.why], str(refused))
    return HttpResponse(b"")


def _refuse(status: int, code: str, message: str) -> HttpResponse:
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
    )
    return HttpResponse(body, content_type="application/xml", status=status)
