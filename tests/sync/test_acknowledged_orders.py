"""An order is acknowledged once it is in the books, again while the channel waits for it, and a refusal stops no pull."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from syncworker.connector import Capabilities, RequestRefusedError
from syncworker.connector.fake import FakeChannel
from syncworker.ledger import ManualClock, incidents, orders, products, stock
from syncworker.ledger.ledger import Ledger
from syncworker.ledger.products import Product
from syncworker.ledger.stocktaking import Counted
from syncworker.sync import channels as use
from syncworker.sync import goods
from syncworker.sync.context import Context
from syncworker.sync.listings import discover, link_suggested
from syncworker.sync.pull import PullReport, pull_orders

pytestmark = pytest.mark.parametrize("any_database", ["memory"], indirect=True)


class Waiting(FakeChannel):
    """It waits until each order is acknowledged, and looks into the books when it is."""

    ledger: Ledger
    refuses = False

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(now=lambda: clock.time, capabilities=Capabilities(visibility_lag_s=0), name="shop")
        self.acknowledged: list[tuple[str, ...]] = []
        self.reserved_then: list[int] = []

    def acknowledge_orders(self, external_ids: tuple[str, ...]) -> None:
        self.acknowledged.append(external_ids)
        with self.ledger.snapshot() as tx:
            self.reserved_then.append(stock.levels(tx)["BIN", "main"].reserved)
        if self.refuses:
            raise RequestRefusedError("not now", status=400)


def _shop(ledger: Ledger) -> tuple[Waiting, Context]:
    assert isinstance(ledger.clock, ManualClock)
    shop = Waiting(ledger.clock)
    shop.ledger = ledger
    context = Context(ledger=ledger, open_channel=lambda _: shop)
    shop.add("BIN", 9)
    with ledger.transaction() as tx:
        products.save_products(tx, [Product(sku="BIN", title="Bin")])
        goods.count(tx, [Counted(sku="BIN", location="main", units=9)], reference="first", actor="test")
        use.register(tx, "shop", connector="fake", capabilities=shop.capabilities())
    discover(context, "shop")
    ledger.run(lambda tx: link_suggested(tx, context, "shop", actor="test"))
    return shop, context


def _pull(ledger: Ledger, context: Context) -> PullReport | None:
    assert isinstance(ledger.clock, ManualClock)
    ledger.clock.advance(timedelta(seconds=61))
    return pull_orders(context, "shop")


def test_an_order_is_acknowledged_when_its_goods_are_reserved(manual_ledger: Ledger) -> None:
    shop, context = _shop(manual_ledger)
    order_id = shop.buy("BIN", 2)

    _pull(manual_ledger, context)

    assert (shop.acknowledged, shop.reserved_then) == ([(order_id,)], [2])


def test_what_the_channel_no_longer_waits_for_is_left_alone(manual_ledger: Ledger) -> None:
    shop, context = _shop(manual_ledger)
    order = shop.orders[shop.buy("BIN", 2) or ""]
    shop.tell(replace(order, unacknowledged=False))

    _pull(manual_ledger, context)

    assert shop.acknowledged == []


def test_a_cancelled_order_is_left_alone(manual_ledger: Ledger) -> None:
    shop, context = _shop(manual_ledger)
    shop.cancel(shop.buy("BIN", 2) or "")

    _pull(manual_ledger, context)

    assert shop.acknowledged == []


def test_a_refusal_stops_no_pull_and_is_told_until_it_is_over(manual_ledger: Ledger) -> None:
    shop, context = _shop(manual_ledger)
    shop.refuses = True
    shop.buy("BIN", 2)

    report = _pull(manual_ledger, context)
    with manual_ledger.snapshot() as tx:
        told = [one.details["error"] for one in incidents.open_incidents(tx)]
    shop.refuses = False
    _pull(manual_ledger, context)

    assert (report is not None and report.whole, told) == (True, ["not now"])
    with manual_ledger.snapshot() as tx:
        assert incidents.open_incidents(tx) == []
        assert len(orders.latest(tx, channel="shop", most=10)) == 1


def test_what_somebody_else_took_note_of_is_told_no_more(manual_ledger: Ledger) -> None:
    shop, context = _shop(manual_ledger)
    shop.refuses = True
    order_id = shop.buy("BIN", 2) or ""
    _pull(manual_ledger, context)
    with manual_ledger.snapshot() as tx:
        told = len(incidents.open_incidents(tx))

    shop.tell(replace(shop.orders[order_id], unacknowledged=False))
    _pull(manual_ledger, context)

    with manual_ledger.snapshot() as tx:
        assert (told, incidents.open_incidents(tx)) == (1, [])


def test_an_order_that_still_waits_is_told_of_as_long_as_it_does(manual_ledger: Ledger) -> None:
    shop, context = _shop(manual_ledger)
    shop.refuses = True
    shop.buy("BIN", 2)
    for _ in range(3):
        _pull(manual_ledger, context)

    with manual_ledger.snapshot() as tx:
        assert len(incidents.open_incidents(tx)) == 1
