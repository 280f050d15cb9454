"""SetUICustomization and GetUICustomization: the classic look of a pool's pages."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from tests.support import factories
from tests.support.clients import refused
from tests.support.images import jpeg, png
from tests.support.pages import make_domain
from tests.support.server import Server

CSS = ".label-customizable { color: #123456; } /* ours */"


@pytest.fixture(scope="module")
def shared(idp: Any) -> dict[str, Any]:
    """A pool with a domain, for tests that only have requests refused."""
    made = factories.make_pool(idp)
    make_domain(idp, made["Id"])
    return made


@pytest.fixture
def named(idp: Any, pool: dict[str, Any]) -> dict[str, str]:
    """A pool with a domain, as a parameter."""
    make_domain(idp, pool["Id"])
    return {"UserPoolId": pool["Id"]}


def shown(idp: Any, **named: str) -> dict[str, Any]:
    found: dict[str, Any] = idp.get_ui_customization(**named)["UICustomization"]
    return found


def test_nothing_set_is_an_empty_object(idp: Any, named: dict[str, str]) -> None:
    client = factories.make_client(idp, {"Id": named["UserPoolId"]})
    assert shown(idp, **named) == shown(idp, **named, ClientId="ALL") == {}
    assert shown(idp, **named, ClientId=client["ClientId"]) == {}


def test_what_is_set_is_answered_and_read_back_as_it_was_given(idp: Any, named: dict[str, str]) -> None:
    made = idp.set_ui_customization(**named, CSS=CSS, ImageFile=png())["UICustomization"]
    assert made == shown(idp, **named) == shown(idp, **named, ClientId="ALL")
    assert (made["UserPoolId"], made["ClientId"], made["CSS"]) == (named["UserPoolId"], "ALL", CSS)
    assert re.fullmatch(r"20\d{12}", made["CSSVersion"])
    assert made["CreationDate"] == made["LastModifiedDate"]
    assert abs(made["CreationDate"] - datetime.now(UTC)) < timedelta(minutes=5)


def test_the_image_is_served_from_its_address(server: Server, idp: Any, named: dict[str, str]) -> None:
    for image, kind in ((png(), "image/png"), (jpeg(), "image/jpeg")):
        made = idp.set_ui_customization(**named, ImageFile=image)["UICustomization"]
        assert "CSS" not in made
        address = made["ImageUrl"]
        path = address.split("/logo/")[1]
        answer = requests.get(f"{server.url}/{named['UserPoolId']}/logo/{path}", timeout=10)
        assert (answer.status_code, answer.content) == (200, image)
        assert answer.headers["Content-Type"] == kind
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_a_former_image_is_not_there_any_more(server: Server, idp: Any, named: dict[str, str]) -> None:
    def path() -> str:
        made = idp.set_ui_customization(**named, ImageFile=png())["UICustomization"]
        return f"{server.url}/{named['UserPoolId']}/logo/{made['ImageUrl'].split('/logo/')[1]}"

    former, current = path(), path()
    assert requests.get(former, timeout=10).status_code == 404
    assert requests.get(current, timeout=10).status_code == 200
    assert requests.post(current, timeout=10).status_code == 405
    idp.set_ui_customization(**named, CSS=CSS)
    assert requests.get(current, timeout=10).status_code == 404


@pytest.mark.parametrize("path", ["ALL/1.png", "nobody/1.png", "ALL/", "ALL/..%2f1.png", "%00/1.png", "ALL/%00"])
def test_an_address_of_nothing_is_not_found(server: Server, shared: dict[str, Any], path: str) -> None:
    assert requests.get(f"{server.url}/{shared['Id']}/logo/{path}", timeout=10).status_code == 404


def test_a_client_of_its_own_look_does_not_fall_back(idp: Any, named: dict[str, str]) -> None:
    pool = {"Id": named["UserPoolId"]}
    mine, other = (factories.make_client(idp, pool)["ClientId"] for _ in range(2))
    idp.set_ui_customization(**named, ClientId="ALL", CSS=CSS, ImageFile=png())
    assert shown(idp, **named, ClientId=mine)["ClientId"] == "ALL"
    own = idp.set_ui_customization(**named, ClientId=mine, CSS=".label-customizable{color:red}")["UICustomization"]
    assert shown(idp, **named, ClientId=mine) == own
    assert (own["ClientId"], "ImageUrl" in own) == (mine, False)
    assert shown(idp, **named, ClientId=other)["CSS"] == shown(idp, **named)["CSS"] == CSS


def test_style_and_image_are_set_together_and_go_together(idp: Any, named: dict[str, str]) -> None:
    client_id = factories.make_client(idp, {"Id": named["UserPoolId"]})["ClientId"]
    first = idp.set_ui_customization(**named, CSS=CSS, ImageFile=png())["UICustomization"]
    second = idp.set_ui_customization(**named, ImageFile=png())["UICustomization"]
    assert ("CSS" in second, second["CreationDate"]) == (False, first["CreationDate"])
    third = idp.set_ui_customization(**named, CSS=CSS)["UICustomization"]
    assert ("ImageUrl" in third, third["CSS"]) == (False, CSS)
    idp.set_ui_customization(**named, ClientId=client_id, CSS=CSS)
    cleared = idp.set_ui_customization(**named, ClientId=client_id)["UICustomization"]
    assert cleared == {**named, "ClientId": client_id}
    assert shown(idp, **named, ClientId=client_id) == third
    idp.set_ui_customization(**named, CSS="", ImageFile=b"")
    assert shown(idp, **named) == {}


def test_a_client_takes_its_look_with_it(idp: Any, named: dict[str, str]) -> None:
    client_id = factories.make_client(idp, {"Id": named["UserPoolId"]})["ClientId"]
    idp.set_ui_customization(**named, ClientId=client_id, CSS=CSS)
    idp.delete_user_pool_client(**named, ClientId=client_id)
    with refused("ResourceNotFoundException"):
        idp.get_ui_customization(**named, ClientId=client_id)
    assert shown(idp, **named) == {}


def test_a_pool_without_a_domain_has_no_pages_to_customise(idp: Any, pool: dict[str, Any]) -> None:
    with refused("InvalidParameterException", "There has to be an existing domain associated with this user pool"):
        idp.set_ui_customization(UserPoolId=pool["Id"], CSS=CSS)
    assert shown(idp, UserPoolId=pool["Id"]) == {}


def test_unknown_pools_and_clients_and_those_of_others_are_not_found(idp: Any, shared: dict[str, Any]) -> None:
    other = factories.make_client(idp, factories.make_pool(idp))["ClientId"]
    for client_id in (other, "nobody", "all"):
        with refused("ResourceNotFoundException", f"User pool client {client_id} does not exist."):
            idp.set_ui_customization(UserPoolId=shared["Id"], ClientId=client_id, CSS=CSS)
        with refused("ResourceNotFoundException"):
            idp.get_ui_customization(UserPoolId=shared["Id"], ClientId=client_id)
    with refused("ResourceNotFoundException", "User pool us-east-1_None00000 does not exist."):
        idp.set_ui_customization(UserPoolId="us-east-1_None00000", CSS=CSS)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"CSS": ".evil { color: red }"}, "CSS class .evil is not supported"),
        ({"CSS": "@import url(//evil.example);"}, "CSS rule @import is not supported"),
        ({"CSS": "</style><script>alert(1)</script>"}, "CSS can not be parsed"),
        ({"CSS": "/* \x01 */"}, "CSS holds characters that are not allowed."),
        ({"ImageFile": b"<svg onload='alert(1)'/>"}, "Image file must be a PNG or JPEG image."),
        ({"ImageFile": png(padding=102_400)}, "Image file can not be larger than 100 KB."),
        ({"CSS": f"/*{'x' * 131_000}*/", "ImageFile": png(padding=8000)}, "Request parameters too large"),
    ],
)
def test_what_cannot_be_shown_is_refused_and_nothing_changes(
    idp: Any, shared: dict[str, Any], members: dict[str, Any], message: str
) -> None:
    with refused("InvalidParameterException", message):
        idp.set_ui_customization(UserPoolId=shared["Id"], **members)
    assert shown(idp, UserPoolId=shared["Id"]) == {}
