"""Functions that want more than they are given, under each isolation that this machine offers."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from identity.config import config
from pools.triggers.runner import isolation
from tests.support.runner import ROOT, Runner, answer

HANDLER = "def handler(event, context):\n"
MIB = 1 << 20


def test_a_loop_without_end_is_ended_at_its_limit(isolated: Runner) -> None:
    began = time.monotonic()
    ran = isolated.run(HANDLER + "    while True: pass", limit=0.5)
    assert ran.status == "timed out"
    assert time.monotonic() - began < 5


def test_a_fork_bomb_ends_with_everything_that_it_began(isolated: Runner) -> None:
    code = f"""
import os, time
{HANDLER}
    while True:
        try: os.fork()
        except OSError: time.sleep(0.01)
"""
    ran = isolated.run(code, limit=1.0)
    assert ran.status in {"timed out", "out of memory"}
    time.sleep(0.2)
    assert _processes_of_functions(isolated) == []
    assert answer(isolated.run(HANDLER + "    return 'well'")) == "well"


def test_one_that_takes_a_gigabyte_is_ended_and_others_go_on(isolated: Runner) -> None:
    code = HANDLER + "    return len(bytearray(b'x') * (1 << 30))"
    ran = isolated.run(code, memory=128, limit=8, seconds=10)
    assert ran.status in {"out of memory", "error"}, ran
    assert "MemoryError" in ran.payload.decode() or "signal: killed" in ran.text
    assert answer(isolated.run(HANDLER + "    return 'well'")) == "well"


def test_memory_of_children_counts(isolated: Runner) -> None:
    code = f"""
import os, time
{HANDLER}
    for _ in range(6):
        if not os.fork():
            kept = bytearray(b'x') * (40 << 20)
            time.sleep(60)
    time.sleep(60)
"""
    assert isolated.run(code, memory=128, limit=4).status == "out of memory"


@pytest.mark.parametrize(
    "attempt",
    [
        "fd = os.memfd_create('x')",
        "subprocess.run(['unshare', '--user', '--map-root-user', 'true'], check=True)",
        "subprocess.run(['mount', '-t', 'tmpfs', 'none', '/tmp'], check=True)",
        "os.setuid(0)",
        "os.chown('/tmp', 0, 0)",
        "open('/proc/sys/kernel/core_pattern', 'w')",
        "os.mknod('/tmp/device', 0o60600, os.makedev(8, 0))",
    ],
)
def test_what_nothing_counts_or_allows_is_refused(isolated: Runner, attempt: str) -> None:
    code = f"""
import os, subprocess
{HANDLER}
    try: {attempt}
    except (OSError, subprocess.CalledProcessError): return 'refused'
"""
    assert answer(isolated.run(code)) == "refused"


def test_files_of_gatehouse_and_of_the_machine_cannot_be_read(isolated: Runner, tmp_path: Path) -> None:
    secret = config.data / "secret_keys"
    secret.write_text("the key ring")
    secret.chmod(0o644)
    wanted = [str(secret), "/etc/shadow", "/proc/1/environ", f"/proc/{os.getpid()}/environ", str(isolated.socket)]
    wanted += [f"/proc/{isolated.process.pid}/environ", f"/proc/{isolated.process.pid}/mem", "/root/.bashrc"]
    if isolated._isolation[1] != isolation.UID:
        wanted += [
            str(ROOT / "manage.py"),
            str(ROOT / "pools/lookup.py"),
            "/etc/hostname",
            "/home",
            "/var/tmp",
            "/work",
        ]
    code = f"""
import os
{HANDLER}
    read = []
    for path in event:
        try:
            os.listdir(path) if os.path.isdir(path) else open(path, 'rb').read(1)
            read.append(path)
        except OSError: pass
    return read
"""
    # A process of its own may have any number there; what matters is whose environment it is.
    read = answer(isolated.run(code, wanted))
    assert [path for path in read if path != "/proc/1/environ"] == []
    own = HANDLER + "    return open('/proc/1/environ').read()"
    if "/proc/1/environ" in read:
        assert answer(isolated.run(own)) == ""


def test_gatehouse_cannot_be_imported(isolated: Runner) -> None:
    code = f"""
import importlib
{HANDLER}
    found = []
    for name in ('pools', 'identity', 'django', 'celery', 'psycopg', 'cryptography', 'runtime_client', 'boto3'):
        try: importlib.import_module(name); found.append(name)
        except ImportError: pass
    return found
"""
    assert answer(isolated.run(code, seconds=20)) == ["boto3"]


def test_the_environment_holds_what_lambda_gives_and_nothing_else(isolated: Runner) -> None:
    code = "import os\n" + HANDLER + "    return dict(os.environ)"
    given = answer(isolated.run(code, environment={"STAGE": "test"}, name="clean"))
    assert set(given) <= {
        *("AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_REGION"),
        *("AWS_DEFAULT_REGION", "AWS_EXECUTION_ENV", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME"),
        *("AWS_LAMBDA_INITIALIZATION_TYPE", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR", "_HANDLER", "TZ", "LANG", "PATH"),
        *("HOME", "TMPDIR", "NODE_PATH", "STAGE", "LC_CTYPE"),
    }
    assert given["STAGE"] == "test" and given["AWS_LAMBDA_FUNCTION_NAME"] == "clean"


def test_the_code_cannot_be_changed_and_tmp_is_the_functions_own(isolated: Runner) -> None:
    code = f"""
import os
{HANDLER}
    refused = []
    for path in (os.environ['LAMBDA_TASK_ROOT'] + '/new', os.environ['LAMBDA_RUNTIME_DIR'] + '/new', '/new', '/usr/new',
                 '/dev/new', '/etc/new'):
        try: open(path, 'w')
        except OSError: refused.append(path)
    open(os.environ['TMPDIR'] + '/mine', 'w').write('mine')
    return len(refused)
"""
    assert answer(isolated.run(code)) == 6
    other = "import os\n" + HANDLER + "    return os.listdir(os.environ['TMPDIR'])"
    assert answer(isolated.run(other)) == []


def test_tmp_is_full_when_it_is_full(isolated: Runner) -> None:
    code = f"""
import os
{HANDLER}
    piece, written = b'x' * (16 << 20), 0
    for number in range(64):
        try:
            with open(f"{{os.environ['TMPDIR']}}/{{number}}", 'wb') as file: written += file.write(piece)
        except OSError: break
    import time
    if written > (520 << 20): time.sleep(3)
    return written
"""
    ran = isolated.run(code, limit=20, seconds=20)
    assert ran.status == "out of memory" or answer(ran) <= 520 * MIB
    assert answer(isolated.run("import os\n" + HANDLER + "    return os.listdir(os.environ['TMPDIR'])")) == []


@pytest.mark.parametrize(
    "speech",
    [
        "os.write(3, b'garbage' * 1000)",
        "os.write(3, struct.pack('!II', 2, 1 << 31) + b'{}')",
        "os.write(3, struct.pack('!II', 1 << 31, 0))",
        "os.write(3, struct.pack('!II', 2, 0) + b'[]')",
        'os.write(3, struct.pack(\'!II\', 40, 0) + b\'{"kind":"result","request_id":"another"}\')',
        "os.close(3)",
    ],
)
def test_a_function_that_speaks_for_the_runtime_harms_itself_alone(isolated: Runner, speech: str) -> None:
    code = f"import os, struct, time\n{HANDLER}    {speech}\n    time.sleep(30)"
    ran = isolated.run(code, limit=3)
    assert ran.status in {"exited", "error"}
    assert ran.duration_ms < 2500
    assert answer(isolated.run(HANDLER + "    return 'well'")) == "well"


def test_an_answer_that_is_too_large_is_an_error(isolated: Runner) -> None:
    ran = isolated.run(HANDLER + "    return 'x' * (7 << 20)", limit=10, seconds=10)
    assert json.loads(ran.payload)["errorType"] == "Function.ResponseSizeTooLarge"
    assert answer(isolated.run(HANDLER + "    return 'x' * (5 << 20)", limit=10, seconds=10)) == "x" * (5 * MIB)


def test_one_that_prints_without_end_leaves_the_runner_to_others(isolated: Runner) -> None:
    ran = isolated.run(HANDLER + "    while True: print('x' * 1000)", limit=0.7)
    assert ran.status == "timed out"
    assert len(ran.log) < 70_000


def test_what_goes_on_after_the_answer_is_ended(isolated: Runner) -> None:
    code = """
import threading
def spin():
    while True: pass
def answers_and_spins(event, context):
    threading.Thread(target=spin, daemon=True).start()
    return 'answered'
"""
    assert answer(isolated.run(code, handler="index.answers_and_spins")) == "answered"
    assert _processes_of_functions(isolated, "answers_and_spins"), "its process is not recognised"
    deadline = time.monotonic() + 60
    while _processes_of_functions(isolated, "answers_and_spins"):
        assert time.monotonic() < deadline, "it goes on"
        time.sleep(0.1)


def test_nothing_is_left_when_the_runner_is_killed() -> None:
    if isolation.level() is None:
        pytest.skip("nothing isolates here")
    running = Runner()
    try:
        answer(running.run("import subprocess\nsubprocess.Popen(['sleep', '77123'])\n" + HANDLER + "    return 1"))
        running.process.kill()
        running.process.wait()
        deadline = time.monotonic() + 5
        while any("77123" in command for command in _commands().values()):
            assert time.monotonic() < deadline, "it goes on"
            time.sleep(0.05)
    finally:
        running.stop()


def _processes_of_functions(runner: Runner, needle: str = "python.py") -> list[int]:
    found = [pid for pid, command in _commands().items() if needle in command and "pytest" not in command]
    return [pid for pid in found if _is_below(pid, runner.process.pid)]


def _is_below(pid: int, ancestor: int) -> bool:
    while pid > 1:
        if pid == ancestor:
            return True
        try:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            return False
    return False


def _commands() -> dict[int, str]:
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                found[int(folder.name)] = (
                    (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                )
            except OSError:
                continue
    return found
