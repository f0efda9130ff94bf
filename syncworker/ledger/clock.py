"""What time is it? The database's time, so that workers with different clocks cannot settle early.

Never read directly by a use case: a transaction asks once and hands it out as ``tx.now``.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Protocol

import sqlalchemy as sa


class Clock(Protocol):
    """Tells the time of the database behind a connection."""

    def now(self, connection: sa.Connection) -> datetime:
        """An aware UTC time with microseconds."""
        ...


_NOW = sa.select(sa.func.clock_timestamp())


class DatabaseClock:
    """The database server's own clock.

    SQLite runs inside this process on this computer, so its clock is ours; asking Python gives microseconds where
    SQLite's own ``now`` stops at milliseconds.
    """

    def now(self, connection: sa.Connection) -> datetime:
        """``clock_timestamp()``, not the start of the transaction: waiting for a lock must not make it old."""
        if connection.dialect.name == "sqlite":
            return datetime.now(UTC)
        told: datetime = connection.execute(_NOW).scalar_one()
        return told.astimezone(UTC)


class ManualClock:
    """A virtual clock for tests and simulations: it stands still until it is moved. Safe to share among threads."""

    def __init__(self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        if start.tzinfo is None:
            raise ValueError("a clock needs an aware time")
        self._now = start.astimezone(UTC)
        self._lock = threading.Lock()

    def now(self, connection: sa.Connection) -> datetime:  # noqa: ARG002 - it asks no database
        """The virtual time; the connection is not used."""
        return self.time

    @property
    def time(self) -> datetime:
        """The virtual time, for whoever has no connection."""
        with self._lock:
            return self._now

    def advance(self, by: timedelta | float) -> datetime:
        """Move on by a span or by seconds, never back; the new time."""
        span = by if isinstance(by, timedelta) else timedelta(seconds=by)
        if span < timedelta(0):
            raise ValueError(f"time does not run backwards: {by!r}")
        with self._lock:
            self._now += span
            return self._now
