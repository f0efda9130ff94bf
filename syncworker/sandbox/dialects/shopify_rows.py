"""What do a pretend Shopify's objects look like? Goods, levels and orders of the model in its words; it knows no HTTP.

An object holds every field that the shop knows; a function in it is a field that takes arguments.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from syncworker.sandbox.dialects.graphql import Resolver
from syncworker.sandbox.dialects.shopify_desk import Desk
from syncworker.sandbox.listings import ListingView
from syncworker.sandbox.model import Marketplace
from syncworker.sandbox.orders import Order, OrderLine
from syncworker.sandbox.refusal import RefusedError

Row = dict[str, object]

#: The one location that every pretend shop sells from.
LOCATION = 61_234_567_890
_PRODUCTS, _VARIANTS, _ITEMS = 8_000_000_000_000, 44_000_000_000_000, 46_000_000_000_000
_ORDERS, _LINES = 5_000_000_000_000, 14_000_000_000_000
_LINES_PER_ORDER = 1_000
#: The most rows of any connection.
_FIRST_MAX = 250
_MONEY = {"placed": "PENDING", "cancelled": "VOIDED", "returned": "REFUNDED"}
_KNOWN = ("placed", "paid", "shipped", "cancelled", "returned")


def gid(kind: str, number: int) -> str:
    """A global id."""
    return f"gid://shopify/{kind}/{number}"


def number_of(value: object, kind: str) -> int | None:
    """The number in a global id of that kind; None for anything else."""
    head, _, tail = str(value).rpartition("/")
    return int(tail) if head == f"gid://shopify/{kind}" and tail.isdecimal() else None


def written(at: datetime) -> str:
    """In UTC, whole seconds, with a Z."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def connection(rows: Sequence[object]) -> Resolver:
    """A list that is told in pages."""

    def resolve(arguments: dict[str, object]) -> object:
        start, size = position(arguments.get("after")), first(arguments)
        return page(rows[start : start + size], str(start + size), has_more=start + size < len(rows))

    return resolve


def page(rows: Sequence[object], end: str, *, has_more: bool) -> Row:
    """One page of a connection."""
    cursor = base64.b64encode(end.encode()).decode() if rows else None
    return {
        "nodes": list(rows),
        "edges": [{"node": row} for row in rows],
        "pageInfo": {"hasNextPage": has_more, "endCursor": cursor},
    }


def first(arguments: dict[str, object]) -> int:
    """How many rows are asked for; every connection needs it."""
    size = arguments.get("first")
    if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= _FIRST_MAX:
        raise RefusedError(200, "BAD_REQUEST", f"first must lie between 1 and {_FIRST_MAX}")
    return size


def after(arguments: dict[str, object]) -> str | None:
    """What a cursor stands for; refused for one that this shop never gave."""
    given = arguments.get("after")
    if given is None:
        return None
    try:
        return base64.b64decode(str(given), validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise RefusedError(200, "BAD_REQUEST", "Invalid cursor for current pagination sort.") from error


def position(cursor: object) -> int:
    """Where a page of a short list starts."""
    text = after({"after": cursor})
    return int(text) if text is not None and text.isdecimal() else 0


class Goods:
    """The shop's variants and items by Shopify's ids. SKUs with the same text before a "/" are variants of one product."""

    def __init__(self, market: Marketplace, desk: Desk) -> None:
        self._market, self._desk = market, desk
        self.variants: dict[int, str] = {}
        self.items: dict[int, str] = {}
        self._variant_of: dict[str, int] = {}
        self._item_of = {pool: _ITEMS + n for n, pool in enumerate(market.pools, start=1)}
        self.products: dict[int, list[str]] = {}
        groups: dict[str, int] = {}
        for n, listing in enumerate(market.listings.values(), start=1):
            product = _PRODUCTS + groups.setdefault(listing.sku.partition("/")[0], n)
            self.products.setdefault(product, []).append(listing.listing_id)
            self.variants[_VARIANTS + n] = listing.listing_id
            self._variant_of[listing.listing_id] = _VARIANTS + n
        self.items = {number: pool for pool, number in self._item_of.items()}

    def variant_id(self, listing_id: str) -> str:
        """A listing is a variant."""
        return gid("ProductVariant", self._variant_of[listing_id])

    def item_id(self, pool_id: str) -> str:
        """A pool is an inventory item."""
        return gid("InventoryItem", self._item_of[pool_id])

    def product_of(self, listing_id: str) -> int:
        """The product that a variant belongs to."""
        return next(number for number, ids in self.products.items() if listing_id in ids)

    def variant(self, view: ListingView) -> Row:
        """One variant with its product and its item."""
        listing, product = view.listing, self.product_of(view.listing.listing_id)
        is_only = len(self.products[product]) == 1
        name, _, option = listing.sku.partition("/")
        return {
            "id": self.variant_id(listing.listing_id),
            "title": "Default Title" if is_only else option or name,
            "sku": listing.sku,
            "price": listing.price,
            "inventoryPolicy": "DENY",
            "product": self.product(product),
            "inventoryItem": self.item(listing.pool_id, view.quantity or 0, view.reserved or 0),
        }

    def product(self, number: int) -> Row:
        """A product without its variants."""
        listing = self._market.listings[self.products[number][0]]
        made = self._desk.made_at.get(listing.listing_id, datetime(2026, 1, 1, tzinfo=UTC))
        return {
            "id": gid("Product", number),
            "title": listing.title,
            "handle": self._desk.handles.get(listing.listing_id, f"product-{number}"),
            "status": "ACTIVE" if listing.state == "active" else "DRAFT",
            "createdAt": written(made),
            "hasOnlyDefaultVariant": len(self.products[number]) == 1,
        }

    def item(self, pool_id: str, quantity: int, reserved: int) -> Row:
        """An inventory item with its level at the one location."""

        def level(arguments: dict[str, object]) -> object:
            if (
                number_of(arguments.get("locationId"), "Location") != LOCATION
                or pool_id in self._desk.unstocked
            ):
                return None
            return {"id": f"gid://shopify/InventoryLevel/{self._item_of[pool_id]}", "quantities": quantities}

        def quantities(arguments: dict[str, object]) -> object:
            known = {"available": quantity, "committed": reserved, "on_hand": quantity + reserved}
            names = arguments.get("names")
            if not isinstance(names, list) or not set(names) <= set(known):
                raise RefusedError(200, "BAD_REQUEST", f"names are some of {', '.join(known)}")
            return [{"name": name, "quantity": known[name]} for name in names]

        skus = [one.sku for one in self._market.listings.values() if one.pool_id == pool_id]
        return {
            "id": self.item_id(pool_id),
            "sku": skus[0] if skus else None,
            "tracked": True,
            "duplicateSkuCount": 0,
            "variant": {"inventoryPolicy": "DENY"},
            "inventoryLevel": level,
        }


@dataclass(frozen=True, slots=True)
class Visit:
    """One shop at the moment of a request."""

    market: Marketplace
    desk: Desk
    now: datetime
    version: str

    @property
    def goods(self) -> Goods:
        """Ids as they are now: a mutation may have made new ones."""
        return Goods(self.market, self.desk)


# ---------------------------------------------------------------- orders


def order_gid(ours: str) -> str:
    """Shopify's id of an order of the shop."""
    return gid("Order", _ORDERS + int(ours.rpartition("-")[2]))


def our_order_id(market: Marketplace, theirs: object) -> str | None:
    """The shop's own id; None if it has no such order."""
    number = number_of(theirs, "Order")
    ours = "" if number is None else f"{market.profile.name}-{number - _ORDERS:06d}"
    return ours if ours in market.book.orders else None


def order(one: Order, goods: Goods, desk: Desk) -> Row:
    """An order with everything that hangs on it, the buyer too."""
    is_cancelled = one.status == "cancelled"
    lines = {
        line.line_id: gid("LineItem", _line_number(one.order_id, n)) for n, line in enumerate(one.lines, 1)
    }
    return {
        "id": order_gid(one.order_id),
        "name": f"#{int(one.order_id.rpartition('-')[2]) + 1000}",
        "createdAt": written(one.created_at),
        "processedAt": written(one.created_at),
        "updatedAt": written(one.updated_at),
        "cancelledAt": written(one.updated_at) if is_cancelled else None,
        "cancelReason": "OTHER" if is_cancelled else None,
        "confirmed": all(line.counts_down == "yes" for line in one.lines),
        "test": one.buyer.startswith("bogus"),
        "email": f"{one.buyer or 'somebody'}@mail.example",
        "displayFinancialStatus": _MONEY.get(one.status, "PAID"),
        "displayFulfillmentStatus": _goods_word(one),
        "currencyCode": one.currency,
        "lineItems": connection([_line(line, lines[line.line_id], one, goods, desk) for line in one.lines]),
        "fulfillments": _cut(_fulfilments(one, lines)),
        "refunds": _cut(_refunds(one, lines)),
    }


def _line_number(order_id: str, n: int) -> int:
    return _LINES + int(order_id.rpartition("-")[2]) * _LINES_PER_ORDER + n


def _goods_word(one: Order) -> str:
    if one.status not in _KNOWN:
        return one.status.upper()
    sent, waiting = sum(line.shipped for line in one.lines), sum(line.open for line in one.lines)
    if sent and not waiting:
        return "FULFILLED"
    return "PARTIALLY_FULFILLED" if sent else "UNFULFILLED"


def _line(line: OrderLine, line_id: str, one: Order, goods: Goods, desk: Desk) -> Row:
    desk.ordered[line.line_id] = max(line.quantity, desk.ordered.get(line.line_id, 0))
    price = {"amount": line.unit_price, "currencyCode": one.currency}
    return {
        "id": line_id,
        "sku": line.sku,
        "quantity": desk.ordered[line.line_id],
        "currentQuantity": line.quantity - line.cancelled - line.returned,
        "unfulfilledQuantity": line.open,
        "variant": {"id": goods.variant_id(line.listing_id)},
        "originalUnitPriceSet": {"shopMoney": price, "presentmentMoney": price},
    }


def _cut(rows: Sequence[Row]) -> Resolver:
    """A plain list of at most `first` rows, without pages."""
    return lambda arguments: list(rows[: first(arguments)])


def _fulfilments(one: Order, lines: dict[str, str]) -> list[Row]:
    rows: list[object] = [
        {"quantity": line.shipped, "lineItem": {"id": lines[line.line_id]}}
        for line in one.lines
        if line.shipped
    ]
    return [{"status": "SUCCESS", "fulfillmentLineItems": connection(rows)}] if rows else []


def _refunds(one: Order, lines: dict[str, str]) -> list[Row]:
    """What the shop tells of units that are gone; what nobody knows of a cancellation is told by no refund."""
    rows: list[object] = []
    for line in one.lines:
        for units, word in _gone(line):
            place = None if word == "NO_RESTOCK" else {"id": gid("Location", LOCATION)}
            about = {"lineItem": {"id": lines[line.line_id]}, "location": place}
            if units:
                rows.append({"quantity": units, "restockType": word, **about})
    return [{"refundLineItems": connection(rows)}] if rows else []


def _gone(line: OrderLine) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    if line.restocked != "unknown" or line.returned:
        found = [(line.restocked_units, "CANCEL"), (line.cancelled - line.restocked_units, "NO_RESTOCK")]
    back = {"yes": "RETURN", "no": "NO_RESTOCK"}.get(line.restocked or "", "LEGACY_RESTOCK")
    return [*found, (line.returned, back)]
