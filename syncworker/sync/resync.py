"""Does every channel show what it should? Pull what was missed, read back, compare, and correct or only tell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from syncworker.core.decision import SENTENCES
from syncworker.core.model import QuantityMode
from syncworker.ledger import channels, incidents, pools
from syncworker.ledger.incidents import IncidentKind
from syncworker.ledger.ledger import Snapshot, Transaction
from syncworker.ledger.pools import PoolRecord
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ResyncReport:
    """What a resync did; ``plan`` is what it found to be done."""

    #: Channels that could not be pulled or read now: another worker is at it, or the channel fails.
    unreached: tuple[str, ...]
    pulled: int
    read: int
    drifted: int
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


def resync(
    context: Context, names: Sequence[str], *, skus: Iterable[str] | None = None, dry_run: bool = False
) -> ResyncReport:
    """Pull missed orders first, read back the numbers, plan with reasons; push unless ``dry_run``. Safe to repeat."""
    only = None if skus is None else set(skus)
    found = {name: _ask(context, name, only) for name in names}
    plan = tuple(row for row in show_plan(context, names) if only is None or row.sku in only)
    sent = [] if dry_run else _send(context, names, plan)
    return ResyncReport(
        unreached=tuple(sorted(name for name, each in found.items() if not each.reached)),
        pulled=sum(each.pulled for each in found.values()),
        read=sum(each.read for each in found.values()),
        drifted=sum(each.drifted for each in found.values()),
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
    pulled = pull_orders(context, name) if channel.feeds else None
    starts = range(0, len(chosen), POOLS_PER_TASK) if channel.rules.readable else range(0)
    reads = [read_back(context, name, pool_ids=chosen[i : i + POOLS_PER_TASK]) for i in starts]
    answered = [each for each in reads if each is not None]
    return _Found(
        reached=len(answered) == len(reads) and (pulled is not None or not channel.feeds),
        pulled=pulled.orders if pulled is not None else 0,
        read=sum(each.answered for each in answered),
        drifted=sum(each.drifted for each in answered),
    )


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


def plan_rows(tx: Snapshot, names: Sequence[str]) -> list[PlanRow]:
    """As :func:`show_plan`, within a snapshot of the caller's."""
    wanted = {record.sku for name in names for record in pools.of_channel(tx, name)}
    planning = plan_for(tx, wanted)
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
