"""How does a Medusa server speak? Its admin API over the pretend shop: endpoints, key and errors; no shop logic.

Oddities kept: the secret key is the user of a Basic sign-in without password, a batch of levels is taken whole or not at
all, a bad date or order field is a 500, an unknown filter is ignored, and relations come only where `fields` asks for
them. The number is what is on hand: give the shop a profile of `quantity_kind` "on_hand".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from fastapi import APIRouter, Depends, Request, Response

from syncworker.sandbox import answers
from syncworker.sandbox.dialects import medusa_documents as shapes
from syncworker.sandbox.dialects import medusa_goods as goods
from syncworker.sandbox.dialects.arrivals import (
    RawBody,
    basic_credentials,
    document,
    listed,
    rows,
    same,
    table,
    whole,
)
from syncworker.sandbox.dialects.dialect import Dialect
from syncworker.sandbox.dialects.medusa_documents import Json
from syncworker.sandbox.dialects.medusa_goods import Stockroom
from syncworker.sandbox.exchange import Exchange, Plain, Shown
from syncworker.sandbox.faults import Operation
from syncworker.sandbox.house import House
from syncworker.sandbox.manners import Manners
from syncworker.sandbox.model import Marketplace
from syncworker.sandbox.orders import Order
from syncworker.sandbox.pools import QuantityItem
from syncworker.sandbox.refusal import RefusedError

_TYPES = {"unauthorized": "unauthorized", "invalid_json": "invalid_data", "invalid_request": "invalid_data"}
_ORDERED_BY = ("id", "created_at", "updated_at", "display_id")
_Call = Callable[..., Response]
_Room = Callable[[str], Stockroom]
_LEVELS = "/inventory-items/location-levels/batch"


class MedusaManners(Manners):
    """`{type, message}`; a bad request is a 400."""

    def refusal(self, error: RefusedError, at: datetime) -> Response:
        """What went wrong inside the server is an `unknown_error` without details."""
        status = 400 if error.status == 422 else error.status
        kind = "not_found" if status == 404 else _TYPES.get(error.code, error.code)
        body: Json = {"type": kind, "message": error.message}
        if status == 500:
            body["code"] = "unknown_error"
        return answers.json_answer(body, at, status=status)


def _router(house: House) -> APIRouter:
    def admitted(shop: str, request: Request) -> None:
        house.shop(shop)
        given = basic_credentials(request.headers.get("Authorization"))
        if given is None or given[1] or not same(given[0], f"secret-{shop}"):
            raise RefusedError(401, "unauthorized", "Unauthorized")

    def call(
        shop: str,
        operation: Operation,
        deed: Callable[[Marketplace, datetime], Shown],
        later: Callable[[datetime, float], None] | None = None,
    ) -> Response:
        exchange = Exchange(house, house.shop(shop), operation, MEDUSA.manners)
        return exchange.answer(deed, later=later)

    rooms: dict[str, Stockroom] = {}

    def room(shop: str) -> Stockroom:
        return rooms.setdefault(shop, Stockroom(house.shop(shop).market))

    router = APIRouter(prefix="/{shop}/admin", dependencies=[Depends(admitted)])
    _add_store(router, call)
    _add_goods(router, call, room)
    _add_products(router, call, room)
    _add_levels(router, call, room)
    _add_orders(router, call)
    return router


def _add_store(router: APIRouter, call: _Call) -> None:
    @router.get("/stores")
    def stores(shop: str) -> Response:
        def deed(market: Marketplace, _now: datetime) -> Shown:
            return Plain(_page([shapes.store(market)], "stores", 1, 0, 50))

        return call(shop, "shop", deed)

    @router.get("/stock-locations")
    def locations(shop: str) -> Response:
        def deed(_market: Marketplace, _now: datetime) -> Shown:
            place: Json = {"id": shapes.location_id(shop), "name": "Main"}
            return Plain(_page([place], "stock_locations", 1, 0, 20))

        return call(shop, "shop", deed)


def _add_products(router: APIRouter, call: _Call, room: _Room) -> None:
    @router.post("/products")
    def create_product(shop: str, raw: RawBody) -> Response:
        row = table(document(raw), "body")
        return call(
            shop,
            "publish",
            lambda _market, now: Plain({"product": goods.create_product(room(shop), row, now)}),
        )

    @router.post("/inventory-items")
    def create_item(shop: str, raw: RawBody) -> Response:
        row = table(document(raw), "body")
        return call(
            shop,
            "publish",
            lambda _market, now: Plain({"inventory_item": goods.create_item(room(shop), row, now)}),
        )

    @router.post("/inventory-items/{item_id}/location-levels")
    def create_level(shop: str, item_id: str, raw: RawBody) -> Response:
        row = table(document(raw), "body")
        return call(
            shop,
            "publish",
            lambda _market, now: Plain({"inventory_item": goods.create_level(room(shop), item_id, row, now)}),
        )


def _add_goods(router: APIRouter, call: _Call, room: _Room) -> None:
    @router.get("/product-variants")
    def variants(shop: str, request: Request) -> Response:
        start, size = _position(request, 20)
        wanted = request.query_params.get("q", "").casefold()

        def deed(market: Marketplace, _now: datetime) -> Shown:
            every = [
                one
                for one in market.listings.values()
                if wanted in one.sku.casefold() or wanted in one.title.casefold()
            ]
            shown = [shapes.variant(one) for one in every[start : start + size]]
            chosen = [
                shapes.chosen(one, request.query_params.get("fields"), "inventory_items") for one in shown
            ]
            return Plain(_page(chosen, "variants", len(every), start, size))

        return call(shop, "listings", deed)

    @router.get("/inventory-items")
    def inventory_items(shop: str, request: Request) -> Response:
        query = request.query_params
        start, size = _position(request, 20)
        skus = set(listed([*query.getlist("sku[]"), *query.getlist("sku")]))
        ids = set(listed([*query.getlist("id[]"), *query.getlist("id")]))

        def deed(_market: Marketplace, now: datetime) -> Shown:
            found = [
                one
                for one in room(shop).items(now)
                if (not skus or one["sku"] in skus) and (not ids or one["id"] in ids)
            ]
            chosen = [
                shapes.chosen(one, query.get("fields"), "location_levels")
                for one in found[start : start + size]
            ]
            return Plain(_page(chosen, "inventory_items", len(found), start, size))

        return call(shop, "read", deed)


def _add_levels(router: APIRouter, call: _Call, room: _Room) -> None:
    def written(shop: str, updates: Sequence[Json], shown: Callable[[list[Json]], Json]) -> Response:
        def deed(market: Marketplace, now: datetime) -> Shown:
            return Plain(shown(_pushed(market, _items(room(shop), updates), now) if updates else []))

        def later(now: datetime, after_s: float) -> None:
            room(shop).market.land_later(_items(room(shop), updates), now=now, after_s=after_s)

        return call(shop, "quantities", deed, later)

    @router.post(_LEVELS)
    def batch(shop: str, raw: RawBody) -> Response:
        asked = table(document(raw), "body")
        strange = set(asked) - {"create", "update", "delete", "force"}
        if strange:
            raise RefusedError(400, "invalid_data", f"Unrecognized fields: '{', '.join(sorted(strange))}'")
        return written(
            shop,
            rows(asked.get("update", []), "update"),
            lambda levels: {"created": [], "updated": levels, "deleted": {"ids": [], "deleted": True}},
        )

    @router.post("/inventory-items/{item_id}/location-levels/{place}")
    def one(shop: str, item_id: str, place: str, raw: RawBody) -> Response:
        row = table(document(raw), "body") | {"inventory_item_id": item_id, "location_id": place}
        return written(
            shop, [row], lambda levels: {"inventory_item": {"id": item_id, "location_levels": levels}}
        )


def _items(room: Stockroom, updates: Sequence[Json]) -> list[QuantityItem]:
    """The numbers of a batch; nothing of it is done if one of them cannot be."""
    items = []
    for row in updates:
        pool_id = shapes.pool_id(str(row.get("inventory_item_id")))
        place = row.get("location_id")
        if not room.has_level(pool_id) or place != shapes.location_id(room.market.profile.name):
            words = f"Item {row.get('inventory_item_id')} is not stocked at location {place}"
            raise RefusedError(404, "not_found", words)
        stocked = whole(row.get("stocked_quantity"), "stocked_quantity")
        if stocked < 0:
            raise RefusedError(400, "invalid_data", "stocked_quantity must not be negative")
        items.append(QuantityItem(pool_id=pool_id, quantity=stocked))
    return items


def _pushed(market: Marketplace, items: Sequence[QuantityItem], now: datetime) -> list[Json]:
    """The levels after a batch that was taken whole."""
    results = market.push_all_or_nothing(items, now=now)
    for result in results:
        if result.status == "refused":
            raise RefusedError(400, "not_allowed", result.message or "refused")
    return [shapes.level(market, result.pool_id, now, stocked=result.quantity) for result in results]


def _add_orders(router: APIRouter, call: _Call) -> None:
    @router.get("/orders")
    def orders(shop: str, request: Request) -> Response:
        query = request.query_params
        start, size = _position(request, 15)
        by = query.get("order", "-created_at")
        since = _bound(query.get("updated_at[$gte]"))
        after = _bound(query.get("updated_at[$gt]"))

        def key(order: Order) -> tuple[datetime, str]:
            return (order.updated_at if by.lstrip("-") == "updated_at" else order.created_at), order.order_id

        def deed(market: Marketplace, now: datetime) -> Shown:
            if by.lstrip("-") not in _ORDERED_BY:
                raise _unknown_error()
            found = market.list_by_position(
                now=now,
                keep=lambda order: (
                    (since is None or shapes.rounded(order.updated_at) >= since)
                    and (after is None or shapes.rounded(order.updated_at) > after)
                ),
                by=key,
                start=start,
                size=size,
                newest_first=by.startswith("-"),
            )
            shown = [shapes.chosen(shapes.order(each), query.get("fields"), "items") for each in found.orders]
            return Plain(_page(shown, "orders", found.total, start, size))

        return call(shop, "orders", deed)


def _page(shown: Sequence[Json], name: str, count: int, start: int, size: int) -> Json:
    return {name: list(shown), "count": count, "offset": start, "limit": size}


def _position(request: Request, default: int) -> tuple[int, int]:
    """Offset and limit; any limit is taken."""
    query = request.query_params
    given = (query.get("offset", "0"), query.get("limit", str(default)))
    if not all(number.isascii() and number.isdecimal() for number in given):
        raise RefusedError(400, "invalid_data", "Invalid request: Expected type: 'number'")
    return int(given[0]), int(given[1])


def _bound(given: str | None) -> datetime | None:
    """A date of a filter; a bad one goes wrong deep inside the server."""
    if given is None:
        return None
    try:
        at = datetime.fromisoformat(given)
    except ValueError as error:
        raise _unknown_error() from error
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at


def _unknown_error() -> RefusedError:
    return RefusedError(500, "unknown_error", "An unknown error occurred.")


#: Medusa's admin API.
MEDUSA = Dialect("medusa", base_path="", router=_router, manners=MedusaManners())
