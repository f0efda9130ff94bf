"""What every plan must keep, whatever the pools look like: the properties of the rule."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from syncworker.core.allocator import Decision, PoolView, plan
from syncworker.core.decision import SENTENCES, Reason
from syncworker.core.model import BelowZero, Policy, QuantityKind, QuantityMode
from tests.core.allocator_views import PARTS, Scene, after_settling, held, raised, scenes

_MANY = settings(max_examples=60, deadline=None)


def _with_push(scene: Scene, decisions: tuple[Decision, ...]) -> list[tuple[PoolView, Decision]]:
    return [(view, one) for view, one in zip(scene.pools, decisions, strict=True) if one.push is not None]


@_MANY
@given(scenes())
def test_no_raise_makes_the_pools_hold_more_than_is_available(scene: Scene) -> None:
    decisions = plan(scene.parts, scene.pools)

    for view, one in _with_push(scene, decisions):
        if one.push is not None and one.push.raised and view.policy is Policy.ESCROW:
            for part in view.recipe:
                assert held(scene, part) + raised(scene, decisions, part) <= scene.parts[part].available


@_MANY
@given(scenes())
def test_nothing_is_raised_beside_an_unknown_exposure(scene: Scene) -> None:
    unknown = {part for view in scene.pools if view.in_sum and view.exposure is None for part in view.recipe}

    for view, one in _with_push(scene, plan(scene.parts, scene.pools)):
        assert one.push is not None
        if view.policy is Policy.ESCROW and unknown & set(view.recipe):
            assert one.push.raised == 0
        if view.exposure is None:
            assert one.push.raised == 0


@_MANY
@given(scenes())
def test_a_set_waits_for_every_open_push_unless_it_is_zero_and_never_lowers_to_a_positive_number(
    scene: Scene,
) -> None:
    for view, one in _with_push(scene, plan(scene.parts, scene.pools)):
        push = one.push
        assert push is not None
        if push.kind is QuantityMode.SET and push.value and view.policy is Policy.ESCROW:
            assert not view.open_push
            assert push.value > (view.exposure or 0)
        if view.unknown_push or (view.open_push and push.kind is not QuantityMode.SET):
            assert push.kind is QuantityMode.SET
            assert push.value == 0


@_MANY
@given(scenes())
def test_limits_switches_and_the_channels_own_bounds_are_obeyed(scene: Scene) -> None:
    for view, one in _with_push(scene, plan(scene.parts, scene.pools)):
        push, rules, limits = one.push, view.rules, view.limits
        assert push is not None
        assert view.in_sum
        assert not view.paused
        assert not view.hold_back
        if view.lowering_only or view.withdraw or limits.pause:
            assert push.raised == 0
        if push.raised:
            shown = (
                max(view.exposure or 0, 0) + push.raised if push.kind is not QuantityMode.SET else one.target
            )
            assert limits.at_most is None or shown <= limits.at_most or view.policy is Policy.SHARED
        if push.kind is QuantityMode.SET:
            assert push.value == 0 or push.value >= rules.floor
            assert rules.ceiling is None or push.value <= rules.ceiling
            assert push.value > 0 or (rules.zero_is_quantity and rules.floor <= 0)
        if push.kind is QuantityMode.COMPARE_AND_SET:
            assert push.value >= 0
            assert push.value > 0 or rules.zero_is_quantity or rules.own_number


@_MANY
@given(scenes())
def test_the_push_says_what_it_does_to_the_bound(scene: Scene) -> None:
    for view, one in _with_push(scene, plan(scene.parts, scene.pools)):
        push = one.push
        assert push is not None
        if push.kind is QuantityMode.SET:
            assert (push.raised, push.lowered, push.expected) == (push.value, 0, None)
            continue
        change = push.value if push.kind is QuantityMode.ADJUST else push.value - max(push.expected or 0, 0)
        compares = view.rules.mode is QuantityMode.COMPARE_AND_SET
        exact = compares or view.rules.below_zero is BelowZero.REFUSES
        exact = exact and view.rules.kind is QuantityKind.AVAILABLE
        assert change != 0
        assert push.raised == max(change, 0)
        assert push.lowered == (max(-change, 0) if exact or view.rules.own_number else 0)


@_MANY
@given(scenes(), st.randoms(use_true_random=False))
def test_the_order_of_the_pools_changes_nothing(scene: Scene, shuffle: random.Random) -> None:
    order = list(range(len(scene.pools)))
    shuffle.shuffle(order)

    straight = plan(scene.parts, scene.pools)
    shuffled = plan(scene.parts, [scene.pools[i] for i in order])

    assert [one.pool_id for one in straight] == [view.pool_id for view in scene.pools]
    assert list(shuffled) == [straight[i] for i in order]


@_MANY
@given(scenes(calm=True))
def test_plans_come_to_rest_when_nothing_is_sold(scene: Scene) -> None:
    rounds = 8 if any(held(scene, part) > scene.parts[part].available for part in PARTS) else 5

    assert _rounds_until_rest(scene, at_most=rounds) <= rounds


@_MANY
@given(scenes())
def test_plans_come_to_rest_in_odd_scenes_too(scene: Scene) -> None:
    assert _rounds_until_rest(scene, at_most=12) <= 12


def _rounds_until_rest(scene: Scene, *, at_most: int) -> int:
    for number in range(at_most + 1):
        decisions = plan(scene.parts, scene.pools)
        if not any(one.push for one in decisions):
            return number
        scene = after_settling(scene, decisions)
    return at_most + 1


@_MANY
@given(scenes())
def test_every_pool_gets_a_reason_in_plain_words_and_a_target_within_what_is_there(scene: Scene) -> None:
    decisions = plan(scene.parts, scene.pools)

    for one in decisions:
        assert one.reason in SENTENCES
        assert one.target >= 0
        assert one.push is None or one.reason not in {Reason.IN_BAND, Reason.OBSERVING, Reason.PAUSED}
    for part in PARTS:
        aimed = sum(
            view.recipe.get(part, 0) * one.target
            for view, one in zip(scene.pools, decisions, strict=True)
            if view.in_sum and view.policy is Policy.ESCROW
        )
        assert aimed <= max(0, scene.parts[part].available - scene.parts[part].safety_stock)


@_MANY
@given(scenes(calm=True))
def test_a_pool_above_half_of_its_target_is_left_alone_or_gives_to_another(scene: Scene) -> None:
    giving = {
        Reason.LENT,
        Reason.DRAINED_FOR_DEMAND,
        Reason.LOWERED_FOR_DEFICIT,
        Reason.DRAINED_FOR_DEFICIT,
        Reason.LOWERED_FOR_HOLD,
        Reason.DRAINED_FOR_HOLD,
    }

    for view, one in _with_push(scene, plan(scene.parts, scene.pools)):
        if 2 * (view.exposure or 0) > one.target:
            assert one.reason in giving
