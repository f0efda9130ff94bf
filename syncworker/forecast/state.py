"""What is true at one moment of a run? The clock, the shelves, the pools and their open pushes; nothing decides here."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush

from syncworker.core.allocator import PlannedPush
from syncworker.core.exposure import Bound, OpenPush
from syncworker.core.model import QuantityMode
from syncworker.forecast.setting import Article, Shop

_START = datetime(2026, 1, 1, tzinfo=UTC)
#: Seconds for which sales tell where a SKU sells, as in the engine.
DEMAND_WINDOW_S = 7 * 24 * 3600.0


def moment(seconds: float) -> datetime:
    """A second of the run as the rules want it."""
    return _START + timedelta(seconds=seconds)


def seconds_of(at: datetime) -> float:
    """The other way round."""
    return (at - _START).total_seconds()


@dataclass(slots=True)
class Open:
    """A push that is not over."""

    planned: PlannedPush
    stored: OpenPush

    @property
    def is_set(self) -> bool:
        """Whether it names a number without regard to the one before."""
        return self.planned.kind is QuantityMode.SET


@dataclass(slots=True, eq=False)
class Pool:
    """One number at one shop: what is true of it, and what the engine holds to be true."""

    shop: Shop
    article: Article
    #: What buyers see.
    number: int = 0
    bound: Bound = field(default_factory=lambda: Bound(exposure=0))
    shown: int = 0
    shown_since: float = 0.0
    pushes: list[Open] = field(default_factory=list)
    #: Sales that the engine knows of: second, units.
    recent: deque[tuple[float, int]] = field(default_factory=deque)
    drained_at: float = -1e9
    #: After a refusal: until its shop was asked for orders, and its pause is over.
    held_back: bool = False
    not_before: float = 0.0
    refusals: int = 0
    #: It is to be proven empty: nobody can read what is left.
    withdraw: bool = False
    read_at: float | None = None

    @property
    def pool_id(self) -> str:
        """Its name to the allocator."""
        return f"{self.shop.name}/{self.article.sku}"

    def sales(self, now: float) -> int:
        """Units of the last week."""
        while self.recent and self.recent[0][0] < now - DEMAND_WINDOW_S:
            self.recent.popleft()
        return sum(units for _, units in self.recent)


@dataclass(slots=True, eq=False)
class Order:
    """One sale at a shop, and its end if it is cancelled."""

    pool: Pool
    units: int
    placed: float
    listed: float
    is_late: bool = False
    restocks: bool = False
    #: When it is cancelled, and when that is listed; ``None``: never.
    cancelled: float | None = None
    cancel_listed: float = 0.0
    #: What the engine has booked: the sale, and its end.
    is_recorded: bool = False
    is_closed: bool = False

    def is_listed(self, now: float) -> bool:
        """Whether the shop tells something of it that the engine may not know."""
        return self.listed <= now if not self.is_recorded else self.is_cancelled(now)

    def was_cancelled(self, now: float) -> bool:
        """Whether the buyer has changed their mind by now."""
        return self.cancelled is not None and self.cancelled <= now

    def is_cancelled(self, now: float) -> bool:
        """Whether the shop lists it as cancelled."""
        return self.cancelled is not None and self.cancel_listed <= now


class Timeline:
    """What happens next: moments in virtual time, in order, and of equal ones the first that was named."""

    def __init__(self) -> None:
        self.now = 0.0
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._ticket = 0

    @property
    def clock(self) -> datetime:
        """Now."""
        return moment(self.now)

    @property
    def next(self) -> float | None:
        """When the next thing happens; ``None`` after the last."""
        return self._queue[0][0] if self._queue else None

    def at(self, when: float, happen: Callable[[], None]) -> None:
        """Have this happen then."""
        self._ticket += 1
        heappush(self._queue, (when, self._ticket, happen))

    def advance(self) -> None:
        """Let the next thing happen."""
        self.now, _, happen = heappop(self._queue)
        happen()


def covers(units: Mapping[str, int], article: Article, sold: int = 1) -> bool:
    """Whether so many of it are there."""
    return all(units[part] >= per_sale * sold for part, per_sale in article.recipe.items())


def consume(units: dict[str, int], article: Article, sold: int) -> None:
    """Take the parts of so many; negative gives them back."""
    for part, per_sale in article.recipe.items():
        units[part] -= per_sale * sold
