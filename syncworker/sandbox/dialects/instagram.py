"""How does Meta's Graph API speak of a shop on Instagram? Catalogue batches and, for old accounts, orders; no shop logic.

Oddities kept: an `items_batch` is only taken in, what became of its items is asked for later; "finished" does not mean
that all went well, and `handles` may be empty; errors are 400s told apart by a code; wrong tokens and proofs are the app's
fault. Two dialects: `instagram` is a catalogue where nothing is ordered, `instagram_orders` an account of before September
2025 that still has the order API: there the number is the one that was given, what orders take of it is hidden, and returns
to sale some time after they were acknowledged.

The profile's `apply_lag_s` is how long a batch takes; its `idempotency_retention_s` how long an acknowledged order stays
subtracted (half an hour at Meta).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from urllib.parse import parse_qs

from fastapi import APIRouter, Request, Response

from syncworker.sandbox import answers
from syncworker.sandbox.dialects import instagram_catalogue as goods
from syncworker.sandbox.dialects import instagram_orders as sales
from syncworker.sandbox.dialects.arrivals import RawBody, between, document, same, table
from syncworker.sandbox.dialects.dialect import Dialect
from syncworker.sandbox.dialects.instagram_catalogue import Json, Shelf
from syncworker.sandbox.exchange import Exchange, Plain
from syncworker.sandbox.faults import Operation, RetryAfter
from syncworker.sandbox.house import House
from syncworker.sandbox.manners import Manners
from syncworker.sandbox.model import Marketplace
from syncworker.sandbox.refusal import RefusedError

PAYLOAD_MAX = 28 * 1024 * 1024
_VERSION = re.compile(r"v[0-9]{1,2}\.[0-9]")
_TYPES = {"190": "OAuthException", "200": "OAuthException"}


def catalog_id(shop: str) -> str:
    """The number of a pretend shop's catalogue."""
    return f"1{zlib.crc32(shop.encode()):010d}"


def cms_id(shop: str) -> str:
    """The number of its commerce account."""
    return f"2{zlib.crc32(shop.encode()):010d}"


class GraphManners(Manners):
    """`{"error": {message, type, code, …}}`, mostly as a 400."""

    def refusal(self, error: RefusedError, at: datetime) -> Response:
        """The code is the error's own if it is a number, else "invalid parameter"."""
        code = error.code if error.code.isdecimal() else "190" if error.status == 401 else "100"
        status = error.status if error.status in {401, 403} else 400
        told = {
            "message": error.message,
            "type": _TYPES.get(code, "GraphMethodException"),
            "code": int(code),
            "is_transient": False,
            "fbtrace_id": "TRACE",
            **error.facts,
        }
        return answers.json_answer({"error": told}, at, status=status)

    def too_many_calls(self, wait_s: float, how: RetryAfter, at: datetime) -> Response:
        """A 400 with code 80014; the usage header tells the wait, in minutes."""
        minutes = max(1, round(wait_s / 60))
        usage = [
            {"type": "catalog_batch", "call_count": 100, "estimated_time_to_regain_access": minutes},
        ]
        told = {
            "message": "Too many calls for the batch uploads to this catalog account.",
            "type": "OAuthException",
            "code": 80014,
            "is_transient": False,
        }
        headers = {"X-Business-Use-Case-Usage": json.dumps({"1234567890": usage})} if how != "none" else {}
        return answers.json_answer({"error": told}, at, status=400, headers=headers)


@dataclass(slots=True)
class _Graph:
    """The house, and what each of its shops remembers besides numbers and orders."""

    house: House
    dialect: str
    shelves: dict[str, Shelf] = field(default_factory=dict)

    @property
    def has_orders(self) -> bool:
        return self.dialect == "instagram_orders"

    def call(
        self,
        shop: str,
        operation: Operation,
        deed: Callable[[Shelf, datetime], Json],
        *,
        later: Callable[[Shelf, datetime, float], None] | None = None,
    ) -> Response:
        """One call; the deed gets the shop's shelf."""
        front = self.house.shop(shop)

        def shelf(market: Marketplace) -> Shelf:
            return self.shelves.setdefault(shop, Shelf(market, has_orders=self.has_orders))

        landing = None if later is None else (lambda now, wait: later(shelf(front.market), now, wait))
        return Exchange(self.house, front, operation, MANNERS).answer(
            lambda market, now: Plain(deed(shelf(market), now)), later=landing
        )

    def admit(self, shop: str, version: str, request: Request, form: Json, *, page: bool) -> None:
        """The token of the system user or of the page, with its proof."""
        self.house.shop(shop)
        if not _VERSION.fullmatch(version):
            raise RefusedError(400, "2500", f"Unknown path components: /{version}")
        scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
        given = bearer if scheme == "Bearer" else request.query_params.get("access_token")
        token = given or str(form.get("access_token", ""))
        if not same(token, f"page-token-{shop}" if page else f"token-{shop}"):
            raise RefusedError(401, "190", "Error validating access token", error_subcode=460)
        proof = request.query_params.get("appsecret_proof") or str(form.get("appsecret_proof", ""))
        if not same(proof, hmac.new(f"secret-{shop}".encode(), token.encode(), hashlib.sha256).hexdigest()):
            raise RefusedError(400, "100", "Invalid appsecret_proof provided in the API argument")


def _router(house: House, dialect: str) -> APIRouter:
    router = APIRouter(prefix="/{shop}/{version}")
    graph = _Graph(house, dialect)
    _add_catalogue(router, graph)
    _add_batches(router, graph)
    _add_orders(router, graph)
    _add_order_acts(router, graph)
    _add_items(router, graph)
    return router


def _add_catalogue(router: APIRouter, graph: _Graph) -> None:
    @router.get("/{node}/products")
    def products(shop: str, version: str, node: str, request: Request) -> Response:
        graph.admit(shop, version, request, {}, page=False)
        _must_be(node, catalog_id(shop))
        query = request.query_params
        size = between(query.get("limit"), "limit", default=25, least=1, most=100)
        wanted = goods.read_filter(query.get("filter"))
        operation: Operation = "listings" if wanted is None else "read"

        def deed(shelf: Shelf, now: datetime) -> Json:
            rows = goods.products(shelf, wanted, query.get("fields", "id,retailer_id"), now)
            return page_of(rows, query.get("after"), size, str(request.url.path))

        return graph.call(shop, operation, deed)

    @router.get("/{node}")
    def catalogue(shop: str, version: str, node: str, request: Request) -> Response:
        graph.admit(shop, version, request, {}, page=False)
        _must_be(node, catalog_id(shop))

        def deed(shelf: Shelf, _now: datetime) -> Json:
            name = shelf.market.profile.name
            return {
                "id": node,
                "name": name,
                "product_count": len(shelf.market.listings),
                "vertical": "commerce",
            }

        return graph.call(shop, "shop", deed)


def _add_batches(router: APIRouter, graph: _Graph) -> None:
    @router.post("/{node}/items_batch")
    def items_batch(shop: str, version: str, node: str, request: Request, raw: RawBody) -> Response:
        form = _form(raw)
        graph.admit(shop, version, request, form, page=False)
        _must_be(node, catalog_id(shop))
        if len(raw) > PAYLOAD_MAX:
            raise RefusedError(400, "100", "The payload is larger than 28 MB")
        batch = goods.read_batch(form)
        operation: Operation = "publish" if batch.creates else "quantities" if batch.numbers else "patch"
        return graph.call(
            shop,
            operation,
            lambda shelf, now: goods.take_in(shelf, batch, now),
            later=lambda shelf, now, after_s: goods.land_later(shelf, batch, now, after_s),
        )

    @router.get("/{node}/check_batch_request_status")
    def batch_status(shop: str, version: str, node: str, request: Request) -> Response:
        graph.admit(shop, version, request, {}, page=False)
        _must_be(node, catalog_id(shop))
        handle = request.query_params.get("handle", "")
        with_ids = request.query_params.get("load_ids_of_invalid_requests") == "true"
        return graph.call(
            shop, "read", lambda shelf, now: goods.batch_status(shelf, handle, now, with_ids=with_ids)
        )


def _add_items(router: APIRouter, graph: _Graph) -> None:
    @router.post("/{node}")
    def change_item(shop: str, version: str, node: str, request: Request, raw: RawBody) -> Response:
        form = _form(raw)
        graph.admit(shop, version, request, form, page=False)
        return graph.call(shop, "patch", lambda shelf, now: goods.change_item(shelf, node, form, now))


def _add_orders(router: APIRouter, graph: _Graph) -> None:
    @router.get("/{node}/commerce_orders")
    def commerce_orders(shop: str, version: str, node: str, request: Request) -> Response:
        graph.admit(shop, version, request, {}, page=True)
        _must_have_orders(graph)
        _must_be(node, cms_id(shop))
        query = request.query_params
        size = between(query.get("limit"), "limit", default=25, least=1, most=25)
        states = query.get("state", "CREATED").split(",")
        since = _since(query.get("updated_after"))
        start = between(query.get("after"), "after", default=0, least=0)

        def deed(shelf: Shelf, now: datetime) -> Json:
            rows, total = sales.orders(shelf, states, since, start=start, size=size, now=now)
            return cursored(rows, start, total, str(request.url.path))

        return graph.call(shop, "orders", deed)

    @router.get("/{node}/items")
    def order_items(shop: str, version: str, node: str, request: Request) -> Response:
        graph.admit(shop, version, request, {}, page=True)
        _must_have_orders(graph)
        return graph.call(shop, "orders", lambda shelf, _now: {"data": sales.items(shelf, node)})

    @router.get("/{node}/cancellations")
    def cancellations(shop: str, version: str, node: str, request: Request) -> Response:
        graph.admit(shop, version, request, {}, page=True)
        _must_have_orders(graph)
        return graph.call(
            shop, "cancellations", lambda shelf, _now: {"data": sales.cancellations(shelf, node)}
        )


def _add_order_acts(router: APIRouter, graph: _Graph) -> None:
    def act(
        shop: str,
        version: str,
        request: Request,
        raw: bytes,
        deed: Callable[[Shelf, dict[str, object], datetime], Json],
    ) -> Response:
        graph.admit(shop, version, request, {}, page=True)
        _must_have_orders(graph)
        body = table(document(raw), "body")
        return graph.call(
            shop,
            "patch",
            lambda shelf, now: sales.once(shelf, body, lambda one, asked: deed(one, asked, now)),
        )

    @router.post("/{node}/acknowledge_orders")
    def acknowledge(shop: str, version: str, node: str, request: Request, raw: RawBody) -> Response:
        _must_be(node, cms_id(shop))
        return act(shop, version, request, raw, sales.acknowledge)

    @router.post("/{node}/cancellations")
    def cancel(shop: str, version: str, node: str, request: Request, raw: RawBody) -> Response:
        return act(shop, version, request, raw, lambda shelf, body, now: sales.cancel(shelf, node, body, now))

    @router.post("/{node}/refunds")
    def refund(shop: str, version: str, node: str, request: Request, raw: RawBody) -> Response:
        return act(shop, version, request, raw, lambda shelf, body, now: sales.refund(shelf, node, body, now))


def page_of(rows: list[Json], after: str | None, size: int, path: str) -> Json:
    """One page of rows by position, with cursors."""
    start = between(after, "after", default=0, least=0)
    return cursored(rows[start : start + size], start, len(rows), path)


def cursored(rows: list[Json], start: int, total: int, path: str) -> Json:
    """Rows from `start` on, and where the next ones begin; without `next` it is the last page."""
    end = start + len(rows)
    paging: Json = {"cursors": {"before": str(start), "after": str(end)}}
    if rows and end < total:
        paging["next"] = f"https://graph.example{path}?after={end}"
    return {"data": rows, "paging": paging} if rows else {"data": []}


def _form(raw: bytes) -> Json:
    try:
        parsed = parse_qs(raw.decode("utf-8"), keep_blank_values=True, strict_parsing=bool(raw))
    except ValueError as error:
        raise RefusedError(400, "100", "the body is no form") from error
    return {name: values[-1] for name, values in parsed.items()}


def _must_be(node: str, wanted: str) -> None:
    if node != wanted:
        words = f"Unsupported request. Object with ID '{node}' does not exist"
        raise RefusedError(400, "100", words, error_subcode=33)


def _must_have_orders(graph: _Graph) -> None:
    if not graph.has_orders:
        raise RefusedError(403, "200", "Permissions error")


def _since(given: str | None) -> datetime | None:
    if given is None:
        return None
    if not given.isdecimal():
        raise RefusedError(400, "100", "updated_after must be a Unix time")
    return datetime.fromtimestamp(int(given), UTC)


MANNERS = GraphManners()
#: Meta's catalogue as it is today: nothing is ordered there.
INSTAGRAM = Dialect("instagram", base_path="", router=partial(_router, dialect="instagram"), manners=MANNERS)
#: An account that still has the order API.
INSTAGRAM_ORDERS = Dialect(
    "instagram_orders", base_path="", router=partial(_router, dialect="instagram_orders"), manners=MANNERS
)
