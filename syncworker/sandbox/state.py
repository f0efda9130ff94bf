"""What stands at the shop at this moment? Clock, numbers, log and what is still to land; it knows no requests."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from syncworker.sandbox.faults import FaultKind, Faults, FiredFault, Operation
from syncworker.sandbox.log import EventLog, LogLine
from syncworker.sandbox.pools import Listing, Pool, sellable
from syncworker.sandbox.profile import ShopProfile
from syncworker.sandbox.refusal import RefusedError


@dataclass(frozen=True, slots=True)
class Landing:
    """Something that takes effect later: what (for `truth`), and the deed, called with its due time."""

    what: dict[str, object]
    deed: Callable[[datetime], None]


class ShopState:
    """The state that the desks of one shop share. Every call of a desk begins with `_begin(now)`.

    Not thread safe: whoever shares it holds one lock around each call, and never waits under it. `now` is an
    aware UTC datetime given by the caller; one that goes back is taken as the latest seen.
    """

    def __init__(self, profile: ShopProfile, *, rng: random.Random, log: EventLog | None = None) -> None:
        self.profile = profile
        self.rng = rng
        self.log = log if log is not None else EventLog(profile.name)
        self.faults = Faults(rng)
        self.pools: dict[str, Pool] = {}
        self.listings: dict[str, Listing] = {}
        self._by_sku: dict[str, str] = {}
        self._now: datetime | None = None
        self._due: list[tuple[datetime, int, Landing]] = []
        self._landings = 0
        self._keep = timedelta(seconds=profile.read_lag_s)
        self._offset = timedelta(seconds=profile.clock_offset_s)

    def next_due(self) -> datetime | None:
        """When the next late write lands by itself at the next call; None if none waits."""
        return self._due[0][0] if self._due else None

    def advance(self, now: datetime) -> None:
        """Land what is due by `now`. Every other call does so too; this one does nothing else."""
        self._begin(now)

    def channel_time(self, now: datetime) -> datetime:
        """What the shop's own clock shows at `now`."""
        return now + self._offset

    def sellable(self, pool_id: str) -> int:
        """What this pool would still sell at the latest known moment (R), without landing anything."""
        return sellable(self.profile, self.pools[pool_id])

    def _begin(self, now: datetime) -> datetime:
        """Land what is due by `now`, in order, and return the time that this call happens at."""
        if self._now is not None and now < self._now:
            now = self._now
        while self._due and self._due[0][0] <= now:
            due, _, landing = heapq.heappop(self._due)
            self._now = due
            landing.deed(due)
        self._now = now
        return now

    def _schedule(self, due: datetime, landing: Landing) -> None:
        self._landings += 1
        heapq.heappush(self._due, (due, self._landings, landing))

    def _pending(self) -> Sequence[tuple[datetime, Landing]]:
        return [(due, landing) for due, _, landing in sorted(self._due, key=lambda entry: entry[:2])]

    def _open_pool(self, pool_id: str, quantity: int, now: datetime) -> Pool:
        pool = Pool(pool_id, quantity, now)
        pool.remember(now, self._keep)
        self.pools[pool_id] = pool
        return pool

    def _change(
        self, pool: Pool, kind: str, now: datetime, *, quantity: int = 0, reserved: int = 0, fields: LogLine
    ) -> LogLine:
        """Move a pool's numbers by differences and log that, also where both are 0."""
        before, reserved_before = pool.quantity, pool.reserved
        pool.quantity += quantity
        pool.reserved += reserved
        if quantity or reserved:
            pool.remember(now, self._keep)
        numbers: LogLine = {
            "pool_id": pool.pool_id,
            "before": before,
            "after": pool.quantity,
            "reserved_before": reserved_before,
            "reserved_after": pool.reserved,
        }
        return self.log.append(kind, now, {**numbers, **fields})

    def _fire(
        self, kind: FaultKind, operation: Operation, now: datetime, pool_id: str | None = None
    ) -> FiredFault | None:
        """Draw a fault and log it when it strikes."""
        fired = self.faults.draw(kind, operation, pool_id)
        if fired is not None:
            self._log_fault(fired, operation, now, pool_id)
        return fired

    def _log_fault(
        self, fired: FiredFault, operation: Operation, now: datetime, pool_id: str | None = None
    ) -> None:
        fields: LogLine = {"fault": fired.kind, "operation": operation, "seconds": fired.seconds}
        if pool_id is not None:
            fields["pool_id"] = pool_id
        self.log.append("fault", now, fields)

    def _listing_of(self, listing_id: str | None, sku: str | None) -> Listing:
        """The listing by its id or, without one, the first listing of the SKU."""
        found = listing_id if listing_id is not None else self._by_sku.get(sku or "")
        if found is None or found not in self.listings:
            raise RefusedError(404, "unknown_listing", f"nothing is listed as {listing_id or sku!r}")
        return self.listings[found]

    def _pool(self, pool_id: str) -> Pool:
        if pool_id not in self.pools:
            raise RefusedError(404, "unknown_pool", f"there is no pool {pool_id!r}")
        return self.pools[pool_id]
