"""First drafts of a technology, a supplier, a place and a law: their text, in which every gap is a TODO or unverified."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..law import Kind, PlaceKind
from .words import as_yaml, must_be_a_place, todo, write_new

DRAFT = "# A draft: what is marked TODO is for you to write. `registry check` lists what is left.\n"
EVIDENCE = "# P: you read the text itself. O: an official page says so. S: a secondary source says so. M: from memory, not verified.\n"
BASIS = "# basis: source, once you have the address of a page that says so; until then memory, which is shown as unverified.\n"


def new_technology(data: Path, slug: str, name: str, terms: tuple[str, ...]) -> str:
    """Write data/technologies/SLUG.yml; DataError where it is there. Returns what comes next."""
    return _written(data / "technologies" / f"{slug}.yml", _technology(slug, name, terms))


def _technology(slug: str, name: str, terms: tuple[str, ...]) -> Iterator[str]:
    yield as_yaml({"slug": slug, "name": name, "definition": todo("what it is, in a sentence of your own that a resident understands")})
    yield "# Sought as whole words in titles and descriptions. Words too common to count alone go under weak_terms, with context.\n"
    yield as_yaml({"terms": list(terms) or [todo("words that name it in contracts, two or more letters long")]})
    yield "# As they stand in real contracts: the check tries them.\n"
    yield as_yaml({"examples": {
        "match": [todo("a title that is this technology, as a contract has it")],
        "not_match": [todo("a title that looks alike and is something else")],
    }})  # fmt: skip
    yield as_yaml({"source": todo("where the definition and the words come from, with an https address")})
    yield EVIDENCE + as_yaml({"evidence": "M"})


def new_supplier(data: Path, slug: str, name: str, technologies: tuple[str, ...], products: tuple[str, ...]) -> str:
    """Write data/suppliers/SLUG.yml; DataError where it is there. Returns what comes next."""
    return _written(data / "suppliers" / f"{slug}.yml", _supplier(slug, name, technologies, products))


def _supplier(slug: str, name: str, technologies: tuple[str, ...], products: tuple[str, ...]) -> Iterator[str]:
    yield as_yaml({"slug": slug, "name": name})
    yield '# "yes" only where the company sells little else: then its name alone is a lead.\n'
    yield as_yaml({"specialist": "no", "technologies": list(technologies) or [todo("slugs of data/technologies")]})
    yield BASIS + as_yaml({"evidence": {"basis": "memory"}})
    if products:
        yield "# face: no, optional, yes or unknown: whether the product can recognise faces. Each product may have its own source_url.\n"
        only = technologies[0] if len(technologies) == 1 else todo("the slug of its technology")
        yield as_yaml({"products": [_product(slug, product, only) for product in products]})


def _product(supplier: str, name: str, technology: str) -> dict[str, str]:
    ending = "-".join("".join(letter if letter.isascii() and letter.isalnum() else " " for letter in name.lower()).split())
    return {"slug": f"{supplier}-{ending}", "name": name, "technology": technology, "face": "unknown", "basis": "memory"}


def new_place(data: Path, slug: str, name: str, kind: PlaceKind, state: str) -> str:
    """Write data/jurisdictions/SLUG.yml; DataError where it is there. Returns what comes next."""
    return _written(data / "jurisdictions" / f"{slug}.yml", _place(slug, name, kind, state))


def _place(slug: str, name: str, kind: PlaceKind, state: str) -> Iterator[str]:
    yield as_yaml({"id": slug, "name": name, "kind": kind, "state": state})
    yield as_yaml({"deciding_body": todo("who votes on purchases, e.g. City Council")})
    yield "# Departments that a law names or that buy such things, with the other names under which contracts know them.\n" + BASIS
    agency = {"name": todo("e.g. Sampleton Police Department"), "kind": "police", "aliases": [todo("e.g. Police")], "basis": "memory"}
    yield as_yaml({"agencies": [agency]})


def new_law(data: Path, slug: str, jurisdiction: str, kind: Kind, title: str) -> str:
    """Write data/laws/SLUG.yml; DataError where it is there or the place is not known. Returns what comes next."""
    must_be_a_place(data, jurisdiction)
    return _written(data / "laws" / f"{slug}.yml", _law(slug, jurisdiction, kind, title))


def _law(slug: str, jurisdiction: str, kind: Kind, title: str) -> Iterator[str]:
    yield as_yaml({"id": slug, "jurisdiction": jurisdiction, "kind": kind, "title": title})
    yield as_yaml({"citation": todo("how a lawyer cites it, e.g. Sampleton Code 9.99")})
    yield as_yaml({"url": todo("the address of its text; take this line out where there is none")})
    yield "# unverified until somebody has read it; then in_force.\n" + as_yaml({"status": "unverified"})
    yield EVIDENCE
    yield "# Where the day is not known, leave date empty; every answer is then a review.\n"
    note = todo("where the day comes from, or that it is not known")
    yield as_yaml({"effective": {"date": None, "quality": "unknown", "note": note, "evidence": "M"}})
    yield "# mode: all, list or police_only. A list has names:, as the law writes them.\n"
    yield as_yaml({"agencies": {"mode": "all", "evidence": "M"}})
    yield "# The acts that need a vote or a report. Without any, the law asks for nothing yet.\n"
    yield as_yaml({"triggers": [], "triggers_evidence": "M", "legacy": {"rule": "unknown", "evidence": "M"}})
    yield "# What you read, and where: at least one line. No quotation over 25 words.\n"
    yield as_yaml({"sources": [todo("e.g. Sampleton Code 9.99, read on the city's code site, with its address")]})
    yield "# The evidence of each part you fill in: triggers, agencies, exemptions ...\n" + as_yaml({"evidence": {"triggers": "M"}})


def _written(path: Path, parts: Iterator[str]) -> str:
    write_new(path, DRAFT + "".join(parts))
    return f"Wrote {path}.\nNext: write what is marked TODO, then `registry check`. CONTRIBUTING.md shows a finished file."
