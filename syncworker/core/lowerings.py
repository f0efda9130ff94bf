"""Which pools must show less, whatever the others need? Withdrawals, limits, deficits, holds and the safety stock.

Lowerings free units only once they are acknowledged or settled; nothing here counts them as free.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from syncworker.core.decision import Reason
from syncworker.core.sheet import Row, Sheet, lowering, setting

_LIMITS = {Reason.WITHDRAWN, Reason.LIMIT_PAUSE, Reason.LIMIT_AT_MOST, Reason.LIMIT_FIXED}


def obey_limits(sheet: Sheet) -> None:
    """Bring each pool down to what the operator allows: exactly where possible, at a set-only pool by way of 0."""
    for row in sheet.rows:
        if not row.is_movable or row.limit not in _LIMITS:
            continue
        if row.limit is Reason.WITHDRAWN and row.held == 0 and row.view.exposure is not None:
            row.decide(Reason.WITHDRAWN)
        elif row.view.exposure is None and row.high == 0:
            _withdraw_unknown(sheet, row)
        elif row.held > row.high and (row.seen > row.high or row.high == 0):
            _bring_down(sheet, row)


def _withdraw_unknown(sheet: Sheet, row: Row) -> None:
    """What may show anything is set to 0; over an open push not at every look, since that one alone may prove nothing.

    Where no 0 can be set blindly it is read back first, or a person has to say what it shows.
    """
    if row.view.zero_waits:
        return
    if row.can_set_zero:
        if not row.view.pending and (row.view.drainable or not row.is_open):
            drain(sheet, row, row.limit)
    elif row.view.rules.readable:
        row.decide(Reason.WAITS_FOR_READ)
    elif row.is_settled:
        row.decide(Reason.WAITS_FOR_PERSON)


def _bring_down(sheet: Sheet, row: Row) -> None:
    if row.sets_only:
        asked = row.high == 0 or row.view.drainable
        if row.can_set_zero and asked:
            drain(sheet, row, row.limit)
        else:
            row.decide(_why_not_zero(row, asked=asked))
        return
    units = min(row.seen - row.high, row.lowerable)
    if units > 0:
        lower(sheet, row, units, row.limit)
    elif row.seen > row.high:
        row.decide(_why_not_lower(row))


def _why_not_zero(row: Row, *, asked: bool) -> Reason:
    rules = row.view.rules
    if row.withdrawing:
        return row.limit if row.high == 0 else Reason.WAITS_FOR_SETTLE
    if not rules.zero_is_quantity or rules.floor > 0:
        return Reason.ZERO_IS_NO_QUANTITY
    return Reason.WAITS_FOR_SETTLE if asked else Reason.WAITS_FOR_LEAVE


def _why_not_lower(row: Row) -> Reason:
    if row.is_open:
        return Reason.WAITS_FOR_OUTCOME
    if row.lacks_number:
        return Reason.WAITS_FOR_READ
    return Reason.ZERO_IS_NO_QUANTITY


def lower(sheet: Sheet, row: Row, units: int, reason: Reason) -> None:
    """Plan an exact lowering; what it frees is on its way, not free."""
    row.decide(reason, lowering(row, units))
    sheet.will_free(row, units)


def drain(sheet: Sheet, row: Row, reason: Reason) -> None:
    """Plan a set 0; the whole bound is on its way, not free."""
    sheet.will_free(row, row.held - row.coming)
    row.decide(reason, setting(row, 0))


def cover_deficits(sheet: Sheet) -> None:
    """Lower until every part is covered again: exactly where possible, then by draining the fewest pools that do it."""
    for part in sorted(sheet.deficit):
        _cover(sheet, part, _lack_of_available, Reason.LOWERED_FOR_DEFICIT, Reason.DRAINED_FOR_DEFICIT)


def cover_holds(sheet: Sheet) -> None:
    """Lower until the holds can have what is there: exactly where possible, else the fewest pools that cover the lack go dark.

    No promise is at stake: a set-only pool is drained only with leave, and beside an unknown number nothing would come free.
    """
    for part in sorted(sheet.promised - sheet.unknown):
        _cover(sheet, part, _lack_of_wanted, Reason.LOWERED_FOR_HOLD, Reason.DRAINED_FOR_HOLD)
        lacks = _lack_of_wanted(sheet, part) > 0
        for row in _undecided(sheet, part) if lacks else ():
            if row.can_set_zero and not row.view.drainable:
                row.decide(Reason.WAITS_FOR_LEAVE)


def guard_safety_stock(sheet: Sheet) -> None:
    """Lower what is shown of the safety stock. No promise is at stake: a set-only pool is drained only with leave."""
    for part in sorted(sheet.parts):
        if part not in sheet.deficit and sheet.parts[part].safety_stock > 0:
            _cover(sheet, part, _lack_of_showable, Reason.LIMIT_SAFETY_STOCK, Reason.LIMIT_SAFETY_STOCK)


def _cover(
    sheet: Sheet, part: str, lack_of: Callable[[Sheet, str], int], lowered: Reason, drained: Reason
) -> None:
    urgent = drained is Reason.DRAINED_FOR_DEFICIT
    exact = [row for row in _undecided(sheet, part) if _may_lower(row, urgent=urgent)]
    for row, units in _shares_of_lack(exact, part, lack_of(sheet, part)):
        lower(sheet, row, units, lowered)
    if lowered is Reason.LOWERED_FOR_HOLD:
        # Where a lowering proves nothing the read-back after it does, and the shop goes on showing the rest.
        slow = [row for row in _undecided(sheet, part) if row.lowerable > 0 and row.view.rules.readable]
        for row, units in _shares_of_lack(slow, part, lack_of(sheet, part)):
            lower(sheet, row, units, lowered)
    dark = [row for row in _undecided(sheet, part) if _may_go_dark(row, urgent=urgent)]
    for row in _fewest(dark, part, lack_of(sheet, part)):
        drain(sheet, row, drained)


def _undecided(sheet: Sheet, part: str) -> list[Row]:
    return [row for row in sheet.escrow_rows if row.reason is None and part in row.view.recipe]


def _may_lower(row: Row, *, urgent: bool) -> bool:
    return row.lowerable > 0 and (urgent or row.lowers_exactly)


def _may_go_dark(row: Row, *, urgent: bool) -> bool:
    return row.can_set_zero and (urgent or row.view.drainable)


def _shares_of_lack(rows: list[Row], part: str, lack: int) -> list[tuple[Row, int]]:
    """Who is lowered by how much: first down to the targets, the furthest above first, then further."""
    rows = sorted(rows, key=lambda row: row.target - row.seen)
    units = dict.fromkeys(range(len(rows)), 0)
    for stop_at_target in (True, False):
        for i, row in enumerate(rows):
            per_sale = row.view.recipe[part]
            bottom = row.target if stop_at_target else 0
            more = min(-(-lack // per_sale), row.lowerable - units[i], row.seen - units[i] - bottom)
            if more > 0:
                units[i] += more
                lack -= more * per_sale
    return [(row, units[i]) for i, row in enumerate(rows) if units[i] > 0]


def _fewest(rows: Iterable[Row], part: str, lack: int) -> list[Row]:
    """The smallest pool that covers the lack alone; else the largest, and on with the rest."""
    left = sorted(rows, key=lambda row: (row.held - row.coming) * row.view.recipe[part])
    chosen: list[Row] = []
    while lack > 0 and left:
        alone = [row for row in left if (row.held - row.coming) * row.view.recipe[part] >= lack]
        row = alone[0] if alone else left[-1]
        left.remove(row)
        chosen.append(row)
        lack -= (row.held - row.coming) * row.view.recipe[part]
    return chosen


def _lack_of_available(sheet: Sheet, part: str) -> int:
    """Units by which the escrow pools exceed what is available, once all that is on its way has come."""
    return _held_later(sheet, part) - sheet.parts[part].available


def _lack_of_wanted(sheet: Sheet, part: str) -> int:
    """Units that the holds lack still, once all that is on its way has come."""
    return _held_later(sheet, part) - sheet.parts[part].for_pools


def _lack_of_showable(sheet: Sheet, part: str) -> int:
    """Units of the safety stock that are shown, once all that is on its way has come; slack is not shown."""
    slack = sum(_slack(row) * row.view.recipe.get(part, 0) for row in sheet.escrow_rows)
    return _held_later(sheet, part) - slack - (sheet.parts[part].for_pools - sheet.parts[part].safety_stock)


def _slack(row: Row) -> int:
    """Units that stay counted though its number does not show them; a set-only number gets rid of them by 0 alone."""
    return 0 if row.sets_only else max(0, row.held - row.coming - row.seen)


def _held_later(sheet: Sheet, part: str) -> int:
    held = sum(row.held * row.view.recipe.get(part, 0) for row in sheet.escrow_rows)
    return held - sheet.coming[part]
