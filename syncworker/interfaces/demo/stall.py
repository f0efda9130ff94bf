"""Who sells at the stall? A keeper who looks at the stall's number, types each sale in and hands the goods over.

The number is ours; what was handed over is the keeper's own log, in the form of the shops' logs, and never read from the
ledger.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from syncworker.interfaces.demo.cast import NUMBER, STALL
from syncworker.sandbox.log import EventLog

if TYPE_CHECKING:
    from syncworker.ledger.ledger import Ledger, Transaction


class Stall:
    """One keeper, so one buyer at a time. Every method may be called from any thread."""

    def __init__(self, ledger: Ledger, logs: Path, *, actor: str) -> None:
        self._ledger, self._actor = ledger, actor
        self._log = EventLog(STALL, logs / f"{STALL}.jsonl")
        self._lock = threading.Lock()
        self._visits = self._sales = 0
        #: The number on the keeper's slip, by SKU.
        self._slip: dict[str, int] = {}

    def buy(self, sku: str, *, buyer: str) -> dict[str, object]:
        """One visit: ``outcome`` is sold or turned_away."""
        with self._lock:
            self._visits += 1
            reference = f"bon-{self._sales + 1:04d}"
            number, at = self._ledger.run(lambda tx: self._type_in(tx, sku, reference))
            sold = number > 0
            self._note(
                at, "buy" if sold else "turned_away", sku, number, number - sold,
                {"visit": self._visits, "quantity": 1, "buyer": buyer} | ({"order_id": reference} if sold else {}),
            )  # fmt: skip
            self._sales += sold
        return {"outcome": "sold", "order_id": reference} if sold else {"outcome": "turned_away"}

    def look(self) -> None:
        """Note on the slip which numbers the stall was given since the last look."""
        from syncworker.ledger import pools

        with self._lock:
            with self._ledger.snapshot() as tx:
                records = pools.of_channel(tx, STALL)
            for record in records:
                number, before = record.bound.exposure or 0, self._slip.get(record.sku, 0)
                if number != before:
                    self._note(datetime.now(UTC), NUMBER, record.sku, before, number, {})

    def close(self) -> None:
        """Put the log away."""
        self._log.close()

    def _type_in(self, tx: Transaction, sku: str, reference: str) -> tuple[int, datetime]:
        """The number before, and when: seen and typed in at once, so that it cannot be given away in between."""
        from syncworker.ledger import pools
        from syncworker.sync.sale import add_sale

        ids = [record.id for record in pools.of_channel(tx, STALL) if record.sku == sku]
        number = sum(record.bound.exposure or 0 for record in pools.load(tx, ids, lock=True).values())
        at = datetime.now(UTC)
        if number > 0:
            add_sale(
                tx, STALL, sku=sku, units=1, reference=reference, sold_at=at, actor=self._actor
            )  # fmt: skip
        return number, at

    def _note(
        self, at: datetime, kind: str, sku: str, before: int, after: int, more: dict[str, object]
    ) -> None:
        self._slip[sku] = after
        self._log.append(kind, at, {"pool_id": sku, "before": before, "after": after, "sku": sku, **more})
