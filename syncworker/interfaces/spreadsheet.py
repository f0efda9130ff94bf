"""How are rows written to a file that a spreadsheet opens? CSV or XLSX by the file's name, row by row, whole or not at all.

Text stays text: digits keep their zeros, and nothing is ever a formula.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from syncworker.errors import InputError
from syncworker.interfaces.language import _

if TYPE_CHECKING:
    from openpyxl.cell.cell import Cell as BookCell

#: What a cell can hold: whole numbers stay numbers, everything else is text; ``None`` is an empty cell.
Cell = str | int | None
#: Takes the next row.
Writer = Callable[[Sequence[Cell]], None]
SUFFIXES = (".csv", ".xlsx")
#: Rows that one sheet of a workbook can hold, the header among them.
SHEET_ROWS = 1_048_576
#: Signs with which a spreadsheet begins a formula.
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\0")


@contextmanager
def written(path: Path, columns: Sequence[str], *, force: bool) -> Iterator[Writer]:
    """A file with these columns that takes rows until the block ends, and only then has its name.

    InputError if the name ends in neither .csv nor .xlsx, or if the file is there already and ``force`` was not given.
    """
    _check(path, force=force)
    fresh = path.with_name(f".{path.name}.unfinished")
    write = _workbook if path.suffix.lower() == ".xlsx" else _csv
    try:
        with write(fresh, columns) as take:
            yield take
        fresh.replace(path)
    except OSError as error:
        raise InputError(
            _("{file} could not be written: {error}.").format(file=path, error=error.strerror)
        ) from error
    finally:
        fresh.unlink(missing_ok=True)


def _check(path: Path, *, force: bool) -> None:
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(_("{file} ends in neither .csv nor .xlsx. Choose one of them.").format(file=path))
    if path.is_dir():
        raise InputError(_("{file} is a folder. Give the file a name of its own.").format(file=path))
    if path.exists() and not force:
        raise InputError(
            _("{file} is there already. Choose another name, or add --force to replace it.").format(file=path)
        )


@contextmanager
def _csv(path: Path, columns: Sequence[str]) -> Iterator[Writer]:
    # With the mark by which a spreadsheet knows UTF-8.
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        yield lambda row: writer.writerow([_plain(cell) for cell in row])


def _plain(cell: Cell) -> str | int:
    """Text that a spreadsheet would take for a formula gets the apostrophe that makes it text there."""
    if isinstance(cell, str) and cell.startswith(_FORMULA_SIGNS):
        return f"'{cell}"
    return "" if cell is None else cell


@contextmanager
def _workbook(path: Path, columns: Sequence[str]) -> Iterator[Writer]:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    sheet = book.create_sheet("syncworker")
    sheet.append(list(columns))
    rows = 1

    def take(row: Sequence[Cell]) -> None:
        nonlocal rows
        rows += 1
        if rows > SHEET_ROWS:
            raise InputError(
                _("A workbook holds no more than {n} rows. Write a .csv file.").format(n=SHEET_ROWS)
            )
        sheet.append([text(cell) if isinstance(cell, str) else cell for cell in row])

    def text(value: str) -> BookCell:
        cell = WriteOnlyCell(sheet, value=_printable(value))
        # Whatever it begins with.
        cell.data_type = "s"
        return cell

    try:
        yield take
        book.save(path)
    finally:
        book.close()


def _printable(value: str) -> str:
    """A workbook cannot hold control characters."""
    return "".join(
        each if each.isprintable() or each == "\n" else "\N{REPLACEMENT CHARACTER}" for each in value
    )
