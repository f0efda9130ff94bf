"""What do a pretend Shopify's mutations do? Inputs read as strictly as its schema says, answered with its user errors.

Each returns a payload; what is wrong with the input stands in `userErrors` beside HTTP 200, and then nothing was done.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from syncworker.sandbox.dialects.graphql import Selection
from syncworker.sandbox.dialects.shopify_reads import product
from syncworker.sandbox.dialects.shopify_rows import LOCATION, Row, Visit, gid, number_of, our_order_id
from syncworker.sandbox.pools import ItemResult, QuantityItem
from syncworker.sandbox.refusal import RefusedError

_REASONS = ("correction", "cycle_count_available", "received", "other", "restock", "shrinkage")
_HIGHEST = 1_000_000_000
_URI = re.compile(r"[a-z][a-z0-9+.-]*://\S+")
_KEYED_SINCE = "2026-04"


def errors(*rows: tuple[str, str]) -> list[Row]:
    """User errors with their codes."""
    return [{"code": code, "field": ["input"], "message": words} for code, words in rows]


# ---------------------------------------------------------------- numbers


@dataclass(frozen=True, slots=True)
class Ask:
    """One compare-and-set as it was asked for."""

    key: str | None
    item: QuantityItem | None
    item_gid: str
    problems: list[Row]
    is_old_name: bool


def asked(visit: Visit, field: Selection, arguments: Mapping[str, object], key: object) -> Ask:
    """Read one `inventorySetQuantities`; these shops take one row in each."""
    if visit.version >= _KEYED_SINCE and "idempotent" not in field.directives:
        words = "The @idempotent directive is required for this mutation but was not provided."
        raise RefusedError(200, "BAD_REQUEST", words)
    if "idempotent" in field.directives and not (isinstance(key, str) and key):
        raise RefusedError(200, "BAD_REQUEST", "The idempotency key must be a text.")
    given = _table(arguments.get("input"), "input")
    _only(given, ("name", "reason", "referenceDocumentUri", "quantities"), ("name", "reason", "quantities"))
    rows = given["quantities"]
    if not isinstance(rows, list) or len(rows) != 1:
        raise RefusedError(200, "BAD_REQUEST", "this pretend shop takes one row in each mutation")
    row = _table(rows[0], "quantities")
    compared, is_old_name = _compared(row, visit.version)
    quantity = row["quantity"]
    if isinstance(quantity, bool) or not isinstance(quantity, int):
        raise RefusedError(200, "INVALID_VARIABLE", "quantity is no Int")
    pool = visit.goods.items.get(number_of(row["inventoryItemId"], "InventoryItem") or 0)
    problems = _problems(visit, given, row, pool, quantity)
    item = None
    if pool is not None and not problems:
        expected = visit.market.pools[pool].quantity if compared is None else compared
        item = QuantityItem(pool_id=pool, quantity=quantity, expected=expected)
    return Ask(
        key if isinstance(key, str) else None, item, str(row["inventoryItemId"]), problems, is_old_name
    )


def _compared(row: Mapping[str, object], version: str) -> tuple[int | None, bool]:
    """The number to compare with (None: not compared), and whether it came under its old name."""
    names = ("changeFromQuantity", *(("compareQuantity",) if version < _KEYED_SINCE else ()))
    _only(
        row,
        ("inventoryItemId", "locationId", "quantity", *names),
        ("inventoryItemId", "locationId", "quantity"),
    )
    name = next((one for one in names if one in row), None)
    if name is None:
        words = "InventoryQuantityInput must include the following argument: changeFromQuantity."
        raise RefusedError(200, "INVALID_FIELD_ARGUMENTS", words)
    value = row[name]
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise RefusedError(200, "INVALID_VARIABLE", f"{name} is no Int")
    return value, name == "compareQuantity"


def _problems(
    visit: Visit, given: Mapping[str, object], row: Mapping[str, object], pool: str | None, quantity: int
) -> list[Row]:
    uri = given.get("referenceDocumentUri")
    checks: tuple[tuple[bool, str, str], ...] = (
        (given["name"] != "available", "INVALID_NAME", "The quantity name must be 'available'."),
        (given["reason"] not in _REASONS, "INVALID_REASON", "The specified reason is invalid."),
        (
            uri is not None and not (isinstance(uri, str) and _URI.fullmatch(uri)),
            "INVALID_REFERENCE_DOCUMENT",
            "The specified reference document is invalid.",
        ),
        (pool is None, "INVALID_INVENTORY_ITEM", "The specified inventory item could not be found."),
        (
            number_of(row["locationId"], "Location") != LOCATION,
            "INVALID_LOCATION",
            "The specified location could not be found.",
        ),
        (
            pool in visit.desk.unstocked,
            "ITEM_NOT_STOCKED_AT_LOCATION",
            "The specified inventory item is not stocked at the location.",
        ),
        (quantity < 0, "INVALID_QUANTITY_NEGATIVE", "The quantity can't be negative."),
        (
            quantity > _HIGHEST,
            "INVALID_QUANTITY_TOO_HIGH",
            "The quantity can't be higher than 1,000,000,000.",
        ),
    )
    return errors(*((code, words) for is_wrong, code, words in checks if is_wrong))


def set_number(visit: Visit, ask: Ask) -> Row | None:
    """The payload of one compare-and-set; None where the answer loses it."""
    if ask.item is None:
        return {"inventoryAdjustmentGroup": None, "userErrors": ask.problems}
    try:
        results = visit.market.push_quantities([ask.item], now=visit.now, key=ask.key)
    except RefusedError as error:
        if error.code != "idempotency_key_reused":
            raise
        problem = ("IDEMPOTENCY_KEY_PARAMETER_MISMATCH", error.message)
        return {"inventoryAdjustmentGroup": None, "userErrors": errors(problem)}
    return _payload(results[0], ask) if results else None


def _payload(result: ItemResult, ask: Ask) -> Row:
    if result.status == "refused":
        stale = "COMPARE_QUANTITY_STALE" if ask.is_old_name else "CHANGE_FROM_QUANTITY_STALE"
        code = stale if result.code == "stale_quantity" else "NON_MUTABLE_INVENTORY_ITEM"
        # The number that stood in the way is not told.
        words = (
            "The quantity compared does not match the persisted one."
            if code == stale
            else result.message or ""
        )
        return {"inventoryAdjustmentGroup": None, "userErrors": errors((code, words))}
    if ask.item is not None and ask.item.quantity == ask.item.expected:
        return {"inventoryAdjustmentGroup": None, "userErrors": []}
    change: Row = {
        "name": "available",
        "quantityAfterChange": result.quantity,
        "item": {"id": ask.item_gid},
        "location": {"id": gid("Location", LOCATION)},
    }
    return {"inventoryAdjustmentGroup": {"id": "1", "changes": lambda _names: [change]}, "userErrors": []}


# ---------------------------------------------------------------- goods and orders


def create(visit: Visit, arguments: Mapping[str, object]) -> Row:
    """`productSet` for a product that is not there yet, with one variant and nothing in stock."""
    given = _table(arguments.get("input"), "input")
    known = ("title", "handle", "status", "productOptions", "variants", "descriptionHtml", "files")
    _only(given, known, ("title", "productOptions", "variants"))
    handle = _table(arguments.get("identifier"), "identifier").get("handle")
    rows = given["variants"]
    if not isinstance(rows, list) or len(rows) != 1 or not isinstance(handle, str):
        raise RefusedError(
            200, "BAD_REQUEST", "this pretend shop makes products with a handle and one variant"
        )
    variant = _table(rows[0], "variants")
    needed = ("optionValues", "sku", "inventoryPolicy", "inventoryItem")
    _only(variant, (*needed, "price"), ("optionValues", "sku"))
    if handle in visit.desk.handles.values():
        return {
            "product": None,
            "userErrors": errors(("INVALID_INPUT", "this pretend shop replaces no product")),
        }
    try:
        view = visit.market.create_listing(
            sku=str(variant["sku"]),
            title=str(given["title"]),
            price=str(variant.get("price", "0")),
            quantity=0,
            now=visit.now,
        )
    except RefusedError as error:
        return {"product": None, "userErrors": errors(("INVALID_INPUT", error.message))}
    visit.desk.handles[view.listing.listing_id] = handle
    visit.desk.made_at[view.listing.listing_id] = visit.market.channel_time(visit.now)
    visit.desk.unstocked.add(view.listing.pool_id)
    return {"product": product(visit, handle), "userErrors": []}


def activate(visit: Visit, field: Selection, arguments: Mapping[str, object]) -> Row:
    """`inventoryActivate` with nothing available."""
    if visit.version >= _KEYED_SINCE and "idempotent" not in field.directives:
        raise RefusedError(200, "BAD_REQUEST", "The @idempotent directive is required for this mutation")
    goods = visit.goods
    number = number_of(arguments.get("inventoryItemId"), "InventoryItem") or 0
    pool = goods.items.get(number)
    if pool is None or number_of(arguments.get("locationId"), "Location") != LOCATION:
        return {
            "inventoryLevel": None,
            "userErrors": errors(("", "The item or location could not be found.")),
        }
    if arguments.get("available") != 0:
        raise RefusedError(200, "BAD_REQUEST", "this pretend shop activates with 0")
    visit.desk.unstocked.discard(pool)
    return {"inventoryLevel": _call(goods.item(pool, 0, 0)["inventoryLevel"], LOCATION), "userErrors": []}


def _call(level: object, location: int) -> object:
    return level({"locationId": gid("Location", location)}) if callable(level) else None


def set_prices(visit: Visit, arguments: Mapping[str, object]) -> Row:
    """`productVariantsBulkUpdate`, prices alone."""
    goods, rows = visit.goods, arguments.get("variants")
    ids = goods.products.get(number_of(arguments.get("productId"), "Product") or 0, [])
    changes: list[tuple[str, str]] = []
    for row in rows if isinstance(rows, list) else []:
        one = _table(row, "variants")
        _only(one, ("id", "price"), ("id", "price"))
        listing_id = goods.variants.get(number_of(one["id"], "ProductVariant") or 0)
        if listing_id not in ids or not isinstance(one["price"], str):
            problem = ("PRODUCT_VARIANT_DOES_NOT_EXIST", "Product variant does not exist")
            return {"productVariants": None, "userErrors": errors(problem)}
        changes.append((str(listing_id), one["price"]))
    return _patched(visit, "productVariants", [{"listing_id": key, "price": price} for key, price in changes])


def update_product(visit: Visit, arguments: Mapping[str, object]) -> Row:
    """`productUpdate`: title and state; a description is taken and forgotten."""
    given = _table(arguments.get("product"), "product")
    _only(given, ("id", "title", "descriptionHtml", "status"), ("id",))
    ids = visit.goods.products.get(number_of(given["id"], "Product") or 0)
    if ids is None:
        return {"product": None, "userErrors": errors(("", "Product does not exist"))}
    changes: dict[str, object] = {}
    if "title" in given:
        changes["title"] = given["title"]
    if "status" in given:
        changes["state"] = "active" if given["status"] == "ACTIVE" else "hidden"
    return _patched(visit, "product", [{"listing_id": key, **changes} for key in ids])


def _patched(visit: Visit, name: str, changes: list[dict[str, object]]) -> Row:
    patch: Callable[..., object] = visit.market.patch_listing
    try:
        for change in changes:
            patch(now=visit.now, **change)
    except RefusedError as error:
        return {name: None, "userErrors": errors(("INVALID", error.message))}
    goods = visit.goods
    shown = [
        {"id": goods.variant_id(str(change["listing_id"])), "price": change.get("price")}
        for change in changes
    ]
    if name == "product":
        return {name: goods.product(goods.product_of(str(changes[0]["listing_id"]))), "userErrors": []}
    return {name: shown, "userErrors": []}


def cancel(visit: Visit, arguments: Mapping[str, object]) -> Row:
    """`orderCancel`; the job is done when it is answered."""
    ours = our_order_id(visit.market, arguments.get("orderId"))
    if ours is None:
        return {"job": None, "orderCancelUserErrors": errors(("NOT_FOUND", "Order does not exist"))}
    order = visit.market.book.get(ours)
    if order.status == "cancelled" or any(line.shipped for line in order.lines):
        return {"job": None, "orderCancelUserErrors": errors(("INVALID", "Cannot cancel this order"))}
    visit.market.cancel(ours, now=visit.now, restock=arguments.get("restock") is True)
    return {"job": {"id": "gid://shopify/Job/1"}, "orderCancelUserErrors": []}


def _table(value: object, what: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise RefusedError(200, "INVALID_VARIABLE", f"{what} is no object")
    return value


def _only(given: Mapping[str, object], known: Collection[str], needed: Collection[str]) -> None:
    strange, missing = set(given) - set(known), set(needed) - set(given)
    if strange:
        words = f"Field is not defined: {', '.join(sorted(strange))}"
        raise RefusedError(200, "INVALID_VARIABLE", words)
    if missing:
        words = f"Expected value to not be null: {', '.join(sorted(missing))}"
        raise RefusedError(200, "INVALID_VARIABLE", words)
