"""Many exchanges of one code at once: one is answered with tokens, whoever was first."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from tests.support import clients
from tests.support.clients import refused as refused_by
from tests.support.oauth import PKCE, VERIFIER, signed_in
from tests.support.server import Server

AT_ONCE = 15
ROUNDS = 5


@pytest.mark.parametrize("which", ["server", "busy"])
def test_fifteen_exchanges_at_once_have_one_winner_and_nothing_works_afterwards(
    request: pytest.FixtureRequest, which: str
) -> None:
    server: Server = request.getfixturevalue(which)
    idp, public = clients.idp(server), clients.idp(server, signed=False)
    app = signed_in(server, idp)
    for _ in range(ROUNDS):
        code = app.code(scope="openid aws.cognito.signin.user.admin", **PKCE)
        barrier = Barrier(AT_ONCE)

        def exchange(_: int, code: str = code, barrier: Barrier = barrier) -> Any:
            barrier.wait()
            return app.redeem(code, code_verifier=VERIFIER)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            answers = list(pool.map(exchange, range(AT_ONCE)))
        won = [answer for answer in answers if answer.status_code == 200]
        lost = {answer.json().get("error") for answer in answers if answer.status_code != 200}
        assert (len(won), lost) == (1, {"invalid_grant"})
        # Fourteen came a second time, which tells that somebody has the code who should not.
        tokens = won[0].json()
        assert app.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
        with refused_by("NotAuthorizedException", "Access Token has been revoked"):
            public.get_user(AccessToken=tokens["access_token"])
