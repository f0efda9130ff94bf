"""A listing is emptied before it is hidden, and shown again with nothing believed of its number: no unit is sold twice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncworker.connector import ListingRejectedError, OutcomeUnknownError, Reading
from syncworker.connector.fake import FakePool
from syncworker.core.allocator import Reason
from syncworker.errors import InputError
from syncworker.ledger import pools
from syncworker.ledger.jobs import JobKind
from syncworker.ledger.ledger import Ledger
from syncworker.ledger.pools import PoolRecord
from syncworker.sync.contents import ContentsState, contents_state
from syncworker.sync.explain import explain
from syncworker.sync.listings import discover, link
from syncworker.sync.publishing import publish
from syncworker.sync.push import push_channel
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


def test_a_listing_that_is_shown_before_it_was_hidden_gets_its_share_again(business: Business) -> None:
    """The channel has it shown already, so that nothing is sent: what was wanted at 0 is wanted no more."""
    _show(business, is_shown=True)
    business.run(6)
    _show(business, is_shown=False)
    business.run(2, kinds=[JobKind.PULL, JobKind.PUSH, JobKind.READ])
    emptied = business.shop.pools["BIN"].quantity

    _show(business, is_shown=True)
    business.run(6)

    assert (emptied, business.shop.pools["BIN"].quantity) == (0, 9)


def test_a_number_sells_again_once_a_listing_that_is_shown_sells_from_it(business: Business) -> None:
    _hidden(business)
    business.shop.add("other", 0, listing_id="second", pool_key="BIN")
    discover(business.context, "shop")
    business.ledger.run(lambda tx: link(tx, business.context, "shop", "second", "BIN", actor="test"))

    business.run(6)

    assert business.shop.pools["BIN"].quantity == 9


def test_nothing_is_sent_to_a_number_while_its_listing_is_being_shown(business: Business) -> None:
    """A 0 that landed before the listing was shown, and is answered after it, would hide what came on sale with it."""
    _hidden(business)
    _show(business, is_shown=True)
    before = business.shop.count("push_quantities")

    def meanwhile() -> None:
        business.receive("BIN", 1)
        push_channel(business.context, "shop")

    business.shop.on_update = meanwhile
    business.run(kinds=[JobKind.CONTENTS])

    assert business.shop.count("push_quantities") == before
    business.run(6)
    assert business.shop.pools["BIN"].quantity == 10


def test_a_listing_whose_hiding_got_no_answer_is_shown_again(business: Business) -> None:
    """It may be hidden by now, whatever it was told before."""
    _show(business, is_shown=True)
    business.run(6)
    _show(business, is_shown=False)
    business.shop.troubles = [OutcomeUnknownError("no answer")]
    business.run(3)
    business.shop.hidden.add("BIN")

    _show(business, is_shown=True)
    business.run(8)

    assert business.shop.hidden == set()
    assert business.shop.pools["BIN"].quantity == 9


def test_a_hidden_listing_that_can_be_changed_no_more_is_given_back_to_the_seller(business: Business) -> None:
    _hidden(business)
    business.can_update = False
    business.register()
    with business.ledger.snapshot() as tx:
        reason = explain(tx, "BIN").pools[0].decision.reason

    _show(business, is_shown=True)
    unknown = _pool(business).bound.exposure
    business.shop.hidden.clear()
    business.run(6)

    assert reason is Reason.HIDDEN
    assert unknown is None
    assert business.shop.pools["BIN"].quantity == 9
    assert business.listing("BIN").wanted_active is None


def test_what_was_never_hidden_from_here_cannot_be_shown_from_here(business: Business) -> None:
    business.can_update = False
    business.register()

    with pytest.raises(InputError, match="on its own pages alone"):
        _show(business, is_shown=True)


def test_a_hidden_listing_holds_no_units_of_the_number_it_moves_to(business: Business) -> None:
    _hidden(business)
    business.shop.pools["new"] = FakePool(0)
    business.shop.listings["BIN"] = replace(business.shop.listings["BIN"], pool_key="new")
    discover(business.context, "shop")

    business.run(8)

    assert business.shop.pools["new"].quantity == 0
