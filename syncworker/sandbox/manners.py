"""How does a shop say no? Refusals in a wire format's own envelope; it refuses nothing by itself."""

from __future__ import annotations

from datetime import datetime

from fastapi import Response

from syncworker.sandbox import answers
from syncworker.sandbox.faults import RetryAfter
from syncworker.sandbox.refusal import RefusedError


class Manners:
    """How a shop says no. A dialect with an envelope of its own overrides these."""

    def refusal(self, error: RefusedError, at: datetime) -> Response:
        """The answer to a request that is refused as a whole."""
        return answers.refusal(error, at)

    def too_many_calls(self, wait_s: float, how: RetryAfter, at: datetime) -> Response:
        """The answer to one call too many; ``how`` tells in which form the wait is said, where the format has one."""
        return answers.too_many_calls(wait_s, how, at)
