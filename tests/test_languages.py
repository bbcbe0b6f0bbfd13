"""Every sentence the site says can be said in every language: nothing is unmarked, untranslated, or left over."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

from registry.messages import CALLS
from registry.serve import site_files

ROOT = Path(__file__).parent.parent
TEMPLATES = sorted(site_files(ROOT)["templates"].glob("*.html"))
# Words of other people, of formats, or of no language.
NAMES = {"Datasette", "SQL", "CSV", "json", "SHA-256"}
READ_OUT = {"title", "placeholder", "aria-label", "data-label", "alt"}


class Words(HTMLParser):
    """What a reader sees or hears of a page: text and labels."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in ("script", "style", "code", "textarea")
        self.found += [value for name, value in attrs if name in READ_OUT and value]

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in ("script", "style", "code", "textarea")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.found.append(data)


def plain_words(source: str) -> Iterator[str]:
    """The words of a template that stand outside every `{{ }}` and `{% %}`."""
    lexed = Environment(extensions=["jinja2.ext.i18n"]).lex(source)
    words = Words()
    words.feed("".join(text if kind == "data" else " " if kind.endswith("_begin") else "" for _, kind, text in lexed))
    for text in words.found:
        yield from (part for part in re.split(r"\s{2,}", text) if re.search(r"[A-Za-z]{2}", part))


def spoken_constants(source: str) -> Iterator[str]:
    """Constants that a template prints by itself: `{{ x or "not stated" }}`."""
    for output in Environment(extensions=["jinja2.ext.i18n"]).parse(source).find_all(nodes.Output):
        for node in output.nodes:
            yield from _printed(node)


def _printed(node: nodes.Node) -> Iterator[str]:
    if isinstance(node, nodes.Const) and isinstance(node.value, str) and re.search(r"[A-Za-z]{2}", node.value):
        yield node.value
    elif isinstance(node, nodes.Or | nodes.And):
        yield from (*_printed(node.left), *_printed(node.right))
    elif isinstance(node, nodes.CondExpr):
        yield from (*_printed(node.expr1), *(_printed(node.expr2) if node.expr2 else ()))
    elif isinstance(node, nodes.Concat):
        yield from (text for one in node.nodes for text in _printed(one))
    elif isinstance(node, nodes.Filter) and node.name not in ("outcome", "told", "spaced") and node.node is not None:
        yield from _printed(node.node)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_every_word_of_a_template_is_marked_for_translation(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert [text for text in plain_words(source) if text.strip(" .,;:()\n") not in NAMES] == []
    assert [text for text in spoken_constants(source) if "class" not in text] == []
