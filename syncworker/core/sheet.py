"""How does the allocator keep count while it plans? One sheet: the pools that share parts, and what is free of each part.

Knows what a single push costs and frees; never decides who gets one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from syncworker.core.decision import Decision, Part, PlannedPush, PoolView, Reason
from syncworker.core.model import Policy, QuantityKind, QuantityMode


@dataclass(slots=True)
class Row:
    """One pool while it is planned. All numbers are sales of the pool, not units of its parts."""

    view: PoolView
    #: Where the decision belongs in the caller's order.
    place: int
    recipe: tuple[tuple[str, int], ...]
    weight: float = 1.0
    bulk: float = 1.0
    #: The bound as it is counted.
    held: int = 0
    #: What the pool most likely sells at this moment.
    seen: int = 0
    #: Units of the bound that open pushes are about to give back.
    coming: int = 0
    #: What the limits leave of its number.
    low: int = 0
    high: int = 0
    #: What holds the number down, if it stands at ``high``.
    limit: Reason = Reason.IN_BAND
    target: int = 0
    #: What the pool can have in this round, given what the others keep.
    level: int = 0
    push: PlannedPush | None = None
    reason: Reason | None = None

    @property
    def is_settled(self) -> bool:
        """Whether nothing about it is on its way."""
        return not (self.view.open_push or self.view.unknown_push or self.view.pending)

    @property
    def is_open(self) -> bool:
        """Whether a push of it is open."""
        return self.view.open_push or self.view.unknown_push

    @property
    def is_movable(self) -> bool:
        """Whether anything may be sent to it now."""
        view = self.view
        return view.in_sum and not view.paused and not view.hold_back

    @property
    def is_shared(self) -> bool:
        """Whether it shows the same units as others, on purpose."""
        return self.view.policy is Policy.SHARED

    @property
    def is_catalogue(self) -> bool:
        """Whether nobody can order there: it is in or out of stock, and holds nothing."""
        return not self.view.rules.takes_orders

    @property
    def number(self) -> int | None:
        """What the pool shows as far as anybody knows; our own number is known."""
        return self.held if self.view.rules.own_number else self.view.shown

    @property
    def sets_only(self) -> bool:
        """Whether its number can only be set, without regard to what it is."""
        return self.view.rules.mode is QuantityMode.SET and not self.view.rules.own_number

    @property
    def lowers_exactly(self) -> bool:
        """Whether a lowering frees its units once it is accepted."""
        return self.view.rules.lowers_exactly

    @property
    def lacks_number(self) -> bool:
        """Whether a compare-and-set cannot be sent, since nothing is known that it could expect."""
        rules = self.view.rules
        return rules.mode is QuantityMode.COMPARE_AND_SET and not rules.own_number and self.view.shown is None

    @property
    def withdrawing(self) -> bool:
        """Whether a set 0 is on its way or waits to be settled: a second one would free nothing more."""
        comes = self.view.zero_waits or self.coming >= self.held
        return not self.is_settled and self.held > 0 and comes

    @property
    def can_set_zero(self) -> bool:
        """Whether set 0 is possible and of use. It is admitted always, also over open pushes."""
        rules = self.view.rules
        if not (self.is_movable and self.sets_only and rules.floor <= 0 and rules.zero_is_quantity):
            return False
        if self.view.exposure is None:
            return not self.view.zero_waits
        return self.held > 0 and not self.withdrawing

    @property
    def lowest(self) -> int:
        """The smallest sellable number the channel can be brought to by a quantity."""
        rules = self.view.rules
        return max(rules.floor, 0 if rules.zero_is_quantity or rules.own_number else 1)

    @property
    def lowerable(self) -> int:
        """Units by which a compare-and-set or an adjustment can lower the number now."""
        if self.sets_only or not self.is_movable or self.is_open or self.lacks_number:
            return 0
        return max(0, self.seen - self.lowest)

    @property
    def hidden(self) -> int:
        """Units that a set must name beyond those for sale: at an on-hand channel its reserved ones."""
        return max(0, self.view.reserved) if self.view.rules.kind is QuantityKind.ON_HAND else 0

    def decide(self, reason: Reason, push: PlannedPush | None = None) -> None:
        """The first decision stands."""
        if self.reason is None:
            self.reason, self.push = reason, push

    def decision(self) -> Decision:
        """What the plan made of it."""
        return Decision(
            pool_id=self.view.pool_id,
            target=self.target,
            push=self.push,
            reason=self.reason or Reason.IN_BAND,
        )


def row_of(view: PoolView, place: int) -> Row:
    """A row with the numbers that follow from the view alone."""
    row = Row(view=view, place=place, recipe=tuple(sorted(view.recipe.items())))
    row.held = max(view.exposure or 0, 0)
    row.seen = row.held if row.number is None else min(row.held, max(row.number, 0))
    row.coming = _coming(row)
    return row


def _coming(row: Row) -> int:
    """Without the engine's own number: what a settle (or, at a clamping channel, a read) will cut down to ``shown``."""
    view = row.view
    if view.coming is not None:
        return min(max(view.coming, 0), row.held)
    clamps = view.rules.mode is not QuantityMode.SET and not row.lowers_exactly
    return row.held - row.seen if not row.is_settled or clamps else 0


@dataclass(slots=True)
class Sheet:
    """The pools of one component (pools that share parts, directly or over others) and its parts."""

    parts: Mapping[str, Part]
    rows: list[Row]
    #: Units of each part that raises may still take in this plan.
    free: dict[str, int] = field(default_factory=dict)
    #: Units of each part that lowerings of escrow pools, acknowledged or planned, will free.
    coming: dict[str, int] = field(default_factory=dict)
    #: Of these, units that need no settle: exact lowerings whose answer is awaited.
    soon: dict[str, int] = field(default_factory=dict)
    #: Parts of which some pool's exposure is unknown.
    unknown: frozenset[str] = frozenset()
    #: Parts of which the pools hold more than is available.
    deficit: frozenset[str] = frozenset()
    #: Parts of which the pools hold units that a hold lacks.
    promised: frozenset[str] = frozenset()

    @property
    def escrow_rows(self) -> list[Row]:
        """The pools that get units under the rule."""
        return [row for row in self.rows if row.view.in_sum and not row.is_shared and not row.is_catalogue]

    def fits(self, row: Row, units: int) -> bool:
        """Whether a raise by ``units`` sales is admitted."""
        return all(self.free[part] >= per_sale * units for part, per_sale in row.recipe)

    def room(self, row: Row) -> int:
        """Sales by which the pool could be raised now."""
        return max(0, min(self.free[part] // per_sale for part, per_sale in row.recipe))

    def take(self, row: Row, units: int) -> None:
        """A raise by so many sales uses its parts."""
        for part, per_sale in row.recipe:
            self.free[part] -= per_sale * units

    def will_free(self, row: Row, units: int, *, soon: bool = False) -> None:
        """A lowering by so many sales is on its way."""
        for part, per_sale in row.recipe:
            self.coming[part] += per_sale * units
            self.soon[part] += per_sale * units if soon else 0

    def touches(self, row: Row, parts: frozenset[str]) -> bool:
        """Whether one of the row's parts is among these."""
        return any(part in parts for part, _ in row.recipe)


def open_sheet(parts: Mapping[str, Part], rows: Sequence[Row]) -> Sheet:
    """Count what is held, free and coming of each part."""
    names = sorted({part for row in rows for part, _ in row.recipe})
    sheet = Sheet(parts={name: parts.get(name, Part(available=0)) for name in names}, rows=list(rows))
    sheet.free = {name: sheet.parts[name].for_pools for name in names}
    sheet.coming = dict.fromkeys(names, 0)
    sheet.soon = dict.fromkeys(names, 0)
    counted = [row for row in rows if row.view.in_sum]
    for row in counted:
        sheet.take(row, row.held)
        if not row.is_shared:
            sheet.will_free(row, row.coming, soon=row.is_open and row.lowers_exactly)
    sheet.unknown = frozenset(_parts_of(row for row in counted if row.view.exposure is None))
    _name_what_lacks(sheet)
    return sheet


def _name_what_lacks(sheet: Sheet) -> None:
    """Held beyond what is available is a deficit; held beyond what the holds leave is promised."""
    short = {name: units for name, units in sheet.free.items() if units < 0}
    wanted = {name: sheet.parts[name].wanted for name in short}
    sheet.promised = frozenset(name for name in short if wanted[name])
    sheet.deficit = frozenset(name for name, units in short.items() if units + wanted[name] < 0)


def _parts_of(rows: Iterable[Row]) -> Iterable[str]:
    return (part for row in rows for part, _ in row.recipe)


def lowering(row: Row, units: int) -> PlannedPush:
    """The push that lowers a compare-and-set, adjusting or own number by ``units`` ≤ ``row.lowerable``."""
    return _difference(row, -units, lowered=units if row.lowers_exactly else 0)


def raising(row: Row, units: int) -> PlannedPush:
    """The push that raises a compare-and-set, adjusting or own number by ``units``."""
    return _difference(row, units, raised=units)


def _difference(row: Row, units: int, *, raised: int = 0, lowered: int = 0) -> PlannedPush:
    rules = row.view.rules
    if rules.own_number:
        kind, expected = QuantityMode.COMPARE_AND_SET, row.view.exposure or 0
        return PlannedPush(
            kind=kind, value=row.held + units, expected=expected, raised=raised, lowered=lowered
        )
    if rules.mode is QuantityMode.ADJUST:
        return PlannedPush(kind=QuantityMode.ADJUST, value=units, raised=raised, lowered=lowered)
    expected = max(row.view.shown or 0, 0) + row.hidden
    return PlannedPush(
        kind=QuantityMode.COMPARE_AND_SET,
        value=expected + units,
        expected=expected,
        raised=raised,
        lowered=lowered,
    )


def setting(row: Row, shown: int) -> PlannedPush:
    """The push that sets the number so that ``shown`` can be sold; 0 withdraws and raises nothing.

    At an on-hand channel the reserved units are named too, and count as raised: they may come back on sale. Set 0 names
    0 there as well: below the reserved units nothing is for sale.
    """
    if shown <= 0:
        return PlannedPush(kind=QuantityMode.SET, value=0)
    value = max(shown + row.hidden, row.view.rules.floor)
    return PlannedPush(kind=QuantityMode.SET, value=value, raised=value)
