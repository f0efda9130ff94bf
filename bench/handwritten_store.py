"""What do a WooCommerce store's orders mean? Written by hand, as strict as the manifest: what it is measured against."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from syncworker.connector import (
    ChannelLine,
    ChannelOrder,
    Document,
    Json,
    Known,
    Money,
    OrderPage,
    OrderStatus,
)

_STATUS = {
    "pending": OrderStatus.LIVE,
    "on-hold": OrderStatus.LIVE,
    "processing": OrderStatus.LIVE,
    "completed": OrderStatus.LIVE,
    "checkout-draft": OrderStatus.LIVE,
    "cancelled": OrderStatus.CANCELLED,
    "failed": OrderStatus.CANCELLED,
    "trash": OrderStatus.CANCELLED,
}
_COUNTED = frozenset(("processing", "completed", "on-hold"))


def order_page(body: Json) -> OrderPage:
    """A page whose orders have their refunds beside them as ``refund_rows``."""
    return OrderPage(orders=tuple(_order(order) for order in Document(body).items()))


def _order(order: Document) -> ChannelOrder:
    word, currency = order["status"].text(), order["currency"].currency()
    refunded = _refunded(order)
    return ChannelOrder(
        external_id=str(order["id"].whole()),
        status=_STATUS.get(word, OrderStatus.UNKNOWN),
        raw_status=word,
        placed_at=_moment(order["date_created_gmt"]),
        updated_at=_moment(order["date_modified_gmt"]),
        lines=tuple(_line(line, word, currency, refunded) for line in order["line_items"].items()),
    )


def _refunded(order: Document) -> dict[str, int]:
    units: dict[str, int] = {}
    for refund in order["refund_rows"].items():
        for row in refund["line_items"].items():
            line_id = next(
                m["value"].text() for m in row["meta_data"].items() if m["key"].text() == "_refunded_item_id"
            )
            units[line_id] = units.get(line_id, 0) - row["quantity"].whole(least=-1_000_000)
    return units


def _line(line: Document, word: str, currency: str, refunded: dict[str, int]) -> ChannelLine:
    line_id, ordered = str(line["id"].whole()), line["quantity"].whole()
    back, has_left = refunded.get(line_id, 0), word in {"completed", "refunded"}
    cancelled = 0 if has_left else back
    if _STATUS.get(word) is OrderStatus.CANCELLED:
        cancelled = ordered
    sku, price = line.get("sku"), line.get("price")
    return ChannelLine(
        line_id=line_id,
        listing_id=_listing(line["product_id"].whole(), line["variation_id"].whole()),
        sku=None if sku is None else sku.text(),
        ordered=ordered,
        cancelled=cancelled,
        shipped=ordered if word == "completed" else (back if word == "refunded" else 0),
        returned=back if has_left else 0,
        counts_down=Known.YES if word in _COUNTED else Known.UNKNOWN,
        restocked=Known.NO if word in {"failed", "trash"} else Known.UNKNOWN,
        unit_price=None if price is None else Money(price.decimal().quantize(Decimal("0.0001")), currency),
    )


def _listing(product: int, variation: int) -> str | None:
    if variation > 0:
        return f"{product}/{variation}"
    return f"0/{product}" if product > 0 else None


def _moment(value: Document) -> datetime:
    return datetime.fromisoformat(value.text()).replace(tzinfo=UTC)
