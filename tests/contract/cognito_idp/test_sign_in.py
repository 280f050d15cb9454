"""InitiateAuth, RespondToAuthChallenge and their administrator twins."""

from typing import Any

from tests.support import factories
from tests.support.clients import refused


def test_right_password_gives_three_tokens(public: Any, client: dict[str, Any], user: str) -> None:
    result = factories.sign_in(public, client, user)
    assert {"AccessToken", "IdToken", "RefreshToken"} < result.keys()
    assert (result["ExpiresIn"], result["TokenType"]) == (3600, "Bearer")


def test_wrong_password_is_refused(public: Any, client: dict[str, Any], user: str) -> None:
    with refused("NotAuthorizedException", "Incorrect username or password."):
        factories.sign_in(public, client, user, "Wrong-Password-1")
