"""A listing is emptied before it is hidden, and shown again with nothing believed of its number: no unit is sold twice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncworker.connector import ListingRejectedError, OutcomeUnknownError, Reading
from syncworker.ledger import pools
from syncworker.ledger.jobs import JobKind
from syncworker.ledger.ledger import Ledger
from syncworker.ledger.pools import PoolRecord
from syncworker.sync.contents import ContentsState, contents_state
from syncworker.sync.publishing import publish
from syncworker.sync.showing import show
from tests.sync.shopfront import FACTS, Business

pytestmark = pytest.mark.parametrize("any_database", ["memory"], indirect=True)


@pytest.fixture
def business(manual_ledger: Ledger) -> Business:
    """Both products published by us, the shop live and in step."""
    business = Business(manual_ledger)
    publish(business.context, "shop")
    business.go_live()
    business.run(4)
    return business


def _show(business: Business, *, is_shown: bool) -> None:
    business.ledger.run(lambda tx: show(tx, "shop", ["BIN"], is_shown=is_shown))


def _pool(business: Business) -> PoolRecord:
    with business.ledger.snapshot() as tx:
        return pools.by_key(tx, "shop", ["BIN"])["BIN"]


def _hidden(business: Business) -> Business:
    _show(business, is_shown=False)
    business.run(5)
    return business


def test_a_number_stands_at_nothing_before_its_listing_is_hidden(business: Business) -> None:
    _show(business, is_shown=False)
    business.run(kinds=[JobKind.CONTENTS])
    early = business.shop.changes()
    business.run(5)

    assert early == []
    assert business.shop.changes() == [{"active": False}]
    assert business.shop.pools["BIN"].quantity == 0
    assert _pool(business).bound.exposure == 0
    assert contents_state(business.listing("BIN"), {"shop"}) is ContentsState.HIDDEN


def test_a_hidden_listing_stays_at_nothing(business: Business) -> None:
    _hidden(business).run(20)

    assert business.shop.pools["BIN"].quantity == 0
    assert business.shop.pools["BROOM"].quantity == 9


def test_a_listing_that_is_shown_again_gets_its_share_once_its_number_was_read(business: Business) -> None:
    _show(_hidden(business), is_shown=True)
    business.run(kinds=[JobKind.CONTENTS])
    unknown = _pool(business).bound.exposure
    business.run(6)

    assert unknown is None
    assert business.shop.changes()[-1] == {"active": True}
    assert business.shop.pools["BIN"].quantity == 9
    assert _pool(business).bound.exposure == 9


@pytest.mark.parametrize(
    "answer", [None, OutcomeUnknownError("no answer"), ListingRejectedError("no", sku="BIN")]
)
def test_what_a_channel_puts_on_sale_by_showing_a_listing_is_counted(
    business: Business, answer: Exception | None
) -> None:
    """It told 0 while the listing was hidden, and sells what it had before from the moment it is shown."""
    _hidden(business)
    for _ in range(3):
        business.shop.answer_next("read_quantities", (Reading(pool_key="BIN", quantity=0),))
    business.shop.pools["BIN"].quantity = 5
    _show(business, is_shown=True)
    business.shop.troubles = [answer]

    business.run(kinds=[JobKind.CONTENTS])
    business.shop.hidden.clear()

    assert _pool(business).bound.exposure is None


def test_a_reading_from_before_it_can_be_shown_proves_nothing(manual_ledger: Ledger) -> None:
    """The call to show it got no answer and lands later than a read-back that still told 0."""
    business = Business(manual_ledger, capabilities=replace(FACTS, horizon_s=60.0))
    publish(business.context, "shop")
    business.go_live()
    business.run(4)
    _hidden(business)
    _show(business, is_shown=True)
    business.shop.troubles = [OutcomeUnknownError("no answer")]
    business.run(4)

    assert _pool(business).bound.exposure is None
    business.run(20)
    assert _pool(business).bound.exposure == 9


def test_showing_a_listing_counts_before_the_request_leaves(business: Business) -> None:
    _hidden(business)
    seen: list[int | None] = []
    business.shop.on_update = lambda: seen.append(_pool(business).bound.exposure)
    _show(business, is_shown=True)
    business.run(kinds=[JobKind.CONTENTS])

    assert seen == [None]
