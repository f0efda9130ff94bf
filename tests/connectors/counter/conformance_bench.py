"""The counter: a number of our own, so there is no far side that could contradict it."""

from __future__ import annotations

from collections.abc import Iterator

from syncworker.connector.conformance import Bench, bench
from syncworker.connector.registry import load


@bench
def stall() -> Iterator[Bench]:
    """A stall at a market."""
    yield Bench(connector=load("counter"), settings={"title": "Stall"})
