"""How does a process of ours learn that it shall end, and where do its workers count calls? Told by signals and settings."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

EXIT_INTERRUPTED = 130


def leave(code: int) -> None:
    """End the process now, without waiting for threads that hang in a request."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            stream.flush()
    os._exit(code)


class Stop:
    """What the signals say."""

    def __init__(self) -> None:
        self.wanted, self.code = threading.Event(), 0

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take over the signals, and give them back."""
        before = {number: signal.signal(number, self._heard) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _heard(self, number: int, _frame: FrameType | None) -> None:
        code = EXIT_INTERRUPTED if number == signal.SIGINT else 0
        if self.wanted.is_set():
            leave(code)
        self.code = code
        self.wanted.set()


def rate_storage(url: str) -> str:
    """The same Redis in the words of the library that counts requests."""
    return url.replace("redis+socket://", "redis+unix://", 1)
