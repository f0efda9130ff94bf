"""Documents as a sound marketplace sends them, to be changed by a test."""

from __future__ import annotations

from syncworker.connector import (
    Json,
    QuantityMode,
    QuantityPush,
)

NOON = "2026-11-24T05:00:00.000000+00:00"


def line(**changes: Json) -> dict[str, Json]:
    fields: dict[str, Json] = {
        "line_id": "1",
        "listing_id": "L1",
        "sku": "BIN-BAMBU",
        "quantity": 3,
        "cancelled_quantity": 0,
        "returned_quantity": 0,
        "shipped_quantity": 0,
        "unit_price": {"amount": "85000", "currency": "IDR"},
        "restocked": "unknown",
        "counts_down": "yes",
    }
    return fields | changes


def order(*lines: dict[str, Json], **changes: Json) -> dict[str, Json]:
    fields: dict[str, Json] = {
        "order_id": "o-1",
        "status": "placed",
        "created_at": NOON,
        "updated_at": NOON,
        "currency": "IDR",
        "buyer": "b-7",
        "lines": list(lines or (line(),)),
    }
    return fields | changes


def page(*orders: dict[str, Json], **changes: Json) -> dict[str, Json]:
    fields: dict[str, Json] = {"orders": list(orders or (order(),)), "next_cursor": None, "as_of": NOON}
    return fields | changes


PAGE: Json = page(
    order(line(), line(line_id="2", cancelled_quantity=1)), order(order_id="o-2", status="paid")
)
LISTINGS: Json = {
    "listings": [
        {
            "listing_id": "L1",
            "pool_id": "P1",
            "sku": "A",
            "title": "t",
            "price": {"amount": "5", "currency": "IDR"},
            "state": "active",
            "quantity": 4,
            "reserved": 1,
        }
    ],
    "next_cursor": "2",
}
READINGS: Json = {
    "items": [{"pool_id": "P1", "quantity": 4, "reserved": 1}, {"pool_id": "P2", "code": "unknown_pool"}]
}
RESULTS: Json = {
    "items": [
        {"pool_id": "P1", "status": "applied", "quantity": 5, "code": None, "message": None, "current": None},
        {
            "pool_id": "P2",
            "status": "refused",
            "quantity": None,
            "code": "stale_quantity",
            "message": "no",
            "current": 7,
        },
    ]
}
PUSHES = [
    QuantityPush(push_id="1", pool_key="P1", kind=QuantityMode.COMPARE_AND_SET, value=5, expected=3),
    QuantityPush(push_id="2", pool_key="P2", kind=QuantityMode.COMPARE_AND_SET, value=6, expected=4),
]
