"""How fast is it all? Every bench in a process of its own, its figures into results.json and docs/performance.md.

Run: `make bench`; `make bench ARGS=--long` for larger and longer ones; `ARGS="pull idle"` for some, the others stay.
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

from bench import report  # noqa: E402

#: Modules beside this one, each with a function ``figures()``.
BENCHES = tuple(report.QUESTIONS)
LIMIT_S = 400
RESULTS = ROOT / "bench" / "results.json"
PAGE = ROOT / "docs" / "performance.md"


def main(arguments: list[str]) -> int:
    """1 if a figure that is no goal does not hold. If a bench fails, nothing is written."""
    if arguments[:1] == ["--one"]:
        figures = importlib.import_module(f"bench.{arguments[1]}").figures()
        print(json.dumps([figure.as_json() for figure in figures]))
        return 0
    results: dict[str, object] = {"machine": machine(), "benches": {}}
    chosen = [name for name in arguments if name in BENCHES] or BENCHES
    kept = json.loads(RESULTS.read_text(encoding="utf-8"))["benches"]
    found = {name: _figures_of(name, arguments) if name in chosen else kept[name] for name in BENCHES}
    results["benches"] = found
    RESULTS.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    PAGE.write_text(report.page(results), encoding="utf-8")
    return (
        0
        if all(figure["holds"] or figure.get("goal") for figures in found.values() for figure in figures)
        else 1
    )


def _figures_of(name: str, arguments: list[str]) -> list[dict[str, object]]:
    longer = ["--long"] if "--long" in arguments else []
    command = [sys.executable, __file__, "--one", name, *longer]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)  # noqa: S603  # our own script
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    figures: list[dict[str, object]] = json.loads(done.stdout.splitlines()[-1])
    for figure in figures:
        print(report.line(figure))
    return figures


def machine() -> dict[str, object]:
    """What one has to know of where it was measured."""
    return {
        "day": datetime.now(UTC).date().isoformat(),
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
    }


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.is_file() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or "unknown")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
