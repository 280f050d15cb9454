"""Node.js functions run as AWS Lambda runs them."""

from __future__ import annotations

import json

import pytest

from tests.support.runner import Runner, answer, zipped

ID = "11111111-2222-3333-4444-555555555555"
NODE = "nodejs20.x"


@pytest.mark.parametrize(
    "code",
    [
        "exports.handler = async (event) => ({...event, ok: true})",
        "exports.handler = (event, context, callback) => callback(null, {...event, ok: true})",
        "exports.handler = (event, context, callback) => { setTimeout(() => callback(null, {...event, ok: true}), 5) }",
        "exports.handler = async (event, context, callback) => { callback(null, {...event, ok: true}) }",
        "exports.handler = (event, context) => context.succeed({...event, ok: true})",
        "exports.handler = (event, context) => context.done(null, {...event, ok: true})",
        "exports.handler = (event) => Promise.resolve({...event, ok: true})",
    ],
)
def test_a_handler_may_answer_in_every_style(runner: Runner, code: str) -> None:
    for number in (1, 2):
        assert answer(runner.run(code, {"a": number})) == {"a": number, "ok": True}


MODULES = {
    "mjs": {"index.mjs": "export const handler = async (event) => 'here'"},
    "type=module": {
        "index.js": "export async function handler() { return 'here' }",
        "package.json": '{"type": "module"}',
    },
    "in a folder": {
        "dist/app.js": "exports.lambda = { main: async () => require('./b').word }",
        "dist/b.js": "exports.word = 'here'",
    },
    "node_modules": {
        "index.cjs": "exports.handler = async () => require('words').word",
        "node_modules/words/index.js": "exports.word = 'here'",
    },
    "TypeScript": {
        "index.js": """"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.handler = void 0;
const handler = async (event) => 'here';
exports.handler = handler;""",
    },
    "top-level await": {
        "index.mjs": """import words from './words.cjs';
const word = await words.get();
export const handler = () => Promise.resolve(word)""",
        "words.cjs": "exports.get = async () => 'here'",
    },
}


@pytest.mark.parametrize("files", MODULES.values(), ids=MODULES)
def test_modules_of_every_kind_are_loaded(runner: Runner, files: dict[str, str]) -> None:
    handler = "dist/app.lambda.main" if "dist/app.js" in files else "index.handler"
    assert answer(runner.run(zipped(files), runtime=NODE, handler=handler)) == "here"


def test_the_first_callback_counts(runner: Runner) -> None:
    code = "exports.handler = (event, context, callback) => { callback(new Error('no')); callback(null, event) }"
    assert runner.run(code, {}).error_message == "no"
    code = "exports.handler = (event, context, callback) => { callback(null, 'yes'); callback(new Error('no')) }"
    assert answer(runner.run(code, {})) == "yes"


def test_a_callback_waits_for_the_work_that_is_left_unless_told_not_to(runner: Runner) -> None:
    code = """
let done = 0;
exports.handler = (event, context, callback) => {
  context.callbackWaitsForEmptyEventLoop = event.waits;
  if (event.asks) return callback(null, done);
  setTimeout(() => { done += 1; console.log('worked') }, 100);
  callback(null, 'answer');
}
"""
    assert "worked" in runner.run(code, {"waits": True}).log
    assert answer(runner.run(code, {"waits": True, "asks": True})) == 1
    quick = runner.run(code, {"waits": False})
    assert answer(quick) == "answer" and "worked" not in quick.log


def test_who_never_answers_and_has_nothing_left_to_do_answers_null(runner: Runner) -> None:
    assert answer(runner.run("exports.handler = () => {}")) is None
    assert answer(runner.run("exports.handler = () => new Promise(() => {})")) is None
    assert answer(runner.run("exports.handler = async () => undefined")) is None


@pytest.mark.parametrize(
    ("body", "kind", "text"),
    [
        ("async () => { throw new TypeError('bad') }", "TypeError", "bad"),
        ("() => { throw new Error('bad') }", "Error", "bad"),
        ("async () => { throw 'text' }", "string", "text"),
        ("(e, c, callback) => callback('text')", "string", "text"),
        ("(e, c, callback) => callback(new RangeError('bad'))", "RangeError", "bad"),
        ("(e, context) => context.fail('text')", "string", "text"),
        ("(e, context) => context.done(new Error('bad'))", "Error", "bad"),
        ("(e, c, callback) => { setTimeout(() => { throw new Error('later') }, 5) }", "Error", "later"),
        ("(e, c, cb) => { Promise.reject(new Error('lost')) }", "Runtime.UnhandledPromiseRejection", "Error: lost"),
    ],
)
def test_errors_have_their_message_type_and_trace(runner: Runner, body: str, kind: str, text: str) -> None:
    ran = runner.run(f"exports.handler = {body}")
    told = json.loads(ran.payload)
    assert (ran.status, told["errorType"], told["errorMessage"]) == ("error", kind, text)
    assert isinstance(told["trace"], list)
    assert text in ran.log


@pytest.mark.parametrize(
    ("code", "handler", "kind"),
    [
        ("exports.x = 1", "index.handler", "Runtime.HandlerNotFound"),
        ("require('nowhere')", "index.handler", "Runtime.ImportModuleError"),
        ("exports.handler = (", "index.handler", "Runtime.UserCodeSyntaxError"),
        ("exports.handler = 1", "index", "Runtime.MalformedHandlerName"),
        ("exports.handler = 1", "other.handler", "Runtime.ImportModuleError"),
        ("throw new Error('at start')", "index.handler", "Error"),
    ],
)
def test_code_that_cannot_be_loaded_says_why(runner: Runner, code: str, handler: str, kind: str) -> None:
    ran = runner.run(code, file="index.js", handler=handler)
    assert (ran.status, json.loads(ran.payload)["errorType"]) == ("error", kind)


def test_the_context_tells_of_the_function_and_the_time_that_is_left(runner: Runner) -> None:
    code = """
exports.handler = async (event, context) => [context.functionName, context.functionVersion, context.memoryLimitInMB,
  context.awsRequestId, context.invokedFunctionArn, context.logGroupName, context.getRemainingTimeInMillis(),
  typeof context.clientContext, process.env.STAGE]
"""
    told = answer(runner.run(code, name="told", limit=3, environment={"STAGE": "test"}))
    assert told[:6] == ["told", "$LATEST", "256", ID, told[4], "/aws/lambda/told"]
    assert 1000 < told[6] <= 3000
    assert told[7:] == ["undefined", "test"]


def test_what_it_logs_has_lambdas_form(runner: Runner) -> None:
    log = runner.run("exports.handler = async () => { console.log('a', {b: 1}); console.error('bad\\nly') }").log
    assert f"Z\t{ID}\tINFO\ta {{ b: 1 }}\n" in log
    assert f"Z\t{ID}\tERROR\tbad\rly\n" in log


def test_the_flags_of_the_function_reach_node(runner: Runner) -> None:
    code = "exports.handler = async () => process.execArgv.length && new Error('x').stack && process.env.NODE_OPTIONS"
    assert answer(runner.run(code, environment={"NODE_OPTIONS": "--enable-source-maps"})) == "--enable-source-maps"


def test_a_process_that_ends_says_how_and_the_next_event_gets_a_new_one(runner: Runner) -> None:
    code = "exports.handler = async (event) => { if (event) process.exit(3); return 'well' }"
    assert runner.run(code, 1).error_message == f"RequestId: {ID} Error: Runtime exited with error: exit status 3"
    assert answer(runner.run(code, 0)) == "well"


def test_what_is_late_is_told_in_lambdas_words(runner: Runner) -> None:
    ran = runner.run("exports.handler = () => { for (;;) {} }", limit=0.5)
    assert ran.text.endswith(f"Z {ID} Task timed out after 0.50 seconds")
