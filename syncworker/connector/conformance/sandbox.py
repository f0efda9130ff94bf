"""How does a bench buy at a pretend shop of the sandbox? Its control API as the far side; starts no sandbox itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from syncworker.connector.conformance.bench import CannotError, Shop, Target, Trouble

_OPERATIONS = {Target.PUSH: "quantities", Target.ORDERS: "orders", Target.READ: "read"}
_FAULTS: Mapping[Trouble, Mapping[str, object]] = {
    Trouble.ANSWER_LOST: {"kind": "cut_after"},
    Trouble.ERROR_AFTER: {"kind": "error_after", "status": 503},
    Trouble.TOO_MANY_CALLS: {"kind": "rate_limited", "seconds": 7.0},
    Trouble.WEB_PAGE: {"kind": "html_ok"},
    Trouble.CUT_SHORT: {"kind": "truncated_json"},
    Trouble.ITEM_MISSING: {"kind": "item_missing", "applied": False},
    Trouble.ITEM_REFUSED: {"kind": "item_refused"},
    Trouble.UNKNOWN_STATUS: {"kind": "unknown_status", "code": "under_enchantment"},
    Trouble.NO_NUMBER: {"kind": "missing_field"},
}
#: Events of the sandbox's log that are requests for another number.
_WRITES = frozenset(("set", "compare_and_set", "adjust"))


class Control(Protocol):
    """What is used of ``syncworker.sandbox.remote.ShopControl``."""

    def buy(self, sku: str, quantity: int = 1, buyer: str = "", **more: object) -> dict[str, object]: ...
    def cancel(self, order_id: str, **more: object) -> dict[str, object]: ...
    def ship(self, order_id: str, **more: object) -> dict[str, object]: ...
    def take_return(self, order_id: str, **more: object) -> dict[str, object]: ...
    def edit_quantity(self, **where_and_what: object) -> dict[str, object]: ...
    def order_faults(self, *faults: Mapping[str, object], clear: bool = False) -> dict[str, object]: ...
    def clear_faults(self) -> dict[str, object]: ...
    def truth(self, *, orders: bool = True) -> dict[str, object]: ...
    def log(self, after: int = 0) -> list[dict[str, object]]: ...


class SandboxShop(Shop):
    """One shop of a running sandbox, whatever wire format it speaks.

    ``number_field`` is the wire's word for a number in a read-back; ``order_id`` turns the sandbox's own order id into
    the one that the wire tells, where they differ. ``restocks`` is what such a channel does with cancelled units whatever
    is asked of it; ``returns`` is False where its wire format knows no returns.
    """

    def __init__(
        self,
        control: Control,
        goods: Sequence[str],
        *,
        number_field: str = "quantity",
        order_id: Callable[[str], str] = str,
        restocks: bool | None = None,
        returns: bool = True,
    ) -> None:
        self._control = control
        self.goods = tuple(goods)
        self._number_field, self._shown_id = number_field, order_id
        self._restocks, self._returns = restocks, returns
        self._ids: dict[str, str] = {}
        self._seen, self._writes = 0, 0

    def put(self, sku: str, quantity: int) -> None:
        self._control.edit_quantity(sku=sku, quantity=quantity)

    def buy(self, sku: str, units: int = 1) -> str:
        sale = self._control.buy(sku, units, self.buyer)
        if sale["outcome"] != "sold":
            raise CannotError(f"the buyer was turned away: {sale['reason']}")
        ours = str(sale["order_id"])
        shown = self._shown_id(ours)
        self._ids[shown] = ours
        return shown

    def cancel(self, order_id: str, *, restock: bool) -> None:
        does = restock if self._restocks is None else self._restocks
        self._control.cancel(self._ids[order_id], restock="yes" if does else "no")

    def ship(self, order_id: str) -> None:
        self._control.ship(self._ids[order_id])

    def give_back(self, order_id: str, *, restock: bool) -> None:
        if not self._returns:
            raise CannotError("its wire format knows no returns")
        self._control.take_return(self._ids[order_id], quantity=1, restock="yes" if restock else "no")

    def number(self, sku: str) -> int:
        return self._pool(sku, "quantity")

    def sellable(self, sku: str) -> int:
        return self._pool(sku, "sellable")

    def writes(self) -> int:
        for event in self._control.log(self._seen):
            self._seen = int(str(event["seq"]))
            self._writes += event["kind"] in _WRITES
        return self._writes

    def strike(self, trouble: Trouble, target: Target) -> None:
        fault = {"operation": _OPERATIONS[target], **_FAULTS[trouble]}
        if trouble is Trouble.NO_NUMBER:
            fault["field"] = self._number_field
        if target is Target.PUSH:
            fault["count"] = 1
        self._control.order_faults(fault, clear=True)

    def heal(self) -> None:
        self._control.clear_faults()

    def _pool(self, sku: str, what: str) -> int:
        pools = self._control.truth(orders=False)["pools"]
        if not isinstance(pools, list):
            raise CannotError("the sandbox tells no pools")
        for pool in pools:
            if sku in pool["skus"]:
                return int(pool[what])
        raise CannotError(f"nothing is listed under {sku}")
