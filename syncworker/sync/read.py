"""What does the channel's number say? Read back, compared with what was known when the question left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from syncworker.connector.contract import Reading
from syncworker.core import exposure
from syncworker.core.exposure import Base, BaseKind, OpenPush, PushState, ReadOutcome, counted
from syncworker.errors import LeaseLostError, MalformedAnswerError
from syncworker.ledger import channels, jobs, pools, pushes, reads
from syncworker.ledger.channels import ChannelRecord
from syncworker.ledger.jobs import JobKind, Lease
from syncworker.ledger.ledger import Transaction
from syncworker.ledger.pools import PoolRecord
from syncworker.ledger.pushes import PushRecord
from syncworker.ledger.reads import Found, ReadRecord
from syncworker.sync import drifting
from syncworker.sync.context import Context, log
from syncworker.sync.failure import record_failure, record_success
from syncworker.sync.incidents import number_unanswered, numbers_known, review_pools
from syncworker.sync.lease import lease_s
from syncworker.sync.listings import discover
from syncworker.sync.settle import LOOK_AT_CATALOGUE_AFTER, MARGIN, reconcile_after
from syncworker.sync.stockroom import lock_connected

#: Pools read back in one task.
POOLS_PER_TASK = 500
_SIGNS_OF_A_MOVE = frozenset({"drift", "absent"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadReport:
    """What one read-back task found."""

    channel: str
    #: Pools asked for, and those that were answered.
    asked: int
    answered: int
    #: Pools whose number lay above anything we can explain.
    drifted: int
    #: How many numbers differed, by the name of their class (``core.drift.DriftClass``).
    classes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Begun:
    lease: Lease
    channel: ChannelRecord
    records: Mapping[str, ReadRecord]
    keys: Mapping[str, str]
    as_base: bool
    quiet: bool


def read_back(
    context: Context,
    name: str,
    *,
    pool_ids: Iterable[str] | None = None,
    as_base: bool = True,
    quiet: bool = False,
) -> ReadReport | None:
    """Read back the pools that are due, or those named; ``None`` if somebody else is at it or the channel cannot be read.

    ``quiet``: have only those looked at whose bound rose, since these may have to be lowered; the caller sees to the rest.
    Never raises for a fault of the channel: it is recorded, and its gate closes for a while.
    """
    begun = context.ledger.run(lambda tx: _begin(tx, context, name, pool_ids, as_base=as_base))
    if begun is None:
        return None
    begun = replace(begun, quiet=quiet)
    answered, found = 0, list[Found]()
    try:
        port = context.open_channel(name)
        for keys, is_last in _batches(begun):
            readings = list(port.read_quantities(keys))
            found += _recorded(context, begun, keys, readings, is_last=is_last)
            answered += len(readings)
    except LeaseLostError:
        log.warning("read_taken_over", channel=name)
        return None
    except Exception as error:  # noqa: BLE001 - whatever a connector raises harms its own channel alone
        _failed(context, begun, error)
        return None
    outcomes = Counter(one.outcome for one in found)
    if as_base and outcomes.keys() & _SIGNS_OF_A_MOVE:
        _look_at_listings(context, name)
    context.hint(name, JobKind.PUSH)
    return ReadReport(
        channel=name,
        asked=len(begun.keys),
        answered=answered,
        drifted=outcomes["drift"],
        classes=dict(Counter(one.drift for one in found if one.drift is not None)),
    )


def _look_at_listings(context: Context, name: str) -> None:
    """A number that is gone, or that does not fall as its sales say: its listing may sell from another one by now."""
    try:
        discover(context, name)
    except Exception as error:  # noqa: BLE001 - the read-back stands, whatever a connector raises here
        log.warning("listings_not_seen", channel=name, error=str(error) or repr(error))


def _batches(begun: _Begun) -> Iterator[tuple[list[str], bool]]:
    """The keys of each call, and whether it is the last."""
    keys, size = list(begun.keys), begun.channel.rules.batch_max
    for start in range(0, len(keys), size):
        yield keys[start : start + size], start + size >= len(keys)


def _recorded(
    context: Context, begun: _Begun, keys: Sequence[str], readings: Sequence[Reading], *, is_last: bool
) -> list[Found]:
    return context.ledger.run(lambda tx: _record(tx, begun, keys, readings, is_last=is_last))


def _begin(
    tx: Transaction, context: Context, name: str, pool_ids: Iterable[str] | None, *, as_base: bool
) -> _Begun | None:
    channel = channels.load(tx, name)
    if not channel.rules.readable:
        return None
    lease = jobs.claim(tx, name, JobKind.READ, token=context.new_id(), seconds=lease_s(channel.rules))
    if lease is None:
        return None
    if pool_ids is None:
        chosen = pools.read_due(tx, name, most=POOLS_PER_TASK)
    else:
        chosen = [record for record in pools.load(tx, pool_ids).values() if record.channel == name]
    if not chosen:
        jobs.release(tx, lease)
        return None
    sequence = channels.current_sequence(tx, name)
    records = [
        ReadRecord(
            id=context.new_id(),
            pool_id=record.id,
            channel=name,
            start=exposure.read_begun(record.bound, at=tx.now),
            sequence=sequence,
        )
        for record in chosen
    ]
    reads.store(tx, records)
    by_pool = {record.pool_id: record for record in records}
    keys = {record.pool_key: record.id for record in chosen}
    return _Begun(lease, channel, by_pool, keys, as_base, quiet=False)


def _record(
    tx: Transaction, begun: _Begun, keys: Sequence[str], readings: Sequence[Reading], *, is_last: bool
) -> list[Found]:
    """Record one call's answers; what each of them told."""
    jobs.confirm(tx, begun.lease, seconds=lease_s(begun.channel.rules))
    answers = {begun.keys[reading.pool_key]: reading for reading in readings if reading.pool_key in keys}
    pool_ids = [begun.keys[key] for key in keys]
    lock_connected(tx, {record.sku for record in pools.load(tx, pool_ids).values()})
    known = pools.load(tx, pool_ids, lock=True)
    opens = pushes.open_of(tx, known)
    outcomes: dict[str, Found] = {}
    for pool_id, record in known.items():
        reading = answers.get(pool_id)
        if reading is None:
            _unanswered(tx, begun.channel, record)
            outcomes[begun.records[pool_id].id] = Found(number=None, outcome="failed")
            continue
        outcomes[begun.records[pool_id].id] = _one(tx, begun, record, reading, opens.get(pool_id, []))
    reads.answer(tx, outcomes)
    numbers_known(tx, [record for pool_id, record in known.items() if pool_id in answers])
    review_pools(tx, _risen(tx, known))
    record_success(tx, begun.channel)
    if is_last:
        jobs.release(tx, begun.lease)
    return list(outcomes.values())


def _unanswered(tx: Transaction, channel: ChannelRecord, record: PoolRecord) -> None:
    """Asked again later; while nothing is known of it, whatever shares its units waits, so that people are told."""
    pools.want_read(tx, [record.id], at=tx.now + reconcile_after(channel), sooner_only=False)
    if record.in_sum and record.bound.exposure is None:
        error = MalformedAnswerError(f"The channel answers no number for {record.sku}.", path=record.pool_key)
        number_unanswered(tx, record, str(error))


def _risen(tx: Transaction, before: Mapping[str, PoolRecord]) -> list[PoolRecord]:
    """Pools whose bound rose, also by an answer that is too fresh to be believed: what they share may be in deficit now."""
    now = pools.load(tx, before)
    return [
        record
        for pool_id, record in before.items()
        if counted(now[pool_id].bound.exposure or 0) > counted(record.bound.exposure or 0)
    ]


def _one(
    tx: Transaction, begun: _Begun, record: PoolRecord, reading: Reading, opens: Sequence[PushRecord]
) -> Found:
    """Judge one answer, in sellable units."""
    number = reading.sellable(begun.channel.rules.kind)
    if number is None:
        if record.absent_at is None or tx.now <= record.absent_at + begun.channel.rules.read_lag:
            return Found(number=None, outcome=_absent_once(tx, begun.channel, record))
        number = 0
    if not begun.channel.rules.takes_orders:
        outcome = _catalogue_read(tx, begun, record, reading, number, [push.open for push in opens])
        return Found(number=number, outcome=outcome)
    result = exposure.read_answered(
        record.bound,
        begun.records[record.id].start,
        max(0, number),
        base=Base(kind=BaseKind.READ, at=tx.now, sequence=channels.current_sequence(tx, begun.channel.name)),
        open_pushes=[push.open for push in opens],
        rules=begun.channel.rules,
    )
    if not begun.as_base and not result.unexplained:
        pools.save_bounds(tx, {}, shown={record.id: number})
        absent_at = None if reading.quantity is not None else record.absent_at
        pools.update(tx, record.id, remote_reserved=reading.reserved, absent_at=absent_at)
        return Found(number=number, outcome="glance")
    _taken_over(tx, begun, record, reading, number, result, opens)
    return _judged(tx, begun.channel, record, reading, number, result, opens)


def _taken_over(
    tx: Transaction,
    begun: _Begun,
    record: PoolRecord,
    reading: Reading,
    number: int,
    result: ReadOutcome,
    opens: Sequence[PushRecord],
) -> None:
    """The number is what we believe from now on, and the bound follows as far as the answer proves anything."""
    pools.save_bounds(tx, {record.id: result.bound}, shown={record.id: number})
    has_risen = counted(result.bound.exposure or 0) > counted(record.bound.exposure or 0)
    pools.update(
        tx,
        record.id,
        remote_reserved=reading.reserved,
        absent_at=None if reading.quantity is not None else record.absent_at,
        read_due_at=_next_read(tx, begun.channel, result, [push.open for push in opens]),
        wanted_version=record.wanted_version + (has_risen or not begun.quiet),
    )


def _catalogue_read(
    tx: Transaction,
    begun: _Begun,
    record: PoolRecord,
    reading: Reading,
    number: int,
    opens: Sequence[OpenPush],
) -> str:
    """Nobody can order there: the answer bounds nothing, it only shows what people see."""
    rules, began_at = begun.channel.rules, begun.records[record.id].start.began_at
    absent_at = record.absent_at if reading.quantity is None else None
    if any(exposure.may_land_after(push, began_at - rules.read_lag, rules) for push in opens):
        again = max(push.lands_by(rules) for push in opens) + rules.read_lag + MARGIN
        pools.update(tx, record.id, absent_at=absent_at, read_due_at=again)
        return "too_fresh"
    _close_unanswered(tx, record)
    pools.update(
        tx,
        record.id,
        shown=number,
        absent_at=absent_at,
        read_due_at=tx.now + LOOK_AT_CATALOGUE_AFTER,
        wanted_version=record.wanted_version + 1,
    )
    return "base"


def _judged(
    tx: Transaction,
    channel: ChannelRecord,
    record: PoolRecord,
    reading: Reading,
    number: int,
    result: ReadOutcome,
    opens: Sequence[PushRecord],
) -> Found:
    seen = drifting.evidence(
        tx,
        channel,
        record,
        None if reading.quantity is None else number,
        unexplained=result.unexplained,
        too_fresh=result.read_again,
        opens=opens,
    )
    found = drifting.noticed(tx, channel, record, seen)
    if result.read_again:
        outcome = "too_fresh"
    else:
        _close_unanswered(tx, record)
        outcome = "drift" if result.unexplained else "base"
    drift = None if found is None else found.value
    return Found(number=number, outcome=outcome, expected=record.shown, drift=drift)


def _close_unanswered(tx: Transaction, record: PoolRecord) -> None:
    """Whatever was unanswered can no longer land: the number that was read holds its outcome."""
    unanswered = (PushState.SENDING, PushState.UNKNOWN)
    opens = pushes.open_of(tx, [record.id]).get(record.id, [])
    pushes.close(tx, [push.id for push in opens if push.state in unanswered])


def _absent_once(tx: Transaction, channel: ChannelRecord, record: PoolRecord) -> str:
    """Absent is not 0: only a second answer a read lag later proves that nothing can be bought there."""
    again = tx.now + channel.rules.read_lag + MARGIN
    pools.update(tx, record.id, absent_at=record.absent_at or tx.now, read_due_at=again)
    return "absent"


def _next_read(
    tx: Transaction, channel: ChannelRecord, result: ReadOutcome, opens: Sequence[OpenPush]
) -> datetime | None:
    if not result.read_again:
        return tx.now + reconcile_after(channel) if result.bound.exposure else None
    moments = [tx.now, *(push.lands_by(channel.rules) for push in opens)]
    moments += [moment for moment in (result.bound.risen_at, result.bound.fallen_at) if moment is not None]
    return max(moments) + channel.rules.read_lag + MARGIN


def _failed(context: Context, begun: _Begun, error: Exception) -> None:
    context.ledger.run(lambda tx: _fail(tx, begun, error))


def _fail(tx: Transaction, begun: _Begun, error: Exception) -> None:
    failed = Found(number=None, outcome="failed")
    reads.answer(tx, {read.id: failed for read in begun.records.values()})
    record_failure(tx, begun.channel, error)
    jobs.release(tx, begun.lease)
