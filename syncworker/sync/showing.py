"""Whose words stand in a listing, and shall buyers see it? Managed or not, hidden or shown, by an operator's word.

Showing a listing again is a push of a number that we do not send: the bound is forgotten before the call leaves, and nothing
that shares its units is raised until the number has been read and settled; until it can be read nothing is sent to it. A
hidden listing is emptied first, so that its units can sell elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from syncworker.errors import InputError, UnknownSkuError
from syncworker.ledger import channels, contents, incidents, pools, products, pushes
from syncworker.ledger.channels import ChannelRecord
from syncworker.ledger.incidents import IncidentKind
from syncworker.ledger.ledger import Transaction
from syncworker.ledger.listings import ListingRecord
from syncworker.sync.contents import found_contents
from syncworker.sync.numbers import forget
from syncworker.sync.stockroom import lock_connected
from syncworker.sync.withdrawing import review_hidden


def manage(
    tx: Transaction, name: str, skus: Sequence[str] | None, *, is_ours: bool = True
) -> list[ListingRecord]:
    """From now on what these listings say is ours to write, or a seller's own again. ``None``: all that are linked there.

    What the channel already says the same is not sent.
    """
    records = _chosen(tx, name, skus)
    for record in records:
        values: dict[str, object] = {"managed": is_ours, "refused": None, "refusal": None}
        if is_ours and record.sent is None:
            values["sent"] = found_contents(record)
        contents.change(tx, [record.id], **values)
        if not is_ours:
            incidents.close_incident(
                tx, IncidentKind.LISTING_REFUSED, f"listing/{record.channel}/{record.external_id}"
            )
    return records


def show(tx: Transaction, name: str, skus: Sequence[str], *, is_shown: bool) -> list[ListingRecord]:
    """Buyers shall see these listings, or shall not; a number that only hidden ones sell from is set to 0 first."""
    channel = channels.load(tx, name)
    if is_shown and (name not in contents.able(tx) or "active" not in channel.listing_fields):
        return _hand_back(tx, channel, skus)
    records = _chosen(tx, name, skus)
    if "active" not in channel.listing_fields:
        raise InputError(f"A listing at {name} can be hidden and shown on its own pages alone.")
    lock_connected(tx, {str(record.sku) for record in records})
    contents.change(tx, [record.id for record in records], wanted_active=is_shown)
    review_hidden(tx, {str(record.pool_id) for record in records})
    _look_again(tx, [str(record.sku) for record in records])
    return records


def _hand_back(tx: Transaction, channel: ChannelRecord, skus: Sequence[str]) -> list[ListingRecord]:
    """Listings that we hid and cannot show any more: whether buyers see them is a seller's own again, on the channel's pages.

    Nothing is believed of their numbers. InputError if we hid none of them.
    """
    records = _linked(tx, channel.name, skus)
    hidden = [record for record in records if record.wanted_active is False]
    if not hidden:
        raise InputError(f"A listing at {channel.name} can be hidden and shown on its own pages alone.")
    lock_connected(tx, {str(record.sku) for record in hidden})
    for record in hidden:
        sent = {name: value for name, value in (record.sent or {}).items() if name != "active"}
        contents.change(tx, [record.id], wanted_active=None, sent=sent or None)
        _forget(tx, channel, record, lag=channel.rules.apply_lag)
    review_hidden(tx, {str(record.pool_id) for record in hidden})
    _look_again(tx, [str(record.sku) for record in hidden])
    return hidden


def retry(tx: Transaction, name: str, skus: Sequence[str] | None) -> list[ListingRecord]:
    """Send what the channel refused once more, as it is; the listings concerned."""
    records = [record for record in _chosen(tx, name, skus) if record.refused is not None]
    # Nothing is what was refused, so that whatever is wanted now is sent; accepted, it is forgiven.
    contents.change(tx, [record.id for record in records], refused={})
    return records


def _chosen(tx: Transaction, name: str, skus: Sequence[str] | None) -> list[ListingRecord]:
    channels.load(tx, name)
    if name not in contents.able(tx):
        raise InputError(f"What the listings at {name} say can be changed on its own pages alone.")
    return _linked(tx, name, skus)


def _linked(tx: Transaction, name: str, skus: Sequence[str] | None) -> list[ListingRecord]:
    records = contents.linked(tx, name, skus)
    known = products.recipe_of(tx, skus or ())
    for sku in skus or ():
        if sku not in known:
            raise UnknownSkuError(sku)
        if not any(record.sku == sku for record in records):
            raise InputError(
                f"{sku} has no linked listing at {name}. See `syncworker listing list --channel {name}`."
            )
    return records


def may_be_hidden(tx: Transaction, channel: ChannelRecord, record: ListingRecord) -> bool:
    """Whether the listing's number is at 0 already, or cannot come there."""
    pool = pools.load(tx, [str(record.pool_id)])[str(record.pool_id)]
    rules = channel.rules
    if not pool.hidden or not pool.in_sum or not rules.takes_orders or pool.parked is not None:
        return True
    if not rules.proves_by_zero and not rules.lowers_exactly:
        return True
    is_open = bool(pushes.open_of(tx, [pool.id]).get(pool.id))
    return pool.bound.exposure is not None and pool.bound.exposure <= 0 and not is_open


def prepare_to_show(tx: Transaction, channel: ChannelRecord, record: ListingRecord) -> bool:
    """Right before a listing is shown again: whatever its number was read to be while it was hidden proves nothing.

    False, and nothing is changed, while a number is on its way there: its answer would be taken for one from afterwards.
    """
    opens = pushes.open_of(tx, [str(record.pool_id)]).get(str(record.pool_id), [])
    if channel.rules.readable and any(push.open.acknowledged_at is None for push in opens):
        return False
    _forget(tx, channel, record, lag=channel.rules.horizon + channel.rules.apply_lag)
    return True


def shown_again(tx: Transaction, channel: ChannelRecord, record: ListingRecord, *, is_certain: bool) -> None:
    """The channel answered that it is shown, or gave no usable answer: then it may still be shown within the horizon."""
    lag = channel.rules.apply_lag + (timedelta() if is_certain else channel.rules.horizon)
    _forget(tx, channel, record, lag=lag)
    if is_certain:
        pools.update(tx, str(record.pool_id), hidden=False)
        _look_again(tx, [str(record.sku)])


def _forget(tx: Transaction, channel: ChannelRecord, record: ListingRecord, *, lag: timedelta) -> None:
    """Where the number cannot be read it was never lowered by a reading: what we believe of it stands."""
    if not channel.rules.readable or not channel.rules.takes_orders:
        return
    lock_connected(tx, [str(record.sku)])
    pool = pools.load(tx, [str(record.pool_id)], lock=True)[str(record.pool_id)]
    if pool.in_sum:
        forget(tx, channel, pool, changed_by=tx.now + lag)
        # A 0 that is sent meanwhile may land before the listing is shown, and would prove nothing of what that put on sale.
        pools.update(tx, pool.id, not_before=tx.now + lag)


def _look_again(tx: Transaction, skus: Iterable[str]) -> None:
    recipes = products.recipe_of(tx, skus)
    pools.mark_parts_dirty(tx, {part for recipe in recipes.values() for part in recipe})
