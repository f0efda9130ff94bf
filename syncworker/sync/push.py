"""Which numbers does a channel have to be told, and what became of each? Plan, store, send, record.

A push row and its raise are committed before the request leaves, and no request is ever sent twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from syncworker.connector import SendWindow
from syncworker.connector.contract import Channel, Outcome, PushResult, QuantityPush
from syncworker.core import exposure
from syncworker.core.allocator import Decision, PlannedPush
from syncworker.core.exposure import PushState
from syncworker.core.model import QuantityKind
from syncworker.errors import (
    ChannelMisconfiguredError,
    ListingRejectedError,
    RequestRefusedError,
    RetryLaterError,
)
from syncworker.ledger import channels, jobs, pools, pushes, reads
from syncworker.ledger.channels import ChannelRecord
from syncworker.ledger.jobs import JobKind, Lease
from syncworker.ledger.ledger import Transaction
from syncworker.ledger.pools import PoolRecord
from syncworker.ledger.pushes import PushRecord
from syncworker.sync.answers import record_answers
from syncworker.sync.context import Context, log
from syncworker.sync.failure import record_failure, record_success
from syncworker.sync.lease import lease_s
from syncworker.sync.planning import Planning, plan_for
from syncworker.sync.read import read_back

#: Pools looked at in one task; the rest is dirty still and the next one's.
POOLS_PER_TASK = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class PushReport:
    """What one push task did."""

    channel: str
    #: Pools that the allocator looked at.
    looked: int
    calls: int
    applied: int
    refused: int
    unknown: int


@dataclass(frozen=True, slots=True)
class _Begun:
    lease: Lease
    channel: ChannelRecord
    looked: int
    records: tuple[PushRecord, ...]
    keys: dict[str, str]


def push_channel(context: Context, name: str) -> PushReport | None:
    """Plan the channel's dirty pools and send what that takes; ``None`` if somebody else is at it or nothing is dirty.

    Never raises for a fault of the channel: each push keeps its own outcome.
    """
    if not _has_work(context, name):
        return None
    fresh = _read_reserved(context, name)
    begun, others = context.ledger.run(lambda tx: _begin(tx, context, name, fresh))
    for other in others:
        context.hint(other, JobKind.PUSH)
    if begun is None:
        return None
    results = _send_all(context, begun)
    if begun.looked == POOLS_PER_TASK:
        context.hint(name, JobKind.PUSH)
    outcomes = [result.outcome for result in results]
    return PushReport(
        channel=name,
        looked=begun.looked,
        calls=-(-len(begun.records) // begun.channel.rules.batch_max),
        applied=outcomes.count(Outcome.APPLIED),
        refused=outcomes.count(Outcome.REFUSED),
        unknown=len(begun.records) - outcomes.count(Outcome.APPLIED) - outcomes.count(Outcome.REFUSED),
    )


def _has_work(context: Context, name: str) -> bool:
    with context.ledger.snapshot() as snapshot:
        return bool(pools.dirty(snapshot, name, most=1))


def _read_reserved(context: Context, name: str) -> frozenset[str] | None:
    """A channel that counts on hand is sent our number plus its own reserved units: these are read in the same step.

    The pools whose reserved units are known now; ``None`` where they do not matter.
    """
    with context.ledger.snapshot() as snapshot:
        channel = channels.load(snapshot, name)
        if channel.rules.kind is not QuantityKind.ON_HAND:
            return None
        dirty = pools.dirty(snapshot, name, most=POOLS_PER_TASK)
        planning = plan_for(snapshot, {record.sku for record in dirty})
        wanted = [
            record.id
            for record in planning.room.pools.values()
            if record.channel == name and _needs_reserved(planning.decisions[record.id])
        ]
        began = snapshot.now
    if not wanted:
        return frozenset()
    read_back(context, name, pool_ids=wanted, as_base=False)
    with context.ledger.snapshot() as snapshot:
        return frozenset(reads.answered_since(snapshot, wanted, began))


def _needs_reserved(decision: Decision) -> bool:
    return decision.push is not None and decision.push.value > 0


def _begin(
    tx: Transaction, context: Context, name: str, fresh: frozenset[str] | None
) -> tuple[_Begun | None, set[str]]:
    channel = channels.load(tx, name)
    lease = jobs.claim(tx, name, JobKind.PUSH, token=context.new_id(), seconds=lease_s(channel.rules))
    if lease is None:
        return None, set()
    dirty = pools.dirty(tx, name, most=POOLS_PER_TASK)
    planning = plan_for(tx, {record.sku for record in dirty})
    mine = {record.id: record for record in planning.room.pools.values() if record.channel == name}
    if fresh is not None:
        # Without its reserved units nothing can be raised: such a pool stays dirty.
        blind = {i for i in mine if _needs_reserved(planning.decisions[i]) and i not in fresh}
        mine = {pool_id: record for pool_id, record in mine.items() if pool_id not in blind}
    records, others = _store(tx, context, channel, planning, mine)
    if channel.rules.own_number or not records:
        jobs.release(tx, lease)
        return None, others
    keys = {record.id: mine[record.pool_id].pool_key for record in records}
    return _Begun(lease, channel, len(dirty), tuple(records), keys), others


def _store(
    tx: Transaction, context: Context, channel: ChannelRecord, planning: Planning, mine: dict[str, PoolRecord]
) -> tuple[list[PushRecord], set[str]]:
    """Store this channel's share of the plan; the other channels that have one are told to look."""
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
    _end_withdrawals(tx, planning, mine.values())
    theirs = [
        record
        for record in planning.room.pools.values()
        if record.channel != channel.name and planning.decisions[record.id].push is not None
    ]
    pools.mark_dirty(tx, [record.id for record in theirs if not record.is_dirty])
    return records, {record.channel for record in theirs}


def _end_withdrawals(tx: Transaction, planning: Planning, looked: Iterable[PoolRecord]) -> None:
    """Where nothing is left to withdraw (sold out, or lowered exactly) no settle would end it: the next plan shares again."""
    for record in looked:
        bound = record.bound
        is_out = bound.pending is None and bound.exposure is not None and bound.exposure <= 0
        if record.withdraw and is_out and not planning.open_pushes.get(record.id):
            pools.update(tx, record.id, withdraw=False, wanted_version=record.wanted_version + 1)


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
    given = {push.pool_id: exposure.assumed(mine[push.pool_id].bound, push.value) for push in records}
    pools.save_bounds(tx, given, shown={push.pool_id: push.value for push in records})
    for push in records:
        pushes.answer(tx, push.id, PushState.SETTLED, echo=push.value, closed=True)
        lowered = (mine[push.pool_id].bound.exposure or 0) > push.value
        if lowered:
            pools.mark_parts_dirty(tx, recipes[mine[push.pool_id].sku])


# --- sending -------------------------------------------------------------------------------------------------------


def _send_all(context: Context, begun: _Begun) -> list[PushResult]:
    results: list[PushResult] = []
    size = begun.channel.rules.batch_max
    batches = [begun.records[i : i + size] for i in range(0, len(begun.records), size)]
    try:
        port = context.open_channel(begun.channel.name)
        for number, batch in enumerate(batches):
            answers, error = _send(context, begun, port, batch)
            is_last = number == len(batches) - 1
            unsent = [] if error is None else [push for rest in batches[number + 1 :] for push in rest]
            answers = [*answers, *(_not_sent(push, "an earlier call of the run failed") for push in unsent)]
            is_ours = _record(context, begun, answers, error, is_last=is_last or error is not None)
            results.extend(answers)
            if error is not None or not is_ours:
                break
        _give_up(context, begun, begun.records[len(results) :])
    except ChannelMisconfiguredError as error:
        answers = [_not_sent(push, str(error)) for push in begun.records]
        _record(context, begun, answers, error, is_last=True)
    return results


def _give_up(context: Context, begun: _Begun, unsent: Sequence[PushRecord]) -> None:
    """Another worker took the job over: what was not sent by then never is, and the pools are planned anew."""
    if unsent:
        log.warning("push_taken_over", channel=begun.channel.name)
        answers = [_not_sent(push, "another worker took over before it was sent") for push in unsent]
        _record(context, begun, answers, None, is_last=True)


def _send(
    context: Context, begun: _Begun, port: Channel, batch: Sequence[PushRecord]
) -> tuple[list[PushResult], Exception | None]:
    """One call. Whatever does not prove that nothing was applied leaves the outcome unknown."""
    with context.ledger.snapshot() as snapshot:
        now = snapshot.now
    left = min(exposure.send_by(push.stored_at, begun.channel.rules) for push in batch) - now
    if left < timedelta(0):
        return [_not_sent(push, "held up for too long before it could be sent") for push in batch], None
    try:
        with SendWindow(left.total_seconds()):
            answers = port.push_quantities([_wire(push, begun.keys[push.id]) for push in batch])
        return _matched(batch, answers), None
    except RequestRefusedError as error:
        return [_not_sent(push, str(error)) for push in batch], None
    except (RetryLaterError, ChannelMisconfiguredError) as error:
        return [_not_sent(push, str(error)) for push in batch], error
    except ListingRejectedError as error:
        if len(batch) == 1:
            return [
                PushResult(push_id=batch[0].id, outcome=Outcome.REFUSED, message=str(error), parks=True)
            ], None
        return _unknown(batch, str(error)), error
    except Exception as error:  # noqa: BLE001 - the request may have left: unknown, whatever was raised
        return _unknown(batch, str(error) or repr(error)), error


def _matched(batch: Sequence[PushRecord], answers: Sequence[PushResult]) -> list[PushResult]:
    """One result for each push: one that is missing, or that was answered twice, is unknown."""
    found: dict[str, list[PushResult]] = {}
    for answer in answers:
        found.setdefault(answer.push_id, []).append(answer)
    return [
        found[push.id][0]
        if len(found.get(push.id, [])) == 1
        else _unknown([push], "no single answer for it")[0]
        for push in batch
    ]


def _wire(push: PushRecord, key: str) -> QuantityPush:
    return QuantityPush(
        push_id=push.id,
        pool_key=key,
        kind=push.kind,
        value=push.value,
        expected=push.expected,
        idempotency_key=push.id,
    )


def _not_sent(push: PushRecord, message: str) -> PushResult:
    return PushResult(push_id=push.id, outcome=Outcome.REFUSED, message=message)


def _unknown(batch: Sequence[PushRecord], message: str) -> list[PushResult]:
    return [PushResult(push_id=push.id, outcome=Outcome.UNKNOWN, message=message) for push in batch]


def _record(
    context: Context,
    begun: _Begun,
    answers: Sequence[PushResult],
    error: Exception | None,
    *,
    is_last: bool,
) -> bool:
    """Record what these calls brought, whoever holds the job by now; False if another worker does."""

    def write(tx: Transaction) -> tuple[tuple[str, ...], bool]:
        concerned = record_answers(tx, begun.channel, answers)
        if error is not None:
            record_failure(tx, begun.channel, error)
        elif any(answer.outcome is not Outcome.UNKNOWN for answer in answers):
            record_success(tx, begun.channel)
        if is_last:
            jobs.release(tx, begun.lease)
            return concerned, True
        return concerned, jobs.keep(tx, begun.lease, seconds=lease_s(begun.channel.rules))

    concerned, is_ours = context.ledger.run(write)
    for name in concerned:
        context.hint(name, JobKind.PUSH)
    return is_ours
