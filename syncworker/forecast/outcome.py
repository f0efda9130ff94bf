"""What comes of one policy on average? Many runs of one setting, summed; the same seeds bring every policy the same buyers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from syncworker.core.model import PolicyChoice
from syncworker.forecast.setting import SAMPLES, Setting, Tally
from syncworker.forecast.world import World


@dataclass(frozen=True, slots=True)
class Point:
    """What lay there on average at one moment, in units of all parts."""

    second: float
    there: float
    #: Sold and not there.
    short: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Means over the runs, a run; units unless something else is said."""

    policy: PolicyChoice
    #: Seconds between two looks for orders, where it is one number for all shops.
    poll_s: float | None
    runs: int
    sold: float
    #: What one stock that every buyer sees at once would have sold to the same visits.
    one_stock: float
    oversold: float
    oversold_worst: int
    #: Runs in which anything was sold twice.
    runs_oversold: int
    #: Visits: all, those while the units were there; those that bought nothing, and of these the ones while the units were there.
    visits: float
    visits_in_stock: float
    turned_away: float
    turned_away_in_stock: float
    #: Requests: numbers sent, numbers read back, looks for orders.
    pushes: float
    reads: float
    pulls: float
    #: Orders cancelled, answers lost, orders listed late.
    cancelled: float
    lost_answers: float
    late_listings: float
    course: tuple[Point, ...]

    @property
    def calls(self) -> float:
        """All requests."""
        return self.pushes + self.reads + self.pulls


def forecast(setting: Setting, seeds: Iterable[int], *, done: Callable[[], None] = lambda: None) -> Forecast:
    """Play the setting once for each seed; ``done`` is told of each run."""
    tallies = []
    for seed in seeds:
        tallies.append(World(setting, seed).play())
        done()
    return _summed(setting, tallies)


def _summed(setting: Setting, tallies: Sequence[Tally]) -> Forecast:
    polls = {shop.rules.poll_s for shop in setting.shops if not shop.rules.own_number}

    def mean(figure: Callable[[Tally], float]) -> float:
        return fmean(map(figure, tallies))

    return Forecast(
        policy=setting.policy,
        poll_s=polls.pop() if len(polls) == 1 else None,
        runs=len(tallies),
        sold=mean(lambda one: one.sold),
        one_stock=mean(lambda one: one.common_sold),
        oversold=mean(lambda one: one.oversold),
        oversold_worst=max(one.oversold for one in tallies),
        runs_oversold=sum(one.oversold > 0 for one in tallies),
        visits=mean(lambda one: one.came),
        visits_in_stock=mean(lambda one: one.visits.total()),
        turned_away=mean(lambda one: one.came - one.bought),
        turned_away_in_stock=mean(lambda one: one.turned_away.total()),
        pushes=mean(lambda one: one.pushes),
        reads=mean(lambda one: one.reads),
        pulls=mean(lambda one: one.pulls),
        cancelled=mean(lambda one: one.cancelled),
        lost_answers=mean(lambda one: one.lost_answers),
        late_listings=mean(lambda one: one.late_listings),
        course=tuple(_point(setting, tallies, sample) for sample in range(SAMPLES)),
    )


def _point(setting: Setting, tallies: Sequence[Tally], sample: int) -> Point:
    moments = [one.course[sample] for one in tallies]
    return Point(
        second=setting.seconds * sample / SAMPLES,
        there=fmean(one.there for one in moments),
        short=fmean(one.short for one in moments),
    )
