"""Listings are found, linked, published; a line that nobody can place waits for a person. Against a real shop."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from syncworker.sandbox.process import ShopAddress, start_sandbox
from syncworker.sandbox.setup import builtin_shops
from tests.interfaces.conftest import Shop
from tests.waiting import await_condition


@pytest.fixture
def warung() -> Iterator[ShopAddress]:
    with start_sandbox(builtin_shops()[:1]) as running:
        yield running.shops["warung"]


@pytest.fixture
def selling(stocked: Shop, warung: ShopAddress) -> Shop:
    """A shop that was just added; none of its listings is linked."""
    facts = (
        "visibility_lag_s=0.5",
        "horizon_s=3",
        "poll_s=1",
        "read_lag_s=0",
        "readable=true",
        "feeds=single",
    )
    pairs = (f"base_url={warung.base_url}", f"token={warung.token}", "allow_private_network=true", *facts)
    stocked.ok(
        "channel",
        "add",
        "warung",
        "--connector",
        "marketplace",
        *(part for pair in pairs for part in ("--set", pair)),
    )
    stocked.ok("channel", "check", "warung")
    return stocked


def _buy_unlinked(shop: Shop, warung: ShopAddress) -> str:
    """An order of a listing that nobody linked, as far as the ledger knows it."""
    warung.control.edit_quantity(sku="BIN-BAMBU", quantity=5)
    order_id = str(warung.control.buy("BIN-BAMBU", 2)["order_id"])

    def waits() -> bool:
        shop.run("resync", "warung")
        return shop.json("order", "list", "--waiting")["orders"] != []

    await_condition(waits, 30, "the order in quarantine")
    return order_id


def test_a_line_that_waits_is_mapped_by_a_person(selling: Shop, warung: ShopAddress) -> None:
    order_id = _buy_unlinked(selling, warung)
    incidents = selling.json("incident", "list")["incidents"]
    said = selling.refused("order", "map", "warung", order_id, "NOPE")

    selling.ok("order", "map", "warung", order_id, "PENGKI-BAMBU")

    assert isinstance(incidents, list)
    assert [one["kind"] for one in incidents] == ["quarantine"]
    assert said.startswith("Error: SKU 'NOPE' is not in the catalogue.")
    stock = selling.json("stock", "show", "PENGKI-BAMBU")["stock"]
    assert isinstance(stock, list)
    assert stock[0]["reserved"] == 2
    assert selling.json("order", "list", "--waiting") == {"orders": []}
    assert selling.refused("order", "map", "warung", order_id, "BIN-BAMBU") == (
        f"Error: Order {order_id!r} at warung has no line that waits. See `syncworker order list --waiting`."
    )


def test_a_line_that_is_none_of_ours_is_left_out(selling: Shop, warung: ShopAddress) -> None:
    order_id = _buy_unlinked(selling, warung)

    document = selling.json("order", "ignore", "warung", order_id)

    assert (document["order"], document["sku"]) == (order_id, None)
    stock = selling.json("stock", "show", "BIN-BAMBU")["stock"]
    assert isinstance(stock, list)
    assert stock[0]["reserved"] == 0


def test_a_link_takes_up_the_lines_that_waited_for_it(selling: Shop, warung: ShopAddress) -> None:
    _buy_unlinked(selling, warung)
    suggestions = selling.json("listing", "suggest", "warung", code=3)["suggestions"]
    assert isinstance(suggestions, list)
    listing = next(one["listing"] for one in suggestions if one["sku"] == "BIN-BAMBU")

    selling.ok("listing", "link", "warung", listing, "BIN-BAMBU")

    stock = selling.json("stock", "show", "BIN-BAMBU")["stock"]
    assert isinstance(stock, list)
    assert stock[0]["reserved"] == 2
    assert selling.json("incident", "list") == {"incidents": []}


def test_listings_are_listed_suggested_and_published(selling: Shop) -> None:
    listed = selling.json("listing", "list", "--channel", "warung", "--refresh")["listings"]
    applied = selling.json("listing", "suggest", "warung", "--apply")
    again = selling.json("listing", "suggest", "warung")
    published = selling.json("product", "publish", "warung")

    assert isinstance(listed, list)
    assert set(listed[0]) == {
        "channel", "external_id", "pool_key", "remote_sku", "title", "sku", "pool_id", "state", "price", "currency",
        "seen_at", "unlinking", "managed", "wanted_active", "sent", "refusal", "contents",
    }  # fmt: skip
    assert isinstance(applied["suggestions"], list)
    assert len(applied["suggestions"]) == 4
    assert again == {"applied": False, "suggestions": []}
    assert published == {"channel": "warung", "published": [], "linked": [], "rejected": []}


def test_a_channel_that_nobody_looked_at_is_not_said_to_have_nothing_to_link(
    stocked: Shop, warung: ShopAddress
) -> None:
    pairs = (f"base_url={warung.base_url}", f"token={warung.token}", "allow_private_network=true")
    stocked.ok(
        "channel",
        "add",
        "warung",
        "--connector",
        "marketplace",
        *(part for pair in pairs for part in ("--set", pair)),
    )

    unseen = stocked.ok("listing", "suggest", "warung")
    stocked.ok("channel", "check", "warung")
    stocked.ok("listing", "suggest", "warung", "--apply")

    assert "Look first: `syncworker channel check warung`" in unseen
    assert "Nothing to link" not in unseen
    assert "Nothing to link" in stocked.ok("listing", "suggest", "warung")


def test_a_listing_is_unlinked(selling: Shop) -> None:
    selling.ok("listing", "suggest", "warung", "--apply")
    rows = selling.json("listing", "list", "--channel", "warung")["listings"]
    assert isinstance(rows, list)
    listing_id = next(row["external_id"] for row in rows if row["sku"] == "BIN-BAMBU")
    selling.ok("channel", "go-live", "warung", "--yes", "--wait")

    document = selling.json("listing", "unlink", "warung", listing_id, "--wait", "--timeout", "60")
    again = selling.refused("listing", "unlink", "warung", listing_id)

    assert document == {
        "channel": "warung", "listing": listing_id, "sku": "BIN-BAMBU", "unlinked": True, "may_still_sell": 0,
    }  # fmt: skip
    assert again == f"Error: Listing {listing_id} at warung is linked to nothing."


def test_a_listing_that_was_never_seen(selling: Shop) -> None:
    assert selling.refused("listing", "link", "warung", "nope", "BIN-BAMBU") == (
        "Error: Channel 'warung' has no listing 'nope' that we know of."
        " Look it up with `syncworker listing list --channel warung`."
    )


def test_go_live_needs_a_listing_and_asks(selling: Shop) -> None:
    bare = selling.refused("channel", "go-live", "warung")
    selling.ok("listing", "suggest", "warung", "--apply")
    asked = selling.refused("channel", "go-live", "warung")
    plan = selling.json("channel", "go-live", "warung", "--dry-run", code=3)

    assert bare.startswith("Error: warung has no listing of ours yet.")
    assert asked == (
        "Error: Go live at warung with this plan? Nobody can answer here: add --yes if you mean it."
    )
    assert plan["live"] is False
    assert isinstance(plan["plan"], list)
    assert set(plan["plan"][0]) == {"pool_id", "sku", "shown", "keeps", "needs_person"}


def test_a_large_import_asks(stocked: Shop) -> None:
    rows = "\n".join(f"CUP-{number:04},Cup,1,1000,IDR" for number in range(501))
    path = stocked.write("many.csv", f"sku,title,on_hand,price,currency\n{rows}\n")

    said = stocked.run("product", "import", str(path))
    taken = stocked.json("product", "import", str(path), "--yes")

    assert said.exit_code == 2
    assert "Change 501 rows? Nobody can answer here: add --yes if you mean it." in said.stderr
    assert taken["new"] == 501
