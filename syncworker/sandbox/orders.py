"""What was ordered, and which of it do the feeds tell by now? Immutable order versions and two keyset feeds."""

from __future__ import annotations

import base64
import binascii
import heapq
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from syncworker.sandbox.profile import Told
from syncworker.sandbox.refusal import RefusedError

FeedName = Literal["orders", "cancellations"]
#: A row's place in a feed: (updated_at, order_id).
Key = tuple[datetime, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """One line with its levels so far. The last three fields are truth that the feeds do not tell."""

    line_id: str
    listing_id: str
    sku: str
    #: Units as ordered now (edits change it); the other levels count parts of it.
    quantity: int
    unit_price: str
    counts_down: Told = "yes"
    cancelled: int = 0
    shipped: int = 0
    returned: int = 0
    #: What the shop tells about the cancelled and returned units; mixed answers become `unknown`.
    restocked: Told | None = None
    pool_id: str
    #: Whether the pool's number really fell.
    took: bool = True
    #: Cancelled units that really went back on sale.
    restocked_units: int = 0

    @property
    def open(self) -> int:
        """Units still to be shipped."""
        return self.quantity - self.cancelled - self.shipped

    def as_json(self, currency: str, *, levels: bool = True) -> dict[str, object]:
        """The line as the feeds show it; without `levels` the cancelled and returned ones are null: not told here."""
        return {
            "line_id": self.line_id,
            "listing_id": self.listing_id,
            "sku": self.sku,
            "quantity": self.quantity,
            "cancelled_quantity": self.cancelled if levels else None,
            "returned_quantity": self.returned if levels else None,
            "shipped_quantity": self.shipped,
            "unit_price": {"amount": self.unit_price, "currency": currency},
            "restocked": (self.restocked or "unknown") if levels else None,
            "counts_down": self.counts_down,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One version of an order, as the shop knew it at `updated_at` (the shop's clock, unique per version)."""

    order_id: str
    status: str
    created_at: datetime
    updated_at: datetime
    currency: str
    buyer: str
    lines: tuple[OrderLine, ...]
    #: The status without regard to cancellations and returns.
    goods_status: str = "placed"

    @property
    def key(self) -> Key:
        """The version's place in a feed."""
        return (self.updated_at, self.order_id)

    def line(self, line_id: str) -> OrderLine:
        """The line of that id; `RefusedError` if there is none."""
        for line in self.lines:
            if line.line_id == line_id:
                return line
        raise RefusedError(404, "unknown_line", f"order {self.order_id} has no line {line_id}")

    def as_json(self, *, levels: bool = True) -> dict[str, object]:
        """The order as a feed shows it. Without `levels` (first feed of a split shop) nothing tells of cancelling."""
        return {
            "order_id": self.order_id,
            "status": self.status if levels else self.goods_status,
            "created_at": self.created_at.isoformat(timespec="microseconds"),
            "updated_at": self.updated_at.isoformat(timespec="microseconds"),
            "currency": self.currency,
            "buyer": self.buyer,
            "lines": [line.as_json(self.currency, levels=levels) for line in self.lines],
        }


@dataclass(frozen=True, slots=True)
class OrderPage:
    """One page of a feed: rows by (updated_at, order_id), the next cursor or None, the shop's clock at the answer."""

    orders: tuple[Order, ...]
    next_cursor: str | None
    as_of: datetime
    #: False: the rows tell nothing of cancellations and returns (first feed of a split shop).
    levels: bool = True

    def as_json(self) -> dict[str, object]:
        """The answer's JSON object."""
        return {
            "orders": [order.as_json(levels=self.levels) for order in self.orders],
            "next_cursor": self.next_cursor,
            "as_of": self.as_of.isoformat(timespec="milliseconds"),
        }


class Feed:
    """The newest visible version of each order, by key. A version becomes visible at a time given with it."""

    def __init__(self) -> None:
        self._keys: list[Key] = []
        self._shown: dict[str, Order] = {}
        self._hidden: list[tuple[datetime, int, Order]] = []
        self._count = 0
        #: The page answered last, for the fault `repeat_page`.
        self.last_page: tuple[Order, ...] = ()

    def add(self, order: Order, visible_at: datetime) -> None:
        """Show this version from `visible_at` on, unless a newer one is shown by then."""
        self._count += 1
        heapq.heappush(self._hidden, (visible_at, self._count, order))

    def rows(
        self, start: Key | None, since: datetime | None, limit: int, now: datetime
    ) -> tuple[list[Order], bool]:
        """Up to `limit` rows after the key `start` and not older than `since`; and whether more follow."""
        self._surface(now)
        begin = bisect_right(self._keys, start) if start else 0
        if since is not None:
            begin = max(begin, bisect_left(self._keys, (since, "")))
        keys = self._keys[begin : begin + limit]
        return [self._shown[order_id] for _, order_id in keys], begin + limit < len(self._keys)

    def _surface(self, now: datetime) -> None:
        while self._hidden and self._hidden[0][0] <= now:
            order = heapq.heappop(self._hidden)[2]
            older = self._shown.get(order.order_id)
            if older is not None:
                if older.updated_at > order.updated_at:
                    continue
                del self._keys[bisect_left(self._keys, older.key)]
            self._shown[order.order_id] = order
            insort(self._keys, order.key)


class OrderBook:
    """All orders of a shop (newest versions: the truth) and what its feeds show of them."""

    def __init__(self, *, split: bool) -> None:
        self.split = split
        self.orders: dict[str, Order] = {}
        #: Told of each order that is new or changed, as it now is.
        self.listener: Callable[[Order], None] | None = None
        self.feeds: dict[FeedName, Feed] = {"orders": Feed(), "cancellations": Feed()}
        self._last_stamp: datetime | None = None

    def stamp(self, channel_now: datetime) -> datetime:
        """A time for the next version: the shop's clock, a microsecond later where two would be equal."""
        if self._last_stamp is not None and channel_now <= self._last_stamp:
            channel_now = self._last_stamp + timedelta(microseconds=1)
        self._last_stamp = channel_now
        return channel_now

    def get(self, order_id: str) -> Order:
        """The newest version; `RefusedError` if there is no such order."""
        try:
            return self.orders[order_id]
        except KeyError:
            raise RefusedError(404, "unknown_order", f"there is no order {order_id}") from None

    def record(self, order: Order, visible_at: datetime, *, cancellation: bool = False) -> None:
        """Keep a new version and hand it to the feeds that tell of it."""
        self.orders[order.order_id] = order
        if not (cancellation and self.split):
            self.feeds["orders"].add(order, visible_at)
        if self.split and any(line.cancelled or line.returned or line.restocked for line in order.lines):
            self.feeds["cancellations"].add(order, visible_at)
        if self.listener is not None:
            self.listener(order)


def write_cursor(order: Order) -> str:
    """An opaque cursor that stands behind this row."""
    text = f"{order.updated_at.isoformat(timespec='microseconds')}|{order.order_id}"
    return base64.urlsafe_b64encode(text.encode()).decode()


def read_cursor(cursor: str) -> Key:
    """The key a cursor stands behind; `RefusedError` (400) for a cursor the shop never gave."""
    try:
        moment, _, order_id = base64.urlsafe_b64decode(cursor.encode()).decode().partition("|")
        at = datetime.fromisoformat(moment)
    except (ValueError, binascii.Error) as error:
        raise RefusedError(400, "bad_cursor", "this cursor was not given by this shop") from error
    if at.tzinfo is None:
        raise RefusedError(400, "bad_cursor", "this cursor was not given by this shop")
    return at, order_id
