"""Identifiers have the forms of the service model and guide, and enough of the unpredictable."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from identity import ids
from identity.wire.services import cognito_idp
from identity.wire.sigv4 import _ACCESS_KEY_ID


def pattern_of(shape: str) -> str:
    return str(cognito_idp.model.shape_for(shape).metadata["pattern"])


@pytest.mark.parametrize(
    ("make", "form"),
    [
        (lambda: ids.pool_id("eu-west-1"), r"eu-west-1_[0-9A-Za-z]{9}"),
        (ids.client_id, r"[0-9a-z]{26}"),
        (ids.client_secret, r"[0-9a-z]{52}"),
        (ids.sub, r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
        (ids.access_key_id, r"AKIA[A-Z2-7]{16}"),
        (lambda: ids.access_key_id("ASIA"), r"ASIA[A-Z2-7]{16}"),
        (ids.secret_access_key, r"[0-9A-Za-z/+]{40}"),
        (lambda: ids.digits(6), r"[0-9]{6}"),
        (lambda: ids.digits(8), r"[0-9]{8}"),
        (ids.token, r"[0-9A-Za-z_-]{43}"),
        (lambda: ids.token(64), r"[0-9A-Za-z_-]{86}"),
    ],
)
def test_an_identifier_has_its_form(make: Callable[[], str], form: str) -> None:
    for _ in range(200):
        made = make()
        assert re.fullmatch(form, made, re.ASCII), made


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (lambda: ids.pool_id("us-gov-west-1"), "UserPoolIdType"),
        (ids.client_id, "ClientIdType"),
        (ids.client_secret, "ClientSecretType"),
    ],
)
def test_an_identifier_is_one_that_the_model_takes_back(make: Callable[[], str], shape: str) -> None:
    metadata = cognito_idp.model.shape_for(shape).metadata
    made = make()
    assert re.fullmatch(pattern_of(shape), made)
    assert metadata["min"] <= len(made) <= metadata["max"]


def test_a_key_id_is_one_that_signatures_may_name() -> None:
    assert _ACCESS_KEY_ID.fullmatch(ids.access_key_id())


@pytest.mark.parametrize("make", [ids.client_id, ids.client_secret, ids.sub, ids.access_key_id, ids.token])
def test_identifiers_do_not_repeat(make: Callable[[], str]) -> None:
    assert len({make() for _ in range(2000)}) == 2000


def test_codes_begin_with_a_zero_as_often_as_with_any_digit() -> None:
    first = [ids.digits(6)[0] for _ in range(2000)]
    assert set(first) == set("0123456789")


def test_no_token_looks_like_an_option_of_a_command_line() -> None:
    assert not any(ids.token(size).startswith("-") for size in (16, 48, 64) for _ in range(500))
