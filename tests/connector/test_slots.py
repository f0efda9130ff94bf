"""Does a moving window hold at the channel, however long each call is on its way, wherever the slots are counted?"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncworker.connector.slots import LOST_S, Allowance, ProcessSlots, RedisSlots, SlotStore
from tests.servers import RedisServer
from tests.waiting import await_condition

TWO_A_SECOND = Allowance(name="2-1", calls=2, seconds=1.0)
TWO_SOON = Allowance(name="2-soon", calls=2, seconds=0.2)


@pytest.fixture(params=["process", "redis"])
def slots(request: pytest.FixtureRequest, redis_server: RedisServer) -> SlotStore:
    return ProcessSlots() if request.param == "process" else RedisSlots.at(redis_server.url)


@pytest.fixture
def key() -> str:
    return f"toko-{uuid4()}"


def taken(slots: SlotStore, key: str, *allowances: Allowance) -> str:
    slot = slots.take(key, allowances)
    assert isinstance(slot, str)
    return slot


def refused_for(slots: SlotStore, key: str, *allowances: Allowance) -> float:
    wait_s = slots.take(key, allowances)
    assert isinstance(wait_s, float)
    return wait_s


def test_a_window_begins_with_the_answer(slots: SlotStore, key: str) -> None:
    first, second = taken(slots, key, TWO_SOON), taken(slots, key, TWO_SOON)
    slots.answered(key, [TWO_SOON], first)
    on_its_way_until = time.monotonic() + 3 * TWO_SOON.seconds

    await_condition(
        lambda: isinstance(slots.take(key, [TWO_SOON]), str), 5, "the first slot to be free again"
    )
    while time.monotonic() < on_its_way_until:
        assert refused_for(slots, key, TWO_SOON) > 0
    slots.answered(key, [TWO_SOON], second)
    answered_at = time.monotonic()
    await_condition(lambda: isinstance(slots.take(key, [TWO_SOON]), str), 5, "the second one's window to end")

    assert time.monotonic() - answered_at >= TWO_SOON.seconds


def test_the_wait_that_is_told_is_that_of_the_slot_that_is_free_first(slots: SlotStore, key: str) -> None:
    slots.answered(key, [TWO_A_SECOND], taken(slots, key, TWO_A_SECOND))
    slots.answered(key, [TWO_A_SECOND], taken(slots, key, TWO_A_SECOND))

    assert 0 < refused_for(slots, key, TWO_A_SECOND) <= TWO_A_SECOND.seconds


def test_a_slot_is_taken_in_all_windows_or_in_none(slots: SlotStore, key: str) -> None:
    one_an_hour = Allowance(name="1-hour", calls=1, seconds=3600.0)
    taken(slots, key, one_an_hour)

    assert refused_for(slots, key, TWO_A_SECOND, one_an_hour) > 3500

    taken(slots, key, TWO_A_SECOND)
    taken(slots, key, TWO_A_SECOND)


def test_an_answer_that_nobody_waited_for_counts_all_the_same(slots: SlotStore, key: str) -> None:
    slots.answered(key, [TWO_A_SECOND], "a")
    slots.answered(key, [TWO_A_SECOND], "b")

    assert refused_for(slots, key, TWO_A_SECOND) > 0


def test_a_call_whose_worker_died_holds_its_slot_for_a_while_only() -> None:
    now = 1000.0
    slots = ProcessSlots(clock=lambda: now)
    taken(slots, "toko", TWO_A_SECOND)
    taken(slots, "toko", TWO_A_SECOND)

    now += LOST_S
    assert refused_for(slots, "toko", TWO_A_SECOND) > 0
    now += TWO_A_SECOND.seconds

    taken(slots, "toko", TWO_A_SECOND)


@settings(max_examples=200, deadline=None)
@given(
    calls=st.integers(1, 5),
    journeys=st.lists(st.tuples(st.floats(0, 3), st.floats(0, 1)), min_size=1, max_size=40),
)
def test_no_window_at_the_channel_holds_more_than_its_calls(
    calls: int, journeys: list[tuple[float, float]]
) -> None:
    """``journeys``: how long each call takes, and at which share of that the channel counts it."""
    allowance = Allowance(name="a", calls=calls, seconds=1.0)
    counted = sorted(_counted_by_the_channel(allowance, journeys))

    for n, moment in enumerate(counted):
        # Nothing at all is lost to rounding but the last digits of a float.
        assert sum(moment <= other < moment + allowance.seconds - 1e-6 for other in counted[n:]) <= calls


def _counted_by_the_channel(allowance: Allowance, journeys: list[tuple[float, float]]) -> Iterator[float]:
    now = 0.0
    slots = ProcessSlots(clock=lambda: now)
    landings: list[tuple[float, Callable[[], None]]] = []
    for took, share in journeys:
        while not isinstance(slot := slots.take("toko", [allowance]), str):
            landings.sort(key=lambda landing: landing[0])
            if landings and landings[0][0] <= now + slot:
                now, land = landings.pop(0)
                land()
            else:
                now += slot
        yield now + took * share
        landings.append((now + took, lambda slot=slot: slots.answered("toko", [allowance], slot)))  # type: ignore[misc]  # a default binds it
