"""Does the pretend Medusa server behave as a real one was seen to?"""

from __future__ import annotations

from typing import Any

import pytest
import requests

from syncworker.sandbox.process import Sandbox
from tests.sandbox.dialects.callers import Caller, seller

PLACE = "sloc_medusa"
BATCH = "/admin/inventory-items/location-levels/batch"


@pytest.fixture
def server(aggregators: Sandbox) -> Caller:
    caller = seller(aggregators, "medusa")
    for order in caller.get("/admin/orders", limit=1000, fields="id,status").json()["orders"]:
        if order["status"] == "pending":
            caller.shop.control.cancel(order["id"])
    caller.put("BIN", 5)
    return caller


def item(server: Caller, sku: str = "BIN") -> Any:
    query = {"sku[]": sku, "fields": "id,sku,*location_levels"}
    (found,) = server.get("/admin/inventory-items", **query).json()["inventory_items"]
    return found


def push(server: Caller, *rows: tuple[str, object]) -> requests.Response:
    updates = [
        {"inventory_item_id": item_id, "location_id": PLACE, "stocked_quantity": units}
        for item_id, units in rows
    ]
    return server.call("POST", BATCH, json={"update": updates})


def orders(server: Caller, **query: Any) -> Any:
    asked = {"limit": 100, "order": "updated_at", "fields": "id,status,updated_at,*items", **query}
    return server.get("/admin/orders", **asked)


def test_the_secret_key_is_the_user_of_a_basic_sign_in_without_password(server: Caller) -> None:
    url = server.shop.base_url + "/admin/orders"
    bearer = requests.get(url, headers={"Authorization": "Bearer secret-medusa"}, timeout=3)
    password = requests.get(url, auth=("secret-medusa", "x"), timeout=3)

    assert (bearer.status_code, password.status_code) == (401, 401)
    assert bearer.json() == {"type": "unauthorized", "message": "Unauthorized"}


def test_the_number_is_what_is_on_hand_and_reserved_units_stand_beside_it(server: Caller) -> None:
    order_id = server.buy("BIN", 2)
    (level,) = item(server)["location_levels"]
    server.shop.control.cancel(order_id)
    (after,) = item(server)["location_levels"]

    numbers = ("stocked_quantity", "reserved_quantity", "available_quantity")
    assert [level[name] for name in numbers] == [5, 2, 3]
    assert [after[name] for name in numbers] == [5, 0, 5]


def test_a_batch_with_one_unknown_item_writes_nothing(server: Caller) -> None:
    answer = push(server, (item(server)["id"], 9), ("iitem_nobody", 1))

    assert (answer.status_code, answer.json()["type"]) == (404, "not_found")
    assert server.number("BIN") == 5


def test_a_batch_with_one_refused_item_writes_nothing(server: Caller) -> None:
    pan = item(server, "PAN")["id"]
    server.shop.control.order_faults(
        {"kind": "item_refused", "count": 1, "pool_id": pan.removeprefix("iitem_")}
    )

    answer = push(server, (item(server)["id"], 9), (pan, 1))

    assert answer.status_code == 400
    assert server.number("BIN") == 5


def test_a_number_below_what_is_reserved_is_taken_and_a_negative_one_is_not(server: Caller) -> None:
    server.buy("BIN", 2)
    item_id = item(server)["id"]

    below = push(server, (item_id, 1)).json()["updated"][0]
    negative = push(server, (item_id, -1))

    assert (below["stocked_quantity"], below["available_quantity"]) == (1, -1)
    assert (negative.status_code, negative.json()["type"]) == (400, "invalid_data")


def test_relations_come_only_where_they_are_asked_for(server: Caller) -> None:
    server.buy("BIN")

    bare = server.get("/admin/orders").json()
    listed = server.get("/admin/product-variants", fields="id,sku,*inventory_items").json()["variants"]

    assert bare["limit"] == 15
    assert "items" not in bare["orders"][0]
    assert set(listed[0]) == {"id", "sku", "inventory_items"}
    assert listed[0]["inventory_items"][0]["inventory_item_id"] == item(server)["id"]


def test_a_bad_parameter_breaks_the_server_and_an_unknown_one_is_ignored(server: Caller) -> None:
    date = orders(server, **{"updated_at[$gte]": "yesterday"})
    field = orders(server, order="modified")
    unknown = orders(server, modified_since="yesterday")

    assert [answer.status_code for answer in (date, field, unknown)] == [500, 500, 200]
    assert date.json()["code"] == "unknown_error"


def test_the_filter_is_inclusive_and_a_cancelled_order_moves(server: Caller) -> None:
    order_id = server.buy("BIN", 2)
    (before,) = [row for row in orders(server).json()["orders"] if row["id"] == order_id]
    server.shop.control.cancel(order_id)

    found = orders(server, **{"updated_at[$gte]": before["updated_at"]}).json()["orders"]

    assert [(row["id"], row["status"]) for row in found] == [(order_id, "canceled")]
    assert [each["quantity"] for each in found[0]["items"]] == [2]


def test_rows_move_to_the_end_while_somebody_walks(server: Caller) -> None:
    first, second = server.buy("BIN"), server.buy("BIN")
    since = next(row for row in orders(server).json()["orders"] if row["id"] == first)["updated_at"]
    window = {"updated_at[$gte]": since, "limit": 1}

    page = orders(server, **window).json()
    server.shop.control.ship(first)
    following = orders(server, **window, offset=1).json()

    assert (page["count"], page["orders"][0]["id"]) == (2, first)
    assert [row["id"] for row in following["orders"]] == [first]
    assert second in [row["id"] for row in orders(server).json()["orders"]]


def test_an_item_tells_what_was_shipped_and_returned(server: Caller) -> None:
    order_id = server.buy("BIN", 3)
    server.shop.control.ship(order_id)
    server.shop.control.take_return(order_id, quantity=1)

    (row,) = [each for each in orders(server).json()["orders"] if each["id"] == order_id]

    (line,) = row["items"]
    assert (row["status"], line["variant_sku"], line["quantity"]) == ("completed", "BIN", 3)
    assert (line["detail"]["shipped_quantity"], line["detail"]["return_received_quantity"]) == (3, 1)
    assert server.number("BIN") == 2


def product(sku: str, **changes: Any) -> dict[str, Any]:
    variant = {
        "title": sku,
        "sku": sku,
        "options": {"Default option": "Default option value"},
        "prices": [{"amount": 85000.5, "currency_code": "idr"}],
        **changes,
    }
    return {
        "title": sku,
        "status": "published",
        "sales_channels": [{"id": "sc_1"}],
        "options": [{"title": "Default option", "values": ["Default option value"]}],
        "variants": [variant],
    }


def test_a_product_without_an_item_gets_one_that_has_no_level(server: Caller) -> None:
    made = server.call("POST", "/admin/products", json=product("LONE"))
    found = item(server, "LONE")

    assert made.status_code == 200
    assert found["location_levels"] == []
    assert push(server, (found["id"], 3)).status_code == 404


def test_an_item_stands_alone_until_a_product_takes_it(server: Caller) -> None:
    row = {
        "sku": "ALONE",
        "title": "Alone",
        "location_levels": [{"location_id": PLACE, "stocked_quantity": 0}],
    }
    made = server.call("POST", "/admin/inventory-items", json=row).json()["inventory_item"]
    again = server.call("POST", "/admin/inventory-items", json=row)
    level = server.call(
        "POST", f"/admin/inventory-items/{made['id']}/location-levels", json={"location_id": PLACE}
    )
    items = [{"inventory_item_id": made["id"], "required_quantity": 1}]
    taken = server.call("POST", "/admin/products", json=product("ALONE", inventory_items=items))

    assert [again.status_code, level.status_code, taken.status_code] == [400, 400, 200]
    assert "already exists" in again.json()["message"]
    assert push(server, (made["id"], 3)).status_code == 200
    assert server.sellable("ALONE") == 3


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"options": []}, "Product options are not provided"),
        ({"stock": 3}, "Unrecognized fields"),
        ({"variants": [{"title": "x", "sku": "BIN", "options": {}, "prices": []}]}, "already exists"),
        ({"variants": [{"title": "x", "sku": "X-1", "options": {}, "prices": []}]}, "option values"),
    ],
)
def test_a_product_that_is_not_whole_is_refused(server: Caller, change: dict[str, Any], words: str) -> None:
    answer = server.call("POST", "/admin/products", json={**product("X-1"), **change})

    assert (answer.status_code, answer.json()["type"]) == (400, "invalid_data")
    assert words in answer.json()["message"]


def test_a_product_of_no_sales_channel_sells_nothing(server: Caller) -> None:
    row = {**product("DARK"), "sales_channels": []}
    server.call("POST", "/admin/products", json=row)
    made = item(server, "DARK")
    server.call("POST", f"/admin/inventory-items/{made['id']}/location-levels", json={"location_id": PLACE})
    push(server, (made["id"], 3))

    assert server.number("DARK") == 3
    assert server.shop.control.buy("DARK", 1)["outcome"] == "turned_away"
