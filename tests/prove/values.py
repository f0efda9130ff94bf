"""What is a small world made of? Hashable values of one pool: what the channel knows, and what our side knows.

Time is counted in whole ticks; every moment is kept as its age, so that states that differ only in their date are one state.
Nothing here decides anything.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from types import EllipsisType
from typing import NamedTuple, TypeVar

from syncworker.core.exposure import Base, BaseKind, Bound, OpenPush, PushState, ReadStart
from syncworker.core.fulfilment import Levels, LineFacts
from syncworker.core.model import ChannelRules, Known

T = TypeVar("T")

#: The moment that every state regards as the present.
NOW = datetime(2024, 2, 29, tzinfo=UTC)
TICK = timedelta(seconds=1)
_AGES = {NOW - n * TICK: n for n in range(-64, 512)}

#: The kind of a row that stands for everything sent after a backup.
LOST = "lost"
#: Units ordered, cancelled, shipped and returned so far.
Told = tuple[int, int, int, int]


class Limit(NamedTuple):
    """:class:`Bound` with ages instead of dates."""

    exposure: int | None
    pending: int | None = None
    base: BaseKind | None = None
    base_age: int = 0
    base_sequence: int = 0
    settled: int | None = None
    raised: int = 0
    restocked: int = 0
    risen: int | None = None
    fallen: int | None = None


class News(NamedTuple):
    """A version of an order that we have not ingested."""

    told: Told
    age: int
    #: By how much the channel's number moved with it.
    moved: int
    #: It was visible when the pull under way began, so that a whole pull must find it.
    due: bool = False
    #: The channel had put back by then what it said was not on sale again, and the line says so.
    back: bool = False


class Order(NamedTuple):
    """One order line at the channel: what we ingested, and what we did not."""

    mark: int
    #: Age of the time that the channel stamped on it.
    placed: int
    seen: Told | None
    news: tuple[News, ...]
    #: What the backup knows of it, and what we ingested since.
    then: Told | None = None
    past: tuple[News, ...] = ()
    #: ``News.back`` of what we ingested, and of what the backup knows.
    seen_back: bool = False
    then_back: bool = False

    @property
    def is_back(self) -> bool:
        """Whether the channel has put the cancelled units back after all."""
        return self.news[-1].back if self.news else self.seen_back

    @property
    def truth(self) -> Told:
        """Its levels as the channel has them."""
        if self.news:
            return self.news[-1].told
        return self.seen or (0, 0, 0, 0)


class Request(NamedTuple):
    """One quantity request: our row, and whether the channel has applied it."""

    kind: str
    number: int
    #: The number that a compare-and-set was told to find.
    expected: int
    up: int
    restocked_before: int
    stored: int
    #: ``None`` once our side regards it as closed; it may land all the same.
    state: PushState | None
    acknowledged: int | None
    landed: bool
    echo: int | None = None


class Reading(NamedTuple):
    """A read-back that was asked for and not answered."""

    began: int
    exposure: int | None
    raised: int
    restocked: int
    #: Nothing was unseen when it began and nobody has bought since: its answer must explain every hand edit.
    clear: bool


class Chances(NamedTuple):
    """How often something may still happen in this world."""

    pushes: int
    cancels: int
    outside: int


class Backup(NamedTuple):
    """What a copy of our side knows; made while nothing is under way."""

    limit: Limit
    #: What orders that were ingested since have changed of available, in sales of this pool.
    change: int = 0


class Pool(NamedTuple):
    """One pool with everything that is under way for it."""

    shows: int
    limit: Limit
    chances: Chances
    requests: tuple[Request, ...] = ()
    reading: Reading | None = None
    #: A number that the channel may answer a read-back with, its age, and whether the read-back had begun.
    cached: tuple[int, int, bool] | None = None
    #: Age of the pull under way.
    pull: int | None = None
    orders: tuple[Order, ...] = ()
    #: Units that the outside put on sale and that we could not notice yet.
    gift: int = 0
    backup: Backup | None = None


class Move(NamedTuple):
    """One thing that may happen next to a pool."""

    label: str
    pool: Pool
    #: Units that must be free, per sale of this pool.
    need: int = 0
    #: Change of what our side calls available, in sales of this pool.
    available: int = 0
    #: Change of what is truly left (on hand less live orders, allowances counted), in sales of this pool.
    left: int = 0
    #: Declared as an outside event: a deficit may grow.
    outside: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What a connector marks on a line, and what the channel really does."""

    counts_down: Known = Known.YES
    really_counts: bool = True
    restocked: Known = Known.YES
    really_restocks: bool = True
    returned: Known = Known.YES
    really_returns: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """One pool's channel and what may happen there."""

    rules: ChannelRules
    shows: int = 0
    #: ``...`` is what it shows.
    exposure: int | EllipsisType | None = ...
    #: Units of each part that one sale consumes.
    recipe: tuple[int, ...] = (1,)
    #: The largest number that is sent.
    most: int = 1
    pushes: int = 2
    cancels: int = 0
    outside: int = 0
    #: What else may happen; the names are those of `channel.py` and `engine.py`.
    may: frozenset[str] = frozenset()
    marks: tuple[Mark, ...] = (Mark(),)
    #: By how many ticks the channel may stamp an order too early.
    stamps: tuple[int, ...] = (0,)
    #: Ticks that a pull or a read-back may take.
    patience: int = 0
    #: Whether states that behave alike are merged.
    merges: bool = True
    lands_in: int = field(init=False)

    def __post_init__(self) -> None:
        """An unanswered request can land for one and a half horizons after it was stored."""
        object.__setattr__(self, "lands_in", int(1.5 * self.rules.horizon_s))

    @property
    def visible(self) -> int:
        return int(self.rules.visibility_lag_s)

    @property
    def applies(self) -> int:
        return int(self.rules.apply_lag_s)

    @property
    def reads(self) -> int:
        return int(self.rules.read_lag_s)


def start(shop: Shop) -> Pool:
    """The pool before anything happens."""
    exposure = shop.shows if shop.exposure is ... else shop.exposure
    return Pool(shop.shows, Limit(exposure), Chances(shop.pushes, shop.cancels, shop.outside))


def unseen_of(pool: Pool) -> int:
    """By how much the channel's number has fallen in sales that we have not ingested."""
    return -sum(news.moved for order in pool.orders for news in order.news)


def moment(age: int) -> datetime:
    """The date of an age."""
    return NOW - age * TICK


@lru_cache(maxsize=200_000)
def bound_of(limit: Limit) -> Bound:
    """The core's value."""
    base = None
    if limit.base is not None:
        base = Base(kind=limit.base, at=moment(limit.base_age), sequence=limit.base_sequence)
    return Bound(
        exposure=limit.exposure,
        pending=limit.pending,
        base=base,
        settled_at=None if limit.settled is None else moment(limit.settled),
        raised=limit.raised,
        restocked=limit.restocked,
        risen_at=None if limit.risen is None else moment(limit.risen),
        fallen_at=None if limit.fallen is None else moment(limit.fallen),
    )


def limit_of(bound: Bound) -> Limit:
    """The core's value with ages."""
    base = bound.base
    return Limit(
        bound.exposure,
        bound.pending,
        None if base is None else base.kind,
        0 if base is None else _AGES[base.at],
        0 if base is None else base.sequence,
        None if bound.settled_at is None else _AGES[bound.settled_at],
        bound.raised,
        bound.restocked,
        None if bound.risen_at is None else _AGES[bound.risen_at],
        None if bound.fallen_at is None else _AGES[bound.fallen_at],
    )


@lru_cache(maxsize=50_000)
def push_of(request: Request) -> OpenPush:
    """Our row of a request."""
    return OpenPush(
        state=request.state or PushState.SETTLED,
        raised=request.up,
        restocked_before=request.restocked_before,
        stored_at=moment(request.stored),
        acknowledged_at=None if request.acknowledged is None else moment(request.acknowledged),
        echo=request.echo,
        stands_in=request.kind == LOST,
    )


def read_of(reading: Reading) -> ReadStart:
    """Our row of a read-back."""
    return ReadStart(
        began_at=moment(reading.began),
        exposure=reading.exposure,
        raised=reading.raised,
        restocked=reading.restocked,
    )


def levels_of(told: Told | None) -> Levels | None:
    """The core's value; ``None`` for an order that was never seen."""
    return None if told is None else Levels(*told)


def facts_of(mark: Mark, order: Order, news: News) -> LineFacts:
    """What the connector says of a line, beside what it said when we ingested it last."""
    is_new = order.seen is None
    return LineFacts(
        counts_down=mark.counts_down,
        restocked=Known.YES if news.back else mark.restocked,
        returned_restocked=mark.returned,
        placed_at=moment(order.placed),
        was_restocked=None if is_new else Known.YES if order.seen_back else mark.restocked,
        was_returned_restocked=None if is_new else mark.returned,
    )


def swap(items: tuple[T, ...], index: int, *new: T) -> tuple[T, ...]:
    """The tuple with one item replaced, or removed."""
    return items[:index] + new + items[index + 1 :]
