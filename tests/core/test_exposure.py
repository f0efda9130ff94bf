"""How does each row of the event table move the bound? Numbers, row by row; stories of several rows are in tests/prove."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from syncworker.core import exposure
from syncworker.core.exposure import Base, BaseKind, Bound, OpenPush, PullProof, PushState
from syncworker.core.model import BelowZero, ChannelRules, Known, QuantityKind

NOON = datetime(2024, 2, 29, 12, tzinfo=UTC)
RULES = ChannelRules(
    visibility_lag_s=60, apply_lag_s=5, read_lag_s=30, horizon_s=20, clock_skew_s=10, readable=True
)
AT_ONCE = replace(RULES, apply_lag_s=0, below_zero=BelowZero.REFUSES)
SET = Base(kind=BaseKind.SET, at=NOON, sequence=3)
READ = Base(kind=BaseKind.READ, at=NOON, sequence=3)


def at(seconds: float) -> datetime:
    """That long after noon."""
    return NOON + timedelta(seconds=seconds)


def push(raised: int = 5, state: PushState = PushState.SENDING, **more: Any) -> OpenPush:
    """A push stored at noon."""
    made = OpenPush(state=state, raised=raised, restocked_before=0, stored_at=NOON)
    return replace(made, **more)


# --- what the feeds tell -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts_down", "left"), [(Known.YES, 3), (Known.NO, 5), (Known.UNKNOWN, 5)], ids=str
)
def test_only_a_line_that_surely_counted_down_lowers_the_bound(counts_down: Known, left: int) -> None:
    after = exposure.sold(
        Bound(exposure=5), 2, counts_down=counts_down, placed_at=NOON, at=at(9), rules=RULES
    )
    assert after.exposure == left


@pytest.mark.parametrize(("age", "left"), [(10, 3), (10.001, 5), (-1, 3)])
def test_a_sale_older_than_the_settled_base_by_more_than_the_skew_lowers_nothing(
    age: float, left: int
) -> None:
    bound = Bound(exposure=5, settled_at=NOON)
    after = exposure.sold(bound, 2, counts_down=Known.YES, placed_at=at(-age), at=at(99), rules=RULES)
    assert after.exposure == left


def test_a_sale_is_never_refused_and_shows_a_broken_bound() -> None:
    after = exposure.sold(Bound(exposure=1), 3, counts_down=Known.YES, placed_at=NOON, at=NOON, rules=RULES)
    assert (after.exposure, exposure.is_broken(after)) == (-2, True)
    assert not exposure.is_broken(Bound(exposure=0))
    assert not exposure.is_broken(Bound(exposure=None))


@pytest.mark.parametrize(("before", "after"), [(4, 6), (0, 2), (-3, 2), (None, None)])
def test_a_restock_starts_from_zero_and_reaches_every_bound(before: int | None, after: int | None) -> None:
    moved = exposure.restocked(Bound(exposure=before, pending=1, base=SET, restocked=7), 2, at=at(1))
    assert (moved.exposure, moved.pending, moved.restocked, moved.risen_at) == (after, 3, 9, at(1))


@pytest.mark.parametrize(("told", "after"), [(Known.YES, 6), (Known.UNKNOWN, 6), (Known.NO, 4)])
def test_a_cancellation_counts_as_restocked_unless_the_channel_denies_it(told: Known, after: int) -> None:
    assert exposure.cancelled(Bound(exposure=4), 2, restocked_by_channel=told, at=NOON).exposure == after


@pytest.mark.parametrize(
    ("told", "placed", "exposed", "pending"),
    [(Known.YES, 0, 4, 3), (Known.UNKNOWN, 0, 4, 3), (Known.NO, 0, 4, 1), (Known.YES, -11, 6, 3)],
)
def test_first_seen_cancelled_reaches_the_pending_bound_and_behind_a_base_both(
    told: Known, placed: float, exposed: int, pending: int
) -> None:
    bound = Bound(exposure=4, pending=1, base=SET, settled_at=NOON)
    after = exposure.first_seen_cancelled(
        bound, 2, restocked_by_channel=told, placed_at=at(placed), at=at(1), rules=RULES
    )
    assert (after.exposure, after.pending) == (exposed, pending)


# --- what we send --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("before", "after"), [(4, 9), (-1, 5), (None, None)])
def test_a_raise_reaches_the_pending_bound_too(before: int | None, after: int | None) -> None:
    moved = exposure.raised(Bound(exposure=before, pending=2, base=READ), 5, at=at(1))
    assert (moved.exposure, moved.pending, moved.raised, moved.risen_at) == (after, 7, 5, at(1))


def test_a_raise_of_nothing_leaves_no_date() -> None:
    assert exposure.raised(Bound(exposure=4), 0, at=at(1)) == Bound(exposure=4)


def test_the_latest_rise_is_kept_whatever_is_told_last() -> None:
    later = Bound(exposure=1, risen_at=at(50))
    assert exposure.raised(later, 1, at=at(1)).risen_at == at(50)
    assert exposure.restocked(later, 1, at=at(1)).risen_at == at(50)
    assert exposure.raise_acknowledged(later, at=at(1), rules=RULES).risen_at == at(50)


def test_a_refusal_undoes_the_raise_exactly() -> None:
    before = Bound(exposure=4, pending=2, base=READ)
    after = exposure.refused(exposure.raised(before, 5, at=NOON), push(5))
    assert (after.exposure, after.pending) == (4, 2)
    assert exposure.refused(Bound(exposure=None), push(5)).exposure is None


@pytest.mark.parametrize(
    ("echo", "exposed", "pending"), [(None, 9, 5), (5, 9, 5), (3, 9, 5), (7, 11, 7)], ids=str
)
def test_an_acknowledged_set_waits_for_its_settle_and_an_echo_above_it_counts_at_once(
    echo: int | None, exposed: int, pending: int
) -> None:
    after = exposure.set_acknowledged(Bound(exposure=9), push(5), echo=echo, others=(), base=SET, rules=RULES)
    assert (after.exposure, after.pending, after.base) == (exposed, pending, SET)
    assert after.risen_at == after.fallen_at == at(5)


def test_restocks_since_it_was_sent_and_raises_that_may_land_later_stay_in_the_pending_bound() -> None:
    other = push(4, PushState.UNKNOWN)
    after = exposure.set_acknowledged(
        Bound(exposure=9, restocked=8),
        push(0, restocked_before=6, stored_at=at(30)),
        echo=None,
        others=[other],
        base=SET,
        rules=RULES,
    )
    assert after.pending == 0 + 2 + 4


def test_a_raise_that_could_not_land_any_more_leaves_nothing_behind() -> None:
    after = exposure.set_acknowledged(
        Bound(exposure=9),
        push(0, stored_at=at(30.001)),
        echo=None,
        others=[push(4, PushState.UNKNOWN)],
        base=SET,
        rules=RULES,
    )
    assert after.pending == 0


def test_a_late_landing_counts_with_its_echo() -> None:
    other = push(4, PushState.ACKNOWLEDGED, acknowledged_at=at(1), echo=6)
    after = exposure.set_acknowledged(
        Bound(exposure=9), push(0, stored_at=at(2)), echo=None, others=[other], base=SET, rules=RULES
    )
    assert after.pending == 6


@pytest.mark.parametrize(
    ("state", "acknowledged", "moment", "expected"),
    [
        (PushState.SENDING, None, 30, True),
        (PushState.UNKNOWN, None, 30.001, False),
        (PushState.ACKNOWLEDGED, 2, 7, True),
        (PushState.ACKNOWLEDGED, 2, 7.001, False),
        (PushState.REFUSED, None, 0, False),
        (PushState.SETTLED, None, 0, False),
    ],
)
def test_a_push_may_land_for_one_and_a_half_horizons_or_the_apply_lag(
    state: PushState, acknowledged: float | None, moment: float, expected: bool
) -> None:
    one = push(5, state, acknowledged_at=None if acknowledged is None else at(acknowledged))
    assert exposure.may_land_after(one, at(moment), RULES) is expected


def test_a_push_leaves_within_half_a_horizon() -> None:
    assert exposure.send_by(NOON, RULES) == at(10)
    assert exposure.lands_by(NOON, RULES) == at(30)
    assert not exposure.horizon_passed(push(), at(30), RULES)
    assert exposure.horizon_passed(push(), at(30.001), RULES)


@pytest.mark.parametrize(
    ("rules", "left"),
    [
        (AT_ONCE, 3),
        (replace(AT_ONCE, below_zero=BelowZero.CLAMPS), 5),
        (replace(AT_ONCE, below_zero=BelowZero.NEGATIVE), 5),
        (replace(AT_ONCE, apply_lag_s=1), 5),
    ],
)
def test_an_adjustment_lowers_only_where_the_channel_refuses_and_applies_at_once(
    rules: ChannelRules, left: int
) -> None:
    assert exposure.adjustment_lowered(Bound(exposure=5), 2, at=NOON, rules=rules).exposure == left


def test_a_compare_and_set_of_an_on_hand_number_lowers_nothing_for_that_stays_when_a_unit_is_sold() -> None:
    on_hand = replace(AT_ONCE, kind=QuantityKind.ON_HAND)
    assert exposure.compared_and_lowered(Bound(exposure=1), 1, at=NOON, rules=on_hand).exposure == 1


def test_an_adjustment_of_an_on_hand_number_lowers_nothing_though_the_channel_refuses_to_go_below_zero() -> (
    None
):
    on_hand = replace(AT_ONCE, kind=QuantityKind.ON_HAND, below_zero=BelowZero.REFUSES)
    assert exposure.adjustment_lowered(Bound(exposure=1), 1, at=NOON, rules=on_hand).exposure == 1


def test_a_compare_and_set_lowers_exactly_unless_it_is_applied_later() -> None:
    assert exposure.compared_and_lowered(Bound(exposure=5), 2, at=NOON, rules=AT_ONCE).exposure == 3
    assert exposure.compared_and_lowered(Bound(exposure=5), 2, at=NOON, rules=RULES).exposure == 5
    assert exposure.compared_and_lowered(Bound(exposure=None), 2, at=NOON, rules=AT_ONCE).exposure is None


@pytest.mark.parametrize(
    ("before", "number", "exposed", "pending", "raised"),
    [(5, 3, 5, 3, 0), (2, 4, 4, 4, 2), (-2, 4, 4, 4, 4), (None, 4, None, 4, 4)],
)
def test_a_number_seen_lifts_every_bound_and_a_read_back_under_way_learns_of_it(
    before: int | None, number: int, exposed: int | None, pending: int, raised: int
) -> None:
    after = exposure.number_seen(Bound(exposure=before, pending=1, base=READ), number)
    assert (after.exposure, after.pending, after.raised) == (exposed, pending, raised)


# --- what proves a lower bound --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base", "pull", "settles"),
    [
        (SET, PullProof(sequence=4, began_at=at(65), whole=True), True),
        (SET, PullProof(sequence=4, began_at=at(64.999), whole=True), False),
        (READ, PullProof(sequence=4, began_at=at(90), whole=True), True),
        (READ, PullProof(sequence=4, began_at=at(89.999), whole=True), False),
        (SET, PullProof(sequence=3, began_at=at(999), whole=True), False),
        (SET, PullProof(sequence=4, began_at=at(999), whole=False), False),
        (SET, PullProof(sequence=4, began_at=at(999), whole=True, blocked=True), False),
    ],
)
def test_only_a_whole_later_pull_beyond_every_lag_settles(base: Base, pull: PullProof, settles: bool) -> None:
    bound = Bound(exposure=9, pending=5, base=base)
    assert exposure.settles(bound, pull, RULES) is settles
    after = exposure.settled(bound, pull, RULES)
    assert after == (Bound(exposure=5, settled_at=NOON) if settles else bound)


@pytest.mark.parametrize(("before", "pending", "left"), [(9, 5, 5), (3, 5, 3), (None, 5, 5)])
def test_a_settle_takes_the_smaller_bound(before: int | None, pending: int, left: int) -> None:
    pull = PullProof(sequence=4, began_at=at(999), whole=True)
    bound = Bound(exposure=before, pending=pending, base=SET)
    assert exposure.settled(bound, pull, RULES).exposure == left


def test_nothing_settles_without_a_base() -> None:
    pull = PullProof(sequence=9, began_at=at(999), whole=True)
    assert exposure.settled(Bound(exposure=3), pull, RULES) == Bound(exposure=3)


def test_a_settle_closes_what_cannot_land_after_the_base() -> None:
    acknowledged = push(5, PushState.ACKNOWLEDGED, acknowledged_at=at(1))
    base = replace(SET, at=at(1))
    assert exposure.is_closed_by_settle(acknowledged, (), base=base, rules=RULES)
    assert not exposure.is_closed_by_settle(acknowledged, (), base=replace(SET, at=NOON), rules=RULES)
    assert not exposure.is_closed_by_settle(push(state=PushState.UNKNOWN), (), base=base, rules=RULES)
    late = replace(SET, at=at(31))
    assert exposure.is_closed_by_settle(push(state=PushState.UNKNOWN), (), base=late, rules=RULES)


def test_an_acknowledged_push_stays_open_beside_one_that_may_still_be_answered() -> None:
    acknowledged = push(5, PushState.ACKNOWLEDGED, acknowledged_at=at(1))
    over = push(0, PushState.SENDING, stored_at=at(0.5))
    assert not exposure.is_closed_by_settle(acknowledged, [over], base=replace(SET, at=at(1)), rules=RULES)


@pytest.mark.parametrize(
    ("began", "risen", "again"), [(100, 69.9, False), (100, 70, True), (100, 101, True), (100, None, False)]
)
def test_an_answer_that_may_be_older_than_the_last_rise_is_no_base(
    began: float, risen: float | None, again: bool
) -> None:
    bound = Bound(exposure=5, risen_at=None if risen is None else at(risen))
    start = exposure.read_begun(bound, at=at(began))
    result = exposure.read_answered(bound, start, 2, base=READ, open_pushes=(), rules=RULES)
    assert result.read_again is again
    assert result.bound.pending == (None if again else 2)
    assert result.bound.exposure == 5


@pytest.mark.parametrize(("began", "again"), [(60, True), (60.001, False)])
def test_no_answer_is_a_base_while_a_push_may_land(began: float, again: bool) -> None:
    bound = Bound(exposure=5)
    result = exposure.read_answered(
        bound,
        exposure.read_begun(bound, at=at(began)),
        0,
        base=READ,
        open_pushes=[push(5, PushState.UNKNOWN)],
        rules=RULES,
    )
    assert result.read_again is again


def test_an_answer_is_compared_with_the_bound_of_its_beginning() -> None:
    began = Bound(exposure=5)
    start = exposure.read_begun(began, at=at(100))
    sold_since = replace(began, exposure=1)
    result = exposure.read_answered(sold_since, start, 4, base=READ, open_pushes=(), rules=RULES)
    assert (result.unexplained, result.bound.exposure, result.bound.pending) == (0, 1, 4)


def test_what_lies_above_every_explanation_is_a_forced_raise() -> None:
    bound = Bound(exposure=-2)
    start = exposure.read_begun(bound, at=at(100))
    result = exposure.read_answered(bound, start, 4, base=READ, open_pushes=(), rules=RULES)
    assert (result.unexplained, result.bound.exposure, result.bound.pending) == (4, 4, 4)
    assert result.bound.risen_at == NOON


def test_an_answer_from_before_the_last_fall_raises_and_is_asked_for_again() -> None:
    bound = Bound(exposure=1, fallen_at=at(80))
    start = exposure.read_begun(bound, at=at(100))
    result = exposure.read_answered(bound, start, 4, base=READ, open_pushes=(), rules=RULES)
    assert (result.read_again, result.unexplained, result.bound.exposure) == (True, 0, 4)


def test_an_unknown_pool_is_known_once_it_was_read_and_settled() -> None:
    bound = exposure.forgotten(Bound(exposure=7, pending=2, base=SET))
    assert (bound.exposure, bound.pending, bound.base) == (None, None, None)
    start = exposure.read_begun(bound, at=at(100))
    read = exposure.read_answered(bound, start, 4, base=READ, open_pushes=(), rules=RULES).bound
    assert read.exposure is None
    settled = exposure.settled(read, PullProof(sequence=4, began_at=at(999), whole=True), RULES)
    assert settled.exposure == 4


@pytest.mark.parametrize(("fallen", "base", "left"), [(0, READ, 0), (1, READ, -2), (5, SET, 0), (6, SET, -2)])
def test_a_broken_bound_ends_at_nothing_once_it_is_proven_by_what_came_after(
    fallen: int, base: Base, left: int
) -> None:
    """A set is in force 5 s after it was accepted."""
    bound = Bound(exposure=-2, pending=0, base=base, fallen_at=at(fallen))
    settled = exposure.settled(bound, PullProof(sequence=4, began_at=at(999), whole=True), RULES)
    assert (settled.exposure, settled.pending) == (left, None)


def test_what_an_operator_vouches_for_replaces_every_bound() -> None:
    bound = exposure.assumed(Bound(exposure=None, pending=2, base=SET), 3, at=at(5))
    assert (bound.exposure, bound.pending, bound.base, bound.risen_at) == (3, None, None, at(5))
