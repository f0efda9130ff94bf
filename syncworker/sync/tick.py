"""What is due, dirty or stuck? The sweep that finds all work in the rows, whatever hint was lost."""

from __future__ import annotations

from datetime import timedelta

from syncworker.core.allocator import Reason
from syncworker.core.exposure import PushState, horizon_passed
from syncworker.core.model import QuantityMode
from syncworker.ledger import channels, contents, jobs, pools, pushes
from syncworker.ledger.channels import ChannelRecord, ChannelState
from syncworker.ledger.jobs import JobKind
from syncworker.ledger.ledger import Transaction
from syncworker.ledger.pools import PoolRecord
from syncworker.sync import withdrawing
from syncworker.sync.answers import want_proof
from syncworker.sync.context import Context, log
from syncworker.sync.holding import keep_holds
from syncworker.sync.incidents import forget_restored
from syncworker.sync.planning import is_drainable
from syncworker.sync.settle import reconcile_after
from syncworker.sync.vault import review_tokens

#: Pools that wait for time to pass, not for an event, are looked at again this often.
LOOK_AGAIN_AFTER = timedelta(seconds=60)
#: Pools of one channel that are drained in one sweep.
DRAINS_PER_SWEEP = 100
WAITS_FOR_TIME = (
    Reason.WAITS_FOR_LEAVE,
    Reason.WAITS_FOR_FREE_UNITS,
    Reason.WAITS_FOR_HOLD,
    Reason.WAITS_FOR_OUTCOME,
    Reason.HELD_BACK,
)


def tick(context: Context) -> list[tuple[str, JobKind]]:
    """Take stuck pushes in hand and hint every job that has something to do. Harmless to call twice, or by two at once."""
    keep_holds(context)
    work = context.ledger.run(_sweep)
    for name, kind in work:
        context.hint(name, kind)
    return work


def _sweep(tx: Transaction) -> list[tuple[str, JobKind]]:
    known = {record.name: record for record in channels.all_channels(tx)}
    take_stuck_pushes(tx, known)
    _close_applied(tx, known)
    _drain_unreadable(tx, known)
    review_tokens(tx)
    forget_restored(tx)
    pools.look_again(
        tx, [reason.value for reason in WAITS_FOR_TIME], planned_before=tx.now - LOOK_AGAIN_AFTER
    )
    dirty, unread = set(pools.dirty_channels(tx)), set(pools.read_due_channels(tx))
    live = {name for name, record in known.items() if record.state is ChannelState.LIVE}
    untold = live & set(contents.channels_to_tell(tx))
    found = []
    for name, kind in jobs.due(tx):
        wanted = {
            JobKind.PULL: True,
            JobKind.PUSH: name in dirty,
            JobKind.READ: name in unread,
            JobKind.CONTENTS: name in untold,
            JobKind.LISTINGS: True,
        }
        if wanted[kind] and name in known:
            found.append((name, kind))
    return found


def take_stuck_pushes(tx: Transaction, known: dict[str, ChannelRecord]) -> None:
    """A push whose owner died is unknown once it can no longer land; then a read-back, or a set 0, proves what became of it.

    ``known`` are the channels by name. Harmless to repeat.
    """
    overdue = [
        push for push in pushes.unanswered(tx) if horizon_passed(push.open, tx.now, known[push.channel].rules)
    ]
    # All at once and in order, so that two who look never wait for each other.
    pools.load(tx, [push.pool_id for push in overdue], lock=True)
    for push in overdue:
        channel = known[push.channel]
        record = pools.load(tx, [push.pool_id])[push.pool_id]
        if push.state is PushState.SENDING:
            pushes.answer(tx, push.id, PushState.UNKNOWN, message="no answer was recorded", closed=False)
            if not channel.rules.takes_orders:
                pools.update(tx, record.id, shown=None)
            log.warning("push_unanswered", channel=push.channel, sku=record.sku, push=push.id)
        if _is_accounted_for(record, channel):
            pushes.close(tx, [push.id])
            withdrawing.end(tx, record)
            pools.mark_dirty(tx, [record.id])
        elif channel.rules.readable:
            if record.read_due_at is None or push.state is PushState.SENDING:
                want_proof(tx, channel, record, push)
        elif not record.is_dirty and not _is_being_withdrawn(tx, record):
            withdrawing.begin(tx, record)


def _is_accounted_for(record: PoolRecord, channel: ChannelRecord) -> bool:
    """Whether all is sold that a push that cannot land any more may have put on sale.

    Below 0 the bound was wrong, and is read back; where it cannot be, there is nothing left that a set 0 would lower. Where
    neither a read-back nor a set 0 can prove anything, what it may have put on sale simply stays counted.
    """
    units, rules = record.bound.exposure, channel.rules
    if not rules.readable and not rules.proves_by_zero:
        return True
    return units is not None and (units == 0 or (units < 0 and not rules.readable))


def _is_being_withdrawn(tx: Transaction, record: PoolRecord) -> bool:
    """Whether a set 0 that can prove something is under way, accepted, or may still land."""
    return any(
        push.value == 0 and (push.state is not PushState.UNKNOWN)
        for push in pushes.open_of(tx, [record.id])[record.id]
    )


def _drain_unreadable(tx: Transaction, known: dict[str, ChannelRecord]) -> None:
    """Where nothing can be read back, only a settled 0 tells how much of a bound is slack; done only where there is some.

    Where differences are sent no 0 can be: the slack stays, for going dark would prove nothing.
    """
    for name in pools.read_due_channels(tx):
        channel = known[name]
        if channel.rules.readable:
            continue
        for record in pools.read_due(tx, name, most=DRAINS_PER_SWEEP):
            bound = record.bound.exposure or 0
            has_slack = bound > 0 and (record.shown is None or bound > record.shown)
            if not has_slack or channel.rules.mode is not QuantityMode.SET:
                pools.update(tx, record.id, read_due_at=None)
            elif is_drainable(record, channel, tx.now):
                pools.update(tx, record.id, read_due_at=None)
                withdrawing.begin(tx, record)
            else:
                pools.update(tx, record.id, read_due_at=tx.now + reconcile_after(channel))


def _close_applied(tx: Transaction, known: dict[str, ChannelRecord]) -> None:
    """A difference that was accepted and is in force by now needs no settle; a set may have been kept open too long."""
    for push in pushes.acknowledged_differences(tx):
        if horizon_passed(push.open, tx.now, known[push.channel].rules):
            pushes.close(tx, [push.id])
            pools.mark_dirty(tx, [push.pool_id])
    settled = pushes.acknowledged_and_settled(tx)
    pushes.close(tx, [push.id for push in settled])
    pools.mark_dirty(tx, [push.pool_id for push in settled])
