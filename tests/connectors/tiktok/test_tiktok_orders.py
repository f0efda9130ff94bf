"""What do the documented orders come out as? One line a unit, each with its levels; unknown words hold the goods."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from pydantic import SecretStr

from syncworker.connector import (
    ChannelOrder,
    Document,
    Json,
    Known,
    MalformedAnswerError,
    Money,
    OrderStatus,
)
from syncworker_tiktok import orders
from syncworker_tiktok.settings import TikTokSettings
from tests.connectors.tiktok.tiktok_shops import sample, totals

SETTINGS = TikTokSettings(app_key="k", app_secret=SecretStr("secret"))
M, L = (
    "1729592969712207008/1729592969712207013",
    "1729592969712207008/1729592969712207014",
)
Row = dict[str, Json]


def rows() -> list[Row]:
    answer = copy.deepcopy(sample("orders_search_response"))
    assert isinstance(answer, dict)
    assert isinstance(answer["data"], dict)
    found = answer["data"]["orders"]
    assert isinstance(found, list)
    return [row for row in found if isinstance(row, dict)]


def lines(row: Row) -> list[Row]:
    found = row["line_items"]
    assert isinstance(found, list)
    return [line for line in found if isinstance(line, dict)]


def read(row: Row, settings: TikTokSettings = SETTINGS) -> ChannelOrder:
    order = orders.order(Document(row), settings)
    assert order is not None
    return order


def levels(order: ChannelOrder) -> list[tuple[str, int, int, int]]:
    return [(listing, *told[:3]) for listing, told in totals(order).items()]


def test_the_documented_orders_come_out_as_levels() -> None:
    unpaid, partly, cancelled = (read(row) for row in rows())

    assert levels(unpaid) == [(M, 2, 0, 0)]
    assert levels(partly) == [(M, 1, 0, 0), (L, 1, 1, 0)]
    assert levels(cancelled) == [(M, 1, 1, 0)]
    assert [each.status for each in (unpaid, partly, cancelled)] == [
        OrderStatus.LIVE,
        OrderStatus.LIVE,
        OrderStatus.CANCELLED,
    ]
    assert unpaid.placed_at == datetime.fromtimestamp(1_700_000_100, UTC)
    assert unpaid.lines[0].unit_price == Money(Decimal(79000), "IDR")
    assert (unpaid.lines[0].sku, unpaid.lines[0].line_id) == ("KAOS-001-M", str(lines(rows()[0])[0]["id"]))


def test_orders_of_both_storefronts_count_the_same_numbers_down() -> None:
    told = {str(row["commerce_platform"]): read(row).lines[0].counts_down for row in rows()}

    assert told == {"TIKTOK_SHOP": Known.YES, "TOKOPEDIA": Known.YES}


def test_what_no_page_settles_stays_open() -> None:
    (line,) = read(rows()[2]).lines

    assert (line.restocked, line.returned_restocked, line.returned) == (Known.UNKNOWN, Known.UNKNOWN, None)


@pytest.mark.parametrize(
    ("word", "status", "shipped"),
    [
        ("ON_HOLD", OrderStatus.LIVE, 0),
        ("AWAITING_COLLECTION", OrderStatus.LIVE, 0),
        ("IN_TRANSIT", OrderStatus.SHIPPED, 2),
        ("DELIVERED", OrderStatus.SHIPPED, 2),
        ("COMPLETED", OrderStatus.SHIPPED, 2),
        ("UNDER_ENCHANTMENT", OrderStatus.UNKNOWN, 0),
    ],
)
def test_each_word_of_the_status_machine(word: str, status: OrderStatus, shipped: int) -> None:
    order = read(rows()[0] | {"status": word})

    assert (order.status, order.raw_status) == (status, word)
    assert levels(order) == [(M, 2, 0, shipped)]


def test_units_of_one_order_ship_one_by_one() -> None:
    row = rows()[0] | {"status": "PARTIALLY_SHIPPING"}
    lines(row)[0]["display_status"] = "IN_TRANSIT"

    assert levels(read(row)) == [(M, 2, 0, 1)]


def test_a_parcel_lost_on_its_way_is_cancelled_and_not_back_on_the_shelf() -> None:
    order = read(rows()[2] | {"collection_time": 1_700_002_000})

    assert levels(order) == [(M, 1, 1, 1)]
    assert order.lines[0].levels().promised == 1


def test_a_parcel_lost_on_its_way_frees_no_unit_of_its_order_that_still_waits() -> None:
    row = rows()[0] | {"status": "PARTIALLY_SHIPPING", "collection_time": 1_700_002_000}
    lost, waits = lines(row)
    lost["display_status"] = "IN_TRANSIT"
    sent = read(row)
    # Lost, or refused at the door: its unit is cancelled, and what it left the house with is told no more.
    lost["display_status"] = "CANCELLED"
    waits["display_status"] = "AWAITING_SHIPMENT"
    after = {line.line_id: line.levels() for line in read(row).lines}
    recorded = [line.levels().followed_by(after[line.line_id]) for line in sent.lines]

    assert sum(one.promised for one in recorded) == 2
    assert sum(one.reserved for one in recorded) == 1


def test_goods_in_tiktoks_own_warehouse_are_none_of_ours() -> None:
    row = rows()[0] | {"fulfillment_type": "FULFILLMENT_BY_TIKTOK"}

    assert orders.order(Document(row), SETTINGS) is None


@pytest.mark.parametrize("mark", ["is_sample_order", "is_replacement_order", "is_exchange_order"])
def test_an_order_that_is_no_sale_takes_units_and_proves_nothing_of_the_number(mark: str) -> None:
    order = read(rows()[0] | {mark: True})

    assert levels(order) == [(M, 2, 0, 0)]
    assert order.lines[0].counts_down is Known.UNKNOWN


def test_a_gift_proves_nothing_of_the_number() -> None:
    row = rows()[0]
    row["status"] = "AWAITING_SHIPMENT"
    lines(row)[1]["is_gift"] = True

    assert [(line.ordered, line.counts_down) for line in read(row).lines] == [
        (1, Known.YES),
        (1, Known.UNKNOWN),
    ]


def test_a_combination_takes_its_parts() -> None:
    row = rows()[0]
    part: Row = {"product_id": "17", "sku_id": "18", "seller_sku": "SAPU", "sku_count": 3}
    for line in lines(row):
        line["combined_listing_skus"] = [part, part | {"sku_id": "19"}, part | {"sku_count": 1}]

    order = read(row)

    assert levels(order) == [("17/18", 8, 0, 0), ("17/19", 6, 0, 0)]
    assert {(line.sku, line.counts_down) for line in order.lines} == {("SAPU", Known.UNKNOWN)}
    assert len({line.line_id for line in order.lines}) == len(order.lines)


def test_an_unpaid_order_proves_nothing_of_the_number_unless_somebody_says_so() -> None:
    unpaid, paid, _ = (read(row).lines[0].counts_down for row in rows())

    assert (unpaid, paid) == (Known.UNKNOWN, Known.YES)


@pytest.mark.parametrize("told", list(Known))
def test_whether_an_unpaid_order_counts_down_can_be_declared(told: Known) -> None:
    settings = SETTINGS.model_copy(update={"unpaid_counts_down": told})

    unpaid, paid, _ = (read(row, settings).lines[0].counts_down for row in rows())

    assert (unpaid, paid) == (told, Known.YES)


def test_an_order_from_another_warehouse_proves_nothing_of_our_number() -> None:
    settings = SETTINGS.model_copy(update={"warehouse_id": "7068517275539719999"})

    assert read(rows()[0], settings).lines[0].counts_down is Known.UNKNOWN


def test_returned_units_are_counted_once_the_return_is_done() -> None:
    body = sample("returns_search_response")
    row = Document(body)["data"]["return_orders"]
    waiting = orders.returned_units(row.items(), {"576000000000000009"})
    done = copy.deepcopy(body)
    assert isinstance(done, dict)
    assert isinstance(done["data"], dict)
    found = done["data"]["return_orders"]
    assert isinstance(found, list)
    one = found[0]
    assert isinstance(one, dict)
    one["return_status"] = "RETURN_OR_REFUND_REQUEST_COMPLETE"
    finished = orders.returned_units(Document([one]).items(), {"576000000000000009"})

    assert waiting == {"576000000000000009": {}}
    assert finished == {"576000000000000009": {"577000000000000019": 1}}


@pytest.mark.parametrize("field", ["id", "status", "create_time", "update_time", "line_items"])
def test_a_lost_field_spoils_the_page(field: str) -> None:
    row = rows()[0]
    del row[field]

    with pytest.raises(MalformedAnswerError):
        read(row)


@pytest.mark.parametrize("value", [577000000000000001, None, "", True])
def test_an_id_that_is_no_text_spoils_the_page(value: Json) -> None:
    row = rows()[0]
    lines(row)[0]["sku_id"] = value

    with pytest.raises(MalformedAnswerError):
        read(row)


def test_a_unit_told_twice_spoils_the_page() -> None:
    row = rows()[0]
    lines(row)[1]["id"] = lines(row)[0]["id"]

    with pytest.raises(MalformedAnswerError):
        read(row)


def test_nothing_of_the_buyer_passes() -> None:
    row = rows()[0] | {"recipient_address": {"name": "Budi Santoso"}, "buyer_email": "budi@mail.example"}

    assert "budi" not in repr(read(row)).lower()
    assert "7490000000000000099" not in repr(read(row))
