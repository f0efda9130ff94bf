"""Never stuck: a set 0 that waits for its settle is not sent again, for each sending would begin that wait anew."""

from __future__ import annotations

import pytest

from syncworker.ledger import pools
from syncworker.ledger.stocktaking import Counted
from syncworker.sandbox.profile import ShopProfile
from syncworker.sync import goods
from tests.simulation.world import World, open_world

BINS = """\
sku,title,on_hand,price,currency,parts
BIN-BAMBU,Tempat sampah bambu,20,85000,IDR,
"""


def _count(world: World, units: int) -> None:
    counted = [Counted(sku="BIN-BAMBU", location="main", units=units)]
    world.ledger.run(lambda tx: goods.count(tx, counted, reference=f"count-{units}", actor="test"))


def _numbers(world: World) -> list[object]:
    return [event["asked"] for event in world.shops["warung"].log if event["kind"] == "set"]


@pytest.mark.parametrize("apply_lag_s", [0.0, 10.0])
def test_however_often_the_stock_changes_while_it_waits(apply_lag_s: float) -> None:
    profile = ShopProfile(
        name="warung", visibility_lag_s=25.0, apply_lag_s=apply_lag_s, request_horizon_s=3.0
    )
    world = open_world([profile], catalogue=BINS, poll_s=5.0, tick_s=1.0)
    world.run_until(5.0)
    for units in range(9, 0, -1):
        _count(world, units)
        world.run_until(world.elapsed_s + 2.0)

    assert _numbers(world) == [20, 0]

    world.run_until(world.elapsed_s + 90.0)
    with world.ledger.snapshot() as tx:
        (record,) = pools.of_channel(tx, "warung")
    assert record.bound.exposure == 1
    world.ledger.close()
