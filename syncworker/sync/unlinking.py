"""How does a listing stop selling our goods? Its number is set to 0 and settled first; then it is linked to nothing.

Begins that and says what is left; the last step is `withdrawing`'s, in the transaction that proves that nothing can be sold.
"""

from __future__ import annotations

from dataclasses import dataclass

from syncworker.errors import InputError
from syncworker.ledger import channels, listings, pools, products, pushes
from syncworker.ledger.channels import ChannelRecord, ChannelState
from syncworker.ledger.ledger import Snapshot, Transaction
from syncworker.ledger.listings import ListingState
from syncworker.ledger.pools import PoolRecord
from syncworker.sync import withdrawing
from syncworker.sync.stockroom import lock_connected


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlinking:
    """How far it is."""

    sku: str
    is_done: bool
    #: Sales that the listing's number may still make; ``None`` is not known yet.
    may_still_sell: int | None


def unlink(tx: Transaction, name: str, listing_id: str) -> Unlinking:
    """The listing is to sell nothing of ours any more: at once if its number is proven to be 0, else as soon as it is.

    Harmless to repeat; `listings.link` takes it back. :class:`InputError` if nothing could ever prove it.
    """
    channel = channels.load(tx, name)
    listing = listings.load(tx, name, listing_id)
    if channel.rules.own_number:
        raise InputError(
            f"At {name} everything of the catalogue is sold. To sell no {listing_id} there, limit it:"
            f" `syncworker limit set {listing_id} --channel {name} --pause`."
        )
    if listing.state is not ListingState.LINKED:
        raise InputError(f"Listing {listing_id} at {name} is linked to nothing.")
    sku, pool_id = str(listing.sku), str(listing.pool_id)
    lock_connected(tx, [sku])
    record = pools.load(tx, [pool_id], lock=True)[pool_id]
    if _may_sell(tx, channel, record):
        _refuse_endless(channel, record)
        listings.want_unlinked(tx, listing)
        withdrawing.begin(tx, record)
        return Unlinking(sku=sku, is_done=False, may_still_sell=record.bound.exposure)
    listings.want_unlinked(tx, listing)
    withdrawing.unlink_waiting(tx, record)
    pools.mark_parts_dirty(tx, products.recipe_of(tx, [sku])[sku])
    return Unlinking(sku=sku, is_done=True, may_still_sell=0)


def is_unlinked(tx: Snapshot, name: str, listing_id: str) -> bool:
    """Whether the listing sells nothing of ours."""
    return listings.load(tx, name, listing_id).state is not ListingState.LINKED


def _may_sell(tx: Snapshot, channel: ChannelRecord, record: PoolRecord) -> bool:
    if not record.in_sum:
        return False
    bound = record.bound
    if not channel.rules.takes_orders:
        # Nobody orders there; what is counted is of a time when somebody could.
        return bound.exposure != 0
    return bound.exposure != 0 or bound.pending is not None or bool(pushes.open_of(tx, [record.id]))


def _refuse_endless(facts: ChannelRecord, record: PoolRecord) -> None:
    """Where we send nothing, or no 0, waiting would prove nothing: a person has to see to it first."""
    channel, sku, rules = facts.name, record.sku, facts.rules
    if facts.state is ChannelState.PAUSED and not facts.withdrawing:
        raise InputError(
            f"{channel} may still sell {sku} from this listing, and it is paused: nothing is sent there. Stop it with"
            f" `syncworker channel withdraw {channel}`, or let it go on with `syncworker channel resume {channel}`; then unlink."
        )
    if not rules.takes_orders or rules.floor > 0 or not rules.zero_is_quantity:
        raise InputError(
            f"{channel} may still sell {sku} from this listing, and no 0 can be sent there. Take it off sale on the channel's"
            f" own pages, wait until its orders are in, and say so with `syncworker pool assume {channel}/{sku} 0`; then unlink."
        )
