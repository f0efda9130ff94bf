"""How many units should each pool show in the long run, and how many can it have now? Demand within the limits.

Fills in `target`, `level` and `weight` of the rows; never plans a push.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from syncworker.core.catalogue import IN_STOCK
from syncworker.core.decision import Reason
from syncworker.core.demand import Claim, hand_out, weights
from syncworker.core.model import MAX_QUANTITY, Limits
from syncworker.core.sheet import Row, Sheet


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the operator's limits and the channel leave of one pool's number, in sellable units."""

    low: int
    high: int
    #: Which of them holds the number down.
    reason: Reason


def bounds(row: Row, sellable: int) -> Bounds:
    """Strength: pause > at most > fixed > at least > share; ``sellable`` is what all pools together may show."""
    view = row.view
    if view.withdraw:
        return Bounds(0, 0, Reason.WITHDRAWN)
    if view.limits.pause:
        return Bounds(0, 0, Reason.LIMIT_PAUSE)
    low, high, reason = _limited(_with_default(row, sellable), sellable)
    ceiling = MAX_QUANTITY if view.rules.ceiling is None else max(0, view.rules.ceiling - row.hidden)
    if ceiling < high:
        high, reason = ceiling, Reason.AT_CEILING
    if high < view.rules.floor:
        return Bounds(0, 0, Reason.BELOW_FLOOR)
    return Bounds(min(max(low, 0), high), high, reason)


def _with_default(row: Row, sellable: int) -> Limits:
    """The counter keeps one unit, unless the operator says otherwise or there is but one."""
    limits = row.view.limits
    if row.view.rules.own_number and limits == Limits() and sellable >= 2:
        return Limits(at_least=1)
    return limits


def _limited(limits: Limits, sellable: int) -> tuple[int, int, Reason]:
    low, high, reason = 0, MAX_QUANTITY, Reason.IN_BAND
    if limits.share is not None:
        low = high = max(1, (sellable * limits.share + 50) // 100) if limits.share > 0 else 0
        reason = Reason.LIMIT_SHARE
    if limits.at_least is not None:
        low, high = max(low, limits.at_least), max(high, limits.at_least)
    if limits.fixed is not None:
        low = high = limits.fixed
        reason = Reason.LIMIT_FIXED
    if limits.at_most is not None and limits.at_most <= high:
        high, reason = limits.at_most, Reason.LIMIT_AT_MOST
    return low, max(high, 0), reason


def set_targets(sheet: Sheet) -> None:
    """What each pool should show once everything is settled."""
    showable = {name: part.for_pools - part.safety_stock for name, part in sheet.parts.items()}
    for row in sheet.rows:
        sellable = _sellable(row, showable)
        _apply(row, bounds(row, sellable))
        row.target = min(max(sellable, row.low), row.high, sellable) if row.view.in_sum else row.seen
        if row.is_catalogue:
            row.target = min(row.target, IN_STOCK)
    rows = sheet.escrow_rows
    for row, weight in zip(rows, weights([max(row.view.sales, 0.0) for row in rows]), strict=True):
        row.weight = weight
    _prefer_liquid(rows)
    for row, units in zip(rows, _above_floors(showable, rows), strict=True):
        row.target = units


#: Beside pools that can lend, a set-only pool claims this share of its demand: it is topped up when it needs more, while
#: units that it was given can only be taken back by going dark.
STIFF_SHARE = 0.5


def _prefer_liquid(rows: Sequence[Row]) -> None:
    liquid = {part for row in rows if row.lowers_exactly and not row.lacks_number for part, _ in row.recipe}
    for row in rows:
        if row.sets_only and all(part in liquid for part, _ in row.recipe):
            row.bulk = STIFF_SHARE


def _sellable(row: Row, showable: dict[str, int]) -> int:
    return max(0, min((showable[part] // per_sale for part, per_sale in row.recipe), default=0))


def _apply(row: Row, limit: Bounds) -> None:
    row.low, row.high, row.limit = limit.low, limit.high, limit.reason
    if row.view.lowering_only and row.held < row.high:
        row.low, row.high, row.limit = min(row.low, row.held), row.held, Reason.ADOPTING


def _above_floors(showable: dict[str, int], rows: Sequence[Row], *, within_target: bool = False) -> list[int]:
    """Hand out; a channel that cannot show so little shows nothing, and its units go to the others."""
    claims = [_claim(row, row.target if within_target else row.high) for row in rows]
    given = hand_out(showable, claims)
    if all(units == 0 or units >= row.lowest for row, units in zip(rows, given, strict=True)):
        return given
    lifted = [
        _claim(row, 0 if units < row.lowest else claim.high)
        for row, claim, units in zip(rows, claims, given, strict=True)
    ]
    return hand_out(showable, lifted)


def _claim(row: Row, high: int) -> Claim:
    low = max(row.low, row.view.rules.floor) if row.view.rules.floor > 0 else row.low
    return Claim(
        recipe=row.recipe, weight=row.weight, bulk=row.weight * row.bulk, low=min(low, high), high=high
    )


def wants_more(row: Row) -> bool:
    """Whether the pool has fallen out of its band: at or below half of its target."""
    return row.target > 0 and row.seen < row.target and 2 * row.seen <= row.target


def set_levels(sheet: Sheet) -> None:
    """What each pool can have in this round: set-only pools that are not to be raised keep what they hold.

    A set-only pool cannot give units but by going dark, so the others share what it leaves.
    """
    rows = sheet.escrow_rows
    kept = [_keeps(row) for row in rows]
    left = {name: part.for_pools - part.safety_stock for name, part in sheet.parts.items()}
    for row in sheet.rows:
        units = row.held if row.view.in_sum and row.is_shared else 0
        for part, per_sale in row.recipe:
            left[part] -= per_sale * units
    for row, keeps in zip(rows, kept, strict=True):
        row.level = keeps or 0
        for part, per_sale in row.recipe:
            left[part] -= per_sale * row.level
    moving = [row for row, keeps in zip(rows, kept, strict=True) if keeps is None]
    for row, units in zip(moving, _above_floors(left, moving, within_target=True), strict=True):
        row.level = units


def _keeps(row: Row) -> int | None:
    """Units that stay with the pool in this round; ``None`` if its number can be chosen."""
    rest = row.held - row.coming
    if row.push is not None:
        return 0 if row.sets_only else rest - row.push.lowered
    if not row.is_movable or row.view.lowering_only or row.view.exposure is None:
        return rest
    if row.sets_only and (not row.is_settled or not wants_more(row)):
        return rest
    return None
