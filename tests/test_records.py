"""Every file and row of data/records, and every kind of broken file."""

from __future__ import annotations

import csv
import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import DataError
from registry.records import (
    COLUMNS,
    Record,
    action_of,
    interval,
    is_acquisition,
    is_decision,
    load_records,
)

DATA = Path(__file__).parents[1] / "data"
FILES = sorted((DATA / "records").glob("*.csv"))
TECHNOLOGIES = {path.stem for path in (DATA / "technologies").glob("*.yml")}
JURISDICTIONS = {path.stem for path in (DATA / "jurisdictions").glob("*.yml")}
COPIES = ("github.com", "docslib.org", "fdocuments.net", "archive.org", "usaspending.gov", "data.aclum.org")


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


ROWS = {row["id"]: row for path in FILES for row in rows_of(path)}


@pytest.fixture(scope="module")
def records() -> dict[str, Record]:
    return {record.id: record for record in load_records(DATA, JURISDICTIONS, TECHNOLOGIES)}


def test_every_row_is_loaded_once_and_in_file_order(records: dict[str, Record]) -> None:
    assert len(ROWS) >= 341
    assert list(records) == list(ROWS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_file_is_plain_text_with_the_one_header(path: Path) -> None:
    raw = path.read_bytes()
    assert raw.decode("utf-8").splitlines()[0] == ",".join(COLUMNS)
    assert b"\r" not in raw and raw.endswith(b"\n") and not raw.endswith(b"\n\n")
    assert all(row["jurisdiction"].startswith(path.stem) for row in rows_of(path))


@pytest.mark.parametrize("id_", ROWS)
def test_row_keeps_what_the_file_says(id_: str, records: dict[str, Record]) -> None:
    record, row = records[id_], ROWS[id_]
    assert {name: getattr(record, name) for name in COLUMNS if name != "amount"} == {
        name: row[name] for name in COLUMNS if name != "amount"
    }
    assert record.amount == (Decimal(row["amount"]) if row["amount"] else None)
    assert record.amount is None or record.amount > 0


@pytest.mark.parametrize("id_", ROWS)
def test_row_is_told_for_a_reader(id_: str) -> None:
    row = ROWS[id_]
    assert row["finding"].endswith(".") and 20 < len(row["finding"]) < 300
    assert not [word for word in ("REVIEW", "SAME-", "law notes", "  ") if word in row["notes"]]
    if row["technology"] == "other_surveillance":
        assert "echnology" in row["notes"], "notes name what other_surveillance is"


@pytest.mark.parametrize("id_", ROWS)
def test_row_does_not_claim_more_than_its_source(id_: str) -> None:
    row = ROWS[id_]
    if row["government_source"]:
        assert (
            not [host for host in COPIES if f"{host}/" in row["source_url"]] or "github.com/CityOf" in row["source_url"]
        )
        assert "Transcribed by a third party" not in row["notes"] and "copy" not in row["source_publisher"]
    if row["face_module"]:
        assert "face" in row["finding"].lower()
    if "payee" in row["notes"] or "inferred from the supplier" in row["notes"]:
        assert row["review"] == "yes"


@pytest.mark.parametrize("id_", [id_ for id_, row in ROWS.items() if row["same_as"]])
def test_a_second_telling_names_the_first_of_the_same_place(id_: str, records: dict[str, Record]) -> None:
    second, first = records[id_], records[ROWS[id_]["same_as"]]
    assert first.jurisdiction == second.jurisdiction
    assert not is_acquisition(second)
    if action_of(second) and second.stage in ("reported", "paid"):
        assert is_acquisition(first), "the acquisition would not be counted at all"


def good(**changes: str) -> dict[str, str]:
    """One valid row, with changes."""
    row = dict.fromkeys(COLUMNS, "")
    row |= {
        "id": "us-ma-boston-001", "jurisdiction": "us-ma-boston", "buyer_unit": "Police", "technology": "cctv",
        "event_type": "approval", "stage": "decided", "event_date": "2021-05", "date_precision": "month",
        "channel": "unknown", "title": "T", "finding": "The council approved it.", "decided_by": "council",
        "evidence_grade": "primary", "government_source": "yes", "source_title": "Order", "source_publisher": "City",
        "source_url": "https://example.gov/1", "review": "no",
    }  # fmt: skip
    return row | changes


def write(data: Path, *rows: dict[str, str], header: tuple[str, ...] = COLUMNS, name: str = "us-ma.csv") -> Path:
    (data / "records").mkdir(exist_ok=True)
    path = data / "records" / name
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows([row[column] for column in header if column in row] for row in rows)
    return path


def load(data: Path) -> list[Record]:
    return load_records(data, {"us-ma-boston"}, {"cctv", "alpr"})


def refused(data: Path) -> str:
    with pytest.raises(DataError) as caught:
        load(data)
    return str(caught.value)


BAD_CELLS = [
    ({"technology": "drones"}, "technology", "'drones' is not allowed. Allowed: alpr, cctv."),
    ({"jurisdiction": "us-ma-bostom", "id": "us-ma-bostom-1"}, "jurisdiction", "Allowed: us-ma-boston."),
    ({"stage": "signed", "decided_by": ""}, "stage", "Allowed: (empty), proposed, decided, reported, paid."),
    ({"event_type": "Approval"}, "event_type", "'Approval' is not allowed"),
    ({"event_date": "2021-13", "date_precision": "month"}, "event_date", "YYYY, YYYY-MM or YYYY-MM-DD"),
    ({"event_date": "2021-02-29", "date_precision": "day"}, "event_date", "'2021-02-29' is not a date"),
    ({"event_date": "3030", "date_precision": "year"}, "event_date", "1900 to 2099"),
    ({"event_date": "0201-05", "date_precision": "month"}, "event_date", "'0201-05'"),
    ({"event_date": "5/1/2021", "date_precision": "day"}, "event_date", "'5/1/2021'"),
    ({"date_precision": "day"}, "date_precision", "does not fit event_date `2021-05`"),
    ({"event_date": "", "date_precision": ""}, "review", "must be yes"),
    ({"period_start": "2021", "period_end": "2020"}, "period_end", "comes before"),
    ({"amount": "($500.00)", "currency": "USD"}, "amount", "'($500.00)' is not an amount"),
    ({"amount": "1e6", "currency": "USD"}, "amount", "digits only"),
    ({"amount": "500"}, "currency", "exactly where amount is"),
    ({"source_url": "ftp://example.gov/1"}, "source_url", "http or https"),
    ({"source_url": "http://[example.gov/1"}, "source_url", "is not an address"),
    ({"source_url": "example.gov"}, "source_url", "'example.gov' is not an address"),
    ({"source_url": ""}, "source_url", "is empty"),
    ({"source_title": " "}, "source_title", "is empty"),
    ({"id": "us-ma-boston 1"}, "id", "is not an id"),
    ({"id": "boston-1"}, "id", "must begin with its jurisdiction"),
    ({"decided_by": ""}, "decided_by", "exactly where stage is `decided`"),
    ({"evidence_grade": "press"}, "government_source", "graded `press`"),
    ({"same_as": "us-ma-boston-999"}, "same_as", "must be the id"),
    ({"same_as": "us-ma-boston-001"}, "same_as", "must be the id"),
    ({"notes": "a\x00b"}, "notes", "control character"),
    ({"notes": "two\nlines"}, "notes", "one line a row"),
]


@pytest.mark.parametrize(("changes", "column", "words"), BAD_CELLS)
def test_a_bad_cell_is_named_by_file_row_and_column(
    tmp_path: Path, changes: dict[str, str], column: str, words: str
) -> None:
    path = write(tmp_path, good(id="us-ma-boston-000"), good(**changes))
    row = 4 if changes.get("notes") == "two\nlines" else 3
    message = refused(tmp_path)
    assert message.startswith(f"{path}:{row}:{column}: ")
    assert words in message


def test_the_good_row_is_good(tmp_path: Path) -> None:
    write(tmp_path, good(amount="99.50", currency="USD"))
    assert [(one.id, one.amount) for one in load(tmp_path)] == [("us-ma-boston-001", Decimal("99.50"))]


def test_a_wrong_header_names_the_columns(tmp_path: Path) -> None:
    header = (*COLUMNS[:-1], "note")
    path = write(tmp_path, good(note="n"), header=header)
    message = refused(tmp_path)
    assert message.startswith(f"{path}:1: ") and "missing notes; not known 'note'" in message


@pytest.mark.parametrize("raw", [b"", b"\xff\xfe\x00"])
def test_a_file_without_a_header_is_refused(tmp_path: Path, raw: bytes) -> None:
    path = write(tmp_path, good())
    path.write_bytes(raw)
    assert refused(tmp_path).startswith(f"{path}:1: wrong header")


@pytest.mark.parametrize(("tail", "cells"), [(",extra", 30), ("", 28)])
def test_extra_or_missing_cells_name_the_row(tmp_path: Path, tail: str, cells: int) -> None:
    path = write(tmp_path, good(notes="n"))
    text = path.read_text(encoding="utf-8").rstrip("\n")
    path.write_text(text + tail if tail else text.removesuffix(",n"), encoding="utf-8")
    message = refused(tmp_path)
    assert message.startswith(f"{path}:2:notes: {cells} cells where the header has 29")


def test_a_latin_1_file_names_the_cell(tmp_path: Path) -> None:
    path = write(tmp_path, good(id="us-ma-boston-000"), good(finding="Café cameras were approved."))
    path.write_bytes(path.read_text(encoding="utf-8").encode("latin-1"))
    message = refused(tmp_path)
    assert message.startswith(f"{path}:3:finding: ") and "not UTF-8" in message


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, good(notes='a "quoted" word'))
    path.write_bytes(path.read_bytes()[:-3])
    message = refused(tmp_path)
    assert message.startswith(f"{path}:2: not readable as CSV") and "unclosed quote" in message


def test_a_huge_cell_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, good(notes="x" * 10_000_000))
    assert refused(tmp_path).startswith(f"{path}:2: not readable as CSV")


def test_bare_carriage_returns_still_give_rows(tmp_path: Path) -> None:
    path = write(tmp_path, good(), good(id="us-ma-boston-002"))
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r"))
    assert [one.id for one in load(tmp_path)] == ["us-ma-boston-001", "us-ma-boston-002"]


def test_an_id_used_twice_names_both_places(tmp_path: Path) -> None:
    first, second = write(tmp_path, good()), write(tmp_path, good(), name="us-ma-boston.csv")
    assert refused(tmp_path).startswith(f"{first}:2:id: 'us-ma-boston-001' is already used at {second}:2.")


def test_a_row_in_the_wrong_file_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, good(), name="us-ca.csv")
    assert refused(tmp_path).startswith(f"{path}:2:jurisdiction: 'us-ma-boston' belongs in another file")


def test_same_as_may_not_lead_to_another_same_as(tmp_path: Path) -> None:
    chain = [good(id=f"us-ma-boston-{n}", same_as=f"us-ma-boston-{n + 1}") for n in (1, 2)]
    path = write(tmp_path, *chain, good(id="us-ma-boston-3"))
    assert refused(tmp_path).startswith(f"{path}:2:same_as: ")


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2024", "2024-01-01", "2024-12-31"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2023-02-28",) + ("2023-02-28",) * 2,
    ],
)
def test_interval(text: str, first: str, last: str) -> None:
    assert tuple(day.isoformat() for day in interval(text)) == (first, last)


@pytest.mark.parametrize("text", ["", "24", "2024-00", "2024-2", "2023-02-29", "2024-01-01T00", "٢٠٢٤", "1899"])
def test_interval_refuses(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not|out of range"):
        interval(text)


@given(st.dates(datetime.date(1900, 1, 1), datetime.date(2099, 12, 31)))
def test_a_day_lies_in_its_month_and_the_month_in_its_year(day: datetime.date) -> None:
    text = day.isoformat()
    year, month = interval(text[:4]), interval(text[:7])
    assert interval(text) == (day, day)
    assert year[0] <= month[0] <= day <= month[1] <= year[1]


def made(tmp_path: Path, **changes: str) -> Record:
    write(tmp_path, good(**changes))
    return load(tmp_path)[0]


@pytest.mark.parametrize(
    ("event", "action"),
    [
        ("purchase", "acquire"), ("contract", "acquire"), ("renewal", "renew"), ("grant", "accept_grant"),
        ("donation", "accept_donation"), ("trial", "trial"), ("data_sharing", "share_agreement"),
        ("approval", None), ("incident", None), ("ordinance", None),
    ],
)  # fmt: skip
def test_what_is_an_acquisition(tmp_path: Path, event: str, action: str | None) -> None:
    for stage in ("reported", "paid", "proposed", ""):
        record = made(tmp_path, event_type=event, stage=stage, decided_by="")
        assert action_of(record) == action
        assert is_acquisition(record) is (action is not None and stage in ("reported", "paid"))
        assert not is_decision(record)


def test_proposals_of_the_founding_case_are_not_acquisitions(records: dict[str, Record]) -> None:
    briefcam = [one for one in records.values() if one.product == "BriefCam" and one.jurisdiction == "us-ma-boston"]
    assert len(briefcam) == 12
    assert not [one.id for one in briefcam if is_acquisition(one)]
