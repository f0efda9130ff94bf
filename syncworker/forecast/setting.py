"""What is played, and what came of it? Shops, articles, visits, upsets, and the tally; nothing happens here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from syncworker.core.model import ChannelRules, Limits, Policy, PolicyChoice

#: Moments at which the course of a run is noted, evenly over its time.
SAMPLES = 480


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """One pretend marketplace."""

    name: str
    #: Its share of the visits.
    popularity: float
    rules: ChannelRules
    #: Seconds after which an order is really listed; never above what is declared.
    visibility_s: tuple[float, float] = (1.0, 10.0)
    #: Seconds from sending a request to its answer; the number changes half way.
    latency_s: float = 0.2
    #: Units that the engine remembers from the week before, for every SKU.
    history: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One SKU, what a sale consumes, and its share of the visits."""

    sku: str
    recipe: Mapping[str, int]
    wanted: float = 1.0


class Visit(NamedTuple):
    """One buyer: when, where, for what, and how many; who finds fewer than that goes away."""

    at_s: float
    shop: str
    sku: str
    units: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Upsets:
    """What goes wrong. Shares are of 1; nothing does unless something is said."""

    #: Of the orders, cancelled later, between the two seconds after they were placed.
    cancelled: float = 0.0
    cancelled_after_s: tuple[float, float] = (30.0, 3600.0)
    #: Of the cancellations, those where the shop puts the units back on sale by itself.
    restocked: float = 0.5
    #: Of the numbers sent, those whose answer never comes: a third lands at once, a third late, a third never.
    lost_answers: float = 0.0
    #: Of the orders and cancellations, listed so many seconds after they happened, instead of as usual.
    late_listings: float = 0.0
    late_by_s: float = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What is played: stock, articles, shops, buyers."""

    parts: Mapping[str, int]
    articles: Sequence[Article]
    shops: Sequence[Shop]
    #: Buyers of the model, by the shares of shops and articles.
    visitors_per_h: float = 0.0
    seconds: float
    #: Who comes instead of them, by seed, in the order of time.
    buyers: Callable[[int], Sequence[Visit]] | None = None
    policy: PolicyChoice = field(default_factory=lambda: PolicyChoice(Policy.ESCROW))
    limits: Mapping[tuple[str, str], Limits] = field(default_factory=dict)
    upsets: Upsets = field(default_factory=Upsets)
    #: Whether it goes on when nothing can be sold any more, so that every policy counts the same visits.
    to_the_end: bool = False


@dataclass(frozen=True, slots=True)
class Moment:
    """What lay there at one moment: units of all parts, and units that were sold and are not there."""

    there: int
    short: int


@dataclass(slots=True)
class Tally:
    """What came of one run. ``visits`` and ``turned_away`` count only visits while the units were there, by shop."""

    #: Units sold and not cancelled, and what one stock for all buyers would have sold of the same.
    sold: int = 0
    common_sold: int = 0
    #: For each part the most that was ever missing.
    short: Counter[str] = field(default_factory=Counter)
    #: Numbers sent, numbers read back, and times that a shop was asked for orders.
    pushes: int = 0
    reads: int = 0
    pulls: int = 0
    refused: int = 0
    #: Every visit, also those that came when all was gone, and those that bought.
    came: int = 0
    bought: int = 0
    visits: Counter[str] = field(default_factory=Counter)
    turned_away: Counter[str] = field(default_factory=Counter)
    #: The same, of visits while a unit of each part was there for every shop: with fewer, some shop has to show 0.
    enough: Counter[str] = field(default_factory=Counter)
    turned_away_with_enough: Counter[str] = field(default_factory=Counter)
    cancelled: int = 0
    lost_answers: int = 0
    late_listings: int = 0
    #: Largest Σ units × exposure − available that was ever seen after a change; above 0 the rule was broken.
    over_bound: int = -(10**9)
    course: list[Moment] = field(default_factory=list)

    @property
    def oversold(self) -> int:
        """Units sold that were not there; one that is cancelled later still counts."""
        return self.short.total()

    @property
    def calls(self) -> int:
        """Requests for numbers; asking for orders is regular and counted in ``pulls``."""
        return self.pushes + self.reads
