"""What do a Mirakl operator's documents look like? Offers and orders of the model in its words; it knows no HTTP."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from decimal import Decimal

from syncworker.sandbox.dialects.arrivals import serial, text, whole
from syncworker.sandbox.model import Marketplace
from syncworker.sandbox.orders import Order, OrderLine
from syncworker.sandbox.pools import Listing, QuantityItem
from syncworker.sandbox.refusal import RefusedError

Json = dict[str, object]

#: Kinds of product references, and conditions of offers, that this operator knows.
_REFERENCES = ("SHOP_SKU", "SKU", "EAN")
_CONDITIONS = ("11", "1")
_STATE = {
    "placed": "WAITING_ACCEPTANCE",
    "paid": "WAITING_ACCEPTANCE",
    "accepted": "SHIPPING",
    "shipped": "SHIPPED",
    "returned": "CLOSED",
    "cancelled": "CANCELED",
}


def state(order: Order, refused: Collection[str]) -> str:
    """The order's state; a word that the model does not know is told as it is."""
    if order.order_id in refused and order.status == "cancelled":
        return "REFUSED"
    return _STATE.get(order.status, order.status)


def order(order: Order, refused: Collection[str]) -> Json:
    """One order with its lines, their cancelations and refunds."""
    total = sum((Decimal(line.unit_price) * line.quantity for line in order.lines), Decimal(0))
    word = state(order, refused)
    return {
        "order_id": order.order_id,
        "commercial_id": order.order_id,
        "order_state": word,
        "created_date": written(order.created_at),
        "last_updated_date": written(order.updated_at),
        "currency_iso_code": order.currency,
        "total_price": _number(total),
        "customer": {"firstname": order.buyer, "lastname": ""},
        "order_lines": [_line(order, line, word) for line in order.lines],
    }


def _line(order: Order, line: OrderLine, word: str) -> Json:
    gone = line.cancelled >= line.quantity > 0 and word != "REFUSED"
    return {
        "order_line_id": line.line_id,
        "order_line_state": "CANCELED" if gone else word,
        "offer_id": _offer_id(line.listing_id),
        "offer_sku": line.sku,
        "product_title": line.sku,
        "quantity": line.quantity,
        "price_unit": _number(Decimal(line.unit_price)),
        "price": _number(Decimal(line.unit_price) * line.quantity),
        "cancelations": _taken_back(order, line, line.cancelled, "cancelation"),
        "refunds": _taken_back(order, line, line.returned, "refund"),
    }


def _taken_back(order: Order, line: OrderLine, units: int, kind: str) -> list[Json]:
    if not units:
        return []
    amount = Decimal(line.unit_price) * units
    named = {"id": f"{kind}-{line.line_id}", "reason_code": "1"}
    return [named | {"quantity": units, "amount": _number(amount), "created_date": written(order.updated_at)}]


def offer(market: Marketplace, listing: Listing, now: datetime) -> Json:
    """One offer; at 0 it calls itself inactive."""
    quantity = market.read_quantities([listing.pool_id], now=now)[0].quantity
    reasons = [] if listing.state == "active" else ["OFFER_DEACTIVATED"]
    reasons += ["ZERO_QUANTITY"] if not quantity else []
    return {
        "offer_id": _offer_id(listing.listing_id),
        "shop_sku": listing.sku,
        "product_sku": listing.listing_id,
        "product_title": listing.title,
        "quantity": quantity,
        "price": _number(Decimal(listing.price)),
        "currency_iso_code": market.profile.currency,
        "state_code": "11",
        "active": not reasons,
        "inactivity_reasons": reasons,
    }


def upserted(market: Marketplace, row: Json, now: datetime) -> str | None:
    """What one whole offer came to: None, or why it was not taken."""
    sku, price = text(row.get("shop_sku"), "shop_sku"), str(row.get("price"))
    quantity = whole(row.get("quantity", 0), "quantity")
    kind = str(row.get("product_id_type"))
    if kind not in _REFERENCES:
        return f"The product '{row.get('product_id')}' of type '{kind}' does not exist"
    if row.get("state_code") not in _CONDITIONS:
        return f"The offer condition '{row.get('state_code')}' does not exist"
    known = next((one for one in market.listings.values() if one.sku == sku), None)
    try:
        if known is None:
            title = str(row.get("description") or sku)
            market.create_listing(sku=sku, title=title, price=price, quantity=quantity, now=now)
            return None
        market.patch_listing(known.listing_id, now=now, price=price)
        results = market.push_quantities([QuantityItem(pool_id=known.pool_id, quantity=quantity)], now=now)
    except RefusedError as error:
        return error.message
    return next((each.message for each in results if each.status == "refused"), None)


def written(at: datetime) -> str:
    """In UTC, with milliseconds and a Z."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _offer_id(listing_id: str) -> int:
    return 5000 + serial(listing_id)


def _number(amount: Decimal) -> int | float:
    return int(amount) if amount == int(amount) else float(amount)
