"""What each newer kind of portal is asked, and what is done where it is silent, closed, or has more to say of a row."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec
import portal_simulator
import pytest
from portal_simulator import Simulator
from portal_wires import TOKEN
from werkzeug import Request, Response

from registry import archive, pages
from registry.archive import newest
from registry.asking import EVERYTHING, Asking
from registry.errors import SourceError
from registry.fetch import Fetcher, Web
from registry.pages import link
from registry.portals import PORTALS, fetcher_of
from registry.portals.paged import Asked, Survey, disagreement, page_of
from registry.scope import all_contracts, scope_of
from registry.source import Source

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])
ASKING = Asking(('"Synthetic Alpha"', '"Synthetic Beta"'), {"synthetic-alpha": "1", "synthetic-beta": "2"})
NAMING = EVERYTHING._replace(names=("gunshot detection", "synthetic alpha"))


def load_of(source: Source, web: Web, tmp_path: Path, asking: Asking = EVERYTHING) -> list[dict[str, str]]:
    """Fetch the source and give its rows."""
    folder = tmp_path / "archive"
    PORTALS[source.portal].fetch(source, fetcher_of(source, web, folder, asking))
    load = newest(folder)
    assert load is not None
    return [dict(zip(source.kept, row, strict=True)) for row in pages.rows(source, folder, pages.read_manifest(load))]


def asked_of(portal: Simulator, path: str) -> list[dict[str, str]]:
    found = [parse_qs(urlsplit(request.url).query) for request in portal.asked if path in request.path]
    return [{name: value for name, (value,) in one.items()} for one in found]


# --- SODA3 --------------------------------------------------------------------------------------------------------------------


def test_soda3_is_asked_in_one_query_with_the_token_in_a_header_only(portal: Simulator, web: Web, tmp_path: Path) -> None:
    source = portal_simulator.source("soda3", portal.base)
    source = msgspec.structs.replace(source, access={**source.access, "where": "unit='POLICE'"})
    assert [row["number"] for row in load_of(source, web, tmp_path)] == [row["number"] for row in portal.rows]
    posted = [json.loads(request.get_data()) for request in portal.asked if request.method == "POST"]
    paged = [one for one in posted if "page" in one]
    assert [one["page"] for one in paged] == [{"pageNumber": number, "pageSize": 4} for number in (1, 2, 3)]
    assert {one["query"] for one in paged} == {
        "SELECT :id,number,title,supplier,unit,amount,starts,link WHERE unit='POLICE' ORDER BY :id"
    }
    assert {one["query"] for one in posted if "page" not in one} == {"SELECT count(*) WHERE unit='POLICE'"}
    assert not any(TOKEN in request.url for request in portal.asked)


def test_soda3_without_a_token_names_the_variable(
    portal: Simulator, web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SYNTHETIC_SODA3")
    with pytest.raises(SourceError, match="Set the environment variable SYNTHETIC_SODA3"):
        load_of(portal_simulator.source("soda3", portal.base), web, tmp_path)
    assert portal.asked == []


def test_a_token_that_is_refused_says_so_once(portal: Simulator, web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNTHETIC_SODA3", "WRONG-TOKEN")
    with pytest.raises(SourceError, match=r"status 403.*app token is required.*those with a token only"):
        load_of(portal_simulator.source("soda3", portal.base), web, tmp_path)
    assert portal.seen["page"] == 1


@pytest.mark.parametrize(("received", "sent", "told"), [(0, 0, (1, 10)), (10, 10, (2, 10)), (6, 3, (3, 3))])
def test_pages_are_numbered_in_the_size_in_which_they_come(received: int, sent: int, told: tuple[int, int]) -> None:
    source = portal_simulator.source("soda3", "https://portal.example")
    assert page_of(source, Asked(received, "", 10, sent=sent)) == told


def test_pages_of_different_sizes_have_no_numbers() -> None:
    with pytest.raises(SourceError, match="pages of different sizes"):
        page_of(portal_simulator.source("soda3", "https://portal.example"), Asked(7, "", 10, sent=5))


# --- Legistar -----------------------------------------------------------------------------------------------------------------


def council(portal: Simulator, **access: str) -> Source:
    source = portal_simulator.source("legistar", portal.base)
    fields = {**source.fields, "status": ":histories", "description": ":attachments"}
    return msgspec.structs.replace(source, fields=fields, access={**source.access, **access})


def test_matters_are_asked_for_after_the_last_id_and_up_to_the_highest(portal: Simulator, web: Web, tmp_path: Path) -> None:
    source = portal_simulator.source("legistar", portal.base)
    source = msgspec.structs.replace(source, access={**source.access, "since": "2015-01-01"})
    assert len(load_of(source, web, tmp_path)) == 10
    dated = "(MatterIntroDate ge datetime'2015-01-01' or MatterIntroDate eq null)"
    paged = [one for one in asked_of(portal, "/matters") if one["$orderby"] == "MatterId"]
    assert [one["$filter"] for one in paged] == [
        f"{dated} and MatterId le 10", *(f"{dated} and MatterId gt {after} and MatterId le 10" for after in (4, 8, 10))
    ]
    assert {one["$top"] for one in paged} == {"4"} and not any("MatterText2" in one["$select"] for one in asked_of(portal, "/matters"))


def test_only_matters_that_name_something_known_are_asked_for_more(portal: Simulator, web: Web, tmp_path: Path) -> None:
    rows = load_of(council(portal), web, tmp_path, NAMING)
    named = [row for row in rows if "GUNSHOT" in row["MatterTitle"]]
    assert len(named) == 5 and portal.seen["detail"] == 10
    assert [json.loads(row[":attachments"]) for row in named[:1]] == [[
        {"MatterAttachmentName": "Contract", "MatterAttachmentHyperlink": "https://synthetic.legistar1.com/2.pdf"},
        {"MatterAttachmentName": "Report", "MatterAttachmentHyperlink": "https://synthetic.legistar1.com/2.pdf"},
    ]]  # fmt: skip
    assert json.loads(named[0][":histories"])[0]["MatterHistoryPassedFlagName"] == "Pass"
    assert "PERSON" not in named[0][":histories"], "a field that is not kept"
    assert {row[":attachments"] for row in rows if row not in named} == {""}
    assert named[0][":link"] == "https://example.org/contract/2"


def test_nothing_known_means_no_details(portal: Simulator, web: Web, tmp_path: Path) -> None:
    assert len(load_of(council(portal), web, tmp_path)) == 10
    assert portal.seen["detail"] == 0


@pytest.mark.parametrize("reply", [Response(b"", 503), Response(b"<html>server error</html>", 200), Response(b'{"Message": "x"}', 200)])
def test_details_that_do_not_come_fail_the_source(reply: Response, portal: Simulator, web: Web, tmp_path: Path) -> None:
    portal.strike(lambda portal, request, kind, plain: reply if kind == "detail" else plain)
    with pytest.raises(SourceError, match="/histories"):
        load_of(council(portal), web, tmp_path, NAMING)
    assert newest(tmp_path / "archive") is None


def test_a_council_that_is_not_there_is_asked_once(portal: Simulator, web: Web, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="not set up in InSite for client: nosuch"):
        load_of(council(portal, client="nosuch"), web, tmp_path)
    assert len(portal.asked) == 1


def test_a_matter_changed_while_it_is_read_is_noticed() -> None:
    one = Survey({}, None, "2026-01-01T00:00:00", "MatterId", 10, until="7")
    assert disagreement(one, one, 7, 7) == ""
    assert "changed while it was read" in disagreement(one, one._replace(changed="2026-01-01T00:00:01"), 7, 7)
    assert "changed while it was read" in disagreement(one, one._replace(until="8"), 7, 7)
    assert "only 6 different" in disagreement(one, one, 7, 6)


def test_a_matter_that_was_deleted_is_gone_after_the_next_load(portal: Simulator, web: Web, tmp_path: Path) -> None:
    source = portal_simulator.source("legistar", portal.base)
    load_of(source, web, tmp_path)
    del portal.rows[3]
    assert len(load_of(source, web, tmp_path)) == 9


def test_a_later_day_to_begin_with_does_not_show_that_older_matters_went(portal: Simulator, web: Web, tmp_path: Path) -> None:
    scopes = []
    for since in ("2015-01-01", "2015-01-01", "2020-01-01", ""):
        source = portal_simulator.source("legistar", portal.base)
        source = msgspec.structs.replace(source, access={**source.access, **({"since": since} if since else {})})
        load_of(source, web, tmp_path)
        load = newest(tmp_path / "archive")
        assert load
        scopes.append(scope_of(source, load.origin, load.size, None, pages.sought(source.id, load).asked))
    before, same, later, everything = scopes
    assert all_contracts(same, before) and everything == "whole" and all_contracts(everything, later)
    assert not all_contracts(later, before) and not all_contracts(later, everything)


@pytest.mark.parametrize("fault", ["error page", "redirect", "stranger", "status"])
def test_a_token_in_the_address_is_never_told_or_kept(
    fault: str, portal: Simulator, web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    token = "secret/token+1"
    monkeypatch.setenv("SYNTHETIC_COUNCIL", token)
    source = council(portal, token_env="SYNTHETIC_COUNCIL", token_parameter="token")
    load_of(source, web, tmp_path, NAMING)
    assert all(request.args["token"] == token for request in portal.asked)

    def echo(portal: Simulator, request: Request, kind: str, plain: Response) -> Response:
        replies = {
            "error page": Response(f"Key or Token {token} is not known at {request.url}", 403),
            "redirect": Response(b"", 302, headers={"Location": f"http://stranger.example/?token={request.args['token']}"}),
            "stranger": Response(f"<html>{request.url} {token}</html>", 200),
            "status": Response(f"{request.url} {token}", 503),
        }
        return replies[fault]

    portal.strike(echo)
    with pytest.raises(SourceError) as caught:
        load_of(source, web, tmp_path, NAMING)
    kept = b"".join(archive.zstandard.open(path, "rb").read() for path in (tmp_path / "archive").rglob("*.zst"))
    told = f"{caught.value} {caplog.text} {kept.decode()} {[path.name for path in tmp_path.rglob('*')]}"
    assert "secret" not in unquote(told)


# --- DocumentCloud and USAspending --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["documentcloud", "usaspending"])
def test_a_row_that_two_names_find_is_one_row(kind: str, portal: Simulator, web: Web, tmp_path: Path) -> None:
    source = portal_simulator.source(kind, portal.base)
    rows = load_of(source, web, tmp_path, ASKING)
    assert sorted(row[source.fields["contract_number"]] for row in rows) == [row["number"] for row in portal.rows]
    load = newest(tmp_path / "archive")
    assert load is not None
    manifest = pages.read_manifest(load)
    assert manifest.rows > len(rows) and manifest.searched_for == ASKING.searched_for


@pytest.mark.parametrize("kind", ["documentcloud", "usaspending"])
def test_a_name_that_finds_one_page_costs_one_request(kind: str, portal: Simulator, web: Web, tmp_path: Path) -> None:
    source = portal_simulator.source(kind, portal.base)
    source = msgspec.structs.replace(source, access={**source.access, "page": "100"})
    load_of(source, web, tmp_path, ASKING)
    assert len(portal.asked) == 2


@pytest.mark.parametrize("kind", ["documentcloud", "usaspending"])
def test_with_nothing_to_ask_for_nothing_is_asked(kind: str, portal: Simulator, web: Web, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no name is known to ask for"):
        load_of(portal_simulator.source(kind, portal.base), web, tmp_path)
    assert portal.asked == []


def test_who_uploaded_a_document_is_not_asked_for(portal: Simulator, web: Web, tmp_path: Path) -> None:
    load_of(portal_simulator.source("documentcloud", portal.base), web, tmp_path, ASKING)
    first = asked_of(portal, "/search/")[0]
    assert first == {"q": '"Synthetic Alpha"', "per_page": "4", "expand": "organization"}


def test_a_next_page_elsewhere_is_not_followed(portal: Simulator, web: Web, tmp_path: Path) -> None:
    def elsewhere(portal: Simulator, request: Request, kind: str, plain: Response) -> Response:
        return Response(re.sub(rb'"next": "http://[^/]+/', b'"next": "http://stranger.example/', plain.get_data()), 200)

    portal.strike(elsewhere)
    with pytest.raises(SourceError, match=r"stranger\.example.*not at its own address"):
        load_of(portal_simulator.source("documentcloud", portal.base), web, tmp_path, ASKING)


def test_past_the_window_awards_follow_the_last_one(
    portal: Simulator, web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("registry.portals.usaspending.WINDOW", 8)
    portal.rows, portal.window = portal_simulator.rows(40), 8
    source = portal_simulator.source("usaspending", portal.base)
    assert len(load_of(source, web, tmp_path, ASKING)) == 40
    posted = [json.loads(request.get_data()) for request in portal.asked if request.path.endswith("/spending_by_award/")]
    assert {("last_record_unique_id" in one, one["page"] > 2) for one in posted} == {(True, True), (False, False)}


def test_awards_are_asked_for_by_the_columns_that_are_kept(portal: Simulator, web: Web, tmp_path: Path) -> None:
    load_of(portal_simulator.source("usaspending", portal.base), web, tmp_path, ASKING)
    first = json.loads(portal.asked[0].get_data())
    assert first["filters"] == {"award_type_codes": ["A", "B", "C", "D"], "keywords": ['"Synthetic Alpha"']}
    assert set(first["fields"]) == {"Award ID", "Description", "Recipient Name", "Awarding Sub Agency", "Award Amount", "Start Date"}
    assert (first["sort"], first["order"], first["page"], first["limit"]) == ("Award ID", "asc", 1, 4)


# --- all ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["socrata", "ckan", "arcgis"])
def test_pages_that_are_as_they_were_are_not_parsed_again(
    kind: str, portal: Simulator, web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, parsed = portal_simulator.source(kind, portal.base), []
    read = Fetcher.read
    monkeypatch.setattr(Fetcher, "read", lambda self, taken: parsed.append(taken.name) or read(self, taken))

    def again() -> list[str]:
        parsed.clear()
        fetcher = fetcher_of(source, web, tmp_path / "archive")
        PORTALS[kind].fetch(source, fetcher)
        fetcher.visits.save()
        load = newest(tmp_path / "archive")
        assert load is not None
        return [page.url for page in pages.read_manifest(load).pages]

    assert set(again()) <= set(parsed)
    before = newest(tmp_path / "archive")
    assert not set(again()) & set(parsed) and newest(tmp_path / "archive") == before
    portal.rows[0]["title"] = "SYNTHETIC CHANGE"
    assert set(again()) <= set(parsed), "one page differs, so that all are held against each other"


def test_a_portal_may_be_asked_more_slowly_than_others(portal: Simulator, web: Web, tmp_path: Path) -> None:
    source = portal_simulator.source("ckan", portal.base)
    source = msgspec.structs.replace(source, access={**source.access, "pace": "2.5"})
    assert fetcher_of(source, web, tmp_path).pace == 2.5


def test_a_rows_link_is_made_of_its_columns_and_cannot_break_out() -> None:
    made = link("https://example.org/a?id={Id}&g={Guid}", {"Id": "7", "Guid": "x/&y\" {Id}"})
    assert made == "https://example.org/a?id=7&g=x%2F%26y%22%20%7BId%7D"
