"""Whatever lets a channel sell more, or was in its number already, never leaves the bound below what it can sell."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from syncworker.connector import (
    Capabilities,
    Known,
)
from syncworker.connector.fake import FakeChannel
from syncworker.ledger import ManualClock, pools, products
from syncworker.ledger.ledger import Ledger
from syncworker.ledger.pools import PoolRecord
from syncworker.ledger.products import Product
from syncworker.ledger.stocktaking import Counted
from syncworker.sync import channels as use
from syncworker.sync import goods
from syncworker.sync.context import Context
from syncworker.sync.listings import discover, link, link_suggested
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
DECLARED = Capabilities(
    readable=True, visibility_lag_s=0, apply_lag_s=0, read_lag_s=0, horizon_s=3, clock_skew_s=60, poll_s=2
)


def _live_shop(ledger: Ledger, *, declared: Capabilities = DECLARED) -> tuple[Context, FakeChannel]:
    clock = _clock(ledger)
    shop = FakeChannel(now=lambda: clock.time, capabilities=declared, name="shop")
    shop.add(SKU, 0)
    context = Context(ledger=ledger, open_channel=lambda _: shop)
    with ledger.transaction() as tx:
        products.save_products(tx, [Product(sku=SKU, title=SKU)])
        goods.count(tx, [Counted(sku=SKU, location="main", units=10)], reference="first", actor="test")
        use.register(tx, "shop", connector="fake", capabilities=declared)
    discover(context, "shop")
    ledger.run(lambda tx: link_suggested(tx, context, "shop", actor="test"))
    ledger.run(lambda tx: use.go_live(tx, "shop", use.plan_go_live(tx, "shop")))
    return context, shop


def _clock(ledger: Ledger) -> ManualClock:
    assert isinstance(ledger.clock, ManualClock)
    return ledger.clock


def _work(context: Context, *, rounds: int = 12) -> None:
    for _ in range(rounds):
        work_once(context, ["shop"])
        _clock(context.ledger).advance(timedelta(seconds=2))


def _pool(ledger: Ledger) -> PoolRecord:
    with ledger.snapshot() as tx:
        return pools.of_channel(tx, "shop")[0]


def test_a_line_that_was_taken_off_an_order_counts_as_put_on_sale_again(manual_ledger: Ledger) -> None:
    context, shop = _live_shop(manual_ledger)
    _work(context)
    order = shop.buy(SKU, 3) or ""
    line = replace(shop.line(order), restocked=Known.NO)
    other = replace(line, line_id="2", listing_id="other", sku="other", ordered=1)
    shop.tell(replace(shop.orders[order], lines=(line, other)))
    pull_orders(context, "shop")

    _clock(manual_ledger).advance(timedelta(seconds=1))
    shop.pools[SKU].quantity += 3
    shop.tell(replace(shop.orders[order], lines=(other,), updated_at=_clock(manual_ledger).time))
    pull_orders(context, "shop")

    assert (_pool(manual_ledger).bound.exposure or 0) >= shop.sellable(SKU)


def test_a_sale_that_was_linked_after_its_number_was_settled_does_not_lower_the_bound(
    manual_ledger: Ledger,
) -> None:
    context, shop = _live_shop(manual_ledger)
    _work(context)
    shop.add("unlinked", 0, listing_id="second", pool_key=SKU)
    with manual_ledger.transaction() as tx:
        pools.want_read(tx, [pools.of_channel(tx, "shop")[0].id], at=tx.now, sooner_only=False)
    shop.buy("second", 4)
    _work(context, rounds=3)

    discover(context, "shop")
    manual_ledger.run(lambda tx: link(tx, context, "shop", "second", SKU, actor="test"))

    assert (_pool(manual_ledger).bound.exposure or 0) >= shop.sellable(SKU)
