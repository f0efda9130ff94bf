"""How does a product come to a channel that does not list it yet? Looked for there first, else listed with quantity 0.

Every call that carries a quantity is a push: a listing is created with 0, and its number follows as a push; where a channel
shows at least so many, those are counted before the request leaves. What the channel lists under our SKU already is linked,
never listed twice, and what it says stays as it is. What became of a call without an answer, `listings.discover` finds out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from syncworker.connector.contract import RemoteListing
from syncworker.core.availability import free_of
from syncworker.core.model import QuantityKind
from syncworker.errors import (
    ChannelMisconfiguredError,
    InputError,
    ListingRejectedError,
    RequestRefusedError,
    RetryLaterError,
)
from syncworker.ledger import channels, contents, jobs, listings, pools, prices, products, publications
from syncworker.ledger.channels import ChannelRecord, ChannelState
from syncworker.ledger.jobs import JobKind
from syncworker.ledger.ledger import Snapshot, Transaction
from syncworker.ledger.prices import FixedPrice
from syncworker.ledger.products import Product
from syncworker.sync.contents import draft_of, written
from syncworker.sync.context import Context
from syncworker.sync.listings import (
    as_found,
    discover,
    known_by,
    link,
    look_next,
    record_as_found,
    refuse_second_sku,
)
from syncworker.sync.numbers import count_again
from syncworker.sync.prices import price_at
from syncworker.sync.stockroom import Part, stockroom_of

#: What promises that nothing was listed.
_NOT_LISTED = (ListingRejectedError, RequestRefusedError, RetryLaterError, ChannelMisconfiguredError)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishReport:
    """What publishing did."""

    published: tuple[str, ...]
    #: SKUs that the channel listed already: linked, with the contents that they have there.
    linked: tuple[str, ...]
    #: (SKU, the channel's own words).
    rejected: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Shelf:
    """What is to be listed, and all that its drafts follow from."""

    channel: ChannelRecord
    products: Sequence[Product]
    fixed: Mapping[tuple[str, str], FixedPrice]
    told_in: Sequence[str]


def publish(
    context: Context, name: str, *, skus: Iterable[str] | None = None, actor: str = "publish"
) -> PublishReport:
    """List these products, or all that are not listed there yet, with quantity 0. Safe to repeat.

    Raises what the channel raises, except a rejected product, which is reported and does not stop the others.
    """
    wanted = None if skus is None else list(skus)
    with context.ledger.snapshot() as snapshot:
        missing = _missing(snapshot, name, wanted)
    if not missing:
        return PublishReport(published=(), linked=(), rejected=())
    discover(context, name)
    with context.ledger.snapshot() as snapshot:
        # An earlier call that got no answer has listed these.
        published = sorted(set(missing).difference(_missing(snapshot, name, wanted)))
    linked, rejected = _adopt(context, name, wanted, actor)
    with context.ledger.snapshot() as snapshot:
        left = [sku for sku in _missing(snapshot, name, wanted) if sku not in dict(rejected)]
        shelf = _shelf(snapshot, name, left)
    for one in shelf.products:
        try:
            _publish(context, shelf, one)
        except (ListingRejectedError, InputError) as error:
            rejected.append((one.sku, str(error)))
            continue
        published.append(one.sku)
    context.ledger.run(lambda tx: look_next(tx, channels.load(tx, name)))
    context.hint(name, JobKind.PUSH)
    return PublishReport(published=tuple(published), linked=tuple(linked), rejected=tuple(rejected))


def _missing(tx: Snapshot, name: str, wanted: Sequence[str] | None) -> list[str]:
    unlisted = listings.unlisted_skus(tx, name)
    return unlisted if wanted is None else [sku for sku in wanted if sku in set(unlisted)]


def _adopt(
    context: Context, name: str, wanted: Sequence[str] | None, actor: str
) -> tuple[list[str], list[tuple[str, str]]]:
    """Link what is listed there under one of these SKUs: the SKUs, and those whose listing cannot be linked, with why."""
    with context.ledger.snapshot() as snapshot:
        missing = set(_missing(snapshot, name, wanted))
        found = [one for one in listings.suggestions(snapshot, channel=name) if one.remote_sku in missing]
    linked: list[str] = []
    rejected: list[tuple[str, str]] = []
    for one in found:
        listing_id, sku = one.external_id, str(one.remote_sku)
        try:
            context.ledger.run(
                lambda tx, listing_id=listing_id, sku=sku: link(  # type: ignore[misc]
                    tx, context, name, listing_id, sku, actor=actor
                )
            )
        except InputError as error:
            rejected.append((sku, str(error)))
        else:
            linked.append(sku)
    return sorted(set(linked)), rejected


def _shelf(tx: Snapshot, name: str, skus: Sequence[str]) -> _Shelf:
    return _Shelf(
        channel=channels.load(tx, name),
        products=products.list_products(tx, skus),
        fixed=prices.fixed(tx, channel=name, skus=skus),
        told_in=prices.currencies_told(tx, name),
    )


def _publish(context: Context, shelf: _Shelf, one: Product) -> None:
    name = shelf.channel.name
    price = price_at(shelf.channel, one, shelf.fixed.get((name, one.sku)), told_in=shelf.told_in).money
    port, draft = context.open_channel(name), draft_of(one, price, name)
    context.ledger.run(lambda tx: _begin(tx, name, one.sku))
    try:
        remote = port.publish(draft)
    except _NOT_LISTED:
        context.ledger.run(lambda tx: _ended(tx, name, one.sku))
        raise
    told = written(one, price)
    context.ledger.run(lambda tx: _record(tx, context, name, one.sku, remote, told))


def _begin(tx: Transaction, name: str, sku: str) -> None:
    """Before the request leaves: that it was made, and what it may put on sale. InputError if that is not free."""
    channel = channels.load(tx, name)
    floor = channel.rules.floor if channel.rules.takes_orders else 0
    if floor > 0:
        _refuse_without_units(tx, channel, sku, floor)
    publications.begin(tx, name, sku, units=floor)
    jobs.call_for(tx, [name], JobKind.LISTINGS, by=known_by(channel, began_at=tx.now))


def _ended(tx: Transaction, name: str, sku: str) -> None:
    """It is known what the call made: what was counted for it is counted by its pool, or free."""
    if publications.end(tx, name, sku):
        pools.mark_parts_dirty(tx, products.recipe_of(tx, [sku])[sku])


def _refuse_without_units(tx: Transaction, channel: ChannelRecord, sku: str, floor: int) -> None:
    """A channel with a floor puts that many on sale at once, whatever it is told: they have to be free."""
    publications.end(tx, channel.name, sku)
    room = stockroom_of(tx, [sku])
    for part, per_sale in room.recipes[sku].items():
        place = Part(part, channel.location)
        free = free_of(room.available(place), room.exposures(place))
        if free is None or free < floor * per_sale:
            raise InputError(
                f"{channel.name} shows at least {floor} of whatever is listed, and so many of {sku} are not free."
                " List it once they are."
            )


def _record(
    tx: Transaction,
    context: Context,
    name: str,
    sku: str,
    remote: RemoteListing,
    told: Mapping[str, object],
) -> None:
    channel = channels.load(tx, name)
    record_as_found(tx, context, name, [as_found(remote)])
    known = pools.by_key(tx, name, [remote.pool_key]).get(remote.pool_key)
    refuse_second_sku(known, remote.listing_id, sku)
    if known is not None:
        count_again(tx, channel, known)
    pool_id = known.id if known is not None else _new_pool(tx, context, channel, sku, remote)
    listings.link(tx, name, remote.listing_id, sku=sku, pool_id=pool_id)
    listing = listings.load(tx, name, remote.listing_id)
    # What was there before is told in full, since nobody knows what it says.
    contents.change(tx, [listing.id], managed=True, sent=dict(told) if remote.created else None)
    pools.mark_dirty(tx, [pool_id])
    _ended(tx, name, sku)


def _new_pool(
    tx: Transaction, context: Context, channel: ChannelRecord, sku: str, remote: RemoteListing
) -> str:
    pool_id = context.new_id()
    is_live = channel.state is not ChannelState.OBSERVING
    is_fresh = remote.created and remote.quantity == 0
    pools.create(
        tx, pool_id, channel=channel.name, pool_key=remote.pool_key, sku=sku, in_sum=is_live,
        exposure=0 if is_fresh or not channel.rules.takes_orders else None,
    )  # fmt: skip
    pools.update(tx, pool_id, shown=_sellable(channel, remote))
    if not is_fresh:
        pools.want_read(tx, [pool_id], at=tx.now)
    return pool_id


def _sellable(channel: ChannelRecord, remote: RemoteListing) -> int | None:
    if remote.quantity is None or channel.rules.kind is QuantityKind.AVAILABLE:
        return remote.quantity
    return remote.quantity - remote.reserved
