"""What do the order feeds tell by now? One page at a time, and the faults that spoil pages; it changes no order."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from syncworker.sandbox.log import LogLine
from syncworker.sandbox.orders import FeedName, Order, OrderPage, read_cursor, write_cursor
from syncworker.sandbox.sales import SalesDesk


@dataclass(frozen=True, slots=True)
class NumberedPage:
    """One page by position, and how many rows there are in all."""

    orders: tuple[Order, ...]
    total: int


class FeedDesk(SalesDesk):
    """The seller's view of the orders."""

    def list_orders(
        self,
        feed: FeedName = "orders",
        *,
        now: datetime,
        updated_since: datetime | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> OrderPage:
        """One page of a feed: newest visible versions by (updated_at, order_id), from `updated_since` on (inclusive).

        A version is listed from its time + visibility lag on. At most the shop's page size.
        """
        now = self._begin(now)
        shown = self.book.feeds[feed]
        size = min(limit or self.profile.page_size, self.profile.page_size)
        start = read_cursor(cursor) if cursor is not None else None
        following: str | None
        if cursor is not None and shown.last_page and self._fire("repeat_page", feed, now):
            rows, following = shown.last_page, cursor
        else:
            found, more = shown.rows(start, updated_since, size, now)
            following = write_cursor(found[-1]) if more else None
            rows = self._disturbed(tuple(found), feed, now)
            shown.last_page = rows
        self._log_list(feed, rows, updated_since, cursor, now)
        levels = feed == "cancellations" or not self.book.split
        return OrderPage(rows, following, self.channel_time(now), levels)

    def list_by_position(
        self,
        feed: FeedName = "orders",
        *,
        now: datetime,
        keep: Callable[[Order], bool],
        by: Callable[[Order], tuple[datetime, str]],
        start: int,
        size: int,
        newest_first: bool = False,
    ) -> NumberedPage:
        """Rows `start` to `start + size` of those that `keep` wants, sorted `by`.

        An order that changes while somebody walks the pages moves, and the rows behind it with it.
        """
        now = self._begin(now)
        shown = self.book.feeds[feed]
        wanted = sorted(
            (row for row in shown.rows(None, None, sys.maxsize, now)[0] if keep(row)),
            key=by,
            reverse=newest_first,
        )
        rows = tuple(wanted[start : start + size])
        if start and shown.last_page and self._fire("repeat_page", feed, now):
            rows = shown.last_page
        else:
            rows = shown.last_page = self._disturbed(rows, feed, now)
        self._log_list(feed, rows, None, str(start), now)
        return NumberedPage(rows, len(wanted))

    def _disturbed(self, rows: tuple[Order, ...], feed: FeedName, now: datetime) -> tuple[Order, ...]:
        """The page as the ordered faults spoil it; the cursor is not touched by that."""
        if not rows or not self.faults.active():
            return rows
        odd = self._fire("unknown_status", feed, now)
        if odd:
            word = odd.spec.code or "under_enchantment"
            rows = (replace(rows[0], status=word, goods_status=word), *rows[1:])
        if self._fire("duplicate_rows", feed, now):
            rows = (*rows, self.faults.stream("duplicate_rows").choice(rows))
        if len(rows) > 1 and self._fire("reorder_rows", feed, now):
            mixed = list(rows)
            self.faults.stream("reorder_rows").shuffle(mixed)
            rows = tuple(mixed) if tuple(mixed) != rows else rows[::-1]
        return rows

    def _log_list(
        self,
        feed: FeedName,
        rows: tuple[Order, ...],
        since: datetime | None,
        cursor: str | None,
        now: datetime,
    ) -> None:
        fields: LogLine = {
            "feed": feed,
            "updated_since": since.isoformat(timespec="microseconds") if since else None,
            "cursor": cursor,
            "orders": [order.order_id for order in rows],
        }
        self.log.append("list", now, fields)
