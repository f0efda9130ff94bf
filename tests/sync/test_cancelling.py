"""An order is cancelled by asking; its units come back when the channel's own orders say so."""

from __future__ import annotations

from datetime import timedelta

import pytest

from syncworker.connector import OutcomeUnknownError
from syncworker.errors import InputError
from syncworker.ledger import stock
from syncworker.ledger.jobs import JobKind
from syncworker.ledger.ledger import Ledger
from syncworker.sync.cancelling import cancel_order
from syncworker.sync.publishing import publish
from syncworker.sync.tick import tick
from tests.sync.shopfront import Business, Shopfront

pytestmark = pytest.mark.parametrize("any_database", ["memory"], indirect=True)


class Cancelling(Shopfront):
    """A shop where a seller can cancel; it may lose its answer afterwards."""

    def __init__(self, business: Business) -> None:
        super().__init__(business.clock)
        self.pools, self.listings = business.shop.pools, business.shop.listings
        self.asked: list[tuple[str, str]] = []
        self.loses_answer = False

    def cancel_order(self, external_id: str, *, reason: str) -> None:
        self.asked.append((external_id, reason))
        self.cancel(external_id)
        if self.loses_answer:
            raise OutcomeUnknownError("no answer")


@pytest.fixture
def business(manual_ledger: Ledger) -> Business:
    """A live shop that sells both products."""
    business = Business(manual_ledger)
    publish(business.context, "shop")
    business.go_live()
    business.shop = Cancelling(business)
    business.run(4)
    return business


def _sold(business: Business, units: int) -> str:
    order_id = business.shop.buy("BIN", units)
    assert order_id is not None
    business.run(2)
    return order_id


def _available(business: Business) -> int:
    with business.ledger.snapshot() as tx:
        return stock.levels(tx)["BIN", "main"].available


@pytest.mark.parametrize("loses_answer", [False, True])
def test_a_cancellation_counts_once_the_feed_tells_it(business: Business, loses_answer: bool) -> None:
    order_id = _sold(business, 2)
    shop = business.shop
    assert isinstance(shop, Cancelling)
    shop.loses_answer = loses_answer
    business.run()
    try:
        cancel_order(business.context, "shop", order_id, reason="broken")
    except OutcomeUnknownError:
        assert loses_answer
    right_after = _available(business)
    business.clock.advance(timedelta(seconds=0.1))

    assert ("shop", JobKind.PULL) in tick(business.context)
    business.run(2)
    assert shop.asked == [(order_id, "broken")]
    assert (right_after, _available(business)) == (7, 9)


def test_what_was_cancelled_or_never_recorded_is_refused_without_a_call(business: Business) -> None:
    order_id = _sold(business, 2)
    business.shop.cancel(order_id)
    business.run(2)

    with pytest.raises(InputError, match="Nothing is left to cancel"):
        cancel_order(business.context, "shop", order_id, reason="broken")
    with pytest.raises(InputError, match="No order nobody of shop is recorded"):
        cancel_order(business.context, "shop", "nobody", reason="broken")
    assert isinstance(business.shop, Cancelling)
    assert business.shop.asked == []


def test_a_channel_without_cancellations_says_where_to_do_it(manual_ledger: Ledger) -> None:
    business = Business(manual_ledger)
    publish(business.context, "shop")
    business.go_live()
    business.run(4)

    with pytest.raises(InputError, match="on its own pages"):
        cancel_order(business.context, "shop", _sold(business, 1), reason="broken")
