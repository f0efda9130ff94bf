"""What do a store's products look like, and what does a row of an update do? Over the model; it knows no HTTP.

A listing of the model with an id of the form `PARENT:VARIATION` is a variation; all others are simple products. Variations
of one parent that share a pool take their stock from the parent (`manage_stock: "parent"`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from syncworker.sandbox.dialects.arrivals import serial, text, whole
from syncworker.sandbox.model import Marketplace
from syncworker.sandbox.pools import Listing, QuantityItem
from syncworker.sandbox.refusal import RefusedError

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Product:
    """One product: a simple one with its listing, or a variable one with its variations."""

    product_id: int
    simple: Listing | None
    variations: tuple[Listing, ...] = ()

    @property
    def sku(self) -> str:
        """The SKU of a simple product; a variable one has none."""
        return self.simple.sku if self.simple else ""


@dataclass(slots=True)
class Shelf:
    """The products of one store over its model, and which of them do not manage their stock."""

    market: Marketplace
    #: Listings whose `manage_stock` is off: a number sent without switching it on is wiped. Buyers still take from it.
    unmanaged: set[str] = field(default_factory=set)

    def products(self) -> list[Product]:
        """All products, in the order they were created."""
        found: dict[int, Product] = {}
        for listing in self.market.listings.values():
            parent, colon, _ = listing.listing_id.partition(":")
            if not colon:
                number = serial(listing.listing_id)
                found[number] = Product(number, listing)
                continue
            number = serial(parent)
            known = found.get(number, Product(number, None))
            found[number] = Product(number, None, (*known.variations, listing))
        return list(found.values())

    def product(self, product_id: int) -> Product:
        """The product of that id; 404 if there is none."""
        for one in self.products():
            if one.product_id == product_id:
                return one
        raise RefusedError(404, "woocommerce_rest_product_invalid_id", "Invalid ID.")

    def ids(self, listing_id: str) -> tuple[int, int]:
        """Product and variation id of a listing; the latter is 0 for a simple product."""
        parent, colon, variation = listing_id.partition(":")
        return serial(parent), serial(variation) if colon else 0

    def variation_id(self, listing: Listing) -> int:
        """The variation's own id."""
        return self.ids(listing.listing_id)[1]

    def shares_parents(self, listing: Listing) -> bool:
        """Whether this variation takes its stock from its parent."""
        parent = listing.listing_id.partition(":")[0] + ":"
        siblings = (x for x in self.market.listings.values() if x.listing_id.startswith(parent))
        return any(x.pool_id == listing.pool_id and x is not listing for x in siblings)

    def target(self, own_id: int, parent_id: int | None) -> Listing:
        """The listing whose number a row with this id would write."""
        if parent_id is None:
            return self._simple_or_parent(own_id)
        for one in self.product(parent_id).variations:
            if self.variation_id(one) == own_id:
                return one
        raise RefusedError(400, "woocommerce_rest_product_variation_invalid_id", "Invalid ID.")

    def _simple_or_parent(self, own_id: int) -> Listing:
        every = self.products()
        for product in every:
            if product.product_id == own_id:
                return product.simple or product.variations[0]
        if any(self.variation_id(one) == own_id for product in every for one in product.variations):
            words = "To manipulate product variations you should use the variations endpoint."
            raise RefusedError(404, "woocommerce_rest_invalid_product_id", words)
        raise RefusedError(400, "woocommerce_rest_product_invalid_id", "Invalid ID.")


def product_json(shelf: Shelf, product: Product, now: datetime) -> Json:
    """A product as the store shows it."""
    listing = product.simple
    if listing is not None:
        shown = _contents(shelf, listing, now)
        return {"id": product.product_id, "type": "simple", "parent_id": 0, "variations": [], **shown}
    first = product.variations[0]
    shared = shelf.shares_parents(first)
    return {
        "id": product.product_id,
        "type": "variable",
        "parent_id": 0,
        "name": first.title.partition(" - ")[0],
        "sku": "",
        "status": "publish",
        "price": first.price,
        "regular_price": "",
        "variations": [shelf.variation_id(one) for one in product.variations],
        "backorders": "no",
        **_stock(shelf, first, now, managed=shared),
    }


def variation_json(shelf: Shelf, listing: Listing, now: datetime) -> Json:
    """A variation as the store shows it."""
    parent, own = shelf.ids(listing.listing_id)
    shown = _contents(shelf, listing, now)
    if shelf.shares_parents(listing):
        shown["manage_stock"] = "parent"
    return {"id": own, "type": "variation", "parent_id": parent, **shown}


def update(shelf: Shelf, row: Json, parent_id: int | None, now: datetime) -> Json:
    """What one row of an update does, and the whole product after it. `RefusedError` if it does nothing."""
    own_id = whole(row.get("id"), "id")
    listing = shelf.target(own_id, parent_id)
    _change_contents(shelf, listing, row, now)
    _switch(shelf, listing, row, parent_id, now)
    quantity = _wanted(row)
    listing = shelf.market.listings[listing.listing_id]
    echo: int | None = None
    if quantity is not None and _honoured(shelf, listing, row, parent_id):
        echo = _push(shelf, listing, quantity, now)
    listing = shelf.market.listings[listing.listing_id]
    shown = (
        product_json(shelf, shelf.product(own_id), now)
        if parent_id is None
        else variation_json(shelf, listing, now)
    )
    return shown if echo is None else shown | {"stock_quantity": echo}


def tried_update(shelf: Shelf, row: Json, parent_id: int | None, now: datetime) -> Json | None:
    """A row of a batch: the product, or `{id, error}`; None where a fault leaves it out of the answer."""
    try:
        return update(shelf, row, parent_id, now)
    except _UntoldError:
        return None
    except RefusedError as error:
        return {"id": row.get("id", 0), "error": _error(error)}


def create(shelf: Shelf, row: Json, now: datetime) -> Json:
    """A new simple product."""
    sku = text(row.get("sku"), "sku")
    quantity = _wanted(row) if row.get("manage_stock") is True else None
    price = row.get("regular_price", "0")
    try:
        view = shelf.market.create_listing(
            sku=sku,
            title=text(row.get("name", sku), "name"),
            price=text(price, "regular_price"),
            quantity=quantity or 0,
            now=now,
        )
    except RefusedError as error:
        if error.code != "already_listed":
            raise
        holder = shelf.ids(str(error.facts["listing_id"]))[0]
        words = "Invalid or duplicated SKU."
        raise RefusedError(400, "product_invalid_sku", words, resource_id=holder) from error
    if row.get("manage_stock") is not True:
        shelf.unmanaged.add(view.listing.listing_id)
    if row.get("status", "publish") != "publish":
        shelf.market.patch_listing(view.listing.listing_id, now=now, state="hidden")
    return product_json(shelf, shelf.product(serial(view.listing.listing_id)), now)


def tried_create(shelf: Shelf, row: Json, now: datetime) -> Json:
    """A row of a batch that creates."""
    try:
        return create(shelf, row, now)
    except RefusedError as error:
        return {"id": 0, "error": _error(error)}


def quantity_items(shelf: Shelf, updates: Sequence[Json], parent_id: int | None) -> list[QuantityItem]:
    """The numbers of a request that lands late."""
    found = []
    for row in updates:
        quantity = _wanted(row)
        listing = shelf.target(whole(row.get("id"), "id"), parent_id)
        if quantity is not None and _honoured(shelf, listing, row, parent_id):
            found.append(QuantityItem(pool_id=listing.pool_id, quantity=quantity))
    return found


class _UntoldError(Exception):
    """The answer does not tell what became of a row."""


def _push(shelf: Shelf, listing: Listing, quantity: int, now: datetime) -> int:
    results = shelf.market.push_quantities(
        [QuantityItem(pool_id=listing.pool_id, quantity=quantity)], now=now
    )
    if not results:
        raise _UntoldError
    (result,) = results
    if result.status == "refused":
        code = f"woocommerce_rest_{result.code}"
        raise RefusedError(400, code, result.message or "refused")
    return quantity if result.quantity is None else result.quantity


def _honoured(shelf: Shelf, listing: Listing, row: Json, parent_id: int | None) -> bool:
    """Whether a number in this row counts: stock is managed here, and not by the parent."""
    if parent_id is not None and shelf.shares_parents(listing):
        return False
    return row.get("manage_stock") is True or listing.listing_id not in shelf.unmanaged


def _switch(shelf: Shelf, listing: Listing, row: Json, parent_id: int | None, now: datetime) -> None:
    """Switch managing stock on or off; a variation that is switched on leaves its parent's number for its own."""
    if "manage_stock" not in row:
        return
    wanted = row["manage_stock"]
    if not isinstance(wanted, bool):
        raise RefusedError(400, "rest_invalid_param", "manage_stock is not of type boolean.")
    if not wanted:
        shelf.unmanaged.add(listing.listing_id)
        return
    shelf.unmanaged.discard(listing.listing_id)
    if parent_id is not None and shelf.shares_parents(listing):
        shelf.market.share_stock(listing.listing_id, now=now)


def _wanted(row: Json) -> int | None:
    if row.get("stock_quantity") is None:
        return None
    quantity = whole(row["stock_quantity"], "stock_quantity")
    if quantity < 0:
        raise RefusedError(400, "rest_invalid_param", "this store keeps no number below 0")
    return quantity


def _change_contents(shelf: Shelf, listing: Listing, row: Json, now: datetime) -> None:
    name, price, status = row.get("name"), row.get("regular_price"), row.get("status")
    if name is None and price is None and status is None:
        return
    shelf.market.patch_listing(
        listing.listing_id,
        now=now,
        title=None if name is None else text(name, "name"),
        price=None if price is None else text(price, "regular_price"),
        state=None if status is None else ("active" if status == "publish" else "hidden"),
    )


def _contents(shelf: Shelf, listing: Listing, now: datetime) -> Json:
    return {
        "name": listing.title,
        "sku": listing.sku,
        "status": "publish" if listing.state == "active" else "private",
        "price": listing.price,
        "regular_price": listing.price,
        "sale_price": "",
        "backorders": "no",
        **_stock(shelf, listing, now, managed=listing.listing_id not in shelf.unmanaged),
    }


def _stock(shelf: Shelf, listing: Listing, now: datetime, *, managed: bool) -> Json:
    """The number as a read tells it; a product that does not manage its stock has none."""
    if not managed:
        return {"manage_stock": False, "stock_quantity": None, "stock_status": "instock"}
    reading = shelf.market.read_quantities([listing.pool_id], now=now)[0]
    status = "instock" if (reading.quantity or 0) > 0 else "outofstock"
    return {"manage_stock": True, "stock_quantity": reading.quantity, "stock_status": status}


def _error(error: RefusedError) -> Json:
    code = "rest_invalid_param" if error.code == "invalid_request" else error.code
    status = 400 if error.status == 422 else error.status
    return {"code": code, "message": error.message, "data": {"status": status, **error.facts}}
