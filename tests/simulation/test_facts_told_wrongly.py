"""What becomes of a fact that is declared wrongly, or an answer that a careless connector misreads? Units sold twice.

The same shops, the same buyers: with the truth told, nothing is.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from syncworker.sandbox.faults import FaultSpec
from tests.simulation import habits
from tests.simulation.habits import Habit, sell

ADJUSTS = {"quantity_mode": "delta"}
HABITS: Mapping[str, Habit] = {
    "partial failure: a refused item is said to be applied": Habit(
        true=ADJUSTS,
        lie=habits.AllApplied,
        acts=habits.given_away,
        faults=(FaultSpec(kind="item_refused", count=1, code="locked"),),
    ),
    "counts_down: gifts are said to lower the number": Habit(lie=habits.AllCount, acts=habits.given_away),
    "restocks: cancelled units are said not to be on sale again": Habit(
        true=ADJUSTS, lie=habits.NoRestock, acts=habits.sold_and_cancelled
    ),
    "feeds: the one that tells of returns is left out": Habit(
        true={**ADJUSTS, "feeds": "split"},
        told={"feeds": "single"},
        acts=habits.sold_shipped_and_back,
    ),
    "kind: an available number is said to be on hand": Habit(
        true=ADJUSTS,
        told={"quantity_kind": "on_hand"},
        acts=habits.sold,
        # Nothing is lowered on hand without a read-back, so the mistake shows once units have moved.
        rush_s=60.0,
    ),
}


@pytest.mark.parametrize("name", sorted(HABITS))
def test_what_is_told_wrongly_sells_units_twice_and_the_truth_does_not(name: str) -> None:
    told, told_wrongly = sell(HABITS[name], is_told=True), sell(HABITS[name], is_told=False)

    assert told.verdict().oversold == 0
    assert told_wrongly.verdict().oversold > 0
