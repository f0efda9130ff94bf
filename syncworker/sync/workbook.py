"""Which cells does the first sheet of a workbook hold? Each as the text that a CSV file would hold, or a mistake with its address.

Nothing is guessed: a formula, a number that is not whole, a date where no date belongs, or digits that a format only pretends
are refused. Reads one row at a time, and no macro, link or picture.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, TypeAlias

#: One of openpyxl's own kinds of cells: what they have in common has no type there.
Found: TypeAlias = Any
#: How a workbook begins: it is a ZIP archive.
MAGIC = b"PK\x03\x04"
#: The most that a workbook may hold once unpacked: a small file can unpack to a disk full of zeros.
MAX_UNPACKED = 512_000_000
#: Whole numbers above this are not exact in a spreadsheet.
MAX_EXACT = 10**15
_ZEROS = re.compile(r"0{2,}")


@dataclass(frozen=True, slots=True)
class BadCell:
    """A cell that cannot be used: where it stands, what was found, and what to do."""

    address: str | None
    found: str | None
    advice: str
    row: int | None = None


@dataclass(slots=True)
class Sheet:
    """The rows of the first sheet as (row number, cells as text), and what could not be read."""

    bad: list[BadCell] = field(default_factory=list)

    def rows(
        self, data: bytes, *, fractions: Sequence[str], moments: Sequence[str]
    ) -> Iterator[tuple[int, list[str]]]:
        """Rows with any content, the header first. Columns named in ``fractions`` may hold parts of a whole, those in
        ``moments`` dates; in every other column both are mistakes.
        """
        try:
            yield from self._rows(data, fractions, moments)
        except Exception as error:  # noqa: BLE001 - whatever a broken archive makes its readers raise
            self.bad.append(
                BadCell(None, None, f"save the workbook again; it cannot be read ({type(error).__name__})")
            )

    def _rows(
        self, data: bytes, fractions: Sequence[str], moments: Sequence[str]
    ) -> Iterator[tuple[int, list[str]]]:
        from openpyxl import load_workbook

        if not self._is_sane(data):
            return
        book = load_workbook(io.BytesIO(data), read_only=True, keep_links=False)
        try:
            sheet = book.worksheets[0]
            # What the file says of its own size is often wrong.
            sheet.reset_dimensions()
            names: list[str] | None = None
            for number, row in enumerate(sheet.iter_rows(), start=1):
                cells = list(row)
                texts = [self._text(cell, names, fractions, moments) for cell in cells]
                if not any(texts) and not any(_has_content(cell) for cell in cells):
                    continue
                if names is None:
                    names = [text.strip().casefold() for text in texts]
                    while names and not names[-1]:
                        names.pop()
                yield number, _fitted(texts, len(names))
        finally:
            book.close()

    def _is_sane(self, data: bytes) -> bool:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            size = sum(part.file_size for part in archive.infolist())
            if size > MAX_UNPACKED:
                self.bad.append(
                    BadCell(
                        None,
                        None,
                        f"split the workbook: unpacked it has {size} bytes, more than {MAX_UNPACKED}",
                    )
                )
            is_workbook = "[Content_Types].xml" in archive.namelist()
        if not is_workbook:
            self.bad.append(BadCell(None, None, "save the file as .xlsx or CSV; this archive is no workbook"))
        return size <= MAX_UNPACKED and is_workbook

    def _text(
        self,
        cell: Found,
        names: Sequence[str] | None,
        fractions: Sequence[str],
        moments: Sequence[str],
    ) -> str:
        value = cell.value
        if value is None or isinstance(value, str):
            return self._words(cell, value)
        column = cell.column - 1
        name = names[column] if names is not None and column < len(names) else ""
        if isinstance(value, bool):
            return self._refuse(
                cell, str(value).upper(), "write text or a number; this cell holds true or false"
            )
        if isinstance(value, int | float):
            return self._number(cell, value, is_exact=name not in fractions)
        return self._moment(cell, value, is_wanted=name in moments)

    def _words(self, cell: Found, value: str | None) -> str:
        kind = getattr(cell, "data_type", "n")
        if kind == "f":
            return self._refuse(cell, value, "write the value itself; this cell holds a formula")
        if kind == "e":
            return self._refuse(cell, value, "mend the mistake that the spreadsheet shows in this cell")
        return value or ""

    def _number(self, cell: Found, value: float, *, is_exact: bool) -> str:
        # An infinite number, or none, is not whole either.
        is_whole = isinstance(value, int) or value.is_integer()
        if not is_whole and is_exact:
            return self._refuse(cell, repr(value), "write a whole number; this one is not")
        if abs(value) >= MAX_EXACT:
            return self._refuse(cell, repr(value), "format the cell as text; so long a number is not exact")
        if is_whole and _ZEROS.fullmatch(str(cell.number_format)):
            return self._refuse(
                cell,
                repr(value),
                "format the cell as text; its zeros in front are only shown, and are not part of the number",
            )
        return str(int(value)) if is_whole else repr(value)

    def _moment(self, cell: Found, value: object, *, is_wanted: bool) -> str:
        if not is_wanted or isinstance(value, time | timedelta):
            return self._refuse(
                cell, str(value), "format the cell as text; the spreadsheet made a date of it"
            )
        if isinstance(value, datetime) and "h" in str(cell.number_format).lower():
            return value.isoformat(sep=" ", timespec="seconds")
        return value.date().isoformat() if isinstance(value, datetime) else _day(value)

    def _refuse(self, cell: Found, found: str | None, advice: str) -> str:
        self.bad.append(BadCell(str(cell.coordinate), found, advice, cell.row))
        return ""


def _day(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _has_content(cell: Found) -> bool:
    return cell.value is not None and str(cell.value).strip() != ""


def _fitted(texts: list[str], width: int) -> list[str]:
    """As wide as the header: a spreadsheet leaves empty cells at the end away, or adds some."""
    while len(texts) > width and not texts[-1]:
        texts.pop()
    return texts + [""] * (width - len(texts))
