"""Zips are unpacked into their folder and nowhere else, and never more than Lambda takes."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest

from pools.triggers.runner import unpack
from pools.triggers.runner.unpack import BadCode, Codes, extract
from tests.support.runner import zipped


def test_files_folders_and_links_within_are_unpacked(tmp_path: Path) -> None:
    content = zipped({"a.py": "1", "lib/b.py": "2"}, links={"bin/b": "../lib/b.py", "lib/again.py": "b.py"})
    extract(content, tmp_path / "code")
    assert (tmp_path / "code/a.py").read_text() == "1"
    assert (tmp_path / "code/bin/b").read_text() == "2"
    assert os.readlink(tmp_path / "code/lib/again.py") == "b.py"


@pytest.mark.parametrize("name", ["../evil", "/evil", "a/../../evil", "..\\evil", "a/b/../../../evil"])
def test_a_name_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadCode):
        extract(zipped({name: "x"}), tmp_path / "code")
    assert not list(tmp_path.rglob("evil"))


@pytest.mark.parametrize("target", ["/etc/passwd", "../outside", "a/../../outside", ""])
def test_a_link_that_leads_out_is_refused(tmp_path: Path, target: str) -> None:
    with pytest.raises(BadCode):
        extract(zipped({"a/x": ""}, links={"link": target}), tmp_path / "code")


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    with pytest.raises(BadCode):
        extract(zipped({"out/evil": "x"}, links={"out": "../outside"}), tmp_path / "code")
    assert list((tmp_path / "outside").iterdir()) == []


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack, "MOST_BYTES", 1 << 20)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", bytes(2 << 20))
    codes = Codes(tmp_path)
    with pytest.raises(BadCode, match="Unzipped size must be smaller"):
        codes.add("x", content.getvalue())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"no zip", zipped({"a": "b"})[:-10]])
def test_what_is_no_zip_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(BadCode):
        extract(content, tmp_path / "code")


def test_code_that_nobody_uses_makes_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack, "_KEPT", 2)
    codes = Codes(tmp_path)
    for name in ("one", "two", "three"):
        codes.add(name, zipped({"a": name}))
    codes.prune({"one"})
    assert [codes.find(name) is not None for name in ("one", "two", "three")] == [True, False, True]
    assert len(list(tmp_path.iterdir())) == 2
