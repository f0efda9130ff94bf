"""What does each documented answer mean? Errors by code and message, numbers exactly, and nothing by guessing."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
import responses
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from syncworker.connector import (
    ChannelError,
    ChannelMisconfiguredError,
    Document,
    Json,
    KeptToken,
    Known,
    MalformedAnswerError,
    Outcome,
    OutcomeUnknownError,
    PushResult,
    QuantityMode,
    QuantityPush,
    RetryLaterError,
    Token,
)
from syncworker_tiktok import feeds, listings, quantities
from syncworker_tiktok.connector import TikTokChannel
from syncworker_tiktok.listings import PoolKey
from syncworker_tiktok.settings import TikTokSettings
from tests.connectors.tiktok.tiktok_shops import LONG_AGO, WAREHOUSE, plain, sample

PRODUCT, M, L = "1729592969712207008", "1729592969712207013", "1729592969712207014"
KEYS = [PoolKey(PRODUCT, M, WAREHOUSE), PoolKey(PRODUCT, L, WAREHOUSE)]
PUSHES = [QuantityPush(push_id=key.sku_id, pool_key=str(key), kind=QuantityMode.SET, value=7) for key in KEYS]
SETTINGS = TikTokSettings(
    app_key="test_app_key", app_secret=SecretStr("hush-app-secret"), rate_limits=(), campaigns=Known.NO
)
API = SETTINGS.base_url
UPDATE = f"{API}/product/202309/products/{PRODUCT}/inventory/update"
READ = f"{API}/product/202309/inventory/search"
SEARCH = f"{API}/order/202309/orders/search"


@pytest.fixture
def tiktok() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as running:
        yield running


@pytest.fixture
def channel() -> TikTokChannel:
    return opened(SETTINGS)


def opened(settings: TikTokSettings) -> TikTokChannel:
    token = Token(access=SecretStr("hush-access-token"), facts={"shop_cipher": "ROW_testcipher"})
    return TikTokChannel("toko", settings, KeptToken(token))


def errors() -> list[dict[str, object]]:
    items = plain("error_responses")["items"]
    assert isinstance(items, list)
    return items


def label(item: object) -> str:
    assert isinstance(item, dict)
    return f"{item['class']}-{item['body']['code']}"


#: What a push and a read of that class come to.
EXPECTED: dict[str, tuple[type[ChannelError] | None, type[ChannelError] | None]] = {
    "throttled": (RetryLaterError, RetryLaterError),
    "transient": (OutcomeUnknownError, RetryLaterError),
    "refresh_token": (ChannelMisconfiguredError, ChannelMisconfiguredError),
    "token_invalid": (ChannelMisconfiguredError, ChannelMisconfiguredError),
    "signature": (ChannelMisconfiguredError, ChannelMisconfiguredError),
    "clock": (ChannelMisconfiguredError, ChannelMisconfiguredError),
    "request": (ChannelMisconfiguredError, ChannelMisconfiguredError),
    "scope": (ChannelMisconfiguredError, ChannelMisconfiguredError),
    "item_permanent": (None, None),
}


@pytest.mark.parametrize("item", errors(), ids=label)
def test_each_documented_error_of_a_push_is_one_thing_to_do(
    tiktok: responses.RequestsMock, channel: TikTokChannel, item: dict[str, object]
) -> None:
    tiktok.post(UPDATE, json=item["body"], status=int(str(item["http_status"])))
    expected, _ = EXPECTED[str(item["class"])]

    if expected is None:
        (told,) = channel.push_quantities(PUSHES[:1])
        assert (told.outcome, told.parks) == (Outcome.REFUSED, True)
        return
    with pytest.raises(expected) as raised:
        channel.push_quantities(PUSHES[:1])

    assert type(raised.value) is expected or issubclass(type(raised.value), expected)
    assert "hush" not in str(raised.value)


@pytest.mark.parametrize("code", [36009004, 12052109, 77, 12052999])
def test_a_code_that_is_not_listed_proves_nothing(
    tiktok: responses.RequestsMock, channel: TikTokChannel, code: int
) -> None:
    tiktok.post(UPDATE, json={"code": code, "message": "something", "request_id": "1", "data": None})

    with pytest.raises(OutcomeUnknownError):
        channel.push_quantities(PUSHES)


@pytest.mark.parametrize(
    "body", ["{}", "[]", '{"code":"0","data":{}}', '{"code":true,"data":{}}', '{"code":0}', '{"code":null}']
)
def test_an_envelope_that_cannot_be_read_proves_nothing(
    tiktok: responses.RequestsMock, channel: TikTokChannel, body: str
) -> None:
    tiktok.post(UPDATE, body=body)
    tiktok.post(READ, body=body)

    with pytest.raises(OutcomeUnknownError):
        channel.push_quantities(PUSHES)
    with pytest.raises(MalformedAnswerError):
        channel.read_quantities([PUSHES[0].pool_key])


def test_success_beside_a_status_that_says_no_proves_nothing(
    tiktok: responses.RequestsMock, channel: TikTokChannel
) -> None:
    tiktok.post(UPDATE, json=sample("inventory_update_response_ok"), status=403)

    with pytest.raises(OutcomeUnknownError):
        channel.push_quantities(PUSHES)


def test_the_documented_requests_are_what_leaves(
    tiktok: responses.RequestsMock, channel: TikTokChannel
) -> None:
    tiktok.post(UPDATE, json=sample("inventory_update_response_ok"))
    tiktok.post(READ, json=sample("inventory_search_response"))
    tiktok.post(SEARCH, json=sample("orders_search_response"))

    channel.push_quantities(PUSHES[:1])
    channel.read_quantities([PUSHES[0].pool_key])
    channel.list_orders("orders", since=LONG_AGO, cursor=None)

    sent = [call.request for call in tiktok.calls]
    bodies = [json.loads(request.body or b"") for request in sent]
    assert bodies[:2] == [plain("inventory_update_request"), plain("inventory_search_request")]
    assert bodies[2] == {"update_time_ge": int(LONG_AGO.timestamp())}
    wanted = plain("orders_search_request")["query"]
    assert isinstance(wanted, dict)
    assert set(parse_qs(urlsplit(str(sent[2].url)).query)) == set(wanted)
    assert {request.headers["x-tts-access-token"] for request in sent} == {"hush-access-token"}
    assert all("hush" not in str(request.url) for request in sent)


# ---------------------------------------------------------------- results of single SKUs


def told(body: Json, pushes: list[QuantityPush] | None = None) -> list[PushResult]:
    entries, _ = quantities.entries(PUSHES if pushes is None else pushes)
    (parcel,) = quantities.parcels(entries)
    return quantities.results(Document(body)["data"], parcel)


def test_a_sku_that_fails_beside_code_0_is_refused_and_proves_nothing_of_the_others() -> None:
    first, second = told(sample("inventory_update_response_partial_failure"))

    assert first.outcome is Outcome.UNKNOWN
    assert (second.outcome, second.parks) == (Outcome.REFUSED, True)
    assert second.message == "12052990: Check failed; 12052097: The warehouse does not exist"


def test_a_failed_warehouse_says_nothing_of_the_others_of_its_sku() -> None:
    other = QuantityPush(push_id="2", pool_key=f"{PRODUCT}/{L}/99", kind=QuantityMode.SET, value=1)

    ours, theirs = told(sample("inventory_update_response_partial_failure"), [PUSHES[1], other])

    assert (ours.outcome, theirs.outcome) == (Outcome.REFUSED, Outcome.UNKNOWN)


def test_two_warehouses_of_a_sku_are_named_together() -> None:
    other = QuantityPush(push_id="2", pool_key=f"{PRODUCT}/{M}/99", kind=QuantityMode.SET, value=1)

    entries, _ = quantities.entries([PUSHES[0], other])
    (parcel,) = quantities.parcels(entries)

    assert quantities.body(parcel) == [
        {
            "id": M,
            "inventory": [
                {"warehouse_id": WAREHOUSE, "quantity": 7},
                {"warehouse_id": "99", "quantity": 1},
            ],
        }
    ]


NONSENSE = (
    st.just(...)
    | st.none()
    | st.booleans()
    | st.integers(-2, 99999)
    | st.text()
    | st.sampled_from(["7", M, L, WAREHOUSE, "\x00", "1e5"])
    | st.lists(st.none(), max_size=2)
)
Path = tuple[str | int, ...]


def leaves(document: Json, path: Path = ()) -> Iterator[Path]:
    if isinstance(document, dict):
        for name, inner in document.items():
            yield from leaves(inner, (*path, name))
    elif isinstance(document, list):
        for n, inner in enumerate(document):
            yield from leaves(inner, (*path, n))
    else:
        yield path


def changed(document: Json, path: Path, value: object) -> Json:
    """The document with one leaf replaced; ``...`` removes it."""
    fresh: Json = copy.deepcopy(document)
    spot: object = fresh
    for step in path[:-1]:
        spot = spot[step]  # type: ignore[index]  # the path was taken from this document
    if value is ...:
        del spot[path[-1]]  # type: ignore[attr-defined]  # as above
    else:
        spot[path[-1]] = value  # type: ignore[index]  # as above
    return fresh


FAILURE = sample("inventory_update_response_partial_failure")
STOCK = sample("inventory_search_response")
ORDERS = sample("orders_search_response")


@given(st.sampled_from(sorted(leaves(FAILURE), key=str)), NONSENSE)
def test_a_failed_sku_is_never_taken_for_applied(path: Path, value: object) -> None:
    _, second = told(changed(FAILURE, path, value))

    assert second.outcome is not Outcome.APPLIED or path[-1] == "sku_id"


@given(st.sampled_from(sorted(leaves(STOCK), key=str)), NONSENSE)
def test_a_number_is_read_as_it_says_or_refused(path: Path, value: object) -> None:
    try:
        found = listings.readings(Document(changed(STOCK, path, value))["data"], KEYS)
    except MalformedAnswerError:
        return

    for reading in found:
        assert reading.quantity is None or type(reading.quantity) is int
        assert reading.quantity in {7, None} or path[-1] in {
            "available_quantity",
            "quantity",
            "total_available_quantity",
        }


@given(st.sampled_from(sorted(leaves(ORDERS), key=str)), NONSENSE)
def test_a_page_with_one_leaf_changed_is_read_or_refused(path: Path, value: object) -> None:
    document = Document(changed(ORDERS, path, value))
    try:
        rows = list(document["data"]["orders"].items())
        found = feeds._told(None, SETTINGS, "orders", rows)  # type: ignore[arg-type]  # asks for nothing else
    except MalformedAnswerError:
        return

    for order in found:
        assert all(type(line.ordered) is int and line.ordered >= 1 for line in order.lines)
    assert len(found) == 3 or value == "FULFILLMENT_BY_TIKTOK"


def test_units_of_campaigns_count_where_the_available_number_does_not_hold_them() -> None:
    def quantity(total: int) -> int | None:
        body = copy.deepcopy(STOCK)
        text = json.dumps(body).replace('"campaign_inventory": []', '"campaign_inventory": [{"quantity": 4}]')
        text = text.replace('"in_shop_inventory": {"quantity": 7}', '"in_shop_inventory": {"quantity": 3}')
        text = text.replace('"total_available_quantity": 7', f'"total_available_quantity": {total}')
        (reading,) = listings.readings(Document(json.loads(text))["data"], KEYS)
        return reading.quantity

    assert quantity(total=7) == 7
    assert quantity(total=3) == 11


def test_units_of_campaigns_count_where_the_total_is_more_than_the_warehouses_hold() -> None:
    """A total of 11 of which 4 are a campaign's: what lies available in the warehouse is only the rest."""
    text = json.dumps(STOCK).replace('"campaign_inventory": []', '"campaign_inventory": [{"quantity": 4}]')
    text = text.replace('"total_available_quantity": 7', '"total_available_quantity": 11')

    (reading,) = listings.readings(Document(json.loads(text))["data"], KEYS)

    assert reading.quantity == 11


@pytest.mark.parametrize(
    "data",
    [
        {"orders": []},
        {"orders": [], "total_count": 3},
        {"orders": [], "next_page_token": None, "total_count": 1},
    ],
)
def test_a_lost_token_never_makes_a_part_look_like_the_whole(
    tiktok: responses.RequestsMock, channel: TikTokChannel, data: dict[str, object]
) -> None:
    tiktok.post(SEARCH, json={"code": 0, "message": "Success", "request_id": "1", "data": data})

    with pytest.raises(MalformedAnswerError):
        channel.list_orders("orders", since=LONG_AGO, cursor=None)


def test_a_cancellation_says_up_to_when_its_feed_is_told_and_not_how_new_its_order_is(
    tiktok: responses.RequestsMock, channel: TikTokChannel
) -> None:
    order = plain("orders_search_response")["data"]["orders"][0]  # type: ignore[index]  # the documented sample
    row = {"cancel_id": "1", "order_id": order["id"], "update_time": order["update_time"] - 5_000}
    data = {"cancellations": [row], "next_page_token": "", "total_count": 1}
    tiktok.post(
        f"{API}/return_refund/202309/cancellations/search", json={"code": 0, "message": "", "data": data}
    )
    tiktok.get(f"{API}/order/202309/orders", json={"code": 0, "message": "", "data": {"orders": [order]}})

    page = channel.list_orders("cancellations", since=LONG_AGO, cursor=None)

    assert page.until is not None
    assert page.until.timestamp() == order["update_time"] - 5_000
    assert [one.updated_at > page.until for one in page.orders] == [True]


def test_rows_in_another_order_than_asked_for_say_that_nothing_is_told_before_the_end(
    tiktok: responses.RequestsMock, channel: TikTokChannel
) -> None:
    """A walk that fails in its midst begins again where it says that everything is told: older rows may be left."""
    found = plain("orders_search_response")["data"]["orders"]  # type: ignore[index]  # the documented sample
    since_s = int(LONG_AGO.timestamp())
    rows = [{**found[n], "update_time": since_s + later} for n, later in enumerate((900, 100))]
    data = {"orders": rows, "next_page_token": "a", "total_count": 3}
    tiktok.post(SEARCH, json={"code": 0, "message": "", "data": data})

    page = channel.list_orders("orders", since=LONG_AGO, cursor=None)

    assert page.next_cursor is not None
    assert page.until == LONG_AGO
