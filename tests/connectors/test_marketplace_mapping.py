"""Is every document of the marketplace read exactly, or not at all?"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncworker.connector import (
    ChannelLine,
    ChannelOrder,
    Json,
    Known,
    MalformedAnswerError,
    Money,
    OrderStatus,
    Outcome,
    PushResult,
    QuantityKind,
    QuantityMode,
    QuantityPush,
    Reading,
)
from syncworker.core.fulfilment import Levels
from syncworker_marketplace import mapping

NOON = "2026-11-24T05:00:00.000000+00:00"


def line(**changes: Json) -> dict[str, Json]:
    fields: dict[str, Json] = {
        "line_id": "1",
        "listing_id": "L1",
        "sku": "BIN-BAMBU",
        "quantity": 3,
        "cancelled_quantity": 0,
        "returned_quantity": 0,
        "shipped_quantity": 0,
        "unit_price": {"amount": "85000", "currency": "IDR"},
        "restocked": "unknown",
        "counts_down": "yes",
    }
    return fields | changes


def order(*lines: dict[str, Json], **changes: Json) -> dict[str, Json]:
    fields: dict[str, Json] = {
        "order_id": "o-1",
        "status": "placed",
        "created_at": NOON,
        "updated_at": NOON,
        "currency": "IDR",
        "buyer": "b-7",
        "lines": list(lines or (line(),)),
    }
    return fields | changes


def page(*orders: dict[str, Json], **changes: Json) -> dict[str, Json]:
    fields: dict[str, Json] = {"orders": list(orders or (order(),)), "next_cursor": None, "as_of": NOON}
    return fields | changes


def read(document: Json, restocks: Known = Known.UNKNOWN) -> ChannelOrder:
    (found,) = mapping.order_page(document, restocks=restocks, channel_time=None).orders
    return found


def read_line(**changes: Json) -> ChannelLine:
    return read(page(order(line(**changes)))).lines[0]


# ---------------------------------------------------------------- orders as levels


def test_an_order_is_read_whole() -> None:
    found = read(page())

    assert found == ChannelOrder(
        external_id="o-1",
        status=OrderStatus.LIVE,
        raw_status="placed",
        placed_at=datetime(2026, 11, 24, 5, tzinfo=UTC),
        updated_at=datetime(2026, 11, 24, 5, tzinfo=UTC),
        lines=(
            ChannelLine(
                line_id="1",
                listing_id="L1",
                sku="BIN-BAMBU",
                ordered=3,
                counts_down=Known.YES,
                unit_price=Money(Decimal(85_000), "IDR"),
            ),
        ),
    )


@pytest.mark.parametrize(
    ("told", "levels"),
    [
        ({"quantity": 5}, Levels(ordered=5)),
        ({"quantity": 2}, Levels(ordered=2)),
        ({"cancelled_quantity": 1}, Levels(ordered=3, cancelled=1)),
        ({"shipped_quantity": 3, "returned_quantity": 2}, Levels(ordered=3, shipped=3, returned=2)),
        ({"cancelled_quantity": 1, "shipped_quantity": 2}, Levels(ordered=3, cancelled=1, shipped=2)),
    ],
)
def test_edits_cancellations_and_returns_come_out_as_levels(told: dict[str, Json], levels: Levels) -> None:
    assert read_line(**told).levels() == levels


def test_a_level_that_the_other_feed_tells_leaves_what_is_recorded() -> None:
    found = read_line(quantity=3, cancelled_quantity=None, returned_quantity=None, restocked=None)

    assert found.levels(Levels(ordered=3, cancelled=1, returned=1)) == Levels(
        ordered=3, cancelled=1, returned=1
    )
    assert found.levels() == Levels(ordered=3)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("placed", OrderStatus.LIVE),
        ("paid", OrderStatus.LIVE),
        ("shipped", OrderStatus.SHIPPED),
        ("returned", OrderStatus.SHIPPED),
        ("under_enchantment", OrderStatus.UNKNOWN),
        ("Cancelled", OrderStatus.UNKNOWN),
    ],
)
def test_a_status_that_nobody_has_heard_of_is_unknown(word: str, status: OrderStatus) -> None:
    found = read(page(order(status=word)))

    assert (found.status, found.raw_status) == (status, word)


def test_a_cancelled_order_whose_lines_say_otherwise_is_unknown() -> None:
    gone, open_line = line(cancelled_quantity=3), line(line_id="2")

    assert read(page(order(gone, status="cancelled"))).status is OrderStatus.CANCELLED
    assert read(page(order(gone, open_line, status="cancelled"))).status is OrderStatus.UNKNOWN
    assert read(page(order(line(cancelled_quantity=None), status="cancelled"))).status is OrderStatus.UNKNOWN


@pytest.mark.parametrize(
    ("told", "declared", "restocked"),
    [
        ("yes", "no", "yes"),
        ("no", "yes", "no"),
        ("unknown", "no", "no"),
        (None, "yes", "yes"),
        (None, "unknown", "unknown"),
    ],
)
def test_what_an_order_does_not_tell_of_restocking_the_settings_tell(
    told: str | None, declared: str, restocked: str
) -> None:
    found = read(page(order(line(restocked=told))), Known(declared)).lines[0]

    assert (found.restocked, found.returned_restocked) == (Known(restocked), Known(restocked))


def test_the_finer_of_the_two_clocks_is_used() -> None:
    header = datetime(2026, 11, 24, 4, 59, 59, tzinfo=UTC)

    with_both = mapping.order_page(page(), restocks=Known.UNKNOWN, channel_time=header)
    with_one = mapping.order_page(page(as_of=None), restocks=Known.UNKNOWN, channel_time=header)

    assert (with_both.channel_time, with_one.channel_time) == (datetime(2026, 11, 24, 5, tzinfo=UTC), header)


@pytest.mark.parametrize("field", ["quantity", "cancelled_quantity", "shipped_quantity", "returned_quantity"])
@pytest.mark.parametrize("value", [True, "3", Decimal("3.0"), Decimal("0.5"), -1, 10**12, [], {}])
def test_a_quantity_that_is_no_count_spoils_the_whole_page(field: str, value: Json) -> None:
    with pytest.raises(MalformedAnswerError) as raised:
        mapping.order_page(
            page(order(), order(line(**{field: value}), order_id="o-2")),
            restocks=Known.UNKNOWN,
            channel_time=None,
        )

    assert raised.value.path == f"orders[1].lines[0].{field}"


@pytest.mark.parametrize(
    "wrong",
    [
        {"cancelled_quantity": 4},
        {"cancelled_quantity": 2, "shipped_quantity": 2},
        {"returned_quantity": 1},
        {"quantity": None},
        {"shipped_quantity": None},
        {"restocked": "perhaps"},
        {"counts_down": "maybe"},
        {"unit_price": {"amount": "85000", "currency": "USD"}},
        {"unit_price": {"amount": "cheap", "currency": "IDR"}},
    ],
)
def test_a_line_that_contradicts_itself_is_malformed(wrong: dict[str, Json]) -> None:
    with pytest.raises(MalformedAnswerError):
        read_line(**wrong)


def test_one_line_id_twice_is_malformed() -> None:
    with pytest.raises(MalformedAnswerError, match="twice"):
        read(page(order(line(), line())))


# ---------------------------------------------------------------- one leaf changed


def leaves(document: Json, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if isinstance(document, dict):
        for name, inner in document.items():
            yield from leaves(inner, (*path, name))
    elif isinstance(document, list):
        for n, inner in enumerate(document):
            yield from leaves(inner, (*path, n))
    else:
        yield path


def changed(document: Json, path: tuple[str | int, ...], value: object) -> Json:
    """The document with one leaf replaced; ``...`` removes it."""
    fresh: Json = copy.deepcopy(document)
    spot: object = fresh
    for step in path[:-1]:
        spot = spot[step]  # type: ignore[index]  # the path was taken from this document
    if value is ...:
        del spot[path[-1]]  # type: ignore[attr-defined]  # as above
    else:
        spot[path[-1]] = value  # type: ignore[index]  # as above
    return fresh


def rows(document: Json, name: str) -> list[Json]:
    assert isinstance(document, dict)
    found = document[name]
    assert isinstance(found, list)
    return found


nonsense = (
    st.just(...)
    | st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-2, 5)
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.sampled_from(["", "3", "yes", "no", "active", NOON, "1e5", "IDR", "\x00", "\ud800"])
    | st.lists(st.none(), max_size=2)
    | st.dictionaries(st.text(max_size=2), st.integers(), max_size=2)
)

PAGE: Json = page(
    order(line(), line(line_id="2", cancelled_quantity=1)), order(order_id="o-2", status="paid")
)
LISTINGS: Json = {
    "listings": [
        {
            "listing_id": "L1",
            "pool_id": "P1",
            "sku": "A",
            "title": "t",
            "price": {"amount": "5", "currency": "IDR"},
            "state": "active",
            "quantity": 4,
            "reserved": 1,
        }
    ],
    "next_cursor": "2",
}
READINGS: Json = {
    "items": [{"pool_id": "P1", "quantity": 4, "reserved": 1}, {"pool_id": "P2", "code": "unknown_pool"}]
}
RESULTS: Json = {
    "items": [
        {"pool_id": "P1", "status": "applied", "quantity": 5, "code": None, "message": None, "current": None},
        {
            "pool_id": "P2",
            "status": "refused",
            "quantity": None,
            "code": "stale_quantity",
            "message": "no",
            "current": 7,
        },
    ]
}
PUSHES = [
    QuantityPush(push_id="1", pool_key="P1", kind=QuantityMode.COMPARE_AND_SET, value=5, expected=3),
    QuantityPush(push_id="2", pool_key="P2", kind=QuantityMode.COMPARE_AND_SET, value=6, expected=4),
]


@given(st.sampled_from(sorted(leaves(PAGE), key=str)), nonsense)
def test_a_page_with_one_leaf_changed_is_read_as_it_says_or_refused(
    path: tuple[str | int, ...], value: object
) -> None:
    document = changed(PAGE, path, value)

    try:
        found = mapping.order_page(document, restocks=Known.UNKNOWN, channel_time=None)
    except MalformedAnswerError:
        return

    told = [one for each in rows(document, "orders") for one in rows(each, "lines")]
    for said, line_read in zip(told, [one for each in found.orders for one in each.lines], strict=True):
        numbers = (line_read.ordered, line_read.cancelled, line_read.shipped, line_read.returned)
        names = ("quantity", "cancelled_quantity", "shipped_quantity", "returned_quantity")
        assert isinstance(said, dict)
        assert numbers == tuple(said[name] for name in names)
        assert all(type(number) in {int, type(None)} for number in numbers)


@given(st.sampled_from(sorted(leaves(LISTINGS), key=str)), nonsense)
def test_listings_with_one_leaf_changed_are_read_or_refused(
    path: tuple[str | int, ...], value: object
) -> None:
    try:
        (found,) = mapping.listing_page(changed(LISTINGS, path, value)).listings
    except MalformedAnswerError:
        return

    assert type(found.quantity) in {int, type(None)}
    assert found.quantity == 4 or path[-1] == "quantity"


@given(st.sampled_from(sorted(leaves(READINGS), key=str)), nonsense, st.sampled_from(QuantityKind))
def test_a_reading_with_one_leaf_changed_is_read_or_refused(
    path: tuple[str | int, ...], value: object, kind: QuantityKind
) -> None:
    try:
        found = mapping.readings(changed(READINGS, path, value), ["P1", "P2"], kind)
    except MalformedAnswerError:
        return

    for reading in found:
        assert reading.pool_key in {"P1", "P2"}
        assert reading.quantity in {4, None} or path[-1] == "quantity"


@given(st.sampled_from(sorted(leaves(RESULTS), key=str)), nonsense)
def test_a_push_result_with_one_leaf_changed_is_never_taken_for_another_outcome(
    path: tuple[str | int, ...], value: object
) -> None:
    first, second = mapping.push_results(changed(RESULTS, path, value), PUSHES)

    assert first.outcome is not Outcome.REFUSED or path[-1] in {"status", "pool_id"}
    assert second.outcome is not Outcome.APPLIED or path[-1] in {"status", "pool_id"}
    assert first.echo in {5, None} or path[-1] in {"quantity", "pool_id"}


# ---------------------------------------------------------------- pushes


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
