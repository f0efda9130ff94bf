"""Who gets the units: the cases that a seller would ask about, one by one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from syncworker.core.allocator import Decision, Part, PlannedPush, PoolView, Reason, plan
from syncworker.core.model import BelowZero, ChannelRules, Limits, Policy, QuantityKind, QuantityMode
from tests.core.allocator_views import ADJUST, CAS, CLAMPS, COUNTER, SET, pool


def _plan(available: int, *pools: PoolView, safety_stock: int = 0) -> dict[str, Decision]:
    decisions = plan({"BIN": Part(available=available, safety_stock=safety_stock)}, pools)
    return {view.channel: one for view, one in zip(pools, decisions, strict=True)}


def _set(value: int) -> PlannedPush:
    return PlannedPush(kind=QuantityMode.SET, value=value, raised=value)


def _cas(expected: int, value: int) -> PlannedPush:
    change = value - expected
    return PlannedPush(
        kind=QuantityMode.COMPARE_AND_SET,
        value=value,
        expected=expected,
        raised=max(change, 0),
        lowered=max(-change, 0),
    )


# --- the example of the page: X and Y can only be set, Z compares and sets


def test_a_set_needs_its_whole_number_free_so_a_compare_and_set_pool_lends_it() -> None:
    first = _plan(30, pool("X", SET, 6, sales=6.0), pool("Y", SET, 12), pool("Z", CAS, 12))

    assert first["X"].reason is Reason.WAITS_FOR_FREE_UNITS
    assert first["X"].push is None
    assert first["Y"].push is None
    assert first["Z"].reason is Reason.LENT
    lent = first["Z"].push
    assert lent is not None
    assert lent.lowered > 12 - first["X"].target // 2


def test_what_was_lent_is_used_by_the_borrower_and_by_no_one_else() -> None:
    second = _plan(30, pool("X", SET, 6, sales=6.0), pool("Y", SET, 12), pool("Z", CAS, 3))

    assert second["X"].push == _set(9)
    assert second["X"].reason is Reason.TOPPED_UP
    assert second["Z"].push is None


def test_what_the_settle_frees_goes_back_to_the_lender() -> None:
    third = _plan(30, pool("X", SET, 9, sales=6.0), pool("Y", SET, 12), pool("Z", CAS, 3, sales=5.0))

    assert third["Z"].push == _cas(3, 9)


def test_while_a_lowering_is_on_its_way_what_is_free_is_kept_and_nobody_else_lends() -> None:
    lent = pool("W", CAS, 1, sales=30.0)
    lending = pool("Z", CAS, 12, open_push=True, unknown_push=True, coming=9)
    lender = pool("V", CAS, 3)

    between = _plan(26, pool("X", SET, 6, sales=200.0), lent, lending, lender)

    assert {name: one.push for name, one in between.items()} == dict.fromkeys("XWZV")
    assert between["X"].reason is between["W"].reason is Reason.WAITS_FOR_FREE_UNITS
    assert between["Z"].reason is Reason.WAITS_FOR_OUTCOME


def test_an_acknowledged_push_is_waited_for_in_every_mode() -> None:
    for rules in (SET, CAS, ADJUST):
        assert _plan(9, pool("X", rules, 0, open_push=True))["X"].reason is Reason.WAITS_FOR_SETTLE


# --- few units


def test_an_even_start_gives_every_pool_its_share() -> None:
    start = _plan(36, pool("X", SET, 0), pool("Y", SET, 0), pool("Z", SET, 0))

    assert [one.push for one in start.values()] == [_set(12)] * 3
    assert {one.reason for one in start.values()} == {Reason.RAISED}


def test_a_single_unit_is_shown_in_one_place_where_it_sells() -> None:
    one = _plan(1, pool("X", SET, 0), pool("Y", CAS, 0, sales=2.0), pool("Z", ADJUST, 0))

    assert [decision.target for decision in one.values()] == [0, 1, 0]
    assert one["X"].reason is Reason.SOLD_ELSEWHERE


def test_a_share_in_per_cent_never_rounds_to_nothing() -> None:
    few = _plan(3, pool("X", SET, 0, limits=Limits(share=10)), pool("Y", SET, 0))

    assert few["X"].target == 1
    assert few["Y"].target == 2


def test_a_pool_without_sales_still_gets_units_when_there_are_enough() -> None:
    plenty = _plan(100, pool("X", SET, 0, sales=50.0), pool("Y", SET, 0))

    assert plenty["X"].target > 2 * plenty["Y"].target > 0


def test_a_bundle_competes_with_its_parts_for_the_scarce_one() -> None:
    recipe = {"BIN": 1, "BROOM": 1}
    bundle = PoolView(pool_id="X/SET", channel="X", sku="SET", recipe=recipe, rules=SET, exposure=0, shown=0)
    parts = {"BIN": Part(available=100), "BROOM": Part(available=4)}

    decisions = plan(parts, [bundle, pool("X", SET, 0, sku="BROOM"), pool("X", SET, 0)])

    assert [one.target for one in decisions] == [2, 2, 98]


def test_an_order_needs_no_push_until_the_pool_has_fallen_to_half_of_its_target() -> None:
    above, at_half = _plan(10, pool("X", CAS, 6)), _plan(10, pool("X", CAS, 5))

    assert above["X"].push is None
    assert above["X"].reason is Reason.IN_BAND
    assert at_half["X"].push == _cas(5, 10)


# --- draining


def test_the_fullest_settled_pool_is_drained_while_another_with_demand_shows_nothing() -> None:
    dry = _plan(24, pool("X", SET, 0, sales=12.0), pool("Y", SET, 10), pool("Z", SET, 14))

    assert dry["X"].reason is Reason.WAITS_FOR_FREE_UNITS
    assert dry["Y"].push is None
    assert dry["Z"].push == _set(0)
    assert dry["Z"].reason is Reason.DRAINED_FOR_DEMAND


@pytest.mark.parametrize(
    "change", [{"drainable": False}, {"pending": True, "open_push": True}, {"paused": True}]
)
def test_a_pool_is_not_drained_too_soon_nor_while_it_waits(change: dict[str, Any]) -> None:
    dry = _plan(14, pool("X", SET, 0, sales=12.0), pool("Z", SET, 14, **change))

    assert dry["Z"].push is None


def test_a_drain_on_its_way_is_waited_for_and_no_second_pool_goes_dark() -> None:
    leaving = pool("Y", SET, 10, shown=0, pending=True, open_push=True)

    dry = _plan(24, pool("X", SET, 0, sales=12.0), leaving, pool("Z", SET, 14))

    assert [one.push for one in dry.values()] == [None] * 3
    assert dry["Y"].reason is Reason.WAITS_FOR_SETTLE


def test_what_a_drain_frees_is_handed_out_in_one_plan() -> None:
    freed = _plan(24, pool("X", SET, 0, sales=12.0), pool("Y", SET, 10), pool("Z", SET, 0))

    assert freed["X"].reason is freed["Z"].reason is Reason.RAISED


def test_a_pool_that_holds_no_more_than_its_target_is_not_drained() -> None:
    dry = _plan(
        14, pool("X", SET, 0, sales=5.0), pool("Y", SET, 2, sales=5.0), pool("Z", SET, 12, paused=True)
    )

    assert dry["X"].reason is Reason.WAITS_FOR_FREE_UNITS
    assert dry["Y"].push is None


def test_units_bound_in_a_pool_that_shows_nothing_are_freed() -> None:
    stuck = _plan(2, pool("X", SET, 2, shown=0))

    assert stuck["X"].push == _set(0)
    assert stuck["X"].reason is Reason.CLEARED


# --- deficits, limits, switches


def test_a_deficit_lowers_exactly_where_it_can_and_drains_the_fewest_pools() -> None:
    short = _plan(9, pool("W", SET, 2), pool("X", SET, 5), pool("Y", SET, 9), pool("Z", CAS, 3))

    assert short["Z"].push == _cas(3, 0)
    assert short["Y"].push == _set(0)
    assert short["W"].push is None
    assert short["X"].push is None
    assert short["Y"].reason is Reason.DRAINED_FOR_DEFICIT


def test_of_the_pools_that_cover_a_deficit_alone_the_smallest_goes_dark() -> None:
    short = _plan(15, pool("X", SET, 5), pool("Y", SET, 9), pool("Z", SET, 4))

    assert [one.push for one in short.values()] == [None, None, _set(0)]


def test_in_a_deficit_nothing_is_raised() -> None:
    short = _plan(4, pool("X", SET, 5, paused=True), pool("Y", CAS, 0, sales=9.0))

    assert short["Y"].reason is Reason.WAITS_FOR_DEFICIT


def test_a_deficit_is_covered_over_an_unknown_outcome_by_set_zero_once() -> None:
    lost = pool("X", SET, 5, pending=False, open_push=True, unknown_push=True, coming=0)
    again = pool("X", SET, 5, pending=False, open_push=True, unknown_push=True, coming=5)

    assert _plan(3, lost)["X"].push == _set(0)
    assert _plan(3, again)["X"].push is None


def test_a_zero_that_waits_for_its_settle_is_not_sent_again_though_an_earlier_set_may_land_still() -> None:
    waits = pool("X", SET, 1, pending=True, open_push=True, coming=0, zero_waits=True)
    unknown = replace(waits, exposure=None, pending=False, withdraw=True)

    assert {_plan(0, one)["X"].push for one in (waits, replace(waits, withdraw=True), unknown)} == {None}
    assert _plan(0, replace(unknown, zero_waits=False))["X"].push == _set(0)


def test_a_clamping_channel_is_lowered_but_its_bound_waits_for_a_read() -> None:
    short = _plan(4, pool("X", CLAMPS, 6))
    later = _plan(4, pool("X", CLAMPS, 6, shown=4))

    assert short["X"].push == PlannedPush(kind=QuantityMode.ADJUST, value=-2)
    assert later["X"].push is None


def test_at_most_is_stronger_than_fixed_and_fixed_than_at_least_and_share() -> None:
    one = Limits(at_most=3, fixed=5, at_least=4, share=90)

    assert _plan(20, pool("X", SET, 0, limits=one))["X"].push == _set(3)
    assert _plan(20, pool("X", SET, 0, limits=Limits(fixed=5, at_least=7)))["X"].push == _set(5)
    assert _plan(20, pool("X", SET, 4, limits=Limits(pause=True, fixed=4)))["X"].push == _set(0)


def test_a_set_only_pool_above_its_limit_goes_by_way_of_zero() -> None:
    over = _plan(20, pool("X", SET, 9, limits=Limits(at_most=5)), pool("Y", CAS, 9, limits=Limits(at_most=5)))

    assert over["X"].push == _set(0)
    assert over["Y"].push == _cas(9, 5)
    assert over["X"].reason is over["Y"].reason is Reason.LIMIT_AT_MOST


def test_safety_stock_is_not_shown_but_is_no_deficit() -> None:
    kept = _plan(10, pool("X", SET, 0), safety_stock=4)
    less = _plan(3, pool("X", CAS, 3), safety_stock=2)
    none = _plan(2, pool("X", SET, 0), safety_stock=2)

    assert kept["X"].push == _set(6)
    assert less["X"].push == _cas(3, 1)
    assert less["X"].reason is none["X"].reason is Reason.LIMIT_SAFETY_STOCK


def test_withdrawing_shows_nothing_and_says_so_where_zero_is_no_quantity() -> None:
    odd = ChannelRules(zero_is_quantity=False)

    assert _plan(9, pool("X", SET, 4, withdraw=True))["X"].push == _set(0)
    assert _plan(9, pool("X", odd, 4, withdraw=True))["X"].reason is Reason.ZERO_IS_NO_QUANTITY
    assert _plan(9, pool("X", SET, 0, withdraw=True))["X"].reason is Reason.WITHDRAWN


def test_a_withdrawal_on_its_way_is_not_sent_again() -> None:
    leaving = _plan(9, pool("X", SET, 4, withdraw=True, open_push=True, unknown_push=True, coming=4))["X"]

    assert leaving.push is None
    assert leaving.reason is Reason.WITHDRAWN


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"paused": True}, Reason.PAUSED),
        ({"hold_back": True}, Reason.HELD_BACK),
        ({"in_sum": False}, Reason.OBSERVING),
        ({"lowering_only": True}, Reason.ADOPTING),
        ({"limits": Limits(pause=True)}, Reason.LIMIT_PAUSE),
        ({"pending": True, "open_push": True}, Reason.WAITS_FOR_SETTLE),
        ({"open_push": True, "unknown_push": True}, Reason.WAITS_FOR_OUTCOME),
    ],
)
def test_a_pool_that_is_left_alone_says_why(change: dict[str, Any], reason: Reason) -> None:
    alone = _plan(9, pool("X", SET, 0, **change))["X"]

    assert alone.push is None
    assert alone.reason is reason


def test_an_unknown_number_is_read_back_or_else_drained_and_stops_every_raise_beside_it() -> None:
    readable = ChannelRules(readable=True)

    known = _plan(9, pool("X", readable, None), pool("Y", CAS, 0))

    assert known["X"].reason is Reason.WAITS_FOR_READ
    assert known["Y"].reason is Reason.SIBLING_UNKNOWN
    assert _plan(9, pool("X", SET, None))["X"].push == _set(0)
    assert _plan(9, pool("X", SET, None, drainable=False))["X"].reason is Reason.WAITS_FOR_LEAVE


@pytest.mark.parametrize("mode", [QuantityMode.COMPARE_AND_SET, QuantityMode.ADJUST])
@pytest.mark.parametrize("withdraw", [False, True])
def test_an_unknown_number_that_no_zero_can_prove_waits_for_a_person(
    mode: QuantityMode, withdraw: bool
) -> None:
    blind = ChannelRules(mode=mode, readable=False)
    seeing = ChannelRules(mode=mode, readable=True)

    unread = pool("X", blind, None, withdraw=withdraw)
    assert _plan(9, unread)["X"].reason is Reason.WAITS_FOR_PERSON
    assert _plan(9, pool("X", seeing, None, withdraw=withdraw))["X"].reason is Reason.WAITS_FOR_READ


def test_slack_elsewhere_takes_nothing_from_what_may_be_shown_beside_the_safety_stock() -> None:
    slack = pool("Z", CAS, 1, shown=0)

    raised = _plan(4, pool("X", SET, 0), slack, safety_stock=3)["X"]
    kept = _plan(4, pool("X", SET, 1), slack, safety_stock=3)["X"]

    assert raised.push == _set(1)
    assert kept.push is None


# --- the channels' own ways


def test_a_compare_and_set_needs_a_number_to_expect() -> None:
    assert _plan(9, pool("X", CAS, 0, shown=None))["X"].reason is Reason.WAITS_FOR_READ


def test_an_on_hand_channel_is_sent_its_reserved_units_too_and_they_count_as_raised() -> None:
    on_hand = ChannelRules(kind=QuantityKind.ON_HAND)

    assert _plan(10, pool("X", on_hand, 0, reserved=2, limits=Limits(at_most=5)))["X"].push == _set(7)


def test_floors_and_ceilings_bind() -> None:
    narrow = ChannelRules(floor=3, ceiling=5)

    assert _plan(10, pool("X", narrow, 0))["X"].push == _set(5)
    assert _plan(2, pool("X", narrow, 0))["X"].push is None


def test_the_counter_keeps_one_unit_and_takes_them_at_once() -> None:
    stall = _plan(10, pool("S", COUNTER, 0), pool("X", SET, 0, sales=99.0))

    assert stall["S"].target >= 1
    assert stall["S"].push == _cas(0, stall["S"].target)
    assert _plan(1, pool("S", COUNTER, 0), pool("X", SET, 0, sales=99.0))["S"].target == 0


def test_a_refusing_adjustment_frees_units_at_its_answer_a_clamping_one_does_not() -> None:
    clamps = ChannelRules(mode=QuantityMode.ADJUST, below_zero=BelowZero.CLAMPS)

    gives = _plan(12, pool("X", CAS, 0, sales=9.0), pool("Y", ADJUST, 12))["Y"].push
    keeps = _plan(12, pool("X", CAS, 0, sales=9.0), pool("Y", clamps, 12))["Y"].push

    assert gives is not None
    assert gives.lowered == -gives.value > 0
    assert keeps is None


# --- policy shared


def test_shared_pools_show_all_that_is_available() -> None:
    shared = Policy.SHARED
    both = _plan(7, pool("X", SET, 9, policy=shared), pool("Y", CAS, 2, policy=shared), safety_stock=1)

    assert both["X"].push == _set(6)
    assert both["Y"].push == _cas(2, 6)
    assert both["X"].reason is Reason.FOLLOWS_STOCK


def test_a_shared_set_may_follow_an_acknowledged_one_but_no_unknown_one() -> None:
    shared = Policy.SHARED
    waiting = pool("X", SET, 9, policy=shared, open_push=True, pending=True)
    lost = pool("X", SET, 9, policy=shared, open_push=True, unknown_push=True)

    assert _plan(7, waiting)["X"].push == _set(7)
    assert _plan(7, lost)["X"].reason is Reason.WAITS_FOR_OUTCOME
    assert _plan(0, lost)["X"].push == _set(0)


def test_a_million_units_are_handed_out_to_fifty_pools_whole() -> None:
    kinds = (SET, CAS, ADJUST)
    pools = [pool(f"c{i:02}", kinds[i % 3], 0, sales=float(i % 5)) for i in range(50)]

    assert sum(one.target for one in plan({"BIN": Part(available=1_000_000)}, pools)) == 1_000_000
