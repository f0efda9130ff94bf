"""A hold takes what is free and no more, lowers the fewest pools, and gives back before a buyer goes short."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from syncworker.core.allocator import Decision, Part, plan
from syncworker.core.availability import free_of
from syncworker.core.decision import Reason
from syncworker.core.hold import covered, gathered, given_back, within_reach
from syncworker.core.model import Policy
from tests.core.allocator_views import (
    CAS,
    CLAMPS,
    COUNTER,
    PARTS,
    SET,
    Scene,
    after_settling,
    held,
    pool,
    raised,
    scenes,
)

_MANY = settings(max_examples=100, deadline=None)
_lacks = st.lists(st.integers(0, 50), max_size=5)


@given(_lacks, st.none() | st.integers(-20, 120))
def test_holds_take_what_is_free_and_no_more_and_the_first_is_served_first(
    lacks: list[int], free: int | None
) -> None:
    taken = gathered(lacks, free)

    assert sum(taken) == min(sum(lacks), max(0, free or 0))
    assert all(0 <= units <= lack for units, lack in zip(taken, lacks, strict=True))
    short = [place for place, lack in enumerate(lacks) if taken[place] < lack]
    assert not short or sum(taken[short[0] + 1 :]) == 0


@given(_lacks, st.integers(-60, 60))
def test_what_is_missing_at_the_count_is_given_back_by_the_last_hold_first(
    holdings: list[int], available: int
) -> None:
    back = given_back(holdings, available)

    assert sum(back) == min(sum(holdings), max(0, -available))
    kept = [place for place, units in enumerate(holdings) if back[place] < units]
    assert not kept or sum(back[: kept[-1]]) == 0


@given(_lacks, st.integers(-20, 120))
def test_what_is_not_there_waits_for_goods_and_lowers_nothing(lacks: list[int], available: int) -> None:
    assert sum(covered(lacks, available)) == within_reach(sum(lacks), available) <= max(0, available)


@_MANY
@given(scenes())
def test_no_pool_is_raised_with_units_that_a_hold_lacks(scene: Scene) -> None:
    decisions = plan(scene.parts, scene.pools)

    for view, one in zip(scene.pools, decisions, strict=True):
        if one.push is None or not one.push.raised or view.policy is not Policy.ESCROW:
            continue
        for part in view.recipe:
            left = scene.parts[part].for_pools
            assert held(scene, part) + raised(scene, decisions, part) <= left


@_MANY
@given(scenes())
def test_no_set_only_pool_goes_dark_for_a_hold_without_leave_or_while_a_number_is_unknown(
    scene: Scene,
) -> None:
    unknown = {part for view in scene.pools if view.in_sum and view.exposure is None for part in view.recipe}

    for view, one in zip(scene.pools, plan(scene.parts, scene.pools), strict=True):
        if one.reason in (Reason.DRAINED_FOR_HOLD, Reason.LOWERED_FOR_HOLD):
            assert any(scene.parts[part].wanted and part not in unknown for part in view.recipe)
        if one.reason is Reason.DRAINED_FOR_HOLD:
            assert view.drainable


@given(st.lists(st.integers(0, 20), min_size=1, max_size=5), st.integers(1, 60))
def test_the_fewest_pools_go_dark_that_cover_the_lack(exposures: list[int], lack: int) -> None:
    available = sum(exposures)
    views = [pool(f"c{number}", SET, units) for number, units in enumerate(exposures)]
    wanted = within_reach(lack, available)

    decisions = plan({"BIN": Part(available=available, wanted=wanted)}, views)

    dark = [u for u, one in zip(exposures, decisions, strict=True) if one.reason is Reason.DRAINED_FOR_HOLD]
    assert sum(dark) >= wanted
    best = sorted(exposures, reverse=True)[: max(0, len(dark) - 1)]
    assert not dark or sum(best) < wanted


@given(st.integers(1, 12), st.integers(1, 12), st.integers(1, 40))
def test_where_a_number_can_be_lowered_exactly_nothing_more_is_taken_than_lacks(
    first: int, second: int, lack: int
) -> None:
    wanted = within_reach(lack, first + second)
    views = [pool("c0", CAS, first), pool("c1", COUNTER, second)]

    decisions = plan({"BIN": Part(available=first + second, wanted=wanted)}, views)

    assert sum(one.push.lowered for one in decisions if one.push is not None) == wanted


@_MANY
@given(scenes(calm=True), st.lists(st.integers(0, 30), max_size=3))
def test_every_hold_gathers_all_that_is_there_and_the_rest_is_shown_again(
    scene: Scene, lacks: list[int]
) -> None:
    total = {part: max(0, scene.parts[part].available) for part in PARTS}
    missing = dict.fromkeys(PARTS, sum(lacks))
    shown: tuple[Decision, ...] = ()

    for _ in range(14):
        scene = _gather(scene, missing)
        shown = plan(scene.parts, scene.pools)
        scene = after_settling(scene, shown)
        scene = replace(scene, pools=tuple(replace(view, drainable=True) for view in scene.pools))

    for part, units in total.items():
        assert missing[part] == max(0, sum(lacks) - units)
        sold_at = [view for view in scene.pools if view.recipe == {part: 1}]
        if sold_at and scene.parts[part].available > 0 and all(one.push is None for one in shown):
            assert held(scene, part) > 0


def _gather(scene: Scene, missing: dict[str, int]) -> Scene:
    """What the engine does before it plans: the holds take what is free."""
    parts = {}
    for name, part in scene.parts.items():
        exposures = [(view.recipe[name], view.exposure) for view in scene.pools if name in view.recipe]
        taken = sum(gathered([missing[name]], free_of(part.available, exposures)))
        missing[name] -= taken
        left = part.available - taken
        parts[name] = Part(available=left, wanted=within_reach(missing[name], left))
    return replace(scene, parts=parts)


@given(st.integers(1, 12), st.integers(1, 40))
def test_where_only_a_read_back_proves_a_lowering_it_is_lowered_all_the_same(shown: int, lack: int) -> None:
    wanted = within_reach(lack, shown)

    (one,) = plan({"BIN": Part(available=shown, wanted=wanted)}, [pool("c0", CLAMPS, shown)])

    assert one.push is not None
    assert (one.push.value, one.push.lowered, one.reason) == (-wanted, 0, Reason.LOWERED_FOR_HOLD)
