"""Which states behave alike, and what does the clock do to them? A tick of every age, and the merging of equal states.

Merging never changes what can follow: an age is forgotten only once no comparison can depend on it any more.
"""

from __future__ import annotations

from syncworker.core.exposure import BaseKind, PushState
from syncworker.core.model import QuantityKind
from tests.prove.channel import can_land, must_wait
from tests.prove.values import Backup, Limit, News, Order, Pool, Request, Shop

#: Ticks beyond which an age is no longer told apart, and the age of what is older than any of them.
LONG, LONG_AGO = 5, 20


def ticked(shop: Shop, pool: Pool) -> Pool | None:
    """The pool one tick later; ``None`` while something must happen first."""
    if must_wait(shop, pool):
        return None
    reading = pool.reading and pool.reading._replace(began=pool.reading.began + 1)
    pull = None if pool.pull is None or pool.pull >= shop.patience else pool.pull + 1
    return pool._replace(
        limit=_limit_older(pool.limit),
        requests=tuple(_request_older(request) for request in pool.requests),
        reading=None if reading and reading.began > shop.patience else reading,
        cached=None if pool.cached is None else (pool.cached[0], pool.cached[1] + 1, pool.cached[2]),
        pull=pull,
        orders=tuple(_order_older(order) for order in pool.orders),
        backup=pool.backup and pool.backup._replace(limit=_limit_older(pool.backup.limit)),
    )


def _limit_older(limit: Limit) -> Limit:
    return limit._replace(
        base_age=limit.base_age + (limit.base is not None),
        settled=None if limit.settled is None else limit.settled + 1,
        risen=None if limit.risen is None else limit.risen + 1,
        fallen=None if limit.fallen is None else limit.fallen + 1,
    )


def _request_older(request: Request) -> Request:
    acknowledged = None if request.acknowledged is None else request.acknowledged + 1
    return request._replace(stored=request.stored + 1, acknowledged=acknowledged)


def _order_older(order: Order) -> Order:
    news = tuple(item._replace(age=item.age + 1) for item in order.news)
    past = tuple(item._replace(age=item.age + 1) for item in order.past)
    return order._replace(placed=order.placed + 1, news=news, past=past)


def merged(shop: Shop, pool: Pool) -> Pool:
    """One state for all that behave alike."""
    cached = pool.cached
    if cached is not None and (
        cached[0] == pool.shows or cached[1] - (pool.reading.began if pool.reading else 0) > shop.reads
    ):
        cached = None
    requests = tuple(r for r in pool.requests if r.state is not None or can_land(shop, r))
    if not shop.merges:
        sequence = 0 if pool.pull is None else pool.limit.base_sequence
        limit = pool.limit._replace(base_sequence=sequence)
        return pool._replace(cached=cached, requests=requests, limit=limit)
    if requests:
        requests = tuple(_request(shop, pool, r) for r in requests)
    if len(requests) > 1:
        requests = tuple(sorted(requests, key=_key))
    orders = _orders(shop, pool) if pool.orders else ()
    pool = Pool(
        pool.shows,
        pool.limit,
        pool.chances,
        requests,
        pool.reading,
        cached,
        pool.pull,
        orders,
        pool.gift,
        _backup(shop, pool),
    )
    return _counted_from_zero(pool._replace(limit=_limit(shop, pool)))


def _backup(shop: Shop, pool: Pool) -> Backup | None:
    """Its counts are compared with nothing that outlives a restore; forgotten once nothing can be restored."""
    if pool.backup is None or not pool.chances.outside:
        return None
    limit = _limit(shop, pool._replace(limit=pool.backup.limit, pull=None, reading=None))
    return pool.backup._replace(limit=limit._replace(raised=0, restocked=0))


def _key(request: Request) -> tuple[str, int, int, int, str, bool]:
    return (
        request.kind,
        request.number,
        request.up,
        request.stored,
        str(request.state),
        request.landed,
    )


def _request(shop: Shop, pool: Pool, request: Request) -> Request:
    """An age counts no further than it may be compared: with a push sent over it, and with a read-back."""
    compared = [other.stored for other in pool.requests if other.state is PushState.SENDING]
    if shop.rules.readable:
        compared.append(shop.reads + (pool.reading.began if pool.reading else 0))
    longest = 1 + max(compared, default=0)
    stored, acknowledged = request.stored, request.acknowledged
    if acknowledged is None:
        stored = min(stored, longest + max(shop.lands_in, shop.applies))
    else:
        stored, acknowledged = 0, min(acknowledged, longest + shop.applies)
    restocked, landed = request.restocked_before, request.landed
    if request.state is not PushState.SENDING:
        restocked, landed = 0, not can_land(shop, request)
    return Request(
        request.kind,
        request.number,
        request.expected,
        request.up,
        restocked,
        stored,
        request.state,
        acknowledged,
        landed,
        request.echo,
    )


def _orders(shop: Shop, pool: Pool) -> tuple[Order, ...]:
    kept = [
        _order(shop, pool, order)
        for order in pool.orders
        if order.news or (order.past and pool.backup is not None) or _can_change(shop, pool, order)
    ]
    kept.sort(
        key=lambda o: (
            o.mark,
            o.placed,
            o.seen or (-1,),
            o.news,
            o.then or (-1,),
            o.past,
            o.seen_back,
            o.then_back,
        )
    )
    return tuple(kept)


def _order(shop: Shop, pool: Pool, order: Order) -> Order:
    is_pulled = pool.pull is not None
    news = tuple(
        News(n.told, min(n.age, shop.visible), n.moved, n.due and is_pulled, n.back) for n in order.news
    )
    if pool.backup is None:
        return Order(order.mark, _placed(shop, pool, order), order.seen, news, seen_back=order.seen_back)
    past = tuple(News(n.told, min(n.age, shop.visible), n.moved, back=n.back) for n in order.past)
    placed = _placed(shop, pool, order)
    return Order(order.mark, placed, order.seen, news, order.then, past, order.seen_back, order.then_back)


def _placed(shop: Shop, pool: Pool, order: Order) -> int:
    """Its stamp, as far as it can be compared with a base: what is older than the settled one stays so."""
    if not _stamps_matter(shop):
        return 0
    skew, settled = int(shop.rules.clock_skew_s), pool.limit.settled
    if settled is not None and order.placed > settled + skew:
        return LONG_AGO
    return min(order.placed, LONG + skew)


def _stamps_matter(shop: Shop) -> bool:
    """Whether an order can be unseen and older than a settled base, or changed long after."""
    return bool(shop.rules.clock_skew_s) or not shop.may.isdisjoint(
        {"late", "edit order", "uncancel", "vouch"}
    )


def _can_change(shop: Shop, pool: Pool, order: Order) -> bool:
    ordered, cancelled, shipped, returned = order.truth
    live = ordered - cancelled
    if not shop.marks[order.mark].really_counts:
        return False
    if live > shipped and (pool.chances.cancels or shop.rules.kind is QuantityKind.ON_HAND):
        return True
    if not pool.chances.outside:
        return False
    return (
        ("uncancel" in shop.may and bool(cancelled or pool.chances.cancels))
        or ("put back" in shop.may and bool(cancelled) and not order.is_back)
        or ("refund" in shop.may and live > 0 and not returned)
        or ("edit order" in shop.may and live > 0)
    )


def _limit(shop: Shop, pool: Pool) -> Limit:
    limit = pool.limit
    oldest = shop.reads + (pool.reading.began if pool.reading else 0)
    risen = None if limit.risen is None or limit.risen > oldest or not shop.rules.readable else limit.risen
    fallen = (
        None if limit.fallen is None or limit.fallen > oldest or not shop.rules.readable else limit.fallen
    )
    base_age = limit.base_age
    if not _stamps_matter(shop):
        lag = shop.applies if limit.base is BaseKind.SET else shop.reads
        base_age = min(base_age, lag + shop.visible + (pool.pull or 0))
    return Limit(
        limit.exposure,
        limit.pending,
        limit.base,
        min(base_age, LONG - 1),
        limit.base_sequence if pool.pull is not None else 0,
        _settled(shop, pool),
        limit.raised,
        limit.restocked,
        risen,
        fallen,
    )


def _settled(shop: Shop, pool: Pool) -> int | None:
    """When the last base was; forgotten once no order that may still change the bound is older."""
    settled = pool.limit.settled
    oldest = max((order.placed for order in pool.orders), default=-1)
    if settled is None or oldest <= settled + int(shop.rules.clock_skew_s):
        return None
    return min(settled, LONG)


def _counted_from_zero(pool: Pool) -> Pool:
    """``raised`` and ``restocked`` matter as differences alone."""
    limit, reading = pool.limit, pool.reading
    if not limit.raised and not limit.restocked:
        return pool
    raised = reading.raised if reading else limit.raised
    sending = [r.restocked_before for r in pool.requests if r.state is PushState.SENDING]
    restocked = min([limit.restocked, *sending, *([reading.restocked] if reading else [])])
    if not raised and not restocked:
        return pool
    return pool._replace(
        limit=limit._replace(raised=limit.raised - raised, restocked=limit.restocked - restocked),
        reading=reading and reading._replace(raised=0, restocked=reading.restocked - restocked),
        requests=tuple(
            r._replace(restocked_before=r.restocked_before - restocked) if r.state is PushState.SENDING else r
            for r in pool.requests
        ),
    )
