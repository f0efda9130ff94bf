"""Does the marketplace connector tell the truth about a real shop over real HTTP?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from syncworker.connector import (
    ChannelMisconfiguredError,
    Known,
    ListingDraft,
    ListingRejectedError,
    Money,
    OrderStatus,
    Outcome,
    OutcomeUnknownError,
    QuantityMode,
    QuantityPush,
)
from syncworker.sandbox.process import Sandbox
from tests.connectors.shops import PROFILES, SKUS, Shop, listing_pages, only_line, open_shop


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
    pages = list(listing_pages(shop.channel))

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
