"""When does a pretend shop call its seller? Once for each change of an order, signed in its own way, as faults allow.

Only addresses of this machine are called. A call is never repeated by itself, and what it is answered changes nothing here.
"""

from __future__ import annotations

import heapq
import http.client
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from syncworker.sandbox.faults import FaultKind
from syncworker.sandbox.model import Marketplace
from syncworker.sandbox.orders import Order

#: What can happen to a call on its way.
LOST: FaultKind = "call_lost"
LATE: FaultKind = "call_late"
TWICE: FaultKind = "call_twice"
FORGED: FaultKind = "call_forged"
#: Seconds until no answer is expected any more.
PATIENCE_S = 3.0
_HERE = frozenset(("127.0.0.1", "localhost", "::1"))


@dataclass(frozen=True, slots=True)
class Letter:
    """One call as it leaves."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Ring:
    """What a call is about, and what it is signed with."""

    shop: str
    order: Order
    url: str
    at: datetime
    #: Counts up; two calls never share one.
    number: int
    #: Between what a seller knows and what is signed: empty for a call that is the shop's own.
    wrong: str = ""


#: How a dialect writes and signs a call.
Calling = Callable[[Ring], Letter]


@dataclass(frozen=True, slots=True)
class Sent:
    """A call that left, and its answer (None: there was none)."""

    order_id: str
    at: datetime
    forged: bool
    status: int | None

    def as_json(self) -> dict[str, object]:
        """As the control API shows it."""
        return {
            "order_id": self.order_id,
            "at": self.at.isoformat(),
            "forged": self.forged,
            "status": self.status,
        }


class Bell:
    """Calls one seller. Hears of orders under the shop's lock, and calls from a thread of its own."""

    def __init__(
        self, market: Marketplace, url: str, calling: Calling, *, clock: Callable[[], datetime]
    ) -> None:
        """`ValueError` for an address that is not on this machine."""
        parts = urlsplit(url)
        if parts.scheme != "http" or parts.hostname not in _HERE or not parts.port:
            raise ValueError("a seller is called at http://127.0.0.1:PORT/… alone")
        self._market, self._url, self._calling, self._clock = market, url, calling, clock
        self._due: list[tuple[datetime, int, Letter, str, bool]] = []
        self._number = 0
        self._changed = threading.Condition()
        self._is_over = False
        self._sent: list[Sent] = []
        threading.Thread(target=self._deliver, daemon=True).start()

    def hear(self, order: Order) -> None:
        """An order is new or changed; the caller holds the shop's lock."""
        if self._strikes(LOST) is not None:
            return
        now, late, forged = self._clock(), self._strikes(LATE), self._strikes(FORGED) is not None
        copies = 2 if self._strikes(TWICE) is not None else 1
        due = now + timedelta(seconds=late or 0.0)
        self._number += 1
        shop, wrong = self._market.profile.name, "not-" if forged else ""
        letter = self._calling(Ring(shop, order, self._url, now, self._number, wrong))
        with self._changed:
            for copy in range(copies):
                heapq.heappush(self._due, (due, self._number * 2 + copy, letter, order.order_id, forged))
            self._changed.notify()

    def sent(self) -> list[Sent]:
        """What left so far."""
        with self._changed:
            return list(self._sent)

    def stop(self) -> None:
        """Call nobody any more."""
        with self._changed:
            self._is_over = True
            self._changed.notify()

    def _strikes(self, kind: FaultKind) -> float | None:
        """The seconds of a fault that strikes this call."""
        fault = self._market.faults.draw(kind, "orders")
        return None if fault is None else fault.seconds

    def _deliver(self) -> None:
        while True:
            with self._changed:
                if self._is_over:
                    return
                wait_s = (self._due[0][0] - self._clock()).total_seconds() if self._due else None
                if wait_s is None or wait_s > 0:
                    self._changed.wait(wait_s)
                    continue
                _, _, letter, order_id, forged = heapq.heappop(self._due)
            status = _posted(self._url, letter)
            with self._changed:
                self._sent.append(Sent(order_id, self._clock(), forged, status))


def _posted(url: str, letter: Letter) -> int | None:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE_S)
    try:
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target or "/", body=letter.body, headers=dict(letter.headers))
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
