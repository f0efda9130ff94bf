"""A workbook is read as its CSV would be; whatever could mean two things is refused, with the address of its cell."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from syncworker.sync import workbook
from syncworker.sync.catalogue_file import read_counts, read_products
from syncworker.sync.sale_file import COLUMNS, EXTRAS
from syncworker.sync.table import read_table

Row = list[object]


def book(*rows: Row, formats: dict[str, str] | None = None) -> bytes:
    """A workbook whose first sheet holds these rows; a second one holds nonsense."""
    made = Workbook()
    sheet = made.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    for address, number_format in (formats or {}).items():
        sheet[address].number_format = number_format
    made.create_sheet("other").append(["nonsense"])
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def counts(*rows: Row, formats: dict[str, str] | None = None) -> list[tuple[int, str, int]]:
    reading = read_counts(book(["sku", "on_hand"], *rows, formats=formats), location="main")
    assert reading.problems == []
    return [(line.line, line.counted.sku, line.counted.units) for line in reading.lines]


def problems(*rows: Row, formats: dict[str, str] | None = None) -> list[str]:
    reading = read_counts(book(["sku", "on_hand"], *rows, formats=formats), location="main")
    return [str(problem) for problem in reading.problems]


def test_numbers_and_digits_as_text_are_the_same_count() -> None:
    assert counts(["A", 36], [None, None], ["B", "36"], ["C", 36.0], [123, 0], ["00123", 5]) == [
        (2, "A", 36),
        (4, "B", 36),
        (5, "C", 36),
        (6, "123", 0),
        (7, "00123", 5),
    ]


@pytest.mark.parametrize(
    ("cell", "advice"),
    [
        (1.5, "write a whole number; this one is not"),
        ("=1+1", "this cell holds a formula"),
        (True, "this cell holds true or false"),
        (datetime(2026, 11, 24), "the spreadsheet made a date of it"),  # noqa: DTZ001 - a spreadsheet knows no zone
        ("#N/A", "mend the mistake that the spreadsheet shows"),
        (10**16, "so long a number is not exact"),
    ],
)
def test_what_could_mean_two_things_is_refused_with_its_address(cell: object, advice: str) -> None:
    (problem,) = problems(["A", 1], ["B", cell])

    assert problem.startswith("cell B3: found ")
    assert advice in problem


def test_zeros_that_are_only_shown_are_not_guessed() -> None:
    (problem,) = problems([123, 1], formats={"A2": "00000"})

    assert problem.startswith("cell A2: found '123': format the cell as text")


def test_an_empty_count_is_a_mistake_and_never_nothing() -> None:
    assert problems(["A", None]) == [
        "line 2, on_hand: found '': write the number of units; an empty cell does not mean 0."
    ]


def test_every_mistake_of_a_workbook_is_named_at_once() -> None:
    found = problems(["A", 1.5], ["B", None], ["C", "=1"], ["D", 3])

    assert [one.split(":")[0] for one in found] == ["cell B2", "cell B4", "line 3, on_hand"]


def test_prices_may_have_cents_and_counts_may_not() -> None:
    reading = read_products(
        book(["sku", "title", "on_hand", "price", "currency"], ["A", "Bin", 1, 12.5, "USD"])
    )

    assert reading.problems == []
    assert reading.lines[0].product.price == Decimal("12.5")


def test_a_sales_date_is_read_with_its_time_only_where_one_is_shown() -> None:
    at = datetime(2026, 11, 24, 17, 30)  # noqa: DTZ001 - a spreadsheet knows no zone
    data = book(
        ["sku", "units", "sold_at"],
        ["A", 1, at],
        ["A", 1, datetime(2026, 11, 24)],  # noqa: DTZ001
        formats={"C2": "yyyy-mm-dd hh:mm", "C3": "yyyy-mm-dd"},
    )

    table = read_table(data, required=COLUMNS, optional=EXTRAS, moments=("sold_at",))

    assert table.problems == []
    assert [row.cells["sold_at"] for row in table.rows] == ["2026-11-24 17:30:00", "2026-11-24"]


def test_a_header_that_is_not_ours_is_named_as_in_csv() -> None:
    reading = read_counts(book(["sku", "pieces"], ["A", 1]), location="main")

    said = [str(problem) for problem in reading.problems]
    assert any(one.startswith("line 1, on_hand: add this column") for one in said)
    assert any("found 'pieces'" in one for one in said)


@pytest.mark.parametrize("data", [b"PK\x03\x04", b"PK\x03\x04" + b"\x00" * 200])
def test_a_broken_archive_is_a_sentence(data: bytes) -> None:
    (problem,) = read_counts(data, location="main").problems

    assert "it cannot be read" in str(problem)


def test_another_archive_is_no_workbook() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("readme.txt", "hello")

    (problem, *_rest) = read_counts(file.getvalue(), location="main").problems

    assert "this archive is no workbook" in str(problem)


def test_a_small_file_that_unpacks_to_a_disk_full_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "MAX_UNPACKED", 100)

    (problem, *_rest) = read_counts(book(["sku", "on_hand"], ["A", 1]), location="main").problems

    assert "split the workbook" in str(problem)


@given(
    st.lists(
        st.tuples(st.from_regex(r"[A-Z][A-Z0-9-]{0,10}", fullmatch=True), st.integers(0, 10**9)),
        max_size=8,
        unique_by=lambda row: row[0].casefold(),
    )
)
def test_a_workbook_and_its_csv_say_the_same(rows: list[tuple[str, int]]) -> None:
    csv = "\n".join(["sku,on_hand", *(f"{sku},{units}" for sku, units in rows)]).encode()

    one = read_counts(csv, location="main")
    other = read_counts(book(["sku", "on_hand"], *([sku, units] for sku, units in rows)), location="main")

    assert (other.lines, other.problems) == (one.lines, one.problems)
