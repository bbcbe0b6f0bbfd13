"""How much of a data set one load shows: what its silence proves, and what may be compared with it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from . import pages
from .source import Source

# whole: every contract; matched_only: some contracts, each with all its rows; part: what it lacks proves nothing;
# asked:HASH: all rows that a certain search finds; whole:HASH: all that the source file wanted of the data set then. Either is
# whole for whoever asks the same again: a search by other words, or from a later day on, does not show that something went.
ASKED, NARROWED = "asked:", "whole:"


def extract_name(source: str) -> str:
    """The file name of a source's bundled extract."""
    return f"{source}.csv"


def scope_of(source: Source, origin: str, rows_staged: int, asked_for: Mapping[str, str] | None, asked: str) -> str:
    """How much a load shows; `asked_for` (slug -> hash of its words) is what the portal was asked for instead of everything.

    `asked` is a hash of what narrowed it, "" where nothing did. A bundled extract is known by its name, a whole file by the
    portal's own count or by the bound a person set.
    """
    if asked_for is not None:
        return ASKED + hashlib.sha256(json.dumps([sorted(asked_for.items()), asked]).encode()).hexdigest()[:12]
    if origin == extract_name(source.id):
        return "matched_only"
    counted = origin == pages.name_of(source.id)
    known = counted or source.expect.rows_at_least > 0
    if not known or rows_staged < source.expect.rows_at_least:
        return "part"
    return NARROWED + asked if asked else "whole"


def all_contracts(one: str, other: str) -> bool:
    """Whether a load shows every contract that the other could show."""
    return one == "whole" or (one.startswith((ASKED, NARROWED)) and one == other)


def all_rows(one: str, other: str) -> bool:
    """Whether a load shows every row of the contracts it shows, as far as the other could show them."""
    return one == "matched_only" or all_contracts(one, other)
