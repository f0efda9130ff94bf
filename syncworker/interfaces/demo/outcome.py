"""What came of it? The referee's judgement, the calls, and the times, as one value: for people and for programs.

Takes sold and oversold from the shops' own logs alone; the ledger only tells whether its books are right.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from syncworker.interfaces.demo.happenings import PUSHES, Follower, Happening
from syncworker.interfaces.demo.told import PlanWatch, Road, Told, measure
from syncworker.sandbox.catalogue import Catalogue
from syncworker.sandbox.referee import Verdict, common_stock_sold, judge

if TYPE_CHECKING:
    from syncworker.interfaces.demo.stage import Stage

Events = Mapping[str, list[dict[str, object]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelOutcome:
    """One shop at the end."""

    #: set, compare_and_set, delta; own: the stall; catalogue: nobody buys there.
    mode: str
    orders: int
    #: Visits that were turned away while the units were there.
    turned_away: int
    pushes: int
    calls: int
    #: What its page shows at the end, by SKU.
    shows: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Everything that the summary says."""

    policy: str
    seed: int
    #: sold_out, time, interrupted
    ended: str
    seconds: float
    verdict: Verdict
    #: What one stock that every buyer sees at once would have sold to the same visits.
    ideal: int
    supply: int
    cancelled: int
    #: Requests that the shops got from us, by kind.
    calls: Mapping[str, int]
    channels: Mapping[str, ChannelOutcome]
    told: Mapping[Road, Told]
    untold: int
    #: What does not add up in the ledger.
    books: tuple[str, ...]

    @property
    def turned_away(self) -> int:
        """Visits that found nothing while units of all they wanted were there."""
        return self.verdict.turned_away_in_stock

    @property
    def pushes(self) -> int:
        """Numbers that shops were told."""
        return sum(channel.pushes for channel in self.channels.values())

    @property
    def is_as_promised(self) -> bool:
        """Whether the books are right and, unless ``shared`` was asked for, nothing was oversold."""
        return not self.books and (self.policy == "shared" or self.verdict.oversold == 0)

    def as_json(self) -> dict[str, object]:
        """The document of ``--json``; its keys stay."""
        return {
            "policy": self.policy,
            "seed": self.seed,
            "ended": self.ended,
            "seconds": self.seconds,
            "units": self.supply,
            "sold": self.verdict.sold,
            "oversold": self.verdict.oversold,
            "ideal": self.ideal,
            "visits": self.verdict.visits,
            "turned_away": self.turned_away,
            "turned_away_sold_out": self.verdict.turned_away - self.turned_away,
            "orders": self.verdict.orders,
            "cancelled": self.cancelled,
            "pushes": self.pushes,
            "calls": {**self.calls, "total": sum(self.calls.values())},
            "told": {road.value: asdict(told) for road, told in self.told.items()},
            "untold": self.untold,
            "parts": [asdict(part) for part in self.verdict.parts],
            "channels": {name: asdict(channel) for name, channel in self.channels.items()},
            "books": list(self.books),
        }


def judge_stage(
    stage: Stage,
    follower: Follower,
    watch: PlanWatch,
    sales: list[Happening],
    *,
    policy: str,
    seed: int,
    ended: str,
    seconds: float,
) -> Outcome:
    """Have the referee judge what happened, and read the times from the rows."""
    from syncworker.ledger.books import check_books

    catalogue, events = stage.catalogue, follower.events
    verdict = judge(catalogue, events.values())
    recipes = {sku: catalogue.recipe(sku) or {} for sku in catalogue.items}
    told, untold = measure(stage.app.ledger, watch, sales, recipes)
    with stage.app.ledger.snapshot() as tx:
        books = tuple(check_books(tx))
    calls = {name: _all_calls(stage, name, count_calls(lines)) for name, lines in events.items()}
    return Outcome(
        policy=policy,
        seed=seed,
        ended=ended,
        seconds=round(seconds, 1),
        verdict=verdict,
        ideal=common_stock_sold(catalogue, events.values()),
        supply=sum(catalogue.stock().values()),
        cancelled=sum(event.get("kind") == "cancel" for lines in events.values() for event in lines),
        calls=dict(sum(calls.values(), Counter[str]())),
        channels={name: _channel(stage, name, events, calls[name], follower) for name in sorted(events)},
        told=told,
        untold=untold,
        books=books,
    )


def count_calls(lines: list[dict[str, object]]) -> Counter[str]:
    """Requests of the engine, by kind: what one call did bears one key, or where there is none one time, and counts once."""
    calls = set()
    for event in lines:
        kind, what = event.get("kind"), None
        if kind == "list":
            what = "orders_asked"
        elif kind == "read":
            what = "numbers_read"
        elif kind == "publish" and not event.get("seed"):
            what = "published"
        elif kind in PUSHES:
            what = "numbers_told"
        if what is not None:
            calls.add((what, event.get("key") or event["time"]))
    return Counter(what for what, _ in calls)


def _all_calls(stage: Stage, name: str, known: Counter[str]) -> Counter[str]:
    """With those that leave nothing in the log, for instance looking whether a batch is done; the shop counts them all."""
    if name not in stage.shops:
        return known
    total = int(str(stage.shops[name].control.truth(orders=False)["calls"]))
    return known + Counter(other=max(0, total - sum(known.values())))


def _channel(
    stage: Stage, name: str, events: Events, calls: Counter[str], follower: Follower
) -> ChannelOutcome:
    lines = events[name]
    return ChannelOutcome(
        mode=stage.modes[name],
        orders=sum(event.get("kind") == "buy" for event in lines),
        turned_away=_turned_away(stage.catalogue, events, name),
        pushes=sum(event.get("kind") in PUSHES for event in lines),
        calls=sum(calls.values()),
        shows=follower.shown(name),
    )


def _turned_away(catalogue: Catalogue, events: Events, name: str) -> int:
    """Of this shop alone: its own misses taken out, how many fewer would the referee count?"""
    without = [
        [event for event in lines if shop != name or event.get("kind") != "turned_away"]
        for shop, lines in events.items()
    ]
    return (
        judge(catalogue, events.values()).turned_away_in_stock
        - judge(catalogue, without).turned_away_in_stock
    )
