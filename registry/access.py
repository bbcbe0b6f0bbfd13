"""What `access:` of a source file may say for each kind of portal, and what is wrong with one that says something else. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from .source import Source

Form = Literal["delimited", "json", "xlsx"]
FORMS = get_args(Form)

PortalName = Literal["arcgis", "ckan", "delimited", "documentcloud", "json", "legistar", "socrata", "usaspending", "xlsx"]
# Portals that have more to say of a row, where it is asked for by itself.
DETAILED = ("legistar",)
# Portals that do not say how many rows they have.
UNCOUNTED = ("legistar",)
# Portals that are searched, since nobody could read them whole, and what one of them can be searched in.
MUST_ASK = ("documentcloud", "usaspending")
SEARCHES = ("keywords", "recipient_search_text")
# Portals that can be asked for some rows only.
ASKED = ("arcgis", "ckan", "documentcloud", "socrata", "usaspending")

# What access: must say for each kind of portal, and what it may; a source that says nothing is not fetched.
TOKEN = ("token_env", "token_header", "token_parameter")
ACCESS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "arcgis": (("base", "layer"), ("where", "page", "pace", "link")),
    "ckan": (("base", "resource"), ("as", "page", "pace", "link")),
    "delimited": (("base", "path"), ("pace",)),
    "documentcloud": (("base",), ("page", "pace", "link")),
    "json": (("base", "path"), ("pace",)),
    "legistar": (("base", "client"), ("since", "page", "pace", "link", *TOKEN)),
    "socrata": (("base", "dataset"), ("api", "where", "page", "pace", "link", "columns", *TOKEN)),
    "usaspending": (("base", "awards"), ("search", "page", "pace", "link")),
    "xlsx": (("base", "path"), ("pace",)),
}

# What of it leaves out rows of the data set: a load under other words shows other rows.
NARROWING = ("where", "since", "awards", "search")

NUMBER = re.compile(r"\d+(\.\d+)?")


def access_problems(source: Source) -> Iterator[str]:
    """What is wrong with the access of a source file, and what would be right."""
    if not source.access:
        return
    yield from _key_problems(source)
    yield from _value_problems(source.access)
    yield from _token_problems(source.access)
    if source.portal in MUST_ASK and source.asks is None:
        yield f"asks: a {source.portal} source is searched, never read whole. Say what it is asked."
    if ":query" in source.kept and source.asks is None:
        yield "fields: `:query` is what the portal was asked for; without `asks` there is none."
    if ":link" in source.kept and "link" not in source.access:
        yield "access: `link` is missing; say how the address of a row's page is made, with its columns in {}."


def _key_problems(source: Source) -> Iterator[str]:
    needed, also = ACCESS[source.portal]
    for key in needed:
        if key not in source.access:
            yield f"access: `{key}` is missing. A {source.portal} source needs {', '.join(needed)}."
    for key in source.access:
        if key not in (*needed, *also):
            yield f"access: `{key}` means nothing for a {source.portal} source. Allowed: {', '.join((*needed, *also))}."


def _value_problems(access: dict[str, str]) -> Iterator[str]:
    if access.get("base", "http").endswith("/") or not access.get("base", "http").startswith("http"):
        yield "access: `base` must begin with https:// and not end with a slash."
    if access.get("as", FORMS[0]) not in FORMS:
        yield f"access: `as` must be one of {', '.join(FORMS)}."
    if "as" in access and len(access.get("resource", "").split()) > 1:
        yield "access: `as` takes one resource; several are read from the datastore."
    if not access.get("page", "1").isdecimal():
        yield "access: `page` must be a number of rows."
    if not NUMBER.fullmatch(access.get("pace", "1")):
        yield "access: `pace` must be a number of seconds between requests."
    if access.get("search", SEARCHES[0]) not in SEARCHES:
        yield f"access: `search` must be one of {', '.join(SEARCHES)}."
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", access.get("since", "2000-01-01")):
        yield "access: `since` must be a day such as 2015-01-01."


def _token_problems(access: dict[str, str]) -> Iterator[str]:
    ways = [way for way in ("token_header", "token_parameter") if way in access]
    if ("token_env" in access) != (len(ways) == 1):
        yield "access: `token_env` and one of `token_header` and `token_parameter` belong together."
    if access.get("api", "soda3") != "soda3":
        yield "access: `api` must be soda3; without it the older interface is asked, which needs no token."
    if "api" in access and "token_header" not in access:
        yield "access: `token_env` and `token_header` are missing: soda3 answers nobody without a token."
