"""The page of performance says what was measured; what has to hold did, and a goal that was missed is called so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bench import baseline, report
from bench.figures import Figure

ROOT = Path(__file__).resolve().parents[2]
RESULTS = json.loads((ROOT / "bench" / "results.json").read_text(encoding="utf-8"))


def test_the_page_is_made_from_the_results() -> None:
    """If this fails: `python bench/report.py`, or `make bench` to measure anew."""
    assert (ROOT / "docs" / "performance.md").read_text(encoding="utf-8") == report.page(RESULTS)


def test_every_bench_stands_on_the_page_and_every_figure_that_is_no_goal_holds() -> None:
    assert set(RESULTS["benches"]) == set(report.QUESTIONS)
    assert [one["what"] for one in _figures() if not one["holds"] and not one.get("goal")] == []


def test_a_missed_goal_is_called_missed_on_the_page() -> None:
    missed = [one for one in _figures() if not one["holds"] and not one.get("disturbed")]
    assert (ROOT / "docs" / "performance.md").read_text(encoding="utf-8").count("**not reached**") == len(
        missed
    )


def test_a_figure_of_a_disturbed_run_is_never_called_reached() -> None:
    figure = Figure(
        what="x", value=0.9, of="×", bar=0.4, at_most=False, behind="", goal=True, disturbed="a slow disk"
    )
    assert not figure.holds
    assert report.line(figure.as_json()).startswith("?")
    assert baseline.disturbed_by(baseline.SLOWEST_FLUSH_MS * 4)
    assert not baseline.disturbed_by(0.4)


def test_each_bench_that_writes_to_a_ledger_shows_that_its_books_were_proven() -> None:
    for name in ("pull", "reserving", "onward"):
        assert all("books proven" in one["behind"] for one in RESULTS["benches"][name])


def _figures() -> list[dict[str, Any]]:
    return [one for figures in RESULTS["benches"].values() for one in figures]
