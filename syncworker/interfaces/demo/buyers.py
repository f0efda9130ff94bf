"""How do buyers reach the shops? Threads that walk in at the drawn time and buy at the shop's own till, or the stall's.

They know nothing of the engine: what they get is what the shop still shows.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from syncworker.interfaces.demo.visits import CARVING, Act, ChangeOfMind, Visit
from syncworker.sandbox.remote import ControlError, ShopControl

#: Buyers at the tills at the same time; a shop answers within milliseconds.
AT_ONCE = 8


class Till(Protocol):
    """Where a buyer asks for one unit."""

    def buy(self, sku: str, *, buyer: str) -> Mapping[str, object]:
        """``outcome`` (sold or turned_away) and, if sold, ``order_id``."""


class Buyers:
    """Play the acts, each at its second after :meth:`start`; stop them at any time."""

    def __init__(
        self, acts: Sequence[Act], shops: Mapping[str, ShopControl], stalls: Mapping[str, Till]
    ) -> None:
        self._acts, self._shops = acts, shops
        self._tills: dict[str, Till] = {**shops, **stalls}
        self._stop = threading.Event()
        self._gone = threading.Event()
        #: (order, SKU) by shop, as far as they can be cancelled there.
        self._bought: dict[str, list[tuple[str, str]]] = {name: [] for name in shops}
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="buyer")
        self._thread = threading.Thread(target=self._send_all, name="buyers", daemon=True)

    @property
    def found_closed(self) -> bool:
        """Whether a shop no longer answers at all."""
        return self._gone.is_set()

    def start(self) -> None:
        """Open the doors."""
        self._thread.start()

    def stop(self) -> None:
        """Nobody else comes; returns when those at the tills have their answer. Harmless to repeat."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _send_all(self) -> None:
        began = time.monotonic()
        for act in self._acts:
            if self._stop.wait(max(0.0, began + act.at_s - time.monotonic())):
                return
            self._pool.submit(self._play, act)

    def _play(self, act: Act) -> None:
        try:
            if isinstance(act, Visit):
                self._buy(act)
            else:
                self._cancel(act)
        except OSError:
            self._gone.set()
        except ControlError:
            # The shop would not do it; its log says nothing happened, and so does the story.
            return

    def _buy(self, visit: Visit) -> None:
        answer = self._tills[visit.shop].buy(visit.sku, buyer=visit.buyer)
        if answer.get("outcome") == "sold" and visit.sku != CARVING and visit.shop in self._bought:
            with self._lock:
                self._bought[visit.shop].append((str(answer["order_id"]), visit.sku))

    def _cancel(self, act: ChangeOfMind) -> None:
        with self._lock:
            bought = self._bought[act.shop]
            found = next((one for one in bought if act.sku in (None, one[1])), None)
            if found is not None:
                bought.remove(found)
        if found is not None:
            self._shops[act.shop].cancel(found[0], restock="yes" if act.restocks else "no")
