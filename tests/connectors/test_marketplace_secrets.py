"""Does the token ever leave the connector other than in the request?"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from decimal import Decimal

import pytest
import responses
import structlog

from syncworker.connector import (
    Channel,
    ChannelError,
    KeptToken,
    ListingDraft,
    Money,
    QuantityMode,
    QuantityPush,
)
from syncworker.connector.registry import load, validate
from syncworker.errors import ConfigurationError

URL = "https://shop.example/toko/v1"
TOKEN = "3f9a-very-secret"
PUSH = QuantityPush(push_id="1", pool_key="P1", kind=QuantityMode.SET, value=5)
DRAFT = ListingDraft(sku="A", title="A", price=Money(Decimal(5), "IDR"), idempotency_key="k")


@pytest.fixture
def channel() -> Channel:
    connector = load("marketplace")
    return connector.open("toko", validate(connector, {"base_url": URL, "token": TOKEN}), KeptToken())


@pytest.fixture
def shop() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as running:
        yield running


def test_the_token_is_sent_and_shown_nowhere(channel: Channel, shop: responses.RequestsMock) -> None:
    shop.post(
        f"{URL}/quantities",
        json={
            "items": [{"pool_id": "P1", "status": "refused", "code": f"no {TOKEN}", "message": f"{TOKEN}?"}]
        },
    )

    with structlog.testing.capture_logs() as log:
        (result,) = channel.push_quantities([PUSH])

    assert shop.calls[0].request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert "3f9a" not in repr(result) + repr(log) + repr(channel)
    assert "[redacted]" in result.message


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 409, 413, 422, 429, 500])
def test_a_shop_that_repeats_the_token_gives_nothing_away(
    channel: Channel, shop: responses.RequestsMock, status: int
) -> None:
    shop.post(
        f"{URL}/listings", json={"code": TOKEN, "message": f"Bearer {TOKEN}", "price": TOKEN}, status=status
    )

    with pytest.raises(ChannelError) as raised:
        channel.publish(DRAFT)

    assert "3f9a" not in "".join(traceback.format_exception(raised.value))


def test_settings_show_no_token() -> None:
    connector = load("marketplace")
    settings = validate(connector, {"base_url": URL, "token": TOKEN})

    assert "3f9a" not in repr(settings) + str(settings) + settings.model_dump_json()


@pytest.mark.parametrize(
    "raw",
    [
        {"base_url": "http://shop.example/v1", "token": TOKEN},
        {"base_url": f"https://me:{TOKEN}@shop.example", "token": TOKEN},
        {"base_url": URL, "token": f"{TOKEN} "},
        {"base_url": URL, "token": f"{TOKEN}\n"},
        {"base_url": URL, "token": ""},
        {"base_url": URL, "token": TOKEN, "horizon_s": float("nan")},
        {"base_url": URL, "token": TOKEN, "tokens": TOKEN},
    ],
)
def test_unusable_settings_are_refused_without_showing_them(raw: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError) as raised:
        validate(load("marketplace"), raw)

    assert "3f9a" not in "".join(traceback.format_exception(raised.value))
