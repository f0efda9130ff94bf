"""How does Shopify speak? Its GraphQL Admin API over the pretend shop: token, versions, points, errors; no shop logic.

Oddities kept: errors beside HTTP 200, a token in a header of its own, points in every answer, a compared number that may not
be left out, keys against repeats from version 2026-04 on, an order filter that knows whole seconds, a SKU search that lags.
Give the shop a profile of `quantity_mode` "compare_and_set" and a single feed.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response

from syncworker.sandbox import answers
from syncworker.sandbox.dialects import graphql, shopify_writes
from syncworker.sandbox.dialects.arrivals import RawBody
from syncworker.sandbox.dialects.dialect import Dialect
from syncworker.sandbox.dialects.graphql import Selection
from syncworker.sandbox.dialects.shopify_desk import POINTS, RESTORED_PER_S, Desk
from syncworker.sandbox.dialects.shopify_reads import bulk_rows, roots
from syncworker.sandbox.dialects.shopify_rows import Row, Visit
from syncworker.sandbox.exchange import Exchange, Plain, Shown, Written
from syncworker.sandbox.faults import Operation, RetryAfter
from syncworker.sandbox.house import House
from syncworker.sandbox.manners import Manners
from syncworker.sandbox.model import Marketplace
from syncworker.sandbox.refusal import RefusedError

VERSIONS = ("2026-01", "2026-04", "2026-07", "2026-10")
_NO_TOKEN = "[API] Invalid API key or access token (unrecognized login or wrong password)"  # noqa: S105 - words
#: Which of the sandbox's operations each root field belongs to.
_OPERATIONS: Mapping[str, Operation] = {
    "shop": "shop",
    "locations": "shop",
    "productVariants": "listings",
    "productVariant": "listings",
    "productByIdentifier": "listings",
    "bulkOperationRunQuery": "listings",
    "bulkOperation": "listings",
    "nodes": "read",
    "orders": "orders",
    "order": "orders",
    "inventorySetQuantities": "quantities",
    "productSet": "publish",
    "inventoryActivate": "publish",
    "productVariantsBulkUpdate": "patch",
    "productUpdate": "patch",
    "orderCancel": "patch",
}
#: A page belongs to what it is a page of, not to what is told beside it.
_WEIGHT: tuple[Operation, ...] = ("quantities", "publish", "patch", "orders", "read", "listings", "shop")


class ShopifyManners(Manners):
    """Errors beside HTTP 200, but for a wrong token or address."""

    def refusal(self, error: RefusedError, at: datetime) -> Response:
        """A GraphQL error with its code."""
        if error.facts.get("oauth"):
            body: Row = {"error": error.code, "error_description": error.message}
            return answers.json_answer(body, at, status=error.status)
        if error.status == 401:
            return answers.json_answer({"errors": _NO_TOKEN}, at, status=401)
        if error.status == 404 and error.code in ("unknown_shop", "not_found"):
            return answers.json_answer({"errors": "Not Found"}, at, status=404)
        shown: Row = {"message": error.message, "extensions": {"code": error.code}}
        body = {"errors": [shown]}
        if "cost" in error.facts:
            body["extensions"] = {"cost": error.facts["cost"]}
        return answers.json_answer(body, at)

    def too_many_calls(self, wait_s: float, how: RetryAfter, at: datetime) -> Response:  # noqa: ARG002 - one form
        """THROTTLED, with the points from which the wait follows."""
        # As if the request had asked for far too many: the bucket itself stays good for others.
        asked = 1000 + int(-(-wait_s * RESTORED_PER_S // 1))
        status: Row = {"maximumAvailable": POINTS, "currentlyAvailable": 1000, "restoreRate": RESTORED_PER_S}
        cost: Row = {"requestedQueryCost": asked, "actualQueryCost": None, "throttleStatus": status}
        return self.refusal(RefusedError(200, "THROTTLED", "Throttled", cost=cost), at)


def _router(house: House) -> APIRouter:
    desks: dict[str, Desk] = {}

    def desk_of(shop: str, request: Request) -> Desk:
        front = house.shop(shop)
        with front.lock:
            address = f"{str(request.base_url).rstrip('/')}/{shop}"
            made = Desk(shop, address, front.token, f"refresh-{shop}", f"code-{shop}")
            return desks.setdefault(shop, made)

    router = APIRouter(prefix="/{shop}")

    @router.post("/admin/oauth/access_token")
    def token(shop: str, request: Request, raw: RawBody) -> Response:
        desk = desk_of(shop, request)
        told = _form(raw)

        def deed(_market: Marketplace, _now: datetime) -> Shown:
            return Plain(desk.exchange(told))

        return Exchange(house, house.shop(shop), "shop", SHOPIFY.manners).answer(deed)

    @router.post("/admin/api/{version}/graphql.json")
    def ask(shop: str, version: str, request: Request, raw: RawBody) -> Response:
        desk = desk_of(shop, request)
        served = _served(version)
        if not _same(request.headers.get("X-Shopify-Access-Token"), desk.access):
            raise RefusedError(401, "unauthorized", _NO_TOKEN)
        return _answered(house, desk, served, _request(raw))

    @router.get("/bulk/{name}.jsonl")
    def bulk(shop: str, name: str, request: Request) -> Response:
        desk = desk_of(shop, request)
        operation = desk.bulks.get(f"gid://shopify/BulkOperation/{name}")
        if operation is None or request.query_params.get("signature") != f"signed-{name}+x":
            raise RefusedError(404, "not_found", "there is no such file")

        def deed(market: Marketplace, now: datetime) -> Shown:
            return Written(
                _jsonl(Visit(market, desk, now, VERSIONS[-1]), operation.query), media_type="text/jsonl"
            )

        return Exchange(house, house.shop(shop), "listings", SHOPIFY.manners).answer(deed)

    return router


def _answered(house: House, desk: Desk, version: str, asked: graphql.Request) -> Response:
    operation = _operation(asked)

    def deed(market: Marketplace, now: datetime) -> Shown:
        asked_for = graphql.cost(asked)
        desk.reserve(asked_for, now)
        visit = Visit(market, desk, now, version)
        data, errors = _written(visit, asked) if asked.kind == "mutation" else (_read(visit, asked), [])
        used = asked_for if asked.kind == "mutation" else sum(graphql.objects(part) for part in data.values())
        body: Row = {"data": data, "extensions": {"cost": desk.settle(asked_for, used)}}
        if errors:
            body["errors"] = errors
        return Written(body, {"X-Shopify-API-Version": version})

    def later(now: datetime, after_s: float) -> None:
        market = house.shop(desk.name).market
        visit = Visit(market, desk, now, version)
        for field in asked.fields:
            ask = shopify_writes.asked(visit, field, asked.arguments(field), _key(field, asked))
            if ask.item is not None:
                market.land_later([ask.item], now=now, after_s=after_s, key=ask.key)

    exchange = Exchange(house, house.shop(desk.name), operation, SHOPIFY.manners)
    return exchange.answer(deed, later=later)


def _operation(asked: graphql.Request) -> Operation:
    found = {_OPERATIONS.get(field.name) for field in asked.fields}
    for operation in _WEIGHT:
        if operation in found and None not in found:
            return operation
    strange = ", ".join(field.name for field in asked.fields if field.name not in _OPERATIONS)
    raise RefusedError(200, "undefinedField", f"Field '{strange}' doesn't exist on type 'QueryRoot'")


def _read(visit: Visit, asked: graphql.Request) -> Row:
    known: dict[str, object] = dict(roots(visit))
    found = graphql.select(known, asked.fields, asked, "QueryRoot")
    return found if isinstance(found, dict) else {}


def _written(visit: Visit, asked: graphql.Request) -> tuple[Row, list[Row]]:
    """The payloads one after the other; one that gets lost is null, with an error of its own."""
    data: Row = {}
    errors: list[Row] = []
    # Everything is read before anything is done: a request that does not fit the schema does nothing.
    deeds = [(field, _deed(visit, field, asked)) for field in asked.fields]
    for field, deed in deeds:
        payload = deed()
        data[field.alias] = graphql.select(payload, field.inside, asked, field.name)
        if payload is None:
            words: Row = {"message": "Internal error", "path": [field.alias]}
            errors.append(words | {"extensions": {"code": "INTERNAL_SERVER_ERROR"}})
    return data, errors


def _deed(visit: Visit, field: Selection, asked: graphql.Request) -> Callable[[], Row | None]:
    arguments = asked.arguments(field)
    if field.name == "inventorySetQuantities":
        ask = shopify_writes.asked(visit, field, arguments, _key(field, asked))
        return lambda: shopify_writes.set_number(visit, ask)
    others: dict[str, Callable[[], Row | None]] = {
        "productSet": lambda: shopify_writes.create(visit, arguments),
        "inventoryActivate": lambda: shopify_writes.activate(visit, field, arguments),
        "productVariantsBulkUpdate": lambda: shopify_writes.set_prices(visit, arguments),
        "productUpdate": lambda: shopify_writes.update_product(visit, arguments),
        "orderCancel": lambda: shopify_writes.cancel(visit, arguments),
        "bulkOperationRunQuery": lambda: _start_bulk(visit, arguments),
    }
    if field.name not in others:
        raise RefusedError(200, "undefinedField", f"Field '{field.name}' doesn't exist on type 'Mutation'")
    return others[field.name]


def _key(field: Selection, asked: graphql.Request) -> object:
    return graphql.filled(field.directives.get("idempotent", {}).get("key"), asked.variables)


def _start_bulk(visit: Visit, arguments: Mapping[str, object]) -> Row:
    query = str(arguments.get("query"))
    try:
        graphql.read(query, None, {})
    except RefusedError as error:
        problem = shopify_writes.errors(("INVALID", error.message))
        return {"bulkOperation": None, "userErrors": problem}
    bulk = visit.desk.start_bulk(query, visit.now)
    return {"bulkOperation": {"id": bulk.gid, "status": "CREATED"}, "userErrors": []}


def _jsonl(visit: Visit, query: str) -> str:
    """One row a line, with the fields that the operation's query asked for."""
    asked = graphql.read(query, None, {})
    (variants,) = asked.fields
    (edges,) = variants.inside
    (node,) = edges.inside
    rows = [graphql.select(row, node.inside, asked, "ProductVariant") for row in bulk_rows(visit)]
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _served(version: str) -> str:
    """The oldest version stands in for older ones."""
    if version in VERSIONS:
        return version
    if version < VERSIONS[0]:
        return VERSIONS[0]
    raise RefusedError(404, "not_found", "there is no such version")


def _request(raw: bytes) -> graphql.Request:
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise RefusedError(200, "BAD_REQUEST", "the body is not JSON") from error
    if not isinstance(body, dict) or set(body) - {"query", "operationName", "variables"}:
        raise RefusedError(200, "BAD_REQUEST", "the body holds query, operationName and variables")
    return graphql.read(body.get("query"), body.get("operationName"), body.get("variables") or {})


def _form(raw: bytes) -> dict[str, object]:
    """JSON or a form, as a token is asked for."""
    try:
        body = json.loads(raw)
    except ValueError:
        return dict(parse_qsl(raw.decode("utf-8", "replace")))
    return body if isinstance(body, dict) else {}


def _same(given: str | None, secret: str) -> bool:
    return given is not None and secrets.compare_digest(given.encode(), secret.encode())


#: The GraphQL Admin API of Shopify.
SHOPIFY = Dialect("shopify", base_path="", router=_router, manners=ShopifyManners())
