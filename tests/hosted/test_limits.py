"""How many forms an address may send to a pool's pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support import clients, factories
from tests.support.clock import Clock
from tests.support.pages import PASSWORD, Browser, make_app, make_user, request_of
from tests.support.server import Server, drop_database, new_server

MOST = 4


@pytest.fixture(scope="module")
def limited() -> Iterator[Server]:
    """A server whose proxy is the test."""
    environment = {"GATEHOUSE_PAGE_FORMS": str(MOST), "GATEHOUSE_TRUSTED_PROXIES": "127.0.0.0/8,::1/128"}
    started = new_server("--dev", **environment).start()
    yield started
    started.stop()
    if "DATABASE_URL" in started.environment:
        drop_database(started.environment["DATABASE_URL"])


class Place:
    """A pool with ada in it, and browsers at addresses of their own."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.idp: Any = clients.idp(server)
        self.pool_id = factories.make_pool(self.idp)["Id"]
        make_user(self.idp, self.pool_id)
        self.client = make_app(self.idp, self.pool_id)

    def browser(self, address: str) -> Browser:
        browser = Browser(self.server, self.pool_id)
        browser.session.headers["X-Forwarded-For"] = address
        browser.open("login", **request_of(self.client))
        return browser

    def send(self, address: str, name: str = "eve") -> int:
        return self.browser(address).submit(username=name, password=PASSWORD).status_code


@pytest.fixture
def place(limited: Server) -> Place:
    return Place(limited)


def test_one_form_too_many_is_refused_with_a_page_that_says_so(place: Place) -> None:
    assert [place.send("203.0.113.1") for _ in range(MOST)] == [200] * MOST
    browser = place.browser("203.0.113.1")
    page = browser.submit(username="ada", password=PASSWORD)
    assert page.status_code == 429
    assert page.headers["Retry-After"] == "300"
    assert "Too many attempts" in browser.text
    assert browser.session.cookies.get(f"cognito-{place.pool_id}") is None
    assert browser.open("login", **request_of(place.client)).status_code == 200, "looking is free"


def test_a_full_address_keeps_nobody_else_out(place: Place) -> None:
    assert place.send("203.0.113.2") == 200
    while place.send("203.0.113.2") == 200:
        pass
    assert place.send("203.0.113.3") == 200
    assert Place(place.server).send("203.0.113.2") == 200, "nor from another pool"


def test_the_addresses_of_one_household_count_together(place: Place) -> None:
    for number in range(MOST):
        assert place.send(f"2001:db8:1:2::{number}") == 200
    assert place.send("2001:db8:1:2:ffff::1") == 429
    assert place.send("2001:db8:1:3::1") == 200


def test_after_five_minutes_it_goes_on(place: Place) -> None:
    clock = Clock(place.server)
    while place.send("203.0.113.4") == 200:
        pass
    try:
        clock.advance(minutes=5, seconds=1)
        assert place.send("203.0.113.4") == 200
    finally:
        clock.reset()


def test_what_is_refused_as_forged_does_not_count(place: Place) -> None:
    address = f"{place.server.url}/{place.pool_id}/login"
    browser = place.browser("203.0.113.5")
    for _ in range(MOST + 1):
        forged = browser.session.post(address, params=request_of(place.client), data={"username": "ada"}, timeout=20)
        assert forged.status_code == 403
    assert place.send("203.0.113.5") == 200
