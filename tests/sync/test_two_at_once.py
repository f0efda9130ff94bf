"""A line that waits is linked as it stands when it is linked: what a pull records meanwhile is not undone."""

from __future__ import annotations

from datetime import timedelta

from syncworker.connector import Capabilities
from syncworker.connector.fake import FakeChannel
from syncworker.core.availability import StockLevel
from syncworker.ledger import ManualClock, channels, orders, products, stock
from syncworker.ledger.ledger import Ledger
from syncworker.ledger.products import Product
from syncworker.ledger.stocktaking import Counted
from syncworker.sync import channels as use
from syncworker.sync import goods
from syncworker.sync.context import Context
from syncworker.sync.ingest import map_line
from syncworker.sync.pull import pull_orders

SKU = "RETRO-CLOCK"
DECLARED = Capabilities(visibility_lag_s=0, clock_skew_s=1)


def test_a_cancellation_that_came_while_a_line_was_being_mapped_is_kept(manual_ledger: Ledger) -> None:
    clock = manual_ledger.clock
    assert isinstance(clock, ManualClock)
    shop = FakeChannel(now=lambda: clock.time, capabilities=DECLARED, name="shop")
    shop.add("clock-1", 5)
    context = Context(ledger=manual_ledger, open_channel=lambda _: shop)
    with manual_ledger.transaction() as tx:
        products.save_products(tx, [Product(sku=SKU, title=SKU)])
        goods.count(tx, [Counted(sku=SKU, location="main", units=10)], reference="first", actor="test")
        use.register(tx, "shop", connector="fake", capabilities=DECLARED)
    order = shop.buy("clock-1", 4) or ""
    pull_orders(context, "shop")
    with manual_ledger.snapshot() as tx:
        (as_it_was,) = orders.quarantined(tx, channel="shop")

    clock.advance(timedelta(seconds=5))
    shop.cancel(order, 3)
    pull_orders(context, "shop")
    with manual_ledger.transaction() as tx:
        map_line(tx, channels.load(tx, "shop"), as_it_was, sku=SKU, pool_id=None, actor="test")

    with manual_ledger.snapshot() as tx:
        assert stock.levels(tx, [SKU])[SKU, "main"] == StockLevel(on_hand=10, reserved=1)
        assert orders.load(tx, "shop", [order])[order].lines["1"].levels.cancelled == 3
