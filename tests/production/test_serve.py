"""`manage.py serve`: what it prints, what it refuses, how it ends, and what is left when it is killed."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.production.conftest import PRODUCTION, RING, Install, refusal
from tests.support import clients, factories, processes
from tests.support.clients import refused
from tests.support.server import ROOT, SQLITE_FILE, START_SECONDS, Server, drop_database, new_database

# One after the other: they measure how long the end of a server takes.
pytestmark = pytest.mark.xdist_group("serve")

STOP_SECONDS = 10
"""The longest that an end may take."""

OTHER_RING = "YW5vdGhlciByaW5nLCBhbHNvIHdpdGggMzIgYnl0ZXM="


# --- what it prints


@pytest.fixture(scope="module")
def development(install: Install) -> Iterator[Server]:
    """A development server that makes its own access key, as a newcomer starts it."""
    yield install("--dev", GATEHOUSE_ACCESS_KEY_ID="", GATEHOUSE_SECRET_ACCESS_KEY="").start()


def printed_exports(server: Server) -> list[str]:
    """The lines to paste, of the newest start."""
    wait_for_text(server, "Messages to users appear at")
    newest = server.log.rpartition("Gatehouse is running at")[2]
    return [line.strip() for line in newest.splitlines() if line.strip().startswith("export ")]


def wait_for_text(server: Server, text: str) -> None:
    deadline = time.monotonic() + 20
    while text not in server.log:
        assert time.monotonic() < deadline, server.log
        time.sleep(0.05)


def with_printed_key(server: Server) -> Any:
    exports = dict(line.removeprefix("export ").split("=", 1) for line in printed_exports(server))
    return clients.idp(server, access_key_id=exports["AWS_ACCESS_KEY_ID"], secret=exports["AWS_SECRET_ACCESS_KEY"])


def test_printed_lines_pasted_into_a_shell_are_all_that_boto3_needs(development: Server) -> None:
    script = "import boto3; print(boto3.client('cognito-idp').create_user_pool(PoolName='pasted')['UserPool']['Arn'])"
    shell = "\n".join([*printed_exports(development), f'"{sys.executable}" -c "{script}"'])
    done = subprocess.run(["/bin/sh", "-c", shell], env={"HOME": "/"}, capture_output=True, text=True, check=False)
    assert done.stdout.startswith("arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_"), done.stderr


def test_development_server_has_outbox_and_clock(development: Server) -> None:
    assert requests.get(f"{development.url}/_dev/outbox", timeout=10).json() == []
    assert "now" in requests.get(f"{development.url}/_dev/clock", timeout=10).json()


def test_second_start_finds_pool_and_user_and_prints_the_same_key(development: Server) -> None:
    idp = with_printed_key(development)
    pool = factories.make_pool(idp)
    client = factories.make_client(idp, pool)
    user = factories.make_user(idp, pool, email="found@example.com")
    tokens = factories.sign_in(idp, client, user)
    before = printed_exports(development)
    assert development.log.count("shown once") == 1
    development.stop()
    development.start()
    again = with_printed_key(development)
    assert printed_exports(development) == before
    assert development.log.count("shown once") == 1, "the operator's password was printed again"
    assert again.describe_user_pool(UserPoolId=pool["Id"])["UserPool"]["Name"] == pool["Name"]
    assert factories.attributes_of(again.get_user(AccessToken=tokens["AccessToken"]))["email"] == "found@example.com"
    assert factories.sign_in(again, client, user)["AccessToken"]


def test_ctrl_c_ends_a_development_server(development: Server) -> None:
    """Ctrl-C in a terminal signals the whole foreground process group, not one process."""
    assert development.process is not None
    os.killpg(development.process.pid, signal.SIGINT)
    assert development.process.wait(STOP_SECONDS) == 0
    assert processes.of(development) == []
    assert "Traceback" not in development.log
    assert "ended unexpectedly" not in development.log
    development.start()


def test_production_server_has_no_development_pages_and_prints_no_secret(production: Server) -> None:
    production.start()
    wait_for_text(production, "Gatehouse is running at https://gatehouse.example")
    for path in ("/_dev/outbox", "/_dev/clock", "/_dev/"):
        assert requests.get(production.url + path, timeout=10).status_code == 404
        assert requests.post(production.url + path, json={"advance_seconds": 60}, timeout=10).status_code == 404
    assert requests.get(f"{production.url}/readyz", timeout=10).text == "ok\n"
    assert clients.idp(production).list_user_pools(MaxResults=1)["UserPools"] == []
    production.stop()
    for secret in (production.environment["GATEHOUSE_SECRET_ACCESS_KEY"], RING, "export ", "password (shown once)"):
        assert secret not in production.log


# --- what it refuses


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"GATEHOUSE_SECRET_KEYS": ""}, "set GATEHOUSE_SECRET_KEYS to base64 of 32 random bytes"),
        ({"GATEHOUSE_SECRET_KEYS": "c2hvcnQ="}, "GATEHOUSE_SECRET_KEYS is not usable"),
        ({"GATEHOUSE_SECRET_KEYS": OTHER_RING}, "set GATEHOUSE_SECRET_KEYS to the keys it was made with"),
        ({"GATEHOUSE_URL": "http://gatehouse.example"}, "GATEHOUSE_URL must begin with https://"),
        ({"GATEHOUSE_URL": ""}, "GATEHOUSE_URL must begin with https://"),
        ({"GATEHOUSE_URL": "gatehouse.example"}, "GATEHOUSE_URL is not usable"),
        ({"GATEHOUSE_ARGON2_MEMORY_KIB": "19455"}, "set GATEHOUSE_ARGON2_MEMORY_KIB to at least 19456"),
        ({"GATEHOUSE_ARGON2_TIME": "1"}, "GATEHOUSE_ARGON2_TIME to at least 2"),
        ({"GATEHOUSE_ACCESS_KEY_ID": ""}, "Set both GATEHOUSE_ACCESS_KEY_ID and GATEHOUSE_SECRET_ACCESS_KEY"),
        ({"GATEHOUSE_SECRET_ACCESS_KEY": ""}, "Set both GATEHOUSE_ACCESS_KEY_ID and GATEHOUSE_SECRET_ACCESS_KEY"),
        ({"GATEHOUSE_SECRET_ACCESS_KEY": "short"}, "GATEHOUSE_SECRET_ACCESS_KEY must have at least 32 characters"),
        ({"GATEHOUSE_ACCESS_KEY_ID": "AKIA/WITH/SLASHES"}, "GATEHOUSE_ACCESS_KEY_ID must be 16 to 128 letters"),
        ({"GATEHOUSE_EMAIL_URL": "smtp+plain://mail.example"}, "GATEHOUSE_EMAIL_URL sends codes unencrypted"),
        ({"GATEHOUSE_SMS_URL": "http://sms.example"}, "GATEHOUSE_SMS_URL sends codes unencrypted"),
        ({"GATEHOUSE_SMS_URL": "sms.example"}, "GATEHOUSE_SMS_URL is not usable"),
        ({"GATEHOUSE_WEB_WORKERS": "none"}, "GATEHOUSE_WEB_WORKERS is not usable"),
        ({"GATEHOUSE_DEV": "1"}, "GATEHOUSE_DEV is set"),
        ({"DATABASE_URL": "postgres://nobody@127.0.0.1:1/nowhere"}, "look at DATABASE_URL"),
    ],
    ids=lambda value: "=".join(*value.items()) if isinstance(value, dict) else "",
)
def test_wrong_setting_refuses_to_start_and_says_what_to_set(
    production: Server, wrong: dict[str, str], sentence: str
) -> None:
    assert sentence in refusal(production, **wrong)


def test_all_wrong_settings_are_told_at_once(production: Server) -> None:
    said = refusal(production, GATEHOUSE_SECRET_KEYS="", GATEHOUSE_URL="http://x", GATEHOUSE_ARGON2_TIME="1")
    for name in ("GATEHOUSE_SECRET_KEYS", "GATEHOUSE_URL", "GATEHOUSE_ARGON2_TIME"):
        assert f"{name}" in said
    assert len([line for line in said.splitlines() if line.startswith("- ")]) == 3


def test_unmigrated_database_is_refused(install: Install) -> None:
    server = install(**PRODUCTION)
    (server.data / SQLITE_FILE).unlink(missing_ok=True)  # it comes with its tables
    if "DATABASE_URL" in server.environment:
        drop_database(server.environment["DATABASE_URL"])
        server.environment["DATABASE_URL"] = new_database()
    assert "run `python manage.py migrate`" in refusal(server)


def test_database_without_an_operator_is_refused(install: Install) -> None:
    server = install(**PRODUCTION)
    server.manage("migrate", "--verbosity", "0")
    assert "run `python manage.py bootstrap`" in refusal(server)


def test_another_key_ring_is_refused_in_development_too(install: Install) -> None:
    server = install("--dev", GATEHOUSE_SECRET_KEYS=RING).start()
    server.stop()
    said = refusal(server, "--dev", GATEHOUSE_SECRET_KEYS=OTHER_RING)
    assert "set GATEHOUSE_SECRET_KEYS to the keys it was made with" in said


@pytest.mark.parametrize("command", [["rotate_keys"], ["rotate_keys", "--secrets"], ["access_key", "create"]])
def test_commands_that_seal_secrets_refuse_another_key_ring(production: Server, command: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env={**production.environment, "GATEHOUSE_SECRET_KEYS": OTHER_RING},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "set GATEHOUSE_SECRET_KEYS to the keys it was made with" in done.stderr


def test_taken_port_is_refused_and_who_has_it_goes_on(development: Server) -> None:
    """Web workers share their port with their siblings; a second start must not become one of them."""
    said = refusal(development, "--dev")
    assert f"Cannot listen on port {development.port}" in said
    assert requests.get(f"{development.url}/readyz", timeout=10).status_code == 200


# --- how it ends


@pytest.fixture(scope="module")
def busy(install: Install) -> Server:
    """A development server that is about to be stopped while it works, with two web workers."""
    return install("--dev", GATEHOUSE_WEB_WORKERS="2")


class Load:
    """Threads that sign up and sign in as fast as they can, and remember what each request came to."""

    def __init__(self, server: Server, client_id: str, signed_up: str) -> None:
        self.acknowledged: list[str] = []
        self.unanswered: list[str] = []
        self.failed: list[str] = []
        self.sign_ins = 0
        self._server = server
        self._client_id = client_id
        self._signed_up = signed_up
        self._threads = [
            threading.Thread(target=work, args=(keeps,))
            for work in (self._sign_up, self._sign_in)
            for keeps in (True, True, False, False)
        ]
        for thread in self._threads:
            thread.start()

    def finish(self) -> None:
        """Wait until every thread has been refused a connection."""
        for thread in self._threads:
            thread.join(30)
            assert not thread.is_alive()

    def _sign_up(self, keeps_connection: bool) -> None:
        connection = self._connection()
        while connection is not None:
            name = factories.unique("load")
            body = {"ClientId": self._client_id, "Username": name, "Password": factories.PASSWORD}
            status = self._post(connection, "SignUp", body)
            if status is None:
                self.unanswered.append(name)
            elif status == 200:
                self.acknowledged.append(name)
            else:
                self.failed.append(f"SignUp {status}")
            connection = self._next(connection, keeps_connection and status is not None)

    def _sign_in(self, keeps_connection: bool) -> None:
        connection = self._connection()
        parameters = {"USERNAME": self._signed_up, "PASSWORD": factories.PASSWORD}
        body = {"ClientId": self._client_id, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters}
        while connection is not None:
            status = self._post(connection, "InitiateAuth", body)
            if status == 200:
                self.sign_ins += 1
            elif status is not None:
                self.failed.append(f"InitiateAuth {status}")
            connection = self._next(connection, keeps_connection and status is not None)

    def _connection(self) -> http.client.HTTPConnection | None:
        """None when the server does not listen any more."""
        connection = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=20)
        try:
            connection.connect()
        except OSError:
            return None
        return connection

    def _next(self, connection: http.client.HTTPConnection, keeps: bool) -> http.client.HTTPConnection | None:
        if keeps and connection.sock is not None:
            return connection
        connection.close()
        return self._connection()

    def _post(self, connection: http.client.HTTPConnection, operation: str, body: dict[str, Any]) -> int | None:
        """The status of the answer, or None when the connection ended without one."""
        headers = {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": f"AWSCognitoIdentityProviderService.{operation}",
        }
        try:
            connection.request("POST", "/", json.dumps(body), headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            return None
        return answer.status


@pytest.mark.parametrize("with_signal", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_under_load_everything_ends_in_time_and_what_was_acknowledged_is_kept(busy: Server, with_signal: int) -> None:
    busy.start()
    idp = clients.idp(busy)
    pool = factories.make_pool(idp)
    client = factories.make_client(idp, pool)
    load = Load(busy, client["ClientId"], factories.make_user(idp, pool))
    deadline = time.monotonic() + START_SECONDS
    while min(load.sign_ins, len(load.acknowledged)) <= 20 and time.monotonic() < deadline:
        time.sleep(0.1)
    seconds = busy.stop(with_signal)
    left_over = processes.of(busy)
    load.finish()
    assert seconds < STOP_SECONDS
    assert left_over == []
    assert busy.process is not None
    assert busy.process.returncode == 0
    assert load.failed == []
    assert load.sign_ins > 20
    assert len(load.acknowledged) > 20

    busy.start()
    idp = clients.idp(busy)
    for name in load.acknowledged:
        assert idp.admin_get_user(UserPoolId=pool["Id"], Username=name)["UserStatus"] == "UNCONFIRMED"
    # Connections may end unused, but an accepted request is never done without being answered.
    for name in load.unanswered:
        with refused("UserNotFoundException"):
            idp.admin_get_user(UserPoolId=pool["Id"], Username=name)
    assert len(load.unanswered) <= 8, "more than one for each thread"
    busy.stop()


def test_request_in_flight_is_answered_before_the_end(busy: Server) -> None:
    """The server has read the head and half of the body when the signal comes; the other half follows."""
    busy.start()
    idp = clients.idp(busy)
    pool = factories.make_pool(idp)
    client = factories.make_client(idp, pool)
    sign_up = {"ClientId": client["ClientId"], "Username": "in-flight", "Password": factories.PASSWORD}
    head, body = _request("SignUp", sign_up)
    with socket.create_connection(("127.0.0.1", busy.port)) as connection:
        connection.sendall(head + body[:20])
        time.sleep(0.2)
        assert busy.process is not None
        busy.process.send_signal(signal.SIGTERM)
        wait_until_refused(busy)
        connection.sendall(body[20:])
        answer = connection.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 200 OK"), answer
    assert busy.process.wait(STOP_SECONDS) == 0
    busy.start()
    assert clients.idp(busy).admin_get_user(UserPoolId=pool["Id"], Username="in-flight")["UserStatus"] == "UNCONFIRMED"
    busy.stop()


def test_clients_that_say_nothing_do_not_keep_it_from_ending(busy: Server) -> None:
    """An idle connection, one that never sent a request, and one that stopped in the middle of a body."""
    busy.start()
    idle = requests.Session()
    assert idle.get(f"{busy.url}/healthz", timeout=10).status_code == 200
    head, body = _request("SignUp", {"ClientId": "x" * 26})
    address = ("127.0.0.1", busy.port)
    with socket.create_connection(address), socket.create_connection(address) as half:
        half.sendall(head + body[:20])
        time.sleep(0.2)
        assert busy.stop(signal.SIGTERM) < STOP_SECONDS
    assert processes.of(busy) == []


def _request(operation: str, members: dict[str, str]) -> tuple[bytes, bytes]:
    """The head and the body of an unsigned call."""
    body = json.dumps(members).encode()
    head = (
        f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-amz-json-1.1\r\n"
        f"X-Amz-Target: AWSCognitoIdentityProviderService.{operation}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode(), body


def wait_until_refused(server: Server) -> None:
    deadline = time.monotonic() + STOP_SECONDS
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", server.port)).close()
        except ConnectionRefusedError:
            return
        time.sleep(0.02)
    raise AssertionError("the server still listens")


# --- what is left when it is killed


def test_killed_web_process_ends_everything_with_an_error(production: Server) -> None:
    production.start()
    os.kill(processes.web(production).pid, signal.SIGKILL)
    assert production.process is not None
    assert production.process.wait(STOP_SECONDS) != 0
    assert "The web process ended unexpectedly; Gatehouse stops." in production.log
    assert processes.of(production) == []


def test_killed_background_process_ends_everything_with_an_error(production: Server) -> None:
    production.start()
    os.kill(processes.background(production).pid, signal.SIGKILL)
    assert production.process is not None
    assert production.process.wait(STOP_SECONDS) != 0
    assert "The worker process ended unexpectedly; Gatehouse stops." in production.log
    assert processes.of(production) == []


def test_killed_supervisor_leaves_nothing_behind(production: Server) -> None:
    production.start()
    assert len(processes.of(production)) >= 4, "supervisor, web, web worker, background"
    assert production.process is not None
    production.process.kill()
    production.process.wait()
    assert processes.gone(production, within_seconds=STOP_SECONDS), processes.of(production)


def test_killed_web_worker_is_replaced_and_nothing_else_stops(production: Server) -> None:
    production.start()
    (worker,) = processes.web_workers(production)
    os.kill(worker.pid, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while not _answers(production):
        assert time.monotonic() < deadline, production.log
        time.sleep(0.05)
    (replacement,) = processes.web_workers(production)
    assert replacement.pid != worker.pid
    assert production.process is not None
    assert production.process.poll() is None
    assert production.stop() < STOP_SECONDS
    assert processes.of(production) == []


def _answers(server: Server) -> bool:
    try:
        return requests.get(f"{server.url}/readyz", timeout=5).status_code == 200
    except requests.ConnectionError:
        return False


def test_development_key_ring_is_readable_by_its_owner_alone(development: Server) -> None:
    ring = Path(development.environment["GATEHOUSE_DATA"]) / "secret_keys"
    assert ring.stat().st_mode & 0o077 == 0
