"""Which promises are in danger, and since when? Incidents that open and close by rule, in the transaction that sees them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from syncworker.core.availability import free_of
from syncworker.ledger import channels, incidents, listings, orders, pools, pulls
from syncworker.ledger.channels import ChannelRecord, ChannelState
from syncworker.ledger.incidents import IncidentKind
from syncworker.ledger.ledger import Transaction
from syncworker.ledger.orders import OrderRecord
from syncworker.ledger.pools import PoolRecord
from syncworker.ledger.shortages import possibly_short
from syncworker.sync import drifting
from syncworker.sync.stockroom import Part, Stockroom, stockroom_of

#: Failures in a row after which a channel counts as failing; fewer are hiccups.
FAILING_AFTER = 3
#: For so long people are told that a channel was later than it declares.
LATE_FOR = timedelta(days=1)
#: For so long at least they are told that a backup was restored: only they know what was typed in since it was made.
RESTORED_FOR = timedelta(days=1)
#: Incidents about one number at a channel.
_OF_NUMBERS = (IncidentKind.PARKED, IncidentKind.DRIFT, IncidentKind.FAILING)


def review_parts(tx: Transaction, parts: Iterable[Part]) -> None:
    """Open or close *oversold* and *deficit* for each of these parts, from the rows as they stand now."""
    wanted = sorted(set(parts))
    if not wanted:
        return
    # Asked once: a stock-take reviews thousands of parts, and hardly any of them has one open, or may be short.
    open_now = {(one.kind, one.subject) for one in incidents.open_incidents(tx)}
    doubtful = _doubtful(tx, wanted, {subject for _, subject in open_now})
    if not doubtful:
        return
    room = stockroom_of(tx, pools.skus_using(tx, {part.sku for part in doubtful}))
    for part in doubtful:
        available = room.available(part)
        free = free_of(available, room.exposures(part))
        subject = str(part)
        if available < 0:
            conflict = orders.in_conflict(tx, part.sku)
            details = {
                "sku": part.sku,
                "location": part.location,
                "units_short": -available,
                "orders": [{"channel": c, "order": o, "units": units} for c, o, units in conflict],
            }
            incidents.open_incident(tx, IncidentKind.OVERSOLD, subject, details)
        elif (IncidentKind.OVERSOLD, subject) in open_now:
            incidents.close_incident(tx, IncidentKind.OVERSOLD, subject)
        if free is not None and free < 0:
            details = {
                "sku": part.sku,
                "location": part.location,
                "units_short": -free,
                "available": available,
                "unsure": ", ".join(_unsure(tx, room, part)),
            }
            incidents.open_incident(tx, IncidentKind.DEFICIT, subject, details)
        elif (IncidentKind.DEFICIT, subject) in open_now:
            incidents.close_incident(tx, IncidentKind.DEFICIT, subject)


def _doubtful(tx: Transaction, parts: Iterable[Part], subjects: Collection[str]) -> list[Part]:
    """Of these parts, those that may be short, or about which an incident is open."""
    parts = list(parts)
    short = possibly_short(tx, {(part.sku, part.location) for part in parts})
    return [part for part in parts if (part.sku, part.location) in short or str(part) in subjects]


def _unsure(tx: Transaction, room: Stockroom, part: Part) -> list[str]:
    """Channels that did not say whether a sale of the part lowered their number, and were not read back since."""
    held = [one for one in room.pools.values() if one.in_sum and part in room.recipe(one)]
    settled = {one.id: one.bound.settled_at for one in held if one.bound.settled_at is not None}
    return sorted(orders.unsure_since(tx, settled))


def review_pools(tx: Transaction, records: Iterable[PoolRecord]) -> None:
    """Bounds of these pools rose without us: see whether their parts are in deficit now."""
    skus = {record.sku for record in records}
    if skus:
        review_parts(tx, stockroom_of(tx, skus).parts())


def channel_failed(tx: Transaction, channel: ChannelRecord, failures: int, error: str) -> None:
    """Open *failing* once it is more than a hiccup."""
    if failures >= FAILING_AFTER:
        incidents.open_incident(
            tx,
            IncidentKind.FAILING,
            f"channel/{channel.name}",
            {"channel": channel.name, "failures": failures, "error": error},
        )


def channel_answered(tx: Transaction, name: str) -> None:
    """The channel is back."""
    incidents.close_incident(tx, IncidentKind.FAILING, f"channel/{name}")


def number_unanswered(tx: Transaction, record: PoolRecord, error: str) -> None:
    """Open *failing* of one number of which nothing is known, and nothing was answered."""
    facts = {"channel": record.channel, "sku": record.sku, "error": error}
    incidents.open_incident(tx, IncidentKind.FAILING, f"pool/{record.id}", facts)


def numbers_known(tx: Transaction, records: Iterable[PoolRecord]) -> None:
    """Close what :func:`number_unanswered` opened: answered, or settled without an answer."""
    told = {one.subject for one in incidents.open_incidents(tx, kind=IncidentKind.FAILING)}
    for subject in sorted(told.intersection(f"pool/{record.id}" for record in records)):
        incidents.close_incident(tx, IncidentKind.FAILING, subject)


def review_bounds(tx: Transaction, channel: ChannelRecord) -> None:
    """A bound that is below 0 after a whole pull was wrong: more was sold than it allowed, and no feed explains it.

    Before the pull is whole it proves nothing: the cancellation that put the units back may stand on a later page.
    """
    broken = {f"pool/{record.id}": record for record in pools.broken(tx, channel.name)}
    for record in broken.values():
        drifting.told(tx, channel, record, number=None, unexplained=-(record.bound.exposure or 0))
    if channel.rules.readable:
        return
    for one in incidents.open_incidents(tx, kind=IncidentKind.DRIFT):
        is_ours = one.details.get("channel") == channel.name and not drifting.is_kept(one)
        if is_ours and one.subject not in broken:
            incidents.close_incident(tx, IncidentKind.DRIFT, one.subject)


def review_lateness(tx: Transaction, channel: ChannelRecord, new: Iterable[OrderRecord]) -> None:
    """An order that an earlier whole pull should have told of came later than the channel declares: no promise covers it.

    The incident closes by itself after a day without another one.
    """
    subject = f"channel/{channel.name}"
    candidates = [record for record in new if not record.is_history]
    whole = pulls.latest(tx, channel.name, whole=True) if candidates else None
    if whole is not None:
        told_by = whole.began_at - channel.rules.visibility_lag - channel.rules.clock_skew
        late = sorted(record.external_id for record in candidates if record.placed_at < told_by)
        if late:
            facts = {"channel": channel.name, "orders": late[:20], "last_at": tx.now.isoformat()}
            incidents.open_incident(tx, IncidentKind.LATE_ORDER, subject, facts)


def forget_lateness(tx: Transaction, channel: ChannelRecord) -> None:
    """Close the incident of :func:`review_lateness` once it is a day old."""
    for one in incidents.open_incidents(tx, kind=IncidentKind.LATE_ORDER, subject=f"channel/{channel.name}"):
        if datetime.fromisoformat(str(one.details["last_at"])) < tx.now - LATE_FOR:
            incidents.close_incident(tx, IncidentKind.LATE_ORDER, one.subject)


def forget_restored(tx: Transaction) -> None:
    """Close *restored* once every number is known again and people have had a day to enter what the backup lacks."""
    for one in incidents.open_incidents(tx, kind=IncidentKind.RESTORED):
        if one.opened_at < tx.now - RESTORED_FOR and not pools.unknown(tx):
            incidents.close_incident(tx, one.kind, one.subject)


def numbers_gone(tx: Transaction, record: PoolRecord) -> None:
    """No listing of ours sells from the number any more: whatever was wrong with it concerns nobody."""
    for kind in _OF_NUMBERS:
        incidents.close_incident(tx, kind, f"pool/{record.id}")


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
