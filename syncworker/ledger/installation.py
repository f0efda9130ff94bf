"""Is this the ledger that we left, and are we alone with it? Start counter, its witness beside the file, running lock.

A backup that comes back has an older counter than the witness. A restore of both together cannot be noticed.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO

import sqlalchemy as sa
from sqlalchemy.engine import Row
from uuid_utils.compat import uuid4

from syncworker.errors import AlreadyRunningError
from syncworker.ledger.backup import mark_restored
from syncworker.ledger.engine import database_path
from syncworker.ledger.ledger import Ledger, Snapshot, Transaction
from syncworker.ledger.schema import installation


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """What the file beside the database says the counter is."""

    token: str
    #: The counter as it was when last seen; ``None`` while a restored ledger is being taken in.
    starts: int | None
    #: The counter that was about to be committed; the same once it was.
    next: int

    def knows(self, token: str, starts: int) -> bool:
        """Whether a ledger with this counter is the one that was left here."""
        return token == self.token and starts in {self.starts, self.next}


def witness_path(ledger: Ledger) -> Path | None:
    """Where the witness of an SQLite file is; ``None`` for a ledger in memory or on a server."""
    path = database_path(ledger.engine)
    return None if path is None else path.with_name(f"{path.name}.witness")


def begin_start(ledger: Ledger, path: Path | None = None) -> bool:
    """Count a start in the ledger and in its witness (``path``, or beside the database); True if a backup was restored.

    If so, every exposure was made unknown in the same transaction. Call it once a process of ``up``, holding
    :func:`running`. Without a witness (a server database) it only counts: a restore must be told, see ``mark_restored``.
    """
    return _count(ledger, path or witness_path(ledger))


def renew_witness(ledger: Ledger, path: Path | None = None) -> None:
    """Let the counter grow while running, say once a minute: a copy of the file from before is then older than the witness."""
    if path is not None or witness_path(ledger) is not None:
        _count(ledger, path or witness_path(ledger))


@contextmanager
def running(ledger: Ledger) -> Iterator[None]:
    """Be the only ``up`` on an SQLite file; AlreadyRunningError if another process is. The system frees it on any death.

    Any number of processes may share a server database, and CLI commands never ask for it.
    """
    path = database_path(ledger.engine)
    if path is None:
        yield
        return
    with path.with_name(f"{path.name}.running").open("a+", encoding="utf-8") as file:
        _lock(file, path)
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def is_as_left(tx: Snapshot, ledger: Ledger) -> bool | None:
    """Whether this is the ledger that was last started here; ``None`` where nothing bears witness (a server, no start yet)."""
    path = witness_path(ledger)
    row = tx.execute(sa.select(installation)).one_or_none()
    witness = _read(path)
    if path is None or (row is None and witness is None):
        return None
    return not _is_restored(row, witness)


def _lock(file: TextIO, database: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.seek(0)
        owner = file.read().strip() or "unknown"
        raise AlreadyRunningError(
            f"syncworker already runs on {database} (process {owner}). Stop it there first, for instance with Ctrl-C;"
            " other commands work beside it."
        ) from error


def _count(ledger: Ledger, path: Path | None) -> bool:
    witness = _read(path)
    intended, restored = ledger.run(lambda tx: _count_in(tx, path, witness))
    _write(path, Witness(token=intended.token, starts=intended.next, next=intended.next))
    return restored


def _count_in(tx: Transaction, path: Path | None, witness: Witness | None) -> tuple[Witness, bool]:
    """The witness is written before the commit, knowing both counters: a kill in between is no restore."""
    row = tx.execute(sa.select(installation)).one_or_none()
    restored = path is not None and _is_restored(row, witness)
    counters = [0 if row is None else row.starts, 0 if witness is None else witness.next]
    token = str(uuid4()) if row is None else row.token
    intended = Witness(token=token, starts=None if restored else counters[0], next=max(counters) + 1)
    _write(path, intended)
    if row is None:
        values = {"id": 1, "token": token, "starts": intended.next, "created_at": tx.now}
        tx.execute(sa.insert(installation).values(values))
    else:
        tx.execute(sa.update(installation).values(starts=intended.next))
    if restored:
        mark_restored(tx)
    return intended, restored


def _is_restored(row: Row[*tuple[object, ...]] | None, witness: Witness | None) -> bool:
    if row is None:
        # Nothing was ever started on this ledger: right only if nothing was beside it either.
        return witness is not None and witness.starts != 0
    return witness is None or not witness.knows(row.token, row.starts)


def _read(path: Path | None) -> Witness | None:
    """An unreadable witness is none: then the ledger counts as restored, which is slow but safe."""
    if path is None:
        return None
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return Witness(token=str(told["token"]), starts=told["starts"], next=int(told["next"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(path: Path | None, witness: Witness) -> None:
    """Whole or not at all, and on the disk before we go on."""
    if path is None:
        return
    fresh = path.with_name(f"{path.name}.new")
    with fresh.open("w", encoding="utf-8") as file:
        json.dump(asdict(witness), file)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
