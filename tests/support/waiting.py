"""Sign-ins that wait for an answer, one for every challenge, each with the right one at hand."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.support import second_factors, totp
from tests.support.factories import PASSWORD
from tests.support.holder import FACTORS, Holder
from tests.support.mailbox import Mailbox
from tests.support.second_factors import EMAIL, SMS
from tests.support.second_factors import TOTP as APP
from tests.support.walk import Walk, contacts, make_client

POLICY = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP", "SMS_OTP"]}}
SHORT_LIVED = {"AuthSessionValidity": 3}


class Ground:
    """Two pools on one server: in one MFA is for who wants it, in the other everybody has to set an app up."""

    def __init__(self, idp: Any, public: Any, mailbox: Mailbox) -> None:
        self.idp, self.public, self.mailbox = idp, public, mailbox
        self.optional = second_factors.make_pool(idp, *FACTORS, Policies=POLICY)
        self.required = second_factors.make_pool(idp, APP, EMAIL, mode="ON")
        self.clients = {pool["Id"]: make_client(idp, pool, **SHORT_LIVED) for pool in (self.optional, self.required)}

    def pool_of(self, challenge: str) -> dict[str, Any]:
        return self.required if challenge.startswith("MFA_SETUP") else self.optional

    def holder(self, pool: dict[str, Any], **attributes: str) -> Holder:
        return Holder(self.idp, self.public, pool, self.mailbox, **attributes)


@dataclass
class Waiting:
    """`walk` waits; `right` makes the answers that it waits for."""

    walk: Walk
    holder: Holder
    right: Callable[[], dict[str, str]]


Make = Callable[[Ground, Walk, Holder], Callable[[], dict[str, str]]]


def _chosen(ground: Ground, walk: Walk, holder: Holder) -> Callable[[], dict[str, str]]:
    walk.begin()
    return lambda: {"ANSWER": "PASSWORD", "PASSWORD": PASSWORD}


def _password(ground: Ground, walk: Walk, holder: Holder) -> Callable[[], dict[str, str]]:
    walk.prefer("PASSWORD")
    return lambda: {"PASSWORD": PASSWORD}


def _public_key(ground: Ground, walk: Walk, holder: Holder) -> Callable[[], dict[str, str]]:
    walk.prefer("PASSWORD_SRP")
    return lambda: {"SRP_A": walk.srp_a(ground.optional)}


def _verifier(ground: Ground, walk: Walk, holder: Holder) -> Callable[[], dict[str, str]]:
    walk.prefer("PASSWORD_SRP", SRP_A=walk.srp_a(ground.optional))
    answers = walk.srp_answers()
    return lambda: answers


def _code(preferred: str) -> Make:
    def make(ground: Ground, walk: Walk, holder: Holder) -> Callable[[], dict[str, str]]:
        walk.prefer(preferred)
        code = ground.mailbox.code(holder.username)
        return lambda: {f"{preferred}_CODE": code}

    return make


def _new_password(ground: Ground, walk: Walk, holder: Holder) -> Callable[[], dict[str, str]]:
    ground.idp.admin_set_user_password(**holder.named, Password=PASSWORD, Permanent=False)
    walk.by_password()
    return lambda: {"NEW_PASSWORD": "Another-Horse-2"}


def _select_mfa(ground: Ground, walk: Walk, holder: Holder) -> Callable[[], dict[str, str]]:
    holder.switch_on(*FACTORS)
    walk.by_password()
    return lambda: {"ANSWER": APP}


def _second(factor: str, answer: str) -> Make:
    def make(ground: Ground, walk: Walk, holder: Holder) -> Callable[[], dict[str, str]]:
        holder.switch_on(factor)
        walk.by_password()
        code = holder.code(factor)
        return lambda: {answer: code}

    return make


def _app(ground: Ground, walk: Walk, holder: Holder) -> Callable[[], dict[str, str]]:
    """The Session that VerifySoftwareToken has given."""
    walk.by_password()
    session = enrol(ground.public, walk.session)
    walk.answer = {**walk.answer, "Session": session}
    return dict


def _address(ground: Ground, walk: Walk, holder: Holder) -> Callable[[], dict[str, str]]:
    walk.by_password()
    return lambda: contacts(email=True)


def enrol(public: Any, session: str) -> str:
    """An app set up within a sign-in; returns the Session that answers MFA_SETUP."""
    associated = public.associate_software_token(Session=session)
    code = totp.code(associated["SecretCode"], time.time())
    return str(public.verify_software_token(Session=associated["Session"], UserCode=code)["Session"])


MAKERS: Mapping[str, Make] = {
    "SELECT_CHALLENGE": _chosen,
    "PASSWORD": _password,
    "PASSWORD_SRP": _public_key,
    "PASSWORD_VERIFIER": _verifier,
    "EMAIL_OTP": _code("EMAIL_OTP"),
    "SMS_OTP": _code("SMS_OTP"),
    "NEW_PASSWORD_REQUIRED": _new_password,
    "SELECT_MFA_TYPE": _select_mfa,
    "SMS_MFA": _second(SMS, "SMS_MFA_CODE"),
    "SOFTWARE_TOKEN_MFA": _second(APP, "SOFTWARE_TOKEN_MFA_CODE"),
    "EMAIL_OTP as the second": _second(EMAIL, "EMAIL_OTP_CODE"),
    "MFA_SETUP of an app": _app,
    "MFA_SETUP of an address": _address,
}


def waiting(ground: Ground, kind: str, *, is_admin: bool = False) -> Waiting:
    pool = ground.pool_of(kind)
    # Who has to set a factor up has no address: nothing that an app could be set up beside.
    holder = ground.holder(pool, **({"nickname": "Ada"} if pool is ground.required else {}))
    client = ground.clients[pool["Id"]]
    walk = Walk(ground.idp if is_admin else ground.public, client, holder.username, pool=pool if is_admin else None)
    right = MAKERS[kind](ground, walk, holder)
    assert walk.challenge == kind.split(maxsplit=1)[0]
    return Waiting(walk, holder, right)
