"""What becomes of an order after the sale? Cancelling, shipping, returning, editing; it sells nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Literal

from syncworker.sandbox.log import LogLine
from syncworker.sandbox.orders import Order, OrderLine
from syncworker.sandbox.pools import sellable
from syncworker.sandbox.profile import Told
from syncworker.sandbox.refusal import RefusedError
from syncworker.sandbox.sales import SalesDesk


class AfterSalesDesk(SalesDesk):
    """What buyers and the shop's own staff do with orders."""

    def cancel(
        self,
        order_id: str,
        *,
        now: datetime,
        line_id: str | None = None,
        quantity: int | None = None,
        restock: bool | None = None,
        told: Told | None = None,
    ) -> Order:
        """Cancel unshipped units (all of them, or `quantity` of one line). By default restocked as the profile says.

        `told` is what the feeds will say of it: by default the truth, or `unknown` where the profile says so.
        """
        now = self._begin(now)
        order = self.book.get(order_id)
        habit = self.profile.restocks_on_cancel
        if restock is None:
            restock = self.rng.random() < 0.5 if habit == "unknown" else habit == "yes"
        if told is None:
            told = "unknown" if habit == "unknown" else _told(restock)
        for line, units in _chosen(order, line_id, quantity, "open"):
            order = self._cancel_line(order, line, units, now, restock=restock, told=told)
        status = "cancelled" if all(x.cancelled >= x.quantity for x in order.lines) else order.status
        return self._record(replace(order, status=status), now, cancellation=True)

    def reinstate(self, order_id: str, *, now: datetime, line_id: str | None = None) -> Order:
        """Take a cancellation back; 409 `sold_out` if what it had put back on sale is gone."""
        now = self._begin(now)
        order = self.book.get(order_id)
        lines = [order.line(line_id)] if line_id else [x for x in order.lines if x.cancelled]
        if not any(line.cancelled for line in lines):
            raise RefusedError(409, "nothing_to_reinstate", f"nothing of order {order_id} is cancelled")
        for line in lines:
            if line.took and sellable(self.profile, self.pools[line.pool_id]) < line.restocked_units:
                raise RefusedError(409, "sold_out", f"the units of {line.sku} were sold to others meanwhile")
        for line in lines:
            order = self._reinstate_line(order, line, now)
        return self._record(replace(order, status=order.goods_status), now, cancellation=True)

    def ship(
        self, order_id: str, *, now: datetime, line_id: str | None = None, quantity: int | None = None
    ) -> Order:
        """Send open units out (all, or `quantity` of one line). An on-hand number falls by it."""
        now = self._begin(now)
        order = self.book.get(order_id)
        on_hand = self.profile.quantity_kind == "on_hand"
        for line, units in _chosen(order, line_id, quantity, "open"):
            taken = units if line.took else 0
            self._move("ship", line, units, order, now, quantity=-taken if on_hand else 0, reserved=-taken)
            order = _with_line(order, replace(line, shipped=line.shipped + units))
        if all(line.open == 0 for line in order.lines):
            order = replace(order, status="shipped", goods_status="shipped")
        return self._record(order, now)

    def take_return(
        self,
        order_id: str,
        *,
        now: datetime,
        line_id: str | None = None,
        quantity: int | None = None,
        restock: bool = False,
    ) -> Order:
        """Take shipped units back; with `restock` the shop puts them on sale again by itself."""
        now = self._begin(now)
        order = self.book.get(order_id)
        for line, units in _chosen(order, line_id, quantity, "returnable"):
            back = units if restock else 0
            fields: LogLine = {"restocked": restock}
            self._move("return", line, units, order, now, quantity=back, fields=fields)
            returned = replace(
                line, returned=line.returned + units, restocked=_mixed(line.restocked, _told(restock))
            )
            order = _with_line(order, returned)
        if all(line.open == 0 and line.returned == line.shipped for line in order.lines):
            order = replace(order, status="returned")
        return self._record(order, now, cancellation=True)

    def edit_order(
        self, order_id: str, *, line_id: str, quantity: int, now: datetime, restock: bool = True
    ) -> Order:
        """Change a line's ordered units. More are taken from the number (409 if too few), fewer go back to it."""
        now = self._begin(now)
        order = self.book.get(order_id)
        line = order.line(line_id)
        more = quantity - line.quantity
        if more == 0 or quantity < line.cancelled + line.shipped:
            raise RefusedError(409, "not_possible", f"line {line_id} cannot become {quantity} units")
        if line.took and more > sellable(self.profile, self.pools[line.pool_id]):
            raise RefusedError(409, "sold_out", f"there are not {more} more of {line.sku}")
        self._release(
            "edit",
            line,
            -more,
            order,
            now,
            restock=more > 0 or restock,
            fields={"ordered": quantity, "restocked": restock},
        )
        return self._record(_with_line(order, replace(line, quantity=quantity)), now)

    def set_status(self, order_id: str, status: str, *, now: datetime) -> Order:
        """Give an order any status word (paid, or one nobody has heard of). No number moves."""
        now = self._begin(now)
        order = self.book.get(order_id)
        self.log.append("status", now, {"order_id": order_id, "status": status})
        return self._record(replace(order, status=status, goods_status=status), now)

    def _cancel_line(
        self, order: Order, line: OrderLine, units: int, now: datetime, *, restock: bool, told: Told
    ) -> Order:
        fields: LogLine = {"restocked": restock, "told": told}
        self._release("cancel", line, units, order, now, restock=restock, fields=fields)
        gone = replace(
            line,
            cancelled=line.cancelled + units,
            restocked=_mixed(line.restocked, told),
            restocked_units=line.restocked_units + (units if restock else 0),
        )
        return _with_line(order, gone)

    def _reinstate_line(self, order: Order, line: OrderLine, now: datetime) -> Order:
        on_hand = self.profile.quantity_kind == "on_hand"
        taken = line.cancelled if line.took else 0
        retaken = line.restocked_units if line.took else 0
        written_back = taken - retaken if on_hand else -retaken
        fields: LogLine = {"retaken": retaken}
        self._move(
            "reinstate",
            line,
            line.cancelled,
            order,
            now,
            quantity=written_back,
            reserved=taken,
            fields=fields,
        )
        return _with_line(order, replace(line, cancelled=0, restocked_units=0))

    def _release(
        self,
        kind: str,
        line: OrderLine,
        units: int,
        order: Order,
        now: datetime,
        *,
        restock: bool,
        fields: LogLine,
    ) -> None:
        """Free `units` of a line's hold on its number (negative: take more); without `restock` they are lost to it."""
        taken = units if line.took else 0
        on_hand = self.profile.quantity_kind == "on_hand"
        rises = 0 if on_hand == restock else (taken if restock else -taken)
        self._move(kind, line, units, order, now, quantity=rises, reserved=-taken, fields=fields)


def _told(restock: bool) -> Told:
    return "yes" if restock else "no"


def _mixed(before: Told | None, now: Told) -> Told:
    """What the feeds tell of units that were cancelled at several times: `unknown` unless all went alike."""
    return now if before in (None, now) else "unknown"


def _with_line(order: Order, line: OrderLine) -> Order:
    return replace(order, lines=tuple(line if x.line_id == line.line_id else x for x in order.lines))


def _chosen(
    order: Order, line_id: str | None, quantity: int | None, what: Literal["open", "returnable"]
) -> list[tuple[OrderLine, int]]:
    """Which lines and how many units an act concerns; 409 if there are not that many."""
    if quantity is not None and line_id is None:
        if len(order.lines) > 1:
            raise RefusedError(422, "line_needed", "say which line when you give a quantity")
        line_id = order.lines[0].line_id
    lines = [order.line(line_id)] if line_id else list(order.lines)
    chosen: list[tuple[OrderLine, int]] = []
    for line in lines:
        most = line.open if what == "open" else line.shipped - line.returned
        units = most if quantity is None else quantity
        if not 0 <= units <= most or (quantity is not None and units < 1):
            raise RefusedError(409, "not_possible", f"line {line.line_id} has {most} such units, not {units}")
        if units:
            chosen.append((line, units))
    if not chosen:
        raise RefusedError(409, "not_possible", f"order {order.order_id} has no such units")
    return chosen
