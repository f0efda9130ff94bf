"""What does a pool wait for, and until when at least? Read from its rows and its channel's; nothing is guessed.

A moment is the earliest one: a channel that answers late, or nobody working, makes it later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from syncworker.core.allocator import Reason
from syncworker.core.exposure import BaseKind, PushState
from syncworker.core.model import Policy
from syncworker.ledger import tallies
from syncworker.ledger.channels import ChannelRecord, ChannelState
from syncworker.ledger.jobs import JobKind
from syncworker.ledger.ledger import Snapshot
from syncworker.ledger.pools import PoolRecord
from syncworker.ledger.pushes import PushRecord
from syncworker.sync.planning import Planning, drain_pause


class WaitKind(StrEnum):
    """What has to happen before the number changes."""

    GATE = "gate"
    PAUSE = "pause"
    ANSWER = "answer"
    PULL = "pull"
    READ = "read"
    DRAIN = "drain"
    OTHERS = "others"
    GO_LIVE = "go_live"
    RESUME = "resume"
    PERSON = "person"
    PUSH = "push"


@dataclass(frozen=True, slots=True)
class Wait:
    """One thing that a pool waits for; ``until`` is ``None`` when no time ends it."""

    kind: WaitKind
    until: datetime | None = None


#: Reasons for which only other pools' units help.
_FOR_OTHERS = frozenset({Reason.WAITS_FOR_FREE_UNITS, Reason.SIBLING_UNKNOWN, Reason.WAITS_FOR_DEFICIT})


def waits_of(tx: Snapshot, planning: Planning) -> dict[str, tuple[Wait, ...]]:
    """For every pool of the plan what it waits for, soonest first; nothing when only a sale or a person changes it."""
    due = {job.channel: job.due_at for job in tallies.jobs(tx) if job.kind is JobKind.PULL}
    own = {
        record.id: _own(tx, planning, record, planning.open_pushes.get(record.id, ()), due)
        for record in planning.room.pools.values()
    }
    return {
        record.id: _sorted([*own[record.id], *_others(planning, record, own)])
        for record in planning.room.pools.values()
    }


def _own(
    tx: Snapshot,
    planning: Planning,
    record: PoolRecord,
    opens: Sequence[PushRecord],
    due: Mapping[str, datetime],
) -> list[Wait]:
    channel = planning.room.channels[record.channel]
    person = [Wait(WaitKind.PERSON)] if record.parked is not None else []
    if channel.state is ChannelState.OBSERVING:
        return [*person, Wait(WaitKind.GO_LIVE)]
    if channel.state is ChannelState.PAUSED or channel.withdrawing:
        person.append(Wait(WaitKind.RESUME))
    waits = [*person, *_closed(tx, record, channel), *_proofs(record, channel, opens, due)]
    decision = planning.decisions[record.id]
    if decision.reason is Reason.WAITS_FOR_LEAVE and record.drained_at is not None:
        waits.append(Wait(WaitKind.DRAIN, record.drained_at + drain_pause(channel)))
    if decision.push is not None and not waits:
        waits.append(Wait(WaitKind.PUSH, tx.now))
    return waits


def _closed(tx: Snapshot, record: PoolRecord, channel: ChannelRecord) -> list[Wait]:
    """Nothing can be sent before these."""
    gates = [(WaitKind.GATE, channel.not_before), (WaitKind.PAUSE, record.not_before)]
    return [Wait(kind, until) for kind, until in gates if until is not None and until > tx.now]


def _proofs(
    record: PoolRecord, channel: ChannelRecord, opens: Sequence[PushRecord], due: Mapping[str, datetime]
) -> list[Wait]:
    """What has to be answered, read or settled first."""
    waits = []
    unanswered = [push.open for push in opens if push.state in (PushState.SENDING, PushState.UNKNOWN)]
    if unanswered:
        waits.append(Wait(WaitKind.ANSWER, max(push.lands_by(channel.rules) for push in unanswered)))
    settling = _settling(record, channel, due)
    if settling is not None:
        waits.append(Wait(WaitKind.PULL, settling))
    if record.read_due_at is not None and (record.bound.exposure is None or unanswered):
        waits.append(Wait(WaitKind.READ, record.read_due_at))
    return waits


def _settling(record: PoolRecord, channel: ChannelRecord, due: Mapping[str, datetime]) -> datetime | None:
    """The earliest moment at which a pull can begin that settles the pool."""
    base = record.bound.base
    if base is None or record.bound.pending is None:
        return None
    lag = channel.rules.apply_lag if base.kind is BaseKind.SET else channel.rules.read_lag
    return max(base.at + lag + channel.rules.visibility_lag, due.get(record.channel, base.at))


def _others(planning: Planning, record: PoolRecord, own: Mapping[str, Sequence[Wait]]) -> list[Wait]:
    """A pool that wants units which others hold waits for the first of them that gives some back."""
    if planning.decisions[record.id].reason not in _FOR_OTHERS:
        return []
    mine = set(planning.room.recipe(record))
    moments = [
        wait.until
        for other in planning.room.pools.values()
        if other.id != record.id and other.in_sum and planning.room.policy(other) is Policy.ESCROW
        if mine & set(planning.room.recipe(other))
        for wait in own[other.id]
        if wait.until is not None and wait.kind in (WaitKind.PULL, WaitKind.READ, WaitKind.ANSWER)
    ]
    return [Wait(WaitKind.OTHERS, min(moments) if moments else None)]


def _sorted(waits: Sequence[Wait]) -> tuple[Wait, ...]:
    timed = sorted((wait for wait in waits if wait.until is not None), key=lambda wait: str(wait.until))
    return (*(wait for wait in waits if wait.until is None), *timed)
