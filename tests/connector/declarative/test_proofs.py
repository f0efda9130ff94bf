"""Do requests and webhooks prove who sends them as the channels publish it? Vectors first, then tokens that run out."""

from __future__ import annotations

import traceback
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import responses
from pydantic import SecretStr

from syncworker.connector import (
    ChannelMisconfiguredError,
    HearsWebhooks,
    KeptToken,
    Outgoing,
    RetryLaterError,
    Token,
    UpdatesListings,
    WebhookRefusedError,
    WebhookRequest,
)
from syncworker.connector.declarative.account import Account
from syncworker.connector.declarative.authorizers import Signed
from syncworker.connector.declarative.proofs import HmacAuth, SignatureSpec
from syncworker.connector.declarative.signing import signed
from tests.connector.declarative.shops import URL, described, opened, push

NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)


def account(**values: str) -> Account:
    return Account({**values, "allow_private_network": False}, frozenset())


def test_lazada_s_published_vector() -> None:
    spec = SignatureSpec(key="${app_secret}", message="{path}{sorted_kv(sign)}", encode="HEX")
    pairs = [
        ("access_token", "tok"), ("app_key", "123456"), ("limit", "100"), ("sign_method", "sha256"),
        ("timestamp", "1517820392000"), ("update_after", "2026-01-01T00:00:00+07:00"),
    ]  # fmt: skip

    found = signed(spec, account(app_secret="helloworld"), {"path": b"/orders/get"}, pairs=pairs)

    assert found == "1C7A307E2A11296A64AB9FAA156E970E50B77E76EDD89C0780A0C6ABD3E4B4C4"


def test_tiktok_shop_s_computed_vector() -> None:
    spec = SignatureSpec(
        key="${app_secret}", message="{app_secret}{path}{sorted_kv(sign,access_token)}{body}{app_secret}"
    )
    facts = {"path": b"/product/202309/products/1/inventory/update", "body": b'{"skus":[]}'}
    pairs = [("app_key", "68xu9ks5"), ("timestamp", "1623812664"), ("shop_cipher", "ROW_x"), ("sign", "?")]

    found = signed(spec, account(app_secret="e59af819cc"), facts, pairs=pairs)

    assert found == "4253611c653969fafbf2206d168c96c7f1bdb24bb8dd6d85e8f98648c23f7fe1"


def test_woocommerce_s_webhook_vector() -> None:
    spec = SignatureSpec(key="${secret}", message="{body}", encode="base64")

    found = signed(spec, account(secret="wh_secret"), {"body": b'{"id":727,"status":"processing"}'})

    assert found == "QQ/5ZC8MAFFR1pdW3XhXlWcBnog49jw7zgi6SNt8DWc="


def test_a_signed_request_carries_what_it_signed() -> None:
    spec = HmacAuth(
        type="hmac", key="${k}", message="{path}{timestamp}{sorted_kv(sign)}", name="sign", add_timestamp="s",
        timestamp_name="t", params={"partner": "${partner}"},
    )  # fmt: skip
    who = account(k="key", partner="9")
    request = Outgoing(method="GET", path="/orders", query=(("page", "1"),))

    query = dict(Signed(spec, who, "shop.example", "/api/v2", KeptToken()).authorize(request).query)

    signature = query.pop("sign")
    assert isinstance(signature, SecretStr)
    plain = [(name, str(value)) for name, value in query.items()]
    facts = {"path": b"/api/v2/orders", "timestamp": str(query["t"]).encode()}
    assert set(query) == {"page", "partner", "t"}
    assert signature.get_secret_value() == signed(spec, who, facts, pairs=plain)


@pytest.mark.parametrize(
    ("auth", "header", "expected"),
    [
        ({"type": "none"}, "Authorization", None),
        ({"type": "basic", "username": "me", "password": "${token}"}, "Authorization", "Basic bWU6czNjcmV0LXRva2Vu"),
        ({"type": "bearer", "token": "${token}"}, "Authorization", "Bearer s3cret-token"),
        ({"type": "api_key", "name": "X-Key", "value": "${token}"}, "X-Key", "s3cret-token"),
        ({"type": "api_key", "name": "k", "value": "${token}", "put": "cookie"}, "Cookie", "k=s3cret-token"),
    ],
)  # fmt: skip
def test_each_fixed_proof_stands_where_it_is_wanted(
    auth: dict[str, Any], header: str, expected: str | None
) -> None:
    with responses.RequestsMock() as shop:
        shop.get(f"{URL}/me", json={})
        opened(described(auth=auth)).check()

        assert shop.calls[0].request.headers.get(header) == expected


def test_a_key_in_the_query_is_in_no_error() -> None:
    auth = {"type": "api_key", "name": "apikey", "value": "${token}", "put": "query"}
    with responses.RequestsMock() as shop:
        shop.get(f"{URL}/me", json={"message": "no s3cret-token here"}, status=403)

        with pytest.raises(ChannelMisconfiguredError) as raised:
            opened(described(auth=auth)).check()

        assert parse_qs(urlsplit(str(shop.calls[0].request.url)).query) == {"apikey": ["s3cret-token"]}
    assert "s3cret" not in str(raised.value)


CLIENT = {
    "type": "oauth2_client", "token_url": "https://login.example/token", "client_id": "me", "client_secret": "${token}",
}  # fmt: skip


def test_a_token_by_client_credentials_is_fetched_once_and_again_when_it_is_refused() -> None:
    channel = opened(described(auth=CLIENT))
    with responses.RequestsMock() as shop:
        shop.post("https://login.example/token", json={"access_token": "one", "expires_in": 3600})
        shop.get(f"{URL}/me", json={})
        shop.get(f"{URL}/me", json={}, status=401)
        shop.post("https://login.example/token", json={"access_token": "two", "expires_in": 3600})
        shop.get(f"{URL}/me", json={})
        channel.check()
        channel.check()

        calls = [(call.request.method, call.request.headers.get("Authorization")) for call in shop.calls]
    assert [told for method, told in calls if method == "GET"] == ["Bearer one", "Bearer one", "Bearer two"]
    assert calls[0][1] == "Basic bWU6czNjcmV0LXRva2Vu"


REFRESH = {
    "type": "oauth2_refresh", "token_url": "https://login.example/token", "rotate": True,
    "body": {"grant_type": "refresh_token", "refresh_token": "=refresh_token"},
}  # fmt: skip


def test_a_refresh_token_that_changes_is_stored_before_it_is_used() -> None:
    tokens = KeptToken(
        Token(access=SecretStr("old"), refresh=SecretStr("r1"), expires_at=NOON.replace(year=2020))
    )
    with responses.RequestsMock() as shop:
        shop.post(
            "https://login.example/token",
            json={"access_token": "new", "refresh_token": "r2", "expires_in": 60},
        )
        shop.get(f"{URL}/me", status=503)
        shop.get(f"{URL}/me", json={})
        opened(described(auth=REFRESH), tokens=tokens).check()

        assert shop.calls[0].request.body == b"grant_type=refresh_token&refresh_token=r1"
    current = tokens.current()
    assert current is not None
    assert current.refresh == SecretStr("r2")


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, ChannelMisconfiguredError), (401, ChannelMisconfiguredError), (500, RetryLaterError)],
)
def test_a_refresh_token_is_in_no_error_and_no_push_is_in_doubt_for_it(
    status: int, error: type[Exception]
) -> None:
    old = Token(
        access=SecretStr("old"), refresh=SecretStr("r3fresh-secret"), expires_at=NOON.replace(year=2020)
    )
    with responses.RequestsMock() as shop:
        shop.post("https://login.example/token", json={"message": "not r3fresh-secret"}, status=status)

        with pytest.raises(error) as raised:
            opened(described(auth=REFRESH), tokens=KeptToken(old)).push_quantities([push("A")])

    assert "r3fresh" not in "".join(traceback.format_exception(raised.value))


def test_an_account_that_nobody_connected_says_how() -> None:
    with pytest.raises(ChannelMisconfiguredError, match="channel connect"):
        opened(described(auth=REFRESH), tokens=KeptToken()).check()


def test_a_log_in_gives_a_token_in_a_header() -> None:
    auth = {
        "type": "session", "path": "/login", "body": {"user": "me", "password": "${token}"},
        "token_header": "X-Token", "name": "Authorization",
    }  # fmt: skip
    with responses.RequestsMock() as shop:
        shop.post(f"{URL}/login", json={}, headers={"X-Token": "t1"})
        shop.get(f"{URL}/me", json={})
        opened(described(auth=auth)).check()

        assert shop.calls[0].request.body == b'{"user":"me","password":"s3cret-token"}'
        assert shop.calls[1].request.headers["Authorization"] == "Bearer t1"


# ---------------------------------------------------------------- webhooks


def hint(
    webhook: dict[str, Any], headers: dict[str, str], body: bytes = b"{}", url: str = "https://us.example/h"
) -> bool:
    channel = opened(described(webhook=webhook))
    assert isinstance(channel, HearsWebhooks)
    return channel.hint(WebhookRequest(url=url, headers=headers, body=body, received_at=NOON))


def test_a_signed_webhook_is_a_hint_and_a_forged_one_is_refused() -> None:
    webhook = {
        "verify": {"type": "hmac", "key": "${token}", "message": "{url}|{body}", "header": "X-Sign"},
        "about_orders": "body.kind == 'order'",
        "ping": "form.ping == '1'",
    }
    spec = SignatureSpec(key="${token}", message="{url}|{body}")
    body = b'{"kind":"order"}'
    good = signed(spec, account(token="s3cret-token"), {"url": b"https://us.example/h", "body": body})

    assert hint(webhook, {"x-sign": good}, body)
    assert not hint(webhook, {}, b"ping=1")
    for forged in ({}, {"x-sign": ""}, {"x-sign": good[:-1]}, {"x-sign": good.upper()}):
        with pytest.raises(WebhookRefusedError):
            hint(webhook, forged, body)
    with pytest.raises(WebhookRefusedError):
        hint(webhook, {"x-sign": good}, body + b" ")


def test_a_webhook_that_is_too_old_is_refused() -> None:
    webhook = {"verify": {"type": "token", "value": "${token}", "query": "t"}, "sent_at_header": "X-Time"}
    url = "https://us.example/h?t=s3cret-token"
    now = int(NOON.timestamp())

    assert hint(webhook, {"x-time": str(now - 10)}, url=url)
    with pytest.raises(WebhookRefusedError, match="too old"):
        hint(webhook, {"x-time": str(now - 3600)}, url=url)
    with pytest.raises(WebhookRefusedError, match="token"):
        hint(webhook, {"x-time": str(now)}, url="https://us.example/h?t=other")


def test_a_secret_that_was_left_out_believes_nobody() -> None:
    manifest = described(
        settings__hook={"type": "secret", "optional": True},
        webhook={"verify": {"type": "token", "value": "${hook}", "header": "X-Hook"}},
    )
    channel = opened(manifest)
    assert isinstance(channel, HearsWebhooks)

    with pytest.raises(WebhookRefusedError):
        channel.hint(
            WebhookRequest(url="https://us.example", headers={"x-hook": ""}, body=b"", received_at=NOON)
        )


def test_a_channel_has_only_the_abilities_that_its_manifest_describes() -> None:
    assert not isinstance(opened(described()), HearsWebhooks)
    assert not isinstance(opened(described()), UpdatesListings)
