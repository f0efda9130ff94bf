"""Do the tables match this version of the program? Brings an older database up to date, and refuses a newer one.

An upgrade is one transaction on both databases: a kill in the middle leaves the tables as they were.
"""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from syncworker.errors import LedgerError, NewerDatabaseError
from syncworker.ledger.engine import connect, for_reading, write_lock
from syncworker.ledger.schema import metadata

#: Only one process upgrades a PostgreSQL database at a time; any constant number that is ours.
ADVISORY_LOCK = 7_314_982_206


def ensure_current(engine: sa.Engine) -> list[str]:
    """Make the tables fit this version, or raise; what was done, one line a revision. Harmless to repeat.

    Raises NewerDatabaseError for a database that a newer version wrote, and LedgerError for one that is not ours.
    """
    return upgrade(engine) if pending(engine) else []


def pending(engine: sa.Engine) -> list[str]:
    """Revisions that :func:`upgrade` would apply, oldest first, one line each. Changes nothing; raises as it does."""
    with connect(engine) as connection:
        # One moment: half of another process's upgrade would look like somebody else's tables.
        return _pending(for_reading(connection))


def upgrade(engine: sa.Engine) -> list[str]:
    """Apply what is pending in one transaction; what was done. Two processes may call it at once: one finds it done."""
    with write_lock(engine) or nullcontext(), connect(engine) as connection:
        is_sqlite = connection.dialect.name == "sqlite"
        if is_sqlite:
            # Rebuilding a table would trip over the rows that refer to it; checked again below.
            _set_foreign_keys(connection, on=False)
        try:
            with connection.begin():
                if not is_sqlite:
                    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(ADVISORY_LOCK)))
                done = _pending(connection)
                if done:
                    command.upgrade(_config(connection), "head")
                    _check_foreign_keys(connection)
        finally:
            if is_sqlite:
                _set_foreign_keys(connection, on=True)
        return done


def current_revision(connection: sa.Connection) -> str | None:
    """The revision that the tables are at; ``None`` for an empty database."""
    return MigrationContext.configure(connection).get_current_revision()


def migrations_config() -> Config:
    """Alembic's configuration for the packaged revisions."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _config(connection: sa.Connection) -> Config:
    config = migrations_config()
    config.attributes["connection"] = connection
    return config


def refuse_newer(revision: str) -> None:
    """NewerDatabaseError if tables at this revision were made by a version that we know nothing of."""
    if revision not in _known():
        raise NewerDatabaseError(
            f"This database was written by a newer version of syncworker (its tables are at revision {revision})."
            " Install that version or a later one: pip install --upgrade syncworker."
        )


def _known() -> dict[str, str]:
    """Our revisions in words, newest first."""
    scripts = ScriptDirectory.from_config(migrations_config())
    return {script.revision: f"{script.revision} {script.doc}" for script in scripts.walk_revisions()}


def _pending(connection: sa.Connection) -> list[str]:
    known = _known()
    current = current_revision(connection)
    if current is None:
        _refuse_foreign_tables(connection)
    else:
        refuse_newer(current)
    oldest_first = list(reversed(list(known)))
    start = 0 if current is None else oldest_first.index(current) + 1
    return [known[revision] for revision in oldest_first[start:]]


def _refuse_foreign_tables(connection: sa.Connection) -> None:
    """Tables of our names without a revision were made by something else: nothing is guessed about them."""
    ours = sorted(set(metadata.tables) & set(sa.inspect(connection).get_table_names()))
    if ours:
        raise LedgerError(
            f"This database has tables named {', '.join(ours[:3])} that syncworker did not make."
            " Choose another database, or an empty schema of this one."
        )


def _set_foreign_keys(connection: sa.Connection, *, on: bool) -> None:
    """Outside of a transaction, where alone SQLite heeds it."""
    cursor = connection.connection.cursor()
    cursor.execute(f"PRAGMA foreign_keys={'ON' if on else 'OFF'}")
    cursor.close()


def _check_foreign_keys(connection: sa.Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if broken:
        raise LedgerError(
            f"The upgrade was undone: {len(broken)} rows of {broken[0][0]} refer to rows that are not there."
            " Run `syncworker doctor` with the version that was used before."
        )
