"""What a portal says in words of a data set: title, publisher, licence, and what each column is said to hold.

The portals' own modules ask only for what a load needs; this asks once, when a source file is first written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

import msgspec

from ..access import FORMS
from ..errors import SourceError
from ..portals.paged import shaped
from .addresses import Address
from .columns import ColumnWords

Ask = Callable[[str], Any]  # an address -> the JSON there
NOT_STATED = "Not stated by the portal"


class Described(NamedTuple):
    """The portal's own words, unclean; `columns`: name as the source file writes it -> label and description.

    `statuses`: the status words of a council's matters, those of the newest first.
    """

    title: str | None
    publisher: str | None
    licence: str | None
    licence_url: str | None
    columns: Mapping[str, tuple[str | None, str | None]]
    statuses: tuple[str, ...] = ()


class _Licence(msgspec.Struct, rename="camel"):
    name: str | None = None
    terms_link: str | None = None


class _SocrataColumn(msgspec.Struct, rename="camel"):
    field_name: str
    name: str | None = None
    description: str | None = None


class _View(msgspec.Struct, rename="camel"):
    columns: list[_SocrataColumn]
    name: str | None = None
    attribution: str | None = None
    license: _Licence | None = None


def _socrata(body: Any, url: str) -> Described:
    view = shaped(body, _View, url)
    licence = view.license or _Licence()
    columns = {one.field_name: (one.name, one.description) for one in view.columns if not one.field_name.startswith(":")}
    return Described(view.name, view.attribution, licence.name, licence.terms_link, columns)


class _Field(msgspec.Struct):
    name: str
    type: str = ""
    alias: str | None = None


class _Layer(msgspec.Struct, rename="camel"):
    fields: list[_Field]
    name: str | None = None
    copyright_text: str | None = None


def _arcgis(body: Any, url: str) -> Described:
    layer = shaped(body, _Layer, url)
    own = [one for one in layer.fields if one.type not in ("esriFieldTypeOID", "esriFieldTypeGeometry")]
    return Described(layer.name, layer.copyright_text, None, None, {one.name: (one.alias, None) for one in own})


class _Resource(msgspec.Struct):
    id: str
    name: str | None = None
    format: str | None = None
    datastore_active: bool | None = None


class _Organization(msgspec.Struct):
    title: str | None = None


class _Package(msgspec.Struct):
    resources: list[_Resource]
    title: str | None = None
    license_title: str | None = None
    license_url: str | None = None
    organization: _Organization | None = None


class _PackageReply(msgspec.Struct):
    result: _Package


class _Info(msgspec.Struct):
    label: str | None = None
    notes: str | None = None


class _TableField(msgspec.Struct):
    id: str
    info: _Info | None = None


class _Table(msgspec.Struct):
    fields: list[_TableField]


class _TableReply(msgspec.Struct):
    result: _Table


class _Matter(msgspec.Struct, rename="pascal"):
    matter_status_name: str | None = None


def _legistar(body: Any, url: str) -> Described:
    words = [one.matter_status_name for one in shaped(body, list[_Matter], url)]
    return NOTHING_SAID._replace(statuses=tuple(dict.fromkeys(word for word in words if word)))


def describe(at: Address, url: str, ask: Ask, words: ColumnWords) -> tuple[Address, Described]:
    """The address with its resource chosen, and the portal's words. SourceError where the portal does not answer as it should."""
    at, told = DESCRIBERS[at.portal](at, url, ask)
    return at, _with_fixed(at, told, words)


def describe_saved(at: Address, body: Any, where: str, words: ColumnWords) -> Described:
    """The words of a saved reply (`where` is its file) that names the columns; SourceError where it is another shape."""
    return _with_fixed(at, SAVED[at.portal](body, where), words)


def _with_fixed(at: Address, told: Described, words: ColumnWords) -> Described:
    """The same with the columns that a portal has for everybody, where it has no others."""
    fixed = words.fixed.get(at.portal)
    return told._replace(columns={name: (None, holds) for name, holds in fixed.items()}) if fixed else told


def _describe_socrata(at: Address, url: str, ask: Ask) -> tuple[Address, Described]:
    meta = f"{at.access['base']}/api/views/{at.access['dataset']}.json"
    return at, _socrata(ask(meta), meta)


def _describe_arcgis(at: Address, url: str, ask: Ask) -> tuple[Address, Described]:
    meta = f"{at.access['base']}/{at.access['layer']}?f=json"
    return at, _arcgis(ask(meta), meta)


def _describe_legistar(at: Address, url: str, ask: Ask) -> tuple[Address, Described]:
    """Nothing but the status words is asked for: what the columns are is the same for every council."""
    newest = urlencode({"$select": "MatterStatusName", "$orderby": "MatterId desc", "$top": "1000"}, safe="$")
    meta = f"{at.access['base']}/{at.access['client']}/matters?{newest}"
    return at, _legistar(ask(meta), meta)


def _says_nothing(at: Address, url: str, ask: Ask) -> tuple[Address, Described]:
    """A bare file has columns, but no words about them."""
    return at, NOTHING_SAID


def _describe_ckan(at: Address, url: str, ask: Ask) -> tuple[Address, Described]:
    meta = f"{at.access['base']}/api/3/action/package_show?{urlencode({'id': at.package})}"
    package = shaped(ask(meta), _PackageReply, meta).result
    resource = _chosen(package, at, url)
    form = {} if resource.datastore_active else {"as": "delimited"}
    chosen = at._replace(access={**at.access, "resource": resource.id, **form})
    publisher = package.organization.title if package.organization else None
    columns = _dictionary(chosen, ask) if resource.datastore_active else {}
    return chosen, Described(package.title, publisher, package.license_title, package.license_url, columns)


def _chosen(package: _Package, at: Address, url: str) -> _Resource:
    """The resource named by the address, else the only table of the package; SourceError lists them where there are several."""
    wanted = at.access.get("resource")
    tables = [one for one in package.resources if one.datastore_active or (one.format or "").strip().lower() == "csv"]
    fit = [one for one in package.resources if one.id == wanted] if wanted else tables
    if len(fit) == 1:
        return fit[0]
    listed = "; ".join(f"{url.split('/resource/')[0].rstrip('/')}/resource/{one.id} ({(one.name or '')[:60]})" for one in tables[:20])
    raise SourceError(f"{url}: the data set has {len(tables)} tables. Give the address of one: {listed or 'it has none that can be read'}.")


def _dictionary(at: Address, ask: Ask) -> Mapping[str, tuple[str | None, str | None]]:
    meta = f"{at.access['base']}/api/3/action/datastore_search?{urlencode({'resource_id': at.access['resource'], 'limit': '0'})}"
    return _table(ask(meta), meta).columns


def _table(body: Any, url: str) -> Described:
    told = [(one.id, one.info or _Info()) for one in shaped(body, _TableReply, url).result.fields]
    return NOTHING_SAID._replace(columns={name: (info.label, info.notes) for name, info in told if name != "_id"})


NOTHING_SAID = Described(None, None, None, None, {})
DESCRIBERS: Mapping[str, Callable[[Address, str, Ask], tuple[Address, Described]]] = {
    "arcgis": _describe_arcgis, "ckan": _describe_ckan, "legistar": _describe_legistar, "socrata": _describe_socrata,
    **dict.fromkeys(FORMS, _says_nothing),
}  # fmt: skip
SAVED: Mapping[str, Callable[[Any, str], Described]] = {"arcgis": _arcgis, "ckan": _table, "legistar": _legistar, "socrata": _socrata}
