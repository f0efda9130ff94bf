"""What is done all the time, or for one listing, looks at no table from end to end: a million rows cost no more than ten."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from syncworker.connector import Capabilities
from syncworker.core.model import QuantityMode
from syncworker.ledger.ledger import Ledger, Transaction
from syncworker.sync import channels as use
from syncworker.sync.prices import clear_price, set_price
from syncworker.sync.publishing import publish
from syncworker.sync.sale import add_sale
from syncworker.sync.showing import manage, show
from syncworker.sync.tick import tick
from tests.sync.shopfront import Business

pytestmark = pytest.mark.parametrize("any_database", ["memory"], indirect=True)

STALL = Capabilities(own_number=True, mode=QuantityMode.COMPARE_AND_SET)
#: Tables that grow with the catalogue or with time; an index that holds a part of the rows alone may be walked.
GROWING = "pool|listing|push|read|order|order_line|movement"
WALKED = re.compile(rf"SCAN ({GROWING})$|SEARCH (pool|listing) USING (COVERING )?INDEX \w+ \(channel=\?\)$")


@contextmanager
def _plans(ledger: Ledger) -> Iterator[list[str]]:
    """How the database says that it finds the rows of each statement, with the statement."""
    found: list[str] = []

    def explain(
        _connection: object, cursor: object, statement: str, parameters: object, _context: object, many: bool
    ) -> None:
        if many or not statement.startswith(("SELECT", "UPDATE", "DELETE")):
            return
        asked = cursor.connection.cursor()  # type: ignore[attr-defined]
        rows = asked.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
        found.extend(f"{row[3]}\n{statement}" for row in rows if WALKED.match(row[3]))

    # The suite's own invariants look at everything.
    hooks, ledger.before_commit = ledger.before_commit, []
    sa.event.listen(ledger.engine, "before_cursor_execute", explain)
    try:
        yield found
    finally:
        sa.event.remove(ledger.engine, "before_cursor_execute", explain)
        ledger.before_commit = hooks


def _sell(tx: Transaction) -> None:
    add_sale(tx, "stall", sku="BIN", units=1, reference="bon-1", sold_at=tx.now, actor="test")


DEEDS: dict[str, Callable[[Transaction], object]] = {
    "hide": lambda tx: show(tx, "shop", ["BIN"], is_shown=False),
    "show": lambda tx: show(tx, "shop", ["BIN"], is_shown=True),
    "manage": lambda tx: manage(tx, "shop", ["BIN"]),
    "fix": lambda tx: set_price(tx, "shop", "BIN", amount="90000", currency="IDR"),
    "clear": lambda tx: clear_price(tx, "shop", "BIN"),
    "sell": _sell,
}


@pytest.fixture
def business(manual_ledger: Ledger) -> Business:
    business = Business(manual_ledger)
    publish(business.context, "shop")
    business.go_live()
    business.run(4)
    return business


def test_a_tick_walks_no_table(business: Business) -> None:
    business.count("BIN", units=3)

    with _plans(business.ledger) as walked:
        tick(business.context)

    assert walked == []


@pytest.mark.parametrize("deed", DEEDS)
def test_what_is_done_for_one_listing_walks_no_table(business: Business, deed: str) -> None:
    with business.ledger.transaction() as tx:
        use.register(tx, "stall", connector="counter", capabilities=STALL)
        use.stock_counter(tx, business.context, "stall")

    with _plans(business.ledger) as walked:
        business.ledger.run(DEEDS[deed])

    assert walked == []
