"""A restored backup notices itself, and only one ``up`` runs on a file."""

import shutil
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from syncworker.core.exposure import PushState
from syncworker.core.model import ChannelRules
from syncworker.errors import AlreadyRunningError, InputError, LedgerError
from syncworker.ledger import Ledger, open_ledger, pools, pushes
from syncworker.ledger.backup import backup, mark_restored
from syncworker.ledger.books import check_books
from syncworker.ledger.engine import database_path
from syncworker.ledger.installation import begin_start, renew_witness, running, witness_path
from syncworker.ledger.schema import installation
from syncworker.ledger.stock import MovementKind, apply_effects, levels
from tests.ledger.catalogue import MAIN, effect, stocked
from tests.ledger.conftest import rows_of
from tests.ledger.shop import POOL, open_shop


def file_of(ledger: Ledger) -> Path:
    path = database_path(ledger.engine)
    assert path is not None
    return path


def put_back(ledger: Ledger, copy: Path) -> None:
    """What a person does with a backup: stop, copy it over the ledger, start."""
    ledger.close()
    for name in ("-wal", "-shm"):
        Path(f"{file_of(ledger)}{name}").unlink(missing_ok=True)
    shutil.copy(copy, file_of(ledger))


def stocked_shop(ledger: Ledger, *, rules: ChannelRules | None = None) -> None:
    """A shop that may sell 5 of 36."""
    stocked(ledger)
    ledger.run(lambda tx: apply_effects(tx, [effect(on_hand=36, kind=MovementKind.COUNT)]))
    open_shop(ledger, exposure=5, rules=rules)


def exposure_of(ledger: Ledger) -> int | None:
    with ledger.snapshot() as tx:
        return pools.load(tx, [POOL])[POOL].bound.exposure


def test_starting_again_and_again_is_no_restore(ledger: Ledger) -> None:
    assert [begin_start(ledger) for _ in range(3)] == [False, False, False]
    renew_witness(ledger)
    assert begin_start(ledger) is False


def test_a_restored_backup_makes_every_number_unknown(sqlite_ledger: Ledger, tmp_path: Path) -> None:
    stocked_shop(sqlite_ledger)
    begin_start(sqlite_ledger)
    copy = backup(sqlite_ledger, tmp_path / "copy.db")

    put_back(sqlite_ledger, copy)

    assert begin_start(sqlite_ledger) is True
    assert exposure_of(sqlite_ledger) is None
    assert begin_start(sqlite_ledger) is False


def test_a_restored_backup_is_noticed_on_another_computer(sqlite_ledger: Ledger, tmp_path: Path) -> None:
    copy = backup(sqlite_ledger, tmp_path / "elsewhere" / "copy.db")

    with_copy = open_ledger(f"sqlite:///{copy}")

    assert begin_start(with_copy) is True
    with_copy.close()


def test_a_file_copied_by_hand_while_running_is_noticed(sqlite_ledger: Ledger, tmp_path: Path) -> None:
    begin_start(sqlite_ledger)
    sqlite_ledger.close()
    copy = tmp_path / "by-hand.db"
    shutil.copy(file_of(sqlite_ledger), copy)
    renew_witness(sqlite_ledger)

    put_back(sqlite_ledger, copy)

    assert begin_start(sqlite_ledger) is True


@pytest.mark.parametrize("damage", ["", "{", '{"token": 1}', "null", "[]"])
def test_a_damaged_witness_counts_as_a_restore(sqlite_ledger: Ledger, damage: str) -> None:
    begin_start(sqlite_ledger)
    witness = witness_path(sqlite_ledger)
    assert witness is not None
    witness.write_text(damage)

    assert begin_start(sqlite_ledger) is True


def test_a_new_ledger_where_another_one_was_is_noticed(sqlite_ledger: Ledger) -> None:
    begin_start(sqlite_ledger)
    sqlite_ledger.run(lambda tx: tx.execute(sa.delete(installation)))

    assert begin_start(sqlite_ledger) is True


@pytest.mark.parametrize("starts_before", [0, 1, 3])
def test_a_kill_around_the_commit_of_a_start_is_no_restore(sqlite_ledger: Ledger, starts_before: int) -> None:
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    for _ in range(starts_before):
        begin_start(sqlite_ledger)
    for hooks in (sqlite_ledger.before_commit, sqlite_ledger.after_commit):
        hooks.append(die)
        with pytest.raises(KeyboardInterrupt):
            begin_start(sqlite_ledger)
        hooks.clear()
        assert begin_start(sqlite_ledger) is False


def test_a_kill_while_a_restore_is_taken_in_does_not_hide_it(sqlite_ledger: Ledger, tmp_path: Path) -> None:
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    begin_start(sqlite_ledger)
    put_back(sqlite_ledger, backup(sqlite_ledger, tmp_path / "copy.db"))
    sqlite_ledger.before_commit.append(die)
    with pytest.raises(KeyboardInterrupt):
        begin_start(sqlite_ledger)
    sqlite_ledger.before_commit.clear()

    assert begin_start(sqlite_ledger) is True


def test_after_a_restore_nothing_is_proven_before_lost_pushes_can_land_no_more(manual_ledger: Ledger) -> None:
    stocked_shop(manual_ledger, rules=ChannelRules(readable=True, horizon_s=100.0))

    marked = manual_ledger.run(mark_restored)

    with manual_ledger.snapshot() as tx:
        record = pools.load(tx, [POOL])[POOL]
        (lost,) = pushes.unanswered(tx)
        assert record.read_due_at == tx.now + timedelta(seconds=150)
    assert marked == 1
    assert record.bound.exposure is None
    assert record.shown is None
    assert record.is_dirty
    assert (lost.pool_id, lost.state, lost.reason) == (POOL, PushState.SENDING, "restored")


def test_the_counter_keeps_its_number_after_a_restore(ledger: Ledger) -> None:
    stocked_shop(ledger, rules=ChannelRules(own_number=True))

    assert ledger.run(mark_restored) == 0
    assert exposure_of(ledger) == 5


def test_a_backup_holds_everything_committed_while_writers_go_on(
    sqlite_ledger: Ledger, tmp_path: Path
) -> None:
    stocked(sqlite_ledger)
    sqlite_ledger.run(lambda tx: apply_effects(tx, [effect(on_hand=36, kind=MovementKind.COUNT)]))

    copy = backup(sqlite_ledger, tmp_path / "copy.db")
    sqlite_ledger.run(lambda tx: apply_effects(tx, [effect(reserved=1)]))

    restored = open_ledger(f"sqlite:///{copy}")
    with restored.snapshot() as tx:
        assert levels(tx)["BIN", MAIN].on_hand == 36
        assert check_books(tx) == []
    restored.close()
    assert [path.name for path in tmp_path.glob("copy.db*") if "-" not in path.name] == ["copy.db"]
    assert rows_of(sqlite_ledger, installation) == []


def test_a_backup_notes_its_time(sqlite_ledger: Ledger, tmp_path: Path) -> None:
    begin_start(sqlite_ledger)

    backup(sqlite_ledger, tmp_path / "copy.db")

    (row,) = rows_of(sqlite_ledger, installation)
    assert row["backed_up_at"] is not None


def test_a_second_backup_replaces_the_first(sqlite_ledger: Ledger, tmp_path: Path) -> None:
    assert backup(sqlite_ledger, tmp_path / "copy.db") == backup(sqlite_ledger, tmp_path / "copy.db")


def test_the_ledger_is_not_its_own_backup(sqlite_ledger: Ledger, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Choose another path"):
        backup(sqlite_ledger, file_of(sqlite_ledger))
    with pytest.raises(InputError, match="Give the backup a file name"):
        backup(sqlite_ledger, tmp_path)


def test_a_backup_that_cannot_be_written_leaves_the_earlier_one(
    sqlite_ledger: Ledger, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(LedgerError, match="could not be written"):
        backup(sqlite_ledger, tmp_path / "file" / "copy.db")


def test_postgresql_is_backed_up_by_its_own_tools(postgres_ledger: Ledger, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="pg_dump"):
        backup(postgres_ledger, tmp_path / "copy.dump")


def test_a_second_up_on_the_same_file_is_refused_until_the_first_is_gone(sqlite_ledger: Ledger) -> None:
    again = open_ledger(str(sqlite_ledger.engine.url))

    with running(sqlite_ledger), pytest.raises(AlreadyRunningError, match=r"process \d+"), running(again):
        pass
    with running(again):
        pass


def test_servers_and_memory_are_shared_freely(postgres_ledger: Ledger) -> None:
    with running(postgres_ledger), running(postgres_ledger):
        pass


@pytest.mark.faults
def test_a_killed_up_leaves_no_lock_behind(sqlite_ledger: Ledger) -> None:
    script = (
        "import os, signal, sys\n"
        "from syncworker.ledger import open_ledger\n"
        "from syncworker.ledger.installation import running\n"
        "with running(open_ledger(sys.argv[1])):\n"
        "    print('up', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    url = str(sqlite_ledger.engine.url)
    command = [sys.executable, "-c", script, url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        with pytest.raises(AlreadyRunningError, match=f"process {process.pid}"), running(sqlite_ledger):
            pass
        process.send_signal(signal.SIGKILL)

    with running(sqlite_ledger):
        pass
