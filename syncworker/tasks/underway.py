"""Which jobs run in this process now? One of a kind a channel, so that a connector that never comes back holds few threads.

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


class Underway:
    """The jobs of one process. Threads share it."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._since: dict[tuple[str, JobKind], float] = {}
        self._lock = threading.Lock()

    @contextmanager
    def place(self, channel: str, kind: JobKind) -> Iterator[float | None]:
        """A place to work in: ``None``, or for how many seconds the one who has it has been away."""
        key = (channel, kind)
        with self._lock:
            now = self._monotonic()
            since = self._since.get(key)
            if since is None:
                self._since[key] = now
        try:
            yield None if since is None else now - since
        finally:
            if since is None:
                with self._lock:
                    del self._since[key]
