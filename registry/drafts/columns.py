"""What a portal's columns seem to hold, by their names: which can tell of a person, which could fill a field. Pure."""

from __future__ import annotations

import re
from pathlib import Path

from ..access import PortalName
from ..kinds import FieldName
from ..shape import Strict, load_file

MOST_HINTS = 3


class PersonalWords(Strict, frozen=True):
    """Names of columns that can tell of a private person, and why they are not fetched."""

    reason: str
    words: tuple[str, ...]


class ColumnWords(Strict, frozen=True):
    """data/column_words.yml. `fixed`: the columns of portals that never name their own, and what each is documented to hold."""

    personal: tuple[PersonalWords, ...]
    hints: dict[FieldName, tuple[str, ...]]
    fixed: dict[PortalName, dict[str, str]]


def load_column_words(data: Path) -> ColumnWords:
    """Read data/column_words.yml; DataError names the key and the remedy."""
    return load_file(data / "column_words.yml", ColumnWords)


def folded(name: str) -> str:
    """`VendorName`, `vendor_name` and `VENDOR NAME` as ` vendor name `, spaces around it."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return f" {' '.join(re.findall(r'[a-z0-9]+', apart.lower()))} "


def why_personal(words: ColumnWords, *names: str) -> str:
    """Why a column of these names should never be fetched, or ""."""
    together = "|".join(folded(name) for name in names)
    return next((one.reason for one in words.personal if any(f" {word} " in together for word in one.words)), "")


def likely(words: ColumnWords, field: FieldName, names: tuple[str, ...]) -> list[str]:
    """The columns that could fill the field, likeliest first; at most MOST_HINTS."""
    found = [name for hint in words.hints.get(field, ()) for name in names if f" {hint} " in folded(name)]
    return list(dict.fromkeys(found))[:MOST_HINTS]
