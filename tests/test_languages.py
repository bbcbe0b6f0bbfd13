"""Every sentence the site says can be said in every language: nothing is unmarked, untranslated, or left over."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from typing import Any

import polib
import pytest
import site_fixture
import test_rules
import yaml
from conftest import ROOT, Checkout
from datasette.app import Datasette
from jinja2 import Environment, nodes

from registry.messages import all_messages, update
from registry.serve import site_files, test_client
from registry.views import VIEWS

FILES = site_files(ROOT)
TEMPLATES = sorted(FILES["templates"].glob("*.html"))
LANGUAGES = sorted((FILES["plugins"] / "locale").glob("*.po"))
METADATA = yaml.safe_load(FILES["metadata"].read_text(encoding="utf-8"))
SENTENCES = METADATA["plugins"]["languages"]["sentences"]
MESSAGES = all_messages(ROOT)
GRAMMAR = Environment(extensions=["jinja2.ext.i18n"])
# Words of other people, of formats, or of no language.
NAMES = {"Datasette", "SQL", "CSV", "json", "SHA-256", "sha256", "db"}
READ_OUT = {"title", "placeholder", "aria-label", "data-label", "alt"}
PLACE = re.compile(r"\{(\w+)\}|%\((\w+)\)s")


def plugin() -> ModuleType:
    """plugins/languages.py, executed alone as Datasette executes it."""
    spec = importlib.util.spec_from_file_location("languages", FILES["plugins"] / "languages.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TONGUES = plugin()
SPANISH = TONGUES.read_language(FILES["plugins"] / "locale" / "es.po")
# The English text as a language of its own: to tell a sentence in it is to take it apart and put it together again.
_patterns = [TONGUES.pattern(text, text) for text in MESSAGES if TONGUES.PLACE.search(text)]
ENGLISH = TONGUES.Language(
    "English", None, {text: text for text in MESSAGES if not TONGUES.PLACE.search(text)},
    tuple(sorted(_patterns, key=TONGUES.rank)),
)  # fmt: skip


# ---- what is said is marked ----


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
    words = Words()
    words.feed("".join(text if kind == "data" else " " if kind.endswith("_begin") else "" for _, kind, text in GRAMMAR.lex(source)))
    for text in words.found:
        yield from (part for part in re.split(r"\s{2,}", text) if re.search(r"[A-Za-z]{2}", part))


def printed(node: nodes.Node) -> Iterator[str]:
    """Constants that an expression can print by itself: `{{ x or "not stated" }}`."""
    if isinstance(node, nodes.Const) and isinstance(node.value, str) and re.search(r"[A-Za-z]{2}", node.value):
        yield node.value
    elif isinstance(node, nodes.Or | nodes.And):
        yield from (*printed(node.left), *printed(node.right))
    elif isinstance(node, nodes.CondExpr):
        yield from (*printed(node.expr1), *(printed(node.expr2) if node.expr2 else ()))
    elif isinstance(node, nodes.Concat):
        yield from (text for one in node.nodes for text in printed(one))
    elif isinstance(node, nodes.Filter) and node.name not in ("outcome", "told", "spaced", "said", "neutral") and node.node is not None:
        yield from printed(node.node)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_every_word_of_a_template_is_marked_for_translation(path: Path) -> None:
    source = re.sub(r"{% block body_class %}.*?{% endblock %}", "", path.read_text(encoding="utf-8"))
    assert [text for text in plain_words(source) if text.strip(" .,;:()\n") not in NAMES] == []
    shown = [text for output in GRAMMAR.parse(source).find_all(nodes.Output) for node in output.nodes for text in printed(node)]
    assert [text for text in shown if text not in ("ask", "sql", "select * from contracts limit 20")] == []


def test_an_unmarked_word_is_seen() -> None:
    assert list(plain_words('<p title="One label">{{ _("marked") }} and not marked</p>')) == ["One label", "and not marked"]
    assert list(printed(next(GRAMMAR.parse('{{ x or "not stated" }}').find_all(nodes.Output)).nodes[0])) == ["not stated"]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_words_that_a_template_puts_into_a_filter_are_messages(path: Path) -> None:
    for one in GRAMMAR.parse(path.read_text(encoding="utf-8")).find_all(nodes.Filter):
        if one.name in ("told", "said", "spaced") and one.node is not None:
            assert set(printed(one.node)) <= MESSAGES.keys()


# The messages of a testimony are marked in registry/sentences_view.py (see test_spoken_pages.py); a schema is read by programs.
OTHER_VIEWS = {"testimony_sentences", "data_package"}


def sql_texts() -> Iterator[str]:
    """Every text in quotes of the questions and views that holds words."""
    views = [sql for name, sql in VIEWS.items() if name not in OTHER_VIEWS]
    for sql in (*(query["sql"] for query in METADATA["databases"]["registry"]["queries"].values()), *views):
        without_comments = re.sub(r"^\s*--.*$", "", sql, flags=re.MULTILINE)
        for text in re.findall(r"'((?:[^']|'')*)'", without_comments):
            if " " in text.strip() and re.search(r"[a-z]{3}", text):
                yield text.replace("''", "'").strip()


def made_of(text: str, spoken: str) -> bool:
    """Whether a text is one piece of the SQL, or several that the SQL can put together."""
    while text:
        longest = next((length for length in range(len(text), 5, -1) if text[:length] in spoken), 0)
        if not longest:
            return False
        text = text[longest:].strip()
    return True


def test_every_sentence_that_sql_makes_is_listed_and_no_other() -> None:
    wordings = [text for text in sql_texts() if not re.fullmatch(r"(start of month|-?\+?\d+ (day|month)s?|[áa].*)", text)]
    assert [text for text in wordings if not any(text in sentence for sentence in SENTENCES)] == []
    parts = {part.strip(" .;,():") for sentence in SENTENCES for part in TONGUES.PLACE.split(sentence)[::2]}
    states = {"failed", "blocked", "never"}  # as coverage has them
    assert [part for part in parts - states if " " in part and not made_of(part, "\n".join(sql_texts()))] == []


# ---- every language has every message ----


def shape(text: str) -> tuple[list[str], list[str]]:
    """What a translation must keep: its places and its markup."""
    return sorted("".join(found) for found in set(PLACE.findall(text))), sorted(re.findall(r"</?[a-z]+|href=\"[^\"]*\"", text))


@pytest.mark.parametrize("path", LANGUAGES, ids=lambda path: path.stem)
def test_a_language_has_every_message_and_none_that_is_said_no_longer(path: Path) -> None:
    file = polib.pofile(str(path))
    assert [one.msgid for one in file] == list(MESSAGES), "run python -m registry.messages, then translate what is new"
    assert [one.msgid for one in file if not one.translated() or one.fuzzy] == []


@pytest.mark.parametrize("path", LANGUAGES, ids=lambda path: path.stem)
def test_a_translation_keeps_the_places_and_the_markup(path: Path) -> None:
    for one in polib.pofile(str(path)):
        for translated in (one.msgstr, *one.msgstr_plural.values()):
            if translated:
                assert shape(translated) == shape(one.msgid), one.msgid
                assert (translated[-1] in ".?!") == (one.msgid[-1] in ".?!") or "<" in translated or one.msgid.endswith("?"), one.msgid


def test_spanish_never_says_that_something_was_against_the_law() -> None:
    assert [words for words in SPANISH.exact.values() if re.search(r"ilegal|ilícit|violó|violad|violación", words, re.IGNORECASE)] == []


def test_the_file_is_brought_up_to_date_without_losing_a_translation(tmp_path: Path) -> None:
    path = tmp_path / "es.po"
    shutil.copyfile(LANGUAGES[0], path)
    some = dict(list(MESSAGES.items())[:-1])
    assert update(path, some) == (0, 1)
    assert update(path, MESSAGES) == (1, 0)
    again = polib.pofile(str(path))
    assert [one.msgid for one in again.untranslated_entries()] == [list(MESSAGES)[-1]]


# ---- sentences of the registry ----


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """The registry that a first load makes of the real data/."""
    checkout = Checkout(ROOT / "data", tmp_path_factory.mktemp("languages"))
    assert checkout.run("load", "--offline", "--quiet").exit_code == 0
    with closing(sqlite3.connect(checkout.registry)) as db:
        yield db


COLUMNS = (
    "sentence from determinations", "reason from determinations", "meaning from rules", "why from coverage",
    "searched from searched_places", "words from search_notes", "definition from technologies", "name from technologies",
    "deciding_body from jurisdictions",
    "said from holdings where kind <> 'record'", "evidence_when from holdings_told", "code from provisions where part = 'exemption'",
)  # fmt: skip


def spoken_in(value: Any) -> Iterator[str]:
    """Every text with words in a trace."""
    if isinstance(value, dict):
        yield from (text for one in value.values() for text in spoken_in(one))
    elif isinstance(value, list):
        yield from (text for one in value for text in spoken_in(one))
    elif isinstance(value, str) and " " in value:
        yield value


def quoted(folder: Path) -> str:
    """All that the files of laws say in their own words: a reason may be such a passage, and stays as it is."""
    read = (yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.yml")))
    return "\n".join(" ".join(text.split()) for one in read for text in spoken_in(one))


LAWS = quoted(ROOT / "data" / "laws")


def known_or_quoted(text: str) -> bool:
    """Whether a text is a message, a day, or a passage of a law's own file."""
    plain = text.replace("_", " ")
    passages = text in LAWS or all(part in LAWS for part in text.split(": ", 1))
    return TONGUES.DAY.fullmatch(text) is not None or passages or TONGUES.told(plain, ENGLISH) is not None


@pytest.mark.parametrize("column", COLUMNS)
def test_every_sentence_of_the_registry_is_a_message_and_has_another_language(registry: sqlite3.Connection, column: str) -> None:
    texts = [text.replace("_", " ") for (text,) in registry.execute(f"select distinct {column}") if text]
    assert texts
    for text in texts:
        if TONGUES.told(text, ENGLISH) is None:
            assert known_or_quoted(text), text
        else:
            assert TONGUES.told(text, ENGLISH) == text
            assert TONGUES.told(text, SPANISH)


@pytest.mark.parametrize("column", ["trace", "unknowns"])
def test_every_step_of_a_trace_is_a_message(registry: sqlite3.Connection, column: str) -> None:
    rows = registry.execute(f"select distinct {column} from determinations")
    texts = {text for (row,) in rows for text in spoken_in(json.loads(row))}
    assert [text for text in texts if not known_or_quoted(text)] == []
    assert [text for text in texts if TONGUES.told(text, ENGLISH) not in (None, text)] == []


CASES = {**{case["name"]: case["record"] for case in test_rules.OWN}, **{case.id: case.record for case in test_rules.CARRIED}}


@pytest.mark.parametrize("name", CASES)
def test_every_sentence_of_the_worked_cases_is_a_message(name: str) -> None:
    for status in ("approved", "not_searched", "not_found"):
        got = test_rules.judge(CASES[name], test_rules.BOOK, test_rules.ALIASES, approval_status=status)
        assert TONGUES.told(got.sentence, ENGLISH) == got.sentence and TONGUES.told(got.sentence, SPANISH) not in (None, got.sentence)
        assert [text for text in (got.reason, *spoken_in(got.trace)) if not known_or_quoted(text)] == []


def left_in_english(text: str) -> Iterator[str]:
    """What stays English in the Spanish sentence: the values of places that are no messages, but those that are names."""
    for one in SPANISH.patterns:
        values = TONGUES.read_back(one, text) if TONGUES.told(text, SPANISH) else None
        if values is not None and TONGUES._told_as(one, text, SPANISH, 0, str):
            for name, value in values.items():
                if name not in TONGUES.AS_IT_IS:
                    yield from (value,) if TONGUES.told(value, SPANISH) is None else left_in_english(value)
            return


def test_what_a_spanish_sentence_leaves_in_english_is_quoted_or_a_name(registry: sqlite3.Connection) -> None:
    sentences = [text for (text,) in registry.execute("select distinct sentence from determinations where sentence <> ''")]
    places = "\n".join(name for (name,) in registry.execute("select name from jurisdictions union select name from agencies"))
    bought = registry.execute("select buyer_unit from contracts union select buyer_unit from records")
    units = "\n".join(unit for (unit,) in bought if unit)
    state_laws = (ROOT / "data" / "overlays.yml").read_text(encoding="utf-8")
    left = {value for text in sentences for value in left_in_english(text) if " " in value and not re.search(r"[A-Z]{4,}_", value)}
    known = re.sub(r"\s+", " ", "\n".join((places, units, state_laws, LAWS)))
    assert [value for value in left if value not in known and value.partition(" [")[0].partition(": ")[2] not in known] == []


def test_a_sentence_is_taken_apart_at_the_right_words(registry: sqlite3.Connection) -> None:
    """The place, the citation and the body of a determination come back as the law's own row has them."""
    rows = registry.execute(
        "select sentence, laws.citation, jurisdictions.name from determinations join laws on laws.id = determinations.law "
        "join jurisdictions on jurisdictions.id = determinations.jurisdiction where sentence <> ''"
    )
    for sentence, citation, place in rows:
        found = next(values for one in ENGLISH.patterns if (values := TONGUES.read_back(one, sentence)))
        assert found.get("cite", citation) == citation
        assert found.get("city", place.partition(",")[0]) == place.partition(",")[0]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("No source of contracts of Boston, MA has been loaded.", "No se ha cargado ninguna fuente de contratos de Boston, MA."),
        ("City contracts: never (portal closed)", "City contracts: nunca (portal closed)"),
        (
            "We know no place called “Records”. This is not a no.",
            "No conocemos ningún lugar con el nombre “Records”. Esto no equivale a un «no».",
        ),
        ("A finding of others: cameras, drones", None),
        ("seen in 2019 and 2020", None),
    ],
)  # fmt: skip
def test_what_others_wrote_is_left_as_it_is(text: str, told: str | None) -> None:
    assert TONGUES.told(text, SPANISH) == told


def test_reading_back_takes_time_in_proportion_to_the_text() -> None:
    """Published text is hostile: no text makes the search for a message go back and forth."""
    hostile = "Contract " + " of  with  runs from  to " * 20_000
    assert TONGUES.told(hostile, SPANISH) is None


@pytest.mark.parametrize(
    "text", ["a: b (c); d, e. " * 1250, "a; " * 6000, "a, b; " * 190, "x (y): " * 2800, "1: A to B, c (d); " * 190]
)
def test_sentences_within_sentences_are_told_in_proportion_too(text: str) -> None:
    """Every message that a text might be is tried once for each part of it, however the parts lie within each other."""
    TONGUES.told.cache_clear()
    TONGUES.told(text, SPANISH)
    assert TONGUES.told.cache_info().misses < 1000


def test_a_long_list_is_told_to_its_end(registry: sqlite3.Connection) -> None:
    compared = "; ".join(words for (words,) in registry.execute("select words from comparisons"))
    told = TONGUES.told(f"No change noticed in what we compared: {compared}.", SPANISH)
    assert told and "never loaded" not in told and told.count("; ") == compared.count("; ")


def test_what_stays_in_english_within_a_sentence_is_marked(site: Datasette) -> None:
    token = TONGUES._spoken.set("es")
    tongue = TONGUES.Tongue(site)
    try:
        told = tongue.marked("Boston <b> payments\x02: never (Never loaded: no file, archive or bundled extract.)")
    finally:
        TONGUES._spoken.reset(token)
    assert told.startswith('<span lang="en">Boston &lt;b&gt; payments</span>: nunca (Nunca cargada')


# ---- the pages ----


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Datasette:
    return test_client(site_fixture.build(tmp_path_factory.mktemp("languages") / "registry.db"), ROOT)


PAGES = (
    "/", "/answer?about=briefcam&place=Boston&as_of=2020-06-24", "/answer?about=watcher+eye&place=exampleton&as_of=2020-06-24", "/testify",
    "/request?about=briefcam&place=exampleton", "/corrections", "/testimony?place=exampleton", "/testimony?contract=zz-1&record=zz-gift",
    "/registry", "/registry/contracts", "/registry/contracts?_facet=year&_sort=title",
    "/registry/records", "/registry/laws", "/registry/contracts/zz-1", "/registry/records/zz-gift", "/registry/laws/zz-exampleton-ccops",
    "/registry/technologies/cctv", "/registry/suppliers/watcher-inc", "/registry/products/watcher-eye", "/registry/sources/zz-contracts",
    "/registry/jurisdictions/us-zz-exampleton", "/registry/purchases_needing_approval", "/registry/what_we_have_not_searched",
    "/registry/answer?about=briefcam&place=Boston", "/registry?sql=select+1",
)  # fmt: skip
NEUTRAL = re.compile(r"^/(static|-/static|export)/|^/[^?]*\.\w+(\?|$)|^/registry\.db")


@pytest.mark.parametrize("page", PAGES)
async def test_every_link_of_a_spanish_page_stays_in_spanish_or_leads_to_data(site: Datasette, page: str) -> None:
    response = await site.client.get("/es" + page)
    assert '<html lang="es">' in response.text
    assert "ningún abogado ha revisado la traducción" in response.text
    switch = f'<a href="http://localhost{page}" lang="en" hreflang="en"'
    assert switch in unescape(response.text)
    for tag, target in re.findall(r'<(\w+)\b[^>]*?\b(?:href|action|src)="([^"#]+)', response.text):
        path = unescape(target).removeprefix("http://localhost")
        if path.startswith("/") and switch not in f'<a href="{unescape(target)}" lang="en" hreflang="en"' and tag != "link":
            assert path.startswith("/es/") or NEUTRAL.match(path) or path == page, target


@pytest.mark.parametrize("page", PAGES)
async def test_an_english_page_names_the_spanish_one_and_has_no_spanish_link_else(site: Datasette, page: str) -> None:
    text = (await site.client.get(page)).text
    assert '<html lang="en">' in text and "traducción" not in text
    assert f'hreflang="es" href="http://localhost/es{page}"' in unescape(text)
    assert len(re.findall(r'"(?:http://localhost)?/es/', text)) == 2  # the alternate and the switch


@pytest.mark.parametrize("page", PAGES)
async def test_no_sentence_of_ours_is_left_in_english_on_a_spanish_page(site: Datasette, page: str) -> None:
    """Any text of a page that is one of our messages has been told; what stays is marked as English or is a name."""
    text = (await site.client.get("/es" + page)).text
    english = re.sub(r'<(\w+)[^>]*\b(?:lang="en"|translate="no")[^>]*>.*?</\1>|<(script|option|code)\b.*?</\2>', "", text, flags=re.DOTALL)
    shown = {unescape(part).strip() for part in re.findall(r">([^<>]+)<", english)}
    sentences = {text for text in shown if len(text.split()) > 2 and (text in MESSAGES) and SPANISH.exact.get(text) != text}
    assert sentences == set()


async def test_the_spanish_answer_has_the_same_code_and_other_words(site: Datasette) -> None:
    asked = "?about=watcher+eye&place=exampleton&as_of=2020-06-24"
    english, spanish = [(await site.client.get(prefix + "/answer.json" + asked)).json() for prefix in ("", "/es")]
    assert list(english) == list(spanish)
    assert english["answer"] == spanish["answer"] == "in_force"
    assert spanish["sentence"].startswith("Sí: un contrato con fechas de Watcher Eye con Exampleton, ZZ abarca el 2020-06-24:")
    assert english["sentence"].startswith("Yes: a dated contract for Watcher Eye with Exampleton, ZZ covers 2020-06-24:")


DATA = ("/registry/contracts.json?_size=1", "/registry/laws.csv", "/-/versions.json", "/static/registry.css", "/robots.txt")


@pytest.mark.parametrize("path", DATA)
async def test_data_has_one_address_in_every_language(site: Datasette, path: str) -> None:
    response = await site.client.get("/es" + path)
    assert response.status_code == 301
    assert response.headers["location"].startswith(path.partition("?")[0])


async def test_calendar_and_feed_speak_spanish(site: Datasette) -> None:
    asked = "?from_date=2026-11-01"
    calendar, feed = [(await site.client.get(f"/es/testify.{kind}{asked}")).text for kind in ("ics", "atom")]
    assert "SUMMARY:Vence un contrato: " in calendar and "Contract ends" not in calendar
    assert 'xml:lang="es"' in feed and "Contratos de vigilancia que vencen pronto" in feed


async def test_pages_made_at_the_same_time_do_not_mix_languages(site: Datasette) -> None:
    pages = ["/testify", "/es/testify", "/registry/laws", "/es/registry/laws"] * 4
    answers = await asyncio.gather(*(site.client.get(f"{page}?_n={number}") for number, page in enumerate(pages)))
    for page, answer in zip(pages, answers, strict=True):
        assert f'<html lang="{"es" if page.startswith("/es") else "en"}">' in answer.text
        assert ("Lugares" in answer.text) == page.startswith("/es")


async def test_a_page_that_tells_of_an_error_speaks_the_language_of_its_address(site: Datasette) -> None:
    text = (await site.client.get("/es/nowhere")).text
    assert '<html lang="es">' in text and "No existe esa página" in text and 'No se encontró la base de datos' in text
    assert '<a href="/" lang="en" hreflang="en">English</a>' in text and 'action="/es/answer"' in text


async def test_an_unknown_language_is_no_language(site: Datasette) -> None:
    assert (await site.client.get("/xx/answer")).status_code == 404


async def test_a_language_is_added_by_adding_a_file(tmp_path: Path, copy_of_site: Callable[[], Path]) -> None:
    root = copy_of_site()
    spanish = polib.pofile(str(LANGUAGES[0]))
    by_text = {one.msgid: one for one in spanish}
    by_text["English"].msgstr, by_text["Skip to the content"].msgstr = "Ensaio", "Salta"
    spanish.save(str(root / "plugins" / "locale" / "pt.po"))
    client = test_client(site_fixture.build(tmp_path / "registry.db"), root).client
    page = (await client.get("/pt/registry/laws")).text
    assert '<html lang="pt">' in page and "Salta" in page
    assert 'lang="pt" hreflang="pt" aria-current="true">Ensaio</a>' in page
    assert 'hreflang="pt">Ensaio</a>' in (await client.get("/es/")).text


@pytest.fixture
def copy_of_site(tmp_path: Path) -> Callable[[], Path]:
    def copied() -> Path:
        root = tmp_path / "checkout"
        shutil.copytree(FILES["plugins"], root / "plugins", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copyfile(FILES["metadata"], root / "metadata.yml")
        return root

    return copied
