"""How does a channel's connection leave the ledger? Its rows go; orders, movements and whatever a person did stay.

Asks nothing: whether nothing can be sold there any more is for ``sync.removing``.
"""

from __future__ import annotations

import sqlalchemy as sa

from syncworker.ledger import publications
from syncworker.ledger.ledger import Snapshot, Transaction
from syncworker.ledger.schema import channel, incident, job, metadata, order, order_line, pool, push

#: The books, and what people did: they stay whatever goes.
KEPT = frozenset(
    {"order", "order_line", "movement", "premium", "run", "run_item", "audit", "incident", "hold"}
)


def delete_connection(tx: Transaction, name: str) -> None:
    """Delete the channel's row and every row that hangs on it; its open incidents are closed."""
    numbers = sa.select(pool.c.id).where(pool.c.channel == name)
    tables = [table for table in reversed(metadata.sorted_tables) if table.name not in KEPT]
    for table in tables:
        if table.name == channel.name:
            continue
        if "channel" in table.c:
            tx.execute(sa.delete(table).where(table.c.channel == name))
        elif "pool_id" in table.c:
            tx.execute(sa.delete(table).where(table.c.pool_id.in_(numbers)))
    tx.execute(sa.delete(channel).where(channel.c.name == name))
    is_its = incident.c.details["channel"].as_string() == name
    tx.execute(sa.update(incident).where(incident.c.closed_at.is_(None), is_its).values(closed_at=tx.now))


def unproven(tx: Snapshot, name: str, *, most: int = 20) -> list[tuple[str, int | None]]:
    """(SKU, exposure) of numbers in the sum from which something may still be sold, or is not proven; at most so many."""
    still_open = sa.exists().where(push.c.pool_id == pool.c.id, push.c.closed_at.is_(None))
    doubted = sa.or_(pool.c.exposure.is_(None), pool.c.exposure != 0, pool.c.pending.is_not(None), still_open)
    query = (
        sa.select(pool.c.sku, pool.c.exposure)
        .where(pool.c.channel == name, pool.c.in_sum, doubted)
        .order_by(pool.c.sku)
        .limit(most)
    )
    listed = [(one.sku, one.units) for one in publications.of_channel(tx, name)]
    return ([(row.sku, row.exposure) for row in tx.execute(query)] + listed)[:most]


def is_worked_at(tx: Snapshot, name: str) -> bool:
    """Whether somebody holds one of its jobs at this moment."""
    held = sa.select(job.c.kind).where(job.c.channel == name, job.c.lease_until > tx.now).limit(1)
    return tx.execute(held).first() is not None


def orders_waiting(tx: Snapshot, name: str) -> int:
    """Its recorded orders with units that are promised and not shipped."""
    is_open = order_line.c.ordered - order_line.c.cancelled > order_line.c.shipped
    query = (
        sa.select(sa.func.count(sa.distinct(order.c.id)))
        .join(order_line, order_line.c.order_id == order.c.id)
        .where(order.c.channel == name, order_line.c.state != "ignored", is_open)
    )
    return int(tx.execute(query).scalar_one())
