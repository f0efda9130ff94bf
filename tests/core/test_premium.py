"""What a line earns adds up to what its last levels say, in whatever steps it got there."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from syncworker.core.fulfilment import Levels
from syncworker.core.premium import Earned, earned, within

_units = st.integers(0, 9)
_recipes = st.dictionaries(st.sampled_from(("BIN", "BROOM")), st.integers(1, 3), min_size=1)
_levels = st.builds(Levels, ordered=_units, cancelled=_units, shipped=_units, returned=_units)


@given(st.lists(st.tuples(_levels, _recipes), min_size=1, max_size=6))
def test_what_a_line_earned_in_steps_is_what_it_earned_at_once(
    told: list[tuple[Levels, dict[str, int]]],
) -> None:
    sums: dict[str, Earned] = {}
    before, recipe_before = Levels(), told[0][1]
    for levels, recipe in told:
        for part, entry in earned(before, levels, recipe_before=recipe_before, recipe=recipe).items():
            sums[part] = sums.get(part, Earned()) + entry
        before, recipe_before = levels, recipe

    at_once = earned(Levels(), before, recipe_before=recipe_before, recipe=recipe_before)
    nets = {part: entry.net for part, entry in sums.items() if entry.net}
    assert nets == {part: entry.net for part, entry in at_once.items() if entry.net}


@given(_levels, _recipes)
def test_nobody_gets_anything_for_what_was_cancelled_before_it_left_or_came_back(
    levels: Levels, recipe: dict[str, int]
) -> None:
    found = earned(Levels(), levels, recipe_before=recipe, recipe=recipe)

    for part, units in recipe.items():
        entry = found.get(part, Earned())
        assert entry.sold == units * max(levels.ordered - levels.cancelled, levels.shipped)
        assert 0 <= entry.net <= entry.sold
        assert entry.due(Decimal("2.5")) == Decimal("2.5") * entry.net


@given(_levels, _recipes)
def test_a_telling_that_changes_nothing_earns_nothing(levels: Levels, recipe: dict[str, int]) -> None:
    assert earned(levels, levels, recipe_before=recipe, recipe=recipe) == {}


@given(
    st.builds(Earned, sold=_units, cancelled=_units, returned=_units),
    st.builds(Earned, cancelled=_units, returned=_units) | st.builds(Earned, sold=_units),
)
def test_no_more_is_taken_back_than_was_earned(had: Earned, entry: Earned) -> None:
    if had.net < 0:
        return
    counted = within(entry, had)

    assert had.net + counted.net == max(0, had.net + entry.net)
    assert (counted.cancelled, counted.returned) <= (entry.cancelled, entry.returned)
    assert min(counted.cancelled, counted.returned) >= 0
