"""Which number does a listing sell from, and what if that changes? Adopts a number, follows a listing to another one.

A number that a listing left counts until it is proven to sell nothing; one that it joined is not ours before it is read
and settled. Nothing is believed of either meanwhile, for sales of before the change was noticed were booked on the wrong one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from syncworker.core.exposure import forgotten
from syncworker.ledger import incidents, listings, pools
from syncworker.ledger.channels import ChannelRecord, ChannelState
from syncworker.ledger.incidents import Incident, IncidentKind
from syncworker.ledger.ledger import Transaction
from syncworker.ledger.listings import Moved
from syncworker.ledger.pools import PoolRecord
from syncworker.sync import withdrawing
from syncworker.sync.context import Context
from syncworker.sync.incidents import review_pools
from syncworker.sync.settle import MARGIN
from syncworker.sync.stockroom import lock_connected, stockroom_of


def adopt(tx: Transaction, context: Context, channel: ChannelRecord, pool_key: str, sku: str) -> str:
    """A number we have just learned of: unknown until it is read back and settled, not counted while observing. Its pool's id."""
    pool_id = context.new_id()
    is_live = channel.state is not ChannelState.OBSERVING
    # A catalogue holds nothing, whatever it shows.
    exposure = None if channel.rules.takes_orders else 0
    pools.create(
        tx, pool_id, channel=channel.name, pool_key=pool_key, sku=sku, in_sum=is_live, exposure=exposure
    )
    pools.want_read(tx, [pool_id], at=tx.now)
    return pool_id


def count_again(tx: Transaction, channel: ChannelRecord, record: PoolRecord) -> None:
    """A listing of ours sells from the number again: it counts, unknown, until it is read back and settled."""
    if not record.in_sum and channel.state is not ChannelState.OBSERVING:
        pools.update(tx, record.id, in_sum=True)
        forget(tx, channel, record, changed_by=tx.now)


def follow(tx: Transaction, context: Context, channel: ChannelRecord, moved: Sequence[Moved]) -> None:
    """These listings sell from other numbers than before: withdraw what they left, adopt what they joined, tell people.

    From now on their orders are sales from the number they joined; one that sells another SKU stays that one's, at 0.
    """
    if not moved:
        return
    keys = {key for one in moved for key in (one.left, one.joined)}
    concerned = pools.by_key(tx, channel.name, keys).values()
    lock_connected(tx, {*(one.sku for one in moved), *(record.sku for record in concerned)})
    for one in moved:
        _follow(tx, context, channel, one)
    touched = list(pools.by_key(tx, channel.name, keys).values())
    parts = stockroom_of(tx, {record.sku for record in touched}).parts()
    pools.mark_parts_dirty(tx, {part.sku for part in parts})
    review_pools(tx, touched)
    review_moves(tx, channel.name)


def _follow(tx: Transaction, context: Context, channel: ChannelRecord, one: Moved) -> None:
    left = pools.by_key(tx, channel.name, [one.left]).get(one.left)
    if left is not None:
        forget(tx, channel, left, changed_by=tx.now)
        withdrawing.begin(tx, left)
    subject = _subject(channel.name, one.external_id)
    facts: dict[str, object] = {
        "channel": channel.name,
        "listing": one.external_id,
        "sku": one.sku,
        "left": None if left is None else left.id,
    }
    joined = pools.by_key(tx, channel.name, [one.joined]).get(one.joined)
    if joined is not None and joined.sku != one.sku:
        forget(tx, channel, joined, changed_by=tx.now)
        withdrawing.begin(tx, joined)
        facts |= {"joined": joined.id, "other": joined.sku}
        incidents.open_incident(tx, IncidentKind.NUMBER_TAKEN, subject, facts)
        return
    joined_id = adopt(tx, context, channel, one.joined, one.sku) if joined is None else joined.id
    record = pools.load(tx, [joined_id])[joined_id]
    count_again(tx, channel, record)
    forget(tx, channel, record, changed_by=tx.now)
    listings.link(tx, channel.name, one.external_id, sku=one.sku, pool_id=joined_id)
    withdrawing.review_hidden(tx, [one.pool_id, joined_id])
    withdrawing.end(tx, record)
    incidents.open_incident(tx, IncidentKind.NUMBER_MOVED, subject, {**facts, "joined": joined_id})


def forget(tx: Transaction, channel: ChannelRecord, record: PoolRecord, *, changed_by: datetime) -> None:
    """Nothing is known of the number, and an answer that is not clearly later may show the one from before the change."""
    bound = forgotten(record.bound) if channel.rules.takes_orders else record.bound
    pools.save_bounds(tx, {record.id: replace(bound, risen_at=changed_by)}, shown={record.id: None})
    pools.update(tx, record.id, absent_at=None)
    pools.want_read(tx, [record.id], at=changed_by + channel.rules.read_lag + MARGIN, sooner_only=False)


def review_moves(tx: Transaction, name: str) -> None:
    """Close what :func:`follow` opened at the channel and has come to its end."""
    for one in _open_at(tx, name):
        is_over = _is_carried_out if one.kind is IncidentKind.NUMBER_MOVED else _is_apart
        if is_over(tx, name, one):
            incidents.close_incident(tx, one.kind, one.subject)


def _open_at(tx: Transaction, name: str) -> Iterable[Incident]:
    kinds = (IncidentKind.NUMBER_MOVED, IncidentKind.NUMBER_TAKEN)
    return [
        one for one in incidents.open_incidents(tx) if one.kind in kinds and one.details["channel"] == name
    ]


def _is_carried_out(tx: Transaction, _name: str, one: Incident) -> bool:
    """Both numbers are known, and what is to be withdrawn stands at 0."""
    ids = [str(one.details[place]) for place in ("left", "joined") if one.details[place] is not None]
    return all(_is_known(record) for record in pools.load(tx, ids).values())


def _is_known(record: PoolRecord) -> bool:
    exposure = record.bound.exposure
    if not record.in_sum:
        return True
    return exposure is not None and (exposure <= 0 or not record.withdraw)


def _is_apart(tx: Transaction, name: str, one: Incident) -> bool:
    """The listing sells from its own number again, or is no longer linked to the SKU."""
    listing_id = str(one.details["listing"])
    link = listings.links(tx, name, [listing_id]).get(listing_id)
    return link is None or listings.current_pools(tx, name, [listing_id]).get(listing_id) == link.pool_id


def _subject(name: str, listing_id: str) -> str:
    return f"listing/{name}/{listing_id}"
