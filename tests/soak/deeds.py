"""What do buyers, the shops' staff and our own people do? Drawn by the seed; every deed says whether it took place."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial

from syncworker.core.model import Policy, PolicyChoice
from syncworker.errors import InputError, SyncworkerError
from syncworker.ledger import channels, holds, pools
from syncworker.ledger.backup import mark_restored
from syncworker.ledger.channels import ChannelState
from syncworker.ledger.ledger import Transaction
from syncworker.sandbox.model import Marketplace
from syncworker.sandbox.orders import Order
from syncworker.sandbox.refusal import RefusedError
from syncworker.sandbox.sales import Want
from syncworker.sync import channels as use
from syncworker.sync import goods, holding
from syncworker.sync.policies import set_policy
from syncworker.sync.resync import resync
from tests.soak.business import Business
from tests.soak.plan import SKUS

PARTS = ("BIN-BAMBU", "PENGKI-BAMBU", "UKIRAN-01")


def rage(business: Business, *, until_s: float) -> None:
    """Buyers come and deeds are done from now until then; and goods come in now and then."""
    plan = business.plan
    _every(business, "buyers", 60.0 / plan.visits_per_minute, until_s, lambda: _visit(business))
    if plan.deeds:
        _every(business, "deeds", plan.deed_every_s, until_s, lambda: _deed(business))
    _every(business, "goods", 2.0 * plan.poll_s, until_s, lambda: deliver(business))


def deliver(business: Business) -> None:
    """Goods of each part come in."""
    rng = business.stream("deliveries")
    for sku in PARTS:
        units = 1 if sku == "UKIRAN-01" else rng.randint(1, max(1, business.plan.units))
        business.receive(sku, units)
        _tell(business, sku, units)
        business.fired["goods_in"] += 1


def _every(business: Business, name: str, mean_s: float, until_s: float, act: Callable[[], object]) -> None:
    """Poisson moments; each draws the next, so that no long list is made beforehand."""

    def again() -> None:
        act()
        _next()

    def _next() -> None:
        at = business.elapsed_s + business.stream(name).expovariate(1.0 / mean_s)
        if at < until_s:
            business.at(at, again)

    _next()


def _visit(business: Business) -> None:
    rng = business.stream("buyers")
    shop = business.shops[rng.choice([*business.shops])]
    units = 1 if rng.random() < 0.8 else rng.randint(1, 3)
    sku = rng.choices(SKUS, (6, 6, 3, 1))[0]
    # Nothing is listed by a shop that refuses to begin at 0.
    with suppress(RefusedError):
        shop.buy(sku=sku, quantity=units, now=business.clock.time)


def _deed(business: Business) -> None:
    rng = business.stream("deeds")
    kind, shop = rng.choice(business.plan.deeds), rng.choice([*business.shops])
    try:
        is_done = DEEDS_BY_NAME[kind](business, business.shops[shop])
    except (RefusedError, SyncworkerError):
        return
    business.fired[kind] += is_done


def _some_order(business: Business, shop: Marketplace, fits: Callable[[Order], bool]) -> Order | None:
    """One of the newest forty that fit."""
    fitting = [order for order in list(shop.book.orders.values())[-40:] if fits(order)]
    return business.stream("which").choice(fitting) if fitting else None


def _open(order: Order) -> bool:
    return order.lines[0].open > 0


def _cancel(business: Business, shop: Marketplace) -> bool:
    order = _some_order(business, shop, _open)
    if order is None:
        return False
    rng = business.stream("cancel")
    units = None if rng.random() < 0.7 else rng.randint(1, order.lines[0].open)
    line_id = None if units is None else order.lines[0].line_id
    shop.cancel(order.order_id, now=business.clock.time, quantity=units, line_id=line_id)
    return True


def _ship(business: Business, shop: Marketplace) -> bool:
    order = _some_order(business, shop, _open)
    if order is None:
        return False
    shop.ship(order.order_id, now=business.clock.time)
    return True


def _returned(business: Business, shop: Marketplace, *, restock: bool) -> bool:
    order = _some_order(business, shop, lambda one: one.lines[0].shipped > one.lines[0].returned)
    if order is None:
        return False
    shop.take_return(order.order_id, now=business.clock.time, restock=restock)
    return True


def _edit(business: Business, shop: Marketplace, by: int) -> bool:
    order = _some_order(business, shop, lambda one: one.lines[0].open + min(by, 0) > 0)
    if order is None:
        return False
    line = order.lines[0]
    shop.edit_order(
        order.order_id, line_id=line.line_id, quantity=line.quantity + by, now=business.clock.time
    )
    return True


def _reinstate(business: Business, shop: Marketplace) -> bool:
    order = _some_order(business, shop, lambda one: any(line.cancelled for line in one.lines))
    if order is None:
        return False
    shop.reinstate(order.order_id, now=business.clock.time)
    return True


def _basket(business: Business, shop: Marketplace) -> bool:
    wants = [Want(sku=sku) for sku in business.stream("basket").sample(SKUS, 2)]
    return shop.buy_basket(wants, now=business.clock.time).order_id is not None


def _found(business: Business, _shop: Marketplace) -> bool:
    return _adjust(business, 1)


def _lost(business: Business, _shop: Marketplace) -> bool:
    return _adjust(business, -1)


def _adjust(business: Business, units: int) -> bool:
    sku, reference = business.stream("adjust").choice(PARTS), business.new_id()
    business.ledger.run(
        lambda tx: goods.adjust(tx, sku, "main", units, reason="counted", reference=reference, actor="Sari")
    )
    _tell(business, sku, units)
    business.lost[sku] += max(0, -units)
    return True


def _tell(business: Business, sku: str, units: int) -> None:
    """Let the referee know."""
    business.outside.append(
        {"time": business.clock.time.isoformat(), "kind": "receive", "sku": sku, "quantity": units}
    )


def _hand_edit(business: Business, shop: Marketplace, by: int) -> bool:
    pool_id = shop.pool_of(sku=business.stream("hand").choice(SKUS))
    if shop.sellable(pool_id) + by < 0:
        return False
    shop.hand_edit(pool_id, delta=by, now=business.clock.time)
    return True


def _gift(business: Business, shop: Marketplace) -> bool:
    sku = business.stream("gift").choice(PARTS)
    sale = shop.buy(sku=sku, now=business.clock.time, counts_down="no", took=False)
    return sale.order_id is not None


def _hold(business: Business, _shop: Marketplace) -> bool:
    rng = business.stream("holds")
    asked = dict.fromkeys(rng.sample(SKUS, rng.choice((1, 2))), 1)
    until = business.clock.time + timedelta(seconds=rng.choice((2.0, 20.0)) * business.plan.poll_s)
    business.ledger.run(
        lambda tx: holding.create_hold(
            tx, party="the parks department", asked=asked, until=until, actor="Sari"
        )
    )
    return True


def _hold_ends(business: Business, _shop: Marketplace) -> bool:
    with business.ledger.snapshot() as tx:
        found = [one.id for one in holds.list_holds(tx)]
    if not found:
        return False
    hold_id = business.stream("holds").choice(found)
    business.ledger.run(lambda tx: holding.cancel_hold(tx, hold_id, actor="Sari"))
    return True


def _pause(business: Business, shop: Marketplace, *, withdraw: bool) -> bool:
    """Paused for two polls."""
    name = shop.profile.name
    business.ledger.run(lambda tx: use.pause(tx, name, withdraw=withdraw))
    business.at(
        business.elapsed_s + 2 * business.plan.poll_s,
        lambda: business.ledger.run(partial(_resume, name=name)),
    )
    return True


def _policy(business: Business, _shop: Marketplace) -> bool:
    """The same policy, said of the SKU itself or not: all is planned anew."""
    rng = business.stream("policy")
    sku, choice = rng.choice(SKUS), rng.choice((None, PolicyChoice(Policy.ESCROW)))
    business.ledger.run(lambda tx: set_policy(tx, sku, choice))
    return True


def _resync(business: Business, shop: Marketplace) -> bool:
    resync(business.context, [shop.profile.name])
    return True


DEEDS_BY_NAME: dict[str, Callable[[Business, Marketplace], bool]] = {
    "cancel": _cancel,
    "ship": _ship,
    "return": lambda business, shop: _returned(business, shop, restock=False),
    "return_restocked": lambda business, shop: _returned(business, shop, restock=True),
    "edit_fewer": lambda business, shop: _edit(business, shop, -1),
    "edit_more": lambda business, shop: _edit(business, shop, 1),
    "reinstate": _reinstate,
    "basket": _basket,
    "found": _found,
    "lost": _lost,
    "hand_edit_down": lambda business, shop: _hand_edit(business, shop, -1),
    "hand_edit_up": lambda business, shop: _hand_edit(business, shop, 1),
    "gift": _gift,
    "hold": _hold,
    "hold_ends": _hold_ends,
    "pause": lambda business, shop: _pause(business, shop, withdraw=False),
    "withdraw": lambda business, shop: _pause(business, shop, withdraw=True),
    "resync": _resync,
    "policy": _policy,
}


def put_back(business: Business) -> None:
    """The copy becomes the ledger, everybody begins anew, and people enter again what they had counted since."""
    assert business.copy is not None
    business.copy.backup(business.raw)
    business.copy = None
    business.hints.clear()
    business.ledger.run(mark_restored)
    for event in business.outside[business.copied_at :]:
        sku, units, reference = str(event["sku"]), event["quantity"], business.new_id()
        assert isinstance(units, int)
        business.ledger.run(partial(_enter, sku=sku, units=units, reference=reference))
    for name in business.shops:
        business.ledger.run(partial(_resume, name=name))


def _enter(tx: Transaction, *, sku: str, units: int, reference: str) -> None:
    goods.adjust(tx, sku, "main", units, reason="entered again", reference=reference, actor="Sari")


def _resume(tx: Transaction, *, name: str) -> None:
    if channels.load(tx, name).state is ChannelState.PAUSED:
        use.resume(tx, name)


def vouch(business: Business) -> None:
    """A person looks up, in the shop's own pages, the numbers that nobody else can read, once all is known that sold."""
    with business.ledger.snapshot() as tx:
        unknown = [
            one
            for channel in channels.all_channels(tx)
            if not channel.rules.readable
            for one in pools.of_channel(tx, channel.name)
            if one.bound.exposure is None
        ]
    for one in unknown:
        units = business.shops[one.channel].sellable(one.pool_key)
        with suppress(InputError):
            business.ledger.run(partial(use.assume, pool_id=one.id, units=units))


def all_live(business: Business) -> bool:
    """Whether no channel is paused."""
    with business.ledger.snapshot() as tx:
        return all(one.state is ChannelState.LIVE for one in channels.all_channels(tx))
