"""The first draft of a source file: what the portal says, each of its columns, and a TODO for what a person must know."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

from ..kinds import KINDS, FieldName, MatterOutcome
from .columns import ColumnWords, likely
from .described import NOT_STATED
from .seen import LEFT_OUT, Seen, Wanted
from .words import as_yaml, plain, todo

ASKED = {
    "jurisdiction": "the id of the place, as its file in data/jurisdictions is named",
    "publisher": "who publishes it, e.g. City of Sampleton, Purchasing",
    "buyer_name": "who buys, e.g. City of Sampleton",
    "covers_from": "the first day the data set covers, YYYY-MM-DD; where nobody says, the day on which you looked",
    "grain": "what one row is, e.g. One row per contract and change order.",
    "amounts_mean": "what an amount tells, e.g. Each row is a change to the contract, so that the sum is its value.",
    "date_format": "how its days are written: iso for 2024-01-31 (with or without a time), or e.g. %m/%d/%Y",
    "key": "the columns that together tell one row from every other",
}
NO_STATUS_SEEN = "what it comes to, and a line for every other status word"
MOST_STATUSES = 60  # no council we know of has more words for how far a matter came
USUAL_ENCODING = "utf-8-sig"
ISO_PORTALS = ("arcgis", "legistar", "socrata")  # whose own types give days as ISO 8601, or as moments that are read so


def source_draft(wanted: Wanted, seen: Seen, words: ColumnWords, today: str) -> str:
    """The text of data/sources/SLUG.yml."""
    return "".join(_parts(wanted, seen, words, today))


def licence_of(seen: Seen) -> str:
    """The licence as the portal states it."""
    return plain(seen.told.licence) or NOT_STATED


def publisher_of(seen: Seen) -> str:
    """The publisher as the portal states it, or ""."""
    return plain(seen.told.publisher)


def _parts(wanted: Wanted, seen: Seen, words: ColumnWords, today: str) -> Iterator[str]:
    yield "# A draft: what is marked TODO is for you to write. `registry check` lists what is left.\n"
    yield as_yaml(_head(wanted, seen))
    yield as_yaml(_probed(seen, today))
    yield as_yaml({name: todo(ASKED[name]) for name in ("buyer_name", "covers_from", "grain", "amounts_mean")})
    yield "# Amounts are changes, and added up. Where every row tells the whole contract's amount, write: amounts_are: totals\n"
    yield as_yaml({"date_format": "iso" if seen.at.portal in ISO_PORTALS else todo(ASKED["date_format"]), "key": [todo(ASKED["key"])]})
    yield from _statuses(wanted, seen, words)
    yield from _link(seen)
    yield f"# Move each column you use from ignore to here. Also, where there are such columns: {', '.join(KINDS[wanted.kind].also)}.\n"
    yield as_yaml({"fields": {name: todo(_question(name, seen, words)) for name in KINDS[wanted.kind].needed}})
    yield from _columns(seen)
    yield from _expected(seen)


def _statuses(wanted: Wanted, seen: Seen, words: ColumnWords) -> Iterator[str]:
    """A council's own status words must be told apart by a person; other kinds have none."""
    if wanted.kind == "matters":
        yield f"# Each status word of the portal comes to one of: {', '.join(get_args(MatterOutcome))}.\n"
        yield "# There may be more words than were seen: one that has no line is reported by the load, and its outcome stays open.\n"
        found = _status_words(seen, words)
        yield as_yaml({"statuses": dict.fromkeys(found, todo("what it comes to")) or {"Passed": todo(NO_STATUS_SEEN)}})


def _status_words(seen: Seen, words: ColumnWords) -> list[str]:
    """Those that the portal says are in use, else those in the column of the rows seen that looks like the status."""
    column = likely(words, "status", _open_columns(seen))[:1]
    in_rows = [record.get(seen.columns[name].name, "") for name in column for record in seen.records]
    found = dict.fromkeys(plain(word) for word in seen.told.statuses or in_rows if word != LEFT_OUT)
    return [word for word in found if word][:MOST_STATUSES]


def _link(seen: Seen) -> Iterator[str]:
    if "link" in seen.at.access:
        yield '# A row\'s page for people is made as access: link says; under fields, write: source_url: ":link"\n'


def _open_columns(seen: Seen) -> tuple[str, ...]:
    return tuple(name for name in seen.columns if name not in seen.personal)


def _head(wanted: Wanted, seen: Seen) -> dict[str, Any]:
    hosts = {"hosts": list(wanted.hosts)} if wanted.hosts else {}
    encoding = {"encoding": wanted.encoding} if wanted.encoding != USUAL_ENCODING else {}
    inside = {name: value for name, value in (("sheet", wanted.sheet), ("rows_at", wanted.rows_at)) if value}
    licence_url = plain(seen.told.licence_url)
    return {
        "id": wanted.slug, "title": plain(seen.told.title) or todo("what the data set is called"),
        "jurisdiction": wanted.jurisdiction or todo(ASKED["jurisdiction"]), "kind": wanted.kind, "portal": seen.at.portal,
        "url": wanted.url, "access": seen.at.access, **hosts, **encoding, **inside,
        "publisher": publisher_of(seen) or todo(ASKED["publisher"]), "licence": licence_of(seen),
        **({"licence_url": licence_url} if licence_url.startswith(("http://", "https://")) else {}),
    }  # fmt: skip


def _probed(seen: Seen, today: str) -> dict[str, str]:
    count = len(seen.columns) + seen.unlisted
    if not seen.asked:
        return {"last_probed": "never", "probed_with": f"Not probed. {count} columns, as a saved file has them."}
    rows = "and it does not count its rows" if seen.rows is None else f"{seen.rows:,} rows"
    return {"last_probed": today, "probed_with": f"Answered with status 200: {count} columns, {rows}."}


def _question(name: FieldName, seen: Seen, words: ColumnWords) -> str:
    found = likely(words, name, _open_columns(seen))
    perhaps = f" Perhaps {', '.join(plain(one) for one in found)}." if found else ""
    return f"which of the columns below is the {name.replace('_', ' ')}?{perhaps}"


def _columns(seen: Seen) -> Iterator[str]:
    used = {name: _reason(seen, name) for name in _open_columns(seen)}
    yield as_yaml({"ignore": used})
    if seen.unlisted:
        yield f"# {seen.unlisted:,} more columns are not listed: too many, or names that cannot be read. Is this the right data set?\n"
    yield "# Personal by their names, so nothing of them is asked for. A column that is harmless may be moved to ignore or used.\n"
    yield as_yaml({"never_fetched": seen.personal})


def _reason(seen: Seen, name: str) -> str:
    """The portal's own words of a column, or that it has none."""
    label, words = (plain(one) for one in seen.told.columns.get(name, (None, None)))
    said = ". ".join(one for one in (label if label.lower() != name.lower() else "", words) if one)
    return f"Not looked at yet. The portal says: {said}" if said else "Not looked at yet; the portal says nothing of it."


def _expected(seen: Seen) -> Iterator[str]:
    if seen.rows:
        yield "# Nine tenths of the rows seen: with fewer, the portal is not believed.\n"
        yield as_yaml({"expect": {"rows_at_least": max(1, seen.rows * 9 // 10)}})
