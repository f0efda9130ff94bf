"""Whatever a person does to goods, all counts that it takes are locked in one go, wherever the goods lie.

Who locked some counts and then more could meet another in a deadlock: see ``stock.lock``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from syncworker.connector import Capabilities
from syncworker.core.model import QuantityMode
from syncworker.ledger import holds, open_ledger, products, stock
from syncworker.ledger.ledger import Ledger, Transaction
from syncworker.ledger.products import Product
from syncworker.ledger.stock import Place
from syncworker.ledger.stocktaking import Counted
from syncworker.sync import catalogue, goods, holding
from syncworker.sync import channels as use
from syncworker.sync.sale import settle_count
from syncworker.sync.undo import plan_undo, undo
from tests.ledger.conftest import waits_for_a_row
from tests.servers import PostgresServer
from tests.waiting import await_condition

BUNDLE = Product(sku="SET", title="Bin and broom", parts={"BIN": 1, "BROOM": 1})
STALL = Capabilities(own_number=True, mode=QuantityMode.COMPARE_AND_SET, feeds=())
#: A new bundle of goods that had nothing to do with each other.
FILE = b"sku,title,parts,on_hand\nKIT,Kit,BIN:1;TRAY:1,\nBROOM,Broom,,7\n"


def _hold(tx: Transaction, location: str, *, units: int = 2) -> int:
    record, _ = holding.create_hold(
        tx,
        party="parks",
        asked={"SET": units},
        until=tx.now + timedelta(days=1),
        actor="Sari",
        location=location,
        reference=f"at {location}",
    )
    return record.id


def _known_hold(tx: Transaction) -> int:
    found = holds.by_reference(tx, "at barn")
    assert found is not None
    return found.id


def _undo(tx: Transaction) -> None:
    context = SimpleNamespace(new_id=lambda: "run-1")
    undo(tx, context, plan_undo(tx, "brought"), actor="Sari")  # type: ignore[arg-type]


def _import(tx: Transaction) -> None:
    plan = catalogue.plan_products(tx, FILE)
    catalogue.apply_plan(tx, plan, reference="file", actor="Sari")


DEEDS: dict[str, Callable[[Transaction], object]] = {
    "goods in": lambda tx: goods.receive(tx, "BIN", "barn", 1, reference="in", actor="Sari"),
    "goods in at a new place": lambda tx: goods.receive(tx, "BIN", "attic", 1, reference="in", actor="Sari"),
    "lost": lambda tx: goods.adjust(tx, "BIN", "barn", -1, reason="broken", reference="lost", actor="Sari"),
    "carried": lambda tx: goods.move(
        tx, "BIN", 1, origin="barn", target="attic", reference="move", actor="Sari"
    ),
    "counted": lambda tx: goods.count(
        tx, [Counted(sku="BIN", location="attic", units=3)], reference="count", actor="Sari"
    ),
    "undone": _undo,
    "imported": _import,
    "hold created": lambda tx: _hold(tx, "attic"),
    "hold cancelled": lambda tx: holding.cancel_hold(tx, _known_hold(tx), actor="Sari"),
    "hold handed over": lambda tx: holding.fulfil_hold(tx, _known_hold(tx), actor="Sari", partly=True),
    "gathered": lambda tx: holding.gather(tx, ["BROOM"]),
    "gathered before a plan": lambda tx: holding.gather_first(tx, ["BROOM"]),
    "counted by a partner": lambda tx: settle_count(
        tx, "kiosk", sku="BIN", left=1, reference="month", sold_at=tx.now, actor="Sari"
    ),
}


@pytest.fixture(scope="module")
def rounds() -> Iterator[list[set[Place]]]:
    """What was locked, round by round."""
    found: list[set[Place]] = []
    with pytest.MonkeyPatch.context() as patch:
        for where, name in ((stock, "_lock_rows"), (products, "lock_skus")):
            asked = getattr(where, name)
            patch.setattr(where, name, _noting(asked, found))
        yield found


def _noting(lock: Callable[..., dict[Place, object]], found: list[set[Place]]) -> Callable[..., object]:
    def noted(*args: object, **switches: object) -> object:
        locked = lock(*args, **switches)
        found.append(set(locked))
        return locked

    return noted


def _fill(tx: Transaction) -> None:
    plain = [Product(sku=sku, title=sku) for sku in ("BIN", "BROOM", "TRAY")]
    products.save_products(tx, [*plain, BUNDLE])
    goods.count(tx, [Counted(sku=sku, location="main", units=9) for sku in ("BIN", "BROOM")], reference="first",
                actor="Sari")  # fmt: skip
    use.register(tx, "kiosk", connector="counter", capabilities=STALL, location="kiosk")
    goods.move(tx, "BIN", 3, origin="main", target="kiosk", reference="to the kiosk", actor="Sari")
    goods.receive(tx, "BIN", "barn", 4, reference="brought", actor="Sari")
    _hold(tx, "barn", units=3)


@pytest.fixture(scope="module")
def filled(postgres_server: PostgresServer, migrated_template: str) -> Iterator[Ledger]:
    """Goods at three places, and an open hold at a place that no channel sells from; nothing of it is ever changed."""
    with postgres_server.database(template=migrated_template) as url:
        ledger = open_ledger(url)
        ledger.run(_fill)
        yield ledger
        ledger.close()


class _NotKeptError(Exception):
    """What was done is taken back."""


@pytest.mark.parametrize("deed", DEEDS)
def test_all_counts_are_locked_in_the_first_round(
    filled: Ledger, rounds: list[set[Place]], deed: str
) -> None:
    def take_back(tx: Transaction) -> None:
        rounds.clear()
        DEEDS[deed](tx)
        raise _NotKeptError

    with pytest.raises(_NotKeptError):
        filled.run(take_back)

    assert rounds, "nothing was locked"
    assert set.union(*rounds) == rounds[0]


def test_goods_that_come_to_a_barn_meet_a_changed_product_without_a_deadlock(postgres_ledger: Ledger) -> None:
    """Whoever saves a product locks its counts at every place, the barn's before the main one."""
    ledger = postgres_ledger
    ledger.run(_fill)
    failures: list[Exception] = []

    def rename() -> None:
        try:
            with ledger.transaction() as tx:
                products.save_products(tx, [Product(sku="BIN", title="Bamboo bin")])
        except sa.exc.DBAPIError as error:
            failures.append(error)

    other = threading.Thread(target=rename)
    with ledger.transaction() as tx:
        goods.hold_family(tx, [("BROOM", "main")])
        other.start()
        await_condition(lambda: waits_for_a_row(ledger), 20.0, "the other one to wait for a count")
        goods.receive(tx, "BIN", "barn", 1, reference="in", actor="Sari")
    other.join()

    assert failures == []
