"""What becomes of orders, and how much of it the feeds tell."""

from collections.abc import Callable

import pytest

from syncworker.sandbox.faults import FaultSpec
from syncworker.sandbox.model import Marketplace
from syncworker.sandbox.refusal import RefusedError
from syncworker.sandbox.sales import Want
from tests.sandbox.shops import POOL, SKU, at, shop


def sold(market: Marketplace, units: int) -> str:
    """An order of so many units."""
    order_id = market.buy(now=at(1), sku=SKU, quantity=units).order_id
    assert order_id
    return order_id


@pytest.mark.parametrize("kind", ["available", "on_hand"])
@pytest.mark.parametrize("restock", [True, False])
def test_a_cancellation_puts_units_on_sale_only_when_it_restocks(kind: str, restock: bool) -> None:
    market = shop(5, quantity_kind=kind)
    order_id = sold(market, 3)

    order = market.cancel(order_id, now=at(2), quantity=2, restock=restock)

    assert market.sellable(POOL) == (4 if restock else 2)
    assert (order.lines[0].cancelled, order.lines[0].restocked) == (2, "yes" if restock else "no")
    assert order.status == "placed"


def test_a_shop_of_unknown_habit_restocks_now_and_then_and_never_tells() -> None:
    outcomes = set()
    for seed in range(12):
        market = shop(1, seed=seed, restocks_on_cancel="unknown")
        line = market.cancel(sold(market, 1), now=at(2)).lines[0]
        outcomes.add(market.sellable(POOL))
        assert line.restocked == "unknown"
    assert outcomes == {0, 1}


def test_cancellations_that_went_different_ways_are_told_as_unknown() -> None:
    market = shop(5)
    order_id = sold(market, 2)
    market.cancel(order_id, now=at(2), quantity=1, restock=True)

    order = market.cancel(order_id, now=at(3), restock=False)

    assert (order.status, order.lines[0].restocked) == ("cancelled", "unknown")


def test_a_cancellation_taken_back_takes_the_restocked_units_again_or_is_refused() -> None:
    market = shop(2)
    order_id = sold(market, 2)
    market.cancel(order_id, now=at(2))
    other = sold(market, 1)

    with pytest.raises(RefusedError, match="sold to others"):
        market.reinstate(order_id, now=at(3))
    market.cancel(other, now=at(4))
    order = market.reinstate(order_id, now=at(5))

    assert (order.status, order.lines[0].cancelled, market.sellable(POOL)) == ("placed", 0, 0)


def test_returned_goods_come_back_on_sale_only_when_the_shop_does_that_itself() -> None:
    market = shop(4)
    order_id = sold(market, 2)
    market.ship(order_id, now=at(2))

    market.take_return(order_id, now=at(3), quantity=1)
    assert market.sellable(POOL) == 2
    order = market.take_return(order_id, now=at(4), restock=True)

    assert (order.status, order.lines[0].returned, market.sellable(POOL)) == ("returned", 2, 3)


def test_an_edited_order_takes_more_or_gives_back() -> None:
    market = shop(5)
    order_id = sold(market, 2)
    line_id = f"{order_id}-1"

    market.edit_order(order_id, line_id=line_id, quantity=4, now=at(2))
    assert market.sellable(POOL) == 1
    market.edit_order(order_id, line_id=line_id, quantity=1, now=at(3))
    assert market.sellable(POOL) == 4
    with pytest.raises(RefusedError, match="not 5 more"):
        market.edit_order(order_id, line_id=line_id, quantity=6, now=at(4))


def test_lines_that_do_not_count_down_leave_the_number_alone_also_when_cancelled() -> None:
    market = shop(0)

    order_id = market.buy(now=at(1), sku=SKU, counts_down="no").order_id
    assert order_id
    market.cancel(order_id, now=at(2))

    assert market.pools[POOL].quantity == 0


def test_a_basket_is_sold_whole_or_not_at_all() -> None:
    market = shop(3)

    too_much = market.buy_basket([Want(sku=SKU, quantity=2), Want(sku=SKU, quantity=2)], now=at(1))
    enough = market.buy_basket([Want(sku=SKU, quantity=2), Want(sku=SKU, quantity=1)], now=at(2))

    assert (too_much.outcome, too_much.reason) == ("turned_away", "sold_out")
    assert enough.outcome == "sold"
    assert market.sellable(POOL) == 0


def test_a_hidden_listing_sells_nothing_and_keeps_its_number() -> None:
    market = shop(3)
    listing = market.list_listings(now=at(0)).listings[0].listing
    market.patch_listing(listing.listing_id, state="hidden", now=at(1))

    sale = market.buy(now=at(2), sku=SKU)

    assert (sale.outcome, sale.reason, market.pools[POOL].quantity) == ("turned_away", "hidden", 3)


def test_a_shop_can_sell_beyond_its_own_number_and_logs_by_how_much() -> None:
    market = shop(1)
    market.faults.order(FaultSpec(kind="oversell", count=1))

    assert market.buy(now=at(1), sku=SKU, quantity=3).outcome == "sold"

    (event,) = (line for line in market.log if line["kind"] == "buy")
    assert (event["beyond"], event["after"]) == (2, 0)


@pytest.mark.parametrize(
    ("act", "status"),
    [
        (lambda market: market.cancel("corner-000009", now=at(9)), 404),
        (lambda market: market.cancel("corner-000001", line_id="x", now=at(9)), 404),
        (lambda market: market.cancel("corner-000001", quantity=3, now=at(9)), 409),
        (lambda market: market.cancel("corner-000001", quantity=0, now=at(9)), 409),
        (lambda market: market.take_return("corner-000001", now=at(9)), 409),
        (lambda market: market.reinstate("corner-000001", now=at(9)), 409),
        (lambda market: market.buy(sku="UNHEARD-OF", now=at(9)), 404),
        (lambda market: market.buy(sku=SKU, quantity=0, now=at(9)), 422),
        (lambda market: market.hand_edit("P-NOWHERE", quantity=1, now=at(9)), 404),
    ],
)
def test_what_is_not_possible_is_refused_and_changes_nothing(
    act: Callable[[Marketplace], object], status: int
) -> None:
    market = shop(5)
    sold(market, 2)
    events = len(market.log)

    with pytest.raises(RefusedError) as refused:
        act(market)

    assert refused.value.status == status
    assert len(market.log) == events


def test_the_same_seed_gives_the_same_history() -> None:
    def history() -> list[dict[str, object]]:
        market = shop(9, seed=7, restocks_on_cancel="unknown")
        market.faults.order(FaultSpec(kind="listed_late", probability=0.5, seconds=1, up_to_s=9))
        for _ in range(5):
            market.cancel(sold(market, 1), now=at(2))
        return list(market.log)

    assert history() == history()
