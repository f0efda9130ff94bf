"""Holds and makers' premiums as a person types them: created, shown, handed over, and what is due by month."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.interfaces.conftest import Shop


def _in(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()


def _hold(shop: Shop, *asked: str, party: str = "parks department") -> dict[str, object]:
    document = shop.json("hold", "create", *asked, "--for", party, "--until", _in(7))
    found = document["hold"]
    assert isinstance(found, dict)
    return found


def test_a_hold_is_created_shown_and_handed_over(stocked: Shop) -> None:
    stocked.ok("limit", "set", "BIN-BAMBU", "--channel", "counter", "--pause")
    found = _hold(stocked, "BIN-BAMBU=30", "PENGKI-BAMBU=2")
    number = str(found["id"])

    said = stocked.ok("hold", "show", number)

    assert f"Hold {number} for parks department" in said
    assert "BIN-BAMBU: 30 of 30 gathered" in said
    assert "30 × BIN-BAMBU, 2 × PENGKI-BAMBU" in said
    assert stocked.json("hold", "list")["holds"] == [stocked.json("hold", "show", number)["hold"]]
    assert "hold 1 for parks department: 30 of 30" in stocked.ok("explain", "BIN-BAMBU")
    status = stocked.json("status")
    assert status["holds"] == {"open": 1, "wanted": 32, "gathered": 32}
    assert "1 hold is open: 32 of 32 units gathered" in stocked.ok("status")

    done = stocked.json("hold", "fulfil", number)
    again = stocked.json("hold", "fulfil", number)

    assert (done["changed"], again["changed"]) == (True, False)
    assert stocked.json("hold", "list")["holds"] == []
    assert "handed over" in stocked.ok("hold", "list", "--all")
    assert "cannot be taken back" in stocked.refused("hold", "cancel", number)
    assert stocked.json("doctor")["healthy"] is True


def test_what_is_not_there_is_said_to_wait_for_goods(stocked: Shop) -> None:
    number = str(_hold(stocked, "UKIRAN-01=3")["id"])

    said = stocked.ok("hold", "show", number)
    assert "UKIRAN-01: 1 of 3 gathered, 2 wait for goods-in" in said
    assert "lacks 2 × UKIRAN-01" in stocked.refused("hold", "fulfil", number)

    stocked.ok("stock", "receive", "UKIRAN-01", "2")

    assert stocked.json("hold", "show", number)["hold"]["whole"] is True  # type: ignore[index]


def test_the_same_reference_creates_one_hold(stocked: Shop) -> None:
    words = ("hold", "create", "BIN-BAMBU=3", "--for", "parks", "--until", _in(3), "--reference", "PO-7")

    assert [stocked.json(*words)["created"] for _ in range(2)] == [True, False]
    assert "nothing was changed" in stocked.ok(*words)


def test_a_day_ends_with_its_last_second(stocked: Shop) -> None:
    document = _hold(stocked, "BIN-BAMBU=1")

    told = datetime.fromisoformat(str(document["expires_at"])).astimezone()
    assert told.date() == datetime.fromisoformat(_in(8)).date()
    assert (told.hour, told.minute) == (0, 0)


@pytest.mark.parametrize(
    "asked", ["BIN-BAMBU", "BIN-BAMBU=", "=3", "BIN-BAMBU=0", "BIN-BAMBU=1.5", "BIN-BAMBU=1e3", "NOPE=1"]
)
def test_what_cannot_be_held_is_refused_with_a_sentence(stocked: Shop, asked: str) -> None:
    said = stocked.refused("hold", "create", asked, "--for", "parks", "--until", _in(3))

    assert said
    assert stocked.json("hold", "list", "--all")["holds"] == []


def test_a_hold_of_the_past_and_one_that_is_not_there_are_refused(stocked: Shop) -> None:
    assert "future" in stocked.refused("hold", "create", "BIN-BAMBU=1", "--for", "x", "--until", "2020-01-01")
    assert "There is no hold 9" in stocked.refused("hold", "show", "9")


def _sell(shop: Shop, sku: str, units: int, when: str) -> None:
    shop.ok("sale", "add", sku, str(units), "--sold-at", when)


def test_a_maker_is_paid_by_month_for_the_parts_of_what_was_sold(stocked: Shop, tmp_path: Path) -> None:
    stocked.ok("product", "set", "BIN-BAMBU", "--maker", "Slamet", "--premium", "5000")
    stocked.ok("product", "set", "PENGKI-BAMBU", "--maker", "Tini", "--premium", "1500")
    _sell(stocked, "SET-BERSIH", 2, "2026-10-31 23:30")
    _sell(stocked, "BIN-BAMBU", 1, "2026-11-01 00:30")
    stocked.ok("product", "set", "BIN-BAMBU", "--premium", "9000")

    october = stocked.json("report", "premium", "--month", "2026-10", "--csv", str(tmp_path / "premium.csv"))
    november = stocked.json("report", "premium", "--month", "2026-11", "--maker", "Slamet")

    assert [(one["maker"], one["sold"], one["due"]) for one in october["makers"]] == [  # type: ignore[attr-defined]
        ("Slamet", 2, "10000"),
        ("Tini", 2, "3000"),
    ]
    assert [(one["premium"], one["sold"]) for one in november["lines"]] == [("5000", 1)]  # type: ignore[attr-defined]
    with (tmp_path / "premium.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["maker"], row["sku"], row["due"]) for row in rows] == [
        ("Slamet", "BIN-BAMBU", "10000"),
        ("Tini", "PENGKI-BAMBU", "3000"),
    ]
    assert "Slamet: Rp10.000 due for 2026-10" in stocked.ok("report", "premium", "--month", "2026-10")


def test_a_month_has_the_bounds_of_its_zone(stocked: Shop) -> None:
    document = stocked.json("report", "premium", "--month", "2026-12", "--zone", "Asia/Jakarta")

    assert (document["since"], document["until"]) == (
        "2026-12-01T00:00:00+07:00",
        "2027-01-01T00:00:00+07:00",
    )
    assert "no time zone" in stocked.refused(
        "report", "premium", "--month", "2026-12", "--zone", "Asia/Nowhere"
    )
    assert "not a month" in stocked.refused("report", "premium", "--month", "2026-13")


def test_maker_and_premium_are_set_and_taken_away(stocked: Shop) -> None:
    stocked.ok("product", "set", "BIN-BAMBU", "--maker", "Slamet", "--premium", "5000")
    assert "Slamet" in stocked.ok("product", "list", "BIN-BAMBU")

    assert stocked.json("product", "set", "BIN-BAMBU", "--no-maker")["maker"] is None
    assert "no maker yet" in stocked.refused("product", "set", "BIN-BAMBU", "--premium", "1")
    assert "bundle" in stocked.refused("product", "set", "SET-BERSIH", "--maker", "Slamet")
    assert stocked.refused("product", "set", "BIN-BAMBU")
    assert stocked.refused("product", "set", "BIN-BAMBU", "--no-maker", "--maker", "x")
