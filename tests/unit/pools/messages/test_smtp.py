"""Mails over SMTP: how many connections they take, and what a connection's end does to them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from identity import ids
from identity.config import config
from identity.errors import CodeDeliveryFailure
from pools.config import pool as pool_config
from pools.messages import deliver
from pools.messages.message import Message, authentication
from pools.messages.senders import smtp
from pools.models import Pool, User
from pools.triggers.origin import Origin
from tests.support.postman import Postman, opened


@pytest.fixture
def postman(monkeypatch: pytest.MonkeyPatch) -> Iterator[Postman]:
    with opened() as running:
        for module in (deliver, smtp):
            monkeypatch.setattr(module, "config", replace(config, email_url=running.url))
        smtp._server.cache_clear()
        yield running
    smtp._server.cache_clear()


@pytest.fixture(scope="module")
def pool() -> Pool:
    return Pool(id=ids.pool_id("us-east-1"), name="pool", region="us-east-1", settings=pool_config.created({}))


def letter(pool: Pool, number: int = 0) -> Message:
    user = User(pool=pool, username="ada")
    return authentication(user, "email", f"ada-{number}@example.com", "31415926", Origin())


def recipients(postman: Postman) -> list[str]:
    return [address for _, addresses, _ in postman.received for address in addresses]


def test_mails_of_one_round_share_a_connection(postman: Postman, pool: Pool) -> None:
    with smtp.one_connection():
        for number in range(5):
            deliver.send(letter(pool, number))
    assert recipients(postman) == [f"ada-{number}@example.com" for number in range(5)]
    assert len(set(postman.peers)) == 1
    with smtp.one_connection():
        deliver.send(letter(pool))
    assert len(set(postman.peers)) == 2


def test_mail_outside_a_round_has_a_connection_of_its_own(postman: Postman, pool: Pool) -> None:
    for _ in range(2):
        deliver.send(letter(pool))
    assert len(set(postman.peers)) == 2


def test_connection_is_not_used_for_ever(postman: Postman, pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "_MOST_MAILS", 2)
    with smtp.one_connection():
        for number in range(5):
            deliver.send(letter(pool, number))
    assert [postman.peers.count(peer) for peer in dict.fromkeys(postman.peers)] == [2, 2, 1]


def test_server_that_hangs_up_after_each_mail_gets_the_next_one_anyway(postman: Postman, pool: Pool) -> None:
    postman.hangs_up = True
    with smtp.one_connection():
        for number in range(3):
            deliver.send(letter(pool, number))
    assert recipients(postman) == [f"ada-{number}@example.com" for number in range(3)]
    assert len(set(postman.peers)) == 3


@pytest.mark.parametrize("refused", ["recipient", "content"])
def test_refused_mail_takes_no_other_one_with_it(postman: Postman, pool: Pool, refused: str) -> None:
    with smtp.one_connection():
        postman.refuses = refused
        with pytest.raises(CodeDeliveryFailure):
            deliver.send(letter(pool, 1))
        postman.refuses = ""
        deliver.send(letter(pool, 2))
    assert recipients(postman) == ["ada-2@example.com"]


def test_server_that_was_away_is_asked_again(pool: Pool, postman: Postman) -> None:
    with smtp.one_connection():
        deliver.send(letter(pool, 1))
        postman.close()
        with pytest.raises(CodeDeliveryFailure):
            deliver.send(letter(pool, 2))
        postman.open()
        deliver.send(letter(pool, 3))
    assert recipients(postman) == ["ada-1@example.com", "ada-3@example.com"]
