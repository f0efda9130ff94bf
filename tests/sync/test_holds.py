"""A hold gathers what is there, waits for what is not, and never makes a buyer go short."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from syncworker.core.availability import StockLevel
from syncworker.errors import InputError, SyncworkerError
from syncworker.ledger import Ledger, holds, incidents, stock
from syncworker.ledger.books import check_books
from syncworker.ledger.holds import HoldOutcome, HoldRecord
from syncworker.ledger.incidents import IncidentKind
from syncworker.ledger.jobs import JobKind
from syncworker.ledger.products import Product
from syncworker.ledger.schema import hold_part, pool
from syncworker.ledger.stock import MovementKind
from syncworker.sync import goods, holding
from syncworker.sync.doctor import examine
from syncworker.sync.explain import explain
from syncworker.sync.held import PartProgress, progress_of
from syncworker.sync.publishing import publish
from tests.sync.shopfront import Business

SET = Product(sku="SET", title="Bin and broom", parts={"BIN": 1, "BROOM": 2})


#: Where the question to the database is what the test is about; the others ask both under `make prove`.
BOTH = pytest.mark.parametrize("any_database", ["memory", "postgresql"], indirect=True)


@pytest.fixture(params=("memory", pytest.param("postgresql", marks=pytest.mark.prove)))
def any_database(request: pytest.FixtureRequest) -> str:
    """The kind of database of ``manual_ledger``."""
    return str(request.param)


@pytest.fixture
def business(manual_ledger: Ledger) -> Business:
    """Nine bins and nine brooms, all of them shown at one shop."""
    business = Business(manual_ledger)
    publish(business.context, "shop")
    business.go_live()
    business.run(3)
    assert shown(business) == {"BIN": 9, "BROOM": 9}
    return business


def shown(business: Business) -> dict[str, int]:
    return {str(one.sku): business.shop.sellable(one.pool_key) for one in business.shop.listings.values()}


def hold(business: Business, party: str = "parks department", *, days: int = 7, **asked: int) -> HoldRecord:
    until = business.clock.time + timedelta(days=days)
    record, is_new = business.ledger.run(
        lambda tx: holding.create_hold(tx, party=party, asked=asked, until=until, actor="Sari")
    )
    assert is_new
    return record


def look(business: Business, record: HoldRecord) -> HoldRecord:
    with business.ledger.snapshot() as tx:
        return holding.load_hold(tx, record.id)


def has(business: Business, record: HoldRecord) -> dict[str, int]:
    return {part.sku: part.gathered for part in look(business, record).parts}


def level(business: Business, sku: str) -> StockLevel:
    with business.ledger.snapshot() as tx:
        return stock.levels(tx, [sku])[sku, "main"]


def cancel(business: Business, record: HoldRecord) -> HoldRecord:
    return business.ledger.run(lambda tx: holding.cancel_hold(tx, record.id, actor="Sari"))


def fulfil(business: Business, record: HoldRecord, *, partly: bool = False) -> HoldRecord:
    return business.ledger.run(lambda tx: holding.fulfil_hold(tx, record.id, actor="Sari", partly=partly))


def well(business: Business) -> bool:
    with business.ledger.snapshot() as tx:
        return check_books(tx) == [] and examine(tx).findings == ()


def test_a_hold_takes_only_what_no_shop_may_sell_until_a_number_was_lowered(business: Business) -> None:
    record = hold(business, BIN=4)
    assert has(business, record) == {"BIN": 0}

    business.run(4)

    assert has(business, record) == {"BIN": 4}
    assert level(business, "BIN") == StockLevel(on_hand=9, reserved=4)
    assert shown(business) == {"BIN": 5, "BROOM": 9}
    assert well(business)


def test_what_is_free_is_held_at_once(business: Business) -> None:
    business.ledger.run(lambda tx: goods.receive(tx, "BIN", "main", 6, reference="in", actor="Sari"))

    assert has(business, hold(business, BIN=5)) == {"BIN": 5}


def test_more_than_is_there_waits_for_goods_and_takes_them_as_they_come(business: Business) -> None:
    record = hold(business, BIN=12)
    business.run(4)
    assert (has(business, record), shown(business)["BIN"]) == ({"BIN": 9}, 0)

    business.receive("BIN", 5)

    assert has(business, record) == {"BIN": 12}
    business.run(3)
    assert shown(business)["BIN"] == 2
    assert well(business)


@BOTH
def test_a_hold_of_bundles_gathers_their_parts(business: Business) -> None:
    business.save(SET)

    record = hold(business, SET=3, BIN=1)
    business.run(4)

    assert has(business, record) == {"BIN": 4, "BROOM": 6}
    assert shown(business) == {"BIN": 5, "BROOM": 3}


def test_the_first_of_two_holds_is_served_first(business: Business) -> None:
    first, second = hold(business, BIN=6), hold(business, "school", BIN=6)

    business.run(5)

    assert (has(business, first), has(business, second)) == ({"BIN": 6}, {"BIN": 3})
    cancel(business, first)
    assert has(business, second) == {"BIN": 6}
    business.run(4)
    assert shown(business)["BIN"] == 3


@pytest.mark.parametrize("end", ["cancelled", "expired"])
def test_what_is_given_up_is_for_sale_again(business: Business, end: str) -> None:
    record = hold(business, BIN=9, days=1)
    business.run(4)

    if end == "cancelled":
        cancel(business, record)
    else:
        business.clock.advance(timedelta(days=1))
    business.run(4)

    after = look(business, record)
    assert (after.outcome, after.closed_by) == (HoldOutcome(end), "Sari" if end == "cancelled" else "sync")
    assert level(business, "BIN") == StockLevel(on_hand=9, reserved=0)
    assert shown(business)["BIN"] == 9
    assert well(business)


@BOTH
def test_the_goods_of_a_hold_leave_once(business: Business) -> None:
    record = hold(business, BIN=4, BROOM=2)
    business.run(4)

    first, again = fulfil(business, record), fulfil(business, record)

    assert first == again
    assert (first.outcome, first.closed_by, first.created_by) == (HoldOutcome.FULFILLED, "Sari", "Sari")
    assert level(business, "BIN") == StockLevel(on_hand=5, reserved=0)
    assert level(business, "BROOM") == StockLevel(on_hand=7, reserved=0)
    business.run(3)
    assert shown(business) == {"BIN": 5, "BROOM": 7}
    assert well(business)


def test_a_hold_that_lacks_something_is_handed_over_only_if_that_is_meant(business: Business) -> None:
    record = hold(business, BIN=12)
    with pytest.raises(InputError, match="gathered nothing"):
        fulfil(business, record)
    business.run(4)
    with pytest.raises(InputError, match="lacks 3 × BIN"):
        fulfil(business, record)

    fulfil(business, record, partly=True)

    assert level(business, "BIN") == StockLevel(on_hand=0, reserved=0)
    business.receive("BIN", 5)
    business.run(3)
    assert (has(business, record), shown(business)["BIN"]) == ({"BIN": 9}, 5)


@pytest.mark.parametrize(
    ("end", "then"), [(cancel, fulfil), (fulfil, cancel)], ids=["cancelled", "fulfilled"]
)
def test_what_ended_does_not_end_otherwise(
    business: Business,
    end: Callable[[Business, HoldRecord], HoldRecord],
    then: Callable[[Business, HoldRecord], HoldRecord],
) -> None:
    record = hold(business, BIN=2)
    business.run(4)
    end(business, record)
    before = level(business, "BIN")

    with pytest.raises(InputError, match="cannot be taken back"):
        then(business, record)

    assert level(business, "BIN") == before


@BOTH
def test_an_order_wins_and_the_newest_hold_gives_back_first(business: Business) -> None:
    first, second = hold(business, BIN=4), hold(business, "school", BIN=5)
    business.run(5)
    assert (has(business, first), has(business, second)) == ({"BIN": 4}, {"BIN": 5})

    # Somebody has changed the shop's number by hand, and buyers came before we saw it.
    business.shop.pools["BIN"].quantity = 6
    business.shop.buy("BIN", 6)
    business.run(1)

    assert (has(business, first), has(business, second)) == ({"BIN": 3}, {"BIN": 0})
    assert level(business, "BIN") == StockLevel(on_hand=9, reserved=9)
    with business.ledger.snapshot() as tx:
        assert incidents.open_incidents(tx, kind=IncidentKind.OVERSOLD) == []
        assert check_books(tx) == []


def test_lost_goods_are_given_back_by_holds_before_a_buyer_goes_short(business: Business) -> None:
    record = hold(business, BIN=9)
    business.run(4)

    business.count("BIN", units=7)

    assert has(business, record) == {"BIN": 7}
    business.count("BIN", units=8)
    assert well(business)


@BOTH
def test_a_reference_is_taken_once(business: Business) -> None:
    until = business.clock.time + timedelta(days=1)

    def create(units: int) -> tuple[HoldRecord, bool]:
        return business.ledger.run(
            lambda tx: holding.create_hold(
                tx, party="parks", asked={"BIN": units}, until=until, actor="Sari", reference="PO-7"
            )
        )

    first, is_new = create(3)
    again, is_new_again = create(3)

    assert (first.id, is_new, is_new_again) == (again.id, True, False)
    with pytest.raises(InputError, match=f"hold {first.id}"):
        create(4)


@pytest.mark.parametrize(
    "odd",
    [
        {"asked": {}},
        {"asked": {"NOPE": 1}},
        {"asked": {"BIN": 0}},
        {"asked": {"BIN": 1_000_000_001}},
        {"party": " "},
        {"party": "a\nb"},
        {"reference": "x" * 256},
        {"reference": ""},
        {"location": "x" * 65},
        {"until": timedelta(0)},
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused_and_nothing_is_stored(
    business: Business, odd: dict[str, object]
) -> None:
    given: dict[str, object] = {"party": "parks", "asked": {"BIN": 1}, "until": timedelta(days=1), **odd}
    assert isinstance(given["until"], timedelta)
    given["until"] = business.clock.time + given["until"]

    with pytest.raises(SyncworkerError):
        business.ledger.run(lambda tx: holding.create_hold(tx, actor="Sari", **given))  # type: ignore[arg-type]

    with business.ledger.snapshot() as tx:
        assert holds.list_holds(tx, open_only=False) == []


def test_goods_of_a_place_that_no_shop_sells_from_are_held_there(business: Business) -> None:
    business.ledger.run(lambda tx: goods.receive(tx, "BIN", "barn", 5, reference="b", actor="Sari"))
    until = business.clock.time + timedelta(days=1)

    record, _ = business.ledger.run(
        lambda tx: holding.create_hold(
            tx, party="parks", asked={"BIN": 7}, until=until, actor="Sari", location="barn"
        )
    )
    business.run(4)

    assert (has(business, record), shown(business)["BIN"]) == ({"BIN": 5}, 9)
    assert well(business)


def test_a_number_that_nobody_knows_keeps_a_hold_waiting(business: Business) -> None:
    business.ledger.run(lambda tx: goods.receive(tx, "BIN", "main", 1, reference="in", actor="Sari"))
    business.run(3)
    with business.ledger.transaction() as tx:
        tx.execute(sa.update(pool).where(pool.c.sku == "BIN").values(exposure=None))

    assert has(business, hold(business, BIN=1)) == {"BIN": 0}


def test_every_movement_of_a_hold_says_who_and_for_which(business: Business) -> None:
    record = hold(business, BIN=2)
    business.run(4)
    cancel(business, record)

    with business.ledger.snapshot() as tx:
        told = [
            (one.kind, one.reference, one.step, one.actor)
            for one in stock.history(tx, "BIN")
            if one.source == holding.SOURCE
        ]
    assert told == [
        (MovementKind.UNHOLD, str(record.id), 2, "Sari"),
        (MovementKind.HOLD, str(record.id), 1, "sync"),
    ]


def test_explain_and_doctor_count_the_units_of_holds(business: Business) -> None:
    record = hold(business, BIN=3)
    business.run(4)

    with business.ledger.snapshot() as tx:
        part = explain(tx, "BIN").parts[0]
    assert (part.reserved_by_holds, part.level.reserved) == (3, 3)
    assert [(one.id, one.gathered, one.wanted) for one in part.holds] == [(record.id, 3, 3)]
    with business.ledger.transaction() as tx:
        tx.execute(sa.update(hold_part).values(gathered=2))
    with business.ledger.snapshot() as tx:
        assert {one.kind.value for one in examine(tx).findings} == {"reserved", "hold"}


def far(business: Business, record: HoldRecord) -> PartProgress:
    """How far the only part of this hold is."""
    with business.ledger.snapshot() as tx:
        (found,) = progress_of(tx, [holding.load_hold(tx, record.id)])[0].parts
    return found


def test_it_says_what_is_still_shown_what_is_being_lowered_and_when_that_can_be_gathered(
    business: Business,
) -> None:
    record = hold(business, BIN=12)
    business.run(1, kinds=[JobKind.PUSH])

    told = far(business, record)
    assert (told.gathered, told.coming, told.awaited, told.lowering) == (0, 9, 3, ("shop/BIN",))
    assert told.ready_at is not None
    business.clock.advance(max(told.ready_at - business.clock.time, timedelta(0)))
    # A pull that settles, and the sweep after it.
    business.run(2)

    told = far(business, record)
    assert (told.gathered, told.coming, told.awaited, told.lowering, told.ready_at) == (9, 0, 3, (), None)


def test_of_two_holds_the_second_is_told_what_the_first_leaves(business: Business) -> None:
    first, second = hold(business, BIN=6), hold(business, "school", BIN=6)

    assert (far(business, first).coming, far(business, first).awaited) == (6, 0)
    assert (far(business, second).coming, far(business, second).awaited) == (3, 3)


def test_what_failed_at_a_hold_is_told_no_longer_once_a_person_took_the_hold_back(business: Business) -> None:
    record = hold(business, BIN=1)
    subject = f"hold/{record.id}"
    business.ledger.run(
        lambda tx: incidents.open_incident(tx, IncidentKind.INTERNAL, subject, {"error": "lost"})
    )
    business.ledger.run(
        lambda tx: incidents.open_incident(tx, IncidentKind.INTERNAL, "engine", {"error": "lost"})
    )
    business.ledger.run(lambda tx: holding.cancel_hold(tx, record.id, actor="Sari"))

    holding.keep_holds(business.context)

    with business.ledger.snapshot() as tx:
        (left,) = incidents.open_incidents(tx, kind=IncidentKind.INTERNAL)
    assert left.subject == "engine"
