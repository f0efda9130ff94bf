"""A shop's staff let two listings share one stock and part them again: 0 oversold by the referee, and all is sold in the end."""

from __future__ import annotations

import random
from functools import partial

import pytest

from syncworker.ledger import incidents
from syncworker.sandbox.pools import ListingSeed
from syncworker.sandbox.profile import QuantityMode, ShopProfile
from syncworker.sync.listings import discover, link
from tests.simulation.world import World, open_world

SKU = "BIN-BAMBU"
STOCK = "sku,title,on_hand,price,currency,parts\nBIN-BAMBU,Tempat sampah bambu,40,85000,IDR,\n"
JOINED_AT, PARTED_AT, END = 20.0, 50.0, 160.0
#: So long the change stands unnoticed.
UNNOTICED_S = 6.0


def shops(mode: QuantityMode, *, readable: bool) -> list[ShopProfile]:
    """The shop that it is about, and one beside it that competes for the stock."""
    habits = {"visibility_lag_s": 1.0, "read_lag_s": 0.5, "request_horizon_s": 3.0, "readable": readable}
    return [
        ShopProfile(name="warung", quantity_mode=mode, **habits),  # type: ignore[arg-type]  # plain numbers
        ShopProfile(name="pasar", visibility_lag_s=1.0, request_horizon_s=3.0),
    ]


def with_second_listing(world: World) -> str:
    """``warung`` lists the SKU once more, with a stock of its own that we adopt; the pool of its first listing."""
    market = world.shops["warung"]
    market.open_with([ListingSeed(sku=SKU, listing_id="second")], now=world.clock.time)
    discover(world.context, "warung")
    world.ledger.run(lambda tx: link(tx, world.context, "warung", "second", SKU, actor="test"))
    return market.pool_of(listing_id=None, sku=SKU)


def send_buyers(world: World, rng: random.Random) -> None:
    """Buyers at all three listings, and one in six thinks better of it."""
    for _ in range(60):
        seconds, where = rng.uniform(2.0, END - 40.0), rng.choice(("first", "second", "pasar"))
        world.at(seconds, partial(visit, world, where, regrets=rng.random() < 1 / 6))


def visit(world: World, where: str, *, regrets: bool) -> None:
    """One visit, and its cancellation seconds later."""
    market = world.shops["pasar" if where == "pasar" else "warung"]
    listing = {"listing_id": "second"} if where == "second" else {"sku": SKU}
    sale = market.buy(now=world.clock.time, **listing)  # type: ignore[arg-type]  # one of two names
    if regrets and sale.order_id is not None:
        order_id = sale.order_id
        world.at(world.elapsed_s + 9.0, lambda: market.cancel(order_id, now=world.clock.time))


def sold_at(world: World, pool_id: str) -> int:
    """How often a buyer took from this pool of ``warung``."""
    return sum(line["kind"] == "buy" and line["pool_id"] == pool_id for line in world.shops["warung"].log)


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.prove)])
@pytest.mark.parametrize(
    ("mode", "readable"), [("set", True), ("set", False), ("compare_and_set", True), ("delta", True)]
)
def test_sharing_and_parting_stocks_sells_no_unit_twice(
    mode: QuantityMode, readable: bool, seed: int
) -> None:
    world = open_world(shops(mode, readable=readable), seed=seed, catalogue=STOCK, tick_s=1.0)
    market, first = world.shops["warung"], with_second_listing(world)
    send_buyers(world, random.Random(seed))
    world.at(JOINED_AT, lambda: market.share_stock("second", pool_id=first, now=world.clock.time))
    world.at(PARTED_AT, lambda: market.share_stock("second", now=world.clock.time))

    for moment in (JOINED_AT + UNNOTICED_S, PARTED_AT + UNNOTICED_S):
        world.run_until(moment)
        discover(world.context, "warung")
    world.run_until(END)

    assert world.verdict().oversold == 0
    with world.ledger.snapshot() as tx:
        assert incidents.open_incidents(tx) == []
    assert sum(part.sold for part in world.verdict().parts) > 33
    assert sold_at(world, market.listings["second"].pool_id) > 0
