"""``doctor --repair`` says what it did, asks before a count is rebuilt, and leaves a row about who did it."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from tests.interfaces.conftest import Shop


def _change(shop: Shop, *statements: str) -> None:
    """Behind the engine's back."""
    with closing(sqlite3.connect(shop.database, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def test_what_was_mended_is_said_and_stands_in_the_books(stocked: Shop) -> None:
    _change(stocked, "INSERT INTO \"limit\" (channel, sku, pause) VALUES ('gone', 'BIN-BAMBU', 1)")
    before = stocked.run("doctor")
    assert before.exit_code == 4
    assert "1 rows of limit belong to a channel that is not there" in before.stdout

    said = stocked.run("--lang", "id", "doctor", "--repair").stdout

    assert "1 baris limit dihapus" in said
    assert stocked.json("doctor")["healthy"] is True
    assert stocked.json("audit", "list")["audit"][0]["command"] == "doctor"  # type: ignore[index]
    assert stocked.json("run", "list")["runs"][0]["kind"] == "repair"  # type: ignore[index]


def test_a_count_is_rebuilt_only_with_a_persons_word(stocked: Shop) -> None:
    _change(stocked, "UPDATE stock SET on_hand = 99 WHERE sku = 'BIN-BAMBU'")

    shown = stocked.run("doctor", "--repair")
    refused = stocked.refused("doctor", "--repair", "--rebuild-counts")

    assert "--rebuild-counts" in shown.stdout
    assert "BIN-BAMBU at main: 99 → 36 on hand." in refused
    assert "add --yes if you mean it" in refused
    document = stocked.json("doctor", "--repair", "--rebuild-counts", "--yes")
    assert [one["sentence"] for one in document["repairs"]] == [  # type: ignore[attr-defined]
        "BIN-BAMBU: 99 → 36 on hand, 0 → 0 reserved, as its movements add up."
    ]
    assert document["healthy"] is True


def test_rebuilding_without_repair_is_refused(stocked: Shop) -> None:
    assert "goes with --repair" in stocked.refused("doctor", "--rebuild-counts")
