"""Is a product listed at every aggregator with nothing on sale, once, and refused in the channel's own words?"""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest

from syncworker.connector import (
    ListingDraft,
    ListingRejectedError,
    ListingUpdate,
    Money,
    OutcomeUnknownError,
    RemoteListing,
    RetryLaterError,
    UpdatesListings,
)
from syncworker.sandbox.process import Sandbox
from tests.connectors.aggregators.counterparts import HABITS, Counterpart, open_counterpart
from tests.waiting import await_condition

KINDS = tuple(HABITS)


@pytest.fixture(params=KINDS)
def shop(request: pytest.FixtureRequest, sandbox: Sandbox) -> Counterpart:
    """Each kind's shop in turn, at rest."""
    return at_rest(open_counterpart(sandbox, request.param))


@pytest.fixture
def medusa(sandbox: Sandbox) -> Counterpart:
    return at_rest(open_counterpart(sandbox, "medusa"))


def at_rest(shop: Counterpart) -> Counterpart:
    await_condition(shop.is_at_rest, 5, "the end of what was sent before")
    return shop


def draft(**changes: object) -> ListingDraft:
    sku = f"NEW-{uuid.uuid4().hex[:8].upper()}"
    told: dict[str, object] = {
        "sku": sku,
        "title": "Keranjang bambu",
        "price": Money(Decimal("85000.50"), "IDR"),
        "idempotency_key": sku,
        "description": "Woven by hand",
        "images": ("https://shop.example/1.jpg", "https://shop.example/2.jpg"),
    }
    return ListingDraft(**{**told, **changes})  # type: ignore[arg-type]  # a draft's own fields, changed by name


def publish(shop: Counterpart, new: ListingDraft) -> RemoteListing:
    """As soon as the channel takes another one."""
    told: list[RemoteListing] = []

    def went() -> bool:
        try:
            told.append(shop.channel.publish(new))
        except RetryLaterError:
            return False
        return True

    await_condition(went, 3, "the end of the channel's pause")
    return told[0]


def stands(shop: Counterpart, sku: str) -> tuple[object, object]:
    """How many listings there are of a SKU, and what would sell of it."""
    pools = shop.control.truth(orders=False)["pools"]
    assert isinstance(pools, list)
    found = [pool for pool in pools if sku in pool["skus"]]
    return sum(len(pool["listing_ids"]) for pool in found), sum(pool["sellable"] for pool in found)


def test_a_product_is_listed_with_nothing_on_sale_and_only_once(shop: Counterpart) -> None:
    new = draft()

    first = publish(shop, new)
    second = publish(shop, new)

    assert shop.channel.capabilities().publishes
    assert first.quantity in {0, None}
    assert (first.sku, second.sku, second.listing_id) == (new.sku, new.sku, first.listing_id)
    assert not second.created
    assert stands(shop, new.sku) == (1, 0)


def test_a_listed_product_takes_a_number(shop: Counterpart) -> None:
    new = draft()
    listed = publish(shop, new)
    shop.pools[new.sku] = listed.pool_key

    shop.push(**{new.sku: 4})

    await_condition(lambda: stands(shop, new.sku) == (1, 4), 3, "the number")


def test_a_lost_answer_is_unknown_and_publishing_again_finds_the_product(shop: Counterpart) -> None:
    new = draft()
    # Medusa makes an inventory item first; the fault shall strike the product itself.
    if shop.kind == "medusa":
        shop.control.order_faults({"kind": "server_error", "operation": "publish", "count": 1, "status": 500})
        with pytest.raises(OutcomeUnknownError):
            publish(shop, new)
    # Every call until then: one that comes too soon is refused, and would use up a single one.
    shop.control.order_faults({"kind": "cut_after", "operation": "publish"})

    with pytest.raises(OutcomeUnknownError):
        publish(shop, new)
    shop.control.clear_faults()
    found = publish(shop, new)

    assert found.sku == new.sku
    assert stands(shop, new.sku) == (1, 0)


def test_a_product_that_is_turned_down_comes_with_the_channels_words(shop: Counterpart) -> None:
    # Each kind finds another fault with it.
    bad: dict[str, dict[str, object]] = {
        "woocommerce": {"price": Money(Decimal("1.123456"), "IDR")},
        "channelengine": {"sku": " BLANKS "},
        "mirakl": {"sku": " BLANKS "},
        "medusa": {"sku": " BLANKS "},
    }
    new = draft(**bad[shop.kind])

    with pytest.raises(ListingRejectedError) as raised:
        publish(shop, new)

    assert len(str(raised.value)) > len(new.sku) + 10
    assert stands(shop, new.sku) == (0, 0)


@pytest.mark.parametrize("kind", ["medusa", "mirakl"])
def test_without_what_it_needs_to_know_a_channel_lists_nothing(sandbox: Sandbox, kind: str) -> None:
    needed: dict[str, dict[str, object]] = {
        "medusa": {"sales_channel_id": None},
        "mirakl": {"state_code": None, "product_id_type": None},
    }
    shop = open_counterpart(sandbox, kind, **needed[kind])

    with pytest.raises(ListingRejectedError, match=next(iter(needed[kind]))):
        publish(shop, draft())
    assert not shop.channel.capabilities().publishes


@pytest.mark.parametrize("kind", ["medusa", "mirakl"])
def test_without_a_price_nothing_is_sent(sandbox: Sandbox, kind: str) -> None:
    shop = open_counterpart(sandbox, kind)
    before = shop.control.truth(orders=False)["calls"]

    with pytest.raises(ListingRejectedError, match="without a price"):
        publish(shop, draft(price=None))

    assert shop.control.truth(orders=False)["calls"] == before


def test_a_medusa_product_that_was_half_made_is_finished(medusa: Counterpart) -> None:
    new = draft()
    medusa.control.order_faults({"kind": "cut_after", "operation": "publish", "count": 1})
    with pytest.raises(OutcomeUnknownError):
        publish(medusa, new)
    assert stands(medusa, new.sku) == (0, 0)

    listed = publish(medusa, new)

    assert listed.created
    (reading,) = medusa.channel.read_quantities([listed.pool_key])
    assert (reading.quantity, stands(medusa, new.sku)) == (0, (1, 0))


def test_a_medusa_item_that_has_units_already_is_not_put_on_sale(medusa: Counterpart) -> None:
    new = draft()
    medusa.control.order_faults({"kind": "cut_after", "operation": "publish", "count": 1})
    with pytest.raises(OutcomeUnknownError):
        publish(medusa, new)
    pools = medusa.control.truth(orders=False)["pools"]
    assert isinstance(pools, list)
    medusa.control.edit_quantity(pool_id=pools[-1]["pool_id"], quantity=3)

    with pytest.raises(ListingRejectedError, match="has units already"):
        publish(medusa, new)

    assert stands(medusa, new.sku) == (0, 0)


def test_a_mirakl_job_that_is_not_through_is_unknown(sandbox: Sandbox) -> None:
    shop = at_rest(open_counterpart(sandbox, "mirakl", job_wait_s=0))
    new = draft()

    with pytest.raises(OutcomeUnknownError, match="still working"):
        publish(shop, new)

    assert not publish(shop, new).created


def test_a_mirakl_offer_stands_on_the_product_that_the_seller_names(sandbox: Sandbox) -> None:
    new = draft()
    known = open_counterpart(sandbox, "mirakl", product_id_type="EAN", product_ids={new.sku: "4006381333931"})
    strange = open_counterpart(sandbox, "mirakl", product_id_type="RUNES")
    at_rest(known)

    assert publish(known, new).sku == new.sku
    with pytest.raises(ListingRejectedError, match="does not exist"):
        publish(strange, draft())


def test_channelengine_changes_what_is_named_and_leaves_the_number(sandbox: Sandbox) -> None:
    shop = open_counterpart(sandbox, "channelengine")
    new = draft()
    listed = publish(shop, new)
    shop.pools[new.sku] = listed.pool_key
    shop.push(**{new.sku: 4})
    assert isinstance(shop.channel, UpdatesListings)

    changed = shop.channel.update_listing(
        ListingUpdate(listing_id=listed.listing_id, sku=new.sku, title="Tas", price=Money(Decimal(9), "IDR"))
    )

    assert (changed.title, shop.number(new.sku)) == ("Tas", 4)
    with pytest.raises(ListingRejectedError, match="could not be found"):
        shop.channel.update_listing(ListingUpdate(listing_id="NOBODY", sku="NOBODY", title="Tas"))
