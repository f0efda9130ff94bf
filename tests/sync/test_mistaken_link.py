"""A listing that was linked to the wrong SKU can be linked to the right one, as soon as nothing can be sold from it."""

from __future__ import annotations

import pytest

from syncworker.core.model import Limits
from syncworker.errors import InputError
from syncworker.ledger import limits, listings, pools
from syncworker.ledger.ledger import Ledger, Transaction
from syncworker.sync.listings import discover, link
from tests.sync.shopfront import Business

pytestmark = pytest.mark.parametrize("any_database", ["memory"], indirect=True)


@pytest.fixture
def business(manual_ledger: Ledger) -> Business:
    """A shop that lists the bin, which somebody took for the broom."""
    business = Business(manual_ledger)
    business.shop.add("BIN", 0)
    discover(business.context, "shop")
    _link(business, "BROOM")
    return business


def _link(business: Business, sku: str) -> None:
    business.ledger.run(lambda tx: link(tx, business.context, "shop", "BIN", sku, actor="test"))


def _linked(business: Business) -> str:
    with business.ledger.snapshot() as tx:
        return listings.links(tx, "shop", ["BIN"])["BIN"].sku


def _pause(tx: Transaction) -> None:
    limits.save(tx, "shop", "BROOM", Limits(pause=True))
    pools.mark_parts_dirty(tx, ["BROOM"])


def test_it_is_put_right_while_the_channel_is_only_observed(business: Business) -> None:
    _link(business, "BIN")
    business.go_live()
    business.run(6)

    assert (_linked(business), business.shop.pools["BIN"].quantity) == ("BIN", 9)


def test_it_waits_until_nothing_can_be_sold_from_the_number(business: Business) -> None:
    business.go_live()
    business.run(6)
    with pytest.raises(InputError, match="linked to BROOM already"):
        _link(business, "BIN")

    business.ledger.run(_pause)
    business.run(6)
    emptied = business.shop.pools["BIN"].quantity
    _link(business, "BIN")
    business.receive("BIN", 1)
    business.run(6)

    assert emptied == 0
    assert (_linked(business), business.shop.pools["BIN"].quantity) == ("BIN", 10)


def test_a_number_from_which_another_listing_sells_keeps_its_sku(business: Business) -> None:
    business.shop.add("BROOM", 0, listing_id="second", pool_key="BIN")
    discover(business.context, "shop")
    business.ledger.run(lambda tx: link(tx, business.context, "shop", "second", "BROOM", actor="test"))

    with pytest.raises(InputError, match="linked to BROOM already"):
        _link(business, "BIN")
