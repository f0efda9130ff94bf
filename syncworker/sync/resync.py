"""Does every channel show what it should? Pull what was missed, read back, compare, and correct or only tell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from syncworker.core.decision import SENTENCES
from syncworker.core.model import QuantityMode
from syncworker.ledger import channels, pools
from syncworker.ledger.ledger import Snapshot
from syncworker.ledger.pools import PoolRecord
from syncworker.sync.context import Context
from syncworker.sync.planning import Planning, plan_for
from syncworker.sync.pull import pull_orders
from syncworker.sync.push import push_channel
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


def resync(
    context: Context, names: Sequence[str], *, skus: Iterable[str] | None = None, dry_run: bool = False
) -> ResyncReport:
    """Pull missed orders first, read back the numbers, plan with reasons; push unless ``dry_run``. Safe to repeat."""
    only = None if skus is None else set(skus)
    unreached: set[str] = set()
    pulled = read = drifted = 0
    for name in names:
        with context.ledger.snapshot() as snapshot:
            channel = channels.load(snapshot, name)
            chosen = [r.id for r in pools.of_channel(snapshot, name) if only is None or r.sku in only]
        if channel.feeds:
            report = pull_orders(context, name)
            pulled += report.orders if report else 0
            if report is None:
                unreached.add(name)
        for start in range(0, len(chosen) if channel.rules.readable else 0, POOLS_PER_TASK):
            found = read_back(context, name, pool_ids=chosen[start : start + POOLS_PER_TASK])
            read += found.answered if found else 0
            drifted += found.drifted if found else 0
            if found is None:
                unreached.add(name)
    plan = tuple(row for row in show_plan(context, names) if only is None or row.sku in only)
    applied = refused = unknown = 0
    if not dry_run:
        context.ledger.run(lambda tx: pools.mark_dirty(tx, [row.pool_id for row in plan]))
        for name in names:
            sent = push_channel(context, name)
            if sent is not None:
                applied, refused, unknown = (
                    applied + sent.applied,
                    refused + sent.refused,
                    unknown + sent.unknown,
                )
    return ResyncReport(
        unreached=tuple(sorted(unreached)), pulled=pulled, read=read, drifted=drifted, plan=plan,
        applied=applied, refused=refused, unknown=unknown,
    )  # fmt: skip


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
