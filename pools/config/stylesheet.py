"""The style of a classic customisation: what is not on the list is refused, and what is goes out in our own writing.

Source: guide, "Customizing hosted UI (classic) branding"; the example of GetUICustomization in the API reference, which
has `border-radius`, `padding` and `text-align` where the guide does not name them. Wording of refusals: *assumed*.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any

import tinycss2
from tinycss2.color3 import parse_color

from identity.errors import InvalidParameter

Tokens = Sequence[Any]

_TEXT = "padding-top padding-bottom display font-size color"
_BORDER = "border border-color border-radius"
_PROPERTIES = {
    "background-customizable": "background-color",
    "banner-customizable": "padding background-color",
    "errorMessage-customizable": f"margin padding font-size width background color box-sizing {_BORDER}",
    "idpButton-customizable": f"height width text-align margin-bottom color background-color {_BORDER}",
    "idpButton-customizable:hover": "color background-color",
    "idpDescription-customizable": _TEXT,
    "inputField-customizable": f"width height color background-color {_BORDER}",
    "inputField-customizable:focus": "border-color outline",
    "label-customizable": "font-weight color",
    "legalText-customizable": "color font-size",
    "logo-customizable": "max-width max-height background-color",
    "passwordCheck-notValid-customizable": "color",
    "passwordCheck-valid-customizable": "color",
    "redirect-customizable": "text-align",
    "socialButton-customizable": "height text-align width margin-bottom padding border-radius",
    "submitButton-customizable": "font-size font-weight margin width height color background-color text-align",
    "submitButton-customizable:hover": "color background-color",
    "textDescription-customizable": _TEXT,
}
ALLOWED = {name: frozenset(properties.split()) for name, properties in _PROPERTIES.items()}
"""The properties that each class, or class in a state, may set."""

_UNITS = frozenset({"px", "em", "rem", "pt"})
_FUNCTIONS = frozenset({"rgb", "rgba", "hsl", "hsla"})
_LINES = frozenset({"solid", "none", "dashed", "dotted", "double"})
_ALIGNMENTS = frozenset({"left", "right", "center", "justify", "start", "end"})
_WEIGHTS = frozenset({"normal", "bold", "italic"})
_NAME = re.compile(r"[a-z-]+")
_HEX = re.compile(r"[0-9A-Fa-f]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_LARGEST = 10_000
_LONGEST_ECHO = 64
_NO_LEAST_HEIGHT = "min-height:0"
"""Our own looks have one, for fingers; a height that an operator sets is what they see."""


@lru_cache(maxsize=1000)
def rewritten(css: str) -> str:
    """The rules of a style, made of nothing but names and values that we know; it cannot leave a `style` element.

    Raises: InvalidParameter.
    """
    if _CONTROL.search(css):
        raise InvalidParameter("CSS holds characters that are not allowed.", field="css")
    rules = tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)
    return "\n".join(_rule(rule) for rule in rules)


def _rule(rule: Any) -> str:
    """Raises: InvalidParameter."""
    if rule.type == "at-rule":
        raise _refusal(f"CSS rule @{rule.at_keyword} is not supported")
    if rule.type != "qualified-rule":
        raise _refusal("CSS can not be parsed")
    names = [_selected(part) for part in _split(rule.prelude)]
    declared = tinycss2.parse_blocks_contents(rule.content, skip_comments=True, skip_whitespace=True)
    body = ";".join(_declaration(item, names) for item in declared)
    return f"{','.join(f'.{name}' for name in names)}{{{body}}}"


def _split(prelude: Tokens) -> Iterator[list[Any]]:
    """The selectors of a list, without the white space around them."""
    part: list[Any] = []
    for token in prelude:
        if token.type == "literal" and token.value == ",":
            yield _trimmed(part)
            part = []
        elif token.type != "comment":
            part.append(token)
    yield _trimmed(part)


def _trimmed(tokens: list[Any]) -> list[Any]:
    first = next((place for place, token in enumerate(tokens) if token.type != "whitespace"), len(tokens))
    last = next((place for place, token in enumerate(reversed(tokens)) if token.type != "whitespace"), 0)
    return tokens[first : len(tokens) - last]


def _selected(tokens: list[Any]) -> str:
    """The class of a selector that is nothing but a class, or a class in a state.

    Raises: InvalidParameter.
    """
    shape = [token.value if token.type == "literal" else token.type for token in tokens]
    if shape in ([".", "ident"], [".", "ident", ":", "ident"]):
        name = ":".join(token.value for token in tokens[1::2])
        if name in ALLOWED:
            return name
    raise _refusal(f"CSS class {tinycss2.serialize(tokens)[:_LONGEST_ECHO]} is not supported")


def _declaration(item: Any, names: list[str]) -> str:
    """Raises: InvalidParameter."""
    if item.type != "declaration":
        raise _refusal(f"CSS of class {names[0]} can not be parsed")
    for name in names:
        if item.lower_name not in ALLOWED[name]:
            raise _refusal(f"CSS property {item.name[:_LONGEST_ECHO]} of class {name} is not supported")
    value = [token for token in item.value if token.type not in {"whitespace", "comment"}]
    if not _VALUES[item.lower_name](value):
        raise _refusal(f"CSS value of property {item.lower_name} of class {names[0]} is not supported")
    important = "!important" if item.important else ""
    written = f"{item.lower_name}:{' '.join(_written(token) for token in value)}{important}"
    return f"{written};{_NO_LEAST_HEIGHT}" if item.lower_name == "height" else written


def _written(token: Any) -> str:
    """A token that a check has let pass."""
    return _WRITTEN[token.type](token)


_WRITTEN: dict[str, Callable[[Any], str]] = {
    "ident": lambda token: str(token.lower_value),
    "hash": lambda token: f"#{token.value}",
    "number": lambda token: f"{token.value:.10g}",
    "percentage": lambda token: f"{token.value:.10g}%",
    "dimension": lambda token: f"{token.value:.10g}{token.lower_unit}",
    "function": lambda token: f"{token.lower_name}({''.join(_written(part) for part in token.arguments)})",
    "whitespace": lambda token: " ",
    "literal": lambda token: str(token.value),
}


def _is_size(token: Any) -> bool:
    match token.type:
        case "percentage":
            return _is_moderate(token)
        case "number":
            return bool(token.value == 0)
        case "dimension":
            return token.lower_unit in _UNITS and _is_moderate(token)
    return False


def _is_moderate(number: Any) -> bool:
    return bool(-_LARGEST <= number.value <= _LARGEST)


def _is_word(token: Any, words: frozenset[str]) -> bool:
    return token.type == "ident" and token.lower_value in words


def _is_color(token: Any) -> bool:
    match token.type:
        case "ident":
            is_plain = _NAME.fullmatch(token.lower_value) is not None
        case "hash":
            is_plain = _HEX.fullmatch(token.value) is not None
        case "function":
            is_plain = token.lower_name in _FUNCTIONS and all(_is_part_of_color(part) for part in token.arguments)
        case _:
            is_plain = False
    return is_plain and parse_color(token) is not None


def _is_part_of_color(token: Any) -> bool:
    if token.type in {"number", "percentage"}:
        return _is_moderate(token)
    return bool(token.type == "whitespace" or (token.type == "literal" and token.value == ","))


def _one(check: Callable[[Any], bool]) -> Callable[[Tokens], bool]:
    return lambda tokens: len(tokens) == 1 and check(tokens[0])


def _word(words: frozenset[str]) -> Callable[[Tokens], bool]:
    return _one(lambda token: _is_word(token, words))


def _sides(tokens: Tokens, words: frozenset[str] = frozenset()) -> bool:
    return 1 <= len(tokens) <= 4 and all(_is_size(token) or _is_word(token, words) for token in tokens)


def _line(tokens: Tokens) -> bool:
    """A width, a kind of line and a colour, each at most once."""
    kinds = [
        "width" if _is_size(token) else "line" if _is_word(token, _LINES) else "color" if _is_color(token) else ""
        for token in tokens
    ]
    return 0 < len(kinds) == len(set(kinds)) and "" not in kinds


def _is_weight(token: Any) -> bool:
    return _is_word(token, _WEIGHTS) or (token.type == "number" and token.value in range(100, 901, 100))


_size, _color = _one(_is_size), _one(_is_color)
_VALUES: dict[str, Callable[[Tokens], bool]] = {
    **dict.fromkeys(["width", "height", "max-width", "max-height", "font-size"], _size),
    **dict.fromkeys(["padding-top", "padding-bottom", "margin-bottom"], _size),
    **dict.fromkeys(["color", "background", "background-color", "border-color"], _color),
    **dict.fromkeys(["padding", "border-radius"], _sides),
    **dict.fromkeys(["border", "outline"], _line),
    "margin": lambda tokens: _sides(tokens, frozenset({"auto"})),
    "font-weight": _one(_is_weight),
    "display": _word(frozenset({"block", "inline", "none"})),
    "text-align": _word(_ALIGNMENTS),
    "box-sizing": _word(frozenset({"border-box", "content-box"})),
}


def _refusal(text: str) -> InvalidParameter:
    return InvalidParameter(text, field="css")
