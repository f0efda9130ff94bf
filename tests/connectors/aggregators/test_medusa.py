"""What is peculiar about Medusa, seen through its connector?"""

from __future__ import annotations

import pytest

from syncworker.connector import Known, OrderStatus, Outcome, QuantityKind
from syncworker.sandbox.process import Sandbox
from tests.connectors.aggregators.counterparts import Counterpart, open_counterpart


@pytest.fixture
def shop(sandbox: Sandbox) -> Counterpart:
    opened = open_counterpart(sandbox, "medusa")
    for sku in ("BIN", "PAN"):
        opened.put(sku, 5)
    return opened


def test_its_number_is_what_is_on_hand_and_comes_with_what_is_reserved(shop: Counterpart) -> None:
    (before,) = shop.channel.read_quantities([shop.pools["BIN"]])
    order_id = shop.buy("BIN", 2)

    (reading,) = shop.channel.read_quantities([shop.pools["BIN"]])
    shop.control.cancel(order_id)

    assert shop.channel.capabilities().kind is QuantityKind.ON_HAND
    # Other tests of this shop may have left an order open.
    assert (reading.quantity, reading.reserved) == (before.quantity, before.reserved + 2)
    assert reading.sellable(QuantityKind.ON_HAND) == 5 - reading.reserved


def test_an_item_that_is_unknown_is_refused_alone(shop: Counterpart) -> None:
    results = shop.push(BIN=4, NOBODY=1, PAN=3)

    assert [results[sku].outcome for sku in ("BIN", "NOBODY", "PAN")] == [
        Outcome.APPLIED,
        Outcome.REFUSED,
        Outcome.APPLIED,
    ]
    assert (shop.number("BIN"), shop.number("PAN")) == (4, 3)


def test_an_item_that_is_stocked_elsewhere_has_no_number_here(sandbox: Sandbox) -> None:
    elsewhere = open_counterpart(sandbox, "medusa", location_id="sloc_elsewhere")

    (reading,) = elsewhere.channel.read_quantities([elsewhere.pools["BIN"]])

    assert reading.quantity is None


def test_an_orders_life_comes_out_as_levels(shop: Counterpart) -> None:
    order_id = shop.buy("BIN", 3)
    placed = shop.order(order_id)
    shop.control.ship(order_id)
    shop.control.take_return(order_id, quantity=1)
    (returned,) = shop.order(order_id).lines

    assert (placed.status, placed.lines[0].counts_down) == (OrderStatus.LIVE, Known.YES)
    assert (returned.ordered, returned.shipped, returned.returned) == (3, 3, 1)


def test_an_order_of_a_server_with_several_locations_proves_nothing_of_ours(sandbox: Sandbox) -> None:
    shop = open_counterpart(sandbox, "medusa", counts_down="unknown")

    (line,) = shop.order(shop.buy("BIN", 1)).lines

    assert (line.counts_down, line.restocked) == (Known.UNKNOWN, Known.UNKNOWN)


def test_an_edited_order_has_fewer_units(shop: Counterpart) -> None:
    order_id = shop.buy("PAN", 3)
    shop.control.cancel(order_id, quantity=1)

    (line,) = shop.order(order_id).lines

    assert (line.ordered, line.cancelled) == (2, 0)
