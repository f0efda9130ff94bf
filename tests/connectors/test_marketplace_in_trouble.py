"""What does the marketplace connector say while a real shop misbehaves?"""

from __future__ import annotations

import pytest

from syncworker.connector import (
    ChannelMisconfiguredError,
    MalformedAnswerError,
    OrderStatus,
    Outcome,
    OutcomeUnknownError,
    QuantityMode,
    RetryLaterError,
)
from tests.connectors.shops import LONG_AGO, Shop


@pytest.mark.parametrize(
    ("fault", "applied"),
    [
        ({"kind": "timeout_after", "seconds": 1.0}, True),
        ({"kind": "timeout_before", "seconds": 1.0}, False),
        ({"kind": "cut_after"}, True),
        ({"kind": "error_after", "status": 502}, True),
        ({"kind": "error_after", "status": 503}, True),
        ({"kind": "server_error", "status": 503}, False),
        ({"kind": "html_ok"}, True),
        ({"kind": "truncated_json"}, True),
        ({"kind": "nan"}, True),
    ],
)
def test_a_push_without_a_clear_answer_is_unknown_whether_it_was_applied_or_not(
    shop: Shop, fault: dict[str, object], applied: bool
) -> None:
    shop.put("SAPU-GLAGAH", 1)
    shop.control.order_faults({"operation": "quantities", "count": 1, **fault})

    with pytest.raises(OutcomeUnknownError):
        shop.push("SAPU-GLAGAH", QuantityMode.SET, 8)

    assert shop.number("SAPU-GLAGAH") == (8 if applied else 1)


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "missing_field", "field": "pool_id"},
        {"kind": "missing_field", "field": "status"},
        {"kind": "missing_field", "field": "quantity"},
        {"kind": "item_missing", "applied": True},
        {"kind": "item_missing", "applied": False},
        {"kind": "item_refused", "code": "overloaded"},
    ],
)
def test_an_item_without_a_clear_result_is_unknown(shop: Shop, fault: dict[str, object]) -> None:
    shop.control.order_faults({"count": 1, **fault})

    assert shop.push("SAPU-GLAGAH", QuantityMode.SET, 8).outcome is Outcome.UNKNOWN


def test_one_bad_item_does_not_sink_its_batch(shop: Shop) -> None:
    shop.control.order_faults(
        {"kind": "item_refused", "code": "campaign_locked", "pool_id": shop.pools["BIN-BAMBU"]}
    )

    bad, good = shop.channel.push_quantities(
        [shop.entry("BIN-BAMBU", QuantityMode.SET, 2), shop.entry("SAPU-GLAGAH", QuantityMode.SET, 3)]
    )

    assert (bad.outcome, bad.parks) == (Outcome.REFUSED, True)
    assert (good.outcome, good.echo) == (Outcome.APPLIED, 3)


@pytest.mark.parametrize(("retry_after", "least_s"), [("none", None), ("seconds", 29), ("date", 29)])
def test_a_push_that_came_too_soon_applied_nothing_and_tells_how_long_to_wait(
    shop: Shop, retry_after: str, least_s: float | None
) -> None:
    shop.put("SAPU-GLAGAH", 1)
    shop.control.order_faults({"kind": "rate_limited", "seconds": 30.0, "retry_after": retry_after})

    with pytest.raises(RetryLaterError) as raised:
        shop.push("SAPU-GLAGAH", QuantityMode.SET, 8)

    asked_s = raised.value.retry_after_s
    assert asked_s is None if least_s is None else asked_s is not None and least_s <= asked_s <= 31
    assert shop.number("SAPU-GLAGAH") == 1


def test_a_token_that_was_taken_back_applied_nothing(shop: Shop) -> None:
    shop.put("SAPU-GLAGAH", 1)
    shop.control.order_faults({"kind": "unauthorized"})

    with pytest.raises(ChannelMisconfiguredError):
        shop.push("SAPU-GLAGAH", QuantityMode.SET, 8)

    assert shop.number("SAPU-GLAGAH") == 1


@pytest.mark.parametrize("kind", ["server_error", "cut_after", "timeout_before", "error_after"])
def test_a_read_that_failed_once_is_had_at_the_second_try(shop: Shop, kind: str) -> None:
    shop.control.order_faults({"kind": kind, "operation": "orders", "count": 1, "seconds": 1.0})

    shop.channel.list_orders("orders", since=LONG_AGO, cursor=None)


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "html_ok"},
        {"kind": "truncated_json"},
        {"kind": "nan"},
        {"kind": "missing_field", "field": "order_id"},
        {"kind": "missing_field", "field": "quantity"},
        {"kind": "missing_field", "field": "updated_at"},
        {"kind": "missing_field", "field": "next_cursor"},
        {"kind": "missing_field", "field": "listing_id"},
    ],
)
def test_a_page_that_cannot_be_read_is_malformed_and_none_of_it_is_used(
    shop: Shop, fault: dict[str, object]
) -> None:
    shop.put("PENGKI-BAMBU", 1)
    shop.buy("PENGKI-BAMBU", 1)
    shop.control.order_faults({"operation": "orders", **fault})

    with pytest.raises(MalformedAnswerError):
        shop.channel.list_orders("orders", since=LONG_AGO, cursor=None)


def test_a_page_that_repeats_itself_is_malformed(shop: Shop) -> None:
    shop.put("PENGKI-BAMBU", 5)
    for _ in range(5):
        shop.buy("PENGKI-BAMBU", 1)
    first = shop.channel.list_orders("orders", since=LONG_AGO, cursor=None)
    shop.control.order_faults({"kind": "repeat_page"})

    with pytest.raises(MalformedAnswerError, match="repeats itself"):
        shop.channel.list_orders("orders", since=LONG_AGO, cursor=first.next_cursor)


def test_repeated_and_reordered_rows_change_no_order(shop: Shop) -> None:
    shop.put("PENGKI-BAMBU", 5)
    for _ in range(5):
        shop.buy("PENGKI-BAMBU", 1)
    calm = shop.orders()
    shop.control.order_faults({"kind": "duplicate_rows"}, {"kind": "reorder_rows"})

    assert shop.orders() == calm


def test_an_unheard_of_status_is_passed_on_as_unknown(shop: Shop) -> None:
    shop.put("PENGKI-BAMBU", 5)
    order_id = shop.buy("PENGKI-BAMBU", 1)
    shop.control.set_status(order_id, "under_enchantment")

    order = shop.orders()[order_id]

    assert (order.status, order.raw_status) == (OrderStatus.UNKNOWN, "under_enchantment")
