"""Why does each channel show what it shows? Every number of one SKU computed from the rows again, with its reason.

Stores nothing and asks no channel. Each number stands beside the rows it came from; where two rows should agree and do
not, both are shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from syncworker.core.allocator import Decision
from syncworker.core.availability import StockLevel, free_of, sellable_units
from syncworker.core.model import Limits, Policy
from syncworker.errors import UnknownSkuError
from syncworker.ledger import holds, limits, products, pushes, reads, stock, tallies
from syncworker.ledger.channels import ChannelState
from syncworker.ledger.holds import HoldRecord
from syncworker.ledger.ledger import Snapshot
from syncworker.ledger.listings import to_be_unlinked
from syncworker.ledger.pools import PoolRecord
from syncworker.ledger.pushes import PushRecord
from syncworker.ledger.reads import ReadAnswer
from syncworker.ledger.stock import Movement
from syncworker.ledger.tallies import MovementSum
from syncworker.sync.planning import Planning, plan_for
from syncworker.sync.stockroom import Part, Stockroom
from syncworker.sync.waiting import Wait, waits_of

#: Movements shown of each part, newest first.
MOVEMENTS_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolShare:
    """What one pool, or a listing under way that has none yet, may still take of a part."""

    channel: str
    sku: str
    #: Units of the part that one sale consumes.
    units_per_sale: int
    #: Sales that the pool may still make; ``None`` is unknown and counts as infinite.
    exposure: int | None
    #: Whether it is in the sum: not while its channel is observing, and not under policy ``shared``.
    counts: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldShare:
    """What one open hold has of a part, and what it wants of it."""

    id: int
    party: str
    gathered: int
    wanted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedPart:
    """One part at one location: from its movements to the units that are free."""

    part: Part
    units_per_sale: int
    #: Σ movements, by kind.
    sums: tuple[MovementSum, ...]
    latest: tuple[Movement, ...]
    #: The stock row; it must be what the movements add up to.
    level: StockLevel
    reserved_by_orders: int
    reserved_by_holds: int
    #: Open holds that want it at this location, the one that is served first in front.
    holds: tuple[HoldShare, ...]
    safety_stock: int
    shares: tuple[PoolShare, ...]
    #: Available less all shares; ``None`` while one is unknown.
    free: int | None

    @property
    def moved(self) -> StockLevel:
        """What the movements add up to."""
        return StockLevel(sum(each.on_hand for each in self.sums), sum(each.reserved for each in self.sums))


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedPool:
    """What one channel shows of the SKU, why, and when that will change."""

    pool_id: str
    channel: str
    state: ChannelState
    policy: Policy
    #: The number that it shows as far as we know; ``None`` if we do not.
    shown: int | None
    exposure: int | None
    #: What the exposure falls to at the next settle; ``None`` if nothing is pending.
    pending: int | None
    counts: bool
    last_read: ReadAnswer | None
    last_push: PushRecord | None
    limits: Limits
    #: What it should show in the long run, as planned now.
    decision: Decision
    parked: str | None
    waits: tuple[Wait, ...]
    #: Listings that are unlinked once nothing can be sold from the number.
    unlinking: tuple[str, ...] = ()
    #: Not at a catalogue, which shows in or out of stock.
    takes_orders: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """All of it, at one moment."""

    at: datetime
    sku: str
    title: str
    recipe: Mapping[str, int]
    parts: tuple[ExplainedPart, ...]
    #: Whole sales that the available parts allow at the default location.
    sellable: int
    pools: tuple[ExplainedPool, ...]


def explain(tx: Snapshot, sku: str) -> Explanation:
    """Explain one SKU from the rows as they stand; raises UnknownSkuError."""
    found = products.list_products(tx, [sku])
    if not found:
        raise UnknownSkuError(sku)
    planning = plan_for(tx, [sku])
    recipe = found[0].recipe
    parts = _parts(tx, planning.room, recipe)
    return Explanation(
        at=tx.now,
        sku=sku,
        title=found[0].title,
        recipe=dict(recipe),
        parts=tuple(parts),
        sellable=sellable_units(
            {one.part.sku: one.level.available for one in parts if one.part.location == "main"}, recipe
        ),
        pools=tuple(_pools(tx, planning, sku)),
    )


def _parts(tx: Snapshot, room: Stockroom, recipe: Mapping[str, int]) -> list[ExplainedPart]:
    sums = tallies.movement_sums(tx, recipe)
    safety = limits.safety_stocks(tx, recipe)
    by_orders, by_holds = tallies.reserved_by_orders(tx), tallies.reserved_by_holds(tx)
    opened = holds.open_on(tx, recipe)
    places = {(part.sku, part.location) for part in room.parts() if part.sku in recipe}
    places |= set(stock.levels(tx, recipe)) | {(each.sku, each.location) for each in sums}
    places |= {(sku, "main") for sku in recipe}
    return [
        ExplainedPart(
            part=Part(sku, location),
            units_per_sale=recipe[sku],
            sums=tuple(each for each in sums if (each.sku, each.location) == (sku, location)),
            latest=tuple(stock.history(tx, sku, location=location, most=MOVEMENTS_SHOWN)),
            level=room.levels.get((sku, location), StockLevel(0, 0)),
            reserved_by_orders=by_orders.get(sku, 0),
            reserved_by_holds=by_holds.get(sku, 0),
            holds=tuple(_holds(opened, sku, location)),
            safety_stock=safety.get(sku, 0),
            shares=tuple(_shares(room, Part(sku, location))),
            free=free_of(room.available(Part(sku, location)), room.exposures(Part(sku, location))),
        )
        for sku, location in sorted(places)
    ]


def _holds(opened: Sequence[HoldRecord], sku: str, location: str) -> Iterator[HoldShare]:
    for one in opened:
        part = one.part(sku)
        if part is not None and one.location == location:
            yield HoldShare(id=one.id, party=one.party, gathered=part.gathered, wanted=part.wanted)


def _shares(room: Stockroom, part: Part) -> list[PoolShare]:
    found = [
        PoolShare(
            channel=pool.channel,
            sku=pool.sku,
            units_per_sale=room.recipe(pool)[part],
            exposure=pool.bound.exposure,
            counts=pool.in_sum and room.policy(pool) is Policy.ESCROW,
        )
        for pool in room.pools.values()
        if part in room.recipe(pool) and _is_ours(room, pool) and _may_sell(room, pool)
    ]
    found += [
        PoolShare(
            channel=one.channel,
            sku=one.sku,
            units_per_sale=room.recipe(one)[part],
            exposure=one.units,
            counts=room.is_counted(one),
        )
        for one in room.publications
        if part in room.recipe(one)
    ]
    return sorted(found, key=lambda share: (share.channel, share.sku))


def _pools(tx: Snapshot, planning: Planning, sku: str) -> list[ExplainedPool]:
    records = sorted(
        (
            record
            for record in planning.room.pools.values()
            if record.sku == sku and _is_ours(planning.room, record)
        ),
        key=lambda record: (record.channel, record.pool_key),
    )
    allowed = limits.load(tx, [sku])
    waits = waits_of(tx, planning)
    return [
        _pool(tx, planning, record, allowed.get((record.channel, sku), Limits()), waits[record.id])
        for record in records
    ]


def _is_ours(room: Stockroom, record: PoolRecord) -> bool:
    """Not a number whose listings were all unlinked."""
    return record.in_sum or room.channels[record.channel].state is ChannelState.OBSERVING


def _may_sell(room: Stockroom, record: PoolRecord) -> bool:
    """Not at a catalogue, unless orders from when it was none may be unseen."""
    return room.channels[record.channel].rules.takes_orders or record.bound.exposure != 0


def _pool(
    tx: Snapshot, planning: Planning, record: PoolRecord, allowed: Limits, waits: Sequence[Wait]
) -> ExplainedPool:
    latest = pushes.history(tx, record.id, most=1)
    return ExplainedPool(
        pool_id=record.id,
        channel=record.channel,
        state=planning.room.channels[record.channel].state,
        policy=planning.room.policy(record),
        shown=record.shown,
        exposure=record.bound.exposure,
        pending=record.bound.pending,
        counts=record.in_sum,
        last_read=reads.latest(tx, record.id),
        last_push=latest[0] if latest else None,
        limits=allowed,
        decision=planning.decisions[record.id],
        parked=record.parked,
        waits=tuple(waits),
        unlinking=tuple(one.external_id for one in to_be_unlinked(tx, record.id)),
        takes_orders=planning.room.channels[record.channel].rules.takes_orders,
    )
