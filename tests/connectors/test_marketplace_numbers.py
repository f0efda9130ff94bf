"""Are pushes told apart one by one, and numbers read exactly?"""

from __future__ import annotations

from decimal import Decimal

import pytest

from syncworker.connector import (
    Json,
    MalformedAnswerError,
    Outcome,
    PushResult,
    QuantityKind,
    QuantityMode,
    QuantityPush,
    Reading,
)
from tests.connectors import mapping
from tests.connectors.documents import PUSHES, READINGS, RESULTS


def results(*items: Json) -> tuple[PushResult, ...]:
    return mapping.push_results({"items": list(items)}, PUSHES)


def item(pool_id: str, **changes: Json) -> Json:
    fields: dict[str, Json] = {
        "pool_id": pool_id,
        "status": "applied",
        "quantity": 5,
        "code": None,
        "message": None,
        "current": None,
    }
    return fields | changes


def test_each_item_has_its_own_outcome() -> None:
    assert mapping.push_results(RESULTS, PUSHES) == (
        PushResult(push_id="1", outcome=Outcome.APPLIED, echo=5),
        PushResult(push_id="2", outcome=Outcome.REFUSED, current=7, message="stale_quantity: no"),
    )


def test_accepted_is_applied_without_an_echo() -> None:
    first, _ = results(item("P1", status="accepted", quantity=None))

    assert (first.outcome, first.echo) == (Outcome.APPLIED, None)


def test_the_order_of_the_answer_does_not_matter() -> None:
    first, second = results(item("P2", quantity=6), item("P1"))

    assert (first.echo, second.echo) == (5, 6)


def test_an_item_that_is_missing_doubled_or_unreadable_is_unknown() -> None:
    assert [r.outcome for r in results(item("P1"))] == [Outcome.APPLIED, Outcome.UNKNOWN]
    assert [r.outcome for r in results(item("P1"), item("P1"))] == [Outcome.UNKNOWN] * 2
    assert [r.outcome for r in results(item("P1", quantity="5"), item("P2"))] == [
        Outcome.UNKNOWN,
        Outcome.APPLIED,
    ]
    assert [r.outcome for r in results(None, "x", item("P2"))] == [Outcome.UNKNOWN, Outcome.APPLIED]


@pytest.mark.parametrize(
    ("code", "outcome", "parks"),
    [
        ("stale_quantity", Outcome.REFUSED, False),
        ("below_zero", Outcome.REFUSED, False),
        ("below_floor", Outcome.REFUSED, False),
        ("above_ceiling", Outcome.REFUSED, False),
        ("unknown_pool", Outcome.REFUSED, True),
        ("listing_rejected", Outcome.REFUSED, True),
        ("campaign_locked", Outcome.REFUSED, True),
        ("overloaded", Outcome.UNKNOWN, False),
    ],
)
def test_only_a_documented_refusal_is_definite(code: str, outcome: Outcome, parks: bool) -> None:
    first, _ = results(item("P1", status="refused", quantity=None, code=code))

    assert (first.outcome, first.parks) == (outcome, parks)


def test_each_kind_of_push_has_its_own_item() -> None:
    kinds = [
        QuantityPush(push_id="1", pool_key="P1", kind=QuantityMode.SET, value=5),
        QuantityPush(push_id="2", pool_key="P2", kind=QuantityMode.COMPARE_AND_SET, value=5, expected=3),
        QuantityPush(push_id="3", pool_key="P3", kind=QuantityMode.ADJUST, value=-2),
    ]

    assert mapping.push_body(kinds) == [
        {"pool_id": "P1", "quantity": 5},
        {"pool_id": "P2", "quantity": 5, "expected": 3},
        {"pool_id": "P3", "delta": -2},
    ]


# ---------------------------------------------------------------- numbers read back


def test_an_unknown_pool_has_no_number_which_is_not_0() -> None:
    assert mapping.readings(READINGS, ["P1", "P2"], QuantityKind.AVAILABLE) == (
        Reading(pool_key="P1", quantity=4, reserved=1),
        Reading(pool_key="P2", quantity=None),
    )


def test_where_on_hand_is_counted_a_number_needs_its_reserved_units() -> None:
    answer: Json = {"items": [{"pool_id": "P1", "quantity": 4}]}

    assert mapping.readings(answer, ["P1"], QuantityKind.AVAILABLE)[0].reserved == 0
    with pytest.raises(MalformedAnswerError, match=r"items\[0\]\.reserved is missing"):
        mapping.readings(answer, ["P1"], QuantityKind.ON_HAND)


def test_a_pool_that_was_not_asked_for_is_no_reading_and_one_told_twice_is_none() -> None:
    twice: Json = {"items": [{"pool_id": "P1", "quantity": 4}, {"pool_id": "P1", "quantity": 5}]}

    assert mapping.readings(READINGS, ["P1"], QuantityKind.AVAILABLE) == (
        Reading(pool_key="P1", quantity=4, reserved=1),
    )
    with pytest.raises(MalformedAnswerError, match="twice"):
        mapping.readings(twice, ["P1"], QuantityKind.AVAILABLE)


def test_a_shop_that_tells_otherwise_than_it_is_configured_is_shown() -> None:
    body: Json = {
        "name": "toko",
        "currency": "IDR",
        "capabilities": {
            "quantity_mode": "delta",
            "floor": 0,
            "read_lag_s": Decimal("1.5"),
            "batch_max": 50,
            "ceiling": None,
        },
    }
    configured = {"quantity_mode": "adjust", "floor": 2, "read_lag_s": 1.5, "batch_max": None}

    facts = mapping.check(body, configured).facts

    assert facts == {
        "quantity_mode": "delta",
        "floor": "0 (configured: 2)",
        "read_lag_s": "1.5",
        "batch_max": "50",
        "ceiling": "none",
    }


@pytest.mark.parametrize("words", ["x" * 900, 7, ["no"], "a\x00b", "", None])
def test_odd_words_do_not_spoil_a_definite_outcome(words: Json) -> None:
    first, second = results(
        item("P1", message=words), item("P2", status="refused", code="stale_quantity", message=words)
    )

    assert (first.outcome, second.outcome) == (Outcome.APPLIED, Outcome.REFUSED)
    assert len(second.message) < 300
