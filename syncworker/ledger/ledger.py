"""What commits together? One unit of work: a transaction with its own time, and what is told once it is committed.

Never calls a channel and knows no table.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import datetime
from typing import Any, TypeVar, TypeVarTuple, cast, overload

import sqlalchemy as sa
from sqlalchemy.engine import CursorResult
from sqlalchemy.sql.selectable import TypedReturnsRows
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random_exponential

from syncworker.ledger.clock import Clock, DatabaseClock
from syncworker.ledger.engine import (
    connect,
    create_ledger_engine,
    for_reading,
    is_conflict,
    is_shared_connection,
    write_lock,
)

R = TypeVar("R")
Columns = TypeVarTuple("Columns")
#: One row's bound values, or many rows' for an ``executemany``.
Parameters = Mapping[str, object] | Sequence[Mapping[str, object]]

#: For how long a whole transaction is tried again when the database gave it up for another one, in seconds.
RETRY_FOR_S = 8.0


class Snapshot:
    """A read-only view of the ledger that does not change while it is open; writing through it fails."""

    def __init__(self, connection: sa.Connection, clock: Clock) -> None:
        self.connection = connection
        self._clock = clock
        self._now: datetime | None = None

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self.connection.dialect.name

    @property
    def now(self) -> datetime:
        """The database's time, asked when first needed and then the same until the end. Aware UTC."""
        if self._now is None:
            self._now = self._clock.now(self.connection)
        return self._now

    @overload
    def execute(
        self, statement: TypedReturnsRows[*Columns], parameters: Parameters | None = None
    ) -> CursorResult[*Columns]: ...

    @overload
    def execute(
        self, statement: sa.Executable, parameters: Parameters | None = None
    ) -> CursorResult[*tuple[Any, ...]]: ...

    def execute(
        self, statement: sa.Executable, parameters: Parameters | None = None
    ) -> CursorResult[*tuple[Any, ...]]:
        """Run one statement; a sequence of parameters is one ``executemany`` and must not be empty."""
        return self.connection.execute(statement, parameters)


class Transaction(Snapshot):
    """A write transaction. What raises inside it leaves nothing behind."""

    def __init__(self, connection: sa.Connection, clock: Clock) -> None:
        super().__init__(connection, clock)
        self._told: list[Callable[[], None]] = []

    def after_commit(self, tell: Callable[[], None]) -> None:
        """Have ``tell`` called, in order of asking, once this is committed; never if it is not."""
        self._told.append(tell)

    def tell(self) -> None:
        """Call what was asked for; the ledger does this after the commit."""
        for tell in self._told:
            tell()


class Ledger:
    """The database with its clock. Share one among threads; each thread has at most one transaction open."""

    def __init__(self, engine: sa.Engine, clock: Clock | None = None) -> None:
        self.engine = engine
        self.clock: Clock = DatabaseClock() if clock is None else clock
        #: Called inside every write transaction right before its commit; raising rolls it back.
        self.before_commit: list[Callable[[Transaction], None]] = []
        #: Called after every commit, before what the transaction wanted told; outside of any transaction.
        self.after_commit: list[Callable[[], None]] = []
        self._writers = write_lock(engine)
        self._readers = self._writers if is_shared_connection(engine) else None
        self._here = threading.local()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """A write transaction, committed at the end of the block. Not retried: see :meth:`run`."""
        with self._write() as tx:
            yield tx
        self._committed(tx)

    def run(self, work: Callable[[Transaction], R]) -> R:
        """``work`` in a write transaction of its own; the whole is run again, for 8 s, if another one was in its way.

        ``work`` must therefore change nothing but the ledger; what else is to be done belongs in ``after_commit``.
        """
        retrying = Retrying(
            stop=stop_after_delay(RETRY_FOR_S),
            wait=wait_random_exponential(multiplier=0.02, max=1.0),
            retry=retry_if_exception(is_conflict),
            reraise=True,
        )
        result, tx = cast("tuple[R, Transaction]", retrying(self._attempt, work))
        self._committed(tx)
        return result

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """A consistent read-only view; other writers go on meanwhile (in memory they wait)."""
        with self._alone(), self._readers or nullcontext(), connect(self.engine) as connection:
            for_reading(connection)
            try:
                yield Snapshot(connection, self.clock)
            finally:
                connection.rollback()

    def close(self) -> None:
        """Give back every connection; the ledger can still be used and would open new ones."""
        self.engine.dispose()

    def _attempt(self, work: Callable[[Transaction], R]) -> tuple[R, Transaction]:
        with self._write() as tx:
            return work(tx), tx

    def _committed(self, tx: Transaction) -> None:
        for hook in list(self.after_commit):
            hook()
        tx.tell()

    @contextmanager
    def _write(self) -> Iterator[Transaction]:
        line = self._writers or nullcontext()
        with self._alone(), line, connect(self.engine) as connection, connection.begin():
            tx = Transaction(connection, self.clock)
            yield tx
            for hook in list(self.before_commit):
                hook(tx)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Nothing nests: an inner commit would be taken for the outer one's."""
        if getattr(self._here, "busy", False):
            raise RuntimeError("this thread has a transaction or snapshot open already; hand it down instead")
        self._here.busy = True
        try:
            yield
        finally:
            self._here.busy = False


def open_ledger(url: str, clock: Clock | None = None) -> Ledger:
    """A ledger on the database at ``url``; its tables are not looked at (see ``upgrade.ensure_current``)."""
    return Ledger(create_ledger_engine(url), clock)
