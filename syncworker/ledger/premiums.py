"""What was earned for makers, sale by sale? Entries that only grow, each with the maker and premium of its sale.

Computes no premium: what a change is worth is ``core.premium``'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from syncworker.core.premium import Earned, Terms
from syncworker.ledger.keys import is_among, keys_table
from syncworker.ledger.ledger import Snapshot, Transaction
from syncworker.ledger.schema import premium, product

#: A line of an order (or a hold) and one of its parts: (source, reference, line, SKU of the part).
LinePart = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PremiumEntry:
    """One row of ``premium``: what one change of a line earned for one part."""

    source: str
    reference: str
    line: str
    step: int
    sku: str
    terms: Terms
    earned: Earned
    #: What decides the month.
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PremiumSum:
    """All entries of one maker, part and premium in a span of time, added up."""

    sku: str
    terms: Terms
    earned: Earned
    #: Of these, what was recorded only after the span had ended.
    late: Earned


_TERMS = sa.select(product.c.sku, product.c.maker, product.c.maker_premium, product.c.currency).where(
    is_among(product.c.sku, "parts"), product.c.maker.is_not(None)
)


def terms_now(tx: Snapshot, parts: Iterable[str]) -> dict[str, Terms]:
    """Maker and premium of these parts as they are now; parts without a maker are left out, no premium is 0."""
    rows = tx.execute(_TERMS, {"parts": parts})
    return {
        row.sku: Terms(row.maker, row.maker_premium or Decimal(0), row.currency) for row in rows if row.maker
    }


def so_far(tx: Snapshot, lines: Iterable[tuple[str, str, str]]) -> dict[LinePart, tuple[Terms, Earned]]:
    """What these lines (source, reference, line) have earned so far, by part, and on which terms."""
    keys, same = keys_table(tx.dialect, premium, ["source", "reference", "line"], sorted(set(lines)))
    found: dict[LinePart, tuple[Terms, Earned]] = {}
    for row in tx.execute(sa.select(premium).join(keys, same).order_by(premium.c.id)):
        key = (row.source, row.reference, row.line, row.sku)
        entry = Earned(row.sold, row.cancelled, row.returned)
        terms, earned = found.get(key, (Terms(row.maker, row.amount, row.currency), Earned()))
        found[key] = terms, earned + entry
    return found


def store(tx: Transaction, entries: Sequence[PremiumEntry]) -> None:
    """Add these; each change of a line is entered once by whoever books it."""
    if not entries:
        return
    tx.execute(
        sa.insert(premium),
        [
            {
                "source": one.source,
                "reference": one.reference,
                "line": one.line,
                "step": one.step,
                "sku": one.sku,
                "maker": one.terms.maker,
                "amount": one.terms.amount,
                "currency": one.terms.currency,
                "sold": one.earned.sold,
                "cancelled": one.earned.cancelled,
                "returned": one.earned.returned,
                "at": one.at,
                "recorded_at": tx.now,
            }
            for one in entries
        ],
    )


def between(tx: Snapshot, since: datetime, until: datetime, *, maker: str | None = None) -> list[PremiumSum]:
    """Sums of what happened from ``since`` to before ``until``, by maker, part and premium, in this order."""
    columns = (premium.c.maker, premium.c.sku, premium.c.amount, premium.c.currency)
    is_late = premium.c.recorded_at >= until
    units = ("sold", "cancelled", "returned")
    query = (
        sa.select(
            *columns,
            *(sa.func.sum(premium.c[name]).label(name) for name in units),
            *(
                sa.func.sum(sa.case((is_late, premium.c[name]), else_=0)).label(f"late_{name}")
                for name in units
            ),
        )
        .where(premium.c.at >= since, premium.c.at < until)
        .group_by(*columns)
    )
    if maker is not None:
        query = query.where(premium.c.maker == maker)
    sums: dict[tuple[str, Terms], tuple[Earned, Earned]] = {}
    for row in tx.execute(query).mappings():
        key = row["sku"], Terms(row["maker"], row["amount"], row["currency"])
        earned, late = sums.get(key, (Earned(), Earned()))
        sums[key] = earned + _units(row, ""), late + _units(row, "late_")
    found = [
        PremiumSum(sku=sku, terms=terms, earned=earned, late=late)
        for (sku, terms), (earned, late) in sums.items()
    ]
    return sorted(
        found, key=lambda one: (one.terms.maker, one.sku, one.terms.amount, one.terms.currency or "")
    )


def _units(row: RowMapping, prefix: str) -> Earned:
    return Earned(int(row[f"{prefix}sold"]), int(row[f"{prefix}cancelled"]), int(row[f"{prefix}returned"]))
