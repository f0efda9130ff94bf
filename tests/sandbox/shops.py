"""Small shops for tests: one pool of RETRO-CLOCK, a clock that is told, not slept."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from syncworker.sandbox.model import Marketplace
from syncworker.sandbox.pools import ItemResult, ListingSeed, QuantityItem
from syncworker.sandbox.profile import ShopProfile

START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
SKU = "RETRO-CLOCK"
POOL = "P-CLOCK"


def at(seconds: float) -> datetime:
    """The moment so many seconds after the start."""
    return START + timedelta(seconds=seconds)


def shop(quantity: int = 10, *, seed: int = 1, **habits: Any) -> Marketplace:
    """A shop that opened at the start with one listing."""
    return Marketplace(
        ShopProfile(name="corner", **habits),
        rng=random.Random(seed),
        listings=[ListingSeed(sku=SKU, price="450000", quantity=quantity, pool_id=POOL)],
        now=START,
    )


def push(market: Marketplace, seconds: float, *, key: str | None = None, **number: int) -> ItemResult:
    """Push one number to the one pool and return its result."""
    (result,) = market.push_quantities([QuantityItem(pool_id=POOL, **number)], now=at(seconds), key=key)
    return result
