"""All laws, places, state overlays and law terms of data/, read and checked against each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from .errors import DataError
from .law import Jurisdiction, Law, LawTerm, Overlay
from .shape import load_file


class LawBook(msgspec.Struct, frozen=True):
    """All laws, places, overlays and law terms, by id, checked against each other."""

    laws: Mapping[str, Law]
    jurisdictions: Mapping[str, Jurisdiction]
    overlays: Mapping[str, tuple[Overlay, ...]]
    terms: Mapping[str, LawTerm]


def load_law_book(data: Path) -> LawBook:
    """Read data/laws, data/jurisdictions, data/overlays.yml and data/lawterms.yml; DataError names file and remedy."""
    book = LawBook(
        laws={law.id: law for law in _each(data / "laws", Law)},
        jurisdictions={place.id: place for place in _each(data / "jurisdictions", Jurisdiction)},
        overlays=_by_state(load_file(data / "overlays.yml", tuple[Overlay, ...])),
        terms={term.id: term for term in load_file(data / "lawterms.yml", tuple[LawTerm, ...])},
    )
    for problem in _problems(book, data):
        raise DataError(problem)
    return book


def _each(folder: Path, kind: Any) -> Iterator[Any]:
    for path in sorted(folder.glob("*.yml")):
        entry = load_file(path, kind)
        if entry.id != path.stem:
            raise DataError(f"{path}: id is `{entry.id}` but the file is named `{path.stem}`; make them the same.")
        yield entry


def _by_state(overlays: tuple[Overlay, ...]) -> dict[str, tuple[Overlay, ...]]:
    return {state: tuple(one for one in overlays if one.state == state) for state in {one.state for one in overlays}}


def _problems(book: LawBook, data: Path) -> Iterator[str]:
    for law in book.laws.values():
        path = data / "laws" / f"{law.id}.yml"
        if law.jurisdiction not in book.jurisdictions:
            yield f"{path}: jurisdiction `{law.jurisdiction}` has no file in data/jurisdictions."
        named = (*law.technologies, *law.technology_from, *law.covered_explicitly, *(one.code for one in law.exemptions))
        for term in named:
            if term not in book.terms:
                yield f"{path}: `{term}` is not in data/lawterms.yml. Allowed: {', '.join(sorted(book.terms))}."
