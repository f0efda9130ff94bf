"""Does the TikTok connector tell the truth about a shop over real HTTP, signed and strict?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

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
from tests.connectors.tiktok.tiktok_shops import (
    LONG_AGO,
    SKUS,
    WAREHOUSE,
    TikTokShop,
    learn_pools,
    listing_pages,
    open_tiktok,
    totals,
)


def test_it_is_what_it_says_it_is(shop: TikTokShop) -> None:
    assert isinstance(shop.channel, UpdatesListings)
    assert isinstance(shop.channel, HearsWebhooks)
    assert isinstance(shop.channel, CancelsOrders)
    assert shop.channel.capabilities().assumed() == (
        "below_zero",
        "visibility_lag_s",
        "apply_lag_s",
        "read_lag_s",
        "clock_skew_s",
        "poll_s",
    )


def test_a_check_names_the_shop_and_its_warehouses(shop: TikTokShop) -> None:
    found = shop.channel.check()

    assert (found.name, found.currency) == ("toko", "IDR")
    assert found.facts[f"warehouse {WAREHOUSE}"] == "Gudang Utama, SALES_WAREHOUSE, ENABLED"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"app_secret": "another"}, "106001"),
        ({"app_key": "another"}, "app_key"),
        ({"shop_cipher": "cipher-of-another"}, "101000"),
        ({"warehouse_id": "1"}, "warehouse_id 1"),
    ],
)
def test_what_is_configured_wrongly_is_named(sandbox: Sandbox, settings: dict[str, str], words: str) -> None:
    with pytest.raises(ChannelMisconfiguredError, match=words):
        open_tiktok(sandbox, "toko", token=None, tokens=None, **settings).channel.check()


def test_each_sku_is_a_listing_of_its_own_page_by_page(sandbox: Sandbox) -> None:
    shop = open_tiktok(sandbox, "toko")

    found = {one.sku: one for page in listing_pages(shop) for one in page}

    assert set(found) == set(SKUS)
    assert len({one.pool_key.split("/")[0] for one in found.values()}) == 2
    assert {one.pool_key for one in found.values()} == {
        f"{one.listing_id}/{WAREHOUSE}" for one in found.values()
    }
    assert found["BIN-BAMBU"].price == Money(Decimal(79000), "IDR")


def test_a_warehouse_that_holds_nothing_lists_nothing(sandbox: Sandbox) -> None:
    shop = open_tiktok(sandbox, "toko", warehouse_id="7068517275539719999")

    assert [one for page in listing_pages(shop) for one in page] == []


def test_numbers_of_one_product_go_in_one_request(shop: TikTokShop) -> None:
    before = len(shop.control.log())

    outcomes = shop.outcomes(KAOS_M=9, KAOS_L=0, KAOS_XL=1, **{"BIN-BAMBU": 3})

    assert outcomes == [Outcome.APPLIED] * 4
    assert shop.numbers() == {"KAOS/M": 9, "KAOS/L": 0, "KAOS/XL": 1, "BIN-BAMBU": 3}
    # One look at what campaigns hold of them, then a request a product.
    assert [event["kind"] for event in shop.control.log(before)] == ["read"] * 4 + ["set"] * 4


def test_a_sku_that_is_refused_beside_code_0_is_parked_alone(shop: TikTokShop) -> None:
    _, pool = shop.pools["KAOS/L"], shop.control.truth(orders=False)["pools"]
    assert isinstance(pool, list)
    pool_id = next(one["pool_id"] for one in pool if one["skus"] == ["KAOS/L"])
    shop.control.order_faults({"kind": "item_refused", "pool_id": pool_id, "code": "campaign_locked"})

    told = shop.push(KAOS_M=2, KAOS_L=2)

    assert (told["KAOS/M"].outcome, told["KAOS/M"].parks) == (Outcome.UNKNOWN, False)
    assert (told["KAOS/L"].outcome, told["KAOS/L"].parks) == (Outcome.REFUSED, True)
    assert "12052393" in told["KAOS/L"].message


def test_a_sku_with_an_error_that_proves_nothing_leaves_its_product_unknown(shop: TikTokShop) -> None:
    shop.control.order_faults({"kind": "item_missing", "count": 1, "applied": True})

    assert shop.outcomes(KAOS_M=2, KAOS_L=2) == [Outcome.UNKNOWN, Outcome.UNKNOWN]


def test_one_wrong_sku_does_not_keep_the_others_of_its_product_from_being_sent(shop: TikTokShop) -> None:
    product, _, warehouse = shop.pools["KAOS/M"].split("/")
    stranger = QuantityPush(
        push_id="stranger",
        pool_key=f"{product}/1729799999999999999/{warehouse}",
        kind=QuantityMode.SET,
        value=1,
    )

    told = shop.channel.push_quantities([shop.entry("KAOS/M", 4), stranger, shop.entry("KAOS/L", 4)])

    assert {one.push_id: (one.outcome, one.parks) for one in told} == {
        "KAOS/M": (Outcome.APPLIED, False),
        "stranger": (Outcome.REFUSED, True),
        "KAOS/L": (Outcome.APPLIED, False),
    }


def test_what_is_not_on_sale_is_parked(shop: TikTokShop) -> None:
    listing = {one.sku: one for page in listing_pages(shop) for one in page}["BIN-BAMBU"]
    gone = QuantityPush(
        push_id="gone", pool_key=listing.pool_key.replace("1729592969712", "1729592969799", 1),
        kind=QuantityMode.SET, value=1,
    )  # fmt: skip

    (told,) = shop.channel.push_quantities([gone])

    assert (told.outcome, told.parks) == (Outcome.REFUSED, True)
    assert "12052032" in told.message


@pytest.mark.parametrize(
    "push",
    [
        QuantityPush(push_id="1", pool_key="no such key", kind=QuantityMode.SET, value=1),
        QuantityPush(push_id="1", pool_key=f"1/2/{WAREHOUSE}", kind=QuantityMode.ADJUST, value=1),
        QuantityPush(push_id="1", pool_key=f"1/2/{WAREHOUSE}", kind=QuantityMode.SET, value=100_000),
    ],
)
def test_what_tiktok_cannot_take_is_refused_without_a_call(shop: TikTokShop, push: QuantityPush) -> None:
    shop.control.order_faults({"kind": "server_error"})

    (told,) = shop.channel.push_quantities([push])

    assert (told.outcome, told.message[:9]) == (Outcome.REFUSED, "not sent:")


def test_numbers_are_read_back_and_an_unknown_sku_has_none(shop: TikTokShop) -> None:
    shop.control.edit_quantity(sku="KAOS/M", quantity=6)
    product, _, warehouse = shop.pools["KAOS/M"].split("/")
    stranger = f"{product}/1729799999999999999/{warehouse}"
    elsewhere = f"{shop.pools['KAOS/M'].rpartition('/')[0]}/99"

    told = shop.channel.read_quantities([shop.pools["KAOS/M"], stranger, shop.pools["KAOS/L"]])
    moved = shop.channel.read_quantities([elsewhere])

    assert {one.pool_key: one.quantity for one in told} == {
        shop.pools["KAOS/M"]: 6,
        stranger: None,
        shop.pools["KAOS/L"]: 5,
    }
    assert [one.quantity for one in moved] == [None]


def test_an_orders_life_comes_out_as_levels(shop: TikTokShop) -> None:
    ours, theirs = shop.buy("KAOS/M", 4)
    placed = shop.orders()[theirs]
    shop.control.set_status(ours, "paid")
    shop.control.cancel(ours, quantity=1, line_id=f"{ours}-1")
    paid = shop.orders()[theirs]
    shop.control.ship(ours)
    shop.control.take_return(ours, quantity=1)
    shipped, returned = shop.orders()[theirs], shop.orders("returns")[theirs]

    assert (placed.raw_status, paid.raw_status) == ("UNPAID", "AWAITING_SHIPMENT")
    listing = shop.pools["KAOS/M"].rpartition("/")[0]
    told = [totals(one) for one in (placed, paid, shipped, returned)]
    assert told == [
        {listing: levels} for levels in ((4, 0, 0, None), (4, 1, 0, None), (4, 1, 3, None), (4, 1, 3, 1))
    ]
    assert {line.line_id for line in placed.lines} == {line.line_id for line in returned.lines}


def test_the_cancellations_tell_whole_orders(sandbox: Sandbox) -> None:
    shop = learn_pools(open_tiktok(sandbox, "split"))
    shop.control.edit_quantity(sku="KAOS/M", quantity=5)
    basket = shop.control.buy_basket([{"sku": "KAOS/M", "quantity": 2}, {"sku": "BIN-BAMBU"}])
    ours = str(basket["order_id"])
    shop.control.cancel(ours, line_id=f"{ours}-1")
    theirs = str(576_000_000_000_000_000 + int(ours.rpartition("-")[2]))

    first, second = shop.orders()[theirs], shop.orders("cancellations")[theirs]

    assert [told[:2] for told in totals(first).values()] == [(2, 0), (1, 0)]
    assert [told[:2] for told in totals(second).values()] == [(2, 2), (1, 0)]
    assert second.lines[0].restocked is Known.UNKNOWN
    assert second.status is OrderStatus.LIVE


def test_a_walk_of_many_pages_meets_every_order(sandbox: Sandbox) -> None:
    shop = open_tiktok(sandbox, "toko", page_size=10)
    shop.control.edit_quantity(sku="KAOS/XL", quantity=40)
    bought = {shop.buy("KAOS/XL")[1] for _ in range(35)}
    shop.control.order_faults(
        {"kind": "reorder_rows", "count": 2, "operation": "orders"},
        {"kind": "duplicate_rows", "count": 2, "operation": "orders"},
    )

    found = shop.orders()

    assert bought <= set(found)


def test_every_change_is_listed_from_its_second_on(shop: TikTokShop) -> None:
    _, theirs = shop.buy("KAOS/M")
    at = shop.orders()[theirs].updated_at

    page = shop.channel.list_orders("orders", since=at + timedelta(milliseconds=900), cursor=None)
    after = shop.channel.list_orders("orders", since=at + timedelta(hours=1), cursor=None)

    assert theirs in {order.external_id for order in page.orders}
    assert after.orders == ()
    assert page.channel_time is not None
    assert abs(page.channel_time - datetime.now(UTC)) < timedelta(seconds=30)
    assert at > LONG_AGO


@pytest.mark.parametrize("reason", ["sold at the stall", "seller_cancel_reason_wrong_price"])
def test_an_order_is_cancelled_by_its_seller_once(shop: TikTokShop, reason: str) -> None:
    _, theirs = shop.buy("KAOS/M", 2)

    for _ in range(2):
        shop.channel.cancel_order(theirs, reason=reason)

    order = shop.orders()[theirs]
    assert order.status is OrderStatus.CANCELLED
    assert [line.cancelled for line in order.lines] == [1, 1]


def test_an_order_of_another_shop_is_not_cancelled(shop: TikTokShop) -> None:
    with pytest.raises(RequestRefusedError, match="21008111"):
        shop.channel.cancel_order("576000000000999999", reason="no")


def test_an_existing_product_is_found_by_its_seller_sku(shop: TikTokShop) -> None:
    found = shop.channel.publish(draft("KAOS/L"))

    assert (found.pool_key, found.created) == (shop.pools["KAOS/L"], False)


def test_a_product_is_not_created_and_the_words_say_what_to_do(shop: TikTokShop) -> None:
    with pytest.raises(ListingRejectedError, match="Seller Center") as raised:
        shop.channel.publish(draft("TOPENG"))

    assert raised.value.sku == "TOPENG"


def test_a_price_is_changed_and_read_back(shop: TikTokShop) -> None:
    changed = shop.channel.update_listing(update(shop, price=Money(Decimal(75000), "IDR")))

    assert (changed.sku, changed.price) == ("KAOS/M", Money(Decimal(75000), "IDR"))


@pytest.mark.parametrize(
    "changes", [{"title": "Kaos"}, {"active": False}, {"images": ()}, {"price": Money(Decimal(5), "USD")}]
)
def test_what_cannot_be_changed_is_refused_in_words(shop: TikTokShop, changes: dict[str, object]) -> None:
    with pytest.raises(ListingRejectedError):
        shop.channel.update_listing(update(shop, **changes))


def draft(sku: str) -> ListingDraft:
    return ListingDraft(sku=sku, title=sku, price=None, idempotency_key=sku)


def update(shop: TikTokShop, **changes: object) -> ListingUpdate:
    listing = shop.pools["KAOS/M"].rpartition("/")[0]
    return ListingUpdate(listing_id=listing, sku="KAOS/M", **changes)  # type: ignore[arg-type]  # each its own
