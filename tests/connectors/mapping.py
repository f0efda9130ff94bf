"""The mapping of the shipped manifest `marketplace`, by itself: documents in, values out, nothing sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from syncworker.connector import (
    Answer,
    ChannelCheck,
    Json,
    KeptToken,
    Known,
    ListingPage,
    OrderPage,
    PushResult,
    QuantityKind,
    QuantityPush,
    Reading,
)
from syncworker.connector.declarative import DeclaredChannel
from syncworker.connector.declarative.dry_run import NoWire
from syncworker.connector.declarative.keys import Keys, Sending
from syncworker.connector.registry import validate
from syncworker_marketplace import shipped


def opened(**settings: object) -> DeclaredChannel:
    """One account that sends nothing."""
    connector = shipped("marketplace")
    raw = {"base_url": "https://shop.example/v1", "token": "not-checked-here"}
    return DeclaredChannel(
        connector.manifest,
        "toko",
        validate(
            connector, {**raw, **{name: value for name, value in settings.items() if value is not None}}
        ),
        KeptToken(),
        wire=lambda _base_url: NoWire(),
    )


_PLAIN = opened()
_RESTOCKING = {known: opened(restocks=known.value) for known in Known}
_COUNTING = {kind: opened(quantity_kind=kind.value) for kind in QuantityKind}


def order_page(document: Json, *, restocks: Known, channel_time: datetime | None) -> OrderPage:
    answer = Answer(status=200, body=document, headers={}, channel_time=channel_time)
    return _RESTOCKING[restocks].feeds["orders"].read(answer)


def listing_page(document: Json) -> ListingPage:
    listings = _PLAIN.listings
    return ListingPage(listings=listings.read(listings.rows(document), "listings"))


def readings(document: Json, pool_keys: Sequence[str], kind: QuantityKind) -> tuple[Reading, ...]:
    found = _COUNTING[kind].readings
    assert found is not None
    return found.calls[0].readings(document, [{"pool": key} for key in pool_keys])


def sending(pushes: Sequence[QuantityPush]) -> Sending:
    items = [Keys(_PLAIN.manifest).item(push) for push in pushes]
    return Sending(tuple(pushes), tuple(item for item in items if item is not None))


def push_body(pushes: Sequence[QuantityPush]) -> Json:
    assert _PLAIN.pushes is not None
    body = _PLAIN.pushes.calls[0].filled(sending(pushes)).json
    assert isinstance(body, dict)
    return body["items"]


def push_results(document: Json, pushes: Sequence[QuantityPush]) -> tuple[PushResult, ...]:
    assert _PLAIN.pushes is not None
    results = _PLAIN.pushes.calls[0].results
    assert results is not None
    sent = sending(pushes)
    return results.read(document, sent.pushes, sent.items)


def check(document: Json, configured: Mapping[str, object]) -> ChannelCheck:
    return opened(**configured).checking.read(document)


__all__ = ["check", "listing_page", "order_page", "push_body", "push_results", "readings"]
