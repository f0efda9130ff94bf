"""A run that would change too much of a channel stops before it sends; sales, the rule and an approved plan are outside that."""

from __future__ import annotations

from datetime import timedelta

import pytest

from syncworker.connector.contract import Outcome
from syncworker.core.drift import DriftRules
from syncworker.core.model import QuantityMode
from syncworker.ledger.incidents import IncidentKind
from syncworker.ledger.ledger import Ledger
from syncworker.sync.applying import apply, draw_up
from syncworker.sync.pull import pull_orders
from tests.sync.seller import Seller

BOTH = pytest.mark.parametrize("any_database", ["memory", "postgresql"], indirect=True)
MODES = [QuantityMode.SET, QuantityMode.COMPARE_AND_SET]
QUICK_BRAKE = DriftRules(brake_share=30, brake_least=1)


@pytest.fixture
def any_database() -> str:
    """In memory, unless a test says otherwise."""
    return "memory"


@BOTH
def test_a_run_that_would_change_too_much_stops_before_it_sends(manual_ledger: Ledger) -> None:
    business = Seller(manual_ledger, QUICK_BRAKE, QuantityMode.COMPARE_AND_SET)
    business.shop.edit(15)
    sent = business.shop.count("push_quantities")

    report = business.resync()

    found = [(one.channel, one.sweep.changed, one.sweep.listings) for one in report.braked]
    assert found == [("shop", 1, 2)]
    assert business.shop.count("push_quantities") == sent
    assert IncidentKind.BRAKE in {one.kind for one in business.told}


def test_a_dry_run_says_that_it_would_stop_and_opens_nothing(manual_ledger: Ledger) -> None:
    business = Seller(manual_ledger, QUICK_BRAKE, QuantityMode.COMPARE_AND_SET)
    business.shop.edit(15)

    report = business.resync(dry_run=True)

    assert [one.channel for one in report.braked] == ["shop"]
    assert IncidentKind.BRAKE not in {one.kind for one in business.told}


def emptied(ledger: Ledger) -> Seller:
    """Somebody took bins off by hand, that is proven, and the run that found it has stopped."""
    business = Seller(ledger, QUICK_BRAKE, QuantityMode.COMPARE_AND_SET)
    business.shop.edit(1)
    business.resync()
    business.run(10)
    assert [one.kind for one in business.told] == [IncidentKind.BRAKE]
    assert (business.told[0].details["changed"], business.told[0].details["zeroed"]) == (1, 0)
    assert business.number == 1
    return business


def test_an_approved_plan_is_outside_the_brake_and_ends_it(manual_ledger: Ledger) -> None:
    business = emptied(manual_ledger)
    with manual_ledger.snapshot() as tx:
        plan = draw_up(tx, business.context, ["shop"], skus=None, actor="sari")
    assert [item.sku for item in plan.items] == ["BIN"]

    report = apply(business.context, plan, actor="sari")

    assert [one.outcome for one in report.sent] == [Outcome.APPLIED]
    assert (business.number, business.told) == (9, [])


def test_a_plan_from_before_the_brake_does_not_lift_it(manual_ledger: Ledger) -> None:
    business = Seller(manual_ledger, QUICK_BRAKE, QuantityMode.COMPARE_AND_SET)
    with manual_ledger.snapshot() as tx:
        plan = draw_up(tx, business.context, ["shop"], skus=None, actor="sari")
    business.shop.edit(1)
    business.resync()
    business.run(10)

    apply(business.context, plan, actor="sari")
    business.run(10)

    assert (business.number, [one.kind for one in business.told]) == (1, [IncidentKind.BRAKE])


def test_a_run_whose_own_pull_proves_the_edits_does_not_approve_them(manual_ledger: Ledger) -> None:
    business = Seller(manual_ledger, QUICK_BRAKE, QuantityMode.COMPARE_AND_SET)
    business.shop.edit(1)
    business.look()
    business.clock.advance(timedelta(seconds=60))

    business.resync()
    business.run(10)

    assert (business.number, [one.kind for one in business.told]) == (1, [IncidentKind.BRAKE])


def test_a_persons_word_ends_the_brake_too(manual_ledger: Ledger) -> None:
    business = emptied(manual_ledger)

    business.approve(business.told[0])
    business.run(10)

    assert (business.number, business.told) == (9, [])


def test_a_later_run_that_would_change_little_ends_it(manual_ledger: Ledger) -> None:
    business = emptied(manual_ledger)
    business.shop.edit(9)

    report = business.resync()

    assert report.braked == ()
    assert IncidentKind.BRAKE not in {one.kind for one in business.told}


@pytest.mark.parametrize("mode", MODES)
def test_sales_and_what_was_to_be_done_anyway_are_never_braked(
    manual_ledger: Ledger, mode: QuantityMode
) -> None:
    business = Seller(manual_ledger, QUICK_BRAKE, mode)
    business.receive("BIN", 40)
    business.receive("BROOM", 40)
    for sku in ("BIN", "BROOM"):
        business.shop.buy(business.listing(sku).external_id, 8)
    pull_orders(business.context, "shop")

    report = business.resync()

    assert report.braked == ()
    business.run(10)
    assert business.told == []
    assert business.number > 9


@pytest.mark.parametrize("mode", MODES)
def test_units_beyond_what_there_is_are_withdrawn_though_the_run_stopped(
    manual_ledger: Ledger, mode: QuantityMode
) -> None:
    business = Seller(manual_ledger, QUICK_BRAKE, mode)
    business.shop.edit(15)

    assert [one.channel for one in business.resync().braked] == ["shop"]
    business.run(6)

    assert business.number == (0 if mode is QuantityMode.SET else 9)
    assert business.holds_the_rule()
