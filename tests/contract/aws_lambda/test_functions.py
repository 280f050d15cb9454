"""Functions are created, read, changed, listed, tagged, limited and deleted as AWS Lambda does it."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import re
import uuid
import zipfile
from typing import Any

import pytest
import requests

from tests.support import lambda_api
from tests.support.clients import at_once, refused
from tests.support.clock import Clock
from tests.support.lambda_api import ROLE, arn, make, zipped
from tests.support.server import Server

OTHER = zipped({"index.py": "def lambda_handler(event, context):\n    return 2\n"})


def sha256(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


def without_metadata(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


# Creation


def test_a_new_function_is_told_with_every_setting(api: Any) -> None:
    code = zipped({"index.py": lambda_api.PYTHON})
    name = lambda_api.name()
    made = make(
        api,
        FunctionName=name,
        Code={"ZipFile": code},
        Description="says hello",
        Timeout=7,
        MemorySize=256,
        Environment={"Variables": {"TABLE": "t", "EMPTY": ""}},
    )
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert uuid.UUID(made["RevisionId"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000", made["LastModified"])
    assert without_metadata(made) == {
        "FunctionName": name,
        "FunctionArn": arn(name),
        "Runtime": "python3.11",
        "Role": ROLE,
        "Handler": "index.lambda_handler",
        "CodeSize": len(code),
        "CodeSha256": sha256(code),
        "Description": "says hello",
        "Timeout": 7,
        "MemorySize": 256,
        "LastModified": made["LastModified"],
        "Version": "$LATEST",
        "Environment": {"Variables": {"TABLE": "t", "EMPTY": ""}},
        "TracingConfig": {"Mode": "PassThrough"},
        "RevisionId": made["RevisionId"],
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "PackageType": "Zip",
        "Architectures": ["x86_64"],
        "EphemeralStorage": {"Size": 512},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"},
    }
    assert without_metadata(api.get_function_configuration(FunctionName=name)) == without_metadata(made)


def test_settings_that_are_left_out_have_the_defaults_of_aws(function: dict[str, Any]) -> None:
    assert (function["Timeout"], function["MemorySize"], function["Description"]) == (3, 128, "")
    assert "Environment" not in function


def test_settings_that_say_what_is_so_anyway_are_accepted(api: Any) -> None:
    name = lambda_api.name()
    nothing = {
        "Architectures": ["x86_64"],
        "DeadLetterConfig": {"TargetArn": ""},
        "EphemeralStorage": {"Size": 512},
        "FileSystemConfigs": [],
        "KMSKeyArn": "",
        "Layers": [],
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"},
        "SnapStart": {"ApplyOn": "None"},
        "TracingConfig": {"Mode": "PassThrough"},
        "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []},
    }
    make(api, FunctionName=name, PackageType="Zip", Publish=False, **nothing)
    del nothing["Architectures"]
    changed = api.update_function_configuration(FunctionName=name, **nothing)
    assert changed["State"] == "Active"


def test_a_name_is_taken_once_in_a_region(api: Any, server: Server, function: dict[str, Any]) -> None:
    name = function["FunctionName"]
    with refused("ResourceConflictException", f"Function already exist: {name}") as refusal:
        make(api, FunctionName=name)
    assert refusal.status == 409
    elsewhere = make(lambda_api.client(server, region="eu-west-1"), FunctionName=name)
    assert elsewhere["FunctionArn"] == arn(name, "eu-west-1")


def test_of_creations_at_once_one_wins(api: Any) -> None:
    name = lambda_api.name()
    ended = at_once(*[lambda: make(api, FunctionName=name)] * 4)
    assert sorted(ended) == ["ResourceConflictException"] * 3 + ["ok"]


def test_a_function_may_be_created_by_its_arn(api: Any) -> None:
    name = lambda_api.name()
    assert make(api, FunctionName=arn(name))["FunctionName"] == name


# Names


@pytest.mark.parametrize(
    "spelling",
    [
        "{name}",
        "function:{name}",
        "000000000000:function:{name}",
        "arn:aws:lambda:us-east-1:000000000000:function:{name}",
        "{name}:$LATEST",
        "arn:aws:lambda:us-east-1:000000000000:function:{name}:$LATEST",
    ],
)
def test_a_function_is_found_by_name_partial_arn_and_arn(api: Any, function: dict[str, Any], spelling: str) -> None:
    name = spelling.format(name=function["FunctionName"])
    found = api.get_function(FunctionName=name)["Configuration"]
    assert found["FunctionName"] == function["FunctionName"]


def test_the_qualifier_latest_is_told_in_the_arn(api: Any, function: dict[str, Any]) -> None:
    found = api.get_function_configuration(FunctionName=function["FunctionName"], Qualifier="$LATEST")
    assert found["FunctionArn"] == f"{function['FunctionArn']}:$LATEST"


def test_what_does_not_exist_is_not_found_under_its_arn(api: Any, function: dict[str, Any]) -> None:
    with refused("ResourceNotFoundException", f"Function not found: {arn('nobody')}") as refusal:
        api.get_function(FunctionName="nobody")
    assert refusal.status == 404
    with refused("ResourceNotFoundException", f"Function not found: {function['FunctionArn']}:7"):
        api.get_function(FunctionName=function["FunctionName"], Qualifier="7")
    another = function["FunctionArn"].replace("000000000000", "111122223333")
    with refused("ResourceNotFoundException", f"Function not found: {another}"):
        api.get_function(FunctionName=another)
    for operation in (
        api.update_function_configuration,
        api.delete_function,
        api.get_policy,
        api.invoke,
        api.list_versions_by_function,
        api.get_function_code_signing_config,
        api.get_function_concurrency,
    ):
        with refused("ResourceNotFoundException", f"Function not found: {arn('nobody')}"):
            operation(FunctionName="nobody")


def test_two_qualifiers_that_differ_are_refused(api: Any, function: dict[str, Any]) -> None:
    with refused("InvalidParameterValueException"):
        api.get_function(FunctionName=f"{function['FunctionName']}:$LATEST", Qualifier="7")


def test_an_arn_of_another_region_is_not_reachable(api: Any, function: dict[str, Any]) -> None:
    expected = "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')"
    with refused("ResourceNotFoundException", expected):
        api.get_function(FunctionName=arn(function["FunctionName"], "eu-west-1"))


# Code


def test_code_is_fetched_where_the_answer_says_for_ten_minutes(api: Any, clock: Clock) -> None:
    code = zipped({"index.py": lambda_api.PYTHON})
    name = make(api, Code={"ZipFile": code})["FunctionName"]
    told = api.get_function(FunctionName=name)["Code"]
    assert told["RepositoryType"] == "S3"
    fetched = requests.get(told["Location"], timeout=10)
    assert (fetched.status_code, fetched.content) == (200, code)
    assert requests.get(told["Location"].replace("Expires=", "Expires=1"), timeout=10).status_code == 403
    assert requests.get(told["Location"][:-4] + "0000", timeout=10).status_code == 403
    assert requests.get(told["Location"].partition("?")[0], timeout=10).status_code == 403
    clock.advance(seconds=601)
    assert requests.get(told["Location"], timeout=10).status_code == 403


def test_an_address_does_not_lead_to_code_that_came_later(api: Any, function: dict[str, Any]) -> None:
    location = api.get_function(FunctionName=function["FunctionName"])["Code"]["Location"]
    api.update_function_code(FunctionName=function["FunctionName"], ZipFile=OTHER)
    assert requests.get(location, timeout=10).status_code == 403


def test_new_code_replaces_the_old(api: Any, function: dict[str, Any]) -> None:
    name = function["FunctionName"]
    changed = api.update_function_code(FunctionName=name, ZipFile=OTHER)
    assert (changed["CodeSha256"], changed["CodeSize"]) == (sha256(OTHER), len(OTHER))
    assert changed["RevisionId"] != function["RevisionId"]
    location = api.get_function(FunctionName=name)["Code"]["Location"]
    assert requests.get(location, timeout=10).content == OTHER


def test_a_dry_run_tells_the_hash_and_changes_nothing(api: Any, function: dict[str, Any]) -> None:
    tried = api.update_function_code(FunctionName=function["FunctionName"], ZipFile=OTHER, DryRun=True)
    assert tried["CodeSha256"] == sha256(OTHER)
    now = api.get_function_configuration(FunctionName=function["FunctionName"])
    assert (now["CodeSha256"], now["RevisionId"]) == (function["CodeSha256"], function["RevisionId"])


def test_a_zip_of_nearly_fifty_megabytes_is_taken(api: Any) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("index.py", lambda_api.PYTHON)
        archive.writestr("data", os.urandom(50 * 1024 * 1024 - 1000))
    name = make(api, Code={"ZipFile": content.getvalue()})["FunctionName"]
    location = api.get_function(FunctionName=name)["Code"]["Location"]
    assert requests.get(location, timeout=60).content == content.getvalue()
    api.delete_function(FunctionName=name)


# Configuration


def test_settings_change_one_by_one_and_the_others_stay(api: Any) -> None:
    made = make(api, Timeout=7, Environment={"Variables": {"KEY": "value"}})
    name = made["FunctionName"]
    changed = api.update_function_configuration(FunctionName=name, MemorySize=512, Handler="other.handler")
    assert (changed["MemorySize"], changed["Handler"], changed["Timeout"]) == (512, "other.handler", 7)
    assert changed["Environment"] == {"Variables": {"KEY": "value"}}
    assert changed["RevisionId"] != made["RevisionId"]
    changed = api.update_function_configuration(FunctionName=name, Environment={"Variables": {}})
    assert "Environment" not in changed
    assert changed["MemorySize"] == 512


def test_a_revision_that_is_not_the_latest_changes_nothing(api: Any, function: dict[str, Any]) -> None:
    name, stale = function["FunctionName"], {"RevisionId": str(uuid.uuid4())}
    for attempt in (
        lambda: api.update_function_configuration(FunctionName=name, Timeout=9, **stale),
        lambda: api.update_function_code(FunctionName=name, ZipFile=OTHER, **stale),
        lambda: api.update_function_code(FunctionName=name, ZipFile=OTHER, DryRun=True, **stale),
    ):
        with refused("PreconditionFailedException") as refusal:
            attempt()
        assert refusal.status == 412
    now = api.get_function_configuration(FunctionName=name)
    assert now["RevisionId"] == function["RevisionId"]
    api.update_function_configuration(FunctionName=name, Timeout=9, RevisionId=now["RevisionId"])


def test_of_changes_of_one_revision_at_once_one_wins(api: Any, function: dict[str, Any]) -> None:
    named = {"FunctionName": function["FunctionName"], "RevisionId": function["RevisionId"]}
    calls = [
        lambda seconds=seconds: api.update_function_configuration(Timeout=seconds, **named) for seconds in (4, 5, 6)
    ]
    assert sorted(at_once(*calls)) == ["PreconditionFailedException"] * 2 + ["ok"]


# Lists


def test_functions_are_listed_by_name_page_by_page(server: Server) -> None:
    api = lambda_api.client(server, region="ap-south-1")
    names = sorted(make(api)["FunctionName"] for _ in range(5))
    first = api.list_functions(MaxItems=3)
    second = api.list_functions(MaxItems=3, Marker=first["NextMarker"])
    assert [each["FunctionName"] for each in first["Functions"] + second["Functions"]] == names
    assert "NextMarker" not in second
    with refused("InvalidParameterValueException"):
        lambda_api.client(server).list_functions(Marker=first["NextMarker"])
    every = api.list_functions(FunctionVersion="ALL")["Functions"]
    assert {each["FunctionArn"][-8:] for each in every} == {":$LATEST"}


def test_the_one_version_is_the_latest(api: Any, function: dict[str, Any]) -> None:
    (version,) = api.list_versions_by_function(FunctionName=function["FunctionName"])["Versions"]
    assert (version["Version"], version["FunctionArn"]) == ("$LATEST", f"{function['FunctionArn']}:$LATEST")


def test_no_function_has_its_code_signed(api: Any, function: dict[str, Any]) -> None:
    told = api.get_function_code_signing_config(FunctionName=function["FunctionName"])
    assert (told["CodeSigningConfigArn"], told["FunctionName"]) == ("", function["FunctionName"])


# Tags and limits


def test_tags_are_set_read_and_taken_away(api: Any) -> None:
    made = make(api, Tags={"team": "a", "stage": "test"})
    named = {"Resource": made["FunctionArn"]}
    api.tag_resource(**named, Tags={"team": "b", "owner": "me"})
    assert api.list_tags(**named)["Tags"] == {"team": "b", "stage": "test", "owner": "me"}
    api.untag_resource(**named, TagKeys=["stage", "owner", "nothing"])
    assert api.get_function(FunctionName=made["FunctionName"])["Tags"] == {"team": "b"}
    api.untag_resource(**named, TagKeys=["team"])
    assert "Tags" not in api.get_function(FunctionName=made["FunctionName"])


def test_tags_that_aws_refuses_are_refused(api: Any, function: dict[str, Any]) -> None:
    named = {"Resource": function["FunctionArn"]}
    for tags in ({"aws:team": "a"}, {str(number): "" for number in range(51)}):
        with refused("InvalidParameterValueException"):
            api.tag_resource(**named, Tags=tags)
    for tags in ({"k" * 129: "v"}, {"k": "v" * 257}):
        with refused("ValidationException"):
            api.tag_resource(**named, Tags=tags)
    with refused("InvalidParameterValueException"):
        api.tag_resource(Resource=f"{function['FunctionArn']}:$LATEST", Tags={"k": "v"})
    assert api.list_tags(**named)["Tags"] == {}


def test_reserved_concurrency_is_set_read_and_taken_away(api: Any, function: dict[str, Any]) -> None:
    named = {"FunctionName": function["FunctionName"]}
    assert "ReservedConcurrentExecutions" not in api.get_function_concurrency(**named)
    assert api.put_function_concurrency(**named, ReservedConcurrentExecutions=0)["ReservedConcurrentExecutions"] == 0
    assert api.get_function_concurrency(**named)["ReservedConcurrentExecutions"] == 0
    assert api.get_function(**named)["Concurrency"] == {"ReservedConcurrentExecutions": 0}
    api.delete_function_concurrency(**named)
    assert "Concurrency" not in api.get_function(**named)


# Deletion


def test_a_deleted_function_is_gone_and_its_name_free(api: Any, function: dict[str, Any]) -> None:
    name = function["FunctionName"]
    with refused("InvalidParameterValueException"):
        api.delete_function(FunctionName=name, Qualifier="$LATEST")
    answer = api.delete_function(FunctionName=name)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    for attempt in (api.get_function, api.delete_function):
        with refused("ResourceNotFoundException", f"Function not found: {arn(name)}"):
            attempt(FunctionName=name)
    assert make(api, FunctionName=name)["FunctionName"] == name
