"""A backup that comes back knows less than the channels: all is unknown from the first moment that anybody can see it."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from syncworker.core.exposure import PushState
from syncworker.errors import AlreadyRunningError, InputError, LedgerError
from syncworker.ledger import Ledger, incidents, pools, pushes, restoring, soundness
from syncworker.ledger.backup import backup
from syncworker.ledger.engine import database_path
from syncworker.ledger.incidents import IncidentKind
from syncworker.ledger.installation import begin_start, running
from syncworker.ledger.restoring import check_backup, restore
from syncworker.ledger.stock import MovementKind, apply_effects
from tests.ledger.catalogue import effect, stocked
from tests.ledger.shop import POOL, open_shop


@pytest.fixture
def sold(sqlite_ledger: Ledger) -> Ledger:
    """A ledger that was started once, with one number of 5 at a channel."""
    stocked(sqlite_ledger)
    sqlite_ledger.run(lambda tx: apply_effects(tx, [effect(on_hand=5, kind=MovementKind.COUNT)]))
    open_shop(sqlite_ledger)
    begin_start(sqlite_ledger)
    return sqlite_ledger


def _exposure(ledger: Ledger) -> int | None:
    with ledger.snapshot() as tx:
        return pools.load(tx, [POOL])[POOL].bound.exposure


def _file(ledger: Ledger) -> Path:
    path = database_path(ledger.engine)
    assert path is not None
    return path


def test_every_number_is_unknown_and_what_stood_there_is_kept(sold: Ledger, tmp_path: Path) -> None:
    copy = backup(sold, tmp_path / "copy")
    sold.run(lambda tx: pools.update(tx, POOL, shown=77))

    done = restore(sold, copy)

    assert (done.numbers, done.was_damaged) == (1, False)
    assert _exposure(sold) is None
    with sold.snapshot() as tx:
        assert [one.kind for one in incidents.open_incidents(tx)] == [IncidentKind.RESTORED]
        stand_ins = pushes.open_of(tx, [POOL])[POOL]
        assert {one.state for one in stand_ins} == {PushState.SENDING}
        assert {one.reason for one in stand_ins} == {pushes.STANDS_IN}
    assert done.kept is not None
    with closing(sqlite3.connect(done.kept)) as kept:
        assert kept.execute("SELECT shown FROM pool").fetchone() == (77,)


def test_the_next_start_finds_the_ledger_that_was_left(sold: Ledger, tmp_path: Path) -> None:
    restore(sold, backup(sold, tmp_path / "copy"))

    assert begin_start(sold) is False


def test_a_plain_copy_of_the_file_is_taken_for_a_backup_too(sold: Ledger, tmp_path: Path) -> None:
    sold.close()
    shutil.copy(_file(sold), tmp_path / "copied")

    restore(sold, tmp_path / "copied")

    assert _exposure(sold) is None


def test_it_is_refused_while_up_runs_and_nothing_is_changed(sold: Ledger, tmp_path: Path) -> None:
    copy = backup(sold, tmp_path / "copy")

    with running(sold), pytest.raises(AlreadyRunningError):
        restore(sold, copy)

    assert _exposure(sold) == 5
    assert not list(_file(sold).parent.glob("*restor*"))


def test_it_is_refused_beside_somebody_who_does_not_stop_writing(
    sold: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restoring, "LOCKED_WITHIN_S", 0.05)
    copy = backup(sold, tmp_path / "copy")

    with closing(sqlite3.connect(_file(sold), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerError, match=r"Another process is writing.*nothing was restored"):
            restore(sold, copy)
        other.execute("ROLLBACK")

    assert _exposure(sold) == 5
    assert not list(_file(sold).parent.glob("*restor*"))


def test_whatever_is_written_until_it_is_replaced_is_in_what_is_kept(
    sold: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write is tried each time that the restore opens a file."""
    copy = backup(sold, tmp_path / "copy")
    live, opens = _file(sold), restoring._read_only
    outcomes: list[tuple[Path, bool]] = []

    def opened(path: Path) -> sqlite3.Connection:
        with closing(sqlite3.connect(live, timeout=0.0, isolation_level=None)) as other:
            try:
                other.execute("UPDATE pool SET shown = ?", (len(outcomes),))
                outcomes.append((path, True))
            except sqlite3.OperationalError:
                outcomes.append((path, False))
        return opens(path)

    monkeypatch.setattr(restoring, "_read_only", opened)
    done = restore(sold, copy)

    written = [number for number, (_, was_taken) in enumerate(outcomes) if was_taken]
    assert len(written) > 1
    assert (live, False) in outcomes
    assert done.kept is not None
    with closing(sqlite3.connect(done.kept)) as kept:
        assert kept.execute("SELECT shown FROM pool").fetchone() == (written[-1],)


def test_a_ledger_that_was_put_there_by_hand_is_kept_too(sold: Ledger, tmp_path: Path) -> None:
    """A plain copy is not in the mode in which others read beside a writer."""
    copy = backup(sold, tmp_path / "copy")
    sold.close()
    shutil.copy(copy, _file(sold))

    done = restore(sold, copy)

    assert (done.was_damaged, _exposure(sold)) == (False, None)


def test_another_process_that_has_it_open_sees_the_restored_one(sold: Ledger, tmp_path: Path) -> None:
    copy = backup(sold, tmp_path / "copy")
    with closing(sqlite3.connect(_file(sold))) as other:
        assert other.execute("SELECT exposure FROM pool").fetchone() == (5,)

        restore(sold, copy)

        assert other.execute("SELECT exposure FROM pool").fetchone() == (None,)


def test_a_damaged_ledger_is_moved_away_and_the_backup_takes_its_place(sold: Ledger, tmp_path: Path) -> None:
    copy = backup(sold, tmp_path / "copy")
    sold.close()
    path = _file(sold)
    for part in path.parent.glob(f"{path.name}-*"):
        part.unlink()
    path.write_bytes(b"SQLite format 3\x00" + b"nonsense" * 500)

    done = restore(sold, copy)

    assert done.was_damaged
    assert done.kept is not None
    assert b"nonsense" in done.kept.read_bytes()
    assert _exposure(sold) is None


def test_without_a_ledger_the_backup_becomes_one(sold: Ledger, tmp_path: Path) -> None:
    copy = backup(sold, tmp_path / "copy")
    sold.close()
    path = _file(sold)
    for part in [path, *path.parent.glob(f"{path.name}-*")]:
        part.unlink(missing_ok=True)

    done = restore(sold, copy)

    assert done.kept is None
    assert _exposure(sold) is None


@pytest.mark.parametrize("content", [b"", b"sku,on_hand\n", b"SQLite format 3\x00" + b"x" * 4096])
def test_what_is_no_sound_backup_is_refused_and_nothing_is_changed(
    sold: Ledger, tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)

    with pytest.raises(InputError, match=r"no database|damaged"):
        restore(sold, file)

    assert _exposure(sold) == 5


def test_a_database_of_something_else_or_of_a_newer_version_is_refused(sold: Ledger, tmp_path: Path) -> None:
    other = tmp_path / "other"
    with closing(sqlite3.connect(other)) as made:
        made.execute("CREATE TABLE note (text)")
    newer = backup(sold, tmp_path / "newer")
    with closing(sqlite3.connect(newer)) as made, made:
        made.execute("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(InputError, match="something else"):
        check_backup(other)
    with pytest.raises(InputError, match="newer version"):
        restore(sold, newer)
    check_backup(backup(sold, tmp_path / "sound"))
    with pytest.raises(InputError, match="the ledger itself"):
        restore(sold, _file(sold))


def test_a_server_is_told_what_to_do_instead(postgres_ledger: Ledger, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="pg_restore"):
        restore(postgres_ledger, tmp_path / "any")


def test_a_sound_ledger_passes_every_check(ledger: Ledger) -> None:
    found = soundness.examine(ledger)

    assert [one.name for one in found if one.ok is False] == []
    assert {one.name for one in found} >= {"durability", "tables", "books", "witness", "backup"}


def test_a_ledger_that_was_put_back_by_hand_is_noticed_by_the_check(sold: Ledger, tmp_path: Path) -> None:
    copy = backup(sold, tmp_path / "copy")
    checks = {one.name: one.ok for one in soundness.examine(sold)}
    assert (checks["witness"], checks["backup"]) == (True, True)
    sold.close()
    path = _file(sold)
    for part in path.parent.glob(f"{path.name}-*"):
        if part.suffix != ".witness":
            part.unlink()
    shutil.copy(copy, path)

    assert {one.name: one.ok for one in soundness.examine(sold)}["witness"] is False


def test_damage_and_broken_books_are_found(sold: Ledger) -> None:
    with closing(sqlite3.connect(_file(sold))) as plain, plain:
        plain.execute("UPDATE stock SET on_hand = on_hand + 1")
    assert [one.name for one in soundness.examine(sold) if one.ok is False] == ["books"]

    with closing(sqlite3.connect(_file(sold))) as plain, plain:
        plain.execute("UPDATE pool SET channel = 'nowhere'")
    assert [one.name for one in soundness.examine(sold) if one.ok is False] == ["references"]
