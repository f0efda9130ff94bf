"""What no promise covers is seen, named and corrected: hand edits, late orders, sales beyond the number."""

from __future__ import annotations

import pytest

from syncworker.ledger import incidents, pools
from syncworker.ledger.incidents import IncidentKind
from syncworker.sandbox.faults import FaultSpec
from syncworker.sandbox.profile import QuantityMode, ShopProfile
from syncworker.sync.settle import RECONCILE_AFTER
from tests.simulation.world import World, open_world

BINS = """\
sku,title,on_hand,price,currency,parts
BIN-BAMBU,Tempat sampah bambu,6,85000,IDR,
"""
RECONCILE_S = RECONCILE_AFTER.total_seconds()


def open_shop(mode: QuantityMode = "set") -> World:
    world = open_world(
        [ShopProfile(name="warung", quantity_mode=mode, visibility_lag_s=1.0, request_horizon_s=3.0)],
        catalogue=BINS,
        poll_s=30.0,
        tick_s=15.0,
    )
    world.run_until(90.0)
    return world


def open_kinds(world: World) -> set[IncidentKind]:
    with world.ledger.snapshot() as tx:
        return {one.kind for one in incidents.open_incidents(tx)}


def kinds_ever(world: World) -> set[IncidentKind]:
    with world.ledger.snapshot() as tx:
        return {one.kind for one in incidents.latest_incidents(tx)}


@pytest.mark.parametrize("mode", ["set", "compare_and_set", "delta"])
def test_a_hand_edit_upwards_is_an_incident_within_one_reconcile_and_is_corrected(mode: QuantityMode) -> None:
    world = open_shop(mode)
    shop = world.shops["warung"]

    shop.hand_edit(shop.pool_of(sku="BIN-BAMBU"), now=world.clock.time, quantity=20)
    world.run_until(world.elapsed_s + RECONCILE_S + 60.0, done=lambda: bool(open_kinds(world)))

    assert IncidentKind.DRIFT in open_kinds(world)
    world.run_until(world.elapsed_s + 2 * RECONCILE_S, done=lambda: not open_kinds(world))
    assert open_kinds(world) == set()
    assert shop.sellable(shop.pool_of(sku="BIN-BAMBU")) <= 6


def test_a_hand_edit_downwards_frees_its_units_again() -> None:
    world = open_shop()
    shop = world.shops["warung"]

    shop.hand_edit(shop.pool_of(sku="BIN-BAMBU"), now=world.clock.time, quantity=1)
    world.run_until(
        world.elapsed_s + 2 * RECONCILE_S, done=lambda: shop.sellable(shop.pool_of(sku="BIN-BAMBU")) > 1
    )

    assert shop.sellable(shop.pool_of(sku="BIN-BAMBU")) >= 5
    assert open_kinds(world) == set()


def test_an_order_told_later_than_declared_is_counted_and_named() -> None:
    world = open_shop()
    world.shops["warung"].faults.order(FaultSpec(kind="listed_late", seconds=150.0))

    world.shops["warung"].buy(sku="BIN-BAMBU", now=world.clock.time)
    world.run_until(world.elapsed_s + 300.0)

    assert open_kinds(world) == {IncidentKind.LATE_ORDER}
    with world.ledger.snapshot() as tx:
        (record,) = pools.of_channel(tx, "warung")
    assert world.verdict().oversold == 0
    assert record.bound.exposure == 5 or record.bound.pending is not None


def test_a_shop_that_sells_beyond_its_number_opens_oversold_with_the_orders_and_closes_after_goods_in() -> (
    None
):
    world = open_shop()
    shop = world.shops["warung"]
    for _ in range(6):
        shop.buy(sku="BIN-BAMBU", now=world.clock.time)
    shop.faults.order(FaultSpec(kind="oversell", count=1))

    sale = shop.buy(sku="BIN-BAMBU", now=world.clock.time)
    world.run_until(world.elapsed_s + 90.0)

    with world.ledger.snapshot() as tx:
        (oversold,) = incidents.open_incidents(tx, kind=IncidentKind.OVERSOLD)
    assert oversold.details["units_short"] == 1
    assert str(sale.order_id) in str(oversold.details["orders"])
    world.receive("BIN-BAMBU", 1)
    assert IncidentKind.OVERSOLD not in open_kinds(world)
    assert IncidentKind.OVERSOLD in kinds_ever(world)
