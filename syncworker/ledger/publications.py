"""Which products are being listed at a channel? A row stands before the request leaves, until it is known what it made.

Never calls a channel. What a listing may sell from the start counts from here, until its number has a pool.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from syncworker.ledger.keys import is_among
from syncworker.ledger.ledger import Snapshot, Transaction
from syncworker.ledger.rows import columns
from syncworker.ledger.schema import publication
from syncworker.ledger.upsert import insert_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """One row of ``publication``."""

    channel: str
    sku: str
    #: Sales that it may allow by itself.
    units: int
    began_at: datetime


_OF_SKUS = (
    sa.select(publication)
    .where(is_among(publication.c.sku, "skus"))
    .order_by(publication.c.channel, publication.c.sku)
)


def begin(tx: Transaction, channel: str, sku: str, *, units: int) -> None:
    """The product is about to be listed there; begun again, it counts from now."""
    values = {"units": units, "began_at": tx.now}
    insert = insert_for(tx.dialect, publication).values(channel=channel, sku=sku, **values)
    tx.execute(insert.on_conflict_do_update(index_elements=["channel", "sku"], set_=values))


def end(tx: Transaction, channel: str, sku: str) -> bool:
    """Its listing is linked, or surely was not made; True if units were counted for it, which others may have now."""
    mine = sa.and_(publication.c.channel == channel, publication.c.sku == sku)
    units = tx.execute(sa.select(publication.c.units).where(mine)).scalar_one_or_none()
    tx.execute(sa.delete(publication).where(mine))
    return bool(units)


def of_channel(tx: Snapshot, channel: str) -> list[Publication]:
    """What is being listed at the channel, by SKU."""
    query = sa.select(publication).where(publication.c.channel == channel).order_by(publication.c.sku)
    return [Publication(**columns(row)) for row in tx.execute(query).mappings()]


def of_skus(tx: Snapshot, skus: Iterable[str]) -> list[Publication]:
    """Where one of these SKUs is being listed."""
    return [Publication(**columns(row)) for row in tx.execute(_OF_SKUS, {"skus": skus}).mappings()]
