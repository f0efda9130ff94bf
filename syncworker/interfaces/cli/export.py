"""How does what we know get into a spreadsheet? ``stock export`` and ``product export``: files that can be taken in again."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syncworker.interfaces.cli.command import OK, Command
from syncworker.interfaces.cli.desk import Desk, pass_desk
from syncworker.interfaces.language import N_, _, ngettext

if TYPE_CHECKING:
    from syncworker.interfaces.spreadsheet import Cell
    from syncworker.ledger.products import Product
    from syncworker.ledger.shelves import Shelf

#: What `stock import` takes.
STOCK_COLUMNS = ("sku", "location", "on_hand")
#: For people only.
MORE_STOCK_COLUMNS = ("title", "maker", "reserved", "available", "safety_stock")
#: Rows between two looks at the bar.
_STRIDE = 500

_file = click.argument("file", type=click.Path(path_type=Path))
_force = click.option("--force", is_flag=True, help=N_("Replace the file if it is there already."))


@click.command(
    cls=Command,
    example="stock export counted.xlsx",
    help=N_(
        "Write every count to a .csv or .xlsx file: sku, location, on_hand. Correct the numbers there and take the file in"
        " again with `syncworker stock import`.\n\n"
        "--full adds title, maker, reserved, available and safety stock; such a file is for people alone."
    ),
)
@_file
@click.option("--location", metavar="NAME", help=N_("Only at this location."))
@click.option("--full", is_flag=True, help=N_("Everything that is known of each, for people."))
@_force
@pass_desk
def stock_export(desk: Desk, file: Path, location: str | None, full: bool, force: bool) -> int:
    """Counts as a file."""
    from syncworker.ledger.shelves import Filters, count, walk

    columns = (*STOCK_COLUMNS, *MORE_STOCK_COLUMNS) if full else STOCK_COLUMNS
    with desk.app() as app, app.ledger.snapshot() as tx:
        total = count(tx)
        shelves = walk(tx, Filters(location=location))
        rows = write(file, columns, (_shelf(one, full=full) for one in shelves), force=force, total=total)
    _tell(desk, file, columns, rows)
    return OK


def _shelf(one: Shelf, *, full: bool) -> list[Cell]:
    row: list[Cell] = [one.sku, one.location, one.level.on_hand]
    more: list[Cell] = [
        one.title,
        one.maker,
        one.level.reserved,
        one.level.available,
        one.safety_stock,
    ]
    return row + more if full else row


@click.command(
    cls=Command,
    example="product export catalogue.xlsx",
    help=N_(
        "Write the catalogue with its counts to a .csv or .xlsx file, as `syncworker product import` takes it in again."
    ),
)
@_file
@click.option("--location", default="main", show_default=True, help=N_("Where the goods are."))
@_force
@pass_desk
def product_export(desk: Desk, file: Path, location: str, force: bool) -> int:
    """The catalogue as a file."""
    from syncworker.ledger.shelves import catalogue, products
    from syncworker.sync.catalogue_file import PRODUCT_COLUMNS, PRODUCT_EXTRAS

    columns = (*PRODUCT_COLUMNS, *PRODUCT_EXTRAS)
    with desk.app() as app, app.ledger.snapshot() as tx:
        total = products(tx)
        pairs = catalogue(tx, location=location)
        lines = (_product(one, on_hand, columns) for one, on_hand in pairs)
        rows = write(file, columns, lines, force=force, total=total)
    _tell(desk, file, columns, rows)
    return OK


def _product(one: Product, on_hand: int | None, columns: Iterable[str]) -> list[Cell]:
    """Cells as the import reads them; a bundle has no count, and a part that was never counted is left empty."""
    special: dict[str, Cell] = {
        "on_hand": on_hand,
        "parts": ";".join(f"{part}:{units}" for part, units in one.parts.items()),
        "images": " ".join(one.images),
    }
    return [special[name] if name in special else _cell(getattr(one, name)) for name in columns]


def _cell(value: object) -> Cell:
    if isinstance(value, Decimal):
        return format(value, "f")
    return None if value is None else str(value)


def write(file: Path, columns: Iterable[str], rows: Iterable[list[Cell]], *, force: bool, total: int) -> int:
    """The rows as a file, with a bar where somebody looks; how many."""
    from syncworker.interfaces.cli.progress import progress
    from syncworker.interfaces.spreadsheet import written

    number = 0
    with written(file, list(columns), force=force) as take, progress(_("Writing"), total) as done:
        for number, row in enumerate(rows, start=1):
            take(row)
            if number % _STRIDE == 0:
                done(number)
    return number


def _tell(desk: Desk, file: Path, columns: Iterable[str], rows: int) -> None:
    from syncworker.interfaces.figures import number

    text = ngettext("{n} row was written to {file}.", "{n} rows were written to {file}.", rows)
    said = text.format(n=number(rows), file=file)
    desk.answer({"file": file, "columns": list(columns), "rows": rows}, lambda: desk.say(said))
