"""One unit of work: together or not at all, told only once it is committed, tried again when another was in the way."""

import sqlite3
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from syncworker.errors import ConfigurationError, LedgerError, UnsafeDatabaseError
from syncworker.ledger import Ledger, ManualClock, Transaction, engine, open_ledger
from syncworker.ledger.books import check_books
from syncworker.ledger.engine import create_ledger_engine, is_conflict
from syncworker.ledger.schema import movement, product
from syncworker.ledger.stock import apply_effects, levels
from tests.ledger.catalogue import MAIN, effect, nothing, stocked
from tests.ledger.conftest import rows_of


def add(sku: str, tx: Transaction) -> None:
    tx.execute(sa.insert(product).values(sku=sku, title=sku, created_at=tx.now))


def test_time_is_asked_once_a_transaction_and_is_aware(ledger: Ledger) -> None:
    before = datetime.now(UTC) - timedelta(seconds=2)
    with ledger.transaction() as tx:
        first = tx.now
        assert tx.now == first
    with ledger.snapshot() as later:
        assert later.now >= first
    assert first.utcoffset() == timedelta(0)
    assert before <= first <= datetime.now(UTC) + timedelta(seconds=2)


def test_a_virtual_clock_moves_only_when_told(manual_ledger: Ledger) -> None:
    clock = manual_ledger.clock
    assert isinstance(clock, ManualClock)
    start = clock.time

    clock.advance(90)

    assert manual_ledger.run(lambda tx: tx.now) == start + timedelta(seconds=90)
    with pytest.raises(ValueError, match="backwards"):
        clock.advance(-1)


def test_times_and_money_come_back_as_they_were(ledger: Ledger) -> None:
    moment = datetime(2026, 3, 1, 23, 59, 59, 123456, tzinfo=UTC)
    ledger.run(lambda tx: tx.execute(sa.insert(product).values(sku="A", title="A", created_at=moment)))

    assert rows_of(ledger, product)[0]["created_at"] == moment


def test_what_was_to_be_told_is_told_after_the_commit_in_order(ledger: Ledger) -> None:
    told: list[str] = []

    def work(tx: Transaction) -> None:
        add("A", tx)
        tx.after_commit(lambda: told.append(f"first {len(rows_of(ledger, product))}"))
        tx.after_commit(lambda: told.append("second"))

    ledger.run(work)

    assert told == ["first 1", "second"]


def test_nothing_is_told_of_what_was_rolled_back(ledger: Ledger) -> None:
    told: list[str] = []

    def work(tx: Transaction) -> None:
        add("A", tx)
        tx.after_commit(lambda: told.append("told"))
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        ledger.run(work)

    assert told == []
    assert rows_of(ledger, product) == []


def test_hooks_stand_around_every_commit(ledger: Ledger) -> None:
    seen: list[str] = []
    ledger.before_commit.append(lambda tx: seen.append("before"))
    ledger.after_commit.append(lambda: seen.append("after"))

    ledger.run(nothing)
    with ledger.transaction():
        seen.append("inside")

    assert seen == ["before", "after", "inside", "before", "after"]


def test_a_hook_that_raises_before_the_commit_undoes_it(ledger: Ledger) -> None:
    def refuse(_: Transaction) -> None:
        raise RuntimeError("the rule does not hold")

    ledger.before_commit.append(refuse)

    with pytest.raises(RuntimeError):
        ledger.run(lambda tx: add("A", tx))

    assert rows_of(ledger, product) == []


def test_nothing_nests(ledger: Ledger) -> None:
    def open_another() -> None:
        with ledger.snapshot():
            pass

    with ledger.transaction(), pytest.raises(RuntimeError, match="hand it down"):
        open_another()
    open_another()


def test_a_snapshot_cannot_write(ledger: Ledger) -> None:
    with ledger.snapshot() as tx, pytest.raises(sa.exc.DBAPIError, match=r"read-?only"):
        tx.execute(sa.insert(product).values(sku="A", title="A", created_at=tx.now))

    ledger.run(lambda tx: add("A", tx))
    assert len(rows_of(ledger, product)) == 1


@pytest.mark.parametrize("kind", ["sqlite_ledger", "postgres_ledger"])
def test_a_snapshot_does_not_see_what_is_committed_meanwhile(
    kind: str, request: pytest.FixtureRequest
) -> None:
    ledger: Ledger = request.getfixturevalue(kind)
    count = sa.select(sa.func.count()).select_from(product)

    with ledger.snapshot() as tx:
        before = tx.execute(count).scalar_one()
        writer = threading.Thread(target=lambda: ledger.run(lambda tx: add("A", tx)))
        writer.start()
        writer.join()

        assert tx.execute(count).scalar_one() == before == 0


def test_a_busy_database_is_tried_again(
    sqlite_ledger: Ledger, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_S", 0.01)
    busy = open_ledger(str(sqlite_ledger.engine.url))
    other = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    refusals: list[bool] = []

    def give_way(context: sa.engine.ExceptionContext) -> None:
        assert context.sqlalchemy_exception is not None
        refusals.append(is_conflict(context.sqlalchemy_exception))
        other.execute("ROLLBACK")

    sa.event.listen(busy.engine, "handle_error", give_way)
    busy.run(lambda tx: add("A", tx))
    # It lies with the dialect, which the ledgers of other tests use too.
    sa.event.remove(busy.engine, "handle_error", give_way)

    assert refusals == [True]
    assert len(rows_of(sqlite_ledger, product)) == 1
    busy.close()
    other.close()


def test_two_that_wait_for_each_other_both_get_through(postgres_ledger: Ledger) -> None:
    stocked(postgres_ledger)
    postgres_ledger.run(lambda tx: apply_effects(tx, [effect(reserved=1), effect("PAN", reserved=1)]))
    both_hold = threading.Barrier(2)
    attempts: list[str] = []

    def cross(first: str, second: str) -> None:
        def work(tx: Transaction) -> None:
            attempts.append(first)
            apply_effects(tx, [effect(first, reserved=1)])
            if len(attempts) <= 2:
                both_hold.wait()
            apply_effects(tx, [effect(second, reserved=1)])

        postgres_ledger.run(work)

    threads = [threading.Thread(target=cross, args=pair) for pair in [("BIN", "PAN"), ("PAN", "BIN")]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(attempts) == 3
    with postgres_ledger.snapshot() as tx:
        assert {level.reserved for level in levels(tx).values()} == {3}
        assert check_books(tx) == []


def test_what_fails_while_telling_does_not_repeat_the_work(ledger: Ledger) -> None:
    busy = sqlite3.OperationalError("database is locked")
    busy.sqlite_errorcode = sqlite3.SQLITE_BUSY
    failure = sa.exc.OperationalError("tell", {}, busy)
    runs: list[int] = []

    def tell() -> None:
        raise failure

    def work(tx: Transaction) -> None:
        runs.append(1)
        tx.after_commit(tell)

    assert is_conflict(failure)
    with pytest.raises(sa.exc.OperationalError):
        ledger.run(work)
    assert runs == [1]


def test_a_server_that_may_forget_commits_is_refused(postgres_ledger: Ledger) -> None:
    name = postgres_ledger.engine.url.database
    with postgres_ledger.transaction() as tx:
        tx.execute(sa.text(f'ALTER DATABASE "{name}" SET synchronous_commit = off'))
    postgres_ledger.close()

    with pytest.raises(UnsafeDatabaseError, match="synchronous_commit = on"):
        postgres_ledger.run(nothing)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ledger.db", "is not an address"),
        ("mysql://localhost/x", "'mysql' is not supported"),
        ("sqlite:////proc/nowhere/ledger.db", "cannot be made"),
    ],
)
def test_an_address_that_cannot_be_used_is_named(url: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        create_ledger_engine(url)


def test_a_server_that_is_away_is_one_sentence_without_its_password(tmp_path: Path) -> None:
    away = open_ledger(f"postgresql://sari:rahasia@/ledger?host={tmp_path}")

    with pytest.raises(LedgerError, match="cannot be opened") as refused:
        away.run(nothing)
    assert "rahasia" not in str(refused.value)


@pytest.mark.parametrize("url", ["postgresql://x/y", "postgres://x/y", "postgresql+psycopg2://x/y"])
def test_every_usual_spelling_of_postgresql_is_ours(url: str) -> None:
    assert create_ledger_engine(url).url.drivername == "postgresql+psycopg"


@pytest.mark.faults
@pytest.mark.parametrize("kind", ["sqlite_ledger", "postgres_ledger"])
def test_a_process_killed_inside_a_transaction_leaves_nothing(
    kind: str, request: pytest.FixtureRequest
) -> None:
    ledger: Ledger = request.getfixturevalue(kind)
    stocked(ledger)
    script = (
        "import os, signal, sys\n"
        "from syncworker.ledger import open_ledger\n"
        "from syncworker.ledger.stock import apply_effects\n"
        "from tests.ledger.catalogue import effect\n"
        "ledger = open_ledger(sys.argv[1])\n"
        "ledger.run(lambda tx: apply_effects(tx, [effect(reserved=1, reference='kept')]))\n"
        "ledger.before_commit.append(lambda tx: os.kill(os.getpid(), signal.SIGKILL))\n"
        "ledger.run(lambda tx: apply_effects(tx, [effect(reserved=1, reference='lost')]))\n"
    )
    url = ledger.engine.url.render_as_string(hide_password=False)
    died = subprocess.run([sys.executable, "-c", script, url], check=False, cwd=Path(__file__).parents[2])

    assert died.returncode < 0
    assert [row["reference"] for row in rows_of(ledger, movement)] == ["kept"]
    with ledger.snapshot() as tx:
        assert levels(tx)["BIN", MAIN].reserved == 1
        assert check_books(tx) == []
