"""How modules look: docstrings, names, and what may be read where."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("identity", "pools")
SOURCES = sorted(
    file for package in PACKAGES for file in (ROOT / package).rglob("*.py") if "migrations" not in file.parts
)
TESTS = sorted((ROOT / "tests").rglob("test_*.py"))
BANNED = {"util", "utils", "helper", "helpers", "common", "misc", "manager", "managers", "service", "services"}
# The services and operations of the AWS models, which are called so.
NAMED_AFTER_AWS = {"identity/wire/service.py", "identity/wire/services.py"}
# The one reader, and the supervisor, which hands a copy to the process that it becomes.
READERS_OF_THE_ENVIRONMENT = {"identity/config.py", "identity/management/commands/serve.py"}


def name_of(file: Path) -> str:
    return str(file.relative_to(ROOT))


def tree_of(file: Path) -> ast.Module:
    return ast.parse(file.read_text())


def test_the_sources_are_found() -> None:
    """The tests below look at nothing when this fails."""
    found = {name_of(file) for file in SOURCES}
    assert found >= {
        "identity/__init__.py",
        "identity/wire/json_rpc.py",
        "pools/operations/users.py",
        "pools/lookup.py",
    }
    assert len(TESTS) > 10


@pytest.mark.parametrize("file", [*SOURCES, *TESTS], ids=name_of)
def test_a_module_says_what_it_is(file: Path) -> None:
    docstring = ast.get_docstring(tree_of(file))
    assert docstring, f"{name_of(file)} has no docstring"
    assert docstring.splitlines()[0].rstrip().endswith((".", ":")), "the first line is a sentence"


@pytest.mark.parametrize("package", PACKAGES)
def test_a_folder_of_modules_is_a_package(package: str) -> None:
    folders = {file.parent for file in (ROOT / package).rglob("*.py")}
    assert [name_of(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    files = {name_of(file) for file in SOURCES} - NAMED_AFTER_AWS
    named = {file: {part.removesuffix(".py") for part in Path(file).parts} for file in files}
    assert {file for file, parts in named.items() if parts & BANNED} == set()


def test_the_settings_of_a_pool_or_client_are_read_by_the_configuration_alone() -> None:
    reading = re.compile(r"\.settings(\[|\.get\(|\.items\(|\.keys\(|\.values\()|\bsettings__")
    found = [
        f"{name_of(file)}:{number}"
        for file in SOURCES
        if "config" not in file.relative_to(ROOT).parts
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if reading.search(line)
    ]
    assert found == []


def test_the_environment_is_read_in_one_place() -> None:
    found = [
        f"{name_of(file)}:{node.lineno}"
        for file in SOURCES
        if name_of(file) not in READERS_OF_THE_ENVIRONMENT
        for node in uses_of_the_environment(tree_of(file))
    ]
    assert found == []


def uses_of_the_environment(tree: ast.Module) -> list[ast.expr]:
    """Every mention of the environment, but the default that Django's and Celery's entry points set."""
    allowed = {
        node.func.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "setdefault"
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and node.args[0].value == "DJANGO_SETTINGS_MODULE"
    }
    mentions: list[ast.expr] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "environb", "getenv", "getenvb"}:
            is_of_os = isinstance(node.value, ast.Name) and node.value.id == "os"
            if is_of_os and node not in allowed:
                mentions.append(node)
        elif isinstance(node, ast.ImportFrom) and node.module == "os":
            assert not {alias.name for alias in node.names} & {"environ", "getenv"}, "import os itself"
    return mentions


def test_names_are_not_handed_on_by_packages() -> None:
    """A package's `__init__` holds its docstring; models are gathered where Django looks for them."""
    for file in SOURCES:
        if file.name == "__init__.py" and file.parent.name != "models":
            assert len(tree_of(file).body) == 1, f"{name_of(file)} holds more than a docstring"


def test_business_logic_does_not_hang_on_signals() -> None:
    found = [name_of(file) for file in SOURCES if "django.db.models.signals" in file.read_text()]
    assert found == []


def test_no_comment_postpones_work_without_an_issue() -> None:
    postponed = re.compile(r"#.*\b(TODO|FIXME|XXX|HACK)\b(?!.*#?\d)")
    found = [name_of(file) for file in SOURCES if postponed.search(file.read_text())]
    assert found == []
