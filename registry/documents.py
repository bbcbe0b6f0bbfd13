"""A document that a search found by the name of a product or company: a lead to read, never evidence of a purchase. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import clean
from .determine import Found, found_columns
from .holdings import Trade, undated_holdings
from .normalise import read_field
from .sentences import say
from .source import Source
from .staged import RawRow

Row = dict[str, Any]


def document_row(source: Source, rows: list[RawRow], row_id: str, found: Found, load: str) -> Row:
    """The row of `documents` of one document, which as many searches found as it has rows."""
    row = rows[0]
    day = read_field(source, "date_published", row)
    return {
        "id": row_id, "jurisdiction": source.jurisdiction or None, "source": source.id, "title": clean.text(row["title"]),
        "publisher": clean.text(row.get("publisher", "")), "date_published": day,
        **found_columns(found), "supplier": found.supplier, "source_url": clean.web_address(row["source_url"]) or source.url, "load": load,
        "year": int(str(day)[:4]) if day else None,
    }  # fmt: skip


def document_sentence(document: Row) -> str:
    """One sentence of what the search found."""
    title, publisher = document["title"], document["publisher"]
    if publisher:
        return say(f"A document of {publisher} that mentions it: {title}.")
    return say(f"A document that mentions it: {title}.")


def document_holdings(document: Row, found: Found, trade: Trade) -> Iterator[Row]:
    """Leads to everything the document mentions, in the place it is known to be about; nothing where that is not known."""
    if not document["jurisdiction"]:
        return
    said, day = document_sentence(document), document["date_published"]
    for holding in undated_holdings("document", document, said, day, found, trade, grade="secondary"):
        yield {**holding, "firm": 0}
