"""Counts are locked before pools by everybody: a channel that is paused while a plan is made waits for it, and no deadlock."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from syncworker.connector import Capabilities
from syncworker.ledger import pools, products, stock
from syncworker.ledger.channels import ChannelState, set_state
from syncworker.ledger.ledger import Ledger, Transaction
from syncworker.ledger.products import Product
from syncworker.ledger.stocktaking import Counted
from syncworker.sync import channels as use
from syncworker.sync import goods
from syncworker.sync.planning import plan_for
from tests.ledger.conftest import waits_for_a_row
from tests.waiting import await_condition

DEEDS: dict[str, Callable[[Transaction], object]] = {
    "pause": lambda tx: use.pause(tx, "shop", withdraw=False),
    "resume": lambda tx: use.resume(tx, "shop"),
    "withdraw": lambda tx: use.withdraw(tx, ["shop"]),
}


@pytest.mark.parametrize("deed", DEEDS)
def test_a_channel_whose_state_changes_waits_for_a_plan(postgres_ledger: Ledger, deed: str) -> None:
    ledger = postgres_ledger
    with ledger.transaction() as tx:
        products.save_products(tx, [Product(sku="BIN", title="Bin")])
        goods.count(tx, [Counted(sku="BIN", location="main", units=4)], reference="first", actor="test")
        use.register(tx, "shop", connector="fake", capabilities=Capabilities())
        set_state(tx, "shop", ChannelState.LIVE)
        pools.create(tx, "pool", channel="shop", pool_key="BIN", sku="BIN", in_sum=True, exposure=4)
    failures: list[Exception] = []

    def change() -> None:
        try:
            with ledger.transaction() as tx:
                DEEDS[deed](tx)
        except sa.exc.DBAPIError as error:
            failures.append(error)

    other = threading.Thread(target=change)
    with ledger.transaction() as tx:
        stock.lock(tx, [("BIN", "main")])
        other.start()
        await_condition(lambda: waits_for_a_row(ledger), 20.0, "the other transaction to wait for a row")
        plan_for(tx, ["BIN"])
    other.join()

    assert failures == []
