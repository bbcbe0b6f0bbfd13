"""What the documents say is what the code does: commands, options, recipes, variables, links."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, get_args

import click
import pytest
import yaml
from click.testing import CliRunner

from registry import __version__
from registry.access import ACCESS
from registry.catalog import Catalog, load_catalog
from registry.checking import check_data
from registry.cli import main
from registry.kinds import KINDS as SOURCE_KINDS
from registry.law import Evidence, Jurisdiction, Law, Outcome
from registry.shape import _TextLoader, convert
from registry.source import Source
from registry.vocabulary import Supplier, Technology

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PYPROJECT_TEXT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
PYPROJECT = tomllib.loads(PYPROJECT_TEXT)
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "data/LICENSE.md")
KINDS: dict[str, Any] = {
    "technologies": Technology, "suppliers": Supplier, "jurisdictions": Jurisdiction, "laws": Law, "sources": Source,
}  # fmt: skip
ANSWERS = ("in_force", "ended", "review", "no_record", "not_searched", "did_you_mean")


class Fence(NamedTuple):
    """One fenced block of a document."""

    language: str
    text: str


def fences(document: str) -> list[Fence]:
    return [Fence(*found) for found in re.findall(r"^```(\w*)\n(.*?)^```$", document, re.MULTILINE | re.DOTALL)]


def marked(name: str) -> str:
    """What the README says between two markers."""
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", README, re.DOTALL)
    assert found, f"README.md has lost its <!-- {name} --> block"
    return found[1]


# ---- the README's two commands ----


def two_commands() -> list[str]:
    first = [fence.text for fence in fences(README)[:2]]
    assert all(text.count("\n") == 1 for text in first), "each of the two commands is one line in a block of its own"
    return [text.strip() for text in first]


def test_the_two_commands_stand_at_the_top_each_on_one_line() -> None:
    look, test = two_commands()
    assert look.startswith("python3 -m venv .venv && .venv/bin/pip install -q -e . && .venv/bin/registry load --offline")
    assert look.endswith("&& .venv/bin/registry serve")
    assert test.startswith("python3 -m venv .venv && ") and test.endswith(" && .venv/bin/pytest")
    assert README.index(look) < README.index("\n## ")


def test_the_two_commands_use_extras_and_options_that_exist() -> None:
    extras = PYPROJECT["project"]["optional-dependencies"]
    for line in two_commands():
        for wanted in re.findall(r"\.\[(.+?)\]", line):
            assert set(wanted.split(",")) <= set(extras)
    assert "pytest" in " ".join(extras["test"])


def shell_lines() -> list[str]:
    blocks = [fence.text for document in (README, CONTRIBUTING) for fence in fences(document) if fence.language == "sh"]
    return [part.strip() for block in blocks for line in block.replace("\\\n", " ").splitlines() for part in line.split("&&")]


def registry_calls() -> list[list[str]]:
    found = [re.fullmatch(r"(?:\.venv/bin/)?registry (.+)", part) for part in shell_lines()]
    return [shlex.split(match[1]) for match in found if match]


@pytest.mark.parametrize("call", registry_calls(), ids=" ".join)
def test_every_command_shown_is_one_the_program_has(call: list[str]) -> None:
    names = dict(every_command())
    command = names.get(" ".join(call[:2])) or names[call[0]]
    known = {name for param in command.params for name in param.opts}
    assert {word for word in call[1:] if word.startswith("-")} <= known


def test_the_gate_takes_the_test_command_from_the_readme() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    pattern = re.search(r'grep -E "(.+?)" README\.md', script)
    assert pattern, "the gate must take the command from README.md, not keep a copy"
    assert re.findall(pattern[1], README, re.MULTILINE) == [two_commands()[1]]


# ---- commands and their help ----


def every_command() -> Iterator[tuple[str, click.Command]]:
    """Each command under the words that call it; of a group, those inside."""
    for name, command in main.commands.items():
        if isinstance(command, click.Group):
            yield from ((f"{name} {inner}", one) for inner, one in command.commands.items())
        else:
            yield name, command


def command_table() -> str:
    rows = "".join(_command_row(name, command) for name, command in every_command())
    return f"| command | what it does | options |\n|---|---|---|\n{rows}"


def _command_row(name: str, command: click.Command) -> str:
    arguments = [param.metavar or str(param.name).upper() for param in command.params if isinstance(param, click.Argument)]
    options = [f"`{_option(param)}`" for param in command.params if isinstance(param, click.Option)]
    summary = " ".join(str(command.help).split("\n\n")[0].split())
    return f"| `{' '.join([name, *arguments])}` | {summary} | {' '.join(options)} |\n"


def _option(option: click.Option) -> str:
    value = "" if option.is_flag else f" {option.metavar or str(option.type.name).upper()}"
    return "/".join(option.opts) + value


def test_readme_lists_exactly_the_commands_and_options() -> None:
    assert marked("commands") == command_table()


@pytest.mark.parametrize("name", [*main.commands, *dict(every_command())])
def test_help_shows_an_example_of_the_command(name: str) -> None:
    told = CliRunner().invoke(main, [*name.split(), "-h"])
    assert told.exit_code == 0
    assert re.search(rf"^ *Examples?:(.*\n)+? .*registry {name}\b", told.output, re.MULTILINE)


# ---- words that the code closes ----


@pytest.mark.parametrize("word", [*get_args(Outcome), *ANSWERS])
def test_readme_explains_every_answer(word: str) -> None:
    assert re.search(rf"^\| `{word}` \| \w", README, re.MULTILINE)


def test_the_six_answers_are_those_of_the_site() -> None:
    query = yaml.safe_load((ROOT / "metadata.yml").read_text(encoding="utf-8"))["databases"]["registry"]["queries"]["answer"]
    assert all(re.search(rf"'{word}'", query["sql"]) for word in ANSWERS)


@pytest.mark.parametrize("code", [code for code in get_args(Evidence) if len(code) == 1])
def test_contributing_explains_every_evidence_code(code: str) -> None:
    assert re.search(rf"^\| {code} \| \w", CONTRIBUTING, re.MULTILINE)


# ---- recipes ----


class Recipe(NamedTuple):
    """One complete file of CONTRIBUTING.md and where it belongs."""

    path: Path
    text: str


def yaml_recipes() -> Iterator[Recipe]:
    for fence in fences(CONTRIBUTING):
        if fence.language in ("yaml", "yml"):
            first = re.match(r"# (data/\S+\.yml)\n", fence.text)
            assert first, f"a recipe begins with the name of its file: {fence.text[:60]!r}"
            yield Recipe(Path(first[1]), fence.text)


def record_recipe() -> Recipe:
    (text,) = [fence.text for fence in fences(CONTRIBUTING) if fence.language == "csv"]
    return Recipe(Path("data/records/us-ex.csv"), text)


@pytest.mark.parametrize("name", SOURCE_KINDS)
def test_contributing_tells_the_fields_of_every_kind_of_source(name: str) -> None:
    kind = SOURCE_KINDS[name]  # type: ignore[index]
    needed, also = (", ".join(f"`{field}`" for field in fields) for fields in kind[:2])
    assert re.search(rf"^\| `{name}` \| [^|]+ \| {re.escape(needed)} \| {re.escape(also)} \|$", CONTRIBUTING, re.MULTILINE)


def test_contributing_opens_with_no_python_required() -> None:
    assert CONTRIBUTING.startswith("# No Python required\n")


def test_there_is_a_recipe_for_every_kind_of_file() -> None:
    assert {recipe.path.parent.name for recipe in yaml_recipes()} == set(KINDS)


@pytest.mark.parametrize("recipe", list(yaml_recipes()), ids=lambda recipe: recipe.path.stem)
def test_recipe_has_the_shape_of_its_folder(recipe: Recipe) -> None:
    entry = convert(yaml.load(recipe.text, _TextLoader), KINDS[recipe.path.parent.name], str(recipe.path))
    assert (entry.slug if hasattr(entry, "slug") else entry.id) == recipe.path.stem


@pytest.fixture
def contributed(tmp_path: Path) -> Path:
    """The real data/ with every recipe followed."""
    shutil.copytree(ROOT / "data", tmp_path / "data", ignore=shutil.ignore_patterns("build"))
    for recipe in (*yaml_recipes(), record_recipe()):
        (tmp_path / recipe.path).write_text(recipe.text, encoding="utf-8")
    return tmp_path / "data"


def test_following_every_recipe_gives_data_that_passes_the_check(contributed: Path) -> None:
    before, after = load_catalog(ROOT / "data"), load_catalog(contributed)
    assert _sizes(after) == [size + 1 for size in _sizes(before)]
    assert check_data(contributed).problems == []


def _sizes(catalog: Catalog) -> list[int]:
    return [len(things) for things in _counted(catalog).values()]


def _counted(catalog: Catalog) -> dict[str, Any]:
    return {
        "laws": catalog.book.laws, "places": catalog.book.jurisdictions, "technologies": catalog.technologies,
        "suppliers": catalog.suppliers, "records": catalog.records, "source": catalog.sources,
    }  # fmt: skip


def test_readme_promises_no_more_than_there_is() -> None:
    promised = {name: int(number) for number, name in re.findall(r"(\d+) (\w+)", marked("counts"))}
    counted = _counted(load_catalog(ROOT / "data"))
    assert promised.keys() == counted.keys()
    assert [f"{name}: {number} of {len(counted[name])}" for name, number in promised.items() if number > len(counted[name])] == []


# ---- the rest of the house ----


def test_changelog_has_the_current_version_and_a_place_for_the_next() -> None:
    headings = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[0] == "Unreleased"
    assert headings[1] == __version__


def test_readme_says_how_to_cite_the_current_version() -> None:
    assert f"version {__version__}," in README


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_to_files_of_the_project_exist(name: str) -> None:
    path = ROOT / name
    targets = re.findall(r"\]\(([^)#\s]+)", path.read_text(encoding="utf-8"))
    assert [target for target in targets if "://" not in target and not (path.parent / target).exists()] == []


def test_every_dependency_has_its_reason_beside_it() -> None:
    project = PYPROJECT["project"]
    for requirement in chain(project["dependencies"], *project["optional-dependencies"].values()):
        assert re.search(rf'^ *"{re.escape(requirement)}", +# \S', PYPROJECT_TEXT, re.MULTILINE), requirement


def test_every_environment_variable_the_program_reads_is_in_the_readme() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "registry").glob("*.py"))
    read = set(re.findall(r"(?:environ(?:\.get)?|getenv)[\[(]\s*\"(\w+)\"", code))
    assert read == set(re.findall(r"^\| `([A-Z]+_[A-Z]+)` \|", README, re.MULTILINE))


def test_the_readme_counts_no_variables_before_their_table() -> None:
    assert re.findall(r"^(.*)\n\n\| variable \| meaning \|$", README, re.MULTILINE) == ["Environment variables:"]


def test_the_readme_says_what_is_kept_of_a_whole_file() -> None:
    (privacy,) = re.findall(r"^\* \*\*Privacy\.\*\* ((?:.+\n)+?)\* ", README, re.MULTILINE)
    words = " ".join(privacy.split())
    assert words.startswith("Only the columns a source file lists are staged or published.")
    assert re.search(r"`--from`.* archived whole on your own machine", words) and "read at all" not in words


def test_what_is_built_is_ignored_by_git() -> None:
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    assert {"data/build/", ".venv/"} <= set(ignored)


def project_files() -> list[Path]:
    """Every file that is in git or about to be."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


def test_no_file_names_a_path_of_somebodys_machine() -> None:
    # Absolute paths in people's own folders or in temporary ones; a path inside a web address does not count.
    machine = re.compile(r"(?<![\w.:/*~-])/(?:root|home|Users|tmp|work|mnt|private)/[\w.-]+")
    found = [f"{path.relative_to(ROOT)}: {hit[0]}" for path in project_files() if (hit := machine.search(_text(path)))]
    assert found == []


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace")


@pytest.mark.parametrize("portal", ACCESS)
def test_the_recipe_names_all_that_a_portal_needs_and_takes(portal: str) -> None:
    (line,) = [line for line in CONTRIBUTING.splitlines() if re.match(r"\| `[a-z`, ]*" + f"`?{portal}`", line)]
    needed, also = ACCESS[portal]
    missing = [key for key in (*needed, *also) if f"`{key}" not in line and not (key.startswith("token") and "a token" in line)]
    assert missing == []
