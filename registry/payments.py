"""One published line of a checkbook as a transaction, and what the payments to a supplier are evidence of. Pure.

A payment shows that money went to a supplier, never that a contract runs: in an answer it gives at most `review`, and it is
not judged, since a law speaks of the acquisition it pays for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import clean
from .determine import Found, found_columns
from .holdings import Trade, undated_holdings
from .names import names_a_company
from .normalise import read_field
from .sentences import say
from .source import Source
from .staged import RawRow

Row = dict[str, Any]

# A payment belongs to a contract only where the city itself writes the contract's number on it, and only one contract has it.
LINK_TO_CONTRACTS = """
UPDATE transactions SET contract = one.id
FROM (
    SELECT jurisdiction, contract_number, min(id) AS id FROM contracts
    WHERE contract_number <> '' GROUP BY jurisdiction, contract_number HAVING count(*) = 1
) AS one
WHERE transactions.jurisdiction = one.jurisdiction AND transactions.contract_number = one.contract_number
"""


def transaction_row(source: Source, row: RawRow, row_id: str, found: Found, load: str) -> Row:
    """The row of `transactions` of one line; the amount means what the source says it means, and less than nothing is a reversal."""
    day, cents = read_field(source, "transaction_date", row), read_field(source, "value_amount", row)
    return {
        "id": row_id, "jurisdiction": source.jurisdiction, "source": source.id,
        "buyer_name": clean.text(row.get("buyer_name", "")) or source.buyer_name, "buyer_unit": clean.text(row.get("buyer_unit", "")),
        "supplier": found.supplier, "supplier_name": payee(row["supplier_name"], found.supplier), "title": clean.text(row.get("title", "")),
        "description": clean.text(row.get("description", "")), "transaction_date": day, "value_currency": source.currency,
        "contract_number": clean.text(row.get("contract_number", "")), "contract": None,
        **found_columns(found),
        "source_url": clean.web_address(row.get("source_url", "")) or source.url, "load": load,
        "value_amount": None if cents is None else int(cents) / 100, "year": int(str(day)[:4]) if day else None,
        "source_row": int(row["row"]),
    }  # fmt: skip


def payee(name: str, supplier: str | None) -> str:
    """Who was paid, as published; "" where it is no supplier we know and may be a person, such as an employee who is paid back."""
    return clean.text(name) if supplier or names_a_company(name) else ""


class Payments:
    """The first payment of each year per supplier and thing it speaks of, as holdings.

    A city pays some suppliers every week; each line is a row of `transactions`, but as evidence the first of a year says all
    that is needed, and nothing of what came later.
    """

    def __init__(self, trade: Trade) -> None:
        self.trade = trade
        self.first: dict[tuple[str, str, int | None], Row] = {}

    def add(self, payment: Row, found: Found) -> None:
        """Note one payment."""
        for holding in payment_holdings(payment, found, self.trade):
            key = (holding["about"], payment["supplier_name"], payment["year"])
            before = self.first.setdefault(key, holding)
            if _rank(holding) < _rank(before):
                self.first[key] = holding

    def rows(self) -> Iterator[Row]:
        """The rows of `holdings`, in the order of their payments."""
        return iter(sorted(self.first.values(), key=lambda one: (one["ref"], one["id"])))


def _rank(holding: Row) -> tuple[bool, str, str]:
    return not holding["firm"], holding["evidence_from"] or "", holding["ref"]


def payment_holdings(payment: Row, found: Found, trade: Trade) -> Iterator[Row]:
    """One row per thing the payment is evidence of; it has no term, so it never says that a contract runs or ended."""
    named = {**payment, "title": payment["title"] or payment["supplier_name"]}
    return undated_holdings("payment", named, payment_sentence(payment), payment["transaction_date"], found, trade)


def payment_sentence(payment: Row) -> str:
    """One sentence of what the published line says."""
    seen = payment["transaction_date"] or say("a day that cannot be read")
    supplier = payment["supplier_name"] or say("a payee whose name is not given here")
    amount, buyer_name = payment["value_amount"], payment["buyer_name"]
    if amount is None:
        return say(f"A payment by {buyer_name} to {supplier}, seen on {seen}; a payment has no contract dates.")
    worth = f"{amount:,.2f} {payment['value_currency']}"
    if amount < 0:
        return say(f"A reversed payment of {worth} by {buyer_name} to {supplier}, seen on {seen}; a payment has no contract dates.")
    return say(f"A payment of {worth} by {buyer_name} to {supplier}, seen on {seen}; a payment has no contract dates.")
