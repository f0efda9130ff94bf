"""Do Shopee's signatures come out as two public kits make them? Vectors of the reference page, and what a push proves."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from syncworker.connector import KeptToken, Outgoing, Token, WebhookRefusedError, WebhookRequest
from syncworker_shopee.connector import ShopeeChannel
from syncworker_shopee.settings import ShopeeSettings
from syncworker_shopee.signing import push_signature, request_signature
from syncworker_shopee.tokens import ShopeeAuthorizer

KEY = "shpk4a6f7274657374206b657920666f7220646f6373"
TOKEN, SHOP, AT = "c09222e3fc40ffb25fc947f738b1abf1", "600000", 1_610_000_000
SETTINGS = ShopeeSettings(partner_id=2_001_887, partner_key=SecretStr(KEY))
URL = "https://hooks.example.com/shopee"
BODY = (
    b'{"data":{"ordersn":"220810QTXYZ123","status":"READY_TO_SHIP","update_time":1660123127},'
    b'"shop_id":600000,"code":3,"timestamp":1660123127}'
)
SIGN = "070960be980e23a9b5acc33b8fc5e3104c0bd0cd4773d447021a9e7cf5506dad"


@pytest.mark.parametrize(
    ("path", "owner", "sign"),
    [
        (
            "/api/v2/product/update_stock",
            (TOKEN, SHOP),
            "446a22b2a779b45b390c6afceb621194ba871035405c9afacdf59cc582bce80c",
        ),
        (
            "/api/v2/order/get_order_list",
            (TOKEN, SHOP),
            "e24ea5c80f897ecb170a34c11b46224684d70e3803dd020073830430a65301bc",
        ),
        ("/api/v2/auth/token/get", (), "160ccf9d3cb03311db2e2cb0f27517aaecff8f0fcb2ff7c4d05dab97c0299f06"),
        (
            "/api/v2/auth/access_token/get",
            (),
            "f7abb23c0aec95315e911db37d4c9c593abefb96ffbbae8b25c5a11eb03a5b87",
        ),
        (
            "/api/v2/merchant/get_merchant_info",
            (TOKEN, "1000001"),
            "80feae9c0a53abe9e01c5b64dc2e1f5ce6e7d7bc6609911fc1e231919bc5707c",
        ),
    ],
)
def test_a_request_is_signed_as_documented(path: str, owner: tuple[str, ...], sign: str) -> None:
    assert request_signature(KEY, 2_001_887, path, AT, *owner) == sign


def test_a_push_is_signed_as_documented() -> None:
    assert push_signature(KEY, URL, BODY) == SIGN


def test_each_request_is_signed_with_the_time_it_leaves_at() -> None:
    moments = iter((AT + 0.9, AT + 400.2))
    token = Token(access=SecretStr(TOKEN), facts={"shop_id": SHOP})
    authorizer = ShopeeAuthorizer("toko", SETTINGS, KeptToken(token), clock=lambda: next(moments))
    asked = Outgoing(method="GET", path="/api/v2/order/get_order_list", query=(("page_size", "50"),))

    first, second = (dict(authorizer.authorize(asked).query) for _ in range(2))

    assert first["sign"] == "e24ea5c80f897ecb170a34c11b46224684d70e3803dd020073830430a65301bc"
    assert (first["timestamp"], second["timestamp"]) == (str(AT), str(AT + 400))
    assert first["sign"] != second["sign"]
    assert first["access_token"] == SecretStr(TOKEN)
    assert first["page_size"] == "50"


# ---------------------------------------------------------------- pushes


def channel() -> ShopeeChannel:
    token = Token(access=SecretStr(TOKEN), facts={"shop_id": SHOP})
    return ShopeeChannel("toko", SETTINGS, KeptToken(token))


def request(body: bytes, authorization: str | None = None, url: str = URL) -> WebhookRequest:
    sign = push_signature(KEY, URL, body) if authorization is None else authorization
    return WebhookRequest(
        url=url, headers={"authorization": sign}, body=body, received_at=datetime(2026, 1, 1, tzinfo=UTC)
    )


def test_a_push_about_an_order_rings() -> None:
    assert channel().hint(request(BODY, SIGN)) is True


@pytest.mark.parametrize("code", [1, 2, 5, 6, 7, 8, 9, 12, 15])
def test_what_says_nothing_of_orders_does_not_ring(code: int) -> None:
    assert channel().hint(request(b'{"shop_id":600000,"code":%d}' % code)) is False


@pytest.mark.parametrize("body", [b'{"code":99}', b"not json", b'{"code":"3"}', b"[]"])
def test_what_nobody_has_heard_of_rings_too(body: bytes) -> None:
    assert channel().hint(request(body)) is True


def test_another_shop_of_the_same_app_does_not_ring() -> None:
    assert channel().hint(request(b'{"shop_id":600001,"code":3}')) is False


@pytest.mark.parametrize("sign", ["", "0" * 64, "é"])
def test_a_push_without_the_apps_signature_is_refused(sign: str) -> None:
    with pytest.raises(WebhookRefusedError):
        channel().hint(request(BODY, sign))


def test_a_push_to_another_address_is_refused() -> None:
    with pytest.raises(WebhookRefusedError):
        channel().hint(request(BODY, SIGN, url="https://hooks.example.com/other"))
