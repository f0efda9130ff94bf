"""What did the operator allow? Limits per channel and SKU, safety stock and policy per SKU."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

import sqlalchemy as sa

from syncworker.core.model import Limits, Policy, PolicyChoice
from syncworker.ledger.keys import is_among
from syncworker.ledger.ledger import Snapshot, Transaction
from syncworker.ledger.schema import limit, product
from syncworker.ledger.upsert import insert_for

# Built once: every plan asks for them.
_LIMITS = sa.select(limit).order_by(limit.c.channel, limit.c.sku)
_LIMITS_OF = _LIMITS.where(is_among(limit.c.sku, "skus"))
_SAFETY_STOCKS = sa.select(product.c.sku, product.c.safety_stock).where(
    is_among(product.c.sku, "skus"), product.c.safety_stock > 0
)
_OWN_POLICIES = sa.select(product.c.sku, product.c.policy, product.c.escrow_below).where(
    product.c.policy.is_not(None)
)
_POLICIES_OF = _OWN_POLICIES.where(is_among(product.c.sku, "skus"))


def load(tx: Snapshot, skus: Iterable[str] | None = None) -> dict[tuple[str, str], Limits]:
    """Limits by (channel, SKU); of these SKUs, or all."""
    rows = tx.execute(_LIMITS) if skus is None else tx.execute(_LIMITS_OF, {"skus": skus})
    return {
        (row.channel, row.sku): Limits(
            pause=row.pause, at_most=row.at_most, fixed=row.fixed, at_least=row.at_least, share=row.share
        )
        for row in rows
    }


def save(tx: Transaction, channel: str, sku: str, limits: Limits) -> None:
    """Store the limits of one SKU at one channel; empty limits are removed."""
    here = sa.and_(limit.c.channel == channel, limit.c.sku == sku)
    if limits == Limits():
        tx.execute(sa.delete(limit).where(here))
        return
    insert = insert_for(tx.dialect, limit).values(channel=channel, sku=sku, **asdict(limits))
    tx.execute(insert.on_conflict_do_update(index_elements=["channel", "sku"], set_=asdict(limits)))


def safety_stocks(tx: Snapshot, skus: Iterable[str]) -> dict[str, int]:
    """Units that no channel is shown, by SKU; only those that have any."""
    return {row.sku: row.safety_stock for row in tx.execute(_SAFETY_STOCKS, {"skus": skus})}


def save_safety_stock(tx: Transaction, sku: str, units: int) -> None:
    """From now on so many units of the SKU are shown nowhere."""
    tx.execute(sa.update(product).where(product.c.sku == sku).values(safety_stock=units))


def policies(tx: Snapshot, skus: Iterable[str]) -> dict[str, PolicyChoice]:
    """The policy of each SKU that has one of its own."""
    rows = tx.execute(_POLICIES_OF, {"skus": skus})
    return {row.sku: PolicyChoice(Policy(row.policy), row.escrow_below) for row in rows}


def own_policies(tx: Snapshot, *, after: str = "", most: int) -> dict[str, PolicyChoice]:
    """SKUs with a policy of their own behind ``after``, in order; at most so many."""
    query = _OWN_POLICIES.where(product.c.sku > after).order_by(product.c.sku).limit(most)
    return {row.sku: PolicyChoice(Policy(row.policy), row.escrow_below) for row in tx.execute(query)}


def save_policy(tx: Transaction, sku: str, choice: PolicyChoice | None) -> None:
    """From now on this holds for the SKU everywhere; ``None``: what its channels follow."""
    values: dict[str, object] = {"policy": None, "escrow_below": None}
    if choice is not None:
        values = {"policy": choice.policy.value, "escrow_below": choice.escrow_below}
    tx.execute(sa.update(product).where(product.c.sku == sku).values(values))
