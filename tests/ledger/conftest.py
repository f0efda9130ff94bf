"""A ledger on each database: SQLite in a file, SQLite in memory, PostgreSQL. Ask for ``ledger``, or for one of them.

``manual_ledger`` is the same with a :class:`ManualClock`, found as ``ledger.clock``.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from syncworker.ledger import Clock, Ledger, ManualClock, open_ledger
from syncworker.ledger.upgrade import upgrade

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


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database of each kind."""
    if request.param == "postgresql":
        url: str = request.getfixturevalue("postgres_url")
        return url
    return "sqlite://" if request.param == "memory" else f"sqlite:///{tmp_path / 'ledger.db'}"


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    """An empty ledger that asks the database for the time."""
    with opened(database_url) as ledger:
        yield ledger


@pytest.fixture
def manual_ledger(database_url: str) -> Iterator[Ledger]:
    """An empty ledger on a virtual clock that stands still."""
    with opened(database_url, ManualClock()) as ledger:
        yield ledger


@pytest.fixture
def sqlite_ledger(tmp_path: Path) -> Iterator[Ledger]:
    """An empty ledger in an SQLite file, for what only files can do."""
    with opened(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        yield ledger


@pytest.fixture
def postgres_ledger(postgres_url: str) -> Iterator[Ledger]:
    """An empty ledger on PostgreSQL, for what only servers can do."""
    with opened(postgres_url) as ledger:
        yield ledger


def rows_of(ledger: Ledger, table: sa.Table) -> list[dict[str, object]]:
    """Everything in a table, for comparing before and after."""
    with ledger.snapshot() as tx:
        return [dict(row._mapping) for row in tx.execute(sa.select(table))]


@pytest.fixture(autouse=True)
def the_rule_holds() -> None:
    """Not checked here: these tests write rows of their own, and the rule is kept by the use cases above."""
