"""A ledger on each database: SQLite in a file, SQLite in memory, PostgreSQL. Ask for ``ledger``, or for one of them.

``manual_ledger`` is the same with a :class:`ManualClock`, found as ``ledger.clock``. The tables are made once and copied.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from syncworker.ledger import Clock, Ledger, ManualClock, open_ledger
from syncworker.ledger.engine import create_ledger_engine
from syncworker.ledger.upgrade import upgrade
from tests.servers import PostgresServer

DATABASES = ("sqlite", "memory", "postgresql")


@contextmanager
def opened(url: str, clock: Clock | None = None) -> Iterator[Ledger]:
    """A ledger with its tables; its connections are closed afterwards."""
    ledger = open_ledger(url, clock)
    try:
        upgrade(ledger.engine)
        yield ledger
    finally:
        ledger.close()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with all tables, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "ledger.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_template(postgres_server: PostgresServer) -> str:
    """A PostgreSQL database with all tables, to be copied by its name."""
    name = postgres_server.create()
    _migrate(postgres_server.url(name))
    return name


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database of each kind, without tables."""
    if request.param == "postgresql":
        url: str = request.getfixturevalue("postgres_url")
        return url
    return "sqlite://" if request.param == "memory" else f"sqlite:///{tmp_path / 'ledger.db'}"


@pytest.fixture(params=DATABASES)
def any_database(request: pytest.FixtureRequest) -> str:
    """The kind of database that ``ledger`` and ``manual_ledger`` use."""
    return str(request.param)


@pytest.fixture
def ledger(any_database: str, request: pytest.FixtureRequest) -> Iterator[Ledger]:
    """An empty ledger that asks the database for the time."""
    with _prepared(any_database, request, None) as ledger:
        yield ledger


@pytest.fixture
def manual_ledger(any_database: str, request: pytest.FixtureRequest) -> Iterator[Ledger]:
    """An empty ledger on a virtual clock that stands still."""
    with _prepared(any_database, request, ManualClock()) as ledger:
        yield ledger


@pytest.fixture
def sqlite_ledger(request: pytest.FixtureRequest) -> Iterator[Ledger]:
    """An empty ledger in an SQLite file, for what only files can do."""
    with _prepared("sqlite", request, None) as ledger:
        yield ledger


@pytest.fixture
def postgres_ledger(request: pytest.FixtureRequest) -> Iterator[Ledger]:
    """An empty ledger on PostgreSQL, for what only servers can do."""
    with _prepared("postgresql", request, None) as ledger:
        yield ledger


def rows_of(ledger: Ledger, table: sa.Table) -> list[dict[str, object]]:
    """Everything in a table, for comparing before and after."""
    with ledger.snapshot() as tx:
        return [dict(row._mapping) for row in tx.execute(sa.select(table))]


@contextmanager
def _prepared(kind: str, request: pytest.FixtureRequest, clock: Clock | None) -> Iterator[Ledger]:
    """A ledger on a copy of the database that was made once."""
    if kind == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        template: str = request.getfixturevalue("migrated_template")
        with server.database(template=template) as url, closing(open_ledger(url, clock)) as ledger:
            yield ledger
        return
    original: Path = request.getfixturevalue("migrated_file")
    folder: Path = request.getfixturevalue("tmp_path")
    url = "sqlite://" if kind == "memory" else f"sqlite:///{folder / 'ledger.db'}"
    if kind == "sqlite":
        shutil.copy(original, folder / "ledger.db")
    with closing(open_ledger(url, clock)) as ledger:
        if kind == "memory":
            _fill(ledger, original)
        yield ledger


def _fill(ledger: Ledger, original: Path) -> None:
    """The tables of a file for a ledger in memory."""
    with closing(ledger.engine.raw_connection()) as pooled, closing(sqlite3.connect(original)) as source:
        assert isinstance(pooled.driver_connection, sqlite3.Connection)
        source.backup(pooled.driver_connection)


def _migrate(url: str) -> None:
    engine = create_ledger_engine(url)
    upgrade(engine)
    engine.dispose()


def waits_for_a_row(ledger: Ledger) -> bool:
    """Whether some transaction of this PostgreSQL database waits for another one's row."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    with ledger.engine.connect() as connection:
        return bool(connection.execute(sa.text(query)).scalar_one())
