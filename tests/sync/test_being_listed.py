"""A product that is being listed stands in a row before the request leaves: killed there, nothing is lost or sold twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from syncworker.connector import ListingDraft, ListingRejectedError, OutcomeUnknownError, QuantityMode
from syncworker.connector.contract import RemoteListing
from syncworker.core.availability import free_of
from syncworker.ledger import channels, incidents, listings, pools, publications
from syncworker.ledger.jobs import JobKind
from syncworker.ledger.ledger import Ledger
from syncworker.ledger.listings import ListingRecord, ListingState
from syncworker.sync import channels as use
from syncworker.sync.context import Context
from syncworker.sync.explain import explain
from syncworker.sync.listings import discover
from syncworker.sync.publishing import PublishReport, publish
from syncworker.sync.push import push_channel
from syncworker.sync.stockroom import Part, stockroom_of
from syncworker.sync.wait import work_once
from tests.sync.shopfront import FACTS, Business, Shopfront

pytestmark = pytest.mark.parametrize("any_database", ["memory"], indirect=True)

OTHER = replace(FACTS, mode=QuantityMode.COMPARE_AND_SET)


class KilledError(BaseException):
    """The process is gone."""


def _kill_after(business: Business) -> None:
    """The shop has listed it, and we never hear of that."""

    def listed(draft: ListingDraft) -> RemoteListing:
        Shopfront.publish(business.shop, draft)
        raise KilledError

    business.shop.publish = listed  # type: ignore[method-assign]


def _listed_by_the_dead(business: Business) -> None:
    _kill_after(business)
    with pytest.raises(KilledError):
        _publish(business)
    del business.shop.publish


def _publish(business: Business) -> PublishReport:
    return publish(business.context, "shop", skus=["BIN"])


def _found(business: Business) -> ListingRecord:
    with business.ledger.snapshot() as tx:
        return listings.load(tx, "shop", "BIN")


@pytest.fixture
def business(manual_ledger: Ledger) -> Business:
    business = Business(manual_ledger)
    business.go_live()
    business.run(2)
    return business


def test_what_was_listed_before_a_kill_is_ours_when_it_is_published_again(business: Business) -> None:
    _listed_by_the_dead(business)

    report = _publish(business)
    business.run(6)

    assert (report.published, report.linked) == (("BIN",), ())
    assert _found(business).managed
    assert business.shop.pools["BIN"].quantity == 9


def test_what_was_listed_before_a_kill_is_found_without_anybody_asking(business: Business) -> None:
    _listed_by_the_dead(business)

    business.run(40)

    assert (_found(business).state, _found(business).managed) == (ListingState.LINKED, True)
    assert business.shop.pools["BIN"].quantity == 9
    with business.ledger.snapshot() as tx:
        assert publications.of_channel(tx, "shop") == []


def test_a_call_without_an_answer_that_listed_nothing_is_forgotten_once_it_can_list_no_more(
    business: Business,
) -> None:
    business.shop.fail_at("publish", 1, OutcomeUnknownError("lost"))
    with pytest.raises(OutcomeUnknownError):
        _publish(business)
    with business.ledger.snapshot() as tx:
        waiting = len(publications.of_channel(tx, "shop"))
    discover(business.context, "shop")
    with business.ledger.snapshot() as tx:
        at_once = len(publications.of_channel(tx, "shop"))

    business.run(40)

    with business.ledger.snapshot() as tx:
        assert (waiting, at_once, publications.of_channel(tx, "shop")) == (1, 1, [])


def test_a_refused_product_is_not_being_listed(business: Business) -> None:
    business.shop.fail_at("publish", 1, ListingRejectedError("no picture", sku="BIN"))

    report = _publish(business)

    with business.ledger.snapshot() as tx:
        assert publications.of_channel(tx, "shop") == []
    assert report.rejected == (("BIN", "no picture"),)


def test_a_listing_of_a_seller_that_was_there_before_stays_as_it_is(business: Business) -> None:
    business.shop.add("BIN", 3)

    report = _publish(business)

    assert (report.published, report.linked) == ((), ("BIN",))
    assert not _found(business).managed


# --- a channel that shows at least one, whatever it is told ----------------------------------------------------------


class Street:
    """A shop that shows at least one of whatever it lists, beside one that sells what it is told."""

    def __init__(self, ledger: Ledger, *, units: int) -> None:
        self.floored = Business(ledger, capabilities=replace(FACTS, floor=1))
        self.ledger = ledger
        self.other = Shopfront(self.floored.clock, OTHER)
        ports = {"shop": self.floored.shop, "other": self.other}
        self.context = Context(ledger=ledger, open_channel=ports.__getitem__)
        self.floored.count("BIN", units=units)
        with ledger.transaction() as tx:
            use.register(tx, "other", connector="fake", capabilities=OTHER)
        self.floored.go_live()
        ledger.run(lambda tx: use.go_live(tx, "other", use.plan_go_live(tx, "other")))
        publish(self.context, "other", skus=["BIN"])

    def settle(self, rounds: int = 6) -> None:
        for _ in range(rounds):
            while work_once(self.context, ("shop", "other")):
                pass
            self.floored.clock.advance(timedelta(seconds=11))

    def free(self) -> int | None:
        with self.ledger.snapshot() as tx:
            room = stockroom_of(tx, ["BIN"])
            place = Part("BIN", "main")
            return free_of(room.available(place), room.exposures(place))

    def while_listing(self, act: Callable[[], object]) -> None:
        """List the bin at the shop with the floor; ``act`` happens while the call is under way."""

        def listed(draft: ListingDraft) -> RemoteListing:
            act()
            remote = Shopfront.publish(self.floored.shop, draft)
            self.floored.shop.pools["BIN"].quantity = 1
            return replace(remote, quantity=1)

        self.floored.shop.publish = listed  # type: ignore[method-assign]
        try:
            publish(self.context, "shop", skus=["BIN"])
        finally:
            del self.floored.shop.publish


def test_what_a_listing_puts_on_sale_by_itself_is_counted_before_the_request_leaves(
    manual_ledger: Ledger,
) -> None:
    street = Street(manual_ledger, units=1)
    free: list[int | None] = []

    def meanwhile() -> None:
        free.append(street.free())
        push_channel(street.context, "other")

    street.while_listing(meanwhile)

    assert free == [0]
    assert street.floored.shop.pools["BIN"].quantity + street.other.pools["BIN"].quantity == 1


def test_explain_counts_what_is_being_listed(manual_ledger: Ledger) -> None:
    street = Street(manual_ledger, units=1)
    told = []

    def meanwhile() -> None:
        with street.ledger.snapshot() as tx:
            told.append(explain(tx, "BIN").parts[0])

    street.while_listing(meanwhile)

    (part,) = told
    assert part.level.available - sum(one.units_per_sale * (one.exposure or 0) for one in part.shares) == 0
    assert part.free == 0


def test_a_listing_whose_units_are_not_free_is_not_asked_for(manual_ledger: Ledger) -> None:
    street = Street(manual_ledger, units=1)
    street.settle()

    report = publish(street.context, "shop", skus=["BIN"])

    assert street.floored.shop.listings == {}
    assert [sku for sku, _ in report.rejected] == ["BIN"]
    with manual_ledger.snapshot() as tx:
        assert publications.of_channel(tx, "shop") == []


def test_units_of_a_listing_that_was_not_made_are_sold_elsewhere(manual_ledger: Ledger) -> None:
    street = Street(manual_ledger, units=1)
    street.floored.shop.fail_at("publish", 1, OutcomeUnknownError("lost"))
    with pytest.raises(OutcomeUnknownError):
        publish(street.context, "shop", skus=["BIN"])
    held = street.free()

    street.settle(20)

    assert held == 0
    assert street.other.pools["BIN"].quantity == 1


# --- the look once a day ---------------------------------------------------------------------------------------------


def _looks(business: Business) -> int:
    return business.shop.count("list_listings")


def test_a_listing_of_ours_that_nobody_linked_is_named_within_a_day(business: Business) -> None:
    business.shop.add("BIN", 3)
    before = _looks(business)
    business.clock.advance(timedelta(days=1))
    business.run()

    with business.ledger.snapshot() as tx:
        (told,) = incidents.open_incidents(tx, kind=incidents.IncidentKind.NOT_PROTECTED)
    assert told.details["listings"] == ["BIN"]
    assert _looks(business) == before + 1


def test_a_channel_is_looked_through_when_it_is_connected_and_then_once_a_day(manual_ledger: Ledger) -> None:
    business = Business(manual_ledger)
    business.run(20)
    at_first = _looks(business)

    for _ in range(3):
        business.clock.advance(timedelta(days=1))
        business.run(5)

    assert (at_first, _looks(business)) == (1, 4)


def test_whoever_has_just_looked_puts_the_next_look_off(business: Business) -> None:
    business.clock.advance(timedelta(days=1))
    discover(business.context, "shop")
    before = _looks(business)

    business.run(3)

    assert _looks(business) == before


def test_listings_that_cannot_be_seen_are_told_of_and_close_no_gate(business: Business) -> None:
    business.shop.fail_at("list_listings", _looks(business) + 1, ValueError("no page"))
    business.clock.advance(timedelta(days=1))
    business.run()
    with business.ledger.snapshot() as tx:
        told = [one.subject for one in incidents.open_incidents(tx, kind=incidents.IncidentKind.FAILING)]
        gate = channels.load(tx, "shop").not_before

    business.clock.advance(timedelta(minutes=15))
    business.run(kinds=[JobKind.LISTINGS])

    with business.ledger.snapshot() as tx:
        left = incidents.open_incidents(tx, kind=incidents.IncidentKind.FAILING)
    assert (told, gate, left) == (["channel/shop/listings"], None, [])


def test_a_listing_that_cannot_be_linked_to_our_product_ends_the_wait(business: Business) -> None:
    """The shop made it sell from a number of another product: a person has to see to it."""
    publish(business.context, "shop", skus=["BROOM"])
    _listed_by_the_dead(business)
    listing = business.shop.listings["BIN"]
    business.shop.listings["BIN"] = replace(listing, pool_key="BROOM")

    discover(business.context, "shop")

    with business.ledger.snapshot() as tx:
        assert publications.of_channel(tx, "shop") == []
        assert incidents.open_incidents(tx, kind=incidents.IncidentKind.NOT_PROTECTED)
        assert {record.sku for record in pools.of_channel(tx, "shop")} == {"BROOM"}
