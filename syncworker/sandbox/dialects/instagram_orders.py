"""What does the old order API tell and take? Orders, acknowledgements, cancellations and refunds; it knows no endpoints."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime

from syncworker.sandbox.dialects.arrivals import rows, serial, table
from syncworker.sandbox.dialects.instagram_catalogue import Json, Shelf, item_number
from syncworker.sandbox.orders import Order, OrderLine
from syncworker.sandbox.refusal import RefusedError

ACKNOWLEDGE_MAX = 100
_REASONS = (
    "CUSTOMER_REQUESTED", "OUT_OF_STOCK", "INVALID_ADDRESS", "SUSPICIOUS_ORDER", "CANCEL_REASON_OTHER",
)  # fmt: skip
_REFUNDS = (
    "BUYERS_REMORSE", "DAMAGED_GOODS", "NOT_AS_DESCRIBED", "QUALITY_ISSUE", "REFUND_REASON_OTHER", "WRONG_ITEM",
)  # fmt: skip
_STATES = {
    "processing": "FB_PROCESSING",
    "placed": "CREATED",
    "in_progress": "IN_PROGRESS",
    "shipped": "COMPLETED",
    "returned": "COMPLETED",
    "cancelled": "COMPLETED",
}


def orders(
    shelf: Shelf, states: list[str], since: datetime | None, *, start: int, size: int, now: datetime
) -> tuple[list[Json], int]:
    """One page, newest first, and how many rows there are in all."""
    page = shelf.market.list_by_position(
        now=now,
        keep=lambda order: _is_wanted(order, states) and (since is None or order.updated_at >= since),
        by=lambda order: (order.updated_at, order.order_id),
        start=start,
        size=size,
        newest_first=True,
    )
    return [_order(shelf, each) for each in page.orders], page.total


def items(shelf: Shelf, number: str) -> list[Json]:
    """The items of one order."""
    return [_item(shelf, line) for line in _find(shelf, number).lines]


def cancellations(shelf: Shelf, number: str) -> list[Json]:
    """What was cancelled of one order, as one cancellation."""
    order = _find(shelf, number)
    gone = [{**_item(shelf, line), "quantity": line.cancelled} for line in order.lines if line.cancelled]
    reason = {"reason_code": "CUSTOMER_REQUESTED", "reason_description": ""}
    return [{"id": f"4127{serial(order.order_id):011d}", "items": {"data": gone}, "cancel_reason": reason}] if gone else []  # fmt: skip


def once(shelf: Shelf, body: Json, deed: Callable[[Shelf, Json], Json]) -> Json:
    """Each key has one answer, a failure too; another request under it is an error."""
    key = body.get("idempotency_key")
    if not isinstance(key, str) or not 1 <= len(key) <= 100:
        raise RefusedError(400, "100", "(#100) idempotency_key is required")
    request = json.dumps(body, sort_keys=True)
    if key not in shelf.answered:
        try:
            shelf.answered[key] = (request, deed(shelf, body))
        except RefusedError as error:
            shelf.answered[key] = (request, error)
    known, answer = shelf.answered[key]
    if known != request:
        raise RefusedError(400, "100", "(#100) the idempotency key was used for another request")
    if isinstance(answer, RefusedError):
        raise answer
    return answer


def acknowledge(shelf: Shelf, body: Json, now: datetime) -> Json:
    """Take note of orders, each with a result of its own."""
    asked = rows(body.get("orders"), "orders")
    if not 1 <= len(asked) <= ACKNOWLEDGE_MAX:
        raise RefusedError(400, "100", f"(#100) between 1 and {ACKNOWLEDGE_MAX} orders are possible")
    return {"orders": [_acknowledged(shelf, str(one.get("id", "")), now) for one in asked]}


def cancel(shelf: Shelf, number: str, body: Json, now: datetime) -> Json:
    """Cancel what has not shipped; by default its units stay off sale."""
    order = _find(shelf, number)
    reason = table(body.get("cancel_reason"), "cancel_reason")
    if reason.get("reason_code") not in _REASONS:
        raise RefusedError(400, "100", "(#100) reason_code is not possible")
    if not any(line.open for line in order.lines):
        raise RefusedError(400, "1818048", "Order Already Canceled")
    shelf.market.cancel(order.order_id, restock=body.get("restock_items") is True, now=now)
    return {"success": True}


def refund(shelf: Shelf, number: str, body: Json, now: datetime) -> Json:
    """Pay shipped units back; no number moves."""
    order = _find(shelf, number)
    if body.get("reason_code") not in _REFUNDS:
        raise RefusedError(400, "100", "(#100) reason_code is not possible")
    for row in rows(body.get("items"), "items"):
        line = next((x for x in order.lines if x.sku == row.get("retailer_id")), None)
        units = row.get("item_refund_quantity")
        if line is None or not isinstance(units, int) or not 1 <= units <= line.shipped - line.returned:
            raise RefusedError(400, "2382021", "The item cannot be refunded")
        shelf.market.take_return(order.order_id, line_id=line.line_id, quantity=units, restock=False, now=now)
    return {"success": True}


def order_number(order: Order) -> str:
    """Meta's own number of an order."""
    return f"3352{serial(order.order_id):011d}"


def _find(shelf: Shelf, number: str) -> Order:
    found = next((one for one in shelf.market.book.orders.values() if order_number(one) == number), None)
    if found is None:
        raise RefusedError(400, "2361003", "Invalid Order ID")
    return found


def _acknowledged(shelf: Shelf, number: str, now: datetime) -> Json:
    try:
        order = _find(shelf, number)
    except RefusedError as error:
        return {"id": number, "error": {"error_code": int(error.code), "error_message": error.message}}
    if _state(order) != "CREATED":
        told = {"error_code": 2361009, "error_message": "Order cannot be acknowledged"}
        return {"id": number, "error": told}
    shelf.market.set_status(order.order_id, "in_progress", now=now)
    shelf.acknowledged[order.order_id] = now
    wait_s = shelf.market.profile.idempotency_retention_s
    shelf.market.put_back_later(order.order_id, now=now, after_s=wait_s)
    return {"id": number, "state": "IN_PROGRESS"}


def _is_wanted(order: Order, states: list[str]) -> bool:
    """A state that nobody has heard of stands in no filter, so it is never left out."""
    state = _state(order)
    return state in states or state not in _STATES.values()


def _state(order: Order) -> str:
    return _STATES.get(order.status, order.status.upper())


def _order(shelf: Shelf, order: Order) -> Json:
    return {
        "id": order_number(order),
        "order_status": {"state": _state(order)},
        "created": order.created_at.isoformat(timespec="seconds"),
        "last_updated": order.updated_at.isoformat(timespec="microseconds"),
        "channel": "instagram",
        "items": {"data": [_item(shelf, line) for line in order.lines]},
    }


def _item(shelf: Shelf, line: OrderLine) -> Json:
    listing = shelf.market.listings[line.listing_id]
    counts = {"in_progress": line.open, "fulfilled": line.shipped, "cancelled": line.cancelled}
    return {
        "id": f"3728{serial(line.line_id):011d}",
        "product_id": item_number(listing),
        "retailer_id": line.sku,
        "quantity": line.quantity,
        "status": counts,
        "price_per_unit": {"amount": line.unit_price, "currency": shelf.market.profile.currency},
    }
