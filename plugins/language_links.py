"""Links that change the language or leave it: the same page in every language, and data, which has one address in all of them."""

from __future__ import annotations

from functools import partial
from typing import Any

from datasette import hookimpl


def neutral(env: Any, address: Any) -> str:
    """An address of data or of a static file: the same in every language."""
    tongue, code = env.globals["tongue"], env.globals["language"]()
    return str(address).replace(tongue.address(code, ""), tongue.base, 1)


def addresses(env: Any, datasette: Any, request: Any) -> list[dict[str, Any]]:
    """The page of a request in every language: code, name, whole address, and whether it is the one being read.

    A page that tells of an error has no request; it leads to the home page of each language.
    """
    tongue, here = env.globals["tongue"], env.globals["language"]()
    return [
        {"code": code, "name": one.name, "here": code == here, "url": _same_page(tongue, datasette, code, request)}
        for code, one in tongue.languages.items()
    ]


def _same_page(tongue: Any, datasette: Any, code: str, request: Any) -> str:
    if request is None:
        return str(tongue.address(code, ""))
    query = f"?{request.query_string}" if request.query_string else ""
    return str(datasette.absolute_url(request, tongue.address(code, request.path.removeprefix(tongue.base)) + query))


@hookimpl
def prepare_jinja2_environment(env: Any, datasette: Any) -> None:
    """The filter `neutral`, and `in_every_language(request)`."""
    env.filters["neutral"] = partial(neutral, env)
    env.globals["in_every_language"] = partial(addresses, env, datasette)
