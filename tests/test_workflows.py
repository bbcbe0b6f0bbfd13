"""The workflows: right in shape, of commands that exist, and their own shell run here from an empty machine to a registry."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import portal_simulator
import pytest
import yaml
from conftest import ROOT, Checkout, as_json
from portal_simulator import Simulator
from pytest_httpserver import HTTPServer
from test_docs import README, every_command

from registry.errors import RegistryError
from registry.lost import lost
from registry.shards import shards, sources_of
from registry.source import Source

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
MOST_JOBS = 256  # of one matrix: https://docs.github.com/actions/reference/limits


def workflow(name: str) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / name).read_text(encoding="utf-8"))
    return read


def steps(path: Path) -> Iterator[dict[str, Any]]:
    for job in workflow(path.name)["jobs"].values():
        yield from job.get("steps", ())


# --- as they are written ------------------------------------------------------------------------------------------------------


def test_every_workflow_has_githubs_shape() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", *map(str, WORKFLOWS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_no_expression_is_pasted_into_a_script(path: Path) -> None:
    """What GitHub fills in goes through the environment, so that no name of a shard or branch becomes a command."""
    assert [step["run"] for step in steps(path) if "${{" in step.get("run", "")] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_action_is_pinned_by_version_and_every_own_workflow_exists(path: Path) -> None:
    jobs = workflow(path.name)["jobs"].values()
    for used in [step["uses"] for step in steps(path) if "uses" in step] + [job["uses"] for job in jobs if "uses" in job]:
        assert re.fullmatch(r"actions/[\w/-]+@v\d+", used) or (ROOT / used).is_file(), used


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_command_of_a_workflow_is_one_the_program_has(path: Path) -> None:
    known = dict(every_command())
    scripts = "\n".join(step.get("run", "") for step in steps(path))
    for call in re.findall(r"\.venv/bin/registry ([^|)>\n]+)", scripts):
        name, *words = shlex.split(call)
        options = {option for param in known[name].params for option in param.opts}
        assert {word for word in words if word.startswith("-")} <= options, call


def test_the_matrix_stays_below_githubs_limit_and_one_failure_stops_no_other() -> None:
    refresh = workflow("refresh.yml")
    assert 0 < int(refresh["env"]["SHARDS"]) <= MOST_JOBS
    fetch = refresh["jobs"]["fetch"]
    assert fetch["strategy"]["fail-fast"] is False
    after = [step for step in fetch["steps"] if step.get("name") == "Pack" or "upload-artifact" in step.get("uses", "")]
    assert [step["if"] for step in after] == ["always()", "always()"], "what came is kept even where a source failed"


def test_nothing_is_asked_of_portals_or_published_unless_somebody_said_so() -> None:
    assert workflow("refresh.yml")["jobs"]["list"]["if"] == "vars.REGISTRY_CONTACT != ''"
    deploying = [step for step in steps(ROOT / ".github/workflows/publish.yml") if "registry publish" in step.get("run", "")]
    assert len(deploying) == 1 and "token.outputs.there == 'yes'" in deploying[0]["if"] and "lost.outcome" in deploying[0]["if"]


def test_the_readmes_costs_are_those_of_the_arithmetic_it_names() -> None:
    """23 requests, 51 MB, 9.0 MB and 39 MB a source are measured; the table multiplies them."""
    figures = README.split("<!-- figures:refresh -->")[1].split("<!-- /figures:refresh -->")[0]
    table = {row[0].strip(): [cell.strip() for cell in row[1:]] for row in re.findall(r"^\| (.*?)\|(.*?)\|(.*?)\|(.*?)\|$", figures, re.M)}
    counts = (10, 1_000, 20_000)
    assert table["requests"] == [f"{count * (-(-182_429 // 10_000) + 4):,}" for count in counts]
    for name, megabytes in (("sent by portals", 51), ("archive, one load of each", 9), ("staging", 39)):
        told = [float(cell.removesuffix(" GB").replace(",", "")) for cell in table[name]]
        assert told == pytest.approx([count * megabytes / 1_000 for count in counts], rel=0.03), name
    shards = int(workflow("refresh.yml")["env"]["SHARDS"])
    jobs = [(min(count, shards), count / min(count, shards)) for count in counts]
    minutes = [1 + each * 26 / 60 for _, each in jobs]
    assert [float(cell) for cell in table["minutes of one job (1 to install, 26 s a source)"]] == pytest.approx(minutes, rel=0.03)
    total = [float(cell.replace(",", "")) for cell in table["runner minutes of all of them"]]
    assert total == pytest.approx([number * each for (number, _), each in zip(jobs, minutes, strict=True)], rel=0.03)


# --- shards -------------------------------------------------------------------------------------------------------------------


def fetched(slug: str, host: str) -> Source:
    return portal_simulator.source("delimited", f"https://{host}", id=slug)


def test_a_host_is_asked_by_one_job_only() -> None:
    sources = [fetched(f"s{number}", f"h{number % 40}.example.org") for number in range(200)]
    for most in (1, 7, 39, 40, 200):
        divided = shards(sources, most)
        assert len(divided) <= most
        assert sorted(one for ids in divided.values() for one in ids) == sorted(source.id for source in sources)
        of_host = {source.id: source.access["base"] for source in sources}
        seen = [{of_host[one] for one in ids} for ids in divided.values()]
        assert sum(len(hosts) for hosts in seen) == 40, "no host is in two shards"


def test_with_few_hosts_each_has_a_shard_of_its_name() -> None:
    divided = shards([fetched("a", "data.example.org"), fetched("b", "x.example.org:8443"), fetched("c", "data.example.org")], 200)
    assert divided == {"data.example.org": ["a", "c"], "x.example.org-8443": ["b"]}
    assert sources_of(divided, "data.example.org") == ["a", "c"]
    with pytest.raises(RegistryError, match="There is no shard `y`"):
        sources_of(divided, "y")


def test_a_source_added_elsewhere_moves_no_other() -> None:
    sources = [fetched(f"s{number}", f"h{number}.example.org") for number in range(500)]
    before, after = shards(sources[:-100], 20), shards(sources, 20)
    assert all(set(ids) <= set(after[name]) for name, ids in before.items())
    assert max(map(len, after.values())) < 3 * 500 / 20, "and they are spread"


def test_a_source_that_gives_no_address_is_in_no_shard() -> None:
    assert shards([portal_simulator.source("delimited", "https://x.example.org", access={})], 5) == {}


# --- what was lost --------------------------------------------------------------------------------------------------------------


def test_a_source_that_is_gone_or_shrank_is_named() -> None:
    before = {"gone": 5, "shrunk": 100, "tidied": 100, "grown": 10, "removed on purpose": 7, "never": 0}
    told = list(lost(before, {"gone": 0, "shrunk": 89, "tidied": 90, "grown": 11, "new": 1, "never": 0}))
    assert [line.split()[0] for line in told] == ["gone", "shrunk"] and "has 89 now" in told[1]
    assert list(lost({}, {"new": 1})) == []


# --- their own shell, from an empty machine to a registry -------------------------------------------------------------------------


class Machine(NamedTuple):
    """A checkout on a runner of its own, with the commands that the workflow installs."""

    root: Path

    def run(self, name: str, job: str, step: str, **given: str) -> subprocess.CompletedProcess[str]:
        """Run one step's script as a runner does."""
        (found,) = [one for one in workflow(name)["jobs"][job]["steps"] if step in (one.get("name"), one.get("id"))]
        shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail"] if found.get("shell") == "bash" else ["bash", "-e"]
        dropped = ("REGISTRY_DATA", "REGISTRY_BUILD")
        usual = {key: value for key, value in os.environ.items() if key not in dropped}
        files = {"GITHUB_OUTPUT": str(self.root / "output"), "GITHUB_STEP_SUMMARY": str(self.root / "summary")}
        ours = {"PYTHONPATH": str(ROOT), "REGISTRY_PACE": "0", "NO_PROXY": "*"}
        environment = {**usual, **ours, **workflow(name).get("env", {}), **files, **given}
        return subprocess.run([*shell, "-c", found["run"]], cwd=self.root, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def machine(tmp_path: Path, copied: Checkout) -> Callable[[str], Machine]:
    def make(name: str) -> Machine:
        root = tmp_path / "machines" / name
        if not root.exists():
            shutil.copytree(copied.data.parent, root)
            (root / ".venv" / "bin").mkdir(parents=True)
            for command, words in (("registry", "-c 'from registry.cli import main; main()' "), ("python", "")):
                shim = root / ".venv" / "bin" / command
                shim.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {words}"$@"\n')
                shim.chmod(0o755)
        return Machine(root)

    return make


@pytest.fixture
def portal(copied: Checkout) -> Iterator[Simulator]:
    """Two sources on two hosts, which are one simulator: a good one, and one whose file is not there."""
    with HTTPServer(host="127.0.0.1") as server:
        simulator = Simulator(server)
        for path in (copied.data / "sources").glob("*.yml"):
            path.unlink()
        bases = {"good": (simulator.base, "data.csv"), "bad": (simulator.base.replace("127.0.0.1", "localhost"), "gone.csv")}
        for name, (base, path) in bases.items():
            source = portal_simulator.source("delimited", base, id=name, id_prefix=name, access={"base": base, "path": path})
            (copied.data / "sources" / f"{name}.yml").write_text(yaml.safe_dump(msgspec.to_builtins(source)), encoding="utf-8")
        yield simulator


def refreshed(machine: Callable[[str], Machine]) -> dict[str, int]:
    """One whole refresh, each job on its own machine (which keeps what the cache would restore): exit status by step."""
    build, listing = machine("build"), machine("list")
    assert listing.run("refresh.yml", "list", "list").returncode == 0
    (_, names) = (listing.root / "output").read_text().splitlines()[-1].split("=", 1)
    status = {}
    shutil.rmtree(build.root / "fetched", ignore_errors=True)
    for shard in json.loads(names):
        runner = machine(shard)
        status[shard.split("-")[0]] = runner.run("refresh.yml", "fetch", "Fetch", SHARD=shard).returncode
        assert runner.run("refresh.yml", "fetch", "Pack").returncode == 0
        (build.root / "fetched" / f"archive-{shard}").mkdir(parents=True)
        shutil.move(runner.root / "archive.tar", build.root / "fetched" / f"archive-{shard}")
    (build.root / "summary").unlink(missing_ok=True)
    for step in ("Unpack", "Build", "What changed", "Nothing may be lost"):
        status[step] = build.run("publish.yml", "publish", step).returncode
    return status


HOSTILE = "``` <img src=https://example.org/x>"


def summary(machine: Machine) -> str:
    return (machine.root / "summary").read_text()


def contracts(machine: Machine) -> list[str]:
    with closing(sqlite3.connect(machine.root / "data" / "build" / "registry.db")) as db:
        return [row[0] for row in db.execute("SELECT contract_number FROM contracts ORDER BY 1")]


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_refresh_from_nothing_then_a_changed_portal_then_a_broken_one(portal: Simulator, machine: Callable[[str], Machine]) -> None:
    build = machine("build")
    first = refreshed(machine)
    assert (first["127.0.0.1"], first["localhost"]) == (0, 1), "one source fails, the other comes"
    assert (first["Unpack"], first["Nothing may be lost"]) == (0, 0) and len(contracts(build)) == 5
    assert first["What changed"] == 0 and "    Synthetic (good), " in summary(build) and "nothing to compare it with" in summary(build)

    portal.rows = [*portal_simulator.rows(13), {**portal_simulator.rows(14)[-1], "title": f"{HOSTILE} GUNSHOT DETECTION SYSTEM"}]
    assert refreshed(machine)["Nothing may be lost"] == 0 and len(contracts(build)) == 7
    told = summary(build)
    assert told.count("New in the publisher's list.") == 2 and HOSTILE in told
    ours = ("", "### What changed", "Nothing was lost.")
    assert [line for line in told.splitlines() if line not in ours and not line.startswith("    ")] == [], "a stranger's words as markup"

    portal.rows = portal_simulator.rows(2)
    third = refreshed(machine)
    assert (third["127.0.0.1"], third["Nothing may be lost"]) == (1, 0) and len(contracts(build)) == 7, "yesterday's rows stay"

    shutil.rmtree(build.root / "data" / "build" / "staging")
    shutil.rmtree(build.root / "data" / "build" / "archive")
    shutil.rmtree(build.root / "fetched")
    (build.root / "fetched").mkdir()
    assert [build.run("publish.yml", "publish", step).returncode for step in ("Unpack", "Build", "Nothing may be lost")][2] == 1
    assert "good was searched before and is not now" in (build.root / "summary").read_text()


def test_the_token_decides_whether_anything_is_published(machine: Callable[[str], Machine]) -> None:
    for given, told in (({"VERCEL_TOKEN": "t", "VERCEL_PROJECT": "p"}, "there=yes\n"), ({"VERCEL_TOKEN": "", "VERCEL_PROJECT": "p"}, "")):
        runner = machine(f"token-{bool(told)}")
        assert runner.run("publish.yml", "publish", "token", **given).returncode == 0
        output = runner.root / "output"
        assert (output.read_text() if output.exists() else "") == told


# --- the options the workflow needs ------------------------------------------------------------------------------------------------


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_fetch_only_brings_bytes_and_builds_nothing(portal: Simulator, copied: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGISTRY_PACE", "0")
    monkeypatch.setenv("NO_PROXY", "*")
    done = copied.run("load", "--fetch-only", "good", "bad", "--json")
    assert done.exit_code == 1 and "bad" in done.stderr
    assert [(one["source"], one["result"]) for one in as_json(done)] == [("good", "fetched"), ("bad", "failed")]
    assert list((copied.build / "archive" / "good").glob("*.zst")) and not copied.registry.exists()
    assert copied.run("load", "--offline").exit_code == 0 and len(copied.rows("SELECT 1 FROM contracts")) == 5


@pytest.mark.parametrize(
    "words",
    [
        ("load", "--fetch-only", "--offline"), ("load", "--fetch-only", "--from", "x"), ("sources", "--shard", "x"),
        ("sources", "--shards", "0"),
    ],
)
def test_options_that_do_not_go_together_are_a_wrong_command_line(words: tuple[str, ...], copied: Checkout) -> None:
    assert copied.run(*words).exit_code == 2


def test_an_unknown_source_is_not_fetched(copied: Checkout) -> None:
    refused = copied.run("load", "--fetch-only", "nosuch")
    assert refused.exit_code == 1 and "No source is called `nosuch`" in refused.stderr
