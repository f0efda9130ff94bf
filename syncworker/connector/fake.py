"""How does the engine behave at a channel that does exactly what it is told? An in-memory channel for tests.

Honest by default: buyers take from one number, orders are listed as levels, quantities mean what they say. Every method
can be scripted to answer otherwise. It reads no clock and opens no socket.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict

from syncworker.connector.auth import TokenStore
from syncworker.connector.contract import (
    CONTRACT_VERSION,
    Capabilities,
    Channel,
    ChannelCheck,
    ChannelLine,
    ChannelOrder,
    ListingDraft,
    ListingPage,
    Money,
    OrderPage,
    OrderStatus,
    Outcome,
    PushResult,
    QuantityPush,
    Reading,
    RemoteListing,
)
from syncworker.core.model import BelowZero, Known, QuantityKind, QuantityMode

_T = TypeVar("_T")

Method: TypeAlias = Literal[
    "check", "list_orders", "list_listings", "push_quantities", "read_quantities", "publish"
]


@dataclass(slots=True)
class FakePool:
    """One number that buyers take from, in the channel's own kind."""

    quantity: int = 0
    #: Sold and not shipped; kept for both kinds, counted only where the kind is on hand.
    reserved: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    """One call that the engine made, with its arguments as given."""

    method: Method
    arguments: tuple[object, ...]


@dataclass(slots=True)
class _Script:
    """What a method does instead, call by call."""

    #: By call number (from 1): raise this before or after the effect.
    before: dict[int, Exception] = field(default_factory=dict)
    after: dict[int, Exception] = field(default_factory=dict)
    #: Answers handed out instead of the honest ones, without any effect.
    answers: deque[object] = field(default_factory=deque)
    count: int = 0


class FakeChannel:
    """One account. ``now`` tells the channel's clock; orders are listed ``visibility_lag_s`` after they changed."""

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        capabilities: Capabilities | None = None,
        name: str = "fake",
        page_size: int = 50,
    ) -> None:
        self._now, self._name, self._page_size = now, name, page_size
        self._declared = capabilities or Capabilities()
        self.pools: dict[str, FakePool] = {}
        self.listings: dict[str, RemoteListing] = {}
        #: Every version of every order with the time of its change, oldest change first.
        self.history: list[ChannelOrder] = []
        self.orders: dict[str, ChannelOrder] = {}
        self.calls: list[Call] = []
        self._scripts: defaultdict[Method, _Script] = defaultdict(_Script)

    # ------------------------------------------------------------------ for the test: goods, buyers, faults

    def add(
        self, sku: str, quantity: int, *, listing_id: str | None = None, pool_key: str | None = None
    ) -> RemoteListing:
        """List a SKU with a number; ids are the SKU unless given. Several listings may share one pool."""
        pool_key = pool_key or sku
        self.pools.setdefault(pool_key, FakePool(quantity))
        listing = RemoteListing(listing_id=listing_id or sku, pool_key=pool_key, sku=sku, title=sku)
        self.listings[listing.listing_id] = listing
        return listing

    def sellable(self, pool_key: str) -> int:
        """Units a buyer could take now."""
        pool = self.pools[pool_key]
        return pool.quantity - (pool.reserved if self._on_hand else 0)

    def buy(self, listing_id: str, units: int = 1, *, price: Money | None = None) -> str | None:
        """A buyer's visit: the order's id, or ``None`` if there are not so many units to buy."""
        listing = self.listings[listing_id]
        if self.sellable(listing.pool_key) < units:
            return None
        self._take(listing.pool_key, units)
        order_id = f"{self._name}-{len(self.orders) + 1}"
        line = ChannelLine(
            line_id="1",
            listing_id=listing_id,
            sku=listing.sku,
            ordered=units,
            counts_down=Known.YES,
            restocked=Known.YES,
            unit_price=price,
        )
        self._record(order_id, OrderStatus.LIVE, "placed", line)
        return order_id

    def cancel(self, order_id: str, units: int | None = None, *, restock: bool = True) -> None:
        """Cancel units that have not shipped (all by default); ``restock`` puts them on sale again."""
        line = self.line(order_id)
        most = line.ordered - (line.cancelled or 0) - line.shipped
        units = most if units is None else units
        if not 0 < units <= most:
            raise ValueError(f"order {order_id} has {most} units to cancel, not {units}")
        self._put_back(order_id, units, sold=True, restock=restock)
        gone = replace(line, cancelled=(line.cancelled or 0) + units, restocked=_known(restock))
        whole = gone.cancelled == gone.ordered
        old = self.orders[order_id]
        status, word = (OrderStatus.CANCELLED, "cancelled") if whole else (old.status, old.raw_status)
        self._record(order_id, status, word, gone)

    def ship(self, order_id: str) -> None:
        """Send out all that is open."""
        line = self.line(order_id)
        units = line.ordered - (line.cancelled or 0) - line.shipped
        pool = self.pools[self.listings[line.listing_id or ""].pool_key]
        pool.reserved -= units
        pool.quantity -= units if self._on_hand else 0
        self._record(order_id, OrderStatus.SHIPPED, "shipped", replace(line, shipped=line.shipped + units))

    def give_back(self, order_id: str, units: int, *, restock: bool = False) -> None:
        """A buyer returns shipped units; with ``restock`` the channel puts them on sale by itself."""
        line = self.line(order_id)
        if restock:
            self._put_back(order_id, units, sold=False, restock=True)
        back = replace(line, returned=(line.returned or 0) + units, returned_restocked=_known(restock))
        self._record(order_id, OrderStatus.SHIPPED, "returned", back)

    def tell(self, order: ChannelOrder) -> None:
        """List an order version just as given; no number moves."""
        self.orders[order.external_id] = order
        self.history.append(order)

    def line(self, order_id: str) -> ChannelLine:
        """The one line of an order made by ``buy``."""
        return self.orders[order_id].lines[0]

    def fail_at(self, method: Method, call: int, error: Exception, *, after_effect: bool = False) -> None:
        """Raise ``error`` at the call of that number (the next one is ``count(method) + 1``)."""
        script = self._scripts[method]
        (script.after if after_effect else script.before)[call] = error

    def answer_next(self, method: Method, *answers: object) -> None:
        """Give these answers to the next calls instead of the honest ones, without any effect."""
        self._scripts[method].answers.extend(answers)

    def count(self, method: Method) -> int:
        """How often it was called so far."""
        return self._scripts[method].count

    # ------------------------------------------------------------------ the contract

    def capabilities(self) -> Capabilities:
        return self._declared

    def check(self) -> ChannelCheck:
        return self._play("check", (), lambda: ChannelCheck(name=self._name), ChannelCheck)

    def list_orders(self, feed: str, *, since: datetime, cursor: str | None) -> OrderPage:
        return self._play("list_orders", (feed, since, cursor), lambda: self._page(since, cursor), OrderPage)

    def list_listings(self, *, cursor: str | None) -> ListingPage:
        return self._play("list_listings", (cursor,), lambda: self._listing_page(cursor), ListingPage)

    def push_quantities(self, pushes: Sequence[QuantityPush]) -> Sequence[PushResult]:
        batch = tuple(pushes)
        return self._play("push_quantities", batch, lambda: tuple(self._push(push) for push in batch), tuple)

    def read_quantities(self, pool_keys: Sequence[str]) -> Sequence[Reading]:
        keys = tuple(pool_keys)
        return self._play("read_quantities", keys, lambda: tuple(self._read(key) for key in keys), tuple)

    def publish(self, draft: ListingDraft) -> RemoteListing:
        return self._play("publish", (draft,), lambda: self._publish(draft), RemoteListing)

    # ------------------------------------------------------------------ how it does that

    def _play(
        self, method: Method, arguments: tuple[object, ...], honest: Callable[[], _T], kind: type[_T]
    ) -> _T:
        script = self._scripts[method]
        script.count += 1
        self.calls.append(Call(method, arguments))
        if script.count in script.before:
            raise script.before[script.count]
        if script.answers:
            answer = script.answers.popleft()
            if not isinstance(answer, kind):
                raise TypeError(f"{method} cannot answer with {type(answer).__name__}")
            return answer
        answer = honest()
        if script.count in script.after:
            raise script.after[script.count]
        return answer

    @property
    def _on_hand(self) -> bool:
        return self._declared.kind is QuantityKind.ON_HAND

    def _take(self, pool_key: str, units: int) -> None:
        pool = self.pools[pool_key]
        pool.reserved += units
        pool.quantity -= 0 if self._on_hand else units

    def _put_back(self, order_id: str, units: int, *, sold: bool, restock: bool) -> None:
        """``sold``: the units were still reserved. On hand falls when unshipped units are written off instead."""
        pool = self.pools[self.listings[self.line(order_id).listing_id or ""].pool_key]
        pool.reserved -= units if sold else 0
        if self._on_hand and sold:
            pool.quantity -= 0 if restock else units
        elif restock:
            pool.quantity += units

    def _record(self, order_id: str, status: OrderStatus, word: str, line: ChannelLine) -> None:
        now, old = self._now(), self.orders.get(order_id)
        self.tell(
            ChannelOrder(
                external_id=order_id,
                status=status,
                raw_status=word,
                placed_at=old.placed_at if old else now,
                updated_at=now,
                lines=(line,),
            )
        )

    def _page(self, since: datetime, cursor: str | None) -> OrderPage:
        now = self._now()
        listed_until = now - timedelta(seconds=self._declared.visibility_lag_s or 0.0)
        newest = {order.external_id: order for order in self.history if order.updated_at <= listed_until}
        rows = sorted(newest.values(), key=_key)
        rows = [
            order
            for order in rows
            if order.updated_at >= since and (cursor is None or _cursor(order) > cursor)
        ]
        page, more = rows[: self._page_size], len(rows) > self._page_size
        return OrderPage(
            orders=tuple(page), next_cursor=_cursor(page[-1]) if more else None, channel_time=now
        )

    def _listing_page(self, cursor: str | None) -> ListingPage:
        start = int(cursor or 0)
        everything = [self._shown(listing) for listing in self.listings.values()]
        end = start + self._page_size
        following = str(end) if end < len(everything) else None
        return ListingPage(listings=tuple(everything[start:end]), next_cursor=following)

    def _shown(self, listing: RemoteListing) -> RemoteListing:
        pool = self.pools[listing.pool_key]
        return replace(listing, quantity=pool.quantity, reserved=pool.reserved)

    def _push(self, push: QuantityPush) -> PushResult:
        pool = self.pools.get(push.pool_key)
        if pool is None:
            return _refused(push, "unknown pool", parks=True)
        if push.kind is QuantityMode.COMPARE_AND_SET and pool.quantity != push.expected:
            return _refused(push, "stale quantity", current=pool.quantity)
        wanted = pool.quantity + push.value if push.kind is QuantityMode.ADJUST else push.value
        least = pool.reserved if self._on_hand and push.kind is QuantityMode.ADJUST else 0
        if wanted < least and push.kind is QuantityMode.ADJUST:
            if self._declared.below_zero is BelowZero.REFUSES:
                return _refused(push, "below zero")
            wanted = wanted if self._declared.below_zero is BelowZero.NEGATIVE else least
        pool.quantity = wanted
        return PushResult(push_id=push.push_id, outcome=Outcome.APPLIED, echo=wanted)

    def _read(self, pool_key: str) -> Reading:
        pool = self.pools.get(pool_key)
        if pool is None:
            return Reading(pool_key=pool_key, quantity=None)
        return Reading(pool_key=pool_key, quantity=pool.quantity, reserved=pool.reserved)

    def _publish(self, draft: ListingDraft) -> RemoteListing:
        existing = next((one for one in self.listings.values() if one.sku == draft.sku), None)
        return self._shown(existing or self.add(draft.sku, 0))


class FakeSettings(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FakeConnector:
    """A connector whose accounts are the given channels, by account name."""

    name = "fake"
    contract = CONTRACT_VERSION
    settings: type[BaseModel] = FakeSettings

    def __init__(self, channels: dict[str, FakeChannel]) -> None:
        self.channels = channels

    def open(self, account: str, settings: BaseModel, tokens: TokenStore) -> Channel:  # noqa: ARG002  # nothing to set
        return self.channels[account]


def _refused(
    push: QuantityPush, message: str, *, current: int | None = None, parks: bool = False
) -> PushResult:
    return PushResult(
        push_id=push.push_id, outcome=Outcome.REFUSED, current=current, message=message, parks=parks
    )


def _key(order: ChannelOrder) -> tuple[datetime, str]:
    return order.updated_at, order.external_id


def _cursor(order: ChannelOrder) -> str:
    return f"{order.updated_at.isoformat(timespec='microseconds')}|{order.external_id}"


def _known(fact: bool) -> Known:
    return Known.YES if fact else Known.NO
