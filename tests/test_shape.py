"""data/ is read as text and checked strictly: each error names the file, the key and the remedy."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Literal

import pytest

from registry.errors import DataError
from registry.shape import Strict, convert, load_file, read_yaml


class Inner(Strict, frozen=True):
    colour: Literal["red", "green"]


class Thing(Strict, frozen=True):
    name: str
    day: datetime.date | None = None
    number: int = 0
    parts: tuple[Inner, ...] = ()
    by_name: dict[str, Inner] = {}


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "thing.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_yaml_guesses_nothing(tmp_path: Path) -> None:
    path = written(tmp_path, "a: no\nb: 2020-06-24\nc: 007\nd: 1e3\ne: ~\nf: 12:30:00\n")
    assert read_yaml(path) == {"a": "no", "b": "2020-06-24", "c": "007", "d": "1e3", "e": "~", "f": "12:30:00"}


def test_the_shape_says_what_a_text_is(tmp_path: Path) -> None:
    thing = load_file(written(tmp_path, "name: no\nday: 2020-06-24\nnumber: 7\nparts: [{colour: red}]\n"), Thing)
    assert thing == Thing(name="no", day=datetime.date(2020, 6, 24), number=7, parts=(Inner(colour="red"),))


WRONG = {
    "nome: x": ("nome", "Did you mean `name`?", "Allowed keys: name, day, number, parts, by_name"),
    "day: 2020-01-01": ("`name`",),
    "name: x\nday: 2020-06-31": ("`day`",),
    "name: x\nnumber: seven": ("`number`",),
    "name: x\nparts: [{colour: blue}]": ("parts[0].colour", "Allowed: green, red"),
    "name: x\nparts: [{color: red}]": ("color", "Did you mean `colour`?"),
    "name: x\nby_name: {a: {colour: blue}}": ("by_name", "Allowed: green, red"),
    "name: x\nname: y": ("`name` is written twice", "line 1"),
    "name: [unclosed": ("not readable as YAML", "line 1"),
    "name: x\n\tday: 1": ("not readable as YAML", "line 2"),
    "- just\n- a list": ("object",),
    "": ("object",),
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_named_with_its_file_and_remedy(text: str, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        load_file(written(tmp_path, text), Thing)
    for words in ("thing.yml", *WRONG[text]):
        assert words in str(caught.value)


def test_a_shape_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        convert({"name": "x"}, Thing, "here").name = "y"  # type: ignore[misc]
