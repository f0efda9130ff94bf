"""A channel that takes no orders: in or out of stock, nothing is held for it, and what was sold by message counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from syncworker.connector import (
    Capabilities,
    OutcomeUnknownError,
    QuantityMode,
    Reading,
    RetryLaterError,
)
from syncworker.connector.fake import FakeChannel
from syncworker.core.allocator import Reason
from syncworker.errors import InputError
from syncworker.ledger import ManualClock, limits, listings, pools, products, stock
from syncworker.ledger.jobs import JobKind
from syncworker.ledger.ledger import Ledger
from syncworker.ledger.pools import PoolRecord
from syncworker.ledger.products import Product
from syncworker.ledger.stocktaking import Counted
from syncworker.sync import channels as use
from syncworker.sync import goods, push
from syncworker.sync.context import Context
from syncworker.sync.explain import explain
from syncworker.sync.listings import discover, link_suggested
from syncworker.sync.read import read_back
from syncworker.sync.sale import add_sale
from syncworker.sync.sending import send
from syncworker.sync.status import status
from syncworker.sync.tick import tick
from syncworker.sync.wait import work_once

#: The rows are the same in every database; the rule itself is tried on all of them elsewhere.
pytestmark = pytest.mark.parametrize("any_database", ["memory"], indirect=True)

CATALOGUE = Capabilities(
    takes_orders=False, readable=True, visibility_lag_s=0, read_lag_s=0, horizon_s=4, batch_max=50
)
SHOP = Capabilities(
    mode=QuantityMode.COMPARE_AND_SET, readable=True, visibility_lag_s=0, read_lag_s=0, horizon_s=4,
    clock_skew_s=1, poll_s=2, batch_max=50, feeds=("orders",),
)  # fmt: skip
NAMES = ("instagram", "shop")


class Town:
    """One catalogue and one shop that sells, over one ledger whose clock is ours."""

    def __init__(self, ledger: Ledger, *, units: int, shown: int) -> None:
        assert isinstance(ledger.clock, ManualClock)
        self.ledger, self.clock = ledger, ledger.clock
        now: Callable[[], object] = lambda: self.clock.time  # noqa: E731
        self.instagram = FakeChannel(now=now, capabilities=CATALOGUE, name="instagram")  # type: ignore[arg-type]
        self.shop = FakeChannel(now=now, capabilities=SHOP, name="shop")  # type: ignore[arg-type]
        ports = {"instagram": self.instagram, "shop": self.shop}
        self.context = Context(ledger=ledger, open_channel=ports.__getitem__)
        self.instagram.add("BIN", shown, listing_id="IG-1", pool_key="IG-1")
        self.shop.add("BIN", 0)
        with ledger.transaction() as tx:
            products.save_products(tx, [Product(sku="BIN", title="Bin"), Product(sku="PAN", title="Pan")])
            goods.count(
                tx, [Counted(sku="BIN", location="main", units=units)], reference="first", actor="test"
            )
            for name, port in ports.items():
                use.register(tx, name, connector="fake", capabilities=port.capabilities())
        for name in NAMES:
            discover(self.context, name)
            ledger.run(lambda tx, name=name: link_suggested(tx, self.context, name, actor="test"))  # type: ignore[misc]
            ledger.run(lambda tx, name=name: use.go_live(tx, name, use.plan_go_live(tx, name)))  # type: ignore[misc]
        self.settle()

    def settle(self, rounds: int = 6, seconds: float = 3.0) -> None:
        for _ in range(rounds):
            while work_once(self.context, NAMES):
                pass
            self.clock.advance(timedelta(seconds=seconds))

    def sell_by_message(self, units: int, reference: str, sku: str = "BIN") -> int:
        return self.ledger.run(
            lambda tx: add_sale(
                tx, "instagram", sku=sku, units=units, reference=reference, sold_at=tx.now, actor="test"
            )
        ).orders

    def available(self, sku: str = "BIN") -> int:
        with self.ledger.snapshot() as tx:
            return stock.levels(tx)[sku, "main"].available

    def pool(self) -> PoolRecord:
        with self.ledger.snapshot() as tx:
            (record,) = pools.of_channel(tx, "instagram")
            return record

    @property
    def shows(self) -> int:
        return self.instagram.pools["IG-1"].quantity


def test_what_is_there_shows_in_stock_and_all_of_it_goes_to_those_that_sell(manual_ledger: Ledger) -> None:
    town = Town(manual_ledger, units=5, shown=0)

    assert (town.shows, town.shop.sellable("BIN")) == (1, 5)
    assert town.pool().bound.exposure == 0


def test_what_is_sold_out_elsewhere_goes_out_of_stock_and_comes_back_with_goods(
    manual_ledger: Ledger,
) -> None:
    town = Town(manual_ledger, units=2, shown=0)

    town.shop.buy("BIN", 2)
    town.settle()
    gone = town.shows
    with manual_ledger.transaction() as tx:
        goods.receive(tx, "BIN", "main", 1, reference="delivery", actor="test")
    town.settle()

    assert (gone, town.shows) == (0, 1)


def test_a_sale_that_leaves_something_needs_no_call(manual_ledger: Ledger) -> None:
    town = Town(manual_ledger, units=5, shown=0)
    told = town.instagram.count("push_quantities")

    town.shop.buy("BIN", 3)
    town.settle()

    assert town.instagram.count("push_quantities") == told


def test_the_safety_stock_is_not_shown(manual_ledger: Ledger) -> None:
    town = Town(manual_ledger, units=2, shown=1)

    with manual_ledger.transaction() as tx:
        limits.save_safety_stock(tx, "BIN", 2)
        pools.mark_parts_dirty(tx, ["BIN"])
    town.settle()

    assert town.shows == 0


def test_a_sale_by_message_counts_once_and_takes_no_unit_twice(manual_ledger: Ledger) -> None:
    town = Town(manual_ledger, units=5, shown=0)

    taken = [town.sell_by_message(2, "dm-1"), town.sell_by_message(2, "dm-1")]
    town.settle()

    assert taken == [1, 0]
    assert (town.available(), town.shop.sellable("BIN"), town.shows) == (3, 3, 1)
    assert town.pool().bound.exposure == 0


def test_the_last_unit_sold_by_message_is_out_of_stock_there_too(manual_ledger: Ledger) -> None:
    town = Town(manual_ledger, units=1, shown=0)

    town.sell_by_message(1, "dm-1")
    town.settle()

    assert (town.available(), town.shop.sellable("BIN"), town.shows) == (0, 0, 0)


def test_a_sale_by_message_of_what_is_not_listed_there_waits_for_nothing(manual_ledger: Ledger) -> None:
    town = Town(manual_ledger, units=1, shown=0)
    with manual_ledger.transaction() as tx:
        goods.receive(tx, "PAN", "main", 3, reference="delivery", actor="test")

    town.sell_by_message(1, "dm-1", sku="PAN")

    assert town.available("PAN") == 2


def test_orders_that_are_pulled_cannot_be_typed_in(manual_ledger: Ledger) -> None:
    Town(manual_ledger, units=1, shown=0)

    with manual_ledger.transaction() as tx, pytest.raises(InputError, match="count them twice"):
        add_sale(tx, "shop", sku="BIN", units=1, reference="x", sold_at=tx.now, actor="test")


@pytest.mark.parametrize(
    "lost", [OutcomeUnknownError("lost"), RetryLaterError("busy"), ValueError("nonsense")]
)
def test_whatever_happens_to_a_push_it_shows_the_truth_in_the_end(
    manual_ledger: Ledger, lost: Exception
) -> None:
    town = Town(manual_ledger, units=1, shown=0)
    town.instagram.fail_at("push_quantities", town.instagram.count("push_quantities") + 1, lost)

    town.sell_by_message(1, "dm-1")
    town.settle(rounds=12)

    assert town.shows == 0
    assert town.pool().bound.exposure == 0


def test_a_number_changed_by_hand_is_put_right(manual_ledger: Ledger) -> None:
    town = Town(manual_ledger, units=1, shown=0)

    town.instagram.pools["IG-1"].quantity = 0
    town.settle(rounds=3, seconds=3601)

    assert town.shows == 1


def test_a_catalogue_that_takes_orders_from_now_on_is_counted(manual_ledger: Ledger) -> None:
    Town(manual_ledger, units=5, shown=0)

    with manual_ledger.transaction() as tx:
        use.register(tx, "instagram", connector="fake", capabilities=SHOP)
        (record,) = pools.of_channel(tx, "instagram")

    assert record.bound.exposure is None


def test_what_was_sent_to_a_catalogue_is_never_missed_once_it_takes_orders(manual_ledger: Ledger) -> None:
    """A reading from before the push landed is recorded after its answer: it proves nothing."""
    town = Town(manual_ledger, units=5, shown=0)
    town.instagram.pools["IG-1"].quantity = 0
    pool_id = town.pool().id
    with manual_ledger.transaction() as tx:
        pools.save_bounds(tx, {}, shown={pool_id: 0})
        pools.mark_parts_dirty(tx, ["BIN"])
    errand, _ = manual_ledger.run(lambda tx: push._begin(tx, town.context, "instagram", None))
    assert errand is not None
    with manual_ledger.transaction() as tx:
        use.register(tx, "instagram", connector="fake", capabilities=SHOP)

    def answered_late(keys: Sequence[str]) -> Sequence[Reading]:
        readings = FakeChannel.read_quantities(town.instagram, keys)
        send(town.context, errand)
        return readings

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(town.instagram, "read_quantities", answered_late)
        read_back(town.context, "instagram", pool_ids=[pool_id])
    believed = town.pool().bound
    town.settle(12)

    assert (believed.exposure, believed.pending) == (None, None)
    assert town.pool().bound.exposure is not None
    assert town.shows + town.shop.sellable("BIN") <= town.available()


def test_no_0_is_sent_to_a_former_catalogue_before_all_has_landed(manual_ledger: Ledger) -> None:
    """Where nothing can be read a 0 proves that nothing is left; not one that an older push could follow."""
    town = Town(manual_ledger, units=5, shown=0)
    blind = replace(SHOP, mode=QuantityMode.SET, readable=False, apply_lag_s=20)
    with manual_ledger.transaction() as tx:
        use.register(tx, "instagram", connector="fake", capabilities=blind)
    before = town.instagram.count("push_quantities")

    town.settle(rounds=8)
    early = town.instagram.count("push_quantities") - before
    town.settle(rounds=4)

    assert (early, town.instagram.count("push_quantities") - before) == (0, 1)


def test_withdrawing_a_catalogue_shows_out_of_stock(manual_ledger: Ledger) -> None:
    town = Town(manual_ledger, units=5, shown=0)

    manual_ledger.run(lambda tx: use.withdraw(tx, ["instagram"]))
    town.settle()

    assert (town.shows, town.shop.sellable("BIN")) == (0, 5)


def test_a_sale_is_recorded_with_the_listing_it_was_seen_at(manual_ledger: Ledger) -> None:
    Town(manual_ledger, units=5, shown=0)

    with manual_ledger.snapshot() as tx:
        assert listings.of_skus(tx, "instagram", ["BIN", "PAN"]) == {"BIN": "IG-1"}


def test_a_shop_that_takes_no_more_orders_does_not_hold_its_units_for_ever_untold(
    manual_ledger: Ledger,
) -> None:
    """Orders of before may be unseen, so that only a person can say that nothing is left; `explain` asks for it."""
    town = Town(manual_ledger, units=4, shown=0)
    with manual_ledger.transaction() as tx:
        use.register(tx, "instagram", connector="fake", capabilities=SHOP)
    town.settle(12)
    held = town.pool().bound.exposure

    with manual_ledger.transaction() as tx:
        use.register(tx, "instagram", connector="fake", capabilities=CATALOGUE)
    town.settle(12)

    assert (held or 0) > 0
    assert town.pool().bound.exposure == held
    with manual_ledger.snapshot() as tx:
        assert "instagram" in {one.channel for one in explain(tx, "BIN").parts[0].shares}
    assert town.pool().reason == Reason.WAITS_FOR_PERSON.value


def test_a_shop_that_becomes_a_catalogue_has_no_orders_to_pull(manual_ledger: Ledger) -> None:
    town = Town(manual_ledger, units=4, shown=0)
    with manual_ledger.transaction() as tx:
        use.register(tx, "shop", connector="fake", capabilities=CATALOGUE)

    town.clock.advance(timedelta(minutes=5))

    assert ("shop", JobKind.PULL) not in tick(town.context)


def test_what_nobody_can_order_from_is_no_share_of_the_stock(manual_ledger: Ledger) -> None:
    Town(manual_ledger, units=4, shown=0)

    with manual_ledger.snapshot() as tx:
        found = explain(tx, "BIN")
        told = {one.name: (one.takes_orders, one.may_sell) for one in status(tx).channels}

    assert [one.channel for one in found.parts[0].shares] == ["shop"]
    assert {one.channel: one.takes_orders for one in found.pools} == {"instagram": False, "shop": True}
    assert (told["instagram"], told["shop"][0]) == ((False, 0), True)
