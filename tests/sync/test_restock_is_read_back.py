"""Never stuck: a read-back that a rise of the number asked for is not put off when something older settles."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from syncworker.core.exposure import PullProof
from syncworker.ledger import channels, pools
from syncworker.ledger.ledger import Transaction
from syncworker.sandbox.profile import ShopProfile
from syncworker.sync.settle import RECONCILE_AFTER, reconcile_after, settle
from tests.simulation.world import World, open_world

BINS = """\
sku,title,on_hand,price,currency,parts
BIN-BAMBU,Tempat sampah bambu,20,85000,IDR,
"""


def open_shop() -> World:
    """A shop whose first number was accepted a moment ago: its base waits to be settled."""
    profile = ShopProfile(name="warung", visibility_lag_s=1.0, request_horizon_s=3.0)
    world = open_world([profile], catalogue=BINS, poll_s=120.0, tick_s=0.25)
    world.run_until(1.0)
    return world


def settle_after_a_rise(tx: Transaction, rises_after: timedelta) -> tuple[datetime | None, datetime]:
    """The number rose so long after the base, a read-back is due, then a pull settles; when it is due then."""
    (record,) = pools.of_channel(tx, "warung")
    assert record.bound.base is not None
    risen = replace(record.bound, risen_at=record.bound.base.at + rises_after)
    pools.save_bounds(tx, {record.id: risen})
    pools.want_read(tx, [record.id], at=tx.now)
    began_at = record.bound.base.at + timedelta(seconds=10)
    proof = PullProof(sequence=record.bound.base.sequence + 1, began_at=began_at, whole=True)
    settle(tx, channels.load(tx, "warung"), proof)
    (after,) = pools.of_channel(tx, "warung")
    assert after.bound.pending is None
    return after.read_due_at, tx.now


@pytest.mark.parametrize(
    ("rises_after", "put_off"),
    [(timedelta(seconds=1), timedelta(0)), (timedelta(seconds=-1), RECONCILE_AFTER)],
)
def test_a_settle_puts_a_read_back_off_only_if_nothing_rose_since(
    rises_after: timedelta, put_off: timedelta
) -> None:
    world = open_shop()

    due_at, now = world.ledger.run(lambda tx: settle_after_a_rise(tx, rises_after))

    assert due_at == now + put_off
    world.ledger.close()


@pytest.mark.parametrize(("poll_s", "seconds"), [(120.0, 15 * 60), (2.0, 30)])
def test_slack_lasts_a_quarter_of_an_hour_at_most_and_less_at_a_quick_channel(
    poll_s: float, seconds: float
) -> None:
    profile = ShopProfile(name="warung", visibility_lag_s=1.0, request_horizon_s=3.0)
    world = open_world([profile], catalogue=BINS, poll_s=poll_s, tick_s=0.25)

    with world.ledger.snapshot() as tx:
        channel = channels.load(tx, "warung")

    assert reconcile_after(channel) == timedelta(seconds=seconds)
    world.ledger.close()
