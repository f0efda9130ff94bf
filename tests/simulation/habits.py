"""What can an owner pass over about a shop, and what comes of it? Habits, misfortunes and small lies of a connector."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from syncworker.connector import Channel, Known, OrderPage, Outcome, PushResult, QuantityPush
from syncworker.sandbox.faults import FaultSpec
from syncworker.sandbox.model import Marketplace
from syncworker.sandbox.profile import ShopProfile
from syncworker.sync.channels import register
from tests.simulation.buyers import visit
from tests.simulation.world import World, open_world

BINS = """\
sku,title,on_hand,price,currency,parts
BIN-BAMBU,Tempat sampah bambu,8,85000,IDR,
"""
USUAL: Mapping[str, Any] = {"visibility_lag_s": 0.5, "request_horizon_s": 2.0, "idempotency_retention_s": 0.0}
#: A connector between the engine and the shop.
Lie = Callable[[Channel], Channel]


#: What happens outside, from the beginning on.
Acts = Callable[[World], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """How both shops are, and what the engine is told by an owner who passes over it."""

    true: Mapping[str, Any] = field(
        default_factory=dict
    )  # Any: each field of a profile has a type of its own
    told: Mapping[str, Any] = field(default_factory=dict)
    faults: tuple[FaultSpec, ...] = ()
    #: Which shops they strike.
    struck: tuple[str, ...] = ("warung", "pasar")
    #: What a careless connector makes of the shop's answers.
    lie: Lie | None = None
    #: What happens, before many buyers come at once to both shops.
    acts: Acts
    #: When those come: before a read-back of what stood idle would mend it.
    rush_s: float = 12.0


class Careless:
    """A connector that does everything as it should, but for what a subclass gets wrong."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel

    def __getattr__(self, name: str) -> Any:  # Any: whatever the channel has
        return getattr(self.channel, name)


class NoRestock(Careless):
    """Says that cancelled units are not put back on sale."""

    def list_orders(self, feed: str, *, since: datetime, cursor: str | None) -> OrderPage:
        return _lines(self.channel.list_orders(feed, since=since, cursor=cursor), restocked=Known.NO)


class AllCount(Careless):
    """Says of every line that it lowered the number, gifts among them."""

    def list_orders(self, feed: str, *, since: datetime, cursor: str | None) -> OrderPage:
        return _lines(self.channel.list_orders(feed, since=since, cursor=cursor), counts_down=Known.YES)


class AllApplied(Careless):
    """Takes a success of the whole for one of each item."""

    def push_quantities(self, pushes: Sequence[QuantityPush]) -> Sequence[PushResult]:
        found = self.channel.push_quantities(pushes)
        return [PushResult(push_id=one.push_id, outcome=Outcome.APPLIED) for one in found]


def _lines(page: OrderPage, **changes: Any) -> OrderPage:
    orders = tuple(
        replace(order, lines=tuple(replace(line, **changes) for line in order.lines)) for order in page.orders
    )
    return replace(page, orders=orders)


def sell(habit: Habit, *, is_told: bool) -> World:
    """8 bins at two shops; something happens, and then so many buyers come that everything is sold."""
    profiles = [ShopProfile(name=name, **{**USUAL, **habit.true}) for name in ("warung", "pasar")]
    world = open_world(profiles, seed=1, catalogue=BINS, poll_s=1.0, tick_s=0.5)
    if not is_told:
        _pass_over(world, habit)
    world.run_until(3.0)
    for name in habit.struck:
        for spec in habit.faults:
            world.shops[name].faults.order(spec)
    habit.acts(world)
    world.run_until(habit.rush_s)
    for name in world.shops:
        for _ in range(20):
            visit(world, name, "BIN-BAMBU")
    world.run_until(habit.rush_s + 3.0)
    return world


def _pass_over(world: World, habit: Habit) -> None:
    world.lie = habit.lie
    for name in world.shops if habit.told else ():
        world.settings[name] = world.settings[name].model_copy(update=dict(habit.told))
        capabilities = world.open(name).capabilities()
        world.ledger.run(
            lambda tx, name=name, capabilities=capabilities: register(  # type: ignore[misc]
                tx, name, connector="marketplace", capabilities=capabilities
            )
        )


# ---------------------------------------------------------------- what happens outside


def sold(world: World) -> None:
    """Three units are bought at one shop, so that units have to move there from the other one."""

    def buyers() -> None:
        for _ in range(3):
            visit(world, "warung", "BIN-BAMBU")

    world.at(4.0, buyers)


def sold_and_cancelled(world: World) -> None:
    """Three units are bought, and their orders cancelled."""
    sold(world)
    world.at(7.0, lambda: _each(world, lambda shop, order_id, now: shop.cancel(order_id, now=now)))


def sold_shipped_and_back(world: World) -> None:
    """Three units are bought and sent; the shop puts them back on sale by itself when they are returned."""
    sold(world)
    world.at(6.0, lambda: _each(world, lambda shop, order_id, now: shop.ship(order_id, now=now)))
    world.at(
        8.0,
        lambda: _each(world, lambda shop, order_id, now: shop.take_return(order_id, restock=True, now=now)),
    )


def given_away(world: World) -> None:
    """Three units leave without lowering the number: gifts, or sold by the shop's own staff."""

    def staff() -> None:
        for _ in range(3):
            world.shops["warung"].buy(sku="BIN-BAMBU", now=world.clock.time, counts_down="no", took=False)

    world.at(4.0, staff)


def _each(world: World, act: Callable[[Marketplace, str, datetime], object]) -> None:
    shop = world.shops["warung"]
    for order_id in list(shop.book.orders):
        act(shop, order_id, world.clock.time)
