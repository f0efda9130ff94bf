"""A listing that sells from another number than before: the old one is drained, the new one adopted, and nothing is oversold."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from syncworker.connector import BelowZero, Capabilities, QuantityMode
from syncworker.connector.fake import FakeChannel, FakePool
from syncworker.ledger import ManualClock, incidents, listings, pools, products, stock
from syncworker.ledger.incidents import IncidentKind
from syncworker.ledger.ledger import Ledger
from syncworker.ledger.pools import PoolRecord
from syncworker.ledger.products import Product
from syncworker.ledger.stocktaking import Counted
from syncworker.sync import channels as use
from syncworker.sync import goods
from syncworker.sync.context import Context
from syncworker.sync.listings import discover, link
from syncworker.sync.wait import open_work, work_once

SKU, OTHER = "BIN", "CLOCK"
#: Listing, its number, what it sells.
LISTED = (("A", "one", SKU), ("B", "two", SKU), ("C", "three", OTHER))
POLL_S = 2
QUICK = Capabilities(
    below_zero=BelowZero.REFUSES, visibility_lag_s=0, apply_lag_s=0, read_lag_s=0, horizon_s=3, clock_skew_s=1,
    poll_s=POLL_S, readable=True,
)  # fmt: skip
MODES = {
    "sets": QUICK,
    "compares": replace(QUICK, mode=QuantityMode.COMPARE_AND_SET),
    "adjusts": replace(QUICK, mode=QuantityMode.ADJUST),
    "cannot be read": replace(QUICK, readable=False),
    "is late": replace(QUICK, visibility_lag_s=3, read_lag_s=3),
}


class Shop:
    """A live shop with 12 units of each SKU, two listings of the first, one of the second."""

    def __init__(self, ledger: Ledger, capabilities: Capabilities) -> None:
        clock = ledger.clock
        assert isinstance(clock, ManualClock)
        self.ledger, self.clock = ledger, clock
        self.fake = FakeChannel(now=lambda: clock.time, capabilities=capabilities, name="shop")
        self.context = Context(ledger=ledger, open_channel=lambda _: self.fake)
        for listing_id, number, _ in LISTED:
            self.fake.add(listing_id, 0, pool_key=number)
        with ledger.transaction() as tx:
            products.save_products(tx, [Product(sku=sku, title=sku) for sku in (SKU, OTHER)])
            counted = [Counted(sku=sku, location="main", units=12) for sku in (SKU, OTHER)]
            goods.count(tx, counted, reference="first", actor="test")
            use.register(tx, "shop", connector="fake", capabilities=capabilities)
        discover(self.context, "shop")
        for listing_id, _, sku in LISTED:
            self.link(listing_id, sku)
        for record in self.pools.values():
            ledger.run(lambda tx, record=record: use.assume(tx, record.id, 0))  # type: ignore[misc]
        ledger.run(lambda tx: use.go_live(tx, "shop", use.plan_go_live(tx, "shop")))
        self.work()

    def link(self, listing_id: str, sku: str) -> None:
        self.ledger.run(lambda tx: link(tx, self.context, "shop", listing_id, sku, actor="test"))

    def move(self, listing_id: str, number: str, *, quantity: int = 0) -> None:
        """The shop's staff let the listing sell from another number."""
        self.fake.pools.setdefault(number, FakePool(quantity))
        self.fake.listings[listing_id] = replace(self.fake.listings[listing_id], pool_key=number)

    def notice(self) -> None:
        discover(self.context, "shop")

    def work(self, rounds: int = 60) -> None:
        """Work until nothing is open, at most so many rounds."""
        for _ in range(rounds):
            work_once(self.context, ["shop"])
            self.clock.advance(timedelta(seconds=POLL_S))
            with self.ledger.snapshot() as tx:
                if not open_work(tx, ["shop"]):
                    return

    def wait_for_orders(self) -> None:
        """Whatever happened by now is pulled."""
        for _ in range(4):
            work_once(self.context, ["shop"])
            self.clock.advance(timedelta(seconds=POLL_S))

    @property
    def pools(self) -> dict[str, PoolRecord]:
        with self.ledger.snapshot() as tx:
            return {record.pool_key: record for record in pools.of_channel(tx, "shop")}

    @property
    def told(self) -> list[IncidentKind]:
        with self.ledger.snapshot() as tx:
            return [one.kind for one in incidents.open_incidents(tx)]

    def number_of(self, listing_id: str) -> str | None:
        """The number that the listing is linked to."""
        with self.ledger.snapshot() as tx:
            linked = listings.links(tx, "shop", [listing_id])[listing_id].pool_id
            return pools.load(tx, [linked])[linked].pool_key

    def available(self, sku: str) -> int:
        with self.ledger.snapshot() as tx:
            return stock.levels(tx, [sku])[sku, "main"].available

    def sold_out(self, *listing_ids: str) -> int:
        """Buyers take all that can be bought; how many units."""
        return sum(self.fake.buy(listing_id) is not None for listing_id in listing_ids for _ in range(50))


@pytest.fixture
def any_database() -> str:
    """In memory, unless a test says otherwise."""
    return "memory"


@pytest.fixture(params=list(MODES))
def shop(request: pytest.FixtureRequest, manual_ledger: Ledger) -> Shop:
    """Every make of shop."""
    return Shop(manual_ledger, MODES[request.param])


def test_a_change_of_number_is_told_and_neither_number_is_believed(shop: Shop) -> None:
    shop.move("A", "new")

    shop.notice()

    assert shop.told == [IncidentKind.NUMBER_MOVED]
    assert (shop.pools["one"].withdraw, shop.pools["one"].bound.exposure) == (True, None)
    assert (shop.pools["new"].in_sum, shop.pools["new"].bound.exposure) == (True, None)


def test_the_old_number_ends_at_zero_and_the_new_one_sells(shop: Shop) -> None:
    shop.move("A", "new")
    shop.notice()

    shop.work()

    assert (shop.fake.sellable("one"), shop.pools["one"].bound.exposure) == (0, 0)
    assert shop.fake.sellable("new") > 0
    assert (shop.number_of("A"), shop.told) == ("new", [])


def test_a_listing_that_shares_the_stock_of_another_one_sells_from_it(shop: Shop) -> None:
    shop.move("A", "two")
    shop.notice()

    shop.work()
    sold = 0
    for _ in range(5):
        sold += shop.sold_out("A", "B")
        shop.wait_for_orders()
        shop.work()

    assert (shop.number_of("A"), shop.fake.sellable("one")) == ("two", 0)
    assert (sold, shop.available(SKU), shop.told) == (12, 0, [])


def test_a_listing_that_stops_sharing_leaves_the_other_one_selling(shop: Shop) -> None:
    shop.move("A", "two")
    shop.notice()
    shop.work()
    shop.move("A", "own")
    shop.notice()

    shop.work()

    assert shop.fake.sellable("two") > 0
    assert shop.fake.sellable("own") > 0
    assert shop.told == []


def test_sales_of_before_the_change_was_noticed_sell_nothing_twice(shop: Shop) -> None:
    shop.move("A", "two")
    early = shop.sold_out("A")
    shop.wait_for_orders()
    shop.notice()
    shop.work()

    sold = early + shop.sold_out("A", "B")
    shop.wait_for_orders()
    shop.work()
    late = shop.sold_out("A", "B")

    assert early > 0
    assert sold + late <= 12


def test_what_is_put_back_counts_at_both_numbers(shop: Shop) -> None:
    order_id = shop.fake.buy("A", 2)
    assert order_id is not None
    shop.wait_for_orders()
    shop.move("A", "two")
    shop.notice()
    shop.work()
    before = {key: record.bound.restocked for key, record in shop.pools.items()}

    shop.fake.cancel(order_id)
    shop.wait_for_orders()

    risen = {key: record.bound.restocked - before[key] for key, record in shop.pools.items()}
    assert (risen["one"], risen["two"]) == (2, 2)


def test_a_listing_that_comes_to_a_number_of_another_sku_sells_nothing_until_they_are_apart(
    shop: Shop,
) -> None:
    shop.move("A", "three")
    shop.notice()
    shop.work()
    stopped = (shop.sold_out("A"), shop.sold_out("C"), shop.told)
    shop.move("A", "apart")
    shop.notice()
    shop.work()

    assert stopped == (0, 0, [IncidentKind.NUMBER_TAKEN])
    assert shop.fake.sellable("three") > 0
    assert shop.fake.sellable("apart") > 0
    assert shop.told == []


def test_a_listing_that_moves_there_and_back_sells_from_its_first_number_again(shop: Shop) -> None:
    shop.move("A", "new")
    shop.notice()
    shop.work(2)
    shop.move("A", "one")
    shop.notice()

    shop.work()

    assert (shop.fake.sellable("new"), shop.number_of("A"), shop.told) == (0, "one", [])
    assert shop.fake.sellable("one") > 0


def test_a_number_that_came_with_units_of_its_own_is_counted_before_it_is_filled(shop: Shop) -> None:
    shop.move("A", "new", quantity=9)
    shop.notice()

    shop.work()

    assert shop.fake.sellable("new") + shop.fake.sellable("two") <= 12
    assert shop.told == []


@pytest.mark.parametrize("mode", ["sets", "compares"])
def test_a_change_that_nobody_asked_about_shows_in_a_number_that_does_not_fall(
    mode: str, manual_ledger: Ledger
) -> None:
    shop = Shop(manual_ledger, MODES[mode])
    shop.move("A", "new", quantity=2)
    shop.sold_out("A")
    shop.wait_for_orders()

    shop.clock.advance(timedelta(minutes=16))
    shop.wait_for_orders()

    assert shop.number_of("A") == "new"


@pytest.mark.parametrize("any_database", ["memory", "postgresql"])
def test_a_number_that_moves_while_the_channel_is_observed_goes_live_as_the_new_one(
    manual_ledger: Ledger,
) -> None:
    shop = Shop(manual_ledger, QUICK)
    with manual_ledger.transaction() as tx:
        use.register(tx, "watched", connector="fake", capabilities=QUICK)
    watched = FakeChannel(now=lambda: shop.clock.time, capabilities=QUICK, name="watched")
    context = Context(
        ledger=manual_ledger, open_channel=lambda name: watched if name == "watched" else shop.fake
    )
    watched.add("X", 2, pool_key="first")
    discover(context, "watched")
    manual_ledger.run(lambda tx: link(tx, context, "watched", "X", SKU, actor="test"))
    watched.pools["second"] = FakePool(1)
    watched.listings["X"] = replace(watched.listings["X"], pool_key="second")
    discover(context, "watched")

    manual_ledger.run(lambda tx: use.go_live(tx, "watched", use.plan_go_live(tx, "watched")))
    for _ in range(40):
        work_once(context, ["shop", "watched"])
        shop.clock.advance(timedelta(seconds=POLL_S))

    assert watched.sellable("first") == 0
    assert shop.told == []
