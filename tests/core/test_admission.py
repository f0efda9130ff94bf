"""A push from a plan leaves exactly as planned, and only where the rule would let it leave at this moment."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from syncworker.core.admission import FACTS, Ground, Refusal, moved, raise_of, refusal
from syncworker.core.allocator import Part, PlannedPush, PoolView, plan
from syncworker.core.exposure import counted
from syncworker.core.model import Limits, Policy, QuantityMode
from tests.core.allocator_views import CAS, SET, Scene, pool, scenes


def ground_of(scene: Scene) -> Ground:
    """What is there now, counted anew."""
    inside = [view for view in scene.pools if view.in_sum]
    names = {part for view in scene.pools for part in view.recipe}
    parts = {name: scene.parts.get(name, Part(available=0)) for name in names}
    free = {
        name: parts[name].for_pools
        - sum(counted(view.exposure or 0) * view.recipe.get(name, 0) for view in inside)
        for name in names
    }
    unknown = frozenset(part for view in inside if view.exposure is None for part in view.recipe)
    return Ground(parts, free, unknown)


@given(scenes())
def test_whatever_the_allocator_plans_is_admitted_while_nothing_moves(scene: Scene) -> None:
    decisions = plan(scene.parts, scene.pools)

    for view, decision in zip(scene.pools, decisions, strict=True):
        if decision.push is not None and view.rules.takes_orders and not view.rules.own_number:
            assert refusal(view, decision.push, ground_of(scene)) is None
            if view.policy is Policy.ESCROW:
                assert raise_of(view, decision.push) == decision.push.raised


@given(scenes(), scenes())
def test_no_push_of_another_moment_makes_the_pools_hold_more_than_is_available(
    then: Scene, now: Scene
) -> None:
    planned = plan(then.parts, then.pools)
    ground = ground_of(now)

    for view, decision in zip(now.pools, planned, strict=False):
        if decision.push is None or refusal(view, decision.push, ground) is not None:
            continue
        units = raise_of(view, decision.push)
        if view.policy is Policy.ESCROW and units:
            assert all(units * per_sale <= ground.free[part] for part, per_sale in view.recipe.items())
            assert view.exposure is not None


@given(st.sampled_from(FACTS))
def test_each_fact_that_moves_is_named(name: str) -> None:
    before = pool("shop", SET, 3)
    other: dict[str, object] = {
        "recipe": {"BROOM": 1}, "rules": CAS, "exposure": 2, "shown": 2, "reserved": 1,
        "limits": Limits(pause=True), "policy": Policy.SHARED, "in_sum": False,
    }  # fmt: skip
    after = replace(before, **{name: other.get(name, True)})  # type: ignore[arg-type]

    assert moved(before, after) == (name,)
    assert moved(before, replace(before, sales=9.0, drainable=False)) == ()


def test_a_zero_always_leaves_where_it_is_a_quantity_and_a_raise_never_over_an_open_push() -> None:
    open_now = pool("shop", SET, 3, open_push=True, unknown_push=True)
    ground = Ground({"BIN": Part(available=99)}, {"BIN": 99}, frozenset({"BIN"}))

    assert refusal(open_now, PlannedPush(kind=QuantityMode.SET, value=0), ground) is None
    raising = PlannedPush(kind=QuantityMode.SET, value=1, raised=1)
    assert refusal(open_now, raising, ground) is Refusal.NOTHING_BUT_ZERO
    assert refusal(pool("shop", SET, 3), raising, ground) is Refusal.UNKNOWN_SIBLING
    assert _refused_by(pool("shop", SET, 3, paused=True), raising) is Refusal.NOT_SENT_THERE
    assert _refused_by(pool("shop", SET, 3, hold_back=True), raising) is Refusal.LEFT_ALONE
    assert _refused_by(pool("shop", SET, 3), raising) is Refusal.NOT_FREE


def _refused_by(view: PoolView, push: PlannedPush) -> Refusal | None:
    return refusal(view, push, Ground({"BIN": Part(available=3)}, {"BIN": 0}, frozenset()))
