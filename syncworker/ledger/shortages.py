"""Of which parts could more be promised than there is? A look at a few sums that spares looking at every number.

It may name a part that turns out to be well, and never leaves out one that is not: policies and locations are not asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import sqlalchemy as sa

from syncworker.ledger.keys import is_among
from syncworker.ledger.ledger import Snapshot
from syncworker.ledger.schema import pool, product_part, publication, stock
from syncworker.ledger.stock import Place


def possibly_short(tx: Snapshot, places: Iterable[Place]) -> set[Place]:
    """Of these parts at their locations, those of which fewer are available than all numbers together may sell."""
    wanted = set(places)
    parts = {sku for sku, _ in wanted}
    available = {(row.sku, row.location): row.available for row in tx.execute(_AVAILABLE, {"skus": parts})}
    uses = [(part, part, 1) for part in parts]
    uses += [(row.part, row.sku, row.units) for row in tx.execute(_BUNDLES, {"parts": parts})]
    sold = Counter[str]()
    for sku, units in tx.execute(_MAY_SELL, {"skus": {sku for _, sku, _ in uses}}):
        sold[sku] += units
    promised = Counter[str]()
    for part, sku, units in uses:
        promised[part] += units * sold[sku]
    return {place for place in wanted if available.get(place, 0) < promised[place[0]]}


_AVAILABLE = sa.select(stock.c.sku, stock.c.location, (stock.c.on_hand - stock.c.reserved).label("available"))
_AVAILABLE = _AVAILABLE.where(is_among(stock.c.sku, "skus"))
_BUNDLES = sa.select(product_part).where(is_among(product_part.c.part, "parts"))
# Added up here: asked to join and group them, SQLite would walk all pools.
_MAY_SELL = sa.union_all(
    sa.select(pool.c.sku, pool.c.exposure).where(
        is_among(pool.c.sku, "skus"), pool.c.in_sum, pool.c.exposure > 0
    ),
    sa.select(publication.c.sku, publication.c.units).where(is_among(publication.c.sku, "skus")),
)
