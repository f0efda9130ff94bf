"""What is shown: paging, creating with a quantity, changing contents."""

import random

import pytest

from syncworker.sandbox.model import Marketplace
from syncworker.sandbox.pools import ListingSeed
from syncworker.sandbox.profile import ShopProfile
from syncworker.sandbox.refusal import RefusedError
from tests.sandbox.shops import POOL, SKU, START, at, shop


def test_pages_of_listings_lose_and_double_none() -> None:
    seeds = [ListingSeed(sku=f"S{number}") for number in range(7)]
    market = Marketplace(
        ShopProfile(name="corner", page_size=3), rng=random.Random(1), listings=seeds, now=START
    )

    seen: list[str] = []
    cursor: str | None = None
    for _ in range(3):
        page = market.list_listings(now=START, cursor=cursor)
        seen += [view.listing.sku for view in page.listings]
        cursor = page.next_cursor

    assert cursor is None
    assert seen == [seed.sku for seed in seeds]


def test_a_new_listing_sells_at_once_what_it_was_created_with() -> None:
    market = shop()

    view = market.create_listing(sku="CHAIR", title="Chair", price="9.50", quantity=2, now=at(1))

    assert view.quantity == 2
    assert market.buy(now=at(2), sku="CHAIR", quantity=2).outcome == "sold"


def test_listings_that_share_a_pool_share_its_number() -> None:
    market = shop(5)

    market.create_listing(sku="CLOCK-GIFT", title="Clock", price="1", quantity=3, pool_id=POOL, now=at(1))
    market.buy(now=at(2), sku=SKU)

    assert market.sellable(market.pool_of(sku="CLOCK-GIFT")) == 2


def test_the_same_sku_is_listed_once_and_a_repeated_key_creates_once() -> None:
    market = shop()
    wanted = {"sku": "CHAIR", "title": "Chair", "price": "9", "quantity": 2, "key": "K"}

    first = market.create_listing(**wanted, now=at(1))  # type: ignore[arg-type]
    again = market.create_listing(**wanted, now=at(2))  # type: ignore[arg-type]
    with pytest.raises(RefusedError) as refused:
        market.create_listing(**(wanted | {"key": None}), now=at(3))  # type: ignore[arg-type]

    assert first == again
    assert refused.value.body()["listing_id"] == first.listing.listing_id
    assert refused.value.code == "already_listed"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"sku": " CHAIR"}, "invalid_sku"),
        ({"price": "9,50"}, "invalid_price"),
        ({"price": "-1"}, "invalid_price"),
        ({"quantity": -1}, "invalid_quantity"),
        ({"pool_id": "P-NOWHERE"}, "unknown_pool"),
    ],
)
def test_a_bad_listing_is_refused(wrong: dict[str, object], code: str) -> None:
    wanted: dict[str, object] = {"sku": "CHAIR", "title": "Chair", "price": "9", "quantity": 2}

    with pytest.raises(RefusedError) as refused:
        shop().create_listing(**(wanted | wrong), now=at(1))  # type: ignore[arg-type]

    assert refused.value.code == code


def test_changed_contents_leave_the_number_alone() -> None:
    market = shop(5)
    listing_id = market.list_listings(now=START).listings[0].listing.listing_id

    view = market.patch_listing(listing_id, title="New name", price="3.20", now=at(1))

    assert (view.listing.title, view.listing.price, view.quantity) == ("New name", "3.20", 5)


def test_a_listing_that_shares_another_pool_takes_from_it_and_leaves_its_own_number_behind() -> None:
    market = shop(5)
    market.create_listing(sku="CLOCK-GIFT", title="Clock", price="1", quantity=3, now=at(1))
    gift = market.list_listings(now=at(1)).listings[1].listing

    market.share_stock(gift.listing_id, pool_id=POOL, now=at(2))
    market.buy(now=at(3), sku="CLOCK-GIFT")

    assert (market.sellable(POOL), market.sellable(gift.pool_id)) == (4, 3)


def test_a_listing_that_stops_sharing_has_a_pool_of_its_own_with_what_the_staff_typed() -> None:
    market = shop(5)
    listing_id = market.list_listings(now=at(0)).listings[0].listing.listing_id

    view = market.share_stock(listing_id, quantity=2, now=at(1))

    assert (view.quantity, view.listing.pool_id != POOL, market.sellable(POOL)) == (2, True, 5)
    assert [line["kind"] for line in market.log][-2:] == ["share_stock", "hand_edit"]
