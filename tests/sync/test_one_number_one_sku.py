"""One number at a channel sells one SKU: a second one is never linked to it, not by publishing either."""

from __future__ import annotations

from syncworker.connector import Capabilities
from syncworker.connector.fake import FakeChannel
from syncworker.ledger import ManualClock, listings, products
from syncworker.ledger.ledger import Ledger
from syncworker.ledger.products import Product
from syncworker.sync import channels as use
from syncworker.sync.context import Context
from syncworker.sync.listings import discover, link
from syncworker.sync.publishing import publish


def test_a_listing_that_shares_the_number_of_another_sku_is_not_linked_by_publishing(
    manual_ledger: Ledger,
) -> None:
    clock = manual_ledger.clock
    assert isinstance(clock, ManualClock)
    shop = FakeChannel(now=lambda: clock.time, name="shop")
    shop.add("BIN", 4, pool_key="shared")
    shop.add("CLOCK", 4, pool_key="shared")
    context = Context(ledger=manual_ledger, open_channel=lambda _: shop)
    with manual_ledger.transaction() as tx:
        products.save_products(tx, [Product(sku=sku, title=sku) for sku in ("BIN", "CLOCK")])
        use.register(tx, "shop", connector="fake", capabilities=Capabilities())
    discover(context, "shop")
    manual_ledger.run(lambda tx: link(tx, context, "shop", "BIN", "BIN", actor="test"))

    report = publish(context, "shop")

    with manual_ledger.snapshot() as after:
        assert set(listings.links(after, "shop", ["BIN", "CLOCK"])) == {"BIN"}
    assert [sku for sku, _ in report.rejected] == ["CLOCK"]
