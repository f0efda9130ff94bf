"""How much should each pool show, and which pushes bring it there? A pure function of what is available and what is held.

The rule of `docs/no-oversell.md`: for every part, Σ units per sale × exposure ≤ available, in every plan. Nothing is stored
between plans and nothing is random: the same views give the same decisions, in whatever order they come.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from syncworker.core.catalogue import show_catalogues
from syncworker.core.decision import Decision, Part, PlannedPush, PoolView, Reason
from syncworker.core.lowerings import cover_deficits, cover_holds, guard_safety_stock, obey_limits
from syncworker.core.raises import raise_pools
from syncworker.core.sheet import Row, Sheet, lowering, open_sheet, raising, row_of, setting
from syncworker.core.targets import set_levels, set_targets, wants_more

__all__ = ["Decision", "Part", "PlannedPush", "PoolView", "Reason", "plan"]


def plan(parts: Mapping[str, Part], pools: Sequence[PoolView]) -> tuple[Decision, ...]:
    """One decision for each pool, in the order of ``pools``.

    Give every pool of each part, and for a bundle every pool of its parts: what is left out is not counted. A part that
    is missing from ``parts`` has nothing available. Planning again before the pushes are stored plans them again; once
    they are stored, acknowledged and settled, and nothing was sold meanwhile, the plan is empty after a few rounds.
    """
    rows = [row_of(view, place) for place, view in enumerate(pools)]
    for component in _components(rows):
        _plan_component(open_sheet(parts, component))
    return tuple(row.decision() for row in rows)


def _components(rows: Iterable[Row]) -> list[list[Row]]:
    """Pools that share parts, directly or over others: a plan never depends on what else is planned beside it."""
    owner: dict[str, int] = {}
    groups: dict[int, list[Row]] = {}
    for number, row in enumerate(rows):
        met = sorted({owner[part] for part, _ in row.recipe if part in owner})
        merged = [member for group in met for member in groups.pop(group)]
        groups[number] = [*merged, row]
        for member in groups[number]:
            owner.update((part, number) for part, _ in member.recipe)
    return [_in_turn(group) for group in groups.values()]


def _in_turn(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (row.view.channel, row.view.pool_id))


def _plan_component(sheet: Sheet) -> None:
    set_targets(sheet)
    _leave_alone(sheet)
    _freeze_followers(sheet)
    show_catalogues(sheet)
    obey_limits(sheet)
    _follow_stock(sheet)
    cover_deficits(sheet)
    _keep_frozen(sheet)
    cover_holds(sheet)
    guard_safety_stock(sheet)
    if any(wants_more(row) for row in sheet.escrow_rows):
        set_levels(sheet)
        raise_pools(sheet)
    _name_the_rest(sheet)


def _leave_alone(sheet: Sheet) -> None:
    """Pools that get nothing whatever happens, and those about which too little is known."""
    for row in sheet.rows:
        view = row.view
        if not view.in_sum:
            row.decide(Reason.OBSERVING)
        elif view.paused:
            row.decide(Reason.PAUSED)
        elif view.hold_back:
            row.decide(Reason.HELD_BACK)
        elif view.exposure is None and row.high > 0 and not row.is_catalogue:
            _find_out(row)


def _find_out(row: Row) -> None:
    """An unknown number is read back; where it cannot be, only a settled 0 tells what is left: nothing."""
    if row.view.rules.readable or row.is_open or row.view.pending:
        row.decide(Reason.WAITS_FOR_READ)
    elif not row.can_set_zero:
        row.decide(Reason.WAITS_FOR_PERSON)
    elif row.view.drainable:
        row.decide(Reason.CLEARED, setting(row, 0))
    else:
        row.decide(Reason.WAITS_FOR_LEAVE)


# --- frozen --------------------------------------------------------------------------------------------------------


def _freeze_followers(sheet: Sheet) -> None:
    """A frozen number that follows the stock (policy shared, or a catalogue) may only fall: by a set, to 0 alone."""
    for row in sheet.rows:
        if row.view.frozen is None or row.reason is not None or not (row.is_shared or row.is_catalogue):
            continue
        may_fall = row.number is not None and row.target < row.number
        if not may_fall or (row.target > 0 and (row.sets_only or row.is_catalogue)):
            row.decide(row.view.frozen)


def _keep_frozen(sheet: Sheet) -> None:
    """What safety asked of a frozen pool was decided before this; nothing else is."""
    for row in sheet.escrow_rows:
        if row.view.frozen is not None:
            row.decide(row.view.frozen)


# --- policy shared -------------------------------------------------------------------------------------------------


def _follow_stock(sheet: Sheet) -> None:
    """Shared pools show all that is available, as other tools do: only their admission differs, what they hold is kept."""
    for row in sheet.rows:
        if row.is_shared and row.reason is None:
            reason = _shared_obstacle(row)
            push = None if reason is not None else _shared_push(row)
            row.decide(reason or (Reason.FOLLOWS_STOCK if push else Reason.IN_BAND), push)
            if push is not None:
                sheet.take(row, push.raised)


def _shared_obstacle(row: Row) -> Reason | None:
    if row.number == row.target:
        return Reason.IN_BAND
    if row.sets_only and row.target == 0 and row.can_set_zero:
        return None
    unsure = _unfit_for_set(row) if row.sets_only else _unfit_for_difference(row)
    if unsure is None and row.target < row.lowest:
        return Reason.ZERO_IS_NO_QUANTITY if row.lowest == 1 else Reason.BELOW_FLOOR
    return unsure


def _unfit_for_set(row: Row) -> Reason | None:
    if row.view.unknown_push:
        return Reason.WAITS_FOR_OUTCOME
    return Reason.ADOPTING if row.view.lowering_only else None


def _unfit_for_difference(row: Row) -> Reason | None:
    if row.is_open:
        return Reason.WAITS_FOR_OUTCOME
    if row.number is None:
        return Reason.WAITS_FOR_READ
    return Reason.ADOPTING if row.view.lowering_only and row.number < row.target else None


def _shared_push(row: Row) -> PlannedPush | None:
    if row.sets_only:
        return setting(row, row.target) if row.target > 0 or row.can_set_zero else None
    units = row.target - max(row.number or 0, 0)
    if units == 0:
        return None
    return raising(row, units) if units > 0 else lowering(row, -units)


# --- words for the rest --------------------------------------------------------------------------------------------


def _name_the_rest(sheet: Sheet) -> None:
    for row in sheet.escrow_rows:
        if row.reason is None:
            row.decide(_standing(sheet, row))


def _standing(sheet: Sheet, row: Row) -> Reason:
    """Why a pool without a push stands where it stands."""
    if row.view.unknown_push:
        return Reason.WAITS_FOR_OUTCOME
    if row.sets_only and not row.is_settled:
        return Reason.WAITS_FOR_SETTLE
    if row.view.lowering_only:
        return Reason.ADOPTING
    if row.target > 0 or row.held > 0:
        return row.limit if row.limit is not Reason.IN_BAND and row.target >= row.high else Reason.IN_BAND
    if row.high == 0:
        return row.limit
    short = any(sheet.parts[part].available < per_sale for part, per_sale in row.recipe)
    if short:
        return Reason.NOTHING_LEFT
    if any(sheet.parts[part].for_pools < per_sale for part, per_sale in row.recipe):
        return Reason.WAITS_FOR_HOLD
    withheld = any(
        sheet.parts[part].for_pools - sheet.parts[part].safety_stock < per_sale
        for part, per_sale in row.recipe
    )
    return Reason.LIMIT_SAFETY_STOCK if withheld else Reason.SOLD_ELSEWHERE
