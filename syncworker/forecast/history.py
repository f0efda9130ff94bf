"""Which buyers does a seller's own order history bring? Its rows as visits, from a table or from the ledger.

Who came and found nothing stands in no order: a history shows too few buyers where stock had run out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from syncworker.errors import ImportFileError
from syncworker.forecast.setting import Visit
from syncworker.sync import cells
from syncworker.sync.cells import CellError
from syncworker.sync.table import Problem, TableRow, read_table

COLUMNS = ("time", "channel", "sku", "quantity")
#: Seconds for which the engine runs before the first buyer comes.
DOORS_OPEN_S = 60.0
#: The longest name of a channel, as the ledger's column has it.
CHANNEL_MAX = 64
#: More days than this between the first order and the last one are a mistyped year.
LONGEST_DAYS = 3660

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Sold:
    """One row of a history."""

    at: datetime
    channel: str
    sku: str
    units: int


@dataclass(frozen=True, slots=True)
class History:
    """What was bought, by time."""

    rows: tuple[Sold, ...]

    @property
    def channels(self) -> list[str]:
        """By name."""
        return sorted({row.channel for row in self.rows})

    @property
    def units(self) -> Mapping[str, int]:
        """Of each SKU, by name."""
        sold: Counter[str] = Counter()
        for row in sorted(self.rows, key=lambda row: row.sku):
            sold[row.sku] += row.units
        return sold

    def visits(self, *, seconds: float | None = None) -> tuple[Visit, ...]:
        """The buyers, from shortly after second 0 on; with ``seconds`` only those of that time from the first one on."""
        first = self.rows[0].at
        found = (
            Visit(DOORS_OPEN_S + (row.at - first).total_seconds(), row.channel, row.sku, row.units)
            for row in self.rows
        )
        return tuple(one for one in found if seconds is None or one.at_s <= DOORS_OPEN_S + seconds)


def read_history(data: bytes, *, skus: Sequence[str] | None = None) -> History:
    """The orders in a CSV file or workbook: time, channel, sku, quantity, in any order of rows.

    ``skus``: those that can be sold. ImportFileError naming every mistake with its line.
    """
    table = read_table(data, required=COLUMNS, optional=(), moments=("time",))
    problems = table.problems
    known = None if skus is None else set(skus)
    rows = [row for line in table.rows if (row := _row(line, known, problems)) is not None]
    if not problems and not rows:
        problems.append(Problem(None, None, None, "add orders: the file has no row below its header"))
    days = (max(row.at for row in rows) - min(row.at for row in rows)).days if rows else 0
    if days > LONGEST_DAYS:
        problems.append(
            Problem(None, None, None, f"check the years: the orders span {days} days, more than ten years")
        )
    if problems:
        problems.sort(key=lambda problem: problem.line or 0)
        raise ImportFileError([str(problem) for problem in problems])
    return History(tuple(sorted(rows, key=lambda row: row.at)))


def _row(line: TableRow, known: set[str] | None, problems: list[Problem]) -> Sold | None:
    before = len(problems)
    at = _read(line, "time", _moment, problems)
    channel = _read(line, "channel", lambda cell: cells.text(cell, longest=CHANNEL_MAX), problems)
    sku = _read(line, "sku", cells.sku, problems)
    units = _read(line, "quantity", lambda cell: cells.quantity(cell, least=1), problems)
    if sku is not None and known is not None and sku not in known:
        problems.append(
            Problem(line.line, "sku", sku, "correct it, or add this SKU to the catalogue that you gave")
        )
    if len(problems) > before or at is None or channel is None or sku is None or units is None:
        return None
    return Sold(at, channel, sku, units)


def _read(line: TableRow, column: str, parse: Callable[[str], V], problems: list[Problem]) -> V | None:
    cell = line.cells[column]
    try:
        return parse(cell)
    except CellError as error:
        problems.append(Problem(line.line, column, cell, str(error)))
        return None


def _moment(cell: str) -> datetime:
    """A time on this computer's clock, or with its own zone; a day alone would put all of its buyers into one moment."""
    if not cell:
        raise CellError("write when it was ordered, for instance 2026-11-24 17:30")
    try:
        told = datetime.fromisoformat(cell).astimezone()
    except (ValueError, OverflowError) as error:
        raise CellError("write a time like 2026-11-24 17:30") from error
    if ":" not in cell:
        raise CellError("write the time of the day too, for instance 2026-11-24 17:30")
    return told
