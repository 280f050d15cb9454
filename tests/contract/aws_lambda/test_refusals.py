"""What is not valid, and what is not built, is refused in AWS's words or aloud; nothing of it is kept."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest

from tests.support import lambda_api
from tests.support.clients import refused
from tests.support.lambda_api import make, zipped

UNREADABLE = "Could not unzip uploaded file. Please check your file, then try to upload again."
CODE = zipped({"index.py": lambda_api.PYTHON})


def violated(value: object, member: str, constraint: str) -> str:
    return f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {constraint}"


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"Timeout": 0}, violated(0, "timeout", "Member must have value greater than or equal to 1")),
        ({"Timeout": 901}, violated(901, "timeout", "Member must have value less than or equal to 900")),
        ({"MemorySize": 127}, violated(127, "memorySize", "Member must have value greater than or equal to 128")),
        (
            {"MemorySize": 10_241},
            violated(10_241, "memorySize", "Member must have value less than or equal to 10240"),
        ),
        (
            {"FunctionName": "f" * 65},
            violated("f" * 65, "functionName", "Member must have length less than or equal to 64"),
        ),
        (
            {"Description": "d" * 257},
            violated("d" * 257, "description", "Member must have length less than or equal to 256"),
        ),
        (
            {"Handler": "with space"},
            violated("with space", "handler", r"Member must satisfy regular expression pattern: [^\s]+"),
        ),
    ],
)
def test_violated_constraints_are_told_as_by_aws(api: Any, changes: dict[str, Any], text: str) -> None:
    with refused("ValidationException", text) as refusal:
        make(api, **changes)
    assert refusal.status == 400


def test_missing_members_are_told_together(api: Any) -> None:
    with refused("ValidationException") as refusal:
        api.create_function()
    assert refusal.message == (
        "3 validation errors detected: "
        "Value null at 'functionName' failed to satisfy constraint: Member must not be null; "
        "Value null at 'role' failed to satisfy constraint: Member must not be null; "
        "Value null at 'code' failed to satisfy constraint: Member must not be null"
    )


@pytest.mark.parametrize("role", ["any", "arn:aws:iam::000000000000:user/me", "arn:aws:iam::1:role/any", ""])
def test_a_role_must_look_like_one(api: Any, role: str) -> None:
    with refused("ValidationException"):
        make(api, Role=role)


@pytest.mark.parametrize("runtime", ["python3.12", "nodejs18.x", "java21", "provided.al2023"])
def test_other_runtimes_of_aws_are_refused_aloud(api: Any, runtime: str) -> None:
    name = lambda_api.name()
    expected = (
        f"The runtime {runtime} is not available in this version of Gatehouse: use one of nodejs20.x, python3.11."
    )
    with refused("InvalidParameterValueException", expected):
        make(api, FunctionName=name, Runtime=runtime)
    with refused("ResourceNotFoundException"):
        api.get_function(FunctionName=name)
    kept = make(api)
    with refused("InvalidParameterValueException", expected):
        api.update_function_configuration(FunctionName=kept["FunctionName"], Runtime=runtime)


@pytest.mark.parametrize("left_out", ["Runtime", "Handler"])
def test_runtime_and_handler_are_mandatory(api: Any, left_out: str) -> None:
    expected = "Runtime and Handler are mandatory parameters for functions created with deployment packages."
    with refused("InvalidParameterValueException", expected):
        make(api, **{left_out: None})


ACCESS_POINT = "arn:aws:elasticfilesystem:us-east-1:000000000000:access-point/fsap-00000000000000000"
NOT_BUILT: list[dict[str, Any]] = [
    {"Architectures": ["arm64"]},
    {"CodeSigningConfigArn": "arn:aws:lambda:us-east-1:000000000000:code-signing-config:csc-00000000000000000"},
    {"DeadLetterConfig": {"TargetArn": "arn:aws:sqs:us-east-1:000000000000:queue"}},
    {"EphemeralStorage": {"Size": 1024}},
    {"FileSystemConfigs": [{"Arn": ACCESS_POINT, "LocalMountPath": "/mnt/x"}]},
    {"ImageConfig": {"Command": ["run"]}},
    {"KMSKeyArn": "arn:aws:kms:us-east-1:000000000000:key/k"},
    {"Layers": ["arn:aws:lambda:us-east-1:000000000000:layer:l:1"]},
    {"LoggingConfig": {"LogFormat": "JSON"}},
    {"PackageType": "Image"},
    {"Publish": True},
    {"SnapStart": {"ApplyOn": "PublishedVersions"}},
    {"TracingConfig": {"Mode": "Active"}},
    {"VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}},
]


@pytest.mark.parametrize("member", NOT_BUILT, ids=lambda member: next(iter(member)))
def test_what_is_not_built_is_refused_aloud(api: Any, member: dict[str, Any]) -> None:
    name = lambda_api.name()
    with refused("InvalidParameterValueException") as refusal:
        make(api, FunctionName=name, **member)
    assert "not available in this version of Gatehouse" in refusal.message
    with refused("ResourceNotFoundException"):
        api.get_function(FunctionName=name)


@pytest.mark.parametrize(
    "code",
    [{"S3Bucket": "bucket", "S3Key": "key"}, {"ImageUri": "image"}, {"ZipFile": CODE, "S3Bucket": "bucket"}],
)
def test_code_from_elsewhere_is_refused_aloud(api: Any, function: dict[str, Any], code: dict[str, Any]) -> None:
    for attempt in (
        lambda: make(api, Code=code),
        lambda: api.update_function_code(FunctionName=function["FunctionName"], **code),
    ):
        with refused("InvalidParameterValueException") as refusal:
            attempt()
        assert refusal.message.endswith("this version of Gatehouse takes code as ZipFile alone.")


def test_no_code_at_all_is_refused(api: Any) -> None:
    with refused("InvalidParameterValueException", "Please provide a source for function code."):
        make(api, Code={})


# Zip files


def damaged() -> bytes:
    """A zip whose directory is well, and whose file is not what its checksum says."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("index.py", "AAAAAAAA")
    return content.getvalue().replace(b"AAAAAAAA", b"AAAABAAA", 1)


@pytest.mark.parametrize(
    "content",
    [b"", b"no zip", CODE[:-10], CODE[20:], damaged(), zipped({"../up.py": "x"}), zipped({"/etc/x": "x"})],
    ids=["empty", "text", "cut off", "beginning lost", "damaged", "upwards", "absolute"],
)
def test_a_file_that_cannot_be_unzipped_is_refused(api: Any, function: dict[str, Any], content: bytes) -> None:
    with refused("InvalidParameterValueException", UNREADABLE):
        make(api, Code={"ZipFile": content})
    with refused("InvalidParameterValueException", UNREADABLE):
        api.update_function_code(FunctionName=function["FunctionName"], ZipFile=content)
    assert api.get_function(FunctionName=function["FunctionName"])["Configuration"]["CodeSize"] == function["CodeSize"]


def test_a_zip_without_files_is_refused(api: Any) -> None:
    with refused("InvalidParameterValueException", "Uploaded file must be a non-empty zip"):
        make(api, Code={"ZipFile": zipped({})})
    with refused("InvalidParameterValueException", "Uploaded file must be a non-empty zip"):
        make(api, Code={"ZipFile": zipped({"folder/": ""})})


def test_a_zip_that_unpacks_to_too_much_is_refused(api: Any) -> None:
    bomb = zipped({"index.py": lambda_api.PYTHON, "zeros": b"\0" * 262_144_000})
    assert len(bomb) < 1_000_000
    with refused("InvalidParameterValueException", "Unzipped size must be smaller than 262144000 bytes"):
        make(api, Code={"ZipFile": bomb})


# Environment


def test_reserved_keys_of_the_environment_are_refused(api: Any) -> None:
    expected = (
        "Lambda was unable to configure your environment variables because the environment variables you have provided "
        "contains reserved keys that are currently not supported for modification. Reserved keys used in this request: "
        "AWS_REGION, LAMBDA_TASK_ROOT"
    )
    with refused("InvalidParameterValueException", expected):
        make(api, Environment={"Variables": {"LAMBDA_TASK_ROOT": "x", "AWS_REGION": "x", "MINE": "x"}})


def test_an_environment_of_more_than_four_kilobytes_is_refused_without_telling_it(api: Any) -> None:
    with refused("InvalidParameterValueException") as refusal:
        make(api, Environment={"Variables": {"SECRET": "hunter2" * 600}})
    assert refusal.message.endswith("exceeded the 4KB limit.")
    assert "hunter2" not in refusal.message


def test_a_refused_variable_is_not_told(api: Any) -> None:
    with refused("ValidationException") as refusal:
        make(api, Environment={"Variables": {"with-dash": "hunter2"}})
    assert "hunter2" not in refusal.message
    assert "with-dash" not in refusal.message


# Isolation


def test_where_nothing_isolates_functions_they_are_not_deployed_unless_the_operator_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Decided before anything is written; the machine of the tests has isolation, so the verb is asked itself."""
    from identity import config
    from identity.errors import InvalidParameterValue
    from pools.provisioning import functions as verbs

    monkeypatch.setattr(verbs.isolation, "level", lambda: None)
    with pytest.raises(InvalidParameterValue, match="GATEHOUSE_FUNCTIONS_UNISOLATED=1"):
        verbs._check_isolation()
    monkeypatch.setattr(verbs, "config", config.load({"GATEHOUSE_FUNCTIONS_UNISOLATED": "1"}))
    verbs._check_isolation()
