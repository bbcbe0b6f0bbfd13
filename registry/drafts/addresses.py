"""Which portal an address belongs to, and what `access:` then says. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from ..access import PortalName
from ..errors import RegistryError
from ..kinds import KindName

_ID = r"[a-z0-9]{4}-[a-z0-9]{4}"
_SOCRATA = re.compile(rf".*/(?:d|resource|views|id)/(?P<id>{_ID})(?:[/.].*)?|.*/(?P<last>{_ID})(?:/(?:about_data|about|data))?/?")
_CKAN = re.compile(r"(?P<before>.*)/dataset/(?P<package>[\w.-]+)(?:/resource/(?P<resource>[\w-]+)(?:/.*)?)?/?")
_COUNCIL_SITE = re.compile(r"(?P<client>[\w-]+)\.legistar\.com")
_COUNCIL_API = re.compile(r"(?P<base>.*/v1)/(?P<client>[\w-]+)(?P<matters>/matters)?(?:/.*)?", re.IGNORECASE)
_API_HOST = "webapi.legistar.com"
_FILES: dict[str, PortalName] = {".csv": "delimited", ".json": "json", ".xlsx": "xlsx"}
_LAYER = re.compile(r"(?P<base>.+/(?:FeatureServer|MapServer))/(?P<layer>\d+)(?:/.*)?")
KNOWN = (
    "a Socrata data set (.../d/abcd-1234 or .../resource/abcd-1234.json), a CKAN data set (.../dataset/NAME or "
    ".../dataset/NAME/resource/ID), an ArcGIS layer (.../FeatureServer/0), a council on Legistar (https://CLIENT.legistar.com or "
    "https://webapi.legistar.com/v1/CLIENT) or a .csv, .xlsx or .json file"
)


class Address(NamedTuple):
    """A portal of PORTALS, what access: says of the data set, (CKAN) the package whose resource may have to be chosen, and what its
    rows are where nobody says."""

    portal: PortalName
    access: dict[str, str]
    package: str = ""
    kind: KindName = "contracts"


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


def _council(parts: SplitResult) -> Address | None:
    """A council's site, or its API: at the usual host any address of it, elsewhere (a mirror) only that of the matters."""
    host, api = (parts.hostname or "").lower(), _COUNCIL_API.fullmatch(parts.path)
    site = _COUNCIL_SITE.fullmatch(host)
    if api and (api["matters"] or host == _API_HOST):
        return Address("legistar", {"base": f"{_home(parts)}{api['base']}", "client": api["client"]}, kind="matters")
    if site is None or host == _API_HOST:
        return None
    page = f"https://{host}/LegislationDetail.aspx?ID={{MatterId}}&GUID={{MatterGuid}}"
    return Address("legistar", {"base": f"https://{_API_HOST}/v1", "client": site["client"], "link": page}, kind="matters")


def _file(parts: SplitResult) -> Address | None:
    portal = _FILES.get(PurePosixPath(parts.path).suffix.lower())
    if portal is None:
        return None
    query = f"?{parts.query}" if parts.query else ""
    return Address(portal, {"base": _home(parts), "path": f"{parts.path.lstrip('/')}{query}"})


# In this order: a CKAN file also ends in .csv, and so does a Socrata export.
RECOGNISERS: tuple[Callable[[SplitResult], Address | None], ...] = (_council, _arcgis, _ckan, _socrata, _file)
