"""The ledgers of tests/ledger, for the use cases: ask for ``ledger``, ``manual_ledger`` or one database's own."""

from tests.ledger.conftest import (
    any_database,
    database_url,
    ledger,
    manual_ledger,
    migrated_file,
    migrated_template,
    postgres_ledger,
    sqlite_ledger,
)

__all__ = [
    "any_database",
    "database_url",
    "ledger",
    "manual_ledger",
    "migrated_file",
    "migrated_template",
    "postgres_ledger",
    "sqlite_ledger",
]
