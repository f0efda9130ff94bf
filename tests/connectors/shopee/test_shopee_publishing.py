"""Does an item come to Shopee whole, with nothing to sell, never twice, and with its words if it is turned down?"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from uuid import uuid4

import pytest

from syncworker.connector import ListingDraft, ListingRejectedError, Money, OutcomeUnknownError
from syncworker.errors import ConfigurationError
from syncworker.sandbox.process import Sandbox
from tests.connector.rude_server import RudeServer
from tests.connectors.pictures import gallery
from tests.connectors.shopee.shopee_shops import ShopeeShop, open_shopee

ITEMS: dict[str, object] = {
    "category_id": 100_416,
    "weight_kg": "0.25",
    "size_cm": [20, 15, 3],
    "logistic_ids": [8_003],
    "attributes": {"4990": [761]},
}


@pytest.fixture(scope="module")
def pictures() -> Iterator[RudeServer]:
    with gallery() as running:
        yield running


@pytest.fixture
def seller(sandbox: Sandbox) -> Iterator[ShopeeShop]:
    opened = open_shopee(sandbox, "toko", items=ITEMS)
    opened.control.clear_faults()
    yield opened
    opened.control.clear_faults()


def draft(pictures: RudeServer, **changes: object) -> ListingDraft:
    sku = f"NEW-{uuid4().hex[:8].upper()}"
    told: dict[str, object] = {
        "sku": sku,
        "title": "Keranjang bambu anyaman tangan",
        "price": Money(Decimal("85000.50"), "IDR"),
        "idempotency_key": sku,
        "description": "Woven by hand <3\n\nOne of a kind",
        "images": (f"{pictures.url}/1.jpg", f"{pictures.url}/2.jpg"),
    }
    return ListingDraft(**{**told, **changes})  # type: ignore[arg-type]  # a draft's own fields, changed by name


def numbers(shop: ShopeeShop, sku: str) -> list[object]:
    """What would sell of each listing of a SKU."""
    pools = shop.control.truth(orders=False)["pools"]
    assert isinstance(pools, list)
    return [pool["sellable"] for pool in pools if sku in pool["skus"]]


def test_an_item_is_made_with_nothing_to_sell_and_only_once(seller: ShopeeShop, pictures: RudeServer) -> None:
    new = draft(pictures)

    made = seller.channel.publish(new)
    again = seller.channel.publish(new)

    assert (made.created, made.active, made.quantity, made.sku) == (True, True, 0, new.sku)
    assert (again.created, again.listing_id, again.pool_key) == (False, made.listing_id, made.pool_key)
    assert (again.title, again.price) == (new.title, new.price)
    assert numbers(seller, new.sku) == [0]
    assert seller.channel.capabilities().publishes


def test_it_takes_a_number(seller: ShopeeShop, pictures: RudeServer) -> None:
    new = draft(pictures)
    seller.pools[new.sku] = seller.channel.publish(new).pool_key

    seller.push(**{new.sku: 4})

    assert numbers(seller, new.sku) == [4]


def test_a_lost_answer_is_unknown_and_publishing_again_finds_the_item(
    seller: ShopeeShop, pictures: RudeServer
) -> None:
    new = draft(pictures)
    seller.control.order_faults({"kind": "cut_after", "operation": "publish", "count": 1})

    with pytest.raises(OutcomeUnknownError):
        seller.channel.publish(new)

    assert not seller.channel.publish(new).created
    assert numbers(seller, new.sku) == [0]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"title": "Tas"}, "20 to 255 characters"),
        ({"description": "Short"}, "20 to 3000 characters"),
        ({"sku": "A/B"}, "item_sku is invalid"),
        ({"price": None}, "without a price"),
        ({"description": None}, "without a description"),
        ({"images": ()}, "without a picture"),
    ],
)
def test_what_is_wrong_with_it_is_told_and_nothing_is_made(
    seller: ShopeeShop, pictures: RudeServer, changes: dict[str, object], words: str
) -> None:
    new = draft(pictures, **changes)

    with pytest.raises(ListingRejectedError, match=words):
        seller.channel.publish(new)

    assert numbers(seller, new.sku) == []


@pytest.mark.parametrize(("name", "words"), [("gone", "answered 404"), ("page.html", "is no JPEG or PNG")])
def test_a_picture_that_cannot_be_had_keeps_the_item_back(
    seller: ShopeeShop, pictures: RudeServer, name: str, words: str
) -> None:
    new = draft(pictures, images=(f"{pictures.url}/{name}",))

    with pytest.raises(ListingRejectedError, match=words):
        seller.channel.publish(new)

    assert numbers(seller, new.sku) == []


def test_one_sku_may_be_another_kind_of_goods(sandbox: Sandbox, pictures: RudeServer) -> None:
    new = draft(pictures)
    shop = open_shopee(sandbox, "toko", items={**ITEMS, "skus": {new.sku: {"category_id": 1}}})

    with pytest.raises(ListingRejectedError, match="no leaf category"):
        shop.channel.publish(new)


def test_without_their_settings_no_items_are_made(sandbox: Sandbox, pictures: RudeServer) -> None:
    bare = open_shopee(sandbox, "toko")
    half = open_shopee(sandbox, "toko", items={"weight_kg": "1"})

    with pytest.raises(ListingRejectedError, match="Seller Centre"):
        bare.channel.publish(draft(pictures))
    with pytest.raises(ListingRejectedError, match=r"items\.category_id.*items\.logistic_ids"):
        half.channel.publish(draft(pictures))
    assert not bare.channel.capabilities().publishes


def test_an_unknown_setting_of_an_item_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(ConfigurationError, match="colour"):
        open_shopee(sandbox, "toko", items={"colour": "green"})
