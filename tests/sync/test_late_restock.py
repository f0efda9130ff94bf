"""Units that go on sale again after their channel had said that they would not are in the bound: once, and at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from syncworker.connector import ChannelLine, ChannelOrder, Known, OrderStatus
from syncworker.ledger import channels, listings, pools
from syncworker.ledger.ledger import Transaction
from syncworker.sandbox.profile import ShopProfile
from syncworker.sync.ingest import ingest
from tests.simulation.world import World, open_world

BINS = """\
sku,title,on_hand,price,currency,parts
BIN-BAMBU,Tempat sampah bambu,20,85000,IDR,
"""


@pytest.fixture
def world() -> World:
    profile = ShopProfile(name="warung", visibility_lag_s=1.0, request_horizon_s=3.0)
    opened = open_world([profile], catalogue=BINS, poll_s=120.0, tick_s=0.25)
    opened.run_until(1.0)
    return opened


def order(world: World, at: datetime, *, cancelled: int, restocked: Known) -> ChannelOrder:
    with world.ledger.snapshot() as tx:
        listing_id = listings.of_skus(tx, "warung", ["BIN-BAMBU"])["BIN-BAMBU"]
    line = ChannelLine(
        line_id="1", listing_id=listing_id, sku="BIN-BAMBU", ordered=3, cancelled=cancelled,
        counts_down=Known.YES, restocked=restocked,
    )  # fmt: skip
    return ChannelOrder(
        external_id="A1",
        status=OrderStatus.LIVE,
        raw_status="paid",
        placed_at=at,
        updated_at=at,
        lines=(line,),
    )


def told(world: World, *tellings: ChannelOrder) -> list[int | None]:
    """The bound after each telling."""
    found: list[int | None] = []
    for one in tellings:

        def write(tx: Transaction, one: ChannelOrder = one) -> None:
            ingest(tx, channels.load(tx, "warung"), [one])

        world.ledger.run(write)
        with world.ledger.snapshot() as tx:
            (record,) = pools.of_channel(tx, "warung")
        found.append(record.bound.exposure)
    return found


def test_units_put_on_sale_later_than_they_were_cancelled_raise_the_bound(world: World) -> None:
    at = world.clock.time
    sold = order(world, at, cancelled=0, restocked=Known.NO)
    lost = order(world, at + timedelta(milliseconds=1), cancelled=2, restocked=Known.NO)
    found = order(world, at + timedelta(milliseconds=2), cancelled=2, restocked=Known.YES)
    world.advance(1.0)

    first, second, third = told(world, sold, lost, found)

    assert first is not None
    assert (second, third) == (first, first + 2)
    world.ledger.close()


def test_two_feeds_that_contradict_each_other_raise_the_bound_only_once(world: World) -> None:
    at = world.clock.time
    sold = order(world, at, cancelled=0, restocked=Known.NO)
    lost = order(world, at + timedelta(milliseconds=1), cancelled=2, restocked=Known.NO)
    untold = order(world, at + timedelta(milliseconds=1), cancelled=2, restocked=Known.UNKNOWN)
    world.advance(1.0)

    bounds = told(world, sold, lost, untold, lost, untold, replace(lost), untold)

    assert bounds[0] is not None
    assert bounds[1:] == [bounds[0], *[bounds[0] + 2] * 5]
    world.ledger.close()
