"""Is the pretend Shopee as strict as its reference pages say, and as odd?"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests

from syncworker.sandbox.dialects.shopee_ids import PARTNER_ID, order_sn, shop_id
from syncworker.sandbox.pools import ListingSeed
from syncworker.sandbox.process import Sandbox, ShopAddress, start_sandbox
from syncworker.sandbox.profile import ShopProfile
from syncworker.sandbox.setup import ShopSetup

GOODS = tuple(ListingSeed(sku=sku, price="79000", quantity=5) for sku in ("KAOS/M", "KAOS/L", "BIN"))
NAMES = ("plain", "promo", "tokens")
LIST = "order/get_order_list"
DAY_S = 86_400


@pytest.fixture(scope="module")
def shopee() -> Iterator[Sandbox]:
    profiles = [ShopProfile(name=name, floor=2 if name == "promo" else 0, page_size=2) for name in NAMES]
    with start_sandbox(
        [
            ShopSetup(profile=one, token=f"token-{one.name}", dialect="shopee", listings=GOODS)
            for one in profiles
        ]
    ) as running:
        yield running


@dataclass(frozen=True)
class Seller:
    """Speaks to one shop, and may say something else than it should."""

    shop: ShopAddress
    token: str
    wrong: dict[str, str] = field(default_factory=dict)

    def get(self, what: str, **query: Any) -> Any:
        return self._call("GET", what, params=query).json()

    def post(self, what: str, body: object) -> Any:
        return self._call("POST", what, json=body).json()

    def public(self, what: str, body: object) -> Any:
        return self._call("POST", what, owner=False, json=body).json()

    def _call(self, method: str, what: str, *, owner: bool = True, **more: Any) -> requests.Response:
        path, number = f"/api/v2/{what}", str(shop_id(self.shop.name))
        at = self.wrong.get("timestamp", str(int(time.time())))
        owned = f"{self.token}{number}" if owner else ""
        key, message = f"secret-{self.shop.name}", f"{PARTNER_ID}{path}{at}{owned}"
        sign = hmac.new(key.encode(), message.encode(), hashlib.sha256).hexdigest()
        query = {"partner_id": str(PARTNER_ID), "timestamp": at, "sign": sign}
        if owner:
            query |= {"access_token": self.token, "shop_id": number}
        query |= {**more.pop("params", {}), **self.wrong}
        return requests.request(method, self.shop.base_url + path, params=query, timeout=5, **more)


def seller(sandbox: Sandbox, name: str = "plain", **wrong: str) -> Seller:
    return Seller(sandbox.shops[name], f"token-{name}", wrong)


def window(**changes: object) -> dict[str, object]:
    now = int(time.time())
    return {
        "time_range_field": "update_time",
        "time_from": now - 600,
        "time_to": now + 9,
        "page_size": 50,
    } | changes


def item_of(one: Seller, sku: str) -> tuple[int, int]:
    rows = one.get("product/get_item_list", offset=0, page_size=50, item_status=["NORMAL", "UNLIST"])
    for row in rows["response"]["item"]:
        models = one.get("product/get_model_list", item_id=row["item_id"])["response"]["model"]
        facts = one.get("product/get_item_base_info", item_id_list=row["item_id"])["response"]["item_list"]
        if facts[0]["item_sku"] == sku:
            return row["item_id"], 0
        found = [model["model_id"] for model in models if model["model_sku"] == sku]
        if found:
            return row["item_id"], found[0]
    raise AssertionError(f"{sku} is not listed")


def stock(one: Seller, sku: str, value: object, **more: object) -> Any:
    item_id, model_id = item_of(one, sku)
    row = {"model_id": model_id, "seller_stock": [{"stock": value, **more}]}
    return one.post("product/update_stock", {"item_id": item_id, "stock_list": [row]})


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"sign": "0" * 64}, "error_sign"),
        ({"partner_id": "7"}, "error_param"),
        ({"access_token": "token-of-another"}, "error_sign"),
        ({"shop_id": "7"}, "error_sign"),
    ],
)
def test_what_is_signed_wrongly_is_refused(shopee: Sandbox, wrong: dict[str, str], error: str) -> None:
    assert seller(shopee, **wrong).get("shop/get_shop_info")["error"] == error


@pytest.mark.parametrize("wrong_s", [-400, 400])
def test_a_clock_that_is_wrong_by_more_than_five_minutes_is_refused(shopee: Sandbox, wrong_s: int) -> None:
    one = seller(shopee, timestamp=str(int(time.time()) + wrong_s))

    assert one.get("shop/get_shop_info")["message"] == "Invalid timestamp"


def test_a_token_that_is_none_is_told_apart_from_a_wrong_signature(shopee: Sandbox) -> None:
    stranger = Seller(shopee.shops["plain"], "token-of-another")

    assert stranger.get("shop/get_shop_info")["error"] == "invalid_acceess_token"


def test_a_refresh_token_works_once(shopee: Sandbox) -> None:
    one = seller(shopee, "tokens")
    body = {"refresh_token": "refresh-tokens", "shop_id": shop_id("tokens"), "partner_id": PARTNER_ID}

    first, again = (one.public("auth/access_token/get", body) for _ in range(2))

    assert (first["error"], first["expire_in"]) == ("", 14_400)
    assert again["error"] == "error_auth"
    assert one.get("shop/get_shop_info")["error"] == "invalid_acceess_token"
    assert Seller(one.shop, first["access_token"]).get("shop/get_shop_info")["error"] == ""


@pytest.mark.parametrize("from_now_s", [-15 * DAY_S - 60, 60])
def test_a_search_spans_fifteen_days_at_most_and_runs_forward(shopee: Sandbox, from_now_s: int) -> None:
    asked = window(time_from=int(time.time()) + from_now_s)

    assert seller(shopee).get(LIST, **asked)["error"] == "order.order_list_invalid_time"


@pytest.mark.parametrize("changes", [{"page_size": 101}, {"page_size": 0}, {"nonsense": 1}, {"cursor": "20"}])
def test_what_no_page_allows_is_refused(shopee: Sandbox, changes: dict[str, object]) -> None:
    assert seller(shopee).get(LIST, **window(**changes))["error"] == "error_param"


def test_orders_are_listed_newest_first_without_their_contents_and_pending_ones_on_request(
    shopee: Sandbox,
) -> None:
    one = seller(shopee)
    ours = [str(one.shop.control.buy("BIN")["order_id"]) for _ in range(3)]
    one.shop.control.set_status(ours[0], "pending")

    plain = one.get(LIST, **window())["response"]
    first = one.get(LIST, **window(request_order_status_pending="true"))["response"]
    second = one.get(LIST, **window(request_order_status_pending="true", cursor=first["next_cursor"]))[
        "response"
    ]

    listed = [row["order_sn"] for page in (first, second) for row in page["order_list"]]
    assert order_sn(ours[0]) not in [row["order_sn"] for row in plain["order_list"]]
    assert listed[:3] == [order_sn(ours[0]), order_sn(ours[2]), order_sn(ours[1])]
    assert set(first["order_list"][0]) == {"order_sn", "order_status"}


def test_a_detail_holds_what_was_asked_for_and_fifty_orders_at_most(shopee: Sandbox) -> None:
    one = seller(shopee)
    number = order_sn(str(one.shop.control.buy("KAOS/M")["order_id"]))

    bare = one.get("order/get_order_detail", order_sn_list=number)["response"]["order_list"][0]
    full = one.get("order/get_order_detail", order_sn_list=number, response_optional_fields="item_list")
    many = one.get("order/get_order_detail", order_sn_list=",".join([number] * 51))

    assert "item_list" not in bare
    assert full["response"]["order_list"][0]["item_list"][0]["model_sku"] == "KAOS/M"
    assert many["error"] == "error_param"


def test_a_number_is_set_per_model_and_told_back(shopee: Sandbox) -> None:
    told = stock(seller(shopee), "KAOS/L", 9)

    assert told["response"]["failure_list"] == []
    assert [row["stock"] for row in told["response"]["success_list"]] == [9]


@pytest.mark.parametrize(
    ("value", "more", "error"),
    [
        (1.5, {}, "error_param"),
        (-1, {}, "error_param"),
        ("3", {}, "error_param"),
        (3, {"location_id": "IDL"}, "error_auth"),
    ],
)
def test_what_is_no_number_and_a_place_that_nobody_has_are_refused(
    shopee: Sandbox, value: object, more: dict[str, object], error: str
) -> None:
    assert stock(seller(shopee), "KAOS/L", value, **more)["error"] == error


def test_an_item_with_models_takes_no_number_of_its_own(shopee: Sandbox) -> None:
    one = seller(shopee)
    item_id, _ = item_of(one, "KAOS/L")
    body = {"item_id": item_id, "stock_list": [{"model_id": 0, "seller_stock": [{"stock": 1}]}]}

    assert one.post("product/update_stock", body)["error"] == "error_edit_item_stock_for_item_has_model"


def test_what_a_promotion_holds_cannot_be_undercut(shopee: Sandbox) -> None:
    one = seller(shopee, "promo")

    low, exact = stock(one, "BIN", 1), stock(one, "BIN", 2)

    assert low["error"] == "error_busi_update_stock_failed"
    assert [row["failed_reason"] for row in low["response"]["failure_list"]] == [
        "Total stock must be more than reserved stock."
    ]
    assert exact["error"] == ""
