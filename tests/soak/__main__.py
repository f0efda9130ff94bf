"""Does the engine hold, seed after seed? `make soak SEEDS=1-20 HOURS=0.1`, `make soak REPLAY=7`.

Every run is written to ``bench/soak.jsonl``. The exit code is 1 when an invariant broke, or when a misfortune that was
drawn never struck.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tests.scratch import write_into_memory
from tests.soak.controls import CONTROLS, careless
from tests.soak.plan import draw
from tests.soak.run import Outcome, run
from tests.soak.shrink import shrink

ROOT = Path(__file__).resolve().parents[2]
RECORD = ROOT / "bench" / "soak.jsonl"


@dataclass(slots=True)
class Tally:
    """What the runs come to together."""

    hours: float = 0.0
    orders: int = 0
    visits: int = 0
    cpu_s: float = 0.0
    violations: list[str] = field(default_factory=list)
    fired: Counter[str] = field(default_factory=Counter)
    looked: Counter[str] = field(default_factory=Counter)
    drawn: set[str] = field(default_factory=set)

    def add(self, outcome: Outcome) -> None:
        """One run more."""
        self.hours += outcome.hours
        self.orders += outcome.orders
        self.visits += outcome.visits
        self.cpu_s += outcome.cpu_s
        self.fired.update(outcome.fired)
        self.looked.update(outcome.looked)
        self.drawn |= outcome.plan.drawn
        if not outcome.is_ok:
            self.violations.append(f"seed {outcome.plan.seed}: {outcome.invariant}: {outcome.told}")

    @property
    def never(self) -> list[str]:
        """Drawn, and never struck."""
        return sorted(kind for kind in self.drawn if not self.fired[kind])

    def document(self, *, seeds: str, hours: float) -> dict[str, object]:
        """As it is printed and kept."""
        return {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "commit": _commit(),
            "seeds": seeds,
            "hours_per_seed": hours,
            "hours": round(self.hours, 2),
            "orders": self.orders,
            "visits": self.visits,
            "violations": self.violations,
            "cpu_s": round(self.cpu_s, 1),
            "hours_per_cpu_hour": round(self.hours * 3600 / max(self.cpu_s, 0.001)),
            "never_fired": self.never,
            "fired": dict(sorted(self.fired.items())),
            "looked": dict(sorted(self.looked.items())),
        }


def main(argv: Sequence[str] | None = None) -> int:
    """Run what was asked for."""
    asked = _parser().parse_args(argv)
    write_into_memory()
    if asked.control:
        return _controls(asked.control, _seeds(asked.seeds), asked.hours)
    if asked.replay is not None:
        return _replay(asked.replay, asked.hours)
    tally = Tally()
    began = time.monotonic()
    for seed in _seeds(asked.seeds):
        outcome = run(draw(seed, hours=asked.hours))
        tally.add(outcome)
        if not outcome.is_ok:
            _say(
                f"seed {seed}: {outcome.invariant}: {outcome.told}\n  make soak REPLAY={seed} HOURS={asked.hours}"
            )
        elif not asked.json:
            _say(
                f"seed {seed}: ok, {outcome.orders} orders in {outcome.hours:.2f} h, {outcome.cpu_s:.1f} CPU-s"
            )
        if asked.seconds is not None and time.monotonic() - began > asked.seconds:
            break
    document = tally.document(seeds=asked.seeds, hours=asked.hours)
    with RECORD.open("a", encoding="utf-8") as record:
        record.write(json.dumps(document) + "\n")
    _say(json.dumps(document, indent=None if asked.json else 1))
    return 1 if tally.violations or tally.never else 0


def _replay(seed: int, hours: float) -> int:
    """One seed, its last events, and the smallest run that breaks the same."""
    outcome = run(draw(seed, hours=hours))
    if outcome.is_ok:
        _say(f"seed {seed} holds: {outcome.orders} orders in {outcome.hours:.2f} h, digest {outcome.digest}")
        return 0
    _say("\n".join(outcome.tail))
    _say(f"{outcome.invariant}: {outcome.told}\ndigest {outcome.digest}\nshrinking …")
    least = shrink(outcome)
    _say("\n".join(least.tail))
    _say(f"{least.invariant}: {least.told}\n{least.plan}")
    return 1


def _controls(name: str, seeds: Sequence[int], hours: float) -> int:
    """Each careless version has to break within these seeds."""
    survived = []
    for control in CONTROLS if name == "all" else [one for one in CONTROLS if one.name == name]:
        broken = ""
        for seed in seeds:
            with careless(control):
                outcome = run(draw(seed, hours=hours))
            if not outcome.is_ok:
                broken = f"{outcome.invariant} at seed {seed}"
                break
        _say(f"{control.name}: {broken or 'SURVIVED'}")
        if not broken:
            survived.append(control.name)
    return 1 if survived else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--seeds", default="1-4", help="A-B, or one seed")
    parser.add_argument(
        "--hours", type=float, default=0.05, help="simulated hours of each seed, at least one round"
    )
    parser.add_argument(
        "--replay", type=int, help="one seed again, with its last events, and shrunk if it fails"
    )
    parser.add_argument("--seconds", type=float, help="begin no further seed after so long")
    parser.add_argument(
        "--control", help="a careless version (or all) that has to be caught within the seeds"
    )
    parser.add_argument("--json", action="store_true", help="print the result alone, on one line")
    return parser


def _seeds(text: str) -> Sequence[int]:
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


def _commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
