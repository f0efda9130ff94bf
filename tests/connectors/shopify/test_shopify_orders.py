"""What do Shopify's orders mean? Invented documents in its shape."""

from __future__ import annotations

import pytest

from syncworker.connector import (
    ChannelLine,
    Document,
    Json,
    Known,
    MalformedAnswerError,
    OrderStatus,
)
from syncworker_shopify import orders
from syncworker_shopify.orders import Place
from syncworker_shopify.settings import ShopifySettings

SETTINGS = ShopifySettings.model_validate({"shop": "toko", "token": "shpat_0123456789"})
OURS = Place("61", is_only_one=True)


def gid(kind: str, number: int) -> str:
    return f"gid://shopify/{kind}/{number}"


def line(**changes: Json) -> dict[str, Json]:
    fields: dict[str, Json] = {
        "id": gid("LineItem", 14),
        "sku": "BIN",
        "quantity": 3,
        "currentQuantity": 3,
        "unfulfilledQuantity": 3,
        "variant": {"id": gid("ProductVariant", 44)},
        "originalUnitPriceSet": {"shopMoney": {"amount": "85000.0", "currencyCode": "IDR"}},
    }
    return fields | changes


def order(**changes: Json) -> Document:
    fields: dict[str, Json] = {
        "id": gid("Order", 5),
        "createdAt": "2026-11-24T05:00:00Z",
        "updatedAt": "2026-11-24T05:00:00Z",
        "cancelledAt": None,
        "confirmed": True,
        "test": False,
        "displayFinancialStatus": "PAID",
        "displayFulfillmentStatus": "UNFULFILLED",
    }
    return Document(fields | changes)


def refund(units: int, word: str, location: int | None = 61) -> Json:
    place: Json = None if location is None else {"id": gid("Location", location)}
    row: Json = {
        "quantity": units,
        "restockType": word,
        "lineItem": {"id": gid("LineItem", 14)},
        "location": place,
    }
    return {"refundLineItems": {"nodes": [row], "pageInfo": {"hasNextPage": False}}}


def told(
    of: dict[str, Json], *refunds: Json, sent: int = 0, place: Place = OURS, most: int = 10, **changes: Json
) -> ChannelLine:
    rows: list[Json] = [{"quantity": sent, "lineItem": {"id": gid("LineItem", 14)}}]
    shipment: Json = {
        "status": "SUCCESS",
        "fulfillmentLineItems": {"nodes": rows, "pageInfo": {"hasNextPage": False}},
    }
    found = orders.parts(
        Document({"fulfillments": [shipment] if sent else [], "refunds": list(refunds)}), place, most=most
    )
    (mapped,) = orders.order(order(**changes), [Document(of)], found, place, SETTINGS).lines
    return mapped


def levels(one: ChannelLine) -> tuple[int, int | None, int, int | None]:
    return one.ordered, one.cancelled, one.shipped, one.returned


def test_units_that_were_never_sent_are_cancelled_and_others_returned() -> None:
    one = told(
        line(currentQuantity=1, unfulfilledQuantity=0), refund(1, "CANCEL"), refund(1, "RETURN"), sent=2
    )

    assert levels(one) == (3, 1, 2, 1)
    assert (one.restocked, one.returned_restocked) == (Known.YES, Known.YES)


@pytest.mark.parametrize(
    ("words", "restocked"),
    [
        (("CANCEL", "CANCEL"), Known.YES),
        (("NO_RESTOCK", "NO_RESTOCK"), Known.NO),
        (("CANCEL", "NO_RESTOCK"), Known.UNKNOWN),
        (("LEGACY_RESTOCK", "CANCEL"), Known.UNKNOWN),
        (("CANCEL",), Known.UNKNOWN),
        ((), Known.UNKNOWN),
    ],
)
def test_restock_is_told_only_where_every_unit_is_accounted_for(
    words: tuple[str, ...], restocked: Known
) -> None:
    one = told(line(currentQuantity=1, unfulfilledQuantity=1), *(refund(1, word) for word in words))

    assert levels(one) == (3, 2, 0, 0)
    assert one.restocked is restocked


def test_a_refund_of_money_for_units_not_sent_stays_a_cancellation_after_the_rest_was_sent() -> None:
    before = told(line(currentQuantity=2, unfulfilledQuantity=2), refund(1, "NO_RESTOCK", None))
    after = told(line(currentQuantity=2, unfulfilledQuantity=0), refund(1, "NO_RESTOCK", None), sent=2)

    assert (levels(before), levels(after)) == ((3, 1, 0, 0), (3, 1, 2, 0))


def test_what_went_on_sale_at_another_location_did_not_at_ours() -> None:
    one = told(line(currentQuantity=1, unfulfilledQuantity=1), refund(2, "CANCEL", location=62))

    assert one.restocked is Known.NO


def test_more_refunds_than_one_answer_holds_leave_restocks_untold() -> None:
    one = told(line(currentQuantity=1, unfulfilledQuantity=1), refund(2, "CANCEL"), most=1)

    assert one.restocked is Known.UNKNOWN


@pytest.mark.parametrize(
    ("goods", "expected"),
    [("FULFILLED", (3, 0, 3, 2)), ("UNFULFILLED", (3, 2, 0, 0))],
)
def test_what_is_gone_from_an_order_too_large_to_see_counts_as_sent_unless_nothing_was(
    goods: str, expected: tuple[int, int, int, int]
) -> None:
    waiting = 0 if goods == "FULFILLED" else 1
    of = line(currentQuantity=1, unfulfilledQuantity=waiting)

    one = told(of, refund(2, "CANCEL"), most=1, displayFulfillmentStatus=goods)

    assert levels(one) == expected
    assert (one.restocked, one.returned_restocked) == (Known.UNKNOWN, Known.UNKNOWN)


def test_a_cancelled_order_has_everything_cancelled_that_was_not_sent() -> None:
    one = told(line(), cancelledAt="2026-11-24T06:00:00Z")

    assert levels(one) == (3, 3, 0, 0)
    assert one.restocked is Known.UNKNOWN


@pytest.mark.parametrize(
    ("changes", "place", "counts"),
    [
        ({}, OURS, Known.YES),
        ({"confirmed": False}, OURS, Known.UNKNOWN),
        ({}, Place("61", is_only_one=False), Known.UNKNOWN),
    ],
)
def test_a_line_counts_down_only_where_it_surely_took_our_units(
    changes: dict[str, Json], place: Place, counts: Known
) -> None:
    (one,) = orders.order(order(**changes), [Document(line())], None, place, SETTINGS).lines

    assert one.counts_down is counts


def test_a_line_without_a_variant_is_none_of_ours_and_still_tells_its_sku() -> None:
    (one,) = orders.order(order(), [Document(line(variant=None))], None, OURS, SETTINGS).lines

    assert (one.listing_id, one.sku, one.counts_down) == (gid("LineItem", 14), "BIN", Known.UNKNOWN)


@pytest.mark.parametrize("money", ["AUTHORIZED", "PENDING", "EXPIRED", "VOIDED", "REFUNDED", None])
def test_every_state_of_payment_holds_its_goods(money: str | None) -> None:
    one = orders.order(order(displayFinancialStatus=money), [Document(line())], None, OURS, SETTINGS)

    assert one.status is OrderStatus.LIVE


@pytest.mark.parametrize(
    "broken",
    [{"quantity": None}, {"quantity": "3"}, {"currentQuantity": 4}, {"unfulfilledQuantity": -1}],
)
def test_a_level_that_is_missing_or_absurd_spoils_the_page(broken: dict[str, Json]) -> None:
    with pytest.raises(MalformedAnswerError):
        orders.order(order(), [Document(line(**broken))], None, OURS, SETTINGS)
