"""What the order feeds tell, when, and in which pages."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncworker.sandbox.faults import FaultSpec
from syncworker.sandbox.model import Marketplace
from syncworker.sandbox.orders import Order
from syncworker.sandbox.refusal import RefusedError
from tests.sandbox.shops import SKU, START, at, shop

#: More than any walk here can need: one that goes on has lost its way.
MOST_PAGES = 200


def sell(market: Marketplace, seconds: float, units: int = 1) -> str:
    """Sell and return the order's id."""
    order_id = market.buy(now=at(seconds), sku=SKU, quantity=units).order_id
    assert order_id
    return order_id


def walk(market: Marketplace, now: datetime, limit: int = 50) -> list[Order]:
    """All pages of the first feed."""
    rows: list[Order] = []
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        page = market.list_orders(now=now, cursor=cursor, limit=limit)
        rows += page.orders
        cursor = page.next_cursor
        if cursor is None:
            return rows
    raise AssertionError("the walk does not end")


ACTS = st.lists(
    st.tuples(st.sampled_from(["buy", "pay", "cancel"]), st.integers(0, 2), st.integers(0, 99)), max_size=4
)


def act(market: Marketplace, seconds: float, kind: str, choice: int) -> None:
    """Let something happen to some order, or a new one arrive."""
    alive = [order.order_id for order in market.book.orders.values() if order.status != "cancelled"]
    if kind == "buy" or not alive:
        sell(market, seconds)
    elif kind == "pay":
        market.set_status(alive[choice % len(alive)], "paid", now=at(seconds))
    else:
        market.cancel(alive[choice % len(alive)], now=at(seconds))


@given(
    limit=st.integers(1, 3),
    lag=st.sampled_from([0.0, 0.5, 3.0]),
    before=ACTS,
    meanwhile=st.lists(ACTS, max_size=12),
)
def test_a_keyset_walk_loses_and_doubles_no_version_while_orders_keep_arriving(
    limit: int, lag: float, before: list[tuple[str, int, int]], meanwhile: list[list[tuple[str, int, int]]]
) -> None:
    market = shop(1000, visibility_lag_s=lag)
    now = 0.0
    for kind, seconds, choice in before:
        now += seconds
        act(market, now, kind, choice)
    there_at_the_start = dict(market.book.orders)
    now += lag

    walked: list[Order] = []
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        page = market.list_orders(now=at(now), cursor=cursor, limit=limit)
        walked += page.orders
        cursor = page.next_cursor
        if cursor is None:
            break
        for kind, seconds, choice in meanwhile.pop() if meanwhile else []:
            now += seconds
            act(market, now, kind, choice)

    assert cursor is None
    keys = [order.key for order in walked]
    assert keys == sorted(set(keys))
    newest = {order.order_id: order.updated_at for order in walked}
    for order in there_at_the_start.values():
        assert newest[order.order_id] >= order.updated_at


@given(lag=st.floats(0, 60), late=st.floats(-60, 60))
def test_a_version_is_listed_from_its_time_plus_lag_on_and_not_before(lag: float, late: float) -> None:
    market = shop(visibility_lag_s=lag)
    sell(market, 100.0)
    moment = START + timedelta(seconds=100) + timedelta(seconds=lag) + timedelta(seconds=late)

    listed = market.list_orders(now=max(moment, at(100))).orders

    assert bool(listed) == (max(moment, at(100)) >= at(100) + timedelta(seconds=lag))


def test_until_a_change_is_visible_the_version_before_it_is_listed() -> None:
    market = shop(visibility_lag_s=10)
    order_id = sell(market, 0)
    market.cancel(order_id, now=at(15))

    (before,) = market.list_orders(now=at(24)).orders
    (after,) = market.list_orders(now=at(25)).orders

    assert (before.status, before.lines[0].cancelled) == ("placed", 0)
    assert (after.status, after.lines[0].cancelled) == ("cancelled", 1)


def test_updated_since_is_inclusive_and_rows_come_by_updated_at() -> None:
    market = shop()
    first, second, third = (sell(market, seconds) for seconds in (0, 1, 2))
    market.set_status(first, "paid", now=at(3))

    rows = market.list_orders(now=at(4), updated_since=at(2)).orders

    assert [order.order_id for order in rows] == [third, first]
    assert second not in [order.order_id for order in rows]


def test_two_versions_never_have_the_same_time() -> None:
    market = shop()
    for _ in range(5):
        sell(market, 0)

    stamps = [order.updated_at for order in walk(market, at(1), limit=2)]

    assert len(set(stamps)) == 5
    assert stamps == sorted(stamps)


def test_the_shops_own_clock_stamps_orders_and_answers() -> None:
    market = shop(clock_offset_s=90)
    sell(market, 0)

    page = market.list_orders(now=at(0))

    assert page.as_of == page.orders[0].updated_at == at(90)


def test_a_split_shop_tells_cancellations_in_the_second_feed_alone() -> None:
    market = shop(feeds="split")
    kept, cancelled = sell(market, 0), sell(market, 1)
    market.cancel(cancelled, now=at(2))

    first = market.list_orders("orders", now=at(3)).as_json()["orders"]
    second = market.list_orders("cancellations", now=at(3)).as_json()["orders"]

    changed = market.list_orders("orders", now=at(3), updated_since=at(2)).orders
    assert changed == ()
    assert isinstance(first, list)
    assert isinstance(second, list)
    assert [(row["order_id"], row["status"]) for row in first] == [(kept, "placed"), (cancelled, "placed")]
    assert {row["lines"][0]["cancelled_quantity"] for row in first} == {None}
    assert [(row["order_id"], row["status"]) for row in second] == [(cancelled, "cancelled")]
    assert second[0]["lines"][0]["cancelled_quantity"] == 1


def test_a_shop_with_a_single_feed_has_an_empty_second_one() -> None:
    market = shop()
    market.cancel(sell(market, 0), now=at(1))

    assert market.list_orders("cancellations", now=at(2)).orders == ()
    assert market.list_orders("orders", now=at(2)).orders[0].lines[0].cancelled == 1


def test_a_fault_lists_an_order_later_than_declared() -> None:
    market = shop(visibility_lag_s=1)
    market.faults.order(FaultSpec(kind="listed_late", seconds=10, count=1))
    late, punctual = sell(market, 0), sell(market, 1)

    assert [order.order_id for order in market.list_orders(now=at(5)).orders] == [punctual]
    assert [order.order_id for order in market.list_orders(now=at(11)).orders] == [late, punctual]


def test_an_older_version_that_becomes_visible_late_never_covers_a_newer_one() -> None:
    market = shop()
    market.faults.order(FaultSpec(kind="listed_late", seconds=10, count=1))
    order_id = sell(market, 0)
    market.set_status(order_id, "paid", now=at(1))

    statuses = [[order.status for order in market.list_orders(now=at(t)).orders] for t in (5, 10)]

    assert statuses == [["paid"], ["paid"]]


def test_pages_can_repeat_themselves_double_rows_and_lose_their_order() -> None:
    market = shop(page_size=3)
    for seconds in range(6):
        sell(market, seconds)
    first = market.list_orders(now=at(9))
    for kind in ("repeat_page", "duplicate_rows", "reorder_rows"):
        market.faults.order(FaultSpec(kind=kind, count=1))

    repeated = market.list_orders(now=at(9), cursor=first.next_cursor)
    disturbed = market.list_orders(now=at(9), cursor=first.next_cursor)

    assert repeated.orders == first.orders
    assert repeated.next_cursor == first.next_cursor
    ids = [order.order_id for order in disturbed.orders]
    assert len(ids) == 4
    assert len(set(ids)) == 3
    assert ids != sorted(ids)


def test_an_unheard_of_status_can_be_ordered() -> None:
    market = shop()
    sell(market, 0)
    market.faults.order(FaultSpec(kind="unknown_status", code="on_the_moon", count=1))

    statuses = [market.list_orders(now=at(1)).orders[0].status for _ in range(2)]

    assert statuses == ["on_the_moon", "placed"]


@pytest.mark.parametrize("cursor", ["", "nonsense", "!!!", "MjAyNi0wMS0wMVQwMDowMDowMHxY", "ä"])
def test_a_cursor_the_shop_never_gave_is_refused(cursor: str) -> None:
    with pytest.raises(RefusedError) as refused:
        shop().list_orders(now=START, cursor=cursor)

    assert (refused.value.status, refused.value.code) == (400, "bad_cursor")
