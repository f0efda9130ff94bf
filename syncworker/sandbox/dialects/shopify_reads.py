"""What do a pretend Shopify's queries find? Its root fields, each asked with its arguments; nothing is changed by them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta

from syncworker.sandbox.dialects.graphql import Resolver
from syncworker.sandbox.dialects.shopify_rows import (
    LOCATION,
    Row,
    Visit,
    after,
    connection,
    first,
    gid,
    number_of,
    order,
    our_order_id,
    page,
)
from syncworker.sandbox.listings import ListingView
from syncworker.sandbox.refusal import RefusedError

_SINCE = re.compile(r"updated_at:>='([^']+)'(?: updated_at:<'([^']+)')?")
_SKU = re.compile(r'sku:"((?:[^"\\]|\\.)*)"')


def roots(visit: Visit) -> dict[str, Resolver]:
    """The root fields of a query."""
    place = {"id": gid("Location", LOCATION), "name": "Workshop", "isActive": True}
    return {
        "shop": _takes((), lambda _none: _shop(visit)),
        "locations": _takes(("first", "after", "includeLegacy"), connection([place])),
        "productVariants": _takes(("first", "after", "query"), lambda arguments: _variants(visit, arguments)),
        "productVariant": _takes(("id",), lambda arguments: _variant(visit, arguments.get("id"))),
        "productByIdentifier": _takes(("identifier",), lambda arguments: product(visit, _handle(arguments))),
        "nodes": _takes(("ids",), lambda arguments: _nodes(visit, arguments.get("ids"))),
        "orders": _takes(("first", "after", "query", "sortKey"), lambda arguments: _orders(visit, arguments)),
        "order": _takes(("id",), lambda arguments: _order(visit, arguments.get("id"))),
        "bulkOperation": _takes(("id",), lambda arguments: _bulk(visit, arguments.get("id"))),
    }


def _takes(names: Collection[str], resolve: Resolver) -> Resolver:
    """A field with these arguments and no others."""

    def checked(arguments: dict[str, object]) -> object:
        strange = set(arguments) - set(names)
        if strange:
            words = f"Field doesn't accept argument {', '.join(sorted(strange))}"
            raise RefusedError(200, "argumentNotAccepted", words)
        return resolve(arguments)

    return checked


def views(visit: Visit) -> Iterator[ListingView]:
    """Every listing with its number."""
    cursor: str | None = None
    while True:
        found = visit.market.list_listings(now=visit.now, cursor=cursor)
        yield from found.listings
        cursor = found.next_cursor
        if cursor is None:
            return


def product(visit: Visit, handle: object) -> Row | None:
    """The product of that handle with its variants."""
    goods = visit.goods
    for number, ids in goods.products.items():
        shown = goods.product(number)
        if shown["handle"] == handle:
            rows: list[object] = [goods.variant(one) for one in views(visit) if one.listing.listing_id in ids]
            return shown | {"variants": connection(rows)}
    return None


def bulk_rows(visit: Visit) -> list[Row]:
    """Every variant, as a bulk operation finds them."""
    goods = visit.goods
    return [goods.variant(view) for view in views(visit)]


def _shop(visit: Visit) -> Row:
    name = visit.market.profile.name
    return {
        "id": gid("Shop", 1),
        "name": name,
        "currencyCode": visit.market.profile.currency,
        "myshopifyDomain": f"{name}.myshopify.com",
        "plan": {"publicDisplayName": "Basic"},
    }


def _variants(visit: Visit, arguments: dict[str, object]) -> Row:
    query, goods = arguments.get("query"), visit.goods
    if query is None:
        found = visit.market.list_listings(now=visit.now, cursor=after(arguments), limit=first(arguments))
        rows: list[object] = [goods.variant(view) for view in found.listings]
        return page(rows, found.next_cursor or "end", has_more=found.next_cursor is not None)
    wanted = _SKU.fullmatch(str(query))
    if wanted is None:
        raise RefusedError(200, "BAD_REQUEST", 'this pretend shop finds variants by sku:"..."')
    sku = re.sub(r"\\(.)", r"\1", wanted[1])
    rows = [goods.variant(one) for one in views(visit) if one.listing.sku == sku and _is_indexed(visit, one)]
    return page(rows[: first(arguments)], "end", has_more=False)


def _is_indexed(visit: Visit, view: ListingView) -> bool:
    """The search index lags behind what was made a moment ago."""
    made = visit.desk.made_at.get(view.listing.listing_id)
    lag = timedelta(seconds=visit.market.profile.visibility_lag_s)
    return made is None or visit.market.channel_time(visit.now) >= made + lag


def _variant(visit: Visit, theirs: object) -> Row | None:
    goods = visit.goods
    listing_id = goods.variants.get(number_of(theirs, "ProductVariant") or 0)
    return next((goods.variant(one) for one in views(visit) if one.listing.listing_id == listing_id), None)


def _handle(arguments: dict[str, object]) -> object:
    identifier = arguments.get("identifier")
    return identifier.get("handle") if isinstance(identifier, dict) else None


def _nodes(visit: Visit, ids: object) -> list[Row | None]:
    """Inventory items in the order they were asked for; None for one that is not there."""
    if not isinstance(ids, list) or len(ids) > 250:
        raise RefusedError(200, "BAD_REQUEST", "ids are at most 250")
    goods, market = visit.goods, visit.market
    pools = [goods.items.get(number_of(one, "InventoryItem") or 0) for one in ids]
    known = list(dict.fromkeys(pool for pool in pools if pool is not None))
    size = market.profile.batch_max
    rows: dict[str | None, Row] = {}
    for start in range(0, len(known), size):
        for reading in market.read_quantities(known[start : start + size], now=visit.now):
            rows[reading.pool_id] = goods.item(reading.pool_id, reading.quantity or 0, reading.reserved or 0)
    return [rows.get(pool) for pool in pools]


def _orders(visit: Visit, arguments: dict[str, object]) -> Row:
    """By the time of the last change, whatever the rows' own times say: the index is what is asked."""
    if arguments.get("sortKey") != "UPDATED_AT":
        raise RefusedError(200, "BAD_REQUEST", "this pretend shop sorts orders by UPDATED_AT")
    window = _SINCE.fullmatch(str(arguments.get("query")))
    if window is None or window[2] is not None:
        raise RefusedError(200, "BAD_REQUEST", "this pretend shop finds orders by updated_at:>='...'")
    since = datetime.fromisoformat(window[1]).astimezone(UTC)
    found = visit.market.list_orders(
        now=visit.now, updated_since=since, cursor=after(arguments), limit=first(arguments)
    )
    rows: list[object] = [order(one, visit.goods, visit.desk) for one in found.orders]
    return page(rows, found.next_cursor or "end", has_more=found.next_cursor is not None)


def _order(visit: Visit, theirs: object) -> Row | None:
    ours = our_order_id(visit.market, theirs)
    return None if ours is None else order(visit.market.book.get(ours), visit.goods, visit.desk)


def _bulk(visit: Visit, theirs: object) -> Row | None:
    bulk = visit.desk.bulks.get(str(theirs))
    if bulk is None:
        return None
    is_done = visit.now >= bulk.due
    name = bulk.gid.rpartition("/")[2]
    return {
        "id": bulk.gid,
        "status": "COMPLETED" if is_done else "RUNNING",
        "errorCode": None,
        "url": f"{visit.desk.address}/bulk/{name}.jsonl?signature=signed-{name}%2Bx" if is_done else None,
    }
