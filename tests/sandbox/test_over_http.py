"""Every fault can be seen by a client over real HTTP, and the control API tells the truth about it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests

from syncworker.sandbox.pools import ListingSeed
from syncworker.sandbox.process import Sandbox, start_sandbox
from syncworker.sandbox.profile import ShopProfile
from syncworker.sandbox.referee import judge
from syncworker.sandbox.remote import ControlError
from syncworker.sandbox.setup import ShopSetup
from tests.sandbox.test_referee import CATALOGUE
from tests.waiting import await_condition

GOODS = (
    ListingSeed(sku="BIN", quantity=2, pool_id="P-BIN"),
    ListingSeed(sku="PAN", quantity=3, pool_id="P-PAN"),
)


def setup(name: str, **habits: Any) -> ShopSetup:
    """A shop with bins and pans."""
    return ShopSetup(profile=ShopProfile(name=name, **habits), token=f"token-{name}", listings=GOODS)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Two shops in a process of their own."""
    shops = [setup("plain", page_size=2), setup("limited", rate_limit_calls=2, rate_limit_window_s=60)]
    with start_sandbox(shops, seed=11) as running:
        yield running


class Client:
    """A seller at one shop who gives up after half a second."""

    def __init__(self, sandbox: Sandbox, name: str = "plain") -> None:
        self.shop = sandbox.shops[name]
        self.headers = {"Authorization": f"Bearer {self.shop.token}"}

    def get(self, path: str, **query: Any) -> requests.Response:
        return requests.get(self.shop.base_url + path, params=query, headers=self.headers, timeout=0.5)

    def post(self, path: str, body: object, **headers: str) -> requests.Response:
        url = self.shop.base_url + path
        return requests.post(url, json=body, headers=self.headers | headers, timeout=0.5)

    def set_bins(self, number: int) -> requests.Response:
        return self.post("/quantities", {"items": [{"pool_id": "P-BIN", "quantity": number}]})

    def bins(self) -> int:
        """What really would sell."""
        pools = self.shop.control.truth(orders=False)["pools"]
        assert isinstance(pools, list)
        return int(pools[0]["sellable"])


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    """A seller at the plain shop: two bins stand there, no fault is on."""
    seller = Client(sandbox)
    seller.shop.control.clear_faults()
    seller.shop.control.edit_quantity(sku="BIN", quantity=2)
    yield seller
    seller.shop.control.clear_faults()


def order(client: Client, **fault: object) -> None:
    """Order one fault for the next call."""
    client.shop.control.order_faults({"count": 1, **fault})


def test_a_sale_is_listed_with_the_shops_clock(client: Client) -> None:
    sale = client.shop.control.buy("BIN", buyer="7")
    answer = client.get("/orders", updated_since="2020-01-01T00:00:00Z")

    rows = answer.json()["orders"]
    assert sale["outcome"] == "sold"
    assert rows[-1]["order_id"] == sale["order_id"] or answer.json()["next_cursor"]
    told = parsedate_to_datetime(answer.headers["Date"])
    assert abs((told - datetime.now(UTC)).total_seconds()) < 5


@pytest.mark.parametrize(
    ("how", "check"),
    [
        ("none", lambda value: value is None),
        ("seconds", lambda value: value == "7"),
        ("date", lambda value: parsedate_to_datetime(value) > datetime.now(UTC)),
    ],
)
def test_429_tells_when_to_come_back_in_each_way(client: Client, how: str, check: Any) -> None:
    order(client, kind="rate_limited", seconds=7, retry_after=how)

    answer = client.set_bins(9)

    assert answer.status_code == 429
    assert check(answer.headers.get("Retry-After"))
    assert client.bins() == 2


@pytest.mark.parametrize(("status", "kind"), [(500, "json"), (502, "html"), (503, "json")])
def test_a_server_error_before_the_effect_leaves_the_number(client: Client, status: int, kind: str) -> None:
    order(client, kind="server_error", status=status)

    answer = client.set_bins(9)

    assert (answer.status_code, client.bins()) == (status, 2)
    assert kind in answer.headers["Content-Type"]


def test_a_server_error_after_the_effect_has_moved_the_number(client: Client) -> None:
    order(client, kind="error_after", status=500)

    assert client.set_bins(9).status_code == 500
    assert client.bins() == 9


@pytest.mark.parametrize(("kind", "left"), [("timeout_before", 2), ("timeout_after", 9)])
def test_a_timeout_hides_whether_the_write_took_effect(client: Client, kind: str, left: int) -> None:
    order(client, kind=kind, seconds=5)

    with pytest.raises(requests.ReadTimeout):
        client.set_bins(9)

    assert client.bins() == left


def test_a_delay_shorter_than_the_patience_only_delays(client: Client) -> None:
    order(client, kind="delay", seconds=0.2)

    answer = client.set_bins(9)

    assert answer.status_code == 200
    assert answer.elapsed.total_seconds() >= 0.2


def test_a_connection_can_be_cut_in_the_middle_of_the_answer(client: Client) -> None:
    order(client, kind="cut_after")

    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        client.set_bins(9)

    assert client.bins() == 9


def test_a_push_can_land_after_its_sender_gave_up(client: Client) -> None:
    order(client, kind="late", seconds=0.3)

    with pytest.raises(requests.ConnectionError):
        client.set_bins(9)

    assert client.shop.control.truth()["pending"] or client.bins() == 9
    await_condition(lambda: client.bins() == 9, 5, "the push to land")


@pytest.mark.parametrize("kind", ["truncated_json", "html_ok"])
def test_an_answer_can_be_no_json_with_status_200(client: Client, kind: str) -> None:
    order(client, kind=kind)

    answer = client.set_bins(9)

    assert answer.status_code == 200
    with pytest.raises(requests.JSONDecodeError):
        answer.json()
    assert client.bins() == 9


def test_a_number_can_be_nan_and_a_required_field_can_be_missing(client: Client) -> None:
    order(client, kind="nan")
    assert "NaN" in client.get("/listings").text

    order(client, kind="missing_field", field="pool_id")
    listings = client.get("/listings").json()["listings"]
    assert [("pool_id" in listing) for listing in listings] == [False, True]


def test_credentials_can_stop_working_and_wrong_ones_never_do(client: Client) -> None:
    order(client, kind="unauthorized")
    assert [client.get("/shop").status_code for _ in range(2)] == [401, 200]

    client.headers = {"Authorization": "Bearer token-limited"}
    answer = client.get("/shop")
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")


def test_items_of_a_batch_fail_and_vanish_alone(client: Client) -> None:
    batch = {"items": [{"pool_id": "P-BIN", "quantity": 5}, {"pool_id": "P-PAN", "quantity": 6}]}
    order(client, kind="item_refused", pool_id="P-BIN", code="campaign_locked")
    order(client, kind="item_missing", pool_id="P-PAN", applied=True)

    items = client.post("/quantities", batch).json()["items"]

    assert [(item["pool_id"], item["status"], item["code"]) for item in items] == [
        ("P-BIN", "refused", "campaign_locked")
    ]


def test_a_read_back_can_be_stale(client: Client) -> None:
    client.set_bins(9)
    order(client, kind="stale_read", seconds=3000)

    def read() -> object:
        return client.post("/quantities/read", {"pool_ids": ["P-BIN"]}).json()["items"][0]["quantity"]

    assert [read(), read()] == [2, 9]


def test_page_faults_reach_the_wire(client: Client) -> None:
    for _ in range(3):
        client.shop.control.edit_quantity(sku="BIN", quantity=2)
        client.shop.control.buy("BIN")
    first = client.get("/orders").json()
    order(client, kind="repeat_page")
    order(client, kind="duplicate_rows")

    doubled = client.get("/orders").json()["orders"]
    repeated = client.get("/orders", cursor=first["next_cursor"]).json()

    assert len(doubled) == 3
    assert repeated["orders"] == doubled
    assert repeated["next_cursor"] == first["next_cursor"]


def test_an_idempotency_key_makes_a_repeat_harmless(client: Client) -> None:
    body = {"items": [{"pool_id": "P-BIN", "quantity": 5}]}
    first = client.post("/quantities", body, **{"Idempotency-Key": "K-1"}).json()
    client.shop.control.buy("BIN", 5)

    assert client.post("/quantities", body, **{"Idempotency-Key": "K-1"}).json() == first
    assert client.bins() == 0


def test_the_rate_limit_answers_429_with_the_wait(sandbox: Sandbox) -> None:
    seller = Client(sandbox, "limited")

    answers = [seller.get("/shop") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 0 < int(answers[2].headers["Retry-After"]) <= 60


def test_competing_buyers_get_each_unit_once_and_the_referee_agrees(client: Client, sandbox: Sandbox) -> None:
    start = len(client.shop.control.log())
    outcomes: list[object] = []

    def shopper() -> None:
        outcomes.append(client.shop.control.buy("BIN")["outcome"])

    threads = [threading.Thread(target=shopper) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    verdict = judge(CATALOGUE, [client.shop.control.log(start)])
    assert sorted(map(str, outcomes)) == ["sold"] * 2 + ["turned_away"] * 6
    assert (verdict.sold, verdict.oversold, verdict.turned_away, verdict.turned_away_in_stock) == (2, 0, 6, 0)


def test_the_life_of_an_order_can_be_played_from_outside(client: Client) -> None:
    control = client.shop.control
    order_id = str(control.buy_basket([{"sku": "BIN", "quantity": 2}, {"sku": "PAN"}])["order_id"])

    control.edit_order(order_id, f"{order_id}-1", 1)
    control.cancel(order_id, line_id=f"{order_id}-2", restock="no")
    control.reinstate(order_id)
    control.ship(order_id)
    control.set_status(order_id, "delivered")
    returned = control.take_return(order_id, line_id=f"{order_id}-1", restock="yes")

    lines = returned["lines"]
    assert isinstance(lines, list)
    levels = [
        (x["quantity"], x["cancelled_quantity"], x["shipped_quantity"], x["returned_quantity"]) for x in lines
    ]
    assert levels == [(1, 0, 1, 1), (1, 0, 1, 0)]
    assert client.bins() == 2


def test_the_control_api_explains_its_refusals(client: Client) -> None:
    with pytest.raises(ControlError, match="unknown_listing"):
        client.shop.control.buy("GHOST")
    with pytest.raises(ControlError, match="invalid_request"):
        client.shop.control.order_faults({"kind": "meteor"})


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ('{"items":', 400, "invalid_json"),
        ("<html>", 400, "invalid_json"),
        ('{"items":[{"pool_id":"P-BIN","quantity":1.0}]}', 422, "invalid_request"),
        ('{"items":[{"pool_id":"P-BIN","quantity":"1"}]}', 422, "invalid_request"),
        ('{"items":[{"pool_id":"P-BIN","quantity":true}]}', 422, "invalid_request"),
        ('{"items":[{"pool_id":"P-BIN","quantity":NaN}]}', 422, "invalid_request"),
        ('{"items":[{"pool_id":"P-BIN","quantity":1,"colour":"red"}]}', 422, "invalid_request"),
        ('{"items":[{"pool_id":"P-BIN","quantity":-1}]}', 422, "invalid_quantity"),
        ('{"items":[{"pool_id":"P-BIN","quantity":1000000000000000000000}]}', 422, "invalid_quantity"),
        ('{"items":[{"pool_id":"P-BIN","delta":1}]}', 422, "wrong_quantity_mode"),
        ("{}", 422, "invalid_request"),
    ],
)
def test_a_mistaken_push_gets_a_clear_answer_and_changes_nothing(
    client: Client, body: str, status: int, code: str
) -> None:
    headers = client.headers | {"Content-Type": "application/json"}

    answer = requests.post(client.shop.base_url + "/quantities", data=body, headers=headers, timeout=2)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["message"]
    assert client.bins() == 2


def test_unknown_paths_and_shops_get_json_errors(client: Client, sandbox: Sandbox) -> None:
    nowhere = requests.get(f"{sandbox.base_url}/ghost/v1/shop", headers=client.headers, timeout=2)

    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "unknown_shop")
    assert client.get("/nothing").json()["code"] == "not_found"
    assert client.post("/shop", {}).json()["code"] == "not_allowed"


def test_the_staff_may_let_a_listing_sell_from_another_pool(client: Client) -> None:
    listing = client.get("/listings").json()["listings"][0]

    alone = client.shop.control.share_stock(listing["listing_id"], quantity=4)
    back = client.shop.control.share_stock(listing["listing_id"], pool_id=listing["pool_id"])

    assert (alone["quantity"], back["pool_id"]) == (4, "P-BIN")
