"""What is peculiar about WooCommerce, seen through its connector?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import requests

from syncworker.connector import (
    HearsWebhooks,
    Known,
    OrderStatus,
    Outcome,
    WebhookRefusedError,
    WebhookRequest,
)
from syncworker.sandbox.process import Sandbox
from tests.connectors.aggregators.counterparts import Counterpart, open_counterpart

#: Published by a real store: secret, body, signature.
SECRET, BODY = "wh_secret", b'{"id":727,"status":"processing"}'
SIGNATURE = "QQ/5ZC8MAFFR1pdW3XhXlWcBnog49jw7zgi6SNt8DWc="


@pytest.fixture
def store(sandbox: Sandbox) -> Counterpart:
    opened = open_counterpart(sandbox, "woocommerce")
    for sku in ("BIN", "PAN", "SAPU", "KAOS-M", "TAS-A"):
        opened.put(sku, 5)
    return opened


def rest(sandbox: Sandbox, method: str, path: str, **more: object) -> requests.Response:
    """What the store's own clerk does, past the connector."""
    shop = sandbox.shops["woocommerce"]
    auth = ("key-woocommerce", "secret-woocommerce")
    return requests.request(method, shop.base_url + path, auth=auth, timeout=3, **more)  # type: ignore[arg-type]  # json


def test_variations_are_written_below_their_parents_and_read_back_there(store: Counterpart) -> None:
    results = store.push(**{"BIN": 1, "KAOS-M": 2, "KAOS-L": 3})

    assert {result.outcome for result in results.values()} == {Outcome.APPLIED}
    assert [store.number(sku) for sku in ("BIN", "KAOS-M", "KAOS-L")] == [1, 2, 3]
    readings = store.channel.read_quantities([store.pools[sku] for sku in ("BIN", "KAOS-M", "KAOS-L")])
    assert {reading.pool_key: reading.quantity for reading in readings} == {
        store.pools["BIN"]: 1,
        store.pools["KAOS-M"]: 2,
        store.pools["KAOS-L"]: 3,
    }


def test_variations_that_take_their_stock_from_their_parent_share_one_number(store: Counterpart) -> None:
    result = store.push(**{"TAS-A": 3})["TAS-A"]

    assert store.pools["TAS-A"] == store.pools["TAS-B"] != store.pools["KAOS-M"]
    assert (result.outcome, result.echo, store.number("TAS-B")) == (Outcome.APPLIED, 3, 3)


def test_a_row_that_failed_inside_a_200_is_refused_and_the_others_are_applied(store: Counterpart) -> None:
    results = store.push(**{"BIN": 4, "0/777": 1})

    assert results["BIN"].outcome is Outcome.APPLIED
    assert (results["0/777"].outcome, results["0/777"].parks) == (Outcome.REFUSED, True)


def test_a_product_that_sells_without_end_has_no_number_until_it_is_given_one(
    store: Counterpart, sandbox: Sandbox
) -> None:
    number = int(store.pools["SAPU"].rpartition("/")[2])
    rest(sandbox, "PUT", f"/products/{number}", json={"manage_stock": False})

    unread = store.channel.read_quantities([store.pools["SAPU"]])
    store.push(SAPU=2)
    (read,) = store.channel.read_quantities([store.pools["SAPU"]])

    assert (unread, read.quantity) == ((), 2)


def test_a_product_that_is_gone_has_no_number(store: Counterpart) -> None:
    (reading,) = store.channel.read_quantities(["0/777"])

    assert reading.quantity is None


def test_an_order_line_names_the_listing_that_was_sold(store: Counterpart) -> None:
    lines = [store.order(store.buy(sku)).lines[0] for sku in ("BIN", "KAOS-M", "TAS-B")]

    assert [line.listing_id for line in lines[:2]] == [store.pools["BIN"], store.pools["KAOS-M"]]
    assert lines[2].listing_id == "41/43"
    assert {line.counts_down for line in lines} == {Known.YES}


def test_an_order_that_is_not_paid_may_not_have_counted(store: Counterpart) -> None:
    order_id = store.buy("PAN")
    store.control.set_status(order_id, "pending")

    order = store.order(order_id)

    assert (order.status, order.lines[0].counts_down) == (OrderStatus.LIVE, Known.UNKNOWN)


def test_its_times_are_gmt_whatever_the_stores_own_zone(store: Counterpart) -> None:
    order = store.order(store.buy("PAN"))

    assert abs(order.placed_at - datetime.now(UTC)) < timedelta(minutes=1)


def test_what_is_refunded_is_cancelled_before_goods_leave_and_returned_afterwards(store: Counterpart) -> None:
    kept, sent = store.buy("BIN", 2), store.buy("BIN", 2)
    store.control.cancel(kept, quantity=1)
    store.control.ship(sent)
    store.control.take_return(sent, quantity=1)

    (before,), (after,) = store.order(kept).lines, store.order(sent).lines

    assert (before.ordered, before.cancelled, before.shipped, before.returned) == (2, 1, 0, 0)
    assert (after.ordered, after.cancelled, after.shipped, after.returned) == (2, 0, 2, 1)


def test_a_webhook_rings_if_the_stores_signature_is_right(sandbox: Sandbox) -> None:
    store = open_counterpart(sandbox, "woocommerce", webhook_secret=SECRET)
    assert isinstance(store.channel, HearsWebhooks)

    assert store.channel.hint(webhook(BODY, SIGNATURE))
    with pytest.raises(WebhookRefusedError):
        store.channel.hint(webhook(BODY + b" ", SIGNATURE))


def test_the_unsigned_call_that_comes_first_means_nothing(sandbox: Sandbox) -> None:
    store = open_counterpart(sandbox, "woocommerce", webhook_secret=SECRET)
    assert isinstance(store.channel, HearsWebhooks)

    assert not store.channel.hint(webhook(b"webhook_id=5", ""))


def test_without_a_secret_no_webhook_is_believed(store: Counterpart) -> None:
    assert isinstance(store.channel, HearsWebhooks)

    with pytest.raises(WebhookRefusedError):
        store.channel.hint(webhook(BODY, SIGNATURE))


def webhook(body: bytes, signature: str) -> WebhookRequest:
    headers = {"x-wc-webhook-resource": "order", "x-wc-webhook-signature": signature}
    return WebhookRequest(
        url="https://ours.example/hooks/store", headers=headers, body=body, received_at=datetime.now(UTC)
    )
