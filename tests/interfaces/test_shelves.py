"""What is on the shelves: listed page by page, how it came about, and out to a spreadsheet and back."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from tests.interfaces.conftest import Shop


def _rows(document: dict[str, object], key: str) -> list[dict[str, Any]]:  # Any: as JSON has it
    rows = document[key]
    assert isinstance(rows, list)
    return rows


def _skus(document: dict[str, object]) -> list[str]:
    return [str(row["sku"]) for row in _rows(document, "stock")]


def test_the_shelves_are_listed_with_what_is_low(stocked: Shop) -> None:
    assert _skus(stocked.json("stock", "list")) == ["BIN-BAMBU", "PENGKI-BAMBU", "UKIRAN-01"]
    assert _skus(stocked.json("stock", "list", "--low", "36")) == ["BIN-BAMBU", "UKIRAN-01"]
    assert _skus(stocked.json("stock", "list", "--search", "pengki")) == ["PENGKI-BAMBU"]
    assert _skus(stocked.json("stock", "list", "--search", "100%")) == []
    assert _skus(stocked.json("stock", "list", "--location", "galeri")) == []
    assert "Nothing on the shelves fits." in stocked.ok("stock", "list", "--maker", "nobody")
    assert "Tempat sampah bambu" in stocked.ok("stock", "list")


def test_a_page_says_where_the_next_one_goes_on(stocked: Shop) -> None:
    stocked.ok("stock", "move", "BIN-BAMBU", "6", "--to", "galeri")
    seen: list[tuple[str, str]] = []
    key: str | None = None
    for _page in range(4):
        more = () if key is None else ("--after", key)
        document = stocked.json("stock", "list", "--most", "1", *more)
        seen += [(row["sku"], row["location"]) for row in _rows(document, "stock")]
        key = document["next"]  # type: ignore[assignment]

    assert seen == [
        ("BIN-BAMBU", "galeri"),
        ("BIN-BAMBU", "main"),
        ("PENGKI-BAMBU", "main"),
        ("UKIRAN-01", "main"),
    ]
    assert key is None
    assert "go on with --after BIN-BAMBU@galeri" in stocked.ok("stock", "list", "--most", "1")


def test_an_empty_shop_says_how_to_begin(shop: Shop) -> None:
    assert "Nothing was counted yet" in shop.ok("stock", "list")
    assert shop.json("stock", "list") == {"stock": [], "next": None}


def test_a_history_tells_who_when_why_and_from_what_to_what(stocked: Shop) -> None:
    stocked.ok(
        "stock",
        "receive",
        "BIN-BAMBU",
        "4",
        "--reference",
        "note-7",
        "--note",
        "from Bu Sari",
        "--as",
        "sari",
    )
    stocked.ok("sale", "add", "BIN-BAMBU", "2", "--reference", "bon-1")

    movements = _rows(stocked.json("stock", "history", "BIN-BAMBU"), "movements")

    shipped, reserved, received, counted = movements
    assert (counted["kind"], counted["on_hand"], counted["source"]) == (
        "count",
        {"before": 0, "after": 36},
        "import",
    )
    assert (received["kind"], received["actor"], received["reference"]) == ("receive", "sari", "note-7")
    assert (received["note"], received["on_hand"]) == ("from Bu Sari", {"before": 36, "after": 40})
    assert (reserved["kind"], reserved["reserved"]) == ("reserve", {"before": 0, "after": 2})
    assert (shipped["kind"], shipped["on_hand"], shipped["reference"]) == (
        "ship",
        {"before": 40, "after": 38},
        "bon-1",
    )
    said = stocked.ok("stock", "history", "BIN-BAMBU", "--most", "2")
    assert "40 → 38" in said
    assert f"go on with --after {reserved['id']}" in said
    rest = _rows(stocked.json("stock", "history", "BIN-BAMBU", "--after", str(reserved["id"])), "movements")
    assert [row["id"] for row in rest] == [received["id"], counted["id"]]


def test_what_is_not_there_is_named_with_what_was_meant(stocked: Shop) -> None:
    assert "Did you mean BIN-BAMBU" in stocked.refused("stock", "history", "bin-bambo")
    assert "BIN-BAMBU, PENGKI-BAMBU" in stocked.refused("stock", "history", "SET-BERSIH")
    assert "See `syncworker product list`" in stocked.refused("stock", "history", "ZZZ")
    assert "not the number of a movement" in stocked.refused("stock", "history", "BIN-BAMBU", "--after", "x")
    assert "Apakah maksud Anda BIN-BAMBU" in stocked.refused("stock", "history", "BIN-BAMB", "--lang", "id")


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_counts_go_out_to_a_file_and_come_back_corrected(stocked: Shop, tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"counts.{suffix}"

    assert stocked.json("stock", "export", str(file)) == {
        "file": str(file),
        "columns": ["sku", "location", "on_hand"],
        "rows": 3,
    }

    assert stocked.json("stock", "import", str(file))["unchanged"] == 3
    _correct(file, "BIN-BAMBU", 30)
    document = stocked.json("stock", "import", str(file))
    assert (document["changed"], document["unchanged"], document["applied"]) == (1, 2, True)
    stock = _rows(stocked.json("stock", "show", "BIN-BAMBU"), "stock")
    assert stock[0]["on_hand"] == 30


def _correct(file: Path, sku: str, units: int) -> None:
    """As a person would: the third column of that SKU's row."""
    if file.suffix == ".csv":
        text = file.read_text(encoding="utf-8-sig")
        file.write_text(text.replace(f"{sku},main,36", f"{sku},main,{units}"), encoding="utf-8")
        return
    book = load_workbook(file)
    sheet = book.active
    assert sheet is not None
    for row in sheet.iter_rows():
        if row[0].value == sku:
            row[2].value = units
    book.save(file)


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_the_catalogue_goes_out_and_comes_back_unchanged(stocked: Shop, tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"catalogue.{suffix}"
    stocked.ok("product", "export", str(file))

    document = stocked.json("product", "import", str(file))

    assert (document["new"], document["changed"], document["unchanged"]) == (0, 0, 4)


def test_text_stays_text_in_a_spreadsheet(shop: Shop, tmp_path: Path) -> None:
    path = shop.write("catalogue.csv", "sku,title,on_hand\n00123,'-- best,5\n")
    shop.ok("product", "import", str(path))
    shop.ok("stock", "export", str(tmp_path / "a.xlsx"), "--full")
    shop.ok("stock", "export", str(tmp_path / "a.csv"), "--full")

    sheet = load_workbook(tmp_path / "a.xlsx").active
    assert sheet is not None
    rows = list(sheet.iter_rows(values_only=True))
    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.reader(file))

    assert rows[0] == (
        "sku",
        "location",
        "on_hand",
        "title",
        "maker",
        "reserved",
        "available",
        "safety_stock",
    )
    assert rows[1][:4] == ("00123", "main", 5, "'-- best")
    assert lines[1][:4] == ["00123", "main", "5", "'-- best"]


def test_a_file_that_is_there_is_not_replaced_unasked(stocked: Shop, tmp_path: Path) -> None:
    file = tmp_path / "counts.csv"
    file.write_text("mine")

    assert "is there already" in stocked.refused("stock", "export", str(file))
    assert file.read_text() == "mine"
    stocked.ok("stock", "export", str(file), "--force")
    assert "BIN-BAMBU" in file.read_text()
    assert "neither .csv nor .xlsx" in stocked.refused("stock", "export", str(tmp_path / "counts.ods"))
    (tmp_path / "folder.csv").mkdir()
    assert "is a folder" in stocked.refused("stock", "export", str(tmp_path / "folder.csv"))
    assert sorted(each.name for each in tmp_path.glob("*unfinished*")) == []


def test_sales_come_from_a_workbook_once(stocked: Shop, tmp_path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["sku", "units", "reference", "price", "currency"], ["BIN-BAMBU", 2, 118, 85000, "IDR"]):
        sheet.append(row)
    book.save(tmp_path / "stall.xlsx")

    first = stocked.json("sale", "import", str(tmp_path / "stall.xlsx"))
    again = stocked.json("sale", "import", str(tmp_path / "stall.xlsx"))

    assert (first["applied"], first["new"], again["applied"], again["known"]) == (True, 1, False, 1)
    assert _rows(stocked.json("order", "show", "counter", "118"), "lines")[0]["levels"]["ordered"] == 2


def test_a_formula_in_a_count_is_refused_with_its_cell(stocked: Shop, tmp_path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["sku", "on_hand"], ["BIN-BAMBU", "=1+1"]):
        sheet.append(row)
    book.save(tmp_path / "counts.xlsx")

    said = stocked.refused("stock", "import", str(tmp_path / "counts.xlsx"))
    in_indonesian = stocked.refused("stock", "import", str(tmp_path / "counts.xlsx"), "--lang", "id")

    assert "cell B2: found '=1+1': write the value itself; this cell holds a formula." in said
    assert "sel B2" in in_indonesian


def test_an_order_is_shown_with_what_it_moved(stocked: Shop) -> None:
    stocked.ok("sale", "add", "SET-BERSIH", "1", "--reference", "bon-9", "--as", "sari")

    document = stocked.json("order", "show", "counter", "bon-9")

    assert (document["channel"], document["external_id"], document["status"]) == (
        "counter",
        "bon-9",
        "shipped",
    )
    moved = {(row["sku"], row["kind"], row["actor"]) for row in _rows(document, "movements")}
    assert moved == {
        (sku, kind, "sari") for sku in ("BIN-BAMBU", "PENGKI-BAMBU") for kind in ("reserve", "ship")
    }
    assert "36 → 35" in stocked.ok("order", "show", "counter", "bon-9")
    assert "Did you mean bon-9?" in stocked.refused("order", "show", "counter", "bon9")
    assert "See `syncworker order list --channel counter`." in stocked.refused(
        "order", "show", "counter", "77"
    )
    assert "Known channels: counter" in stocked.refused("order", "show", "stall", "bon-9")
