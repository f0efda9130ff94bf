"""What may an operator say about stock? Goods in, corrections and counts, checked before they change anything.

Never touches what is reserved, and never lets a person's typing mistake into the books.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from syncworker.core.availability import StockLevel
from syncworker.core.model import MAX_QUANTITY
from syncworker.errors import InputError, UnknownSkuError
from syncworker.ledger.keys import keys_table
from syncworker.ledger.ledger import Snapshot, Transaction
from syncworker.ledger.schema import movement, product, product_part
from syncworker.ledger.stock import Effect, MovementKind, Place, apply_effects, lock, was_applied

#: The longest name of a location.
LOCATION_MAX = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """One part as counted at one location."""

    sku: str
    location: str
    units: int


def receive(
    tx: Transaction, sku: str, location: str, units: int, *, reference: str, actor: str, note: str = ""
) -> StockLevel:
    """Goods in: ``units`` (at least 1) more are there. The same ``reference`` counts once. Raises InputError."""
    _check_units(units, "The units received", least=1)
    level = _countable(tx, sku, location)
    _check_total(sku, level.on_hand + units)
    effect = _operators(
        sku, location, MovementKind.RECEIVE, units, reference=reference, actor=actor, note=note
    )
    return apply_effects(tx, [effect])[sku, location]


def adjust(
    tx: Transaction, sku: str, location: str, units: int, *, reason: str, reference: str, actor: str
) -> StockLevel:
    """Found or lost: ``units`` more (or less, below 0), with a reason. The same ``reference`` counts once.

    Raises InputError for 0, for no reason, and for more lost units than are on hand.
    """
    _check_units(units, "The correction", least=-MAX_QUANTITY)
    if units == 0:
        raise InputError(
            "A correction of 0 changes nothing. Say how many units more (+3) or less (-3) there are."
        )
    if not reason.strip():
        raise InputError("Say why the count changes, for instance --reason 'broken in the rain'.")
    level = _countable(tx, sku, location)
    if units < 0 and level.on_hand + units < 0:
        raise InputError(
            f"{sku}: {-units} cannot be taken away, only {max(level.on_hand, 0)} are on hand at {location}."
            " Count them and enter the number with `syncworker stock set`."
        )
    _check_total(sku, level.on_hand + units)
    effect = _operators(
        sku, location, MovementKind.ADJUST, units, reference=reference, actor=actor, note=reason.strip()
    )
    return apply_effects(tx, [effect])[sku, location]


def move(
    tx: Transaction,
    sku: str,
    units: int,
    *,
    origin: str,
    target: str,
    reference: str,
    actor: str,
    note: str = "",
) -> dict[Place, StockLevel]:
    """Carry ``units`` from one location to another. The same ``reference`` counts once.

    Raises InputError for more than nobody was promised at ``origin``: what is promised there has to stay.
    """
    _check_units(units, "The number of units", least=1)
    if origin == target:
        raise InputError("Goods are moved from one location to another: name two different ones.")
    for location in (origin, target):
        check_location(location)
    require_countable(tx, [sku])
    levels = lock(tx, [(sku, origin), (sku, target)])
    effects = [
        _operators(sku, origin, MovementKind.MOVE, -units, reference=reference, actor=actor, note=note),
        _operators(sku, target, MovementKind.MOVE, units, reference=reference, actor=actor, note=note),
    ]
    if was_applied(tx, effects):
        return levels
    if units > levels[sku, origin].available:
        raise InputError(
            f"{sku}: {units} cannot be moved, only {max(levels[sku, origin].available, 0)} are there at {origin}"
            " and promised to nobody."
        )
    _check_total(sku, levels[sku, target].on_hand + units)
    return apply_effects(tx, effects)


def count(
    tx: Transaction,
    sku: str,
    location: str,
    units: int,
    *,
    reference: str,
    actor: str,
    as_of: datetime | None = None,
    note: str = "",
) -> StockLevel:
    """A stock-take found ``units`` on hand at the moment ``as_of`` (now if ``None``); what moved since is kept.

    Pull the channels first, so that what was shipped before the count is recorded. The same ``reference`` counts once.
    Raises InputError.
    """
    counted = Counted(sku=sku, location=location, units=units)
    levels = count_all(tx, [counted], reference=reference, actor=actor, as_of=as_of, note=note)
    return levels[sku, location]


def count_all(
    tx: Transaction,
    counted: Sequence[Counted],
    *,
    reference: str,
    actor: str,
    source: str = "operator",
    as_of: datetime | None = None,
    note: str = "",
) -> dict[Place, StockLevel]:
    """:func:`count` for many parts at once, in a handful of statements; all or nothing."""
    for one in counted:
        _check_units(one.units, f"{one.sku}: the counted number", least=0)
        check_location(one.location)
    if as_of is not None and as_of > tx.now:
        raise InputError(
            f"A count as of {as_of.isoformat()} lies in the future. Give the time when it was counted."
        )
    require_countable(tx, sorted({one.sku for one in counted}))
    places = [(one.sku, one.location) for one in counted]
    levels = lock(tx, places)
    since = {} if as_of is None else _moved_since(tx, places, as_of)
    remark = note if as_of is None else f"as of {as_of.isoformat()} {note}".strip()
    effects = [
        _operators(
            one.sku,
            one.location,
            MovementKind.COUNT,
            one.units + since.get(place, 0) - levels[place].on_hand,
            reference=reference,
            actor=actor,
            note=remark,
            source=source,
        )
        for place, one in zip(places, counted, strict=True)
    ]
    return apply_effects(tx, effects)


def require_countable(tx: Snapshot, skus: Sequence[str]) -> None:
    """Raises UnknownSkuError, or InputError for a bundle: it has no count of its own."""
    keys, same = keys_table(tx.dialect, product, ["sku"], [(sku,) for sku in skus])
    known = set(tx.execute(sa.select(product.c.sku).join(keys, same)).scalars())
    keys, same = keys_table(tx.dialect, product_part, ["sku"], [(sku,) for sku in skus])
    bundles = set(tx.execute(sa.select(product_part.c.sku).join(keys, same).distinct()).scalars())
    for sku in skus:
        if sku not in known:
            raise UnknownSkuError(sku)
        if sku in bundles:
            raise InputError(
                f"{sku} is a bundle and has no count of its own: it follows its parts. Count the parts instead."
            )


def _countable(tx: Transaction, sku: str, location: str) -> StockLevel:
    check_location(location)
    require_countable(tx, [sku])
    return lock(tx, [(sku, location)])[sku, location]


def _moved_since(tx: Snapshot, places: Sequence[Place], moment: datetime) -> dict[Place, int]:
    """Units by which on hand changed after a moment."""
    keys, same = keys_table(tx.dialect, movement, ["sku", "location"], places)
    change = sa.func.sum(movement.c.on_hand_after - movement.c.on_hand_before)
    query = (
        sa.select(movement.c.sku, movement.c.location, change.label("units"))
        .join(keys, same)
        .where(movement.c.at > moment)
        .group_by(movement.c.sku, movement.c.location)
    )
    return {(row.sku, row.location): int(row.units) for row in tx.execute(query)}


def _operators(
    sku: str,
    location: str,
    kind: MovementKind,
    on_hand: int,
    *,
    reference: str,
    actor: str,
    note: str,
    source: str = "operator",
) -> Effect:
    return Effect(
        sku=sku,
        location=location,
        kind=kind,
        on_hand=on_hand,
        source=source,
        reference=reference,
        actor=actor,
        note=note,
    )


def _check_units(units: int, what: str, *, least: int) -> None:
    if isinstance(units, bool) or not isinstance(units, int):
        raise InputError(f"{what} must be a whole number, not {units!r}.")
    if units < least:
        raise InputError(f"{what} is {units}; it must be {least} or more.")
    if units > MAX_QUANTITY:
        raise InputError(f"{what} is {units}; more than {MAX_QUANTITY:,} is surely a typing mistake.")


def _check_total(sku: str, total: int) -> None:
    if total > MAX_QUANTITY:
        raise InputError(
            f"{sku} would have {total:,} units; more than {MAX_QUANTITY:,} is surely a typing mistake."
        )


def check_location(location: str) -> None:
    """Raises InputError for what cannot be the name of a location."""
    if (
        not location
        or location != location.strip()
        or len(location) > LOCATION_MAX
        or not location.isprintable()
    ):
        raise InputError(
            f"{location!r} is no name for a location: 1 to {LOCATION_MAX} printable characters, no space around."
        )
