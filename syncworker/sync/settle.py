"""What does a finished pull prove? It cuts the bounds whose base lies far enough before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from syncworker.core import exposure
from syncworker.core.exposure import BaseKind, Bound, PullProof
from syncworker.ledger import orders, pools, pushes
from syncworker.ledger.channels import ChannelRecord
from syncworker.ledger.ledger import Transaction
from syncworker.ledger.pools import PoolRecord
from syncworker.sync import drifting, withdrawing
from syncworker.sync.incidents import numbers_known, review_parts
from syncworker.sync.stockroom import stockroom_of

#: A pool that still shows something and did not move for so long is read back: slack must not hide stock for ever.
RECONCILE_AFTER = timedelta(minutes=15)
#: A catalogue, where nobody can order, is looked at again this long after it was told or read: hand edits are seldom.
LOOK_AT_CATALOGUE_AFTER = timedelta(hours=1)
#: A number is asked for this long after the moment from which an answer can be believed.
MARGIN = timedelta(milliseconds=1)


def reconcile_after(channel: ChannelRecord) -> timedelta:
    """Fifteen minutes, or ten times as long as the channel takes to settle where that is shorter: so long may slack last.

    Never before a read-back could be settled: the next one begins that wait again.
    """
    soon = timedelta(seconds=10 * channel.rules.dark_time_s)
    return max(min(RECONCILE_AFTER, soon), timedelta(seconds=2 * channel.rules.read_settles_s))


def settle(tx: Transaction, channel: ChannelRecord, proof: PullProof) -> tuple[str, ...]:
    """Settle every pool of the channel that the pull settles; the channels whose pools are to be looked at again."""
    waiting = [record for record in pools.pending(tx, channel.name) if _may_settle(record, channel, proof)]
    if not waiting:
        return ()
    # Counts are locked before pools, as everywhere; then the bounds are looked at again.
    room = stockroom_of(tx, {record.sku for record in waiting})
    records = [room.pools[record.id] for record in waiting if record.id in room.pools]
    settled = _settled(records, channel, proof, orders.blocked_pools(tx, channel.name))
    if not settled:
        return ()
    before = {record.id: record for record in records if record.id in settled}
    pools.save_bounds(tx, settled)
    _close_pushes(tx, channel, before)
    _note_settled(tx, channel, list(before.values()), settled)
    read = {pool_id: one for pool_id, one in before.items() if _was_read(one)}
    drifting.proven(tx, channel, read.values())
    drifting.corrected(tx, before.keys() - read.keys())
    parts = {part for record in before.values() for part in room.recipe(record)}
    touched = pools.mark_parts_dirty(tx, {part.sku for part in parts})
    review_parts(tx, parts)
    return tuple(touched)


def _may_settle(record: PoolRecord, channel: ChannelRecord, proof: PullProof) -> bool:
    return exposure.settles(record.bound, proof, channel.rules)


def _settled(
    records: Sequence[PoolRecord], channel: ChannelRecord, proof: PullProof, blocked: set[str] | None
) -> dict[str, Bound]:
    """The bounds that the pull cuts, by pool id; ``blocked`` of ``None`` blocks every pool."""
    found = {}
    for record in records:
        is_blocked = blocked is None or record.id in blocked
        after = exposure.settled(record.bound, replace(proof, blocked=is_blocked), channel.rules)
        if after is not record.bound:
            found[record.id] = after
    return found


def _close_pushes(tx: Transaction, channel: ChannelRecord, settled: Mapping[str, PoolRecord]) -> None:
    """Close every push that the settled base has overtaken."""
    done = []
    for pool_id, opens in pushes.open_of(tx, settled).items():
        base = settled[pool_id].bound.base
        if base is None:
            continue
        for push in opens:
            others = [other.open for other in opens if other.id != push.id]
            if exposure.is_closed_by_settle(push.open, others, base=base, rules=channel.rules):
                done.append(push.id)
    pushes.close(tx, done)


def _note_settled(
    tx: Transaction, channel: ChannelRecord, records: Sequence[PoolRecord], settled: Mapping[str, Bound]
) -> None:
    numbers_known(tx, records)
    for record in records:
        left = settled[record.id].exposure
        withdrawing.end_settled(tx, record, settled[record.id])
        if left:
            # A rise since the base may be counted twice: the read-back that it asked for is not put off.
            pools.want_read(
                tx,
                [record.id],
                at=tx.now + reconcile_after(channel),
                sooner_only=_has_risen_since_base(record.bound),
            )
        elif record.read_due_at is not None and record.read_due_at > tx.now:
            pools.update(tx, record.id, read_due_at=None)


def _was_read(record: PoolRecord) -> bool:
    return record.bound.base is not None and record.bound.base.kind is BaseKind.READ


def _has_risen_since_base(bound: Bound) -> bool:
    return bound.base is not None and bound.risen_at is not None and bound.risen_at > bound.base.at
