"""A custom sender as people write it, kept here with its packages: codes are opened without any settings."""

import importlib.util
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import factories, functions, senders
from tests.support.factories import PASSWORD, unique
from tests.support.functions import Functions
from tests.support.hooks import Hooks
from tests.support.server import Server

ADDRESS = "ada@example.com"
PACKAGES = ("aws_encryption_sdk", "attr", "wrapt", "cryptography", "cffi", "_cffi_backend", "six")


@pytest.fixture
def deployed(server: Server) -> Iterator[Functions]:
    made = Functions(server)
    yield made
    made.remove()


def zipped() -> bytes:
    """The function with the packages that it needs, as `pip install --target` would lay them beside it."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.write(functions.FOLDER / "send_code.py", "lambda_function.py")
        for name in PACKAGES:
            for file, path in files_of(name):
                archive.write(file, path)
    return content.getvalue()


def files_of(package: str) -> Iterator[tuple[Path, Path]]:
    found = importlib.util.find_spec(package)
    assert found and found.origin
    origin = Path(found.origin)
    if origin.name != "__init__.py":
        yield origin, Path(origin.name)
        return
    for file in origin.parent.rglob("*"):
        if file.is_file() and file.suffix != ".pyc":
            yield file, file.relative_to(origin.parents[1])


def test_a_function_opens_codes_as_at_aws(
    server: Server, idp: Any, public: Any, hooks: Hooks, deployed: Functions
) -> None:
    key = senders.kms(server).create_key()["KeyMetadata"]["Arn"]
    arn = deployed.deploy(
        "send_code.py", content=zipped(), environment={"KEY_ARN": key, "MAIL_SERVICE": hooks.url}, MemorySize=256
    )
    config = senders.lambda_config(arn, key, "CustomEmailSender")
    pool = factories.make_pool(idp, AutoVerifiedAttributes=["email"], LambdaConfig=config)
    deployed.permit(pool, arn)
    mails = hooks.on(pool)
    named = {"ClientId": factories.make_client(idp, pool)["ClientId"], "Username": unique()}
    public.sign_up(**named, Password=PASSWORD, UserAttributes=[{"Name": "email", "Value": ADDRESS}])
    mail = senders.wait_for(mails)
    assert (mail["triggerSource"], mail["to"]) == ("CustomEmailSender_SignUp", ADDRESS)
    public.confirm_sign_up(**named, ConfirmationCode=mail["code"])
