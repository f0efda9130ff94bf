"""The ledgers of tests/ledger, for the use cases: ask for ``ledger``, ``manual_ledger`` or one database's own.

Two of the three kinds: what a file does that memory does not is shown by tests/ledger, tests/faults and tests/e2e.
"""

import pytest

from tests.ledger.conftest import (
    database_url,
    ledger,
    manual_ledger,
    migrated_file,
    migrated_template,
    postgres_ledger,
    sqlite_ledger,
)

__all__ = [
    "database_url",
    "ledger",
    "manual_ledger",
    "migrated_file",
    "migrated_template",
    "postgres_ledger",
    "sqlite_ledger",
]


@pytest.fixture(params=("memory", "postgresql", pytest.param("sqlite", marks=pytest.mark.prove)))
def any_database(request: pytest.FixtureRequest) -> str:
    """The kind of database that ``ledger`` and ``manual_ledger`` use."""
    return str(request.param)
