"""What may our side do next to one pool? Every admitted action, not only the sensible ones, through the real core functions.

It looks at its own rows alone: never at what the channel shows, but where the channel answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from syncworker.core import exposure, fulfilment
from syncworker.core.exposure import Base, BaseKind, Bound, OpenPush, PullProof, PushState
from syncworker.core.model import Known, QuantityKind, QuantityMode
from tests.prove.channel import can_land, committed, must_land
from tests.prove.values import (
    LOST,
    NOW,
    Backup,
    Chances,
    Mark,
    Move,
    News,
    Order,
    Pool,
    Reading,
    Request,
    Shop,
    bound_of,
    facts_of,
    levels_of,
    limit_of,
    moment,
    push_of,
    read_of,
    swap,
    unseen_of,
)

# --- the rules of our side that are not functions of the core: each can be replaced by its careless version ---------


def units_raised_by_set(number: int, bound: Bound, committed_units: int, floor: int) -> int:
    """A set may put all of its units on sale: whatever the bound says, they may have been sold unseen."""
    return max(number, floor) + committed_units


def may_set(number: int, requests: tuple[Request, ...]) -> bool:
    """One open push at a time; a set 0 also over one."""
    opened = [request for request in requests if request.state is not None and request.kind != LOST]
    if number == 0:
        return len(opened) < 2 and all(request.up for request in opened)
    return not opened


def may_send_again(request: Request) -> bool:
    """Never, without an idempotency key that the channel honours."""
    return False


def bound_after_time_out(bound: Bound, push: OpenPush) -> tuple[Bound, PushState | None]:
    """Nothing is known: bound and row stay."""
    return bound, PushState.UNKNOWN


def vouched_units(pool: Pool) -> int:
    """What a careful person vouches for: the number on the page, and what was sold and is not listed with us yet."""
    return max(0, pool.shows) + max(0, unseen_of(pool))


def may_vouch(shop: Shop, pool: Pool) -> bool:
    """Only for what is there: what may still arrive, nobody sees."""
    pushes = [push_of(request) for request in pool.requests if request.state is not None]
    return exposure.can_be_assumed(pushes, at=NOW, rules=shop.rules)


def stand_ins() -> tuple[Request, ...]:
    """One row for everything that was sent after the backup."""
    lost = Request(LOST, 0, 0, 0, 0, 0, PushState.UNKNOWN, None, landed=True)
    return (lost,)


def proof_of(*, whole: bool, blocked: bool, age: int) -> PullProof:
    """Our row of a finished pull."""
    return PullProof(sequence=1, began_at=moment(age), whole=whole, blocked=blocked)


# --- moves -----------------------------------------------------------------------------------------------------------


def moves(shop: Shop, pool: Pool) -> Iterator[Move]:
    """Everything that our side may do now."""
    yield from _planned(shop, pool)
    for index, request in enumerate(pool.requests):
        if request.state is PushState.SENDING:
            yield from _answered(shop, pool, index, request)
        elif may_send_again(request):
            again = request._replace(landed=False, stored=0, state=PushState.UNKNOWN)
            yield Move("sends it again", pool._replace(requests=swap(pool.requests, index, again)))
    yield from _read(shop, pool)
    for index, order in enumerate(pool.orders):
        yield from _ingested(shop, pool, index, order)
    yield from _pulled(shop, pool)
    if pool.chances.outside:
        yield from _by_people(shop, pool)


def base_now(pool: Pool, kind: BaseKind) -> Base:
    """A base whose answer just came."""
    return Base(kind=kind, at=NOW, sequence=0 if pool.pull is None else 1)


def _planned(shop: Shop, pool: Pool) -> Iterator[Move]:
    mode = shop.rules.mode
    if mode is QuantityMode.SET:
        yield from _sets(shop, pool)
    elif pool.limit.exposure is not None and not any(r.state is not None for r in pool.requests):
        yield from (_adjusts if mode is QuantityMode.ADJUST else _compares)(shop, pool)


def _sets(shop: Shop, pool: Pool) -> Iterator[Move]:
    lowest = 0 if shop.rules.zero_is_quantity else 1
    for number in range(lowest, shop.most + 1):
        if not may_set(number, pool.requests) or (number == 0 and pool.limit.exposure == 0):
            continue
        if number and (pool.limit.exposure is None or not pool.chances.pushes):
            continue
        inside = committed(pool) if shop.rules.kind is QuantityKind.ON_HAND else 0
        up = units_raised_by_set(number, bound_of(pool.limit), inside, shop.rules.floor)
        yield _sent(pool, "set", number, inside, up, is_counted=number > 0)


def _sent(pool: Pool, kind: str, number: int, expected: int, up: int, *, is_counted: bool) -> Move:
    limit = limit_of(exposure.raised(bound_of(pool.limit), up, at=NOW))
    request = Request(
        kind, number, expected, up, pool.limit.restocked, 0, PushState.SENDING, None, landed=False
    )
    chances = pool.chances
    if is_counted:
        chances = chances._replace(pushes=chances.pushes - 1)
    after = pool._replace(limit=limit, requests=(*pool.requests, request), chances=chances)
    return Move(f"{kind} {number} is sent", after, need=up)


def _adjusts(shop: Shop, pool: Pool) -> Iterator[Move]:
    if not pool.chances.pushes:
        return
    for units in range(1, shop.most + 1):
        yield _sent(pool, "adjust", units, 0, units, is_counted=True)
        yield _sent(pool, "adjust", -units, 0, 0, is_counted=True)


def _compares(shop: Shop, pool: Pool) -> Iterator[Move]:
    if not pool.chances.pushes:
        return
    # An on-hand number contains what was sold of it and is not shipped; what is free of it is what was seen.
    inside = committed(pool) if shop.rules.kind is QuantityKind.ON_HAND else 0
    known = {pool.shows} | ({pool.cached[0]} if pool.cached is not None else set())
    for seen in sorted(known):
        expected = seen + inside
        limit = limit_of(exposure.number_seen(bound_of(pool.limit), seen))
        is_fresh = seen == pool.shows and not any(o.news for o in pool.orders) and not pool.requests
        told = pool._replace(limit=limit, gift=0 if is_fresh else pool.gift)
        for number in range(shop.most + 1):
            if number != expected:
                up = max(0, number - expected)
                move = _sent(told, "compare", number, expected, up, is_counted=True)
                yield move._replace(outside=limit.exposure != pool.limit.exposure)


def _answered(shop: Shop, pool: Pool, index: int, request: Request) -> Iterator[Move]:
    push = push_of(request)
    bound = bound_of(pool.limit)
    if not request.landed:
        refused = pool._replace(
            limit=limit_of(exposure.refused(bound, push)), requests=swap(pool.requests, index)
        )
        yield Move(f"{request.kind} {request.number} is refused", refused)
    if request.landed or shop.applies:
        yield from _acknowledged(shop, pool, index, request)
    lost, state = bound_after_time_out(bound, push)
    unknown = swap(pool.requests, index, request._replace(state=state))
    yield Move("the answer is lost", pool._replace(limit=limit_of(lost), requests=unknown))


def _acknowledged(shop: Shop, pool: Pool, index: int, request: Request) -> Iterator[Move]:
    bound = bound_of(pool.limit)
    if request.kind != "set":
        done = request._replace(state=None, acknowledged=0)
        rest = swap(pool.requests, index, *(() if request.landed else (done,)))
        limit = limit_of(_lowered_or_raised(shop, bound, request))
        yield Move(
            f"{request.kind} {request.number} is acknowledged", pool._replace(limit=limit, requests=rest)
        )
        return
    others = [push_of(other) for other in swap(pool.requests, index) if other.state is not None]
    done = request._replace(state=PushState.ACKNOWLEDGED, acknowledged=0)
    for echo in {None, max(request.number, shop.rules.floor) + ("lifts" in shop.may and request.number > 0)}:
        if echo is not None and (shop.rules.kind is QuantityKind.ON_HAND or "echo" not in shop.may):
            continue
        if echo is None and "lifts" in shop.may:
            continue
        after = exposure.set_acknowledged(
            bound,
            push_of(request),
            echo=echo,
            others=others,
            base=base_now(pool, BaseKind.SET),
            rules=shop.rules,
        )
        requests = swap(pool.requests, index, done._replace(echo=echo))
        if after.base is None and request.number == 0:
            # It proved nothing; only another one will.
            requests = swap(pool.requests, index, *(() if request.landed else (done._replace(state=None),)))
        told = pool._replace(limit=limit_of(after), requests=requests)
        if echo and request.landed:
            told = told._replace(gift=max(0, told.gift - max(0, echo - request.up)))
        yield Move(f"set {request.number} is acknowledged (echo {echo})", told, outside="lifts" in shop.may)


def _lowered_or_raised(shop: Shop, bound: Bound, request: Request) -> Bound:
    if request.up:
        return exposure.raise_acknowledged(bound, at=NOW, rules=shop.rules)
    if request.kind == "adjust":
        return exposure.adjustment_lowered(bound, -request.number, at=NOW, rules=shop.rules)
    return exposure.compared_and_lowered(bound, request.expected - request.number, at=NOW, rules=shop.rules)


def _read(shop: Shop, pool: Pool) -> Iterator[Move]:
    if not shop.rules.readable:
        return
    if pool.reading is None:
        began = exposure.read_begun(bound_of(pool.limit), at=NOW)
        coming = sum(r.up for r in pool.requests if can_land(shop, r))
        tight = pool.shows + coming - pool.gift == max(pool.limit.exposure or 0, 0)
        clear = tight and not any(order.news for order in pool.orders)
        reading = Reading(0, began.exposure, began.raised, began.restocked, clear=clear)
        cached = pool.cached and (*pool.cached[:2], False)
        yield Move("a read-back begins", pool._replace(reading=reading, cached=cached))
        return
    yield _read_answered(shop, pool, pool.shows, is_later=True)
    if pool.cached is not None:
        yield _read_answered(shop, pool, pool.cached[0], is_later=pool.cached[2])


def _read_answered(shop: Shop, pool: Pool, number: int, *, is_later: bool) -> Move:
    reading = pool.reading
    assert reading is not None
    outcome = exposure.read_answered(
        bound_of(pool.limit),
        read_of(reading),
        number,
        base=base_now(pool, BaseKind.READ),
        open_pushes=[push_of(request) for request in pool.requests if request.state is not None],
        rules=shop.rules,
    )
    after = pool._replace(limit=limit_of(outcome.bound), reading=None, cached=None)
    if not outcome.read_again:
        closed = tuple(r._replace(state=None) for r in pool.requests if can_land(shop, r))
        is_clear = reading.clear and is_later
        after = after._replace(requests=closed, gift=0 if is_clear else pool.gift)
    grown = (outcome.bound.exposure or 0) > (pool.limit.exposure or 0)
    return Move(f"the read-back says {number}", after, outside=grown)


def _ingested(shop: Shop, pool: Pool, index: int, order: Order) -> Iterator[Move]:
    mark = shop.marks[order.mark]
    before = levels_of(order.seen)
    for last, news in enumerate(order.news):
        after = fulfilment.Levels(*news.told)
        bound = fulfilment.move_bound(
            bound_of(pool.limit), before, after, facts_of(mark, order, news), at=NOW, rules=shop.rules
        )
        known = before or fulfilment.first_levels(after, is_history=False)
        effect = fulfilment.stock_effect(known, after)
        change = effect.on_hand - effect.reserved
        seen = order._replace(seen=news.told, seen_back=news.back, news=order.news[last + 1 :])
        backup = pool.backup
        if backup is not None:
            seen = seen._replace(past=(*order.past, *order.news[: last + 1]))
            backup = backup._replace(change=backup.change + change)
        orders = swap(pool.orders, index, seen)
        is_proven = "oversell" in shop.may and (bound.exposure or 0) < 0 and not any(o.news for o in orders)
        gift = 0 if is_proven else pool.gift
        after_pool = pool._replace(limit=limit_of(bound), orders=orders, gift=gift, backup=backup)
        yield Move(
            f"we ingest {news.told}",
            after_pool,
            available=change,
            outside=_may_open_a_deficit(shop, pool, mark),
        )


def _may_open_a_deficit(shop: Shop, pool: Pool, mark: Mark) -> bool:
    """An outside event, a sale that does not lower the bound, or one of a unit whose restock we have yet to ingest."""
    is_plain = mark.counts_down is Known.YES and mark.really_counts
    resold = (pool.limit.exposure or 0) < 0 or any(n.moved > 0 for o in pool.orders for n in o.news)
    return bool(shop.outside) or "lifts" in shop.may or not is_plain or resold


def is_late(shop: Shop, news: News) -> bool:
    """Listed later than the channel declared."""
    return "late" in shop.may and not news.moved


def _by_people(shop: Shop, pool: Pool) -> Iterator[Move]:
    chances = pool.chances._replace(outside=pool.chances.outside - 1)
    if "vouch" in shop.may and may_vouch(shop, pool):
        units = vouched_units(pool)
        bound = replace(exposure.assumed(bound_of(pool.limit), units, at=NOW), settled_at=NOW)
        closed = tuple(request._replace(state=None) for request in pool.requests)
        after = pool._replace(limit=limit_of(bound), requests=closed, chances=chances)
        yield Move(f"somebody vouches for {units}", after, outside=True)
    if "restore" not in shop.may:
        return
    if pool.backup is not None:
        yield _restored(pool, pool.backup, chances)
    elif not pool.requests:
        orders = tuple(order._replace(then=order.seen, then_back=order.seen_back) for order in pool.orders)
        yield Move("a backup is made", pool._replace(orders=orders, backup=Backup(pool.limit)))


def _restored(pool: Pool, backup: Backup, chances: Chances) -> Move:
    """Our side is what it was; the channel, and what is on its way to it, go on."""
    on_the_way = tuple(request._replace(state=None) for request in pool.requests)
    orders = tuple(
        Order(order.mark, order.placed, order.then, order.past + order.news, seen_back=order.then_back)
        for order in pool.orders
    )
    after = pool._replace(
        limit=limit_of(exposure.forgotten(bound_of(backup.limit))),
        requests=(*on_the_way, *stand_ins()),
        reading=None,
        pull=None,
        orders=orders,
        chances=chances,
        backup=None,
    )
    return Move("the backup is restored", after, available=-backup.change, outside=True)


def _pulled(shop: Shop, pool: Pool) -> Iterator[Move]:
    if pool.pull is None:
        if pool.limit.base is not None and not must_land(shop, pool):
            yield Move("a pull begins", pool._replace(pull=0, orders=_marked_due(shop, pool)))
        return
    is_due = any(news.due for order in pool.orders for news in order.news)
    if not is_due:
        yield from _finished(shop, pool, "a whole pull ends", whole=True, blocked=False)
    if "faulty pulls" in shop.may:
        yield from _finished(shop, pool, "a pull with a gap ends", whole=False, blocked=False)
        yield from _finished(shop, pool, "a pull with a line unapplied ends", whole=True, blocked=True)


def _marked_due(shop: Shop, pool: Pool) -> tuple[Order, ...]:
    return tuple(
        order._replace(
            news=tuple(
                news._replace(due=news.age >= shop.visible and not is_late(shop, news)) for news in order.news
            )
        )
        for order in pool.orders
    )


def _finished(shop: Shop, pool: Pool, label: str, *, whole: bool, blocked: bool) -> Iterator[Move]:
    assert pool.pull is not None
    proof = proof_of(whole=whole, blocked=blocked, age=pool.pull)
    limit = limit_of(exposure.settled(bound_of(pool.limit), proof, shop.rules))
    after = pool._replace(limit=limit, pull=None)
    has_settled = pool.limit.base is not None and limit.base is None
    if has_settled:
        if "late" in shop.may and _is_doubtful(shop, pool):
            return
        after = after._replace(requests=_left_open(shop, pool))
    yield Move(label + (" and settles" if has_settled else ""), after)


def _left_open(shop: Shop, pool: Pool) -> tuple[Request, ...]:
    base = bound_of(pool.limit).base
    assert base is not None
    left = []
    for index, request in enumerate(pool.requests):
        others = [push_of(other) for other in swap(pool.requests, index) if other.state is not None]
        is_closed = request.state is None or exposure.is_closed_by_settle(
            push_of(request), others, base=base, rules=shop.rules
        )
        left.append(request._replace(state=None) if is_closed else request)
    return tuple(left)


def _is_doubtful(shop: Shop, pool: Pool) -> bool:
    """A late order that no clock can place surely before the base: such worlds are outside the promise."""
    oldest = pool.limit.base_age + int(shop.rules.clock_skew_s)
    return any(is_late(shop, news) and order.placed <= oldest for order in pool.orders for news in order.news)
