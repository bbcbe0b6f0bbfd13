"""Every sentence the site says, gathered for translators: `python -m registry.messages` brings the files of plugins/locale/ up to date.

A message is a text in `_("...")` or `words("...")` of a template, in `say(...)` of a plugin or of the engine, a title or description of
metadata.yml, a name or definition of a technology, a word of a closed list, or a sentence that SQL makes, which metadata.yml lists.
"""

from __future__ import annotations

import ast
import sqlite3
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import polib
import sqlite_utils
import yaml
from datasette.filters import Filters
from jinja2 import Environment, nodes

from .facts import Facts
from .schema import create_tables
from .serve import site_files
from .views import create_views

HEADER = {"Content-Type": "text/plain; charset=utf-8", "Content-Transfer-Encoding": "8bit"}
# Marks in templates: what calls take a message as their first argument.
# The parts of a determination's trace, as its page names them.
TRACE = ("steps", "step", "finding", "version")
SPEAKS = "from .sentences import say"
CALLS = ("_", "gettext", "ngettext", "words")

# What Datasette itself says on our pages of what it cannot find or do.
DATASETTE = (
    "Database not found", "Table not found", "Record not found", "Cannot sort table by {column}", "_size must be a positive integer",
)  # fmt: skip


class Message(NamedTuple):
    """An English text, its plural where it counts something, and where it is said."""

    text: str
    where: str
    plural: str = ""


def template_messages(folder: Path) -> Iterator[Message]:
    """The marked texts of every template."""
    grammar = Environment(extensions=["jinja2.ext.i18n"])
    for path in sorted((*folder.glob("*.html"), *folder.glob("pictures/*.svg"))):
        for call in grammar.parse(path.read_text(encoding="utf-8")).find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name in CALLS:
                texts = [one.value for one in call.args if isinstance(one, nodes.Const) and isinstance(one.value, str)]
                if texts:
                    yield Message(texts[0], path.name, texts[1] if call.node.name == "ngettext" else "")


def code_messages(path: Path) -> Iterator[Message]:
    """The texts in `say(...)` of one Python file; an f-string is a message whose {places} are named for what stands in them."""
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    for call in sorted(calls, key=lambda node: (node.lineno, node.col_offset)):
        if isinstance(call.func, ast.Name) and call.func.id == "say":
            for text in _texts(call.args[0]):
                yield Message(text.replace("_", " ") if text.islower() and "{" not in text else text, path.name)


def _texts(said: ast.expr) -> Iterator[str]:
    """Every text that an expression in `say(...)` can be: each branch of a choice is one of its own."""
    if isinstance(said, ast.IfExp):
        yield from (*_texts(said.body), *_texts(said.orelse))
    elif isinstance(said, ast.JoinedStr):
        yield from ("".join(parts) for parts in product(*_part_texts(said)))
    elif isinstance(said, ast.Constant) and isinstance(said.value, str):
        yield said.value


def _part_texts(said: ast.JoinedStr) -> Iterator[list[str]]:
    taken: list[str] = []
    for part in said.values:
        if isinstance(part, ast.Constant):
            yield [str(part.value)]
        elif isinstance(part, ast.FormattedValue):
            yield _choices(part.value) or [f"{{{_named(part.value, taken)}}}"]


def _choices(value: ast.expr) -> list[str]:
    """The texts of a choice between two constants inside an f-string."""
    if isinstance(value, ast.IfExp) and all(isinstance(one, ast.Constant) for one in (value.body, value.orelse)):
        return list(_texts(value))
    return []


def _named(value: ast.expr, taken: list[str]) -> str:
    """A name for a place: the last plain name of the expression, numbered when it is used twice."""
    found = [one.attr if isinstance(one, ast.Attribute) else one.id for one in ast.walk(value) if isinstance(one, ast.Attribute | ast.Name)]
    texts = [str(one.value) for one in ast.walk(value) if isinstance(one, ast.Constant) and str(one.value).strip("_").isidentifier()]
    name = (texts or [one for one in found if one not in ("str", "int", "join", "map", "replace")])[0].strip("_").lower()
    taken.append(name)
    return name if taken.count(name) == 1 else f"{name}{taken.count(name)}"


def metadata_messages(metadata: dict[str, Any]) -> Iterator[Message]:
    """Titles, descriptions and the words of columns and parameters, and the sentences that SQL makes."""
    where = "metadata.yml"
    yield from (Message(metadata[name], where) for name in ("title", "description", "about", "license", "source") if name in metadata)
    yield from (Message(text, "metadata.sql") for text in metadata["plugins"]["languages"]["sentences"])
    for database in metadata["databases"].values():
        yield from (Message(database[name], where) for name in ("title", "description") if name in database)
        for one in (*database["tables"].values(), *database["queries"].values()):
            yield from (Message(one[name].strip(), where) for name in ("title", "description", "description_html") if name in one)
            yield from (Message(text, where) for part in ("columns", "parameter_words") for text in one.get(part, {}).values())


def column_messages(metadata: dict[str, Any]) -> Iterator[Message]:
    """The names of all columns, as headings and labels show them."""
    db = sqlite_utils.Database(sqlite3.connect(":memory:"))
    create_tables(db)
    create_views(db)
    for query in metadata["databases"]["registry"]["queries"].values():
        given = dict.fromkeys(query["params"], "")
        for column in db.conn.execute(query["sql"], given).description:
            yield Message(column[0].replace("value_amount", "amount").replace("_", " "), "metadata.columns")
    for table in metadata["databases"]["registry"]["tables"].values():
        yield from (Message(column.replace("_", " "), "metadata.columns") for column in table["columns"])


def all_messages(root: Path) -> dict[str, Message]:
    """Every message once, by its text, with all the places where it is said."""
    files = site_files(root)
    metadata = yaml.safe_load(files["metadata"].read_text(encoding="utf-8"))
    found: dict[str, Message] = {}
    speaking = (path for path in sorted((root / "registry").glob("*.py")) if SPEAKS in path.read_text(encoding="utf-8"))
    code = (*sorted(files["plugins"].glob("*.py")), *speaking)
    sources = (
        [Message("English", "languages.py")], template_messages(files["templates"]), *(code_messages(path) for path in code),
        metadata_messages(metadata), column_messages(metadata), technology_messages(root / "data" / "technologies"),
        word_messages(root / "registry"), data_messages(root / "data"),
        datasette_messages(),
    )  # fmt: skip
    for one in (message for source in sources for message in source):
        known = found.get(one.text)
        if known is None:
            found[one.text] = one
        elif one.where not in known.where.split(", "):
            found[one.text] = known._replace(where=f"{known.where}, {one.where}", plural=known.plural or one.plural)
    return found


def datasette_messages() -> Iterator[Message]:
    """What Datasette says on our pages, and the names of its comparisons."""
    yield from (Message(text, "datasette") for text in DATASETTE)
    yield from (Message(display, "datasette") for _, display, _ in Filters(()).lookups())


def word_messages(registry: Path) -> Iterator[Message]:
    """The words of closed lists as readers see them: the literals of the law, of records and of the vocabulary, and names of facts."""
    for name in ("law", "records", "vocabulary", "source", "records_laws"):
        for node in ast.walk(ast.parse((registry / f"{name}.py").read_text(encoding="utf-8"))):
            if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == "Literal":
                texts = [one.value for one in ast.walk(node.slice) if isinstance(one, ast.Constant) and isinstance(one.value, str)]
                yield from (Message(text.replace("_", " "), f"{name}.py") for text in texts if len(text) > 1 and text.islower())
    yield from (Message(name.replace("_", " "), "facts.py") for name in (*Facts.__struct_fields__, *TRACE))


def data_messages(data: Path) -> Iterator[Message]:
    """The bodies that decide, public-records laws, and the terms of laws with their conditions, which stand inside our own sentences."""
    for path in sorted((*(data / "jurisdictions").glob("*.yml"), *(data / "laws").glob("*.yml"))):
        one = yaml.safe_load(path.read_text(encoding="utf-8"))
        body = one.get("deciding_body") or one.get("body")
        if body:
            yield Message(body.strip(), path.parent.name)
        yield from (Message(part.replace("_", " "), path.parent.name) for part in one.get("evidence", {}))
    for law in yaml.safe_load((data / "records_laws.yml").read_text(encoding="utf-8")):
        yield from (Message(law[name], "records_laws.yml") for name in ("name", "answer", "note") if name in law)
    for term in yaml.safe_load((data / "lawterms.yml").read_text(encoding="utf-8")):
        yield from (Message(text, "lawterms.yml") for text in (term["id"].replace("_", " "), term.get("qualifier")) if text)


def technology_messages(folder: Path) -> Iterator[Message]:
    """Names and definitions of the closed list of technologies, and their short names as words."""
    for path in sorted(folder.glob("*.yml")):
        one = yaml.safe_load(path.read_text(encoding="utf-8"))
        yield from (Message(text, f"{path.name}") for text in (one["name"], one["definition"], path.stem.replace("_", " ")))


def update(path: Path, messages: dict[str, Message]) -> tuple[int, int]:
    """Add what is missing to one .po file (untranslated) and take out what is said no longer; how many of each."""
    file = polib.pofile(str(path), encoding="utf-8") if path.exists() else polib.POFile()
    file.metadata = {**HEADER, **file.metadata}
    known = {one.msgid: one for one in file}
    file[:] = [_entry(one, known.get(text)) for text, one in messages.items()]
    file.wrapwidth = 120
    file.save(str(path))
    return len(messages.keys() - known.keys()), len(known.keys() - messages.keys())


def _entry(message: Message, known: polib.POEntry | None) -> polib.POEntry:
    entry = known or polib.POEntry(msgid=message.text)
    entry.occurrences = [(where, "") for where in message.where.split(", ")]
    if message.plural and not entry.msgid_plural:
        entry.msgid_plural, entry.msgstr_plural = message.plural, {0: "", 1: ""}
    return entry


if __name__ == "__main__":
    here = Path(__file__).parent.parent
    for name in sorted((here / "plugins" / "locale").glob("*.po")):
        added, removed = update(name, all_messages(here))
        print(f"{name.name}: {added} to translate, {removed} no longer said")
