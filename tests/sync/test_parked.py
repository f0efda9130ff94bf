"""A listing that the channel refuses is parked with its words, and a resync takes it up again."""

from __future__ import annotations

from syncworker.ledger import incidents, pools
from syncworker.ledger.incidents import IncidentKind
from syncworker.sandbox.faults import FaultSpec
from syncworker.sync.resync import resync
from tests.simulation.test_beyond_the_declared import open_kinds, open_shop
from tests.simulation.world import World


def parked(world: World) -> str | None:
    with world.ledger.snapshot() as tx:
        return pools.of_channel(tx, "warung")[0].parked


def test_a_refused_listing_waits_for_a_person_and_a_resync_tries_again() -> None:
    world = open_shop()
    shop = world.shops["warung"]
    shop.faults.order(FaultSpec(kind="item_refused", code="campaign_locked"))
    for _ in range(5):
        shop.buy(sku="BIN-BAMBU", now=world.clock.time)
    world.receive("BIN-BAMBU", 20)
    world.run_until(world.elapsed_s + 120.0)
    assert parked(world)
    assert IncidentKind.PARKED in open_kinds(world)

    shop.faults.clear()
    resync(world.context, ["warung"])
    world.run_until(world.elapsed_s + 120.0)

    assert parked(world) is None
    assert shop.sellable(shop.pool_of(sku="BIN-BAMBU")) >= 20
    with world.ledger.snapshot() as tx:
        assert incidents.open_incidents(tx, kind=IncidentKind.PARKED) == []
