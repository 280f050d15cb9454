"""What a classic customisation may hold, and what it may not; hostile styles cannot get through."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.errors import InvalidParameter
from pools.config.stylesheet import ALLOWED, rewritten

# The example of GetUICustomization in the API reference, in which a property stands twice.
REFERENCE = """
.logo-customizable { max-width: 60%; max-height: 30%; }
.banner-customizable { padding: 25px 0px 25px 0px; background-color: lightgray; }
.label-customizable { font-weight: 400; }
.textDescription-customizable { padding-top: 10px; padding-bottom: 10px; display: block; font-size: 16px; }
.idpDescription-customizable { padding-top: 10px; padding-bottom: 10px; display: block; font-size: 16px; }
.legalText-customizable { color: #747474; font-size: 11px; }
.submitButton-customizable {
    font-size: 11px; font-weight: normal; margin: 20px -15px 10px -13px; height: 40px; width: 108%; color: #fff;
    background-color: #337ab7; text-align: center;
}
.submitButton-customizable:hover { color: #fff; background-color: #286090; }
.errorMessage-customizable {
    padding: 5px; font-size: 14px; width: 100%; background: #F5F5F5; border: 2px solid #D64958; color: #D64958;
}
.inputField-customizable {
    width: 100%; height: 34px; color: #555; background-color: #fff; border: 1px solid #ccc; border-radius: 0px;
}
.inputField-customizable:focus { border-color: #66afe9; outline: 0; }
.idpButton-customizable {
    height: 40px; width: 100%; width: 100%; text-align: center; margin-bottom: 15px; color: #fff;
    background-color: #5bc0de; border-color: #46b8da;
}
.idpButton-customizable:hover { color: #fff; background-color: #31b0d5; }
.socialButton-customizable {
    border-radius: 2px; height: 40px; margin-bottom: 15px; padding: 1px; text-align: left; width: 100%;
}
.redirect-customizable { text-align: center; }
.passwordCheck-notValid-customizable { color: #DF3312; }
.passwordCheck-valid-customizable { color: #19BF00; }
.background-customizable { background-color: #fff; }
"""


def squeezed(css: str) -> str:
    tight = re.sub(r"\s*([{};:])\s*", r"\1", css.strip())
    return re.sub(r"\s+", " ", tight.replace(";}", "}").replace("}", "}\n")).replace("\n ", "\n").strip()


def test_the_example_of_the_reference_passes_as_it_is() -> None:
    given_lines = [line.strip() for line in squeezed(REFERENCE).replace("} ", "}\n").splitlines()]
    shown = rewritten(REFERENCE).replace(";min-height:0", "").splitlines()
    assert shown == given_lines


@pytest.mark.parametrize("name", ALLOWED)
def test_every_class_of_the_guide_is_known(name: str) -> None:
    assert rewritten(f".{name} {{ }}") == f".{name}{{}}"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("color: RED", "color:red"),
        ("color: rgb(1, 2, 3)", "color:rgb(1, 2, 3)"),
        ("color: RGBA(10%,2%,3%,.5)", "color:rgba(10%,2%,3%,0.5)"),
        ("color: hsl(120, 50%, 50%)", "color:hsl(120, 50%, 50%)"),
        ("color: transparent", "color:transparent"),
        ("color: #FFFa", "color:#FFFa"),
        ("color: #abc !important", "color:#abc!important"),
        ("width: 33.5%", "width:33.5%"),
        ("margin: 0 auto", "margin:0 auto"),
        ("margin: 1px/* a note */2px", "margin:1px 2px"),
        ("FONT-SIZE: 1.5REM", "font-size:1.5rem"),
        ("font-weight: 900", "font-weight:900"),
        ("\\63olor: red", "color:red"),
        ("color: r\\65 d", "color:red"),
    ],
)
def test_values_are_written_anew(written: str, shown: str) -> None:
    css = f".submitButton-customizable {{ {written} }}"
    assert rewritten(css) == f".submitButton-customizable{{{shown}}}"


def test_several_classes_share_a_rule_if_each_may_have_the_property() -> None:
    css = ".legalText-customizable , .label-customizable { color: red }"
    assert rewritten(css) == ".legalText-customizable,.label-customizable{color:red}"
    with pytest.raises(InvalidParameter, match="CSS property font-size of class label-customizable is not supported"):
        rewritten(".legalText-customizable, .label-customizable { font-size: 11px }")


def test_comments_are_left_out() -> None:
    assert rewritten("/* </style><script> */ .label-customizable { /* a */ color: /* b */ red }") == (
        ".label-customizable{color:red}"
    )


@pytest.mark.parametrize(
    ("css", "message"),
    [
        (".unknown { color: red }", "CSS class .unknown is not supported"),
        (".label-Customizable { color: red }", "CSS class .label-Customizable is not supported"),
        ("body { background: red }", "CSS class body is not supported"),
        ("* { color: red }", "CSS class * is not supported"),
        ("#label-customizable { color: red }", "CSS class #label-customizable is not supported"),
        (".a .label-customizable { color: red }", "CSS class .a .label-customizable is not supported"),
        (".label-customizable > p { color: red }", "CSS class .label-customizable > p is not supported"),
        (".label-customizable::after { color: red }", "CSS class .label-customizable::after is not supported"),
        (".label-customizable:hover { color: red }", "CSS class .label-customizable:hover is not supported"),
        (".label-customizable.x { color: red }", "CSS class .label-customizable.x is not supported"),
        (".label-customizable[value^=a] { color: red }", "CSS class .label-customizable[value^=a] is not supported"),
        (
            ".inputField-customizable:not(a) { color: red }",
            "CSS class .inputField-customizable:not(a) is not supported",
        ),
        (".label-customizable, { color: red }", "CSS class  is not supported"),
        ("@import url(//evil.example/x.css);", "CSS rule @import is not supported"),
        ("@media print { .label-customizable { color: red } }", "CSS rule @media is not supported"),
        ("@supports (color: red) { }", "CSS rule @supports is not supported"),
        ("@page { margin: 1cm }", "CSS rule @page is not supported"),
        ("@font-face { src: url(//evil.example) }", "CSS rule @font-face is not supported"),
        ("@charset 'utf-7';", "CSS rule @charset is not supported"),
        (".label-customizable { @media print { } }", "CSS of class label-customizable can not be parsed"),
        (".label-customizable { .x { color: red } }", "CSS of class label-customizable can not be parsed"),
        (".label-customizable { color }", "CSS of class label-customizable can not be parsed"),
        (".label-customizable", "CSS can not be parsed"),
        ("</style><script>alert(1)</script>", "CSS can not be parsed"),
        (".label-customizable { color: red } </style>", "CSS can not be parsed"),
        (
            ".label-customizable { background: red }",
            "CSS property background of class label-customizable is not supported",
        ),
        (".label-customizable { --x: red }", "CSS property --x of class label-customizable is not supported"),
        (
            ".label-customizable { behavior: url(x) }",
            "CSS property behavior of class label-customizable is not supported",
        ),
        (
            ".label-customizable { -moz-binding: url(x) }",
            "CSS property -moz-binding of class label-customizable is not supported",
        ),
        (
            ".banner-customizable { position: fixed }",
            "CSS property position of class banner-customizable is not supported",
        ),
    ],
)
def test_what_is_not_on_the_list_is_refused(css: str, message: str) -> None:
    with pytest.raises(InvalidParameter) as refused:
        rewritten(css)
    assert refused.value.message == message


@pytest.mark.parametrize(
    "value",
    [
        "url(//evil.example/x)",
        "url('javascript:alert(1)')",
        "\\75 rl(//evil.example)",
        "image-set('//evil.example' 1x)",
        "expression(alert(1))",
        "javascript:alert(1)",
        "'</style><script>alert(1)</script>'",
        "</style>",
        "red;background:url(x)} body{",
        "var(--x)",
        "env(x)",
        "attr(value)",
        "calc(1px + 1px)",
        "rgb(url(x), 1, 2)",
        "rgb(1,2,3) url(x)",
        "rgb(1e999, 1, 1)",
        "#zzz",
        "#12345",
        "red red",
        "inherit",
        "{}",
        "[red]",
        "(red)",
        "red !ie",
        "red\\9",
        "<!-- red -->",
        "",
    ],
)
@pytest.mark.parametrize("property_of", ["inputField-customizable", "errorMessage-customizable"])
def test_no_value_reaches_out_or_runs(value: str, property_of: str) -> None:
    with pytest.raises(InvalidParameter):
        rewritten(f".{property_of} {{ color: {value} }}")


@pytest.mark.parametrize(
    "declaration",
    [
        "width: 1vw",
        "width: 5",
        "width: 10%%",
        "width: 1e999%",
        "width: 99999px",
        "height: auto",
        "font-weight: 450",
        "font-weight: 1000",
        "margin: 1px 2px 3px 4px 5px",
        "text-align: inherit",
        "font-size: 10px 12px",
    ],
)
def test_values_of_another_kind_are_refused(declaration: str) -> None:
    with pytest.raises(InvalidParameter, match="CSS value of property"):
        rewritten(f".submitButton-customizable {{ {declaration} }}")


@pytest.mark.parametrize("border", ["1px 2px", "red blue", "solid none", "1px solid red url(x)", "groove", "1px,red"])
def test_a_border_is_a_width_a_line_and_a_colour(border: str) -> None:
    with pytest.raises(InvalidParameter):
        rewritten(f".inputField-customizable {{ border: {border} }}")


@pytest.mark.parametrize("character", ["\x00", "\x01", "\x0b", "\x1b", "\x7f"])
def test_control_characters_are_refused(character: str) -> None:
    with pytest.raises(InvalidParameter):
        rewritten(f"/* {character} */")


@pytest.mark.parametrize("opening", ["{", "(", "[", ".label-customizable{", "rgb(", "/*", "'"])
def test_deep_nesting_is_refused_in_no_time(opening: str) -> None:
    with pytest.raises(InvalidParameter):
        rewritten(f".label-customizable {{ color: {opening * 20_000} red }}")


PIECES = [".label-customizable", "{", "}", "color", ":", "red", ";", "</style", "<", "url(", ")", "@import", "\\", "/*"]


@given(
    st.lists(st.one_of(st.sampled_from([*PIECES, "*/", "'", '"', "!important", "#fff", "1px"]), st.text(max_size=3)))
)
def test_what_comes_out_holds_nothing_but_classes_and_plain_values(pieces: list[str]) -> None:
    try:
        shown = rewritten("".join(pieces))
    except InvalidParameter:
        return
    assert re.fullmatch(r"(\.[A-Za-z,.:-]+\{([a-z-]+:[A-Za-z0-9#%.,() !-]+;?)*\}\n?)*", shown), shown
