"""What do Shopee's orders mean? Details to levels a line; pure, and nothing of the buyer passes.

Facts: "v2.order.get_order_detail" and the order status flow of Shopee's guides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from syncworker.connector import ChannelLine, ChannelOrder, Document, Json, Known, Money, OrderStatus
from syncworker_shopee.listings import id_of, listing_id
from syncworker_shopee.settings import ShopeeSettings

#: Every word of the status machine; any other one holds the goods and raises an incident.
_STATUS = {
    "UNPAID": OrderStatus.LIVE,
    "PENDING": OrderStatus.LIVE,
    "INVOICE_PENDING": OrderStatus.LIVE,
    "READY_TO_SHIP": OrderStatus.LIVE,
    "PROCESSED": OrderStatus.LIVE,
    "RETRY_SHIP": OrderStatus.LIVE,
    "IN_CANCEL": OrderStatus.LIVE,
    "SHIPPED": OrderStatus.SHIPPED,
    "TO_CONFIRM_RECEIVE": OrderStatus.SHIPPED,
    "COMPLETED": OrderStatus.SHIPPED,
    "TO_RETURN": OrderStatus.SHIPPED,
    "CANCELLED": OrderStatus.CANCELLED,
}
#: Before these are over nothing says that the order lowered the number.
_UNSURE = frozenset(("UNPAID", "PENDING"))
#: The goods never were the seller's to count.
_FROM_SHOPEE = "fulfilled_by_shopee"
#: Returns of which nothing will come, or nobody has said yes to.
_NO_RETURN = frozenset(("REQUESTED", "CANCELLED"))
#: Reasons that a seller may give.
REASONS = frozenset(("OUT_OF_STOCK", "CUSTOMER_REQUEST", "UNDELIVERABLE_AREA", "COD_NOT_SUPPORTED"))
#: The buyer has asked; the seller agrees or not.
ASKED = "IN_CANCEL"

#: Models (item, model) that came back, by order.
Returned = Mapping[str, frozenset[tuple[str, str]]]


@dataclass(slots=True)
class _Line:
    """Rows of one model in one order that Shopee tells apart by nothing."""

    listing_id: str
    sku: str | None
    counts_down: Known
    price: Money | None
    ordered: int = 0
    cancelled: int = 0
    #: ``None``: the order does not tell it.
    returned: int | None = None
    is_named_in_return: bool = False


def order(
    one: Document,
    settings: ShopeeSettings,
    returned: frozenset[tuple[str, str]] | None = None,
) -> ChannelOrder | None:
    """One order; ``None`` where Shopee ships it, or from goods that lie with it in advance.

    ``returned`` names the models that a return was granted for; ``None``: this feed tells no returns.
    """
    if _is_theirs(one):
        return None
    raw = one["order_status"].text()
    status = _STATUS.get(raw, OrderStatus.UNKNOWN)
    is_gone = status is OrderStatus.SHIPPED or _is_picked_up(one)
    lines = _lines(one, raw, settings, returned or frozenset())
    return ChannelOrder(
        external_id=number_of(one),
        status=status,
        raw_status=raw,
        placed_at=moment(one["create_time"]),
        updated_at=moment(one["update_time"]),
        lines=tuple(
            _told(key, line, status, settings, is_gone=is_gone, returns=returned is not None)
            for key, line in lines.items()
        ),
    )


def number_of(one: Document) -> str:
    """Shopee's own number of the order."""
    return one["order_sn"].text()


def status_of(one: Document) -> tuple[str, OrderStatus]:
    """Shopee's word and what it means."""
    raw = one["order_status"].text()
    return raw, _STATUS.get(raw, OrderStatus.UNKNOWN)


def cancelled_items(one: Document) -> Json:
    """The items of an order as a cancellation names them."""
    models = {(id_of(row["item_id"]), id_of(row["model_id"])) for row in one["item_list"].items()}
    return [{"item_id": int(item), "model_id": int(model)} for item, model in sorted(models)]


def moment(value: Document) -> datetime:
    """Unix seconds as aware UTC."""
    return datetime.fromtimestamp(seconds(value), UTC)


def seconds(value: Document) -> int:
    return value.whole(least=1_000_000_000, most=100_000_000_000)


def returned_models(rows: Iterator[Document]) -> dict[str, frozenset[tuple[str, str]]]:
    """What a return was granted for, by order; an order whose returns came to nothing has none."""
    found: dict[str, frozenset[tuple[str, str]]] = {}
    for row in rows:
        number = number_of(row)
        models = frozenset((id_of(one["item_id"]), id_of(one["model_id"])) for one in row["item"].items())
        granted = frozenset() if row["status"].text() in _NO_RETURN else models
        found[number] = found.get(number, frozenset()) | granted
    return found


# ---------------------------------------------------------------- lines


def _lines(
    one: Document, raw: str, settings: ShopeeSettings, returned: frozenset[tuple[str, str]]
) -> dict[str, _Line]:
    currency, lines = one.get("currency"), dict[str, _Line]()
    for row in one["item_list"].items():
        item_id, model_id = id_of(row["item_id"]), id_of(row["model_id"])
        key = "-".join((item_id, model_id, *(_mark(row, name) for name in _MARKS)))
        if key not in lines:
            lines[key] = _Line(
                listing_id=listing_id(item_id, model_id),
                sku=_sku(row),
                counts_down=_counts_down(row, raw, settings),
                price=_price(row, currency),
                is_named_in_return=(item_id, model_id) in returned,
            )
        line = lines[key]
        line.ordered += row["model_quantity_purchased"].whole()
        line.cancelled += _level(row, "cancelled_qty") or 0
        back = _level(row, "returned_qty")
        line.returned = line.returned if back is None else (line.returned or 0) + back
    return lines


#: Together with item and model these tell two rows of an order apart.
_MARKS = ("order_item_id", "promotion_group_id")


def _mark(row: Document, name: str) -> str:
    value = row.get(name)
    return "0" if value is None else id_of(value)


def _told(
    key: str, line: _Line, status: OrderStatus, settings: ShopeeSettings, *, is_gone: bool, returns: bool
) -> ChannelLine:
    cancelled = line.ordered if status is OrderStatus.CANCELLED else line.cancelled
    # A parcel that was lost or refused on its way is cancelled too, and is not back on the shelf.
    left = line.ordered if status is OrderStatus.CANCELLED else line.ordered - line.cancelled
    back = line.returned
    if back is None and returns:
        # How many of several the returns add up to is not told: all of them may be on sale again.
        back = left if line.is_named_in_return else 0
    return ChannelLine(
        line_id=key,
        listing_id=line.listing_id,
        sku=line.sku,
        ordered=line.ordered,
        cancelled=cancelled,
        shipped=max(0, left) if is_gone else 0,
        returned=back,
        counts_down=line.counts_down,
        restocked=settings.restocks,
        returned_restocked=settings.restocks_returns,
        unit_price=line.price,
    )


def _counts_down(row: Document, raw: str, settings: ShopeeSettings) -> Known:
    """At the latest once it is paid an order has taken its units; from another warehouse it took none of ours."""
    place = row.get("product_location_id")
    if settings.location_id is not None and place is not None:
        told = place.shown()
        if told not in ("", "[]") and settings.location_id not in told:
            return Known.UNKNOWN
    return settings.unpaid_counts_down if raw in _UNSURE else Known.YES


def _is_theirs(one: Document) -> bool:
    flag, booking, advance = (one.get(name) for name in ("fulfillment_flag", "booking_sn", "advance_package"))
    return (
        (flag is not None and flag.shown() == _FROM_SHOPEE)
        or (booking is not None and booking.shown().strip() != "")
        or (advance is not None and advance.flag())
    )


def _is_picked_up(one: Document) -> bool:
    value = one.get("pickup_done_time")
    return value is not None and value.whole(most=100_000_000_000) > 0


def _level(row: Document, name: str) -> int | None:
    value = row.get(name)
    return None if value is None else value.whole()


def _sku(row: Document) -> str | None:
    for name in ("model_sku", "item_sku"):
        value = row.get(name)
        if value is not None and value.shown().strip():
            return value.text()
    return None


def _price(row: Document, currency: Document | None) -> Money | None:
    price = row.get("model_discounted_price")
    return None if price is None or currency is None else Money(price.decimal(), currency.currency())
