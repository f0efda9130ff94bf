"""Each reading that differs has one class, each class happens, and what is in step has none."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncworker.core.brake import Sweep, brakes
from syncworker.core.drift import DEFAULTS, DriftClass, DriftPolicy, DriftRules, Evidence, classify

_units = st.integers(0, 9)
EVIDENCE = st.builds(
    Evidence,
    expected=st.one_of(st.none(), _units),
    number=st.one_of(st.none(), _units),
    unexplained=st.integers(0, 3),
    open_push=st.booleans(),
    too_fresh=st.booleans(),
    earlier=st.one_of(st.none(), _units),
    locked=_units,
    told_late=st.integers(0, 3),
    proven=st.booleans(),
)
IN_STEP = Evidence(expected=5, number=5)


READINGS = [
    (replace(IN_STEP, number=7, too_fresh=True, open_push=True), DriftClass.LATE_PUSH),
    (Evidence(expected=0, number=9, earlier=9, unexplained=9), DriftClass.LATE_PUSH),
    (Evidence(expected=5, number=20, unexplained=15), DriftClass.EDIT),
    (Evidence(expected=5, number=2, proven=True), DriftClass.EDIT),
    (Evidence(expected=5, number=2, proven=True, told_late=2), DriftClass.EDIT),
    (Evidence(expected=None, number=9, unexplained=4), DriftClass.EDIT),
    (Evidence(expected=5, number=2), DriftClass.MISSED_ORDER),
    (Evidence(expected=5, number=2, proven=True, told_late=3), DriftClass.MISSED_ORDER),
    (replace(IN_STEP, told_late=1), DriftClass.MISSED_ORDER),
    (Evidence(expected=0, number=4, locked=4), DriftClass.LOCKED),
    (Evidence(expected=5, number=None), DriftClass.MAPPING),
    (IN_STEP, None),
    (Evidence(expected=5, number=6), None),
    (Evidence(expected=5, number=6, too_fresh=True), None),
    (Evidence(expected=None, number=6), None),
]


@pytest.mark.parametrize(("seen", "found"), READINGS)
def test_each_class_has_its_reading(seen: Evidence, found: DriftClass | None) -> None:
    assert classify(seen) is found


def test_every_class_is_reached_and_every_class_has_a_policy() -> None:
    assert {found for _, found in READINGS} == {*DriftClass, None}
    assert set(DEFAULTS) == set(DriftClass)


@given(EVIDENCE)
def test_what_no_bound_explains_always_has_a_class_once_the_answer_can_be_believed(seen: Evidence) -> None:
    if seen.unexplained and not seen.too_fresh:
        assert classify(seen) is not None


@given(EVIDENCE)
def test_a_number_as_expected_is_no_drift_unless_orders_came_late(seen: Evidence) -> None:
    seen = replace(seen, number=seen.expected, unexplained=0)

    if seen.number is not None:
        assert classify(seen) is (DriftClass.MISSED_ORDER if seen.told_late else None)


@given(EVIDENCE)
def test_nobody_is_said_to_have_edited_while_orders_or_pushes_may_explain_it(seen: Evidence) -> None:
    may_be_orders = not seen.unexplained and (not seen.proven or seen.told_late >= (seen.expected or 0))

    if seen.too_fresh or may_be_orders:
        assert classify(seen) is not DriftClass.EDIT


@given(EVIDENCE)
def test_a_missing_unit_is_an_edit_exactly_where_no_order_is_left_to_explain_it(seen: Evidence) -> None:
    seen = replace(seen, too_fresh=False, unexplained=0, earlier=None, number=0, expected=3, proven=True)

    assert classify(seen) is (DriftClass.MISSED_ORDER if seen.told_late >= 3 else DriftClass.EDIT)


@pytest.mark.parametrize("policy", DriftPolicy)
def test_a_class_without_a_policy_of_its_own_has_the_usual_one(policy: DriftPolicy) -> None:
    rules = DriftRules(policies={DriftClass.EDIT: policy})

    assert rules.policy(DriftClass.EDIT) is policy
    assert rules.policy(DriftClass.MAPPING) is DEFAULTS[DriftClass.MAPPING]


_SWEEPS = st.builds(Sweep, changed=st.integers(0, 200), zeroed=st.just(0), listings=st.integers(0, 300))


@given(_SWEEPS, st.integers(0, 120), st.integers(0, 40))
def test_what_is_braked_is_braked_all_the_more_when_more_would_change(
    sweep: Sweep, share: int, least: int
) -> None:
    if brakes(sweep, share=share, least=least):
        assert sweep.changed >= least
        assert brakes(replace(sweep, changed=sweep.changed + 1), share=share, least=least)
        assert brakes(replace(sweep, listings=sweep.listings // 2), share=share, least=least)


@pytest.mark.parametrize(("changed", "stops"), [(9, False), (30, False), (31, True)])
def test_the_brake_holds_above_the_share_and_never_for_a_few(changed: int, stops: bool) -> None:
    assert brakes(Sweep(changed=changed, zeroed=0, listings=100), share=30, least=10) is stops


def test_a_share_of_nothing_stops_the_first_change_and_a_whole_share_stops_none() -> None:
    assert brakes(Sweep(changed=1, zeroed=0, listings=1000), share=0, least=1)
    assert not brakes(Sweep(changed=1000, zeroed=1000, listings=1000), share=100, least=1)
