"""Does the Shopee connector tell the truth about a shop over real HTTP, signed and strict?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from syncworker.connector import (
    CancelsOrders,
    ChannelMisconfiguredError,
    HearsWebhooks,
    ListingDraft,
    ListingRejectedError,
    ListingUpdate,
    Money,
    NeedsConsent,
    OrderStatus,
    Outcome,
    QuantityMode,
    QuantityPush,
    RequestRefusedError,
    UpdatesListings,
)
from syncworker.connector.registry import load
from syncworker.sandbox.process import Sandbox
from syncworker_shopee.quantities import WORDS
from syncworker_shopee.refusals import Meaning
from tests.connectors.shopee.shopee_shops import SKUS, ShopeeShop, learn_pools, listing_pages, open_shopee


def test_it_is_what_it_says_it_is(shop: ShopeeShop) -> None:
    assert isinstance(load("shopee"), NeedsConsent)
    for ability in (UpdatesListings, HearsWebhooks, CancelsOrders):
        assert isinstance(shop.channel, ability)
    assert shop.channel.capabilities().assumed() == (
        "below_zero",
        "visibility_lag_s",
        "apply_lag_s",
        "read_lag_s",
        "clock_skew_s",
        "poll_s",
    )


def test_a_check_names_the_shop(shop: ShopeeShop) -> None:
    found = shop.channel.check()

    assert (found.name, found.currency) == ("toko", "IDR")
    assert (found.facts["status"], found.facts["consent ends"]) == ("NORMAL", "2030-03-17")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"partner_key": "another"}, "error_sign"),
        ({"partner_id": 5}, "Invalid partner_id"),
        ({"shop_id": 5}, "Invalid partner_id or shopid"),
    ],
)
def test_what_is_configured_wrongly_is_named(
    sandbox: Sandbox, settings: dict[str, object], words: str
) -> None:
    with pytest.raises(ChannelMisconfiguredError, match=words):
        open_shopee(sandbox, "toko", token=None, tokens=None, **settings).channel.check()


def test_each_model_is_a_listing_of_its_own_page_by_page(sandbox: Sandbox) -> None:
    shop = open_shopee(sandbox, "toko", items_page_size=1)

    pages = list(listing_pages(shop))

    found = {one.sku: one for page in pages for one in page}
    assert (set(found), len(pages)) == (set(SKUS), 2)
    assert len({one.pool_key.split("/")[0] for one in found.values()}) == 2
    assert all(one.pool_key == one.listing_id for one in found.values())
    assert found["BIN-BAMBU"].listing_id.endswith("/0")
    assert found["KAOS/M"].price == Money(Decimal(79_000), "IDR")


def test_models_of_one_item_go_in_one_request(shop: ShopeeShop) -> None:
    told = shop.push(KAOS_M=9, KAOS_L=0, KAOS_XL=1, **{"BIN-BAMBU": 3})

    assert {sku: (one.outcome, one.echo) for sku, one in told.items()} == {
        "KAOS/M": (Outcome.APPLIED, 9),
        "KAOS/L": (Outcome.APPLIED, 0),
        "KAOS/XL": (Outcome.APPLIED, 1),
        "BIN-BAMBU": (Outcome.APPLIED, 3),
    }
    assert shop.numbers() == {"KAOS/M": 9, "KAOS/L": 0, "KAOS/XL": 1, "BIN-BAMBU": 3}


def test_a_model_that_a_promotion_locks_is_parked_alone(shop: ShopeeShop) -> None:
    fault = {"kind": "item_refused", "pool_id": shop.pool_id("KAOS/L"), "code": "campaign_locked"}
    shop.control.order_faults(fault)

    told = shop.push(KAOS_M=2, KAOS_L=2)

    assert told["KAOS/M"].outcome is Outcome.APPLIED
    assert (told["KAOS/L"].outcome, told["KAOS/L"].parks) == (Outcome.REFUSED, True)
    assert told["KAOS/L"].message.startswith(WORDS[Meaning.PROMOTION])


@pytest.mark.parametrize("name", ["promo"])
def test_what_a_promotion_holds_cannot_be_undercut_but_everything_above_it_can(shop: ShopeeShop) -> None:
    told = shop.push(KAOS_M=1, KAOS_L=2, **{"BIN-BAMBU": 0})

    (reading,) = shop.channel.read_quantities([shop.pools["KAOS/M"]])
    assert [one.outcome for one in told.values()] == [Outcome.REFUSED, Outcome.APPLIED, Outcome.REFUSED]
    assert [(told[sku].parks, told[sku].least) for sku in ("KAOS/M", "BIN-BAMBU")] == [(False, 2)] * 2
    assert told["BIN-BAMBU"].message.startswith(WORDS[Meaning.HELD])
    assert (reading.quantity, reading.reserved) == (5, 2)


@pytest.mark.parametrize("name", ["promo"])
def test_what_a_promotion_holds_waits_for_a_person_where_nobody_tells_how_much_it_is(
    shop: ShopeeShop,
) -> None:
    shop.control.order_faults({"kind": "missing_field", "operation": "read", "field": "total_reserved_stock"})

    told = shop.push(KAOS_M=1)

    assert [(one.outcome, one.parks, one.least) for one in told.values()] == [(Outcome.REFUSED, True, None)]


def test_a_model_with_a_reason_that_proves_nothing_is_unknown_alone(shop: ShopeeShop) -> None:
    fault = {"kind": "item_refused", "pool_id": shop.pool_id("KAOS/L"), "code": "unheard_of"}
    shop.control.order_faults(fault)

    assert shop.outcomes(KAOS_M=2, KAOS_L=2) == [Outcome.APPLIED, Outcome.UNKNOWN]


def test_a_model_that_the_answer_leaves_out_is_unknown_alone(shop: ShopeeShop) -> None:
    shop.control.order_faults({"kind": "item_missing", "count": 1, "applied": True})

    assert shop.outcomes(KAOS_M=2, KAOS_L=2) == [Outcome.UNKNOWN, Outcome.APPLIED]


def test_one_wrong_model_does_not_keep_the_others_of_its_item_from_being_sent(shop: ShopeeShop) -> None:
    item = shop.pools["KAOS/M"].split("/")[0]
    stranger = QuantityPush(push_id="stranger", pool_key=f"{item}/7", kind=QuantityMode.SET, value=1)

    told = shop.channel.push_quantities([shop.entry("KAOS/M", 4), stranger, shop.entry("KAOS/L", 4)])

    assert {one.push_id: (one.outcome, one.parks) for one in told} == {
        "KAOS/M": (Outcome.APPLIED, False),
        "stranger": (Outcome.REFUSED, True),
        "KAOS/L": (Outcome.APPLIED, False),
    }


@pytest.mark.parametrize(
    "push",
    [
        QuantityPush(push_id="1", pool_key="no such key", kind=QuantityMode.SET, value=1),
        QuantityPush(push_id="1", pool_key="1/2", kind=QuantityMode.ADJUST, value=1),
        QuantityPush(push_id="1", pool_key="1/2", kind=QuantityMode.SET, value=-1),
    ],
)
def test_what_shopee_cannot_take_is_refused_without_a_call(shop: ShopeeShop, push: QuantityPush) -> None:
    shop.control.order_faults({"kind": "server_error"})

    (told,) = shop.channel.push_quantities([push])

    assert (told.outcome, told.message[:9]) == (Outcome.REFUSED, "not sent:")


def test_numbers_are_read_back_and_an_unknown_model_has_none(shop: ShopeeShop) -> None:
    shop.control.edit_quantity(sku="KAOS/M", quantity=6)
    item = shop.pools["KAOS/M"].split("/")[0]

    told = shop.channel.read_quantities(
        [shop.pools["KAOS/M"], f"{item}/7", f"{item}/0", "9/0", "9/8", shop.pools["BIN-BAMBU"]]
    )

    assert {one.pool_key: one.quantity for one in told} == {
        shop.pools["KAOS/M"]: 6,
        f"{item}/7": None,
        f"{item}/0": None,
        "9/8": None,
        shop.pools["BIN-BAMBU"]: 5,
    }
    assert [one.quantity for one in shop.channel.read_quantities(["9/0"])] == [None]


def test_an_orders_life_comes_out_as_levels(shop: ShopeeShop) -> None:
    ours, theirs = shop.buy("KAOS/M", 4)
    placed = shop.orders()[theirs]
    shop.control.set_status(ours, "paid")
    shop.control.cancel(ours, quantity=1, line_id=f"{ours}-1")
    paid = shop.orders()[theirs]
    shop.control.ship(ours)
    shop.control.take_return(ours, quantity=1)
    shipped, returned = shop.orders()[theirs], shop.orders("returns")[theirs]

    assert (placed.raw_status, paid.raw_status) == ("UNPAID", "READY_TO_SHIP")
    assert [(line.ordered, line.cancelled, line.shipped) for line in placed.lines] == [(4, 0, 0)]
    assert [(line.ordered, line.cancelled, line.shipped) for line in paid.lines] == [(4, 1, 0)]
    for order in (shipped, returned):
        assert [(line.shipped, line.cancelled, line.returned) for line in order.lines] == [(3, 1, 1)]
    assert {line.listing_id for line in placed.lines} == {shop.pools["KAOS/M"]}


def test_orders_that_wait_for_the_platform_are_told(shop: ShopeeShop) -> None:
    ours, theirs = shop.buy("KAOS/M")
    shop.control.set_status(ours, "pending")

    assert shop.orders()[theirs].status is OrderStatus.LIVE


def test_a_walk_of_many_pages_meets_every_order(shop: ShopeeShop) -> None:
    shop.control.edit_quantity(sku="KAOS/XL", quantity=40)
    bought = {shop.buy("KAOS/XL")[1] for _ in range(12)}
    shop.control.order_faults(
        {"kind": "reorder_rows", "count": 2, "operation": "orders"},
        {"kind": "duplicate_rows", "count": 2, "operation": "orders"},
    )

    assert bought <= set(shop.orders(days=90))


def test_every_change_is_listed_from_its_second_on(shop: ShopeeShop) -> None:
    _, theirs = shop.buy("KAOS/M")
    at = shop.orders()[theirs].updated_at

    page = shop.channel.list_orders("orders", since=at + timedelta(milliseconds=900), cursor=None)
    after = shop.channel.list_orders("orders", since=at + timedelta(hours=1), cursor=None)

    assert theirs in {order.external_id for order in page.orders}
    assert (after.orders, after.next_cursor) == ((), None)
    assert page.channel_time is not None
    assert abs(page.channel_time - datetime.now(UTC)) < timedelta(seconds=30)


@pytest.mark.parametrize("reason", ["sold at the stall", "CUSTOMER_REQUEST"])
def test_an_order_is_cancelled_by_its_seller_once(shop: ShopeeShop, reason: str) -> None:
    _, theirs = shop.buy("KAOS/M", 2)

    for _ in range(2):
        shop.channel.cancel_order(theirs, reason=reason)

    order = shop.orders()[theirs]
    assert (order.status, [line.cancelled for line in order.lines]) == (OrderStatus.CANCELLED, [2])


def test_a_buyers_wish_to_cancel_is_agreed_to(shop: ShopeeShop) -> None:
    ours, theirs = shop.buy("KAOS/M", 2)
    shop.control.set_status(ours, "in_cancel")

    shop.channel.cancel_order(theirs, reason="agreed")

    assert shop.orders()[theirs].status is OrderStatus.CANCELLED


def test_an_order_of_another_shop_is_not_cancelled(shop: ShopeeShop) -> None:
    with pytest.raises(RequestRefusedError, match="not found"):
        shop.channel.cancel_order("26079999999999", reason="no")


def test_an_existing_item_is_found_by_its_sku(shop: ShopeeShop) -> None:
    found = shop.channel.publish(draft("KAOS/L"))

    assert (found.pool_key, found.created) == (shop.pools["KAOS/L"], False)


def test_an_item_is_not_created_and_the_words_say_what_to_do(shop: ShopeeShop) -> None:
    with pytest.raises(ListingRejectedError, match="Seller Centre") as raised:
        shop.channel.publish(draft("TOPENG"))

    assert raised.value.sku == "TOPENG"


@pytest.mark.parametrize("amount", ["75000", "79000.5"])
def test_a_price_is_changed_and_read_back(shop: ShopeeShop, amount: str) -> None:
    price = Money(Decimal(amount), "IDR")

    assert shop.channel.update_listing(update(shop, "KAOS/XL", price=price)).price == price


def test_an_item_without_models_is_hidden_and_shown(shop: ShopeeShop) -> None:
    states = [
        shop.channel.update_listing(update(shop, "BIN-BAMBU", active=on)).active for on in (False, True)
    ]

    assert states == [False, True]


@pytest.mark.parametrize(
    "changes", [{"title": "Kaos"}, {"active": False}, {"images": ()}, {"description": "x"}]
)
def test_what_cannot_be_changed_is_refused_in_words(shop: ShopeeShop, changes: dict[str, object]) -> None:
    with pytest.raises(ListingRejectedError):
        shop.channel.update_listing(update(shop, "KAOS/M", **changes))


def test_a_shop_of_its_own_app_is_the_one_that_is_read(sandbox: Sandbox, own: str) -> None:
    shop = learn_pools(open_shopee(sandbox, own))

    assert set(shop.pools) == set(SKUS)


def draft(sku: str) -> ListingDraft:
    return ListingDraft(sku=sku, title=sku, price=None, idempotency_key=sku)


def update(shop: ShopeeShop, sku: str, **changes: object) -> ListingUpdate:
    return ListingUpdate(listing_id=shop.pools[sku], sku=sku, **changes)  # type: ignore[arg-type]  # each its own
