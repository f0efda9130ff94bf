"""What must hold for every aggregator's connector, on a real shop of its wire format?"""

from __future__ import annotations

import pytest

from syncworker.connector import (
    ChannelMisconfiguredError,
    OrderStatus,
    Outcome,
    OutcomeUnknownError,
    RetryLaterError,
)
from syncworker.sandbox.process import Sandbox
from tests.connectors.aggregators.counterparts import HABITS, SKUS, Counterpart, open_counterpart
from tests.waiting import await_condition

KINDS = tuple(HABITS)


@pytest.fixture(params=KINDS)
def shop(request: pytest.FixtureRequest, sandbox: Sandbox) -> Counterpart:
    """Each kind's shop in turn, at rest, with 5 of everything."""
    opened = open_counterpart(sandbox, request.param)
    await_condition(opened.is_at_rest, 5, "the end of what was sent before")
    for sku in SKUS:
        opened.put(sku, 5)
    return opened


def test_a_check_proves_address_and_credentials(shop: Counterpart) -> None:
    assert shop.channel.check().name


@pytest.mark.parametrize("kind", KINDS)
def test_wrong_credentials_are_a_wrong_configuration_and_are_not_repeated(
    sandbox: Sandbox, kind: str
) -> None:
    name = "secret_key" if kind == "medusa" else "key"

    with pytest.raises(ChannelMisconfiguredError) as raised:
        open_counterpart(sandbox, kind, **{name: "wr0ng-secret"})

    assert "wr0ng-secret" not in str(raised.value)


def test_everything_that_is_listed_is_found_by_its_sku(shop: Counterpart) -> None:
    assert set(shop.pools) >= set(SKUS)


def test_numbers_that_were_sent_stand_there_and_are_read_back(shop: Counterpart) -> None:
    results = shop.push(BIN=9, PAN=0)

    assert {sku: result.outcome for sku, result in results.items()} == {
        "BIN": Outcome.APPLIED,
        "PAN": Outcome.APPLIED,
    }
    await_condition(lambda: (shop.number("BIN"), shop.number("PAN")) == (9, 0), 3, "both numbers")
    readings = {
        reading.pool_key: reading.quantity
        for sku in ("BIN", "PAN")
        for reading in shop.channel.read_quantities([shop.pools[sku]])
    }
    assert readings == {shop.pools["BIN"]: 9, shop.pools["PAN"]: 0}


def test_one_item_that_the_shop_refuses_spoils_no_other_one(shop: Counterpart) -> None:
    shop.control.order_faults(
        {"kind": "item_refused", "count": 1, "pool_id": f"{shop.kind}-P2", "code": "locked"}
    )

    results = shop.push(BIN=8, PAN=7, SAPU=6)

    # All or nothing: Medusa's batch is halved until the item is alone, and by then the fault is used up.
    if shop.kind != "medusa":
        assert results["PAN"].outcome is not Outcome.APPLIED
    await_condition(lambda: (shop.number("BIN"), shop.number("SAPU")) == (8, 6), 3, "the other numbers")
    # A Mirakl job tells how many lines failed, but not reliably which: all of them are read back.
    assert results["BIN"].outcome is (Outcome.UNKNOWN if shop.kind == "mirakl" else Outcome.APPLIED)


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "timeout_after", "seconds": 1.2},
        {"kind": "cut_after"},
        {"kind": "error_after", "status": 502},
        {"kind": "server_error", "status": 500},
        {"kind": "html_ok"},
        {"kind": "truncated_json"},
        {"kind": "late", "seconds": 0.1},
    ],
    ids=lambda fault: str(fault["kind"]),
)
def test_a_push_without_a_clear_answer_is_unknown(shop: Counterpart, fault: dict[str, object]) -> None:
    shop.control.order_faults({"operation": "quantities", "count": 1, **fault})

    with pytest.raises(OutcomeUnknownError):
        shop.push(BIN=2)


def test_an_item_that_the_answer_leaves_out_is_unknown(shop: Counterpart) -> None:
    shop.control.order_faults({"kind": "item_missing", "count": 1, "applied": True})

    try:
        outcomes = [result.outcome for result in shop.push(BIN=2, PAN=3).values()]
    except OutcomeUnknownError:
        outcomes = [Outcome.UNKNOWN]

    assert Outcome.UNKNOWN in outcomes


def test_a_call_too_many_sends_nothing(shop: Counterpart) -> None:
    shop.control.order_faults(
        {"kind": "rate_limited", "operation": "quantities", "count": 1, "seconds": 9, "retry_after": "none"}
    )

    with pytest.raises(RetryLaterError):
        shop.push(BIN=2)

    assert shop.number("BIN") == 5


def test_an_order_comes_with_its_pool_and_units(shop: Counterpart) -> None:
    order = shop.order(shop.buy("BIN", 2))

    (line,) = order.lines
    assert order.status is OrderStatus.LIVE
    assert (line.sku, line.ordered, line.cancelled or 0, line.shipped) == ("BIN", 2, 0, 0)


def test_a_cancelled_order_frees_its_goods(shop: Counterpart) -> None:
    order_id = shop.buy("PAN", 2)
    shop.control.cancel(order_id)

    order = shop.order(order_id)

    assert (order.status, order.lines[0].cancelled) == (OrderStatus.CANCELLED, order.lines[0].ordered)


def test_a_shipped_order_has_left(shop: Counterpart) -> None:
    order_id = shop.buy("PAN", 2)
    shop.control.ship(order_id)

    order = shop.order(order_id)

    assert (order.lines[0].ordered, order.lines[0].shipped) == (2, 2)


def test_a_word_that_nobody_knows_holds_the_goods(shop: Counterpart) -> None:
    order_id = shop.buy("SAPU")
    shop.control.set_status(order_id, "under_enchantment")

    order = shop.order(order_id)

    assert (order.status, order.raw_status) == (OrderStatus.UNKNOWN, "under_enchantment")
    assert order.lines[0].cancelled in {0, None}
