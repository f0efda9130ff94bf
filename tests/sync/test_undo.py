"""An import or an entry is taken back by opposite movements, once; what was sold since stays, and nothing is deleted."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncworker.errors import InputError
from syncworker.ledger import incidents, products, runs, stock
from syncworker.ledger.books import check_books
from syncworker.ledger.incidents import IncidentKind
from syncworker.ledger.ledger import Ledger
from syncworker.ledger.products import Product
from syncworker.ledger.reversal import counted_later, entry_of, references_starting_with
from syncworker.ledger.stocktaking import Counted
from syncworker.sync import goods
from syncworker.sync.catalogue import apply_plan, plan_counts, plan_products
from syncworker.sync.context import Context
from syncworker.sync.publishing import publish
from syncworker.sync.pull import pull_orders
from syncworker.sync.undo import UndoPlan, plan_undo, undo
from tests.sync.shopfront import Business

BOTH = pytest.mark.parametrize("any_database", ["memory", "postgresql"], indirect=True)
FILE = b"sku,on_hand\nBIN,12\nBROOM,2\n"


@pytest.fixture
def any_database() -> str:
    """In memory, unless a test says otherwise."""
    return "memory"


@pytest.fixture
def business(manual_ledger: Ledger) -> Business:
    """A live shop; nine of each on hand."""
    business = Business(manual_ledger)
    publish(business.context, "shop")
    business.go_live()
    business.run(4)
    return business


def take_in(business: Business, data: bytes = FILE, *, reference: str = "sunday") -> None:
    def write(tx):  # type: ignore[no-untyped-def]
        return apply_plan(tx, plan_counts(tx, data), reference=reference, actor="sari")

    business.ledger.run(write)


def take_back(business: Business, name: str = "sunday") -> UndoPlan:
    with business.ledger.snapshot() as tx:
        plan = plan_undo(tx, name)
    return business.ledger.run(lambda tx: undo(tx, business.context, plan, actor="budi"))


def on_hand(business: Business) -> dict[str, int]:
    with business.ledger.snapshot() as tx:
        assert check_books(tx) == []
        return {sku: level.on_hand for (sku, _), level in stock.levels(tx).items()}


def sell_out(business: Business) -> None:
    """Buyers take all that the shop ever shows of the bins."""
    while True:
        business.run(8)
        bought = 0
        while business.shop.buy(business.listing("BIN").external_id, 1):
            bought += 1
        pull_orders(business.context, "shop")
        if not bought:
            return


def refused(business: Business, name: str = "sunday") -> str:
    with business.ledger.snapshot() as tx, pytest.raises(InputError) as error:
        plan_undo(tx, name)
    return str(error.value)


@BOTH
def test_an_import_is_moved_back_and_both_stand_in_the_books(business: Business) -> None:
    take_in(business)

    take_back(business)

    assert on_hand(business) == {"BIN": 9, "BROOM": 9}
    with business.ledger.snapshot() as tx:
        (back, there, *_) = stock.history(tx, "BIN")
        (run,) = runs.latest(tx, kind="undo")
    assert (there.source, there.before.on_hand, there.after.on_hand) == ("import", 9, 12)
    assert (back.source, back.reference, back.actor) == ("undo", "sunday", "budi")
    assert (run.actor, run.details["undone"], run.details["counts"]) == ("budi", "sunday", 2)


@BOTH
def test_what_was_sold_since_stays_and_the_shop_is_told(business: Business) -> None:
    take_in(business)
    business.run(4)
    business.shop.buy(business.listing("BIN").external_id, 2)
    pull_orders(business.context, "shop")

    plan = take_back(business)

    (row,) = [row for row in plan.rows if row.sku == "BIN"]
    assert (row.units, row.before.available, row.after.available) == (-3, 10, 7)
    business.run(8)
    assert business.shop.pools["BIN"].quantity <= 7
    with business.ledger.snapshot() as tx:
        assert incidents.open_incidents(tx) == []


@pytest.mark.parametrize("kind", ["adjust", "receive", "count", "move"])
def test_each_kind_of_entry_can_be_undone(business: Business, kind: str) -> None:
    def enter(tx):  # type: ignore[no-untyped-def]
        if kind == "adjust":
            goods.adjust(tx, "BIN", "main", -2, reason="rain", reference="one", actor="sari")
        elif kind == "receive":
            goods.receive(tx, "BIN", "main", 4, reference="one", actor="sari")
        elif kind == "count":
            goods.count(tx, [Counted(sku="BIN", location="main", units=5)], reference="one", actor="sari")
        else:
            goods.move(tx, "BIN", 3, origin="main", target="galeri", reference="one", actor="sari")

    business.ledger.run(enter)

    plan = take_back(business, "one")

    with business.ledger.snapshot() as tx:
        found = {place: level.on_hand for place, level in stock.levels(tx, ["BIN"]).items()}
    assert found["BIN", "main"] == 9
    assert found.get(("BIN", "galeri"), 0) == 0
    assert len(plan.rows) == (2 if kind == "move" else 1)


@BOTH
def test_it_is_undone_once(business: Business) -> None:
    take_in(business)
    with business.ledger.snapshot() as tx:
        plan = plan_undo(tx, "sunday")
    take_back(business)

    assert "undone already" in refused(business)
    with pytest.raises(InputError, match="undone already"):
        business.ledger.run(lambda tx: undo(tx, business.context, plan, actor="budi"))
    assert on_hand(business) == {"BIN": 9, "BROOM": 9}


@BOTH
def test_a_later_count_stands_until_it_is_undone_itself(business: Business) -> None:
    take_in(business)
    business.ledger.run(
        lambda tx: goods.count(
            tx, [Counted(sku="BIN", location="main", units=11)], reference="monday", actor="sari"
        )
    )

    said = refused(business)

    assert "BIN was counted anew since" in said
    assert "syncworker undo monday" in said
    take_back(business, "monday")
    take_back(business)
    assert on_hand(business) == {"BIN": 9, "BROOM": 9}


def test_a_count_that_confirmed_what_stood_can_be_taken_back_too(business: Business) -> None:
    take_in(business)
    business.ledger.run(
        lambda tx: goods.count(
            tx, [Counted(sku="BIN", location="main", units=12)], reference="same", actor="sari"
        )
    )
    assert "syncworker undo same" in refused(business)

    take_back(business, "same")
    assert "undone already" in refused(business, "same")
    take_back(business)

    assert on_hand(business) == {"BIN": 9, "BROOM": 9}


def test_a_part_that_became_a_bundle_has_no_count_to_move_back(business: Business) -> None:
    take_in(business, b"sku,on_hand\nBROOM,2\n")
    business.ledger.run(
        lambda tx: goods.adjust(tx, "BROOM", "main", -2, reason="lost", reference="lost", actor="sari")
    )
    business.run(8)
    bundle = Product(sku="BROOM", title="Broom and bin", parts={"BIN": 1})
    business.ledger.run(lambda tx: products.save_products(tx, [bundle]))

    assert "BROOM became a bundle" in refused(business)


def test_an_order_a_hold_and_what_nobody_did_are_not_undone_here(business: Business) -> None:
    order_id = business.shop.buy(business.listing("BIN").external_id, 1)
    pull_orders(business.context, "shop")

    assert "moved no stock" in refused(business, str(order_id))
    assert "moved no stock" in refused(business, "nothing-of-the-kind")
    assert "moved no stock" in refused(business, "")


def test_the_beginning_of_a_name_is_enough_where_it_names_one(business: Business) -> None:
    take_in(business, reference="2026-sunday")
    take_in(business, b"sku,on_hand\nBIN,13\n", reference="2026-monday")

    assert "2026-monday, 2026-sunday" in refused(business, "2026-")
    assert {row.sku for row in take_back(business, "2026-m").rows} == {"BIN"}
    with business.ledger.snapshot() as tx:
        assert references_starting_with(tx, "2026%") == []


@BOTH
def test_what_falls_short_is_shown_first_and_is_an_incident_afterwards(business: Business) -> None:
    business.ledger.run(lambda tx: goods.receive(tx, "BIN", "main", 5, reference="lorry", actor="sari"))
    sell_out(business)
    with business.ledger.snapshot() as tx:
        plan = plan_undo(tx, "lorry")

    business.ledger.run(lambda tx: undo(tx, business.context, plan, actor="budi"))

    (row,) = plan.short
    with business.ledger.snapshot() as tx:
        (oversold,) = incidents.open_incidents(tx, kind=IncidentKind.OVERSOLD)
    assert oversold.details["units_short"] == -row.after.available > 0


def test_nothing_falls_short_that_nobody_was_shown(business: Business) -> None:
    business.ledger.run(lambda tx: goods.receive(tx, "BIN", "main", 5, reference="lorry", actor="sari"))
    with business.ledger.snapshot() as tx:
        plan = plan_undo(tx, "lorry")
    assert plan.short == ()
    sell_out(business)

    with pytest.raises(InputError, match="BIN would fall short by now"):
        business.ledger.run(lambda tx: undo(tx, business.context, plan, actor="budi"))

    with business.ledger.snapshot() as tx:
        assert runs.latest(tx, kind="undo") == []


class KilledError(BaseException):
    """The process is gone."""


@BOTH
@pytest.mark.parametrize("is_committed", [False, True])
def test_killed_around_its_commit_it_is_done_or_not_and_can_be_asked_for_again(
    business: Business, is_committed: bool
) -> None:
    take_in(business)

    def kill(*_: object) -> None:
        raise KilledError

    hooks = business.ledger.after_commit if is_committed else business.ledger.before_commit
    hooks.append(kill)
    with suppress(KilledError):
        take_back(business)
    hooks.remove(kill)
    with suppress(InputError):
        take_back(business)

    assert on_hand(business) == {"BIN": 9, "BROOM": 9}
    business.clock.advance(timedelta(seconds=61))
    business.run(6)
    with business.ledger.snapshot() as tx:
        assert len(runs.latest(tx, kind="undo")) == 1


_ENTRIES = st.lists(
    st.tuples(st.sampled_from(["receive", "adjust", "count"]), st.integers(1, 9)), min_size=1, max_size=6
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(_ENTRIES)
def test_undoing_everything_from_the_last_to_the_first_leaves_what_there_was(
    manual_ledger: Ledger, entries: list[tuple[str, int]]
) -> None:
    sku = f"PART-{manual_ledger.run(lambda tx: len(products.list_products(tx)))}"
    context = Context(ledger=manual_ledger, open_channel=lambda _: pytest.fail("no channel is asked"))
    with manual_ledger.transaction() as tx:
        products.save_products(tx, [Product(sku=sku, title=sku)])
        goods.count(tx, [Counted(sku=sku, location="main", units=9)], reference=f"{sku}-first", actor="t")
        for number, (kind, units) in enumerate(entries):
            reference = f"{sku}-{number}"
            if kind == "receive":
                goods.receive(tx, sku, "main", units, reference=reference, actor="t")
            elif kind == "adjust":
                goods.adjust(tx, sku, "main", units, reason="found", reference=reference, actor="t")
            else:
                goods.count(
                    tx, [Counted(sku=sku, location="main", units=units)], reference=reference, actor="t"
                )
    for number in reversed(range(len(entries))):
        with manual_ledger.transaction() as tx:
            entry = entry_of(tx, f"{sku}-{number}")
            assert entry is not None
            assert counted_later(tx, entry) == {}
            undo(tx, context, plan_undo(tx, entry.reference), actor="t")

    with manual_ledger.snapshot() as seen:
        assert stock.levels(seen, [sku])[sku, "main"].on_hand == 9
        assert plan_products(seen, b"sku,title,on_hand\n" + f"{sku},{sku},9\n".encode()).is_empty
        assert check_books(seen) == []
