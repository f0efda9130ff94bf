"""What does TikTok Shop list, and which number does each SKU sell from? Products to listings, stock to readings; pure.

A listing is a SKU of a product. Its number is kept per warehouse, so the key of a pool names product, SKU and warehouse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from syncworker.connector import (
    MAX_QUANTITY,
    ChannelMisconfiguredError,
    Document,
    ListingPage,
    MalformedAnswerError,
    Money,
    Reading,
    RemoteListing,
)

_Told = TypeVar("_Told")

#: What a product needs to be on sale.
_ON_SALE = "ACTIVATE"
_GONE = "DELETED"
#: The several names a SKU's price has had; the update sets the one before tax.
_PRICES = ("tax_exclusive_price", "amount", "sale_price")


@dataclass(frozen=True, slots=True)
class PoolKey:
    """One number at TikTok Shop, as the engine keeps it: ``product/sku/warehouse``."""

    product_id: str
    sku_id: str
    warehouse_id: str

    def __str__(self) -> str:
        return f"{self.product_id}/{self.sku_id}/{self.warehouse_id}"

    @classmethod
    def read(cls, text: str) -> PoolKey | None:
        """``None`` for what is no such key."""
        parts = text.split("/")
        return cls(*parts) if len(parts) == 3 and all(part.isdecimal() for part in parts) else None


def listing_id(product_id: str, sku_id: str) -> str:
    """What an order line names: the SKU of a product, whatever warehouse it leaves from."""
    return f"{product_id}/{sku_id}"


def split_listing_id(text: str) -> tuple[str, str] | None:
    """Product and SKU; ``None`` for what is no such id."""
    product_id, _, sku_id = text.partition("/")
    return (product_id, sku_id) if product_id.isdecimal() and sku_id.isdecimal() else None


def listing_page(data: Document, warehouse_id: str | None) -> ListingPage:
    """One page of SKUs; deleted products are left out, and SKUs that the warehouse does not hold."""
    rows = data.get("products")
    found = [] if rows is None else [sku for row in rows.items() for sku in listings_of(row, warehouse_id)]
    return ListingPage(listings=tuple(found), next_cursor=next_token(data, rows))


def next_token(data: Document, rows: Document | None) -> str | None:
    """Where the next page starts. A lost token would make a part look like the whole, so it has to be there.

    It may be missing beside a total that the rows of one page fulfil.
    """
    token = data.get("next_page_token")
    if token is not None:
        # The last page has an empty one.
        return None if token.shown() == "" else token.text()
    if data["total_count"].whole() > (0 if rows is None else len(list(rows.items()))):
        data["next_page_token"].fail("is missing though there is more")
    return None


def listings_of(product: Document, warehouse_id: str | None) -> Iterator[RemoteListing]:
    """The SKUs of one product."""
    status = product["status"].text()
    if status == _GONE:
        return
    product_id = _id(product["id"])
    title = product.get("title")
    for sku in product["skus"].items():
        stock = _stock(product_id, sku, warehouse_id)
        if stock is None:
            continue
        key, quantity = stock
        seller_sku = sku.get("seller_sku")
        yield RemoteListing(
            listing_id=listing_id(product_id, key.sku_id),
            pool_key=str(key),
            sku=None if seller_sku is None or not seller_sku.shown().strip() else seller_sku.text(),
            title="" if title is None else title.shown(),
            price=_price(sku),
            active=status == _ON_SALE,
            quantity=quantity,
        )


def _stock(product_id: str, sku: Document, warehouse_id: str | None) -> tuple[PoolKey, int] | None:
    """The number of the SKU in our warehouse; ``None`` where it holds none of it."""
    sku_id, rows = _id(sku["id"]), sku.get("inventory")
    numbers = (
        {} if rows is None else {_id(row["warehouse_id"]): _number(row["quantity"]) for row in rows.items()}
    )
    if warehouse_id is None and len(numbers) > 1:
        raise ChannelMisconfiguredError(
            f"SKU {sku_id} lies in the warehouses {', '.join(sorted(numbers))}: "
            "set warehouse_id to the one that this channel sells from"
        )
    ours = warehouse_id if warehouse_id is not None else next(iter(numbers), None)
    if ours is None or ours not in numbers:
        return None
    return PoolKey(product_id, sku_id, ours), numbers[ours]


def _price(sku: Document) -> Money | None:
    price = sku.get("price")
    if price is None:
        return None
    amounts = [amount for name in _PRICES if (amount := price.get(name)) is not None]
    return Money(amounts[0].decimal(), price["currency"].currency()) if amounts else None


# ---------------------------------------------------------------- numbers read back


def readings(data: Document, keys: Sequence[PoolKey]) -> tuple[Reading, ...]:
    """The numbers of these pools. A SKU that the answer leaves out, or that cannot be read, is not read; one without our
    warehouse has none.
    """
    return tuple(_of_each(data, keys, _reading).values())


def beside(data: Document, keys: Sequence[PoolKey]) -> dict[PoolKey, int]:
    """Units that sell beside each of these numbers; nothing of a SKU that the answer leaves out, or that cannot be read."""
    return _of_each(data, keys, lambda _key, sku: _beside(sku))


def _of_each(
    data: Document, keys: Sequence[PoolKey], read: Callable[[PoolKey, Document], _Told]
) -> dict[PoolKey, _Told]:
    """What ``read`` makes of each key's own row: one that is no answer says nothing of others."""
    stock = _stock_by_sku(data)
    found: dict[PoolKey, _Told] = {}
    for key in keys:
        sku = stock.get(key.sku_id)
        if sku is not None:
            with suppress(MalformedAnswerError):
                found[key] = read(key, sku)
    return found


def _stock_by_sku(data: Document) -> dict[str, Document | None]:
    """The row of each SKU; ``None`` for one that is told twice, for nobody knows which row is true."""
    stock: dict[str, Document | None] = {}
    for product in data["inventory"].items():
        with suppress(MalformedAnswerError):
            for sku in product["skus"].items():
                with suppress(MalformedAnswerError):
                    sku_id = _id(sku["id"])
                    stock[sku_id] = None if sku_id in stock else sku
    return stock


def _reading(key: PoolKey, sku: Document) -> Reading:
    rows = {_id(row["warehouse_id"]): row for row in sku["warehouse_inventory"].items()}
    row = rows.get(key.warehouse_id)
    if row is None:
        return Reading(pool_key=str(key), quantity=None)
    committed = row.get("committed_quantity")
    return Reading(
        pool_key=str(key),
        quantity=row["available_quantity"].whole() + _beside(sku),
        reserved=0 if committed is None else committed.whole(),
    )


def _beside(sku: Document) -> int:
    """Units that a buyer can take and the warehouses' available numbers do not hold: those of campaigns and creators.

    The documented sample adds them up to the total, a formula names them beside what is available: what does not fit into
    the total is sold beside it, and so is what of the total lies in no warehouse. Below zero none of them can be added up.
    """
    parts = sku.get("total_available_inventory_distribution")
    units = 0
    for name in () if parts is None else ("campaign_inventory", "creator_inventory"):
        rows = None if parts is None else parts.get(name)
        units += 0 if rows is None else sum(row["quantity"].whole() for row in rows.items())
    shop = None if parts is None else parts.get("in_shop_inventory")
    units += 0 if shop is None else shop["quantity"].whole()
    total = sku["total_available_quantity"].whole()
    held = sum(row["available_quantity"].whole() for row in sku["warehouse_inventory"].items())
    return max(0, units - total, total - held)


def _number(value: Document) -> int:
    """A stock number; a shop that oversold itself may stand below zero."""
    return value.whole(least=-MAX_QUANTITY)


def _id(value: Document) -> str:
    """TikTok's ids are texts of up to 19 digits; a JSON number may have lost its last ones on the way."""
    text = value.text()
    if not text.isdecimal():
        value.fail("must be an id of digits")
    return text
