"""What was known when a read-back began, and what came of it? The answer is judged by the row, never by later knowledge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from syncworker.core.exposure import ReadStart
from syncworker.ledger.keys import among
from syncworker.ledger.ledger import Snapshot, Transaction
from syncworker.ledger.schema import read


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRecord:
    """One row of ``read``, as far as it is written before the question leaves."""

    id: str
    pool_id: str
    channel: str
    start: ReadStart
    #: The channel's latest pull that had begun.
    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadAnswer:
    """What a read-back said, for people."""

    answered_at: datetime
    answer: int | None
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one read-back found."""

    #: Sellable units; ``None`` where none were answered.
    number: int | None
    outcome: str
    #: What was expected when the answer came.
    expected: int | None = None
    #: Why it was not that (``core.drift.DriftClass``).
    drift: str | None = None


@dataclass(frozen=True, slots=True)
class Differing:
    """A read-back whose number was not what we expected."""

    id: str
    expected: int | None
    number: int


def store(tx: Transaction, records: Sequence[ReadRecord]) -> None:
    """Record read-backs that are about to be asked for."""
    rows = [
        {
            "id": record.id,
            "pool_id": record.pool_id,
            "channel": record.channel,
            "began_at": record.start.began_at,
            "exposure": record.start.exposure,
            "raised": record.start.raised,
            "restocked": record.start.restocked,
            "sequence": record.sequence,
        }
        for record in records
    ]
    if rows:
        tx.execute(sa.insert(read), rows)


def answer(tx: Transaction, found: Mapping[str, Found]) -> None:
    """Store what each read-back found, by its id; one that is answered already keeps its answer."""
    rows = [
        {
            "b_id": read_id,
            "b_answer": one.number,
            "b_outcome": one.outcome,
            "b_expected": one.expected,
            "b_drift": one.drift,
        }
        for read_id, one in found.items()
    ]
    if rows:
        names = ("answer", "outcome", "expected", "drift")
        values: dict[str, sa.BindParameter[object]] = {name: sa.bindparam(f"b_{name}") for name in names}
        tx.execute(
            sa.update(read)
            .where(read.c.id == sa.bindparam("b_id"), read.c.answered_at.is_(None))
            .values(answered_at=tx.now, **values),
            rows,
        )


def differing(tx: Snapshot, based_at: Mapping[str, datetime], *, drift: str) -> dict[str, Differing]:
    """Read-backs of that class of drift, answered at just these moments, by pool."""
    if not based_at:
        return {}
    rows = tx.execute(
        sa.select(read.c.id, read.c.pool_id, read.c.expected, read.c.answer, read.c.answered_at).where(
            among(read.c.pool_id, based_at),
            read.c.answered_at >= min(based_at.values()),
            read.c.drift == drift,
            read.c.answer.is_not(None),
        )
    )
    return {
        row.pool_id: Differing(row.id, row.expected, row.answer)
        for row in rows
        if row.answered_at == based_at[row.pool_id]
    }


def reclassify(tx: Transaction, read_ids: Sequence[str], *, drift: str) -> None:
    """Why these differed is known better by now."""
    if read_ids:
        tx.execute(sa.update(read).where(among(read.c.id, read_ids)).values(drift=drift))


def answered_since(tx: Snapshot, pool_ids: Iterable[str], moment: datetime) -> set[str]:
    """Which of these pools were read back with a number at or after ``moment``."""
    rows = tx.execute(
        sa.select(read.c.pool_id)
        .where(among(read.c.pool_id, pool_ids), read.c.began_at >= moment, read.c.answer.is_not(None))
        .distinct()
    )
    return {row.pool_id for row in rows}


def latest(tx: Snapshot, pool_id: str) -> ReadAnswer | None:
    """The pool's latest answered read-back."""
    row = tx.execute(
        sa.select(read.c.answered_at, read.c.answer, read.c.outcome)
        .where(read.c.pool_id == pool_id, read.c.answered_at.is_not(None))
        .order_by(read.c.began_at.desc())
        .limit(1)
    ).one_or_none()
    return (
        None
        if row is None
        else ReadAnswer(answered_at=row.answered_at, answer=row.answer, outcome=row.outcome)
    )
