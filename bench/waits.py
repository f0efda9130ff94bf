"""What does a person or a worker wait for before anything begins? Starting the program, and planning many shops at once.

Processor seconds, the best of several runs; the bare interpreter stands beside them. Run: `python bench/waits.py`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from time import process_time

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

from bench.figures import Figure, show  # noqa: E402
from syncworker.core.allocator import Part, PoolView, plan  # noqa: E402
from syncworker.core.model import ChannelRules, QuantityMode  # noqa: E402

RUNS = 7
#: Processor seconds that `syncworker --help` may take.
HELP_S = 0.3
#: Processor seconds that one plan may take: a worker makes one for each product that sells.
PLAN_S = 0.05


def figures() -> list[Figure]:
    """Both waits."""
    program = Path(sys.executable).parent / "syncworker"
    bare, helped = _spent([sys.executable, "-c", "pass"]), _spent([str(program), "--help"])
    planned = min(_planned() for _ in range(RUNS))
    return [
        Figure(
            what="syncworker --help",
            value=helped / HELP_S,
            of=f"× {HELP_S} s of processor time",
            bar=1.0,
            at_most=True,
            behind=f"{helped:.2f} s; the bare interpreter takes {bare:.2f} s",
        ),
        Figure(
            what="one plan: a million units, 50 shops",
            value=planned / PLAN_S,
            of=f"× {PLAN_S} s of processor time",
            bar=1.0,
            at_most=True,
            behind=f"{planned * 1000:.1f} ms; the cost does not depend on how many units there are",
        ),
    ]


def _spent(command: list[str]) -> float:
    """Processor seconds of a process, the best of several."""
    spent = []
    for _ in range(RUNS):
        before = os.times()
        subprocess.run(command, capture_output=True, check=True)  # noqa: S603  # our own program
        after = os.times()
        spent.append(
            after.children_user - before.children_user + after.children_system - before.children_system
        )
    return min(spent)


def _planned() -> float:
    modes = (QuantityMode.SET, QuantityMode.COMPARE_AND_SET, QuantityMode.ADJUST)
    shops = [
        PoolView(
            pool_id=f"{i:02}", channel=f"{i:02}", sku="BIN", recipe={"BIN": 1}, shown=0, exposure=0,
            rules=ChannelRules(mode=modes[i % 3]), sales=float(i % 5),
        )
        for i in range(50)
    ]  # fmt: skip
    began = process_time()
    plan({"BIN": Part(available=1_000_000)}, shops)
    return process_time() - began


if __name__ == "__main__":
    sys.exit(show(figures()))
