"""What carries text messages at the other end: an SMS gateway, and Amazon's STS, SNS and End User Messaging."""

from __future__ import annotations

import json
import threading
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl

OWN_KEY = "AKIAGATEHOUSESOWN001"
AMAZON_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": OWN_KEY,
    "AWS_SECRET_ACCESS_KEY": "gatehouses/own+secret",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
}
"""Of a server that sends by Amazon: its own credentials, from the first link of boto3's chain."""


@dataclass
class Post:
    """One request; `headers` by lower-case name."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def scope(self) -> tuple[str, str, str]:
        """Who signed it, for which region and service."""
        credential = self.headers["authorization"].partition("Credential=")[2].partition(",")[0]
        key, _, region, service, _ = credential.split("/")
        return key, region, service


@dataclass
class Answer:
    """Without a status the connection is closed."""

    status: int | None
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


class Endpoint:
    """An HTTP server that keeps what it is sent; a subclass says what it answers."""

    def __init__(self) -> None:
        self.received: list[Post] = []
        self._is_over = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                post = Post(self.path, headers, self.rfile.read(int(headers["content-length"])))
                outer.received.append(post)
                self._tell(outer.answer(post))

            def do_GET(self) -> None:
                outer.received.append(Post(self.path, {}, b""))
                self._tell(Answer(200))

            def _tell(self, answer: Answer) -> None:
                if answer.status is not None:
                    self.send_response(answer.status)
                    for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(answer.body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        class Listener(ThreadingHTTPServer):
            def handle_error(self, request: Any, client_address: Any) -> None:
                """A caller that did not wait for its answer."""

        self._server = Listener(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def answer(self, post: Post) -> Answer:
        raise NotImplementedError

    def never(self) -> Answer:
        """As long as the endpoint is there."""
        self._is_over.wait()
        return Answer(None)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._is_over.set()
        self._server.shutdown()
        self._server.server_close()


class Gateway(Endpoint):
    """Accepts messages, but for those to numbers in `answers`."""

    TOKEN = "gateway-token-c2VjcmV0"

    def __init__(self) -> None:
        super().__init__()
        self.answers: dict[str, Answer] = {}
        self.silent: set[str] = set()
        """Numbers that no answer is given for."""

    def answer(self, post: Post) -> Answer:
        number = post.json["to"]
        return self.never() if number in self.silent else self.answers.get(number, Answer(202))

    def messages(self, number: str) -> list[Post]:
        return [post for post in self.received if post.body and post.json["to"] == number]

    def wait_for(self, number: str, count: int = 1) -> list[Post]:
        """The messages to a number, once there are so many."""
        deadline = time.monotonic() + 45
        while len(found := self.messages(number)) < count:
            assert time.monotonic() < deadline, f"{len(found)} messages instead of {count}"
            time.sleep(0.05)
        return found


@dataclass
class Role:
    """What Amazon does for a role: `refusal` is the error code that its messages are answered with."""

    arn: str
    trusts: bool = True
    refusal: str = ""
    is_silent: bool = False
    valid_for: timedelta = timedelta(hours=1)


class Amazon(Endpoint):
    """STS, SNS and End User Messaging at one address, as AWS's protocols have it."""

    def __init__(self) -> None:
        super().__init__()
        self._roles: dict[str, Role] = {}
        self._assumed: dict[str, Role] = {}

    def role(self, **behaviour: Any) -> Role:
        name = uuid.uuid4().hex[:12]
        made = Role(f"arn:aws:iam::111122223333:role/service-role/{name}", **behaviour)
        self._roles[made.arn] = made
        return made

    def assumptions(self, role: Role) -> list[dict[str, str]]:
        """The AssumeRole requests for a role."""
        return [form for form in map(form_of, self.received) if form.get("RoleArn") == role.arn]

    def messages(self, role: Role) -> list[Post]:
        """What was asked for with a role's credentials."""
        return [post for post in self.received if self._assumed.get(post.scope[0]) is role]

    def wait_for_messages(self, role: Role, count: int) -> None:
        """Until so many have come; nobody may be waiting for them but the caller."""
        deadline = time.monotonic() + 30
        while len(self.messages(role)) < count:
            assert time.monotonic() < deadline, f"{len(self.messages(role))} messages instead of {count}"
            time.sleep(0.05)

    def answer(self, post: Post) -> Answer:
        if form_of(post).get("Action") == "AssumeRole":
            return self._assume(self._roles[form_of(post)["RoleArn"]])
        role = self._assumed[post.scope[0]]
        if role.is_silent:
            return self.never()
        is_json = "x-amz-target" in post.headers
        if role.refusal:
            return _refused(role.refusal, f"{post.body!r} is not for you", is_json=is_json)
        if is_json:
            return Answer(200, b'{"MessageId": "1"}', {"Content-Type": "application/x-amz-json-1.0"})
        return _xml(200, "<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>")

    def _assume(self, role: Role) -> Answer:
        if not role.trusts:
            return _refused("AccessDenied", f"not authorized to perform sts:AssumeRole on {role.arn}")
        key = f"ASIA{uuid.uuid4().hex[:16].upper()}"
        self._assumed[key] = role
        expiration = datetime.now(UTC) + role.valid_for
        return _xml(
            200,
            f"<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>{key}</AccessKeyId>"
            f"<SecretAccessKey>secret-of-{key}</SecretAccessKey><SessionToken>token-of-{key}</SessionToken>"
            f"<Expiration>{expiration:%Y-%m-%dT%H:%M:%SZ}</Expiration></Credentials></AssumeRoleResult>"
            "</AssumeRoleResponse>",
        )


def form_of(post: Post) -> dict[str, str]:
    """The parameters of a request to SNS or STS."""
    return {} if "x-amz-target" in post.headers else dict(parse_qsl(post.body.decode()))


def _xml(status: int, text: str) -> Answer:
    return Answer(status, text.encode(), {"Content-Type": "text/xml"})


def _refused(code: str, message: str, *, is_json: bool = False) -> Answer:
    if is_json:
        body = json.dumps({"__type": code, "message": message}).encode()
        return Answer(400, body, {"Content-Type": "application/x-amz-json-1.0"})
    text = message.replace("&", "&amp;").replace("<", "&lt;")
    return _xml(
        403,
        f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{text}</Message></Error></ErrorResponse>",
    )
