"""The offline edition: every answer page as plain HTML that links only to pages of the same folder, the database, the data package.

The pages are those of the site itself, asked in process, in English and below `es/` and the like in every language of the site.
What needs a running site (forms, filters, other formats) is taken out of them. Answers that speak of "today" are given for the day
of the newest load, so the same registry gives the same bytes.
"""

from __future__ import annotations

import asyncio
import contextlib
import html
import io
import itertools
import posixpath
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import httpx
import polib

from .artefact import DATABASE, copy_of_metadata, empty_folder, write_site
from .datapackage import write_datapackage
from .errors import RegistryError
from .manifest import write_manifest
from .sentences import say
from .smoke import ROWS, load_app
from .sql import open_read_only, quoted

LISTS = (*ROWS, "places", "coverage", "loads", "changes", "issues", "provisions")
PAGE_ROWS = 200
SITE = "http://localhost"
TODAY = "date('now')"  # as metadata.yml writes it
STYLES = {"/static/registry.css": "static/registry.css", "/-/static/app.css": "static/app.css"}
ANSWERS = "answers.html"
NOTE = say(
    'A copy to read offline, made from the registry loaded {loaded}. Answers are for that day: '
    '<a href="{answers}">every answer of this copy</a>. Links without a target, forms and filters work only on the live site.'
)
NO_TARGET = say("Only on the live site")
EVERY_ANSWER = say("Every answer of this copy")
CURRENT = say("Is there a current contract?")
LISTED = say("Every name and place that this copy holds evidence of, answered for {day}.")
# What needs a running site, speaks of the live site's address, or of the day of reading: a copy has none of these.
LIVE = re.compile(
    r'<form\b.*?</form>|<script\b.*?</script>|<link rel="alternate"[^>]*>|<meta property="og:url"[^>]*>|<section class="cite".*?</section>',
    re.DOTALL,
)
LINK = re.compile(r'\bhref="([^"]*)"')
TITLE, MAIN = re.compile(r"<title>.*?</title>", re.DOTALL), re.compile(r"(<main\b[^>]*>).*(</main>)", re.DOTALL)
SWITCH = re.compile(rf'<a href="(?:{SITE})?(/(?:\w+/)?)" lang="')
NEXT = re.compile(r'<a class="next" href="([^"]*)"')


class Tongue(NamedTuple):
    """A language of the edition: its code (empty for English), which begins its addresses and names its folder, and its messages."""

    code: str
    messages: Mapping[str, str]

    def address(self, path: str) -> str:
        """A path of the site, from "/" on, in this language."""
        return f"/{self.code}{path}" if self.code else path

    def file(self, name: str) -> str:
        """A file of the edition in this language."""
        return f"{self.code}/{name}" if self.code else name

    def told(self, message: str) -> str:
        """A text of ours; what is none stays as it is."""
        return self.messages.get(message, message)


def tongues(site: Path) -> list[Tongue]:
    """Each language that a made site has a file of messages for, and after them English, which has every address that is left."""
    files = sorted((site / "plugins" / "locale").glob("*.po"))
    read = {path.stem: polib.pofile(str(path), encoding="utf-8") for path in files}
    return [*(Tongue(code, {one.msgid: one.msgstr for one in file if one.msgstr}) for code, file in read.items()), Tongue("", {})]


def newest_load(registry_db: Path) -> str:
    """The moment of the newest load, from the registry itself; RegistryError when nothing was ever loaded."""
    with contextlib.closing(open_read_only(registry_db)) as db:
        found = db.execute("SELECT max(read_at) FROM loads").fetchone()[0]
    if not found:
        raise RegistryError("Nothing was ever loaded into this registry, so its answers have no day. Run `registry load --offline` first.")
    return str(found)


def fixed_pages(registry_db: Path, metadata: Any) -> dict[str, str]:
    """Address on the site -> file of the edition: home, lists, questions and a page of each row."""
    files = {"/": "index.html", "/registry": "registry.html", "/testify": "testify.html"}
    names = (*LISTS, *metadata["databases"]["registry"]["queries"])
    files |= {f"/registry/{name}": f"registry/{name}.html" for name in names}
    with contextlib.closing(open_read_only(registry_db)) as db:
        for name in ROWS:
            rows = db.execute(f"SELECT id FROM {quoted(name)} ORDER BY id")
            files |= {f"/registry/{name}/{row_id}": f"registry/{name}/{row_id}.html" for (row_id,) in rows}
    return files


class Answer(NamedTuple):
    """One question that the registry holds evidence for: ids of what and where, and their names."""

    about: str
    place: str
    name: str
    place_name: str

    def address(self, day: str) -> str:
        """Its page on the site, for one day."""
        return f"/answer?{urlencode({'about': self.about, 'place': self.place, 'as_of': day})}"

    @property
    def file(self) -> str:
        """Its page in the edition; ids are made of letters, digits, _ and - alone."""
        return f"answer/{self.place}/{self.about}.html"


def every_answer(registry_db: Path) -> list[Answer]:
    """Each name and place that the registry holds evidence of, by place."""
    with contextlib.closing(open_read_only(registry_db)) as db:
        rows = db.execute(
            "SELECT DISTINCT about, jurisdiction, coalesce((SELECT min(display) FROM names WHERE names.about = holdings.about), about), "
            "coalesce((SELECT name FROM jurisdictions WHERE id = jurisdiction), jurisdiction) FROM holdings ORDER BY 4, 3, 1, 2"
        )
        return [Answer(*row) for row in rows]


def answers_page(home: str, answers: list[Answer], day: str, tongue: Tongue) -> str:
    """The list of all answers, in the frame of the site's home page in a language, whose switch leads to the same list."""
    parts = [f"<h1>{tongue.told(CURRENT)}</h1>", f"<p>{tongue.told(LISTED).format(day=day)}</p>"]
    for place, some in itertools.groupby(answers, key=lambda one: one.place_name):
        named = ((html.escape(tongue.address(one.address(day))), html.escape(tongue.told(one.name))) for one in some)
        links = (f'<li><a href="{address}">{name}</a></li>' for address, name in named)
        parts.append(f"<h2>{html.escape(place)}</h2><ul>{''.join(links)}</ul>")
    framed = MAIN.sub(lambda found: found[1] + "".join(parts) + found[2], home)
    framed = SWITCH.sub(lambda found: f'<a href="{found[1]}{ANSWERS}" lang="', framed)
    return TITLE.sub(f"<title>{tongue.told(EVERY_ANSWER)}</title>", framed, count=1)


def _relative(name: str, here: str) -> str:
    return posixpath.relpath(name, posixpath.dirname(here) or ".")


def _target(link: str) -> tuple[str, str]:
    """An address of the site and its fragment, without the host that the site was asked under."""
    address, _, fragment = html.unescape(link).removeprefix(SITE).partition("#")
    return address, f"#{fragment}" if fragment else ""


def _offline_link(link: str, here: str, files: dict[str, str], tongue: Tongue) -> str:
    """The attribute that stands in place of `href`: a relative link, the link itself, or none that leads nowhere."""
    address, fragment = _target(link)
    if not address.startswith("/"):
        return f'href="{link}"'
    known = files.get(address) or STYLES.get(address.partition("?")[0])
    if known is None:
        return f'title="{html.escape(tongue.told(NO_TARGET))}"'
    return f'href="{html.escape(_relative(known, here) + fragment)}"'


def offline(page: str, here: str, files: dict[str, str], loaded: str, tongue: Tongue) -> str:
    """A page of the site as a page of the edition."""
    plain = LINK.sub(lambda found: _offline_link(found[1], here, files, tongue), LIVE.sub("", page))
    note = tongue.told(NOTE).format(loaded=html.escape(loaded), answers=_relative(tongue.file(ANSWERS), here))
    return plain.replace('tabindex="-1">', f'tabindex="-1"><p class="notice">{note}</p>', 1)


def _asked(address: str, day: str) -> str:
    """Lists are read in the longest pages that the site gives; what ends soon is told from the day of the edition."""
    if address.endswith("/testify"):
        return f"{address}?from_date={day}"
    return f"{address}?_size={PAGE_ROWS}" if address.partition("/registry/")[2] in LISTS else address


async def _text(client: httpx.AsyncClient, address: str) -> str:
    answer = await client.get(address)
    if answer.status_code != 200:
        raise RegistryError(f"{address} gives status {answer.status_code}; the edition was not finished.")
    return answer.text


async def _pages(client: httpx.AsyncClient, files: dict[str, str], day: str) -> dict[str, str]:
    """File -> page as the site gives it; the pages that follow in a list are added to `files` as they are met."""
    found = {}
    for address, name in list(files.items()):
        asked, number = _asked(address, day), 1
        files[asked] = name  # the switch of the other languages leads here
        while asked:
            found[name if number == 1 else _numbered(name, number)] = text = await _text(client, asked)
            following = NEXT.search(text)
            asked = _target(following[1])[0] if following else ""
            number += 1
            if asked:
                files[asked] = _numbered(name, number)
    return found


def _numbered(name: str, number: int) -> str:
    return name.replace(".html", f"-page-{number}.html")


def _ask_all(site: Path, files: dict[str, str], day: str) -> dict[str, str]:
    async def ask() -> dict[str, str]:
        transport = httpx.ASGITransport(app=load_app(site))
        async with httpx.AsyncClient(transport=transport, base_url=SITE) as client:
            styles = {name: await _text(client, address) for address, name in STYLES.items()}
            return {**await _pages(client, files, day), **styles}

    with contextlib.redirect_stdout(io.StringIO()):
        return asyncio.run(ask())


def _written(found: dict[str, str], files: dict[str, str], loaded: str, spoken: list[Tongue]) -> Iterator[tuple[str, str]]:
    for name, text in found.items():
        tongue = next(one for one in spoken if name.startswith(one.file("")))
        yield name, offline(text, name, files, loaded, tongue) if name.endswith(".html") else text


def write_edition(registry_db: Path, root: Path, folder: Path) -> int:
    """Write the whole edition into an empty folder; returns how many pages it has."""
    empty_folder(folder)
    loaded = newest_load(registry_db)
    with tempfile.TemporaryDirectory(prefix="registry-edition-") as made:
        site = Path(made) / "site"
        write_site(registry_db, root, site, "docker", text_of={TODAY: f"'{loaded[:10]}'"})
        metadata = copy_of_metadata(root)
        answers, day, spoken = every_answer(site / DATABASE), loaded[:10], tongues(site)
        english = {**fixed_pages(site / DATABASE, metadata), **{one.address(day): one.file for one in answers}}
        pages = {tongue.address(address): tongue.file(name) for tongue in spoken for address, name in english.items()}
        found = _ask_all(site, pages, day)
        for tongue in spoken:
            found[tongue.file(ANSWERS)] = answers_page(found[tongue.file("index.html")], answers, day, tongue)
            pages[tongue.address(f"/{ANSWERS}")] = tongue.file(ANSWERS)
        for name, text in _written(found, {**pages, "/registry.db": DATABASE}, loaded, spoken):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        shutil.copyfile(site / DATABASE, folder / DATABASE)
        write_datapackage(site / DATABASE, metadata, folder, loaded)
    write_manifest(folder, loaded)
    return sum(name.endswith(".html") for name in found)
