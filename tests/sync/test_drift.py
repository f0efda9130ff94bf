"""A number that is not as expected has a class, and each class is put right, asked about or left alone as the operator wants."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import timedelta

import pytest

from syncworker.core.drift import DriftClass, DriftPolicy, DriftRules
from syncworker.core.model import QuantityMode
from syncworker.errors import InputError
from syncworker.ledger import incidents, pools
from syncworker.ledger.incidents import IncidentKind
from syncworker.ledger.jobs import JobKind
from syncworker.ledger.ledger import Ledger
from syncworker.sync.limits import set_limits
from syncworker.sync.read import read_back
from tests.sync.seller import Seller

BOTH = pytest.mark.parametrize("any_database", ["memory", "postgresql"], indirect=True)
KEPT = [DriftPolicy.ASK, DriftPolicy.FREEZE]
MODES = [QuantityMode.SET, QuantityMode.COMPARE_AND_SET]
#: What a number of 3 is raised to where nine are there: a set needs all of its number free.
RAISED = {QuantityMode.SET: 6, QuantityMode.COMPARE_AND_SET: 9}


@pytest.fixture
def any_database() -> str:
    """In memory, unless a test says otherwise."""
    return "memory"


def rules(one: DriftClass, policy: DriftPolicy) -> DriftRules:
    return DriftRules(policies={one: policy}, brake_share=100)


def seller(
    ledger: Ledger, one: DriftClass, policy: DriftPolicy, mode: QuantityMode = QuantityMode.SET
) -> Seller:
    return Seller(ledger, rules(one, policy), mode)


# --- edited upwards ------------------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("policy", DriftPolicy)
def test_more_than_there_is_is_withdrawn_whatever_the_policy(
    manual_ledger: Ledger, policy: DriftPolicy
) -> None:
    business = seller(manual_ledger, DriftClass.EDIT, policy)
    business.shop.edit(15)

    assert business.look() == {"edit": 1}
    business.run(1, kinds=[JobKind.PUSH])

    assert business.number == 0
    business.run(6)
    assert business.holds_the_rule()


def test_an_edit_upwards_heals_by_itself_where_it_is_to_be_corrected(manual_ledger: Ledger) -> None:
    business = seller(manual_ledger, DriftClass.EDIT, DriftPolicy.CORRECT)
    business.shop.edit(15)
    business.look()
    (one,) = business.drifts
    assert (one.details["class"], one.details["number"], one.details["expected"]) == ("edit", 15, 9)

    business.run(30)

    assert (business.number, business.told) == (9, [])


@pytest.mark.parametrize("policy", KEPT)
def test_an_edit_upwards_stays_lowered_until_a_person_says_so(
    manual_ledger: Ledger, policy: DriftPolicy
) -> None:
    business = seller(manual_ledger, DriftClass.EDIT, policy)
    business.shop.edit(15)
    business.look()
    business.run(30)
    (one,) = business.drifts
    assert business.number == 0

    business.approve(one)
    business.run(20)

    assert (business.number, business.told) == (9, [])


@pytest.mark.parametrize("policy", KEPT)
def test_lowered_to_what_was_expected_a_question_answers_itself_and_what_is_frozen_stays_so(
    manual_ledger: Ledger, policy: DriftPolicy
) -> None:
    business = seller(manual_ledger, DriftClass.EDIT, policy, QuantityMode.COMPARE_AND_SET)
    business.shop.edit(15)
    business.look()
    business.run(30)

    assert business.number == 9
    assert bool(business.drifts) is (policy is DriftPolicy.FREEZE)


# --- edited downwards ----------------------------------------------------------------------------------------------


@BOTH
def test_a_report_with_drift_in_it_fits_into_a_line_of_the_log(manual_ledger: Ledger) -> None:
    business = Seller(manual_ledger, DriftRules())
    business.shop.edit(1)

    report = read_back(business.context, "shop", pool_ids=[business.pool.id])

    assert report is not None
    assert report.classes
    assert json.loads(json.dumps(asdict(report)))["classes"] == report.classes


def test_an_edit_downwards_is_named_put_right_and_over(manual_ledger: Ledger) -> None:
    business = seller(manual_ledger, DriftClass.EDIT, DriftPolicy.CORRECT)
    business.shop.edit(3)

    assert business.look() == {"missed_order": 1}
    business.run(20)

    assert (business.number, business.told) == (RAISED[QuantityMode.SET], [])
    with manual_ledger.snapshot() as tx:
        (one,) = [each for each in incidents.latest_incidents(tx) if each.kind is IncidentKind.DRIFT]
    assert (one.details["class"], one.details["number"], one.details["expected"]) == ("edit", 3, 9)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("policy", KEPT)
def test_an_edit_downwards_is_left_as_it_is_until_a_person_approves(
    manual_ledger: Ledger, policy: DriftPolicy, mode: QuantityMode
) -> None:
    business = seller(manual_ledger, DriftClass.EDIT, policy, mode)
    business.shop.edit(3)
    business.look()
    business.run(20)
    (one,) = business.drifts
    assert (business.number, one.details["policy"]) == (3, policy.value)

    business.approve(one)
    business.run(20)

    assert (business.number, business.told) == (RAISED[mode], [])


@pytest.mark.parametrize("policy", KEPT)
def test_put_back_by_hand_a_question_answers_itself_and_what_is_frozen_stays_so(
    manual_ledger: Ledger, policy: DriftPolicy
) -> None:
    business = seller(manual_ledger, DriftClass.EDIT, policy)
    business.shop.edit(3)
    business.look()
    business.run(20)

    business.shop.edit(9)
    business.look()
    business.run(4)

    assert bool(business.drifts) is (policy is DriftPolicy.FREEZE)


def test_what_is_kept_may_be_sold_and_lowered_by_a_limit_all_the_same(manual_ledger: Ledger) -> None:
    business = seller(manual_ledger, DriftClass.EDIT, DriftPolicy.FREEZE)
    business.shop.edit(3)
    business.look()
    business.run(20)
    business.shop.buy(business.listing("BIN").external_id, 1)
    business.run(2)
    assert business.number == 2

    manual_ledger.run(lambda tx: set_limits(tx, "shop", "BIN", pause=True))
    business.run(4)

    assert (business.number, business.holds_the_rule()) == (0, True)


def test_a_drift_that_heals_by_itself_is_closed_by_no_word(manual_ledger: Ledger) -> None:
    business = seller(manual_ledger, DriftClass.EDIT, DriftPolicy.CORRECT)
    business.shop.edit(15)
    business.look()

    with pytest.raises(InputError, match="closes by itself"):
        business.approve(business.drifts[0])


# --- orders, pushes, locks, links ----------------------------------------------------------------------------------


@BOTH
def test_a_unit_that_an_order_explains_is_no_edit(manual_ledger: Ledger) -> None:
    business = seller(manual_ledger, DriftClass.EDIT, DriftPolicy.FREEZE)
    business.shop.buy(business.listing("BIN").external_id, 2)

    assert business.look() == {"missed_order": 1}
    business.run(20)

    with manual_ledger.snapshot() as tx:
        assert incidents.latest_incidents(tx) == []


def test_an_order_that_comes_late_with_the_pull_that_goes_first_is_named_as_missed(
    manual_ledger: Ledger,
) -> None:
    business = seller(manual_ledger, DriftClass.MISSED_ORDER, DriftPolicy.CORRECT)
    business.shop.mute = True
    business.shop.buy(business.listing("BIN").external_id, 2)
    business.run(3, kinds=[JobKind.PULL])
    business.shop.mute = False

    report = business.resync()

    assert (report.pulled, asdict(report)["drift"]) == (1, {"missed_order": 1})
    assert business.drifts == []


@pytest.mark.parametrize("policy", KEPT)
def test_a_missing_unit_is_asked_about_at_once_where_the_operator_wants_it(
    manual_ledger: Ledger, policy: DriftPolicy
) -> None:
    business = seller(manual_ledger, DriftClass.MISSED_ORDER, policy)
    business.shop.edit(1)
    business.look()
    business.run(20)

    assert business.number == 1
    assert [one.details["class"] for one in business.drifts] == ["missed_order"]


def test_a_question_is_not_answered_by_what_is_found_after_it_was_asked(manual_ledger: Ledger) -> None:
    """Nine were expected; three, then two and then three again are three answers that nobody gave."""
    business = seller(manual_ledger, DriftClass.MISSED_ORDER, DriftPolicy.ASK)
    for number in (3, 2, 3, 2):
        business.shop.edit(number)
        business.look()
        (one,) = business.drifts
        assert one.details["expected"] == 9

    business.shop.edit(9)
    business.look()

    assert business.drifts == []


def test_a_number_that_is_asked_about_does_not_answer_by_going_away_and_coming_back(
    manual_ledger: Ledger,
) -> None:
    business = seller(manual_ledger, DriftClass.MISSED_ORDER, DriftPolicy.ASK)
    business.shop.edit(3)
    business.look()
    number = business.shop.pools.pop("BIN")
    business.look()
    business.run(4)

    business.shop.pools["BIN"] = number
    business.look()

    (one,) = business.drifts
    assert (one.details["class"], one.details["expected"]) == ("missed_order", 9)


def test_a_push_that_was_accepted_and_forgotten_is_a_late_push(manual_ledger: Ledger) -> None:
    business = seller(manual_ledger, DriftClass.LATE_PUSH, DriftPolicy.CORRECT)
    business.shop.forgets = True
    manual_ledger.run(lambda tx: set_limits(tx, "shop", "BIN", pause=True))
    business.run(4)
    assert (business.number, business.pool.bound.exposure) == (9, 0)
    business.shop.forgets = False

    report = business.resync()

    assert report.drift == {"late_push": 1}
    assert [one.details["class"] for one in business.drifts] == ["late_push"]
    business.run(20)
    assert (business.number, business.told) == (0, [])


@pytest.mark.parametrize("policy", DriftPolicy)
def test_units_that_a_campaign_keeps_are_named_as_locked(manual_ledger: Ledger, policy: DriftPolicy) -> None:
    business = seller(manual_ledger, DriftClass.LOCKED, policy)
    pool_id = business.pool.id
    with manual_ledger.transaction() as tx:
        pools.update(tx, pool_id, locked=12, locked_until=tx.now + timedelta(minutes=15))
    business.shop.edit(12)

    assert business.look() == {"locked": 1}

    (one,) = business.drifts
    assert (one.details["class"], one.details["policy"]) == ("locked", policy.value)


@BOTH
def test_a_number_that_is_gone_is_asked_about_and_goes_on_when_it_is_back(manual_ledger: Ledger) -> None:
    business = Seller(manual_ledger, DriftRules(brake_share=100))
    number = business.shop.pools.pop("BIN")
    listing = business.shop.listings.pop(business.listing("BIN").external_id)
    business.look()
    business.run(4)

    (one,) = business.drifts
    assert (one.details["class"], one.details["policy"]) == ("mapping", "ask")
    asked = business.shop.count("push_quantities")
    business.run(6)
    assert business.shop.count("push_quantities") == asked

    business.shop.pools["BIN"], business.shop.listings[listing.listing_id] = number, listing
    business.shop.edit(0)
    business.look()
    business.run(10)
    assert (business.number, business.told) == (9, [])
