"""A plan on paper and an undo, as a person types them; the counter stands for every shop."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from syncworker.ledger.stock import history
from tests.interfaces.conftest import Shop


@pytest.fixture
def paper(stocked: Shop) -> Path:
    """The plan that fills the counter."""
    file = stocked.folder / "sunday.json"
    result = stocked.run("resync", "--dry-run", "--plan", str(file))
    assert result.exit_code == 3, result.output
    return file


def test_a_plan_is_drawn_up_shown_and_carried_out(stocked: Shop, paper: Path) -> None:
    shown = stocked.json("plan", "show", str(paper))
    told = stocked.ok("plan", "show", str(paper))

    report = stocked.json("resync", "--apply", str(paper))

    assert shown["ours"] is True
    assert "BIN-BAMBU" in told
    assert "by" in told
    sent = report["sent"]
    assert isinstance(sent, list)
    assert {(one["sku"], one["outcome"]) for one in sent} == {
        (str(item["sku"]), "applied")
        for item in shown["items"]  # type: ignore[attr-defined]
    }
    assert report["skipped"] == []
    assert stocked.run("resync", "--dry-run").exit_code == 0


def test_what_moved_since_is_skipped_and_said_in_both_languages(stocked: Shop, paper: Path) -> None:
    stocked.ok("stock", "adjust", "UKIRAN-01", "1", "--reason", "found")

    result = stocked.run("resync", "--apply", str(paper), "--lang", "id")

    assert result.exit_code == 5
    assert "UKIRAN-01" in result.stdout
    assert "the stock changed" not in result.stdout
    again = stocked.json("resync", "--apply", str(paper), code=5)
    assert again["sent"] == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["--plan", "new.json"],
        ["--dry-run", "--plan", "{paper}"],
        ["--apply", "{paper}", "--dry-run"],
        ["--apply", "{paper}", "counter"],
        ["--apply", "{folder}/channels.toml"],
        ["--dry-run", "--plan", "{folder}/no/such/folder/plan.json"],
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    stocked: Shop, paper: Path, arguments: list[str]
) -> None:
    before = paper.read_bytes()

    said = stocked.refused("resync", *(one.format(paper=paper, folder=stocked.folder) for one in arguments))

    assert said
    assert paper.read_bytes() == before


def test_a_plan_that_was_changed_by_hand_is_neither_shown_nor_carried_out(stocked: Shop, paper: Path) -> None:
    document = json.loads(paper.read_text())
    document["plan"]["items"][0]["push"]["value"] += 1
    paper.write_text(json.dumps(document))

    assert "was changed after it was made" in stocked.refused("plan", "show", str(paper))
    assert "was changed after it was made" in stocked.refused("resync", "--apply", str(paper))


def import_counts(stocked: Shop, units: int) -> str:
    """A count of the bins from a file; the reference of its movements."""
    file = stocked.write("counted.csv", f"sku,on_hand\nBIN-BAMBU,{units}\n")
    stocked.ok("stock", "import", str(file), "--no-pull")
    with closing(stocked.ledger()) as ledger, ledger.snapshot() as tx:
        return history(tx, "BIN-BAMBU")[0].reference


def on_hand(stocked: Shop) -> int:
    document = stocked.json("stock", "show", "BIN-BAMBU")
    (row,) = document["stock"]  # type: ignore[misc]
    return int(row["on_hand"])  # type: ignore[has-type]


def test_an_import_is_undone_once_after_a_look(stocked: Shop) -> None:
    reference = import_counts(stocked, 30)

    look = stocked.json("undo", reference, "--dry-run", code=3)
    assert on_hand(stocked) == 30
    document = stocked.json("undo", reference)

    assert look["counts"] == document["counts"]
    assert document["counts"] == [
        {
            "sku": "BIN-BAMBU",
            "location": "main",
            "units": 6,
            "on_hand": {"before": 30, "after": 36},
            "available": {"before": 30, "after": 36},
        }
    ]
    assert on_hand(stocked) == 36
    assert "undone already" in stocked.refused("undo", reference)


def test_what_would_fall_short_is_asked_about_first(stocked: Shop) -> None:
    reference = import_counts(stocked, 40)
    stocked.ok("sale", "add", "BIN-BAMBU", "38")

    asked = stocked.refused("undo", reference)
    assert "BIN-BAMBU would be short" in asked
    assert stocked.json("undo", reference, "--yes")["short"] == ["BIN-BAMBU"]
    incidents = stocked.json("incident", "list")["incidents"]
    assert any(one["kind"] == "oversold" for one in incidents)  # type: ignore[attr-defined]


def test_a_name_that_moved_nothing_says_where_to_look(stocked: Shop) -> None:
    said = stocked.refused("undo", "no-such-thing")

    assert "syncworker run list" in said
    assert "syncworker stock history" in said


def test_a_file_that_would_empty_the_shelves_is_asked_about(stocked: Shop) -> None:
    many = "".join(f"PART-{number},Part {number},{number + 1}\n" for number in range(12))
    stocked.ok("product", "import", str(stocked.write("more.csv", f"sku,title,on_hand\n{many}")))
    empty = "".join(f"PART-{number},0\n" for number in range(12))
    file = stocked.write("counted.csv", f"sku,on_hand\n{empty}")

    asked = stocked.refused("stock", "import", str(file), "--no-pull")

    assert "12 of 15 counts would fall to 0" in asked
    assert stocked.run("stock", "import", str(file), "--no-pull", "--dry-run").exit_code == 3
    few = stocked.write("few.csv", "sku,on_hand\nPART-0,0\nPART-1,0\n")
    stocked.ok("stock", "import", str(few), "--no-pull")
    stocked.ok("stock", "import", str(file), "--no-pull", "--yes")
