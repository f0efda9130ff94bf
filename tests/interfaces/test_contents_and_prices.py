"""Prices, contents, hiding and cancelling as a person types them, against a real shop with the project's own contract."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from syncworker.sandbox.process import ShopAddress, start_sandbox
from syncworker.sandbox.setup import builtin_shops
from tests.interfaces.conftest import Shop
from tests.waiting import await_condition

FACTS = (
    "visibility_lag_s=1", "horizon_s=3", "poll_s=1", "read_lag_s=0", "readable=true", "feeds=single",
    "allow_private_network=true", "batch_max=50",
)  # fmt: skip


@pytest.fixture
def warung() -> Iterator[ShopAddress]:
    """An empty shop."""
    with start_sandbox(builtin_shops(listings=())[:1]) as running:
        yield running.shops["warung"]


@pytest.fixture
def selling(stocked: Shop, warung: ShopAddress) -> Shop:
    """Everything published, the shop live."""
    pairs = (f"base_url={warung.base_url}", f"token={warung.token}", *FACTS)
    stocked.ok("channel", "add", "warung", "--connector", "marketplace", *(f"--set={pair}" for pair in pairs))
    stocked.ok("listing", "publish", "warung")
    stocked.ok("channel", "go-live", "warung", "--yes")
    return stocked


def _contents(shop: Shop, sku: str) -> dict[str, object]:
    rows = shop.json("listing", "list", "--channel", "warung")["listings"]
    assert isinstance(rows, list)
    return next(row for row in rows if row["sku"] == sku)


def _there(shop: Shop, sku: str) -> dict[str, object]:
    """The listing as the shop has it."""
    shop.ok("listing", "list", "--channel", "warung", "--refresh")
    return _contents(shop, sku)


def test_a_price_and_a_title_reach_the_shop_as_one_call_each(selling: Shop) -> None:
    assert selling.json("listing", "update", "warung", "--dry-run") == {"channel": "warung", "updates": []}
    selling.ok("price", "set", "warung", "BIN-BAMBU", "99000", "IDR")
    planned = selling.json("listing", "update", "warung", "--dry-run", code=3)["updates"]
    state = _contents(selling, "BIN-BAMBU")["contents"]
    done = selling.json("listing", "update", "warung")
    again = selling.json("listing", "update", "warung")

    assert isinstance(planned, list)
    assert [one["after"] for one in planned] == [{"price": {"amount": "99000", "currency": "IDR"}}]
    assert (state, _contents(selling, "BIN-BAMBU")["contents"]) == ("to_be_sent", "in_step")
    assert isinstance(done["updated"], list)
    assert (len(done["updated"]), again["updated"]) == (1, [])
    assert _there(selling, "BIN-BAMBU")["price"] == "99000"


def test_prices_are_listed_with_where_they_come_from(selling: Shop) -> None:
    path = selling.folder / "channels.toml"
    path.write_text(path.read_text() + '\n[channels.warung.price]\nfactor = "1.05"\nround_to = "500"\n')
    selling.ok("price", "set", "warung", "UKIRAN-01", "500000", "IDR")
    document = selling.json("price", "list", "warung")

    assert document["rules"] == [
        {"channel": "warung", "factor": "1.05", "plus": "0", "round_to": "500", "rounding": "nearest"}
    ]
    prices = document["prices"]
    assert isinstance(prices, list)
    told = {one["sku"]: (one["amount"], one["currency"], one["source"]) for one in prices}
    assert told["BIN-BAMBU"] == ("89500", "IDR", "rule")
    assert told["UKIRAN-01"] == ("500000", "IDR", "fixed")
    assert "rounded to 500" in selling.ok("price", "list")
    selling.ok("price", "clear", "warung", "UKIRAN-01")
    assert selling.json("price", "list")["prices"] == []


MISTAKES: tuple[tuple[tuple[str, ...], str], ...] = (
    (("price", "set", "warung", "BIN-BAMBU", "9.90", "SGD"), "has its prices in IDR, not in SGD"),
    (("price", "set", "warung", "BIN-BAMBU", "85.000", "IDR"), "is no price"),
    (("price", "set", "warung", "BIN-BAMBU", "85000", "Rp"), "three letters"),
    (("price", "set", "warung", "NOPE", "85000", "IDR"), "not in the catalogue"),
    (("price", "set", "counter2", "BIN-BAMBU", "85000", "IDR"), "no channel 'counter2'"),
    (("listing", "manage", "warung"), "Name the SKUs, or say --all"),
    (("listing", "manage", "counter", "--all"), "own pages alone"),
    (("listing", "update", "counter"), "own pages alone"),
    (("listing", "hide", "warung", "NOPE"), "not in the catalogue"),
    (("order", "cancel", "warung", "nobody", "--reason", "x"), "No order nobody of warung is recorded"),
    (("order", "cancel", "warung", "nobody", "--reason", " "), "Say why"),
)


def test_what_cannot_be_meant_is_refused_with_the_next_step(selling: Shop) -> None:
    said = {args: (selling.refused(*args), sentence) for args, sentence in MISTAKES}

    assert {args: told for args, (told, sentence) in said.items() if sentence not in told} == {}


def test_a_hidden_product_is_emptied_and_comes_back(selling: Shop, warung: ShopAddress) -> None:
    selling.ok("resync", "warung", "--wait")
    selling.ok("listing", "hide", "warung", "PENGKI-BAMBU")

    def hides() -> bool:
        selling.run("resync", "warung", "--wait", "--timeout", "5")
        selling.run("listing", "update", "warung")
        return _contents(selling, "PENGKI-BAMBU")["contents"] == "hidden"

    await_condition(hides, 40, "the listing is hidden")
    assert warung.control.buy("PENGKI-BAMBU", 1).get("order_id") is None
    selling.ok("listing", "show", "warung", "PENGKI-BAMBU")

    def sells() -> bool:
        selling.run("listing", "update", "warung")
        selling.run("resync", "warung", "--wait", "--timeout", "5")
        return warung.control.buy("PENGKI-BAMBU", 1).get("order_id") is not None

    await_condition(sells, 40, "the listing sells again")
