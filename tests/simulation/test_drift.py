"""Staff take units off by hand while shops sell and calls fail: nothing is oversold under any policy, and nobody is accused wrongly."""

from __future__ import annotations

import random

import pytest

from syncworker.core.drift import DriftClass, DriftPolicy, DriftRules
from syncworker.ledger import incidents, pools
from syncworker.ledger.books import check_books
from syncworker.ledger.incidents import Incident, IncidentKind
from syncworker.sync.channels import register
from syncworker.sync.drifting import is_kept, kept
from syncworker.sync.resolving import resolve
from syncworker.sync.resync import resync
from tests.simulation.buyers import send_buyers
from tests.simulation.faults import calm_down, let_loose
from tests.simulation.test_nothing_oversold import SELLING_S, SMALL, draw_shops, is_at_rest, unrest
from tests.simulation.world import World, open_world

VISITS = {"BIN-BAMBU": 20.0, "PENGKI-BAMBU": 20.0, "SET-BERSIH": 10.0, "UKIRAN-01": 6.0}


def run(seed: int, policy: DriftPolicy, *, edits: int) -> World:
    """Buyers, faults within what is declared, a resync now and then, and staff who take units off."""
    world = open_world(draw_shops(random.Random(f"{seed}:shops")), seed=seed, catalogue=SMALL, tick_s=1.0)
    wanted = DriftRules(policies=dict.fromkeys((DriftClass.EDIT, DriftClass.MAPPING), policy))
    for name in world.shops:
        facts = world.open(name).capabilities()
        world.ledger.run(
            lambda tx, name=name, facts=facts: register(  # type: ignore[misc]
                tx, name, connector="marketplace", capabilities=facts, drift=wanted
            )
        )
    send_buyers(
        world, visits_per_minute=VISITS, shares={"warung": 3, "pasar": 2, "toko": 1}, seconds=SELLING_S
    )
    draw = random.Random(f"{seed}:staff")
    for _ in range(edits):
        name, share = draw.choice(list(world.shops)), draw.random()
        world.at(draw.uniform(5.0, SELLING_S), lambda name=name, share=share: take_off(world, name, share))  # type: ignore[misc]
    let_loose(world)
    for until in (10.0, 20.0, 30.0, SELLING_S):
        world.run_until(until)
        resync(world.context, list(world.shops))
    calm_down(world)
    return world


def take_off(world: World, name: str, share: float) -> None:
    """Some units of one number are typed away at the shop."""
    shop = world.shops[name]
    pool_id = sorted(shop.pools)[int(share * len(shop.pools))]
    left = shop.pools[pool_id].quantity
    if left > 0:
        shop.hand_edit(pool_id, now=world.clock.time, quantity=int(left * share))


def approve(world: World, one: Incident) -> None:
    world.ledger.run(lambda tx: resolve(tx, world.context, one.id, reason="ok", actor="t"))


def drifts(world: World) -> list[Incident]:
    with world.ledger.snapshot() as tx:
        return [one for one in incidents.latest_incidents(tx, most=500) if one.kind is IncidentKind.DRIFT]


@pytest.mark.parametrize("policy", DriftPolicy)
@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.prove)])
def test_nothing_is_oversold_and_what_is_kept_goes_on_once_approved(seed: int, policy: DriftPolicy) -> None:
    world = run(seed, policy, edits=8)
    world.run_until(SELLING_S + 60.0)
    open_now = [one for one in drifts(world) if one.closed_at is None and is_kept(one)]
    with world.ledger.snapshot() as tx:
        records = [record for name in world.shops for record in pools.of_channel(tx, name)]
        frozen = kept(tx, records)
    assert set(frozen) >= {one.subject.removeprefix("pool/") for one in open_now}
    assert not open_now or policy is not DriftPolicy.CORRECT

    for _ in range(5):
        for one in drifts(world):
            if one.closed_at is None and is_kept(one):
                approve(world, one)
        world.run_until(world.elapsed_s + 150.0, done=lambda: is_at_rest(world))

    assert world.verdict().oversold == 0
    with world.ledger.snapshot() as tx:
        assert check_books(tx) == []
    assert is_at_rest(world), unrest(world)


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.prove) for seed in (1, 2, 3))])
def test_nobody_is_said_to_have_changed_a_number_that_nobody_changed(seed: int) -> None:
    world = run(seed, DriftPolicy.CORRECT, edits=0)
    world.run_until(SELLING_S + 60.0)

    assert [one.details for one in drifts(world)] == []
