"""How is a plan made on paper, and how is exactly that plan carried out later? What moved since is left out and listed.

Never sends another number than the plan's, and none that the rule would not let leave at that moment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from syncworker.connector.contract import Outcome
from syncworker.core.admission import Ground, moved, raise_of, refusal
from syncworker.core.allocator import Decision, Reason
from syncworker.core.exposure import counted
from syncworker.errors import InputError
from syncworker.ledger import channels, jobs, pools, runs
from syncworker.ledger.identity import installation_token
from syncworker.ledger.jobs import JobKind
from syncworker.ledger.ledger import Snapshot, Transaction
from syncworker.ledger.pools import PoolRecord
from syncworker.sync import braking
from syncworker.sync.context import Context
from syncworker.sync.lease import lease_s
from syncworker.sync.plan_file import PlanFile, PlannedItem
from syncworker.sync.planning import Planning, plan_for
from syncworker.sync.push import POOLS_PER_TASK, read_reserved, store_share
from syncworker.sync.sending import Errand, send

#: The pool, or what it sells, is not there any more.
GONE = "gone"
#: Another process is sending there at this moment.
BUSY = "busy"


@dataclass(frozen=True, slots=True)
class Skipped:
    """One quantity that was not sent, and why: what moved, or what the rule says."""

    item: PlannedItem
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sent:
    """One quantity that was sent, and what became of it."""

    item: PlannedItem
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyReport:
    """What became of every quantity of the plan."""

    sent: tuple[Sent, ...]
    skipped: tuple[Skipped, ...]

    def count(self, outcome: Outcome) -> int:
        """Quantities that came to this."""
        return sum(one.outcome is outcome for one in self.sent)


# --- a plan on paper -----------------------------------------------------------------------------------------------


def draw_up(
    tx: Snapshot, context: Context, names: Sequence[str], *, skus: Sequence[str] | None, actor: str
) -> PlanFile:
    """What would be sent to these channels now, each with its reason and with what it was decided from."""
    only = None if skus is None else set(skus)
    sold = {record.sku for name in names for record in pools.of_channel(tx, name)}
    planning = plan_for(tx, sold if only is None else sold & only, past_brake=True)
    mine = [
        record
        for record in planning.room.pools.values()
        if record.channel in set(names) and (only is None or record.sku in only)
    ]
    items = [item for record in mine if (item := _item(record, planning)) is not None]
    resting = [planning.decisions[record.id] for record in mine]
    return PlanFile(
        id=context.new_id(),
        installation=installation_token(tx),
        made_at=tx.now,
        made_by=actor,
        channels=tuple(names),
        skus=None if skus is None else tuple(skus),
        items=tuple(sorted(items, key=lambda item: (item.channel, item.sku, item.pool_id))),
        left_alone=_by_reason([one for one in resting if one.push is None]),
    )


def _item(record: PoolRecord, planning: Planning) -> PlannedItem | None:
    decision, view = planning.decisions[record.id], planning.views[record.id]
    if decision.push is None:
        return None
    return PlannedItem(
        channel=record.channel,
        sku=record.sku,
        pool_id=record.id,
        push=decision.push,
        target=decision.target,
        reason=decision.reason.value,
        view=view,
        parts={part: planning.parts[part] for part in sorted(view.recipe)},
    )


def _by_reason(decisions: Sequence[Decision]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for one in decisions:
        counts[one.reason.value] = counts.get(one.reason.value, 0) + 1
    return dict(sorted(counts.items()))


# --- carried out ---------------------------------------------------------------------------------------------------


def apply(context: Context, plan: PlanFile, *, actor: str) -> ApplyReport:
    """Send the plan's quantities; what moved since it was made, and what the rule forbids now, is skipped.

    InputError if it is another installation's. Safe to repeat: what was sent has moved. Never raises for a fault of a channel.
    """
    context.ledger.run(lambda tx: _approve(tx, context, plan, actor=actor))
    sent: list[Sent] = []
    skipped: list[Skipped] = []
    for name, items in _errands(plan):
        fresh = _fresh(context, name, items)
        begun = context.ledger.run(
            lambda tx, name=name, items=items, fresh=fresh: _begin(tx, context, name, items, fresh)  # type: ignore[misc]
        )
        skipped += begun.skipped
        sent += _send(context, begun)
    if plan.skus is None:
        left_out = {one.item.channel for one in skipped}
        names = [name for name in plan.channels if name not in left_out]
        context.ledger.run(lambda tx: braking.approve(tx, names, seen_at=plan.made_at))
    return ApplyReport(sent=tuple(sent), skipped=tuple(skipped))


def require_ours(tx: Snapshot, plan: PlanFile) -> None:
    """InputError if the plan is another installation's."""
    here = installation_token(tx)
    known = pools.load(tx, [item.pool_id for item in plan.items[:POOLS_PER_TASK]])
    if None not in (here, plan.installation):
        is_ours = here == plan.installation
    else:
        is_ours = bool(known) or not plan.items
    if not is_ours:
        raise InputError(
            "This plan was made by another installation of syncworker: its numbers mean nothing here. Make one with"
            " `syncworker resync --dry-run --plan FILE`."
        )


def _approve(tx: Transaction, context: Context, plan: PlanFile, *, actor: str) -> None:
    """A person stands behind the plan: that is written down before anything leaves."""
    require_ours(tx, plan)
    details = {"plan": plan.id, "channels": list(plan.channels), "quantities": len(plan.items)}
    runs.record(tx, context.new_id(), kind="apply", actor=actor, details=details)


def _errands(plan: PlanFile) -> Iterator[tuple[str, Sequence[PlannedItem]]]:
    """The plan by channel, in portions that one transaction takes."""
    for name in sorted({item.channel for item in plan.items}):
        mine = [item for item in plan.items if item.channel == name]
        for start in range(0, len(mine), POOLS_PER_TASK):
            yield name, mine[start : start + POOLS_PER_TASK]


def _fresh(context: Context, name: str, items: Sequence[PlannedItem]) -> frozenset[str] | None:
    """Where a raise names the channel's reserved units they are read first; ``None`` where they do not matter."""
    with context.ledger.snapshot() as tx:
        if not any(channel.name == name for channel in channels.all_channels(tx)):
            return None
    return read_reserved(context, name, pool_ids=[item.pool_id for item in items if item.push.value > 0])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Begun:
    skipped: Sequence[Skipped]
    items: Mapping[str, PlannedItem]
    #: What is to leave; ``None``: nothing has to, or it holds already (our own numbers).
    errand: Errand | None = None


def _begin(
    tx: Transaction,
    context: Context,
    name: str,
    items: Sequence[PlannedItem],
    fresh: frozenset[str] | None,
) -> _Begun:
    if not any(channel.name == name for channel in channels.all_channels(tx)):
        return _Begun(skipped=[Skipped(item, (GONE,)) for item in items], items={})
    channel = channels.load(tx, name)
    lease = jobs.claim(tx, name, JobKind.PUSH, token=context.new_id(), seconds=lease_s(channel.rules))
    if lease is None:
        return _Begun(skipped=[Skipped(item, (BUSY,)) for item in items], items={})
    planning = plan_for(tx, {item.sku for item in items}, past_brake=True)
    skipped = _skipped(planning, items, fresh)
    left = {one.item.pool_id for one in skipped}
    going = {item.pool_id: item for item in items if item.pool_id not in left}
    mine = {pool_id: planning.room.pools[pool_id] for pool_id in going}
    records, _ = store_share(tx, context, channel, _as_written(planning, going), mine)
    if channel.rules.own_number or not records:
        jobs.release(tx, lease)
        return _Begun(skipped=skipped, items=going)
    keys = {record.id: mine[record.pool_id].pool_key for record in records}
    errand = Errand(lease, channel, len(going), tuple(records), keys)
    return _Begun(skipped=skipped, items=going, errand=errand)


def _as_written(planning: Planning, going: Mapping[str, PlannedItem]) -> Planning:
    """The plan on paper instead of what the allocator would decide now; nothing for anybody else."""
    decisions = {
        pool_id: replace(decision, push=None)
        if pool_id not in going
        else Decision(
            pool_id=pool_id,
            target=going[pool_id].target,
            push=replace(going[pool_id].push, raised=raise_of(planning.views[pool_id], going[pool_id].push)),
            reason=Reason(going[pool_id].reason),
        )
        for pool_id, decision in planning.decisions.items()
    }
    return replace(planning, decisions=decisions)


def _skipped(planning: Planning, items: Sequence[PlannedItem], fresh: frozenset[str] | None) -> list[Skipped]:
    """What cannot leave as it was planned; each raise that can takes its units before the next one is asked about."""
    ground = _ground(planning)
    free = dict(ground.free)
    found = []
    for item in items:
        why = _why_not(planning, item, replace(ground, free=free), fresh)
        if why:
            found.append(Skipped(item, why))
            continue
        view = planning.views[item.pool_id]
        for part, per_sale in view.recipe.items():
            free[part] -= per_sale * raise_of(view, item.push)
    return found


def _why_not(
    planning: Planning, item: PlannedItem, ground: Ground, fresh: frozenset[str] | None
) -> tuple[str, ...]:
    record = planning.room.pools.get(item.pool_id)
    if record is None or (record.channel, record.sku) != (item.channel, item.sku):
        return (GONE,)
    view = planning.views[item.pool_id]
    changed = moved(item.view, view)
    if any(planning.parts[part].available != before.available for part, before in item.parts.items()):
        changed = (*changed, "available")
    if changed:
        return changed
    if fresh is not None and item.push.value > 0 and item.pool_id not in fresh:
        return ("reserved",)
    forbidden = refusal(view, item.push, ground)
    return () if forbidden is None else (forbidden.value,)


def _ground(planning: Planning) -> Ground:
    names = {str(part): part for part in planning.room.parts()}
    free, unknown = {}, set()
    for name, part in names.items():
        # What is being listed is among the exposures; the allocator's parts have it taken off already.
        held = list(planning.room.exposures(part))
        free[name] = planning.room.available(part) - planning.parts[name].wanted
        free[name] -= sum(units * counted(exposure or 0) for units, exposure in held)
        if any(exposure is None for _, exposure in held):
            unknown.add(name)
    return Ground(planning.parts, free, frozenset(unknown))


def _send(context: Context, begun: _Begun) -> list[Sent]:
    if begun.errand is None:
        # Our own number holds as soon as it is stored.
        return [Sent(item, Outcome.APPLIED) for item in begun.items.values()]
    pool_of = {record.id: record.pool_id for record in begun.errand.records}
    results = {pool_of[result.push_id]: result.outcome for result in send(context, begun.errand)}
    return [
        Sent(item, results.get(pool_id, Outcome.UNKNOWN))
        for pool_id, item in begun.items.items()
        if pool_id in pool_of.values()
    ]
