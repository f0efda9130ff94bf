"""Is the counter a channel that needs no network and keeps no number?"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from syncworker.connector import Channel, KeptToken, ListingDraft, Outcome, QuantityMode, QuantityPush
from syncworker.connector.registry import load, validate
from syncworker.errors import ConfigurationError


@pytest.fixture
def counter() -> Channel:
    connector = load("counter")
    return connector.open("pasar-minggu", validate(connector, {}), KeptToken())


def test_its_number_is_ours_without_any_lag(counter: Channel) -> None:
    rules = counter.capabilities().rules()

    assert rules.own_number
    assert rules.takes_orders
    assert (rules.visibility_lag_s, rules.apply_lag_s, rules.read_lag_s, rules.horizon_s) == (0, 0, 0, 0)


def test_nothing_is_pulled(counter: Channel) -> None:
    assert counter.capabilities().feeds == ()
    assert counter.list_orders("orders", since=datetime.now(UTC), cursor=None).orders == ()


@pytest.mark.parametrize(
    ("kind", "echo"), [(QuantityMode.SET, 4), (QuantityMode.COMPARE_AND_SET, 4), (QuantityMode.ADJUST, None)]
)
def test_a_number_is_applied_the_moment_it_is_given(
    counter: Channel, kind: QuantityMode, echo: int | None
) -> None:
    (result,) = counter.push_quantities(
        [QuantityPush(push_id="1", pool_key="A", kind=kind, value=4, expected=9)]
    )

    assert (result.push_id, result.outcome, result.echo) == ("1", Outcome.APPLIED, echo)


def test_a_products_sku_is_its_listing(counter: Channel) -> None:
    listing = counter.publish(ListingDraft(sku="UKIRAN-01", title="Ukiran", price=None, idempotency_key="1"))

    assert (listing.listing_id, listing.pool_key, listing.sku) == ("UKIRAN-01", "UKIRAN-01", "UKIRAN-01")


def test_it_is_shown_under_its_title() -> None:
    connector = load("counter")

    titled = connector.open("outlet-2", validate(connector, {"title": "Outlet Purwokerto"}), KeptToken())

    assert titled.check().name == "Outlet Purwokerto"
    assert connector.open("outlet-2", validate(connector, {}), KeptToken()).check().name == "outlet-2"


def test_it_needs_neither_address_nor_token() -> None:
    with pytest.raises(ConfigurationError, match="'base_url' is unknown"):
        validate(load("counter"), {"base_url": "https://shop.example"})
