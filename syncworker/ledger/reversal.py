"""What did one import or one entry of a person move, and does anything stand in the way of moving it back? Questions only.

A movement is never deleted or changed: what is undone has an opposite one beside it, of the source ``undo``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from syncworker.ledger.keys import keys_table
from syncworker.ledger.ledger import Snapshot
from syncworker.ledger.schema import movement, product_part
from syncworker.ledger.stock import MovementKind, Place

#: What a person or a file moved; orders and holds have their own ways back.
REVERSIBLE = ("import", "operator")
#: The source of the opposite movements; their reference is what they undo.
UNDO = "undo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Everything that one import, or one entry of a person, moved."""

    source: str
    reference: str
    kind: MovementKind
    actor: str
    note: str
    at: datetime
    #: Units that came (or went, below 0), by part and location; 0 where the count was confirmed.
    units: Mapping[Place, int]
    #: The version that its movement gave each count.
    versions: Mapping[Place, int]


def entry_of(tx: Snapshot, reference: str) -> Entry | None:
    """The import or entry of that reference; ``None`` if it moved nothing, or nobody made one."""
    query = (
        sa.select(movement)
        .where(movement.c.source.in_(REVERSIBLE), movement.c.reference == reference)
        .order_by(movement.c.id)
    )
    rows = tx.execute(query).all()
    if not rows:
        return None
    units: dict[Place, int] = {}
    for row in rows:
        place = (row.sku, row.location)
        units[place] = units.get(place, 0) + row.on_hand_after - row.on_hand_before
    first = rows[0]
    return Entry(
        source=first.source,
        reference=reference,
        kind=MovementKind(first.kind),
        actor=first.actor,
        note=first.note,
        at=first.at,
        units=units,
        versions={(row.sku, row.location): row.version for row in rows},
    )


def references_starting_with(tx: Snapshot, text: str, *, most: int = 5) -> list[str]:
    """References of imports and entries that begin with this text, as people shorten them."""
    if not text:
        return []
    query = (
        sa.select(movement.c.reference)
        .where(
            movement.c.source.in_(REVERSIBLE),
            movement.c.reference >= text,
            movement.c.reference.startswith(text, autoescape=True),
        )
        .distinct()
        .order_by(movement.c.reference)
        .limit(most)
    )
    return [row.reference for row in tx.execute(query)]


def undone_at(tx: Snapshot, reference: str) -> datetime | None:
    """When it was undone; ``None`` if it was not."""
    query = sa.select(sa.func.min(movement.c.at)).where(
        movement.c.source == UNDO, movement.c.reference == reference
    )
    found: datetime | None = tx.execute(query).scalar_one()
    return found


def counted_later(tx: Snapshot, entry: Entry) -> dict[Place, str]:
    """Parts that were counted anew since, with the count's reference; a count that was undone is none."""
    rows = [(sku, location, version) for (sku, location), version in entry.versions.items()]
    keys, _ = keys_table(tx.dialect, movement, ["sku", "location", "version"], rows)
    undo = movement.alias("undo")
    is_undone = sa.exists().where(undo.c.source == UNDO, undo.c.reference == movement.c.reference)
    query = (
        sa.select(movement.c.sku, movement.c.location, movement.c.reference)
        .join(
            keys,
            sa.and_(
                movement.c.sku == keys.c.sku,
                movement.c.location == keys.c.location,
                movement.c.version > keys.c.version,
            ),
        )
        .where(movement.c.kind == MovementKind.COUNT.value, ~is_undone)
        .order_by(movement.c.id)
    )
    return {(row.sku, row.location): row.reference for row in tx.execute(query)}


def bundles_among(tx: Snapshot, entry: Entry) -> list[str]:
    """Parts of it that are bundles by now: these have no count of their own."""
    skus = sorted({sku for sku, _ in entry.units})
    keys, same = keys_table(tx.dialect, product_part, ["sku"], [(sku,) for sku in skus])
    return sorted(tx.execute(sa.select(product_part.c.sku).join(keys, same).distinct()).scalars())
