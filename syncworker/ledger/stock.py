"""How many units are there, and why? The only place that changes stock: each change leaves a movement beside it.

Never rejects a recorded sale: an effect is applied whatever it makes of the count. Guards belong to holds and to what an
operator types (``stock_count.py``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from syncworker.core.availability import StockLevel
from syncworker.errors import UnknownSkuError
from syncworker.ledger.keys import key_values, keys_table, named_keys
from syncworker.ledger.ledger import Snapshot, Transaction
from syncworker.ledger.rows import parameters
from syncworker.ledger.schema import movement, product, stock
from syncworker.ledger.upsert import insert_for

#: A part at a location: (SKU, location).
Place = tuple[str, str]


class MovementKind(StrEnum):
    """Why a count changed."""

    RESERVE = "reserve"
    RELEASE = "release"
    SHIP = "ship"
    RECEIVE = "receive"
    ADJUST = "adjust"
    COUNT = "count"
    HOLD = "hold"
    UNHOLD = "unhold"
    MOVE = "move"


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """Units by which one part's counts change at one location, and what it happens for.

    (source, reference, line, step, sku, location, kind) names it: an effect of the same name happens once.
    """

    sku: str
    location: str
    kind: MovementKind
    on_hand: int = 0
    reserved: int = 0
    #: The channel's name for an order, else "operator", "import", "hold".
    source: str
    reference: str
    line: str = ""
    step: int = 0
    actor: str
    note: str = ""

    @property
    def place(self) -> Place:
        """The part that it changes."""
        return self.sku, self.location

    @property
    def key(self) -> tuple[str, str, str, int, str, str, str]:
        """What names it: it happens once."""
        return self.source, self.reference, self.line, self.step, self.sku, self.location, self.kind.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One row of ``movement``, as people see it."""

    id: int
    sku: str
    location: str
    version: int
    kind: MovementKind
    before: StockLevel
    after: StockLevel
    source: str
    reference: str
    line: str
    step: int
    actor: str
    note: str
    at: datetime


@dataclass(frozen=True, slots=True)
class _Count:
    """A stock row as locked: its level and how many movements led to it."""

    level: StockLevel
    version: int

    def after(self, effect: Effect) -> _Count:
        level = StockLevel(self.level.on_hand + effect.on_hand, self.level.reserved + effect.reserved)
        return _Count(level, self.version + 1)


_KEY = ("source", "reference", "line", "step", "sku", "location", "kind")
_PLACE = ("sku", "location")
_MOVE = sa.insert(movement)
_WRITE = (
    sa.update(stock)
    .where(stock.c.sku == sa.bindparam("at_sku"), stock.c.location == sa.bindparam("at_location"))
    .values(parameters("on_hand", "reserved", "version"))
)


def apply_effects(tx: Transaction, effects: Sequence[Effect]) -> dict[Place, StockLevel]:
    """Apply each effect once, in order; the levels afterwards of every part named.

    An effect that was applied before, or stands twice in ``effects``, is skipped. Effects of one part are chained: each
    one's ``before`` is the last one's ``after``. A missing stock row starts at 0/0. However many effects there are, it is
    a handful of statements. Raises UnknownSkuError for a part that is not in the catalogue.
    """
    counts = _lock_rows(tx, {effect.place for effect in effects})
    changed: set[Place] = set()
    rows: list[dict[str, object]] = []
    for effect in _not_yet_applied(tx, effects):
        before = counts[effect.place]
        after = counts[effect.place] = before.after(effect)
        rows.append(_movement_row(effect, before, after, tx.now))
        changed.add(effect.place)
    if rows:
        tx.execute(_MOVE, rows)
        _write_counts(tx, {place: counts[place] for place in sorted(changed)})
    return {place: count.level for place, count in counts.items()}


def was_applied(tx: Transaction, effects: Sequence[Effect]) -> bool:
    """Whether each of these effects was applied before."""
    return not _not_yet_applied(tx, effects)


def lock(tx: Transaction, places: Iterable[Place], *, everywhere: bool = False) -> dict[Place, StockLevel]:
    """Levels whose rows nobody else changes until this transaction ends; locked in sorted order, so never a deadlock.

    A part without a stock row gets one at 0/0. ``everywhere``: the parts' rows at all other locations as well. Raises
    UnknownSkuError for a part that is not in the catalogue.
    """
    counts = _lock_rows(tx, places, everywhere=everywhere)
    return {place: count.level for place, count in counts.items()}


def lock_skus(tx: Transaction, skus: Iterable[str]) -> dict[Place, StockLevel]:
    """:func:`lock` for every location that these parts have a stock row at; creates none."""
    return {place: count.level for place, count in _locked(tx, skus=sorted(set(skus))).items()}


def take(
    tx: Transaction,
    sku: str,
    location: str,
    units: int,
    *,
    reference: str,
    step: int,
    actor: str,
    note: str = "",
) -> bool:
    """Reserve ``units`` for a hold if that many are available; False, and nothing changed, if not.

    That enough stays for what the channels may sell is the caller's business. The same (reference, step) is taken once.
    """
    effect = Effect(
        sku=sku,
        location=location,
        kind=MovementKind.HOLD,
        reserved=units,
        source="hold",
        reference=reference,
        step=step,
        actor=actor,
        note=note,
    )
    level = lock(tx, [effect.place])[effect.place]
    if not _not_yet_applied(tx, [effect]):
        return True
    if level.available < units:
        return False
    apply_effects(tx, [effect])
    return True


def levels(tx: Snapshot, parts: Iterable[str] | None = None) -> dict[Place, StockLevel]:
    """Levels by (SKU, location), of these parts or of all; a part that never moved has none."""
    query = sa.select(stock).where(stock.c.version > 0).order_by(stock.c.sku, stock.c.location)
    if parts is not None:
        keys, same = keys_table(tx.dialect, stock, ["sku"], [(part,) for part in sorted(set(parts))])
        query = query.join(keys, same)
    return {(row.sku, row.location): StockLevel(row.on_hand, row.reserved) for row in tx.execute(query)}


def history(
    tx: Snapshot, sku: str, *, location: str | None = None, before: int | None = None, most: int = 100
) -> list[Movement]:
    """The latest movements of a part, newest first; the latest of those before number ``before``, if one is given."""
    query = sa.select(movement).where(movement.c.sku == sku).order_by(movement.c.id.desc()).limit(most)
    if location is not None:
        query = query.where(movement.c.location == location)
    if before is not None:
        query = query.where(movement.c.id < before)
    return [_movement(row) for row in tx.execute(query).mappings()]


def movements_for(tx: Snapshot, source: str, reference: str, *, most: int = 1_000) -> list[Movement]:
    """What was moved for one order, delivery note or import, oldest first."""
    query = sa.select(movement).where(movement.c.source == source, movement.c.reference == reference)
    return [_movement(row) for row in tx.execute(query.order_by(movement.c.id).limit(most)).mappings()]


def _movement(row: RowMapping) -> Movement:
    return Movement(
        id=row["id"],
        sku=row["sku"],
        location=row["location"],
        version=row["version"],
        kind=MovementKind(row["kind"]),
        before=StockLevel(row["on_hand_before"], row["reserved_before"]),
        after=StockLevel(row["on_hand_after"], row["reserved_after"]),
        source=row["source"],
        reference=row["reference"],
        line=row["line"],
        step=row["step"],
        actor=row["actor"],
        note=row["note"],
        at=row["at"],
    )


def _lock_rows(tx: Transaction, places: Iterable[Place], *, everywhere: bool = False) -> dict[Place, _Count]:
    wanted = sorted(set(places))
    skus = sorted({sku for sku, _ in wanted}) if everywhere else None
    counts = _locked(tx, skus=skus, places=wanted, only_if_all=True)
    if not counts.keys() >= set(wanted):
        _create_rows(tx, wanted)
        counts = _locked(tx, skus=skus, places=wanted)
    return counts


def _locked(
    tx: Transaction,
    *,
    skus: Sequence[str] | None = None,
    places: Sequence[Place] = (),
    only_if_all: bool = False,
) -> dict[Place, _Count]:
    """The rows of these parts wherever they lie, else of these places, locked.

    ``only_if_all``: where PostgreSQL misses one of the places, it locks and returns none. Creating a row may have to wait
    for somebody who creates it too, and whoever waits with others locked can meet that one in a deadlock. SQLite has one
    writer at a time.
    """
    is_asked = only_if_all and tx.dialect == "postgresql"
    values: dict[str, object] = {}
    if skus is not None:
        values |= key_values(tx.dialect, "skus", [(sku,) for sku in skus], width=1)
    if skus is None or is_asked:
        values |= key_values(tx.dialect, "places", places, width=len(_PLACE))
    if is_asked:
        values["all"] = len(places)
    query = _locking(tx.dialect, by_sku=skus is not None, only_if_all=is_asked)
    return {
        (row.sku, row.location): _Count(StockLevel(row.on_hand, row.reserved), row.version)
        for row in tx.execute(query, values)
    }


@cache
def _locking(dialect: str, *, by_sku: bool, only_if_all: bool) -> sa.Select[*tuple[object, ...]]:
    places = named_keys(dialect, stock, _PLACE, "places")
    keys, same = named_keys(dialect, stock, ["sku"], "skus") if by_sku else places
    query = sa.select(stock).join(keys, same).with_for_update(of=stock, key_share=True)
    if only_if_all:
        found = sa.select(sa.func.count()).select_from(stock.join(*places)).correlate(None)
        query = query.where(found.scalar_subquery() >= sa.bindparam("all", type_=sa.Integer))
    if dialect == "postgresql":
        # One order of locking for everybody, whatever collation the database has.
        return query.order_by(*(sa.collate(column, "C") for column in (stock.c.sku, stock.c.location)))
    return query.order_by(stock.c.sku, stock.c.location)


def _create_rows(tx: Transaction, places: Sequence[Place]) -> None:
    skus = sorted({sku for sku, _ in places})
    keys, same = keys_table(tx.dialect, product, ["sku"], [(sku,) for sku in skus])
    known = set(tx.execute(sa.select(product.c.sku).join(keys, same)).scalars())
    for sku in skus:
        if sku not in known:
            raise UnknownSkuError(sku)
    rows = [
        {"sku": sku, "location": location, "on_hand": 0, "reserved": 0, "version": 0}
        for sku, location in places
    ]
    tx.execute(insert_for(tx.dialect, stock).on_conflict_do_nothing(), rows)


def _not_yet_applied(tx: Transaction, effects: Sequence[Effect]) -> list[Effect]:
    """The first of each name that has no movement; asked after locking, so that a racing twin has committed or waits."""
    named: dict[tuple[str | int, ...], Effect] = {}
    for effect in effects:
        named.setdefault(effect.key, effect)
    values = key_values(tx.dialect, "effects", named, width=len(_KEY))
    applied = {tuple(row) for row in tx.execute(_applied(tx.dialect), values)}
    return [effect for key, effect in named.items() if key not in applied]


@cache
def _applied(dialect: str) -> sa.Select[*tuple[object, ...]]:
    keys, same = named_keys(dialect, movement, _KEY, "effects")
    return sa.select(*(movement.c[name] for name in _KEY)).join(keys, same)


def _write_counts(tx: Transaction, counts: dict[Place, _Count]) -> None:
    rows = [
        {
            "at_sku": sku,
            "at_location": location,
            "on_hand": count.level.on_hand,
            "reserved": count.level.reserved,
            "version": count.version,
        }
        for (sku, location), count in counts.items()
    ]
    tx.execute(_WRITE, rows)


def _movement_row(effect: Effect, before: _Count, after: _Count, at: datetime) -> dict[str, object]:
    return {
        "sku": effect.sku,
        "location": effect.location,
        "version": after.version,
        "kind": effect.kind.value,
        "on_hand_before": before.level.on_hand,
        "on_hand_after": after.level.on_hand,
        "reserved_before": before.level.reserved,
        "reserved_after": after.level.reserved,
        "source": effect.source,
        "reference": effect.reference,
        "line": effect.line,
        "step": effect.step,
        "actor": effect.actor,
        "note": effect.note,
        "at": at,
    }
