"""Which pools are raised, who lends the units for it, and which pool goes dark so that another can sell?

Admission: a raise is planned only if it fits into what is free of every part at this moment. Lowerings planned beside it
free their units for a later plan.
"""

from __future__ import annotations

from collections.abc import Sequence

from syncworker.core.decision import Reason
from syncworker.core.lowerings import drain, lower
from syncworker.core.sheet import Row, Sheet, raising, setting
from syncworker.core.targets import wants_more

#: A pool that lends keeps this share of what it could have in this round, and at least one unit.
KEPT_WHEN_LENDING = 0.25
#: A set-only pool that still sells is raised by a part of what it wants only if that is at least this share.
WORTH_A_SET = 0.5
#: What is free now is taken, instead of lent for once more, if it is at least this share of what could be reached.
NEAR_ENOUGH = 0.8


def raise_pools(sheet: Sheet) -> None:
    """Raise what has fallen out of its band, those that show nothing first; then lend and drain for who still waits."""
    waiting: list[Row] = []
    lent: dict[int, int] = {}
    for row in sorted((row for row in sheet.escrow_rows if _may_rise(sheet, row)), key=_turn):
        by = _raise_by_set if row.sets_only else _raise_by_difference
        if not by(sheet, row, lent):
            waiting.append(row)
    for row in sheet.escrow_rows:
        if lent.get(row.place):
            lower(sheet, row, lent[row.place], Reason.LENT)
    for row in waiting:
        _make_room(sheet, row)


def _turn(row: Row) -> tuple[bool, bool, float, int]:
    """Who shows nothing comes first, then set-only pools (they need the most cover), then by demand."""
    return row.seen > 0, not row.sets_only, -row.weight, row.place


def _may_rise(sheet: Sheet, row: Row) -> bool:
    """Decide for every pool that wants more and cannot be raised in this plan whatever is free."""
    if row.reason is not None or not wants_more(row):
        return False
    reason = _obstacle(sheet, row)
    if reason is not None:
        row.decide(reason)
    return reason is None


def _obstacle(sheet: Sheet, row: Row) -> Reason | None:
    if row.view.unknown_push:
        return Reason.WAITS_FOR_OUTCOME
    if row.view.open_push or (row.sets_only and row.view.pending):
        return Reason.WAITS_FOR_SETTLE
    if sheet.touches(row, sheet.unknown):
        return Reason.SIBLING_UNKNOWN
    if sheet.touches(row, sheet.deficit):
        return Reason.WAITS_FOR_DEFICIT
    if sheet.touches(row, sheet.promised):
        return Reason.WAITS_FOR_HOLD
    return Reason.WAITS_FOR_READ if row.lacks_number else None


def _raise_by_set(sheet: Sheet, row: Row, lent: dict[int, int]) -> bool:
    """A set needs its whole number free, since all that the pool held may be sold unseen."""
    wanted = max(row.level, row.view.rules.floor) if row.level > 0 else 0
    if wanted <= row.held:
        return False
    fits = min(wanted, sheet.room(row) - row.hidden)
    reach = min(wanted, _reach(sheet, row, lent) - row.hidden)
    if fits > row.held and (
        _is_worth_it(row, fits) or (_is_worth_it(row, reach) and fits >= NEAR_ENOUGH * reach)
    ):
        _admit(sheet, row, fits)
        return True
    if reach > row.held and _is_worth_it(row, reach):
        _borrow(sheet, row, reach + row.hidden, lent)
    return False


def _is_worth_it(row: Row, shown: int) -> bool:
    if shown < max(1, row.view.rules.floor):
        return False
    return row.seen == 0 or shown - row.held >= WORTH_A_SET * (row.level - row.held)


def _admit(sheet: Sheet, row: Row, shown: int) -> None:
    push = setting(row, shown)
    sheet.take(row, push.raised)
    row.decide(Reason.TOPPED_UP if row.seen else Reason.RAISED, push)


def _raise_by_difference(sheet: Sheet, row: Row, lent: dict[int, int]) -> bool:
    wanted = row.level - row.held
    if wanted <= 0:
        return False
    units = min(wanted, sheet.room(row))
    if units > 0 and row.held + units >= row.view.rules.floor:
        row.decide(Reason.TOPPED_UP if row.seen else Reason.RAISED, raising(row, units))
        sheet.take(row, units)
        return True
    _borrow(sheet, row, wanted, lent)
    return False


# --- lending -------------------------------------------------------------------------------------------------------


def _lendable(row: Row, borrower: Row, lent: dict[int, int]) -> int:
    """A set is lent cover that comes back at the settle; a difference takes units for good, so only from above a level."""
    if row is borrower or row.reason is not None or not row.lowers_exactly or row.lowerable == 0:
        return 0
    bottom = max(1, int(row.level * KEPT_WHEN_LENDING)) if row.level else 0
    if not borrower.sets_only:
        bottom = row.level
    bottom = max(bottom, min(row.low, row.level))
    return max(0, min(row.lowerable, row.seen - bottom) - lent.get(row.place, 0))


def _reach(sheet: Sheet, row: Row, lent: dict[int, int]) -> int:
    """Sales by which the pool could be raised once every lender had given what it can."""
    lenders = [(other, _lendable(other, row, lent)) for other in sheet.escrow_rows]
    reach: list[int] = []
    for part, per_sale in row.recipe:
        given = sum(units * other.view.recipe.get(part, 0) for other, units in lenders)
        reach.append((sheet.free[part] + sheet.soon[part] + given) // per_sale)
    return max(0, min(reach, default=0))


def _borrow(sheet: Sheet, row: Row, units: int, lent: dict[int, int]) -> None:
    """Have others lowered so that ``units`` become free, and keep what is free now for the borrower."""
    row.decide(Reason.WAITS_FOR_FREE_UNITS)
    for part, per_sale in row.recipe:
        lack = per_sale * units - sheet.free[part]
        awaited = min(max(lack, 0), sheet.soon[part])
        sheet.soon[part] -= awaited
        lack -= awaited
        for other in sorted(sheet.escrow_rows, key=lambda other: other.level - other.seen):
            per_other = other.view.recipe.get(part, 0)
            if lack > 0 and per_other:
                given = min(_lendable(other, row, lent), -(-lack // per_other))
                lent[other.place] = lent.get(other.place, 0) + given
                lack -= given * per_other
        sheet.free[part] = max(0, sheet.free[part] - per_sale * units)


# --- draining ------------------------------------------------------------------------------------------------------


def _make_room(sheet: Sheet, row: Row) -> None:
    """For a pool that waits: free the units bound in itself, or, if it shows nothing, drain the fullest pool beside it."""
    if row.seen == 0 and row.held > 0 and row.is_settled and row.can_set_zero:
        row.reason = None
        drain(sheet, row, Reason.CLEARED)
        return
    row.decide(Reason.WAITS_FOR_FREE_UNITS)
    if row.seen > 0:
        return
    for part, per_sale in row.recipe:
        if sheet.free[part] < per_sale and sheet.coming[part] < per_sale:
            donor = _fullest(sheet.escrow_rows, part)
            if donor is None:
                return
            drain(sheet, donor, Reason.DRAINED_FOR_DEMAND)


def _fullest(rows: Sequence[Row], part: str) -> Row | None:
    donors = [
        row
        for row in rows
        if row.reason is None
        and part in row.view.recipe
        and row.can_set_zero
        and row.is_settled
        and row.view.drainable
        and row.held > row.target
    ]
    return max(donors, key=lambda row: (row.held - row.target, -row.place), default=None)
