"""One channel with one pool, written as rows: as much of a shop as the ledger's own rules need."""

from syncworker.core.model import ChannelRules, Policy
from syncworker.ledger import Ledger, Transaction, channels, pools
from tests.ledger.catalogue import MAIN

POOL = "pool-1"


def open_shop(
    ledger: Ledger, *, sku: str = "BIN", exposure: int | None = 5, rules: ChannelRules | None = None
) -> None:
    """A live channel that sells ``sku`` from one pool."""

    def work(tx: Transaction) -> None:
        channels.register(
            tx,
            "shop",
            connector="fake",
            location=MAIN,
            policy=Policy.ESCROW,
            rules=rules or ChannelRules(readable=True),
            assumed=(),
            feeds=("orders",),
        )
        pools.create(tx, POOL, channel="shop", pool_key="p1", sku=sku, in_sum=True, exposure=exposure)

    ledger.run(work)
