"""How is the database reached so that a commit survives a power cut and writers wait in line? Recipes per database.

Opens no transaction by itself and knows no table.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry, StaticPool

from syncworker.errors import ConfigurationError, LedgerError, UnsafeDatabaseError

#: How long a writer waits for another process's transaction on SQLite, in seconds.
BUSY_TIMEOUT_S = 30.0
#: A database server that has not answered for so long cannot be reached, in seconds.
CONNECT_TIMEOUT_S = 10
#: PostgreSQL ends a session of ours that sits on locks and does nothing for so long (a paused process), in ms.
IDLE_IN_TRANSACTION_MS = 60_000
#: What the begin event opens on SQLite; an execution option of the connection.
SQLITE_BEGIN = "sqlite_begin"

_write_locks: dict[str, threading.Lock] = {}
_registry_lock = threading.Lock()


def create_ledger_engine(url: str | URL) -> sa.Engine:
    """An engine for ``sqlite:///path``, ``sqlite://`` (in memory, for tests) or ``postgresql://…``.

    Nothing is contacted yet, but the folder of an SQLite file is made. Raises ConfigurationError for an address that
    cannot be used; on the first connection UnsafeDatabaseError if PostgreSQL would forget commits.
    """
    address = _checked_url(url)
    if address.get_backend_name() == "sqlite":
        return _sqlite_engine(address)
    return _postgres_engine(address)


@contextmanager
def connect(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection of the pool; LedgerError with what to check if the database cannot be opened."""
    try:
        connection = engine.connect()
    except sa.exc.DBAPIError as error:
        if is_conflict(error):
            raise
        where = engine.url.render_as_string(hide_password=True)
        raise LedgerError(
            f"The database {where} cannot be opened: {error.orig}. Check that it is there and may be used."
        ) from error
    with connection:
        yield connection


def for_reading(connection: sa.Connection) -> sa.Connection:
    """The same connection, whose next transaction sees one moment, changes nothing and keeps no writer waiting."""
    if connection.dialect.name == "sqlite":
        return connection.execution_options(**{SQLITE_BEGIN: "DEFERRED"})
    return connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def database_path(engine: sa.Engine) -> Path | None:
    """The SQLite file behind an engine; ``None`` for one in memory or on a server."""
    if engine.dialect.name != "sqlite" or _in_memory(engine.url):
        return None
    return Path(str(engine.url.database)).resolve()


def write_lock(engine: sa.Engine) -> threading.Lock | None:
    """The one lock of this process's writers of an SQLite database; ``None`` for PostgreSQL, which queues by row.

    Without it SQLite's own waiting lets one thread starve.
    """
    if engine.dialect.name != "sqlite":
        return None
    path = database_path(engine)
    key = str(path) if path is not None else f"memory:{id(engine.pool)}"
    with _registry_lock:
        return _write_locks.setdefault(key, threading.Lock())


def is_shared_connection(engine: sa.Engine) -> bool:
    """Whether all threads share one connection (SQLite in memory), so that readers must wait in line too."""
    return isinstance(engine.pool, StaticPool)


def is_conflict(error: BaseException) -> bool:
    """Whether the database gave up a transaction only because of another one: the whole of it may be run again."""
    if not isinstance(error, sa.exc.DBAPIError):
        return False
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
        return code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
    return getattr(cause, "sqlstate", None) in {"40001", "40P01"}


def _checked_url(url: str | URL) -> URL:
    try:
        address = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError) as error:
        raise ConfigurationError(
            [f"database: {url!r} is not an address; write sqlite:///path/to/ledger.db or postgresql://…"]
        ) from error
    backend = address.get_backend_name()
    if backend == "sqlite":
        return address.set(drivername="sqlite")
    if backend in {"postgresql", "postgres"}:
        return address.set(drivername="postgresql+psycopg")
    raise ConfigurationError(
        [f"database: {backend!r} is not supported; write sqlite:///path/to/ledger.db or postgresql://…"]
    )


def _in_memory(url: URL) -> bool:
    return url.database in {None, "", ":memory:"}


def _sqlite_engine(url: URL) -> sa.Engine:
    # The driver must not BEGIN by itself: it would do so too late, after the first SELECT.
    connect_args = {"timeout": BUSY_TIMEOUT_S, "isolation_level": None, "check_same_thread": False}
    if _in_memory(url):
        engine = sa.create_engine(url, connect_args=connect_args, poolclass=StaticPool)
    else:
        _make_folder(Path(str(url.database)))
        engine = sa.create_engine(url, connect_args=connect_args, pool_size=10, max_overflow=20)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_folder(database: Path) -> None:
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            [f"database: the folder {database.parent} cannot be made ({error.strerror}); choose another path"]
        ) from error


def _prepare_sqlite(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "recursive_triggers=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
    record.info["query_only"] = False


def _begin_sqlite(connection: sa.Connection) -> None:
    kind = connection.get_execution_options().get(SQLITE_BEGIN, "IMMEDIATE")
    query_only = kind == "DEFERRED"
    if connection.info.get("query_only") is not query_only:
        connection.exec_driver_sql(f"PRAGMA query_only={int(query_only)}")
        connection.info["query_only"] = query_only
    connection.exec_driver_sql(f"BEGIN {kind}")


def _postgres_engine(url: URL) -> sa.Engine:
    try:
        engine = sa.create_engine(
            url,
            isolation_level="READ COMMITTED",
            pool_pre_ping=True,
            pool_size=10,
            max_overflow=20,
            # A server that does not answer at all is as good as none; an address may say otherwise.
            connect_args={} if "connect_timeout" in url.query else {"connect_timeout": CONNECT_TIMEOUT_S},
        )
    except ImportError as error:
        raise ConfigurationError(
            ["database: PostgreSQL needs one more package; run: pip install 'syncworker[postgres]'"]
        ) from error
    event.listen(engine, "connect", _prepare_postgres)
    return engine


def _prepare_postgres(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute(
        "SELECT current_setting('synchronous_commit'), current_setting('fsync'),"
        " set_config('random_page_cost', '1.1', false), set_config('TimeZone', 'UTC', false),"
        f" set_config('idle_in_transaction_session_timeout', '{IDLE_IN_TRANSACTION_MS}', false)"
    )
    row = cursor.fetchone()
    cursor.close()
    connection.commit()
    if row is None or row[0] == "off" or row[1] == "off":
        connection.close()
        setting = "fsync" if row is not None and row[1] == "off" else "synchronous_commit"
        raise UnsafeDatabaseError(
            f"PostgreSQL runs with {setting} = off and may forget a commit when the power fails, so a quantity that was"
            f" already sent could be sent twice. Set {setting} = on for this database and start again."
        )
