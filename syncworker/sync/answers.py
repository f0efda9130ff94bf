"""What does each answer to a push do to its pool? One transaction a batch, one outcome an item."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from syncworker.connector.contract import Outcome, PushResult
from syncworker.core import exposure
from syncworker.core.exposure import Base, BaseKind, Bound, PushState, counted
from syncworker.core.model import QuantityKind, QuantityMode
from syncworker.ledger import channels, incidents, pools, products, pushes
from syncworker.ledger.channels import ChannelRecord
from syncworker.ledger.incidents import IncidentKind
from syncworker.ledger.ledger import Transaction
from syncworker.ledger.pools import PoolRecord
from syncworker.ledger.pushes import PushRecord
from syncworker.sync import drifting
from syncworker.sync.incidents import review_pools
from syncworker.sync.settle import LOOK_AT_CATALOGUE_AFTER, MARGIN, reconcile_after
from syncworker.sync.stockroom import lock_connected

#: The longest pause of a pool between two refusals, in seconds: 0, 1, 2, 4 … up to this.
LONGEST_PAUSE_S = 300.0
#: Units that a channel has locked are tried again after this long: nobody tells when a campaign ends.
LOCK_BELIEVED = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class _Case:
    """One answer with what it is about; ``others`` are the pool's other open pushes."""

    channel: ChannelRecord
    record: PoolRecord
    push: PushRecord
    answer: PushResult
    others: Sequence[PushRecord]


def record_answers(tx: Transaction, channel: ChannelRecord, answers: Sequence[PushResult]) -> tuple[str, ...]:
    """Record what became of these pushes; the channels whose pools are to be looked at again.

    An answer to a push that was closed meanwhile (its horizon passed and a read-back settled it) changes nothing.
    """
    sent = pushes.load(tx, [answer.push_id for answer in answers])
    pool_ids = {push.pool_id for push in sent.values()}
    lock_connected(tx, {record.sku for record in pools.load(tx, pool_ids).values()})
    records = pools.load(tx, pool_ids, lock=True)
    opens = pushes.open_of(tx, records)
    changed: set[str] = set()
    freed: list[PoolRecord] = []
    risen: list[PoolRecord] = []
    for answer in answers:
        push = sent.get(answer.push_id)
        if push is None or push.closed_at is not None:
            continue
        record = records[push.pool_id]
        others = [other for other in opens.get(record.id, []) if other.id != push.id]
        after = _RECORD[answer.outcome](tx, _Case(channel, record, push, answer, others))
        records[record.id] = after
        changed.add(record.id)
        if _is_lower(record.bound, after.bound):
            freed.append(record)
        elif after.bound.exposure != record.bound.exposure:
            risen.append(record)
    pools.save_bounds(
        tx, {i: records[i].bound for i in changed}, shown={i: records[i].shown for i in changed}
    )
    review_pools(tx, risen)
    if not freed:
        return ()
    if incidents.open_incidents(tx, kind=IncidentKind.DEFICIT):
        review_pools(tx, freed)
    return tuple(pools.mark_parts_dirty(tx, _parts(tx, {record.sku for record in freed})))


def _parts(tx: Transaction, skus: set[str]) -> set[str]:
    return {part for recipe in products.recipe_of(tx, skus).values() for part in recipe}


def _is_lower(before: Bound, after: Bound) -> bool:
    return after.exposure is not None and (before.exposure is None or after.exposure < before.exposure)


def _rise(before: Bound, after: Bound) -> int:
    """Units by which a known bound grew; 0 where one of the two is unknown."""
    return 0 if after.exposure is None or before.exposure is None else after.exposure - before.exposure


def _stays_open(case: _Case, bound: Bound) -> bool:
    """Whether an accepted push waits to be settled, or to be applied.

    A 0 accepted beside what was sent before a restore proves nothing: it is closed, and the sweep sends another one.
    """
    if case.push.kind is not QuantityMode.SET:
        return case.channel.rules.apply_lag_s > 0
    return case.push.value != 0 or bound.base is not None


def _applied(tx: Transaction, case: _Case) -> PoolRecord:
    channel, record, push, answer = case.channel, case.record, case.push, case.answer
    echo = _sellable(channel, record, answer.echo)
    if not channel.rules.takes_orders:
        return _shown_in_catalogue(tx, case, echo)
    if push.kind is QuantityMode.SET:
        bound = _set(tx, case, echo)
        shown = echo if echo is not None else _sellable(channel, record, push.value)
    else:
        bound, shown = _changed_by(tx, case, echo)
    stays_open = _stays_open(case, bound)
    pushes.answer(
        tx, push.id, PushState.ACKNOWLEDGED if stays_open else PushState.SETTLED, echo=answer.echo,
        message=answer.message, closed=not stays_open,
    )  # fmt: skip
    is_known = _beside(tx, case)
    if (rise := _rise(record.bound, bound)) > 0 and not is_known:
        drifting.told(tx, channel, record, number=echo, unexplained=rise)
    if record.refusals or record.not_before is not None:
        pools.update(tx, record.id, refusals=0, not_before=None)
    if bound.exposure:
        pools.want_read(tx, [record.id], at=tx.now + reconcile_after(channel))
    if _is_lowering(push) and bound.exposure == record.bound.exposure:
        _prove_lowering(tx, channel, record)
    return replace(record, bound=bound, shown=shown)


def _beside(tx: Transaction, case: _Case) -> bool:
    """Units that an accepted 0 leaves on sale are not lowered by another one; whether so many of them are no news."""
    least = _sellable(case.channel, case.record, case.answer.least)
    if least is None or least <= 0:
        return False
    pools.update(tx, case.record.id, locked=least, locked_until=tx.now + LOCK_BELIEVED)
    return least <= (case.record.locked or 0)


def _shown_in_catalogue(tx: Transaction, case: _Case, echo: int | None) -> PoolRecord:
    """Nobody can order there, so nothing has to be settled: it is looked at once more after a while, that is all."""
    record, push, answer = case.record, case.push, case.answer
    pushes.answer(tx, push.id, PushState.SETTLED, echo=answer.echo, message=answer.message, closed=True)
    if record.refusals:
        pools.update(tx, record.id, refusals=0, not_before=None)
    pools.want_read(tx, [record.id], at=tx.now + LOOK_AT_CATALOGUE_AFTER)
    return replace(record, shown=push.value if echo is None else echo)


def _is_lowering(push: PushRecord) -> bool:
    """Whether it takes units away by a difference."""
    if push.kind is QuantityMode.COMPARE_AND_SET:
        return push.value < (push.expected or 0)
    return push.kind is QuantityMode.ADJUST and push.value < 0


def _prove_lowering(tx: Transaction, channel: ChannelRecord, record: PoolRecord) -> None:
    """A channel that may have clamped, or sold what its on-hand number still shows, proves nothing by accepting.

    Only a read-back shows how far the number fell.
    """
    if channel.rules.readable:
        at = tx.now + channel.rules.apply_lag + channel.rules.read_lag + MARGIN
        pools.want_read(tx, [record.id], at=at)


def _set(tx: Transaction, case: _Case, echo: int | None) -> Bound:
    return exposure.set_acknowledged(
        case.record.bound,
        case.push.open,
        echo=echo,
        others=[other.open for other in case.others],
        base=Base(kind=BaseKind.SET, at=tx.now, sequence=channels.current_sequence(tx, case.channel.name)),
        rules=case.channel.rules,
    )


def _changed_by(tx: Transaction, case: _Case, echo: int | None) -> tuple[Bound, int | None]:
    rules, record, push = case.channel.rules, case.record, case.push
    bound = record.bound
    if push.kind is QuantityMode.ADJUST:
        units, shown = push.value, None if record.shown is None else max(0, record.shown + push.value)
    else:
        units, shown = push.value - (push.expected or 0), push.value
    if units >= 0:
        bound = exposure.raise_acknowledged(bound, at=tx.now, rules=rules)
    elif push.kind is QuantityMode.ADJUST:
        bound = exposure.adjustment_lowered(bound, -units, at=tx.now, rules=rules)
    else:
        bound = exposure.compared_and_lowered(bound, -units, at=tx.now, rules=rules)
    if echo is not None:
        bound, shown = exposure.number_seen(bound, echo), echo
    return bound, shown


def _refused(tx: Transaction, case: _Case) -> PoolRecord:
    channel, record, push, answer = case.channel, case.record, case.push, case.answer
    bound, shown = exposure.refused(record.bound, push.open), record.shown
    current = _sellable(channel, record, answer.current)
    if current is not None:
        seen = exposure.number_seen(bound, current)
        if seen != bound:
            above = counted(seen.exposure or 0) - counted(bound.exposure or 0)
            drifting.told(tx, channel, record, number=current, unexplained=above)
            pools.want_read(tx, [record.id], at=tx.now)
        bound, shown = seen, current
    pushes.answer(tx, push.id, PushState.REFUSED, message=answer.message, closed=True)
    least = _sellable(channel, record, answer.least)
    if least is not None and least > 0:
        pools.update(tx, record.id, locked=least, locked_until=tx.now + LOCK_BELIEVED)
    pause_s = min(LONGEST_PAUSE_S, 2.0 ** (record.refusals - 1)) if record.refusals else 0.0
    pools.update(
        tx, record.id, refusals=record.refusals + 1, not_before=tx.now + timedelta(seconds=pause_s),
        wanted_version=record.wanted_version + 1,
    )  # fmt: skip
    if answer.parks:
        _park(tx, record, answer.message)
    return replace(
        record,
        bound=bound,
        shown=shown,
        refusals=record.refusals + 1,
        wanted_version=record.wanted_version + 1,
    )


def _left_open(tx: Transaction, case: _Case) -> PoolRecord:
    """Nobody knows whether it was applied: bound and row stay; once it can no longer land, the number is read back."""
    pushes.answer(tx, case.push.id, PushState.UNKNOWN, message=case.answer.message, closed=False)
    want_proof(tx, case.channel, case.record, case.push)
    # A catalogue holds nothing that could be counted twice: out of stock may be sent again at once.
    return case.record if case.channel.rules.takes_orders else replace(case.record, shown=None)


def want_proof(tx: Transaction, channel: ChannelRecord, record: PoolRecord, push: PushRecord) -> None:
    """Have the pool read back as soon as the unanswered push can no longer land and a stale answer would show it."""
    if channel.rules.readable:
        after = exposure.lands_by(push.stored_at, channel.rules) + channel.rules.read_lag
        pools.want_read(tx, [record.id], at=after + MARGIN)


def _park(tx: Transaction, record: PoolRecord, message: str) -> None:
    pools.update(tx, record.id, parked=message or "refused by the channel")
    details = {"channel": record.channel, "sku": record.sku, "message": message}
    incidents.open_incident(tx, IncidentKind.PARKED, f"pool/{record.id}", details)


def _sellable(channel: ChannelRecord, record: PoolRecord, number: int | None) -> int | None:
    if number is None or channel.rules.kind is QuantityKind.AVAILABLE:
        return number
    return number - record.remote_reserved


_Recorder = Callable[[Transaction, _Case], PoolRecord]
_RECORD: Mapping[Outcome, _Recorder] = {
    Outcome.APPLIED: _applied,
    Outcome.REFUSED: _refused,
    Outcome.UNKNOWN: _left_open,
}
