"""Payments, council matters and documents through the whole engine, in the shapes and with the slips that portals publish."""

from __future__ import annotations

import csv
import io
import json
import random
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT, SOURCE, Checkout, as_json, edit, row

from registry.catalog import load_catalog
from registry.coverage import council_searched
from registry.errors import DataError
from registry.matters import outcome_of
from registry.source import load_sources

PLACE = "us-il-chicago"
COMMON = """
jurisdiction: us-il-chicago
portal: delimited
url: https://portal.example/data
publisher: Synthetic
licence: None
buyer_name: City of Synthetic
covers_from: 2015-01-01
last_probed: never
amounts_mean: What was paid.
date_format: iso
"""
PAYMENTS = f"""id: syn-payments
title: Synthetic checkbook
kind: payments
id_prefix: syn-payments
grain: One row per payment line.
key: []
fields:
  supplier_name: vendor
  buyer_unit: dept
  title: account
  transaction_date: entered
  value_amount: amount
  contract_number: contract
never_fetched: {{"address": "A payee's address is personal data."}}
expect: {{rows_at_least: 2}}
{COMMON}"""
MATTERS = f"""id: syn-matters
title: Synthetic council
kind: matters
id_prefix: syn-matters
grain: One row per matter.
key: [MatterId]
fields:
  matter_number: MatterFile
  title: MatterTitle
  status: MatterStatusName
  matter_type: MatterTypeName
  body: MatterBodyName
  date_introduced: MatterIntroDate
  date_agenda: MatterAgendaDate
  date_decided: MatterPassedDate
  enactment_number: MatterEnactmentNumber
  source_url: InSiteURL
statuses: {{Passed: approved, Failed: refused, Scheduled: pending, Withdrawn: withdrawn}}
expect: {{rows_at_least: 2}}
{COMMON}"""
DOCUMENTS = f"""id: syn-documents
title: Synthetic document search
kind: documents
id_prefix: syn-documents
grain: One row per document and search that found it.
key: [id, query]
fields:
  document_number: id
  title: title
  description: query
  publisher: organization
  date_published: created
  source_url: url
{COMMON}""".replace("jurisdiction: us-il-chicago", 'jurisdiction: ""')
Row = dict[str, str]


def payment(vendor: str = "SHOTSPOTTER, INC.", **given: str) -> Row:
    usual = {
        "vendor": vendor, "dept": "POLICE", "account": "PROFESSIONAL SERVICES", "entered": "2023-07-05", "amount": "1234.56",
        "contract": "", "address": "1 SYNTHETIC STREET",
    }  # fmt: skip
    return {**usual, **given}


def matter(number: int, title: str, status: str, **given: str) -> Row:
    usual = {
        "MatterId": str(number), "MatterFile": f"26-{number:04}", "MatterTitle": title, "MatterStatusName": status,
        "MatterTypeName": "Resolution", "MatterBodyName": "Public Safety Committee", "MatterIntroDate": "2025-09-01T00:00:00",
        "MatterAgendaDate": "2025-10-15T00:00:00", "MatterPassedDate": "", "MatterEnactmentNumber": "",
        "InSiteURL": f"https://council.example/LegislationDetail.aspx?ID={number}",
    }  # fmt: skip
    return {**usual, **given}


def document(number: int, query: str, **given: str) -> Row:
    usual = {
        "id": str(number), "query": query, "title": "Synthetic agreement", "organization": "Synthetic Newsroom",
        "created": "2024-02-03", "url": f"https://documents.example/{number}",
    }  # fmt: skip
    return {**usual, **given}


def written(folder: Path, lines: Iterable[Row], name: str = "file.csv") -> Path:
    lines = list(lines)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(lines[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    path = folder / name
    path.write_text(text.getvalue(), encoding="utf-8")
    return path


@pytest.fixture
def city(copied: Checkout) -> Checkout:
    """The real knowledge and one source of each kind."""
    for path in (copied.data / "sources").glob("*.yml"):
        if path.stem != SOURCE:
            path.unlink()
    for text in (PAYMENTS, MATTERS, DOCUMENTS):
        name = text.split("\n")[0].removeprefix("id: ")
        (copied.data / "sources" / f"{name}.yml").write_text(text, encoding="utf-8")
    return copied


def pay(city: Checkout, lines: Iterable[Row], status: int = 0) -> list[dict[str, Any]]:
    result = city.load(written(city.data.parent, lines), "syn-payments")
    assert result.exit_code == status, result.output
    return city.rows("SELECT * FROM transactions ORDER BY source_row")


# ---- payments ----


def test_identical_lines_are_separate_payments(city: Checkout) -> None:
    stored = pay(city, [payment(), payment(), payment(amount="9.00"), payment()])
    assert [one["value_amount"] for one in stored] == [1234.56, 1234.56, 9.0, 1234.56]
    ids = [one["id"] for one in stored]
    assert len(set(ids)) == 4
    assert [one.rsplit("-", 1)[1] for one in ids] == ["1", "2", "1", "3"]
    assert len({ids[at].rsplit("-", 1)[0] for at in (0, 1, 3)}) == 1


def test_a_payments_id_stays_when_other_lines_come_and_go(city: Checkout) -> None:
    before = {one["id"] for one in pay(city, [payment(), payment(amount="9.00"), payment()])}
    after = {one["id"] for one in pay(city, [payment("ROAD SALT CO"), payment(), payment(amount="7.00"), payment()])}
    assert len(before & after) == 2 and len(before | after) == 4


def test_only_payments_that_match_are_published_and_never_another_persons_name(city: Checkout) -> None:
    stored = pay(city, [payment("SYNTHETIC, PERSON A"), payment(), payment("ROAD SALT CO", account="GUNSHOT DETECTION SYSTEM")])
    assert [(one["supplier_name"], one["evidence"]) for one in stored] == [
        ("SHOTSPOTTER, INC.", "supplier"), ("ROAD SALT CO", "term"),
    ]  # fmt: skip
    raw = city.registry.read_bytes()
    assert b"SYNTHETIC, PERSON" not in raw and b"1 SYNTHETIC STREET" not in raw
    (covered,) = city.rows("SELECT * FROM coverage WHERE source = 'syn-payments'")
    assert (covered["rows_read"], covered["rows_matched"], covered["contracts_seen"], covered["scope"]) == (3, 2, None, "whole")
    assert covered["searched_through"] == "2023-07-05"


def test_a_person_who_was_paid_is_not_named_though_the_line_names_a_technology(city: Checkout) -> None:
    lines = [payment(name, account="GUNSHOT DETECTION SYSTEM") for name in ("SYNTHETIC, PERSON A", "ROAD SALT CO", "L.L.C. SYNTHETIC")]
    assert [one["supplier_name"] for one in pay(city, lines)] == ["", "ROAD SALT CO", "L.L.C. SYNTHETIC"]
    assert b"SYNTHETIC, PERSON" not in city.registry.read_bytes()
    (said,) = city.rows("SELECT DISTINCT said FROM holdings WHERE kind = 'payment' AND said LIKE '%not given here%'")
    assert "1,234.56 USD" in said["said"]


def test_a_problem_with_a_payment_does_not_name_the_payee(city: Checkout) -> None:
    path = city.data / "sources" / "syn-payments.yml"
    edit(path, "key: []", "key: [vendor, entered, amount]\nkey_may_repeat: Identical lines are real.")
    somebody = payment("SYNTHETIC, PERSON A")
    file = written(city.data.parent, [somebody, somebody, payment()])
    file.write_text(f"{file.read_text(encoding='utf-8')}SYNTHETIC, PERSON B,POLICE,1,2,3,4,5,6,7,8\n", encoding="utf-8")
    assert city.load(file, "syn-payments").exit_code == 1
    kinds = [one["kind"] for one in city.rows("SELECT kind FROM issues WHERE source = 'syn-payments' ORDER BY kind")]
    assert kinds == ["repeated_key", "wrong_number_of_columns"]
    assert b"SYNTHETIC, PERSON" not in city.registry.read_bytes()
    edit(path, "key_may_repeat: Identical lines are real.", "")
    refused = city.load(file, "syn-payments")
    assert "stands 2 times" in refused.stderr and "SYNTHETIC, PERSON" not in refused.stderr


def test_a_suppliers_name_alone_is_a_lead_and_nothing_is_judged(city: Checkout) -> None:
    (one,) = pay(city, [payment()])
    assert one["supplier"] and one["evidence"] == "supplier" and json.loads(one["technologies"]) == ["gunshot_detection"]
    assert city.rows("SELECT * FROM matches WHERE payment IS NOT NULL AND evidence <> 'supplier'") == []
    judged = city.rows("SELECT count(*) AS n FROM determinations WHERE contract IS NOT NULL")
    assert judged == [{"n": 0}]
    held = city.rows("SELECT about_kind, firm, dated FROM holdings WHERE ref = ? ORDER BY about_kind", one["id"])
    assert {(row["about_kind"], row["firm"]) for row in held} >= {("supplier", 1), ("technology", 0)}
    assert not any(row["dated"] for row in held)


def test_reversals_stay_negative_and_unreadable_values_are_told_by_row(city: Checkout) -> None:
    stored = pay(city, [payment(amount="-500.00"), payment(entered="0017-05-02T00:00:00.000Z"), payment(amount="n/a")], status=1)
    assert [one["value_amount"] for one in stored] == [-500.0, 1234.56, None]
    assert [one["transaction_date"] for one in stored] == ["2023-07-05", None, "2023-07-05"]
    assert [one["year"] for one in stored] == [2023, None, 2023]
    assert [(one["row"], one["field"], one["value"]) for one in city.issues("unreadable_value")] == [
        (2, "entered", "0017-05-02T00:00:00.000Z"), (3, "amount", "n/a"),
    ]  # fmt: skip


def test_a_known_slip_of_a_source_without_a_key_is_a_warning(city: Checkout) -> None:
    path = city.data / "sources" / "syn-payments.yml"
    slip = '{key: [], column: entered, value: "0017-05-02", note: A slip of the publisher.}'
    path.write_text(f"{path.read_text(encoding='utf-8')}known_slips: [{slip}]\n", encoding="utf-8")
    pay(city, [payment(entered="0017-05-02"), payment()], status=0)
    assert len(city.issues("known_slip")) == 1


def test_a_payment_belongs_to_a_contract_only_by_its_number(city: Checkout) -> None:
    contracts = [row(number="77"), row(number="078", title="SYNTHETIC BODY WORN CAMERAS")]
    assert city.load(written(city.data.parent, contracts, "contracts.csv")).exit_code == 0
    stored = pay(city, [payment(contract="77"), payment(contract="78"), payment(), payment(contract="999")])
    assert [one["contract"] for one in stored] == [f"{PLACE}_77", None, None, None]
    assert city.issues("orphans") == []


def stored_in(path: Path, query: str, **values: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        return db.execute(query, values).fetchall()


def answer(city: Checkout, about: str, day: str) -> tuple[str, str]:
    """(word, sentence) of the ready question, as the site asks it."""
    sql = yaml.safe_load((ROOT / "metadata.yml").read_text(encoding="utf-8"))["databases"]["registry"]["queries"]["answer"]["sql"]
    ((word, sentence, *_),) = stored_in(city.registry, sql, about=about, place=PLACE, as_of=day)
    return word, sentence


def test_a_payment_gives_at_most_review_and_never_before_it_was_made(city: Checkout) -> None:
    pay(city, [payment("VERITONE INC", entered="2023-07-05"), payment("VERITONE INC", entered="2023-03-01")])
    word, sentence = answer(city, "veritone", "2024-01-01")
    assert word == "review" and "2023-03-01" in sentence and "no contract dates" in sentence
    assert answer(city, "veritone", "2023-04-01")[0] == "review"
    assert answer(city, "veritone", "2023-02-01")[0] == "not_searched"


def test_the_first_payment_of_each_year_stands_for_the_year(city: Checkout) -> None:
    stored = pay(city, [payment(entered=f"{2020 + at // 50}-{at % 12 + 1:02}-07", amount=f"{at}.00") for at in range(100)])
    assert len(stored) == 100
    held = city.rows("SELECT DISTINCT ref, evidence_from FROM holdings WHERE kind = 'payment' AND about_kind = 'supplier' ORDER BY 2")
    assert [one["evidence_from"] for one in held] == ["2020-01-07", "2021-01-07"]


def test_a_reload_with_some_rows_changed_gives_what_a_fresh_load_gives(city: Checkout, tmp_path: Path) -> None:
    chance = random.Random(7)
    vendors = ("SHOTSPOTTER, INC.", "ROAD SALT CO", "FLOCK GROUP INC")
    before = [payment(chance.choice(vendors), amount=f"{chance.randint(1, 3)}.00") for _ in range(60)]
    after = [dict(one) for one in before][:57]
    after[3], after[40] = payment("FLOCK GROUP INC", amount="99.00"), payment("ROAD SALT CO", amount="1.00")
    fresh = city._replace(build=tmp_path / "fresh")
    pay(city, before)
    pay(city, after)
    account = dict(stored_in(city.build / "staging" / "syn-payments.db", "SELECT * FROM account"))
    assert account["base"], "the second load should have staged the difference only"
    pay(fresh, after)
    one, other = city.dump(), fresh.dump()
    for name in one.keys() - {"loads", "about_this_registry"}:
        assert one[name] == other[name], name


# ---- council matters ----


def decide(city: Checkout, lines: Iterable[Row], status: int = 0) -> list[dict[str, Any]]:
    result = city.load(written(city.data.parent, lines), "syn-matters")
    assert result.exit_code == status, result.output
    return city.rows("SELECT * FROM matters ORDER BY id")


def test_what_a_matter_comes_to_follows_its_status_and_the_final_vote(city: Checkout) -> None:
    stored = decide(city, [
        matter(1, "SYNTHETIC agreement for gunshot detection", "Passed", MatterPassedDate="2025-12-09T00:00:00"),
        matter(2, "SYNTHETIC body worn cameras", "Passed"),
        matter(3, "SYNTHETIC drones", "failed"),
        matter(4, "SYNTHETIC automated license plate readers", "Scheduled"),
        matter(5, "SYNTHETIC street furniture", "No such status"),
        matter(6, "SYNTHETIC facial recognition", "PASSED", MatterEnactmentNumber="R-26-7"),
    ])  # fmt: skip
    assert [(one["matter_number"], one["outcome"]) for one in stored] == [
        ("26-0001", "approved"), ("26-0002", "pending"), ("26-0003", "refused"), ("26-0004", "pending"), ("26-0006", "approved"),
    ]  # fmt: skip
    assert stored[0]["date_decided"] == "2025-12-09" and stored[0]["body"] == "Public Safety Committee"
    assert stored[0]["source_url"] == "https://council.example/LegislationDetail.aspx?ID=1"
    assert stored[0]["id"] == "syn-matters_1"
    held = dict(stored_in(city.registry, "SELECT ref, min(proposal) FROM holdings WHERE kind = 'matter' GROUP BY ref"))
    assert held == {"syn-matters_1": 0, "syn-matters_2": 1, "syn-matters_3": 1, "syn-matters_4": 1, "syn-matters_6": 0}
    assert city.rows("SELECT matter FROM matches WHERE matter = 'syn-matters_3'")


def test_a_status_nobody_has_mapped_is_an_issue_and_leaves_the_outcome_open(city: Checkout) -> None:
    lines = [matter(at, "SYNTHETIC gunshot detection", "Tabled") for at in (1, 2)]
    stored = decide(city, lines, status=1)
    assert {one["outcome"] for one in stored} == {None}
    (issue,) = city.issues("unknown_status")
    assert issue["value"] == "Tabled" and "statuses:" in issue["remedy"]


def test_matters_are_found_by_their_words(city: Checkout) -> None:
    decide(city, [matter(1, "SYNTHETIC gunshot detection for the harbour", "Scheduled"), matter(2, "SYNTHETIC drones", "Scheduled")])
    found = city.rows("SELECT matter_number FROM matters WHERE rowid IN (SELECT rowid FROM matters_fts WHERE matters_fts MATCH 'harbour')")
    assert found == [{"matter_number": "26-0001"}]


def test_the_same_matter_twice_stops_the_source(city: Checkout) -> None:
    result = city.load(written(city.data.parent, [matter(1, "SYNTHETIC a", "Passed"), matter(1, "SYNTHETIC b", "Passed")]), "syn-matters")
    assert result.exit_code == 1 and "stands 2 times" in result.stderr


def test_a_proposed_matter_is_a_proposal_in_an_answer(city: Checkout) -> None:
    decide(city, [matter(1, "SYNTHETIC Agreement with Veritone", "Scheduled"), matter(2, "SYNTHETIC other", "Scheduled")])
    word, sentence = answer(city, "veritone", "2026-01-01")
    assert word == "review" and "(a proposal, not a contract)" in sentence


def test_silence_of_a_council_that_was_read_is_not_that_of_one_nobody_read(city: Checkout) -> None:
    decide(city, [matter(1, "SYNTHETIC drones", "Scheduled"), matter(2, "SYNTHETIC roads", "Scheduled")])
    covered = city.rows("SELECT * FROM coverage")
    council = council_searched(covered, {"syn-matters"}, PLACE)
    assert council.silence("2016-01-01", "2025-10-15", ["gunshot_detection"]) == "not_found"
    assert council.silence("2016-01-01", "2025-10-16", ["gunshot_detection"]) == "not_searched"
    assert council.silence("2014-12-31", "2025-10-15", ["gunshot_detection"]) == "not_searched"
    assert council_searched(covered, {"syn-matters"}, "us-ma-boston").silence("2020-01-01", "2020-01-02", []) == "not_searched"
    assert council_searched(covered, set(), PLACE).sources == ()
    # What is only a part, failed, or shows no day proves no silence.
    for change in ({"scope": "part"}, {"state": "failed"}, {"searched_through": None}):
        assert council_searched([{**one, **change} for one in covered], {"syn-matters"}, PLACE).sources == ()


def test_silence_of_a_part_of_a_councils_file_proves_nothing(city: Checkout) -> None:
    decide(city, [matter(1, "SYNTHETIC drones", "Scheduled")])
    assert council_searched(city.rows("SELECT * FROM coverage"), {"syn-matters"}, PLACE).sources == ()


def test_what_a_council_changes_is_told_and_a_matter_that_vanished_stays(city: Checkout) -> None:
    first = [matter(at, f"SYNTHETIC gunshot detection {at}", "Scheduled") for at in (1, 2, 3)]
    decide(city, first)
    passed = matter(1, first[0]["MatterTitle"], "Passed", MatterPassedDate="2025-12-09T00:00:00")
    stored = decide(city, [passed, first[1], matter(4, "SYNTHETIC drones", "Scheduled")])
    told = [(one["matter"], one["said"]) for one in city.rows("SELECT matter, said FROM changes_told ORDER BY matter, said")]
    assert told == [
        ("syn-matters_1", "date decided: was blank, now 2025-12-09."),
        ("syn-matters_1", "status: was Scheduled, now Passed."),
        ("syn-matters_3", "No longer in the publisher's list."),
        ("syn-matters_4", "New in the publisher's list."),
    ]
    assert [(one["id"], bool(one["disappeared_on"])) for one in stored] == [
        ("syn-matters_1", False), ("syn-matters_2", False), ("syn-matters_3", True), ("syn-matters_4", False),
    ]  # fmt: skip
    assert city.issues("orphans") == []
    back = decide(city, [passed, *first[1:]])
    assert [one["disappeared_on"] is None for one in back] == [True, True, True, False]
    (city.build / "staging" / "syn-matters.db").unlink()
    before = city.dump()
    assert city.run("load", "--offline").exit_code == 0
    assert city.dump() == before
    assert "status: was Scheduled, now Passed." in city.run("explain", "syn-matters_1").stdout


def test_payments_that_nothing_tells_apart_are_not_compared_and_that_is_said(city: Checkout) -> None:
    pay(city, [payment(), payment(amount="9.00")])
    pay(city, [payment(), payment(amount="8.00")])
    assert city.rows("SELECT * FROM changes") == [] and len(city.rows("SELECT * FROM loads")) == 2
    ((words,),) = stored_in(city.registry, "SELECT words FROM comparisons WHERE source = 'syn-payments'")
    assert words == "Synthetic checkbook: 2 loads, but nothing tells its rows apart, so they cannot be compared"


# ---- documents ----


def test_documents_are_leads_and_told_once(city: Checkout) -> None:
    lines = [document(1, '"Flock Safety"'), document(1, '"ShotSpotter"'), document(2, '"road salt"')]
    assert city.load(written(city.data.parent, lines), "syn-documents").exit_code == 0
    (stored,) = city.rows("SELECT * FROM documents")
    assert stored["jurisdiction"] is None and stored["publisher"] == "Synthetic Newsroom"
    assert {"alpr", "gunshot_detection"} <= set(json.loads(stored["technologies"]))
    assert city.rows("SELECT * FROM holdings WHERE kind = 'document'") == []
    assert len(city.rows("SELECT DISTINCT technology FROM matches WHERE document = ?", stored["id"])) >= 2


def test_a_document_about_a_place_is_never_firm(city: Checkout) -> None:
    edit(city.data / "sources" / "syn-documents.yml", 'jurisdiction: ""', f"jurisdiction: {PLACE}")
    lines = [document(1, '"Veritone"', title="Synthetic memo on Veritone"), document(2, '"road salt"')]
    assert city.load(written(city.data.parent, lines), "syn-documents").exit_code == 0
    assert {one["firm"] for one in city.rows("SELECT firm FROM holdings WHERE kind = 'document'")} == {0}
    word, sentence = answer(city, "veritone", "2026-01-01")
    assert word == "review" and "somebody has to read it" in sentence


# ---- the commands ----


def test_explain_tells_the_story_of_every_kind(city: Checkout) -> None:
    (one,) = pay(city, [payment()])
    decide(city, [matter(1, "SYNTHETIC drones", "Scheduled"), matter(2, "SYNTHETIC roads", "Scheduled")])
    told = city.run("explain", one["id"])
    assert told.exit_code == 0 and "SHOTSPOTTER, INC." in told.stdout and "a lead only" in told.stdout and "1,234.56" in told.stdout
    told = city.run("explain", "syn-matters_1")
    assert "Scheduled" in told.stdout and "pending" in told.stdout and "drone" in told.stdout
    assert as_json(city.run("explain", "syn-matters_1", "--json"))["kind"] == "matter"


def test_tag_snapshot_and_sources_know_every_kind(city: Checkout, tmp_path: Path) -> None:
    stored = pay(city, [payment(), payment(), payment("ROAD SALT CO")])
    before = city.dump()
    assert city.run("tag").exit_code == 0
    assert city.dump() == before
    assert "syn-payments: Synthetic checkbook (payments" in city.run("sources").stdout
    assert city.run("snapshot", "syn-payments").exit_code == 0
    again = city._replace(build=tmp_path / "again")
    assert again.run("load", "--offline").exit_code == 0
    assert [one["id"] for one in again.rows("SELECT id FROM transactions ORDER BY source_row")] == [one["id"] for one in stored]
    assert again.account("syn-payments")["scope"] == "matched_only"


@pytest.mark.parametrize(
    ("file", "old", "new", "wrong"),
    [
        ("syn-payments", "  title: account\n", "  date_signed: account\n", "means nothing for payments"),
        ("syn-payments", "  transaction_date: entered\n", "", "`transaction_date` is missing"),
        ("syn-matters", "key: [MatterId]", "key: []", "key: matters need"),
        ("syn-matters", "Passed: approved", "Passed: agreed", "Allowed: approved"),
        ("syn-matters", "  date_decided: MatterPassedDate\n  enactment_number: MatterEnactmentNumber\n", "", "proof of the final vote"),
        ("syn-payments", "jurisdiction: us-il-chicago", 'jurisdiction: ""', "Only a source of documents"),
        ("syn-payments", "kind: payments", "kind: payments\nstatuses: {Passed: approved}", "a source of matters, and no other"),
    ],
)
def test_a_source_file_that_cannot_be_read_is_refused(file: str, old: str, new: str, wrong: str, city: Checkout) -> None:
    edit(city.data / "sources" / f"{file}.yml", old, new)
    with pytest.raises(DataError, match=wrong):
        load_catalog(city.data)


def test_an_approval_without_a_final_vote_is_still_pending(city: Checkout) -> None:
    source = load_sources(city.data)["syn-matters"]
    assert [outcome_of(source, " passed ", final) for final in (True, False)] == ["approved", "pending"]
    assert outcome_of(source, "failed", False) == "refused"
    assert outcome_of(source, "", True) is None


def test_a_buyers_name_may_stand_in_the_row(city: Checkout) -> None:
    edit(city.data / "sources" / f"{SOURCE}.yml", "  buyer_unit: Department\n", "  buyer_unit: Department\n  buyer_name: Zip\n")
    edit(city.data / "sources" / f"{SOURCE}.yml", "  Zip: A sole trader's address is personal data.\n", "")
    lines = [row(number="1", **{"Zip": "Department of Synthetic Affairs"}), row(number="2")]
    assert city.load(written(city.data.parent, lines, "contracts.csv")).exit_code == 0
    assert [one["buyer_name"] for one in city.rows("SELECT buyer_name FROM contracts ORDER BY id")] == [
        "Department of Synthetic Affairs", "City of Chicago",
    ]  # fmt: skip
