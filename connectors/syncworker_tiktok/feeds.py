"""How is a feed walked without losing a row? By the time of the last row, and by TikTok's own token only within a second.

TikTok's page tokens are opaque, and its own samples hold offsets: an order that moves to the end while we walk would
shift the rows behind it. So the next page starts at the last row's time, and what it repeats of that second is left out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from syncworker.connector import (
    ChannelOrder,
    Document,
    MalformedAnswerError,
    OrderPage,
    RequestRefusedError,
)
from syncworker_tiktok import orders
from syncworker_tiktok.client import DETAILS_MAX, TikTokClient
from syncworker_tiktok.listings import next_token
from syncworker_tiktok.refusals import NO_SUCH_ORDER
from syncworker_tiktok.settings import TikTokSettings

#: The name of the list in each feed's answer.
_ROWS = {"orders": "orders", "cancellations": "cancellations", "returns": "return_orders"}
_IDS = {"orders": "id", "cancellations": "cancel_id", "returns": "return_id"}
_LATEST_S = 100_000_000_000
#: More pages of returns than the orders of one page can have: TikTok did not heed which orders were asked for.
_RETURN_PAGES_MAX = 20


class _Place(NamedTuple):
    """Where a page starts: changes from a second on, TikTok's token inside of that walk, what of that second is told."""

    since_s: int
    token: str | None = None
    told: tuple[str, ...] = ()

    def written(self) -> str:
        return json.dumps([self.since_s, self.token, self.told])


class _Row(NamedTuple):
    """A row with what places it in its feed."""

    id: str
    changed_s: int
    document: Document


def order_page(
    client: TikTokClient, settings: TikTokSettings, feed: str, *, since: datetime, cursor: str | None
) -> OrderPage:
    """One page of a feed. Cancellations and returns name orders, which are then told whole, as they are now."""
    place = _Place(int(since.timestamp())) if cursor is None else _read(cursor)
    reply = client.changed(feed, place.since_s, place.token)
    listed = reply.data.get(_ROWS[feed])
    rows = [] if listed is None else [_row(feed, row) for row in listed.items()]
    following = _following(rows, place, next_token(reply.data, listed))
    if following == cursor and cursor is not None:
        raise MalformedAnswerError("the page leads to itself", path="next_page_token")
    return OrderPage(
        orders=tuple(_told(client, settings, feed, [row.document for row in rows if _is_new(row, place)])),
        next_cursor=following,
        channel_time=reply.channel_time,
        until=_until(rows, place, is_last=following is None),
    )


def _read(cursor: str) -> _Place:
    since_s, token, told = json.loads(cursor)
    return _Place(since_s, token, tuple(told))


def _row(feed: str, row: Document) -> _Row:
    return _Row(row[_IDS[feed]].text(), row["update_time"].whole(most=_LATEST_S), row)


def _is_new(row: _Row, place: _Place) -> bool:
    """A row that changed again since it was told has another time, or changed after this walk began."""
    return row.changed_s != place.since_s or row.id not in place.told


def _following(rows: Sequence[_Row], place: _Place, token: str | None) -> str | None:
    if token is None:
        return None
    times = [row.changed_s for row in rows]
    goes_on = bool(times) and times == sorted(times) and times[-1] > place.since_s
    since_s = times[-1] if goes_on else place.since_s
    told = dict.fromkeys(() if goes_on else place.told)
    told |= dict.fromkeys(row.id for row in rows if row.changed_s == since_s)
    return _Place(since_s, None if goes_on else token, tuple(told)).written()


def _until(rows: Sequence[_Row], place: _Place, *, is_last: bool) -> datetime | None:
    """Up to when everything is told. Orders are told as they are now, which may be newer than the row that names them.

    Where the rows are not in the order that was asked for, a later page may hold older ones: then, up to where it began.
    """
    times = [row.changed_s for row in rows]
    if not times:
        return None
    until_s = times[-1] if times == sorted(times) else max(times) if is_last else place.since_s
    return datetime.fromtimestamp(until_s, UTC)


def _told(
    client: TikTokClient, settings: TikTokSettings, feed: str, rows: Sequence[Document]
) -> list[ChannelOrder]:
    if feed == "orders":
        found = [orders.order(row, settings) for row in rows]
        return [one for one in found if one is not None]
    ids = list(dict.fromkeys(row["order_id"].text() for row in rows))
    told: list[ChannelOrder] = []
    for start in range(0, len(ids), DETAILS_MAX):
        told += _looked_up(client, settings, feed, ids[start : start + DETAILS_MAX])
    return told


def _looked_up(
    client: TikTokClient, settings: TikTokSettings, feed: str, ids: Sequence[str]
) -> list[ChannelOrder]:
    found = _details(client, ids)
    back = _returned(client, set(found)) if feed == "returns" and found else {}
    told = [orders.order(one, settings, back.get(order_id)) for order_id, one in found.items()]
    return [one for one in told if one is not None]


def _details(client: TikTokClient, ids: Sequence[str]) -> dict[str, Document]:
    """These orders by id. One that TikTok calls unknown is none of this shop's; one it merely leaves out is missing."""
    try:
        data = client.orders(ids).data
    except RequestRefusedError as error:
        if error.code != str(NO_SUCH_ORDER):
            raise
        if len(ids) == 1:
            return {}
        return {key: one for single in ids for key, one in _details(client, [single]).items()}
    found = {one["id"].text(): one for one in data["orders"].items()}
    missing = set(ids) - set(found)
    if missing:
        data["orders"].fail(f"leaves out {len(missing)} of the orders asked for")
    return {order_id: found[order_id] for order_id in ids}


def _returned(client: TikTokClient, order_ids: set[str]) -> dict[str, dict[str, int]]:
    rows = _all_rows(lambda token: client.returns_of(sorted(order_ids), token).data)
    return orders.returned_units(iter(rows), order_ids)


def _all_rows(ask: Callable[[str | None], Document]) -> list[Document]:
    rows: list[Document] = []
    token: str | None = None
    for _ in range(_RETURN_PAGES_MAX):
        data = ask(token)
        listed = data.get(_ROWS["returns"])
        rows += [] if listed is None else listed.items()
        token = next_token(data, listed)
        if token is None:
            return rows
    raise MalformedAnswerError("the returns of a few orders have no end", path="next_page_token")
