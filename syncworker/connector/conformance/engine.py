"""How would the engine drive this channel? A small one in memory, for an author's own tests: same rule, no ledger.

One channel, plain SKUs, a stock count for each. It moves its bounds by the engine's own rule and plans with the engine's own
allocator; what it leaves out is everything around them: leases, retries, several channels, bundles, incidents. Its clock
is its own: ``rest`` moves it, and whoever drives it lets the channel's lags pass.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from syncworker.connector.contract import (
    Channel,
    ChannelLine,
    ChannelOrder,
    Outcome,
    PushResult,
    QuantityPush,
    Reading,
)
from syncworker.core import allocator, exposure
from syncworker.core.decision import Decision, Part, PlannedPush, PoolView
from syncworker.core.exposure import Base, BaseKind, Bound, OpenPush, PullProof, PushState
from syncworker.core.fulfilment import Levels, LineFacts, move_bound
from syncworker.core.model import Known, QuantityKind, QuantityMode


@dataclass(frozen=True, slots=True)
class _Recorded:
    """A line as it was told last: when, its levels, and what was said of its units that came back."""

    at: datetime
    levels: Levels
    restocked: Known
    returned_restocked: Known


@dataclass(slots=True)
class StandInPool:
    """One number at the channel, as far as it is known."""

    sku: str
    key: str
    bound: Bound
    #: Sellable units that it most likely shows; ``None`` is unknown.
    shown: int | None
    reserved: int = 0
    open: dict[str, OpenPush] = field(default_factory=dict)


class StandIn:
    """An engine for one channel: ``adopt``, then ``pull``, ``read_back``, ``plan`` and ``push`` in any order.

    ``stock`` are the units there by SKU; what is ordered at the channel is taken from them.
    """

    def __init__(self, channel: Channel, stock: Mapping[str, int]) -> None:
        self.channel, self.stock = channel, dict(stock)
        self.declared = channel.capabilities()
        self.rules = self.declared.rules()
        self.pools: dict[str, StandInPool] = {}
        self._ahead = timedelta()
        self._sequence = 0
        self._began = datetime.now(UTC)
        #: When each order line changed and its levels then; and the pool that each listing sells from.
        self._lines: dict[tuple[str, str], _Recorded] = {}
        self._pool_of: dict[str, StandInPool] = {}
        #: Units that orders took since it was made, by SKU.
        self.taken = dict.fromkeys(stock, 0)

    def now(self) -> datetime:
        """The stand-in's own time."""
        return datetime.now(UTC) + self._ahead

    def rest(self, seconds: float) -> None:
        """Let time pass on its own clock alone."""
        self._ahead += timedelta(seconds=seconds)

    def available(self, sku: str) -> int:
        """Units there that no live order has; below 0 means oversold."""
        return self.stock[sku] - self.taken[sku]

    def held(self) -> int:
        """Σ exposure: what the channel could still sell at most."""
        return sum(max(pool.bound.exposure or 0, 0) for pool in self.pools.values())

    def adopt(self) -> tuple[str, ...]:
        """Find the listings of the stock's SKUs and take over the numbers they show; their SKUs."""
        cursor: str | None = None
        while True:
            page = self.channel.list_listings(cursor=cursor)
            for one in page.listings:
                if one.sku in self.stock:
                    pool = self.pools.setdefault(
                        one.pool_key, StandInPool(one.sku, one.pool_key, Bound(exposure=0), None)
                    )
                    self._pool_of[one.listing_id] = pool
            cursor = page.next_cursor
            if cursor is None:
                break
        self._remember_orders()
        self._take_over_numbers()
        return tuple(sorted(pool.sku for pool in self.pools.values()))

    def _remember_orders(self) -> None:
        """What was ordered before is in the count: it has no effect, its later changes have."""
        for order in self._all_orders():
            for line in order.lines:
                key = (order.external_id, line.line_id)
                self._lines[key] = _after(self._lines.get(key), order, line)

    def _take_over_numbers(self) -> None:
        for reading in self._readings(list(self.pools)):
            pool, number = self.pools[reading.pool_key], reading.sellable(self.rules.kind)
            pool.reserved = reading.reserved
            if number is not None:
                pool.bound, pool.shown = Bound(exposure=max(number, 0), settled_at=self.now()), number

    # --- the four acts -------------------------------------------------------------------------------------------

    def pull(self) -> int:
        """Walk every feed to its end, take the orders in, settle what that proves; the number of orders told."""
        self._sequence += 1
        proof = PullProof(sequence=self._sequence, began_at=self.now(), whole=True)
        orders = self._all_orders()
        for order in orders:
            for line in order.lines:
                self._take_in(order, line)
        for pool in self.pools.values():
            self._settle(pool, proof)
        return len(orders)

    def read_back(self) -> dict[str, int | None]:
        """Read every number; sellable units by pool key, ``None`` where the channel does not know the pool."""
        starts = {key: exposure.read_begun(pool.bound, at=self.now()) for key, pool in self.pools.items()}
        told: dict[str, int | None] = {}
        for reading in self._readings(list(starts)):
            pool = self.pools[reading.pool_key]
            told[pool.key] = number = reading.sellable(self.rules.kind)
            pool.reserved = reading.reserved
            if number is None:
                continue
            outcome = exposure.read_answered(
                pool.bound,
                starts[pool.key],
                number,
                base=Base(kind=BaseKind.READ, at=self.now(), sequence=self._sequence),
                open_pushes=pool.open.values(),
                rules=self.rules,
            )
            pool.bound = outcome.bound
            pool.shown = pool.shown if outcome.read_again and not outcome.unexplained else number
        return told

    def plan(self) -> tuple[Decision, ...]:
        """What each pool should show, and the push that brings it there; sends nothing."""
        parts = {sku: Part(available=self.available(sku)) for sku in self.stock}
        return allocator.plan(parts, [self._view(pool) for pool in self.pools.values()])

    def push(self) -> list[PushResult]:
        """Plan, raise, send in batches, record each outcome. A batch that raises is unknown, as in the engine."""
        planned = [(self.pools[one.pool_id], one.push) for one in self.plan() if one.push is not None]
        results: list[PushResult] = []
        for start in range(0, len(planned), self.rules.batch_max):
            results += self._send(planned[start : start + self.rules.batch_max])
        return results

    # --- how it does that ----------------------------------------------------------------------------------------

    def _all_orders(self) -> list[ChannelOrder]:
        orders: list[ChannelOrder] = []
        for feed in self.declared.feeds:
            cursor: str | None = None
            while True:
                page = self.channel.list_orders(feed, since=self._began - timedelta(hours=1), cursor=cursor)
                orders += page.orders
                cursor = page.next_cursor
                if cursor is None:
                    break
        return orders

    def _readings(self, keys: Sequence[str]) -> list[Reading]:
        size = self.rules.batch_max
        found: list[Reading] = []
        for start in range(0, len(keys) if self.rules.readable else 0, size):
            told = self.channel.read_quantities(keys[start : start + size])
            found += [one for one in told if one.pool_key in self.pools]
        return found

    def _view(self, pool: StandInPool) -> PoolView:
        states = {push.state for push in pool.open.values()}
        return PoolView(
            pool_id=pool.key,
            channel="stand-in",
            sku=pool.sku,
            recipe={pool.sku: 1},
            rules=self.rules,
            exposure=pool.bound.exposure,
            pending=pool.bound.pending is not None,
            open_push=bool(pool.open),
            unknown_push=bool(states & {PushState.SENDING, PushState.UNKNOWN}),
            shown=pool.shown,
            reserved=pool.reserved,
        )

    def _send(self, batch: Sequence[tuple[StandInPool, PlannedPush]]) -> list[PushResult]:
        pushes: list[QuantityPush] = []
        for pool, planned in batch:
            push_id = uuid.uuid4().hex
            pool.open[push_id] = OpenPush(
                state=PushState.SENDING,
                raised=planned.raised,
                restocked_before=pool.bound.restocked,
                stored_at=self.now(),
            )
            pool.bound = exposure.raised(pool.bound, planned.raised, at=self.now())
            pushes.append(
                QuantityPush(
                    push_id=push_id,
                    pool_key=pool.key,
                    kind=planned.kind,
                    value=planned.value,
                    expected=planned.expected,
                    idempotency_key=push_id,
                )
            )
        answers = {one.push_id: one for one in self._answers(pushes)}
        told = [
            answers.get(push.push_id) or PushResult(push_id=push.push_id, outcome=Outcome.UNKNOWN)
            for push in pushes
        ]
        for (pool, planned), push, answer in zip(batch, pushes, told, strict=True):
            self._record(pool, planned, push, answer)
        return told

    def _answers(self, pushes: Sequence[QuantityPush]) -> Sequence[PushResult]:
        try:
            return self.channel.push_quantities(pushes)
        except Exception as error:  # noqa: BLE001 - whatever a connector raises: it may have been applied
            words = str(error) or repr(error)
            return [
                PushResult(push_id=push.push_id, outcome=Outcome.UNKNOWN, message=words) for push in pushes
            ]

    def _record(
        self, pool: StandInPool, planned: PlannedPush, push: QuantityPush, answer: PushResult
    ) -> None:
        sent = pool.open[push.push_id]
        if answer.outcome is Outcome.UNKNOWN:
            pool.open[push.push_id] = replace(sent, state=PushState.UNKNOWN)
        elif answer.outcome is Outcome.REFUSED:
            del pool.open[push.push_id]
            pool.bound = exposure.refused(pool.bound, sent)
            pool.shown = pool.shown if answer.current is None else self._sellable(pool, answer.current)
        elif planned.kind is QuantityMode.SET:
            self._set(pool, push, sent, answer)
        else:
            self._changed(pool, planned, push, answer)

    def _set(self, pool: StandInPool, push: QuantityPush, sent: OpenPush, answer: PushResult) -> None:
        echo = None if answer.echo is None else self._sellable(pool, answer.echo)
        others = [other for key, other in pool.open.items() if key != push.push_id]
        base = Base(kind=BaseKind.SET, at=self.now(), sequence=self._sequence)
        pool.bound = exposure.set_acknowledged(
            pool.bound, sent, echo=echo, others=others, base=base, rules=self.rules
        )
        pool.open[push.push_id] = replace(
            sent, state=PushState.ACKNOWLEDGED, acknowledged_at=base.at, echo=echo
        )
        pool.shown = self._sellable(pool, push.value) if echo is None else echo

    def _changed(
        self, pool: StandInPool, planned: PlannedPush, push: QuantityPush, answer: PushResult
    ) -> None:
        del pool.open[push.push_id]
        now = self.now()
        if push.kind is QuantityMode.ADJUST:
            pool.bound = exposure.adjustment_lowered(
                pool.bound, max(-push.value, 0), at=now, rules=self.rules
            )
            pool.shown = None if pool.shown is None else max(0, pool.shown + push.value)
        else:
            pool.bound = exposure.compared_and_lowered(pool.bound, planned.lowered, at=now, rules=self.rules)
            pool.shown = self._sellable(pool, push.value)
        if answer.echo is not None:
            pool.shown = self._sellable(pool, answer.echo)
            pool.bound = exposure.number_seen(pool.bound, pool.shown)

    def _sellable(self, pool: StandInPool, number: int) -> int:
        return number - pool.reserved if self.rules.kind is QuantityKind.ON_HAND else number

    def _take_in(self, order: ChannelOrder, line: ChannelLine) -> None:
        key = (order.external_id, line.line_id)
        pool = self._pool_of.get(line.listing_id or "")
        if pool is None:
            return
        recorded = self._lines.get(key)
        self._lines[key] = told = _after(recorded, order, line)
        before, after = None if recorded is None else recorded.levels, told.levels
        facts = LineFacts(
            counts_down=line.counts_down,
            restocked=told.restocked,
            returned_restocked=told.returned_restocked,
            placed_at=order.placed_at,
            was_restocked=None if recorded is None else recorded.restocked,
            was_returned_restocked=None if recorded is None else recorded.returned_restocked,
        )
        pool.bound = move_bound(pool.bound, before, after, facts, at=self.now(), rules=self.rules)
        self.taken[pool.sku] += after.promised - (before.promised if before else 0)

    def _settle(self, pool: StandInPool, proof: PullProof) -> None:
        base = pool.bound.base
        if base is None or not exposure.settles(pool.bound, proof, self.rules):
            return
        pool.bound = exposure.settled(pool.bound, proof, self.rules)
        pool.open = {
            key: push
            for key, push in pool.open.items()
            if not exposure.is_closed_by_settle(
                push, [other for name, other in pool.open.items() if name != key], base=base, rules=self.rules
            )
        }


def _after(recorded: _Recorded | None, order: ChannelOrder, line: ChannelLine) -> _Recorded:
    """The line once this is told too: of two times the newer counts, of one time the furthest.

    Of two tellings of one time, "not on sale again" is believed only if both say so.
    """
    if recorded is None:
        return _Recorded(order.updated_at, line.levels(), line.restocked, line.returned_restocked)
    if order.updated_at < recorded.at:
        return recorded
    told = line.levels(recorded.levels)
    if order.updated_at > recorded.at:
        levels = recorded.levels.followed_by(told)
        return _Recorded(order.updated_at, levels, line.restocked, line.returned_restocked)
    return _Recorded(
        recorded.at,
        recorded.levels.merged(told),
        _believed(recorded.restocked, line.restocked),
        _believed(recorded.returned_restocked, line.returned_restocked),
    )


def _believed(before: Known, told: Known) -> Known:
    return before if told is Known.NO else told
