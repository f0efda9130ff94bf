"""The watermark of a feed never stands beyond something that could not be listed yet when its page was walked."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from syncworker.connector import Capabilities, ChannelLine, ChannelOrder, Known, OrderPage, OrderStatus
from syncworker.connector.fake import FakeChannel
from syncworker.ledger import ManualClock, orders, products, pulls
from syncworker.ledger.ledger import Ledger
from syncworker.ledger.products import Product
from syncworker.sync import channels as use
from syncworker.sync import pull
from syncworker.sync.context import Context
from syncworker.sync.pull import pull_orders

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
DECLARED = Capabilities(visibility_lag_s=5, clock_skew_s=1)


def _shop(ledger: Ledger) -> tuple[Context, FakeChannel, ManualClock]:
    clock = ledger.clock
    assert isinstance(clock, ManualClock)
    shop = FakeChannel(now=lambda: clock.time, capabilities=DECLARED, name="shop")
    shop.add(SKU, 100)
    with ledger.transaction() as tx:
        products.save_products(tx, [Product(sku=SKU, title=SKU)])
        use.register(tx, "shop", connector="fake", capabilities=DECLARED)
    return Context(ledger=ledger, open_channel=lambda _: shop), shop, clock


def _order(clock: ManualClock, name: str, *, ahead_s: float = 0.0) -> ChannelOrder:
    line = ChannelLine(line_id="1", listing_id=SKU, sku=SKU, ordered=1, counts_down=Known.YES)
    at = clock.time + timedelta(seconds=ahead_s)
    return ChannelOrder(
        external_id=name,
        status=OrderStatus.LIVE,
        raw_status="placed",
        placed_at=at,
        updated_at=at,
        lines=(line,),
    )


def _recorded(ledger: Ledger) -> set[str]:
    with ledger.snapshot() as tx:
        return {record.external_id for record in orders.latest(tx, channel="shop")}


def test_an_order_listed_late_is_found_though_the_pull_went_on_in_a_later_task(
    manual_ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pull, "PAGES_PER_TASK", 1)
    context, shop, clock = _shop(manual_ledger)
    late = _order(clock, "late", ahead_s=-1)
    first = OrderPage(orders=(_order(clock, "listed at once"),), next_cursor="1")
    shop.answer_next("list_orders", first)
    pull_orders(context, "shop")

    clock.advance(timedelta(seconds=20))
    shop.answer_next("list_orders", OrderPage(orders=(_order(clock, "newest"),)))
    pull_orders(context, "shop")
    shop.tell(late)
    clock.advance(timedelta(seconds=2))
    pull_orders(context, "shop")

    assert _recorded(manual_ledger) == {"listed at once", "newest", "late"}


def test_an_order_dated_in_the_future_hides_no_later_order(manual_ledger: Ledger) -> None:
    context, shop, clock = _shop(manual_ledger)
    future = _order(clock, "from the future", ahead_s=86_400)
    shop.answer_next("list_orders", OrderPage(orders=(future,)))
    pull_orders(context, "shop")

    clock.advance(timedelta(seconds=60))
    shop.tell(_order(clock, "honest"))
    clock.advance(timedelta(seconds=60))
    pull_orders(context, "shop")

    assert "honest" in _recorded(manual_ledger)


def test_a_page_that_says_up_to_when_it_is_whole_is_believed_though_its_orders_are_newer_or_none(
    manual_ledger: Ledger,
) -> None:
    context, shop, clock = _shop(manual_ledger)
    until = clock.time - timedelta(hours=3)
    newer = OrderPage(orders=(_order(clock, "changed since"),), next_cursor="1", until=until)
    shop.answer_next("list_orders", newer)
    shop.answer_next("list_orders", RuntimeError("the walk ends in the middle"))

    pull_orders(context, "shop")

    assert _watermark(manual_ledger) == until
    clock.advance(timedelta(minutes=20))
    shop.answer_next("list_orders", OrderPage(orders=(), until=clock.time + timedelta(days=1)))
    pull_orders(context, "shop")
    assert _watermark(manual_ledger) == clock.time


def _watermark(ledger: Ledger) -> datetime:
    with ledger.snapshot() as tx:
        return pulls.watermarks(tx, "shop")["orders"]
