"""May a request's points be spent now? Shopify's leaky bucket as its last answer told it, kept for this process alone.

Never waits longer than its caller has patience, and knows nothing until a first answer came. Other processes spend from the same
bucket, so Shopify may brake all the same; that answer says when to come back.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from decimal import Decimal

from syncworker.connector import Json, RetryLaterError

#: The longest time a worker stands still for points: before a write, which may not leave late, and before a read, as
#: long as reads are tried again anyway.
WRITE_WAIT_S, READ_WAIT_S = 2.0, 8.0


class Budget:
    """The points of one account. May be shared by threads."""

    def __init__(
        self, *, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._clock, self._sleep = clock, sleep
        self._lock = threading.Lock()
        self._most: float | None = None
        self._rate = 0.0
        self._left, self._at = 0.0, 0.0

    def take(self, cost: int, *, patience_s: float) -> None:
        """Return when that many points are there; ``RetryLaterError`` if that is further away than the patience."""
        waited_s = 0.0
        while True:
            wait_s = self._try(cost)
            if wait_s <= 0:
                return
            if waited_s + wait_s > patience_s:
                words = f"Shopify's points are used up: {cost} are needed, come back in {wait_s:.1f} s"
                raise RetryLaterError(words, retry_after_s=wait_s)
            self._sleep(wait_s)
            waited_s += wait_s

    def learn(self, extensions: Json) -> float | None:
        """Take over what an answer tells of the bucket; the seconds until its request could pass, if it told both."""
        cost = extensions.get("cost") if isinstance(extensions, dict) else None
        status = cost.get("throttleStatus") if isinstance(cost, dict) else None
        if not isinstance(cost, dict) or not isinstance(status, dict):
            return None
        most, left, rate = (
            _amount(status.get(name)) for name in ("maximumAvailable", "currentlyAvailable", "restoreRate")
        )
        if most is None or left is None or rate is None or rate <= 0:
            return None
        with self._lock:
            self._most, self._rate, self._left, self._at = most, rate, left, self._clock()
        asked = _amount(cost.get("requestedQueryCost"))
        return None if asked is None else max(0.0, (asked - left) / rate)

    def _try(self, cost: int) -> float:
        with self._lock:
            if self._most is None:
                return 0.0
            now = self._clock()
            self._left = min(self._most, self._left + (now - self._at) * self._rate)
            self._at = now
            # What costs more than the whole bucket is Shopify's to refuse.
            needed = min(float(cost), self._most)
            if self._left >= needed:
                self._left -= needed
                return 0.0
            return (needed - self._left) / self._rate


_budgets: dict[tuple[str, str], Budget] = {}
_lock = threading.Lock()


def budget_of(account: str, address: str) -> Budget:
    """The budget that all channels of this account share in this process."""
    with _lock:
        return _budgets.setdefault((account, address), Budget())


def _amount(value: Json) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    return float(value)
