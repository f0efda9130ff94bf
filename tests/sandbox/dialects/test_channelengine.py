"""Does the pretend ChannelEngine behave as its specification says?"""

from __future__ import annotations

from typing import Any

import pytest
import requests

from syncworker.sandbox.process import Sandbox
from tests.sandbox.dialects.callers import Caller, seller


@pytest.fixture
def tenant(aggregators: Sandbox) -> Caller:
    caller = seller(aggregators, "channelengine")
    caller.put("BIN", 5)
    return caller


def offer(tenant: Caller, *rows: object) -> requests.Response:
    return tenant.call("PUT", "/v2/offer", json=list(rows))


def newest(tenant: Caller, order_id: str) -> Any:
    found, page = [], 1
    while True:
        answer = tenant.get("/v2/orders", page=page).json()
        found += answer["Content"]
        if answer["Count"] < answer["ItemsPerPage"]:
            return next(row for row in found if row["ChannelOrderNo"] == order_id)
        page += 1


def test_the_key_belongs_into_the_query(tenant: Caller) -> None:
    answer = requests.get(
        tenant.shop.base_url + "/v2/orders", headers={"apikey": "key-channelengine"}, timeout=3
    )

    body = answer.json()
    assert (answer.status_code, body["Success"], body["StatusCode"]) == (401, False, 401)
    assert set(body) >= {"Content", "Message", "ValidationErrors", "LogId", "RequestId"}


def test_an_offer_fails_for_some_rows_inside_a_200(tenant: Caller) -> None:
    answer = offer(
        tenant, {"MerchantProductNo": "BIN", "Stock": 9}, {"MerchantProductNo": "NOBODY", "Stock": 1}
    )
    fine = offer(tenant, {"MerchantProductNo": "BIN", "Stock": 8, "Price": 86000})

    body = answer.json()
    assert (answer.status_code, body["Success"], list(body["Content"])) == (200, True, ["NOBODY"])
    assert body["Message"] == "Updates processed, see 'Content' for warnings"
    assert (fine.json()["Content"], tenant.number("BIN")) == ({}, 8)


@pytest.mark.parametrize(
    "row",
    [
        {"MerchantProductNo": "BIN", "Stock": -1},
        {"MerchantProductNo": "BIN", "Stock": None},
        {"MerchantProductNo": "BIN", "Stock": "9"},
        {"MerchantProductNo": "BIN", "Stock": 9, "Price": None},
        {"Stock": 9},
    ],
)
def test_a_bad_row_refuses_the_whole_request_by_name(tenant: Caller, row: object) -> None:
    answer = offer(tenant, {"MerchantProductNo": "BIN", "Stock": 7}, row)

    assert (answer.status_code, answer.json()["Success"]) == (400, False)
    assert next(iter(answer.json()["ValidationErrors"])).startswith("[1].")
    assert tenant.number("BIN") == 5


def test_a_body_that_is_no_bare_list_is_refused(tenant: Caller) -> None:
    answer = tenant.call("PUT", "/v2/offer", json={"offers": []})

    assert answer.status_code == 400


def test_stock_is_read_by_location_and_pages_from_0(tenant: Caller) -> None:
    nowhere = tenant.get("/v2/offer/stock")
    first = tenant.get("/v2/offer/stock", stockLocationIds=1, pageIndex=0, pageSize=1).json()
    second = tenant.get("/v2/offer/stock", stockLocationIds=1, pageIndex=1, pageSize=1).json()
    one = tenant.get("/v2/offer/stock", stockLocationIds=1, skus=["BIN", "NOBODY"]).json()

    assert nowhere.status_code == 400
    assert [page["Content"][0]["MerchantProductNo"] for page in (first, second)] == ["BIN", "PAN"]
    assert [(row["MerchantProductNo"], row["Stock"]) for row in one["Content"]] == [("BIN", 5)]


def test_orders_page_from_1_in_pages_of_a_fixed_size(tenant: Caller) -> None:
    for _ in range(3):
        tenant.buy("BIN")

    pages = [tenant.get("/v2/orders", page=page).json() for page in (1, 2)]

    assert [page["ItemsPerPage"] for page in pages] == [2, 2]
    assert pages[0]["Count"] == 2
    assert pages[0]["TotalCount"] >= 3
    assert not {row["Id"] for row in pages[0]["Content"]} & {row["Id"] for row in pages[1]["Content"]}


def test_an_order_waits_until_it_is_acknowledged_once(tenant: Caller) -> None:
    order_id = tenant.buy("BIN", 2)
    row = newest(tenant, order_id)
    body = {"MerchantOrderNo": "our-1", "OrderId": row["Id"]}

    waiting = [each["Id"] for each in tenant.get("/v2/orders/new").json()["Content"]]
    answers = [tenant.call("POST", "/v2/orders/acknowledge", json=body).status_code for _ in range(2)]
    unknown = tenant.call("POST", "/v2/orders/acknowledge", json=body | {"OrderId": 10**6})
    later = newest(tenant, order_id)

    assert row["Status"] == "NEW"
    assert row["Id"] in waiting
    assert (answers, unknown.status_code) == ([201, 409], 404)
    assert (later["Status"], later["MerchantOrderNo"]) == ("IN_PROGRESS", "our-1")
    assert row["Id"] not in [each["Id"] for each in tenant.get("/v2/orders/new").json()["Content"]]


def test_an_orders_life_is_told_in_status_and_lines(tenant: Caller) -> None:
    order_id = tenant.buy("BIN", 3)
    tenant.shop.control.cancel(order_id, quantity=1)
    partly = newest(tenant, order_id)
    tenant.shop.control.cancel(order_id)
    wholly = newest(tenant, order_id)

    (line,) = partly["Lines"]
    assert (line["MerchantProductNo"], line["Quantity"], line["CancellationRequestedQuantity"]) == (
        "BIN",
        3,
        1,
    )
    assert (wholly["Status"], wholly["Lines"][0]["Status"]) == ("CANCELED", "CANCELED")
    assert partly["UpdatedAt"] < wholly["UpdatedAt"]


def test_updated_since_is_inclusive(tenant: Caller) -> None:
    row = newest(tenant, tenant.buy("BIN"))

    found = tenant.get("/v2/orders", fromUpdatedAtDate=row["UpdatedAt"]).json()["Content"]

    assert row["Id"] in [each["Id"] for each in found]


def test_every_answer_counts_down_a_limit_and_a_call_too_many_says_when(tenant: Caller) -> None:
    tenant.shop.control.order_faults({"kind": "rate_limited", "count": 1, "seconds": 4})

    refused, answered = tenant.get("/v2/orders"), tenant.get("/v2/orders")

    assert (refused.status_code, refused.headers["retry-after"]) == (429, "4")
    assert refused.json()["StatusCode"] == 429
    assert int(answered.headers["x-rate-limit-remaining"]) <= int(answered.headers["x-rate-limit-limit"])


def test_products_are_listed_and_upserted(tenant: Caller) -> None:
    body = [{"MerchantProductNo": "TOPENG", "Name": "Topeng", "Price": 450000, "Stock": 0}]

    made = tenant.call("POST", "/v2/products", json=body)
    listed = tenant.get("/v2/products", merchantProductNoList="TOPENG").json()["Content"]

    assert (made.status_code, made.json()["Content"]["AcceptedCount"]) == (201, 1)
    assert [(row["MerchantProductNo"], row["Stock"]) for row in listed] == [("TOPENG", 0)]


def test_a_refused_row_has_messages_and_a_lost_one_is_a_broken_answer(tenant: Caller) -> None:
    tenant.shop.control.order_faults({"kind": "item_refused", "count": 1, "code": "locked"})
    refused = offer(tenant, {"MerchantProductNo": "BIN", "Stock": 1})
    tenant.shop.control.order_faults({"kind": "item_missing", "count": 1, "applied": True})
    lost = offer(tenant, {"MerchantProductNo": "BIN", "Stock": 2})

    assert list(refused.json()["Content"]) == ["BIN"]
    assert (lost.status_code, tenant.number("BIN")) == (500, 2)
