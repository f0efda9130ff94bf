"""One sandbox process with a shop of each aggregator's kind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from syncworker.sandbox.process import Sandbox, start_sandbox
from tests.connectors.aggregators.counterparts import setups


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """All four shops."""
    with start_sandbox(setups(), seed=3) as running:
        yield running
