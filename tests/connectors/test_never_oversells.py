"""Two shops of one platform sell the same few units while requests get lost, come late and fail in part: 0 oversold."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pytest

from syncworker.ledger.books import check_books
from syncworker.sandbox.faults import FaultKind, FaultSpec, Operation
from syncworker.sandbox.profile import ShopProfile
from tests.connectors.trading_world import World, open_world

GOODS = """\
sku,title,on_hand,price,currency,parts
KAOS/M,Kaos M,7,79000,IDR,
KAOS/L,Kaos L,4,79000,IDR,
KAOS/XL,Kaos XL,1,79000,IDR,
BIN-BAMBU,Tempat sampah,6,85000,IDR,
SET-KAOS,Dua kaos,,150000,IDR,KAOS/M:1;KAOS/L:1
"""
#: When misfortune begins, and when the selling ends.
TROUBLE_S, SELLING_S = 5.0, 15.0
#: Whatever was on its way when the selling ended has landed and is listed after so long.
QUIET_S = 20.0
PUSH_FAULTS: tuple[FaultKind, ...] = (
    "timeout_before", "timeout_after", "error_after", "cut_after", "server_error", "late", "rate_limited",
    "truncated_json", "html_ok", "item_missing", "item_refused",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Case:
    """What sets one platform's shops and misfortunes apart."""

    platform: str
    shops: tuple[ShopProfile, ShopProfile]
    #: What the shop calls the reason when it refuses an item, and how often it does; ``None``: as often as the rest.
    refusal: str = ""
    refusal_chance: float | None = None
    feeds: tuple[Operation, ...] = ("orders",)
    #: Whether such a refusal is a definite one, so that the number waits for a person.
    parks: bool = False
    #: Whether a page may come twice: not where pages are slices of time.
    repeats_pages: bool = True
    #: Whether its sellers edit orders, and say of each return whether it goes on sale again.
    edits: bool = False


CASES = (
    Case(
        platform="tiktok",
        shops=(
            ShopProfile(
                name="toko", visibility_lag_s=1.0, request_horizon_s=3.0, restocks_on_cancel="unknown"
            ),
            ShopProfile(
                name="tokopedia", visibility_lag_s=0.0, request_horizon_s=2.0, feeds="split", read_lag_s=0.5
            ),
        ),
        refusal="below_floor",
        parks=True,
        feeds=("orders", "cancellations"),
    ),
    Case(
        platform="shopify",
        shops=(
            ShopProfile(
                name="plus-toko",
                quantity_mode="compare_and_set",
                visibility_lag_s=1.0,
                request_horizon_s=3.0,
                restocks_on_cancel="unknown",
            ),
            ShopProfile(
                name="plus-dua", quantity_mode="compare_and_set", request_horizon_s=2.0, read_lag_s=0.5
            ),
        ),
        refusal_chance=0.05,
        parks=True,
        edits=True,
    ),
    Case(
        platform="shopee",
        shops=(
            ShopProfile(
                name="toko", visibility_lag_s=1.0, request_horizon_s=3.0, restocks_on_cancel="unknown"
            ),
            ShopProfile(name="warung", request_horizon_s=2.0, read_lag_s=0.5, page_size=5),
        ),
        refusal="unheard_of",
        repeats_pages=False,
    ),
)


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.platform)
def test_no_unit_is_sold_twice_and_everything_settles(case: Case, seed: int) -> None:
    with open_world(case.platform, case.shops, seed=seed, catalogue=GOODS) as world:
        send_buyers(world, case, random.Random(f"{seed}:buyers"))
        world.run_until(TROUBLE_S)
        let_loose(world, case, random.Random(f"{seed}:faults"))
        world.run_until(SELLING_S)
        for front in world.house.shops.values():
            front.market.faults.clear()
        world.run_until(SELLING_S + 2.0)
        world.advance(QUIET_S)
        world.run_until(SELLING_S + 400.0, done=lambda: restless(world, case) == [])

        assert world.verdict().oversold == 0
        assert world.verdict().sold > 0
        assert restless(world, case) == []
        with world.ledger.snapshot() as tx:
            assert check_books(tx) == []


def restless(world: World, case: Case) -> list[str]:
    """What is not finished; a number that the channel will not take from us waits for a person, and is finished."""
    return [words for words in world.unrest() if not (case.parks and "parked" in words)]


def let_loose(world: World, case: Case, rng: random.Random) -> None:
    feed_faults: list[FaultKind] = ["duplicate_rows", "reorder_rows", "truncated_json"]
    feed_faults += ["repeat_page"] if case.repeats_pages else []
    for front in world.house.shops.values():
        horizon = front.market.profile.request_horizon_s
        for kind in rng.sample(PUSH_FAULTS, 6):
            is_refusal, chance = kind == "item_refused", rng.choice((0.1, 0.3))
            spec = FaultSpec(
                kind=kind,
                operation="quantities",
                probability=(case.refusal_chance or chance) if is_refusal else chance,
                seconds=rng.uniform(0, 0.9 * horizon) if kind == "late" else 0.0,
                code=case.refusal if is_refusal else "",
            )
            front.market.faults.order(spec)
        for kind in rng.sample(feed_faults, 2):
            spec = FaultSpec(kind=kind, operation=rng.choice(case.feeds), probability=0.2)
            front.market.faults.order(spec)
        for operation in ("orders", "read"):
            front.market.faults.order(FaultSpec(kind="server_error", operation=operation, count=1))
            front.market.faults.order(FaultSpec(kind="unauthorized", operation=operation, count=1))


def send_buyers(world: World, case: Case, rng: random.Random) -> None:
    """Visits of one or two units at either shop, and second thoughts of buyers and staff."""
    skus = list(world.catalogue.items)
    at = 1.0
    while at < SELLING_S:
        name, sku = rng.choice(case.shops).name, rng.choice(skus)
        units, draw = rng.choice((1, 1, 2)), rng.random()
        act: Callable[[], object] = (
            partial(buy, world, name, sku, units)
            if draw < 0.75
            else partial(change_mind, world, case, name, draw)
        )
        world.at(at, act)
        at += rng.expovariate(1.5)


def buy(world: World, name: str, sku: str, units: int) -> None:
    world.market(name).buy(sku=sku, quantity=units, now=world.clock.time)


def change_mind(world: World, case: Case, name: str, draw: float) -> None:
    """An order is paid, cancelled, shipped, edited or comes back; what is gone is on sale again or not."""
    market, now = world.market(name), world.clock.time
    orders = list(market.book.orders.values())
    if not orders:
        return
    order = orders[int(draw * 997) % len(orders)]
    line = order.lines[0]
    act = int(draw * 9973) % (5 if case.edits else 4)
    if act == 0 and line.open:
        market.cancel(order.order_id, now=now)
    elif act == 1 and line.open:
        market.ship(order.order_id, now=now)
    elif act == 2 and line.shipped > line.returned:
        market.take_return(order.order_id, now=now, restock=case.edits and draw > 0.9)
    elif act == 3 and order.status == "placed":
        market.set_status(order.order_id, "paid", now=now)
    elif act == 4 and line.open > 1:
        market.edit_order(order.order_id, line_id=line.line_id, quantity=line.quantity - 1, now=now)
