"""A load that came in several pages: the list of them, and their rows read again from the archive."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, Literal, NamedTuple
from urllib.parse import quote

import msgspec
import zstandard

from . import archive
from .errors import SourceError
from .shape import Strict
from .source import Source

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Record = dict[str, Any]
Form = Literal["array", "result", "features", "results"]
LINK = ":link"
# The query that found a row. Where it is kept, a row found by two queries stands there twice.
QUERY = ":query"


class WireColumn(Strict, frozen=True):
    """How the portal names a column in its replies, and what it says it holds."""

    name: str
    type: str


class Page(Strict, frozen=True):
    """One archived reply: what was asked, the sha256 of its bytes and their number; how many rows, and what tells the last one apart."""

    url: str
    sha256: str
    bytes: int
    rows: int
    last: str
    place: int = 0  # which of several resources of one data set
    query: str = ""  # what was asked for, where that was not the whole data set


class Detail(Strict, frozen=True):
    """What belongs to some rows and was asked for one by one: the column that tells those apart, a page for each, the fields kept."""

    identity: str
    fields: tuple[str, ...]
    pages: dict[str, Page]


class Manifest(Strict, frozen=True):
    """What a load consists of. Nothing in it depends on when it was read, so the same content has the same hash."""

    form: Form
    rows: int
    columns: dict[str, WireColumn]
    pages: tuple[Page, ...]
    # Of a portal that was asked for some rows only: what tells a row apart that several queries found, and what was
    # searched for (slug -> hash of its words); nothing where everything was read.
    identity: str = ""
    searched_for: dict[str, str] | None = None
    details: dict[str, Detail] = {}
    # A hash of the queries and of what the source file narrows the data set to; "" where all of it was read.
    asked: str = ""

    @property
    def every_page(self) -> Iterator[Page]:
        """The pages of rows, then those of details."""
        return chain(self.pages, *(detail.pages.values() for detail in self.details.values()))

    @property
    def size(self) -> int:
        """The bytes of all pages."""
        return sum(page.bytes for page in self.every_page)


def name_of(source: str) -> str:
    """The file name under which the list of a source's pages stands in its archive."""
    return f"{source}.pages.json"


def archive_manifest(source: str, folder: Path, manifest: Manifest) -> archive.Archived:
    """Put the list of pages into the archive: from then on it is the source's newest load."""
    return archive.receive_manifest(msgspec.json.encode(manifest), folder, name_of(source), manifest.size)


def read_manifest(load: archive.Archived) -> Manifest:
    """The list of a load's pages; SourceError where it is damaged."""
    try:
        with zstandard.open(load.path, "rb") as file:
            return msgspec.json.decode(file.read(), type=Manifest)
    except (OSError, zstandard.ZstdError, msgspec.DecodeError) as error:
        raise SourceError(f"{load.path}: the archive cannot be read ({error}). Load the source from its portal again.") from error


def sweep(folder: Path, also: frozenset[str]) -> None:
    """Remove the pages that no load consists of, except those named by their hash in `also`."""
    loads = [load for load in archive.every(folder) if load.origin.endswith(".pages.json")]
    wanted = {page.sha256 for load in loads for page in read_manifest(load).every_page} | also
    for path in (folder / "pages").glob("*.zst"):
        if path.stem not in wanted:
            path.unlink()


def rows(source: Source, folder: Path, manifest: Manifest) -> Iterator[list[str]]:
    """Every row of every page as the text of the source's kept columns, in the order they came."""
    wanted = [manifest.columns.get(column, WireColumn(name=column, type="")) for column in source.kept]
    made = dict(_made(source, folder, manifest))
    seen: set[str] = set()
    asked = QUERY in source.kept
    for page in manifest.pages:
        for record in RECORDS[manifest.form](parse_json(archive.read_page(folder, page.sha256)), page.url):
            if manifest.identity and _again(f"{page.place} {record[manifest.identity]} {page.query if asked else ''}", seen):
                continue
            record[QUERY] = page.query
            for column, make in made.items():
                record[column] = make(record)
            yield [text(record.get(column.name), column.type) for column in wanted]


def _made(source: Source, folder: Path, manifest: Manifest) -> Iterator[tuple[str, Callable[[Record], str]]]:
    """The columns that no reply has, and what makes each of them of a row."""
    if LINK in source.kept:
        yield LINK, partial(link, source.access["link"])
    for column, detail in manifest.details.items():
        yield column, partial(_detail, folder, detail)


def link(template: str, record: Record) -> str:
    """The address of a row's page for people: a template with {columns} in it."""
    return re.sub(r"\{([^}]+)\}", lambda found: quote(text(record.get(found[1])), safe=""), template)


def _detail(folder: Path, detail: Detail, record: Record) -> str:
    """The fields of every different record of a row's detail page, as JSON; blank where none was asked for."""
    page = detail.pages.get(str(record[detail.identity]))
    if page is None:
        return ""
    found = _bare(parse_json(archive.read_page(folder, page.sha256)), page.url)
    told = [json.dumps({name: text(one.get(name)) for name in detail.fields}, ensure_ascii=False) for one in found]
    return f"[{', '.join(dict.fromkeys(told))}]"


def _again(name: str, seen: set[str]) -> bool:
    """Whether a row was seen before; if not, it is now."""
    before = len(seen)
    seen.add(name)
    return len(seen) == before


class Sought(NamedTuple):
    """What a load was asked for (slug -> hash of its words), None where its portal was not asked for some rows only; and a hash of
    what narrowed it to some rows of its data set, "" where nothing did: two loads are alike only where that is the same.
    """

    searched_for: dict[str, str] | None
    asked: str


def sought(source: str, load: archive.Archived) -> Sought:
    """What a load was asked for; one that is no list of pages was asked for nothing."""
    if load.origin != name_of(source):
        return Sought(None, "")
    manifest = read_manifest(load)
    return Sought(manifest.searched_for, manifest.asked)


def parse_json(raw: bytes) -> Any:
    """JSON with every number as the text that was sent; ValueError where it is not whole."""
    return json.loads(raw.decode("utf-8-sig"), parse_float=str, parse_int=str)


def text(value: Any, kind: str = "") -> str:
    """The text of one JSON value: blank for null, the address of a link object, the ISO moment of a date in milliseconds."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _moment(value) if kind == MILLISECONDS else _HALF_CHARACTER.sub("\ufffd", value)
    if isinstance(value, dict) and "url" in value:
        return str(value["url"] or "")
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


MILLISECONDS = "esriFieldTypeDate"
# JSON can write one half of a character outside the basic plane; no database keeps it. The archive has it as sent.
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")


def _moment(milliseconds: str) -> str:
    """ISO text (UTC) of milliseconds since 1970; what is not such a number stays as it is, to be reported as unreadable."""
    try:
        return f"{EPOCH + timedelta(milliseconds=int(milliseconds)):%Y-%m-%dT%H:%M:%SZ}"
    except (ValueError, OverflowError):
        return milliseconds


def _bare(body: Any, url: str) -> list[Record]:
    """A bare array of objects."""
    if isinstance(body, list) and all(isinstance(one, dict) for one in body):
        return body
    raise _not_rows(body, url)


def _result_records(body: Any, url: str) -> list[Record]:
    """`{"success": true, "result": {"records": [...]}}`."""
    if isinstance(body, dict) and body.get("success") is True and isinstance(body.get("result"), dict):
        return _bare(body["result"].get("records"), url)
    raise _not_rows(body, url)


def _feature_attributes(body: Any, url: str) -> list[Record]:
    """`{"features": [{"attributes": {...}}]}`."""
    if isinstance(body, dict) and "error" not in body and isinstance(body.get("features"), list):
        return _bare([feature.get("attributes") if isinstance(feature, dict) else None for feature in body["features"]], url)
    raise _not_rows(body, url)


def _flat_results(body: Any, url: str) -> list[Record]:
    """`{"results": [...]}`, an object within a row as columns of their own: `organization.name`."""
    if isinstance(body, dict) and "error" not in body:
        return [_flat(one) for one in _bare(body.get("results"), url)]
    raise _not_rows(body, url)


def _flat(record: Record) -> Record:
    inner = {f"{name}.{part}": value for name, one in record.items() if isinstance(one, dict) for part, value in one.items()}
    return {**record, **inner}


def _not_rows(body: Any, url: str) -> SourceError:
    return SourceError(
        f"{url}: status 200, but no rows came. The portal says: {json.dumps(body)[:200]}. "
        "Nothing was changed; look at the address, and correct the source file if the data set has moved."
    )


# Where the rows stand in each kind of reply.
RECORDS: dict[Form, Callable[[Any, str], list[Record]]] = {
    "array": _bare,
    "result": _result_records,
    "features": _feature_attributes,
    "results": _flat_results,
}
