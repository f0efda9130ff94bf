"""Stock changes only with a movement beside it, once an effect, in a chain without a gap."""

import sqlite3
import threading
from collections.abc import Sequence
from functools import partial
from itertools import count

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncworker.core.availability import StockLevel
from syncworker.errors import UnknownSkuError
from syncworker.ledger import Ledger, Transaction
from syncworker.ledger.books import check_books
from syncworker.ledger.products import Product, recipe_of, save_products
from syncworker.ledger.schema import movement, stock
from syncworker.ledger.stock import (
    Effect,
    MovementKind,
    Place,
    apply_effects,
    history,
    levels,
    lock,
    lock_skus,
    take,
)
from tests.ledger.catalogue import BROOM, MAIN, effect, order_of, stocked
from tests.ledger.conftest import rows_of, waits_for_a_row
from tests.waiting import await_condition

BIN_MAIN = ("BIN", MAIN)


def applied(ledger: Ledger, effects: Sequence[Effect]) -> dict[Place, StockLevel]:
    """These effects in a transaction of their own."""
    return ledger.run(lambda tx: apply_effects(tx, effects))


def test_effects_of_one_part_are_chained(ledger: Ledger) -> None:
    stocked(ledger)

    after = ledger.run(
        lambda tx: apply_effects(
            tx,
            [
                effect(on_hand=36, kind=MovementKind.COUNT),
                effect(reserved=5),
                effect("PAN", on_hand=60, kind=MovementKind.COUNT),
                effect(on_hand=-2, reserved=-2, kind=MovementKind.SHIP),
            ],
        )
    )

    assert after == {BIN_MAIN: StockLevel(34, 3), ("PAN", MAIN): StockLevel(60, 0)}
    with ledger.snapshot() as tx:
        told = [(one.version, one.before, one.after) for one in reversed(history(tx, "BIN"))]
        assert levels(tx, ["BIN"]) == {BIN_MAIN: StockLevel(34, 3)}
        assert levels(tx) == after
        assert check_books(tx) == []
    assert told == [
        (1, StockLevel(0, 0), StockLevel(36, 0)),
        (2, StockLevel(36, 0), StockLevel(36, 5)),
        (3, StockLevel(36, 5), StockLevel(34, 3)),
    ]


def test_an_effect_is_applied_once(ledger: Ledger) -> None:
    stocked(ledger)
    sale = order_of({"BIN": 1, "PAN": 2}, 3, "order-7")
    first = applied(ledger, [*sale, *sale])
    before = rows_of(ledger, movement)

    again = applied(ledger, sale)

    assert first == again == {BIN_MAIN: StockLevel(0, 3), ("PAN", MAIN): StockLevel(0, 6)}
    assert rows_of(ledger, movement) == before


def test_a_new_step_of_a_known_line_is_a_new_effect(ledger: Ledger) -> None:
    stocked(ledger)
    reserved = effect(reserved=3, reference="order-7", step=1)
    released = effect(reserved=-1, reference="order-7", step=2, kind=MovementKind.RELEASE)

    applied(ledger, [reserved])
    after = applied(ledger, [reserved, released])

    assert after == {BIN_MAIN: StockLevel(0, 2)}


def test_no_effects_are_no_work(ledger: Ledger) -> None:
    assert ledger.run(lambda tx: apply_effects(tx, [])) == {}


def test_a_sale_is_recorded_though_nothing_is_there(ledger: Ledger) -> None:
    stocked(ledger)

    after = applied(ledger, [effect(reserved=1_000_000_000) for _ in range(4)])

    assert after[BIN_MAIN].available == -4_000_000_000


def test_an_unknown_sku_is_named_and_nothing_is_applied(ledger: Ledger) -> None:
    stocked(ledger)

    with pytest.raises(UnknownSkuError, match="GHOST"):
        applied(ledger, [effect(reserved=1), effect("GHOST", reserved=1)])

    assert rows_of(ledger, movement) == []
    assert rows_of(ledger, stock) == []


def test_what_raises_after_effects_leaves_nothing(ledger: Ledger) -> None:
    stocked(ledger)

    def apply_and_die(tx: Transaction) -> None:
        apply_effects(tx, [effect(reserved=1)])
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        ledger.run(apply_and_die)

    assert rows_of(ledger, movement) == []
    assert rows_of(ledger, stock) == []


def test_a_hold_takes_only_what_is_available_and_only_once(ledger: Ledger) -> None:
    stocked(ledger)
    ledger.run(
        lambda tx: apply_effects(tx, [effect(on_hand=5, kind=MovementKind.RECEIVE), effect(reserved=2)])
    )

    def gather(units: int, step: int) -> bool:
        return ledger.run(
            lambda tx: take(tx, "BIN", MAIN, units, reference="hold-1", step=step, actor="Sari")
        )

    taken = [gather(units, step) for units, step in [(4, 1), (3, 1), (3, 1), (1, 2)]]

    assert taken == [False, True, True, False]
    with ledger.snapshot() as tx:
        assert levels(tx)[BIN_MAIN] == StockLevel(5, 5)


@pytest.mark.parametrize("change", ["UPDATE movement SET note = 'x'", "DELETE FROM movement"])
def test_a_movement_cannot_be_changed_or_deleted(ledger: Ledger, change: str) -> None:
    stocked(ledger)
    applied(ledger, [effect(reserved=1)])

    with pytest.raises(sa.exc.DBAPIError, match="append-only"), ledger.transaction() as tx:
        tx.execute(sa.text(change))

    assert len(rows_of(ledger, movement)) == 1


def test_a_movement_cannot_be_replaced(sqlite_ledger: Ledger) -> None:
    stocked(sqlite_ledger)
    applied(sqlite_ledger, [effect(reserved=1)])
    columns = ", ".join(column.name for column in movement.columns)

    with pytest.raises(sa.exc.IntegrityError, match="append-only"), sqlite_ledger.transaction() as tx:
        tx.execute(sa.text(f"INSERT OR REPLACE INTO movement ({columns}) SELECT {columns} FROM movement"))


def test_all_movements_cannot_be_truncated(postgres_ledger: Ledger) -> None:
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), postgres_ledger.transaction() as tx:
        tx.execute(sa.text("TRUNCATE movement"))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("UPDATE stock SET on_hand = on_hand + 1 WHERE sku = 'BIN'", "BIN at main: stock says 37 on hand"),
        ("UPDATE stock SET reserved = 7 WHERE sku = 'BIN'", "7 reserved after 2 movements, but 2 movements"),
        ("UPDATE stock SET version = 9 WHERE sku = 'BIN'", "after 9 movements, but 2 movements"),
        ("DELETE FROM stock WHERE sku = 'BIN'", "stock says 0 on hand"),
    ],
)
def test_a_foreign_edit_of_stock_is_found(ledger: Ledger, change: str, sentence: str) -> None:
    stocked(ledger)
    effects = [effect(on_hand=36, kind=MovementKind.COUNT), effect(reserved=1), effect("PAN", reserved=1)]
    applied(ledger, effects)

    ledger.run(lambda tx: tx.execute(sa.text(change)))

    with ledger.snapshot() as tx:
        problems = check_books(tx)
    assert len(problems) == 1
    assert sentence in problems[0]


def test_a_movement_smuggled_in_is_found(ledger: Ledger) -> None:
    stocked(ledger)
    applied(ledger, [effect(on_hand=36, kind=MovementKind.COUNT)])
    (row,) = rows_of(ledger, movement)
    row.update(id=99, version=3, reference="forged", on_hand_before=30, on_hand_after=40)
    ledger.run(lambda tx: tx.execute(sa.insert(movement).values(row)))

    with ledger.snapshot() as tx:
        problems = check_books(tx)

    assert any("movement 3 begins at 30" in problem for problem in problems)


_skus = count(1)
effects_of_two_parts = st.lists(
    st.tuples(
        st.sampled_from(["A", "B"]),
        st.integers(-50, 50),
        st.integers(0, 20),
        st.sampled_from(list(MovementKind)),
        st.integers(1, 4),  # few names, so that repeats happen
        st.integers(1, 3),  # cut into this many transactions
    ),
    max_size=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(drawn=effects_of_two_parts)
def test_any_sequence_of_effects_adds_up(
    ledger: Ledger, drawn: list[tuple[str, int, int, MovementKind, int, int]]
) -> None:
    number = next(_skus)
    skus = {letter: f"{letter}-{number}" for letter in "AB"}
    stocked(ledger, *(Product(sku=sku, title=sku) for sku in skus.values()))
    expected = {sku: StockLevel(0, 0) for sku in skus.values()}
    seen = set()
    batches: dict[int, list[Effect]] = {1: [], 2: [], 3: []}
    for letter, on_hand, reserved, kind, name, part in drawn:
        batches[part].append(
            effect(skus[letter], on_hand=on_hand, reserved=reserved, kind=kind, reference=f"{number}-{name}")
        )
    for batch in batches.values():
        for one in batch:
            if one.key not in seen:
                seen.add(one.key)
                level = expected[one.sku]
                expected[one.sku] = StockLevel(level.on_hand + one.on_hand, level.reserved + one.reserved)

    for batch in [*batches.values(), *batches.values()]:
        applied(ledger, batch)

    with ledger.snapshot() as tx:
        told = levels(tx, skus.values())
        assert check_books(tx) == []
    assert {sku: told.get((sku, MAIN), StockLevel(0, 0)) for sku in skus.values()} == expected


def test_writers_racing_over_crossing_bundles_lose_nothing(ledger: Ledger) -> None:
    """Eight threads sell bundles that share parts in opposite order, and every order is told twice."""
    stocked(ledger)
    left = Product(sku="LEFT", title="Left", parts={"BIN": 1, "PAN": 1})
    right = Product(sku="RIGHT", title="Right", parts={"PAN": 1, "BROOM": 2, "BIN": 1})
    ledger.run(lambda tx: save_products(tx, [left, right]))
    failures: list[BaseException] = []

    def sell(seller: int) -> None:
        try:
            for number in range(12):
                sku = "LEFT" if (seller + number) % 2 else "RIGHT"
                # Each order is raced by two sellers; only one may count.
                reference = f"{seller // 2}-{number}-{sku}"
                with ledger.snapshot() as tx:
                    recipe = recipe_of(tx, [sku])[sku]
                applied(ledger, list(reversed(order_of(recipe, 1, reference))))
        except BaseException as error:  # noqa: BLE001 - reported by the test
            failures.append(error)

    threads = [threading.Thread(target=sell, args=(seller,)) for seller in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    with ledger.snapshot() as tx:
        told = levels(tx)
        assert check_books(tx) == []
    assert told["BIN", MAIN] == StockLevel(0, 96)
    assert told["BROOM", MAIN] == StockLevel(0, 96)


def test_two_tellings_of_one_order_race_and_count_once(ledger: Ledger) -> None:
    stocked(ledger)
    together = threading.Barrier(6)

    def tell() -> None:
        together.wait()
        applied(ledger, order_of({"BIN": 1, "PAN": 2}, 2, "order-7"))

    threads = [threading.Thread(target=tell) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with ledger.snapshot() as tx:
        assert levels(tx) == {BIN_MAIN: StockLevel(0, 2), ("PAN", MAIN): StockLevel(0, 4)}
        assert check_books(tx) == []


def test_holds_racing_for_the_last_units_never_take_more_than_there_is(ledger: Ledger) -> None:
    stocked(ledger, BROOM)
    applied(ledger, [effect("BROOM", on_hand=10, kind=MovementKind.RECEIVE)])
    taken: list[bool] = []

    def gather(number: int) -> None:
        taken.append(
            ledger.run(
                lambda tx: take(tx, "BROOM", MAIN, 3, reference=f"hold-{number}", step=1, actor="Sari")
            )
        )

    threads = [threading.Thread(target=gather, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(taken) == [False] * 5 + [True] * 3
    with ledger.snapshot() as tx:
        assert levels(tx)["BROOM", MAIN] == StockLevel(10, 9)


def test_locking_by_sku_creates_no_rows(ledger: Ledger) -> None:
    stocked(ledger)

    assert ledger.run(lambda tx: lock_skus(tx, ["BIN", "PAN"])) == {}
    assert rows_of(ledger, stock) == []


def test_a_page_of_effects_is_a_handful_of_statements(ledger: Ledger) -> None:
    stocked(ledger)
    ledger.before_commit.clear()
    statements: list[str] = []
    effects = [effect(sku, reserved=1) for _ in range(100) for sku in ("BIN", "PAN", "BROOM")]

    @sa.event.listens_for(ledger.engine, "before_cursor_execute")
    def _note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    applied(ledger, effects)

    assert len([text for text in statements if not text.startswith(("BEGIN", "PRAGMA"))]) <= 9


def test_the_sqlite_of_this_python_knows_what_the_ledger_needs() -> None:
    assert sqlite3.sqlite_version_info >= (3, 35)


def test_a_missing_row_is_waited_for_with_nothing_locked(postgres_ledger: Ledger) -> None:
    """Two who make the same row and share another part would meet in a deadlock otherwise."""
    ledger = postgres_ledger
    stocked(ledger)
    applied(ledger, [effect("BIN", on_hand=4, kind=MovementKind.RECEIVE)])
    bin_and_broom = threading.Thread(
        target=lambda: ledger.run(lambda tx: lock(tx, [BIN_MAIN, ("BROOM", MAIN)]))
    )

    with ledger.transaction() as tx:
        lock(tx, [("BROOM", MAIN)])
        bin_and_broom.start()
        await_condition(partial(waits_for_a_row, ledger), 20.0, "the other one to wait for the row")
        with ledger.engine.connect() as third:
            query = sa.select(stock).where(stock.c.sku == "BIN").with_for_update(nowait=True)
            assert third.execute(query).one().on_hand == 4
    bin_and_broom.join()

    assert {row["sku"] for row in rows_of(ledger, stock)} == {"BIN", "BROOM"}
