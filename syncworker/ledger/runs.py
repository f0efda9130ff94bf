"""What did a person set in motion, who and when, how far is it, and what did it do? Rows of ``run`` and their items.

Says nothing about what a run did to the stock: that stands in the movements, which name the run as their reference.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Row

from syncworker.ledger.ledger import Snapshot, Transaction
from syncworker.ledger.schema import run, run_item

#: The keys of ``details`` that say how far a run is.
DONE, TOTAL = "done", "total"
#: As long as the column that holds it.
SUBJECT_MAX = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One row of ``run``; ``finished_at`` is ``None`` while it goes on, or after it was killed."""

    id: str
    kind: str
    actor: str
    started_at: datetime
    finished_at: datetime | None
    details: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunItem:
    """One thing that a run did; ``state`` is a word of the trade (new, changed, to_be_sent …)."""

    subject: str
    state: str
    details: Mapping[str, object]


def record(tx: Transaction, run_id: str, *, kind: str, actor: str, details: Mapping[str, object]) -> None:
    """Something that was done at once, with who did it and whatever explains it. Never updated afterwards."""
    tx.execute(
        sa.insert(run).values(
            id=run_id, kind=kind, actor=actor, started_at=tx.now, finished_at=tx.now, details=dict(details)
        )
    )


def begin(tx: Transaction, run_id: str, *, kind: str, actor: str, details: Mapping[str, object]) -> None:
    """Something long begins; :func:`advance` says how far it is, and :func:`finish` that it is over."""
    tx.execute(
        sa.insert(run).values(id=run_id, kind=kind, actor=actor, started_at=tx.now, details=dict(details))
    )


def advance(tx: Transaction, run_id: str, *, done: int, total: int | None) -> None:
    """So many of so many are done; nothing if the run is over."""
    _change(tx, run_id, {DONE: done, TOTAL: total}, finished=False)


def finish(tx: Transaction, run_id: str, details: Mapping[str, object]) -> None:
    """It is over; ``details`` are added to what was known of it. Nothing if it was over before."""
    _change(tx, run_id, details, finished=True)


def add_items(tx: Transaction, run_id: str, items: Iterable[RunItem]) -> None:
    """What the run did, one row a subject."""
    rows = [
        {
            "run_id": run_id,
            "subject": one.subject[:SUBJECT_MAX],
            "state": one.state,
            "details": dict(one.details),
        }
        for one in items
    ]
    if rows:
        tx.execute(sa.insert(run_item), rows)


def latest(
    tx: Snapshot, *, kind: str | None = None, before: str | None = None, most: int = 50
) -> list[RunRecord]:
    """The latest ones, newest first; behind run ``before``, if one is given."""
    query = sa.select(run).order_by(run.c.started_at.desc(), run.c.id.desc()).limit(most)
    if kind is not None:
        query = query.where(run.c.kind == kind)
    if before is not None:
        other = run.alias("other")
        start = sa.select(other.c.started_at).where(other.c.id == before).scalar_subquery()
        same_moment = sa.and_(run.c.started_at == start, run.c.id < before)
        query = query.where(sa.or_(run.c.started_at < start, same_moment))
    return [_record(row) for row in tx.execute(query)]


def starting_with(tx: Snapshot, text: str, *, most: int = 10) -> list[RunRecord]:
    """Runs whose id begins with this text, as people shorten it."""
    query = sa.select(run).where(run.c.id.startswith(text, autoescape=True)).order_by(run.c.id).limit(most)
    return [_record(row) for row in tx.execute(query)] if text else []


def items(tx: Snapshot, run_id: str, *, after: str | None = None, most: int = 100) -> list[RunItem]:
    """What a run did, by subject behind ``after``; at most so many."""
    query = sa.select(run_item).where(run_item.c.run_id == run_id)
    if after is not None:
        query = query.where(run_item.c.subject > after)
    rows = tx.execute(query.order_by(run_item.c.subject).limit(most))
    return [RunItem(subject=row.subject, state=row.state, details=row.details) for row in rows]


def count_items(tx: Snapshot, run_id: str) -> dict[str, int]:
    """How many items a run has, by state."""
    query = (
        sa.select(run_item.c.state, sa.func.count().label("n"))
        .where(run_item.c.run_id == run_id)
        .group_by(run_item.c.state)
        .order_by(run_item.c.state)
    )
    return {row.state: int(row.n) for row in tx.execute(query)}


def _change(tx: Transaction, run_id: str, details: Mapping[str, object], *, finished: bool) -> None:
    is_open = sa.and_(run.c.id == run_id, run.c.finished_at.is_(None))
    known = tx.execute(sa.select(run.c.details).where(is_open).with_for_update()).scalar_one_or_none()
    if known is not None:
        values = {"details": {**known, **details}, "finished_at": tx.now if finished else None}
        tx.execute(sa.update(run).where(is_open).values(values))


def _record(row: Row[*tuple[object, ...]]) -> RunRecord:
    return RunRecord(
        id=row.id,
        kind=row.kind,
        actor=row.actor,
        started_at=row.started_at,
        finished_at=row.finished_at,
        details=row.details,
    )
