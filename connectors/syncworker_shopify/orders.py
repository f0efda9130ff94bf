"""What do Shopify's orders mean? Levels of each line from its units, shipments and refunds; pure, nothing of the buyer passes.

Every state of payment holds its goods: Shopify commits them when the order is placed. What is gone from a line was either
never sent, then it is cancelled, or was sent and came back, then it is returned. Whether it went on sale again is told by
the refund (CANCEL and RETURN: yes, NO_RESTOCK: no); units that an edit removed tell nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from syncworker.connector import ChannelLine, ChannelOrder, Document, Known, Money, OrderStatus
from syncworker_shopify.ids import number
from syncworker_shopify.settings import ShopifySettings

_SHIPPED, _NOTHING_SENT = "FULFILLED", "UNFULFILLED"
_LIVE = frozenset(
    (
        "UNFULFILLED",
        "PARTIALLY_FULFILLED",
        "IN_PROGRESS",
        "ON_HOLD",
        "OPEN",
        "PENDING_FULFILLMENT",
        "REQUEST_DECLINED",
        "RESTOCKED",
        "SCHEDULED",
        "FULFILLMENT_NOT_REQUIRED",
    )
)
#: Shipments that did not take place.
_NOT_SENT = frozenset(("CANCELLED", "ERROR", "FAILURE"))
_CANCEL, _RETURN, _NO_RESTOCK = "CANCEL", "RETURN", "NO_RESTOCK"


@dataclass(slots=True)
class Parts:
    """What left the house and what was taken back, by the id of the line."""

    sent: Counter[str] = field(default_factory=Counter)
    #: Units by line and by what became of them; other words than the three count as untold.
    back: Counter[tuple[str, str]] = field(default_factory=Counter)
    #: False: there was more than one answer holds. Then no restock is told, and what is gone counts as sent, for only what
    #: is known to lie here may be sold again.
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class Place:
    """Whose numbers are kept, and whether orders could take their units elsewhere."""

    location: str | None
    is_only_one: bool


def needs_parts(order: Document, lines: Sequence[Document]) -> bool:
    """Whether units are gone, so that shipments and refunds have to be asked for."""
    return order.get("cancelledAt") is not None or any(
        line["quantity"].whole() != line["currentQuantity"].whole() for line in lines
    )


def parts(order: Document, place: Place, *, most: int) -> Parts:
    """Shipments and refunds of one order; ``most`` of each were asked for."""
    found = Parts()
    fulfilments, refunds = list(order["fulfillments"].items()), list(order["refunds"].items())
    found.is_whole = len(fulfilments) < most and len(refunds) < most
    for one in fulfilments:
        rows = one["fulfillmentLineItems"]
        found.is_whole &= not rows["pageInfo"]["hasNextPage"].flag()
        if one["status"].text() not in _NOT_SENT:
            for row in rows["nodes"].items():
                found.sent[row["lineItem"]["id"].text()] += row["quantity"].whole()
    for one in refunds:
        rows = one["refundLineItems"]
        found.is_whole &= not rows["pageInfo"]["hasNextPage"].flag()
        for row in rows["nodes"].items():
            found.back[row["lineItem"]["id"].text(), _became(row, place)] += row["quantity"].whole()
    return found


def _became(row: Document, place: Place) -> str:
    """What became of refunded units; what went on sale at another location did not at ours."""
    word, location = row["restockType"].text(), row.get("location")
    elsewhere = (
        place.location is not None
        and location is not None
        and number(location["id"], "Location") != place.location
    )
    return _NO_RESTOCK if elsewhere else word


def order(
    one: Document, lines: Sequence[Document], found: Parts | None, place: Place, settings: ShopifySettings
) -> ChannelOrder:
    """One order with all its lines."""
    is_cancelled = one.get("cancelledAt") is not None
    money, goods = one.get("displayFinancialStatus"), one["displayFulfillmentStatus"].text()
    said = [*(["CANCELLED"] if is_cancelled else []), *([] if money is None else [money.text()]), goods]
    counts = _counts_down(one, place, settings)
    if found is not None and not found.is_whole and goods != _NOTHING_SENT:
        found = replace(found, sent=Counter({line["id"].text(): _not_waiting(line) for line in lines}))
    return ChannelOrder(
        external_id=number(one["id"], "Order"),
        status=_status(goods, is_cancelled=is_cancelled),
        raw_status=" ".join([*said, *(["TEST"] if one["test"].flag() else [])]),
        placed_at=one["createdAt"].moment(),
        updated_at=one["updatedAt"].moment(),
        lines=tuple(_line(line, found, counts, is_cancelled=is_cancelled) for line in lines),
    )


def _not_waiting(line: Document) -> int:
    return max(0, line["quantity"].whole() - line["unfulfilledQuantity"].whole())


def _status(goods: str, *, is_cancelled: bool) -> OrderStatus:
    if is_cancelled:
        return OrderStatus.CANCELLED
    if goods == _SHIPPED:
        return OrderStatus.SHIPPED
    return OrderStatus.LIVE if goods in _LIVE else OrderStatus.UNKNOWN


def _counts_down(one: Document, place: Place, settings: ShopifySettings) -> Known:
    """An order that is not confirmed reserved nothing; with several locations it may have taken another one's units."""
    is_ours = place.is_only_one or settings.orders_leave_from_here
    return Known.YES if is_ours and one["confirmed"].flag() else Known.UNKNOWN


@dataclass(frozen=True, slots=True)
class _Levels:
    ordered: int
    cancelled: int
    shipped: int
    returned: int

    @property
    def gone(self) -> int:
        return self.cancelled + self.returned


def _line(line: Document, found: Parts | None, counts: Known, *, is_cancelled: bool) -> ChannelLine:
    levels = _levels(line, found, is_cancelled=is_cancelled)
    line_id, variant, sku = line["id"].text(), line.get("variant"), line.get("sku")
    cancelled, returned = _restocked(line_id, levels, found)
    return ChannelLine(
        line_id=number(line["id"], "LineItem"),
        # A line that was typed in, or whose variant is gone, is none of ours: its own id blocks no pool.
        listing_id=line_id if variant is None else number(variant["id"], "ProductVariant"),
        sku=None if sku is None or not sku.shown().strip() else sku.text(),
        ordered=levels.ordered,
        cancelled=levels.cancelled,
        shipped=levels.shipped,
        returned=levels.returned,
        counts_down=Known.UNKNOWN if variant is None else counts,
        restocked=cancelled,
        returned_restocked=returned,
        unit_price=_price(line),
    )


def _levels(line: Document, found: Parts | None, *, is_cancelled: bool) -> _Levels:
    """Units still held are told by the line; those that are gone by shipments: what was never sent was cancelled."""
    ordered = line["quantity"].whole()
    held = line["currentQuantity"].whole(most=ordered)
    waiting = min(line["unfulfilledQuantity"].whole(), held)
    if found is None:
        return _Levels(ordered, 0, held - waiting, 0)
    sent = min(max(found.sent[line["id"].text()], held - waiting), ordered)
    returned = min(ordered - held, sent - min(sent, held - waiting))
    cancelled = ordered - sent if is_cancelled else ordered - held - returned
    return _Levels(ordered, cancelled, sent, returned)


def _restocked(line_id: str, levels: _Levels, found: Parts | None) -> tuple[Known, Known]:
    """Whether the cancelled and the returned units went on sale again."""
    if found is None or not found.is_whole:
        return Known.UNKNOWN, Known.UNKNOWN
    kinds = {kind: units for (of_line, kind), units in found.back.items() if of_line == line_id}
    all_lost = set(kinds) <= {_NO_RESTOCK} and kinds.get(_NO_RESTOCK, 0) >= levels.gone
    return (
        _known(kinds.get(_CANCEL, 0), levels.cancelled, all_lost=all_lost),
        _known(kinds.get(_RETURN, 0), levels.returned, all_lost=all_lost),
    )


def _known(put_back: int, units: int, *, all_lost: bool) -> Known:
    if units and put_back >= units:
        return Known.YES
    return Known.NO if all_lost else Known.UNKNOWN


def _price(line: Document) -> Money | None:
    prices = line.get("originalUnitPriceSet")
    if prices is None:
        return None
    price = prices["shopMoney"]
    return Money(price["amount"].decimal(), price["currencyCode"].currency())
