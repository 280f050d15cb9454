"""Python functions: awslambdaric's loading of handlers, contexts and errors, over descriptor 3 in place of HTTP.

Started as `python3.11 -S python.py HANDLER PACKAGES`, in the folder of the function's code.
"""

from __future__ import annotations

import json
import os
import site
import struct
import sys
from typing import Any, NoReturn

_FD = 3
sys.path[0] = sys.argv[2]  # awslambdaric comes from there, whatever the function brings

from awslambdaric import bootstrap  # noqa: E402
from awslambdaric.lambda_runtime_client import BaseLambdaRuntimeClient, InvocationRequest  # noqa: E402


def _read(size: int) -> bytes:
    pieces = []
    while size:
        piece = os.read(_FD, min(size, 1 << 20))
        if not piece:
            os._exit(0)  # the runner is gone
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def _write(header: dict[str, Any], body: bytes = b"") -> None:
    head = json.dumps(header).encode()
    data = memoryview(struct.pack("!II", len(head), len(body)) + head + body)
    while data:
        data = data[os.write(_FD, data) :]


class _Client(BaseLambdaRuntimeClient):
    """The Runtime API's four calls."""

    is_ready = False

    def wait_next_invocation(self) -> Any:
        if not self.is_ready:
            self.is_ready = True
            _write({"kind": "ready"})
        header_size, body_size = struct.unpack("!II", _read(8))
        header = json.loads(_read(header_size))
        return InvocationRequest(
            invoke_id=header["request_id"],
            x_amzn_trace_id=None,
            invoked_function_arn=header["arn"],
            deadline_time_in_ms=header["deadline_ms"],
            client_context=None,
            cognito_identity=None,
            tenant_id=None,
            invocation_id=None,
            content_type="application/json",
            event_body=_read(body_size),
        )

    def post_invocation_result(
        self, invoke_id: str, result_data: Any, content_type: str = "", invocation_id: str | None = None
    ) -> None:
        body = result_data if isinstance(result_data, bytes) else result_data.encode()
        _write({"kind": "result", "request_id": invoke_id}, body)

    def post_invocation_error(
        self, invoke_id: str, error_response_data: str, xray_fault: str, invocation_id: str | None = None
    ) -> None:
        _write({"kind": "error", "request_id": invoke_id}, error_response_data.encode())

    def post_init_error(self, error_response_data: Any, error_type_override: str | None = None) -> None:
        _write({"kind": "init_error"}, json.dumps(error_response_data).encode())


def _main() -> NoReturn:
    os.set_inheritable(_FD, False)
    handler, packages = sys.argv[1:]
    sys.argv = ["bootstrap.py"]
    # The function's own modules go first, then what PYTHONPATH names and the standard library, ours last.
    sys.path[:] = [os.getcwd(), *sys.path[1:], packages]
    site.setquit()
    site.setcopyright()
    site.sethelper()
    bootstrap.run(handler, _Client(""))
    sys.exit(0)


_main()
