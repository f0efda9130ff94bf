"""Does any small world break a bound, oversell a unit, or hand out more than there is? The real core, every story."""

from __future__ import annotations

import pytest

from tests.prove.search import World, search
from tests.prove.worlds import LARGER, WORLDS

#: States a world may take in every run, and in `make prove`; the nearest ones come first.
NEAR, FAR = 12_000, 100_000


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_no_story_breaks_the_rule(world: World) -> None:
    found = search(world, NEAR)
    assert found.broken is None, found.told
    assert found.states > 30, "nothing happens in this world"


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
