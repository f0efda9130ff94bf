"""Which rows point to something that is not there? Counted by what they point with, and dropped where nobody misses them.

Only somebody who changes the database from outside makes such rows. Never drops what counts: stock, orders, numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from syncworker.ledger.ledger import Snapshot, Transaction
from syncworker.ledger.schema import channel, limit, listing, metadata, pool, price, product, push, read

#: Rows that mean nothing without what they point to: a job of no channel, the history of no number.
_DROPPED = frozenset({"job", "cursor", "pull", "push", "read", "limit", "price", "run_item"})
#: These point as well, though no constraint says so.
_UNDECLARED: tuple[tuple[sa.Column[str], sa.Column[str]], ...] = (
    (push.c.channel, channel.c.name),
    (read.c.channel, channel.c.name),
    (limit.c.channel, channel.c.name),
    (limit.c.sku, product.c.sku),
    (price.c.channel, channel.c.name),
    (price.c.sku, product.c.sku),
)
#: A listing whose number is gone is no row to be dropped: the shop goes on selling it.
_LOST_NUMBER = listing.c.pool_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Orphans:
    """Rows of one table that point with one column to rows of ``parent`` that are not there."""

    table: str
    column: str
    parent: str
    rows: int

    @property
    def can_be_dropped(self) -> bool:
        """Whether nothing is lost with them."""
        return self.table in _DROPPED


def find(tx: Snapshot) -> list[Orphans]:
    """Every sort of row that points to nothing; listings without their number are for :func:`lost_numbers`."""
    found = []
    for column, parent in _pointers():
        rows = int(
            tx.execute(sa.select(sa.func.count()).where(_points_to_nothing(column, parent))).scalar_one()
        )
        if rows:
            found.append(
                Orphans(table=column.table.name, column=column.name, parent=parent.table.name, rows=rows)
            )
    return found


def drop(tx: Transaction) -> list[Orphans]:
    """Delete the rows that nobody misses; what was deleted. Harmless to repeat."""
    dropped = []
    for column, parent in _pointers():
        if column.table.name not in _DROPPED:
            continue
        gone = tx.execute(sa.delete(column.table).where(_points_to_nothing(column, parent))).rowcount
        if gone:
            dropped.append(
                Orphans(table=column.table.name, column=column.name, parent=parent.table.name, rows=gone)
            )
    return dropped


def lost_numbers(tx: Snapshot) -> list[tuple[str, str, str]]:
    """(channel, listing, SKU) of linked listings whose number is not there: their sales are counted by nobody."""
    query = (
        sa.select(listing.c.channel, listing.c.external_id, listing.c.sku)
        .where(
            listing.c.state == "linked",
            sa.or_(_LOST_NUMBER.is_(None), _points_to_nothing(_LOST_NUMBER, pool.c.id)),
        )
        .order_by(listing.c.channel, listing.c.external_id)
    )
    return [(row.channel, row.external_id, row.sku) for row in tx.execute(query)]


def _pointers() -> Iterator[tuple[sa.Column[str], sa.Column[str]]]:
    """(column, what it points to), in an order in which rows can be deleted."""
    yield from _UNDECLARED
    for table in reversed(metadata.sorted_tables):
        for key in sorted(table.foreign_keys, key=lambda each: each.parent.name):
            if key.parent is not _LOST_NUMBER:
                yield key.parent, key.column


def _points_to_nothing(column: sa.Column[str], parent: sa.Column[str]) -> sa.ColumnElement[bool]:
    there = parent.table.alias("there")
    return sa.and_(column.is_not(None), ~sa.exists().where(there.c[parent.name] == column))
