"""The four operations of sign-in as a test walks them, with what clients tell triggers.

walk = SignIns(public, client)
asked = walk.begin("CUSTOM_AUTH", USERNAME=name, metadata={"from": "an app"})
ended = walk.answer(asked, ANSWER="42")
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.support.clients import secret_hash
from tests.support.factories import PASSWORD
from tests.support.srp import Exchange

Json = dict[str, Any]
Metadata = Mapping[str, str] | None


@dataclass(frozen=True)
class SignIns:
    """At one app client: the public pair of operations, or the administrators'. Adds SECRET_HASH by itself."""

    caller: Any
    client: Json
    is_admin: bool = False

    def begin(self, flow: str, metadata: Metadata = None, session: str | None = None, **parameters: str) -> Json:
        call = self.caller.admin_initiate_auth if self.is_admin else self.caller.initiate_auth
        members = {"AuthFlow": flow, "AuthParameters": self._hashed(parameters)}
        return self._done(call, members, metadata, session)

    def answer(self, asked: Json, metadata: Metadata = None, name: str | None = None, **answers: str) -> Json:
        """Answer what an earlier request was answered with."""
        call = self.caller.admin_respond_to_auth_challenge if self.is_admin else self.caller.respond_to_auth_challenge
        shown = asked["ChallengeParameters"]
        username = name or shown.get("USERNAME") or shown["USER_ID_FOR_SRP"]
        members = {
            "ChallengeName": asked["ChallengeName"],
            "ChallengeResponses": self._hashed({"USERNAME": username, **answers}),
        }
        return self._done(call, members, metadata, asked.get("Session"))

    def password(self, name: str, password: str = PASSWORD, metadata: Metadata = None) -> Json:
        """The password in clear, by the flow of the pair."""
        flow = "ADMIN_USER_PASSWORD_AUTH" if self.is_admin else "USER_PASSWORD_AUTH"
        return self.begin(flow, metadata, USERNAME=name, PASSWORD=password)

    def exchange(self, password: str = PASSWORD) -> Exchange:
        return Exchange(self.client["UserPoolId"], password)

    def prove(self, asked: Json, exchange: Exchange, metadata: Metadata = None) -> Json:
        """The answer to PASSWORD_VERIFIER."""
        return self.answer(asked, metadata, **exchange.answers(asked["ChallengeParameters"]))

    def _done(self, call: Any, members: Json, metadata: Metadata, session: str | None) -> Json:
        names = {"ClientId": self.client["ClientId"]}
        if self.is_admin:
            names["UserPoolId"] = self.client["UserPoolId"]
        told = {} if metadata is None else {"ClientMetadata": dict(metadata)}
        resumed = {} if session is None else {"Session": session}
        answer: Json = call(**names, **members, **told, **resumed)
        return answer

    def _hashed(self, given: Json) -> Json:
        if "ClientSecret" not in self.client:
            return given
        return {"SECRET_HASH": secret_hash(self.client, given["USERNAME"]), **given}
