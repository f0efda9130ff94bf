"""A short soak holds, the same seed is the same run, what broke once holds now, and a careless engine is caught."""

from __future__ import annotations

import tomllib
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from tests.soak.__main__ import Tally
from tests.soak.controls import CONTROLS, careless
from tests.soak.plan import BEYOND_DEEDS, BEYOND_FAULTS, DEEDS, SHOP_FAULTS, TROUBLES, Plan, draw
from tests.soak.run import Outcome, run
from tests.soak.shrink import shrink

FOUND = tomllib.loads((Path(__file__).parent / "found_seeds.toml").read_text("utf-8"))["found"]
_CONTROLS = {control.name: control for control in CONTROLS}
#: Each with a seed that catches it within seconds.
CAUGHT = (("raised when acknowledged", 2), ("a cancellation adds nothing", 8))


def test_a_short_soak_holds_and_the_same_seed_is_the_same_run() -> None:
    plan = draw(2, hours=0.01)

    first, second = run(plan), run(plan)

    assert (first.invariant, first.told) == ("", "")
    assert first.orders > 0
    assert first.digest == second.digest
    assert first.fired == second.fired


@pytest.mark.parametrize("found", FOUND, ids=lambda one: f"seed {one['seed']}")
def test_what_broke_once_holds(found: dict[str, float]) -> None:
    outcome = run(draw(int(found["seed"]), hours=found["hours"]))

    assert (outcome.invariant, outcome.told) == ("", "")


@pytest.mark.parametrize(("name", "seed"), CAUGHT)
def test_a_careless_engine_is_caught(name: str, seed: int) -> None:
    with careless(_CONTROLS[name]):
        assert not run(draw(seed, hours=0.03)).is_ok


def test_eight_seeds_draw_every_kind_of_fault_trouble_and_deed() -> None:
    drawn = frozenset().union(*(draw(seed, hours=1).drawn for seed in range(8)))

    assert drawn == {*SHOP_FAULTS, *TROUBLES, *DEEDS, *BEYOND_FAULTS, *BEYOND_DEEDS}


def test_a_fault_that_was_drawn_and_never_struck_is_told() -> None:
    tally = Tally()
    plan = replace(draw(2, hours=1), troubles=(("frozen", 0.1), ("restored", 0.1)), shop_faults=(), deeds=())

    tally.add(_outcome(plan, fired=Counter(frozen=3)))

    assert tally.never == ["restored"]


def test_a_failing_plan_is_shrunk_to_what_breaks_it() -> None:
    plan = draw(2, hours=1)

    def breaks_on_hints(smaller: Plan) -> Outcome:
        is_broken = "hint_late" in smaller.drawn
        return _outcome(smaller, invariant="I1" if is_broken else "", hours=0.1)

    least = shrink(breaks_on_hints(plan), run=breaks_on_hints, most=200)

    assert [kind for kind, _ in least.plan.troubles] == ["hint_late"]
    assert least.plan.shop_faults == ()
    assert least.plan.deeds == ()
    assert len(least.plan.profiles) == 1
    assert least.plan.hours == 0.1


def _outcome(
    plan: Plan, *, invariant: str = "", hours: float = 1.0, fired: Counter[str] | None = None
) -> Outcome:
    return Outcome(
        plan=plan, invariant=invariant, told="", hours=hours, orders=0, visits=0, cpu_s=0.0,
        fired=fired or Counter(), looked=Counter(), digest="", tail=(),
    )  # fmt: skip
