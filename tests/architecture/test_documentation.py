"""The README names every environment variable, and none that does not exist."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from identity.config import Config

README = (Path(__file__).parents[2] / "README.md").read_text()
VARIABLES = {spec.metadata["env"] for spec in fields(Config)}


def test_every_variable_is_documented() -> None:
    assert {name for name in VARIABLES if not re.search(rf"\b{name}\b", README)} == set()


def test_every_documented_variable_exists() -> None:
    assert set(re.findall(r"\bGATEHOUSE_[A-Z0-9_]+\b", README)) - VARIABLES == set()
