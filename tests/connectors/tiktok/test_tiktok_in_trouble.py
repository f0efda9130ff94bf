"""What does the TikTok connector make of misfortune? Nothing that may have happened counts as if it had not."""

from __future__ import annotations

import time
from dataclasses import replace
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
from syncworker.connector.registry import load
from syncworker.sandbox.process import Sandbox
from syncworker_tiktok.settings import TikTokSettings
from tests.connectors.tiktok.tiktok_shops import TikTokShop, learn_pools, open_tiktok, token_of

LOST = ("timeout_after", "error_after", "cut_after", "html_ok", "truncated_json", "timeout_before")


@pytest.mark.parametrize("kind", LOST)
def test_one_request_without_an_answer_is_unknown(shop: TikTokShop, kind: str) -> None:
    shop.control.order_faults({"kind": kind, "operation": "quantities", "count": 1})

    with pytest.raises(OutcomeUnknownError):
        shop.push(KAOS_M=2)


@pytest.mark.parametrize("kind", LOST)
def test_what_was_answered_before_is_not_lost_with_it(shop: TikTokShop, kind: str) -> None:
    first = {result.push_id: result for result in shop.channel.push_quantities([shop.entry("KAOS/M", 1)])}
    shop.control.order_faults({"kind": kind, "operation": "quantities", "count": 1})

    told = shop.push(KAOS_M=2, KAOS_L=2, **{"BIN-BAMBU": 2})

    assert first["KAOS/M"].outcome is Outcome.APPLIED
    assert [told[sku].outcome for sku in ("KAOS/M", "KAOS/L")] == [Outcome.UNKNOWN] * 2
    assert told["BIN-BAMBU"].outcome is Outcome.REFUSED
    assert told["BIN-BAMBU"].message.startswith("not sent:")
    assert shop.numbers()["BIN-BAMBU"] == 5


def test_a_brake_after_the_first_request_leaves_the_rest_unsent(sandbox: Sandbox, shop: TikTokShop) -> None:
    slow = learn_pools(open_tiktok(sandbox, "toko", rate_limits=("2/hour",), campaigns="no"))

    told = slow.push(KAOS_M=2, **{"BIN-BAMBU": 2})

    assert told["KAOS/M"].outcome is Outcome.APPLIED
    assert (told["BIN-BAMBU"].outcome, told["BIN-BAMBU"].parks) == (Outcome.REFUSED, False)
    assert shop.numbers()["BIN-BAMBU"] == 5
    with pytest.raises(RetryLaterError):
        slow.push(KAOS_L=1)


def test_a_brake_at_the_first_request_closes_the_gate(shop: TikTokShop) -> None:
    shop.control.order_faults({"kind": "rate_limited", "operation": "quantities", "seconds": 7.0, "count": 1})

    with pytest.raises(RetryLaterError) as raised:
        shop.push(KAOS_M=2, **{"BIN-BAMBU": 2})

    assert raised.value.retry_after_s == pytest.approx(7.0)
    assert shop.numbers()["KAOS/M"] == 5


def test_nothing_leaves_after_its_window(shop: TikTokShop) -> None:
    with SendWindow(0.0), pytest.raises(RetryLaterError):
        shop.push(KAOS_M=2)

    assert shop.numbers()["KAOS/M"] == 5


@pytest.mark.parametrize("kind", ["server_error", "timeout_before", "rate_limited"])
def test_a_read_is_tried_again(shop: TikTokShop, kind: str) -> None:
    shop.control.order_faults({"kind": kind, "operation": "read", "count": 1, "retry_after": "none"})

    (reading,) = shop.channel.read_quantities([shop.pools["KAOS/M"]])

    assert reading.quantity == 5


# ---------------------------------------------------------------- tokens


def test_a_token_that_ended_is_renewed_and_the_request_sent_once_more(sandbox: Sandbox, own: str) -> None:
    shop = learn_pools(open_tiktok(sandbox, own))
    shop.control.order_faults({"kind": "unauthorized", "operation": "quantities", "count": 1})

    outcomes = shop.outcomes(KAOS_M=2)

    token = shop.tokens.current()
    assert outcomes == [Outcome.APPLIED]
    assert token is not None
    assert token.access.get_secret_value() == f"token-{own}-1"
    assert token.refresh == SecretStr(f"refresh-{own}-1")
    assert token.facts["shop_cipher"] == f"cipher-{own}"
    assert token.expires_at is not None
    assert timedelta(days=6) < token.expires_at - datetime.now(UTC) < timedelta(days=8)


def test_a_token_is_renewed_before_it_ends(sandbox: Sandbox, own: str) -> None:
    spent = token_of(own, f"token-{own}")
    ending = Token(
        access=spent.access,
        refresh=spent.refresh,
        expires_at=datetime.fromtimestamp(time.time() + 60, UTC),
        facts=spent.facts,
    )
    shop = open_tiktok(sandbox, own, token=ending)

    shop.channel.check()

    token = shop.tokens.current()
    assert token is not None
    assert token.access.get_secret_value() == f"token-{own}-1"


def test_a_renewal_that_is_refused_stops_nothing_while_the_old_token_holds(
    sandbox: Sandbox, own: str
) -> None:
    good = token_of(own, f"token-{own}")
    soon = datetime.fromtimestamp(time.time() + 60, UTC)
    shop = open_tiktok(sandbox, own, token=replace(good, refresh=SecretStr("refresh-spent"), expires_at=soon))

    assert shop.channel.check().name == own
    assert shop.orders() == {}

    ended = replace(good, refresh=SecretStr("refresh-spent"), expires_at=datetime(2026, 1, 1, tzinfo=UTC))
    with pytest.raises(ChannelMisconfiguredError, match="connect the account again"):
        open_tiktok(sandbox, own, token=ended).channel.check()


def test_a_token_that_another_worker_replaced_meanwhile_is_no_fault(sandbox: Sandbox, own: str) -> None:
    shop = open_tiktok(sandbox, own)
    old, shared = shop.tokens.current(), shop.tokens
    shop.control.order_faults({"kind": "unauthorized", "operation": "shop", "count": 1})
    shop.channel.check()
    new = shared.current()
    told = iter([old, old, new])

    class Renewed(KeptToken):
        """Another worker stores the new token after we have read the old one."""

        def current(self) -> Token | None:
            return next(told, new)

    late = open_tiktok(sandbox, own, tokens=Renewed())

    assert late.channel.check().name == own


def test_a_refresh_token_that_was_spent_asks_for_a_person(sandbox: Sandbox, own: str) -> None:
    first, second = open_tiktok(sandbox, own), open_tiktok(sandbox, own)
    first.control.order_faults({"kind": "unauthorized", "operation": "shop", "count": 1})
    first.channel.check()
    spent = second.tokens.current()
    assert spent is not None
    second.tokens._token = replace(spent, expires_at=datetime(2026, 1, 1, tzinfo=UTC))

    with pytest.raises(ChannelMisconfiguredError, match="Invalid refresh_token") as raised:
        second.channel.check()

    said = str(raised.value)
    assert "connect the account again" in said
    assert f"refresh-{own}" not in said
    assert f"secret-{own}" not in said


def test_an_account_without_a_token_says_how_to_connect(sandbox: Sandbox) -> None:
    shop = open_tiktok(sandbox, "toko")
    shop.tokens._token = None

    with pytest.raises(ChannelMisconfiguredError, match="channel connect toko"):
        shop.channel.check()


def test_a_token_host_that_is_away_means_that_nothing_was_sent(sandbox: Sandbox, own: str) -> None:
    shop = open_tiktok(sandbox, own, auth_url="http://127.0.0.1:9")
    shop.control.order_faults({"kind": "unauthorized", "operation": "shop"})

    with pytest.raises(RetryLaterError):
        shop.channel.check()


# ---------------------------------------------------------------- consent


def consent(sandbox: Sandbox, name: str = "toko", **changes: object) -> ConsentRequest:
    address = sandbox.shops[name].base_url
    settings = {
        "app_key": f"key-{name}",
        "app_secret": SecretStr(f"secret-{name}"),
        "base_url": address,
        "auth_url": address,
        "allow_private_network": True,
        "service_id": "7000",
    }
    return ConsentRequest(
        state="abc",
        redirect_url="https://shop.example/back",
        settings=TikTokSettings.model_validate(settings | changes),
    )


def connector() -> NeedsConsent:
    found = load("tiktok")
    assert isinstance(found, NeedsConsent)
    return found


def test_a_seller_is_sent_to_tiktok_with_the_service_id_and_no_secret(sandbox: Sandbox) -> None:
    url = connector().consent_url(consent(sandbox))

    assert url == "https://services.tiktokshop.com/open/authorize?service_id=7000&state=abc"
    with pytest.raises(ChannelMisconfiguredError, match="service_id"):
        connector().consent_url(consent(sandbox, service_id=None))


def test_a_code_becomes_a_token_that_knows_its_shop(sandbox: Sandbox, own: str) -> None:
    token = connector().token_for(consent(sandbox, own), {"code": f"code-{own}", "state": "abc"})

    shop = open_tiktok(sandbox, own, token=token)
    assert token.facts["shop_cipher"] == f"cipher-{own}"
    assert token.facts["region"] == "ID"
    assert shop.channel.check().name == own


@pytest.mark.parametrize(
    "answer", [{}, {"code": "code-of-another"}, {"code": "code-toko", "state": "another"}]
)
def test_a_code_that_is_not_ours_connects_nothing(sandbox: Sandbox, answer: dict[str, str]) -> None:
    with pytest.raises(ChannelMisconfiguredError):
        connector().token_for(consent(sandbox), answer)


def test_a_shop_that_the_consent_does_not_cover_is_named(sandbox: Sandbox, own: str) -> None:
    with pytest.raises(ChannelMisconfiguredError, match="7490000000000000001"):
        connector().token_for(consent(sandbox, own, shop_id="1"), {"code": f"code-{own}"})
