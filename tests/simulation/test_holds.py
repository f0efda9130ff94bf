"""A wholesale order gathers its units out of selling shops, whatever goes wrong: nothing is sold twice, and it is done."""

from __future__ import annotations

import os
import random
import shutil
import traceback
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from syncworker.ledger.books import check_books
from syncworker.ledger.holds import HoldOutcome, HoldRecord
from syncworker.ledger.stock import MovementKind, history
from syncworker.sandbox.history import Event
from syncworker.sandbox.referee import Verdict, judge
from syncworker.sync import goods, holding
from syncworker.sync.doctor import examine
from syncworker.sync.held import HoldProgress, progress_of
from tests.simulation.buyers import send_buyers
from tests.simulation.faults import calm_down, change_their_minds, let_loose
from tests.simulation.test_killed_anywhere import (
    SETTLING_S,
    Kill,
    Kills,
    after_commit,
    before_commit,
    end_of,
    fork,
    open_business,
    restart,
)
from tests.simulation.test_nothing_oversold import draw_shops, is_at_rest, unrest
from tests.simulation.world import World, open_world

ASKED = {"BIN-BAMBU": 36, "PENGKI-BAMBU": 60}
SELLING_S = 60.0


def create(world: World, asked: dict[str, int] = ASKED) -> HoldRecord:
    """The parks department asks, once, however often it is typed in."""
    until = world.clock.time + timedelta(days=7)
    record, _ = world.ledger.run(
        lambda tx: holding.create_hold(
            tx, party="parks department", asked=asked, until=until, actor="Sari", reference="PO-36"
        )
    )
    return record


def progress(world: World, record: HoldRecord) -> HoldProgress:
    with world.ledger.snapshot() as tx:
        return progress_of(tx, [holding.load_hold(tx, record.id)])[0]


def is_whole(world: World, record: HoldRecord) -> bool:
    with world.ledger.snapshot() as tx:
        return holding.load_hold(tx, record.id).is_whole


def fulfil(world: World, record: HoldRecord) -> HoldRecord:
    return world.ledger.run(lambda tx: holding.fulfil_hold(tx, record.id, actor="Sari"))


def verdict(world: World, record: HoldRecord, received: dict[str, int]) -> Verdict:
    """The referee's, with the goods that came in and those that left for the hold."""
    now = world.clock.time.isoformat()
    early = (world.clock.time - timedelta(days=1)).isoformat()
    extra: list[Event] = [
        {"time": early, "kind": "receive", "sku": sku, "quantity": units} for sku, units in received.items()
    ]
    extra += [
        {"time": now, "kind": "buy", "shop": "hold", "sku": part.sku, "quantity": part.gathered}
        for part in record.parts
        if part.gathered
    ]
    return judge(world.catalogue, [*world.logs, extra])


def assert_the_books_are_right(world: World) -> None:
    with world.ledger.snapshot() as tx:
        assert check_books(tx) == []
        assert [
            one for one in examine(tx).findings if one.kind.value in ("hold", "reserved", "exposed")
        ] == []


@pytest.mark.parametrize("seed", range(3))
def test_a_wholesale_order_is_gathered_while_the_shops_sell_and_fail(seed: int) -> None:
    world = open_world(draw_shops(random.Random(f"{seed}:shops")), seed=seed, tick_s=1.0)
    visits = {"BIN-BAMBU": 20.0, "PENGKI-BAMBU": 20.0, "SET-BERSIH": 10.0}
    send_buyers(
        world, visits_per_minute=visits, shares={"warung": 3, "pasar": 2, "toko": 1}, seconds=SELLING_S
    )
    change_their_minds(world, until_s=SELLING_S)
    let_loose(world)
    world.run_until(20.0)
    record = create(world)
    world.run_until(SELLING_S)
    calm_down(world)
    world.run_until(
        SELLING_S + 900.0, done=lambda: not any(part.coming for part in progress(world, record).parts)
    )
    waiting = {part.sku: part.awaited for part in progress(world, record).parts}
    assert all(units > 0 for units in waiting.values()), "the shops sold nothing of it"

    received = {sku: units + 4 for sku, units in waiting.items()}
    for sku, units in received.items():
        world.receive(sku, units)
    world.run_until(world.elapsed_s + 900.0, done=lambda: is_whole(world, record))
    done = fulfil(world, record)
    world.run_until(world.elapsed_s + 700.0, done=lambda: is_at_rest(world))

    assert {part.sku: part.gathered for part in done.parts} == ASKED
    judged = verdict(world, done, received)
    assert judged.oversold == 0
    assert judged.allowance == 0
    assert_the_books_are_right(world)
    assert is_at_rest(world), unrest(world)


@pytest.mark.prove
@pytest.mark.parametrize("seed", range(3, 60))
def test_a_wholesale_order_is_gathered_in_many_worlds(seed: int) -> None:
    test_a_wholesale_order_is_gathered_while_the_shops_sell_and_fail(seed)


class HoldKills(Kills):
    """At each point a killed run goes on from its files: a person types again what was not answered, and all is well."""

    def __call__(self, *_: object) -> None:
        self.points += 1
        place = self.folder / str(self.points)
        child = fork()
        if child == 0:
            self._end(place)
        if end_of(child) != 0:
            self.failures.append((place / "failure.txt").read_text())

    def _end(self, place: Path) -> None:
        try:
            place.mkdir()
            for file in self.folder.glob("ledger.db*"):
                shutil.copy(file, place)
            restart(self.world, place / "ledger.db")
            hand_over(self.world)
            assert_handed_over_once(self.world)
        except BaseException:  # noqa: BLE001 - told in a file, and the process ends
            (place / "failure.txt").write_text(traceback.format_exc())
            os._exit(1)
        os._exit(0)


WANTED = {"SET-BERSIH": 1, "BIN-BAMBU": 1}


def hand_over(world: World) -> None:
    """From the first word to the goods that leave; harmless to begin again, wherever it ended."""
    record = create(world, WANTED)
    world.run_until(world.elapsed_s + 7.0)
    world.ledger.run(lambda tx: goods.receive(tx, "BIN-BAMBU", "main", 4, reference="cart", actor="Sari"))
    world.run_until(world.elapsed_s + 60.0, done=lambda: is_whole(world, record))
    fulfil(world, record)


def assert_handed_over_once(world: World) -> None:
    world.run_until(world.elapsed_s + SETTLING_S)
    record = create(world, WANTED)
    assert record.outcome is HoldOutcome.FULFILLED
    assert [(part.gathered, part.wanted) for part in record.parts] == [(3, 3)]
    assert verdict(world, record, {"BIN-BAMBU": 4}).oversold == 0
    assert_the_books_are_right(world)
    assert is_at_rest(world), unrest(world)
    with world.ledger.snapshot() as tx:
        left = [
            one for one in history(tx, "BIN-BAMBU") if one.kind is MovementKind.SHIP and one.source == "hold"
        ]
    assert [one.before.on_hand - one.after.on_hand for one in left] == [3]


# Some fifty processor seconds an arm; the same kills of every other deed run each time.
@pytest.mark.prove
@pytest.mark.timeout(400)
@pytest.mark.parametrize("arm", [before_commit, after_commit])
def test_a_hold_is_fulfilled_once_after_a_kill_at_any_point(
    tmp_path: Path, arm: Callable[[World, Kill], None]
) -> None:
    world = open_business(tmp_path / "business")
    world.run_until(2.0)
    kills = HoldKills(world, tmp_path / "business")
    arm(world, kills)

    hand_over(world)

    assert kills.failures == []
    assert kills.points > 20
    world.ledger.close()
