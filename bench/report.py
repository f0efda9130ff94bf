"""What does docs/performance.md say? What stands in results.json, and nothing else. Run: `python bench/report.py`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

#: Bench → what it asks, in the order of the page.
QUESTIONS = {
    "manifest_mapping": "Mapping a page of orders by manifest, beside the same mapping written by hand",
    "calls_per_change": "Requests for changed numbers, beside the fewest that each channel's batch rules allow",
    "pull": "Pages of orders into the ledger, beside a bare loop that records the same pages",
    "reserving": "Units reserved on PostgreSQL, beside bare statements",
    "pushing": "A push of what changed, however many listings there are",
    "onward": "Orders recorded at one channel and told to the others",
    "idle": "What it costs when nothing happens",
    "quota": "How much of a documented quota four workers use together; the shop's own log counts",
}
_HEAD = """\
# Performance

Made by `make bench` from [results.json](../bench/results.json); a test keeps it true. Quoted are **ratios** to a baseline of
the same run: absolute times belong to one machine on one day. How each is measured stands in the script of the same name in
[bench](../bench). A bar is either held (the run fails if it is not) or a goal, of which the page says whether it is reached.
"""
_MEASURED = (
    "Measured on {day}: {processor}, {cores} cores, {system}, Python {python}; load at the beginning {load}."
)


def page(results: Mapping[str, Any]) -> str:
    """The whole page."""
    machine = results["machine"]
    lines = [
        _HEAD,
        _MEASURED.format(**machine),
    ]
    for name, question in QUESTIONS.items():
        lines += [
            f"\n## {question}\n",
            "| what | measured | bar | holds | behind it |",
            "| --- | --- | --- | --- | --- |",
        ]
        lines += [_row(figure) for figure in results["benches"][name]]
    return "\n".join(lines) + "\n"


def _row(figure: Mapping[str, Any]) -> str:
    cells = (
        figure["what"],
        _measured(figure),
        _bar(figure),
        _verdict(figure),
        figure["behind"],
    )
    return f"| {' | '.join(cells)} |"


def _verdict(figure: Mapping[str, Any]) -> str:
    if figure.get("disturbed"):
        return f"**not judged**: {figure['disturbed']}"
    if figure["holds"]:
        return "reached" if figure.get("goal") else "yes"
    return "**not reached**" if figure.get("goal") else "**no**"


def line(figure: Mapping[str, Any]) -> str:
    """One figure for a person at a terminal."""
    mark = (
        "?   "
        if figure.get("disturbed")
        else "ok  "
        if figure["holds"]
        else "goal"
        if figure.get("goal")
        else "FAIL"
    )
    return f"{mark} {figure['what']}: {_measured(figure)} ({_bar(figure)}); {figure['behind']}"


def _measured(figure: Mapping[str, Any]) -> str:
    return f"{figure['value']:.2f} {figure['of']}"


def _bar(figure: Mapping[str, Any]) -> str:
    return f"{'at most' if figure['at_most'] else 'at least'} {figure['bar']:g}"


if __name__ == "__main__":
    root = Path(__file__).resolve().parents[1]
    results = json.loads((root / "bench" / "results.json").read_text(encoding="utf-8"))
    (root / "docs" / "performance.md").write_text(page(results), encoding="utf-8")
