"""The way through a sign-in on the pages: every step calls the machine, and leads to the next page or to the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import orjson
from django.http import HttpResponse, HttpResponseRedirect

from identity.access.actor import Actor
from identity.errors import NotAuthorized, PasswordResetRequired, ServiceError, UserNotConfirmed
from pools.config.mfa import SOFTWARE_TOKEN_MFA
from pools.hosted import finish, texts
from pools.hosted.authorization import Authorization
from pools.hosted.page import Request
from pools.signin import attempt, enrolment, first_factors, flows, waiting
from pools.signin.attempt import Challenged
from pools.signin.challenges.mfa_setup import MfaSetup
from pools.signin.challenges.select import SelectChallenge
from pools.signin.finish import SignedIn
from pools.signin.flows import Channel
from pools.signin.waiting import Waiting
from pools.triggers.origin import Origin
from pools.web import caller, cookies

Outcome = SignedIn | Challenged


@dataclass(frozen=True, slots=True)
class Walk:
    """One request of a browser that signs in. `event` is its name in AWS's trail: `Login_POST`.

    Every method raises what the machine raises, but for users who must do something else first, who are led there, and
    for a Session that is over, which leads to the first page.
    """

    request: Request
    authorization: Authorization
    event: str = ""

    @property
    def session(self) -> str | None:
        return cookies.read(self.request, cookies.ATTEMPT, self.authorization.site.pool)

    @property
    def still_waits(self) -> bool:
        """Whether the sign-in can go on from where it is, after what has gone wrong."""
        try:
            waiting.find(self.authorization.client, self.session)
        except ServiceError:
            return False
        return True

    @property
    def _caller(self) -> tuple[Actor, Origin]:
        return caller.actor(self.request, self.event), caller.origin(self.request, self.authorization.client)

    def begin(self, username: str, **given: str) -> HttpResponse:
        client = self.authorization.client
        by, origin = self._caller
        flow, parameters = flows.of_pages(client), {"USERNAME": username, **given}
        return self._led(
            username, lambda: attempt.begin(client, flow, parameters, channel=Channel.HOSTED, by=by, origin=origin)
        )

    def answer(self, waits: Waiting, answers: Mapping[str, str]) -> HttpResponse:
        return self._led(waits.username, lambda: self._answer(waits.name, self.session, waits.username, answers))

    def send_again(self) -> HttpResponse:
        client = self.authorization.client
        by, origin = self._caller
        outcome = waiting.again(client, self.session, by=by, origin=origin)
        return self.wait(outcome.session, notice="sent_again")

    def set_up_app(self) -> HttpResponse:
        """A new secret for an authenticator app, shown by the page that this leads to."""
        _, session = enrolment.associate(self.session or "")
        return self.wait(session)

    def prove_app(self, waits: Waiting, code: str, device: str) -> HttpResponse:
        """With the app's first code the sign-in goes on."""
        session = enrolment.verify(self.session or "", code, name=device)
        return self._led(waits.username, lambda: self._answer(waits.name, session, waits.username, {}))

    def go_on(self, username: str, outcome: Outcome) -> HttpResponse:
        """Where an outcome of the machine leads. One choice is no choice: nobody is asked to make it."""
        if isinstance(outcome, SignedIn):
            return finish.signed_in(self.request, self.authorization, outcome.user)
        session = outcome.session
        if outcome.name == SelectChallenge.name and len(found := methods(outcome.available or ())) == 1:
            return self.go_on(username, self._answer(outcome.name, session, username, {"ANSWER": found[0]}))
        if outcome.name == MfaSetup.name and can_set_up(outcome.parameters) == [SOFTWARE_TOKEN_MFA]:
            _, session = enrolment.associate(session or "")
        return self.wait(session)

    def wait(self, session: str | None, **more: str) -> HttpResponse:
        """To the page of the challenge that a Session waits for."""
        response = HttpResponseRedirect(self.authorization.to("challenge", **more))
        cookies.put(response, cookies.ATTEMPT, self.authorization.site.pool, session or "")
        return response

    def start_over(self) -> HttpResponse:
        """To the first page, which says why."""
        response = HttpResponseRedirect(self.authorization.to("login", notice="expired"))
        cookies.drop(response, cookies.ATTEMPT, self.authorization.site.pool)
        return response

    def _answer(self, challenge: str, session: str | None, username: str, answers: Mapping[str, str]) -> Outcome:
        client = self.authorization.client
        by, origin = self._caller
        return attempt.answer(
            client, challenge, session, username, answers, channel=Channel.HOSTED, by=by, origin=origin
        )

    def _led(self, username: str, step: Callable[[], Outcome]) -> HttpResponse:
        try:
            return self.go_on(username, step())
        except UserNotConfirmed:
            return HttpResponseRedirect(self.authorization.to("confirm", username=username))
        except PasswordResetRequired:
            return HttpResponseRedirect(self.authorization.to("forgotPassword", username=username))
        except NotAuthorized as error:
            if texts.is_session_over(error):
                return self.start_over()
            raise


def methods(available: Sequence[str]) -> list[str]:
    """What a person may begin with: to them, both ways to prove a password are one. The password comes first."""
    known = (first_factors.PASSWORD, first_factors.EMAIL_OTP, first_factors.SMS_OTP)
    return [method for method in known if method in available]


def can_set_up(parameters: Mapping[str, str]) -> list[str]:
    """The second factors that a user may choose from, in AWS names."""
    offered: list[str] = orjson.loads(parameters["MFAS_CAN_SETUP"])
    return offered
