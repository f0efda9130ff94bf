"""Which of the channel's listings sell which SKU, from which pool? Found there, linked by a person or by publishing.

Orders are mapped by listing to pool, never by SKU: a channel's own SKU text is only a suggestion.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from syncworker.errors import InputError
from syncworker.ledger.keys import among, is_among
from syncworker.ledger.ledger import Snapshot, Transaction
from syncworker.ledger.rows import columns
from syncworker.ledger.schema import listing, pool, product
from syncworker.ledger.upsert import insert_for


class ListingState(StrEnum):
    """Found at the channel; linked to a SKU and its pool; or ignored by an operator's word."""

    FOUND = "found"
    LINKED = "linked"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundListing:
    """A listing as it was just seen at the channel."""

    external_id: str
    pool_key: str
    remote_sku: str | None
    title: str
    price: Decimal | None
    currency: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingRecord:
    """One row of ``listing``."""

    id: int
    channel: str
    external_id: str
    pool_key: str
    remote_sku: str | None
    title: str
    sku: str | None
    pool_id: str | None
    state: ListingState
    price: Decimal | None
    currency: str | None
    seen_at: datetime
    #: Whether title, price and pictures there are ours to write.
    managed: bool
    #: Whether buyers shall see it; ``None`` leaves that as it is there.
    wanted_active: bool | None
    #: Contents as last accepted, and as last refused, each as stored by ``sync.contents``.
    sent: Mapping[str, object] | None
    refused: Mapping[str, object] | None
    #: The channel's own words.
    refusal: str | None
    contents_wanted: int
    contents_done: int
    #: To be linked to nothing, once nothing can be sold from its number.
    unlinking: bool

    @property
    def is_to_be_sent(self) -> bool:
        """Whether something that its contents follow from has changed."""
        return self.contents_wanted > self.contents_done


@dataclass(frozen=True, slots=True)
class Link:
    """What a listing sells: the SKU, from the pool."""

    sku: str
    pool_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A linked listing that the channel now sells from another number than the one it told before."""

    external_id: str
    sku: str
    pool_id: str
    left: str
    joined: str


def record_found(tx: Transaction, channel: str, found: Sequence[FoundListing]) -> list[Moved]:
    """Record what a channel lists; a link that stands already is kept. The linked ones that sell from another number now.

    Whoever records them follows them (`sync.numbers`): the link still names the pool of before.
    """
    if not found:
        return []
    moved = _moved(tx, channel, found)
    rows = [
        {
            "channel": channel,
            "external_id": item.external_id,
            "pool_key": item.pool_key,
            "remote_sku": item.remote_sku,
            "title": item.title,
            "price": item.price,
            "currency": item.currency,
            "state": ListingState.FOUND.value,
            "seen_at": tx.now,
        }
        for item in found
    ]
    insert = insert_for(tx.dialect, listing)
    kept = ("pool_key", "remote_sku", "title", "price", "currency", "seen_at")
    tx.execute(
        insert.on_conflict_do_update(
            index_elements=["channel", "external_id"], set_={name: insert.excluded[name] for name in kept}
        ),
        rows,
    )
    return moved


def _moved(tx: Snapshot, channel: str, found: Sequence[FoundListing]) -> list[Moved]:
    told = {item.external_id: item.pool_key for item in found}
    rows = tx.execute(
        sa.select(listing.c.external_id, listing.c.sku, listing.c.pool_id, listing.c.pool_key)
        .where(
            listing.c.channel == channel,
            among(listing.c.external_id, told),
            listing.c.state == ListingState.LINKED.value,
        )
        .order_by(listing.c.external_id)
    )
    return [
        Moved(
            external_id=row.external_id,
            sku=row.sku,
            pool_id=row.pool_id,
            left=row.pool_key,
            joined=told[row.external_id],
        )
        for row in rows
        if told[row.external_id] != row.pool_key
    ]


def link(tx: Transaction, channel: str, external_id: str, *, sku: str, pool_id: str) -> None:
    """From now on orders of this listing are sales of ``sku`` from ``pool_id``; its contents stay a seller's own."""
    new_sku = sa.or_(listing.c.sku.is_(None), listing.c.sku != sku)
    tx.execute(
        sa.update(listing)
        .where(listing.c.channel == channel, listing.c.external_id == external_id, new_sku)
        .values(managed=False, wanted_active=None, sent=None, refused=None, refusal=None)
    )
    tx.execute(
        sa.update(listing)
        .where(listing.c.channel == channel, listing.c.external_id == external_id)
        .values(sku=sku, pool_id=pool_id, state=ListingState.LINKED.value, unlinking=False)
    )


def want_unlinked(tx: Transaction, record: ListingRecord) -> None:
    """It is to be unlinked once nothing can be sold from its number; linked again, it stays."""
    tx.execute(sa.update(listing).where(listing.c.id == record.id).values(unlinking=True))


def unlink(tx: Transaction, record: ListingRecord) -> None:
    """It sells nothing of ours any more; what it says and whether buyers see it is a seller's own again."""
    contents = {"managed": False, "wanted_active": None, "sent": None, "refused": None, "refusal": None}
    link = {"sku": None, "pool_id": None, "state": ListingState.FOUND.value, "unlinking": False}
    tx.execute(sa.update(listing).where(listing.c.id == record.id).values({**link, **contents}))


def to_be_unlinked(tx: Snapshot, pool_id: str) -> list[ListingRecord]:
    """Listings that sell from the pool until nothing can be sold from it any more."""
    query = sa.select(listing).where(listing.c.pool_id == pool_id, listing.c.unlinking)
    return [record_of(row) for row in tx.execute(query.order_by(listing.c.id)).mappings()]


def load(tx: Snapshot, channel: str, external_id: str) -> ListingRecord:
    """One listing; an ``InputError`` that says how to look it up if there is none."""
    row = (
        tx.execute(
            sa.select(listing).where(listing.c.channel == channel, listing.c.external_id == external_id)
        )
        .mappings()
        .one_or_none()
    )
    if row is None:
        raise InputError(
            f"Channel {channel!r} has no listing {external_id!r} that we know of. "
            f"Look it up with `syncworker listing list --channel {channel}`."
        )
    return record_of(row)


def all_listings(tx: Snapshot, *, channel: str | None = None) -> list[ListingRecord]:
    """Every listing known, by channel and the channel's own id."""
    query = sa.select(listing).order_by(listing.c.channel, listing.c.external_id)
    if channel is not None:
        query = query.where(listing.c.channel == channel)
    return [record_of(row) for row in tx.execute(query).mappings()]


def is_any_known(tx: Snapshot, channel: str) -> bool:
    """Whether we ever saw or made a listing there."""
    return (
        tx.execute(sa.select(listing.c.external_id).where(listing.c.channel == channel).limit(1)).first()
        is not None
    )


# Built once: every page of orders asks for them.
_NAMED = sa.and_(listing.c.channel == sa.bindparam("channel"), is_among(listing.c.external_id, "ids"))
_LINKS = sa.select(listing.c.external_id, listing.c.sku, listing.c.pool_id).where(
    _NAMED, listing.c.state == ListingState.LINKED.value
)
_CURRENT_POOLS = (
    sa.select(listing.c.external_id, pool.c.id)
    .join(pool, sa.and_(pool.c.channel == listing.c.channel, pool.c.pool_key == listing.c.pool_key))
    .where(_NAMED)
)


def links(tx: Snapshot, channel: str, external_ids: Iterable[str]) -> dict[str, Link]:
    """What each linked listing sells, by external id; unlinked ones are left out."""
    rows = tx.execute(_LINKS, {"channel": channel, "ids": external_ids})
    return {row.external_id: Link(row.sku, row.pool_id) for row in rows}


def current_pools(tx: Snapshot, channel: str, external_ids: Iterable[str]) -> dict[str, str]:
    """The pool whose number each listing sells from by the channel's last word, by external id; unknown numbers are left out.

    It differs from the linked one where the listing moved to a number that sells another SKU.
    """
    rows = tx.execute(_CURRENT_POOLS, {"channel": channel, "ids": external_ids})
    return {row.external_id: row.id for row in rows}


def sellers(tx: Snapshot, channel: str, pool_key: str) -> list[Link]:
    """What the linked listings that sell from this number are linked to."""
    rows = tx.execute(
        sa.select(listing.c.sku, listing.c.pool_id).where(
            listing.c.channel == channel,
            listing.c.pool_key == pool_key,
            listing.c.state == ListingState.LINKED.value,
        )
    )
    return [Link(row.sku, row.pool_id) for row in rows]


def of_skus(tx: Snapshot, channel: str, skus: Iterable[str]) -> dict[str, str]:
    """The channel's own id of the first linked listing of each SKU; those without one are left out."""
    rows = tx.execute(
        sa.select(listing.c.sku, listing.c.external_id).where(
            listing.c.channel == channel,
            among(listing.c.sku, skus),
            listing.c.state == ListingState.LINKED.value,
        )
    )
    # Put in order here: asked to do so, SQLite would walk the whole channel in that order.
    return {row.sku: row.external_id for row in sorted(rows, key=lambda row: row.external_id, reverse=True)}


def suggestions(tx: Snapshot, *, channel: str | None = None) -> list[ListingRecord]:
    """Listings that are not linked, whose SKU text is exactly one of ours."""
    query = (
        sa.select(listing)
        .join(product, product.c.sku == listing.c.remote_sku)
        .where(listing.c.state == ListingState.FOUND.value)
        .order_by(listing.c.channel, listing.c.external_id)
    )
    if channel is not None:
        query = query.where(listing.c.channel == channel)
    return [record_of(row) for row in tx.execute(query).mappings()]


def unlisted_skus(tx: Snapshot, channel: str) -> list[str]:
    """SKUs of the catalogue that have no linked listing at the channel."""
    listed = sa.select(listing.c.sku).where(listing.c.channel == channel, listing.c.sku.is_not(None))
    return [
        row.sku
        for row in tx.execute(
            sa.select(product.c.sku).where(product.c.sku.not_in(listed)).order_by(product.c.sku)
        )
    ]


def record_of(row: RowMapping) -> ListingRecord:
    """A row of ``listing`` as a value."""
    values = columns(row)
    values["state"] = ListingState(values["state"])
    return ListingRecord(**values)
