"""Where does a shop speak Shopee? Version 2 of its Open Platform, envelope and oddities over the same pretend shop.

Success is an empty ``error``, whatever the status; orders are listed without their contents, newest first; one item a
stock update, with models that failed beside those that did not; what a promotion holds cannot be undercut.
"""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from syncworker.sandbox.dialects import shopee_bodies as bodies
from syncworker.sandbox.dialects import shopee_making as making
from syncworker.sandbox.dialects import shopee_rows as rows
from syncworker.sandbox.dialects.dialect import Dialect
from syncworker.sandbox.dialects.shopee_gate import Call, Gate
from syncworker.sandbox.dialects.shopee_ids import Model, Shelf, has_models
from syncworker.sandbox.dialects.shopee_manners import MANNERS, Desk, envelope
from syncworker.sandbox.dialects.shopee_orders import add_aftersales, add_orders
from syncworker.sandbox.exchange import Plain
from syncworker.sandbox.house import House
from syncworker.sandbox.model import Marketplace
from syncworker.sandbox.pools import ItemResult, ListingState
from syncworker.sandbox.refusal import RefusedError

#: Shopee's reasons for the shop's refusals of one model.
_REASONS = {
    "below_floor": "Total stock must be more than reserved stock.",
    "campaign_locked": "Model stock cannot be editted when item/model is promotion.",
    "listing_rejected": "Can't edit this item. item status can not support editing.",
}
_INTERNAL = "Interal error, please contact openapi team."


def _router(house: House) -> APIRouter:
    gate = Gate(house)
    router = APIRouter(prefix="/{shop}/api/v2")
    _add_tokens(router, gate)
    admitted = APIRouter()

    async def admit(shop: str, request: Request) -> Call:
        return await gate.admit(shop, request)

    desk = Desk(house, admit)
    _add_items(admitted, desk)
    _add_facts(admitted, desk)
    _add_changes(admitted, desk)
    _add_making(admitted, desk)
    _add_numbers(admitted, desk)
    add_orders(admitted, desk)
    add_aftersales(admitted, desk)
    router.include_router(admitted)
    return router


def _add_tokens(router: APIRouter, gate: Gate) -> None:
    @router.get("/shop/auth_partner")
    def consent(shop: str, request: Request) -> Response:
        return RedirectResponse(gate.consent(shop, request), status_code=302)

    @router.post("/auth/token/get")
    async def by_code(shop: str, request: Request) -> dict[str, object]:
        return envelope() | await gate.exchange(shop, "code", request)

    @router.post("/auth/access_token/get")
    async def by_refresh(shop: str, request: Request) -> dict[str, object]:
        return envelope() | await gate.exchange(shop, "refresh_token", request)


# ---------------------------------------------------------------- items


def _add_items(router: APIRouter, desk: Desk) -> None:
    @router.get("/shop/get_shop_info")
    def info(shop: str, call: Call = desk.call) -> Response:
        bodies.only(call.query, ())
        facts = {
            "shop_name": shop,
            "region": "ID",
            "status": "NORMAL",
            "is_cb": False,
            "is_upgraded_cbsc": False,
            "expire_time": 1_900_000_000,
        }
        return desk.exchange(shop, "shop").answer(lambda _market, _now: Plain(envelope() | facts))

    @router.get("/product/get_item_list")
    def items(shop: str, call: Call = desk.call) -> Response:
        bodies.only(call.query, ("offset", "page_size", "item_status"))
        offset = bodies.whole(call.one("offset"), "offset", least=0, most=10**9)
        size = bodies.whole(call.one("page_size"), "page_size", least=1, most=100)
        wanted = call.query.get("item_status", [])
        if not wanted:
            raise bodies.bad("item_status is missing")
        return desk.exchange(shop, "listings").answer(
            lambda market, _now: Plain(envelope(_item_page(market, wanted, offset, size)))
        )


def _add_facts(router: APIRouter, desk: Desk) -> None:
    @router.get("/product/get_item_base_info")
    def facts(shop: str, call: Call = desk.call) -> Response:
        bodies.only(call.query, ("item_id_list",))
        wanted = bodies.ids(call.one("item_id_list"), "item_id_list")

        def deed(market: Marketplace, now: datetime) -> Plain:
            shelf = Shelf(market)
            found = [shelf.items[item_id] for item_id in wanted if item_id in shelf.items]
            if not found:
                raise RefusedError(200, "error_item_not_found", "Item_id is not found.")
            shown = [rows.item_row(item, market.profile, _plain_number(market, item, now)) for item in found]
            return Plain(envelope({"item_list": shown}))

        return desk.exchange(shop, "read").answer(deed)

    @router.get("/product/get_model_list")
    def models(shop: str, call: Call = desk.call) -> Response:
        bodies.only(call.query, ("item_id",))
        item_id = bodies.whole(call.one("item_id"), "item_id", least=1, most=2**63 - 1)

        def deed(market: Marketplace, now: datetime) -> Plain:
            item = Shelf(market).item(item_id)
            shown = [rows.model_row(one, market.profile, _number(market, one, now)) for one in item]
            return Plain(envelope({"tier_variation": [], "model": shown if has_models(item) else []}))

        return desk.exchange(shop, "read").answer(deed)


def _item_page(market: Marketplace, wanted: list[str], offset: int, size: int) -> rows.Row:
    shown: list[rows.Row] = [
        {"item_id": item_id, "item_status": rows.item_status(item), "update_time": 1_760_000_000}
        for item_id, item in Shelf(market).items.items()
        if rows.item_status(item) in wanted
    ]
    end = offset + size
    page: rows.Row = {"item": shown[offset:end], "total_count": len(shown), "has_next_page": end < len(shown)}
    return page | {"next_offset": end} if end < len(shown) else page


def _plain_number(market: Marketplace, item: list[Model], now: datetime) -> int | None:
    return None if has_models(item) else _number(market, item[0], now)


def _number(market: Marketplace, model: Model, now: datetime) -> int:
    (reading,) = market.read_quantities([model.listing.pool_id], now=now)
    return reading.quantity or 0


def _add_changes(router: APIRouter, desk: Desk) -> None:
    @router.post("/product/update_price")
    def price(shop: str, call: Call = desk.call) -> Response:
        def deed(market: Marketplace, now: datetime) -> Plain:
            done: list[rows.Row] = []
            for model, amount in bodies.prices(call, Shelf(market)):
                market.patch_listing(model.listing.listing_id, price=amount, now=now)
                done.append({"model_id": model.model_id, "original_price": float(amount)})
            return Plain(envelope({"success_list": done, "failure_list": []}))

        return desk.exchange(shop, "patch").answer(deed)

    @router.post("/product/unlist_item")
    def unlist(shop: str, call: Call = desk.call) -> Response:
        bodies.only(call.body, ("item_list",))

        def deed(market: Marketplace, now: datetime) -> Plain:
            done: list[rows.Row] = []
            for row in bodies.rows(call.body, "item_list", most=50):
                item_id, unlisted = row.get("item_id"), row.get("unlist")
                if not isinstance(item_id, int) or not isinstance(unlisted, bool):
                    raise bodies.bad("item_list takes item_id and unlist")
                for model in Shelf(market).item(item_id):
                    state: ListingState = "hidden" if unlisted else "active"
                    market.patch_listing(model.listing.listing_id, state=state, now=now)
                done.append({"item_id": item_id, "unlist": unlisted})
            return Plain(envelope({"success_list": done, "failure_list": []}))

        return desk.exchange(shop, "patch").answer(deed)


def _add_making(router: APIRouter, desk: Desk) -> None:
    studios: dict[str, making.Studio] = {}

    @router.post("/media_space/upload_image")
    def upload(shop: str, call: Call = desk.call) -> Response:
        studio = studios.setdefault(shop, making.Studio())
        return desk.exchange(shop, "shop").answer(
            lambda _market, _now: Plain(envelope({"image_info": making.take_picture(studio, call)}))
        )

    @router.post("/product/add_item")
    def add(shop: str, call: Call = desk.call) -> Response:
        studio = studios.setdefault(shop, making.Studio())
        return desk.exchange(shop, "publish").answer(
            lambda market, now: Plain(envelope(making.created(studio, market, call, now)))
        )


# ---------------------------------------------------------------- numbers


def _add_numbers(router: APIRouter, desk: Desk) -> None:
    @router.post("/product/update_stock")
    def update(shop: str, call: Call = desk.call) -> Response:
        def deed(market: Marketplace, now: datetime) -> Plain:
            order = bodies.stock_order(call, Shelf(market))
            told = market.push_quantities(order.items, now=now)
            return Plain(_stock_answer(order, told))

        def later(now: datetime, after_s: float) -> None:
            market = desk.house.shop(shop).market
            market.land_later(bodies.stock_order(call, Shelf(market)).items, now=now, after_s=after_s)

        return desk.exchange(shop, "quantities").answer(deed, later=later)


def _stock_answer(order: bodies.StockOrder, told: tuple[ItemResult, ...]) -> dict[str, object]:
    """Models that failed beside those that did not; an error where all of them failed. One may be named nowhere."""
    asked = {item.pool_id: item.quantity for item in order.items}
    done: list[rows.Row] = []
    failed: list[rows.Row] = []
    for result in told:
        model_id = order.models[result.pool_id].model_id
        if result.status == "refused":
            reason = _REASONS.get(result.code or "", _INTERNAL)
            failed.append({"model_id": model_id, "failed_reason": reason})
        else:
            number = asked[result.pool_id] if result.quantity is None else result.quantity
            done.append({"model_id": model_id, "location_id": "", "stock": number})
    lists = {"failure_list": failed, "success_list": done}
    if done or not failed:
        return envelope(lists)
    words = "Update stock failed, please check failure_list for detailed reason"
    return envelope(lists, error="error_busi_update_stock_failed", words=words)


#: A shop that speaks Shopee's Open Platform, version 2.
SHOPEE = Dialect(name="shopee", base_path="", router=_router, manners=MANNERS)
