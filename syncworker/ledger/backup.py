"""How is the ledger copied while it is in use, and what follows when a copy comes back?

Never overwrites anything but a whole earlier backup, and never restores by itself.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from uuid_utils.compat import uuid4, uuid7

from syncworker.core.exposure import PushState, forgotten, lands_by
from syncworker.core.model import ChannelRules, QuantityMode
from syncworker.errors import InputError, LedgerError
from syncworker.ledger import channels, pools, pushes
from syncworker.ledger.engine import database_path
from syncworker.ledger.ledger import Ledger, Snapshot, Transaction
from syncworker.ledger.pools import PoolRecord
from syncworker.ledger.schema import installation, pool

#: What the start counter of a copy says, so that its return is noticed whatever the witness says.
STARTS_OF_A_COPY = -1


def backup(ledger: Ledger, target: Path) -> Path:
    """Copy the whole ledger to ``target`` while others go on working; the path of the copy.

    The copy is checked and on the disk before it takes the name ``target``; an earlier backup of that name is replaced.
    Raises InputError on PostgreSQL (naming ``pg_dump``) or for a useless target, LedgerError if it cannot be written.
    """
    if ledger.engine.dialect.name != "sqlite":
        raise InputError(
            "A PostgreSQL ledger is backed up with PostgreSQL's own tools, for instance"
            f" `pg_dump --format=custom --file={target} {ledger.engine.url.database}`. After restoring such a dump run"
            " `syncworker db restore` before anything else."
        )
    target = target.resolve()
    if target == database_path(ledger.engine):
        raise InputError("The backup cannot be the ledger itself. Choose another path.")
    if target.is_dir():
        raise InputError(
            f"{target} is a folder. Give the backup a file name, for instance {target / 'ledger.backup'}."
        )
    try:
        _write_copy(ledger, target)
    except (OSError, sqlite3.Error) as error:
        raise LedgerError(
            f"The backup {target} could not be written ({error}). The ledger is as it was."
        ) from error
    ledger.run(lambda tx: tx.execute(sa.update(installation).values(backed_up_at=tx.now)))
    return target


def mark_restored(tx: Transaction) -> int:
    """Treat every number at a channel as unknown, since a backup knows less than the channels do; how many pools.

    Nothing but withdrawals is sent to a pool until it is read back and settled. What was sent after the backup was made
    has no row and may still land: a row stands in for it, so that nothing is proven before it can land no more. The
    counter keeps its numbers: they exist nowhere but here. A catalogue, where nobody can order, holds nothing as before.
    """
    rules = {record.name: record.rules for record in channels.all_channels(tx)}
    found = [record for record in _all_pools(tx) if not rules[record.channel].own_number]
    selling = [record for record in found if rules[record.channel].takes_orders]
    pools.save_bounds(
        tx,
        {record.id: forgotten(record.bound) for record in selling},
        shown={record.id: None for record in found},
    )
    pushes.store(tx, [_lost_push(tx, record) for record in found])
    for name, its_rules in rules.items():
        _want_proof(tx, [record for record in found if record.channel == name], its_rules)
    pools.mark_dirty(tx, [record.id for record in found])
    return len(found)


def _all_pools(tx: Transaction) -> list[PoolRecord]:
    ids = tx.execute(sa.select(pool.c.id)).scalars().all()
    return [*pools.load(tx, ids, lock=True).values()]


def _lost_push(tx: Snapshot, record: PoolRecord) -> pushes.PushRecord:
    """Stands for whatever was sent after the backup; it raises nothing, since the bound is unknown anyhow."""
    return pushes.PushRecord(
        id=str(uuid7()),
        pool_id=record.id,
        channel=record.channel,
        kind=QuantityMode.SET,
        value=0,
        expected=None,
        raised=0,
        restocked_before=record.bound.restocked,
        state=PushState.SENDING,
        reason=pushes.STANDS_IN,
        stored_at=tx.now,
        message="a backup was restored: what was sent after it is not known",
    )


def _want_proof(tx: Transaction, records: list[PoolRecord], rules: ChannelRules) -> None:
    if rules.readable:
        pools.want_read(tx, [record.id for record in records], at=lands_by(tx.now, rules), sooner_only=False)


def _write_copy(ledger: Ledger, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with _unfinished(target) as copy:
        with ledger.snapshot() as tx, closing(sqlite3.connect(copy)) as destination:
            source = tx.connection.connection.driver_connection
            if not isinstance(source, sqlite3.Connection):
                raise TypeError(f"not an SQLite connection: {source!r}")
            source.backup(destination)
            _finish_copy(destination, at=tx.now)
        _flush(copy)
        copy.replace(target)
        _flush(target.parent)


@contextmanager
def _unfinished(target: Path) -> Iterator[Path]:
    """A name beside the target; whatever still has it afterwards, or from a run that was killed, is removed."""
    copy = target.with_name(f"{target.name}.unfinished")
    copy.unlink(missing_ok=True)
    try:
        yield copy
    finally:
        copy.unlink(missing_ok=True)


def _finish_copy(copy: sqlite3.Connection, *, at: datetime) -> None:
    """One plain file that knows it is a copy, and is sound."""
    copy.execute("PRAGMA journal_mode=DELETE")
    with copy:
        copy.execute(
            "INSERT INTO installation (id, token, starts, created_at) VALUES (1, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET starts = excluded.starts",
            (str(uuid4()), STARTS_OF_A_COPY, at.isoformat(timespec="microseconds")),
        )
    verdict = copy.execute("PRAGMA integrity_check").fetchone()[0]
    if verdict != "ok":
        raise LedgerError(
            f"The ledger is damaged ({verdict}), so no backup was made. Keep the last good one and run `syncworker doctor`."
        )


def _flush(path: Path) -> None:
    """Wait until a file, or a folder's list of names, is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
