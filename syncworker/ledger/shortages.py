"""Of which parts could more be promised than there is? A look at sums that spares looking at every number.

It may name a part that turns out to be well, and never leaves out one that is not: policies and locations are not asked.
"""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from syncworker.ledger.keys import is_among
from syncworker.ledger.ledger import Snapshot
from syncworker.ledger.schema import pool, product_part, publication, stock
from syncworker.ledger.stock import Place


def possibly_short(tx: Snapshot, places: Iterable[Place]) -> set[Place]:
    """Of these parts at their locations, those of which fewer are available than all numbers together may sell."""
    wanted = set(places)
    asked = {"parts": {sku for sku, _ in wanted}}
    available = {(row.sku, row.location): int(row.available) for row in tx.execute(_AVAILABLE, asked)}
    promised: dict[str, int] = {}
    for part, units in tx.execute(_PROMISED, asked):
        promised[part] = promised.get(part, 0) + int(units)
    return {place for place in wanted if available.get(place, 0) < promised.get(place[0], 0)}


_AVAILABLE = sa.select(stock.c.sku, stock.c.location, (stock.c.on_hand - stock.c.reserved).label("available"))
_AVAILABLE = _AVAILABLE.where(is_among(stock.c.sku, "parts"))
_EXPOSED = sa.case((pool.c.exposure > 0, pool.c.exposure), else_=0)
# Added up here: asked to group them, SQLite would walk all pools in the order of their SKUs.
_PROMISED = sa.union_all(
    sa.select(pool.c.sku, _EXPOSED).where(is_among(pool.c.sku, "parts"), pool.c.in_sum),
    sa.select(product_part.c.part, product_part.c.units * _EXPOSED)
    .join(pool, pool.c.sku == product_part.c.sku)
    .where(is_among(product_part.c.part, "parts"), pool.c.in_sum),
    sa.select(publication.c.sku, publication.c.units).where(is_among(publication.c.sku, "parts")),
    sa.select(product_part.c.part, product_part.c.units * publication.c.units)
    .join(publication, publication.c.sku == product_part.c.sku)
    .where(is_among(product_part.c.part, "parts")),
)
