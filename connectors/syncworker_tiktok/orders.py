"""What do TikTok Shop's orders mean? One line a unit, with that unit's own levels; pure, and nothing of the buyer passes.

Facts: "Order API overview" of the Partner Center. TikTok puts no quantity on a line: five units are five lines. They stay
apart here, since a sum hides which unit was lost on its way and which was never sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from syncworker.connector import ChannelLine, ChannelOrder, Document, Known, Money, OrderStatus
from syncworker_tiktok.listings import listing_id
from syncworker_tiktok.settings import TikTokSettings

#: Every word of the status machine; any other one holds the goods and raises an incident. Webhooks say CANCEL.
_STATUS = {
    "UNPAID": OrderStatus.LIVE,
    "ON_HOLD": OrderStatus.LIVE,
    "AWAITING_SHIPMENT": OrderStatus.LIVE,
    "PARTIALLY_SHIPPING": OrderStatus.LIVE,
    "AWAITING_COLLECTION": OrderStatus.LIVE,
    "IN_TRANSIT": OrderStatus.SHIPPED,
    "DELIVERED": OrderStatus.SHIPPED,
    "COMPLETED": OrderStatus.SHIPPED,
    "CANCELLED": OrderStatus.CANCELLED,
    "CANCEL": OrderStatus.CANCELLED,
}
_UNPAID = "UNPAID"
#: The goods never were the seller's to count.
_FROM_TIKTOK = "FULFILLMENT_BY_TIKTOK"
#: Orders that are no sale: whether they lower the number is not documented.
_ODD_ORDERS = ("is_sample_order", "is_replacement_order", "is_exchange_order")
#: A return whose goods or money have gone back. Others are still being argued about.
_DONE_SUFFIXES = ("_SUCCESS", "_COMPLETE")


def order(
    one: Document, settings: TikTokSettings, returned: Mapping[str, int] | None = None
) -> ChannelOrder | None:
    """One order; ``None`` where TikTok ships it from goods of its own warehouse.

    ``returned`` counts returned units by the channel's id of the unit line; ``None``: this feed does not tell them.
    """
    kind = one.get("fulfillment_type")
    if kind is not None and kind.shown() == _FROM_TIKTOK:
        return None
    raw_status = one["status"].text()
    status = _STATUS.get(raw_status, OrderStatus.UNKNOWN)
    return ChannelOrder(
        external_id=one["id"].text(),
        status=status,
        raw_status=raw_status,
        placed_at=moment(one["create_time"]),
        updated_at=moment(one["update_time"]),
        lines=tuple(_lines(one, raw_status, status, settings, returned)),
    )


def cancel_reason(one: Document, settings: TikTokSettings, reason: str) -> str | None:
    """TikTok's code for the seller's reason; ``None`` where the order is cancelled already.

    The words of a person are no code, so out of stock is said for them. Codes as several public integrations send
    them; their own list is behind the Seller Center.
    """
    raw = one["status"].text()
    if _STATUS.get(raw) is OrderStatus.CANCELLED:
        return None
    if reason.startswith("seller_cancel_"):
        return reason
    if settings.cancel_reason is not None:
        return settings.cancel_reason
    if raw == _UNPAID:
        return "seller_cancel_unpaid_reason_out_of_stock"
    return "seller_cancel_reason_out_of_stock"


def moment(value: Document) -> datetime:
    """Unix seconds as aware UTC."""
    return datetime.fromtimestamp(value.whole(least=1_000_000_000, most=100_000_000_000), UTC)


def returned_units(rows: Iterator[Document], order_ids: set[str]) -> dict[str, dict[str, int]]:
    """Units that have come back, by order and by the channel's id of the unit line.

    A replacement's goods count too: another order carries what is sent instead.
    """
    found: dict[str, dict[str, int]] = {order_id: {} for order_id in order_ids}
    for row in rows:
        order_id = row["order_id"].text()
        if order_id not in order_ids or not row["return_status"].text().endswith(_DONE_SUFFIXES):
            continue
        for line in row["return_line_items"].items():
            found[order_id][line["order_line_item_id"].text()] = 1
    return found


# ---------------------------------------------------------------- lines


def _lines(
    one: Document,
    raw: str,
    status: OrderStatus,
    settings: TikTokSettings,
    returned: Mapping[str, int] | None,
) -> Iterator[ChannelLine]:
    """The units, and of a combination its parts."""
    odd = any(_is_set(one, name) for name in _ODD_ORDERS) or _elsewhere(one, settings)
    was_handed_over = _is_given(one, "collection_time")
    seen: set[str] = set()
    for line in one["line_items"].items():
        unit_id = line["id"].text()
        if unit_id in seen:
            line.fail("is told twice")
        seen.add(unit_id)
        is_cancelled, is_shipped = _levels(line, status, was_handed_over=was_handed_over)
        for part, units in _parts(line):
            sku_id, seller_sku = part["sku_id"].text(), part.get("seller_sku")
            yield ChannelLine(
                line_id=unit_id if part is line else f"{unit_id}-{sku_id}",
                listing_id=listing_id(part["product_id"].text(), sku_id),
                sku=None if seller_sku is None or not seller_sku.shown().strip() else seller_sku.text(),
                ordered=units,
                cancelled=units if is_cancelled else 0,
                shipped=units if is_shipped else 0,
                returned=None if returned is None else units * returned.get(unit_id, 0),
                counts_down=_counts_down(line, part, raw, settings, odd=odd),
                restocked=settings.restocks,
                returned_restocked=settings.restocks_returns,
                unit_price=_price(line) if part is line else None,
            )


def _parts(line: Document) -> list[tuple[Document, int]]:
    """What the line consumes: itself, or the SKUs of a combination with how many of each."""
    parts = line.get("combined_listing_skus")
    found: dict[str, tuple[Document, int]] = {}
    for row in () if parts is None else parts.items():
        sku_id, units = row["sku_id"].text(), row["sku_count"].whole(least=1)
        found[sku_id] = (row, units + found[sku_id][1] if sku_id in found else units)
    return list(found.values()) or [(line, 1)]


def _levels(line: Document, status: OrderStatus, *, was_handed_over: bool) -> tuple[bool, bool]:
    """Whether this unit is cancelled, and whether it has left the house."""
    shown = line.get("display_status")
    word = OrderStatus.UNKNOWN if shown is None else _STATUS.get(shown.shown(), OrderStatus.UNKNOWN)
    if status is OrderStatus.CANCELLED or word is OrderStatus.CANCELLED:
        # A parcel that was lost or refused on its way is cancelled too, and is not back on the shelf.
        return True, word is OrderStatus.SHIPPED or (status is OrderStatus.CANCELLED and was_handed_over)
    return False, OrderStatus.SHIPPED in (status, word)


def _counts_down(line: Document, part: Document, raw: str, settings: TikTokSettings, *, odd: bool) -> Known:
    """Sold units leave the available number for the committed one; for gifts, samples and combinations nothing says so."""
    if odd or part is not line or _is_set(line, "is_gift"):
        return Known.UNKNOWN
    return settings.unpaid_counts_down if raw == _UNPAID else Known.YES


def _elsewhere(one: Document, settings: TikTokSettings) -> bool:
    """Whether it leaves from another warehouse than ours, as far as the order tells."""
    told = one.get("warehouse_id")
    return (
        settings.warehouse_id is not None
        and told is not None
        and told.shown() not in ("", settings.warehouse_id)
    )


def _price(line: Document) -> Money | None:
    price, currency = line.get("sale_price"), line.get("currency")
    return None if price is None or currency is None else Money(price.decimal(), currency.currency())


def _is_set(one: Document, name: str) -> bool:
    value = one.get(name)
    return value is not None and value.flag()


def _is_given(one: Document, name: str) -> bool:
    value = one.get(name)
    return value is not None and value.whole(most=100_000_000_000) > 0
