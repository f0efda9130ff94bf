"""Which numbers does a channel have to be told? Plan its dirty pools, store the pushes with their raises, then send.

A push row and its raise are committed before the request leaves (`sending`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from syncworker.connector.contract import Outcome
from syncworker.core import exposure
from syncworker.core.allocator import Decision, PlannedPush, Reason
from syncworker.core.exposure import PushState
from syncworker.core.model import QuantityKind
from syncworker.ledger import channels, jobs, pools, pushes, reads
from syncworker.ledger.channels import ChannelRecord
from syncworker.ledger.jobs import JobKind
from syncworker.ledger.ledger import Snapshot, Transaction
from syncworker.ledger.pools import PoolRecord
from syncworker.ledger.pushes import PushRecord
from syncworker.sync import withdrawing
from syncworker.sync.context import Context
from syncworker.sync.holding import gather_first
from syncworker.sync.lease import lease_s
from syncworker.sync.planning import Planning, plan_for
from syncworker.sync.read import read_back
from syncworker.sync.sending import Errand, send

#: Pools looked at in one task; the rest is dirty still and the next one's.
POOLS_PER_TASK = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class PushReport:
    """What one push task did."""

    channel: str
    #: Pools that the allocator looked at.
    looked: int
    applied: int
    refused: int
    unknown: int


def push_channel(context: Context, name: str) -> PushReport | None:
    """Plan the channel's dirty pools and send what that takes; ``None`` if somebody else is at it or nothing is dirty.

    Never raises for a fault of the channel: each push keeps its own outcome.
    """
    if not _has_work(context, name):
        return None
    fresh = read_reserved(context, name)
    errand, others = context.ledger.run(lambda tx: _begin(tx, context, name, fresh))
    for other in others:
        context.hint(other, JobKind.PUSH)
    if errand is None:
        return None
    outcomes = [result.outcome for result in send(context, errand)]
    if errand.looked == POOLS_PER_TASK:
        context.hint(name, JobKind.PUSH)
    known = outcomes.count(Outcome.APPLIED) + outcomes.count(Outcome.REFUSED)
    return PushReport(
        channel=name,
        looked=errand.looked,
        applied=outcomes.count(Outcome.APPLIED),
        refused=outcomes.count(Outcome.REFUSED),
        unknown=len(errand.records) - known,
    )


def _has_work(context: Context, name: str) -> bool:
    with context.ledger.snapshot() as snapshot:
        return bool(pools.dirty(snapshot, name, most=1))


def read_reserved(
    context: Context, name: str, *, pool_ids: Sequence[str] | None = None
) -> frozenset[str] | None:
    """A channel that counts on hand is sent our number plus its own reserved units: these are read in the same step.

    The pools, of these or of the dirty ones, whose reserved units are known now; ``None`` where they do not matter.
    """
    with context.ledger.snapshot() as snapshot:
        channel = channels.load(snapshot, name)
        if channel.rules.kind is not QuantityKind.ON_HAND:
            return None
        wanted = _blind(snapshot, name) if pool_ids is None else list(pool_ids)
        began = snapshot.now
    if not wanted:
        return frozenset()
    read_back(context, name, pool_ids=wanted, as_base=False)
    with context.ledger.snapshot() as snapshot:
        return frozenset(reads.answered_since(snapshot, wanted, began))


def _blind(snapshot: Snapshot, name: str) -> list[str]:
    """Dirty pools that are to be raised, which takes their reserved units."""
    dirty = pools.dirty(snapshot, name, most=POOLS_PER_TASK)
    planning = plan_for(snapshot, {record.sku for record in dirty})
    return [
        record.id
        for record in planning.room.pools.values()
        if record.channel == name and _needs_reserved(planning.decisions[record.id])
    ]


def _needs_reserved(decision: Decision) -> bool:
    return decision.push is not None and decision.push.value > 0


def _begin(
    tx: Transaction, context: Context, name: str, fresh: frozenset[str] | None
) -> tuple[Errand | None, set[str]]:
    channel = channels.load(tx, name)
    lease = jobs.claim(tx, name, JobKind.PUSH, token=context.new_id(), seconds=lease_s(channel.rules))
    if lease is None:
        return None, set()
    # What came free goes to the holds first; the same plan shows the rest again.
    gather_first(tx, {record.sku for record in pools.dirty(tx, name, most=POOLS_PER_TASK)})
    dirty = pools.dirty(tx, name, most=POOLS_PER_TASK)
    planning = plan_for(tx, {record.sku for record in dirty})
    mine = {record.id: record for record in planning.room.pools.values() if record.channel == name}
    if fresh is not None:
        # Without its reserved units nothing can be raised: such a pool stays dirty, and is in nobody's way.
        blind = {i for i in mine if _needs_reserved(planning.decisions[i]) and i not in fresh}
        mine = {pool_id: record for pool_id, record in mine.items() if pool_id not in blind}
        pools.record_look(tx, blind)
    records, others = store_share(tx, context, channel, planning, mine)
    if channel.rules.own_number or not records:
        jobs.release(tx, lease)
        return None, others
    keys = {record.id: mine[record.pool_id].pool_key for record in records}
    return Errand(lease, channel, len(dirty), tuple(records), keys), others


def store_share(
    tx: Transaction,
    context: Context,
    channel: ChannelRecord,
    planning: Planning,
    mine: Mapping[str, PoolRecord],
) -> tuple[list[PushRecord], set[str]]:
    """Store this channel's share of the plan, raises and all; the other channels that have one are told to look."""
    records = []
    for record in mine.values():
        decision = planning.decisions[record.id]
        if decision.push is not None:
            records.append(_push_record(tx, context, record, decision, decision.push))
    pushes.store(tx, records)
    raised = {
        push.pool_id: exposure.raised(mine[push.pool_id].bound, push.raised, at=tx.now) for push in records
    }
    if channel.rules.own_number:
        _give(tx, records, mine, planning.room.recipes)
    else:
        pools.save_bounds(tx, raised)
    pools.record_plan(
        tx,
        [(r, planning.decisions[r.id].target, planning.decisions[r.id].reason.value) for r in mine.values()],
    )
    for push in records:
        if push.value == 0 and not channel.rules.own_number:
            pools.update(tx, push.pool_id, drained_at=tx.now)
    withdrawing.end_needless(tx, mine.values(), planning.open_pushes)
    _ask_for_unread(tx, channel, planning, mine)
    theirs = [
        record
        for record in planning.room.pools.values()
        if record.channel != channel.name and planning.decisions[record.id].push is not None
    ]
    pools.mark_dirty(tx, [record.id for record in theirs if not record.is_dirty])
    return records, {record.channel for record in theirs}


def _ask_for_unread(
    tx: Transaction, channel: ChannelRecord, planning: Planning, mine: Mapping[str, PoolRecord]
) -> None:
    """A number that has to be read back first is asked for, whatever made it unknown: nothing else might do so.

    One that was read already and waits to be settled is left in peace: each new read would begin that wait again.
    """
    unread = [
        record.id
        for record in mine.values()
        if planning.decisions[record.id].reason is Reason.WAITS_FOR_READ
        and record.read_due_at is None
        and record.bound.pending is None
        and not planning.open_pushes.get(record.id)
    ]
    if channel.rules.readable:
        pools.want_read(tx, unread, at=tx.now)


def _push_record(
    tx: Transaction, context: Context, record: PoolRecord, decision: Decision, planned: PlannedPush
) -> PushRecord:
    return PushRecord(
        id=context.new_id(),
        pool_id=record.id,
        channel=record.channel,
        kind=planned.kind,
        value=planned.value,
        expected=planned.expected,
        raised=planned.raised,
        restocked_before=record.bound.restocked,
        state=PushState.SENDING,
        reason=decision.reason.value,
        stored_at=tx.now,
    )


def _give(
    tx: Transaction,
    records: Sequence[PushRecord],
    mine: Mapping[str, PoolRecord],
    recipes: Mapping[str, Mapping[str, int]],
) -> None:
    """The counter's number is ours: what it is given or asked to give back holds at once."""
    given = {
        push.pool_id: exposure.assumed(mine[push.pool_id].bound, push.value, at=tx.now) for push in records
    }
    pools.save_bounds(tx, given, shown={push.pool_id: push.value for push in records})
    for push in records:
        pushes.answer(tx, push.id, PushState.SETTLED, echo=push.value, closed=True)
        lowered = (mine[push.pool_id].bound.exposure or 0) > push.value
        if lowered:
            pools.mark_parts_dirty(tx, recipes[mine[push.pool_id].sku])
