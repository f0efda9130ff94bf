"""What happens after a product was made proves nothing of it: no connector tells it as not made, whatever comes next."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
import responses
import tenacity
from pydantic import SecretStr

from syncworker.connector import (
    Channel,
    ChannelHttp,
    Json,
    KeptToken,
    ListingDraft,
    Money,
    OutcomeUnknownError,
    Token,
)
from syncworker_shopee.client import ShopeeClient
from syncworker_shopee.items import ItemMaker
from syncworker_shopee.settings import ShopeeSettings
from syncworker_shopee.tokens import ShopeeAuthorizer
from syncworker_shopify.connector import ShopifyChannel
from syncworker_shopify.settings import ShopifySettings
from syncworker_tiktok.client import TikTokClient
from syncworker_tiktok.products import ProductMaker
from syncworker_tiktok.settings import TikTokSettings
from syncworker_tiktok.tokens import TikTokAuthorizer
from tests.connector.declarative.shops import URL, described, opened, sample

DRAFT = ListingDraft(
    sku="A", title="Bin", price=Money(Decimal(85000), "IDR"), idempotency_key="draft-1", description="Woven"
)
TROUBLES = (401, 403, 404, 422, 429, 500)


@pytest.fixture
def shop() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as running:
        yield running


def declared() -> Channel:
    manifest = described(
        publish={
            "find": {"request": {"path": "/listings", "query": {"sku": "=draft.sku"}}, "items": "listings"},
            "request": {"method": "POST", "path": "/listings", "body": {"sku": "=draft.sku", "stock": 0}},
            "look_again": True,
        },
    )
    manifest["samples"].append(sample("publish", {"taken": True}))
    return opened(manifest)


@pytest.mark.parametrize("status", TROUBLES)
def test_a_manifests_listing_that_cannot_be_looked_at_again_is_unknown(
    shop: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr(
        ChannelHttp,
        "_attempts",
        lambda _http: tenacity.Retrying(stop=tenacity.stop_after_attempt(1), reraise=True),
    )
    shop.get(f"{URL}/listings", json={"listings": []})
    shop.post(f"{URL}/listings", json={"taken": True})
    shop.get(f"{URL}/listings", json={"message": "no"}, status=status)

    with pytest.raises(OutcomeUnknownError):
        declared().publish(DRAFT)

    assert [call.request.method for call in shop.calls][:3] == ["GET", "POST", "GET"]


# ---------------------------------------------------------------- Shopify

SHOPIFY = "https://toko.myshopify.com/admin/api/2026-10/graphql.json"
_VARIANT: dict[str, Json] = {
    "id": "gid://shopify/ProductVariant/1",
    "sku": "A",
    "title": "Default Title",
    "price": "85000",
    "inventoryPolicy": "DENY",
    "inventoryItem": {"id": "gid://shopify/InventoryItem/46", "tracked": True, "inventoryLevel": None},
    "product": {"title": "Bin", "status": "ACTIVE"},
}
_MADE: dict[str, Json] = {
    "id": "gid://shopify/Product/7",
    "createdAt": "2026-11-24T05:00:00Z",
    "variants": {"nodes": [_VARIANT]},
}
_BEFORE: tuple[dict[str, Json], ...] = (
    {"productVariants": {"nodes": []}, "shop": {"currencyCode": "IDR"}},
    {"productByIdentifier": None},
)
_REFUSED: dict[str, Json] = {"inventoryActivate": {"userErrors": [{"code": "X", "message": "no"}]}}


def shopify() -> ShopifyChannel:
    settings = ShopifySettings.model_validate(
        {"shop": "toko.myshopify.com", "token": "shpat_0123456789", "location_id": "61"}
    )
    return ShopifyChannel("toko", settings, KeptToken())


@pytest.mark.parametrize(
    "after",
    [
        *({"json": {"errors": "no"}, "status": status} for status in TROUBLES),
        {"json": {"errors": [{"message": "busy", "extensions": {"code": "THROTTLED"}}]}},
        {"json": {"data": _REFUSED}},
        {"json": {"data": {"inventoryActivate": {}}}},
    ],
    ids=str,
)
def test_a_product_of_shopify_that_gets_no_place_is_unknown(
    shop: responses.RequestsMock, after: dict[str, object]
) -> None:
    for data in (*_BEFORE, {"productSet": {"product": _MADE, "userErrors": []}}):
        shop.post(SHOPIFY, json={"data": data})
    shop.post(SHOPIFY, **after)

    with pytest.raises(OutcomeUnknownError, match="made"):
        shopify().publish(DRAFT)

    assert len(shop.calls) == 4


@pytest.mark.parametrize("nodes", [[], [{**_VARIANT, "sku": "B"}], [{**_VARIANT, "inventoryItem": None}]])
def test_a_product_of_shopify_whose_answer_cannot_be_read_is_unknown(
    shop: responses.RequestsMock, nodes: list[Json]
) -> None:
    made = {**_MADE, "variants": {"nodes": nodes}}
    for data in (*_BEFORE, {"productSet": {"product": made, "userErrors": []}}):
        shop.post(SHOPIFY, json={"data": data})

    with pytest.raises(OutcomeUnknownError, match="made"):
        shopify().publish(DRAFT)


# ---------------------------------------------------------------- TikTok Shop


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"product_id": "7", "skus": []},
        {"product_id": "7", "skus": [{"id": "1"}, {"id": "2"}]},
        {"product_id": 7, "skus": [{"id": "1"}]},
    ],
    ids=str,
)
def test_a_product_of_tiktok_whose_answer_cannot_be_read_is_unknown(
    shop: responses.RequestsMock, told: dict[str, Json]
) -> None:
    settings = TikTokSettings.model_validate(
        {
            "app_key": "key",
            "app_secret": "hush",
            "warehouse_id": "7",
            "rate_limits": (),
            "products": {"category_id": "600001", "weight_kg": "0.25"},
        }
    )
    api = f"{settings.base_url}/product/202309/products"
    token = KeptToken(Token(access=SecretStr("hush-token"), facts={"shop_cipher": "c"}))
    shop.post(api, json={"code": 0, "message": "", "data": told})
    client = TikTokClient("toko", settings, TikTokAuthorizer("toko", settings, token))
    maker = ProductMaker(client, settings)

    with pytest.raises(OutcomeUnknownError):
        maker._made({}, DRAFT, "7")


# ---------------------------------------------------------------- Shopee


@pytest.mark.parametrize(
    "answer",
    [
        {"json": {"error": "", "response": {}}},
        {"json": {"error": "", "response": {"item_id": "7"}}},
        {"json": {"error": "error_nobody_knows", "message": "?"}},
        {"body": "{"},
        {"status": 500},
    ],
    ids=str,
)
def test_an_item_of_shopee_that_may_have_been_made_is_unknown(
    shop: responses.RequestsMock, answer: dict[str, object]
) -> None:
    settings = ShopeeSettings.model_validate({"partner_id": 1, "partner_key": "hush", "rate_limits": ()})
    token = KeptToken(
        Token(access=SecretStr("hush-token"), refresh=SecretStr("hush-too"), facts={"shop_id": "7"})
    )
    client = ShopeeClient("toko", settings, ShopeeAuthorizer("toko", settings, token))
    shop.post(f"{settings.base_url}/api/v2/product/add_item", **answer)

    with pytest.raises(OutcomeUnknownError):
        ItemMaker(client, settings)._made({}, DRAFT)
