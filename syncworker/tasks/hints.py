"""Who tells the workers that there is work? A doorbell: rung after a commit, not twice in a breath, and never awaited.

A hint that is lost costs at most one tick, so nothing here may fail or hold up the job that rings.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import structlog
from celery import Celery

from syncworker.ledger.jobs import JobKind
from syncworker.tasks.app import task_name
from syncworker.tasks.queues import EXPIRES_S

#: A second hint for the same work in this time adds nothing, as long as nobody began on the first.
COALESCE_S = 0.2
#: After a hint that could not be sent, the broker is left alone for so long: the tick finds the work.
LEAVE_ALONE_S = 5.0

_log: structlog.stdlib.BoundLogger = structlog.get_logger("syncworker")


class Doorbell:
    """Sends hints for one process. Threads may share it."""

    def __init__(self, celery: Celery, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._celery, self._monotonic = celery, monotonic
        self._rung: dict[tuple[str, JobKind], float] = {}
        self._silent_until = 0.0
        self._lock = threading.Lock()

    def ring(self, channel: str, kind: JobKind) -> None:
        """There is work of this kind at this channel. Raises nothing."""
        if self._is_news(channel, kind):
            self.ask(task_name(kind.value), channel)

    def ask(self, name: str, *args: str) -> None:
        """Have that task done by somebody. Raises nothing."""
        try:
            self._celery.send_task(
                name,
                args=list(args),
                expires=EXPIRES_S,
                retry=True,
                # Once more at once: the connection may be from before a restart of the broker.
                retry_policy={"max_retries": 1, "interval_start": 0, "interval_step": 0},
            )
        except Exception as error:  # noqa: BLE001 - a hint may be lost, whatever the reason
            self._not_sent(name, args, error)

    def answered(self, channel: str, kind: JobKind) -> None:
        """Somebody begins to look now: what is rung from here on is news."""
        with self._lock:
            self._rung.pop((channel, kind), None)

    def _is_news(self, channel: str, kind: JobKind) -> bool:
        now = self._monotonic()
        with self._lock:
            if now < self._silent_until:
                return False
            last = self._rung.get((channel, kind))
            if last is not None and now - last < COALESCE_S:
                return False
            self._rung[channel, kind] = now
            return True

    def _not_sent(self, name: str, args: tuple[str, ...], error: Exception) -> None:
        with self._lock:
            self._silent_until = self._monotonic() + LEAVE_ALONE_S
        _log.warning("hint_not_sent", task=name, about=list(args), error=repr(error))
