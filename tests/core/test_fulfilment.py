"""What does a line change, told once or ten times, early or late? Levels, not events."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncworker.core.exposure import Bound
from syncworker.core.fulfilment import (
    Levels,
    LineFacts,
    StockEffect,
    effects,
    first_levels,
    move_bound,
    stock_effect,
)
from syncworker.core.model import ChannelRules, Known

NOON = datetime(2024, 2, 29, 12, tzinfo=UTC)
RULES = ChannelRules()
NINE = Bound(exposure=9)
SURE = LineFacts(counts_down=Known.YES, restocked=Known.YES, returned_restocked=Known.YES, placed_at=NOON)


@st.composite
def levels(draw: st.DrawFn) -> Levels:
    """Levels as a channel may tell them."""
    ordered = draw(st.integers(0, 6))
    shipped = draw(st.integers(0, ordered))
    return Levels(ordered, draw(st.integers(0, ordered)), shipped, draw(st.integers(0, shipped)))


def moved(before: Levels | None, after: Levels, facts: LineFacts = SURE, bound: Bound = NINE) -> Bound:
    """The bound after a telling."""
    return move_bound(bound, before, after, facts, at=NOON, rules=RULES)


def plus(one: StockEffect, other: StockEffect) -> StockEffect:
    """Both effects."""
    return StockEffect(one.promised + other.promised, one.shipped + other.shipped)


@given(told=st.lists(levels(), min_size=1, max_size=5), order=st.randoms(use_true_random=False))
def test_any_order_and_any_repeats_end_in_the_effect_of_the_newest_telling(
    told: list[Levels], order: Random
) -> None:
    tellings = list(enumerate(told)) * 2
    order.shuffle(tellings)
    recorded, newest, total = Levels(), -1, StockEffect(0, 0)
    for version, seen in tellings:
        if version < newest:
            continue
        after = recorded.followed_by(seen)
        total = plus(total, stock_effect(recorded, after))
        recorded, newest = after, version
    assert total == stock_effect(Levels(), recorded)
    assert newest == len(told) - 1
    assert (recorded.ordered, recorded.cancelled) == (told[-1].ordered, told[-1].cancelled)


@given(seen=levels(), before=levels())
def test_a_repeat_changes_nothing(seen: Levels, before: Levels) -> None:
    after = before.followed_by(seen)
    assert after.followed_by(seen) == after
    assert stock_effect(after, after).is_nothing
    assert moved(after, after) == Bound(exposure=9)


@given(one=levels(), other=levels(), third=levels())
def test_tellings_of_one_time_are_merged_in_any_order(one: Levels, other: Levels, third: Levels) -> None:
    assert one.merged(other) == other.merged(one)
    assert one.merged(other).merged(third) == one.merged(other.merged(third))
    assert one.merged(one) == one


@given(before=levels(), after=levels())
def test_what_was_shipped_or_returned_stays_so(before: Levels, after: Levels) -> None:
    recorded = before.followed_by(after)
    assert recorded.shipped >= before.shipped
    assert recorded.returned >= before.returned


@given(line=levels())
def test_available_falls_by_what_is_promised(line: Levels) -> None:
    effect = stock_effect(Levels(), line)
    assert effect.on_hand - effect.reserved == -line.promised
    assert line.reserved >= 0


def test_a_cancellation_after_shipping_brings_no_goods_back() -> None:
    shipped = Levels(2, 0, 2, 0)
    assert stock_effect(shipped, Levels(2, 2, 2, 0)).is_nothing


def test_a_return_is_counted_when_the_goods_come_in() -> None:
    assert stock_effect(Levels(2, 0, 2, 0), Levels(2, 0, 2, 2)).is_nothing


def test_cancelled_before_first_seen_has_no_effect_on_the_count() -> None:
    assert stock_effect(Levels(), Levels(3, 3, 0, 0)).is_nothing


def test_history_has_no_effect_and_what_is_open_reserves() -> None:
    seen = Levels(5, 0, 3, 0)
    assert stock_effect(first_levels(seen, is_history=True), seen) == StockEffect(promised=2, shipped=0)
    assert first_levels(seen, is_history=False) == Levels()


@pytest.mark.parametrize(
    ("before", "after", "exposed"),
    [
        (None, Levels(3, 0, 0, 0), 6),
        (None, Levels(3, 1, 0, 0), 7),
        (None, Levels(3, 3, 0, 0), 9),
        (Levels(3, 0, 0, 0), Levels(3, 1, 0, 0), 10),
        (Levels(3, 0, 0, 0), Levels(4, 0, 0, 0), 8),
        (Levels(3, 0, 0, 0), Levels(2, 0, 0, 0), 10),
        (Levels(3, 2, 0, 0), Levels(3, 0, 0, 0), 7),
        (Levels(3, 0, 3, 0), Levels(3, 0, 3, 2), 11),
        (Levels(3, 0, 0, 0), Levels(3, 0, 3, 0), 9),
    ],
    ids=[
        "a sale",
        "seen partly cancelled",
        "seen cancelled",
        "partly cancelled",
        "edited up",
        "edited down",
        "taken back",
        "returned",
        "shipped",
    ],
)
def test_a_telling_moves_the_bound(before: Levels | None, after: Levels, exposed: int) -> None:
    assert moved(before, after).exposure == exposed


@pytest.mark.parametrize(("restocked", "exposed"), [(Known.YES, 8), (Known.UNKNOWN, 9), (Known.NO, 9)])
def test_taken_back_lowers_only_what_was_surely_restocked(restocked: Known, exposed: int) -> None:
    facts = LineFacts(
        counts_down=Known.YES, restocked=restocked, returned_restocked=Known.YES, placed_at=NOON
    )
    assert moved(Levels(1, 1, 0, 0), Levels(1, 0, 0, 0), facts).exposure == exposed


@pytest.mark.parametrize(
    ("now", "cancelled", "returned", "exposed"),
    [
        (Known.YES, 2, 1, 9 + 2 + 1),
        (Known.UNKNOWN, 2, 1, 9 + 2 + 1),
        (Known.NO, 2, 1, 9),
        # A newer unit may be all that the channel speaks of now; if it surely speaks of all, they are all on sale.
        (Known.UNKNOWN, 3, 2, 9 + 1 + 1),
        (Known.YES, 3, 2, 9 + 3 + 2),
        # Taken back: what is sold again is not on sale.
        (Known.UNKNOWN, 0, 1, 9 + 1),
    ],
)
def test_units_that_go_on_sale_after_their_line_had_said_no_raise_the_bound(
    now: Known, cancelled: int, returned: int, exposed: int
) -> None:
    facts = replace(
        SURE, restocked=now, returned_restocked=now, was_restocked=Known.NO, was_returned_restocked=Known.NO
    )

    after = moved(Levels(5, 2, 3, 1), Levels(5, cancelled, 3, returned), facts)

    assert after.exposure == exposed
    assert after.restocked == exposed - 9


@given(steps=st.lists(levels(), min_size=1, max_size=5))
def test_the_bound_never_ends_below_the_sum_of_what_the_line_took(steps: list[Levels]) -> None:
    """However often a line is told, the bound falls at most by what it still holds at the end."""
    bound, recorded = Bound(exposure=99), None
    for seen in steps:
        after = seen if recorded is None else recorded.followed_by(seen)
        bound = moved(recorded, after, bound=bound)
        recorded = after
    assert recorded is not None
    assert bound.exposure is not None
    assert bound.exposure >= 99 - max(0, recorded.ordered - recorded.cancelled)


RECIPES = st.dictionaries(st.sampled_from(("BIN", "BROOM", "PAN")), st.integers(1, 3), max_size=3)


@given(before=levels(), after=levels(), recipe=RECIPES)
def test_each_part_changes_by_its_units_times_the_change_of_the_line(
    before: Levels, after: Levels, recipe: dict[str, int]
) -> None:
    whole = stock_effect(before, after)

    found = effects(before, after, recipe=recipe)

    for sku, units in recipe.items():
        mine = [one for one in found if one.sku == sku]
        assert sum(one.on_hand for one in mine) == units * whole.on_hand
        assert sum(one.reserved for one in mine) == units * whole.reserved
        assert len({one.deed for one in mine}) == len(mine)
    assert all(one.on_hand or one.reserved for one in found)


@given(before=levels(), after=levels(), old=RECIPES, new=RECIPES)
def test_another_recipe_undoes_the_old_one_and_counts_the_line_anew(
    before: Levels, after: Levels, old: dict[str, int], new: dict[str, int]
) -> None:
    found = effects(before, after, recipe_before=old, recipe=new)

    undone = stock_effect(before, Levels()) if old != new else StockEffect(0, 0)
    done = stock_effect(Levels() if old != new else before, after)
    for sku in {*old, *new}:
        reserved = sum(one.reserved for one in found if one.sku == sku)
        assert reserved == old.get(sku, 0) * undone.reserved + new.get(sku, 0) * done.reserved
