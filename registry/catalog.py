"""All the knowledge of data/, read and checked together: what the engine knows, and nothing else does."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from .asking import queries
from .corrections import Correction, known_ids, load_corrections
from .errors import DataError
from .law_book import LawBook, load_law_book
from .records import Record, load_records
from .records_laws import RecordsLaw, load_records_laws
from .reviews import Review, load_reviews
from .sharing import Flow, load_flows
from .source import Source, load_sources
from .vocabulary import Supplier, Technology, Vocabulary, load_vocabulary, vocabulary_hashes


class Catalog(NamedTuple):
    """Every entry of data/ by its slug; immutable."""

    book: LawBook
    technologies: Mapping[str, Technology]
    suppliers: Mapping[str, Supplier]
    sources: Mapping[str, Source]
    records: list[Record]
    records_laws: Mapping[str, RecordsLaw]
    corrections: list[Correction]
    flows: list[Flow]
    reviews: list[Review]


def load_catalog(data: Path) -> Catalog:
    """Read and check data/; DataError names the file, the key, the allowed values and what to do."""
    book, vocabulary, sources = load_law_book(data), load_vocabulary(data), load_sources(data)
    for source in sources.values():
        if source.jurisdiction and source.jurisdiction not in book.jurisdictions:
            path = data / "sources" / f"{source.id}.yml"
            raise DataError(f"{path}: jurisdiction `{source.jurisdiction}` has no file in data/jurisdictions.")
    _check_asks(data, sources, vocabulary)
    records = load_records(data, set(book.jurisdictions), set(vocabulary.technologies))
    records_laws = load_records_laws(data, {place.state for place in book.jurisdictions.values()})
    known = known_ids(book, vocabulary.technologies, vocabulary.suppliers, sources, records)
    corrections = load_corrections(data, known, records)
    flows = load_flows(data, records)
    reviews = load_reviews(data, {slug for slug, source in sources.items() if source.kind == "matters"})
    return Catalog(book, vocabulary.technologies, vocabulary.suppliers, sources, records, records_laws, corrections, flows, reviews)


def _check_asks(data: Path, sources: Mapping[str, Source], vocabulary: Vocabulary) -> None:
    """A source that is asked for some rows only must have something to ask for: asked for nothing, it would be read whole."""
    slugs = vocabulary_hashes(vocabulary.technologies, vocabulary.suppliers)
    for source in sources.values():
        path = data / "sources" / f"{source.id}.yml"
        for slug in source.asks.only if source.asks else ():
            if slug not in slugs:
                raise DataError(f"{path}: asks: only: `{slug}` is no supplier or product. Their slugs stand in data/suppliers.")
        if source.asks and not queries(source, vocabulary):
            raise DataError(f"{path}: asks: there is no name to ask for. Look at `each` and `only`.")
