"""How does a product come into being on a Medusa server? Items, their levels and products with variants; it knows no HTTP.

Oddities kept: an inventory item may stand there without any variant and without a level, SKUs of items and of variants are
unique, a field that the server does not know is refused, a product needs options and each variant a value of each, and one
without a sales channel, or a draft, is seen by no buyer.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from syncworker.sandbox.dialects import medusa_documents as shapes
from syncworker.sandbox.dialects.arrivals import rows, table, text, whole
from syncworker.sandbox.dialects.medusa_documents import Json
from syncworker.sandbox.model import Marketplace
from syncworker.sandbox.refusal import RefusedError

_ITEM_FIELDS = frozenset(("sku", "title", "description", "requires_shipping", "metadata", "location_levels"))
_LEVEL_FIELDS = frozenset(("location_id", "stocked_quantity", "incoming_quantity"))
_PRODUCT_FIELDS = frozenset(
    (
        *(
            "title",
            "subtitle",
            "description",
            "status",
            "images",
            "thumbnail",
            "handle",
            "options",
            "variants",
        ),
        *("sales_channels", "shipping_profile_id", "metadata"),
    )
)
_VARIANT_FIELDS = frozenset(
    (
        "title",
        "sku",
        "manage_inventory",
        "allow_backorder",
        "options",
        "prices",
        "inventory_items",
        "metadata",
    )
)


@dataclass(slots=True)
class Stockroom:
    """What one server has beside its variants: items that no variant sells from yet, and those without a level."""

    market: Marketplace
    #: SKU of each item that was made alone, by its pool.
    alone: dict[str, str] = field(default_factory=dict)
    without_level: set[str] = field(default_factory=set)

    def item(self, pool_id: str, now: datetime) -> Json:
        """An inventory item as the server shows it."""
        shown = shapes.inventory_item(self.market, pool_id, now)
        sku = shown["sku"] or self.alone.get(pool_id)
        levels = [] if pool_id in self.without_level else shown["location_levels"]
        return {**shown, "sku": sku, "title": shown["title"] or sku, "location_levels": levels}

    def items(self, now: datetime) -> list[Json]:
        """All of them."""
        return [self.item(pool_id, now) for pool_id in self.market.pools]

    def has_level(self, pool_id: str) -> bool:
        """Whether a number can be set at the one location."""
        return pool_id in self.market.pools and pool_id not in self.without_level


def create_item(room: Stockroom, row: Json, now: datetime) -> Json:
    """An inventory item, with the levels that it names."""
    _known(row, _ITEM_FIELDS)
    sku = text(row.get("sku"), "sku")
    if any(one["sku"] == sku for one in room.items(now)):
        raise RefusedError(400, "invalid_data", f"Inventory item with sku: {sku}, already exists.")
    levels = [_level(room, one) for one in rows(row.get("location_levels", []), "location_levels")]
    pool_id = room.market.open_pool(now=now)
    room.alone[pool_id] = sku
    if not levels:
        room.without_level.add(pool_id)
    for stocked in levels:
        _stock(room, pool_id, stocked, now)
    return room.item(pool_id, now)


def create_level(room: Stockroom, item_id: str, row: Json, now: datetime) -> Json:
    """A level of an item that has none; one that it has is not touched."""
    pool_id = shapes.pool_id(item_id)
    if pool_id not in room.market.pools:
        raise RefusedError(404, "not_found", f"InventoryItem with id: {item_id} was not found")
    stocked = _level(room, row)
    if pool_id not in room.without_level:
        place = shapes.location_id(room.market.profile.name)
        words = f"Inventory level with inventory_item_id: {item_id}, location_id: {place}, already exists."
        raise RefusedError(400, "invalid_data", words)
    room.without_level.discard(pool_id)
    _stock(room, pool_id, stocked, now)
    return room.item(pool_id, now)


def create_product(room: Stockroom, row: Json, now: datetime) -> Json:
    """A product and its variants: checked whole, then made whole."""
    _known(row, _PRODUCT_FIELDS)
    title = text(row.get("title"), "title")
    options = rows(row.get("options", []), "options")
    if not options:
        raise RefusedError(400, "invalid_data", f"Product options are not provided for: [{title}].")
    for picture in rows(row.get("images") or [], "images"):
        text(picture.get("url"), "images.url")
    variants = [_checked(room, one, options) for one in rows(row.get("variants", []), "variants")]
    is_seen = row.get("status", "draft") == "published" and bool(row.get("sales_channels"))
    made = [_made(room, one, now, is_seen=is_seen) for one in variants]
    return {
        "id": f"prod_{len(room.market.listings)}",
        "title": title,
        "status": row.get("status", "draft"),
        "variants": made,
    }


def _checked(room: Stockroom, row: Json, options: Sequence[Json]) -> Json:
    _known(row, _VARIANT_FIELDS)
    sku = text(row.get("sku"), "sku")
    if any(one.sku == sku for one in room.market.listings.values()):
        raise RefusedError(400, "invalid_data", f"Product variant with sku: {sku}, already exists.")
    chosen = table(row.get("options", {}), "variants.options")
    if set(chosen) != {str(one.get("title")) for one in options}:
        raise RefusedError(
            400, "invalid_data", f"Product has {len(options)} option values but {len(chosen)} given"
        )
    for price in rows(row.get("prices"), "variants.prices"):
        text(price.get("currency_code"), "currency_code")
        amount = price.get("amount")
        if isinstance(amount, bool) or not isinstance(amount, int | float):
            raise RefusedError(400, "invalid_data", "Expected type: 'number' for field 'prices, amount'")
    for item in rows(row.get("inventory_items", []), "variants.inventory_items"):
        if shapes.pool_id(str(item.get("inventory_item_id"))) not in room.market.pools:
            raise RefusedError(404, "not_found", f"Inventory Items with ids: {item} was not found")
    return row


def _made(room: Stockroom, row: Json, now: datetime, *, is_seen: bool) -> Json:
    market, sku = room.market, text(row.get("sku"), "sku")
    items = rows(row.get("inventory_items", []), "variants.inventory_items")
    pool_id = shapes.pool_id(str(items[0]["inventory_item_id"])) if items else None
    if pool_id is None:
        pool_id = market.open_pool(now=now)
        room.without_level.add(pool_id)
    room.alone.pop(pool_id, None)
    prices = rows(row.get("prices"), "variants.prices")
    view = market.create_listing(
        sku=sku,
        title=text(row.get("title"), "title"),
        price=format(Decimal(str(prices[0]["amount"])), "f") if prices else "0",
        quantity=market.pools[pool_id].quantity,
        pool_id=pool_id,
        now=now,
    )
    if not is_seen:
        market.patch_listing(view.listing.listing_id, now=now, state="hidden")
    return {"id": view.listing.listing_id, "sku": sku, "title": view.listing.title, "manage_inventory": True}


def _level(room: Stockroom, row: Json) -> int:
    _known(row, _LEVEL_FIELDS)
    place = row.get("location_id")
    if place != shapes.location_id(room.market.profile.name):
        raise RefusedError(404, "not_found", f"Stock locations with ids: {place} was not found")
    stocked = whole(row.get("stocked_quantity", 0), "stocked_quantity")
    if stocked < 0:
        raise RefusedError(400, "invalid_data", "stocked_quantity must not be negative")
    return stocked


def _stock(room: Stockroom, pool_id: str, stocked: int, now: datetime) -> None:
    if stocked:
        room.market.hand_edit(pool_id, now=now, quantity=stocked)


def _known(row: Json, fields: Collection[str]) -> None:
    strange = sorted(set(row) - set(fields))
    if strange:
        raise RefusedError(400, "invalid_data", f"Unrecognized fields: '{', '.join(strange)}'")
