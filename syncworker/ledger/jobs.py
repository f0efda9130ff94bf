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
from syncworker.ledger.rows import parameters
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


# Built once: they are asked at every step of the engine.
_NOW: sa.BindParameter[datetime] = sa.bindparam("now")
_IS_FREE = sa.or_(job.c.lease_until.is_(None), job.c.lease_until < _NOW)
_THIS = sa.and_(job.c.channel == sa.bindparam("of"), job.c.kind == sa.bindparam("what"))
_IS_MINE = sa.and_(_THIS, job.c.lease_token == sa.bindparam("token"))
_GATED = sa.select(channel.c.name).where(channel.c.name == sa.bindparam("of"), channel.c.not_before > _NOW)
_CLAIM = (
    sa.update(job)
    .where(_THIS, _IS_FREE, ~sa.exists(_GATED))
    .values(parameters("lease_token", "lease_until", "started_at"))
)
_KEEP = sa.update(job).where(_IS_MINE).values(parameters("lease_until"))
_RELEASE = (
    sa.update(job)
    .where(_IS_MINE)
    .values(lease_token=None, lease_until=None, finished_at=sa.bindparam("finished_at"))
)
_RELEASE_UNTIL = _RELEASE.values(parameters("due_at"))
_DUE = (
    sa.select(job.c.channel, job.c.kind)
    .join(channel, channel.c.name == job.c.channel)
    .where(
        job.c.due_at <= _NOW, _IS_FREE, sa.or_(channel.c.not_before.is_(None), channel.c.not_before <= _NOW)
    )
    .order_by(job.c.channel, job.c.kind)
)


def claim(tx: Transaction, name: str, kind: JobKind, *, token: str, seconds: float) -> Lease | None:
    """Take the job if nobody holds it; ``None`` if somebody does, or if the channel's gate is closed."""
    until = tx.now + timedelta(seconds=seconds)
    asked = {"of": name, "what": kind.value, "now": tx.now}
    claimed = tx.execute(_CLAIM, {**asked, "lease_token": token, "lease_until": until, "started_at": tx.now})
    return Lease(name, kind, token, until) if claimed.rowcount == 1 else None


def keep(tx: Transaction, lease: Lease, *, seconds: float) -> bool:
    """Prolong the lease; False if somebody else may hold it by now."""
    return (
        tx.execute(_KEEP, {**_mine(lease), "lease_until": tx.now + timedelta(seconds=seconds)}).rowcount == 1
    )


def confirm(tx: Transaction, lease: Lease, *, seconds: float) -> None:
    """Prolong the lease, or raise ``LeaseLostError``, so that nothing of the transaction stands."""
    if not keep(tx, lease, seconds=seconds):
        raise LeaseLostError(
            f"the lease on {lease.kind} of channel {lease.channel!r} ran out and was taken over"
        )


def release(tx: Transaction, lease: Lease, *, due_at: datetime | None = None) -> None:
    """Give the job back; a lease that was lost meanwhile is left alone."""
    values = {**_mine(lease), "finished_at": tx.now}
    if due_at is None:
        tx.execute(_RELEASE, values)
    else:
        tx.execute(_RELEASE_UNTIL, {**values, "due_at": due_at})


def free_all(tx: Transaction) -> int:
    """Take every lease back, for the caller knows that its holders are gone; how many. Who is not gone drops its work."""
    freed = tx.execute(
        sa.update(job).where(job.c.lease_token.is_not(None)).values(lease_token=None, lease_until=None)
    )
    return freed.rowcount


def free_overdue(tx: Transaction, *, before: datetime) -> list[tuple[str, JobKind]]:
    """Take back the leases that ran out before then; whose they were. Who works on still drops its work."""
    ran_out = sa.and_(job.c.lease_until < before, job.c.lease_until.is_not(None))
    freed = tx.execute(
        sa.update(job)
        .where(ran_out)
        .values(lease_token=None, lease_until=None)
        .returning(job.c.channel, job.c.kind)
    )
    return sorted((row.channel, JobKind(row.kind)) for row in freed)


def due(tx: Snapshot) -> list[tuple[str, JobKind]]:
    """Jobs whose time has come, that nobody holds and whose channel may be asked now."""
    return [(row.channel, JobKind(row.kind)) for row in tx.execute(_DUE, {"now": tx.now})]


def call_for(tx: Transaction, names: Iterable[str], kind: JobKind, *, by: datetime | None = None) -> None:
    """Make the job due now, or ``by`` then, at these channels, if it is not already."""
    at = tx.now if by is None else by
    tx.execute(
        sa.update(job)
        .where(job.c.channel.in_(sorted(set(names))), job.c.kind == kind.value, job.c.due_at > at)
        .values(due_at=at)
    )


def after_setback(tx: Transaction) -> int:
    """Jobs that ended in the future are due now: the clock was set back since, and they would wait for it to come again.

    How many; a lease from the future is taken back as well, since whoever has it is fenced off by its token.
    """
    ended = tx.execute(
        sa.update(job).where(job.c.finished_at > tx.now, job.c.due_at > tx.now).values(due_at=tx.now)
    )
    held = tx.execute(
        sa.update(job).where(job.c.started_at > tx.now, job.c.lease_until > tx.now).values(lease_until=tx.now)
    )
    return ended.rowcount + held.rowcount


def put_off(tx: Transaction, name: str, kind: JobKind, *, until: datetime) -> None:
    """The job is due then, sooner or later than it was; whoever holds it goes on."""
    tx.execute(sa.update(job).where(_is(name, kind)).values(due_at=until))


def remove(tx: Transaction, name: str, kind: JobKind) -> None:
    """The channel has no work of this kind any more; whoever is at it loses the lease."""
    tx.execute(sa.delete(job).where(_is(name, kind)))


def _mine(lease: Lease) -> dict[str, object]:
    return {"of": lease.channel, "what": lease.kind.value, "token": lease.token}


def _is(name: str, kind: JobKind) -> sa.ColumnElement[bool]:
    return sa.and_(job.c.channel == name, job.c.kind == kind.value)
