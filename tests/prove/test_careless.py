"""Would a careless build be caught? Each row of the rule, replaced by its careless version, breaks in a named world."""

from __future__ import annotations

import pytest

from syncworker.core import exposure
from tests.prove.careless import VERSIONS, Careless
from tests.prove.search import search
from tests.prove.test_search import NEAR
from tests.prove.worlds import WORLDS

_WORLDS = {world.name: world for world in WORLDS}
#: Rows that no story of a shop can show, each proved in tests/core/test_exposure.py.
ELSEWHERE = {"assumed", "forgotten", "is_broken", "horizon_passed", "send_by", "read_begun"}


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.name)
def test_a_careless_version_is_caught(version: Careless, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(version.room, version.function, version.version)
    found = search(_WORLDS[version.caught_in], NEAR)
    assert found.broken is not None, f"{version.name}: {found.states} states, and nothing broke"


def test_every_row_has_a_careless_version() -> None:
    rows = {
        name
        for name, value in vars(exposure).items()
        if callable(value)
        and not name.startswith("_")
        and getattr(value, "__module__", "") == exposure.__name__
    } - {name for name in vars(exposure) if name[0].isupper()}
    assert rows - {version.function for version in VERSIONS} - ELSEWHERE == set()


def test_every_numbered_point_has_a_careless_version() -> None:
    named = {part.strip() for version in VERSIONS for part in version.row.split(",")}
    assert {str(point) for point in range(1, 11)} <= named
