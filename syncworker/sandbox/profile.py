"""What kind of shop is this? The declared habits of one pretend marketplace; never its state."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Literal

QuantityMode = Literal["set", "compare_and_set", "delta"]
QuantityKind = Literal["available", "on_hand"]
BelowZero = Literal["refuse", "clamp", "negative"]
FloorMode = Literal["refuse", "lift"]
Told = Literal["yes", "no", "unknown"]
Feeds = Literal["single", "split"]

#: Shop names become part of a path and of a file name.
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopProfile:
    """How one shop counts, answers and delays. All times are seconds; every number here is what the shop declares."""

    name: str
    currency: str = "IDR"
    #: Which one kind of quantity push the shop understands.
    quantity_mode: QuantityMode = "set"
    #: `available`: the number falls with each sale. `on_hand`: it falls on shipping, sellable = on hand - reserved.
    quantity_kind: QuantityKind = "available"
    #: What a delta does that would leave less than nothing to sell.
    below_zero: BelowZero = "refuse"
    #: Smallest number the shop keeps; a smaller one is refused or lifted to it.
    floor: int = 0
    floor_mode: FloorMode = "refuse"
    #: Largest number the shop keeps; a larger one is cut to it, and the echo shows that.
    ceiling: int | None = None
    #: A change of an order is listed by the feeds this long after it happened.
    visibility_lag_s: float = 0.0
    #: A set takes effect this long after it was answered `accepted`. Only for `set`.
    apply_lag_s: float = 0.0
    #: A read-back answers with the number of this long ago.
    read_lag_s: float = 0.0
    page_size: int = 50
    batch_max: int = 100
    #: At most so many calls in each window; 0 calls = no limit.
    rate_limit_calls: int = 0
    rate_limit_window_s: float = 1.0
    #: Whether a cancellation puts the units back on sale; `unknown`: sometimes, and the orders do not tell.
    restocks_on_cancel: Told = "yes"
    #: `split`: cancellations and returns are told by the second feed alone.
    feeds: Feeds = "single"
    #: No request takes effect later than this after it was sent.
    request_horizon_s: float = 30.0
    #: An idempotency key is remembered this long; 0 = not at all.
    idempotency_retention_s: float = 86_400.0
    #: False: numbers cannot be read back.
    readable: bool = True
    #: The shop's clock runs this far ahead of ours (negative: behind).
    clock_offset_s: float = 0.0

    def __post_init__(self) -> None:
        problems = list(_problems(self))
        if problems:
            raise ValueError(f"shop {self.name!r}: " + "; ".join(problems))

    def capabilities(self) -> dict[str, object]:
        """The declaration as `GET /shop` shows it: every field but name, currency and the clock's error."""
        shown = asdict(self)
        for hidden in ("name", "currency", "clock_offset_s"):
            del shown[hidden]
        return shown


def _problems(profile: ShopProfile) -> list[str]:
    found = []
    if not _NAME.fullmatch(profile.name) or profile.name == "control":
        found.append("a name is 1 to 40 of a-z, 0-9 and '-', and not 'control'")
    if profile.apply_lag_s and profile.quantity_mode != "set":
        found.append("apply_lag_s belongs to quantity_mode 'set' (order late arrival with the fault 'late')")
    if profile.floor < 0 or (profile.ceiling is not None and profile.ceiling < profile.floor):
        found.append("0 <= floor <= ceiling must hold")
    if profile.page_size < 1 or profile.batch_max < 1:
        found.append("page_size and batch_max are at least 1")
    lags = (profile.visibility_lag_s, profile.apply_lag_s, profile.read_lag_s, profile.request_horizon_s)
    if (
        min(*lags, profile.idempotency_retention_s, profile.rate_limit_window_s) < 0
        or profile.rate_limit_calls < 0
    ):
        found.append("lags, windows and limits are not negative")
    return found
