"""Sales from a table, from lines written offline, and by counting what is left: all or nothing, and each one once."""

from __future__ import annotations

import json
from contextlib import closing

import pytest

from syncworker.ledger.stock import levels
from tests.interfaces.conftest import Shop

HEAD = "sku,units,reference,sold_at\n"


@pytest.fixture
def stall(stocked: Shop) -> Shop:
    """A stocked business with a counter."""
    if "counter" not in stocked.ok("channel", "list"):
        stocked.ok("channel", "add", "counter", "--connector", "counter")
    return stocked


def available(shop: Shop, sku: str, location: str = "main") -> int:
    with closing(shop.ledger()) as ledger, ledger.snapshot() as tx:
        return levels(tx)[sku, location].available


def import_(shop: Shop, content: str | bytes, *more: str, code: int = 0) -> dict[str, object]:
    file = shop.write("sales.csv", content)
    return shop.json("sale", "import", str(file), *more, code=code)


def test_a_table_of_sales_is_taken_once_however_often_it_is_read(stall: Shop) -> None:
    table = "sku,units\nBIN-BAMBU,2\nBIN-BAMBU,2\nSET-BERSIH,1\n"

    first, second = import_(stall, table), import_(stall, table)

    assert (first["applied"], first["new"], second["applied"], second["known"]) == (True, 3, False, 3)
    assert available(stall, "BIN-BAMBU") == 36 - 5
    assert "in the books already" in stall.ok("sale", "import", str(stall.folder / "sales.csv"))


def test_rows_with_a_reference_are_known_in_a_longer_file(stall: Shop) -> None:
    import_(stall, HEAD + "BIN-BAMBU,2,bon-1,\n")
    longer = import_(stall, HEAD + "PENGKI-BAMBU,1,bon-2,\nBIN-BAMBU,2,bon-1,\n")

    assert (longer["new"], longer["known"]) == (1, 1)
    assert (available(stall, "BIN-BAMBU"), available(stall, "PENGKI-BAMBU")) == (34, 59)


def test_rows_with_the_time_of_day_are_known_in_a_longer_file_and_twins_count_both(stall: Shop) -> None:
    row = "BIN-BAMBU,1,,2025-01-05 10:30\n"
    import_(stall, HEAD + row)
    longer = import_(stall, HEAD + row + row)

    assert (longer["new"], longer["known"]) == (1, 1)
    assert available(stall, "BIN-BAMBU") == 34


def test_a_preview_changes_nothing(stall: Shop) -> None:
    told = import_(stall, "sku,units\nBIN-BAMBU,2\n", "--dry-run", code=3)

    assert (told["applied"], told["new"]) == (False, 1)
    assert available(stall, "BIN-BAMBU") == 36


def test_every_mistake_is_named_and_nothing_is_taken(stall: Shop) -> None:
    stall.ok("sale", "add", "PENGKI-BAMBU", "1", "--reference", "bon-9")
    file = stall.write(
        "sales.csv",
        HEAD + "BIN-BAMBU,2,bon-1,\nNOPE,1,,\nBIN-BAMBU,0,,\nBIN-BAMBU,1,,yesterday\n"
        "BIN-BAMBU,1,bon-1,\nPENGKI-BAMBU,3,bon-9,\nBIN-BAMBU,1,,2999-01-01\n"
        "BIN-BAMBU,1,,0001-01-01 00:00\n",
    )

    told = stall.refused("sale", "import", str(file))

    for part in (
        "line 3, sku",
        "line 4, units",
        "line 5, sold_at",
        "line 6, reference",
        "line 7, reference",
        "line 8",
        "line 9, sold_at",
    ):
        assert part in told
    assert available(stall, "BIN-BAMBU") == 36


def test_a_sale_beyond_what_is_there_is_taken_and_an_incident_says_who_goes_short(stall: Shop) -> None:
    import_(stall, "sku,units\nUKIRAN-01,3\n")

    assert available(stall, "UKIRAN-01") == -2
    assert "UKIRAN-01" in stall.ok("incident", "list")


def test_many_sales_are_asked_for_first(stall: Shop) -> None:
    rows = "sku,units\n" + "BIN-BAMBU,1\n" * 101

    stall.write("sales.csv", rows)
    result = stall.run("sale", "import", str(stall.folder / "sales.csv"), stdin="n\n")

    assert result.exit_code != 0
    assert available(stall, "BIN-BAMBU") == 36
    assert import_(stall, rows, "--yes")["applied"] is True


# ---------------------------------------------------------------- written offline


def offline(*lines: dict[str, object]) -> str:
    return "".join(json.dumps(line) + "\n" for line in lines)


def sold(number: str, sku: str = "BIN-BAMBU", units: int = 1, **more: object) -> dict[str, object]:
    return {"id": number, "sku": sku, "units": units, "sold_at": "2025-01-05T10:30:00+07:00", **more}


def test_lines_written_offline_are_taken_once_also_after_half_of_them_arrived(stall: Shop) -> None:
    file = stall.write("offline.jsonl", offline(sold("a"), sold("b", units=2)))
    stall.json("sale", "replay", str(file))
    file = stall.write("offline.jsonl", offline(sold("a"), sold("b", units=2), sold("c", "SET-BERSIH")))

    again = stall.json("sale", "replay", str(file))
    once_more = stall.json("sale", "replay", str(file))

    assert (again["new"], again["known"], once_more["new"]) == (1, 2, 0)
    assert available(stall, "BIN-BAMBU") == 36 - 4


def test_mistakes_in_offline_lines_are_all_named(stall: Shop) -> None:
    lines = offline(
        sold("a"),
        sold("a"),
        sold("b", "NOPE"),
        {"id": "c", "sku": "BIN-BAMBU", "units": True, "sold_at": "2025-01-05T10:30:00Z"},
        {"sku": "BIN-BAMBU", "units": 1, "sold_at": "2025-01-05T10:30:00Z"},
        sold("d", nonsense=1),
        sold("e", channel="nowhere"),
    )
    file = stall.write("offline.jsonl", lines + "not json\n")

    told = stall.refused("sale", "replay", str(file))

    for line in (2, 3, 4, 5, 6, 7, 8):
        assert f"line {line}" in told
    assert available(stall, "BIN-BAMBU") == 36


# ---------------------------------------------------------------- consignment


@pytest.fixture
def gallery(stall: Shop) -> Shop:
    """Six bins lie at a partner's place."""
    stall.ok("channel", "add", "galeri", "--connector", "counter", "--location", "galeri")
    stall.ok("stock", "move", "BIN-BAMBU", "6", "--to", "galeri", "--reference", "surat-1")
    return stall


def test_goods_moved_to_a_partner_are_there_and_no_longer_here(gallery: Shop) -> None:
    gallery.ok("stock", "move", "BIN-BAMBU", "6", "--to", "galeri", "--reference", "surat-1")

    assert (available(gallery, "BIN-BAMBU"), available(gallery, "BIN-BAMBU", "galeri")) == (30, 6)


def test_more_than_is_free_cannot_be_moved_nor_to_the_same_place(gallery: Shop) -> None:
    assert "only 30 are there" in gallery.refused("stock", "move", "BIN-BAMBU", "31", "--to", "galeri")
    assert "two different" in gallery.refused("stock", "move", "BIN-BAMBU", "1", "--to", "main")
    assert "bundle" in gallery.refused("stock", "move", "SET-BERSIH", "1", "--to", "galeri")


def test_what_is_missing_at_a_partners_place_was_sold_once(gallery: Shop) -> None:
    visit = ("sale", "settle", "BIN-BAMBU", "2", "--channel", "galeri", "--reference", "visit-1")

    first, second = gallery.json(*visit), gallery.json(*visit)

    assert (first["sold"], first["taken"], second["sold"], second["taken"]) == (4, True, 4, False)
    assert (available(gallery, "BIN-BAMBU"), available(gallery, "BIN-BAMBU", "galeri")) == (30, 2)
    assert "in the books already" in gallery.ok(*visit)
    assert "All 2" in gallery.ok("sale", "settle", "BIN-BAMBU", "2", "--channel", "galeri")


def test_a_visit_that_found_nothing_sold_counts_once_as_well(gallery: Shop) -> None:
    """Repeated after more was brought, it must not take that for sold."""
    visit = ("sale", "settle", "BIN-BAMBU", "6", "--channel", "galeri", "--reference", "visit-1")
    first = gallery.json(*visit)
    gallery.ok("stock", "move", "BIN-BAMBU", "3", "--to", "galeri")

    again = gallery.json(*visit)

    assert (first["sold"], first["taken"], again["sold"], again["taken"]) == (0, True, 0, False)
    assert available(gallery, "BIN-BAMBU", "galeri") == 9


@pytest.mark.parametrize(
    "sale",
    [("add", "BIN-BAMBU", "1", "--channel", "galeri"), ("settle", "BIN-BAMBU", "2", "--channel", "galeri")],
)
def test_a_reference_that_is_too_long_is_a_mistake(gallery: Shop, sale: tuple[str, ...]) -> None:
    assert "A reference has 1 to 255 signs, not " in gallery.refused("sale", *sale, "--reference", "x" * 256)


def test_more_than_was_brought_there_is_a_mistake(gallery: Shop) -> None:
    told = gallery.refused("sale", "settle", "BIN-BAMBU", "7", "--channel", "galeri")

    assert "only 6 were brought there" in told


def test_a_count_tells_nothing_where_others_sell_too(gallery: Shop) -> None:
    gallery.ok("channel", "add", "second", "--connector", "counter")

    assert "a location of their own" in gallery.refused(
        "sale", "settle", "BIN-BAMBU", "2", "--channel", "second"
    )


# ---------------------------------------------------------------- by message


def test_a_sale_by_message_is_one_line_and_needs_no_listing(
    stall: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INSTAGRAM_TOKEN", "token-of-nobody")
    told = ("--set", "catalog_id=1234567890", "--secret", "access_token=INSTAGRAM_TOKEN")
    stall.ok("channel", "add", "instagram", "--connector", "instagram", *told)
    sale = ("sale", "add", "SET-BERSIH", "2", "--channel", "instagram", "--reference", "dm-7")

    first, second = stall.json(*sale), stall.json(*sale)

    assert (first["taken"], second["taken"]) == (True, False)
    assert (available(stall, "BIN-BAMBU"), available(stall, "PENGKI-BAMBU")) == (34, 58)
    assert "quarantine" not in stall.ok("incident", "list")
    (line,) = (one for one in stall.ok("status").splitlines() if one.startswith("instagram"))
    assert "–" in line
    assert "takes no orders" in line
    assert "typed in" not in line
