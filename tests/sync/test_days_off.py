"""After days off, or a clock that jumped ahead, what was sold meanwhile is heard before a number is raised."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from syncworker.ledger import ManualClock, open_ledger, stock
from syncworker.ledger.books import check_books
from syncworker.ledger.jobs import JobKind
from syncworker.ledger.upgrade import upgrade
from syncworker.sync import publishing
from syncworker.sync.tick import tick
from syncworker.tasks.pulse import TickPulse
from tests.sync.shopfront import JOBS, Business

OFF = timedelta(days=3)
#: Whichever job of a waking engine comes first.
ORDERS = ([JobKind.PULL, JobKind.PUSH, JobKind.READ], [JobKind.PUSH, JobKind.READ, JobKind.PULL])


@pytest.fixture
def business() -> Iterator[Business]:
    ledger = open_ledger("sqlite://", ManualClock())
    upgrade(ledger.engine)
    business = Business(ledger)
    publishing.publish(business.context, "shop")
    business.go_live()
    business.run(6)
    assert business.shop.pools["BIN"].quantity == 9
    yield business
    ledger.close()


@pytest.mark.parametrize("kinds", ORDERS)
def test_what_was_sold_on_days_off_is_heard_before_a_number_is_raised(
    business: Business, kinds: list[JobKind]
) -> None:
    business.clock.advance(OFF)
    for _ in range(9):
        assert business.shop.buy("BIN") is not None
    business.receive("BIN", 4)

    shown = [business.shop.pools["BIN"].quantity]
    for _ in range(8):
        for kind in kinds:
            JOBS[kind](business.context, "shop")
            shown.append(business.shop.pools["BIN"].quantity)
        business.clock.advance(timedelta(seconds=11))

    assert max(shown) <= 4
    assert shown[-1] == 4
    with business.ledger.snapshot() as tx:
        assert stock.levels(tx, ["BIN"])["BIN", "main"].available == 4
        assert check_books(tx) == []


def test_a_clock_that_is_set_back_holds_up_no_pull(business: Business) -> None:
    business.run(2)
    business.ledger.clock = ManualClock(business.clock.time - timedelta(hours=5))
    assert business.shop.buy("BIN") is not None
    assert ("shop", JobKind.PULL) not in tick(business.context)

    TickPulse().swept(business.ledger)

    assert ("shop", JobKind.PULL) in tick(business.context)
    JOBS[JobKind.PULL](business.context, "shop")
    with business.ledger.snapshot() as tx:
        assert stock.levels(tx, ["BIN"])["BIN", "main"].available == 8
    business.count("BIN", units=3)
    for name, kind in tick(business.context):
        JOBS[kind](business.context, name)
    assert business.shop.pools["BIN"].quantity <= 2
