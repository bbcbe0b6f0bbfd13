"""The files in data/sources: each loads from a portal that speaks as its own does, and two ways into one portal agree."""

from __future__ import annotations

import datetime
import json
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import msgspec
import portal_simulator
import pytest
import yaml
from conftest import ROOT, SOURCE, Checkout, row
from portal_searches import CLIENT, finds
from portal_simulator import Simulator
from portal_wires import NAMES

from registry import archive
from registry.asking import asking
from registry.audit import reader
from registry.catalog import Catalog, load_catalog
from registry.clean import ISO, OR
from registry.fetch import open_web
from registry.kinds import DATE_FIELDS
from registry.paths import Paths
from registry.pipeline import load
from registry.probing import probe
from registry.source import Expect, Source, load_sources

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])
SOURCES = load_sources(ROOT / "data")
Row = dict[str, Any]


def as_the_interface_has_it(at: int, line: dict[str, str]) -> Row:
    """Field names for labels, days as moments, blanks left out."""
    days = {label: re.sub(r"(\d\d)/(\d\d)/(\d{4})", r"\3-\1-\2T00:00:00.000", value) for label, value in line.items() if "Date" in label}
    return {"id": at, "starts": "", "link": "", **{field(label): value for label, value in {**line, **days}.items() if value}}


def field(label: str) -> str:
    return re.sub(r"\W+", "_", label.lower())


def test_a_file_and_the_interface_of_one_portal_tell_the_same(
    copied: Checkout, portal: Simulator, portal_file: Callable[..., Path]
) -> None:
    slip = SOURCES[SOURCE].known_slips[0]
    lines = [row(), row(number="900002", pdf="https://example.org/contract.pdf"), row(number=slip.key[0], **{slip.column: slip.value})]
    portal.labels = {field(label): label for label in lines[0]}
    portal.columns = list(portal.labels)
    portal.rows = [as_the_interface_has_it(at, line) for at, line in enumerate(lines, 1)]
    path = copied.data / "sources" / f"{SOURCE}.yml"
    told = yaml.safe_load(path.read_text(encoding="utf-8"))
    told["access"]["base"], told["expect"] = portal.base, {}
    path.write_text(yaml.safe_dump(told), encoding="utf-8")
    answers = []
    for ways in ((SOURCE, "--from", portal_file(lines)), (SOURCE,)):
        result = copied.run("load", *ways)
        assert result.exit_code == 0, result.output
        assert [one["field"] for one in copied.issues("known_slip")] == [slip.column]
        answers.append(copied.rows("SELECT * FROM contracts ORDER BY id"))
    by_file, by_interface = ([{**one, "load": ""} for one in answer] for answer in answers)
    assert len(by_file) == 3 and by_file == by_interface
    assert {one["contract_number"]: one["period_start_date"] for one in by_file}[slip.key[0]] is None
    assert not [request for request in portal.asked if "vendor_id" in request.url or "address" in request.url]


@pytest.mark.parametrize("slip", SOURCES[SOURCE].known_slips)
def test_a_slip_that_is_known_cannot_be_read(slip: Any) -> None:
    with pytest.raises(ValueError, match="has a year outside"):
        reader(SOURCES[SOURCE], "period_start_date")(slip.value)
    assert slip.column in SOURCES[SOURCE].fields.values() and len(slip.key) == len(SOURCES[SOURCE].key)
    assert msgspec.structs.asdict(slip)["note"]


# --- every source file, loaded from a portal that speaks as its own does and has its columns ------------------------------------

TABLES = {"contracts": "contracts", "payments": "transactions", "matters": "matters", "documents": "documents"}
MAKER, PERSON = "Synthetic Maker", "SYNTHETIC PERSON"


@pytest.fixture(scope="module")
def slim() -> Catalog:
    """The real laws and places, one technology, and one synthetic supplier of it, who sells nothing else."""
    real = load_catalog(ROOT / "data")
    maker = msgspec.structs.replace(portal_simulator.supplier(), specialist="yes")
    one = {"gunshot_detection": real.technologies["gunshot_detection"]}
    return real._replace(technologies=one, suppliers={maker.slug: maker}, records=[], flows=[])


def day_as_written(source: Source, at: int) -> str:
    """The same day in each of the forms that the source file names, in turn."""
    forms = source.date_format.split(OR)
    form = forms[at % len(forms)]
    return "2026-03-04T00:00:00.000" if form == ISO else datetime.date(2026, 3, 4).strftime(form)


def value(source: Source, column: str, at: int) -> str:
    """What a portal could have in this column: something readable where it is used, a person's name where it is never fetched."""
    uses = [field for field, one in source.fields.items() if one == column]
    if column in source.never_fetched:
        return PERSON
    if set(uses) & set(DATE_FIELDS):
        return day_as_written(source, at)
    told = {
        "value_amount": f"{at}234.50", "supplier_name": MAKER, "title": "GUNSHOT DETECTION SYSTEM: SYNTHETIC ALPHA",
        "status": next(iter(source.statuses), "Synthetic"), "source_url": f"https://example.org/{at}",
    }  # fmt: skip
    return next((told[use] for use in uses if use in told), f"value {at}")


def described(source: Source, portal: Simulator) -> Source:
    """The source over the simulator, which has its columns and six rows of them."""
    shown = [column for column in sorted(source.known) if not source.portals_own(column)]
    portal.labels = {field(column) if source.access.get("columns") == "labels" else column: column for column in shown}
    portal.columns = list(portal.labels)
    plain = {column: name for name, column in NAMES.get(source.portal, {}).items()}
    for at in range(1, 7):
        told = {name: value(source, column, at) for name, column in portal.labels.items()}
        as_plain = {plain[name]: one for name, one in told.items() if name in plain}
        portal.rows[at - 1 :] = [{"link": "", **as_plain, **told, "id": at, "starts": "2026-03-04"}]
    base = f"{portal.base}/v1" if source.portal == "legistar" else portal.base
    client = {"client": CLIENT} if source.portal == "legistar" else {}
    return msgspec.structs.replace(source, access={**source.access, "base": base, **client}, hosts=(), expect=Expect())


@pytest.mark.parametrize("slug", [slug for slug, source in SOURCES.items() if source.access])
def test_every_source_file_loads_from_a_portal_that_has_its_columns(
    slug: str, portal: Simulator, slim: Catalog, tmp_path: Path
) -> None:
    source, here = SOURCES[slug], described(SOURCES[slug], portal)
    paths, catalog = Paths(ROOT / "data", tmp_path / "build"), slim._replace(sources={slug: here})
    parts = len(source.access.get("resource", "one").split())
    with open_web() as web:
        probed = probe(here, web, asking(here, catalog))
        assert probed.result == "ok", probed
        report = load(paths, catalog, [slug], web, lambda title, size: lambda rows: None)
    assert not report.failed, (report.sources[slug].error, report.issues[0].message if report.issues else "")
    with closing(sqlite3.connect(f"file:{paths.registry}?mode=ro", uri=True)) as db:
        ((published,),) = db.execute(f"SELECT count(*) FROM {TABLES[source.kind]} WHERE source = ?", (slug,)).fetchall()
        ((state, scope),) = db.execute("SELECT state, scope FROM coverage WHERE source = ?", (slug,)).fetchall()
        assert (published, state, scope) == (6 * parts, "searched", "matched_only" if source.asks else "whole")
        assert not [line for line in db.iterdump() if PERSON in line]
    archived = [archive.read_page(paths.archive(slug), page.stem) for page in (paths.archive(slug) / "pages").iterdir()]
    assert archived and not any(PERSON.encode() in raw for raw in archived)


@pytest.mark.parametrize("slug", [slug for slug, source in SOURCES.items() if source.asks])
def test_a_portal_too_large_is_asked_by_name_and_never_for_everything(
    slug: str, portal: Simulator, slim: Catalog, tmp_path: Path
) -> None:
    here = described(SOURCES[slug], portal)
    with open_web() as web:
        probe(here, web, asking(here, slim))
    of_rows = [request for request in portal.asked if "/views/" not in request.path]
    asked = [f"{unquote_plus(request.url)} {request.get_data().decode()}".lower() for request in of_rows]
    assert asked and all("synthetic" in one for one in asked)


def test_a_document_mentions_what_it_was_searched_for_though_its_title_does_not(portal: Simulator, slim: Catalog, tmp_path: Path) -> None:
    here = described(SOURCES["documentcloud-products"], portal)
    portal.rows = [{**row, "title": "Exhibit 4"} for row in portal.rows]
    paths, catalog = Paths(ROOT / "data", tmp_path / "build"), slim._replace(sources={here.id: here})
    with open_web() as web:
        assert not load(paths, catalog, [here.id], web, lambda title, size: lambda rows: None).failed
    with closing(sqlite3.connect(f"file:{paths.registry}?mode=ro", uri=True)) as db:
        found = db.execute("SELECT title, products FROM documents ORDER BY id").fetchall()
    asked = [f'"{one.name}"' for one in portal_simulator.supplier().products]
    names = {query: query.strip('"').lower().replace(" ", "-") for query in asked}
    expected = [sorted(names[query] for query in asked if finds(query, row)) for row in portal.rows]
    assert [title for title, _ in found] == ["Exhibit 4"] * 6
    assert sorted(sorted(json.loads(products)) for _, products in found) == sorted(expected)
    assert {len(one) for one in expected} == {1, 2}
