"""Python functions run as AWS Lambda runs them."""

from __future__ import annotations

import json

import pytest

from tests.support.runner import Runner, answer, zipped

ID = "11111111-2222-3333-4444-555555555555"


def test_a_handler_gets_the_event_and_gives_its_answer(runner: Runner) -> None:
    code = "def handler(event, context):\n    event['response']['ok'] = True\n    return event"
    assert answer(runner.run(code, {"a": "ä", "response": {}})) == {"a": "ä", "response": {"ok": True}}


@pytest.mark.parametrize("handler", ["hooks/sign_up.lambda_handler", "hooks.sign_up.lambda_handler"])
def test_a_handler_may_be_in_a_package(runner: Runner, handler: str) -> None:
    code = zipped(
        {
            "hooks/__init__.py": "",
            "hooks/sign_up.py": "from hooks.words import WORD\ndef lambda_handler(event, context): return WORD",
            "hooks/words.py": "WORD = 'found'",
        }
    )
    assert answer(runner.run(code, handler=handler, runtime="python3.11")) == "found"


def test_the_context_tells_of_the_function_and_the_time_that_is_left(runner: Runner) -> None:
    code = """
def handler(event, context):
    return [context.function_name, context.function_version, context.memory_limit_in_mb, context.aws_request_id,
            context.invoked_function_arn, context.log_group_name, context.get_remaining_time_in_millis(),
            context.client_context]
"""
    *told, left, client_context = answer(runner.run(code, name="tells", limit=3))
    arn = "arn:aws:lambda:us-east-1:123456789012:function:tells"
    assert told == ["tells", "$LATEST", "256", ID, arn, "/aws/lambda/tells"]
    assert 1000 < left <= 3000
    assert client_context is None


def test_a_process_stays_warm_and_keeps_what_it_knows(runner: Runner) -> None:
    code = "seen = []\ndef handler(event, context):\n    seen.append(event)\n    return seen"
    first, second = runner.run(code, 1), runner.run(code, 2)
    assert answer(second) == [1, 2]
    assert first.init_ms is not None and "Init Duration" in first.log
    assert second.init_ms is None and "Init Duration" not in second.log


def test_an_error_has_its_message_its_type_and_where_it_was_raised(runner: Runner) -> None:
    ran = runner.run("def handler(event, context):\n    raise ValueError('Bad password')")
    told = json.loads(ran.payload)
    assert ran.status == "error"
    assert ran.error_message == "Bad password"
    assert told["errorType"] == "ValueError"
    assert told["stackTrace"] == [
        "  File \"/var/task/index.py\", line 2, in handler\n    raise ValueError('Bad password')\n"
    ]
    assert "[ERROR] ValueError: Bad password" in ran.log


@pytest.mark.parametrize(
    ("code", "handler", "kind", "text"),
    [
        ("import nowhere", "index.handler", "Runtime.ImportModuleError", "Unable to import module 'index': No module"),
        ("x = 1", "index.handler", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'index'"),
        ("def handler(:", "index.handler", "Runtime.UserCodeSyntaxError", "Syntax error in module 'index'"),
        ("x = 1", "index", "Runtime.MalformedHandlerName", "Bad handler 'index'"),
        ("1 / 0", "index.handler", "ZeroDivisionError", "division by zero"),
    ],
)
def test_code_that_cannot_be_loaded_says_why(runner: Runner, code: str, handler: str, kind: str, text: str) -> None:
    ran = runner.run(code, file="index.py", handler=handler)
    told = json.loads(ran.payload)
    assert (ran.status, told["errorType"]) == ("error", kind)
    assert told["errorMessage"].startswith(text)


def test_an_answer_that_is_no_json_is_an_error(runner: Runner) -> None:
    ran = runner.run("def handler(event, context): return object()")
    assert json.loads(ran.payload)["errorType"] == "Runtime.MarshalError"


def test_what_it_prints_and_logs_is_in_the_log(runner: Runner) -> None:
    code = """
import logging, sys, os
logging.getLogger().setLevel("INFO")
def handler(event, context):
    print("printed ä"); logging.info("logged"); print("to the other", file=sys.stderr); os.system("echo from a child")
"""
    log = runner.run(code).log
    assert log.startswith(f"START RequestId: {ID} Version: $LATEST\n")
    for line in ("printed ä\n", "[INFO]\t", f"\t{ID}\tlogged\n", "to the other\n", "from a child\n"):
        assert line in log
    assert f"END RequestId: {ID}\nREPORT RequestId: {ID}\tDuration: " in log
    assert "\tMemory Size: 256 MB\tMax Memory Used: " in log


def test_boto3_is_there_and_uses_the_environment(runner: Runner) -> None:
    code = """
import boto3
def handler(event, context):
    client = boto3.client("cognito-idp")
    return [client.meta.endpoint_url, client.meta.region_name, boto3.__file__]
"""
    told = answer(runner.run(code, environment={"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, seconds=20))
    assert told == ["http://127.0.0.1:1", "us-east-1", "/var/runtime/packages/boto3/__init__.py"]


def test_modules_of_the_zip_come_before_those_of_the_runtime(runner: Runner) -> None:
    code = zipped({"index.py": "import boto3\ndef handler(event, context): return boto3.MINE", "boto3.py": "MINE = 1"})
    assert answer(runner.run(code, runtime="python3.11")) == 1


def test_the_variables_of_the_function_are_there_from_the_start(runner: Runner) -> None:
    code = "import os, words\nSTAGE = os.environ['STAGE']\ndef handler(event, context): return [STAGE, words.WORD]"
    files = zipped({"index.py": code, "vendor/words.py": "WORD = 'vendored'"})
    environment = {"STAGE": "test", "PYTHONPATH": "/var/task/vendor"}
    assert answer(runner.run(files, runtime="python3.11", environment=environment)) == ["test", "vendored"]


@pytest.mark.parametrize(
    ("ending", "text"),
    [
        ("sys.exit(3)", "exit status 3"),
        ("os._exit(1)", "exit status 1"),
        ("os.kill(os.getpid(), 11)", "signal: segmentation fault"),
    ],
)
def test_a_process_that_ends_says_how_and_the_next_event_gets_a_new_one(runner: Runner, ending: str, text: str) -> None:
    code = (
        f"import os, sys\ndef handler(event, context):\n    print('before')\n    if event: {ending}\n    return 'well'"
    )
    ran = runner.run(code, 1)
    assert ran.status == "exited"
    assert ran.error_message == f"RequestId: {ID} Error: Runtime exited with error: {text}"
    assert json.loads(ran.payload)["errorType"] == "Runtime.ExitError"
    assert "before\n" in ran.log
    assert answer(runner.run(code, 0)) == "well"


def test_what_is_late_is_told_in_lambdas_words(runner: Runner) -> None:
    ran = runner.run("import time\ndef handler(event, context):\n    print('asleep')\n    time.sleep(60)", limit=0.5)
    assert ran.status == "timed out"
    assert ran.text.endswith(f"Z {ID} Task timed out after 0.50 seconds")
    assert "asleep\n" in ran.log and "Task timed out" in ran.log
    assert ran.duration_ms < 3000
