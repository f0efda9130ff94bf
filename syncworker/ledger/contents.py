"""Which listings' contents are to be sent, and what was accepted or refused? The columns of ``listing`` beside its number.

Never touches a quantity: what a listing sells from is the pool's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from syncworker.ledger.jobs import JobKind
from syncworker.ledger.keys import among, keys_table
from syncworker.ledger.ledger import Snapshot, Transaction
from syncworker.ledger.listings import ListingRecord, ListingState, record_of
from syncworker.ledger.schema import job, listing

_IS_LINKED = listing.c.state == ListingState.LINKED.value
#: Contents that are anybody's business: ours to write, or shown and hidden by an operator's word.
_IS_OURS = sa.and_(_IS_LINKED, sa.or_(listing.c.managed, listing.c.wanted_active.is_not(None)))
_WAS_UNANSWERED = sa.case((sa.and_(listing.c.refusal.is_not(None), listing.c.refused.is_(None)), 1), else_=0)
_IS_TO_BE_SENT = listing.c.contents_wanted > listing.c.contents_done
_TO_TELL = sa.select(listing.c.channel).where(_IS_TO_BE_SENT).distinct()


def linked(tx: Snapshot, channel: str, skus: Iterable[str] | None = None) -> list[ListingRecord]:
    """The channel's linked listings, all or those of these SKUs, by SKU."""
    query = sa.select(listing).where(listing.c.channel == channel, _IS_LINKED)
    if skus is not None:
        keys, same = keys_table(tx.dialect, listing, ["sku"], [(sku,) for sku in sorted(set(skus))])
        query = query.join(keys, same)
    rows = tx.execute(query.order_by(listing.c.sku, listing.c.external_id)).mappings()
    return [record_of(row) for row in rows]


def selling_from(tx: Snapshot, pool_ids: Iterable[str]) -> list[ListingRecord]:
    """The linked listings whose orders are sales from one of these pools."""
    query = sa.select(listing).where(among(listing.c.pool_id, pool_ids), _IS_LINKED)
    return [record_of(row) for row in tx.execute(query.order_by(listing.c.id)).mappings()]


def to_be_sent(tx: Snapshot, channel: str, *, most: int) -> list[ListingRecord]:
    """Listings whose contents may differ from what the channel has; those that got no answer when last told come last."""
    query = sa.select(listing).where(listing.c.channel == channel, _IS_TO_BE_SENT)
    rows = tx.execute(query.order_by(_WAS_UNANSWERED, listing.c.id).limit(most)).mappings()
    return [record_of(row) for row in rows]


def channels_to_tell(tx: Snapshot) -> list[str]:
    """Channels with a listing whose contents may differ."""
    return list(tx.execute(_TO_TELL).scalars())


def able(tx: Snapshot) -> set[str]:
    """Channels where contents can be changed at all."""
    return set(tx.execute(sa.select(job.c.channel).where(job.c.kind == JobKind.CONTENTS.value)).scalars())


def mark(tx: Transaction, channel: str, skus: Iterable[str] | None = None) -> None:
    """The channel's contents that are ours may differ now: all, or those of these SKUs."""
    _mark(tx, listing.c.channel == channel, skus)


def mark_everywhere(tx: Transaction, skus: Iterable[str]) -> None:
    """What is told of these SKUs may differ now, at every channel."""
    _mark(tx, sa.true(), skus)


def _mark(tx: Transaction, where: sa.ColumnElement[bool], skus: Iterable[str] | None) -> None:
    if skus is not None:
        keys, _ = keys_table(tx.dialect, listing, ["sku"], [(sku,) for sku in sorted(set(skus))])
        where = sa.and_(where, listing.c.sku.in_(sa.select(keys.c.sku)))
    tx.execute(
        sa.update(listing).where(where, _IS_OURS).values(contents_wanted=listing.c.contents_wanted + 1)
    )


def change(
    tx: Transaction, listing_ids: Iterable[int], **values: Any
) -> None:  # Any: each as its column has it
    """Give these rows new values, and have their contents looked at again."""
    tx.execute(
        sa.update(listing)
        .where(among(listing.c.id, listing_ids))
        .values(contents_wanted=listing.c.contents_wanted + 1, **values)
    )


def accepted(tx: Transaction, record: ListingRecord, sent: Mapping[str, object]) -> None:
    """The channel has taken these contents; what changed since ``record`` was read is still to be sent."""
    _answer(tx, record, sent=dict(sent), refused=None, refusal=None)


def refused(tx: Transaction, record: ListingRecord, contents: Mapping[str, object], words: str) -> None:
    """The channel will not have these contents, and said so in these words."""
    _answer(tx, record, refused=dict(contents), refusal=words)


def unanswered(tx: Transaction, record: ListingRecord, fields: Iterable[str], words: str) -> None:
    """Nobody knows whether the channel took them: they stay to be sent, after the others.

    Nor is what it took before in these ``fields`` believed any more, so that going back to that is sent as well.
    """
    doubted = set(fields)
    sent = record.sent and {name: value for name, value in record.sent.items() if name not in doubted}
    tx.execute(
        sa.update(listing).where(listing.c.id == record.id).values(sent=sent, refused=None, refusal=words)
    )


def looked_at(tx: Transaction, records: Iterable[ListingRecord]) -> None:
    """Nothing is to be sent of these."""
    for record in records:
        _answer(tx, record)


def forgive(tx: Transaction, record: ListingRecord) -> None:
    """What was refused is no longer wanted."""
    tx.execute(sa.update(listing).where(listing.c.id == record.id).values(refused=None, refusal=None))


def _answer(tx: Transaction, record: ListingRecord, **values: Any) -> None:  # Any: each as its column has it
    tx.execute(
        sa.update(listing)
        .where(listing.c.id == record.id)
        .values(contents_done=record.contents_wanted, **values)
    )
