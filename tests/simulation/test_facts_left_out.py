"""What becomes of a shop's habit that its owner passes over: told, no unit is sold twice; left out, some are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from syncworker.sandbox.faults import FaultSpec
from syncworker.sandbox.profile import ShopProfile
from syncworker.sync.channels import register
from tests.simulation.buyers import send_buyers
from tests.simulation.world import World, open_world

BINS = """\
sku,title,on_hand,price,currency,parts
BIN-BAMBU,Tempat sampah bambu,8,85000,IDR,
"""
USUAL: Mapping[str, Any] = {"visibility_lag_s": 0.5, "request_horizon_s": 2.0, "idempotency_retention_s": 0.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """How both shops are, and what the engine is told by an owner who passes over it."""

    true: Mapping[str, Any]  # Any: each field of a profile has a type of its own
    told: Mapping[str, Any]
    faults: tuple[FaultSpec, ...] = ()
    #: A seed whose buyers come at the wrong moment, and when they have come.
    seed: int
    seconds: float


HABITS = {
    "accepted is not applied": Habit(
        true={"apply_lag_s": 6.0}, told={"apply_lag_s": 0.0}, seed=1, seconds=25.0
    ),
    "orders are seen late": Habit(
        true={"visibility_lag_s": 8.0}, told={"visibility_lag_s": 0.0}, seed=1, seconds=15.0
    ),
    "a lost request still lands": Habit(
        true={"request_horizon_s": 12.0},
        told={"horizon_s": 0.1},
        faults=(FaultSpec(kind="late", probability=0.5, seconds=10.0),),
        seed=0,
        seconds=20.0,
    ),
}


def sell(habit: Habit, *, is_told: bool) -> World:
    """Some seconds of selling 8 bins at two shops."""
    profiles = [ShopProfile(name=name, **{**USUAL, **habit.true}) for name in ("warung", "pasar")]
    world = open_world(profiles, seed=habit.seed, catalogue=BINS, poll_s=1.0, tick_s=0.5)
    for name in () if is_told else world.shops:
        _tell(world, name, habit.told)
    for shop in world.shops.values():
        for spec in habit.faults:
            shop.faults.order(spec)
    send_buyers(
        world, visits_per_minute={"BIN-BAMBU": 40.0}, shares={"warung": 3, "pasar": 2}, seconds=habit.seconds
    )
    world.run_until(habit.seconds)
    return world


def _tell(world: World, name: str, facts: Mapping[str, Any]) -> None:
    world.settings[name] = world.settings[name].model_copy(update=dict(facts))
    capabilities = world.open(name).capabilities()
    world.ledger.run(lambda tx: register(tx, name, connector="marketplace", capabilities=capabilities))


@pytest.mark.parametrize("name", sorted(HABITS))
def test_a_habit_that_is_told_sells_no_unit_twice_and_one_that_is_passed_over_does(name: str) -> None:
    told, passed_over = sell(HABITS[name], is_told=True), sell(HABITS[name], is_told=False)

    assert told.verdict().oversold == 0
    assert passed_over.verdict().oversold > 0
