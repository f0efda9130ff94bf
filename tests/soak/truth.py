"""What is true outside? Units sold of each part, and what each shop's number can still sell that the ledger has not seen.

Reads the shops' logs and books and plain rows of the ledger: nothing of the engine's arithmetic is used.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from syncworker.sandbox.model import Marketplace
from syncworker.sandbox.orders import Order, OrderLine
from syncworker.sandbox.pools import QuantityItem, decide
from tests.soak.business import Business

#: ordered, cancelled, shipped, returned
Levels = tuple[int, int, int, int]
NOTHING: Levels = (0, 0, 0, 0)
LINES = """
SELECT o.external_id, l.line_id, l.ordered, l.cancelled, l.shipped, l.returned
FROM order_line AS l JOIN "order" AS o ON o.id = l.order_id WHERE o.channel = ?
"""


class Truth:
    """Follows a business: call :meth:`follow` before asking."""

    def __init__(self, business: Business) -> None:
        self.business = business
        self.live: Counter[str] = Counter()
        self.supply: Counter[str] = Counter(business.catalogue.stock())
        #: Units that the outside took or promised without us, by part.
        self.allowed: Counter[str] = Counter()
        self.orders = self.visits = 0
        self._read: Counter[str] = Counter()
        self._received = 0
        #: Orders that the ledger may not know as they are, by shop.
        self.unrecorded: dict[str, dict[str, Order]] = {name: {} for name in business.shops}
        for name, shop in business.shops.items():
            # A listener is told of every version of an order.
            shop.book.listener = lambda order, name=name: self._changed(name, order)

    def _changed(self, name: str, order: Order) -> None:
        self.unrecorded[name][order.order_id] = order

    def follow(self) -> None:
        """Read what was logged since."""
        for name, shop in self.business.shops.items():
            for line in shop.log.after(self._read[name]):
                self._weigh(line)
            self._read[name] = len(shop.log)
        for event in self.business.outside[self._received :]:
            self.supply[str(event["sku"])] += _whole(event["quantity"])
        self._received = len(self.business.outside)

    def oversold(self) -> dict[str, int]:
        """Units of each part that were sold and never there, beyond what is allowed for."""
        lost = self.business.lost
        excess = {
            part: self.live[part] - supply - self.allowed[part] - lost[part]
            for part, supply in self.supply.items()
        }
        return {part: units for part, units in excess.items() if units > 0}

    def _weigh(self, event: Mapping[str, Any]) -> None:  # Any: a line of a log
        kind, sku, units = event["kind"], event.get("sku", ""), event.get("quantity", 0)
        if kind == "buy":
            self.visits += 1
            self.orders += not str(event["line_id"]).endswith("-2")
            self._add(self.live, sku, units)
            outside = event.get("beyond", 0) if event.get("counted", True) else units
            self._add(self.allowed, sku, outside)
        elif kind == "turned_away":
            self.visits += 1
        elif kind in ("cancel", "edit"):
            self._add(self.live, sku, -units)
        elif kind == "reinstate":
            self._add(self.live, sku, units)
        elif kind == "return" and event["restocked"]:
            self._add(self.allowed, sku, units)
        elif kind == "hand_edit":
            self._allow_edit(event)

    def _allow_edit(self, event: Mapping[str, Any]) -> None:
        rise = event["after"] - event["before"]
        shop = self.business.shops[event["shop"]]
        if rise > 0:
            self._add(self.allowed, shop.listings[event["listing_ids"][0]].sku, rise)

    def _add(self, to: Counter[str], sku: str, units: int) -> None:
        for part, each in (self.business.catalogue.recipe(sku) or {}).items():
            to[part] += units * each

    # ---------------------------------------------------------------- what the ledger knows

    def recorded(self, name: str, only: list[str] | None = None) -> dict[tuple[str, str], Levels]:
        """The levels of each line as the ledger has them; of these orders, or of all."""
        query, values = LINES, [name]
        if only is not None:
            query += f" AND o.external_id IN ({','.join('?' * len(only))})"
            values += only
        rows = self.business.raw.execute(query, values)
        return {(order, line): (a, b, c, d) for order, line, a, b, c, d in rows}

    def unseen(self) -> dict[tuple[str, str], tuple[int, int]]:
        """Per shop and pool: units that left it, and units that came back to it, of which the ledger has not heard."""
        found: dict[tuple[str, str], tuple[int, int]] = defaultdict(lambda: (0, 0))
        for name, orders in self.unrecorded.items():
            if not orders:
                continue
            known = self.recorded(name, [*orders])
            for order in list(orders.values()):
                lines = [(line, known.get((order.order_id, line.line_id), NOTHING)) for line in order.lines]
                if all(levels_of(line) == levels for line, levels in lines):
                    del orders[order.order_id]
                for line, levels in lines:
                    left, back = found[name, line.pool_id]
                    gone, come = _moved(line, levels)
                    found[name, line.pool_id] = (left + gone, back + come)
        return found


def levels_of(line: OrderLine) -> Levels:
    """As the shop has them."""
    return (line.quantity, line.cancelled, line.shipped, line.returned)


def _moved(line: OrderLine, known: Levels) -> tuple[int, int]:
    if not line.took:
        return 0, 0
    ordered, cancelled, _, returned = known
    # What is reinstated is not counted: it takes from the number only what its cancellation had put back.
    gone = max(0, line.quantity - ordered)
    come = max(0, ordered - line.quantity) + max(0, line.returned - returned)
    return gone, come + min(max(0, line.cancelled - cancelled), line.restocked_units)


def can_sell(shop: Marketplace, pool_id: str) -> int:
    """What this number sells by itself at most: now, or once what is under way has landed."""
    pool, now = shop.pools[pool_id], shop.sellable(pool_id)
    reserved = pool.reserved if shop.profile.quantity_kind == "on_hand" else 0
    most, added = now, 0
    for _, landing in shop._pending():
        for item in _items(landing.what):
            if item["pool_id"] != pool_id:
                continue
            if "delta" in item:
                added += max(0, int(item["delta"]))
            elif "expected" not in item or item["expected"] == pool.quantity:
                wanted = item["asked"] if "asked" in item else item["number"]
                number = decide(shop.profile, pool, _set(pool_id, int(wanted))).quantity
                most = max(most, (number or 0) - reserved)
    return most + added


def _items(what: Mapping[str, Any]) -> list[dict[str, Any]]:  # Any: what the shop says of a landing
    late = what.get("late_request")
    if late is not None:
        return list(late)
    return [dict(what)] if "number" in what else []


def _set(pool_id: str, number: int) -> QuantityItem:
    return QuantityItem(pool_id=pool_id, quantity=number)


def _whole(value: object) -> int:
    assert isinstance(value, int)
    return value


def recipe_of(text: str | None) -> dict[str, int]:
    """The recipe kept with a line."""
    return json.loads(text) if text else {}
