"""A plan is drawn up, looked at, and carried out as it is: what moved since stays, and the rule is asked again for the rest."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from syncworker.connector.contract import Outcome
from syncworker.core.model import QuantityKind, QuantityMode
from syncworker.errors import InputError
from syncworker.ledger import jobs, pools, publications, pushes, runs
from syncworker.ledger.books import check_books
from syncworker.ledger.jobs import JobKind
from syncworker.ledger.ledger import Ledger
from syncworker.ledger.schema import installation
from syncworker.sync.applying import BUSY, GONE, ApplyReport, apply, draw_up, require_ours
from syncworker.sync.channels import pause
from syncworker.sync.limits import set_limits
from syncworker.sync.plan_file import PlanFile, read, written
from syncworker.sync.publishing import publish
from syncworker.sync.pull import pull_orders
from tests.sync.shopfront import FACTS, Business

MODES = list(QuantityMode)
BOTH = pytest.mark.parametrize("any_database", ["memory", "postgresql"], indirect=True)


@pytest.fixture
def any_database() -> str:
    """In memory, unless a test says otherwise."""
    return "memory"


def business_with_news(ledger: Ledger, **facts: object) -> Business:
    """A live shop that shows 9 of each, and goods that came in and nobody was told of yet."""
    business = Business(ledger, capabilities=replace(FACTS, **facts))  # type: ignore[arg-type]
    publish(business.context, "shop")
    business.go_live()
    business.run(6)
    business.receive("BIN", 91)
    business.receive("BROOM", 91)
    return business


def plan_of(business: Business, *skus: str) -> PlanFile:
    """Drawn up, written and read again."""
    with business.ledger.snapshot() as tx:
        plan = draw_up(tx, business.context, ["shop"], skus=skus or None, actor="sari")
    return read(written(plan).encode(), name="plan.json")


def applied(business: Business, plan: PlanFile) -> ApplyReport:
    return apply(business.context, plan, actor="sari")


def numbers(business: Business) -> dict[str, int]:
    return {sku: business.shop.pools[sku].quantity for sku in ("BIN", "BROOM")}


def why(report: ApplyReport) -> dict[str, tuple[str, ...]]:
    return {one.item.sku: one.why for one in report.skipped}


@BOTH
@pytest.mark.parametrize("mode", MODES)
def test_exactly_the_plan_is_sent_and_who_approved_it_is_written_down(
    manual_ledger: Ledger, mode: QuantityMode
) -> None:
    business = business_with_news(manual_ledger, mode=mode)
    plan = plan_of(business)

    report = applied(business, plan)

    assert {one.item.sku: one.outcome for one in report.sent} == dict.fromkeys(
        ("BIN", "BROOM"), Outcome.APPLIED
    )
    with manual_ledger.snapshot() as tx:
        for item in plan.items:
            (latest, *_) = pushes.history(tx, item.pool_id, most=1)
            assert (latest.kind, latest.value, latest.reason) == (
                item.push.kind,
                item.push.value,
                item.reason,
            )
        (run,) = runs.latest(tx, kind="apply")
    assert (run.actor, run.details["plan"], run.details["quantities"]) == ("sari", plan.id, 2)


@BOTH
@pytest.mark.parametrize("mode", MODES)
def test_what_was_sold_since_is_skipped_and_listed_and_the_rest_is_sent(
    manual_ledger: Ledger, mode: QuantityMode
) -> None:
    business = business_with_news(manual_ledger, mode=mode)
    plan = plan_of(business)
    before = numbers(business)
    business.shop.buy(business.listing("BIN").external_id, 2)
    pull_orders(business.context, "shop")

    report = applied(business, plan)

    assert why(report) == {"BIN": ("exposure", "shown", "available")}
    assert [one.item.sku for one in report.sent] == ["BROOM"]
    assert numbers(business) == {"BIN": before["BIN"] - 2, "BROOM": plan_number(plan, "BROOM", before)}


def plan_number(plan: PlanFile, sku: str, before: dict[str, int]) -> int:
    """What the plan makes of a number."""
    (item,) = [one for one in plan.items if one.sku == sku]
    return item.push.value + (before[sku] if item.push.kind is QuantityMode.ADJUST else 0)


def test_a_plan_that_was_carried_out_is_not_carried_out_again(manual_ledger: Ledger) -> None:
    business = business_with_news(manual_ledger)
    plan = plan_of(business)
    applied(business, plan)
    shown = numbers(business)

    report = applied(business, plan)

    assert report.sent == ()
    assert {"exposure", "open_push", "shown"} <= set(why(report)["BIN"])
    assert numbers(business) == shown


MOVES: dict[str, tuple[Callable[[Business], object], tuple[str, ...]]] = {
    "a limit": (
        lambda b: b.ledger.run(lambda tx: set_limits(tx, "shop", "BIN", at_most=3)),
        ("limits",),
    ),
    "a pause": (lambda b: b.ledger.run(lambda tx: pause(tx, "shop", withdraw=False)), ("paused",)),
    "a withdrawal": (
        lambda b: b.ledger.run(lambda tx: pause(tx, "shop", withdraw=True)),
        ("withdraw",),
    ),
    "more goods": (lambda b: b.count("BIN", units=30), ("available",)),
    "fewer goods": (lambda b: b.count("BIN", units=4), ("available",)),
}


@pytest.mark.parametrize("move", MOVES)
def test_each_thing_that_moved_is_named(manual_ledger: Ledger, move: str) -> None:
    business = business_with_news(manual_ledger)
    plan = plan_of(business)
    act, expected = MOVES[move]
    act(business)
    before = numbers(business)

    report = applied(business, plan)

    assert why(report)["BIN"] == expected
    assert numbers(business)["BIN"] == before["BIN"]


def test_what_is_being_listed_is_taken_off_once(manual_ledger: Ledger) -> None:
    """Of 100, the shop may sell 9 and a listing under way 40: the 51 that the plan adds are free."""
    business = business_with_news(manual_ledger, mode=QuantityMode.COMPARE_AND_SET)
    manual_ledger.run(lambda tx: publications.begin(tx, "shop", "BIN", units=40))
    plan = plan_of(business, "BIN")
    assert [item.push.value for item in plan.items] == [60]

    report = applied(business, plan)

    assert why(report) == {}
    assert numbers(business)["BIN"] == 60


def test_a_plan_for_one_sku_leaves_the_others_alone(manual_ledger: Ledger) -> None:
    business = business_with_news(manual_ledger)
    before = numbers(business)

    report = applied(business, plan_of(business, "BROOM"))

    assert [one.item.sku for one in report.sent] == ["BROOM"]
    assert numbers(business)["BIN"] == before["BIN"]


def test_a_number_that_nobody_has_here_is_gone_and_a_plan_of_another_installation_is_refused(
    manual_ledger: Ledger,
) -> None:
    business = business_with_news(manual_ledger)
    plan = plan_of(business)
    foreign = replace(plan, items=tuple(replace(item, pool_id=item.pool_id[::-1]) for item in plan.items))
    partly = replace(plan, items=(plan.items[0], foreign.items[1]))

    report = applied(business, partly)

    assert report.skipped[0].why == (GONE,)
    with pytest.raises(InputError, match="another installation"):
        applied(business, foreign)


def test_the_token_of_an_installation_decides_where_there_is_one(manual_ledger: Ledger) -> None:
    business = business_with_news(manual_ledger)
    plan = plan_of(business)
    started = replace(plan, installation="somebody-elses")
    manual_ledger.run(
        lambda tx: tx.execute(installation.insert().values(id=1, token="ours", starts=1, created_at=tx.now))
    )

    with manual_ledger.snapshot() as tx:
        require_ours(tx, plan)
        require_ours(tx, replace(plan, installation="ours"))
        with pytest.raises(InputError, match="another installation"):
            require_ours(tx, started)


def test_while_another_process_sends_there_nothing_is_sent_twice(manual_ledger: Ledger) -> None:
    business = business_with_news(manual_ledger)
    plan = plan_of(business)
    lease = manual_ledger.run(lambda tx: jobs.claim(tx, "shop", JobKind.PUSH, token="other", seconds=60))
    assert lease is not None

    report = applied(business, plan)

    assert why(report) == {"BIN": (BUSY,), "BROOM": (BUSY,)}
    assert report.sent == ()


@pytest.mark.parametrize("mode", MODES)
def test_reserved_units_are_read_right_before_where_the_channel_counts_on_hand(
    manual_ledger: Ledger, mode: QuantityMode
) -> None:
    business = business_with_news(manual_ledger, kind=QuantityKind.ON_HAND, mode=mode)
    plan = plan_of(business)

    report = applied(business, plan)

    assert {one.item.sku for one in report.sent} == {"BIN", "BROOM"}
    assert report.skipped == ()


class KilledError(BaseException):
    """The process is gone."""


@pytest.mark.parametrize("mode", [QuantityMode.SET, QuantityMode.COMPARE_AND_SET])
@pytest.mark.parametrize("chance", range(1, 8))
def test_killed_anywhere_nothing_is_sent_twice_and_everything_settles(
    manual_ledger: Ledger, mode: QuantityMode, chance: int
) -> None:
    business = business_with_news(manual_ledger, mode=mode)
    plan = plan_of(business)
    left = [chance]

    def kill(*_: object) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise KilledError

    hooks = (manual_ledger.before_commit, manual_ledger.after_commit)
    for hook in hooks:
        hook.append(kill)
    with suppress(KilledError):
        applied(business, plan)
    for hook in hooks:
        hook.remove(kill)
    business.clock.advance(timedelta(seconds=61))
    applied(business, plan)
    business.run(12)

    with manual_ledger.snapshot() as tx:
        assert check_books(tx) == []
        held = {record.sku: record.bound.exposure for record in pools.of_channel(tx, "shop")}
        assert pushes.unanswered(tx) == []
    assert numbers(business) == held
    assert all(50 < units <= 100 for units in numbers(business).values())
