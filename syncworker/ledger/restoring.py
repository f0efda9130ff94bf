"""How does a backup come back? Staged, made to know that it knows less than the channels, and then put in the ledger's place.

At no moment is there a ledger that believes an old number: what comes back is marked before it can be seen. SQLite alone; a
server's database is restored with its own tools, and then told of (``mark_restored``).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from uuid_utils.compat import uuid4

from syncworker.errors import InputError, LedgerError, NewerDatabaseError
from syncworker.ledger import pools
from syncworker.ledger.backup import STARTS_OF_A_COPY, mark_restored
from syncworker.ledger.engine import BUSY_TIMEOUT_S, database_path
from syncworker.ledger.incidents import IncidentKind, open_incident
from syncworker.ledger.installation import begin_start, running
from syncworker.ledger.ledger import Ledger, Transaction, open_ledger
from syncworker.ledger.schema import installation
from syncworker.ledger.upgrade import ensure_current, refuse_newer

#: Pages that are copied between two words about how far it is.
_STRIDE = 2_000
#: For how long a restore waits until nobody else writes, in seconds.
LOCKED_WITHIN_S = 5.0
#: In so many steps the ledger is replaced; the first of them must not be the last.
_PORTIONS = 50
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_HEADER = b"SQLite format 3\x00"
#: Told how many of how many pages are copied.
Copied = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What came back, and where that is kept which stood there before; ``None`` if nothing did."""

    numbers: int
    kept: Path | None
    #: Whether what stood there could not be read any more.
    was_damaged: bool


def restore(ledger: Ledger, backup: Path, *, copied: Copied | None = None) -> Restored:
    """Put the backup in the ledger's place; what stood there is kept beside it. Every number at a channel is unknown then.

    AlreadyRunningError while ``up`` runs on it, LedgerError if somebody else does not stop writing to it, InputError if the
    file is no sound backup of ours: nothing was changed then. What others wrote until then is in what is kept. A kill in between leaves the old ledger, or the new one that knows itself restored.
    """
    live = database_path(ledger.engine)
    if live is None:
        raise InputError(
            "A PostgreSQL ledger is restored with PostgreSQL's own tools (pg_restore), while no worker runs. Then say so,"
            " before anything starts: `syncworker db restore` without a file."
        )
    _check(backup, live)
    with running(ledger), _staged(live) as staged:
        _copy(backup, staged, copied)
        _prepare(staged)
        ledger.close()
        kept, was_damaged = _exchange(staged, live)
        # Once more, and counted: what was sent while this went on may still land after what was marked before.
        begin_start(ledger)
        with ledger.snapshot() as tx:
            numbers = pools.unknown(tx)
    return Restored(numbers=numbers, kept=kept, was_damaged=was_damaged)


def check_backup(backup: Path) -> None:
    """InputError, with why, unless this file is a sound copy of a ledger that this version can take. Changes nothing."""
    try:
        with backup.open("rb") as file:
            is_database = file.read(len(_HEADER)) == _HEADER
    except OSError as error:
        raise InputError(f"{backup} cannot be read: {error.strerror}.") from error
    if not is_database:
        raise InputError(f"{backup} is no database. A backup is made with `syncworker db backup FILE`.")
    try:
        with closing(_read_only(backup)) as connection:
            verdict = connection.execute("PRAGMA integrity_check").fetchone()[0]
            if verdict == "ok":
                _refuse_strange(backup, connection)
    except sqlite3.Error as error:
        raise InputError(f"{backup} is damaged: {error}. Take an older backup.") from error
    if verdict != "ok":
        raise InputError(f"{backup} is damaged: {verdict}. Take an older backup.")


def _refuse_strange(backup: Path, connection: sqlite3.Connection) -> None:
    """Tables of something else, or of a version that we know nothing of."""
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not {"alembic_version", "movement", "pool"} <= tables:
        raise InputError(f"{backup} is a database of something else, not a ledger of syncworker.")
    try:
        for row in connection.execute("SELECT version_num FROM alembic_version"):
            refuse_newer(row[0])
    except NewerDatabaseError as error:
        raise InputError(str(error)) from error


def _check(backup: Path, live: Path) -> None:
    if backup.resolve() == live:
        raise InputError("That is the ledger itself. Name the backup that is to take its place.")
    check_backup(backup)


def _read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=BUSY_TIMEOUT_S)


@contextmanager
def _staged(live: Path) -> Iterator[Path]:
    """A name beside the ledger; whatever has it before or afterwards is removed."""
    staged = live.with_name(f"{live.name}.restoring")
    _remove(staged)
    try:
        yield staged
    finally:
        _remove(staged)


def _remove(database: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)


def _copy(backup: Path, target: Path, copied: Copied | None) -> None:
    def tell(_status: int, remaining: int, total: int) -> None:
        if copied is not None:
            copied(total - remaining, total)

    with closing(_read_only(backup)) as source, closing(sqlite3.connect(target)) as destination:
        source.backup(destination, pages=_STRIDE, progress=tell)


def _prepare(staged: Path) -> None:
    """The copy fits this version, and knows that every number is unknown and that it was restored."""
    copy = open_ledger(f"sqlite:///{staged}")
    try:
        ensure_current(copy.engine)
        copy.run(_mark)
    finally:
        copy.close()
    with closing(sqlite3.connect(staged)) as plain:
        # One file, whatever else was written beside it.
        plain.execute("PRAGMA journal_mode=DELETE")


def _mark(tx: Transaction) -> None:
    mark_restored(tx)
    values = {"token": str(uuid4()), "starts": STARTS_OF_A_COPY}
    if tx.execute(sa.update(installation).values(values)).rowcount == 0:
        tx.execute(sa.insert(installation).values(id=1, created_at=tx.now, **values))
    open_incident(tx, IncidentKind.RESTORED, "ledger", {"noticed_at": tx.now.isoformat()})


class _InUseError(Exception):
    """Somebody else writes, and does not come to an end."""


class _DamagedError(Exception):
    """What stands there cannot be kept by copying it."""


def _exchange(staged: Path, live: Path) -> tuple[Path | None, bool]:
    """The staged one over the old one, in one transaction that other processes see as a change; else simply in its place.

    Where a copy is kept of what stood there, and whether it was damaged (then it is moved away as it is). LedgerError, and
    nothing was changed, if the database cannot be had for ourselves.
    """
    if not live.exists():
        staged.replace(live)
        return None, False
    kept = live.with_name(f"{live.name}.before-restore-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    try:
        _copy_over(staged, live, kept)
    except _DamagedError:
        _remove(kept)
        _move_away(live, kept)
        staged.replace(live)
        return kept, True
    except _InUseError as error:
        raise LedgerError(
            f"Another process is writing to the ledger {live}, so nothing was restored and it is as it was. Stop whatever else"
            " uses it (`syncworker worker`, an import), and try again."
        ) from error
    except sqlite3.Error as error:
        _remove(kept)
        raise LedgerError(
            f"The ledger {live} could not be replaced ({error}), and is as it was. Stop whatever else uses it."
        ) from error
    return kept, False


def _copy_over(staged: Path, live: Path, kept: Path) -> None:
    """From the first page that is written nobody else can write: what is kept then is exactly what is replaced."""
    is_kept = False

    def keep_first(status: int, _remaining: int, _total: int) -> None:
        nonlocal is_kept
        if status in _BUSY:
            raise _InUseError
        if not is_kept:
            _keep(live, kept)
            is_kept = True

    with (
        closing(_read_only(staged)) as source,
        closing(sqlite3.connect(live, timeout=LOCKED_WITHIN_S)) as destination,
    ):
        _want_readers_beside(destination)
        pages: int = source.execute("PRAGMA page_count").fetchone()[0]
        source.backup(destination, pages=max(1, pages // _PORTIONS), progress=keep_first)


def _want_readers_beside(destination: sqlite3.Connection) -> None:
    """In this mode the old ledger can be copied while the new one is being written over it."""
    try:
        destination.execute("PRAGMA journal_mode=WAL")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF in _BUSY:
            raise _InUseError from error
        raise
    except sqlite3.DatabaseError as error:
        raise _DamagedError from error


def _keep(live: Path, kept: Path) -> None:
    try:
        with closing(_read_only(live)) as source, closing(sqlite3.connect(kept)) as destination:
            source.backup(destination)
            verdict = destination.execute("PRAGMA integrity_check").fetchone()[0]
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        raise _DamagedError from error
    if verdict != "ok":
        raise _DamagedError


def _move_away(live: Path, kept: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        part = live.with_name(live.name + suffix)
        if part.exists():
            part.replace(kept.with_name(kept.name + suffix))
