"""How soon a sale was told is counted once, from the rows, and the figures of what is open say what waits."""

from __future__ import annotations

from datetime import timedelta

import pytest

from syncworker.ledger import gauges, told
from syncworker.ledger.incidents import IncidentKind, open_incident
from syncworker.ledger.jobs import JobKind
from syncworker.ledger.ledger import Ledger
from syncworker.sync import channels as use
from syncworker.sync import publishing
from syncworker.sync.sale import add_sale
from tests.sync.shopfront import Business
from tests.sync.test_found_at_once import STALL

ALL = 9


@pytest.fixture
def business(manual_ledger: Ledger) -> Business:
    """A shop that shows all there is, and a stall beside it."""
    business = Business(manual_ledger)
    publishing.publish(business.context, "shop")
    business.go_live()
    business.run(6)
    business.ledger.run(lambda tx: use.register(tx, "stall", connector="counter", capabilities=STALL))
    business.ledger.run(lambda tx: use.stock_counter(tx, business.context, "stall"))
    count(business)
    return business


def count(business: Business) -> int:
    """How many pushes were looked at."""
    business.clock.advance(told.LATE_COMMITS)
    return business.ledger.run(lambda tx: told.count(tx, host="den"))


def totals(business: Business) -> dict[str, tuple[int, float]]:
    """Sales and seconds by kind."""
    with business.ledger.snapshot() as tx:
        return {one.kind: (sum(one.counts), one.seconds) for one in told.totals(tx)}


def sell(business: Business, *, ago_s: float = 0.0, reference: str = "sold") -> None:
    at = business.clock.time - timedelta(seconds=ago_s)
    business.ledger.run(
        lambda tx: add_sale(tx, "stall", sku="BIN", units=ALL, reference=reference, sold_at=at, actor="sari")
    )


def test_a_sale_counts_from_when_it_was_made_until_the_other_shop_acknowledged(business: Business) -> None:
    sell(business, ago_s=100)
    assert count(business) == 0
    business.run()
    looked_at = count(business)

    assert looked_at > 0
    assert totals(business) == {"drain": (1, 100 + 5 + 11)}
    with business.ledger.snapshot() as tx:
        (one,) = told.totals(tx)
    assert one.counts[told.BOUNDS_S.index(120.0)] == 1


def test_a_sale_is_counted_once_however_often_it_is_asked(business: Business) -> None:
    sell(business)
    business.run()
    count(business)
    before = totals(business)

    assert [count(business) for _ in range(3)] == [0, 0, 0]
    assert totals(business) == before


def test_answers_of_one_moment_are_never_cut_in_two(
    business: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(told, "MOST", 2)
    sell(business)
    business.run()
    for _ in range(5):
        count(business)

    assert totals(business)["drain"][0] == 1


def test_a_change_that_a_shop_was_not_told_of_has_an_age(business: Business) -> None:
    def since() -> float | None:
        with business.ledger.snapshot() as tx:
            at = gauges.unsent_since(tx).get("shop")
            return None if at is None else (tx.now - at).total_seconds()

    assert since() is None
    sell(business)
    business.clock.advance(timedelta(seconds=40))
    assert since() == 40
    business.run()
    assert since() is None


def test_work_that_nobody_does_has_an_age_and_a_closed_gate_excuses_it(business: Business) -> None:
    def overdue() -> float:
        with business.ledger.snapshot() as tx:
            at = gauges.waiting_since(tx).get(("shop", JobKind.PULL))
            return 0.0 if at is None else (tx.now - at).total_seconds()

    business.run()
    assert overdue() == 0
    business.clock.advance(timedelta(hours=1))

    assert 3000 < overdue() <= 3600


def test_what_may_be_sold_and_what_is_missing_is_added_up(business: Business) -> None:
    with business.ledger.snapshot() as tx:
        before, short = gauges.channels(tx), gauges.oversold(tx)
    assert (before["shop"].may_sell, before["shop"].unknown, short.units) == (2 * ALL, 0, 0)

    sell(business)
    sell(business, reference="again")
    business.ledger.run(
        lambda tx: open_incident(
            tx, IncidentKind.DRIFT, "pool/x", {"channel": "shop", "class": "edit", "policy": "ask"}
        )
    )

    with business.ledger.snapshot() as tx:
        short, open_now = gauges.oversold(tx), gauges.incidents(tx)
        assert gauges.drift(tx) == {("shop", "edit"): 1}
    assert (short.parts, short.units) == (1, ALL)
    assert open_now["drift"] == 1
    assert open_now["parked"] == 0
