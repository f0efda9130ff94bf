"""Does a refund at a WooCommerce store mean what it has to: goods that never left, or goods that came back?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from syncworker.connector import (
    Answer,
    ChannelLine,
    Json,
    KeptToken,
    Known,
    MalformedAnswerError,
    OrderStatus,
)
from syncworker.connector.declarative import DeclaredChannel
from syncworker.connector.declarative.dry_run import dry_settings
from syncworker.core.exposure import Bound
from syncworker.core.fulfilment import LineFacts, move_bound
from syncworker.core.model import ChannelRules
from syncworker_marketplace import shipped

EARLY, DONE, LATE = "2026-11-24T05:00:00", "2026-11-24T06:00:00", "2026-11-24T07:00:00"


def refund(at: str, units: int, line: str = "1") -> Json:
    meta: Json = [{"key": "_refunded_item_id", "value": line}]
    return {"date_created_gmt": at, "line_items": [{"quantity": -units, "meta_data": meta}]}


def read(status: str, *refunds: Json, **changes: Any) -> tuple[OrderStatus, ChannelLine]:
    connector = shipped("woocommerce")
    channel = connector.open("store", dry_settings(connector.manifest), KeptToken())
    assert isinstance(channel, DeclaredChannel)
    line: Json = {"id": 1, "product_id": 93, "variation_id": 0, "quantity": 5, "sku": "", "price": 8}
    order: dict[str, Json] = {
        "id": 7, "status": status, "currency": "IDR", "date_created_gmt": EARLY, "date_modified_gmt": LATE,
        "date_completed_gmt": None, "line_items": [line], "refund_rows": list(refunds),
    }  # fmt: skip
    page = channel.feeds["orders"].read(Answer(status=200, body=[order | changes], headers={}))
    (found,) = page.orders
    return found.status, found.lines[0]


@pytest.mark.parametrize(
    ("status", "completed", "refunds", "levels"),
    [
        ("processing", None, [], (0, 0, 0)),
        ("processing", None, [refund(EARLY, 2)], (2, 0, 0)),
        ("completed", DONE, [], (0, 5, 0)),
        ("completed", DONE, [refund(EARLY, 2)], (2, 3, 0)),
        ("completed", DONE, [refund(LATE, 2)], (0, 5, 2)),
        ("completed", DONE, [refund(DONE, 2)], (0, 5, 2)),
        ("completed", DONE, [refund(EARLY, 1), refund(LATE, 2), refund(LATE, 1)], (1, 4, 3)),
        ("completed", None, [refund(EARLY, 2)], (0, 5, 2)),
        ("refunded", DONE, [refund(EARLY, 1), refund(LATE, 4)], (1, 4, 4)),
        ("refunded", None, [refund(EARLY, 5)], (0, 5, 5)),
        ("refunded", None, [], (0, 0, 0)),
        ("cancelled", None, [], (5, 0, 0)),
        ("failed", None, [], (5, 0, 0)),
    ],
)
def test_a_refund_counts_by_when_the_goods_left(
    status: str, completed: str | None, refunds: list[Json], levels: tuple[int, int, int]
) -> None:
    _, line = read(status, *refunds, date_completed_gmt=completed)

    assert (line.cancelled, line.shipped, line.returned) == levels


def test_only_what_the_store_says_to_have_taken_off_lowers_our_bound() -> None:
    assert read("processing")[1].counts_down is Known.YES
    assert read("pending")[1].counts_down is Known.UNKNOWN
    assert read("cancelled")[1].restocked is Known.UNKNOWN


@pytest.mark.parametrize("later", ["cancelled", "pending"])
def test_a_failed_order_whose_units_the_store_puts_back_only_later_never_leaves_the_bound_too_low(
    later: str,
) -> None:
    """On sale again on the way from failed to cancelled or pending, where no unit is cancelled any more."""
    rules = ChannelRules()
    at = datetime(2026, 11, 24, 12, tzinfo=UTC)
    bound, levels = Bound(exposure=10), None
    for status in ("processing", "failed", later):
        _, line = read(status)
        facts = LineFacts(line.counts_down, line.restocked, line.returned_restocked, placed_at=at)
        bound = move_bound(bound, levels, line.levels(levels), facts, at=at, rules=rules)
        levels = line.levels(levels)

    assert bound.exposure == 10


def test_a_person_looks_at_what_no_word_tells() -> None:
    assert read("refunded")[0] is OrderStatus.UNKNOWN
    assert read("gift-wrapped")[0] is OrderStatus.UNKNOWN


def test_a_refund_of_no_known_line_is_not_lost_silently() -> None:
    with pytest.raises(MalformedAnswerError, match="belongs to no line"):
        read("processing", refund(EARLY, 1, line="9"))


def test_a_deleted_product_is_no_listing() -> None:
    line: Json = {"id": 1, "product_id": 0, "variation_id": 0, "quantity": 1, "sku": "", "price": 8}

    assert read("processing", line_items=[line])[1].listing_id is None
