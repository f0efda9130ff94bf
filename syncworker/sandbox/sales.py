"""What do buyers do? Visits that end in an order or are turned away; it knows nothing of what follows a sale."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from syncworker.sandbox.log import EventLog, LogLine
from syncworker.sandbox.orders import FeedName, Order, OrderBook, OrderLine
from syncworker.sandbox.pools import Listing, sellable
from syncworker.sandbox.profile import ShopProfile, Told
from syncworker.sandbox.refusal import RefusedError
from syncworker.sandbox.state import ShopState


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """What a buyer puts into the basket: a listing by id or by SKU.

    `counts_down` is what the order will tell; `took` whether the number really falls (by default unless `no`).
    """

    quantity: int = 1
    listing_id: str | None = None
    sku: str | None = None
    counts_down: Told = "yes"
    took: bool | None = None


@dataclass(frozen=True, slots=True)
class Sale:
    """What became of a visit; `reason` (sold_out, hidden) tells why somebody was turned away."""

    outcome: Literal["sold", "turned_away"]
    order_id: str | None = None
    reason: str | None = None

    def as_json(self) -> dict[str, object]:
        """The answer's JSON object."""
        return {"outcome": self.outcome, "order_id": self.order_id, "reason": self.reason}


class SalesDesk(ShopState):
    """Visits and orders."""

    def __init__(self, profile: ShopProfile, *, rng: random.Random, log: EventLog | None = None) -> None:
        super().__init__(profile, rng=rng, log=log)
        self.book = OrderBook(split=profile.feeds == "split")
        self._visits = 0

    def buy(
        self,
        *,
        now: datetime,
        quantity: int = 1,
        listing_id: str | None = None,
        sku: str | None = None,
        buyer: str = "",
        counts_down: Told = "yes",
        took: bool | None = None,
    ) -> Sale:
        """One visit for one listing: sold if R >= quantity, else turned away. Both are logged."""
        want = Want(quantity=quantity, listing_id=listing_id, sku=sku, counts_down=counts_down, took=took)
        return self.buy_basket((want,), now=now, buyer=buyer)

    def buy_basket(self, wants: Sequence[Want], *, now: datetime, buyer: str = "") -> Sale:
        """One visit for several lines: all of them or nothing. `RefusedError` for an unknown listing."""
        now = self._begin(now)
        if not wants or any(want.quantity < 1 for want in wants):
            raise RefusedError(422, "invalid_quantity", "a visit wants at least one unit")
        chosen = [(want, self._listing_of(want.listing_id, want.sku)) for want in wants]
        self._visits += 1
        reason = self._why_not(chosen, now)
        if reason is not None:
            self._log_turned_away(chosen, reason, buyer, now)
            return Sale("turned_away", reason=reason)
        return Sale("sold", order_id=self._sell(chosen, buyer, now))

    def _why_not(self, chosen: list[tuple[Want, Listing]], now: datetime) -> str | None:
        if any(listing.state == "hidden" for _, listing in chosen):
            return "hidden"
        needed: dict[str, int] = {}
        for want, listing in chosen:
            if _takes(want):
                needed[listing.pool_id] = needed.get(listing.pool_id, 0) + want.quantity
        if all(sellable(self.profile, self.pools[pool]) >= units for pool, units in needed.items()):
            return None
        return None if self._fire("oversell", "buy", now) else "sold_out"

    def _log_turned_away(
        self, chosen: list[tuple[Want, Listing]], reason: str, buyer: str, now: datetime
    ) -> None:
        for want, listing in chosen:
            fields: LogLine = {
                "visit": self._visits,
                "listing_id": listing.listing_id,
                "sku": listing.sku,
                "quantity": want.quantity,
                "buyer": buyer,
                "reason": reason,
            }
            self._change(self.pools[listing.pool_id], "turned_away", now, fields=fields)

    def _sell(self, chosen: list[tuple[Want, Listing]], buyer: str, now: datetime) -> str:
        order_id = f"{self.profile.name}-{len(self.book.orders) + 1:06d}"
        lines = tuple(
            self._sell_line(order_id, index, want, listing, buyer, now)
            for index, (want, listing) in enumerate(chosen, start=1)
        )
        stamp = self.book.stamp(self.channel_time(now))
        order = Order(
            order_id=order_id,
            status="placed",
            created_at=stamp,
            updated_at=stamp,
            currency=self.profile.currency,
            buyer=buyer,
            lines=lines,
        )
        self.book.record(order, self._visible_at("orders", now))
        return order_id

    def _sell_line(
        self, order_id: str, index: int, want: Want, listing: Listing, buyer: str, now: datetime
    ) -> OrderLine:
        line = OrderLine(
            line_id=f"{order_id}-{index}",
            listing_id=listing.listing_id,
            sku=listing.sku,
            quantity=want.quantity,
            unit_price=listing.price,
            counts_down=want.counts_down,
            pool_id=listing.pool_id,
            took=_takes(want),
        )
        pool = self.pools[listing.pool_id]
        fields: LogLine = {"visit": self._visits, "buyer": buyer, "counted": line.took}
        taken = want.quantity if line.took else 0
        left = sellable(self.profile, pool)
        if taken > left:
            fields["beyond"] = taken - left
        falls = 0 if self.profile.quantity_kind == "on_hand" else -min(taken, left)
        self._move("buy", line, want.quantity, order_id, now, quantity=falls, reserved=taken, fields=fields)
        return line

    def _move(
        self,
        kind: str,
        line: OrderLine,
        units: int,
        order: Order | str,
        now: datetime,
        *,
        quantity: int = 0,
        reserved: int = 0,
        fields: LogLine | None = None,
    ) -> None:
        about: LogLine = {
            "order_id": order if isinstance(order, str) else order.order_id,
            "line_id": line.line_id,
            "listing_id": line.listing_id,
            "sku": line.sku,
            "quantity": units,
            **(fields or {}),
        }
        self._change(self.pools[line.pool_id], kind, now, quantity=quantity, reserved=reserved, fields=about)

    def _record(self, order: Order, now: datetime, *, cancellation: bool = False) -> Order:
        stamped = replace(order, updated_at=self.book.stamp(self.channel_time(now)))
        feed: FeedName = "cancellations" if cancellation else "orders"
        self.book.record(stamped, self._visible_at(feed, now), cancellation=cancellation)
        return stamped

    def _visible_at(self, feed: FeedName, now: datetime) -> datetime:
        late = self._fire("listed_late", feed, now)
        lag = self.profile.visibility_lag_s + (late.seconds if late else 0.0)
        return now + timedelta(seconds=lag)


def _takes(want: Want) -> bool:
    return want.counts_down != "no" if want.took is None else want.took
