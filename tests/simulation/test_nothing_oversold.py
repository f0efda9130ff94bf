"""Whatever goes wrong within what the channels declare: 0 oversold by the referee, and afterwards everything finds its way."""

from __future__ import annotations

import random

import pytest

from syncworker.ledger import pools, pushes
from syncworker.ledger.books import check_books
from syncworker.sandbox.profile import ShopProfile
from syncworker.sync.resync import plan_rows
from tests.simulation.buyers import send_buyers
from tests.simulation.faults import calm_down, change_their_minds, let_loose
from tests.simulation.world import World, open_world

SMALL = """\
sku,title,on_hand,price,currency,parts
BIN-BAMBU,Tempat sampah bambu,7,85000,IDR,
PENGKI-BAMBU,Pengki bambu,5,35000,IDR,
SET-BERSIH,Paket kebersihan,,140000,IDR,BIN-BAMBU:1;PENGKI-BAMBU:2
UKIRAN-01,Ukiran bambu,1,450000,IDR,
"""
SELLING_S = 40.0


def draw_shops(rng: random.Random) -> list[ShopProfile]:
    """Three shops of any make, lags just under and just over a poll."""
    return [
        ShopProfile(
            name=name,
            quantity_mode=(mode := rng.choice(("set", "set", "compare_and_set", "delta"))),
            quantity_kind=rng.choice(("available", "available", "on_hand")),
            below_zero=rng.choice(("refuse", "clamp")),
            visibility_lag_s=rng.choice((0.0, 1.0, 2.1)),
            apply_lag_s=rng.choice((0.0, 1.1)) if mode == "set" else 0.0,
            read_lag_s=rng.choice((0.0, 1.5)),
            request_horizon_s=rng.choice((2.0, 4.0)),
            page_size=rng.choice((1, 3, 50)),
            batch_max=rng.choice((1, 2, 50)),
            restocks_on_cancel=rng.choice(("yes", "no", "unknown")),
            feeds=rng.choice(("single", "split")),
            readable=rng.random() < 0.8,
            idempotency_retention_s=0.0,
        )
        for name in ("warung", "pasar", "toko")
    ]


def run(seed: int) -> World:
    world = open_world(draw_shops(random.Random(f"{seed}:shops")), seed=seed, catalogue=SMALL, tick_s=1.0)
    visits = {"BIN-BAMBU": 20.0, "PENGKI-BAMBU": 20.0, "SET-BERSIH": 10.0, "UKIRAN-01": 6.0}
    send_buyers(
        world, visits_per_minute=visits, shares={"warung": 3, "pasar": 2, "toko": 1}, seconds=SELLING_S
    )
    change_their_minds(world, until_s=SELLING_S)
    let_loose(world)
    world.run_until(SELLING_S)
    calm_down(world)
    return world


@pytest.mark.parametrize("seed", range(6))
def test_no_unit_is_sold_twice_and_everything_settles(seed: int) -> None:
    world = run(seed)

    world.run_until(SELLING_S + 700.0, done=lambda: world.elapsed_s > SELLING_S + 60 and is_at_rest(world))

    assert world.verdict().oversold == 0
    with world.ledger.snapshot() as tx:
        assert check_books(tx) == []
    assert is_at_rest(world), unrest(world)


@pytest.mark.prove
@pytest.mark.parametrize("seed", range(6, 400))
def test_no_unit_is_sold_twice_and_everything_settles_in_many_worlds(seed: int) -> None:
    test_no_unit_is_sold_twice_and_everything_settles(seed)


def is_at_rest(world: World) -> bool:
    return unrest(world) == []


def unrest(world: World) -> list[str]:
    """What is not finished: unanswered pushes, unsettled or dirty pools, numbers that a second plan would still change."""
    with world.ledger.snapshot() as tx:
        records = [record for name in world.shops for record in pools.of_channel(tx, name)]
        found = [f"push {push.id} of {push.channel}: {push.state}" for push in pushes.unanswered(tx)]
        found += [
            f"{r.channel} {r.sku}: pending {r.bound.pending}" for r in records if r.bound.pending is not None
        ]
        found += [f"{r.channel} {r.sku}: unknown" for r in records if r.bound.exposure is None]
        rows = plan_rows(tx, list(world.shops))
    return found + [
        f"{row.channel} {row.sku}: would be sent {row.value}" for row in rows if row.value is not None
    ]
