"""Where does "Marketplace API v1" live? The endpoints of our own wire contract; no shop logic."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import AwareDatetime

from syncworker.sandbox import wire
from syncworker.sandbox.dialects.dialect import Dialect
from syncworker.sandbox.exchange import Exchange, Items, Plain
from syncworker.sandbox.house import House, Shopfront
from syncworker.sandbox.manners import Manners
from syncworker.sandbox.orders import FeedName
from syncworker.sandbox.refusal import RefusedError

_PROBLEMS: dict[int | str, dict[str, object]] = {
    status: {"model": wire.Problem, "description": words}
    for status, words in (
        (400, "No JSON, or a cursor the shop never gave"),
        (401, "No token, or a wrong one"),
        (404, "Unknown shop, listing, or a shop that cannot be read"),
        (409, "The SKU is listed already"),
        (413, "More items than `batch_max`"),
        (422, "A field is missing, unknown or of the wrong kind"),
        (429, "Too many calls; see Retry-After, if it is there"),
    )
}
_BEARER = HTTPBearer(auto_error=False, description="The shop's token")

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        max_length=200,
        description="A repeat with the same key inside the retention answers as the first time, without effect.",
    ),
]
Cursor = Annotated[str | None, Query(max_length=300, description="`next_cursor` of the page before")]
Limit = Annotated[int | None, Query(ge=1, description="At most `page_size` whatever is asked")]
Since = Annotated[AwareDatetime | None, Query(description="Inclusive, in the shop's clock")]


def _router(house: House) -> APIRouter:
    def admitted(shop: str, bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]) -> None:
        if bearer is None or not house.shop(shop).admits(bearer.credentials):
            raise RefusedError(401, "unauthorized", "this shop wants its own bearer token")

    router = APIRouter(
        prefix="/{shop}/v1",
        dependencies=[Depends(admitted)],
        responses=_PROBLEMS,
        tags=["Marketplace API v1"],
    )
    _add_listings(router, house)
    _add_quantities(router, house)
    _add_feeds(router, house)
    return router


def _add_listings(router: APIRouter, house: House) -> None:
    @router.get("/shop", response_model=wire.Shop, operation_id="getShop")
    def shop_and_capabilities(shop: str) -> Response:
        """Name, currency and what the shop declares of itself."""
        return Exchange(house, house.shop(shop), "shop").answer(lambda market, _now: Plain(market.shop()))

    @router.get("/listings", response_model=wire.Listings, operation_id="getListings")
    def listings(shop: str, cursor: Cursor = None, limit: Limit = None) -> Response:
        """One page of listings, in the order they were created."""
        return Exchange(house, house.shop(shop), "listings").answer(
            lambda market, now: market.list_listings(now=now, cursor=cursor, limit=limit)
        )

    @router.post("/listings", response_model=wire.ListingShown, status_code=201, operation_id="createListing")
    def create_listing(shop: str, body: wire.NewListing, idempotency_key: Key = None) -> Response:
        """Show a new SKU. It carries a quantity, so a lost answer is as uncertain as that of a push."""
        front = house.shop(shop)
        return Exchange(house, front, "publish").answer(
            lambda market, now: market.create_listing(
                sku=body.sku,
                title=body.title,
                price=_amount(front, body.price),
                quantity=body.quantity,
                pool_id=body.pool_id,
                key=idempotency_key,
                now=now,
            ),
            status=201,
        )

    @router.patch("/listings/{listing_id}", response_model=wire.ListingShown, operation_id="patchListing")
    def patch_listing(shop: str, listing_id: str, body: wire.ListingPatch) -> Response:
        """Change title, price or state; the number is not touched."""
        front = house.shop(shop)
        return Exchange(house, front, "patch").answer(
            lambda market, now: market.patch_listing(
                listing_id,
                title=body.title,
                price=_amount(front, body.price) if body.price else None,
                state=body.state,
                now=now,
            )
        )


def _add_quantities(router: APIRouter, house: House) -> None:
    @router.post("/quantities/read", response_model=wire.Readings, operation_id="readQuantities")
    def read_quantities(shop: str, body: wire.PoolIds) -> Response:
        """Read numbers back, as old as the shop's read lag."""
        return Exchange(house, house.shop(shop), "read").answer(
            lambda market, now: Items(market.read_quantities(body.pool_ids, now=now))
        )

    @router.post("/quantities", response_model=wire.PushResults, operation_id="pushQuantities")
    def push_quantities(shop: str, body: wire.PushBatch, idempotency_key: Key = None) -> Response:
        """Push numbers; each item has its own result."""
        front = house.shop(shop)
        items = [entry.item() for entry in body.items]
        return Exchange(house, front, "quantities").answer(
            lambda market, now: Items(market.push_quantities(items, now=now, key=idempotency_key)),
            later=lambda now, after_s: front.market.land_later(
                items, now=now, after_s=after_s, key=idempotency_key
            ),
        )


def _add_feeds(router: APIRouter, house: House) -> None:
    def page(
        feed: FeedName, shop: str, since: datetime | None, cursor: str | None, limit: int | None
    ) -> Response:
        return Exchange(house, house.shop(shop), feed).answer(
            lambda market, now: market.list_orders(
                feed, now=now, updated_since=since, cursor=cursor, limit=limit
            )
        )

    @router.get("/orders", response_model=wire.Orders, operation_id="getOrders")
    def orders(
        shop: str, updated_since: Since = None, cursor: Cursor = None, limit: Limit = None
    ) -> Response:
        """One page of orders in every state, by (updated_at, order_id), as far as they are visible by now."""
        return page("orders", shop, updated_since, cursor, limit)

    @router.get("/cancellations", response_model=wire.Orders, operation_id="getCancellations")
    def cancellations(
        shop: str, updated_since: Since = None, cursor: Cursor = None, limit: Limit = None
    ) -> Response:
        """One page of the orders with cancelled or returned units; empty at a shop whose `feeds` is `single`."""
        return page("cancellations", shop, updated_since, cursor, limit)


def _amount(front: Shopfront, price: wire.Money) -> str:
    currency = front.market.profile.currency
    if price.currency != currency:
        raise RefusedError(422, "wrong_currency", f"this shop sells in {currency}, not {price.currency}")
    return price.amount


#: The contract that docs/marketplace-api.md describes in words.
MARKETPLACE = Dialect("marketplace", base_path="/v1", router=_router, manners=Manners())
