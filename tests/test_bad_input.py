"""What portals and people get wrong: each is refused or reported by file and row, nothing is lost, yesterday's stays."""

from __future__ import annotations

import random
import re
import string
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from conftest import ADDRESS, COLUMNS, SOURCE, Checkout, as_csv, edit, row, rows

Write = Callable[..., Path]
SECOND = "us-il-chicago-second"


def closes(checkout: Checkout) -> dict[str, int]:
    """The account of the rows, which must add up and agree with what is staged."""
    one = checkout.account()
    assert one["rows_read"] == one["rows_staged"] + one["rows_refused"]
    assert one["rows_staged"] == checkout.staged("SELECT count(*) AS n FROM rows")[0]["n"]
    return one


def load_yesterday(checkout: Checkout, portal_file: Write) -> dict[str, object]:
    """Load a good file first, as last week; returns the contracts it made."""
    assert checkout.load(portal_file(rows(4), "yesterday.csv")).exit_code == 0
    return {"contracts": checkout.dump()["contracts"], "staged": checkout.staged("SELECT * FROM rows")}


def kept_yesterday(checkout: Checkout, before: dict[str, object]) -> None:
    """The failed source still shows what it held, and says that the refresh failed."""
    assert checkout.dump()["contracts"] == before["contracts"]
    assert checkout.staged("SELECT * FROM rows") == before["staged"]
    assert "The newest refresh failed" in checkout.account()["why"]
    assert checkout.account()["state"] == "searched"


def random_text(length: int) -> str:
    return "".join(random.Random(7).choices(string.ascii_uppercase + " ", k=length))


# --- files that cannot be read at all: the source fails, yesterday's rows stay -------------------------------------------------

PLAIN = as_csv(rows(3))
NO_SUPPLIER = as_csv(rows(3), [name for name in COLUMNS if name != "Vendor Name"])
ACCENTED = row(title="SYNTHETIC CAFÉ", number="3")
UNREADABLE = {
    "cut in mid-row": (PLAIN.encode() + b"SYNTHETIC CUT,900009,0,", ["4 of 19 columns", "cut short", "fetch it again"]),
    "empty file": (b"", ["bad.csv", "no header row", "empty"]),
    "missing column": (NO_SUPPLIER.encode(), ["bad.csv", "'Vendor Name'", f"{SOURCE}.yml"]),
    "column twice": (PLAIN.replace("Zip,", "Vendor Name,", 1).encode(), ["bad.csv", "'Vendor Name'", "twice"]),
    "wrong delimiter": (as_csv(rows(3), delimiter=";").encode(), ["bad.csv", "lacks the column", f"{SOURCE}.yml"]),
    "cut in a quotation": (PLAIN.encode() + b'"SYNTHETIC CUT IN MID-WO', ["bad.csv", "within quotation marks", "cut short"]),
    "a quotation that never ends": (PLAIN.encode() + b'"SYNTHETIC CAMERA,1,0\n', ["bad.csv", "row 4", "cut short"]),
    "text after a quotation": (PLAIN.encode() + b'"SYNTHETIC" CAMERA,1,0\n', ["bad.csv", "row 4", "quotation mark is wrong"]),
    "Latin-1, early": (as_csv([*rows(2), ACCENTED]).encode("latin-1"), ["bad.csv", "row 3", "encoding: latin-1"]),
    "Latin-1, late": (as_csv([*rows(5_000), ACCENTED]).encode("latin-1"), ["bad.csv", "row 5001", "encoding: latin-1"]),
    "UTF-16": (PLAIN.encode("utf-16"), ["bad.csv", "encoding:"]),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_unreadable_file_fails_its_source_and_keeps_yesterday(case: str, checkout: Checkout, portal_file: Write) -> None:
    raw, told = UNREADABLE[case]
    before = load_yesterday(checkout, portal_file)
    result = checkout.load(portal_file(raw, "bad.csv"))
    assert result.exit_code == 1
    for words in told:
        assert words in checkout.account()["why"], checkout.account()["why"]
        assert words in result.stdout
    kept_yesterday(checkout, before)
    loads = checkout.rows("SELECT origin, result, error FROM loads WHERE source = ? ORDER BY rowid", SOURCE)
    assert [(one["origin"], one["result"]) for one in loads] == [("yesterday.csv", "loaded"), ("bad.csv", "failed")]
    assert told[-1] in loads[1]["error"] and loads[0]["error"] == ""


def test_a_mistyped_path_is_named_and_nothing_is_remembered_of_it(checkout: Checkout, portal_file: Write) -> None:
    """It says nothing of the portal, so the site must not tell that a refresh failed."""
    assert checkout.load(portal_file(rows(4), "yesterday.csv")).exit_code == 0
    before = checkout.account()
    result = checkout.load(checkout.build / "nowhere.csv")
    assert result.exit_code == 2 and "nowhere.csv' does not exist" in result.stderr
    assert checkout.run("load", "--offline").exit_code == 0 and checkout.account() == before


def test_a_source_that_does_not_exist_is_refused_also_where_nothing_has_changed(checkout: Checkout) -> None:
    assert checkout.run("load", "--offline").exit_code == 0
    for arguments in (["load", "no-such-source"], ["load", "no-such-source", "--offline"]):
        result = checkout.run(*arguments)
        assert result.exit_code == 1 and "No source is called `no-such-source`" in result.stderr


def test_what_is_published_of_a_bad_file_names_no_folder(checkout: Checkout, portal_file: Write) -> None:
    bad = portal_file(b"a,b\n1", "bad.csv")
    assert checkout.load(bad).exit_code == 1
    (error,) = (row["error"] for row in checkout.rows("SELECT error FROM loads WHERE result = 'failed'"))
    assert error.startswith("bad.csv: ") and str(bad.parent) not in checkout.account()["why"]


def test_a_failed_first_load_is_not_searched_never_none(checkout: Checkout, portal_file: Write) -> None:
    assert checkout.load(portal_file(b"", "bad.csv")).exit_code == 1
    one = checkout.account()
    assert (one["state"], one["rows_read"], one["searched_through"]) == ("failed", None, None)
    assert "no header row" in one["why"]


def test_a_failed_load_is_forgotten_when_the_good_file_comes_again(checkout: Checkout, portal_file: Write) -> None:
    load_yesterday(checkout, portal_file)
    before = checkout.dump()
    assert checkout.load(portal_file(b"", "bad.csv")).exit_code == 1
    again = checkout.load(portal_file(rows(4), "yesterday.csv"))
    assert again.exit_code == 0, again.output
    after = checkout.dump()
    assert all_but_loads(after) == all_but_loads(before)
    assert [one["result"] for one in checkout.rows("SELECT result FROM loads ORDER BY rowid")] == ["loaded", "failed", "loaded"]
    assert checkout.run("load", "--offline").exit_code == 0
    assert checkout.dump() == after


def all_but_loads(dump: dict[str, list[tuple[object, ...]]]) -> str:
    """Every table but those that tell of loads, whichever load of the same bytes a row was read from."""
    text = repr({name: stored for name, stored in dump.items() if name not in ("loads", "about_this_registry")})
    return re.sub(rf"({SOURCE}_[0-9a-f]{{12}})-\d+", r"\1", text)


# --- files that can be read: every odd row is reported, the rest is loaded -----------------------------------------------------

FINE = {
    "bare CR": as_csv(rows(3), ends="\r").encode(),
    "CR LF": as_csv(rows(3), ends="\r\n").encode(),
    "no last line end": PLAIN.rstrip("\n").encode(),
    "blank lines": PLAIN.replace("\n", "\n\n").encode() + b"\r\n\r\n",
    "doubled line ends": as_csv(rows(3), ends="\r\r\n").encode(),
    "byte order mark": PLAIN.encode("utf-8-sig"),
    "quoted line ends": as_csv(rows(3, **{"Contract Type": "SYNTHETIC\r\nTWO\nLINES"})).encode(),
    "columns in another order": as_csv(rows(3), sorted(COLUMNS)).encode(),
}


@pytest.mark.parametrize("case", FINE)
def test_harmless_differences_change_nothing(case: str, checkout: Checkout, portal_file: Write) -> None:
    result = checkout.load(portal_file(FINE[case]))
    assert result.exit_code == 0, result.output
    assert closes(checkout)["rows_staged"] == 3
    found = checkout.rows("SELECT contract_number, value_amount, date_signed FROM contracts ORDER BY contract_number")
    assert [one["contract_number"] for one in found] == ["900001", "900003"]
    assert {(one["value_amount"], one["date_signed"]) for one in found} == {(1000.0, "2019-01-01")}


def test_a_header_with_no_rows_loads_nothing_and_claims_nothing(checkout: Checkout, portal_file: Write) -> None:
    assert checkout.load(portal_file(as_csv([]))).exit_code == 0
    one = closes(checkout)
    assert (one["rows_read"], one["scope"], one["searched_through"]) == (0, "part", None)
    assert len(checkout.issues("fewer_rows_than_a_whole_file")) == 1


def test_an_unknown_column_is_an_error_but_its_rows_load(checkout: Checkout, portal_file: Write) -> None:
    lines = [{**one, "Synthetic Extra": "7"} for one in rows(3)]
    result = checkout.load(portal_file(as_csv(lines, [*COLUMNS, "Synthetic Extra"])))
    assert result.exit_code == 1
    assert closes(checkout)["rows_staged"] == 3
    [issue] = checkout.issues("unknown_column")
    assert (issue["field"], issue["file"], issue["severity"]) == ("Synthetic Extra", "synthetic.csv", "error")
    assert "Synthetic Extra" in result.stderr


REFUSED = {
    "too few columns": (b"SYNTHETIC CUT,900009,0,\n", "wrong_number_of_columns"),
    "a value with an unquoted comma": (PLAIN.splitlines()[1].encode() + b",SURPLUS\n", "wrong_number_of_columns"),
    "NUL byte": (as_csv([row(title="SYNTHETIC\0CAMERA")]).splitlines()[1].encode() + b"\n", "nul_byte"),
    "10 MB on one line": (as_csv([row(title=random_text(10_000_000))]).partition("\n")[2].encode(), "row_too_long"),
    "10 MB over many lines": (as_csv([row(title=f"{random_text(99)}\n" * 100_000)]).partition("\n")[2].encode(), "row_too_long"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_row_that_cannot_be_kept_is_refused_by_number(case: str, checkout: Checkout, portal_file: Write) -> None:
    bad, kind = REFUSED[case]
    text = PLAIN.encode() + bad + as_csv([row(number="900011")]).partition("\n")[2].encode()
    result = checkout.load(portal_file(text))
    assert result.exit_code == 1
    one = closes(checkout)
    assert (one["rows_refused"], one["rows_staged"]) == (1, 4)
    [issue] = checkout.issues(kind)
    assert (issue["row"], issue["severity"], issue["file"]) == (4, "error", "synthetic.csv")
    assert issue["remedy"] and issue["value"] == ""  # its words may belong to anybody, and stand under any column
    assert "Row 4 refused" in result.stderr


ODD = {
    "year 0201": ({"start": "07/01/0201"}, "Start Date", {"period_start_date": None}),
    "year 3030": ({"end": "11/30/3030"}, "End Date", {"period_end_date": None}),
    "year 2200": ({"end": "12/31/2200"}, "End Date", {"period_end_date": None}),
    "the 31st of June": ({"signed": "06/31/2019"}, "Approval Date", {"date_signed": None}),
    "day first": ({"signed": "31/12/2018"}, "Approval Date", {"date_signed": None}),
    "amount in brackets": ({"amount": "($500.00)"}, "Award Amount", {"value_amount": None}),
    "amount in words": ({"amount": "N/A"}, "Award Amount", {"value_amount": None}),
    "amount in scientific form": ({"amount": "1E+06"}, "Award Amount", {"value_amount": None}),
}


@pytest.mark.parametrize("case", ODD)
def test_an_unreadable_value_is_staged_as_it_stands_and_never_guessed(case: str, checkout: Checkout, portal_file: Write) -> None:
    given, column, wanted = ODD[case]
    result = checkout.load(portal_file([*rows(2), row(number="900009", **given)]))
    assert result.exit_code == 1
    assert closes(checkout)["rows_staged"] == 3
    value = next(iter(given.values()))
    [issue] = checkout.issues("unreadable_value")
    assert (issue["row"], issue["field"], issue["value"], issue["file"]) == (3, column, value, "synthetic.csv")
    assert checkout.staged(f'SELECT "{column}" AS raw FROM rows WHERE row = 3') == [{"raw": value}]
    [contract] = checkout.rows("SELECT * FROM contracts WHERE contract_number = '900009'")
    assert {name: contract[name] for name in wanted} == wanted


def test_brackets_are_a_reduction_only_where_the_source_says_so(copied: Checkout, portal_file: Write) -> None:
    path = copied.data / "sources" / f"{SOURCE}.yml"
    path.write_text(path.read_text() + "\nparentheses_are_negative: true\n")
    assert copied.load(portal_file([row(amount="900.00"), row(revision="1", amount="($500.00)")])).exit_code == 0
    assert copied.rows("SELECT value_amount FROM contracts") == [{"value_amount": 400.0}]


def test_a_slip_a_person_has_looked_at_is_a_warning(checkout: Checkout, portal_file: Write) -> None:
    slips = yaml.safe_load((checkout.data / "sources" / f"{SOURCE}.yml").read_text())["known_slips"]
    number, revision = slips[0]["key"]
    line = row(number=number, revision=revision, **{slips[0]["column"]: slips[0]["value"]})
    assert checkout.load(portal_file([line])).exit_code == 0
    [issue] = checkout.issues("known_slip")
    assert (issue["severity"], issue["row"], issue["value"]) == ("warning", 1, slips[0]["value"])


def test_a_declared_repeat_keeps_both_rows_and_warns(checkout: Checkout, portal_file: Write) -> None:
    twice = [row(supplier="SYNTHETIC OLD NAME"), row(supplier="SYNTHETIC NEW NAME")]
    assert checkout.load(portal_file(twice)).exit_code == 0
    assert closes(checkout)["rows_staged"] == 2
    assert [(one["row"], one["value"]) for one in checkout.issues("repeated_key")] == [(1, "900001 + 0")]
    told = checkout.rows("SELECT occurrence, counted, supplier_name FROM amendments ORDER BY occurrence")
    assert [tuple(one.values()) for one in told] == [(1, 1, "SYNTHETIC OLD NAME"), (2, 0, "SYNTHETIC NEW NAME")]
    assert checkout.rows("SELECT value_amount FROM contracts") == [{"value_amount": 1000.0}]


def undeclared(copied: Checkout) -> None:
    """Take the declaration that a key may repeat out of the copied source file."""
    path = copied.data / "sources" / f"{SOURCE}.yml"
    told = yaml.load(path.read_text(), yaml.BaseLoader)
    del told["key_may_repeat"]
    path.write_text(yaml.safe_dump(told))


def test_an_undeclared_repeat_stops_the_source(copied: Checkout, portal_file: Write) -> None:
    undeclared(copied)
    before = load_yesterday(copied, portal_file)
    result = copied.load(portal_file([*rows(2), row(number="900002")], "bad.csv"))
    assert result.exit_code == 1
    for words in ("bad.csv", "rows 2 and 3", "900002 + 0", "key_may_repeat"):
        assert words in result.stdout
    kept_yesterday(copied, before)


def test_rows_without_a_contract_number_are_reported_and_never_rolled_into_one(checkout: Checkout, portal_file: Write) -> None:
    blank = [row(number="", amount="5.00"), row(number=" ", amount="7.00")]
    result = checkout.load(portal_file([*rows(1), *blank]))
    assert result.exit_code == 1
    assert closes(checkout)["rows_staged"] == 3
    assert [one["row"] for one in checkout.issues("no_contract_number")] == [2, 3]
    assert checkout.rows("SELECT contract_number FROM contracts") == [{"contract_number": "900001"}]


def test_more_problems_than_are_listed_still_close_the_account(checkout: Checkout, portal_file: Write) -> None:
    result = checkout.load(portal_file(PLAIN.encode() + b"SYNTHETIC,SHORT\n" * 1_500))
    assert result.exit_code == 1
    assert closes(checkout)["rows_refused"] == 1_500
    assert len(checkout.issues("wrong_number_of_columns")) == 1_000
    assert len(checkout.issues("more_issues")) == 1


def test_a_damaged_archive_is_named_and_yesterday_stays(copied: Checkout, portal_file: Write) -> None:
    before = load_yesterday(copied, portal_file)
    [archived] = (copied.build / "archive" / SOURCE).iterdir()
    archived.write_bytes(b"damaged" + archived.read_bytes())
    edit(copied.data / "sources" / f"{SOURCE}.yml", "title: Chicago contracts", "title: Another title")
    result = copied.run("load", "--offline")
    assert result.exit_code == 1
    assert archived.name in result.stderr and "damaged" in result.stderr
    kept_yesterday(copied, before)


# --- hostile text --------------------------------------------------------------------------------------------------------------


def test_hostile_portal_text_stays_text(checkout: Checkout, portal_file: Write) -> None:
    title = "SYNTHETIC GUNSHOT DETECTION '); DROP TABLE contracts;-- <script>alert(1)</script> \u202egnp.exe\x1b[31m"
    line = row(title=title, number="../../etc/passwd?x=1", pdf="javascript:alert(1)", supplier='=HYPERLINK("http://x")')
    assert checkout.load(portal_file([line])).exit_code == 0
    [contract] = checkout.rows("SELECT * FROM contracts")
    assert contract["id"] == "us-il-chicago__2e__2e__2f__2e__2e__2f_etc_2f_passwd_3f_x_3d_1"
    assert "DROP TABLE contracts" in contract["title"] and "\u202e" not in contract["title"] and "\x1b" not in contract["title"]
    assert not contract["source_url"].startswith("javascript")
    assert checkout.staged(f'SELECT "{COLUMNS[0]}" AS raw FROM rows') == [{"raw": title}]


def test_a_very_long_text_is_shown_short_and_said_so(checkout: Checkout, portal_file: Write) -> None:
    result = checkout.load(portal_file([row(title="SYNTHETIC GUNSHOT DETECTION " + "X" * 9_000)]))
    assert result.exit_code == 1
    [issue] = checkout.issues("text_cut")
    assert (issue["row"], issue["field"]) == (1, "title")
    assert len(checkout.rows("SELECT title FROM contracts")[0]["title"]) == 4_000
    assert len(checkout.staged(f'SELECT "{COLUMNS[0]}" AS raw FROM rows')[0]["raw"]) > 9_000


def test_addresses_are_never_kept(checkout: Checkout, portal_file: Write) -> None:
    assert checkout.load(portal_file(rows(3))).exit_code == 0
    for path in (checkout.registry, checkout.staging):
        assert ADDRESS.encode() not in path.read_bytes()
        assert b"SYNTHETIC-ID" not in path.read_bytes()


# --- data/ itself --------------------------------------------------------------------------------------------------------------


def _break(kind: str, data: Path) -> list[str]:
    """Break one file of data/; returns what the message must say."""
    source, slug = data / "sources" / f"{SOURCE}.yml", data / "technologies" / "drone.yml"
    match kind:
        case "broken YAML":
            slug.write_text("slug: drone\n  name: [unclosed\n")
            return ["drone.yml", "line 2"]
        case "key written twice":
            slug.write_text(slug.read_text() + "\nslug: drone\n")
            return ["drone.yml", "`slug`", "twice"]
        case "unknown key":
            source.write_text(source.read_text() + "\nfieldz: 1\n")
            return [f"{SOURCE}.yml", "fieldz", "Did you mean `fields`?"]
        case "wrong value":
            edit(source, "kind: contracts", "kind: contract")
            return [f"{SOURCE}.yml", "`kind`", "Allowed: contracts"]
        case "missing key":
            edit(source, "buyer_name: City of Chicago\n", "")
            return [f"{SOURCE}.yml", "buyer_name"]
        case "unknown place":
            edit(source, "jurisdiction: us-il-chicago", "jurisdiction: us-il-nowhere")
            return [f"{SOURCE}.yml", "us-il-nowhere", "data/jurisdictions"]
        case "not UTF-8":
            slug.write_bytes("slug: drone\nname: Drön\n".encode("latin-1"))
            return ["drone.yml"]
        case "empty":
            slug.write_text("")
            return ["drone.yml"]
        case _:
            raise ValueError(kind)


BROKEN = ("broken YAML", "key written twice", "unknown key", "wrong value", "missing key", "unknown place", "not UTF-8", "empty")


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_knowledge_is_refused_by_file_and_key_and_yesterday_stays(kind: str, copied: Checkout, portal_file: Write) -> None:
    file = portal_file(rows(2))
    assert copied.load(file).exit_code == 0
    before = copied.registry.read_bytes()
    told = _break(kind, copied.data)
    for command in (("load", SOURCE, "--from", file), ("tag",), ("check",)):
        result = copied.run(*command)
        assert result.exit_code == 1, command
        assert "Traceback" not in result.output
        for words in told:
            assert words in result.stderr, result.stderr
    assert copied.registry.read_bytes() == before


def test_an_unknown_source_is_refused_with_the_known_ones(checkout: Checkout, portal_file: Write) -> None:
    result = checkout.load(portal_file(rows(1)), "us-il-chicago-contract")
    assert result.exit_code == 1
    assert "`us-il-chicago-contract`" in result.stderr and SOURCE in result.stderr
    assert not checkout.registry.exists()


# --- two sources ---------------------------------------------------------------------------------------------------------------


def second_source(copied: Checkout, **changed: str) -> None:
    """Add a synthetic second source to the copied data/: the first one's file under another name and place."""
    told = yaml.load((copied.data / "sources" / f"{SOURCE}.yml").read_text(), yaml.BaseLoader)
    told.update(id=SECOND, title="[synthetic] Second source", jurisdiction="us-il-aurora", known_slips=[], **changed)
    (copied.data / "sources" / f"{SECOND}.yml").write_text(yaml.safe_dump(told))


def test_one_failing_source_never_spoils_another(copied: Checkout, portal_file: Write) -> None:
    second_source(copied)
    assert copied.load(portal_file(rows(4), "first.csv")).exit_code == 0
    assert copied.load(portal_file(rows(2), "second.csv"), SECOND).exit_code == 0
    held = copied.rows("SELECT * FROM contracts WHERE source = ?", SECOND)
    assert len(held) == 1
    assert copied.load(portal_file(b"no,such,columns\n1,2,3\n", "bad.csv"), SECOND).exit_code == 1
    assert copied.rows("SELECT * FROM contracts WHERE source = ?", SECOND) == held
    assert len(copied.rows("SELECT * FROM contracts WHERE source = ?", SOURCE)) == 2
    # Both at once: the second's newest bytes are still bad, the first gets new ones and must show them.
    assert copied.load(portal_file(rows(6), "first.csv")).exit_code == 0
    both = copied.run("load", "--offline", "--json")
    assert both.exit_code == 1
    assert len(copied.rows("SELECT * FROM contracts WHERE source = ?", SOURCE)) == 3
    assert copied.rows("SELECT * FROM contracts WHERE source = ?", SECOND) == held
    states = {one["source"]: one["state"] for one in copied.rows("SELECT source, state FROM coverage WHERE state <> 'never'")}
    assert states == {SOURCE: "searched", SECOND: "searched"}


def test_two_sources_of_one_place_may_use_the_same_number(copied: Checkout, portal_file: Write) -> None:
    second_source(copied)
    path = copied.data / "sources" / f"{SECOND}.yml"
    edit(path, "jurisdiction: us-il-aurora", "jurisdiction: us-il-chicago")
    refused = copied.load(portal_file(rows(2), "first.csv"))
    assert refused.exit_code == 1
    assert SECOND in refused.stderr and "id_prefix" in refused.stderr
    path.write_text(f"{path.read_text()}\nid_prefix: {SECOND}\n")
    assert copied.load(portal_file(rows(2), "first.csv")).exit_code == 0
    assert copied.load(portal_file(rows(2), "second.csv"), SECOND).exit_code == 0
    assert [one["id"] for one in copied.rows("SELECT id FROM contracts ORDER BY id")] == [f"{SECOND}_900001", "us-il-chicago_900001"]
