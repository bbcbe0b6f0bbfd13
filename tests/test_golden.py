"""Real orders and records told in full. A golden file is written once and then fails until a person has read it.

`REWRITE_GOLDEN=1 pytest tests/test_golden.py` writes them anew; read the difference before it is committed.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from conftest import ROOT, Checkout

GOLDEN = Path(__file__).parent / "golden"
# A term with many revisions; a lead by the supplier's name; a product; a number with a letter; a court's and a council's place.
TOLD = ("us-il-chicago_71366", "us-il-chicago_60663", "us-il-chicago_29527", "us-il-chicago_P011666")


@pytest.fixture(scope="module")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """The registry a first load makes, from the bundled extracts."""
    checkout = Checkout(ROOT / "data", tmp_path_factory.mktemp("bundled"))
    result = checkout.run("load", "--offline")
    assert result.exit_code == 0, result.output
    return checkout


def test_the_gunshot_order_is_one_contract(bundled: Checkout) -> None:
    [contract] = bundled.rows("SELECT * FROM contracts WHERE contract_number = '71366'")
    assert (contract["value_amount"], contract["value_currency"], contract["amendment_count"]) == (53_117_770.30, "USD", 6)
    assert (contract["date_signed"], contract["period_start_date"], contract["period_end_date"]) == (
        "2018-08-22",
        "2018-08-20",
        "2024-11-22",
    )
    assert (contract["technologies"], contract["evidence"], contract["supplier_name"]) == (
        '["gunshot_detection"]',
        "term",
        "SHOTSPOTTER INC",
    )
    amounts = bundled.rows("SELECT revision, value_amount FROM amendments WHERE contract = ? ORDER BY rowid", contract["id"])
    assert [tuple(one.values()) for one in amounts] == [
        ("0", 33_000_000.0), ("2", 0.0), ("4", 5_717_923.3), ("5", 0.0), ("6", 10_184_900.0), ("7", 1_000_000.0), ("8", 3_214_947.0),
    ]  # fmt: skip


def test_a_lead_of_seventy_million_is_no_firm_answer(bundled: Checkout) -> None:
    [contract] = bundled.rows("SELECT * FROM contracts WHERE contract_number = '60663'")
    assert contract["evidence"] == "supplier"
    assert contract["determination"] in ("needs_review", "no_local_law")


def test_every_row_of_the_extract_is_an_amendment_of_a_judged_contract(bundled: Checkout) -> None:
    staged = bundled.staged("SELECT count(*) AS n FROM rows")
    assert bundled.rows("SELECT count(*) AS n FROM amendments WHERE contract LIKE 'us-il-chicago_%'") == staged
    assert bundled.rows("SELECT count(*) AS n FROM issues WHERE severity = 'error'") == [{"n": 0}]


@pytest.mark.parametrize("ref", TOLD)
def test_the_story_is_the_one_a_person_has_read(ref: str, bundled: Checkout) -> None:
    result = bundled.run("explain", ref)
    assert result.exit_code == 0
    told = re.sub(r"(?m)^(  read from \S+ at ).*$", r"\1...", result.stdout)
    file = GOLDEN / f"{ref}.txt"
    if os.environ.get("REWRITE_GOLDEN") or not file.exists():
        file.parent.mkdir(exist_ok=True)
        file.write_text(told, encoding="utf-8")
        pytest.fail(f"{file} was written. Read it; if every line is right, commit it and run again.")
    assert told == file.read_text(encoding="utf-8")


def test_every_golden_file_is_tested() -> None:
    assert {path.stem for path in GOLDEN.glob("*.txt")} <= set(TOLD)
