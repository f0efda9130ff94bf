"""What ends a run? A broken invariant, or a death that the run ordered itself. No handler of the engine catches either."""

from __future__ import annotations


class BrokenError(BaseException):
    """An invariant does not hold."""

    def __init__(self, invariant: str, told: str) -> None:
        super().__init__(f"{invariant}: {told}")
        self.invariant = invariant
        self.told = told


class KilledError(BaseException):
    """The process dies here: what it was about to do is not done, and its leases stand until they run out."""
