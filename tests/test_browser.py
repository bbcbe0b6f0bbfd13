"""The site driven as people drive it, in Debian's Chromium: asked, read by keyboard, at 320 pixels, without JavaScript, on paper.

Every page is checked by axe-core against WCAG 2.2 AA. A kind of page that is not in the list below fails a test.
Skipped where there is no Chromium; never in `.ci/run`. REGISTRY_SCREENSHOTS names a folder for pictures.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import browser_site
import httpx
import pytest
import site_fixture
import yaml
from click.testing import CliRunner

from registry import serve
from registry.cli import main
from registry.schema import TABLES
from registry.views import VIEWS

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])
QUERIES = yaml.safe_load((site_fixture.ROOT / "metadata.yml").read_text(encoding="utf-8"))["databases"]["registry"]["queries"]
BOSTON = "/answer?about=briefcam&place=Boston&as_of=2021-12-13"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
KNOWN = {
    "about": "watcher eye", "place": "Exampleton, ZZ", "as_of": "2020-06-24", "name": "Watcher Inc", "technology": "cctv",
    "product": "Watcher Eye", "contract": "zz-1", "department": "police", "source": "zz-contracts", "days": "900",
    "from_date": "2019-11-01", "supplier": "Watcher Inc", "since": "2020-01-01",
}  # fmt: skip
# The first row of every table, and rows that look unlike it.
FIRST = [f"{name}/{rows[0]['id']}" for name, rows in site_fixture.tables().items() if rows]
ROWS = [*FIRST, "contracts/zz-hostile", "contracts/zz-lead", "records/zz-gift", "jurisdictions/us-zz-exampleton", "coverage/c2", "totals/1",
        "matters/zz-matter-2", "reviews/review_2", "flows/zz-plan_1"]
# Each page that a plugin answers, by the address it registered: where to look, or None for data and pictures, which are no pages.
OWN: dict[str, list[str] | None] = {
    r"^/answer$": ["/answer", "/answer?about=watcher+eye&place=Exampleton&as_of=2020-06-24", "/answer?about=watcher+eye&place=Exampleton",
                   "/answer?about=briefcam&place=Boston&as_of=2021-12-13", "/answer?about=briefcam&place=Exampleton&as_of=2020-06-24",
                   "/answer?about=cctv&place=Elsewhere&as_of=2020-06-24", "/answer?about=breifcam&place=Bostn"],
    r"^/testify$": ["/testify", "/testify?from_date=2021-11-01", "/testify?place=Nowhere"],
    r"^/request$": ["/request", "/request?about=briefcam&place=us-ma-boston"],
    r"^/changed$": ["/changed", "/changed?since=2020-01-01", "/changed?place=Nowhere"],
    r"^/testimony$": ["/testimony", "/testimony?place=us-zz-exampleton", "/testimony?contract=zz-1&record=zz-gift"],
    r"^/corrections$": ["/corrections"], r"^/map$": ["/map"], r"^/sharing$": ["/sharing"],
}  # fmt: skip
DATA = re.compile(
    r".*\\\.(json|csv|atom|ics|md|txt|xml|svg|xlsx)\$$|\^/reconcile/.*|\^/mcp\$"  # read by programs
)
OTHERS = [
    "/", "/registry", "/registry?sql=select+1+as+one", "/registry?sql=select+nothing", "/registry/contracts?_search=watcher",
    "/registry/contracts?_search=nosuchword", "/registry/contracts?technologies__arraycontains=cctv&_sort_desc=year",
    "/registry/no-such-table", "/registry/contracts/none", "/no-such-page",
]  # fmt: skip
SPANISH = ["/es/", "/es/answer?about=briefcam&place=Boston&as_of=2021-12-13", "/es/registry/contracts", "/es/registry/contracts/zz-1",
           "/es/testify?from_date=2021-11-01", "/es/registry/laws_here?place=Exampleton", "/es/no-such-page", "/es/map",
           "/es/registry/technologies/cctv", "/es/sharing", "/es/testimony?contract=zz-1&record=zz-gift",
           "/es/request?about=briefcam&place=us-ma-boston", "/es/registry/matches/m1"]  # fmt: skip
# What reviewers and records add to a page: links to council matters, flows of information, and the rows that both rest on.
BESIDE = ["/sharing", "/registry/flows/zz-gift_1", "/registry/reviews/review_2", "/registry/matter_links/zz-gift__zz-matter-1",
          "/registry/matters/zz-matter-2", "/registry/leads_to_confirm?place=Exampleton"]  # fmt: skip
SEEN_SMALL = ["/", BOSTON, "/registry/contracts", "/registry/contracts/zz-1", "/map", *BESIDE, "/registry/jurisdictions/us-zz-exampleton",
              "/registry/purchases_needing_approval?place=Exampleton", "/testimony?contract=zz-1",
              "/registry?sql=select+1+as+one"]  # fmt: skip


def asked(name: str, values: dict[str, str]) -> str:
    return f"/registry/{name}?{httpx.QueryParams({key: values[key] for key in QUERIES[name]['params']})}"


def every_page() -> list[str]:
    """One address of each kind of page, questions empty, answered and without an answer."""
    nowhere = dict.fromkeys(KNOWN, "zz-nothing")
    questions = [one for name in QUERIES for one in (f"/registry/{name}", asked(name, KNOWN), asked(name, nowhere))]
    own = [path for paths in OWN.values() for path in paths or []]
    lists = [f"/registry/{name}" for name in (*TABLES, *VIEWS)]
    return [*OTHERS, *own, *lists, *(f"/registry/{row}" for row in ROWS), *questions, *SPANISH]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    path = browser_site.chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        # Containers run as root, where Chromium's own sandbox cannot start; it only ever reads our own pages.
        running = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture(scope="module")
def small(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with browser_site.served(browser_site.small(tmp_path_factory.mktemp("small"))) as address:
        yield address


@pytest.fixture(scope="module")
def real(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The registry as a stranger has it after `registry load --offline`."""
    build = tmp_path_factory.mktemp("real")
    environment = {"REGISTRY_DATA": str(site_fixture.ROOT / "data"), "REGISTRY_BUILD": str(build)}
    assert CliRunner().invoke(main, ["load", "--offline", "-q"], env=environment).exit_code == 0
    with browser_site.served(serve.test_client(build / "registry.db", site_fixture.ROOT)) as address:
        yield address


@pytest.fixture
def reader(browser: Any) -> Iterator[Any]:
    """A page under the site's own content security policy; what the browser complains of is kept."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.complaints = []
    page.on("console", lambda told: page.complaints.append(told.text) if told.type == "error" else None)
    yield page
    context.close()


def violations(page: Any) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    found = Axe().run(page, options={"runOnly": RULES, "resultTypes": ["violations"]}).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found]


def too_wide(page: Any) -> list[str]:
    """What makes the page scroll sideways, or scrolls sideways itself and cannot be reached by keyboard."""
    return page.evaluate("""() => {
        const out = document.documentElement.scrollWidth > innerWidth ? ['the page: ' + document.documentElement.scrollWidth] : []
        for (const one of document.querySelectorAll('main *')) {
            const scrolls = ['auto', 'scroll'].includes(getComputedStyle(one).overflowX) && one.scrollWidth > one.clientWidth + 1
            if (scrolls && one.tabIndex < 0) out.push(one.outerHTML.slice(0, 120))
        }
        return out
    }""")


def test_every_page_that_a_plugin_registers_is_in_the_list(tmp_path: Path) -> None:
    ours = [route.pattern for route, _ in browser_site.small(tmp_path)._routes() if route.pattern.startswith("^/")]
    assert len(ours) > 20
    assert [one for one in ours if one not in OWN and not DATA.fullmatch(one)] == []
    assert [name for name in TABLES if not any(row.startswith(f"{name}/") for row in ROWS)] == []


@pytest.mark.parametrize("part", range(8))
def test_every_page_can_be_used_by_everyone(browser: Any, small: str, part: int) -> None:
    """axe-core finds nothing, the page fits 320 pixels, and what scrolls can be reached by keyboard."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, bypass_csp=True)
    page, wrong = context.new_page(), []
    for path in every_page()[part::8]:
        page.set_viewport_size({"width": 1280, "height": 900})
        page.goto(small + path)
        wrong += [f"{path}: {one}" for one in violations(page)]
        page.set_viewport_size({"width": 320, "height": 640})
        wrong += [f"{path} at 320 px: {one}" for one in too_wide(page)]
    context.close()
    assert wrong == []


def test_small_dark_pages_can_be_used_by_everyone(browser: Any, small: str) -> None:
    context = browser.new_context(viewport={"width": 320, "height": 640}, bypass_csp=True, color_scheme="dark")
    page, wrong = context.new_page(), []
    for path in SEEN_SMALL:
        page.goto(small + path)
        wrong += [f"{path}: {one}" for one in violations(page)]
        browser_site.keep(page, "small-dark" + re.sub(r"\W+", "-", path))
    context.close()
    assert wrong == []


@pytest.mark.parametrize("script", [True, False])
def test_a_reporter_asks_from_the_home_page(browser: Any, real: str, script: bool) -> None:
    context = browser.new_context(java_script_enabled=script)
    page = context.new_page()
    page.goto(real)
    page.locator("main").get_by_label("Product, supplier or technology").fill("BriefCam")
    page.locator("main").get_by_label("Place", exact=True).fill("Boston")
    page.locator("main").get_by_label("On (YYYY-MM-DD)").fill("2020-06-24")
    page.locator("main").get_by_role("button", name="Is there a contract?").click()
    assert page.get_by_role("heading", level=1).inner_text().startswith("Is there a current contract? BriefCam, Boston, MA, 2020-06-24")
    assert page.locator(".answer h2").inner_text() == "Review"
    assert "2020-06-24" in page.locator(".answer .sentence").inner_text()
    assert page.get_by_role("region", name="Evidence").locator("a[href^='https://']").count() >= 1
    browser_site.keep(page, f"reporter-{'with' if script else 'without'}-javascript")
    context.close()


def test_a_librarian_opens_a_contract_and_cites_it(reader: Any, real: str) -> None:
    reader.goto(real)
    reader.get_by_role("link", name=QUERIES["department"]["title"]).first.click()
    reader.locator("main").get_by_label("place", exact=False).first.fill("Chicago")
    reader.locator("main").get_by_role("button").first.click()
    reader.locator("main td a[href*='/registry/contracts/']").first.click()
    address = reader.locator(".cite dd a").first.get_attribute("href")
    assert reader.url.partition("?")[0] == address
    reader.get_by_text("How to cite").click()
    assert all(address in text for text in reader.locator(".cite pre.copy").all_inner_texts())
    browser_site.keep(reader, "librarian")
    assert reader.complaints == []


def test_an_advocate_shares_what_needs_a_vote(browser: Any, reader: Any, real: str) -> None:
    reader.goto(f"{real}/registry/purchases_needing_approval")
    reader.locator("main").get_by_label("place", exact=False).first.fill("Oakland")
    reader.locator("main").get_by_role("button").first.click()
    told = reader.locator("main").inner_text()
    other = browser.new_context().new_page()  # somebody who was sent the link
    other.goto(reader.url)
    assert "Oakland" in told and other.locator("main").inner_text() == told
    browser_site.keep(other, "advocate")
    other.context.close()
    assert reader.complaints == []


def test_a_clerk_corrects_a_typing_error(reader: Any, real: str) -> None:
    reader.goto(f"{real}/answer?about=shotspottr&place=Chicago&as_of=2020-06-24")
    assert reader.locator(".answer h2").inner_text() == "Did you mean?"
    browser_site.keep(reader, "clerk")
    reader.locator(".answer").get_by_role("link", name="ShotSpotter").first.click()
    assert reader.locator(".answer h2").inner_text() == "In force"


def outlined(page: Any) -> bool:
    """Whether the focus is seen."""
    look = "one => one.matches(':focus-visible') && getComputedStyle(one).outlineStyle !== 'none'"
    return page.locator(":focus").evaluate(look)


def test_the_keyboard_alone_asks_and_goes_through_the_page(reader: Any, small: str) -> None:
    reader.goto(small)
    reader.keyboard.press("Tab")
    assert reader.evaluate("document.activeElement.className") == "skip" and outlined(reader)
    reader.keyboard.press("Enter")
    assert reader.evaluate("document.activeElement.id") == "main"
    for words in ("BriefCam", "Boston", "2021-12-13"):
        reader.keyboard.press("Tab")
        assert outlined(reader)
        reader.keyboard.type(words)
    with reader.expect_navigation():
        reader.keyboard.press("Enter")
    assert reader.locator(".answer h2").inner_text() == "Review"
    assert reader.complaints == []


@pytest.mark.parametrize("path", ["/registry/contracts", BOSTON, "/registry/contracts/zz-1", *BESIDE])
def test_tab_reaches_everything_in_order_and_leaves_it_again(reader: Any, small: str, path: str) -> None:
    reader.goto(small + path)
    wanted = reader.evaluate("""() => [...document.querySelectorAll(
            'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]')]
        .filter(one => one.checkVisibility({visibilityProperty: true})).map((one, at) => one.dataset.at = String(at))""")
    met = []
    for _ in range(len(wanted)):
        reader.keyboard.press("Tab")
        met.append(reader.evaluate("document.activeElement.dataset.at"))
        assert outlined(reader), reader.evaluate("document.activeElement.outerHTML")
    assert met == wanted
    reader.keyboard.press("Tab")
    assert reader.evaluate("document.activeElement.dataset.at") in (None, "0")  # out of the page, or round to its beginning


def test_a_page_says_the_same_without_javascript(browser: Any, small: str) -> None:
    told: dict[bool, list[str]] = {}
    for script in (True, False):
        context = browser.new_context(java_script_enabled=script)
        page = context.new_page()
        told[script] = []
        for path in BESIDE:
            page.goto(small + path)
            told[script].append(page.locator("main").inner_text())
        context.close()
    assert told[True] == told[False] and all(len(words) > 100 for words in told[True])


@pytest.mark.parametrize("path", [BOSTON, "/registry/contracts/zz-1", "/testimony?contract=zz-1", *BESIDE])
def test_on_paper_there_is_no_navigation_and_addresses_are_printed(reader: Any, small: str, path: str) -> None:
    reader.goto(small + path)
    reader.emulate_media(media="print")
    assert reader.locator("nav:visible, form:visible, .skip:visible").count() == 0
    assert f"{small}/" in reader.locator("main").inner_text()
    printed = "one => getComputedStyle(one, '::after').content.includes(one.getAttribute('href'))"
    assert all(one.evaluate(printed) for one in reader.locator("main section:not(.cite) a[href^='https://']:visible").all())
    browser_site.keep(reader, "paper" + re.sub(r"\W+", "-", path))
