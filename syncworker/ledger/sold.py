"""What was bought, when and where? Order lines as they were placed, by time; cancelled units beside them.

Knows nothing of today's numbers: it is for looking back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from syncworker.ledger.ledger import Snapshot
from syncworker.ledger.orders import LineState
from syncworker.ledger.schema import order, order_line, pool


@dataclass(frozen=True, slots=True, kw_only=True)
class SoldLine:
    """One line whose SKU is known."""

    placed_at: datetime
    channel: str
    sku: str
    ordered: int
    cancelled: int
    #: Units of each part that one of it took.
    recipe: Mapping[str, int]


_LINES = (
    sa.select(
        order.c.placed_at,
        order.c.channel,
        order_line.c.sku,
        order_line.c.ordered,
        order_line.c.cancelled,
        order_line.c.recipe,
    )
    .join(order, order.c.id == order_line.c.order_id)
    .where(
        order_line.c.state == LineState.APPLIED.value,
        order_line.c.sku.is_not(None),
        order_line.c.recipe.is_not(None),
        order_line.c.ordered > 0,
        order.c.is_history.is_(False),
    )
    .order_by(order.c.placed_at, order.c.id, order_line.c.id)
)


def sold_lines(tx: Snapshot) -> list[SoldLine]:
    """Every line that was counted, oldest first; orders from before a channel was connected are left out."""
    return [SoldLine(**row) for row in tx.execute(_LINES).mappings()]


def sold_where(tx: Snapshot) -> set[tuple[str, str]]:
    """(channel, SKU) of every number that we keep."""
    return {
        (row.channel, row.sku)
        for row in tx.execute(sa.select(pool.c.channel, pool.c.sku).where(pool.c.in_sum))
    }
