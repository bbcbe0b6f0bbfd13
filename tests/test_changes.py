"""What changed between loads: told once, kept for ever, and told again the same from the archive alone."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from conftest import SOURCE, Checkout, as_csv, as_json, edit, row
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry import ledger
from registry.differences import places_of, row_differences
from registry.history import TABLES
from registry.source import load_sources

Write = Callable[..., Path]
Rows = list[dict[str, str]]
OTHER = "us-il-chicago-second"


@pytest.fixture
def city(copied: Checkout) -> Checkout:
    """The Chicago source alone, whose whole file is said to have at least three rows; fewer are a part."""
    for path in (copied.data / "sources").glob("*.yml"):
        if path.stem != SOURCE:
            path.unlink()
    edit(copied.data / "sources" / f"{SOURCE}.yml", "rows_at_least: 150000", "rows_at_least: 3")
    edit(copied.data / "sources" / f"{SOURCE}.yml", "contracts_at_least: 70000", "contracts_at_least: 1")
    return copied


def changes(checkout: Checkout) -> list[tuple[Any, ...]]:
    found = checkout.rows("SELECT * FROM changes ORDER BY rowid")
    return [(one["contract"][-6:], one["kind"], one["field"], one["old_value"], one["new_value"]) for one in found]


def history(checkout: Checkout) -> dict[str, list[dict[str, Any]]]:
    return {name: checkout.staged(f"SELECT * FROM {name} ORDER BY rowid") for name in ("rows", *TABLES)}


def cameras(*numbers: int, **given: str) -> Rows:
    return [row(number=f"90000{number}", **given) for number in numbers]


def load_all(checkout: Checkout, write: Write, *files: Rows) -> None:
    for number, content in enumerate(files):
        result = checkout.load(write(content, f"file-{number}.csv"))
        assert result.exit_code == 0, result.output


def test_a_first_load_tells_of_itself_and_of_no_change(city: Checkout, portal_file: Write) -> None:
    load_all(city, portal_file, cameras(1, 2, 3))
    assert changes(city) == []
    [load] = city.rows("SELECT * FROM loads")
    assert (load["result"], load["scope"], load["compared_with"], load["url"]) == ("loaded", "whole", None, None)


def test_changes_are_told_in_the_words_of_the_registry(city: Checkout, portal_file: Write) -> None:
    after = [*cameras(1, amount="1,500.00"), *cameras(2, end="06/30/2022", title="SYNTHETIC GUNSHOT DETECTION AND MORE"), *cameras(4)]
    after += [row(number="900002", revision="1", amount="20.00")]
    load_all(city, portal_file, cameras(1, 2, 3), after)
    assert changes(city) == [
        ("900001", "changed", "value_amount", "1000.00", "1500.00"),
        ("900002", "changed", "title", "SYNTHETIC GUNSHOT DETECTION SYSTEM", "SYNTHETIC GUNSHOT DETECTION AND MORE"),
        ("900002", "changed", "period_end_date", "2021-12-31", "2022-06-30"),
        ("900002", "amendment_added", "value_amount", None, "20.00"),
        ("900004", "added", None, None, None),
        ("900003", "disappeared", None, None, None),
    ]
    loads = city.rows("SELECT id, compared_with FROM loads ORDER BY rowid")
    assert loads[1]["compared_with"] == loads[0]["id"]
    assert {one["load"] for one in city.rows("SELECT load FROM changes")} == {loads[1]["id"]}
    assert city.issues("orphans") == []


def test_two_amendments_that_read_alike_are_two_changes(city: Checkout, portal_file: Write) -> None:
    twins = [row(number="900002", revision="1", amount="20.00", title=title) for title in ("SYNTHETIC MORE", "SYNTHETIC MORE STILL")]
    load_all(city, portal_file, cameras(1, 2, 3), [*cameras(1, 2, 3), *twins])
    assert changes(city) == [("900002", "amendment_added", "value_amount", None, "20.00")] * 2
    assert len({one["id"] for one in city.rows("SELECT id FROM changes")}) == 2


def test_another_spelling_of_the_same_value_is_no_change(city: Checkout, portal_file: Write) -> None:
    load_all(city, portal_file, cameras(1, 2, 3), [*cameras(1, amount="1,000.00", unit=" DEPARTMENT  OF POLICE"), *cameras(2, 3)])
    assert changes(city) == []


def test_a_contract_that_vanished_stays_marked_and_comes_back_unmarked(city: Checkout, portal_file: Write) -> None:
    load_all(city, portal_file, cameras(1, 2, 3), cameras(1, 2, 4))
    [gone] = city.rows("SELECT * FROM contracts WHERE disappeared_on IS NOT NULL")
    loads = city.rows("SELECT id, first_at FROM loads ORDER BY rowid")
    assert (gone["contract_number"], gone["load"], gone["disappeared_on"]) == ("900003", loads[0]["id"], loads[1]["first_at"][:10])
    [said] = city.rows("SELECT DISTINCT said FROM holdings WHERE ref = ?", gone["id"])
    assert f"no longer in the publisher's list since {gone['disappeared_on']}" in said["said"]
    assert city.rows("SELECT count(*) AS n FROM determinations WHERE contract = ?", gone["id"])[0]["n"] > 0
    assert city.run("tag").exit_code == 0 and len(city.rows("SELECT * FROM contracts")) == 4
    load_all(city, portal_file, cameras(1, 2, 4), [*cameras(1, 2, 4), *cameras(3, amount="7.00")])
    assert city.rows("SELECT * FROM contracts WHERE disappeared_on IS NOT NULL") == []
    assert [one for one in changes(city) if one[0] == "900003"] == [
        ("900003", "disappeared", None, None, None),
        ("900003", "returned", None, None, None),
        ("900003", "changed", "value_amount", "1000.00", "7.00"),
    ]


def test_a_contract_whose_publisher_reworded_it_leaves_with_a_warning(city: Checkout, portal_file: Write) -> None:
    """It has no page any more, so its earlier words and its number are told among the issues, until they match again."""
    renamed = [*cameras(1, title="SYNTHETIC PUBLIC SAFETY SERVICES"), *cameras(2, 3)]
    again = [*cameras(1, title="SYNTHETIC SERVICES"), *cameras(2, title="SYNTHETIC GUNSHOT DETECTION AND MORE"), *cameras(3)]
    load_all(city, portal_file, cameras(1, 2, 3), renamed, again)
    assert [one["contract_number"] for one in city.rows("SELECT contract_number FROM contracts ORDER BY 1")] == ["900002", "900003"]
    [issue] = city.issues("reworded")
    assert (issue["severity"], issue["field"], issue["value"]) == ("warning", "title", "SYNTHETIC GUNSHOT DETECTION SYSTEM")
    assert "900001 matched" in issue["message"] and "PUBLIC SAFETY SERVICES" in issue["message"] and "no page any more" in issue["message"]
    load_all(city, portal_file, cameras(1, 2, 3))
    assert city.issues("reworded") == [] and len(city.rows("SELECT id FROM contracts")) == 3


def test_words_that_count_only_beside_the_others_are_seen_to_have_been_changed(city: Checkout, portal_file: Write) -> None:
    two = [row(number="900001", title="SYNTHETIC DVR", unit="JAIL"), *cameras(2, 3)]
    load_all(city, portal_file, two, [row(number="900001", title="SYNTHETIC SERVICES", unit="JAIL"), *cameras(2, 3)])
    assert [one["message"].split()[0] for one in city.issues("reworded")] == ["900001"]


def test_a_part_of_a_file_proves_nothing_new_or_gone(city: Checkout, portal_file: Write) -> None:
    load_all(city, portal_file, cameras(1, 2, 3), [*cameras(1, amount="8.00")])
    assert changes(city) == [("900001", "changed", "value_amount", "1000.00", "8.00")]
    assert len(city.rows("SELECT * FROM contracts WHERE disappeared_on IS NULL")) == 3
    load_all(city, portal_file, [*cameras(1, amount="8.00"), *cameras(2, 4, 5)])
    assert changes(city)[1:] == [("900003", "disappeared", None, None, None)], "what a part lacked is not known to be new"


def test_an_extract_before_a_whole_file_floods_nothing(city: Checkout, portal_file: Write) -> None:
    extract = portal_file(cameras(1, 2), f"{SOURCE}.csv")
    assert city.load(extract).exit_code == 0
    load_all(city, portal_file, [*cameras(1, amount="9.00"), *cameras(3, 4, 5)])
    assert changes(city) == [("900001", "changed", "value_amount", "1000.00", "9.00"), ("900002", "disappeared", None, None, None)]
    assert [one["scope"] for one in city.rows("SELECT scope FROM loads ORDER BY rowid")] == ["matched_only", "whole"]


def test_columns_that_are_never_staged_are_never_in_a_change(city: Checkout, portal_file: Write) -> None:
    load_all(city, portal_file, cameras(1, 2, 3), cameras(1, 2, 3, **{"Address 1": "2 SYNTHETIC STREET"}))
    assert changes(city) == [] and len(city.rows("SELECT * FROM loads")) == 2
    assert "STREET" not in str(history(city))


def test_bytes_that_come_again_are_warned_of(city: Checkout, portal_file: Write) -> None:
    source = city.data / "sources" / f"{SOURCE}.yml"
    text = source.read_text(encoding="utf-8").replace(f"id: {SOURCE}", f"id: {OTHER}\nid_prefix: second", 1)
    (city.data / "sources" / f"{OTHER}.yml").write_text(text, encoding="utf-8")
    file = portal_file(cameras(1, 2, 3), "one.csv")
    assert city.load(file).exit_code == 0
    assert city.issues("same_bytes") == []
    assert city.load(file, OTHER).exit_code == 0
    assert [(one["source"], "very bytes of a load of" in one["message"]) for one in city.issues("same_bytes")] == [(OTHER, True)]
    assert city.load(portal_file(cameras(1, 2, 3), "renamed.csv")).exit_code == 0
    assert any("renamed.csv has the very bytes of one.csv" in one["message"] for one in city.issues("same_bytes"))
    assert len(city.rows("SELECT * FROM loads")) == 2
    load_all(city, portal_file, cameras(1, 2))
    assert city.load(file).exit_code == 0
    assert any("is again what it was when read on" in one["message"] for one in city.issues("same_bytes"))


def test_the_same_bytes_read_again_are_one_load_that_says_when_it_was_last_read(city: Checkout, portal_file: Write) -> None:
    load_all(city, portal_file, cameras(1, 2, 3))
    folder, book = city.build / "archive" / SOURCE, city.build / "archive" / f"{SOURCE}.jsonl"
    ledger.note(book, folder, ledger.Entry(at="2099-01-02T030405.000000Z", sha256=ledger.entries(book, folder)[0].sha256))
    assert city.run("load", "--offline").exit_code == 0
    [load] = city.rows("SELECT * FROM loads")
    assert load["last_at"] == load["read_at"] == "2099-01-02T03:04:05Z" > load["first_at"]


def test_a_load_that_was_refused_is_kept_with_its_reason_and_skipped(city: Checkout, portal_file: Write) -> None:
    load_all(city, portal_file, cameras(1, 2, 3))
    assert city.load(portal_file(b"", "bad.csv")).exit_code == 1
    assert city.run("tag").exit_code == 0
    assert "no header row" in city.account()["why"], "tag forgets the failure"
    load_all(city, portal_file, cameras(1, 2, 3, 4))
    assert changes(city) == [("900004", "added", None, None, None)]
    told = [(one["result"], bool(one["error"])) for one in city.rows("SELECT result, error FROM loads ORDER BY rowid")]
    assert told == [("loaded", False), ("failed", True), ("loaded", False)]
    assert "newest refresh failed" not in city.account()["why"]


def replayed(checkout: Checkout, folder: Path) -> Checkout:
    """A registry made from the archive alone."""
    afresh = Checkout(checkout.data, folder)
    shutil.copytree(checkout.build / "archive", folder / "archive")
    afresh.run("load", "--offline")
    return afresh


FILES: tuple[Rows, ...] = (
    cameras(1, 2, 3), cameras(1, 2), cameras(2, 3, 4, amount="5.00"), cameras(1, 2, 3), [],
    [*cameras(1, 2, 3), row(number="900001"), row(number="900001", revision="1")], cameras(3, 2, 1),
    cameras(4, 5, 6, title="SYNTHETIC ROAD SALT"),
)  # fmt: skip


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.lists(st.integers(0, len(FILES) - 1), min_size=1, max_size=6))
def test_the_archive_tells_the_same_as_the_loads_one_by_one(order: Iterable[int], city: Checkout, tmp_path: Path) -> None:
    folder = Path(tempfile.mkdtemp(dir=tmp_path))
    here = Checkout(city.data, folder / "build")
    for number in order:
        content = as_csv(FILES[number]) if FILES[number] else "not,the,file\n"
        (folder / f"{number}.csv").write_text(content, encoding="utf-8")
        here.load(folder / f"{number}.csv")
    afresh = replayed(here, folder / "afresh")
    assert afresh.dump() == here.dump()
    if here.staging.exists():
        assert history(afresh) == history(here)


def test_a_changed_source_file_tells_the_whole_history_again(city: Checkout, portal_file: Write, tmp_path: Path) -> None:
    load_all(city, portal_file, cameras(1, 2, 3), cameras(1, 2, 3, amount="5.00"), cameras(2, 3, 4, amount="5.00"))
    before = changes(city)
    path = city.data / "sources" / f"{SOURCE}.yml"
    edit(path, "  buyer_unit: Department\n", "")
    edit(path, "ignore:\n", "ignore:\n  Department: Left out by a test.\n")
    edit(path, "buyer_unit: 0.5, ", "")
    assert city.run("load", "--offline").exit_code == 0
    assert changes(city) == before
    assert len(city.rows("SELECT * FROM contracts")) == 4
    assert history(replayed(city, tmp_path / "afresh")) == history(city)


def test_a_load_whose_bytes_are_gone_is_said_to_be_untold(city: Checkout, portal_file: Write) -> None:
    load_all(city, portal_file, cameras(1, 2, 3), cameras(1, 2, 4), cameras(1, 2, 4, 5))
    sorted((city.build / "archive" / SOURCE).glob("*.zst"))[1].unlink()
    city.staging.unlink()
    assert city.run("load", "--offline").exit_code == 0
    told = city.rows("SELECT result, error FROM loads ORDER BY rowid")
    assert [one["result"] for one in told] == ["loaded", "failed", "loaded"] and "no longer in the archive" in told[1]["error"]
    assert ("900003", "disappeared", None, None, None) in changes(city)


def test_rows_of_a_key_that_repeats_are_told_apart_by_what_they_say(city: Checkout) -> None:
    source = load_sources(city.data)[SOURCE]

    def raw(**given: str) -> tuple[str, ...]:
        one = row(**given)
        return tuple(one[column] for column in source.kept)

    was, now = [raw(amount="1"), raw(amount="2")], [raw(amount="2"), raw(amount="1"), raw(amount="3")]
    assert [(one.kind, one.new) for one in row_differences(places_of(source), was, now)] == [("amendment_added", "3")]
    assert [(one.kind, one.old) for one in row_differences(places_of(source), now, was)] == [("amendment_disappeared", "3")]
    assert list(row_differences(places_of(source), was, was[::-1])) == []


# --- registry diff ------------------------------------------------------------------------------------------------------------


def test_diff_tells_a_person_what_the_newest_load_changed(city: Checkout, portal_file: Write) -> None:
    load_all(city, portal_file, cameras(1, 2, 3), cameras(1, 2, 3, amount="4.00"), cameras(1, 2, 4, amount="4.00"))
    told = city.run("diff")
    assert told.exit_code == 0
    assert told.stdout.splitlines()[0].endswith(": 1 added, 1 disappeared")
    assert "    No longer in the publisher's list.\n" in told.stdout and ", now " not in told.stdout
    since = city.run("diff", SOURCE, "--since", "2000-01-01").stdout
    assert "nothing to compare it with" in since and "3 changed" in since
    assert "    amount of revision 0: was 1000.00, now 4.00.\n" in since
    loads = as_json(city.run("diff", SOURCE, "--since", "2000-01-01", "--json"))
    assert [len(one["changes"]) for one in loads] == [0, 3, 2]


def test_diff_says_so_where_there_is_nothing_to_tell(city: Checkout, portal_file: Write) -> None:
    assert "does not exist yet" in city.run("diff").stderr
    load_all(city, portal_file, cameras(1, 2, 3))
    assert "No load in that time" in city.run("diff", "--since", "2999-01-01").stdout
    assert "No source is called `nowhere`" in city.run("diff", "nowhere").stderr
    assert city.run("diff", "--since", "yesterday").exit_code == 2
    assert city.load(portal_file(b"", "bad.csv")).exit_code == 1
    assert "failed: " in city.run("diff").stdout


def test_a_contract_that_went_is_not_called_in_force_after_it_went(city: Checkout, portal_file: Write) -> None:
    load_all(city, portal_file, cameras(1, 2, 3, end="12/31/2150"), cameras(1, 2, 4, end="12/31/2150"))
    held = city.rows("SELECT in_force_to, ended_by FROM holdings WHERE ref = ?", "us-il-chicago_900003")
    gone = city.rows("SELECT disappeared_on FROM contracts WHERE id = ?", "us-il-chicago_900003")[0]["disappeared_on"]
    assert held and all(one["in_force_to"] < gone and one["ended_by"] is None for one in held)
