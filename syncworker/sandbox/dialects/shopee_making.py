"""How does an item come to a pretend Shopee? Pictures, then the item whole, as strict as its pages.

Nothing keeps a repeat from making a second item, there as here. Only items without models are made.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from email.parser import BytesParser

from syncworker.sandbox.dialects import shopee_bodies as bodies
from syncworker.sandbox.dialects.shopee_gate import Call
from syncworker.sandbox.dialects.shopee_ids import Shelf
from syncworker.sandbox.model import Marketplace

Row = dict[str, object]

#: The one leaf of its tree of categories, its one attribute, that attribute's values, and its courier.
CATEGORY, ATTRIBUTE, VALUES, COURIER = 100_416, 4_990, (761, 762), 8_003
NAME, DESCRIPTION = (20, 255), (20, 3000)
PICTURES_MAX, PICTURE_MAX_BYTES = 9, 10 * 1024 * 1024
_BEGINNINGS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
_NEEDED = frozenset(
    (
        *("item_name", "description", "category_id", "original_price", "seller_stock", "weight", "image"),
        *("logistic_info", "brand"),
    )
)
_ALLOWED = _NEEDED | {"item_sku", "condition", "item_status", "attribute_list", "dimension"}


@dataclass(slots=True)
class Studio:
    """Pictures that were handed over to one shop."""

    pictures: set[str] = field(default_factory=set)


def take_picture(studio: Studio, call: Call) -> Row:
    """The id of a picture, from the form's field `image`."""
    form = BytesParser().parsebytes(f"Content-Type: {call.media_type}\r\n\r\n".encode() + call.raw)
    parts = {part.get_param("name", header="content-disposition"): part for part in form.walk()}
    content = parts["image"].get_payload(decode=True) if "image" in parts else None
    if not isinstance(content, bytes) or not content.startswith(_BEGINNINGS):
        raise bodies.bad("image is missing or no JPEG or PNG")
    if len(content) > PICTURE_MAX_BYTES:
        raise bodies.bad("image is larger than 10 MB")
    image_id = f"sg-11134201-{secrets.token_hex(8)}"
    studio.pictures.add(image_id)
    return {"image_id": image_id, "image_url_list": []}


def created(studio: Studio, market: Marketplace, call: Call, now: datetime) -> Row:
    """A new item."""
    body = call.body
    bodies.only(body, _ALLOWED)
    missing = sorted(_NEEDED - set(body))
    problem = f"{', '.join(missing)} is missing" if missing else _problem(studio, body)
    if problem is not None:
        raise bodies.bad(problem)
    (stock,) = bodies.rows(body, "seller_stock", most=1)
    bodies.only(stock, ("stock",))
    view = market.create_listing(
        sku=str(body.get("item_sku", "")),
        title=str(body["item_name"]),
        price=format(Decimal(str(body["original_price"])), "f"),
        quantity=_whole(stock.get("stock")),
        now=now,
    )
    if body.get("item_status") == "UNLIST":
        market.patch_listing(view.listing.listing_id, state="hidden", now=now)
    made = Shelf(market).by_listing[view.listing.listing_id]
    return {"item_id": made.item_id, "item_name": view.listing.title, "item_status": body.get("item_status")}


def _problem(studio: Studio, body: Row) -> str | None:
    """What is wrong with an item, in the shop's words."""
    for name, (least, most) in (("item_name", NAME), ("description", DESCRIPTION)):
        text = body[name]
        if not isinstance(text, str) or not least <= len(text) <= most:
            return f"{name} has to have {least} to {most} characters"
    for name in ("original_price", "weight"):
        number = body[name]
        if isinstance(number, bool) or not isinstance(number, int | float) or number <= 0:
            return f"{name} must be a number above 0"
    sku = body.get("item_sku", "")
    if not isinstance(sku, str) or len(sku) > 100 or "/" in sku:
        return "item_sku is invalid"
    if body["category_id"] != CATEGORY:
        return "the category is no leaf category"
    image = body["image"]
    pictures = image.get("image_id_list") if isinstance(image, dict) else None
    if (
        not isinstance(pictures, list)
        or not 1 <= len(pictures) <= PICTURES_MAX
        or not set(pictures) <= studio.pictures
    ):
        return f"1 to {PICTURES_MAX} images that were uploaded before are needed"
    return _linked_problem(body)


def _linked_problem(body: Row) -> str | None:
    couriers = bodies.rows(body, "logistic_info", most=50)
    if not any(row.get("logistic_id") == COURIER and row.get("enabled") is True for row in couriers):
        return "no enabled logistic channel"
    brand = body["brand"]
    if not isinstance(brand, dict) or set(brand) != {"brand_id", "original_brand_name"}:
        return "brand takes brand_id and original_brand_name"
    for row in bodies.rows(body, "attribute_list", most=50) if "attribute_list" in body else []:
        values = [value["value_id"] for value in bodies.rows(row, "attribute_value_list", most=50)]
        if row.get("attribute_id") != ATTRIBUTE or not set(values) <= set(VALUES):
            return f"attribute {row.get('attribute_id')} does not belong to the category"
    return None


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise bodies.bad("stock must be a whole number")
    return value
