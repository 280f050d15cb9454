"""Functions of `tests/functions`, zipped as people zip theirs, and deployed to a live server by the Lambda API."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from pools.triggers.runner import isolation
from tests.support import javascript, lambda_api
from tests.support.factories import unique
from tests.support.lambda_api import ROLE
from tests.support.server import Server

FOLDER = Path(__file__).parents[1] / "functions"
RUNTIMES = {".py": "python3.11", ".js": "nodejs20.x", ".mjs": "nodejs20.x"}
HANDLERS = {".py": "lambda_function.lambda_handler", ".js": "index.handler", ".mjs": "index.handler"}
COGNITO = "cognito-idp.amazonaws.com"


def zipped(file: str, *, packages: Sequence[str] = (), files: Mapping[str, str] | None = None) -> bytes:
    """A function's zip: the code under the name that its handler begins with, npm packages, other files.

    Packages are those that `tests/javascript` has installed: a test that asks for one is skipped without Node.js.
    """
    source = FOLDER / file
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(source, HANDLERS[source.suffix].partition(".")[0] + source.suffix)
        for name, text in (files or {}).items():
            archive.writestr(name, text)
        for package in packages:
            javascript.install()
            for path in _files(javascript.FOLDER / "node_modules" / package):
                archive.write(path, path.relative_to(javascript.FOLDER))
    return content.getvalue()


def _files(folder: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(folder):
        yield from (Path(parent, name) for name in names)


def need_isolation() -> None:
    """Skip the test where functions would be refused."""
    if isolation.level() is None:
        pytest.skip("nothing keeps functions apart here: install bubblewrap, or run as root")


class Functions:
    """What a test has deployed: `deploy` for the ARN, `permit` so that a pool may call it."""

    def __init__(self, server: Server) -> None:
        need_isolation()
        self.api = lambda_api.client(server)
        self._names: list[str] = []

    def deploy(
        self,
        file: str,
        *,
        handler: str | None = None,
        packages: Sequence[str] = (),
        files: Mapping[str, str] | None = None,
        content: bytes | None = None,
        environment: Mapping[str, str] | None = None,
        **members: Any,
    ) -> str:
        """The ARN of a new function; `handler` is another one of the same file, `content` a zip of the test's own."""
        suffix = Path(file).suffix
        module, _, default = HANDLERS[suffix].partition(".")
        made = self.api.create_function(
            FunctionName=unique(Path(file).stem.replace(".", "-")),
            Runtime=RUNTIMES[suffix],
            Role=ROLE,
            Handler=f"{module}.{handler or default}",
            Code={"ZipFile": content or zipped(file, packages=packages, files=files)},
            **({"Environment": {"Variables": dict(environment)}} if environment else {}),
            **{"Timeout": 5, **members},
        )
        self._names.append(made["FunctionName"])
        arn: str = made["FunctionArn"]
        return arn

    def permit(self, pool: dict[str, Any], *arns: str) -> None:
        """Let a pool's triggers call functions."""
        for arn in arns:
            self.api.add_permission(
                FunctionName=arn,
                StatementId=unique("cognito"),
                Action="lambda:InvokeFunction",
                Principal=COGNITO,
                SourceArn=pool["Arn"],
            )

    def remove(self) -> None:
        for name in self._names:
            self.api.delete_function(FunctionName=name)
