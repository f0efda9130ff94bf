"""Where does a shop speak TikTok Shop? Its endpoints, envelope and oddities over the same pretend shop.

Success is code 0 in the envelope; failures of single SKUs stand beside it; lines have no quantity; tokens are odd.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Depends, Request, Response

from syncworker.sandbox import answers
from syncworker.sandbox.dialects import tiktok_bodies as bodies
from syncworker.sandbox.dialects import tiktok_products as products
from syncworker.sandbox.dialects import tiktok_rows as rows
from syncworker.sandbox.dialects.dialect import Dialect
from syncworker.sandbox.dialects.tiktok_gate import Call, Gate
from syncworker.sandbox.dialects.tiktok_ids import WAREHOUSE, Shelf, our_order_id
from syncworker.sandbox.dialects.tiktok_products import Studio
from syncworker.sandbox.exchange import Exchange, Plain
from syncworker.sandbox.faults import Operation, RetryAfter
from syncworker.sandbox.house import House
from syncworker.sandbox.listings import ListingView
from syncworker.sandbox.manners import Manners
from syncworker.sandbox.model import Marketplace
from syncworker.sandbox.orders import FeedName, Order
from syncworker.sandbox.pools import ItemResult
from syncworker.sandbox.refusal import RefusedError

#: TikTok's codes for the shop's own refusals of a whole request.
_CODES = {"unauthorized": 105002, "not_found": 36009009, "not_allowed": 36009010, "invalid_json": 36009022}
_BAD_REQUEST = 98001004
#: TikTok's codes for the shop's refusals of one item.
_ITEM_CODES = {"campaign_locked": 12052393, "unknown_pool": 12052036, "listing_rejected": 12019113}
_STOCK_INVALID = 12019024
_INTERNAL = 36009003


class TikTokManners(Manners):
    """Every refusal in the envelope; some with a status, most with 200."""

    def refusal(self, error: RefusedError, at: datetime) -> Response:
        """The envelope with a code other than 0."""
        code = int(error.code) if error.code.isdecimal() else _CODES.get(error.code, _BAD_REQUEST)
        return answers.json_answer(_envelope(None, code=code, words=error.message), at, status=error.status)

    def too_many_calls(self, wait_s: float, how: RetryAfter, at: datetime) -> Response:
        """429; Retry-After only where it was ordered."""
        plain = answers.too_many_calls(wait_s, how, at)
        said = {"Retry-After": plain.headers["Retry-After"]} if "Retry-After" in plain.headers else None
        body = _envelope(None, code=36009002, words="Too many requests.")
        return answers.json_answer(body, at, status=429, headers=said)


def _envelope(data: object, *, code: int = 0, words: str = "Success") -> dict[str, object]:
    return {"code": code, "message": words, "request_id": secrets.token_hex(16).upper(), "data": data}


_MANNERS = TikTokManners()


def _router(house: House) -> APIRouter:
    gate = Gate(house)
    router = APIRouter(prefix="/{shop}")
    _add_tokens(router, gate)
    admitted = APIRouter()
    studios: dict[str, Studio] = {}

    async def admit(shop: str, request: Request) -> Call:
        return await gate.admit(shop, request)

    desk = _Desk(house, admit, lambda shop: studios.setdefault(shop, Studio()))
    _add_shop(admitted, desk)
    _add_products(admitted, desk)
    _add_making(admitted, desk)
    _add_numbers(admitted, desk)
    _add_orders(admitted, desk)
    router.include_router(admitted)
    return router


class _Desk:
    """What the endpoints share: the house, and the dependency that lets a call in."""

    def __init__(
        self,
        house: House,
        admit: Callable[[str, Request], Awaitable[Call]],
        studio: Callable[[str], Studio],
    ) -> None:
        self.house = house
        self.studio = studio
        #: The default of a parameter, which FastAPI replaces by the admitted call.
        self.call: Any = Depends(admit)

    def exchange(self, shop: str, operation: Operation) -> Exchange:
        return Exchange(self.house, self.house.shop(shop), operation, _MANNERS)


def _add_tokens(router: APIRouter, gate: Gate) -> None:
    @router.get("/api/v2/token/{what}")
    def token(shop: str, what: str, request: Request) -> dict[str, object]:
        if what not in ("get", "refresh"):
            raise RefusedError(404, "not_found", f"there is no token/{what}")
        return _envelope(gate.exchange(shop, what, dict(request.query_params)))


def _add_shop(router: APIRouter, desk: _Desk) -> None:
    @router.get("/authorization/202309/shops")
    def shops(shop: str, call: Call = desk.call) -> Response:
        bodies.only(call.query, ())
        one = {
            "id": "7490000000000000001",
            "name": shop,
            "region": "ID",
            "seller_type": "LOCAL",
            "cipher": f"cipher-{shop}",
            "code": "IDLCTEST01",
        }
        return desk.exchange(shop, "shop").answer(lambda _market, _now: Plain(_envelope({"shops": [one]})))

    @router.get("/logistics/202309/warehouses")
    def warehouses(shop: str, call: Call = desk.call) -> Response:
        bodies.only(call.query, ())
        one = {
            "id": WAREHOUSE,
            "name": "Gudang Utama",
            "effect_status": "ENABLED",
            "type": "SALES_WAREHOUSE",
            "is_default": True,
        }
        back = one | {"id": str(int(WAREHOUSE) + 1), "type": "RETURN_WAREHOUSE", "is_default": False}
        data = {"warehouses": [one, back]}
        return desk.exchange(shop, "shop").answer(lambda _market, _now: Plain(_envelope(data)))


# ---------------------------------------------------------------- products


def _add_products(router: APIRouter, desk: _Desk) -> None:
    @router.post("/product/202502/products/search")
    def search(shop: str, call: Call = desk.call) -> Response:
        walk = bodies.walk(call, most=100)
        bodies.only(call.body, ("seller_skus", "status"))
        wanted = set(bodies.texts(call.body, "seller_skus", most=10))
        return desk.exchange(shop, "listings").answer(
            lambda market, now: Plain(
                _envelope(_found_products(market, wanted, walk, now, desk.studio(shop)))
            )
        )

    @router.get("/product/202309/products/{product_id}")
    def product(shop: str, product_id: str, call: Call = desk.call) -> Response:
        bodies.only(call.query, ())

        def deed(market: Marketplace, now: datetime) -> Plain:
            found = Shelf(market).product(product_id)
            reviewed = desk.studio(shop).reviewed
            return Plain(_envelope(rows.product_row(found, _views(market, now), reviewed)))

        return desk.exchange(shop, "listings").answer(deed)

    @router.post("/product/202309/products/{product_id}/prices/update")
    def price(shop: str, product_id: str, call: Call = desk.call) -> Response:
        def deed(market: Marketplace, now: datetime) -> Plain:
            for listing_id, amount in bodies.prices(call, Shelf(market), product_id, market.profile.currency):
                market.patch_listing(listing_id, price=amount, now=now)
            return Plain(_envelope({}))

        return desk.exchange(shop, "patch").answer(deed)


def _add_making(router: APIRouter, desk: _Desk) -> None:
    @router.post("/product/202309/images/upload")
    def upload(shop: str, call: Call = desk.call) -> Response:
        bodies.only(call.query, ())
        return desk.exchange(shop, "shop").answer(
            lambda _market, _now: Plain(_envelope(products.take_picture(desk.studio(shop), call)))
        )

    @router.post("/product/202309/products/listing_check")
    def check(shop: str, call: Call = desk.call) -> Response:
        return desk.exchange(shop, "listings").answer(
            lambda market, _now: Plain(_envelope(products.checked(desk.studio(shop), market, call)))
        )

    @router.post("/product/202309/products")
    def create(shop: str, call: Call = desk.call) -> Response:
        return desk.exchange(shop, "publish").answer(
            lambda market, now: Plain(_envelope(products.created(desk.studio(shop), market, call, now)))
        )


def _found_products(
    market: Marketplace, wanted: set[str], walk: bodies.Walk, now: datetime, studio: Studio
) -> rows.Row:
    """One page of products, all or those that have one of the wanted seller SKUs. Its token is an offset."""
    views = _views(market, now)
    found = [
        product
        for product in Shelf(market).products.values()
        if not wanted or any(sku.listing.sku in wanted for sku in product)
    ]
    start = int((walk.token or "offset=0").removeprefix("offset="))
    end = min(start + walk.size, len(found))
    return {
        "total_count": len(found),
        "products": [rows.product_row(product, views, studio.reviewed) for product in found[start:end]],
        "next_page_token": bodies.write_token(f"offset={end}") if end < len(found) else "",
    }


def _views(market: Marketplace, now: datetime) -> dict[str, ListingView]:
    found: dict[str, ListingView] = {}
    cursor: str | None = None
    while True:
        page = market.list_listings(now=now, cursor=cursor)
        found |= {view.listing.listing_id: view for view in page.listings}
        cursor = page.next_cursor
        if cursor is None:
            return found


# ---------------------------------------------------------------- numbers


def _add_numbers(router: APIRouter, desk: _Desk) -> None:
    @router.post("/product/202309/products/{product_id}/inventory/update")
    def update(shop: str, product_id: str, call: Call = desk.call) -> Response:
        market = desk.house.shop(shop).market

        def deed(market: Marketplace, now: datetime) -> Plain:
            order = bodies.stock_order(call, Shelf(market), product_id)
            told = market.push_quantities(order.items, now=now) if order.items else ()
            return Plain(_envelope(_update_data(order, told)))

        def later(now: datetime, after_s: float) -> None:
            order = bodies.stock_order(call, Shelf(market), product_id)
            market.land_later(order.items, now=now, after_s=after_s)

        return desk.exchange(shop, "quantities").answer(deed, later=later)

    @router.post("/product/202309/inventory/search")
    def read(shop: str, call: Call = desk.call) -> Response:
        bodies.only(call.body, ("sku_ids",))
        wanted = bodies.texts(call.body, "sku_ids", most=600)

        def deed(market: Marketplace, now: datetime) -> Plain:
            shelf = Shelf(market)
            if not wanted or not set(wanted) <= set(shelf.skus):
                raise RefusedError(200, "12052036", "The SKU id is invalid")
            products: dict[str, list[rows.Row]] = {}
            for sku in (shelf.skus[sku_id] for sku_id in wanted):
                (reading,) = market.read_quantities([sku.listing.pool_id], now=now)
                row = rows.stock_row(sku, reading.quantity or 0, reading.reserved or 0)
                products.setdefault(sku.product_id, []).append(row)
            found = [{"product_id": key, "skus": skus} for key, skus in products.items()]
            return Plain(_envelope({"inventory": found}))

        return desk.exchange(shop, "read").answer(deed)


def _update_data(order: bodies.StockOrder, told: tuple[ItemResult, ...]) -> rows.Row:
    """Errors of single SKUs; one that the shop says nothing of had an internal error, whatever became of it."""
    errors = list(order.errors)
    answered = {result.pool_id: result for result in told}
    for pool_id, sku in order.skus.items():
        result = answered.get(pool_id)
        if result is None:
            errors.append(bodies.sku_error(sku.sku_id, _INTERNAL, "Internal error. Please try again."))
        elif result.status == "refused":
            code = _ITEM_CODES.get(result.code or "", _STOCK_INVALID)
            errors.append(bodies.sku_error(sku.sku_id, code, result.message or ""))
    return {"errors": errors} if errors else {}


# ---------------------------------------------------------------- orders


def _add_orders(router: APIRouter, desk: _Desk) -> None:
    @router.post("/order/202309/orders/search")
    def search(shop: str, call: Call = desk.call) -> Response:
        walk = bodies.walk(call, most=100, sorted_by=("update_time",))
        bodies.only(call.body, ("update_time_ge", "update_time_lt"))

        def deed(market: Marketplace, now: datetime) -> Plain:
            found, token = _changed(market, "orders", call, walk, now)
            shelf, levels = Shelf(market), not market.book.split
            shown = [rows.order_row(order, shelf, levels=levels) for order in found]
            return Plain(_envelope({"orders": shown, "next_page_token": token, "total_count": len(shown)}))

        return desk.exchange(shop, "orders").answer(deed)

    @router.get("/order/202309/orders")
    def detail(shop: str, call: Call = desk.call) -> Response:
        bodies.only(call.query, ("ids",))
        ids = call.query.get("ids", "").split(",")
        if not 1 <= len(ids) <= 50:
            raise bodies.bad("ids takes 1 to 50 orders")

        def deed(market: Marketplace, _now: datetime) -> Plain:
            shelf = Shelf(market)
            found = [market.book.get(our_order_id(market, one)) for one in ids]
            shown = [rows.order_row(order, shelf, levels=True) for order in found]
            return Plain(_envelope({"orders": shown}))

        return desk.exchange(shop, "orders").answer(deed)

    _add_aftersales(router, desk)


def _add_aftersales(router: APIRouter, desk: _Desk) -> None:
    @router.post("/return_refund/202309/cancellations")
    def cancel(shop: str, call: Call = desk.call) -> Response:
        bodies.only(call.body, ("order_id", "cancel_reason"))
        number, reason = str(call.body.get("order_id")), str(call.body.get("cancel_reason"))
        if not reason.startswith("seller_cancel_"):
            raise bodies.bad("cancel_reason is none that a seller may give")

        def deed(market: Marketplace, now: datetime) -> Plain:
            market.cancel(our_order_id(market, number), now=now)
            return Plain(_envelope({"cancel_id": f"403{number[3:]}", "cancel_status": "SUCCESS"}))

        return desk.exchange(shop, "patch").answer(deed)

    @router.post("/return_refund/202309/{kind}/search")
    def search(shop: str, kind: str, call: Call = desk.call) -> Response:
        if kind not in ("cancellations", "returns"):
            raise RefusedError(404, "not_found", f"there is no {kind}")
        walk = bodies.walk(call, most=50, sorted_by=("update_time", "create_time"))
        bodies.only(call.body, ("update_time_ge", "update_time_lt", "order_ids"))
        wanted = set(bodies.texts(call.body, "order_ids", most=50))

        def deed(market: Marketplace, now: datetime) -> Plain:
            feed: FeedName = "cancellations" if market.book.split else "orders"
            found, token = _changed(market, feed, call, walk, now)
            shelf = Shelf(market)
            make = rows.cancellation_row if kind == "cancellations" else rows.return_row
            shown = [row for order in found if (row := make(order, shelf)) is not None]
            shown = [row for row in shown if not wanted or row["order_id"] in wanted]
            name = "cancellations" if kind == "cancellations" else "return_orders"
            return Plain(_envelope({name: shown, "next_page_token": token, "total_count": len(shown)}))

        return desk.exchange(shop, "cancellations").answer(deed)


def _changed(
    market: Marketplace, feed: FeedName, call: Call, walk: bodies.Walk, now: datetime
) -> tuple[list[Order], str]:
    """One page of a feed by its changes, and the token of the next, empty on the last one."""
    since, before = (bodies.seconds(call.body, f"update_time_{name}") for name in ("ge", "lt"))
    page = market.list_orders(
        feed,
        now=now,
        updated_since=None if since is None else datetime.fromtimestamp(since, UTC),
        cursor=walk.token,
        limit=walk.size,
    )
    found = [order for order in page.orders if before is None or order.updated_at.timestamp() < before]
    more = page.next_cursor is not None and len(found) == len(page.orders)
    return found, bodies.write_token(page.next_cursor or "") if more else ""


#: Signatures, limits and answers as reference pages of the Partner Center describe them.
TIKTOK = Dialect("tiktok", base_path="", router=_router, manners=_MANNERS)
