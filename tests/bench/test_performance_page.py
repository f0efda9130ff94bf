"""The page of performance says what was measured, and nothing that was measured fell short."""

from __future__ import annotations

import json
from pathlib import Path

from bench import report

ROOT = Path(__file__).resolve().parents[2]
RESULTS = json.loads((ROOT / "bench" / "results.json").read_text(encoding="utf-8"))


def test_the_page_is_made_from_the_results() -> None:
    """If this fails: `python bench/report.py`, or `make bench` to measure anew."""
    assert (ROOT / "docs" / "performance.md").read_text(encoding="utf-8") == report.page(RESULTS)


def test_every_bench_stands_on_the_page_and_every_figure_holds() -> None:
    assert set(RESULTS["benches"]) == set(report.QUESTIONS)
    assert [
        one["what"] for figures in RESULTS["benches"].values() for one in figures if not one["holds"]
    ] == []
