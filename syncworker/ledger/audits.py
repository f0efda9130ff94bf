"""Who did what, and when? A row for each command that changed something, stored with the first change it makes.

Knows no command: whoever runs one says what it is called and what it was given, without secrets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from syncworker.ledger.ledger import Ledger, Snapshot, Transaction
from syncworker.ledger.schema import audit

#: As the columns are.
ACTOR_MAX, COMMAND_MAX, OUTCOME_MAX = 128, 64, 64
DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """One row of ``audit``; ``outcome`` is ``None`` while the command goes on, or after it was killed."""

    id: int
    at: datetime
    actor: str
    command: str
    arguments: Mapping[str, object]
    outcome: str | None
    finished_at: datetime | None


class Auditor:
    """Watches one command's transactions, and stores its row in the first one that changes anything."""

    def __init__(self, ledger: Ledger, *, actor: str, command: str, arguments: Mapping[str, object]) -> None:
        self._ledger = ledger
        self._values = {
            "actor": actor[:ACTOR_MAX],
            "command": command[:COMMAND_MAX],
            "arguments": dict(arguments),
        }
        self._changed = False
        #: Stored by a transaction that is not committed yet, which may still be run again.
        self._pending: int | None = None
        self.row: int | None = None

    def executed(self, _connection: object, statement: object, *rest: object) -> None:
        """SQLAlchemy calls this after every statement; ``rest`` ends with its result."""
        result = rest[-1]
        if getattr(statement, "is_dml", False) and getattr(result, "rowcount", 0) != 0:
            self._changed = True

    def before_commit(self, tx: Transaction) -> None:
        """The row, beside the first change."""
        if self._changed and self.row is None:
            stored = tx.execute(sa.insert(audit).values(at=tx.now, **self._values).returning(audit.c.id))
            self._pending = stored.scalar_one()

    def after_commit(self) -> None:
        """What was stored counts now."""
        if self.row is None:
            self.row = self._pending

    def changed_elsewhere(self) -> None:
        """The command changes something that is no row, a file for instance: it is stored all the same."""
        self._changed = True
        self._ledger.run(lambda tx: tx.now)

    def finish(self, outcome: str) -> None:
        """How it ended; nothing if it changed nothing."""
        if self.row is not None:
            number = self.row
            self._ledger.run(lambda tx: _finish(tx, number, outcome))


@contextmanager
def audited(
    ledger: Ledger, *, actor: str, command: str, arguments: Mapping[str, object]
) -> Iterator[Auditor]:
    """Have the block's first change, if it makes any, leave a row that says who did what; an error ends it with its kind."""
    auditor = Auditor(ledger, actor=actor, command=command, arguments=arguments)
    sa.event.listen(ledger.engine, "after_execute", auditor.executed)
    ledger.before_commit.append(auditor.before_commit)
    ledger.after_commit.append(auditor.after_commit)
    outcome = DONE
    try:
        yield auditor
    except BaseException as error:
        outcome = type(error).__name__[:OUTCOME_MAX]
        raise
    finally:
        sa.event.remove(ledger.engine, "after_execute", auditor.executed)
        ledger.before_commit.remove(auditor.before_commit)
        ledger.after_commit.remove(auditor.after_commit)
        auditor.finish(outcome)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilters:
    """Which rows are wanted; all of them unless something is said."""

    actor: str | None = None
    #: The beginning of the command, for instance "stock".
    command: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def latest(
    tx: Snapshot, filters: AuditFilters, *, before: int | None = None, most: int = 100
) -> list[AuditRecord]:
    """The latest ones, newest first; of those before number ``before``, if one is given."""
    query = sa.select(audit).order_by(audit.c.id.desc()).limit(most)
    if before is not None:
        query = query.where(audit.c.id < before)
    if filters.actor is not None:
        query = query.where(audit.c.actor == filters.actor)
    if filters.command is not None:
        query = query.where(audit.c.command.startswith(filters.command, autoescape=True))
    if filters.since is not None:
        query = query.where(audit.c.at >= filters.since)
    if filters.until is not None:
        query = query.where(audit.c.at < filters.until)
    return [
        AuditRecord(
            id=row.id,
            at=row.at,
            actor=row.actor,
            command=row.command,
            arguments=row.arguments,
            outcome=row.outcome,
            finished_at=row.finished_at,
        )
        for row in tx.execute(query)
    ]


def _finish(tx: Transaction, number: int, outcome: str) -> None:
    values = {"outcome": outcome[:OUTCOME_MAX], "finished_at": tx.now}
    tx.execute(sa.update(audit).where(audit.c.id == number).values(values))
