"""The revisions build exactly the schema, once, whole or not at all, and refuse what is newer or foreign."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from syncworker.errors import LedgerError, NewerDatabaseError
from syncworker.ledger import Ledger
from syncworker.ledger.engine import create_ledger_engine
from syncworker.ledger.migrations.options import options_for
from syncworker.ledger.schema import metadata
from syncworker.ledger.upgrade import current_revision, ensure_current, pending, upgrade


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    """An engine on an empty database."""
    engine = create_ledger_engine(database_url)
    yield engine
    engine.dispose()


def test_the_revisions_build_exactly_the_schema(ledger: Ledger) -> None:
    with ledger.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=dict(options_for(connection)))

        assert compare_metadata(context, metadata) == []


def test_the_revisions_build_the_same_indexes_and_defaults_as_the_schema(
    engine: sa.Engine,
) -> None:
    upgrade(engine)
    described = _described(engine)
    with engine.begin() as connection:
        metadata.drop_all(connection)
        metadata.create_all(connection)

    assert described == _described(engine)


def _described(engine: sa.Engine) -> list[tuple[object, ...]]:
    """Columns with defaults and index definitions, partial ones with their conditions."""
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            indexes = "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
            checks = (
                "SELECT conrelid::regclass::text, pg_get_constraintdef(oid), conname FROM pg_constraint"
                " WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'alembic_version'"
            )
            columns = (
                "SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns"
                " WHERE table_schema = 'public' AND table_name <> 'alembic_version'"
            )
            statements = [indexes, checks, columns]
        else:
            statements = ["SELECT tbl_name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"]
            for table in sorted(metadata.tables):
                statements.append(f"SELECT '{table}', * FROM pragma_table_info('{table}')")
                statements.append(
                    f'SELECT \'{table}\', "table", "from", "to" FROM pragma_foreign_key_list(\'{table}\')'
                )
        return sorted(
            (
                tuple(str(value) for value in row)
                for text in statements
                for row in connection.exec_driver_sql(text)
            ),
        )


def test_upgrading_twice_changes_nothing(ledger: Ledger) -> None:
    assert pending(ledger.engine) == []
    assert upgrade(ledger.engine) == []
    assert ensure_current(ledger.engine) == []


def test_an_empty_database_is_upgraded_and_says_what_was_done(engine: sa.Engine) -> None:
    expected = pending(engine)

    done = ensure_current(engine)

    assert done == expected
    assert done[0] == "0001 The first tables."


def test_a_newer_database_is_refused_with_the_next_step(ledger: Ledger) -> None:
    with ledger.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(NewerDatabaseError, match=r"revision 9999.*Install that version"):
        ensure_current(ledger.engine)


def test_a_database_with_tables_of_somebody_else_is_left_alone(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE product (id integer)")

    with pytest.raises(LedgerError, match="product that syncworker did not make"):
        ensure_current(engine)


def test_a_file_that_is_no_database_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(b"this is a letter, not a database" * 100)

    with pytest.raises(LedgerError, match="cannot be opened"):
        ensure_current(create_ledger_engine(f"sqlite:///{tmp_path / 'ledger.db'}"))


def test_an_upgrade_that_fails_in_the_middle_leaves_nothing(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = command.upgrade

    def fail_at_the_end(*args: object) -> None:
        real(*args)  # type: ignore[arg-type]
        raise RuntimeError("the power went")

    monkeypatch.setattr(command, "upgrade", fail_at_the_end)
    with pytest.raises(RuntimeError):
        upgrade(engine)
    monkeypatch.undo()

    with engine.connect() as connection:
        assert current_revision(connection) is None
    assert ensure_current(engine)


@pytest.mark.faults
def test_a_kill_in_the_middle_of_an_upgrade_is_mended_by_the_next_start(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    script = (
        "import os, signal, sys\n"
        "from syncworker.ledger import upgrade\n"
        "from syncworker.ledger.engine import create_ledger_engine\n"
        "upgrade._check_foreign_keys = lambda connection: os.kill(os.getpid(), signal.SIGKILL)\n"
        "upgrade.upgrade(create_ledger_engine(sys.argv[1]))\n"
    )
    died = subprocess.run([sys.executable, "-c", script, url], check=False)

    engine = create_ledger_engine(url)
    done = ensure_current(engine)
    engine.dispose()

    assert died.returncode < 0
    assert done[0].startswith("0001")


def test_two_threads_upgrading_at_once_both_succeed(engine: sa.Engine) -> None:
    done: list[list[str]] = []
    threads = [threading.Thread(target=lambda: done.append(upgrade(engine))) for _ in range(2)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(map(len, done)) == [0, len(max(done, key=len))]


@pytest.mark.faults
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_three_processes_upgrading_at_once_all_succeed(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite:///{tmp_path / 'l.db'}" if kind == "sqlite" else request.getfixturevalue("postgres_url")
    script = (
        "import sys\n"
        "from syncworker.ledger.engine import create_ledger_engine\n"
        "from syncworker.ledger.upgrade import ensure_current\n"
        "print(len(ensure_current(create_ledger_engine(sys.argv[1]))))\n"
    )
    command_line = [sys.executable, "-c", script, url]
    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(_run, [command_line] * 3))

    assert [process.stderr for process in done] == ["", "", ""]
    answers = sorted(int(process.stdout) for process in done)
    assert answers[:2] == [0, 0]
    assert answers[2] > 0


def _run(command_line: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command_line, capture_output=True, text=True, check=False)
