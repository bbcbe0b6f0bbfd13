"""Reconciliation for OpenRefine: the protocol's own shapes, known names as matches, others as candidates, hostile batches refused.

The shapes below say in our words what the schemas of the Reconciliation Service API 0.2 require of what we send. The schemas
themselves are published without a licence, so they are not copied here; the answers were also checked against them by hand.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import jsonschema
import pytest
import site_fixture
from datasette.app import Datasette

from registry import serve

TEXT = {"type": "string"}
TYPES = {"type": "array", "items": {"type": "object", "required": ["id", "name"], "properties": {"id": TEXT, "name": TEXT}}}
MANIFEST = {
    "type": "object", "required": ["versions", "name", "identifierSpace", "schemaSpace", "view"],
    "properties": {
        "versions": {"type": "array", "items": TEXT, "contains": {"enum": ["0.2"]}}, "name": TEXT, "defaultTypes": TYPES,
        "identifierSpace": {"type": "string", "format": "uri"}, "schemaSpace": {"type": "string", "format": "uri"},
        "view": {"type": "object", "required": ["url"], "properties": {"url": {"type": "string", "pattern": r"\{\{id\}\}"}}},
        "suggest": {"type": "object", "properties": {"entity": {"type": "object", "required": ["service_url", "service_path"]}}},
    },
}  # fmt: skip
ENTITY = {"id": TEXT, "name": TEXT, "description": TEXT}
RESULTS = {
    "type": "object",
    "additionalProperties": {
        "type": "object", "required": ["result"],
        "properties": {"result": {"type": "array", "items": {
            "type": "object", "required": ["id", "name", "score"],
            "properties": {**ENTITY, "score": {"type": "number"}, "match": {"type": "boolean"}, "type": TYPES},
            "additionalProperties": False,
        }}},
    },
}  # fmt: skip
SUGGESTIONS = {
    "type": "object", "required": ["result"],
    "properties": {"result": {"type": "array", "items": {
        "type": "object", "required": ["id", "name"], "properties": ENTITY, "additionalProperties": False}}},
}  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Datasette:
    rows = site_fixture.tables()
    rows["names"] += [
        {"id": "t1", "name": "twin name", "about": "watcher-inc", "kind": "supplier", "display": "Twin Name"},
        {"id": "t2", "name": "twin name", "about": "briefcam-ltd", "kind": "supplier", "display": "Twin Name"},
    ]
    return serve.test_client(site_fixture.write(tmp_path_factory.mktemp("reconcile") / "registry.db", rows), site_fixture.ROOT)


def ask(site: Datasette, path: str, method: str = "GET", **given: Any) -> httpx.Response:
    return asyncio.run(site.client.request(method, path, **given))


def batch(site: Datasette, table: str, **queries: Any) -> dict[str, Any]:
    answer = ask(site, f"/reconcile/{table}", "POST", data={"queries": json.dumps(queries)})
    assert answer.status_code == 200, answer.text
    jsonschema.validate(answer.json(), RESULTS)
    return {name: one["result"] for name, one in answer.json().items()}


@pytest.mark.parametrize("table", ["suppliers", "products"])
def test_the_service_says_what_it_is(site: Datasette, table: str) -> None:
    answer = ask(site, f"/reconcile/{table}", headers={"host": "registry.example.org"})
    jsonschema.validate(answer.json(), MANIFEST, format_checker=jsonschema.Draft7Validator.FORMAT_CHECKER)
    assert answer.json()["view"]["url"] == f"http://registry.example.org/registry/{table}/{{{{id}}}}"
    assert answer.json()["suggest"]["entity"]["service_url"] == f"http://registry.example.org/reconcile/{table}"


def test_a_name_we_know_is_a_match_however_it_is_written(site: Datasette) -> None:
    found = batch(site, "suppliers", a={"query": "WATCHER, INC."}, b={"query": "Watcher Inc"}, c={"query": "briefcam ltd"})
    assert [(one[0]["id"], one[0]["score"], one[0]["match"]) for one in found.values()] == [
        ("watcher-inc", 100, True), ("watcher-inc", 100, True), ("briefcam-ltd", 100, True),
    ]  # fmt: skip
    assert found["c"][0]["description"] == "Video analytics (from memory, not verified)"
    assert batch(site, "products", a={"query": "Brief-Cam"})["a"][0]["id"] == "briefcam"


def test_another_name_is_a_candidate_and_never_a_match(site: Datasette) -> None:
    (found,) = batch(site, "suppliers", a={"query": "Watcher Incorporated of Ohio"}).values()
    assert [one["id"] for one in found] == ["watcher-inc"] and 20 < found[0]["score"] <= 95 and found[0]["match"] is False
    assert batch(site, "suppliers", a={"query": "Nobody at all"}, b={"query": ""}, c={"query": "???"}) == {"a": [], "b": [], "c": []}


def test_a_name_of_two_is_a_match_of_none(site: Datasette) -> None:
    (found,) = batch(site, "suppliers", a={"query": "Twin Name"}).values()
    assert [(one["id"], one["score"], one["match"]) for one in found] == [("briefcam-ltd", 100, False), ("watcher-inc", 100, False)]


def test_types_and_limits_are_kept(site: Datasette) -> None:
    found = batch(
        site, "suppliers", other={"query": "watcher inc", "type": "person"}, ours={"query": "watcher inc", "type": ["supplier"]},
        one={"query": "twin name", "limit": 1}, none={"query": "twin name", "limit": 0}, much={"query": "twin name", "limit": 1e9},
        endless={"query": "twin name", "limit": float("inf")},
        properties={"properties": [{"pid": "a", "v": "b"}]},
    )  # fmt: skip
    counts = {"other": 0, "ours": 1, "one": 1, "none": 1, "much": 2, "endless": 2, "properties": 0}
    assert {name: len(one) for name, one in found.items()} == counts


def test_a_batch_can_be_asked_by_get_and_read_from_another_site(site: Datasette) -> None:
    answer = ask(site, "/reconcile/suppliers", params={"queries": json.dumps({"q0": {"query": "watcher inc"}})})
    assert answer.json()["q0"]["result"][0]["match"] is True
    others = [ask(site, f"/reconcile/{path}") for path in ("suppliers", "products/suggest/entity")]
    posted = ask(site, "/reconcile/suppliers", "POST", data={"queries": "{}"})
    assert {one.headers["access-control-allow-origin"] for one in (answer, posted, *others)} == {"*"}


def test_a_question_by_post_is_never_kept(site: Datasette) -> None:
    given = [{"queries": json.dumps({"a": {"query": name}})} for name in ("watcher inc", "x")]
    answers = [ask(site, "/reconcile/suppliers", "POST", data=one) for one in given]
    assert [len(one.json()["a"]["result"]) for one in answers] == [1, 0]
    assert {one.headers["cache-control"] for one in answers} == {"no-store"}
    assert not [one for one in answers if "etag" in one.headers or "set-cookie" in one.headers]


@pytest.mark.parametrize(
    "queries",
    ["", "{", "[]", "1", "null", '{"a": 1}', '{"a": {"query": 1}}', '{"a": {"query": null}}', "[" * 15_000,
     json.dumps({str(number): {"query": "x"} for number in range(101)})],
)  # fmt: skip
def test_a_batch_that_is_none_is_refused_with_words(site: Datasette, queries: str) -> None:
    answer = ask(site, "/reconcile/suppliers", "POST", data={"queries": queries})
    if queries:
        assert answer.status_code == 400 and answer.json()["error"]
    else:
        jsonschema.validate(answer.json(), MANIFEST)


@pytest.mark.parametrize("name", ['" OR 1', "* NEAR(", "watcher AND", "names:x", "'; drop table names; --", "a" * 5000, "é" * 300])
def test_hostile_names_are_names(site: Datasette, name: str) -> None:
    assert isinstance(batch(site, "suppliers", a={"query": name})["a"], list)
    assert ask(site, "/reconcile/suppliers/suggest/entity", params={"prefix": name}).status_code == 200


def test_a_question_that_is_too_long_is_refused(site: Datasette) -> None:
    assert ask(site, "/reconcile/suppliers", "POST", data={"queries": "x" * 70_000}).status_code == 413
    assert ask(site, "/reconcile/suppliers", "PUT").status_code == ask(site, "/reconcile", "POST").status_code == 405


def test_names_are_suggested_by_their_beginning(site: Datasette) -> None:
    answer = ask(site, "/reconcile/suppliers/suggest/entity", params={"prefix": "Watch"})
    jsonschema.validate(answer.json(), SUGGESTIONS)
    assert [one["id"] for one in answer.json()["result"]] == ["watcher-inc"]
    for given in ({"prefix": ""}, {}, {"prefix": "zzz"}, {"prefix": "watch", "cursor": "1"}, {"prefix": "*"}):
        assert ask(site, "/reconcile/suppliers/suggest/entity", params=given).json() == {"result": []}


def test_there_is_no_other_service(site: Datasette) -> None:
    assert ask(site, "/reconcile/contracts").status_code == ask(site, "/reconcile/records/suggest/entity").status_code == 404
