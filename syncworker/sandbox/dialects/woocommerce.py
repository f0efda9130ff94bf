"""How does a WooCommerce store speak? REST v3 over the pretend shop: endpoints, sign-in and errors; no shop logic.

Oddities kept: 200 with error rows in a batch, variations per parent, site time beside GMT in whole seconds, an exclusive
`modified_after`, pages by number with their count in headers, `manage_stock` that silently wipes a number, and HTML
where a host rather than the store says no. Kinder than real: an order is paid when it is placed, so the number falls
at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import TypeVar

from fastapi import APIRouter, Depends, Request, Response

from syncworker.sandbox import answers
from syncworker.sandbox.dialects import woocommerce_goods as goods
from syncworker.sandbox.dialects import woocommerce_orders as orders
from syncworker.sandbox.dialects.arrivals import (
    RawBody,
    basic_credentials,
    between,
    document,
    listed,
    moment,
    rows,
    same,
    serial,
    table,
)
from syncworker.sandbox.dialects.dialect import Dialect
from syncworker.sandbox.dialects.woocommerce_goods import Shelf
from syncworker.sandbox.exchange import Exchange, Written
from syncworker.sandbox.faults import Operation, RetryAfter
from syncworker.sandbox.house import House
from syncworker.sandbox.manners import Manners
from syncworker.sandbox.model import Marketplace
from syncworker.sandbox.orders import Order
from syncworker.sandbox.refusal import RefusedError

BASE = "/wp-json/wc/v3"
#: The store's own time zone: dates without `_gmt` are in it.
SITE = timezone(timedelta(hours=7))
BATCH_MAX = 100
_ORDERED_BY = ("date", "id", "include", "title", "slug", "modified")
_CODES = {
    "unauthorized": "woocommerce_rest_cannot_view",
    "not_found": "rest_no_route",
    "unknown_shop": "rest_no_route",
    "invalid_json": "rest_invalid_json",
    "invalid_request": "rest_invalid_param",
}


class WooManners(Manners):
    """WordPress' envelope; a call too many is the host's, so it is answered in HTML."""

    def refusal(self, error: RefusedError, at: datetime) -> Response:
        """`{code, message, data: {status}}`; a bad parameter is a 400."""
        status = 400 if error.status == 422 else error.status
        data: dict[str, object] = {"status": status, **error.facts}
        body = {"code": _CODES.get(error.code, error.code), "message": error.message, "data": data}
        return answers.json_answer(body, at, status=status)

    def too_many_calls(self, wait_s: float, how: RetryAfter, at: datetime) -> Response:
        """429 of the host: a page for people, with `Retry-After` if it says so."""
        said = super().too_many_calls(wait_s, how, at).headers.get("Retry-After")
        page = "<!DOCTYPE html>\n<html><head><title>429 Too Many Requests</title></head></html>\n"
        headers = {"Retry-After": said} if said else None
        return answers.text_answer(page, at, status=429, media_type="text/html", headers=headers)


@dataclass(slots=True)
class _Stores:
    """The house, and what each of its stores knows besides numbers and orders."""

    house: House
    shelves: dict[str, Shelf] = field(default_factory=dict)

    def call(
        self,
        shop: str,
        operation: Operation,
        deed: Callable[[Shelf, datetime], object],
        *,
        status: int = 200,
        later: Callable[[Shelf, datetime, float], None] | None = None,
    ) -> Response:
        """One call; `deed` and `later` get the store's shelf instead of the bare model."""
        front = self.house.shop(shop)

        def shelf(market: Marketplace) -> Shelf:
            return self.shelves.setdefault(shop, Shelf(market))

        def shown(market: Marketplace, now: datetime) -> Written:
            value = deed(shelf(market), now)
            return value if isinstance(value, Written) else Written(value)

        landing = None if later is None else (lambda now, wait: later(shelf(front.market), now, wait))
        return Exchange(self.house, front, operation, WOOCOMMERCE.manners).answer(
            shown, status=status, later=landing
        )


def _router(house: House) -> APIRouter:
    def admitted(shop: str, request: Request) -> None:
        house.shop(shop)
        given = basic_credentials(request.headers.get("Authorization"))
        key = given[0] if given else request.query_params.get("consumer_key")
        secret = given[1] if given else request.query_params.get("consumer_secret")
        if not (same(key, f"key-{shop}") and same(secret, f"secret-{shop}")):
            raise RefusedError(401, "unauthorized", "Sorry, you cannot list resources.")

    router = APIRouter(prefix="/{shop}" + BASE, dependencies=[Depends(admitted)])
    stores = _Stores(house)
    _add_reading(router, stores)
    _add_writing(router, stores)
    _add_orders(router, stores)
    return router


def _add_reading(router: APIRouter, stores: _Stores) -> None:
    @router.get("/data/currencies/current")
    def currency(shop: str) -> Response:
        def deed(shelf: Shelf, _now: datetime) -> object:
            code = shelf.market.profile.currency
            return {"code": code, "name": code, "symbol": code}

        return stores.call(shop, "shop", deed)

    @router.get("/products")
    def products(shop: str, request: Request) -> Response:
        include, skus = _ids(request), listed(request.query_params.getlist("sku"))

        def deed(shelf: Shelf, now: datetime) -> Written:
            found = [
                one
                for one in shelf.products()
                if (not include or one.product_id in include) and (not skus or one.sku in skus)
            ]
            return _shown(found, lambda one: goods.product_json(shelf, one, now), request)

        return stores.call(shop, "read" if include or skus else "listings", deed)

    @router.get("/products/{product_id}")
    def product(shop: str, product_id: int) -> Response:
        def deed(shelf: Shelf, now: datetime) -> object:
            return goods.product_json(shelf, shelf.product(product_id), now)

        return stores.call(shop, "read", deed)

    @router.get("/products/{parent_id}/variations")
    def variations(shop: str, parent_id: int, request: Request) -> Response:
        include = _ids(request)

        def deed(shelf: Shelf, now: datetime) -> Written:
            every = shelf.product(parent_id).variations
            found = [one for one in every if not include or shelf.variation_id(one) in include]
            return _shown(found, lambda one: goods.variation_json(shelf, one, now), request)

        return stores.call(shop, "read" if include else "listings", deed)


def _add_writing(router: APIRouter, stores: _Stores) -> None:
    @router.post("/products/batch")
    def products_batch(shop: str, raw: RawBody) -> Response:
        return _batch(stores, shop, raw, None)

    @router.post("/products/{parent_id}/variations/batch")
    def variations_batch(shop: str, parent_id: int, raw: RawBody) -> Response:
        return _batch(stores, shop, raw, parent_id)

    @router.put("/products/{product_id}")
    def update_product(shop: str, product_id: int, raw: RawBody) -> Response:
        return _one(stores, shop, raw, product_id, None)

    @router.put("/products/{parent_id}/variations/{variation_id}")
    def update_variation(shop: str, parent_id: int, variation_id: int, raw: RawBody) -> Response:
        return _one(stores, shop, raw, variation_id, parent_id)

    @router.post("/products")
    def create_product(shop: str, raw: RawBody) -> Response:
        row = table(document(raw), "body")
        return stores.call(shop, "publish", lambda shelf, now: goods.create(shelf, row, now), status=201)


def _batch(stores: _Stores, shop: str, raw: bytes, parent_id: int | None) -> Response:
    """Item after item, each for itself, whatever becomes of the others."""
    asked = table(document(raw), "body")
    updates, creates = rows(asked.get("update", []), "update"), rows(asked.get("create", []), "create")
    if len(updates) + len(creates) > BATCH_MAX:
        words = f"Unable to accept more than {BATCH_MAX} items for this request."
        raise RefusedError(413, "woocommerce_rest_request_entity_too_large", words)

    def deed(shelf: Shelf, now: datetime) -> object:
        answer: dict[str, object] = {}
        if creates:
            answer["create"] = [goods.tried_create(shelf, row, now) for row in creates]
        if updates:
            found = [goods.tried_update(shelf, row, parent_id, now) for row in updates]
            answer["update"] = [row for row in found if row is not None]
        return answer

    return stores.call(shop, "quantities", deed, later=_landing(updates, parent_id))


def _one(stores: _Stores, shop: str, raw: bytes, own_id: int, parent_id: int | None) -> Response:
    row = table(document(raw), "body") | {"id": own_id}
    operation: Operation = "quantities" if "stock_quantity" in row else "patch"
    return stores.call(
        shop,
        operation,
        lambda shelf, now: goods.update(shelf, row, parent_id, now),
        later=_landing([row], parent_id),
    )


def _landing(
    updates: Sequence[dict[str, object]], parent_id: int | None
) -> Callable[[Shelf, datetime, float], None]:
    def later(shelf: Shelf, now: datetime, after_s: float) -> None:
        shelf.market.land_later(goods.quantity_items(shelf, updates, parent_id), now=now, after_s=after_s)

    return later


def _add_orders(router: APIRouter, stores: _Stores) -> None:
    @router.get("/orders")
    def order_list(shop: str, request: Request) -> Response:
        page, size = _page(request)
        by = request.query_params.get("orderby", "date")
        if by not in _ORDERED_BY:
            words = f"orderby is not one of {', '.join(_ORDERED_BY)}."
            raise RefusedError(400, "rest_invalid_param", words, params={"orderby": words})
        keep = _wanted(request)

        def deed(shelf: Shelf, now: datetime) -> Written:
            found = shelf.market.list_by_position(
                now=now,
                keep=keep,
                by=orders.by_modified if by == "modified" else orders.by_id,
                start=(page - 1) * size,
                size=size,
                newest_first=request.query_params.get("order", "desc") != "asc",
            )
            shown = [orders.order_json(shelf, order, SITE) for order in found.orders]
            return _numbered(shown, found.total, size, page, request)

        return stores.call(shop, "orders", deed)

    @router.get("/orders/{number}")
    def order(shop: str, number: int) -> Response:
        def deed(shelf: Shelf, _now: datetime) -> object:
            return orders.order_json(shelf, orders.find(shelf.market, number), SITE)

        return stores.call(shop, "orders", deed)

    @router.get("/orders/{number}/refunds")
    def refunds(shop: str, number: int) -> Response:
        def deed(shelf: Shelf, _now: datetime) -> object:
            return orders.refunds_json(shelf, orders.find(shelf.market, number))

        return stores.call(shop, "cancellations", deed)


def _wanted(request: Request) -> Callable[[Order], bool]:
    """The filters of a list of orders; both bounds are exclusive."""
    query = request.query_params
    gmt = query.get("dates_are_gmt", "false").lower() in {"true", "1"}
    after, before = (_bound(query.get(name), name, gmt) for name in ("modified_after", "modified_before"))
    include, statuses = listed(query.getlist("include")), listed(query.getlist("status"))
    return lambda order: (
        (after is None or orders.modified(order) > after)
        and (before is None or orders.modified(order) < before)
        and (not include or str(serial(order.order_id)) in include)
        and (not statuses or statuses == ["any"] or orders.status(order) in statuses)
    )


def _page(request: Request) -> tuple[int, int]:
    """Page and size as asked for; the store keeps to the size."""
    query = request.query_params
    page = between(query.get("page"), "page", default=1, least=1)
    return page, between(query.get("per_page"), "per_page", default=10, least=1, most=100)


def _ids(request: Request) -> set[int]:
    return {serial(given) for given in listed(request.query_params.getlist("include"))}


_Row = TypeVar("_Row")


def _shown(found: Sequence[_Row], show: Callable[[_Row], dict[str, object]], request: Request) -> Written:
    """The page of these rows that was asked for."""
    page, size = _page(request)
    chosen = found[(page - 1) * size : page * size]
    return _numbered([show(each) for each in chosen], len(found), size, page, request)


def _numbered(shown: list[dict[str, object]], total: int, size: int, page: int, request: Request) -> Written:
    pages = -(-total // size)
    headers = {"X-WP-Total": str(total), "X-WP-TotalPages": str(pages)}
    if page < pages:
        following = request.url.include_query_params(page=page + 1).remove_query_params(
            ["consumer_key", "consumer_secret"]
        )
        headers["Link"] = f'<{following}>; rel="next"'
    return Written(shown, headers)


def _bound(given: str | None, name: str, gmt: bool) -> datetime | None:
    """A bound in whole seconds: site time, unless the query says that its dates are GMT."""
    if given is None:
        return None
    at = moment(given, name)
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC if gmt else SITE)
    return at.astimezone(UTC).replace(microsecond=0)


#: WooCommerce's REST API v3.
WOOCOMMERCE = Dialect("woocommerce", base_path=BASE, router=_router, manners=WooManners())
