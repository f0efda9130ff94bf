"""What does an order line, as the channel tells it now, change? Differences of levels, so that a repeat changes nothing.

Never counts events: a line is ordered, cancelled, shipped and returned *so far*, and only the difference to what was
recorded has an effect.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from syncworker.core import exposure
from syncworker.core.exposure import Bound
from syncworker.core.model import ChannelRules, Known


@dataclass(frozen=True, slots=True)
class Levels:
    """Units of one order line so far, cancelled ones included in ``ordered``."""

    ordered: int = 0
    cancelled: int = 0
    shipped: int = 0
    returned: int = 0

    @property
    def promised(self) -> int:
        """Units taken from what is available: not cancelled, or shipped all the same."""
        return max(self.ordered - self.cancelled, self.shipped)

    @property
    def reserved(self) -> int:
        """Promised units that are still in the house."""
        return self.promised - self.shipped

    def merged(self, other: Levels) -> Levels:
        """The furthest of two tellings that carry the same time."""
        return Levels(
            ordered=max(self.ordered, other.ordered),
            cancelled=max(self.cancelled, other.cancelled),
            shipped=max(self.shipped, other.shipped),
            returned=max(self.returned, other.returned),
        )

    def followed_by(self, newer: Levels) -> Levels:
        """``newer`` as recorded after this: what was shipped or returned stays so."""
        return Levels(
            ordered=newer.ordered,
            cancelled=newer.cancelled,
            shipped=max(self.shipped, newer.shipped),
            returned=max(self.returned, newer.returned),
        )


@dataclass(frozen=True, slots=True)
class LineFacts:
    """What the channel marks on a line, beside its levels."""

    counts_down: Known
    restocked: Known
    returned_restocked: Known
    placed_at: datetime
    #: The same two as they were recorded before; ``None`` for a line that is seen for the first time.
    was_restocked: Known | None = None
    was_returned_restocked: Known | None = None


@dataclass(frozen=True, slots=True)
class StockEffect:
    """Units of the sold SKU by which the counts of its parts change."""

    #: Units promised more (or, below 0, given back).
    promised: int
    #: Units that left the house.
    shipped: int

    @property
    def on_hand(self) -> int:
        """By how much the units that are there change."""
        return -self.shipped

    @property
    def reserved(self) -> int:
        """By how much the units promised and not shipped change."""
        return self.promised - self.shipped

    @property
    def is_nothing(self) -> bool:
        """Whether no count changes."""
        return self.promised == 0 and self.shipped == 0


def stock_effect(before: Levels, after: Levels) -> StockEffect:
    """Reserved for what is promised and not shipped; on hand falls by what shipped. Returned goods come back by goods-in."""
    return StockEffect(promised=after.promised - before.promised, shipped=after.shipped - before.shipped)


class Deed(StrEnum):
    """What happens to a part when a line changes; each deed is one movement."""

    RESERVE = "reserve"
    RELEASE = "release"
    SHIP = "ship"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartEffect:
    """Units by which the counts of one part change."""

    sku: str
    deed: Deed
    on_hand: int
    reserved: int


def effects(
    before: Levels,
    after: Levels,
    *,
    recipe_before: Mapping[str, int] | None = None,
    recipe: Mapping[str, int],
) -> tuple[PartEffect, ...]:
    """What the line's change means for its parts, at most once for each part and deed; what cancels out is left out.

    ``recipe_before`` is what it was counted with, if it was: where that is another one, all of it is undone first.
    """
    moved: dict[tuple[str, Deed], tuple[int, int]] = {}
    if recipe_before is not None and recipe_before != recipe:
        _add(moved, recipe_before, stock_effect(before, Levels()))
        before = Levels()
    _add(moved, recipe, stock_effect(before, after))
    return tuple(
        PartEffect(sku=sku, deed=deed, on_hand=on_hand, reserved=reserved)
        for (sku, deed), (on_hand, reserved) in moved.items()
        if on_hand or reserved
    )


def _add(
    moved: dict[tuple[str, Deed], tuple[int, int]], recipe: Mapping[str, int], effect: StockEffect
) -> None:
    promise = Deed.RESERVE if effect.promised > 0 else Deed.RELEASE
    for sku, units in recipe.items():
        on_hand, reserved = moved.get((sku, promise), (0, 0))
        moved[sku, promise] = on_hand, reserved + units * effect.promised
        on_hand, reserved = moved.get((sku, Deed.SHIP), (0, 0))
        moved[sku, Deed.SHIP] = on_hand - units * effect.shipped, reserved - units * effect.shipped


def first_levels(seen: Levels, *, is_history: bool) -> Levels:
    """What a line counts as recorded before it was first seen.

    Goods shipped before the channel was connected are not in the count any more: they have no effect.
    """
    return Levels(ordered=seen.shipped, shipped=seen.shipped) if is_history else Levels()


def move_bound(
    bound: Bound, before: Levels | None, after: Levels, facts: LineFacts, *, at: datetime, rules: ChannelRules
) -> Bound:
    """The pool's bound after this line; ``before`` is ``None`` when the line is seen for the first time."""
    if before is None:
        return _first_seen(bound, after, facts, at=at, rules=rules)
    cancelled = after.cancelled - before.cancelled
    bound = _ordered_more(bound, after.ordered - before.ordered, facts, at=at, rules=rules)
    if cancelled > 0:
        bound = exposure.cancelled(bound, cancelled, restocked_by_channel=facts.restocked, at=at)
    elif facts.restocked is Known.YES:
        # Taken back: sold again only if the cancellation had surely put the units back on sale.
        bound = _sold(bound, -cancelled, facts, at=at, rules=rules)
    late = _put_back_late(before.cancelled, after.cancelled, facts.was_restocked, facts.restocked)
    late += _put_back_late(
        before.returned, after.returned, facts.was_returned_restocked, facts.returned_restocked
    )
    bound = exposure.restocked(bound, late, at=at) if late else bound
    return _returned(bound, after.returned - before.returned, facts, at=at)


def _put_back_late(before: int, after: int, was: Known | None, now: Known) -> int:
    """Units whose line said that they are not on sale again, and that may be by now.

    Where newer ones came to them, "unknown" may speak of these alone.
    """
    if was is not Known.NO or now is Known.NO or (now is Known.UNKNOWN and after > before):
        return 0
    return min(before, after)


def _first_seen(bound: Bound, seen: Levels, facts: LineFacts, *, at: datetime, rules: ChannelRules) -> Bound:
    bound = _sold(bound, seen.ordered - seen.cancelled, facts, at=at, rules=rules)
    if seen.cancelled:
        bound = exposure.first_seen_cancelled(
            bound,
            seen.cancelled,
            restocked_by_channel=facts.restocked,
            placed_at=facts.placed_at,
            at=at,
            rules=rules,
        )
    return _returned(bound, seen.returned, facts, at=at)


def _sold(bound: Bound, units: int, facts: LineFacts, *, at: datetime, rules: ChannelRules) -> Bound:
    if units <= 0:
        return bound
    return exposure.sold(
        bound, units, counts_down=facts.counts_down, placed_at=facts.placed_at, at=at, rules=rules
    )


def _ordered_more(bound: Bound, units: int, facts: LineFacts, *, at: datetime, rules: ChannelRules) -> Bound:
    """An edit: more units are a sale; fewer are a cancellation."""
    if units > 0:
        return _sold(bound, units, facts, at=at, rules=rules)
    if units < 0:
        # What the channel marks on a line speaks of its cancelled units, not of an edit.
        return exposure.cancelled(bound, -units, restocked_by_channel=Known.UNKNOWN, at=at)
    return bound


def _returned(bound: Bound, units: int, facts: LineFacts, *, at: datetime) -> Bound:
    if units <= 0 or facts.returned_restocked is Known.NO:
        return bound
    return exposure.restocked(bound, units, at=at)
