"""Every portal times every fault: the rows are complete, or the source fails loudly and yesterday's rows stay."""

from __future__ import annotations

import functools
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import portal_simulator
import pytest
import stamina
from conftest import ROOT
from portal_simulator import FIXED, KINDS, PAGED, Fault, Simulator
from portal_wires import TOKEN
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from registry import archive, remembered, unchanged
from registry.catalog import Catalog, load_catalog
from registry.fetch import ATTEMPTS, open_web
from registry.paths import Paths
from registry.pipeline import load
from registry.report import Report
from registry.source import Source

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    with HTTPServer(host="127.0.0.1") as one:
        yield one


@pytest.fixture
def portal(server: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    monkeypatch.setenv("REGISTRY_PACE", "0")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("SYNTHETIC_SODA3", TOKEN)
    with stamina.set_testing(True, attempts=ATTEMPTS):
        yield Simulator(server)


@pytest.fixture(scope="module", autouse=True)
def fingerprinted_once() -> Iterator[None]:
    """No test here changes the engine or data/, so what they are is worked out once for all of them."""
    once = functools.cache(unchanged.fingerprint)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unchanged, "fingerprint", once)
        patch.setattr(remembered, "fingerprint", once)
        yield


@pytest.fixture(scope="module")
def slim() -> Catalog:
    """The real laws and places, one technology, one synthetic supplier and no records: what a load of a portal needs."""
    real = load_catalog(ROOT / "data")
    one = {"gunshot_detection": real.technologies["gunshot_detection"]}
    return real._replace(technologies=one, suppliers={"synthetic-maker": portal_simulator.supplier()}, records=[], flows=[])


class City(NamedTuple):
    """Two sources over one simulator: the one that is tested, and another that must never be spoiled."""

    paths: Paths
    catalog: Catalog

    def refresh(self, *, offline: bool = False) -> Report:
        wanted = list(self.catalog.sources)
        if offline:
            return load(self.paths, self.catalog, wanted, None, lambda title, size: lambda rows: None)
        with open_web() as web:
            return load(self.paths, self.catalog, wanted, web, lambda title, size: lambda rows: None)

    def staged(self, source: str = "synthetic") -> list[tuple[Any, ...]]:
        return _rows(self.paths.staging(source), "SELECT * FROM rows ORDER BY row")

    def numbers(self, source: str = "synthetic") -> list[str]:
        column = self.catalog.sources[source].fields["contract_number"]
        return [row[0] for row in _rows(self.paths.staging(source), f"SELECT [{column}] FROM rows ORDER BY [{column}]")]

    def coverage(self, source: str = "synthetic") -> tuple[str, str]:
        ((state, why),) = _rows(self.paths.registry, f"SELECT state, why FROM coverage WHERE source = '{source}'")
        return state, why


def _rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        return db.execute(query).fetchall()


@pytest.fixture
def city(portal: Simulator, slim: Catalog, tmp_path: Path) -> Callable[..., City]:
    def make(kind: str, **given: Any) -> City:
        tested = portal_simulator.source(kind, portal.base, **given)
        other = portal_simulator.source(
            "delimited", portal.base, id="other", id_prefix="other", access={"base": portal.base, "path": "other.csv"},
            expect=portal_simulator.Expect(),
        )  # fmt: skip
        sources: dict[str, Source] = {"synthetic": tested, "other": other}
        return City(Paths(ROOT / "data", tmp_path / "build"), slim._replace(sources=sources))

    return make


# --- faults: each takes the healthy reply and gives the one that is sent ------------------------------------------------------

def _on_pages(change: Callable[[Response], Response]) -> Fault:
    return lambda portal, request, kind, plain: change(plain) if kind in ("page", "file") else plain


def _status(status: int, body: bytes = b"", **headers: str) -> Fault:
    return _on_pages(lambda plain: Response(body, status, headers={name.replace("_", "-"): value for name, value in headers.items()}))


def _body(body: bytes, status: int = 200) -> Fault:
    return _on_pages(lambda plain: Response(body, status, content_type="text/html"))


def _cut(plain: Response) -> Response:
    whole = plain.get_data()
    return Response(whole[: len(whole) // 2], 200, content_type=plain.content_type)


def _dropped(plain: Response) -> Response:
    whole = plain.get_data()
    reply = Response(whole[: len(whole) // 2], 200, content_type=plain.content_type)
    reply.automatically_set_content_length = False
    reply.headers["Content-Length"] = str(len(whole))
    return reply


def _latin(plain: Response) -> Response:
    return Response(plain.get_data().decode().encode("latin-1"), 200, content_type=plain.content_type)


def _moving(portal: Simulator, request: Request, kind: str, plain: Response) -> Response:
    """A row is published while pages are read."""
    if kind != "page":
        return plain
    number = len(portal.rows) + 1
    portal.rows = [*portal_simulator.rows(1, number + 100), *portal.rows]
    return portal._plain(request)[1]


def _swapped(portal: Simulator, request: Request, kind: str, plain: Response) -> Response:
    """One row goes and another comes while pages are read, so that the count stays and a row comes twice."""
    if kind != "page" or portal.seen["page"] % 3 != 1:
        return plain
    portal.rows = [*portal_simulator.rows(1, 200 + portal.seen["page"]), *portal.rows[:-1]]
    return Response(plain.get_data(), 200, content_type=plain.content_type)


def _first_page_again(portal: Simulator, request: Request, kind: str, plain: Response) -> Response:
    """Offsets and conditions are ignored: the same page comes each time."""
    if kind != "page":
        return plain
    portal.first = getattr(portal, "first", plain.get_data())
    return Response(portal.first, 200, content_type=plain.content_type)


def _count_lies(portal: Simulator, request: Request, kind: str, plain: Response) -> Response:
    portal.lie = 3
    return portal._plain(request)[1]


def _disordered(portal: Simulator, request: Request, kind: str, plain: Response) -> Response:
    """Every page is cut from rows in another order, as if none had been asked for."""
    if kind != "page":
        return plain
    portal.rows = portal.rows[1::2] + portal.rows[::2]
    return portal._plain(request)[1]


def _error_object(portal: Simulator, request: Request, kind: str, plain: Response) -> Response:
    errors = {
        "/resource": {"code": "query.execution.internal", "error": True, "message": "Something went wrong"},
        "/api/v3": {"code": "query.execution.internal", "error": True, "message": "Something went wrong"},
        "/api/3": {"help": "", "success": False, "error": {"__type": "Internal Server Error", "message": "oops"}},
        "/layer": {"error": {"code": 500, "message": "Error performing query operation", "details": []}},
        "/v1": {"Message": "An error has occurred."},
        "/api/documents": {"error": "Server error"},
        "/api/v2": {"detail": "Sorry, something has gone wrong"},
        "/data": {"message": "You must be logged in", "error": True},
    }
    found = next((error for begin, error in errors.items() if request.path.startswith(begin) and kind in ("page", "file")), None)
    return plain if found is None else Response(json.dumps(found), 200, content_type="application/json")


# name -> (fault, how often it strikes, what must come of it)
FAULTS: dict[str, tuple[Fault, float, str]] = {
    "429 that says how long": (_status(429, Retry_After="1"), 2, "complete"),
    "429 that does not": (_status(429), 2, "complete"),
    "429 for good": (_status(429, Retry_After="3600"), float("inf"), "failed"),
    "202 and nothing yet": (_status(202), 1, "complete"),
    "500 with an empty body": (_status(500), 1, "complete"),
    "503 for good": (_status(503), float("inf"), "failed"),
    "connection dropped once": (_on_pages(_dropped), 1, "complete"),
    "connection dropped for good": (_on_pages(_dropped), float("inf"), "failed"),
    "403": (_status(403, b"Forbidden"), float("inf"), "failed"),
    "404": (_status(404, b"<html>Not here</html>"), float("inf"), "failed"),
    "HTML with 200": (_body(b"<!doctype html><title>Maintenance</title>"), float("inf"), "failed"),
    "error object with 200": (_error_object, float("inf"), "failed"),
    "empty body with 200": (_body(b""), float("inf"), "failed"),
    "body cut short": (_on_pages(_cut), float("inf"), "failed"),
    "another encoding": (_on_pages(_latin), float("inf"), "failed"),
    "redirect to a stranger": (_status(302, Location="http://stranger.example/data"), float("inf"), "failed"),
    "redirect in a circle": (_status(301, Location="/data.csv"), float("inf"), "failed"),
}
PAGED_FAULTS: dict[str, tuple[Fault, float, str]] = {
    "rows move once": (_moving, 1, "complete"),
    "rows move all the time": (_moving, float("inf"), "failed"),
    "the same page again and again": (_first_page_again, float("inf"), "failed"),
    "a count that lies": (_count_lies, float("inf"), "failed"),
    "another order for each page": (_disordered, float("inf"), "failed"),
}
# A council's portal gives no count. Pages that begin after the last row's number, as three have them, are in order by themselves.
NOT_FOR = {("legistar", "a count that lies"), ("arcgis", "another order for each page"), ("legistar", "another order for each page")}
CASES = [(kind, name) for kind in KINDS for name in FAULTS]
CASES += [(kind, name) for kind in PAGED for name in PAGED_FAULTS if (kind, name) not in NOT_FOR]


def yesterday_and_today(portal: Simulator, here: City) -> list[tuple[Any, ...]]:
    """Load ten rows as yesterday's, then let the portal have thirteen."""
    report = here.refresh()
    assert not report.failed, [report.sources["synthetic"].error, report.issues]
    portal.rows = portal_simulator.rows(13)
    return here.staged()


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_rows_are_complete_or_the_source_fails_loudly(kind: str, name: str, portal: Simulator, city: Callable[..., City]) -> None:
    here = city(kind)
    before = yesterday_and_today(portal, here)
    fault, times, outcome = {**FAULTS, **PAGED_FAULTS}[name]
    portal.strike(fault, times)
    report = here.refresh()
    assert here.numbers("other") == ["C0501", "C0502", "C0503", "C0504"]
    assert report.sources["other"].result == "unchanged"
    if outcome == "complete":
        assert here.numbers() == sorted(row["number"] for row in portal.rows)
        assert (report.failed, report.sources["synthetic"].result, here.coverage()[0]) == (False, "loaded", "searched")
    else:
        assert here.staged() == before
        assert report.failed and report.sources["synthetic"].result == "failed"
        state, why = here.coverage()
        assert state == "searched" and why.endswith(f"The newest refresh failed: {report.sources['synthetic'].error}")
        assert any(place in why for place in (portal.base, "https://example.org/synthetic", "data."))


@pytest.mark.parametrize("kind", KINDS)
def test_a_portal_that_never_answered_is_not_searched(kind: str, portal: Simulator, city: Callable[..., City]) -> None:
    here = city(kind)
    portal.strike(lambda portal, request, kind, plain: Response(b"", 503))
    report = here.refresh()
    assert report.failed and here.coverage()[0] == "failed"
    assert here.coverage("other")[0] == "searched"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("change", ["removed", "renamed", "other case"])
def test_a_column_that_is_gone_fails_the_source(kind: str, change: str, portal: Simulator, city: Callable[..., City]) -> None:
    here = city(kind)
    before = yesterday_and_today(portal, here)
    others = {"removed": [], "renamed": ["headline"], "other case": ["TITLE"]}[change]
    portal.columns = [name for name in portal.columns if name != "title"] + others
    report = here.refresh()
    assert report.failed and here.staged() == before
    refused = {"legistar": "MatterTitle", "usaspending": "Description"}
    assert refused.get(kind, "lacks the column 'title'") in report.sources["synthetic"].error
    assert "The newest refresh failed" in here.coverage()[1]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in FIXED])
def test_a_new_column_is_reported_and_the_rows_are_loaded(kind: str, portal: Simulator, city: Callable[..., City]) -> None:
    here = city(kind)
    yesterday_and_today(portal, here)
    portal.columns = [*portal.columns, "novel"]
    report = here.refresh()
    assert len(here.staged()) == 13 and report.failed
    assert [(issue.kind, issue.field) for issue in report.errors] == [("unknown_column", "novel")]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("left", [0, 2])
def test_a_portal_that_lost_its_rows_is_not_believed(kind: str, left: int, portal: Simulator, city: Callable[..., City]) -> None:
    here = city(kind)
    before = yesterday_and_today(portal, here)
    portal.rows = portal.rows[:left]
    report = here.refresh()
    assert report.failed and here.staged() == before
    assert "expect:" in report.sources["synthetic"].error


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_that_repeats_fails_the_source(kind: str, portal: Simulator, city: Callable[..., City]) -> None:
    here = city(kind)
    before = yesterday_and_today(portal, here)
    portal.rows[1]["number"] = portal.rows[0]["number"]
    report = here.refresh()
    assert report.failed and here.staged() == before
    assert "key_may_repeat" in report.sources["synthetic"].error


@pytest.mark.parametrize("kind", PAGED)
@pytest.mark.parametrize(("count", "most"), [(8, 1_000), (9, 3), (12, 4), (5, 1)])
def test_lowered_limits_and_full_last_pages_lose_nothing(
    kind: str, count: int, most: int, portal: Simulator, city: Callable[..., City]
) -> None:
    portal.rows, portal.most = portal_simulator.rows(count), most
    here = city(kind)
    assert not here.refresh().failed
    assert here.numbers() == [row["number"] for row in portal.rows]


# Pages that begin after the last row's number, as arcgis has them, neither lose nor repeat a row when others come and go.
@pytest.mark.parametrize("kind", ["socrata", "ckan"])
def test_one_row_goes_and_another_comes_while_pages_are_read(kind: str, portal: Simulator, city: Callable[..., City]) -> None:
    here = city(kind)
    before = yesterday_and_today(portal, here)
    portal.strike(_swapped)
    report = here.refresh()
    assert report.failed and here.staged() == before


@pytest.mark.parametrize("kind", KINDS)
def test_the_archive_gives_the_same_rows_without_the_portal(kind: str, portal: Simulator, city: Callable[..., City]) -> None:
    here = city(kind)
    yesterday_and_today(portal, here)
    assert not here.refresh().failed
    fetched = here.staged()
    here.paths.staging("synthetic").unlink()
    asked = len(portal.asked)
    assert not here.refresh(offline=True).failed
    assert here.staged() == fetched and len(portal.asked) == asked


@pytest.mark.parametrize("kind", KINDS)
def test_an_unchanged_portal_is_not_staged_again(kind: str, portal: Simulator, city: Callable[..., City]) -> None:
    here = city(kind)
    here.refresh()
    file = here.paths.staging("synthetic").stat().st_ino
    portal.asked.clear()
    report = here.refresh()
    assert report.sources["synthetic"].result == "unchanged"
    assert here.paths.staging("synthetic").stat().st_ino == file, "staging was made again"
    assert len(list(archive.every(here.paths.archive("synthetic")))) == 1
    assert any("If-None-Match" in request.headers for request in portal.asked)


@pytest.mark.parametrize("kind", KINDS)
def test_values_come_as_text_and_personal_columns_do_not_come(kind: str, portal: Simulator, city: Callable[..., City]) -> None:
    here = city(kind)
    here.refresh()
    first, _, third = sorted(here.staged(), key=lambda row: row[1])[:3]
    assert first[1:6] == ("C0001", "SYNTHETIC ROAD SALT é", "SYNTHETIC SUPPLIER", "POLICE", "100")
    assert first[6][:10] == "2024-01-02" and first[7] == "https://example.org/contract/1"
    assert third[5] == ""
    if kind in PAGED:
        folder = here.paths.archive("synthetic")
        archived = [archive.read_page(folder, path.stem) for path in (folder / "pages").iterdir()]
        assert archived and not any(b"SYNTHETIC PERSON" in raw for raw in archived)


@pytest.mark.parametrize("kind", PAGED)
def test_a_nul_in_json_refuses_the_row_and_says_so(kind: str, portal: Simulator, city: Callable[..., City]) -> None:
    portal.rows[4]["title"] = "SYNTHETIC\0TITLE"
    here = city(kind)
    report = here.refresh()
    assert report.failed and "C0005" not in here.numbers() and len(here.staged()) == 9
    assert [issue.kind for issue in report.errors] == ["nul_byte"]


@pytest.mark.parametrize("kind", PAGED)
def test_a_damaged_archive_is_noticed(kind: str, portal: Simulator, city: Callable[..., City]) -> None:
    here = city(kind)
    here.refresh()
    folder = here.paths.archive("synthetic")
    newest = archive.newest(folder)
    assert newest is not None
    here.paths.staging("synthetic").unlink()
    for page in (folder / "pages").iterdir():
        page.unlink()
    report = here.refresh(offline=True)
    assert report.failed and "the archive cannot be read" in report.sources["synthetic"].error
