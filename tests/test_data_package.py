"""The data package of the site: what it says of each table is what the offline edition says, and its files are the edition's."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
import site_fixture
from conftest import needs_program
from datasette.app import Datasette

from registry import serve
from registry.artefact import copy_of_metadata
from registry.datapackage import write_datapackage
from registry.schema import TABLES


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with registry.db and, under edition/, the data package of the offline edition."""
    folder = tmp_path_factory.mktemp("package")
    site_fixture.build_large(folder / "registry.db", 2100)
    (folder / "edition").mkdir()
    write_datapackage(folder / "registry.db", copy_of_metadata(site_fixture.ROOT), folder / "edition", "2026-01-02T03:04:05Z")
    return folder


@pytest.fixture(scope="module")
def site(made: Path) -> Datasette:
    return serve.test_client(made / "registry.db", site_fixture.ROOT)


def get(site: Datasette, path: str) -> httpx.Response:
    return asyncio.run(site.client.get(path))


def described(site: Datasette) -> dict[str, Any]:
    answer = get(site, "/export/datapackage.json")
    assert answer.status_code == 200 and answer.headers["access-control-allow-origin"] == "*"
    return dict(answer.json())


def test_the_site_says_what_the_edition_says(site: Datasette, made: Path) -> None:
    edition = json.loads((made / "edition" / "datapackage.json").read_text(encoding="utf-8"))
    for resource in edition["resources"]:
        del resource["bytes"], resource["hash"]
    assert described(site) == edition


@pytest.mark.parametrize("table", TABLES)
def test_the_files_are_those_of_the_edition(site: Datasette, made: Path, table: str) -> None:
    assert get(site, f"/export/data/{table}.csv").content == (made / "edition" / "data" / f"{table}.csv").read_bytes()


def test_every_column_is_described(site: Datasette) -> None:
    resources = described(site)["resources"]
    assert [one["name"] for one in resources] == list(TABLES)
    assert [one["name"] for one in resources for field in one["schema"]["fields"] if not field["description"]] == []


@pytest.mark.parametrize("table", ["sqlite_master", "contracts_fts", "places", "nothing"])
def test_there_is_no_other_file(site: Datasette, table: str) -> None:
    assert get(site, f"/export/data/{table}.csv").status_code == 404


@needs_program("frictionless")
def test_frictionless_finds_nothing_wrong(site: Datasette, tmp_path: Path) -> None:
    import frictionless

    package = described(site)
    (tmp_path / "data").mkdir()
    (tmp_path / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    for one in package["resources"]:
        (tmp_path / one["path"]).write_bytes(get(site, f"/export/{one['path']}").content)
    report = frictionless.Package(str(tmp_path / "datapackage.json")).validate()
    assert report.valid, report.flatten(["title", "message"])[:5]
