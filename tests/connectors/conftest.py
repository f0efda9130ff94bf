"""Real shops in a process of their own, healthy before and after each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from syncworker.sandbox.pools import ListingSeed
from syncworker.sandbox.process import Sandbox, start_sandbox
from syncworker.sandbox.setup import ShopSetup
from tests.connectors.shops import PROFILES, SKUS, Shop, open_shop


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    seeds = tuple(ListingSeed(sku=sku, title=sku, price="85000", quantity=5) for sku in SKUS)
    with start_sandbox(
        [ShopSetup(profile=profile, token="3f9a-token", listings=seeds) for profile in PROFILES]
    ) as running:
        yield running


@pytest.fixture
def name() -> str:
    return "setting"


@pytest.fixture
def shop(sandbox: Sandbox, name: str) -> Iterator[Shop]:
    """The shop of that name, healthy at the beginning and at the end."""
    opened = open_shop(sandbox, name)
    opened.control.clear_faults()
    yield opened
    opened.control.clear_faults()
