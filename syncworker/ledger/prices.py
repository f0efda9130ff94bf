"""Which price did the operator fix for a SKU at a channel? One row each; elsewhere the channel's rule gives it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa

from syncworker.ledger.keys import keys_table
from syncworker.ledger.ledger import Snapshot, Transaction
from syncworker.ledger.schema import listing, price
from syncworker.ledger.upsert import insert_for


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedPrice:
    """One row of ``price``."""

    channel: str
    sku: str
    amount: Decimal
    currency: str


def fixed(
    tx: Snapshot, *, channel: str | None = None, skus: Iterable[str] | None = None
) -> dict[tuple[str, str], FixedPrice]:
    """Fixed prices by (channel, SKU)."""
    query = sa.select(price).order_by(price.c.channel, price.c.sku)
    if channel is not None:
        query = query.where(price.c.channel == channel)
    if skus is not None:
        keys, same = keys_table(tx.dialect, price, ["sku"], [(sku,) for sku in sorted(set(skus))])
        query = query.join(keys, same)
    return {
        (row.channel, row.sku): FixedPrice(
            channel=row.channel, sku=row.sku, amount=row.amount, currency=row.currency
        )
        for row in tx.execute(query)
    }


def save(tx: Transaction, one: FixedPrice) -> None:
    """From now on this price stands there."""
    values = {"amount": one.amount, "currency": one.currency}
    insert = insert_for(tx.dialect, price).values(channel=one.channel, sku=one.sku, **values)
    tx.execute(insert.on_conflict_do_update(index_elements=["channel", "sku"], set_=values))


def clear(tx: Transaction, channel: str, sku: str) -> bool:
    """The rule gives the price again; False if none was fixed."""
    gone = tx.execute(sa.delete(price).where(price.c.channel == channel, price.c.sku == sku))
    return gone.rowcount > 0


def currencies_told(tx: Snapshot, channel: str) -> list[str]:
    """The currencies in which the channel tells the prices of its listings, by letter."""
    least = sa.select(sa.func.min(listing.c.currency)).where(listing.c.channel == channel)
    found: list[str] = []
    # From one to the next by the index: there are a few, and maybe a million listings.
    while (
        one := tx.execute(least.where(listing.c.currency > (found[-1] if found else ""))).scalar()
    ) is not None:
        found.append(one)
    return found
