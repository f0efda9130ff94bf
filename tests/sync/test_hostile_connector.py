"""A connector that raises anything, dawdles or returns nonsense harms only its own channel, and nothing is sold twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pytest

from syncworker.connector import (
    Capabilities,
    Channel,
    ChannelCheck,
    ListingDraft,
    ListingPage,
    OrderPage,
    PushResult,
    QuantityPush,
    Reading,
    RemoteListing,
)
from syncworker.core.exposure import PushState
from syncworker.ledger import pools, pushes
from syncworker.sandbox.profile import ShopProfile
from syncworker.sync.context import Context
from syncworker.sync.tick import tick
from tests.simulation.world import JOBS, World, open_world

BINS = "sku,title,on_hand,price,currency,parts\nBIN-BAMBU,Tempat sampah bambu,40,85000,IDR,\n"
#: What may come back instead of an answer.
Twist = Callable[[Callable[[], Any]], Any]


class OfItsOwnError(Exception):
    """Nobody else knows this error, and it has no words."""


@dataclass
class Hostile:
    """Does what it is told, and then makes something else of the answer."""

    true: Channel
    twist: Twist

    def capabilities(self) -> Capabilities:
        return self.true.capabilities()

    def check(self) -> ChannelCheck:
        return self.twist(self.true.check)  # type: ignore[no-any-return]  # nonsense has no type

    def list_orders(self, feed: str, *, since: datetime, cursor: str | None) -> OrderPage:
        return self.twist(lambda: self.true.list_orders(feed, since=since, cursor=cursor))  # type: ignore[no-any-return]  # as above

    def list_listings(self, *, cursor: str | None) -> ListingPage:
        return self.twist(lambda: self.true.list_listings(cursor=cursor))  # type: ignore[no-any-return]  # as above

    def push_quantities(self, pushes: Sequence[QuantityPush]) -> Sequence[PushResult]:
        return self.twist(lambda: self.true.push_quantities(pushes))  # type: ignore[no-any-return]  # as above

    def read_quantities(self, pool_keys: Sequence[str]) -> Sequence[Reading]:
        return self.twist(lambda: self.true.read_quantities(pool_keys))  # type: ignore[no-any-return]  # as above

    def publish(self, draft: ListingDraft) -> RemoteListing:
        return self.twist(lambda: self.true.publish(draft))  # type: ignore[no-any-return]  # as above


class HostileWhenPushing(Hostile):
    """Reads well."""

    def list_orders(self, feed: str, *, since: datetime, cursor: str | None) -> OrderPage:
        return self.true.list_orders(feed, since=since, cursor=cursor)

    def read_quantities(self, pool_keys: Sequence[str]) -> Sequence[Reading]:
        return self.true.read_quantities(pool_keys)


def raises(error: Exception) -> Twist:
    def act(true: Callable[[], Any]) -> Any:
        true()
        raise error

    return act


def returns(answer: Any) -> Twist:
    def act(true: Callable[[], Any]) -> Any:
        true()
        return answer

    return act


def spoiled(true: Callable[[], Any]) -> Any:
    """Numbers of the wrong kind, in values that look right."""
    answer = true()
    if isinstance(answer, OrderPage):
        return OrderPage(orders=(None, "order"), next_cursor="x")  # type: ignore[arg-type]  # nonsense
    return [_spoiled(one) for one in answer] if isinstance(answer, list | tuple) else object()


def _spoiled(one: Any) -> Any:
    if isinstance(one, PushResult):
        return replace(one, push_id="of nobody", echo="many")  # type: ignore[arg-type]  # nonsense
    return replace(one, quantity=2.5) if isinstance(one, Reading) else one  # type: ignore[arg-type]  # nonsense


TWISTS: dict[str, Twist] = {
    "an error of its own": raises(OfItsOwnError()),
    "a value error": raises(ValueError("nonsense")),
    "a recursion error": raises(RecursionError()),
    "a network library's error": raises(TimeoutError("late")),
    "nothing": returns(None),
    "a text": returns("yes"),
    "a list of nothing": returns([None, None]),
    "a number": returns(7),
    "spoiled values": spoiled,
}


def open_two() -> World:
    profiles = [
        ShopProfile(name=name, visibility_lag_s=1.0, request_horizon_s=3.0) for name in ("warung", "toko")
    ]
    world = open_world(profiles, catalogue=BINS, poll_s=5.0, tick_s=5.0)
    world.run_until(30.0)
    return world


def run(world: World, context: Context, seconds: float) -> None:
    """Tick and work as the workers do, with channels opened by ``context``."""
    until = world.elapsed_s + seconds
    while world.elapsed_s < until:
        tick(context)
        for _ in range(100):
            if not world.hints:
                break
            name, kind = world.hints.pop(0)
            JOBS[kind](context, name)
        world.advance(world.tick_s)


@pytest.mark.parametrize("twist", TWISTS.values(), ids=TWISTS.keys())
def test_the_other_channel_goes_on_and_nothing_is_sold_twice(twist: Twist) -> None:
    world = open_two()

    def opened(name: str) -> Channel:
        true = world.open(name)
        return Hostile(true, twist) if name == "toko" else true

    context = replace(world.context, open_channel=opened)
    for n in range(25):
        for name in ("warung", "toko"):
            world.at(
                world.elapsed_s + 2.0 * n,
                lambda name=name: world.shops[name].buy(sku="BIN-BAMBU", now=world.clock.time),  # type: ignore[misc]  # a visit
            )

    run(world, context, 60.0)
    sold_meanwhile = sum(one["kind"] == "buy" for one in world.shops["warung"].log)
    world.run_until(world.elapsed_s + 30.0)

    assert world.verdict().oversold == 0
    assert sold_meanwhile >= 20
    with world.ledger.snapshot() as tx:
        (healthy,) = pools.of_channel(tx, "warung")
    assert healthy.parked is None


def test_an_untyped_error_after_the_request_left_is_unknown() -> None:
    world = open_two()
    context = replace(
        world.context, open_channel=lambda name: HostileWhenPushing(world.open(name), raises(OfItsOwnError()))
    )

    world.receive("BIN-BAMBU", 400)
    run(world, context, 0.1)

    with world.ledger.snapshot() as tx:
        records = [*pools.of_channel(tx, "warung"), *pools.of_channel(tx, "toko")]
        opens = pushes.open_of(tx, [record.id for record in records])
        states = {push.state for record in records for push in opens.get(record.id, [])}
    held = sum(record.bound.exposure or 0 for record in records)
    showing = sum(shop.sellable(shop.pool_of(sku="BIN-BAMBU")) for shop in world.shops.values())
    assert PushState.UNKNOWN in states
    assert showing <= held <= 440
