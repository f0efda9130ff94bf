"""What do the rows add up to? Sums over movements, orders and holds, for whoever proves or explains a number.

Changes nothing and judges nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from syncworker.core.fulfilment import Levels
from syncworker.ledger.jobs import JobKind
from syncworker.ledger.keys import among
from syncworker.ledger.ledger import Snapshot
from syncworker.ledger.schema import hold, hold_part, job, movement, order, order_line
from syncworker.ledger.stock import MovementKind


@dataclass(frozen=True, slots=True, kw_only=True)
class MovementSum:
    """All movements of one kind of one part at one location, added up."""

    sku: str
    location: str
    kind: MovementKind
    movements: int
    on_hand: int
    reserved: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRecord:
    """One row of ``job``, as people see it."""

    channel: str
    kind: JobKind
    due_at: datetime
    lease_until: datetime | None
    started_at: datetime | None
    finished_at: datetime | None


def movement_sums(tx: Snapshot, skus: Iterable[str]) -> list[MovementSum]:
    """What the movements of these parts add up to, by part, location and kind."""
    query = (
        sa.select(
            movement.c.sku,
            movement.c.location,
            movement.c.kind,
            sa.func.count().label("movements"),
            sa.func.sum(movement.c.on_hand_after - movement.c.on_hand_before).label("on_hand"),
            sa.func.sum(movement.c.reserved_after - movement.c.reserved_before).label("reserved"),
        )
        .where(among(movement.c.sku, skus))
        .group_by(movement.c.sku, movement.c.location, movement.c.kind)
        .order_by(movement.c.sku, movement.c.location, movement.c.kind)
    )
    return [
        MovementSum(
            sku=row.sku,
            location=row.location,
            kind=MovementKind(row.kind),
            movements=int(row.movements),
            on_hand=int(row.on_hand),
            reserved=int(row.reserved),
        )
        for row in tx.execute(query)
    ]


def reserved_by_orders(tx: Snapshot) -> dict[str, int]:
    """Units of each part that recorded order lines have promised and not shipped; ignored lines promise nothing."""
    promised = order_line.c.ordered - order_line.c.cancelled > order_line.c.shipped
    query = sa.select(
        order_line.c.recipe, order_line.c.ordered, order_line.c.cancelled, order_line.c.shipped
    ).where(order_line.c.state != "ignored", order_line.c.recipe.is_not(None), promised)
    units: dict[str, int] = defaultdict(int)
    for row in tx.execute(query):
        levels = Levels(ordered=row.ordered, cancelled=row.cancelled, shipped=row.shipped)
        for part, per_sale in (row.recipe or {}).items():
            units[part] += per_sale * levels.reserved
    return dict(units)


def reserved_by_holds(tx: Snapshot) -> dict[str, int]:
    """Units of each part that open holds have gathered."""
    query = (
        sa.select(hold_part.c.sku, sa.func.sum(hold_part.c.gathered).label("units"))
        .join(hold, hold.c.id == hold_part.c.hold_id)
        .where(hold.c.closed_at.is_(None))
        .group_by(hold_part.c.sku)
    )
    return {row.sku: int(row.units) for row in tx.execute(query)}


def moved_for_holds(tx: Snapshot) -> dict[tuple[str, str], int]:
    """Units that the movements of holds have reserved and not given back, by reference (the hold's number) and part."""
    units = sa.func.sum(movement.c.reserved_after - movement.c.reserved_before)
    query = (
        sa.select(movement.c.reference, movement.c.sku, units.label("units"))
        .where(movement.c.source == "hold")
        .group_by(movement.c.reference, movement.c.sku)
    )
    return {(row.reference, row.sku): int(row.units) for row in tx.execute(query)}


def jobs(tx: Snapshot) -> list[JobRecord]:
    """Every job of every channel: when it is due, who holds it until when."""
    return [
        JobRecord(
            channel=row.channel,
            kind=JobKind(row.kind),
            due_at=row.due_at,
            lease_until=row.lease_until,
            started_at=row.started_at,
            finished_at=row.finished_at,
        )
        for row in tx.execute(sa.select(job).order_by(job.c.channel, job.c.kind))
    ]


def orders_waiting(tx: Snapshot) -> int:
    """Recorded orders with units that are promised and not shipped."""
    query = (
        sa.select(sa.func.count(sa.distinct(order.c.id)))
        .join(order_line, order_line.c.order_id == order.c.id)
        .where(
            order_line.c.state != "ignored",
            order_line.c.ordered - order_line.c.cancelled > order_line.c.shipped,
        )
    )
    return int(tx.execute(query).scalar_one())
