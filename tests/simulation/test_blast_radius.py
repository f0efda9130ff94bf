"""A channel that is dead, slow or refuses one SKU changes nothing for the others: they hear of sales as soon as without it.

Virtual time: while a slow channel's answer is awaited, the workers of the others go on. Every shop shows the whole stock here, so
that each sale is news for each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any

import pytest

from syncworker.connector import Channel, RetryLaterError
from syncworker.connector.declarative import DeclaredChannel
from syncworker.core.model import Policy
from syncworker.ledger import incidents
from syncworker.ledger.incidents import IncidentKind
from syncworker.sandbox.faults import FaultSpec
from syncworker.sandbox.profile import ShopProfile
from syncworker.sync.tick import tick
from tests.simulation.world import JOBS, World, open_world

STOCK = """\
sku,title,on_hand,price,currency,parts
BIN-BAMBU,Tempat sampah bambu,500,85000,IDR,
SAPU-GLAGAH,Sapu glagah,500,30000,IDR,
"""
ILL, WELL = "warung", ("pasar", "toko")
DAY_S = 86_400.0
#: So long sales are watched, and so many come.
WATCHED_S, SALES = 24.0, 36
SKUS = ("BIN-BAMBU", "SAPU-GLAGAH")
ANSWERS_AFTER_S = 60.0

Harm = Callable[[World], None]
#: Seconds from each sale to another shop's hearing of it, by that shop and the SKU.
Waiting = Mapping[tuple[str, str], list[float]]


class Waits:
    """A channel whose every call waits first; whatever else there is to do in the meantime is done."""

    def __init__(self, channel: Channel, wait: Callable[[], None]) -> None:
        self._channel, self._wait = channel, wait

    def __getattr__(self, name: str) -> Any:  # Any: whatever the channel has
        found = getattr(self._channel, name)
        if not callable(found) or name == "capabilities":
            return found

        def call(*args: object, **options: object) -> object:
            self._wait()
            return found(*args, **options)

        return call


def _well(world: World) -> None:
    """Nothing happens to it."""


def _a_day(world: World) -> None:
    """It passes, three hours at a time."""
    tick_s, world.tick_s = world.tick_s, 10_800.0
    world.run_until(world.elapsed_s + DAY_S)
    world.tick_s = tick_s


def _dead_for_a_day(world: World) -> None:
    def refused() -> None:
        raise RetryLaterError("connection refused")

    world.lie = lambda channel: _made_ill(channel, refused)
    _a_day(world)
    with world.ledger.snapshot() as tx:
        assert [one.subject for one in incidents.open_incidents(tx, kind=IncidentKind.FAILING)] == [
            f"channel/{ILL}"
        ]


def _answers_in_a_minute(world: World) -> None:
    world.lie = lambda channel: _made_ill(channel, lambda: _others_go_on(world, ANSWERS_AFTER_S))


def _others_go_on(world: World, seconds: float) -> None:
    """The ill channel's workers wait, so that nobody takes up more of its work; those of the others go on."""
    until_s = world.elapsed_s + seconds
    while world.elapsed_s < until_s:
        tick(world.context)
        while world.hints:
            name, kind = world.hints.pop(0)
            if name != ILL:
                JOBS[kind](world.context, name)
        world.advance(world.tick_s)


def _holds_up_everybody(world: World) -> None:
    """One worker for all, and no pause: what must not be."""
    world.lie = lambda channel: _made_ill(channel, lambda: world.advance(ANSWERS_AFTER_S / 10))


def _refuses_one_sku(world: World) -> None:
    pool_id = world.shops[ILL].pool_of(sku="BIN-BAMBU")
    world.shops[ILL].faults.order(FaultSpec(kind="item_refused", code="campaign_locked", pool_id=pool_id))


def _made_ill(channel: Channel, wait: Callable[[], None]) -> Channel:
    ill: Any = Waits(channel, wait)  # Any: it is whatever it stands for
    return ill if _name(channel) == ILL else channel


def _name(channel: Channel) -> str:
    assert isinstance(channel, DeclaredChannel)
    return channel.caller._name


@cache
def waits(harm: Harm) -> Waiting:
    """Seconds until each shop hears of another one's sale, by shop and SKU; only shops that are well sell."""
    profiles = [
        ShopProfile(name=name, visibility_lag_s=0.5, request_horizon_s=3.0, batch_max=50)
        for name in (ILL, *WELL)
    ]
    world = open_world(profiles, catalogue=STOCK, poll_s=4.0, tick_s=1.0, policy=Policy.SHARED)
    world.run_until(10.0)
    harm(world)
    began = world.elapsed_s
    for n in range(SALES):
        shop, sku = world.shops[WELL[n % 2]], SKUS[n // 2 % 2]
        # Spread evenly, and at every moment between two pulls.
        world.at(
            began + WATCHED_S * (n * 0.618034 % 1.0),
            lambda shop=shop, sku=sku: shop.buy(sku=sku, now=world.clock.time),  # type: ignore[misc]
        )
    world.run_until(began + WATCHED_S + 8.0)
    world.ledger.close()
    return {(name, sku): _heard(world, name, sku) for name in (ILL, *WELL) for sku in SKUS}


def mean_of_the_well(waiting: Waiting) -> float:
    found = [each for (name, _), waits in waiting.items() if name in WELL for each in waits]
    assert len(found) == SALES
    return sum(found) / len(found)


def _heard(world: World, name: str, sku: str) -> list[float]:
    """Seconds from each sale of another shop until this one was told a number of that SKU."""
    told, found = _times(world, name, "set", sku), []
    for other in WELL:
        for sale in _times(world, other, "buy", sku) if other != name else []:
            after = [at for at in told if at > sale]
            if after:
                found.append((after[0] - sale).total_seconds())
    return found


def _times(world: World, name: str, kind: str, sku: str) -> list[datetime]:
    shop = world.shops[name]
    pool_id = shop.pool_of(sku=sku)
    return [
        datetime.fromisoformat(str(line["time"]))
        for line in shop.log
        if line["kind"] == kind and line["pool_id"] == pool_id
    ]


@pytest.mark.parametrize(
    ("harm", "usual"),
    [(_dead_for_a_day, _a_day), (_answers_in_a_minute, _well), (_refuses_one_sku, _well)],
)
def test_the_others_hear_of_sales_as_soon_as_without_it(harm: Harm, usual: Harm) -> None:
    assert mean_of_the_well(waits(harm)) <= 1.1 * mean_of_the_well(waits(usual))


def test_the_other_skus_of_the_same_channel_are_told_as_soon_as_without_it() -> None:
    key = (ILL, "SAPU-GLAGAH")

    found, usual = waits(_refuses_one_sku), waits(_well)

    assert len(found[key]) == len(usual[key]) > SALES / 3
    assert sum(found[key]) <= 1.1 * sum(usual[key])


def test_a_channel_that_held_up_everybody_would_be_seen() -> None:
    heard = [
        each for (name, _), found in waits(_holds_up_everybody).items() if name in WELL for each in found
    ]

    # What was not heard of before the end waited longest of all.
    assert len(heard) < SALES or sum(heard) / SALES > 1.5 * mean_of_the_well(waits(_well))
