"""Does every channel show what it should? Pull what was missed, read back, compare, and correct or only tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from syncworker.core.brake import Sweep
from syncworker.core.decision import SENTENCES
from syncworker.core.drift import DriftClass
from syncworker.core.model import QuantityMode
from syncworker.ledger import channels, incidents, orders, pools, pulls
from syncworker.ledger.channels import ChannelRecord
from syncworker.ledger.incidents import IncidentKind
from syncworker.ledger.ledger import Snapshot, Transaction
from syncworker.ledger.pools import PoolRecord
from syncworker.ledger.pulls import PullRecord
from syncworker.sync import braking
from syncworker.sync.context import Context
from syncworker.sync.planning import Planning, plan_for
from syncworker.sync.pull import pull_orders
from syncworker.sync.push import PushReport, push_channel
from syncworker.sync.read import POOLS_PER_TASK, read_back


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRow:
    """What one pool would be sent, and why."""

    channel: str
    sku: str
    pool_id: str
    exposure: int | None
    shown: int | None
    target: int
    #: The quantity to be sent; ``None`` when nothing is.
    kind: QuantityMode | None
    value: int | None
    reason: str
    #: The reason in one sentence.
    sentence: str


@dataclass(frozen=True, slots=True)
class Braked:
    """A channel for which the run stopped, and what it would have done there."""

    channel: str
    sweep: Sweep


@dataclass(frozen=True, slots=True, kw_only=True)
class ResyncReport:
    """What a resync did; ``plan`` is what it found to be done."""

    #: Channels that could not be pulled or read now: another worker is at it, or the channel fails.
    unreached: tuple[str, ...]
    #: Channels for which it would do too much at once, so that nothing was sent there.
    braked: tuple[Braked, ...]
    pulled: int
    read: int
    drifted: int
    #: How many numbers differed, by the name of their class (``core.drift.DriftClass``).
    drift: Mapping[str, int]
    plan: tuple[PlanRow, ...]
    applied: int
    refused: int
    unknown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What asking one channel brought."""

    reached: bool = True
    pulled: int = 0
    read: int = 0
    drifted: int = 0
    drift: Mapping[str, int] = field(default_factory=dict)
    #: Pools that were to be looked at before anything was compared: whatever is sent to them is owed to sales or a person.
    owed: frozenset[str] = frozenset()


def resync(
    context: Context, names: Sequence[str], *, skus: Iterable[str] | None = None, dry_run: bool = False
) -> ResyncReport:
    """Pull missed orders first, read back the numbers, plan with reasons; push unless ``dry_run``. Safe to repeat.

    A channel of which it would change too much at once is left as it is, and people are told how to approve it.
    """
    only = None if skus is None else set(skus)
    with context.ledger.snapshot() as snapshot:
        began = snapshot.now
    found = {name: _ask(context, name, only) for name in names}
    with context.ledger.snapshot() as snapshot:
        plan = tuple(
            row for row in plan_rows(snapshot, names, past_brake=True) if only is None or row.sku in only
        )
        stopped = braking.stopped(snapshot, plan, owed={name: one.owed for name, one in found.items()})
    sent: list[PushReport] = []
    if not dry_run:
        context.ledger.run(lambda tx: braking.review(tx, names, stopped, began=began, whole=only is None))
        going = [name for name in names if name not in stopped]
        sent = _send(context, going, [row for row in plan if row.channel in going])
    return _report(found, stopped, plan, sent)


def _report(
    found: Mapping[str, _Found],
    stopped: Mapping[str, Sweep],
    plan: tuple[PlanRow, ...],
    sent: Sequence[PushReport],
) -> ResyncReport:
    """The channels' parts added up."""
    return ResyncReport(
        unreached=tuple(sorted(name for name, each in found.items() if not each.reached)),
        braked=tuple(Braked(name, sweep) for name, sweep in sorted(stopped.items())),
        pulled=sum(each.pulled for each in found.values()),
        read=sum(each.read for each in found.values()),
        drifted=sum(each.drifted for each in found.values()),
        drift=dict(sum((Counter(each.drift) for each in found.values()), Counter())),
        plan=plan,
        applied=sum(each.applied for each in sent),
        refused=sum(each.refused for each in sent),
        unknown=sum(each.unknown for each in sent),
    )


def _ask(context: Context, name: str, only: set[str] | None) -> _Found:
    """Pull the channel's orders and read its numbers back."""
    with context.ledger.snapshot() as snapshot:
        channel = channels.load(snapshot, name)
        chosen = [r.id for r in pools.of_channel(snapshot, name) if only is None or r.sku in only]
        before = snapshot.now
        whole = pulls.latest(snapshot, name, whole=True)
    pulled = pull_orders(context, name) if channel.feeds else None
    with context.ledger.snapshot() as snapshot:
        owed = frozenset(r.id for r in pools.of_channel(snapshot, name) if r.is_dirty)
        late = _late(snapshot, channel, chosen, before, whole)
    starts = range(0, len(chosen), POOLS_PER_TASK) if channel.rules.readable else range(0)
    reads = [read_back(context, name, pool_ids=chosen[i : i + POOLS_PER_TASK], quiet=True) for i in starts]
    answered = [each for each in reads if each is not None]
    return _Found(
        reached=len(answered) == len(reads) and (pulled is not None or not channel.feeds),
        pulled=pulled.orders if pulled is not None else 0,
        read=sum(each.answered for each in answered),
        drifted=sum(each.drifted for each in answered),
        drift=sum((Counter(each.classes) for each in answered), Counter(late)),
        owed=owed,
    )


def _late(
    tx: Snapshot,
    channel: ChannelRecord,
    pool_ids: Sequence[str],
    before: datetime,
    whole: PullRecord | None,
) -> dict[str, int]:
    """Numbers whose orders the pull that goes first brought later than an earlier whole pull should have."""
    if whole is None or not pool_ids:
        return {}
    due = whole.began_at - channel.rules.visibility_lag - channel.rules.clock_skew
    found = orders.told_since(tx, dict.fromkeys(pool_ids, before), skew=due - before)
    return {DriftClass.MISSED_ORDER.value: len(found)} if found else {}


def _send(context: Context, names: Sequence[str], plan: Sequence[PlanRow]) -> list[PushReport]:
    """Have the allocator look at these pools again, and send what it decides."""
    context.ledger.run(lambda tx: _take_up(tx, [row.pool_id for row in plan]))
    return [sent for name in names if (sent := push_channel(context, name)) is not None]


def _take_up(tx: Transaction, pool_ids: Sequence[str]) -> None:
    """Look at these pools again; what was parked is tried again, since a person asks for it."""
    for record in pools.load(tx, pool_ids).values():
        if record.parked is not None:
            pools.update(tx, record.id, parked=None, refusals=0, not_before=None)
            incidents.close_incident(tx, IncidentKind.PARKED, f"pool/{record.id}")
    pools.mark_dirty(tx, pool_ids)


def show_plan(context: Context, names: Sequence[str]) -> list[PlanRow]:
    """What would be sent to these channels now, with a reason for each pool; stores nothing."""
    with context.ledger.snapshot() as snapshot:
        return plan_rows(snapshot, names)


def plan_rows(tx: Snapshot, names: Sequence[str], *, past_brake: bool = False) -> list[PlanRow]:
    """As :func:`show_plan`, within a snapshot of the caller's; ``past_brake``: as if no run had been stopped."""
    wanted = {record.sku for name in names for record in pools.of_channel(tx, name)}
    planning = plan_for(tx, wanted, past_brake=past_brake)
    rows = [_row(record, planning) for record in planning.room.pools.values() if record.channel in set(names)]
    return sorted(rows, key=lambda row: (row.channel, row.sku, row.pool_id))


def _row(record: PoolRecord, planning: Planning) -> PlanRow:
    decision = planning.decisions[record.id]
    return PlanRow(
        channel=record.channel,
        sku=record.sku,
        pool_id=record.id,
        exposure=record.bound.exposure,
        shown=record.shown,
        target=decision.target,
        kind=None if decision.push is None else decision.push.kind,
        value=None if decision.push is None else decision.push.value,
        reason=decision.reason.value,
        sentence=record.parked if record.parked is not None else SENTENCES[decision.reason],
    )
