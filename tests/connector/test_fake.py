"""Is the fake as honest as it says, so that a test which fails with it has found something?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncworker.connector import (
    BelowZero,
    Capabilities,
    Channel,
    ChannelOrder,
    Known,
    ListingDraft,
    OrderPage,
    OrderStatus,
    Outcome,
    OutcomeUnknownError,
    PushResult,
    QuantityKind,
    QuantityMode,
    QuantityPush,
    RetryLaterError,
)
from syncworker.connector.fake import FakeChannel

START = datetime(2026, 11, 24, 5, tzinfo=UTC)


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> datetime:
        return self.time

    def forward(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


def opened(quantity: int = 5, **facts: object) -> tuple[FakeChannel, Clock]:
    clock = Clock()
    channel = FakeChannel(now=clock, capabilities=Capabilities(**facts), page_size=2)  # type: ignore[arg-type]  # a test's own facts
    channel.add("BIN", quantity)
    return channel, clock


def push(channel: FakeChannel, kind: QuantityMode, value: int, expected: int | None = None) -> PushResult:
    (result,) = channel.push_quantities(
        [QuantityPush(push_id="1", pool_key="BIN", kind=kind, value=value, expected=expected)]
    )
    return result


def listed(channel: FakeChannel) -> list[ChannelOrder]:
    found: list[ChannelOrder] = []
    cursor: str | None = None
    while True:
        page = channel.list_orders("orders", since=START, cursor=cursor)
        found += page.orders
        cursor = page.next_cursor
        if cursor is None:
            return found


def test_it_is_a_channel() -> None:
    assert isinstance(opened()[0], Channel)


def test_buyers_take_from_the_number_until_it_is_gone() -> None:
    channel, _ = opened(3)

    assert channel.buy("BIN", 2) is not None
    assert channel.buy("BIN", 2) is None
    assert channel.sellable("BIN") == 1


def test_two_listings_may_sell_from_one_number() -> None:
    channel, _ = opened(1)
    channel.add("BIN-RED", 99, pool_key="BIN")

    assert channel.buy("BIN-RED") is not None
    assert channel.buy("BIN") is None


def test_an_order_is_listed_once_its_lag_has_passed() -> None:
    channel, clock = opened(visibility_lag_s=10.0)
    channel.buy("BIN")

    early = listed(channel)
    clock.forward(10)

    assert (early, len(listed(channel))) == ([], 1)


def test_an_orders_life_is_told_as_levels() -> None:
    channel, clock = opened(5)
    order_id = channel.buy("BIN", 4) or ""
    clock.forward(1)
    channel.cancel(order_id, 1)
    clock.forward(1)
    channel.ship(order_id)
    clock.forward(1)
    channel.give_back(order_id, 2)

    (order,) = listed(channel)
    line = order.lines[0]

    assert (line.ordered, line.cancelled, line.shipped, line.returned) == (4, 1, 3, 2)
    assert (line.restocked, line.returned_restocked, order.status) == (
        Known.YES,
        Known.NO,
        OrderStatus.SHIPPED,
    )
    assert channel.sellable("BIN") == 2


@given(
    st.lists(st.sampled_from(["buy", "cancel", "ship", "keep"]), max_size=12), st.sampled_from(QuantityKind)
)
def test_what_sells_is_what_was_given_less_what_is_promised(acts: list[str], kind: QuantityKind) -> None:
    channel, _ = opened(6, kind=kind)
    live: list[str] = []
    promised = lost = 0
    for act in acts:
        if act == "buy" and (order_id := channel.buy("BIN")):
            live.append(order_id)
            promised += 1
        elif act == "ship" and live:
            channel.ship(live.pop())
        elif act in {"cancel", "keep"} and live:
            channel.cancel(live.pop(), restock=act == "cancel")
            promised -= 1
            lost += act == "keep"

    assert channel.sellable("BIN") == 6 - promised - lost


@given(st.integers(0, 9))
def test_paging_shows_each_order_once_however_many_there_are(count: int) -> None:
    channel, clock = opened(count)
    for _ in range(count):
        channel.buy("BIN")
        clock.forward(0.5)

    assert len({order.external_id for order in listed(channel)}) == count == len(listed(channel))


def test_each_kind_of_push_does_what_it_says() -> None:
    channel, _ = opened(5, below_zero=BelowZero.REFUSES)

    assert push(channel, QuantityMode.SET, 7).echo == 7
    assert push(channel, QuantityMode.ADJUST, -3).echo == 4
    assert push(channel, QuantityMode.ADJUST, -9).outcome is Outcome.REFUSED
    assert push(channel, QuantityMode.COMPARE_AND_SET, 6, expected=4).echo == 6
    assert push(channel, QuantityMode.COMPARE_AND_SET, 9, expected=4).current == 6
    assert channel.pools["BIN"].quantity == 6


@pytest.mark.parametrize(("habit", "left"), [(BelowZero.CLAMPS, 0), (BelowZero.NEGATIVE, -2), (None, 0)])
def test_below_zero_it_does_as_declared_or_the_worst(habit: BelowZero | None, left: int) -> None:
    channel, _ = opened(3, below_zero=habit)

    assert push(channel, QuantityMode.ADJUST, -5).echo == left


def test_an_unknown_pool_is_refused_and_read_as_absent() -> None:
    channel, _ = opened()
    lost = QuantityPush(push_id="1", pool_key="NOWHERE", kind=QuantityMode.SET, value=1)

    assert channel.push_quantities([lost])[0].parks
    assert channel.read_quantities(["NOWHERE"])[0].quantity is None


@pytest.mark.parametrize(
    ("error", "after", "left"),
    [(RetryLaterError("busy"), False, 5), (OutcomeUnknownError("lost"), True, 8)],
)
def test_a_call_fails_before_or_after_its_effect_as_scripted(
    error: Exception, after: bool, left: int
) -> None:
    channel, _ = opened(5)
    channel.fail_at("push_quantities", 1, error, after_effect=after)

    with pytest.raises(type(error)):
        push(channel, QuantityMode.SET, 8)

    assert channel.pools["BIN"].quantity == left
    assert push(channel, QuantityMode.SET, 2).echo == 2


def test_scripted_answers_come_in_turn_and_then_honest_ones() -> None:
    channel, _ = opened()
    channel.buy("BIN")
    channel.answer_next("list_orders", OrderPage(orders=()), OrderPage(orders=()))

    assert [len(channel.list_orders("orders", since=START, cursor=None).orders) for _ in range(3)] == [
        0,
        0,
        1,
    ]


def test_every_call_is_recorded() -> None:
    channel, _ = opened()
    channel.check()
    channel.read_quantities(["BIN"])

    assert [(call.method, call.arguments) for call in channel.calls] == [
        ("check", ()),
        ("read_quantities", ("BIN",)),
    ]
    assert channel.count("check") == 1


def test_a_product_is_listed_once_and_with_nothing() -> None:
    channel, _ = opened()
    draft = ListingDraft(sku="TOPENG", title="Topeng", price=None, idempotency_key="1")

    assert channel.publish(draft).quantity == 0
    assert channel.publish(draft) == channel.publish(draft)
    assert len(channel.listings) == 2
