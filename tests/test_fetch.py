"""The way out: polite, patient up to a point, followed only to known hosts, and quick to refuse."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest
import stamina
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from registry import archive, fetch
from registry.errors import SourceError
from registry.fetch import ATTEMPTS, NO_SECRET, Ask, Fetcher, Secret, open_web
from registry.replies import LONGEST_WAIT, AgainError, checked, csv_trouble, retry_after, whether_again
from registry.visits import Visits

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


@pytest.fixture(autouse=True)
def swift(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("REGISTRY_PACE", "0")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with stamina.set_testing(True, attempts=ATTEMPTS):
        yield


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    with HTTPServer(host="127.0.0.1") as one:
        yield one


@pytest.fixture
def stranger() -> Iterator[HTTPServer]:
    with HTTPServer(host="127.0.0.1") as one:
        yield one


@pytest.fixture
def fetcher(server: HTTPServer, tmp_path: Path) -> Iterator[Fetcher]:
    home = f"127.0.0.1:{server.port}"
    with open_web() as web:
        folder = tmp_path / "archive"
        yield Fetcher(web, folder, home, frozenset({home}), Secret({"X-App-Token": "SYNTHETIC"}, {}), Visits(folder))


def anything(path: Path) -> None:
    """Every file will do."""


def test_a_reply_is_archived_word_for_word_and_parsed_with_its_numbers_as_sent(server: HTTPServer, fetcher: Fetcher) -> None:
    raw = b'[{"a": 1.10, "b": 70000000000000000001, "c": "x"}]'
    server.expect_request("/x").respond_with_data(raw, content_type="application/json")
    taken, body = fetcher.page(Ask(server.url_for("/x")))
    assert archive.read_page(fetcher.folder, taken.sha256) == raw
    assert body == [{"a": "1.10", "b": "70000000000000000001", "c": "x"}]


def test_a_portal_knows_who_asks_and_whom_to_write_to(server: HTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGISTRY_CONTACT", "synthetic@example.org")
    server.expect_request("/x").respond_with_json([])
    home = f"127.0.0.1:{server.port}"
    with open_web() as web:
        Fetcher(web, tmp_path, home, frozenset({home}), NO_SECRET, Visits(tmp_path)).page(Ask(server.url_for("/x")))
    agent = server.log[0][0].headers["User-Agent"]
    assert agent.startswith("surveillance-procurement-registry/") and "synthetic@example.org" in agent


def test_the_token_goes_home_and_nowhere_else(server: HTTPServer, stranger: HTTPServer, fetcher: Fetcher) -> None:
    fetcher.hosts = frozenset({*fetcher.hosts, f"127.0.0.1:{stranger.port}"})
    server.expect_request("/x").respond_with_data("", 301, headers={"Location": stranger.url_for("/y")})
    stranger.expect_request("/y").respond_with_json([{"a": "1"}])
    assert fetcher.page(Ask(server.url_for("/x")))[1] == [{"a": "1"}]
    assert server.log[0][0].headers["X-App-Token"] == "SYNTHETIC"
    assert "X-App-Token" not in stranger.log[0][0].headers


def test_a_host_that_is_not_listed_is_not_asked(server: HTTPServer, stranger: HTTPServer, fetcher: Fetcher) -> None:
    server.expect_request("/x").respond_with_data("", 302, headers={"Location": stranger.url_for("/y")})
    with pytest.raises(SourceError, match="not among the source's hosts"):
        fetcher.page(Ask(server.url_for("/x")))
    with pytest.raises(SourceError, match="not among the source's hosts"):
        fetcher.page(Ask(stranger.url_for("/y")))
    assert stranger.log == [] and len(server.log) == 1


def test_encryption_is_never_given_up(fetcher: Fetcher, server: HTTPServer) -> None:
    reply = httpx.Response(302, headers={"Location": f"http://{fetcher.home}/y"})
    with pytest.raises(SourceError, match="nothing is encrypted"):
        fetcher._led_to(httpx.URL(f"https://{fetcher.home}/x"), reply)


def test_hosts_are_not_asked_faster_than_the_pace(server: HTTPServer, fetcher: Fetcher) -> None:
    fetcher.web.pace = 0.15
    server.expect_request("/x").respond_with_json([])
    began = time.monotonic()
    for _ in range(3):
        fetcher.page(Ask(server.url_for("/x")))
    assert time.monotonic() - began >= 0.3


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("86400", LONGEST_WAIT), ("", None), ("soon", None), ("Mon, 01 Jan 2001 00:00:00 GMT", 0.0)],
)
def test_retry_after_is_honoured_up_to_a_limit(header: str, seconds: float | None) -> None:
    assert retry_after(header) == seconds
    assert whether_again(AgainError("", seconds)) == (True if seconds is None else seconds)


def test_retry_after_may_be_a_date() -> None:
    wait = retry_after(format_datetime(datetime.now(UTC) + timedelta(seconds=50), usegmt=True))
    assert wait is not None and 45 < wait <= 50


def test_what_may_pass_is_asked_again_and_what_will_not_is_not(server: HTTPServer, fetcher: Fetcher) -> None:
    server.expect_request("/busy").respond_with_data("", 503)
    server.expect_request("/gone").respond_with_data("<h1>Gone</h1>", 410)
    with pytest.raises(SourceError, match=f"gave up after {ATTEMPTS} attempts; the last: status 503, with an empty body"):
        fetcher.page(Ask(server.url_for("/busy")))
    with pytest.raises(SourceError, match="status 410, saying 'Gone'"):
        fetcher.page(Ask(server.url_for("/gone")))
    assert len(server.log) == ATTEMPTS + 1


def test_a_person_is_told_why_nothing_happens(server: HTTPServer, fetcher: Fetcher, caplog: pytest.LogCaptureFixture) -> None:
    server.expect_ordered_request("/x").respond_with_data("", 503)
    server.expect_ordered_request("/x").respond_with_json([])
    fetcher.page(Ask(server.url_for("/x")))
    told = [record.message for record in caplog.records if record.name == "registry"]
    assert told == ["A portal did not answer (status 503, with an empty body); asking again in 0 s."]


def test_a_portal_that_cannot_be_reached_is_named(fetcher: Fetcher, server: HTTPServer) -> None:
    url = server.url_for("/x")
    server.stop()
    with pytest.raises(SourceError, match=r"127\.0\.0\.1.*gave up after"):
        fetcher.page(Ask(url))


def test_a_reply_without_end_is_refused_before_the_disk_is_full(
    server: HTTPServer, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "MOST_PAGE_BYTES", 5_000_000)
    sent = []

    def endless() -> Iterator[bytes]:
        yield b"["
        for number in range(1_000):
            sent.append(number)
            yield b" " * 1_000_000

    server.expect_request("/x").respond_with_handler(lambda request: Response(endless(), 200))
    with pytest.raises(SourceError, match="longer than 5,000,000 bytes"):
        fetcher.page(Ask(server.url_for("/x")))
    assert len(sent) < 100
    assert list((fetcher.folder / "pages").iterdir()) == []


NOT_JSON = (b"", b"  \n", b"<html>", b"Bad request", b'"Bad request: Action name not known: x"', b'[{"a": 1}, {', b"[" * 200_000)


@pytest.mark.parametrize("body", NOT_JSON, ids=range(len(NOT_JSON)))
def test_a_body_that_is_not_json_is_refused(body: bytes, server: HTTPServer, fetcher: Fetcher) -> None:
    server.expect_request("/x").respond_with_data(body)
    with pytest.raises(SourceError, match=r"/x: (status 200 with|the JSON is cut short)"):
        fetcher.page(Ask(server.url_for("/x")))


@pytest.mark.parametrize("body", [b"", b"\n", b"\xef\xbb\xbf<!DOCTYPE html>", b'{"error": true}'])
def test_a_body_that_is_not_a_file_is_refused_and_not_archived(body: bytes, server: HTTPServer, fetcher: Fetcher) -> None:
    server.expect_request("/x.csv").respond_with_data(body)
    with pytest.raises(SourceError, match="instead of a delimited file"):
        fetcher.file(server.url_for("/x.csv"), csv_trouble, "x.csv", iter, anything)
    assert archive.newest(fetcher.folder) is None


def test_a_file_cut_short_without_a_length_is_refused(fetcher: Fetcher) -> None:
    reply = httpx.Response(200, stream=httpx.ByteStream(b"a,b\n1,2\n3"))
    with pytest.raises(SourceError, match="may be cut short"):
        list(checked("https://example.org/x.csv", reply, csv_trouble, 1_000))


def test_what_has_not_changed_is_not_sent_again(server: HTTPServer, fetcher: Fetcher) -> None:
    def answer(request: Request) -> Response:
        same = request.headers.get("If-None-Match") == '"1"'
        return Response(b"" if same else b"a,b\n1,2\n", 304 if same else 200, headers={"ETag": '"1"'})

    server.expect_request("/x.csv").respond_with_handler(answer)
    first = fetcher.file(server.url_for("/x.csv"), csv_trouble, "x.csv", iter, anything)
    fetcher.visits.save()
    again = Fetcher(fetcher.web, fetcher.folder, fetcher.home, fetcher.hosts, NO_SECRET, Visits(fetcher.folder))
    assert first is not None and first.size == 8
    assert again.file(server.url_for("/x.csv"), csv_trouble, "x.csv", iter, anything) is None
    assert [reply.status_code for _, reply in server.log] == [200, 304]
    # Where the archive no longer holds those bytes, they are asked for without a condition.
    first.path.unlink()
    assert again.file(server.url_for("/x.csv"), csv_trouble, "x.csv", iter, anything) is not None


def test_visits_that_a_killed_disk_left_half_written_cost_only_a_download(tmp_path: Path) -> None:
    (tmp_path / "visits.json").write_text('{"https://example.org": ["ab')
    assert Visits(tmp_path).known("https://example.org") is None
