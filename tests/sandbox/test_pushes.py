"""What a quantity push does: by mode, at the edges, once or twice, now or late."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncworker.sandbox.faults import FaultSpec
from syncworker.sandbox.pools import QuantityItem
from syncworker.sandbox.profile import ShopProfile
from syncworker.sandbox.refusal import RefusedError
from tests.sandbox.shops import POOL, SKU, START, at, push, shop


def test_a_set_replaces_the_number_and_echoes_it() -> None:
    market = shop(10)

    result = push(market, 1, quantity=4)

    assert (result.status, result.quantity, market.sellable(POOL)) == ("applied", 4, 4)


def test_compare_and_set_needs_the_number_that_stands_there() -> None:
    market = shop(10, quantity_mode="compare_and_set")
    market.buy(now=at(1), sku=SKU)

    stale = push(market, 2, quantity=20, expected=10)
    fresh = push(market, 3, quantity=20, expected=9)

    assert (stale.status, stale.code, stale.current) == ("refused", "stale_quantity", 9)
    assert (fresh.status, fresh.quantity) == ("applied", 20)


@pytest.mark.parametrize(
    ("below_zero", "status", "number"),
    [("refuse", "refused", 2), ("clamp", "applied", 0), ("negative", "applied", -3)],
)
def test_a_delta_below_zero_does_what_the_profile_says(below_zero: str, status: str, number: int) -> None:
    market = shop(2, quantity_mode="delta", below_zero=below_zero)

    result = push(market, 1, delta=-5)

    assert result.status == status
    assert market.pools[POOL].quantity == number
    assert result.quantity == (None if status == "refused" else number)


def test_a_clamped_delta_never_raises_a_number_that_already_stands_below_what_is_reserved() -> None:
    market = shop(5, quantity_mode="delta", quantity_kind="on_hand", below_zero="clamp")
    market.buy(now=at(1), sku=SKU, quantity=4)
    market.hand_edit(POOL, quantity=2, now=at(2))

    assert push(market, 3, delta=-1).quantity == 2


def test_on_hand_numbers_fall_on_shipping_and_sell_less_what_is_reserved() -> None:
    market = shop(5, quantity_kind="on_hand")
    order_id = market.buy(now=at(1), sku=SKU, quantity=2).order_id
    assert order_id
    (read,) = market.read_quantities([POOL], now=at(2))
    assert (read.quantity, read.reserved, market.sellable(POOL)) == (5, 2, 3)

    market.ship(order_id, now=at(3))

    (read,) = market.read_quantities([POOL], now=at(4))
    assert (read.quantity, read.reserved, market.sellable(POOL)) == (3, 0, 3)


def test_floor_refuses_or_lifts_and_ceiling_cuts() -> None:
    refusing, lifting = shop(5, floor=2), shop(5, floor=2, floor_mode="lift", ceiling=8)

    refused, lifted, cut = (
        push(refusing, 1, quantity=0),
        push(lifting, 1, quantity=0),
        push(lifting, 2, quantity=9),
    )

    assert (refused.status, refused.code) == ("refused", "below_floor")
    assert (lifted.status, lifted.quantity) == ("applied", 2)
    assert (cut.status, cut.quantity, cut.code) == ("applied", 8, "above_ceiling")


@given(
    first=st.integers(0, 5),
    sold=st.integers(0, 5),
    wait=st.sampled_from([0, 59, 60]),
    retention=st.sampled_from([0, 60]),
)
def test_a_repeated_key_answers_as_before_and_does_nothing_inside_the_retention(
    first: int, sold: int, wait: int, retention: int
) -> None:
    market = shop(5, idempotency_retention_s=retention)
    answer = push(market, 0, key="K", quantity=first)
    for _ in range(sold):
        market.buy(now=at(0), sku=SKU)
    left = max(first - sold, 0)

    again = push(market, wait, key="K", quantity=first)

    assert again == answer
    assert market.sellable(POOL) == (left if wait < retention else first)


def test_a_key_cannot_be_used_for_another_request() -> None:
    market = shop()
    push(market, 0, key="K", quantity=3)

    with pytest.raises(RefusedError) as refused:
        push(market, 1, key="K", quantity=4)

    assert refused.value.code == "idempotency_key_reused"
    assert market.sellable(POOL) == 3


def test_an_accepted_set_lands_after_the_apply_lag_and_over_what_was_sold_meanwhile() -> None:
    market = shop(10, apply_lag_s=5)

    result = push(market, 0, quantity=3)
    market.buy(now=at(4), sku=SKU, quantity=2)

    assert (result.status, result.quantity, market.sellable(POOL)) == ("accepted", None, 8)
    assert market.next_due() == at(5)
    market.buy(now=at(5), sku=SKU)
    assert market.sellable(POOL) == 2


def test_a_fault_applies_a_set_later_than_declared_while_saying_applied() -> None:
    market = shop(10)
    market.faults.order(FaultSpec(kind="apply_late", seconds=5, count=1))

    result = push(market, 0, quantity=3)

    assert (result.status, result.quantity, market.sellable(POOL)) == ("applied", 3, 10)
    assert market.truth(now=at(5))["pending"] == []
    assert market.sellable(POOL) == 3


def test_a_late_request_is_judged_when_it_lands_unless_its_key_was_used_by_then() -> None:
    market = shop(10)
    market.land_later([QuantityItem(pool_id=POOL, quantity=7)], now=at(0), after_s=3, key="A")
    market.land_later([QuantityItem(pool_id=POOL, quantity=9)], now=at(0), after_s=4, key="B")

    push(market, 1, key="B", quantity=9)
    market.buy(now=at(2), sku=SKU)

    market.truth(now=at(10))
    assert market.sellable(POOL) == 7
    assert [line["late"] for line in market.log if line["kind"] == "set"] == [False, True]


def test_read_backs_are_as_old_as_the_read_lag_and_a_fault_makes_them_older() -> None:
    market = shop(10, read_lag_s=5)
    push(market, 10, quantity=4)

    numbers = [market.read_quantities([POOL], now=at(seconds))[0].quantity for seconds in (14, 15)]
    market.faults.order(FaultSpec(kind="stale_read", seconds=60, count=1))
    (stale,) = market.read_quantities([POOL], now=at(20))

    assert numbers == [10, 4]
    assert stale.quantity == 10


def test_an_unknown_pool_is_refused_alone_and_read_as_absent() -> None:
    market = shop()
    items = [QuantityItem(pool_id="P-NOWHERE", quantity=1), QuantityItem(pool_id=POOL, quantity=1)]

    unknown, known = market.push_quantities(items, now=at(1))
    reading, _ = market.read_quantities(["P-NOWHERE", POOL], now=at(2))

    assert (unknown.status, unknown.code, known.status) == ("refused", "unknown_pool", "applied")
    assert reading.as_json() == {"pool_id": "P-NOWHERE", "code": "unknown_pool"}


@pytest.mark.parametrize("applied", [True, False])
def test_an_item_can_be_missing_from_the_answer_with_and_without_effect(applied: bool) -> None:
    market = shop(10)
    market.faults.order(FaultSpec(kind="item_missing", count=1, applied=applied))

    results = market.push_quantities([QuantityItem(pool_id=POOL, quantity=3)], now=at(1))

    assert results == ()
    assert market.sellable(POOL) == (3 if applied else 10)


def test_an_item_can_be_refused_with_any_code() -> None:
    market = shop(10)
    market.faults.order(FaultSpec(kind="item_refused", pool_id=POOL, code="campaign_locked"))

    result = push(market, 1, quantity=3)

    assert (result.status, result.code, result.current) == ("refused", "campaign_locked", 10)


@pytest.mark.parametrize(
    ("items", "code"),
    [
        ([], "empty_batch"),
        ([QuantityItem(pool_id=POOL, delta=1)], "wrong_quantity_mode"),
        ([QuantityItem(pool_id=POOL)], "wrong_quantity_mode"),
        ([QuantityItem(pool_id=POOL, quantity=1, expected=1)], "wrong_quantity_mode"),
        ([QuantityItem(pool_id=POOL, quantity=-1)], "invalid_quantity"),
        ([QuantityItem(pool_id=POOL, quantity=2**31)], "invalid_quantity"),
        ([QuantityItem(pool_id=POOL, quantity=1)] * 2, "duplicate_pool"),
        ([QuantityItem(pool_id=f"P{n}", quantity=1) for n in range(101)], "batch_too_large"),
    ],
)
def test_a_senseless_batch_is_refused_whole_and_changes_nothing(items: list[QuantityItem], code: str) -> None:
    market = shop(10)

    with pytest.raises(RefusedError) as refused:
        market.push_quantities(items, now=at(1))

    assert refused.value.code == code
    assert market.sellable(POOL) == 10


def test_a_shop_that_cannot_be_read_says_so() -> None:
    market = shop(readable=False)

    with pytest.raises(RefusedError, match="read"):
        market.read_quantities([POOL], now=START)

    assert market.list_listings(now=START).listings[0].quantity is None


def test_a_profile_names_every_contradiction_at_once() -> None:
    with pytest.raises(ValueError, match=r"name.*apply_lag_s.*floor"):
        ShopProfile(name="control", quantity_mode="delta", apply_lag_s=1, floor=5, ceiling=1)
