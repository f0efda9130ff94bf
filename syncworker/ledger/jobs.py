"""Who works on what, and until when? Leases and due times of each channel's jobs, with fencing tokens.

A lease runs out by itself; whoever commits under one asks first whether it is still theirs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa

from syncworker.errors import LeaseLostError
from syncworker.ledger.ledger import Snapshot, Transaction
from syncworker.ledger.schema import channel, job


class JobKind(StrEnum):
    """The kinds of work on a channel; at most one of a kind runs at a time."""

    PULL = "pull"
    PUSH = "push"
    READ = "read"
    #: Title, price, pictures: never a quantity.
    CONTENTS = "contents"
    #: What the channel lists, so that a listing of ours that nobody linked is seen.
    LISTINGS = "listings"


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on one kind of job of one channel; ``token`` fences off an owner whose time ran out."""

    channel: str
    kind: JobKind
    token: str
    until: datetime


def claim(tx: Transaction, name: str, kind: JobKind, *, token: str, seconds: float) -> Lease | None:
    """Take the job if nobody holds it; ``None`` if somebody does, or if the channel's gate is closed."""
    until = tx.now + timedelta(seconds=seconds)
    gated = sa.select(channel.c.name).where(channel.c.name == name, channel.c.not_before > tx.now)
    claimed = tx.execute(
        sa.update(job)
        .where(
            _is(name, kind),
            sa.or_(job.c.lease_until.is_(None), job.c.lease_until < tx.now),
            ~sa.exists(gated),
        )
        .values(lease_token=token, lease_until=until, started_at=tx.now)
    )
    return Lease(name, kind, token, until) if claimed.rowcount == 1 else None


def keep(tx: Transaction, lease: Lease, *, seconds: float) -> bool:
    """Prolong the lease; False if somebody else may hold it by now."""
    kept = tx.execute(
        sa.update(job)
        .where(_is(lease.channel, lease.kind), job.c.lease_token == lease.token)
        .values(lease_until=tx.now + timedelta(seconds=seconds))
    )
    return kept.rowcount == 1


def confirm(tx: Transaction, lease: Lease, *, seconds: float) -> None:
    """Prolong the lease, or raise ``LeaseLostError``, so that nothing of the transaction stands."""
    if not keep(tx, lease, seconds=seconds):
        raise LeaseLostError(
            f"the lease on {lease.kind} of channel {lease.channel!r} ran out and was taken over"
        )


def release(tx: Transaction, lease: Lease, *, due_at: datetime | None = None) -> None:
    """Give the job back; a lease that was lost meanwhile is left alone."""
    values: dict[str, object] = {"lease_token": None, "lease_until": None, "finished_at": tx.now}
    if due_at is not None:
        values["due_at"] = due_at
    tx.execute(
        sa.update(job).where(_is(lease.channel, lease.kind), job.c.lease_token == lease.token).values(values)
    )


def free_all(tx: Transaction) -> int:
    """Take every lease back, for the caller knows that its holders are gone; how many. Who is not gone drops its work."""
    freed = tx.execute(
        sa.update(job).where(job.c.lease_token.is_not(None)).values(lease_token=None, lease_until=None)
    )
    return freed.rowcount


def due(tx: Snapshot) -> list[tuple[str, JobKind]]:
    """Jobs whose time has come, that nobody holds and whose channel may be asked now."""
    rows = tx.execute(
        sa.select(job.c.channel, job.c.kind)
        .join(channel, channel.c.name == job.c.channel)
        .where(
            job.c.due_at <= tx.now,
            sa.or_(job.c.lease_until.is_(None), job.c.lease_until < tx.now),
            sa.or_(channel.c.not_before.is_(None), channel.c.not_before <= tx.now),
        )
        .order_by(job.c.channel, job.c.kind)
    )
    return [(row.channel, JobKind(row.kind)) for row in rows]


def call_for(tx: Transaction, names: Iterable[str], kind: JobKind, *, by: datetime | None = None) -> None:
    """Make the job due now, or ``by`` then, at these channels, if it is not already."""
    at = tx.now if by is None else by
    tx.execute(
        sa.update(job)
        .where(job.c.channel.in_(sorted(set(names))), job.c.kind == kind.value, job.c.due_at > at)
        .values(due_at=at)
    )


def put_off(tx: Transaction, name: str, kind: JobKind, *, until: datetime) -> None:
    """The job is due then, sooner or later than it was; whoever holds it goes on."""
    tx.execute(sa.update(job).where(_is(name, kind)).values(due_at=until))


def remove(tx: Transaction, name: str, kind: JobKind) -> None:
    """The channel has no work of this kind any more; whoever is at it loses the lease."""
    tx.execute(sa.delete(job).where(_is(name, kind)))


def _is(name: str, kind: JobKind) -> sa.ColumnElement[bool]:
    return sa.and_(job.c.channel == name, job.c.kind == kind.value)
