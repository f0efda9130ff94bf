"""Killed at every commit and at every request of a run: the books are right afterwards.

At each such point the process forks. The child is the killed one: it goes on from the database's files as they lie at that
moment, with every hint lost, and the leases of the dead stand until they run out. The run itself goes on to the next point.
Counted, not sampled.

Right after a commit the database and the shops are as they are before the next commit, or before the next request takes
effect, whichever comes first: those two arms try every such state, and the third, between them, is for ``make prove``.
"""

from __future__ import annotations

import os
import shutil
import signal
import traceback
import warnings
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
#: So soon after the restart everything is finished, with a slow beat.
SETTLING_S, SLOW_BEAT_S = 25.0, 2.0
Kill = Callable[..., None]


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
        # After every restart.
        (72.0, "warung"),
        (74.0, "pasar"),
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


class Kills:
    """Called wherever the process may be killed: tries each of these points, and the run itself goes on unkilled.

    ``folder`` holds the database; each killed run gets a folder in it, with the files as they lie at that moment.
    """

    def __init__(self, world: World, folder: Path) -> None:
        self.world, self.folder = world, folder
        self.points = 0
        self.failures: list[str] = []

    def __call__(self, *_: object) -> None:
        self.points += 1
        place = self.folder / str(self.points)
        child = fork()
        if child == 0:
            end_as_killed(self.world, self.folder, place)
        status = end_of(child)
        if status != 0:
            told = place / "failure.txt"
            why = told.read_text() if told.exists() else f"ended with status {status}"
            self.failures.append(f"killed at point {self.points}: {why}")


def fork() -> int:
    """``os.fork``; the other threads here wait for messages of pytest, and the child asks nothing of them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def end_of(child: int) -> int:
    """Its wait status; whatever ends this test ends the child too."""
    try:
        return os.waitpid(child, 0)[1]
    except BaseException:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        raise


def end_as_killed(world: World, folder: Path, place: Path) -> None:
    """What becomes of the business that was killed; this process ends here: 0 if all is well, else ``failure.txt``."""
    try:
        place.mkdir()
        for file in folder.glob("ledger.db*"):
            shutil.copy(file, place)
        restart(world, place / "ledger.db")
        world.run_until(world.elapsed_s + SETTLING_S)
        assert_all_is_well(world)
    except BaseException:  # noqa: BLE001  # this process ends here, whatever it was
        (place / "failure.txt").write_text(traceback.format_exc())
        os._exit(1)
    os._exit(0)


def before_commit(world: World, kill: Kill) -> None:
    world.ledger.before_commit.append(kill)


def after_commit(world: World, kill: Kill) -> None:
    world.ledger.after_commit.append(kill)


def around_request(world: World, kill: Kill) -> None:
    """Odd calls come before the request takes effect, even ones before its answer is known."""
    world.on_request = kill


def restart(world: World, database: Path) -> None:
    """A new process on this file: nothing that was only in memory is left.

    The ledger of before is the parent's and never touched: closing it would write into its files.
    """
    world.hints.clear()
    world.on_request = lambda: None
    world.ledger = open_ledger(f"sqlite:///{database}", world.clock)
    world.tick_s = SLOW_BEAT_S
    world.advance(DOWN_S)


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
@pytest.mark.parametrize(
    "arm", [before_commit, around_request, pytest.param(after_commit, marks=pytest.mark.prove)]
)
def test_everything_is_finished_after_a_kill_at_any_point(
    tmp_path: Path, arm: Callable[[World, Kill], None]
) -> None:
    world = open_business(tmp_path / "business")
    kills = Kills(world, tmp_path / "business")
    arm(world, kills)

    world.run_until(SELLING_S)

    assert kills.failures == []
    assert kills.points > 20
    world.ledger.close()


def test_the_rule_is_checked_in_these_runs(tmp_path: Path) -> None:
    world = open_business(tmp_path)

    assert check_rule in world.ledger.before_commit
