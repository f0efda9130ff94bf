"""Do TikTok's two signatures come out as documented? Vectors, machine-readable beside the samples."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from syncworker.connector import KeptToken, Outgoing, Token, WebhookRefusedError, WebhookRequest
from syncworker_tiktok.connector import TikTokChannel
from syncworker_tiktok.settings import TikTokSettings
from syncworker_tiktok.signing import request_signature, webhook_signature
from syncworker_tiktok.tokens import TikTokAuthorizer
from tests.connectors.tiktok.tiktok_shops import plain

Vector = dict[str, object]
SETTINGS = TikTokSettings(app_key="test_app_key", app_secret=SecretStr("test_app_secret"))


def vectors(kind: str) -> list[Vector]:
    found = plain("signature_vectors")[kind]
    assert isinstance(found, list)
    return found


def ids(vector: object) -> str:
    return str(vector.get("name")) if isinstance(vector, dict) else ""


@pytest.mark.parametrize("vector", vectors("requests"), ids=ids)
def test_a_request_is_signed_as_documented(vector: Vector) -> None:
    query = vector["query"]
    assert isinstance(query, dict)
    media_type = "multipart/form-data; boundary=x" if vector["multipart"] else "application/json"

    sign = request_signature(
        str(vector["app_secret"]),
        str(vector["path"]),
        list(query.items()),
        str(vector["raw_body"]).encode(),
        media_type,
    )

    assert sign == vector["sign"]


@pytest.mark.parametrize("vector", vectors("webhooks"), ids=ids)
def test_a_webhook_is_signed_as_documented(vector: Vector) -> None:
    body = str(vector["raw_body"]).encode()

    sign = webhook_signature(str(vector["app_key"]), str(vector["app_secret"]), body)

    assert sign == vector[next(name for name in ("sign", "authorization") if name in vector)]


@given(
    query=st.dictionaries(
        st.sampled_from(["ids", "page_token", "b", "a", "shop_cipher"]), st.text(max_size=9)
    )
)
def test_the_order_of_parameters_and_the_token_change_nothing(query: dict[str, str]) -> None:
    pairs = list(query.items())

    signs = {
        request_signature("s", "/p", order, b"{}", "application/json")
        for order in (pairs, pairs[::-1], [*pairs, ("sign", "x"), ("access_token", "t")])
    }

    assert len(signs) == 1


def test_each_request_is_signed_with_the_time_it_leaves_at_and_the_token_stays_out_of_the_query() -> None:
    moments = iter((1_700_000_000.9, 1_700_000_400.2))
    token = Token(access=SecretStr("token-1"), facts={"shop_cipher": "ROW_testcipher"})
    authorizer = TikTokAuthorizer("toko", SETTINGS, KeptToken(token), clock=lambda: next(moments))
    asked = Outgoing(method="GET", path="/order/202309/orders", query=(("ids", "1,2"),))

    first, second = (authorizer.authorize(asked) for _ in range(2))

    times = [dict(one.query)["timestamp"] for one in (first, second)]
    assert times == ["1700000000", "1700000400"]
    assert dict(first.query)["sign"] != dict(second.query)["sign"]
    assert first.headers["x-tts-access-token"] == SecretStr("token-1")
    assert "token-1" not in str(first)


# ---------------------------------------------------------------- webhooks


def channel(**facts: str) -> TikTokChannel:
    return TikTokChannel("toko", SETTINGS, KeptToken(Token(access=SecretStr("token-1"), facts=facts)))


def request(body: bytes, authorization: str | None = None) -> WebhookRequest:
    sign = authorization
    if sign is None:
        sign = hmac.new(b"test_app_secret", b"test_app_key" + body, hashlib.sha256).hexdigest()
    return WebhookRequest(
        url="https://shop.example/hooks/toko",
        headers={"authorization": sign},
        body=body,
        received_at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=1),
    )


@pytest.mark.parametrize("event", plain("webhook_events")["events"], ids=ids)  # type: ignore[arg-type]  # a list
def test_what_concerns_orders_rings_for_a_pull(event: Vector) -> None:
    sent = request(str(event["raw_body"]).encode(), str(event["authorization"]))

    assert channel().hint(sent) is (event["name"] != "inventory_status_change")


@pytest.mark.parametrize("sign", ["", "0" * 64, "Bearer x", "é"])
def test_a_webhook_without_the_apps_signature_is_refused(sign: str) -> None:
    with pytest.raises(WebhookRefusedError):
        channel().hint(request(b'{"type":1}', sign))


@pytest.mark.parametrize("body", [b'{"type":99}', b"not json", b'{"type":"1"}', b"[]"])
def test_what_nobody_has_heard_of_rings_too(body: bytes) -> None:
    assert channel().hint(request(body)) is True


def test_another_shop_of_the_same_app_does_not_ring() -> None:
    body = b'{"type":1,"shop_id":"7490000000000000002"}'

    assert channel(shop_id="7490000000000000001").hint(request(body)) is False
    assert channel(shop_id="7490000000000000002").hint(request(body)) is True
