"""All the knowledge of data/, read and checked together: what the engine knows, and nothing else does."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from .errors import DataError
from .law_book import LawBook, load_law_book
from .records import Record, load_records
from .records_laws import RecordsLaw, load_records_laws
from .source import Source, load_sources
from .vocabulary import Supplier, Technology, load_vocabulary


class Catalog(NamedTuple):
    """Every entry of data/ by its slug; immutable."""

    book: LawBook
    technologies: Mapping[str, Technology]
    suppliers: Mapping[str, Supplier]
    sources: Mapping[str, Source]
    records: list[Record]
    records_laws: Mapping[str, RecordsLaw]


def load_catalog(data: Path) -> Catalog:
    """Read and check data/; DataError names the file, the key, the allowed values and what to do."""
    book, vocabulary, sources = load_law_book(data), load_vocabulary(data), load_sources(data)
    for source in sources.values():
        if source.jurisdiction not in book.jurisdictions:
            path = data / "sources" / f"{source.id}.yml"
            raise DataError(f"{path}: jurisdiction `{source.jurisdiction}` has no file in data/jurisdictions.")
    records = load_records(data, set(book.jurisdictions), set(vocabulary.technologies))
    records_laws = load_records_laws(data, {place.state for place in book.jurisdictions.values()})
    return Catalog(book, vocabulary.technologies, vocabulary.suppliers, sources, records, records_laws)
