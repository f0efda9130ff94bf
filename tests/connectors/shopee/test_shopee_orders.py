"""What do Shopee's orders come out as? Levels by status, lines by their marks, and slices of time that lose no row."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from syncworker.connector import (
    ChannelOrder,
    Document,
    Json,
    KeptToken,
    Known,
    MalformedAnswerError,
    Money,
    OrderStatus,
    Token,
)
from syncworker_shopee import feeds, orders
from syncworker_shopee.client import ShopeeClient
from syncworker_shopee.settings import ShopeeSettings
from syncworker_shopee.tokens import ShopeeAuthorizer

SETTINGS = ShopeeSettings(
    partner_id=1, partner_key=SecretStr("hush-partner-key"), rate_limits=(), page_size=4
)
LISTING = f"{SETTINGS.base_url}/api/v2/order/get_order_list"
DETAIL = f"{SETTINGS.base_url}/api/v2/order/get_order_detail"
RETURNS = f"{SETTINGS.base_url}/api/v2/returns/get_return_list"
NOW = 1_772_000_000
LINE: dict[str, Json] = {
    "item_id": 2_600_144_043,
    "model_id": 11,
    "item_sku": "KAOS",
    "model_sku": "KAOS/M",
    "model_quantity_purchased": 3,
    "model_discounted_price": 79_000,
    "order_item_id": 2_600_144_043,
    "promotion_group_id": 0,
}


def detail(status: str = "READY_TO_SHIP", at: int = NOW, **more: Json) -> dict[str, Json]:
    return {
        "order_sn": "201218V2Y6E59M",
        "order_status": status,
        "create_time": NOW - 500,
        "update_time": at,
        "currency": "IDR",
        "buyer_username": "siti",
        "item_list": [LINE],
        **more,
    }


def told(
    one: dict[str, Json], settings: ShopeeSettings = SETTINGS, **more: frozenset[tuple[str, str]]
) -> ChannelOrder:
    found = orders.order(Document(one), settings, **more)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("status", "means", "levels"),
    [
        ("UNPAID", OrderStatus.LIVE, (3, 0, 0)),
        ("PENDING", OrderStatus.LIVE, (3, 0, 0)),
        ("READY_TO_SHIP", OrderStatus.LIVE, (3, 0, 0)),
        ("PROCESSED", OrderStatus.LIVE, (3, 0, 0)),
        ("RETRY_SHIP", OrderStatus.LIVE, (3, 0, 0)),
        ("IN_CANCEL", OrderStatus.LIVE, (3, 0, 0)),
        ("SHIPPED", OrderStatus.SHIPPED, (3, 0, 3)),
        ("TO_RETURN", OrderStatus.SHIPPED, (3, 0, 3)),
        ("COMPLETED", OrderStatus.SHIPPED, (3, 0, 3)),
        ("CANCELLED", OrderStatus.CANCELLED, (3, 3, 0)),
        ("SPELLBOUND", OrderStatus.UNKNOWN, (3, 0, 0)),
    ],
)
def test_each_status_means_one_thing_for_the_goods(
    status: str, means: OrderStatus, levels: tuple[int, int, int]
) -> None:
    order = told(detail(status))

    (line,) = order.lines
    assert (order.status, order.raw_status) == (means, status)
    assert (line.ordered, line.cancelled, line.shipped) == levels
    assert line.listing_id == "2600144043/11"
    assert line.unit_price == Money(Decimal(79_000), "IDR")
    assert "siti" not in repr(order)


def test_what_was_lost_on_its_way_is_cancelled_and_not_back_on_the_shelf() -> None:
    (line,) = told(detail("CANCELLED", pickup_done_time=NOW - 100)).lines

    assert (line.cancelled, line.shipped) == (3, 3)


def test_units_cancelled_and_returned_are_told_where_shopee_tells_them() -> None:
    (line,) = told(detail("SHIPPED", item_list=[{**LINE, "cancelled_qty": 1, "returned_qty": 2}])).lines
    (silent,) = told(detail("SHIPPED")).lines

    assert (line.cancelled, line.shipped, line.returned) == (1, 2, 2)
    assert silent.returned is None


def test_a_return_of_unknown_size_may_have_brought_everything_back() -> None:
    models = frozenset([("2600144043", "11")])

    (back,) = told(detail("COMPLETED"), returned=models).lines
    (other,) = told(detail("COMPLETED"), returned=frozenset()).lines

    assert (back.returned, other.returned) == (3, 0)
    assert back.returned_restocked is Known.UNKNOWN


@pytest.mark.parametrize(
    ("status", "settings", "counts"),
    [
        ("UNPAID", SETTINGS, Known.UNKNOWN),
        ("UNPAID", SETTINGS.model_copy(update={"unpaid_counts_down": Known.YES}), Known.YES),
        ("READY_TO_SHIP", SETTINGS, Known.YES),
        ("READY_TO_SHIP", SETTINGS.model_copy(update={"location_id": "IDL"}), Known.YES),
    ],
)
def test_an_order_lowers_the_number_at_the_latest_when_it_is_paid(
    status: str, settings: ShopeeSettings, counts: Known
) -> None:
    assert [line.counts_down for line in told(detail(status), settings).lines] == [counts]


@pytest.mark.parametrize(
    ("place", "counts"), [("IDL", Known.YES), (["IDL"], Known.YES), ("IDM", Known.UNKNOWN)]
)
def test_an_order_from_another_warehouse_may_have_taken_nothing_from_ours(place: Json, counts: Known) -> None:
    settings = SETTINGS.model_copy(update={"location_id": "IDL"})

    (line,) = told(detail(item_list=[{**LINE, "product_location_id": place}]), settings).lines

    assert line.counts_down is counts


@pytest.mark.parametrize(
    "more",
    [
        {"fulfillment_flag": "fulfilled_by_shopee"},
        {"booking_sn": "2404098R48U37H"},
        {"advance_package": True},
    ],
)
def test_goods_that_lie_at_shopee_are_left_out(more: dict[str, Json]) -> None:
    assert orders.order(Document({**detail(), **more}), SETTINGS) is None


def test_lines_are_told_apart_by_their_marks_and_added_up_where_nothing_does() -> None:
    bundle = {**LINE, "order_item_id": 1, "promotion_group_id": 7}

    lines = told(detail(item_list=[LINE, bundle, LINE])).lines

    assert {line.line_id: line.ordered for line in lines} == {
        "2600144043-11-2600144043-0": 6,
        "2600144043-11-1-7": 3,
    }


@pytest.mark.parametrize("name", ["item_id", "model_id", "model_quantity_purchased"])
def test_a_line_that_lacks_a_number_is_no_line(name: str) -> None:
    with pytest.raises(MalformedAnswerError):
        told(detail(item_list=[{key: value for key, value in LINE.items() if key != name}]))


# ---------------------------------------------------------------- slices of time


class Shelf:
    """A far side that lists orders by time, newest first, with limits as strict as Shopee's."""

    def __init__(self, changed: dict[str, int], size: int = SETTINGS.page_size) -> None:
        self.changed, self.size = changed, size
        self.asked: list[tuple[int, int]] = []
        #: Orders that change once they were listed, and when.
        self.moves: dict[str, int] = {}

    def listing(self, request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        query = {name: values[0] for name, values in parse_qs(urlsplit(str(request.url)).query).items()}
        start, end, offset = int(query["time_from"]), int(query["time_to"]), int(query.get("cursor", "0"))
        assert start < end <= start + 15 * 86_400
        assert query["request_order_status_pending"] == "true"
        if not offset:
            self.asked.append((start, end))
        rows = sorted((at, name) for name, at in self.changed.items() if start <= at <= end)[::-1]
        page, more = rows[offset : offset + self.size], offset + self.size < len(rows)
        response: dict[str, Json] = {
            "order_list": [{"order_sn": name} for _, name in page],
            "more": more,
            "next_cursor": str(offset + self.size) if more else "",
        }
        return self._answer(response)

    def detail(self, request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        (names,) = parse_qs(urlsplit(str(request.url)).query)["order_sn_list"]
        assert len(names.split(",")) <= 50
        self.changed |= {name: at for name, at in self.moves.items() if name in names.split(",")}
        rows: list[Json] = [{**detail(at=self.changed[name]), "order_sn": name} for name in names.split(",")]
        return self._answer({"order_list": rows})

    def _answer(self, response: Json) -> tuple[int, dict[str, str], str]:
        date = datetime.fromtimestamp(NOW, UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
        return 200, {"Date": date}, json.dumps({"error": "", "response": response})


@pytest.fixture
def shopee() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as running:
        yield running


def walk(shelf: Shelf, since: int) -> list[list[ChannelOrder]]:
    token = Token(access=SecretStr("hush-access-token"), facts={"shop_id": "600000"})
    client = ShopeeClient("toko", SETTINGS, ShopeeAuthorizer("toko", SETTINGS, KeptToken(token)))
    pages: list[list[ChannelOrder]] = []
    cursor: str | None = None
    with responses.RequestsMock(assert_all_requests_are_fired=False) as shopee:
        shopee.add_callback("GET", LISTING, shelf.listing)
        shopee.add_callback("GET", DETAIL, shelf.detail)
        while True:
            page = feeds.order_page(
                client, SETTINGS, "orders", since=datetime.fromtimestamp(since, UTC), cursor=cursor,
                clock=lambda: NOW,
            )  # fmt: skip
            pages.append(list(page.orders))
            cursor = page.next_cursor
            assert len(pages) < 500
            if cursor is None:
                return pages


def test_a_quiet_shop_costs_one_request() -> None:
    shelf = Shelf({})

    assert walk(shelf, NOW - 200) == [[]]
    assert shelf.asked == [(NOW - 200, NOW + feeds.AHEAD_S)]


def test_ninety_days_are_asked_for_in_windows_that_shopee_takes() -> None:
    shelf = Shelf({"A": NOW - 80 * 86_400, "B": NOW - 10 * 86_400})

    pages = walk(shelf, NOW - 90 * 86_400)

    assert [one.external_id for page in pages for one in page] == ["A", "B"]
    assert len(shelf.asked) == 7


@given(
    st.dictionaries(
        st.text("ABCDEFGH", min_size=1, max_size=5), st.integers(NOW - 60, NOW), min_size=0, max_size=40
    )
)
def test_every_order_is_told_once_and_the_oldest_change_first(changed: dict[str, int]) -> None:
    found = [one for page in walk(Shelf(dict(changed)), NOW - 60) for one in page]

    assert sorted(one.external_id for one in found) == sorted(changed)
    assert [one.updated_at for one in found] == sorted(one.updated_at for one in found)


def test_more_orders_in_one_second_than_a_page_holds_are_all_told() -> None:
    changed = {f"N{number}": NOW - 30 for number in range(11)}

    assert {one.external_id for page in walk(Shelf(changed), NOW - 60) for one in page} == set(changed)


def test_an_order_that_changes_while_we_walk_keeps_none_of_the_others_from_being_told() -> None:
    shelf = Shelf({f"N{number:02d}": NOW - 60 + 4 * number for number in range(12)})
    shelf.moves = {f"N{number:02d}": NOW for number in (0, 3, 5)}

    found = [one.external_id for page in walk(shelf, NOW - 60) for one in page]

    assert set(found) == set(shelf.changed)


def test_a_page_says_up_to_when_it_is_whole_and_not_how_new_its_orders_are() -> None:
    shelf = Shelf({f"N{number}": NOW - 60 + 10 * number for number in range(6)})
    shelf.moves = {"N0": NOW - 1}
    token = Token(access=SecretStr("hush-access-token"), facts={"shop_id": "600000"})
    client = ShopeeClient("toko", SETTINGS, ShopeeAuthorizer("toko", SETTINGS, KeptToken(token)))
    with responses.RequestsMock() as shopee:
        shopee.add_callback("GET", LISTING, shelf.listing)
        shopee.add_callback("GET", DETAIL, shelf.detail)
        page = feeds.order_page(
            client,
            SETTINGS,
            "orders",
            since=datetime.fromtimestamp(NOW - 60, UTC),
            cursor=None,
            clock=lambda: NOW,
        )

    newest = max(one.updated_at for one in page.orders)
    assert page.until is not None
    assert page.until < newest - timedelta(seconds=10)


def test_a_search_that_does_not_heed_its_time_is_no_walk() -> None:
    shelf = Shelf({f"N{number}": NOW - 30 for number in range(9)})

    def deaf(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        rows: list[Json] = [{"order_sn": f"N{number}"} for number in range(4)]
        is_first = "cursor=x" not in str(request.url)
        body = {"order_list": rows, "more": is_first, "next_cursor": "x" if is_first else ""}
        return 200, {}, json.dumps({"error": "", "response": body})

    shelf.listing = deaf  # type: ignore[method-assign]  # this far side is deaf
    shelf.changed = dict.fromkeys(shelf.changed, NOW + 900)

    with pytest.raises(MalformedAnswerError, match="does not heed"):
        walk(shelf, NOW - 60)


def test_a_detail_older_than_its_listing_is_no_answer() -> None:
    shelf = Shelf({"A": NOW - 10})
    shelf.moves = {"A": NOW - 900}

    with pytest.raises(MalformedAnswerError, match="older"):
        walk(shelf, NOW - 60)


def test_returns_tell_whole_orders_and_one_that_shopee_knows_no_more_is_left_out(
    shopee: responses.RequestsMock,
) -> None:
    def row(number: str, at: int, status: str) -> Json:
        item: Json = {"item_id": 2_600_144_043, "model_id": 11, "amount": 1}
        return {
            "return_sn": f"R{number}",
            "order_sn": number,
            "update_time": at,
            "status": status,
            "item": [item],
        }

    rows: list[Json] = [
        row("GONE", NOW - 9, "ACCEPTED"),
        row("KEPT", NOW - 8, "ACCEPTED"),
        row("ASKED", NOW, "REQUESTED"),
    ]
    shopee.get(RETURNS, json={"error": "", "response": {"return": rows, "more": False}})

    def look_up(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        names = parse_qs(urlsplit(str(request.url)).query)["order_sn_list"][0].split(",")
        if "GONE" in names:
            return 200, {}, json.dumps({"error": "error_not_found", "message": "Wrong parameters"})
        found: list[Json] = [{**detail("COMPLETED", NOW - 8), "order_sn": name} for name in names]
        return 200, {}, json.dumps({"error": "", "response": {"order_list": found}})

    shopee.add_callback("GET", DETAIL, look_up)
    token = Token(access=SecretStr("hush-access-token"), facts={"shop_id": "600000"})
    client = ShopeeClient("toko", SETTINGS, ShopeeAuthorizer("toko", SETTINGS, KeptToken(token)))

    page = feeds.order_page(
        client,
        SETTINGS,
        "returns",
        since=datetime.fromtimestamp(NOW - 60, UTC),
        cursor=None,
        clock=lambda: NOW,
    )

    assert {one.external_id: one.lines[0].returned for one in page.orders} == {"KEPT": 3, "ASKED": 0}
