"""Two who ask for holds at the same moment: no unit is held twice, and no reference is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from syncworker.connector.contract import Channel
from syncworker.errors import InputError
from syncworker.ledger import Ledger, holds, incidents, products, stock
from syncworker.ledger.books import check_books
from syncworker.ledger.holds import HoldOutcome, HoldRecord
from syncworker.ledger.incidents import IncidentKind
from syncworker.ledger.ledger import Transaction
from syncworker.ledger.products import Product
from syncworker.ledger.schema import hold
from syncworker.ledger.stocktaking import Counted
from syncworker.sync import goods, holding
from syncworker.sync.context import Context
from syncworker.sync.doctor import examine
from syncworker.sync.tick import tick
from tests.ledger.conftest import waits_for_a_row
from tests.waiting import await_condition


def test_many_who_ask_at_once_together_get_no_more_than_there_is(postgres_ledger: Ledger) -> None:
    save = [Product(sku=sku, title=sku) for sku in ("BIN", "BROOM")]
    with postgres_ledger.transaction() as tx:
        products.save_products(tx, save)
        counts = [Counted(sku=sku, location="main", units=20) for sku in ("BIN", "BROOM")]
        goods.count(tx, counts, reference="first", actor="test")
        until = tx.now + timedelta(days=1)

    def ask(number: int) -> HoldRecord:
        asked = {"BIN": 5, "BROOM": 4} if number % 2 else {"BROOM": 4, "BIN": 5}
        record, _ = postgres_ledger.run(
            lambda tx: holding.create_hold(tx, party=f"p{number}", asked=asked, until=until, actor="Sari")
        )
        if number % 3 == 0:
            postgres_ledger.run(lambda tx: holding.cancel_hold(tx, record.id, actor="Sari"))
        return record

    with ThreadPoolExecutor(4) as people:
        asked = list(people.map(ask, range(12)))

    with postgres_ledger.snapshot() as seen:
        levels = stock.levels(seen)
        opened = holds.list_holds(seen)
        assert len({record.id for record in asked}) == 12
        for sku, each in (("BIN", 5), ("BROOM", 4)):
            assert levels[sku, "main"].reserved == min(20, each * 8)
            assert levels[sku, "main"].reserved == sum(
                part.gathered for record in opened for part in record.parts if part.sku == sku
            )
        assert check_books(seen) == []
        assert [one for one in examine(seen).findings if one.needs_attention] == []


@pytest.mark.parametrize("party", ["parks", "school"])
def test_of_two_who_use_a_reference_at_the_same_moment_the_second_is_told(
    postgres_ledger: Ledger, party: str
) -> None:
    """Even where they ask for different goods, so that neither waits for the other's counts."""
    ledger = postgres_ledger
    with ledger.transaction() as tx:
        products.save_products(tx, [Product(sku=sku, title=sku) for sku in ("BIN", "BROOM")])
        until = tx.now + timedelta(days=1)

    def create(tx: Transaction, party: str, sku: str) -> tuple[HoldRecord, bool]:
        return holding.create_hold(
            tx, party=party, asked={sku: 3}, until=until, actor="Sari", reference="PO-7"
        )

    with ThreadPoolExecutor(1) as other, ledger.transaction() as tx:
        first, _ = create(tx, "parks", "BIN")
        sku = "BIN" if party == "parks" else "BROOM"
        second = other.submit(ledger.run, lambda tx: create(tx, party, sku))
        await_condition(partial(waits_for_a_row, ledger), 20.0, "the second one to wait for the first")
    if party == "parks":
        assert second.result() == (first, False)
    else:
        with pytest.raises(InputError, match=f"PO-7 was used for hold {first.id}"):
            second.result()


def _overdue(tx: Transaction, *skus: str) -> list[int]:
    """A hold of each of these, whose time is over."""
    opened = []
    for sku in skus:
        record, _ = holding.create_hold(
            tx, party="parks", asked={sku: 3}, until=tx.now + timedelta(days=1), actor="Sari"
        )
        opened.append(record.id)
    tx.execute(sa.update(hold).values(expires_at=tx.now))
    return opened


def _stocked(tx: Transaction) -> None:
    products.save_products(tx, [Product(sku=sku, title=sku) for sku in ("BIN", "BROOM")])
    counts = [Counted(sku=sku, location="main", units=9) for sku in ("BIN", "BROOM")]
    goods.count(tx, counts, reference="first", actor="test")


def _outcomes(ledger: Ledger) -> list[HoldOutcome | None]:
    with ledger.snapshot() as tx:
        return [one.outcome for one in holds.list_holds(tx, open_only=False)]


def test_a_hold_that_is_handed_over_while_its_time_ends_is_handed_over(postgres_ledger: Ledger) -> None:
    ledger = postgres_ledger
    ledger.run(_stocked)
    (hold_id,) = ledger.run(lambda tx: _overdue(tx, "BIN"))

    with ThreadPoolExecutor(1) as other, ledger.transaction() as tx:
        holding.fulfil_hold(tx, hold_id, actor="Sari")
        swept = other.submit(tick, Context(ledger=ledger, open_channel=_no_channel))
        await_condition(partial(waits_for_a_row, ledger), 20.0, "the tick to wait for the goods")
    swept.result()

    assert _outcomes(ledger) == [HoldOutcome.FULFILLED]
    with ledger.snapshot() as seen:
        assert incidents.open_incidents(seen) == []


@pytest.mark.parametrize("any_database", ["memory"], indirect=True)
def test_a_hold_that_cannot_be_ended_stops_nothing_else_and_a_person_hears_of_it(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.run(_stocked)
    bad, _ = ledger.run(lambda tx: _overdue(tx, "BIN", "BROOM"))
    context = Context(ledger=ledger, open_channel=_no_channel)
    close = holds.close

    def breaks(tx: Transaction, hold_id: int, outcome: HoldOutcome, *, actor: str) -> None:
        if hold_id == bad:
            raise InputError("nobody foresaw this")
        close(tx, hold_id, outcome, actor=actor)

    with monkeypatch.context() as patch:
        patch.setattr(holds, "close", breaks)
        tick(context)
        assert _outcomes(ledger) == [None, HoldOutcome.EXPIRED]
        with ledger.snapshot() as tx:
            (told,) = incidents.open_incidents(tx, kind=IncidentKind.INTERNAL)
            assert "nobody foresaw this" in str(told.details["error"])

    tick(context)

    assert _outcomes(ledger) == [HoldOutcome.EXPIRED] * 2
    with ledger.snapshot() as tx:
        assert incidents.open_incidents(tx) == []


def _no_channel(name: str) -> Channel:
    raise LookupError(name)
