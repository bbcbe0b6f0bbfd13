"""Look at a data set nobody has described yet: its columns, its number of rows, and a few rows without personal columns."""

from __future__ import annotations

import datetime
import tempfile
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from .. import archive, incoming, pages
from ..access import FORMS
from ..errors import SourceError
from ..fetch import Ask, Fetcher, Web
from ..kinds import KindName
from ..portals import PORTALS, arcgis, ckan, fetcher_of, legistar, socrata
from ..portals.paged import Asked, Survey
from ..publishable import PERSONAL
from ..source import Source
from . import addresses, described
from .addresses import Address
from .columns import ColumnWords, why_personal
from .described import Described

MOST_COLUMNS = 300  # no table of contracts we know of has more
LONGEST_NAME = 200
ROWS = 5
LONGEST_VALUE = 300
LEFT_OUT = "(left out: looked like personal data)"
WIRES = {"arcgis": arcgis.WIRE, "ckan": ckan.WIRE, "legistar": legistar.WIRE, "socrata": socrata.WIRE}


class Wanted(NamedTuple):
    """What a person says of a new source; `hosts`: further ones that its portal may lead to.

    Of a file: its `encoding`, the `sheet` of a workbook, and by which names JSON leads to its rows (`rows_at`).
    """

    slug: str
    url: str
    jurisdiction: str
    kind: KindName
    hosts: tuple[str, ...]
    encoding: str
    sheet: str = ""
    rows_at: str = ""


class Seen(NamedTuple):
    """What was seen: `personal` column -> why it is not fetched; `unlisted` columns are too many or unfit.

    `asked`: whether the portal was; `rows` is None where it was not, or does not count.
    """

    at: Address
    told: Described
    columns: dict[str, pages.WireColumn]
    personal: dict[str, str]
    unlisted: int
    rows: int | None
    records: list[dict[str, str]]
    asked: bool


def look(wanted: Wanted, words: ColumnWords, web: Web) -> Seen:
    """Ask the portal. SourceError where it does not answer usably, RegistryError where the address says too little."""
    with tempfile.TemporaryDirectory() as folder:
        named = addresses.recognise(wanted.url)
        fetcher = fetcher_of(provisional(named, wanted), web, Path(folder))
        at, told = described.describe(named, wanted.url, lambda url: fetcher.page(Ask(url))[1], words)
        source = provisional(at, wanted)
        found = PORTALS[at.portal].survey(source, fetcher)
        # One that lists no columns has those that it is described to have.
        found = found._replace(columns=found.columns or _untyped(told))
        columns, unlisted = _listed(found.columns)
        personal = _personal(columns, told, words)
        records = _rows(provisional(at, wanted, tuple(name for name in columns if name not in personal)), fetcher, found)
    return Seen(at, told, columns, personal, unlisted, found.rows, records, asked=True)


def look_offline(wanted: Wanted, file: Path, words: ColumnWords) -> Seen:
    """What a saved reply of the portal that names the columns, or the data file itself, says; no row is taken from it."""
    at = addresses.recognise(wanted.url)
    told = _saved_file(at, wanted, file) if at.portal in FORMS else described.describe_saved(at, _json(file), str(file), words)
    columns, unlisted = _listed(_untyped(told))
    return Seen(at, told, columns, _personal(columns, told, words), unlisted, None, [], asked=False)


def _untyped(told: Described) -> dict[str, pages.WireColumn]:
    return {name: pages.WireColumn(name=name, type="") for name in told.columns}


def _json(file: Path) -> Any:
    try:
        return pages.parse_json(file.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise SourceError(f"{file}: not a saved reply of a portal ({error}). Save what the portal answers as JSON.") from error


def _saved_file(at: Address, wanted: Wanted, file: Path) -> Described:
    with tempfile.TemporaryDirectory() as folder:
        load = archive.keep(file, Path(folder), str(file))
        with incoming.reading(provisional(at, wanted), load) as table:
            return described.NOTHING_SAID._replace(columns=dict.fromkeys(table.columns, (None, None)))


def provisional(at: Address, wanted: Wanted, columns: tuple[str, ...] = ()) -> Source:
    """A source file that says only how its data set is fetched and which columns are kept: enough to look at it."""
    return Source(
        id="draft", title="", jurisdiction="", kind=wanted.kind, portal=at.portal, url=wanted.url, publisher="", licence="", grain="",
        amounts_mean="", last_probed="", buyer_name="", covers_from=datetime.date.today(), fields={}, key=columns, date_format="iso",
        access=at.access, hosts=wanted.hosts, encoding=wanted.encoding, sheet=wanted.sheet, rows_at=wanted.rows_at,
    )  # fmt: skip


def _listed(found: Mapping[str, pages.WireColumn]) -> tuple[dict[str, pages.WireColumn], int]:
    """The columns a source file can name, and how many it cannot: unreadable names, and those beyond MOST_COLUMNS."""
    fit = [name for name in found if name and len(name) <= LONGEST_NAME and name.replace("\n", " ").isprintable()]
    listed = fit[:MOST_COLUMNS]
    return {name: found[name] for name in listed}, len(found) - len(listed)


def _personal(columns: Mapping[str, Any], told: Described, words: ColumnWords) -> dict[str, str]:
    labels = {name: told.columns.get(name, (None, None))[0] or "" for name in columns}
    reasons = {name: why_personal(words, name, label) for name, label in labels.items()}
    return {name: reason for name, reason in reasons.items() if reason}


def _rows(source: Source, fetcher: Fetcher, found: Survey) -> list[dict[str, str]]:
    """The first rows of the source's kept columns, values as text under the portal's own names."""
    load = archive.newest(fetcher.folder)
    if load is None:
        wire = WIRES[source.portal]
        taken, body = fetcher.page(wire.address(source, found, Asked(0, "", ROWS)))
        kept = [found.columns[name].name for name in source.kept]
        records = islice(pages.RECORDS[wire.form](body, taken.name), ROWS)
        return [{name: recorded(record[name]) for name in kept if record.get(name) is not None} for record in records]
    with incoming.reading(source, load) as table:
        rows = [dict(zip(table.header, row, strict=False)) for row in islice(filter(None, table.rows), ROWS)]
    return [{name: recorded(row[name]) for name in source.kept if name in row} for row in rows]


def recorded(value: Any) -> str:
    """A value as a recording keeps it: text, capped, and not where it looks like a person's address or number."""
    text = pages.text(value)[:LONGEST_VALUE]
    return LEFT_OUT if any(pattern.search(text) for pattern in PERSONAL.values()) else text
