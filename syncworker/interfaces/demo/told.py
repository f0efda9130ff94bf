"""How long did it take from a sale until it had been told? Measured from the rows, sale by sale, when all is over.

A sale has been told when every number of its parts has been planned and each push which that plan needed is
acknowledged. The time of the sale is the shop's own.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from statistics import median
from typing import TYPE_CHECKING

from syncworker.interfaces.demo.cast import CATALOGUE, MODES
from syncworker.interfaces.demo.happenings import Happening
from syncworker.interfaces.demo.shops import told_id

if TYPE_CHECKING:
    from syncworker.ledger.ledger import Ledger, Snapshot
    from syncworker.ledger.pools import PoolRecord
    from syncworker.ledger.pushes import PushRecord

#: More rows than a demo writes.
ALL = 100_000


class Road(StrEnum):
    """What it took to tell a sale; the slowest of what its plan needed counts."""

    NO_PUSH = "no_push_needed"
    EXACT = "compare_and_set_or_adjust"
    CATALOGUE = "catalogue"
    TOP_UP = "set_top_up"
    DRAIN = "drain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Sales that were told on one road, in seconds after the sale."""

    sales: int
    median_s: float
    slowest_s: float


class PlanWatch:
    """Notes when each number was planned: a row holds its latest plan alone. Look often."""

    def __init__(self, ledger: Ledger, channels: Collection[str]) -> None:
        self._ledger, self.channels = ledger, channels
        self._planned: dict[str, set[datetime]] = {}

    def look(self) -> None:
        """Note what was planned since the last look."""
        from syncworker.ledger import pools

        with self._ledger.snapshot() as tx:
            records = [record for name in self.channels for record in pools.of_channel(tx, name)]
        for record in records:
            if record.planned_at is not None:
                self._planned.setdefault(record.id, set()).add(record.planned_at)

    def moments(self, pool_id: str, pushes: Iterable[PushRecord]) -> list[datetime]:
        """When it was planned, oldest first; a plan that needed a push stands in the push's row too."""
        return sorted(self._planned.get(pool_id, set()) | {push.stored_at for push in pushes})


@dataclass(frozen=True, slots=True)
class _Rows:
    pools: list[PoolRecord]
    pushes: Mapping[str, Mapping[datetime, PushRecord]]
    plans: Mapping[str, list[datetime]]
    #: (channel, order) → when it was recorded.
    recorded: Mapping[tuple[str, str], datetime]


def measure(
    ledger: Ledger, watch: PlanWatch, sales: Sequence[Happening], recipes: Mapping[str, Mapping[str, int]]
) -> tuple[dict[Road, Told], int]:
    """Times by road, and how many sales had not been told (yet)."""
    watch.look()
    with ledger.snapshot() as tx:
        rows = _read(tx, watch, {part for recipe in recipes.values() for part in recipe})
    seconds: dict[Road, list[float]] = {}
    untold = 0
    for sale in sales:
        told = _told(rows, sale, recipes)
        if told is None:
            untold += 1
        else:
            seconds.setdefault(told[0], []).append((told[1] - sale.at).total_seconds())
    return {
        road: Told(sales=len(found), median_s=round(median(found), 2), slowest_s=round(max(found), 2))
        for road, found in sorted(seconds.items(), key=lambda item: list(Road).index(item[0]))
    }, untold


def _read(tx: Snapshot, watch: PlanWatch, parts: Iterable[str]) -> _Rows:
    from syncworker.ledger import pools, pushes, stock
    from syncworker.ledger.stock import MovementKind

    records = [record for name in sorted(watch.channels) for record in pools.of_channel(tx, name)]
    sent = {record.id: pushes.history(tx, record.id, most=ALL) for record in records}
    recorded: dict[tuple[str, str], datetime] = {}
    for part in parts:
        for movement in stock.history(tx, part, most=ALL):
            if movement.kind is MovementKind.RESERVE:
                recorded[movement.source, movement.reference] = movement.at
    return _Rows(
        pools=records,
        pushes={pool: {push.stored_at: push for push in found} for pool, found in sent.items()},
        plans={pool: watch.moments(pool, found) for pool, found in sent.items()},
        recorded=recorded,
    )


def _told(
    rows: _Rows, sale: Happening, recipes: Mapping[str, Mapping[str, int]]
) -> tuple[Road, datetime] | None:
    """On which road and when; ``None`` if it is not recorded, planned everywhere and answered."""
    since = rows.recorded.get((sale.shop, told_id(sale.shop, sale.order_id)))
    if since is None:
        return None
    parts = set(recipes.get(sale.sku, {}))
    roads, done = [Road.NO_PUSH], [since]
    for pool in rows.pools:
        if parts.isdisjoint(recipes.get(pool.sku, {})):
            continue
        plans = rows.plans[pool.id]
        place = bisect_left(plans, since)
        if place == len(plans):
            return None
        push = rows.pushes[pool.id].get(plans[place])
        if push is not None and push.answered_at is None:
            return None
        roads.append(Road.CATALOGUE if push and MODES[pool.channel] == CATALOGUE else _road(push))
        done.append(plans[place] if push is None or push.answered_at is None else push.answered_at)
    return max(roads, key=list(Road).index), max(done)


def _road(push: PushRecord | None) -> Road:
    from syncworker.core.model import QuantityMode

    if push is None:
        return Road.NO_PUSH
    if push.kind is not QuantityMode.SET:
        return Road.EXACT
    return Road.DRAIN if push.value == 0 else Road.TOP_UP
