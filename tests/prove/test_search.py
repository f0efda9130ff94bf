"""Does any small world break a bound, oversell a unit, or hand out more than there is? The real core, every story."""

from __future__ import annotations

import pytest

from tests.prove.search import World, search
from tests.prove.worlds import LARGER, WORLDS

#: States a world may take in every run, and in `make prove`; the nearest ones come first.
NEAR, FAR = 12_000, 100_000

#: Worlds in which more than that can happen: every run sees the nearest states alone.
LARGE = {
    "a buyer cancels, two shops",
    "two units, two shops",
    "one of a kind, three shops",
    "a bundle and its part",
    "applied later",
    "on-hand numbers",
    "put back during a read-back",
    "cancelled during a read-back",
    "a return during a read-back",
    "taken back",
    "taken back, perhaps restocked",
    "orders edited",
    "listed too late",
    "sold below zero",
    "old answers",
    "restored, read back",
    "restored, applied later",
    "all unknown",
    "unknown beside known",
    "hand edit",
    "compare and set",
    "compare and set, two shops",
    "a hold beside a shop",
    "a hold beside two shops",
    "a hold beside a bundle",
}


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_no_story_breaks_the_rule(world: World) -> None:
    found = search(world, NEAR)
    assert found.broken is None, found.told
    assert found.states > 30, "nothing happens in this world"
    assert found.whole is (world.name not in LARGE), "what is said of it is no longer true"


@pytest.mark.prove
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_no_longer_story_breaks_the_rule(world: World) -> None:
    found = search(world, FAR)
    assert found.broken is None, found.told


@pytest.mark.prove
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("world", LARGER, ids=lambda world: world.name)
def test_no_story_of_a_larger_world_breaks_the_rule(world: World) -> None:
    found = search(world, FAR)
    assert found.broken is None, found.told
