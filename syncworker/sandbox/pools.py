"""What number stands at the shop, and what would a push make of it? Pools, listings and pure decisions on them."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from syncworker.sandbox.profile import ShopProfile

ListingState = Literal["active", "hidden"]
ItemStatus = Literal["applied", "accepted", "refused"]

#: Read-backs may be ordered this stale at most; older numbers are forgotten.
_REMEMBERED = timedelta(hours=1)
_PRUNE_AT = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One SKU as the shop shows it; buyers take from its pool."""

    listing_id: str
    pool_id: str
    sku: str
    title: str
    #: Decimal digits, no currency sign; the currency is the shop's.
    price: str
    state: ListingState = "active"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingSeed:
    """A listing a shop opens with. Listings with one `pool_id` share one number: the first one's quantity."""

    sku: str
    title: str = ""
    price: str = "0"
    quantity: int = 0
    pool_id: str | None = None
    listing_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantityItem:
    """One wanted number: `quantity` (set), `quantity` with `expected` (compare-and-set) or `delta`."""

    pool_id: str
    quantity: int | None = None
    expected: int | None = None
    delta: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemResult:
    """What became of one item. `quantity` is the resulting number, None while it is only accepted or was refused."""

    pool_id: str
    status: ItemStatus
    quantity: int | None = None
    code: str | None = None
    message: str | None = None
    #: The number that stands there, told with a refusal where the shop knows the pool.
    current: int | None = None

    def as_json(self) -> dict[str, object]:
        """The item as `POST /quantities` answers it."""
        return {
            "pool_id": self.pool_id,
            "status": self.status,
            "quantity": self.quantity,
            "code": self.code,
            "message": self.message,
            "current": self.current,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolReading:
    """A read-back of one pool; unknown pools carry a code and no numbers (absent is not 0)."""

    pool_id: str
    quantity: int | None = None
    reserved: int | None = None
    code: str | None = None

    def as_json(self) -> dict[str, object]:
        """The item as `POST /quantities/read` answers it."""
        if self.code is not None:
            return {"pool_id": self.pool_id, "code": self.code}
        return {"pool_id": self.pool_id, "quantity": self.quantity, "reserved": self.reserved}


@dataclass(slots=True)
class Pool:
    """One number that buyers take from, with the numbers it had before (for stale answers)."""

    pool_id: str
    quantity: int
    opened_at: datetime
    #: Units of open orders that counted this pool down.
    reserved: int = 0
    _times: list[datetime] = field(default_factory=list)
    _numbers: list[tuple[int, int]] = field(default_factory=list)
    _prune_at: int = _PRUNE_AT

    def remember(self, now: datetime, keep: timedelta) -> None:
        """Note the present numbers as valid from `now` on; forget what is older than `keep` and an hour."""
        if self._times and self._times[-1] == now:
            self._numbers[-1] = (self.quantity, self.reserved)
            return
        self._times.append(now)
        self._numbers.append((self.quantity, self.reserved))
        if len(self._times) >= self._prune_at:
            cut = max(bisect_right(self._times, now - keep - _REMEMBERED) - 1, 0)
            del self._times[:cut], self._numbers[:cut]
            self._prune_at = max(_PRUNE_AT, 2 * len(self._times))

    def numbers_at(self, moment: datetime) -> tuple[int, int]:
        """(quantity, reserved) as they stood at `moment`; before the first known one, the first known ones."""
        index = bisect_right(self._times, moment) - 1
        return self._numbers[max(index, 0)]


@dataclass(frozen=True, slots=True)
class Decision:
    """What a push makes of a number: the new number, or a refusal code and sentence."""

    quantity: int | None
    code: str | None = None
    message: str | None = None


def sellable(profile: ShopProfile, pool: Pool) -> int:
    """What would still sell now (R), never below 0."""
    on_hand = profile.quantity_kind == "on_hand"
    return max(pool.quantity - pool.reserved if on_hand else pool.quantity, 0)


def decide(profile: ShopProfile, pool: Pool, item: QuantityItem) -> Decision:
    """What this item, valid for the shop's mode, makes of the pool's number. Changes nothing."""
    if item.delta is not None:
        return _decide_delta(profile, pool, item.delta)
    if item.expected is not None and item.expected != pool.quantity:
        return Decision(None, "stale_quantity", f"the number is {pool.quantity}, not {item.expected}")
    if item.quantity is None:
        return Decision(None, "listing_rejected", "no quantity was given")
    return bounded(profile, item.quantity)


def bounded(profile: ShopProfile, wanted: int) -> Decision:
    """`wanted` inside the shop's floor and ceiling: refused, lifted or cut as the profile says."""
    if profile.floor > 0 and wanted < profile.floor:
        if profile.floor_mode == "refuse":
            return Decision(None, "below_floor", f"this shop keeps no number below {profile.floor}")
        return Decision(profile.floor)
    if profile.ceiling is not None and wanted > profile.ceiling:
        return Decision(profile.ceiling, "above_ceiling", f"cut to {profile.ceiling}")
    return Decision(wanted)


def _decide_delta(profile: ShopProfile, pool: Pool, delta: int) -> Decision:
    wanted = pool.quantity + delta
    least = pool.reserved if profile.quantity_kind == "on_hand" else 0
    if delta < 0 and wanted < least:
        if profile.below_zero == "refuse":
            return Decision(None, "below_zero", f"{pool.quantity} is not enough to take {-delta} away")
        if profile.below_zero == "clamp":
            wanted = max(wanted, min(pool.quantity, least))
    return bounded(profile, wanted)
