"""Every page, feed, file and refusal in another language says nothing of its own in English: tried on the real registry."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import feedparser
import httpx
import icalendar
import pytest
import test_languages
import yaml
from conftest import ROOT, Checkout
from datasette.app import Datasette

from registry.schema import TABLES
from registry.serve import test_client
from registry.views import VIEWS

QUERIES = yaml.safe_load((ROOT / "metadata.yml").read_text(encoding="utf-8"))["databases"]["registry"]["queries"]
KNOWN = {
    "about": "briefcam", "place": "Boston", "as_of": "2021-12-13", "name": "Motorola", "technology": "drones", "product": "BriefCam",
    "department": "police", "source": "us-il-chicago-contracts", "days": "300", "from_date": "2019-01-01", "supplier": "Motorola",
    "since": "2020-01-01",
}  # fmt: skip
OWN = (
    "/", "/registry", "/testify", "/testify?days=x", "/testify?from_date=x", "/changed", "/changed?place=Nowhere", "/corrections", "/map",
    "/sharing", "/request", "/request?about=briefcam&place=Boston", "/request?about=zz&place=Nowhere", "/testimony", "/answer",
    "/testimony?place=Boston", "/testimony?about=shotspotter&place=Chicago&as_of=2020-06-24",
    "/answer?about=briefcam&place=Boston&as_of=2021-12-13", "/answer?about=shotspottr&place=Chicago", "/nowhere", "/registry/nowhere",
    "/registry/contracts/nowhere", "/registry/contracts?_search=zzzz", "/registry/contracts?_facet=year&_size=5&title__contains=police",
)  # fmt: skip
ENGLISH_WORDS = frozenset({
    "the", "of", "is", "are", "was", "were", "been", "not", "and", "or", "for", "with", "that", "this", "it", "its", "we", "they", "from",
    "by", "an", "at", "have", "which", "who", "what", "any", "each", "only", "there", "their", "these", "those", "to", "does", "can", "may",
    "must", "where", "when", "than", "then",
})  # fmt: skip
NAME = re.compile(r"\w+|https?://\S+")  # of a column or a page
SILENT = ("script", "style", "code", "textarea", "option", "title")
LABELS = ("title", "placeholder", "aria-label", "data-label", "value")
EMPTY = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}


class Heard(HTMLParser):
    """What a page says in its own language (`own`), and what it says is English (`english`)."""

    def __init__(self) -> None:
        super().__init__()
        self.own: list[str] = []
        self.english: list[str] = []
        self.open: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        silent = tag in SILENT or given.get("translate") == "no" or (tag == "pre" and given.get("class") == "copy")
        mark = "english" if given.get("lang") == "en" else "silent" if silent else ""
        if not any(inherited for _, inherited in self.open) and not mark:
            self.own += [value for name in LABELS if (value := given.get(name)) and given.get("type") not in ("hidden", "search", "text")]
        if tag not in EMPTY:
            self.open.append((tag, mark))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        text, marks = " ".join(data.split()), [mark for _, mark in self.open if mark]
        if text and not marks:
            self.own.append(text)
        elif text and marks[0] == "english":
            self.english.append(text)


def english(text: str) -> bool:
    """Whether a text is a sentence in English: two different words of it are such as no other language of the site has."""
    return len(ENGLISH_WORDS.intersection(re.findall(r"[a-záéíóúñü']+", text.lower()))) > 1


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The registry that a first load makes of the real data/."""
    checkout = Checkout(ROOT / "data", tmp_path_factory.mktemp("spoken"))
    assert checkout.run("load", "--offline", "--quiet").exit_code == 0
    return checkout.registry


@pytest.fixture(scope="module")
def db(loaded: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(loaded)) as db:
        yield db


@pytest.fixture(scope="module")
def site(loaded: Path) -> Datasette:
    return test_client(loaded, ROOT)


def asked(name: str, values: dict[str, str]) -> str:
    return f"/registry/{name}?{httpx.QueryParams({key: values[key] for key in QUERIES[name]['params']})}"


def questions(db: sqlite3.Connection) -> list[str]:
    known = KNOWN | {"contract": db.execute("select min(id) from contracts").fetchone()[0]}
    nothing = dict.fromkeys(known, "zz")
    return [path for name in QUERIES for path in (f"/registry/{name}", asked(name, known), asked(name, nothing))]


def lists() -> list[str]:
    return [f"/registry/{name}?_size=5" for name in (*TABLES, *VIEWS)]


def rows(db: sqlite3.Connection) -> list[str]:
    firsts = {name: db.execute(f"select min(id) from [{name}]").fetchone()[0] for name in TABLES}
    return [f"/registry/{name}/{first}" for name, first in firsts.items() if first]


def test_english_is_heard() -> None:
    page = Heard()
    page.feed('<p title="Of the one">Nada <b lang="en">of the other</b></p><input value="Apply to it"><pre class="copy">of the</pre>')
    assert page.own == ["Of the one", "Nada", "Apply to it"] and page.english == ["of the other"]
    assert english("Contracts of the city") and not english("El contrato no es de la ciudad")


@pytest.mark.parametrize("kind", ["own", "questions", "lists", "rows"])
async def test_no_page_says_anything_of_its_own_in_english(site: Datasette, db: sqlite3.Connection, kind: str) -> None:
    """Names of places and of columns are the same in every language; what others published is marked as English."""
    paths = {"own": list(OWN), "questions": questions(db), "lists": lists(), "rows": rows(db)}[kind]
    names = {name for (name,) in db.execute("select name from jurisdictions")}
    for path in paths:
        page = Heard()
        page.feed((await site.client.get("/es" + path)).text)
        assert [text for text in page.own if english(text) and text not in names and not NAME.fullmatch(text)] == [], path
        messages = [text for text in page.own if len(text.split()) > 2 and text in test_languages.MESSAGES]
        assert [text for text in messages if test_languages.SPANISH.exact.get(text) != text] == [], path
        assert [text for text in page.english if len(text.split()) > 2 and text in test_languages.MESSAGES] == [], path


# ---- testimony ----


def test_every_form_is_its_english_sentence_and_is_told_without_english_of_ours(site: Datasette, db: sqlite3.Connection) -> None:
    """The sentence and its form are made of one definition: filled in English, each form of the real registry is the sentence."""
    fill = site.jinja_env.globals["filled"]
    for sentence, form in db.execute("select sentence, form from testimony_sentences"):
        read = yaml.safe_load(form)
        assert " ".join("".join(part.text for part in fill(read["message"], read)).split()) == " ".join(sentence.split())
        for text in (read["message"], *read["ours"].values()):
            assert text in test_languages.MESSAGES
        for value in read["told"].values():
            for text in value if isinstance(value, list) else [value]:
                assert not text or test_languages.TONGUES.told(text, test_languages.SPANISH), text


def test_a_value_is_never_filled_again(site: Datasette) -> None:
    form = {"message": "“{title}”", "ours": {"place": "ours"}, "quoted": {"title": "{place} {title}"}, "facts": {}, "told": {}}
    assert "".join(part.text for part in site.jinja_env.globals["filled"]("“{title}”", form)) == "“{place} {title}”"


CHOSEN = "about=shotspotter&place=Chicago&as_of=2020-06-24"


async def test_a_testimony_is_told_in_the_language_of_its_address(site: Datasette) -> None:
    told, said = [(await site.client.get(f"{prefix}/testimony.md?{CHOSEN}")).text for prefix in ("", "/es")]
    assert told.startswith("Yes: a dated contract") and said.startswith("Sí: un contrato con fechas")
    assert "lists a contract with" not in said and "publica un contrato con" in said and "“AREA ACOUSTIC GUN SHOT SURVEILLANCE" in said
    assert "Sin consultar, lo que no equivale a un «no»: Chicago payments" in said and "Página del registro <http://localhost/es/" in said
    assert re.findall(r"^\[\^\d+\]", told, re.MULTILINE) == re.findall(r"^\[\^\d+\]", said, re.MULTILINE)
    page = (await site.client.get(f"/es/testimony?{CHOSEN}")).text
    (article,) = re.findall(r'<article class="testimony".*?</article>', page, re.DOTALL)
    assert '<span lang="en">Chicago payments</span>' in article and 'lang="en"' not in article.partition(">")[0]


@pytest.mark.parametrize("most", [300, 450])
async def test_a_testimony_in_another_language_is_no_longer_than_asked(site: Datasette, db: sqlite3.Connection, most: int) -> None:
    ids = "&".join(f"contract={ref}" for (ref,) in db.execute("select id from contracts where evidence <> 'supplier' limit 50"))
    said = (await site.client.get(f"/es/testimony.md?{ids}&words={most}")).text
    spoken = re.sub(r"\[\^\d+\]", "", said.partition("\n\n[^1]:")[0])
    assert most - 90 < sum(any(letter.isalnum() for letter in word) for word in spoken.split()) <= most


async def test_what_cannot_be_testified_is_said_in_the_language(site: Datasette) -> None:
    answer = await site.client.get("/es/testimony.md")
    assert answer.status_code == 404 and answer.text.startswith("Elija contratos")


# ---- a records request ----


async def test_the_request_to_send_is_english_and_the_one_to_read_is_the_same_in_the_language(site: Datasette) -> None:
    path = "/request?about=briefcam&place=Boston"
    english_page, page = [(await site.client.get(prefix + path)).text for prefix in ("", "/es")]
    letters = re.findall(r'<pre class="([^"]+)"[^>]*>(.*?)</pre>', page, re.DOTALL)
    (name, sent), (other, read) = letters
    assert (name, other) == ("copy", "to-read no-print") and "to-read" not in english_page
    assert unescape(sent).strip() == (await site.client.get("/request.txt?about=briefcam&place=Boston")).text.strip()
    assert re.findall(r'<pre class="copy"[^>]*>(.*?)</pre>', english_page, re.DOTALL) == [sent]
    assert len(read.strip().split("\n")) == len(sent.strip().split("\n"))
    assert "Asunto: solicitud de registros públicos, BriefCam" in read and "Ley de Registros Públicos de Massachusetts" in read
    assert "10 días hábiles para una primera respuesta" in read and '- <span lang="en">' in read
    heard = Heard()
    heard.feed(read)
    assert [text for text in heard.own if english(text)] == []


async def test_a_typed_name_is_text_in_the_request_to_read(site: Datasette) -> None:
    page = (await site.client.get("/es/request?about=%3Cb%3E{place}%3C/b%3E&place=Boston")).text
    assert "<b>{place}" not in page and page.count("&lt;b&gt;{place}&lt;/b&gt;") >= 4


# ---- feeds, calendars, refusals ----


@pytest.mark.parametrize("name", ["changed", "testify", "corrections"])
async def test_a_feed_speaks_the_language_of_its_address(site: Datasette, name: str) -> None:
    ours, theirs = [feedparser.parse((await site.client.get(f"{prefix}/{name}.atom")).content) for prefix in ("", "/es")]
    assert not theirs.bozo and theirs.feed.title != ours.feed.title and theirs.feed.id != ours.feed.id
    assert (ours.feed.title_detail.language, theirs.feed.title_detail.language) == ("en", "es")
    assert {link.rel: link.href for link in theirs.feed.links}["self"] == f"http://localhost/es/{name}.atom"
    assert all("/es/" in link.href for link in theirs.feed.links)
    assert [one.id for one in theirs.entries] == [one.id for one in ours.entries]
    assert not english(theirs.feed.title) and not english(theirs.feed.author)
    told = [text for text in (theirs.feed.get("subtitle", ""), *(one.title for one in theirs.entries)) if text in test_languages.MESSAGES]
    assert told == []


async def test_the_changes_of_a_contract_are_told_in_the_feed(tmp_path: Path) -> None:
    site = test_client(test_languages.site_fixture.build(tmp_path / "registry.db"), ROOT)
    titles = [one.title for one in feedparser.parse((await site.client.get("/es/changed.atom")).content).entries]
    assert len(titles) == 3 and any("antes 100.00" in title or "era 100.00" in title for title in titles), titles


async def test_the_calendar_says_its_language(site: Datasette) -> None:
    calendar = icalendar.Calendar.from_ical((await site.client.get("/es/testify.ics")).content)
    assert calendar["PRODID"].endswith("//ES") and not english(str(calendar["X-WR-CALDESC"]))


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/registry/contracts?_size=1000", 400, "Una página muestra como máximo 200 filas."),
        ("/registry/contracts?" + "&".join(["_facet=year"] * 7), 400, "Se cuentan como máximo 6 facetas a la vez."),
        ("/registry/contracts?x=" + "x" * 30_000, 414, "La dirección tiene más de 30,000 caracteres."),
        ("/testify.ics?days=x", 400, "No podemos leer"), ("/testify.atom?place=Nowhere", 404, "No tenemos ningún lugar"),
        ("/changed.atom?place=Nowhere", 404, "No tenemos ningún lugar"),
    ],
)  # fmt: skip
async def test_a_refusal_speaks_the_language_of_its_address(site: Datasette, path: str, status: int, words: str) -> None:
    refused = await site.client.get("/es" + path)
    assert refused.status_code == status and refused.text.startswith(words)
    assert not (await site.client.get(path)).text.startswith(words)


async def test_a_question_by_post_is_refused_in_the_language(site: Datasette) -> None:
    refused = await site.client.post("/es/answer")
    assert refused.status_code == 405 and refused.text == "Este sitio solo responde preguntas (GET)."


@pytest.mark.parametrize("path", ["/mcp", "/reconcile/suppliers", "/request.txt", "/changed.json", "/testify.json"])
async def test_what_programs_read_has_one_address(site: Datasette, path: str) -> None:
    moved: Any = await site.client.get("/es" + path)
    assert moved.status_code == 301 and moved.headers["location"].partition("?")[0] == path
