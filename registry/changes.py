"""What a source changed between loads, in the words of the registry: days as ISO, amounts in dollars, fields by their own names. Pure."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Literal, get_args

from . import clean
from .audit import reader
from .history import Change
from .kinds import DATE_FIELDS
from .names import names_a_company
from .source import Source

Row = dict[str, Any]
LONGEST_VALUE = 500
# The tables' words for one row that changed, in the order of the columns of `changes`.
About = Literal["contract", "payment", "matter", "document"]
AMENDED = ("amendment_added", "amendment_disappeared")


def change_rows(source: Source, about: About, row: Row, changes: Iterable[Change]) -> Iterator[Row]:
    """The rows of `changes` of one published row; another spelling of the same value is no change.

    Only a contract has amendments: elsewhere a row more or less of one thing says nothing of it. Changes that read alike (two new
    rows of one key and amount) are told apart by their number.
    """
    seen: Counter[str] = Counter()
    for one in changes:
        if about == "payment" and one.field == "supplier_name" and not (names_a_company(one.old) and names_a_company(one.new)):
            continue  # either may be a person's name
        old, new = shown(source, one.field, one.old), shown(source, one.field, one.new)
        if (about == "contract" or one.kind not in AMENDED) and (one.kind != "changed" or old != new):
            sign = _fingerprint(one)
            seen[sign] += 1
            yield {
                "id": f"{row['id']}__{sign}{f'-{seen[sign]}' if seen[sign] > 1 else ''}",
                "source": source.id, "jurisdiction": source.jurisdiction,
                **{name: row["id"] if name == about else None for name in get_args(About)},
                "load": f"{source.id}_{one.load}", "noticed_on": one.noticed_at[:10],
                "kind": one.kind, "revision": clean.text(one.revision) or None, "field": one.field or None,
                "old_value": old, "new_value": new, "technologies": row["technologies"],
            }  # fmt: skip


def shown(source: Source, field: str, raw: str) -> str | None:
    """A raw value as the registry shows it; what cannot be read is shown as published, a blank is None."""
    try:
        return _read(source, field, raw) or None
    except ValueError:
        return clean.text(raw, LONGEST_VALUE) or None


def _read(source: Source, field: str, raw: str) -> str:
    if field in DATE_FIELDS:
        return str(reader(source, field)(raw) or "")
    if field == "value_amount":
        cents = reader(source, field)(raw)
        return "" if cents is None else f"{int(cents) / 100:.2f}"
    return clean.web_address(raw) if field == "source_url" else clean.text(raw, LONGEST_VALUE)


def _fingerprint(one: Change) -> str:
    """Twelve signs that stay the same whenever the history is told again from the archive; readers' tools keep them."""
    return hashlib.sha256("\0".join((one.load, one.kind, one.revision, one.field, one.old, one.new)).encode()).hexdigest()[:12]
