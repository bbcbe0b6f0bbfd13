"""From what a contract or record says to the facts a law asks for, and from the judgement to rows. Pure.

A supplier's name alone, or a product known only from memory, does not say what was bought: the technology is
then withheld from the judgement, which can only answer `needs_review`, and what it would be is told as `likely`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from . import __version__
from .approvals import Approval
from .law_book import LawBook
from .match import Match
from .records import Record, action_of, interval
from .rules import Judgement, judge
from .sentences import say
from .vocabulary import Product
from .wording import held_reason, review_sentence

Row = dict[str, Any]
FIRM = ("banned", "approval_required", "existing_technology_report", "disclosure_only", "exempt", "not_covered")


class Found(NamedTuple):
    """What the words of a contract or record show: slugs by how sure we are, strongest evidence first."""

    technologies: tuple[str, ...]
    verified: tuple[str, ...]
    products: tuple[str, ...]
    supplier: str | None
    evidence: str


class Acquisition(NamedTuple):
    """A contract or record as the law sees it; `facts` is the form `registry judge` takes, without `tech`."""

    kind: str
    id: str
    facts: Row
    found: Found
    date_basis: str
    approval: Approval
    review: bool
    links: tuple[Row, ...] = ()


def found_in(matches: Iterable[Match], products: Mapping[str, Product], supplier: str | None) -> Found:
    """Sum up the matches of one contract; firm evidence puts mere leads aside."""
    matches = list(matches)
    firm = [one for one in matches if one.evidence != "supplier"]
    verified = [one for one in firm if one.product is None or products[one.product].basis == "source"]
    strongest = next((kind for kind in ("term", "product", "supplier") if any(one.evidence == kind for one in matches)), "")
    makers = [one.supplier for one in firm or matches if one.supplier]
    return Found(
        technologies=_distinct(one.technology for one in firm or matches),
        verified=_distinct(one.technology for one in verified),
        products=_distinct(one.product for one in firm if one.product),
        supplier=supplier or (makers[0] if makers and not firm else None),
        evidence=strongest,
    )


def face(found: Found, products: Mapping[str, Product], named: bool) -> str | None:
    """no, possible or yes as the law asks it, None where not known.

    `named`: the text itself names face recognition. A capability is `possible` until the record names the module; that a
    product lacks it counts only where that was read, not recalled. Of a mere lead nothing is known.
    """
    if named:
        return "yes"
    if found.evidence == "supplier":
        return None
    known = [products[slug] for slug in found.products]
    if any(one.face in ("optional", "yes") for one in known):
        return "possible"
    if any(one.face == "unknown" or one.face_basis == "memory" for one in known):
        return None
    return "no"


def found_columns(found: Found) -> Row:
    """What the matches of one row come to, as the columns of every table that has them."""
    return {"technologies": json.dumps(found.technologies), "products": json.dumps(found.products), "evidence": found.evidence}


def contract_facts(contract: Row, found: Found, products: Mapping[str, Product], face_named: bool) -> tuple[Row, str]:
    """The facts of a contract and which of its dates stands for the award: signed, else the start of its term."""
    award = contract["date_signed"] or contract["period_start_date"]
    basis = "date_signed" if contract["date_signed"] else "period_start_date" if award else say("no date published")
    facts = {
        "jurisdiction": contract["jurisdiction"], "department": contract["buyer_unit"], "action": "acquire", "award_date": award,
        "end_date": contract["period_end_date"], "amount": contract["value_amount"], "face": face(found, products, face_named),
    }  # fmt: skip
    return _known(facts), basis


def record_facts(record: Record, found: Found, products: Mapping[str, Product]) -> Row:
    """The facts of a record that documents an acquisition."""
    face_named = record.face_module == "yes" or record.technology == "face_recognition"
    facts = {
        "jurisdiction": record.jurisdiction, "department": record.buyer_unit, "action": action_of(record),
        "award_date": record.event_date, "end_date": record.period_end,
        "amount": None if record.amount is None else float(record.amount), "face": face(found, products, face_named),
    }  # fmt: skip
    return _known(facts)


def with_earlier_vote(facts: Row, approval: Approval, decided_on: str | None) -> Row:
    """Add an approval or refusal that came before the acquisition; its scope is not known from a record's title."""
    if approval.status not in ("approved", "refused") or not decided_on or "award_date" not in facts:
        return facts
    if decided_on >= interval(str(facts["award_date"]))[0].isoformat():
        return facts
    return {**facts, "prior_approval": {"status": approval.status}}


def judged(acquisition: Acquisition, book: LawBook, aliases: Mapping[str, str]) -> Judgement:
    """The judgement that may be published of this acquisition."""
    status = acquisition.approval.status or "not_searched"
    tech = list(acquisition.found.verified)
    if tech:
        answer = judge({**acquisition.facts, "tech": tech}, book, aliases, approval_status=status)
        return _held(answer, say("the record is marked for review by a person")) if acquisition.review else answer
    guessed = judge({**acquisition.facts, "tech": list(acquisition.found.technologies)}, book, aliases, approval_status=status)
    answer = judge(acquisition.facts, book, aliases, approval_status=status)
    return answer._replace(likely=guessed.likely or guessed.floor or guessed.outcome) if answer.outcome == "needs_review" else answer


def _held(answer: Judgement, why: str) -> Judgement:
    if answer.outcome not in FIRM:
        return answer
    reason = held_reason(why, answer.outcome, answer.reason)
    # The rules' own sentence is firm, so it must not stand beside an answer that is not.
    return answer._replace(
        outcome="needs_review", timing=None, likely=answer.outcome, rule=f"UNVERIFIED_{answer.rule}", reason=reason,
        sentence=review_sentence(reason, answer.citation, answer.floor),
    )  # fmt: skip


def determination_rows(acquisition: Acquisition, answer: Judgement, book: LawBook) -> Iterator[Row]:
    """One row per law considered, the deciding one first; one row without a law where the place has none."""
    shared = _shared(acquisition, answer)
    yield {
        **shared, **_law_columns(book, answer.law), "id": f"{acquisition.id}__{answer.law or 'none'}", "outcome": answer.outcome,
        "timing": answer.timing, "floor": answer.floor, "likely": answer.likely, "rule": answer.rule, "reason": answer.reason,
        "sentence": answer.sentence, "evidence": answer.evidence, "law_version": _version(answer, answer.law), "decides": 1,
    }  # fmt: skip
    for step in answer.trace:
        if step["law"] and step["law"] != answer.law:
            yield {
                **shared, **_law_columns(book, step["law"]), "id": f"{acquisition.id}__{step['law']}", "outcome": step["outcome"],
                "timing": step["timing"], "floor": None, "likely": None, "rule": step["rule"], "reason": step["reason"],
                "sentence": "", "evidence": step["evidence"], "law_version": step["version"], "decides": 0,
            }  # fmt: skip


def _shared(acquisition: Acquisition, answer: Judgement) -> Row:
    return {
        "contract": acquisition.id if acquisition.kind == "contract" else None,
        "record": acquisition.id if acquisition.kind == "record" else None,
        "jurisdiction": acquisition.facts["jurisdiction"],
        "approval_status": acquisition.approval.status or "not_searched",
        "action": acquisition.facts.get("action"),
        "action_date": acquisition.facts.get("award_date"),
        "date_basis": acquisition.date_basis,
        "unknowns": json.dumps([*answer.unknowns, *_capability_not_known(acquisition)], ensure_ascii=False),
        "facts": json.dumps({**acquisition.facts, "tech": list(acquisition.found.verified)}, ensure_ascii=False),
        "trace": json.dumps(list(answer.trace), ensure_ascii=False),
        "engine": __version__,
    }


def _capability_not_known(acquisition: Acquisition) -> list[str]:
    """Where no product is named, `face: no` says only that none is: what the product can do is not known."""
    unsaid = not acquisition.found.products and acquisition.facts.get("face") == "no"
    return [say("face capability (no product is named, so it was judged as having none)")] if unsaid else []


def _law_columns(book: LawBook, law: str | None) -> Row:
    if law is None:
        return {"law": None, "citation": "", "citation_url": ""}
    return {"law": law, "citation": book.laws[law].citation, "citation_url": book.laws[law].url}


def _version(answer: Judgement, law: str | None) -> str | None:
    return next((step["version"] for step in answer.trace if step["law"] == law), None)


def _known(facts: Row) -> Row:
    """Facts that are known: a missing one means unknown, so blanks are left out."""
    return {name: value for name, value in facts.items() if value not in (None, "")}


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
