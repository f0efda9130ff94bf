"""How does ChannelEngine speak? Its Merchant API v2 over the pretend shop: endpoints, key, envelope; no shop logic.

Oddities kept: the key is part of the query, every answer is an envelope, one `PUT /v2/offer` may fail for some rows inside a
200 (`Content` maps SKU to messages), null is not "leave it", orders page by `page` and stock by `pageIndex`, orders come
unsorted and wait until they are acknowledged, and every answer counts down a limit of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from fastapi import APIRouter, Depends, Request, Response

from syncworker.sandbox import answers
from syncworker.sandbox.dialects import channelengine_documents as shapes
from syncworker.sandbox.dialects.arrivals import (
    RawBody,
    between,
    document,
    moment,
    rows,
    same,
    serial,
    table,
    text,
    whole,
)
from syncworker.sandbox.dialects.channelengine_documents import Json
from syncworker.sandbox.dialects.dialect import Dialect
from syncworker.sandbox.exchange import Exchange, Written
from syncworker.sandbox.faults import Operation, RetryAfter
from syncworker.sandbox.house import House, Shopfront
from syncworker.sandbox.manners import Manners
from syncworker.sandbox.model import Marketplace
from syncworker.sandbox.orders import Order
from syncworker.sandbox.pools import QuantityItem
from syncworker.sandbox.refusal import RefusedError

#: The stock location that every tenant has.
LOCATION_ID = 1
OFFERS_MAX = 1000
STOCK_PAGE_MAX = 500
#: Orders come in pages of this size, whatever is asked; a shop with a smaller page size keeps to its own.
ORDER_PAGE = 100
_FULFILMENT = ("ALL", "ONLY_CHANNEL", "ONLY_MERCHANT", "MIXED")


class CEManners(Manners):
    """The envelope of a refusal."""

    def refusal(self, error: RefusedError, at: datetime) -> Response:
        """A bad request names its fields in `ValidationErrors`."""
        status = 400 if error.status == 422 else error.status
        named = {str(error.facts.get("field", "")): [error.message]} if error.status == 422 else {}
        body = shapes.envelope(None, status=status, message=error.message, errors=named)
        return answers.json_answer(body, at, status=status)

    def too_many_calls(self, wait_s: float, how: RetryAfter, at: datetime) -> Response:
        """429 with `retry-after`."""
        plain = super().too_many_calls(wait_s, how, at)
        headers = {name: value for name, value in plain.headers.items() if name == "retry-after"}
        body = shapes.envelope(None, status=429, message="API rate limit exceeded", errors={})
        return answers.json_answer(
            body, at, status=429, headers=headers | {"x-rate-limit-limit": "0", "x-rate-limit-remaining": "0"}
        )


@dataclass(slots=True)
class _Tenants:
    """The house, and which orders of each shop are acknowledged under which of our numbers."""

    house: House
    acknowledged: dict[str, dict[str, str]] = field(default_factory=dict)

    def of(self, shop: str) -> dict[str, str]:
        """Our number of each acknowledged order."""
        return self.acknowledged.setdefault(shop, {})

    def call(
        self,
        shop: str,
        operation: Operation,
        deed: Callable[[Marketplace, datetime], Json],
        *,
        status: int = 200,
        later: Callable[[Marketplace, datetime, float], None] | None = None,
    ) -> Response:
        """One call in an envelope, with the limit's headers."""
        front = self.house.shop(shop)

        def shown(market: Marketplace, now: datetime) -> Written:
            return Written(deed(market, now), _limit_headers(front))

        landing = None if later is None else (lambda now, wait: later(front.market, now, wait))
        return Exchange(self.house, front, operation, CHANNELENGINE.manners).answer(
            shown, status=status, later=landing
        )


def _limit_headers(front: Shopfront) -> dict[str, str]:
    """What is left of the shop's limit; without one the tenant's is far away."""
    limit = front.market.profile.rate_limit_calls or 1000
    left = front.market.calls_left()
    return {"x-rate-limit-limit": str(limit), "x-rate-limit-remaining": str(999 if left is None else left)}


def _router(house: House) -> APIRouter:
    def admitted(shop: str, request: Request) -> None:
        house.shop(shop)
        if not same(request.query_params.get("apikey"), f"key-{shop}"):
            raise RefusedError(401, "unauthorized", "Unauthorized: no or an unknown API key")

    router = APIRouter(prefix="/{shop}/api", dependencies=[Depends(admitted)])
    tenants = _Tenants(house)
    _add_tenant(router, tenants)
    _add_goods(router, tenants)
    _add_offers(router, tenants)
    _add_orders(router, tenants)
    return router


def _add_tenant(router: APIRouter, tenants: _Tenants) -> None:
    @router.get("/v2/settings")
    def settings(shop: str) -> Response:
        def deed(market: Marketplace, _now: datetime) -> Json:
            profile = market.profile
            shown: Json = {"Name": profile.name, "CurrencyCode": profile.currency, "Settings": {}}
            return shapes.envelope(shown)

        return tenants.call(shop, "shop", deed)

    @router.get("/v2/stocklocations")
    def locations(shop: str) -> Response:
        return tenants.call(
            shop,
            "shop",
            lambda _market, _now: shapes.collection([shapes.location(LOCATION_ID)], total=1, size=100),
        )


def _add_goods(router: APIRouter, tenants: _Tenants) -> None:
    @router.get("/v2/products")
    def products(shop: str, request: Request) -> Response:
        page = between(request.query_params.get("page"), "page", default=1, least=1)
        wanted = request.query_params.getlist("merchantProductNoList")

        def deed(market: Marketplace, now: datetime) -> Json:
            size = min(ORDER_PAGE, market.profile.page_size)
            found = [one for one in market.listings.values() if not wanted or one.sku in wanted]
            chosen = found[(page - 1) * size : page * size]
            return shapes.collection(
                [shapes.product(market, one, now) for one in chosen], total=len(found), size=size
            )

        return tenants.call(shop, "listings", deed)

    @router.patch("/v2/products")
    def patch_products(shop: str, raw: RawBody) -> Response:
        """Only the properties that are named change; the others of a row are not looked at."""
        asked = table(document(raw), "body")
        named = asked.get("PropertiesToUpdate")
        models = rows(asked.get("MerchantProductRequestModels"), "MerchantProductRequestModels")
        if not isinstance(named, list) or not named or not set(named) <= shapes.PATCHABLE:
            words = f"names some of {', '.join(sorted(shapes.PATCHABLE))}"
            raise RefusedError(422, "invalid_request", words, field="PropertiesToUpdate")

        def deed(market: Marketplace, now: datetime) -> Json:
            return _told([shapes.patched(market, row, [str(one) for one in named], now) for row in models])

        return tenants.call(shop, "patch", deed)

    @router.post("/v2/products")
    def upsert_products(shop: str, raw: RawBody) -> Response:
        """An upsert: a product that is there already gets all of these contents, its stock included."""
        asked = rows(document(raw), "products")

        def deed(market: Marketplace, now: datetime) -> Json:
            return _told([shapes.upserted(market, row, now) for row in asked])

        return tenants.call(shop, "publish", deed, status=201)


def _told(results: list[Json]) -> Json:
    """What became of the products of one call; those that were turned down are named in a success."""
    refused = [each for each in results if each["Errors"]]
    content: Json = {
        "RejectedCount": len(refused),
        "AcceptedCount": len(results) - len(refused),
        "ProductMessages": refused,
    }
    return shapes.envelope(content)


def _add_offers(router: APIRouter, tenants: _Tenants) -> None:
    @router.put("/v2/offer")
    def offer(shop: str, raw: RawBody) -> Response:
        asked = rows(document(raw), "offers")
        if not 1 <= len(asked) <= OFFERS_MAX:
            raise RefusedError(422, "invalid_request", f"1 to {OFFERS_MAX} rows", field="offers")
        changes = [_change(row, f"[{index}]") for index, row in enumerate(asked)]

        def later(market: Marketplace, now: datetime, after_s: float) -> None:
            by_sku = shapes.by_sku(market)
            items = [
                QuantityItem(pool_id=by_sku[sku].pool_id, quantity=stock)
                for sku, stock, _price in changes
                if stock is not None and sku in by_sku
            ]
            market.land_later(items, now=now, after_s=after_s)

        return tenants.call(
            shop, "quantities", lambda market, now: _offered(market, changes, now), later=later
        )

    @router.get("/v2/offer/stock")
    def stock(shop: str, request: Request) -> Response:
        query = request.query_params
        places, skus = query.getlist("stockLocationIds"), query.getlist("skus")
        if not places:
            raise RefusedError(422, "invalid_request", "is required", field="stockLocationIds")
        index = between(query.get("pageIndex"), "pageIndex", default=0, least=0)
        size = between(query.get("pageSize"), "pageSize", default=100, least=1, most=STOCK_PAGE_MAX)

        def deed(market: Marketplace, now: datetime) -> Json:
            found = [one for one in market.listings.values() if not skus or one.sku in skus]
            found = found if str(LOCATION_ID) in places else []
            chosen = found[index * size : (index + 1) * size]
            shown = [shapes.stock(market, one, LOCATION_ID, now) for one in chosen]
            return shapes.collection(shown, total=len(found), size=size)

        return tenants.call(shop, "read", deed)


def _add_orders(router: APIRouter, tenants: _Tenants) -> None:
    @router.get("/v2/orders/new")
    def new_orders(shop: str) -> Response:
        ours = tenants.of(shop)

        def deed(market: Marketplace, now: datetime) -> Json:
            return _order_page(market, now, ours, lambda order: _status(order, ours) == "NEW", page=None)

        return tenants.call(shop, "orders", deed)

    @router.get("/v2/orders")
    def orders(shop: str, request: Request) -> Response:
        query = request.query_params
        page = between(query.get("page"), "page", default=1, least=1)
        if query.get("fulfillmentType", "ALL") not in _FULFILMENT:
            raise RefusedError(422, "invalid_request", "is not a fulfilment type", field="fulfillmentType")
        ours = tenants.of(shop)
        keep = _wanted(request, ours)
        return tenants.call(
            shop, "orders", lambda market, now: _order_page(market, now, ours, keep, page=page)
        )

    @router.post("/v2/orders/acknowledge")
    def acknowledge(shop: str, raw: RawBody) -> Response:
        asked = table(document(raw), "body")
        number = whole(asked.get("OrderId"), "OrderId")
        own = text(asked.get("MerchantOrderNo"), "MerchantOrderNo")
        ours = tenants.of(shop)

        def deed(market: Marketplace, _now: datetime) -> Json:
            name = next((each for each in market.book.orders if serial(each) == number), None)
            if name is None:
                raise RefusedError(404, "not_found", f"Order {number} could not be found")
            if name in ours:
                raise RefusedError(409, "acknowledged", f"Order {number} is acknowledged already")
            ours[name] = own
            return shapes.envelope(None, status=201)

        return tenants.call(shop, "patch", deed, status=201)


def _order_page(
    market: Marketplace,
    now: datetime,
    ours: dict[str, str],
    keep: Callable[[Order], bool],
    *,
    page: int | None,
) -> Json:
    """One page of orders, or all of them; sorted by nothing that a seller could use."""
    size = 10**9 if page is None else min(ORDER_PAGE, market.profile.page_size)
    found = market.list_by_position(
        now=now,
        keep=keep,
        by=lambda order: (order.created_at, order.order_id),
        start=0 if page is None else (page - 1) * size,
        size=size,
    )
    shown = [shapes.order(order, ours.get(order.order_id)) for order in found.orders]
    return shapes.collection(shown, total=found.total, size=len(shown) if page is None else size)


def _wanted(request: Request, ours: dict[str, str]) -> Callable[[Order], bool]:
    """The filters of a list of orders; bounds are inclusive."""
    since, until = (_bound(request, name) for name in ("fromUpdatedAtDate", "toUpdatedAtDate"))
    statuses = request.query_params.getlist("statuses")

    def keep(order: Order) -> bool:
        return (
            (since is None or order.updated_at >= since)
            and (until is None or order.updated_at <= until)
            and (not statuses or _status(order, ours) in statuses)
        )

    return keep


def _status(order: Order, ours: dict[str, str]) -> str:
    return shapes.status(order, ours.get(order.order_id))


def _bound(request: Request, name: str) -> datetime | None:
    given = request.query_params.get(name)
    at = None if given is None else moment(given, name)
    return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at


def _change(row: Json, place: str) -> tuple[str, int | None, str | None]:
    """SKU, stock and price of one row; null is no way of saying "leave it"."""
    sku = text(row.get("MerchantProductNo"), f"{place}.MerchantProductNo")
    if row.get("StockLocationId", LOCATION_ID) != LOCATION_ID:
        raise RefusedError(422, "invalid_request", "is unknown", field=f"{place}.StockLocationId")
    stock = whole(row["Stock"], f"{place}.Stock") if "Stock" in row else None
    if stock is not None and stock < 0:
        raise RefusedError(422, "invalid_request", "must not be negative", field=f"{place}.Stock")
    price = row.get("Price")
    if "Price" in row and not (
        isinstance(price, (int, float))
        and not isinstance(price, bool)
        and math.isfinite(price)
        and price >= 0
    ):
        raise RefusedError(422, "invalid_request", "must be a number", field=f"{place}.Price")
    return sku, stock, None if price is None else str(price)


def _offered(market: Marketplace, changes: list[tuple[str, int | None, str | None]], now: datetime) -> Json:
    """Each row by itself; the messages of those that failed."""
    by_sku, messages = shapes.by_sku(market), dict[str, object]()
    untold = False
    for sku, stock, price in changes:
        listing = by_sku.get(sku)
        if listing is None:
            messages[sku] = [f"Product with MerchantProductNo '{sku}' could not be found"]
            continue
        if stock is not None:
            results = market.push_quantities([QuantityItem(pool_id=listing.pool_id, quantity=stock)], now=now)
            untold = untold or not results
            why = [f"{each.code}: {each.message}" for each in results if each.status == "refused"]
            messages |= {sku: why} if why else {}
        if price is not None:
            market.patch_listing(listing.listing_id, now=now, price=price)
    if untold:
        # A row that is missing from the map counts as done here, so a lost one can only be a broken answer.
        raise RefusedError(500, "internal_error", "An internal error occurred")
    words = (
        "Updates processed, see 'Content' for warnings" if messages else "Updates processed without warnings"
    )
    return shapes.envelope(messages, message=words)


#: ChannelEngine's Merchant API v2.
CHANNELENGINE = Dialect("channelengine", base_path="/api", router=_router, manners=CEManners())
