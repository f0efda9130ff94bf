"""What do a Medusa server's documents look like? Items, levels and orders of the model in its words; it knows no HTTP."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from syncworker.sandbox.model import Marketplace
from syncworker.sandbox.orders import Order, OrderLine
from syncworker.sandbox.pools import Listing

Json = dict[str, object]

_ITEM = "iitem_"
_STATUS = {
    "placed": "pending",
    "paid": "pending",
    "shipped": "completed",
    "returned": "completed",
    "cancelled": "canceled",
}


def location_id(shop: str) -> str:
    """The one stock location of a shop."""
    return f"sloc_{shop}"


def pool_id(item_id: str) -> str:
    """The pool that an inventory item is."""
    return item_id.removeprefix(_ITEM)


def store(market: Marketplace) -> Json:
    """The store's name and currency."""
    currency = {"currency_code": market.profile.currency.lower(), "is_default": True}
    return {"id": "store_1", "name": market.profile.name, "supported_currencies": [currency]}


def variant(listing: Listing) -> Json:
    """A variant and the inventory item that it sells from."""
    needed = {"variant_id": listing.listing_id, "inventory_item_id": _ITEM + listing.pool_id}
    return {
        "id": listing.listing_id,
        "sku": listing.sku,
        "title": listing.title,
        "manage_inventory": True,
        "inventory_items": [needed | {"required_quantity": 1}],
    }


def inventory_item(market: Marketplace, of_pool: str, now: datetime) -> Json:
    """An inventory item with its level at the one location."""
    sku = next((one.sku for one in market.listings.values() if one.pool_id == of_pool), None)
    shown = level(market, of_pool, now)
    return {
        "id": _ITEM + of_pool,
        "sku": sku,
        "title": sku,
        "stocked_quantity": shown["stocked_quantity"],
        "reserved_quantity": shown["reserved_quantity"],
        "location_levels": [shown],
    }


def level(market: Marketplace, of_pool: str, now: datetime, *, stocked: int | None = None) -> Json:
    """On hand, reserved by the server's own orders, and what is left of it."""
    reading = market.read_quantities([of_pool], now=now)[0]
    on_hand = (reading.quantity or 0) if stocked is None else stocked
    reserved = reading.reserved or 0
    return {
        "id": f"ilev_{of_pool}",
        "inventory_item_id": _ITEM + of_pool,
        "location_id": location_id(market.profile.name),
        "stocked_quantity": on_hand,
        "reserved_quantity": reserved,
        "incoming_quantity": 0,
        "available_quantity": on_hand - reserved,
    }


def order(order: Order) -> Json:
    """One order. Units that were cancelled alone are gone from their item, as after an edit."""
    total = sum((Decimal(line.unit_price) * line.quantity for line in order.lines), Decimal(0))
    return {
        "id": order.order_id,
        "status": _STATUS.get(order.status, order.status),
        "currency_code": order.currency.lower(),
        "email": "buyer@mail.example",
        "created_at": written(order.created_at),
        "updated_at": written(order.updated_at),
        "total": _number(total),
        "items": [_item(order, line) for line in order.lines],
    }


def _item(order: Order, line: OrderLine) -> Json:
    left = line.quantity if order.status == "cancelled" else line.quantity - line.cancelled
    return {
        "id": line.line_id,
        "variant_id": line.listing_id,
        "variant_sku": line.sku,
        "title": line.sku,
        "quantity": left,
        "unit_price": _number(Decimal(line.unit_price)),
        "detail": {
            "quantity": left,
            "fulfilled_quantity": line.shipped,
            "shipped_quantity": line.shipped,
            "return_received_quantity": line.returned,
        },
    }


def chosen(shown: Json, fields: str | None, relation: str) -> Json:
    """Only the fields that were asked for; a relation only where it was asked for with a star."""
    asked = [name for name in (fields or "").split(",") if name]
    related = {f"*{relation}", f"{relation}.*", f"+{relation}.*"} & set(asked)
    plain = {name for name in asked if name[0] not in "+-*"}
    wanted = {"id", *plain} if plain else set(shown)
    return {
        name: value
        for name, value in shown.items()
        if (name != relation and name in wanted) or (name == relation and related)
    }


def rounded(at: datetime) -> datetime:
    """As exact as the server keeps it."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def written(at: datetime) -> str:
    """In UTC, with milliseconds and a Z."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _number(amount: Decimal) -> int | float:
    return int(amount) if amount == int(amount) else float(amount)
