"""How does TikTok Shop show goods and orders? Rows as its pages document them; it decides nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from syncworker.sandbox.dialects.tiktok_ids import WAREHOUSE, Shelf, Sku, line_ids, order_id
from syncworker.sandbox.listings import ListingView
from syncworker.sandbox.orders import Order, OrderLine

Row = dict[str, object]

#: The shop's words for an order nothing of which has happened yet.
_WORDS = {"placed": "UNPAID", "paid": "AWAITING_SHIPMENT", "shipped": "IN_TRANSIT", "returned": "COMPLETED"}


def product_row(product: Sequence[Sku], views: dict[str, ListingView], reviewed: Collection[str] = ()) -> Row:
    """A product with its SKUs, as search and detail show it; `reviewed` are listings that are under review."""
    shown = [views[sku.listing.listing_id] for sku in product]
    listing = product[0].listing
    unseen = "PENDING" if listing.listing_id in reviewed else "SELLER_DEACTIVATED"
    return {
        "id": product[0].product_id,
        "title": listing.title,
        "status": "ACTIVATE" if listing.state == "active" else unseen,
        "skus": [_sku_row(sku, view) for sku, view in zip(product, shown, strict=True)],
        "sales_regions": ["ID"],
    }


def _sku_row(sku: Sku, view: ListingView) -> Row:
    price = sku.listing.price
    return {
        "id": sku.sku_id,
        "seller_sku": sku.listing.sku,
        "price": {"currency": view.currency, "tax_exclusive_price": price, "sale_price": price},
        "inventory": [{"warehouse_id": WAREHOUSE, "quantity": view.quantity}],
    }


def stock_row(sku: Sku, quantity: int, reserved: int) -> Row:
    """A SKU of the inventory search; all its units are on sale in the shop itself."""
    stock: Row = {
        "warehouse_id": WAREHOUSE,
        "available_quantity": quantity,
        "committed_quantity": reserved,
    }
    return {
        "id": sku.sku_id,
        "seller_sku": sku.listing.sku,
        "total_available_quantity": quantity,
        "total_committed_quantity": reserved,
        "warehouse_inventory": [stock],
        "total_available_inventory_distribution": {
            "campaign_inventory": [],
            "creator_inventory": [],
            "in_shop_inventory": {"quantity": quantity},
        },
    }


def order_row(order: Order, shelf: Shelf, *, levels: bool) -> Row:
    """An order, one line a unit. Without `levels` nothing tells of cancelled units: another feed does."""
    status = _status(order, levels=levels)
    units = [(line, word) for line in order.lines for word in _unit_words(line, status, levels=levels)]
    ids = line_ids(order.order_id)
    total = str(sum(int(line.unit_price.partition(".")[0]) for line, _ in units))
    row: Row = {
        "id": order_id(order.order_id),
        "status": status,
        "create_time": int(order.created_at.timestamp()),
        "update_time": int(order.updated_at.timestamp()),
        "fulfillment_type": "FULFILLMENT_BY_SELLER",
        "shipping_type": "TIKTOK",
        "is_on_hold_order": False,
        "is_buyer_request_cancel": False,
        "is_cod": False,
        "is_sample_order": False,
        "is_replacement_order": False,
        "warehouse_id": WAREHOUSE,
        "commerce_platform": "TOKOPEDIA" if order.buyer.startswith("tokopedia") else "TIKTOK_SHOP",
        "user_id": "7490000000000000099",
        "buyer_email": f"{order.buyer or 'somebody'}@chat.seller.tiktok.example",
        "payment": {"currency": order.currency, "sub_total": total, "total_amount": total},
        "line_items": [_unit_row(next(ids), line, word, order, shelf) for line, word in units],
    }
    if any(line.shipped for line in order.lines):
        row["collection_time"] = int(order.updated_at.timestamp())
    return row


def _status(order: Order, *, levels: bool) -> str:
    word = order.status if levels else order.goods_status
    if word == "cancelled":
        return "CANCELLED"
    partly = any(line.shipped for line in order.lines) and any(line.open for line in order.lines)
    if word in ("placed", "paid") and partly:
        return "PARTIALLY_SHIPPING"
    return _WORDS.get(word, word.upper())


def _unit_words(line: OrderLine, status: str, *, levels: bool) -> Iterator[str]:
    """The state of each unit; which unit it is does not change when others are shipped or cancelled after it."""
    cancelled = line.cancelled if levels else 0
    yield from ["IN_TRANSIT"] * line.shipped
    yield from [status] * (line.quantity - cancelled - line.shipped)
    yield from ["CANCELLED"] * cancelled


def _unit_row(unit_id: str, line: OrderLine, word: str, order: Order, shelf: Shelf) -> Row:
    sku = shelf.by_listing[line.listing_id]
    return {
        "id": unit_id,
        "product_id": sku.product_id,
        "product_name": sku.listing.title,
        "sku_id": sku.sku_id,
        "seller_sku": line.sku,
        "display_status": word,
        "package_status": "TO_FULFILL",
        "sku_type": "NORMAL",
        "currency": order.currency,
        "original_price": line.unit_price,
        "sale_price": line.unit_price,
        "is_gift": line.counts_down != "yes",
    }


def cancellation_row(order: Order, shelf: Shelf) -> Row | None:
    """What of the order was cancelled; None where nothing was."""
    lines = [row for row in _lines_of(order, shelf) if row["display_status"] == "CANCELLED"]
    if not lines:
        return None
    return _aftersales(order, "cancel", "CANCELLATION_REQUEST_COMPLETE", lines) | {"cancel_type": "CANCEL"}


def return_row(order: Order, shelf: Shelf) -> Row | None:
    """What of the order came back; None where nothing did."""
    lines: list[Row] = []
    rows = _lines_of(order, shelf)
    for line in order.lines:
        sku_id = shelf.by_listing[line.listing_id].sku_id
        sent = [r for r in rows if r["sku_id"] == sku_id and r["display_status"] == "IN_TRANSIT"]
        lines += sent[: line.returned]
    if not lines:
        return None
    words = {"return_type": "RETURN_AND_REFUND"}
    return _aftersales(order, "return", "RETURN_OR_REFUND_REQUEST_COMPLETE", lines) | words


def _lines_of(order: Order, shelf: Shelf) -> list[Row]:
    rows = order_row(order, shelf, levels=True)["line_items"]
    return rows if isinstance(rows, list) else []


def _aftersales(order: Order, kind: str, status: str, lines: Sequence[Row]) -> Row:
    number = order_id(order.order_id)
    return {
        f"{kind}_id": f"403{number[3:]}",
        "order_id": number,
        f"{kind}_status": status,
        "role": "BUYER",
        "create_time": int(order.updated_at.timestamp()),
        "update_time": int(order.updated_at.timestamp()),
        f"{kind}_line_items": [
            {
                f"{kind}_line_item_id": f"404{str(row['id'])[3:]}",
                "order_line_item_id": row["id"],
                "sku_id": row["sku_id"],
                "seller_sku": row["seller_sku"],
            }
            for row in lines
        ],
    }
