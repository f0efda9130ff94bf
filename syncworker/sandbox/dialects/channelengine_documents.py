"""What do ChannelEngine's documents look like? Values of the model in its envelope and words; it knows no HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from syncworker.sandbox.dialects.arrivals import serial, text, whole
from syncworker.sandbox.model import Marketplace
from syncworker.sandbox.orders import Order, OrderLine
from syncworker.sandbox.pools import Listing, QuantityItem
from syncworker.sandbox.refusal import RefusedError

Json = dict[str, object]

#: Where a product's pictures stand, the first one first.
IMAGES = ("ImageUrl", *(f"ExtraImageUrl{number}" for number in range(1, 10)))
_STATUS = {
    "paid": "NEW",
    "placed": "NEW",
    "shipped": "SHIPPED",
    "cancelled": "CANCELED",
    "returned": "RETURNED",
}


def envelope(
    content: object,
    *,
    status: int = 200,
    message: str | None = None,
    errors: Mapping[str, object] | None = None,
) -> Json:
    """What every answer is wrapped in."""
    return {
        "Content": content,
        "StatusCode": status,
        "RequestId": None,
        "LogId": None,
        "Success": status < 400,
        "Message": message,
        "ValidationErrors": dict(errors or {}),
    }


def collection(content: Sequence[Json], *, total: int, size: int) -> Json:
    """The envelope of a list: `Count` rows of `TotalCount`, `ItemsPerPage` at most."""
    counts: Json = {"Count": len(content), "TotalCount": total, "ItemsPerPage": size}
    return envelope(list(content)) | counts


def status(order: Order, ours: str | None) -> str:
    """The order's word: NEW until it is acknowledged; one that the model does not know is told as it is."""
    word = _STATUS.get(order.status, order.status)
    return "IN_PROGRESS" if word == "NEW" and ours is not None else word


def order(order: Order, ours: str | None) -> Json:
    """One order; `MerchantOrderNo` is our own number of an acknowledged one."""
    number = serial(order.order_id)
    total = sum((Decimal(line.unit_price) * line.quantity for line in order.lines), Decimal(0))
    word = status(order, ours)
    return {
        "Id": number,
        "ChannelName": "Pretend Channel",
        "ChannelId": 1,
        "ChannelOrderNo": order.order_id,
        "MerchantOrderNo": ours,
        "Status": word,
        "IsBusinessOrder": False,
        "CreatedAt": _written(order.created_at),
        "UpdatedAt": _written(order.updated_at),
        "OrderDate": _written(order.created_at),
        "CurrencyCode": order.currency,
        "TotalInclVat": _number(total),
        "Email": f"buyer{number}@mail.example",
        "BillingAddress": {"FirstName": order.buyer},
        "Lines": [_line(line, word) for line in order.lines],
    }


def _line(line: OrderLine, word: str) -> Json:
    gone = line.cancelled >= line.quantity > 0
    return {
        "Status": "CANCELED" if gone else word,
        "IsFulfillmentByMarketplace": False,
        "StockLocation": {"Id": 1, "Name": "Main"},
        "ChannelProductNo": line.listing_id,
        "MerchantProductNo": line.sku,
        "Description": line.sku,
        "Quantity": line.quantity,
        "CancellationRequestedQuantity": line.cancelled,
        "UnitPriceInclVat": _number(Decimal(line.unit_price)),
        "FeeFixed": 0,
        "FeeRate": 0,
        "Condition": "NEW",
    }


def product(market: Marketplace, listing: Listing, now: datetime) -> Json:
    """A product as `GET /v2/products` tells it."""
    reading = market.read_quantities([listing.pool_id], now=now)[0]
    return {
        "IsActive": listing.state == "active",
        "MerchantProductNo": listing.sku,
        "Name": listing.title,
        "Stock": reading.quantity,
        "Price": _number(Decimal(listing.price)),
        "ExtraData": [],
    }


def location(location_id: int) -> Json:
    """A stock location."""
    return {"Id": location_id, "Name": "Main", "CountryIso": "ID"}


def stock(market: Marketplace, listing: Listing, location_id: int, now: datetime) -> Json:
    """One number of `GET /v2/offer/stock`."""
    reading = market.read_quantities([listing.pool_id], now=now)[0]
    return {
        "MerchantProductNo": listing.sku,
        "StockLocationId": location_id,
        "Stock": reading.quantity,
        "UpdatedAt": _written(market.channel_time(now)),
    }


def by_sku(market: Marketplace) -> dict[str, Listing]:
    """Listings by the merchant's number."""
    return {listing.sku: listing for listing in market.listings.values()}


def upserted(market: Marketplace, row: Json, now: datetime) -> Json:
    """What became of one product of an upsert: its `Errors` are empty if it was taken."""
    sku = text(row.get("MerchantProductNo"), "MerchantProductNo")
    stock, price = whole(row.get("Stock", 0), "Stock"), str(row.get("Price", "0"))
    pictures = [row[name] for name in IMAGES if row.get(name) is not None]
    if not all(isinstance(one, str) and one.startswith("https://") for one in pictures):
        raise RefusedError(422, "invalid_request", "must be an https address", field="ImageUrl")
    title = text(row.get("Name", sku), "Name")
    errors: list[str] = []
    try:
        listing = by_sku(market).get(sku)
        if listing is None:
            market.create_listing(sku=sku, title=title, price=price, quantity=stock, now=now)
        else:
            market.patch_listing(listing.listing_id, now=now, title=title, price=price)
            results = market.push_quantities([QuantityItem(pool_id=listing.pool_id, quantity=stock)], now=now)
            errors += [f"{r.code}: {r.message}" for r in results if r.status == "refused"]
    except RefusedError as error:
        errors.append(error.message)
    return {"Name": title, "Reference": sku, "Warnings": [], "Errors": errors}


#: Properties of a product that can be changed alone here.
PATCHABLE = frozenset(("Name", "Description", "ImageUrl"))


def patched(market: Marketplace, row: Json, named: Sequence[str], now: datetime) -> Json:
    """What became of one product of a patch."""
    sku = text(row.get("MerchantProductNo"), "MerchantProductNo")
    listing, errors = by_sku(market).get(sku), list[str]()
    title = text(row.get("Name"), "Name") if "Name" in named else None
    if listing is None:
        errors.append(f"Product with MerchantProductNo '{sku}' could not be found")
    else:
        market.patch_listing(listing.listing_id, now=now, title=title)
    return {"Name": title, "Reference": sku, "Warnings": [], "Errors": errors}


def _written(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")


def _number(amount: Decimal) -> int | float:
    return int(amount) if amount == int(amount) else float(amount)
