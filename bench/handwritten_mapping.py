"""What do the marketplace's documents mean? The mapping that was written by hand: what the manifest is measured against.

Never guesses: one value that is not as docs/marketplace-api.md says, and nothing of the document is used.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from syncworker.connector import (
    MAX_QUANTITY,
    ChannelCheck,
    ChannelLine,
    ChannelOrder,
    Document,
    Json,
    Known,
    ListingPage,
    MalformedAnswerError,
    Money,
    OrderPage,
    OrderStatus,
    Outcome,
    PushResult,
    QuantityKind,
    QuantityMode,
    QuantityPush,
    Reading,
    RemoteListing,
)

#: The status words that are known; every other one holds the goods and raises an incident.
_STATUS = {
    "placed": OrderStatus.LIVE,
    "paid": OrderStatus.LIVE,
    "shipped": OrderStatus.SHIPPED,
    "returned": OrderStatus.SHIPPED,
    "cancelled": OrderStatus.CANCELLED,
}
#: Refusals that are definite: nothing of the item was applied.
_DEFINITE = frozenset(
    (
        "stale_quantity",
        "below_zero",
        "below_floor",
        "above_ceiling",
        "unknown_pool",
        "campaign_locked",
        "listing_rejected",
    )
)
#: Refusals that no repeat mends: a person has to change something first.
_PARKING = frozenset(("unknown_pool", "listing_rejected", "campaign_locked"))

# ---------------------------------------------------------------- orders


def order_page(body: Json, *, restocks: Known, channel_time: datetime | None) -> OrderPage:
    """One page. ``restocks`` stands where a line does not tell; ``as_of`` is a finer clock than the Date header."""
    page = Document(body)
    as_of = page.get("as_of")
    return OrderPage(
        orders=tuple(_order(order, restocks) for order in page["orders"].items()),
        next_cursor=_nullable_text(page, "next_cursor"),
        channel_time=channel_time if as_of is None else as_of.moment(),
    )


def _order(order: Document, restocks: Known) -> ChannelOrder:
    currency = order["currency"].currency()
    lines = tuple(_line(line, restocks, currency) for line in order["lines"].items())
    if len({line.line_id for line in lines}) < len(lines):
        order["lines"].fail("gives one line_id twice")
    raw_status = order["status"].text()
    return ChannelOrder(
        external_id=order["order_id"].text(),
        status=_status(raw_status, lines),
        raw_status=raw_status,
        placed_at=order["created_at"].moment(),
        updated_at=order["updated_at"].moment(),
        lines=lines,
    )


def _status(word: str, lines: Sequence[ChannelLine]) -> OrderStatus:
    """What the word means; "cancelled" with lines that say otherwise is a contradiction, and holds the goods."""
    status = _STATUS.get(word, OrderStatus.UNKNOWN)
    told = [line.cancelled for line in lines]
    contradicted = any(cancelled != line.ordered for cancelled, line in zip(told, lines, strict=True))
    return OrderStatus.UNKNOWN if status is OrderStatus.CANCELLED and contradicted else status


def _line(line: Document, restocks: Known, currency: str) -> ChannelLine:
    """``quantity`` is what is ordered now, cancelled units included; the other numbers count parts of it.

    A null level is told by the other feed of a split shop.
    """
    ordered, shipped = line["quantity"].whole(), line["shipped_quantity"].whole()
    cancelled, returned = _level(line, "cancelled_quantity"), _level(line, "returned_quantity")
    if (cancelled or 0) + shipped > ordered:
        line.fail("counts more units as cancelled and shipped than were ordered")
    if (returned or 0) > shipped:
        line.fail("counts more units as returned than were shipped")
    # Null says nothing, so the shop's habit counts; "unknown" says that some units may be on sale again.
    restocked = restocks if line.get("restocked") is None else _known(line, "restocked")
    return ChannelLine(
        line_id=line["line_id"].text(),
        listing_id=_nullable_text(line, "listing_id"),
        sku=_nullable_text(line, "sku"),
        ordered=ordered,
        cancelled=cancelled,
        shipped=shipped,
        returned=returned,
        counts_down=_known(line, "counts_down"),
        restocked=restocked,
        returned_restocked=restocked,
        unit_price=_price(line, "unit_price", currency),
    )


def _level(line: Document, name: str) -> int | None:
    """A level that has to be there, as a number or as null."""
    level = line[name]
    return None if level.is_null() else level.whole()


# ---------------------------------------------------------------- listings and numbers


def listing_page(body: Json) -> ListingPage:
    """One page of everything that is listed."""
    page = Document(body)
    return ListingPage(
        listings=tuple(_listing(one) for one in page["listings"].items()),
        next_cursor=_nullable_text(page, "next_cursor"),
    )


def listing(body: Json) -> RemoteListing:
    """The listing that a create answers with."""
    return _listing(Document(body))


def already_listed(body: Json) -> str | None:
    """The id of the listing that exists, if that is what a refused create says."""
    refusal = Document(body)
    return refusal["listing_id"].text() if refusal["code"].text() == "already_listed" else None


def reason(body: Json) -> str:
    """A refusal in the shop's own words."""
    refusal = Document(body)
    code, words = refusal["code"].text(), _words(refusal)
    return f"{code}: {words}" if words else code


def readings(body: Json, pool_ids: Sequence[str], kind: QuantityKind) -> tuple[Reading, ...]:
    """The numbers of the pools that were asked for; one that the shop does not know has none, which is not 0."""
    wanted = set(pool_ids)
    found = tuple(
        _reading(item, kind) for item in Document(body)["items"].items() if item["pool_id"].text() in wanted
    )
    if len({reading.pool_key for reading in found}) < len(found):
        Document(body)["items"].fail("answers for one pool twice")
    return found


def _reading(item: Document, kind: QuantityKind) -> Reading:
    pool_id, code = item["pool_id"].text(), item.get("code")
    if code is not None:
        if code.text() != "unknown_pool":
            code.fail("is no reason that is known")
        return Reading(pool_key=pool_id, quantity=None)
    return Reading(pool_key=pool_id, quantity=_number(item["quantity"]), reserved=_reserved(item, kind))


def _reserved(item: Document, kind: QuantityKind) -> int:
    """Needed where the shop counts on hand: there a number without it says nothing about what sells."""
    reserved = item["reserved"] if kind is QuantityKind.ON_HAND else item.get("reserved")
    return 0 if reserved is None else reserved.whole()


def _listing(one: Document) -> RemoteListing:
    quantity, reserved = one.get("quantity"), one.get("reserved")
    state = one["state"]
    if state.text() not in {"active", "hidden"}:
        state.fail("must be active or hidden")
    return RemoteListing(
        listing_id=one["listing_id"].text(),
        pool_key=one["pool_id"].text(),
        sku=_nullable_text(one, "sku"),
        title=_optional_text(one, "title") or "",
        price=_price(one, "price", None),
        active=state.text() == "active",
        quantity=None if quantity is None else _number(quantity),
        reserved=0 if reserved is None else reserved.whole(),
    )


def _number(value: Document) -> int:
    """A pool's number; a shop that oversold itself may stand below zero."""
    return value.whole(least=-MAX_QUANTITY)


# ---------------------------------------------------------------- pushes


def push_body(pushes: Sequence[QuantityPush]) -> Json:
    """The items of one batch."""
    return [_item(push) for push in pushes]


def _item(push: QuantityPush) -> Json:
    if push.kind is QuantityMode.ADJUST:
        return {"pool_id": push.pool_key, "delta": push.value}
    if push.kind is QuantityMode.COMPARE_AND_SET:
        return {"pool_id": push.pool_key, "quantity": push.value, "expected": push.expected}
    return {"pool_id": push.pool_key, "quantity": push.value}


def push_results(body: Json, pushes: Sequence[QuantityPush]) -> tuple[PushResult, ...]:
    """The outcome of each push, in their order: unknown if its item is missing, doubled, or not as documented."""
    items = [(_item_pool(item), item) for item in Document(body)["items"].items()]
    times = Counter(pool for pool, _ in items)
    by_pool = {pool: item for pool, item in items if times[pool] == 1}
    return tuple(_push_result(push, by_pool.get(push.pool_key)) for push in pushes)


def _item_pool(item: Document) -> str | None:
    try:
        return item["pool_id"].text()
    except MalformedAnswerError:
        return None


def _push_result(push: QuantityPush, item: Document | None) -> PushResult:
    if item is None:
        return _unknown(push, "the answer does not tell what became of this item")
    try:
        return _told(push, item)
    except MalformedAnswerError as error:
        return _unknown(push, f"the answer cannot be read: {error}")


def _told(push: QuantityPush, item: Document) -> PushResult:
    status, words = item["status"].text(), _words(item)
    if status in {"applied", "accepted"}:
        echo = item["quantity"]
        return PushResult(
            push_id=push.push_id,
            outcome=Outcome.APPLIED,
            echo=None if echo.is_null() else _number(echo),
            message=words,
        )
    code = item["code"].text() if status == "refused" else ""
    if code not in _DEFINITE:
        return _unknown(push, f"answered {status} {code} {words}".strip())
    current = item.get("current")
    return PushResult(
        push_id=push.push_id,
        outcome=Outcome.REFUSED,
        current=_number(current) if current is not None and code == "stale_quantity" else None,
        message=f"{code}: {words}" if words else code,
        parks=code in _PARKING,
    )


def _unknown(push: QuantityPush, message: str) -> PushResult:
    return PushResult(push_id=push.push_id, outcome=Outcome.UNKNOWN, message=message)


def _words(item: Document) -> str:
    """The shop's own words; they decide nothing, so odd ones spoil nothing."""
    message = item.get("message")
    return "" if message is None else message.shown()


# ---------------------------------------------------------------- the shop itself


def check(body: Json, configured: Mapping[str, object]) -> ChannelCheck:
    """What the shop tells about itself; a fact that the configuration declares otherwise is marked."""
    shop = Document(body)
    declared = shop["capabilities"]
    facts = {name: _fact(declared.get(name)) for name in declared.names()}
    for wire, ours in _SAME_FACT.items():
        if wire in facts and (here := configured.get(ours)) is not None and not _agree(facts[wire], here):
            facts[wire] += f" (configured: {here})"
    return ChannelCheck(name=shop["name"].text(), currency=shop["currency"].currency(), facts=facts)


#: The shop's name for a fact, and that of the setting.
_SAME_FACT = {
    "quantity_mode": "quantity_mode",
    "quantity_kind": "quantity_kind",
    "below_zero": "below_zero",
    "floor": "floor",
    "ceiling": "ceiling",
    "readable": "readable",
    "visibility_lag_s": "visibility_lag_s",
    "apply_lag_s": "apply_lag_s",
    "read_lag_s": "read_lag_s",
    "request_horizon_s": "horizon_s",
    "idempotency_retention_s": "idempotency_s",
    "batch_max": "batch_max",
    "page_size": "page_size",
    "feeds": "feeds",
    "restocks_on_cancel": "restocks",
}
#: The same thing in the shop's words and in ours.
_SYNONYMS = {"delta": "adjust", "refuse": "refuses", "clamp": "clamps"}


def _fact(value: Document | None) -> str:
    return "none" if value is None else value.shown()


def _agree(told: str, configured: object) -> bool:
    ours = str(configured).lower().removesuffix(".0")
    # "unknown" declares nothing, so it contradicts nothing.
    return ours == "unknown" or _SYNONYMS.get(told, told).lower().removesuffix(".0") == ours


# ---------------------------------------------------------------- small things


def _optional_text(document: Document, name: str) -> str | None:
    value = document.get(name)
    return None if value is None else value.text()


def _nullable_text(document: Document, name: str) -> str | None:
    """A text that may be null but not left out: a lost ``next_cursor`` would make a part look like the whole."""
    value = document[name]
    return None if value.is_null() else value.text()


def _known(document: Document, name: str) -> Known:
    value = document.get(name)
    return Known.UNKNOWN if value is None else value.choice(Known)


def _price(document: Document, name: str, currency: str | None) -> Money | None:
    value = document.get(name)
    if value is None:
        return None
    price = value.money()
    if currency not in (None, price.currency):
        value.fail(f"is not in the order's currency {currency}")
    return price
