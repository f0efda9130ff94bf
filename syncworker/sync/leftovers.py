"""Which rows hang in the air? Pointing to nothing, sold from by nobody, marked in vain, open though over. Mends nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from syncworker.core.allocator import Decision
from syncworker.ledger import channels, contents, incidents, orphans, pools
from syncworker.ledger.channels import ChannelState
from syncworker.ledger.incidents import Incident, IncidentKind
from syncworker.ledger.ledger import Snapshot
from syncworker.ledger.pools import PoolRecord
from syncworker.sync.finding import Finding, FindingKind
from syncworker.sync.planning import plan_for
from syncworker.sync.tick import WAITS_FOR_TIME

#: A number that was looked at so long ago is not looked at again by itself.
UNSEEN_FOR = timedelta(minutes=5)
_WAITING = frozenset(reason.value for reason in WAITS_FOR_TIME)


def pointing_nowhere(tx: Snapshot) -> Iterator[Finding]:
    """Rows whose channel, number or product is not there."""
    for one in orphans.find(tx):
        kind = FindingKind.ORPHANS if one.can_be_dropped else FindingKind.LOST
        facts = {"table": one.table, "parent": one.parent, "rows": one.rows}
        yield Finding(kind=kind, subject=f"{one.table}.{one.column}", facts=facts)
    for channel, listing, sku in orphans.lost_numbers(tx):
        facts = {"channel": channel, "listing": listing, "sku": sku}
        yield Finding(kind=FindingKind.NUMBER_LOST, subject=f"{channel}/{sku}", facts=facts)


def leftovers(tx: Snapshot) -> Iterator[Finding]:
    """What hangs in the air though it points to something."""
    for record in unlisted(tx):
        facts: dict[str, object] = {"exposure": record.bound.exposure}
        yield Finding(kind=FindingKind.NO_LISTING, subject=named(record), facts=facts)
    for record in deaf(tx):
        yield Finding(kind=FindingKind.MARK_LOST, subject=named(record))
    for record, value in unplanned(tx):
        yield Finding(kind=FindingKind.UNPLANNED, subject=named(record), facts={"value": value})
    for one in about_nothing(tx):
        facts = {"incident": one.kind.value, "number": one.id}
        yield Finding(kind=FindingKind.INCIDENT_OVER, subject=one.subject, facts=facts)


def named(record: PoolRecord) -> str:
    """A number as people type it."""
    return f"{record.channel}/{record.sku}"


def unlisted(tx: Snapshot) -> list[PoolRecord]:
    """Numbers that count though no listing of ours sells from them, and that nobody sets to 0."""
    found = []
    for channel in channels.all_channels(tx):
        records = [] if channel.rules.own_number else pools.of_channel(tx, channel.name)
        sold = {one.pool_id for one in contents.selling_from(tx, [record.id for record in records])}
        found += [one for one in records if one.in_sum and not one.withdraw and one.id not in sold]
    return found


def deaf(tx: Snapshot) -> list[PoolRecord]:
    """Numbers that no mark reaches: they were looked at more often than they were marked."""
    return [
        record
        for channel in channels.all_channels(tx)
        for record in pools.of_channel(tx, channel.name)
        if record.planned_version > record.wanted_version
    ]


def unplanned(tx: Snapshot) -> list[tuple[PoolRecord, int]]:
    """(number, what it would show) where nothing marks it, and nothing has looked at it for long."""
    live = [
        one.name
        for one in channels.all_channels(tx)
        if one.state is ChannelState.LIVE and not one.rules.own_number
    ]
    records = [record for name in live for record in pools.of_channel(tx, name)]
    unseen = {record.id: record for record in records if _is_unseen(tx, record)}
    if not unseen:
        return []
    planning = plan_for(tx, {record.sku for record in unseen.values()})
    return [
        (record, decision.target if decision.push is None else decision.push.value)
        for record in unseen.values()
        if _is_news(decision := planning.decisions[record.id], record)
    ]


def _is_news(decision: Decision, record: PoolRecord) -> bool:
    """Whether a look would send something, or begin to wait for it."""
    return decision.push is not None or (
        decision.reason in WAITS_FOR_TIME and decision.target != record.target
    )


def _is_unseen(tx: Snapshot, record: PoolRecord) -> bool:
    if record.is_dirty or record.reason in _WAITING or not record.in_sum:
        return False
    return record.planned_at is not None and record.planned_at < tx.now - UNSEEN_FOR


def about_nothing(tx: Snapshot) -> list[Incident]:
    """Open incidents about a number or a channel that is not there: no rule would ever close them."""
    opened = incidents.open_incidents(tx)
    known = {f"channel/{one.name}" for one in channels.all_channels(tx)}
    about = {one.subject.removeprefix("pool/") for one in opened if one.subject.startswith("pool/")}
    known |= {f"pool/{pool_id}" for pool_id in pools.load(tx, about)}
    return [
        one
        for one in opened
        if one.subject.startswith(("pool/", "channel/"))
        and "/".join(one.subject.split("/")[:2]) not in known
        # Consent is given before the engine first registers the channel.
        and one.kind is not IncidentKind.EXPIRING
    ]
