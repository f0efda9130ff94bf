"""How does one check speak to both sides? The connector's channel, the far side, and patience; it judges only the form.

Every check has a trial of its own with a fresh channel, so a connector that keeps state between calls is found out.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from syncworker.connector.conformance.bench import Bench, CannotError, Shop
from syncworker.connector.conformance.judging import expect, fail, not_applicable
from syncworker.connector.contract import (
    Capabilities,
    Channel,
    ChannelLine,
    ChannelOrder,
    Outcome,
    PushResult,
    QuantityPush,
    Reading,
    RemoteListing,
)
from syncworker.core.model import ChannelRules, Known, QuantityMode

_T = TypeVar("_T")
#: More pages than this in one walk mean that it never ends.
MOST_PAGES = 500
#: Seconds between two looks.
PAUSE_S = 0.05
_turn = itertools.count()
_push_ids = itertools.count(1)


class Trial:
    """What one check works with."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.channel: Channel = bench.open()
        self.declared: Capabilities = self.channel.capabilities()
        self.rules: ChannelRules = self.declared.rules()
        self.began_at = datetime.now(UTC) - timedelta(seconds=5 + self.rules.clock_skew_s)
        self._listings: dict[str, RemoteListing] = {}

    @property
    def shop(self) -> Shop:
        """The far side."""
        if self.bench.shop is None:
            raise CannotError("there is no far side")
        return self.bench.shop

    def goods(self, count: int) -> list[str]:
        """SKUs of the bench in turn, so that checks get in each other's way as little as possible."""
        goods = self.shop.goods
        if len(goods) < max(count, 1):
            raise CannotError(f"the bench names {len(goods)} goods, this check needs {count}")
        start = next(_turn)
        return [goods[(start + n) % len(goods)] for n in range(count)]

    def sells(self) -> None:
        """Go on only at a channel where buyers order."""
        if not self.rules.takes_orders:
            not_applicable("takes_orders = False: nobody orders there")

    def reads(self) -> None:
        """Go on only at a channel whose numbers can be read back."""
        if not self.rules.readable:
            not_applicable("readable is not declared: nothing is read back")

    # --- listings and numbers -----------------------------------------------------------------------------------

    def listing(self, sku: str) -> RemoteListing:
        """The listing of that SKU as the channel tells it."""
        if not self._listings:
            self._listings = {one.sku: one for one in self.all_listings() if one.sku is not None}
        if sku not in self._listings:
            fail(f"list_listings never tells {sku}, which is listed there")
        return self._listings[sku]

    def all_listings(self) -> list[RemoteListing]:
        """Every listing, page by page."""
        found: list[RemoteListing] = []
        for page in self._pages(lambda cursor: self.channel.list_listings(cursor=cursor)):
            found += page.listings
        return found

    def pool(self, sku: str) -> str:
        """The channel's key of the number that this SKU sells from."""
        return self.listing(sku).pool_key

    def entry(
        self, sku: str, value: int, *, key: str | None = None, expected: int | None = None
    ) -> QuantityPush:
        """A push in the channel's own mode that brings the number to ``value``, seen from the number of now."""
        number = self.shop.number(sku) if expected is None else expected
        mode = self.rules.mode
        push_id = f"push-{next(_push_ids)}"
        return QuantityPush(
            push_id=push_id,
            pool_key=self.pool(sku),
            kind=mode,
            value=value - number if mode is QuantityMode.ADJUST else value,
            expected=number if mode is QuantityMode.COMPARE_AND_SET else None,
            idempotency_key=key or push_id,
        )

    def send(self, *pushes: QuantityPush) -> list[PushResult]:
        """One call; exactly one result for each push, in whatever order."""
        results = list(self.channel.push_quantities(list(pushes)))
        told = [result.push_id for result in results]
        expect(len(set(told)) == len(told), f"push_quantities answers twice for one push: {told}")
        strange = set(told) - {push.push_id for push in pushes}
        expect(not strange, f"push_quantities answers for pushes that nobody sent: {sorted(strange)}")
        by_id = {result.push_id: result for result in results}
        missing = Outcome.UNKNOWN
        return [by_id.get(push.push_id, PushResult(push_id=push.push_id, outcome=missing)) for push in pushes]

    def show(self, sku: str, value: int) -> PushResult:
        """Bring the number to ``value`` and wait until it is in force."""
        result = self.send(self.entry(sku, value))[0]
        expect(
            result.outcome is Outcome.APPLIED,
            f"a push of {value} to a healthy channel came back as {result.outcome} ({result.message})",
        )
        self.stands(sku, value, f"{value} was pushed and accepted")
        return result

    def hidden(self, sku: str) -> int:
        """Units of the number that no buyer can take: at an on-hand channel those that are reserved."""
        return self.shop.number(sku) - self.shop.sellable(sku)

    def base(self, sku: str) -> int:
        """The smallest number that the channel can be brought to now."""
        return max(self.rules.floor, self.hidden(sku))

    def stands(self, sku: str, value: int, when: str) -> None:
        """The number has to be in force within the declared apply lag."""
        self.within(
            self.rules.apply_lag_s,
            lambda: self.shop.number(sku) == value,
            lambda: f"{when}, and {self.shop.number(sku)} stands there instead of {value}",
        )

    def read(self, sku: str) -> Reading | None:
        """The channel's number as read back; ``None`` when it is left out."""
        key = self.pool(sku)
        found = [one for one in self.channel.read_quantities([key]) if one.pool_key == key]
        expect(len(found) <= 1, f"read_quantities answers {len(found)} times for one pool")
        return found[0] if found else None

    # --- orders --------------------------------------------------------------------------------------------------

    def walk(self, feed: str, *, since: datetime | None = None) -> list[ChannelOrder]:
        """One feed to its end."""
        return [order for page in self.walk_pages(feed, since=since) for order in page]

    def walk_pages(self, feed: str, *, since: datetime | None = None) -> list[Sequence[ChannelOrder]]:
        """One feed to its end, page by page."""
        start = self.began_at if since is None else since
        pages = self._pages(lambda cursor: self.channel.list_orders(feed, since=start, cursor=cursor))
        return [page.orders for page in pages]

    def tellings(self, order_id: str) -> dict[str, ChannelOrder]:
        """What each feed says of an order now, its newest version."""
        said: dict[str, ChannelOrder] = {}
        for feed in self.declared.feeds:
            for order in self.walk(feed):
                if order.external_id == order_id:
                    said[feed] = order
        return said

    def told(self, order_id: str, holds: Callable[[ChannelLine], bool], what: str) -> ChannelLine:
        """The order's line once it is as wanted; it has to be within the declared visibility lag."""
        last: list[ChannelLine | None] = [None]

        def look() -> ChannelLine | None:
            last[0] = merged(list(self.tellings(order_id).values()))
            return last[0] if last[0] is not None and holds(last[0]) else None

        return self.eventually(
            self.rules.visibility_lag_s,
            look,
            lambda: f"{what}, but no feed tells it; last told of order {order_id}: {last[0]}",
        )

    def _pages(self, ask: Callable[[str | None], _T]) -> Iterator[_T]:
        cursor: str | None = None
        seen: set[str] = set()
        for _ in range(MOST_PAGES):
            page = ask(cursor)
            yield page
            cursor = getattr(page, "next_cursor", None)
            if cursor is None:
                return
            expect(cursor not in seen, f"the walk goes round in circles: cursor {cursor!r} comes twice")
            seen.add(cursor)
        fail(f"the walk has no end: more than {MOST_PAGES} pages")

    # --- patience ------------------------------------------------------------------------------------------------

    def within(self, lag_s: float, holds: Callable[[], bool], words: Callable[[], str]) -> None:
        """It has to hold within the declared lag and the bench's slack."""
        self.eventually(lag_s, lambda: holds() or None, words)

    def eventually(self, lag_s: float, look: Callable[[], _T | None], words: Callable[[], str]) -> _T:
        """What ``look`` finds; a look that began after the declared lag and the slack is the last one."""
        end = time.monotonic() + min(lag_s + self.bench.slack_s, self.bench.patience_s)
        while True:
            last = time.monotonic() >= end
            found = look()
            if found is not None:
                return found
            if last:
                fail(f"{words()} ({lag_s:g} s declared)")
            time.sleep(PAUSE_S)


def merged(tellings: list[ChannelOrder]) -> ChannelLine | None:
    """The first item of an order with the levels of every feed: one that a feed does not tell comes from another."""
    lines = [_summed(order.lines) for order in tellings if order.lines]
    if not lines:
        return None
    teller = max(lines, key=lambda line: ((line.cancelled or 0) + (line.returned or 0), line.shipped))
    return replace(
        teller,
        cancelled=max((line.cancelled for line in lines if line.cancelled is not None), default=None),
        returned=max((line.returned for line in lines if line.returned is not None), default=None),
        shipped=max(line.shipped for line in lines),
    )


def _summed(lines: Sequence[ChannelLine]) -> ChannelLine:
    """The first item's units together: some channels tell each unit as a line. What its lines do not agree on is unknown."""
    first = lines[0]
    units = [line for line in lines if line.listing_id == first.listing_id]

    def agreed(name: str) -> Known:
        told = {getattr(line, name) for line in units}
        return Known(told.pop()) if len(told) == 1 else Known.UNKNOWN

    def total(name: str) -> int | None:
        told = [getattr(line, name) for line in units]
        return None if None in told else sum(told)

    return replace(
        first,
        ordered=sum(line.ordered for line in units),
        shipped=sum(line.shipped for line in units),
        cancelled=total("cancelled"),
        returned=total("returned"),
        counts_down=agreed("counts_down"),
        restocked=agreed("restocked"),
        returned_restocked=agreed("returned_restocked"),
    )
