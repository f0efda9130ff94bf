"""A channel that could not be read and can be read now: its unknown numbers are read, without anybody asking."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from syncworker.connector import Capabilities, QuantityMode
from syncworker.connector.fake import FakeChannel
from syncworker.ledger import Ledger, ManualClock, pools, products
from syncworker.ledger.products import Product
from syncworker.ledger.stocktaking import Counted
from syncworker.sync import channels as use
from syncworker.sync import goods
from syncworker.sync.context import Context
from syncworker.sync.listings import discover, link_suggested
from syncworker.sync.wait import work_once

#: On the other databases under `make prove`.
pytestmark = pytest.mark.parametrize(
    "any_database",
    [
        "memory",
        pytest.param("postgresql", marks=pytest.mark.prove),
        pytest.param("sqlite", marks=pytest.mark.prove),
    ],
    indirect=True,
)

SKU = "BIN-BAMBU"


@pytest.mark.parametrize("mode", [QuantityMode.COMPARE_AND_SET, QuantityMode.ADJUST])
def test_numbers_that_nobody_could_know_are_read_once_they_can_be(
    manual_ledger: Ledger, mode: QuantityMode
) -> None:
    clock = manual_ledger.clock
    assert isinstance(clock, ManualClock)
    blind = Capabilities(
        mode=mode, readable=False, visibility_lag_s=1, apply_lag_s=0, read_lag_s=60, horizon_s=3, poll_s=2
    )
    seeing = replace(blind, readable=True)
    shop = FakeChannel(now=lambda: clock.time, capabilities=seeing, name="shop")
    shop.add(SKU, 3)
    context = Context(ledger=manual_ledger, open_channel=lambda _: shop)
    with manual_ledger.transaction() as tx:
        products.save_products(tx, [Product(sku=SKU, title=SKU)])
        goods.count(tx, [Counted(sku=SKU, location="main", units=10)], reference="first", actor="test")
        use.register(tx, "shop", connector="fake", capabilities=blind)
    discover(context, "shop")
    manual_ledger.run(lambda tx: link_suggested(tx, context, "shop", actor="test"))
    manual_ledger.run(lambda tx: use.go_live(tx, "shop", use.plan_go_live(tx, "shop")))
    _work(context, clock, steps=5)
    assert shop.sellable(SKU) == 3

    manual_ledger.run(lambda tx: use.register(tx, "shop", connector="fake", capabilities=seeing))
    _work(context, clock, steps=60)

    assert shop.sellable(SKU) == 10


def _work(context: Context, clock: ManualClock, *, steps: int) -> None:
    for _ in range(steps):
        work_once(context, ["shop"])
        context.ledger.run(lambda tx: pools.mark_dirty(tx, [r.id for r in pools.of_channel(tx, "shop")]))
        clock.advance(timedelta(seconds=7))
