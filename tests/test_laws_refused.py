"""A law or place that is not as it should be is refused; the message names the file, the key and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry.errors import DataError
from registry.law import Jurisdiction, Law
from registry.law_book import LawBook, load_law_book
from registry.shape import load_file

A_LAW = """
id: xx-town-ban
jurisdiction: us-xx-town
kind: ban
title: A ban
citation: Town Code 1
status: in_force
effective: {date: 2020-06-24, quality: day, note: as reported, evidence: S}
agencies: {mode: all}
technologies: [face_recognition]
legacy: {rule: unknown}
evidence: {ban: S}
sources: [A newspaper]
"""


def _write(folder: Path, text: str, name: str = "xx-town-ban.yml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def _refused(folder: Path, text: str) -> str:
    path = _write(folder, text)
    with pytest.raises(DataError) as caught:
        load_file(path, Law)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_the_pattern_law_itself_is_accepted(tmp_path: Path) -> None:
    assert load_file(_write(tmp_path, A_LAW), Law).technologies == ("face_recognition",)


def test_an_unknown_key_is_refused_with_the_nearest_one(tmp_path: Path) -> None:
    message = _refused(tmp_path, A_LAW + "exemption: []\n")
    assert "`exemption`" in message and "Did you mean `exemptions`?" in message


def test_a_key_written_twice_is_refused(tmp_path: Path) -> None:
    message = _refused(tmp_path, A_LAW + "kind: ccops\n")
    assert "key `kind` is written twice" in message


def test_a_kind_that_does_not_exist_is_refused_with_the_allowed_ones(tmp_path: Path) -> None:
    message = _refused(tmp_path, A_LAW.replace("kind: ban", "kind: moratorium"))
    assert "`kind`" in message
    assert "Allowed: advisory, ban, ccops, ccops_partial, conditional_ban, disclosure." in message


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    assert "`citation`" in _refused(tmp_path, A_LAW.replace("citation: Town Code 1\n", ""))


@pytest.mark.parametrize("day", ["2020-13-45", "24 June 2020", "2020-06", "yes"])
def test_a_day_that_is_none_is_refused(tmp_path: Path, day: str) -> None:
    assert "`effective.date`" in _refused(tmp_path, A_LAW.replace("2020-06-24", day))


def test_an_evidence_code_nobody_knows_is_refused(tmp_path: Path) -> None:
    message = _refused(tmp_path, A_LAW + "exemptions: [{code: medical, evidence: X}]\n")
    assert "`exemptions[0].evidence`" in message and "M, O, O/M, O/S, P, S." in message


def test_text_stays_as_it_was_written(tmp_path: Path) -> None:
    """YAML's traps: NO is not false, a bare date is not a date, 007 is not seven."""
    place = "id: xx\nname: NO\nkind: city\nstate: NO\nnote: 2020-06-24\ndeciding_body: 007\n"
    read = load_file(_write(tmp_path, place), Jurisdiction)
    assert (read.name, read.state, read.note, read.deciding_body) == ("NO", "NO", "2020-06-24", "007")


def _book(folder: Path, law: str, name: str = "xx-town-ban.yml") -> LawBook:
    for part in ("laws", "jurisdictions"):
        (folder / part).mkdir()
    _write(folder / "laws", law, name)
    _write(folder / "jurisdictions", "id: us-xx-town\nname: Town\nkind: town\nstate: xx\n", "us-xx-town.yml")
    _write(folder, "[]\n", "overlays.yml")
    _write(folder, "- {id: face_recognition, technologies: [face_recognition]}\n", "lawterms.yml")
    return load_law_book(folder)


def test_a_small_book_is_read(tmp_path: Path) -> None:
    assert set(_book(tmp_path, A_LAW).laws) == {"xx-town-ban"}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (
            A_LAW + "exemptions: [{code: body_cams, evidence: P}]\n",
            "`body_cams` is not in data/lawterms.yml. Allowed: face_recognition.",
        ),
        (A_LAW.replace("[face_recognition]", "[faces]"), "`faces` is not in data/lawterms.yml"),
        (A_LAW.replace("us-xx-town", "us-xx-city"), "jurisdiction `us-xx-city` has no file"),
        (A_LAW.replace("xx-town-ban", "xx-ban"), "id is `xx-ban` but the file is named `xx-town-ban`"),
    ],
)
def test_a_book_that_does_not_hold_together_is_refused(tmp_path: Path, changed: str, words: str) -> None:
    with pytest.raises(DataError) as caught:
        _book(tmp_path, changed)
    assert words in str(caught.value) and "xx-town-ban.yml" in str(caught.value)
