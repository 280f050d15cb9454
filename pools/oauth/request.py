"""A request at an endpoint as oauthlib's grants take it, made of parameters that have been read already."""

from __future__ import annotations

from collections.abc import Mapping

from oauthlib.common import Request as OAuthRequest

from pools.models import Client, Pool
from pools.oauth.parameters import Parameters
from pools.tokens import codes

_TAKEN = frozenset(
    {
        *("client_id", "client_secret", "response_type", "response_mode", "redirect_uri", "scope", "state", "nonce"),
        *("code_challenge", "code_challenge_method", "prompt", "max_age", "resource"),
        *("grant_type", "code", "code_verifier", "refresh_token"),
    }
)
"""Parameters that grants see. `client` and `user`, say, are not for callers to give."""
_ABSENT: Mapping[str, None] = vars(OAuthRequest(""))["_params"]


class Request(OAuthRequest):
    """`client` is set once it is known, `code_found` once the code is; `parameters` are all there were."""

    def __init__(
        self, pool: Pool, parameters: Parameters, *, authorization: str | None = None, user_agent: str = ""
    ) -> None:
        self.pool = pool
        self.parameters = parameters
        self.authorization = authorization
        self.user_agent = user_agent
        self.code_found: codes.Found | None = None
        self.client: Client | None = None
        self.scopes: list[str] | None = None
        self.headers: dict[str, str] = {}
        self.validator_log: dict[str, object] = {}
        self._params = {**_ABSENT, **{name: value for name, value in parameters.items() if name in _TAKEN}}

    def __repr__(self) -> str:
        return "<request>"

    @property
    def duplicate_params(self) -> list[str]:
        """None are left: `parameters.broken` has been looked at."""
        return []

    @property
    def app(self) -> Client:
        """The client, where there must be one by now."""
        if self.client is None:
            raise TypeError("the client is not known yet")
        return self.client

    @property
    def granted_scope(self) -> str:
        """What was asked for, or is the client's default, each once."""
        return " ".join(dict.fromkeys(self.scopes or ()))
