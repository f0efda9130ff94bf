"""What does each documented answer mean? Errors by code and message, models one by one, numbers exactly."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import responses
from pydantic import SecretStr

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
    RetryLaterError,
    Token,
)
from syncworker_shopee import listings, quantities
from syncworker_shopee.connector import ShopeeChannel
from syncworker_shopee.listings import PoolKey
from syncworker_shopee.refusals import Meaning, judge, meaning_of_part
from syncworker_shopee.settings import ShopeeSettings

SETTINGS = ShopeeSettings(partner_id=1, partner_key=SecretStr("hush-partner-key"), rate_limits=())
UPDATE = f"{SETTINGS.base_url}/api/v2/product/update_stock"
MODELS = f"{SETTINGS.base_url}/api/v2/product/get_model_list"
PUSHES = [
    QuantityPush(push_id=str(n), pool_key=f"1000/{n}", kind=QuantityMode.SET, value=7) for n in (11, 12)
]


@pytest.fixture
def shopee() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as running:
        yield running


@pytest.fixture
def channel() -> ShopeeChannel:
    token = Token(access=SecretStr("hush-access-token"), facts={"shop_id": "600000"})
    return ShopeeChannel("toko", SETTINGS, KeptToken(token))


def refusal(error: str, message: str) -> dict[str, object]:
    return {"error": error, "message": message, "request_id": "e3e3e7f3"}


#: (error, message, what a push of one model comes to; ``None``: refused and parked).
ERRORS: list[tuple[str, str, type[ChannelError] | None]] = [
    ("error_auth", "Invalid access_token.", ChannelMisconfiguredError),
    ("invalid_acceess_token", "Invalid access_token, please have a check.", ChannelMisconfiguredError),
    ("common.error_auth", "No permission to current api.", ChannelMisconfiguredError),
    ("error_auth", "Invalid partner_id or shopid.", ChannelMisconfiguredError),
    ("error_auth", "Total stock must be more than reserved stock.", None),
    ("error_auth", "Stock should be larger than reserved stock.", None),
    ("error.param", "Can not update item with stock less than reserved stock", None),
    ("error_param", "Can not update item with stock less than reserve stock", None),
    ("error_auth", "Lack of location_id, please double check.", None),
    (
        "error_auth",
        "The current item belong to the full FBS or B2C shop, so normal stock must be equal to 0",
        None,
    ),
    ("error_auth", "cnsc shop not upgraded, can not edit item.", None),
    ("error_auth", "System error, please try again later.", OutcomeUnknownError),
    ("error_sign", "Wrong sign.", ChannelMisconfiguredError),
    ("error_param", "Invalid timestamp", ChannelMisconfiguredError),
    ("error_param", "There is no partner_id in query.", ChannelMisconfiguredError),
    ("error_param", "Wrong model_id.", None),
    ("error_param", "Can not update item with different stock structure.", None),
    ("error_inner", "Invalid stock location ID", None),
    ("error_busi", "The merchant/shop has multi warehouse, please input location id", None),
    ("error_item_not_found", "Item_id is not found.", None),
    ("error_item_not_belong_shop", "Item not belong to shop.", None),
    ("error_item_uneditable", "Can't edit this item. item status can not support editing.", None),
    (
        "error_cannt_edit_stock_in_promotion",
        "Normal_stock cannot be edited when item is under promotion.",
        None,
    ),
    ("error_promotion_cantnot_update_stock", "Cannot change stock when item is under promotion.", None),
    ("error_holiday_mode_change_stock", "Cannot change stock in holiday mode.", None),
    ("error_busi_cannot_edit_vsku", "Can not use OpenAPI to edit/create VSKU", None),
    ("error_seller_under_penalty", "The shop is under penalty.", ChannelMisconfiguredError),
    ("error_permission", "no", ChannelMisconfiguredError),
    ("api_suspended", "The API is offline.", ChannelMisconfiguredError),
    ("error_api_call_restricted", "restricted", ChannelMisconfiguredError),
    ("source_ip_undeclared", "Request Source IP is undeclared.", ChannelMisconfiguredError),
    ("error_rate_limit", "Too many requests.", RetryLaterError),
    ("error_network", "Inner http call failed", OutcomeUnknownError),
    ("error_inner", "Our system is taking some time to respond, please try later.", OutcomeUnknownError),
    ("error_server", "Something wrong. Please try later.", OutcomeUnknownError),
    (
        "error_system_busy",
        "Our system is taking some time to respond, please try later.",
        OutcomeUnknownError,
    ),
    ("error_data", "parse data failed", OutcomeUnknownError),
    ("error_nobody_knows", "what", OutcomeUnknownError),
    ("error_busi_update_stock_failed", "please check failure_list", OutcomeUnknownError),
]


@pytest.mark.parametrize(("error", "message", "expected"), ERRORS)
@pytest.mark.parametrize("status", [200, 403])
def test_each_documented_error_of_a_push_is_one_thing_to_do(
    shopee: responses.RequestsMock, channel: ShopeeChannel, error: str, message: str,
    expected: type[ChannelError] | None, status: int,
) -> None:  # fmt: skip
    shopee.post(UPDATE, json=refusal(error, message), status=status)

    told: PushResult | None = None
    raised: ChannelError | None = None
    try:
        (told,) = channel.push_quantities(PUSHES[:1])
    except ChannelError as problem:
        raised = problem

    if expected is None:
        assert told is not None
        assert (told.outcome, told.parks) == (Outcome.REFUSED, True)
        assert message[:40] in told.message
    elif expected is OutcomeUnknownError and told is not None:
        assert told.outcome is Outcome.UNKNOWN
    else:
        assert isinstance(raised, expected)
    assert "hush" not in f"{told} {raised}"


def test_a_promotion_is_named_beside_shopees_words(
    shopee: responses.RequestsMock, channel: ShopeeChannel
) -> None:
    words = "Cannot change stock when item is under promotion."
    shopee.post(UPDATE, json=refusal("error_promotion_cantnot_update_stock", words))

    (told,) = channel.push_quantities(PUSHES[:1])

    assert told.message.startswith(quantities.WORDS[Meaning.PROMOTION])
    assert words in told.message


@pytest.mark.parametrize(
    ("reserved", "theirs", "least"), [(9, "0", 9), (9, "1", 8), (7, "0", None), (3, "0", None)]
)
def test_a_refusal_tells_the_smallest_number_that_a_promotion_leaves(
    shopee: responses.RequestsMock, channel: ShopeeChannel, reserved: int, theirs: str, least: int | None
) -> None:
    shopee.post(UPDATE, json=refusal("error_auth", "Total stock must be more than reserved stock."))
    info = stock_info({"": 9}, available=9, reserved=reserved, theirs=theirs)
    models = {"model": [{"model_id": 11, "stock_info_v2": info}]}
    shopee.get(MODELS, json={"error": "", "response": models})

    (told,) = channel.push_quantities(PUSHES[:1])

    assert (told.outcome, told.least, told.parks) == (Outcome.REFUSED, least, least is None)


def test_a_day_that_is_used_up_ends_at_midnight_of_shopees_day() -> None:
    words = "The total API call number made by your APP has reached the daily API call limit, after 00: 00 (UTC+08:00)"

    ruling = judge(200, refusal("error_limit", words), {"date": "Mon, 02 Mar 2026 15:00:00 GMT"})  # type: ignore[arg-type]  # plain JSON

    assert ruling is not None
    assert ruling.retry_after_s == pytest.approx(3_601)


def test_a_refusal_of_the_whole_item_is_tried_model_by_model(
    shopee: responses.RequestsMock, channel: ShopeeChannel
) -> None:
    shopee.post(UPDATE, json=refusal("error_param", "Wrong model_id."))
    shopee.post(UPDATE, json=answer(done=[{"model_id": 11, "location_id": "", "stock": 7}]))
    shopee.post(UPDATE, json=refusal("error_param", "Wrong model_id."))

    told = channel.push_quantities(PUSHES)

    assert [(one.outcome, one.parks) for one in told] == [(Outcome.APPLIED, False), (Outcome.REFUSED, True)]


# ---------------------------------------------------------------- models one by one


def answer(
    done: list[dict[str, object]] | None = None,
    failed: list[dict[str, object]] | None = None,
    error: str = "",
) -> dict[str, object]:
    return {
        "error": error, "message": "", "request_id": "1",
        "response": {"success_list": done or [], "failure_list": failed or []},
    }  # fmt: skip


RESERVED = "stock less than reserved stock"


@pytest.mark.parametrize(
    ("body", "outcomes"),
    [
        (answer(done=[{"model_id": 11, "stock": 7}, {"model_id": 12, "stock": 7}]), ["applied", "applied"]),
        (answer(done=[{"model_id": 11, "stock": 7}]), ["applied", "unknown"]),
        (
            answer(done=[{"model_id": 11}], failed=[{"model_id": 12, "failed_reason": RESERVED}]),
            ["applied", "refused"],
        ),
        (
            answer(done=[{"model_id": 11}], failed=[{"model_id": 12, "failed_reason": "system error"}]),
            ["applied", "unknown"],
        ),
        (
            answer(
                failed=[{"model_id": n, "failed_reason": RESERVED} for n in (11, 12)],
                error="error_busi_update_stock_failed",
            ),
            ["refused", "refused"],
        ),
        (
            answer(done=[{"model_id": 11}], failed=[{"model_id": 11, "failed_reason": RESERVED}]),
            ["unknown", "unknown"],
        ),
        (answer(failed=[{"model_id": "11", "failed_reason": RESERVED}]), ["unknown", "unknown"]),
        (answer(), ["unknown", "unknown"]),
        ({"error": ""}, ["unknown", "unknown"]),
    ],
)
def test_each_model_has_its_own_outcome(
    shopee: responses.RequestsMock, channel: ShopeeChannel, body: dict[str, object], outcomes: list[str]
) -> None:
    shopee.post(UPDATE, json=body)

    assert [one.outcome.value for one in channel.push_quantities(PUSHES)] == outcomes


@pytest.mark.parametrize("error", ["error_busi_update_stock_failed", "error_busi", ""])
@pytest.mark.parametrize("message", ["model not found", "Cannot change stock when item is under promotion."])
def test_what_was_set_in_part_is_never_sent_again(
    shopee: responses.RequestsMock, channel: ShopeeChannel, error: str, message: str
) -> None:
    body = answer(done=[{"model_id": 11}], failed=[{"model_id": 12, "failed_reason": message}], error=error)
    shopee.post(UPDATE, json=body | {"message": message})

    told = channel.push_quantities(PUSHES)

    assert [one.outcome.value for one in told] == ["applied", "refused"]
    assert sum(call.request.method == "POST" for call in shopee.calls) == 1


def test_an_echo_is_what_shopee_says_it_has(shopee: responses.RequestsMock, channel: ShopeeChannel) -> None:
    shopee.post(UPDATE, json=answer(done=[{"model_id": 11, "stock": 5}]))

    (told,) = channel.push_quantities(PUSHES[:1])

    assert (told.outcome, told.echo) == (Outcome.APPLIED, 5)


def test_an_answer_without_an_error_field_proves_nothing(
    shopee: responses.RequestsMock, channel: ShopeeChannel
) -> None:
    shopee.post(UPDATE, json={"response": {"success_list": [{"model_id": 11}]}})

    with pytest.raises(OutcomeUnknownError):
        channel.push_quantities(PUSHES[:1])


@pytest.mark.parametrize("words", ["", "Failed", "please retry", "timeout"])
def test_a_reason_that_says_nothing_proves_nothing(words: str) -> None:
    assert meaning_of_part(words) is Meaning.UNKNOWN


def test_two_warehouses_of_one_model_go_in_one_request_and_fail_together() -> None:
    pushes = [
        QuantityPush(push_id=place, pool_key=f"1/2/{place}", kind=QuantityMode.SET, value=3)
        for place in ("IDL", "IDM")
    ]
    (parcel,), unfit = quantities.parcels(pushes)
    failed: Json = {"model_id": 2, "failed_reason": RESERVED}

    told = quantities.results(Document({"response": {"failure_list": [failed]}}), parcel)

    assert unfit == []
    assert quantities.body(parcel) == [
        {
            "model_id": 2,
            "seller_stock": [{"stock": 3, "location_id": "IDL"}, {"stock": 3, "location_id": "IDM"}],
        }
    ]
    assert [one.result.outcome for one in told] == [Outcome.UNKNOWN] * 2


def test_more_models_than_a_request_takes_go_in_several() -> None:
    pushes = [
        QuantityPush(push_id=str(n), pool_key=f"1/{n}", kind=QuantityMode.SET, value=1) for n in range(1, 52)
    ]

    parcels, _ = quantities.parcels(pushes)

    assert [len(one.entries) for one in parcels] == [50, 1]


# ---------------------------------------------------------------- numbers


def stock_info(
    places: dict[str, object], *, available: object = 5, reserved: object = 0, theirs: str = "0"
) -> dict[str, object]:
    stock = [{"location_id": place, "stock": number, "if_saleable": True} for place, number in places.items()]
    return {
        "summary_info": {"total_reserved_stock": reserved, "total_available_stock": available},
        "seller_stock": stock,
        "shopee_stock": [{"location_id": "", "stock": theirs}],
    }


def row(
    places: dict[str, object], *, available: object = 5, reserved: object = 0, theirs: str = "0"
) -> Document:
    info = stock_info(places, available=available, reserved=reserved, theirs=theirs)
    return Document({"stock_info_v2": info})  # type: ignore[dict-item]  # plain JSON


@pytest.mark.parametrize(
    ("told", "number"),
    [
        (row({"": 5}), 5),
        (row({"": 5}, available=3, reserved=2), 5),
        (row({"": 5}, available=8, reserved=3), 8),
        (row({"": 5}, available=9, theirs="4"), 5),
        (row({"": -1}, available=0), 0),
        (row({}, available=0), 0),
        (row({}, available=4), 4),
        (row({}, available=4, theirs="4"), 0),
    ],
)
def test_what_can_be_sold_counts_unless_it_lies_at_shopees(told: Document, number: int) -> None:
    assert listings.reading(PoolKey("1", "2"), told).quantity == number


def test_what_a_promotion_holds_is_told_beside_the_number() -> None:
    assert listings.reading(PoolKey("1", "2"), row({"": 5}, reserved=2)).reserved == 2


def test_each_warehouse_has_its_own_number() -> None:
    told = row({"IDL": 5, "IDM": 4}, available=9)

    assert listings.reading(PoolKey("1", "2", "IDM"), told).quantity == 4
    assert listings.reading(PoolKey("1", "2", "IDX"), told).quantity is None
    with pytest.raises(ChannelMisconfiguredError, match="IDL, IDM: set location_id"):
        listings.stock_of(told, None, what="1/2")


@pytest.mark.parametrize("number", [None, "5", 5.0, True])
def test_a_number_that_is_none_is_no_zero(number: object) -> None:
    with pytest.raises(MalformedAnswerError):
        listings.reading(PoolKey("1", "2"), row({"": number}))


@pytest.mark.parametrize("text", ["", "1", "1/x", "x/1", "1/2/", "1/2/3/4x/"])
def test_what_is_no_key_is_none(text: str) -> None:
    assert PoolKey.read(text) is None or str(PoolKey.read(text)) == text


def test_an_answer_of_no_use_is_no_page(shopee: responses.RequestsMock, channel: ShopeeChannel) -> None:
    shopee.get(
        f"{SETTINGS.base_url}/api/v2/order/get_order_list",
        json={"error": "", "response": {"order_list": [], "more": True, "next_cursor": "x"}},
    )

    with pytest.raises(MalformedAnswerError):
        channel.list_orders("orders", since=datetime(2026, 1, 1, tzinfo=UTC), cursor=None)


def test_a_shop_whose_stock_a_merchant_keeps_is_named_at_the_check(
    shopee: responses.RequestsMock, channel: ShopeeChannel
) -> None:
    facts = {"error": "", "shop_name": "toko", "region": "ID", "is_upgraded_cbsc": True}
    shopee.get(f"{SETTINGS.base_url}/api/v2/shop/get_shop_info", json=facts)

    with pytest.raises(ChannelMisconfiguredError, match="across borders"):
        channel.check()
