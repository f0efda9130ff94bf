"""What an operator types is checked first, and a count keeps what moved since it was taken."""

from datetime import timedelta

import pytest

from syncworker.core.availability import StockLevel
from syncworker.core.model import MAX_QUANTITY
from syncworker.errors import InputError, UnknownSkuError
from syncworker.ledger import Ledger, ManualClock, Transaction
from syncworker.ledger.books import check_books
from syncworker.ledger.schema import movement
from syncworker.ledger.stock import MovementKind, apply_effects, history, levels
from syncworker.ledger.stocktaking import Counted, adjust, count, count_all, receive
from tests.ledger.catalogue import MAIN, effect, stocked
from tests.ledger.conftest import rows_of


def received(ledger: Ledger, units: int, *, sku: str = "BIN", reference: str = "r1") -> StockLevel:
    return ledger.run(lambda tx: receive(tx, sku, MAIN, units, reference=reference, actor="Sari"))


def adjusted(ledger: Ledger, units: int, *, reason: str = "broken", reference: str = "a1") -> StockLevel:
    return ledger.run(
        lambda tx: adjust(tx, "BIN", MAIN, units, reason=reason, reference=reference, actor="Sari")
    )


def counted(ledger: Ledger, units: int, *, sku: str = "BIN", location: str = MAIN) -> StockLevel:
    return ledger.run(lambda tx: count(tx, sku, location, units, reference="c1", actor="Sari"))


def test_goods_in_corrections_and_counts_add_up(ledger: Ledger) -> None:
    stocked(ledger)

    after = [received(ledger, 10), adjusted(ledger, -3), counted(ledger, 20)]

    assert [level.on_hand for level in after] == [10, 7, 20]
    with ledger.snapshot() as tx:
        told = [(one.kind, one.source, one.actor, one.note) for one in history(tx, "BIN")]
        assert check_books(tx) == []
    assert told == [
        (MovementKind.COUNT, "operator", "Sari", ""),
        (MovementKind.ADJUST, "operator", "Sari", "broken"),
        (MovementKind.RECEIVE, "operator", "Sari", ""),
    ]


def test_the_same_entry_twice_counts_once(ledger: Ledger) -> None:
    stocked(ledger)

    assert [received(ledger, 10), received(ledger, 10)] == [StockLevel(10, 0)] * 2


def test_a_count_leaves_what_is_reserved(ledger: Ledger) -> None:
    stocked(ledger)
    ledger.run(
        lambda tx: apply_effects(tx, [effect(on_hand=9, kind=MovementKind.RECEIVE), effect(reserved=4)])
    )

    assert counted(ledger, 3) == StockLevel(3, 4)


def test_a_count_as_of_a_moment_keeps_what_moved_since(manual_ledger: Ledger) -> None:
    clock = manual_ledger.clock
    assert isinstance(clock, ManualClock)
    stocked(manual_ledger)
    received(manual_ledger, 36)
    counted_at = clock.advance(60)
    clock.advance(60)
    shipped = effect(on_hand=-2, kind=MovementKind.SHIP)
    manual_ledger.run(lambda tx: apply_effects(tx, [shipped]))

    level = manual_ledger.run(
        lambda tx: count(tx, "BIN", MAIN, 30, reference="c1", actor="Sari", as_of=counted_at)
    )

    assert level.on_hand == 28
    with manual_ledger.snapshot() as tx:
        assert "as of 2026-01-01T00:01:00+00:00" in history(tx, "BIN")[0].note


def test_a_count_of_the_future_is_refused(manual_ledger: Ledger) -> None:
    stocked(manual_ledger)

    def work(tx: Transaction) -> None:
        count(tx, "BIN", MAIN, 30, reference="c1", actor="Sari", as_of=tx.now + timedelta(seconds=1))

    with pytest.raises(InputError, match="lies in the future"):
        manual_ledger.run(work)


@pytest.mark.parametrize("units", [0, -1, MAX_QUANTITY + 1, True, 1.5, "3", None])
def test_goods_in_are_a_whole_number_above_0(ledger: Ledger, units: int) -> None:
    stocked(ledger)

    with pytest.raises(InputError):
        received(ledger, units)
    assert rows_of(ledger, movement) == []


@pytest.mark.parametrize("units", [-1, MAX_QUANTITY + 1, False, 0.0, "0"])
def test_a_counted_number_is_whole_and_not_negative(ledger: Ledger, units: int) -> None:
    stocked(ledger)

    with pytest.raises(InputError):
        counted(ledger, units)


@pytest.mark.parametrize("units", [0, -6, MAX_QUANTITY, -MAX_QUANTITY - 1])
def test_a_correction_changes_something_and_takes_no_more_than_there_is(ledger: Ledger, units: int) -> None:
    stocked(ledger)
    received(ledger, 5)

    with pytest.raises(InputError):
        adjusted(ledger, units)


def test_a_correction_has_a_reason(ledger: Ledger) -> None:
    stocked(ledger)

    with pytest.raises(InputError, match="Say why"):
        adjusted(ledger, 1, reason="  ")


def test_more_than_anybody_has_is_a_typing_mistake(ledger: Ledger) -> None:
    stocked(ledger)
    received(ledger, MAX_QUANTITY)

    with pytest.raises(InputError, match="typing mistake"):
        received(ledger, 1, reference="r2")


def test_a_bundle_has_no_count_of_its_own(ledger: Ledger) -> None:
    stocked(ledger)

    with pytest.raises(InputError, match="SET is a bundle"):
        received(ledger, 1, sku="SET")
    with pytest.raises(InputError, match="SET is a bundle"):
        counted(ledger, 1, sku="SET")


def test_an_unknown_sku_is_named(ledger: Ledger) -> None:
    stocked(ledger)

    with pytest.raises(UnknownSkuError, match="GHOST"):
        counted(ledger, 1, sku="GHOST")


@pytest.mark.parametrize("location", ["", " main", "x" * 65, "a\nb"])
def test_a_location_has_a_name(ledger: Ledger, location: str) -> None:
    stocked(ledger)

    with pytest.raises(InputError, match="no name for a location"):
        counted(ledger, 1, location=location)


def test_one_bad_number_keeps_a_whole_stock_take_out(ledger: Ledger) -> None:
    stocked(ledger)
    numbers = [Counted(sku="BIN", location=MAIN, units=3), Counted(sku="PAN", location=MAIN, units=-1)]

    with pytest.raises(InputError, match="PAN"):
        ledger.run(lambda tx: count_all(tx, numbers, reference="c1", actor="Sari"))
    with ledger.snapshot() as tx:
        assert levels(tx) == {}
