"""Publishing without an account: what is refused, what is made, that it is the same each time, and that a copy can be checked."""

from __future__ import annotations

import asyncio
import json
import os
import posixpath
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest
import site_fixture
from click.testing import Result
from conftest import Checkout
from packaging.requirements import Requirement

from registry import artefact, edition, layout, lock, manifest, publish, publishable, smoke, table_schema
from registry.errors import FactsError, RegistryError
from registry.schema import TABLES

ROOT = site_fixture.ROOT
DEPLOY = ROOT / "registry" / "deploy"


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A registry of the bundled extract, as a first publisher has it."""
    made = Checkout(ROOT / "data", tmp_path_factory.mktemp("loaded"))
    assert made.run("load", "--offline").exit_code == 0
    return made


@pytest.fixture
def changed(loaded: Checkout, tmp_path: Path) -> Callable[[str], Checkout]:
    """A copy of that registry on which some SQL was run."""

    def change(sql: str) -> Checkout:
        copy = Checkout(loaded.data, tmp_path / "changed")
        copy.build.mkdir()
        shutil.copyfile(loaded.registry, copy.registry)
        with closing(sqlite3.connect(copy.registry)) as db:
            db.executescript(sql)
        return copy

    return change


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return site_fixture.build(tmp_path_factory.mktemp("small") / "registry.db")


@pytest.fixture
def vercel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Path]:
    """A stand-in for the `vercel` command that notes what it was given."""

    def stand_in(status: int) -> Path:
        folder, noted = tmp_path / "bin", tmp_path / "noted"
        folder.mkdir()
        steps = ("#!/bin/sh", f'echo "$@" > {noted}', f'ls "$7" >> {noted}', "echo https://one-deployment.example", f"exit {status}")
        (folder / "vercel").write_text("\n".join(steps) + "\n")
        (folder / "vercel").chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
        return noted

    return stand_in


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in artefact.files_of(folder)}


def refused(result: Result) -> str:
    assert result.exit_code in (1, 2) and "Error: " in result.stderr, result.output
    return result.stderr


# ---- verify ----


def test_the_bundled_registry_is_fit_to_publish(loaded: Checkout) -> None:
    assert publishable.problems(loaded.registry) == []


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("CREATE TABLE drafts (id TEXT)", "a table drafts that the schema does not know"),
        ("ALTER TABLE contracts ADD COLUMN remark TEXT", "The columns of contracts are not those"),
        ("DELETE FROM laws", "The table laws is empty"),
        ("UPDATE contracts SET jurisdiction = 'nowhere'", "name a jurisdiction that is not in jurisdictions"),
        ("DELETE FROM determinations WHERE contract IS NOT NULL", "determination"),
        ("INSERT INTO issues (id, severity, kind) VALUES ('z', 'error', 'rows_do_not_add_up')", "Mend it and load again"),
        ("INSERT INTO issues (id, severity, kind) VALUES ('z', 'warning', 'fewer_rows_than_a_whole_file')", "fewer_rows_than"),
        ("UPDATE sources SET columns_never_fetched = '[\"Supplier Name\"]'", "contracts.supplier_name is named among the columns"),
        ("UPDATE contracts SET title = 'ask jane.doe@example.org'", "seems to hold an e-mail address"),
        ("UPDATE contracts SET description = 'call (312) 555-0100'", "seems to hold a telephone number"),
        ("UPDATE amendments SET title = 'person 123-45-6789'", "seems to hold a social security number"),
    ],
)  # fmt: skip
def test_a_registry_that_is_not_fit_is_refused(changed: Callable[[str], Checkout], sql: str, words: str) -> None:
    message = refused(changed(sql).run("publish", "--dry-run"))
    assert words in message and "Nothing was published." in message


def test_one_unreadable_value_does_not_hold_the_site_back(changed: Callable[[str], Checkout]) -> None:
    copy = changed("INSERT INTO issues (id, severity, kind) VALUES ('z', 'error', 'unreadable_value')")
    assert publishable.problems(copy.registry) == []


def test_a_damaged_registry_is_refused_with_a_remedy(changed: Callable[[str], Checkout]) -> None:
    copy = changed("SELECT 1")
    raw = bytearray(copy.registry.read_bytes())
    raw[4096 * 20 : 4096 * 60] = b"\x00" * (4096 * 40)
    copy.registry.write_bytes(raw)
    assert "registry tag" in refused(copy.run("publish", "--dry-run"))


def test_no_registry_is_refused_with_a_remedy(checkout: Checkout) -> None:
    assert "Run `registry load --offline` first." in refused(checkout.run("publish", "--dry-run"))


def test_a_site_that_is_too_large_is_refused_with_a_remedy(loaded: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(artefact.LIMITS, "vercel", 1024)
    message = refused(loaded.run("publish", "--dry-run"))
    assert "--target docker" in message and "Nothing was published." in message


def test_what_fits_on_the_platform() -> None:
    assert artefact.size_problem(artefact.LIMITS["vercel"], "vercel") is None
    assert "takes 186 MB" in str(artefact.size_problem(186 * artefact.MB, "vercel"))


def test_a_page_over_the_response_limit_is_refused(loaded: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smoke, "VERCEL_RESPONSE_BYTES", 60_000)
    assert "/registry/contracts: " in refused(loaded.run("publish", "--dry-run"))


def test_the_largest_answers_of_every_table_are_tried(small: Path) -> None:
    tried = smoke.paths_to_try(small, artefact.copy_of_metadata(ROOT))
    assert {f"/registry/{name}.json?_size=max" for name in TABLES} <= set(tried)


# ---- the folder ----


def test_a_rehearsal_does_everything_and_keeps_nothing(loaded: Checkout, vercel: Callable[[int], Path]) -> None:
    before = {path: path.stat().st_mtime_ns for path in ROOT.glob("plugins/**/*") if "__pycache__" not in path.parts}
    noted = vercel(0)
    result = loaded.run("publish", "--project", "some-project", "--dry-run")
    assert not noted.exists(), "a rehearsal runs `vercel`"
    assert result.exit_code == 0 and "Nothing was deployed" in result.stdout
    assert "all answered" in result.stderr
    assert {path: path.stat().st_mtime_ns for path in before} == before


@pytest.mark.parametrize("target", ["vercel", "docker"])
def test_the_same_registry_gives_the_same_bytes(small: Path, tmp_path: Path, target: str) -> None:
    shutil.copytree(ROOT / "plugins", tmp_path / "checkout" / "plugins")
    shutil.copyfile(ROOT / "metadata.yml", tmp_path / "checkout" / "metadata.yml")
    for name in ("one", "two"):
        artefact.write_site(small, tmp_path / "checkout", tmp_path / name, target)
        time.sleep(1.1)
    assert content(tmp_path / "one") == content(tmp_path / "two")


def test_the_folder_holds_what_is_served_and_nothing_else(small: Path, tmp_path: Path) -> None:
    artefact.write_site(small, ROOT, tmp_path / "site", "vercel", allow_sql=False)
    found = content(tmp_path / "site")
    files = [path.relative_to(ROOT / "plugins").as_posix() for path in artefact.files_of(ROOT / "plugins")]
    plugins = {name if name.startswith(("templates/", "static/")) else f"plugins/{name}" for name in files}
    wanted = {"registry.db", "index.py", "inspect-data.json", "metadata.json", "settings.json", "requirements.txt"}
    wanted |= {"vercel.json", ".python-version"}
    assert set(found) == wanted | {name for name in plugins if "__pycache__" not in name}
    assert found["vercel.json"] == (DEPLOY / "vercel.json").read_bytes()
    assert json.loads(found["settings.json"])["default_allow_sql"] is False
    assert not [name for name, raw in found.items() if str(ROOT).encode() in raw or str(tmp_path).encode() in raw]


# ---- what the package lays out ----

SAME = ("/", "/registry", "/registry/contracts", "/registry/contracts/zz-1", "/registry/answer?about=briefcam&place=Boston", "/testify",
        "/registry?sql=select+1", "/static/registry.css")  # fmt: skip
ASK = """
import asyncio, json, sys
import httpx, index
async def ask(paths):
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app=index.app), base_url="http://localhost")
    return {path: (await client.get(path)).text for path in paths}
told = {"settings": {name: index.ds.setting(name) for name in index.ds.settings_dict()}, "pages": asyncio.run(ask(json.load(sys.stdin))),
        "immutable": [name for name, one in index.ds.databases.items() if not one.is_mutable]}
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def laid_out(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder as the package alone writes it, with its own index.py."""
    folder = tmp_path_factory.mktemp("laid-out")
    artefact._gather(small, ROOT, folder / "inputs", None)
    layout.lay_out(folder / "inputs", folder / "site", artefact.site_settings(False))
    return folder / "site"


def test_the_package_opens_what_it_laid_out_as_we_do(laid_out: Path, small: Path, tmp_path: Path) -> None:
    """A newer version that lays out, names or sets anything otherwise gives other pages."""
    command, given = [sys.executable, "-c", ASK], json.dumps(SAME)
    done = subprocess.run(command, input=given, cwd=laid_out, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    theirs = json.loads(done.stdout.splitlines()[-1])
    settings = artefact.site_settings(False)
    assert {name: theirs["settings"][name] for name in settings} == settings and theirs["immutable"] == ["registry"]
    artefact.write_site(small, ROOT, tmp_path / "site", "docker", allow_sql=False)
    with httpx_in_process(tmp_path / "site") as ask:
        assert {path: ask(path).text for path in SAME} == theirs["pages"]


def test_what_is_published_is_what_was_laid_out_but_for_the_named_files(laid_out: Path, small: Path, tmp_path: Path) -> None:
    artefact.write_site(small, ROOT, tmp_path / "site", "vercel", allow_sql=False)
    ours, theirs = content(tmp_path / "site"), content(laid_out)
    assert set(ours) - set(theirs) == {"inspect-data.json", "settings.json", ".python-version"} and set(theirs) <= set(ours)
    assert {name for name in theirs if theirs[name] != ours[name]} == {"index.py", "requirements.txt"}
    # Why these two are ours: the package pins nothing, and its second SQLite would not know our limits.
    assert theirs["requirements.txt"].split() == [b"datasette", b"pysqlite3-binary"]
    assert b"pysqlite3" not in ours["requirements.txt"]


@pytest.mark.parametrize(
    ("script", "words"),
    [("import sys; sys.exit('no such option: --generate-dir')", "no such option: --generate-dir"),
     ("import os, sys; os.makedirs(sys.argv[1] + '/site'); open(sys.argv[1] + '/app.py', 'w')", "lays a site out as app.py, site;")],
)  # fmt: skip
def test_a_package_that_does_otherwise_is_refused(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, words: str
) -> None:
    monkeypatch.setattr(layout, "command", lambda folder, _: [sys.executable, "-c", script, str(folder)])
    with pytest.raises(RegistryError, match=re.escape(words)):
        artefact.write_site(small, ROOT, tmp_path / "site", "vercel")
    assert content(tmp_path / "site") == {}


def test_laying_out_never_runs_the_vercel_that_can_deploy(small: Path, vercel: Callable[[int], Path], tmp_path: Path) -> None:
    """Even a package that ignored --generate-dir would find only a command that refuses."""
    noted = vercel(0)
    artefact._gather(small, ROOT, tmp_path / "inputs", None)
    line = [word for word in layout.command(tmp_path / "site", {}) if word not in ("--generate-dir", str(tmp_path / "site"))]
    with pytest.MonkeyPatch.context() as patched, pytest.raises(RegistryError, match=r"(?s)Nothing may be deployed|returned non-zero"):
        patched.setattr(layout, "command", lambda *_: line)
        layout.lay_out(tmp_path / "inputs", tmp_path / "site", {})
    assert not noted.exists()


def test_readers_sql_is_a_setting(small: Path, tmp_path: Path) -> None:
    for allowed, status in ((True, 200), (False, 403)):
        artefact.write_site(small, ROOT, tmp_path / str(allowed), "docker", allow_sql=allowed)
        with httpx_in_process(tmp_path / str(allowed)) as ask:
            assert ask("/registry?sql=select+1").status_code == status
            assert ask("/registry/answer?about=briefcam&place=Boston").status_code == 200


@contextmanager
def httpx_in_process(folder: Path) -> Iterator[Callable[[str], httpx.Response]]:
    """The application of a folder, asked without a port."""
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app=smoke.load_app(folder)), base_url="http://localhost")
    yield lambda path: asyncio.run(client.get(path))


def test_the_compact_copy_holds_the_same_rows_and_is_no_larger(loaded: Checkout, tmp_path: Path) -> None:
    artefact.compact(loaded.registry, tmp_path / "registry.db")
    assert Checkout(ROOT / "data", tmp_path).dump() == loaded.dump()
    assert (tmp_path / "registry.db").stat().st_size <= loaded.registry.stat().st_size
    with closing(sqlite3.connect(tmp_path / "registry.db")) as db:
        assert db.execute("PRAGMA journal_mode").fetchone()[0] == "delete"
        assert db.execute("SELECT count(*) FROM contracts_fts WHERE contracts_fts MATCH 'camera*'").fetchone()[0] > 0


def test_counts_are_known_before_the_first_question(small: Path, tmp_path: Path) -> None:
    artefact.write_site(small, ROOT, tmp_path / "site", "vercel")
    told = json.loads((tmp_path / "site" / "inspect-data.json").read_text())["registry"]
    assert told["hash"] == artefact.sha256_of(tmp_path / "site" / "registry.db")
    with closing(sqlite3.connect(small)) as db:
        assert {name: told["tables"][name]["count"] for name in TABLES} == {
            name: db.execute(f"SELECT count(*) FROM [{name}]").fetchone()[0] for name in TABLES
        }


def test_a_folder_that_holds_something_is_left_alone(loaded: Checkout, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    assert "is not empty" in refused(loaded.run("publish", "--generate-dir", tmp_path))
    assert content(tmp_path) == {"mine.txt": b"mine"}


# ---- the order and the deployment ----


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (publish.Order(), "--project: name the Vercel project"), (publish.Order(project="No Such"), "lower-case letters"),
        (publish.Order(target="static"), "say where to write it"), (publish.Order(target="docker"), "say where to write it"),
    ],
)  # fmt: skip
def test_an_unclear_order_is_refused(order: publish.Order, words: str) -> None:
    with pytest.raises(FactsError, match=words):
        publish.refuse_unclear(order)


def test_without_the_vercel_command_nothing_is_made(loaded: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert "npm install --global vercel" in refused(loaded.run("publish", "--project", "p"))


def test_a_deployment_is_tried_at_its_address(loaded: Checkout, vercel: Callable[[int], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(smoke, "smoke_address", lambda address, *_: asked.append(address) or [])
    noted = vercel(0)
    result = loaded.run("publish", "--project", "my-registry")
    assert result.exit_code == 0 and "Published at https://my-registry.vercel.app" in result.stdout
    given, *listed = noted.read_text().splitlines()
    assert given.startswith("deploy --prod --yes --project my-registry --cwd ") and "registry.db" in listed
    assert asked == ["https://my-registry.vercel.app"]


def test_a_deployment_that_does_not_answer_says_how_to_go_back(
    loaded: Checkout, vercel: Callable[[int], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smoke, "smoke_address", lambda *_: ["/: status 500, not 200"])
    vercel(0)
    message = refused(loaded.run("publish", "--project", "p", "--address", "https://example.org"))
    assert "`vercel list p`" in message and "vercel rollback" in message and "status 500" in message and "https://example.org" in message


def test_a_deployment_that_fails_is_said_to_have_failed(loaded: Checkout, vercel: Callable[[int], Path]) -> None:
    vercel(1)
    message = refused(loaded.run("publish", "--project", "p"))
    assert "`vercel deploy` did not succeed" in message and "`vercel project add p`" in message


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (httpx.Response(500, text="x"), "status 500"), (httpx.Response(200, text="x"), "no content-security-policy header"),
        (httpx.Response(200, text="x", headers={"set-cookie": "a=b"}), "a cookie is set"), (httpx.Response(200), "the answer is empty"),
    ],
)  # fmt: skip
def test_the_smoke_test_sees_what_is_wrong(answer: httpx.Response, words: str) -> None:
    assert any(words in one for one in smoke.wrong("/", answer))


def test_an_address_that_still_shows_the_registry_of_before_is_seen(small: Path, tmp_path: Path) -> None:
    artefact.write_site(small, ROOT, tmp_path / "site", "docker")
    before = site_fixture.build_large(tmp_path / "registry.db", 3)
    metadata = artefact.copy_of_metadata(ROOT)
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app=smoke.load_app(tmp_path / "site")), base_url="http://localhost")
    (found,) = asyncio.run(smoke._with_client(client, before, metadata))
    assert f"another registry.db than the one with sha256 {artefact.sha256_of(before)}" in found and "vercel promote" in found
    assert smoke.smoke_folder(tmp_path / "site", metadata) == []


def test_an_address_that_does_not_answer_is_said_not_to_answer(small: Path) -> None:
    def silent(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectTimeout("nobody there", request=request)

    client = httpx.AsyncClient(transport=httpx.MockTransport(silent), base_url="http://localhost")
    found = asyncio.run(smoke._with_client(client, small, artefact.copy_of_metadata(ROOT)))
    assert found == ["no answer (ConnectTimeout: nobody there)"]


@pytest.mark.parametrize("answer", [httpx.Response(404), httpx.Response(200, text="<html>"), httpx.Response(200, json=[])])
def test_a_site_that_does_not_say_what_it_shows_is_not_believed(answer: httpx.Response) -> None:
    assert smoke.another_registry(answer, "0" * 64) != []


# ---- what the platforms are told ----


def test_vercel_uses_the_current_builder_and_our_headers() -> None:
    told = json.loads((DEPLOY / "vercel.json").read_text())
    assert {"src": "index.py", "use": "@vercel/python"} in told["builds"]
    from test_headers import headers

    assert told["routes"][0]["headers"] == headers.SECURITY and told["routes"][0]["continue"] is True
    assert told["routes"][-1] == {"src": "/(.*)", "dest": "/index.py"}
    assert tuple(map(int, (DEPLOY / "python-version").read_text().split("."))) >= (3, 12)


def test_every_package_of_the_site_is_pinned() -> None:
    lines = (DEPLOY / "requirements.txt").read_text().split()
    pinned = dict(line.split("==") for line in lines)
    assert set(pinned) == {line.split("==")[0] for line in lock.locked()}
    project = [Requirement(line) for line in re.findall(r'^    "([a-z].*?)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)]
    bounds = {lock.canonical(one.name): one.specifier for one in project}
    assert all(pinned[name] in bounds[name] for name in set(pinned) & set(bounds))
    assert "datasette" in set(pinned) & set(bounds)


def test_the_dockerfile_runs_nothing_as_root_and_says_whether_it_lives() -> None:
    steps = [line.split(maxsplit=1) for line in (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ").splitlines() if line[:1].isupper()]
    words = [name for name, _ in steps]
    assert dict(steps)["FROM"] == "python:3.12-slim" and "HEALTHCHECK" in words and "ADD" not in words
    assert words.index("USER") > max(at for at, name in enumerate(words) if name in ("RUN", "COPY"))
    assert dict(steps)["USER"].isdecimal() and int(dict(steps)["USER"]) > 0
    assert "chmod -R a=rX" in " ".join(text for _, text in steps)


def test_the_containers_command_serves_the_folder_and_writes_nothing(small: Path, tmp_path: Path) -> None:
    folder, socket = tmp_path / "site", tmp_path / "s"
    artefact.write_site(small, ROOT, folder, "docker")
    before = content(folder)
    command = json.loads(re.findall(r"^CMD (\[.*\])$", (folder / "Dockerfile").read_text(), re.MULTILINE)[0])
    at = command.index("--host")
    command[at : at + 4] = ["--uds", str(socket)]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen([sys.executable, "-m", *command], cwd=folder, env=environment, stderr=subprocess.DEVNULL) as server:
        try:
            with httpx.Client(transport=httpx.HTTPTransport(uds=str(socket), retries=40), base_url="http://localhost") as client:
                wait_for(socket)
                assert client.get("/-/versions.json").status_code == 200
                assert "Watcher Eye" in client.get("/registry/contracts/zz-1").text
        finally:
            server.terminate()
    assert content(folder) == before


def wait_for(socket: Path) -> None:
    deadline = time.monotonic() + 30
    while not socket.exists() and time.monotonic() < deadline:
        time.sleep(0.05)


# ---- the offline edition ----


@pytest.fixture(scope="module")
def copy(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("edition") / "edition"
    edition.write_edition(small, ROOT, folder)
    return folder


def test_every_answer_page_is_there(copy: Path) -> None:
    queries = artefact.copy_of_metadata(ROOT)["databases"]["registry"]["queries"]
    wanted = [f"registry/{name}.html" for name in queries]
    with closing(sqlite3.connect(copy / "registry.db")) as db:
        for name in ("contracts", "records", "laws", "technologies", "jurisdictions"):
            wanted += [f"registry/{name}/{row_id}.html" for (row_id,) in db.execute(f"SELECT id FROM [{name}]")]
        wanted += [f"answer/{place}/{about}.html" for about, place in db.execute("SELECT DISTINCT about, jurisdiction FROM holdings")]
    assert [name for name in ("index.html", "testify.html", "answers.html", *wanted) if not (copy / name).is_file()] == []
    assert "BriefCam upgrade question left open" in (copy / "answer/us-ma-boston/briefcam.html").read_text()
    assert "Watcher Eye licences" in (copy / "registry/contracts/zz-1.html").read_text()


def test_every_link_of_the_edition_leads_to_a_file_of_it(copy: Path) -> None:
    leading_nowhere = []
    for page in copy.rglob("*.html"):
        text = page.read_text()
        assert "<form" not in text and "<script" not in text
        for link in re.findall(r'href="([^"#]+)', text):
            if not re.match(r"https?://(?!localhost)", link) and not (page.parent / link).is_file():
                leading_nowhere.append((page.name, link))
    assert leading_nowhere == []


def test_every_answer_is_listed_and_can_be_reached_from_every_page(copy: Path) -> None:
    told = (copy / "answers.html").read_text()
    listed = re.findall(r'<li><a href="(answer/[^"]+)">', told)
    assert sorted(listed) == sorted(path.relative_to(copy).as_posix() for path in copy.glob("answer/*/*.html")) != []
    assert "<h2>Boston, MA</h2>" in told and ">BriefCam</a>" in told and "answered for 2026-01-02" in told
    assert 'href="../../answers.html"' in (copy / "registry/contracts/zz-1.html").read_text()


def test_every_page_is_there_in_every_language_and_leads_to_itself_in_the_others(copy: Path) -> None:
    spanish = {path.relative_to(copy / "es").as_posix() for path in (copy / "es").rglob("*.html")}
    every = {path.relative_to(copy).as_posix() for path in copy.rglob("*.html")}
    assert every - {f"es/{name}" for name in spanish} == spanish and len(spanish) > 90
    for name in spanish:
        for here, other, code in ((f"es/{name}", name, "en"), (name, f"es/{name}", "es")):
            (link,) = re.findall(rf'<a href="([^"]+)" lang="{code}"', (copy / here).read_text())
            assert posixpath.normpath(posixpath.join(posixpath.dirname(here), link)) == other
    text = (copy / "es/answers.html").read_text()
    assert '<html lang="es">' in text and "Una copia para leer sin conexión" in text and "¿Hay un contrato vigente?" in text
    assert 'title="Solo en el sitio en línea"' in text and "Only on the live site" not in text


def test_the_edition_is_the_same_each_time(small: Path, copy: Path, tmp_path: Path) -> None:
    edition.write_edition(small, ROOT, tmp_path / "again")
    assert content(tmp_path / "again") == content(copy)


def test_long_lists_go_on_in_more_pages(tmp_path: Path) -> None:
    many = site_fixture.build_large(tmp_path / "registry.db", 250)
    edition.write_edition(many, ROOT, tmp_path / "edition")
    first, second = ((tmp_path / "edition/registry" / name).read_text() for name in ("contracts.html", "contracts-page-2.html"))
    assert 'href="contracts-page-2.html"' in first
    found = set(re.findall(r'href="contracts/(zz-[^"]+)\.html"', first + second))
    assert len(found) == 250 + len(site_fixture.tables()["contracts"])


def test_the_data_package_says_what_its_files_hold(copy: Path) -> None:
    package = json.loads((copy / "datapackage.json").read_text())
    assert [one["name"] for one in package["resources"]] == list(TABLES)
    for one in package["resources"]:
        path = copy / one["path"]
        assert one["bytes"] == path.stat().st_size and one["hash"] == f"sha256:{artefact.sha256_of(path)}"
        fields = [field["name"] for field in one["schema"]["fields"]]
        assert path.read_text(encoding="utf-8").split("\n", 1)[0] == ",".join(fields) and all(one["schema"]["fields"])
        assert all(field["description"] for field in one["schema"]["fields"]) and set(one["schema"]["primaryKey"]) <= set(fields)
    assert set(table_schema.KINDS.values()) == {"string", "integer", "number"}


@pytest.fixture
def carried(copy: Path, tmp_path: Path) -> Path:
    shutil.copytree(copy, tmp_path / "carried")
    return tmp_path / "carried"


def test_a_true_copy_is_said_to_be_true(carried: Path, checkout: Checkout) -> None:
    result = checkout.run("verify-copy", carried)
    assert result.exit_code == 0 and "all are as they were published" in result.stdout
    assert artefact.sha256_of(carried / "manifest.json") in result.stdout


@pytest.mark.parametrize("name", ["registry.db", "index.html", "data/contracts.csv", "static/registry.css", "datapackage.json"])
def test_one_flipped_bit_is_seen(carried: Path, checkout: Checkout, name: str) -> None:
    raw = bytearray((carried / name).read_bytes())
    raw[len(raw) // 2] ^= 1
    (carried / name).write_bytes(raw)
    result = checkout.run("verify-copy", carried)
    assert result.exit_code == 1 and result.stderr == f"changed: {name}\n"


def test_a_missing_and_an_extra_file_are_seen(carried: Path, checkout: Checkout) -> None:
    (carried / "index.html").unlink()
    (carried / "registry" / "note.txt").write_text("extra")
    result = checkout.run("verify-copy", carried)
    assert result.exit_code == 1 and result.stderr.splitlines() == ["missing: index.html", "extra: registry/note.txt"]


@pytest.mark.parametrize("text", [None, "", "[]", '{"files": {}}', "not json"])
def test_a_manifest_that_proves_nothing_is_refused(carried: Path, checkout: Checkout, text: str | None) -> None:
    (carried / manifest.NAME).unlink()
    if text is not None:
        (carried / manifest.NAME).write_text(text)
    assert "manifest.json" in refused(checkout.run("verify-copy", carried))


def test_a_registry_that_was_never_loaded_has_no_edition(changed: Callable[[str], Checkout], tmp_path: Path) -> None:
    never = changed("UPDATE loads SET read_at = NULL")
    with pytest.raises(RegistryError, match="Nothing was ever loaded"):
        edition.write_edition(never.registry, ROOT, tmp_path / "edition")
