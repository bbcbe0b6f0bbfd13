"""The facts a judgement takes, read strictly: an unknown key is an error, a missing value means "not known".

A day, a month or a year is kept as the interval of days it can mean; nothing is rounded to a day.
"""

from __future__ import annotations

import calendar
import datetime
import re
from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args

import msgspec

from .errors import FactsError
from .law import Action, PriorApproval
from .shape import Strict

Face = Literal["no", "possible", "yes"]

# What a record may say of an earlier vote when it found none: no evidence, so the same as saying nothing.
_NO_EVIDENCE = ("not_found", "not_searched", "unknown")
_NOT_KNOWN = (None, "", "unknown")
_TRUTH = {"true": True, "yes": True, "false": False, "no": False}
_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")


class Days(Strict, frozen=True):
    """A day, month or year as the first and the last day it can mean."""

    first: datetime.date
    last: datetime.date


class Facts(Strict, frozen=True):
    """One acquisition as far as it is known. None (or no technology) means unknown, never no."""

    jurisdiction: str
    department: str | None = None
    tech: tuple[str, ...] = ()
    face: Face | None = None
    action: Action | None = None
    award_date: Days | None = None
    end_date: Days | None = None
    in_use_since: Days | None = None
    amount: float | None = None
    use_case: str | None = None
    added_capability: bool | None = None
    qualifier_met: bool | None = None
    exigent_claimed: bool | None = None
    prior_approval: PriorApproval | None = None


def parse_facts(record: Mapping[str, Any]) -> Facts:
    """Return the record as Facts; FactsError names the key and what is allowed there."""
    for key in record:
        if key not in Facts.__struct_fields__:
            raise FactsError(f"`{key}` is not a fact. Allowed: {', '.join(Facts.__struct_fields__)}.")
    if not _text("jurisdiction", record.get("jurisdiction")):
        raise FactsError("`jurisdiction` is missing: name the place, for example `us-ma-boston` or `Boston, MA`.")
    return Facts(**{key: _READ[key](key, value) for key, value in record.items() if _known(value)})


def days(key: str, value: Any) -> Days:
    """Return the days that "2022", "2022-08" or "2022-08-01" (or a date) can mean; FactsError otherwise."""
    if isinstance(value, datetime.date):
        return Days(first=value, last=value)
    found = _DATE.fullmatch(str(value).strip())
    if not found:
        raise FactsError(f"`{key}`: `{value}` is not a date. Write a day, month or year: 2022-08-01, 2022-08, 2022.")
    year, month, day = (int(part) if part else None for part in found.groups())
    try:
        return Days(first=_first(year, month, day), last=_last(year, month, day))
    except (ValueError, calendar.IllegalMonthError) as error:
        raise FactsError(f"`{key}`: `{value}` is not in the calendar ({error}).") from error


def _known(value: Any) -> bool:
    return not any(value is nothing or value == nothing for nothing in _NOT_KNOWN)


def _first(year: int | None, month: int | None, day: int | None) -> datetime.date:
    return datetime.date(year or 0, month or 1, day or 1)


def _last(year: int | None, month: int | None, day: int | None) -> datetime.date:
    month = month or 12
    return datetime.date(year or 0, month, day or calendar.monthrange(year or 0, month)[1])


def _text(key: str, value: Any) -> str:
    if value is not None and not isinstance(value, str):
        raise FactsError(f"`{key}`: `{value}` is not text.")
    return (value or "").strip()


def _words(key: str, value: Any) -> tuple[str, ...]:
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list | tuple):
        raise FactsError(f"`{key}`: `{value}` is not a list of technologies or law terms.")
    return tuple(_text(key, one) for one in listed if _known(one))


def _truth(key: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if str(value).strip().lower() not in _TRUTH:
        raise FactsError(f"`{key}`: `{value}` is not allowed. Allowed: true, false, unknown.")
    return _TRUTH[str(value).strip().lower()]


def _number(key: str, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise FactsError(f"`{key}`: `{value}` is not an amount in dollars. Write a number: 4886 or 4886.50.") from error


def _one_of(allowed: tuple[str, ...]) -> Callable[[str, Any], str]:
    def read(key: str, value: Any) -> str:
        # YAML read elsewhere turns a bare yes or no into a truth value.
        word = {True: "yes", False: "no"}[value] if isinstance(value, bool) else value
        if word not in allowed:
            raise FactsError(f"`{key}`: `{value}` is not allowed. Allowed: {', '.join(allowed)}.")
        return str(word)

    return read


def _approval(key: str, value: Any) -> PriorApproval | None:
    """Return what is known of an earlier vote; None where the record says that none was found or sought."""
    if not isinstance(value, Mapping):
        raise FactsError(f"`{key}`: `{value}` is not allowed. Write {{status: approved, same_scope: true}}.")
    given = {name: one for name, one in value.items() if _known(one)}
    if given.get("status") in (*_NO_EVIDENCE, None):
        _refuse_keys(key, given)
        return None
    if "same_scope" in given:
        given["same_scope"] = _truth(f"{key}.same_scope", given["same_scope"])
    try:
        return msgspec.convert(given, PriorApproval)
    except msgspec.ValidationError as error:
        allowed = ", ".join((*_STATUSES, "not_found", "not_searched"))
        raise FactsError(f"`{key}`: {error}. Allowed keys: status, same_scope; status: {allowed}.") from error


def _refuse_keys(key: str, given: Mapping[str, Any]) -> None:
    wrong = set(given) - set(PriorApproval.__struct_fields__)
    if wrong:
        raise FactsError(f"`{key}`: unknown key `{min(wrong)}`. Allowed keys: status, same_scope.")


_STATUSES = get_args(msgspec.structs.fields(PriorApproval)[0].type)
_READ: dict[str, Callable[[str, Any], Any]] = {
    "jurisdiction": _text,
    "department": _text,
    "tech": _words,
    "face": _one_of(get_args(Face)),
    "action": _one_of(get_args(Action)),
    "award_date": days,
    "end_date": days,
    "in_use_since": days,
    "amount": _number,
    "use_case": _text,
    "added_capability": _truth,
    "qualifier_met": _truth,
    "exigent_claimed": _truth,
    "prior_approval": _approval,
}
