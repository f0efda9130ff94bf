"""A listing is unlinked once it is proven that nothing can be sold from its number: no unit is sold twice, none is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncworker.connector import Capabilities, QuantityMode
from syncworker.connector.fake import FakePool
from syncworker.core.allocator import Reason
from syncworker.errors import InputError
from syncworker.ledger import incidents, listings, orders, pools
from syncworker.ledger.incidents import IncidentKind
from syncworker.ledger.ledger import Ledger
from syncworker.ledger.listings import ListingState
from syncworker.ledger.pools import PoolRecord
from syncworker.sync import channels as use
from syncworker.sync.explain import explain
from syncworker.sync.listings import discover, link
from syncworker.sync.publishing import publish
from syncworker.sync.unlinking import Unlinking, is_unlinked, unlink
from tests.sync.shopfront import FACTS, Business

pytestmark = pytest.mark.parametrize("any_database", ["memory"], indirect=True)


def _live(ledger: Ledger, capabilities: Capabilities = FACTS) -> Business:
    business = Business(ledger, capabilities=capabilities)
    publish(business.context, "shop")
    business.go_live()
    business.run(4)
    return business


@pytest.fixture
def business(manual_ledger: Ledger) -> Business:
    """Both products published by us, the shop live and in step."""
    return _live(manual_ledger)


def _unlink(business: Business, listing_id: str = "BIN") -> Unlinking:
    return business.ledger.run(lambda tx: unlink(tx, "shop", listing_id))


def _link(business: Business, sku: str = "BIN", listing_id: str = "BIN") -> None:
    business.ledger.run(lambda tx: link(tx, business.context, "shop", listing_id, sku, actor="test"))


def _state(business: Business) -> ListingState:
    with business.ledger.snapshot() as tx:
        return listings.load(tx, "shop", "BIN").state


def _pool(business: Business, key: str = "BIN") -> PoolRecord:
    with business.ledger.snapshot() as tx:
        return pools.by_key(tx, "shop", [key])[key]


def test_its_number_is_emptied_before_it_is_unlinked(business: Business) -> None:
    begun = _unlink(business)
    at_once = _state(business)
    business.run(6)

    assert (begun.is_done, begun.may_still_sell, at_once) == (False, 9, ListingState.LINKED)
    assert (_state(business), business.shop.pools["BIN"].quantity) == (ListingState.FOUND, 0)
    assert _pool(business).bound.exposure == 0


def test_a_sale_from_before_is_in_the_books_before_it_is_unlinked(business: Business) -> None:
    _unlink(business)
    order = business.shop.buy("BIN", 2) or ""
    business.run(6)

    with business.ledger.snapshot() as tx:
        assert orders.load(tx, "shop", [order])[order].lines["1"].sku == "BIN"
        assert is_unlinked(tx, "shop", "BIN")


@pytest.mark.parametrize("mode", [QuantityMode.COMPARE_AND_SET, QuantityMode.ADJUST])
def test_it_is_unlinked_where_numbers_are_lowered_exactly(manual_ledger: Ledger, mode: QuantityMode) -> None:
    business = _live(manual_ledger, replace(FACTS, mode=mode))
    _unlink(business)
    business.run(6)

    assert (_state(business), business.shop.pools["BIN"].quantity) == (ListingState.FOUND, 0)


def test_a_listing_that_sells_nothing_is_unlinked_at_once(manual_ledger: Ledger) -> None:
    observed = Business(manual_ledger)
    publish(observed.context, "shop")

    assert _unlink(observed).is_done
    assert _state(observed) is ListingState.FOUND


def test_what_a_seller_does_with_it_afterwards_is_none_of_our_business(business: Business) -> None:
    _unlink(business)
    business.run(6)
    business.shop.pools["BIN"].quantity = 5
    business.run(30)

    assert business.shop.pools["BIN"].quantity == 5
    with business.ledger.snapshot() as tx:
        assert incidents.open_incidents(tx, kind=IncidentKind.DRIFT) == []
        assert explain(tx, "BIN").pools == ()
        assert explain(tx, "BIN").parts[0].free == 9


def test_it_is_named_as_not_protected_as_long_as_it_carries_our_sku(business: Business) -> None:
    _unlink(business)
    business.run(6)

    with business.ledger.snapshot() as tx:
        (told,) = incidents.open_incidents(tx, kind=IncidentKind.NOT_PROTECTED)
    assert told.details["listings"] == ["BIN"]


def test_linked_again_its_number_counts_once_it_was_read(business: Business) -> None:
    _unlink(business)
    business.run(6)
    business.shop.pools["BIN"].quantity = 4
    _link(business)
    unknown = _pool(business).bound.exposure
    business.run(8)

    assert unknown is None
    assert _pool(business).in_sum
    assert business.shop.pools["BIN"].quantity == _pool(business).bound.exposure == 4


def test_it_can_be_given_another_sku_afterwards(business: Business) -> None:
    _unlink(business)
    business.run(6)
    _unlink(business, "BROOM")
    business.run(6)
    _link(business, "BROOM")
    business.run(8)

    assert (_pool(business).sku, business.shop.pools["BIN"].quantity) == ("BROOM", 9)


def test_linking_it_again_on_the_way_takes_it_back(business: Business) -> None:
    _unlink(business)
    business.run(1)
    _link(business)
    business.run(10)

    assert (_state(business), business.shop.pools["BIN"].quantity) == (ListingState.LINKED, 9)


def test_the_other_listings_of_its_number_go_on_selling(business: Business) -> None:
    business.shop.add("other", 0, listing_id="second", pool_key="BIN")
    discover(business.context, "shop")
    _link(business, listing_id="second")
    business.run(4)
    _unlink(business, "second")
    business.run(12)

    with business.ledger.snapshot() as tx:
        assert is_unlinked(tx, "shop", "second")
    assert (_state(business), business.shop.pools["BIN"].quantity) == (ListingState.LINKED, 9)


def test_explain_says_why_its_number_is_at_nothing_meanwhile(business: Business) -> None:
    _unlink(business)

    with business.ledger.snapshot() as tx:
        (told,) = explain(tx, "BIN").pools
    assert told.decision.reason is Reason.PROVING_ZERO
    assert told.unlinking == ("BIN",)


def test_a_number_that_was_unlinked_is_no_part_of_going_live(manual_ledger: Ledger) -> None:
    observed = Business(manual_ledger)
    publish(observed.context, "shop")
    _unlink(observed)

    with manual_ledger.snapshot() as tx:
        plan = use.plan_go_live(tx, "shop")
    observed.go_live()

    assert [one.sku for one in plan] == ["BROOM"]
    assert not _pool(observed).in_sum


def test_where_nothing_would_ever_prove_it_a_person_is_told_what_to_do(business: Business) -> None:
    business.ledger.run(lambda tx: use.pause(tx, "shop", withdraw=False))

    with pytest.raises(InputError, match="may still sell BIN from this listing, and it is paused"):
        _unlink(business)


def test_a_channel_that_always_shows_one_needs_a_person_s_word(manual_ledger: Ledger) -> None:
    business = Business(manual_ledger, capabilities=replace(FACTS, floor=1))
    business.shop.add("BIN", 1)
    discover(business.context, "shop")
    _link(business)
    business.go_live()
    business.run(6)

    with pytest.raises(InputError, match="pool assume shop/BIN 0"):
        _unlink(business)
    pool_id = _pool(business).id
    business.ledger.run(lambda tx: use.assume(tx, pool_id, 0))

    assert _unlink(business).is_done


def test_a_listing_that_moves_meanwhile_waits_for_both_numbers(business: Business) -> None:
    _unlink(business)
    business.shop.pools["new"] = FakePool(0)
    business.shop.listings["BIN"] = replace(business.shop.listings["BIN"], pool_key="new")
    discover(business.context, "shop")
    business.run(12)

    assert _pool(business).bound.exposure == 0
    assert _pool(business, "new").bound.exposure is not None


def test_what_is_not_linked_cannot_be_unlinked(business: Business) -> None:
    business.shop.add("other", 1)
    discover(business.context, "shop")

    with pytest.raises(InputError, match="is linked to nothing"):
        _unlink(business, "other")
