"""How does a product come to TikTok Shop? Pictures uploaded, the whole checked without effect, then made with quantity 0.

A SKU of the catalogue becomes a product with one SKU. What TikTok finds wrong is told before anything is made; what is made
is reviewed there, and sells only afterwards.
"""

from __future__ import annotations

import html
from collections.abc import Sequence

from syncworker.connector import (
    ChannelMisconfiguredError,
    Document,
    Json,
    ListingDraft,
    ListingRejectedError,
    MalformedAnswerError,
    Money,
    OutcomeUnknownError,
    PictureError,
    RemoteListing,
    RequestRefusedError,
    fetch_picture,
    picture_form,
)
from syncworker_tiktok.client import TikTokClient
from syncworker_tiktok.listings import PoolKey, listing_id
from syncworker_tiktok.product_settings import ProductFacts, ProductSettings
from syncworker_tiktok.settings import TikTokSettings

#: Main pictures at most, and bytes of one.
PICTURES_MAX, PICTURE_MAX_BYTES = 9, 5 * 1024 * 1024


class ProductMaker:
    """Makes products of one shop."""

    def __init__(self, client: TikTokClient, settings: TikTokSettings) -> None:
        self._client, self._settings = client, settings

    def make(self, draft: ListingDraft) -> RemoteListing:
        """A new product with quantity 0. ``ListingRejectedError`` promises that none was made."""
        products = self._settings.products
        if products is None:
            raise ListingRejectedError(
                f"{draft.sku}: no product at TikTok Shop has this seller SKU. Create it in the Seller Center with quantity 0 "
                "and this seller SKU, or set [products] in channels.toml: category_id, weight_kg and what it needs",
                sku=draft.sku,
            )
        facts = products.of(draft.sku)
        _refuse_incomplete(draft, facts)
        warehouse_id = self._warehouse_id()
        uris = [self._uploaded(address, draft.sku) for address in draft.images[:PICTURES_MAX]]
        body = product_body(draft, facts, products, uris=uris, warehouse_id=warehouse_id)
        self._check(body, draft.sku)
        return self._made({**body, "idempotency_key": draft.idempotency_key}, draft, warehouse_id)

    def _warehouse_id(self) -> str:
        if self._settings.warehouse_id is not None:
            return self._settings.warehouse_id
        found = [
            row["id"].text()
            for row in self._client.warehouses().data["warehouses"].items()
            if row["type"].text() == "SALES_WAREHOUSE" and row["effect_status"].text() == "ENABLED"
        ]
        if len(found) != 1:
            raise ChannelMisconfiguredError(
                f"set warehouse_id to the one that this channel sells from: {', '.join(found) or 'none is enabled'}"
            )
        return found[0]

    def _uploaded(self, address: str, sku: str) -> str:
        try:
            picture = fetch_picture(
                address,
                max_bytes=PICTURE_MAX_BYTES,
                allow_private_network=self._settings.allow_private_network,
            )
            form = picture_form(picture, field="data", texts={"use_case": "MAIN_IMAGE"})
            return self._client.upload_picture(form).data["uri"].text()
        except (PictureError, RequestRefusedError) as error:
            problem = f"{sku}: picture: {error}"
        raise ListingRejectedError(problem, sku=sku)

    def _check(self, body: dict[str, Json], sku: str) -> None:
        try:
            told = self._client.check_product(body).data
        except RequestRefusedError as error:
            raise ListingRejectedError(f"{sku}: {error}", sku=sku) from error
        if told["check_result"].text() == "PASS":
            return
        reasons = told.get("fail_reasons")
        words = [] if reasons is None else [row["message"].shown() for row in reasons.items()]
        raise ListingRejectedError(
            f"{sku}: {self._client.redact('; '.join(words) or 'turned down')}", sku=sku
        )

    def _made(self, body: dict[str, Json], draft: ListingDraft, warehouse_id: str) -> RemoteListing:
        try:
            data = self._client.create_product(body).data
        except RequestRefusedError as error:
            raise ListingRejectedError(str(error), sku=draft.sku) from error
        try:
            return _listed(data, draft, warehouse_id)
        except MalformedAnswerError as error:
            raise OutcomeUnknownError(f"{draft.sku}: made, but the answer cannot be read: {error}") from error


def product_body(
    draft: ListingDraft,
    facts: ProductFacts,
    products: ProductSettings,
    *,
    uris: Sequence[str],
    warehouse_id: str,
) -> dict[str, Json]:
    """The product as it is checked and made, with nothing to sell."""
    stock: Json = {"warehouse_id": warehouse_id, "quantity": 0}
    sku: dict[str, Json] = {"seller_sku": draft.sku, "price": _price(draft.price), "inventory": [stock]}
    body: dict[str, Json] = {
        "save_mode": "LISTING",
        "title": draft.title,
        "description": _paragraphs(draft.description or ""),
        "category_id": facts.category_id,
        "category_version": products.category_version,
        "main_images": [{"uri": uri} for uri in uris],
        "package_weight": {"value": format(facts.weight_kg or 0, "f"), "unit": "KILOGRAM"},
        "skus": [sku],
    }
    if facts.brand_id is not None:
        body["brand_id"] = facts.brand_id
    if facts.attributes:
        body["product_attributes"] = [
            {"id": name, "values": [{"id": value} for value in values]}
            for name, values in facts.attributes.items()
        ]
    if facts.size_cm is not None:
        length, width, height = (str(side) for side in facts.size_cm)
        body["package_dimensions"] = {
            "length": length,
            "width": width,
            "height": height,
            "unit": "CENTIMETER",
        }
    if products.platforms:
        body["listing_platforms"] = list(products.platforms)
    return body


def _refuse_incomplete(draft: ListingDraft, facts: ProductFacts) -> None:
    lacking = [
        words
        for words, is_there in (
            ("a title", bool(draft.title.strip())),
            ("a description", bool((draft.description or "").strip())),
            ("a price", draft.price is not None),
            ("a picture", bool(draft.images)),
            ("products.category_id in channels.toml", facts.category_id is not None),
            ("products.weight_kg in channels.toml", facts.weight_kg is not None),
        )
        if not is_there
    ]
    if lacking:
        raise ListingRejectedError(
            f"{draft.sku}: TikTok Shop lists nothing without {' and '.join(lacking)}", sku=draft.sku
        )


def _listed(data: Document, draft: ListingDraft, warehouse_id: str) -> RemoteListing:
    product_id = data["product_id"].text()
    rows = list(data["skus"].items())
    if len(rows) != 1:
        data["skus"].fail("must name the one SKU that was made")
    sku_id = rows[0]["id"].text()
    return RemoteListing(
        listing_id=listing_id(product_id, sku_id),
        pool_key=str(PoolKey(product_id, sku_id, warehouse_id)),
        sku=draft.sku,
        title=draft.title,
        price=draft.price,
        # It is reviewed first.
        active=False,
        quantity=0,
        created=True,
    )


def _price(price: Money | None) -> Json:
    return None if price is None else {"amount": format(price.amount, "f"), "currency": price.currency}


def _paragraphs(text: str) -> str:
    """Plain text as the HTML that TikTok wants: a paragraph for each line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return "".join(f"<p>{html.escape(line, quote=False)}</p>" for line in lines)
