"""What does a channel list, and which of it is ours? Discover, link.

Creates nothing there: that is ``publishing.py``; but what a call of it made whose answer got lost is found out here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from syncworker.connector.contract import RemoteListing
from syncworker.core.exposure import lands_by
from syncworker.errors import InputError, MalformedAnswerError, UnknownSkuError
from syncworker.ledger import (
    channels,
    contents,
    jobs,
    listings,
    orders,
    pools,
    products,
    publications,
    pushes,
)
from syncworker.ledger.channels import ChannelRecord
from syncworker.ledger.jobs import JobKind
from syncworker.ledger.ledger import Transaction
from syncworker.ledger.listings import FoundListing, ListingRecord, ListingState
from syncworker.ledger.pools import PoolRecord
from syncworker.sync import withdrawing
from syncworker.sync.context import Context
from syncworker.sync.incidents import review_protection
from syncworker.sync.ingest import take_up
from syncworker.sync.numbers import adopt, count_again, follow, review_moves
from syncworker.sync.stockroom import lock_connected

#: More pages than any account has; a channel that pages for ever is at fault.
MOST_PAGES = 10_000
#: A channel's listings are looked through again after this long, so that what nobody linked is seen.
LOOK_EVERY = timedelta(days=1)


def discover(context: Context, name: str, *, on_page: Callable[[Transaction], None] | None = None) -> int:
    """Record everything the channel lists; how many listings. Raises what the channel raises; safe to repeat.

    ``on_page`` is called in the transaction that records each page.
    """
    port = context.open_channel(name)
    with context.ledger.snapshot() as snapshot:
        began_at = snapshot.now
    cursor, count = None, 0
    for _ in range(MOST_PAGES):
        page = port.list_listings(cursor=cursor)
        found = [as_found(remote) for remote in page.listings]

        def record(tx: Transaction, found: Sequence[FoundListing] = found) -> None:
            if on_page is not None:
                on_page(tx)
            record_as_found(tx, context, name, found)

        context.ledger.run(record)
        count += len(found)
        if page.next_cursor is None:
            context.ledger.run(lambda tx: _seen_whole(tx, context, name, began_at=began_at))
            context.hint(name, JobKind.PUSH)
            return count
        if page.next_cursor == cursor:
            break
        cursor = page.next_cursor
    raise MalformedAnswerError(
        "The channel answers the same page of listings again and again.", path="next_cursor"
    )


def _seen_whole(tx: Transaction, context: Context, name: str, *, began_at: datetime) -> None:
    channel = channels.load(tx, name)
    _find_published(tx, context, channel, began_at=began_at)
    review_protection(tx, name)
    look_next(tx, channel)


def _find_published(tx: Transaction, context: Context, channel: ChannelRecord, *, began_at: datetime) -> None:
    """What we listed and got no answer for: here it is, and ours to write; or it is surely not there."""
    under_way = publications.of_channel(tx, channel.name)
    if not under_way:
        return
    found = {one.remote_sku: one for one in reversed(listings.suggestions(tx, channel=channel.name))}
    for one in under_way:
        listing = found.get(one.sku)
        if listing is not None:
            try:
                link(tx, context, channel.name, listing.external_id, one.sku, actor="publish")
            except InputError:
                # It sells from the number of another SKU: people are told that it is not protected.
                pass
            else:
                contents.change(tx, [listing.id], managed=True)
        elif began_at < known_by(channel, began_at=one.began_at):
            continue
        if publications.end(tx, channel.name, one.sku):
            pools.mark_parts_dirty(tx, products.recipe_of(tx, [one.sku])[one.sku])


def known_by(channel: ChannelRecord, *, began_at: datetime) -> datetime:
    """The moment from which the channel's listings show what became of a call to list something."""
    rules = channel.rules
    return lands_by(began_at, rules) + rules.apply_lag + rules.read_lag


def look_next(tx: Transaction, channel: ChannelRecord) -> None:
    """Its listings were just seen: the next look is a day later, or once it is known what a lost answer was about."""
    lost = [known_by(channel, began_at=one.began_at) for one in publications.of_channel(tx, channel.name)]
    jobs.put_off(tx, channel.name, JobKind.LISTINGS, until=min([tx.now + LOOK_EVERY, *lost]))


def link(
    tx: Transaction, context: Context, name: str, listing_id: str, sku: str, *, actor: str
) -> tuple[str, ...]:
    """From now on the listing sells ``sku``; lines that waited for it are applied. The channels to look at again.

    Refused while its pool may still sell another SKU: pause it first (a limit), and link it once that is settled.
    """
    channel = channels.load(tx, name)
    if not products.recipe_of(tx, [sku]):
        raise UnknownSkuError(sku)
    listing = listings.load(tx, name, listing_id)
    record = pools.by_key(tx, name, [listing.pool_key]).get(listing.pool_key)
    if record is not None and record.sku != sku:
        record = _put_right(tx, record, listing, sku)
    refuse_second_sku(record, listing_id, sku)
    if record is None:
        pool_id = adopt(tx, context, channel, listing.pool_key, sku)
    else:
        pool_id = record.id
        count_again(tx, channel, record)
    listings.link(tx, name, listing_id, sku=sku, pool_id=pool_id)
    withdrawing.review_hidden(tx, [pool_id])
    waiting = orders.quarantined(tx, channel=name, listing_id=listing_id)
    taken = take_up(tx, channel, waiting, actor=actor)
    touched = pools.mark_parts_dirty(tx, products.recipe_of(tx, [sku])[sku])
    review_protection(tx, name)
    review_moves(tx, name)
    return tuple(sorted({*taken.channels, *touched}))


def _put_right(tx: Transaction, record: PoolRecord, listing: ListingRecord, sku: str) -> PoolRecord:
    """A number that was linked to the wrong SKU sells ``sku`` now, if no other listing needs it and nothing is sold from it."""
    lock_connected(tx, {record.sku, sku})
    record = pools.load(tx, [record.id], lock=True)[record.id]
    sellers = listings.sellers(tx, record.channel, record.pool_key)
    linked = {one.id for one in contents.selling_from(tx, [record.id])}
    is_needed = len(sellers) > (listing.state is ListingState.LINKED) or not linked <= {listing.id}
    may_sell = record.in_sum and (
        record.bound.exposure != 0 or record.bound.pending is not None or pushes.open_of(tx, [record.id])
    )
    if is_needed or may_sell:
        return record
    pools.update(tx, record.id, sku=sku)
    pools.mark_parts_dirty(tx, products.recipe_of(tx, [record.sku])[record.sku])
    return replace(record, sku=sku)


def refuse_second_sku(record: PoolRecord | None, listing_id: str, sku: str) -> None:
    """InputError if the number sells another SKU already."""
    if record is not None and record.sku != sku:
        raise InputError(
            f"Listing {listing_id} at {record.channel} sells from a number that is linked to {record.sku} already. "
            f"One number sells one SKU: unlink what sells {record.sku} from it first"
            f" (`syncworker listing unlink {record.channel} LISTING`), or give it {record.sku}."
        )


def link_suggested(tx: Transaction, context: Context, name: str, *, actor: str) -> list[tuple[str, str]]:
    """Link every listing whose SKU text is exactly one of ours; (listing, SKU) of each."""
    done = []
    for listing in listings.suggestions(tx, channel=name):
        sku = str(listing.remote_sku)
        link(tx, context, name, listing.external_id, sku, actor=actor)
        done.append((listing.external_id, sku))
    return done


def record_as_found(tx: Transaction, context: Context, name: str, found: Sequence[FoundListing]) -> None:
    """Record what was just seen, and follow the linked listings that sell from another number now."""
    follow(tx, context, channels.load(tx, name), listings.record_found(tx, name, found))


def as_found(remote: RemoteListing) -> FoundListing:
    """A listing of the channel as it is recorded."""
    return FoundListing(
        external_id=remote.listing_id,
        pool_key=remote.pool_key,
        remote_sku=remote.sku,
        title=remote.title,
        price=None if remote.price is None else remote.price.amount,
        currency=None if remote.price is None else remote.price.currency,
    )
