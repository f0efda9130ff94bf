"""The connector against pretend catalogues over real HTTP: numbers, listings, orders of an old account, and misfortune."""

from __future__ import annotations

from decimal import Decimal

import pytest
import requests

from syncworker.connector import (
    ChannelMisconfiguredError,
    KeptToken,
    ListingDraft,
    ListingRejectedError,
    ListingUpdate,
    Money,
    OrderStatus,
    Outcome,
    OutcomeUnknownError,
    QuantityMode,
    RequestRefusedError,
    RetryLaterError,
)
from syncworker.connector.registry import load, validate
from syncworker.sandbox.dialects.instagram import catalog_id, cms_id
from syncworker.sandbox.process import Sandbox
from tests.connectors.instagram.instagram_shops import (
    BUFFER_S,
    LONG_AGO,
    SKUS,
    InstagramShop,
    open_instagram,
    set_to,
    settings_of,
)
from tests.waiting import await_condition

M, L, BIN = SKUS
DRAFT = ListingDraft(sku="SAPU-1", title="Sapu", price=Money(Decimal(30000), "IDR"), idempotency_key="k")
PUBLISHING = {
    "product_url": "https://toko.example/p/{sku}",
    "image_url": "https://toko.example/i/{sku}.jpg",
    "brand": "Toko Contoh",
}


def test_the_catalogue_says_who_it_is(shop: InstagramShop) -> None:
    told = shop.channel.check()

    assert (told.name, told.facts["vertical"]) == ("katalog", "commerce")


def test_one_call_sets_many_numbers_and_tells_each_outcome(shop: InstagramShop) -> None:
    told = shop.push(KAOS_001_M=0, KAOS_001_L=1, NOBODYS=1)

    assert [told[sku].outcome for sku in (M, L, "NOBODYS")] == [
        Outcome.APPLIED,
        Outcome.APPLIED,
        Outcome.REFUSED,
    ]
    assert (told["NOBODYS"].message, told["NOBODYS"].parks) == ("Item not found", True)
    assert shop.read(M, L, BIN, "NOBODYS") == {M: 0, L: 1, BIN: 1, "NOBODYS": None}
    assert (shop.numbers()[M], shop.numbers()[L]) == (0, 1)


def test_a_number_of_an_item_that_is_gone_brings_nothing_back(shop: InstagramShop) -> None:
    shop.push(GONE=1)

    listed = {one.sku for one in shop.channel.list_listings(cursor=None).listings}
    assert "GONE" not in listed


def test_a_catalogue_takes_nothing_but_sets(shop: InstagramShop) -> None:
    (told,) = shop.channel.push_quantities([set_to(M, -1, QuantityMode.ADJUST)])

    assert told.outcome is Outcome.REFUSED
    assert shop.numbers()[M] == 5


@pytest.mark.parametrize(
    ("wait_s", "outcome"), [(10.0, Outcome.APPLIED), (0.2, Outcome.UNKNOWN)], ids=["waits", "gives up"]
)
def test_a_batch_is_waited_for_and_unknown_if_that_takes_too_long(
    sandbox: Sandbox, wait_s: float, outcome: Outcome
) -> None:
    slow = open_instagram(sandbox, "lambat", batch_wait_s=wait_s)

    assert slow.push(KAOS_001_M=0)[M].outcome is outcome


@pytest.mark.parametrize("kind", ["timeout_after", "error_after", "cut_after", "html_ok", "truncated_json"])
def test_a_batch_without_an_answer_is_unknown(shop: InstagramShop, kind: str) -> None:
    shop.control.order_faults({"kind": kind, "operation": "quantities", "count": 1})

    with pytest.raises(OutcomeUnknownError):
        shop.push(KAOS_001_M=0)


def test_a_batch_that_cannot_be_followed_is_unknown_and_nothing_is_raised(shop: InstagramShop) -> None:
    shop.control.order_faults({"kind": "html_ok", "operation": "read", "count": 1})

    assert shop.push(KAOS_001_M=0)[M].outcome is Outcome.UNKNOWN


def test_an_item_that_the_catalogue_refuses_is_told_apart(shop: InstagramShop) -> None:
    pool = shop.control.truth(orders=False)["pools"]
    assert isinstance(pool, list)
    refused = next(one["pool_id"] for one in pool if one["skus"] == [L])
    shop.control.order_faults({"kind": "item_refused", "pool_id": refused, "count": 1})

    told = shop.push(KAOS_001_M=1, KAOS_001_L=1)

    assert (told[M].outcome, told[L].outcome) == (Outcome.APPLIED, Outcome.REFUSED)


def test_an_error_that_names_no_item_leaves_the_others_unknown(shop: InstagramShop) -> None:
    shop.control.order_faults({"kind": "item_missing", "count": 1})

    told = shop.push(KAOS_001_M=1, KAOS_001_L=1)

    assert {one.outcome for one in told.values()} == {Outcome.UNKNOWN}


def test_too_many_batches_close_the_gate_for_as_long_as_meta_says(shop: InstagramShop) -> None:
    shop.control.order_faults(
        {"kind": "rate_limited", "operation": "quantities", "seconds": 420.0, "count": 1}
    )

    with pytest.raises(RetryLaterError) as raised:
        shop.push(KAOS_001_M=0)

    assert raised.value.retry_after_s == pytest.approx(420.0)
    assert shop.numbers()[M] == 5


def test_our_own_limit_is_kept_before_metas(sandbox: Sandbox) -> None:
    shop = open_instagram(sandbox, "katalog", batch_limits=("1/hour",))
    shop.push(KAOS_001_M=1)

    with pytest.raises(RetryLaterError):
        shop.push(KAOS_001_M=0)


@pytest.mark.parametrize(
    "wrong", [{"access_token": "token-of-nobody"}, {"access_token": "token-of-nobody", "app_secret": None}]
)
def test_a_dead_token_stops_the_channel_and_stays_secret(sandbox: Sandbox, wrong: dict[str, object]) -> None:
    with pytest.raises(ChannelMisconfiguredError) as raised:
        open_instagram(sandbox, "katalog", **wrong).push(KAOS_001_M=0)

    assert "190" in str(raised.value)
    assert "token-of-nobody" not in str(raised.value)


def test_a_wrong_proof_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(RequestRefusedError, match="appsecret_proof"):
        open_instagram(sandbox, "katalog", app_secret="guessed").channel.check()


# ---------------------------------------------------------------- listings


def test_all_items_are_listed(shop: InstagramShop) -> None:
    found = {one.sku: one for one in shop.channel.list_listings(cursor=None).listings}

    assert set(SKUS) <= set(found)
    assert (found[M].listing_id, found[M].pool_key, found[M].quantity) == (M, M, 1)


def test_a_product_is_published_out_of_stock_and_once(sandbox: Sandbox) -> None:
    shop = open_instagram(sandbox, "katalog", **PUBLISHING)

    first = shop.channel.publish(DRAFT)
    again = shop.channel.publish(DRAFT)

    assert (first.listing_id, first.quantity, again.listing_id, again.quantity) == ("SAPU-1", 0, "SAPU-1", 0)
    assert shop.read("SAPU-1") == {"SAPU-1": 0}


def test_a_product_without_a_page_or_a_price_is_rejected_with_advice(
    sandbox: Sandbox, shop: InstagramShop
) -> None:
    missing = ListingDraft(sku="NEW", title="New", price=DRAFT.price, idempotency_key="k")
    priceless = ListingDraft(sku="NEW", title="New", price=None, idempotency_key="k")

    with pytest.raises(ListingRejectedError, match="product_url, image_url, brand"):
        shop.channel.publish(missing)
    with pytest.raises(ListingRejectedError, match="price"):
        open_instagram(sandbox, "katalog", **PUBLISHING).channel.publish(priceless)


def test_contents_change_without_touching_the_number(shop: InstagramShop) -> None:
    shop.push(BIN_BAMBU=1)

    told = shop.channel.update_listing(
        ListingUpdate(
            listing_id=BIN, sku=BIN, title="Ember", price=Money(Decimal(85000), "IDR"), active=False
        )
    )
    seen = {one.sku: one for one in shop.channel.list_listings(cursor=None).listings}[BIN]

    assert (told.title, told.active) == ("Ember", False)
    assert (seen.title, seen.active, shop.numbers()[BIN]) == ("Ember", False, 1)


def test_a_change_that_the_catalogue_refuses_is_told_in_its_words(shop: InstagramShop) -> None:
    dollars = ListingUpdate(listing_id=BIN, sku=BIN, price=Money(Decimal(85000), "USD"))

    with pytest.raises(ListingRejectedError, match="required format"):
        shop.channel.update_listing(dollars)
    with pytest.raises(ListingRejectedError, match="Item not found"):
        shop.channel.update_listing(ListingUpdate(listing_id="GONE", sku="GONE", title="x"))


# ---------------------------------------------------------------- orders of an old account


@pytest.fixture
def old(sandbox: Sandbox) -> InstagramShop:
    """The old account, with no order of before that still takes of its numbers."""
    shop = open_instagram(sandbox, "lama")
    shop.control.clear_faults()
    shop.orders_channel.acknowledge_orders(tuple(shop.orders("waiting")))
    await_condition(lambda: shop.read(*SKUS) == shop.numbers(), 10, "its numbers to be read")
    shop.channel.push_quantities([set_to(sku, 5) for sku in SKUS])
    return shop


def test_a_catalogue_has_no_order_api(sandbox: Sandbox) -> None:
    connector = load("instagram")
    raw = settings_of(
        sandbox, "katalog", orders=True, cms_id=cms_id("katalog"), page_token="page-token-katalog"
    )
    channel = connector.open("katalog", validate(connector, raw), KeptToken())

    with pytest.raises(ChannelMisconfiguredError, match="200"):
        InstagramShop(channel, sandbox.shops["katalog"].control).orders()  # type: ignore[arg-type]


def test_an_order_leaves_the_number_that_was_given_as_it_is(old: InstagramShop) -> None:
    old.push(KAOS_001_M=4)
    _, order_id = old.buy(M, 3)

    order = old.orders()[order_id]
    assert (order.status, order.unacknowledged, order.lines[0].ordered) == (OrderStatus.LIVE, True, 3)
    assert (old.read(M)[M], old.numbers()[M]) == (4, 1)


def test_an_acknowledged_order_waits_no_more_and_its_units_come_back_after_a_while(
    old: InstagramShop,
) -> None:
    old.push(KAOS_001_M=4)
    _, order_id = old.buy(M, 3)
    waiting = old.orders("waiting")

    old.orders_channel.acknowledge_orders((order_id,))
    old.orders_channel.acknowledge_orders((order_id,))

    assert order_id in waiting
    assert order_id not in old.orders("waiting")
    assert old.orders()[order_id].unacknowledged is False
    await_condition(lambda: old.numbers()[M] == 4, 10, "the unit to be counted down")
    assert (old.read(M)[M], BUFFER_S < 60) == (4, True)


def test_an_order_of_nobody_cannot_be_acknowledged(old: InstagramShop) -> None:
    with pytest.raises(RequestRefusedError, match="Invalid Order ID"):
        old.orders_channel.acknowledge_orders(("1",))


def test_a_cancelled_order_stays_off_sale_and_cancelling_again_is_harmless(old: InstagramShop) -> None:
    _, order_id = old.buy(L, 1)
    left = old.numbers()[L]

    old.orders_channel.cancel_order(order_id, reason="OUT_OF_STOCK")
    old.orders_channel.cancel_order(order_id, reason="once more")

    assert old.orders()[order_id].status is OrderStatus.CANCELLED
    assert old.numbers()[L] == left


def test_shipped_units_can_be_paid_back(old: InstagramShop) -> None:
    ours, order_id = old.buy(L, 2)
    old.orders_channel.acknowledge_orders((order_id,))
    old.control.ship(ours)

    old.orders_channel.refund_order(order_id, units={L: 1}, reason="WRONG_ITEM")

    line = old.orders()[order_id].lines[0]
    assert (line.shipped, line.cancelled, line.returned) == (2, 0, None)
    with pytest.raises(RequestRefusedError):
        old.orders_channel.refund_order(order_id, units={L: 2}, reason="WRONG_ITEM")


def test_a_feed_is_whole_sorted_and_each_order_stands_there_once(old: InstagramShop) -> None:
    for _ in range(30):
        old.control.edit_quantity(sku=BIN, quantity=5)
        old.buy(BIN, 1)

    page = old.channel.list_orders("orders", since=LONG_AGO, cursor=None)

    changed = [order.updated_at for order in page.orders]
    assert len(page.orders) >= 30
    assert changed == sorted(changed)
    assert len({order.external_id for order in page.orders}) == len(page.orders)
    assert page.channel_time is not None


# ---------------------------------------------------------------- the pretend shop is strict


def test_the_pretend_shop_wants_tokens_proofs_and_known_fields(sandbox: Sandbox) -> None:
    base = f"{sandbox.shops['katalog'].base_url}/v25.0/{catalog_id('katalog')}"

    def code(answer: requests.Response) -> object:
        return answer.json()["error"]["code"]

    bare = requests.get(f"{base}/products", timeout=5)
    unproven = requests.get(f"{base}/products", params={"access_token": "token-katalog"}, timeout=5)

    assert (bare.status_code, code(bare)) == (401, 190)
    assert (unproven.status_code, code(unproven)) == (400, 100)
