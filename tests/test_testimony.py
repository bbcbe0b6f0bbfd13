"""/testimony: at most so many words, every sentence bound to a row that says it, hostile text told as text, nothing typed printed."""

from __future__ import annotations

import asyncio
import html
import re
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import httpx
import pytest
import site_fixture
from datasette.app import Datasette
from datasette.utils import module_from_path
from markdown_it import MarkdownIt

from registry import serve

testimony: ModuleType = module_from_path(str(site_fixture.ROOT / "plugins" / "testimony.py"), name="of_test_testimony")
HOSTILE = (
    "# x\n\n> [click](javascript:alert(1)) `code` <b>bold</b> ![i](https://evil.example/i) www.evil.example a@evil.example | ~~no~~ *so*"
)
WORDS = SimpleNamespace(text="Words.", shown="Words.")
REF = testimony.Ref("zz-1", "http://localhost/registry/contracts/zz-1", "A source", "https://example.org/", "official", "", "", "")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Datasette:
    rows = site_fixture.tables()
    rows["contracts"] += [
        site_fixture.contract("zz-marks", title=HOSTILE, supplier_name="1. A\n- B", buyer_unit="_u_", value_amount=-12.5),
        site_fixture.contract("zz-found", title="[synthetic] Voted on", approval_status="refused", approval_record="zz-vote"),
    ]
    return serve.test_client(site_fixture.write(tmp_path_factory.mktemp("testimony") / "registry.db", rows), site_fixture.ROOT)


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Datasette:
    return serve.test_client(site_fixture.build_large(tmp_path_factory.mktemp("long") / "registry.db", 50), site_fixture.ROOT)


def get(site: Datasette, path: str) -> httpx.Response:
    return asyncio.run(site.client.get(path))


def spoken(answer: httpx.Response) -> list[str]:
    """The words of each paragraph of the Markdown, without the footnotes."""
    return [re.sub(r"\[\^\d+\]", "", part) for part in answer.text.split("\n\n") if not part.startswith("[^")]


def plain(text: str) -> str:
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text)


def rows_of(site: Datasette) -> list[dict[str, Any]]:
    found = asyncio.run(site.get_database("registry").execute("select * from testimony_sentences"))
    return [dict(row) for row in found]


CHOSEN = "/testimony.md?contract=zz-1&contract=zz-lead&contract=zz-hostile&record=zz-gift&words=450"


def test_a_sentence_cannot_be_made_without_a_row() -> None:
    with pytest.raises(TypeError):
        testimony.Sentence("contract", (WORDS,))
    row = dict.fromkeys(("source", "source_url", "grade", "source_date", "sha256", "loaded"), "")
    for missing in ({"ref": "", "sentence": "Words."}, {"ref": None, "sentence": "Words."}, {"ref": "zz-1", "sentence": None}):
        with pytest.raises(ValueError, match="a sentence needs a row"):
            testimony.bound({**row, **missing, "kind": "contract", "page": "contracts"}, "", "", None)


@pytest.mark.parametrize("path", [CHOSEN, "/testimony.md?about=watcher+eye&place=Exampleton&as_of=2020-06-24&words=450"])
def test_every_sentence_is_the_words_of_its_row_and_its_footnote_leads_there(site: Datasette, path: str) -> None:
    text = get(site, path).text
    said = {(f"/registry/{row['page']}/{row['ref']}", " ".join(row["sentence"].split())) for row in rows_of(site)}
    pages = dict(re.findall(r"^\[\^(\d+)\]: Registry page <(http://localhost[^>]+)>", text, re.MULTILINE))
    sentences = re.findall(r"(\S.*?)\[\^(\d+)\](?!:)", text)
    assert [number for _, number in sentences] == list(pages) and len(pages) >= 3
    for words, number in sentences:
        page = pages[number].removeprefix("http://localhost")
        assert get(site, page).status_code == 200
        if page.startswith("/answer?"):
            assert plain(words) == get(site, page.replace("/answer?", "/answer.json?")).json()["sentence"]
        else:
            assert (page, plain(words)) in said


def test_nothing_that_is_typed_gets_into_it(site: Datasette) -> None:
    typed = "zz+typed+by+a+reader"
    by_hand = get(site, f"{CHOSEN}&about={typed}&as_of={typed}&place={typed}&contract={typed}&note={typed}")
    assert by_hand.status_code == 200 and "typed" not in by_hand.text
    assert get(site, f"/testimony.md?about={typed}&place=Boston").status_code == 404
    page = get(site, CHOSEN.replace(".md", "") + f"&about={typed}&place={typed}").text
    (article,) = re.findall(r'<article class="testimony".*?</article>', page, re.DOTALL)
    assert "typed by a reader" not in article


@pytest.mark.parametrize(("asked", "most"), [("300", 300), ("450", 450), ("", 300), ("9999", 300), ("-1", 300), ("x", 300)])
def test_it_is_never_longer_than_asked_and_cut_at_whole_sentences(long: Datasette, asked: str, most: int) -> None:
    ids = "&".join(f"contract=zz-n{number}" for number in range(50))
    answer = get(long, f"/testimony.md?{ids}&words={asked}")
    told = " ".join(spoken(answer))
    assert most - 60 < testimony.words(told) <= most
    whole = {plain(testimony.markdown(row["sentence"])) for row in rows_of(long)}
    for sentence in re.split(r"\[\^\d+\] ?", "\n".join(part for part in answer.text.split("\n\n") if not part.startswith("[^"))):
        assert not sentence.strip() or plain(sentence.strip()) in whole
    page = html.unescape(get(long, f"/testimony?{ids}&words={asked}").text)
    said = r"(\d+) words of at most \d+; the footnotes do not count\.\s+(\d+) whole sentences did not fit"
    ((shown, left_out),) = re.findall(said, page)
    assert int(shown) == testimony.words(plain(told)) and int(left_out) > 30


def test_what_was_not_searched_is_never_pushed_out(long: Datasette) -> None:
    ids = "&".join(f"contract=zz-n{number}" for number in range(50))
    assert spoken(get(long, f"/testimony.md?{ids}"))[-1].startswith("Searched only through 2025-12-31, and only the rows that matched")


def test_a_lead_is_told_only_where_it_was_chosen_and_says_so(site: Datasette) -> None:
    by_hand = spoken(get(site, "/testimony.md?contract=zz-lead"))
    assert by_hand[0].startswith("A lead, not a finding (only the supplier's name points to this technology): Exampleton")
    by_answer = get(site, "/testimony.md?about=watcher+eye&place=Exampleton&as_of=2020-06-24").text
    assert "zz-lead" not in by_answer and "A lead" not in by_answer


def test_an_answer_leads_and_its_evidence_follows(site: Datasette) -> None:
    paragraphs = spoken(get(site, "/testimony.md?about=briefcam&place=us-ma-boston&as_of=2020-06-24"))
    assert paragraphs[0].startswith("We do not say yes or no") and "WBUR reported" in paragraphs[1]
    assert paragraphs[-1] == "Not searched, which is not a no: no source of contracts of Boston, MA has been loaded. " + (
        "Searched only through 2026-11-01: Public records."
    )


def test_a_name_we_do_not_know_says_nothing(site: Datasette) -> None:
    answer = get(site, "/testimony.md?about=breifcam&place=Boston")
    assert answer.status_code == 404 and "This is not a no." in answer.text
    assert "<article" not in get(site, "/testimony?about=breifcam&place=Boston").text
    assert get(site, "/testimony.md?contract=zz-none").status_code == 404


def test_a_place_gives_a_list_to_choose_from(site: Datasette) -> None:
    page = get(site, "/testimony?place=Exampleton").text
    assert re.findall(r'name="contract" value="([^"]+)"', page)[-1] == "zz-lead" and 'name="record" value="zz-gift"' in page
    assert "<script>alert" not in page and "Lead only" in page
    assert "That is not a finding that there is none" in get(site, "/testimony?place=us-yy-twin").text
    assert "Add the state" in get(site, "/testimony?place=Twin").text


def test_a_vote_that_was_found_is_told_by_its_record(site: Datasette) -> None:
    text = get(site, "/testimony.md?contract=zz-found").text
    assert "/registry/records/zz-vote>" in text
    assert "no vote was found in the records of votes that were searched, which does not show that there was none" in plain(
        get(site, "/testimony.md?contract=zz-lead").text
    )


def test_hostile_text_is_text_in_html(site: Datasette) -> None:
    page = get(site, "/testimony?contract=zz-hostile&contract=zz-marks&record=zz-gift").text
    assert "<script>alert" not in page and "<img src=x" not in page and "<b>bold" not in page
    assert not re.search(r'href="\s*(javascript|data):', page, re.IGNORECASE)
    assert html.escape(site_fixture.HOSTILE["script"], quote=False).replace("'", "&#39;") in page


def kinds(text: str) -> set[str]:
    """Every kind of thing that a Markdown reader with tables, bare links and strike-through sees in a text."""
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    return {part.type for token in parser.parse(text) for part in [token, *(token.children or [])]}


@pytest.mark.parametrize(
    "text", [HOSTILE, "# title", "> said", "- item", "+ item", "1. one", "1) one", "=== ", "---", "a\n===", "    code", "\tcode",
             "<!-- c -->", "[a]: https://evil.example", "&lt;script&gt;", "\\", "a\\\nb", "| a | b |\n|---|---|\n| 1 | 2 |",
             "~~~\ncode", "$x$"]
)  # fmt: skip
def test_hostile_text_is_text_in_markdown(text: str) -> None:
    assert kinds(testimony.markdown(text)) <= {"paragraph_open", "inline", "paragraph_close", "text", "text_special"}
    shown = "".join(part.content for token in MarkdownIt().parse(testimony.markdown(text)) for part in token.children or [])
    assert shown == " ".join(text.split())


def test_a_bare_address_in_a_title_is_no_link(site: Datasette) -> None:
    said = spoken(get(site, "/testimony.md?contract=zz-marks"))[0]
    assert not re.search(r"(?i)https?:|www\.|(?<!\\)@", said) and "\n" not in said
    assert "amount as published -$12.50" in plain(said)


def test_an_address_cannot_leave_its_brackets(site: Datasette) -> None:
    assert testimony.address("https://example.org/a> <b>\n(x)") == "<https://example.org/a%3E%20%3Cb%3E%0A(x)>"
    assert testimony.address("javascript:alert(1)") == testimony.address("") == ""
    hostile = testimony.Sentence("contract", (WORDS,), REF._replace(source=HOSTILE, source_url="data:x", grade="*p*"))
    text = testimony.as_markdown([hostile], site.jinja_env.globals["tongue"])
    assert kinds(text) <= {"paragraph_open", "inline", "paragraph_close", "text", "text_special", "link_open", "link_close"}
    assert "evil.example>" not in text and "data:" not in text


@pytest.mark.parametrize(
    ("page", "link"),
    [
        ("/registry/contracts/zz-1", "/testimony?contract=zz-1"), ("/registry/records/zz-gift", "/testimony?record=zz-gift"),
        ("/registry/jurisdictions/us-zz-exampleton", "/testimony?place=us-zz-exampleton"),
        ("/testify?place=Boston", "/testimony?place=Boston"),
        ("/answer?about=briefcam&place=Boston&as_of=2020-06-24", "/testimony?about=briefcam&place=us-ma-boston&as_of=2020-06-24"),
    ],
)  # fmt: skip
def test_pages_lead_there(site: Datasette, page: str, link: str) -> None:
    assert f'href="{link}"' in html.unescape(get(site, page).text) and get(site, link).status_code == 200


def test_thirty_thousand_contracts_do_not_make_it_slow(tmp_path: Path) -> None:
    many = serve.test_client(site_fixture.build_large(tmp_path / "registry.db", 31_000), site_fixture.ROOT)
    # A statement that makes the sentences of all of them would meet the time limit of two seconds.
    answer = get(many, "/testimony.md?contract=zz-n7&record=zz-gift")
    assert answer.status_code == 200 and "/registry/contracts/zz-n7>" in answer.text
