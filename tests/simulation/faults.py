"""Which misfortunes strike a run? Drawn by its seed: a random half of all kinds, at rates from the edges."""

from __future__ import annotations

import random
from collections.abc import Iterator

from syncworker.sandbox.faults import ALL_KINDS, FaultKind, FaultSpec
from syncworker.sandbox.profile import ShopProfile
from tests.simulation.world import World

#: Beyond what a channel declares, so no promise covers it; the tests of incidents order these by name.
UNDECLARED: frozenset[FaultKind] = frozenset(
    {"oversell", "stale_read", "apply_late", "listed_late", "unknown_status"}
)
RATES = (0.02, 0.1, 0.4)


def draw_faults(rng: random.Random, profile: ShopProfile) -> Iterator[FaultSpec]:
    """A random half of the declared kinds; a late request stays within the horizon."""
    for kind in ALL_KINDS:
        if kind in UNDECLARED or rng.random() < 0.5:
            continue
        yield FaultSpec(
            kind=kind,
            probability=rng.choice(RATES),
            seconds=rng.uniform(0.0, profile.request_horizon_s * 0.9)
            if kind == "late"
            else rng.uniform(0.0, 1.5),
            status=rng.choice((500, 502, 503)),
            retry_after=rng.choice(("none", "seconds")),
            code="below_floor" if kind == "item_refused" else "",
            field="quantity",
        )


def let_loose(world: World) -> None:
    """Order this seed's faults at every shop."""
    for name, market in world.shops.items():
        rng = random.Random(f"{world.seed}:faults:{name}")
        for spec in draw_faults(rng, market.profile):
            market.faults.order(spec)


def calm_down(world: World) -> None:
    for market in world.shops.values():
        market.faults.clear()


def change_their_minds(world: World, *, until_s: float) -> None:
    """Now and then an order is cancelled, shipped, edited or returned, with or without the units going on sale again."""
    rng = random.Random(f"{world.seed}:minds")
    at = rng.expovariate(1 / 4.0)
    while at < until_s:
        name, act, draw = (
            rng.choice(list(world.shops)),
            rng.choice(("cancel", "ship", "return", "edit")),
            rng.random(),
        )
        world.at(at, lambda name=name, act=act, draw=draw: _change(world, name, act, draw))  # type: ignore[misc]
        at += rng.expovariate(1 / 4.0)


def _change(world: World, name: str, act: str, draw: float) -> None:
    market, now = world.shops[name], world.clock.time
    orders = list(market.book.orders.values())
    if not orders:
        return
    order = orders[int(draw * len(orders))]
    line = order.lines[0]
    if act == "cancel" and line.open:
        market.cancel(order.order_id, now=now, restock=draw < 0.7)
    elif act == "ship" and line.open:
        market.ship(order.order_id, now=now)
    elif act == "return" and line.shipped > line.returned:
        market.take_return(order.order_id, now=now, restock=False)
    elif act == "edit" and line.open > 1:
        market.edit_order(order.order_id, line_id=line.line_id, quantity=line.quantity - 1, now=now)
