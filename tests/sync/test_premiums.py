"""What is due to makers follows the lines: when it was sold, at the premium of then, less what was taken back, in its month."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from syncworker.connector import Capabilities, QuantityMode
from syncworker.core.premium import Earned
from syncworker.errors import InputError, UnknownSkuError
from syncworker.ledger import Ledger, orders, premiums
from syncworker.ledger.premiums import PremiumSum
from syncworker.ledger.products import Product, list_products
from syncworker.ledger.schema import premium
from syncworker.sync import channels as use
from syncworker.sync import holding
from syncworker.sync.makers import set_maker
from syncworker.sync.publishing import publish
from syncworker.sync.sale import add_sale
from tests.sync.shopfront import BIN, BROOM, Business

STALL = Capabilities(own_number=True, mode=QuantityMode.COMPARE_AND_SET, feeds=())
SET = Product(sku="SET", title="Bin and broom", parts={"BIN": 1, "BROOM": 2}, currency="IDR")


#: Where the question to the database is what the test is about; the others ask both under `make prove`.
BOTH = pytest.mark.parametrize("any_database", ["memory", "postgresql"], indirect=True)


@pytest.fixture(params=("memory", pytest.param("postgresql", marks=pytest.mark.prove)))
def any_database(request: pytest.FixtureRequest) -> str:
    """The kind of database of ``manual_ledger``."""
    return str(request.param)


@pytest.fixture
def business(manual_ledger: Ledger) -> Business:
    """Bins by Slamet at 5,000 and brooms by Tini at 1,500, at a shop and a stall."""
    business = Business(manual_ledger)
    business.clock.advance(datetime(2026, 11, 2, 3, tzinfo=UTC) - business.clock.time)
    business.save(SET)
    pay(business, "BIN", "Slamet", 5000)
    pay(business, "BROOM", "Tini", 1500)
    publish(business.context, "shop")
    business.go_live()
    business.run(3)
    return business


def pay(business: Business, sku: str, maker: str, amount: int) -> None:
    business.ledger.run(lambda tx: set_maker(tx, sku, maker=maker, premium=Decimal(amount)))


def month(business: Business, number: int, *, maker: str | None = None) -> list[PremiumSum]:
    with business.ledger.snapshot() as tx:
        return premiums.between(
            tx,
            datetime(2026, number, 1, tzinfo=UTC),
            datetime(2026 + number // 12, number % 12 + 1, 1, tzinfo=UTC),
            maker=maker,
        )


def told(sums: list[PremiumSum]) -> dict[tuple[str, str, int], tuple[int, int, int]]:
    return {
        (one.terms.maker, one.sku, int(one.terms.amount)): (
            one.earned.sold, one.earned.cancelled, one.earned.returned,
        )
        for one in sums
    }  # fmt: skip


def due(sums: list[PremiumSum]) -> Decimal:
    return sum((one.earned.due(one.terms.amount) for one in sums), Decimal(0))


def buy(business: Business, sku: str, units: int = 1) -> str:
    listing = next(one for one in business.shop.listings.values() if one.sku == sku)
    order_id = business.shop.buy(listing.listing_id, units)
    assert order_id is not None
    business.run(1)
    return order_id


@BOTH
def test_a_bundle_pays_the_makers_of_its_parts(business: Business) -> None:
    buy(business, "SET", 2)

    assert told(month(business, 11)) == {
        ("Slamet", "BIN", 5000): (2, 0, 0),
        ("Tini", "BROOM", 1500): (4, 0, 0),
    }
    assert due(month(business, 11)) == 2 * 5000 + 4 * 1500
    assert told(month(business, 11, maker="Tini")) == {("Tini", "BROOM", 1500): (4, 0, 0)}


@BOTH
def test_what_is_cancelled_in_the_next_month_is_a_deduction_there(business: Business) -> None:
    order_id = buy(business, "BIN", 3)
    business.clock.advance(timedelta(days=31))

    business.shop.cancel(order_id, 2)
    business.run(2)

    assert told(month(business, 11)) == {("Slamet", "BIN", 5000): (3, 0, 0)}
    assert told(month(business, 12)) == {("Slamet", "BIN", 5000): (0, 2, 0)}
    assert due(month(business, 12)) == -10000


def test_what_came_back_is_a_deduction_once(business: Business) -> None:
    order_id = buy(business, "BIN", 3)
    business.shop.ship(order_id)
    business.run(1)
    business.shop.give_back(order_id, 1)
    business.run(3)

    assert told(month(business, 11)) == {("Slamet", "BIN", 5000): (3, 0, 1)}


def test_a_new_premium_changes_nothing_of_the_past(business: Business) -> None:
    order_id = buy(business, "BIN", 2)

    pay(business, "BIN", "Wati", 9000)
    buy(business, "BIN", 1)
    business.shop.cancel(order_id, 1)
    business.run(2)

    assert told(month(business, 11)) == {("Slamet", "BIN", 5000): (2, 1, 0), ("Wati", "BIN", 9000): (1, 0, 0)}


def test_a_maker_that_was_named_after_the_sale_gets_nothing_for_it(business: Business) -> None:
    business.ledger.run(lambda tx: set_maker(tx, "BIN", maker=None, premium=None, remove=True))
    order_id = buy(business, "BIN", 2)
    pay(business, "BIN", "Slamet", 5000)

    business.shop.cancel(order_id, 1)
    business.run(2)

    assert month(business, 11) == []


def test_a_sale_over_the_counter_counts_when_it_was_sold_and_says_that_it_was_entered_late(
    business: Business,
) -> None:
    business.ledger.run(lambda tx: use.register(tx, "stall", connector="counter", capabilities=STALL))
    for _ in range(2):
        business.ledger.run(
            lambda tx: add_sale(
                tx, "stall", sku="BIN", units=2, reference="note-1",
                sold_at=datetime(2026, 10, 31, 16, 59, tzinfo=UTC), actor="Sari",
            )
        )  # fmt: skip

    october = month(business, 10)
    assert told(october) == {("Slamet", "BIN", 5000): (2, 0, 0)}
    assert [one.late for one in october] == [Earned(sold=2)]
    assert month(business, 11) == []


def test_goods_of_a_hold_are_sold_when_they_leave(business: Business) -> None:
    until = business.clock.time + timedelta(days=60)
    record, _ = business.ledger.run(
        lambda tx: holding.create_hold(tx, party="parks", asked={"SET": 2}, until=until, actor="Sari")
    )
    business.run(4)
    assert month(business, 11) == []
    business.clock.advance(timedelta(days=31))

    for _ in range(2):
        business.ledger.run(lambda tx: holding.fulfil_hold(tx, record.id, actor="Sari"))

    assert told(month(business, 12)) == {
        ("Slamet", "BIN", 5000): (2, 0, 0),
        ("Tini", "BROOM", 1500): (4, 0, 0),
    }


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.prove) for seed in (1, 2))])
def test_the_months_together_are_what_the_lines_say(business: Business, seed: int) -> None:
    terms = _trade(business, random.Random(seed))

    lines = _by_lines(business, terms)
    assert _by_months(business) == lines
    assert lines


def _trade(business: Business, rng: random.Random) -> dict[str, dict[str, tuple[str, int]]]:
    """A long while of sales, changes of mind and new premiums; maker and premium of each part at each order's sale."""
    terms: dict[str, dict[str, tuple[str, int]]] = {}
    now = {"BIN": ("Slamet", 5000), "BROOM": ("Tini", 1500)}
    for _ in range(45):
        act = rng.choice(("buy", "buy", "cancel", "ship", "back", "pay", "time"))
        if act == "buy":
            order_id = business.shop.buy(rng.choice(sorted(business.shop.listings)), rng.randint(1, 2))
            if order_id is not None:
                terms[order_id] = dict(now)
        elif act == "pay":
            sku = rng.choice(("BIN", "BROOM"))
            now[sku] = (rng.choice(("Slamet", "Tini", "Wati")), rng.randint(1, 9) * 500)
            pay(business, sku, *now[sku])
        elif act == "time":
            business.clock.advance(timedelta(days=rng.randint(1, 20)))
        elif terms:
            _change(business, rng.choice(sorted(terms)), act)
        business.run(1)
    business.run(3)
    return terms


def _by_lines(
    business: Business, terms: dict[str, dict[str, tuple[str, int]]]
) -> dict[tuple[str, str], Decimal]:
    found: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    with business.ledger.snapshot() as tx:
        recorded = orders.load(tx, "shop", terms)
    assert recorded.keys() == terms.keys()
    for order in recorded.values():
        for line in order.lines.values():
            net = line.levels.promised - min(line.levels.returned, line.levels.promised)
            for part, units in (line.recipe or {}).items():
                maker, amount = terms[order.external_id][part]
                found[maker, part] += Decimal(amount) * units * net
    return {key: value for key, value in found.items() if value}


def _by_months(business: Business) -> dict[tuple[str, str], Decimal]:
    found: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    with business.ledger.snapshot() as tx:
        while moment <= tx.now:
            following = (moment + timedelta(days=32)).replace(day=1)
            for one in premiums.between(tx, moment, following):
                found[one.terms.maker, one.sku] += one.earned.due(one.terms.amount)
            moment = following
    return {key: value for key, value in found.items() if value}


def _change(business: Business, order_id: str, act: str) -> None:
    line = business.shop.line(order_id)
    left = line.ordered - (line.cancelled or 0) - line.shipped
    if act == "cancel" and left:
        business.shop.cancel(order_id, 1)
    elif act == "ship" and left:
        business.shop.ship(order_id)
    elif act == "back" and line.shipped > (line.returned or 0):
        business.shop.give_back(order_id, 1)


@BOTH
def test_entries_cannot_be_changed_behind_our_back(business: Business) -> None:
    buy(business, "BIN")

    for statement in (sa.update(premium).values(amount=Decimal(1)), sa.delete(premium)):
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), business.ledger.transaction() as tx:
            tx.execute(statement)


def test_what_makes_no_sense_of_a_maker_is_refused(business: Business) -> None:
    bare = Product(sku="BARE", title="No currency")
    business.save(bare)

    def refused(sku: str, maker: str | None, error: type[Exception] = InputError) -> None:
        with pytest.raises(error):
            business.ledger.run(lambda tx: set_maker(tx, sku, maker=maker, premium=Decimal(1)))

    refused("NOPE", "Slamet", UnknownSkuError)
    refused("BIN", " ")
    refused("BIN", "x" * 501)
    refused("SET", "Slamet")
    refused("BARE", "Slamet")
    business.ledger.run(lambda tx: set_maker(tx, "BIN", maker=None, premium=None, remove=True))
    refused("BIN", None)
    with business.ledger.snapshot() as tx:
        kept = {one.sku: (one.title, one.price, one.maker) for one in list_products(tx, ["BIN", "BROOM"])}
    assert kept == {"BIN": (BIN.title, BIN.price, None), "BROOM": (BROOM.title, BROOM.price, "Tini")}
