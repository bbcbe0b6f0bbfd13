"""Legistar Web API (OData): all matters of a council, then histories and attachments of those whose words name what we know.

It gives no total, at most 1,000 rows a page, and `$skip` lets pages overlap; so each page asks for the matters after the last
id, until one comes back empty, and the highest id and the newest change must be the same before and after. A change's own time
does not tell of every change (https://github.com/opencivicdata/python-legistar-scraper asks for fifteen dates besides), so every load reads
all matters again, which also notices the deleted ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote, urlencode

import msgspec
from ahocorasick_rs import AhoCorasick

from ..errors import SourceError
from ..fetch import Ask, Fetcher, Taken
from ..names import fold
from ..pages import RECORDS, Detail, Manifest, Page, Record, WireColumn, archive_manifest
from ..source import Source
from . import paged
from .paged import Asked, Survey, Wire, answer, shaped

IDENTITY = "MatterId"
CHANGED = "MatterLastModifiedUtc"
PAGE = 1_000
MOST_DETAILS = 5_000
# The portal's name is wrong or it was never opened: that will not pass, though the status says so.
HOPELESS = ("LegistarConnectionString setting is not set up",)
DETAILS = {
    ":histories": (
        "histories",
        ("MatterHistoryActionDate", "MatterHistoryActionName", "MatterHistoryActionBodyName", "MatterHistoryPassedFlagName"),
    ),
    ":attachments": ("attachments", ("MatterAttachmentName", "MatterAttachmentHyperlink")),
}


class _First(msgspec.Struct, rename="pascal"):
    matter_id: str
    matter_last_modified_utc: str


def survey(source: Source, fetcher: Fetcher, query: str) -> Survey:
    """The highest id and the moment of the newest change; there is no count.

    Columns are those asked for: a name that is gone is refused by the portal.
    """
    last, newest = (_first(source, fetcher, order) for order in (IDENTITY, CHANGED))
    columns = {column: WireColumn(name=column, type="") for column in source.wanted}
    page = min(int(source.access.get("page", PAGE)), PAGE)
    return Survey(columns, None, newest.matter_last_modified_utc, IDENTITY, page, until=last.matter_id)


def _first(source: Source, fetcher: Fetcher, order: str) -> _First:
    found = answer(fetcher, _matters(source, [IDENTITY, CHANGED], [], f"{order} desc", 1), list[_First])
    return found[0] if found else _First("", "")


def address(source: Source, found: Survey, asked: Asked) -> Ask:
    """What to ask for the next page, of the columns that are kept and no others."""
    if asked.last and not asked.last.isdecimal():
        raise SourceError(f"{source.id}: {source.url}: the id {asked.last[:40]!r} is not a number, so no page can follow it.")
    bounds = [f"{IDENTITY} {than} {one}" for than, one in (("gt", asked.last), ("le", found.until)) if one]
    return _matters(source, list(dict.fromkeys([IDENTITY, *source.wanted])), bounds, IDENTITY, asked.page)


def _matters(source: Source, columns: list[str], conditions: list[str], order: str, most: int) -> Ask:
    since = source.access.get("since", "")
    dated = [f"(MatterIntroDate ge datetime'{since}' or MatterIntroDate eq null)"] if since else []
    conditions = [*dated, *conditions]
    asked = {"$select": ",".join(columns), "$orderby": order, "$top": str(most)}
    return _ask(source, "matters", {**asked, "$filter": " and ".join(conditions)} if conditions else asked)


def _ask(source: Source, path: str, parameters: dict[str, str]) -> Ask:
    asked = urlencode(parameters, safe="$,()'", quote_via=quote)
    return Ask(f"{source.access['base']}/{source.access['client']}/{path}?{asked}")


def fetch(source: Source, fetcher: Fetcher) -> None:
    """Archive all matters, then what the source keeps of the histories and attachments of those that name something we know."""
    manifest = paged.gather(WIRE, source, [source], fetcher)
    matters = list(_naming(source, fetcher, manifest))
    if len(matters) > MOST_DETAILS:
        raise SourceError(
            f"{source.id}: {len(matters):,} matters name something we know, too many to be asked for one by one. Nothing was changed; "
            f"say since which day in data/sources/{source.id}.yml (access: since)."
        )
    details = {
        column: Detail(identity=IDENTITY, fields=fields, pages={one: _detail(source, fetcher, one, path, fields) for one in matters})
        for column, (path, fields) in DETAILS.items()
        if column in source.kept
    }
    archive_manifest(source.id, fetcher.folder, msgspec.structs.replace(manifest, details=details))


def _naming(source: Source, fetcher: Fetcher, manifest: Manifest) -> Iterator[str]:
    """The ids of the matters whose words name what the load is about."""
    names = AhoCorasick([f" {name} " for name in fetcher.asking.names])
    for page in manifest.pages:
        for record in RECORDS[manifest.form](fetcher.read(Taken(page.url, page.sha256, page.bytes, True)), page.url):
            if names.find_matches_as_indexes(f" {_words(source, record)} "):
                yield str(record[IDENTITY])


def _words(source: Source, record: Record) -> str:
    return fold(" ".join(str(record.get(column) or "") for column in source.wanted))


def _detail(source: Source, fetcher: Fetcher, matter: str, path: str, fields: tuple[str, ...]) -> Page:
    taken = fetcher.take(_ask(source, f"matters/{matter}/{path}", {"$select": ",".join(fields)}), conditional=True)
    rows = shaped(fetcher.read(taken), list[dict[str, str | None]], taken.name)
    return Page(url=taken.name, sha256=taken.sha256, bytes=taken.size, rows=len(rows), last="")


WIRE = Wire("array", survey, address, complete=True)
