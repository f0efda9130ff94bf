"""What does the Shopee connector make of misfortune? Nothing that may have happened counts as if it had not."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from pydantic import SecretStr, ValidationError

from syncworker.connector import (
    ChannelMisconfiguredError,
    ConsentRequest,
    KeptToken,
    NeedsConsent,
    Outcome,
    OutcomeUnknownError,
    Outgoing,
    RetryLaterError,
    SendWindow,
    Token,
)
from syncworker.connector.registry import load
from syncworker.sandbox.dialects.shopee_ids import shop_id
from syncworker.sandbox.process import Sandbox
from syncworker_shopee.settings import ShopeeSettings
from syncworker_shopee.tokens import ShopeeAuthorizer, TokenOffice
from tests.connectors.shopee.shopee_shops import ShopeeShop, learn_pools, open_shopee, settings_of, token_of

LOST = ("timeout_after", "error_after", "cut_after", "html_ok", "truncated_json", "timeout_before")


@pytest.mark.parametrize("kind", LOST)
def test_one_request_without_an_answer_is_unknown(shop: ShopeeShop, kind: str) -> None:
    shop.control.order_faults({"kind": kind, "operation": "quantities", "count": 1})

    with pytest.raises(OutcomeUnknownError):
        shop.push(KAOS_M=2)


@pytest.mark.parametrize("kind", LOST)
def test_what_follows_a_lost_answer_is_not_sent(shop: ShopeeShop, kind: str) -> None:
    shop.control.order_faults({"kind": kind, "operation": "quantities", "count": 1})

    told = shop.push(KAOS_M=2, KAOS_L=2, **{"BIN-BAMBU": 2})

    assert [told[sku].outcome for sku in ("KAOS/M", "KAOS/L")] == [Outcome.UNKNOWN] * 2
    assert told["BIN-BAMBU"].outcome is Outcome.REFUSED
    assert told["BIN-BAMBU"].message.startswith("not sent:")
    assert shop.numbers()["BIN-BAMBU"] == 5


def test_a_brake_after_the_first_request_leaves_the_rest_unsent(sandbox: Sandbox, shop: ShopeeShop) -> None:
    slow = open_shopee(sandbox, "toko", rate_limits=("1/hour",))
    slow.pools.update(shop.pools)

    told = slow.push(KAOS_M=2, **{"BIN-BAMBU": 2})

    assert told["KAOS/M"].outcome is Outcome.APPLIED
    assert (told["BIN-BAMBU"].outcome, told["BIN-BAMBU"].parks) == (Outcome.REFUSED, False)
    assert shop.numbers()["BIN-BAMBU"] == 5


def test_a_brake_at_the_first_request_closes_the_gate(shop: ShopeeShop) -> None:
    shop.control.order_faults({"kind": "rate_limited", "operation": "quantities", "seconds": 7.0, "count": 1})

    with pytest.raises(RetryLaterError) as raised:
        shop.push(KAOS_M=2, **{"BIN-BAMBU": 2})

    assert raised.value.retry_after_s == pytest.approx(7.0)
    assert shop.numbers()["KAOS/M"] == 5


def test_nothing_leaves_after_its_window(shop: ShopeeShop) -> None:
    with SendWindow(0.0), pytest.raises(RetryLaterError):
        shop.push(KAOS_M=2)

    assert shop.numbers()["KAOS/M"] == 5


@pytest.mark.parametrize("kind", ["server_error", "timeout_before", "rate_limited"])
def test_a_read_is_tried_again(shop: ShopeeShop, kind: str) -> None:
    shop.control.order_faults({"kind": kind, "operation": "read", "count": 1, "retry_after": "none"})

    (reading,) = shop.channel.read_quantities([shop.pools["KAOS/M"]])

    assert reading.quantity == 5


# ---------------------------------------------------------------- tokens


def test_a_token_that_ended_is_renewed_and_the_request_sent_once_more(sandbox: Sandbox, own: str) -> None:
    shop = learn_pools(open_shopee(sandbox, own))
    shop.control.order_faults({"kind": "unauthorized", "operation": "quantities", "count": 1})

    outcomes = shop.outcomes(KAOS_M=2)

    token = shop.tokens.current()
    assert outcomes == [Outcome.APPLIED]
    assert token is not None
    assert token.access == SecretStr(f"token-{own}-1")
    assert token.refresh == SecretStr(f"refresh-{own}-1")
    assert token.facts["shop_id"] == str(shop_id(own))
    assert token.expires_at is not None
    assert token.refresh_expires_at is not None
    assert timedelta(hours=3) < token.expires_at - datetime.now(UTC) < timedelta(hours=5)


def test_a_token_is_renewed_before_it_ends(sandbox: Sandbox, own: str) -> None:
    ending = replace(token_of(own, f"token-{own}"), expires_at=datetime.fromtimestamp(time.time() + 60, UTC))
    shop = open_shopee(sandbox, own, token=ending)

    shop.channel.check()

    token = shop.tokens.current()
    assert token is not None
    assert token.access == SecretStr(f"token-{own}-1")


def test_a_token_that_another_worker_replaced_meanwhile_is_not_renewed_again(
    sandbox: Sandbox, own: str
) -> None:
    shop = open_shopee(sandbox, own)
    old = shop.tokens.current()
    shop.control.order_faults({"kind": "unauthorized", "operation": "shop", "count": 1})
    shop.channel.check()
    new = shop.tokens.current()

    class Renewed(KeptToken):
        """Another worker stores the new token after we have read the old one."""

        told = iter([old])

        def current(self) -> Token | None:
            return next(self.told, new)

        def renew(self, spent: Token, refresh: object) -> Token:
            raise AssertionError("a refresh token was spent for nothing")

    assert open_shopee(sandbox, own, tokens=Renewed()).channel.check().name == own


def test_a_refresh_token_that_was_spent_asks_for_a_person(sandbox: Sandbox, own: str) -> None:
    first, second = open_shopee(sandbox, own), open_shopee(sandbox, own)
    first.control.order_faults({"kind": "unauthorized", "operation": "shop", "count": 1})
    first.channel.check()
    spent = second.tokens.current()
    assert spent is not None
    second.tokens._token = replace(spent, expires_at=datetime(2026, 1, 1, tzinfo=UTC))

    with pytest.raises(ChannelMisconfiguredError, match="Invalid refresh_token") as raised:
        second.channel.check()

    said = str(raised.value)
    assert f"channel connect {own}" in said
    assert f"refresh-{own}" not in said
    assert f"secret-{own}" not in said


def test_an_account_without_a_token_says_how_to_connect(sandbox: Sandbox) -> None:
    shop = open_shopee(sandbox, "toko")
    shop.tokens._token = None

    with pytest.raises(ChannelMisconfiguredError, match="channel connect toko"):
        shop.channel.check()


def test_a_refresh_whose_answer_is_lost_means_that_the_request_was_not_sent() -> None:
    ended = replace(token_of("toko", "token-toko"), expires_at=datetime(2026, 1, 1, tzinfo=UTC))
    settings = ShopeeSettings.model_validate(settings_of("toko", "http://127.0.0.1:9"))
    authorizer = ShopeeAuthorizer("toko", settings, KeptToken(ended), office=_Silent("toko", settings))

    with pytest.raises(RetryLaterError, match="could not be renewed"):
        authorizer.authorize(Outgoing(method="GET", path="/api/v2/shop/get_shop_info"))


class _Silent(TokenOffice):
    """Its answers get lost."""

    def refreshed(self, spent: Token) -> Token:
        raise OutcomeUnknownError("sent, then the connection was lost")


# ---------------------------------------------------------------- consent


def consent(sandbox: Sandbox, name: str = "toko", **changes: object) -> ConsentRequest:
    raw = settings_of(name, sandbox.shops[name].base_url)
    return ConsentRequest(
        state="abc",
        redirect_url="https://shop.example/back?channel=toko",
        settings=ShopeeSettings.model_validate(raw | changes),
    )


def connector() -> NeedsConsent:
    found = load("shopee")
    assert isinstance(found, NeedsConsent)
    return found


def test_a_seller_is_sent_to_shopee_and_comes_back_with_a_token(sandbox: Sandbox, own: str) -> None:
    asked = consent(sandbox, own)
    url = connector().consent_url(asked)
    back = requests.get(url, allow_redirects=False, timeout=5).headers["Location"]
    answer = {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()}

    token = connector().token_for(asked, answer)

    assert "secret" not in url
    assert back.startswith("https://shop.example/back?channel=toko&state=abc&code=")
    assert token.facts == {"shop_id": str(shop_id(own))}
    assert open_shopee(sandbox, own, token=token).channel.check().name == own


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"code": "code-toko"},
        {"code": "code-toko", "main_account_id": "7"},
        {"code": "code-of-another", "shop_id": str(shop_id("toko"))},
        {"code": "code-toko", "shop_id": "5"},
        {"code": "code-toko", "shop_id": "x"},
        {"code": "code-toko", "shop_id": str(shop_id("toko")), "state": "another"},
    ],
)
def test_a_code_that_is_not_ours_connects_nothing(sandbox: Sandbox, answer: dict[str, str]) -> None:
    with pytest.raises(ChannelMisconfiguredError):
        connector().token_for(consent(sandbox), answer)


def test_a_consent_for_another_shop_than_the_one_configured_is_named(sandbox: Sandbox) -> None:
    answer = {"code": "code-toko", "shop_id": str(shop_id("toko"))}

    with pytest.raises(ChannelMisconfiguredError, match="shop_id is 5"):
        connector().token_for(consent(sandbox, shop_id=5), answer)


@pytest.mark.parametrize(
    "raw",
    [
        {"partner_id": 1, "partner_key": " "},
        {"partner_id": 0, "partner_key": "x"},
        {"partner_id": 1, "partner_key": "x", "base_url": "http://shop.example"},
        {"partner_id": 1, "partner_key": "x", "location_id": "a/b"},
        {"partner_id": 1, "partner_key": "x", "page_size": 101},
        {"partner_id": 1, "partner_key": "x", "nonsense": 1},
    ],
)
def test_settings_that_cannot_be_right_are_refused(raw: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ShopeeSettings.model_validate(raw)
