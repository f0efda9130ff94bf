"""What may each pool still sell? The bounds, and which pools are to be looked at.

Every change of a bound goes through :func:`save_bounds`; which change it is, ``core.exposure`` decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from syncworker.core.exposure import Base, BaseKind, Bound
from syncworker.ledger.keys import among
from syncworker.ledger.ledger import Snapshot, Transaction
from syncworker.ledger.rows import columns, parameters
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
    return _keyed(_select(tx, among(pool.c.id, pool_ids), lock=lock))


def starting_with(tx: Snapshot, text: str) -> list[PoolRecord]:
    """Pools whose id begins with this text, as people shorten it."""
    return _select(tx, pool.c.id.startswith(text, autoescape=True)) if text else []


def of_channel(tx: Snapshot, name: str) -> list[PoolRecord]:
    """Every pool of the channel."""
    return _select(tx, pool.c.channel == name)


def of_skus(tx: Snapshot, skus: Iterable[str], *, lock: bool = False) -> dict[str, PoolRecord]:
    """Every pool that sells one of these SKUs, by id."""
    return _keyed(_select(tx, among(pool.c.sku, skus), lock=lock))


def by_key(tx: Snapshot, channel: str, keys: Iterable[str]) -> dict[str, PoolRecord]:
    """A channel's pools by the channel's own key."""
    found = _select(tx, sa.and_(pool.c.channel == channel, among(pool.c.pool_key, keys)))
    return {record.pool_key: record for record in found}


def dirty(tx: Snapshot, name: str, *, most: int) -> list[PoolRecord]:
    """Pools that the allocator has yet to look at and that may be pushed now, those first that waited longest for a look."""
    ready = sa.or_(pool.c.not_before.is_(None), pool.c.not_before <= tx.now)
    waiting = sa.and_(pool.c.channel == name, pool.c.wanted_version > pool.c.planned_version, ready)
    query = sa.select(pool).where(waiting).order_by(pool.c.planned_at.asc().nulls_first(), pool.c.id)
    return [_record(row) for row in tx.execute(query.limit(most)).mappings()]


def dirty_channels(tx: Snapshot) -> list[str]:
    """Channels with a pool that the allocator has yet to look at and that may be pushed now."""
    ready = sa.or_(pool.c.not_before.is_(None), pool.c.not_before <= tx.now)
    rows = tx.execute(
        sa.select(pool.c.channel).where(pool.c.wanted_version > pool.c.planned_version, ready).distinct()
    )
    return sorted(row.channel for row in rows)


def read_due(tx: Snapshot, name: str, *, most: int) -> list[PoolRecord]:
    """Pools whose number is to be read back by now, longest due first."""
    return _select(
        tx, sa.and_(pool.c.channel == name, pool.c.read_due_at <= tx.now), most=most, by=pool.c.read_due_at
    )


def read_due_channels(tx: Snapshot) -> list[str]:
    """Channels with a pool whose number is to be read back by now."""
    rows = tx.execute(sa.select(pool.c.channel).where(pool.c.read_due_at <= tx.now).distinct())
    return sorted(row.channel for row in rows)


def pending(tx: Snapshot, name: str) -> list[PoolRecord]:
    """Pools of the channel with a bound that a settling pull would cut."""
    return _select(tx, sa.and_(pool.c.channel == name, pool.c.pending.is_not(None)))


def broken(tx: Snapshot, name: str) -> list[PoolRecord]:
    """Pools of the channel whose bound lies below 0."""
    return _select(tx, sa.and_(pool.c.channel == name, pool.c.exposure < 0))


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
        values = parameters(*_BOUND_COLUMNS, "base_kind", "base_at", "base_sequence")
        tx.execute(sa.update(pool).where(pool.c.id == sa.bindparam("b_id")).values(values), rows)
    seen = [{"b_id": pool_id, "b_shown": shown[pool_id]} for pool_id in sorted(shown)]
    if seen:
        tx.execute(
            sa.update(pool).where(pool.c.id == sa.bindparam("b_id")).values(shown=sa.bindparam("b_shown")),
            seen,
        )


def mark_dirty(tx: Transaction, pool_ids: Iterable[str]) -> None:
    """The allocator shall look at these pools again."""
    ids = list(load(tx, pool_ids, lock=True))
    if ids:
        tx.execute(
            sa.update(pool).where(among(pool.c.id, ids)).values(wanted_version=pool.c.wanted_version + 1)
        )


def mark_parts_dirty(tx: Transaction, parts: Iterable[str]) -> list[str]:
    """The allocator shall look again at every pool that sells one of these parts, alone or in a bundle; channels concerned."""
    skus = skus_using(tx, parts)
    if not skus:
        return []
    tx.execute(
        sa.update(pool).where(among(pool.c.sku, skus)).values(wanted_version=pool.c.wanted_version + 1)
    )
    rows = tx.execute(sa.select(pool.c.channel).where(among(pool.c.sku, skus)).distinct())
    return sorted(row.channel for row in rows)


def skus_using(tx: Snapshot, parts: Iterable[str]) -> list[str]:
    """The parts themselves and every bundle that contains one of them."""
    wanted = sorted(set(parts))
    rows = tx.execute(sa.select(product_part.c.sku).where(among(product_part.c.part, wanted)).distinct())
    return sorted({*wanted, *(row.sku for row in rows)})


def record_plan(tx: Transaction, looked: Iterable[tuple[PoolRecord, int, str]]) -> None:
    """The allocator has looked at these pools as they were then: (pool, target, reason)."""
    rows = [
        {"b_id": record.id, "b_planned": record.wanted_version, "b_target": target, "b_reason": reason}
        for record, target, reason in looked
    ]
    if rows:
        tx.execute(
            sa.update(pool)
            .where(pool.c.id == sa.bindparam("b_id"))
            .values(
                planned_version=sa.bindparam("b_planned"),
                target=sa.bindparam("b_target"),
                reason=sa.bindparam("b_reason"),
                planned_at=tx.now,
            ),
            rows,
        )


def record_look(tx: Transaction, pool_ids: Iterable[str]) -> None:
    """These were looked at in vain and stay to be looked at, after the others."""
    tx.execute(sa.update(pool).where(among(pool.c.id, pool_ids)).values(planned_at=tx.now))


def look_again(tx: Transaction, reasons: Iterable[str], *, planned_before: datetime) -> int:
    """Mark pools dirty that have waited since then for one of these reasons; how many."""
    marked = tx.execute(
        sa.update(pool)
        .where(
            pool.c.reason.in_(sorted(reasons)),
            pool.c.planned_at < planned_before,
            pool.c.wanted_version == pool.c.planned_version,
        )
        .values(wanted_version=pool.c.wanted_version + 1)
    )
    return marked.rowcount


def update(tx: Transaction, pool_id: str, **values: object) -> None:
    """Set plain columns of one pool; never the bound."""
    tx.execute(sa.update(pool).where(pool.c.id == pool_id).values(values))


def want_read(tx: Transaction, pool_ids: Sequence[str], *, at: datetime, sooner_only: bool = True) -> None:
    """A read-back of these pools is due from ``at``; an earlier wish stands unless told otherwise."""
    earlier = sa.or_(pool.c.read_due_at.is_(None), pool.c.read_due_at > at) if sooner_only else sa.true()
    ids = sorted(set(pool_ids))
    if ids:
        tx.execute(sa.update(pool).where(among(pool.c.id, ids), earlier).values(read_due_at=at))


def _select(
    tx: Snapshot,
    where: sa.ColumnElement[bool],
    *,
    most: int | None = None,
    lock: bool = False,
    by: sa.ColumnElement[datetime | None] | None = None,
) -> list[PoolRecord]:
    query = sa.select(pool).where(where).order_by(pool.c.id if by is None else by).limit(most)
    if lock:
        # Not against foreign keys: a row that only refers to a pool never waits.
        query = query.with_for_update(key_share=True)
    return [_record(row) for row in tx.execute(query).mappings()]


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


def _record(row: RowMapping) -> PoolRecord:
    values = columns(row)
    base = None
    kind, at, sequence = (values.pop(name) for name in ("base_kind", "base_at", "base_sequence"))
    if kind is not None:
        base = Base(kind=BaseKind(kind), at=at, sequence=sequence)
    bound = Bound(base=base, **{name: values.pop(name) for name in _BOUND_COLUMNS})
    return PoolRecord(bound=bound, **values)
