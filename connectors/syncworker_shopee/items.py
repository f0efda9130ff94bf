"""How does an item come to Shopee? Pictures uploaded, then made with stock 0; a SKU of the catalogue is an item without models.

Shopee keeps no key against repeats, so the item is looked for by its SKU before, and nothing is sent twice.
"""

from __future__ import annotations

from collections.abc import Sequence

from syncworker.connector import (
    Json,
    ListingDraft,
    ListingRejectedError,
    MalformedAnswerError,
    OutcomeUnknownError,
    PictureError,
    RemoteListing,
    RequestRefusedError,
    fetch_picture,
    picture_form,
)
from syncworker_shopee.catalogue import amount_of
from syncworker_shopee.client import ShopeeClient
from syncworker_shopee.item_settings import ItemFacts
from syncworker_shopee.listings import NO_MODEL, PoolKey, id_of, listing_id
from syncworker_shopee.settings import ShopeeSettings

#: Pictures at most, and bytes of one.
PICTURES_MAX, PICTURE_MAX_BYTES = 9, 10 * 1024 * 1024


class ItemMaker:
    """Makes items of one shop."""

    def __init__(self, client: ShopeeClient, settings: ShopeeSettings) -> None:
        self._client, self._settings = client, settings

    def make(self, draft: ListingDraft) -> RemoteListing:
        """A new item with stock 0. ``ListingRejectedError`` promises that none was made."""
        items = self._settings.items
        if items is None:
            raise ListingRejectedError(
                f"{draft.sku}: no item at Shopee has this SKU. Create it in the Seller Centre, where it gets its category, "
                "attributes, pictures and weight, with stock 0 and this SKU, or set [items] in channels.toml; then publish "
                "again",
                sku=draft.sku,
            )
        facts = items.of(draft.sku)
        _refuse_incomplete(draft, facts)
        pictures = [self._uploaded(address, draft.sku) for address in draft.images[:PICTURES_MAX]]
        return self._made(item_body(draft, facts, pictures, self._settings.location_id), draft)

    def _uploaded(self, address: str, sku: str) -> str:
        try:
            picture = fetch_picture(
                address,
                max_bytes=PICTURE_MAX_BYTES,
                allow_private_network=self._settings.allow_private_network,
            )
            told = self._client.upload_picture(picture_form(picture, field="image")).data
            return told["image_info"]["image_id"].text()
        except (PictureError, RequestRefusedError) as error:
            problem = f"{sku}: picture: {error}"
        raise ListingRejectedError(problem, sku=sku)

    def _made(self, body: Json, draft: ListingDraft) -> RemoteListing:
        try:
            reply = self._client.add_item(body)
        except RequestRefusedError as error:
            raise ListingRejectedError(f"{draft.sku}: {error}", sku=draft.sku) from error
        try:
            item_id = id_of(reply.data["item_id"])
        except MalformedAnswerError as error:
            problem = f"{draft.sku}: made, but the answer cannot be read: {error}"
        else:
            return _listed(item_id, draft, self._settings.location_id)
        raise OutcomeUnknownError(problem)


def item_body(
    draft: ListingDraft, facts: ItemFacts, pictures: Sequence[str], location_id: str | None
) -> dict[str, Json]:
    """The item as it is made, with nothing to sell."""
    place: dict[str, Json] = {} if location_id is None else {"location_id": location_id}
    body: dict[str, Json] = {
        "item_name": draft.title,
        "item_sku": draft.sku,
        "description": draft.description,
        "category_id": facts.category_id,
        "original_price": None if draft.price is None else amount_of(draft.price.amount),
        "seller_stock": [{"stock": 0, **place}],
        "weight": None if facts.weight_kg is None else amount_of(facts.weight_kg),
        "image": {"image_id_list": list(pictures)},
        "logistic_info": [{"logistic_id": one, "enabled": True} for one in facts.logistic_ids],
        "brand": {"brand_id": facts.brand_id, "original_brand_name": facts.brand_name},
        "condition": "NEW",
        "item_status": "NORMAL",
    }
    if facts.attributes:
        body["attribute_list"] = [
            {"attribute_id": int(name), "attribute_value_list": [{"value_id": value} for value in values]}
            for name, values in facts.attributes.items()
        ]
    if facts.size_cm is not None:
        length, width, height = facts.size_cm
        body["dimension"] = {"package_length": length, "package_width": width, "package_height": height}
    return body


def _refuse_incomplete(draft: ListingDraft, facts: ItemFacts) -> None:
    lacking = [
        words
        for words, is_there in (
            ("a title", bool(draft.title.strip())),
            ("a description", bool((draft.description or "").strip())),
            ("a price", draft.price is not None),
            ("a picture", bool(draft.images)),
            ("items.category_id in channels.toml", facts.category_id is not None),
            ("items.weight_kg in channels.toml", facts.weight_kg is not None),
            ("items.logistic_ids in channels.toml", bool(facts.logistic_ids)),
        )
        if not is_there
    ]
    if lacking:
        raise ListingRejectedError(
            f"{draft.sku}: Shopee lists nothing without {' and '.join(lacking)}", sku=draft.sku
        )


def _listed(item_id: str, draft: ListingDraft, location_id: str | None) -> RemoteListing:
    return RemoteListing(
        listing_id=listing_id(item_id, NO_MODEL),
        pool_key=str(PoolKey(item_id, NO_MODEL, location_id)),
        sku=draft.sku,
        title=draft.title,
        price=draft.price,
        quantity=0,
        created=True,
    )
