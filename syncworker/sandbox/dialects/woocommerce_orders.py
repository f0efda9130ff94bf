"""What do a store's orders look like? Versions of the model as WooCommerce writes them; it changes none.

A partly cancelled or returned order shows that as refunds, whose lines count below zero.
"""

from __future__ import annotations

from datetime import datetime, tzinfo
from decimal import Decimal

from syncworker.sandbox.dialects.arrivals import serial
from syncworker.sandbox.dialects.woocommerce_goods import Json, Shelf
from syncworker.sandbox.model import Marketplace
from syncworker.sandbox.orders import Order, OrderLine
from syncworker.sandbox.refusal import RefusedError

_STATUS = {
    "placed": "processing",
    "paid": "processing",
    "shipped": "completed",
    "cancelled": "cancelled",
    "returned": "refunded",
}


def status(order: Order) -> str:
    """The store's word; one that the model does not know is told as it is."""
    return _STATUS.get(order.status, order.status)


def modified(order: Order) -> datetime:
    """The last change, as exact as the store keeps it: whole seconds."""
    return order.updated_at.replace(microsecond=0)


def by_modified(order: Order) -> tuple[datetime, str]:
    """By last change, then by id."""
    return modified(order), order.order_id


def by_id(order: Order) -> tuple[datetime, str]:
    """By age, then by id."""
    return order.created_at.replace(microsecond=0), order.order_id


def find(market: Marketplace, number: int) -> Order:
    """The newest version of an order; 404 if there is none."""
    for order in market.book.orders.values():
        if serial(order.order_id) == number:
            return order
    raise RefusedError(404, "woocommerce_rest_shop_order_invalid_id", "Invalid ID.")


def order_json(shelf: Shelf, order: Order, site: tzinfo) -> Json:
    """One order, with its dates in site time and in GMT."""
    number = serial(order.order_id)
    total = sum((Decimal(line.unit_price) * line.quantity for line in order.lines), Decimal(0))
    return {
        "id": number,
        "parent_id": 0,
        "number": str(number),
        "status": status(order),
        "currency": order.currency,
        **_dates("date_created", order.created_at, site),
        **_dates("date_modified", order.updated_at, site),
        "total": str(total),
        "billing": {"first_name": order.buyer, "email": f"buyer{number}@mail.example"},
        "line_items": [_line(shelf, order, line) for line in order.lines],
        "refunds": [
            {"id": refund["id"], "reason": refund["reason"], "total": f"-{refund['amount']}"}
            for refund in refunds_json(shelf, order)
        ],
    }


def refunds_json(shelf: Shelf, order: Order) -> list[Json]:
    """What was taken back of a living order; a cancelled one has no refunds."""
    if order.status == "cancelled":
        return []
    found = []
    for index, line in enumerate(order.lines, start=1):
        for kind, units in (("cancelled", line.cancelled), ("returned", line.returned)):
            if units:
                found.append(_refund(shelf, order, line, index, kind, units))
    return found


def _refund(shelf: Shelf, order: Order, line: OrderLine, index: int, kind: str, units: int) -> Json:
    refund_id = serial(order.order_id) * 1000 + index * 10 + (1 if kind == "cancelled" else 2)
    amount = Decimal(line.unit_price) * units
    shown = _line(shelf, order, line)
    return {
        "id": refund_id,
        "date_created_gmt": _written(order.updated_at),
        "amount": str(amount),
        "reason": kind,
        "line_items": [
            shown
            | {
                "id": refund_id * 10,
                "quantity": -units,
                "total": f"-{amount}",
                "meta_data": [{"key": "_refunded_item_id", "value": str(shown["id"])}],
            }
        ],
    }


def _line(shelf: Shelf, order: Order, line: OrderLine) -> Json:
    product, variation = shelf.ids(line.listing_id)
    price = Decimal(line.unit_price)
    return {
        "id": serial(order.order_id) * 100 + serial(line.line_id),
        "name": line.sku,
        "product_id": product,
        "variation_id": variation,
        "quantity": line.quantity,
        "sku": line.sku,
        "price": int(price) if price == int(price) else float(price),
        "total": str(price * line.quantity),
    }


def _dates(name: str, at: datetime, site: tzinfo) -> Json:
    return {name: _written(at.astimezone(site)), f"{name}_gmt": _written(at)}


def _written(at: datetime) -> str:
    """Without a zone, in whole seconds."""
    return at.replace(tzinfo=None, microsecond=0).isoformat()
