"""May a request leave now, or does the channel's allowance say wait? A moving window shared by all workers.

Never waits longer than two seconds: what is blocked for longer is the caller's to postpone.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

import structlog
from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import MovingWindowRateLimiter

from syncworker.errors import RetryLaterError

#: Other libraries' names for a Redis behind a Unix socket.
_SOCKETS = {"unix": "redis+unix", "redis+socket": "redis+unix"}
#: The longest time a worker stands still for an allowance.
WAIT_MAX_S = 2.0

_T = TypeVar("_T")

_log = structlog.get_logger("syncworker.channel")
_lock = threading.Lock()
_memory = MovingWindowRateLimiter(MemoryStorage())
_shared: MovingWindowRateLimiter | None = None


def share_rate_limits(storage_url: str | None) -> None:
    """Count requests at that Redis (``redis://…``, ``unix://…``) for all workers; ``None``: in this process alone.

    Called once at start. While the storage is away, each process counts for itself.
    """
    global _shared  # noqa: PLW0603  # one allowance a process, as there is one a channel
    with _lock:
        _shared = None if storage_url is None else _limiter(storage_url)


class AllowanceUsedUpError(RetryLaterError):
    """Our own allowance forbids the request for longer than a worker may wait; it never left."""


class Pace:
    """The allowances of one channel account, for instance ``("10/second", "1000/hour")``."""

    def __init__(
        self, account: str, allowances: Sequence[str], *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._account, self._sleep = account, sleep
        self._items: tuple[RateLimitItem, ...] = tuple(parse(text) for text in allowances)

    def take_turn(self) -> None:
        """Return when one more request may leave; ``RetryLaterError`` if that is more than two seconds away."""
        for item in self._items:
            self._take(item)

    def _take(self, item: RateLimitItem) -> None:
        waited_s = 0.0
        while not _with_fallback(lambda limiter: limiter.hit(item, self._account)):
            wait_s = self._wait_s(item)
            if waited_s + wait_s > WAIT_MAX_S:
                raise AllowanceUsedUpError(f"the allowance of {item} is used up", retry_after_s=wait_s)
            self._sleep(wait_s)
            waited_s += wait_s

    def _wait_s(self, item: RateLimitItem) -> float:
        stats = _with_fallback(lambda limiter: limiter.get_window_stats(item, self._account))
        # At least a moment, so that a reset time just passed cannot make a busy loop.
        return max(stats.reset_time - time.time(), 0.05)


def _with_fallback(ask: Callable[[MovingWindowRateLimiter], _T]) -> _T:
    if _shared is None:
        return ask(_memory)
    try:
        return ask(_shared)
    except StorageError as error:
        _log.warning("rate storage away, counting alone", reason=type(error.storage_error).__name__)
        return ask(_memory)


def _limiter(storage_url: str) -> MovingWindowRateLimiter:
    scheme, _, place = storage_url.partition("://")
    scheme = _SOCKETS.get(scheme, scheme)
    return MovingWindowRateLimiter(storage_from_string(f"{scheme}://{place}", wrap_exceptions=True))
