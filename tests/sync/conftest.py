"""The ledgers of tests/ledger, for the use cases: ask for ``ledger``, ``manual_ledger`` or one database's own."""

from tests.ledger.conftest import database_url, ledger, manual_ledger, postgres_ledger, sqlite_ledger

__all__ = ["database_url", "ledger", "manual_ledger", "postgres_ledger", "sqlite_ledger"]
