"""Signatures, batches, items, orders and errors: documented samples in, the contract's values out."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from syncworker.connector import (
    Document,
    Json,
    KeptToken,
    Known,
    MalformedAnswerError,
    Money,
    OrderStatus,
    Outcome,
    Outgoing,
    PushResult,
    Reading,
    Verdict,
    WebhookRefusedError,
    WebhookRequest,
)
from syncworker_instagram import catalogue, orders
from syncworker_instagram.catalogue import BatchState
from syncworker_instagram.client import GraphAuthorizer, proof_of
from syncworker_instagram.connector import InstagramChannel, InstagramConnector
from syncworker_instagram.refusals import judge
from syncworker_instagram.settings import InstagramSettings
from tests.connectors.instagram.instagram_shops import plain, sample, set_to

VECTORS = plain("signature_vectors")
SETTINGS = InstagramSettings(
    catalog_id="1234567890", access_token=SecretStr("EAATESTTOKEN"), app_secret=SecretStr("test_app_secret")
)
LEGACY = SETTINGS.model_copy(update={"orders": True, "cms_id": "99", "page_token": SecretStr("EAAPAGE")})
M, L = "KAOS-001-M", "KAOS-001-L"


# ---------------------------------------------------------------- signatures


def test_the_proof_is_that_of_the_documented_vector() -> None:
    vector = VECTORS["appsecret_proof"]

    assert proof_of(vector["app_secret"], vector["access_token"]) == vector["value"]


def test_token_and_proof_go_with_each_request_and_are_secrets() -> None:
    signed = GraphAuthorizer(SETTINGS.access_token, SETTINGS.app_secret).authorize(
        Outgoing(method="GET", path="/1/products")
    )

    proof = dict(signed.query)["appsecret_proof"]
    assert isinstance(proof, SecretStr)
    assert proof.get_secret_value() == VECTORS["appsecret_proof"]["value"]
    assert isinstance(signed.headers["Authorization"], SecretStr)


@pytest.mark.parametrize("vector", VECTORS["x_hub_signature_256"])
def test_a_call_signed_with_the_apps_secret_is_believed(vector: dict[str, str]) -> None:
    hook = _hook(vector["raw_body"].encode(), vector["header"])

    assert InstagramChannel("ig", LEGACY).hint(hook) is True
    assert InstagramChannel("ig", SETTINGS).hint(hook) is False


@pytest.mark.parametrize("vector", VECTORS["x_hub_signature_256"])
@pytest.mark.parametrize("spoil", [b" ", b"\n"])
def test_a_call_with_another_body_is_refused(vector: dict[str, str], spoil: bytes) -> None:
    hook = _hook(vector["raw_body"].encode() + spoil, vector["header"])

    with pytest.raises(WebhookRefusedError):
        InstagramChannel("ig", LEGACY).hint(hook)


@pytest.mark.parametrize("header", ["", "sha256=", "sha1=aa", "sha256=é"])
def test_a_call_without_a_signature_is_refused(header: str) -> None:
    with pytest.raises(WebhookRefusedError):
        InstagramChannel("ig", LEGACY).hint(_hook(b"{}", header))


def test_without_the_apps_secret_no_call_is_believed() -> None:
    bare = LEGACY.model_copy(update={"app_secret": None})

    with pytest.raises(WebhookRefusedError):
        InstagramChannel("ig", bare).hint(_hook(b"{}", "sha256=00"))


VERIFIED = LEGACY.model_copy(update={"verify_token": SecretStr("invented")})
QUESTION = {"hub.mode": "subscribe", "hub.verify_token": "invented", "hub.challenge": "1158201444"}


def test_metas_question_is_answered_with_its_challenge() -> None:
    assert InstagramChannel("ig", VERIFIED).handshake(QUESTION) == "1158201444"


@pytest.mark.parametrize(
    "change",
    [
        {"hub.verify_token": "guessed"},
        {"hub.verify_token": ""},
        {"hub.verify_token": "é"},
        {"hub.mode": "unsubscribe"},
        {"hub.challenge": ""},
        {"hub.challenge": "<script>"},
        {"hub.challenge": "1" * 257},
    ],
)
def test_no_other_question_of_metas_is_answered(change: dict[str, str]) -> None:
    with pytest.raises(WebhookRefusedError):
        InstagramChannel("ig", VERIFIED).handshake({**QUESTION, **change})


def test_without_a_verify_token_no_question_is_answered() -> None:
    with pytest.raises(WebhookRefusedError):
        InstagramChannel("ig", LEGACY).handshake(QUESTION)


def _hook(body: bytes, header: str) -> WebhookRequest:
    return WebhookRequest(
        url="https://us.example/webhooks/ig",
        headers={"x-hub-signature-256": header},
        body=body,
        received_at=datetime.now(UTC),
    )


# ---------------------------------------------------------------- numbers


def test_number_and_availability_are_sent_together() -> None:
    documented = plain("quantity_push_request")["form"]["requests"][0]

    assert catalogue.quantity_record(set_to(M, 0)) == documented
    assert catalogue.quantity_record(set_to(M, 7)) == {
        "method": "UPDATE",
        "data": {"id": M, "quantity_to_sell_on_facebook": 7, "availability": "in stock"},
    }


def _told(first: str, end: str | None, *skus: str) -> list[PushResult]:
    taken = catalogue.taken(sample(first))
    ended = (
        None if end is None else catalogue.batch_end(_about(sample(end), taken.handle), taken.handle or "")
    )
    return [catalogue.outcome(set_to(sku, 0), taken, ended) for sku in skus]


def _about(body: Json, handle: str | None) -> Json:
    assert isinstance(body, dict)
    rows = body["data"]
    assert isinstance(rows, list)
    assert isinstance(rows[0], dict)
    return {"data": [{**rows[0], "handle": handle}]}


def test_a_finished_batch_without_errors_is_applied() -> None:
    (told,) = _told("items_batch_response_ok", "check_batch_finished_ok", M)

    assert (told.outcome, told.echo) == (Outcome.APPLIED, None)


def test_an_item_that_failed_in_the_batch_is_refused_and_the_others_are_not() -> None:
    bad, good = _told("items_batch_response_ok", "check_batch_finished_errors", M, L)

    assert (bad.outcome, bad.message, bad.parks) == (Outcome.REFUSED, "Item not found", True)
    assert good.outcome is Outcome.APPLIED


def test_a_mistake_found_at_once_is_refused_in_metas_words() -> None:
    bad, good = _told("items_batch_response_validation_error", "check_batch_finished_ok", M, L)

    assert (bad.outcome, bad.message) == (Outcome.REFUSED, "price: value is not in the required format")
    assert good.outcome is Outcome.APPLIED


def test_a_batch_that_is_not_finished_is_unknown() -> None:
    assert _told("items_batch_response_ok", "check_batch_in_progress", M)[0].outcome is Outcome.UNKNOWN
    assert _told("items_batch_response_ok", None, M)[0].outcome is Outcome.UNKNOWN


def test_a_batch_without_a_handle_was_not_taken_in() -> None:
    taken = catalogue.taken({"handles": [], "validation_status": []})

    assert catalogue.outcome(set_to(M, 0), taken, None).outcome is Outcome.REFUSED


@pytest.mark.parametrize(
    "changes",
    [
        {"errors_total_count": 2},
        {"errors_total_count": 1, "errors": [{"message": "oops"}]},
        {"status": "enchanted"},
    ],
)
def test_errors_that_name_no_item_make_all_others_unknown(changes: dict[str, Any]) -> None:
    row = {**plain("check_batch_finished_ok")["data"][0], "handle": "H", **changes}
    end = catalogue.batch_end({"data": [row]}, "H")
    told = catalogue.outcome(set_to(L, 0), catalogue.Taken(handle="H", rejected={}), end)

    assert told.outcome is Outcome.UNKNOWN


def test_an_answer_about_another_batch_is_none() -> None:
    with pytest.raises(MalformedAnswerError):
        catalogue.batch_end(sample("check_batch_finished_ok"), "another")


def test_states_are_read_as_far_as_they_are_known() -> None:
    assert (
        catalogue.batch_end(sample("check_batch_in_progress"), "AczTESTHANDLE001").state is BatchState.RUNNING
    )


def test_a_catalogue_reads_as_in_or_out_of_stock() -> None:
    row = plain("products_readback_response")["data"][0]

    def read(**changes: Any) -> int | None:
        (reading,) = catalogue.readings([Document({**row, **changes})], [M], orders=False)
        return reading.quantity

    assert read() == 1
    assert read(availability="out of stock") == 0
    assert read(availability="discontinued") == 0
    assert read(quantity_to_sell_on_facebook=0) == 0
    assert read(quantity_to_sell_on_facebook=None) == 1
    with pytest.raises(MalformedAnswerError):
        read(availability=None)


def test_where_orders_come_in_the_number_is_read_and_a_missing_one_is_an_error() -> None:
    row = plain("products_readback_response")["data"][0]

    assert catalogue.readings([Document(row)], [M, L], orders=True) == (
        Reading(pool_key=M, quantity=7),
        Reading(pool_key=L, quantity=None),
    )
    del row["quantity_to_sell_on_facebook"]
    with pytest.raises(MalformedAnswerError):
        catalogue.readings([Document(row)], [M], orders=True)


def test_a_price_is_a_text_with_its_currency_and_never_minor_units() -> None:
    assert catalogue.price_text(Money(Decimal(79000), "IDR")) == "79000 IDR"
    assert catalogue.price_text(Money(Decimal("12.50"), "USD")) == "12.50 USD"


# ---------------------------------------------------------------- orders


def _orders() -> list[Document]:
    return list(Document(sample("commerce_orders_response"))["data"].items())


def _items(row: Document) -> list[Document]:
    return list(row["items"]["data"].items())


def test_an_order_counts_no_number_down_and_waits_to_be_acknowledged() -> None:
    row = _orders()[0]
    order = orders.order(row, _items(row), {})
    (line,) = order.lines

    assert (order.status, order.raw_status, order.unacknowledged) == (OrderStatus.LIVE, "CREATED", True)
    assert (line.listing_id, line.ordered, line.cancelled, line.shipped) == (M, 2, 0, 0)
    assert (line.counts_down, line.restocked, line.returned) == (Known.NO, Known.UNKNOWN, None)
    assert line.unit_price == Money(Decimal("5.00"), "USD")


def test_a_completed_order_tells_what_shipped_and_what_was_cancelled() -> None:
    row = _orders()[1]
    order = orders.order(row, _items(row), None)
    (line,) = order.lines

    assert (order.status, order.unacknowledged) == (OrderStatus.SHIPPED, False)
    assert (line.ordered, line.shipped, line.cancelled) == (3, 2, 1)


def test_cancelled_units_come_from_the_cancellations_where_items_do_not_tell() -> None:
    cancelled = orders.cancelled_units(
        [Document(one) for one in plain("cancellation")["list_response"]["data"]]
    )
    row = Document({**plain("commerce_orders_response")["data"][0], "order_status": {"state": "COMPLETED"}})
    item = Document(
        {**plain("commerce_orders_response")["data"][0]["items"]["data"][0], "id": "321000000000001"}
    )
    (line,) = orders.order(row, [item], cancelled).lines

    assert (line.ordered, line.cancelled, line.shipped) == (2, 1, 1)
    assert orders.tells_cancelled([item]) is False


def test_an_order_cancelled_as_a_whole_ends_as_cancelled() -> None:
    row = Document({**plain("commerce_orders_response")["data"][0], "order_status": {"state": "COMPLETED"}})
    items = _items(row)

    assert orders.order(row, items, {"372800000000001": 2}).status is OrderStatus.CANCELLED


def test_a_state_that_nobody_knows_is_unknown() -> None:
    row = Document({**plain("commerce_orders_response")["data"][0], "order_status": {"state": "ENCHANTED"}})

    assert orders.order(row, _items(row), {}).status is OrderStatus.UNKNOWN


# ---------------------------------------------------------------- errors and settings


_VERDICTS = {
    "throttled": Verdict.RETRY_LATER,
    "transient": Verdict.UNKNOWN,
    "token_dead": Verdict.MISCONFIGURED,
    "retry_serialized": Verdict.RETRY_LATER,
    "retry": Verdict.RETRY_LATER,
    "treat_as_done_for_cancel": Verdict.REFUSED,
}


@pytest.mark.parametrize(
    "case", plain("error_responses")["items"], ids=lambda case: str(case["body"]["error"]["code"])
)
def test_a_code_decides_what_an_error_means(case: dict[str, Any]) -> None:
    headers = {name.lower(): value for name, value in case.get("headers", {}).items()}
    ruling = judge(case["http_status"], case["body"], headers)
    permanent = Verdict.MISCONFIGURED if case["body"]["error"]["code"] == 200 else Verdict.REFUSED

    assert ruling is not None
    assert ruling.verdict is _VERDICTS.get(case["class"], permanent)
    assert ruling.retry_after_s == (420.0 if headers else None)


def test_an_unknown_code_proves_nothing_and_an_answer_without_one_is_the_tables() -> None:
    odd = judge(400, {"error": {"code": 424242, "message": "?"}}, {})

    assert odd is not None
    assert odd.verdict is Verdict.UNKNOWN
    assert judge(200, {"data": []}, {}) is None
    assert judge(500, None, {}) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"orders": True},
        {"orders": True, "cms_id": "9"},
        {"catalog_id": "abc"},
        {"base_url": "http://graph.example"},
        {"product_url": "https://shop.example/"},
        {"access_token": "two words"},
        {"unheard_of": 1},
    ],
)
def test_settings_that_cannot_work_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        InstagramSettings.model_validate({"catalog_id": "1", "access_token": "EAATEST", **wrong})


def test_a_catalogue_takes_no_orders_and_has_no_feeds() -> None:
    declared, legacy = SETTINGS.capabilities(), LEGACY.capabilities()

    assert (declared.takes_orders, declared.feeds) == (False, ())
    assert (legacy.takes_orders, legacy.feeds) == (True, ("waiting", "orders"))
    assert declared.visibility_lag_s is None


def test_only_an_account_with_orders_has_what_belongs_to_them() -> None:
    bare = InstagramConnector().open("ig", SETTINGS, KeptToken())

    assert not hasattr(bare, "acknowledge_orders")
    assert hasattr(InstagramConnector().open("ig", LEGACY, KeptToken()), "cancel_order")
