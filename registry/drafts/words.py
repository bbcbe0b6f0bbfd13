"""Words of strangers in a file of ours: on one line, capped, and quoted so that they can be nothing but text."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from .. import clean
from ..errors import DataError

LONGEST = 200  # characters of a portal's own words that a draft repeats


def plain(told: str | None, longest: int = LONGEST) -> str:
    """A portal's words on one line without markup, at most `longest` characters; "" for none."""
    whole = (told or "").encode("utf-8", "replace").decode()
    return clean.text(re.sub(r"<[^>]*>", " ", whole), longest)


def as_yaml(entries: Any) -> str:
    """YAML lines of plain data; whatever stands in a text, it is read back as that text and nothing else."""
    dumped: str = yaml.safe_dump(entries, width=1 << 20, allow_unicode=True, sort_keys=False, default_flow_style=False)
    return dumped


def todo(question: str) -> str:
    """What a draft says where a person must write; `registry check` refuses the file while it is there."""
    return f"TODO: {question}"


def must_be_a_place(data: Path, jurisdiction: str) -> None:
    """DataError where data/jurisdictions has no file of that id."""
    if not (data / "jurisdictions" / f"{jurisdiction}.yml").exists():
        raise DataError(
            f"There is no place `{jurisdiction}` in {data / 'jurisdictions'}. Write it first: `registry new place {jurisdiction}`."
        )


def must_be_new(path: Path) -> None:
    """DataError where a file of that name is there already: nothing is ever overwritten."""
    if path.exists():
        raise DataError(f"{path} is there already and is left as it is. Choose another name, or edit that file.")


def write_new(path: Path, text: str) -> None:
    """Write a file that is not there yet; DataError otherwise."""
    must_be_new(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
