"""Do the books add up? Every movement, added up again, against the stock it must have led to.

Never mends anything: a difference means that rows were changed behind our back, and a person must know.
"""

from __future__ import annotations

import sqlalchemy as sa

from syncworker.ledger.ledger import Snapshot
from syncworker.ledger.schema import movement, stock

_COUNTS = ("on_hand", "reserved", "version")


def check_books(tx: Snapshot) -> list[str]:
    """What does not add up, one sentence each; empty when Σ movements = stock and every chain of movements is whole."""
    return [*_broken_chains(tx), *_wrong_sums(tx)]


def _broken_chains(tx: Snapshot) -> list[str]:
    """Movements that do not begin where the one before ended, or whose number is not the next one."""
    place = (movement.c.sku, movement.c.location)

    def previous(column: sa.Column[int]) -> sa.ColumnElement[int]:
        return sa.func.lag(column, 1, 0).over(partition_by=place, order_by=movement.c.version)

    links = sa.select(
        *place,
        movement.c.version,
        movement.c.on_hand_before,
        movement.c.reserved_before,
        previous(movement.c.version).label("version_due"),
        previous(movement.c.on_hand_after).label("on_hand_due"),
        previous(movement.c.reserved_after).label("reserved_due"),
    ).subquery()
    broken = sa.select(links).where(
        sa.or_(
            links.c.version != links.c.version_due + 1,
            links.c.on_hand_before != links.c.on_hand_due,
            links.c.reserved_before != links.c.reserved_due,
        )
    )
    return [
        f"{row.sku} at {row.location}: movement {row.version} begins at {row.on_hand_before} on hand and"
        f" {row.reserved_before} reserved, but movement {row.version_due} before it ended at {row.on_hand_due} and"
        f" {row.reserved_due}."
        for row in tx.execute(broken.order_by(links.c.sku, links.c.location, links.c.version))
    ]


def _wrong_sums(tx: Snapshot) -> list[str]:
    """Stock rows that are not the sum of their movements, and movements without a stock row."""
    nothing = sa.literal(0)
    told = sa.select(
        stock.c.sku,
        stock.c.location,
        stock.c.on_hand.label("on_hand_told"),
        stock.c.reserved.label("reserved_told"),
        stock.c.version.label("version_told"),
        *(nothing.label(f"{name}_moved") for name in _COUNTS),
    )
    moved = sa.select(
        movement.c.sku,
        movement.c.location,
        *(nothing.label(f"{name}_told") for name in _COUNTS),
        movement.c.on_hand_after - movement.c.on_hand_before,
        movement.c.reserved_after - movement.c.reserved_before,
        sa.literal(1),
    )
    both = sa.union_all(told, moved).subquery()
    sums = {
        f"{name}_{side}": sa.func.sum(both.c[f"{name}_{side}"])
        for name in _COUNTS
        for side in ("told", "moved")
    }
    differs = sa.or_(*(sums[f"{name}_told"] != sums[f"{name}_moved"] for name in _COUNTS))
    query = (
        sa.select(both.c.sku, both.c.location, *(value.label(name) for name, value in sums.items()))
        .group_by(both.c.sku, both.c.location)
        .having(differs)
        .order_by(both.c.sku, both.c.location)
    )
    return [
        f"{row.sku} at {row.location}: stock says {row.on_hand_told} on hand, {row.reserved_told} reserved after"
        f" {row.version_told} movements, but {row.version_moved} movements add up to {row.on_hand_moved} and"
        f" {row.reserved_moved}."
        for row in tx.execute(query)
    ]
