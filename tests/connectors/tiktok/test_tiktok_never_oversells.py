"""Two TikTok Shops sell the same few units while requests get lost, come late and fail in part: 0 oversold."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial

import pytest

from syncworker.ledger.books import check_books
from syncworker.sandbox.faults import FaultKind, FaultSpec, Operation
from syncworker.sandbox.profile import ShopProfile
from tests.connectors.tiktok.tiktok_world import TikTokWorld, open_world

GOODS = """\
sku,title,on_hand,price,currency,parts
KAOS/M,Kaos M,7,79000,IDR,
KAOS/L,Kaos L,4,79000,IDR,
KAOS/XL,Kaos XL,1,79000,IDR,
BIN-BAMBU,Tempat sampah,6,85000,IDR,
SET-KAOS,Dua kaos,,150000,IDR,KAOS/M:1;KAOS/L:1
"""
SELLING_S = 15.0
PROFILES = (
    ShopProfile(name="toko", visibility_lag_s=1.0, request_horizon_s=3.0, restocks_on_cancel="unknown"),
    ShopProfile(name="tokopedia", visibility_lag_s=0.0, request_horizon_s=2.0, feeds="split", read_lag_s=0.5),
)
#: A read that fails is tried again after a moment of real time, so few of them are struck.
PUSH_FAULTS: tuple[FaultKind, ...] = (
    "timeout_before", "timeout_after", "error_after", "cut_after", "server_error", "late", "rate_limited",
    "truncated_json", "html_ok", "item_missing", "item_refused",
)  # fmt: skip
FEED_FAULTS: tuple[FaultKind, ...] = ("duplicate_rows", "reorder_rows", "repeat_page", "truncated_json")
FEEDS: tuple[Operation, ...] = ("orders", "cancellations")


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.prove)])
def test_no_unit_is_sold_twice_and_everything_settles(seed: int) -> None:
    with open_world(PROFILES, seed=seed, catalogue=GOODS) as world:
        send_buyers(world, random.Random(f"{seed}:buyers"))
        world.run_until(5.0)
        let_loose(world, random.Random(f"{seed}:faults"))
        world.run_until(SELLING_S)
        for front in world.house.shops.values():
            front.market.faults.clear()
        world.run_until(
            SELLING_S + 400.0,
            done=lambda: world.elapsed_s > SELLING_S + 20 and world.unrest() == [],
        )

        assert world.verdict().oversold == 0
        assert world.verdict().sold > 0
        assert world.unrest() == []
        with world.ledger.snapshot() as tx:
            assert check_books(tx) == []


def let_loose(world: TikTokWorld, rng: random.Random) -> None:
    for front in world.house.shops.values():
        horizon = front.market.profile.request_horizon_s
        for kind in rng.sample(PUSH_FAULTS, 6):
            seconds = rng.uniform(0, 0.9 * horizon) if kind == "late" else 0.0
            code = "below_floor" if kind == "item_refused" else ""
            spec = FaultSpec(
                kind=kind,
                operation="quantities",
                probability=rng.choice((0.1, 0.3)),
                seconds=seconds,
                code=code,
            )
            front.market.faults.order(spec)
        for kind in rng.sample(FEED_FAULTS, 2):
            spec = FaultSpec(kind=kind, operation=rng.choice(FEEDS), probability=0.2)
            front.market.faults.order(spec)
        for operation in ("orders", "read"):
            front.market.faults.order(FaultSpec(kind="server_error", operation=operation, count=1))
            front.market.faults.order(FaultSpec(kind="unauthorized", operation=operation, count=1))


def send_buyers(world: TikTokWorld, rng: random.Random) -> None:
    """Visits of one or two units at either shop, and second thoughts of buyers and staff."""
    skus = list(world.catalogue.items)
    at = 1.0
    while at < SELLING_S:
        name, sku = rng.choice(PROFILES).name, rng.choice(skus)
        units, draw = rng.choice((1, 1, 2)), rng.random()
        act: Callable[[], object] = (
            partial(buy, world, name, sku, units) if draw < 0.75 else partial(change_mind, world, name, draw)
        )
        world.at(at, act)
        at += rng.expovariate(1.5)


def buy(world: TikTokWorld, name: str, sku: str, units: int) -> None:
    world.market(name).buy(sku=sku, quantity=units, now=world.clock.time)


def change_mind(world: TikTokWorld, name: str, draw: float) -> None:
    """An order is paid, cancelled, shipped or comes back; what is cancelled is on sale again or not."""
    market, now = world.market(name), world.clock.time
    orders = list(market.book.orders.values())
    if not orders:
        return
    order = orders[int(draw * 997) % len(orders)]
    line = order.lines[0]
    act = int(draw * 9973) % 4
    if act == 0 and line.open:
        market.cancel(order.order_id, now=now)
    elif act == 1 and line.open:
        market.ship(order.order_id, now=now)
    elif act == 2 and line.shipped > line.returned:
        market.take_return(order.order_id, now=now)
    elif act == 3 and order.status == "placed":
        market.set_status(order.order_id, "paid", now=now)
