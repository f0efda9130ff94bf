"""How long did it take until a sale was told? Counted from the rows, so that the figures outlive every process.

A sale has been told to a channel once the push that took it into account was acknowledged. Each is counted once,
whoever asks and however often; pushes that no answer is known of are not counted yet.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Row

from syncworker.ledger import heartbeats
from syncworker.ledger.heartbeats import Sign
from syncworker.ledger.ledger import Snapshot, Transaction
from syncworker.ledger.pruning import first_id
from syncworker.ledger.schema import channel, movement, order, pool, product_part, push, told
from syncworker.ledger.upsert import insert_for

#: Upper bounds in seconds; what takes longer is counted above the last one.
BOUNDS_S = (0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0)
#: Pushes that are taken into account in one go; the next ones follow with the next asking.
MOST = 2_000
#: Sales of one part that are looked through, the latest first.
LOOKED_THROUGH = 300
#: A push is answered within this time, or counts as unanswered.
LONGEST_CALL = timedelta(minutes=3)
#: After a longer pause nobody would learn from what happened in it.
LOOK_BACK = timedelta(hours=6)
#: A transaction that told the time is committed by then, so that none is passed over.
LATE_COMMITS = timedelta(seconds=5)
_DRAINS = ("drained_for_demand", "drained_for_deficit", "drained_for_hold")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """All sales that one kind of change told of."""

    kind: str
    #: How many fell under each bound, and one more for those above the last.
    counts: tuple[int, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class _Sent:
    """An acknowledged push, and since when the sales count that it was the first to take into account."""

    kind: str
    part: str
    location: str
    after: datetime | None
    stored_at: datetime
    answered_at: datetime


def count(tx: Transaction, *, host: str) -> int:
    """Count the sales that were told since the last time; how many pushes were looked at."""
    until = tx.now - LATE_COMMITS
    reached = heartbeats.reach(tx, Sign.TOLD, host=host, first=until)
    # A clock that was set back makes nothing wait for the future.
    since = min(max(until - LOOK_BACK, reached), until)
    rows = _whole_moments(tx.execute(_acknowledged(since, until)).all())
    _add(tx, _seconds(tx, _sent(tx, rows)))
    heartbeats.move(tx, Sign.TOLD, to=rows[-1].answered_at if rows else until)
    return len(rows)


def _whole_moments(rows: Sequence[Row[*tuple[object, ...]]]) -> Sequence[Row[*tuple[object, ...]]]:
    """Answers of one batch are of one moment: those that the limit cut in two wait for the next time."""
    last = rows[-1].answered_at if rows else None
    if len(rows) < MOST or rows[0].answered_at == last:
        return rows
    return [row for row in rows if row.answered_at != last]


def totals(tx: Snapshot) -> list[Told]:
    """Everything that was ever counted, by kind of change."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0] * (len(BOUNDS_S) + 1))
    seconds: dict[str, float] = defaultdict(float)
    for row in tx.execute(sa.select(told).order_by(told.c.kind)):
        counts[row.kind][row.bucket] += row.sales
        seconds[row.kind] += row.seconds
    return [Told(kind=kind, counts=tuple(each), seconds=seconds[kind]) for kind, each in counts.items()]


def _acknowledged(since: datetime, until: datetime) -> sa.Select[*tuple[object, ...]]:
    earlier = push.alias("earlier")
    before = (
        sa.select(sa.func.max(earlier.c.stored_at))
        .where(earlier.c.pool_id == push.c.pool_id, earlier.c.stored_at < push.c.stored_at)
        .scalar_subquery()
    )
    kind = sa.case(
        (push.c.kind != "set", push.c.kind),
        (push.c.reason.in_(_DRAINS), "drain"),
        (push.c.raised > 0, "set_raise"),
        else_="set",
    )
    return (
        sa.select(
            kind.label("kind"),
            pool.c.sku,
            channel.c.location,
            push.c.stored_at,
            push.c.answered_at,
            before.label("after"),
        )
        .join(pool, pool.c.id == push.c.pool_id)
        .join(channel, channel.c.name == push.c.channel)
        .where(
            # Ids sort by their time: no other index is needed.
            push.c.id >= first_id(since - LONGEST_CALL),
            push.c.state.in_(("acknowledged", "settled")),
            push.c.answered_at > since,
            push.c.answered_at <= until,
        )
        .order_by(push.c.answered_at)
        .limit(MOST)
    )


def _sent(tx: Snapshot, rows: Iterable[Row[*tuple[object, ...]]]) -> list[_Sent]:
    found = list(rows)
    parts: dict[str, list[str]] = defaultdict(list)
    query = sa.select(product_part.c.sku, product_part.c.part)
    for row in tx.execute(query.where(product_part.c.sku.in_({row.sku for row in found}))):
        parts[row.sku].append(row.part)
    return [
        _Sent(row.kind, part, row.location, row.after, row.stored_at, row.answered_at)
        for row in found
        for part in parts.get(row.sku, [row.sku])
    ]


def _seconds(tx: Snapshot, sent: Iterable[_Sent]) -> dict[tuple[str, int], tuple[int, float]]:
    """Sales and their seconds together, by kind and bucket."""
    sums: dict[tuple[str, int], tuple[int, float]] = {}
    by_place: dict[tuple[str, str], list[_Sent]] = defaultdict(list)
    for one in sent:
        by_place[one.part, one.location].append(one)
    for (part, location), pushes in by_place.items():
        sales = _sales(tx, part, location)
        for kind, took in ((one.kind, took) for one in pushes for took in _waited(one, sales)):
            key = kind, bisect_left(BOUNDS_S, took)
            counted, seconds = sums.get(key, (0, 0.0))
            sums[key] = counted + 1, seconds + took
    return sums


def _waited(one: _Sent, sales: Iterable[tuple[datetime, datetime]]) -> Iterator[float]:
    """How long each sale that this push was the first to tell of had to wait."""
    for recorded_at, placed_at in sales:
        if recorded_at <= one.stored_at and (one.after is None or recorded_at > one.after):
            # Channels' clocks are not ours: a sale from the future was a moment ago.
            yield max(0.0, (one.answered_at - placed_at).total_seconds())


def _sales(tx: Snapshot, part: str, location: str) -> list[tuple[datetime, datetime]]:
    """When each of the latest sales of this part was recorded, and when it was made."""
    query = (
        sa.select(movement.c.at, order.c.placed_at)
        .join(
            order,
            sa.and_(order.c.channel == movement.c.source, order.c.external_id == movement.c.reference),
        )
        .where(
            movement.c.sku == part,
            movement.c.location == location,
            movement.c.kind == "reserve",
            order.c.is_history.is_(sa.false()),
        )
        .order_by(movement.c.version.desc())
        .limit(LOOKED_THROUGH)
    )
    return [(row.at, row.placed_at) for row in tx.execute(query)]


def _add(tx: Transaction, sums: Mapping[tuple[str, int], tuple[int, float]]) -> None:
    for (kind, bucket), (sales, seconds) in sorted(sums.items()):
        insert = insert_for(tx.dialect, told).values(kind=kind, bucket=bucket, sales=sales, seconds=seconds)
        tx.execute(
            insert.on_conflict_do_update(
                index_elements=[told.c.kind, told.c.bucket],
                set_={
                    "sales": told.c.sales + insert.excluded.sales,
                    "seconds": told.c.seconds + insert.excluded.seconds,
                },
            )
        )
