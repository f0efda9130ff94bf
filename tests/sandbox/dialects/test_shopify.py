"""Is the pretend Shopify as strict and as odd as its pages say? Raw requests over real HTTP."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from syncworker.sandbox.pools import ListingSeed
from syncworker.sandbox.process import Sandbox, ShopAddress, start_sandbox
from syncworker.sandbox.profile import ShopProfile
from syncworker.sandbox.setup import ShopSetup
from tests.waiting import await_condition

LOCATION = "gid://shopify/Location/61234567890"
ITEM = "gid://shopify/InventoryItem/46000000000001"
GOODS = (ListingSeed(sku="BIN", title="Bin", price="85000", quantity=5),)
SET = """mutation($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { changes(quantityNames: ["available"]) { name quantityAfterChange } }
    userErrors { code field message }
  }
}"""
ORDERS = """query($query: String!, $first: Int!) {
  orders(first: $first, query: $query, sortKey: UPDATED_AT) {
    nodes { id updatedAt cancelledAt refunds(first: 5) { refundLineItems(first: 5) { nodes { quantity restockType } } } }
    pageInfo { hasNextPage endCursor }
  }
}"""
NUMBERS = """query($ids: [ID!]!, $location: ID!) {
  nodes(ids: $ids) { ... on InventoryItem {
    inventoryLevel(locationId: $location) { quantities(names: ["available", "committed", "on_hand"]) { name quantity } }
  } }
}"""


@dataclass(frozen=True)
class Client:
    """A seller with the right token."""

    shop: ShopAddress

    def ask(
        self, document: str, version: str = "2026-10", wrong_token: str = "", **variables: Any
    ) -> requests.Response:
        return requests.post(
            f"{self.shop.base_url}/admin/api/{version}/graphql.json",
            json={"query": document, "variables": variables},
            headers={"X-Shopify-Access-Token": wrong_token or self.shop.token},
            timeout=3,
        )

    def set(self, *, key: str = "", version: str = "2026-10", query: str = SET, **row: Any) -> dict[str, Any]:
        fields = {"inventoryItemId": ITEM, "locationId": LOCATION, "quantity": 9, "changeFromQuantity": 5}
        given = {name: value for name, value in (fields | row).items() if value != "left out"}
        quantities = {"name": "available", "reason": "correction", "quantities": [given]}
        asked: dict[str, Any] = {"input": quantities} | (
            {"key": key or str(time.time_ns())} if "$key" in query else {}
        )
        answer: dict[str, Any] = self.ask(query, version, **asked).json()
        return answer

    def number(self) -> object:
        pools = self.shop.control.truth(orders=False)["pools"]
        assert isinstance(pools, list)
        return pools[0]["quantity"]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    profile = ShopProfile(name="shopify", quantity_mode="compare_and_set")
    with start_sandbox(
        [ShopSetup(profile=profile, token="token-shopify", dialect="shopify", listings=GOODS)]
    ) as running:
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> Client:
    shop = sandbox.shops["shopify"]
    shop.control.clear_faults()
    shop.control.edit_quantity(sku="BIN", quantity=5)
    return Client(shop)


def code(answer: dict[str, Any]) -> str:
    return str(answer["errors"][0]["extensions"]["code"])


def user_code(answer: dict[str, Any]) -> str:
    payload = answer["data"]["inventorySetQuantities"]
    assert payload["inventoryAdjustmentGroup"] is None
    return str(payload["userErrors"][0]["code"])


def test_a_wrong_token_is_401_and_everything_else_is_200(client: Client) -> None:
    wrong, broken = client.ask("{ shop { name } }", wrong_token="other"), client.ask("{ shop {")

    assert (wrong.status_code, broken.status_code) == (401, 200)
    assert code(broken.json()) == "BAD_REQUEST"


def test_the_version_served_is_told_and_the_oldest_stands_in_for_older_ones(client: Client) -> None:
    new, old = client.ask("{ shop { name } }"), client.ask("{ shop { name } }", "2024-01")

    assert [one.headers["X-Shopify-API-Version"] for one in (new, old)] == ["2026-10", "2026-01"]
    assert client.ask("{ shop { name } }", "2031-01").status_code == 404


@pytest.mark.parametrize(
    ("query", "variables", "expected"),
    [
        ("{ shop { nam } }", {}, "undefinedField"),
        ("{ shop }", {}, "undefinedField"),
        ("{ shop { name { x } } }", {}, "undefinedField"),
        ("{ nothing { id } }", {}, "undefinedField"),
        ("{ shop(id: 1) { name } }", {}, "argumentNotAccepted"),
        ("query($a: ID!) { order(id: $a) { id } }", {}, "INVALID_VARIABLE"),
        ("query($a: ID!) { order(id: $a) { id } }", {"a": 5}, "INVALID_VARIABLE"),
        ("query($a: ID!) { shop { name } }", {"a": "x"}, "variableMismatch"),
        ("{ shop { name } }", {"a": "x"}, "INVALID_VARIABLE"),
        ("{ productVariants(first: 251) { nodes { id } } }", {}, "BAD_REQUEST"),
        ("{ productVariants { nodes { id } } }", {}, "BAD_REQUEST"),
    ],
)
def test_what_does_not_fit_the_schema_is_refused(
    client: Client, query: str, variables: dict[str, Any], expected: str
) -> None:
    answer = client.ask(query, **variables).json()

    assert "data" not in answer
    assert code(answer) == expected


def test_an_answer_holds_what_was_asked_for_and_its_points(client: Client) -> None:
    answer = client.ask("{ shop { called: name } locations(first: 2) { nodes { id } } }").json()

    assert answer["data"] == {"shop": {"called": "shopify"}, "locations": {"nodes": [{"id": LOCATION}]}}
    cost = answer["extensions"]["cost"]
    assert (cost["requestedQueryCost"], cost["throttleStatus"]["restoreRate"]) == (4, 100.0)


def test_a_query_that_asks_for_too_much_is_refused(client: Client) -> None:
    greedy = "{ productVariants(first: 250) { nodes { product { id } inventoryItem { variant { inventoryPolicy } } } } }"

    assert code(client.ask(greedy).json()) == "MAX_COST_EXCEEDED"


def test_a_throttled_answer_tells_from_what_the_wait_follows(client: Client) -> None:
    client.shop.control.order_faults({"kind": "rate_limited", "seconds": 3.0, "count": 1})

    answer = client.ask("{ shop { name } }")

    cost = answer.json()["extensions"]["cost"]
    status = cost["throttleStatus"]
    wait_s = (cost["requestedQueryCost"] - status["currentlyAvailable"]) / status["restoreRate"]
    assert (answer.status_code, code(answer.json()), wait_s) == (200, "THROTTLED", 3.0)


def test_a_number_is_set_only_from_the_number_that_stands_there(client: Client) -> None:
    done, stale = client.set(), client.set(quantity=7)

    change = done["data"]["inventorySetQuantities"]["inventoryAdjustmentGroup"]["changes"]
    assert change == [{"name": "available", "quantityAfterChange": 9}]
    assert user_code(stale) == "CHANGE_FROM_QUANTITY_STALE"
    assert client.number() == 9


def test_null_opts_out_of_the_comparison_and_leaving_it_out_is_an_error(client: Client) -> None:
    blind = client.set(changeFromQuantity=None, quantity=2)
    absent = client.set(changeFromQuantity="left out")

    assert blind["data"]["inventorySetQuantities"]["userErrors"] == []
    assert code(absent) == "INVALID_FIELD_ARGUMENTS"
    assert client.number() == 2


def test_the_old_name_is_known_to_the_old_version_alone(client: Client) -> None:
    old: dict[str, Any] = {"changeFromQuantity": "left out", "compareQuantity": 4}

    assert user_code(client.set(version="2026-01", **old)) == "COMPARE_QUANTITY_STALE"
    assert code(client.set(version="2026-04", **old)) == "INVALID_VARIABLE"


def test_a_key_is_mandatory_since_2026_04(client: Client) -> None:
    without = SET.replace("@idempotent(key: $key)", "").replace(", $key: String!", "")

    new, old = client.set(query=without), client.set(query=without, version="2026-01")

    assert code(new) == "BAD_REQUEST"
    assert old["data"]["inventorySetQuantities"]["userErrors"] == []


def test_a_repeated_key_repeats_the_answer_and_another_number_is_a_mismatch(client: Client) -> None:
    first = client.set(key="k")
    client.shop.control.edit_quantity(sku="BIN", quantity=5)

    again, other = client.set(key="k"), client.set(key="k", quantity=1)

    assert again["data"] == first["data"]
    assert user_code(other) == "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"
    assert client.number() == 5


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"inventoryItemId": "gid://shopify/InventoryItem/1"}, "INVALID_INVENTORY_ITEM"),
        ({"locationId": "gid://shopify/Location/1"}, "INVALID_LOCATION"),
        ({"quantity": -1}, "INVALID_QUANTITY_NEGATIVE"),
        ({"quantity": 1_000_000_001}, "INVALID_QUANTITY_TOO_HIGH"),
    ],
)
def test_a_wrong_number_stands_among_the_user_errors(
    client: Client, row: dict[str, Any], expected: str
) -> None:
    assert user_code(client.set(**row)) == expected
    assert client.number() == 5


def test_sold_units_move_from_available_to_committed(client: Client) -> None:
    client.shop.control.buy("BIN", 2)

    (node, nobody) = client.ask(
        NUMBERS, ids=[ITEM, "gid://shopify/InventoryItem/9"], location=LOCATION
    ).json()["data"]["nodes"]

    numbers = {row["name"]: row["quantity"] for row in node["inventoryLevel"]["quantities"]}
    assert (numbers["available"], numbers["on_hand"] - numbers["committed"]) == (3, 3)
    assert nobody is None


def test_orders_are_found_by_whole_seconds_and_tell_what_was_put_back(client: Client) -> None:
    order_id = str(client.shop.control.buy("BIN", 2)["order_id"])
    client.shop.control.cancel(order_id, restock="yes")
    since = client.ask(ORDERS, query="updated_at:>='2020-01-01T00:00:00Z'", first=20).json()["data"]
    newest = since["orders"]["nodes"][-1]

    again = client.ask(ORDERS, query=f"updated_at:>='{newest['updatedAt']}'", first=20).json()["data"]

    assert newest["id"] in [row["id"] for row in again["orders"]["nodes"]]
    assert newest["cancelledAt"] is not None
    (refund,) = newest["refunds"]
    assert refund["refundLineItems"]["nodes"] == [{"quantity": 2, "restockType": "CANCEL"}]


def test_a_cursor_that_was_never_given_is_refused(client: Client) -> None:
    strange = base64.b64encode(b"\xff").decode()
    query = "query($after: String) { productVariants(first: 2, after: $after) { nodes { id } } }"

    assert code(client.ask(query, after=strange).json()) == "BAD_REQUEST"


def test_a_bulk_operation_ends_after_a_moment_and_its_file_needs_its_signature(client: Client) -> None:
    start = """mutation($query: String!) {
      bulkOperationRunQuery(query: $query, groupObjects: false) { bulkOperation { id status } userErrors { message } }
    }"""
    look = "query($id: ID!) { bulkOperation(id: $id) { status url } }"
    asked = client.ask(start, query="{ productVariants { edges { node { id sku } } } }").json()["data"]
    operation = asked["bulkOperationRunQuery"]["bulkOperation"]["id"]

    def state() -> dict[str, Any]:
        told: dict[str, Any] = client.ask(look, id=operation).json()["data"]["bulkOperation"]
        return told

    first = state()
    await_condition(lambda: state()["status"] == "COMPLETED", 5, "the end of the operation")
    address = str(state()["url"])

    assert (first["status"], first["url"]) == ("RUNNING", None)
    assert requests.get(address, timeout=3).text.count('"sku": "BIN"') == 1
    assert requests.get(address.partition("?")[0], timeout=3).status_code == 404


def test_a_code_gives_a_token_once(client: Client) -> None:
    address = f"{client.shop.base_url}/admin/oauth/access_token"
    asked = {"client_id": "key-shopify", "client_secret": "secret-shopify", "code": "wrong"}

    refused = requests.post(address, json=asked, timeout=3)

    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")
