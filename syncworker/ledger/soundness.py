"""Is the database sound as a database? File, references, tables, durability, books, witness and backup; mends nothing.

What the numbers mean is for ``sync.doctor``; this looks below that, also at a ledger which no command can use any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa

from syncworker.errors import LedgerError
from syncworker.ledger.books import check_books
from syncworker.ledger.engine import connect
from syncworker.ledger.installation import is_as_left
from syncworker.ledger.ledger import Ledger, Snapshot
from syncworker.ledger.schema import installation
from syncworker.ledger.upgrade import pending

#: A backup older than this is worth a word.
OLD_BACKUP = timedelta(days=7)
#: Problems that are named of each sort.
_NAMED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at; ``ok`` is ``None`` where it cannot be looked at here."""

    name: str
    ok: bool | None
    facts: Mapping[str, object] = field(default_factory=dict)


def examine(ledger: Ledger) -> list[Check]:
    """All checks, the deepest first; those that lean on one that failed are left out."""
    checks = list(_below(ledger))
    if all(check.ok is not False for check in checks):
        checks += _within(ledger)
    return checks


def _below(ledger: Ledger) -> Iterator[Check]:
    try:
        with connect(ledger.engine) as connection:
            yield from _file(connection)
            yield _durability(connection)
    except (sa.exc.DatabaseError, LedgerError) as error:
        yield Check(name="file", ok=False, facts={"problem": str(getattr(error, "orig", error))})
        return
    try:
        waiting = pending(ledger.engine)
    except LedgerError as error:
        yield Check(name="tables", ok=False, facts={"problem": str(error)})
    else:
        yield Check(name="tables", ok=not waiting, facts={"pending": waiting})


def _file(connection: sa.Connection) -> Iterator[Check]:
    if connection.dialect.name != "sqlite":
        yield Check(name="file", ok=None)
        return
    verdicts = [str(row[0]) for row in connection.exec_driver_sql(f"PRAGMA integrity_check({_NAMED})")]
    yield Check(
        name="file",
        ok=verdicts == ["ok"],
        facts={} if verdicts == ["ok"] else {"problem": "; ".join(verdicts)},
    )
    if verdicts == ["ok"]:
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        tables = sorted({str(row[0]) for row in broken})
        yield Check(name="references", ok=not broken, facts={"rows": len(broken), "tables": tables})


def _durability(connection: sa.Connection) -> Check:
    """Whether a commit survives a power cut."""
    if connection.dialect.name == "sqlite":
        level = int(connection.exec_driver_sql("PRAGMA synchronous").scalar_one())
        return Check(name="durability", ok=level >= 2, facts={"synchronous": level})
    commit = str(connection.exec_driver_sql("SHOW synchronous_commit").scalar_one())
    flush = str(connection.exec_driver_sql("SHOW fsync").scalar_one())
    facts = {"synchronous_commit": commit, "fsync": flush}
    return Check(name="durability", ok="off" not in (commit, flush), facts=facts)


def _within(ledger: Ledger) -> Iterator[Check]:
    with ledger.snapshot() as tx:
        problems = check_books(tx)
        yield Check(
            name="books", ok=not problems, facts={"problems": problems[:_NAMED], "count": len(problems)}
        )
        yield Check(name="witness", ok=is_as_left(tx, ledger))
        yield _backup(tx)


def _backup(tx: Snapshot) -> Check:
    """On a server nobody tells us when a dump was made."""
    made: datetime | None = tx.execute(sa.select(installation.c.backed_up_at)).scalar_one_or_none()
    if tx.dialect != "sqlite":
        return Check(name="backup", ok=None)
    is_fresh = made is not None and made > tx.now - OLD_BACKUP
    return Check(name="backup", ok=True if is_fresh else None, facts={"made_at": made})
