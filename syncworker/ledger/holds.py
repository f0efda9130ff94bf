"""Which units are promised to whom beside the orders? Holds with what they want and have, and who opened and closed them.

Moves no stock: what a hold takes and gives back are movements, and those are ``ledger.stock``'s.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa

from syncworker.ledger.keys import among, is_among
from syncworker.ledger.ledger import Snapshot, Transaction
from syncworker.ledger.schema import hold, hold_item, hold_part
from syncworker.ledger.stock import Place
from syncworker.ledger.upsert import insert_for


class HoldOutcome(StrEnum):
    """How a hold ended."""

    FULFILLED = "fulfilled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldItem:
    """One SKU as it was asked for; a bundle with the recipe that it had then."""

    sku: str
    units: int
    recipe: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldPart:
    """One part of a hold; ``step`` counts its movements."""

    sku: str
    wanted: int
    gathered: int
    step: int

    @property
    def lack(self) -> int:
        """Units that it has yet to gather."""
        return self.wanted - self.gathered


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRecord:
    """One hold: for whom, what of, until when. ``outcome`` is ``None`` while it is open."""

    id: int
    party: str
    location: str
    reference: str | None
    created_by: str
    created_at: datetime
    expires_at: datetime
    outcome: HoldOutcome | None
    closed_by: str | None
    closed_at: datetime | None
    items: tuple[HoldItem, ...]
    parts: tuple[HoldPart, ...]

    @property
    def is_open(self) -> bool:
        """Whether it still holds or gathers anything."""
        return self.closed_at is None

    @property
    def is_whole(self) -> bool:
        """Whether it has everything that it wants."""
        return all(part.lack <= 0 for part in self.parts)

    def part(self, sku: str) -> HoldPart | None:
        """What it wants of this part."""
        return next((part for part in self.parts if part.sku == sku), None)


def create(
    tx: Transaction,
    *,
    party: str,
    location: str,
    reference: str | None,
    items: Sequence[HoldItem],
    expires_at: datetime,
    actor: str,
) -> tuple[int, bool]:
    """Store a hold that has gathered nothing yet; its number, and whether it is new.

    The number of the one that has the reference already, if there is one: then nothing is stored.
    """
    hold_id = tx.execute(
        insert_for(tx.dialect, hold)
        .on_conflict_do_nothing(index_elements=[hold.c.reference])
        .values(
            party=party,
            location=location,
            reference=reference,
            created_by=actor,
            created_at=tx.now,
            expires_at=expires_at,
        )
        .returning(hold.c.id)
    ).scalar_one_or_none()
    if hold_id is None:
        return tx.execute(sa.select(hold.c.id).where(hold.c.reference == reference)).scalar_one(), False
    wanted: dict[str, int] = defaultdict(int)
    for item in items:
        for part, per_unit in item.recipe.items():
            wanted[part] += per_unit * item.units
    tx.execute(
        sa.insert(hold_item),
        [
            {"hold_id": hold_id, "sku": item.sku, "units": item.units, "recipe": dict(item.recipe)}
            for item in items
        ],
    )
    tx.execute(
        sa.insert(hold_part),
        [{"hold_id": hold_id, "sku": part, "wanted": units} for part, units in sorted(wanted.items())],
    )
    return int(hold_id), True


def load(tx: Snapshot, hold_id: int) -> HoldRecord | None:
    """The hold of this number."""
    return next(iter(_records(tx, hold.c.id == hold_id)), None)


def by_reference(tx: Snapshot, reference: str) -> HoldRecord | None:
    """The hold that was created under this reference."""
    return next(iter(_records(tx, hold.c.reference == reference)), None)


def list_holds(tx: Snapshot, *, open_only: bool = True) -> list[HoldRecord]:
    """Holds in the order in which they were created; the first one is served first."""
    return _records(tx, hold.c.closed_at.is_(None) if open_only else sa.true())


def open_on(tx: Snapshot, parts: Iterable[str]) -> list[HoldRecord]:
    """Open holds that want one of these parts, in the order in which they were created."""
    of_parts = sa.select(hold_part.c.hold_id).where(among(hold_part.c.sku, parts))
    return _records(tx, hold.c.closed_at.is_(None), hold.c.id.in_(of_parts))


_LACK = hold_part.c.wanted - hold_part.c.gathered
_LACKS = (
    sa.select(hold_part.c.sku, hold.c.location, sa.func.sum(_LACK).label("units"))
    .join(hold, hold.c.id == hold_part.c.hold_id)
    .where(hold.c.closed_at.is_(None), _LACK > 0)
    .group_by(hold_part.c.sku, hold.c.location)
)
_LACKS_OF = _LACKS.where(is_among(hold_part.c.sku, "parts"))
_EXPIRED = sa.select(hold.c.id).where(hold.c.closed_at.is_(None), hold.c.expires_at <= sa.bindparam("now"))


def lacks(tx: Snapshot, parts: Iterable[str] | None = None) -> dict[Place, int]:
    """Units that open holds have yet to gather, by part and location; of these parts, or all."""
    rows = tx.execute(_LACKS) if parts is None else tx.execute(_LACKS_OF, {"parts": parts})
    return {(row.sku, row.location): int(row.units) for row in rows}


def expired(tx: Snapshot) -> list[int]:
    """Open holds whose time is over."""
    return sorted(tx.execute(_EXPIRED, {"now": tx.now}).scalars())


def record_gathered(tx: Transaction, hold_id: int, part: HoldPart, gathered: int) -> None:
    """The hold has so many units of the part now; ``part`` is how it stood, and the movement was its next step."""
    tx.execute(
        sa.update(hold_part)
        .where(hold_part.c.hold_id == hold_id, hold_part.c.sku == part.sku)
        .values(gathered=gathered, step=part.step + 1)
    )


def close(tx: Transaction, hold_id: int, outcome: HoldOutcome, *, actor: str) -> None:
    """The hold wants nothing any more; what it has stays on record."""
    tx.execute(
        sa.update(hold)
        .where(hold.c.id == hold_id)
        .values(outcome=outcome.value, closed_by=actor, closed_at=tx.now)
    )


def _records(tx: Snapshot, *conditions: sa.ColumnElement[bool]) -> list[HoldRecord]:
    heads = tx.execute(sa.select(hold).where(*conditions).order_by(hold.c.id)).all()
    ids = [row.id for row in heads]
    items: dict[int, list[HoldItem]] = defaultdict(list)
    parts: dict[int, list[HoldPart]] = defaultdict(list)
    if ids:
        asked = sa.select(hold_item).where(among(hold_item.c.hold_id, ids))
        for row in tx.execute(asked.order_by(hold_item.c.sku)):
            items[row.hold_id].append(HoldItem(sku=row.sku, units=row.units, recipe=row.recipe))
        taken = sa.select(hold_part).where(among(hold_part.c.hold_id, ids))
        for row in tx.execute(taken.order_by(hold_part.c.sku)):
            parts[row.hold_id].append(
                HoldPart(sku=row.sku, wanted=row.wanted, gathered=row.gathered, step=row.step)
            )
    return [
        HoldRecord(
            id=row.id,
            party=row.party,
            location=row.location,
            reference=row.reference,
            created_by=row.created_by,
            created_at=row.created_at,
            expires_at=row.expires_at,
            outcome=None if row.outcome is None else HoldOutcome(row.outcome),
            closed_by=row.closed_by,
            closed_at=row.closed_at,
            items=tuple(items[row.id]),
            parts=tuple(parts[row.id]),
        )
        for row in heads
    ]
