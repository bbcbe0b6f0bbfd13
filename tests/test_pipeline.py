"""The whole flow through the real command: accounts close, the same input gives the same registry, twice is said to be twice."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from conftest import ROOT, SOURCE, Checkout, as_json, edit, row, rows

from registry.judged import named_by
from registry.locking import alone
from registry.match import build_matcher, match
from registry.paths import Paths
from registry.vocabulary import load_vocabulary

Write = Callable[..., Path]


KINDS = (
    ("GUNSHOT DETECTION", "SYNTHETIC SUPPLIER"), ("LICENSE PLATE READERS", "MOTOROLA SOLUTIONS, INC."),
    ("BODY WORN CAMERAS", "SYNTHETIC SUPPLIER"),
    ("ROAD SALT", "SYNTHETIC SUPPLIER"), ("BRIEFCAM LICENCES", "SYNTHETIC SUPPLIER"), ("ANNUAL FEE", "SHOTSPOTTER INC"),
)  # fmt: skip


def mixed() -> list[dict[str, str]]:
    """Synthetic orders of many kinds, three revisions each: terms, products, a mere lead, and what matches nothing."""
    return [
        row(number=f"{at // 3}", revision=f"{at % 3}", title=f"SYNTHETIC {KINDS[at // 3 % 6][0]}", supplier=KINDS[at // 3 % 6][1])
        for at in range(180)
    ]


def test_the_account_closes_and_every_claim_leads_back_to_its_row(checkout: Checkout, portal_file: Write) -> None:
    result = checkout.run("load", SOURCE, "--from", portal_file(mixed()), "--json")
    assert result.exit_code == 0
    [told] = [one for one in as_json(result)["sources"] if one["source"] == SOURCE]
    assert (told["rows_read"], told["rows_staged"], told["rows_refused"], told["contracts"]) == (180, 180, 0, 60)
    assert told["contracts_matched"] == len(checkout.rows("SELECT id FROM contracts")) == 50
    [load] = checkout.rows("SELECT * FROM loads WHERE source = ?", SOURCE)
    assert (load["sha256"], load["rows_read"], load["origin"]) == (told["sha256"], 180, "synthetic.csv")
    orphans = "SELECT count(*) AS n FROM {} WHERE contract IS NOT NULL AND contract NOT IN (SELECT id FROM contracts)"
    for table in ("amendments", "matches", "determinations"):
        assert checkout.rows(orphans.format(table)) == [{"n": 0}]
    assert checkout.rows("SELECT count(*) AS n FROM amendments") == [{"n": 150}]
    assert checkout.rows("SELECT DISTINCT load FROM contracts") == [{"load": load["id"]}]
    judged = "SELECT contract, count(*) AS n FROM determinations WHERE decides = 1 AND contract IS NOT NULL GROUP BY contract"
    assert [one["n"] for one in checkout.rows(judged)] == [1] * 50
    assert checkout.issues("orphans") == []


def test_a_suppliers_name_alone_is_never_a_firm_answer(checkout: Checkout, portal_file: Write) -> None:
    checkout.load(portal_file(mixed()))
    leads = checkout.rows("SELECT DISTINCT determination FROM contracts WHERE evidence = 'supplier'")
    assert {one["determination"] for one in leads} <= {"needs_review", "no_local_law"}
    assert leads


def test_a_second_load_changes_nothing_and_says_so(checkout: Checkout, portal_file: Write) -> None:
    file = portal_file(mixed())
    assert checkout.load(file).exit_code == 0
    before = checkout.registry.read_bytes()
    again = checkout.load(file)
    assert again.exit_code == 0
    assert "Nothing has changed" in again.stdout
    assert as_json(checkout.run("load", SOURCE, "--from", file, "--json")) == {"result": "unchanged", "exit_status": 0}
    assert checkout.registry.read_bytes() == before
    assert len(list((checkout.build / "archive" / SOURCE).iterdir())) == 1


def test_an_unchanged_load_repeats_the_exit_status_of_what_it_keeps(checkout: Checkout, portal_file: Write) -> None:
    file = portal_file([row(amount="($500.00)")])
    assert [checkout.load(file).exit_code, checkout.load(file).exit_code] == [1, 1]


def test_the_same_bytes_give_the_same_tables_in_any_process(checkout: Checkout, tmp_path: Path, portal_file: Write) -> None:
    file, dumps = portal_file(mixed()), []
    for seed in ("1", "2"):
        one = checkout._replace(build=tmp_path / f"build-{seed}")
        process = one.start("load", SOURCE, "--from", file, "-q", PYTHONHASHSEED=seed)
        assert process.communicate() == ("", "")
        assert process.returncode == 0
        dumps.append(one.dump())
    assert dumps[0].keys() == dumps[1].keys()
    for name, stored in dumps[0].items():
        assert stored == dumps[1][name], name


def test_tag_gives_the_same_without_the_file(checkout: Checkout, portal_file: Write) -> None:
    file = portal_file(mixed())
    assert checkout.load(file).exit_code == 0
    before = checkout.dump()
    file.unlink()
    assert checkout.run("tag").exit_code == 0
    assert checkout.dump() == before


def test_tag_uses_new_knowledge(copied: Checkout, portal_file: Write) -> None:
    assert copied.load(portal_file([row(title="SYNTHETIC WIDGETRON 9")])).exit_code == 0
    assert copied.rows("SELECT id FROM contracts") == []
    edit(copied.data / "technologies" / "gunshot_detection.yml", "  - gunfire sensor\n", "  - gunfire sensor\n  - widgetron\n")
    assert copied.run("tag").exit_code == 0
    assert copied.rows("SELECT technologies, evidence FROM contracts") == [{"technologies": '["gunshot_detection"]', "evidence": "term"}]


def test_a_load_after_a_change_of_knowledge_is_not_unchanged(copied: Checkout, portal_file: Write) -> None:
    file = portal_file([row(title="SYNTHETIC WIDGETRON 9")])
    assert copied.load(file).exit_code == 0
    edit(copied.data / "technologies" / "gunshot_detection.yml", "  - gunfire sensor\n", "  - gunfire sensor\n  - widgetron\n")
    assert "Nothing has changed" not in copied.load(file).stdout
    assert len(copied.rows("SELECT id FROM contracts")) == 1


def test_the_last_file_given_stays_the_newest(checkout: Checkout, portal_file: Write) -> None:
    first, second = portal_file(rows(2), "first.csv"), portal_file(rows(6), "second.csv")
    for file in (first, second, first):
        assert checkout.load(file).exit_code == 0
    assert checkout.run("load", "--offline").exit_code == 0
    assert checkout.account()["rows_read"] == 2
    assert len(list((checkout.build / "archive" / SOURCE).iterdir())) == 2


def test_a_changed_source_file_reads_the_archive_again(copied: Checkout, portal_file: Write) -> None:
    file = portal_file([row(unit="DEPARTMENT OF SYNTHETICS")])
    assert copied.load(file).exit_code == 0
    file.unlink()
    path = copied.data / "sources" / f"{SOURCE}.yml"
    edit(path, "  buyer_unit: Department\n", "")
    edit(path, "ignore:\n", "ignore:\n  Department: Left out by a test.\n")
    edit(path, "buyer_unit: 0.5, ", "")
    assert copied.run("load", "--offline").exit_code == 0
    assert copied.rows("SELECT buyer_unit FROM contracts") == [{"buyer_unit": ""}]


def test_a_second_load_at_the_same_time_is_refused(checkout: Checkout, portal_file: Write) -> None:
    assert checkout.load(portal_file(rows(2), "first.csv")).exit_code == 0
    before = checkout.registry.read_bytes()
    with alone(Paths(checkout.data, checkout.build)):
        for command in (("load", SOURCE, "--from", portal_file(rows(4), "second.csv")), ("tag",)):
            process = checkout.start(*command)
            _, told = process.communicate()
            assert process.returncode == 1
            assert "Another load of this registry is running" in told
        assert checkout.run("explain", "900001").exit_code == 0
    assert checkout.registry.read_bytes() == before


def test_a_reader_keeps_its_registry_while_another_is_swapped_in(checkout: Checkout, portal_file: Write) -> None:
    checkout.load(portal_file(rows(2), "first.csv"))
    with closing(sqlite3.connect(f"file:{checkout.registry}?mode=ro", uri=True)) as reader:
        assert reader.execute("SELECT count(*) FROM contracts").fetchone() == (1,)
        assert checkout.load(portal_file(rows(8), "second.csv")).exit_code == 0
        assert reader.execute("SELECT count(*) FROM contracts").fetchone() == (1,)
    assert checkout.rows("SELECT count(*) AS n FROM contracts") == [{"n": 4}]
    assert checkout.rows("PRAGMA integrity_check") == [{"integrity_check": "ok"}]


def test_full_text_finds_contracts_and_only_those_asked_for(checkout: Checkout, portal_file: Write) -> None:
    checkout.load(portal_file([row(), row(number="900002", title="SYNTHETIC BODY WORN CAMERA")]))
    query = "SELECT contract_number FROM contracts WHERE rowid IN (SELECT rowid FROM contracts_fts WHERE contracts_fts MATCH ?)"
    assert checkout.rows(query, "gunshot") == [{"contract_number": "900001"}]
    assert checkout.rows(query, "nowhere") == []


def test_never_loaded_without_file_archive_or_extract_is_no_error(copied: Checkout) -> None:
    result = copied.run("load", "--offline")
    assert result.exit_code == 0, result.output
    one = copied.account()
    assert (one["state"], one["searched_through"], one["rows_read"]) == ("never", None, None)
    assert copied.rows("SELECT count(*) > 100 AS many FROM records") == [{"many": 1}]


@pytest.mark.parametrize(
    ("part", "technology", "wanted"),
    [
        ("Flock Aerodome", "drone", {"flock-aerodome"}),
        ("DataWorks Plus Digital Photo Manager", "biometric", {"digital-photo-manager"}),
        ("a synthetic thing", "drone", set()),
    ],
)
def test_a_makers_short_name_in_another_products_name_names_no_second_product(part: str, technology: str, wanted: set[str]) -> None:
    vocabulary = load_vocabulary(ROOT / "data")
    matcher = build_matcher(vocabulary.technologies, vocabulary.suppliers)
    assert {one.product for one in named_by(match(matcher, part, "", "", ""), part, technology)} == wanted
