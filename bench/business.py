"""What does a bench sell? A stocked ledger whose channels list every SKU, made in bulk; and the proof of its books."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from syncworker.connector.contract import Capabilities
from syncworker.core.model import Policy
from syncworker.ledger import channels as channel_rows
from syncworker.ledger import products
from syncworker.ledger.books import check_books
from syncworker.ledger.channels import ChannelState
from syncworker.ledger.ledger import Ledger, open_ledger
from syncworker.ledger.listings import ListingState
from syncworker.ledger.products import Product
from syncworker.ledger.schema import channel, listing, movement, order_line, pool, stock
from syncworker.ledger.stocktaking import Counted
from syncworker.ledger.upgrade import upgrade
from syncworker.sync import channels as use
from syncworker.sync import goods
from tests.servers import PostgresServer

#: Of a channel that nothing is asked of.
FACTS = Capabilities()
#: Units of each SKU: none sells out in a bench.
UNITS = 1_000_000


@contextmanager
def database(kind: str) -> Iterator[str]:
    """The address of an empty database: a file with ``synchronous = FULL``, or a PostgreSQL of our own with ``fsync``."""
    if kind == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite:///{Path(folder) / 'ledger.db'}"
        return
    server = PostgresServer()
    server.start()
    try:
        with server.database() as url:
            yield url
    finally:
        server.stop()


@contextmanager
def stocked(
    url: str,
    skus: Sequence[str],
    channels: Sequence[str],
    facts: Capabilities,
    *,
    shown: int,
    units: int = UNITS,
    policy: Policy = Policy.ESCROW,
) -> Iterator[Ledger]:
    """Every SKU counted (``units``), and listed at each channel, which is live and shows ``shown`` of it."""
    ledger = open_ledger(url)
    try:
        upgrade(ledger.engine)
        for number, some in enumerate(_portions(skus)):
            with ledger.transaction() as tx:
                products.save_products(tx, [Product(sku=sku, title=sku) for sku in some])
                counts = [Counted(sku=sku, location="main", units=units) for sku in some]
                goods.count(tx, counts, reference=f"first-{number}", actor="bench")
        for name in channels:
            _list_all(ledger, name, skus, facts, shown=shown, policy=policy)
        yield ledger
    finally:
        ledger.close()


def proof(ledger: Ledger, *, has_orders: bool = True) -> str:
    """What the ledger says of itself: the movements added up again, and how many. Raises if they do not add up.

    Without orders nothing but movements tells what is reserved.
    """
    with ledger.snapshot() as tx:
        wrong = check_books(tx)
        moved = tx.execute(sa.select(sa.func.count()).select_from(movement)).scalar_one()
        lines = tx.execute(sa.select(sa.func.coalesce(sa.func.sum(order_line.c.ordered), 0))).scalar_one()
        reserved = tx.execute(sa.select(sa.func.coalesce(sa.func.sum(stock.c.reserved), 0))).scalar_one()
    if wrong or (has_orders and reserved != lines):
        raise RuntimeError(f"the books do not add up: {reserved} reserved, {lines} on lines; {wrong[:3]}")
    told = f" = {lines:,} on order lines" if has_orders else " by them"
    return f"books proven: {moved:,} movements, {reserved:,} reserved{told}"


def _portions(skus: Sequence[str], size: int = 5_000) -> Iterator[Sequence[str]]:
    for start in range(0, len(skus), size):
        yield skus[start : start + size]


def _list_all(
    ledger: Ledger, name: str, skus: Sequence[str], facts: Capabilities, *, shown: int, policy: Policy
) -> None:
    with ledger.transaction() as tx:
        use.register(tx, name, connector="bench", capabilities=facts, policy=policy)
        channel_rows.set_state(tx, name, ChannelState.LIVE)
        # An hour ago, so that the orders of the bench are no history.
        tx.execute(sa.update(channel).values(connected_at=tx.now - timedelta(hours=1)))
    for some in _portions(skus):
        with ledger.transaction() as tx:
            tx.execute(
                sa.insert(pool),
                [
                    {"id": f"{name}/{sku}", "channel": name, "pool_key": sku, "sku": sku, "in_sum": True,
                     "exposure": shown, "shown": shown, "planned_version": 1, "wanted_version": 1}
                    for sku in some
                ],
            )  # fmt: skip
            tx.execute(
                sa.insert(listing),
                [
                    {"channel": name, "external_id": sku, "pool_key": sku, "remote_sku": sku, "title": sku,
                     "sku": sku, "pool_id": f"{name}/{sku}", "state": ListingState.LINKED.value, "seen_at": tx.now}
                    for sku in some
                ],
            )  # fmt: skip
