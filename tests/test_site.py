"""The site in process: every kind of page, every question, hostile portal text, and the time a question may take."""

from __future__ import annotations

import asyncio
import html
import re
import sqlite3
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import site_fixture
import yaml
from datasette.app import Datasette
from datasette.cli import cli as datasette_cli

from registry import serve

METADATA = yaml.safe_load((site_fixture.ROOT / "metadata.yml").read_text(encoding="utf-8"))
QUERIES: dict[str, dict[str, Any]] = METADATA["databases"]["registry"]["queries"]
NOT_ADVICE = "Not legal advice and not a finding that anyone broke the law."
KNOWN = {
    "about": "watcher eye", "place": "Exampleton, ZZ", "as_of": "2020-06-24", "name": "Watcher Inc", "technology": "cctv",
    "product": "Watcher Eye", "contract": "zz-1", "department": "police", "source": "zz-contracts", "days": "90",
    "from_date": "2026-11-01",
}  # fmt: skip
PAGES = {
    "/": ["Does a city have a current contract", "What is not searched", "Which purchases seem to need a vote", "2026-01-02T03:04:05Z"],
    "/registry": ["contracts", "One row per contract", "Is there a current contract?", "registry.db"],
    "/registry/contracts": ["$53,117,770.30", "Approval required", "Lead only", "What each column means", "Narrow by"],
    "/registry/contracts?_col=title&_col=year": ["2019", "supplier_name"],
    "/registry/contracts?_search=watcher": ["WATCHER INC", "2 rows"],
    "/registry/contracts?_search=nosuchword": ["That is not a finding that there is none"],
    "/registry/records": ["BriefCam upgrade question left open", "www.wbur.org"],
    "/registry/contracts/zz-1": ["Watcher Eye licences", "$53,117,770.30", "TRIGGER_ACQUIRE",
        "Buying needs approval first.",
        "Every rule tried", "The award came after the law took effect.", "Revision", "$117,770.30", "example.org",
        "The law requires City Council approval.", "We have not searched the records of City Council",
        "From the published row to the answer", "on 2026-01-02 from bundled", "0" * 64,
        "the legal text was read", NOT_ADVICE],
    "/registry/contracts/zz-1#payments": ["Payments that carry its number", "2 payment lines from 2020-03-04", "$2,469.00"],
    "/registry/transactions": ["A payment shows that money went to a supplier", "$1,234.50", "-$34.50", "Lead only"],
    "/registry/transactions/zz-pay-1": ["a law speaks of the purchase it pays for", "Watcher Eye licences", "What was paid.",
        "watcher eye"],
    "/registry/transactions/zz-pay-2": ["A lead: only the supplier", "-$34.50"],
    "/registry/matters": ["the asking", "not the answer", "Approved"],
    "/registry/matters?_search=agreement": ["26-1"],
    "/registry/matters/zz-matter-1": ["26-1", "became R-7", "Approved", "Watcher Eye", "example.org"],
    "/registry/matters/zz-matter-2": ["We do not know what its status comes to."],
    "/registry/documents/zz-document-1": ["A lead for somebody to read", "A newsroom"],
    "/registry/jurisdictions/us-zz-exampleton#council": ["Before the council", "/registry/matters/zz-matter-1",
        "/registry/transactions/zz-pay-1"],
    "/registry/suppliers/watcher-inc#paid": ["Payments to it", "Documents that mention it", "/registry/documents/zz-document-1"],
    "/registry/products/watcher-eye": ["Documents that mention it", "/registry/documents/zz-document-1"],
    "/registry/payments_by_supplier?place=Exampleton": ["watcher-inc", "$2,469.00", "-34.5"],
    "/registry/council_matters?place=Exampleton": ["26-1", "/registry/matters/zz-matter-1", "Approved"],
    "/registry/contracts/zz-lead": ["A lead: only the supplier"],
    "/registry/records/zz-gift": ["A gift", "donation", "Approval required", NOT_ADVICE],
    "/registry/laws/zz-exampleton-ccops": ["Oversight law", "the legal text was read", "from memory, not verified",
        "Buying needs a vote",
        "1 of its 2 parts below is marked as not verified", "Not verified", "TRIGGER_ACQUIRE", "/registry/contracts/zz-1", "legacy rule",
        NOT_ADVICE],
    "/registry/technologies/cctv": ["it speaks of surveillance technology in general", "1 part rests on memory",
        "Fixed or networked cameras.", "Lead only", "Product named", "Oversight law",
        "/registry/contracts/zz-1"],
    "/registry/suppliers/watcher-inc": ["Who bought it, and where else it is named",
        "Gazer LLC", "Eye Holdings (2019)", "version 2", "/registry/contracts/zz-1"],
    "/registry/products/briefcam": ["optional", "a later version", "Not verified", "BriefCam upgrade question left open"],
    "/registry/jurisdictions/us-zz-exampleton": ["Decisions found", "A refusal",
        "Oversight law", "a state law to read beside", "2025-12-31", "Leads", NOT_ADVICE],
    "/registry/jurisdictions/us-zz-twin": ["No source of this place has been loaded"],
    "/registry/sources/zz-contracts": ["Public domain", "Award amounts.", "date, 1 times"],
    "/registry/rules/TRIGGER_ACQUIRE": ["Buying needs approval first."],
    "/registry/determinations": ["Show the steps", "Approval required"],
    "/registry/places": ["no source of this place has been searched", "Exampleton, ZZ"],
    "/registry?sql=select+1+as+one": ["one"],
    "/registry/answer?about=briefcam&place=Boston&as_of=2021-12-13": [
        "Review", "a proposal, not a contract", "BriefCam upgrade question left open"],
    "/registry/answer?about=/Brief-C%C3%A1m!&place=Boston&as_of=2021-12-13": ["Review", "BriefCam upgrade question left open"],
    "/registry/answer?about=breifcam&place=Boston": ["Did you mean?", "about=briefcam&amp;place=Boston", "This is not a no."],
    "/registry/answer": ["Did you mean?", "Say which place"],
}  # fmt: skip
ROWS = ["contracts/zz-1", "contracts/zz-hostile", "records/zz-gift", "laws/zz-exampleton-ccops", "technologies/cctv",
        "suppliers/watcher-inc", "products/watcher-eye", "jurisdictions/us-zz-exampleton", "sources/zz-contracts"]  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Datasette:
    path = site_fixture.build(tmp_path_factory.mktemp("site") / "registry.db")
    return serve.test_client(path, site_fixture.ROOT)


def get(site: Datasette, path: str) -> httpx.Response:
    return asyncio.run(site.client.get(path, follow_redirects=True))


def query_path(name: str, given: dict[str, str]) -> str:
    return f"/registry/{name}?{httpx.QueryParams({key: given[key] for key in QUERIES[name]['params'] if key in given})}"


@pytest.mark.parametrize("path", PAGES)
def test_a_page_says_what_it_should(site: Datasette, path: str) -> None:
    answer = get(site, path)
    text = html.unescape(answer.text)
    assert answer.status_code == 200
    missing = [words for words in PAGES[path] if html.unescape(words) not in text]
    assert missing == []


@pytest.mark.parametrize("path", PAGES)
def test_a_page_can_be_read_by_everyone(site: Datasette, path: str) -> None:
    text = get(site, path).text
    assert '<html lang="en">' in text and 'class="skip" href="#main"' in text
    assert len(re.findall(r"<main\b", text)) == 1 and len(re.findall(r"<h1\b", text)) == 1
    assert re.search(r"<title>\s*\S", text)
    assert re.sub(r'<script type="application/ld\+json">[^<]*</script>', "", text).count("<script") == 0  # a block of data runs nothing
    fields = re.findall(r"<(?:input|select|textarea)\b[^>]*>", text)
    labelled = set(re.findall(r'<label for="([^"]+)"', text))
    named = [one for one in fields if 'type="hidden"' not in one and "submit" not in one and "small-screen" not in one]
    assert [one for one in named if "aria-label=" not in one and not labelled & set(re.findall(r'id="([^"]+)"', one))] == [
        one for one in named if "_sort_by_desc" in one
    ]
    assert len(re.findall(r'\bid="([^"]+)"', text)) == len(set(re.findall(r'\bid="([^"]+)"', text)))


@pytest.mark.parametrize("name", QUERIES)
def test_a_question_always_brings_a_row(site: Datasette, name: str) -> None:
    nowhere = dict.fromkeys(KNOWN, "zz-nothing")
    for given in (KNOWN, {}, nowhere):
        rows = get(site, query_path(name, given).replace("?", ".json?_shape=array&")).json()
        assert len(rows) >= 1, given
        if "note" in rows[0]:
            assert all(row["note"] is None for row in rows) or (len(rows) == 1 and len(rows[0]["note"]) > 20)


@pytest.mark.parametrize("name", QUERIES)
def test_a_question_has_a_page_with_help(site: Datasette, name: str) -> None:
    text = html.unescape(get(site, query_path(name, KNOWN)).text)
    assert QUERIES[name]["title"] in text
    for words in QUERIES[name].get("parameter_words", {}).values():
        assert words in text


@pytest.mark.parametrize("name", [name for name in QUERIES if "place" in QUERIES[name]["params"] and name != "answer"])
def test_an_unknown_place_never_reads_as_no(site: Datasette, name: str) -> None:
    given = KNOWN | {"place": "Nowhere, QQ"}
    rows = get(site, query_path(name, given).replace("?", ".json?_shape=array&")).json()
    assert len(rows) == 1 and "Nowhere, QQ" in rows[0]["note"]


@pytest.mark.parametrize("name", ["ending_soon", "coming_agendas"])
@pytest.mark.parametrize(
    ("given", "says"),
    [({"days": "soon"}, "We cannot read “soon” as a number of days"), ({"days": "0"}, "We cannot read “0” as a number of days"),
     ({"days": "-1"}, "We cannot read “-1”"), ({"days": "99999"}, "We cannot read “99999”"),
     ({"from_date": "9999-12-31"}, "We cannot read the date “9999-12-31”"),
     ({"place": "Nowhere, QQ"}, "We hold no place called “Nowhere, QQ”, so nothing was searched there.")],
)  # fmt: skip
def test_days_that_cannot_be_read_are_never_an_empty_list(site: Datasette, name: str, given: dict[str, str], says: str) -> None:
    rows = get(site, query_path(name, {**KNOWN, **given}).replace("?", ".json?_shape=array&")).json()
    assert len(rows) == 1 and rows[0]["note"].startswith(says)


def test_where_nobody_has_searched_no_list_reads_as_searched(site: Datasette) -> None:
    text = html.unescape(get(site, "/registry/proposals_heard?place=us-zz-twin").text)
    assert "We have searched no source of Twin, ZZ yet." in text and "in what we searched" not in text


def test_an_empty_list_says_what_was_searched(site: Datasette) -> None:
    text = html.unescape(get(site, "/registry/proposals_heard?place=Exampleton").text)
    assert "Nothing found in what we searched for Exampleton, ZZ" in text and "through 2025-12-31" in text


@pytest.mark.parametrize(
    "path",
    [*(f"/registry/{row}" for row in ROWS), "/registry/contracts",
     "/registry/contracts?_nocol=year", "/registry/records", "/registry/matches",
     "/registry/determinations", "/registry/acquisitions", "/registry/evidence?contract=zz-hostile", "/registry/department",
     "/registry/purchases_needing_approval", "/registry/grants_and_gifts", "/registry/supplier?name=Watcher+Inc",
     "/registry/contracts?_search=<script>alert(1)</script>",
     "/registry/answer?about=<script>alert(1)</script>&place=\"><img src=x onerror=alert(1)>",
     "/registry/department?department=\"><img src=x onerror=alert(1)>", "/registry/nothing<script>alert(1)</script>"],
)  # fmt: skip
def test_hostile_text_is_text(site: Datasette, path: str) -> None:
    text = get(site, path).text
    assert "<script>alert" not in text and "<img src=x" not in text and "<b>x</b>" not in text and "<b>[synthetic]" not in text
    assert not re.search(r'href="\s*(javascript|data):', text, re.IGNORECASE)


def test_hostile_text_is_still_shown(site: Datasette) -> None:
    text = html.unescape(get(site, "/registry/contracts/zz-hostile").text)
    assert site_fixture.HOSTILE["script"] in text and site_fixture.HOSTILE["address"] in text


def test_outside_links_are_marked_and_show_their_host(site: Datasette) -> None:
    text = get(site, "/registry/contracts/zz-1").text
    assert '<a href="https://example.org/contract/1" rel="nofollow noopener">example.org</a>' in text


def test_outcomes_are_words_with_a_meaning(site: Datasette) -> None:
    text = get(site, "/registry/contracts/zz-lead").text
    assert re.search(r'<span class="outcome tone-warn" title="[^"]{20,}">Needs review</span>', text)


def test_no_page_leads_nowhere(site: Datasette) -> None:
    waiting, seen, broken = ["/"], set(), []
    while waiting and len(seen) < 250:
        path = waiting.pop(0)
        if path in seen:
            continue
        seen.add(path)
        answer = get(site, path)
        broken += [(path, answer.status_code)] * (answer.status_code != 200)
        if path.count("?") == 0 and "text/html" in answer.headers["content-type"]:
            found = (html.unescape(link) for link in re.findall(r'href="(/[^"#]*)', answer.text))
            waiting += [link for link in found if not link.endswith(".db") and "-/static" not in link]
    assert broken == [] and len(seen) > 60


def test_a_missing_page_is_no_answer_about_a_city(site: Datasette) -> None:
    answer = get(site, "/registry/contracts/zz-none")
    assert answer.status_code == 404 and "says nothing about what a city has" in answer.text


def test_pages_may_be_cached_and_facets_are_not_suggested(site: Datasette) -> None:
    answer = get(site, "/registry/contracts")
    assert answer.headers["cache-control"].startswith("public, max-age=")
    assert "Suggested facets" not in answer.text


def test_the_command_line_opens_the_same_site(tmp_path: Path) -> None:
    path = site_fixture.build(tmp_path / "registry.db")
    arguments = serve.datasette_arguments(path, site_fixture.ROOT, "127.0.0.1", 8999)
    context = datasette_cli.commands["serve"].make_context("serve", arguments[1:])
    given = context.params
    assert given["immutable"] == [str(path)] or given["immutable"] == (str(path),)
    assert (given["host"], given["port"]) == ("127.0.0.1", 8999)
    assert Path(given["plugins_dir"]).name == "plugins" and Path(given["template_dir"]).name == "templates"
    settings = {name: str(int(value)) for name, value in serve.SETTINGS.items()}
    in_process = serve.test_client(path, site_fixture.ROOT).settings_dict()
    assert {name: str(int(in_process[name])) for name in settings} == settings
    assert all(f"--setting {name} {value}" in " ".join(arguments) for name, value in settings.items())


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> sqlite3.Connection:
    return sqlite3.connect(site_fixture.build_large(tmp_path_factory.mktemp("large") / "registry.db", 31_000))


@pytest.mark.parametrize("name", QUERIES)
def test_a_question_is_little_work_on_31_000_contracts(large: sqlite3.Connection, name: str) -> None:
    """Five million steps of SQLite's machine are a tenth of a second or two; steps, unlike seconds, are the same on any machine."""
    most = serve.SETTINGS["max_returned_rows"] + 1
    for given in (KNOWN, {}, KNOWN | {"about": "whatcher eye", "place": "Exmpleton"}):
        values = {key: given.get(key, "") for key in QUERIES[name]["params"]}
        thousands: list[None] = []
        large.set_progress_handler(partial(thousands.append, None), 1000)
        assert large.execute(QUERIES[name]["sql"], values).fetchmany(most)
        large.set_progress_handler(None, 0)
        assert len(thousands) <= 5_000, given
