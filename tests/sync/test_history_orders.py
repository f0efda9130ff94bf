"""Orders from before the channel was connected: what had shipped is not in the count, and what comes back on sale counts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from syncworker.connector import Capabilities
from syncworker.connector.fake import FakeChannel
from syncworker.core.availability import StockLevel
from syncworker.ledger import ManualClock, pools, products, stock
from syncworker.ledger.ledger import Ledger
from syncworker.ledger.products import Product
from syncworker.ledger.stocktaking import Counted
from syncworker.sync import channels as use
from syncworker.sync import goods
from syncworker.sync.context import Context
from syncworker.sync.listings import discover, link
from syncworker.sync.pull import pull_orders
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

SKU = "RETRO-CLOCK"
THEIR_SKU = "clock-1"
DECLARED = Capabilities(
    readable=True, visibility_lag_s=0, apply_lag_s=0, read_lag_s=0, horizon_s=3, clock_skew_s=1, poll_s=2
)


def _shop(ledger: Ledger) -> tuple[Context, FakeChannel]:
    """A shop that has sold before anybody connected it."""
    clock = _clock(ledger)
    shop = FakeChannel(now=lambda: clock.time, capabilities=DECLARED, name="shop")
    shop.add(THEIR_SKU, 9)
    return Context(ledger=ledger, open_channel=lambda _: shop), shop


def _connect(ledger: Ledger, *, counts_open_orders: bool = True) -> None:
    _clock(ledger).advance(timedelta(days=1))
    with ledger.transaction() as tx:
        products.save_products(tx, [Product(sku=SKU, title=SKU)])
        goods.count(tx, [Counted(sku=SKU, location="main", units=10)], reference="first", actor="test")
        use.register(
            tx, "shop", connector="fake", capabilities=DECLARED, counts_open_orders=counts_open_orders
        )


def _link(context: Context) -> None:
    discover(context, "shop")
    context.ledger.run(lambda tx: link(tx, context, "shop", THEIR_SKU, SKU, actor="test"))


def _clock(ledger: Ledger) -> ManualClock:
    assert isinstance(ledger.clock, ManualClock)
    return ledger.clock


def _level(ledger: Ledger) -> StockLevel:
    with ledger.snapshot() as tx:
        return stock.levels(tx, [SKU])[SKU, "main"]


def test_what_had_shipped_before_is_not_taken_from_the_count_when_its_listing_is_linked(
    manual_ledger: Ledger,
) -> None:
    context, shop = _shop(manual_ledger)
    shop.ship(shop.buy(THEIR_SKU, 3) or "")
    shop.buy(THEIR_SKU, 2)
    _connect(manual_ledger)

    pull_orders(context, "shop")
    _link(context)

    assert _level(manual_ledger) == StockLevel(on_hand=10, reserved=2)


def test_what_shipped_while_its_listing_was_not_linked_leaves_the_count(manual_ledger: Ledger) -> None:
    context, shop = _shop(manual_ledger)
    order = shop.buy(THEIR_SKU, 3) or ""
    _connect(manual_ledger)

    pull_orders(context, "shop")
    _clock(manual_ledger).advance(timedelta(seconds=5))
    shop.ship(order)
    pull_orders(context, "shop")
    _link(context)

    assert _level(manual_ledger) == StockLevel(on_hand=7, reserved=0)


@pytest.mark.parametrize("counts_open_orders", [True, False])
def test_an_open_order_of_before_that_is_cancelled_and_put_on_sale_again_raises_the_bound(
    manual_ledger: Ledger, counts_open_orders: bool
) -> None:
    context, shop = _shop(manual_ledger)
    order = shop.buy(THEIR_SKU, 3) or ""
    _connect(manual_ledger, counts_open_orders=counts_open_orders)
    _link(context)
    manual_ledger.run(lambda tx: use.go_live(tx, "shop", use.plan_go_live(tx, "shop")))
    for _ in range(10):
        work_once(context, ["shop"])
        _clock(manual_ledger).advance(timedelta(seconds=2))

    shop.cancel(order)
    pull_orders(context, "shop")

    with manual_ledger.snapshot() as tx:
        (record,) = pools.of_channel(tx, "shop")
    assert record.bound.exposure is not None
    assert shop.sellable(THEIR_SKU) <= record.bound.exposure
