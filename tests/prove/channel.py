"""What may a channel and its buyers do next to one pool? Everything that its declared lags allow.

Never knows what our side believes: it moves the true number, the orders, and the requests on their way.
"""

from __future__ import annotations

from collections.abc import Iterator

from syncworker.core.exposure import PushState
from syncworker.core.model import BelowZero, QuantityKind
from tests.prove.values import Move, News, Order, Pool, Request, Shop, swap


def moves(shop: Shop, pool: Pool) -> Iterator[Move]:
    """Everything that the outside may do now; the clock is apart."""
    for move in _moves(shop, pool):
        yield move
        if move.pool.shows != pool.shows and shop.rules.readable and (pool.reading is not None or shop.reads):
            kept = move.pool._replace(cached=(pool.shows, 0, pool.reading is not None))
            yield move._replace(pool=kept, label=f"{move.label} (a cache keeps {pool.shows})")


def _moves(shop: Shop, pool: Pool) -> Iterator[Move]:
    yield from _bought(shop, pool)
    for index, order in enumerate(pool.orders):
        yield from _changed(shop, pool, index, order)
    for index, request in enumerate(pool.requests):
        landed = land(shop, pool, index, request)
        if landed is not None:
            yield Move(f"{request.kind} {request.number} lands", landed, left=landed.gift - pool.gift)
    if pool.chances.outside:
        yield from _outside(shop, pool)


def _order(mark: int, stamp: int, moved: int) -> Order:
    return Order(mark, stamp, None, (News((1, 0, 0, 0), 0, moved),))


def _bought(shop: Shop, pool: Pool) -> Iterator[Move]:
    if pool.shows < 1:
        return
    reading = pool.reading and pool.reading._replace(clear=False)
    for mark, facts in enumerate(shop.marks):
        if not facts.really_counts:
            continue
        for stamp in shop.stamps:
            orders = (*pool.orders, _order(mark, stamp, -1))
            yield Move(
                "a buyer buys 1", pool._replace(shows=pool.shows - 1, orders=orders, reading=reading), left=-1
            )


def _changed(shop: Shop, pool: Pool, index: int, order: Order) -> Iterator[Move]:
    ordered, cancelled, shipped, returned = order.truth
    live = ordered - cancelled
    mark = shop.marks[order.mark]
    if not mark.really_counts or (order.news and not order.news[0].moved and "late" not in shop.may):
        return
    back = int(mark.really_restocks)
    if pool.chances.cancels and live > shipped:
        told = (ordered, cancelled + 1, shipped, returned)
        yield _told(pool, index, told, back, "a buyer cancels 1", left=1, cancels=1)
    if "uncancel" in shop.may and pool.chances.outside and cancelled and pool.shows >= back:
        told = (ordered, 0, shipped, returned)
        yield _told(pool, index, told, -back, "a cancellation is taken back", left=-back, outside=1)
    if "edit order" in shop.may and pool.chances.outside and live and pool.shows >= 1:
        told = (ordered + 1, cancelled, shipped, returned)
        yield _told(pool, index, told, -1, "an order is edited to 1 more", left=-1, outside=1)
    # A channel that tells fewer units than it ever listed must have listed them: levels cannot tell what was never seen.
    if "edit order" in shop.may and pool.chances.cancels and live > 1 and not order.news:
        told = (ordered - 1, cancelled, shipped, returned)
        yield _told(pool, index, told, back, "an order is edited to 1 fewer", left=1, cancels=1)
    if "refund" in shop.may and pool.chances.outside and live and not returned:
        told, again = (ordered, cancelled, shipped, 1), int(mark.really_returns)
        yield _told(pool, index, told, again, "goods are sent back", left=again, outside=1)
    if "put back" in shop.may and pool.chances.outside and cancelled and not (back or order.is_back):
        yield _told(
            pool, index, order.truth, cancelled, "what was cancelled is on sale after all",
            left=cancelled, outside=1, back=True,
        )  # fmt: skip
    if "ship" in shop.may and live > shipped:
        yield _told(pool, index, (ordered, cancelled, live, returned), 0, "an order ships")


def _told(
    pool: Pool,
    index: int,
    told: tuple[int, int, int, int],
    moved: int,
    label: str,
    *,
    left: int = 0,
    cancels: int = 0,
    outside: int = 0,
    back: bool = False,
) -> Move:
    order = pool.orders[index]
    changed = order._replace(news=(*order.news, News(told, 0, moved, back=back or order.is_back)))
    chances = pool.chances
    chances = chances._replace(cancels=chances.cancels - cancels, outside=chances.outside - outside)
    reading = pool.reading and pool.reading._replace(clear=False)
    after = pool._replace(
        shows=pool.shows + moved,
        orders=swap(pool.orders, index, changed),
        chances=chances,
        reading=reading,
    )
    return Move(label, after, left=left)


def committed(pool: Pool) -> int:
    """Units of open orders that an on-hand number still contains."""
    return sum(o - c - s for o, c, s, _ in (order.truth for order in pool.orders))


def can_land(shop: Shop, request: Request) -> bool:
    """Whether the channel may still apply it."""
    if request.landed:
        return False
    if request.acknowledged is not None:
        return request.acknowledged <= shop.applies
    return request.stored <= shop.lands_in


def land(shop: Shop, pool: Pool, index: int, request: Request) -> Pool | None:
    """The request takes effect, if it still can."""
    shows = _landing(shop, pool, request) if can_land(shop, request) else None
    if shows is None:
        return None
    rest = () if request.state is None else (request._replace(landed=True),)
    gift = pool.gift + ("lifts" in shop.may and max(0, shows - request.up))
    reading = pool.reading
    if reading is not None and shows < pool.shows:
        # Its answer may be from before: what it cannot tell from a hand edit, the next one will.
        reading = reading._replace(clear=False)
    return pool._replace(shows=shows, requests=swap(pool.requests, index, *rest), gift=gift, reading=reading)


def _landing(shop: Shop, pool: Pool, request: Request) -> int | None:
    if request.kind == "set":
        shows = max(request.number, shop.rules.floor)
        if shop.rules.kind is QuantityKind.ON_HAND:
            return request.expected + shows - committed(pool)
        return shows + ("lifts" in shop.may and shows > 0)
    if request.kind == "compare":
        inside = committed(pool) if shop.rules.kind is QuantityKind.ON_HAND else 0
        return request.number - inside if pool.shows + inside == request.expected else None
    lowered = pool.shows + request.number
    # What is refused is a number below zero, and an on-hand number contains what was sold.
    inside = committed(pool) if shop.rules.kind is QuantityKind.ON_HAND else 0
    if lowered + inside >= 0:
        return lowered
    return 0 if shop.rules.below_zero is BelowZero.CLAMPS else None


def _outside(shop: Shop, pool: Pool) -> Iterator[Move]:
    """What nobody can prevent: it must be noticed, and forgotten by no later step."""
    chances = pool.chances._replace(outside=pool.chances.outside - 1)
    if "edit" in shop.may:
        reading = pool.reading and pool.reading._replace(clear=False)
        edited = pool._replace(shows=pool.shows + 1, gift=pool.gift + 1, chances=chances, reading=reading)
        yield Move("a hand edit adds 1", edited, left=1)
    if "oversell" in shop.may and pool.shows == 0:
        sold = pool._replace(orders=(*pool.orders, _order(0, 0, -1)), chances=chances, gift=pool.gift + 1)
        yield Move("the channel sells 1 below zero", sold)
    if "late" in shop.may and pool.shows >= 1:
        orders = (*pool.orders, Order(0, 0, None, (News((1, 0, 0, 0), 0, 0),)))
        shown = pool._replace(shows=pool.shows - 1, orders=orders, chances=chances)
        yield Move("a buyer buys 1, listed late", shown)
    for mark, facts in enumerate(shop.marks):
        if not facts.really_counts:
            orders = (*pool.orders, _order(mark, 0, 0))
            yield Move("staff types an order of 1", pool._replace(orders=orders, chances=chances))


def must_land(shop: Shop, pool: Pool) -> bool:
    """Whether the lag of something accepted is over, so that it must take effect now."""
    return any(
        request.acknowledged is not None
        and not request.landed
        and request.acknowledged >= shop.applies
        and _landing(shop, pool, request) is not None
        for request in pool.requests
    )


def must_wait(shop: Shop, pool: Pool) -> bool:
    """Whether something must happen before the clock may move on."""
    is_late = any(r.state is PushState.SENDING and r.stored >= shop.lands_in for r in pool.requests)
    return is_late or must_land(shop, pool)
