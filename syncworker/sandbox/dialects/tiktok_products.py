"""How does a product come to a TikTok Shop? Pictures, a check without effect, and creation, as strict as its pages.

A new product is reviewed before anybody sees it. SKUs of one product are variants; only products with one SKU are made here.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from email.parser import BytesParser

from syncworker.sandbox.dialects import tiktok_bodies as bodies
from syncworker.sandbox.dialects.tiktok_gate import Call
from syncworker.sandbox.dialects.tiktok_ids import WAREHOUSE, Shelf
from syncworker.sandbox.model import Marketplace
from syncworker.sandbox.refusal import RefusedError

Row = dict[str, object]

#: The one leaf of its tree of categories, its one attribute, and that attribute's values.
CATEGORY, ATTRIBUTE, VALUES = "600001", "100392", ("1001533", "1001534")
TITLE = (25, 255)
PICTURES_MAX, PICTURE_MAX_BYTES = 9, 5 * 1024 * 1024
_BEGINNINGS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
_FIELDS = frozenset(
    (
        *("save_mode", "title", "description", "category_id", "category_version", "main_images", "skus"),
        *("package_weight", "package_dimensions", "brand_id", "product_attributes", "listing_platforms"),
        "idempotency_key",
    )
)


@dataclass(slots=True)
class Studio:
    """What one shop has beside its products: pictures that were handed over, answers by key, and what is under review."""

    pictures: set[str] = field(default_factory=set)
    answers: dict[str, Row] = field(default_factory=dict)
    #: Listings that nobody has looked at yet.
    reviewed: set[str] = field(default_factory=set)


def take_picture(studio: Studio, call: Call) -> Row:
    """The place of a picture, from the form's field `data`."""
    head = f"Content-Type: {call.media_type}\r\n\r\n".encode()
    form = BytesParser().parsebytes(head + call.raw)
    parts = {part.get_param("name", header="content-disposition"): part for part in form.walk()}
    if "data" not in parts:
        raise bodies.bad("data is missing")
    content = parts["data"].get_payload(decode=True)
    if not isinstance(content, bytes) or not content.startswith(_BEGINNINGS):
        raise RefusedError(200, "12052101", "The image format is not supported")
    if len(content) > PICTURE_MAX_BYTES:
        raise RefusedError(200, "12052102", "The image is larger than 5 MB")
    use = str(parts["use_case"].get_payload()) if "use_case" in parts else "MAIN_IMAGE"
    uri = f"tos-test-i/{secrets.token_hex(8)}"
    studio.pictures.add(uri)
    return {"uri": uri, "url": f"https://p16.example/{uri}", "width": 800, "height": 800, "use_case": use}


def checked(studio: Studio, market: Marketplace, call: Call) -> Row:
    """What a check without effect says."""
    problem = _problem(studio, market, call.body)
    if problem is None:
        return {"check_result": "PASS", "fail_reasons": [], "warnings": []}
    return {"check_result": "FAILED", "fail_reasons": [{"message": problem}], "warnings": []}


def created(studio: Studio, market: Marketplace, call: Call, now: datetime) -> Row:
    """A new product; the same key makes no second one."""
    key = call.body.get("idempotency_key")
    if isinstance(key, str) and key in studio.answers:
        return studio.answers[key]
    problem = _problem(studio, market, call.body)
    if problem is not None:
        raise RefusedError(200, "12052990", problem)
    (sku,) = bodies.objects(call.body.get("skus"), "skus")
    price, (stock,) = _price(sku), bodies.objects(sku.get("inventory"), "inventory")
    quantity = stock.get("quantity")
    view = market.create_listing(
        sku=str(sku["seller_sku"]),
        title=str(call.body["title"]),
        price=price,
        quantity=quantity if isinstance(quantity, int) else 0,
        now=now,
    )
    market.patch_listing(view.listing.listing_id, now=now, state="hidden")
    studio.reviewed.add(view.listing.listing_id)
    made = Shelf(market).by_listing[view.listing.listing_id]
    answer: Row = {
        "product_id": made.product_id,
        "skus": [{"id": made.sku_id, "seller_sku": made.listing.sku, "sales_attributes": []}],
        "warnings": [],
    }
    if isinstance(key, str):
        studio.answers[key] = answer
    return answer


def _problem(studio: Studio, market: Marketplace, body: Row) -> str | None:
    """What is wrong with a product, in the shop's words."""
    bodies.only(body, _FIELDS)
    title = body.get("title")
    if not isinstance(title, str) or not TITLE[0] <= len(title) <= TITLE[1]:
        return f"The product title has to have {TITLE[0]} to {TITLE[1]} characters"
    description = body.get("description")
    if not isinstance(description, str) or not description.startswith("<p>") or len(description) > 10_000:
        return "The description has to be HTML of at most 10000 characters"
    if body.get("category_id") != CATEGORY or body.get("category_version") != "v2":
        return "The category is no leaf category of this shop"
    pictures = body.get("main_images")
    uris = [row.get("uri") for row in pictures if isinstance(row, dict)] if isinstance(pictures, list) else []
    if not 1 <= len(uris) <= PICTURES_MAX or not set(uris) <= studio.pictures:
        return f"1 to {PICTURES_MAX} main images that were uploaded before are needed"
    weight = body.get("package_weight")
    if (
        not isinstance(weight, dict)
        or weight.get("unit") != "KILOGRAM"
        or not isinstance(weight.get("value"), str)
    ):
        return "The package weight is invalid"
    return _attributes_problem(body) or _sku_problem(market, body)


def _attributes_problem(body: Row) -> str | None:
    rows = body.get("product_attributes", [])
    for row in bodies.objects(rows, "product_attributes") if rows else []:
        values = [value["id"] for value in bodies.objects(row.get("values"), "values")]
        if row.get("id") != ATTRIBUTE or not set(values) <= set(VALUES):
            return f"The attribute {row.get('id')} does not belong to the category"
    return None


def _sku_problem(market: Marketplace, body: Row) -> str | None:
    skus = bodies.objects(body.get("skus"), "skus")
    if len(skus) != 1:
        return "This shop makes products of one SKU"
    (sku,) = skus
    bodies.only(sku, ("seller_sku", "price", "inventory"))
    name = sku.get("seller_sku")
    if not isinstance(name, str) or not 1 <= len(name) <= 50 or "/" in name:
        return "The seller SKU is invalid"
    if any(one.sku == name for one in market.listings.values()):
        return f"The seller SKU {name} exists already"
    stock = bodies.objects(sku.get("inventory"), "inventory")
    quantity = stock[0].get("quantity")
    if len(stock) != 1 or stock[0].get("warehouse_id") != WAREHOUSE:
        return "The warehouse does not exist"
    if (
        isinstance(quantity, bool)
        or not isinstance(quantity, int)
        or not 0 <= quantity <= bodies.QUANTITY_MAX
    ):
        return "The stock is invalid"
    price = sku.get("price")
    if not isinstance(price, dict) or price.get("currency") != market.profile.currency or not _price(sku):
        return f"The price is an amount in {market.profile.currency}"
    return None


def _price(sku: Row) -> str:
    price = sku.get("price")
    amount = price.get("amount") if isinstance(price, dict) else None
    return amount if isinstance(amount, str) else ""
