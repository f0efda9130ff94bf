"""Does the Shopify connector tell the truth about a shop over real HTTP?"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from syncworker.connector import (
    CancelsOrders,
    ChannelMisconfiguredError,
    HearsWebhooks,
    Known,
    ListingDraft,
    ListingRejectedError,
    ListingUpdate,
    Money,
    OrderStatus,
    Outcome,
    QuantityMode,
    QuantityPush,
    RequestRefusedError,
    UpdatesListings,
)
from syncworker.sandbox.process import Sandbox
from syncworker_shopify.products import handle_of
from tests.connectors.shopify.shopify_shops import (
    LOCATION,
    LONG_AGO,
    SKUS,
    ShopifyShop,
    learn_pools,
    listing_pages,
    open_shopify,
)


def test_it_is_what_it_says_it_is(shop: ShopifyShop) -> None:
    assert isinstance(shop.channel, UpdatesListings)
    assert isinstance(shop.channel, HearsWebhooks)
    assert isinstance(shop.channel, CancelsOrders)
    assert shop.channel.capabilities().mode is QuantityMode.COMPARE_AND_SET


def test_a_check_names_the_shop_and_its_locations(shop: ShopifyShop) -> None:
    found = shop.channel.check()

    assert (found.name, found.currency) == ("plus-toko", "IDR")
    assert found.facts[f"location {LOCATION}"] == "Workshop"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"token": "wr0ng-token"}, "answered 401"),
        ({"location_id": "999"}, "none of the shop's active locations"),
        ({"api_version": "2025-10"}, "serves version 2026-01 instead of 2025-10"),
        ({"api_version": "2030-01"}, "answered 404"),
    ],
)
def test_a_check_names_what_is_configured_wrongly(
    sandbox: Sandbox, settings: dict[str, Any], words: str
) -> None:
    with pytest.raises(ChannelMisconfiguredError, match=words) as raised:
        open_shopify(sandbox, "plus-toko", **settings).channel.check()

    assert "wr0ng" not in str(raised.value)


# ---------------------------------------------------------------- listings


@pytest.mark.parametrize(
    "more", [{}, {"listings_page": 2}, {"bulk_listings": True}, {"location_id": LOCATION}]
)
def test_every_variant_is_told_once_with_its_number(
    sandbox: Sandbox, shop: ShopifyShop, more: dict[str, Any]
) -> None:
    opened = open_shopify(sandbox, "plus-toko", **more)

    found = [one for page in listing_pages(opened) for one in page if one.sku in SKUS]

    assert [one.sku for one in found] == list(SKUS)
    assert {one.quantity for one in found} == {5}
    assert found[0].price == Money(Decimal(79000), "IDR")
    assert found[0].title == "KAOS/M - M"
    assert {one.pool_key.partition("/")[2] for one in found} == {LOCATION}


def test_a_product_is_made_with_nothing_to_sell_and_found_again(shop: ShopifyShop) -> None:
    draft = ListingDraft(
        sku="TAS/1 & co",
        title="Tas",
        price=Money(Decimal("12.50"), "IDR"),
        idempotency_key="k1",
        description="Pandan <anyaman>\nPurbalingga",
        images=("https://shop.example/tas.jpg",),
    )

    first = shop.channel.publish(draft)
    again = shop.channel.publish(draft)

    assert (first.created, first.quantity, first.price) == (True, 0, draft.price)
    assert (again.created, again.listing_id, again.pool_key) == (False, first.listing_id, first.pool_key)
    assert shop.numbers()[draft.sku] == 0


def test_a_price_in_another_currency_is_rejected_before_anything_is_made(shop: ShopifyShop) -> None:
    draft = ListingDraft(sku="TAS-2", title="t", price=Money(Decimal(1), "EUR"), idempotency_key="k")

    with pytest.raises(ListingRejectedError, match="in IDR"):
        shop.channel.publish(draft)

    assert "TAS-2" not in shop.numbers()


def test_the_price_of_a_variant_changes_and_nothing_else(shop: ShopifyShop) -> None:
    (variant,) = [one for page in listing_pages(shop) for one in page if one.sku == "KAOS/L"]

    after = shop.channel.update_listing(
        ListingUpdate(listing_id=variant.listing_id, sku="KAOS/L", price=Money(Decimal("81000.50"), "IDR"))
    )

    assert after.price == Money(Decimal("81000.50"), "IDR")
    assert (after.title, after.quantity) == (variant.title, 5)


def test_a_product_with_one_variant_is_renamed_and_hidden(shop: ShopifyShop) -> None:
    (bin_,) = [one for page in listing_pages(shop) for one in page if one.sku == "BIN-BAMBU"]

    def update(**more: object) -> ListingUpdate:
        return ListingUpdate(listing_id=bin_.listing_id, sku="BIN-BAMBU", **more)  # type: ignore[arg-type]

    hidden = shop.channel.update_listing(update(title="Tempat sampah", description="x", active=False))
    shown = shop.channel.update_listing(update(title="BIN-BAMBU", active=True))

    assert (hidden.title, hidden.active) == ("Tempat sampah", False)
    assert (shown.title, shown.active) == ("BIN-BAMBU", True)


def test_what_belongs_to_several_variants_is_left_to_the_shops_own_pages(shop: ShopifyShop) -> None:
    (variant,) = [one for page in listing_pages(shop) for one in page if one.sku == "KAOS/L"]
    for more, words in (
        ({"title": "x"}, "several variants"),
        ({"images": ("https://x.example",)}, "pictures"),
    ):
        with pytest.raises(ListingRejectedError, match=words):
            shop.channel.update_listing(ListingUpdate(listing_id=variant.listing_id, sku="KAOS/L", **more))
    with pytest.raises(ListingRejectedError, match="not listed"):
        shop.channel.update_listing(ListingUpdate(listing_id="4711", sku="X", title="x"))


def test_handles_are_the_same_for_the_same_sku_and_differ_for_others() -> None:
    assert handle_of("TAS/1 & co") == handle_of("TAS/1 & co")
    assert handle_of("TAS 1") != handle_of("TAS-1")
    assert handle_of("竹").isascii()


# ---------------------------------------------------------------- numbers


def test_each_number_is_compared_and_set_in_one_request(shop: ShopifyShop) -> None:
    before = len(shop.control.log())

    told = shop.push(KAOS_M=9, KAOS_L=0, **{"BIN-BAMBU": 5})

    assert {sku: result.outcome for sku, result in told.items()} == dict.fromkeys(told, Outcome.APPLIED)
    assert (told["KAOS/M"].echo, told["BIN-BAMBU"].echo) == (9, None)
    assert [shop.numbers()[sku] for sku in ("KAOS/M", "KAOS/L", "BIN-BAMBU")] == [9, 0, 5]
    assert len(shop.control.log()) - before == 3


def test_a_number_that_moved_is_refused_alone_and_told(shop: ShopifyShop) -> None:
    shop.buy("KAOS/M", 2)

    told = shop.push(KAOS_M=9, KAOS_L=7)

    stale = told["KAOS/M"]
    assert (stale.outcome, stale.current, stale.parks) == (Outcome.REFUSED, 3, False)
    assert "CHANGE_FROM_QUANTITY_STALE" in stale.message
    assert told["KAOS/L"].outcome is Outcome.APPLIED
    assert [shop.numbers()[sku] for sku in ("KAOS/M", "KAOS/L")] == [3, 7]


def test_a_number_below_zero_is_left_like_zero(shop: ShopifyShop) -> None:
    shop.control.edit_quantity(sku="KAOS/M", quantity=-2)

    results = shop.channel.push_quantities(
        [shop.entry("KAOS/M", 4, expected=0), shop.entry("KAOS/L", 6, expected=0)]
    )

    assert [one.outcome for one in results] == [Outcome.APPLIED, Outcome.REFUSED]
    assert [shop.numbers()[sku] for sku in ("KAOS/M", "KAOS/L")] == [4, 5]


def test_a_number_that_cannot_be_read_after_a_refusal_is_not_told(shop: ShopifyShop) -> None:
    shop.buy("KAOS/M", 2)
    shop.control.order_faults({"kind": "html_ok", "operation": "read"})

    stale = shop.push(KAOS_M=9)["KAOS/M"]

    assert (stale.outcome, stale.current) == (Outcome.REFUSED, None)


def test_a_repeat_with_the_same_key_does_nothing(shop: ShopifyShop) -> None:
    push = shop.entry("KAOS/M", 8, key="once-only")
    (first,) = shop.channel.push_quantities([push])
    shop.control.edit_quantity(sku="KAOS/M", quantity=5)

    (again,) = shop.channel.push_quantities([push])

    assert (first.outcome, again.outcome) == (Outcome.APPLIED, Outcome.APPLIED)
    assert shop.numbers()["KAOS/M"] == 5


def test_a_key_that_came_with_another_number_proves_nothing(shop: ShopifyShop) -> None:
    shop.channel.push_quantities([shop.entry("KAOS/M", 8, key="twice")])

    (again,) = shop.channel.push_quantities([shop.entry("KAOS/M", 9, expected=8, key="twice")])

    assert again.outcome is Outcome.UNKNOWN
    assert "IDEMPOTENCY_KEY_PARAMETER_MISMATCH" in again.message


@pytest.mark.parametrize("version", ["2026-01", "2026-04", "2026-07", "2026-10"])
def test_every_supported_version_takes_numbers(sandbox: Sandbox, shop: ShopifyShop, version: str) -> None:
    opened = learn_pools(open_shopify(sandbox, "plus-toko", api_version=version))

    assert opened.outcomes(KAOS_M=6) == [Outcome.APPLIED]


def test_what_can_never_be_sent_is_refused_beside_the_others(shop: ShopifyShop) -> None:
    strange = QuantityPush(
        push_id="s", pool_key="toko-P1", kind=QuantityMode.COMPARE_AND_SET, value=1, expected=0
    )
    blind = QuantityPush(push_id="b", pool_key=shop.pools["KAOS/L"], kind=QuantityMode.SET, value=0)
    nowhere = QuantityPush(
        push_id="n", pool_key="1/2", kind=QuantityMode.COMPARE_AND_SET, value=1, expected=0
    )

    results = shop.channel.push_quantities([strange, blind, nowhere, shop.entry("KAOS/M", 6)])

    told = {result.push_id.partition("#")[0]: (result.outcome, result.parks) for result in results}
    assert told == {
        "s": (Outcome.REFUSED, True),
        "b": (Outcome.REFUSED, False),
        "n": (Outcome.REFUSED, True),
        "KAOS/M": (Outcome.APPLIED, False),
    }


def test_numbers_are_read_with_what_is_promised_beside_them(shop: ShopifyShop) -> None:
    shop.buy("KAOS/M", 2)

    readings = {
        one.pool_key: (one.quantity, one.reserved)
        for one in shop.channel.read_quantities([shop.pools["KAOS/M"], f"46/{LOCATION}", "nonsense"])
    }

    assert readings[shop.pools["KAOS/M"]][0] == 3
    assert readings[f"46/{LOCATION}"][0] is None
    assert "nonsense" not in readings


# ---------------------------------------------------------------- orders


def test_an_order_takes_its_units_and_tells_nobody(shop: ShopifyShop) -> None:
    _, theirs = shop.buy("KAOS/M", 2)

    order = shop.orders()[theirs]

    (line,) = order.lines
    (listing,) = [one for page in listing_pages(shop) for one in page if one.sku == "KAOS/M"]
    assert (order.status, order.raw_status) == (OrderStatus.LIVE, "PENDING UNFULFILLED")
    assert (line.listing_id, line.sku, line.ordered, line.counts_down) == (
        listing.listing_id,
        "KAOS/M",
        2,
        Known.YES,
    )
    assert line.unit_price == Money(Decimal(79000), "IDR")
    assert "mail.example" not in repr(order)


def test_levels_follow_shipping_returns_and_cancelling(shop: ShopifyShop) -> None:
    sent, sent_shown = shop.buy("KAOS/M", 3)
    shop.control.ship(sent)
    shop.control.take_return(sent, quantity=1, restock="yes")
    dropped, dropped_shown = shop.buy("KAOS/M", 2)
    shop.control.cancel(dropped, restock="no")

    orders = shop.orders()

    (line,), (gone,) = orders[sent_shown].lines, orders[dropped_shown].lines
    assert (line.ordered, line.shipped, line.returned, line.cancelled) == (3, 3, 1, 0)
    assert line.returned_restocked is Known.YES
    assert orders[dropped_shown].status is OrderStatus.CANCELLED
    assert (gone.ordered, gone.cancelled, gone.restocked) == (2, 2, Known.NO)


def test_units_that_an_edit_removed_are_cancelled_and_may_be_on_sale_again(shop: ShopifyShop) -> None:
    ours, theirs = shop.buy("KAOS/M", 3)
    assert shop.orders()[theirs].lines[0].ordered == 3

    shop.control.edit_order(ours, f"{ours}-1", 1)

    (line,) = shop.orders()[theirs].lines
    assert (line.ordered, line.cancelled, line.restocked) == (3, 2, Known.UNKNOWN)


def test_an_order_of_many_lines_is_told_whole(shop: ShopifyShop) -> None:
    for sku in SKUS:
        shop.control.edit_quantity(sku=sku, quantity=50)
    basket = [{"sku": SKUS[n % 4], "quantity": 1} for n in range(23)]
    ours = str(shop.control.buy_basket(basket)["order_id"])

    lines = next(one for one in shop.orders().values() if len(one.lines) > 10).lines

    assert (len(lines), len({line.line_id for line in lines})) == (23, 23)
    assert ours


@pytest.mark.parametrize("name", ["plus-small"])
def test_orders_of_one_second_are_each_told_once(sandbox: Sandbox, shop: ShopifyShop, name: str) -> None:
    shop.control.edit_quantity(sku="KAOS/M", quantity=50)
    bought = {shop.buy("KAOS/M")[1] for _ in range(7)}

    told: list[str] = []
    cursor: str | None = None
    while True:
        page = shop.channel.list_orders("orders", since=LONG_AGO, cursor=cursor)
        told += [order.external_id for order in page.orders]
        cursor = page.next_cursor
        if cursor is None:
            break

    assert bought <= set(told)
    assert len(told) == len(set(told))


def test_orders_of_test_payments_are_left_out_when_that_is_wanted(
    sandbox: Sandbox, shop: ShopifyShop
) -> None:
    shop.control.buy("KAOS/M", 1, "bogus gateway")
    skipping = open_shopify(sandbox, "plus-toko", skip_test_orders=True)

    tests = {key for key, order in shop.orders().items() if order.raw_status.endswith("TEST")}

    assert tests
    assert not tests & set(skipping.orders())


def test_an_order_is_cancelled_once_and_its_units_stay_with_us(shop: ShopifyShop) -> None:
    _, theirs = shop.buy("KAOS/M", 2)

    shop.channel.cancel_order(theirs, reason="broken")
    shop.channel.cancel_order(theirs, reason="broken")

    order = shop.orders()[theirs]
    assert (order.status, order.lines[0].restocked) == (OrderStatus.CANCELLED, Known.NO)
    assert shop.numbers()["KAOS/M"] == 3


def test_an_order_that_was_sent_or_never_was_cannot_be_cancelled(shop: ShopifyShop) -> None:
    ours, theirs = shop.buy("KAOS/M")
    shop.control.ship(ours)

    with pytest.raises(RequestRefusedError, match="Cannot cancel"):
        shop.channel.cancel_order(theirs, reason="x")
    with pytest.raises(RequestRefusedError, match="does not show"):
        shop.channel.cancel_order("4711", reason="x")


def test_the_channels_clock_comes_with_each_page(shop: ShopifyShop) -> None:
    page = shop.channel.list_orders("orders", since=datetime.now(UTC), cursor=None)

    assert page.channel_time is not None
    assert abs((page.channel_time - datetime.now(UTC)).total_seconds()) < 5
