"""What the hot paths are measured with: pools with users who are signed in, and what they say, ready as bytes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from tests.benchmark import installation, sign_ins
from tests.benchmark.load import Dialogue, saying
from tests.support import clients, factories, second_factors
from tests.support.server import Server

USERS = 64
_FLOWS = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]

Dialogues = list[Callable[[], Dialogue]]


class Fixtures:
    """Two pools: one without second factors, and one whose users have authenticator apps."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._call = partial(installation.call, server)
        idp = clients.idp(server)
        self._pool = factories.make_pool(idp)
        self._client, self._users = self._people(idp, self._pool)
        self._tokens = [factories.sign_in(idp, self._client, user) for user in self._users]
        self._mfa_pool = second_factors.make_pool(idp, second_factors.TOTP)
        self._mfa_client, self._mfa_users = self._people(idp, self._mfa_pool)
        self._secrets = [self._authenticator(idp, user) for user in self._mfa_users]

    def _people(self, idp: Any, pool: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
        client = factories.make_client(idp, pool, ExplicitAuthFlows=_FLOWS)
        users = [
            factories.make_user(idp, pool, email=f"user{number}@example.com", name=f"User {number}")
            for number in range(USERS)
        ]
        return client, users

    def _authenticator(self, idp: Any, user: str) -> str:
        token = factories.sign_in(idp, self._mfa_client, user)["AccessToken"]
        secret = second_factors.register(idp, token)
        idp.set_user_mfa_preference(AccessToken=token, SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True})
        return secret

    def password_sign_ins(self) -> Dialogues:
        return [
            self._initiate("USER_PASSWORD_AUTH", USERNAME=user, PASSWORD=factories.PASSWORD) for user in self._users
        ]

    def srp_sign_ins(self) -> Dialogues:
        return [
            sign_ins.by_srp(self._call, self._pool["Id"], self._client["ClientId"], user, factories.PASSWORD)
            for user in self._users
        ]

    def authenticator_sign_ins(self) -> Dialogues:
        return [
            sign_ins.with_authenticator(self._call, self._mfa_client["ClientId"], user, factories.PASSWORD, secret)
            for user, secret in zip(self._mfa_users, self._secrets, strict=True)
        ]

    def refreshes(self) -> Dialogues:
        return [self._initiate("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=tokens["RefreshToken"]) for tokens in self._tokens]

    def own_reads(self) -> Dialogues:
        return [saying(self._call("GetUser", AccessToken=tokens["AccessToken"])) for tokens in self._tokens]

    def operator_reads(self) -> Dialogues:
        """Signed now, so good for five minutes."""
        return [
            saying(self._call("AdminGetUser", signed=True, UserPoolId=self._pool["Id"], Username=user))
            for user in self._users
        ]

    def key_sets(self) -> Dialogues:
        path = f"/{self._pool['Id']}/.well-known/jwks.json"
        return [saying(f"GET {path} HTTP/1.1\r\nHost: localhost:{self._server.port}\r\n\r\n".encode())]

    def other_requests(self) -> Dialogues:
        """Those that hash no password, in turn."""
        kinds = (self.own_reads(), self.refreshes(), self.operator_reads())
        return [dialogue for of_one_user in zip(*kinds, strict=True) for dialogue in of_one_user]

    def _initiate(self, flow: str, **parameters: str) -> Callable[[], Dialogue]:
        return saying(
            self._call("InitiateAuth", ClientId=self._client["ClientId"], AuthFlow=flow, AuthParameters=parameters)
        )
