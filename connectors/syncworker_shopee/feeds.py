"""How is a feed walked without losing a row? By slices of time, oldest first, each narrow enough to fit on one page.

Shopee tells neither how a page is sorted nor what its cursor means, and an order that changes while we walk leaves its
place. So a slice that does not fit is halved, down to a second, and only inside of that Shopee's own cursor is used.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from syncworker.connector import ChannelOrder, Document, MalformedAnswerError, OrderPage, RequestRefusedError
from syncworker_shopee import orders
from syncworker_shopee.client import DETAILS_MAX, WINDOW_S, Reply, ShopeeClient
from syncworker_shopee.refusals import NO_SUCH_ORDER
from syncworker_shopee.settings import ShopeeSettings

#: Seconds that the last slice reaches ahead of our clock, so that one that lags a little costs no second request.
AHEAD_S = 10
#: A slice with fewer rows than this share of a page is followed by one twice as long.
_SPARSE = 3
#: The most of Shopee's pages that one second may have.
_CROWD_MAX = 40


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a page starts: a slice of time from a second on, and what of that second is told already."""

    from_s: int
    span_s: int
    told: tuple[str, ...] = ()

    @property
    def to_s(self) -> int:
        return self.from_s + self.span_s

    def written(self) -> str:
        return json.dumps([self.from_s, self.span_s, self.told])

    @classmethod
    def read(cls, cursor: str) -> _Place:
        from_s, span_s, told = json.loads(cursor)
        return cls(from_s, span_s, tuple(told))


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one request for a slice brought."""

    rows: tuple[Document, ...]
    #: Where Shopee says that it goes on; ``None``: the slice is whole.
    more: str | None
    channel_time: datetime | None


@dataclass(frozen=True, slots=True)
class _Page:
    """All rows of one slice."""

    place: _Place
    rows: tuple[Document, ...]
    channel_time: datetime | None
    #: More than one of Shopee's own pages.
    is_crowded: bool


@dataclass(frozen=True, slots=True)
class _Told:
    """One row of a feed: its own id, when it changed, and the order that it tells."""

    id: str
    changed_s: int
    order: ChannelOrder | None


def order_page(
    client: ShopeeClient,
    settings: ShopeeSettings,
    feed: str,
    *,
    since: datetime,
    cursor: str | None,
    clock: Callable[[], float] = time.time,
) -> OrderPage:
    """One page of a feed. Returns name orders, which are then told whole, as they are now."""
    ends_s = int(clock()) + AHEAD_S
    place = _Place(int(since.timestamp()), WINDOW_S) if cursor is None else _Place.read(cursor)
    page = _fitting(client, feed, replace(place, span_s=max(1, min(place.span_s, ends_s - place.from_s))))
    found = _TELL[feed](client, settings, page)
    if page.is_crowded and not any(page.place.from_s <= row.changed_s <= page.place.to_s for row in found):
        raise MalformedAnswerError("the search does not heed the time it was asked for", path="time_from")
    fresh = [row for row in found if row.changed_s != page.place.from_s or row.id not in page.place.told]
    told = [row.order for row in fresh if row.order is not None]
    return OrderPage(
        orders=tuple(sorted(told, key=lambda order: (order.updated_at, order.external_id))),
        next_cursor=_following(page, found, ends_s, settings.page_size),
        channel_time=page.channel_time,
        until=datetime.fromtimestamp(page.place.to_s, UTC),
    )


def _fitting(client: ShopeeClient, feed: str, place: _Place) -> _Page:
    """The longest beginning of this slice that fits on one of Shopee's pages, or all of them where it is a second."""
    answer = _ASK[feed](client, place, None)
    while answer.more is not None and place.span_s > 1:
        place = replace(place, span_s=place.span_s // 2)
        answer = _ASK[feed](client, place, None)
    rows, asked, first = list(answer.rows), 1, answer
    while answer.more is not None:
        answer = _ASK[feed](client, place, answer.more)
        rows += answer.rows
        asked += 1
        if asked > _CROWD_MAX:
            raise MalformedAnswerError("a second that has no end", path="next_cursor")
    return _Page(place, tuple(rows), first.channel_time, is_crowded=asked > 1)


def _orders_of(client: ShopeeClient, place: _Place, cursor: str | None) -> _Answer:
    reply = client.orders_changed(place.from_s, place.to_s, cursor)
    data = reply.data
    more = data["next_cursor"].text() if data["more"].flag() else None
    return _answer(reply, data["order_list"], more)


def _returns_of(client: ShopeeClient, place: _Place, cursor: str | None) -> _Answer:
    number = int(cursor or 0)
    reply = client.returns_changed(place.from_s, place.to_s, number)
    data = reply.data
    return _answer(reply, data["return"], str(number + 1) if data["more"].flag() else None)


def _answer(reply: Reply, rows: Document, more: str | None) -> _Answer:
    found = tuple(rows.items())
    if more is not None and not found:
        rows.fail("is empty though there is more")
    return _Answer(found, more, reply.channel_time)


# ---------------------------------------------------------------- rows to orders


def _tell_orders(client: ShopeeClient, settings: ShopeeSettings, page: _Page) -> list[_Told]:
    details = _details(client, [orders.number_of(row) for row in page.rows])
    found = []
    for number, one in details.items():
        changed_s = orders.seconds(one["update_time"])
        if changed_s < page.place.from_s:
            # Told from a copy that lags behind the list: what it lacks is why the order was listed.
            one["update_time"].fail("is older than the time in which the order is said to have changed")
        found.append(_Told(number, changed_s, orders.order(one, settings)))
    return found


def _tell_returns(client: ShopeeClient, settings: ShopeeSettings, page: _Page) -> list[_Told]:
    back = orders.returned_models(iter(page.rows))
    details = _details(client, list(back), may_be_gone=True)
    found = []
    for row in page.rows:
        number = orders.number_of(row)
        one = details.get(number)
        order = None if one is None else orders.order(one, settings, back[number])
        found.append(_Told(row["return_sn"].text(), orders.seconds(row["update_time"]), order))
    # Two returns of one order tell it once.
    last = {one.order.external_id: one.id for one in found if one.order is not None}
    return [
        one if one.order is None or last[one.order.external_id] == one.id else replace(one, order=None)
        for one in found
    ]


def _details(
    client: ShopeeClient, numbers: Sequence[str], *, may_be_gone: bool = False
) -> dict[str, Document]:
    """These orders by number; one that is merely left out is missing, one that Shopee knows no more may be."""
    wanted, found = list(dict.fromkeys(numbers)), dict[str, Document]()
    for start in range(0, len(wanted), DETAILS_MAX):
        found |= _looked_up(client, wanted[start : start + DETAILS_MAX], may_be_gone=may_be_gone)
    return found


def _looked_up(client: ShopeeClient, numbers: Sequence[str], *, may_be_gone: bool) -> dict[str, Document]:
    try:
        listed = client.orders(numbers).data["order_list"]
    except RequestRefusedError as error:
        if not may_be_gone or error.code not in NO_SUCH_ORDER:
            raise
        if len(numbers) == 1:
            return {}
        singles = [_looked_up(client, [one], may_be_gone=True) for one in numbers]
        return {number: one for single in singles for number, one in single.items()}
    found = {orders.number_of(one): one for one in listed.items()}
    missing = set(numbers) - set(found)
    if missing:
        listed.fail(f"leaves out {len(missing)} of the orders asked for")
    return {number: found[number] for number in numbers}


def _following(page: _Page, found: Sequence[_Told], ends_s: int, page_size: int) -> str | None:
    """Where the next slice starts: at this one's last second; ``None`` once the present is reached, by Shopee's clock."""
    place, now = page.place, page.channel_time
    if place.to_s >= (ends_s if now is None else now.timestamp()):
        return None
    is_sparse = not page.is_crowded and len(page.rows) * _SPARSE <= page_size
    span_s = min(WINDOW_S, place.span_s * 2) if is_sparse else place.span_s
    edge = dict.fromkeys(row.id for row in found if row.changed_s == place.to_s)
    return _Place(place.to_s, span_s, tuple(edge)).written()


_ASK: dict[str, Callable[[ShopeeClient, _Place, str | None], _Answer]] = {
    "orders": _orders_of,
    "returns": _returns_of,
}
_TELL: dict[str, Callable[[ShopeeClient, ShopeeSettings, _Page], list[_Told]]] = {
    "orders": _tell_orders,
    "returns": _tell_returns,
}
