"""Do the tables of docs/simulate.md come out as they stand there?"""

from __future__ import annotations

import pytest

from syncworker.interfaces.language import speak
from tests.forecast.simulate_page import (
    CHEAP,
    KINDS,
    PAGE,
    PICTURE,
    WORLDS,
    World,
    picture,
    played,
    rows,
    tables,
)


def _page() -> list[str]:
    return tables(PAGE.read_text("utf-8"))


@pytest.mark.parametrize("upset", [False, True], ids=["calm", "upset"])
def test_the_quick_rows_come_out_as_on_the_page(upset: bool) -> None:
    for row in rows(CHEAP, upset=upset):
        assert row in _page()[upset]


@pytest.mark.prove
@pytest.mark.parametrize("upset", [False, True], ids=["calm", "upset"])
def test_every_row_comes_out_as_on_the_page(upset: bool) -> None:
    for row in rows(WORLDS, upset=upset):
        assert row in _page()[upset]


def test_the_page_has_every_world_under_every_policy() -> None:
    for table in _page():
        assert len(table.strip().splitlines()) == 2 + len(WORLDS) * len(KINDS)


@pytest.mark.prove
def test_the_picture_is_the_one_that_the_command_draws() -> None:
    speak("en")

    assert picture() == PICTURE.read_text("utf-8")


@pytest.mark.prove
@pytest.mark.parametrize("world", WORLDS, ids=[world.name for world in WORLDS])
def test_escrow_sells_nothing_twice_on_the_page(world: World) -> None:
    escrow = [place for place, (name, *_rest) in enumerate(KINDS) if name.startswith("escrow")]

    assert [played(world, kind, upset=True).oversold_worst for kind in escrow] == [0, 0]
