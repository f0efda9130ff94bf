"""How does the ledger know that somebody works? A worker's sign of life every few seconds, and the tick's after a sweep.

A sign that cannot be written is a missed one: nothing here ends a worker.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager, suppress
from datetime import timedelta

import structlog

from syncworker.ledger import heartbeats, jobs
from syncworker.ledger.heartbeats import Sign
from syncworker.ledger.ledger import Ledger, Transaction

#: A worker gives a sign this often, and the tick no more often than that.
WORKER_SIGN_S, TICK_SIGN_S = 15.0, 10.0
#: Old rows are pruned this often.
PRUNE_EVERY = timedelta(days=1)

_log: structlog.stdlib.BoundLogger = structlog.get_logger("syncworker")


def this_host() -> str:
    """The name of this computer, as long as its column."""
    return socket.gethostname()[:128] or "localhost"


class Pulse:
    """One worker's signs of life. ``open_ledger`` gives it a ledger for the moment of each."""

    def __init__(
        self,
        open_ledger: Callable[[], AbstractContextManager[Ledger]],
        *,
        takes: Collection[str] | None = None,
    ) -> None:
        self._open_ledger, self._takes = open_ledger, takes
        self._host = this_host()
        self.name = f"worker-{os.getpid()}@{self._host}"

    def beat(self, ended: threading.Event) -> None:
        """Give signs until the end, and say that it is over."""
        self._write(self._sign)
        while not ended.wait(WORKER_SIGN_S):
            self._write(self._sign)
        self._write(lambda tx: heartbeats.end(tx, self.name))

    def _sign(self, tx: Transaction) -> None:
        heartbeats.give(tx, Sign.WORKER, name=self.name, host=self._host, takes=self._takes)

    def _write(self, write: Callable[[Transaction], None]) -> None:
        try:
            with self._open_ledger() as ledger:
                ledger.run(write)
        except Exception as error:  # noqa: BLE001 - the database may be away; the next sign tells again
            _log.warning("sign_of_life_not_written", error=repr(error))


class TickPulse:
    """The tick's sign: after a sweep that went well, and rarely, so that it costs next to nothing."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic, self._next = monotonic, 0.0
        self._host = this_host()

    def swept(self, ledger: Ledger) -> bool:
        """The tick has just been through. True for the one who shall prune now: once a day, whoever it is."""
        now = self._monotonic()
        if now < self._next:
            return False
        self._next = now + TICK_SIGN_S
        return ledger.run(self._sign)

    def _sign(self, tx: Transaction) -> bool:
        heartbeats.give(tx, Sign.TICK, name=Sign.TICK.value, host=self._host)
        if jobs.after_setback(tx):
            _log.warning("clock_set_back", now=tx.now.isoformat())
        return heartbeats.take_turn(tx, Sign.PRUNE, host=self._host, every=PRUNE_EVERY)


class Beating:
    """A pulse in a thread of its own, for as long as the block lasts."""

    def __init__(self, pulse: Pulse) -> None:
        self._ended = threading.Event()
        self._thread = threading.Thread(
            target=pulse.beat, args=(self._ended,), name="syncworker-pulse", daemon=True
        )

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        with suppress(RuntimeError):
            self._thread.join(5.0)
