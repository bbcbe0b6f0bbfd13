"""Who buys: find the place and the agency a record means, and say whether a law binds that agency.

Department names come in any case and order ("DEPARTMENT OF POLICE", "Boston Police", "Bureau of Police").
They are compared in a normal form; what cannot be placed stays unplaced and is never guessed.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Literal

from .errors import FactsError
from .law import Agency, Jurisdiction, Law, LawBook
from .names import fold

Bound = Literal["yes", "no", "unclear"]

# Words that say "a part of a government" and nothing about which part.
_EMPTY_WORDS = frozenset(
    "city of the county town village department dept dpt dep bureau division office for and metro metropolitan s".split()
)
_SAME_WORD = {"pd": "police", "sheriffs": "sheriff", "attorneys": "attorney", "svcs": "services", "mgmt": "management"}
_PARTS = re.compile(r"\s+[-–—]+\s+|[/:;|()]")


def find_place(name: str, book: LawBook) -> Jurisdiction | None:
    """Return the place a slug or name means, None for a place we have no entry for.

    Raises FactsError for a name that several places bear, and for one that looks like a known one misspelt:
    a slip of the pen must never read as "no law there".
    """
    if name in book.jurisdictions:
        return book.jurisdictions[name]
    names = _place_names(tuple(book.jurisdictions.values()))
    found = names.get(fold(name), ())
    if len(found) == 1:
        return book.jurisdictions[found[0]]
    near = found or tuple(difflib.get_close_matches(fold(name), names, 3, 0.9))
    if near:
        raise FactsError(f"`jurisdiction`: `{name}` could mean {', '.join(near)}. Write the slug of the place you mean.")
    return None


def state_named(name: str) -> str:
    """Return the two-letter state of a place we have no entry for ("Topeka, KS", "us-ks-topeka"), or ""."""
    found = re.search(r",\s*([A-Z]{2})$|^us-([a-z]{2})-", name.strip())
    return (found[1] or found[2]).upper() if found else ""


def find_agency(department: str, place: Jurisdiction, laws: tuple[Law, ...]) -> Agency | None:
    """Return the agency a department string means: its whole name, an alias, or the one agency one part names."""
    return _find(department, place.id, _Index(place, laws))


def binds(law: Law, department: str | None, agency: Agency | None, place: Jurisdiction) -> Bound:
    """Return whether `law` binds the department. Unknown and unplaceable departments are unclear, not outside."""
    if agency and agency.name in _own_names(law.agencies.review, place):
        return "unclear"
    if law.agencies.mode == "all":
        return _bound_among_all(law, department, agency, place)
    if agency is None or (agency.review and agency.name not in _own_names(law.agencies.names, place)):
        return "unclear"
    return "yes" if agency.name in _own_names(law.agencies.names, place) else "no"


def is_agency(name: str, department: str | None, agency: Agency | None, place: Jurisdiction) -> Bound:
    """Return whether the department is the agency a clause of a law names."""
    if agency:
        return "yes" if agency.name in _own_names((name,), place) else "no"
    if not department:
        return "unclear"
    return "unclear" if _shares_a_word(department, (name,), place) else "no"


def _bound_among_all(law: Law, department: str | None, agency: Agency | None, place: Jurisdiction) -> Bound:
    """Every department is bound, save that one we cannot place may be among those the law leaves open."""
    if agency or not law.agencies.review:
        return "yes"
    if not department:
        return "unclear"
    return "unclear" if _shares_a_word(department, law.agencies.review, place) else "yes"


def _shares_a_word(department: str, names: tuple[str, ...], place: Jurisdiction) -> bool:
    words = set(normal_form(department, place.name))
    return not words or any(words & set(normal_form(name, place.name)) for name in names)


@lru_cache(maxsize=100_000)
def normal_form(department: str, place_name: str) -> tuple[str, ...]:
    """Return the words that tell one department of a place from another, in one order."""
    place_words = set(fold(place_name).split())
    words = (_SAME_WORD.get(word, word) for word in fold(department).split())
    return tuple(sorted({word for word in words if word not in _EMPTY_WORDS and word not in place_words}))


class _Index:
    """Hashable by place only, so that the look-up below can be remembered."""

    def __init__(self, place: Jurisdiction, laws: tuple[Law, ...]) -> None:
        self.place, self.laws = place, laws
