"""May a request leave now, or does the channel's allowance say wait? A moving window shared by all workers.

Never waits longer than two seconds: what is blocked for longer is the caller's to postpone.
"""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import redis
import structlog
from limits import parse

from syncworker.connector.slots import Allowance, ProcessSlots, RedisSlots, SlotStore
from syncworker.errors import RetryLaterError

#: Other libraries' names for a Redis behind a Unix socket.
_SOCKETS = {"redis+unix": "unix", "redis+socket": "unix"}
#: The longest time a worker stands still for an allowance.
WAIT_MAX_S = 2.0
#: Workers that wait for the same slot come back within so long of each other.
_SPREAD_S = 0.01

#: How many calls may be on their way at once.
_TOGETHER = re.compile(r"([1-9][0-9]{0,5}) at once")

_log = structlog.get_logger("syncworker.channel")
_lock = threading.Lock()
_alone = ProcessSlots()
_shared: RedisSlots | None = None


def share_rate_limits(storage_url: str | None) -> None:
    """Count requests at that Redis (``redis://…``, ``unix://…``) for all workers; ``None``: in this process alone.

    Called once at start. While the storage is away, each process counts for itself.
    """
    global _shared  # noqa: PLW0603  # one allowance a process, as there is one a channel
    with _lock:
        _shared = None if storage_url is None else RedisSlots.at(redis_address(storage_url))


def shared_slots() -> RedisSlots | None:
    """Where all workers count, if they share a count."""
    return _shared


def own_slots() -> ProcessSlots:
    """Where this process counts alone."""
    return _alone


class AllowanceUsedUpError(RetryLaterError):
    """Our own allowance forbids the request for longer than a worker may wait; it never left."""


class Pace:
    """The allowances of one channel account, for instance ``("10/second", "1000/hour")``."""

    def __init__(
        self, account: str, allowances: Sequence[str], *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._account, self._sleep = account, sleep
        self._allowances = tuple(_allowance(text) for text in allowances)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Begin when one more request may leave, end when its answer is there: from then on its window runs.

        ``RetryLaterError`` if its turn is more than two seconds away; it must not leave then.
        """
        if not self._allowances:
            yield
            return
        store, slot = self._slot()
        try:
            yield
        finally:
            self._answered(store, slot)

    def _slot(self) -> tuple[SlotStore, str]:
        waited_s = 0.0
        while True:
            store, taken = self._ask()
            if isinstance(taken, str):
                return store, taken
            if waited_s + taken > WAIT_MAX_S:
                names = ", ".join(each.name for each in self._allowances)
                raise AllowanceUsedUpError(f"the allowance of {names} is used up", retry_after_s=taken)
            wait_s = taken + random.uniform(0, _SPREAD_S)  # noqa: S311  # not cryptography
            self._sleep(wait_s)
            waited_s += wait_s

    def _ask(self) -> tuple[SlotStore, str | float]:
        shared = _shared
        if shared is not None:
            try:
                return shared, shared.take(self._account, self._allowances)
            except redis.RedisError as error:
                _log.warning("rate storage away, counting alone", reason=type(error).__name__)
        return _alone, _alone.take(self._account, self._allowances)

    def _answered(self, store: SlotStore, slot: str) -> None:
        try:
            store.answered(self._account, self._allowances, slot)
        except redis.RedisError as error:
            # The slot then counts as on its way for a while: too long, never too short.
            _log.warning("rate storage away", reason=type(error).__name__)


#: Of what nobody limits.
UNPACED = Pace("", ())


def _allowance(text: str) -> Allowance:
    """``10/second``, ``1 per 60 second``, ``4 at once``; ``ValueError`` for anything else."""
    together = _TOGETHER.fullmatch(text)
    if together is not None:
        # A window that ends with the answer: so many are on their way, and no more.
        return Allowance(name=f"{together[1]}-at-once", calls=int(together[1]), seconds=0.0)
    item = parse(text)
    return Allowance(name=f"{item.amount}-{item.get_expiry()}", calls=item.amount, seconds=item.get_expiry())


def redis_address(storage_url: str) -> str:
    """The same Redis in the words of its own client."""
    scheme, _, place = storage_url.partition("://")
    return f"{_SOCKETS.get(scheme, scheme)}://{place.replace('virtual_host=', 'db=')}"
