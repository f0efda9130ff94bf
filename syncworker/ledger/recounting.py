"""Which counts differ from what their movements lead to, and how are they made the same again?

Trusts the movements alone, which nobody can change through the engine, and only where their chain is whole.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from syncworker.core.availability import StockLevel
from syncworker.ledger.ledger import Snapshot, Transaction
from syncworker.ledger.schema import movement, stock
from syncworker.ledger.stock import Place
from syncworker.ledger.upsert import insert_for

_NOTHING = StockLevel(0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One place whose stock row is not what its movements lead to."""

    sku: str
    location: str
    #: As the stock row has it; nothing where there is no row.
    told: StockLevel
    #: As the movements lead to it, and after how many.
    moved: StockLevel
    movements: int
    #: Whether each movement begins where the one before it ended: otherwise nobody can say what is right.
    is_whole: bool

    @property
    def place(self) -> Place:
        return (self.sku, self.location)


def differences(tx: Snapshot) -> list[Difference]:
    """Every place whose stock row differs from its movements, in order."""
    told = {
        (row.sku, row.location): (StockLevel(row.on_hand, row.reserved), int(row.version))
        for row in tx.execute(sa.select(stock))
    }
    moved = _moved(tx)
    found = []
    for place in sorted({*told, *moved}):
        level, version = told.get(place, (_NOTHING, 0))
        end, movements, is_whole = moved.get(place, (_NOTHING, 0, True))
        if (level, version) != (end, movements):
            found.append(
                Difference(
                    sku=place[0],
                    location=place[1],
                    told=level,
                    moved=end,
                    movements=movements,
                    is_whole=is_whole,
                )
            )
    return found


def rebuild(tx: Transaction, wanted: Iterable[Difference]) -> None:
    """Set these stock rows to what their movements lead to; a missing row is made. ValueError for a broken chain."""
    for one in wanted:
        if not one.is_whole:
            raise ValueError(f"the movements of {one.sku} at {one.location} do not follow on one another")
        values = {"on_hand": one.moved.on_hand, "reserved": one.moved.reserved, "version": one.movements}
        insert = insert_for(tx.dialect, stock).values(sku=one.sku, location=one.location, **values)
        tx.execute(insert.on_conflict_do_update(index_elements=["sku", "location"], set_=values))


def _moved(tx: Snapshot) -> dict[Place, tuple[StockLevel, int, bool]]:
    """(where the movements end, how many there are, whether their chain is whole) by place."""
    place = (movement.c.sku, movement.c.location)

    def before(column: sa.Column[int]) -> sa.ColumnElement[int]:
        return sa.func.lag(column, 1, 0).over(partition_by=place, order_by=movement.c.version)

    follows = sa.and_(
        movement.c.version == before(movement.c.version) + 1,
        movement.c.on_hand_before == before(movement.c.on_hand_after),
        movement.c.reserved_before == before(movement.c.reserved_after),
    )
    links = sa.select(
        *place,
        (movement.c.on_hand_after - movement.c.on_hand_before).label("on_hand"),
        (movement.c.reserved_after - movement.c.reserved_before).label("reserved"),
        sa.case((follows, 0), else_=1).label("broken"),
    ).subquery()
    query = sa.select(
        links.c.sku,
        links.c.location,
        sa.func.count().label("movements"),
        sa.func.sum(links.c.on_hand).label("on_hand"),
        sa.func.sum(links.c.reserved).label("reserved"),
        sa.func.sum(links.c.broken).label("broken"),
    ).group_by(links.c.sku, links.c.location)
    return {
        (row.sku, row.location): (
            StockLevel(int(row.on_hand), int(row.reserved)),
            int(row.movements),
            row.broken == 0,
        )
        for row in tx.execute(query)
    }
