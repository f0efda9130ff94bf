"""Floors, ceilings, batches and what a channel does by itself: each declared fact reaches the plan."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncworker.connector import Capabilities
from syncworker.connector.contract import ListingDraft, RemoteListing
from syncworker.core.model import BelowZero, QuantityMode
from syncworker.ledger import pools, products
from syncworker.ledger.ledger import Ledger
from syncworker.ledger.products import Product
from syncworker.sync import channels as use
from syncworker.sync.limits import set_limits
from syncworker.sync.publishing import publish
from tests.sync.shopfront import FACTS, Business, Shopfront

pytestmark = pytest.mark.parametrize("any_database", ["memory"], indirect=True)


def _live(ledger: Ledger, facts: Capabilities, *, rounds: int = 6) -> Business:
    business = Business(ledger, capabilities=facts)
    publish(business.context, "shop")
    business.go_live()
    business.run(rounds)
    return business


def _exposure(business: Business, sku: str = "BIN") -> int | None:
    with business.ledger.snapshot() as tx:
        return pools.by_key(tx, "shop", [sku])[sku].bound.exposure


# --- floor ---------------------------------------------------------------------------------------------------------


def test_nothing_is_listed_where_the_channel_would_put_more_on_sale_than_is_free(
    manual_ledger: Ledger,
) -> None:
    business = Business(manual_ledger, capabilities=replace(FACTS, floor=10))

    report = publish(business.context, "shop")

    assert business.shop.count("publish") == 0
    assert [sku for sku, _ in report.rejected] == ["BIN", "BROOM"]
    assert "shows at least 10" in report.rejected[0][1]


def test_what_is_listed_with_a_floor_counts_as_unknown_until_it_is_read(manual_ledger: Ledger) -> None:
    """The channel lifts the 0 with which everything is listed; the number that it answers is nobody's promise."""

    class Lifting(Shopfront):
        def publish(self, draft: ListingDraft) -> RemoteListing:
            remote = super().publish(draft)
            self.pools[remote.pool_key].quantity = 3
            return replace(remote, quantity=3)

    business = Business(manual_ledger, capabilities=replace(FACTS, floor=3))
    business.shop = Lifting(business.clock, replace(FACTS, floor=3))
    publish(business.context, "shop")
    business.go_live()
    before = _exposure(business)
    business.run(4)

    assert before is None
    # 9 in all: over the 3 that may all be sold unseen, 6 can be set.
    assert _exposure(business) == 6


def test_fewer_than_a_channel_can_show_are_not_shown_there(manual_ledger: Ledger) -> None:
    business = Business(manual_ledger, capabilities=replace(FACTS, floor=5))
    publish(business.context, "shop")
    business.go_live()
    business.ledger.run(lambda tx: set_limits(tx, "shop", "BIN", at_most=4))
    business.run(4)

    assert business.shop.pools["BIN"].quantity == 0
    assert business.shop.pools["BROOM"].quantity == 9


# --- ceiling -------------------------------------------------------------------------------------------------------


def test_no_more_is_given_to_a_channel_than_it_takes(manual_ledger: Ledger) -> None:
    business = _live(manual_ledger, replace(FACTS, ceiling=4))

    assert business.shop.pools["BIN"].quantity == 4
    assert _exposure(business) == 4


# --- batch ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("batch_max", "calls"), [(1, 12), (5, 3), (12, 1)])
def test_numbers_leave_in_as_few_calls_as_the_channel_takes(
    manual_ledger: Ledger, batch_max: int, calls: int
) -> None:
    business = Business(manual_ledger, capabilities=replace(FACTS, batch_max=batch_max))
    more = [Product(sku=f"P{number}", title="p") for number in range(10)]
    with manual_ledger.transaction() as tx:
        products.save_products(tx, more)
    business.count(*(one.sku for one in more))
    publish(business.context, "shop")
    business.go_live()
    business.run()

    assert business.shop.count("push_quantities") == calls
    assert {pool.quantity for pool in business.shop.pools.values()} == {9}


# --- asynchronous acceptance, read-back lag ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fact", "held"), [({}, 11), ({"apply_lag_s": 300.0}, 12), ({"visibility_lag_s": 300.0}, 12)]
)
def test_an_accepted_number_frees_nothing_before_it_is_in_force_and_its_orders_can_be_seen(
    manual_ledger: Ledger, fact: dict[str, float], held: int
) -> None:
    """1 of 9 is left and 11 come in: a set to 11 holds 12 until the wait is over, for the 1 may be sold unseen."""
    business = _live(manual_ledger, replace(FACTS, **fact), rounds=40)  # type: ignore[arg-type]
    assert _exposure(business) == 9
    business.shop.buy("BIN", 8)
    business.run(40)
    told = _exposure(business)
    business.receive("BIN", 11)
    business.run(3)

    assert told == 1
    assert _exposure(business) == held


# --- restock on cancel ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("restocks", [True, False])
def test_units_that_a_channel_puts_back_on_sale_are_counted_there(
    manual_ledger: Ledger, restocks: bool
) -> None:
    business = _live(manual_ledger, FACTS)
    order_id = business.shop.buy("BIN", 4)
    business.run(2)
    before = _exposure(business)
    business.shop.cancel(order_id or "", restock=restocks)
    business.run(1)

    assert before == 5
    assert business.shop.pools["BIN"].quantity == (9 if restocks else 5)
    assert _exposure(business) == (9 if restocks else 5)


# --- below zero ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("below_zero", "freed"), [(BelowZero.REFUSES, True), (BelowZero.CLAMPS, False)])
def test_an_accepted_lowering_frees_units_only_where_it_cannot_have_been_clamped(
    manual_ledger: Ledger, below_zero: BelowZero, freed: bool
) -> None:
    facts = replace(FACTS, mode=QuantityMode.ADJUST, below_zero=below_zero, readable=False)
    business = _live(manual_ledger, facts)
    business.ledger.run(lambda tx: use.withdraw(tx, ["shop"]))
    business.run(3)

    assert business.shop.pools["BIN"].quantity == 0
    assert _exposure(business) == (0 if freed else 9)
