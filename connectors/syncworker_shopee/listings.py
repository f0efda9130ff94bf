"""What does Shopee list, and which number does each model sell from? Items and models to listings and readings; pure.

A listing is a model of an item, or an item without models (model 0). Its number is the seller's own stock, kept by
location where the seller has several warehouses; what Shopee holds in its own is not ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from syncworker.connector import (
    MAX_QUANTITY,
    ChannelMisconfiguredError,
    Document,
    Money,
    Reading,
    RemoteListing,
)

_ON_SALE = "NORMAL"
_HIDDEN_MODEL = "MODEL_UNAVAILABLE"
_DELETED = frozenset(("SELLER_DELETE", "SHOPEE_DELETE", "DELETED"))
#: What stands for the only model of an item that has none.
NO_MODEL = "0"
_ID_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True)
class PoolKey:
    """One number at Shopee, as the engine keeps it: ``item/model``, and ``item/model/location`` in a warehouse."""

    item_id: str
    model_id: str
    location_id: str | None = None

    def __str__(self) -> str:
        text = listing_id(self.item_id, self.model_id)
        return text if self.location_id is None else f"{text}/{self.location_id}"

    @classmethod
    def read(cls, text: str) -> PoolKey | None:
        """``None`` for what is no such key."""
        item_id, _, rest = text.partition("/")
        model_id, slash, location_id = rest.partition("/")
        ids = split_listing_id(f"{item_id}/{model_id}")
        if ids is None or bool(slash) != bool(location_id):
            return None
        return cls(*ids, location_id or None)


@dataclass(frozen=True, slots=True)
class Stock:
    """What one model has: the seller's number, and what a promotion holds of it."""

    location_id: str | None
    quantity: int
    reserved: int
    #: What lies at Shopee and in other warehouses, and counts towards what a promotion holds.
    elsewhere: int = 0

    @property
    def least(self) -> int:
        """The smallest number that a promotion leaves."""
        return max(0, self.reserved - self.elsewhere)


def listing_id(item_id: str, model_id: str) -> str:
    """What an order line names: the model of an item, whatever warehouse it leaves from."""
    return f"{item_id}/{model_id}"


def split_listing_id(text: str) -> tuple[str, str] | None:
    """Item and model; ``None`` for what is no such id."""
    item_id, _, model_id = text.partition("/")
    fits = all(one.isascii() and one.isdecimal() and int(one) <= _ID_MAX for one in (item_id, model_id))
    return (item_id, model_id) if fits else None


def id_of(value: Document) -> str:
    """Shopee's ids are 64-bit JSON integers; here they are texts."""
    return str(value.whole(most=_ID_MAX))


def has_models(item: Document) -> bool:
    """Whether the item's numbers are those of its models."""
    return item["has_model"].flag()


def is_deleted(item: Document) -> bool:
    return item["item_status"].text() in _DELETED


def listings_of(item: Document, models: Document | None, location_id: str | None) -> Iterator[RemoteListing]:
    """The listings of one item: its models, or itself."""
    item_id = id_of(item["item_id"])
    rows = [item] if models is None else list(models.items())
    for row in rows:
        model_id = NO_MODEL if models is None else id_of(row["model_id"])
        stock = stock_of(row, location_id, what=listing_id(item_id, model_id))
        if stock is not None:
            yield _listing(item, row, PoolKey(item_id, model_id, stock.location_id), stock)


def _listing(item: Document, row: Document, key: PoolKey, stock: Stock) -> RemoteListing:
    name, status = item.get("item_name"), row.get("model_status")
    hidden = status is not None and status.shown() == _HIDDEN_MODEL
    return RemoteListing(
        listing_id=listing_id(key.item_id, key.model_id),
        pool_key=str(key),
        sku=_sku(row, "item_sku" if key.model_id == NO_MODEL else "model_sku"),
        title="" if name is None else name.shown(),
        price=_price(row),
        active=item["item_status"].text() == _ON_SALE and not hidden,
        quantity=stock.quantity,
        reserved=stock.reserved,
    )


def _sku(row: Document, name: str) -> str | None:
    value = row.get(name)
    return None if value is None or not value.shown().strip() else value.text()


def _price(row: Document) -> Money | None:
    prices = row.get("price_info")
    first = None if prices is None else next(prices.items(), None)
    if first is None:
        return None
    return Money(first["original_price"].decimal(), first["currency"].currency())


def reading(key: PoolKey, row: Document | None) -> Reading:
    """What would still sell from this number; a model or a warehouse that is not there has none."""
    stock = None if row is None else stock_of(row, key.location_id, what=str(key))
    if stock is None or stock.location_id != key.location_id:
        return Reading(pool_key=str(key), quantity=None)
    return Reading(pool_key=str(key), quantity=stock.quantity, reserved=stock.reserved)


def stock_of(row: Document, location_id: str | None, *, what: str) -> Stock | None:
    """The seller's number of one item or model; ``None`` where our warehouse holds none of it.

    What "can be sold currently" may be more than that: the rest of it counts here unless it lies at Shopee's or in
    another warehouse. A promotion's units are part of the number, as the limit for lowering it says.
    """
    info = row["stock_info_v2"]
    numbers = {_place(one): _number(one["stock"]) for one in info["seller_stock"].items()}
    if not numbers and location_id is None:
        # The seller has none of their own; the summary tells whether anything sells all the same.
        numbers = {None: 0}
    if location_id is None and len(numbers) > 1:
        places = ", ".join(sorted(str(one) for one in numbers))
        raise ChannelMisconfiguredError(
            f"{what} lies in the warehouses {places}: set location_id to the one that this channel sells from"
        )
    ours = location_id if location_id is not None else next(iter(numbers), None)
    if ours not in numbers:
        return None
    summary = info["summary_info"]
    theirs = info.get("shopee_stock")
    elsewhere = sum(numbers.values()) - numbers[ours]
    elsewhere += 0 if theirs is None else sum(_told(one["stock"]) for one in theirs.items())
    beside = _number(summary["total_available_stock"]) - elsewhere
    held = summary.get("total_reserved_stock")
    reserved = 0 if held is None else held.whole()
    return Stock(ours, max(numbers[ours], beside), reserved, elsewhere)


def _place(row: Document) -> str | None:
    """A seller without warehouses has one number without a place."""
    value = row.get("location_id")
    text = "" if value is None else value.shown().strip()
    return text if text not in ("", "-") else None


def _number(value: Document) -> int:
    """A stock number; a shop that oversold itself may stand below zero."""
    return value.whole(least=-MAX_QUANTITY)


def _told(value: Document) -> int:
    """Shopee's own stock is documented as a text."""
    text = value.shown()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else value.whole()
