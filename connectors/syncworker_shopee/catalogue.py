"""How are items looked up and changed? Ids, facts and models of items in the fewest requests; no quantity is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal

from syncworker.connector import (
    ChannelError,
    Document,
    Json,
    ListingPage,
    ListingRejectedError,
    ListingUpdate,
    MalformedAnswerError,
    OutcomeUnknownError,
    Reading,
    RemoteListing,
    RequestRefusedError,
    RetryLaterError,
)
from syncworker_shopee import listings
from syncworker_shopee.client import ITEMS_MAX, Reply, ShopeeClient
from syncworker_shopee.listings import NO_MODEL, PoolKey, id_of
from syncworker_shopee.refusals import NO_SUCH_ITEM

_OFFSET_MAX = 10**9


def listing_page(client: ShopeeClient, location_id: str | None, cursor: str | None) -> ListingPage:
    """One page of items with their models. The cursor is Shopee's offset."""
    offset = int(cursor or 0)
    data = client.items(offset).data
    rows = data.get("item")
    ids = [] if rows is None else [id_of(row["item_id"]) for row in rows.items()]
    following = None
    if data["has_next_page"].flag():
        following = data["next_offset"].whole(most=_OFFSET_MAX)
        if following <= offset:
            raise MalformedAnswerError("the page leads to itself", path="next_offset")
    found = [one for item in _facts(client, ids).values() for one in _listings(client, item, location_id)]
    return ListingPage(listings=tuple(found), next_cursor=None if following is None else str(following))


def _listings(client: ShopeeClient, item: Document, location_id: str | None) -> Iterator[RemoteListing]:
    if listings.is_deleted(item):
        return
    models = client.models(id_of(item["item_id"])).data["model"] if listings.has_models(item) else None
    yield from listings.listings_of(item, models, location_id)


def _facts(client: ShopeeClient, ids: Sequence[str]) -> dict[str, Document]:
    """These items by id, in their order; one that was deleted meanwhile is missing."""
    found: dict[str, Document] = {}
    for start in range(0, len(ids), ITEMS_MAX):
        rows = client.item_facts(ids[start : start + ITEMS_MAX]).data["item_list"]
        found |= {id_of(row["item_id"]): row for row in rows.items()}
    return found


def with_sku(client: ShopeeClient, location_id: str | None, sku: str) -> list[RemoteListing]:
    """Every listing that has this SKU. Shopee does not keep them apart, and cannot be asked for one."""
    found: list[RemoteListing] = []
    cursor: str | None = None
    while True:
        page = listing_page(client, location_id, cursor)
        found += [one for one in page.listings if one.sku == sku]
        cursor = page.next_cursor
        if cursor is None:
            return found


# ---------------------------------------------------------------- numbers read back


def readings(client: ShopeeClient, pool_keys: Sequence[str]) -> list[Reading]:
    """The numbers of these pools. An item that an answer leaves out is not read; one that Shopee does not know has none."""
    keys = [key for text in pool_keys if (key := PoolKey.read(text)) is not None]
    plain = list(dict.fromkeys(key.item_id for key in keys if key.model_id == NO_MODEL))
    found: list[Reading] = []
    for start in range(0, len(plain), ITEMS_MAX):
        rows = _items(client, plain[start : start + ITEMS_MAX])
        found += [
            _plain(key, rows[key.item_id]) for key in keys if key.model_id == NO_MODEL and key.item_id in rows
        ]
    for item_id in dict.fromkeys(key.item_id for key in keys if key.model_id != NO_MODEL):
        models = _models(client, item_id)
        wanted = [key for key in keys if key.item_id == item_id and key.model_id != NO_MODEL]
        found += [listings.reading(key, models.get(key.model_id)) for key in wanted]
    return found


def _items(client: ShopeeClient, item_ids: Sequence[str]) -> Mapping[str, Document | None]:
    """The items that the answer tells; ``None`` for one that Shopee does not know."""
    try:
        rows = client.item_facts(item_ids).data["item_list"]
        return {id_of(row["item_id"]): row for row in rows.items()}
    except RequestRefusedError as error:
        if error.code not in NO_SUCH_ITEM:
            raise
    if len(item_ids) == 1:
        return {item_ids[0]: None}
    # One unknown item spoils the whole request, so each is asked for by itself.
    return {key: row for item_id in item_ids for key, row in _items(client, [item_id]).items()}


def _plain(key: PoolKey, item: Document | None) -> Reading:
    is_there = item is not None and not listings.is_deleted(item) and not listings.has_models(item)
    return listings.reading(key, item if is_there else None)


def _models(client: ShopeeClient, item_id: str) -> dict[str, Document]:
    try:
        rows = client.models(item_id).data["model"]
    except RequestRefusedError as error:
        if error.code not in NO_SUCH_ITEM:
            raise
        return {}
    return {id_of(row["model_id"]): row for row in rows.items()}


def least(client: ShopeeClient, keys: Sequence[PoolKey]) -> dict[PoolKey, int]:
    """The smallest number that a promotion leaves of each of these models of one item, as far as one look tells it."""
    found: dict[PoolKey, int] = {}
    with suppress(ChannelError):
        item_id = keys[0].item_id
        if keys[0].model_id == NO_MODEL:
            items = client.item_facts([item_id], once=True).data["item_list"].items()
            rows = {NO_MODEL: item for item in items if id_of(item["item_id"]) == item_id}  # noqa: B035  # one at most
        else:
            rows = {
                id_of(one["model_id"]): one for one in client.models(item_id, once=True).data["model"].items()
            }
        for key in keys:
            row = rows.get(key.model_id)
            stock = None if row is None else listings.stock_of(row, key.location_id, what=str(key))
            if stock is not None:
                found[key] = stock.least
    return found


# ---------------------------------------------------------------- contents


def update(client: ShopeeClient, location_id: str | None, wanted: ListingUpdate) -> RemoteListing:
    """Change what can be changed of one listing, and read it back."""
    ids = listings.split_listing_id(wanted.listing_id)
    if ids is None:
        raise _rejected(wanted, f"{wanted.listing_id} is no listing of Shopee's")
    if any(part is not None for part in (wanted.title, wanted.description, wanted.images)):
        raise _rejected(
            wanted, "title, description and pictures belong to the whole item: edit it in the Seller Centre"
        )
    item_id, model_id = ids
    if wanted.active is not None and model_id != NO_MODEL:
        raise _rejected(
            wanted, "an item is shown or hidden with all its variants: do that in the Seller Centre"
        )
    try:
        if wanted.price is not None:
            _done(wanted, client, client.set_price(item_id, model_id, amount_of(wanted.price.amount)))
        if wanted.active is not None:
            _done(wanted, client, client.set_listed(item_id, is_listed=wanted.active))
    except RequestRefusedError as error:
        raise _rejected(wanted, str(error)) from error
    return _read_back(client, location_id, wanted, item_id)


def amount_of(amount: Decimal) -> Json:
    """JSON has no exact fractions: whole amounts go as integers, others with the two digits that Shopee takes."""
    return int(amount) if amount == amount.to_integral_value() else float(amount)  # type: ignore[return-value]


def _done(wanted: ListingUpdate, client: ShopeeClient, reply: Reply) -> None:
    data = reply.envelope.get("response")
    failed = None if data is None else data.get("failure_list")
    rows = [] if failed is None else list(failed.items())
    if rows:
        reason = rows[0].get("failed_reason")
        raise _rejected(
            wanted, client.redact("" if reason is None else reason.shown()) or "Shopee gives no reason"
        )


def _read_back(
    client: ShopeeClient, location_id: str | None, wanted: ListingUpdate, item_id: str
) -> RemoteListing:
    try:
        items = _items(client, [item_id])
        item = items.get(item_id)
        found = [] if item is None else list(_listings(client, item, location_id))
    except (RetryLaterError, MalformedAnswerError) as error:
        raise OutcomeUnknownError(f"{wanted.sku}: changed, but it cannot be read back: {error}") from error
    for one in found:
        if one.listing_id == wanted.listing_id:
            return one
    raise _rejected(wanted, f"{wanted.listing_id} is not listed any more")


def _rejected(wanted: ListingUpdate, why: str) -> ListingRejectedError:
    return ListingRejectedError(f"{wanted.sku}: {why}", sku=wanted.sku)
