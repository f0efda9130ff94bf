"""What would a whole pretend shop do? All desks of one shop behind one door, driven by the caller's clock.

Pure and deterministic: no thread, no waiting, no wall clock, no network. The caller passes `now` and holds one
lock around each call.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from syncworker.sandbox.aftersales import AfterSalesDesk
from syncworker.sandbox.faults import FiredFault, Operation
from syncworker.sandbox.feeds import FeedDesk
from syncworker.sandbox.listings import ListingDesk, ListingView
from syncworker.sandbox.log import EventLog
from syncworker.sandbox.orders import Order
from syncworker.sandbox.pools import ListingSeed, sellable
from syncworker.sandbox.profile import ShopProfile
from syncworker.sandbox.state import Landing


class Marketplace(ListingDesk, AfterSalesDesk, FeedDesk):
    """One pretend marketplace: seller's API, buyers, staff, truth.

    Methods raise `RefusedError` when the shop refuses a request as a whole; nothing was changed then.
    """

    def __init__(
        self,
        profile: ShopProfile,
        *,
        rng: random.Random,
        log: EventLog | None = None,
        listings: Iterable[ListingSeed] = (),
        now: datetime | None = None,
    ) -> None:
        super().__init__(profile, rng=rng, log=log)
        self._calls: deque[datetime] = deque()
        #: How often the seller's API was called, whatever came of it.
        self.calls = 0
        seeds = tuple(listings)
        if seeds and now is None:
            raise ValueError("opening with listings needs the time")
        if now is not None:
            self.open_with(seeds, now=now)

    def shop(self) -> dict[str, object]:
        """Name, currency and declared capabilities, as `GET /shop` answers."""
        profile = self.profile
        return {"name": profile.name, "currency": profile.currency, "capabilities": profile.capabilities()}

    def admit_call(self, now: datetime) -> float | None:
        """Count one call against the rate limit: None if it may pass, else the seconds until the next may."""
        self.calls += 1
        limit = self.profile.rate_limit_calls
        if not limit:
            return None
        now = self._begin(now)
        window = timedelta(seconds=self.profile.rate_limit_window_s)
        while self._calls and self._calls[0] <= now - window:
            self._calls.popleft()
        if len(self._calls) >= limit:
            return (self._calls[0] + window - now).total_seconds()
        self._calls.append(now)
        return None

    def calls_left(self) -> int | None:
        """How many more calls the running window takes, as of the last call; None where nothing limits them."""
        limit = self.profile.rate_limit_calls
        return max(limit - len(self._calls), 0) if limit else None

    def draw_transport(self, operation: Operation, *, now: datetime) -> tuple[FiredFault, ...]:
        """The transport faults that strike this call; carrying them out (waiting, cutting) is the caller's."""
        now = self._begin(now)
        fired = self.faults.draw_transport(operation)
        for fault in fired:
            self._log_fault(fault, operation, now)
        return fired

    def pool_of(self, *, listing_id: str | None = None, sku: str | None = None) -> str:
        """The pool that a listing takes from; `RefusedError` (404) for an unknown one."""
        return self._listing_of(listing_id, sku).pool_id

    def listing_of(self, *, sku: str | None) -> str:
        """The listing that stands for a SKU; `RefusedError` (404) if none does."""
        return self._listing_of(None, sku).listing_id

    def hand_edit(self, pool_id: str, *, now: datetime, quantity: int | None = None, delta: int = 0) -> int:
        """Somebody types a number into the shop's own pages (to `quantity`, or by `delta`); returns the new one."""
        now = self._begin(now)
        pool = self._pool(pool_id)
        change = delta if quantity is None else quantity - pool.quantity
        self._change(
            pool, "hand_edit", now, quantity=change, fields={"listing_ids": self._listing_ids(pool_id)}
        )
        return pool.quantity

    def share_stock(
        self, listing_id: str, *, now: datetime, pool_id: str | None = None, quantity: int = 0
    ) -> ListingView:
        """The shop's staff let a listing sell from another pool, or (None) from one of its own with `quantity` units.

        The pool that it left keeps its number. `RefusedError`: 404 for a listing or pool that is not there.
        """
        now = self._begin(now)
        listing = self._listing_of(listing_id, None)
        pool = self._open_pool(self._new_pool_id(), 0, now) if pool_id is None else self._pool(pool_id)
        self.listings[listing_id] = replace(listing, pool_id=pool.pool_id)
        fields: dict[str, object] = {
            "listing_id": listing_id,
            "left": listing.pool_id,
            "joined": pool.pool_id,
        }
        self.log.append("share_stock", now, fields)
        if pool_id is None and quantity:
            self.hand_edit(pool.pool_id, now=now, quantity=quantity)
        return self._view(self.listings[listing_id], now)

    def open_pool(self, *, now: datetime) -> str:
        """A number at 0 that no listing sells from yet; its id."""
        return self._open_pool(self._new_pool_id(), 0, self._begin(now)).pool_id

    def put_back_later(self, order_id: str, *, now: datetime, after_s: float) -> None:
        """What this order took returns to sale by itself `after_s` seconds from now, less what was cancelled by then."""
        now = self._begin(now)
        self.book.get(order_id)

        def deed(at: datetime) -> None:
            for line in self.book.get(order_id).lines:
                units = line.quantity - line.cancelled if line.took else 0
                if units:
                    fields: dict[str, object] = {"order_id": order_id, "sku": line.sku, "quantity": units}
                    self._change(self.pools[line.pool_id], "put_back", at, quantity=units, fields=fields)

        self._schedule(now + timedelta(seconds=after_s), Landing({"put_back": order_id}, deed))

    def _new_pool_id(self) -> str:
        number = len(self.pools) + 1
        while f"{self.profile.name}-P{number}" in self.pools:
            number += 1
        return f"{self.profile.name}-P{number}"

    def truth(self, *, now: datetime, orders: bool = True) -> dict[str, object]:
        """What really stands there: pools with what would still sell, late writes on their way, newest orders, calls."""
        now = self._begin(now)
        pools = [
            {
                "pool_id": pool.pool_id,
                "listing_ids": self._listing_ids(pool.pool_id),
                "skus": sorted({x.sku for x in self.listings.values() if x.pool_id == pool.pool_id}),
                "quantity": pool.quantity,
                "reserved": pool.reserved,
                "sellable": sellable(self.profile, pool),
            }
            for pool in self.pools.values()
        ]
        pending = [{"due": due.isoformat(), **landing.what} for due, landing in self._pending()]
        known = [_truth_of(order) for order in self.book.orders.values()] if orders else []
        return {
            "now": now.isoformat(),
            "pools": pools,
            "pending": pending,
            "orders": known,
            "calls": self.calls,
        }

    def _listing_ids(self, pool_id: str) -> list[str]:
        return [x.listing_id for x in self.listings.values() if x.pool_id == pool_id]


def _truth_of(order: Order) -> dict[str, object]:
    shown = order.as_json()
    shown["lines"] = [
        line.as_json(order.currency)
        | {"pool_id": line.pool_id, "took": line.took, "restocked_units": line.restocked_units}
        for line in order.lines
    ]
    return shown
