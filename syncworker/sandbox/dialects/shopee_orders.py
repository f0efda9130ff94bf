"""How does a shop that speaks Shopee tell its orders? Numbers by time, newest first, details by number, and returns."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from fastapi import APIRouter, Response

from syncworker.sandbox.dialects import shopee_bodies as bodies
from syncworker.sandbox.dialects import shopee_rows as rows
from syncworker.sandbox.dialects.shopee_gate import Call
from syncworker.sandbox.dialects.shopee_ids import Shelf, order_sn, our_order_id
from syncworker.sandbox.dialects.shopee_manners import Desk, envelope
from syncworker.sandbox.exchange import Plain
from syncworker.sandbox.model import Marketplace
from syncworker.sandbox.orders import Order
from syncworker.sandbox.refusal import RefusedError

_REASONS_TO_CANCEL = ("OUT_OF_STOCK", "CUSTOMER_REQUEST", "UNDELIVERABLE_AREA", "COD_NOT_SUPPORTED")
_LISTING = (
    "time_range_field", "time_from", "time_to", "page_size", "cursor", "order_status",
    "response_optional_fields", "request_order_status_pending",
)  # fmt: skip


def add_orders(router: APIRouter, desk: Desk) -> None:
    @router.get("/order/get_order_list")
    def changed(shop: str, call: Call = desk.call) -> Response:
        bodies.only(call.query, _LISTING)
        size = bodies.whole(call.one("page_size"), "page_size", least=1, most=100)
        start = bodies.read_cursor(call.one("cursor", ""))
        words = "Start time must be earlier than end time and diff in 15days."
        refusal = RefusedError(200, "order.order_list_invalid_time", words)
        span = bodies.span(call, "time_from", "time_to", refusal)
        if call.one("time_range_field") not in ("create_time", "update_time"):
            raise bodies.bad("time_range_field")

        def deed(market: Marketplace, now: datetime) -> Plain:
            end = start + min(size, market.profile.page_size)
            page = market.list_by_position(
                now=now, keep=lambda order: _is_wanted(order, call, span), by=_changed_at(call),
                start=start, size=end - start, newest_first=True,
            )  # fmt: skip
            shown = [_listed(market, order, desk) for order in page.orders]
            more = end < page.total
            found = {
                "order_list": shown,
                "more": more,
                "next_cursor": bodies.write_cursor(end) if more else "",
            }
            return Plain(envelope(found))

        return desk.exchange(shop, "orders").answer(deed)

    @router.get("/order/get_order_detail")
    def detail(shop: str, call: Call = desk.call) -> Response:
        bodies.only(call.query, ("order_sn_list", "response_optional_fields", "request_order_status_pending"))
        numbers = bodies.listed(call.one("order_sn_list"), "order_sn_list")
        wanted = set(call.one("response_optional_fields", "").split(",")) - {""}
        bodies.only(wanted, rows.OPTIONAL)

        def deed(market: Marketplace, _now: datetime) -> Plain:
            shelf, shown = Shelf(market), []
            for number in numbers:
                order = market.book.get(our_order_id(market, number))
                status = desk.odd.pop(f"{shop}/{number}", rows.order_status(order))
                shown.append(rows.order_row(order, shelf, status, wanted))
            return Plain(envelope({"order_list": shown}))

        return desk.exchange(shop, "orders").answer(deed)


def _changed_at(call: Call) -> Callable[[Order], tuple[datetime, str]]:
    if call.one("time_range_field") == "create_time":
        return lambda order: (order.created_at, order.order_id)
    return lambda order: (order.updated_at, order.order_id)


def _is_wanted(order: Order, call: Call, span: bodies.Span) -> bool:
    """Orders that wait for the platform are listed to those alone who ask for them."""
    if order.status == "pending" and call.one("request_order_status_pending", "") != "true":
        return False
    status = call.one("order_status", "")
    return (not status or status == rows.order_status(order)) and span.holds(
        _changed_at(call)(order)[0].timestamp()
    )


def _listed(market: Marketplace, order: Order, desk: Desk) -> rows.Row:
    number, status = order_sn(order.order_id), rows.order_status(order)
    if not rows.is_known(order.status) and order.status != market.book.get(order.order_id).status:
        desk.odd[f"{market.profile.name}/{number}"] = status
    return {"order_sn": number, "order_status": status}


def add_aftersales(router: APIRouter, desk: Desk) -> None:
    @router.get("/returns/get_return_list")
    def returned(shop: str, call: Call = desk.call) -> Response:
        bodies.only(call.query, ("page_no", "page_size", "update_time_from", "update_time_to"))
        number = bodies.whole(call.one("page_no"), "page_no", least=0, most=10**6)
        size = bodies.whole(call.one("page_size"), "page_size", least=1, most=100)
        span = bodies.span(call, "update_time_from", "update_time_to", bodies.bad("at most 15 days"))

        def deed(market: Marketplace, now: datetime) -> Plain:
            size_here = min(size, market.profile.page_size)
            page = market.list_by_position(
                now=now, keep=lambda order: _came_back(order, span), by=lambda one: (one.updated_at, one.order_id),
                start=number * size_here, size=size_here, newest_first=True,
            )  # fmt: skip
            shelf = Shelf(market)
            shown = [rows.return_row(order, shelf) for order in page.orders]
            more = (number + 1) * size_here < page.total
            return Plain(envelope({"return": shown, "more": more}))

        return desk.exchange(shop, "cancellations").answer(deed)

    @router.post("/order/cancel_order")
    def cancel(shop: str, call: Call = desk.call) -> Response:
        bodies.only(call.body, ("order_sn", "cancel_reason", "item_list"))
        reason = call.body.get("cancel_reason")
        if reason not in _REASONS_TO_CANCEL:
            raise bodies.bad("cancel_reason")
        if reason == "OUT_OF_STOCK":
            bodies.rows(call.body, "item_list", most=100)
        return desk.exchange(shop, "patch").answer(lambda market, now: _cancelled(market, call, now))

    @router.post("/order/handle_buyer_cancellation")
    def answer(shop: str, call: Call = desk.call) -> Response:
        bodies.only(call.body, ("order_sn", "operation"))
        if call.body.get("operation") not in ("ACCEPT", "REJECT"):
            raise bodies.bad("operation")

        def deed(market: Marketplace, now: datetime) -> Plain:
            if call.body["operation"] == "ACCEPT":
                return _cancelled(market, call, now)
            market.set_status(our_order_id(market, str(call.body.get("order_sn"))), "paid", now=now)
            return Plain(envelope({"update_time": int(now.timestamp())}))

        return desk.exchange(shop, "patch").answer(deed)


def _came_back(order: Order, span: bodies.Span) -> bool:
    return any(line.returned for line in order.lines) and span.holds(order.updated_at.timestamp())


def _cancelled(market: Marketplace, call: Call, now: datetime) -> Plain:
    market.cancel(our_order_id(market, str(call.body.get("order_sn"))), now=now)
    return Plain(envelope({"update_time": int(now.timestamp())}))
