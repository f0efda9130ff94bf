"""What do Shopify's answers mean? Invented ones in its shape: numbers, errors, webhooks, points."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import responses
from pydantic import SecretStr, ValidationError

from syncworker.connector import (
    ChannelError,
    ChannelMisconfiguredError,
    Document,
    Json,
    KeptToken,
    MalformedAnswerError,
    Outcome,
    OutcomeUnknownError,
    PushResult,
    QuantityMode,
    QuantityPush,
    RequestRefusedError,
    RetryLaterError,
    WebhookRefusedError,
    WebhookRequest,
)
from syncworker_shopify import quantities, webhooks
from syncworker_shopify.budget import Budget
from syncworker_shopify.connector import ShopifyChannel
from syncworker_shopify.listings import readings
from syncworker_shopify.operations import set_numbers
from syncworker_shopify.settings import ShopifySettings

SETTINGS = ShopifySettings.model_validate(
    {
        "shop": "toko.myshopify.com",
        "token": "shpat_0123456789",
        "client_secret": "shpss_secret",
        "client_secret_before": "shpss_older",
    }
)
PUSH = QuantityPush(
    push_id="p1",
    pool_key="46/61",
    kind=QuantityMode.COMPARE_AND_SET,
    value=8,
    expected=5,
    idempotency_key="k1",
)


def gid(kind: str, number: int) -> str:
    return f"gid://shopify/{kind}/{number}"


# ---------------------------------------------------------------- numbers


def result(payload: Json, push: QuantityPush = PUSH) -> PushResult:
    sent, _ = quantities.entries([push])
    (one,), _ = quantities.results(Document({"push0": payload}), sent, "")
    return one


def changed(after: Json, item: int = 46, name: str = "available") -> Json:
    row: Json = {
        "name": name,
        "quantityAfterChange": after,
        "item": {"id": gid("InventoryItem", item)},
        "location": {"id": gid("Location", 61)},
    }
    return {"inventoryAdjustmentGroup": {"changes": [row]}, "userErrors": []}


def failed(code: Json) -> Json:
    return {"inventoryAdjustmentGroup": None, "userErrors": [{"code": code, "field": None, "message": "no"}]}


@pytest.mark.parametrize(
    ("payload", "outcome", "echo", "parks"),
    [
        (changed(8), Outcome.APPLIED, 8, False),
        (changed(None), Outcome.APPLIED, None, False),
        (changed(8, item=47), Outcome.UNKNOWN, None, False),
        (changed(8, name="on_hand"), Outcome.UNKNOWN, None, False),
        ({"inventoryAdjustmentGroup": None, "userErrors": []}, Outcome.UNKNOWN, None, False),
        (failed("CHANGE_FROM_QUANTITY_STALE"), Outcome.REFUSED, None, False),
        (failed("COMPARE_QUANTITY_STALE"), Outcome.REFUSED, None, False),
        (failed("INVALID_LOCATION"), Outcome.REFUSED, None, True),
        (failed("IDEMPOTENCY_CONCURRENT_REQUEST"), Outcome.UNKNOWN, None, False),
        (failed("IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"), Outcome.UNKNOWN, None, False),
        (failed("SOMETHING_NEW"), Outcome.UNKNOWN, None, False),
        (failed(None), Outcome.UNKNOWN, None, False),
        (None, Outcome.UNKNOWN, None, False),
        ({"userErrors": "none"}, Outcome.UNKNOWN, None, False),
    ],
)
def test_only_what_is_told_of_a_push_settles_it(
    payload: Json, outcome: Outcome, echo: int | None, parks: bool
) -> None:
    one = result(payload)

    assert (one.outcome, one.echo, one.parks) == (outcome, echo, parks)


def test_a_push_that_changes_nothing_may_leave_no_trace() -> None:
    same = QuantityPush(push_id="p", pool_key="46/61", kind=QuantityMode.COMPARE_AND_SET, value=5, expected=5)

    assert result({"inventoryAdjustmentGroup": None, "userErrors": []}, same).outcome is Outcome.APPLIED


@pytest.mark.parametrize(
    ("version", "name", "has_key"),
    [
        ("2025-10", "compareQuantity", False),
        ("2026-01", "changeFromQuantity", True),
        ("2026-04", "changeFromQuantity", True),
    ],
)
def test_the_compared_number_has_the_name_of_its_version(version: str, name: str, has_key: bool) -> None:
    sent, _ = quantities.entries([PUSH])
    variables = quantities.variables(sent, version)

    given = variables["input0"]
    assert isinstance(given, dict)
    assert given["quantities"] == [
        {
            "inventoryItemId": gid("InventoryItem", 46),
            "locationId": gid("Location", 61),
            "quantity": 8,
            name: 5,
        }
    ]
    assert (variables.get("key0") == "k1") is has_key
    assert ("@idempotent" in set_numbers(1, version).text) is has_key


@pytest.mark.parametrize(
    ("change", "quantity"),
    [({}, -2), ({"tracked": False}, "left out"), ({"variant": {"inventoryPolicy": "CONTINUE"}}, "left out")],
)
def test_a_number_that_bounds_nothing_is_not_read(change: dict[str, Json], quantity: object) -> None:
    numbers: Json = [{"name": "available", "quantity": -2}, {"name": "committed", "quantity": 4}]
    row: dict[str, Json] = {
        "id": gid("InventoryItem", 46),
        "tracked": True,
        "variant": {"inventoryPolicy": "DENY"},
        "inventoryLevel": {"quantities": numbers},
    }
    (entry,), _ = quantities.entries([PUSH])

    found = readings(Document([row | change]), [entry.key])

    assert [one.quantity for one in found] == ([] if quantity == "left out" else [quantity])


def test_a_number_that_is_missing_is_no_zero() -> None:
    row: Json = {
        "id": gid("InventoryItem", 46),
        "tracked": True,
        "variant": {"inventoryPolicy": "DENY"},
        "inventoryLevel": {"quantities": [{"name": "committed", "quantity": 4}]},
    }
    (entry,), _ = quantities.entries([PUSH])

    with pytest.raises(MalformedAnswerError):
        readings(Document([row]), [entry.key])


# ---------------------------------------------------------------- errors of a whole request

URL = "https://toko.myshopify.com/admin/api/2026-10/graphql.json"


def answered(body: Json, status: int = 200) -> ChannelError | list[PushResult]:
    """What a push makes of this answer; the address is not resolved, for nothing is sent."""
    settings = SETTINGS.model_copy(update={"allow_private_network": True})
    channel = ShopifyChannel("toko", settings, KeptToken())
    with responses.RequestsMock() as mock:
        mock.post(URL, json=body, status=status)
        try:
            return list(channel.push_quantities([PUSH]))
        except ChannelError as error:
            return error


def error(code: str | None) -> Json:
    return {"message": "words", "extensions": {} if code is None else {"code": code}}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"errors": [error("THROTTLED")]}, RetryLaterError),
        ({"errors": [error("ACCESS_DENIED")], "data": {"push0": None}}, ChannelMisconfiguredError),
        ({"errors": [error("SHOP_INACTIVE")]}, ChannelMisconfiguredError),
        ({"errors": [error("MAX_COST_EXCEEDED")]}, RequestRefusedError),
        ({"errors": [error("BAD_REQUEST")]}, RequestRefusedError),
        ({"errors": [error("undefinedField")]}, RequestRefusedError),
        ({"errors": [error("INTERNAL_SERVER_ERROR")]}, OutcomeUnknownError),
        ({"errors": [error("TIMEOUT")], "data": None}, OutcomeUnknownError),
        ({"errors": [error("THROTTLED"), error(None)]}, OutcomeUnknownError),
        ({"errors": "odd"}, OutcomeUnknownError),
        ({"data": None}, OutcomeUnknownError),
        ({}, OutcomeUnknownError),
        ([], OutcomeUnknownError),
    ],
)
def test_errors_beside_200_mean_what_their_code_says(body: Json, kind: type[ChannelError]) -> None:
    assert type(answered(body)) is kind


@pytest.mark.parametrize("status", [401, 402, 403, 404, 423])
def test_a_closed_or_unknown_shop_stops_the_channel(status: int) -> None:
    found = answered({"errors": "no"}, status)

    assert isinstance(found, ChannelMisconfiguredError)
    assert "shpat" not in str(found)


# ---------------------------------------------------------------- webhooks

BODY = b'{"id":1,"inventory_item_id":2}'
VECTOR = "29bhbAoezDm8qRIcwhM4qUcpLF6jF0rf/z04hZI4Rjw="


def test_the_signature_is_the_known_one() -> None:
    assert webhooks.signature(SecretStr("shpss_secret"), BODY) == VECTOR


@pytest.mark.parametrize(
    ("headers", "rings"),
    [
        ({"x-shopify-topic": "orders/updated"}, True),
        ({"x-shopify-topic": "refunds/create"}, True),
        ({"x-shopify-topic": "inventory_levels/update"}, False),
        ({"x-shopify-topic": "orders/updated", "x-shopify-shop-domain": "other.myshopify.com"}, False),
        ({}, True),
    ],
)
@pytest.mark.parametrize("secret", ["shpss_secret", "shpss_older"])
def test_a_signed_call_rings_by_its_topic(headers: dict[str, str], rings: bool, secret: str) -> None:
    sign = webhooks.signature(SecretStr(secret), BODY)

    assert heard({**headers, "x-shopify-hmac-sha256": sign}) is rings


@pytest.mark.parametrize("sign", ["", VECTOR.lower(), "29hb"])
def test_a_call_that_is_not_signed_rings_for_nothing(sign: str) -> None:
    with pytest.raises(WebhookRefusedError):
        heard({"x-shopify-topic": "orders/updated", "x-shopify-hmac-sha256": sign})


def test_without_a_secret_no_call_is_believed() -> None:
    with pytest.raises(WebhookRefusedError):
        webhooks.check({"x-shopify-hmac-sha256": ""}, BODY, [])


def heard(headers: dict[str, str]) -> bool:
    request = WebhookRequest(
        url="https://seller.example/hook", headers=headers, body=BODY, received_at=datetime.now(UTC)
    )
    return ShopifyChannel("toko", SETTINGS, KeptToken()).hint(request)


# ---------------------------------------------------------------- points and settings


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_points_come_back_with_time_and_are_waited_for_with_patience() -> None:
    time = Time()
    budget = Budget(clock=lambda: time.now, sleep=time.sleep)
    budget.take(5000, patience_s=0)
    wait_s = budget.learn(
        {
            "cost": {
                "requestedQueryCost": 800,
                "throttleStatus": {"maximumAvailable": 1000, "currentlyAvailable": 100, "restoreRate": 50},
            }
        }
    )

    budget.take(150, patience_s=2)
    with pytest.raises(RetryLaterError) as raised:
        budget.take(400, patience_s=2)
    time.now += 8
    budget.take(400, patience_s=2)

    assert wait_s == pytest.approx(14.0)
    assert raised.value.retry_after_s == pytest.approx(8.0)
    assert time.now == pytest.approx(9.0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"shop": "shop.example.com"},
        {"shop": "toko", "token": " "},
        {"shop": "toko", "base_url": "http://127.0.0.1:1"},
        {"shop": "toko", "api_version": "latest"},
        {"shop": "toko", "location_id": "gid://shopify/Location/1"},
        {"shop": "toko", "batch_max": 91},
        {"shop": "toko", "unknown": 1},
    ],
)
def test_settings_that_cannot_work_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ShopifySettings.model_validate(wrong)
