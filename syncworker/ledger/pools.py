"""What may each pool still sell? The bounds, and which pools are to be looked at.

Every change of a bound goes through :func:`save_bounds`; which change it is, ``core.exposure`` decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from syncworker.core.exposure import Base, BaseKind, Bound
from syncworker.ledger.keys import among, is_among
from syncworker.ledger.ledger import Snapshot, Transaction
from syncworker.ledger.rows import parameters
from syncworker.ledger.schema import pool, product_part


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolRecord:
    """One row of ``pool``."""

    id: str
    channel: str
    pool_key: str
    sku: str
    in_sum: bool
    bound: Bound
    shown: int | None
    remote_reserved: int
    wanted_version: int
    planned_version: int
    target: int | None
    reason: str | None
    planned_at: datetime | None
    not_before: datetime | None
    drained_at: datetime | None
    read_due_at: datetime | None
    withdraw: bool
    refusals: int
    absent_at: datetime | None
    parked: str | None
    hidden: bool = False
    locked: int | None = None
    locked_until: datetime | None = None

    def locked_at(self, now: datetime) -> int:
        """Units that the channel does not let us take back, as far as that is still believed."""
        return self.locked if self.locked and self.locked_until and self.locked_until > now else 0

    @property
    def is_dirty(self) -> bool:
        """Whether the allocator has yet to look at it."""
        return self.wanted_version > self.planned_version


_BOUND_COLUMNS = ("exposure", "pending", "settled_at", "raised", "restocked", "risen_at", "fallen_at")

_COLUMNS = tuple(column.name for column in pool.c)

# What the engine asks again and again is built once: building costs more than asking.
_READY = sa.or_(pool.c.not_before.is_(None), pool.c.not_before <= sa.bindparam("now"))
_DIRTY = pool.c.wanted_version > pool.c.planned_version
_DIRTY_POOLS = (
    sa.select(pool)
    .where(pool.c.channel == sa.bindparam("channel"), _DIRTY, _READY)
    .order_by(pool.c.planned_at.asc().nulls_first(), pool.c.id)
    .limit(sa.bindparam("most", type_=sa.Integer))
)
_DIRTY_CHANNELS = sa.select(pool.c.channel).where(_DIRTY, _READY).distinct()
_READ_DUE_CHANNELS = sa.select(pool.c.channel).where(pool.c.read_due_at <= sa.bindparam("now")).distinct()
_PENDING = (
    sa.select(pool)
    .where(pool.c.channel == sa.bindparam("channel"), pool.c.pending.is_not(None))
    .order_by(pool.c.id)
)
_BROKEN = (
    sa.select(pool).where(pool.c.channel == sa.bindparam("channel"), pool.c.exposure < 0).order_by(pool.c.id)
)
_BUNDLES_WITH = sa.select(product_part.c.sku).where(is_among(product_part.c.part, "keys")).distinct()
_LOOK = sa.update(pool).values(wanted_version=pool.c.wanted_version + 1)
_LOOK_AT_IDS = _LOOK.where(is_among(pool.c.id, "keys"))
_LOOK_AT_SKUS = _LOOK.where(is_among(pool.c.sku, "keys")).returning(pool.c.channel)
_LOOK_AGAIN = _LOOK.where(
    is_among(pool.c.reason, "reasons"),
    pool.c.planned_at < sa.bindparam("before"),
    pool.c.wanted_version == pool.c.planned_version,
)
_WANT_READ = sa.update(pool).where(is_among(pool.c.id, "keys")).values(parameters("read_due_at"))
_WANT_READ_SOONER = _WANT_READ.where(
    sa.or_(pool.c.read_due_at.is_(None), pool.c.read_due_at > sa.bindparam("read_due_at"))
)
# Not against foreign keys: a row that only refers to a pool never waits.
_LOCK_OF_SKUS = (
    sa.select(pool.c.id)
    .where(is_among(pool.c.sku, "keys"))
    .order_by(pool.c.id)
    .with_for_update(key_share=True)
)
_AT_ID = pool.c.id == sa.bindparam("b_id")
_SAVE_BOUND = (
    sa.update(pool).where(_AT_ID).values(parameters(*_BOUND_COLUMNS, "base_kind", "base_at", "base_sequence"))
)
_SAVE_SHOWN = sa.update(pool).where(_AT_ID).values(shown=sa.bindparam("b_shown"))
_RECORD_PLAN = (
    sa.update(pool).where(_AT_ID).values(parameters("planned_version", "target", "reason", "planned_at"))
)


def create(
    tx: Transaction,
    pool_id: str,
    *,
    channel: str,
    pool_key: str,
    sku: str,
    in_sum: bool,
    exposure: int | None,
) -> None:
    """A number at a channel that we have just learned of; ``exposure`` is ``None`` unless it is surely known."""
    tx.execute(
        sa.insert(pool).values(
            id=pool_id, channel=channel, pool_key=pool_key, sku=sku, in_sum=in_sum, exposure=exposure
        )
    )


def load(tx: Snapshot, pool_ids: Iterable[str], *, lock: bool = False) -> dict[str, PoolRecord]:
    """These pools by id, rows locked in sorted order when asked for."""
    return _chosen(tx, "id", pool_ids, lock=lock)


def starting_with(tx: Snapshot, text: str) -> list[PoolRecord]:
    """Pools whose id begins with this text, as people shorten it."""
    return _select(tx, pool.c.id.startswith(text, autoescape=True)) if text else []


def of_channel(tx: Snapshot, name: str) -> list[PoolRecord]:
    """Every pool of the channel."""
    return _select(tx, pool.c.channel == name)


def of_skus(tx: Snapshot, skus: Iterable[str], *, lock: bool = False) -> dict[str, PoolRecord]:
    """Every pool that sells one of these SKUs, by id."""
    return _chosen(tx, "sku", skus, lock=lock)


def lock_of_skus(tx: Transaction, skus: Iterable[str]) -> None:
    """Lock every pool that sells one of these SKUs, in sorted order, without reading it."""
    tx.execute(_LOCK_OF_SKUS, {"keys": skus})


def by_key(tx: Snapshot, channel: str, keys: Iterable[str]) -> dict[str, PoolRecord]:
    """A channel's pools by the channel's own key."""
    found = _select(tx, sa.and_(pool.c.channel == channel, among(pool.c.pool_key, keys)))
    return {record.pool_key: record for record in found}


def dirty(tx: Snapshot, name: str, *, most: int) -> list[PoolRecord]:
    """Pools that the allocator has yet to look at and that may be pushed now, those first that waited longest for a look."""
    rows = tx.execute(_DIRTY_POOLS, {"channel": name, "now": tx.now, "most": most})
    return [_record(row) for row in rows]


def dirty_channels(tx: Snapshot) -> list[str]:
    """Channels with a pool that the allocator has yet to look at and that may be pushed now."""
    return sorted(tx.execute(_DIRTY_CHANNELS, {"now": tx.now}).scalars())


def read_due(tx: Snapshot, name: str, *, most: int) -> list[PoolRecord]:
    """Pools whose number is to be read back by now, longest due first."""
    return _select(
        tx, sa.and_(pool.c.channel == name, pool.c.read_due_at <= tx.now), most=most, by=pool.c.read_due_at
    )


def read_due_channels(tx: Snapshot) -> list[str]:
    """Channels with a pool whose number is to be read back by now."""
    return sorted(tx.execute(_READ_DUE_CHANNELS, {"now": tx.now}).scalars())


def pending(tx: Snapshot, name: str) -> list[PoolRecord]:
    """Pools of the channel with a bound that a settling pull would cut."""
    return [_record(row) for row in tx.execute(_PENDING, {"channel": name})]


def broken(tx: Snapshot, name: str) -> list[PoolRecord]:
    """Pools of the channel whose bound lies below 0."""
    return [_record(row) for row in tx.execute(_BROKEN, {"channel": name})]


def unknown(tx: Snapshot) -> int:
    """How many numbers in the sum nobody knows."""
    query = sa.select(sa.func.count()).select_from(pool).where(pool.c.in_sum, pool.c.exposure.is_(None))
    return int(tx.execute(query).scalar_one())


def save_bounds(
    tx: Transaction, bounds: Mapping[str, Bound], *, shown: Mapping[str, int | None] | None = None
) -> None:
    """Store bounds by pool id; ``shown`` names pools whose believed number changes as well."""
    shown = shown or {}
    rows = [{"b_id": pool_id, **_bound_values(bounds[pool_id])} for pool_id in sorted(bounds)]
    if rows:
        tx.execute(_SAVE_BOUND, rows)
    seen = [{"b_id": pool_id, "b_shown": shown[pool_id]} for pool_id in sorted(shown)]
    if seen:
        tx.execute(_SAVE_SHOWN, seen)


def mark_dirty(tx: Transaction, pool_ids: Iterable[str]) -> None:
    """The allocator shall look at these pools again."""
    ids = set(pool_ids)
    if ids and (found := load(tx, ids, lock=True)):
        tx.execute(_LOOK_AT_IDS, {"keys": found})


def mark_parts_dirty(tx: Transaction, parts: Iterable[str]) -> list[str]:
    """The allocator shall look again at every pool that sells one of these parts, alone or in a bundle; channels concerned."""
    skus = skus_using(tx, parts)
    return sorted(set(tx.execute(_LOOK_AT_SKUS, {"keys": skus}).scalars())) if skus else []


def skus_using(tx: Snapshot, parts: Iterable[str]) -> list[str]:
    """The parts themselves and every bundle that contains one of them."""
    wanted = sorted(set(parts))
    return sorted({*wanted, *tx.execute(_BUNDLES_WITH, {"keys": wanted}).scalars()})


def record_plan(tx: Transaction, looked: Iterable[tuple[PoolRecord, int, str]]) -> None:
    """The allocator has looked at these pools as they were then: (pool, target, reason)."""
    rows = [
        {
            "b_id": record.id,
            "planned_version": record.wanted_version,
            "target": target,
            "reason": reason,
            "planned_at": tx.now,
        }
        for record, target, reason in looked
    ]
    if rows:
        tx.execute(_RECORD_PLAN, rows)


def record_look(tx: Transaction, pool_ids: Iterable[str]) -> None:
    """These were looked at in vain and stay to be looked at, after the others."""
    tx.execute(sa.update(pool).where(among(pool.c.id, pool_ids)).values(planned_at=tx.now))


def look_again(tx: Transaction, reasons: Iterable[str], *, planned_before: datetime) -> int:
    """Mark pools dirty that have waited since then for one of these reasons; how many."""
    return tx.execute(_LOOK_AGAIN, {"reasons": reasons, "before": planned_before}).rowcount


def update(tx: Transaction, pool_id: str, **values: object) -> None:
    """Set plain columns of one pool; never the bound."""
    tx.execute(sa.update(pool).where(pool.c.id == pool_id).values(values))


def want_read(tx: Transaction, pool_ids: Sequence[str], *, at: datetime, sooner_only: bool = True) -> None:
    """A read-back of these pools is due from ``at``; an earlier wish stands unless told otherwise."""
    if pool_ids:
        tx.execute(_WANT_READ_SOONER if sooner_only else _WANT_READ, {"keys": pool_ids, "read_due_at": at})


def _select(
    tx: Snapshot,
    where: sa.ColumnElement[bool],
    *,
    most: int | None = None,
    by: sa.ColumnElement[datetime | None] | None = None,
) -> list[PoolRecord]:
    query = sa.select(pool).where(where).order_by(pool.c.id if by is None else by).limit(most)
    return [_record(row) for row in tx.execute(query)]


@cache
def _choice(column: str, *, lock: bool) -> sa.Select[*tuple[object, ...]]:
    query = sa.select(pool).where(is_among(pool.c[column], "keys")).order_by(pool.c.id)
    # Not against foreign keys: a row that only refers to a pool never waits.
    return query.with_for_update(key_share=True) if lock else query


def _chosen(tx: Snapshot, column: str, keys: Iterable[str], *, lock: bool) -> dict[str, PoolRecord]:
    return _keyed(_record(row) for row in tx.execute(_choice(column, lock=lock), {"keys": keys}))


def _keyed(records: Iterable[PoolRecord]) -> dict[str, PoolRecord]:
    return {record.id: record for record in records}


def _bound_values(bound: Bound) -> dict[str, object]:
    values: dict[str, object] = {name: getattr(bound, name) for name in _BOUND_COLUMNS}
    values.update(base_kind=None, base_at=None, base_sequence=None)
    if bound.base is not None:
        values.update(
            base_kind=bound.base.kind.value, base_at=bound.base.at, base_sequence=bound.base.sequence
        )
    return values


def _record(
    row: sa.Row[*tuple[Any, ...]],
) -> PoolRecord:  # Any: each column has the type that the schema declares
    values = dict(zip(_COLUMNS, row, strict=True))
    base = None
    kind, at, sequence = values.pop("base_kind"), values.pop("base_at"), values.pop("base_sequence")
    if kind is not None:
        base = Base(kind=BaseKind(kind), at=at, sequence=sequence)
    bound = Bound(base=base, **{name: values.pop(name) for name in _BOUND_COLUMNS})
    return PoolRecord(bound=bound, **values)
