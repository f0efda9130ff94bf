"""How many units are there to promise?"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from syncworker.core.availability import StockLevel, free_of, parts_of, sellable_units, summed

UNITS = st.integers(-50, 50)
PER_SALE = st.integers(1, 4)


def test_available_is_on_hand_less_reserved_and_may_lie_below_zero() -> None:
    assert StockLevel(on_hand=3, reserved=5).available == -2


@given(available=UNITS, pools=st.lists(st.tuples(PER_SALE, UNITS), max_size=4))
def test_free_counts_no_bound_below_zero(available: int, pools: list[tuple[int, int]]) -> None:
    free = free_of(available, pools)
    assert free == available - sum(units * exposure for units, exposure in pools if exposure > 0)


@given(available=UNITS, pools=st.lists(st.tuples(PER_SALE, UNITS), max_size=3), place=st.integers(0, 3))
def test_one_unknown_pool_leaves_nothing_free(
    available: int, pools: list[tuple[int, int | None]], place: int
) -> None:
    assert free_of(available, [*pools[:place], (1, None), *pools[place:]]) is None


@given(recipe=st.dictionaries(st.sampled_from(["SOAP", "BRUSH", "TIN"]), PER_SALE, min_size=1), units=UNITS)
def test_a_recipe_is_taken_apart_and_put_together_again(recipe: dict[str, int], units: int) -> None:
    parts = parts_of(recipe, units)
    assert parts.keys() == recipe.keys()
    assert sellable_units(parts, recipe) == max(0, units)


def test_a_missing_part_sells_nothing() -> None:
    assert sellable_units({"SOAP": 9}, {"SOAP": 1, "BRUSH": 1}) == 0
    assert sellable_units({}, {}) == 0


@given(deltas=st.lists(st.tuples(st.sampled_from(["SOAP", "BRUSH", "TIN"]), UNITS)))
def test_deltas_are_summed_in_the_order_in_which_rows_are_locked(deltas: list[tuple[str, int]]) -> None:
    total = summed(deltas)
    assert list(total) == sorted(total)
    assert sum(total.values()) == sum(units for _, units in deltas)
