"""The bytes are kept as they came, once, named by their hash, the last read newest."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import zstandard

from registry import archive
from registry.errors import SourceError


def given(tmp_path: Path, raw: bytes, name: str = "given.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(raw)
    return path


def test_bytes_are_kept_untouched_and_named_by_their_hash(tmp_path: Path) -> None:
    raw = b"\xef\xbb\xbfa,b\r1,\x00\xff\n" * 50_000
    kept = archive.keep(given(tmp_path, raw), tmp_path / "archive", "a_b/some_portal_file.csv")
    assert zstandard.ZstdDecompressor().stream_reader(kept.path.open("rb")).readall() == raw
    assert (kept.sha256, kept.size, kept.origin) == (hashlib.sha256(raw).hexdigest(), len(raw), "some_portal_file.csv")
    assert list(archive.every(tmp_path / "archive")) == [kept]
    assert archive.newest(tmp_path / "archive") == kept


def test_the_same_bytes_are_kept_once_and_the_last_read_is_the_newest(tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    first, second = given(tmp_path, b"first"), given(tmp_path, b"second", "other.csv")
    kept = archive.keep(first, folder, "first.csv")
    assert archive.keep(first, folder, "first.csv") == kept
    archive.keep(second, folder, "second.csv")
    assert [one.origin for one in archive.every(folder)] == ["first.csv", "second.csv"]
    archive.keep(first, folder, "first.csv")
    assert [one.origin for one in archive.every(folder)] == ["second.csv", "first.csv"]


def test_what_a_killed_load_left_is_swept_and_never_read(tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    folder.mkdir()
    (folder / "unfinished.12345").write_bytes(b"half of")
    assert archive.newest(folder) is None
    archive.keep(given(tmp_path, b"whole"), folder, "whole.csv")
    assert [path.suffix for path in folder.iterdir()] == [".zst"]


def test_an_unreadable_file_is_named_and_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"nowhere\.csv: cannot be read"):
        archive.keep(tmp_path / "nowhere.csv", tmp_path / "archive", "nowhere.csv")
    assert list((tmp_path / "archive").iterdir()) == []


@pytest.mark.parametrize("ends", ["\r", "\n", "\r\n"])
def test_text_comes_back_with_its_line_ends(ends: str, tmp_path: Path) -> None:
    text = f"a,b{ends}1,é{ends}"
    kept = archive.keep(given(tmp_path, text.encode("latin-1")), tmp_path / "archive", "x.csv")
    with archive.opened(kept, "latin-1") as (lines, _):
        assert "".join(lines) == text
