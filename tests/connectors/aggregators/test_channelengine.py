"""What is peculiar about ChannelEngine, seen through its connector?"""

from __future__ import annotations

import pytest

from syncworker.connector import AcknowledgesOrders, Known, Outcome
from syncworker.sandbox.process import Sandbox
from tests.connectors.aggregators.counterparts import Counterpart, open_counterpart


@pytest.fixture
def tenant(sandbox: Sandbox) -> Counterpart:
    return open_counterpart(sandbox, "channelengine")


def test_a_row_with_messages_is_refused_in_the_channels_words_and_the_others_are_applied(
    tenant: Counterpart,
) -> None:
    results = tenant.push(BIN=4, NOBODY=1)

    assert (results["BIN"].outcome, results["NOBODY"].outcome) == (Outcome.APPLIED, Outcome.REFUSED)
    assert "could not be found" in results["NOBODY"].message


def test_a_wish_to_cancel_releases_nothing_and_a_cancelled_line_all_of_it(tenant: Counterpart) -> None:
    order_id = tenant.buy("PAN", 3)
    tenant.control.cancel(order_id, quantity=1)
    wished = tenant.order(order_id).lines[0]
    tenant.control.cancel(order_id)
    gone = tenant.order(order_id).lines[0]

    assert (wished.cancelled, gone.cancelled) == (0, 3)
    assert gone.restocked is Known.UNKNOWN


def test_one_product_on_two_lines_makes_two_lines(tenant: Counterpart) -> None:
    tenant.put("SAPU", 5)
    sale = tenant.control.buy_basket([{"sku": "SAPU", "quantity": 1}, {"sku": "SAPU", "quantity": 2}])

    lines = tenant.order(str(sale["order_id"])).lines

    assert [line.ordered for line in lines] == [1, 2]
    assert len({line.line_id for line in lines}) == 2


def test_recorded_orders_are_acknowledged_and_a_repeat_is_harmless(tenant: Counterpart) -> None:
    order = tenant.order(tenant.buy("BIN"))
    assert isinstance(tenant.channel, AcknowledgesOrders)

    for _ in range(2):
        tenant.channel.acknowledge_orders((order.external_id,))

    assert (order.raw_status, tenant.orders()[order.external_id].raw_status) == ("NEW", "IN_PROGRESS")


def test_another_system_may_acknowledge_instead(sandbox: Sandbox) -> None:
    tenant = open_counterpart(sandbox, "channelengine", acknowledge=False)
    order = tenant.order(tenant.buy("BIN"))
    assert isinstance(tenant.channel, AcknowledgesOrders)

    tenant.channel.acknowledge_orders((order.external_id,))

    assert tenant.orders()[order.external_id].raw_status == "NEW"
