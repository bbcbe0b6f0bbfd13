"""What each portal is asked, how its answers become text, and that every source file asks for what it needs only."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import portal_simulator
import pytest
import yaml
from conftest import ROOT, SOURCE, Checkout, rows
from portal_simulator import PAGED, Simulator
from werkzeug import Request, Response

from registry import pages
from registry.archive import newest
from registry.asking import Asking
from registry.errors import DataError, SourceError
from registry.fetch import Fetcher, Web
from registry.pages import MILLISECONDS, WireColumn, text
from registry.portals import PORTALS, fetcher_of
from registry.portals.paged import Survey, disagreement
from registry.probing import probe
from registry.source import Source, load_sources

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])
SOURCES = load_sources(ROOT / "data")
FETCHED = [slug for slug, source in SOURCES.items() if source.access]


def fetcher(source: Source, web: Web, tmp_path: Path) -> Fetcher:
    return fetcher_of(source, web, tmp_path / "archive")


# --- the real source files ----------------------------------------------------------------------------------------------------


def test_the_cities_that_are_described_are_there() -> None:
    assert len(FETCHED) >= 26
    assert {SOURCES[slug].portal for slug in FETCHED} >= {"socrata", "ckan", "legistar", "usaspending", "documentcloud"}


@pytest.mark.parametrize("slug", FETCHED)
def test_a_source_says_what_a_reader_must_know_before_it_is_believed(slug: str) -> None:
    source = SOURCES[slug]
    assert source.access["base"].startswith("https://")
    assert source.last_probed == "never" or len(source.last_probed) == 10
    assert source.probed_with or source.last_probed != "never"
    assert all(len(words) > 20 for words in (source.grain, source.amounts_mean))
    assert not set(source.never_fetched) & set(source.kept)


# --- what is asked ------------------------------------------------------------------------------------------------------------


def query(url: str) -> dict[str, str]:
    return {name: value for name, (value,) in parse_qs(urlsplit(url).query).items()}


@pytest.mark.parametrize("kind", ["socrata", "ckan", "arcgis"])
def test_every_page_is_ordered_by_what_tells_rows_apart(kind: str, portal: Simulator, web: Web, tmp_path: Path) -> None:
    source = portal_simulator.source(kind, portal.base)
    PORTALS[kind].fetch(source, fetcher(source, web, tmp_path))
    orders = {"socrata": ("$order", ":id"), "ckan": ("sort", "_id"), "arcgis": ("orderByFields", "OBJECTID")}
    name, by = orders[kind]
    asked = [query(request.url) for request in portal.asked]
    paged = [one for one in asked if name in one]
    assert len(paged) == 3 and all(one[name] == by for one in paged)
    assert not any("person" in " ".join(one.values()) for one in asked)


def test_a_condition_is_asked_of_the_rows_and_of_their_count(portal: Simulator, web: Web, tmp_path: Path) -> None:
    source = portal_simulator.source("socrata", portal.base)
    source = msgspec.structs.replace(source, access={**source.access, "where": "unit='POLICE' AND amount > 1"})
    PORTALS["socrata"].fetch(source, fetcher(source, web, tmp_path))
    asked = [query(request.url) for request in portal.asked if request.path.startswith("/resource")]
    assert len(asked) == 5 and {one["$where"] for one in asked} == {"unit='POLICE' AND amount > 1"}


def test_a_token_is_sent_only_where_the_environment_has_one(
    portal: Simulator, web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = portal_simulator.source("socrata", portal.base)
    probe(source, web)
    assert not any("X-App-Token" in request.headers for request in portal.asked)
    monkeypatch.setenv("SYNTHETIC_TOKEN", "SYNTHETIC")
    portal.asked.clear()
    probe(source, web)
    assert all(request.headers["X-App-Token"] == "SYNTHETIC" for request in portal.asked)


def test_columns_may_be_known_by_the_labels_that_people_see(portal: Simulator, web: Web, tmp_path: Path) -> None:
    fields = {field: column.title() for field, column in portal_simulator.KEPT.items()}
    source = portal_simulator.source("socrata", portal.base, fields=fields, key=("Number",), never_fetched={"Person": "A name."})
    source = msgspec.structs.replace(source, access={**source.access, "columns": "labels"})
    PORTALS["socrata"].fetch(source, fetcher(source, web, tmp_path))
    load = newest(tmp_path / "archive")
    assert load is not None
    first = next(pages.rows(source, tmp_path / "archive", pages.read_manifest(load)))
    assert dict(zip(source.kept, first, strict=True))["Title"] == "SYNTHETIC ROAD SALT é"


def test_the_file_behind_a_resource_is_found_by_its_id(portal: Simulator, web: Web, tmp_path: Path) -> None:
    source = portal_simulator.source("ckan", portal.base)
    source = msgspec.structs.replace(source, access={**source.access, "as": "delimited"})
    PORTALS["ckan"].fetch(source, fetcher(source, web, tmp_path))
    load = newest(tmp_path / "archive")
    assert load is not None and load.origin == "data.csv"
    assert probe(source, web)[:3] == ("synthetic", "ok", 10)


# --- what comes ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "kind", "told"),
    [
        (None, "", ""),
        ("", "", ""),
        ("007", "number", "007"),
        ("half \ud83d of one, whole \U0001f6f0", "text", "half \ufffd of one, whole \U0001f6f0"),
        (True, "checkbox", "true"),
        (False, "checkbox", "false"),
        ({"url": "https://example.org/a.pdf", "description": "a"}, "url", "https://example.org/a.pdf"),
        ({"url": None}, "url", ""),
        ({"b": "1", "a": ["2"]}, "object", '{"a": ["2"], "b": "1"}'),
        ("1704067200000", MILLISECONDS, "2024-01-01T00:00:00Z"),
        ("-1", MILLISECONDS, "1969-12-31T23:59:59Z"),
        ("not a moment", MILLISECONDS, "not a moment"),
        ("9" * 30, MILLISECONDS, "9" * 30),
    ],
)
def test_every_value_becomes_text_that_says_the_same(value: Any, kind: str, told: str) -> None:
    assert text(value, kind) == told


def survey(rows: int, changed: str = "yesterday") -> Survey:
    return Survey({"a": WireColumn(name="a", type="text")}, rows, changed, "id", 10)


@pytest.mark.parametrize(
    ("after", "received", "distinct", "told"),
    [
        (survey(7), 7, 7, ""),
        (survey(8), 7, 7, "changed while it was read"),
        (survey(7, "now"), 7, 7, "changed while it was read"),
        (survey(7), 6, 6, "counts 7 rows and sent 6"),
        (survey(7), 8, 8, "counts 7 rows and sent 8"),
        (survey(7), 7, 6, "only 6 different"),
    ],
)
def test_rows_are_believed_only_when_every_count_agrees(after: Survey, received: int, distinct: int, told: str) -> None:
    found = disagreement(survey(7), after, received, distinct)
    assert found == "" if not told else told in found


MISSHAPEN = (
    "[]", "{}", "null", '["a"]', '{"result": {}, "success": true}', '[{"count": "many"}]', '{"error": {"code": 498}}',
    '{"columns": [{}], "fields": [{}], "count": "x"}', '{"columns": [7], "fields": 7, "count": null, "objectIdField": 3}',
    '{"success": true, "result": {"fields": [{"id": 3}], "total": "x", "records": [7], "url": 5}}', '{"features": [7], "fields": []}',
)  # fmt: skip


@pytest.mark.parametrize("kind", PAGED)
@pytest.mark.parametrize("body", MISSHAPEN)
def test_answers_of_another_shape_are_refused(kind: str, body: str, portal: Simulator, web: Web, tmp_path: Path) -> None:
    source = portal_simulator.source(kind, portal.base)
    portal.strike(lambda portal, request, kind, plain: Response(body, 200, content_type="application/json"))
    asking = Asking(("x",) if source.asks else (), None)
    with pytest.raises(SourceError, match=r"127\.0\.0\.1|example\.org"):
        PORTALS[source.portal].fetch(source, fetcher_of(source, web, tmp_path / "archive", asking))
    assert newest(tmp_path / "archive") is None


# --- the source file ----------------------------------------------------------------------------------------------------------

WRONG_ACCESS = {
    "base: https://data.cambridgema.gov\n": ("base: https://data.cambridgema.gov/\n", "not end with a slash"),
    "base: https://data.cambridgema.gov": ("where: a=1", "`base` is missing"),
    "dataset: gp98-ja4f": ("resource: gp98-ja4f", "`dataset` is missing"),
    "  token_header: X-App-Token\n": ("", "belong together"),
    "dataset: gp98-ja4f\n": ("dataset: gp98-ja4f\n  page: many\n", "a number of rows"),
    "dataset: gp98-ja4f\n  token_env": ("dataset: gp98-ja4f\n  layer: x\n  token_env", "means nothing for a socrata source"),
}


@pytest.mark.parametrize("old", WRONG_ACCESS)
def test_a_source_file_that_cannot_be_fetched_is_refused_with_a_remedy(old: str, tmp_path: Path) -> None:
    new, told = WRONG_ACCESS[old]
    written = (ROOT / "data" / "sources" / "us-ma-cambridge-contracts.yml").read_text(encoding="utf-8")
    assert written.count(old) == 1
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "us-ma-cambridge-contracts.yml").write_text(written.replace(old, new), encoding="utf-8")
    with pytest.raises(DataError, match=told):
        load_sources(tmp_path)


# --- the commands -------------------------------------------------------------------------------------------------------------


def synthetic_source(copied: Checkout, portal: Simulator) -> None:
    """Write a source file over the simulator into a copied data/, as the only one."""
    for path in (copied.data / "sources").glob("*.yml"):
        path.unlink()
    given = msgspec.to_builtins(portal_simulator.source("socrata", portal.base))
    (copied.data / "sources" / "synthetic.yml").write_text(json.dumps(given), encoding="utf-8")


def test_load_fetches_and_says_when_it_could_not(copied: Checkout, portal: Simulator) -> None:
    synthetic_source(copied, portal)
    assert copied.run("load").exit_code == 0
    held = copied.rows("SELECT id, value_amount, period_start_date FROM contracts ORDER BY id")
    assert len(held) == 5 and held[0] == {"id": "us-il-chicago_C0002", "value_amount": 200.0, "period_start_date": "2024-01-03"}
    portal.strike(lambda portal, request, kind, plain: Response(b"<html>Maintenance</html>", 200))
    result = copied.run("load", "--json")
    assert result.exit_code == 1 and json.loads(result.stdout)["sources"][0]["result"] == "failed"
    assert copied.rows("SELECT id, value_amount, period_start_date FROM contracts ORDER BY id") == held
    assert "Maintenance" in copied.rows("SELECT why FROM coverage")[0]["why"]
    assert [one["result"] for one in copied.rows("SELECT result FROM loads ORDER BY rowid")] == ["loaded", "failed"]
    asked = len(portal.asked)
    for command in (("load", "--offline"), ("tag",)):
        assert copied.run(*command).exit_code == 0
        assert "Maintenance" in copied.rows("SELECT why FROM coverage")[0]["why"], "the failure is forgotten"
    assert len(portal.asked) == asked
    portal.fault = None
    assert copied.run("load").exit_code == 0
    assert "Maintenance" not in copied.rows("SELECT why FROM coverage")[0]["why"]
    first, failed = copied.rows("SELECT * FROM loads ORDER BY rowid")
    assert (first["url"], first["origin"]) == ("https://example.org/synthetic", "synthetic.pages.json")
    assert "Maintenance" in failed["error"] and first["read_at"] >= failed["first_at"] and failed["read_at"] is None


def test_probing_tells_ok_changed_and_failed_and_loads_nothing(copied: Checkout, portal: Simulator) -> None:
    synthetic_source(copied, portal)
    told = copied.run("sources", "--probe")
    assert (told.exit_code, told.stdout) == (0, "synthetic: ok; 8 columns, 10 rows\n")
    portal.columns = [*portal.columns, "novel"]
    changed = copied.run("sources", "--probe", "synthetic", "--json")
    assert changed.exit_code == 1
    assert json.loads(changed.stdout)[0]["new_columns"] == ["novel"]
    portal.columns = portal_simulator.COLUMNS[2:]
    failed = copied.run("sources", "--probe")
    assert failed.exit_code == 1 and "lacks the column" in failed.stdout
    assert not copied.build.exists()


def without_access(copied: Checkout) -> None:
    path = copied.data / "sources" / f"{SOURCE}.yml"
    told = yaml.safe_load(path.read_text(encoding="utf-8"))
    del told["access"]
    path.write_text(yaml.safe_dump(told), encoding="utf-8")


def test_probing_what_cannot_be_probed_is_an_error_with_a_remedy(copied: Checkout) -> None:
    without_access(copied)
    assert "no source is called" in copied.run("sources", "--probe", "nosuch").stderr.lower()
    assert "Write access:" in copied.run("sources", "--probe", SOURCE).stderr
    assert copied.run("sources", SOURCE).exit_code == 2


@pytest.mark.parametrize("seed", range(10))
def test_a_fetch_killed_at_any_moment_is_made_good_by_the_next(seed: int, copied: Checkout, portal: Simulator, tmp_path: Path) -> None:
    """At a request drawn by the seed, while it waits for the reply or up to 300 ms after it was sent."""
    chance = random.Random(seed)
    point, waits, after = chance.randint(1, 8), chance.random() < 0.5, chance.random() * 0.3
    print(f"seed {seed}: killed at request {point}, {'waiting for its reply' if waits else f'{after * 1000:.0f} ms after it'}")
    synthetic_source(copied, portal)
    assert copied.run("load").exit_code == 0
    undisturbed = Checkout(copied.data, tmp_path / "undisturbed")
    shutil.copytree(copied.build, undisturbed.build)
    portal.rows = portal_simulator.rows(13)
    portal.asked.clear()

    def hang(portal: Simulator, request: Request, kind: str, plain: Response) -> Response:
        if len(portal.asked) >= point:
            reached.set()
            if waits:
                killed.wait(60)
        return plain

    reached, killed = threading.Event(), threading.Event()
    portal.strike(hang)
    process = copied.start("load", REGISTRY_PACE="0")
    assert reached.wait(60)
    time.sleep(0 if waits else after)
    process.kill()
    process.wait()
    killed.set()
    portal.fault = None
    with closing(sqlite3.connect(copied.build / "staging" / "synthetic.db")) as db:
        assert db.execute("SELECT count(*) FROM rows").fetchone() in [(10,), (13,)]
    assert copied.run("load").exit_code == 0
    assert undisturbed.run("load").exit_code == 0
    assert copied.dump() == undisturbed.dump()
    folder = copied.build / "archive" / "synthetic"
    assert not list(folder.rglob("unfinished*"))


def test_a_source_that_says_no_address_needs_no_portal(copied: Checkout, portal_file: Callable[..., Path]) -> None:
    without_access(copied)
    assert copied.load(portal_file(rows(4))).exit_code == 0
    assert "Nothing has changed" in copied.run("load", SOURCE).stdout


def test_a_pace_that_is_no_number_is_refused_with_a_remedy(copied: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGISTRY_PACE", "slowly")
    result = copied.run("sources", "--probe")
    assert result.exit_code == 1 and "Write e.g. 1 or 0.5" in result.stderr


def test_a_file_given_for_a_source_whose_key_only_the_portal_makes_is_refused(copied: Checkout, portal_file: Callable[..., Path]) -> None:
    columns = ",".join(column for column in SOURCES["us-ca-san-francisco-contracts"].known if column != ":id")
    result = copied.load(portal_file(f"{columns}\n"), "us-ca-san-francisco-contracts")
    assert result.exit_code == 1 and "lacks the column ':id'" in result.output
