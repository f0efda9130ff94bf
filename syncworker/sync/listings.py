"""What does a channel list, and which of it is ours? Discover, link, publish.

Every call that carries a quantity is a push: a listing is created with 0, and its number follows as a push.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from syncworker.connector.contract import ListingDraft, Money, RemoteListing
from syncworker.core.model import QuantityKind
from syncworker.errors import InputError, ListingRejectedError, MalformedAnswerError, UnknownSkuError
from syncworker.ledger import channels, incidents, listings, orders, pools, products
from syncworker.ledger.channels import ChannelRecord, ChannelState
from syncworker.ledger.incidents import IncidentKind
from syncworker.ledger.jobs import JobKind
from syncworker.ledger.ledger import Transaction
from syncworker.ledger.listings import FoundListing
from syncworker.ledger.pools import PoolRecord
from syncworker.ledger.products import Product
from syncworker.sync.context import Context
from syncworker.sync.ingest import take_up
from syncworker.sync.numbers import adopt, follow, review_moves

#: More pages than any account has; a channel that pages for ever is at fault.
MOST_PAGES = 10_000


def discover(context: Context, name: str) -> int:
    """Record everything the channel lists; how many listings. Raises what the channel raises; safe to repeat."""
    port = context.open_channel(name)
    cursor, count = None, 0
    for _ in range(MOST_PAGES):
        page = port.list_listings(cursor=cursor)
        found = [_found(remote) for remote in page.listings]
        context.ledger.run(lambda tx, found=found: _record_found(tx, context, name, found))  # type: ignore[misc]
        count += len(found)
        if page.next_cursor is None:
            context.ledger.run(lambda tx: review_protection(tx, name))
            context.hint(name, JobKind.PUSH)
            return count
        if page.next_cursor == cursor:
            break
        cursor = page.next_cursor
    raise MalformedAnswerError(
        "The channel answers the same page of listings again and again.", path="next_cursor"
    )


def link(
    tx: Transaction, context: Context, name: str, listing_id: str, sku: str, *, actor: str
) -> tuple[str, ...]:
    """From now on the listing sells ``sku``; lines that waited for it are applied. The channels to look at again.

    Refused while its pool may still sell another SKU: withdraw it first, and link it once that is settled.
    """
    channel = channels.load(tx, name)
    if not products.recipe_of(tx, [sku]):
        raise UnknownSkuError(sku)
    listing = listings.load(tx, name, listing_id)
    record = pools.by_key(tx, name, [listing.pool_key]).get(listing.pool_key)
    _refuse_second_sku(record, listing_id, sku)
    pool_id = record.id if record is not None else adopt(tx, context, channel, listing.pool_key, sku)
    listings.link(tx, name, listing_id, sku=sku, pool_id=pool_id)
    waiting = orders.quarantined(tx, channel=name, listing_id=listing_id)
    taken = take_up(tx, channel, waiting, actor=actor)
    touched = pools.mark_parts_dirty(tx, products.recipe_of(tx, [sku])[sku])
    review_protection(tx, name)
    review_moves(tx, name)
    return tuple(sorted({*taken.channels, *touched}))


def _refuse_second_sku(record: PoolRecord | None, listing_id: str, sku: str) -> None:
    if record is not None and record.sku != sku:
        raise InputError(
            f"Listing {listing_id} at {record.channel} sells from a number that is linked to {record.sku} already. "
            f"One number sells one SKU: unlink the others first, or give it {record.sku}."
        )


def link_suggested(tx: Transaction, context: Context, name: str, *, actor: str) -> list[tuple[str, str]]:
    """Link every listing whose SKU text is exactly one of ours; (listing, SKU) of each."""
    done = []
    for listing in listings.suggestions(tx, channel=name):
        sku = str(listing.remote_sku)
        link(tx, context, name, listing.external_id, sku, actor=actor)
        done.append((listing.external_id, sku))
    return done


def review_protection(tx: Transaction, name: str) -> None:
    """A listing that sells a SKU of ours and is not linked is *not protected*: people are told."""
    channel = channels.load(tx, name)
    subject = f"channel/{name}"
    bare = [listing.external_id for listing in listings.suggestions(tx, channel=name)]
    if bare and channel.state is not ChannelState.OBSERVING:
        details = {"channel": name, "listings": bare[:50], "count": len(bare)}
        incidents.open_incident(tx, IncidentKind.NOT_PROTECTED, subject, details)
    else:
        incidents.close_incident(tx, IncidentKind.NOT_PROTECTED, subject)


# --- publishing ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishReport:
    """What publishing did."""

    published: tuple[str, ...]
    #: (SKU, the channel's own words).
    rejected: tuple[tuple[str, str], ...]


def publish(context: Context, name: str, *, skus: Iterable[str] | None = None) -> PublishReport:
    """List these products, or all that are not listed there yet, with quantity 0. Safe to repeat.

    Raises what the channel raises, except a rejected product, which is reported and does not stop the others.
    """
    with context.ledger.snapshot() as snapshot:
        unlisted = listings.unlisted_skus(snapshot, name)
        chosen = unlisted if skus is None else [sku for sku in skus if sku in set(unlisted)]
        found = products.list_products(snapshot, chosen)
    port = context.open_channel(name)
    published, rejected = [], []
    for one in found:
        try:
            remote = port.publish(_draft(one, name))
            context.ledger.run(lambda tx, one=one, remote=remote: _record(tx, context, name, one.sku, remote))  # type: ignore[misc]
        except (ListingRejectedError, InputError) as error:
            rejected.append((one.sku, str(error)))
            continue
        published.append(one.sku)
    context.hint(name, JobKind.PUSH)
    return PublishReport(published=tuple(published), rejected=tuple(rejected))


def _draft(one: Product, name: str) -> ListingDraft:
    price = None if one.price is None or one.currency is None else Money(one.price, one.currency)
    return ListingDraft(
        sku=one.sku, title=one.title, price=price, idempotency_key=f"publish-{name}-{one.sku}"
    )


def _record(tx: Transaction, context: Context, name: str, sku: str, remote: RemoteListing) -> None:
    channel = channels.load(tx, name)
    _record_found(tx, context, name, [_found(remote)])
    known = pools.by_key(tx, name, [remote.pool_key]).get(remote.pool_key)
    _refuse_second_sku(known, remote.listing_id, sku)
    if known is None:
        pool_id = context.new_id()
        is_live = channel.state is not ChannelState.OBSERVING
        is_fresh = remote.created and remote.quantity == 0
        pools.create(
            tx, pool_id, channel=name, pool_key=remote.pool_key, sku=sku, in_sum=is_live,
            exposure=0 if is_fresh or not channel.rules.takes_orders else None,
        )  # fmt: skip
        pools.update(tx, pool_id, shown=_sellable(channel, remote))
        if not is_fresh:
            pools.want_read(tx, [pool_id], at=tx.now)
    else:
        pool_id = known.id
    listings.link(tx, name, remote.listing_id, sku=sku, pool_id=pool_id)
    pools.mark_dirty(tx, [pool_id])


def _sellable(channel: ChannelRecord, remote: RemoteListing) -> int | None:
    if remote.quantity is None or channel.rules.kind is QuantityKind.AVAILABLE:
        return remote.quantity
    return remote.quantity - remote.reserved


def _record_found(tx: Transaction, context: Context, name: str, found: Sequence[FoundListing]) -> None:
    """Record what was just seen, and follow the linked listings that sell from another number now."""
    follow(tx, context, channels.load(tx, name), listings.record_found(tx, name, found))


def _found(remote: RemoteListing) -> FoundListing:
    return FoundListing(
        external_id=remote.listing_id,
        pool_key=remote.pool_key,
        remote_sku=remote.sku,
        title=remote.title,
        price=None if remote.price is None else remote.price.amount,
        currency=None if remote.price is None else remote.price.currency,
    )
