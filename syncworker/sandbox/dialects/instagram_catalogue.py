"""What stands in a Meta catalogue, and what does a batch do to it? Items and jobs over the pretend shop; no endpoints."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from syncworker.sandbox.dialects.arrivals import document, rows, serial, table
from syncworker.sandbox.model import Marketplace
from syncworker.sandbox.pools import Listing, QuantityItem
from syncworker.sandbox.refusal import RefusedError

Json = dict[str, object]

#: The pretend shop's words for an order that nobody has acknowledged yet.
WAITING = ("placed", "processing")
RECORDS_MAX, ID_MAX, DESCRIPTION_MAX = 5000, 100, 5000
_NEEDED = ("id", "title", "description", "availability", "condition", "price", "link", "image", "brand")
_OPTIONAL = ("quantity_to_sell_on_facebook", "item_group_id", "sale_price", "color", "size", "gtin", "mpn")
_AVAILABILITY = ("in stock", "out of stock", "available for order", "discontinued", "preorder")
_CONDITIONS = ("new", "refurbished", "used")
_PRICE = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,2})?) ([A-Z]{3})")


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a batch."""

    method: str
    data: Json

    @property
    def item_id(self) -> str:
        return str(self.data.get("id", ""))

    @property
    def number(self) -> int | None:
        value = self.data.get("quantity_to_sell_on_facebook")
        return value if isinstance(value, int) and not isinstance(value, bool) else None


@dataclass(frozen=True, slots=True)
class Batch:
    """The records of one call."""

    records: tuple[Record, ...]
    allow_upsert: bool

    @property
    def creates(self) -> bool:
        return any(record.method == "CREATE" for record in self.records)

    @property
    def numbers(self) -> bool:
        return any(record.number is not None for record in self.records)


@dataclass(frozen=True, slots=True)
class Job:
    """A batch that was taken in: what failed in it, and when it is through."""

    made: datetime
    due: datetime
    #: Item and reason; no item where Meta names none.
    errors: tuple[tuple[str | None, str], ...]


@dataclass(slots=True)
class Shelf:
    """One shop: its numbers, and what the catalogue knows beside them."""

    market: Marketplace
    has_orders: bool
    availability: dict[str, str] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    acknowledged: dict[str, datetime] = field(default_factory=dict)
    #: What was answered to each key: the request, and the answer or refusal.
    answered: dict[str, tuple[str, Json | RefusedError]] = field(default_factory=dict)

    def listing(self, retailer_id: str) -> Listing | None:
        """The item of that id."""
        return next((one for one in self.market.listings.values() if one.sku == retailer_id), None)

    def held(self, pool_id: str, now: datetime) -> int:
        """Units that waiting orders, and those acknowledged not long ago, take of the number that was given."""
        buffer = timedelta(seconds=self.market.profile.idempotency_retention_s)
        units = 0
        for order in self.market.book.orders.values() if self.has_orders else ():
            at = self.acknowledged.get(order.order_id)
            if order.status in WAITING if at is None else at + buffer > now:
                units += sum(x.quantity - x.cancelled for x in order.lines if x.took and x.pool_id == pool_id)
        return units


def read_batch(form: Json) -> Batch:
    """The batch in a form; a refusal for anything that is not one."""
    if form.get("item_type") != "PRODUCT_ITEM":
        raise RefusedError(400, "100", "(#100) The parameter item_type is required")
    found = rows(document(str(form.get("requests", "")).encode()), "requests")
    if not 1 <= len(found) <= RECORDS_MAX:
        raise RefusedError(400, "100", f"(#100) between 1 and {RECORDS_MAX} requests are possible")
    records = tuple(
        Record(str(one.get("method", "")), table(one.get("data"), f"requests[{index}].data"))
        for index, one in enumerate(found)
    )
    return Batch(records, str(form.get("allow_upsert", "true")) == "true")


def take_in(shelf: Shelf, batch: Batch, now: datetime) -> Json:
    """Check each record at once, do those that pass, and answer with the handle of the job."""
    seen: set[str] = set()
    status: list[Json] = []
    good: list[Record] = []
    for record in batch.records:
        problem = _problem(record, shelf)
        if problem is None and record.item_id in seen:
            problem = "id: the same item stands there twice"
        seen.add(record.item_id)
        if problem is None:
            good.append(record)
        else:
            errors = [{"message": problem}]
            status.append({"retailer_id": record.item_id, "errors": errors, "warnings": []})
    if not good:
        return {"handles": [], "validation_status": status}
    errors_found = [error for record in good if (error := _done(shelf, record, batch, now)) is not None]
    handle = f"AczHANDLE{len(shelf.jobs) + 1:05d}"
    due = now + timedelta(seconds=shelf.market.profile.apply_lag_s)
    shelf.jobs[handle] = Job(now, due, tuple(errors_found))
    return {"handles": [handle], "validation_status": status}


def land_later(shelf: Shelf, batch: Batch, now: datetime, after_s: float) -> None:
    """Take the numbers of a batch off the wire only later; its sender never hears of it."""
    items = [
        QuantityItem(pool_id=listing.pool_id, quantity=record.number)
        for record in batch.records
        if record.number is not None and (listing := shelf.listing(record.item_id)) is not None
    ]
    if items:
        shelf.market.land_later(items, now=now, after_s=after_s)


def batch_status(shelf: Shelf, handle: str, now: datetime, *, with_ids: bool) -> Json:
    """How far a job is."""
    job = shelf.jobs.get(handle)
    if job is None:
        raise RefusedError(400, "100", f"Invalid handle {handle!r}")
    is_over = now >= job.due
    word = (
        "finished" if is_over else "started" if now < job.made + (job.due - job.made) / 2 else "in_progress"
    )
    errors = job.errors if is_over else ()
    told = [{"message": why, **({"id": item} if item is not None else {})} for item, why in errors]
    row: Json = {
        "handle": handle,
        "status": word,
        "errors_total_count": len(errors),
        "errors": told,
        "warnings_total_count": 0,
        "warnings": [],
        "ids_of_invalid_requests": [item for item, _ in errors if item is not None] if with_ids else [],
    }
    return {"data": [row]}


# ---------------------------------------------------------------- items


def read_filter(given: str | None) -> tuple[str, list[str]] | None:
    """Field and values of a filter; None without one."""
    if given is None:
        return None
    asked = table(document(given.encode()), "filter")
    if len(asked) != 1:
        raise RefusedError(400, "100", "filter: one condition is possible here")
    name, condition = next(iter(asked.items()))
    condition = table(condition, name)
    values = condition.get("is_any", [condition["eq"]] if "eq" in condition else None)
    if name not in {"retailer_id", "product_item_id"} or not isinstance(values, list):
        raise RefusedError(400, "100", f"filter: {json.dumps(asked)} is not possible here")
    return name, [str(value) for value in values]


def products(shelf: Shelf, wanted: tuple[str, list[str]] | None, fields: str, now: datetime) -> list[Json]:
    """Items with the fields that were asked for."""
    asked = fields.split(",")
    found = []
    for one in shelf.market.listings.values():
        key = one.sku if wanted is not None and wanted[0] == "retailer_id" else item_number(one)
        if wanted is None or key in wanted[1]:
            shown = _shown(shelf, one, now)
            found.append({name: shown[name] for name in asked if name in shown})
    return found


def item_number(listing: Listing) -> str:
    """Meta's own number of an item."""
    return f"2416{serial(listing.listing_id):012d}"


def change_item(shelf: Shelf, number: str, form: Json, now: datetime) -> Json:
    """The single item's own call: only whether it is seen can be changed here."""
    found = next((one for one in shelf.market.listings.values() if item_number(one) == number), None)
    word = form.get("visibility")
    if found is None or word not in {"staging", "published"}:
        raise RefusedError(400, "100", "Unsupported post request", error_subcode=33)
    shelf.market.patch_listing(found.listing_id, state="active" if word == "published" else "hidden", now=now)
    return {"success": True}


def _shown(shelf: Shelf, one: Listing, now: datetime) -> Json:
    (reading,) = shelf.market.read_quantities([one.pool_id], now=now)
    number = (reading.quantity or 0) + shelf.held(one.pool_id, now)
    price = f"{Decimal(one.price):,.2f}"
    return {
        "id": item_number(one),
        "retailer_id": one.sku,
        "name": one.title,
        "availability": shelf.availability.get(one.sku, "in stock" if number > 0 else "out of stock"),
        "inventory": number,
        "quantity_to_sell_on_facebook": number,
        "price": f"Rp{price}",
        "review_status": "approved",
        "visibility": "published" if one.state == "active" else "staging",
    }


# ---------------------------------------------------------------- records


def _problem(record: Record, shelf: Shelf) -> str | None:
    """Why a record is not even taken in."""
    data = record.data
    if record.method not in {"CREATE", "UPDATE"}:
        return f"method: {record.method!r} is not possible here"
    if "retailer_id" in data:
        return "retailer_id: use id"
    if not isinstance(data.get("id"), str) or not 1 <= len(record.item_id) <= ID_MAX:
        return f"id: 1 to {ID_MAX} characters"
    if record.method == "CREATE" and (missing := [name for name in _NEEDED if not data.get(name)]):
        return f"{missing[0]}: the field is required"
    if strange := [name for name in data if name not in {*_NEEDED, *_OPTIONAL}]:
        return f"{strange[0]}: the field is not known"
    return _wrong_value(data, shelf.market.profile.currency)


def _wrong_value(data: Json, currency: str) -> str | None:
    number = data.get("quantity_to_sell_on_facebook", 0)
    price = _PRICE.fullmatch(str(data.get("price", f"1 {currency}")))
    if isinstance(number, bool) or not isinstance(number, int) or number < 0:
        return "quantity_to_sell_on_facebook: value is not a whole number of 0 or more"
    if price is None or price.group(2) != currency:
        return "price: value is not in the required format"
    if data.get("availability", "in stock") not in _AVAILABILITY:
        return "availability: value is not possible"
    if data.get("condition", "new") not in _CONDITIONS:
        return "condition: value is not possible"
    if len(str(data.get("description", ""))) > DESCRIPTION_MAX:
        return f"description: at most {DESCRIPTION_MAX} characters"
    return None


def _done(shelf: Shelf, record: Record, batch: Batch, now: datetime) -> tuple[str | None, str] | None:
    """Do one record; the error that the job will tell."""
    listing = shelf.listing(record.item_id)
    if listing is None and record.method == "UPDATE" and not batch.allow_upsert:
        return record.item_id, "Item not found"
    if listing is None:
        listing = _created(shelf, record, now)
    else:
        _patched(shelf, listing, record, now)
    error = _numbered(shelf, listing, record, now)
    if error is None and isinstance(word := record.data.get("availability"), str):
        shelf.availability[record.item_id] = word
    return error


def _created(shelf: Shelf, record: Record, now: datetime) -> Listing:
    """A new item; by way of an upsert it may be half empty."""
    view = shelf.market.create_listing(
        sku=record.item_id,
        title=str(record.data.get("title", "")),
        price=str(record.data.get("price", "0")).split(" ", maxsplit=1)[0],
        quantity=0,
        now=now,
    )
    return view.listing


def _patched(shelf: Shelf, listing: Listing, record: Record, now: datetime) -> None:
    title, price = record.data.get("title"), record.data.get("price")
    if title is not None or price is not None:
        shelf.market.patch_listing(
            listing.listing_id,
            title=None if title is None else str(title),
            price=None if price is None else str(price).split(" ", maxsplit=1)[0],
            now=now,
        )


def _numbered(shelf: Shelf, listing: Listing, record: Record, now: datetime) -> tuple[str | None, str] | None:
    """Set the number; where orders come in, what they hold of it is hidden from buyers at once."""
    if record.number is None:
        return None
    number = max(0, record.number - shelf.held(listing.pool_id, now))
    results = shelf.market.push_quantities([QuantityItem(pool_id=listing.pool_id, quantity=number)], now=now)
    if not results:
        return None, "An unknown error occurred"
    return (record.item_id, str(results[0].message)) if results[0].status == "refused" else None
