"""What does a product of TikTok Shop tell? A listing a SKU, with the number of its warehouse, and nothing by guessing."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from syncworker.connector import ChannelMisconfiguredError, Document, Json, MalformedAnswerError, Money
from syncworker_tiktok import listings
from tests.connectors.tiktok.tiktok_shops import WAREHOUSE

PRODUCT, M = "1729592969712207008", "1729592969712207013"


def product(*stock: tuple[str, int], **changes: Json) -> dict[str, Json]:
    inventory: list[Json] = [{"warehouse_id": key, "quantity": units} for key, units in stock]
    sku: Json = {
        "id": M,
        "seller_sku": "KAOS-001-M",
        "price": {"currency": "IDR", "tax_exclusive_price": "79000", "sale_price": "87000"},
        "inventory": inventory,
    }
    return {"id": PRODUCT, "title": "Kaos Polos", "status": "ACTIVATE", "skus": [sku], **changes}


def test_a_sku_is_a_listing_and_its_number_is_that_of_its_warehouse() -> None:
    (one,) = listings.listings_of(Document(product((WAREHOUSE, 7))), None)

    assert (one.listing_id, one.pool_key) == (f"{PRODUCT}/{M}", f"{PRODUCT}/{M}/{WAREHOUSE}")
    assert (one.sku, one.quantity, one.active) == ("KAOS-001-M", 7, True)
    assert one.price == Money(Decimal(79000), "IDR")


def test_a_sku_in_several_warehouses_asks_which_one_is_meant() -> None:
    several = Document(product((WAREHOUSE, 7), ("99", 3)))

    (chosen,) = listings.listings_of(several, "99")

    assert (chosen.pool_key, chosen.quantity) == (f"{PRODUCT}/{M}/99", 3)
    with pytest.raises(ChannelMisconfiguredError, match=f"{WAREHOUSE}, 99.*warehouse_id"):
        list(listings.listings_of(several, None))


@pytest.mark.parametrize(
    ("shown", "active"),
    [
        ({"status": "SELLER_DEACTIVATED"}, [False]),
        ({"status": "UNDER_ENCHANTMENT"}, [False]),
        ({"status": "DELETED"}, []),
    ],
)
def test_what_is_not_on_sale_is_shown_so_and_what_is_deleted_not_at_all(
    shown: dict[str, Json], active: list[bool]
) -> None:
    found = listings.listings_of(Document(product((WAREHOUSE, 7), **shown)), None)

    assert [one.active for one in found] == active


@pytest.mark.parametrize("units", [None, "7", 7.5, True])
def test_a_number_that_is_none_is_never_zero(units: object) -> None:
    body = json.loads(json.dumps(product((WAREHOUSE, 7))).replace('"quantity": 7', '"quantity": "?"'))
    body["skus"][0]["inventory"][0]["quantity"] = units

    with pytest.raises(MalformedAnswerError):
        list(listings.listings_of(Document(body), None))
