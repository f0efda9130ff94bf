"""A frozen number is never raised and lends nothing, and freezing keeps nothing from being lowered for safety."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from syncworker.core.allocator import Decision, Part, PoolView, Reason, plan
from syncworker.core.model import Policy, QuantityMode
from tests.core.allocator_views import ADJUST, CAS, SET, Scene, pool, scenes

FROZEN = (Reason.WAITS_FOR_APPROVAL, Reason.FROZEN, Reason.BRAKED)
#: Whatever the rule or an operator's own word demands of a number.
URGENT = {
    Reason.WITHDRAWN, Reason.LIMIT_PAUSE, Reason.LIMIT_AT_MOST, Reason.LIMIT_FIXED, Reason.CLEARED,
    Reason.LOWERED_FOR_DEFICIT, Reason.DRAINED_FOR_DEFICIT, Reason.FOLLOWS_STOCK, Reason.CATALOGUE_OUT_OF_STOCK,
    Reason.BELOW_FLOOR, Reason.AT_CEILING, Reason.LIMIT_SHARE,
}  # fmt: skip


def freeze(scene: Scene, reason: Reason, which: set[int]) -> tuple[PoolView, ...]:
    return tuple(
        replace(view, frozen=reason) if place in which else view for place, view in enumerate(scene.pools)
    )


def is_lower(view: PoolView, decision: Decision) -> bool:
    """Whether the push can only take from what is shown."""
    push = decision.push
    if push is None:
        return True
    if push.kind is QuantityMode.ADJUST:
        return push.value < 0
    return push.value < (push.expected or 0) if push.kind is QuantityMode.COMPARE_AND_SET else push.value == 0


@given(scenes(), st.sampled_from(FROZEN), st.sets(st.integers(0, 5)))
def test_a_frozen_number_is_only_ever_lowered_and_only_where_it_must_be(
    scene: Scene, reason: Reason, which: set[int]
) -> None:
    pools = freeze(scene, reason, which)

    for view, decision in zip(pools, plan(scene.parts, pools), strict=True):
        if view.frozen is not None and decision.push is not None:
            assert is_lower(view, decision)
            assert decision.reason in URGENT


@given(scenes(), st.sampled_from(FROZEN), st.sets(st.integers(0, 5)))
def test_freezing_keeps_nothing_from_being_withdrawn(scene: Scene, reason: Reason, which: set[int]) -> None:
    free = plan(scene.parts, scene.pools)
    frozen = plan(scene.parts, freeze(scene, reason, which))
    demanded = {Reason.WITHDRAWN, Reason.LIMIT_PAUSE, Reason.LOWERED_FOR_DEFICIT, Reason.DRAINED_FOR_DEFICIT}

    for view, before, after in zip(scene.pools, free, frozen, strict=True):
        if view.policy is Policy.ESCROW and before.push is not None and before.reason in demanded:
            assert (after.push, after.reason) == (before.push, before.reason)


def test_a_frozen_pool_neither_lends_nor_goes_dark_for_another_and_says_why() -> None:
    parts = {"BIN": Part(available=12)}
    for rules in (SET, CAS, ADJUST):
        full = pool("full", rules, 12, frozen=Reason.FROZEN)
        empty = pool("empty", CAS, 0, sales=9.0)

        kept, waits = plan(parts, [full, empty])

        assert (kept.push, kept.reason) == (None, Reason.FROZEN)
        assert waits.push is None


def test_a_catalogue_that_is_frozen_goes_out_of_stock_and_not_back() -> None:
    rules = replace(SET, takes_orders=False)
    window = pool("window", rules, 0, shown=1, frozen=Reason.FROZEN)

    (gone,) = plan({"BIN": Part(available=0)}, [window])
    (kept,) = plan({"BIN": Part(available=5)}, [replace(window, shown=0)])

    assert gone.push is not None
    assert gone.push.value == 0
    assert (kept.push, kept.reason) == (None, Reason.FROZEN)
