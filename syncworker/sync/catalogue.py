"""What would a seller's file change, and how is it taken in? A plan to look at first, then all of it or nothing.

Reads no bytes (``catalogue_file.py``) and knows no SQL.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from syncworker.core.availability import StockLevel
from syncworker.core.brake import Sweep
from syncworker.errors import ImportFileError, InputError
from syncworker.ledger import contents, pools, products, stock
from syncworker.ledger.ledger import Snapshot, Transaction
from syncworker.ledger.products import Product
from syncworker.ledger.stock import Place
from syncworker.ledger.stocktaking import Counted
from syncworker.sync import goods
from syncworker.sync.catalogue_file import CountLine, ProductLine, Reading, read_counts, read_products
from syncworker.sync.table import Problem

#: Fields of a product that a file can change, in the order in which people read them.
FIELDS = ("title", "price", "currency", "parts", "maker", "maker_premium", "description", "images")


class RowState(StrEnum):
    """What a line of the file would do."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Change:
    """One value of one row, as it is and as it would be; ``None`` where there is none."""

    field: str
    before: object
    after: object


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRow:
    """One line of the file against the ledger."""

    line: int
    sku: str
    location: str
    state: RowState
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPlan:
    """All that a file would change; nothing has been changed yet."""

    rows: tuple[ImportRow, ...]
    #: Products to add or change, parts before the bundles that need them or not: they are saved together.
    products: tuple[Product, ...]
    #: Numbers that differ from what stands, each of them a count.
    counts: tuple[Counted, ...]
    #: The file as it was read, to be compared again when the plan is applied.
    source: tuple[ProductLine, ...] | tuple[CountLine, ...]
    location: str

    def rows_that_are(self, state: RowState) -> tuple[ImportRow, ...]:
        """The new, the changed or the unchanged rows, in the order of the file."""
        return tuple(row for row in self.rows if row.state is state)

    @property
    def is_empty(self) -> bool:
        """Whether applying it would change nothing."""
        return not self.products and not self.counts


def plan_products(tx: Snapshot, data: bytes, *, location: str = "main") -> ImportPlan:
    """What a product file would change; ImportFileError naming every problem at once."""
    reading = read_products(data)
    reading.lines = _completed(tx, reading.lines)
    reading.problems += [
        Problem(
            line.line,
            "on_hand",
            str(line.on_hand),
            "leave this empty: the SKU is a bundle and follows its parts",
        )
        for line in reading.lines
        if line.product.parts and line.on_hand is not None
    ]
    lines_of = {line.product.sku: line.line for line in reading.lines}
    for sku, advice in products.problems_of(tx, [line.product for line in reading.lines]):
        reading.problems.append(Problem(lines_of[sku], "parts", None, advice.rstrip(".")))
    _refuse(reading)
    return _product_plan(tx, tuple(reading.lines), location)


def plan_counts(tx: Snapshot, data: bytes, *, location: str = "main") -> ImportPlan:
    """What a stock file would change; ImportFileError naming every problem at once."""
    reading = read_counts(data, location=location)
    recipes = products.recipe_of(tx, [line.counted.sku for line in reading.lines])
    for line in reading.lines:
        sku = line.counted.sku
        if sku not in recipes:
            advice = "add this SKU with `syncworker product import` first, or correct it"
            reading.problems.append(Problem(line.line, "sku", sku, advice))
        elif recipes[sku] != {sku: 1}:
            advice = "remove this line and count the parts: a bundle has no count of its own"
            reading.problems.append(Problem(line.line, "sku", sku, advice))
    _refuse(reading)
    return _count_plan(tx, tuple(reading.lines), location)


def emptied(tx: Snapshot, plan: ImportPlan) -> Sweep:
    """Counts that the plan would bring from something to 0, out of all that hold anything."""
    zeroed = sum(
        change.field == "on_hand" and change.after == 0 and change.before not in (None, 0)
        for row in plan.rows
        for change in row.changes
    )
    holding = sum(level.on_hand > 0 for level in stock.levels(tx).values()) if zeroed else 0
    return Sweep(changed=zeroed, zeroed=zeroed, listings=holding)


def apply_plan(tx: Transaction, plan: ImportPlan, *, reference: str, actor: str) -> dict[Place, StockLevel]:
    """Take in exactly what the plan shows, all of it or nothing; the levels that were counted.

    InputError if a product or a number that it names has changed since the plan was made. The same ``reference`` counts
    once.
    """
    goods.hold_family(
        tx,
        [(one.sku, one.location) for one in plan.counts],
        skus=[*(row.sku for row in plan.rows), *(part for one in plan.products for part in one.parts)],
    )
    if _again(tx, plan).rows != plan.rows:
        raise InputError(
            "Nothing was imported: the ledger has changed since the preview. Look at a new preview first."
        )
    products.save_products(tx, plan.products)
    contents.mark_everywhere(tx, [one.sku for one in plan.products])
    recipes = products.recipe_of(tx, [one.sku for one in plan.products])
    pools.mark_parts_dirty(tx, {part for recipe in recipes.values() for part in recipe})
    return goods.count(tx, plan.counts, reference=reference, actor=actor, source="import")


def _again(tx: Snapshot, plan: ImportPlan) -> ImportPlan:
    of_products = [line for line in plan.source if isinstance(line, ProductLine)]
    if of_products:
        return _product_plan(tx, tuple(of_products), plan.location)
    return _count_plan(tx, tuple(line for line in plan.source if isinstance(line, CountLine)), plan.location)


def _refuse(reading: Reading[ProductLine] | Reading[CountLine]) -> None:
    if reading.problems:
        reading.problems.sort(key=lambda problem: problem.line or 0)
        raise ImportFileError([str(problem) for problem in reading.problems])


def _completed(tx: Snapshot, lines: Sequence[ProductLine]) -> list[ProductLine]:
    """What the file has no column for stays as it is."""
    known = {one.sku: one for one in products.list_products(tx, [line.product.sku for line in lines])}

    def completed(line: ProductLine) -> ProductLine:
        before = known.get(line.product.sku)
        if before is None:
            return line
        told = {name: getattr(line.product, name) for name in FIELDS if name in line.columns}
        return replace(line, product=replace(before, safety_stock=None, **told))

    return [completed(line) for line in lines]


def _product_plan(tx: Snapshot, lines: tuple[ProductLine, ...], location: str) -> ImportPlan:
    skus = [line.product.sku for line in lines]
    known = {one.sku: one for one in products.list_products(tx, skus)}
    levels = stock.levels(tx, skus)
    rows = []
    for line in lines:
        changes = _product_changes(known.get(line.product.sku), line.product)
        if line.on_hand is not None:
            changes += _count_change(levels, line.product.sku, location, line.on_hand)
        rows.append(
            _row(line.line, line.product.sku, location, changes, is_new=line.product.sku not in known)
        )
    moved = _changed_skus(rows, FIELDS) | {row.sku for row in rows if row.state is RowState.NEW}
    counted = _changed_skus(rows, ("on_hand",))
    return ImportPlan(
        rows=tuple(rows),
        products=tuple(line.product for line in lines if line.product.sku in moved),
        counts=tuple(
            Counted(sku=line.product.sku, location=location, units=line.on_hand)
            for line in lines
            if line.on_hand is not None and line.product.sku in counted
        ),
        source=lines,
        location=location,
    )


def _count_plan(tx: Snapshot, lines: tuple[CountLine, ...], location: str) -> ImportPlan:
    levels = stock.levels(tx, [line.counted.sku for line in lines])
    rows = []
    counts = []
    for line in lines:
        one = line.counted
        changes = _count_change(levels, one.sku, one.location, one.units)
        is_new = (one.sku, one.location) not in levels
        rows.append(_row(line.line, one.sku, one.location, changes, is_new=is_new))
        if changes:
            counts.append(one)
    return ImportPlan(rows=tuple(rows), products=(), counts=tuple(counts), source=lines, location=location)


def _row(line: int, sku: str, location: str, changes: Sequence[Change], *, is_new: bool) -> ImportRow:
    state = RowState.NEW if is_new else RowState.CHANGED if changes else RowState.UNCHANGED
    return ImportRow(line=line, sku=sku, location=location, state=state, changes=tuple(changes))


def _product_changes(before: Product | None, after: Product) -> list[Change]:
    """Field by field; a new product shows what it comes with."""
    changes = []
    for name in FIELDS:
        was, will = _value(before, name), _value(after, name)
        if was != will:
            changes.append(Change(name, was, will))
    return changes


def _value(product: Product | None, name: str) -> object:
    """A field for comparing: no parts and no pictures are nothing, as on a line that names none."""
    value: object = None if product is None else getattr(product, name)
    return None if value in ({}, ()) else value


def _count_change(levels: dict[Place, StockLevel], sku: str, location: str, units: int) -> list[Change]:
    level = levels.get((sku, location))
    before = None if level is None else level.on_hand
    return [] if before == units else [Change("on_hand", before, units)]


def _changed_skus(rows: Iterable[ImportRow], fields: Sequence[str]) -> set[str]:
    return {row.sku for row in rows if any(change.field in fields for change in row.changes)}
