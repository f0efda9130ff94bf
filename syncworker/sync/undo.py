"""How is an import or an entry taken back? By opposite movements, once; what was sold since stays sold.

Deletes nothing, and brings back no words: titles, prices and parts that an import changed stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass

from syncworker.core.availability import StockLevel
from syncworker.errors import InputError
from syncworker.ledger import reversal, runs, stock
from syncworker.ledger.ledger import Snapshot, Transaction
from syncworker.ledger.reversal import UNDO, Entry
from syncworker.ledger.stock import Effect, MovementKind, Place
from syncworker.sync import goods
from syncworker.sync.context import Context

#: SKUs named in one sentence.
NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoRow:
    """What becomes of one count."""

    sku: str
    location: str
    #: Units that go (below 0) or come back.
    units: int
    before: StockLevel
    after: StockLevel

    @property
    def is_short(self) -> bool:
        """Whether more would be promised, or gone, than there is."""
        return self.after.available < 0 or self.after.on_hand < 0


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoPlan:
    """All that would be moved back; nothing has been yet."""

    entry: Entry
    rows: tuple[UndoRow, ...]

    @property
    def short(self) -> tuple[UndoRow, ...]:
        """Counts that would fall below what is promised."""
        return tuple(row for row in self.rows if row.is_short)


def find_entry(tx: Snapshot, name: str) -> Entry:
    """The import or entry called so: a run's id or the beginning of it, or the reference that its movements have."""
    found = reversal.entry_of(tx, name)
    if found is not None:
        return found
    candidates = reversal.references_starting_with(tx, name)
    if len(candidates) > 1:
        raise InputError(
            f"{name!r} begins {len(candidates)} or more entries: {', '.join(candidates)}. Give more of it."
        )
    found = reversal.entry_of(tx, candidates[0]) if candidates else None
    if found is None:
        raise InputError(
            f"{name!r} moved no stock: only an import, a count, goods in, a correction or a move can be undone."
            " `syncworker run list` and `syncworker stock history SKU` show them. An order has `order cancel`."
        )
    return found


def plan_undo(tx: Snapshot, name: str) -> UndoPlan:
    """What undoing it would move; InputError with the reason where it cannot be undone."""
    entry = find_entry(tx, name)
    _refuse(tx, entry)
    levels = stock.levels(tx, {sku for sku, _ in entry.units})
    rows = [_row(place, units, levels.get(place, StockLevel(0, 0))) for place, units in entry.units.items()]
    return UndoPlan(entry=entry, rows=tuple(sorted(rows, key=lambda row: (row.sku, row.location))))


def undo(tx: Transaction, context: Context, plan: UndoPlan, *, actor: str) -> UndoPlan:
    """Move it back, and have every shop looked at that sells one of the parts; the plan as it was carried out.

    InputError if it was undone or counted anew meanwhile, or if a count would fall short that the plan did not show so.
    """
    entry = plan.entry
    goods.hold_family(tx, entry.units)
    now = plan_undo(tx, entry.reference)
    approved = {(row.sku, row.location) for row in plan.short}
    surprising = [row.sku for row in now.short if (row.sku, row.location) not in approved]
    if surprising:
        raise InputError(
            f"Nothing was undone: {_named(surprising)} would fall short by now. Look at it again first."
        )
    stock.apply_effects(tx, [_effect(entry, row, actor=actor) for row in now.rows])
    goods.counts_changed(tx, [(row.sku, row.location) for row in now.rows])
    details = {
        "undone": entry.reference,
        "source": entry.source,
        "counts": len(now.rows),
        "short": [row.sku for row in now.short],
    }
    runs.record(tx, context.new_id(), kind="undo", actor=actor, details=details)
    return now


def _effect(entry: Entry, row: UndoRow, *, actor: str) -> Effect:
    return Effect(
        sku=row.sku,
        location=row.location,
        kind=MovementKind.ADJUST,
        on_hand=row.units,
        source=UNDO,
        reference=entry.reference,
        actor=actor,
        note=f"undo of {entry.kind.value} of {entry.at:%Y-%m-%d %H:%M} UTC by {entry.actor}",
    )


def _row(place: Place, units: int, level: StockLevel) -> UndoRow:
    sku, location = place
    after = StockLevel(level.on_hand - units, level.reserved)
    return UndoRow(sku=sku, location=location, units=-units, before=level, after=after)


def _refuse(tx: Snapshot, entry: Entry) -> None:
    at = reversal.undone_at(tx, entry.reference)
    if at is not None:
        raise InputError(f"This was undone already, at {at:%Y-%m-%d %H:%M} UTC. It is undone once.")
    bundles = reversal.bundles_among(tx, entry)
    if bundles:
        raise InputError(
            f"{_named(bundles)} became a bundle since and has no count of its own any more: it cannot be undone."
            " Correct the parts with `syncworker stock adjust`."
        )
    counted = reversal.counted_later(tx, entry)
    if counted:
        latest = next(reversed(counted.values()))
        raise InputError(
            f"{_named(sorted({sku for sku, _ in counted}))} was counted anew since: that count says what is there, whatever"
            f" was entered before. If the count was wrong, undo it first: `syncworker undo {latest}`."
        )


def _named(skus: list[str]) -> str:
    more = len(skus) - NAMED
    return ", ".join(skus[:NAMED]) + (f" and {more} more" if more > 0 else "")
