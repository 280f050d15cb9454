"""Pages by keyset: every row once whatever happens in between, and tokens that open nothing else."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity import clock, paging
from identity.errors import InvalidParameter
from identity.models import AttemptWindow, Tag
from identity.paging import Page, Slice

BOUND = ["ListThings", "pool", None]
KEYS = [f"{prefix}{number}" for number in range(5) for prefix in ("a", "B", "_", "é", "Z-")]


@pytest.fixture
def rows(db: None) -> None:
    now = clock.now()
    AttemptWindow.objects.bulk_create(
        AttemptWindow(key=key, opened_at=now, expires_at=now, count=position) for position, key in enumerate(KEYS)
    )


@pytest.fixture
def reset_clock() -> Iterator[None]:
    yield
    clock.reset()


def page(limit: int | None = 2, token: str | None = None, bound_to: object = BOUND) -> Page[AttemptWindow]:
    found = AttemptWindow.objects.all()
    return paging.page(found, order="key", limit=limit, token=token, bound_to=bound_to)


def keys_of(found: Page[AttemptWindow]) -> list[str]:
    return [row.key for row in found.items]


def first_token() -> str:
    token = page().next_token
    assert token is not None
    return token


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("limit", [1, 2, 7, 24, 25, 26, 60])
def test_pages_of_any_size_give_every_row_once(limit: int) -> None:
    seen: list[str] = []
    token = None
    while True:
        found = page(limit, token)
        assert 0 < len(found.items) <= limit
        seen += keys_of(found)
        token = found.next_token
        if token is None:
            break
    assert sorted(seen) == sorted(KEYS)
    assert seen == list(AttemptWindow.objects.order_by("key").values_list("key", flat=True))


@pytest.mark.usefixtures("rows")
def test_a_last_page_that_is_full_has_no_token() -> None:
    assert page(len(KEYS)).next_token is None
    assert page(len(KEYS) - 1).next_token is not None


@pytest.mark.django_db
def test_nothing_is_one_empty_page() -> None:
    found = page()
    assert (found.items, found.next_token) == ([], None)


@pytest.mark.django_db
@pytest.mark.parametrize("limit", [None, 0])
def test_no_limit_is_sixty(limit: int | None) -> None:
    now = clock.now()
    AttemptWindow.objects.bulk_create(
        AttemptWindow(key=f"{number:03}", opened_at=now, expires_at=now) for number in range(61)
    )
    found = page(limit)
    assert len(found.items) == 60
    assert keys_of(page(limit, found.next_token)) == ["060"]


@pytest.mark.usefixtures("rows")
def test_rows_that_come_and_go_do_not_shift_the_pages() -> None:
    ordered = list(AttemptWindow.objects.order_by("key").values_list("key", flat=True))
    found = page(5)
    now = clock.now()
    AttemptWindow.objects.filter(key__in=[ordered[0], ordered[4]]).delete()  # the last one of the page too
    AttemptWindow.objects.create(key=f"{ordered[1]}-new", opened_at=now, expires_at=now)
    assert keys_of(page(5, found.next_token)) == ordered[5:10]


@pytest.mark.usefixtures("rows")
def test_a_token_may_be_used_twice_and_with_another_limit() -> None:
    token = first_token()
    assert keys_of(page(2, token)) == keys_of(page(2, token)) == keys_of(page(7, token))[:2]


def check_refused(token: str, bound_to: object = BOUND) -> None:
    with pytest.raises(InvalidParameter) as caught:
        page(2, token, bound_to)
    assert caught.value.message == "Invalid pagination token given."


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize(
    "bound_to",
    [["ListOthers", "pool", None], ["ListThings", "other", None], ["ListThings", "pool", "filter"], None, []],
)
def test_a_token_is_bound_to_operation_and_filter(bound_to: object) -> None:
    check_refused(first_token(), bound_to)


@pytest.mark.usefixtures("rows")
def test_a_token_that_was_changed_is_refused() -> None:
    raw = base64.urlsafe_b64decode(first_token())
    for position in range(len(raw)):
        changed = raw[:position] + bytes([raw[position] ^ 1]) + raw[position + 1 :]
        check_refused(base64.urlsafe_b64encode(changed).decode())
    for length in range(len(raw)):
        check_refused(base64.urlsafe_b64encode(raw[:length]).decode())


@pytest.mark.django_db
@pytest.mark.parametrize(
    "token", ["", "x", "nonsense", "é", "a b", "=", "a" * 100_000, "\x00", base64.b64encode(b"[1,2]").decode()]
)
def test_nonsense_is_refused(token: str) -> None:
    check_refused(token)


@given(token=st.text(max_size=80))
def test_any_text_is_refused_before_the_database_is_asked(token: str) -> None:
    check_refused(token)


@pytest.mark.usefixtures("rows", "reset_clock")
def test_a_token_expires_after_an_hour() -> None:
    token = first_token()
    clock.advance(timedelta(minutes=59).total_seconds())
    assert page(2, token).items
    clock.advance(timedelta(minutes=2).total_seconds())
    check_refused(token)


@pytest.mark.usefixtures("rows")
def test_a_token_has_no_white_space() -> None:
    assert not set(first_token()) & set(" \t\r\n")


@pytest.mark.django_db
@pytest.mark.parametrize("order", ["key", "-key"])
@pytest.mark.parametrize("limit", [1, 3, 4, 25, 60])
def test_a_slice_gives_its_rows_once_and_nobody_elses(order: str, limit: int) -> None:
    for arn in ("arn:a", "arn:b", "arn:c"):
        Tag.objects.bulk_create(Tag(resource_arn=arn, key=f"{arn} {key}", value=key) for key in KEYS)
    source = Slice(Tag.objects.exclude(value="a3"), {"resource_arn": "arn:b"})
    seen: list[str] = []
    token = None
    while True:
        found = paging.page(source, order=order, limit=limit, token=token, bound_to=BOUND)
        seen += [row.key for row in found.items]
        token = found.next_token
        if token is None:
            break
    wanted = Tag.objects.filter(resource_arn="arn:b").exclude(value="a3").order_by(order)
    assert seen == [row.key for row in wanted]


# Items sorted here


def sorted_page(
    items: list[tuple[bool, int, str]], limit: int | None = 2, token: str | None = None, bound_to: object = BOUND
) -> Page[tuple[bool, int, str]]:
    return paging.page_of(items, key=lambda item: item, limit=limit, token=token, bound_to=bound_to)


@given(st.sets(st.tuples(st.booleans(), st.integers(0, 3), st.text(max_size=2))), st.integers(1, 5))
def test_pages_of_sorted_items_give_each_once(items: set[tuple[bool, int, str]], limit: int) -> None:
    seen: list[tuple[bool, int, str]] = []
    token = None
    while True:
        found = sorted_page(list(items), limit, token)
        assert len(found.items) <= limit
        seen += found.items
        token = found.next_token
        if token is None:
            break
    assert seen == sorted(items)


def test_sorted_items_that_come_and_go_shift_nothing() -> None:
    items = [(False, number, "") for number in range(0, 10, 2)]
    token = sorted_page(items).next_token
    changed = [(False, 1, ""), (False, 3, ""), *items[1:]]  # the first is gone, one behind the key is new
    assert sorted_page(changed, 60, token).items == [(False, 3, ""), *items[2:]]


def test_token_of_sorted_items_is_bound_as_any() -> None:
    items = [(False, number, "") for number in range(5)]
    with pytest.raises(InvalidParameter, match=r"Invalid pagination token given\."):
        sorted_page(items, token=sorted_page(items).next_token, bound_to=["Other"])


@pytest.mark.parametrize("limit", [None, 0])
def test_sixty_sorted_items_are_a_page_where_nothing_else_is_said(limit: int | None) -> None:
    items = [(False, number, "") for number in range(61)]
    assert len(sorted_page(items, limit).items) == 60


def test_no_token_looks_like_an_option_of_a_command_line() -> None:
    tokens = [paging.seal(0, number, ["ListUsers", number]) for number in range(500)]
    assert not any(token.startswith("-") for token in tokens)
