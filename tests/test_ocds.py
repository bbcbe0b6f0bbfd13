"""The OCDS export: valid under the official schema, the same from the command and the site, and saying no more than we know."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import site_fixture
from click.testing import CliRunner
from conftest import needs_program
from datasette.app import Datasette

from registry import serve
from registry.cli import main
from registry.errors import FactsError
from registry.ocds import checked_prefix, release_package

SCHEMA = json.loads((Path(__file__).parent / "ocds" / "release-schema.json").read_text(encoding="utf-8"))
FORMATS = jsonschema.Draft4Validator.FORMAT_CHECKER


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = site_fixture.tables()
    rows["amendments"] = [
        {"id": f"a{number}", "contract": "zz-1", "revision": str(number), "date_signed": f"20{19 + number}-02-03", "title": "[synthetic]",
         "occurrence": 1}
        for number in range(3)
    ]  # fmt: skip
    bare = dict.fromkeys(("supplier", "supplier_name", "buyer_unit", "description", "date_signed", "period_start_date", "period_end_date",
                          "value_amount", "value_currency", "procurement_method", "source_url", "contract_number", "title"))  # fmt: skip
    rows["contracts"].append(site_fixture.contract("zz-bare", **bare))
    rows["contracts"].append(site_fixture.contract("zz-braces", source_url='https://example.org/a b?id={1}|"<x>'))
    return site_fixture.write(tmp_path_factory.mktemp("ocds") / "registry.db", rows)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a stranger exports after `registry load --offline`."""
    environment = {"REGISTRY_DATA": str(site_fixture.ROOT / "data"), "REGISTRY_BUILD": str(tmp_path_factory.mktemp("real"))}
    assert CliRunner().invoke(main, ["load", "--offline", "-q"], env=environment).exit_code == 0
    told = CliRunner().invoke(main, ["export", "--format", "ocds"], env=environment)
    assert told.exit_code == 0
    return dict(json.loads(told.stdout))


def test_payments_that_carry_its_number_are_its_transactions(built: Path) -> None:
    paid = release(exported(built), "zz-1")["contracts"][0]["implementation"]["transactions"]
    assert [one["id"] for one in paid] == ["zz-pay-1", "zz-pay-3"]
    assert paid[0]["value"] == {"amount": 1234.5, "currency": "USD"} and paid[0]["date"] == "2020-03-04T00:00:00Z"
    assert paid[0]["payee"]["id"] == "watcher-inc" and paid[0]["payer"]["id"] == "us-zz-exampleton"
    assert "source" not in paid[1], "an address that is not one of the web must not be published"
    assert "implementation" not in release(exported(built), "zz-bare")["contracts"][0]


def exported(path: Path, prefix: str | None = None) -> dict[str, Any]:
    return dict(json.loads("".join(release_package(path, site_fixture.ROOT, prefix))))


def problems(package: dict[str, Any]) -> list[str]:
    check = jsonschema.Draft4Validator(SCHEMA, format_checker=FORMATS)
    return [f"{one['ocid']}: {list(error.path)} {error.message}" for one in package["releases"] for error in check.iter_errors(one)]


def release(package: dict[str, Any], contract: str) -> dict[str, Any]:
    return next(one for one in package["releases"] if one["contracts"][0]["id"] == contract)


def test_the_checks_would_find_a_wrong_date_a_wrong_address_and_a_missing_part(built: Path) -> None:
    package = exported(built)
    one = release(package, "zz-1")
    one["date"], one["contracts"][0]["documents"][0]["url"] = "2020-13-45", "not an {address}"
    del one["tag"]
    assert len(problems(package)) == 3


def test_the_real_registry_is_valid(real: dict[str, Any]) -> None:
    assert len(real["releases"]) >= 280 and problems(real) == []


def test_the_synthetic_corners_are_valid(built: Path) -> None:
    package = exported(built)
    assert problems(package) == [] and len(package["releases"]) == len(site_fixture.tables()["contracts"]) + 2


def test_the_package_names_version_publisher_and_licence(real: dict[str, Any]) -> None:
    assert {"uri", "version", "publishedDate", "publisher", "license", "releases"} <= set(real)
    assert real["version"] == "1.1" and real["uri"].startswith("urn:uuid:") and real["license"].startswith("https://")


def test_ids_are_unique_and_references_resolve(real: dict[str, Any]) -> None:
    releases = real["releases"]
    assert len({one["ocid"] for one in releases}) == len({one["id"] for one in releases}) == len(releases)
    for one in releases:
        parties = {party["id"]: party["name"] for party in one["parties"]}
        named = [one["buyer"], *one["awards"][0].get("suppliers", []), *filter(None, [one["tender"].get("procuringEntity")])]
        assert all(parties[party["id"]] == party["name"] for party in named)
        assert one["contracts"][0]["awardID"] == one["awards"][0]["id"]


def test_a_contract_with_its_amendments(real: dict[str, Any]) -> None:
    one = release(real, "us-il-chicago_71366")
    contract = one["contracts"][0]
    assert round(contract["value"]["amount"] / 1e6, 1) == 53.1 and contract["value"]["currency"] == "USD"
    assert (contract["period"]["startDate"], contract["period"]["endDate"]) == ("2018-08-20T00:00:00Z", "2024-11-22T00:00:00Z")
    assert [item["classification"]["id"] for item in contract["items"]] == ["gunshot_detection"]
    assert len(contract["amendments"]) == 6 and one["x_registry"]["contractNumber"] == "71366"


def test_what_is_missing_stays_missing(built: Path) -> None:
    one = release(exported(built), "zz-bare")
    contract = one["contracts"][0]
    assert not {"title", "description", "period", "value", "dateSigned", "documents", "amendments"} & set(contract)
    assert "suppliers" not in one["awards"][0] and [party["roles"] for party in one["parties"]] == [["buyer"]]
    assert "null" not in json.dumps(one)


def test_a_lead_has_no_items_and_says_that_it_is_one(built: Path) -> None:
    one = release(exported(built), "zz-lead")
    assert "items" not in one["contracts"][0] and one["x_registry"]["match"] == "supplier"


def test_only_later_revisions_are_amendments(built: Path) -> None:
    contract = release(exported(built), "zz-1")["contracts"][0]
    assert [(one["id"], one["date"]) for one in contract["amendments"]] == [("a1", "2020-02-03T00:00:00Z"), ("a2", "2021-02-03T00:00:00Z")]


def test_a_hostile_address_is_no_document_and_an_odd_one_is_mended(built: Path) -> None:
    package = exported(built)
    assert "documents" not in release(package, "zz-hostile")["contracts"][0]
    (document,) = release(package, "zz-braces")["contracts"][0]["documents"]
    assert document["url"] == "https://example.org/a%20b?id=%7B1%7D%7C%22%3Cx%3E"


def test_site_and_command_give_the_same_releases(built: Path) -> None:
    site: Datasette = serve.test_client(built, site_fixture.ROOT)
    answer = asyncio.run(site.client.get("/export/ocds.json"))
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.json()["releases"] == exported(built)["releases"]
    assert answer.json()["uri"] == "http://localhost/export/ocds.json"


def test_a_registry_of_several_batches_is_whole(tmp_path: Path) -> None:
    site: Datasette = serve.test_client(site_fixture.build_large(tmp_path / "registry.db", 1100), site_fixture.ROOT)
    releases = asyncio.run(site.client.get("/export/ocds.json")).json()["releases"]
    assert len({one["ocid"] for one in releases}) == len(releases) == 1100 + len(site_fixture.tables()["contracts"])


def test_an_empty_registry_gives_an_empty_package(tmp_path: Path) -> None:
    path = site_fixture.write(tmp_path / "registry.db", site_fixture.tables() | {"contracts": []})
    assert exported(path)["releases"] == []
    assert asyncio.run(serve.test_client(path, site_fixture.ROOT).client.get("/export/ocds.json")).json()["releases"] == []


def test_a_registered_prefix_can_be_given(built: Path) -> None:
    assert release(exported(built, "ocds-a1b2c3"), "zz-1")["ocid"] == "ocds-a1b2c3-zz-1"
    assert release(exported(built), "zz-1")["ocid"] == "ocds-000000-zz-1"


@pytest.mark.parametrize("prefix", ["a1b2c3", "ocds-A1B2C3", "ocds-a1b2c", "ocds-a1b2c34", "ocds-a1b2c/", "ocds-ä1b2c3"])
def test_a_prefix_that_is_none_is_refused(prefix: str) -> None:
    with pytest.raises(FactsError, match="no ocid prefix"):
        checked_prefix(prefix)


def test_without_a_registry_the_command_names_the_remedy(tmp_path: Path) -> None:
    environment = {"REGISTRY_DATA": str(site_fixture.ROOT / "data"), "REGISTRY_BUILD": str(tmp_path)}
    told = CliRunner().invoke(main, ["export"], env=environment)
    assert told.exit_code == 1 and "registry load --offline" in told.output
    assert CliRunner().invoke(main, ["export", "--format", "xml"], env=environment).exit_code == 2


# ---- the checker that publishers of OCDS use ----


def codelists(schema: Any) -> Iterator[tuple[str, list[str]]]:
    """Each list of codes that the schema closes, by the name of its file."""
    if isinstance(schema, dict) and isinstance(schema.get("codelist"), str):
        codes = schema.get("enum") or schema.get("items", {}).get("enum") or []
        yield schema["codelist"], [code for code in codes if code]
    for part in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from codelists(part)


def standard() -> bytes:
    """The vendored schemas in the form in which libcoveocds fetches the standard."""
    folder, packed = Path(__file__).parent / "ocds", io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("standard/", "")
        for name in ("release-schema.json", "release-package-schema.json"):
            archive.writestr(f"standard/schema/{name}", (folder / name).read_bytes())
        # Of versioned records, of which our package has none; the checker only wants the file to be there.
        archive.writestr("standard/schema/versioned-release-validation-schema.json", json.dumps({"$schema": SCHEMA["$schema"]}))
        for name, codes in dict(codelists(SCHEMA)).items():
            archive.writestr(f"standard/schema/codelists/{name}", "\n".join(["Code,Title", *(f"{code},{code}" for code in codes)]))
    return packed.getvalue()


def covered(package: dict[str, Any]) -> dict[str, Any]:
    from libcoveocds.api import ocds_json_output
    from libcoveocds.config import LibCoveOCDSConfig

    given = LibCoveOCDSConfig({"context": "api", "standard_zip": standard()})
    return dict(ocds_json_output(json_data=package, lib_cove_ocds_config=given))


@needs_program("libcoveocds")
def test_libcoveocds_finds_no_error(real: dict[str, Any], built: Path) -> None:
    for package in (real, exported(built)):
        told = covered(package)
        assert (told["version_used"], told["count"], told["unique_ocids_count"]) == ("1.1", *[len(package["releases"])] * 2)
        wrong = ("validation_errors", "deprecated_fields", "additional_closed_codelist_values", "additional_checks")
        assert {name: told[name] for name in wrong if told[name]} == {}


@needs_program("libcoveocds")
def test_libcoveocds_would_find_an_error(built: Path) -> None:
    package = exported(built)
    del package["publisher"], package["releases"][0]["tag"]
    package["releases"][1]["initiationType"] = "whim"
    told = covered(package)
    assert len(told["validation_errors"]) == 2 and told["additional_closed_codelist_values"]
