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
from ..access import FORMS
from ..asking import EVERYTHING, Asking
from ..fetch import Fetcher, Secret, Web
from ..pages import sweep
from ..paths import Paths
from ..source import Source
from ..visits import Visits
from . import arcgis, ckan, documentcloud, files, legistar, paged, socrata, usaspending
from .paged import Survey


class Portal(NamedTuple):
    """How one kind of portal is read, and the words of its error pages that say that asking again is of no use."""

    fetch: Callable[[Source, Fetcher], None]
    survey: Callable[[Source, Fetcher], Survey]
    hopeless: tuple[str, ...] = ()


def _paged(wire: paged.Wire) -> Portal:
    return Portal(partial(paged.fetch, wire), partial(paged.survey, wire))


PORTALS = {
    "arcgis": _paged(arcgis.WIRE),
    "ckan": Portal(ckan.fetch, ckan.survey),
    **dict.fromkeys(FORMS, Portal(files.fetch, files.survey)),
    "documentcloud": _paged(documentcloud.WIRE),
    "legistar": Portal(legistar.fetch, partial(paged.survey, legistar.WIRE), legistar.HOPELESS),
    "socrata": _paged(socrata.WIRE),
    "usaspending": _paged(usaspending.WIRE),
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
    access = source.access
    home = httpx.URL(access["base"]).netloc.decode()
    token = os.environ.get(access.get("token_env", ""), "")
    secret = Secret(*({access[way]: token} if token and way in access else {} for way in ("token_header", "token_parameter")))
    hosts, hopeless = frozenset({home, *source.hosts}), PORTALS[source.portal].hopeless
    return Fetcher(web, folder, home, hosts, secret, Visits(folder), asking, hopeless, float(access.get("pace", "0")))
