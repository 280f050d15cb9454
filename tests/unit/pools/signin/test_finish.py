"""What the end of a sign-in tells the maker of tokens."""

from __future__ import annotations

import pytest

from pools.models import Attempt, Client, Pool, User
from pools.signin import finish
from pools.triggers.origin import Origin


@pytest.mark.parametrize(
    ("proofs", "source"),
    [
        (["password"], "TokenGeneration_Authentication"),
        (["srp", "software_token"], "TokenGeneration_Authentication"),
        (["answer", "custom"], "TokenGeneration_Authentication"),
        (["password", "new_password"], "TokenGeneration_NewPasswordChallenge"),
        (["srp", "new_password", "second_sms_code"], "TokenGeneration_NewPasswordChallenge"),
    ],
)
def test_the_source_is_what_the_sign_in_was(proofs: list[str], source: str) -> None:
    pool = Pool(settings={})
    attempt = Attempt(proofs=proofs, client=Client(pool=pool))
    attempt.user, attempt.origin = User(pk=1, pool=pool), Origin("client", "Boto3/1", {"request": "last"})
    ended = finish.finish(attempt, None)
    assert (ended.user, ended.source, ended.origin) == (attempt.user, source, attempt.origin)
