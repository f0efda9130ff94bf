"""`explain` remembers nothing: one changed row changes its own line, and those that are computed from it."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.interfaces.conftest import Shop

PUSH = "(SELECT id FROM push WHERE pool_id = (SELECT id FROM pool WHERE sku = 'BIN-BAMBU' AND channel = 'counter'))"
POOL = "sku = 'BIN-BAMBU' AND channel = 'counter'"

#: A change of one row, and what the lines that change begin with.
CHANGES = {
    "movement": (
        "UPDATE movement SET on_hand_after = on_hand_after + 5 WHERE sku = 'BIN-BAMBU' AND kind = 'count'",
        {"  counted:", "  on hand"},
    ),
    "stock on hand": (
        "UPDATE stock SET on_hand = on_hand + 5 WHERE sku = 'BIN-BAMBU'",
        {"  on hand", "  available", "  free", "  should show", "  next push", "  waits:", "  changes when"},
    ),
    "order line": (
        "UPDATE order_line SET ordered = ordered + 2 WHERE sku = 'BIN-BAMBU'",
        # What is sold decides the shares too.
        {"  reserved", "  should show"},
    ),
    "exposure": (
        f"UPDATE pool SET exposure = exposure - 1 WHERE {POOL}",
        {
            "  counter may sell",
            "  free",
            "  may sell",
            "  should show",
            "  next push",
            "  waits:",
            "  changes when",
        },
    ),
    "shown": (f"UPDATE pool SET shown = shown + 1 WHERE {POOL}", {"counter (live) shows"}),
    "push": (f"UPDATE push SET value = value + 3 WHERE id IN {PUSH}", {"  last push:"}),
    "limit": (
        "INSERT INTO \"limit\" (channel, sku, pause, at_most) VALUES ('counter', 'BIN-BAMBU', 0, 7)",
        {"  limits:", "  should show", "  next push", "  waits:", "  changes when"},
    ),
    "safety stock": (
        "UPDATE product SET safety_stock = 3 WHERE sku = 'BIN-BAMBU'",
        {"  safety stock", "  should show"},
    ),
    "title": ("UPDATE product SET title = 'Other' WHERE sku = 'BIN-BAMBU'", {"BIN-BAMBU  "}),
}


@pytest.fixture(scope="module")
def selling_template(stocked_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A counter that shows its share, with a sale in the books. Its movements may be rewritten."""
    home = tmp_path_factory.mktemp("selling") / "shop"
    shutil.copytree(stocked_template, home)
    shop = Shop(home / "config")
    shop.ok("resync", "--wait", "--timeout", "60")
    shop.ok("sale", "add", "BIN-BAMBU", "2")
    shop.ok("resync", "--wait", "--timeout", "60")
    names = _execute(shop, "SELECT name FROM sqlite_master WHERE type = 'trigger'")
    _execute(shop, *(f"DROP TRIGGER {name}" for name in names))
    return home


@pytest.fixture
def selling(selling_template: Path, tmp_path: Path) -> Shop:
    shutil.copytree(selling_template, tmp_path / "shop")
    return Shop(tmp_path / "shop" / "config")


@pytest.mark.parametrize("case", CHANGES)
def test_one_changed_row_changes_exactly_its_lines(selling: Shop, case: str) -> None:
    statement, expected = CHANGES[case]
    before = _lines(selling)

    _execute(selling, statement)
    after = _lines(selling)

    changed = set(before) ^ set(after)
    assert changed
    assert {line for line in changed if not line.startswith(tuple(expected))} == set()


def test_a_stock_row_that_its_movements_do_not_lead_to_is_named(selling: Shop) -> None:
    _execute(selling, "UPDATE stock SET on_hand = 99 WHERE sku = 'BIN-BAMBU'")

    said = selling.ok("explain", "BIN-BAMBU")
    doctor = selling.run("doctor")

    assert "  on hand   99  ! the movements add up to 34: see `syncworker doctor`" in said
    assert doctor.exit_code == 4
    assert "The books do not add up: BIN-BAMBU at main: stock says 99 on hand" in doctor.stdout


def test_a_bundle_is_explained_by_its_parts(selling: Shop) -> None:
    document = selling.json("explain", "SET-BERSIH")

    parts = document["parts"]
    pools = document["pools"]
    assert document["sellable"] == 34
    assert isinstance(parts, list)
    assert [part["part"]["sku"] for part in parts] == ["BIN-BAMBU", "PENGKI-BAMBU"]
    assert isinstance(pools, list)
    assert set(pools[0]) == {
        "pool_id", "channel", "state", "policy", "shown", "exposure", "pending", "counts", "last_read", "last_push",
        "limits", "takes_orders", "unlinking", "parked", "waits", "target", "reason", "sentence", "push",
    }  # fmt: skip


def _lines(shop: Shop) -> list[str]:
    """Without the first line's clock."""
    first, *rest = shop.ok("explain", "BIN-BAMBU").split("\n")
    return [first.split("  (")[0], *rest]


def _execute(shop: Shop, *statements: str) -> list[str]:
    """Run these behind the engine's back; the first column of what they return."""
    with closing(sqlite3.connect(shop.database, isolation_level=None)) as connection:
        return [str(row[0]) for statement in statements for row in connection.execute(statement)]
