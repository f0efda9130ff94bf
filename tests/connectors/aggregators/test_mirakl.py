"""What is peculiar about Mirakl, seen through its connector?"""

from __future__ import annotations

from importlib.resources import files

import pytest

from syncworker.connector import AcknowledgesOrders, KeptToken, Outcome, RetryLaterError
from syncworker.connector.declarative import parse_manifest
from syncworker.connector.declarative.connector import DeclaredConnector
from syncworker.connector.registry import validate
from syncworker.sandbox.process import Sandbox
from tests.connectors.aggregators.counterparts import Counterpart, open_counterpart, settings_of
from tests.waiting import await_condition


@pytest.fixture
def shop(sandbox: Sandbox) -> Counterpart:
    opened = open_counterpart(sandbox, "mirakl")
    await_condition(opened.is_at_rest, 5, "the end of what was sent before")
    for sku in ("BIN", "PAN"):
        opened.put(sku, 5)
    return opened


def test_a_job_that_failed_for_all_is_refused_and_one_that_failed_for_some_is_read_back(
    shop: Counterpart,
) -> None:
    mixed = shop.push(BIN=4, NOBODY=1)
    await_condition(shop.is_at_rest, 3, "the end of the file")
    alone = shop.push(NOBODY=1)

    assert {result.outcome for result in mixed.values()} == {Outcome.UNKNOWN}
    assert (alone["NOBODY"].outcome, alone["NOBODY"].parks) == (Outcome.REFUSED, True)
    assert shop.number("BIN") == 4


def test_a_job_that_is_not_through_in_time_is_unknown(sandbox: Sandbox) -> None:
    shop = open_counterpart(sandbox, "mirakl", job_wait_s=0)
    await_condition(shop.is_at_rest, 5, "the end of what was sent before")

    assert shop.push(BIN=4)["BIN"].outcome is Outcome.UNKNOWN


def test_a_file_that_comes_too_soon_does_not_leave(sandbox: Sandbox) -> None:
    shop = open_counterpart(sandbox, "mirakl", import_interval_s=60)
    await_condition(shop.is_at_rest, 5, "the end of what was sent before")
    shop.push(BIN=4)

    with pytest.raises(RetryLaterError, match="allowance"):
        shop.push(BIN=3)


def test_an_offer_at_0_is_no_hidden_listing(shop: Counterpart) -> None:
    shop.put("BIN", 0)
    listed = {one.sku: one for one in shop.channel.list_listings(cursor=None).listings}

    assert (listed["BIN"].active, listed["BIN"].quantity) == (True, 0)


def test_an_offer_that_is_gone_has_no_number(shop: Counterpart) -> None:
    (reading,) = shop.channel.read_quantities(["NOBODY"])

    assert reading.quantity is None


def test_cancelations_and_refunds_are_levels_of_their_line(shop: Counterpart) -> None:
    order_id = shop.buy("BIN", 4)
    shop.control.cancel(order_id, quantity=1)
    shop.control.ship(order_id)
    shop.control.take_return(order_id, quantity=2)

    (line,) = shop.order(order_id).lines

    assert (line.ordered, line.cancelled, line.shipped, line.returned) == (4, 1, 3, 2)


def test_orders_are_accepted_only_where_the_seller_asks_for_it(sandbox: Sandbox) -> None:
    careful, trusting = (open_counterpart(sandbox, "mirakl", accept_orders=word) for word in (False, True))
    careful.put("PAN", 5)
    order_id = careful.buy("PAN")
    states = []
    for shop in (careful, trusting, trusting):
        assert isinstance(shop.channel, AcknowledgesOrders)
        shop.channel.acknowledge_orders((order_id,))
        states.append(shop.order(order_id).raw_status)

    assert states == ["WAITING_ACCEPTANCE", "SHIPPING", "SHIPPING"]


def variant(sandbox: Sandbox, text: str) -> Counterpart:
    """The shop through another manifest than the shipped one."""
    shop = open_counterpart(sandbox, "mirakl")
    await_condition(shop.is_at_rest, 5, "the end of what was sent before")
    connector = DeclaredConnector(parse_manifest(text, "variant.toml", read=_shipped))
    raw = settings_of("mirakl", "mirakl", sandbox.shops["mirakl"].base_url)
    channel = connector.open("mirakl", validate(connector, raw), KeptToken())
    return Counterpart("mirakl", channel, shop.control, shop.pools)


def test_a_manifest_that_trusts_the_report_refuses_the_lines_that_it_names(sandbox: Sandbox) -> None:
    report = (
        "[push.job.report]\nwhen = 'has_error_report'\ndelimiter = ';'\nline = 0\nfirst_line = 1\nmessage = 1\n"
        "request = { path = '/api/offers/stock/imports/{job}/error_report', headers = { Accept = 'text/csv' } }\n"
    )
    told = variant(sandbox, _shipped("mirakl.toml") + report).push(BIN=3, NOBODY=1, PAN=2)

    assert [told[sku].outcome for sku in ("BIN", "NOBODY", "PAN")] == [
        Outcome.APPLIED,
        Outcome.REFUSED,
        Outcome.APPLIED,
    ]
    assert "does not exist" in told["NOBODY"].message


def test_a_job_that_failed_as_a_whole_proves_nothing(sandbox: Sandbox) -> None:
    broken = variant(sandbox, _shipped("mirakl.toml").replace("warehouse-code", "warehouse"))

    assert broken.push(BIN=3)["BIN"].outcome is Outcome.UNKNOWN


def _shipped(name: str) -> str:
    return (files("syncworker_marketplace") / "manifests" / name).read_text(encoding="utf-8")
