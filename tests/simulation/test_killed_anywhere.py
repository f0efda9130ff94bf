"""Killed at the n-th commit and at the n-th request, for every n until a run ends unkilled: the books are right afterwards.

A kill is an exception that nothing catches, the ledger is opened anew from its file, and every hint is lost; leases of the
dead process stand until they run out. Counted, not sampled.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from syncworker.ledger import open_ledger, orders, pools, pushes
from syncworker.ledger.books import check_books
from syncworker.ledger.upgrade import upgrade
from syncworker.sandbox.profile import ShopProfile
from syncworker.sync.resync import plan_rows
from tests.invariants import check_rule
from tests.simulation.world import World, open_world

CARVINGS = """\
sku,title,on_hand,price,currency,parts
BIN-BAMBU,Tempat sampah bambu,4,85000,IDR,
SET-BERSIH,Dua tempat sampah,,150000,IDR,BIN-BAMBU:2
"""
SELLING_S = 9.0
#: A restarted worker waits until the leases of the dead one have run out.
DOWN_S = 61.0


class KilledError(BaseException):
    """The process is gone: no handler of ours may catch it."""


def shop(name: str, **habits: object) -> ShopProfile:
    return ShopProfile(name=name, visibility_lag_s=1.0, request_horizon_s=3.0, **habits)  # type: ignore[arg-type]


def empty_ledger(folder: Path) -> Path:
    """A database with its tables and nothing in them, made once a folder: the migrations cost more than a run."""
    path = folder / "empty.db"
    if not path.exists():
        ledger = open_ledger(f"sqlite:///{path}")
        upgrade(ledger.engine)
        ledger.close()
    return path


def open_business(folder: Path) -> World:
    folder.mkdir(exist_ok=True)
    shutil.copy(empty_ledger(folder.parent), folder / "ledger.db")
    profiles = [shop("warung"), shop("pasar", quantity_mode="compare_and_set")]
    world = open_world(profiles, catalogue=CARVINGS, poll_s=3.0, tick_s=1.0, database=folder / "ledger.db")
    visits = (
        (0.7, "warung"),
        (1.3, "pasar"),
        (2.1, "warung"),
        (3.9, "pasar"),
        (4.1, "warung"),
        (6.2, "pasar"),
    )
    for at, name in visits:
        world.at(at, lambda name=name: world.shops[name].buy(sku="BIN-BAMBU", now=world.clock.time))  # type: ignore[misc]
    world.at(5.0, lambda: world.shops["warung"].buy(sku="SET-BERSIH", now=world.clock.time))
    world.at(5.5, lambda: cancel_first(world, "pasar"))
    return world


def cancel_first(world: World, name: str) -> None:
    """The first buyer of the shop changes their mind; the shop puts the units back on sale."""
    bought = list(world.shops[name].book.orders)
    if bought:
        world.shops[name].cancel(bought[0], now=world.clock.time)


class Countdown:
    """Raises :class:`KilledError` when it is called for the n-th time."""

    def __init__(self, n: int) -> None:
        self.left = n

    def __call__(self, *_: object) -> None:
        self.left -= 1
        if self.left == 0:
            raise KilledError


def before_commit(world: World, kill: Countdown) -> None:
    world.ledger.before_commit.append(kill)


def after_commit(world: World, kill: Countdown) -> None:
    world.ledger.after_commit.append(kill)


def around_request(world: World, kill: Countdown) -> None:
    """Odd calls come before the request takes effect, even ones before its answer is known."""
    world.on_request = kill


def restart(world: World) -> None:
    """A new process on the same file: nothing that was only in memory is left."""
    world.hints.clear()
    world.on_request = lambda: None
    world.ledger.close()
    world.ledger = open_ledger(str(world.ledger.engine.url), world.clock)
    world.advance(DOWN_S)


def run_and_kill(folder: Path, arm: Callable[[World, Countdown], None], n: int) -> bool:
    """One run with a kill at the n-th chance; False when it ended before that."""
    world = open_business(folder)
    kill = Countdown(n)
    arm(world, kill)
    try:
        world.run_until(SELLING_S)
    except KilledError:
        restart(world)
    unkilled = kill.left > 0
    kill.left = 0
    world.run_until(world.elapsed_s + 25.0)
    assert_all_is_well(world)
    world.ledger.close()
    return not unkilled


def assert_all_is_well(world: World) -> None:
    assert world.verdict().oversold == 0
    with world.ledger.snapshot() as tx:
        assert check_books(tx) == []
        assert pushes.unanswered(tx) == []
        names = list(world.shops)
        left = [record for name in names for record in pools.of_channel(tx, name)]
        assert [record.sku for record in left if record.is_dirty or record.bound.pending is not None] == []
        assert [row for row in plan_rows(tx, names) if row.value is not None] == []
        recorded = {name: {o.external_id for o in orders.latest(tx, channel=name)} for name in names}
    assert recorded == {name: set(market.book.orders) for name, market in world.shops.items()}


@pytest.mark.timeout(400)
@pytest.mark.parametrize("arm", [before_commit, after_commit, around_request])
def test_everything_is_finished_after_a_kill_at_any_point(
    tmp_path: Path, arm: Callable[[World, Countdown], None]
) -> None:
    n = 1

    while run_and_kill(tmp_path / str(n), arm, n):
        n += 1

    assert n > 20


def test_the_rule_is_checked_in_these_runs(tmp_path: Path) -> None:
    world = open_business(tmp_path)

    assert check_rule in world.ledger.before_commit
