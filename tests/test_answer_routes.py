"""/answer, /answer.json and /request: the right answer for many pairs, the same on page and as data, and how it is quoted."""

from __future__ import annotations

import asyncio
import html
import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
import site_fixture
import yaml
from click.testing import CliRunner
from datasette.app import Datasette

from registry import serve
from registry.catalog import load_catalog
from registry.cli import main
from registry.errors import DataError
from registry.records_laws import load_records_laws
from registry.shape import read_yaml

PAIRS: list[dict[str, str]] = read_yaml(Path(__file__).parent / "answer_pairs.yml")
KEYS = ["answer", "about", "place", "as_of", "sentence", "evidence", "not_searched", "suggestions"]
BOSTON = "/answer?about=briefcam&place=us-ma-boston&as_of=2021-12-13"
QUERY = yaml.safe_load((site_fixture.ROOT / "metadata.yml").read_text(encoding="utf-8"))["databases"]["registry"]["queries"]["answer"]


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Datasette:
    """The registry as a stranger has it after `registry load --offline`."""
    build = tmp_path_factory.mktemp("real")
    environment = {"REGISTRY_DATA": str(site_fixture.ROOT / "data"), "REGISTRY_BUILD": str(build)}
    assert CliRunner().invoke(main, ["load", "--offline", "-q"], env=environment).exit_code == 0
    return serve.test_client(build / "registry.db", site_fixture.ROOT)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Datasette:
    return serve.test_client(site_fixture.build(tmp_path_factory.mktemp("small") / "registry.db"), site_fixture.ROOT)


def get(site: Datasette, path: str, **given: str) -> httpx.Response:
    return asyncio.run(site.client.get(path, params=given or None))


def words(answer: httpx.Response) -> str:
    return html.unescape(answer.text)


def test_there_are_enough_pairs_each_with_its_reason() -> None:
    assert len({(pair["about"].lower(), pair["place"], pair["as_of"]) for pair in PAIRS}) == len(PAIRS) >= 36
    assert all(len(pair["why"]) > 25 for pair in PAIRS)
    assert {pair["answer"] for pair in PAIRS} == {"in_force", "ended", "review", "no_record", "not_searched", "did_you_mean"}


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair['about']}-{pair['place']}-{pair['as_of']}")
def test_the_right_answer(real: Datasette, pair: dict[str, str]) -> None:
    told = get(real, "/answer.json", about=pair["about"], place=pair["place"], as_of=pair["as_of"]).json()
    assert list(told) == KEYS
    assert told["answer"] == pair["answer"], told["sentence"]
    assert (told["about"], told["place"]) == (pair["about"], pair["place"])
    if "newest" in pair:
        assert told["evidence"][-1]["date"] == pair["newest"]
    if "suggested" in pair:
        assert pair["suggested"] in {one["value"] for one in told["suggestions"]}
    assert bool(told["evidence"]) == (pair["answer"] in ("in_force", "ended", "review"))
    assert told["not_searched"] or pair["answer"] == "did_you_mean"


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair['about']}-{pair['place']}-{pair['as_of']}")
def test_the_page_leads_with_the_sentence_and_never_says_none(real: Datasette, pair: dict[str, str]) -> None:
    given = {name: pair[name] for name in ("about", "place", "as_of")}
    told, page = get(real, "/answer.json", **given).json(), get(real, "/answer", **given)
    text = words(page)
    assert page.status_code == 200 and told["sentence"] in text
    assert text.index(told["sentence"]) < (text.index("What was not searched") if "What was not searched" in text else len(text))
    assert not re.search(
        r"\bnone\b", re.sub(r"<[^>]*>", " ", text).split("Quote this page")[0].replace(told["sentence"], ""), re.IGNORECASE
    )
    for one in told["not_searched"]:
        assert one in text


def test_the_canned_query_is_the_one_source(real: Datasette) -> None:
    given = {"about": "shotspotter", "place": "us-il-chicago", "as_of": "2020-06-24"}
    row = get(real, "/registry/answer.json", **given, _shape="array").json()[0]
    told = get(real, "/answer.json", **given).json()
    assert {key: told[key] for key in ("answer", "sentence", "as_of")} == {key: row[key] for key in ("answer", "sentence", "as_of")}
    assert told["not_searched"] == json.loads(row["not_searched"]) and len(told["evidence"]) == row["evidence_count"]


def test_a_loaded_contract_is_told_with_its_archived_hash(real: Datasette) -> None:
    (piece,) = get(real, "/answer.json", about="shotspotter", place="us-il-chicago", as_of="2020-06-24").json()["evidence"]
    assert re.fullmatch(r"[0-9a-f]{64}", piece["archived_sha256"]) and piece["contract_number"] == "71366"
    assert piece["page"] == "http://localhost/registry/contracts/us-il-chicago_71366"
    assert piece["archived_sha256"] in get(real, "/answer", about="shotspotter", place="us-il-chicago", as_of="2020-06-24").text


def test_evidence_is_in_date_order_with_source_and_grade(real: Datasette) -> None:
    evidence = get(real, "/answer.json", about="briefcam", place="us-ma-boston").json()["evidence"]
    dates = [one["date"] for one in evidence]
    assert [date[:4] for date in dates] == sorted(date[:4] for date in dates) and len(evidence) > 10
    assert all(one["grade"] and one["source_url"].startswith("http") and one["said"] for one in evidence)
    assert evidence[-1]["proposal"] is True and evidence[-1]["archived_sha256"] is None


def test_nothing_after_the_day_is_evidence(real: Datasette) -> None:
    evidence = get(real, "/answer.json", about="briefcam", place="us-ma-boston", as_of="2020-06-23").json()["evidence"]
    assert max(one["date"] for one in evidence) == "2020-06-12"


def test_a_page_shows_the_newest_evidence_and_says_what_it_leaves_out(tmp_path: Path) -> None:
    many = serve.test_client(site_fixture.build_large(tmp_path / "registry.db", 600), site_fixture.ROOT)
    given = {"about": "watcher eye", "place": "Exampleton", "as_of": "2020-06-24"}
    assert len(get(many, "/answer.json", **given).json()["evidence"]) == 301
    page = words(get(many, "/answer", **given))
    assert page.count('data-label="What it says"') == 200 and "101 older pieces are left out here" in page


def test_a_typo_brings_a_link_that_asks_again(small: Datasette) -> None:
    told = get(small, "/answer.json", about="breifcam", place="Boston", as_of="2021-12-13").json()
    assert told["answer"] == "did_you_mean" and told["evidence"] == [] and told["not_searched"] == []
    again = asyncio.run(
        small.client.get(told["suggestions"][0]["url"].removeprefix("http://localhost").replace("/answer?", "/answer.json?"))
    )
    assert again.json()["answer"] == "review"
    assert html.escape(told["suggestions"][0]["url"]) in get(small, "/answer", about="breifcam", place="Boston", as_of="2021-12-13").text


def test_nothing_asked_is_a_page_that_helps(small: Datasette) -> None:
    page = get(small, "/answer")
    assert page.status_code == 200 and "Say which place" in page.text and get(small, "/answer.json").json()["answer"] == "did_you_mean"


def test_the_search_boxes_go_to_the_page(small: Datasette) -> None:
    for path in ("/", "/registry/contracts"):
        assert re.findall(r'<form class="ask[^"]*" action="([^"]+)"', get(small, path).text) == ["/answer"]


def test_the_permanent_address_names_ids_and_the_day(small: Datasette) -> None:
    text = get(small, "/answer", about=" Brief-Cam ", place="Boston", as_of="2020-06-24").text
    (canonical,) = re.findall(r'<link rel="canonical" href="([^"]+)"', text)
    assert html.unescape(canonical) == "/answer?about=brief+cam&place=us-ma-boston&as_of=2020-06-24"
    assert "(last visited" in text


def test_every_form_of_citation_carries_address_day_and_load(small: Datasette) -> None:
    text = words(get(small, BOSTON))
    cited = dict(re.findall(r'aria-label="Citation, (\w+)">(.*?)</pre>', text, re.DOTALL))
    assert set(cited) == {"Plain", "Markdown", "BibTeX", "Bluebook"}
    for form in cited.values():
        assert "http://localhost/answer?about=briefcam&place=us-ma-boston&as_of=2021-12-13" in form
        assert re.search("as of 2021-12-13; data loaded 2026-01-02", form, re.IGNORECASE)
    assert cited["BibTeX"].count("{") == cited["BibTeX"].count("}") and cited["BibTeX"].startswith("@misc{answer-about-briefcam")


def test_two_pages_never_share_a_key_of_bibtex(small: Datasette) -> None:
    keys = set()
    for day in ("2024-11-22", "2024-11-23"):
        text = words(get(small, f"/answer?about=watcher+eye&place=us-zz-exampleton&as_of={day}"))
        keys |= set(re.findall(r"@misc\{([a-z0-9-]+),", text))
    assert len(keys) == 2 and all(len(key) <= 70 for key in keys)


def test_no_address_closes_a_field_of_bibtex(small: Datasette) -> None:
    text = words(get(small, "/changed?place=Chicago&x=},note={evil\\"))
    cited = dict(re.findall(r'aria-label="Citation, (\w+)">(.*?)</pre>', text, re.DOTALL))
    (url,) = re.findall(r"^  url = \{(.*)\},$", cited["BibTeX"], re.MULTILINE)
    assert url == "http://localhost/changed?place=Chicago&x=%7D,note=%7Bevil%5C"


CITED = [
    "contracts/zz-1", "records/zz-gift", "laws/zz-exampleton-ccops", "technologies/cctv", "suppliers/watcher-inc", "products/watcher-eye",
    "jurisdictions/us-zz-exampleton", "sources/zz-contracts", "flows/zz-gift_1", "reviews/review_1", "matter_links/zz-1__zz-matter-1",
    "coverage/c1", "loads/l1", "issues/i1",
]  # fmt: skip


@pytest.mark.parametrize("row", CITED)
def test_every_kind_of_page_can_be_quoted_and_corrected(small: Datasette, row: str) -> None:
    text = words(get(small, f"/registry/{row}"))
    assert f'<a href="http://localhost/registry/{row}">' in text and "2026-01-02T03:04:05Z" in text
    assert "CC BY 4.0" in text and "How to cite" in text and "Report an error on this page" in text


def test_a_question_is_quoted_as_it_was_asked(small: Datasette) -> None:
    text = words(get(small, "/registry/leads_to_confirm?place=Exampleton"))
    assert text.count("http://localhost/registry/leads_to_confirm?place=Exampleton") >= 5 and "How to cite" in text
    assert "How to cite" not in get(small, "/registry?sql=select+1").text


@pytest.mark.parametrize(
    ("given", "link"),
    [("https://example.org/new?page={page}", "https://example.org/new?page=http%3A%2F%2Flocalhost%2Fregistry%2Fproducts%2Fbriefcam"),
     ("mailto:errors@example.org?body={page}", "mailto:errors@example.org?body=http%3A%2F%2Flocalhost%2Fregistry%2Fproducts%2Fbriefcam"),
     ("javascript:alert(1)", None), ("", None)],
)  # fmt: skip
def test_the_report_link_is_configured(tmp_path: Path, given: str, link: str | None) -> None:
    site = serve.test_client(site_fixture.build(tmp_path / "registry.db"), site_fixture.ROOT)
    site._metadata_local["plugins"]["citations"]["report_an_error"] = given
    text = words(get(site, "/registry/products/briefcam"))
    if link is None:
        assert "names no address for reports" in text and "javascript:" not in text
    else:
        assert f'<a href="{link}" rel="nofollow noopener">Report an error on this page</a>' in text


def test_hostile_words_stay_words(small: Datasette) -> None:
    bad = '"><img src=x onerror=alert(1)>\\}{%$_[x](javascript:alert(1))'
    for path in ("/answer", "/request", "/testify"):
        text = get(small, path, about=bad, place=bad, as_of=bad, from_date=bad, days=bad).text
        assert "<img src=x" not in text and 'href="javascript:' not in text
    assert get(small, "/answer", about="x" * 7000, place="y").status_code == 200


# ---- the request for the papers ----


def test_a_request_is_ready_where_nothing_is_settled(real: Datasette) -> None:
    text = words(get(real, "/answer", about="briefcam", place="us-ma-boston", as_of="2020-06-24"))
    assert "Massachusetts Public Records Law" in text and "10 business days" in text
    assert "an official page" in text and "www.sec.state.ma.us" in text and "Check before sending" not in text
    assert "U15.2.2_C_40555" in text and "face recognition was offered, licensed, installed or used" in text and "City Council" in text


@pytest.mark.parametrize(("day", "offered"), [("2020-06-24", False), ("2017-01-01", False), ("2026-06-01", True)])
def test_a_request_is_offered_only_for_review_and_not_searched(real: Datasette, day: str, offered: bool) -> None:
    text = get(real, "/answer", about="shotspotter", place="us-il-chicago", as_of=day).text
    assert ("A request ready to copy" in text) is offered


def test_the_request_names_the_contracts_we_know(real: Datasette) -> None:
    plain = get(real, "/request.txt", about="shotspotter", place="Chicago")
    assert plain.headers["content-type"].startswith("text/plain") and plain.status_code == 200
    assert "- contract 71366, AREA ACOUSTIC GUN SHOT SURVEILLANCE SYSTEM" in plain.text
    assert "Illinois Freedom of Information Act (5 ILCS 140)" in plain.text
    assert plain.text.startswith("To: Public records officer, Chicago, IL")
    assert html.unescape(get(real, "/request", about="shotspotter", place="Chicago").text).count(plain.text.strip()) == 1


def test_a_law_from_memory_warns_on_the_page_and_in_the_request(small: Datasette) -> None:
    page = words(get(small, "/request", about="watcher-eye", place="Exampleton, ZZ"))
    assert "from memory, not verified" in page and "Check before sending" in page
    plain = get(small, "/request.txt", about="watcher-eye", place="Exampleton, ZZ").text
    assert plain.startswith("[Check before sending, then delete this line") and "[synthetic] Example Records Act" in plain


def test_a_law_that_was_read_about_needs_no_warning(real: Datasette) -> None:
    plain = get(real, "/request.txt", about="clearview ai", place="New York, NY").text
    assert plain.startswith("To: Public records officer, New York, NY") and "5 business days" in plain


@pytest.mark.parametrize(
    ("about", "place", "says", "status"),
    [("", "", "Name a product", 404), ("briefcam", "Nowhere", "We know no place called “Nowhere”", 404),
     ("briefcam", "Twin", "More than one place is called “Twin”", 404), ("zzzz", "Exampleton, ZZ", "We know no product", 200)],
)  # fmt: skip
def test_a_request_that_cannot_be_written_says_why(small: Datasette, about: str, place: str, says: str, status: int) -> None:
    assert says in words(get(small, "/request", about=about, place=place))
    assert get(small, "/request.txt", about=about, place=place).status_code == status


def test_what_was_typed_cannot_begin_a_line(small: Datasette) -> None:
    plain = get(small, "/request.txt?about=a%0aSubject:+evil%0d%0aX:+y&place=Exampleton,%0aZZ")
    assert plain.status_code == 200
    assert [line for line in plain.text.splitlines() if line.startswith("Subject:")] == [
        "Subject: Public-records request, a Subject: evil X: y"
    ]
    assert not re.search(r"^X:", plain.text, re.MULTILINE)
    told = get(small, "/answer.json?about=Watcher%0d%0aEye&place=Exampleton,%0aZZ").json()
    assert (told["about"], told["place"]) == ("Watcher Eye", "Exampleton, ZZ")


def test_the_plain_request_begins_with_the_warning_of_the_page(small: Datasette) -> None:
    first, empty, *_ = get(small, "/request.txt", about="zzzz", place="Exampleton, ZZ").text.splitlines()
    assert first.startswith("[We know no product, supplier or technology called “zzzz”.") and first.endswith("]") and empty == ""
    assert first.strip("[]") in words(get(small, "/request", about="zzzz", place="Exampleton, ZZ"))
    assert "We know no" not in get(small, "/request.txt", about="watcher-eye", place="Exampleton, ZZ").text


def test_every_state_with_a_place_has_its_records_law() -> None:
    catalog = load_catalog(site_fixture.ROOT / "data")
    assert {place.state for place in catalog.book.jurisdictions.values()} == set(catalog.records_laws)
    assert all(law.source_url for law in catalog.records_laws.values() if law.evidence != "M")


@pytest.mark.parametrize(
    ("entry", "says"),
    [("{id: ma, name: A, citation: B, evidence: M, answer: C}\n- {id: ma, name: A, citation: B, evidence: M, answer: C}", "twice"),
     ("{id: qq, name: A, citation: B, evidence: M, answer: C}", "is no state"),
     ("{id: ma, name: A, citation: B, evidence: M, answer: C, days: 5}", "`days` and `day_kind` together"),
     ("{id: ma, name: A, citation: B, evidence: S, answer: C}", "needs a `source_url`"),
     ("{id: ma, name: A, citation: B, evidence: S, answer: C, dayz: 5}", "Did you mean `days`?")],
)  # fmt: skip
def test_a_wrong_records_law_is_refused_with_a_remedy(tmp_path: Path, entry: str, says: str) -> None:
    (tmp_path / "records_laws.yml").write_text(f"- {entry}\n", encoding="utf-8")
    with pytest.raises(DataError, match=re.escape(says)):
        load_records_laws(tmp_path, {"ma"})


def test_the_question_the_page_asks_has_three_parameters(small: Datasette) -> None:
    form = get(small, "/answer").text
    assert re.findall(r'<input id="ask-\w+" name="(\w+)"', form) == QUERY["params"]


def test_the_answers_page_stays_for_those_who_use_it(small: Datasette) -> None:
    text: Any = get(small, "/registry/answer", about="briefcam", place="Boston", as_of="2021-12-13").text
    assert 'href="/answer?about=briefcam&amp;place=Boston&amp;as_of=2021-12-13"' in text


# ---- needs a vote; forbidden or capable ----


@pytest.fixture(scope="module")
def voted(tmp_path_factory: pytest.TempPathFactory) -> Datasette:
    """The synthetic town with its council's matters searched, one purchase without a vote, one that nobody looked for."""
    rows = site_fixture.tables()
    rows["sources"].append(
        {"id": "zz-matters", "title": "[synthetic] Council matters", "jurisdiction": "us-zz-exampleton", "kind": "matters"}
    )
    rows["coverage"].append(
        {"id": "c9", "source": "zz-matters", "jurisdiction": "us-zz-exampleton", "state": "searched", "scope": "whole",
         "searched_from": "2015-01-01", "searched_through": "2025-10-31", "not_searched_for": "[]"}
    )  # fmt: skip
    rows["contracts"].append(site_fixture.contract("zz-no-vote", approval_status="not_found", title="[synthetic] No vote found"))
    return serve.test_client(site_fixture.write(tmp_path_factory.mktemp("voted") / "registry.db", rows), site_fixture.ROOT)


def test_none_found_stands_apart_from_nobody_searched(voted: Datasette) -> None:
    text = words(get(voted, "/registry/purchases_needing_approval", place="Exampleton, ZZ"))
    found, not_searched = text.split('<h2 id="not_searched">')
    assert "contracts/zz-no-vote" in found and "contracts/zz-no-vote" not in not_searched and "contracts/zz-1" in not_searched
    assert "No vote in [synthetic] Council matters (through 2025-10-31)." in found
    assert "Nothing: no records of City Council have been searched." in not_searched


def test_the_vote_page_never_reads_as_all_is_well(real: Datasette) -> None:
    text = words(get(real, "/registry/purchases_needing_approval"))
    assert "That none was found there does not show that there was none." in text
    assert "whether that was the vote that the law asks for is not settled" in text
    assert "We hold no place called" in words(get(real, "/registry/purchases_needing_approval", place="Nowhere"))


def test_a_vote_that_the_source_tells_of_stands_beside_the_purchase(real: Datasette) -> None:
    """A purchase said by the press to have been approved must not read as one of which nothing is known."""
    rows = get(real, "/registry/purchases_needing_approval.json", place="us-ca-oakland", _shape="array").json()
    (bought,) = [row for row in rows if row["record"] == "us-ca-oakland-009"]
    assert "The Oakland City Council voted 7-1" in bought["source_says"]
    assert "resolution 26-0294" in bought["source_says"]  # another record of the same event
    assert "The Oakland City Council voted 7-1" in words(get(real, "/registry/purchases_needing_approval", place="Oakland"))


def test_a_name_or_place_we_do_not_know_leads_to_those_we_do(small: Datasette) -> None:
    text = get(small, "/answer", about="zzzz", place="Wholly Unlike").text
    assert '<a href="/registry/places">places</a>' in text and "Anytown, ST" in text
    assert '<a href="/registry/places">places</a>' not in get(small, "/answer", about="briefcam", place="Boston").text


def test_a_place_where_nobody_searched_contracts_never_says_none_in_what_we_searched(real: Datasette) -> None:
    text = words(get(real, "/registry/jurisdictions/us-ma-cambridge"))
    assert "No source of contracts of this place has been searched. Silence is not a no." in text
    assert "in what we searched" not in text


def test_forbidden_or_capable_tells_what_the_record_says_of_the_module(real: Datasette) -> None:
    rows = get(real, "/registry/face_capable_where_banned.json", place="us-ma-boston", _shape="array").json()
    briefcam = {row["record"]: row for row in rows if row["product"] == "briefcam"}
    assert briefcam["us-ma-boston-045"]["beside_the_law"] == "after the law took effect"
    assert briefcam["us-ma-boston-033"]["beside_the_law"] == "before the law took effect"
    assert {row["law"] for row in rows} == {"ma-boston-face"} and {row["face"] for row in rows} <= {"yes", "optional"}
    assert all(row["module_in_record"].endswith(".") for row in rows)


def test_a_contract_says_nothing_of_the_module(small: Datasette) -> None:
    rows = get(small, "/registry/face_capable_where_banned.json", place="Exampleton", _shape="array").json()
    assert "says nothing of the face module" in next(row for row in rows if row["contract"])["module_in_record"]


def test_a_record_says_which_of_its_columns_names_what(real: Datasette) -> None:
    """A technology that a person set is no word found in the text, and a product stands in a column of its own."""
    rows = get(real, "/registry/matches.json", record="us-ma-boston-045", _shape="array").json()
    assert {row["product"] or row["technology"]: row["field"] for row in rows} == {"video_analytics": "technology", "briefcam": "product"}
    text = words(get(real, "/registry/records/us-ma-boston-045"))
    assert "Stated by whoever wrote this row" in text and "<td>video_analytics</td>" not in text


def test_nothing_found_is_never_green(small: Datasette) -> None:
    """Green is for what is settled; an empty search and a table without a law settle nothing."""
    text = get(small, "/answer?about=briefcam&place=us-zz-exampleton&as_of=2020-06-24").text
    assert '<span class="outcome tone-note" title="Nothing in what we searched through the day.' in text


def test_the_title_names_what_the_answer_speaks_of(real: Datasette) -> None:
    """A product and its maker share a name; the contract is one with the maker, and only a lead to the product."""
    text = words(get(real, "/answer", about="axon", place="Chicago", as_of="2019-01-01"))
    assert "<h1>Is there a current contract? Axon Enterprise, Chicago, IL, 2019-01-01</h1>" in text
    assert "Yes: a dated contract for Axon Enterprise with Chicago, IL covers 2019-01-01" in text


def test_a_page_that_shows_the_first_hundred_contracts_leads_to_all_of_them(real: Datasette) -> None:
    text = words(get(real, "/registry/jurisdictions/us-il-chicago"))
    assert 'The first 100 are shown. <a href="/registry/contracts?jurisdiction=us-il-chicago">All of them</a>' in text
    assert get(real, "/registry/contracts.json", jurisdiction="us-il-chicago").json()["filtered_table_rows_count"] > 100
