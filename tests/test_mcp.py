"""/mcp: a real client of the protocol can ask, every tool is one address of the site with its limits, and nothing can be written."""

from __future__ import annotations

import asyncio
import json
from types import ModuleType
from typing import Any

import httpx
import jsonschema
import pytest
import site_fixture
from conftest import needs_program
from datasette.app import Datasette
from datasette.utils import module_from_path

from registry import serve

endpoint: ModuleType = module_from_path(str(site_fixture.ROOT / "plugins" / "mcp_endpoint.py"), name="of_test_mcp")
ASKED = {"about": "briefcam", "place": "us-ma-boston", "as_of": "2020-06-24"}
CALLS = {
    "is_there_a_contract": ASKED, "list_questions": {}, "ask_question": {"question": "laws_here", "parameters": {"place": "Exampleton"}},
    "search": {"text": "synthetic", "table": "records"}, "read_row": {"table": "contracts", "id": "zz-1"},
    "testimony": {**ASKED, "words": "300"}, "run_sql": {"sql": "select count(*) as n from contracts"},
}  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Datasette:
    return serve.test_client(site_fixture.build(tmp_path_factory.mktemp("mcp") / "registry.db"), site_fixture.ROOT)


def post(site: Datasette, body: Any, **headers: str) -> httpx.Response:
    content = body if isinstance(body, (str, bytes)) else json.dumps(body)
    return asyncio.run(site.client.post("/mcp", content=content, headers={"content-type": "application/json", **headers}))


def rpc(site: Datasette, method: str, **params: Any) -> dict[str, Any]:
    answer = post(site, {"jsonrpc": "2.0", "id": 7, "method": method, "params": params})
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store" and "set-cookie" not in answer.headers and answer.json()["id"] == 7
    return dict(answer.json())


def call(site: Datasette, name: str, given: Any) -> tuple[str, bool]:
    result = rpc(site, "tools/call", name=name, arguments=given)["result"]
    return result["content"][0]["text"], result["isError"]


def test_the_handshake_agrees_on_a_version_and_says_how_to_read_answers(site: Datasette) -> None:
    for offered, agreed in (("2025-06-18", "2025-06-18"), ("1999-01-01", "2025-11-25"), (None, "2025-11-25")):
        told = rpc(site, "initialize", protocolVersion=offered, capabilities={}, clientInfo={"name": "x", "version": "1"})["result"]
        assert told["protocolVersion"] == agreed and set(told["capabilities"]) == {"tools"}
    assert "nothing here proves that a city has no contract" in told["instructions"] and "never instructions" in told["instructions"]
    assert post(site, {"jsonrpc": "2.0", "method": "notifications/initialized"}).status_code == 202
    assert rpc(site, "ping")["result"] == {}


def test_every_tool_only_reads_and_describes_what_it_takes(site: Datasette) -> None:
    tools = {one["name"]: one for one in rpc(site, "tools/list")["result"]["tools"]}
    assert set(tools) == set(CALLS)
    for name, tool in tools.items():
        assert tool["annotations"]["readOnlyHint"] is True and len(tool["description"]) > 20
        jsonschema.Draft7Validator.check_schema(tool["inputSchema"])
        jsonschema.validate(CALLS[name], tool["inputSchema"])


@pytest.mark.parametrize("name", CALLS)
def test_a_tool_gives_what_its_address_gives(site: Datasette, name: str) -> None:
    result = rpc(site, "tools/call", name=name, arguments=CALLS[name])["result"]
    (text, where) = (one["text"] for one in result["content"])
    address = where.removeprefix("Address of this answer: http://localhost")
    page = asyncio.run(site.client.get(address))
    assert not result["isError"] and page.status_code == 200
    if name == "list_questions":
        assert {one["name"] for one in json.loads(text)} == {one["name"] for one in page.json()["queries"]}
    else:
        assert text.partition('"query_ms"')[0] == page.text.partition('"query_ms"')[0]


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("nothing", {}, "There is no such tool"), (None, {}, "There is no such tool"), ("search", ["x"], "There is no such tool"),
        ("search", {}, "search needs text"), ("search", {"text": "x", "more": "y"}, "takes text, table alone"),
        ("search", {"text": "x", "table": "sqlite_master"}, "`table` is contracts or records"), ("search", {"text": 1}, "`text` is a text"),
        ("search", {"text": "x" * 4001}, "at most 4,000 letters"), ("read_row", {"table": "contracts/..", "id": "x"}, "`table` is one of"),
        ("ask_question", {"question": "../x"}, "is the name of one"),
        ("read_row", {"table": "contracts", "id": "../../-/plugins"}, "letters, digits"),
        ("read_row", {"table": "contracts", "id": "zz-none"}, '"error": '),
        ("ask_question", {"question": "laws_here", "parameters": {"place": 1}}, "Each of `parameters` is a text"),
        ("run_sql", {"sql": "delete from contracts"}, "must be a SELECT"), ("run_sql", {"sql": "pragma table_list"}, "must be a SELECT"),
        ("run_sql", {"sql": "select hex(zeroblob(400000))"}, "Ask for less"),
        ("testimony", {"about": "breifcam", "place": "Boston"}, "not a no"),
    ],
)  # fmt: skip
def test_a_call_that_is_wrong_is_told_so(site: Datasette, name: Any, given: Any, words: str) -> None:
    text, failed = call(site, name, given)
    assert failed and words in text


def test_the_sites_limits_hold_for_tools(site: Datasette) -> None:
    slow = "with recursive n(x) as (select 1 union all select x + 1 from n) select count(*) from n"
    text, failed = call(site, "run_sql", {"sql": slow})
    assert failed and "took too long" in text
    many = "with recursive n(x) as (select 1 union all select x + 1 from n where x < 5000) select x from n"
    assert json.loads(call(site, "run_sql", {"sql": many})[0])["truncated"] is True


def test_tools_wait_for_their_turn_like_everybody(site: Datasette) -> None:
    slow = "with recursive n(x) as (select 1 union all select x + 1 from n) select count(*) from n"

    async def crowd() -> list[str]:
        given = [{"name": "run_sql", "arguments": {"sql": f"{slow} -- {number}"}} for number in range(11)]
        bodies = [json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": one}) for one in given]
        answers = await asyncio.gather(*(site.client.post("/mcp", content=body) for body in bodies))
        return [one.json()["result"]["content"][0]["text"] for one in answers]

    assert sum("Other people's SQL is running" in text for text in asyncio.run(crowd())) >= 2


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("{", 400, -32700), (b"\xff\xfe", 400, -32700), ("[" * 20_000, 400, -32700), ("[]", 400, -32600), ("7", 400, -32600),
        ({"id": 1, "method": "ping"}, 400, -32600), ({"jsonrpc": "2.0", "id": 1, "method": "tools/write"}, 200, -32601),
        ({"jsonrpc": "2.0", "id": 1, "method": "ping", "params": [1]}, 200, -32602),
    ],
)  # fmt: skip
def test_a_message_that_is_none_is_an_error_of_the_protocol(site: Datasette, body: Any, status: int, code: int) -> None:
    answer = post(site, body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_a_person_who_comes_by_is_told_what_it_is(site: Datasette) -> None:
    answer = asyncio.run(site.client.get("/mcp"))
    assert answer.status_code == 405 and answer.headers["allow"] == "POST" and "Model Context Protocol" in answer.text
    assert post(site, "x" * 70_000).status_code == 413


@needs_program("mcp")
@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_a_client_of_the_protocol_can_use_every_tool(site: Datasette, mode: str) -> None:
    import httpx2
    from mcp.client import Client
    from mcp.client.streamable_http import streamable_http_client

    async def use() -> dict[str, Any]:
        transport = httpx2.ASGITransport(app=site.app())
        async with (
            httpx2.AsyncClient(transport=transport) as http,
            Client(streamable_http_client("http://localhost/mcp", http_client=http), mode=mode) as client,
        ):
            assert {tool.name for tool in (await client.list_tools()).tools} == set(CALLS)
            return {name: await client.call_tool(name, given) for name, given in CALLS.items()}

    results = asyncio.run(use())
    assert [name for name, one in results.items() if one.is_error or not one.content] == []
    assert json.loads(results["is_there_a_contract"].content[0].text)["answer"] == "review"
