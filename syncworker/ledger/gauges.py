"""How does it stand, in figures that a monitor can draw? Few and cheap queries over what is open now; changes nothing.

Nothing here walks over history: what is counted over time is in ``told``.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from syncworker.ledger.incidents import IncidentKind
from syncworker.ledger.jobs import JobKind
from syncworker.ledger.ledger import Snapshot
from syncworker.ledger.schema import channel, incident, job, movement, pool, product_part, push, stock

#: Numbers whose change is dated, those that wait longest first; there are rarely as many.
DATED = 100
#: Movements of a part that are looked through for the first one that was not sent yet.
LOOKED_THROUGH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelGauges:
    """One channel's numbers, added up."""

    pools: int
    #: Units that it may still sell, without those numbers of which that is not known.
    may_sell: int
    unknown: int
    #: The allocator has yet to look at them.
    dirty: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Oversold:
    """What was promised and is not there."""

    parts: int
    units: int


def channels(tx: Snapshot) -> dict[str, ChannelGauges]:
    """Every channel's numbers."""
    positive = sa.case((pool.c.exposure > 0, pool.c.exposure), else_=0)
    unknown = sa.case((sa.and_(pool.c.in_sum, pool.c.exposure.is_(None)), 1), else_=0)
    dirty = sa.case((pool.c.wanted_version > pool.c.planned_version, 1), else_=0)
    query = (
        sa.select(
            channel.c.name,
            sa.func.count(pool.c.id).label("pools"),
            *(
                sa.func.coalesce(sa.func.sum(each), 0).label(name)
                for name, each in {"may_sell": positive, "unknown": unknown, "dirty": dirty}.items()
            ),
        )
        .join_from(channel, pool, pool.c.channel == channel.c.name, isouter=True)
        .group_by(channel.c.name)
    )
    return {
        row.name: ChannelGauges(
            pools=int(row.pools),
            may_sell=int(row.may_sell),
            unknown=int(row.unknown) if row.pools else 0,
            dirty=int(row.dirty) if row.pools else 0,
        )
        for row in tx.execute(query)
    }


def oversold(tx: Snapshot) -> Oversold:
    """Over all parts and locations."""
    query = sa.select(
        sa.func.count(), sa.func.coalesce(sa.func.sum(stock.c.reserved - stock.c.on_hand), 0)
    ).where(stock.c.on_hand < stock.c.reserved)
    parts, units = tx.execute(query).one()
    return Oversold(parts=int(parts), units=int(units))


def incidents(tx: Snapshot) -> dict[str, int]:
    """Open ones by kind; every kind is there."""
    query = (
        sa.select(incident.c.kind, sa.func.count().label("n"))
        .where(incident.c.closed_at.is_(None))
        .group_by(incident.c.kind)
    )
    counted = {row.kind: int(row.n) for row in tx.execute(query)}
    return {kind.value: counted.get(kind.value, 0) for kind in IncidentKind}


def drift(tx: Snapshot) -> dict[tuple[str, str], int]:
    """Numbers that stand differently at a channel, untold why or waiting for a person: by channel and class."""
    query = sa.select(incident.c.details).where(
        incident.c.closed_at.is_(None), incident.c.kind == IncidentKind.DRIFT.value
    )
    return Counter(
        (str(details.get("channel")), str(details.get("class"))) for details in tx.execute(query).scalars()
    )


def unsent_since(tx: Snapshot) -> dict[str, datetime]:
    """When the oldest change of stock happened that a channel was not told of, or whose answer is awaited, by channel."""
    oldest: dict[str, datetime] = {}
    waiting = (
        sa.select(push.c.channel, sa.func.min(push.c.stored_at).label("at"))
        .where(push.c.closed_at.is_(None), push.c.state.in_(("sending", "unknown")))
        .group_by(push.c.channel)
    )
    found = [(row.channel, row.at) for row in tx.execute(waiting)] + _unplanned(tx)
    for name, at in found:
        oldest[name] = min(at, oldest.get(name, at))
    return oldest


def waiting_since(tx: Snapshot) -> dict[tuple[str, JobKind], datetime]:
    """Since when work is due that nobody does, by channel and kind; not where the channel wants to be left alone."""
    overdue: dict[tuple[str, JobKind], datetime] = {}
    query = (
        sa.select(job.c.channel, job.c.kind, job.c.due_at, channel.c.not_before)
        .join(channel, channel.c.name == job.c.channel)
        .where(
            # Pushes and the rest are due all the time; they have something to do where a number is dirty.
            job.c.kind.in_((JobKind.PULL.value, JobKind.LISTINGS.value)),
            job.c.due_at <= tx.now,
            sa.or_(job.c.lease_until.is_(None), job.c.lease_until < tx.now),
            sa.or_(channel.c.not_before.is_(None), channel.c.not_before <= tx.now),
        )
    )
    for row in tx.execute(query):
        since = row.due_at if row.not_before is None else max(row.due_at, row.not_before)
        overdue[row.channel, JobKind(row.kind)] = since
    unread = (
        sa.select(pool.c.channel, sa.func.min(pool.c.read_due_at).label("at"))
        .join(channel, channel.c.name == pool.c.channel)
        .where(
            pool.c.read_due_at <= tx.now,
            sa.or_(channel.c.not_before.is_(None), channel.c.not_before <= tx.now),
        )
        .group_by(pool.c.channel)
    )
    overdue |= {(row.channel, JobKind.READ): row.at for row in tx.execute(unread)}
    return overdue


def gates(tx: Snapshot) -> dict[str, tuple[bool, int]]:
    """Whether each channel wants to be left alone now, and how often in a row it failed."""
    rows = tx.execute(sa.select(channel.c.name, channel.c.not_before, channel.c.failures))
    return {
        row.name: (row.not_before is not None and row.not_before > tx.now, int(row.failures)) for row in rows
    }


def _unplanned(tx: Snapshot) -> list[tuple[str, datetime]]:
    query = (
        sa.select(pool.c.channel, pool.c.sku, pool.c.planned_at, channel.c.location)
        .join(channel, channel.c.name == pool.c.channel)
        .where(pool.c.wanted_version > pool.c.planned_version, pool.c.planned_at.is_not(None))
        .order_by(pool.c.planned_at)
        .limit(DATED)
    )
    dirty = tx.execute(query).all()
    parts = _parts(tx, [row.sku for row in dirty])
    found = []
    for row in dirty:
        moments = [
            at
            for part in parts.get(row.sku, [row.sku])
            if (at := _first_after(tx, part, row.location, row.planned_at)) is not None
        ]
        if moments:
            found.append((row.channel, min(moments)))
    return found


def _parts(tx: Snapshot, skus: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for row in tx.execute(
        sa.select(product_part.c.sku, product_part.c.part).where(product_part.c.sku.in_(set(skus)))
    ):
        found[row.sku].append(row.part)
    return found


def _first_after(tx: Snapshot, part: str, location: str, moment: datetime) -> datetime | None:
    latest = (
        sa.select(movement.c.at)
        .where(movement.c.sku == part, movement.c.location == location)
        .order_by(movement.c.version.desc())
        .limit(LOOKED_THROUGH)
        .subquery()
    )
    query = sa.select(sa.func.min(latest.c.at)).where(latest.c.at > moment)
    return tx.execute(query).scalar_one_or_none()
