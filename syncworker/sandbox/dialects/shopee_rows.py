"""How does Shopee show goods and orders? Rows as its pages document them; it decides nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from syncworker.sandbox.dialects.shopee_ids import Model, Shelf, has_models, order_sn
from syncworker.sandbox.orders import Order, OrderLine
from syncworker.sandbox.profile import ShopProfile

Row = dict[str, object]

#: The shop's words for the state of an order.
_WORDS = {
    "placed": "UNPAID",
    "paid": "READY_TO_SHIP",
    "shipped": "SHIPPED",
    "returned": "TO_RETURN",
    "cancelled": "CANCELLED",
}
#: Left out of a detail unless it is asked for.
OPTIONAL = frozenset(
    (
        "item_list", "buyer_username", "pay_time", "cancel_by", "cancel_reason", "fulfillment_flag",
        "pickup_done_time", "package_list", "recipient_address", "total_amount", "advance_package", "booking_sn",
    )
)  # fmt: skip


def item_row(item: list[Model], profile: ShopProfile, number: int | None) -> Row:
    """An item; the number of one without models stands in it."""
    first = item[0].listing
    is_plain = not has_models(item)
    row: Row = {
        "item_id": item[0].item_id,
        "category_id": 14_695,
        "item_name": first.title,
        "item_sku": first.sku if is_plain else first.sku.partition("/")[0],
        "item_status": item_status(item),
        "has_model": not is_plain,
        "create_time": 1_760_000_000,
        "update_time": 1_760_000_000,
        "condition": "NEW",
    }
    if is_plain:
        row |= _for_sale(item[0], profile, number or 0)
    return row


def item_status(item: list[Model]) -> str:
    """An item is listed as long as one of its models is."""
    return "NORMAL" if any(model.listing.state == "active" for model in item) else "UNLIST"


def model_row(model: Model, profile: ShopProfile, number: int) -> Row:
    """A model of an item."""
    return {
        "model_id": model.model_id,
        "tier_index": [0],
        "promotion_id": 0,
        "model_sku": model.listing.sku,
        "model_status": "MODEL_NORMAL" if model.listing.state == "active" else "MODEL_UNAVAILABLE",
        **_for_sale(model, profile, number),
    }


def _for_sale(model: Model, profile: ShopProfile, number: int) -> Row:
    """Price and stock. What this shop's floor is, a promotion holds."""
    price = float(model.listing.price)
    return {
        "price_info": [
            {"currency": profile.currency, "original_price": price, "current_price": price},
        ],
        "stock_info_v2": {
            "summary_info": {"total_reserved_stock": profile.floor, "total_available_stock": number},
            "seller_stock": [{"location_id": "", "stock": number, "if_saleable": True}],
            "shopee_stock": [{"location_id": "", "stock": "0"}],
            "advance_stock": {"sellable_advance_stock": 0, "in_transit_advance_stock": 0},
        },
    }


def order_status(order: Order) -> str:
    """Shopee's word for the order's state."""
    return _WORDS.get(order.status, order.status.upper())


def is_known(status: str) -> bool:
    """Whether that is one of the shop's own words."""
    return status in _WORDS or status in ("pending", "in_cancel", "processed")


def order_row(order: Order, shelf: Shelf, status: str, wanted: Collection[str]) -> Row:
    """An order with those of the optional fields that were asked for."""
    changed = int(order.updated_at.timestamp())
    left = any(line.shipped for line in order.lines)
    more: Row = {
        "item_list": list(_item_rows(order, shelf)),
        "buyer_username": order.buyer or "somebody",
        "pay_time": None if status == "UNPAID" else changed,
        "cancel_by": "buyer" if status == "CANCELLED" else "",
        "cancel_reason": "",
        "fulfillment_flag": "fulfilled_by_local_seller",
        "pickup_done_time": changed if left else 0,
        "package_list": [],
        "recipient_address": {"name": order.buyer or "somebody", "phone": "628110000000"},
        "total_amount": sum(float(line.unit_price) * line.quantity for line in order.lines),
        "advance_package": False,
        "booking_sn": "",
    }
    return {
        "order_sn": order_sn(order.order_id),
        "region": "ID",
        "currency": order.currency,
        "cod": False,
        "order_status": status,
        "message_to_seller": f"for {order.buyer}",
        "create_time": int(order.created_at.timestamp()),
        "update_time": changed,
        "days_to_ship": 2,
        **{name: value for name, value in more.items() if name in wanted},
    }


def _item_rows(order: Order, shelf: Shelf) -> Iterator[Row]:
    for line in order.lines:
        model = shelf.by_listing[line.listing_id]
        price = float(line.unit_price)
        yield {
            "item_id": model.item_id,
            "item_name": model.listing.title,
            "item_sku": line.sku.partition("/")[0],
            "model_id": model.model_id,
            "model_name": line.sku.partition("/")[2],
            "model_sku": line.sku if model.model_id else "",
            "model_quantity_purchased": line.quantity,
            "model_original_price": price,
            "model_discounted_price": price,
            "promotion_type": "",
            "promotion_id": 0,
            "order_item_id": model.item_id,
            "promotion_group_id": 0,
            "product_location_id": [],
            "cancel_requested_qty": 0,
            "cancelled_qty": line.cancelled,
            "return_requested_qty": 0,
            "returned_qty": line.returned,
        }


def return_row(order: Order, shelf: Shelf) -> Row:
    """What of the order came back."""
    changed = int(order.updated_at.timestamp())
    number = order_sn(order.order_id)
    return {
        "return_sn": f"{number}1",
        "order_sn": number,
        "reason": "DIFFERENT_DESCRIPTION",
        "text_reason": "",
        "status": "ACCEPTED",
        "currency": order.currency,
        "create_time": changed,
        "update_time": changed,
        "needs_logistics": True,
        "user": {"username": order.buyer or "somebody", "email": "***@shop.example"},
        "item": [_returned(line, shelf) for line in order.lines if line.returned],
    }


def _returned(line: OrderLine, shelf: Shelf) -> Row:
    model = shelf.by_listing[line.listing_id]
    return {
        "item_id": model.item_id,
        "model_id": model.model_id,
        "name": model.listing.title,
        "amount": line.returned,
        "item_price": float(line.unit_price),
        "item_sku": line.sku,
    }
