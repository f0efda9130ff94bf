"""What did a person set in motion, who and when? Rows of ``run``: the audit of what no rule decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from syncworker.ledger.ledger import Snapshot, Transaction
from syncworker.ledger.schema import run


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One row of ``run``."""

    id: str
    kind: str
    actor: str
    started_at: datetime
    finished_at: datetime | None
    details: Mapping[str, object]


def record(tx: Transaction, run_id: str, *, kind: str, actor: str, details: Mapping[str, object]) -> None:
    """Something that was done at once, with who did it and whatever explains it. Never updated afterwards."""
    tx.execute(
        sa.insert(run).values(
            id=run_id, kind=kind, actor=actor, started_at=tx.now, finished_at=tx.now, details=dict(details)
        )
    )


def latest(tx: Snapshot, *, kind: str | None = None, most: int = 50) -> list[RunRecord]:
    """The latest ones, newest first."""
    query = sa.select(run).order_by(run.c.started_at.desc(), run.c.id.desc()).limit(most)
    if kind is not None:
        query = query.where(run.c.kind == kind)
    return [
        RunRecord(
            id=row.id,
            kind=row.kind,
            actor=row.actor,
            started_at=row.started_at,
            finished_at=row.finished_at,
            details=row.details,
        )
        for row in tx.execute(query)
    ]
