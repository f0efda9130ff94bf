"""No question about many rows meets a limit of the database: a channel may have more numbers than a statement has places."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence

import pytest

from syncworker.ledger import contents, limits, listings, orders, pools, products, pushes
from syncworker.ledger.ledger import Ledger, Transaction

#: More than PostgreSQL takes as single values of one statement; SQLite's limit is set to this many here.
MANY, SQLITES_LIMIT = 66_000, 32_766

QUESTIONS: dict[str, Callable[[Transaction, Sequence[str]], object]] = {
    "pools": lambda tx, keys: pools.load(tx, keys, lock=True),
    "pools of SKUs": pools.of_skus,
    "pools by key": lambda tx, keys: pools.by_key(tx, "shop", keys),
    "look again": pools.mark_dirty,
    "look again at parts": pools.mark_parts_dirty,
    "read back": lambda tx, keys: pools.want_read(tx, keys, at=tx.now),
    "open pushes": pushes.open_of,
    "when told": pushes.told_at,
    "close": pushes.close,
    "sales": lambda tx, keys: orders.recent_sales(tx, keys, since=tx.now),
    "recipes": products.recipe_of,
    "limits": limits.load,
    "policies": limits.policies,
    "safety stocks": limits.safety_stocks,
    "links": lambda tx, keys: listings.links(tx, "shop", keys),
    "sellers": contents.selling_from,
    "contents": lambda tx, keys: contents.change(tx, range(len(keys)), managed=True),
}


def limit_values(ledger: Ledger) -> None:
    """SQLite is built with another limit everywhere; here it has the one of its own sources."""
    with ledger.engine.connect() as connection:
        if isinstance(driver := connection.connection.driver_connection, sqlite3.Connection):
            driver.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, SQLITES_LIMIT)


@pytest.mark.parametrize("any_database", ["memory", "postgresql"], indirect=True)
def test_any_number_of_keys_is_one_question(ledger: Ledger) -> None:
    keys = [str(number) for number in range(MANY)]
    failed = {}
    limit_values(ledger)

    for name, ask in QUESTIONS.items():
        try:
            with ledger.transaction() as tx:
                ask(tx, keys)
        except Exception as error:  # noqa: BLE001 - all that fail are named at once
            failed[name] = str(error)[:100]

    assert failed == {}
