"""One access pattern each: how a data set is fetched from its portal into the archive, and how it is probed.

A portal is two functions in a dictionary. `fetch` brings the whole data set into the archive, or raises SourceError
and leaves the archive's newest load as it was; `survey` says what the portal has, in one or two small requests.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import httpx

from .. import archive
from ..asking import EVERYTHING, Asking
from ..fetch import Fetcher, Web
from ..pages import sweep
from ..paths import Paths
from ..source import Source
from ..visits import Visits
from . import arcgis, ckan, delimited, paged, socrata
from .paged import Survey


class Portal(NamedTuple):
    """How one kind of portal is read."""

    fetch: Callable[[Source, Fetcher], None]
    survey: Callable[[Source, Fetcher], Survey]


PORTALS = {
    "arcgis": Portal(partial(paged.fetch, arcgis.WIRE), partial(paged.survey, arcgis.WIRE)),
    "ckan": Portal(ckan.fetch, ckan.survey),
    "delimited": Portal(delimited.fetch, delimited.survey),
    "socrata": Portal(partial(paged.fetch, socrata.WIRE), partial(paged.survey, socrata.WIRE)),
}


def fetch_source(paths: Paths, source: Source, web: Web, asking: Asking = EVERYTHING) -> None:
    """Bring the source's data set, or what `asking` wants of it, into the archive.

    SourceError leaves the archive's newest load as it was.
    """
    folder = paths.archive(source.id)
    fetcher = fetcher_of(source, web, folder, asking)
    PORTALS[source.portal].fetch(source, fetcher)
    archive.read_now(folder)
    fetcher.visits.save()
    sweep(folder, frozenset(visit.sha256 for visit in fetcher.visits.now.values()))


def fetcher_of(source: Source, web: Web, folder: Path, asking: Asking = EVERYTHING) -> Fetcher:
    """What the source needs of the web. Its token, if the environment has one, is for its own host only."""
    home = httpx.URL(source.access["base"]).netloc.decode()
    token = os.environ.get(source.access.get("token_env", ""), "")
    secret = {source.access["token_header"]: token} if token else {}
    return Fetcher(web, folder, home, frozenset({home, *source.hosts}), secret, Visits(folder), asking)
