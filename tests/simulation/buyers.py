"""Who comes to buy? Seeded visits, drawn before the run, so that a policy never changes who came."""

from __future__ import annotations

import random
from collections.abc import Mapping

from tests.simulation.world import World


def send_buyers(
    world: World, *, visits_per_minute: Mapping[str, float], shares: Mapping[str, float], seconds: float
) -> int:
    """Poisson visits of single units, by SKU, spread over the shops by ``shares``; how many will come."""
    rng = random.Random(f"{world.seed}:buyers")
    names, weights = list(shares), list(shares.values())
    count = 0
    for sku, rate in visits_per_minute.items():
        at = rng.expovariate(rate / 60.0)
        while at < seconds:
            shop = rng.choices(names, weights)[0]
            world.at(at, lambda shop=shop, sku=sku: visit(world, shop, sku))  # type: ignore[misc]
            count += 1
            at += rng.expovariate(rate / 60.0)
    return count


def visit(world: World, shop: str, sku: str) -> None:
    """One buyer comes for one unit."""
    world.shops[shop].buy(sku=sku, now=world.clock.time)
