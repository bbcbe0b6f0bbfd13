"""What every answer carries, what a cache may keep of it, and what one reader can take from the others."""

from __future__ import annotations

import asyncio
import gzip
import html
import re
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
import site_fixture
from datasette.app import Datasette
from datasette.utils import module_from_path

from registry import serve

KINDS = (
    "/", "/registry", "/registry/contracts", "/registry/contracts/zz-1", "/registry/records/zz-gift", "/registry/laws/zz-exampleton-ccops",
    "/registry/technologies/cctv", "/registry/jurisdictions/us-zz-exampleton", "/registry/answer?about=briefcam&place=Boston",
    "/registry?sql=select+1", "/registry/contracts.json", "/registry/contracts.csv", "/static/registry.css", "/-/static/app.css",
)  # fmt: skip
SLOW = "with recursive n(x) as (select 1 union all select x + 1 from n) select count(*) from n"
NOON, LATE = datetime(2026, 11, 22, 12, tzinfo=UTC), datetime(2026, 11, 22, 23, 58, tzinfo=UTC)


def plugin(name: str) -> ModuleType:
    """A plugin file as Datasette loads it: by itself."""
    module: ModuleType = module_from_path(str(site_fixture.ROOT / "plugins" / f"{name}.py"), name=f"of_test_{name}")
    return module


headers, kept_pages, limits = plugin("headers"), plugin("kept_pages"), plugin("limits")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Datasette:
    return serve.test_client(site_fixture.build(tmp_path_factory.mktemp("headers") / "registry.db"), site_fixture.ROOT)


def ask(site: Datasette, path: str, method: str = "GET", **given: str) -> httpx.Response:
    sent = {name.replace("_", "-"): value for name, value in given.items()}
    return asyncio.run(site.client.request(method, path, headers=sent))


# ---- headers ----


@pytest.mark.parametrize("path", KINDS)
def test_every_answer_is_guarded_and_can_be_kept(site: Datasette, path: str) -> None:
    answer = ask(site, path)
    assert answer.status_code == 200
    assert {name: answer.headers[name] for name in headers.SECURITY} == headers.SECURITY
    assert "set-cookie" not in answer.headers and answer.headers["vary"] == "Accept-Encoding"
    assert re.search(r"^public, max-age=\d+, s-maxage=\d+, stale-while-revalidate=\d+$", answer.headers["cache-control"])


@pytest.mark.parametrize("path", [path for path in KINDS if "." not in path])
def test_a_page_needs_nothing_that_its_policy_forbids(site: Datasette, path: str) -> None:
    text = ask(site, path).text
    for kind, script in re.findall(r"<script\b([^>]*)>(.*?)</script>", text, re.DOTALL):
        assert not script.strip() or 'type="application/ld+json"' in kind  # data for search engines, which nothing runs
    assert not re.search(r"<[a-z]+\b[^>]*\s(on[a-z]+|style)=", text)
    loaded = re.findall(r'<(?:script|img)\b[^>]*\bsrc="([^"]*)"|<link rel="stylesheet" href="([^"]*)"', text)
    assert all("".join(address).startswith("/") for address in loaded)


def test_the_policy_allows_no_inline_script_no_frame_and_no_other_host() -> None:
    policy = headers.SECURITY["content-security-policy"]
    assert "'unsafe" not in policy and "script-src 'self'" in policy and "default-src 'none'" in policy
    parts = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert parts["frame-ancestors"] == parts["base-uri"] == "'none'" and parts["form-action"] == "'self'"
    assert {word for part in parts.values() for word in part.split()} == {"'none'", "'self'", "data:"}


@pytest.mark.parametrize("path", KINDS)
def test_an_unchanged_page_costs_a_304(site: Datasette, path: str) -> None:
    first = ask(site, path)
    again = ask(site, path, if_none_match=f'"other", {first.headers["etag"]}')
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"] and again.headers["cache-control"] == first.headers["cache-control"]
    assert ask(site, path, if_none_match='W/"something-else"').status_code == 200


def test_each_address_and_each_day_has_a_tag_of_its_own(site: Datasette) -> None:
    assert len({ask(site, path).headers["etag"] for path in KINDS}) == len(KINDS)
    tags = {headers.entity_tag("stamp", day, "host", "/") for day in ("20261122", "20261123")}
    assert len(tags) == 2


def test_another_registry_or_another_template_gives_another_tag(tmp_path: Path, site: Datasette) -> None:
    root = tmp_path / "checkout"
    shutil.copytree(site_fixture.ROOT / "plugins", root / "plugins", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(site_fixture.ROOT / "metadata.yml", root / "metadata.yml")
    path = site_fixture.build(tmp_path / "registry.db")
    (tmp_path / "large").mkdir()
    larger = site_fixture.build_large(tmp_path / "large" / "registry.db", 3)
    before = headers.site_stamp(serve.test_client(path, root))
    assert headers.site_stamp(serve.test_client(path, root)) == before
    assert headers.site_stamp(serve.test_client(larger, root)) != before
    (root / "plugins" / "templates" / "index.html").write_text("changed")
    assert headers.site_stamp(serve.test_client(path, root)) != before


def test_templates_that_stand_apart_count_too(tmp_path: Path) -> None:
    """On a published site they are not below the plugins."""
    folders = {"plugins_dir": str(site_fixture.ROOT / "plugins"), "template_dir": str(tmp_path)}
    (tmp_path / "index.html").write_text("one")
    before = headers.site_stamp(Datasette(**folders))
    (tmp_path / "index.html").write_text("two")
    assert headers.site_stamp(Datasette(**folders)) != before


def test_a_readers_cookie_changes_nothing(site: Datasette) -> None:
    plain, with_cookie = ask(site, "/registry/laws"), ask(site, "/registry/laws", cookie="ds_actor=x; a=b", authorization="Bearer x")
    assert with_cookie.content == plain.content
    assert with_cookie.headers["cache-control"] == plain.headers["cache-control"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_the_site_only_answers_questions(site: Datasette, method: str) -> None:
    answer = ask(site, "/-/messages", method)
    assert answer.status_code == 405 and "set-cookie" not in answer.headers and answer.headers["allow"] == "GET, HEAD, OPTIONS"


def test_an_error_is_not_kept_and_a_missing_page_only_briefly(site: Datasette) -> None:
    failed, missing = ask(site, "/registry?sql=select+nothing"), ask(site, "/registry/contracts/zz-none")
    assert (failed.status_code, failed.headers["cache-control"]) == (400, "no-store")
    assert (missing.status_code, missing.headers["cache-control"]) == (404, "public, max-age=60, s-maxage=60")
    assert "etag" not in failed.headers and "etag" not in missing.headers


def test_how_long_things_are_kept() -> None:
    assert headers.page_life(NOON) == "public, max-age=300, s-maxage=3600, stale-while-revalidate=600"
    assert headers.page_life(LATE) == "public, max-age=120, s-maxage=120, stale-while-revalidate=600"
    assert "s-maxage=31536000" in headers.life(200, "/static/registry.css", "", NOON)
    assert "immutable" in headers.life(200, "/-/static/app.css?1a2b3c", "", NOON)
    assert headers.life(200, "/registry/contracts", "no-store", NOON) == "no-store"


def test_data_can_be_read_from_other_sites(site: Datasette) -> None:
    assert ask(site, "/registry/contracts.json").headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-origin" not in ask(site, "/registry/contracts").headers


# ---- compression and memory ----


def test_a_compressed_page_is_the_same_page(site: Datasette) -> None:
    plain = ask(site, "/registry/contracts", accept_encoding="identity")
    small = ask(site, "/registry/contracts", accept_encoding="gzip, br")
    assert "content-encoding" not in plain.headers and small.headers["content-encoding"] == "gzip"
    assert int(small.headers["content-length"]) < len(plain.content) / 3
    assert small.content == plain.content and small.headers["etag"] == plain.headers["etag"]


@pytest.mark.parametrize(
    ("accepted", "wanted"),
    [
        (b"gzip", True), (b"br, GZIP;q=0.5", True), (b"", False), (b"br", False), (b"gzip; q=0", False),
        (b"identity, gzip;q=0.000", False), (b"notgzip", False),
    ],
)  # fmt: skip
def test_only_who_asks_for_gzip_gets_it(accepted: bytes, wanted: bool) -> None:
    assert kept_pages.wants_gzip(accepted) is wanted


def test_compressing_twice_gives_the_same_bytes() -> None:
    body = b"the same words " * 500
    assert kept_pages._gzip(body) == kept_pages._gzip(body)
    assert gzip.decompress(kept_pages._gzip(body)) == body


def test_memory_is_bounded_and_the_least_recently_used_page_leaves() -> None:
    kept = kept_pages.Kept(limit=25)
    for name in ("a", "b"):
        kept.put(name, ({}, b"0123456789"))
    assert kept.get("a") is not None
    kept.put("c", ({}, b"0123456789"))
    assert kept.get("b") is None and kept.get("a") is not None and kept.get("c") is not None
    assert kept.size == 20


@pytest.mark.parametrize("body", [b'<p class="notice late">These counts</p>', b'{"facets_timed_out": ["year"]}'])
def test_half_a_page_is_never_kept(body: bytes) -> None:
    start = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html"), (b"cache-control", b"max-age=9")]}
    page = kept_pages.packed(start, body, gzip=True)
    assert (b"cache-control", b"no-store") in page[0]["headers"] and not kept_pages._worth_keeping(*page, "/registry/contracts")


def test_an_answer_too_large_to_keep_is_passed_on_as_it_comes() -> None:
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        for number in range(5):
            await send({"type": "http.response.body", "body": bytes([number]) * 1_000_000, "more_body": number < 4})

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/export/all.json", "query_string": b"", "headers": []}
    asyncio.run(kept_pages.asgi_wrapper(None)(app)(scope, None, send))
    assert b"".join(message.get("body", b"") for message in sent) == b"".join(bytes([number]) * 1_000_000 for number in range(5))
    assert [message["type"] for message in sent].count("http.response.start") == 1 and len(sent) > 3
    assert not sent[-1].get("more_body")


def test_what_the_running_process_says_of_itself_is_always_asked_anew() -> None:
    start = {"type": "http.response.start", "status": 200, "headers": []}
    assert kept_pages._worth_keeping(start, b"x", "/registry") and kept_pages._worth_keeping(start, b"x", "/-/static/app.css")
    assert not kept_pages._worth_keeping(start, b"x", "/-/versions.json")


# ---- limits ----


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/registry/contracts?_size=201", 400), ("/registry/contracts?_size=max", 400), ("/registry/contracts?_size=200", 200),
        ("/registry/contracts.json?_size=1000", 200), ("/registry/contracts.csv?_size=max&_stream=on", 200),
        ("/registry/contracts?" + "&".join(f"_facet={name}" for name in "abcdefg"), 400),
        ("/registry/contracts?_search=" + "x" * 30_001, 414),
    ],
)  # fmt: skip
def test_a_page_asks_for_no_more_than_it_may_hold(site: Datasette, path: str, status: int) -> None:
    assert ask(site, path).status_code == status


def test_json_counts_facets_only_when_asked(site: Datasette) -> None:
    assert ask(site, "/registry/contracts.json").json()["facet_results"] == {}
    assert list(ask(site, "/registry/contracts.json?_facet=year").json()["facet_results"]) != []
    assert "Narrow by" in ask(site, "/registry/contracts").text


def test_our_list_facet_counts_what_datasettes_array_facet_counts(site: Datasette) -> None:
    def counts(kind: str) -> dict[str, Any]:
        found = ask(site, f"/registry/contracts.json?_facet_{kind}=technologies&_nofacets=1").json()["facet_results"]
        one = next(facet for facet in found.values() if facet["type"] == kind)
        return {value["value"]: (value["count"], value["toggle_url"].replace(f"_facet_{kind}=", "")) for value in one["results"]}

    assert counts("list") == counts("array") != {}
    chosen = ask(site, "/registry/contracts.json?technologies__arraycontains=cctv&_facet_list=technologies").json()
    assert [value["selected"] for value in chosen["facet_results"]["technologies"]["results"] if value["value"] == "cctv"] == [True]


@pytest.mark.parametrize(
    "sql",
    [
        "select zeroblob(900000000)", "select replace(hex(zeroblob(400000)), '0', 'xxxxxxxx')",
        "with recursive n(x) as (select 1 union all select x + 1 from n limit 900) select hex(zeroblob(400000)) from n",
        "select " + ", ".join(["1"] * 300),
        "select 'a' like '" + "%a" * 200 + "'", " union all ".join(["select 1"] * 60), SLOW,
        "with recursive n(x) as (select 1 union all select x + 1 from n) select group_concat(x) from n",
    ],
)  # fmt: skip
def test_one_statement_takes_neither_all_the_memory_nor_all_the_time(site: Datasette, sql: str) -> None:
    began = time.monotonic()
    answer = ask(site, str(httpx.URL("/registry.json", params={"sql": sql})))
    assert answer.status_code == 400
    assert time.monotonic() - began < 2 * serve.SETTINGS["sql_time_limit_ms"] / 1000 + 2


def test_rows_are_limited(site: Datasette) -> None:
    many = "with recursive n(x) as (select 1 union all select x + 1 from n where x < 5000) select x from n"
    found = ask(site, str(httpx.URL("/registry.json", params={"sql": many, "_shape": "objects"}))).json()
    assert len(found["rows"]) == serve.SETTINGS["max_returned_rows"] and found["truncated"] is True


def test_a_question_shows_no_more_rows_on_a_page_than_a_table_does(tmp_path: Path) -> None:
    many = serve.test_client(site_fixture.build_large(tmp_path / "registry.db", 700), site_fixture.ROOT)
    page, data = ask(many, "/registry/purchases_needing_approval"), ask(many, "/registry/purchases_needing_approval.json").json()
    assert page.text.count("<tr>") == limits.HTML_ROWS + 1 and "There are more rows than the 200 that one page holds." in page.text
    # The list that the page is too full for must not read as an empty one.
    assert "so nothing is said of it here" in page.text and "No acquisition that we hold" not in page.text
    assert "there are more. Narrow the question" in ask(many, "/registry/department?name=unit").text
    assert len(data["rows"]) > limits.HTML_ROWS and data["truncated"] is False
    assert ask(many, "/registry/contracts?_size=200").text.count("<tr>") == limits.HTML_ROWS + 1


async def _while_slow(site: Datasette, slow: int) -> tuple[list[int], list[float]]:
    """Statuses of so many slow statements at once, and the seconds that ordinary pages took meanwhile."""
    running = [asyncio.create_task(site.client.get("/registry.json", params={"sql": f"{SLOW} -- {number}"})) for number in range(slow)]
    await asyncio.sleep(0.3)
    took = []
    for number in range(12):
        began = time.monotonic()
        answer = await site.client.get(f"/registry/contracts?_next={number}")
        assert answer.status_code == 200
        took.append(time.monotonic() - began)
    return [one.status_code for one in await asyncio.gather(*running)], took


@pytest.mark.parametrize(("method", "path", "status", "says"), [
    ("GET", "/registry/contracts?_size=201", 400, "A page shows at most 200 rows."), ("DELETE", "/registry", 405, "only answers questions"),
    ("GET", "/es/registry/contracts?_size=201", 400, "200 filas"), ("DELETE", "/es/registry", 405, "GET"),
])  # fmt: skip
def test_the_very_first_request_may_be_one_that_is_refused(tmp_path: Path, method: str, path: str, status: int, says: str) -> None:
    fresh = serve.test_client(site_fixture.build(tmp_path / "registry.db"), site_fixture.ROOT)

    async def first() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=fresh.app()), base_url="http://localhost") as client:
            return await client.request(method, path)

    answer = asyncio.run(first())
    assert answer.status_code == status and says in answer.text


def test_slow_statements_do_not_starve_the_pages(site: Datasette) -> None:
    """Twelve readers run statements of two seconds each; without turns they would hold every thread for eight seconds."""
    statuses, took = asyncio.run(_while_slow(site, 12))
    assert sorted(took)[len(took) // 2] < 1.0
    assert set(statuses) == {400, 503} and statuses.count(503) >= 4


def test_a_turn_is_given_back() -> None:
    async def two() -> list[bool]:
        turns = limits.Turns(at_once=1, waiting=1, patience=0.05)
        first, refused = await turns.take(), await turns.take()
        turns.give()
        return [first, refused, await turns.take()]

    assert asyncio.run(two()) == [True, False, True]


def test_pages_are_made_two_at_a_time_in_the_order_asked_and_data_goes_by_them() -> None:
    async def seven() -> tuple[list[str], int]:
        lane, begun, inside, most = limits.lanes(), [], 0, 0

        async def ask_for(path: str, method: str = "GET") -> None:
            nonlocal inside, most
            async with lane({"path": path, "method": method}):
                begun.append(path)
                inside += path.startswith("/page")
                most = max(most, inside)
                await asyncio.sleep(0.02)
                inside -= path.startswith("/page")

        pages = [ask_for(f"/page-{number}") for number in range(5)]
        await asyncio.gather(*pages, ask_for("/registry/contracts.json"), ask_for("/mcp", "POST"))
        return begun, most

    begun, most = asyncio.run(seven())
    assert most == limits.PAGES_AT_ONCE == 2
    assert [path for path in begun if path.startswith("/page")] == [f"/page-{number}" for number in range(5)]
    assert set(begun[:4]) == {"/page-0", "/page-1", "/registry/contracts.json", "/mcp"}


def test_the_page_of_an_error_shows_what_was_typed_as_text(site: Datasette) -> None:
    answer = ask(site, str(httpx.URL("/registry", params={"sql": "select '<img src=x onerror=alert(1)>' from nowhere"})))
    assert answer.status_code == 400 and "<img src=x" not in answer.text
    assert "nowhere" in html.unescape(answer.text)
