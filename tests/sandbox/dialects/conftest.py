"""One sandbox process with a shop of each aggregator's kind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from syncworker.sandbox.process import Sandbox, start_sandbox
from tests.sandbox.dialects.callers import setups


@pytest.fixture(scope="module")
def aggregators() -> Iterator[Sandbox]:
    """All four shops; each test uses one."""
    with start_sandbox(setups(), seed=5) as running:
        yield running
