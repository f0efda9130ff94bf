"""Our guess of a channel's number: a sale from before the channel told the number is in it, and not taken off again."""

from __future__ import annotations

import pytest

from syncworker.ledger import pools
from syncworker.sandbox.profile import QuantityMode, ShopProfile
from syncworker.sync import goods
from tests.simulation.world import World, open_world

BINS = """\
sku,title,on_hand,price,currency,parts
BIN-BAMBU,Tempat sampah bambu,20,85000,IDR,
"""


def open_shop(mode: QuantityMode) -> World:
    """One shop whose orders are told 1.5 s late, its number already at 20."""
    profile = ShopProfile(name="pasar", quantity_mode=mode, visibility_lag_s=1.5, request_horizon_s=3.0)
    world = open_world([profile], catalogue=BINS, poll_s=1.0, tick_s=0.25)
    world.run_until(6.0)
    return world


def guess(world: World) -> int | None:
    with world.ledger.snapshot() as tx:
        (record,) = pools.of_channel(tx, "pasar")
    return record.shown


@pytest.mark.parametrize("mode", ["set", "compare_and_set", "delta"])
def test_a_sale_that_the_told_number_held_already_is_not_taken_off_again(mode: QuantityMode) -> None:
    world = open_shop(mode)
    market = world.shops["pasar"]
    (pool_id,) = market.pools

    market.buy(sku="BIN-BAMBU", quantity=5, now=world.clock.time)
    world.advance(0.1)
    world.ledger.run(
        lambda tx: goods.receive(tx, "BIN-BAMBU", "main", 40, reference="goods-in", actor="test")
    )
    world.run_until(14.0)

    assert market.sellable(pool_id) > 20
    assert guess(world) == market.sellable(pool_id)
    world.ledger.close()


def test_a_sale_after_the_number_was_told_is_taken_off() -> None:
    world = open_shop("compare_and_set")
    market = world.shops["pasar"]
    (pool_id,) = market.pools

    market.buy(sku="BIN-BAMBU", quantity=5, now=world.clock.time)
    world.run_until(9.0)

    assert guess(world) == market.sellable(pool_id) == 15
    world.ledger.close()
