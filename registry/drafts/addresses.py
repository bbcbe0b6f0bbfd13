"""Which portal an address belongs to, and what `access:` then says. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from ..access import PortalName
from ..errors import RegistryError

_ID = r"[a-z0-9]{4}-[a-z0-9]{4}"
_SOCRATA = re.compile(rf".*/(?:d|resource|views|id)/(?P<id>{_ID})(?:[/.].*)?|.*/(?P<last>{_ID})(?:/(?:about_data|about|data))?/?")
_CKAN = re.compile(r"(?P<before>.*)/dataset/(?P<package>[\w.-]+)(?:/resource/(?P<resource>[\w-]+)(?:/.*)?)?/?")
_LAYER = re.compile(r"(?P<base>.+/(?:FeatureServer|MapServer))/(?P<layer>\d+)(?:/.*)?")
KNOWN = (
    "a Socrata data set (.../d/abcd-1234 or .../resource/abcd-1234.json), a CKAN data set (.../dataset/NAME or "
    ".../dataset/NAME/resource/ID), an ArcGIS layer (.../FeatureServer/0) or a .csv file"
)


class Address(NamedTuple):
    """A portal of PORTALS, what access: says of the data set, and (CKAN) the package whose resource may have to be chosen."""

    portal: PortalName
    access: dict[str, str]
    package: str = ""


def recognise(url: str) -> Address:
    """The portal and data set that an address names; RegistryError says which addresses are understood."""
    parts = _parts(url)
    found = next((one for one in (recogniser(parts) for recogniser in RECOGNISERS) if one), None)
    if found is None:
        raise RegistryError(f"{url}: no data set can be told by this address. Open it on its portal and give the address of {KNOWN}.")
    return found


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise RegistryError(f"`{url}` is not an address ({error}). Copy it from the browser.") from error
    if parts.scheme not in ("http", "https") or not parts.netloc or "@" in parts.netloc:
        raise RegistryError(f"`{url}` is not the address of a web page. It begins with https:// and names {KNOWN}.")
    return parts


def _home(parts: SplitResult) -> str:
    return f"{parts.scheme}://{parts.netloc}"


def _arcgis(parts: SplitResult) -> Address | None:
    found = _LAYER.fullmatch(parts.path)
    return Address("arcgis", {"base": f"{_home(parts)}{found['base']}", "layer": found["layer"]}) if found else None


def _ckan(parts: SplitResult) -> Address | None:
    found = _CKAN.fullmatch(parts.path)
    if not found:
        return None
    resource = {"resource": found["resource"]} if found["resource"] else {}
    return Address("ckan", {"base": f"{_home(parts)}{found['before']}", **resource}, found["package"])


def _socrata(parts: SplitResult) -> Address | None:
    found = _SOCRATA.fullmatch(parts.path)
    if not found:
        return None
    token = {"token_env": "SOCRATA_APP_TOKEN", "token_header": "X-App-Token"}
    return Address("socrata", {"base": _home(parts), "dataset": found["id"] or found["last"], **token})


def _delimited(parts: SplitResult) -> Address | None:
    if PurePosixPath(parts.path).suffix.lower() != ".csv":
        return None
    query = f"?{parts.query}" if parts.query else ""
    return Address("delimited", {"base": _home(parts), "path": f"{parts.path.lstrip('/')}{query}"})


# In this order: a CKAN file also ends in .csv, and so does a Socrata export.
RECOGNISERS: tuple[Callable[[SplitResult], Address | None], ...] = (_arcgis, _ckan, _socrata, _delimited)
