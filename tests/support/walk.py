"""A sign-in walked step by step through the API, by either pair of operations."""

from __future__ import annotations

import uuid
from typing import Any

from pycognito.aws_srp import AWSSRP

from tests.support import clients, factories

Answer = dict[str, Any]

ALL_FLOWS = [
    "ALLOW_USER_PASSWORD_AUTH",
    "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    "ALLOW_USER_SRP_AUTH",
    "ALLOW_USER_AUTH",
    "ALLOW_REFRESH_TOKEN_AUTH",
]


def make_client(idp: Any, pool: Answer, **members: Any) -> Answer:
    """An app client that allows every flow there is, and hides who exists."""
    defaults = {"ExplicitAuthFlows": ALL_FLOWS, "PreventUserExistenceErrors": "ENABLED"}
    return factories.make_client(idp, pool, **{**defaults, **members})


def contacts(**wanted: bool) -> dict[str, str]:
    """An address and a number of nobody else; one of them where only that is wanted."""
    number = f"+4915{uuid.uuid4().int % 10**8:08d}"
    given = {"email": f"{factories.unique('ada')}@example.com", "phone_number": number}
    return {name: value for name, value in given.items() if wanted.get(name, not wanted)}


class Walk:
    """One user on the way in: keeps the newest answer, and with it challenge and Session, from step to step.

    With `pool` it goes by the administrators' pair, which `api` must be signed for.
    """

    def __init__(self, api: Any, client: Answer, username: str, *, pool: Answer | None = None) -> None:
        self.api, self.client, self.username = api, client, username
        self.where = {"ClientId": client["ClientId"], **({"UserPoolId": pool["Id"]} if pool else {})}
        self._srp: AWSSRP | None = None
        self.answer: Answer = {}

    @property
    def challenge(self) -> str | None:
        return self.answer.get("ChallengeName")

    @property
    def parameters(self) -> dict[str, str]:
        return dict(self.answer["ChallengeParameters"])

    @property
    def session(self) -> str:
        return str(self.answer["Session"])

    @property
    def tokens(self) -> dict[str, Any]:
        return dict(self.answer["AuthenticationResult"])

    def _named(self) -> dict[str, str]:
        proof = (
            {"SECRET_HASH": clients.secret_hash(self.client, self.username)} if "ClientSecret" in self.client else {}
        )
        return {"USERNAME": self.username, **proof}

    def begin(self, flow: str = "USER_AUTH", *, session: str | None = None, **parameters: str) -> Walk:
        call = self.api.admin_initiate_auth if "UserPoolId" in self.where else self.api.initiate_auth
        carried = {} if session is None else {"Session": session}
        self.answer = call(**self.where, **carried, AuthFlow=flow, AuthParameters={**self._named(), **parameters})
        return self

    def prefer(self, challenge: str, **parameters: str) -> Walk:
        return self.begin(PREFERRED_CHALLENGE=challenge, **parameters)

    def by_password(self, password: str = factories.PASSWORD) -> Walk:
        flow = "ADMIN_USER_PASSWORD_AUTH" if "UserPoolId" in self.where else "USER_PASSWORD_AUTH"
        return self.begin(flow, PASSWORD=password)

    def members(self, challenge: str | None = None, session: str | None = None, **responses: str) -> Answer:
        """What an answer to the challenge at hand sends; `session` "" sends none."""
        held = self.answer.get("Session", "") if session is None else session
        return {
            **self.where,
            **({"Session": held} if held else {}),
            "ChallengeName": challenge or self.challenge,
            "ChallengeResponses": {**self._named(), **responses},
        }

    def respond(self, challenge: str | None = None, session: str | None = None, **responses: str) -> Walk:
        """Answer; an error leaves the walk where it was."""
        admin = "UserPoolId" in self.where
        call = self.api.admin_respond_to_auth_challenge if admin else self.api.respond_to_auth_challenge
        self.answer = call(**self.members(challenge, session, **responses))
        return self

    def srp_a(self, pool: Answer, password: str = factories.PASSWORD) -> str:
        """The public key of a fresh exchange by this password."""
        self._srp = AWSSRP(self.username, password, pool["Id"], self.client["ClientId"], client=self.api)
        return str(self._srp.get_auth_params()["SRP_A"])

    def srp_answers(self) -> dict[str, str]:
        """The proof for the PASSWORD_VERIFIER challenge at hand."""
        assert self._srp is not None
        answers = self._srp.process_challenge(self.parameters, {"USERNAME": self.username})
        return {name: value for name, value in answers.items() if name not in {"USERNAME", "SECRET_HASH"}}
