"""What may stand in a request to TikTok Shop? Strict reading of query and body, refused with TikTok's codes."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection
from dataclasses import dataclass

from syncworker.sandbox.dialects.tiktok_gate import Call
from syncworker.sandbox.dialects.tiktok_ids import WAREHOUSE, Shelf, Sku
from syncworker.sandbox.pools import QuantityItem
from syncworker.sandbox.refusal import RefusedError

#: The largest number that the inventory update takes.
QUANTITY_MAX = 99_999
#: Before each token's text, so that it holds the characters that have to be quoted.
_ODD = b"\xfb\xff\xbf"


@dataclass(frozen=True, slots=True)
class Walk:
    """Which page is asked for."""

    size: int
    token: str | None


@dataclass(frozen=True, slots=True)
class StockOrder:
    """The numbers of one request: what can be applied, and what is wrong with the other SKUs."""

    items: tuple[QuantityItem, ...]
    skus: dict[str, Sku]
    errors: tuple[dict[str, object], ...]


def walk(call: Call, *, most: int, sorted_by: Collection[str] = ()) -> Walk:
    """Page size and token. Rows by their change, oldest first, is all that these shops can do."""
    allowed = {"page_size", "page_token", *(("sort_field", "sort_order") if sorted_by else ())}
    only(call.query, allowed)
    size = call.query.get("page_size", "")
    if not size.isdecimal() or not 1 <= int(size) <= most:
        raise bad(f"page_size must lie between 1 and {most}")
    if sorted_by and (call.query.get("sort_field") not in sorted_by or call.query.get("sort_order") != "ASC"):
        raise bad(f"this shop lists by {' or '.join(sorted_by)}, ASC")
    token = call.query.get("page_token")
    return Walk(int(size), None if token is None else read_token(token))


def write_token(text: str) -> str:
    """An opaque token that holds "+" and "/"."""
    return base64.b64encode(_ODD + text.encode()).decode()


def read_token(token: str) -> str:
    """What the token stands for; refused for one that this shop never gave."""
    try:
        raw = base64.b64decode(token, validate=True)
        if raw.startswith(_ODD):
            return raw.removeprefix(_ODD).decode()
    except (binascii.Error, ValueError):
        pass
    raise bad("page_token was not given by this shop")


def only(given: Collection[str], allowed: Collection[str]) -> None:
    """Refuse what the endpoint does not know."""
    strange = set(given) - set(allowed)
    if strange:
        raise bad(f"unknown parameters: {', '.join(sorted(strange))}")


def seconds(body: dict[str, object], name: str) -> int | None:
    """A moment in Unix seconds."""
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 10**11:
        raise bad(f"{name} must be Unix seconds")
    return value


def texts(body: dict[str, object], name: str, *, most: int) -> list[str]:
    """A list of texts, possibly left out."""
    value = body.get(name, [])
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise bad(f"{name} must be a list of texts")
    if len(value) > most:
        raise bad(f"{name} has at most {most} entries")
    return value


def stock_order(call: Call, shelf: Shelf, product_id: str) -> StockOrder:
    """The numbers asked for. What is wrong as a whole is refused, what is wrong with one SKU stands among its errors."""
    known = {sku.sku_id: sku for sku in shelf.product(product_id)}
    if any(sku.listing.state != "active" for sku in known.values()):
        raise RefusedError(200, "12019113", "product status is invalid")
    only(call.body, ("skus",))
    items: list[QuantityItem] = []
    skus: dict[str, Sku] = {}
    errors: list[dict[str, object]] = []
    for row in objects(call.body.get("skus"), "skus"):
        only(row, ("id", "inventory"))
        sku = known.get(str(row.get("id")))
        if sku is None:
            raise RefusedError(200, "12052036", "The SKU id is invalid")
        warehouse, quantity = _stock(row)
        if warehouse != WAREHOUSE:
            errors.append(sku_error(sku.sku_id, 12052097, "The warehouse does not exist", warehouse))
            continue
        if sku.listing.pool_id in skus:
            raise bad("a SKU is given twice")
        skus[sku.listing.pool_id] = sku
        items.append(QuantityItem(pool_id=sku.listing.pool_id, quantity=quantity))
    return StockOrder(tuple(items), skus, tuple(errors))


def prices(call: Call, shelf: Shelf, product_id: str, currency: str) -> list[tuple[str, str]]:
    """(Listing, amount) of each SKU whose price is to change."""
    known = {sku.sku_id: sku for sku in shelf.product(product_id)}
    only(call.body, ("skus",))
    found: list[tuple[str, str]] = []
    for row in objects(call.body.get("skus"), "skus"):
        only(row, ("id", "price"))
        sku, price = known.get(str(row.get("id"))), row.get("price")
        if sku is None:
            raise RefusedError(200, "12052036", "The SKU id is invalid")
        if not isinstance(price, dict) or set(price) != {"amount", "currency"}:
            raise bad("price needs amount and currency")
        if price["currency"] != currency or not isinstance(price["amount"], str):
            raise bad(f"a price is an amount as text, in {currency}")
        found.append((sku.listing.listing_id, price["amount"]))
    return found


def sku_error(sku_id: str, code: int, words: str, warehouse: str = WAREHOUSE) -> dict[str, object]:
    """A SKU that was not applied, as it stands beside "code 0"."""
    extra = {"warehouse_id": warehouse, "code": code, "message": words}
    return {
        "code": 12052990,
        "message": "Check failed",
        "detail": {"sku_id": sku_id, "extra_errors": [extra]},
    }


def bad(words: str) -> RefusedError:
    """A request that cannot be read."""
    return RefusedError(400, "98001004", words)


def _stock(row: dict[str, object]) -> tuple[str, int]:
    (stock, *more) = objects(row.get("inventory"), "inventory")
    if more:
        raise RefusedError(200, "12052097", "The warehouse does not exist")
    only(stock, ("warehouse_id", "quantity"))
    quantity = stock.get("quantity")
    if isinstance(quantity, bool) or not isinstance(quantity, int) or not 0 <= quantity <= QUANTITY_MAX:
        raise RefusedError(200, "12052055", f"stock must lie between 0 and {QUANTITY_MAX}")
    return str(stock.get("warehouse_id")), quantity


def objects(value: object, name: str) -> list[dict[str, object]]:
    """A list of objects with something in it."""
    if not isinstance(value, list) or not value or not all(isinstance(one, dict) for one in value):
        raise bad(f"{name} must be a list of objects with something in it")
    return value
