"""How do items and batches look on Meta's wire, and what do its answers say of ours? Pure; the engine decides numbers.

What an answer does not settle is unknown, also beside "finished".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote

from syncworker.connector import (
    Document,
    Json,
    ListingDraft,
    ListingPage,
    ListingUpdate,
    Money,
    PushResult,
    QuantityPush,
    Reading,
    RemoteListing,
    applied,
    refused,
    unknown,
)
from syncworker_instagram.client import next_cursor
from syncworker_instagram.settings import InstagramSettings

IN_STOCK, OUT_OF_STOCK = "in stock", "out of stock"
#: Words for "can be bought"; every other one, also one that nobody has heard of, cannot.
_BUYABLE = frozenset((IN_STOCK, "available for order", "preorder"))
#: An item's own id may have this many signs.
RETAILER_ID_MAX = 100


class BatchState(StrEnum):
    """How far a batch is; a word that is not known proves nothing."""

    RUNNING = "running"
    FINISHED = "finished"
    UNKNOWN = "unknown"


_STATES = {"started": BatchState.RUNNING, "in_progress": BatchState.RUNNING, "finished": BatchState.FINISHED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What the first answer to a batch says: its handle if anything was taken in, and why items were not."""

    handle: str | None
    #: By retailer id, in Meta's own words.
    rejected: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchEnd:
    """What became of a batch that has come to its end, or not yet."""

    state: BatchState
    #: By retailer id, in Meta's own words.
    failed: Mapping[str, str]
    #: Whether every error names its item: else any of the others may have failed.
    names_all: bool


# ---------------------------------------------------------------- numbers


def quantity_record(push: QuantityPush) -> Json:
    """Number and availability together, so that both agree; nothing else of the item is touched."""
    availability = IN_STOCK if push.value > 0 else OUT_OF_STOCK
    data: Json = {
        "id": push.pool_key,
        "quantity_to_sell_on_facebook": push.value,
        "availability": availability,
    }
    return {"method": "UPDATE", "data": data}


def taken(body: Json) -> Taken:
    """The first answer to a batch."""
    answer = Document(body)
    handles = [one.text() for one in answer["handles"].items()]
    if len(handles) > 1:
        answer["handles"].fail("holds more than one handle")
    rejected: dict[str, str] = {}
    for row in _rows(answer.get("validation_status")):
        errors = _rows(row.get("errors"))
        if errors:
            rejected[row["retailer_id"].text()] = _words(errors)
    return Taken(handle=handles[0] if handles else None, rejected=rejected)


def batch_end(body: Json, handle: str) -> BatchEnd:
    """How far the batch is, and which of its items failed."""
    rows = list(Document(body)["data"].items())
    if len(rows) != 1 or rows[0]["handle"].text() != handle:
        Document(body)["data"].fail("does not tell of the batch that was asked for")
    row = rows[0]
    state = _STATES.get(row["status"].text().lower(), BatchState.UNKNOWN)
    failed: dict[str, str] = {}
    nameless = 0
    for error in _rows(row.get("errors")):
        name = error.get("id") or error.get("retailer_id")
        if name is None:
            nameless += 1
        else:
            failed[name.text()] = _words([error])
    for one in _rows(row.get("ids_of_invalid_requests")):
        failed.setdefault(one.text(), "refused by the catalogue")
    count = row.get("errors_total_count")
    total = 0 if count is None else count.whole()
    return BatchEnd(state=state, failed=failed, names_all=nameless == 0 and len(failed) >= total)


def outcome(push: QuantityPush, first: Taken, end: BatchEnd | None) -> PushResult:
    """What became of one number; ``end`` is ``None`` when the batch could not be followed to its end."""
    key = push.pool_key
    if key in first.rejected:
        return refused(push, first.rejected[key], parks=True)
    if first.handle is None:
        return refused(push, "the catalogue took nothing of the batch in", parks=False)
    if end is None or end.state is BatchState.RUNNING:
        return unknown(push, "the batch was taken in and is not finished yet")
    if end.state is BatchState.UNKNOWN:
        return unknown(push, "the batch is in a state that nobody knows")
    if key in end.failed:
        return refused(push, end.failed[key], parks=True)
    if not end.names_all:
        return unknown(push, "the batch finished with errors that name no item")
    return applied(push)


def readings(rows: Sequence[Document], asked: Sequence[str], *, orders: bool) -> tuple[Reading, ...]:
    """The numbers of these items; one that the catalogue does not have has none, which is not 0."""
    found = {row["retailer_id"].text(): _number(row, orders=orders) for row in rows}
    return tuple(Reading(pool_key=key, quantity=found.get(key)) for key in asked)


def _number(row: Document, *, orders: bool) -> int:
    """Where orders come in, the number that we gave. In a catalogue 1 for what people see as in stock, else 0.

    An item at 0 counts as out of stock whatever its availability says: so does Meta.
    """
    quantity = row["quantity_to_sell_on_facebook"] if orders else row.get("quantity_to_sell_on_facebook")
    if orders and quantity is not None:
        return quantity.whole()
    is_buyable = row["availability"].text().lower() in _BUYABLE
    return int(is_buyable and (quantity is None or quantity.whole() > 0))


# ---------------------------------------------------------------- listings


def listing_page(body: Json, *, orders: bool) -> ListingPage:
    """One page of all items."""
    page = Document(body)
    rows = [listing(row, orders=orders) for row in page["data"].items()]
    return ListingPage(listings=tuple(rows), next_cursor=next_cursor(page))


def listing(row: Document, *, orders: bool) -> RemoteListing:
    """One item. Its price is left out: Meta shows it as people write it, which is not to be read back."""
    retailer_id, name = row["retailer_id"].text(), row.get("name")
    visibility, quantity = row.get("visibility"), row.get("quantity_to_sell_on_facebook")
    has_number = quantity is not None if orders else row.get("availability") is not None
    return RemoteListing(
        listing_id=retailer_id,
        pool_key=retailer_id,
        sku=retailer_id,
        title="" if name is None else name.shown(),
        active=visibility is None or visibility.text() == "published",
        quantity=_number(row, orders=orders) if has_number else None,
    )


def missing_for(draft: ListingDraft, settings: InstagramSettings) -> str | None:
    """Why this product cannot be published; ``None`` if it can."""
    if len(draft.sku) > RETAILER_ID_MAX:
        return f"a catalogue's item id has at most {RETAILER_ID_MAX} signs"
    if draft.price is None:
        return "the catalogue lists nothing without a price"
    lacking = [name for name in ("product_url", "image_url", "brand") if getattr(settings, name) is None]
    if lacking:
        return f"set {', '.join(lacking)} in channels.toml, or add it in the Commerce Manager with the id {draft.sku}"
    return None


def create_record(draft: ListingDraft, price: Money, settings: InstagramSettings) -> Json:
    """A new item, out of stock: its number follows as a push."""
    data: Json = {
        "id": draft.sku,
        "title": draft.title,
        "description": draft.title,
        "availability": OUT_OF_STOCK,
        "condition": "new",
        "price": price_text(price),
        "link": _address(settings.product_url, draft.sku),
        "image": [{"url": _address(settings.image_url, draft.sku), "tag": []}],
        "brand": settings.brand,
        "quantity_to_sell_on_facebook": 0,
    }
    return {"method": "CREATE", "data": data}


def update_record(update: ListingUpdate) -> Json | None:
    """The contents that the update names; ``None`` when it names none. Neither number nor availability."""
    data: dict[str, Json] = {}
    if update.title is not None:
        data["title"] = update.title
    if update.description is not None:
        data["description"] = update.description
    if update.price is not None:
        data["price"] = price_text(update.price)
    if update.images is not None:
        data["image"] = [{"url": url, "tag": []} for url in update.images]
    return {"method": "UPDATE", "data": {"id": update.listing_id, **data}} if data else None


def price_text(price: Money) -> str:
    """As a batch takes it: whole amount and currency. (The single-item call takes minor units: never mixed.)"""
    return f"{price.amount:f} {price.currency}"


def _address(template: str | None, sku: str) -> str:
    return (template or "").replace("{sku}", quote(sku, safe=""))


def _rows(value: Document | None) -> list[Document]:
    return [] if value is None else list(value.items())


def _words(errors: Sequence[Document]) -> str:
    """Meta's own words; they decide nothing, so odd ones spoil nothing."""
    told = [words.shown() for one in errors if (words := one.get("message")) is not None]
    return "; ".join(told) or "refused by the catalogue"
