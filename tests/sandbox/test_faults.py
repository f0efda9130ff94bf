"""Faults strike as often and where they were ordered, and leave each other alone."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncworker.sandbox.faults import ALL_KINDS, FaultKind, Faults, FaultSpec


def test_a_counted_fault_strikes_the_next_n_calls_and_is_gone() -> None:
    faults = Faults(random.Random(1))
    faults.order(FaultSpec(kind="server_error", count=2))

    struck = [bool(faults.draw("server_error", "orders")) for _ in range(4)]

    assert struck == [True, True, False, False]
    assert faults.active() == ()


def test_a_fault_of_one_operation_or_pool_spares_the_others() -> None:
    faults = Faults(random.Random(1))
    faults.order(FaultSpec(kind="server_error", operation="quantities"))
    faults.order(FaultSpec(kind="item_refused", pool_id="P1"))

    assert not faults.draw("server_error", "orders")
    assert faults.draw("server_error", "quantities")
    assert not faults.draw("item_refused", "quantities", "P2")
    assert faults.draw("item_refused", "quantities", "P1")


@given(kind=st.sampled_from(ALL_KINDS), other=st.sampled_from(ALL_KINDS))
def test_one_kinds_draws_do_not_shift_anothers(kind: FaultKind, other: FaultKind) -> None:
    def draws(*, with_other: bool) -> list[bool]:
        faults = Faults(random.Random(5))
        faults.order(FaultSpec(kind=kind, probability=0.5))
        if with_other and other != kind:
            faults.order(FaultSpec(kind=other, probability=0.5))
        struck = []
        for _ in range(30):
            faults.draw(other, "quantities") if other != kind else None
            struck.append(bool(faults.draw(kind, "quantities")))
        return struck

    assert draws(with_other=True) == draws(with_other=False)


def test_kinds_do_not_strike_in_unison() -> None:
    faults = Faults(random.Random(5))
    for kind in ("server_error", "listed_late"):
        faults.order(FaultSpec(kind=kind, probability=0.5))

    pairs = {
        (bool(faults.draw("server_error", "orders")), bool(faults.draw("listed_late", "orders")))
        for _ in range(50)
    }

    assert len(pairs) == 4


def test_a_call_is_delayed_and_struck_by_one_other_fault_at_most() -> None:
    faults = Faults(random.Random(1))
    for kind in ("delay", "server_error", "cut_after"):
        faults.order(FaultSpec(kind=kind, count=1, seconds=1, up_to_s=2))

    first, second = faults.draw_transport("orders"), faults.draw_transport("orders")

    assert [fault.kind for fault in first] == ["delay", "server_error"]
    assert [fault.kind for fault in second] == ["cut_after"]
    assert 1 <= first[0].seconds <= 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "meteor"},
        {"probability": 1.5},
        {"count": 0},
        {"seconds": -1.0},
        {"seconds": 2.0, "up_to_s": 1.0},
    ],
)
def test_a_senseless_order_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"known|between|least|hold"):
        FaultSpec(**({"kind": "delay"} | wrong))  # type: ignore[arg-type]
