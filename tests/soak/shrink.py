"""What is the smallest run that still breaks? Pieces of a failing plan are left out for as long as the same invariant breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

from tests.soak.plan import Plan
from tests.soak.run import Outcome, run

T = TypeVar("T")

#: Runs that a shrink may cost.
MOST_RUNS = 60


def shrink(failed: Outcome, *, run: Callable[[Plan], Outcome] = run, most: int = MOST_RUNS) -> Outcome:
    """The smallest failing run that was found: shorter, with fewer shops, troubles, faults, deeds and buyers."""
    best, left = failed, most
    progress = True
    while progress and left > 0:
        progress = False
        for smaller in _smaller(best.plan, best.hours):
            if left == 0:
                break
            left -= 1
            outcome = run(smaller)
            if outcome.invariant == failed.invariant:
                best, progress = outcome, True
                break
    return best


def _smaller(plan: Plan, hours: float) -> Iterator[Plan]:
    """Plans with something left out, the largest pieces first."""
    if hours < 0.9 * plan.hours:
        yield replace(plan, hours=hours)
    for shop in plan.profiles if len(plan.profiles) > 1 else ():
        rest = tuple(one for one in plan.profiles if one is not shop)
        faults = tuple(one for one in plan.shop_faults if one[0] != shop.name)
        yield replace(plan, profiles=rest, shop_faults=faults)
    for faults in _without(plan.shop_faults):
        yield replace(plan, shop_faults=faults)
    for troubles in _without(plan.troubles):
        yield replace(plan, troubles=troubles)
    for deeds in _without(plan.deeds):
        yield replace(plan, deeds=deeds)
    if plan.visits_per_minute > 1.0:
        yield replace(plan, visits_per_minute=plan.visits_per_minute / 2)


def _without(whole: tuple[T, ...]) -> Iterator[tuple[T, ...]]:
    """Half of it, the other half, then all but one."""
    if not whole:
        return
    middle = len(whole) // 2
    if middle:
        yield whole[:middle]
        yield whole[middle:]
    for index in range(len(whole)):
        yield whole[:index] + whole[index + 1 :]
