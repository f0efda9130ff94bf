"""What does an order of the legacy order API say? Pure; nothing of the buyer is read.

Why no line counts the number down: the number is the one that we gave. Meta subtracts an order from it only until half an
hour after it was acknowledged, then the sold units return to sale unless a lower number was given. So a sale leaves our
bound as it is, and the engine gives the lower number because there is less to sell.
"""

from __future__ import annotations

from collections.abc import Mapping

from syncworker.connector import ChannelLine, ChannelOrder, Document, Known, MalformedAnswerError, OrderStatus

#: FB_PROCESSING is held too: it may still be cancelled, but until then its units are sold.
_LIVE = frozenset(("FB_PROCESSING", "CREATED", "IN_PROGRESS"))
#: The only state in which Meta waits for us.
_WAITS = "CREATED"
#: An order that is cancelled as a whole ends here too.
_OVER = "COMPLETED"


def state_of(row: Document) -> str:
    """The order's own word."""
    return row["order_status"]["state"].text()


def tells_cancelled(items: list[Document]) -> bool:
    """Whether each item says how much of it was cancelled."""
    return all(_status(item) is not None for item in items)


def has_more_items(row: Document) -> bool:
    """Whether the order has more items than the page shows."""
    items = row.get("items")
    paging = None if items is None else items.get("paging")
    return items is None or (paging is not None and paging.get("next") is not None)


def cancelled_units(rows: list[Document]) -> dict[str, int]:
    """Units cancelled by item id, over all cancellations of an order."""
    units: dict[str, int] = {}
    for row in rows:
        for item in row["items"]["data"].items():
            item_id = item["id"].text()
            units[item_id] = units.get(item_id, 0) + item["quantity"].whole()
    return units


def order(row: Document, items: list[Document], cancelled: Mapping[str, int] | None) -> ChannelOrder:
    """One order; ``cancelled`` by item id where the items do not tell it themselves."""
    state = state_of(row)
    lines = tuple(_line(item, state, cancelled) for item in items)
    return ChannelOrder(
        external_id=row["id"].text(),
        status=_meaning(state, lines),
        raw_status=state,
        placed_at=row["created"].moment(),
        updated_at=row["last_updated"].moment(),
        lines=lines,
        unacknowledged=state == _WAITS,
    )


def _meaning(state: str, lines: tuple[ChannelLine, ...]) -> OrderStatus:
    if state in _LIVE:
        return OrderStatus.LIVE
    if state != _OVER:
        return OrderStatus.UNKNOWN
    is_cancelled = bool(lines) and all(line.cancelled == line.ordered for line in lines)
    return OrderStatus.CANCELLED if is_cancelled else OrderStatus.SHIPPED


def _line(item: Document, state: str, cancelled: Mapping[str, int] | None) -> ChannelLine:
    item_id, ordered = item["id"].text(), item["quantity"].whole(least=1)
    status = _status(item)
    if status is not None:
        gone, shipped = _count(status, "cancelled"), _count(status, "fulfilled")
    else:
        gone = (cancelled or {}).get(item_id, 0)
        shipped = ordered - gone if state == _OVER else 0
    if gone + shipped > ordered:
        item.fail("counts more units as cancelled and shipped than were ordered")
    retailer_id, price = item.get("retailer_id"), item.get("price_per_unit")
    name = None if retailer_id is None else retailer_id.text()
    return ChannelLine(
        line_id=item_id,
        listing_id=name,
        sku=name,
        ordered=ordered,
        cancelled=gone,
        shipped=shipped,
        # What is paid back is told elsewhere, and puts nothing on sale.
        returned=None,
        counts_down=Known.NO,
        restocked=Known.UNKNOWN,
        returned_restocked=Known.NO,
        unit_price=None if price is None else price.money(),
    )


def _status(item: Document) -> Document | None:
    """The counts of an item, where they come as an object; the documentation also knows a mere word."""
    status = item.get("status")
    try:
        return status if status is not None and status.names() else None
    except MalformedAnswerError:
        return None


def _count(status: Document, name: str) -> int:
    count = status.get(name)
    return 0 if count is None else count.whole()
