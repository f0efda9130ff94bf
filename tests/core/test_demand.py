"""How whole units are shared out: the fast way gives exactly what handing them out one by one would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncworker.core.demand import Claim, hand_out, weights

_PARTS = ("BIN", "BROOM", "PAN")


@st.composite
def _claims(draw: st.DrawFn) -> list[Claim]:
    recipes = st.dictionaries(st.sampled_from(_PARTS), st.integers(1, 2), min_size=1)
    claims = []
    for _ in range(draw(st.integers(1, 6))):
        weight = draw(st.sampled_from((0.5, 1.0, 2.0, 3.7)))
        claims.append(
            Claim(
                recipe=tuple(sorted(draw(recipes).items())),
                weight=weight,
                bulk=weight * draw(st.sampled_from((1.0, 0.5))),
                low=draw(st.sampled_from((0, 0, 2))),
                high=draw(st.sampled_from((0, 3, 10**9))),
            )
        )
    return claims


_capacities = st.fixed_dictionaries({part: st.integers(0, 60) for part in _PARTS})


@settings(max_examples=300, deadline=None)
@given(_capacities, _claims())
def test_sharing_out_in_bulk_equals_sharing_out_one_by_one(
    capacity: dict[str, int], claims: list[Claim]
) -> None:
    assert hand_out(capacity, claims) == _one_by_one(capacity, claims)


def _one_by_one(capacity: Mapping[str, int], claims: Sequence[Claim]) -> list[int]:
    """D'Hondt as a textbook has it: the next unit goes to the highest quotient that still fits."""
    left, given = dict(capacity), [0] * len(claims)
    alone = {part for claim in claims if claim.high for part, _ in claim.recipe if _sells_one(claim)}
    first = [
        0 if not _sells_one(claim) and any(part in alone for part, _ in claim.recipe) else min(1, claim.high)
        for claim in claims
    ]
    rounds = (
        ([min(claim.low, claim.high) for claim in claims], [claim.weight for claim in claims]),
        (first, [claim.weight for claim in claims]),
        ([claim.high for claim in claims], [claim.bulk for claim in claims]),
    )
    for upto, weight in rounds:
        while quotients := [
            (-weight[i] / (given[i] + 1), i)
            for i, claim in enumerate(claims)
            if given[i] < upto[i] and all(left[part] >= units for part, units in claim.recipe)
        ]:
            _, i = min(quotients)
            given[i] += 1
            for part, units in claims[i].recipe:
                left[part] -= units
    return given


def _sells_one(claim: Claim) -> bool:
    return sum(units for _, units in claim.recipe) == 1


@given(st.lists(st.floats(0, 50), min_size=2, max_size=8), st.data())
def test_fewer_units_than_pools_go_one_each_to_those_that_sell_most(
    sales: list[float], data: st.DataObject
) -> None:
    units = data.draw(st.integers(1, len(sales) - 1))
    demand = weights(sales)
    recipe = (("BIN", 1),)

    given = hand_out({"BIN": units}, [Claim(recipe=recipe, weight=one, bulk=one, high=99) for one in demand])

    assert sum(given) == units
    assert set(given) <= {0, 1}
    assert min(one for one, got in zip(demand, given, strict=True) if got) >= max(
        one for one, got in zip(demand, given, strict=True) if not got
    )


def test_a_pool_without_sales_still_has_a_weight() -> None:
    assert weights([0.0, 0.0]) == [1.0, 1.0]
    assert weights([8.0, 0.0]) == pytest.approx([12.0, 4.0])


def test_a_first_sale_does_not_move_most_of_the_units() -> None:
    first, second, third = weights([1.0, 0.0, 0.0])

    assert second == third
    assert first < 1.5 * second


def test_the_last_unit_of_a_part_is_not_bound_by_a_bundle_that_sells_as_well() -> None:
    bundle = Claim(recipe=(("BIN", 1), ("PAN", 1)), weight=2.0, bulk=2.0, high=9)
    bins = Claim(recipe=(("BIN", 1),), weight=1.9, bulk=1.9, high=9)

    assert hand_out({"BIN": 1, "PAN": 5}, [bundle, bins]) == [0, 1]
    assert hand_out({"BIN": 2, "PAN": 5}, [bundle, bins]) == [1, 1]
    assert hand_out({"BIN": 1, "PAN": 5}, [bundle]) == [1]


def test_nothing_is_handed_out_of_a_part_that_nobody_has() -> None:
    bundle = Claim(recipe=(("BIN", 1), ("BROOM", 1)), weight=1.0, bulk=1.0, high=9)

    assert hand_out({"BIN": 5}, [bundle]) == [0]
    assert hand_out({"BIN": -3, "BROOM": 4}, [bundle]) == [0]
