"""Never stuck: a sale of which nobody knows whether it lowered the number is followed by a read-back, not by a long wait."""

from __future__ import annotations

from datetime import timedelta

from syncworker.ledger import channels, incidents, pools
from syncworker.ledger.incidents import IncidentKind
from syncworker.sandbox.profile import ShopProfile
from syncworker.sync.settle import reconcile_after
from tests.simulation.world import World, open_world

BINS = """\
sku,title,on_hand,price,currency,parts
BIN-BAMBU,Tempat sampah bambu,20,85000,IDR,
"""


def _exposure(world: World) -> int | None:
    with world.ledger.snapshot() as tx:
        (record,) = pools.of_channel(tx, "warung")
    return record.bound.exposure


def test_the_units_come_free_long_before_the_number_would_be_looked_at_anyway() -> None:
    """More is there than the shop may show, so that nothing forces its number down."""
    profile = ShopProfile(name="warung", visibility_lag_s=1.0, request_horizon_s=3.0)
    world = open_world([profile], catalogue=BINS, poll_s=2.0, tick_s=0.5)
    world.run_until(40.0)
    with world.ledger.snapshot() as tx:
        (record,) = pools.of_channel(tx, "warung")
        anyway_s = reconcile_after(channels.load(tx, "warung")).total_seconds()
        assert record.read_due_at is not None
        assert record.read_due_at > tx.now + timedelta(seconds=anyway_s / 3)
    sold_at, shown = world.elapsed_s, _exposure(world)
    world.receive("BIN-BAMBU", 10)
    world.shops["warung"].buy(sku="BIN-BAMBU", now=world.clock.time, counts_down="unknown")
    world.run_until(sold_at + anyway_s / 3, done=lambda: _exposure(world) != shown)

    assert (shown, _exposure(world)) == (20, 19)
    assert [event["asked"] for event in world.shops["warung"].log if event["kind"] == "set"] == [20]
    world.ledger.close()


def test_people_are_told_why_more_may_be_shown_than_there_is() -> None:
    profile = ShopProfile(name="warung", visibility_lag_s=1.0, request_horizon_s=3.0)
    world = open_world([profile], catalogue=BINS, poll_s=2.0, tick_s=0.5)
    world.run_until(8.0)
    world.shops["warung"].buy(sku="BIN-BAMBU", now=world.clock.time, counts_down="unknown")

    def told(world: World) -> list[tuple[IncidentKind, object]]:
        with world.ledger.snapshot() as tx:
            return [(one.kind, one.details.get("unsure")) for one in incidents.open_incidents(tx)]

    world.run_until(20.0, done=lambda: bool(told(world)))

    assert told(world) == [(IncidentKind.DEFICIT, "warung")]
    world.run_until(60.0, done=lambda: not told(world))
    assert told(world) == []
    world.ledger.close()
