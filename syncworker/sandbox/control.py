"""How do buyers, staff, testers and judges reach the truth? The control API; it is no part of the contract."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from syncworker.sandbox.answers import json_answer, text_answer
from syncworker.sandbox.dialects.callings import CALLINGS
from syncworker.sandbox.faults import FaultKind, FaultSpec
from syncworker.sandbox.house import House, Shopfront
from syncworker.sandbox.model import Marketplace
from syncworker.sandbox.profile import Told
from syncworker.sandbox.refusal import RefusedError
from syncworker.sandbox.sales import Want
from syncworker.sandbox.webhooks import Bell
from syncworker.sandbox.wire import Body, Units

Act = Callable[[Marketplace, datetime], object]


class WantBody(Body):
    """One line of a visit; name the listing by `listing_id` or `sku`."""

    listing_id: str | None = None
    sku: str | None = None
    quantity: Units = 1
    counts_down: Told = "yes"
    took: bool | None = None

    def want(self) -> Want:
        """The same for the model."""
        return Want(
            listing_id=self.listing_id,
            sku=self.sku,
            quantity=self.quantity,
            counts_down=self.counts_down,
            took=self.took,
        )


class BuyBody(WantBody):
    """A visit for one listing, or with `lines` for several at once."""

    buyer: str = ""
    lines: list[WantBody] = Field(default_factory=list)


class ShowBody(Body):
    """A listing by `listing_id` or `sku`, and whether buyers see it from now on: a review that it passed, for instance."""

    listing_id: str | None = None
    sku: str | None = None
    state: Literal["active", "hidden"] = "active"


class CallBody(Body):
    """Where the seller is called when an order changes; null: nowhere."""

    url: str | None = None


class OrderBody(Body):
    """An order, one line of it, some units of that."""

    order_id: str
    line_id: str | None = None
    quantity: Units | None = None


class CancelBody(OrderBody):
    """`restock` and `told` default to the shop's habit."""

    restock: Literal["yes", "no"] | None = None
    told: Told | None = None


class ReturnBody(OrderBody):
    """`restock` = yes: the shop puts the units on sale again by itself."""

    restock: Literal["yes", "no"] = "no"


class EditOrderBody(Body):
    """The line's new number of ordered units."""

    order_id: str
    line_id: str
    quantity: Units
    restock: Literal["yes", "no"] = "yes"


class StatusBody(Body):
    """Any status word, also one nobody has heard of."""

    order_id: str
    status: Annotated[str, Field(min_length=1, max_length=60)]


class EditQuantityBody(Body):
    """A hand edit of a pool, named by itself or by a listing: to `quantity`, or by `delta`."""

    pool_id: str | None = None
    listing_id: str | None = None
    sku: str | None = None
    quantity: Units | None = None
    delta: Units = 0


class ShareStockBody(Body):
    """A listing, and the pool it sells from now on; without one a pool of its own with `quantity`."""

    listing_id: str
    pool_id: str | None = None
    quantity: Annotated[Units, Field(ge=0)] = 0


class FaultsBody(Body):
    """Faults to add to those ordered before; with `clear` those are taken back first."""

    faults: list[FaultSpec] = Field(default_factory=list)
    clear: bool = False


def control_router(house: House) -> APIRouter:
    """The control API under `/control`; callers from other machines are refused."""
    router = APIRouter(prefix="/control", dependencies=[Depends(_from_here)], include_in_schema=False)

    @router.get("/health")
    def health() -> dict[str, object]:
        return {"status": "ok", "shops": list(house.shops)}

    _add_order_acts(router, house)
    _add_goods_acts(router, house)
    _add_number_acts(router, house)
    _add_showing(router, house)
    _add_calls(router, house)
    _add_faults(router, house)
    _add_views(router, house)
    return router


def _from_here(request: Request) -> None:
    host = request.client.host if request.client else ""
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = False
    if not local:
        raise RefusedError(403, "local_only", "the control API answers this machine alone")


def _act(house: House, shop: str, act: Act) -> Response:
    front = house.shop(shop)
    with front.lock:
        now = house.clock()
        result = act(front.market, now)
    return json_answer(result, now)


def _add_order_acts(router: APIRouter, house: House) -> None:
    @router.post("/{shop}/buy")
    def buy(shop: str, body: BuyBody) -> Response:
        wants = [line.want() for line in body.lines] or [body.want()]
        return _act(
            house, shop, lambda market, now: market.buy_basket(wants, now=now, buyer=body.buyer).as_json()
        )

    @router.post("/{shop}/cancel")
    def cancel(shop: str, body: CancelBody) -> Response:
        restock = None if body.restock is None else body.restock == "yes"
        return _act(
            house,
            shop,
            lambda market, now: market.cancel(
                body.order_id,
                now=now,
                line_id=body.line_id,
                quantity=body.quantity,
                restock=restock,
                told=body.told,
            ).as_json(),
        )

    @router.post("/{shop}/reinstate")
    def reinstate(shop: str, body: OrderBody) -> Response:
        return _act(
            house,
            shop,
            lambda market, now: market.reinstate(body.order_id, now=now, line_id=body.line_id).as_json(),
        )


def _add_goods_acts(router: APIRouter, house: House) -> None:
    @router.post("/{shop}/ship")
    def ship(shop: str, body: OrderBody) -> Response:
        return _act(
            house,
            shop,
            lambda market, now: market.ship(
                body.order_id, now=now, line_id=body.line_id, quantity=body.quantity
            ).as_json(),
        )

    @router.post("/{shop}/return")
    def take_return(shop: str, body: ReturnBody) -> Response:
        return _act(
            house,
            shop,
            lambda market, now: market.take_return(
                body.order_id,
                now=now,
                line_id=body.line_id,
                quantity=body.quantity,
                restock=body.restock == "yes",
            ).as_json(),
        )


def _add_number_acts(router: APIRouter, house: House) -> None:
    @router.post("/{shop}/edit-order")
    def edit_order(shop: str, body: EditOrderBody) -> Response:
        return _act(
            house,
            shop,
            lambda market, now: market.edit_order(
                body.order_id,
                line_id=body.line_id,
                quantity=body.quantity,
                restock=body.restock == "yes",
                now=now,
            ).as_json(),
        )

    @router.post("/{shop}/status")
    def status(shop: str, body: StatusBody) -> Response:
        return _act(
            house, shop, lambda market, now: market.set_status(body.order_id, body.status, now=now).as_json()
        )

    @router.post("/{shop}/edit-quantity")
    def edit_quantity(shop: str, body: EditQuantityBody) -> Response:
        def edit(market: Marketplace, now: datetime) -> object:
            pool_id = body.pool_id or market.pool_of(listing_id=body.listing_id, sku=body.sku)
            number = market.hand_edit(pool_id, now=now, quantity=body.quantity, delta=body.delta)
            return {"pool_id": pool_id, "quantity": number}

        return _act(house, shop, edit)

    @router.post("/{shop}/share-stock")
    def share_stock(shop: str, body: ShareStockBody) -> Response:
        return _act(
            house,
            shop,
            lambda market, now: market.share_stock(
                body.listing_id, now=now, pool_id=body.pool_id, quantity=body.quantity
            ).as_json(),
        )


def _add_showing(router: APIRouter, house: House) -> None:
    @router.post("/{shop}/show")
    def show(shop: str, body: ShowBody) -> Response:
        def deed(market: Marketplace, now: datetime) -> object:
            listing_id = body.listing_id or market.listing_of(sku=body.sku)
            return market.patch_listing(listing_id, now=now, state=body.state).as_json()

        return _act(house, shop, deed)


def _add_calls(router: APIRouter, house: House) -> None:
    @router.post("/{shop}/webhook")
    def call_at(shop: str, body: CallBody) -> Response:
        front = house.shop(shop)
        with front.lock:
            ring_at(front, body.url, house)
        return json_answer({"url": body.url}, house.clock())

    @router.get("/{shop}/calls")
    def calls(shop: str) -> Response:
        bell = house.shop(shop).bell
        sent = [] if bell is None else [one.as_json() for one in bell.sent()]
        return json_answer({"calls": sent}, house.clock())


def ring_at(front: Shopfront, url: str | None, house: House) -> None:
    """Have a shop call its seller there, or nowhere; the caller holds the lock. `RefusedError` if it cannot."""
    calling = CALLINGS.get(front.dialect)
    if url is None:
        front.call_at(None)
        return
    if calling is None:
        raise RefusedError(422, "no_webhooks", f"a shop of kind {front.dialect} calls nobody")
    try:
        front.call_at(Bell(front.market, url, calling, clock=house.clock))
    except ValueError as error:
        raise RefusedError(422, "bad_address", str(error)) from error


def _add_faults(router: APIRouter, house: House) -> None:
    @router.post("/{shop}/faults")
    def order_faults(shop: str, body: FaultsBody) -> Response:
        def order(market: Marketplace, _now: datetime) -> object:
            if body.clear:
                market.faults.clear()
            for spec in body.faults:
                market.faults.order(spec)
            return {"active": [spec.kind for spec in market.faults.active()]}

        return _act(house, shop, order)

    @router.delete("/{shop}/faults")
    def clear_faults(shop: str, kind: FaultKind | None = None) -> Response:
        def clear(market: Marketplace, _now: datetime) -> object:
            market.faults.clear(kind)
            return {"active": [spec.kind for spec in market.faults.active()]}

        return _act(house, shop, clear)


def _add_views(router: APIRouter, house: House) -> None:
    @router.get("/{shop}/truth")
    def truth(shop: str, orders: bool = True) -> Response:
        return _act(house, shop, lambda market, now: market.truth(now=now, orders=orders))

    @router.get("/{shop}/log")
    def log(shop: str, after: Annotated[int, Query(ge=0)] = 0) -> Response:
        front = house.shop(shop)
        with front.lock:
            now = house.clock()
            lines = front.market.log.after(after)
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        return text_answer(text, now, media_type="application/x-ndjson")
