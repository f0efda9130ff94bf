"""A recording holds no secret and no buyer, and is replayed without a network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from syncworker.connector import KeptToken, QuantityMode, QuantityPush, RetryLaterError
from syncworker.connector.conformance import Bench, certify
from syncworker.connector.registry import load, validate
from syncworker.connector.scrubbing import scrubbed
from syncworker.connector.tape import NothingRecordedError, recording, replaying
from syncworker.sandbox.pools import ListingSeed
from syncworker.sandbox.process import ShopAddress, start_sandbox
from syncworker.sandbox.profile import ShopProfile
from syncworker.sandbox.setup import ShopSetup
from tests.connectors.shops import LONG_AGO

TOKEN = "9c1f-token-of-the-tape"


@pytest.fixture(scope="module")
def shop() -> Iterator[ShopAddress]:
    seeds = tuple(ListingSeed(sku=f"BIN-{n}", price="1000", quantity=9) for n in range(5))
    profile = ShopProfile(name="taped", page_size=2)
    with start_sandbox([ShopSetup(profile=profile, token=TOKEN, listings=seeds)]) as sandbox:
        address = sandbox.shops["taped"]
        for _ in range(3):
            address.control.buy("BIN-1", 1, "Siti Aminah")
        yield address


def settings(shop: ShopAddress) -> dict[str, object]:
    return {"base_url": shop.base_url, "token": TOKEN, "allow_private_network": True, "feeds": "single"}


def walked(shop: ShopAddress) -> tuple[list[str], list[str]]:
    """Order and listing ids of a whole walk."""
    connector = load("marketplace")
    channel = connector.open("taped", validate(connector, settings(shop)), KeptToken())
    orders, listings = [], []
    cursor: str | None = None
    while True:
        page = channel.list_orders("orders", since=LONG_AGO, cursor=cursor)
        orders += [one.external_id for one in page.orders]
        cursor = page.next_cursor
        if cursor is None:
            break
    while True:
        found = channel.list_listings(cursor=cursor)
        listings += [one.listing_id for one in found.listings]
        cursor = found.next_cursor
        if cursor is None:
            return orders, listings


def test_what_is_recorded_is_replayed_as_often_as_wanted(shop: ShopAddress, tmp_path: Path) -> None:
    with recording(tmp_path / "shop.json") as tape:
        live = walked(shop)
    asked = len(tape.calls)

    with replaying(tmp_path / "shop.json"):
        again = [walked(shop) for _ in range(2)]

    assert [len(ids) for ids in live] == [3, 5]
    assert asked == 5
    assert again == [live, live]


def test_a_recording_holds_neither_secret_nor_buyer(shop: ShopAddress, tmp_path: Path) -> None:
    with recording(tmp_path / "shop.json"):
        walked(shop)

    text = (tmp_path / "shop.json").read_text()

    assert TOKEN not in text
    assert "Siti" not in text
    assert "[somebody]" in text


def test_recorded_answers_carry_the_checks_that_need_no_far_side(shop: ShopAddress, tmp_path: Path) -> None:
    connector = load("marketplace")
    with recording(tmp_path / "shop.json"):
        walked(shop)
        connector.open("taped", validate(connector, settings(shop)), KeptToken()).check()

    with replaying(tmp_path / "shop.json"):
        bench = Bench(
            connector=connector,
            settings=settings(shop),
            without_shop="recorded answers",
            skips={"wrong-secret": "a recording believes every secret"},
        )
        report = certify("recorded", bench)

    assert [(one.check.id, one.words) for one in report.failures] == []


def test_what_was_not_recorded_is_named(shop: ShopAddress, tmp_path: Path) -> None:
    with recording(tmp_path / "empty.json"):
        pass

    with replaying(tmp_path / "empty.json"), pytest.raises(NothingRecordedError, match="GET"):
        walked(shop)


def test_a_call_without_an_answer_is_written_down_too() -> None:
    connector = load("marketplace")
    nowhere = {"base_url": "http://127.0.0.1:9/v1", "token": TOKEN, "allow_private_network": True}
    channel = connector.open("taped", validate(connector, nowhere), KeptToken())

    push = QuantityPush(push_id="1", pool_key="P1", kind=QuantityMode.SET, value=1)

    with recording() as tape, pytest.raises(RetryLaterError):
        channel.push_quantities([push])

    assert tape.calls[0].status is None
    assert tape.calls[0].problem


def test_the_shape_stays_when_people_go() -> None:
    answer = {
        "access_token": "t",
        "orders": [
            {"id": 7, "buyer": {"name": "Siti", "phone": "0812", "age": 41}, "sku": "BIN", "note": None},
            {"id": 8, "shipping_address": ["Jl. Merdeka 1", "Purbalingga"], "is_buyer_known": True},
        ],
    }

    assert scrubbed(answer, str) == {
        "access_token": "[redacted]",
        "orders": [
            {
                "id": 7,
                "buyer": {"name": "[somebody]", "phone": "[somebody]", "age": 0},
                "sku": "BIN",
                "note": None,
            },
            {"id": 8, "shipping_address": ["[somebody]", "[somebody]"], "is_buyer_known": True},
        ],
    }
