"""What no rule of the stock ends: restored, late orders, unknown status, a line without a link, a number that is given up."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from syncworker.connector.contract import OrderStatus
from syncworker.ledger import incidents, pools
from syncworker.ledger.backup import mark_restored
from syncworker.ledger.incidents import IncidentKind
from syncworker.ledger.ledger import Ledger
from syncworker.sync.incidents import LATE_FOR, RESTORED_FOR
from syncworker.sync.listings import discover, link_suggested
from syncworker.sync.publishing import publish
from syncworker.sync.quarantine import ignore_order_line
from syncworker.sync.unlinking import unlink
from tests.sync.shopfront import Business

pytestmark = pytest.mark.parametrize("any_database", ["memory"], indirect=True)


@pytest.fixture
def business(manual_ledger: Ledger) -> Business:
    """A live shop that shows nine of each."""
    business = Business(manual_ledger)
    publish(business.context, "shop")
    business.go_live()
    business.run(6)
    return business


def told(business: Business) -> set[IncidentKind]:
    with business.ledger.snapshot() as tx:
        return {one.kind for one in incidents.open_incidents(tx)}


def bought(business: Business) -> str:
    order = business.shop.buy("BIN")
    assert order is not None
    return order


def test_restored_ends_a_day_later_once_every_number_is_known(business: Business) -> None:
    business.ledger.run(mark_restored)
    business.ledger.run(
        lambda tx: incidents.open_incident(tx, IncidentKind.RESTORED, "ledger", {"noticed_at": "now"})
    )
    business.run(12)
    assert told(business) == {IncidentKind.RESTORED}

    business.clock.advance(RESTORED_FOR)
    business.run()

    assert told(business) == set()


def test_restored_does_not_end_while_a_number_is_unknown(business: Business) -> None:
    business.ledger.run(mark_restored)
    business.ledger.run(
        lambda tx: incidents.open_incident(tx, IncidentKind.RESTORED, "ledger", {"noticed_at": "now"})
    )

    business.clock.advance(2 * RESTORED_FOR)
    business.run(kinds=())

    assert told(business) == {IncidentKind.RESTORED}


def test_a_late_order_is_told_of_for_a_day(business: Business) -> None:
    late = business.shop.orders.pop(bought(business))
    business.shop.history.remove(late)
    business.clock.advance(timedelta(hours=1))
    business.run(2)
    business.shop.tell(replace(late, updated_at=business.clock.time))
    business.run(3)
    assert told(business) == {IncidentKind.LATE_ORDER}

    business.clock.advance(LATE_FOR)
    business.run(2)

    assert told(business) == set()


def test_an_unknown_status_ends_when_the_order_moves_on(business: Business) -> None:
    order = bought(business)
    known = business.shop.orders[order]
    business.shop.tell(
        replace(known, status=OrderStatus.UNKNOWN, raw_status="in_review", updated_at=business.clock.time)
    )
    business.run(3)
    assert told(business) == {IncidentKind.UNKNOWN_STATUS}

    business.shop.tell(replace(known, updated_at=business.clock.time))
    business.run(3)

    assert told(business) == set()


def test_a_line_without_a_link_is_told_of_until_a_person_places_it(business: Business) -> None:
    business.shop.add("MUG", 3)
    order = business.shop.buy("MUG")
    assert order is not None
    business.run(3)
    assert told(business) == {IncidentKind.QUARANTINE}

    business.ledger.run(lambda tx: ignore_order_line(tx, "shop", order, line_id=None, actor="sari"))

    assert told(business) == set()


def test_a_number_that_is_given_up_is_told_of_no_more(business: Business) -> None:
    listing = business.listing("BIN")
    business.ledger.run(lambda tx: unlink(tx, "shop", listing.external_id))
    facts = {"channel": "shop", "sku": "BIN", "message": "no"}
    subject = f"pool/{listing.pool_id}"
    business.ledger.run(lambda tx: incidents.open_incident(tx, IncidentKind.PARKED, subject, facts))

    business.run(8)

    assert told(business) <= {IncidentKind.NOT_PROTECTED}
    with business.ledger.snapshot() as tx:
        assert not pools.load(tx, [str(listing.pool_id)])[str(listing.pool_id)].in_sum


def test_a_listing_that_is_not_linked_is_told_of_until_it_is(business: Business) -> None:
    business.shop.add("BIN", 0, listing_id="BIN-2", pool_key="BIN-2")
    discover(business.context, "shop")
    assert told(business) == {IncidentKind.NOT_PROTECTED}

    business.ledger.run(lambda tx: link_suggested(tx, business.context, "shop", actor="sari"))

    assert told(business) == set()
