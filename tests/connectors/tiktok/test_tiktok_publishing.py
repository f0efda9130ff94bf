"""Does a product come to TikTok Shop whole, once, with nothing to sell, and with its words if it is turned down?"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from uuid import uuid4

import pytest

from syncworker.connector import (
    ListingDraft,
    ListingRejectedError,
    Money,
    Outcome,
    OutcomeUnknownError,
    QuantityMode,
    QuantityPush,
)
from syncworker.errors import ConfigurationError
from syncworker.sandbox.process import Sandbox
from tests.connector.rude_server import RudeServer
from tests.connectors.pictures import gallery
from tests.connectors.tiktok.tiktok_shops import WAREHOUSE, TikTokShop, open_tiktok

PRODUCTS: dict[str, object] = {
    "category_id": "600001",
    "weight_kg": "0.25",
    "size_cm": [20, 15, 3],
    "attributes": {"100392": ["1001533"]},
    "platforms": ["TIKTOK_SHOP", "TOKOPEDIA"],
}


@pytest.fixture(scope="module")
def pictures() -> Iterator[RudeServer]:
    with gallery() as running:
        yield running


@pytest.fixture
def seller(sandbox: Sandbox) -> Iterator[TikTokShop]:
    opened = open_tiktok(sandbox, "toko", products=PRODUCTS)
    opened.control.clear_faults()
    yield opened
    opened.control.clear_faults()


def draft(pictures: RudeServer, **changes: object) -> ListingDraft:
    sku = f"NEW-{uuid4().hex[:8].upper()}"
    told: dict[str, object] = {
        "sku": sku,
        "title": "Keranjang bambu anyaman tangan Purbalingga",
        "price": Money(Decimal(85000), "IDR"),
        "idempotency_key": sku,
        "description": "Woven by hand <3\n\nOne of a kind",
        "images": (f"{pictures.url}/1.jpg", f"{pictures.url}/2.jpg"),
    }
    return ListingDraft(**{**told, **changes})  # type: ignore[arg-type]  # a draft's own fields, changed by name


def numbers(shop: TikTokShop, sku: str) -> list[object]:
    """What would sell of each listing of a SKU."""
    pools = shop.control.truth(orders=False)["pools"]
    assert isinstance(pools, list)
    return [pool["sellable"] for pool in pools if sku in pool["skus"]]


def test_a_product_is_made_with_nothing_to_sell_and_only_once(
    seller: TikTokShop, pictures: RudeServer
) -> None:
    new = draft(pictures)

    made = seller.channel.publish(new)
    again = seller.channel.publish(new)

    assert (made.created, made.active, made.quantity, made.sku) == (True, False, 0, new.sku)
    assert (again.created, again.listing_id, again.pool_key) == (False, made.listing_id, made.pool_key)
    assert made.pool_key.endswith(f"/{WAREHOUSE}")
    assert numbers(seller, new.sku) == [0]
    assert seller.channel.capabilities().publishes


def test_it_takes_a_number_once_it_was_reviewed(seller: TikTokShop, pictures: RudeServer) -> None:
    new = draft(pictures)
    made = seller.channel.publish(new)
    push = QuantityPush(push_id="1", pool_key=made.pool_key, kind=QuantityMode.SET, value=4)

    (early,) = seller.channel.push_quantities([push])
    seller.control.show(new.sku)
    (late,) = seller.channel.push_quantities([push])

    assert (early.outcome, late.outcome) == (Outcome.REFUSED, Outcome.APPLIED)
    assert numbers(seller, new.sku) == [4]


def test_a_lost_answer_is_unknown_and_publishing_again_finds_the_product(
    seller: TikTokShop, pictures: RudeServer
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
        ({"title": "Tas"}, "25 to 255 characters"),
        ({"price": Money(Decimal(85), "EUR")}, "amount in IDR"),
        ({"sku": "A" * 51}, "seller SKU is invalid"),
        ({"price": None}, "without a price"),
        ({"description": None}, "without a description"),
        ({"images": ()}, "without a picture"),
    ],
)
def test_what_is_wrong_with_it_is_told_and_nothing_is_made(
    seller: TikTokShop, pictures: RudeServer, changes: dict[str, object], words: str
) -> None:
    new = draft(pictures, **changes)

    with pytest.raises(ListingRejectedError, match=words):
        seller.channel.publish(new)

    assert numbers(seller, new.sku) == []


@pytest.mark.parametrize(("name", "words"), [("gone", "answered 404"), ("page.html", "is no JPEG or PNG")])
def test_a_picture_that_cannot_be_had_keeps_the_product_back(
    seller: TikTokShop, pictures: RudeServer, name: str, words: str
) -> None:
    new = draft(pictures, images=(f"{pictures.url}/{name}",))

    with pytest.raises(ListingRejectedError, match=words):
        seller.channel.publish(new)

    assert numbers(seller, new.sku) == []


def test_one_sku_may_be_another_kind_of_goods(sandbox: Sandbox, pictures: RudeServer) -> None:
    new = draft(pictures)
    strange = {**PRODUCTS, "skus": {new.sku: {"category_id": "1"}}}
    shop = open_tiktok(sandbox, "toko", products=strange)

    with pytest.raises(ListingRejectedError, match="no leaf category"):
        shop.channel.publish(new)
    assert shop.channel.publish(draft(pictures)).created


def test_without_their_settings_no_products_are_made(sandbox: Sandbox, pictures: RudeServer) -> None:
    bare = open_tiktok(sandbox, "toko")
    half = open_tiktok(sandbox, "toko", products={"weight_kg": "1"})

    with pytest.raises(ListingRejectedError, match="Seller Center"):
        bare.channel.publish(draft(pictures))
    with pytest.raises(ListingRejectedError, match=r"products\.category_id"):
        half.channel.publish(draft(pictures))
    assert not bare.channel.capabilities().publishes


def test_an_unknown_setting_of_a_product_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(ConfigurationError, match="colour"):
        open_tiktok(sandbox, "toko", products={"colour": "green"})
