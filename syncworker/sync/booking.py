"""What do changed order lines do to counts and bounds? Counts first, then bounds, then whose turn it is to look.

Rows are locked in that order everywhere: orders, counts, pools.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from syncworker.connector.contract import OrderStatus
from syncworker.core.exposure import Bound, is_broken
from syncworker.core.fulfilment import Levels, LineFacts, effects, first_levels, move_bound
from syncworker.core.model import Known
from syncworker.ledger import incidents, listings, pools, pushes, stock
from syncworker.ledger.channels import ChannelRecord
from syncworker.ledger.incidents import IncidentKind
from syncworker.ledger.ledger import Transaction
from syncworker.ledger.orders import LineRecord, LineState, OrderRecord
from syncworker.ledger.pools import PoolRecord
from syncworker.ledger.stock import Effect, MovementKind
from syncworker.sync import premiums
from syncworker.sync.holding import give_back
from syncworker.sync.incidents import review_parts, review_pools
from syncworker.sync.premiums import CountedChange
from syncworker.sync.stockroom import Part, lock_connected


@dataclass(frozen=True, slots=True)
class LineChange:
    """One line before and after; ``before`` is ``None`` when it is seen for the first time."""

    order: OrderRecord
    before: LineRecord | None
    after: LineRecord


def changed_line(order: OrderRecord, before: LineRecord | None, after: LineRecord) -> LineChange:
    """The change, counted: its step names its movements, so that it has its effect once."""
    return LineChange(order, before, replace(after, step=1 if before is None else before.step + 1))


def book(
    tx: Transaction,
    channel: ChannelRecord,
    changed: Sequence[OrderRecord],
    changes: Sequence[LineChange],
    *,
    actor: str,
) -> tuple[str, ...]:
    """Apply what these lines mean; the names of the channels whose pools are to be looked at again."""
    skus = {
        sku
        for change in changes
        for line in (change.before, change.after)
        if line
        for sku in line.recipe or {}
    }
    numbers = _numbers(tx, channel, changes)
    joined = {pool_id for _, pool_ids in numbers for pool_id in pool_ids[1:]}
    elsewhere = pools.load(tx, joined) if joined else {}
    lock_connected(tx, skus | {record.sku for record in elsewhere.values()})
    _review_orders(tx, changed, changes)
    levels = stock.apply_effects(
        tx, [one for change in changes for one in _effects(channel, change, actor=actor)]
    )
    give_back(tx, levels)
    premiums.enter(tx, [_counted_change(channel, change) for change in changes if change.after.recipe])
    _move_bounds(tx, channel, numbers)
    review_pools(tx, elsewhere.values())
    if not skus:
        return ()
    touched = pools.mark_parts_dirty(tx, skus)
    review_parts(tx, [Part(sku, channel.location) for sku in skus])
    return tuple(touched)


def _counted(line: LineRecord | None) -> Levels:
    """The levels that the counts hold of a line already: none of an ignored one, or one whose SKU nobody knows."""
    if line is None or line.recipe is None or line.state is LineState.IGNORED:
        return Levels()
    return line.levels


def _is_new_to_counts(change: LineChange) -> bool:
    """Whether the counts see the line as it was first told; what it did while nobody knew its SKU has its effect now."""
    before = change.before
    return before is None or (before.recipe is None and before.step == 1)


def _levels(change: LineChange) -> tuple[Levels, Levels]:
    """What the counts hold of the line before and after."""
    before, after = _counted(change.before), _counted(change.after)
    if _is_new_to_counts(change) and after != Levels():
        before = first_levels(after, is_history=change.order.is_history)
    return before, after


def _counted_change(channel: ChannelRecord, change: LineChange) -> CountedChange:
    before, after = _levels(change)
    if _is_new_to_counts(change):
        # What came back before we kept count was never sold in our books.
        before = replace(before, returned=after.returned if change.order.is_history else 0)
    return CountedChange(
        source=channel.name,
        reference=change.order.external_id,
        line=change.after.line_id,
        step=change.after.step,
        before=before,
        after=after,
        recipe_before=None if change.before is None else change.before.recipe,
        recipe=change.after.recipe or {},
        sold_at=change.order.placed_at,
    )


def _effects(channel: ChannelRecord, change: LineChange, *, actor: str) -> list[Effect]:
    before, after = _levels(change)
    moved = effects(
        before,
        after,
        recipe_before=None if change.before is None else change.before.recipe,
        recipe=change.after.recipe or {},
    )
    return [
        Effect(
            sku=one.sku,
            location=channel.location,
            kind=MovementKind(one.deed.value),
            on_hand=one.on_hand,
            reserved=one.reserved,
            source=channel.name,
            reference=change.order.external_id,
            line=change.after.line_id,
            step=change.after.step,
            actor=actor,
        )
        for one in moved
    ]


def _numbers(
    tx: Transaction, channel: ChannelRecord, changes: Sequence[LineChange]
) -> list[tuple[LineChange, tuple[str, ...]]]:
    """The pools that each line may have moved: its own, and the one that its listing sells from now if that is another."""
    mine = [change for change in changes if change.after.pool_id and _moves_bound(change)]
    current = listings.current_pools(tx, channel.name, {change.after.listing_id or "" for change in mine})
    found: list[tuple[LineChange, tuple[str, ...]]] = []
    for change in mine:
        own = change.after.pool_id or ""
        now = current.get(change.after.listing_id or "", own)
        found.append((change, (own,) if now == own else (own, now)))
    return found


def _move_bounds(
    tx: Transaction, channel: ChannelRecord, numbers: Sequence[tuple[LineChange, tuple[str, ...]]]
) -> None:
    if not numbers:
        return
    before = pools.load(tx, {pool_id for _, pool_ids in numbers for pool_id in pool_ids}, lock=True)
    after, told = dict(before), pushes.told_at(tx, before)
    for change, pool_ids in numbers:
        for pool_id in pool_ids:
            if pool_id in after:
                told_at = told.get(pool_id)
                after[pool_id] = _moved(
                    tx, channel, after[pool_id], change, told_at=told_at, is_sure=len(pool_ids) == 1
                )
    pools.save_bounds(
        tx,
        {record.id: record.bound for record in after.values()},
        shown={
            record.id: record.shown for record in after.values() if record.shown != before[record.id].shown
        },
    )
    unsure = {pool_id for change, pool_ids in numbers if _is_unsure(change) for pool_id in pool_ids}
    _notice(tx, channel, before, after, unsure)


def _is_unsure(change: LineChange) -> bool:
    """A sale of which nobody knows whether the channel's number fell with it."""
    before, after = _levels(change)
    is_sale = after.ordered - after.cancelled > before.ordered - before.cancelled
    return is_sale and change.after.state is LineState.APPLIED and change.after.counts_down is Known.UNKNOWN


def _moves_bound(change: LineChange) -> bool:
    """Also an open order of before, whose goods are in no count: what its channel puts back on sale can be sold."""
    state = change.after.state
    return state is LineState.APPLIED or (state is LineState.IGNORED and change.order.is_history)


def _moved(
    tx: Transaction,
    channel: ChannelRecord,
    record: PoolRecord,
    change: LineChange,
    *,
    told_at: datetime | None,
    is_sure: bool,
) -> PoolRecord:
    line, earlier = change.after, change.before
    levels = earlier.levels if earlier is not None and earlier.state is not LineState.QUARANTINED else None
    facts = _facts(channel, change, is_sure=is_sure)
    bound = move_bound(record.bound, levels, line.levels, facts, at=tx.now, rules=channel.rules)
    if channel.rules.own_number and bound.exposure is not None:
        # The counter sells what lies on the table, whatever we gave it: below 0 proves nothing there.
        bound = replace(bound, exposure=max(0, bound.exposure))
    is_in_it = levels is None and told_at is not None and change.order.placed_at < told_at
    shown = record.shown if is_in_it or not is_sure else _shown(record, levels or Levels(), line)
    return replace(record, bound=bound, shown=shown)


def _facts(channel: ChannelRecord, change: LineChange, *, is_sure: bool) -> LineFacts:
    """A line that waited may be in a base that was settled meanwhile: only a sale that is clearly later lowers the bound.

    One whose listing has moved may have taken from either number (not ``is_sure``): it lowers none, and what is put back
    raises both.
    """
    has_waited = change.before is not None and change.before.state is LineState.QUARANTINED
    was = None if has_waited else change.before
    return LineFacts(
        counts_down=change.after.counts_down if is_sure else Known.UNKNOWN,
        restocked=change.after.restocked,
        returned_restocked=change.after.returned_restocked,
        placed_at=change.order.placed_at - (2 * channel.rules.clock_skew if has_waited else timedelta(0)),
        was_restocked=None if was is None else was.restocked,
        was_returned_restocked=None if was is None else was.returned_restocked,
    )


def _shown(record: PoolRecord, before: Levels, line: LineRecord) -> int | None:
    """Our guess of the channel's number after the line; only compare-and-set relies on it, and it is compared.

    Not asked for sales from before the number was last told: they are in it already.
    """
    if record.shown is None or line.counts_down is not Known.YES:
        return record.shown
    sold = (line.levels.ordered - line.levels.cancelled) - (before.ordered - before.cancelled)
    return max(0, record.shown - sold)


def _notice(
    tx: Transaction,
    channel: ChannelRecord,
    before: Mapping[str, PoolRecord],
    after: Mapping[str, PoolRecord],
    unsure: Collection[str],
) -> None:
    """Read back a bound below 0, which may be wrong, and one that may be too high: the channel raised it, or did not tell
    whether a sale lowered its number. Until that is read, units that others could sell stay bound there.
    """
    for record in after.values():
        if is_broken(record.bound) and not is_broken(before[record.id].bound):
            pools.want_read(tx, [record.id], at=tx.now)
        elif _has_risen(before[record.id].bound, record.bound) or (
            record.id in unsure and channel.rules.readable
        ):
            pools.want_read(tx, [record.id], at=tx.now + channel.rules.read_lag)


def _has_risen(before: Bound, after: Bound) -> bool:
    return after.restocked > before.restocked


def _review_orders(tx: Transaction, changed: Sequence[OrderRecord], changes: Sequence[LineChange]) -> None:
    """Open or close *unknown status* and *quarantine* for what changed."""
    for order in changed:
        subject = f"order/{order.channel}/{order.external_id}"
        if order.status == OrderStatus.UNKNOWN.value:
            details = {"channel": order.channel, "order": order.external_id, "status": order.raw_status}
            incidents.open_incident(tx, IncidentKind.UNKNOWN_STATUS, subject, details)
        elif order.id is not None:
            incidents.close_incident(tx, IncidentKind.UNKNOWN_STATUS, subject)
    for change in changes:
        subject = f"order/{change.order.channel}/{change.order.external_id}/{change.after.line_id}"
        if change.after.state is LineState.QUARANTINED:
            facts: dict[str, object] = {
                "channel": change.order.channel,
                "order": change.order.external_id,
                "line": change.after.line_id,
                "listing": change.after.listing_id,
                "remote_sku": change.after.remote_sku,
                "units": change.after.levels.promised,
            }
            incidents.open_incident(tx, IncidentKind.QUARANTINE, subject, facts)
        elif change.before is not None and change.before.state is LineState.QUARANTINED:
            incidents.close_incident(tx, IncidentKind.QUARANTINE, subject)
