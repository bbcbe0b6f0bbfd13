"""The whole story of one contract, record, payment, council matter or document, read from the registry: row, match, rule, citation."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from .errors import RegistryError
from .matters import matter_sentence
from .payments import payment_sentence
from .sql import open_read_only

# What can be asked for, where it stands, and by which column.
KINDS = (
    ("contract", "contracts", "id"), ("record", "records", "id"), ("payment", "transactions", "id"), ("matter", "matters", "id"),
    ("document", "documents", "id"), ("contract", "contracts", "contract_number"), ("matter", "matters", "matter_number"),
)  # fmt: skip
FOOTER = "Our reading of public law texts. Not legal advice and not a finding that anyone broke the law."


def explain(registry: Path, wanted: str) -> dict[str, Any]:
    """Everything the registry holds of one thing (by id; a contract or matter also by number); RegistryError for none or several."""
    with closing(open_read_only(registry)) as db:
        kind, found = _find(db, wanted)
        return _story(db, kind, found)


def _find(db: sqlite3.Connection, wanted: str) -> tuple[str, dict[str, Any]]:
    for kind, table, column in KINDS:
        rows = _rows(db, f"SELECT * FROM {table} WHERE {column} = ?", wanted)
        if len(rows) > 1:
            raise RegistryError(f"`{wanted}` is the number of several {table}: {', '.join(row['id'] for row in rows)}. Give the id.")
        if rows:
            return kind, rows[0]
    raise RegistryError(
        f"No contract, record, payment, matter or document `{wanted}` in the registry. It holds only what matched a surveillance "
        "technology: "
        "absence here is not proof that there is no contract. Ids stand on the site and in `matches`."
    )


def _story(db: sqlite3.Connection, kind: str, found: dict[str, Any]) -> dict[str, Any]:
    # Only acquisitions are judged: a payment, a matter or a mention is evidence of one.
    judges = f"SELECT * FROM determinations WHERE {kind} = ? ORDER BY decides DESC, law"
    judged = _rows(db, judges, found["id"]) if kind in ("contract", "record") else []
    changed = f"SELECT noticed_on, said FROM changes_told WHERE {kind} = ? ORDER BY noticed_on, id"
    for one in judged:
        for name in ("facts", "trace", "unknowns"):
            one[name] = json.loads(one[name])
    return {
        "kind": kind,
        kind: found,
        "amendments": _rows(db, "SELECT * FROM amendments WHERE contract = ? ORDER BY rowid", found["id"]),
        "matches": _rows(db, f"SELECT * FROM matches WHERE {kind} = ? ORDER BY rowid", found["id"]),
        "determinations": judged,
        "changes": [] if kind == "record" else _rows(db, changed, found["id"]),
        "load": _rows(db, "SELECT * FROM loads WHERE id = ?", found.get("load")),
        "note": FOOTER,
    }


def _rows(db: sqlite3.Connection, query: str, value: str | None) -> list[dict[str, Any]]:
    return [dict(row) for row in db.execute(query, (value,))]


def in_words(told: dict[str, Any]) -> str:
    """The story for a person, from the published row to the law's section."""
    return "\n".join([*_what(told), *_source(told), *_evidence(told), *_law(told), "", told["note"]])


def _what(told: dict[str, Any]) -> Iterator[str]:
    one = told[told["kind"]]
    yield f"{one['title'] or one.get('supplier_name')} ({one['id']})"
    if told["kind"] in SENTENCES:
        yield f"  {SENTENCES[told['kind']](one)}"
        return
    if told["kind"] == "record":
        yield f"  {one['event_type']}, {one['stage'] or 'no stage given'}, {one['event_date'] or 'undated'}; {one['buyer_unit']}"
        yield f"  {one['finding']}"
        return
    value = "amount not published" if one["value_amount"] is None else f"{one['value_amount']:,.2f} {one['value_currency']}"
    unit, supplier = one["buyer_unit"] or "department not published", one["supplier_name"] or "supplier not published"
    yield f"  {one['buyer_name']}, {unit} with {supplier}: {value}"
    term = f"{one['period_start_date'] or '?'} to {one['period_end_date'] or '?'}"
    yield f"  signed {one['date_signed'] or 'on an unpublished day'}; term {term}; {one['amendment_count']} amendments"


def _matter(one: dict[str, Any]) -> str:
    return f"{matter_sentence(one)} Outcome: {one['outcome'] or 'not known'}; decided {one['date_decided'] or 'on no published day'}."


def _document(one: dict[str, Any]) -> str:
    return f"A document of {one['publisher'] or 'an unnamed publisher'} that mentions it: a lead to read, no evidence of a purchase."


SENTENCES: dict[str, Callable[[dict[str, Any]], str]] = {"payment": payment_sentence, "matter": _matter, "document": _document}


def _source(told: dict[str, Any]) -> Iterator[str]:
    one = told[told["kind"]]
    yield f"Source: {one['source_url']}"
    for load in told["load"]:
        yield f"  read from {load['origin']} at {load['read_at']}, sha256 {load['sha256']}"
    if one.get("disappeared_on"):
        yield f"  no longer in the publisher's list since {one['disappeared_on']}; this is what it last said"
    for change in told["changes"]:
        yield f"  {change['noticed_on']}: {change['said']}"
    for row in told["amendments"]:
        amount = "no amount" if row["value_amount"] is None else f"{row['value_amount']:,.2f}"
        counted = "" if row["counted"] else " (repeats, not counted again)"
        yield f"  row {row['source_row']}: revision {row['revision']}, signed {row['date_signed'] or '?'}: {amount}{counted}"


def _evidence(told: dict[str, Any]) -> Iterator[str]:
    yield "Why it is here:"
    for match in told["matches"]:
        named = match["product"] or match["supplier"] or match["technology"]
        lead = " - a lead only: the supplier's name does not say what was bought" if match["evidence"] == "supplier" else ""
        found = f"{match['technology']} by {match['evidence']} `{match['term']}` ({named}) in the {match['field']}"
        yield f'  {found}: "{match["excerpt"]}"{lead}'


def _law(told: dict[str, Any]) -> Iterator[str]:
    for one in told["determinations"]:
        if one["decides"]:
            yield f"What the law says: {one['sentence']}"
            yield f"  outcome {one['outcome']}{_extra(one)}, rule {one['rule']}: {one['reason']}"
            yield f"  facts used: {json.dumps(one['facts'], ensure_ascii=False)} (date from {one['date_basis']})"
            if one["unknowns"]:
                yield f"  not known: {', '.join(one['unknowns'])}"
            if one["citation"]:
                yield f"  citation: {one['citation']} {one['citation_url']} [evidence {one['evidence']}]"
        else:
            yield f"  also considered: {one['law']}: {one['outcome']} [{one['rule']}] {one['reason']}"


def _extra(one: dict[str, Any]) -> str:
    told = [f"{name} {one[name]}" for name in ("timing", "floor", "likely") if one[name]]
    return f" ({', '.join(told)})" if told else ""
