"""What a trigger costs a sign-in beside the handler's own time: functions that do nothing, and pools that are alike.

The trigger is PreAuthentication at the beginning of an SRP sign-in. Its arithmetic takes as long each time, while the
time that a password's hash takes varies by more than what is looked for.
"""

from __future__ import annotations

import json
import os
import socket
import time
from dataclasses import dataclass
from statistics import median
from typing import Any

from tests.benchmark import installation, sign_ins
from tests.benchmark.load import read_answer
from tests.support import clients, factories
from tests.support.functions import Functions
from tests.support.server import Server

LANGUAGES = {"Python": "idle.py", "Node.js": "idle.js"}
WARM_UP = 10
ROUNDS = 300
COLD_STARTS = 7
AIM_EMBEDDED_MS, AIM_REDIS_MS, AIM_COLD_MS = 3, 10, 300


@dataclass(frozen=True)
class Measured:
    """Seconds of each sign-in, by the language of its PreAuthentication trigger; "" is without one."""

    warm: dict[str, list[float]]
    cold: dict[str, list[float]]

    def overhead_ms(self, language: str) -> float:
        """Of the middle sign-in with a trigger, over the middle one without."""
        return 1000 * (median(self.warm[language]) - median(self.warm[""]))

    def cold_ms(self, language: str) -> float:
        """Of the middle first sign-in, over that of the middle one without."""
        return 1000 * (median(self.cold[language]) - median(self.warm[""]))


class SignIn:
    """The beginning of one user's sign-in, over a connection that stays."""

    def __init__(self, server: Server, idp: Any, lambda_config: dict[str, str]) -> None:
        self.pool = factories.make_pool(idp, LambdaConfig=lambda_config)
        client = factories.make_client(idp, self.pool, ExplicitAuthFlows=["ALLOW_USER_SRP_AUTH"])
        user = factories.make_user(idp, self.pool)
        self._request = installation.call(
            server,
            "InitiateAuth",
            ClientId=client["ClientId"],
            AuthFlow="USER_SRP_AUTH",
            AuthParameters={"USERNAME": user, "SRP_A": sign_ins.CLIENT_KEY.digits(16)},
        )
        self._connection = socket.create_connection(("127.0.0.1", server.port))
        self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def seconds(self) -> float:
        began = time.perf_counter()
        self._connection.sendall(self._request)
        answer = json.loads(read_answer(self._connection))
        ended = time.perf_counter()
        assert answer["ChallengeName"] == "PASSWORD_VERIFIER"
        return ended - began

    def close(self) -> None:
        self._connection.close()


def measure(**environment: str) -> Measured:
    """In turn, one sign-in at a time, so that what else the machine does slows all of them alike."""
    with installation.running(**environment) as server:
        return _measure(server)


def _measure(server: Server) -> Measured:
    idp, functions = clients.idp(server), Functions(server)
    arns = {language: functions.deploy(file) for language, file in LANGUAGES.items()}
    begun = {"": SignIn(server, idp, {})}
    for language, arn in arns.items():
        begun[language] = SignIn(server, idp, {"PreAuthentication": arn})
        functions.permit(begun[language].pool, arn)
    warm: dict[str, list[float]] = {name: [] for name in begun}
    for number in range(WARM_UP + ROUNDS):
        for name, sign_in in begun.items():
            seconds = sign_in.seconds()
            if number >= WARM_UP:
                warm[name].append(seconds)
    cold = {
        language: [_cold(functions, arn, begun[language], n) for n in range(COLD_STARTS)]
        for language, arn in arns.items()
    }
    for sign_in in begun.values():
        sign_in.close()
    functions.remove()
    return Measured(warm, cold)


def _cold(functions: Functions, arn: str, sign_in: SignIn, number: int) -> float:
    """After a change of its settings no process that runs is the function's any more."""
    functions.api.update_function_configuration(FunctionName=arn, Environment={"Variables": {"NUMBER": str(number)}})
    return sign_in.seconds()


def report() -> str:
    """What is measured, with its aims; through Redis too where REDIS_URL names one."""
    embedded, redis_url = measure(), os.environ.get("REDIS_URL")
    carried = _overheads(measure(REDIS_URL=redis_url)) if redis_url else "not measured: set REDIS_URL"
    cold = ", ".join(f"{language} {embedded.cold_ms(language):.0f} ms" for language in LANGUAGES)
    return (
        f"a warm function that does nothing, in a sign-in, p50 over that of one without:\n"
        f"    embedded: {_overheads(embedded)}   (aim: less than {AIM_EMBEDDED_MS} ms)\n"
        f"    through Redis and a worker: {carried}   (aim: less than {AIM_REDIS_MS} ms)\n"
        f"    its cold start: {cold}   (aim: less than {AIM_COLD_MS} ms)"
    )


def _overheads(measured: Measured) -> str:
    return ", ".join(f"{language} {measured.overhead_ms(language):.1f} ms" for language in LANGUAGES)
