"""Listings say what the catalogue says: only what changed is sent, once, and what is refused waits for a change."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from syncworker.connector import (
    ChannelMisconfiguredError,
    ListingRejectedError,
    Money,
    OutcomeUnknownError,
    RequestRefusedError,
    RetryLaterError,
)
from syncworker.core.pricing import PriceRule, Rounding
from syncworker.errors import InputError
from syncworker.ledger import channels, incidents
from syncworker.ledger.incidents import IncidentKind
from syncworker.ledger.jobs import JobKind
from syncworker.ledger.ledger import Ledger, Transaction
from syncworker.sync import goods
from syncworker.sync.contents import ContentsState, contents_state
from syncworker.sync.listings import discover, link_suggested
from syncworker.sync.prices import clear_price, set_price
from syncworker.sync.publishing import publish
from syncworker.sync.showing import manage, retry, show
from syncworker.sync.tick import tick
from tests.sync.shopfront import BIN, BROOM, FACTS, Business

pytestmark = pytest.mark.parametrize("any_database", ["memory"], indirect=True)


@pytest.fixture
def business(manual_ledger: Ledger) -> Business:
    """Both products published by us, the shop live and in step."""
    business = Business(manual_ledger)
    publish(business.context, "shop")
    business.go_live()
    business.run(4)
    return business


def _state(business: Business, sku: str) -> ContentsState | None:
    return contents_state(business.listing(sku), {"shop"})


def _open(business: Business, kind: IncidentKind) -> list[dict[str, object]]:
    with business.ledger.snapshot() as tx:
        return [dict(one.details) for one in incidents.open_incidents(tx, kind=kind)]


# --- only what changed ---------------------------------------------------------------------------------------------


def test_what_was_published_is_not_told_again(business: Business) -> None:
    assert business.shop.updates == []
    assert _state(business, "BIN") is ContentsState.IN_STEP


def test_one_changed_word_is_one_call_with_that_word_alone(business: Business) -> None:
    business.save(replace(BIN, title="Bamboo bin"), BROOM)
    waiting = _state(business, "BIN")
    business.run(3)

    assert business.shop.changes() == [{"title": "Bamboo bin"}]
    assert (waiting, _state(business, "BIN")) == (ContentsState.TO_BE_SENT, ContentsState.IN_STEP)


def test_description_and_pictures_are_told(business: Business) -> None:
    images = ("https://img.example/1.jpg", "https://img.example/2.jpg")
    business.save(replace(BIN, description="Woven.\nBy hand.", images=images))
    business.run()

    assert business.shop.changes() == [{"description": "Woven.\nBy hand.", "images": images}]


def test_what_the_catalogue_does_not_say_is_left_as_it_is_there(business: Business) -> None:
    business.save(replace(BIN, price=None, currency=None))
    business.run()

    assert business.shop.updates == []


def test_what_changed_back_before_it_was_sent_is_no_call(business: Business) -> None:
    business.save(replace(BIN, title="Bamboo bin"))
    business.save(BIN)
    business.run()

    assert business.shop.updates == []


def test_what_a_channel_cannot_change_is_not_told(manual_ledger: Ledger) -> None:
    business = Business(manual_ledger, capabilities=replace(FACTS, listing_fields=("price",)))
    publish(business.context, "shop")
    business.go_live()
    business.save(replace(BIN, title="Bamboo bin", price=Decimal(90000)))
    business.run()

    assert business.shop.changes() == [{"price": Money(Decimal(90000), "IDR")}]
    assert _state(business, "BIN") is ContentsState.IN_STEP
    with pytest.raises(InputError, match="hidden and shown on its own pages"):
        business.ledger.run(lambda tx: show(tx, "shop", ["BIN"], is_shown=False))


def test_nothing_is_told_while_a_channel_is_only_observed(manual_ledger: Ledger) -> None:
    business = Business(manual_ledger)
    publish(business.context, "shop")
    business.save(replace(BIN, title="Bamboo bin"))
    business.run(2)

    assert business.shop.updates == []


# --- prices --------------------------------------------------------------------------------------------------------


def test_a_new_price_rule_is_told_as_prices_alone(business: Business) -> None:
    business.register(PriceRule(factor=Decimal("1.05"), round_to=Decimal(500), rounding=Rounding.UP))
    business.run()

    assert business.shop.changes() == [
        {"price": Money(Decimal(89500), "IDR")},
        {"price": Money(Decimal(31500), "IDR")},
    ]


def test_a_fixed_price_stands_until_it_is_cleared(business: Business) -> None:
    business.ledger.run(lambda tx: set_price(tx, "shop", "BIN", amount="99000", currency="IDR"))
    business.run()
    business.save(replace(BIN, price=Decimal(1)))
    business.run()
    business.ledger.run(lambda tx: clear_price(tx, "shop", "BIN"))
    business.run()

    assert [one["price"] for one in business.shop.changes()] == [
        Money(Decimal(99000), "IDR"),
        Money(Decimal(1), "IDR"),
    ]


def test_a_price_in_another_currency_is_refused_where_it_is_typed(business: Business) -> None:
    with pytest.raises(InputError, match="has its prices in IDR, not in SGD"):
        business.ledger.run(lambda tx: set_price(tx, "shop", "BIN", amount="9.90", currency="SGD"))


def test_a_catalogue_price_in_another_currency_is_never_sent(business: Business) -> None:
    business.save(replace(BIN, price=Decimal("9.90"), currency="SGD"))
    business.run()

    assert business.shop.updates == []
    assert _state(business, "BIN") is ContentsState.REFUSED
    assert "that of BIN is in SGD" in str(business.listing("BIN").refusal)


# --- whose words ---------------------------------------------------------------------------------------------------


def test_words_that_waited_beside_such_a_price_are_sent_once_there_is_none(business: Business) -> None:
    """The channel never refused them: we did not ask."""
    business.save(replace(BIN, title="Big bin", price=Decimal("9.90"), currency="SGD"))
    business.run(2)

    business.save(replace(BIN, title="Big bin", price=None, currency=None))
    business.run(2)

    assert business.shop.changes() == [{"title": "Big bin"}]
    assert _open(business, IncidentKind.LISTING_REFUSED) == []


def test_words_that_got_no_answer_are_taken_back_by_sending_the_old_ones(business: Business) -> None:
    """The channel may have taken them, so that the old ones are news to it."""
    business.save(replace(BIN, title="Big bin"))
    business.shop.troubles = [OutcomeUnknownError("no answer")]
    business.run(1)

    business.save(BIN)
    business.run(8)

    assert business.shop.changes() == [{"title": "Big bin"}, {"title": "Bin"}]


def test_what_a_seller_wrote_by_hand_is_never_overwritten(manual_ledger: Ledger) -> None:
    business = Business(manual_ledger)
    business.shop.add("BIN", 3)
    discover(business.context, "shop")
    business.ledger.run(lambda tx: link_suggested(tx, business.context, "shop", actor="test"))
    business.go_live()
    business.save(replace(BIN, title="Bamboo bin"))
    business.run(3)

    assert business.shop.updates == []
    assert _state(business, "BIN") is ContentsState.NOT_MANAGED

    business.ledger.run(lambda tx: manage(tx, "shop", ["BIN"]))
    business.run()
    assert business.shop.changes() == [{"title": "Bamboo bin", "price": Money(Decimal(85000), "IDR")}]


def test_taking_a_listing_over_sends_nothing_that_stands_there_already(manual_ledger: Ledger) -> None:
    business = Business(manual_ledger)
    business.shop.listings["BIN"] = replace(
        business.shop.add("BIN", 3), title="Bin", price=Money(Decimal("85000.00"), "IDR")
    )
    discover(business.context, "shop")
    business.ledger.run(lambda tx: link_suggested(tx, business.context, "shop", actor="test"))
    business.go_live()
    business.ledger.run(lambda tx: manage(tx, "shop", None))
    business.run()

    assert business.shop.updates == []
    assert _state(business, "BIN") is ContentsState.IN_STEP


def test_a_listing_that_is_the_sellers_again_is_left_alone(business: Business) -> None:
    business.ledger.run(lambda tx: manage(tx, "shop", ["BIN"], is_ours=False))
    business.save(replace(BIN, title="Bamboo bin"))
    business.run()

    assert business.shop.updates == []


def test_publishing_finds_what_is_listed_already_and_creates_no_second_one(manual_ledger: Ledger) -> None:
    business = Business(manual_ledger)
    business.shop.add("BIN", 3, listing_id="by-hand", pool_key="p-7")

    report = publish(business.context, "shop")

    assert (report.published, report.linked, report.rejected) == (("BROOM",), ("BIN",), ())
    assert sorted(business.shop.listings) == ["BROOM", "by-hand"]
    assert business.shop.pools["p-7"].quantity == 3
    assert not business.listing("BIN").managed
    assert business.listing("BROOM").managed


def test_a_channel_that_takes_no_changes_has_no_such_work(manual_ledger: Ledger) -> None:
    business = Business(manual_ledger, can_update=False)
    publish(business.context, "shop")
    business.go_live()
    business.save(replace(BIN, title="Bamboo bin"))
    business.run(2)

    assert business.shop.updates == []
    with pytest.raises(InputError, match="own pages alone"):
        business.ledger.run(lambda tx: manage(tx, "shop", None))


# --- refused, failed -----------------------------------------------------------------------------------------------

REFUSALS = [
    ListingRejectedError("title has a bad word", sku="BIN"),
    RequestRefusedError("title has a bad word", status=422),
]


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_refusal_is_told_in_the_channels_words_and_waits_for_a_change(
    business: Business, refusal: Exception
) -> None:
    business.shop.troubles = [refusal]
    business.save(replace(BIN, title="Bad bin"))
    business.run(3)
    business.save(replace(BIN, title="Bad bin"))
    business.run(3)

    assert len(business.shop.updates) == 1
    assert _state(business, "BIN") is ContentsState.REFUSED
    (told,) = _open(business, IncidentKind.LISTING_REFUSED)
    assert (told["sku"], told["message"]) == ("BIN", "title has a bad word")

    business.save(replace(BIN, title="Good bin"))
    business.run()
    assert len(business.shop.updates) == 2
    assert _state(business, "BIN") is ContentsState.IN_STEP
    assert _open(business, IncidentKind.LISTING_REFUSED) == []


def test_what_was_refused_is_sent_once_more_when_a_person_asks(business: Business) -> None:
    business.shop.troubles = [REFUSALS[0]]
    business.save(replace(BIN, title="Bin!"))
    business.run()
    business.ledger.run(lambda tx: retry(tx, "shop", None))
    business.run(2)

    assert business.shop.changes() == [{"title": "Bin!"}, {"title": "Bin!"}]
    assert _state(business, "BIN") is ContentsState.IN_STEP
    assert _open(business, IncidentKind.LISTING_REFUSED) == []


def test_a_refusal_ends_when_what_was_accepted_is_wanted_again(business: Business) -> None:
    business.shop.troubles = [REFUSALS[0]]
    business.save(replace(BIN, title="Bin!"))
    business.run()
    business.save(BIN)
    business.run()

    assert _state(business, "BIN") is ContentsState.IN_STEP
    assert _open(business, IncidentKind.LISTING_REFUSED) == []


@pytest.mark.parametrize("unclear", [OutcomeUnknownError("no answer"), ZeroDivisionError("nonsense")])
def test_an_update_without_an_answer_is_sent_again_and_closes_no_gate(
    business: Business, unclear: Exception
) -> None:
    business.shop.troubles = [unclear]
    business.save(replace(BIN, title="Bamboo bin"), replace(BROOM, title="Palm broom"))
    business.run()

    assert [one.sku for one in business.shop.updates] == ["BIN", "BROOM"]
    with business.ledger.snapshot() as tx:
        assert channels.load(tx, "shop").not_before is None
    business.run(8)
    assert [one.sku for one in business.shop.updates] == ["BIN", "BROOM", "BIN"]
    assert _state(business, "BIN") is ContentsState.IN_STEP


def test_a_channel_that_answers_no_update_is_told_of_and_its_numbers_go_on(business: Business) -> None:
    business.shop.troubles = [ChannelMisconfiguredError("no permission to edit")] * 99
    business.save(replace(BIN, title="Bamboo bin"))
    business.run()
    told = _open(business, IncidentKind.FAILING)
    business.ledger.run(_receive)
    business.run(5)

    assert [one["error"] for one in told] == ["no permission to edit"]
    assert business.shop.pools["BROOM"].quantity == 30
    business.shop.troubles = []
    business.run(8)
    assert _open(business, IncidentKind.FAILING) == []
    assert _state(business, "BIN") is ContentsState.IN_STEP


def _receive(tx: Transaction) -> None:
    goods.receive(tx, "BROOM", "main", 30, reference="r", actor="test")


def test_a_channel_that_wants_to_be_left_alone_is_left_alone(business: Business) -> None:
    business.shop.troubles = [RetryLaterError("slow down", retry_after_s=100)]
    business.save(replace(BIN, title="Bamboo bin"))
    business.run()

    assert tick(business.context) == []
    business.clock.advance(timedelta(seconds=100))
    business.run()
    assert business.shop.changes() == [{"title": "Bamboo bin"}] * 2


def test_listings_without_an_answer_do_not_hold_up_the_others_for_ever(business: Business) -> None:
    extra = [replace(BROOM, sku=f"A{n}", title=f"A{n}") for n in range(5)]
    business.save(*extra)
    publish(business.context, "shop")
    business.shop.troubles = [OutcomeUnknownError("no answer")] * 3
    business.save(*(replace(one, title="new") for one in [BIN, BROOM, *extra]))

    business.run(kinds=[JobKind.CONTENTS])
    first = {one.sku for one in business.shop.updates}
    business.run(7, kinds=[JobKind.CONTENTS])
    then = [one.sku for one in business.shop.updates][3:]

    assert len(first) == 3
    assert set(then[:4]).isdisjoint(first)
    assert len(then) == 7
