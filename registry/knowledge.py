"""The rows in which the site documents its own knowledge: places, technologies, suppliers, sources. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .catalog import Catalog
from .source import Source
from .vocabulary import Name, Product, Supplier, Technology, names_index, spelling

Row = dict[str, Any]


def technology_rows(technologies: Mapping[str, Technology]) -> Iterator[Row]:
    """One row per technology, with the words by which it is found."""
    for one in technologies.values():
        yield {
            "id": one.slug, "name": one.name, "definition": one.definition, "terms": _list(one.terms),
            "weak_terms": _list(term for weak in one.weak_terms for term in weak.terms),
            "negative_terms": _list((*one.negative.near, *one.negative.anywhere)),
            "also": _list(one.also), "source_url": one.source, "evidence": one.evidence,
        }  # fmt: skip


def supplier_rows(suppliers: Mapping[str, Supplier]) -> Iterator[Row]:
    """One row per supplier."""
    for one in suppliers.values():
        yield {
            "id": one.slug, "name": one.name, "aliases": _names(one.aliases),
            "former_names": _list(_dated(former.name, until=former.until) for former in one.former_names),
            "parents": _list(_dated(parent.name, parent.since, parent.until) for parent in one.parents),
            "technologies": _list(one.technologies), "specialist": int(one.specialist == "yes"),
            "basis": one.evidence.basis, "source_url": one.evidence.source_url, "notes": one.evidence.notes,
        }  # fmt: skip


def product_rows(suppliers: Mapping[str, Supplier]) -> Iterator[Row]:
    """One row per product of every supplier."""
    for supplier in suppliers.values():
        for product in supplier.products:
            yield _product(supplier, product)


def _product(supplier: Supplier, product: Product) -> Row:
    return {
        "id": product.slug, "name": product.name, "supplier": supplier.slug, "technology": product.technology,
        "aliases": _names(product.aliases), "face": product.face, "face_since": product.face_since,
        "face_basis": product.face_basis, "basis": product.basis, "source_url": product.source_url, "notes": product.notes,
    }  # fmt: skip


def name_rows(catalog: Catalog) -> Iterator[Row]:
    """One row per searchable name of a product, supplier or technology."""
    for number, (name, about, kind, display) in enumerate(names_index(catalog.technologies, catalog.suppliers), 1):
        # What stands in brackets lists parts or owners: right in the product's row, too long in a sentence.
        yield {"id": f"n{number}", "name": name, "about": about, "kind": kind, "display": display.split(" (")[0]}


def source_rows(sources: Mapping[str, Source]) -> Iterator[Row]:
    """One row per portal data set."""
    for one in sources.values():
        yield {
            "id": one.id, "title": one.title, "jurisdiction": one.jurisdiction or None, "kind": one.kind, "portal": one.portal,
            "url": one.url, "licence": one.licence, "licence_url": one.licence_url, "publisher": one.publisher,
            "grain": one.grain, "amounts_mean": one.amounts_mean, "last_probed": one.last_probed,
            "columns_never_fetched": _list(one.never_fetched), "notes": " ".join((one.notes, one.probed_with)).strip(),
        }  # fmt: skip


def _names(names: Iterable[str | Name]) -> str:
    return _list(spelling(name).name for name in names)


def _dated(name: str, since: int | None = None, until: int | None = None) -> str:
    years = (
        f"{since or ''}–{until or ''}".strip("–") if since and until else f"from {since}" if since else f"until {until}" if until else ""
    )
    return f"{name} ({years})" if years else name


def _list(values: Iterable[str]) -> str:
    return json.dumps(list(values), ensure_ascii=False)
