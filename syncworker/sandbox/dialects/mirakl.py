"""How does a Mirakl marketplace speak to its sellers? Offers, imports and orders over the pretend shop; no shop logic.

Oddities kept: the key is the bare `Authorization` header; stock is a CSV file in a multipart form and only a job, whose end,
counts and error report are asked for afterwards; an offer at 0 calls itself inactive; orders are sorted by creation alone,
start a little before the moment that was asked for, and wait until each line is accepted or refused.

The profile's `apply_lag_s` is how long a job takes; `rate_limit_window_s` the least time between two imports, a quarter of it
that between two looks at the same job. Nothing announces either limit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from fastapi import APIRouter, Depends, Request, Response

from syncworker.sandbox import answers
from syncworker.sandbox.dialects import mirakl_documents as shapes
from syncworker.sandbox.dialects.arrivals import RawBody, between, document, listed, moment, rows, same, table
from syncworker.sandbox.dialects.dialect import Dialect
from syncworker.sandbox.dialects.mirakl_documents import Json
from syncworker.sandbox.dialects.mirakl_imports import StockImport, read_stock_file, taken
from syncworker.sandbox.exchange import Exchange, Plain, Shown, Written
from syncworker.sandbox.faults import Operation, RetryAfter
from syncworker.sandbox.house import House
from syncworker.sandbox.manners import Manners
from syncworker.sandbox.model import Marketplace
from syncworker.sandbox.orders import Order
from syncworker.sandbox.pools import QuantityItem
from syncworker.sandbox.refusal import RefusedError

#: How much earlier than asked a list of orders begins.
SAFETY = timedelta(seconds=60)
_OFFER_NEEDS = ("shop_sku", "price", "product_id", "product_id_type", "state_code", "update_delete")


class MiraklManners(Manners):
    """`{status, message}`, with a `code` where the operation has one."""

    def refusal(self, error: RefusedError, at: datetime) -> Response:
        """A bad request is a 400."""
        status = 400 if error.status == 422 else error.status
        body = {"status": status, "code": error.code.upper(), "message": error.message}
        return answers.json_answer(body, at, status=status)

    def too_many_calls(self, wait_s: float, how: RetryAfter, at: datetime) -> Response:  # noqa: ARG002 - says nothing
        """A 429 that does not tell when to come back."""
        body = {"status": 429, "message": "Too many requests"}
        return answers.json_answer(body, at, status=429)


@dataclass(slots=True)
class _Desk:
    """What one shop's operator remembers: its imports, when they were asked about, and decisions about orders."""

    imports: dict[int, StockImport] = field(default_factory=dict)
    last_import: datetime | None = None
    last_upsert: datetime | None = None
    last_look: dict[int, datetime] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)

    def keep(self, made: StockImport) -> Json:
        """Remember an import and answer with its number."""
        number = 2000 + len(self.imports) + 1
        self.imports[number] = made
        return {"import_id": number}

    def find(self, number: int) -> StockImport:
        """The import of that number; 404 if there is none."""
        if number not in self.imports:
            raise RefusedError(404, "not_found", f"Import with identifier '{number}' not found")
        return self.imports[number]


@dataclass(slots=True)
class _Operator:
    """The house, and one desk for each of its shops."""

    house: House
    desks: dict[str, _Desk] = field(default_factory=dict)

    def call(
        self,
        shop: str,
        operation: Operation,
        deed: Callable[[Marketplace, datetime, _Desk], Shown],
        *,
        status: int = 200,
        later: Callable[[datetime, float], None] | None = None,
    ) -> Response:
        """One call; the deed gets the shop's desk too."""
        desk = self.desks.setdefault(shop, _Desk())
        exchange = Exchange(self.house, self.house.shop(shop), operation, MIRAKL.manners)
        return exchange.answer(lambda market, now: deed(market, now, desk), status=status, later=later)


def _router(house: House) -> APIRouter:
    def admitted(shop: str, request: Request) -> None:
        house.shop(shop)
        if not same(request.headers.get("Authorization"), f"key-{shop}"):
            raise RefusedError(401, "unauthorized", "Unauthorized")

    router = APIRouter(prefix="/{shop}/api", dependencies=[Depends(admitted)])
    operator = _Operator(house)
    _add_offers(router, operator)
    _add_imports(router, operator)
    _add_offer_imports(router, operator)
    _add_orders(router, operator)
    return router


def _add_offers(router: APIRouter, operator: _Operator) -> None:
    @router.get("/account")
    def account(shop: str) -> Response:
        def deed(market: Marketplace, _now: datetime, _desk: _Desk) -> Shown:
            name = market.profile.name
            facts = {"shop_state": "OPEN", "currency_iso_code": market.profile.currency}
            return Plain({"shop_id": 2001, "shop_name": name, **facts})

        return operator.call(shop, "shop", deed)

    @router.get("/offers")
    def offers(shop: str, request: Request) -> Response:
        sku = request.query_params.get("sku")
        size, start = _page(request)

        def deed(market: Marketplace, now: datetime, _desk: _Desk) -> Shown:
            found = [one for one in market.listings.values() if sku in {None, one.sku}]
            chosen = [shapes.offer(market, one, now) for one in found[start : start + size]]
            return Plain({"offers": chosen, "total_count": len(found)})

        return operator.call(shop, "listings" if sku is None else "read", deed)

    @router.post("/offers")
    def upsert_offers(shop: str, raw: RawBody) -> Response:
        """Whole offers: what a row does not name is reset, its quantity to 0."""
        asked = rows(table(document(raw), "body").get("offers"), "offers")
        for index, row in enumerate(asked):
            missing = [name for name in _OFFER_NEEDS if row.get(name) in {None, ""}]
            if missing:
                raise RefusedError(422, "bad_request", f"offers[{index}]: {', '.join(missing)} is required")

        def deed(market: Marketplace, now: datetime, desk: _Desk) -> Shown:
            profile = market.profile
            _not_too_soon(desk.last_upsert, now, profile.rate_limit_window_s)
            desk.last_upsert = now
            before = len(market.listings)
            done = [shapes.upserted(market, row, now) for row in asked]
            made = len(market.listings) - before
            job = StockImport.of(done, at=now, lag_s=profile.apply_lag_s, inserted=made)
            return Plain(desk.keep(job))

        return operator.call(shop, "publish", deed, status=201)


def _add_imports(router: APIRouter, operator: _Operator) -> None:
    @router.post("/offers/stock/imports")
    def import_stock(shop: str, request: Request, raw: RawBody) -> Response:
        file = read_stock_file(request.headers.get("Content-Type", ""), raw)
        market = operator.house.shop(shop).market

        def deed(market: Marketplace, now: datetime, desk: _Desk) -> Shown:
            _not_too_soon(desk.last_import, now, market.profile.rate_limit_window_s)
            desk.last_import = now
            return Plain(desk.keep(taken(market, file, now)))

        def later(now: datetime, after_s: float) -> None:
            skus = {one.sku: one.pool_id for one in market.listings.values()}
            items = [
                QuantityItem(pool_id=skus[row.sku], quantity=row.quantity)
                for row in file.rows
                if row.sku in skus and row.quantity is not None
            ]
            market.land_later(items, now=now, after_s=after_s)

        return operator.call(shop, "quantities", deed, status=201, later=later)

    @router.get("/offers/stock/imports/{number}/status")
    def import_status(shop: str, number: int) -> Response:
        def deed(market: Marketplace, now: datetime, desk: _Desk) -> Shown:
            job = desk.find(number)
            _not_too_soon(desk.last_look.get(number), now, market.profile.rate_limit_window_s / 4)
            desk.last_look[number] = now
            return Plain({"import_id": number, "shop_id": 2001, **job.status(now)})

        return operator.call(shop, "read", deed)

    @router.get("/offers/stock/imports/{number}/error_report")
    def error_report(shop: str, number: int) -> Response:
        def deed(_market: Marketplace, now: datetime, desk: _Desk) -> Shown:
            job = desk.find(number)
            if not job.status(now)["has_error_report"]:
                raise RefusedError(404, "not_found", f"No error report for import '{number}'")
            return Written(job.report())

        return operator.call(shop, "read", deed)


def _add_offer_imports(router: APIRouter, operator: _Operator) -> None:
    @router.get("/offers/imports/{number}")
    def import_state(shop: str, number: int) -> Response:
        def deed(market: Marketplace, now: datetime, desk: _Desk) -> Shown:
            job = desk.find(number)
            _not_too_soon(desk.last_look.get(number), now, market.profile.rate_limit_window_s / 4)
            desk.last_look[number] = now
            facts = {"import_id": number, "shop_id": 2001, "mode": "NORMAL", "type": "OFFER"}
            return Plain({**facts, **job.status(now), **job.counts(now)})

        return operator.call(shop, "listings", deed)

    @router.get("/offers/imports/{number}/error_report")
    def offer_errors(shop: str, number: int) -> Response:
        def deed(_market: Marketplace, now: datetime, desk: _Desk) -> Shown:
            job = desk.find(number)
            if not job.status(now)["has_error_report"]:
                raise RefusedError(404, "not_found", f"No error report for import '{number}'")
            return Written(job.report())

        return operator.call(shop, "listings", deed)


def _add_orders(router: APIRouter, operator: _Operator) -> None:
    @router.get("/orders")
    def orders(shop: str, request: Request) -> Response:
        query = request.query_params
        size, start = _page(request)
        if query.get("sort", "dateCreated") != "dateCreated":
            raise RefusedError(422, "bad_request", "sort must be dateCreated")
        states, ids = listed(query.getlist("order_state_codes")), listed(query.getlist("order_ids"))
        in_time = _in_time(request)

        def deed(market: Marketplace, now: datetime, desk: _Desk) -> Shown:
            found = market.list_by_position(
                now=now,
                keep=lambda order: (
                    in_time(order)
                    and (not ids or order.order_id in ids)
                    and (not states or shapes.state(order, desk.refused) in states)
                ),
                by=lambda order: (order.created_at, order.order_id),
                start=start,
                size=size,
                newest_first=query.get("order") == "desc",
            )
            shown = [shapes.order(each, desk.refused) for each in found.orders]
            return Plain({"orders": shown, "total_count": found.total})

        return operator.call(shop, "orders", deed)

    @router.put("/orders/{order_id}/accept")
    def accept(shop: str, order_id: str, raw: RawBody) -> Response:
        asked = rows(table(document(raw), "body").get("order_lines"), "order_lines")
        decisions = {str(row.get("id")): row.get("accepted") for row in asked}

        def deed(market: Marketplace, now: datetime, desk: _Desk) -> Shown:
            _decide(market, order_id, decisions, now, desk)
            return Plain({})

        return operator.call(shop, "patch", deed, status=204)


def _decide(
    market: Marketplace, order_id: str, decisions: dict[str, object], now: datetime, desk: _Desk
) -> None:
    """Accept or refuse a whole order; a refused one's units go where those of a cancelled one go."""
    order = market.book.get(order_id)
    if shapes.state(order, desk.refused) != "WAITING_ACCEPTANCE":
        raise RefusedError(400, "order_invalid_state", f"Order '{order_id}' waits for no decision")
    told = [decisions.get(line.line_id) for line in order.lines]
    if any(not isinstance(decision, bool) for decision in told):
        words = "Acceptance decision is missing for at least one line"
        raise RefusedError(400, "order_line_acceptance_decision_missing", words)
    if len(set(told)) > 1:
        raise RefusedError(400, "order_partial_acceptance_disabled", "Partial acceptance is disabled")
    if told[0]:
        market.set_status(order_id, "accepted", now=now)
    else:
        desk.refused.add(order_id)
        market.cancel(order_id, now=now)


def _in_time(request: Request) -> Callable[[Order], bool]:
    since, until = (_bound(request, name) for name in ("start_update_date", "end_update_date"))
    return lambda order: (
        (since is None or order.updated_at >= since - SAFETY) and (until is None or order.updated_at <= until)
    )


def _not_too_soon(before: datetime | None, now: datetime, interval_s: float) -> None:
    if before is not None and (now - before).total_seconds() < interval_s:
        raise RefusedError(429, "too_many_requests", "Too many requests")


def _page(request: Request) -> tuple[int, int]:
    """Size and position of a page."""
    query = request.query_params
    size = between(query.get("max"), "max", default=10, least=1, most=100)
    return size, between(query.get("offset"), "offset", default=0, least=0)


def _bound(request: Request, name: str) -> datetime | None:
    given = request.query_params.get(name)
    if given is None:
        return None
    at = moment(given, name)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at


#: Mirakl's seller API.
MIRAKL = Dialect("mirakl", base_path="", router=_router, manners=MiraklManners())
