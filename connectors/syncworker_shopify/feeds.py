"""How are orders walked without losing one? By the time of the last row, and by Shopify's cursor only within a second.

A connection cannot be paged beyond 25,000 rows, and its filter is answered by a search index that lags: the next page
starts at the last row's time, and what it repeats of that second is left out.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from syncworker.connector import ChannelOrder, Document, MalformedAnswerError, OrderPage
from syncworker_shopify import operations, orders
from syncworker_shopify.client import ShopifyClient
from syncworker_shopify.orders import Place
from syncworker_shopify.settings import ShopifySettings

#: More pages of lines than an order can have: each holds a hundred.
_LINE_PAGES_MAX = 50


class _Mark(NamedTuple):
    """Where a page starts: changes from a second on, Shopify's cursor inside of that walk, what of that second is told."""

    since: str
    after: str | None = None
    told: tuple[str, ...] = ()

    def written(self) -> str:
        return json.dumps([self.since, self.after, self.told])


class _Row(NamedTuple):
    """A row with what places it in the feed."""

    id: str
    changed: str
    document: Document


def order_page(
    client: ShopifyClient, settings: ShopifySettings, *, since: datetime, cursor: str | None
) -> OrderPage:
    """One page of orders, oldest change first."""
    mark = _Mark(_second(since)) if cursor is None else _read(cursor)
    reply = client.call(
        operations.ORDERS,
        {"first": settings.orders_page, "after": mark.after, "query": f"updated_at:>='{mark.since}'"},
        rows=settings.orders_page,
    )
    found = reply.data["orders"]
    rows = [_row(row) for row in found["nodes"].items()]
    following = _following(rows, mark, next_cursor(found["pageInfo"]))
    if following is not None and following == cursor:
        raise MalformedAnswerError("the page leads to itself", path="orders.pageInfo.endCursor")
    place = Place(settings.location_id, len(list(reply.data["locations"]["nodes"].items())) == 1)
    told = [_told(client, settings, row.document, place) for row in rows if _is_new(row, mark)]
    return OrderPage(
        orders=tuple(one for one in told if one is not None),
        next_cursor=following,
        channel_time=reply.channel_time,
    )


def next_cursor(info: Document) -> str | None:
    """Where the next page starts; a lost cursor would make a part look like the whole, so it has to be there."""
    return info["endCursor"].text() if info["hasNextPage"].flag() else None


def _read(cursor: str) -> _Mark:
    since, after, told = json.loads(cursor)
    return _Mark(since, after, tuple(told))


def _second(moment: datetime) -> str:
    """As Shopify writes times: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _row(row: Document) -> _Row:
    return _Row(row["id"].text(), _second(row["updatedAt"].moment()), row)


def _is_new(row: _Row, mark: _Mark) -> bool:
    """A row that changed again since it was told has another time, or changed after this walk began."""
    return row.changed != mark.since or row.id not in mark.told


def _following(rows: Sequence[_Row], mark: _Mark, after: str | None) -> str | None:
    if after is None:
        return None
    times = [row.changed for row in rows]
    goes_on = bool(times) and times == sorted(times) and times[-1] > mark.since
    since = times[-1] if goes_on else mark.since
    told = dict.fromkeys(() if goes_on else mark.told)
    told |= dict.fromkeys(row.id for row in rows if row.changed == since)
    return _Mark(since, None if goes_on else after, tuple(told)).written()


def _told(
    client: ShopifyClient, settings: ShopifySettings, row: Document, place: Place
) -> ChannelOrder | None:
    if settings.skip_test_orders and row["test"].flag():
        return None
    lines = _all_lines(client, row)
    found = None
    if orders.needs_parts(row, lines):
        asked = client.call(operations.ORDER_PARTS, {"id": row["id"].text()}).data["order"]
        found = orders.parts(asked, place, most=operations.REFUNDS_MAX)
    return orders.order(row, lines, found, place, settings)


def _all_lines(client: ShopifyClient, row: Document) -> list[Document]:
    page = row["lineItems"]
    lines = list(page["nodes"].items())
    for _ in range(_LINE_PAGES_MAX):
        after = next_cursor(page["pageInfo"])
        if after is None:
            return lines
        asked = client.call(operations.ORDER_LINES, {"id": row["id"].text(), "after": after})
        page = asked.data["order"]["lineItems"]
        lines += page["nodes"].items()
    raise MalformedAnswerError("the lines of an order have no end", path="lineItems.pageInfo")
