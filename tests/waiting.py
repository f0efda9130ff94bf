"""Has it happened yet? Polls a condition against a deadline, so that no test guesses a length of sleep."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

#: Between two looks. Short enough not to be felt, long enough to leave the processor to what is awaited.
POLL_S = 0.02


class NeverHappenedError(AssertionError):
    """The condition was still false at the deadline; the message says which and what was seen last."""


def await_condition(predicate: Callable[[], T], timeout_s: float, what: str, *, poll_s: float = POLL_S) -> T:
    """The first truthy answer of ``predicate``; raises :class:`NeverHappenedError` naming ``what`` otherwise.

    ``predicate`` is asked at least once, also at the deadline itself. What it raises is not caught.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        late = time.monotonic() >= deadline
        answer = predicate()
        if answer:
            return answer
        if late:
            raise NeverHappenedError(f"waited {timeout_s:g} s for {what}; last answer: {answer!r}")
        time.sleep(poll_s)
