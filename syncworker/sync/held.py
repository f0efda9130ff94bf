"""How far is a hold, and what does it wait for? Counted from the rows and the plan as they stand; changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from syncworker.core import hold as rule
from syncworker.core.allocator import Reason
from syncworker.ledger import holds, pools, stock
from syncworker.ledger.holds import HoldPart, HoldRecord
from syncworker.ledger.ledger import Snapshot
from syncworker.ledger.pools import PoolRecord
from syncworker.sync.planning import Planning, plan_for
from syncworker.sync.stockroom import Part
from syncworker.sync.waiting import Wait, waits_of

#: Pushes that lower a number for a hold, planned or under way.
_FOR_HOLDS = frozenset({Reason.LOWERED_FOR_HOLD, Reason.DRAINED_FOR_HOLD})


@dataclass(frozen=True, slots=True, kw_only=True)
class PartProgress:
    """One part of a hold: gathered + coming + awaited = wanted."""

    sku: str
    wanted: int
    gathered: int
    #: There, but a shop may still sell them: they are taken as its number falls.
    coming: int
    #: Not there: they wait for goods-in.
    awaited: int
    #: Numbers that are being lowered for it, as ``channel/SKU``.
    lowering: tuple[str, ...]
    #: Numbers that only 0 would lower, which needs more time or the operator's leave.
    need_leave: tuple[str, ...]
    #: Numbers that nobody knows: until they are read, nothing is known to be free.
    unknown: tuple[str, ...]
    #: The earliest moment at which what is coming can be gathered; ``None`` if no time is set for that.
    ready_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldProgress:
    """One hold with how far each of its parts is."""

    record: HoldRecord
    parts: tuple[PartProgress, ...]

    @property
    def ready_at(self) -> datetime | None:
        """When all that is there can be gathered; ``None`` if nothing is coming, or no time is set."""
        moments = [part.ready_at for part in self.parts if part.coming]
        known = [moment for moment in moments if moment is not None]
        return max(known) if known and len(known) == len(moments) else None


def progress_of(tx: Snapshot, records: Sequence[HoldRecord]) -> list[HoldProgress]:
    """How far these holds are, planned once for all of them."""
    skus = {part.sku for record in records if record.is_open for part in record.parts}
    if not skus:
        return [_closed(record) for record in records]
    planning = plan_for(tx, pools.skus_using(tx, skus))
    waits, opened = waits_of(tx, planning), holds.open_on(tx, skus)
    levels = stock.levels(tx, skus)
    found = []
    for record in records:
        if not record.is_open:
            found.append(_closed(record))
            continue
        parts = []
        for part in record.parts:
            level = levels.get((part.sku, record.location))
            coming = _coming(opened, record, part, 0 if level is None else level.available)
            parts.append(_part(planning, waits, record, part, coming))
        found.append(HoldProgress(record=record, parts=tuple(parts)))
    return found


def _closed(record: HoldRecord) -> HoldProgress:
    parts = tuple(
        PartProgress(
            sku=part.sku,
            wanted=part.wanted,
            gathered=part.gathered,
            coming=0,
            awaited=0,
            lowering=(),
            need_leave=(),
            unknown=(),
            ready_at=None,
        )
        for part in record.parts
    )
    return HoldProgress(record=record, parts=parts)


def _coming(opened: Sequence[HoldRecord], record: HoldRecord, part: HoldPart, available: int) -> int:
    """Of what it lacks, the units that are there once the holds before it have theirs."""
    queue = [one for one in opened if one.location == record.location and one.part(part.sku) is not None]
    lacks = [max(0, found.lack) for one in queue if (found := one.part(part.sku)) is not None]
    covered = rule.covered(lacks, available)
    return next((units for one, units in zip(queue, covered, strict=True) if one.id == record.id), 0)


def _part(
    planning: Planning,
    waits: Mapping[str, Sequence[Wait]],
    record: HoldRecord,
    part: HoldPart,
    coming: int,
) -> PartProgress:
    place = Part(part.sku, record.location)
    around = [
        pool for pool in planning.room.pools.values() if pool.in_sum and place in planning.room.recipe(pool)
    ]
    lowering = [pool for pool in around if coming and _is_lowered(planning, pool)]
    return PartProgress(
        sku=part.sku,
        wanted=part.wanted,
        gathered=part.gathered,
        coming=coming,
        awaited=max(0, part.lack) - coming,
        lowering=_names(lowering),
        need_leave=_names(
            pool for pool in around if coming and planning.decisions[pool.id].reason is Reason.WAITS_FOR_LEAVE
        ),
        unknown=_names(pool for pool in around if coming and pool.bound.exposure is None),
        ready_at=_ready_at(waits, lowering),
    )


def _is_lowered(planning: Planning, pool: PoolRecord) -> bool:
    decision = planning.decisions[pool.id]
    under_way = {push.reason for push in planning.open_pushes.get(pool.id, ())}
    return decision.reason in _FOR_HOLDS or not under_way.isdisjoint(reason.value for reason in _FOR_HOLDS)


def _ready_at(waits: Mapping[str, Sequence[Wait]], lowering: Sequence[PoolRecord]) -> datetime | None:
    """When the last of them can have settled."""
    ends = []
    for pool in lowering:
        moments = [wait.until for wait in waits[pool.id]]
        known = [moment for moment in moments if moment is not None]
        if not known or len(known) < len(moments):
            return None
        ends.append(max(known))
    return max(ends, default=None)


def _names(found: Iterable[PoolRecord]) -> tuple[str, ...]:
    return tuple(sorted(f"{pool.channel}/{pool.sku}" for pool in found))
