"""Units of a campaign sell beside the number that is set: both together are what the engine asked for, never more."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import responses
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from syncworker.connector import (
    ChannelMisconfiguredError,
    Document,
    Json,
    KeptToken,
    Known,
    Outcome,
    PushResult,
    QuantityMode,
    QuantityPush,
    RetryLaterError,
    Token,
)
from syncworker_tiktok import listings
from syncworker_tiktok.connector import TikTokChannel
from syncworker_tiktok.listings import PoolKey
from syncworker_tiktok.settings import TikTokSettings
from tests.connectors.tiktok.tiktok_shops import WAREHOUSE, sample

PRODUCT, M, L = "1729592969712207008", "1729592969712207013", "1729592969712207014"
SETTINGS = TikTokSettings(app_key="test_app_key", app_secret=SecretStr("hush"), rate_limits=())
UPDATE = f"{SETTINGS.base_url}/product/202309/products/{PRODUCT}/inventory/update"
READ = f"{SETTINGS.base_url}/product/202309/inventory/search"


@pytest.fixture
def tiktok() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as running:
        yield running


def opened(**changes: object) -> TikTokChannel:
    token = Token(access=SecretStr("hush-access-token"), facts={"shop_cipher": "ROW_testcipher"})
    return TikTokChannel("toko", SETTINGS.model_copy(update=changes), KeptToken(token))


def push(sku_id: str, value: int) -> QuantityPush:
    key = PoolKey(PRODUCT, sku_id, WAREHOUSE)
    return QuantityPush(push_id=sku_id, pool_key=str(key), kind=QuantityMode.SET, value=value)


def stock(**campaigns: int) -> dict[str, Json]:
    """What TikTok's stock tells while campaigns hold so many units of ``m`` and ``l``, beside 5 in the shop."""
    skus: list[Json] = [
        {
            "id": {"m": M, "l": L}[name],
            "total_available_quantity": 5 + units,
            "total_committed_quantity": 0,
            "warehouse_inventory": [{"warehouse_id": WAREHOUSE, "available_quantity": 5}],
            "total_available_inventory_distribution": {
                "campaign_inventory": [{"quantity": units}],
                "creator_inventory": [],
                "in_shop_inventory": {"quantity": 5},
            },
        }
        for name, units in campaigns.items()
    ]
    return {"code": 0, "message": "", "data": {"inventory": [{"product_id": PRODUCT, "skus": skus}]}}


def sent(tiktok: responses.RequestsMock) -> dict[str, int]:
    """The numbers that left, by SKU."""
    bodies = [json.loads(c.request.body or b"") for c in tiktok.calls if "update" in str(c.request.url)]
    return {row["id"]: row["inventory"][0]["quantity"] for body in bodies for row in body["skus"]}


def test_a_number_is_set_to_what_a_campaign_leaves_of_it(tiktok: responses.RequestsMock) -> None:
    tiktok.post(READ, json=stock(m=4, l=0))
    tiktok.post(UPDATE, json=sample("inventory_update_response_ok"))

    told = opened().push_quantities([push(M, 7), push(L, 7)])

    assert sent(tiktok) == {M: 3, L: 7}
    assert [one.outcome for one in told] == [Outcome.APPLIED] * 2
    assert len(tiktok.calls) == 2


def test_below_what_a_campaign_holds_nothing_is_sent_and_the_least_is_told(
    tiktok: responses.RequestsMock,
) -> None:
    tiktok.post(READ, json=stock(m=4, l=0))
    tiktok.post(UPDATE, json=sample("inventory_update_response_ok"))

    told = {one.push_id: one for one in opened().push_quantities([push(M, 3), push(L, 0)])}

    assert sent(tiktok) == {L: 0}
    assert (told[M].outcome, told[M].least, told[M].parks) == (Outcome.REFUSED, 4, False)
    assert told[L].outcome is Outcome.APPLIED


def test_a_zero_always_goes_and_tells_what_the_campaign_can_still_sell(
    tiktok: responses.RequestsMock,
) -> None:
    tiktok.post(READ, json=stock(m=4, l=0))
    tiktok.post(UPDATE, json=sample("inventory_update_response_ok"))

    told = {one.push_id: one for one in opened().push_quantities([push(M, 0), push(L, 0)])}

    assert sent(tiktok) == {M: 0, L: 0}
    assert {one.outcome for one in told.values()} == {Outcome.APPLIED}
    assert (told[M].echo, told[L].echo or 0) == (4, 0)
    assert (told[M].least, told[L].least) == (4, None)


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=30, deadline=None)
@given(value=st.integers(0, 30), units=st.integers(0, 30))
def test_what_sells_after_a_push_is_never_more_than_it_named(value: int, units: int) -> None:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as tiktok:
        tiktok.post(READ, json=stock(m=units))
        tiktok.post(UPDATE, json=sample("inventory_update_response_ok"))

        (told,) = opened().push_quantities([push(M, value)])

        if told.outcome is Outcome.APPLIED:
            assert sent(tiktok)[M] + units == max(value, told.echo or 0)
        else:
            assert (sent(tiktok), told.least) == ({}, units)


def test_a_number_that_the_stock_leaves_out_is_not_set(tiktok: responses.RequestsMock) -> None:
    tiktok.post(READ, json=stock(l=0))
    tiktok.post(UPDATE, json=sample("inventory_update_response_ok"))

    told = {one.push_id: one for one in opened().push_quantities([push(M, 3), push(L, 3)])}

    assert sent(tiktok) == {L: 3}
    assert (told[M].outcome, told[M].least) == (Outcome.REFUSED, None)


def rows(answer: dict[str, Json]) -> list[dict[str, Json]]:
    """The SKUs of the one product of such an answer."""
    return answer["data"]["inventory"][0]["skus"]  # type: ignore[index,call-overload,return-value]  # as `stock` makes it


@pytest.mark.parametrize(
    "broken",
    [
        {"id": M, "total_available_quantity": "9"},
        {"total_available_quantity": None},
        {"warehouse_inventory": None},
        {"warehouse_inventory": [{"warehouse_id": WAREHOUSE, "available_quantity": 5.5}]},
        {"total_available_inventory_distribution": {"campaign_inventory": [{}]}},
        {"id": int(M)},
    ],
    ids=str,
)
def test_a_stock_row_that_cannot_be_read_concerns_its_own_sku_alone(
    tiktok: responses.RequestsMock, broken: dict[str, Json]
) -> None:
    answer = stock(m=4, l=0)
    rows(answer)[0] |= broken
    tiktok.post(READ, json=answer)
    tiktok.post(UPDATE, json=sample("inventory_update_response_ok"))

    channel = opened()
    told = {one.push_id: one for one in channel.push_quantities([push(M, 3), push(L, 3)])}
    read = channel.read_quantities([push(M, 0).pool_key, push(L, 0).pool_key])

    assert sent(tiktok) == {L: 3}
    assert (told[M].outcome, told[M].least, told[M].parks) == (Outcome.REFUSED, None, False)
    assert [(one.pool_key, one.quantity) for one in read] == [(push(L, 0).pool_key, 5)]


def test_a_sku_that_the_stock_tells_twice_is_not_known(tiktok: responses.RequestsMock) -> None:
    answer = stock(m=4, l=0)
    rows(answer).append({**rows(answer)[0], "total_available_quantity": 77})
    tiktok.post(READ, json=answer)
    tiktok.post(UPDATE, json=sample("inventory_update_response_ok"))

    told = {one.push_id: one.outcome for one in opened().push_quantities([push(M, 3), push(L, 3)])}

    assert sent(tiktok) == {L: 3}
    assert told == {M: Outcome.REFUSED, L: Outcome.APPLIED}


def test_a_number_below_zero_is_no_unit_of_a_campaign(tiktok: responses.RequestsMock) -> None:
    """What a warehouse lacks is no number that anybody can buy from; until it is one, nothing of its SKU is known."""
    answer = stock(m=0, l=0)
    rows(answer)[0]["warehouse_inventory"] = [{"warehouse_id": WAREHOUSE, "available_quantity": -2}]
    tiktok.post(READ, json=answer)
    tiktok.post(UPDATE, json=sample("inventory_update_response_ok"))

    channel = opened()
    told = {one.push_id: one for one in channel.push_quantities([push(M, 3), push(L, 3)])}

    assert sent(tiktok) == {L: 3}
    assert (told[M].outcome, told[M].least) == (Outcome.REFUSED, None)
    assert [one.pool_key for one in channel.read_quantities([push(M, 0).pool_key])] == []


@pytest.mark.parametrize("answer", [{"status": 503}, {"status": 200, "body": "{"}, {"json": {"code": 0}}])
def test_nothing_is_set_while_campaigns_cannot_be_read(
    tiktok: responses.RequestsMock, answer: dict[str, object]
) -> None:
    tiktok.post(READ, **answer)

    with pytest.raises(RetryLaterError, match="campaigns"):
        opened().push_quantities([push(M, 3)])

    assert len(tiktok.calls) == 1


def test_a_refused_look_at_campaigns_asks_for_a_person(tiktok: responses.RequestsMock) -> None:
    tiktok.post(READ, json={"code": 105005, "message": "scope", "request_id": "1", "data": None})

    with pytest.raises(ChannelMisconfiguredError):
        opened().push_quantities([push(M, 3)])


def test_a_sku_that_tiktok_does_not_know_is_parked_and_keeps_no_other_one_waiting(
    tiktok: responses.RequestsMock,
) -> None:
    """Sent with the others it would be refused in their name, and of those nothing would be said."""
    unknown = {"code": 12052036, "message": "no such SKU", "request_id": "1", "data": None}
    tiktok.post(READ, json=unknown)
    tiktok.post(READ, json=unknown)
    tiktok.post(READ, json=stock(l=1))
    tiktok.post(UPDATE, json=sample("inventory_update_response_ok"))

    told = {one.push_id: one for one in opened().push_quantities([push(M, 3), push(L, 3)])}

    assert sent(tiktok) == {L: 2}
    assert (told[M].outcome, told[M].parks) == (Outcome.REFUSED, True)
    assert told[L].outcome is Outcome.APPLIED


def test_who_runs_no_campaigns_says_so_and_saves_the_look(tiktok: responses.RequestsMock) -> None:
    tiktok.post(UPDATE, json=sample("inventory_update_response_ok"))

    told: list[PushResult] = list(opened(campaigns=Known.NO).push_quantities([push(M, 3)]))

    assert [one.outcome for one in told] == [Outcome.APPLIED]
    assert sent(tiktok) == {M: 3}


def test_what_is_set_and_what_is_read_are_one_kind_of_number() -> None:
    """A push of what was read changes nothing at TikTok."""
    data = Document(stock(m=4))["data"]
    key = PoolKey(PRODUCT, M, WAREHOUSE)

    (reading,) = listings.readings(data, [key])

    assert reading.quantity == 9
    assert reading.quantity - listings.beside(data, [key])[key] == 5
