"""How does a product come to be at Shopify, and how is it changed? Found by SKU or handle, created with nothing to sell.

`productSet` deletes what its lists leave out, so it only ever creates; it never carries a number.
"""

from __future__ import annotations

import hashlib
import html
import re
from dataclasses import replace
from datetime import datetime

from syncworker.connector import (
    ChannelError,
    Document,
    Json,
    ListingDraft,
    ListingRejectedError,
    ListingUpdate,
    Money,
    OutcomeUnknownError,
    RemoteListing,
    RequestRefusedError,
)
from syncworker_shopify import listings, operations
from syncworker_shopify.client import ShopifyClient
from syncworker_shopify.ids import gid, number
from syncworker_shopify.operations import Operation
from syncworker_shopify.refusals import in_words, user_errors

_FOUND_MAX = 10
_OPTION, _ONLY = "Title", "Default Title"


def publish(client: ShopifyClient, draft: ListingDraft, location: str) -> RemoteListing:
    """The listing that has this SKU; where there is none, a product with 0 of it at our location."""
    variants, currency = _with_sku(client, draft.sku, location)
    if len(variants) > 1:
        ids = ", ".join(number(one["id"], "ProductVariant") for one in variants)
        raise ListingRejectedError(
            f"{draft.sku}: Shopify lists it several times ({ids}): link the right one by hand", sku=draft.sku
        )
    if variants:
        return _stocked(client, draft, variants[0], location, currency)
    handle = handle_of(draft.sku)
    before = client.call(operations.PRODUCT, {"handle": handle, "location": gid("Location", location)})
    product = before.data.get("productByIdentifier")
    if product is not None:
        return _stocked(client, draft, _variant_of(product, draft.sku, handle), location, currency)
    _same_currency(draft.sku, draft.price, currency)
    created = _create(client, draft, handle, location)
    try:
        listing = _stocked(client, draft, _variant_of(created, draft.sku, handle), location, currency)
        return replace(listing, created=_is_new(created["createdAt"].moment(), before.channel_time))
    except ChannelError as error:
        problem = str(error)
    # Whatever comes after proves nothing of the request before, which had its effect; publishing again finds the product.
    raise OutcomeUnknownError(f"{draft.sku}: made, but it is not ready: {problem}")


def handle_of(sku: str) -> str:
    """The product's name in addresses: the same for the same SKU, so that a repeat finds it at once."""
    slug = re.sub(r"[^a-z0-9]+", "-", sku.lower()).strip("-")[:60]
    mark = hashlib.sha256(sku.encode()).hexdigest()[:8]
    return "-".join(part for part in (slug, mark) if part)


def _with_sku(client: ShopifyClient, sku: str, location: str) -> tuple[list[Document], str]:
    quoted = sku.replace("\\", "\\\\").replace('"', '\\"')
    reply = client.call(
        operations.VARIANTS,
        {
            "first": _FOUND_MAX,
            "after": None,
            "location": gid("Location", location),
            "query": f'sku:"{quoted}"',
        },
        rows=_FOUND_MAX,
    )
    rows = reply.data["productVariants"]["nodes"].items()
    return [row for row in rows if _has_sku(row, sku)], reply.data["shop"]["currencyCode"].currency()


def _has_sku(variant: Document, sku: str) -> bool:
    told = variant.get("sku")
    return told is not None and told.shown() == sku


def _variant_of(product: Document, sku: str, handle: str) -> Document:
    for variant in product["variants"]["nodes"].items():
        if _has_sku(variant, sku):
            return variant
    raise ListingRejectedError(
        f"{sku}: the product {handle} at Shopify has no such SKU (any more): give one of its variants the SKU, or "
        "rename its handle",
        sku=sku,
    )


def _is_new(created_at: datetime, asked_at: datetime | None) -> bool:
    """Whether it came to be after Shopify said that there was none, both by Shopify's clock."""
    return asked_at is not None and created_at >= asked_at


def _create(client: ShopifyClient, draft: ListingDraft, handle: str, location: str) -> Document:
    payload = _changed(
        client,
        operations.CREATE,
        {"input": _input(draft, handle), "handle": handle, "location": gid("Location", location)},
        "productSet",
        draft.sku,
    )
    product = payload.get("product")
    if product is None:
        raise OutcomeUnknownError(f"{draft.sku}: Shopify tells neither a product nor an error")
    return product


def _input(draft: ListingDraft, handle: str) -> Json:
    variant: dict[str, Json] = {
        "optionValues": [{"optionName": _OPTION, "name": _ONLY}],
        "sku": draft.sku,
        "inventoryPolicy": "DENY",
        "inventoryItem": {"sku": draft.sku, "tracked": True},
    }
    if draft.price is not None:
        variant["price"] = format(draft.price.amount, "f")
    product: dict[str, Json] = {
        "title": draft.title,
        "handle": handle,
        "status": "ACTIVE",
        "productOptions": [{"name": _OPTION, "values": [{"name": _ONLY}]}],
        "variants": [variant],
    }
    if draft.description is not None:
        product["descriptionHtml"] = as_html(draft.description)
    if draft.images:
        product["files"] = [{"originalSource": image, "contentType": "IMAGE"} for image in draft.images]
    return product


def as_html(text: str) -> str:
    """Plain text for a field that takes HTML."""
    return html.escape(text, quote=False).replace("\n", "<br>")


def _stocked(
    client: ShopifyClient, draft: ListingDraft, variant: Document, location: str, currency: str
) -> RemoteListing:
    """The listing once our location keeps a number of it, which begins as 0."""
    found = listings.listing(variant, location, currency)
    if listings.is_stocked(variant):
        return found
    variables: dict[str, Json] = {
        "item": variant["inventoryItem"]["id"].text(),
        "location": gid("Location", location),
        "key": f"{draft.idempotency_key}-stocked",
    }
    _changed(client, operations.ACTIVATE, variables, "inventoryActivate", draft.sku)
    return replace(found, quantity=0)


# ---------------------------------------------------------------- changes


def update(client: ShopifyClient, change: ListingUpdate, location: str) -> RemoteListing:
    """Change what the update names. Pictures are left to the shop's own pages: replacing them would delete others."""
    variant, currency = _variant(client, change, location)
    product = variant["product"]
    whole = (change.title, change.description, change.active)
    if change.images is not None:
        raise ListingRejectedError(
            f"{change.sku}: pictures are changed in Shopify's admin: sending a list of them deletes the others",
            sku=change.sku,
        )
    if any(part is not None for part in whole) and not product["hasOnlyDefaultVariant"].flag():
        raise ListingRejectedError(
            f"{change.sku}: title, description and being on sale belong to a product with several variants: "
            "change them in Shopify's admin",
            sku=change.sku,
        )
    _same_currency(change.sku, change.price, currency)
    if any(part is not None for part in whole):
        _changed(
            client,
            operations.UPDATE,
            {"product": {"id": product["id"].text(), **_fields(change)}},
            "productUpdate",
            change.sku,
        )
    if change.price is not None:
        row: Json = {"id": variant["id"].text(), "price": format(change.price.amount, "f")}
        asked: dict[str, Json] = {"product": product["id"].text(), "variants": [row]}
        _changed(client, operations.SET_PRICE, asked, "productVariantsBulkUpdate", change.sku)
    try:
        after, _ = _variant(client, change, location)
    except ListingRejectedError:
        raise
    except ChannelError as error:
        raise OutcomeUnknownError(f"{change.sku}: changed, but it cannot be read back: {error}") from error
    return listings.listing(after, location, currency)


def _fields(change: ListingUpdate) -> dict[str, Json]:
    fields: dict[str, Json] = {}
    if change.title is not None:
        fields["title"] = change.title
    if change.description is not None:
        fields["descriptionHtml"] = as_html(change.description)
    if change.active is not None:
        fields["status"] = "ACTIVE" if change.active else "DRAFT"
    return fields


def _variant(client: ShopifyClient, change: ListingUpdate, location: str) -> tuple[Document, str]:
    variant = None
    if change.listing_id.isdecimal():
        variables: dict[str, Json] = {
            "id": gid("ProductVariant", change.listing_id),
            "location": gid("Location", location),
        }
        data = client.call(operations.VARIANT, variables).data
        variant = data.get("productVariant")
        if variant is not None:
            return variant, data["shop"]["currencyCode"].currency()
    raise ListingRejectedError(
        f"{change.sku}: {change.listing_id} is not listed at Shopify (any more)", sku=change.sku
    )


def _same_currency(sku: str, price: Money | None, currency: str) -> None:
    if price is not None and price.currency != currency:
        raise ListingRejectedError(
            f"{sku}: the shop's prices are in {currency}, not in {price.currency}", sku=sku
        )


def _changed(
    client: ShopifyClient, operation: Operation, variables: dict[str, Json], name: str, sku: str
) -> Document:
    """The payload of a mutation that went through."""
    try:
        reply = client.call(operation, variables, effect=True)
    except RequestRefusedError as error:
        raise ListingRejectedError(str(error), sku=sku) from error
    payload = reply.data.get(name)
    if payload is None:
        raise OutcomeUnknownError(f"{sku}: {name}: {reply.errors or 'no answer'}")
    problems = user_errors(payload)
    if problems:
        raise ListingRejectedError(f"{sku}: {client.redact(in_words(problems))}", sku=sku)
    return payload
