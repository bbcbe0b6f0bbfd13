"""The public log of corrections: what a line must hold, that it says what the row says today, and where it is shown."""

from __future__ import annotations

import asyncio
import csv
import html
import re
from pathlib import Path

import feedparser
import httpx
import pytest
import site_fixture
from datasette.app import Datasette
from datasette.utils import module_from_path

from registry import corrections, serve
from registry.catalog import load_catalog
from registry.errors import DataError

DATA = site_fixture.ROOT / "data"
CATALOG = load_catalog(DATA)
IDS = corrections.known_ids(CATALOG.book, CATALOG.technologies, CATALOG.suppliers, CATALOG.sources, CATALOG.records)
RECORD = CATALOG.records[0]
GOOD = ["2026-11-23", f"records/{RECORD.id}", "title", "Another title", RECORD.title, "Misread.", "", "reader"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Datasette:
    return serve.test_client(site_fixture.build(tmp_path_factory.mktemp("corrections") / "registry.db"), site_fixture.ROOT)


def get(site: Datasette, path: str) -> httpx.Response:
    return asyncio.run(site.client.get(path))


def load(folder: Path, *lines: list[str], header: tuple[str, ...] = corrections.COLUMNS) -> list[corrections.Correction]:
    with (folder / corrections.FILE).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *lines])
    return corrections.load_corrections(folder, IDS, CATALOG.records)


def with_cell(name: str, value: str) -> list[str]:
    return [value if column == name else cell for column, cell in zip(corrections.COLUMNS, GOOD, strict=True)]


def test_a_line_is_read_and_told_as_a_row(tmp_path: Path) -> None:
    (row,) = corrections.correction_rows(load(tmp_path, GOOD))
    assert row["id"] == f"records_{RECORD.id}_title_2026-11-23" and (row["said"], row["says"]) == ("Another title", RECORD.title)
    assert load(tmp_path) == []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (with_cell("date", "23.11.2026"), "at `date`"),
        (with_cell("row", "contracts/x"), "there is no such table. Write one of records, laws"),
        (with_cell("row", "records/none"), "records has no such row"), (with_cell("field", ""), "give `field` and `why`"),
        (with_cell("said", RECORD.title), "is not the same as `says`"), (with_cell("why", ""), "give `field` and `why`"),
        (with_cell("source_url", "javascript:x"), "is no web address"),
        (with_cell("reported_by", "Jane Doe"), "Allowed: government, journalist"),
        (with_cell("says", "Yet another"), "Correct the row, or add a line"), (GOOD[:-1], "7 cells, not 8"),
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_right_is_refused_with_a_remedy(tmp_path: Path, line: list[str], words: str) -> None:
    with pytest.raises(DataError, match=re.escape(words)) as refused:
        load(tmp_path, line)
    assert corrections.FILE in str(refused.value)


def test_only_the_newest_line_of_a_field_must_be_what_the_row_says(tmp_path: Path) -> None:
    older = ["2026-11-22", *with_cell("says", "Another title")[1:3], "The first title", "Another title", *GOOD[5:]]
    assert [one.says for one in load(tmp_path, GOOD, older)] == ["Another title", RECORD.title]


def test_one_field_has_one_line_a_day(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="corrected twice on 2026-11-23"):
        load(tmp_path, GOOD, GOOD)


def test_without_a_log_or_with_other_columns_the_remedy_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="keep its first line alone"):
        corrections.load_corrections(tmp_path, IDS, CATALOG.records)
    with pytest.raises(DataError, match="They must be date, row, field"):
        load(tmp_path, header=("day", *corrections.COLUMNS[1:]))


def test_the_log_names_no_person_and_every_line_its_reason() -> None:
    assert len(CATALOG.corrections) >= 15
    assert all(len(one.why) > 20 and "@" not in one.why for one in CATALOG.corrections)


def test_the_site_and_the_log_know_the_same_tables() -> None:
    plugin = module_from_path(str(site_fixture.ROOT / "plugins" / "corrections.py"), name="of_test_corrections")
    assert set(plugin.CORRECTED) == set(IDS)


def test_the_page_says_how_to_report_and_what_was_said_before(site: Datasette) -> None:
    text = html.unescape(get(site, "/corrections").text)
    assert "the address of the page, the words that are wrong, and where the right ones can be read" in text
    assert site_fixture.HOSTILE["image"] in text and text.index("2026-01-01") < text.index("2025-12-31")


def test_a_corrected_row_shows_what_it_said_before(site: Datasette) -> None:
    for page, words in (("records/zz-gift", site_fixture.HOSTILE["image"]), ("laws/zz-exampleton-ccops", "nothing")):
        text = html.unescape(get(site, f"/registry/{page}").text)
        assert "What this row said before" in text and words in text.split("What this row said before")[1]
    assert "What this row said before" not in get(site, "/registry/records/zz-vote").text


@pytest.mark.parametrize("path", ["/corrections", "/registry/records/zz-gift", "/registry/corrections"])
def test_hostile_words_are_words(site: Datasette, path: str) -> None:
    text = get(site, path).text
    assert "<img src=x" not in text and "<script>alert" not in text and "<b>Misread" not in text and 'href="javascript:' not in text


def test_the_feed_is_read_by_a_feed_reader(site: Datasette) -> None:
    feed = feedparser.parse(get(site, "/corrections.atom").content)
    assert not feed.bozo and [one.link.rpartition("/")[2] for one in feed.entries] == ["zz-gift", "zz-exampleton-ccops"]
    assert len({one.id for one in feed.entries}) == 2 and feed.entries[1].title.endswith("date_effective said “nothing”, says “2020-01-01”")


def test_an_empty_log_is_no_praise(tmp_path: Path) -> None:
    empty = serve.test_client(site_fixture.write(tmp_path / "registry.db", site_fixture.tables() | {"corrections": []}), site_fixture.ROOT)
    assert "That does not mean that nothing is wrong." in get(empty, "/corrections").text
    assert feedparser.parse(get(empty, "/corrections.atom").content).entries == []
