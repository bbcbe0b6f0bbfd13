"""The site in every language that plugins/locale/ has a file for: /es/answer is /answer in Spanish.

The English text is the key of every message, and English pages are made without any of this. The address alone decides the
language: no cookie and no Accept-Language, so a shared link and a shared cache give everyone the same page.

Sentences that come from the registry (an answer, a determination, why a source was not searched) are stored in English
alone. A message such as "No law of {name} is in our table" is read backwards: the words between its {places} say which
message a sentence is and what stands in them, and the same is told in another language. What no message fits stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextvars import ContextVar
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import polib
from datasette import Response, hookimpl
from markupsafe import Markup, escape

ENGLISH = "en"
PLACE = re.compile(r"\{(\w+)\}")
# Addresses below /es/ that are no pages are the same in every language, but these, which say sentences.
SPEAKING_FILES = re.compile(r"^/(answer\.json|testimony\.md|testify\.ics|(testify|changed|corrections)\.atom|pictures/[a-z-]+\.svg)$")
SERVICES = ("/-/", "/static/", "/export/", "/reconcile/", "/mcp")
# What stands in these places was published by others or typed by the reader: it is never a message, whatever its words.
AS_IT_IS = frozenset({
    "about", "asked", "body_name", "buyer_name", "cite", "city", "column", "days", "giver", "new", "number", "old", "origin",
    "place", "publisher", "receiver", "revision", "stated", "supplier", "title", "typed", "unit",
})  # fmt: skip
# What stands in these is a day, a month or a year, and in {nth} a number, or the text is not that message.
DAYS = frozenset({"day", "from", "to", "end", "earliest", "latest"})
DAY, NTH = re.compile(r"\d{4}(-\d\d){0,2}"), re.compile(r"\d{1,5}")
# Names that a screen reader may read in any language; whatever else stays as it is in a told sentence is marked as English.
UNMARKED = frozenset({"about", "asked", "city", "place", "typed", *DAYS})
OPENED, CLOSED = "\x02", "\x03"  # around words of others while a sentence is put together; no text has them
DEEPEST, LONGEST = 6, 20_000  # of sentences within sentences; letters of a sentence
MOST_KEPT = 4096  # sentences and their parts, told once: the same ones come again on page after page
MOST_LISTED, MOST_JOINED = 200, 3  # sentences in one list, such as the sources that were compared; its parts that are one sentence
Quote = Callable[[str], str]
_spoken: ContextVar[str] = ContextVar("language", default=ENGLISH)


class Pattern(NamedTuple):
    """A message with {places}: the words around them, their names, and the message in the other language."""

    around: tuple[str, ...]
    names: tuple[str, ...]
    translated: str


class Language(NamedTuple):
    """One file of plugins/locale/: `exact` are its messages without places, `patterns` those with, the most wordy first."""

    name: str
    catalog: NullTranslations
    exact: dict[str, str]
    patterns: tuple[Pattern, ...]

    def __hash__(self) -> int:
        return id(self)  # each is read once


def pattern(message: str, translated: str) -> Pattern:
    """A message as its words and the names of its places."""
    parts = PLACE.split(message)
    return Pattern(tuple(parts[::2]), tuple(parts[1::2]), translated)


def rank(one: Pattern) -> tuple[bool, int]:
    """The order in which messages are tried: sentences in a row first, lest the {title} that begins the last takes in all before it."""
    return one.around != ("", "; ", ""), -sum(map(len, one.around))


def bracketed(text: str) -> str:
    """Words of others inside a sentence, to be marked when it is put together."""
    return f"{OPENED}{text}{CLOSED}"


def read_back(found: Pattern, text: str) -> dict[str, str] | None:
    """What stands in the places of a message, if the text is that message with its places filled; the shortest from the left."""
    first, *between, last = found.around
    if not (text.startswith(first) and text.endswith(last)):
        return None
    at, end, values = len(first), len(text) - len(last), []
    for words in between:
        here = text.find(words, at + 1, end)
        if here < 0:
            return None
        values.append(text[at:here])
        at = here + len(words)
    named = dict(zip(found.names, [*values, text[at:end]], strict=True))
    plain = all(DAY.fullmatch(named[name]) for name in DAYS.intersection(named)) and NTH.fullmatch(named.get("nth", "1"))
    return named if at < end and plain else None


@lru_cache(maxsize=MOST_KEPT)
def told(text: str, language: Language, depth: int = 0, quote: Quote = str) -> str | None:
    """A sentence of the site in another language, with the sentences inside it; None where no message fits.

    `quote` is asked of the words inside that stay as they are.
    """
    if depth > DEEPEST or len(text) > LONGEST:
        return None
    found = _told_whole(text, language, depth, quote)
    if found is None and text[:1].isalpha():  # a clause may begin a sentence, and a sentence may follow a colon
        swapped = _told_whole(text[0].swapcase() + text[1:], language, depth, quote)
        found = swapped and swapped[0].swapcase() + swapped[1:]
    return found


def _told_whole(text: str, language: Language, depth: int, quote: Quote) -> str | None:
    if text in language.exact:
        return language.exact[text]
    return next(filter(None, (_told_as(one, text, language, depth, quote) for one in _likely(text[:1], language))), None)


@lru_cache(maxsize=MOST_KEPT)
def _likely(letter: str, language: Language) -> tuple[Pattern, ...]:
    """The messages that can begin with a letter."""
    return tuple(one for one in language.patterns if one.around[0][:1] in ("", letter))


def _told_as(found: Pattern, text: str, language: Language, depth: int, quote: Quote) -> str | None:
    """The text as one message. One without a word of its own, such as "{title}: {why}", must have sentences of ours inside it."""
    if found.names == ("first", "rest"):
        return _told_list(found, text, language, depth, quote)
    values = read_back(found, text)
    if values is None:
        return None
    inside = {name: told(value, language, depth + 1, quote) for name, value in values.items() if name not in AS_IT_IS}
    wordless = not any(letter.isalpha() for letter in "".join(found.around))
    if wordless and not all(inside.values()):
        return None
    left = {name: value if name in UNMARKED or " " not in value else quote(value) for name, value in values.items()}
    return PLACE.sub(lambda place: inside.get(place[1]) or left[place[1]], found.translated)


def _told_list(found: Pattern, text: str, language: Language, depth: int, quote: Quote) -> str | None:
    """A list of sentences, put together by its message from the last one backwards; None where one of them is no message."""
    parts, items = text.split(found.around[1]), list[str]()
    if not 2 <= len(parts) <= MOST_LISTED:
        return None
    while parts:  # a sentence may have what parts the list inside it
        tried = (parts[:size] for size in range(1, min(MOST_JOINED, len(parts)) + 1) if items or size < len(parts))
        words = ((some, told(found.around[1].join(some), language, depth + 1, quote)) for some in tried)
        some, item = next((pair for pair in words if pair[1]), ([], None))
        if item is None:
            return None
        items.append(item)
        parts = parts[len(some) :]
    done = items.pop()
    while items:
        pair = {"first": items.pop(), "rest": done}
        done = PLACE.sub(lambda place, pair=pair: pair[place[1]], found.translated)
    return done


def read_language(path: Path) -> Language:
    """One .po file; OSError, or polib's own with the line, when it cannot be read."""
    file = polib.pofile(str(path), encoding="utf-8")
    done = {one.msgid: one.msgstr for one in file.translated_entries() if one.msgstr}
    patterns = [pattern(message, words) for message, words in done.items() if PLACE.search(message)]
    patterns.sort(key=rank)
    exact = {message: words for message, words in done.items() if not PLACE.search(message)}
    return Language(exact["English"], GNUTranslations(BytesIO(file.to_binary())), exact, tuple(patterns))


def read_languages(folder: Path) -> dict[str, Language]:
    """Code (the name of the file) -> language; English needs no file."""
    plain = Language("English", NullTranslations(), {}, ())
    return {ENGLISH: plain, **{path.stem: read_language(path) for path in sorted(folder.glob("*.po"))}}


def asked_in(path: str, base: str, codes: list[str]) -> tuple[str, str]:
    """(language, the address without it) of an address: /es/answer is ("es", "/answer")."""
    code, _, rest = path.removeprefix(base).lstrip("/").partition("/")
    return (code, f"/{rest}") if code in codes and code != ENGLISH else (ENGLISH, path)


def is_page(path: str) -> bool:
    """Whether an address gives something that says sentences."""
    data = "." in path.rpartition("/")[2] or path.startswith(SERVICES)
    return not data or SPEAKING_FILES.match(path) is not None


class Tongue:
    """What templates and plugins ask of the languages of one site."""

    def __init__(self, datasette: Any) -> None:
        self.datasette = datasette
        self.base = datasette.setting("base_url")
        self.languages = read_languages(Path(datasette.plugins_dir) / "locale")

    def spoken(self) -> Language:
        """The language of the page that is being made."""
        return self.languages[_spoken.get()]

    def told(self, text: Any) -> Any:
        """A sentence of the registry or of metadata.yml in the language of the page; anything else as it is."""
        if _spoken.get() == ENGLISH or not isinstance(text, str) or not text:
            return text
        return told(str(text), self.spoken()) or text

    def marked(self, text: Any) -> Any:
        """The same as markup: what has stayed in English is marked as English, so that a screen reader reads it so."""
        if _spoken.get() == ENGLISH or not isinstance(text, str) or not text or isinstance(text, Markup):
            return text
        clean = str(text).replace(OPENED, "").replace(CLOSED, "")
        words = told(clean, self.spoken(), quote=bracketed)
        if words is None:
            return Markup('<span lang="en">{}</span>').format(text)
        return Markup(str(escape(words)).replace(OPENED, '<span lang="en">').replace(CLOSED, "</span>"))

    def quoted(self, text: Any) -> Any:
        """What others published, never told in other words; on a page in another language it is marked as English."""
        if _spoken.get() == ENGLISH or not isinstance(text, str) or not text or isinstance(text, Markup):
            return text
        return Markup('<span lang="en">{}</span>').format(text)

    def message(self, text: str) -> str:
        """A message of ours with its {places} left open."""
        return self.spoken().catalog.gettext(text)

    def told_at(self, path: str, text: str) -> str:
        """A sentence in the language of an address, whether or not that language has been taken off it yet."""
        code = asked_in(path, self.base, list(self.languages))[0]
        return told(text, self.spoken() if code == ENGLISH else self.languages[code]) or text

    def words(self, message: str, **values: Any) -> str:
        """A message of ours with its {places} filled, as plain text: for titles and citations that other functions take."""
        return PLACE.sub(lambda place: str(values[place[1]]), self.message(message))

    def address(self, code: str, path: str) -> str:
        """A path of the site in a language."""
        return f"{self.base}{'' if code == ENGLISH else code + '/'}{path.lstrip('/')}"


def _setting(tongue: Tongue, plain: Callable[[str], Any]) -> Callable[[str], Any]:
    """Datasette puts `base_url` before every address it makes: with the language in it, no link can leave the language."""

    def setting(name: str) -> Any:
        return tongue.address(_spoken.get(), "") if name == "base_url" else plain(name)

    return setting


@hookimpl(tryfirst=True)
def prepare_jinja2_environment(env: Any, datasette: Any) -> None:
    """`_("...")` and `ngettext` for the words of templates, the filters `told` and `said` for sentences that come as data."""
    tongue = Tongue(datasette)
    datasette.setting = _setting(tongue, datasette.setting)
    env.add_extension("jinja2.ext.i18n")
    env.install_gettext_callables(
        tongue.message,
        lambda one, many, count: tongue.spoken().catalog.ngettext(one, many, count),
        newstyle=True,
    )
    env.filters |= {"told": tongue.told, "said": tongue.marked, "quoted": tongue.quoted}
    env.globals |= {"tongue": tongue, "language": _spoken.get, "words": tongue.words}


@hookimpl(tryfirst=True)
def asgi_wrapper(datasette: Any) -> Callable[[Any], Any]:
    """Inside the headers and the kept pages, which go by the whole address: takes the language off it and remembers it."""
    codes = [path.stem for path in (Path(datasette.plugins_dir) / "locale").glob("*.po")]
    base = datasette.setting("base_url")

    def wrap(app: Any) -> Any:
        async def speaking(scope: Any, receive: Any, send: Any) -> None:
            language, path = asked_in(scope["path"], base, codes) if scope["type"] == "http" else (ENGLISH, "")
            if language == ENGLISH:
                await app(scope, receive, send)
            elif not is_page(path):
                query = scope["query_string"].decode("latin-1")
                target = quote(base.rstrip("/") + path) + (f"?{query}" if query else "")
                await Response.redirect(target, status=301).asgi_send(send)
            else:
                raw = asked_in((scope.get("raw_path") or quote(scope["path"]).encode()).decode("latin-1"), base, codes)[1]
                token = _spoken.set(language)
                try:
                    await app({**scope, "path": path, "raw_path": raw.encode("latin-1")}, receive, send)
                finally:
                    _spoken.reset(token)

        return speaking

    return wrap
