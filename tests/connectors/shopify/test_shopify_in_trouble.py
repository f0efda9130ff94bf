"""What does the Shopify connector make of misfortune? Nothing that may have happened counts as if it had not."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from syncworker.connector import (
    ChannelMisconfiguredError,
    ConsentRequest,
    KeptToken,
    NeedsConsent,
    Outcome,
    OutcomeUnknownError,
    RetryLaterError,
    SendWindow,
    Token,
)
from syncworker.connector.registry import load, validate
from syncworker.sandbox.process import Sandbox
from syncworker_shopify.tokens import redirect_signature
from tests.connectors.shopify.shopify_shops import ShopifyShop, learn_pools, open_shopify, token_of

LOST = ("timeout_after", "error_after", "cut_after", "html_ok", "truncated_json", "timeout_before")


@pytest.mark.parametrize("kind", LOST)
def test_a_request_without_an_answer_is_unknown(shop: ShopifyShop, kind: str) -> None:
    shop.control.order_faults({"kind": kind, "operation": "quantities", "count": 1})

    with pytest.raises(OutcomeUnknownError):
        shop.push(KAOS_M=2)


def test_an_item_that_the_answer_lost_is_unknown_beside_the_others(shop: ShopifyShop) -> None:
    shop.control.order_faults(
        {"kind": "item_missing", "operation": "quantities", "count": 1, "applied": True}
    )

    outcomes = shop.outcomes(KAOS_M=2, KAOS_L=2)

    assert sorted(outcomes) == [Outcome.APPLIED, Outcome.UNKNOWN]


def test_an_item_that_shopify_will_not_take_is_parked_with_its_words(shop: ShopifyShop) -> None:
    shop.control.order_faults({"kind": "item_refused", "operation": "quantities", "count": 1})

    told = shop.push(KAOS_M=2)["KAOS/M"]

    assert (told.outcome, told.parks) == (Outcome.REFUSED, True)
    assert "NON_MUTABLE_INVENTORY_ITEM" in told.message


def test_throttled_says_when_to_come_back_and_nothing_was_done(shop: ShopifyShop) -> None:
    shop.control.order_faults({"kind": "rate_limited", "operation": "quantities", "seconds": 7.0, "count": 1})

    with pytest.raises(RetryLaterError) as raised:
        shop.push(KAOS_M=2)

    assert raised.value.retry_after_s == pytest.approx(7.0)
    assert shop.numbers()["KAOS/M"] == 5


def test_points_are_waited_for_and_never_overdrawn(sandbox: Sandbox, own: str) -> None:
    """One request after the other until the bucket is low: the connector stops by itself, Shopify never has to."""
    shop = learn_pools(open_shopify(sandbox, own))

    with pytest.raises(RetryLaterError) as raised:
        push_without_end(shop)

    assert "points are used up" in str(raised.value)
    assert raised.value.retry_after_s is not None
    assert raised.value.retry_after_s > 0


def push_without_end(shop: ShopifyShop) -> None:
    for turn in range(400):
        rows = [shop.entry("KAOS/M", turn + n + 6, expected=turn + n + 5) for n in range(25)]
        shop.channel.push_quantities(rows)


def test_nothing_leaves_after_its_window(shop: ShopifyShop) -> None:
    with SendWindow(0.0), pytest.raises(RetryLaterError):
        shop.push(KAOS_M=2)

    assert shop.numbers()["KAOS/M"] == 5


@pytest.mark.parametrize("kind", ["server_error", "timeout_before", "rate_limited"])
def test_a_read_is_tried_again(shop: ShopifyShop, kind: str) -> None:
    shop.control.order_faults({"kind": kind, "operation": "read", "count": 1, "seconds": 0.1})

    (reading,) = shop.channel.read_quantities([shop.pools["KAOS/M"]])

    assert reading.quantity == 5


def test_a_bulk_operation_whose_start_is_not_answered_is_started_again_later(
    sandbox: Sandbox, shop: ShopifyShop
) -> None:
    bulk = open_shopify(sandbox, "plus-toko", bulk_listings=True, location_id="61234567890")
    shop.control.order_faults({"kind": "cut_after", "operation": "listings", "count": 1})

    with pytest.raises(RetryLaterError):
        bulk.channel.list_listings(cursor=None)


# ---------------------------------------------------------------- tokens


def test_a_token_that_ended_is_renewed_and_the_request_sent_once_more(sandbox: Sandbox, own: str) -> None:
    shop = learn_pools(open_shopify(sandbox, own, tokens=KeptToken(token_of(own))))
    shop.control.order_faults({"kind": "unauthorized", "operation": "quantities", "count": 1})

    outcomes = shop.outcomes(KAOS_M=2)

    token = shop.tokens.current()
    assert outcomes == [Outcome.APPLIED]
    assert token is not None
    assert token.access.get_secret_value() == f"token-{own}-1"
    assert token.refresh == SecretStr(f"refresh-{own}-1")
    assert token.expires_at is not None
    assert timedelta(minutes=55) < token.expires_at - datetime.now(UTC) < timedelta(minutes=65)


def test_a_token_is_renewed_before_it_ends(sandbox: Sandbox, own: str) -> None:
    ending = Token(
        access=SecretStr(f"token-{own}"),
        refresh=SecretStr(f"refresh-{own}"),
        expires_at=datetime.fromtimestamp(time.time() + 60, UTC),
    )
    shop = open_shopify(sandbox, own, tokens=KeptToken(ending))

    shop.channel.check()

    token = shop.tokens.current()
    assert token is not None
    assert token.access.get_secret_value() == f"token-{own}-1"


def test_a_dead_token_says_what_to_do(sandbox: Sandbox, own: str) -> None:
    shop = open_shopify(sandbox, own, tokens=KeptToken(Token(access=SecretStr("dead-token-0"))))
    unconnected = open_shopify(sandbox, own, tokens=KeptToken())

    with pytest.raises(ChannelMisconfiguredError, match="answered 401"):
        shop.channel.check()
    with pytest.raises(ChannelMisconfiguredError, match="channel connect"):
        unconnected.channel.check()


def test_a_seller_connects_by_consent(sandbox: Sandbox, own: str) -> None:
    connector, request = _consent(sandbox, own)
    answer = {"code": f"code-{own}", "state": "s-1", "shop": f"{own}.myshopify.com", "timestamp": "1"}
    answer["hmac"] = redirect_signature(SecretStr(f"secret-{own}"), answer)

    address = connector.consent_url(request)
    token = connector.token_for(request, answer)
    shop = open_shopify(sandbox, own, tokens=KeptToken(token))

    assert f"client_id=key-{own}" in address
    assert "secret" not in address
    assert shop.channel.check().name == own
    with pytest.raises(ChannelMisconfiguredError, match="already used"):
        connector.token_for(request, answer)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"state": "another"}, "another attempt"),
        ({"shop": "evil.myshopify.com"}, "another shop"),
        ({"hmac": "0" * 64}, "not signed"),
        ({"code": ""}, "no code"),
    ],
)
def test_a_redirect_that_proves_nothing_is_refused(
    sandbox: Sandbox, change: dict[str, str], words: str
) -> None:
    connector, request = _consent(sandbox, "plus-toko")

    with pytest.raises(ChannelMisconfiguredError, match=words):
        connector.token_for(request, {"code": "c", "state": "s-1", **change})


def _consent(sandbox: Sandbox, name: str) -> tuple[NeedsConsent, ConsentRequest]:
    connector = load("shopify")
    assert isinstance(connector, NeedsConsent)
    raw = {
        "shop": name,
        "client_id": f"key-{name}",
        "client_secret": f"secret-{name}",
        "base_url": sandbox.shops[name].base_url,
        "allow_private_network": True,
    }
    settings = validate(connector, raw)
    request = ConsentRequest(state="s-1", redirect_url="https://seller.example/back", settings=settings)
    return connector, request
