"""What does a seller's file say about products and counts? Rows of meaning from a table, or everything wrong with it.

Reads no ledger: whether a SKU exists is for ``catalogue.py``.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from syncworker.ledger.products import Product
from syncworker.ledger.stocktaking import LOCATION_MAX, Counted
from syncworker.sync import cells
from syncworker.sync.cells import CellError
from syncworker.sync.table import Problem, TableRow, read_table

PRODUCT_COLUMNS = ("sku", "title", "on_hand")
PRODUCT_EXTRAS = ("price", "currency", "parts", "maker", "maker_premium", "description", "images")
COUNT_COLUMNS = ("sku", "on_hand")
COUNT_EXTRAS = ("location",)

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class ProductLine:
    """A product as one line of the file tells it; ``on_hand`` is ``None`` for a bundle alone."""

    line: int
    product: Product
    on_hand: int | None
    #: Fields that the file has a column for; the others are nothing that it says.
    columns: frozenset[str]


@dataclass(frozen=True, slots=True)
class CountLine:
    """A count as one line of the file tells it."""

    line: int
    counted: Counted


@dataclass(slots=True)
class Reading(Generic[V]):
    """The lines that make sense, and what is wrong with the others. Not to be used while there are problems."""

    lines: list[V] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read_products(data: bytes) -> Reading[ProductLine]:
    """Products, bundles and their counts. Every problem is listed, none is raised."""
    table = read_table(
        data, required=PRODUCT_COLUMNS, optional=PRODUCT_EXTRAS, fractions=("price", "maker_premium")
    )
    reading = Reading[ProductLine](problems=table.problems)
    for row in table.rows:
        line = _product_line(row, reading.problems)
        if line is not None:
            reading.lines.append(line)
    reading.problems += _repeats(table.rows, lambda _: "")
    return _ordered(reading)


def read_counts(data: bytes, *, location: str) -> Reading[CountLine]:
    """Counted numbers; an empty or missing location means ``location``. Every problem is listed, none is raised."""
    table = read_table(data, required=COUNT_COLUMNS, optional=COUNT_EXTRAS)
    reading = Reading[CountLine](problems=table.problems)
    for row in table.rows:
        line = _count_line(row, location, reading.problems)
        if line is not None:
            reading.lines.append(line)
    reading.problems += _repeats(table.rows, lambda row: row.cells.get("location") or location)
    return _ordered(reading)


class _Cells:
    """Reads the cells of one row and notes what cannot be read."""

    def __init__(self, row: TableRow, problems: list[Problem]) -> None:
        self.row = row
        self.problems = problems
        self.failed = False

    def read(self, column: str, parse: Callable[[str], V], fallback: V) -> V:
        """The meaning of a cell; ``fallback`` after noting a problem. A column that is not there is an empty cell."""
        cell = self.row.cells.get(column, "")
        try:
            return parse(cell)
        except CellError as error:
            self.note(column, str(error))
            return fallback

    def note(self, column: str, advice: str) -> None:
        """This cell is not to be used."""
        self.failed = True
        self.problems.append(Problem(self.row.line, column, self.row.cells.get(column, ""), advice))


def _product_line(row: TableRow, problems: list[Problem]) -> ProductLine | None:
    known = _Cells(row, problems)
    sku = known.read("sku", cells.sku, "")
    title = known.read("title", cells.text, "")
    no_parts: dict[str, int] = {}
    parts = known.read("parts", cells.parts, no_parts)
    on_hand = _on_hand(known)
    currency = known.read("currency", cells.currency, None)
    # One complaint about a currency is enough: after it, amounts are read as in any currency with cents.
    unit = currency or ("USD" if row.cells.get("currency") else None)
    price = known.read("price", lambda cell: cells.money(cell, unit), None)
    maker = known.read("maker", cells.optional_text, None)
    premium = known.read("maker_premium", lambda cell: cells.money(cell, unit), None)
    description = known.read("description", cells.description, None)
    no_images: tuple[str, ...] = ()
    images = known.read("images", cells.images, no_images)
    if known.failed:
        return None
    product = Product(
        sku=sku,
        title=title,
        price=price,
        currency=currency,
        maker=maker,
        maker_premium=premium,
        parts=parts,
        description=description,
        images=images,
    )
    return ProductLine(row.line, product, on_hand, frozenset(row.cells))


def _on_hand(known: _Cells) -> int | None:
    """A bundle has no count of its own; anything else must have one."""
    if not known.row.cells.get("parts"):
        return known.read("on_hand", cells.quantity, None)
    if known.row.cells["on_hand"]:
        known.note("on_hand", "leave this empty: a bundle follows its parts and has no count of its own")
    return None


def _count_line(row: TableRow, location: str, problems: list[Problem]) -> CountLine | None:
    known = _Cells(row, problems)
    sku = known.read("sku", cells.sku, "")
    units = known.read("on_hand", cells.quantity, 0)
    place = known.read("location", lambda cell: cells.text(cell or location, longest=LOCATION_MAX), location)
    return None if known.failed else CountLine(row.line, Counted(sku=sku, location=place, units=units))


def _repeats(rows: Iterable[TableRow], place_of: Callable[[TableRow], str]) -> list[Problem]:
    """SKUs (at a location) that stand there twice, or look so alike that one must be a mistake, whatever else is wrong."""
    first: dict[tuple[str, str], tuple[int, str]] = {}
    found = []
    for row in rows:
        line, sku = row.line, row.cells.get("sku", "")
        alike = unicodedata.normalize("NFKC", sku).casefold(), place_of(row)
        earlier_line, earlier = first.setdefault(alike, (line, sku))
        if earlier_line == line or not sku:
            continue
        how = "stands" if earlier == sku else f"looks like {earlier!r}, which stands"
        found.append(Problem(line, "sku", sku, f"keep one of them: it {how} on line {earlier_line} as well"))
    return found


def _ordered(reading: Reading[V]) -> Reading[V]:
    reading.problems.sort(key=lambda problem: problem.line or 0)
    return reading
