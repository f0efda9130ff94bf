"""Which cells does a CSV file or a workbook hold? Reads a spreadsheet's table whole, and says where it is not one.

Knows nothing of what the cells mean (``cells.py``), and never gives half a table: what is wrong is listed.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from syncworker.sync.cells import cleaned
from syncworker.sync.workbook import MAGIC, Sheet

#: The largest file that is read; a catalogue of 100,000 products has a third of it.
MAX_BYTES = 32_000_000
DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in the file that cannot be used: where, what was found, what to do."""

    line: int | None
    column: str | None
    found: str | None
    advice: str
    #: Where it stands in a workbook, for instance B7, where that says more than line and column.
    cell: str | None = None

    def __str__(self) -> str:
        where = ", ".join(
            word for word in (f"line {self.line}" if self.line else "", self.column or "") if word
        )
        where = f"cell {self.cell}" if self.cell else where
        found = "" if self.found is None else f"found {_shown(self.found)}: "
        return f"{where}: {found}{self.advice}." if where else f"{found}{self.advice}."


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row: the line it begins on, counted from 1, and its cells by column."""

    line: int
    cells: Mapping[str, str]


@dataclass(slots=True)
class Table:
    """What could be read, and everything that could not."""

    rows: list[TableRow] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read_table(
    data: bytes,
    *,
    required: Sequence[str],
    optional: Sequence[str],
    fractions: Sequence[str] = (),
    moments: Sequence[str] = (),
) -> Table:
    """The table in a CSV file (UTF-8, with or without a byte order mark; the delimiter is taken from its header), or in
    the first sheet of an .xlsx workbook, where only columns in ``fractions`` may hold parts of a whole and only those in
    ``moments`` dates.

    Cells are cleaned of spaces around them. Rows without any content are skipped. Nothing is raised: problems are listed.
    """
    table = Table()
    if data.startswith(MAGIC):
        _read_workbook(data, table, (required, optional), fractions, moments)
        return table
    content = _decoded(data, table.problems)
    if content is None:
        return table
    header_line = content.lstrip("\r\n").splitlines()[:1] or [""]
    delimiter = _delimiter(header_line[0], [*required, *optional])
    lines = _lines(content, delimiter, table.problems)
    header = next(lines, None)
    names = [] if header is None else [cleaned(cell).casefold() for cell in header[1]]
    table.problems += _header_problems(names, required, optional)
    if not table.problems:
        _read_rows(lines, names, table)
    return table


def _read_workbook(
    data: bytes,
    table: Table,
    known: tuple[Sequence[str], Sequence[str]],
    fractions: Sequence[str],
    moments: Sequence[str],
) -> None:
    if len(data) > MAX_BYTES:
        table.problems.append(_too_large(data))
        return
    sheet = Sheet()
    lines = sheet.rows(data, fractions=fractions, moments=moments)
    header = next(lines, None)
    names = [] if header is None else [cleaned(cell).casefold() for cell in header[1]]
    if not sheet.bad:
        table.problems += _header_problems(names, *known)
    if not table.problems:
        _read_rows(lines, names, table)
    table.problems += [Problem(None, None, bad.found, bad.advice, cell=bad.address) for bad in sheet.bad]
    # A cell that could not be read looks empty: nothing more is said about its row.
    unread = {bad.row for bad in sheet.bad}
    table.rows = [row for row in table.rows if row.line not in unread]


def _too_large(data: bytes) -> Problem:
    return Problem(None, None, None, f"split the file: it has {len(data)} bytes, more than {MAX_BYTES}")


def _decoded(data: bytes, problems: list[Problem]) -> str | None:
    if len(data) > MAX_BYTES:
        problems.append(_too_large(data))
        return None
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        problems.append(Problem(1, None, None, "save the file as CSV UTF-8; this one is UTF-16"))
        return None
    try:
        content = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        found = data[error.start : error.start + 1].hex()
        advice = f"save the file as CSV UTF-8: byte {error.start} (0x{found}) belongs to no such text"
        problems.append(Problem(line, None, None, advice))
        return None
    if "\0" in content:
        line = content[: content.index("\0")].count("\n") + 1
        problems.append(Problem(line, None, None, "save the file as CSV: it holds binary data"))
        return None
    return content


def _delimiter(header: str, known: Sequence[str]) -> str:
    """The one that splits the header into the most names we know."""

    def names_found(delimiter: str) -> int:
        cells = (cleaned(cell.strip(' "')).casefold() for cell in header.split(delimiter))
        return sum(cell in known for cell in cells)

    return max(DELIMITERS, key=names_found)


def _lines(content: str, delimiter: str, problems: list[Problem]) -> Iterator[tuple[int, list[str]]]:
    """(line on which it begins, cells) of each row with any content."""
    reader = csv.reader(io.StringIO(content, newline=""), delimiter=delimiter, strict=True)
    line = 1
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            advice = f"mend the quotes here, nothing after them could be read ({error})"
            problems.append(Problem(line, None, None, advice))
            return
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            yield line, cells
        line = reader.line_num + 1


def _header_problems(names: Sequence[str], required: Sequence[str], optional: Sequence[str]) -> list[Problem]:
    known = [*required, *optional]
    missing = [name for name in required if name not in names]
    unknown = [name for name in dict.fromkeys(names) if name not in known]
    twice = [name for name in dict.fromkeys(names) if name in known and names.count(name) > 1]
    asked = f"the first line names the columns: {', '.join(required)}"
    asked += f" (and, if wanted, {', '.join(optional)})" if optional else ""
    found = [Problem(1, name, None, f"add this column; {asked}") for name in missing]
    found += [Problem(1, None, name, f"remove or rename this column; {asked}") for name in unknown]
    found += [
        Problem(1, name, None, "keep this column once; it stands there more than once") for name in twice
    ]
    return found


def _read_rows(lines: Iterator[tuple[int, list[str]]], names: Sequence[str], table: Table) -> None:
    for line, cells in lines:
        if len(cells) != len(names):
            advice = f"this line has {len(cells)} cells, the header {len(names)}; put text with a delimiter in quotes"
            table.problems.append(Problem(line, None, None, advice))
            continue
        row = {name: cleaned(cell) for name, cell in zip(names, cells, strict=True)}
        table.rows.append(TableRow(line, row))


def _shown(found: str) -> str:
    """Short enough for one line of a terminal."""
    return repr(found if len(found) <= 40 else f"{found[:37]}...")
