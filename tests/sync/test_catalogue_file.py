"""A file is read in one way only: never a wrong number, never an error but a list of what to mend and where."""

import csv
import io
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from syncworker.core.model import MAX_QUANTITY
from syncworker.sync import cells
from syncworker.sync.catalogue_file import ProductLine, read_counts, read_products
from syncworker.sync.cells import CellError

HEADER = "sku,title,on_hand,price,currency,parts,maker,maker_premium"


def products(*lines: str, header: str = HEADER) -> list[ProductLine]:
    """The lines of a file without a mistake."""
    reading = read_products("\n".join([header, *lines]).encode())
    assert reading.problems == []
    return reading.lines


def product_problems(*lines: str, header: str = HEADER) -> list[str]:
    return [str(problem) for problem in read_products("\n".join([header, *lines]).encode()).problems]


def count_problems(*lines: str, header: str = "sku,on_hand") -> list[str]:
    reading = read_counts("\n".join([header, *lines]).encode(), location="main")
    return [str(problem) for problem in reading.problems]


def test_a_catalogue_is_read_as_it_is_written() -> None:
    plain, bundle = products(
        "BIN-BAMBU,Tempat sampah bambu,36,85000,IDR,,Kelompok Bambu A,15000",
        'SET-BERSIH,"Paket: 1 tempat sampah, 2 pengki",,140000.50,IDR,BIN-BAMBU:1;PENGKI:2,,',
    )

    assert (plain.product.sku, plain.on_hand, plain.product.price) == ("BIN-BAMBU", 36, Decimal(85000))
    assert (plain.product.maker, plain.product.maker_premium) == ("Kelompok Bambu A", Decimal(15000))
    assert bundle.product.title == "Paket: 1 tempat sampah, 2 pengki"
    assert bundle.product.parts == {"BIN-BAMBU": 1, "PENGKI": 2}
    assert bundle.product.price == Decimal("140000.5")
    assert bundle.on_hand is None
    assert [plain.line, bundle.line] == [2, 3]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_usual_spelling_of_csv_is_the_same_table(delimiter: str, mark: str, ending: str) -> None:
    text = mark + ending.join(
        delimiter.join(row) for row in [["SKU", " On_Hand "], ["A", " 36 "], ["", ""], ["B", "0"]]
    )

    reading = read_counts(text.encode(), location="main")

    assert reading.problems == []
    assert [(line.counted.sku, line.counted.units) for line in reading.lines] == [("A", 36), ("B", 0)]


@pytest.mark.parametrize(
    ("cell", "advice"),
    [
        ("", "an empty cell does not mean 0"),
        ("   ", "an empty cell does not mean 0"),
        ("-3", "a count cannot be negative"),
        ("−3", "a count cannot be negative"),
        ("1.5", "a whole number, without points or commas"),
        ("1.000", "a whole number, without points or commas"),
        ("1e9", "in the digits 0 to 9"),
        ("0x10", "in the digits 0 to 9"),
        ("1_000", "in the digits 0 to 9"),
        ("٣", "in the digits 0 to 9"),
        ("３", "in the digits 0 to 9"),
        ("²", "in the digits 0 to 9"),
        ("=2+3", "in the digits 0 to 9"),
        ("+3", "in the digits 0 to 9"),
        ("NaN", "in the digits 0 to 9"),
        ("true", "in the digits 0 to 9"),
        ("36 pcs", "in the digits 0 to 9"),
        ("1000000001", f"at most {MAX_QUANTITY}"),
        ("9" * 5000, f"at most {MAX_QUANTITY}"),
    ],
)
def test_a_quantity_is_whole_digits_or_an_error_with_its_place(cell: str, advice: str) -> None:
    (problem,) = count_problems("A,1", f"B,{cell}")

    assert problem.startswith("line 3, on_hand: found ")
    assert advice in problem


def test_every_mistake_is_named_at_once_in_the_order_of_the_file() -> None:
    problems = product_problems(
        "A,Bin,,1,IDR,,,",
        "B,,1,1,IDR,,,",
        "C,Pan,1,1,Rp,,,",
        "D,Pan,1,1,,,,",
        "E,Set,3,1,IDR,A:1,,",
        "F,Set,,1,IDR,A:0;B,,",
        "A,Bin again,1,1,IDR,,,",
        "=cmd(),Bin,1,85.000,IDR,,@maker,x",
        "G,too,few",
    )

    assert [problem.split(":")[0] for problem in problems] == [
        "line 2, on_hand",
        "line 3, title",
        "line 4, currency",
        "line 5, price",
        "line 6, on_hand",
        "line 7, parts",
        "line 8, sku",
        "line 9, sku",
        "line 9, price",
        "line 9, maker",
        "line 9, maker_premium",
        "line 10",
    ]


def test_a_sku_that_stands_twice_or_looks_alike_is_named_with_both_lines() -> None:
    assert "keep one of them: it stands on line 2 as well" in count_problems("A,1", "A,2")[0]
    assert "it looks like 'Kopi', which stands on line 2 as well" in count_problems("Kopi,1", "KOPI,1")[0]
    assert "which stands on line 2 as well" in count_problems("e\u0301-1,1", "ｅ\u0301-1,1")[0]


def test_a_sku_that_stands_twice_is_named_beside_the_other_mistakes_of_its_lines() -> None:
    problems = product_problems("A,Bin,x,5,USD,,,", "A,Bin,3,5,Rp,,,")

    assert [problem.split(":")[0] for problem in problems] == [
        "line 2, on_hand",
        "line 3, currency",
        "line 3, sku",
    ]
    assert len(count_problems("A,1", "A,x")) == 2


def test_the_same_sku_may_be_counted_at_two_locations() -> None:
    assert count_problems("A,1,main", "A,2,stall", "B,1,", header="sku,on_hand,location") == []


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        ("sku,title", "line 1, on_hand: add this column"),
        ("", "line 1, sku: add this column"),
        ("A,Bin,3", "line 1, sku: add this column"),
        ("sku,title,on_hand,colour", "line 1: found 'colour': remove or rename this column"),
        ("sku,title,on_hand,on_hand", "line 1, on_hand: keep this column once"),
        ("sku,title,on_hand,", "line 1: found '': remove or rename this column"),
    ],
)
def test_a_broken_header_is_named(header: str, problem: str) -> None:
    assert any(text.startswith(problem) for text in product_problems(header=header))


def test_broken_encoding_is_named_with_its_byte() -> None:
    (problem,) = read_counts("sku,on_hand\nKopi \xe9,1".encode("latin-1"), location="main").problems

    assert str(problem) == "line 2: save the file as CSV UTF-8: byte 17 (0xe9) belongs to no such text."


@pytest.mark.parametrize(
    "data", ["sku,on_hand\nA,1".encode("utf-16"), b"PK\x03\x04\x00\x00", b"sku,on_hand\nA,\x00", b""]
)
def test_what_is_no_csv_is_refused(data: bytes) -> None:
    assert read_counts(data, location="main").problems


@pytest.mark.parametrize("line", ['A,"1', 'A,"1"2', '"A\nB,1'])
def test_broken_quotes_are_named_with_the_line(line: str) -> None:
    (problem,) = count_problems("Z,1", line)

    assert problem.startswith("line 3: mend the quotes here")


def test_a_line_break_inside_a_title_is_refused_and_lines_are_still_counted_right() -> None:
    problems = product_problems('A,"Bin\nof bamboo",1,,,,,', "B,Pan,x,,,,,")

    assert [text.split(":")[0] for text in problems] == ["line 2, title", "line 4, on_hand"]


@pytest.mark.parametrize(
    "cell", ["85.000", "85,000", "1e3", "-1", "Rp 85000", "１", "1.", ".5", "inf", "9" * 20]
)
def test_an_amount_that_could_mean_two_things_is_refused(cell: str) -> None:
    with pytest.raises(CellError):
        cells.money(cell, "IDR")


def test_an_amount_has_as_many_decimals_as_its_currency() -> None:
    assert cells.money("1.250", "KWD") == Decimal("1.25")
    with pytest.raises(CellError):
        cells.money("12.5", "JPY")


@pytest.mark.parametrize("cell", ["idr", "Rp", "IDRR", "ID", "€", "000"])
def test_a_currency_is_three_known_letters(cell: str) -> None:
    with pytest.raises(CellError):
        cells.currency(cell)


@pytest.mark.parametrize(
    "cell", ["A", "A:", ":1", "A:1;", ";", "A:1;A:2", "A:1.5", "A:-1", "A:0", "=A:1", "A:1,B:2"]
)
def test_parts_are_read_in_one_way_only(cell: str) -> None:
    with pytest.raises(CellError):
        cells.parts(cell)


@given(st.text(max_size=12))
@example("1\n2")
def test_a_quantity_is_exactly_what_its_digits_say(cell: str) -> None:
    try:
        units = cells.quantity(cell)
    except CellError:
        return
    assert cell.isascii()
    assert units == int(cell)
    assert 0 <= units <= MAX_QUANTITY


@given(
    st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass"))
)
def test_no_bytes_raise(data: bytes) -> None:
    for prefix in (b"", b"sku,on_hand\n", b"sku;title;on_hand\n"):
        read_counts(prefix + data, location="main")
        read_products(prefix + data)


names = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=8)


@given(st.lists(st.tuples(names, st.integers(0, MAX_QUANTITY)), max_size=6), st.sampled_from(",;\t"))
def test_what_a_spreadsheet_writes_is_read_back_number_for_number(
    rows: list[tuple[str, int]], delimiter: str
) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows([("sku", "on_hand"), *rows])

    reading = read_counts(out.getvalue().encode("utf-8-sig"), location="main")

    told = {(line.line, line.counted.units) for line in reading.lines}
    assert told <= {(number + 2, units) for number, (_, units) in enumerate(rows)}
    assert len(reading.lines) == len(rows)


# --- description and pictures --------------------------------------------------------------------------------------

CONTENTS = "sku,title,on_hand,description,images"


def test_a_description_has_lines_and_pictures_stand_beside_each_other() -> None:
    (line,) = products(
        'BIN,Bin,3,"Woven.\r\nBy hand.",https://img.example/1.jpg  https://img.example/2.jpg|https://img.example/3.jpg',
        header=CONTENTS,
    )

    assert line.product.description == "Woven.\nBy hand."
    assert line.product.images == tuple(f"https://img.example/{n}.jpg" for n in (1, 2, 3))


def test_no_description_and_no_pictures_are_none() -> None:
    (line,) = products("BIN,Bin,3,,", header=CONTENTS)

    assert (line.product.description, line.product.images) == (None, ())


@pytest.mark.parametrize(
    ("cell", "advice"),
    [
        ("http://img.example/1.jpg", "write each picture's address as https://"),
        ("img.example/1.jpg", "write each picture's address as https://"),
        ("https:///1.jpg", "write each picture's address as https://"),
        ("https://[::1/1.jpg", "write each picture's address as https://"),
        ("https://me:secret@img.example/1.jpg", "write each picture's address as https://"),
        ("https://img.example/1.jpg https://img.example/1.jpg", "name each picture once"),
        (
            " ".join(f"https://img.example/{n}.jpg" for n in range(31)),
            "name at most 30 pictures; there are 31",
        ),
    ],
)
def test_a_picture_that_nobody_could_fetch_is_a_mistake_with_its_line(cell: str, advice: str) -> None:
    (problem,) = product_problems(f"BIN,Bin,3,,{cell}", header=CONTENTS)

    assert problem.startswith("line 2, images: ")
    assert advice in problem


@pytest.mark.parametrize(
    ("cell", "advice"),
    [("=HYPERLINK(1)", "formula"), ("a\x07b", "cannot be seen"), ("x" * 10_001, "shorten it")],
)
def test_a_description_that_nobody_could_read_is_a_mistake(cell: str, advice: str) -> None:
    (problem,) = product_problems(f"BIN,Bin,3,{cell},", header=CONTENTS)

    assert problem.startswith("line 2, description: ")
    assert advice in problem
