"""What a promotion holds cannot be withdrawn: it stays counted and is sold once, and is tried again after a while."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from syncworker.ledger import incidents, pools
from syncworker.ledger.incidents import IncidentKind
from syncworker.sandbox.profile import ShopProfile
from syncworker.sync.answers import LOCK_BELIEVED
from syncworker.sync.channels import pause
from tests.connectors.trading_world import World, open_world

GOODS = """\
sku,title,on_hand,price,currency,parts
BIN-BAMBU,Tempat sampah,6,85000,IDR,
"""
PROFILES = tuple(ShopProfile(name=name, request_horizon_s=2.0) for name in ("toko", "warung"))


def test_what_a_promotion_holds_stays_counted_until_it_ends() -> None:
    with open_world("shopee", PROFILES, seed=1, catalogue=GOODS) as world:
        world.run_until(5.0)
        hold_back(world, "warung", 2)
        world.ledger.run(lambda tx: pause(tx, "warung", withdraw=True))
        world.run_until(9.0)

        assert world.market("warung").sellable("warung-P1") == 3
        assert told(world) == (3, None, set())

        for name in ("toko", "warung") * 3:
            world.market(name).buy(sku="BIN-BAMBU", now=world.clock.time)
            world.run_until(world.elapsed_s + 2.0)
        hold_back(world, "warung", 0)
        world.advance((LOCK_BELIEVED + timedelta(seconds=1)).total_seconds())
        world.run_until(world.elapsed_s + 12.0)

        assert world.verdict().oversold == 0
        assert world.verdict().sold >= 3
        assert told(world) == (0, None, set())


def hold_back(world: World, name: str, units: int) -> None:
    """A promotion holds so many units of everything from now on."""
    market = world.market(name)
    market.profile = replace(market.profile, floor=units)


def told(world: World) -> tuple[int | None, str | None, set[IncidentKind]]:
    """What is counted at the shop with the promotion, why it waits, and what people are told."""
    with world.ledger.snapshot() as tx:
        (pool,) = pools.of_channel(tx, "warung")
        kinds = {one.kind for one in incidents.open_incidents(tx)}
    return pool.bound.exposure, pool.parked, kinds
