"""Does the marketplace connector tell the truth about a real shop over real HTTP, also while the shop misbehaves?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from syncworker.connector import (
    Channel,
    ChannelLine,
    ChannelMisconfiguredError,
    ChannelOrder,
    Known,
    ListingDraft,
    ListingRejectedError,
    MalformedAnswerError,
    Money,
    OrderStatus,
    Outcome,
    OutcomeUnknownError,
    PushResult,
    QuantityMode,
    QuantityPush,
    RemoteListing,
    RetryLaterError,
)
from syncworker.connector.registry import load, validate
from syncworker.sandbox.pools import ListingSeed
from syncworker.sandbox.process import Sandbox, start_sandbox
from syncworker.sandbox.profile import ShopProfile
from syncworker.sandbox.remote import ShopControl
from syncworker.sandbox.setup import ShopSetup

SKUS = ("BIN-BAMBU", "PENGKI-BAMBU", "SAPU-GLAGAH")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
HORIZON_S = 1.0

PROFILES = (
    ShopProfile(name="setting", quantity_mode="set", page_size=2, request_horizon_s=HORIZON_S),
    ShopProfile(name="comparing", quantity_mode="compare_and_set", request_horizon_s=HORIZON_S),
    ShopProfile(name="adjusting", quantity_mode="delta", request_horizon_s=HORIZON_S),
    ShopProfile(name="splitting", feeds="split", restocks_on_cancel="unknown"),
    ShopProfile(name="hiding", readable=False, apply_lag_s=0.05, floor=1),
    ShopProfile(name="counting", quantity_kind="on_hand"),
)


@dataclass(frozen=True)
class Shop:
    """One shop from both sides: ours, and the one that buyers and misfortune come from."""

    channel: Channel
    control: ShopControl
    pools: dict[str, str]

    def put(self, sku: str, quantity: int) -> None:
        self.control.edit_quantity(sku=sku, quantity=quantity)

    def number(self, sku: str) -> object:
        pools = self.control.truth(orders=False)["pools"]
        assert isinstance(pools, list)
        return next(pool["quantity"] for pool in pools if pool["pool_id"] == self.pools[sku])

    def push(
        self, sku: str, kind: QuantityMode, value: int, expected: int | None = None, key: str = ""
    ) -> PushResult:
        (result,) = self.channel.push_quantities([self.entry(sku, kind, value, expected, key)])
        return result

    def entry(
        self, sku: str, kind: QuantityMode, value: int, expected: int | None = None, key: str = ""
    ) -> QuantityPush:
        return QuantityPush(
            push_id=sku,
            pool_key=self.pools[sku],
            kind=kind,
            value=value,
            expected=expected,
            idempotency_key=key,
        )

    def orders(self, feed: str = "orders") -> dict[str, ChannelOrder]:
        found: dict[str, ChannelOrder] = {}
        cursor: str | None = None
        while True:
            page = self.channel.list_orders(feed, since=LONG_AGO, cursor=cursor)
            found |= {order.external_id: order for order in page.orders}
            cursor = page.next_cursor
            if cursor is None:
                return found

    def buy(self, sku: str, units: int) -> str:
        order_id = self.control.buy(sku, units)["order_id"]
        assert isinstance(order_id, str)
        return order_id


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    seeds = tuple(ListingSeed(sku=sku, title=sku, price="85000", quantity=5) for sku in SKUS)
    with start_sandbox(
        [ShopSetup(profile=profile, token="3f9a-token", listings=seeds) for profile in PROFILES]
    ) as running:
        yield running


@pytest.fixture
def name() -> str:
    return "setting"


@pytest.fixture
def shop(sandbox: Sandbox, name: str) -> Iterator[Shop]:
    """The shop of that name, healthy at the beginning and at the end."""
    opened = open_shop(sandbox, name)
    opened.control.clear_faults()
    yield opened
    opened.control.clear_faults()


def open_shop(sandbox: Sandbox, name: str, **settings: object) -> Shop:
    profile = next(profile for profile in PROFILES if profile.name == name)
    address = sandbox.shops[name]
    raw = {
        "base_url": address.base_url,
        "token": address.token,
        "allow_private_network": True,
        "quantity_mode": profile.quantity_mode,
        "quantity_kind": profile.quantity_kind,
        "feeds": profile.feeds,
        "horizon_s": profile.request_horizon_s,
        "readable": profile.readable,
    }
    connector = load("marketplace")
    channel = connector.open(name, validate(connector, raw | settings))
    listings = [one for page in _listing_pages(channel) for one in page]
    return Shop(channel, address.control, {one.sku or "": one.pool_key for one in listings})


def _listing_pages(channel: Channel) -> Iterator[tuple[RemoteListing, ...]]:
    cursor: str | None = None
    while True:
        page = channel.list_listings(cursor=cursor)
        yield page.listings
        cursor = page.next_cursor
        if cursor is None:
            return


def only_line(order: ChannelOrder) -> ChannelLine:
    (line,) = order.lines
    return line


# ---------------------------------------------------------------- what works


@pytest.mark.parametrize("name", [profile.name for profile in PROFILES])
def test_a_check_proves_address_and_token(shop: Shop, name: str) -> None:
    found = shop.channel.check()

    assert (found.name, found.currency) == (name, "IDR")
    assert not [fact for fact in found.facts.values() if "configured" in fact]


def test_a_wrong_token_is_a_wrong_configuration(sandbox: Sandbox) -> None:
    with pytest.raises(ChannelMisconfiguredError) as raised:
        open_shop(sandbox, "setting", token="3f9a-wrong")

    assert "3f9a" not in str(raised.value)


def test_a_wrong_address_is_a_wrong_configuration(sandbox: Sandbox) -> None:
    with pytest.raises(ChannelMisconfiguredError, match="404"):
        open_shop(sandbox, "setting", base_url=f"{sandbox.base_url}/nowhere/v1")


@pytest.mark.parametrize("name", ["setting", "adjusting"])
def test_every_listing_is_found_once_page_by_page(shop: Shop, name: str) -> None:
    pages = list(_listing_pages(shop.channel))

    assert len(pages) == (2 if name == "setting" else 1)
    assert set(SKUS) <= set(shop.pools)


def test_a_set_number_stands_there(shop: Shop) -> None:
    result = shop.push("BIN-BAMBU", QuantityMode.SET, 9)

    assert (result.outcome, result.echo, shop.number("BIN-BAMBU")) == (Outcome.APPLIED, 9, 9)


@pytest.mark.parametrize("name", ["comparing"])
def test_a_number_that_moved_is_not_overwritten_and_is_told(shop: Shop, name: str) -> None:
    shop.put("BIN-BAMBU", 7)

    stale = shop.push("BIN-BAMBU", QuantityMode.COMPARE_AND_SET, 9, expected=5)
    fresh = shop.push("BIN-BAMBU", QuantityMode.COMPARE_AND_SET, 9, expected=7)

    assert (stale.outcome, stale.current, stale.parks) == (Outcome.REFUSED, 7, False)
    assert (fresh.outcome, fresh.echo) == (Outcome.APPLIED, 9)


@pytest.mark.parametrize("name", ["adjusting"])
def test_a_difference_moves_the_number_and_is_refused_below_zero(shop: Shop, name: str) -> None:
    shop.put("BIN-BAMBU", 3)

    more = shop.push("BIN-BAMBU", QuantityMode.ADJUST, 2)
    too_much = shop.push("BIN-BAMBU", QuantityMode.ADJUST, -6)

    assert (more.outcome, more.echo) == (Outcome.APPLIED, 5)
    assert (too_much.outcome, shop.number("BIN-BAMBU")) == (Outcome.REFUSED, 5)


@pytest.mark.parametrize("name", ["hiding"])
def test_an_accepted_number_has_no_echo_and_a_hidden_one_is_not_read(shop: Shop, name: str) -> None:
    accepted = shop.push("BIN-BAMBU", QuantityMode.SET, 4)
    below = shop.push("BIN-BAMBU", QuantityMode.SET, 0)

    assert (accepted.outcome, accepted.echo) == (Outcome.APPLIED, None)
    assert (below.outcome, below.message[:11]) == (Outcome.REFUSED, "below_floor")
    assert shop.channel.read_quantities(list(shop.pools.values())) == ()


def test_a_kind_of_push_that_the_shop_does_not_take_is_refused_without_a_call(shop: Shop) -> None:
    shop.put("BIN-BAMBU", 5)
    before = len(shop.control.log())

    results = shop.channel.push_quantities(
        [shop.entry("BIN-BAMBU", QuantityMode.ADJUST, 1), shop.entry("SAPU-GLAGAH", QuantityMode.SET, 2)]
    )

    assert [result.outcome for result in results] == [Outcome.REFUSED, Outcome.APPLIED]
    assert [event["kind"] for event in shop.control.log(before)] == ["set"]


def test_a_shop_that_takes_another_kind_than_configured_is_named(sandbox: Sandbox) -> None:
    shop = open_shop(sandbox, "comparing", quantity_mode="set")

    with pytest.raises(ChannelMisconfiguredError, match="quantity_mode"):
        shop.push("BIN-BAMBU", QuantityMode.SET, 5)


def test_numbers_are_read_back_and_an_unknown_pool_has_none(shop: Shop) -> None:
    shop.put("BIN-BAMBU", 6)

    known, unknown = shop.channel.read_quantities([shop.pools["BIN-BAMBU"], "nowhere"])

    assert (known.quantity, unknown.quantity) == (6, None)


@pytest.mark.parametrize("name", ["counting"])
def test_on_hand_numbers_come_with_what_is_reserved(shop: Shop, name: str) -> None:
    shop.put("SAPU-GLAGAH", 6)
    order_id = shop.buy("SAPU-GLAGAH", 2)

    (reading,) = shop.channel.read_quantities([shop.pools["SAPU-GLAGAH"]])
    shop.control.cancel(order_id)

    assert (reading.quantity, reading.reserved) == (6, 2)


def test_a_repeat_with_the_same_key_has_no_second_effect(sandbox: Sandbox) -> None:
    shop = open_shop(sandbox, "adjusting")
    shop.put("PENGKI-BAMBU", 3)

    results = [shop.push("PENGKI-BAMBU", QuantityMode.ADJUST, 2, key="push-1") for _ in range(2)]

    assert [result.echo for result in results] == [5, 5]
    assert shop.number("PENGKI-BAMBU") == 5


def test_a_key_that_another_request_had_proves_nothing(sandbox: Sandbox) -> None:
    shop = open_shop(sandbox, "adjusting")
    shop.push("PENGKI-BAMBU", QuantityMode.ADJUST, 1, key="push-2")

    with pytest.raises(OutcomeUnknownError):
        shop.push("PENGKI-BAMBU", QuantityMode.ADJUST, 2, key="push-2")


def test_a_batch_that_is_too_large_is_refused_as_a_whole(sandbox: Sandbox) -> None:
    shop = open_shop(sandbox, "setting")
    batch = [
        QuantityPush(push_id=str(n), pool_key=f"p{n}", kind=QuantityMode.SET, value=1) for n in range(101)
    ]

    results = shop.channel.push_quantities(batch)

    assert {result.outcome for result in results} == {Outcome.REFUSED}
    assert len(results) == 101


def test_a_product_is_listed_with_nothing_and_only_once(sandbox: Sandbox) -> None:
    shop = open_shop(sandbox, "setting")
    draft = ListingDraft(
        sku="UKIRAN-01", title="Ukiran", price=Money(Decimal(450_000), "IDR"), idempotency_key="listing-1"
    )

    first = shop.channel.publish(draft)
    second = shop.channel.publish(
        ListingDraft(sku="UKIRAN-01", title="Ukiran", price=draft.price, idempotency_key="other")
    )

    assert (first.quantity, first.sku, first.price) == (0, "UKIRAN-01", draft.price)
    assert second.listing_id == first.listing_id


@pytest.mark.parametrize("price", [None, Money(Decimal(5), "USD")])
def test_a_product_that_the_shop_will_not_list_is_parked(shop: Shop, price: Money | None) -> None:
    with pytest.raises(ListingRejectedError) as raised:
        shop.channel.publish(
            ListingDraft(sku="TOPENG", title="Topeng", price=price, idempotency_key="listing-2")
        )

    assert raised.value.sku == "TOPENG"


# ---------------------------------------------------------------- orders as levels


def test_an_orders_life_comes_out_as_levels(shop: Shop) -> None:
    shop.put("PENGKI-BAMBU", 10)
    order_id = shop.buy("PENGKI-BAMBU", 4)
    placed = shop.orders()[order_id]
    shop.control.edit_order(order_id, only_line(placed).line_id, 5)
    shop.control.cancel(order_id, quantity=2)
    edited = shop.orders()[order_id]
    shop.control.ship(order_id)
    shop.control.take_return(order_id, quantity=1)
    returned = shop.orders()[order_id]

    assert (only_line(placed).levels().ordered, only_line(placed).counts_down) == (4, Known.YES)
    assert only_line(placed).listing_id is not None
    assert (only_line(edited).ordered, only_line(edited).cancelled, only_line(edited).restocked) == (
        5,
        2,
        Known.YES,
    )
    assert (only_line(returned).shipped, only_line(returned).returned) == (3, 1)
    assert placed.status is OrderStatus.LIVE
    assert placed.updated_at < edited.updated_at < returned.updated_at


def test_every_change_is_listed_from_its_time_on_and_no_other(shop: Shop) -> None:
    shop.put("PENGKI-BAMBU", 10)
    orders = [shop.buy("PENGKI-BAMBU", 1) for _ in range(5)]
    middle = shop.orders()[orders[2]].updated_at

    page = shop.channel.list_orders("orders", since=middle, cursor=None)
    after = shop.channel.list_orders("orders", since=middle + timedelta(microseconds=1), cursor=None)

    assert [order.external_id for order in page.orders] == orders[2:4]
    assert [order.external_id for order in after.orders] == orders[3:5]
    assert page.channel_time is not None
    assert abs(page.channel_time - datetime.now(UTC)) < timedelta(seconds=30)


@pytest.mark.parametrize("name", ["splitting"])
def test_in_a_split_shop_each_feed_tells_its_own_levels(shop: Shop, name: str) -> None:
    order_id = shop.buy("BIN-BAMBU", 2)
    shop.control.cancel(order_id)

    first, second = shop.orders("orders")[order_id], shop.orders("cancellations")[order_id]

    assert (only_line(first).cancelled, only_line(second).cancelled) == (None, 2)
    assert (first.status, second.status) == (OrderStatus.LIVE, OrderStatus.CANCELLED)
    assert only_line(second).restocked is Known.UNKNOWN


# ---------------------------------------------------------------- what goes wrong


@pytest.mark.parametrize(
    ("fault", "applied"),
    [
        ({"kind": "timeout_after", "seconds": 1.0}, True),
        ({"kind": "timeout_before", "seconds": 1.0}, False),
        ({"kind": "cut_after"}, True),
        ({"kind": "error_after", "status": 502}, True),
        ({"kind": "error_after", "status": 503}, True),
        ({"kind": "server_error", "status": 503}, False),
        ({"kind": "html_ok"}, True),
        ({"kind": "truncated_json"}, True),
        ({"kind": "nan"}, True),
    ],
)
def test_a_push_without_a_clear_answer_is_unknown_whether_it_was_applied_or_not(
    shop: Shop, fault: dict[str, object], applied: bool
) -> None:
    shop.put("SAPU-GLAGAH", 1)
    shop.control.order_faults({"operation": "quantities", "count": 1, **fault})

    with pytest.raises(OutcomeUnknownError):
        shop.push("SAPU-GLAGAH", QuantityMode.SET, 8)

    assert shop.number("SAPU-GLAGAH") == (8 if applied else 1)


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "missing_field", "field": "pool_id"},
        {"kind": "missing_field", "field": "status"},
        {"kind": "missing_field", "field": "quantity"},
        {"kind": "item_missing", "applied": True},
        {"kind": "item_missing", "applied": False},
        {"kind": "item_refused", "code": "overloaded"},
    ],
)
def test_an_item_without_a_clear_result_is_unknown(shop: Shop, fault: dict[str, object]) -> None:
    shop.control.order_faults({"count": 1, **fault})

    assert shop.push("SAPU-GLAGAH", QuantityMode.SET, 8).outcome is Outcome.UNKNOWN


def test_one_bad_item_does_not_sink_its_batch(shop: Shop) -> None:
    shop.control.order_faults(
        {"kind": "item_refused", "code": "campaign_locked", "pool_id": shop.pools["BIN-BAMBU"]}
    )

    bad, good = shop.channel.push_quantities(
        [shop.entry("BIN-BAMBU", QuantityMode.SET, 2), shop.entry("SAPU-GLAGAH", QuantityMode.SET, 3)]
    )

    assert (bad.outcome, bad.parks) == (Outcome.REFUSED, True)
    assert (good.outcome, good.echo) == (Outcome.APPLIED, 3)


@pytest.mark.parametrize(("retry_after", "least_s"), [("none", None), ("seconds", 29), ("date", 29)])
def test_a_push_that_came_too_soon_applied_nothing_and_tells_how_long_to_wait(
    shop: Shop, retry_after: str, least_s: float | None
) -> None:
    shop.put("SAPU-GLAGAH", 1)
    shop.control.order_faults({"kind": "rate_limited", "seconds": 30.0, "retry_after": retry_after})

    with pytest.raises(RetryLaterError) as raised:
        shop.push("SAPU-GLAGAH", QuantityMode.SET, 8)

    asked_s = raised.value.retry_after_s
    assert asked_s is None if least_s is None else asked_s is not None and least_s <= asked_s <= 31
    assert shop.number("SAPU-GLAGAH") == 1


def test_a_token_that_was_taken_back_applied_nothing(shop: Shop) -> None:
    shop.put("SAPU-GLAGAH", 1)
    shop.control.order_faults({"kind": "unauthorized"})

    with pytest.raises(ChannelMisconfiguredError):
        shop.push("SAPU-GLAGAH", QuantityMode.SET, 8)

    assert shop.number("SAPU-GLAGAH") == 1


@pytest.mark.parametrize("kind", ["server_error", "cut_after", "timeout_before", "error_after"])
def test_a_read_that_failed_once_is_had_at_the_second_try(shop: Shop, kind: str) -> None:
    shop.control.order_faults({"kind": kind, "operation": "orders", "count": 1, "seconds": 1.0})

    shop.channel.list_orders("orders", since=LONG_AGO, cursor=None)


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "html_ok"},
        {"kind": "truncated_json"},
        {"kind": "nan"},
        {"kind": "missing_field", "field": "order_id"},
        {"kind": "missing_field", "field": "quantity"},
        {"kind": "missing_field", "field": "updated_at"},
        {"kind": "missing_field", "field": "next_cursor"},
        {"kind": "missing_field", "field": "listing_id"},
    ],
)
def test_a_page_that_cannot_be_read_is_malformed_and_none_of_it_is_used(
    shop: Shop, fault: dict[str, object]
) -> None:
    shop.put("PENGKI-BAMBU", 1)
    shop.buy("PENGKI-BAMBU", 1)
    shop.control.order_faults({"operation": "orders", **fault})

    with pytest.raises(MalformedAnswerError):
        shop.channel.list_orders("orders", since=LONG_AGO, cursor=None)


def test_a_page_that_repeats_itself_is_malformed(shop: Shop) -> None:
    shop.put("PENGKI-BAMBU", 5)
    for _ in range(5):
        shop.buy("PENGKI-BAMBU", 1)
    first = shop.channel.list_orders("orders", since=LONG_AGO, cursor=None)
    shop.control.order_faults({"kind": "repeat_page"})

    with pytest.raises(MalformedAnswerError, match="repeats itself"):
        shop.channel.list_orders("orders", since=LONG_AGO, cursor=first.next_cursor)


def test_repeated_and_reordered_rows_change_no_order(shop: Shop) -> None:
    shop.put("PENGKI-BAMBU", 5)
    for _ in range(5):
        shop.buy("PENGKI-BAMBU", 1)
    calm = shop.orders()
    shop.control.order_faults({"kind": "duplicate_rows"}, {"kind": "reorder_rows"})

    assert shop.orders() == calm


def test_an_unheard_of_status_is_passed_on_as_unknown(shop: Shop) -> None:
    shop.put("PENGKI-BAMBU", 5)
    order_id = shop.buy("PENGKI-BAMBU", 1)
    shop.control.set_status(order_id, "under_enchantment")

    order = shop.orders()[order_id]

    assert (order.status, order.raw_status) == (OrderStatus.UNKNOWN, "under_enchantment")
