"""Pools where nobody can order: they take nothing, change no other pool's plan, and say in or out of stock."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from syncworker.core.allocator import Part, plan
from syncworker.core.decision import Reason
from syncworker.core.model import ChannelRules, Limits, QuantityMode
from tests.core.allocator_views import RECIPES, SET, Scene, pool, scenes

CATALOGUE = ChannelRules(takes_orders=False, readable=True)
_MANY = settings(max_examples=60, deadline=None)


@_MANY
@given(scenes(), st.sampled_from(sorted(RECIPES)), st.none() | st.integers(0, 3), st.booleans())
def test_no_other_pool_is_planned_otherwise_beside_a_catalogue(
    scene: Scene, sku: str, shown: int | None, unknown: bool
) -> None:
    beside = pool("instagram", CATALOGUE, 0, sku=sku, shown=shown, unknown_push=unknown, open_push=unknown)

    *others, mine = plan(scene.parts, [*scene.pools, beside])

    alone = {one.pool_id: (one.target, one.push) for one in plan(scene.parts, scene.pools)}
    assert {one.pool_id: (one.target, one.push) for one in others} == alone
    assert mine.push is None or (mine.push.kind, mine.push.raised) == (QuantityMode.SET, 0)


@_MANY
@given(st.integers(-3, 5), st.integers(0, 3), st.integers(0, 2), st.none() | st.integers(0, 3))
def test_it_is_in_stock_while_a_unit_beyond_the_safety_stock_is_there(
    available: int, safety: int, sold_elsewhere: int, shown: int | None
) -> None:
    parts = {"BIN": Part(available=available, safety_stock=safety)}
    (mine, _) = plan(
        parts,
        [
            pool("instagram", CATALOGUE, 0, shown=shown),
            pool("shop", SET, min(sold_elsewhere, max(available, 0))),
        ],
    )

    in_stock = available - safety >= 1
    shows = mine.push.value if mine.push is not None else shown
    assert shows is not None
    assert (shows > 0) == in_stock
    assert (mine.push is None) == (shown is not None and (shown > 0) == in_stock)


def test_limits_and_withdrawals_hold_there_too() -> None:
    parts = {"BIN": Part(available=9)}
    paused, withdrawn, stopped = plan(
        parts,
        [
            pool("a", CATALOGUE, 0, shown=1, limits=Limits(pause=True)),
            pool("b", CATALOGUE, 0, shown=1, withdraw=True),
            pool("c", CATALOGUE, 0, shown=0, paused=True),
        ],
    )

    assert (paused.reason, paused.push is not None and paused.push.value) == (Reason.LIMIT_PAUSE, 0)
    assert (withdrawn.reason, withdrawn.push is not None and withdrawn.push.value) == (Reason.WITHDRAWN, 0)
    assert (stopped.reason, stopped.push) == (Reason.PAUSED, None)


def test_in_stock_waits_for_an_answer_that_is_lost_and_out_of_stock_does_not() -> None:
    lost = pool("a", CATALOGUE, 0, shown=None, open_push=True, unknown_push=True)

    (rise,) = plan({"BIN": Part(available=1)}, [lost])
    (fall,) = plan({"BIN": Part(available=0)}, [lost])

    assert (rise.push, rise.reason) == (None, Reason.WAITS_FOR_OUTCOME)
    assert fall.push is not None
    assert fall.push.value == 0
