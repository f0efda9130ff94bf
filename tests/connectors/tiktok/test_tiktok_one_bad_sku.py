"""What becomes of a product's other SKUs beside a bad one? Nothing that is not told, and nothing for ever."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import responses
from pydantic import SecretStr

from syncworker.connector import (
    Json,
    KeptToken,
    Known,
    Outcome,
    OutcomeUnknownError,
    QuantityMode,
    QuantityPush,
    Token,
)
from syncworker_tiktok.connector import TikTokChannel
from syncworker_tiktok.settings import TikTokSettings
from tests.connectors.tiktok.tiktok_shops import WAREHOUSE, sample

PRODUCT, M, L = "1729592969712207008", "1729592969712207013", "1729592969712207014"
BOTH = [
    QuantityPush(push_id=sku, pool_key=f"{PRODUCT}/{sku}/{WAREHOUSE}", kind=QuantityMode.SET, value=7)
    for sku in (M, L)
]
SETTINGS = TikTokSettings(
    app_key="test_app_key", app_secret=SecretStr("hush"), rate_limits=(), campaigns=Known.NO
)
UPDATE = f"{SETTINGS.base_url}/product/202309/products/{PRODUCT}/inventory/update"


@pytest.fixture
def tiktok() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as running:
        yield running


@pytest.fixture
def channel() -> TikTokChannel:
    token = Token(access=SecretStr("hush-access-token"), facts={"shop_cipher": "ROW_testcipher"})
    return TikTokChannel("toko", SETTINGS, KeptToken(token))


def update_of(call: responses.Call) -> list[tuple[str, int]]:
    """SKUs and numbers of a request that sets them."""
    body = json.loads(call.request.body or b"")
    return [(row["id"], row["inventory"][0]["quantity"]) for row in body["skus"]]


def no(code: int) -> dict[str, Json]:
    return {"code": code, "message": "no", "request_id": "1", "data": None}


@pytest.mark.parametrize("code", [12019028, 12052032])
def test_a_refusal_of_the_whole_product_is_tried_sku_by_sku(
    tiktok: responses.RequestsMock, channel: TikTokChannel, code: int
) -> None:
    tiktok.post(UPDATE, json={"code": code, "message": "no", "request_id": "1", "data": None})
    tiktok.post(UPDATE, json=sample("inventory_update_response_ok"))
    tiktok.post(UPDATE, json={"code": code, "message": "no", "request_id": "1", "data": None})

    told = channel.push_quantities(BOTH)

    assert [(one.outcome, one.parks) for one in told] == [(Outcome.APPLIED, False), (Outcome.REFUSED, True)]


@pytest.mark.parametrize("code", [12052036, 12019024, 12052990, 12052393])
def test_a_code_about_one_sku_proves_nothing_of_the_others_and_nothing_is_sent_again(
    tiktok: responses.RequestsMock, channel: TikTokChannel, code: int
) -> None:
    tiktok.post(UPDATE, json={"code": code, "message": "no", "request_id": "1", "data": None})

    told = channel.push_quantities(BOTH)

    assert {one.outcome for one in told} == {Outcome.UNKNOWN}
    assert len(tiktok.calls) == 1


def test_what_a_bad_sku_left_unsaid_goes_alone_next_time_and_together_again_after_that(
    tiktok: responses.RequestsMock, channel: TikTokChannel
) -> None:
    """Else one SKU that TikTok refuses without naming it would keep its product's others unknown for ever."""
    for answer in (no(12019024), no(12019024), *[sample("inventory_update_response_ok")] * 2):
        tiktok.post(UPDATE, json=answer)

    first = channel.push_quantities(BOTH)
    second = channel.push_quantities(BOTH)
    third = channel.push_quantities(BOTH)

    assert {one.outcome for one in first} == {Outcome.UNKNOWN}
    assert [(one.outcome, one.parks) for one in second] == [(Outcome.REFUSED, True), (Outcome.APPLIED, False)]
    assert [update_of(call) for call in tiktok.calls] == [
        [(M, 7), (L, 7)],
        [(M, 7)],
        [(L, 7)],
        [(M, 7), (L, 7)],
    ]
    assert {one.outcome for one in third} == {Outcome.APPLIED}


def test_what_an_error_beside_success_left_unsaid_goes_alone_too(
    tiktok: responses.RequestsMock, channel: TikTokChannel
) -> None:
    failed = sample("inventory_update_response_partial_failure")
    for answer in (failed, *[sample("inventory_update_response_ok")] * 2):
        tiktok.post(UPDATE, json=answer)

    channel.push_quantities(BOTH)
    channel.push_quantities(BOTH)

    assert [update_of(call) for call in tiktok.calls][1:] == [[(L, 7)], [(M, 7)]]


def test_a_lost_answer_sends_nothing_alone(tiktok: responses.RequestsMock, channel: TikTokChannel) -> None:
    """It was about no SKU: alone they would only take more calls."""
    tiktok.post(UPDATE, status=503)
    tiktok.post(UPDATE, json=sample("inventory_update_response_ok"))

    with pytest.raises(OutcomeUnknownError):
        channel.push_quantities(BOTH)
    channel.push_quantities(BOTH)

    assert len(tiktok.calls) == 2
