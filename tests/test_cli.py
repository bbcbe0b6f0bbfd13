"""Every command as a person or a script meets it: help with an example, data on stdout, exit status 0, 1 or 2."""

from __future__ import annotations

import csv
import json
import os
import pty
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, SOURCE, Checkout, as_csv, as_json, row, rows

from registry import __version__
from registry.cli import main

Write = Callable[..., Path]
FACTS = {
    "jurisdiction": "us-ma-boston", "department": "Boston Police Department", "tech": ["drone"], "action": "acquire",
    "award_date": "2024-05-01", "face": "no",
}  # fmt: skip


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A registry of three synthetic orders that commands may read."""
    folder = tmp_path_factory.mktemp("loaded")
    checkout = Checkout(ROOT / "data", folder / "build")
    file = folder / "synthetic.csv"
    file.write_text(as_csv([*rows(2), row(number="900003", title="SYNTHETIC ANNUAL FEE", supplier="SHOTSPOTTER INC")]))
    assert checkout.load(file).exit_code == 0
    return checkout


# --- help and wrong use --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flag", ["-h", "--help"])
@pytest.mark.parametrize("name", main.commands)
def test_every_command_explains_itself_with_an_example(name: str, flag: str, checkout: Checkout) -> None:
    result = checkout.run(name, flag)
    assert result.exit_code == 0
    _, example = result.stdout.split("Example", 1)
    assert f"registry {name}" in example
    told, *_ = result.stdout.partition("Options:")
    assert len(told.split()) > 15


def test_the_group_lists_every_command(checkout: Checkout) -> None:
    told = checkout.run("-h").stdout
    for name, command in main.commands.items():
        assert name in told
        assert command.get_short_help_str()[:20] in told
    assert __version__ in checkout.run("--version").stdout


WRONG_USE = (
    ("nosuch",), ("load", "--nosuch"), ("load", SOURCE, "--from", "/nowhere/x.csv"), ("explain",), ("judge", "/nowhere/facts.json"),
    ("evaluate",), ("snapshot",),
    ("serve", "--port", "eighty"),
)  # fmt: skip


@pytest.mark.parametrize("command", WRONG_USE)
def test_a_wrong_command_line_is_status_2_with_usage(command: tuple[str, ...], checkout: Checkout) -> None:
    result = checkout.run(*command)
    assert result.exit_code == 2
    assert "Usage:" in result.stderr and result.stdout == ""


REFUSED = {
    ("load", SOURCE, "other", "--from", str(ROOT / "README.md")): "exactly one SOURCE",
    ("load", "--from", str(ROOT / "README.md")): "exactly one SOURCE",
    ("explain", "900001"): "registry load --offline",
    ("serve",): "registry load --offline",
    ("snapshot", SOURCE): "is not staged",
    ("snapshot", "nosuch"): SOURCE,
    ("load", "nosuch"): SOURCE,
}


@pytest.mark.parametrize("command", REFUSED)
def test_what_cannot_be_done_is_status_1_with_a_remedy(command: tuple[str, ...], checkout: Checkout) -> None:
    result = checkout.run(*command)
    assert result.exit_code == 1
    assert REFUSED[command] in result.stderr
    assert result.stdout == "" and "Traceback" not in result.stderr


def test_a_folder_that_is_no_checkout_is_named_with_what_to_do(tmp_path: Path) -> None:
    result = Checkout(tmp_path, tmp_path / "build").run("sources")
    assert result.exit_code == 1
    assert str(tmp_path) in result.stderr and "--data PATH" in result.stderr


def test_data_can_be_named_on_the_command_line(tmp_path: Path) -> None:
    assert Checkout(tmp_path, tmp_path / "build").run("--data", ROOT / "data", "sources").exit_code == 0


# --- load ----------------------------------------------------------------------------------------------------------------------


def test_a_pipe_gets_the_account_and_no_progress(checkout: Checkout, portal_file: Write) -> None:
    process = checkout.start("load", SOURCE, "--from", portal_file(rows(4)))
    out, err = process.communicate()
    assert (process.returncode, err) == (0, "")
    assert f"{SOURCE}: loaded; 4 rows read = 4 staged + 0 refused; 4 contracts, 2 matched" in out
    assert "\r" not in out


def test_a_terminal_sees_progress_on_stderr(checkout: Checkout, portal_file: Write) -> None:
    ours, theirs = pty.openpty()
    process = checkout.start("load", SOURCE, "--from", portal_file(rows(4)), stderr=theirs)
    out, _ = process.communicate()
    os.close(theirs)
    told = os.read(ours, 65_536).decode()
    os.close(ours)
    assert "4 rows" in told and "\r" in told
    assert "\r" not in out


def test_quiet_says_nothing_but_errors(checkout: Checkout, portal_file: Write) -> None:
    fine = checkout.run("load", SOURCE, "--from", portal_file(rows(2)), "-q")
    assert (fine.exit_code, fine.stdout, fine.stderr) == (0, "", "")
    bad = checkout.run("load", SOURCE, "--from", portal_file([row(amount="?")], "bad.csv"), "-q")
    assert (bad.exit_code, bad.stdout) == (1, "")
    assert "error:" in bad.stderr and "`?`" in bad.stderr


def test_a_failed_source_is_told_on_stderr_even_when_quiet(checkout: Checkout, portal_file: Write) -> None:
    for flag in ("-q", "--json"):
        result = checkout.run("load", SOURCE, "--from", portal_file(b"", "empty.csv"), flag)
        assert result.exit_code == 1
        assert "empty.csv has no header row" in result.stderr, flag


def test_json_is_all_a_script_gets(checkout: Checkout, portal_file: Write) -> None:
    told = as_json(checkout.run("load", SOURCE, "--from", portal_file([*rows(2), row(amount="?", number="7")]), "--json"))
    assert told["exit_status"] == 1
    assert told["issues"]["error unreadable_value"] == 1
    assert told["tables"]["contracts"] == 2
    assert as_json(checkout.run("tag", "--json"))["exit_status"] == 1


# --- sources, check ------------------------------------------------------------------------------------------------------------


def test_sources_tells_what_is_loaded_and_when_it_was_probed(loaded: Checkout) -> None:
    [one] = [one for one in as_json(loaded.run("sources", "--json")) if one["id"] == SOURCE]
    assert (one["rows_staged"], one["loaded_from"], one["last_probed"]) == (3, "synthetic.csv", "never")
    words = loaded.run("sources").stdout
    assert SOURCE in words and "3 rows from synthetic.csv" in words and "probed live: never" in words


def test_sources_says_never_loaded(checkout: Checkout) -> None:
    assert "never loaded" in checkout.run("sources").stdout
    assert as_json(checkout.run("sources", "--json"))[0]["rows_staged"] is None


def test_check_passes_on_the_projects_own_data(checkout: Checkout) -> None:
    result = checkout.run("check")
    assert (result.exit_code, result.stderr) == (0, ""), result.stderr
    assert "all well" in result.stdout
    assert checkout.run("check", "-q").stdout == ""


def test_check_runs_the_examples(copied: Checkout) -> None:
    path = copied.data / "technologies" / "gunshot_detection.yml"
    path.write_text(path.read_text().replace("  not_match:\n", "    - SYNTHETIC GARDEN HOSE\n  not_match:\n", 1))
    result = copied.run("check")
    assert result.exit_code == 1
    assert "gunshot_detection.yml" in result.stderr and "'SYNTHETIC GARDEN HOSE' should match" in result.stderr
    assert "1 problems" in result.stdout


# --- explain -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wanted", ["us-il-chicago_900001", "900001"])
def test_explain_goes_from_the_row_to_the_rule(wanted: str, loaded: Checkout) -> None:
    words = loaded.run("explain", wanted).stdout
    for told in ("row 1: revision 0", "synthetic.csv", "sha256", "gunshot_detection by term", "rule ", "Not legal advice"):
        assert told in words
    story = as_json(loaded.run("explain", wanted, "--json"))
    assert story["contract"]["id"] == "us-il-chicago_900001"
    assert story["matches"] and story["determinations"] and story["amendments"] and story["load"]
    assert isinstance(story["determinations"][0]["trace"], list)


def test_explain_calls_a_lead_a_lead(loaded: Checkout) -> None:
    assert "a lead only" in loaded.run("explain", "900003").stdout


def test_explain_tells_records_too(loaded: Checkout) -> None:
    [record] = loaded.rows("SELECT id FROM records WHERE judged = 1 AND jurisdiction = 'us-ma-boston' ORDER BY id LIMIT 1")
    story = as_json(loaded.run("explain", record["id"], "--json"))
    assert story["kind"] == "record" and story["determinations"]


@pytest.mark.parametrize("wanted", ["nosuch", "", "' OR 1=1 --", "900002"])
def test_explain_of_what_is_not_there_says_that_absence_proves_nothing(wanted: str, loaded: Checkout) -> None:
    result = loaded.run("explain", wanted)
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"No contract, record, payment, matter or document `{wanted}`" in result.stderr and "not proof" in result.stderr


# --- judge ---------------------------------------------------------------------------------------------------------------------

KEYS = {"outcome", "timing", "floor", "likely", "rule", "reason", "citation", "trace"}


def test_judge_reads_a_file_or_standard_input(loaded: Checkout, tmp_path: Path) -> None:
    file = tmp_path / "facts.json"
    file.write_text(json.dumps(FACTS))
    from_file = as_json(loaded.run("judge", file, "--json"))
    assert as_json(loaded.run("judge", "-", "--json", given=json.dumps(FACTS))) == from_file
    assert from_file.keys() >= KEYS
    assert (from_file["outcome"], from_file["timing"]) == ("approval_required", "prior")
    words = loaded.run("judge", file).stdout
    assert "approval_required" in words and from_file["citation"] in words


def test_the_example_in_judges_help_works(loaded: Checkout) -> None:
    text = loaded.run("judge", "-h").stdout
    example = text[text.index("'{") + 1 : text.index("}'") + 1]
    assert loaded.run("judge", "-", given=example).exit_code == 0


MALFORMED: dict[str, tuple[Any, str]] = {
    "not JSON": ("{", "not JSON"),
    "not UTF-8": (b"\xff\xfe{", "not JSON"),
    "a list": ("[]", "one JSON object"),
    "empty": ("", "not JSON"),
    "no place": ("{}", "jurisdiction"),
    "an unknown key": (json.dumps({**FACTS, "vendor": "x"}), "`vendor`"),
    "an unknown action": (json.dumps({**FACTS, "action": "steal"}), "action"),
    "an impossible day": (json.dumps({**FACTS, "award_date": "2024-02-30"}), "award_date"),
    "a wrong kind": (json.dumps({**FACTS, "tech": {"a": 1}}), "tech"),
    "an amount in words": (json.dumps({**FACTS, "amount": "a lot"}), "amount"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_facts_are_status_2_and_name_the_key(case: str, loaded: Checkout, tmp_path: Path) -> None:
    raw, told = MALFORMED[case]
    file = tmp_path / "facts.json"
    file.write_bytes(raw if isinstance(raw, bytes) else raw.encode())
    result = loaded.run("judge", file, "--json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert told in result.stderr


# --- evaluate ------------------------------------------------------------------------------------------------------------------

LABELLED = ("pair_id", "description", "supplier", "department", "labels", "basis", "lead_only", "certainty")
PAIRS = (
    ("s-1", "SYNTHETIC GUNSHOT DETECTION", "X", "POLICE", "gunshot_detection", "text", "no", "high"),
    ("s-2", "ANNUAL FEE", "SHOTSPOTTER INC", "POLICE", "gunshot_detection", "supplier", "yes", "medium"),
    ("s-3", "SYNTHETIC GARDEN HOSE", "X", "PARKS", "none", "text", "no", "high"),
    ("s-4", "SYNTHETIC HOSE WITH EYES", "X", "PARKS", "cctv", "text", "no", "high"),
)


def labelled(tmp_path: Path, columns: tuple[str, ...] = LABELLED) -> Path:
    path = tmp_path / "labelled.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(pair[: len(columns)] for pair in PAIRS)
    return path


def test_evaluate_scores_and_names_the_misses(loaded: Checkout, tmp_path: Path) -> None:
    out = tmp_path / "predictions.csv"
    scores = as_json(loaded.run("evaluate", labelled(tmp_path), "--json", "--predictions", out))
    assert (scores["precision"], scores["recall"], scores["leads_precision"], scores["leads_recall"]) == (1.0, 0.5, 1.0, 1.0)
    assert scores["per_technology"]["cctv"] == {"tp": 0, "fp": 0, "fn": 1}
    assert [(miss["pair_id"], miss["kind"]) for miss in scores["misses"]] == [("s-4", "missed")]
    with out.open(newline="") as file:
        assert list(csv.reader(file)) == [
            ["pair_id", "technologies", "leads"], ["s-1", "gunshot_detection", ""], ["s-2", "", "gunshot_detection"],
            ["s-3", "", ""], ["s-4", "", ""],
        ]  # fmt: skip
    words = loaded.run("evaluate", labelled(tmp_path)).stdout
    assert "recall: 0.500" in words and "s-4" in words


def test_evaluate_names_a_missing_column(loaded: Checkout, tmp_path: Path) -> None:
    result = loaded.run("evaluate", labelled(tmp_path, LABELLED[:-1]))
    assert result.exit_code == 2
    assert "certainty" in result.stderr


def test_evaluate_refuses_what_is_not_text(loaded: Checkout, tmp_path: Path) -> None:
    path = tmp_path / "labelled.csv"
    path.write_bytes(b"pair_id\n\xff\n")
    assert loaded.run("evaluate", path).exit_code == 1


# --- what every command leaves alone -------------------------------------------------------------------------------------------


def test_reading_commands_change_nothing(loaded: Checkout) -> None:
    before = {path: path.stat().st_mtime_ns for path in loaded.build.rglob("*")}
    for command in (("sources",), ("explain", "900001"), ("check",)):
        loaded.run(*command)
    assert {path: path.stat().st_mtime_ns for path in loaded.build.rglob("*")} == before


def test_a_registry_that_is_no_database_is_made_anew(checkout: Checkout, portal_file: Write) -> None:
    checkout.build.mkdir()
    checkout.registry.write_bytes(b"not a database" * 100)
    assert checkout.load(portal_file(rows(2))).exit_code == 0
    with pytest.raises(sqlite3.OperationalError):
        checkout.rows("SELECT nosuch FROM contracts")
    assert len(checkout.rows("SELECT id FROM contracts")) == 1
