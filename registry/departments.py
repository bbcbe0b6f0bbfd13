"""Who buys: find the place and the agency a record means, and say whether a law binds that agency.

Department names come in any case and order ("DEPARTMENT OF POLICE", "Boston Police", "Bureau of Police").
They are compared in a normal form; what cannot be placed stays unplaced and is never guessed.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from .errors import FactsError
from .law import Agency, Jurisdiction, Law
from .names import fold

Bound = Literal["yes", "no", "unclear"]
Form = tuple[str, ...]

# Words that say "a part of a government" and nothing about which part.
_EMPTY_WORDS = frozenset(
    (
        *("the", "of", "and", "for", "a", "city", "county", "town", "village", "metro", "metropolitan"),
        *("department", "dept", "dpt", "dep", "bureau", "division", "div", "office"),
    )
)
_SAME_WORD = {"pd": "police", "sheriffs": "sheriff", "attorneys": "attorney", "svcs": "services", "mgmt": "management"}
_PARTS = re.compile(r"\s+[-–—]+\s+|[/:;|()]")


class Directory(NamedTuple):
    """The agencies of one place by the normal form of each of their names; None where two agencies share one.

    `separate`: some are public bodies of their own, so an unknown department may be one of them.
    """

    place_words: frozenset[str]
    separate: bool
    agencies: Mapping[Form, Agency | None]


class Buyer(NamedTuple):
    """Who buys, as far as known: the words of the record, and the agency they mean."""

    department: str
    agency: Agency | None
    directory: Directory


def directory(place: Jurisdiction, laws: Iterable[Law]) -> Directory:
    """Return the look-up of a place's agencies, with those that only its laws name."""
    place_words = frozenset(fold(place.name.partition(",")[0]).split())
    agencies: dict[Form, Agency | None] = {}
    for agency in place.agencies:
        for name in (agency.name, *agency.aliases):
            form = normal_form(name, place_words)
            agencies[form] = agency if agencies.get(form, agency) is agency else None
    for name in (name for law in laws for name in _named(law)):
        agencies.setdefault(normal_form(name, place_words), Agency(name=name, kind="other", basis="source"))
    # "City of Boston" names no department: nothing is left of it in normal form.
    agencies.pop((), None)
    return Directory(place_words, any(agency.separate for agency in place.agencies), agencies)


def find_buyer(department: str | None, places: Directory) -> Buyer:
    """Return the buyer a department string means: an agency by its whole name, else the one a part of it names."""
    if not department or not normal_form(department, places.place_words):
        return Buyer("", None, places)
    whole = places.agencies.get(normal_form(department, places.place_words))
    if whole:
        return Buyer(department, whole, places)
    forms = (normal_form(part, places.place_words) for part in _PARTS.split(department))
    named = {agency.name: agency for agency in map(places.agencies.get, forms) if agency}
    return Buyer(department, next(iter(named.values())) if len(named) == 1 else None, places)


def normal_form(name: str, place_words: frozenset[str]) -> Form:
    """Return the words that tell one department of a place from another, sorted: ("police",)."""
    words = (_SAME_WORD.get(word, word) for word in fold(name).split())
    return tuple(sorted({word for word in words if word not in _EMPTY_WORDS and word not in place_words}))


def binds(law: Law, buyer: Buyer) -> Bound:
    """Return whether the law binds the buyer; unknown, unplaceable and separate bodies are unclear, not outside."""
    agencies = law.agencies
    if is_one_of(agencies.names, buyer) == "yes":
        return "yes"
    if buyer.agency and buyer.agency.separate:
        return "unclear"
    if agencies.mode == "all":
        open_to_doubt = is_one_of(agencies.review, buyer) != "no" or (not buyer.department and buyer.directory.separate)
        return "unclear" if open_to_doubt else "yes"
    if not buyer.agency or buyer.agency.review or is_one_of(agencies.review, buyer) == "yes":
        return "unclear"
    return "no"


def is_one_of(names: tuple[str, ...], buyer: Buyer) -> Bound:
    """Return whether the buyer is one of the agencies a clause names.

    A department we cannot place is unclear when it shares a telling word with one of them: it may be
    the same body, or its commission.
    """
    if not names:
        return "no"
    if not buyer.department:
        return "unclear"
    forms = [normal_form(name, buyer.directory.place_words) for name in names]
    if buyer.agency:
        return "yes" if buyer.agency.name in (_name_of(form, buyer.directory) for form in forms) else "no"
    words = set(normal_form(buyer.department, buyer.directory.place_words))
    return "unclear" if any(words.intersection(form) for form in forms) else "no"


def place_names(places: Mapping[str, Jurisdiction]) -> dict[str, tuple[str, ...]]:
    """Return slugs by every folded way to name a place: "boston ma", "boston", "us ma boston"."""
    names: dict[str, tuple[str, ...]] = {}
    for slug, place in places.items():
        for name in {fold(slug), fold(place.name), fold(place.name.partition(",")[0])}:
            names[name] = (*names.get(name, ()), slug)
    return names


def find_place(name: str, names: Mapping[str, tuple[str, ...]]) -> str | None:
    """Return the slug a slug or name means, None for a place we have no entry for.

    Raises FactsError for a name that several places bear, and for one that looks like a known one misspelt:
    a slip of the pen must never read as "no law there".
    """
    found = names.get(fold(name), ())
    if len(found) == 1:
        return found[0]
    near = found or [slug for close in _close(fold(name), names) for slug in names[close]]
    if near:
        slugs = ", ".join(dict.fromkeys(near))
        raise FactsError(f"`jurisdiction`: `{name}` could mean {slugs}. Write the slug of the place you mean.")
    return None


def state_named(name: str) -> str:
    """Return the lower-case state of a place we have no entry for ("Topeka, KS", "us-ks-topeka"), or ""."""
    found = re.search(r",\s*([A-Z]{2})$|^us-([a-z]{2})-", name.strip())
    return (found[1] or found[2]).lower() if found else ""


def _close(name: str, names: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Names hardly different, in the same state: Columbia in one state is not a misspelt Columbia in another."""
    *town, state = name.split() or [""]
    alike = [other for other in names if bool(town) == (" " in other) and (not town or other.endswith(f" {state}"))]
    return difflib.get_close_matches(name, alike, 3, 0.9)


def _named(law: Law) -> tuple[str, ...]:
    carved_out = tuple(one.agency for one in law.special)
    changed = (law.review_agency_after.agency,) if law.review_agency_after else ()
    return (*law.agencies.names, *law.agencies.review, *carved_out, *changed)


def _name_of(form: Form, places: Directory) -> str | None:
    agency = places.agencies.get(form)
    return agency.name if agency else None
