"""Which jobs run in this process now? One of a kind a channel, and of a channel no more than its share of the threads.

Threads cannot be cancelled: without this, a hung channel would be tried again under each new lease until no thread is left.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from syncworker.ledger.jobs import JobKind
from syncworker.sync.lease import LONGEST_S

#: Seconds after which a job that has not come back is told to a person: more than any lease lasts.
HUNG_S = 2 * LONGEST_S


def share_of(threads: int, channels: int) -> int:
    """Threads that one channel may hold, so that all others and the tick have one left: at least one each."""
    return max(1, (threads - 1) // max(1, channels))


class Underway:
    """The jobs of one process. Threads share it."""

    def __init__(
        self,
        *,
        share: int = len(JobKind),
        ring: Callable[[str, JobKind], None] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._share, self._ring, self._monotonic = share, ring, monotonic
        self._since: dict[str, dict[JobKind, float]] = {}
        self._turned_away: set[tuple[str, JobKind]] = set()
        self._lock = threading.Lock()

    @contextmanager
    def place(self, channel: str, kind: JobKind) -> Iterator[float | None]:
        """A place to work in: ``None``, or for how many seconds whoever has it has been away.

        Who was turned away because the channel had its share is rung again once a place of it is free.
        """
        away_s = self._take(channel, kind)
        try:
            yield away_s
        finally:
            if away_s is None:
                self._give_back(channel, kind)

    def count(self) -> int:
        """How many jobs run now."""
        with self._lock:
            return sum(len(kinds) for kinds in self._since.values())

    def _take(self, channel: str, kind: JobKind) -> float | None:
        with self._lock:
            now, mine = self._monotonic(), self._since.setdefault(channel, {})
            if kind in mine:
                return now - mine[kind]
            if len(mine) >= self._share:
                self._turned_away.add((channel, kind))
                return now - min(mine.values())
            mine[kind] = now
            return None

    def _give_back(self, channel: str, kind: JobKind) -> None:
        with self._lock:
            left = self._since[channel]
            del left[kind]
            if not left:
                del self._since[channel]
            waiting = {one for one in self._turned_away if one[0] == channel}
            self._turned_away -= waiting
        if self._ring is not None:
            for name, waiting_kind in sorted(waiting):
                self._ring(name, waiting_kind)
