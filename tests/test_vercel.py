"""The real `vercel build` on the generated folder, without an account; what it built answers under its own Python.

This is the one test that needs a package registry (npm's for the command, PyPI for what the site installs), so it runs only
where REGISTRY_TEST_VERCEL=1 says that it may; .ci/run installs what it needs and says so.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import site_fixture

from registry import artefact, smoke

# The CLI wants to know which project it builds for; nothing looks the ids up as long as nothing is deployed.
PROJECT = {"projectId": "prj_of_a_test", "orgId": "team_of_a_test", "settings": {"framework": None}}
MORE = ("/registry/contracts/zz-1", "/registry/records/zz-gift", "/registry/answer?about=briefcam&place=Boston&as_of=2021-12-13",
        "/registry/contracts?_search=watcher", "/registry/contracts?_facet=year", "/registry?sql=select+1", "/-/versions.json")  # fmt: skip
# Run by the function's own Python, which sees only what was built: asks every page and prints what came back.
ASK = """
import asyncio, json, sys
import datasette, httpx, index
async def ask(paths):
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app=index.app), base_url="http://localhost")
    found = {}
    for path in paths:
        answer = await client.get(path)
        found[path] = [answer.status_code, dict(answer.headers), answer.text]
    return found
told = {"python": sys.version_info[:2], "datasette": datasette.__file__, "answers": asyncio.run(ask(json.load(sys.stdin)))}
print(json.dumps(told))
"""


def tools() -> dict[str, str | None]:
    return {name: shutil.which(name) for name in ("vercel", "uv", "python3.12")}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the project after `vercel build`."""
    if os.environ.get("REGISTRY_TEST_VERCEL") != "1":
        if os.environ.get("CI"):
            pytest.fail("In CI the real build must run: install vercel (npm), uv (pip) and Python 3.12, and set REGISTRY_TEST_VERCEL=1.")
        pytest.skip("needs npm, uv, Python 3.12 and a package registry; set REGISTRY_TEST_VERCEL=1 to run the real `vercel build`")
    assert all(tools().values()), f"missing on the PATH: {[name for name, path in tools().items() if path is None]}"
    folder = tmp_path_factory.mktemp("vercel") / "site"
    registry_db = site_fixture.build(tmp_path_factory.mktemp("registry") / "registry.db")
    artefact.write_site(registry_db, site_fixture.ROOT, folder, "vercel")
    (folder / ".vercel").mkdir()
    (folder / ".vercel" / "project.json").write_text(json.dumps(PROJECT))
    environment = {**os.environ, "VERCEL_TELEMETRY_DISABLED": "1"}
    environment.pop("PYTHONPATH", None)
    command = [str(tools()["vercel"]), "build", "--yes", "--prod", "--cwd", str(folder)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=900, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def configuration(built: Path) -> tuple[Path, dict[str, Any]]:
    (folder,) = (built / ".vercel" / "output" / "functions").glob("*.func")
    return folder, json.loads((folder / ".vc-config.json").read_text())


@pytest.fixture(scope="module")
def function(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The function as the platform lays it out: its own files and those that its file map names."""
    source, told = configuration(built)
    target = tmp_path_factory.mktemp("function") / "task"
    shutil.copytree(source, target)
    for name, origin in told["filePathMap"].items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(built / origin, target / name)
    return target


def asked(built: Path, function: Path, paths: list[str]) -> dict[str, Any]:
    """Ask the assembled function under the Python it was built for, which sees no other packages."""
    python = (built / ".vercel" / "python" / ".venv" / "bin" / "python").resolve()
    environment = {"PYTHONPATH": f"{function}:{function / '_vendor'}", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONNOUSERSITE": "1"}
    command, given = [python, "-c", ASK], json.dumps(paths)
    done = subprocess.run(command, input=given, env=environment, cwd=function, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


def test_the_built_function_answers_every_kind_of_page(built: Path, function: Path) -> None:
    metadata = artefact.copy_of_metadata(site_fixture.ROOT)
    paths = [*smoke.paths_to_try(function / "registry.db", metadata), *MORE]
    told = asked(built, function, paths)
    assert tuple(told["python"]) == (3, 12)
    assert Path(told["datasette"]).is_relative_to(function / "_vendor")
    assert {path: answer[0] for path, answer in told["answers"].items() if answer[0] != 200} == {}
    for path, (_, headers, text) in told["answers"].items():
        assert "etag" in headers and "set-cookie" not in headers and "s-maxage" in headers["cache-control"], path
        assert len(text.encode()) < artefact.VERCEL_RESPONSE_BYTES, path
    assert "Watcher Eye licences" in told["answers"]["/registry/contracts/zz-1"][2]
    assert "BriefCam upgrade question left open" in told["answers"][MORE[2]][2]


def test_the_function_is_of_the_wanted_runtime_and_fits(built: Path, function: Path) -> None:
    _, told = configuration(built)
    assert told["runtime"] == "python3.12" and told["supportsResponseStreaming"] is True
    assert artefact.folder_bytes(function / "_vendor") < artefact.VERCEL_PACKAGES_BYTES


def test_the_database_is_a_static_file_too_so_that_a_download_costs_no_function(built: Path) -> None:
    output = built / ".vercel" / "output"
    assert (output / "static" / "registry.db").read_bytes() == (built / "registry.db").read_bytes()
    routes = json.loads((output / "config.json").read_text())["routes"]
    assert [route["dest"] for route in routes if "dest" in route] == ["/registry.db", "/index.py"]


def test_only_what_was_generated_is_published(function: Path) -> None:
    names = {path.relative_to(function).parts[0] for path in artefact.files_of(function)}
    ours = {"registry.db", "index.py", "inspect-data.json", "metadata.json", "settings.json", "requirements.txt", "vercel.json", "plugins",
            "templates", "static"}  # fmt: skip
    assert names - ours == {".python-version", "_vendor", ".vc-config.json", "vc__handler__python.py", "pyproject.toml", "uv.lock"}
