"""Is every order of the marketplace read exactly, or not at all?"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from syncworker.connector import (
    ChannelLine,
    ChannelOrder,
    Json,
    Known,
    MalformedAnswerError,
    Money,
    OrderStatus,
)
from syncworker.core.fulfilment import Levels
from tests.connectors import mapping
from tests.connectors.documents import line, order, page


def read(document: Json, restocks: Known = Known.UNKNOWN) -> ChannelOrder:
    (found,) = mapping.order_page(document, restocks=restocks, channel_time=None).orders
    return found


def read_line(**changes: Json) -> ChannelLine:
    return read(page(order(line(**changes)))).lines[0]


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
        ("unknown", "no", "unknown"),
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
