"""The words of the site say what the schema says: every table, view, column and parameter, and nothing else."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import site_fixture
import yaml

from registry.schema import TABLES
from registry.views import VIEWS

METADATA: dict[str, Any] = yaml.safe_load((site_fixture.ROOT / "metadata.yml").read_text(encoding="utf-8"))
SITE = METADATA["databases"]["registry"]
QUERIES: dict[str, dict[str, Any]] = SITE["queries"]


@pytest.fixture(scope="module")
def columns(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    path: Path = site_fixture.build(tmp_path_factory.mktemp("metadata") / "registry.db")
    with sqlite3.connect(path) as db:
        return {name: [row[1] for row in db.execute(f"pragma table_info({name})")] for name in SITE["tables"]}


def test_every_table_and_view_is_described_and_no_other() -> None:
    assert set(SITE["tables"]) == set(TABLES) | set(VIEWS)


@pytest.mark.parametrize("table", TABLES)
def test_every_column_of_a_table_is_described_in_order(table: str) -> None:
    assert list(SITE["tables"][table]["columns"]) == list(TABLES[table].columns)


@pytest.mark.parametrize("name", SITE["tables"])
def test_the_words_of_a_table_are_sentences(name: str, columns: dict[str, list[str]]) -> None:
    table = SITE["tables"][name]
    assert table["title"] and (table.get("description") or table.get("description_html"))
    assert list(table["columns"]) == columns[name]
    for words in table["columns"].values():
        assert words.endswith((".", ").")) and words[0] == words[0].upper()


@pytest.mark.parametrize("name", SITE["tables"])
def test_facets_sorts_and_labels_name_columns(name: str, columns: dict[str, list[str]]) -> None:
    table = SITE["tables"][name]
    facets = [facet["list"] if isinstance(facet, dict) else facet for facet in table.get("facets", [])]
    named = [*facets, *(table[key] for key in ("sort", "sort_desc", "label_column") if key in table)]
    assert set(named) <= set(columns[name])


def test_contracts_have_the_facets_people_need() -> None:
    facets = ["jurisdiction", "buyer_unit", "supplier", {"list": "technologies"}, "determination", "approval_status", "year"]
    assert SITE["tables"]["contracts"]["facets"] == facets


@pytest.mark.parametrize("name", ["contracts", "amendments", "records", "matches", "determinations", "issues", "loads", "provisions"])
def test_facets_of_tables_that_grow_are_indexed(name: str) -> None:
    plain = {facet for facet in SITE["tables"][name].get("facets", []) if isinstance(facet, str)}
    assert plain <= {index.split()[0] for index in TABLES[name].indexes}


def test_there_are_enough_questions() -> None:
    assert len(QUERIES) >= 15


@pytest.mark.parametrize("name", QUERIES)
def test_a_question_has_words_for_itself_and_its_parameters(name: str) -> None:
    query = QUERIES[name]
    assert query["title"] and query["description_html"].startswith("<p>") and query["hide_sql"] is True and query["fragment"]
    assert list(query.get("parameter_words", {})) == query["params"]
    without_texts = re.sub(r"'[^']*'", "", query["sql"])
    assert set(re.findall(r"(?<!:):([a-z_]+)", without_texts)) == set(query["params"])


def test_licence_source_and_about_are_stated() -> None:
    assert METADATA["license_url"] == "https://creativecommons.org/licenses/by/4.0/"
    assert METADATA["title"] and METADATA["description"] and METADATA["source"] and METADATA["about"]
