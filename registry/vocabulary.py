"""The words the registry searches by: technologies, suppliers and their products, read from data/.

One YAML file per technology in data/technologies and per supplier in data/suppliers. Every file is
checked alone (shape.py) and then together: slugs are unique, technologies named by suppliers exist.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal, TypeVar

from .errors import DataError
from .names import fold, supplier_key
from .shape import Strict, load_file

Basis = Literal["source", "memory"]
Face = Literal["no", "optional", "yes", "unknown"]
Evidence = Literal["P", "O", "S", "M"]
YesNo = Literal["yes", "no"]
Kind = Literal["technology", "supplier", "product"]


class WeakTerms(Strict, frozen=True):
    """Words too common to count alone: they need one of `context`, or a specialist supplier."""

    terms: list[str]
    context: list[str] = []


class Negative(Strict, frozen=True):
    """Phrases that cancel a term.

    `near`: where they overlap or adjoin it. `in_text`: anywhere in the same text. `anywhere`: in the same
    text, the buyer unit or the supplier's name.
    """

    near: list[str] = []
    in_text: list[str] = []
    anywhere: list[str] = []


class Row(Strict, frozen=True):
    """The words of one contract, as an example."""

    title: str
    description: str = ""
    supplier: str = ""
    buyer_unit: str = ""


class Examples(Strict, frozen=True):
    """Rows that must give this technology, and rows that must not."""

    match: list[str | Row]
    not_match: list[str | Row]


class Technology(Strict, frozen=True):
    """One thing a city can buy, in words a resident understands.

    `in_company_names: no` where a company that carries the words in its name may well sell other things.
    """

    slug: str
    name: str
    definition: str
    terms: list[str]
    examples: Examples
    source: str
    evidence: Evidence
    also: list[str] = []
    weak_terms: list[WeakTerms] = []
    negative: Negative = Negative()
    spellings: dict[str, list[str]] = {}
    in_company_names: YesNo = "yes"
    face_notes: str = ""
    notes: str = ""


class Name(Strict, frozen=True):
    """One spelling. `context`: other words that must be near it in running text, for ordinary words.

    `in_text: no` means the spelling is only compared with a supplier column, never sought in titles.
    """

    name: str
    context: list[str] = []
    in_text: YesNo = "yes"


class FormerName(Strict, frozen=True):
    """A name the company had before `until` (a year)."""

    name: str
    until: int | None = None
    basis: Basis = "memory"
    source_url: str = ""
    notes: str = ""


class Parent(Strict, frozen=True):
    """A company that owns this one, from the year `since` to the year `until`."""

    name: str
    since: int | None = None
    until: int | None = None
    basis: Basis = "memory"
    source_url: str = ""
    notes: str = ""


class SupplierEvidence(Strict, frozen=True):
    """Where what is said of the supplier comes from; `memory` means unverified."""

    basis: Basis
    source_url: str = ""
    notes: str = ""


class Product(Strict, frozen=True):
    """One named product, and whether it can recognise faces and since when."""

    slug: str
    name: str
    technology: str
    face: Face
    basis: Basis
    aliases: list[str | Name] = []
    negative: Negative = Negative()
    face_since: str = ""
    face_basis: Basis = "memory"
    source_url: str = ""
    notes: str = ""


class Supplier(Strict, frozen=True):
    """One company (or programme) with its products. `specialist`: its name alone is a lead."""

    slug: str
    name: str
    specialist: YesNo
    technologies: list[str]
    evidence: SupplierEvidence
    aliases: list[str | Name] = []
    former_names: list[FormerName] = []
    parents: list[Parent] = []
    negative: Negative = Negative()
    products: list[Product] = []


class Vocabulary(Strict, frozen=True):
    """All technologies and suppliers, by slug, checked against each other."""

    technologies: dict[str, Technology]
    suppliers: dict[str, Supplier]


Item = TypeVar("Item", Technology, Supplier)


def load_vocabulary(data: Path) -> Vocabulary:
    """Read data/technologies and data/suppliers and check them together; DataError names file and remedy."""
    technologies, suppliers = load_technologies(data), load_suppliers(data)
    check_vocabulary(technologies, suppliers)
    return Vocabulary(technologies=technologies, suppliers=suppliers)


def load_technologies(data: Path) -> dict[str, Technology]:
    """Read every file of data/technologies, by slug."""
    return _load(data / "technologies", Technology)


def load_suppliers(data: Path) -> dict[str, Supplier]:
    """Read every file of data/suppliers, by slug."""
    return _load(data / "suppliers", Supplier)


def check_vocabulary(technologies: Mapping[str, Technology], suppliers: Mapping[str, Supplier]) -> None:
    """Raise DataError where two files disagree: a slug or company name used twice, an unknown technology."""
    for where, slug in _technology_uses(suppliers):
        if slug not in technologies:
            raise DataError(f"{where}: unknown technology `{slug}`. Allowed: {', '.join(sorted(technologies))}.")
    _refuse_twice(_slugs(technologies, suppliers), "slug")
    _refuse_twice(_keys(suppliers), "company name")


def spelling(name: str | Name) -> Name:
    """Return a spelling in its long form."""
    return name if isinstance(name, Name) else Name(name=name)


def supplier_spellings(supplier: Supplier) -> list[Name]:
    """Return every name of a company: its own, aliases and former names."""
    former = [Name(name=former.name) for former in supplier.former_names]
    return [Name(name=supplier.name, in_text="no"), *map(spelling, supplier.aliases), *former]


def product_spellings(product: Product) -> list[Name]:
    """Return the spellings a product is sought by; its display name counts only when no alias is given."""
    return [spelling(alias) for alias in product.aliases] or [Name(name=product.name)]


def vocabulary_hashes(technologies: Mapping[str, Technology], suppliers: Mapping[str, Supplier]) -> dict[str, str]:
    """Return, per slug, a short hash of the words it is searched by.

    A product that is added, or renamed, after a snapshot of matched rows was taken has a hash the
    snapshot does not know: there it was not searched for.
    """
    hashes = {slug: _hash(_technology_words(technology)) for slug, technology in technologies.items()}
    for slug, supplier in suppliers.items():
        hashes[slug] = _hash(map(_with_context, supplier_spellings(supplier)))
        for product in supplier.products:
            hashes[product.slug] = _hash(map(_with_context, product_spellings(product)))
    return hashes


def names_index(technologies: Mapping[str, Technology], suppliers: Mapping[str, Supplier]) -> list[tuple[str, str, Kind, str]]:
    """Return (folded name, slug, kind, display name) for every name a reader may type into the search box."""
    rows = [row for technology in technologies.values() for row in _technology_names(technology)]
    rows += [row for supplier in suppliers.values() for row in _supplier_names(supplier)]
    return sorted(set(rows))


def _load(folder: Path, kind: type[Item]) -> dict[str, Item]:
    found: dict[str, Item] = {}
    for path in sorted(folder.glob("*.yml")):
        item = load_file(path, kind)
        if item.slug != path.stem:
            raise DataError(f"{path}: slug `{item.slug}` must be the file's name. Write `slug: {path.stem}`.")
        found[item.slug] = item
    return found


def _technology_uses(suppliers: Mapping[str, Supplier]) -> Iterator[tuple[str, str]]:
    for supplier in suppliers.values():
        where = f"data/suppliers/{supplier.slug}.yml"
        yield from ((f"{where}: technologies", slug) for slug in supplier.technologies)
        yield from ((f"{where}: product {product.slug}", product.technology) for product in supplier.products)


def _slugs(technologies: Mapping[str, Technology], suppliers: Mapping[str, Supplier]) -> Iterator[tuple[str, str]]:
    yield from ((slug, f"data/technologies/{slug}.yml") for slug in technologies)
    for slug, supplier in suppliers.items():
        yield slug, f"data/suppliers/{slug}.yml"
        yield from ((product.slug, f"data/suppliers/{slug}.yml (product)") for product in supplier.products)


def _keys(suppliers: Mapping[str, Supplier]) -> Iterator[tuple[str, str]]:
    for slug, supplier in suppliers.items():
        keys = {supplier_key(name.name) for name in supplier_spellings(supplier)}
        yield from ((key, f"data/suppliers/{slug}.yml") for key in sorted(keys))


def _refuse_twice(uses: Iterator[tuple[str, str]], what: str) -> None:
    seen: dict[str, str] = {}
    for key, where in uses:
        if key in seen:
            raise DataError(f"{where}: {what} `{key}` is already used by {seen[key]}. Keep it in one place.")
        seen[key] = where


def _technology_words(technology: Technology) -> list[str]:
    weak = [f"{term} + {'|'.join(group.context)}" for group in technology.weak_terms for term in group.terms]
    cancel = technology.negative
    against = [f"- {term}" for term in (*cancel.near, *cancel.in_text, *cancel.anywhere)]
    return [*technology.terms, *weak, *against]


def _with_context(name: Name) -> str:
    return f"{name.name} + {'|'.join(name.context)}"


def _hash(words: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(map(str.lower, words))).encode()).hexdigest()[:12]


def _technology_names(technology: Technology) -> Iterator[tuple[str, str, Kind, str]]:
    slug, shown = technology.slug, technology.name
    for name in (slug, shown, *technology.also, *technology.terms):
        yield fold(name), slug, "technology", shown


def _supplier_names(supplier: Supplier) -> Iterator[tuple[str, str, Kind, str]]:
    for name in supplier_spellings(supplier):
        yield fold(name.name), supplier.slug, "supplier", supplier.name
        yield supplier_key(name.name), supplier.slug, "supplier", supplier.name
    for product in supplier.products:
        for name in (Name(name=product.name), *product_spellings(product)):
            yield fold(name.name), product.slug, "product", product.name
