"""How does a buyer or a judge speak to a running sandbox? A small client of the control API; it waits for nothing."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

Json = dict[str, object]


class ControlError(Exception):
    """The sandbox refused a control call: `status`, `code` and a sentence."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class ShopControl:
    """The control API of one shop. Stateless, so threads may share it. `OSError` when the sandbox is gone."""

    control_url: str
    timeout_s: float = 30.0

    def buy(self, sku: str, quantity: int = 1, buyer: str = "", **more: object) -> Json:
        """One visit: `{"outcome": "sold" | "turned_away", "order_id", "reason"}`."""
        return self._post("buy", {"sku": sku, "quantity": quantity, "buyer": buyer, **more})

    def buy_basket(self, lines: Sequence[Mapping[str, object]], buyer: str = "") -> Json:
        """One visit for several lines (`sku` or `listing_id`, `quantity`): all or nothing."""
        return self._post("buy", {"lines": [dict(line) for line in lines], "buyer": buyer})

    def cancel(self, order_id: str, **more: object) -> Json:
        """Cancel unshipped units: `line_id`, `quantity`, `restock` ("yes" | "no"), `told`. Returns the order."""
        return self._post("cancel", {"order_id": order_id, **more})

    def reinstate(self, order_id: str, **more: object) -> Json:
        """Take a cancellation back."""
        return self._post("reinstate", {"order_id": order_id, **more})

    def ship(self, order_id: str, **more: object) -> Json:
        """Ship open units: `line_id`, `quantity`."""
        return self._post("ship", {"order_id": order_id, **more})

    def take_return(self, order_id: str, **more: object) -> Json:
        """Take shipped units back: `line_id`, `quantity`, `restock`."""
        return self._post("return", {"order_id": order_id, **more})

    def edit_order(self, order_id: str, line_id: str, quantity: int, **more: object) -> Json:
        """Change a line's ordered units."""
        return self._post(
            "edit-order", {"order_id": order_id, "line_id": line_id, "quantity": quantity, **more}
        )

    def set_status(self, order_id: str, status: str) -> Json:
        """Give an order any status word."""
        return self._post("status", {"order_id": order_id, "status": status})

    def edit_quantity(self, **where_and_what: object) -> Json:
        """A hand edit: `pool_id`, `listing_id` or `sku`, and `quantity` or `delta`."""
        return self._post("edit-quantity", where_and_what)

    def share_stock(self, listing_id: str, *, pool_id: str | None = None, quantity: int = 0) -> Json:
        """Let a listing sell from another pool, or (None) from one of its own with `quantity`. Returns the listing."""
        return self._post("share-stock", {"listing_id": listing_id, "pool_id": pool_id, "quantity": quantity})

    def show(self, sku: str, state: str = "active") -> Json:
        """Let buyers see a listing ("active") or not ("hidden"); a review that it passed, for instance."""
        return self._post("show", {"sku": sku, "state": state})

    def call_at(self, url: str | None) -> Json:
        """Have the shop call its seller there (on this machine) when an order changes; None: nowhere."""
        return self._post("webhook", {"url": url})

    def calls(self) -> list[Json]:
        """The calls that left, each with `order_id`, `at`, `forged` and the answer's `status`."""
        found = self._call("GET", "calls", None)["calls"]
        return found if isinstance(found, list) else []

    def order_faults(self, *faults: Mapping[str, object], clear: bool = False) -> Json:
        """Order faults: each a mapping of `FaultSpec` fields, at least `kind`."""
        return self._post("faults", {"faults": [dict(fault) for fault in faults], "clear": clear})

    def clear_faults(self) -> Json:
        """Take all faults back."""
        return self._call("DELETE", "faults", None)

    def truth(self, *, orders: bool = True) -> Json:
        """Pools with what would still sell, pending late writes, newest orders, and calls of the seller's API so far."""
        return self._call("GET", f"truth?orders={str(orders).lower()}", None)

    def log(self, after: int = 0) -> list[Json]:
        """The events with a sequence number above `after`, oldest first."""
        text = self._fetch("GET", f"log?after={after}", None)
        return [json.loads(line) for line in text.splitlines()]

    def _post(self, path: str, body: Mapping[str, object]) -> Json:
        return self._call("POST", path, body)

    def _call(self, method: str, path: str, body: Mapping[str, object] | None) -> Json:
        answer = json.loads(self._fetch(method, path, body))
        return answer if isinstance(answer, dict) else {}

    def _fetch(self, method: str, path: str, body: Mapping[str, object] | None) -> str:
        url = urlsplit(f"{self.control_url}/{path}")
        connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=self.timeout_s)
        try:
            text = None if body is None else json.dumps(body)
            headers = {"Content-Type": "application/json"} if body is not None else {}
            target = f"{url.path}?{url.query}" if url.query else url.path
            connection.request(method, target, body=text, headers=headers)
            answer = connection.getresponse()
            content = answer.read().decode()
        finally:
            connection.close()
        if answer.status >= 400:
            problem = json.loads(content)
            raise ControlError(answer.status, problem["code"], problem["message"])
        return content
