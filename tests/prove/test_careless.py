"""Would a careless build be caught? Each row of the rule, replaced by its careless version, breaks in a named world."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from syncworker.core import exposure
from tests.prove.careless import VERSIONS
from tests.prove.rows import HARMLESS, POINTS, ROWS, Harmless
from tests.prove.search import search
from tests.prove.test_search import NEAR
from tests.prove.version import Careless
from tests.prove.worlds import WORLDS

_WORLDS = {world.name: world for world in WORLDS}
_VERSIONS = {version.name: version for version in VERSIONS}
_RULE = Path(__file__).parents[2] / "docs" / "no-oversell.md"


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.name)
def test_a_careless_version_is_caught(version: Careless, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(version.room, version.function, version.version)
    found = search(_WORLDS[version.caught_in], NEAR)
    assert found.broken is not None, f"{version.name}: {found.states} states, and nothing broke"


@pytest.mark.parametrize("harmless", HARMLESS, ids=lambda harmless: harmless.version.name)
def test_a_version_that_is_proved_harmless_breaks_nothing(
    harmless: Harmless, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = harmless.version
    print(harmless.reason)  # noqa: T201 - the reason is part of the result
    assert (version.version.__doc__ or "").startswith("Harmless.")
    monkeypatch.setattr(version.room, version.function, version.version)
    for name in harmless.worlds:
        found = search(_WORLDS[name], NEAR)
        assert found.broken is None, f"harmless it is not: {found.told}"


def test_every_row_has_a_careless_version_that_is_caught_or_a_reason() -> None:
    assert set(ROWS) == _functions(), "a row of the rule was added or has gone"
    for row, versions in ROWS.items():
        if isinstance(versions, str):
            print(f"{row}: {versions}")  # noqa: T201 - the reason is part of the result
            assert len(versions.split()) > 10, f"{row}: no reason"
            continue
        assert any(_VERSIONS[name].function == row for name in versions), f"{row} itself is never careless"


def test_the_table_that_people_read_has_no_row_without_one() -> None:
    told = set(re.findall(r"^\|.*\| `(\w+)` \|$", _RULE.read_text("utf-8"), flags=re.MULTILINE))
    assert len(told) > 10
    assert {row for row in told if not isinstance(ROWS.get(row), tuple)} == set()


def test_every_numbered_point_has_a_careless_version() -> None:
    assert sorted(POINTS) == list(range(1, 11))
    assert {name for names in POINTS.values() for name in names} <= set(_VERSIONS)
    assert all(POINTS.values())


def _functions() -> set[str]:
    """The public functions of the rule."""
    return {
        name
        for name, value in vars(exposure).items()
        if callable(value) and name[0].islower() and getattr(value, "__module__", "") == exposure.__name__
    }
