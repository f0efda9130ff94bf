"""What does a shop list, and which number does each variant sell from? Variants to listings, levels to readings; pure.

A listing is a variant; its number belongs to its inventory item at one location. A variant that Shopify does not count, or
sells below zero, has no number that could bound it: it is told without one.
"""

from __future__ import annotations

from collections.abc import Sequence

from syncworker.connector import MAX_QUANTITY, Document, Money, Reading, RemoteListing
from syncworker_shopify.ids import PoolKey, number

_ON_SALE = "ACTIVE"
#: What Shopify calls the only variant of a product without options.
_NO_TITLE = "Default Title"
_REFUSES_BELOW_ZERO = "DENY"


def listing(variant: Document, location: str, currency: str) -> RemoteListing:
    """One variant."""
    item, product = variant["inventoryItem"], variant["product"]
    numbers = _numbers(item, variant["inventoryPolicy"].text())
    sku, price = variant.get("sku"), variant.get("price")
    return RemoteListing(
        listing_id=number(variant["id"], "ProductVariant"),
        pool_key=str(PoolKey(number(item["id"], "InventoryItem"), location)),
        sku=None if sku is None or not sku.shown().strip() else sku.text(),
        title=_title(product["title"].shown(), variant["title"].shown()),
        price=None if price is None else Money(price.decimal(), currency),
        active=product["status"].text() == _ON_SALE,
        quantity=None if numbers is None else numbers[0],
        reserved=0 if numbers is None else numbers[1],
    )


def is_stocked(variant: Document) -> bool:
    """Whether our location keeps a number of it at all."""
    return variant["inventoryItem"].get("inventoryLevel") is not None


def _title(product: str, variant: str) -> str:
    return product if variant == _NO_TITLE else f"{product} - {variant}"


def readings(nodes: Document, keys: Sequence[PoolKey]) -> list[Reading]:
    """The numbers of these pools, asked for in this order; one that nothing bounds counts as not read."""
    rows = list(nodes.items())
    if len(rows) != len(keys):
        nodes.fail(f"must have {len(keys)} entries, one for each id")
    found: list[Reading] = []
    for key, row in zip(keys, rows, strict=True):
        if row.is_null():
            found.append(Reading(pool_key=str(key), quantity=None))
            continue
        if row["id"].text() != key.item_gid:
            row["id"].fail("is not the one asked for")
        if row.get("inventoryLevel") is None:
            found.append(Reading(pool_key=str(key), quantity=None))
            continue
        numbers = _numbers(row, row["variant"]["inventoryPolicy"].text())
        if numbers is not None:
            found.append(Reading(pool_key=str(key), quantity=numbers[0], reserved=numbers[1]))
    return found


def _numbers(item: Document, policy: str) -> tuple[int, int] | None:
    """Units for sale and units promised to orders; ``None`` where there are none or they bound nothing."""
    level = item.get("inventoryLevel")
    if level is None or not item["tracked"].flag() or policy != _REFUSES_BELOW_ZERO:
        return None
    rows = {row["name"].text(): row["quantity"] for row in level["quantities"].items()}
    for name in ("available", "committed"):
        if name not in rows:
            level["quantities"].fail(f"does not tell {name}")
    # A shop that oversold itself stands below zero.
    return rows["available"].whole(least=-MAX_QUANTITY), max(0, rows["committed"].whole(least=-MAX_QUANTITY))
