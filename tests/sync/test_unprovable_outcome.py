"""Where neither a read-back nor a set 0 can prove what became of a lost push, its units stay counted and selling goes on."""

from __future__ import annotations

import pytest

from syncworker.ledger import pools, pushes
from syncworker.sandbox.faults import FaultSpec
from syncworker.sandbox.profile import QuantityMode, ShopProfile
from tests.simulation.world import open_world

BINS = """\
sku,title,on_hand,price,currency,parts
BIN-BAMBU,Tempat sampah bambu,6,85000,IDR,
"""


@pytest.mark.parametrize("mode", ["compare_and_set", "delta"])
@pytest.mark.parametrize("fault", ["timeout_before", "timeout_after"])
def test_a_lost_push_that_nothing_can_prove_ends_with_its_horizon(mode: QuantityMode, fault: str) -> None:
    shop = ShopProfile(
        name="warung", quantity_mode=mode, visibility_lag_s=1.0, request_horizon_s=3.0, readable=False
    )
    world = open_world([shop], catalogue=BINS)
    world.shops["warung"].faults.order(FaultSpec(kind=fault, count=1, operation="quantities"))  # type: ignore[arg-type]

    world.run_until(20.0)
    world.receive("BIN-BAMBU", 6)
    world.run_until(40.0)

    with world.ledger.snapshot() as tx:
        (record,) = pools.of_channel(tx, "warung")
        assert pushes.unanswered(tx) == []
    market = world.shops["warung"]
    assert 6 <= market.sellable(market.pool_of(sku="BIN-BAMBU")) <= (record.bound.exposure or 0) <= 12
