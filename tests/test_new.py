"""`registry new`: every kind of draft, from the address to rows in the registry, and portals that wish us ill."""

from __future__ import annotations

import csv
import json
import os
import pty
import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import portal_simulator
import pytest
import yaml
from conftest import ROOT, RUN, Checkout, as_json
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from portal_simulator import DATASET, FEATURES, Simulator

from registry.checking import check_data
from registry.drafts.addresses import Address, recognise
from registry.drafts.columns import likely, load_column_words, why_personal
from registry.drafts.words import LONGEST, as_yaml, plain
from registry.errors import RegistryError
from registry.kinds import KINDS
from registry.law import Law
from registry.records import COLUMNS
from registry.shape import _TextLoader, convert, left_to_do, read_yaml
from registry.vocabulary import Supplier, Technology

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])
SLUG = "us-il-chicago-synthetic"
ADDRESSES = {
    "socrata": f"/d/{DATASET}",
    "ckan": f"/dataset/synthetic/resource/{DATASET}",
    "arcgis": FEATURES,
    "delimited": "/data.csv",
    "xlsx": "/data.xlsx",
    "json": "/data.json",
}
FILES = ("delimited", "xlsx", "json")
# Where the rows of the simulator's files are.
INSIDE = {"xlsx": ("--sheet", "Rows"), "json": ("--rows-at", "data.items")}
COUNCIL = "/v1/synthetic/matters"
# What a person who knows the city would write for each TODO.
ANSWERS: dict[str, Any] = {
    "title": "Synthetic contracts", "publisher": "Synthetic City", "buyer_name": "Synthetic City", "covers_from": "2020-01-01",
    "grain": "One row per contract.", "amounts_mean": "Nothing.", "date_format": "iso", "key": ["number"],
}  # fmt: skip
MAPPED = {**portal_simulator.KEPT}


@pytest.fixture
def place(copied: Checkout) -> Checkout:
    """A copy of data/ with no source but the one that a test makes."""
    for path in (copied.data / "sources").glob("*.yml"):
        path.unlink()
    return copied


def new_source(here: Checkout, url: str, *more: str) -> Any:
    return here.run("new", "source", SLUG, "--url", url, "--jurisdiction", "us-il-chicago", *more)


def draft(here: Checkout) -> dict[str, Any]:
    entry: dict[str, Any] = read_yaml(here.data / "sources" / f"{SLUG}.yml")
    return entry


def finish(here: Checkout, columns: dict[str, str] = MAPPED) -> None:
    """Do what a person does: answer each TODO, and move the columns that are used from ignore: to fields:."""
    entry = draft(here)
    entry |= {name: ANSWERS[name] for name in ANSWERS if list(left_to_do(entry.get(name)))}
    entry["fields"] = columns
    entry["ignore"] = {name: why for name, why in entry["ignore"].items() if name not in columns.values()}
    (here.data / "sources" / f"{SLUG}.yml").write_text(yaml.safe_dump(entry, allow_unicode=True, sort_keys=False), encoding="utf-8")


# --- addresses ----------------------------------------------------------------------------------------------------------------

TOKEN = {"token_env": "SOCRATA_APP_TOKEN", "token_header": "X-App-Token"}
SOCRATA = Address("socrata", {"base": "https://data.example.org", "dataset": "ab12-cd34", **TOKEN})
CKAN = Address("ckan", {"base": "https://data.example.org", "resource": "fe05-c4"}, "awards")
API = Address("legistar", {"base": "https://webapi.legistar.com/v1", "client": "sampleton"}, kind="matters")
PAGE = "https://sampleton.legistar.com/LegislationDetail.aspx?ID={MatterId}&GUID={MatterGuid}"
SITE = Address("legistar", {**API.access, "link": PAGE}, kind="matters")


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("https://data.example.org/d/ab12-cd34", SOCRATA),
        ("https://data.example.org/resource/ab12-cd34.json", SOCRATA),
        ("https://data.example.org/resource/ab12-cd34.csv?$limit=5", SOCRATA),
        ("https://data.example.org/api/views/ab12-cd34.json", SOCRATA),
        ("https://data.example.org/api/views/ab12-cd34/rows.csv?accessType=DOWNLOAD", SOCRATA),
        ("https://data.example.org/Administration-Finance/Contracts/ab12-cd34", SOCRATA),
        ("https://data.example.org/Administration-Finance/Contracts/ab12-cd34/about_data", SOCRATA),
        ("https://data.example.org/dataset/Contracts/ab12-cd34", SOCRATA),
        ("https://data.example.org/dataset/awards/resource/fe05-c4", CKAN),
        ("https://data.example.org/dataset/awards/resource/fe05-c4/download/awards.csv", CKAN),
        ("https://data.example.org/dataset/city-data", Address("ckan", {"base": "https://data.example.org"}, "city-data")),
        ("https://x.org/ckan/dataset/awards/", Address("ckan", {"base": "https://x.org/ckan"}, "awards")),
        (
            "https://x.org/a/rest/services/Contracts/FeatureServer/3/query?f=json",
            Address("arcgis", {"base": "https://x.org/a/rest/services/Contracts/FeatureServer", "layer": "3"}),
        ),
        ("https://x.org/city-data/a.CSV?v=2", Address("delimited", {"base": "https://x.org", "path": "city-data/a.CSV?v=2"})),
        ("https://x.org/a.xlsx", Address("xlsx", {"base": "https://x.org", "path": "a.xlsx"})),
        ("https://x.org/v1/list.json?year=2026", Address("json", {"base": "https://x.org", "path": "v1/list.json?year=2026"})),
        ("https://webapi.legistar.com/v1/sampleton", API),
        ("https://webapi.legistar.com/v1/sampleton/", API),
        ("https://webapi.legistar.com/v1/sampleton/bodies/12", API),
        ("https://webapi.legistar.com/v1/sampleton/Matters?$top=5", API),
        ("https://Sampleton.legistar.com", SITE),
        ("https://sampleton.legistar.com/Legislation.aspx", SITE),
        ("https://sampleton.legistar.com/LegislationDetail.aspx?ID=1&GUID=2", SITE),
    ],
)
def test_the_portal_is_told_by_the_address(url: str, wanted: Address) -> None:
    assert recognise(url) == wanted


@pytest.mark.parametrize(
    "url",
    [
        "ftp://x.org/a.csv", "contracts.csv", "https://x.org/contracts", "https://x.org/a.pdf", "http://[", "https://u:p@x.org/a.csv", "",
        "https://webapi.legistar.com/", "https://webapi.legistar.com/Help", "https://x.org/v1/sampleton", "https://a.b.legistar.com.x.org/",
    ],
)  # fmt: skip
def test_an_address_that_names_no_data_set_is_refused_with_what_would(url: str) -> None:
    with pytest.raises(RegistryError, match=r"FeatureServer/0|Copy it from the browser"):
        recognise(url)


# --- columns ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["Contact_Phone", "vendorEmail", "ADDRESS 1", "officer", "Date of Birth", "SSN", "contactName", "Vendor ID", "zip", "buyer_name"],
)
def test_columns_that_can_tell_of_a_person_are_known(name: str, copied: Checkout) -> None:
    assert why_personal(load_column_words(copied.data), name)


@pytest.mark.parametrize("name", ["vendor_name", "Department", "award_amount", "contract_number", "agency", "Percentage", "Title"])
def test_columns_of_a_contract_are_not_taken_for_personal_ones(name: str, copied: Checkout) -> None:
    assert why_personal(load_column_words(copied.data), name) == ""


def test_likely_columns_come_likeliest_first(copied: Checkout) -> None:
    names = ("Contract Type", "PO Number", "Contract Number", "Vendor Name")
    assert likely(load_column_words(copied.data), "contract_number", names)[0] == "Contract Number"
    assert likely(load_column_words(copied.data), "supplier_name", names) == ["Vendor Name"]


# --- a source, from the address to contracts -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ADDRESSES)
def test_from_an_address_to_contracts_with_no_python(kind: str, portal: Simulator, place: Checkout) -> None:
    made = new_source(place, portal.base + ADDRESSES[kind], *INSIDE.get(kind, ()))
    assert made.exit_code == 0, made.output
    refused = place.run("check")
    assert refused.exit_code == 1
    for name in KINDS["contracts"].needed:
        question = f"which of the columns below is the {name.replace('_', ' ')}?"
        assert f"{SLUG}.yml: `fields.{name}` is still to be written: {question}" in refused.stderr
    finish(place)
    checked = place.run("check")
    assert checked.exit_code == 0, checked.output
    assert as_json(place.run("sources", "--probe", SLUG, "--json"))[0]["result"] == "ok"
    loaded = place.run("load", SLUG)
    assert loaded.exit_code == 0, loaded.output
    found = place.rows("SELECT contract_number, title, supplier_name, value_amount FROM contracts WHERE source = ? ORDER BY 1", SLUG)
    assert [one["contract_number"] for one in found] == ["C0002", "C0004", "C0006", "C0008", "C0010"]
    assert list(found[0].values()) == ["C0002", "SYNTHETIC GUNSHOT DETECTION SYSTEM", "SYNTHETIC SUPPLIER", 200.0]


@pytest.mark.parametrize("kind", ADDRESSES)
def test_the_draft_says_what_was_seen_and_nothing_personal_was_asked_for(kind: str, portal: Simulator, place: Checkout) -> None:
    told = new_source(place, portal.base + ADDRESSES[kind], *INSIDE.get(kind, ())).stdout
    entry = draft(place)
    assert (entry["portal"], entry["jurisdiction"], entry["kind"]) == (kind, "us-il-chicago", "contracts")
    assert entry["expect"] == {"rows_at_least": "9"} and "8 columns, 10 rows" in entry["probed_with"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", entry["last_probed"])
    assert set(entry["ignore"]) == set(portal.columns) - {"person"} and "name of a person" in entry["never_fetched"]["person"]
    assert f"registry load {SLUG}" in told and "8 columns, 10 rows; 1 look personal" in told
    recording = (place.data / "recordings" / f"{SLUG}.json").read_text()
    assert not re.search("SYNTHETIC (PERSON|AUTHOR)", recording + str(entry)) and len(json.loads(recording)["records"]) == 5
    if kind not in FILES:
        assert not any("person" in request.query_string.decode() for request in portal.asked)


@pytest.mark.parametrize("kind", ["socrata", "ckan"])
def test_the_portals_own_words_stand_in_the_draft(kind: str, portal: Simulator, place: Checkout) -> None:
    new_source(place, portal.base + ADDRESSES[kind])
    entry = draft(place)
    assert (entry["title"], entry["publisher"], entry["licence"]) == ("Synthetic contracts", "Synthetic City", "Synthetic licence")
    assert entry["licence_url"] == "https://example.org/licence"
    assert "Words about amount" in entry["ignore"]["amount"]
    assert json.loads((place.data / "recordings" / f"{SLUG}.json").read_text())["licence"] == "Synthetic licence"


@pytest.mark.parametrize("kind", ["arcgis", "delimited"])
def test_a_licence_nobody_states_is_said_to_be_unstated(kind: str, portal: Simulator, place: Checkout) -> None:
    told = new_source(place, portal.base + ADDRESSES[kind]).stdout
    assert draft(place)["licence"] == "Not stated by the portal" and "states no licence" in told


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_source_is_asked_for_what_it_needs(kind: str, portal: Simulator, place: Checkout) -> None:
    assert new_source(place, portal.base + ADDRESSES["socrata"], "--kind", kind).exit_code == 0
    entry = draft(place)
    assert entry["kind"] == kind and tuple(entry["fields"]) == KINDS[kind].needed
    assert ("statuses" in entry) is (kind == "matters")
    told = (place.data / "sources" / f"{SLUG}.yml").read_text()
    assert all(name in told for name in KINDS[kind].also)


def test_a_file_behind_a_resource_is_read_as_a_file(portal: Simulator, place: Checkout) -> None:
    portal.datastore = False
    assert new_source(place, f"{portal.base}/dataset/synthetic").exit_code == 0
    assert draft(place)["access"] == {"base": portal.base, "resource": DATASET, "as": "delimited"}
    finish(place)
    assert place.run("load", SLUG).exit_code == 0


def test_a_data_set_of_several_tables_lists_their_addresses(portal: Simulator, place: Checkout) -> None:
    portal.resources = [{"id": "second", "name": "Second table", "format": "CSV", "datastore_active": True}]
    refused = new_source(place, f"{portal.base}/dataset/synthetic")
    assert refused.exit_code == 1 and f"{portal.base}/dataset/synthetic/resource/second (Second table)" in refused.stderr
    assert not list((place.data / "sources").iterdir())


def test_nothing_is_overwritten_and_nothing_asked_for_in_vain(portal: Simulator, place: Checkout) -> None:
    new_source(place, portal.base + ADDRESSES["socrata"])
    before, asked = (place.data / "sources" / f"{SLUG}.yml").read_bytes(), len(portal.asked)
    again = new_source(place, portal.base + ADDRESSES["socrata"])
    assert again.exit_code == 1 and "left as it is" in again.stderr and len(portal.asked) == asked
    assert (place.data / "sources" / f"{SLUG}.yml").read_bytes() == before


@pytest.mark.parametrize("slug", ["../escape", "Upper", "a.b", "", "a/b"])
def test_a_name_that_is_no_file_name_is_a_wrong_command_line(slug: str, place: Checkout) -> None:
    assert place.run("new", "source", slug, "--url", "https://data.example.org/d/ab12-cd34").exit_code == 2


def test_a_portal_that_fails_leaves_nothing_behind(portal: Simulator, place: Checkout) -> None:
    refused = new_source(place, f"{portal.base}/nothing/{DATASET}.csv")
    assert refused.exit_code == 1 and "404" in refused.stderr
    assert not list((place.data / "sources").iterdir()) and not (place.data / "recordings").exists()


def test_an_unknown_place_is_named_with_the_command_that_makes_it(place: Checkout) -> None:
    refused = place.run("new", "source", SLUG, "--url", "https://data.example.org/d/ab12-cd34", "--jurisdiction", "us-ex-sampleton")
    assert refused.exit_code == 1 and "registry new place us-ex-sampleton" in refused.stderr


# --- a council --------------------------------------------------------------------------------------------------------------------

MATTER = {"matter_number": "MatterFile", "title": "MatterTitle", "status": "MatterStatusName", "date_introduced": "MatterIntroDate",
          "date_decided": "MatterPassedDate"}  # fmt: skip


def test_from_a_councils_address_to_matters_with_no_python(portal: Simulator, place: Checkout) -> None:
    made = new_source(place, portal.base + COUNCIL)
    assert made.exit_code == 0, made.output
    entry = draft(place)
    assert (entry["portal"], entry["kind"], entry["date_format"]) == ("legistar", "matters", "iso")
    assert entry["access"] == {"base": f"{portal.base}/v1", "client": "synthetic"}
    assert entry["statuses"] == {"Filed": "TODO: what it comes to", "Passed": "TODO: what it comes to"}, "the newest matter's word first"
    assert "Perhaps MatterFile" in entry["fields"]["matter_number"] and "Perhaps MatterStatusName" in entry["fields"]["status"]
    assert "does not count its rows" in entry["probed_with"] and "expect" not in entry
    refused = place.run("check").stderr
    assert f"{SLUG}.yml: `statuses.Passed` is still to be written: what it comes to" in refused
    finish(place, MATTER)
    path = place.data / "sources" / f"{SLUG}.yml"
    answered = {**draft(place), "statuses": {"Filed": "pending", "Passed": "approved"}, "key": ["MatterId"]}
    path.write_text(yaml.safe_dump(answered), encoding="utf-8")
    checked = place.run("check")
    assert checked.exit_code == 0, checked.output
    probed = as_json(place.run("sources", "--probe", SLUG, "--json"))[0]
    assert probed["result"] == "ok", probed["told"]
    loaded = place.run("load", SLUG)
    assert loaded.exit_code == 0, loaded.output
    found = place.rows("SELECT matter_number, title, status FROM matters WHERE source = ? ORDER BY 1", SLUG)
    assert [one["matter_number"] for one in found] == ["C0002", "C0004", "C0006", "C0008", "C0010"]


def test_nothing_that_a_council_may_keep_of_people_is_asked_for(portal: Simulator, place: Checkout) -> None:
    new_source(place, portal.base + COUNCIL)
    never = draft(place)["never_fetched"]
    assert {"MatterRequester", "MatterText2", "MatterEXText6", "MatterNotes"} <= set(never) and "e-mail" in never["MatterText2"]
    asked = {name for request in portal.asked for name in request.args["$select"].split(",")}
    assert len(asked) > 20 and asked.isdisjoint(never), "every request names its columns"
    assert "PERSON" not in (place.data / "recordings" / f"{SLUG}.json").read_text()


def test_a_council_that_is_not_there_leaves_nothing_behind(portal: Simulator, place: Checkout) -> None:
    refused = new_source(place, f"{portal.base}/v1/nosuch/matters")
    assert refused.exit_code == 1 and "not set up in InSite for client: nosuch" in refused.stderr and len(portal.asked) == 1
    assert not list((place.data / "sources").iterdir())


def test_a_saved_reply_of_a_council_gives_its_status_words(place: Checkout, tmp_path: Path) -> None:
    words = ["Passed", None, "  In\nCommittee `x`: [y] ", "Passed"]
    file = tmp_path / "saved.json"
    file.write_text(json.dumps([{"MatterId": number, "MatterStatusName": word} for number, word in enumerate(words)]))
    made = new_source(place, "https://sampleton.legistar.com/Calendar.aspx", "--offline", file)
    assert made.exit_code == 0, made.output
    entry = draft(place)
    assert list(entry["statuses"]) == ["Passed", "In Committee `x`: [y]"] and entry["last_probed"] == "never"
    assert entry["access"]["link"] == PAGE and 'source_url: ":link"' in (place.data / "sources" / f"{SLUG}.yml").read_text()
    file.write_text(json.dumps({"Message": "An error has occurred."}))
    (place.data / "sources" / f"{SLUG}.yml").unlink()
    refused = new_source(place, "https://sampleton.legistar.com", "--offline", file)
    assert refused.exit_code == 1 and "not what it should be" in refused.stderr


def test_matters_of_another_portal_give_the_status_words_of_the_rows_seen(portal: Simulator, place: Checkout) -> None:
    portal.columns = [*portal.columns, "status"]
    for row in portal.rows:
        row["status"] = "Tabled" if row["id"] % 2 else "Adopted"
    new_source(place, portal.base + ADDRESSES["ckan"], "--kind", "matters")
    assert set(draft(place)["statuses"]) == {"Adopted", "Tabled"}


@pytest.mark.parametrize(("kind", "told"), [("xlsx", "'About', 'Rows'"), ("json", "has 'meta', 'data'")])
def test_a_file_whose_rows_could_be_in_several_places_says_which_there_are(
    kind: str, told: str, portal: Simulator, place: Checkout
) -> None:
    refused = new_source(place, portal.base + ADDRESSES[kind])
    assert refused.exit_code == 1 and told in refused.stderr and INSIDE[kind][0] in refused.stderr
    assert not list((place.data / "sources").iterdir())


# --- without the network --------------------------------------------------------------------------------------------------------

SAVED: dict[str, Any] = {
    "socrata": {"name": "Saved", "columns": [{"fieldName": "number", "name": "Number"}, {"fieldName": "person", "name": "Contact"}]},
    "ckan": {"result": {"fields": [{"id": "_id"}, {"id": "number", "info": {"notes": "Its number"}}, {"id": "person"}]}},
    "arcgis": {"name": "Saved", "fields": [{"name": "number", "type": "x"}, {"name": "person", "type": "x"}]},
    "json": [{"number": 1, "person": "SYNTHETIC PERSON"}],
}


@pytest.mark.parametrize("kind", [*SAVED, "delimited"])
def test_a_saved_reply_is_enough_for_a_draft(kind: str, place: Checkout, tmp_path: Path) -> None:
    file = tmp_path / "saved"
    file.write_text(json.dumps(SAVED[kind]) if kind in SAVED else "number,person\n1,SYNTHETIC PERSON\n")
    assert new_source(place, "https://data.example.org" + ADDRESSES[kind], "--offline", str(file)).exit_code == 0
    entry = draft(place)
    assert (set(entry["ignore"]), set(entry["never_fetched"])) == ({"number"}, {"person"})
    assert entry["last_probed"] == "never" and "expect" not in entry and not (place.data / "recordings").exists()


def test_a_saved_reply_of_another_shape_is_refused(place: Checkout, tmp_path: Path) -> None:
    file = tmp_path / "saved"
    file.write_text("<html>")
    refused = new_source(place, "https://data.example.org" + ADDRESSES["socrata"], "--offline", str(file))
    assert refused.exit_code == 1 and "not a saved reply" in refused.stderr


# --- recordings ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def recorded(portal: Simulator, place: Checkout) -> Callable[[Callable[[dict[str, Any]], object]], list[str]]:
    """Change the recording of a finished source, then check."""
    new_source(place, portal.base + ADDRESSES["socrata"])
    finish(place)
    path = place.data / "recordings" / f"{SLUG}.json"

    def check(change: Callable[[dict[str, Any]], object]) -> list[str]:
        content = json.loads(path.read_text())
        change(content)
        path.write_text(json.dumps(content))
        return check_data(place.data).problems

    return check


def test_a_recording_that_fits_its_source_has_no_problem(recorded: Any) -> None:
    assert recorded(lambda content: None) == []


RECORDING_FAULTS: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "an unreadable day": (lambda content: content["records"][0].update(starts="the first of May"), "is not a date written as iso"),
    "an unreadable amount": (lambda content: content["records"][1].update(amount="a lot"), "not an amount"),
    "a new column": (lambda content: content["columns"].update(novel={"name": "novel", "type": ""}), "a column we do not know: 'novel'"),
    "a needed column gone": (lambda content: content["columns"].pop("title"), "lacks the column 'title'"),
    "a title nobody fills": (lambda content: [one.pop("title") for one in content["records"]], "Is it the right column?"),
    "a key that repeats": (lambda content: [one.update(number="C1") for one in content["records"]], "key_may_repeat"),
    "another source": (lambda content: content.update(source="other"), "there is no source `other`"),
    "no recording": (lambda content: content.pop("columns"), "not a recording"),
}


@pytest.mark.parametrize("fault", RECORDING_FAULTS)
def test_a_recording_that_does_not_fit_its_source_is_a_problem(fault: str, recorded: Any) -> None:
    change, words = RECORDING_FAULTS[fault]
    problems = recorded(change)
    assert any(words in problem and f"{SLUG}.json" in problem for problem in problems), problems


def test_what_looks_like_a_persons_number_is_not_recorded(portal: Simulator, place: Checkout) -> None:
    portal.rows[0]["title"] = "CALL SYNTHETIC PERSON 312-555-0100"
    portal.rows[1]["title"] = "someone@example.org"
    new_source(place, portal.base + ADDRESSES["socrata"])
    recording = (place.data / "recordings" / f"{SLUG}.json").read_text()
    assert "555-0100" not in recording and "someone@" not in recording and recording.count("left out") == 2


# --- portals that wish us ill ----------------------------------------------------------------------------------------------------

INJECTION = (
    "Contracts\nportal: delimited\nfields: {title: evil}\n\"'#: - <script>alert(1)</script> \x00\x1b\u202e{{x}} &anchor *alias "
    "!!python/object:os.system"
)


@pytest.mark.parametrize("kind", ADDRESSES)
def test_hostile_words_stay_words(kind: str, portal: Simulator, place: Checkout) -> None:
    portal.about = dict.fromkeys(portal.about, INJECTION * 50)
    portal.columns = [*portal.columns, "two\nlines", "- evil: yes", "#comment", "TODO", "x" * 5_000, "null", "<b>bold</b>"]
    made = new_source(place, portal.base + ADDRESSES[kind], *INSIDE.get(kind, ()))
    assert made.exit_code == 0, made.output
    entry, text = draft(place), (place.data / "sources" / f"{SLUG}.yml").read_text()
    assert entry["portal"] == kind and set(entry["fields"]) == set(KINDS["contracts"].needed)
    assert set(entry["ignore"]) == {*portal.columns} - {"person", "x" * 5_000} and "# 1 more columns are not listed" in text
    assert "<script>" not in text and all(len(line) < 2 * LONGEST + 200 for line in text.splitlines())
    assert "licence_url" not in entry, "an address that is none is no link"
    finish(place)
    assert place.run("check").exit_code == 0, "every column listed is told apart, also by the recording"


def test_a_workbook_of_ten_thousand_columns_is_refused(portal: Simulator, place: Checkout) -> None:
    portal.columns = [*portal.columns, *(f"column {number}" for number in range(10_000))]
    refused = new_source(place, portal.base + ADDRESSES["xlsx"], *INSIDE["xlsx"])
    assert refused.exit_code == 1 and "more than 1,000 cells" in refused.stderr and not list((place.data / "sources").iterdir())


@pytest.mark.parametrize("kind", [kind for kind in ADDRESSES if kind != "xlsx"])
def test_ten_thousand_columns_end_in_a_capped_file(kind: str, portal: Simulator, place: Checkout) -> None:
    portal.columns = [*portal.columns, *(f"column {number}" for number in range(10_000))]
    made = new_source(place, portal.base + ADDRESSES[kind], *INSIDE.get(kind, ()))
    assert made.exit_code == 0, made.output
    entry, path = draft(place), place.data / "sources" / f"{SLUG}.yml"
    assert len(entry["ignore"]) + len(entry["never_fetched"]) == 300
    assert "# 9,708 more columns are not listed" in path.read_text() and path.stat().st_size < 60_000
    assert (place.data / "recordings" / f"{SLUG}.json").stat().st_size < 300_000


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(), st.text(min_size=1, max_size=150).filter(str.isprintable))
def test_any_words_are_read_back_as_themselves(words: str, name: str) -> None:
    said = plain(words)
    assert len(said) <= LONGEST and "\n" not in said
    assert yaml.load(as_yaml({"title": said, name + "'": {name: said}}), _TextLoader) == {"title": said, name + "'": {name: said}}


# --- technologies, suppliers, places, laws ------------------------------------------------------------------------------------------

ENTRIES: dict[str, tuple[str, tuple[str, ...], dict[str, Any]]] = {
    "technology": (
        "technologies/crowd_counting.yml",
        ("crowd_counting", "--name", "Crowd counting", "--term", "crowd counting"),
        {"definition": "Counts people.", "examples": {"match": ["CROWD COUNTING"], "not_match": ["CROWD CONTROL"]}, "source": "Own words."},
    ),
    "supplier": (
        "suppliers/sample-sensors.yml",
        ("sample-sensors", "--name", "Sample Sensors Inc.", "--technology", "cctv", "--product", "Plaza Cam 3"),
        {},
    ),
    "place": (
        "jurisdictions/us-ma-sampleton.yml",
        ("us-ma-sampleton", "--name", "Sampleton, MA", "--state", "ma"),
        {"deciding_body": "City Council", "agencies": []},
    ),
    "law": (
        "laws/il-draft-ccops.yml",
        ("il-draft-ccops", "--jurisdiction", "us-il-chicago", "--kind", "ccops", "--title", "Oversight Ordinance"),
        {"citation": "9.99", "url": "", "sources": ["None."], "effective": {"quality": "unknown", "note": "Not known.", "evidence": "M"}},
    ),
}
SHAPES: dict[str, Any] = {"technology": Technology, "supplier": Supplier, "law": Law}


@pytest.mark.parametrize("kind", ENTRIES)
def test_a_draft_is_refused_until_it_is_finished_and_then_passes(kind: str, copied: Checkout) -> None:
    name, words, answers = ENTRIES[kind]
    path = copied.data / name
    made = copied.run("new", kind, *words)
    assert made.exit_code == 0 and str(path) in made.stdout
    checked = copied.run("check")
    asked = list(left_to_do(read_yaml(path)))
    assert bool(asked) is bool(answers) and all(question in checked.stderr for question in asked)
    assert checked.exit_code == int(bool(answers))
    if answers:
        finished = {**read_yaml(path), **answers}
        if kind == "law":
            finished["effective"]["date"] = None
        path.write_text(yaml.safe_dump(finished), encoding="utf-8")
        after = copied.run("check")
        assert after.exit_code == 0, after.output
    again = copied.run("new", kind, *words)
    assert again.exit_code == 1 and "left as it is" in again.stderr


def test_a_draft_claims_nothing(copied: Checkout) -> None:
    for kind, (_, words, _) in ENTRIES.items():
        copied.run("new", kind, *words)
    law, supplier = (read_yaml(copied.data / ENTRIES[kind][0]) for kind in ("law", "supplier"))
    assert law["status"] == "unverified" and {law["effective"]["evidence"], law["agencies"]["evidence"], law["triggers_evidence"]} == {"M"}
    assert (supplier["specialist"], supplier["evidence"]["basis"], supplier["products"][0]["basis"]) == ("no", "memory", "memory")
    assert supplier["products"][0]["face"] == "unknown"
    assert read_yaml(copied.data / ENTRIES["technology"][0])["evidence"] == "M"


def test_a_law_as_drafted_gives_no_firm_answer(copied: Checkout) -> None:
    """In a place without another law, the finished draft of a vote-first law leaves every purchase to a person."""
    copied.run("new", "law", "il-chicago-draft", "--jurisdiction", "us-il-chicago", "--kind", "ccops", "--title", "Draft")
    path = copied.data / "laws" / "il-chicago-draft.yml"
    entry = {**read_yaml(path), **ENTRIES["law"][2]}
    entry["effective"]["date"] = None
    for triggers in ([], ["acquire"]):
        path.write_text(yaml.safe_dump({**entry, "triggers": triggers}), encoding="utf-8")
        facts = {"jurisdiction": "us-il-chicago", "department": "Chicago Police Department", "tech": ["drone"], "action": "acquire",
                 "award_date": "2024-05-01", "face": "no"}  # fmt: skip
        answer = as_json(copied.run("judge", "-", "--json", given=json.dumps(facts)))
        assert answer["outcome"] == "needs_review", answer


# --- records ------------------------------------------------------------------------------------------------------------------

RECORD = (
    "--event-type", "grant", "--technology", "drone", "--buyer-unit", "Synthetic Police", "--title", "Synthetic grant, two drones",
    "--finding", 'The "report" lists two drones.', "--evidence-grade", "official", "--source-title", "Report",
    "--source-publisher", "Synthetic City", "--source-url", "https://www.example.org/report",
)  # fmt: skip


def last_row(path: Path) -> dict[str, str]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))[-1]


def test_a_record_is_one_row_more_marked_for_review(copied: Checkout) -> None:
    path = copied.data / "records" / "us-ma.csv"
    before = path.read_bytes()
    made = copied.run("new", "record", "us-ma-boston", *RECORD)
    assert made.exit_code == 0, made.output
    row = last_row(path)
    assert path.read_bytes().startswith(before) and path.read_bytes().count(b"\n") == before.count(b"\n") + 1
    assert row["id"] in made.stdout and row["id"].startswith("us-ma-boston-") and row["id"].encode() + b"," not in before
    assert (row["review"], row["event_date"], row["date_precision"], row["amount"], row["currency"]) == ("yes", "", "", "", "")
    assert row["notes"] == "Not known: event_date, stage, source_date." and row["finding"] == 'The "report" lists two drones.'
    assert copied.run("check").exit_code == 0


def test_what_follows_from_a_record_is_not_asked_for(copied: Checkout) -> None:
    more = ("--event-date", "2024-05", "--stage", "paid", "--amount", "25000", "--source-date", "2024-06-01", "--review", "no")
    assert copied.run("new", "record", "us-ma-boston", *RECORD, *more).exit_code == 0
    row = last_row(copied.data / "records" / "us-ma.csv")
    assert (row["date_precision"], row["currency"], row["review"], row["notes"]) == ("month", "USD", "no", "")
    assert copied.run("check").exit_code == 0


def test_the_first_record_of_a_state_makes_its_file(copied: Checkout) -> None:
    copied.run("new", "place", "us-ms-sampleton", "--name", "Sampleton, MS", "--state", "ms")
    (copied.data / "jurisdictions" / "us-ms-sampleton.yml").write_text(
        "id: us-ms-sampleton\nname: Sampleton, MS\nkind: city\nstate: ms\n", encoding="utf-8"
    )
    made = copied.run("new", "record", "us-ms-sampleton", *RECORD)
    assert made.exit_code == 0, made.output
    assert (copied.data / "records" / "us-ms.csv").read_text().splitlines()[0] == ",".join(COLUMNS)
    assert copied.run("check").exit_code == 0


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("--event-date", "May 2024"), "event_date"), (("--technology", "x_ray"), "technology"),
        (("--source-url", "the web"), "source_url"), (("--amount", "$5"), "amount"), (("--review", "no"), "review"),
        (("--stage", "decided"), "decided_by"),
        (("--title", "two\nlines"), "title"),
    ],
)  # fmt: skip
def test_a_record_that_would_be_refused_is_not_written(more: tuple[str, str], told: str, copied: Checkout) -> None:
    path = copied.data / "records" / "us-ma.csv"
    before = path.read_bytes()
    refused = copied.run("new", "record", "us-ma-boston", *RECORD, *more)
    assert refused.exit_code == 1 and f"new row:{told}" in refused.stderr and path.read_bytes() == before


def test_without_a_terminal_a_missing_fact_is_a_wrong_command_line(copied: Checkout) -> None:
    refused = copied.run("new", "record", "us-ma-boston", *RECORD[:-2])
    assert refused.exit_code == 2 and "--source-url" in refused.stderr


def test_a_place_nobody_knows_has_no_records(copied: Checkout) -> None:
    refused = copied.run("new", "record", "us-ex-sampleton", *RECORD)
    assert refused.exit_code == 1 and "jurisdiction" in refused.stderr and not (copied.data / "records" / "us-ex.csv").exists()


def test_every_shape_of_a_draft_is_that_of_its_folder(copied: Checkout) -> None:
    """What is not a TODO is right already: answering the questions is all there is to do."""
    for kind, shape in SHAPES.items():
        name, words, answers = ENTRIES[kind]
        copied.run("new", kind, *words)
        entry = {**read_yaml(copied.data / name), **answers}
        if kind == "law":
            entry["effective"]["date"] = None
        assert convert(entry, shape, name)


# --- the recipes, word by word ------------------------------------------------------------------------------------------------------

CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
SAMPLETON = "Contract No,Change No,Description,Department,Vendor,Signed,Starts,Ends,Amount,Fund,Vendor Address\n"


def recipes() -> list[tuple[list[str], str, str]]:
    """Each `registry new` command of CONTRIBUTING.md, and the finished file that the next block shows: its language and text."""
    found = re.findall(r"^```sh\n(registry new (?:.*\n)+?)```\n(?:.*\n)*?```(yaml|csv)\n((?:.*\n)+?)```$", CONTRIBUTING, re.MULTILINE)
    return [(shlex.split(command.replace("\\\n", " "))[1:], language, text) for command, language, text in found]


def test_the_recipes_are_followed_word_by_word(copied: Checkout, tmp_path: Path) -> None:
    """Each command makes the draft of exactly the finished file that is shown, and that file passes the check."""
    saved = tmp_path / "saved.csv"
    saved.write_text(SAMPLETON)
    followed = recipes()
    assert [command[1] for command, _, _ in followed] == ["technology", "supplier", "place", "law", "record", "source"]
    for command, language, text in followed:
        made = copied.run(*command, *(("--offline", saved) if command[1] == "source" else ()))
        assert made.exit_code == 0, made.output
        if language == "csv":
            assert (copied.data / "records" / "us-ex.csv").read_text(encoding="utf-8") == text
        else:
            path = copied.data.parent / str(re.match(r"# (\S+)\n", text)[1])  # type: ignore[index]
            _is_the_draft_of(read_yaml(path), yaml.load(text, _TextLoader))
            path.write_text(text, encoding="utf-8")
    assert copied.run("check").exit_code == 0


def _is_the_draft_of(draft: dict[str, Any], finished: dict[str, Any]) -> None:
    """A person answered questions, verified, moved columns; nothing else differs."""
    facts = ("slug", "id", "name", "jurisdiction", "kind", "state", "title", "portal", "url", "access", "technologies")
    asked = [key for key in facts if key in draft and not list(left_to_do(draft[key]))]
    assert asked and {key: draft[key] for key in asked} == {key: finished[key] for key in asked}
    if "portal" in draft:
        assert _columns(draft) == _columns(finished) and set(draft["never_fetched"]) == set(finished["never_fetched"])


def _columns(entry: dict[str, Any]) -> set[str]:
    mapped = [column for column in entry["fields"].values() if not list(left_to_do(column))]
    return {*mapped, *entry["ignore"], *entry["never_fetched"]}


def test_on_a_terminal_the_missing_fact_is_asked_for(copied: Checkout) -> None:
    ours, theirs = pty.openpty()
    command = [*RUN, "new", "record", "us-ma-boston", *RECORD[:-2]]
    process = subprocess.Popen(command, env=copied.environment, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    os.write(ours, b"https://www.example.org/typed\n")
    out, err = process.communicate(timeout=60)
    os.close(theirs)
    os.close(ours)
    assert process.returncode == 0 and "The address of the thing itself. (--source-url)" in out + err
    assert last_row(copied.data / "records" / "us-ma.csv")["source_url"] == "https://www.example.org/typed"
