"""What should each pool show next, and why? The rows as the allocator's views, and its decisions for a whole part.

Stores nothing: `push` stores a plan, `resync --dry-run` and `explain` show one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from syncworker.core import allocator
from syncworker.core.allocator import Decision, PoolView, Reason
from syncworker.core.allocator import Part as PlannedPart
from syncworker.core.exposure import OpenPush, PushState, horizon_passed
from syncworker.core.hold import within_reach
from syncworker.core.model import ChannelRules, Limits, Policy, QuantityKind, QuantityMode
from syncworker.core.outlook import left_later, zero_waits
from syncworker.ledger import holds, limits, orders, pushes
from syncworker.ledger.channels import ChannelRecord, ChannelState
from syncworker.ledger.ledger import Snapshot
from syncworker.ledger.pools import PoolRecord
from syncworker.ledger.pushes import PushRecord
from syncworker.sync.drifting import kept
from syncworker.sync.stockroom import Stockroom, stockroom_of
from syncworker.sync.telling import named

#: Sales of this long tell where a SKU sells.
DEMAND_WINDOW = timedelta(days=7)
#: At least this long between two drains of a pool; a quick channel recovers sooner.
DRAIN_PAUSE = timedelta(minutes=10)
#: A drain that leaves a pool dark for longer needs the operator's leave.
LONGEST_DARK_S = 300.0


@dataclass(frozen=True, slots=True)
class Planning:
    """One plan: a decision for every pool that hangs together with what was asked for."""

    room: Stockroom
    decisions: Mapping[str, Decision]
    open_pushes: Mapping[str, Sequence[PushRecord]]
    #: What the allocator was told of each pool, and of each part.
    views: Mapping[str, PoolView]
    parts: Mapping[str, PlannedPart]


def plan_for(tx: Snapshot, skus: Iterable[str], *, past_brake: bool = False) -> Planning:
    """Plan all pools of these SKUs and of everything that shares parts with them; ``past_brake``: as if no run was stopped."""
    room = stockroom_of(tx, skus)
    opens = pushes.open_of(tx, room.pools)
    frozen = kept(tx, room.pools.values(), past_brake=past_brake)
    sales = orders.recent_sales(tx, room.pools, since=tx.now - DEMAND_WINDOW)
    allowed = limits.load(tx, room.recipes)
    views = [
        _view(
            record,
            room,
            opens.get(record.id, []),
            sales=sales.get(record.id, 0),
            allowed=allowed.get((record.channel, record.sku), Limits()),
            policy=room.policy(record),
            frozen=frozen.get(record.id),
            now=tx.now,
        )
        for record in room.pools.values()
    ]
    parts = _parts(tx, room)
    decisions = allocator.plan(parts, views)
    return Planning(
        room,
        {decision.pool_id: named(decision, room, tx.now) for decision in decisions},
        opens,
        views={view.pool_id: view for view in views},
        parts=parts,
    )


def _parts(tx: Snapshot, room: Stockroom) -> dict[str, PlannedPart]:
    parts = room.parts()
    skus = {part.sku for part in parts}
    safety, lacks = limits.safety_stocks(tx, skus), holds.lacks(tx, skus)
    found = {}
    for part in sorted(parts):
        # A listing under way that may sell by itself has no pool yet: its units are nobody else's.
        available = room.available(part) - sum(units * most for units, most in room.being_listed(part))
        found[str(part)] = PlannedPart(
            available=available,
            safety_stock=safety.get(part.sku, 0),
            wanted=within_reach(lacks.get((part.sku, part.location), 0), available),
        )
    return found


def _view(
    record: PoolRecord,
    room: Stockroom,
    opens: Sequence[PushRecord],
    *,
    sales: int,
    allowed: Limits,
    policy: Policy,
    frozen: Reason | None,
    now: datetime,
) -> PoolView:
    channel = room.channels[record.channel]
    unanswered = [push for push in opens if push.state in (PushState.SENDING, PushState.UNKNOWN)]
    return PoolView(
        pool_id=record.id,
        channel=record.channel,
        sku=record.sku,
        recipe={str(part): units for part, units in room.recipe(record).items()},
        rules=_rules(channel, record, now),
        exposure=record.bound.exposure,
        pending=record.bound.pending is not None,
        open_push=bool(opens),
        unknown_push=bool(unanswered),
        shown=record.shown,
        coming=_coming(record, channel, opens, now),
        zero_waits=zero_waits(record.bound, _sets(opens), now=now, rules=channel.rules),
        reserved=record.remote_reserved,
        sales=float(sales),
        limits=allowed,
        policy=policy,
        # Units on hand are sent with the channel's own reserved ones on top: unread, nothing can be raised there.
        lowering_only=channel.rules.kind is QuantityKind.ON_HAND and not channel.rules.readable,
        withdraw=channel.withdrawing or record.withdraw or record.hidden,
        frozen=frozen,
        paused=channel.state is ChannelState.PAUSED and not channel.withdrawing,
        hold_back=record.parked is not None
        or _is_later(channel.not_before, now)
        or _is_later(record.not_before, now),
        drainable=is_drainable(
            record, channel, now, asked=channel.withdrawing or record.withdraw or record.hidden
        ),
        in_sum=record.in_sum,
    )


def _rules(channel: ChannelRecord, record: PoolRecord, now: datetime) -> ChannelRules:
    """The channel's, with units of this pool that it has locked as a floor of its own."""
    locked = record.locked_at(now)
    return channel.rules if locked <= channel.rules.floor else replace(channel.rules, floor=locked)


def _coming(record: PoolRecord, channel: ChannelRecord, opens: Sequence[PushRecord], now: datetime) -> int:
    """Units by which the exposure will fall: at the settle, or once what is being sent is accepted.

    A push that can no longer land frees nothing by itself: it has to be proven first.
    """
    held, pending = max(record.bound.exposure or 0, 0), record.bound.pending
    alive = [
        push
        for push in opens
        if push.state is PushState.ACKNOWLEDGED or not horizon_passed(push.open, now, channel.rules)
    ]
    if sets := _sets(alive):
        return max(0, held - left_later(record.bound, sets, channel.rules))
    if pending is not None:
        return max(0, held - pending)
    return min(held, sum(_lowered(push) for push in alive if channel.rules.lowers_exactly))


def _sets(opens: Sequence[PushRecord]) -> list[OpenPush]:
    return [push.open for push in opens if push.kind is QuantityMode.SET]


def _lowered(push: PushRecord) -> int:
    """Units by which an open difference lowers the number."""
    before = 0 if push.kind is QuantityMode.ADJUST else push.expected or 0
    return max(0, before - push.value)


def drain_pause(channel: ChannelRecord) -> timedelta:
    """Ten minutes, or ten times as long as the channel stays dark where that is shorter."""
    return min(DRAIN_PAUSE, timedelta(seconds=10 * channel.rules.dark_time_s))


def is_drainable(record: PoolRecord, channel: ChannelRecord, now: datetime, *, asked: bool = False) -> bool:
    """Whether the pool may go dark now: it has rested since the last time, and it will not take too long, or is asked for."""
    rested = record.drained_at is None or record.drained_at <= now - drain_pause(channel)
    return rested and (asked or channel.long_drains or channel.rules.dark_time_s <= LONGEST_DARK_S)


def _is_later(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and moment > now
