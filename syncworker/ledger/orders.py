"""Which orders are recorded, at which levels? Orders and their lines, in and out of quarantine.

Decides nothing: what a telling changes is ``core.fulfilment``'s, counts are changed by ``ledger.stock`` alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from syncworker.core.fulfilment import Levels
from syncworker.core.model import Known
from syncworker.ledger.keys import among, is_among
from syncworker.ledger.ledger import Snapshot, Transaction
from syncworker.ledger.rows import columns, parameters
from syncworker.ledger.schema import listing, order, order_line, pool


class LineState(StrEnum):
    """Quarantined: its listing is not linked, so the pool it was sold from is unknown. Ignored: by an operator's word."""

    APPLIED = "applied"
    QUARANTINED = "quarantined"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRecord:
    """One row of ``order_line``; ``id`` is ``None`` until it is stored."""

    line_id: str
    listing_id: str | None
    remote_sku: str | None
    sku: str | None
    pool_id: str | None
    recipe: Mapping[str, int] | None
    state: LineState
    levels: Levels
    counts_down: Known
    restocked: Known
    returned_restocked: Known
    unit_price: Decimal | None
    currency: str | None
    step: int = 0
    id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRecord:
    """One row of ``order`` with its lines by line id; ``id`` is ``None`` until it is stored."""

    channel: str
    external_id: str
    status: str
    raw_status: str
    placed_at: datetime
    updated_at: datetime
    is_history: bool
    lines: Mapping[str, LineRecord] = field(default_factory=dict)
    id: int | None = None


@dataclass(frozen=True, slots=True)
class QuarantinedLine:
    """A line that waits for its listing to be linked, as people see it."""

    line: LineRecord
    order: OrderRecord


# Built once: every page of orders and every plan asks for them.
_NAMED = (
    sa.select(order)
    .where(order.c.channel == sa.bindparam("channel"), is_among(order.c.external_id, "ids"))
    .order_by(order.c.id)
)
_NAMED_LOCKED = _NAMED.with_for_update()
_LINES_OF = sa.select(order_line).where(is_among(order_line.c.order_id, "orders"))
_RECENT_SALES = (
    sa.select(order_line.c.pool_id, sa.func.sum(order_line.c.ordered - order_line.c.cancelled).label("units"))
    .join(order, order.c.id == order_line.c.order_id)
    .where(is_among(order_line.c.pool_id, "pools"), order.c.placed_at >= sa.bindparam("since"))
    .group_by(order_line.c.pool_id)
)


def load(
    tx: Snapshot, channel: str, external_ids: Iterable[str], *, lock: bool = False
) -> dict[str, OrderRecord]:
    """Recorded orders of a channel with their lines, by external id."""
    asked = {"channel": channel, "ids": external_ids}
    return _with_lines(tx, _NAMED_LOCKED if lock else _NAMED, asked)


def latest(tx: Snapshot, *, channel: str | None = None, most: int = 50) -> list[OrderRecord]:
    """The orders recorded last, newest first."""
    query = sa.select(order).order_by(order.c.recorded_at.desc(), order.c.id.desc()).limit(most)
    if channel is not None:
        query = query.where(order.c.channel == channel)
    found = _with_lines(tx, query)
    return sorted(found.values(), key=lambda record: (record.updated_at, record.id or 0), reverse=True)


def quarantined(
    tx: Snapshot, *, channel: str | None = None, listing_id: str | None = None
) -> list[QuarantinedLine]:
    """Lines in quarantine, oldest order first."""
    query = (
        sa.select(order)
        .join(order_line, order_line.c.order_id == order.c.id)
        .where(order_line.c.state == LineState.QUARANTINED.value)
        .order_by(order.c.placed_at, order.c.id)
    )
    if channel is not None:
        query = query.where(order.c.channel == channel)
    if listing_id is not None:
        query = query.where(order_line.c.listing_id == listing_id)
    found = _with_lines(tx, query.distinct())
    return [
        QuarantinedLine(line, record)
        for record in found.values()
        for line in record.lines.values()
        if line.state is LineState.QUARANTINED and listing_id in (None, line.listing_id)
    ]


def blocked_pools(tx: Snapshot, channel: str) -> set[str] | None:
    """Pools that a line in quarantine could belong to; ``None`` means every pool of the channel.

    A line blocks the pools of its own listing id, also one that the listing has left; an id that was never ours blocks nothing.
    """
    rows = tx.execute(
        sa.select(order_line.c.listing_id)
        .join(order, order.c.id == order_line.c.order_id)
        .where(order.c.channel == channel, order_line.c.state == LineState.QUARANTINED.value)
        .distinct()
    ).all()
    if not rows:
        return set()
    if any(row.listing_id is None for row in rows):
        return None
    ids = sorted(row.listing_id for row in rows)
    pools = tx.execute(
        sa.select(pool.c.id)
        .join(
            listing,
            sa.and_(
                listing.c.channel == pool.c.channel,
                sa.or_(listing.c.pool_key == pool.c.pool_key, listing.c.pool_id == pool.c.id),
            ),
        )
        .where(listing.c.channel == channel, among(listing.c.external_id, ids))
    )
    return {row.id for row in pools}


def store(tx: Transaction, changed: Sequence[OrderRecord]) -> None:
    """Insert or update these orders and all the lines they carry; a handful of statements however many there are."""
    ids = _store_orders(tx, changed)
    lines = [(ids[record.external_id], line) for record in changed for line in record.lines.values()]
    fresh = [{"order_id": order_id, **_line_values(line)} for order_id, line in lines if line.id is None]
    known = [{"b_id": line.id, **_line_values(line)} for _, line in lines if line.id is not None]
    if fresh:
        tx.execute(sa.insert(order_line), fresh)
    if known:
        values = parameters(*(name for name in known[0] if name != "b_id"))
        tx.execute(sa.update(order_line).where(order_line.c.id == sa.bindparam("b_id")).values(values), known)


def recent_sales(tx: Snapshot, pool_ids: Iterable[str], *, since: datetime) -> dict[str, int]:
    """Units sold from each pool by orders placed since then, cancelled ones left out."""
    rows = tx.execute(_RECENT_SALES, {"pools": pool_ids, "since": since})
    return {row.pool_id: int(row.units) for row in rows}


def told_since(tx: Snapshot, since: Mapping[str, datetime], *, skew: timedelta) -> dict[str, int]:
    """Units by pool of orders that were told after the pool's moment and placed before it, as far as clocks agree."""
    rows = tx.execute(
        sa.select(order_line.c.pool_id, order.c.placed_at, order.c.recorded_at, order_line.c.ordered)
        .join(order, order.c.id == order_line.c.order_id)
        .where(
            among(order_line.c.pool_id, since),
            order.c.recorded_at >= min(since.values()),
            order_line.c.counts_down != Known.NO.value,
        )
    )
    units: dict[str, int] = defaultdict(int)
    for row in rows:
        at = since[row.pool_id]
        if row.recorded_at >= at and row.placed_at <= at + skew:
            units[row.pool_id] += row.ordered
    return dict(units)


def unsure_since(tx: Snapshot, since: Mapping[str, datetime]) -> set[str]:
    """Channels with a live sale that was recorded after its pool's moment and may not have lowered its number."""
    if not since:
        return set()
    rows = tx.execute(
        sa.select(order.c.channel, order.c.recorded_at, order_line.c.pool_id)
        .join(order, order.c.id == order_line.c.order_id)
        .where(
            among(order_line.c.pool_id, since),
            order.c.recorded_at >= min(since.values()),
            order_line.c.counts_down == Known.UNKNOWN.value,
            order_line.c.ordered > order_line.c.cancelled,
        )
    )
    return {row.channel for row in rows if row.recorded_at >= since[row.pool_id]}


def in_conflict(tx: Snapshot, part: str, *, most: int = 20) -> list[tuple[str, str, int]]:
    """Live orders that still wait for units of the part: (channel, external id, units), oldest first."""
    rows = tx.execute(
        sa.select(
            order.c.channel, order.c.external_id, order_line.c.recipe, order_line.c.ordered,
            order_line.c.cancelled, order_line.c.shipped,
        )
        .join(order, order.c.id == order_line.c.order_id)
        .where(
            order_line.c.recipe.is_not(None),
            order_line.c.state != LineState.IGNORED.value,
            order_line.c.ordered - order_line.c.cancelled > order_line.c.shipped,
        )
        .order_by(order.c.placed_at, order.c.id)
    )  # fmt: skip
    found = []
    for row in rows:
        if part in (row.recipe or {}):
            found.append(
                (row.channel, row.external_id, (row.ordered - row.cancelled - row.shipped) * row.recipe[part])
            )
            if len(found) == most:
                break
    return found


def _store_orders(tx: Transaction, changed: Sequence[OrderRecord]) -> dict[str, int]:
    ids = {record.external_id: record.id for record in changed if record.id is not None}
    known = [{"b_id": record.id, **_order_values(record)} for record in changed if record.id is not None]
    if known:
        values = parameters("status", "raw_status", "updated_at")
        tx.execute(sa.update(order).where(order.c.id == sa.bindparam("b_id")).values(values), known)
    fresh = [
        {
            "channel": record.channel,
            "external_id": record.external_id,
            "placed_at": record.placed_at,
            "is_history": record.is_history,
            "recorded_at": tx.now,
            **_order_values(record),
        }
        for record in changed
        if record.id is None
    ]
    if fresh:
        rows = tx.execute(sa.insert(order).returning(order.c.id, order.c.external_id), fresh)
        ids.update({row.external_id: row.id for row in rows})
    return ids


def _order_values(record: OrderRecord) -> dict[str, object]:
    return {"status": record.status, "raw_status": record.raw_status[:64], "updated_at": record.updated_at}


def _line_values(line: LineRecord) -> dict[str, object]:
    return {
        "line_id": line.line_id,
        "listing_id": line.listing_id,
        "remote_sku": line.remote_sku,
        "sku": line.sku,
        "pool_id": line.pool_id,
        "recipe": None if line.recipe is None else dict(line.recipe),
        "state": line.state.value,
        "ordered": line.levels.ordered,
        "cancelled": line.levels.cancelled,
        "shipped": line.levels.shipped,
        "returned": line.levels.returned,
        "counts_down": line.counts_down.value,
        "restocked": line.restocked.value,
        "returned_restocked": line.returned_restocked.value,
        "unit_price": line.unit_price,
        "currency": line.currency,
        "step": line.step,
    }


def _with_lines(
    tx: Snapshot, query: sa.Select[*tuple[object, ...]], asked: Mapping[str, object] | None = None
) -> dict[str, OrderRecord]:
    orders = {int(row["id"]): _order(row) for row in tx.execute(query, asked).mappings()}
    lines: dict[int, dict[str, LineRecord]] = defaultdict(dict)
    if orders:
        for row in tx.execute(_LINES_OF, {"orders": orders}).mappings():
            lines[row["order_id"]][row["line_id"]] = _line(row)
    found = (replace(record, lines=lines[order_id]) for order_id, record in orders.items())
    return {record.external_id: record for record in found}


def _order(row: RowMapping) -> OrderRecord:
    values = columns(row)
    del values["recorded_at"]
    return OrderRecord(**values)


def _line(row: RowMapping) -> LineRecord:
    values = columns(row)
    del values["order_id"]
    levels = Levels(**{name: values.pop(name) for name in ("ordered", "cancelled", "shipped", "returned")})
    values.update({name: Known(values[name]) for name in ("counts_down", "restocked", "returned_restocked")})
    values.update(state=LineState(values["state"]))
    return LineRecord(levels=levels, **values)
