"""What open sets will leave of a bound, and when another set 0 would be sent in vain."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from syncworker.core.exposure import Base, BaseKind, Bound, OpenPush, PushState, set_acknowledged
from syncworker.core.model import ChannelRules
from syncworker.core.outlook import left_later, zero_waits

#: A base of it waits to be settled.
WAITING = Bound(exposure=9, pending=0)
START = datetime(2026, 11, 24, 12, tzinfo=UTC)


def _at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def _push(at: float, raised: int, *, answered: float | None = None, restocked_before: int = 0) -> OpenPush:
    return OpenPush(
        state=PushState.UNKNOWN if answered is None else PushState.ACKNOWLEDGED,
        raised=raised,
        restocked_before=restocked_before,
        stored_at=_at(at),
        acknowledged_at=None if answered is None else _at(answered),
    )


@given(
    st.lists(st.tuples(st.integers(0, 600), st.integers(0, 9), st.none() | st.integers(0, 60)), min_size=1),
    st.integers(0, 9),
    st.sampled_from([0.0, 30.0, 1800.0]),
    st.integers(0, 3),
)
def test_the_outlook_is_what_the_acknowledgement_will_say(
    others: list[tuple[int, int, int | None]], value: int, apply_lag_s: float, restocks: int
) -> None:
    rules = ChannelRules(apply_lag_s=apply_lag_s)
    older = [
        _push(at, raised, answered=None if after is None else at + after) for at, raised, after in others
    ]
    newest = _push(700, value)
    bound = Bound(exposure=100, restocked=restocks)

    told = set_acknowledged(
        bound,
        newest,
        echo=None,
        others=older,
        base=Base(kind=BaseKind.SET, at=_at(701), sequence=1),
        rules=rules,
    )

    assert told.pending == left_later(bound, [*older, newest], rules)


def test_a_zero_waits_for_its_answer_and_then_for_its_settle() -> None:
    rules = ChannelRules(horizon_s=120.0)

    assert zero_waits(WAITING, [_push(0, 0)], now=_at(10), rules=rules)
    assert not zero_waits(WAITING, [_push(0, 0)], now=_at(1000), rules=rules)
    assert not zero_waits(Bound(exposure=None), [_push(0, 0, answered=1)], now=_at(10), rules=rules)
    assert zero_waits(WAITING, [_push(0, 0, answered=1)], now=_at(1000), rules=rules)
    assert zero_waits(
        WAITING, [_push(0, 5, answered=1), _push(9, 0, answered=10)], now=_at(1000), rules=rules
    )


def test_only_the_newest_zero_waits() -> None:
    rules = ChannelRules()

    restored = replace(_push(0, 0), stands_in=True)

    assert not zero_waits(WAITING, [], now=_at(10), rules=rules)
    assert not zero_waits(WAITING, [restored], now=_at(10), rules=rules)
    assert not zero_waits(WAITING, [_push(0, 0, answered=1), _push(5, 3)], now=_at(10), rules=rules)


def test_a_second_zero_proves_more_once_a_lost_set_can_land_no_longer() -> None:
    rules = ChannelRules(horizon_s=120.0)
    lost, zero = _push(0, 5), _push(30, 0, answered=31)

    assert zero_waits(WAITING, [lost, zero], now=_at(40), rules=rules)
    assert not zero_waits(WAITING, [lost, zero], now=_at(1000), rules=rules)
    assert zero_waits(WAITING, [lost, zero, _push(900, 0, answered=901)], now=_at(1000), rules=rules)
