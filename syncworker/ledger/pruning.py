"""What may be forgotten, and when? Old rows of what is over, in small batches; the books themselves are never touched.

Orders, movements and premiums stay for ever, and so does whatever the engine still judges by: open rows, the latest pushes,
read-backs and pulls of each number and channel, however old they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType

import sqlalchemy as sa

from syncworker.ledger.heartbeats import Sign
from syncworker.ledger.keys import among
from syncworker.ledger.ledger import Ledger, Snapshot, Transaction
from syncworker.ledger.schema import audit, heartbeat, incident, pool, pull, push, read, run, run_item

#: Rows that are looked at in one transaction.
BATCH = 500
#: Pushes of a number that stay, for `explain` and for judging drift.
LATEST_PUSHES = 20
#: Signs of workers that are gone.
KEEP_SIGNS = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """For how long what is over stays."""

    runs: timedelta
    incidents: timedelta
    audit: timedelta
    #: Pushes, pulls and read-backs.
    traffic: timedelta


@dataclass(frozen=True, slots=True)
class _Walk:
    """The table, what of it may go once it is older than a moment, and where it ends."""

    table: sa.Table
    keep: Callable[[Keep], timedelta]
    may_go: Callable[[datetime], sa.ColumnElement[bool]]
    #: Ids sort by their time, so the walk can end where everything is younger.
    has_dated_ids: bool = False


def prune(
    ledger: Ledger, keep: Keep, *, goes_on: Callable[[], bool] = lambda: True
) -> tuple[Mapping[str, int], bool]:
    """Delete what may go, until ``goes_on`` says no; rows by table, and whether that was all. Harmless to repeat."""
    gone: dict[str, int] = {}
    for walk in _WALKS:
        for deleted in _batches(ledger, walk, keep):
            gone[walk.table.name] = gone.get(walk.table.name, 0) + deleted
            if not goes_on():
                return MappingProxyType(gone), False
    ledger.run(_forget_workers)
    return MappingProxyType(gone), True


def _batches(ledger: Ledger, walk: _Walk, keep: Keep) -> Iterator[int]:
    after: str | int | None = None
    while True:
        deleted, after = ledger.run(partial(_one_batch, walk=walk, keep=keep, after=after))
        yield deleted
        if after is None:
            return


def _one_batch(
    tx: Transaction, walk: _Walk, keep: Keep, after: str | int | None
) -> tuple[int, str | int | None]:
    """How many went, and the last key that was looked at; ``None`` at the end."""
    before = tx.now - walk.keep(keep)
    keys = _keys(tx, walk, before, after)
    if not keys:
        return 0, None
    key = walk.table.c.id
    gone = list(tx.execute(sa.select(key).where(among(key, keys), walk.may_go(before))).scalars())
    if gone:
        if walk.table is run:
            tx.execute(sa.delete(run_item).where(among(run_item.c.run_id, gone)))
        tx.execute(sa.delete(walk.table).where(among(key, gone)))
    return len(gone), keys[-1] if len(keys) == BATCH else None


def _keys(tx: Snapshot, walk: _Walk, before: datetime, after: str | int | None) -> list[str | int]:
    key = walk.table.c.id
    query = sa.select(key).order_by(key).limit(BATCH)
    if walk.has_dated_ids:
        query = query.where(key < first_id(before))
    if after is not None:
        query = query.where(key > after)
    return list(tx.execute(query).scalars())


def first_id(moment: datetime) -> str:
    """The smallest id (UUID 7) of that moment."""
    text = f"{int(moment.timestamp() * 1000):012x}"
    return f"{text[:8]}-{text[8:]}-7000-8000-000000000000"


def _old_pushes(before: datetime) -> sa.ColumnElement[bool]:
    newer = push.alias("newer")
    of_pool = sa.and_(newer.c.pool_id == push.c.pool_id, newer.c.stored_at > push.c.stored_at)
    tells = sa.and_(
        newer.c.state.in_(("acknowledged", "settled")),
        sa.or_(newer.c.kind != "adjust", newer.c.echo.is_not(None)),
    )
    count = sa.select(sa.func.count()).select_from(newer).where(of_pool).scalar_subquery()
    return sa.and_(push.c.closed_at < before, count >= LATEST_PUSHES, sa.exists().where(of_pool, tells))


def _old_reads(before: datetime) -> sa.ColumnElement[bool]:
    newer = read.alias("newer")
    is_base = sa.exists().where(pool.c.id == read.c.pool_id, pool.c.base_at == read.c.answered_at)
    outdone = sa.exists().where(
        newer.c.pool_id == read.c.pool_id,
        newer.c.began_at > read.c.began_at,
        newer.c.answer.is_not(None),
    )
    return sa.and_(read.c.began_at < before, outdone, ~is_base)


def _old_pulls(before: datetime) -> sa.ColumnElement[bool]:
    newer = pull.alias("newer")
    outdone = sa.exists().where(
        newer.c.channel == pull.c.channel, newer.c.sequence > pull.c.sequence, newer.c.whole
    )
    return sa.and_(pull.c.finished_at < before, outdone)


def _forget_workers(tx: Transaction) -> None:
    is_old = heartbeat.c.at < tx.now - KEEP_SIGNS
    tx.execute(sa.delete(heartbeat).where(heartbeat.c.kind == Sign.WORKER.value, is_old))


_WALKS = (
    _Walk(push, lambda keep: keep.traffic, _old_pushes, has_dated_ids=True),
    _Walk(read, lambda keep: keep.traffic, _old_reads, has_dated_ids=True),
    _Walk(pull, lambda keep: keep.traffic, _old_pulls, has_dated_ids=True),
    _Walk(
        run,
        lambda keep: keep.runs,
        lambda before: (
            sa.func.coalesce(run.c.finished_at, run.c.started_at, type_=run.c.started_at.type) < before
        ),
    ),
    _Walk(incident, lambda keep: keep.incidents, lambda before: incident.c.closed_at < before),
    _Walk(audit, lambda keep: keep.audit, lambda before: audit.c.at < before),
)
