"""Does the pretend WooCommerce store behave as its documentation and its source say?"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import requests

from syncworker.sandbox.process import Sandbox
from tests.sandbox.dialects.callers import Caller, seller


@pytest.fixture
def woo(aggregators: Sandbox) -> Caller:
    caller = seller(aggregators, "woocommerce")
    caller.put("BIN", 5)
    caller.put("KAOS-M", 4)
    return caller


def batch(woo: Caller, *rows: dict[str, Any], parent: int | None = None) -> requests.Response:
    path = "/products/batch" if parent is None else f"/products/{parent}/variations/batch"
    return woo.call("POST", path, json={"update": list(rows)})


def orders(woo: Caller, **query: Any) -> requests.Response:
    asked = {"dates_are_gmt": "true", "orderby": "modified", "order": "asc", "per_page": 100, **query}
    return woo.get("/orders", **asked)


def newest(woo: Caller, order_id: str) -> Any:
    rows = orders(woo, include=str(int(order_id.rpartition("-")[2]))).json()
    (row,) = rows
    return row


def test_key_and_secret_are_wanted_as_basic_or_in_the_query(woo: Caller) -> None:
    name = woo.shop.name
    query = {"consumer_key": f"key-{name}", "consumer_secret": f"secret-{name}"}

    bare = requests.get(woo.shop.base_url + "/products", timeout=3)
    asked = requests.get(woo.shop.base_url + "/products", params=query, timeout=3)

    assert (bare.status_code, bare.json()["code"]) == (401, "woocommerce_rest_cannot_view")
    assert bare.json()["data"] == {"status": 401}
    assert asked.status_code == 200


def test_a_batch_answers_200_with_the_rows_that_failed_among_the_others(woo: Caller) -> None:
    answer = batch(
        woo,
        {"id": 1, "manage_stock": True, "stock_quantity": 9},
        {"id": 777, "manage_stock": True, "stock_quantity": 9},
        {"id": 32, "manage_stock": True, "stock_quantity": 9},
        {"id": 2, "manage_stock": True, "stock_quantity": 1.5},
    )

    rows = answer.json()["update"]
    assert answer.status_code == 200
    assert (rows[0]["id"], rows[0]["stock_quantity"], woo.number("BIN")) == (1, 9, 9)
    assert [row.get("error", {}).get("code") for row in rows] == [
        None,
        "woocommerce_rest_product_invalid_id",
        "woocommerce_rest_invalid_product_id",
        "rest_invalid_param",
    ]
    assert rows[1]["error"]["data"] == {"status": 400}


def test_variations_are_written_below_their_parent(woo: Caller) -> None:
    answer = batch(woo, {"id": 32, "manage_stock": True, "stock_quantity": 8}, parent=31)
    elsewhere = batch(woo, {"id": 32, "manage_stock": True, "stock_quantity": 1}, parent=41)

    assert (answer.json()["update"][0]["stock_quantity"], woo.number("KAOS-M")) == (8, 8)
    assert elsewhere.json()["update"][0]["error"]["code"] == "woocommerce_rest_product_variation_invalid_id"


def test_a_batch_of_more_than_a_hundred_is_refused_as_a_whole(woo: Caller) -> None:
    answer = batch(woo, *({"id": 1, "manage_stock": True, "stock_quantity": n} for n in range(101)))

    assert answer.status_code == 413
    assert answer.json()["code"] == "woocommerce_rest_request_entity_too_large"
    assert woo.number("BIN") == 5


def test_a_number_is_wiped_where_stock_is_not_managed(woo: Caller) -> None:
    off = batch(woo, {"id": 2, "manage_stock": False, "stock_quantity": 6})
    wiped = batch(woo, {"id": 2, "stock_quantity": 6})
    on = batch(woo, {"id": 2, "manage_stock": True, "stock_quantity": 6})

    numbers = [answer.json()["update"][0]["stock_quantity"] for answer in (off, wiped, on)]
    assert numbers == [None, None, 6]
    assert woo.number("PAN") == 6


def test_a_variation_may_take_its_number_from_its_parent(woo: Caller) -> None:
    shown = woo.get("/products/41/variations").json()
    ignored = batch(woo, {"id": 42, "stock_quantity": 3}, parent=41)
    parents = batch(woo, {"id": 41, "manage_stock": True, "stock_quantity": 3})

    assert [row["manage_stock"] for row in shown] == ["parent", "parent"]
    assert ignored.json()["update"][0]["stock_quantity"] == 7
    assert (parents.json()["update"][0]["stock_quantity"], woo.number("TAS-A")) == (3, 3)


def test_pages_are_counted_in_headers_and_a_page_has_at_most_a_hundred(woo: Caller) -> None:
    first = woo.get("/products", per_page=3)
    last = woo.get("/products", per_page=3, page=2)
    too_many = woo.get("/products", per_page=101)

    total = int(first.headers["X-WP-Total"])
    assert (first.headers["X-WP-TotalPages"], len(first.json())) == (str(-(-total // 3)), 3)
    assert 'rel="next"' in first.headers["Link"]
    assert "Link" not in last.headers or total > 6
    assert (too_many.status_code, too_many.json()["code"]) == (400, "rest_invalid_param")


def test_products_are_read_by_id_or_sku_and_a_variable_one_has_none_of_its_own(woo: Caller) -> None:
    by_id = woo.get("/products", include="1,31").json()
    by_sku = woo.get("/products", sku="BIN,PAN").json()

    assert [(row["id"], row["type"]) for row in by_id] == [(1, "simple"), (31, "variable")]
    assert by_id[1]["variations"] == [32, 33]
    assert {row["sku"] for row in by_sku} == {"BIN", "PAN"}


def test_the_number_falls_with_an_order_and_its_dates_are_whole_seconds_in_two_zones(woo: Caller) -> None:
    order_id = woo.buy("BIN", 2)

    row = newest(woo, order_id)

    gmt, site = (datetime.fromisoformat(row[name]) for name in ("date_modified_gmt", "date_modified"))
    assert (woo.number("BIN"), row["status"]) == (3, "processing")
    assert (gmt.tzinfo, gmt.microsecond, site - gmt) == (None, 0, timedelta(hours=7))
    assert [(line["product_id"], line["variation_id"], line["quantity"]) for line in row["line_items"]] == [
        (1, 0, 2)
    ]
    assert row["line_items"][0]["price"] == 85000


def test_an_order_names_its_variation(woo: Caller) -> None:
    row = newest(woo, woo.buy("KAOS-M"))

    assert (row["line_items"][0]["product_id"], row["line_items"][0]["variation_id"]) == (31, 32)


def test_modified_after_is_exclusive_in_whole_seconds_and_in_site_time_unless_told(woo: Caller) -> None:
    row = newest(woo, woo.buy("BIN"))
    at = datetime.fromisoformat(row["date_modified_gmt"])
    before = (at - timedelta(seconds=1)).isoformat()

    def found(**query: Any) -> bool:
        return row["id"] in [each["id"] for each in orders(woo, **query).json()]

    assert found(modified_after=before)
    assert not found(modified_after=at.isoformat())
    assert found(modified_after=before, dates_are_gmt="false")
    assert not found(modified_after=row["date_modified"], dates_are_gmt="false")


def test_an_unknown_order_field_and_a_bad_date_are_refused(woo: Caller) -> None:
    assert orders(woo, orderby="modified_date").status_code == 400
    assert orders(woo, modified_after="yesterday").json()["code"] == "rest_invalid_param"


def test_what_is_taken_back_of_a_living_order_is_a_refund_below_zero(woo: Caller) -> None:
    order_id = woo.buy("BIN", 3)
    woo.shop.control.cancel(order_id, quantity=1)

    row = newest(woo, order_id)
    refunds = woo.get(f"/orders/{row['id']}/refunds").json()
    woo.shop.control.cancel(order_id)
    cancelled = newest(woo, order_id)

    assert (row["status"], row["line_items"][0]["quantity"], len(row["refunds"])) == ("processing", 3, 1)
    assert refunds[0]["line_items"][0]["quantity"] == -1
    assert refunds[0]["line_items"][0]["meta_data"][0]["value"] == str(row["line_items"][0]["id"])
    assert (cancelled["status"], cancelled["refunds"]) == ("cancelled", [])


def test_a_product_is_created_once_per_sku(woo: Caller) -> None:
    body = {"name": "Topeng", "sku": "TOPENG", "regular_price": "450000", "manage_stock": True}

    first = woo.call("POST", "/products", json=body | {"stock_quantity": 0})
    second = woo.call("POST", "/products", json=body)

    assert (first.status_code, first.json()["stock_quantity"]) == (201, 0)
    assert (second.status_code, second.json()["code"]) == (400, "product_invalid_sku")
    assert second.json()["data"]["resource_id"] == first.json()["id"]


def test_a_call_too_many_is_answered_by_the_host_in_html(woo: Caller) -> None:
    woo.shop.control.order_faults({"kind": "rate_limited", "count": 1, "seconds": 7})

    answer = woo.get("/orders")

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert answer.headers["Content-Type"].startswith("text/html")


def test_a_row_may_be_refused_or_left_out_of_the_answer(woo: Caller) -> None:
    row = {"id": 1, "manage_stock": True, "stock_quantity": 2}
    woo.shop.control.order_faults({"kind": "item_refused", "count": 1, "code": "locked"})
    refused = batch(woo, row).json()["update"]
    woo.shop.control.order_faults({"kind": "item_missing", "count": 1, "applied": True})
    missing = batch(woo, row).json()["update"]

    assert [each["error"]["code"] for each in refused] == ["woocommerce_rest_locked"]
    assert (missing, woo.number("BIN")) == ([], 2)
