"""Are listings changed as asked, orders answered, and limits heeded that the channel's headers tell?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import responses

from syncworker.connector import (
    AcknowledgesOrders,
    CancelsOrders,
    ListingDraft,
    ListingRejectedError,
    ListingUpdate,
    Money,
    OutcomeUnknownError,
    RequestRefusedError,
    RetryLaterError,
    UpdatesListings,
)
from syncworker.connector.declarative import DeclaredChannel
from tests.connector.declarative.shops import LISTING, URL, described, opened, push, sample

UPDATES: list[dict[str, Any]] = [
    {"fields": ["title"], "row": "@", "request": {"method": "PATCH", "path": "/listings/{update.listing_id}", "drop_nulls": True, "body": {"title": "=update.title"}}},
    {"fields": ["price"], "request": {"method": "PUT", "path": "/prices/{update.listing_id}", "body": {"cents": "=update.price.amount"}}},
]  # fmt: skip


@pytest.fixture
def shop() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as running:
        yield running


def updating(**changes: Any) -> UpdatesListings:
    channel = opened(described(updates=UPDATES, price={"write": "minor_units", "decimals": 2}, **changes))
    assert isinstance(channel, UpdatesListings)
    return channel


def body(call: responses.Call) -> Any:
    return json.loads(call.request.body or b"null")


def test_only_what_was_asked_for_is_sent_where_it_belongs(shop: responses.RequestsMock) -> None:
    shop.patch(f"{URL}/listings/L1", json=LISTING)
    shop.put(f"{URL}/prices/L1", json={})

    found = updating().update_listing(
        ListingUpdate(listing_id="L1", sku="A", title="Bin", price=Money(Decimal("12.50"), "IDR"))
    )

    assert found.listing_id == "L1"
    assert [body(call) for call in shop.calls] == [{"title": "Bin"}, {"cents": 1250}]


def test_what_cannot_be_changed_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(ListingRejectedError, match="images cannot be changed"):
        updating().update_listing(ListingUpdate(listing_id="L1", sku="A", title="Bin", images=("https://x",)))
    with pytest.raises(ListingRejectedError, match="places behind the point"):
        updating().update_listing(
            ListingUpdate(listing_id="L1", sku="A", price=Money(Decimal("1.005"), "IDR"))
        )


def test_a_change_that_was_made_in_part_is_unknown(shop: responses.RequestsMock) -> None:
    shop.patch(f"{URL}/listings/L1", json=LISTING)
    shop.put(f"{URL}/prices/L1", status=429)

    with pytest.raises(OutcomeUnknownError, match="in part"):
        updating().update_listing(
            ListingUpdate(listing_id="L1", sku="A", title="Bin", price=Money(Decimal(1), "IDR"))
        )


def publishing(**changes: Any) -> DeclaredChannel:
    manifest = described(
        publish={
            "find": {"request": {"path": "/listings", "query": {"sku": "=draft.sku"}}, "items": "listings"},
            "request": {"method": "POST", "path": "/listings", "body": {"sku": "=draft.sku", "stock": 0}},
            "idempotency": {"body": "once"},
        },
        **changes,
    )
    manifest["samples"].append(sample("publish", LISTING))
    return opened(manifest)


DRAFT = ListingDraft(sku="A", title="Bin", price=None, idempotency_key="draft-1")


def test_a_product_is_looked_for_before_it_is_made(shop: responses.RequestsMock) -> None:
    shop.get(f"{URL}/listings", json={"listings": [LISTING]})

    assert not publishing().publish(DRAFT).created
    assert [call.request.method for call in shop.calls] == ["GET"]


def test_a_product_is_made_with_nothing_under_its_key(shop: responses.RequestsMock) -> None:
    shop.get(f"{URL}/listings", json={"listings": []})
    shop.post(f"{URL}/listings", json=LISTING, status=201)

    assert publishing().publish(DRAFT).created
    assert body(shop.calls[1]) == {"sku": "A", "stock": 0, "once": "draft-1"}


@pytest.mark.parametrize(
    ("status", "error"), [(422, ListingRejectedError), (500, OutcomeUnknownError), (201, OutcomeUnknownError)]
)
def test_a_product_that_may_have_been_made_is_never_told_as_refused(
    shop: responses.RequestsMock, status: int, error: type[Exception]
) -> None:
    shop.get(f"{URL}/listings", json={"listings": []})
    shop.post(f"{URL}/listings", json={"message": "no"}, status=status)

    with pytest.raises(error):
        publishing().publish(DRAFT)


CALL = {"request": {"method": "POST", "path": "/orders/{order.id}/accept", "body": {"ids": "=ids"}}}


def test_it_was_so_already_is_no_error(shop: responses.RequestsMock) -> None:
    channel = opened(described(acknowledge=CALL, errors={"rules": [{"status": 409, "then": "done"}]}))
    assert isinstance(channel, AcknowledgesOrders)
    shop.post(f"{URL}/orders/7/accept", json={"code": "accepted"}, status=409)
    shop.post(f"{URL}/orders/8/accept", json={})

    channel.acknowledge_orders(("7", "8"))

    assert [body(call) for call in shop.calls] == [{"ids": ["7"]}, {"ids": ["8"]}]


def test_an_order_is_looked_at_before_it_is_answered(shop: responses.RequestsMock) -> None:
    wanted = {**CALL, "fetch": {"path": "/orders/{order.id}"}, "when": "order.doc.state == 'waiting'"}
    channel = opened(described(cancel=wanted))
    assert isinstance(channel, CancelsOrders)
    shop.get(f"{URL}/orders/7", json={"state": "waiting"})
    shop.post(f"{URL}/orders/7/accept", json={"message": "too late"}, status=422)
    shop.get(f"{URL}/orders/8", json={"state": "gone"})

    channel.cancel_order("8", reason="")
    with pytest.raises(RequestRefusedError, match="too late"):
        channel.cancel_order("7", reason="sold out")
    assert len(shop.calls) == 3


def test_when_no_calls_are_left_none_leaves(shop: responses.RequestsMock) -> None:
    rate = {"remaining": "X-Left", "reset": "X-Reset-Ms", "reset_unit": "ms"}
    channel = opened(described(rate=rate))
    shop.get(f"{URL}/me", json={}, headers={"X-Left": "0", "X-Reset-Ms": "30000"})
    channel.check()

    with pytest.raises(RetryLaterError) as raised:
        channel.check()

    assert raised.value.retry_after_s == pytest.approx(30, abs=2)
    assert len(shop.calls) == 1


def test_a_pace_is_kept_without_being_told(shop: responses.RequestsMock) -> None:
    channel = opened(described(name="paced", check__request={"path": "/me", "pace": {"min_interval_s": 60}}))
    shop.get(f"{URL}/me", json={})
    channel.check()

    with pytest.raises(RetryLaterError, match="allowance"):
        channel.check()


def test_a_read_that_is_tried_again_keeps_the_pace_too(shop: responses.RequestsMock) -> None:
    channel = opened(
        described(name="retried", check__request={"path": "/me", "pace": {"min_interval_s": 61}})
    )
    shop.get(f"{URL}/me", status=429, json={}, headers={"Retry-After": "0"})

    with pytest.raises(RetryLaterError, match="allowance"):
        channel.check()

    assert len(shop.calls) == 1


def test_a_header_of_its_own_says_how_long_to_wait(shop: responses.RequestsMock) -> None:
    rate = {"retry_after": "X-Wait-Ms", "retry_after_unit": "ms"}
    shop.get(f"{URL}/me", status=429, json={}, headers={"X-Wait-Ms": "9000"})

    with pytest.raises(RetryLaterError) as raised:
        opened(described(rate=rate)).check()

    assert raised.value.retry_after_s == 9


def test_a_read_that_fails_twice_alike_is_a_mistake_of_ours(shop: responses.RequestsMock) -> None:
    rules = {"rules": [{"status": 500, "then": "retry_once"}]}
    shop.get(f"{URL}/me", status=500, json={"message": "bad parameter"})

    with pytest.raises(RequestRefusedError, match="bad parameter"):
        opened(described(errors=rules)).check()
    assert len(shop.calls) == 2


def test_every_encoding_is_written_as_it_is_named(shop: responses.RequestsMock) -> None:
    request = {"method": "POST", "path": "/n", "encode": "xml", "root": "Request", "body": {"Skus": {"Sku": "=items[].{Id: pool, Qty: quantity}"}}}  # fmt: skip
    shop.post(f"{URL}/n", json={"items": []})

    opened(described(push__request=request)).push_quantities([push("A&B")])

    sent = shop.calls[0].request.body
    assert isinstance(sent, bytes)
    assert b"<Request><Skus><Sku><Id>A&amp;B</Id><Qty>5</Qty></Sku></Skus></Request>" in sent
